//! Render's GitHub app reaches the repository: seen through a service, else a person's word.

use super::render_access::workspace_id;
use super::{Applied, Cx, Known, Look, Resource};
use crate::plan::{Blocker, Change, Evidence, ItemId, Outputs, Plan, Row};
use crate::provider::http::CallError;
use crate::provider::render::{Deploy, Service, same_repository};

const APP: &str = "https://github.com/apps/render";
/// So many services of the repository are asked for a deploy that proves it; one is enough.
const ASKED_MAX: usize = 10;

/// Render's GitHub app reaches the repository: seen through a service, else a person's word.
#[derive(Clone, Debug)]
pub struct RenderApp {
    /// `owner/name`.
    pub repository: String,
}

pub struct Seen {
    workspace_id: String,
    proof: Option<Proof>,
}

/// A service of the workspace that Render has built from the repository.
struct Proof {
    service: String,
    url: Option<String>,
    /// A push has deployed it, which only the app makes happen: a public repository can be built without it.
    by_push: bool,
}

/// There is nothing to change: an app is installed by a person.
#[derive(Clone, Debug)]
pub enum RenderAppChange {}

impl Change for RenderAppChange {
    fn row(&self, _item: &ItemId) -> Row {
        match *self {}
    }
}

impl Resource for RenderApp {
    type Seen = Seen;
    type Change = RenderAppChange;

    async fn observe(&self, cx: &Cx<'_>) -> Look<Seen> {
        let client = cx.render()?;
        let workspace_id = workspace_id(cx.known)?;
        let home = format!("https://github.com/{}", self.repository);
        let services = client.services(&workspace_id, None).await?;
        let of_it = services.iter().filter(|service| {
            let repo = service.repo.as_deref();
            repo.is_some_and(|repo| same_repository(repo, &home))
        });
        let mut proof: Option<Proof> = None;
        for service in of_it.take(ASKED_MAX) {
            let better = proved_by(service, &client.deploys(&service.id).await?);
            proof = match (proof, better) {
                (_, Some(better)) if better.by_push => Some(better),
                (proof, better) => proof.or(better),
            };
            if proof.as_ref().is_some_and(|proof| proof.by_push) {
                break;
            }
        }
        Ok(Seen {
            workspace_id,
            proof,
        })
    }

    fn plan(&self, known: &Known, seen: &Seen) -> Plan<RenderAppChange> {
        if let Some(proof) = &seen.proof {
            return Plan::Settled(self.evidence(proof));
        }
        let rests_on = format!("{} in {}", self.repository, seen.workspace_id);
        let word = known.attested.as_ref();
        if let Some(word) = word.filter(|word| word.rests_on == rests_on) {
            let mut evidence = Evidence::new(format!(
                "said by {}, not seen: Render's GitHub app reaches {}",
                word.by, self.repository
            ))
            .url(APP)
            .note("proved by the first service that is created in step 4");
            if !word.note.is_empty() {
                evidence = evidence.note(word.note.clone());
            }
            return Plan::Settled(evidence);
        }
        Plan::Blocked(Blocker::Attest {
            question: format!(
                "Is Render's GitHub app installed with access to {}, and GitHub connected to the Render workspace? No \
                 service there shows it yet",
                self.repository
            ),
            url: Some(APP.into()),
            rests_on,
        })
    }

    async fn apply(&self, _cx: &Cx<'_>, change: &RenderAppChange) -> Result<Applied, CallError> {
        match *change {}
    }

    fn outputs(&self, _seen: &Seen) -> Outputs {
        Outputs::new()
    }
}

fn proved_by(service: &Service, deploys: &[Deploy]) -> Option<Proof> {
    let mut built = deploys.iter().filter(|deploy| deploy.had_the_repository());
    let first = built.next()?;
    let pushed = |deploy: &Deploy| deploy.trigger.as_deref() == Some("new_commit");
    Some(Proof {
        service: service.name.clone(),
        url: service.dashboard_url.clone(),
        by_push: pushed(first) || built.any(pushed),
    })
}

impl RenderApp {
    fn evidence(&self, proof: &Proof) -> Evidence {
        let text = format!(
            "Render builds {}: seen at its service {}",
            self.repository, proof.service
        );
        let mut evidence = Evidence::new(text);
        evidence.url = proof.url.clone();
        evidence.note(match proof.by_push {
            true => "a push has deployed it",
            false => {
                "no deploy by a push seen yet: of a public repository Render builds without its app"
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::plan::Attestation;

    fn app() -> RenderApp {
        RenderApp {
            repository: "acme/shop".into(),
        }
    }

    fn seen(proof: Option<Proof>) -> Seen {
        Seen {
            workspace_id: "tea-1".into(),
            proof,
        }
    }

    fn deploys(statuses: &[(&str, &str)]) -> Vec<Deploy> {
        let one = |(status, trigger): &(&str, &str)| {
            serde_json::from_value(json!({"id": "dep-1", "status": status, "trigger": trigger}))
                .unwrap()
        };
        statuses.iter().map(one).collect()
    }

    #[test]
    fn without_a_service_a_person_says_so_and_it_is_told_as_their_word() {
        let Plan::Blocked(Blocker::Attest { rests_on, url, .. }) =
            app().plan(&Known::default(), &seen(None))
        else {
            panic!("not asked");
        };
        assert_eq!(url.as_deref(), Some(APP));
        let known = |rests_on: String| Known {
            attested: Some(Attestation {
                by: "Ann".into(),
                note: "looked at the app's page".into(),
                at: "2026-11-24T10:00:00Z".parse().unwrap(),
                rests_on,
            }),
            ..Known::default()
        };
        let Plan::Settled(evidence) = app().plan(&known(rests_on), &seen(None)) else {
            panic!("not settled");
        };
        assert!(evidence.text.starts_with("said by Ann, not seen"));
        // The word was given for another workspace.
        let other = app().plan(&known("acme/shop in tea-9".into()), &seen(None));
        assert!(matches!(other, Plan::Blocked(_)));
    }

    #[test]
    fn a_service_that_was_built_shows_it_and_one_whose_build_failed_does_not() {
        let service: Service =
            serde_json::from_value(json!({"id": "srv-1", "name": "api"})).unwrap();
        assert!(proved_by(&service, &deploys(&[("build_failed", "api")])).is_none());
        let by_hand = proved_by(&service, &deploys(&[("update_failed", "api")])).unwrap();
        assert!(!by_hand.by_push);
        let pushed = deploys(&[("live", "manual"), ("deactivated", "new_commit")]);
        let proof = proved_by(&service, &pushed).unwrap();
        assert!(proof.by_push);
        let Plan::Settled(evidence) = app().plan(&Known::default(), &seen(Some(proof))) else {
            panic!("not settled");
        };
        assert_eq!(
            evidence.text,
            "Render builds acme/shop: seen at its service api"
        );
    }
}
