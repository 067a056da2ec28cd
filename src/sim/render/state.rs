//! What Render is made of: workspaces, services with their deploys, Key Value instances.

use std::collections::BTreeMap;
use std::net::Ipv4Addr;
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

use super::spec::{Kind, WorkspaceKind};
use super::start::Verdict;
use crate::sim::chance;

/// Everything that changes. A version of it is never changed once another exists, so old ones can be read on.
#[derive(Clone, Debug, Default)]
pub struct State {
    pub owners: Vec<Arc<Owner>>,
    pub services: BTreeMap<String, Arc<Server>>,
    pub deploys: BTreeMap<String, Arc<Deploy>>,
    pub key_values: BTreeMap<String, Arc<KeyValue>>,
    pub domains: BTreeMap<String, Arc<Domain>>,
    pub groups: BTreeMap<String, Arc<Group>>,
    /// Counts what was ever made; the next id is drawn from it.
    pub made: u64,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Owner {
    pub id: String,
    pub name: String,
    pub email: String,
    pub kind: WorkspaceKind,
    pub card: bool,
    pub verified: bool,
    /// How many custom domains its plan includes.
    pub domains: Option<usize>,
}

/// A web service or a worker.
#[derive(Clone, Debug, PartialEq)]
pub struct Server {
    pub id: String,
    pub name: String,
    /// The id of its workspace.
    pub owner: String,
    pub kind: Kind,
    pub repo: String,
    pub branch: String,
    pub root: String,
    /// `commit`, `checksPass` or `off`.
    pub auto_deploy: String,
    /// In the spelling it was asked for; answers may use the other.
    pub plan: String,
    pub region: String,
    pub runtime: String,
    pub build: String,
    pub start: String,
    pub health_path: String,
    pub subdomain: String,
    pub instances: u64,
    /// What its address begins with.
    pub slug: String,
    /// Its own, without those of its groups.
    pub variables: BTreeMap<String, String>,
    pub suspended: bool,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

/// A name of its own that a web service is to answer to.
#[derive(Clone, Debug, PartialEq)]
pub struct Domain {
    pub id: String,
    /// The id of its service.
    pub service: String,
    pub name: String,
    /// Of one that came along with another: the one that was asked for; empty otherwise.
    pub redirect: String,
    pub verified_at: Option<Timestamp>,
    pub certificate_at: Option<Timestamp>,
    pub created_at: Timestamp,
}

/// Variables that several services share.
#[derive(Clone, Debug, PartialEq)]
pub struct Group {
    pub id: String,
    pub name: String,
    /// The id of its workspace.
    pub owner: String,
    pub variables: BTreeMap<String, String>,
    /// Secret files by their names.
    pub files: BTreeMap<String, String>,
    /// The ids of the services that have it, in the order they were linked.
    pub links: Vec<String>,
    /// The environment of a project that it is limited to.
    pub environment: Option<String>,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    Queued,
    Building,
    Updating,
    Live,
    Deactivated,
    BuildFailed,
    UpdateFailed,
    Canceled,
}

impl Status {
    pub fn as_str(self) -> &'static str {
        match self {
            Status::Queued => "queued",
            Status::Building => "build_in_progress",
            Status::Updating => "update_in_progress",
            Status::Live => "live",
            Status::Deactivated => "deactivated",
            Status::BuildFailed => "build_failed",
            Status::UpdateFailed => "update_failed",
            Status::Canceled => "canceled",
        }
    }

    pub fn is_over(self) -> bool {
        !matches!(self, Status::Queued | Status::Building | Status::Updating)
    }
}

#[derive(Clone, Debug, PartialEq)]
pub struct Commit {
    pub id: String,
    pub message: String,
    pub created_at: Timestamp,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Deploy {
    pub id: String,
    pub build_id: String,
    /// The id of its service.
    pub service: String,
    /// A later deploy has a higher one.
    pub number: u64,
    /// The API's word for why it was started.
    pub trigger: &'static str,
    /// The first of its service.
    pub first: bool,
    pub commit: Option<Commit>,
    /// What comes of the code, as it stood when the build began.
    pub verdict: Verdict,
    /// Why its process did not stay up, though the code is right.
    pub trouble: Option<Trouble>,
    /// As they were when the build began: the service's own over its groups'.
    pub variables: BTreeMap<String, String>,
    pub status: Status,
    /// The start and build commands it was begun with.
    pub commands: (String, String),
    pub created_at: Timestamp,
    pub started_at: Option<Timestamp>,
    pub built_at: Option<Timestamp>,
    pub finished_at: Option<Timestamp>,
    pub updated_at: Timestamp,
}

/// What kept a new instance from taking over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Trouble {
    /// Its process ended with this code, saying this.
    Exits(i64, String),
    /// Its process runs and does not answer at the health check's path.
    Unhealthy(String),
}

/// A Key Value instance; the old Redis family shows the same objects.
#[derive(Clone, Debug, PartialEq)]
pub struct KeyValue {
    pub id: String,
    pub name: String,
    /// The id of its workspace.
    pub owner: String,
    pub plan: String,
    pub region: String,
    pub policy: String,
    /// None for a free one.
    pub persistence: Option<String>,
    /// Blocks with their descriptions.
    pub allow: Vec<(String, String)>,
    pub password: String,
    pub suspended: bool,
    /// Until then it is `unknown`, and `creating` until the second.
    pub born: (Timestamp, Timestamp),
    /// Until then a change of plan is under way.
    pub busy_until: Option<Timestamp>,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

impl KeyValue {
    /// The host that instances of its region are reached at from outside.
    pub fn host(&self) -> String {
        format!("{}-keyvalue.render.com", self.region)
    }

