//! How GoDaddy speaks: the headers it wants, the words of a refusal, and which refusals are limits.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use serde_json::{Map, Value};

use crate::plan::Provider;
use crate::provider::http::{self, Words, not_json, retry_after};
use crate::seam::transport::{HeaderText, HttpResponse};
use crate::secret::Secret;

/// GoDaddy takes 60 calls a minute at each endpoint (its terms of use).
const PACE: Duration = Duration::from_millis(1000);
/// How the older keys sign.
const SSO_KEY: &str = "sso-key ";

/// Which of the two APIs is spoken: a personal access token signs for v3, a key with its secret for v1 alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Version {
    V1,
    V3,
}

/// GoDaddy's manners, with what signs every call.
pub struct Manners {
    authorization: Secret,
}

impl Manners {
    /// `authorization` is the whole header: `Bearer TOKEN` or `sso-key KEY:SECRET`.
    pub fn new(authorization: Secret) -> Self {
        Self { authorization }
    }

    pub fn version(&self) -> Version {
        match self.authorization.starts_with(SSO_KEY) {
            true => Version::V1,
            false => Version::V3,
        }
    }
}

impl http::Manners for Manners {
    fn provider(&self) -> Provider {
        Provider::GoDaddy
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

    /// v1: `{"code", "message", "fields": [{"code", "message", "path"}]}`.
    /// v3: `{"name", "message", "correlationId", "details": [{"issue", "description", "field"}]}`.
    fn refusal(&self, body: &[u8]) -> Words {
        let Ok(Value::Object(reply)) = serde_json::from_slice::<Value>(body) else {
            return Words {
                message: not_json(body),
                ..Words::default()
            };
        };
        let field = |name: &str| reply.get(name).and_then(Value::as_str);
        let list = |name: &str| reply.get(name).and_then(Value::as_array);
        let mut errors: Vec<String> = Vec::new();
        for one in list("fields").into_iter().flatten() {
            errors.extend(one.as_object().and_then(|one| told(one, "path", "message")));
        }
        for one in list("details").into_iter().flatten() {
            errors.extend(
                one.as_object()
                    .and_then(|one| told(one, "issue", "description")),
            );
        }
        let code = field("code").or_else(|| field("name"));
        if code == Some("UNABLE_TO_AUTHENTICATE") {
            errors.push(
                "GoDaddy says the same of a key that was made for OTE, its test system: choose Production when making one"
                    .into(),
            );
        }
        let seconds = reply.get("retryAfterSec").map(Value::to_string);
        Words {
            message: field("message").or(code).unwrap_or("no message").into(),
            errors,
            code: code.map(str::to_string),
            fields: seconds
                .map(|seconds| ("retryAfterSec".to_string(), seconds))
                .into_iter()
                .collect::<BTreeMap<_, _>>(),
        }
    }

    fn request_id(&self) -> &'static str {
        "x-request-id"
    }

    /// 429, now and then without a body.
    fn limit(&self, response: &HttpResponse, now: Timestamp) -> Option<Option<Duration>> {
        if response.status != 429 {
            return None;
        }
        let body: Option<Value> = serde_json::from_slice(&response.body).ok();
        let seconds = body.and_then(|body| body.get("retryAfterSec")?.as_u64());
        let told = retry_after(response, now).or_else(|| seconds.map(Duration::from_secs));
        Some(told.or_else(|| number(response, "ratelimit-reset").map(Duration::from_secs)))
    }

    fn left(&self, response: &HttpResponse, now: Timestamp) -> Option<(u64, u64, Timestamp)> {
        let limit = number(response, "ratelimit-limit")?;
        let remaining = number(response, "ratelimit-remaining")?;
        let reset = i64::try_from(number(response, "ratelimit-reset")?).ok()?;
        let resets_at = now
            .saturating_add(SignedDuration::from_secs(reset))
            .unwrap_or(Timestamp::MAX);
        Some((limit, remaining, resets_at))
    }

    fn pace(&self) -> Duration {
        PACE
    }
}

/// One entry of a refusal's list: `path: message`.
fn told(one: &Map<String, Value>, first: &str, second: &str) -> Option<String> {
    let text = |name: &str| one.get(name).and_then(Value::as_str);
    match (text(first), text(second)) {
        (Some(first), Some(second)) => Some(format!("{first}: {second}")),
        (Some(only), None) | (None, Some(only)) => Some(only.to_string()),
        (None, None) => None,
    }
}

fn number(response: &HttpResponse, header: &str) -> Option<u64> {
    response.header(header)?.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::provider::http::Manners as _;

    fn manners() -> Manners {
        Manners::new(Secret::new("sso-key k:s"))
    }

    fn reply(headers: &[(&str, &str)], body: &str) -> HttpResponse {
        HttpResponse {
            status: 429,
            headers: headers
                .iter()
                .map(|(name, value)| (name.to_string(), value.to_string()))
                .collect(),
            body: body.into(),
        }
    }

    #[test]
    fn the_keys_say_which_api_is_spoken() {
        assert_eq!(manners().version(), Version::V1);
        let token = Manners::new(Secret::new("Bearer t"));
        assert_eq!(token.version(), Version::V3);
    }

    #[test]
    fn both_forms_of_a_refusal_are_read() {
        let v1 = manners().refusal(
            br#"{"code":"DUPLICATE_RECORD","fields":[{"code":"DUPLICATE_RECORD","message":"CNAME record name [www] conflicts with another record.","path":"records"}],"message":"Another record with the same attributes already exists"}"#,
        );
        assert_eq!(v1.code.as_deref(), Some("DUPLICATE_RECORD"));
        assert_eq!(
            v1.errors,
            ["records: CNAME record name [www] conflicts with another record."]
        );
        let v3 = manners().refusal(
            br#"{"name":"VALIDATION_ERROR","message":"Request failed validation","correlationId":"abc-123","details":[{"issue":"DUPLICATE_RECORD","description":"Duplicate data provided for record name, www."}]}"#,
        );
        assert_eq!(v3.code.as_deref(), Some("VALIDATION_ERROR"));
        assert!(v3.errors[0].starts_with("DUPLICATE_RECORD: "));
        assert_eq!(manners().refusal(b"").message, "a reply that is not JSON");
        assert_eq!(manners().refusal(b"{}").message, "no message");
    }

    #[test]
    fn a_key_of_the_test_system_is_told_as_what_it_may_be() {
        let words = manners().refusal(
            br#"{"code":"UNABLE_TO_AUTHENTICATE","message":"Unauthorized : Could not authenticate API key/secret"}"#,
        );
        assert!(words.errors[0].contains("choose Production"));
    }

    #[test]
    fn a_limit_is_read_from_header_and_body_and_may_say_nothing() {
        let now = "2026-11-24T10:00:00Z".parse().unwrap();
        let limit = |headers: &[(&str, &str)], body| manners().limit(&reply(headers, body), now);
        let seconds = |seconds| Some(Some(Duration::from_secs(seconds)));
        assert_eq!(
            limit(&[], r#"{"code":"X","retryAfterSec":30}"#),
            seconds(30)
        );
        assert_eq!(limit(&[("retry-after", "7")], ""), seconds(7));
        assert_eq!(limit(&[("ratelimit-reset", "90")], ""), seconds(90));
        assert_eq!(limit(&[], ""), Some(None));
    }
}
