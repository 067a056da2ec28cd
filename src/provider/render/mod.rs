//! Render's API, one method per endpoint used.

mod manners;

pub use manners::Manners;

use super::http::{CallError, Http};
use super::verdict::Verdict;
use crate::error::{Error, Result};
use crate::secret::Secret;

/// Speaks to Render.
pub struct Client<'a> {
    pub http: Http<'a>,
}

impl<'a> Client<'a> {
    pub fn new(http: Http<'a>) -> Self {
        Self { http }
    }
}

/// What the shape says about a Render API key.
pub fn check_token(value: &Secret) -> Result<()> {
    match value.is_empty() {
        true => Err(Error::usage("the token is empty")),
        false => Ok(()),
    }
}

/// What follows from a refusal of Render; `what` completes "the token may not …".
pub fn verdict(error: &CallError, _what: &str) -> Verdict {
    match error.is_status(401) {
        true => Verdict::TokenRefused,
        false => Verdict::Plain,
    }
}
