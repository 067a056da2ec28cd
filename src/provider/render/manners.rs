//! How Render speaks: the headers it wants, the words of a refusal, and which refusals are limits.

use std::time::Duration;

use jiff::Timestamp;

use crate::plan::Provider;
use crate::provider::http::{self, Words, not_json};
use crate::seam::transport::{HeaderText, HttpResponse};
use crate::secret::Secret;

/// Render's manners, with the token that every call carries.
pub struct Manners {
    authorization: Secret,
}

impl Manners {
    pub fn new(token: Secret) -> Self {
        Self {
            authorization: token.prefixed("Bearer "),
        }
    }
}

impl http::Manners for Manners {
    fn provider(&self) -> Provider {
        Provider::Render
    }

    fn headers(&self, _media: Option<&str>) -> Vec<(String, HeaderText)> {
        vec![(
            "authorization".into(),
            HeaderText::Secret(self.authorization.clone()),
        )]
    }

    fn refusal(&self, body: &[u8]) -> Words {
        Words {
            message: not_json(body),
            ..Words::default()
        }
    }

    fn request_id(&self) -> &'static str {
        "render-request-id"
    }

    fn limit(&self, _response: &HttpResponse, _now: Timestamp) -> Option<Option<Duration>> {
        None
    }

    fn left(&self, _response: &HttpResponse, _now: Timestamp) -> Option<(u64, u64, Timestamp)> {
        None
    }

    fn pace(&self) -> Duration {
        Duration::ZERO
    }
}
