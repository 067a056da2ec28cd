//! The hosts that the manifest names, and what each item about one of them wishes.

use super::super::catalog::{Each, Ensure};
use super::super::expand::{Draft, instances};
use super::super::wishes::{Named, branch, environment, key, not_there, project};
use super::{API, holder, of_environment, of_project};
use crate::error::{Error, Result};
use crate::manifest::{Apex, Environment, HostName, Key, Manifest, Want};
use crate::plan::ItemId;
use crate::resource::domain_verified::Claimed;
use crate::resource::*;

/// The key of the zone's bare name.
const APEX: &str = "apex";

/// One host of the launch.
pub(super) struct Name<'m> {
    /// Its part of an item's id: `www`, `api-staging`, `apex`.
    pub key: String,
    pub host: &'m HostName,
    pub environment: &'m str,
    pub site: bool,
    pub required: bool,
}

/// Every host, in the plan's order: sites, the zone's bare name, APIs.
pub(super) fn names(manifest: &Manifest) -> Vec<Name<'_>> {
    let name = |host, environment, site, required| Name {
        key: label_key(manifest, host),
        host,
        environment,
        site,
        required,
    };
    let environments = || manifest.environment.iter();
    let sites = environments()
        .filter(|(_, own)| own.site.want.is_on())
        .map(|(key, own)| {
            let required = own.site.want == Want::Required;
            name(&own.site.host, key.as_str(), true, required)
        });
    let production = manifest.production().map_or("", Key::as_str);
    let redirected = manifest.dns.apex == Apex::Redirect;
    let apex = redirected.then(|| name(&manifest.dns.zone, production, true, true));
    let apis = environments().filter_map(|(key, own)| {
        let host = own.service.get(API)?.host.as_ref()?;
        Some(name(host, key.as_str(), false, true))
    });
    sites.chain(apex).chain(apis).collect()
}

/// A host's name inside the zone, as a part of an item's id.
fn label_key(manifest: &Manifest, host: &HostName) -> String {
    match manifest.dns.record_name(host) {
        Some("@") => APEX.to_string(),
        Some(label) => label.replace('.', "-"),
        // A host outside the zone is refused when the manifest is read.
        None => host.replace('.', "-"),
    }
}

/// The host that a draft is about.
pub(super) fn name_of<'m>(draft: &Draft, manifest: &'m Manifest) -> Option<Name<'m>> {
    let own = key(draft);
    names(manifest).into_iter().find(|name| match draft.each {
        Some(Each::Site) => name.site && name.key == own,
        Some(Each::Name) => name.key == own,
        Some(Each::ApiHost) => !name.site && name.environment == own,
        _ => false,
    })
}

/// Items about one host.
pub(super) fn host(draft: &Draft, drafts: &[Draft], manifest: &Manifest) -> Result<Named> {
    let name = name_of(draft, manifest).ok_or_else(|| not_there("dns", key(draft)))?;
    let host = name.host.to_string();
    let zone = manifest.dns.zone.to_string();
    let of_host = |named: &[String]| {
        of_host(named, name.host, drafts, manifest)
            .ok_or_else(|| Error::damaged(format!("{} finds no item for {host}", draft.template)))
    };
    let one = |named: &String| of_host(std::slice::from_ref(named));
    let alone = |named: &String| ItemId::new(named.clone());
    let wish = match &draft.item.ensure {
        Ensure::VercelDomain { projects } => {
            Wish::VercelDomain(vercel_domain(&name, projects, drafts, manifest)?)
        }
        Ensure::RenderDomain { service } => {
            let own = environment(manifest, name.environment)?;
            Wish::RenderDomain(RenderDomain {
                host: host.clone(),
                service: of_environment(service, name.environment, drafts)?,
                service_name: own.service[API].name.to_string(),
            })
        }
        Ensure::DnsRecord { claims, zone: item } => Wish::DnsRecord(DnsRecord {
            label: manifest
                .dns
                .record_name(name.host)
                .unwrap_or("@")
                .to_string(),
            zone,
            holder: holder(manifest),
            host: host.clone(),
            claim: of_host(claims)?,
            zone_item: alone(item),
        }),
        Ensure::DnsSeen {
            claims,
            record,
            zone: item,
        } => Wish::DnsSeen(DnsSeen {
            zone,
            host: host.clone(),
            claim: of_host(claims)?,
            record: one(record)?,
            zone_item: alone(item),
        }),
        Ensure::DomainVerified {
            claims,
            projects,
            services,
        } => Wish::DomainVerified(DomainVerified {
            host: host.clone(),
            zone,
            claim: of_host(claims)?,
            at: claimed(&name, projects, services, drafts, manifest)?,
        }),
        Ensure::SiteCertificate { claims, verified } => Wish::SiteCertificate(SiteCertificate {
            host: host.clone(),
            zone,
            claim: of_host(claims)?,
            verified: one(verified)?,
            by: if name.site { "Vercel" } else { "Render" },
        }),
        _ => Wish::ApiAnswers(api_answers(&name, manifest)?),
    };
    Ok(Named {
        wish,
        required: name.required,
        title: Some(host),
    })
}

/// The one among these items that is about the host.
fn of_host(
    named: &[String],
    host: &HostName,
    drafts: &[Draft],
    manifest: &Manifest,
) -> Option<ItemId> {
    let all = named.iter().flat_map(|named| instances(named, drafts));
    let own = all
        .into_iter()
        .find(|other| name_of(other, manifest).is_some_and(|other| other.host == host));
    own.map(Draft::id)
}

/// Who answers under the name.
fn claimed(
    name: &Name,
    projects: &[String],
    services: &str,
    drafts: &[Draft],
    manifest: &Manifest,
) -> Result<Claimed> {
    let own = environment(manifest, name.environment)?;
    Ok(match name.site {
        true => Claimed::Vercel(of_project(projects, own.site.project.as_str(), drafts)?),
        false => Claimed::Render(of_environment(services, name.environment, drafts)?),
    })
}

fn vercel_domain(
    name: &Name,
    projects: &[String],
    drafts: &[Draft],
    manifest: &Manifest,
) -> Result<VercelDomain> {
    let own = environment(manifest, name.environment)?;
    let home = project(manifest, own.site.project.as_str())?;
    let is_apex = *name.host == manifest.dns.zone;
    let other_branch = home.production_branch != own.branch && !is_apex;
    let served = branch(manifest, own.branch.as_str())?.name.to_string();
    let own_project = of_project(projects, own.site.project.as_str(), drafts)?;
    let others = projects.iter().flat_map(|named| instances(named, drafts));
    let others = others.map(Draft::id);
    Ok(VercelDomain {
        host: name.host.to_string(),
        project: own_project.clone(),
        project_name: home.name.to_string(),
        others: others.filter(|other| *other != own_project).collect(),
        git_branch: other_branch.then_some(served),
        redirect: is_apex.then(|| own.site.host.to_string()),
    })
}

fn api_answers(name: &Name, manifest: &Manifest) -> Result<ApiAnswers> {
    let own = environment(manifest, name.environment)?;
    let origins = |own: &Environment| -> Vec<String> {
        own.cors_origin().split(',').map(str::to_string).collect()
    };
    let allowed = origins(own);
    let others = manifest.environment.values().flat_map(origins);
    let mut refused: Vec<String> = others.filter(|origin| !allowed.contains(origin)).collect();
    refused.dedup();
    Ok(ApiAnswers {
        host: name.host.to_string(),
        health_path: manifest.code.health_path.to_string(),
        allowed,
        refused,
    })
}
