//! Phase 2: what the items of hosts and variables are repeated over, and which of them belong together.

mod hosts;
mod variables;

use super::catalog::{Each, Ensure};
use super::expand::{Draft, instances};
use super::wishes::{Named, branch, key, not_there};
use crate::error::{Error, Result};
use crate::manifest::{
    Apex, Cell as ManifestCell, Composed, Destination as To, DnsMode, Environment,
    Form as ManifestForm, Key, Manifest, Origin as ManifestOrigin,
};
use crate::plan::ItemId;
use crate::resource::zone::Holder;
use crate::resource::*;
use crate::secret::SecretName;

use hosts::{host, name_of, names};
use variables::{cell, cell_of, destination, filled};

/// The role of the service that answers to the browser.
const API: &str = "api";

/// The keys that an item of this phase is repeated over.
pub(super) fn keys(manifest: &Manifest, each: Each) -> Vec<String> {
    let environments = || manifest.environment.iter();
    let has = |environment: &Key, to: To| {
        let cells = manifest.variable.values().filter(|own| own.to == to);
        cells
            .into_iter()
            .any(|own| own.cells.contains_key(environment))
    };
    let keys = |wanted: &dyn Fn(&Key, &Environment) -> bool| {
        environments()
            .filter(|(key, own)| wanted(key, own))
            .map(|(key, _)| key.to_string())
            .collect()
    };
    match each {
        Each::Site => names(manifest)
            .into_iter()
            .filter(|name| name.site)
            .map(|name| name.key)
            .collect(),
        Each::Name => names(manifest).into_iter().map(|name| name.key).collect(),
        Each::ApiHost => keys(&|_, own| own.service.get(API).is_some_and(|api| api.host.is_some())),
        Each::Group => keys(&|key, _| has(key, To::Render)),
        Each::FrontEnd => keys(&|key, own| own.site.want.is_on() && has(key, To::Vercel)),
        Each::Cell => environments()
            .flat_map(|(environment, _)| {
                let own = manifest
                    .variable
                    .iter()
                    .filter(move |(_, own)| own.cells.contains_key(environment));
                own.map(move |(name, _)| format!("{environment}-{name}"))
            })
            .collect(),
        _ => vec![],
    }
}

/// The environment that a draft is a part of, where it is of one.
pub(super) fn environment_of(draft: &Draft, manifest: &Manifest) -> Option<String> {
    match draft.each? {
        Each::Environment | Each::ExternalRedis | Each::Group | Each::FrontEnd | Each::ApiHost => {
            draft.key.clone()
        }
        Each::Cell => cell_of(draft, manifest).map(|(environment, _)| environment.to_string()),
        Each::Site | Each::Name => {
            name_of(draft, manifest).map(|name| name.environment.to_string())
        }
        _ => None,
    }
}

/// Whether `other`, which the file says `draft` needs, is one that belongs to it.
pub(super) fn is_own(draft: &Draft, other: &Draft, manifest: &Manifest) -> bool {
    let same_environment = || {
        let (one, two) = (
            environment_of(draft, manifest),
            environment_of(other, manifest),
        );
        one.is_none() || two.is_none() || one == two
    };
    match &draft.item.ensure {
        Ensure::DnsRecord { .. }
        | Ensure::DnsSeen { .. }
        | Ensure::DomainVerified { .. }
        | Ensure::SiteCertificate { .. } => {
            let (one, two) = (name_of(draft, manifest), name_of(other, manifest));
            two.is_none_or(|two| one.is_some_and(|one| one.host == two.host))
        }
        Ensure::VercelDomain { .. } => project_key(draft, manifest) == other.key,
        Ensure::RenderDomain { .. } => same_environment(),
        Ensure::Cell {} => match cell_of(draft, manifest) {
            Some((environment, variable)) => feeds(other, environment.as_str(), variable, manifest),
            None => true,
        },
        Ensure::RenderGroup { .. } | Ensure::VercelVariables { .. } => {
            let to = match draft.item.ensure {
                Ensure::RenderGroup { .. } => To::Render,
                _ => To::Vercel,
            };
            let goes = |(_, variable): (&Key, &str)| manifest.variable[variable].to == to;
            let project = || project_key(draft, manifest) == other.key;
            match &other.item.ensure {
                Ensure::Cell {} => same_environment() && cell_of(other, manifest).is_some_and(goes),
                Ensure::VercelProject {} | Ensure::VercelFirstBuild { .. } => project(),
                _ => same_environment(),
            }
        }
        Ensure::RenderDeploy { .. } => match &other.item.ensure {
            Ensure::Promotion { .. } => {
                let own = manifest.environment.get(key(draft));
                own.map(|own| own.branch.to_string()) == other.key
            }
            Ensure::RenderRedisAccess { .. } => true,
            _ => same_environment(),
        },
        Ensure::VercelRedeploy { .. } | Ensure::ApiAnswers { .. } => match &other.item.ensure {
            Ensure::Promotion { .. } => {
                let own = manifest.environment.get(key(draft));
                own.map(|own| own.branch.to_string()) == other.key
            }
            Ensure::SiteCertificate { .. } => {
                let (one, two) = (name_of(draft, manifest), name_of(other, manifest));
                one.zip(two).is_some_and(|(one, two)| one.host == two.host)
            }
            _ => same_environment(),
        },
        _ => true,
    }
}

/// The key of the Vercel project that a draft's host or variables belong to.
fn project_key(draft: &Draft, manifest: &Manifest) -> Option<String> {
    let environment = environment_of(draft, manifest)?;
    let own = manifest.environment.get(environment.as_str())?;
    Some(own.site.project.to_string())
}

