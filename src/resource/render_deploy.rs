//! A service runs the branch's commit with the variables of its group.

#[cfg(test)]
mod tests;

use std::time::Duration;

use jiff::Timestamp;

use super::render_access::workspace_id;
use super::value::{Variable, list, without_secrets};
use super::{Applied, Cx, Known, Look, Resource, clipped, here, moment, short};
use crate::plan::{
    Blocker, Change, Choice, Evidence, ItemId, Output, Outputs, Plan, Repeat, Row, Sign, Wait,
};
use crate::provider::http::CallError;
use crate::provider::render::{Client, Deploy, dashboard};

/// Render's own programs look every 3 to 15 seconds.
const LOOK_EVERY: Duration = Duration::from_secs(10);
/// A build may take 120 minutes and a start 15; after this long golive stops waiting, and goes on when it is run again.
const WORST_CASE: Duration = Duration::from_secs(30 * 60);
/// Of a failed deploy's log, this much is shown.
const LOG_LINES: usize = 8;

/// A service runs with the variables of its group.
#[derive(Clone, Debug)]
pub struct RenderDeploy {
    pub service: ItemId,
    pub name: String,
    pub branch: String,
    /// The item that fills the group; it hands on `id` and `as_of`.
    pub group: ItemId,
    pub variables: Vec<Variable>,
}

pub struct Seen {
    service: String,
    /// The branch's head.
    head: String,
    /// Since when values and links of the group are as they are.
    as_of: Timestamp,
    /// Newest first.
    deploys: Vec<Deploy>,
    /// Why the newest one with the variables failed, and the end of its log.
    failed: Option<(Option<String>, Vec<String>)>,
}

#[derive(Clone, Debug)]
pub struct Trigger {
    /// Empty while the service is not known yet.
    service: String,
    name: String,
    branch: String,
    detail: Vec<String>,
}

impl Change for Trigger {
    fn row(&self, item: &ItemId) -> Row {
        Row {
            new: Some(format!(
                "branch {}, with the variables of its group",
                self.branch
            )),
            detail: self.detail.clone(),
            ..Row::new(
                item,
                "trigger",
                Sign::Create,
                format!("deploy of {}", self.name),
            )
        }
    }

    /// Nothing marks a deploy, and sent twice it deploys twice.
    fn repeat(&self) -> Repeat {
        Repeat::Ask
    }
}

impl Resource for RenderDeploy {
    type Seen = Seen;
    type Change = Trigger;

    async fn observe(&self, cx: &Cx<'_>) -> Look<Seen> {
        let client = cx.render()?;
        let service = told(cx.known, &self.service, "id")?.to_string();
        let as_of = told(cx.known, &self.group, "as_of")?;
        let as_of = as_of.parse().map_err(|_| unknown(&self.group))?;
        let head = cx.client()?.head(&self.branch).await?;
        let deploys = client.deploys(&service).await?;
        let mut seen = Seen {
            service,
            head,
            as_of,
            deploys,
            failed: None,
        };
        if let Some(failed) = seen.ended_badly() {
            let why = self.why(cx, client, &seen.service, failed).await?;
            seen.failed = Some(why);
        }
        Ok(seen)
    }

    fn plan(&self, known: &Known, seen: &Seen) -> Plan<Trigger> {
        if let Some(live) = seen.live() {
            return Plan::Settled(self.evidence(seen, live));
        }
        if let Some(deploy) = seen.under_way() {
            return Plan::Wait(self.wait(deploy));
        }
        if let Some(failed) = seen.ended_badly() {
            let key = format!("again-{}", failed.id);
            if known.decided.get(&key).is_none_or(|word| word != "again") {
                return Plan::Blocked(self.failed(seen, failed, key));
            }
        }
        Plan::Change(vec![self.trigger(Some(seen))])
    }

    fn foresee(&self, known: &Known) -> Vec<Trigger> {
        match known.settled_before {
            true => vec![],
            false => vec![self.trigger(None)],
        }
    }

    async fn apply(&self, cx: &Cx<'_>, change: &Trigger) -> Result<Applied, CallError> {
        cx.render()?.trigger_deploy(&change.service).await?;
        // It goes with its service, and the one before it can be rolled back to there: nothing of its own is left.
        Ok(Applied::default())
    }

    fn outputs(&self, seen: &Seen) -> Outputs {
        let Some(live) = seen.live() else {
            return Outputs::new();
        };
        let outputs = [
            ("deploy", Some(live.id.clone())),
            ("commit", live.commit().map(str::to_string)),
            ("variables_as_of", Some(seen.as_of.to_string())),
        ];
        outputs
            .into_iter()
            .filter_map(|(name, value)| Some((name.into(), Output::Text(value?))))
            .collect()
    }
}

impl Seen {
    /// Those that were started once the variables were there: an earlier one runs without them, or failed for it.
    fn with_variables(&self) -> impl Iterator<Item = &Deploy> {
        self.deploys
            .iter()
            .filter(|one| one.created_at().is_some_and(|at| at > self.as_of))
    }

    fn is_of_head(&self, deploy: &Deploy) -> bool {
        deploy.commit().is_none_or(|commit| commit == self.head)
    }

