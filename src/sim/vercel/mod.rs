//! Vercel: its objects, their versions in time, and the way of a call through it.

mod account;
mod body;
mod build;
mod certificates;
#[cfg(test)]
pub(super) mod claims;
mod deployments;
mod domains;
mod fields;
mod limits;
mod link;
mod names;
#[cfg(test)]
mod oddities;
mod people;
mod projects;
mod protection;
#[cfg(test)]
mod refusals;
mod setup;
mod site;
pub mod spec;
mod state;
#[cfg(test)]
mod stories;
#[cfg(test)]
mod values;
mod variables;
mod verdict;
mod wire;
mod wish;

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;

use self::account::Scope;
use self::build::Push;
use self::certificates::Certificates;
use self::limits::Limits;
pub use self::site::{VercelAnswer, VercelSite};
pub use self::spec::{HeldSpec, VercelSpec};
use self::state::{Accounts, Project, State};
use self::wire::{Outcome, Request, refuse};
use super::github::Github;
use super::ledger::{Book, Provider};
use super::past::Past;
use super::scenario::Scenario;
use super::service::{Around, Done, Service, Visit};
use crate::seam::transport::{HttpResponse, Method};

/// The lag of a read and of a list, at most (reliability goal: 0 to 5 s).
const LAG_MS: u64 = 3000;
const LIST_LAG_MS: u64 = 5000;

/// The service's whole state. Clones share their contents.
#[derive(Clone)]
pub struct Vercel {
    scenario: Arc<Scenario>,
    seed: u64,
    token: Arc<str>,
    accounts: Arc<Accounts>,
    state: Past<State>,
    /// The heads of the repository's branches as last seen; none before the first look.
    seen: Option<Arc<BTreeMap<String, String>>>,
    /// Pushes that Vercel has yet to hear of, by when it does and their branch.
    due: BTreeMap<(Timestamp, String), Push>,
    limits: Limits,
    certificates: Certificates,
    next: u64,
}

/// Everything a handler works with.
struct Cx<'a> {
    hub: &'a mut Vercel,
    around: Around<'a>,
    book: &'a mut Book,
    visit: Visit<'a>,
    request: &'a Request,
}

/// A version of the state and its age.
pub struct View {
    state: Arc<State>,
    at: Timestamp,
}

impl Cx<'_> {
    fn now(&self) -> Timestamp {
        self.visit.now
    }

    /// As a read of one thing sees the state.
    fn view(&self) -> View {
        self.aged(LAG_MS)
    }

    /// As a list sees it, which lags longer.
    fn list_view(&self) -> View {
        self.aged(LIST_LAG_MS)
    }

    /// As a write sees it.
    fn current(&self) -> View {
        self.hub.view(self.now())
    }

    fn aged(&self, lag_ms: u64) -> View {
        let lag = self.hub.scenario.lag;
        self.hub
            .view(self.now() - self.visit.age(self.hub.seed, lag, lag_ms))
    }

    /// The project that a write is about.
    fn project(&self, scope: &Scope, key: &str) -> Result<Arc<Project>, Box<wire::Reply>> {
        let state = self.hub.state.current();
        let found = state.project(&scope.owner, key);
        found.cloned().ok_or_else(|| projects::missing(key))
    }

    /// A project as it is now, the answer to a write.
    fn shown(&self, id: &str) -> Outcome {
        let view = self.current();
        let project = view
            .state
            .projects
            .get(id)
            .ok_or_else(|| projects::missing(id))?;
        Ok(wire::ok(self.hub.project_body(&view, project)))
    }
}

impl Vercel {
    pub fn new(
        scenario: Arc<Scenario>,
        seed: u64,
        tokens: &BTreeMap<&'static str, String>,
        start: Timestamp,
        book: &mut Book,
    ) -> Vercel {
        let token = tokens.get("vercel").map_or("", String::as_str);
        let accounts = setup::accounts(&scenario, seed, start);
        let mut hub = Vercel {
            state: Past::new(start, State::default()),
            accounts: Arc::new(accounts),
            token: Arc::from(token),
            seen: None,
            due: BTreeMap::new(),
            limits: Limits::default(),
            certificates: Certificates::beginning(start),
            next: 0,
            scenario,
            seed,
        };
        hub.build(tokens, start, book);
        hub
    }

