//! Render at its beginning, as a world's file describes it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// What is left out is as a launch hopes for: a team with a card on file, an app that reaches the repository.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RenderSpec {
    pub user: PersonSpec,
    /// The first is the user's default one; one named `My Workspace` when the file has none.
    #[serde(rename = "workspace")]
    pub workspaces: Vec<WorkspaceSpec>,
    /// Render's GitHub app is installed with access to the repository, and connected to the user's account.
    pub app_reaches: bool,
    #[serde(rename = "service")]
    pub services: Vec<ServiceSpec>,
    #[serde(rename = "key_value")]
    pub key_values: Vec<KeyValueSpec>,
    #[serde(rename = "group")]
    pub groups: Vec<GroupSpec>,
    /// Variables without which the product's process ends at once; with none, it starts without any.
    pub code_needs: Vec<String>,
    /// Hosts outside of this world at which a database or a queue lets everybody in.
    pub elsewhere: Vec<String>,
    /// The list of groups comes as its document has it: bare, without wrappers and cursors.
    pub bare_groups: bool,
    /// A changed variable of a group deploys the services that have it.
    pub groups_deploy: bool,
    /// A group of one environment takes no service of another.
    pub environments_apart: bool,
    /// The status that answers to a domain which the same service has already: 409 or 400.
    pub domain_again: u16,
    pub outbound: Outbound,
    /// The filter by name also finds names that only begin so.
    pub loose_names: bool,
    /// Whether somebody, anywhere, has the plain name of a new service already; drawn for each when not said.
    pub slugs_taken: Option<bool>,
}

impl Default for RenderSpec {
    fn default() -> Self {
        RenderSpec {
            user: PersonSpec::default(),
            workspaces: Vec::new(),
            app_reaches: true,
            services: Vec::new(),
            key_values: Vec::new(),
            groups: Vec::new(),
            code_needs: vec!["DATABASE_URL".to_owned()],
            elsewhere: vec!["db.example.com".to_owned()],
            bare_groups: false,
            groups_deploy: false,
            environments_apart: false,
            domain_again: 409,
            outbound: Outbound::Shared,
            loose_names: false,
            slugs_taken: None,
        }
    }
}

impl RenderSpec {
    /// The workspaces that there are: never none.
    pub fn owners(&self) -> Vec<WorkspaceSpec> {
        let mut owners = self.workspaces.clone();
        if owners.is_empty() {
            owners.push(WorkspaceSpec::default());
        }
        for owner in &mut owners {
            if owner.name.is_empty() {
                owner.name = WorkspaceSpec::default().name;
            }
        }
        owners
    }

    /// Gives every group that stands for an environment the values that the launch's matrix has there: `words` holds
    /// them as `variable.ENVIRONMENT.NAME`.
    pub fn take_matrix(&mut self, words: &BTreeMap<String, String>) {
        for group in &mut self.groups {
            let Some(environment) = &group.matrix else {
                continue;
            };
            let prefix = format!("variable.{environment}.");
            for (word, value) in words {
                if let Some(name) = word.strip_prefix(&prefix) {
                    let own = group.variables.entry(name.to_owned());
                    own.or_insert_with(|| value.clone());
                }
            }
        }
    }
}

/// Whom golive's API key belongs to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct PersonSpec {
    pub name: String,
    pub email: String,
}

impl Default for PersonSpec {
    fn default() -> Self {
        PersonSpec {
            name: "Olivia Marti".to_owned(),
            email: "olivia@example.com".to_owned(),
        }
    }
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WorkspaceKind {
    User,
    #[default]
    Team,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct WorkspaceSpec {
    pub name: String,
    pub kind: WorkspaceKind,
    /// A card is on file.
    pub card: bool,
    /// The account is verified; one that is not, and has no card, cannot even create what is free.
    pub verified: bool,
    /// How many custom domains its plan includes; all when not said.
    pub domains: Option<usize>,
}

impl Default for WorkspaceSpec {
    fn default() -> Self {
        WorkspaceSpec {
            name: "My Workspace".to_owned(),
            kind: WorkspaceKind::Team,
            card: true,
            verified: true,
            domains: None,
        }
    }
}

/// The types of service that this world has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    #[default]
    WebService,
    BackgroundWorker,
}

impl Kind {
    pub fn as_str(self) -> &'static str {
        match self {
            Kind::WebService => "web_service",
            Kind::BackgroundWorker => "background_worker",
        }
    }
}

