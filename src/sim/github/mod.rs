//! GitHub: one repository with everything around it, its versions in time, and the way of a call through it.

mod access;
mod body;
mod build;
mod checks;
mod contents;
mod data;
mod deed;
mod deployed;
mod edge;
mod git;
mod graph;
mod issues;
mod merge;
mod people;
mod protection;
mod pulls;
mod refs;
#[cfg(test)]
mod refusals;
mod reviews;
mod rules;
mod rulesets;
mod state;
#[cfg(test)]
mod stories;
mod wire;

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use serde_json::json;

use self::access::{Limits, Need};
use self::deed::{Event, Hand};
use self::edge::VERSIONS;
use self::git::{Object, Objects, Sha};
use self::state::{Look, Repo};
use self::wire::{Outcome, Reply, Request, no_content, not_found, ok, refuse};
use super::ledger::{Book, MadeBy};
use super::scenario::{OwnerType, Plan, Scenario};
use super::service::Done;
use super::{Call, chance};
use crate::seam::transport::Method;

pub use self::edge::PAGE;
pub use self::people::Act;

/// How long old versions are kept; longer than any lag.
const KEPT: SignedDuration = SignedDuration::from_secs(40);
/// How old a stale read is.
const STALE: SignedDuration = SignedDuration::from_secs(30);
/// The lag of a read and of a list, at most (reliability goal: 0 to 5 s).
const LAG_MS: u64 = 3000;
const LIST_LAG_MS: u64 = 5000;

/// The service's whole state. Clones share their contents.
#[derive(Clone)]
pub struct Github {
    scenario: Arc<Scenario>,
    seed: u64,
    token: Arc<str>,
    repo: Arc<Repo>,
    since: Timestamp,
    /// Earlier versions, each with the time it came to be.
    past: Vec<(Timestamp, Arc<Repo>)>,
    objects: Arc<Objects>,
    events: BTreeMap<(Timestamp, u64), Event>,
    next_id: u64,
    next_number: u64,
    limits: Limits,
    /// Counts every change of an object.
    changes: u64,
    /// A replay carries out what was carried out once, whatever the limits say.
    pub unlimited: bool,
}

/// A call that found its place.
struct Route {
    need: Need,
    /// Page of the documentation, below `https://docs.github.com/rest/`.
    doc: &'static str,
    run: Run,
}

type Run = Box<dyn FnOnce(&mut Cx<'_>) -> Outcome>;

fn to(
    need: Need,
    doc: &'static str,
    run: impl FnOnce(&mut Cx<'_>) -> Outcome + 'static,
) -> Option<Route> {
    Some(Route {
        need,
        doc,
        run: Box::new(run),
    })
}

/// Everything a handler works with.
struct Cx<'a> {
    hub: &'a mut Github,
    hand: Hand<'a>,
    request: &'a Request,
    n: u64,
    stale: bool,
}

/// A version of the repository and its age.
struct View {
    repo: Arc<Repo>,
    objects: Arc<Objects>,
    scenario: Arc<Scenario>,
    at: Timestamp,
}

impl View {
    fn look(&self) -> Look<'_> {
        Look {
            repo: &self.repo,
            objects: &self.objects,
            scenario: &self.scenario,
            at: self.at,
        }
    }

    fn object(&self, sha: &str) -> Option<&Object> {
        self.objects.get_at(sha, self.at)
    }
}

impl Cx<'_> {
    fn scenario(&self) -> Arc<Scenario> {
        Arc::clone(&self.hub.scenario)
    }

    /// As a read of one thing sees the repository.
    fn view(&self) -> View {
        self.hub.view(self.hand.at, self.age(LAG_MS))
    }

    /// As a list sees it, which lags longer.
    fn list_view(&self) -> View {
        self.hub.view(self.hand.at, self.age(LIST_LAG_MS))
    }

    /// As a write sees it.
    fn current(&self) -> View {
        self.hub.view(self.hand.at, SignedDuration::ZERO)
    }

    fn age(&self, lag_ms: u64) -> SignedDuration {
        if self.stale {
            return STALE;
        }
        if !self.hub.scenario.lag {
            return SignedDuration::ZERO;
        }
        let salt = format!("lag {} {}", self.n, self.request.path);
        let ms = chance::between(self.hub.seed, &salt, 0, lag_ms);
        SignedDuration::from_millis(i64::try_from(ms).unwrap_or(0))
    }

    /// An order that is as good as any other, for lists that have none.
    fn shuffled<T>(&self, items: Vec<(u64, T)>) -> Vec<T> {
        let mut items = items;
        items.sort_by_key(|(id, _)| chance::draw(self.hub.seed, &format!("order {id}")));
        items.into_iter().map(|(_, item)| item).collect()
    }
}

