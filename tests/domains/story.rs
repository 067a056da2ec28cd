//! One item driven to its end as the engine does: look, plan, write the first change, look again.

use std::cell::RefCell;
use std::collections::BTreeMap;

use futures::future::{FutureExt, LocalBoxFuture, ready};
use golive::plan::{Blocker, Change, Evidence, Finding, ItemId, Output, Plan, Row};
use golive::provider::http::CallError;
use golive::provider::verdict::{Verdict, verdict};
use golive::resource::{Applied, Cx, Known, Look, Resource, Slots};
use golive::secret::{Fingerprint, Secret, SecretName};

use crate::Stage;

/// What became of an item: the rows written, and how it ended.
#[derive(Debug, Default)]
pub struct Story {
    pub rows: Vec<String>,
    /// Rows that `run --yes` would not approve.
    pub asked: usize,
    /// What was seen while waiting, each once.
    pub waits: Vec<String>,
    pub blocked: Vec<String>,
    pub settled: bool,
    pub end: String,
    pub notes: String,
    pub findings: Vec<Finding>,
}

/// Providers show a write this much later at most.
const LAG: u64 = 15;

/// What is kept, as a vault keeps it.
#[derive(Default)]
pub struct Kept(pub RefCell<BTreeMap<SecretName, Secret>>);

impl Slots for Kept {
    fn secret<'s>(&'s self, slot: &'s SecretName) -> LocalBoxFuture<'s, Look<Option<Secret>>> {
        ready(Ok(self.0.borrow().get(slot).cloned())).boxed_local()
    }

    fn fingerprint(&self, _slot: &SecretName) -> Option<Fingerprint> {
        None
    }

    fn keep<'s>(&'s self, slot: &'s SecretName, value: Secret) -> LocalBoxFuture<'s, Look<()>> {
        self.0.borrow_mut().insert(slot.clone(), value);
        ready(Ok(())).boxed_local()
    }
}

/// A launch: what settled items have handed on, and what golive made for each.
#[derive(Default)]
pub struct Launch {
    pub outputs: BTreeMap<String, String>,
    items: BTreeMap<String, Known>,
    pub kept: Kept,
    /// The word for questions; the first way on where there is none.
    pub word: Option<String>,
}

impl Launch {
    /// A launch whose projects and services are there, as steps 4 and 5 leave them.
    pub async fn begun(stage: &Stage<'_>) -> Launch {
        let mut launch = Launch::default();
        for (item, name) in [("5.prod", "shop-prod"), ("5.staging", "shop-staging")] {
            let project = stage.vercel.project(name).await.expect("a project");
            launch.say(item, "id", &project.id);
            launch.say(item, "name", name);
        }
        let owners = stage.render.owners().await.expect("the workspaces");
        let owner = &owners[0].id;
        launch.say("0.render", "workspace_id", owner);
        for service in stage.render.services(owner, None).await.expect("services") {
            if let Some(environment) = service.name.strip_prefix("shop-api-") {
                launch.say(&format!("4.api-{environment}"), "id", &service.id);
            }
        }
        launch
    }

    pub fn say(&mut self, item: &str, name: &str, value: &str) {
        self.outputs.insert(format!("{item}.{name}"), value.into());
    }

    pub fn output(&self, item: &str, name: &str) -> Option<&str> {
        self.outputs
            .get(&format!("{item}.{name}"))
            .map(String::as_str)
    }

    pub fn of(&self, item: &str) -> Known {
        let mut known = self.items.get(item).cloned().unwrap_or_default();
        known.outputs = self.outputs.clone();
        known.account = self.output("0.render", "workspace_id").map(str::to_string);
        known.marker = format!("golive:shop-1a2b3c4d:{item}");
        known
    }

    /// Drives one item until it settles, asks what nobody answers, or has waited for more than two hours.
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
        let patience = stage.transport.clock.now() + jiff::SignedDuration::from_hours(2);
        while stage.transport.clock.now() < patience {
            if driving.round(stage, &*self, resource).await {
                break;
            }
        }
        let own = driving.known.own.iter();
        let own = own.map(|(name, text)| (format!("{item}.{name}"), text.clone()));
        self.outputs.extend(own);
        self.items.insert(item.into(), driving.known);
        driving.story
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
            let cx = context(stage, self, &id, &known);
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

fn context<'a>(
    stage: &'a Stage<'_>,
    launch: &'a Launch,
    id: &'a ItemId,
    known: &'a Known,
) -> Cx<'a> {
    Cx {
        vercel: Some(&stage.vercel),
        render: Some(&stage.render),
        resolver: &stage.doors,
        web: &stage.doors,
        slots: &launch.kept,
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
    async fn round<R: Resource>(
        &mut self,
        stage: &Stage<'_>,
        launch: &Launch,
        resource: &R,
    ) -> bool {
        let (id, before) = (self.id.clone(), self.known.clone());
        let cx = context(stage, launch, &id, &before);
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
            Plan::Settled(evidence) => {
                for (name, output) in resource.outputs(&seen) {
                    if let Output::Text(text) = output {
                        self.known.own.insert(name, text);
                    }
                }
                self.settled(evidence)
            }
            Plan::HandOff { why, .. } => panic!("handed off: {why}"),
            Plan::Blocked(blocker) => self.answered(blocker, launch.word.as_deref()),
            Plan::Wait(wait) => {
                if self.story.waits.last() != Some(&wait.seen) {
                    self.story.waits.push(wait.seen);
                }
                stage.pause(wait.look_every.as_secs()).await;
                false
            }
            Plan::Change(changes) => {
                let row = changes[0].row(&id);
                self.known.sent.insert(row.change.clone(), cx.now);
                let outcome = resource.apply(&cx, &changes[0]).await;
                let over = self.written(&row, outcome);
                stage.pause(LAG).await;
                over
            }
        }
    }

    fn settled(&mut self, evidence: Evidence) -> bool {
        self.story.notes = evidence.notes.join("\n");
        self.story.findings = evidence.findings;
        self.story.end = evidence.text;
        self.story.settled = true;
        self.known.settled_before = true;
        true
    }

    fn answered(&mut self, blocker: Blocker, word: Option<&str>) -> bool {
        self.story.blocked.push(blocker.sentence());
        let Blocker::Choose { key, options, .. } = blocker else {
            self.story.end = blocker.sentence();
            return true;
        };
        let word = word.unwrap_or(&options[0].word);
        self.known.decided.insert(key, word.to_string());
        false
    }

    /// A refusal ends the item unless it only says that the world has moved.
    fn written(&mut self, row: &Row, outcome: Result<Applied, CallError>) -> bool {
        self.story.asked += usize::from(row.wants_a_person());
        self.story.rows.push(row.to_string());
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
        self.story.end = match verdict(provider, &error, &row.what) {
            Verdict::Race => return false,
            Verdict::Blocked(blocker) => blocker.sentence(),
            Verdict::TokenRefused => "the token is refused".into(),
            Verdict::Plain => error.cause(),
        };
        true
    }
}
