//! What a refusal of GitHub means: a plan that lacks the feature, a sign-on to authorise, a permission that is missing.

use crate::plan::Blocker;
use crate::provider::http::CallError;
use crate::provider::verdict::Verdict;

/// Rules for private repositories are part of the paid plans; every call about them says so with 403.
pub fn needs_plan(error: &CallError) -> bool {
    error.is_status(403)
        && error
            .refusal()
            .is_some_and(|refusal| refusal.says("make this repository public"))
}

/// The page where the token is authorised for the organisation's single sign-on.
pub fn sso_page(error: &CallError) -> Option<String> {
    let refusal = error.refusal().filter(|refusal| refusal.status == 403)?;
    let header = refusal.headers.get("x-github-sso")?;
    if !header.trim_start().starts_with("required") {
        return None;
    }
    let url = header
        .split(';')
        .find_map(|part| part.trim().strip_prefix("url="))?;
    url.starts_with("https://").then(|| url.to_string())
}

/// The permissions that would have been enough, such as `contents=write`; `,` is "and", `;` is "or".
pub fn accepted_permissions(error: &CallError) -> Option<String> {
    let accepted = error
        .refusal()?
        .headers
        .get("x-accepted-github-permissions")?;
    let alternatives: Vec<String> = accepted
        .split(';')
        .map(|all| {
            all.split(',')
                .map(str::trim)
                .collect::<Vec<_>>()
                .join(" and ")
        })
        .filter(|all| !all.is_empty())
        .collect();
    (!alternatives.is_empty()).then(|| alternatives.join(", or "))
}

/// What only a person can settle behind a 403: a sign-on to authorise, or a permission to give. `None` when it is
/// neither, such as a plan that lacks the feature. `what` completes "the token may not …".
pub fn forbidden(error: &CallError, what: &str) -> Option<Blocker> {
    if let Some(url) = sso_page(error) {
        return Some(Blocker::ByHand {
            what: format!("authorise the token for the organisation's single sign-on, to {what}"),
            url: Some(url),
            paste: Vec::new(),
        });
    }
    if !error.is_status(403) || needs_plan(error) {
        return None;
    }
    let refusal = error.refusal()?;
    let scope = accepted_permissions(error).unwrap_or_else(|| {
        format!(
            "a permission that GitHub does not name ({})",
            refusal.message
        )
    });
    Some(Blocker::Forbidden {
        what: what.into(),
        scope,
        url: Some("https://github.com/settings/tokens".into()),
    })
}

/// What follows from a refusal of GitHub; `what` completes "the token may not …".
pub fn verdict(error: &CallError, what: &str) -> Verdict {
    if error.is_status(401) {
        return Verdict::TokenRefused;
    }
    if is_race(error) {
        return Verdict::Race;
    }
    forbidden(error, what).map_or(Verdict::Plain, Verdict::Blocked)
}

/// Refusals that only say that the world was not yet as the look showed it.
fn is_race(error: &CallError) -> bool {
    let Some(refusal) = error.refusal() else {
        return false;
    };
    match refusal.status {
        405 => refusal.says("base branch was modified"),
        409 => !refusal.says("through a pull request") && !refusal.says("rule violations"),
        422 => {
            let early = refusal.says("head") && refusal.says("invalid");
            early
                || ["already exists", "not a fast forward", "no commits between"]
                    .iter()
                    .any(|text| refusal.says(text))
        }
        _ => false,
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::event::FailedCall;
    use crate::provider::http::Refusal;

    pub fn refused(status: u16, message: &str, headers: &[(&str, &str)]) -> CallError {
        CallError::Refused(Box::new(Refusal {
            provider: crate::plan::Provider::GitHub,
            code: None,
            fields: BTreeMap::new(),
            call: FailedCall {
                method: "GET".into(),
                path: "/x".into(),
                status: Some(status),
                request_id: None,
            },
            status,
            message: message.into(),
            errors: vec![],
            headers: headers
                .iter()
                .map(|(name, value)| (name.to_string(), value.to_string()))
                .collect::<BTreeMap<_, _>>(),
        }))
    }

    #[test]
    fn a_403_is_told_apart_by_headers_and_words() {
        let plan = "Upgrade to GitHub Team or make this repository public to enable this feature.";
        assert!(needs_plan(&refused(403, plan, &[])));
        assert_eq!(forbidden(&refused(403, plan, &[]), "write"), None);

        let url = "https://github.com/orgs/acme/sso?authorization_request=1";
        let sso = refused(
            403,
            "x",
            &[("x-github-sso", &format!("required; url={url}"))],
        );
        assert_eq!(sso_page(&sso).as_deref(), Some(url));

        let missing = [(
            "x-accepted-github-permissions",
            "contents=write; administration=write,metadata=read",
        )];
        assert_eq!(
            forbidden(
                &refused(403, "Resource not accessible", &missing),
                "create branch x"
            )
            .map(|blocker| blocker.sentence())
            .as_deref(),
            Some(
                "the token may not create branch x: it needs contents=write, or administration=write and metadata=read"
            )
        );
        assert_eq!(forbidden(&refused(404, "Not Found", &missing), "x"), None);
    }
}