    fn spec(&self) -> &VercelSpec {
        &self.scenario.vercel
    }

    /// The id of the first project of a name, for records that lead to it.
    pub fn project_id(&self, name: &str) -> Option<String> {
        let mut projects = self.state.current().projects.values();
        let found = projects.find(|project| project.name == name);
        found.map(|project| project.id.clone())
    }

    fn view(&self, at: Timestamp) -> View {
        View {
            state: self.state.at(at),
            at,
        }
    }

    fn new_id(&mut self, prefix: &str, length: usize) -> String {
        self.next += 1;
        wire::id(self.seed, prefix, &self.next.to_string(), length)
    }

    /// Changes a project, which is written down as changed then.
    fn touch(&mut self, at: Timestamp, id: &str, edit: impl FnOnce(&mut Project)) {
        self.state.change(at, |state| {
            let stamp = state.stamp(at);
            if let Some(project) = state.projects.get_mut(id) {
                let project = Arc::make_mut(project);
                project.updated = stamp;
                edit(project);
            }
        });
    }

    fn rename(&mut self, at: Timestamp, id: &str, name: &str, book: &mut Book) {
        self.touch(at, id, |project| name.clone_into(&mut project.name));
        book.renamed(Provider::Vercel, "project", id, name);
    }

    fn delete(&mut self, at: Timestamp, id: &str, book: &mut Book) {
        let gone = self.state.change(at, |state| {
            state.projects.remove(id);
            let all = std::mem::take(&mut state.deployments);
            let (gone, kept): (BTreeMap<_, _>, BTreeMap<_, _>) =
                all.into_iter().partition(|(_, one)| one.project == id);
            state.deployments = kept;
            gone
        });
        let state = self.state.current();
        let variables = state.variables.values();
        let variables = variables.filter(|one| one.project == id);
        let domains = state.domains_of(id);
        for variable in variables {
            book.gone(Provider::Vercel, "variable", &variable.id);
        }
        for domain in domains {
            let id = domains::book_id(id, &domain.name);
            book.gone(Provider::Vercel, "domain", &id);
        }
        self.state.change(at, |state| {
            state.variables.retain(|_, one| one.project != id);
            state.domains.retain(|_, one| one.project != id);
        });
        for deployment in gone.values() {
            book.gone(Provider::Vercel, "deployment", &deployment.id);
        }
        book.gone(Provider::Vercel, "project", id);
    }
}

impl Service for Vercel {
    fn advance(&mut self, now: Timestamp, around: Around<'_>, book: &mut Book) {
        self.watch(around.code);
        while let Some(entry) = self.due.first_entry() {
            let at = entry.key().0;
            if at > now {
                break;
            }
            let push = entry.remove();
            self.pushed(&push, at, around.code, book);
        }
        self.certify(now, around.zones);
    }

