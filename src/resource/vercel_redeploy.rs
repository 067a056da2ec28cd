//! The serving deployment was built with the variables, from the branch's commit.

mod proof;
#[cfg(test)]
mod tests;

use std::time::Duration;

use jiff::Timestamp;

pub use self::proof::Proof;
use super::value::{Variable, Wanted, list, wanted, without_secrets};
use super::vercel_first_build::{Stands, stands};
use super::vercel_project::find::page;
use super::{Applied, Cx, Known, Look, Resource, clipped, here, moment, protection, short};
use crate::plan::{
    Blocker, Change, Choice, Evidence, Finding, ItemId, Output, Outputs, Plan, Row, Sign, Wait,
};
use crate::provider::http::CallError;
use crate::provider::vercel::{Deployment, GitSource, Redeployed, Source};
use crate::text::strip_controls;

/// Vercel asks for at least 3 seconds between two looks.
const LOOK: Duration = Duration::from_secs(5);
/// Vercel ends a build after 45 minutes; queueing comes on top.
const WORST: Duration = Duration::from_secs(50 * 60);
/// A name is given to a new deployment within seconds, and caches along the way live for minutes.
const SERVED_WORST: Duration = Duration::from_secs(10 * 60);
/// Of a failed build's log, this much is shown.
const LOG_LINES: usize = 8;

/// The serving deployment was built with the variables.
#[derive(Clone, Debug)]
pub struct VercelRedeploy {
    pub project: ItemId,
    pub project_name: String,
    /// The branch that is deployed here.
    pub branch: String,
    /// Whether that is the project's production deployment.
    pub production: bool,
    /// The host that serves it.
    pub host: String,
    /// The item that sets the variables; it hands on `updated`.
    pub set: ItemId,
    pub variables: Vec<Variable>,
}

pub struct Seen {
    project: String,
    /// `owner` and `name`.
    repository: (String, String),
    head: String,
    /// When the latest of the variables was set.
    set_at: Option<Timestamp>,
    /// Newest first.
    deployments: Vec<Deployment>,
    log: Vec<String>,
    proof: Proof,
    /// Why the name itself could not be asked, where the deployment's own address was asked instead.
    instead: Option<String>,
}

#[derive(Clone, Debug)]
pub struct Redeploy {
    /// `None` while the project is not known yet.
    new: Option<(String, Source)>,
    project_name: String,
    branch: String,
    production: bool,
    detail: Vec<String>,
}

impl Change for Redeploy {
    fn row(&self, item: &ItemId) -> Row {
        let kind = match self.production {
            true => "production deployment",
            false => "preview deployment",
        };
        Row {
            new: Some(format!("branch {}, built with its variables", self.branch)),
            detail: self.detail.clone(),
            ..Row::new(
                item,
                "redeploy",
                Sign::Create,
                format!("{kind} of {}", self.project_name),
            )
        }
    }
}

impl Resource for VercelRedeploy {
    type Seen = Seen;
    type Change = Redeploy;

    async fn observe(&self, cx: &Cx<'_>) -> Look<Seen> {
        let client = cx.vercel()?;
        let project = self.told(cx.known, &self.project, "id")?.to_string();
        let set_at = cx.known.output(&self.set, "updated");
        let github = cx.client()?;
        let head = github.head(&self.branch).await?;
        let deployments = match self.production {
            true => client.production_deployments(&project).await?,
            false => client.preview_deployments(&project, &self.branch).await?,
        };
        let mut seen = Seen {
            project,
            repository: (github.owner.clone(), github.repository.clone()),
            head,
            set_at: set_at.and_then(|text| text.parse().ok()),
            deployments,
            log: vec![],
            proof: Proof::NotTelling,
            instead: None,
        };
        if let Some(failed) = seen.ended().filter(|one| one.state() == "ERROR") {
            let log = client.build_log(failed.id(), LOG_LINES).await;
            seen.log = match log {
                Err(error)
                    if matches!(error.refusal().map(|r| r.status), Some(400 | 403 | 404)) =>
                {
                    vec![format!("its log is not shown: {}", error.cause())]
                }
                look => without_secrets(cx, &self.variables, look?).await?,
            };
        }
        if let Some(serving) = seen.serving() {
            let (proof, instead) = self.prove(cx, serving.url.clone()).await?;
            (seen.proof, seen.instead) = (proof, instead);
        }
        Ok(seen)
    }

    fn plan(&self, known: &Known, seen: &Seen) -> Plan<Redeploy> {
        if let Some(serving) = seen.serving() {
            return match &seen.proof {
                Proof::NotServed { host, names } => {
                    Plan::Wait(self.not_served(serving, host, names))
                }
                _ => Plan::Settled(self.evidence(known, seen, serving)),
            };
        }
        let newest = seen.with_variables().next();
        match newest.map(|newest| (newest, stands(newest))) {
            Some((newest, Stands::UnderWay(state))) => Plan::Wait(self.building(newest, state)),
            Some((newest, Stands::Held(why))) => Plan::Blocked(Blocker::ByHand {
                what: format!(
                    "let the deployment {} of {} go on: {why}",
                    newest.id(),
                    self.project_name
                ),
                url: Some(self.inspector(known, newest)),
                paste: vec![],
            }),
            Some((newest, Stands::Ended(why))) => {
                let key = format!("again-{}", newest.id());
                match known.decided.get(&key).is_some_and(|word| word == "again") {
                    true => Plan::Change(vec![self.redeploy(Some(seen))]),
                    false => Plan::Blocked(self.failed(known, seen, newest, &why, key)),
                }
            }
            Some((_, Stands::Live)) | None => Plan::Change(vec![self.redeploy(Some(seen))]),
        }
    }

