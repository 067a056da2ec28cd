//! A promotion: what one branch has beyond another goes there by a pull request, with its checks, its review and all it
//! carries in sight.

mod decide;
mod look;

use super::carried::{GOLIVES_CHANGE, line};
use super::in_force::InForce;
use super::{Applied, Cx, Known, Look, Resource};
use crate::plan::{Change, ItemId, Made, Observed, Output, Outputs, Plan, Row, Sign, Undo};
use crate::provider::github::{Comparison, File, Pull};
use crate::provider::http::CallError;
use crate::resource::checks::Checks;

#[derive(Clone, Debug)]
pub struct Promotion {
    pub head: String,
    pub base: String,
    /// The item whose output `change` says `none` when there is nothing to carry.
    pub carries: ItemId,
    /// golive's file: where it is the same on both branches, none of golive's work is left to carry.
    pub file: String,
    /// Another person reviews; otherwise a required review is passed as an admin.
    pub review_by_other: bool,
    /// Who chose to go without a review.
    pub operator: String,
    /// Logins to ask for a review; none: whoever may.
    pub reviewers: Vec<String>,
    /// The head is no feature branch: it must outlive the merge.
    pub long_lived: bool,
}

pub struct Seen {
    beyond: Beyond,
    base_file: Observed<File>,
    head_file: Observed<File>,
    open: Option<Open>,
    /// Newest first.
    closed: Vec<Pull>,
    /// The newest merged one had an approval; `None` when nobody looked.
    merged_with_approval: Option<bool>,
    page: String,
    now: jiff::Timestamp,
}

/// What the head has beyond the base.
enum Beyond {
    Known(Comparison),
    NoBase,
    NoHead,
    NoCommonHistory,
}

/// The open pull request, with all that decides about its merge.
struct Open {
    pull: Pull,
    /// On the base.
    in_force: InForce,
    checks: Checks,
    reviews: Vec<Verdict>,
    /// Merging would delete the head: GitHub does so on its own and no rule forbids it.
    deletes_head: bool,
}

/// A reviewer's last word.
#[derive(Clone, Debug)]
struct Verdict {
    login: String,
    approves: bool,
    /// Only the word of somebody with write access counts.
    counts: bool,
}

#[derive(Clone, Debug)]
pub enum PromotionChange {
    Open {
        head: String,
        base: String,
        reviewers: Vec<String>,
    },
    Update {
        head: String,
        base: String,
        number: u64,
        sha: String,
    },
    Merge(Box<Merge>),
    Close {
        head: String,
        base: String,
        number: u64,
    },
}

/// The merge, as its row shows it.
#[derive(Clone, Debug)]
pub struct Merge {
    head: String,
    base: String,
    carries: String,
    /// Nothing but golive's own commits is carried.
    only_ours: bool,
    detail: Vec<String>,
    /// Number and head commit, once the pull request is there.
    pull: Option<(u64, String)>,
}

impl Change for PromotionChange {
    fn row(&self, item: &ItemId) -> Row {
        let pull = |head: &str, base: &str| format!("pull request {head} → {base}");
        match self {
            Self::Open {
                head,
                base,
                reviewers,
            } => Row {
                detail: reviewers
                    .iter()
                    .map(|login| format!("asks {login} for a review"))
                    .collect(),
                ..Row::new(item, "open", Sign::Create, pull(head, base))
            },
            Self::Update { head, base, .. } => Row {
                new: Some(format!("with {base} merged into it, as its rule asks")),
                undo: Undo::Restorable,
                ..Row::new(item, "update", Sign::Change, format!("branch {head}"))
            },
            Self::Merge(merge) => Row {
                new: Some(merge.carries.clone()),
                undo: Undo::Restorable,
                not_made_by_golive: !merge.only_ours,
                detail: merge.detail.clone(),
                ..Row::new(
                    item,
                    "merge",
                    Sign::Change,
                    format!("merge {} → {}", merge.head, merge.base),
                )
            },
            Self::Close { head, base, number } => Row {
                old: Some(format!("#{number}, open")),
                undo: Undo::Restorable,
                ..Row::new(item, "close", Sign::Remove, pull(head, base))
            },
        }
    }
}

impl Resource for Promotion {
    type Seen = Seen;
    type Change = PromotionChange;

    async fn observe(&self, cx: &Cx<'_>) -> Look<Seen> {
        self.look(cx).await
    }

    fn plan(&self, known: &Known, seen: &Seen) -> Plan<PromotionChange> {
        self.decide(known, seen)
    }

