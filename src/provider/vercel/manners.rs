//! How Vercel speaks: the headers it wants, the words of a refusal, and which refusals are limits.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use serde_json::{Map, Value};

use crate::plan::Provider;
use crate::provider::http::{self, Words, not_json, retry_after};
use crate::seam::transport::{HeaderText, HttpResponse};
use crate::secret::Secret;

/// Fields beside `code` and `message` that say what to do, or whose fault it is.
const FIELDS: [&str; 8] = [
    "action",
    "link",
    "repo",
    "invalidToken",
    "missingToken",
    "limited",
    "domain",
    "projectId",
];

/// Vercel's manners, with the token that every call carries.
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
        Provider::Vercel
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

    /// `{"error":{…}}` is the documented envelope; Vercel's own program also takes `{"err":{…}}` and the bare fields.
    fn refusal(&self, body: &[u8]) -> Words {
        let Some(error) = envelope(body) else {
            return Words {
                message: not_json(body),
                ..Words::default()
            };
        };
        let text = |name: &str| error.get(name).and_then(Value::as_str).map(str::to_owned);
        let fields = FIELDS.iter().filter_map(|name| {
            let value = match error.get(*name)? {
                Value::String(text) => text.clone(),
                Value::Bool(flag) => flag.to_string(),
                _ => return None,
            };
            Some((name.to_string(), value))
        });
        Words {
            message: text("message").unwrap_or_else(|| "no message".into()),
            errors: Vec::new(),
            code: text("code"),
            fields: fields.collect::<BTreeMap<_, _>>(),
        }
    }

    fn request_id(&self) -> &'static str {
        "x-vercel-id"
    }

    fn limit(&self, response: &HttpResponse, now: Timestamp) -> Option<Option<Duration>> {
        let error = envelope(&response.body).unwrap_or_default();
        let worded = error.get("code").and_then(Value::as_str) == Some("rate_limited");
        if response.status != 429 && !(worded && response.status < 500) {
            return None;
        }
        let reset = error
            .get("limit")
            .and_then(|limit| limit.get("reset"))
            .and_then(Value::as_i64);
        let reset = reset.or_else(|| number(response, "x-ratelimit-reset"));
        Some(retry_after(response, now).or_else(|| Some(until(reset?, response, now))))
    }

    fn left(&self, response: &HttpResponse, now: Timestamp) -> Option<(u64, u64, Timestamp)> {
        let limit = u64::try_from(number(response, "x-ratelimit-limit")?).ok()?;
        let remaining = u64::try_from(number(response, "x-ratelimit-remaining")?).ok()?;
        let wait = until(number(response, "x-ratelimit-reset")?, response, now);
        let resets_at = now
            .saturating_add(SignedDuration::try_from(wait).ok()?)
            .unwrap_or(Timestamp::MAX);
        Some((limit, remaining, resets_at))
    }

    /// Vercel asks for no pause between writes.
    fn pace(&self) -> Duration {
        Duration::ZERO
    }
}

/// The fields of a refusal, wherever they stand; `None` when the body is no JSON object.
fn envelope(body: &[u8]) -> Option<Map<String, Value>> {
    let Ok(Value::Object(mut reply)) = serde_json::from_slice::<Value>(body) else {
        return None;
    };
    for name in ["error", "err"] {
        match reply.get_mut(name).map(Value::take) {
            Some(Value::Object(error)) => return Some(error),
            // Some gateways put the sentence alone there.
            Some(Value::String(message)) => {
                reply.entry("message").or_insert(Value::String(message));
            }
            _ => {}
        }
    }
    Some(reply)
}

/// Time until the end of a limit, in seconds since 1970 by Vercel's own clock where the reply tells it; the machine's
/// may be wrong by hours. The extra second is for the rounding.
fn until(reset: i64, response: &HttpResponse, now: Timestamp) -> Duration {
    let theirs = response
        .header("date")
        .and_then(|date| jiff::fmt::rfc2822::parse(date).ok())
        .map_or(now, |date| date.timestamp());
    let seconds = reset.saturating_sub(theirs.as_second()).max(0);
    Duration::from_secs(seconds.unsigned_abs().saturating_add(1))
}

fn number(response: &HttpResponse, header: &str) -> Option<i64> {
    response.header(header)?.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::provider::http::Manners as _;

    fn manners() -> Manners {
        Manners::new(Secret::new("x"))
    }

    fn reply(status: u16, headers: &[(&str, &str)], body: &str) -> HttpResponse {
        let headers = headers
            .iter()
            .map(|(name, value)| (name.to_string(), value.to_string()));
        HttpResponse {
            status,
            headers: headers.collect(),
            body: body.into(),
        }
    }

    #[test]
    fn a_refusal_is_read_in_every_form() {
        let read = |body: &str| {
            let words = manners().refusal(body.as_bytes());
            (words.message, words.code.unwrap_or_default())
        };
        let said = ("Not authorized".to_string(), "forbidden".to_string());
        for body in [
            r#"{"error":{"code":"forbidden","message":"Not authorized"}}"#,
            r#"{"err":{"code":"forbidden","message":"Not authorized"}}"#,
            r#"{"code":"forbidden","message":"Not authorized"}"#,
        ] {
            assert_eq!(read(body), said, "{body}");
        }
        assert_eq!(read(r#"{"error":"Bad luck"}"#).0, "Bad luck");
        assert_eq!(
            read("<html><title>502</title>"),
            ("502".into(), String::new())
        );
        assert_eq!(read("{}").0, "no message");
        assert_eq!(read("[]").0, "[]");
    }

    #[test]
    fn what_to_do_comes_with_a_refusal() {
        let body = r#"{"error":{"code":"repo_not_found","message":"m","action":"Install GitHub App",
            "link":"https://github.com/apps/vercel","invalidToken":true,"limit":{"total":6}}}"#;
        let fields = manners().refusal(body.as_bytes()).fields;
        assert_eq!(fields["action"], "Install GitHub App");
        assert_eq!(fields["link"], "https://github.com/apps/vercel");
        assert_eq!(fields["invalidToken"], "true");
        assert_eq!(fields.len(), 3);
    }

    #[test]
    fn a_limit_says_until_when() {
        let now: Timestamp = "2026-11-24T10:00:00Z".parse().unwrap();
        let limit = |status, headers: &[(&str, &str)], body: &str| {
            manners().limit(&reply(status, headers, body), now)
        };
        let seconds = |n| Some(Some(Duration::from_secs(n)));
        let reset = now.as_second() + 90;
        let body = format!(
            r#"{{"error":{{"code":"rate_limited","message":"m","limit":{{"remaining":0,"reset":{reset}}}}}}}"#
        );
        assert_eq!(limit(429, &[], &body), seconds(91));
        assert_eq!(limit(429, &[("retry-after", "7")], &body), seconds(7));
        assert_eq!(limit(403, &[], &body), seconds(91));
        let header = reset.to_string();
        assert_eq!(
            limit(429, &[("x-ratelimit-reset", &header)], "<html>"),
            seconds(91)
        );
        assert_eq!(limit(429, &[], ""), Some(None));
        assert_eq!(limit(403, &[], r#"{"error":{"code":"forbidden"}}"#), None);
        // Vercel's clock is an hour ahead of this machine's: its own date counts.
        let date = ("date", "Tue, 24 Nov 2026 11:00:00 GMT");
        let reset = (now.as_second() + 3600 + 30).to_string();
        let headers = [("x-ratelimit-reset", reset.as_str()), date];
        assert_eq!(limit(429, &headers, ""), seconds(31));
    }
}
