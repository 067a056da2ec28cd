//! The first production deployment of a new project, without which no domain can be added.

use std::time::Duration;

use super::vercel_project::find::{Names, find, missing, page, taken};
use super::{Applied, Cx, Known, Look, Resource, clipped, short};
use crate::plan::{
    Blocker, Change, Choice, Evidence, ItemId, Output, Outputs, Plan, Row, Sign, Wait,
};
use crate::provider::http::CallError;
use crate::provider::vercel::{Client, Deployment, GitSource, NewDeployment, Project};
use crate::text::strip_controls;

/// Vercel's builds change their state within seconds; it asks for at least 3 between two looks.
const LOOK: Duration = Duration::from_secs(5);
/// Vercel ends a build after 45 minutes; queueing comes on top.
const WORST: Duration = Duration::from_secs(50 * 60);
/// Of a failed build's log, this much is shown.
const LOG_LINES: usize = 8;

/// The first production deployment of a new project, without which no domain can be added.
#[derive(Clone, Debug)]
pub struct VercelFirstBuild {
    pub name: String,
    /// The item that creates the project; its output `id` names it.
    pub project: ItemId,
    /// `owner/name`.
    pub repository: String,
    pub branch: String,
}

pub struct Seen {
    project: Option<Project>,
    stranger: Option<Blocker>,
    /// The one that is served, else the newest for production.
    deployment: Option<Deployment>,
    /// The end of its log, when its build failed.
    log: Vec<String>,
}

#[derive(Clone, Debug)]
pub struct Deploy {
    /// `None` while the project is not there yet.
    project_id: Option<String>,
    name: String,
    branch: String,
    /// The one that came to nothing, in the operator's words.
    instead_of: Option<String>,
}

impl Change for Deploy {
    fn row(&self, item: &ItemId) -> Row {
        Row {
            old: self.instead_of.clone(),
            new: Some(match self.instead_of {
                Some(_) => format!("another, from branch {}", self.branch),
                None => format!("a production deployment from branch {}", self.branch),
            }),
            ..Row::new(
                item,
                "deploy",
                Sign::Create,
                format!("Vercel project {}", self.name),
            )
        }
    }
}

/// How a deployment stands.
pub(super) enum Stands {
    Live,
    UnderWay(String),
    /// It came to nothing, and why; another may be made.
    Ended(String),
    /// Only a person can let it go on.
    Held(String),
}

impl Resource for VercelFirstBuild {
    type Seen = Seen;
    type Change = Deploy;

    async fn observe(&self, cx: &Cx<'_>) -> Look<Seen> {
        let client = cx.vercel()?;
        let id = cx.known.output(&self.project, "id");
        let found = find(client, id, self.names()).await?;
        let mut seen = Seen {
            stranger: taken(&found, self.names()),
            project: found.project,
            deployment: None,
            log: vec![],
        };
        let Some(project) = &seen.project else {
            return Ok(seen);
        };
        seen.deployment = deployment(client, &project.id).await?;
        if let Some(failed) = &seen.deployment
            && failed.state() == "ERROR"
        {
            seen.log = log(client, failed.id()).await?;
        }
        Ok(seen)
    }

    fn plan(&self, known: &Known, seen: &Seen) -> Plan<Deploy> {
        if let Some(blocker) = &seen.stranger {
            return Plan::Blocked(blocker.clone());
        }
        let Some(project) = &seen.project else {
            return Plan::Blocked(missing(known, self.names()));
        };
        let Some(deployment) = &seen.deployment else {
            return Plan::Change(vec![self.deploy(Some(project), None)]);
        };
        match stands(deployment) {
            Stands::Live => Plan::Settled(self.evidence(deployment)),
            Stands::UnderWay(state) => Plan::Wait(self.wait(deployment, state)),
            Stands::Held(why) => Plan::Blocked(Blocker::ByHand {
                what: format!(
                    "let the production deployment of {} go on: {why}",
                    self.name
                ),
                url: Some(self.inspector(known, deployment)),
                paste: vec![],
            }),
            Stands::Ended(why) => self.ended(known, seen, project, deployment, &why),
        }
    }

