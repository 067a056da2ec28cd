//! What a refusal of Vercel means: a token that is not taken, a scope without the team, an app or a connection that is
//! missing at GitHub, a bill.

use super::project::BRANCH_NOT_TAKEN;
use crate::plan::Blocker;
use crate::provider::http::{CallError, Refusal};
use crate::provider::verdict::Verdict;

pub const TOKENS_PAGE: &str = "https://vercel.com/account/tokens";
pub const GITHUB_APP_PAGE: &str = "https://github.com/apps/vercel";
pub const LOGIN_CONNECTIONS_PAGE: &str = "https://vercel.com/account/login-connections";
/// Vercel asks there which team is meant.
pub const BILLING_PAGE: &str = "https://vercel.com/d?to=%2F%5Bteam%5D%2F~%2Fsettings%2Fbilling";

/// The Vercel user has no connection to a GitHub account.
pub fn needs_login_connection(error: &CallError) -> bool {
    error
        .refusal()
        .is_some_and(|refusal| is_action(refusal, "Add a Login Connection"))
}

fn is_action(refusal: &Refusal, action: &str) -> bool {
    let own = refusal.fields.get("action");
    own.is_some_and(|own| own.eq_ignore_ascii_case(action))
}

/// What follows from a refusal of Vercel; `what` completes "the token may not …".
pub fn verdict(error: &CallError, what: &str) -> Verdict {
    let Some(refusal) = error.refusal() else {
        return Verdict::Plain;
    };
    let flag = |name: &str| refusal.fields.get(name).is_some_and(|flag| flag == "true");
    let by_hand = |what: String, url: &str| {
        Verdict::Blocked(Blocker::ByHand {
            what,
            url: Some(url.to_string()),
            paste: vec![],
        })
    };
    let message = &refusal.message;
    let code = refusal.code.as_deref().unwrap_or_default();
    match refusal.status {
        401 => Verdict::TokenRefused,
        403 if flag("invalidToken") || flag("missingToken") => Verdict::TokenRefused,
        _ if let Some(verdict) = super::domain::verdict(refusal, what) => verdict,
        403 => Verdict::Blocked(forbidden(code, message, what)),
        402 => by_hand(
            format!("settle the bill or the plan at Vercel ({message}), to {what}"),
            BILLING_PAGE,
        ),
        428 => by_hand(
            format!("Vercel wants a paid addition for this ({message}), to {what}"),
            BILLING_PAGE,
        ),
        409 if refusal.says("transfer") => by_hand(
            format!("wait until the transfer of the project has ended ({message}), to {what}"),
            "https://vercel.com/dashboard",
        ),
        409 => Verdict::Race,
        _ if code == BRANCH_NOT_TAKEN => by_hand(
            format!("set the production branch (Branch Tracking): {message}"),
            refusal
                .fields
                .get("link")
                .map_or(TOKENS_PAGE, String::as_str),
        ),
        400 => git(refusal, what).map_or(Verdict::Plain, Verdict::Blocked),
        _ => Verdict::Plain,
    }
}

fn forbidden(code: &str, message: &str, what: &str) -> Blocker {
    let scope = match code {
        "team_unauthorized" => "a scope that includes the team".to_string(),
        _ => format!("a right that Vercel does not name ({message})"),
    };
    Blocker::Forbidden {
        what: what.into(),
        scope,
        url: Some(TOKENS_PAGE.into()),
    }
}

