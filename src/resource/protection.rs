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

/// What a visit to a host of that project carries; nothing where no key is kept.
pub(super) async fn headers(cx: &Cx<'_>, project: &ItemId) -> Look<Vec<(String, HeaderText)>> {
    let key = cx.slots.secret(&slot(project)).await?;
    Ok(key
        .map(|key| (HEADER.to_string(), HeaderText::Secret(key)))
        .into_iter()
        .collect())
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
    use super::*;

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
