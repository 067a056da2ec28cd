//! A host claimed on a Vercel project, and the records that Vercel wants for it.

mod change;
mod key;
#[cfg(test)]
mod tests;

pub use change::VercelDomainChange;

use std::time::Duration;

use self::change::{ADDED, ALTERED, MOVED};
use super::vercel_project::find::page;
use super::zone::{PROOF_NAME, PROOF_VALUE, TARGET, TARGET_KIND};
use super::{Applied, Cx, Known, Look, Resource, absent_on_404};
use crate::plan::{Blocker, Evidence, ItemId, Made, Output, Outputs, Plan, Wait};
use crate::provider::http::CallError;
use crate::provider::vercel::{Client, DomainConfig, ProjectDomain, Protection, Serves};
use crate::secret::Secret;
use crate::text::strip_controls;

/// A host claimed on a Vercel project.
#[derive(Clone, Debug)]
pub struct VercelDomain {
    pub host: String,
    /// The item that makes the project; it hands on `id`.
    pub project: ItemId,
    pub project_name: String,
    /// The items that make the launch's other projects: the host may be on one of them.
    pub others: Vec<ItemId>,
    /// The branch that it serves, where that is not the project's production branch.
    pub git_branch: Option<String>,
    /// The host that it redirects to.
    pub redirect: Option<String>,
}

pub struct Seen {
    /// The project's id, once the item that makes it is settled.
    project: Option<String>,
    domain: Option<ProjectDomain>,
    /// Id and name of another of the launch's projects, which has the host.
    elsewhere: Option<(String, String)>,
    /// The host that it is going to redirect to is on the project, and leads nowhere else.
    target_there: bool,
    config: Option<DomainConfig>,
    protection: Protection,
    /// What is kept as the project's key for golive's own visits.
    key: Option<Secret>,
}

impl Resource for VercelDomain {
    type Seen = Seen;
    type Change = VercelDomainChange;

    async fn observe(&self, cx: &Cx<'_>) -> Look<Seen> {
        let client = cx.vercel()?;
        let mut seen = Seen {
            project: cx.known.output(&self.project, "id").map(str::to_owned),
            domain: None,
            elsewhere: None,
            target_there: false,
            config: None,
            protection: Protection::default(),
            key: None,
        };
        let Some(project) = seen.project.clone() else {
            return Ok(seen);
        };
        seen.domain = on_project(client, &project, &self.host).await?;
        if let Some(to) = &self.redirect {
            let target = on_project(client, &project, to).await?;
            seen.target_there = target.is_some_and(|own| own.serves().redirect.is_none());
        }
        match seen.domain {
            Some(_) => {
                seen.config = Some(client.domain_config(&project, &self.host).await?);
                seen.protection = client.protection(&project).await?;
                seen.key = cx.slots.secret(&self.key_slot()).await?;
            }
            None => seen.elsewhere = self.elsewhere(cx, client).await?,
        }
        Ok(seen)
    }

    fn plan(&self, known: &Known, seen: &Seen) -> Plan<VercelDomainChange> {
        let Some(project) = &seen.project else {
            return Plan::Blocked(self.no_project());
        };
        let Some(domain) = &seen.domain else {
            return self.absent(seen, project);
        };
        if let Some(environment) = &domain.custom_environment_id {
            return Plan::Blocked(Blocker::Taken {
                name: format!("{} on Vercel project {}", self.host, self.project_name),
                theirs: format!(
                    "it serves an environment of the project's own ({})",
                    strip_controls(environment)
                ),
            });
        }
        if domain.serves() != self.serves() {
            // A redirect is only taken once its goal is there.
            if self.redirect.is_some() && !seen.target_there {
                return Plan::Wait(self.target_wait());
            }
            let change = self.alter(known, project, domain.serves(), self.serves());
            return Plan::Change(vec![change]);
        }
        let Some((kind, target)) = self.wanted(seen) else {
            return Plan::Wait(self.records_wait());
        };
        match self.through(known, seen, project) {
            Ok(note) => Plan::Settled(self.evidence(known, seen, domain, (kind, &target), note)),
            Err(plan) => *plan,
        }
    }