    pub fn internal(&self) -> String {
        format!("redis://{}:6379", self.id)
    }

    pub fn external(&self) -> String {
        let KeyValue { id, password, .. } = self;
        format!("rediss://{id}:{password}@{}:6379", self.host())
    }

    /// Whether its list lets an address in from outside.
    pub fn lets_in(&self, caller: Ipv4Addr) -> bool {
        self.allow.iter().any(|(block, _)| holds(block, caller))
    }

    /// The API's word for how it is at `at`.
    pub fn status(&self, at: Timestamp) -> &'static str {
        if self.suspended {
            "suspended"
        } else if at < self.born.0 {
            "unknown"
        } else if at < self.born.1 {
            "creating"
        } else if self.busy_until.is_some_and(|until| at < until) {
            "updating_instance"
        } else {
            "available"
        }
    }
}

impl State {
    pub fn owner(&self, id: &str) -> Option<&Arc<Owner>> {
        self.owners.iter().find(|owner| owner.id == id)
    }

    /// The deploys of a service, newest first.
    pub fn deploys_of(&self, service: &str) -> Vec<&Arc<Deploy>> {
        let mut deploys: Vec<&Arc<Deploy>> = self
            .deploys
            .values()
            .filter(|deploy| deploy.service == service)
            .collect();
        deploys.sort_by_key(|deploy| std::cmp::Reverse(deploy.number));
        deploys
    }

    /// What a deploy of the service gets: its own variables over those of its groups. Between groups no order is
    /// promised; here the higher id wins.
    pub fn variables_of(&self, service: &Server) -> BTreeMap<String, String> {
        let mut all = BTreeMap::new();
        let linked = |group: &&Arc<Group>| group.links.contains(&service.id);
        for group in self.groups.values().filter(linked) {
            all.extend(group.variables.clone());
        }
        all.extend(service.variables.clone());
        all
    }

    /// A deploy of the service is under way or waits for its turn.
    pub fn is_deploying(&self, service: &str) -> bool {
        self.deploys
            .values()
            .any(|deploy| deploy.service == service && !deploy.status.is_over())
    }

    /// The next id with that prefix.
    pub fn new_id(&mut self, seed: u64, prefix: &str) -> String {
        self.made += 1;
        id(seed, prefix, &self.made.to_string())
    }
}

/// Whether a block such as `74.220.51.0/24` holds an address.
fn holds(block: &str, caller: Ipv4Addr) -> bool {
    let parts = block.split_once('/');
    let Some((address, bits)) = parts.and_then(|(address, bits)| {
        Some((address.parse::<Ipv4Addr>().ok()?, bits.parse::<u32>().ok()?))
    }) else {
        return false;
    };
    let mask = u32::MAX.checked_shl(32 - bits.min(32)).unwrap_or(0);
    u32::from(address) & mask == u32::from(caller) & mask
}

const DIGITS: &[u8] = b"0123456789abcdefghijklmnopqrstuv";

/// `prefix-` and 20 characters of `0-9a-v`, always the same for the same salt.
pub fn id(seed: u64, prefix: &str, salt: &str) -> String {
    let text = letters(seed, &format!("render id {prefix} {salt}"), DIGITS, 20);
    format!("{prefix}-{text}")
}

/// So many of the letters, drawn.
pub fn letters(seed: u64, salt: &str, of: &[u8], count: usize) -> String {
    (0..count)
        .map(|at| {
            let drawn = chance::draw(seed, &format!("{salt} {at}"));
            let place = drawn % of.len() as u64;
            char::from(of[usize::try_from(place).unwrap_or(0)])
        })
        .collect()
}

/// A moment between `low` and `high` seconds after `at`, always the same for the same thing.
pub fn moment(seed: u64, at: Timestamp, what: &str, low: u64, high: u64) -> Timestamp {
    let ms = chance::between(seed, &format!("render {what}"), low * 1000, high * 1000);
    at + SignedDuration::from_millis(i64::try_from(ms).unwrap_or(0))
}
