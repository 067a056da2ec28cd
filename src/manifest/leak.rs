//! Secrets that stand in a file of the operator's: refused by their shape, without being repeated.

use super::source::Source;
use crate::error::Result;
use crate::vault::redact::Redactor;

/// Refuses a file in which a text has the shape of a secret. Runs before any other check, since their messages may
/// repeat what they refuse.
pub fn refuse_secrets(source: &Source) -> Result<()> {
    for (text, span) in source.strings() {
        if looks_like_a_secret(text) {
            return Err(source
                .error_at(span, "a secret stands here, and this file is meant to be shared")
                .because("it has the shape of a token, or of an address with a password")
                .hint("remove it and replace it at its provider, since it may have been seen; golive asks for secrets and keeps them in the keyring"));
        }
    }
    Ok(())
}

/// Whether a text holds what would be hidden wherever it is shown.
fn looks_like_a_secret(text: &str) -> bool {
    Redactor::default().clean(text) != text
}
