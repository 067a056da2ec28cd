//! Services once they exist: found, read, changed, suspended, deleted, and where they call from.

use std::sync::Arc;

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::create::{auto_deploy, is_taken, may_pay, plan, subdomain, unfetchable};
use super::spec::{Kind, Outbound};
use super::state::{Deploy, Server, State, Status, id as drawn_id};
use super::wire::{
    Digits, Outcome, Reply, accepted, any_place, body, invalid, no_content, not_found, object, ok,
    page, passes, refuse, text, time, values,
};
use super::{Cx, Render, body as shown};
use crate::sim::ledger::{MadeBy, Provider};

pub fn list(cx: &Cx<'_>) -> Outcome {
    let (state, _) = cx.list_view();
    let (call, seed) = (cx.visit.call, cx.hub.seed);
    let before = time(cx.request, "createdBefore")?;
    let after = time(cx.request, "createdAfter")?;
    let found = state
        .services
        .values()
        .filter(|service| {
            passes(call, "ownerId", &service.owner)
                && passes(call, "type", service.kind.as_str())
                && passes(call, "region", &service.region)
                && passes(call, "suspended", suspended(service))
                && named(cx, &service.name)
                && before.is_none_or(|before| service.created_at < before)
                && after.is_none_or(|after| service.created_at > after)
        })
        .map(|service| {
            let place = any_place(seed, &service.id);
            (place, shown::service(seed, service, Digits::Six))
        })
        .collect();
    page(cx.request, "service", found)
}

fn suspended(service: &Server) -> &'static str {
    match service.suspended {
        true => "suspended",
        false => "not_suspended",
    }
}

/// Whether the filter by name lets a name through; a loose one takes the beginning for the whole.
pub fn named(cx: &Cx<'_>, name: &str) -> bool {
    let loose = cx.hub.scenario.render.loose_names;
    values(cx.visit.call, "name").is_none_or(|wanted| {
        let mut wanted = wanted.iter();
        wanted.any(|one| name == one || (loose && name.starts_with(one.as_str())))
    })
}

/// A service of a version of the state.
pub fn find<'s>(state: &'s State, id: &str) -> Result<&'s Arc<Server>, Box<Reply>> {
    state.services.get(id).ok_or_else(|| not_found(id))
}

pub fn one(cx: &Cx<'_>, id: &str) -> Outcome {
    let (state, _) = cx.view();
    let service = find(&state, id)?;
    Ok(ok(shown::service(cx.hub.seed, service, Digits::Six)))
}

/// Changes what is sent and leaves the rest; what cannot be changed, such as the region, is passed over.
pub fn patch(cx: &mut Cx<'_>, id: &str) -> Outcome {
    let before = Arc::clone(find(cx.current(), id)?);
    let mut service = Server::clone(&before);
    let asked = body(cx.request)?;
    if let Some(name) = text(asked, "name")? {
        if name.trim().is_empty() {
            return Err(invalid("name is required"));
        }
        if is_taken(cx, &service.owner, name, Some(id)) {
            return Err(refuse(409, "name already in use"));
        }
        name.clone_into(&mut service.name);
    }
    if let Some(repo) = text(asked, "repo")? {
        if !cx.hub.reaches(repo) {
            return Err(invalid(&unfetchable(repo)));
        }
        repo.clone_into(&mut service.repo);
    }
    if let Some(branch) = text(asked, "branch")? {
        branch.clone_into(&mut service.branch);
    }
    if let Some(root) = text(asked, "rootDir")? {
        root.clone_into(&mut service.root);
    }
    if let Some(when) = auto_deploy(asked)? {
        when.clone_into(&mut service.auto_deploy);
    }
    if let Some(details) = object(asked, "serviceDetails")? {
        patch_details(cx, details, &mut service)?;
    }
    let service = keep(cx, &before, service);
    Ok(ok(shown::service(cx.hub.seed, &service, Digits::Six)))
}

fn patch_details(
    cx: &Cx<'_>,
    details: &Map<String, Value>,
    service: &mut Server,
) -> Result<(), Box<Reply>> {
    let asked = plan(details, service.kind)?;
    if let Some(plan) = asked.filter(|plan| !shown::same_plan(plan, &service.plan))
        && let Some(owner) = cx.current().owner(&service.owner)
    {
        may_pay(owner, service.kind, plan)?;
        plan.clone_into(&mut service.plan);
    }
    if service.kind == Kind::WebService {
        if let Some(path) = text(details, "healthCheckPath")? {
            path.clone_into(&mut service.health_path);
        }
        if let Some(policy) = subdomain(details)? {
            policy.clone_into(&mut service.subdomain);
        }
    }
    let Some(commands) = object(details, "envSpecificDetails")? else {
        return Ok(());
    };
    if let Some(command) = text(commands, "buildCommand")? {
        command.clone_into(&mut service.build);
    }
    if let Some(command) = text(commands, "startCommand")? {
        command.clone_into(&mut service.start);
    }
    Ok(())
}

