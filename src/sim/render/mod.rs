//! Render: its objects, their versions in time, and the way of a call through it.

mod body;
mod build;
mod connect;
mod create;
mod deploys;
#[cfg(test)]
mod domain_stories;
mod domains;
mod door;
mod due;
#[cfg(test)]
mod group_stories;
mod groups;
mod key_value;
mod limits;
mod logs;
#[cfg(test)]
mod memory_stories;
mod owners;
#[cfg(test)]
mod refusals;
mod services;
pub mod site;
pub mod spec;
mod start;
mod state;
#[cfg(test)]
mod stories;
mod variables;
mod wire;

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;
use serde_json::json;

use self::due::Due;
pub use self::key_value::password as queue_password;
use self::limits::{Bucket, Left, Limits};
pub use self::spec::RenderSpec;
use self::state::State;
use self::wire::{Body, Outcome, Reply, Request, refuse};
use super::chance;
use super::ledger::Book;
use super::past::Past;
use super::scenario::Scenario;
use super::service::{Around, Done, Service, Visit};
use crate::seam::transport::{HttpResponse, Method};

/// The lag of a read and of a list, at most.
const LAG_MS: u64 = 3000;
const LIST_LAG_MS: u64 = 5000;

/// The service's whole state. Clones share their contents.
#[derive(Clone)]
pub struct Render {
    scenario: Arc<Scenario>,
    seed: u64,
    token: Arc<str>,
    start: Timestamp,
    state: Past<State>,
    limits: Limits,
    /// What happens by itself, and how many such things there ever were.
    due: BTreeMap<(Timestamp, u64), Due>,
    due_count: u64,
    /// Where the branches stood that services are built from.
    seen: BTreeMap<String, Option<String>>,
    looked: bool,
    /// What was due until then has happened.
    done_until: Timestamp,
}

/// Everything a handler works with.
struct Cx<'a> {
    hub: &'a mut Render,
    request: &'a Request,
    visit: Visit<'a>,
    around: Around<'a>,
    book: &'a mut Book,
}

impl Cx<'_> {
    fn now(&self) -> Timestamp {
        self.visit.now
    }

    /// As a read of one thing sees everything, and the time it is from.
    fn view(&self) -> (Arc<State>, Timestamp) {
        self.seen(LAG_MS)
    }

    /// As a list sees it, which lags longer.
    fn list_view(&self) -> (Arc<State>, Timestamp) {
        self.seen(LIST_LAG_MS)
    }

    fn seen(&self, lag_ms: u64) -> (Arc<State>, Timestamp) {
        let lag = self.hub.scenario.lag;
        let at = self.visit.now - self.visit.age(self.hub.seed, lag, lag_ms);
        (self.hub.state.at(at), at)
    }

    /// As a write sees it.
    fn current(&self) -> &State {
        self.hub.state.current()
    }
}

impl Render {
    pub fn new(
        scenario: Arc<Scenario>,
        seed: u64,
        tokens: &BTreeMap<&'static str, String>,
        start: Timestamp,
        book: &mut Book,
    ) -> Render {
        let token = tokens.get("render").map_or("", String::as_str);
        let mut render = Render {
            scenario,
            seed,
            token: Arc::from(token),
            start,
            state: Past::new(start, State::default()),
            limits: Limits::default(),
            due: BTreeMap::new(),
            due_count: 0,
            seen: BTreeMap::new(),
            looked: false,
            done_until: start,
        };
        render.build_past(tokens, book);
        render
    }

    /// What the address of the first service of a name begins with, for records that lead to it.
    pub fn slug_of(&self, name: &str) -> Option<String> {
        let mut services = self.state.current().services.values();
        let found = services.find(|service| service.name == name);
        found.map(|service| service.slug.clone())
    }

    /// Whether an address is that of the product's repository, which this world can look into.
    fn is_ours(&self, repo: &str) -> bool {
        let repository = &self.scenario.repository;
        let ours = format!(
            "https://github.com/{}/{}",
            repository.owner, repository.name
        );
        repo.eq_ignore_ascii_case(&ours)
    }

