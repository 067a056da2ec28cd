//! What a refusal of Cloudflare means.

use crate::provider::http::CallError;
use crate::provider::verdict::Verdict;

/// Reads a refusal; `what` completes "the token may not …".
pub fn verdict(error: &CallError, _what: &str) -> Verdict {
    match error.is_status(401) {
        true => Verdict::TokenRefused,
        false => Verdict::Plain,
    }
}
