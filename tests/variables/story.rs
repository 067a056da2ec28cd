//! One item driven to its end as the engine does: look, plan, write the first change, look again.

use std::cell::RefCell;
use std::collections::BTreeMap;

use futures::future::{FutureExt, LocalBoxFuture, ready};
use golive::plan::{Blocker, Change, Finding, ItemId, Output, Plan};
use golive::provider::http::CallError;
use golive::resource::{Cx, Known, Look, Resource, Slots};
use golive::secret::{Fingerprint, Secret, SecretName};

use crate::Stage;

/// Providers show a write this much later at most.
const LAG: u64 = 15;

/// What became of an item: the rows written, and how it ended.
#[derive(Debug, Default)]
pub struct Story {
    pub rows: Vec<String>,
    pub waited: usize,
    pub blocked: Vec<String>,
    pub end: String,
    pub notes: String,
    pub findings: Vec<Finding>,
}

/// What is kept, as a vault keeps it.
#[derive(Default)]
pub struct Kept(RefCell<BTreeMap<SecretName, Secret>>);

impl Kept {
    pub fn put(&self, slot: &str, value: Secret) {
        self.0.borrow_mut().insert(SecretName::new(slot), value);
    }

    pub fn get(&self, slot: &str) -> Option<Secret> {
        self.0.borrow().get(&SecretName::new(slot)).cloned()
    }
}

impl Slots for Kept {
    fn secret<'s>(&'s self, slot: &'s SecretName) -> LocalBoxFuture<'s, Look<Option<Secret>>> {
        ready(Ok(self.get(slot.as_str()))).boxed_local()
    }

    fn fingerprint(&self, slot: &SecretName) -> Option<Fingerprint> {
        Some(self.get(slot.as_str())?.fingerprint(&Secret::new("key")))
    }

    fn fingerprint_of<'s>(
        &'s self,
        value: &'s Secret,
    ) -> LocalBoxFuture<'s, Look<Option<Fingerprint>>> {
        ready(Ok(Some(value.fingerprint(&Secret::new("key"))))).boxed_local()
    }

    fn keep<'s>(&'s self, slot: &'s SecretName, value: Secret) -> LocalBoxFuture<'s, Look<()>> {
        self.put(slot.as_str(), value);
        ready(Ok(())).boxed_local()
    }
}

/// A launch: what settled items have handed on, and what golive made for each.
#[derive(Default)]
pub struct Launch {
    outputs: BTreeMap<String, String>,
    items: BTreeMap<String, Known>,
    pub kept: Kept,
}

impl Launch {
    /// A launch whose projects and services are there, as steps 4 and 5 leave them.
    pub async fn begun(stage: &Stage<'_>) -> Launch {
        let mut launch = Launch::default();
        for (item, name) in [("5.prod", "shop-prod"), ("5.staging", "shop-staging")] {
            let project = stage.vercel.project(name).await.expect("a project");
            launch.say(item, "id", &project.id);
        }
        let owners = stage.render.owners().await.expect("the workspaces");
        let owner = &owners[0].id;
        launch.say("0.render", "workspace_id", owner);
        for service in stage.render.services(owner, None).await.expect("services") {
            let name = service.name.strip_prefix("shop-").unwrap_or_default();
            launch.say(&format!("4.{name}"), "id", &service.id);
        }
        let world = stage.transport.world.lock().expect("the world");
        for (name, token) in world.tokens() {
            launch.kept.put(&name, token);
        }
        drop(world);
        launch
    }

    pub fn say(&mut self, item: &str, name: &str, value: &str) {
        self.outputs.insert(format!("{item}.{name}"), value.into());
    }

    pub fn output(&self, item: &str, name: &str) -> Option<&str> {
        let own = self.outputs.get(&format!("{item}.{name}"));
        own.map(String::as_str)
    }

    fn of(&self, item: &str) -> Known {
        let mut known = self.items.get(item).cloned().unwrap_or_default();
        known.outputs = self.outputs.clone();
        known.marker = format!("golive:shop-1a2b3c4d:{item}");
        known
    }

