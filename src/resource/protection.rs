//! The key that golive's own visits carry through a Vercel project's deployment protection, and how a page looks that
//! only protects.

use super::{Cx, Look};
use crate::plan::ItemId;
use crate::seam::transport::HeaderText;
use crate::seam::web::Page;
use crate::secret::SecretName;

/// Vercel lets a visit through that carries a key in it.
const HEADER: &str = "x-vercel-protection-bypass";

/// Where the key of a project is kept, by the item that makes the project: `prod.VERCEL_BYPASS` for `5.prod`.
pub(super) fn slot(project: &ItemId) -> SecretName {
    let key = project.as_str().strip_prefix(project.step());
    let key = key.unwrap_or_default().trim_start_matches('.');
    SecretName::new(format!("{key}.VERCEL_BYPASS"))
}

/// What a visit to an address of that project carries; nothing where no key is kept, and nothing to an address that is
/// not Vercel's own: a name of the product's may lead to another server, which would then hold the key.
pub(super) async fn headers(
    cx: &Cx<'_>,
    project: &ItemId,
    host: &str,
) -> Look<Vec<(String, HeaderText)>> {
    if !host.ends_with(".vercel.app") {
        return Ok(vec![]);
    }
    let key = cx.slots.secret(&slot(project)).await?;
    let header = key.map(|key| (HEADER.to_string(), HeaderText::Secret(key)));
    Ok(header.into_iter().collect())
}

/// The page is Vercel's, and stands before a site that is hidden.
pub(super) fn is_login(page: &Page) -> bool {
    let vercel = |text: &str| text.eq_ignore_ascii_case("vercel");
    let by_vercel = page.header("server").is_some_and(vercel);
    match page.status {
        401 | 403 => by_vercel,
        302 | 307 => page.header("location").is_some_and(|to| {
            let rest = to.strip_prefix("https://vercel.com/");
            rest.is_some_and(|rest| rest.starts_with("sso-api") || rest.starts_with("login"))
        }),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use futures::future::{FutureExt, LocalBoxFuture, ready};

    use super::*;
    use crate::resource::{Known, Slots};
    use crate::secret::{Fingerprint, Secret};

    fn page(status: u16, headers: &[(&str, &str)]) -> Page {
        let headers = headers.iter();
        Page {
            status,
            headers: headers
                .map(|(name, value)| (name.to_string(), value.to_string()))
                .collect(),
            body: vec![],
        }
    }

    #[test]
    fn a_projects_key_has_the_name_of_its_key_in_golive_toml() {
        assert_eq!(slot(&ItemId::new("5.prod")).as_str(), "prod.VERCEL_BYPASS");
    }

    /// Whatever is asked for, this is kept.
    struct Full;

    impl Slots for Full {
        fn secret<'s>(&'s self, _: &'s SecretName) -> LocalBoxFuture<'s, Look<Option<Secret>>> {
            ready(Ok(Some(Secret::new("k".repeat(32))))).boxed_local()
        }

        fn fingerprint(&self, _: &SecretName) -> Option<Fingerprint> {
            None
        }

        fn keep<'s>(&'s self, _: &'s SecretName, _: Secret) -> LocalBoxFuture<'s, Look<()>> {
            ready(Ok(())).boxed_local()
        }
    }

    #[test]
    fn the_key_goes_to_addresses_of_vercels_own_alone() {
        let (item, known) = (ItemId::new("7.redeploy-dev"), Known::default());
        let project = ItemId::new("5.prod");
        let cx = Cx {
            slots: &Full,
            ..Cx::alone(&item, jiff::Timestamp::UNIX_EPOCH, &known)
        };
        let carried = |host: &str| {
            let headers = headers(&cx, &project, host);
            headers.now_or_never().expect("no waiting").expect("a look")
        };
        assert_eq!(carried("shop-git-develop-acme.vercel.app").len(), 1);
        for other in ["dev.acme.test", "vercel.app.evil.test", "evilvercel.app"] {
            assert!(carried(other).is_empty(), "{other}");
        }
    }

    #[test]
    fn vercels_login_is_told_from_a_site_that_is_down_or_moved() {
        assert!(is_login(&page(401, &[("server", "Vercel")])));
        assert!(is_login(&page(403, &[("server", "Vercel")])));
        let sso = [(
            "location",
            "https://vercel.com/sso-api?url=https%3A%2F%2Fdev",
        )];
        assert!(is_login(&page(302, &sso)));
        assert!(!is_login(&page(401, &[("server", "nginx")])));
        let www = [("location", "https://www.acme.test/"), ("server", "Vercel")];
        assert!(!is_login(&page(308, &www)));
        assert!(!is_login(&page(404, &[("server", "Vercel")])));
    }
}
