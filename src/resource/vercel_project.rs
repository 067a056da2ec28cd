//! A project: renamed from an existing one or created, linked to the repository, its production branch set.

pub(super) mod find;

use serde_json::json;

use self::find::{Found, Names, find, missing, page, taken};
use super::{Applied, Cx, Known, Look, Resource};
use crate::plan::{Change, Evidence, ItemId, Made, Output, Outputs, Plan, Row, Sign, Undo};
use crate::provider::http::CallError;
use crate::provider::vercel::{Client, NewProject, Project};

/// What golive's records call what it makes and changes here; each carries the project's id.
const PROJECT: &str = "project";
const NAME: &str = "project name";
const LINK: &str = "repository link";
const BRANCH: &str = "production branch";
const FRAMEWORK: &str = "framework";
const ROOT: &str = "root folder";

/// A project: renamed from an existing one or created, linked to the repository, its production branch set.
#[derive(Clone, Debug)]
pub struct VercelProject {
    pub name: String,
    /// The existing project that becomes this one; absent: it is created.
    pub existing: Option<String>,
    /// `owner/name`.
    pub repository: String,
    pub production_branch: String,
    pub build_command: String,
    pub framework: Option<String>,
    /// The folder that is built in; `None`: the repository's root.
    pub root: Option<String>,
}

pub struct Seen {
    found: Found,
    /// Of a project that golive created: what others have put into it since.
    others: Vec<String>,
}

/// What is changed, of which project. `name` is what the project is called in the plan, so that a row stays the same
/// whatever the project is called by the time of the change.
#[derive(Clone, Debug)]
pub enum VercelProjectChange {
    Create(NewProject),
    Rename {
        id: String,
        old: String,
        new: String,
    },
    Link {
        id: Option<String>,
        name: String,
        repository: String,
        not_ours: bool,
    },
    Branch {
        /// `None` while the project is not there yet.
        id: Option<String>,
        name: String,
        /// `None` where golive linked the project itself.
        old: Option<String>,
        new: String,
    },
    /// A setting that has a value of its own, or the preset's.
    Set {
        id: String,
        name: String,
        setting: &'static str,
        old: Option<String>,
        new: Option<String>,
        not_ours: bool,
    },
    Unlink {
        id: String,
        name: String,
        repository: String,
    },
    Delete {
        id: String,
        name: String,
    },
}

/// How a setting without a value of its own is shown.
const DEFAULT: &str = "(default)";

impl Change for VercelProjectChange {
    fn row(&self, item: &ItemId) -> Row {
        let named = |change: &str, sign, name: &str| {
            Row::new(item, change, sign, format!("Vercel project {name}"))
        };
        match self {
            Self::Create(new) => Row {
                new: Some(words(new)),
                ..named("create", Sign::Create, &new.name)
            },
            Self::Rename { old, new, .. } => Row {
                old: Some(format!("name {old}")),
                new: Some(new.clone()),
                undo: Undo::Restorable,
                ..named("rename", Sign::Change, old)
            },
            Self::Link {
                name,
                repository,
                not_ours,
                ..
            } => Row {
                new: Some(format!("linked to {repository}")),
                not_made_by_golive: *not_ours,
                ..named("link", Sign::Change, name)
            },
            Self::Branch { name, old, new, .. } => Row {
                old: old.as_ref().map(|old| format!("production branch {old}")),
                new: Some(match old {
                    Some(_) => new.clone(),
                    None => format!("production branch {new}"),
                }),
                undo: Undo::Restorable,
                not_made_by_golive: old.is_some(),
                ..named("branch", Sign::Change, name)
            },
            Self::Set {
                name,
                setting,
                old,
                new,
                not_ours,
                ..
            } => Row {
                old: Some(format!("{setting} {}", old.as_deref().unwrap_or(DEFAULT))),
                new: Some(new.as_deref().unwrap_or(DEFAULT).to_string()),
                undo: Undo::Restorable,
                not_made_by_golive: *not_ours,
                ..named(key_of(setting), Sign::Change, name)
            },
            Self::Unlink {
                name, repository, ..
            } => Row {
                old: Some(format!("linked to {repository}")),
                undo: Undo::Restorable,
                ..named("unlink", Sign::Remove, name)
            },
            Self::Delete { name, .. } => named("delete", Sign::Remove, name),
        }
    }
}

