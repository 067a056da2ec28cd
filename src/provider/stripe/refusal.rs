//! What a refusal of Stripe means.

use crate::provider::http::CallError;
use crate::provider::verdict::Verdict;

/// A launch has several keys, so only the item that sent one knows which is refused: it reads the refusal itself.
pub fn verdict(_error: &CallError, _what: &str) -> Verdict {
    Verdict::Plain
}