    fn foresee(&self, known: &Known) -> Vec<Deploy> {
        match known.settled_before {
            true => vec![],
            false => vec![self.deploy(None, None)],
        }
    }

    async fn apply(&self, cx: &Cx<'_>, change: &Deploy) -> Result<Applied, CallError> {
        // A deployment is only ever next once its project has been seen.
        if let Some(project_id) = &change.project_id {
            let (org, repo) = self.repository.split_once('/').unwrap_or_default();
            let new = NewDeployment {
                project_id: project_id.clone(),
                project_name: self.name.clone(),
                source: GitSource {
                    org: org.into(),
                    repo: repo.into(),
                    branch: change.branch.clone(),
                },
                marker: cx.known.marker.clone(),
            };
            cx.vercel()?.deploy(&new).await?;
        }
        // It goes with its project, so there is nothing of its own to remove.
        Ok(Applied::default())
    }

    fn outputs(&self, seen: &Seen) -> Outputs {
        let Some(deployment) = &seen.deployment else {
            return Outputs::new();
        };
        let outputs = [
            ("deployment", Some(deployment.id().to_string())),
            ("url", deployment.url.clone()),
            ("sha", deployment.meta("githubCommitSha").map(str::to_owned)),
        ];
        outputs
            .into_iter()
            .filter_map(|(name, value)| Some((name.into(), Output::Text(value?))))
            .collect()
    }
}

/// Any that is served, whoever made it, else the newest as it is shown on its own: a list tells less.
async fn deployment(client: &Client<'_>, project: &str) -> Look<Option<Deployment>> {
    let list = client.production_deployments(project).await?;
    if let Some(live) = list.iter().find(|one| one.is_live()) {
        return Ok(Some(live.clone()));
    }
    let Some(newest) = list.into_iter().next() else {
        return Ok(None);
    };
    match client.deployment(newest.id()).await {
        // The list may be ahead of the rest.
        Err(error) if error.is_status(404) => Ok(Some(newest)),
        other => other.map(Some),
    }
}

/// The end of a failed build's log. Without it the failure is told all the same.
async fn log(client: &Client<'_>, deployment: &str) -> Look<Vec<String>> {
    match client.build_log(deployment, LOG_LINES).await {
        Err(error) if matches!(error.refusal().map(|r| r.status), Some(400 | 403 | 404)) => {
            Ok(vec![format!("its log is not shown: {}", error.cause())])
        }
        other => other,
    }
}

pub(super) fn stands(deployment: &Deployment) -> Stands {
    let words = |text: &Option<String>, otherwise: &str| {
        let text = text.as_deref().filter(|text| !text.trim().is_empty());
        strip_controls(text.unwrap_or(otherwise))
    };
    match deployment.state() {
        _ if deployment.is_live() => Stands::Live,
        "BLOCKED" => Stands::Held(words(
            &deployment.error_message,
            "Vercel blocks it, as it does when the commit's author has no seat in the team",
        )),
        "ERROR" => Stands::Ended(words(&deployment.error_message, "its build failed")),
        "CANCELED" => Stands::Ended(words(&deployment.error_message, "it was cancelled")),
        "READY" => match &deployment.alias_error {
            Some(error) => Stands::Ended(format!(
                "it was built, and its names could not be given to it: {}",
                words(&error.message, "Vercel says no more")
            )),
            None if deployment.checks_conclusion.as_deref() == Some("failed") => {
                Stands::Ended("it was built, and a check of Vercel's refused it".into())
            }
            None => Stands::UnderWay("built, its names not yet given to it".into()),
        },
        "QUEUED" | "INITIALIZING" | "BUILDING" => {
            Stands::UnderWay(deployment.state().to_lowercase())
        }
        other => Stands::UnderWay(format!(
            "a state golive does not know ({})",
            strip_controls(other)
        )),
    }
}

