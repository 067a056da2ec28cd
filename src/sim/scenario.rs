//! What a world is like at its beginning, as data: the named worlds, and files of the same shape.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

pub use super::atlas::AtlasSpec;
pub use super::render::RenderSpec;
pub use super::stripe::StripeSpec;
pub use super::vercel::{HeldSpec, VercelSpec};
pub use super::zones::{DnsSpec, Host, Refuses};

/// The names a world is built around, taken from `golive.toml`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Names {
    pub owner: String,
    pub repository: String,
    pub branches: BranchNames,
    /// Path of the API's entry file in the repository.
    pub server_file: String,
    /// Folder of the front end in the repository; empty for the root.
    pub front_end: String,
    /// Logins of those who review.
    pub reviewers: Vec<String>,
    /// Everything else that `golive.toml` names, by the word that a world's file uses for it, such as
    /// `service.prod.api` or `atlas.cluster.dev`.
    #[serde(default)]
    pub words: BTreeMap<String, String>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BranchNames {
    pub main: String,
    pub staging: String,
    pub develop: String,
}

/// A world at its beginning. Strings of a world's file may hold `{owner}`, `{repository}`, `{main}`, `{staging}`,
/// `{develop}`, `{server_file}`, `{front_end}` and `{reviewer}`, which `Names` fill in, and words with a dot such as
/// `{service.prod.api}`. A table of a list that names something which `golive.toml` does not have is left out.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scenario {
    /// One sentence for the operator.
    pub about: String,
    pub repository: RepositorySpec,
    pub user: UserSpec,
    #[serde(default)]
    pub token: TokenSpec,
    #[serde(default)]
    pub reviewer: Reviewer,
    /// Logins with write access who review; from `Names` when the file says none.
    #[serde(default)]
    pub reviewers: Vec<String>,
    #[serde(default)]
    pub checks: ChecksSpec,
    /// Reads lag behind writes.
    #[serde(default = "yes")]
    pub lag: bool,
    /// Where the product's parts lie in the repository.
    #[serde(default)]
    pub product: ProductSpec,
    #[serde(default, rename = "branch")]
    pub branches: Vec<BranchSpec>,
    #[serde(default, rename = "ruleset")]
    pub rulesets: Vec<RulesetSpec>,
    #[serde(default, rename = "protection")]
    pub protections: Vec<ProtectionSpec>,
    #[serde(default, rename = "pull")]
    pub pulls: Vec<PullSpec>,
    #[serde(default, rename = "issue")]
    pub issues: Vec<IssueSpec>,
    #[serde(default)]
    pub vercel: VercelSpec,
    #[serde(default)]
    pub render: RenderSpec,
    #[serde(default)]
    pub atlas: AtlasSpec,
    #[serde(default)]
    pub dns: DnsSpec,
    #[serde(default)]
    pub stripe: StripeSpec,
}

