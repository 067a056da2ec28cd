//! A branch of the repository: there, and how it relates to the branch it comes from. An existing one is never moved.

use super::{Applied, Cx, Known, Look, Resource, absent_on_404, short};
use crate::plan::{
    Blocker, Change, Evidence, ItemId, Made, Observed, Output, Outputs, Plan, Row, Sign,
};
use crate::provider::github::{Branch, Client, Comparison};
use crate::provider::http::CallError;

#[derive(Clone, Debug)]
pub struct GithubBranch {
    pub name: String,
    /// The branch that a missing one is created from, and an existing one is compared with.
    pub source: Option<String>,
}

pub struct Seen {
    branch: Observed<Branch>,
    /// The source's commit; `Absent` too when no source is named.
    source: Observed<String>,
    /// `None` without a source, or where the two have no common history.
    relation: Option<Comparison>,
    page: String,
}

#[derive(Clone, Debug)]
pub enum BranchChange {
    Create {
        name: String,
        source: String,
        sha: String,
    },
    Delete {
        name: String,
        sha: String,
    },
}

impl Change for BranchChange {
    fn row(&self, item: &ItemId) -> Row {
        let (change, sign, name, old, new) = match self {
            BranchChange::Create { name, source, sha } => {
                let new = format!("from {source} at {}", short(sha));
                ("create", Sign::Create, name, None, Some(new))
            }
            BranchChange::Delete { name, sha } => {
                let old = format!("at {}", short(sha));
                ("delete", Sign::Remove, name, Some(old), None)
            }
        };
        Row {
            old,
            new,
            ..Row::new(item, change, sign, format!("branch {name}"))
        }
    }
}

impl Resource for GithubBranch {
    type Seen = Seen;
    type Change = BranchChange;

    async fn observe(&self, cx: &Cx<'_>) -> Look<Seen> {
        let client = cx.client()?;
        let branch = branch(client, &self.name).await?;
        let mut source = Observed::Absent;
        let mut relation = None;
        if let Some(from) = &self.source {
            source = match absent_on_404(client.head(from).await) {
                // An empty repository has no branch at all.
                Err(error) if error.is_status(409) => Observed::Absent,
                other => other?,
            };
            if let (Observed::Present(branch), Observed::Present(source)) = (&branch, &source) {
                // By commits, not by names: what names point to may be read in two states of the world.
                relation = relation_of(client, source, &branch.commit.sha).await?;
            }
        }
        Ok(Seen {
            branch,
            source,
            relation,
            page: client.page(),
        })
    }

    fn plan(&self, _known: &Known, seen: &Seen) -> Plan<BranchChange> {
        match &seen.branch {
            Observed::Present(branch) if branch.name != self.name => {
                Plan::Blocked(self.renamed(seen, &branch.name))
            }
            Observed::Present(branch) => Plan::Settled(self.evidence(seen, branch)),
            Observed::Unknown(why) => Plan::Blocked(self.by_hand(seen, why)),
            Observed::Absent => self.missing(seen),
        }
    }

    async fn apply(&self, cx: &Cx<'_>, change: &BranchChange) -> Result<Applied, CallError> {
        let client = cx.client()?;
        match change {
            BranchChange::Create { name, sha, .. } => {
                client.create_branch(name, sha).await?;
                Ok(Applied {
                    made: Some(made_branch(name, Some(sha), &client.page())),
                })
            }
            BranchChange::Delete { name, .. } => {
                client.delete_branch(name).await?;
                Ok(Applied::default())
            }
        }
    }

    fn outputs(&self, seen: &Seen) -> Outputs {
        let sha = seen
            .branch
            .present()
            .map(|branch| branch.commit.sha.clone());
        sha.into_iter()
            .map(|sha| ("sha".into(), Output::Text(sha)))
            .collect()
    }

    fn found(&self, seen: &Seen, change: &str) -> Option<Made> {
        let branch = seen.branch.present().filter(|_| change == "create")?;
        Some(made_branch(
            &branch.name,
            Some(&branch.commit.sha),
            &seen.page,
        ))
    }

    /// Only a branch that golive made, and that still stands where it was made.
    fn undo(&self, known: &Known, seen: &Seen) -> Vec<BranchChange> {
        let Some(branch) = seen.branch.present() else {
            return vec![];
        };
        let untouched = known.made.iter().any(|made| {
            made.kind == "branch"
                && made.id == branch.name
                && made.as_made.as_ref() == Some(&branch.commit.sha)
        });
        match untouched {
            true => vec![BranchChange::Delete {
                name: branch.name.clone(),
                sha: branch.commit.sha.clone(),
            }],
            false => vec![],
        }
    }
}

/// A branch that golive made; `as_made` is the commit it was made at, where that is known.
pub(super) fn made_branch(name: &str, as_made: Option<&String>, page: &str) -> Made {
    Made {
        kind: "branch".into(),
        id: name.into(),
        name: name.into(),
        as_made: as_made.cloned(),
        url: Some(format!("{page}/tree/{name}")),
    }
}

/// `Branch not found` is absent. A plain 404 may also mean that the repository is out of reach: then asking for the
/// repository fails too, and that is what is told.
/// How one commit relates to another; `None` when they have no common history.
async fn relation_of(client: &Client<'_>, base: &str, head: &str) -> Look<Option<Comparison>> {
    if base == head {
        return Ok(Some(Comparison::default()));
    }
    Ok(absent_on_404(client.relation(base, head).await)?
        .present()
        .cloned())
}

