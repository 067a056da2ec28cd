//! An environment group on Render: all its variables, linked to its services.

mod change;
mod look;
#[cfg(test)]
mod tests;

pub use self::change::RenderGroupChange;
pub use self::look::{Held, Own, Runs, Seen};

use std::collections::{BTreeMap, BTreeSet};

use self::change::{GROUP, LINK, NEW, VARIABLE};
use super::value::{Variable, list};
use super::{Applied, Cx, Known, Look, Resource};
use crate::plan::{Blocker, Choice, Evidence, Finding, ItemId, Made, Output, Outputs, Plan};
use crate::provider::http::CallError;
use crate::provider::render::dashboard;

/// Under which name a person's choice between groups of one name is remembered.
const CHOICE: &str = "group";

/// An environment group on Render.
#[derive(Clone, Debug)]
pub struct RenderGroup {
    pub environment: String,
    pub name: String,
    pub variables: Vec<Variable>,
    /// The items that make the services; each hands on `id`. With their names.
    pub services: Vec<(ItemId, String)>,
}

impl Resource for RenderGroup {
    type Seen = Seen;
    type Change = RenderGroupChange;

    async fn observe(&self, cx: &Cx<'_>) -> Look<Seen> {
        look::look(self, cx).await
    }

    fn plan(&self, known: &Known, seen: &Seen) -> Plan<RenderGroupChange> {
        let wanted = match &seen.wanted {
            Ok(wanted) => wanted,
            Err(blocker) => return Plan::Blocked(blocker.clone()),
        };
        let own = match &seen.own {
            Own::Several(twins) => return Plan::Blocked(self.which(twins)),
            Own::None => {
                return Plan::Change(vec![self.create(&seen.owner, &seen.services)]);
            }
            Own::One(own) => own,
        };
        let mut changes = vec![];
        if own.name != self.name {
            changes.push(RenderGroupChange::Rename {
                id: own.id.clone(),
                old: own.name.clone(),
                new: self.name.clone(),
            });
        }
        let made_by_golive = made(known, GROUP, &own.id).is_some();
        for one in wanted {
            let there = own.variables.get(&one.name);
            if there.is_some_and(|there| there.value.same_as(&one.value)) {
                continue;
            }
            changes.push(RenderGroupChange::Set {
                group: own.id.clone(),
                group_name: self.name.clone(),
                place: self.environment.clone(),
                name: one.name.clone(),
                value: one.value.clone(),
                old: there.cloned(),
                new: one.fingerprint.clone(),
                ours: made_by_golive || made(known, VARIABLE, &one.name).is_some(),
            });
        }
        let unlinked = seen.services.iter().filter(|service| !service.is_linked);
        changes.extend(unlinked.map(|service| RenderGroupChange::Link {
            group: own.id.clone(),
            group_name: self.name.clone(),
            service: service.id.clone(),
            service_name: service.name.clone(),
        }));
        match changes.is_empty() {
            true => Plan::Settled(self.evidence(seen, own)),
            false => Plan::Change(changes),
        }
    }

    fn foresee(&self, known: &Known) -> Vec<RenderGroupChange> {
        if known.settled_before || !known.made.is_empty() {
            return vec![];
        }
        let services: Vec<Runs> = self
            .services
            .iter()
            .map(|(_, name)| Runs {
                id: String::new(),
                name: name.clone(),
                is_linked: false,
                beats: vec![],
                also_in: vec![],
            })
            .collect();
        vec![self.create("", &services)]
    }

    async fn apply(&self, cx: &Cx<'_>, change: &RenderGroupChange) -> Result<Applied, CallError> {
        change::apply(self, cx, change).await
    }

    fn outputs(&self, seen: &Seen) -> Outputs {
        let Own::One(own) = &seen.own else {
            return Outputs::new();
        };
        let links: Vec<&str> = seen
            .services
            .iter()
            .filter(|service| service.is_linked)
            .map(|service| service.id.as_str())
            .collect();
        let outputs = [
            ("id", Some(own.id.clone())),
            ("as_of", seen.as_of.map(|at| at.to_string())),
            ("updated", own.updated_at.map(|at| at.to_string())),
            ("links", Some(links.join(","))),
            ("values", seen.seal.clone()),
        ];
        outputs
            .into_iter()
            .filter_map(|(name, value)| Some((name.into(), Output::Text(value?))))
            .collect()
    }

    fn found(&self, seen: &Seen, change: &str) -> Option<Made> {
        let Own::One(own) = &seen.own else {
            return None;
        };
        match change {
            "create" => Some(change::made_group(&own.id, &self.name)),
            _ => {
                let name = change.strip_prefix("set-")?;
                let there = own.variables.get(name)?;
                let wanted = seen.wanted.as_ref().ok()?;
                let wanted = wanted.iter().find(|one| one.name == name)?;
                let replaced = seen.former.contains_key(name);
                there
                    .value
                    .same_as(&wanted.value)
                    .then(|| change::made_variable(name, replaced))
            }
        }
    }