    /// Whether Render can fetch from an address: the app was given it, or everybody can.
    fn reaches(&self, repo: &str) -> bool {
        if self.is_ours(repo) {
            return self.scenario.render.app_reaches || !self.scenario.repository.private;
        }
        let others = self.scenario.render.services.iter();
        let mut others = others.filter_map(|service| service.repo.as_deref());
        others.any(|known| known.eq_ignore_ascii_case(repo))
    }

    fn answer(&mut self, visit: Visit<'_>, around: Around<'_>, book: &mut Book) -> (Reply, Left) {
        let request = Request::read(visit.call, wire::HOST);
        let segments: Vec<&str> = request.segments.iter().map(String::as_str).collect();
        let inside = segments.strip_prefix(&["v1"]);
        let bucket = Bucket::of(request.method, inside.unwrap_or_default());
        let signed = request.header("authorization");
        if !signed.is_some_and(|signed| self.is_signed(signed)) {
            return (*refuse(401, "Unauthorized"), bucket.untouched());
        }
        let left = match self.limits.take(&bucket, visit.now, around.replaying) {
            Ok(left) => left,
            Err(left) => return (*refuse(429, "rate limit exceeded"), left),
        };
        let mut cx = Cx {
            hub: self,
            request: &request,
            visit,
            around,
            book,
        };
        let outcome = match inside {
            _ if request.unreadable => Err(wire::invalid("invalid JSON")),
            Some(path) => route(&mut cx, path),
            None => Err(refuse(404, "not found")),
        };
        (outcome.unwrap_or_else(|refusal| *refusal), left)
    }

    fn headers(&self, now: Timestamp, n: u64, left: Option<Left>) -> Vec<(String, String)> {
        let hex = chance::hex(self.seed, &format!("render request {n}"), 32);
        let id = [
            &hex[..8],
            &hex[8..12],
            &hex[12..16],
            &hex[16..20],
            &hex[20..],
        ]
        .join("-");
        let mut headers = vec![("date", wire::http_date(now)), ("render-request-id", id)];
        if let Some(left) = left {
            headers.push(("ratelimit-limit", left.limit.to_string()));
            headers.push(("ratelimit-remaining", left.remaining.to_string()));
            headers.push(("ratelimit-reset", left.reset.to_string()));
        }
        headers
            .into_iter()
            .map(|(name, value)| (name.to_owned(), value))
            .collect()
    }
}

const JSON: &str = "application/json; charset=utf-8";

/// The handler of a call.
fn route(cx: &mut Cx<'_>, path: &[&str]) -> Outcome {
    match (cx.request.method, path) {
        (Method::Get, ["users"]) => Ok(owners::user(cx)),
        (Method::Get, ["owners"]) => owners::list(cx),
        (Method::Get, ["owners", id]) => owners::one(cx, id),
        (Method::Get, ["services"]) => services::list(cx),
        (Method::Post, ["services"]) => create::create(cx),
        (Method::Get, ["services", id]) => services::one(cx, id),
        (Method::Patch, ["services", id]) => services::patch(cx, id),
        (Method::Delete, ["services", id]) => services::delete(cx, id),
        (Method::Post, ["services", id, "suspend"]) => services::suspend(cx, id),
        (Method::Post, ["services", id, "resume"]) => services::resume(cx, id),
        (Method::Get, ["services", id, "outbound-ips"]) => services::outbound(cx, id),
        (Method::Get, ["services", id, "events"]) => deploys::events(cx, id),
        (Method::Get, ["services", id, "deploys"]) => deploys::list(cx, id),
        (Method::Post, ["services", id, "deploys"]) => deploys::trigger(cx, id),
        (Method::Get, ["services", id, "deploys", deploy]) => deploys::one(cx, id, deploy),
        (Method::Post, ["services", id, "deploys", deploy, "cancel"]) => {
            deploys::cancel(cx, id, deploy)
        }
        (Method::Get, ["services", id, "custom-domains"]) => domains::list(cx, id),
        (Method::Post, ["services", id, "custom-domains"]) => domains::add(cx, id),
        (Method::Get, ["services", id, "custom-domains", name]) => domains::one(cx, id, name),
        (Method::Delete, ["services", id, "custom-domains", name]) => domains::delete(cx, id, name),
        (Method::Post, ["services", id, "custom-domains", name, "verify"]) => {
            domains::verify(cx, id, name)
        }
        (_, ["services", id, "env-vars", rest @ ..]) => variables::route(cx, id, rest),
        (_, ["env-groups", rest @ ..]) => groups::route(cx, rest),
        (Method::Get, ["logs"]) => logs::list(cx),
        (Method::Get, [family @ ("key-value" | "redis")]) => key_value::list(cx, family),
        (Method::Post, ["key-value"]) => key_value::create(cx),
        (Method::Get, ["key-value" | "redis", id]) => key_value::one(cx, id),
        (Method::Patch, ["key-value", id]) => key_value::patch(cx, id),
        (Method::Delete, ["key-value", id]) => key_value::delete(cx, id),
        (Method::Get, [family @ ("key-value" | "redis"), id, "connection-info"]) => {
            key_value::connection(cx, family, id)
        }
        (Method::Post, ["key-value", id, "suspend"]) => key_value::suspend(cx, id, true),
        (Method::Post, ["key-value", id, "resume"]) => key_value::suspend(cx, id, false),
        _ => Err(refuse(404, "not found")),
    }
}

