//! A project's build command, so that warnings do not stop a build.

use serde_json::json;

use super::vercel_project::find::{Found, Names, find, missing, page, taken};
use super::{Applied, Cx, Known, Look, Resource};
use crate::plan::{
    Blocker, Change, Evidence, ItemId, Made, Output, Outputs, Plan, Row, Sign, Undo,
};
use crate::provider::http::CallError;
use crate::provider::vercel::Project;

/// What golive's records call an override.
const OVERRIDE: &str = "build command";
/// Vercel takes no longer command.
const COMMAND_MAX: usize = 256;

/// A project's build command, so that warnings do not stop a build.
#[derive(Clone, Debug)]
pub struct VercelBuild {
    pub name: String,
    /// The name it has before it is renamed.
    pub existing: Option<String>,
    /// The item that renames or creates it; its output `id` names the project once it is settled.
    pub project: ItemId,
    pub command: String,
    /// `owner/name`: a project that is linked elsewhere is not touched.
    pub repository: String,
}

pub struct Seen {
    found: Found,
}

#[derive(Clone, Debug)]
pub struct VercelBuildChange {
    id: String,
    /// What the project is called in the plan.
    name: String,
    /// What it is called now.
    called: String,
    /// `None`: the framework's own.
    old: Option<String>,
    new: Option<String>,
    /// What is replaced is golive's own.
    ours: bool,
}

impl Change for VercelBuildChange {
    fn row(&self, item: &ItemId) -> Row {
        let shown = |command: &Option<String>| match command {
            Some(command) => command.clone(),
            None => "(framework default)".into(),
        };
        let mut detail = vec!["from the next deployment on".to_string()];
        if self.called != self.name {
            detail.push(format!("the project is called {} now", self.called));
        }
        Row {
            old: Some(format!("build command {}", shown(&self.old))),
            new: Some(shown(&self.new)),
            undo: Undo::Restorable,
            not_made_by_golive: self.old.is_some() && !self.ours,
            detail,
            ..Row::new(
                item,
                "override",
                Sign::Change,
                format!("Vercel project {}", self.name),
            )
        }
    }
}

impl Resource for VercelBuild {
    type Seen = Seen;
    type Change = VercelBuildChange;

    async fn observe(&self, cx: &Cx<'_>) -> Look<Seen> {
        let known = cx.known;
        let own = known.made.last().map(|made| made.id.as_str());
        let id = known
            .output(&self.project, "id")
            .or(own)
            .or_else(|| known.own.get("id").map(String::as_str));
        let found = find(cx.vercel()?, id, self.names()).await?;
        Ok(Seen { found })
    }

    fn plan(&self, known: &Known, seen: &Seen) -> Plan<VercelBuildChange> {
        if let Some(blocker) = taken(&seen.found, self.names()) {
            return Plan::Blocked(blocker);
        }
        let Some(own) = &seen.found.project else {
            return Plan::Blocked(missing(known, self.names()));
        };
        if own.build_command.as_deref() == Some(&*self.command) {
            return Plan::Settled(self.evidence(known, own));
        }
        let length = self.command.chars().count();
        if length > COMMAND_MAX {
            return Plan::Blocked(Blocker::ByHand {
                what: format!(
                    "shorten build_command of {} in golive.toml: it has {length} characters, and Vercel takes {COMMAND_MAX}",
                    self.name
                ),
                url: None,
                paste: vec![],
            });
        }
        let change = self.change(own, Some(self.command.clone()), false);
        Plan::Change(vec![change])
    }

    async fn apply(&self, cx: &Cx<'_>, change: &VercelBuildChange) -> Result<Applied, CallError> {
        let fields = json!({ "buildCommand": change.new });
        cx.vercel()?.change_project(&change.id, fields).await?;
        Ok(Applied {
            made: Some(self.made(cx.known, &change.id, Some(&change.old))),
        })
    }

    fn outputs(&self, seen: &Seen) -> Outputs {
        let own = seen.found.project.iter();
        own.map(|own| ("id".into(), Output::Text(own.id.clone())))
            .collect()
    }

    /// What stood there before is not in the look any more, so such an override is not taken back.
    fn found(&self, seen: &Seen, change: &str) -> Option<Made> {
        let own = seen.found.project.as_ref()?;
        let done = change == "override" && own.build_command.as_deref() == Some(&*self.command);
        done.then(|| self.made(&Known::default(), &own.id, None))
    }

    fn undo(&self, known: &Known, seen: &Seen) -> Vec<VercelBuildChange> {
        let Some(own) = &seen.found.project else {
            return vec![];
        };
        let mut records = known.made.iter();
        let record = records.find(|made| made.kind == OVERRIDE && made.id == own.id);
        let Some(old) = record.and_then(|made| made.as_made.clone()) else {
            return vec![];
        };
        let untouched = own.build_command.as_deref() == Some(&*self.command) && old != self.command;
        let old = Some(old).filter(|old| !old.is_empty());
        match untouched {
            true => vec![self.change(own, old, true)],
            false => vec![],
        }
    }
}