fn words(new: &NewProject) -> String {
    let root = match &new.root {
        Some(root) => format!("folder {root}"),
        None => "the root".into(),
    };
    let framework = new.framework.as_deref().unwrap_or("framework as guessed");
    format!(
        "{root} of {}, {framework}, built by {}",
        new.repository, new.build_command
    )
}

fn key_of(setting: &str) -> &'static str {
    match setting {
        FRAMEWORK => "framework",
        _ => "root",
    }
}

impl Resource for VercelProject {
    type Seen = Seen;
    type Change = VercelProjectChange;

    async fn observe(&self, cx: &Cx<'_>) -> Look<Seen> {
        let client = cx.vercel()?;
        let found = find(client, known_id(cx.known), self.names()).await?;
        let created = |own: &&Project| made(cx.known, PROJECT, &own.id).is_some();
        let others = match found.project.as_ref().filter(created) {
            Some(own) => others(client, &own.id, cx.known).await?,
            None => vec![],
        };
        Ok(Seen { found, others })
    }

    fn plan(&self, known: &Known, seen: &Seen) -> Plan<VercelProjectChange> {
        if let Some(blocker) = taken(&seen.found, self.names()) {
            return Plan::Blocked(blocker);
        }
        let Some(own) = &seen.found.project else {
            return match self.existing {
                Some(_) => Plan::Blocked(missing(known, self.names())),
                None => Plan::Change(self.creation()),
            };
        };
        let changes = self.changes(known, own);
        match changes.is_empty() {
            true => Plan::Settled(self.evidence(known, own)),
            false => Plan::Change(changes),
        }
    }

    fn foresee(&self, known: &Known) -> Vec<VercelProjectChange> {
        if known_id(known).is_some() {
            return vec![];
        }
        match &self.existing {
            None => self.creation(),
            Some(existing) if *existing == self.name => vec![],
            Some(existing) => vec![VercelProjectChange::Rename {
                id: String::new(),
                old: existing.clone(),
                new: self.name.clone(),
            }],
        }
    }

    async fn apply(&self, cx: &Cx<'_>, change: &VercelProjectChange) -> Result<Applied, CallError> {
        let client = cx.vercel()?;
        let made = |kind: &str, id: &str, old: Option<&str>| {
            let made = self.made(cx.known, kind, id, old);
            Ok(Applied { made: Some(made) })
        };
        match change {
            VercelProjectChange::Create(new) => {
                let project = client.create_project(new).await?;
                made(PROJECT, &project.id, None)
            }
            VercelProjectChange::Rename { id, old, new } => {
                client.change_project(id, json!({ "name": new })).await?;
                made(NAME, id, Some(old))
            }
            // Link and branch are only ever next once their project has been seen.
            VercelProjectChange::Link { id: None, .. }
            | VercelProjectChange::Branch { id: None, .. } => Ok(Applied::default()),
            VercelProjectChange::Link {
                id: Some(id),
                repository,
                ..
            } => {
                client.link_project(id, repository).await?;
                made(LINK, id, None)
            }
            VercelProjectChange::Branch {
                id: Some(id),
                old,
                new,
                ..
            } => {
                let page = page(cx.known, &self.name, "/settings/environments");
                client.set_production_branch(id, new, &page).await?;
                made(BRANCH, id, old.as_deref())
            }
            VercelProjectChange::Set {
                id,
                setting,
                old,
                new,
                ..
            } => {
                let field = match *setting {
                    FRAMEWORK => "framework",
                    _ => "rootDirectory",
                };
                client.change_project(id, json!({ field: new })).await?;
                made(setting, id, Some(old.as_deref().unwrap_or_default()))
            }
            VercelProjectChange::Unlink { id, .. } => {
                client.unlink_project(id).await?;
                Ok(Applied::default())
            }
            VercelProjectChange::Delete { id, .. } => {
                client.delete_project(id).await?;
                Ok(Applied::default())
            }
        }
    }

    fn outputs(&self, seen: &Seen) -> Outputs {
        let Some(own) = &seen.found.project else {
            return Outputs::new();
        };
        let repository = own.link.as_ref().map(|link| link.repository());
        let outputs = [
            ("id", Some(own.id.clone())),
            ("name", Some(own.name.clone())),
            ("repository", repository),
            (
                "production_branch",
                own.production_branch().map(str::to_owned),
            ),
        ];
        outputs
            .into_iter()
            .filter_map(|(name, value)| Some((name.into(), Output::Text(value?))))
            .collect()
    }

