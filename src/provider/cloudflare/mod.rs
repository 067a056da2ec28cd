//! Cloudflare's API v4, one method per endpoint used. Facts: its published document.

mod manners;
mod refusal;
mod token;

pub use manners::Manners;
pub use refusal::verdict;
pub use token::check_token;

use super::http::Http;

/// Speaks to Cloudflare.
pub struct Client<'a> {
    pub http: Http<'a>,
}

impl<'a> Client<'a> {
    pub fn new(http: Http<'a>) -> Self {
        Self { http }
    }
}