impl VercelBuild {
    fn names(&self) -> Names<'_> {
        Names {
            name: &self.name,
            existing: self.existing.as_deref(),
            repository: &self.repository,
        }
    }

    fn change(&self, own: &Project, new: Option<String>, ours: bool) -> VercelBuildChange {
        VercelBuildChange {
            id: own.id.clone(),
            name: self.name.clone(),
            called: own.name.clone(),
            old: own.build_command.clone(),
            new,
            ours,
        }
    }

    /// `old`: what was replaced, where it is known; kept as an empty text for the framework's own.
    fn made(&self, known: &Known, id: &str, old: Option<&Option<String>>) -> Made {
        Made {
            kind: OVERRIDE.into(),
            id: id.into(),
            name: format!("build command of Vercel project {}", self.name),
            as_made: old.map(|old| old.clone().unwrap_or_default()),
            url: Some(page(known, &self.name, "/settings/build-and-deployment")),
        }
    }

    fn evidence(&self, known: &Known, own: &Project) -> Evidence {
        let url = page(known, &own.name, "/settings/build-and-deployment");
        Evidence::new(format!(
            "Vercel project {} builds with {}",
            own.name, self.command
        ))
        .url(url)
        .note("from the next deployment on: what is deployed already was built as it was set then")
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn wish() -> VercelBuild {
        VercelBuild {
            name: "shop-prod".into(),
            existing: Some("old-shop".into()),
            project: ItemId::new("5.prod"),
            command: "CI=false npm run build".into(),
            repository: "acme/shop".into(),
        }
    }

    fn seen(name: &str, command: Value) -> Seen {
        let project = json!({
            "id": "prj_1", "name": name, "buildCommand": command,
            "link": {"type": "github", "org": "acme", "repo": "shop", "productionBranch": "main"}
        });
        Seen {
            found: Found {
                project: Some(serde_json::from_value(project).unwrap()),
                rival: None,
            },
        }
    }

    fn row(plan: Plan<VercelBuildChange>) -> Row {
        match plan {
            Plan::Change(changes) => changes[0].row(&ItemId::new("2.1.build-prod")),
            other => panic!("no change: {other:?}"),
        }
    }

    #[test]
    fn the_frameworks_own_command_is_overridden_without_a_question() {
        let before = row(wish().plan(&Known::default(), &seen("old-shop", Value::Null)));
        assert_eq!(
            before.to_string(),
            "~ Vercel project shop-prod: build command (framework default) → CI=false npm run build"
        );
        assert!(!before.not_made_by_golive);
        assert_eq!(before.undo, Undo::Restorable);
        // An approval outlives the renaming that goes on meanwhile.
        let after = row(wish().plan(&Known::default(), &seen("shop-prod", Value::Null)));
        assert_eq!(before.id(), after.id());
        assert!(
            before
                .detail
                .contains(&"the project is called old-shop now".to_string())
        );
    }

    #[test]
    fn a_persons_override_is_replaced_only_when_that_is_said() {
        let row = row(wish().plan(&Known::default(), &seen("old-shop", json!("make web"))));
        assert!(row.not_made_by_golive);
        assert!(
            row.to_string()
                .contains("build command make web → CI=false")
        );
    }

    #[test]
    fn one_that_is_there_already_is_evidence_and_nothing_to_undo() {
        let there = seen("shop-prod", json!("CI=false npm run build"));
        assert!(matches!(
            wish().plan(&Known::default(), &there),
            Plan::Settled(_)
        ));
        assert!(wish().undo(&Known::default(), &there).is_empty());
    }

    #[test]
    fn undo_puts_back_what_was_there() {
        let there = seen("shop-prod", json!("CI=false npm run build"));
        let known = |old: Option<Option<String>>| Known {
            made: vec![wish().made(&Known::default(), "prj_1", old.as_ref())],
            ..Known::default()
        };
        let back = |known: &Known, seen: &Seen| {
            let changes = wish().undo(known, seen);
            changes
                .first()
                .map(|change| change.row(&ItemId::new("x")).to_string())
        };
        let row = back(&known(Some(None)), &there).unwrap();
        assert!(
            row.ends_with("CI=false npm run build → (framework default)"),
            "{row}"
        );
        let row = back(&known(Some(Some("make".into()))), &there).unwrap();
        assert!(row.ends_with("→ make"), "{row}");
        // Not known what was there, or changed since: it stays.
        assert_eq!(back(&known(None), &there), None);
        assert_eq!(
            back(&known(Some(None)), &seen("shop-prod", json!("other"))),
            None
        );
    }

    #[test]
    fn somebody_elses_project_is_told_and_left_alone() {
        let mut elsewhere = seen("old-shop", Value::Null);
        let link = json!({"type": "github", "org": "acme", "repo": "blog"});
        if let Some(project) = &mut elsewhere.found.project {
            project.link = serde_json::from_value(link).unwrap();
        }
        let Plan::Blocked(blocker) = wish().plan(&Known::default(), &elsewhere) else {
            panic!("not blocked");
        };
        assert_eq!(
            blocker.sentence(),
            "Vercel project old-shop exists and differs: it is linked to acme/blog, not to acme/shop"
        );
        let nothing = Seen {
            found: Found::default(),
        };
        let Plan::Blocked(blocker) = wish().plan(&Known::default(), &nothing) else {
            panic!("not blocked");
        };
        assert!(
            blocker
                .sentence()
                .contains("neither old-shop nor shop-prod")
        );
    }

    #[test]
    fn a_command_that_vercel_would_not_take_is_told_first() {
        let long = VercelBuild {
            command: "x".repeat(300),
            ..wish()
        };
        let Plan::Blocked(blocker) = long.plan(&Known::default(), &seen("old-shop", Value::Null))
        else {
            panic!("not blocked");
        };
        assert!(blocker.sentence().contains("300 characters"));
    }
}