    fn foresee(&self, known: &Known) -> Vec<VercelDomainChange> {
        match known.settled_before || !known.made.is_empty() {
            true => vec![],
            false => vec![self.add(None)],
        }
    }

    async fn apply(&self, cx: &Cx<'_>, change: &VercelDomainChange) -> Result<Applied, CallError> {
        change::apply(cx, change).await
    }

    fn outputs(&self, seen: &Seen) -> Outputs {
        let Some(domain) = &seen.domain else {
            return Outputs::new();
        };
        let (kind, target) = self.wanted(seen).unzip();
        let proof = domain.challenge();
        let outputs = [
            ("id", Some(self.host.clone())),
            ("project_id", seen.project.clone()),
            ("redirect", domain.serves().redirect),
            (TARGET_KIND, kind.map(str::to_owned)),
            (TARGET, target),
            (PROOF_NAME, proof.map(|proof| name_of(&proof.domain))),
            (PROOF_VALUE, proof.map(|proof| proof.value.clone())),
        ];
        outputs
            .into_iter()
            .filter_map(|(name, value)| Some((name.into(), Output::Text(value?))))
            .collect()
    }

    /// Where it was and what it served before is not in the look any more, so that is not taken back.
    fn found(&self, seen: &Seen, change: &str) -> Option<Made> {
        let domain = seen.domain.as_ref()?;
        let known = Known::default();
        match change {
            "create" => Some(self.made(&known, ADDED, None)),
            "move" => Some(self.made(&known, MOVED, None)),
            "alter" if domain.serves() == self.serves() => Some(self.made(&known, ALTERED, None)),
            _ => None,
        }
    }

    fn undo(&self, known: &Known, seen: &Seen) -> Vec<VercelDomainChange> {
        let Some(project) = &seen.project else {
            return vec![];
        };
        let mut changes: Vec<VercelDomainChange> =
            self.key_back(known, seen, project).into_iter().collect();
        let Some(domain) = &seen.domain else {
            return changes;
        };
        let record = |kind: &str| known.made.iter().find(|made| made.kind == kind);
        if record(ADDED).is_some() {
            changes.push(VercelDomainChange::Remove {
                project: project.clone(),
                project_name: self.project_name.clone(),
                host: self.host.clone(),
            });
            return changes;
        }
        let before = |kind| record(kind)?.as_made.clone();
        if let Some(old) = before(ALTERED).and_then(|old| serde_json::from_str(&old).ok())
            && domain.serves() == self.serves()
        {
            changes.push(self.alter(known, project, self.serves(), old));
        }
        if let Some(home) = before(MOVED) {
            changes.push(VercelDomainChange::Move {
                host: self.host.clone(),
                from: (project.clone(), self.project_name.clone()),
                to: (home.clone(), format!("({home})")),
            });
        }
        changes
    }
}

/// The host as it stands on a project; absent is only what Vercel itself calls not found.
async fn on_project(client: &Client<'_>, project: &str, host: &str) -> Look<Option<ProjectDomain>> {
    match client.project_domain(project, host).await {
        Err(error) if error.is_status(404) && !error.is_code("not_found") => Err(error),
        look => Ok(absent_on_404(look)?.present().cloned()),
    }
}

/// A name as records hold it.
fn name_of(told: &str) -> String {
    strip_controls(told)
        .trim()
        .trim_end_matches('.')
        .to_lowercase()
}

impl VercelDomain {
    fn serves(&self) -> Serves {
        Serves {
            git_branch: self.git_branch.clone(),
            redirect: self.redirect.clone(),
        }
    }

    /// Which of the launch's other projects has the host.
    async fn elsewhere(&self, cx: &Cx<'_>, client: &Client<'_>) -> Look<Option<(String, String)>> {
        for other in &self.others {
            let Some(id) = cx.known.output(other, "id") else {
                continue;
            };
            if on_project(client, id, &self.host).await?.is_some() {
                let name = cx.known.output(other, "name").unwrap_or(id);
                return Ok(Some((id.to_string(), name.to_string())));
            }
        }
        Ok(None)
    }