impl Github {
    pub fn new(
        scenario: Arc<Scenario>,
        seed: u64,
        token: &str,
        start: Timestamp,
        book: &mut Book,
    ) -> Github {
        let mut hub = Github {
            repo: Arc::new(Repo::default()),
            since: start,
            past: Vec::new(),
            objects: Arc::new(Objects::default()),
            events: BTreeMap::new(),
            next_id: chance::between(seed, "first id", 10_000_000, 90_000_000),
            next_number: 1,
            limits: Limits::default(),
            changes: 0,
            unlimited: false,
            token: Arc::from(token),
            scenario,
            seed,
        };
        hub.build(start, book);
        hub
    }

    /// `owner/name`.
    pub fn full_name(&self) -> String {
        let repository = &self.scenario.repository;
        format!("{}/{}", repository.owner, repository.name)
    }

    /// The commit that a branch stands at, as the apps installed on the repository see it: at once.
    pub fn head(&self, branch: &str) -> Option<String> {
        self.repo.branches.get(branch).cloned()
    }

    /// Every branch with the commit it stands at, as the apps installed on the repository see them: at once.
    pub fn heads(&self) -> &BTreeMap<String, Sha> {
        &self.repo.branches
    }

    /// When a branch last moved.
    pub fn pushed_at(&self) -> Timestamp {
        self.repo.pushed_at
    }

    pub fn default_branch(&self) -> String {
        self.repo.settings.default_branch.clone()
    }

    /// The text of a file at a branch, as a build finds it.
    pub fn file(&self, branch: &str, path: &str) -> Option<String> {
        let files = self.objects.files_of(self.repo.branches.get(branch)?);
        let entry = files.get(path)?;
        let bytes = self.objects.blob(&entry.sha)?;
        String::from_utf8(bytes.to_vec()).ok()
    }

    /// The text of a file as of a commit.
    pub fn file_at(&self, commit: &str, path: &str) -> Option<String> {
        let files = self.objects.files_of(commit);
        let bytes = self.objects.blob(&files.get(path)?.sha)?;
        String::from_utf8(bytes.to_vec()).ok()
    }

    /// The message of a commit and when it was made.
    pub fn committed(&self, sha: &str) -> Option<(String, Timestamp)> {
        let commit = self.objects.commit(sha)?;
        Some((commit.message.clone(), commit.committer.at))
    }

    /// The repository's number, which other services keep.
    pub fn repository_id(&self) -> String {
        body::repository_id(self.seed)
    }

    fn view(&self, now: Timestamp, age: SignedDuration) -> View {
        let at = now - age;
        let repo = if self.since <= at {
            &self.repo
        } else {
            self.past
                .iter()
                .rev()
                .find(|(since, _)| *since <= at)
                .or(self.past.first())
                .map_or(&self.repo, |(_, repo)| repo)
        };
        View {
            repo: Arc::clone(repo),
            objects: Arc::clone(&self.objects),
            scenario: Arc::clone(&self.scenario),
            at,
        }
    }

    /// Changes the repository; the version before stays readable for a while.
    fn change<R>(&mut self, at: Timestamp, edit: impl FnOnce(&mut Repo) -> R) -> R {
        if self.since < at {
            self.past.push((self.since, Arc::clone(&self.repo)));
            self.since = at;
            let horizon = at - KEPT;
            let old = self.past.iter().rposition(|(since, _)| *since <= horizon);
            self.past.drain(..old.unwrap_or(0));
        }
        self.changes += 1;
        edit(Arc::make_mut(&mut self.repo))
    }

