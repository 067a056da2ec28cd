//! How Atlas speaks: the headers it wants, the words of a refusal, and which refusals are limits.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;

use super::{Credential, Session};
use crate::plan::Provider;
use crate::provider::http::{self, Words, not_json};
use crate::seam::transport::{HeaderText, HttpResponse};

/// Atlas' manners, with what signs every call.
pub struct Manners {
    credential: Credential,
    session: Arc<Session>,
}

impl Manners {
    pub fn new(credential: Credential, session: Arc<Session>) -> Self {
        Self {
            credential,
            session,
        }
    }
}

impl http::Manners for Manners {
    fn provider(&self) -> Provider {
        Provider::Atlas
    }

    fn headers(&self, _media: Option<&str>) -> Vec<(String, HeaderText)> {
        let Credential::ServiceAccount { .. } = &self.credential else {
            return vec![];
        };
        let token = self.session.token(Timestamp::MIN);
        token
            .map(|token| {
                (
                    "authorization".into(),
                    HeaderText::Secret(token.prefixed("Bearer ")),
                )
            })
            .into_iter()
            .collect()
    }

    fn refusal(&self, body: &[u8]) -> Words {
        Words {
            message: not_json(body),
            ..Words::default()
        }
    }

    fn request_id(&self) -> &'static str {
        "x-request-id"
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