    fn foresee(&self, known: &Known) -> Vec<PromotionChange> {
        let change = known.outputs.get(&format!("{}.change", self.carries));
        if change.is_some_and(|change| change == "none") {
            return vec![];
        }
        let merge = Merge {
            carries: GOLIVES_CHANGE.into(),
            only_ours: true,
            detail: vec![],
            ..self.merge(None)
        };
        vec![self.open(), PromotionChange::Merge(Box::new(merge))]
    }

    async fn apply(&self, cx: &Cx<'_>, change: &PromotionChange) -> Result<Applied, CallError> {
        let client = cx.client()?;
        match change {
            PromotionChange::Open {
                head,
                base,
                reviewers,
            } => {
                let pull = client
                    .open_pull(head, base, &self.title(), &self.text(cx.known))
                    .await?;
                if !reviewers.is_empty() {
                    // The pull request is there whatever comes of this; who is asked is read back and shown.
                    let _ = client.request_reviewers(pull.number, reviewers).await;
                }
                Ok(Applied {
                    made: Some(self.made(&pull)),
                })
            }
            PromotionChange::Update { number, sha, .. } => {
                client.update_pull(*number, sha).await?;
                Ok(Applied::default())
            }
            PromotionChange::Merge(merge) => {
                // A merge is only ever planned to be done next when its pull request has been seen.
                let Some((number, sha)) = &merge.pull else {
                    return Ok(Applied::default());
                };
                let message = format!("Carries {}.\n\n{}", merge.carries, cx.known.marker);
                match client.merge_pull(*number, sha, &message).await {
                    Err(error) if error.is_status(405) && client.is_merged(*number).await? => {
                        Ok(Applied::default())
                    }
                    other => other.map(|_| Applied::default()),
                }
            }
            PromotionChange::Close { number, .. } => {
                client.close_pull(*number).await?;
                Ok(Applied::default())
            }
        }
    }

    fn outputs(&self, seen: &Seen) -> Outputs {
        let merged = seen.closed.iter().find(|pull| pull.is_merged());
        merged
            .map(|pull| ("pull".to_string(), Output::Text(pull.number.to_string())))
            .into_iter()
            .collect()
    }

    fn found(&self, seen: &Seen, change: &str) -> Option<Made> {
        let open = seen.open.as_ref().map(|open| &open.pull);
        let pull = open.or(seen.closed.first());
        pull.filter(|_| change == "open")
            .map(|pull| self.made(pull))
    }

    /// An open pull request of golive's is closed. A merge stays: it is taken back by a pull request of a person's.
    fn undo(&self, known: &Known, seen: &Seen) -> Vec<PromotionChange> {
        let Some(open) = &seen.open else {
            return vec![];
        };
        let number = open.pull.number;
        let id = number.to_string();
        let made = |made: &Made| made.kind == "pull request" && made.id == id;
        match known.made.iter().any(made) {
            true => vec![PromotionChange::Close {
                head: self.head.clone(),
                base: self.base.clone(),
                number,
            }],
            false => vec![],
        }
    }
}

impl Promotion {
    fn title(&self) -> String {
        match self.long_lived {
            true => format!("Promote {} to {}", self.head, self.base),
            false => format!("Merge {} into {}", self.head, self.base),
        }
    }

    /// Ends with the marker, by which the pull request is known for golive's.
    fn text(&self, known: &Known) -> String {
        format!(
            "Opened by golive. It is merged by golive too, once its checks and its review allow it.\n\n{}",
            marker(known)
        )
    }

    fn open(&self) -> PromotionChange {
        PromotionChange::Open {
            head: self.head.clone(),
            base: self.base.clone(),
            reviewers: match self.review_by_other {
                true => self.reviewers.clone(),
                false => vec![],
            },
        }
    }

    fn merge(&self, pull: Option<&Pull>) -> Merge {
        Merge {
            head: self.head.clone(),
            base: self.base.clone(),
            carries: String::new(),
            only_ours: false,
            detail: vec![],
            pull: pull.map(|pull| (pull.number, pull.head.sha.clone())),
        }
    }

    fn made(&self, pull: &Pull) -> Made {
        Made {
            kind: "pull request".into(),
            id: pull.number.to_string(),
            name: format!(
                "pull request #{} {} → {}",
                pull.number, self.head, self.base
            ),
            as_made: Some(pull.head.sha.clone()),
            url: pull.html_url.clone(),
        }
    }
}

fn marker(known: &Known) -> String {
    format!("<!-- {} -->", known.marker)
}

/// All commits and files that a merge carries, one line each.
fn contents(comparison: &Comparison) -> Vec<String> {
    let commits = comparison.commits.iter().map(line);
    let files = comparison.files.iter().flatten().map(|file| {
        let status = file.status.as_deref().unwrap_or("changed");
        crate::text::strip_controls(&format!("{status} {}", file.filename))
    });
    commits.chain(files).collect()
}

#[cfg(test)]
mod tests;