/// How the last deploy of a service ended before the world begins.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LastDeploy {
    #[default]
    Live,
    BuildFailed,
    UpdateFailed,
    /// It never had one.
    None,
}

/// A service that is there already.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ServiceSpec {
    pub name: String,
    #[serde(default, rename = "type")]
    pub kind: Kind,
    /// Name of a workspace; the first when not said.
    #[serde(default)]
    pub workspace: Option<String>,
    /// Another repository than the product's, as `https://github.com/OWNER/NAME`.
    #[serde(default)]
    pub repo: Option<String>,
    /// The repository's default branch when not said.
    #[serde(default)]
    pub branch: Option<String>,
    #[serde(default)]
    pub root: String,
    #[serde(default = "npm_ci")]
    pub build: String,
    #[serde(default = "npm_start")]
    pub start: String,
    #[serde(default = "starter")]
    pub plan: String,
    #[serde(default = "frankfurt")]
    pub region: String,
    /// `commit`, `checksPass` or `off`.
    #[serde(default = "commit")]
    pub auto_deploy: String,
    /// Of a web service.
    #[serde(default = "health")]
    pub health_path: String,
    #[serde(default)]
    pub suspended: bool,
    #[serde(default)]
    pub last_deploy: LastDeploy,
    /// Its own variables; values as those of a group.
    #[serde(default)]
    pub variables: BTreeMap<String, String>,
    /// Custom domains, verified long ago.
    #[serde(default)]
    pub domains: Vec<String>,
}

/// An environment group that is there already.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct GroupSpec {
    pub name: String,
    /// Name of a workspace; the first when not said.
    pub workspace: Option<String>,
    /// The environment whose values in the launch's matrix it has, besides those that are said here.
    pub matrix: Option<String>,
    /// Values may hold what only the world knows: `<token NAME>`, `<made NAME>`, `<redis NAME external>` and
    /// `<redis NAME internal>`.
    pub variables: BTreeMap<String, String>,
    /// Secret files by their names.
    pub files: BTreeMap<String, String>,
    /// Names of the services that have it.
    pub linked: Vec<String>,
    /// The environment of a project that it is limited to.
    pub environment: Option<String>,
}

/// A Key Value instance that is there already.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KeyValueSpec {
    pub name: String,
    /// Name of a workspace; the first when not said.
    #[serde(default)]
    pub workspace: Option<String>,
    #[serde(default = "starter")]
    pub plan: String,
    #[serde(default = "frankfurt")]
    pub region: String,
    #[serde(default = "noeviction")]
    pub policy: String,
    /// Blocks that may reach it from outside; `outbound` stands for those that services of its region call from.
    #[serde(default)]
    pub allow: Vec<String>,
    #[serde(default)]
    pub suspended: bool,
}

/// What the outbound addresses of a service are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outbound {
    /// The ranges of the region, which all customers there share.
    #[default]
    Shared,
    /// Three addresses of the workspace's own.
    Dedicated,
    /// The endpoint answers 404.
    Absent,
}

fn npm_ci() -> String {
    "npm ci".to_owned()
}

fn npm_start() -> String {
    "npm start".to_owned()
}

fn starter() -> String {
    "starter".to_owned()
}

fn frankfurt() -> String {
    "frankfurt".to_owned()
}

fn health() -> String {
    "/health".to_owned()
}

fn commit() -> String {
    "commit".to_owned()
}

fn noeviction() -> String {
    "noeviction".to_owned()
}
