//! A host claimed on a Render service, and the name it must point to.

#[cfg(test)]
mod tests;

use std::time::Duration;

use super::render_access::workspace_id;
use super::zone::{TARGET, TARGET_KIND};
use super::{Applied, Cx, Known, Look, Resource, absent_on_404};
use crate::plan::{
    Blocker, Change, Evidence, ItemId, Made, Output, Outputs, Plan, Row, Sign, Wait,
};
use crate::provider::http::CallError;
use crate::provider::render::{Client, CustomDomain, Service, dashboard};
use crate::text::strip_controls;

/// What golive's records call a domain that it added; the record keeps the names that Render added beside it.
const KIND: &str = "custom domain";
/// Render takes so many additions and verifications an hour (recorded headers; its page leaves the cell empty).
const CALLS_AN_HOUR: usize = 50;
/// So many other services of the workspace are asked whether they have the host.
const ASKED_MAX: usize = 40;
const WEB: &str = "web_service";

/// A host claimed on a Render service.
#[derive(Clone, Debug)]
pub struct RenderDomain {
    pub host: String,
    /// The item that makes the service; it hands on `id` and `url`.
    pub service: ItemId,
    pub service_name: String,
}

pub struct Seen {
    service: Option<Service>,
    domain: Option<CustomDomain>,
    /// Another service of the workspace, which has the host.
    elsewhere: Option<Service>,
}

#[derive(Clone, Debug)]
pub enum RenderDomainChange {
    Add {
        /// `None` while the service is not there yet.
        service: Option<String>,
        service_name: String,
        host: String,
    },
    Remove {
        service: String,
        service_name: String,
        /// The host, and what Render added with it.
        names: Vec<String>,
    },
}

impl Change for RenderDomainChange {
    fn row(&self, item: &ItemId) -> Row {
        match self {
            Self::Add {
                service_name, host, ..
            } => Row::new(item, "create", Sign::Create, titled(host, service_name)),
            Self::Remove {
                service_name,
                names,
                ..
            } => Row::new(
                item,
                "remove",
                Sign::Remove,
                titled(&names.join(", "), service_name),
            ),
        }
    }
}

fn titled(host: &str, service_name: &str) -> String {
    format!("host {host} on Render service {service_name}")
}

impl Resource for RenderDomain {
    type Seen = Seen;
    type Change = RenderDomainChange;

    async fn observe(&self, cx: &Cx<'_>) -> Look<Seen> {
        let client = cx.render()?;
        let mut seen = Seen {
            service: None,
            domain: None,
            elsewhere: None,
        };
        let Some(id) = cx.known.output(&self.service, "id") else {
            return Ok(seen);
        };
        seen.service = present(client.service(id).await)?;
        if seen.service.is_some() {
            seen.domain = on_service(client, id, &self.host).await?;
            if seen.domain.is_none() {
                let owner = workspace_id(cx.known)?;
                seen.elsewhere = self.elsewhere(client, &owner, id).await?;
            }
        }
        Ok(seen)
    }

    fn plan(&self, known: &Known, seen: &Seen) -> Plan<RenderDomainChange> {
        let Some(service) = &seen.service else {
            return Plan::Blocked(self.no_service());
        };
        if let Some(domain) = &seen.domain {
            return self.claimed(service, domain);
        }
        if let Some(other) = &seen.elsewhere {
            return Plan::Blocked(Blocker::ByHand {
                what: format!(
                    "take {} off Render service {}: a host is on one service at a time, and golive put it there for nobody",
                    self.host,
                    strip_controls(&other.name)
                ),
                url: Some(settings(other)),
                paste: vec![],
            });
        }
        if known.created_last_hour >= CALLS_AN_HOUR {
            return Plan::Wait(hour_is_full(known.created_last_hour));
        }
        Plan::Change(vec![self.add(Some(service.id.clone()))])
    }

    fn foresee(&self, known: &Known) -> Vec<RenderDomainChange> {
        match known.settled_before || !known.made.is_empty() {
            true => vec![],
            false => vec![self.add(None)],
        }
    }

    async fn apply(&self, cx: &Cx<'_>, change: &RenderDomainChange) -> Result<Applied, CallError> {
        let client = cx.render()?;
        match change {
            // A host is only ever next once its service has been seen.
            RenderDomainChange::Add { service: None, .. } => Ok(Applied::default()),
            RenderDomainChange::Add {
                service: Some(service),
                host,
                ..
            } => match client.add_custom_domain(service, host).await {
                // Which status says that it is there already is not settled at Render, so a look decides.
                Err(error) if error.is_status(400) || error.is_status(409) => {
                    match on_service(client, service, host).await? {
                        Some(_) => Ok(Applied::default()),
                        None => Err(error),
                    }
                }
                Err(error) => Err(error),
                Ok(added) => Ok(Applied {
                    made: Some(self.made(service, &added)),
                }),
            },
            RenderDomainChange::Remove { service, names, .. } => {
                for name in names {
                    client.remove_custom_domain(service, name).await?;
                }
                Ok(Applied::default())
            }
        }
    }

    fn outputs(&self, seen: &Seen) -> Outputs {
        let (Some(service), Some(domain)) = (&seen.service, &seen.domain) else {
            return Outputs::new();
        };
        let target = target(service);
        let outputs = [
            ("id", Some(domain.id.clone())),
            ("service_id", Some(service.id.clone())),
            (TARGET_KIND, target.as_ref().map(|_| "CNAME".to_string())),
            (TARGET, target),
        ];
        outputs
            .into_iter()
            .filter_map(|(name, value)| Some((name.into(), Output::Text(value?))))
            .collect()
    }

