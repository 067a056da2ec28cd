//! What a refusal of Cloudflare means; its codes say more than the status.

use crate::plan::Blocker;
use crate::provider::http::CallError;
use crate::provider::verdict::Verdict;

use super::TOKENS_PAGE;

/// The same record is there already.
pub fn is_identical(error: &CallError) -> bool {
    error.is_code("81057") || error.is_code("81058")
}

/// A record that may not stand beside the new one is there.
pub fn is_in_the_way(error: &CallError) -> bool {
    error.is_code("81053") || error.is_code("81054")
}

/// There is no such record (any more).
pub(super) fn is_gone(error: &CallError) -> bool {
    error.is_status(404) || error.is_code("81044")
}

/// Reads a refusal; `what` completes "the token may not …".
pub fn verdict(error: &CallError, what: &str) -> Verdict {
    let Some(refusal) = error.refusal() else {
        return Verdict::Plain;
    };
    let code = refusal.code.as_deref().unwrap_or_default();
    let asks_itself = refusal.call.path.contains("/tokens/verify");
    match (refusal.status, code) {
        // Invalid, malformed, expired or revoked.
        (_, "1000" | "1001" | "6003" | "6111") | (401, _) => Verdict::TokenRefused,
        (_, "10000") if asks_itself => Verdict::TokenRefused,
        // The same code for a token that is not taken and for one that may not: at the zone it is the latter.
        (_, "9109" | "10000") | (403, _) => Verdict::Blocked(Blocker::Forbidden {
            what: what.into(),
            scope: format!(
                "Zone, DNS, Edit and Zone, Zone, Read on this zone ({})",
                refusal.message
            ),
            url: Some(TOKENS_PAGE.into()),
        }),
        (_, "81053" | "81054" | "81057" | "81058") | (409, _) => Verdict::Race,
        _ => Verdict::Plain,
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::event::FailedCall;
    use crate::plan::Provider;
    use crate::provider::http::Refusal;

    fn told(status: u16, code: &str, path: &str) -> Verdict {
        let refusal = Refusal {
            provider: Provider::Cloudflare,
            call: FailedCall {
                method: "GET".into(),
                path: path.into(),
                status: Some(status),
                request_id: None,
            },
            status,
            message: "no".into(),
            errors: vec![],
            code: Some(code.into()),
            fields: BTreeMap::new(),
            headers: BTreeMap::new(),
        };
        verdict(&CallError::Refused(Box::new(refusal)), "write records")
    }

    #[test]
    fn a_token_that_is_not_taken_is_told_from_one_that_may_not() {
        let verify = "/user/tokens/verify";
        let records = "/zones/z/dns_records";
        assert!(matches!(told(401, "1000", verify), Verdict::TokenRefused));
        assert!(matches!(told(403, "10000", verify), Verdict::TokenRefused));
        assert!(matches!(told(400, "6003", records), Verdict::TokenRefused));
        for code in ["9109", "10000"] {
            let Verdict::Blocked(blocker) = told(403, code, records) else {
                panic!("not blocked: {code}");
            };
            assert!(blocker.sentence().contains("DNS, Edit"));
        }
    }

    #[test]
    fn what_is_there_already_is_looked_at_again() {
        for code in ["81053", "81054", "81057", "81058"] {
            assert!(matches!(told(400, code, "/x"), Verdict::Race), "{code}");
        }
        assert!(matches!(told(404, "7003", "/x"), Verdict::Plain));
    }
}