async fn branch(client: &Client<'_>, name: &str) -> Look<Observed<Branch>> {
    let look = client.branch(name).await;
    let plain = look.as_ref().err().and_then(CallError::refusal);
    if plain.is_some_and(|refusal| refusal.status == 404 && !refusal.says("branch not found")) {
        client.repository().await?;
    }
    absent_on_404(look)
}

impl GithubBranch {
    fn missing(&self, seen: &Seen) -> Plan<BranchChange> {
        let Some(source) = &self.source else {
            return Plan::Blocked(
                self.by_hand(seen, "golive.toml names no branch to create it from"),
            );
        };
        match &seen.source {
            Observed::Present(sha) => Plan::Change(vec![BranchChange::Create {
                name: self.name.clone(),
                source: source.clone(),
                sha: sha.clone(),
            }]),
            Observed::Absent => {
                let why = format!("{source}, which it would come from, does not exist either");
                Plan::Blocked(self.by_hand(seen, &why))
            }
            Observed::Unknown(why) => Plan::Blocked(self.by_hand(seen, why)),
        }
    }

    fn by_hand(&self, seen: &Seen, why: &str) -> Blocker {
        Blocker::ByHand {
            what: format!("create branch {}: {why}", self.name),
            url: Some(format!("{}/branches", seen.page)),
            paste: vec![],
        }
    }

    fn renamed(&self, seen: &Seen, now: &str) -> Blocker {
        Blocker::ByHand {
            what: format!(
                "branch {} is called {now} now: write that name in golive.toml, or rename it back on GitHub",
                self.name
            ),
            url: Some(format!("{}/branches", seen.page)),
            paste: vec![now.into()],
        }
    }

    fn evidence(&self, seen: &Seen, branch: &Branch) -> Evidence {
        let text = format!("branch {} is at {}", self.name, short(&branch.commit.sha));
        let evidence = Evidence::new(text).url(format!("{}/tree/{}", seen.page, self.name));
        match (&self.source, &seen.relation) {
            (Some(source), Some(relation)) => evidence.note(relation.words(source)),
            (Some(source), None) => evidence.note(match seen.source {
                Observed::Present(_) => format!("no common history with {source}"),
                _ => format!("{source} does not exist"),
            }),
            (None, _) => evidence,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::provider::github::Head;

    const SHA: &str = "1a2b3c4d5e6f";

    fn staging() -> GithubBranch {
        GithubBranch {
            name: "staging".into(),
            source: Some("main".into()),
        }
    }

    fn seen(branch: Option<&str>) -> Seen {
        let branch = branch.map(|name| Branch {
            name: name.into(),
            commit: Head { sha: SHA.into() },
            protected: None,
        });
        Seen {
            branch: branch.map_or(Observed::Absent, Observed::Present),
            source: Observed::Present("ffffff0123".into()),
            relation: Some(Comparison {
                ahead_by: 2,
                ..Comparison::default()
            }),
            page: "https://github.com/acme/shop".into(),
        }
    }

    fn row(plan: Plan<BranchChange>) -> String {
        match plan {
            Plan::Change(changes) => changes[0].row(&ItemId::new("1.branch-staging")).to_string(),
            other => panic!("no change: {other:?}"),
        }
    }

    fn blocked(plan: Plan<BranchChange>) -> String {
        match plan {
            Plan::Blocked(blocker) => blocker.sentence(),
            other => panic!("not blocked: {other:?}"),
        }
    }

    #[test]
    fn an_existing_branch_is_adopted_and_its_relation_shown() {
        let Plan::Settled(evidence) = staging().plan(&Known::default(), &seen(Some("staging")))
        else {
            panic!("not settled");
        };
        assert_eq!(evidence.text, "branch staging is at 1a2b3c4");
        assert_eq!(evidence.notes, ["2 ahead of main"]);
    }

    #[test]
    fn a_missing_branch_is_created_from_its_source() {
        let plan = staging().plan(&Known::default(), &seen(None));
        assert_eq!(row(plan), "+ branch staging: from main at ffffff0");
    }

    #[test]
    fn without_a_source_a_person_creates_it() {
        let main = GithubBranch {
            name: "main".into(),
            source: None,
        };
        let plan = main.plan(&Known::default(), &seen(None));
        assert!(blocked(plan).contains("names no branch to create it from"));
        let orphan = Seen {
            source: Observed::Absent,
            ..seen(None)
        };
        let plan = staging().plan(&Known::default(), &orphan);
        assert!(blocked(plan).contains("does not exist either"));
    }

    #[test]
    fn a_renamed_branch_says_what_to_type() {
        let plan = staging().plan(&Known::default(), &seen(Some("stage")));
        assert!(blocked(plan).contains("staging is called stage now"));
    }

    #[test]
    fn undo_takes_only_what_nobody_has_worked_on() {
        let made = |sha: &str| Known {
            made: vec![made_branch("staging", Some(&sha.into()), "")],
            ..Known::default()
        };
        assert_eq!(staging().undo(&made(SHA), &seen(Some("staging"))).len(), 1);
        assert_eq!(
            staging()
                .undo(&made("0000000"), &seen(Some("staging")))
                .len(),
            0
        );
        assert_eq!(
            staging()
                .undo(&Known::default(), &seen(Some("staging")))
                .len(),
            0
        );
    }
}
