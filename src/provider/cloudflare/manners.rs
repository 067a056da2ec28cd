//! How Cloudflare speaks: the headers it wants, the words of a refusal, and which refusals are limits.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use crate::plan::Provider;
use crate::provider::http::{self, Words, not_json, retry_after};
use crate::seam::transport::{HeaderText, HttpResponse};
use crate::secret::Secret;

/// 1,200 calls in five minutes (its documentation).
const PACE: Duration = Duration::from_millis(250);

/// Cloudflare's manners, with what signs every call.
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
        Provider::Cloudflare
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

    /// `{"success": false, "errors": [{"code": 81053, "message": "…", "error_chain": […]}]}`: the first error counts.
    fn refusal(&self, body: &[u8]) -> Words {
        let Ok(Value::Object(reply)) = serde_json::from_slice::<Value>(body) else {
            return Words {
                message: not_json(body),
                ..Words::default()
            };
        };
        let errors = reply.get("errors").and_then(Value::as_array);
        let mut told = errors.into_iter().flatten().map(|error| {
            let code = error.get("code").map(|code| match code {
                Value::String(code) => code.clone(),
                code => code.to_string(),
            });
            let message = error.get("message").and_then(Value::as_str);
            (code, message.unwrap_or("no message").to_string())
        });
        let (code, message) = told.next().unwrap_or((None, "no message".into()));
        Words {
            message: match &code {
                Some(code) => format!("{message} (code {code})"),
                None => message,
            },
            errors: told.map(|(_, message)| message).collect(),
            code,
            ..Words::default()
        }
    }

    fn request_id(&self) -> &'static str {
        "cf-ray"
    }

    fn limit(&self, response: &HttpResponse, now: Timestamp) -> Option<Option<Duration>> {
        (response.status == 429).then(|| {
            let reset = part(response.header("ratelimit").unwrap_or_default(), "t");
            retry_after(response, now).or_else(|| reset.map(Duration::from_secs))
        })
    }

    /// `Ratelimit: "default";r=1193;t=177` beside `Ratelimit-Policy: "default";q=1200;w=300`.
    fn left(&self, response: &HttpResponse, now: Timestamp) -> Option<(u64, u64, Timestamp)> {
        let state = response.header("ratelimit")?;
        let limit = part(response.header("ratelimit-policy")?, "q")?;
        let seconds = i64::try_from(part(state, "t")?).ok()?;
        let resets_at = now
            .saturating_add(SignedDuration::from_secs(seconds))
            .unwrap_or(Timestamp::MAX);
        Some((limit, part(state, "r")?, resets_at))
    }

    fn pace(&self) -> Duration {
        PACE
    }
}

/// One parameter of the first entry of such a header.
fn part(header: &str, name: &str) -> Option<u64> {
    let first = header.split(',').next()?;
    let mut parts = first.split(';').skip(1);
    parts.find_map(|part| {
        let (key, value) = part.trim().split_once('=')?;
        (key == name).then(|| value.parse().ok())?
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::provider::http::Manners as _;

    fn manners() -> Manners {
        Manners::new(Secret::new("t"))
    }

    #[test]
    fn a_refusal_is_known_by_the_code_of_its_first_error() {
        let words = manners().refusal(
            br#"{"success":false,"errors":[{"code":81053,"message":"An A, AAAA, or CNAME record with that host already exists."}],"messages":[],"result":null}"#,
        );
        assert_eq!(words.code.as_deref(), Some("81053"));
        assert!(words.message.ends_with("already exists. (code 81053)"));
        assert_eq!(manners().refusal(b"{}").message, "no message");
        assert_eq!(
            manners()
                .refusal(b"<html><title>502</title></html>")
                .message,
            "502"
        );
    }

    #[test]
    fn what_is_left_is_read_from_its_two_headers() {
        let reply = HttpResponse {
            status: 200,
            headers: vec![
                ("Ratelimit".into(), "\"default\";r=1193;t=177".into()),
                ("Ratelimit-Policy".into(), "\"default\";q=1200;w=300".into()),
            ],
            body: vec![],
        };
        let now: Timestamp = "2026-11-24T10:00:00Z".parse().unwrap();
        let end = "2026-11-24T10:02:57Z".parse().unwrap();
        assert_eq!(manners().left(&reply, now), Some((1200, 1193, end)));
    }
}
