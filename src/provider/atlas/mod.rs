//! Atlas's API, one method per endpoint used.

mod manners;
mod session;

pub use manners::Manners;
pub use session::{Credential, Session};

use super::http::{CallError, Http};
use super::verdict::Verdict;
use crate::error::{Error, Result};
use crate::secret::{Secret, SecretName};

/// Speaks to Atlas.
pub struct Client<'a> {
    pub http: Http<'a>,
    manners: &'a Manners,
}

impl<'a> Client<'a> {
    pub fn new(http: Http<'a>, manners: &'a Manners) -> Self {
        Self { http, manners }
    }
}

/// What the shape says about one of Atlas' keys.
pub fn check_token(_slot: &SecretName, value: &Secret) -> Result<()> {
    match value.is_empty() {
        true => Err(Error::usage("the token is empty")),
        false => Ok(()),
    }
}

/// What follows from a refusal of Atlas; `what` completes "the token may not …".
pub fn verdict(error: &CallError, _what: &str) -> Verdict {
    match error.is_status(401) {
        true => Verdict::TokenRefused,
        false => Verdict::Plain,
    }
}
