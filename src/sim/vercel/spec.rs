//! Vercel at its beginning, as a world's file describes it.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// Everything has a default, so that a world says only what is special about it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct VercelSpec {
    /// The user that golive's token belongs to; the repository's owner when absent.
    pub user: Option<String>,
    pub token: VercelTokenSpec,
    /// The first is the user's default. One team named as the repository's owner when the list is empty.
    #[serde(rename = "team")]
    pub teams: Vec<TeamSpec>,
    /// A call that names no team acts on the user's own account; else on the default team, as with newer accounts.
    pub personal_scope: bool,
    pub app: App,
    /// The user has connected a GitHub account.
    pub login_connection: bool,
    /// How many projects may be linked to one repository; that of the plan when absent.
    pub link_limit: Option<usize>,
    #[serde(rename = "project")]
    pub projects: Vec<ProjectSpec>,
    /// Names that another account of Vercel has on its projects.
    #[serde(rename = "held")]
    pub held: Vec<HeldSpec>,
    /// The front end has lint warnings, which a build with `CI` set takes for errors.
    pub eslint_debt: bool,
    pub odd: OddSpec,
}

impl Default for VercelSpec {
    fn default() -> Self {
        VercelSpec {
            user: None,
            token: VercelTokenSpec::default(),
            teams: Vec::new(),
            personal_scope: true,
            app: App::Sees,
            login_connection: true,
            link_limit: None,
            projects: Vec::new(),
            held: Vec::new(),
            eslint_debt: true,
            odd: OddSpec::default(),
        }
    }
}

impl VercelSpec {
    /// Gives every project the values that the launch's matrix has for its environments: `words` holds them as
    /// `vercel.variable.ENVIRONMENT.NAME`.
    pub fn take_matrix(&mut self, words: &BTreeMap<String, String>) {
        for project in &mut self.projects {
            for part in std::mem::take(&mut project.matrix) {
                let begin = format!("vercel.variable.{}.", part.environment);
                let own = words.iter().filter_map(|(word, value)| {
                    let key = word.strip_prefix(&begin)?.to_owned();
                    Some(VariableSpec {
                        key,
                        value: value.clone(),
                        kind: encrypted(),
                        target: part.target.clone(),
                        branch: part.branch.clone(),
                        comment: Some("golive".to_owned()),
                    })
                });
                project.variables.extend(own);
            }
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct VercelTokenSpec {
    pub name: String,
    /// Never, when absent.
    pub expires: Option<Timestamp>,
    /// The slug of the one team it is for; the whole account when absent.
    pub team: Option<String>,
}

impl Default for VercelTokenSpec {
    fn default() -> Self {
        VercelTokenSpec {
            name: "golive".to_owned(),
            expires: None,
            team: None,
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TeamSpec {
    pub slug: String,
    /// The slug when absent.
    #[serde(default)]
    pub name: Option<String>,
    #[serde(default)]
    pub plan: VercelPlan,
    /// The user's role in it.
    #[serde(default)]
    pub role: TeamRole,
    /// Variables of production and preview are kept so that nobody can read them again: `on`, `off` or `default`.
    #[serde(default = "by_default")]
    pub sensitive_variables: String,
}

fn by_default() -> String {
    "default".to_owned()
}

/// A name that is taken elsewhere.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HeldSpec {
    pub name: String,
    /// Adding it is refused; else it is added and must be proved by a TXT record.
    #[serde(default)]
    pub refused: bool,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum VercelPlan {
    Hobby,
    #[default]
    Pro,
    Enterprise,
}

impl VercelPlan {
    /// As the API names it.
    pub fn as_str(self) -> &'static str {
        match self {
            VercelPlan::Hobby => "hobby",
            VercelPlan::Pro => "pro",
            VercelPlan::Enterprise => "enterprise",
        }
    }

    /// Builds that run at once.
    pub fn builds(self) -> usize {
        match self {
            VercelPlan::Hobby => 1,
            _ => 12,
        }
    }

    /// Deployments within 24 hours.
    pub fn deployments_a_day(self) -> usize {
        match self {
            VercelPlan::Hobby => 100,
            _ => 6000,
        }
    }

    /// Projects linked to one repository.
    pub fn links(self) -> usize {
        match self {
            VercelPlan::Hobby => 10,
            _ => 60,
        }
    }
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum TeamRole {
    #[default]
    Owner,
    Member,
    Developer,
    Billing,
    Viewer,
}

impl TeamRole {
    /// As the API names it.
    pub fn as_str(self) -> &'static str {
        match self {
            TeamRole::Owner => "OWNER",
            TeamRole::Member => "MEMBER",
            TeamRole::Developer => "DEVELOPER",
            TeamRole::Billing => "BILLING",
            TeamRole::Viewer => "VIEWER",
        }
    }

    /// May change projects and their settings.
    pub fn changes_projects(self) -> bool {
        matches!(self, TeamRole::Owner | TeamRole::Member)
    }

    /// May make deployments.
    pub fn deploys(self) -> bool {
        self.changes_projects() || self == TeamRole::Developer
    }
}

/// How far Vercel's GitHub app reaches. The last two look alike when a repository is linked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum App {
    /// It sees the repository.
    #[default]
    Sees,
    /// It is installed, and the repository is not in its selection.
    NotSelected,
    NotInstalled,
}

/// A project that persons made before the launch.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProjectSpec {
    pub name: String,
    /// The slug of its team; the first team when absent.
    #[serde(default)]
    pub team: Option<String>,
    #[serde(default = "yes")]
    pub linked: bool,
    /// `owner/name`; the world's repository when absent.
    #[serde(default)]
    pub repo: Option<String>,
    /// What linking chose, when absent.
    #[serde(default)]
    pub production_branch: Option<String>,
    #[serde(default)]
    pub build_command: Option<String>,
    /// The folder it builds in; empty for the repository's root.
    #[serde(default)]
    pub root: String,
    #[serde(default = "create_react_app")]
    pub framework: Option<String>,
    /// It has a production deployment that is ready and served.
    #[serde(default = "yes")]
    pub deployed: bool,
    /// The person who made it; the token's user when absent.
    #[serde(default)]
    pub by: Option<String>,
    #[serde(default = "long_ago")]
    pub hours_ago: u32,
    /// Which of its addresses ask visitors to log in, as the API names it; `off` for none.
    #[serde(default = "standard_protection")]
    pub protection: String,
    /// Branches of which a preview is ready and served.
    #[serde(default)]
    pub previews: Vec<String>,
    #[serde(default, rename = "variable")]
    pub variables: Vec<VariableSpec>,
    /// Environments whose values of the launch's matrix it has, besides the variables that are said here.
    #[serde(default, rename = "matrix")]
    pub matrix: Vec<MatrixSpec>,
    #[serde(default, rename = "domain")]
    pub domains: Vec<DomainSpec>,
}

/// A variable of a project, there before its deployments were made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct VariableSpec {
    pub key: String,
    /// May hold what only the world knows, such as `<token NAME>`.
    pub value: String,
    /// `encrypted`, `plain` or `sensitive`.
    #[serde(default = "encrypted")]
    pub kind: String,
    /// Of `production`, `preview` and `development`.
    pub target: Vec<String>,
    #[serde(default)]
    pub branch: Option<String>,
    #[serde(default)]
    pub comment: Option<String>,
}

/// What an environment has in the launch's matrix.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MatrixSpec {
    /// Its key in `golive.toml`.
    pub environment: String,
    pub target: Vec<String>,
    #[serde(default)]
    pub branch: Option<String>,
}

/// A name that a project has, proved to be its owner's.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DomainSpec {
    pub name: String,
    /// The branch whose preview it shows; production when absent.
    #[serde(default)]
    pub branch: Option<String>,
    /// Where visitors are sent on to.
    #[serde(default)]
    pub redirect: Option<String>,
    /// It has its certificate.
    #[serde(default = "yes")]
    pub certified: bool,
}

