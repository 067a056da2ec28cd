//! One item driven to its end as the engine does: look, plan, write the first change, look again.

use golive::plan::{Attestation, Blocker, Change, ItemId, Output, Plan};
use golive::provider::http::CallError;
use golive::provider::verdict::{Verdict, verdict};
use golive::resource::{Cx, Known, Resource};

use crate::Stage;

/// What became of an item: the rows written, and how it ended.
#[derive(Debug, Default)]
pub struct Story {
    pub rows: Vec<String>,
    /// What an approval of these rows holds on to.
    pub ids: Vec<String>,
    /// Rows that `run --yes` would not approve.
    pub asked: usize,
    pub waited: u32,
    pub blocked: Vec<String>,
    pub end: String,
    pub notes: String,
    pub findings: Vec<String>,
}

/// Vercel shows a write this much later at most.
const LAG: u64 = 12;

/// A launch: what settled items have handed on, and what golive made for each.
#[derive(Default)]
pub struct Launch {
    pub known: Known,
    made: std::collections::BTreeMap<String, Known>,
}

impl Launch {
    /// What is known of an item by now.
    pub fn of(&self, item: &str) -> Known {
        let mut known = self.made.get(item).cloned().unwrap_or_default();
        known.outputs = self.known.outputs.clone();
        known.account = self.known.account.clone();
        known.marker = format!("golive:shop-1a2b3c4d:{item}");
        known
    }

    /// Drives one item. Questions are answered with the first way on, and attested.
    pub async fn drive<R: Resource>(
        &mut self,
        stage: &Stage<'_>,
        item: &str,
        resource: &R,
    ) -> Story {
        let mut known = self.of(item);
        let mut story = Story::default();
        let id = ItemId::new(item);
        // A change whose reply was lost.
        let mut unclear: Option<String> = None;
        for _ in 0..400 {
            let now = stage.transport.clock.now();
            let cx = Cx {
                vercel: Some(&stage.vercel),
                github: Some(&stage.github),
                ..Cx::alone(&id, now, &known)
            };
            let seen = resource.observe(&cx).await.expect("a look");
            let plan = resource.plan(&known, &seen);
            if let Some(change) = unclear.take() {
                let wanted = |plan: &Plan<R::Change>| match plan {
                    Plan::Change(changes) => {
                        changes.iter().any(|one| one.row(&id).change == change)
                    }
                    _ => false,
                };
                known
                    .made
                    .extend(resource.found(&seen, &change).filter(|_| !wanted(&plan)));
            }
            match plan {
                Plan::Settled(evidence) => {
                    story.end = evidence.text;
                    story.notes = evidence.notes.join("\n");
                    story.findings = evidence.findings.into_iter().map(|one| one.code).collect();
                    for (name, output) in resource.outputs(&seen) {
                        if let Output::Text(text) = output {
                            self.known
                                .outputs
                                .insert(format!("{item}.{name}"), text.clone());
                            known.own.insert(name, text);
                        }
                    }
                    known.settled_before = true;
                    self.made.insert(item.into(), known);
                    return story;
                }
                Plan::HandOff { why, .. } => {
                    story.end = format!("handed off: {why}");
                    return story;
                }
                Plan::Change(changes) => {
                    let row = changes[0].row(&id);
                    story.asked += usize::from(row.not_made_by_golive);
                    story.rows.push(row.to_string());
                    story.ids.push(row.id().to_string());
                    match resource.apply(&cx, &changes[0]).await {
                        Ok(applied) => known.made.extend(applied.made),
                        Err(error) => match refusal(&error, &row.what) {
                            Some(told) => {
                                story.end = told;
                                self.made.insert(item.into(), known);
                                return story;
                            }
                            None if matches!(error, CallError::Ambiguous { .. }) => {
                                unclear = Some(row.change.clone());
                            }
                            None => {}
                        },
                    }
                    stage.pause(LAG).await;
                }
                Plan::Wait(wait) => {
                    story.waited += 1;
                    stage.vercel.http.pause(wait.look_every).await;
                }
                Plan::Blocked(blocker) => {
                    story.blocked.push(blocker.sentence());
                    match blocker {
                        Blocker::Choose { key, options, .. } => {
                            known.decided.insert(key, options[0].word.clone());
                        }
                        Blocker::Attest { rests_on, .. } => {
                            known.attested = Some(Attestation {
                                by: "Ann".into(),
                                note: "looked".into(),
                                at: now,
                                rests_on,
                            });
                        }
                        _ => {
                            story.end = "blocked".into();
                            return story;
                        }
                    }
                }
            }
        }
        panic!("{item} does not come to rest: {story:?}");
    }

    /// Takes an item back until nothing is left to take back; the rows of it.
    pub async fn undo<R: Resource>(
        &mut self,
        stage: &Stage<'_>,
        item: &str,
        resource: &R,
    ) -> Vec<String> {
        let known = self.of(item);
        let id = ItemId::new(item);
        let mut rows = vec![];
        for _ in 0..20 {
            let now = stage.transport.clock.now();
            let cx = Cx {
                vercel: Some(&stage.vercel),
                github: Some(&stage.github),
                ..Cx::alone(&id, now, &known)
            };
            let seen = resource.observe(&cx).await.expect("a look");
            let changes = resource.undo(&known, &seen);
            let Some(change) = changes.first() else {
                return rows;
            };
            rows.push(change.row(&id).to_string());
            resource.apply(&cx, change).await.expect("taken back");
            stage.pause(LAG).await;
        }
        panic!("{item} is never taken back: {rows:?}");
    }
}

/// How a refused write is told; `None` when only a look can tell what became of it.
fn refusal(error: &CallError, what: &str) -> Option<String> {
    let provider = error.provider()?;
    match verdict(provider, error, what) {
        Verdict::Blocked(blocker) => Some(blocker.sentence()),
        Verdict::TokenRefused => Some("the token is refused".into()),
        Verdict::Race => None,
        Verdict::Plain => Some(error.cause()),
    }
}
