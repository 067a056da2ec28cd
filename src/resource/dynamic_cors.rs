//! The plan's one code change, on its feature branch: the server takes its CORS origins from `CORS_ORIGIN`.

use jiff::Timestamp;
use similar::TextDiff;

use super::carried::{self, Carried};
use super::github_branch::made_branch;
use super::{Applied, Cx, Known, Look, Resource, absent_on_404, short};
use crate::cors::{self, make_dynamic};
use crate::plan::{
    Blocker, Change, Choice, Evidence, ItemId, Made, Observed, Output, Outputs, Plan, Row, Sign,
};
use crate::provider::github::{Author, CarriedCommit, Client, Comparison, File, blob_sha};
use crate::provider::http::CallError;

/// The choice about commits on the feature branch that are not golive's.
const FOREIGN_COMMITS: &str = "feature-commits";

#[derive(Clone, Debug)]
pub struct DynamicCors {
    /// From the repository's root, such as `server/server.js`.
    pub file: String,
    pub feature_branch: String,
    /// The branch that the change goes into first.
    pub base: String,
}

pub struct Seen {
    base_head: Observed<String>,
    base_file: Observed<File>,
    feature: Option<Feature>,
    page: String,
}

/// The feature branch as it stands.
struct Feature {
    head: String,
    file: Observed<File>,
    beyond_base: Comparison,
}

#[derive(Clone, Debug)]
pub enum CorsChange {
    Branch {
        name: String,
        base: String,
        sha: String,
    },
    Commit(Box<Commit>),
    DeleteBranch {
        name: String,
        sha: String,
    },
}

/// One file's new text for a branch.
#[derive(Clone, Debug)]
pub struct Commit {
    branch: String,
    /// The commit it follows; where the branch stands.
    parent: String,
    path: String,
    old_blob: String,
    text: String,
    message: String,
    detail: Vec<String>,
}

impl Change for CorsChange {
    fn row(&self, item: &ItemId) -> Row {
        match self {
            CorsChange::Branch { name, base, sha } => Row {
                new: Some(format!("from {base} at {}", short(sha))),
                ..Row::new(item, "branch", Sign::Create, format!("branch {name}"))
            },
            CorsChange::Commit(commit) => Row {
                old: Some(short(&commit.old_blob).into()),
                new: Some(short(&blob_sha(commit.text.as_bytes())).into()),
                detail: commit.detail.clone(),
                ..Row::new(
                    item,
                    "commit",
                    Sign::Change,
                    format!("{} on {}", commit.path, commit.branch),
                )
            },
            CorsChange::DeleteBranch { name, sha } => Row {
                old: Some(format!("at {}", short(sha))),
                ..Row::new(item, "delete", Sign::Remove, format!("branch {name}"))
            },
        }
    }
}

impl Resource for DynamicCors {
    type Seen = Seen;
    type Change = CorsChange;

    async fn observe(&self, cx: &Cx<'_>) -> Look<Seen> {
        let client = cx.client()?;
        // All is read by commit: what branch names point to may be read in two states of the world.
        let base_head = absent_on_404(client.head(&self.base).await)?;
        let base_file = match &base_head {
            Observed::Present(base) => absent_on_404(client.file(&self.file, base).await)?,
            Observed::Absent | Observed::Unknown(_) => Observed::Absent,
        };
        let head = absent_on_404(client.head(&self.feature_branch).await)?;
        let feature = match (head, &base_head) {
            (Observed::Present(head), Observed::Present(base)) => Some(Feature {
                file: absent_on_404(client.file(&self.file, &head).await)?,
                beyond_base: client.compare(base, &head).await?,
                head,
            }),
            _ => None,
        };
        Ok(Seen {
            base_head,
            base_file,
            feature,
            page: client.page(),
        })
    }