/// Puts a changed service in place; one that is as before stays.
fn keep(cx: &mut Cx<'_>, before: &Arc<Server>, mut service: Server) -> Arc<Server> {
    if service == **before {
        return Arc::clone(before);
    }
    let now = cx.now();
    service.updated_at = now;
    if service.name != before.name {
        cx.book
            .renamed(Provider::Render, "service", &service.id, &service.name);
    }
    let service = Arc::new(service);
    cx.hub.state.change(now, |state| {
        state
            .services
            .insert(service.id.clone(), Arc::clone(&service))
    });
    service
}

pub fn delete(cx: &mut Cx<'_>, id: &str) -> Outcome {
    find(cx.current(), id)?;
    let deploys = cx.current().deploys_of(id);
    let deploys: Vec<String> = deploys.iter().map(|deploy| deploy.id.clone()).collect();
    let domains = cx.current().domains.values();
    let domains = domains.filter(|domain| domain.service == id);
    let domains: Vec<String> = domains.map(|domain| domain.id.clone()).collect();
    cx.hub.state.change(cx.visit.now, |state| {
        state.services.remove(id);
        state.deploys.retain(|deploy, _| !deploys.contains(deploy));
        state.domains.retain(|_, domain| domain.service != id);
        for group in state.groups.values_mut() {
            if group.links.iter().any(|link| link == id) {
                Arc::make_mut(group).links.retain(|link| link != id);
            }
        }
    });
    cx.book.gone(Provider::Render, "service", id);
    for domain in &domains {
        cx.book.gone(Provider::Render, "custom_domain", domain);
    }
    for deploy in &deploys {
        cx.book.gone(Provider::Render, "deploy", deploy);
    }
    Ok(no_content())
}

pub fn suspend(cx: &mut Cx<'_>, id: &str) -> Outcome {
    let before = Arc::clone(find(cx.current(), id)?);
    let service = Server {
        suspended: true,
        ..Server::clone(&before)
    };
    keep(cx, &before, service);
    let open = cx.current().deploys_of(id).into_iter();
    let open: Vec<Arc<Deploy>> = open.filter(|one| !one.status.is_over()).cloned().collect();
    for deploy in open {
        cx.hub.finish(cx.visit.now, &deploy, Status::Canceled);
    }
    Ok(accepted())
}

pub fn resume(cx: &mut Cx<'_>, id: &str) -> Outcome {
    let before = Arc::clone(find(cx.current(), id)?);
    if !before.suspended {
        return Ok(accepted());
    }
    let service = Server {
        suspended: false,
        ..Server::clone(&before)
    };
    let service = keep(cx, &before, service);
    let by = (&mut *cx.book, MadeBy::Golive);
    let why = ("service_resumed", None);
    cx.hub.deploy(cx.visit.now, &service, why, cx.around, by);
    Ok(accepted())
}

/// The addresses that a service calls from.
pub fn outbound(cx: &Cx<'_>, id: &str) -> Outcome {
    let (state, _) = cx.view();
    let service = find(&state, id)?;
    match cx.hub.scenario.render.outbound {
        Outbound::Absent => Err(not_found(id)),
        Outbound::Dedicated => Ok(ok(json!({
            "type": "dedicated",
            "ips": ["198.51.100.21", "198.51.100.22", "198.51.100.23"],
            "dedicatedIpId": drawn_id(cx.hub.seed, "egs", &service.owner),
        }))),
        Outbound::Shared => Ok(ok(json!({
            "type": "shared",
            "ips": shared_ranges(&service.region),
        }))),
    }
}

/// The ranges that all services of a region call from. Seen for Frankfurt, Oregon and Singapore; the others lie between them.
pub fn shared_ranges(region: &str) -> [&'static str; 2] {
    match region {
        "frankfurt" => ["74.220.51.0/24", "74.220.59.0/24"],
        "singapore" => ["74.220.52.0/24", "74.220.60.0/24"],
        "ohio" => ["74.220.50.0/24", "74.220.58.0/24"],
        "virginia" => ["74.220.49.0/24", "74.220.57.0/24"],
        _ => ["74.220.48.0/24", "74.220.56.0/24"],
    }
}

impl Render {
    /// A person sets a service to another branch.
    pub(super) fn edit_service(&mut self, now: Timestamp, name: &str) -> Result<String, String> {
        let services = &self.state.current().services;
        let found = services.values().find(|service| service.name == name);
        let id = found.ok_or_else(|| format!("there is no service {name} at Render"))?;
        let (id, present) = (id.id.clone(), id.branch.clone());
        let branches = self.scenario.branches.iter().map(|branch| &branch.name);
        let other = branches.into_iter().find(|branch| **branch != present);
        let other = other.cloned().unwrap_or_else(|| format!("{present}-2"));
        self.state.change(now, |state| {
            if let Some(service) = state.services.get_mut(&id) {
                let service = Arc::make_mut(service);
                service.branch.clone_from(&other);
                service.updated_at = now;
            }
        });
        Ok(format!("Service {name} is built from {other} now."))
    }
}