impl VercelFirstBuild {
    fn names(&self) -> Names<'_> {
        Names {
            name: &self.name,
            existing: None,
            repository: &self.repository,
        }
    }

    fn deploy(&self, project: Option<&Project>, instead_of: Option<String>) -> Deploy {
        Deploy {
            project_id: project.map(|project| project.id.clone()),
            name: self.name.clone(),
            branch: self.branch.clone(),
            instead_of,
        }
    }

    /// Once a person has said so for this very deployment, another is made in its place.
    fn ended(
        &self,
        known: &Known,
        seen: &Seen,
        project: &Project,
        deployment: &Deployment,
        why: &str,
    ) -> Plan<Deploy> {
        let id = deployment.id();
        let key = format!("again-{id}");
        if known.decided.get(&key).is_some_and(|word| word == "again") {
            let was = format!("production deployment {id}, which came to nothing");
            return Plan::Change(vec![self.deploy(Some(project), Some(was))]);
        }
        let mut question = format!(
            "the production deployment of {} came to nothing: {why}.",
            self.name
        );
        if !seen.log.is_empty() {
            let lines = seen.log.iter().map(|line| clipped(line));
            question.push_str(&format!(
                " The end of its log: {}.",
                lines.collect::<Vec<_>>().join(" / ")
            ));
        }
        question.push_str(&format!(
            " All of it: {}",
            self.inspector(known, deployment)
        ));
        Plan::Blocked(Blocker::Choose {
            key,
            question,
            options: vec![
                Choice::new(
                    "again",
                    format!("the cause is mended: build {} once more", self.branch),
                ),
                Choice::new("wait", "not yet: look again later"),
            ],
        })
    }

    fn wait(&self, deployment: &Deployment, state: String) -> Wait {
        Wait {
            condition: format!("production deployment {} of {}", deployment.id(), self.name),
            expected: "ready and served".into(),
            seen: state,
            look_every: LOOK,
            worst_case: WORST,
            why: "Vercel ends a build after 45 minutes; it may queue before".into(),
        }
    }

    /// Where a person sees the deployment; Vercel's own address only when it is one of Vercel's.
    fn inspector(&self, known: &Known, deployment: &Deployment) -> String {
        let own = deployment.inspector_url.as_deref();
        own.filter(|url| url.starts_with("https://vercel.com/"))
            .map_or_else(|| page(known, &self.name, "/deployments"), strip_controls)
    }

    fn evidence(&self, deployment: &Deployment) -> Evidence {
        let mut text = format!(
            "production deployment {} of {} is served",
            deployment.id(),
            self.name
        );
        if let Some(sha) = deployment.meta("githubCommitSha") {
            text.push_str(&format!(", from commit {}", short(sha)));
        }
        let evidence = match deployment.meta("githubCommitRef") {
            Some(branch) if branch == self.branch => Evidence::new(text),
            Some(branch) => Evidence::new(text).note(format!(
                "it was made from branch {}, not {}",
                strip_controls(branch),
                self.branch
            )),
            None => Evidence::new(text).note("Vercel does not show the branch it was made from"),
        };
        match &deployment.url {
            Some(url) => evidence.url(format!("https://{}", strip_controls(url))),
            None => evidence,
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn wish() -> VercelFirstBuild {
        VercelFirstBuild {
            name: "shop-staging".into(),
            project: ItemId::new("5.staging"),
            repository: "acme/shop".into(),
            branch: "staging".into(),
        }
    }

    fn seen(deployment: Option<Value>) -> Seen {
        let project = json!({"id": "prj_1", "name": "shop-staging"});
        Seen {
            project: Some(serde_json::from_value(project).unwrap()),
            stranger: None,
            deployment: deployment.map(|one| serde_json::from_value(one).unwrap()),
            log: vec![
                "Treating warnings as errors".into(),
                "Failed to compile.".into(),
            ],
        }
    }

    fn row(change: &Deploy) -> Row {
        change.row(&ItemId::new("5.first-build"))
    }

    #[test]
    fn the_row_foreseen_is_the_row_planned() {
        let foreseen = wish().foresee(&Known::default());
        let Plan::Change(planned) = wish().plan(&Known::default(), &seen(None)) else {
            panic!("no change");
        };
        assert_eq!(row(&foreseen[0]).id(), row(&planned[0]).id());
        assert_eq!(
            row(&planned[0]).to_string(),
            "+ Vercel project shop-staging: a production deployment from branch staging"
        );
    }

    #[test]
    fn what_is_built_is_waited_for_until_it_is_served() {
        for (one, shown) in [
            (json!({"id": "dpl_1", "readyState": "QUEUED"}), "queued"),
            (json!({"id": "dpl_1", "readyState": "BUILDING"}), "building"),
            (
                json!({"id": "dpl_1", "readyState": "READY"}),
                "built, its names not yet given to it",
            ),
            (
                json!({"id": "dpl_1", "readyState": "PONDERING"}),
                "a state golive does not know (PONDERING)",
            ),
        ] {
            let Plan::Wait(wait) = wish().plan(&Known::default(), &seen(Some(one))) else {
                panic!("no wait for {shown}");
            };
            assert_eq!(wait.seen, shown);
            assert_eq!(wait.worst_case, WORST);
        }
    }

    #[test]
    fn a_served_deployment_is_evidence_whoever_made_it() {
        let live = json!({
            "uid": "dpl_1", "state": "READY", "aliasAssigned": 1, "url": "shop-1.vercel.app",
            "meta": {"githubCommitSha": "1a2b3c4d5e6f", "githubCommitRef": "develop"}
        });
        let Plan::Settled(evidence) = wish().plan(&Known::default(), &seen(Some(live))) else {
            panic!("not settled");
        };
        assert_eq!(
            evidence.text,
            "production deployment dpl_1 of shop-staging is served, from commit 1a2b3c4"
        );
        assert_eq!(
            evidence.notes,
            ["it was made from branch develop, not staging"]
        );
        assert_eq!(evidence.url.as_deref(), Some("https://shop-1.vercel.app"));
    }

    #[test]
    fn a_failed_build_shows_its_end_and_is_repeated_only_when_that_is_said() {
        let failed = json!({
            "id": "dpl_1", "readyState": "ERROR",
            "errorMessage": "Command \"npm run build\" exited with 1\u{1b}[0m"
        });
        let failed = seen(Some(failed));
        let Plan::Blocked(Blocker::Choose { key, question, .. }) =
            wish().plan(&Known::default(), &failed)
        else {
            panic!("no question");
        };
        assert!(
            question.contains(
                "exited with 1. The end of its log: Treating warnings as errors / Failed"
            ),
            "{question}"
        );
        let decided = |key: &str| Known {
            decided: [(key.to_string(), "again".to_string())].into(),
            ..Known::default()
        };
        let Plan::Change(changes) = wish().plan(&decided(&key), &failed) else {
            panic!("no change");
        };
        assert_ne!(row(&changes[0]).id(), row(&wish().deploy(None, None)).id());
        // The word was given for another one.
        let other = wish().plan(&decided("again-dpl_0"), &failed);
        assert!(matches!(other, Plan::Blocked(_)));
    }

    #[test]
    fn what_was_cancelled_held_or_left_without_names_is_told() {
        let plan = |one: Value| match wish().plan(&Known::default(), &seen(Some(one))) {
            Plan::Blocked(blocker) => blocker.sentence(),
            other => panic!("not blocked: {other:?}"),
        };
        assert!(plan(json!({"id": "d", "readyState": "CANCELED"})).contains("it was cancelled"));
        let held = plan(json!({"id": "d", "readyState": "BLOCKED"}));
        assert!(held.contains("has no seat in the team"), "{held}");
        let names = json!({"id": "d", "readyState": "READY", "aliasAssigned": true,
            "aliasError": {"code": "x", "message": "name is taken"}});
        assert!(plan(names).contains("name is taken"));
        let gone = Seen {
            project: None,
            ..seen(None)
        };
        let Plan::Blocked(blocker) = wish().plan(&Known::default(), &gone) else {
            panic!("not blocked");
        };
        assert!(blocker.sentence().contains("no project shop-staging"));
    }
}