    fn plan(&self, known: &Known, seen: &Seen) -> Plan<CorsChange> {
        let Observed::Present(base_head) = &seen.base_head else {
            return self.by_hand(
                seen,
                format!("create branch {}: it does not exist", self.base),
            );
        };
        if let Some(why) = dynamic(&seen.base_file) {
            let text = format!("{} on {}: {why}", self.file, self.base);
            return Plan::Settled(Evidence::new(text).url(self.url(seen, "blob", &self.base)));
        }
        let (branch, file, head) = match &seen.feature {
            Some(feature) => (&self.feature_branch, &feature.file, &feature.head),
            None => (&self.base, &seen.base_file, base_head),
        };
        if let Some(question) = self.foreign_commits(known, seen) {
            return Plan::Blocked(question);
        }
        let (sha, text) = match self.readable(branch, file) {
            Ok(readable) => readable,
            Err(why) => return self.by_hand(seen, why),
        };
        match make_dynamic(text) {
            cors::Change::AlreadyDynamic { why } => Plan::Settled(self.carried(seen, head, &why)),
            cors::Change::NotUnderstood { why, line, snippet } => {
                let place = line
                    .map(|line| format!(" (line {line})"))
                    .unwrap_or_default();
                Plan::Blocked(Blocker::ByHand {
                    what: format!(
                        "let {} on {branch} take its origins from CORS_ORIGIN yourself, with the lines below: {why}{place}",
                        self.file
                    ),
                    url: Some(self.url(seen, "edit", branch)),
                    paste: snippet.lines().map(str::to_string).collect(),
                })
            }
            cors::Change::Rewritten { text: new, notes } => {
                let mut changes = Vec::new();
                if seen.feature.is_none() {
                    changes.push(CorsChange::Branch {
                        name: self.feature_branch.clone(),
                        base: self.base.clone(),
                        sha: base_head.clone(),
                    });
                }
                changes.push(CorsChange::Commit(Box::new(Commit {
                    branch: self.feature_branch.clone(),
                    parent: head.clone(),
                    path: self.file.clone(),
                    old_blob: sha.into(),
                    detail: notes.into_iter().chain(self.diff(text, &new)).collect(),
                    text: new,
                    message: message(known),
                })));
                Plan::Change(changes)
            }
        }
    }

    async fn apply(&self, cx: &Cx<'_>, change: &CorsChange) -> Result<Applied, CallError> {
        let client = cx.client()?;
        let made = match change {
            CorsChange::Branch { name, sha, .. } => {
                client.create_branch(name, sha).await?;
                Some(made_branch(name, Some(sha), &client.page()))
            }
            CorsChange::Commit(commit) => {
                let author = author(client, cx.now).await?;
                let sha = client
                    .commit_file(
                        &commit.parent,
                        &commit.path,
                        &commit.text,
                        &commit.message,
                        &author,
                    )
                    .await?;
                match sha {
                    None => None,
                    Some(sha) => {
                        client.move_branch(&commit.branch, &sha).await?;
                        Some(made_commit(&sha, &client.page()))
                    }
                }
            }
            CorsChange::DeleteBranch { name, .. } => {
                client.delete_branch(name).await?;
                None
            }
        };
        Ok(Applied { made })
    }

    /// `change` is `none` when there is nothing to carry any more, else `feature`.
    fn outputs(&self, seen: &Seen) -> Outputs {
        let change = match dynamic(&seen.base_file) {
            Some(_) => "none",
            None => "feature",
        };
        let mut outputs = Outputs::from([("change".into(), Output::Text(change.into()))]);
        if let Some(feature) = &seen.feature {
            outputs.insert("sha".into(), Output::Text(feature.head.clone()));
        }
        outputs
    }

    fn found(&self, seen: &Seen, change: &str) -> Option<Made> {
        let feature = seen.feature.as_ref()?;
        let untouched = feature.beyond_base.ahead_by == 0;
        match change {
            "branch" => {
                let as_made = untouched.then_some(&feature.head);
                Some(made_branch(&self.feature_branch, as_made, &seen.page))
            }
            "commit" => Some(made_commit(&feature.head, &seen.page)),
            _ => None,
        }
    }

    /// The branch that golive made, as long as nobody but golive has worked on it.
    fn undo(&self, known: &Known, seen: &Seen) -> Vec<CorsChange> {
        let Some(feature) = &seen.feature else {
            return vec![];
        };
        let made = |kind: &str, id: &str| {
            let mut all = known.made.iter();
            all.find(|made| made.kind == kind && made.id == id)
        };
        let branch = made("branch", &self.feature_branch);
        let untouched = branch.is_some_and(|made| made.as_made.as_ref() == Some(&feature.head));
        let committed = made("commit", &feature.head).is_some();
        match branch.is_some() && (untouched || committed) {
            true => vec![CorsChange::DeleteBranch {
                name: self.feature_branch.clone(),
                sha: feature.head.clone(),
            }],
            false => vec![],
        }
    }
}

/// Why the file's origins come from `CORS_ORIGIN`, if they do.
pub(super) fn dynamic(file: &Observed<File>) -> Option<String> {
    match file {
        Observed::Present(File::Text { text, .. }) => match make_dynamic(text) {
            cors::Change::AlreadyDynamic { why } => Some(why),
            _ => None,
        },
        _ => None,
    }
}

