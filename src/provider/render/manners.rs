//! How Render speaks: the headers it wants, the words of a refusal, and which refusals are limits.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use crate::plan::Provider;
use crate::provider::http::{self, Words, not_json, retry_after};
use crate::seam::transport::{HeaderText, HttpResponse};
use crate::secret::Secret;

/// Render takes 30 writes a minute (its documentation).
const PACE: Duration = Duration::from_secs(2);
/// A reset above this is a time, below it seconds left: the documentation says the one, replies show the other.
const EPOCH_MIN: u64 = 1_000_000_000;

/// Render's manners, with the key that every call carries.
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

    /// `{"message": …}`, since 2026 with a `code` now and then.
    fn refusal(&self, body: &[u8]) -> Words {
        let Ok(Value::Object(reply)) = serde_json::from_slice::<Value>(body) else {
            return Words {
                message: not_json(body),
                ..Words::default()
            };
        };
        let field = |name: &str| reply.get(name).and_then(Value::as_str);
        let message = field("message").or_else(|| field("error"));
        Words {
            message: message.unwrap_or("no message").to_string(),
            code: field("code").map(str::to_string),
            ..Words::default()
        }
    }

    fn request_id(&self) -> &'static str {
        "render-request-id"
    }

    fn limit(&self, response: &HttpResponse, now: Timestamp) -> Option<Option<Duration>> {
        (response.status == 429)
            .then(|| retry_after(response, now).or_else(|| until_reset(response, now)))
    }

    fn left(&self, response: &HttpResponse, now: Timestamp) -> Option<(u64, u64, Timestamp)> {
        let limit = number(response, "ratelimit-limit")?;
        let remaining = number(response, "ratelimit-remaining")?;
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

/// Time until the bucket is full again; the extra second is for the header's rounding. A time is Render's, so it is
/// measured against Render's own clock where the reply tells it.
fn until_reset(response: &HttpResponse, now: Timestamp) -> Option<Duration> {
    let reset = number(response, "ratelimit-reset")?;
    let seconds = match reset > EPOCH_MIN {
        false => reset,
        true => {
            let theirs = response
                .header("date")
                .and_then(|date| jiff::fmt::rfc2822::parse(date).ok())
                .map_or(now, |date| date.timestamp());
            let reset = i64::try_from(reset).ok()?;
            reset.saturating_sub(theirs.as_second()).max(0) as u64
        }
    };
    Some(Duration::from_secs(seconds.saturating_add(1)))
}

fn number(response: &HttpResponse, header: &str) -> Option<u64> {
    response.header(header)?.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::provider::http::Manners as _;

    fn manners() -> Manners {
        Manners::new(Secret::new("rnd_x"))
    }

    fn now() -> Timestamp {
        "2026-11-24T10:00:00Z".parse().unwrap()
    }

    fn reply(status: u16, headers: &[(&str, &str)]) -> HttpResponse {
        HttpResponse {
            status,
            headers: headers
                .iter()
                .map(|(name, value)| (name.to_string(), value.to_string()))
                .collect(),
            body: vec![],
        }
    }

    #[test]
    fn a_refusal_is_read_with_and_without_its_code() {
        let read = |body: &str| {
            let words = manners().refusal(body.as_bytes());
            (words.message, words.code)
        };
        assert_eq!(
            read(r#"{"message":"not found: srv-1"}"#),
            ("not found: srv-1".into(), None)
        );
        assert_eq!(
            read(r#"{"id":"1","message":"bad cursor","code":"invalid_cursor"}"#),
            ("bad cursor".into(), Some("invalid_cursor".into()))
        );
        assert_eq!(read("{}").0, "no message");
        assert_eq!(read("<html><title>502</title></html>").0, "502");
    }

    #[test]
    fn a_limits_end_is_read_as_seconds_left_and_as_a_time() {
        let limit = |headers: &[(&str, &str)]| manners().limit(&reply(429, headers), now());
        let seconds = |seconds| Some(Some(Duration::from_secs(seconds)));
        assert_eq!(limit(&[("Ratelimit-Reset", "3477")]), seconds(3478));
        let epoch = (now().as_second() + 60).to_string();
        assert_eq!(limit(&[("ratelimit-reset", &epoch)]), seconds(61));
        assert_eq!(
            limit(&[("ratelimit-reset", "3477"), ("retry-after", "5")]),
            seconds(5)
        );
        assert_eq!(limit(&[]), Some(None));
        assert_eq!(
            manners().limit(&reply(400, &[("ratelimit-reset", "5")]), now()),
            None
        );
    }

    #[test]
    fn what_is_left_is_told_by_every_reply() {
        let headers = [
            ("ratelimit-limit", "20"),
            ("ratelimit-remaining", "11"),
            ("ratelimit-reset", "59"),
        ];
        let left = manners().left(&reply(201, &headers), now());
        let end = "2026-11-24T10:01:00Z".parse().unwrap();
        assert_eq!(left, Some((20, 11, end)));
    }
}
