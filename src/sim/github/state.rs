//! What the repository is made of, apart from git's objects.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;
use serde_json::Value;

use super::git::{Objects, Sha};
use super::graph;
use crate::sim::scenario::{Reviewer, Role, Scenario};

/// Everything that changes. A version of it is never changed once another exists, so old ones can be read on.
#[derive(Clone, Debug, Default)]
pub struct Repo {
    /// Branch name to its last commit.
    pub branches: BTreeMap<String, Sha>,
    pub pulls: BTreeMap<u64, Arc<Pull>>,
    pub issues: BTreeMap<u64, Arc<Issue>>,
    pub labels: BTreeMap<String, u64>,
    pub rulesets: BTreeMap<u64, Arc<Ruleset>>,
    /// Classic protections by branch.
    pub protections: BTreeMap<String, Arc<Protection>>,
    /// By commit.
    pub checks: BTreeMap<Sha, Arc<Vec<Check>>>,
    pub created_at: Timestamp,
    pub pushed_at: Timestamp,
    pub settings: Settings,
}

#[derive(Clone, Debug, Default)]
pub struct Settings {
    pub default_branch: String,
    pub delete_branch_on_merge: bool,
}

#[derive(Clone, Debug)]
pub struct Pull {
    pub number: u64,
    pub id: u64,
    pub title: String,
    pub body: Option<String>,
    pub by: String,
    pub open: bool,
    pub draft: bool,
    pub head: String,
    pub base: String,
    pub head_sha: Sha,
    pub base_sha: Sha,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
    pub closed_at: Option<Timestamp>,
    pub merged: Option<Merged>,
    pub requested: Vec<String>,
    pub reviews: Vec<Review>,
    /// From when on the service knows whether it can be merged.
    pub mergeable_at: Timestamp,
    /// When its base last moved.
    pub base_moved_at: Timestamp,
    /// A review by the world is under way.
    pub review_due: bool,
}

#[derive(Clone, Debug)]
pub struct Merged {
    pub at: Timestamp,
    pub by: String,
    pub sha: Sha,
}

#[derive(Clone, Debug)]
pub struct Review {
    pub id: u64,
    pub by: String,
    /// `APPROVED`, `CHANGES_REQUESTED`, `COMMENTED` or `DISMISSED`.
    pub state: &'static str,
    pub body: String,
    pub commit: Sha,
    pub at: Timestamp,
}

#[derive(Clone, Debug)]
pub struct Issue {
    pub number: u64,
    pub id: u64,
    pub title: String,
    pub body: Option<String>,
    pub by: String,
    pub labels: Vec<String>,
    pub open: bool,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
    pub closed_at: Option<Timestamp>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Ruleset {
    pub id: u64,
    pub name: String,
    pub target: String,
    pub enforcement: String,
    pub include: Vec<String>,
    pub exclude: Vec<String>,
    /// Each `{type, parameters?}`, with the server's defaults filled in.
    pub rules: Vec<Value>,
    pub bypass_actors: Vec<Value>,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

/// A classic branch protection.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Protection {
    pub reviews: Option<ReviewRule>,
    pub checks: Option<CheckRule>,
    pub enforce_admins: bool,
    /// Logins, team slugs, app slugs; only in organisations.
    pub restrictions: Option<[Vec<String>; 3]>,
    pub required_linear_history: bool,
    pub allow_force_pushes: bool,
    pub allow_deletions: bool,
    pub block_creations: bool,
    pub required_conversation_resolution: bool,
    pub lock_branch: bool,
    pub allow_fork_syncing: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReviewRule {
    pub count: u64,
    pub dismiss_stale: bool,
    pub code_owners: bool,
    pub last_push: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CheckRule {
    pub strict: bool,
    /// Context and the app it is pinned to.
    pub checks: Vec<(String, Option<i64>)>,
}

#[derive(Clone, Debug)]
pub struct Check {
    pub id: u64,
    pub name: String,
    /// A check run; else a commit status.
    pub run: bool,
    pub started_at: Timestamp,
    /// When it ended, and whether well.
    pub done: Option<(Timestamp, bool)>,
}

/// The repository as one reader sees it.
#[derive(Clone, Copy)]
pub struct Look<'a> {
    pub repo: &'a Repo,
    pub objects: &'a Objects,
    pub scenario: &'a Scenario,
    /// How old the view is.
    pub at: Timestamp,
}

impl Look<'_> {
    /// Whether a merge would go through without a conflict; `None` while the service has not worked it out.
    pub fn mergeable(&self, pull: &Pull) -> Option<bool> {
        if self.at < pull.mergeable_at || !pull.open {
            return None;
        }
        let base = self.repo.branches.get(&pull.base)?;
        Some(graph::merge(self.objects, base, &pull.head_sha).is_ok())
    }
}

/// Everyone with access to the repository, in a fixed order.
pub fn people(scenario: &Scenario) -> Vec<(String, Role)> {
    let user = &scenario.user;
    let mut people = vec![(user.login.clone(), user.role)];
    let authors = scenario.branches.iter().flat_map(|branch| {
        std::iter::once(&branch.by).chain(branch.commits.iter().map(|commit| &commit.by))
    });
    let writers = scenario
        .reviewers
        .iter()
        .chain(authors)
        .chain(scenario.pulls.iter().map(|pull| &pull.by));
    for login in writers {
        if !people.iter().any(|(known, _)| known == login) {
            people.push((login.clone(), Role::Write));
        }
    }
    people
}

pub fn role_of(scenario: &Scenario, login: &str) -> Option<Role> {
    people(scenario)
        .into_iter()
        .find(|(known, _)| known.eq_ignore_ascii_case(login))
        .map(|(_, role)| role)
}

/// The reviewer who may judge a pull request of `author`; nobody judges their own.
pub fn judge<'a>(scenario: &'a Scenario, author: &str) -> Option<&'a str> {
    scenario
        .reviewers
        .iter()
        .map(String::as_str)
        .find(|login| *login != author)
}

/// The same, when the world's reviewers act by themselves.
pub fn acting_judge<'a>(scenario: &'a Scenario, author: &str) -> Option<&'a str> {
    match scenario.reviewer {
        Reviewer::Approves => judge(scenario, author),
        Reviewer::None => None,
    }
}
