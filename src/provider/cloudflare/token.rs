//! What a Cloudflare token looks like.

use crate::error::{Error, Result};
use crate::secret::{Secret, SecretName};

/// Refuses what cannot be one.
pub fn check_token(slot: &SecretName, value: &Secret) -> Result<()> {
    match value.chars() {
        0..10 => Err(Error::usage(format!(
            "what was given for {slot} is too short to be one"
        ))),
        _ => Ok(()),
    }
}
