//! Cloudflare: the way of a call through it. The records are those of the zone that it keeps.

mod records;
#[cfg(test)]
mod refusals;
#[cfg(test)]
mod stories;
mod wire;
mod zone;

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use serde_json::json;

use self::wire::{Outcome, Reply, Request, refuse, result};
use super::chance;
use super::ledger::Book;
use super::scenario::Scenario;
use super::service::{Done, Visit};
use super::wire::{Body, stamp};
use super::zones::spec::Rights;
use super::zones::{Contents, Copy, Host, Zones};
use crate::seam::transport::{HttpResponse, Method};

/// The lag of a read, at most.
const LAG_MS: u64 = 1000;

/// So many calls a user has in five minutes.
const CALLS: u64 = 1200;
const WINDOW_S: i64 = 300;

/// The service's own state; the zone is in `Zones`. Clones share their contents.
#[derive(Clone)]
pub struct Cloudflare {
    scenario: Arc<Scenario>,
    seed: u64,
    start: Timestamp,
    signature: Arc<str>,
    /// When the window of the limit ends, and how many calls there were in it.
    window: (Timestamp, u64),
}

/// Everything a handler works with.
struct Cx<'a> {
    hub: &'a Cloudflare,
    request: &'a Request,
    visit: Visit<'a>,
    zones: &'a mut Zones,
    book: &'a mut Book,
}

impl Cx<'_> {
    fn now(&self) -> Timestamp {
        self.visit.now
    }

    /// The zone as this host keeps it, if the token sees it.
    fn copy(&self) -> Option<&Copy> {
        let seen = self.hub.scenario.dns.rights != Rights::Nothing;
        self.zones.copy(Host::Cloudflare).filter(|_| seen)
    }

    /// As a read sees the zone.
    fn view(&self) -> Arc<Contents> {
        let lag = self.hub.scenario.lag;
        let at = self.now() - self.visit.age(self.hub.seed, lag, LAG_MS);
        self.copy().map(|copy| copy.at(at)).unwrap_or_default()
    }
}

impl Cloudflare {
    pub fn new(scenario: Arc<Scenario>, seed: u64, start: Timestamp, token: &str) -> Cloudflare {
        Cloudflare {
            scenario,
            seed,
            start,
            signature: format!("Bearer {token}").into(),
            window: (start, 0),
        }
    }

    pub fn is_signed(&self, authorization: &str) -> bool {
        *authorization == *self.signature
    }

    fn id(&self, what: &str) -> String {
        chance::hex(self.seed, &format!("cloudflare {what}"), 32)
    }

    /// One call, carried out.
    pub fn call(
        &mut self,
        visit: Visit<'_>,
        replaying: bool,
        zones: &mut Zones,
        book: &mut Book,
    ) -> Done {
        let changes = |zones: &Zones| zones.copy(Host::Cloudflare).map(Copy::changes);
        let before = changes(zones);
        let reply = self.answer(visit, replaying, zones, book);
        let mut headers = self.headers(visit.now, visit.n);
        let more = reply.headers.into_iter();
        headers.extend(more.map(|(name, value)| (name.to_owned(), value)));
        let body = match reply.body {
            Body::Json(body) => body.to_string().into_bytes(),
            Body::Raw(bytes, _) => bytes,
            Body::None => Vec::new(),
        };
        Done {
            applied: visit.call.method != Method::Get && reply.status < 300,
            mutating: changes(zones) != before,
            response: HttpResponse {
                status: reply.status,
                headers,
                body,
            },
        }
    }

    fn answer(
        &mut self,
        visit: Visit<'_>,
        replaying: bool,
        zones: &mut Zones,
        book: &mut Book,
    ) -> Reply {
        let request = Request::read(visit.call, wire::HOST);
        let segments: Vec<&str> = request.segments.iter().map(String::as_str).collect();
        let inside = segments.strip_prefix(&["client", "v4"]).unwrap_or_default();
        if let Some(refusal) = self.stranger(&request, inside) {
            return *refusal;
        }
        if let Some(wait) = self.take(visit.now, replaying) {
            let mut refusal = refuse(429, 10_429, "Rate limited. Please wait and try again");
            refusal.headers.push(("retry-after", wait.to_string()));
            return *refusal;
        }
        let mut cx = Cx {
            hub: self,
            request: &request,
            visit,
            zones,
            book,
        };
        let outcome = route(&mut cx, inside);
        outcome.unwrap_or_else(|refusal| *refusal)
    }

