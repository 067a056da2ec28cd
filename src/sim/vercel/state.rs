//! What Vercel is made of: accounts that stay, and the projects and deployments that change.

use std::collections::{BTreeMap, BTreeSet};
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
    /// `on`, `off` or `default`.
    pub sensitive_variables: String,
    pub created: Timestamp,
}

/// Everything that changes. A version of it is never changed once another exists, so old ones can be read on.
#[derive(Clone, Debug, Default)]
pub struct State {
    /// By id.
    pub projects: BTreeMap<String, Arc<Project>>,
    /// In the order they were made.
    pub deployments: BTreeMap<u64, Arc<Deployment>>,
    /// Environment variables by their id.
    pub variables: BTreeMap<String, Arc<Variable>>,
    /// By the project's id and the name; other projects may wait for a name that one has.
    pub domains: BTreeMap<(String, String), Arc<Domain>>,
    pub app: App,
    pub login_connection: bool,
    /// When a project, variable or domain was last changed (ms); no two share one, so that a list can be gone on with
    /// from it.
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
    /// Secrets that let automation past its protection, with when they were made (ms).
    pub bypasses: BTreeMap<String, i64>,
}

/// An environment variable. The same key may stand in several.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Variable {
    pub id: String,
    /// The id of its project.
    pub project: String,
    pub key: String,
    pub value: String,
    pub kind: Kind,
    pub targets: BTreeSet<Target>,
    /// The one branch whose previews have it.
    pub branch: Option<String>,
    pub comment: Option<String>,
    /// In ms.
    pub created: i64,
    pub updated: i64,
}

/// How a variable is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Plain,
    /// Read again by those who ask for it.
    Encrypted,
    /// Never read again.
    Sensitive,
}

impl Kind {
    /// As the API names it.
    pub fn as_str(self) -> &'static str {
        match self {
            Kind::Plain => "plain",
            Kind::Encrypted => "encrypted",
            Kind::Sensitive => "sensitive",
        }
    }

    pub fn parse(name: &str) -> Option<Kind> {
        let all = [Kind::Plain, Kind::Encrypted, Kind::Sensitive];
        all.into_iter().find(|kind| kind.as_str() == name)
    }
}

/// The deployments that have a variable.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Target {
    Production,
    Preview,
    Development,
}

impl Target {
    /// As the API names it.
    pub fn as_str(self) -> &'static str {
        match self {
            Target::Production => "production",
            Target::Preview => "preview",
            Target::Development => "development",
        }
    }

    pub fn parse(name: &str) -> Option<Target> {
        let all = [Target::Production, Target::Preview, Target::Development];
        all.into_iter().find(|target| target.as_str() == name)
    }
}

/// A name on a project.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Domain {
    pub name: String,
    /// The id of its project.
    pub project: String,
    /// The name that visitors are sent on to, and with which status.
    pub redirect: Option<(String, u16)>,
    /// The branch whose preview it shows; production when none.
    pub branch: Option<String>,
    /// It is proved that the name is its owner's, or nobody else had it.
    pub verified: bool,
    /// What the TXT record that proves it ends with.
    pub challenge: String,
    /// In ms.
    pub created: i64,
    pub updated: i64,
}

impl Domain {
    /// The name that is registered, below which the TXT record stands.
    pub fn apex(&self) -> &str {
        apex(&self.name)
    }

    /// The TXT record that proves it: where, and what.
    pub fn proof(&self) -> (String, String) {
        let value = format!("vc-domain-verify={},{}", self.name, self.challenge);
        (format!("_vercel.{}", self.apex()), value)
    }
}

/// Endings below which anybody may register a name.
const SUFFIXES: [&str; 6] = ["co.uk", "org.uk", "com.au", "co.nz", "com.br", "co.jp"];

/// The registered name that a host name belongs to.
pub fn apex(name: &str) -> &str {
    let labels = match SUFFIXES.iter().any(|suffix| {
        let before = name.strip_suffix(suffix);
        before.is_some_and(|before| before.ends_with('.'))
    }) {
        true => 3,
        false => 2,
    };
    let mut dots = name.rmatch_indices('.').skip(labels - 1);
    dots.next().map_or(name, |(at, _)| &name[at + 1..])
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
    /// The variables as they were when it was made; a later value reaches only later deployments.
    pub variables: Arc<BTreeMap<String, String>>,
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

    /// Whether the project's own names were led to it by themselves.
    pub fn takes_domains(&self) -> bool {
        self.settings.get("autoAssignCustomDomains") != Some(&Value::Bool(false))
    }

    /// Whether its addresses lead to it.
    pub fn served(&self, at: Timestamp) -> bool {
        self.failure.is_none() && self.course.served <= at
    }
}

impl State {
    /// A time in ms that no other change has.
    pub fn stamp(&mut self, at: Timestamp) -> i64 {
        self.touched = at.as_millisecond().max(self.touched + 1);
        self.touched
    }

    /// What a deployment of a project is built with: those of its target, a branch's own over those of all branches.
    pub fn variables_for(
        &self,
        project: &str,
        production: bool,
        branch: &str,
    ) -> BTreeMap<String, String> {
        let target = match production {
            true => Target::Production,
            false => Target::Preview,
        };
        let own = self.variables.values();
        let own = own.filter(|one| one.project == project && one.targets.contains(&target));
        let (narrow, wide): (Vec<_>, Vec<_>) = own.partition(|one| one.branch.is_some());
        let narrow = narrow
            .into_iter()
            .filter(|one| one.branch.as_deref() == Some(branch));
        let all = wide.into_iter().chain(narrow);
        all.map(|one| (one.key.clone(), one.value.clone()))
            .collect()
    }

    /// The domains of a project by their names.
    pub fn domains_of<'a>(&'a self, project: &'a str) -> impl Iterator<Item = &'a Arc<Domain>> {
        let all = self.domains.values();
        all.filter(move |domain| domain.project == project)
    }

    /// The deployment that a name leads to: the newest of production, or of its branch.
    pub fn deployment_of(&self, domain: &Domain, at: Timestamp) -> Option<&Arc<Deployment>> {
        let mut all = self.deployments.values().rev();
        all.find(|one| {
            if one.project != domain.project {
                return false;
            }
            let fits = match &domain.branch {
                None => one.production && one.takes_domains(),
                Some(branch) => !one.production && one.branch == *branch,
            };
            fits && one.served(at)
        })
    }

    /// The names of its own that lead to a deployment.
    pub fn names_of(&self, deployment: &Deployment, at: Timestamp) -> Vec<String> {
        let all = self.domains_of(&deployment.project);
        let leads = |domain: &&Arc<Domain>| {
            let target = self.deployment_of(domain, at);
            target.is_some_and(|one| one.id == deployment.id)
        };
        let verified = all.filter(|domain| domain.verified && domain.redirect.is_none());
        verified.filter(leads).map(|one| one.name.clone()).collect()
    }

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