/// Whether a cell takes something from what `other` makes, now or once live.
fn feeds(other: &Draft, environment: &str, variable: &str, manifest: &Manifest) -> bool {
    let cell = manifest.variable[variable].cells.get(environment);
    let origins = cell.map(ManifestCell::origins).unwrap_or_default();
    let home = manifest.environment.get(environment);
    origins
        .into_iter()
        .any(|(_, origin)| match (&other.item.ensure, origin) {
            (Ensure::CodeVariables {}, _) => true,
            (
                Ensure::RenderKeyValue { role },
                ManifestOrigin::Output {
                    service,
                    environment,
                    ..
                },
            ) => service.as_str() == role && other.key.as_deref() == Some(environment.as_str()),
            (
                Ensure::AtlasUser {} | Ensure::AtlasLogin { .. },
                ManifestOrigin::Composed(Composed::DatabaseUrl),
            ) => home.is_some_and(|home| other.key.as_deref() == Some(home.database.user.as_str())),
            (Ensure::StripeAccess {}, ManifestOrigin::Asked { form, .. }) => form.is_some(),
            _ => false,
        })
}

/// What an item of this phase wishes.
pub(super) fn wish(draft: &Draft, drafts: &[Draft], manifest: &Manifest) -> Result<Named> {
    match &draft.item.ensure {
        Ensure::DnsAccess {} => Ok(Named::plain(Wish::DnsAccess(DnsAccess {
            zone: manifest.dns.zone.to_string(),
            holder: holder(manifest),
        }))),
        Ensure::StripeAccess {} => stripe(manifest),
        Ensure::CodeVariables {} => code(manifest),
        Ensure::DnsZone {} => Ok(Named::plain(Wish::DnsZone(DnsZone {
            zone: manifest.dns.zone.to_string(),
            holder: holder(manifest),
            hosts: names(manifest)
                .iter()
                .map(|name| name.host.to_string())
                .collect(),
            apex_left: manifest.dns.apex == Apex::Leave,
        }))),
        Ensure::Cell {} => cell(draft, drafts, manifest),
        Ensure::RenderGroup { .. }
        | Ensure::RenderDeploy { .. }
        | Ensure::VercelVariables { .. }
        | Ensure::VercelRedeploy { .. } => filled(draft, drafts, manifest),
        _ => host(draft, drafts, manifest),
    }
}

fn holder(manifest: &Manifest) -> Holder {
    match manifest.dns.mode {
        DnsMode::GoDaddy => Holder::GoDaddy,
        DnsMode::Cloudflare => Holder::Cloudflare,
        DnsMode::ByHand => Holder::ByHand,
    }
}

/// The test key of production opens the account; where no cell asks for one, the first that is asked for.
fn stripe(manifest: &Manifest) -> Result<Named> {
    let production = manifest.production().map_or("", Key::as_str);
    let asked = manifest.environment.keys().flat_map(|environment| {
        let cells = manifest.variable.values();
        let cells = cells.filter_map(move |own| own.cells.get(environment.as_str()));
        let origins = cells.flat_map(ManifestCell::origins);
        origins.filter_map(move |(_, origin)| match origin {
            ManifestOrigin::Asked {
                name,
                form: Some(ManifestForm::StripeSecretTest),
            } => Some((environment.as_str(), name.as_str())),
            _ => None,
        })
    });
    let mut asked: Vec<(&str, &str)> = asked.collect();
    asked.sort_by_key(|(environment, _)| *environment != production);
    let (environment, name) = asked
        .first()
        .copied()
        .unwrap_or((production, "STRIPE_SECRET_KEY_TEST"));
    Ok(Named::plain(Wish::StripeAccess(StripeAccess {
        slot: SecretName::new(format!("{environment}.{name}")),
        account: manifest.stripe.account.as_ref().map(ToString::to_string),
    })))
}

fn code(manifest: &Manifest) -> Result<Named> {
    let branches = manifest.environment.iter().map(|(key, own)| {
        let branch = branch(manifest, own.branch.as_str())?;
        Ok((key.to_string(), branch.name.to_string()))
    });
    let cells = manifest.variable.iter().flat_map(|(name, own)| {
        let to = destination(own.to);
        own.cells
            .keys()
            .map(move |environment| (name.to_string(), environment.to_string(), to))
    });
    Ok(Named::plain(Wish::CodeVariables(CodeVariables {
        branches: branches.collect::<Result<_>>()?,
        server: manifest.code.server.to_string(),
        front_end: manifest.code.front_end.to_string(),
        cells: cells.collect(),
        not_needed: manifest
            .code
            .not_needed
            .iter()
            .map(ToString::to_string)
            .collect(),
    })))
}

/// The instance among these items that has that key.
fn of_environment(named: &str, environment: &str, drafts: &[Draft]) -> Result<ItemId> {
    let own = instances(named, drafts)
        .into_iter()
        .find(|other| other.key.as_deref() == Some(environment));
    own.map(Draft::id)
        .ok_or_else(|| Error::damaged(format!("{named} has no instance {environment}")))
}

fn of_project(named: &[String], project: &str, drafts: &[Draft]) -> Result<ItemId> {
    let all = named.iter().flat_map(|named| instances(named, drafts));
    let own = all
        .into_iter()
        .find(|other| other.key.as_deref() == Some(project));
    own.map(Draft::id)
        .ok_or_else(|| not_there("vercel.project", project))
}
