//! Atlas: its objects, their versions in time, and the way of a call through it.

mod access;
mod build;
mod clusters;
mod door;
mod flex;
mod login;
mod machines;
mod people;
mod projects;
#[cfg(test)]
mod refusals;
mod secrets;
pub mod spec;
mod state;
#[cfg(test)]
mod stories;
mod users;
mod wire;
#[cfg(test)]
mod wishes;

use std::sync::Arc;

use jiff::Timestamp;
use serde_json::{Value, json};

pub use self::secrets::without_passwords;
pub use self::spec::AtlasSpec;

use self::door::Door;
use self::projects::unauthorized_here;
use self::spec::{KeyRole, RateSpec};
use self::state::{Project, State};
use self::wire::{HOST, Outcome, Reply, Request, misformed, no_group, no_resource, refuse};
use super::chance;
use super::ledger::{Book, Provider};
use super::past::Past;
use super::scenario::Scenario;
use super::service::{Around, Done, Service, Visit};
use crate::seam::transport::{HttpResponse, Method};

/// The lag of a read and of a list, at most.
const LAG_MS: u64 = 3000;
const LIST_LAG_MS: u64 = 8000;

/// The service account's id and secret; also the key pair for digests.
#[derive(Debug)]
struct Keys {
    id: String,
    secret: String,
}

/// The service's whole state. Clones share their contents.
#[derive(Clone)]
pub struct Atlas {
    scenario: Arc<Scenario>,
    seed: u64,
    keys: Arc<Keys>,
    state: Past<State>,
    door: Door,
    now: Timestamp,
}

/// What a call needs the key to be allowed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Need {
    /// Any key; the handler looks for itself.
    Anyone,
    Read,
    CreateCluster,
    ChangeCluster,
    /// Deletions and termination protection.
    Own,
    Users,
    Network,
}

impl KeyRole {
    fn may(self, need: Need) -> bool {
        match self {
            KeyRole::None => need == Need::Anyone,
            KeyRole::Owner => true,
            _ if matches!(need, Need::Anyone | Need::Read) => true,
            KeyRole::ClusterManager => need == Need::ChangeCluster,
            KeyRole::ClusterCreator => need == Need::CreateCluster,
            KeyRole::DatabaseAccessAdmin => need == Need::Users,
            KeyRole::NetworkAccessManager => need == Need::Network,
            KeyRole::ReadOnly => false,
        }
    }
}

/// A call that found its place.
struct Route {
    need: Need,
    /// Oldest first.
    versions: &'static [&'static str],
    /// The path by which its limit is counted.
    endpoint: &'static str,
    run: Run,
}

type Run = Box<dyn FnOnce(&mut Cx<'_>) -> Outcome>;

fn to(
    need: Need,
    versions: &'static [&'static str],
    endpoint: &'static str,
    run: impl FnOnce(&mut Cx<'_>) -> Outcome + 'static,
) -> Option<Route> {
    Some(Route {
        need,
        versions,
        endpoint,
        run: Box::new(run),
    })
}

/// Everything a handler works with.
struct Cx<'a> {
    atlas: &'a mut Atlas,
    book: &'a mut Book,
    request: &'a Request,
    visit: Visit<'a>,
    around: Around<'a>,
}

