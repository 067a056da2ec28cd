//! What Vercel is made of: accounts that stay, and the projects and deployments that change.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;
use serde_json::{Map, Value};

use super::spec::{App, TeamRole, VercelPlan};

/// The token's user and the teams they are in.
#[derive(Clone, Debug)]
pub struct Accounts {
    pub user_id: String,
    pub username: String,
    pub teams: Vec<Team>,
    pub created: Timestamp,
}

#[derive(Clone, Debug)]
pub struct Team {
    pub id: String,
    pub slug: String,
    pub name: String,
    pub plan: VercelPlan,
    pub role: TeamRole,
    pub created: Timestamp,
}

/// Everything that changes. A version of it is never changed once another exists, so old ones can be read on.
#[derive(Clone, Debug, Default)]
pub struct State {
    /// By id.
    pub projects: BTreeMap<String, Arc<Project>>,
    /// In the order they were made.
    pub deployments: BTreeMap<u64, Arc<Deployment>>,
    pub app: App,
    pub login_connection: bool,
    /// When a project was last changed (ms); no two share one, so that a list can be gone on with from it.
    pub touched: i64,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Project {
    pub id: String,
    /// The id of the team, or of the user.
    pub owner: String,
    pub name: String,
    /// The settings that are shown as they were sent.
    pub settings: Map<String, Value>,
    pub link: Option<Link>,
    /// The addresses below `vercel.app` that it got when it was made; a rename leaves them.
    pub domains: Vec<String>,
    pub created: Timestamp,
    /// In ms.
    pub updated: i64,
    /// The username of who made it.
    pub by: String,
    /// It keeps its production branch where only the dashboard reaches it.
    pub branch_elsewhere: bool,
}

/// A repository, as Vercel keeps it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Source {
    pub org: String,
    pub repo: String,
    pub repo_id: u64,
}

impl Source {
    /// `owner/name`, whose case does not matter at GitHub.
    pub fn is(&self, full_name: &str) -> bool {
        format!("{}/{}", self.org, self.repo).eq_ignore_ascii_case(full_name)
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Link {
    pub source: Source,
    pub production_branch: String,
    pub credential: String,
    pub created: Timestamp,
    pub updated: Timestamp,
}

/// A deployment. Its whole course is settled when it is made; how far it is depends on the time alone.
#[derive(Clone, Debug)]
pub struct Deployment {
    pub id: String,
    pub project: String,
    pub owner: String,
    /// The project's name when it was made.
    pub name: String,
    /// Without a scheme.
    pub url: String,
    pub production: bool,
    pub source: Source,
    pub branch: String,
    pub sha: String,
    pub meta: Map<String, Value>,
    /// `git`, `redeploy` or `api-trigger-git-deploy`.
    pub trigger: &'static str,
    pub by: String,
    /// The project's settings as the build takes them.
    pub settings: Map<String, Value>,
    pub course: Course,
    pub failure: Option<Failure>,
    pub aliases: Vec<String>,
    pub log: Arc<Vec<Line>>,
}

#[derive(Clone, Copy, Debug)]
pub struct Course {
    pub created: Timestamp,
    pub starts: Timestamp,
    pub building: Timestamp,
    pub ends: Timestamp,
    /// When its addresses lead to it; never, for a build that fails.
    pub served: Timestamp,
    /// It waits for other builds first.
    pub queued: bool,
}

#[derive(Clone, Debug)]
pub struct Failure {
    pub code: &'static str,
    pub message: String,
}

/// A line of a build log.
#[derive(Clone, Debug)]
pub struct Line {
    pub at: Timestamp,
    /// `command`, `stdout`, `stderr` or `deployment-state`.
    pub kind: &'static str,
    pub text: String,
}

impl Deployment {
    /// Its `readyState` at that time.
    pub fn stage(&self, at: Timestamp) -> &'static str {
        match self.course {
            course if at < course.starts => "QUEUED",
            course if at < course.building => "INITIALIZING",
            course if at < course.ends => "BUILDING",
            _ if self.failure.is_some() => "ERROR",
            _ => "READY",
        }
    }

    /// Whether its addresses lead to it.
    pub fn served(&self, at: Timestamp) -> bool {
        self.failure.is_none() && self.course.served <= at
    }
}

impl State {
    /// A project of that owner, by id or name.
    pub fn project(&self, owner: &str, key: &str) -> Option<&Arc<Project>> {
        self.projects
            .values()
            .find(|project| project.owner == owner && (project.id == key || project.name == key))
    }

    /// The deployments of a project, newest first.
    pub fn deployments_of<'a>(
        &'a self,
        project: &'a str,
    ) -> impl Iterator<Item = &'a Arc<Deployment>> {
        self.deployments
            .values()
            .rev()
            .filter(move |deployment| deployment.project == project)
    }
}