    fn undo(&self, known: &Known, seen: &Seen) -> Vec<RenderGroupChange> {
        let Own::One(own) = &seen.own else {
            return vec![];
        };
        if made(known, GROUP, &own.id).is_some() {
            return vec![RenderGroupChange::Delete {
                id: own.id.clone(),
                name: own.name.clone(),
            }];
        }
        let mut changes = vec![];
        let mut told = BTreeSet::new();
        let variables = known.made.iter().filter(|made| made.kind == VARIABLE);
        for variable in variables.filter(|made| told.insert(made.id.as_str())) {
            let there = own.variables.get(&variable.id);
            let former = seen.former.get(&variable.id);
            match (variable.as_made.as_deref(), there, former) {
                (Some(NEW), Some(_), _) => changes.push(RenderGroupChange::Remove {
                    group: own.id.clone(),
                    group_name: own.name.clone(),
                    name: variable.id.clone(),
                }),
                (Some(NEW), None, _) => {}
                (_, there, Some(former))
                    if there.is_none_or(|there| !there.value.same_as(&former.value)) =>
                {
                    changes.push(RenderGroupChange::PutBack {
                        group: own.id.clone(),
                        group_name: own.name.clone(),
                        name: variable.id.clone(),
                        former: former.clone(),
                    });
                }
                _ => {}
            }
        }
        for link in known.made.iter().filter(|made| made.kind == LINK) {
            if own.links.contains(&link.id) {
                changes.push(RenderGroupChange::Unlink {
                    group: own.id.clone(),
                    group_name: own.name.clone(),
                    service: link.id.clone(),
                    service_name: link.name.clone(),
                });
            }
        }
        changes
    }
}

fn made<'k>(known: &'k Known, kind: &str, id: &str) -> Option<&'k Made> {
    let mut all = known.made.iter();
    all.find(|made| made.kind == kind && made.id == id)
}

impl RenderGroup {
    fn create(&self, owner: &str, services: &[Runs]) -> RenderGroupChange {
        RenderGroupChange::Create {
            owner: owner.into(),
            name: self.name.clone(),
            variables: self.variables.iter().map(|one| one.name.clone()).collect(),
            services: services
                .iter()
                .map(|service| (service.id.clone(), service.name.clone()))
                .collect(),
        }
    }

    fn which(&self, twins: &[(String, String)]) -> Blocker {
        Blocker::Choose {
            key: CHOICE.into(),
            question: format!(
                "{} environment groups of the workspace are called {}: which one is it? No further one is made",
                twins.len(),
                self.name
            ),
            options: twins
                .iter()
                .map(|(id, told)| Choice::new(id, told))
                .collect(),
        }
    }

    fn evidence(&self, seen: &Seen, own: &Held) -> Evidence {
        let names: Vec<&str> = seen
            .services
            .iter()
            .map(|service| service.name.as_str())
            .collect();
        let linked = match names.is_empty() {
            true => String::new(),
            false => format!(", linked to {}", list(&names)),
        };
        let mut evidence = Evidence::new(format!(
            "{} holds the {} values as wished, read back{linked}",
            self.name,
            self.variables.len()
        ))
        .url(dashboard("env-group", &own.id));
        if let Ok(wanted) = &seen.wanted {
            for one in wanted {
                let seal = one.fingerprint.as_deref().unwrap_or("as wished");
                evidence = evidence.note(format!("{}: {seal}", one.name));
            }
        }
        evidence.findings(self.findings(seen, own))
    }

    fn findings(&self, seen: &Seen, own: &Held) -> Vec<Finding> {
        let page = dashboard("env-group", &own.id);
        let mut findings = vec![];
        let foreign: Vec<&str> = own
            .variables
            .keys()
            .filter(|name| self.variables.iter().all(|one| one.name != **name))
            .map(String::as_str)
            .collect();
        if !foreign.is_empty() {
            findings.push(Finding::new(
                "foreign",
                format!(
                    "{} also holds {}, which golive.toml does not name",
                    self.name,
                    list(&foreign)
                ),
                format!("name them there, or remove them at {page}"),
            ));
        }
        for service in &seen.services {
            if !service.beats.is_empty() {
                findings.push(Finding::new(
                    &format!("beaten-{}", service.name),
                    format!(
                        "{} has {} of its own, which beats the group's",
                        service.name,
                        list(&service.beats)
                    ),
                    format!(
                        "remove it from the service's own variables: {}",
                        dashboard("web", &service.id)
                    ),
                ));
            }
            if !service.also_in.is_empty() {
                findings.push(Finding::new(
                    &format!("second-group-{}", service.name),
                    format!(
                        "{} is linked to {} too: which of two groups wins for a name that both hold, Render does not say",
                        service.name,
                        list(&service.also_in)
                    ),
                    "unlink one of them, or see that they share no name",
                ));
            }
        }
        findings
    }
}

/// Variables by name.
pub type Values = BTreeMap<String, look::Value>;
