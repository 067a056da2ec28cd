//! What is there against what is wished: what cannot be changed, what would be, and what Render would refuse.

use serde_json::{Value, json};

use super::{
    Alteration, Known, Plan, RenderService, RenderServiceChange, Seen, ServiceKey, WEB, WORKER,
    is_made, page, price,
};
use crate::plan::{Blocker, ItemId};
use crate::provider::render::{COMPUTE_PLANS, Service, same_plan, same_repository};

/// Name, value now, value wished, body of the change.
type Field = (&'static str, Option<String>, String, Value);

impl RenderService {
    pub(super) fn compared(
        &self,
        known: &Known,
        seen: &Seen,
        own: &Service,
    ) -> Plan<RenderServiceChange> {
        let key = ServiceKey::of(&seen.item);
        if let Some(theirs) = self.of_others(own) {
            return Plan::Blocked(Blocker::Taken {
                name: self.name.clone(),
                theirs: format!(
                    "{theirs} ({}). golive changes and replaces nothing of it: write another name for {key} in golive.toml, \
                     or what it is",
                    own.id
                ),
            });
        }
        if let Some(other) = &seen.name_is_of {
            return Plan::Blocked(Blocker::Taken {
                name: self.name.clone(),
                theirs: format!(
                    "it is the name of {other}, and the service of this launch is {} ({}): write that name for {key} in \
                     golive.toml, or rename the other one",
                    own.name, own.id
                ),
            });
        }
        let changes = self.differences(known, own);
        let plan_changes = changes.iter().any(|change| change.field == "plan");
        if let Some(blocker) = self.impossible_plan(&seen.item).filter(|_| plan_changes) {
            return Plan::Blocked(blocker);
        }
        match changes.is_empty() {
            true => Plan::Settled(self.evidence(known, seen, own)),
            false => Plan::Change(
                changes
                    .into_iter()
                    .map(RenderServiceChange::Alter)
                    .collect(),
            ),
        }
    }

    /// What makes it another service than the wished one: Render cannot change it. What is not shown does not differ.
    pub(super) fn of_others(&self, own: &Service) -> Option<String> {
        let shown = |kind: &str| kind.replace('_', " ");
        if own.kind != self.kind {
            return Some(format!(
                "it is a {}, golive.toml wants a {}",
                shown(&own.kind),
                shown(&self.kind)
            ));
        }
        match &own.repo {
            None => return Some("it is built from no repository".into()),
            Some(repo) if !same_repository(repo, &self.repo()) => {
                return Some(format!(
                    "it is built from {repo}, golive.toml wants {}",
                    self.repo()
                ));
            }
            Some(_) => {}
        }
        if let Some(region) = own.region().filter(|region| *region != self.region) {
            return Some(format!(
                "it is in {region}, golive.toml wants {} (region in [render]); a region cannot be changed",
                self.region
            ));
        }
        let runtime = own.runtime().filter(|runtime| *runtime != "node")?;
        Some(format!("it runs {runtime}, golive makes it run node"))
    }

    /// Every field that can be altered: its name, what is shown, what is wished, and the change that makes it so.
    fn fields(&self, own: &Service) -> [Field; 7] {
        let details = |details: Value| json!({ "serviceDetails": details });
        let command =
            |name: &str, command: &str| details(json!({ "envSpecificDetails": { name: command } }));
        let wished_health = self
            .health
            .as_deref()
            .map(path)
            .filter(|_| self.kind == WEB);
        let health = own.health().map(path);
        [
            (
                "name",
                Some(own.name.clone()),
                self.name.clone(),
                json!({ "name": self.name }),
            ),
            (
                "branch",
                own.branch.clone(),
                self.branch.clone(),
                json!({ "branch": self.branch }),
            ),
            (
                "root",
                own.root_dir.as_deref().map(folder),
                folder(&self.root),
                json!({ "rootDir": folder(&self.root) }),
            ),
            (
                "build",
                own.build().map(str::to_string),
                self.build.clone(),
                command("buildCommand", &self.build),
            ),
            (
                "start",
                own.start().map(str::to_string),
                self.start.clone(),
                command("startCommand", &self.start),
            ),
            (
                "plan",
                own.plan()
                    .filter(|now| !same_plan(false, now, &self.plan))
                    .map(str::to_string),
                self.plan.clone(),
                details(json!({ "plan": self.plan })),
            ),
            (
                "health",
                health.filter(|_| wished_health.is_some()),
                wished_health.clone().unwrap_or_default(),
                details(json!({ "healthCheckPath": wished_health })),
            ),
        ]
    }

    /// One alteration for each field that is shown and differs.
    fn differences(&self, known: &Known, own: &Service) -> Vec<Alteration> {
        let fields = self.fields(own);
        let made_by_golive = is_made(known, &own.id);
        let differing = fields.into_iter().filter_map(|(field, old, new, body)| {
            let old = old.filter(|old| *old != new)?;
            Some((field, old, new, body))
        });
        differing
            .map(|(field, old, new, body)| Alteration {
                id: own.id.clone(),
                title: self.title(),
                field,
                old: shown(old),
                new: shown(new),
                body,
                price: price(&self.kind, &self.plan).filter(|_| field == "plan"),
                made_by_golive,
                detail: match field {
                    "name" => vec!["its address at onrender.com stays".into()],
                    _ => vec!["takes effect with its next deploy".into()],
                },
            })
            .collect()
    }

    /// Why Render would not make it, as far as that is known beforehand.
    pub(super) fn impossible(&self, item: &ItemId) -> Option<Blocker> {
        if !self.start.trim().is_empty() {
            return self.impossible_plan(item);
        }
        let key = ServiceKey::of(item);
        Some(Blocker::ByHand {
            what: format!("write {key}.start in golive.toml: Render asks for a start command"),
            url: Some("https://render.com/docs/web-services".into()),
            paste: vec!["start = \"npm start\"".into()],
        })
    }

    fn impossible_plan(&self, item: &ItemId) -> Option<Blocker> {
        let free = self.plan == "free";
        let web = self.kind == WEB;
        if COMPUTE_PLANS.contains(&&*self.plan) || (free && web) {
            return None;
        }
        let key = ServiceKey::of(item).plan(&self.kind);
        let what = match free && self.kind == WORKER {
            true => format!(
                "choose a paid plan for {} ({key} in golive.toml): Render runs no background worker for free",
                self.name
            ),
            false => format!(
                "correct {key} in golive.toml: Render has no plan {}; it has {}{}",
                self.plan,
                if web { "free, " } else { "" },
                COMPUTE_PLANS.join(", ")
            ),
        };
        Some(Blocker::ByHand {
            what,
            url: Some("https://render.com/pricing".into()),
            paste: vec!["plan = \"starter\"".into()],
        })
    }

    /// What was not shown, and so was not compared.
    pub(super) fn not_shown(&self, own: &Service) -> Vec<&'static str> {
        let fields = [
            ("branch", own.branch.is_some()),
            ("region", own.region().is_some()),
            ("plan", own.plan().is_some()),
            ("build command", own.build().is_some()),
            ("start command", own.start().is_some()),
            ("health path", self.kind != WEB || own.health().is_some()),
        ];
        fields
            .into_iter()
            .filter(|(_, shown)| !shown)
            .map(|(field, _)| field)
            .collect()
    }

    /// Its page for a person.
    pub(super) fn page(&self, own: &Service) -> String {
        page(own)
    }
}

fn shown(value: String) -> String {
    match value.is_empty() {
        true => "none".into(),
        false => value,
    }
}

/// `./server/` is `server`, `.` is the root.
pub(super) fn folder(text: &str) -> String {
    let text = text.trim();
    let text = text.strip_prefix("./").unwrap_or(text).trim_matches('/');
    match text {
        "." => String::new(),
        text => text.into(),
    }
}

fn path(text: &str) -> String {
    match text.trim() {
        "" => String::new(),
        text => format!("/{}", text.trim_start_matches('/')),
    }
}
