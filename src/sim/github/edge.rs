//! The edge of the service: what every call must pass first, and what every reply carries.

use jiff::Timestamp;
use serde_json::{Value, json};
use sha1::{Digest, Sha1};

use super::Github;
use super::access::{self, Need};
use super::wire::{self, Body, Reply, Request, refuse};
use crate::seam::transport::{HttpResponse, Method};
use crate::sim::scenario::TokenKind;
use crate::sim::{Call, chance};

/// The page that some failures come as.
pub const PAGE: &str = "<!DOCTYPE html>\n<html><head><title>Unicorn! &middot; GitHub</title></head><body><p>We had issues producing the response to your request.</p></body></html>\n";

const CACHE: &str = "private, max-age=60, s-maxage=60";
/// The version in use first.
pub const VERSIONS: [&str; 2] = ["2022-11-28", "2026-03-10"];

impl Github {
    /// What every call must pass before its path is looked at.
    pub fn admit(&mut self, request: &Request, now: Timestamp) -> Result<(), Box<Reply>> {
        if request.header("user-agent").is_none_or(str::is_empty) {
            let text = "Request forbidden by administrative rules. Please make sure your request has a User-Agent header.";
            return Err(Box::new(Reply {
                status: 403,
                body: Body::Raw(text.as_bytes().to_vec(), "text/html"),
                headers: Vec::new(),
            }));
        }
        if let Some(version) = request.header("x-github-api-version")
            && !VERSIONS.contains(&version)
        {
            let message = format!("API version \"{version}\" is not supported.");
            return Err(refuse(400, &message));
        }
        access::identify(&self.scenario, &self.token, request, now)?;
        if !self.unlimited {
            self.limits.count(request, now)?;
        }
        if request.unreadable {
            return Err(refuse(400, "Problems parsing JSON"));
        }
        Ok(())
    }

    /// Headers and the last touches that every reply gets.
    pub fn finish(
        &self,
        now: Timestamp,
        n: u64,
        request: &Request,
        mut reply: Reply,
        doc: &str,
        need: Need,
    ) -> HttpResponse {
        if let Body::Json(Value::Object(body)) = &mut reply.body
            && (reply.status >= 300 && body.contains_key("message"))
        {
            body.entry("documentation_url").or_insert_with(|| {
                format!("https://docs.github.com/rest/{doc}")
                    .trim_end_matches('/')
                    .into()
            });
            body.entry("status")
                .or_insert_with(|| reply.status.to_string().into());
        }
        let (mut bytes, kind) = match reply.body {
            Body::None => (Vec::new(), ""),
            Body::Json(body) => (
                // A value writes itself where it is compiled, which is optimised in tests too.
                body.to_string().into_bytes(),
                "application/json; charset=utf-8",
            ),
            Body::Raw(bytes, kind) => (bytes, kind),
        };
        let mut status = reply.status;
        let mut headers = self.common_headers(now, n);
        if !kind.is_empty() {
            headers.push(("content-type".to_owned(), kind.to_owned()));
        }
        if !need.permission.is_empty() && self.scenario.token.kind == TokenKind::FineGrained {
            let words = need.words();
            headers.push(("x-accepted-github-permissions".to_owned(), words));
        }
        if request.method == Method::Get && status == 200 {
            let digest = Sha1::digest(&bytes);
            let digest: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
            let etag = format!("W/\"{digest}\"");
            headers.push(("cache-control".to_owned(), CACHE.to_owned()));
            if request.header("if-none-match") == Some(&etag) {
                status = 304;
                bytes.clear();
            }
            headers.push(("etag".to_owned(), etag));
        }
        for (name, value) in reply.headers {
            if !headers.iter().any(|(known, _)| known == name) {
                headers.push((name.to_owned(), value));
            }
        }
        HttpResponse {
            status,
            headers,
            body: bytes,
        }
    }

    fn common_headers(&self, now: Timestamp, n: u64) -> Vec<(String, String)> {
        let id = chance::hex(self.seed, &format!("request {n}"), 32).to_uppercase();
        let id = [&id[..4], &id[4..10], &id[10..17], &id[17..24], &id[24..32]].join(":");
        let token = &self.scenario.token;
        let mut headers = vec![
            ("server", "github.com".to_owned()),
            ("date", wire::http_date(now)),
            ("x-github-request-id", id),
            ("x-github-media-type", "github.v3; format=json".to_owned()),
            ("x-github-api-version-selected", VERSIONS[0].to_owned()),
            ("x-ratelimit-limit", access::PRIMARY.to_string()),
            ("x-ratelimit-remaining", self.limits.remaining().to_string()),
            ("x-ratelimit-used", self.limits.used.to_string()),
            (
                "x-ratelimit-reset",
                self.limits.reset(now).as_second().to_string(),
            ),
            ("x-ratelimit-resource", "core".to_owned()),
        ];
        if token.kind == TokenKind::Classic {
            headers.push(("x-oauth-scopes", token.scopes.join(", ")));
        }
        if let Some(expires) = token.expires {
            let text = expires.strftime("%Y-%m-%d %H:%M:%S UTC").to_string();
            headers.push(("github-authentication-token-expiration", text));
        }
        headers
            .into_iter()
            .map(|(name, value)| (name.to_owned(), value))
            .collect()
    }

    /// A reply that a fault puts in place of the service's own.
    pub fn fault_reply(
        &self,
        now: Timestamp,
        n: u64,
        status: u16,
        wait: Option<String>,
    ) -> HttpResponse {
        let mut headers = self.common_headers(now, n);
        headers.extend(wait.map(|wait| ("retry-after".to_owned(), wait)));
        let (kind, body) = match status {
            429 => (
                "application/json; charset=utf-8",
                json!({ "message": "Too Many Requests", "status": "429" }).to_string(),
            ),
            _ => ("text/html", PAGE.to_owned()),
        };
        headers.push(("content-type".to_owned(), kind.to_owned()));
        HttpResponse {
            status,
            headers,
            body: body.into_bytes(),
        }
    }

    /// The refusal of the secondary limit, as a fault puts it in place.
    pub fn secondary_limit(&self, now: Timestamp, n: u64, call: &Call) -> HttpResponse {
        let request = Request::read(call, wire::HOST);
        self.finish(now, n, &request, *access::secondary(60), "", Need::NONE)
    }
}