    fn absent(&self, seen: &Seen, project: &str) -> Plan<VercelDomainChange> {
        if let Some(from) = &seen.elsewhere {
            return Plan::Change(vec![VercelDomainChange::Move {
                host: self.host.clone(),
                from: from.clone(),
                to: (project.to_string(), self.project_name.clone()),
            }]);
        }
        if self.redirect.is_some() && !seen.target_there {
            return Plan::Wait(self.target_wait());
        }
        Plan::Change(vec![self.add(Some(project.to_string()))])
    }

    fn add(&self, project: Option<String>) -> VercelDomainChange {
        VercelDomainChange::Add {
            project,
            project_name: self.project_name.clone(),
            host: self.host.clone(),
            serves: self.serves(),
        }
    }

    fn alter(&self, known: &Known, project: &str, old: Serves, new: Serves) -> VercelDomainChange {
        let ours = |made: &Made| made.kind == ADDED || made.kind == ALTERED;
        VercelDomainChange::Alter {
            project: project.to_string(),
            project_name: self.project_name.clone(),
            host: self.host.clone(),
            old,
            new,
            made_by_golive: known.made.iter().any(ours),
        }
    }

    fn made(&self, known: &Known, kind: &str, as_made: Option<String>) -> Made {
        change::made(known, kind, (&self.host, &self.project_name), as_made)
    }

    /// Type and value of the record that Vercel wants: an address for a domain itself, a name for a part of one.
    fn wanted(&self, seen: &Seen) -> Option<(&'static str, String)> {
        let config = seen.config.as_ref()?;
        let told = seen.domain.as_ref()?.is_apex();
        match told.unwrap_or(self.redirect.is_some()) {
            true => Some(("A", config.address()?.to_string())),
            false => Some(("CNAME", config.cname()?)),
        }
    }

    fn no_project(&self) -> Blocker {
        Blocker::ByHand {
            what: format!(
                "settle {} first: without Vercel project {} there is nothing to claim {} on",
                self.project, self.project_name, self.host
            ),
            url: None,
            paste: vec![format!("golive run {}", self.project)],
        }
    }

    fn target_wait(&self) -> Wait {
        let target = self.redirect.as_deref().unwrap_or_default();
        Wait {
            condition: format!("{target} is on Vercel project {}", self.project_name),
            expected: "there, leading nowhere else".into(),
            seen: "not yet".into(),
            look_every: Duration::from_secs(5),
            worst_case: Duration::from_secs(10 * 60),
            why: format!(
                "Vercel takes a redirect only to a host that is on the project, and {target} is claimed in this step too"
            ),
        }
    }

    fn records_wait(&self) -> Wait {
        Wait {
            condition: format!("Vercel says which record {} wants", self.host),
            expected: "a recommended name or address".into(),
            seen: "none that can be read".into(),
            look_every: Duration::from_secs(15),
            worst_case: Duration::from_secs(10 * 60),
            why: "Vercel works it out once the host is on the project, within seconds; golive never makes one up".into(),
        }
    }

    fn evidence(
        &self,
        known: &Known,
        seen: &Seen,
        domain: &ProjectDomain,
        (kind, target): (&str, &str),
        note: Option<String>,
    ) -> Evidence {
        let mut evidence = Evidence::new(format!(
            "{} is on Vercel project {}, {}; Vercel wants {kind} {target}",
            self.host,
            self.project_name,
            match domain.serves() {
                serves if serves.redirect.is_some() => format!("where it {serves}"),
                serves => format!("for {serves}"),
            }
        ))
        .url(page(known, &self.project_name, "/settings/domains"));
        if let Some(proof) = domain.challenge() {
            evidence = evidence.note(format!(
                "another account has used the domain: Vercel wants to see TXT {} with {} besides",
                name_of(&proof.domain),
                strip_controls(&proof.value)
            ));
        } else if !domain.verified {
            evidence =
                evidence.note("Vercel calls it unverified, and names no record that would show it");
        }
        let temporary = |code: f64| code != 301.0 && code != 308.0;
        if domain.redirect_status_code.is_some_and(temporary) && self.redirect.is_some() {
            evidence =
                evidence.note("it redirects for the time being only, as it was set by someone");
        }
        evidence.notes.extend(note);
        evidence.findings(self.hidden(known, seen))
    }
}
