//! What Vercel answers to a visitor of a host name: which deployment, where to go instead, or a login.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;

use super::Vercel;
use super::protection::{Address, protects};
use super::state::{Deployment, Domain, Project};

/// What stands behind a host name.
#[derive(Clone, Debug, PartialEq)]
pub enum VercelAnswer {
    /// Nothing: `DEPLOYMENT_NOT_FOUND`.
    Nothing,
    /// Visitors are sent on to another name.
    Elsewhere {
        host: String,
        status: u16,
    },
    /// Visitors must log in first. `everybody` is sent to the login, not only browsers.
    Login {
        everybody: bool,
    },
    Site(Box<VercelSite>),
}

/// A deployment that answers.
#[derive(Clone, Debug, PartialEq)]
pub struct VercelSite {
    pub deployment: String,
    /// The project's name.
    pub name: String,
    /// `owner/name` of the repository it was built from.
    pub repository: String,
    pub commit: String,
    /// The folder that was built; empty for the repository's root.
    pub root: String,
    pub production: bool,
    /// As they were when it was built.
    pub variables: Arc<BTreeMap<String, String>>,
}

impl Vercel {
    /// The answer to a visitor of `host`, in lower case. `passes` tells whether they bring a certain bypass secret.
    pub fn answer(&self, at: Timestamp, host: &str, passes: &dyn Fn(&str) -> bool) -> VercelAnswer {
        let state = self.state.current();
        let mut domains = state.domains.values();
        let claimed = domains.find(|domain| domain.name == host && domain.verified);
        let found = match claimed.map(AsRef::as_ref) {
            Some(Domain {
                redirect: Some((to, status)),
                ..
            }) => {
                return VercelAnswer::Elsewhere {
                    host: to.clone(),
                    status: *status,
                };
            }
            Some(domain) => {
                let one = state.deployment_of(domain, at);
                one.map(|one| (one, Address::Custom))
            }
            None => self.below_vercel(at, host),
        };
        let Some((one, address)) = found else {
            return VercelAnswer::Nothing;
        };
        let Some(project) = state.projects.get(&one.project) else {
            return VercelAnswer::Nothing;
        };
        let open = project.bypasses.keys().any(|secret| passes(secret));
        if protects(project, one, address) && !open {
            let everybody = self.spec().odd.login_redirect;
            return VercelAnswer::Login { everybody };
        }
        VercelAnswer::Site(Box::new(site(project, one)))
    }

    /// The deployment behind a name below `vercel.app`: its own, or one that newer deployments take over.
    fn below_vercel(&self, at: Timestamp, host: &str) -> Option<(&Arc<Deployment>, Address)> {
        let state = self.state.current();
        let mut all = state.deployments.values().rev();
        let ready = |one: &&Arc<Deployment>| one.stage(at) == "READY";
        let own = all.clone().find(|one| one.url == host).filter(ready);
        if let Some(one) = own {
            return Some((one, Address::Generated));
        }
        let named = all.find(|one| one.served(at) && one.aliases.iter().any(|alias| alias == host));
        named.map(|one| (one, Address::Named))
    }

    /// From when on a certificate for a name of a project's own is valid.
    pub fn certified(&self, host: &str) -> Option<Timestamp> {
        self.certificates.since(host)
    }
}

fn site(project: &Project, one: &Deployment) -> VercelSite {
    let root = one.settings.get("rootDirectory");
    let root = root.and_then(|root| root.as_str()).unwrap_or_default();
    VercelSite {
        deployment: one.id.clone(),
        name: project.name.clone(),
        repository: format!("{}/{}", one.source.org, one.source.repo),
        commit: one.sha.clone(),
        root: root.trim_matches(['/', '.']).to_owned(),
        production: one.production,
        variables: Arc::clone(&one.variables),
    }
}
