//! How GitHub speaks: the headers it wants, the words of a refusal, and which refusals are limits.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use crate::plan::Provider;
use crate::provider::http::{self, Words, not_json, retry_after};
use crate::seam::transport::{HeaderText, HttpResponse};
use crate::secret::Secret;

/// Pinned: without it GitHub answers with whatever is its default by then (supported until March 2028).
const API_VERSION: &str = "2022-11-28";
/// GitHub asks for a second between two writes (its best practices).
const PACE: Duration = Duration::from_secs(1);

/// GitHub's manners, with the token that every call carries.
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
        Provider::GitHub
    }

    fn headers(&self, _media: Option<&str>) -> Vec<(String, HeaderText)> {
        let plain = |text: &str| HeaderText::Plain(text.into());
        vec![
            (
                "authorization".into(),
                HeaderText::Secret(self.authorization.clone()),
            ),
            ("accept".into(), plain("application/vnd.github+json")),
            ("x-github-api-version".into(), plain(API_VERSION)),
            // Without a user agent GitHub answers 403.
            (
                "user-agent".into(),
                plain(concat!("golive/", env!("CARGO_PKG_VERSION"))),
            ),
        ]
    }

    fn request_id(&self) -> &'static str {
        "x-github-request-id"
    }

    fn refusal(&self, body: &[u8]) -> Words {
        let Ok(Value::Object(reply)) = serde_json::from_slice::<Value>(body) else {
            return Words {
                message: not_json(body),
                ..Words::default()
            };
        };
        let message = reply.get("message").and_then(Value::as_str);
        let errors = match reply.get("errors") {
            Some(Value::Array(errors)) => errors.iter().map(error_text).collect(),
            Some(Value::Null) | None => Vec::new(),
            Some(error) => vec![error_text(error)],
        };
        Words {
            message: message.unwrap_or("no message").to_string(),
            errors,
            ..Words::default()
        }
    }

    fn limit(&self, response: &HttpResponse, now: Timestamp) -> Option<Option<Duration>> {
        if !matches!(response.status, 403 | 429) {
            return None;
        }
        let told = retry_after(response, now);
        let used_up = number(response, "x-ratelimit-remaining") == Some(0);
        let message = self.refusal(&response.body).message.to_lowercase();
        let worded = message.contains("rate limit") || message.contains("abuse detection");
        // The last call of an hour may be refused for another reason: then nothing is left, and it is still no limit.
        let other = message.contains("not accessible") || message.contains("repository public");
        if response.status == 403 && !worded && told.is_none() && (!used_up || other) {
            return None;
        }
        let reset = used_up.then(|| until_reset(response, now)).flatten();
        Some(told.or(reset))
    }

    fn left(&self, response: &HttpResponse, now: Timestamp) -> Option<(u64, u64, Timestamp)> {
        let limit = number(response, "x-ratelimit-limit")?;
        let remaining = number(response, "x-ratelimit-remaining")?;
        let wait = until_reset(response, now)?;
        let resets_at = now
            .saturating_add(SignedDuration::try_from(wait).ok()?)
            .unwrap_or(Timestamp::MAX);
        Some((limit, remaining, resets_at))
    }

    fn pace(&self) -> Duration {
        PACE
    }
}

/// Time until the limit's period ends. The time of the end is GitHub's, so it is measured against GitHub's own clock
/// where the reply tells it; the machine's may be wrong by hours. The extra second is for the header's rounding.
fn until_reset(response: &HttpResponse, now: Timestamp) -> Option<Duration> {
    let reset = i64::try_from(number(response, "x-ratelimit-reset")?).ok()?;
    let theirs = response
        .header("date")
        .and_then(|date| jiff::fmt::rfc2822::parse(date).ok())
        .map_or(now, |date| date.timestamp());
    let seconds = reset.saturating_sub(theirs.as_second()).max(0) as u64;
    Some(Duration::from_secs(seconds.saturating_add(1)))
}

fn number(response: &HttpResponse, header: &str) -> Option<u64> {
    response.header(header)?.trim().parse().ok()
}

