//! GoDaddy: the way of a call through it. The records are those of the zone that it keeps.
//!
//! Two APIs stand side by side: v1 with sets of records by type and name, v3 with one record a call.

mod check;
mod domain;
#[cfg(test)]
mod refusals;
#[cfg(test)]
mod stories;
mod v1;
mod v3;
mod wire;

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

use self::wire::{Reply, Request};
use super::chance;
use super::ledger::Book;
use super::scenario::Scenario;
use super::service::{Done, Visit};
use super::wire::Body;
use super::zones::spec::Refuses;
use super::zones::{Contents, Copy, Host, Zones};
use crate::seam::transport::{HttpResponse, Method};

/// The lag of a read, at most.
const LAG_MS: u64 = 2000;

/// So many calls a minute go to each endpoint.
const CALLS: u64 = 60;
const MINUTE_S: i64 = 60;

/// The service's own state; the zone is in `Zones`. Clones share their contents.
#[derive(Clone)]
pub struct Godaddy {
    scenario: Arc<Scenario>,
    seed: u64,
    start: Timestamp,
    /// Each opens v1; the first, a personal access token, opens v3 too.
    signatures: [Arc<str>; 2],
    windows: BTreeMap<String, Window>,
}

#[derive(Clone, Copy)]
struct Window {
    ends: Timestamp,
    used: u64,
}

/// What the headers of an answer say about the limit.
#[derive(Clone, Copy)]
struct Left {
    remaining: u64,
    reset: i64,
}

/// Everything a handler works with.
struct Cx<'a> {
    hub: &'a Godaddy,
    request: &'a Request,
    visit: Visit<'a>,
    /// What was done once is done again, whatever stands against it.
    replaying: bool,
    zones: &'a mut Zones,
    book: &'a mut Book,
}

impl Cx<'_> {
    fn now(&self) -> Timestamp {
        self.visit.now
    }

    /// The zone as this host keeps it; none where it keeps none.
    fn copy(&self) -> Option<&Copy> {
        self.zones.copy(Host::Godaddy)
    }

    /// As a read sees the zone.
    fn view(&self) -> Arc<Contents> {
        let lag = self.hub.scenario.lag;
        let at = self.now() - self.visit.age(self.hub.seed, lag, LAG_MS);
        self.copy().map(|copy| copy.at(at)).unwrap_or_default()
    }

    /// The zone was changed a moment ago, and the change is still being carried out.
    fn is_busy(&self) -> bool {
        let busy = SignedDuration::from_secs(i64::from(self.hub.scenario.dns.busy_s));
        let ends =
            |copy: &Copy| self.now() < copy.changed() + busy && self.hub.start < copy.changed();
        !self.replaying && self.copy().is_some_and(ends)
    }
}

impl Godaddy {
    /// `key` is the pair of the old API, as `KEY:SECRET`.
    pub fn new(
        scenario: Arc<Scenario>,
        seed: u64,
        start: Timestamp,
        token: &str,
        key: &str,
    ) -> Godaddy {
        Godaddy {
            scenario,
            seed,
            start,
            signatures: [format!("Bearer {token}"), format!("sso-key {key}")].map(Arc::from),
            windows: BTreeMap::new(),
        }
    }

    /// Every `authorization` that opens this service.
    pub fn signatures(&self) -> Vec<String> {
        self.signatures.iter().map(|one| one.to_string()).collect()
    }

    pub fn is_signed(&self, authorization: &str) -> bool {
        self.signatures.iter().any(|one| **one == *authorization)
    }

