//! Vercel's own words on the wire: its refusals, its ids and what every reply carries.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::Vercel;
use super::limits::Count;
use crate::seam::transport::HttpResponse;
use crate::sim::chance;
pub use crate::sim::wire::{Body, Outcome, Reply, Request, http_date, no_content, ok, reply};

/// Vercel's own host.
pub const HOST: &str = "api.vercel.com";

/// An error in Vercel's envelope.
pub fn refuse(status: u16, code: &str, message: &str) -> Box<Reply> {
    refuse_with(status, code, message, json!({}))
}

/// The same, with members beside `code`.
pub fn refuse_with(status: u16, code: &str, message: &str, beside: Value) -> Box<Reply> {
    let mut error = json!({ "code": code, "message": message });
    if let (Some(error), Value::Object(beside)) = (error.as_object_mut(), beside) {
        error.extend(beside);
    }
    Box::new(reply(status, json!({ "error": error })))
}

/// `400 bad_request` of a body or query that does not fit.
pub fn invalid(what: &str) -> Box<Reply> {
    refuse(400, "bad_request", &format!("Invalid request: {what}"))
}

/// `what` such as `project: shop`.
pub fn not_found(what: &str) -> Box<Reply> {
    refuse(404, "not_found", &format!("Could not find the {what}"))
}

const LETTERS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

/// An id of `length` letters and digits behind its prefix, the same for the same seed and salt.
pub fn id(seed: u64, prefix: &str, salt: &str, length: usize) -> String {
    let letter = |place: usize| {
        let drawn = chance::draw(seed, &format!("{prefix} {salt} {place}"));
        let index = usize::try_from(drawn % LETTERS.len() as u64).unwrap_or(0);
        char::from(LETTERS[index])
    };
    prefix.chars().chain((0..length).map(letter)).collect()
}

/// The label of a host name: at most 63 characters, a longer one cut and ended with a few of its digest.
pub fn label(text: &str) -> String {
    let plain: String = text
        .to_lowercase()
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() { c } else { '-' })
        .collect();
    if plain.len() <= 63 {
        return plain;
    }
    format!("{}-{}", &plain[..56], chance::hex(0, text, 6))
}

/// A time as every body of Vercel has it.
pub fn ms(at: Timestamp) -> i64 {
    at.as_millisecond()
}

impl Vercel {
    /// The reply as it goes over the wire.
    pub fn finish(
        &self,
        now: Timestamp,
        n: u64,
        count: Option<&Count>,
        reply: Reply,
    ) -> HttpResponse {
        let mut headers = self.common_headers(now, n);
        let mut say = |name: &str, value: String| headers.push((name.to_owned(), value));
        if let Some(count) = count {
            say("x-ratelimit-limit", count.total.to_string());
            say("x-ratelimit-remaining", count.remaining.to_string());
            say("x-ratelimit-reset", count.reset.as_second().to_string());
        }
        let body = match reply.body {
            Body::None => Vec::new(),
            Body::Json(body) => {
                say("content-type", "application/json; charset=utf-8".to_owned());
                body.to_string().into_bytes()
            }
            Body::Raw(bytes, kind) => {
                say("content-type", kind.to_owned());
                bytes
            }
        };
        for (name, value) in reply.headers {
            say(name, value);
        }
        HttpResponse {
            status: reply.status,
            headers,
            body,
        }
    }

    fn common_headers(&self, now: Timestamp, n: u64) -> Vec<(String, String)> {
        let id = chance::hex(self.seed, &format!("vercel request {n}"), 17);
        let request = format!("fra1::{}-{}-{}", &id[..5], ms(now), &id[5..]);
        let headers = [
            ("server", "Vercel".to_owned()),
            ("date", http_date(now)),
            ("cache-control", "private, no-cache, no-store".to_owned()),
            ("x-vercel-id", request),
        ];
        headers.map(|(name, value)| (name.to_owned(), value)).into()
    }

    /// What a fault puts in place of a reply: 429 in the API's words, others as the edge has them.
    pub fn instead(
        &self,
        now: Timestamp,
        n: u64,
        status: u16,
        wait: Option<String>,
    ) -> HttpResponse {
        let mut reply = match status {
            429 => *refuse(429, "rate_limited", "Too many requests"),
            404 => *refuse(404, "not_found", "The requested API endpoint was not found"),
            503 => Reply {
                status,
                body: Body::Raw(
                    b"The service is temporarily unavailable.\n\nSERVICE_UNAVAILABLE\n".to_vec(),
                    "text/plain; charset=utf-8",
                ),
                headers: vec![("x-vercel-error", "SERVICE_UNAVAILABLE".to_owned())],
            },
            _ => *refuse(
                status,
                "internal_server_error",
                "An unexpected internal error occurred",
            ),
        };
        reply.headers.extend(wait.map(|wait| ("retry-after", wait)));
        self.finish(now, n, None, reply)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_host_label_is_cut_and_stays_its_own() {
        let long = |end: &str| label(&format!("{}-git-{end}", "a".repeat(60)));
        assert_eq!(
            label("shop-git-golive/2.code-acme"),
            "shop-git-golive-2-code-acme"
        );
        assert_eq!(long("one").len(), 63);
        assert_ne!(long("one"), long("two"));
    }
}