    fn call(&mut self, visit: Visit<'_>, around: Around<'_>, book: &mut Book) -> Done {
        let request = Request::read(visit.call, wire::HOST);
        let before = self.state.changes();
        let mut count = None;
        let outcome = self
            .admit(&request, visit.now, around.replaying, &mut count)
            .and_then(|()| {
                dispatch(&mut Cx {
                    hub: self,
                    around,
                    book,
                    visit,
                    request: &request,
                })
            });
        let reply = outcome.unwrap_or_else(|refusal| *refusal);
        Done {
            applied: request.method != Method::Get && reply.status < 300,
            mutating: self.state.changes() != before,
            response: self.finish(visit.now, visit.n, count.as_ref(), reply),
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
        authorization == format!("Bearer {}", self.token)
    }

    fn edit(&mut self, now: Timestamp, object: &str, book: &mut Book) -> Result<String, String> {
        self.edited(now, object, book)
    }
}

impl Vercel {
    /// What every call must pass before its path is looked at.
    fn admit(
        &mut self,
        request: &Request,
        now: Timestamp,
        replaying: bool,
        count: &mut Option<limits::Count>,
    ) -> Result<(), Box<wire::Reply>> {
        self.identify(request, now)?;
        let segments: Vec<&str> = request.segments.iter().map(String::as_str).collect();
        if !replaying {
            let bucket = limits::bucket(request.method, &segments);
            let (stands, refusal) = self.limits.count(bucket, now);
            *count = Some(stands);
            if let Some(refusal) = refusal {
                return Err(refusal);
            }
        }
        if request.unreadable {
            return Err(refuse(400, "bad_request", "Invalid JSON"));
        }
        Ok(())
    }
}

/// The version is part of each path and differs from one to the next.
fn dispatch(cx: &mut Cx<'_>) -> Outcome {
    let request = cx.request;
    let segments: Vec<&str> = request.segments.iter().map(String::as_str).collect();
    match (request.method, segments.as_slice()) {
        (Method::Get, ["v2", "user"]) => account::user(cx),
        (Method::Get, ["v5", "user", "tokens", id]) => account::token(cx, id),
        (Method::Get, ["v2", "teams"]) => account::teams(cx),
        (Method::Get, ["v2", "teams", key]) => account::team(cx, key),
        (Method::Get, ["v1", "integrations", "git-namespaces"]) => link::namespaces(cx),
        (Method::Get, ["v1", "integrations", "search-repo"]) => link::search(cx),
        (Method::Get, ["v10", "projects"]) => projects::list(cx),
        (Method::Post, ["v11", "projects"]) => projects::create(cx),
        (Method::Get, ["v9", "projects", key]) => projects::one(cx, key),
        (Method::Patch, ["v9", "projects", key]) => projects::change(cx, key),
        (Method::Delete, ["v9", "projects", key]) => projects::delete(cx, key),
        (
            _,
            [_, "projects", _, "domains" | "env", ..] | ["v6", "domains", ..] | ["v8", "certs"],
        ) => names_and_variables(cx, &segments),
        (Method::Patch, ["v1", "projects", key, "protection-bypass"]) => {
            protection::bypass(cx, key)
        }
        (Method::Post, ["v9", "projects", key, "link"]) => link::link(cx, key),
        (Method::Delete, ["v9", "projects", key, "link"]) => link::unlink(cx, key),
        (Method::Patch, ["v9", "projects", key, "branch"]) => link::branch(cx, key),
        (Method::Get, ["v6" | "v7", "deployments"]) => deployments::list(cx),
        (Method::Post, ["v13", "deployments"]) => deployments::create(cx),
        (Method::Get, ["v13", "deployments", key]) => deployments::one(cx, key),
        (Method::Get, ["v3", "deployments", key, "events"]) => deployments::events(cx, key),
        _ => Err(no_endpoint()),
    }
}

fn names_and_variables(cx: &mut Cx<'_>, segments: &[&str]) -> Outcome {
    match (cx.request.method, segments) {
        (Method::Get, ["v9", "projects", key, "domains"]) => domains::list(cx, key),
        (Method::Post, ["v10", "projects", key, "domains"]) => domains::add(cx, key),
        (Method::Get, ["v9", "projects", key, "domains", name]) => domains::one(cx, key, name),
        (Method::Patch, ["v9", "projects", key, "domains", name]) => domains::change(cx, key, name),
        (Method::Delete, ["v9", "projects", key, "domains", name]) => {
            domains::remove(cx, key, name)
        }
        (Method::Post, ["v9", "projects", key, "domains", name, "verify"]) => {
            domains::verify(cx, key, name)
        }
        (Method::Post, ["v1", "projects", key, "domains", name, "move"]) => {
            domains::move_to(cx, key, name)
        }
        (Method::Get, ["v6", "domains", name, "config"]) => names::config(cx, name),
        (Method::Post, ["v8", "certs"]) => certificates::issue(cx),
        (Method::Get, ["v10", "projects", key, "env"]) => variables::list(cx, key),
        (Method::Post, ["v10", "projects", key, "env"]) => variables::create(cx, key),
        (Method::Get, ["v1", "projects", key, "env", id]) => variables::one(cx, key, id),
        (Method::Patch, ["v9", "projects", key, "env", id]) => variables::change(cx, key, id),
        (Method::Delete, ["v9", "projects", key, "env", id]) => variables::delete(cx, key, id),
        _ => Err(no_endpoint()),
    }
}

fn no_endpoint() -> Box<wire::Reply> {
    refuse(404, "not_found", "The requested API endpoint was not found")
}

/// The default branch as a link is made: `main`, else `master`, else what the repository says.
fn default_branch(code: &Github) -> String {
    let known = ["main", "master"]
        .into_iter()
        .find(|branch| code.head(branch).is_some());
    known.map_or_else(|| code.default_branch(), str::to_owned)
}