    /// One call, carried out.
    pub fn call(
        &mut self,
        visit: Visit<'_>,
        replaying: bool,
        zones: &mut Zones,
        book: &mut Book,
    ) -> Done {
        let changes = |zones: &Zones| zones.copy(Host::Godaddy).map(Copy::changes);
        let before = changes(zones);
        let request = Request::read(visit.call, wire::HOST);
        let (reply, left) = self.answer(&request, visit, replaying, zones, book);
        let mut headers = self.headers(visit.now, visit.n, left);
        let asked = request.header("x-request-id").map(str::to_owned);
        if let Some(id) = asked {
            headers.push(("x-request-id".to_owned(), id));
        } else {
            headers.push(("x-request-id".to_owned(), self.correlation(visit.n)));
        }
        let more = reply.headers.into_iter();
        headers.extend(more.map(|(name, value)| (name.to_owned(), value)));
        let body = match reply.body {
            Body::None => Vec::new(),
            Body::Json(body) => {
                headers.push(("content-type".to_owned(), "application/json".to_owned()));
                body.to_string().into_bytes()
            }
            Body::Raw(bytes, kind) => {
                headers.push(("content-type".to_owned(), kind.to_owned()));
                bytes
            }
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
        request: &Request,
        visit: Visit<'_>,
        replaying: bool,
        zones: &mut Zones,
        book: &mut Book,
    ) -> (Reply, Option<Left>) {
        let segments: Vec<&str> = request.segments.iter().map(String::as_str).collect();
        let v3 = segments.first() == Some(&"v3");
        let id = self.correlation(visit.n);
        let refuse = |status, code, message| *wire::refuse(v3, &id, status, code, message);
        let sent = request.header("authorization").unwrap_or_default();
        let opens = match v3 {
            true => *sent == *self.signatures[0],
            false => self.is_signed(sent),
        };
        if !opens {
            let message = "Unauthorized : Could not authenticate API key/secret";
            return (refuse(401, "UNABLE_TO_AUTHENTICATE", message), None);
        }
        let left = match self.take(&endpoint(request.method, &segments), visit.now, replaying) {
            Ok(left) => left,
            Err(left) => return (wire::too_many(v3, &id, Some(left.reset)), Some(left)),
        };
        if !replaying && self.is_refused(&segments) {
            let message = "Authenticated user is not allowed access";
            return (refuse(403, "ACCESS_DENIED", message), Some(left));
        }
        let mut cx = Cx {
            hub: self,
            request,
            visit,
            replaying,
            zones,
            book,
        };
        let outcome = match segments.as_slice() {
            ["v1", "domains", rest @ ..] => v1::route(&mut cx, rest),
            ["v3", "domains", rest @ ..] => v3::route(&mut cx, rest),
            _ => Err(wire::nowhere(&cx, v3)),
        };
        (outcome.unwrap_or_else(|refusal| *refusal), Some(left))
    }

    /// Accounts are refused by endpoint, with the same words everywhere.
    fn is_refused(&self, segments: &[&str]) -> bool {
        match self.scenario.dns.refuses {
            Refuses::Nothing => false,
            Refuses::All => true,
            Refuses::DomainObject => matches!(
                segments,
                ["v1", "domains"]
                    | ["v1", "domains", _]
                    | ["v1", "domains", _, "records"]
                    | ["v1", "domains", _, "records", _]
                    | ["v3", "domains", "domain-names", ..]
            ),
        }
    }

    /// Counts a call. `Err` when the minute's calls are used up, unless the call is let through all the same.
    fn take(&mut self, endpoint: &str, now: Timestamp, unlimited: bool) -> Result<Left, Left> {
        let fresh = Window {
            ends: now + SignedDuration::from_secs(MINUTE_S),
            used: 0,
        };
        let window = self.windows.entry(endpoint.to_owned()).or_insert(fresh);
        if window.ends <= now {
            *window = fresh;
        }
        let empty = window.used >= CALLS && !unlimited;
        if !empty {
            window.used += 1;
        }
        let left = Left {
            remaining: CALLS.saturating_sub(window.used),
            reset: window.ends.duration_since(now).as_secs().max(1),
        };
        if empty { Err(left) } else { Ok(left) }
    }

    fn correlation(&self, n: u64) -> String {
        let hex = chance::hex(self.seed, &format!("godaddy request {n}"), 32);
        [
            &hex[..8],
            &hex[8..12],
            &hex[12..16],
            &hex[16..20],
            &hex[20..],
        ]
        .join("-")
    }

    fn headers(&self, now: Timestamp, n: u64, left: Option<Left>) -> Vec<(String, String)> {
        let mut headers = vec![("date", super::wire::http_date(now))];
        if let Some(left) = left {
            headers.push(("ratelimit-limit", CALLS.to_string()));
            headers.push(("ratelimit-remaining", left.remaining.to_string()));
            headers.push(("ratelimit-reset", left.reset.to_string()));
        }
        headers.push((
            "x-trace-id",
            chance::hex(self.seed, &format!("godaddy trace {n}"), 16),
        ));
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
        let seconds = wait.as_deref().and_then(|wait| wait.parse().ok());
        let id = self.correlation(n);
        let reply = match status {
            429 => wire::too_many(false, &id, seconds),
            503 => *wire::refuse(
                false,
                &id,
                503,
                "SERVICE_UNAVAILABLE",
                "Service unavailable",
            ),
            _ => *wire::refuse(false, &id, status, "SERVER_ERROR", "Internal server error"),
        };
        let mut headers = self.headers(now, n, None);
        headers.push(("x-request-id".to_owned(), id));
        headers.extend(wait.map(|wait| ("retry-after".to_owned(), wait)));
        headers.push(("content-type".to_owned(), "application/json".to_owned()));
        let body = match reply.body {
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

/// What the calls of a minute are counted by: the method, and the path without the names in it.
fn endpoint(method: Method, segments: &[&str]) -> String {
    let named: Vec<&str> = segments
        .iter()
        .enumerate()
        .map(|(place, segment)| match (place, *segment) {
            (0 | 1, word) => word,
            (_, word @ ("records" | "zones" | "dns-records" | "domain-names")) => word,
            _ => "*",
        })
        .collect();
    format!("{method} /{}", named.join("/"))
}
