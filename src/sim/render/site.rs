//! What stands behind a host name at Render: whose it is, whether its certificate is there, and which code answers.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::Render;
use super::spec::Kind;
use super::state::{Server, State, Status};
use crate::sim::targets;

/// A host name that Render answers for.
#[derive(Clone, Debug, PartialEq)]
pub struct RenderSite {
    pub service_id: String,
    /// The service's name.
    pub name: String,
    /// Render has seen that the name leads to it; always so for the service's own name at `onrender.com`.
    pub verified: bool,
    /// What answers there; none while nothing was ever deployed with success, or the service is suspended.
    pub live: Option<LiveDeploy>,
    /// From when on a certificate for the name is served.
    pub certificate_since: Option<Timestamp>,
    /// A name that was added beside this one and that visitors are sent on to.
    pub redirect: Option<String>,
}

/// The deploy that answers.
#[derive(Clone, Debug, PartialEq)]
pub struct LiveDeploy {
    /// The whole sha.
    pub commit: String,
    /// As they were when the deploy started: the service's own over its groups'.
    pub variables: BTreeMap<String, String>,
    pub start_command: String,
}

impl Render {
    /// The site behind a host name, in lower case and without a dot at its end. None where no web service has the name.
    pub fn site(&self, now: Timestamp, host: &str) -> Option<RenderSite> {
        let state = self.state.current();
        let own = |service: &&std::sync::Arc<Server>| {
            service.kind == Kind::WebService
                && service.subdomain == "enabled"
                && targets::render_host(&service.slug) == host
        };
        if let Some(service) = state.services.values().find(own) {
            return Some(RenderSite {
                verified: true,
                certificate_since: Some(service.created_at),
                redirect: None,
                ..site_of(state, service)
            });
        }
        let domain = state.domains.values().find(|domain| domain.name == host)?;
        let service = state.services.get(&domain.service)?;
        let since = |at: Option<Timestamp>| at.filter(|at| *at <= now);
        Some(RenderSite {
            verified: since(domain.verified_at).is_some(),
            certificate_since: since(domain.certificate_at),
            redirect: Some(domain.redirect.clone()).filter(|name| !name.is_empty()),
            ..site_of(state, service)
        })
    }
}

fn site_of(state: &State, service: &Server) -> RenderSite {
    let deploys = state.deploys_of(&service.id);
    let live = deploys
        .into_iter()
        .find(|deploy| deploy.status == Status::Live);
    let live = live.filter(|_| !service.suspended).and_then(|deploy| {
        Some(LiveDeploy {
            commit: deploy.commit.as_ref()?.id.clone(),
            variables: deploy.variables.clone(),
            start_command: deploy.commands.1.clone(),
        })
    });
    RenderSite {
        service_id: service.id.clone(),
        name: service.name.clone(),
        verified: false,
        live,
        certificate_since: None,
        redirect: None,
    }
}