fn made_commit(sha: &str, page: &str) -> Made {
    Made {
        kind: "commit".into(),
        id: sha.into(),
        name: format!("commit {}", short(sha)),
        as_made: None,
        url: Some(format!("{page}/commit/{sha}")),
    }
}

fn message(known: &Known) -> String {
    format!(
        "Take CORS origins from CORS_ORIGIN\n\n\
         The list of origins that browsers may call the API from comes from the environment,\n\
         so that each environment lets its own front end in.\n\n{}",
        known.marker
    )
}

/// The token's user, under the address that GitHub knows him by without telling his own.
async fn author(client: &Client<'_>, now: Timestamp) -> Result<Author, CallError> {
    let (user, _) = client.user().await?;
    Ok(Author {
        email: format!("{}+{}@users.noreply.github.com", user.id, user.login),
        name: user.login,
        date: now,
    })
}

impl DynamicCors {
    fn url(&self, seen: &Seen, kind: &str, branch: &str) -> String {
        format!("{}/{kind}/{branch}/{}", seen.page, self.file)
    }

    fn by_hand(&self, seen: &Seen, what: String) -> Plan<CorsChange> {
        Plan::Blocked(Blocker::ByHand {
            what,
            url: Some(format!("{}/tree/{}", seen.page, self.base)),
            paste: vec![],
        })
    }

    /// Blob sha and text, or what a person has to do about it.
    fn readable<'f>(
        &self,
        branch: &str,
        file: &'f Observed<File>,
    ) -> Result<(&'f str, &'f str), String> {
        let path = &self.file;
        let named = "correct [code] server and server_file in golive.toml";
        match file {
            Observed::Present(File::Text { sha, text }) => Ok((sha, text)),
            Observed::Present(File::Binary { .. }) => {
                Err(format!("{path} on {branch} is not UTF-8 text: {named}"))
            }
            Observed::Present(File::TooLarge { bytes, .. }) => Err(format!(
                "{path} on {branch} has {bytes} bytes, more than a server file that people wrote: {named}"
            )),
            Observed::Present(File::NotAFile) => {
                Err(format!("{path} on {branch} is not a file: {named}"))
            }
            Observed::Absent => Err(format!("there is no {path} on {branch}: {named}")),
            Observed::Unknown(why) => Err(format!("look at {path} on {branch}: {why}")),
        }
    }

    fn others<'s>(&self, known: &Known, seen: &'s Seen) -> Vec<&'s CarriedCommit> {
        let Some(feature) = &seen.feature else {
            return vec![];
        };
        let others = Carried::of(&feature.beyond_base, known).others;
        let commits = feature.beyond_base.commits.iter();
        commits
            .filter(|commit| others.contains(&commit.sha))
            .collect()
    }

    /// A branch of that name on which others worked is theirs until somebody says that it may be used.
    fn foreign_commits(&self, known: &Known, seen: &Seen) -> Option<Blocker> {
        let others = self.others(known, seen);
        let decided = known.decided.get(FOREIGN_COMMITS);
        if others.is_empty() || decided.is_some_and(|word| word == "carry") {
            return None;
        }
        let lines: Vec<String> = others.iter().map(|commit| carried::line(commit)).collect();
        Some(Blocker::Choose {
            key: FOREIGN_COMMITS.into(),
            question: format!(
                "branch {} holds commits that are not golive's: {}. Are they to be carried too?",
                self.feature_branch,
                lines.join("; ")
            ),
            options: vec![
                Choice::new("carry", "yes, they go with golive's change"),
                Choice::new(
                    "stop",
                    "no: I take them away, or name another branch in [flow] cors_branch",
                ),
            ],
        })
    }

    fn carried(&self, seen: &Seen, head: &str, why: &str) -> Evidence {
        let text = format!(
            "{} on {} at {}: {why}",
            self.file,
            self.feature_branch,
            short(head)
        );
        let relation = seen
            .feature
            .as_ref()
            .map(|feature| feature.beyond_base.words(&self.base));
        let evidence = Evidence::new(text).url(self.url(seen, "blob", &self.feature_branch));
        relation.into_iter().fold(evidence, Evidence::note)
    }

    fn diff(&self, old: &str, new: &str) -> Vec<String> {
        let diff = TextDiff::from_lines(old, new);
        let shown = diff
            .unified_diff()
            .context_radius(3)
            .header(&format!("a/{}", self.file), &format!("b/{}", self.file))
            .to_string();
        shown.lines().map(crate::text::strip_controls).collect()
    }
}

#[cfg(test)]
mod tests;