    fn put(&mut self, object: Object, at: Timestamp) -> Sha {
        let (sha, new) = Arc::make_mut(&mut self.objects).put(object, at);
        self.changes += u64::from(new);
        sha
    }

    fn new_id(&mut self) -> u64 {
        self.next_id += 1 + chance::draw(self.seed, &format!("id {}", self.next_id)) % 97;
        self.next_id
    }

    /// Moves on to `now`: what is due happens at its own time.
    pub fn advance(&mut self, now: Timestamp, book: &mut Book) {
        while let Some(entry) = self.events.first_entry() {
            let (at, _) = *entry.key();
            if at > now {
                break;
            }
            let event = entry.remove();
            self.happen(event, at, book);
        }
    }

    /// One call, carried out.
    pub fn call(
        &mut self,
        now: Timestamp,
        n: u64,
        call: &Call,
        stale: bool,
        book: &mut Book,
    ) -> Done {
        let request = Request::read(call, wire::HOST);
        let before = self.changes;
        let (mut reply, doc, need) = match self.admit(&request, now) {
            Err(refusal) => (*refusal, "", Need::NONE),
            Ok(()) => self.answer(now, n, &request, stale, book),
        };
        if let Some(location) = self.moved_to(&request, &reply) {
            reply = location;
        }
        let applied = request.method != Method::Get && reply.status < 300;
        let response = self.finish(now, n, &request, reply, doc, need);
        if response.status == 304 {
            self.limits.used = self.limits.used.saturating_sub(1);
        }
        Done {
            response,
            applied,
            mutating: self.changes != before,
        }
    }

    fn answer(
        &mut self,
        now: Timestamp,
        n: u64,
        request: &Request,
        stale: bool,
        book: &mut Book,
    ) -> (Reply, &'static str, Need) {
        let found = match self.find(request) {
            Ok(found) => found,
            Err(refusal) => return (*refusal, "", Need::NONE),
        };
        let (doc, need) = (found.doc, found.need);
        if let Err(refusal) = self.allow(request, &found) {
            return (*refusal, doc, need);
        }
        let login = self.scenario.user.login.clone();
        let mut cx = Cx {
            hub: self,
            hand: Hand {
                book,
                at: now,
                by: MadeBy::Golive,
                login,
            },
            request,
            n,
            stale,
        };
        let reply = (found.run)(&mut cx).unwrap_or_else(|refusal| *refusal);
        (reply, doc, need)
    }

    /// The handler of a call.
    fn find(&self, request: &Request) -> Result<Route, Box<Reply>> {
        let segments: Vec<&str> = request.segments.iter().map(String::as_str).collect();
        if let Some(route) = general(request.method, &segments) {
            return Ok(route);
        }
        let rest = self.inside(&segments).ok_or_else(not_found)?;
        if !access::sees(&self.scenario) {
            return Err(not_found());
        }
        // A path is known by its text: an empty segment, such as a slash at the end makes, is none.
        if rest.iter().any(|segment| segment.is_empty()) {
            return Err(not_found());
        }
        let method = request.method;
        refs::route(method, rest)
            .or_else(|| data::route(method, rest))
            .or_else(|| contents::route(method, rest))
            .or_else(|| protection::route(method, rest))
            .or_else(|| rulesets::route(method, rest))
            .or_else(|| pulls::route(method, rest))
            .or_else(|| reviews::route(method, rest))
            .or_else(|| checks::route(method, rest))
            .or_else(|| issues::route(method, rest))
            .ok_or_else(not_found)
    }