/// What a person must do at GitHub, or about the link to it. Vercel's own program reads `action` before `code`.
fn git(refusal: &Refusal, what: &str) -> Option<Blocker> {
    let code = refusal.code.as_deref().unwrap_or_default();
    let (todo, url) = if is_action(refusal, "Add a Login Connection") {
        (
            "connect the Vercel account with GitHub".to_string(),
            Some(LOGIN_CONNECTIONS_PAGE),
        )
    } else if is_action(refusal, "Install GitHub App") || code == "repo_not_found" {
        (
            "let Vercel's GitHub app see the repository: install it, or add the repository under Repository access"
                .to_string(),
            Some(GITHUB_APP_PAGE),
        )
    } else if code == "repo_links_exceeded_limit" {
        (
            format!(
                "unlink a project from the repository, or choose a larger plan ({})",
                refusal.message
            ),
            Some(BILLING_PAGE),
        )
    } else if code == "git_branch_not_found" {
        (
            format!(
                "make the branch at GitHub, or link the project anew ({})",
                refusal.message
            ),
            None,
        )
    } else {
        return None;
    };
    Some(Blocker::ByHand {
        what: format!("{todo}, to {what}"),
        url: url.map(str::to_owned),
        paste: vec![],
    })
}

#[cfg(test)]
pub(crate) mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::event::FailedCall;
    use crate::plan::Provider;

    pub fn refused(status: u16, code: &str, fields: &[(&str, &str)]) -> CallError {
        refused_at("/x", status, code, fields, "words of Vercel")
    }

    pub fn refused_at(
        path: &str,
        status: u16,
        code: &str,
        fields: &[(&str, &str)],
        message: &str,
    ) -> CallError {
        CallError::Refused(Box::new(Refusal {
            provider: Provider::Vercel,
            code: Some(code.into()),
            fields: fields
                .iter()
                .map(|(name, value)| (name.to_string(), value.to_string()))
                .collect(),
            call: FailedCall {
                method: "GET".into(),
                path: path.into(),
                status: Some(status),
                request_id: None,
            },
            status,
            message: message.into(),
            errors: vec![],
            headers: BTreeMap::new(),
        }))
    }

    fn told(error: &CallError) -> String {
        match verdict(error, "create it") {
            Verdict::TokenRefused => "token refused".into(),
            Verdict::Blocked(Blocker::ByHand { what, url, .. }) => {
                format!("{what} | {}", url.unwrap_or_default())
            }
            Verdict::Blocked(blocker) => blocker.sentence(),
            Verdict::Race => "race".into(),
            Verdict::Plain => "plain".into(),
        }
    }

    #[test]
    fn a_bad_token_is_told_from_a_missing_right() {
        assert_eq!(told(&refused(401, "forbidden", &[])), "token refused");
        for flag in ["invalidToken", "missingToken"] {
            assert_eq!(
                told(&refused(403, "forbidden", &[(flag, "true")])),
                "token refused"
            );
        }
        assert_eq!(
            told(&refused(403, "team_unauthorized", &[])),
            "the token may not create it: it needs a scope that includes the team"
        );
        let other = told(&refused(403, "forbidden", &[("invalidToken", "false")]));
        assert!(
            other.contains("a right that Vercel does not name"),
            "{other}"
        );
    }

    #[test]
    fn what_only_a_person_can_do_comes_with_its_page() {
        let app = told(&refused(400, "other", &[("action", "Install GitHub App")]));
        assert!(app.ends_with(GITHUB_APP_PAGE), "{app}");
        assert_eq!(app, told(&refused(400, "repo_not_found", &[])));
        let login = [("action", "Add a Login Connection")];
        let login = told(&refused(400, "repo_not_found", &login));
        assert!(login.ends_with(LOGIN_CONNECTIONS_PAGE), "{login}");
        assert!(told(&refused(402, "x", &[])).ends_with(BILLING_PAGE));
        let page = "https://vercel.com/acme/shop/settings/environments";
        let branch = told(&refused(200, BRANCH_NOT_TAKEN, &[("link", page)]));
        assert!(branch.ends_with(page), "{branch}");
        assert_eq!(told(&refused(400, "bad_request", &[])), "plain");
        assert_eq!(told(&refused(404, "not_found", &[])), "plain");
        assert_eq!(told(&refused(409, "conflict", &[])), "race");
    }
}
