//! What a refusal of Stripe means for the key that was sent.

use crate::provider::http::CallError;
use crate::provider::verdict::Verdict;

/// A launch has several keys, so only the item that sent one knows which is refused: it reads the refusal itself.
pub fn verdict(_error: &CallError, _what: &str) -> Verdict {
    Verdict::Plain
}

/// Why Stripe does not take the key at all, in its own words; `None` when the refusal is about something else, such as a
/// right that a restricted key lacks.
pub fn key_refused(error: &CallError) -> Option<String> {
    let refusal = error.refusal()?;
    // Sources differ on the status of a publishable key that is used as a secret one, and on its code.
    let publishable = matches!(refusal.status, 401 | 403)
        && (error.is_code("secret_key_required") || refusal.says("publishable API key"));
    (refusal.status == 401 || publishable).then(|| refusal.message.clone())
}

/// A valid key that lacks the right: Stripe checks rights only after it has taken the key.
pub fn lacks_right(error: &CallError) -> bool {
    error.is_status(403) && key_refused(error).is_none()
}

/// The rights that would have been enough, as Stripe's refusal names them: `rak_balance_read`.
pub fn right_named(error: &CallError) -> Option<String> {
    let refusal = error.refusal()?;
    let start = refusal.message.find("rak_")?;
    let rest = &refusal.message[start..];
    let end = rest
        .find(|c: char| !c.is_ascii_alphanumeric() && c != '_')
        .unwrap_or(rest.len());
    Some(rest[..end].to_string())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::event::FailedCall;
    use crate::plan::Provider;
    use crate::provider::http::Refusal;

    fn refused(status: u16, code: Option<&str>, message: &str) -> CallError {
        CallError::Refused(Box::new(Refusal {
            provider: Provider::Stripe,
            call: FailedCall {
                method: "GET".into(),
                path: "/v1/account".into(),
                status: Some(status),
                request_id: None,
            },
            status,
            message: message.into(),
            errors: vec![],
            code: code.map(Into::into),
            fields: BTreeMap::new(),
            headers: BTreeMap::new(),
        }))
    }

    #[test]
    fn a_refused_key_and_a_missing_right_are_two_things() {
        for refusal in [
            refused(401, None, "Invalid API Key provided: sk_test_****abcd"),
            refused(401, Some("api_key_expired"), "Expired API Key provided"),
            refused(
                403,
                None,
                "This API call cannot be made with a publishable API key.",
            ),
            refused(403, Some("secret_key_required"), "Use a secret key"),
        ] {
            assert!(key_refused(&refusal).is_some() && !lacks_right(&refusal));
        }
        let lacking = refused(
            403,
            None,
            "The provided key does not have the required permissions for this endpoint on account 'acct_1'. Having the \
             'rak_balance_read' permission would allow this request to continue.",
        );
        assert!(key_refused(&lacking).is_none() && lacks_right(&lacking));
        assert_eq!(right_named(&lacking).as_deref(), Some("rak_balance_read"));
        assert!(key_refused(&refused(500, None, "An unknown error occurred")).is_none());
    }
}