    fn found(&self, seen: &Seen, change: &str) -> Option<Made> {
        let (service, _) = seen.service.as_ref().zip(seen.domain.as_ref())?;
        (change == "create").then(|| self.made(&service.id, &[]))
    }

    fn undo(&self, known: &Known, seen: &Seen) -> Vec<RenderDomainChange> {
        let (Some(service), Some(_)) = (&seen.service, &seen.domain) else {
            return vec![];
        };
        let Some(made) = known.made.iter().find(|made| made.kind == KIND) else {
            return vec![];
        };
        let beside = made.as_made.as_deref().unwrap_or_default();
        let beside = beside.split(',').filter(|name| !name.is_empty());
        vec![RenderDomainChange::Remove {
            service: service.id.clone(),
            service_name: self.service_name.clone(),
            names: std::iter::once(self.host.clone())
                .chain(beside.map(str::to_string))
                .collect(),
        }]
    }
}

/// 410 is what Render says of what was there once.
fn present<T: Clone>(look: Result<T, CallError>) -> Look<Option<T>> {
    match look {
        Err(error) if error.is_status(410) => Ok(None),
        look => Ok(absent_on_404(look)?.present().cloned()),
    }
}

pub(super) async fn on_service(
    client: &Client<'_>,
    service: &str,
    host: &str,
) -> Look<Option<CustomDomain>> {
    present(client.custom_domain(service, host).await)
}

/// The name that a host of the service must point to. Only Render knows it: it adds letters where the plain one was
/// taken.
fn target(service: &Service) -> Option<String> {
    let url = url::Url::parse(service.url()?).ok()?;
    Some(url.host_str()?.trim_end_matches('.').to_lowercase())
}

fn settings(service: &Service) -> String {
    let told = service.dashboard_url.clone();
    let own = told.filter(|url| url.starts_with("https://dashboard.render.com/"));
    let own = own.unwrap_or_else(|| dashboard("web", &service.id));
    format!("{own}/settings#custom-domains")
}

fn hour_is_full(created: usize) -> Wait {
    Wait {
        condition: "Render takes another custom domain".into(),
        expected: format!("fewer than {CALLS_AN_HOUR} calls about domains within an hour"),
        seen: format!("{created} sent within the last hour"),
        look_every: Duration::from_secs(5 * 60),
        worst_case: Duration::from_secs(65 * 60),
        why: format!("Render takes {CALLS_AN_HOUR} such calls an hour"),
    }
}

impl RenderDomain {
    /// Another web service of the workspace that has the host.
    async fn elsewhere(
        &self,
        client: &Client<'_>,
        owner: &str,
        own: &str,
    ) -> Look<Option<Service>> {
        let services = client.services(owner, None).await?.into_iter();
        let others = services.filter(|one| one.kind == WEB && one.id != own);
        for other in others.take(ASKED_MAX) {
            if on_service(client, &other.id, &self.host).await?.is_some() {
                return Ok(Some(other));
            }
        }
        Ok(None)
    }

    fn claimed(&self, service: &Service, domain: &CustomDomain) -> Plan<RenderDomainChange> {
        if let Some(to) = domain.redirects_to() {
            return Plan::Blocked(Blocker::Taken {
                name: format!("{} on Render service {}", self.host, self.service_name),
                theirs: format!("Render sends its visitors on to {}", strip_controls(to)),
            });
        }
        if domain.domain_type.as_deref() == Some("apex") {
            return Plan::Blocked(Blocker::ByHand {
                what: format!(
                    "give the API a name below {0} in golive.toml, such as api.{0}: Render tells the address that a domain \
                     itself wants on its own page only",
                    self.host
                ),
                url: Some(settings(service)),
                paste: vec![],
            });
        }
        match target(service) {
            Some(target) => Plan::Settled(self.evidence(service, &target)),
            None => Plan::Wait(Wait {
                condition: format!("Render gives service {} its address", self.service_name),
                expected: "an address at onrender.com".into(),
                seen: "none".into(),
                look_every: Duration::from_secs(15),
                worst_case: Duration::from_secs(10 * 60),
                why: "a service has its address when it is made; Render's reads may lag".into(),
            }),
        }
    }

    fn add(&self, service: Option<String>) -> RenderDomainChange {
        RenderDomainChange::Add {
            service,
            service_name: self.service_name.clone(),
            host: self.host.clone(),
        }
    }

    fn made(&self, service: &str, added: &[CustomDomain]) -> Made {
        let beside: Vec<&str> = added
            .iter()
            .map(|one| one.name.as_str())
            .filter(|name| !name.is_empty() && !name.eq_ignore_ascii_case(&self.host))
            .collect();
        Made {
            kind: KIND.into(),
            id: self.host.clone(),
            name: titled(&self.host, &self.service_name),
            as_made: (!beside.is_empty()).then(|| beside.join(",")),
            url: Some(dashboard("web", service)),
        }
    }

    fn no_service(&self) -> Blocker {
        Blocker::ByHand {
            what: format!(
                "settle {} first: without Render service {} there is nothing to claim {} on",
                self.service, self.service_name, self.host
            ),
            url: None,
            paste: vec![format!("golive run {}", self.service)],
        }
    }

    fn evidence(&self, service: &Service, target: &str) -> Evidence {
        Evidence::new(format!(
            "{} is on Render service {}; it must point to {target}, read from that service",
            self.host, self.service_name
        ))
        .url(settings(service))
    }
}
