//! How Stripe speaks: the headers it wants, the words of a refusal, and which refusals are limits.

use std::time::Duration;

use jiff::Timestamp;
use serde_json::Value;

use crate::plan::Provider;
use crate::provider::http::{self, Words, not_json, retry_after};
use crate::seam::transport::{HeaderText, HttpResponse};
use crate::secret::Secret;

/// Least time between two writes.
const PACE: Duration = Duration::from_millis(500);

/// Stripe's manners, with what signs every call.
pub struct Manners {
    authorization: Secret,
}

impl Manners {
    pub fn new(key: &Secret) -> Self {
        Self {
            authorization: key.prefixed("Bearer "),
        }
    }
}

impl http::Manners for Manners {
    fn provider(&self) -> Provider {
        Provider::Stripe
    }

    fn headers(&self, _media: Option<&str>) -> Vec<(String, HeaderText)> {
        let plain = |text: &str| HeaderText::Plain(text.into());
        vec![
            (
                "authorization".into(),
                HeaderText::Secret(self.authorization.clone()),
            ),
            ("accept".into(), plain("application/json")),
            (
                "user-agent".into(),
                plain(concat!("golive/", env!("CARGO_PKG_VERSION"))),
            ),
        ]
    }

    fn refusal(&self, body: &[u8]) -> Words {
        let Ok(Value::Object(_)) = serde_json::from_slice::<Value>(body) else {
            return Words {
                message: not_json(body),
                ..Words::default()
            };
        };
        Words::default()
    }

    fn request_id(&self) -> &'static str {
        "request-id"
    }

    fn limit(&self, response: &HttpResponse, now: Timestamp) -> Option<Option<Duration>> {
        (response.status == 429).then(|| retry_after(response, now))
    }

    fn left(&self, _response: &HttpResponse, _now: Timestamp) -> Option<(u64, u64, Timestamp)> {
        None
    }

    fn pace(&self) -> Duration {
        PACE
    }
}