    /// What was there before is not in the look any more: what a crash hid is undone as far as golive.toml tells.
    fn found(&self, seen: &Seen, change: &str) -> Option<Made> {
        let own = seen.found.project.as_ref()?;
        let known = Known::default();
        let made = |kind, old| Some(self.made(&known, kind, &own.id, old));
        match change {
            "create" => made(PROJECT, None),
            "rename" if own.name == self.name => made(NAME, self.existing.as_deref()),
            "link" if own.link.is_some() => made(LINK, None),
            "branch" if self.is_branch(own) => made(BRANCH, None),
            _ => None,
        }
    }

    /// A project that golive created goes when nobody has put anything into it. An existing one gets back what it had.
    fn undo(&self, known: &Known, seen: &Seen) -> Vec<VercelProjectChange> {
        let Some(own) = &seen.found.project else {
            return vec![];
        };
        let (id, name) = (own.id.clone(), self.name.clone());
        if made(known, PROJECT, &id).is_some() {
            let untouched = seen.others.is_empty() && own.name == self.name;
            return match untouched {
                true => vec![VercelProjectChange::Delete { id, name }],
                false => vec![],
            };
        }
        self.back(known, own)
    }
}

/// The id of the project as golive's records have it.
fn known_id(known: &Known) -> Option<&str> {
    let made = known.made.last().map(|made| made.id.as_str());
    made.or_else(|| known.own.get("id").map(String::as_str))
}

/// The first record of that kind: what was there before golive's first change.
fn made<'k>(known: &'k Known, kind: &str, id: &str) -> Option<&'k Made> {
    let mut records = known.made.iter();
    records.find(|made| made.kind == kind && made.id == id)
}

/// What in the project is not golive's: domains, variables, and deployments that neither golive nor a push made.
async fn others(client: &Client<'_>, id: &str, known: &Known) -> Look<Vec<String>> {
    let contents = client.contents(id).await?;
    let launch = known
        .marker
        .rsplit_once(':')
        .map_or("", |(launch, _)| launch);
    let deployments = client.deployments(id).await?;
    let foreign = deployments.iter().filter(|one| {
        let ours = one
            .meta("golive")
            .is_some_and(|own| own.starts_with(launch));
        let pushed = one.source.as_deref() == Some("git");
        !(ours && !launch.is_empty() || pushed)
    });
    let domains = contents.domains.into_iter();
    let variables = contents.variables.into_iter();
    Ok(domains
        .map(|domain| format!("domain {domain}"))
        .chain(variables.map(|name| format!("variable {name}")))
        .chain(foreign.map(|one| format!("deployment {}", one.id())))
        .collect())
}