    /// The refusal of a caller who is not known.
    fn stranger(&self, request: &Request, inside: &[&str]) -> Option<Box<Reply>> {
        match request.header("authorization") {
            Some(signed) if self.is_signed(signed) => None,
            None => Some(refuse(
                400,
                9106,
                "Missing X-Auth-Key, X-Auth-Email or Authorization headers",
            )),
            Some(_) if inside.first() == Some(&"user") => {
                Some(refuse(401, 1000, "Invalid API Token"))
            }
            Some(_) => Some(refuse(403, 10_000, "Authentication error")),
        }
    }

    /// Counts a call. The seconds to wait when there are none left, unless it is let through all the same.
    fn take(&mut self, now: Timestamp, unlimited: bool) -> Option<i64> {
        let (ends, used) = &mut self.window;
        if *ends <= now {
            (*ends, *used) = (now + SignedDuration::from_secs(WINDOW_S), 0);
        }
        if *used >= CALLS && !unlimited {
            return Some(ends.duration_since(now).as_secs().max(1));
        }
        *used += 1;
        None
    }

    fn headers(&self, now: Timestamp, n: u64) -> Vec<(String, String)> {
        let (ends, used) = self.window;
        let (left, reset) = (CALLS - used.min(CALLS), ends.duration_since(now).as_secs());
        let ray = chance::hex(self.seed, &format!("cloudflare ray {n}"), 16);
        let headers = [
            ("date", super::wire::http_date(now)),
            ("content-type", "application/json".to_owned()),
            ("cf-ray", format!("{ray}-ZRH")),
            (
                "ratelimit",
                format!("\"default\";r={left};t={}", reset.max(0)),
            ),
            (
                "ratelimit-policy",
                format!("\"default\";q={CALLS};w={WINDOW_S}"),
            ),
        ];
        let owned = headers.into_iter();
        owned
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
        let (code, message) = match status {
            429 => (10_429, "Rate limited. Please wait and try again"),
            503 => (10_013, "The service is temporarily unavailable"),
            _ => (10_013, "An unknown error has occurred"),
        };
        let mut headers = self.headers(now, n);
        headers.extend(wait.map(|wait| ("retry-after".to_owned(), wait)));
        let body = match refuse(status, code, message).body {
            Body::Json(body) => body.to_string().into_bytes(),
            Body::None | Body::Raw(..) => Vec::new(),
        };
        HttpResponse {
            status,
            headers,
            body,
        }
    }
}

/// The handler of a call.
fn route(cx: &mut Cx<'_>, path: &[&str]) -> Outcome {
    if cx.request.unreadable {
        return Err(refuse(
            400,
            9207,
            "Failed to parse the request body as JSON",
        ));
    }
    match (cx.request.method, path) {
        (Method::Get, ["user", "tokens", "verify"]) => Ok(verify(cx)),
        (Method::Get, ["zones"]) => zone::list(cx),
        (_, ["zones", id, ..]) if *id != zone::id(cx) || cx.copy().is_none() => {
            let path = cx.request.path.trim_start_matches("/client/v4");
            let words = "perhaps your object identifier is invalid?";
            Err(refuse(
                404,
                7003,
                &format!("Could not route to {path}, {words}"),
            ))
        }
        (Method::Get, ["zones", _]) => zone::one(cx),
        (Method::Get, ["zones", _, "dns_records"]) => records::list(cx),
        (Method::Get, ["zones", _, "dns_records", id]) => records::one(cx, id),
        (_, ["zones", _, "dns_records", ..]) if cx.hub.scenario.dns.rights != Rights::Edit => Err(
            refuse(403, 9109, "Unauthorized to access requested resource"),
        ),
        (Method::Post, ["zones", _, "dns_records"]) => records::create(cx),
        (Method::Patch, ["zones", _, "dns_records", id]) => records::change(cx, id, false),
        (Method::Put, ["zones", _, "dns_records", id]) => records::change(cx, id, true),
        (Method::Delete, ["zones", _, "dns_records", id]) => records::delete(cx, id),
        _ => Err(refuse(400, 7000, "No route for that URI")),
    }
}

/// `GET /user/tokens/verify`.
fn verify(cx: &Cx<'_>) -> Reply {
    let ends = cx.hub.start + SignedDuration::from_hours(24 * 30);
    let mut reply = result(json!({
        "id": cx.hub.id("token"), "status": "active", "expires_on": stamp(ends),
    }));
    if let Body::Json(body) = &mut reply.body {
        let message = "This API Token is valid and active";
        body["messages"] = json!([{ "code": 10_000, "message": message }]);
    }
    reply
}