    /// Whether the token, the repository's state and its plan let the call through.
    fn allow(&self, request: &Request, found: &Route) -> Result<(), Box<Reply>> {
        if found.need == Need::NONE {
            return Ok(());
        }
        access::permit(&self.scenario, found.need)?;
        let repository = &self.scenario.repository;
        if repository.archived && request.method != Method::Get {
            return Err(refuse(403, "Repository was archived so is read-only."));
        }
        let doc = found.doc;
        let gated = doc.starts_with("repos/rules#") || doc.contains("branch-protection#");
        if gated && repository.private && repository.plan == Plan::Free {
            let plan = match repository.owner_type {
                OwnerType::User => "GitHub Pro",
                OwnerType::Organization => "GitHub Team",
            };
            return Err(refuse(
                403,
                &format!(
                    "Upgrade to {plan} or make this repository public to enable this feature."
                ),
            ));
        }
        Ok(())
    }

    /// The segments behind the repository, when the path is one of this repository.
    fn inside<'s>(&self, segments: &'s [&'s str]) -> Option<&'s [&'s str]> {
        let repository = &self.scenario.repository;
        match segments {
            ["repos", owner, name, rest @ ..]
                if owner.eq_ignore_ascii_case(&repository.owner)
                    && name.eq_ignore_ascii_case(&repository.name) =>
            {
                Some(rest)
            }
            ["repositories", id, rest @ ..] if *id == body::repository_id(self.seed) => Some(rest),
            _ => None,
        }
    }

    /// The redirect of a path that names the repository or a branch as it was once called.
    fn moved_to(&self, request: &Request, reply: &Reply) -> Option<Reply> {
        if reply.status != 404 || !access::sees(&self.scenario) {
            return None;
        }
        let repository = &self.scenario.repository;
        let parts: Vec<&str> = request.path.splitn(5, '/').collect();
        let new = match parts.as_slice() {
            ["", "repos", owner, name, rest @ ..]
                if repository.renamed_from.as_deref() == Some(&format!("{owner}/{name}")) =>
            {
                let rest = rest
                    .first()
                    .map_or(String::new(), |rest| format!("/{rest}"));
                format!("/repositories/{}{rest}", body::repository_id(self.seed))
            }
            _ => {
                let segments: Vec<&str> = request.segments.iter().map(String::as_str).collect();
                let rest = self.inside(&segments)?;
                let ["branches", branch, ..] = rest else {
                    return None;
                };
                let new = repository.renamed_branches.get(*branch)?;
                let tail: Vec<&str> = request.path.split('/').skip(6).collect();
                let tail: String = tail.iter().map(|part| format!("/{part}")).collect();
                format!(
                    "/repositories/{}/branches/{}{tail}",
                    body::repository_id(self.seed),
                    wire::encode(new).replace('/', "%2F"),
                )
            }
        };
        let url = format!("{}{new}{}", request.base, request.query_text());
        let status = if request.method == Method::Get {
            301
        } else {
            307
        };
        let message = if status == 301 {
            "Moved Permanently"
        } else {
            "Temporary Redirect"
        };
        let mut moved = wire::reply(status, json!({ "message": message, "url": url }));
        moved.headers.push(("location", url));
        Some(moved)
    }
}

/// Paths outside any repository.
fn general(method: Method, segments: &[&str]) -> Option<Route> {
    if method != Method::Get {
        return None;
    }
    match segments {
        ["user"] => to(Need::NONE, "users/users#get-the-authenticated-user", |cx| {
            Ok(ok(body::private_user(
                &cx.request.base,
                &cx.hub.scenario,
                cx.hub.repo.created_at,
            )))
        }),
        ["rate_limit"] => to(Need::NONE, "rate-limit/rate-limit", |cx| {
            let limits = &cx.hub.limits;
            let core = json!({
                "limit": access::PRIMARY,
                "used": limits.used,
                "remaining": limits.remaining(),
                "reset": limits.reset(cx.hand.at).as_second(),
            });
            let other = json!({
                "limit": 30, "used": 0, "remaining": 30, "reset": cx.hand.at.as_second() + 60,
            });
            Ok(ok(
                json!({ "resources": { "core": core.clone(), "search": other }, "rate": core }),
            ))
        }),
        ["versions"] => to(Need::NONE, "meta/meta#get-all-api-versions", |_| {
            Ok(ok(json!(VERSIONS)))
        }),
        _ => None,
    }
}

/// `204`, said where a write has nothing to show.
fn done() -> Outcome {
    Ok(no_content())
}
