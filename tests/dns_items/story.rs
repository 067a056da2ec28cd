//! One item driven to its end as the engine does: look, plan, write the first change, look again.

use std::collections::BTreeMap;

use golive::plan::{Blocker, Change, Evidence, ItemId, Output, Plan, Row, Wait};
use golive::provider::godaddy;
use golive::provider::http::CallError;
use golive::provider::verdict::{Verdict, verdict};
use golive::resource::{Cx, Known, Resource};
use golive::seam::hands::Hands;

use crate::Stage;

/// What became of an item: the rows written, and how it ended.
#[derive(Debug, Default)]
pub struct Story {
    pub rows: Vec<String>,
    /// Rows that `run --yes` would not approve.
    pub asked: usize,
    pub waits: Vec<Wait>,
    pub blocked: Vec<String>,
    pub end: Option<Evidence>,
}

impl Story {
    pub fn text(&self) -> &str {
        self.end.as_ref().map_or("", |end| end.text.as_str())
    }

    pub fn notes(&self) -> String {
        let notes = self.end.iter().flat_map(|end| end.notes.clone());
        notes.collect::<Vec<_>>().join("\n")
    }

    pub fn findings(&self) -> Vec<&str> {
        let findings = self.end.iter().flat_map(|end| &end.findings);
        findings.map(|finding| finding.code.as_str()).collect()
    }
}

/// GoDaddy shows a write this much later at most, in seconds.
const LAG: u64 = 30;

/// A launch: what settled items have handed on, what golive made, and who plays the operator.
pub struct Launch<'s, 'a> {
    stage: &'s Stage<'a>,
    pub known: Known,
    items: BTreeMap<String, Known>,
    key: bool,
    /// Enters what is asked for by hand.
    pub hands: bool,
}

impl<'s, 'a> Launch<'s, 'a> {
    pub fn new(stage: &'s Stage<'a>) -> Self {
        Launch {
            stage,
            known: Known::default(),
            items: BTreeMap::new(),
            key: false,
            hands: true,
        }
    }

    /// The same with GoDaddy's older key.
    pub fn with_key(stage: &'s Stage<'a>) -> Self {
        Launch {
            key: true,
            ..Launch::new(stage)
        }
    }

    /// What a claim has handed on.
    pub fn claim(&mut self, item: &str, kind: &str, target: &str) {
        for (name, value) in [("target_kind", kind), ("target", target)] {
            let name = format!("{item}.{name}");
            self.known.outputs.insert(name, value.into());
        }
    }

    fn godaddy(&self) -> &'s godaddy::Client<'a> {
        match self.key {
            true => &self.stage.v1,
            false => &self.stage.v3,
        }
    }

    fn of(&self, item: &str) -> Known {
        let mut known = self.items.get(item).cloned().unwrap_or_default();
        known.outputs = self.known.outputs.clone();
        known.marker = format!("golive:shop-1a2b3c4d:{item}");
        known
    }

    fn context<'c>(&self, id: &'c ItemId, known: &'c Known) -> Cx<'c>
    where
        's: 'c,
        'a: 'c,
    {
        Cx {
            godaddy: Some(self.godaddy()),
            cloudflare: Some(&self.stage.cloudflare),
            resolver: &self.stage.ears,
            web: self.stage.doors,
            ..Cx::alone(id, self.stage.transport.clock.now(), known)
        }
    }

    /// Drives one item until it is settled, or blocked by what nobody here can settle.
    pub async fn drive<R: Resource>(&mut self, item: &str, resource: &R) -> Story {
        let mut driving = Driving {
            id: ItemId::new(item),
            known: self.of(item),
            story: Story::default(),
            unclear: None,
            entered: false,
        };
        for _ in 0..400 {
            if !driving.round(self, resource).await {
                continue;
            }
            let own = driving.known.own.iter();
            let own = own.map(|(name, text)| (format!("{item}.{name}"), text.clone()));
            self.known.outputs.extend(own);
            self.items.insert(item.into(), driving.known);
            return driving.story;
        }
        panic!("{item} does not come to rest: {:?}", driving.story);
    }