    fn context<'a>(&'a self, stage: &'a Stage<'_>, id: &'a ItemId, known: &'a Known) -> Cx<'a> {
        Cx {
            github: Some(&stage.github),
            vercel: Some(&stage.vercel),
            render: Some(&stage.render),
            web: &stage.doors,
            slots: &self.kept,
            ..Cx::alone(id, stage.transport.clock.now(), known)
        }
    }

    /// Drives one item to its first question, and gives that.
    pub async fn drive_once<R: Resource>(
        &mut self,
        stage: &Stage<'_>,
        item: &str,
        own: &R,
    ) -> String {
        let mut story = self.go(stage, item, own, false).await;
        story.blocked.pop().unwrap_or(story.end)
    }

    /// Drives one item until it settles, or asks what has no first way on. Questions get that way.
    pub async fn drive<R: Resource>(&mut self, stage: &Stage<'_>, item: &str, own: &R) -> Story {
        self.go(stage, item, own, true).await
    }

    async fn go<R: Resource>(
        &mut self,
        stage: &Stage<'_>,
        item: &str,
        own: &R,
        answers: bool,
    ) -> Story {
        let (mut story, id, mut known) = (Story::default(), ItemId::new(item), self.of(item));
        let mut unclear: Option<String> = None;
        for _ in 0..400 {
            let cx = self.context(stage, &id, &known);
            let seen = own.observe(&cx).await.expect("a look");
            let plan = own.plan(&known, &seen);
            let mut next = known.clone();
            if let Some(change) = unclear.take() {
                let wanted = matches!(&plan, Plan::Change(all) if all.iter().any(|one| one.row(&id).change == change));
                next.made
                    .extend(own.found(&seen, &change).filter(|_| !wanted));
            }
            match plan {
                Plan::Settled(evidence) => {
                    for (name, output) in own.outputs(&seen) {
                        if let Output::Text(text) = output {
                            next.own.insert(name, text);
                        }
                    }
                    next.settled_before = true;
                    let handed_on = next.own.iter();
                    let handed_on =
                        handed_on.map(|(name, text)| (format!("{item}.{name}"), text.clone()));
                    self.outputs.extend(handed_on);
                    self.items.insert(item.into(), next);
                    story.end = evidence.text;
                    story.notes = evidence.notes.join("\n");
                    story.findings = evidence.findings;
                    return story;
                }
                Plan::Blocked(blocker) => {
                    story.blocked.push(blocker.sentence());
                    let (true, Blocker::Choose { key, options, .. }) = (answers, &blocker) else {
                        story.end = blocker.sentence();
                        return story;
                    };
                    next.decided.insert(key.clone(), options[0].word.clone());
                }
                Plan::Wait(wait) => {
                    story.waited += 1;
                    stage.pause(wait.look_every.as_secs()).await;
                }
                Plan::HandOff { why, .. } => panic!("handed off: {why}"),
                Plan::Change(changes) => {
                    let row = changes[0].row(&id);
                    story.rows.push(row.to_string());
                    match own.apply(&cx, &changes[0]).await {
                        Ok(applied) => next.made.extend(applied.made),
                        Err(CallError::Ambiguous { .. }) => unclear = Some(row.change),
                        Err(error) => {
                            story.end = error.cause();
                            return story;
                        }
                    }
                    stage.pause(LAG).await;
                }
            }
            known = next;
        }
        panic!("{item} does not come to rest: {story:?}");
    }

    /// Takes an item back until nothing is left to take back; the rows of it.
    pub async fn undo<R: Resource>(
        &mut self,
        stage: &Stage<'_>,
        item: &str,
        own: &R,
    ) -> Vec<String> {
        let (known, id) = (self.of(item), ItemId::new(item));
        let mut rows = vec![];
        for _ in 0..20 {
            let cx = self.context(stage, &id, &known);
            let seen = own.observe(&cx).await.expect("a look");
            let changes = own.undo(&known, &seen);
            let Some(change) = changes.first() else {
                return rows;
            };
            rows.push(change.row(&id).to_string());
            own.apply(&cx, change).await.expect("taken back");
            stage.pause(LAG).await;
        }
        panic!("{item} is never taken back: {rows:?}");
    }
}