    fn foresee(&self, known: &Known) -> Vec<Redeploy> {
        match known.settled_before {
            true => vec![],
            false => vec![self.redeploy(None)],
        }
    }

    async fn apply(&self, cx: &Cx<'_>, change: &Redeploy) -> Result<Applied, CallError> {
        let (project_id, source) = change.new.clone().ok_or_else(|| {
            here(
                format!("project {} is not known yet", self.project_name),
                None,
            )
        })?;
        let new = Redeployed {
            project_id,
            project_name: self.project_name.clone(),
            source,
            production: self.production,
            marker: cx.known.marker.clone(),
        };
        cx.vercel()?.redeploy(&new).await?;
        // It goes with its project, and the one before it can be promoted again there: nothing of its own is left.
        Ok(Applied::default())
    }

    fn outputs(&self, seen: &Seen) -> Outputs {
        let Some(serving) = seen.serving() else {
            return Outputs::new();
        };
        let proved = match &seen.proof {
            Proof::Served { host, .. } => Some(host.clone()),
            _ => None,
        };
        let outputs = [
            ("deployment", Some(serving.id().to_string())),
            ("url", serving.url.clone()),
            (
                "commit",
                serving.meta("githubCommitSha").map(str::to_string),
            ),
            ("variables_as_of", seen.set_at.map(|at| at.to_string())),
            ("proved_at", proved),
        ];
        outputs
            .into_iter()
            .filter_map(|(name, value)| Some((name.into(), Output::Text(value?))))
            .collect()
    }
}

impl Seen {
    /// Those of the branch's head that were begun once the variables were there.
    fn with_variables(&self) -> impl Iterator<Item = &Deployment> {
        self.deployments.iter().filter(|one| {
            let newer = match (one.created(), self.set_at) {
                (Some(created), Some(set)) => created > set,
                (_, None) => true,
                (None, _) => false,
            };
            newer && one.meta("githubCommitSha") == Some(self.head.as_str())
        })
    }

    /// The one that is served, when it was built with the variables from the branch's head. An older one that was put
    /// back in its place serves without them.
    fn serving(&self) -> Option<&Deployment> {
        let served = self.deployments.iter().find(|one| one.is_live())?;
        self.with_variables().find(|one| one.id() == served.id())
    }

    /// The newest with the variables, when it came to nothing.
    fn ended(&self) -> Option<&Deployment> {
        let newest = self.with_variables().next()?;
        matches!(stands(newest), Stands::Ended(_)).then_some(newest)
    }
}

