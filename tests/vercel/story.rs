//! One item driven to its end as the engine does: look, plan, write the first change, look again.

use std::collections::BTreeMap;

use golive::plan::{Attestation, Blocker, Change, Evidence, ItemId, Output, Outputs, Plan, Row};
use golive::provider::http::CallError;
use golive::provider::verdict::{Verdict, verdict};
use golive::resource::{Applied, Cx, Known, Resource};
use jiff::Timestamp;

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
    items: BTreeMap<String, Known>,
}

impl Launch {
    /// What is known of an item by now.
    pub fn of(&self, item: &str) -> Known {
        let mut known = self.items.get(item).cloned().unwrap_or_default();
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
        let mut driving = Driving {
            id: ItemId::new(item),
            known: self.of(item),
            story: Story::default(),
            unclear: None,
        };
        for _ in 0..400 {
            if driving.round(stage, resource).await {
                let own = driving.known.own.iter();
                let own = own.map(|(name, text)| (format!("{item}.{name}"), text.clone()));
                self.known.outputs.extend(own);
                self.items.insert(item.into(), driving.known);
                return driving.story;
            }
        }
        panic!("{item} does not come to rest: {:?}", driving.story);
    }

    /// Takes an item back until nothing is left to take back; the rows of it.
    pub async fn undo<R: Resource>(
        &mut self,
        stage: &Stage<'_>,
        item: &str,
        resource: &R,
    ) -> Vec<String> {
        let (known, id) = (self.of(item), ItemId::new(item));
        let mut rows = vec![];
        for _ in 0..20 {
            let cx = context(stage, &id, &known);
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

fn context<'a>(stage: &'a Stage<'_>, id: &'a ItemId, known: &'a Known) -> Cx<'a> {
    Cx {
        vercel: Some(&stage.vercel),
        github: Some(&stage.github),
        ..Cx::alone(id, stage.transport.clock.now(), known)
    }
}

/// An item on its way.
struct Driving {
    id: ItemId,
    known: Known,
    story: Story,
    /// A change whose reply was lost.
    unclear: Option<String>,
}

impl Driving {
    /// One look and what follows; true at the end.
    async fn round<R: Resource>(&mut self, stage: &Stage<'_>, resource: &R) -> bool {
        let (id, before) = (self.id.clone(), self.known.clone());
        let cx = context(stage, &id, &before);
        let seen = resource.observe(&cx).await.expect("a look");
        let plan = resource.plan(&self.known, &seen);
        if let Some(change) = self.unclear.take() {
            let wanted = match &plan {
                Plan::Change(changes) => changes.iter().any(|one| one.row(&id).change == change),
                _ => false,
            };
            let found = resource.found(&seen, &change).filter(|_| !wanted);
            self.known.made.extend(found);
        }
        match plan {
            Plan::Settled(evidence) => self.settled(evidence, resource.outputs(&seen)),
            Plan::HandOff { why, .. } => self.ended(format!("handed off: {why}")),
            Plan::Blocked(blocker) => self.answered(blocker, cx.now),
            Plan::Wait(wait) => {
                self.story.waited += 1;
                stage.vercel.http.pause(wait.look_every).await;
                false
            }
            Plan::Change(changes) => {
                let row = changes[0].row(&id);
                let outcome = resource.apply(&cx, &changes[0]).await;
                let over = self.written(&row, outcome);
                stage.pause(LAG).await;
                over
            }
        }
    }

    fn ended(&mut self, end: String) -> bool {
        self.story.end = end;
        true
    }

    fn settled(&mut self, evidence: Evidence, outputs: Outputs) -> bool {
        self.story.notes = evidence.notes.join("\n");
        let findings = evidence.findings.into_iter();
        self.story.findings = findings.map(|one| one.code).collect();
        for (name, output) in outputs {
            if let Output::Text(text) = output {
                self.known.own.insert(name, text);
            }
        }
        self.known.settled_before = true;
        self.ended(evidence.text)
    }

    fn answered(&mut self, blocker: Blocker, now: Timestamp) -> bool {
        self.story.blocked.push(blocker.sentence());
        match blocker {
            Blocker::Choose { key, options, .. } => {
                self.known.decided.insert(key, options[0].word.clone());
                false
            }
            Blocker::Attest { rests_on, .. } => {
                self.known.attested = Some(Attestation {
                    by: "Ann".into(),
                    note: "looked".into(),
                    at: now,
                    rests_on,
                });
                false
            }
            _ => self.ended("blocked".into()),
        }
    }

    /// A refusal ends the item unless it only says that the world has moved.
    fn written(&mut self, row: &Row, outcome: Result<Applied, CallError>) -> bool {
        self.story.asked += usize::from(row.not_made_by_golive);
        self.story.rows.push(row.to_string());
        self.story.ids.push(row.id().to_string());
        let error = match outcome {
            Ok(applied) => {
                self.known.made.extend(applied.made);
                return false;
            }
            Err(error) => error,
        };
        let Some(provider) = error.provider() else {
            self.unclear = Some(row.change.clone());
            return false;
        };
        match verdict(provider, &error, &row.what) {
            Verdict::Race => false,
            Verdict::Blocked(blocker) => self.ended(blocker.sentence()),
            Verdict::TokenRefused => self.ended("the token is refused".into()),
            Verdict::Plain => self.ended(error.cause()),
        }
    }
}