impl Cx<'_> {
    fn spec(&self) -> &AtlasSpec {
        &self.atlas.scenario.atlas
    }

    /// As a read of one thing sees the state, and when that was.
    fn seen(&self, lag_ms: u64) -> (Arc<State>, Timestamp) {
        let age = self
            .visit
            .age(self.atlas.seed, self.atlas.scenario.lag, lag_ms);
        let at = self.visit.now - age;
        (self.atlas.state.at(at), at)
    }

    fn read(&self) -> Arc<State> {
        self.seen(LAG_MS).0
    }

    /// As a list sees it, which lags longer.
    fn list(&self) -> Arc<State> {
        self.seen(LIST_LAG_MS).0
    }

    /// As a write sees it.
    fn current(&self) -> &State {
        self.atlas.state.current()
    }

    fn project(&self, id: &str) -> Result<&Project, Box<Reply>> {
        self.current().project(id).ok_or_else(|| no_group(id))
    }

    /// Changes a project.
    fn change<R>(
        &mut self,
        id: &str,
        edit: impl FnOnce(&mut Project) -> R,
    ) -> Result<R, Box<Reply>> {
        let now = self.visit.now;
        let done = self
            .atlas
            .state
            .change(now, |state| state.project_mut(id).map(edit));
        done.ok_or_else(|| no_group(id))
    }

    /// The JSON object that was sent.
    fn object(&self) -> Result<&serde_json::Map<String, Value>, Box<Reply>> {
        let body = self.request.body.as_ref().and_then(Value::as_object);
        body.ok_or_else(malformed)
    }

    /// A text of the body; none when it is not there.
    fn text(&self, name: &str) -> Result<Option<String>, Box<Reply>> {
        self.object()?;
        match self.request.field(name) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text.clone())),
            Some(_) => Err(misformed(name)),
        }
    }

    /// How many milliseconds something of this call takes.
    fn draw(&self, what: &str, low: u64, high: u64) -> jiff::SignedDuration {
        let salt = format!("{what} {} {}", self.visit.n, self.request.path);
        let ms = chance::between(self.atlas.seed, &salt, low, high);
        jiff::SignedDuration::from_millis(i64::try_from(ms).unwrap_or(0))
    }
}

/// A body that is no JSON, or not of the kind that the endpoint takes.
fn malformed() -> Box<Reply> {
    refuse(
        400,
        "MALFORMED_JSON",
        "Received JSON is malformed.",
        json!([]),
    )
}

impl Atlas {
    /// `keys` are the id and secret; `password` is the one that the world hands out as `mongodb_dev`.
    pub fn new(
        scenario: Arc<Scenario>,
        seed: u64,
        keys: (&str, &str),
        password: &str,
        start: Timestamp,
        book: &mut Book,
    ) -> Atlas {
        let state = build::state(&scenario.atlas, seed, password, start, book);
        Atlas {
            scenario,
            seed,
            keys: Arc::new(Keys {
                id: keys.0.to_owned(),
                secret: keys.1.to_owned(),
            }),
            state: Past::new(start, state),
            door: Door::default(),
            now: start,
        }
    }

    /// Every `authorization` that opens the service now, as it stands in a header; the first is taken for replays.
    /// A digest is never among them: it is worked out for one call alone.
    pub fn signatures(&self) -> Vec<String> {
        self.door.signatures(&self.keys, self.now)
    }

    fn org_id(&self) -> String {
        build::id(self.seed, "organization")
    }

    /// The reply, and the version of the endpoint that gave it; none when the gateway did.
    fn answer(
        &mut self,
        request: &Request,
        visit: Visit<'_>,
        around: Around<'_>,
        book: &mut Book,
    ) -> (Outcome, Option<&'static str>) {
        let spec = self.scenario.atlas.clone();
        let segments: Vec<&str> = request.segments.iter().map(String::as_str).collect();
        let rest = match segments.as_slice() {
            ["api", "oauth", ..] => {
                let calls = spec.token_calls;
                let (keys, seed) = (&self.keys, self.seed);
                return (
                    self.door.oauth(keys, seed, request, visit, around, calls),
                    None,
                );
            }
            ["api", "atlas", "v2", rest @ ..] => rest,
            _ => return (Err(no_resource(&request.path)), None),
        };
        let admitted = self
            .door
            .admit(&self.keys, self.seed, request, visit, around);
        if let Err(refusal) = admitted {
            return (Err(refusal), None);
        }
        if !around.replaying
            && let Err(refusal) = door::allowed_from(&spec.api_access_list, around)
        {
            return (Err(refusal), None);
        }
        let Some(found) = find(request.method, rest) else {
            return (Err(no_resource(&request.path)), None);
        };
        let version = match negotiate(request, &found, around.replaying) {
            Ok(version) => version,
            Err(refusal) => return (Err(refusal), None),
        };
        let counted = match around.replaying {
            true => None,
            false => match self.count(found.endpoint, &spec, visit.now) {
                Ok(counted) => Some(counted),
                Err(refusal) => return (Err(refusal), Some(version)),
            },
        };
        let outcome = self.carry_out(found, rest, request, visit, around, book);
        let mut reply = outcome.unwrap_or_else(|refusal| *refusal);
        if let Some((limit, left)) = counted {
            let own = [("ratelimit-limit", limit), ("ratelimit-remaining", left)];
            let own = own.map(|(name, value)| (name, value.to_string()));
            reply.headers.extend(own);
        }
        if let Some(sunset) = sunset(request.method, rest, version) {
            reply.headers.extend(sunset);
        }
        (Ok(reply), Some(version))
    }

