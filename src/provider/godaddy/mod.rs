//! GoDaddy's API, v3 with a token and v1 with a key: one method per endpoint used. Facts: its published documents.

mod manners;
mod refusal;
mod token;

pub use manners::Manners;
pub use refusal::verdict;
pub use token::check_token;

use super::http::Http;

/// Speaks to GoDaddy.
pub struct Client<'a> {
    pub http: Http<'a>,
}

impl<'a> Client<'a> {
    pub fn new(http: Http<'a>) -> Self {
        Self { http }
    }
}