    /// Takes an item back until nothing is left to take back; the rows of it.
    pub async fn undo<R: Resource>(&mut self, item: &str, resource: &R) -> Vec<String> {
        let (known, id) = (self.of(item), ItemId::new(item));
        let mut rows = vec![];
        for _ in 0..20 {
            let cx = self.context(&id, &known);
            let seen = resource.observe(&cx).await.expect("a look");
            let changes = resource.undo(&known, &seen);
            let Some(change) = changes.first() else {
                return rows;
            };
            rows.push(change.row(&id).to_string());
            resource.apply(&cx, change).await.expect("taken back");
            self.stage.pause(LAG).await;
        }
        panic!("{item} is never taken back: {rows:?}");
    }
}

/// An item on its way.
struct Driving {
    id: ItemId,
    known: Known,
    story: Story,
    /// A change whose reply was lost.
    unclear: Option<String>,
    /// A person has entered what the card shows.
    entered: bool,
}

impl Driving {
    /// One look and what follows; true at the end.
    async fn round<R: Resource>(&mut self, launch: &Launch<'_, '_>, resource: &R) -> bool {
        let (id, before) = (self.id.clone(), self.known.clone());
        let cx = launch.context(&id, &before);
        let seen = match resource.observe(&cx).await {
            Ok(seen) => seen,
            Err(error) => return self.refused(launch, &error),
        };
        if let Some(change) = self.unclear.take() {
            self.known.made.extend(resource.found(&seen, &change));
        }
        match resource.plan(&self.known, &seen) {
            Plan::Settled(evidence) => {
                for (name, output) in resource.outputs(&seen) {
                    if let Output::Text(text) = output {
                        self.known.own.insert(name, text);
                    }
                }
                self.story.end = Some(evidence);
                true
            }
            Plan::Change(changes) => {
                let rows: Vec<Row> = changes.iter().map(|change| change.row(&id)).collect();
                self.story.rows.push(rows[0].to_string());
                self.story.asked += usize::from(rows[0].wants_a_person());
                let over = match resource.apply(&cx, &changes[0]).await {
                    Ok(applied) => {
                        self.known.made.extend(applied.made);
                        false
                    }
                    Err(CallError::Ambiguous { .. }) => {
                        self.unclear = Some(rows[0].change.clone());
                        false
                    }
                    Err(error) => self.refused(launch, &error),
                };
                launch.stage.pause(LAG).await;
                over
            }
            Plan::Wait(wait) => {
                launch.stage.pause(wait.look_every.as_secs()).await;
                self.story.waits.push(wait);
                false
            }
            Plan::HandOff { why, .. } => panic!("handed off: {why}"),
            Plan::Blocked(blocker) => {
                let over = self.answered(launch, blocker);
                launch.stage.pause(LAG).await;
                over
            }
        }
    }

    /// A refusal as the engine reads it.
    fn refused(&mut self, launch: &Launch<'_, '_>, error: &CallError) -> bool {
        let provider = error.provider().unwrap_or_else(|| panic!("{error:?}"));
        match verdict(provider, error, "go on") {
            Verdict::Race => false,
            Verdict::Blocked(blocker) => self.answered(launch, blocker),
            other => {
                let told = format!("{other:?}: {}", error.cause());
                self.story.blocked.push(told);
                true
            }
        }
    }

    /// Takes the first way on, and enters what is asked for by hand.
    fn answered(&mut self, launch: &Launch<'_, '_>, blocker: Blocker) -> bool {
        self.story.blocked.push(blocker.sentence());
        let goes_on = match blocker {
            Blocker::Choose { key, options, .. } => {
                let first = options[0].word.clone();
                self.known.decided.insert(key, first).is_none()
            }
            // While the servers lag the card is still shown: what was entered is not entered again.
            Blocker::ByHand { paste, .. } if launch.hands => {
                let entered = std::mem::replace(&mut self.entered, true);
                entered || launch.stage.transport.enter(&paste).is_ok()
            }
            _ => false,
        };
        !goes_on
    }
}
