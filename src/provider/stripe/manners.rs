//! How Stripe speaks: the headers it wants, the words of a refusal, and which refusals are limits.

use std::time::Duration;

use jiff::Timestamp;
use serde_json::Value;

use crate::plan::Provider;
use crate::provider::http::{self, Words, not_json, retry_after};
use crate::seam::transport::{HeaderText, HttpResponse};
use crate::secret::Secret;

/// The version that the replies are read by: without it an account's own default would hold.
const VERSION: &str = "2026-10-28.endive";
/// The live product shares Stripe's limits with golive, so it takes little of them: two calls a second.
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
            ("stripe-version".into(), plain(VERSION)),
            (
                "user-agent".into(),
                plain(concat!("golive/", env!("CARGO_PKG_VERSION"))),
            ),
        ]
    }

    /// `{"error": {"type": …, "code": …, "message": …, "param": …}}`; all but type and message may be absent.
    fn refusal(&self, body: &[u8]) -> Words {
        let Ok(Value::Object(reply)) = serde_json::from_slice::<Value>(body) else {
            return Words {
                message: not_json(body),
                ..Words::default()
            };
        };
        let error = reply.get("error");
        let field = |name: &str| error.and_then(|error| error.get(name)?.as_str());
        let fields = ["type", "param", "doc_url"].into_iter();
        Words {
            message: field("message").unwrap_or("no message").to_string(),
            code: field("code").map(str::to_string),
            fields: fields
                .filter_map(|name| Some((name.to_string(), field(name)?.to_string())))
                .collect(),
            ..Words::default()
        }
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::provider::http::Manners as _;

    #[test]
    fn every_call_names_the_version_and_carries_the_key() {
        let headers = Manners::new(&Secret::new("sk_test_x")).headers(None);
        let named = |name: &str| headers.iter().find(|(own, _)| own == name);
        assert!(matches!(
            named("stripe-version"),
            Some((_, HeaderText::Plain(version))) if version == VERSION
        ));
        assert!(matches!(
            named("authorization"),
            Some((_, HeaderText::Secret(key))) if key.same_as(&Secret::new("Bearer sk_test_x"))
        ));
    }

    #[test]
    fn a_refusal_is_read_with_and_without_its_code() {
        let manners = Manners::new(&Secret::new("sk_test_x"));
        let words = manners.refusal(
            br#"{"error":{"code":"api_key_expired","message":"Expired API Key provided","type":"invalid_request_error"}}"#,
        );
        assert_eq!(words.code.as_deref(), Some("api_key_expired"));
        assert_eq!(words.message, "Expired API Key provided");
        assert_eq!(words.fields["type"], "invalid_request_error");
        let bare = manners.refusal(br#"{"error":{"message":"no","type":"api_error","code":null}}"#);
        assert_eq!((bare.message.as_str(), bare.code), ("no", None));
        assert_eq!(manners.refusal(b"{}").message, "no message");
        assert_eq!(manners.refusal(b"<title>502</title>").message, "502");
    }
}
