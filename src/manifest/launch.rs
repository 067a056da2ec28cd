//! The launch's own parts of `golive.toml`: branches, environments with their services, the flow between branches, review, code and data.

use indexmap::IndexMap;
use serde::{Deserialize, Serialize};

use super::names::{
    BranchName, Command, HostName, Key, Login, RepoPath, ResourceName, Title, UrlPath, VariableName,
};

/// Who stands behind the launch; named in records of what a person said.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Operator {
    pub name: Title,
}

/// Whether an optional part of the plan is wanted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Want {
    /// Its step is not settled without it.
    #[default]
    Required,
    /// golive does it; skipping it holds nothing up.
    Optional,
    /// Not part of this launch, nor is what depends on it.
    Off,
}

impl Want {
    pub fn is_on(self) -> bool {
        self != Want::Off
    }
}

/// A branch that code is carried through.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Branch {
    pub name: BranchName,
    /// The branch that this one is created from when it is missing. Without it golive never creates it.
    pub from: Option<Key>,
    #[serde(default)]
    pub protect: Protection,
    /// The key it had in an earlier `golive.toml`.
    pub was: Option<Key>,
}

/// The protection wished for a branch. What exists and already suffices is kept as it is.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Protection {
    pub want: Want,
    /// Changes come by pull requests only.
    pub pull_requests: bool,
    /// Approving reviews that a pull request needs: 0 to 6, the range that rulesets and classic protection share.
    pub reviews: u8,
    /// Whether history may be rewritten.
    pub force_pushes: bool,
    /// Whether the branch may be deleted.
    pub deletion: bool,
}

impl Default for Protection {
    /// What the plan asks for its "sacred branch".
    fn default() -> Self {
        Self {
            want: Want::Required,
            pull_requests: true,
            reviews: 1,
            force_pushes: false,
            deletion: false,
        }
    }
}

/// One environment: a branch, a site, its services, its group of variables and its database.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Environment {
    pub title: Title,
    /// The branch that is deployed here.
    pub branch: Key,
    /// Name of the Render environment group.
    pub group: ResourceName,
    pub site: Site,
    pub database: Database,
    /// Keys are the roles: `api`, `worker`, `redis`.
    pub service: IndexMap<Key, Service>,
    /// The key it had in an earlier `golive.toml`.
    pub was: Option<Key>,
}

impl Environment {
    /// The value of `CORS_ORIGIN` here: the site's address, then the others the manifest allows, joined by commas.
    pub fn cors_origin(&self) -> String {
        let mut origins = vec![format!("https://{}", self.site.host)];
        origins.extend(self.site.also_allow.iter().cloned());
        origins.join(",")
    }
}

/// The front end of one environment.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Site {
    pub host: HostName,
    /// The Vercel project that serves it.
    pub project: Key,
    /// Whether this host is wanted (the plan's `dev.` host is optional).
    #[serde(default)]
    pub want: Want,
    /// Further origins that the API lets in, such as `http://localhost:3000`.
    #[serde(default)]
    pub also_allow: Vec<String>,
}

/// The database of one environment.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Database {
    pub name: ResourceName,
    pub cluster: Key,
    pub user: Key,
}

/// Something that runs on Render.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Service {
    #[serde(rename = "type")]
    pub kind: ServiceKind,
    pub name: ResourceName,
    /// What starts it. A Redis has none.
    pub start: Option<Command>,
    /// What installs its parts; absent: as the start needs them. A Redis has none.
    pub build: Option<Command>,
    /// The custom domain of a web service.
    pub host: Option<HostName>,
    /// The Render plan, where it differs from `[render.plan]`.
    pub plan: Option<ResourceName>,
    /// The key it had in an earlier `golive.toml`.
    pub was: Option<Key>,
}

/// The types of the plan, in Render's words.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ServiceKind {
    WebService,
    BackgroundWorker,
    Redis,
}

/// How changes travel: from a feature branch to develop, staging, main.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Flow {
    /// Branch keys in the order they are carried through; the last is production's.
    pub promote: Vec<Key>,
    /// Feature branch of the dynamic CORS change.
    pub cors_branch: BranchName,
    /// Feature branch of the sanitising script.
    pub sanitizer_branch: BranchName,
    /// Feature branch that tests the whole pipeline.
    pub pipeline_branch: BranchName,
    /// What a person does on staging to see that it works.
    pub key_action: Title,
}

/// Who reviews pull requests.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Review {
    #[serde(default)]
    pub by: ReviewBy,
    /// Logins that are asked for a review; empty: anyone but the author.
    #[serde(default)]
    pub reviewers: Vec<Login>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ReviewBy {
    /// Another person than the author.
    #[default]
    Other,
    /// An operator alone: the same rule with an admin bypass, each merge recorded as merged without a review.
    #[serde(rename = "self")]
    Own,
}

/// Where things are in the repository.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Code {
    /// Folder of the API and its worker.
    pub server: RepoPath,
    /// The file with `corsOptions`, inside `server`.
    pub server_file: RepoPath,
    /// The sanitising script, inside `server`.
    pub sanitizer: RepoPath,
    /// Folder of the front end.
    pub front_end: RepoPath,
    /// The path of the API that answers 2xx when it is well.
    pub health_path: UrlPath,
    /// Variables that the code reads and that need not be in the matrix.
    #[serde(default)]
    pub not_needed: Vec<VariableName>,
}

impl Code {
    /// `server/server.js`, from the repository's root.
    pub fn server_path(&self) -> String {
        inside(&self.server, &self.server_file)
    }

    /// `server/scripts/sanitizeDatabase.js`, from the repository's root.
    pub fn sanitizer_path(&self) -> String {
        inside(&self.server, &self.sanitizer)
    }
}

fn inside(folder: &RepoPath, file: &RepoPath) -> String {
    match folder.as_str() {
        "." => file.to_string(),
        folder => format!("{folder}/{file}"),
    }
}

/// The copy of sanitised data, and what production must hold before the launch.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Data {
    /// Environment whose data is read.
    pub source: Key,
    /// Environment whose data is replaced.
    pub target: Key,
    /// Mail domain of sanitised accounts.
    pub mail_domain: HostName,
    /// What must be there, asked of the source's database.
    #[serde(default)]
    pub seeded: IndexMap<Key, Seeded>,
}

/// One thing that production's database must hold.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Seeded {
    pub title: Title,
    pub collection: ResourceName,
    /// Fields and the values they must equal.
    #[serde(default)]
    pub filter: IndexMap<String, Plain>,
    /// How many documents must match.
    #[serde(default = "one")]
    pub at_least: u32,
    pub was: Option<Key>,
}

fn one() -> u32 {
    1
}

/// A value a document's field is compared with.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "toml::Value")]
pub enum Plain {
    Flag(bool),
    Number(i64),
    Text(String),
}

impl TryFrom<toml::Value> for Plain {
    type Error = &'static str;

    fn try_from(value: toml::Value) -> Result<Self, Self::Error> {
        match value {
            toml::Value::Boolean(flag) => Ok(Plain::Flag(flag)),
            toml::Value::Integer(number) => Ok(Plain::Number(number)),
            toml::Value::String(text) => Ok(Plain::Text(text)),
            _ => Err("a field is compared with a text, a whole number, true or false"),
        }
    }
}