    /// What the service runs, when that is the branch's head with the variables.
    fn live(&self) -> Option<&Deploy> {
        self.with_variables()
            .find(|one| one.is_live())
            .filter(|one| self.is_of_head(one))
    }

    fn under_way(&self) -> Option<&Deploy> {
        self.with_variables()
            .find(|one| one.is_under_way() && self.is_of_head(one))
    }

    /// The newest one with the variables, when it came to nothing and nothing else is live since.
    fn ended_badly(&self) -> Option<&Deploy> {
        let newest = self.with_variables().find(|one| self.is_of_head(one))?;
        newest.failure().map(|_| newest)
    }
}

fn told<'k>(known: &'k Known, item: &ItemId, name: &str) -> Look<&'k str> {
    known.output(item, name).ok_or_else(|| unknown(item))
}

fn unknown(item: &ItemId) -> CallError {
    here(
        format!("what {item} hands on is not known before it is settled"),
        Some(format!("golive run {item}")),
    )
}

impl RenderDeploy {
    fn trigger(&self, seen: Option<&Seen>) -> Trigger {
        let mut detail = vec![];
        if let Some(seen) = seen {
            detail.push(format!(
                "{} stands at {}; its variables are as they are since {}",
                self.branch,
                short(&seen.head),
                moment(seen.as_of)
            ));
            if let Some(live) = seen.deploys.iter().find(|one| one.is_live()) {
                let commit = live.commit().map_or("a commit not shown", short);
                detail.push(format!("now {} runs {commit} ({})", self.name, live.id));
            }
        }
        Trigger {
            service: seen.map_or(String::new(), |seen| seen.service.clone()),
            name: self.name.clone(),
            branch: self.branch.clone(),
            detail,
        }
    }

    /// Why a deploy failed, as its events and the end of its log tell. Without them the failure is told all the same.
    async fn why(
        &self,
        cx: &Cx<'_>,
        client: &Client<'_>,
        service: &str,
        deploy: &Deploy,
    ) -> Look<(Option<String>, Vec<String>)> {
        let not_shown =
            |error: &CallError| matches!(error.refusal().map(|r| r.status), Some(400 | 403 | 404));
        let reason = match client.why_ended(service, &deploy.id).await {
            Err(error) if not_shown(&error) => None,
            look => look?,
        };
        let owner = workspace_id(cx.known)?;
        let log = match client.deploy_log(&owner, service, deploy, LOG_LINES).await {
            Err(error) if not_shown(&error) => {
                vec![format!("its log is not shown: {}", error.cause())]
            }
            look => without_secrets(cx, &self.variables, look?).await?,
        };
        Ok((reason, log))
    }

    fn wait(&self, deploy: &Deploy) -> Wait {
        Wait {
            condition: format!("deploy {} of {}", deploy.id, self.name),
            expected: "live".into(),
            seen: crate::text::strip_controls(&deploy.status.replace('_', " ")),
            look_every: LOOK_EVERY,
            worst_case: WORST_CASE,
            why: "Render lets a build take 120 minutes and a start 15; most take less than ten in all"
                .into(),
        }
    }

    /// Once a person has said so for this very deploy, another is made in its place.
    fn failed(&self, seen: &Seen, failed: &Deploy, key: String) -> Blocker {
        let what = failed.failure().unwrap_or("it came to nothing");
        let mut question = format!("deploy {} of {}: {what}", failed.id, self.name);
        if let Some((reason, log)) = &seen.failed {
            if let Some(reason) = reason.as_deref().filter(|reason| *reason != what) {
                question.push_str(&format!(" ({reason})"));
            }
            if !log.is_empty() {
                let lines: Vec<String> = log.iter().map(|line| clipped(line)).collect();
                question.push_str(&format!(". The end of its log: {}", lines.join(" / ")));
            }
        }
        question.push_str(&format!(
            ". All of it: {}/deploys/{}",
            dashboard("web", &seen.service),
            failed.id
        ));
        Blocker::Choose {
            key,
            question,
            options: vec![
                Choice::new(
                    "again",
                    format!("the cause is mended: deploy {} once more", self.branch),
                ),
                Choice::new("wait", "not yet: look again later"),
            ],
        }
    }

    fn evidence(&self, seen: &Seen, live: &Deploy) -> Evidence {
        let started = live.created_at().map(moment).unwrap_or_default();
        let names: Vec<&str> = self.variables.iter().map(|one| one.name.as_str()).collect();
        let text = match live.commit() {
            Some(commit) => format!(
                "{} runs {}, the head of {}, with its variables",
                self.name,
                short(commit),
                self.branch
            ),
            None => format!("{} runs with its variables", self.name),
        };
        let evidence = Evidence::new(text)
            .url(format!(
                "{}/deploys/{}",
                dashboard("web", &seen.service),
                live.id
            ))
            .note(format!(
                "deploy {} started {started}, and {} are as they are since {}",
                live.id,
                list(&names),
                moment(seen.as_of)
            ));
        match live.commit() {
            Some(_) => evidence,
            None => evidence.note(format!(
                "Render does not show its commit; {} stands at {}",
                self.branch,
                short(&seen.head)
            )),
        }
    }
}