    fn count(
        &mut self,
        endpoint: &'static str,
        spec: &AtlasSpec,
        now: Timestamp,
    ) -> Result<(u64, u64), Box<Reply>> {
        // As recorded in a test environment.
        let capacity = match endpoint.rsplit('/').next() {
            Some("orgs") => 300,
            Some("clusters" | "databaseUsers") => 10_000,
            _ => 1200,
        };
        let recorded = RateSpec {
            capacity,
            refill: capacity,
        };
        self.door
            .count(endpoint, spec.rate.unwrap_or(recorded), now)
    }

    fn carry_out(
        &mut self,
        found: Route,
        rest: &[&str],
        request: &Request,
        visit: Visit<'_>,
        around: Around<'_>,
        book: &mut Book,
    ) -> Outcome {
        if let ["groups", id, ..] = rest
            && found.need != Need::Anyone
        {
            let project = self.state.current().project(id);
            let role = project.ok_or_else(|| no_group(id))?.role;
            if role == KeyRole::None {
                return Err(refuse(
                    401,
                    "NOT_IN_GROUP",
                    "The current user is not in the group, or the group does not exist.",
                    json!([]),
                ));
            }
            if !role.may(found.need) {
                return Err(unauthorized_here());
            }
        }
        if request.unreadable {
            return Err(malformed());
        }
        let mut cx = Cx {
            atlas: self,
            book,
            request,
            visit,
            around,
        };
        (found.run)(&mut cx)
    }

    /// What is due by `now`, in the order of its time: entries and users that end, clusters that are gone.
    fn due(&self, now: Timestamp) -> Vec<(Timestamp, String, Ending)> {
        let mut due = Vec::new();
        for project in &self.state.current().projects {
            let mut add = |at: Option<Timestamp>, ending: Ending| {
                if let Some(at) = at.filter(|at| *at <= now) {
                    due.push((at, project.id.clone(), ending));
                }
            };
            for entry in &project.entries {
                add(entry.delete_after, Ending::Entry(entry.block));
            }
            for user in &project.users {
                add(user.delete_after, Ending::User(user.name.clone()));
            }
            for cluster in &project.clusters {
                add(cluster.gone_at, Ending::Cluster(cluster.name.clone()));
            }
        }
        due.sort_by_key(|(at, ..)| *at);
        due
    }
}

/// Something that ends at its own time.
enum Ending {
    Entry(state::Block),
    User(String),
    Cluster(String),
}

/// The handler of a call.
fn find(method: Method, rest: &[&str]) -> Option<Route> {
    if rest.iter().any(|segment| segment.is_empty()) {
        return None;
    }
    if let Some(route) = projects::route(method, rest) {
        return Some(route);
    }
    let ["groups", id, rest @ ..] = rest else {
        return None;
    };
    clusters::route(method, id, rest)
        .or_else(|| flex::route(method, id, rest))
        .or_else(|| users::route(method, id, rest))
        .or_else(|| access::route(method, id, rest))
}