impl VercelProject {
    fn names(&self) -> Names<'_> {
        Names {
            name: &self.name,
            existing: self.existing.as_deref(),
            repository: &self.repository,
        }
    }

    /// All that makes a new project as wished; the branch is told although the call that links it chooses one.
    fn creation(&self) -> Vec<VercelProjectChange> {
        vec![
            VercelProjectChange::Create(NewProject {
                name: self.name.clone(),
                framework: self.framework.clone(),
                build_command: self.build_command.clone(),
                root: self.root.clone(),
                repository: self.repository.clone(),
            }),
            VercelProjectChange::Branch {
                id: None,
                name: self.name.clone(),
                old: None,
                new: self.production_branch.clone(),
            },
        ]
    }

    fn is_branch(&self, own: &Project) -> bool {
        own.production_branch() == Some(&*self.production_branch)
    }

    /// What the project lacks, in the order in which it can be done.
    fn changes(&self, known: &Known, own: &Project) -> Vec<VercelProjectChange> {
        let created = made(known, PROJECT, &own.id).is_some();
        // One that golive.toml names is the operator's to give; one that only bears the name is somebody's.
        let not_ours = !created && self.existing.is_none();
        let linked_by_golive = created || made(known, LINK, &own.id).is_some();
        let (id, name) = (|| own.id.clone(), || self.name.clone());
        let mut changes = vec![];
        if own.name != self.name {
            changes.push(VercelProjectChange::Rename {
                id: id(),
                old: own.name.clone(),
                new: name(),
            });
        }
        if own.link.is_none() {
            changes.push(VercelProjectChange::Link {
                id: Some(id()),
                name: name(),
                repository: self.repository.clone(),
                not_ours,
            });
        }
        if !self.is_branch(own) {
            let old = own.production_branch().filter(|_| !linked_by_golive);
            changes.push(VercelProjectChange::Branch {
                id: Some(id()),
                name: name(),
                old: old.map(str::to_owned),
                new: self.production_branch.clone(),
            });
        }
        changes.extend(self.settings(own, created));
        changes
    }

    /// Framework and folder of a project that is golive's to set up. A renamed one keeps its own: it is live.
    fn settings(&self, own: &Project, created: bool) -> Vec<VercelProjectChange> {
        if self.existing.is_some() {
            return vec![];
        }
        let set = |setting: &'static str, old: Option<&str>, new: Option<&str>| {
            VercelProjectChange::Set {
                id: own.id.clone(),
                name: self.name.clone(),
                setting,
                old: old.map(str::to_owned),
                new: new.map(str::to_owned),
                not_ours: !created,
            }
        };
        let mut changes = vec![];
        let framework = own.framework.as_deref();
        if self.framework.is_some() && self.framework.as_deref() != framework {
            changes.push(set(FRAMEWORK, framework, self.framework.as_deref()));
        }
        if self.root.as_deref() != own.root() {
            changes.push(set(ROOT, own.root(), self.root.as_deref()));
        }
        changes
    }

    fn evidence(&self, known: &Known, own: &Project) -> Evidence {
        let repository = own.link.as_ref().map(|link| link.repository());
        let evidence = Evidence::new(format!(
            "Vercel project {} is linked to {}, production branch {}",
            own.name,
            repository.as_deref().unwrap_or("nothing"),
            own.production_branch().unwrap_or("not shown")
        ))
        .url(page(known, &own.name, ""))
        .note(format!("id {}", own.id))
        .note(format!(
            "builds {} with {}",
            own.root().unwrap_or("the root"),
            own.framework.as_deref().unwrap_or("no framework")
        ));
        match (&self.existing, self.root.as_deref() == own.root()) {
            (Some(_), false) => evidence.note(format!(
                "golive.toml names {} as the front end's folder; the project keeps its own",
                self.root.as_deref().unwrap_or("the root")
            )),
            _ => evidence,
        }
    }

    fn made(&self, known: &Known, kind: &str, id: &str, old: Option<&str>) -> Made {
        let name = match kind {
            PROJECT => format!("Vercel project {}", self.name),
            _ => format!("{kind} of Vercel project {}", self.name),
        };
        Made {
            kind: kind.into(),
            id: id.into(),
            name,
            as_made: old.map(str::to_owned),
            url: Some(page(known, &self.name, "")),
        }
    }

    /// What golive changed and nobody has changed since goes back to what it was, the last change first.
    fn back(&self, known: &Known, own: &Project) -> Vec<VercelProjectChange> {
        let (id, name) = (|| own.id.clone(), || self.name.clone());
        let old = |kind: &str| made(known, kind, &own.id)?.as_made.clone();
        let setting = |setting: &'static str, now: Option<&str>, ours: Option<&str>| {
            let old = old(setting)?;
            let changed = now == ours && now.unwrap_or_default() != old;
            changed.then(|| VercelProjectChange::Set {
                id: id(),
                name: name(),
                setting,
                old: now.map(str::to_owned),
                new: Some(old).filter(|old| !old.is_empty()),
                not_ours: false,
            })
        };
        let mut changes = vec![];
        changes.extend(setting(ROOT, own.root(), self.root.as_deref()));
        let framework = own.framework.as_deref();
        changes.extend(setting(FRAMEWORK, framework, self.framework.as_deref()));
        let branch =
            old(BRANCH).filter(|old| *old != self.production_branch && self.is_branch(own));
        changes.extend(branch.map(|old| VercelProjectChange::Branch {
            id: Some(id()),
            name: name(),
            old: Some(self.production_branch.clone()),
            new: old,
        }));
        if made(known, LINK, &own.id).is_some() && own.link.is_some() {
            changes.push(VercelProjectChange::Unlink {
                id: id(),
                name: name(),
                repository: self.repository.clone(),
            });
        }
        let renamed = old(NAME).filter(|old| own.name == self.name && *old != self.name);
        changes.extend(renamed.map(|old| VercelProjectChange::Rename {
            id: id(),
            old: name(),
            new: old,
        }));
        changes
    }
}

#[cfg(test)]
mod tests;
