//! Vercel's API, one method per endpoint used.

mod manners;

pub use manners::Manners;

use super::http::{CallError, Http};
use super::verdict::Verdict;
use crate::error::{Error, Result};
use crate::secret::Secret;

/// Speaks to Vercel.
pub struct Client<'a> {
    pub http: Http<'a>,
    /// The team that every call is made for (`team_…`); `None` before it is known.
    pub team: Option<String>,
}

impl<'a> Client<'a> {
    pub fn new(http: Http<'a>, team: Option<String>) -> Self {
        Self { http, team }
    }
}

/// What the shape says about a Vercel token.
pub fn check_token(value: &Secret) -> Result<()> {
    match value.is_empty() {
        true => Err(Error::usage("the token is empty")),
        false => Ok(()),
    }
}

/// What follows from a refusal of Vercel; `what` completes "the token may not …".
pub fn verdict(error: &CallError, _what: &str) -> Verdict {
    match error.is_status(401) {
        true => Verdict::TokenRefused,
        false => Verdict::Plain,
    }
}