fn encrypted() -> String {
    "encrypted".to_owned()
}

fn standard_protection() -> String {
    "all_except_custom_domains".to_owned()
}

fn yes() -> bool {
    true
}

fn create_react_app() -> Option<String> {
    Some("create-react-app".to_owned())
}

fn long_ago() -> u32 {
    1500
}

/// Odd shapes and ways that were seen or are feared.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct OddSpec {
    /// A team does not say its plan; the document never promised it.
    pub plan_hidden: bool,
    /// The token has reduced rights: the user has fewer fields, and `limited`.
    pub limited_user: bool,
    /// New projects keep their production branch elsewhere: setting it is answered well, the link keeps the old one.
    pub branch_elsewhere: bool,
    /// The code of the refusal when the app does not see the repository; it is not the same in all versions.
    pub app_code: Option<String>,
    /// Build logs have their text in `payload.text`.
    pub log_payload: bool,
    /// Lists of projects are gone on with by a word instead of a time.
    pub page_words: bool,
    /// Variables with one target have it as a bare text.
    pub bare_target: bool,
    /// How many variables a page of their list has.
    pub variables_a_page: Option<usize>,
    /// That a variable is there already is a 403 instead of a 400.
    pub conflict_403: bool,
    /// That a name is on another project is a 400 in other words instead of a 409.
    pub in_use_400: bool,
    /// A protected address sends everybody on to the login, not only browsers.
    pub login_redirect: bool,
    /// What new projects run on, such as `24.x`, which the document does not know yet.
    pub node_version: Option<String>,
}