impl Service for Render {
    fn advance(&mut self, now: Timestamp, around: Around<'_>, book: &mut Book) {
        self.see_pushes(around);
        while let Some(entry) = self.due.first_entry() {
            let (at, _) = *entry.key();
            if at > now {
                break;
            }
            let due = entry.remove();
            self.happen(at, due, around, book);
        }
        self.done_until = now;
    }

    fn call(&mut self, visit: Visit<'_>, around: Around<'_>, book: &mut Book) -> Done {
        let before = self.state.changes();
        let (reply, left) = self.answer(visit, around, book);
        let mut headers = self.headers(visit.now, visit.n, Some(left));
        let body = match reply.body {
            Body::None => Vec::new(),
            Body::Json(body) => {
                headers.push(("content-type".to_owned(), JSON.to_owned()));
                body.to_string().into_bytes()
            }
            Body::Raw(bytes, kind) => {
                headers.push(("content-type".to_owned(), kind.to_owned()));
                bytes
            }
        };
        let more = reply.headers.into_iter();
        headers.extend(more.map(|(name, value)| (name.to_owned(), value)));
        Done {
            applied: visit.call.method != Method::Get && reply.status < 300,
            mutating: self.state.changes() != before,
            response: HttpResponse {
                status: reply.status,
                headers,
                body,
            },
        }
    }

    fn fault_reply(
        &self,
        now: Timestamp,
        n: u64,
        status: u16,
        wait: Option<String>,
    ) -> HttpResponse {
        let message = match status {
            429 => "rate limit exceeded",
            503 => "service unavailable",
            _ => "internal server error",
        };
        let mut headers = self.headers(now, n, None);
        if status == 429 {
            headers.push(("ratelimit-limit".to_owned(), "30".to_owned()));
            headers.push(("ratelimit-remaining".to_owned(), "0".to_owned()));
            let seconds = wait.clone().filter(|wait| wait.parse::<u64>().is_ok());
            headers.extend(seconds.map(|wait| ("ratelimit-reset".to_owned(), wait)));
        }
        headers.extend(wait.map(|wait| ("retry-after".to_owned(), wait)));
        headers.push(("content-type".to_owned(), JSON.to_owned()));
        HttpResponse {
            status,
            headers,
            body: json!({ "message": message }).to_string().into_bytes(),
        }
    }

    fn is_signed(&self, authorization: &str) -> bool {
        authorization == format!("Bearer {}", self.token)
    }

    fn edit(&mut self, now: Timestamp, object: &str, _book: &mut Book) -> Result<String, String> {
        match object.split_once('/') {
            Some(("service", name)) => self.edit_service(now, name),
            Some(("key_value", name)) => self.edit_key_value(now, name),
            Some(("group", name)) => self.edit_group(now, name),
            _ => Err(format!(
                "{object} cannot be edited at Render: service/NAME, key_value/NAME, group/NAME"
            )),
        }
    }
}