fn yes() -> bool {
    true
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Plan {
    Free,
    #[default]
    Pro,
    Team,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum OwnerType {
    #[default]
    User,
    Organization,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RepositorySpec {
    pub owner: String,
    pub name: String,
    #[serde(default)]
    pub private: bool,
    #[serde(default)]
    pub archived: bool,
    #[serde(default)]
    pub plan: Plan,
    #[serde(default)]
    pub owner_type: OwnerType,
    #[serde(default)]
    pub delete_branch_on_merge: bool,
    pub default_branch: String,
    #[serde(default = "yes")]
    pub has_issues: bool,
    #[serde(default = "yes")]
    pub allow_merge_commit: bool,
    #[serde(default = "yes")]
    pub allow_squash_merge: bool,
    #[serde(default = "yes")]
    pub allow_rebase_merge: bool,
    /// `owner/name` it once had; calls there are redirected.
    #[serde(default)]
    pub renamed_from: Option<String>,
    /// Old branch name to the present one; calls there are redirected.
    #[serde(default)]
    pub renamed_branches: BTreeMap<String, String>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    Read,
    Triage,
    Write,
    Maintain,
    #[default]
    Admin,
}

/// The account that golive's token belongs to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct UserSpec {
    pub login: String,
    #[serde(default)]
    pub role: Role,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TokenKind {
    #[default]
    Classic,
    FineGrained,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct TokenSpec {
    pub kind: TokenKind,
    /// Classic: `repo`, `workflow`. Fine-grained: `contents=write`, `pull_requests=read` and so on.
    pub scopes: Vec<String>,
    pub expires: Option<Timestamp>,
}

impl Default for TokenSpec {
    fn default() -> Self {
        TokenSpec {
            kind: TokenKind::Classic,
            scopes: vec!["repo".to_owned(), "workflow".to_owned()],
            expires: None,
        }
    }
}

/// What the world's reviewers do by themselves.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reviewer {
    /// Approve what needs a review, a few minutes after it was opened.
    #[default]
    Approves,
    None,
}

/// What reports on each pushed commit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ChecksSpec {
    /// Names of check runs.
    pub runs: Vec<String>,
    /// Contexts of commit statuses.
    pub statuses: Vec<String>,
    /// Which of them end badly.
    pub fails: Vec<String>,
}

impl Default for ChecksSpec {
    fn default() -> Self {
        ChecksSpec {
            runs: vec!["build".to_owned()],
            statuses: vec!["Vercel".to_owned()],
            fails: Vec::new(),
        }
    }
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ProductSpec {
    pub server_file: Option<String>,
    pub front_end: Option<String>,
    /// Where the server answers to health checks; `/health` when not said.
    pub health_path: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BranchSpec {
    pub name: String,
    /// The branch (listed earlier) whose last commit it starts from; none for the first branch.
    #[serde(default)]
    pub from: Option<String>,
    /// How many commits before that last one it starts.
    #[serde(default)]
    pub back: u32,
    #[serde(default = "person")]
    pub by: String,
    #[serde(default, rename = "commit")]
    pub commits: Vec<CommitSpec>,
}

fn person() -> String {
    "anna-weber".to_owned()
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CommitSpec {
    #[serde(default = "person")]
    pub by: String,
    pub message: String,
    /// How long before the world's beginning.
    pub hours_ago: u32,
    /// Adds the whole product, with its static CORS options.
    #[serde(default)]
    pub product: bool,
    /// Puts the server file with dynamic CORS in place.
    #[serde(default)]
    pub dynamic_cors: bool,
    /// Whole files, by path.
    #[serde(default)]
    pub write: BTreeMap<String, String>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RulesetSpec {
    pub name: String,
    #[serde(default = "active")]
    pub enforcement: String,
    /// Patterns such as `refs/heads/main`, `~DEFAULT_BRANCH`, `~ALL`.
    pub include: Vec<String>,
    #[serde(default)]
    pub exclude: Vec<String>,
    /// As the API takes them.
    pub rules: Vec<serde_json::Value>,
    #[serde(default)]
    pub bypass_actors: Vec<serde_json::Value>,
}

fn active() -> String {
    "active".to_owned()
}

/// A classic protection; what is left out is off.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProtectionSpec {
    pub branch: String,
    /// Approvals a pull request needs; none when pull requests are not required.
    #[serde(default)]
    pub approvals: Option<u8>,
    #[serde(default)]
    pub dismiss_stale_reviews: bool,
    #[serde(default)]
    pub checks: Vec<String>,
    #[serde(default)]
    pub strict: bool,
    #[serde(default)]
    pub enforce_admins: bool,
    #[serde(default)]
    pub allow_force_pushes: bool,
    #[serde(default)]
    pub allow_deletions: bool,
    #[serde(default)]
    pub required_linear_history: bool,
}

/// An open issue that somebody wrote.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct IssueSpec {
    #[serde(default = "person")]
    pub by: String,
    pub title: String,
    #[serde(default)]
    pub body: Option<String>,
    pub hours_ago: u32,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PullSpec {
    #[serde(default = "person")]
    pub by: String,
    pub title: String,
    #[serde(default)]
    pub body: Option<String>,
    pub head: String,
    pub base: String,
    pub hours_ago: u32,
}

const WORLDS: [(&str, &str); 5] = [
    ("fresh", include_str!("../../assets/worlds/fresh.toml")),
    (
        "fresh-empty",
        include_str!("../../assets/worlds/fresh-empty.toml"),
    ),
    ("half", include_str!("../../assets/worlds/half.toml")),
    ("done", include_str!("../../assets/worlds/done.toml")),
    ("foreign", include_str!("../../assets/worlds/foreign.toml")),
];

impl Names {
    /// A made-up shop, for those who try the simulator on its own.
    pub fn example() -> Names {
        Names {
            owner: "acme".to_owned(),
            repository: "shop".to_owned(),
            branches: BranchNames {
                main: "main".to_owned(),
                staging: "staging".to_owned(),
                develop: "develop".to_owned(),
            },
            server_file: "server/server.js".to_owned(),
            front_end: "client".to_owned(),
            reviewers: vec!["robin".to_owned()],
            words: super::example::words(),
        }
    }

    /// Every word in its braces, with the name that stands for it.
    fn all_words(&self) -> Vec<(String, String)> {
        let reviewer = self.reviewers.first().map_or(REVIEWER, String::as_str);
        let fixed = [
            ("owner", self.owner.as_str()),
            ("repository", &self.repository),
            ("main", &self.branches.main),
            ("staging", &self.branches.staging),
            ("develop", &self.branches.develop),
            ("server_file", &self.server_file),
            ("front_end", &self.front_end),
            ("reviewer", reviewer),
        ];
        let more = self.words.iter();
        fixed
            .into_iter()
            .chain(more.map(|(word, name)| (word.as_str(), name.as_str())))
            .map(|(word, name)| (format!("{{{word}}}"), name.to_owned()))
            .collect()
    }
}

/// The login of the reviewer when `Names` know none.
const REVIEWER: &str = "robin-keller";

impl Scenario {
    /// A world that golive brings along, or `None` when there is none of that name.
    pub fn named(name: &str, names: &Names) -> Option<Scenario> {
        let (_, text) = WORLDS.iter().find(|(world, _)| *world == name)?;
        Scenario::parse(text, names).ok()
    }

    /// The names of the worlds that golive brings along.
    pub fn all() -> impl Iterator<Item = &'static str> {
        WORLDS.iter().map(|(name, _)| *name)
    }

    /// Reads a world's file. The error is a sentence with the place.
    pub fn parse(text: &str, names: &Names) -> Result<Scenario, String> {
        // Parsed strictly as it stands first: only so does an error know its line.
        let _: Scenario = toml::from_str(text).map_err(|cause| cause.to_string())?;
        let mut tree: toml::Value = toml::from_str(text).map_err(|cause| cause.to_string())?;
        fill(&mut tree, &names.all_words());
        let mut scenario: Scenario = tree.try_into().map_err(|cause| format!("{cause}"))?;
        if scenario.reviewers.is_empty() {
            scenario.reviewers = names.reviewers.clone();
        }
        if scenario.reviewers.is_empty() {
            scenario.reviewers.push(REVIEWER.to_owned());
        }
        let product = &mut scenario.product;
        product.server_file.get_or_insert(names.server_file.clone());
        product.front_end.get_or_insert(names.front_end.clone());
        let dns = &mut scenario.dns;
        dns.zone = dns.zone.take().or(names.words.get("zone").cloned());
        let mode = names.words.get("dns.mode").map(String::as_str);
        dns.delegated
            .get_or_insert(Host::of_mode(mode.unwrap_or_default()));
        let asked = names.words.get("code.health_path");
        product.health_path = product.health_path.take().or(asked.cloned());
        scenario.render.take_matrix(&names.words);
        scenario.vercel.take_matrix(&names.words);
        scenario.check()?;
        Ok(scenario)
    }

    fn check(&self) -> Result<(), String> {
        let mut known: Vec<&str> = Vec::new();
        for branch in &self.branches {
            match &branch.from {
                Some(from) if !known.contains(&from.as_str()) => {
                    return Err(format!(
                        "branch {} starts from {from}, which is not listed before it",
                        branch.name
                    ));
                }
                None if branch.commits.is_empty() => {
                    return Err(format!("branch {} has no commit", branch.name));
                }
                _ => known.push(&branch.name),
            }
        }
        for pull in &self.pulls {
            for branch in [&pull.head, &pull.base] {
                if !known.contains(&branch.as_str()) {
                    return Err(format!("a pull request names {branch}, which is not there"));
                }
            }
        }
        Ok(())
    }
}

fn fill(value: &mut toml::Value, words: &[(String, String)]) {
    let replace = |text: &str| match text.contains('{') {
        false => text.to_owned(),
        true => words.iter().fold(text.to_owned(), |text, (word, name)| {
            text.replace(word, name)
        }),
    };
    match value {
        toml::Value::String(text) => *text = replace(text),
        toml::Value::Array(items) => {
            items.iter_mut().for_each(|item| fill(item, words));
            items.retain(|item| !names_nothing(item));
        }
        toml::Value::Table(table) => {
            *table = std::mem::take(table)
                .into_iter()
                .map(|(key, mut item)| {
                    fill(&mut item, words);
                    (replace(&key), item)
                })
                .collect();
        }
        _ => {}
    }
}

/// Whether a word with a dot is left in it: something that this launch does not have.
fn names_nothing(value: &toml::Value) -> bool {
    match value {
        toml::Value::String(text) => unfilled(text),
        toml::Value::Table(table) => table.values().any(names_nothing),
        _ => false,
    }
}

fn unfilled(text: &str) -> bool {
    text.split('{').skip(1).any(|rest| {
        rest.split_once('}').is_some_and(|(word, _)| {
            let plain = |c: char| c.is_ascii_alphanumeric() || "._-".contains(c);
            word.contains('.') && word.chars().all(plain)
        })
    })
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    pub(crate) fn names() -> Names {
        Names::example()
    }

    #[test]
    fn every_named_world_parses_and_takes_the_names_it_is_given() {
        let other = Names {
            branches: BranchNames {
                main: "trunk".to_owned(),
                staging: "pre".to_owned(),
                develop: "next".to_owned(),
            },
            ..names()
        };
        for (name, text) in WORLDS {
            let scenario = Scenario::parse(text, &other).unwrap_or_else(|e| panic!("{name}: {e}"));
            assert_eq!(scenario.repository.default_branch, "trunk");
            let text = serde_json::to_string(&scenario).unwrap();
            assert!(!unfilled(&text), "{name} keeps a word");
            for word in ["{main}", "{owner}", "{server_file}", "{reviewer}"] {
                assert!(!text.contains(word), "{name} keeps {word}");
            }
            let again: Scenario = serde_json::from_str(&text).unwrap();
            assert_eq!(again, scenario);
        }
        assert_eq!(Scenario::named("elsewhere", &names()), None);
    }

    #[test]
    fn a_misspelt_key_is_refused_with_its_line() {
        let text = include_str!("../../assets/worlds/fresh.toml").replace("archived", "archivd");
        let error = Scenario::parse(&text, &names()).unwrap_err();
        assert!(
            error.contains("archivd") && error.contains("line"),
            "{error}"
        );
    }
}