/// One entry of `errors`: a sentence, or an object whose `message` says it and whose other fields name the place.
fn error_text(error: &Value) -> String {
    let field = |name: &str| error.get(name).and_then(Value::as_str);
    if let Some(text) = error.as_str() {
        return text.to_string();
    }
    if let Some(message) = field("message") {
        return message.to_string();
    }
    let words = ["resource", "field", "code"].map(field);
    let words: Vec<&str> = words.into_iter().flatten().collect();
    match words.is_empty() {
        true => error.to_string(),
        false => words.join(" "),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::provider::http::Manners as _;

    fn manners() -> Manners {
        Manners::new(Secret::new("ghp_x"))
    }

    fn reply(status: u16, headers: &[(&str, &str)], body: &str) -> HttpResponse {
        HttpResponse {
            status,
            headers: headers
                .iter()
                .map(|(name, value)| (name.to_string(), value.to_string()))
                .collect(),
            body: body.into(),
        }
    }

    fn limit(status: u16, headers: &[(&str, &str)], message: &str) -> Option<Option<Duration>> {
        let body = serde_json::json!({ "message": message }).to_string();
        let now = "2026-11-24T10:00:00Z".parse().unwrap();
        manners().limit(&reply(status, headers, &body), now)
    }

    #[test]
    fn a_refusal_is_read_in_every_form() {
        let read = |body: &str| {
            let words = manners().refusal(body.as_bytes());
            (words.message, words.errors)
        };
        let errors = r#"{"message":"Validation Failed","errors":["one",{"message":"two"},{"resource":"PullRequest","field":"base","code":"invalid"}]}"#;
        assert_eq!(
            read(errors),
            (
                "Validation Failed".into(),
                vec![
                    "one".into(),
                    "two".into(),
                    "PullRequest base invalid".into()
                ]
            )
        );
        assert_eq!(read("<html><title>Unicorn!</title>").0, "Unicorn!");
        assert_eq!(read("<html>").0, "a reply that is not JSON");
        assert_eq!(read("").0, "a reply that is not JSON");
        assert_eq!(read("forbidden by proxy").0, "forbidden by proxy");
        assert_eq!(read("{}").0, "no message");
    }

    #[test]
    fn a_limit_says_how_long_to_wait() {
        let seconds = |n| Some(Some(Duration::from_secs(n)));
        let secondary = "You have exceeded a secondary rate limit.";
        assert_eq!(limit(403, &[("retry-after", "60")], secondary), seconds(60));
        assert_eq!(limit(429, &[("retry-after", "0")], "slow down"), seconds(0));
        assert_eq!(limit(403, &[], secondary), Some(None));
        assert_eq!(limit(429, &[], "slow down"), Some(None));
    }

    #[test]
    fn the_end_of_the_hour_is_measured_by_the_providers_own_clock() {
        // GitHub's clock is a day ahead of this machine's; its limit ends 90 s after its own now.
        let headers = [
            ("x-ratelimit-remaining", "0"),
            ("x-ratelimit-reset", "1795687290"),
            ("date", "Thu, 26 Nov 2026 06:40:00 GMT"),
        ];
        let reset: Timestamp = "2026-11-26T06:41:30Z".parse().unwrap();
        let reset = reset.as_second().to_string();
        let headers = headers.map(|(name, value)| match name {
            "x-ratelimit-reset" => (name, reset.as_str()),
            _ => (name, value),
        });
        assert_eq!(
            limit(403, &headers, "API rate limit exceeded for user ID 1."),
            Some(Some(Duration::from_secs(91)))
        );
    }

    #[test]
    fn a_missing_permission_is_no_limit_even_when_nothing_is_left() {
        let left = [("x-ratelimit-remaining", "0"), ("x-ratelimit-reset", "1")];
        let message = "Resource not accessible by personal access token";
        assert_eq!(limit(403, &left, message), None);
        assert_eq!(limit(403, &[], "Bad luck"), None);
        assert_eq!(limit(404, &left, "Not Found"), None);
    }
}