/// The version that a call is answered in.
fn negotiate(
    request: &Request,
    found: &Route,
    replaying: bool,
) -> Result<&'static str, Box<Reply>> {
    let newest = found.versions.last().copied().unwrap_or_default();
    if replaying {
        return Ok(newest);
    }
    let asked = request.header("accept");
    let Some(version) = wire::version(asked, found.versions) else {
        // The status and code of this refusal are not documented.
        let asked = asked.unwrap_or_default();
        return Err(refuse(
            406,
            "INVALID_VERSION_DATE",
            &format!(
                "\"{asked}\" is not a media type of this resource. Its newest is application/vnd.atlas.{newest}+json."
            ),
            json!([asked]),
        ));
    };
    if request.body.is_some() || request.unreadable {
        let kind = request.header("content-type").unwrap_or_default();
        let plain = kind.split(';').next() == Some("application/json");
        if !plain && wire::version(Some(kind), found.versions).is_none() {
            return Err(refuse(
                415,
                "UNSUPPORTED_MEDIA_TYPE",
                &format!("\"{kind}\" is not a media type that this resource takes."),
                json!([kind]),
            ));
        }
    }
    Ok(version)
}

/// What a version on its way out announces.
fn sunset(method: Method, rest: &[&str], version: &str) -> Option<[(&'static str, String); 2]> {
    let write = matches!(method, Method::Post | Method::Patch);
    let clusters = matches!(rest, ["groups", _, "clusters", ..]);
    (write && clusters && version == "2024-08-05").then(|| {
        [
            ("deprecation", "Wed, 23 Oct 2024 00:00:00 GMT".to_owned()),
            ("sunset", "Mon, 01 Mar 2027 00:00:00 GMT".to_owned()),
        ]
    })
}

impl Service for Atlas {
    fn advance(&mut self, now: Timestamp, _around: Around<'_>, book: &mut Book) {
        self.now = now;
        for (at, id, ending) in self.due(now) {
            let (kind, name) = match &ending {
                Ending::Entry(block) => ("access_entry", block.to_string()),
                Ending::User(name) => ("database_user", name.clone()),
                Ending::Cluster(name) => ("cluster", name.clone()),
            };
            let gone = self.state.change(at, |state| {
                let project = state.project_mut(&id)?;
                match &ending {
                    Ending::Entry(block) => project.entries.retain(|e| e.block != *block),
                    Ending::User(name) => project.users.retain(|user| user.name != *name),
                    Ending::Cluster(name) => project.clusters.retain(|c| c.name != *name),
                }
                Some(project.ledger_id(&name))
            });
            if let Some(id) = gone {
                book.gone(Provider::Atlas, kind, &id);
            }
        }
    }

    fn call(&mut self, visit: Visit<'_>, around: Around<'_>, book: &mut Book) -> Done {
        self.now = visit.now;
        self.door.begin(visit.now);
        let request = Request::read(visit.call, HOST);
        let before = self.state.changes();
        let (outcome, version) = self.answer(&request, visit, around, book);
        let reply = outcome.unwrap_or_else(|refusal| *refusal);
        let applied = request.method != Method::Get && reply.status < 300;
        Done {
            response: self.finish(visit.now, visit.n, reply, version),
            applied,
            mutating: self.state.changes() != before,
        }
    }

    fn fault_reply(
        &self,
        now: Timestamp,
        n: u64,
        status: u16,
        wait: Option<String>,
    ) -> HttpResponse {
        self.instead(now, n, status, wait)
    }

    fn is_signed(&self, authorization: &str) -> bool {
        self.door.has_admitted(authorization)
            || self.signatures().iter().any(|known| known == authorization)
    }

    fn edit(&mut self, now: Timestamp, object: &str, book: &mut Book) -> Result<String, String> {
        people::edit(self, now, object, book)
    }
}