impl VercelRedeploy {
    fn told<'k>(&self, known: &'k Known, item: &ItemId, name: &str) -> Look<&'k str> {
        known.output(item, name).ok_or_else(|| {
            here(
                format!(
                    "project {} is not known before {item} is settled",
                    self.project_name
                ),
                Some(format!("golive run {item}")),
            )
        })
    }

    /// Looks for the values in what is served: by the name itself, and where that does not answer yet, by the
    /// deployment's own address.
    async fn prove(&self, cx: &Cx<'_>, url: Option<String>) -> Look<(Proof, Option<String>)> {
        let values = match wanted(cx, &self.variables).await? {
            Ok(values) => values,
            Err(blocker) => {
                let why = blocker.sentence();
                let host = self.host.clone();
                return Ok((Proof::NotKnown { host, why }, None));
            }
        };
        // What the code does not read, no build puts anywhere.
        let read: Vec<&Wanted> = values
            .iter()
            .filter(|one| is_read(cx.known, &one.name))
            .collect();
        let by_name = proof::look(cx, &self.host, &[], &read).await;
        let instead = match &by_name {
            Proof::NotKnown { why, .. } => Some(why.clone()),
            Proof::NotServed { .. } => Some("it serves scripts without them".into()),
            Proof::Served { .. } | Proof::NotTelling => return Ok((by_name, None)),
        };
        let Some(own) = url else {
            return Ok((by_name, None));
        };
        let headers = protection::headers(cx, &self.project, &own).await?;
        Ok(match proof::look(cx, &own, &headers, &read).await {
            // The name may still lead elsewhere: that is step 6.2's to say.
            by_own @ (Proof::Served { .. } | Proof::NotServed { .. }) => (by_own, instead),
            _ => match by_name {
                Proof::NotServed { host, .. } => {
                    let why = "it serves scripts without the values, and may still lead to another deployment".into();
                    (Proof::NotKnown { host, why }, None)
                }
                other => (other, None),
            },
        })
    }

    fn redeploy(&self, seen: Option<&Seen>) -> Redeploy {
        let mut detail = vec![];
        let new = seen.map(|seen| {
            let of_head = seen.deployments.iter().find(|one| {
                one.state() == "READY" && one.meta("githubCommitSha") == Some(seen.head.as_str())
            });
            detail.push(match of_head {
                Some(one) => format!(
                    "{} stands at {}, built before as {}",
                    self.branch,
                    short(&seen.head),
                    one.id()
                ),
                None => format!("{} stands at {}", self.branch, short(&seen.head)),
            });
            let source = match of_head {
                Some(one) => Source::Deployment(one.id().to_string()),
                None => Source::Git(GitSource {
                    org: seen.repository.0.clone(),
                    repo: seen.repository.1.clone(),
                    branch: self.branch.clone(),
                }),
            };
            (seen.project.clone(), source)
        });
        Redeploy {
            new,
            project_name: self.project_name.clone(),
            branch: self.branch.clone(),
            production: self.production,
            detail,
        }
    }

    fn building(&self, deployment: &Deployment, state: String) -> Wait {
        Wait {
            condition: format!("deployment {} of {}", deployment.id(), self.project_name),
            expected: "ready and served".into(),
            seen: state,
            look_every: LOOK,
            worst_case: WORST,
            why: "Vercel ends a build after 45 minutes; it may queue before".into(),
        }
    }

    fn not_served(&self, serving: &Deployment, host: &str, names: &[String]) -> Wait {
        Wait {
            condition: format!("https://{host} serves {} with its values", serving.id()),
            expected: format!("a script that holds the value of {}", list(names)),
            seen: "scripts without it".into(),
            look_every: Duration::from_secs(20),
            worst_case: SERVED_WORST,
            why: "a new deployment is served within seconds, and caches on the way forget within minutes"
                .into(),
        }
    }

    fn failed(
        &self,
        known: &Known,
        seen: &Seen,
        deployment: &Deployment,
        why: &str,
        key: String,
    ) -> Blocker {
        let mut question = format!(
            "deployment {} of {} came to nothing: {why}.",
            deployment.id(),
            self.project_name
        );
        if !seen.log.is_empty() {
            let lines: Vec<String> = seen.log.iter().map(|line| clipped(line)).collect();
            question.push_str(&format!(" The end of its log: {}.", lines.join(" / ")));
        }
        question.push_str(&format!(
            " All of it: {}",
            self.inspector(known, deployment)
        ));
        Blocker::Choose {
            key,
            question,
            options: vec![
                Choice::new(
                    "again",
                    format!("the cause is mended: build {} once more", self.branch),
                ),
                Choice::new("wait", "not yet: look again later"),
            ],
        }
    }

    fn inspector(&self, known: &Known, deployment: &Deployment) -> String {
        let own = deployment.inspector_url.as_deref();
        own.filter(|url| url.starts_with("https://vercel.com/"))
            .map_or_else(
                || page(known, &self.project_name, "/deployments"),
                strip_controls,
            )
    }

    fn evidence(&self, known: &Known, seen: &Seen, serving: &Deployment) -> Evidence {
        let begun = serving.created().map(moment).unwrap_or_default();
        let set = seen.set_at.map(moment);
        let mut evidence = Evidence::new(format!(
            "{} serves {} of {}, built with its variables",
            self.project_name,
            short(&seen.head),
            self.branch
        ))
        .url(self.inspector(known, serving))
        .note(match set {
            Some(set) => format!(
                "deployment {} was begun {begun}, the latest variable was set {set}",
                serving.id()
            ),
            None => format!("deployment {} was begun {begun}", serving.id()),
        });
        evidence = match &seen.proof {
            Proof::Served { host, names } => evidence.note(format!(
                "the value of {} stands in a script of https://{}",
                list(names),
                strip_controls(host)
            )),
            Proof::NotKnown { host, why } => evidence.note(format!(
                "not seen in what https://{} serves: {}",
                strip_controls(host),
                strip_controls(why)
            )),
            Proof::NotTelling | Proof::NotServed { .. } => {
                evidence.note("its values are too short to be looked for in a script")
            }
        };
        match &seen.instead {
            // What hides it is told with the host, in step 6.
            Some(why) if why == proof::HIDDEN => evidence.note(format!(
                "https://{} asks visitors to log in; golive looked at the deployment's own address",
                self.host
            )),
            Some(why) if matches!(seen.proof, Proof::Served { .. }) => {
                evidence.findings([Finding::new(
                    "name-not-proved",
                    format!(
                        "https://{} itself was not seen to serve it: {}",
                        self.host,
                        strip_controls(why)
                    ),
                    "golive run 6.2, then golive verify",
                )])
            }
            _ => evidence,
        }
    }
}

/// Whether the code reads a variable, as `7.code` has seen; where nobody looked, it is taken to.
fn is_read(known: &Known, name: &str) -> bool {
    let mut looked = known
        .outputs
        .keys()
        .filter(|key| key.contains(".used-"))
        .peekable();
    looked.peek().is_none() || looked.any(|key| key.ends_with(&format!("-{name}")))
}
