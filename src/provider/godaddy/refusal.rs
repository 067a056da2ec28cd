//! What a refusal of GoDaddy means: an account that is too small for its API, a record that is locked, a zone that is busy.

use crate::plan::{Blocker, Choice};
use crate::provider::http::CallError;
use crate::provider::verdict::Verdict;

/// Under which name the operator's way on is remembered, where GoDaddy refuses access.
pub const CHOICE: &str = "godaddy";
pub const BY_HAND: &str = "by-hand";
pub const AGAIN: &str = "again";

/// GoDaddy refuses this endpoint to this account or token. The same words come for an account that is too small, a domain
/// that is not in it and a scope that is missing; each endpoint has its own answer.
pub fn is_refused_access(error: &CallError) -> bool {
    error.is_status(403)
}

/// The record is there already, or stands beside one that it may not stand beside.
pub fn is_duplicate(error: &CallError) -> bool {
    error.is_status(422)
        && (error.is_code("DUPLICATE_RECORD")
            || error
                .refusal()
                .is_some_and(|refusal| refusal.says("DUPLICATE_RECORD")))
}

/// Reads a refusal; `what` completes "the token may not …".
pub fn verdict(error: &CallError, what: &str) -> Verdict {
    let Some(refusal) = error.refusal() else {
        return Verdict::Plain;
    };
    match refusal.status {
        401 => Verdict::TokenRefused,
        403 => Verdict::Blocked(refused(&error.cause(), what)),
        409 if refusal.says("not_mutable") || error.is_code("dns_record_not_mutable") => {
            Verdict::Blocked(locked(&error.cause(), what))
        }
        409 => Verdict::Race,
        _ => Verdict::Plain,
    }
}

fn refused(cause: &str, what: &str) -> Blocker {
    Blocker::Choose {
        key: CHOICE.into(),
        question: format!(
            "GoDaddy refuses this to the token ({cause}): {what}. It says so to accounts that its API is not open to, to \
             tokens without the scope, and for domains of another account. How shall golive go on?"
        ),
        options: vec![
            Choice::new(
                BY_HAND,
                "enter the records by hand: golive shows each one and looks until the world sees it",
            ),
            Choice::new(
                AGAIN,
                "look again, after the plan, the token or its scopes were changed",
            ),
        ],
    }
}

fn locked(cause: &str, what: &str) -> Blocker {
    Blocker::ByHand {
        what: format!(
            "unlock the record in GoDaddy's pages ({cause}): {what}. A domain forwarding locks the addresses of its name; \
             switch it off there"
        ),
        url: Some("https://dcc.godaddy.com/control/portfolio".into()),
        paste: vec![],
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::event::FailedCall;
    use crate::plan::Provider;
    use crate::provider::http::Refusal;

    fn refusal(status: u16, code: &str, errors: &[&str]) -> CallError {
        CallError::Refused(Box::new(Refusal {
            provider: Provider::GoDaddy,
            call: FailedCall {
                method: "GET".into(),
                path: "/v1/domains/bondigoo.ch/records/CNAME/www".into(),
                status: Some(status),
                request_id: None,
            },
            status,
            message: "no".into(),
            errors: errors.iter().map(ToString::to_string).collect(),
            code: Some(code.into()),
            fields: BTreeMap::new(),
            headers: BTreeMap::new(),
        }))
    }

    #[test]
    fn an_account_too_small_is_a_choice_and_no_failure() {
        for code in ["ACCESS_DENIED", "ACCOUNT_NOT_ELIGIBLE"] {
            let Verdict::Blocked(Blocker::Choose { options, .. }) =
                verdict(&refusal(403, code, &[]), "show the zone")
            else {
                panic!("no choice for {code}");
            };
            assert_eq!(options[0].word, BY_HAND);
            assert_eq!(options[1].word, AGAIN);
        }
    }

    #[test]
    fn a_busy_zone_is_looked_at_again_and_a_locked_record_is_told() {
        assert!(matches!(
            verdict(&refusal(409, "CONFLICT", &[]), "x"),
            Verdict::Race
        ));
        let locked = refusal(
            409,
            "CONFLICT",
            &["dns_record_not_mutable: the record is managed"],
        );
        let Verdict::Blocked(blocker) = verdict(&locked, "remove it") else {
            panic!("not blocked");
        };
        assert!(blocker.sentence().contains("forwarding"));
    }

    #[test]
    fn a_duplicate_is_known_in_both_forms() {
        assert!(is_duplicate(&refusal(422, "DUPLICATE_RECORD", &[])));
        let v3 = refusal(
            422,
            "VALIDATION_ERROR",
            &["DUPLICATE_RECORD: Duplicate data"],
        );
        assert!(is_duplicate(&v3));
        assert!(!is_duplicate(&refusal(422, "INVALID_BODY", &[])));
    }
}
