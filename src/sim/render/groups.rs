//! Environment groups: variables and secret files that several services share.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;
use serde_json::{Map, Value};

use super::create::workspace_of;
use super::services::{find, named};
use super::state::{Group, Server, State};
use super::wire::{
    Digits, Outcome, Reply, any_place, body, invalid, no_content, not_found, ok, page, passes,
    refuse, reply, text, time,
};
use super::{Cx, Render, body as shown, variables};
use crate::seam::transport::Method;
use crate::sim::ledger::{MadeBy, Provider};

/// How many bytes all files of a group may have.
const FILES_MAX: usize = 1 << 20;

/// Calls below `/env-groups`.
pub fn route(cx: &mut Cx<'_>, path: &[&str]) -> Outcome {
    match (cx.request.method, path) {
        (Method::Get, []) => list(cx),
        (Method::Post, []) => create(cx),
        (Method::Get, [id]) => one(cx, id),
        (Method::Patch, [id]) => rename(cx, id),
        (Method::Delete, [id]) => delete(cx, id),
        (Method::Post, [id, "services", service]) => link(cx, id, service),
        (Method::Delete, [id, "services", service]) => unlink(cx, id, service),
        (Method::Get, [id, "env-vars", key]) => variable(cx, id, key),
        (Method::Put, [id, "env-vars", key]) => put_variable(cx, id, key),
        (Method::Delete, [id, "env-vars", key]) => delete_variable(cx, id, key),
        (Method::Get, [id, "secret-files", name]) => file(cx, id, name),
        (Method::Put, [id, "secret-files", name]) => put_file(cx, id, name),
        (Method::Delete, [id, "secret-files", name]) => delete_file(cx, id, name),
        _ => Err(refuse(404, "not found")),
    }
}

fn group_of<'s>(state: &'s State, id: &str) -> Result<&'s Arc<Group>, Box<Reply>> {
    state.groups.get(id).ok_or_else(|| not_found(id))
}

/// The values are not in a list, and its document says that there are no wrappers; what answers has some.
fn list(cx: &Cx<'_>) -> Outcome {
    let (state, _) = cx.list_view();
    let call = cx.visit.call;
    let [created_before, created_after, updated_before, updated_after] = [
        "createdBefore",
        "createdAfter",
        "updatedBefore",
        "updatedAfter",
    ]
    .map(|name| time(cx.request, name));
    let (created_before, created_after) = (created_before?, created_after?);
    let (updated_before, updated_after) = (updated_before?, updated_after?);
    let within = |at: Timestamp, before: Option<Timestamp>, after: Option<Timestamp>| {
        before.is_none_or(|before| at < before) && after.is_none_or(|after| at > after)
    };
    let found = state
        .groups
        .values()
        .filter(|group| {
            let scope = group.environment.as_deref().unwrap_or_default();
            passes(call, "ownerId", &group.owner)
                && passes(call, "environmentId", scope)
                && named(cx, &group.name)
                && within(group.created_at, created_before, created_after)
                && within(group.updated_at, updated_before, updated_after)
        })
        .map(|group| {
            let place = any_place(cx.hub.seed, &group.id);
            (place, shown::group_alone(group, &state, Digits::Six))
        })
        .collect();
    let mut reply = page(cx.request, "envGroup", found)?;
    if cx.hub.scenario.render.bare_groups
        && let super::Body::Json(Value::Array(items)) = &mut reply.body
    {
        for item in items {
            *item = item["envGroup"].take();
        }
    }
    Ok(reply)
}

fn one(cx: &Cx<'_>, id: &str) -> Outcome {
    let (state, _) = cx.view();
    let group = group_of(&state, id)?;
    Ok(ok(shown::group(group, &state, Digits::Six)))
}

/// Nothing keeps a second group from having the same name.
fn create(cx: &mut Cx<'_>) -> Outcome {
    let asked = body(cx.request)?;
    let name = text(asked, "name")?.filter(|name| !name.trim().is_empty());
    let name = name.ok_or_else(|| invalid("name is required"))?.to_owned();
    let owner = workspace_of(cx, asked)?;
    if !matches!(asked.get("envVars"), Some(Value::Array(_))) {
        return Err(invalid("envVars is required"));
    }
    let environment = match text(asked, "environmentId")? {
        None => None,
        Some(id) if cx.hub.knows_environment(id) => Some(id.to_owned()),
        Some(id) => return Err(not_found(id)),
    };
    let now = cx.now();
    let mut group = Group {
        id: String::new(),
        name,
        owner: owner.id.clone(),
        variables: variables::asked(cx, asked)?,
        files: files(asked)?,
        links: Vec::new(),
        environment,
        created_at: now,
        updated_at: now,
    };
    for id in service_ids(asked)? {
        let service = may_link(cx, &group, id)?.id.clone();
        if !group.links.contains(&service) {
            group.links.push(service);
        }
    }
    let seed = cx.hub.seed;
    let group = cx.hub.state.change(now, |state| {
        group.id = state.new_id(seed, "evg");
        let group = Arc::new(group);
        state.groups.insert(group.id.clone(), Arc::clone(&group));
        group
    });
    let (id, parent) = (&group.id, &owner.name);
    cx.book.made(
        Provider::Render,
        "env_group",
        id,
        parent,
        &group.name,
        MadeBy::Golive,
    );
    let shown = shown::group(&group, cx.current(), Digits::Nine);
    Ok(reply(201, shown))
}

fn service_ids(asked: &Map<String, Value>) -> Result<Vec<&str>, Box<Reply>> {
    let ids = match asked.get("serviceIds") {
        None | Some(Value::Null) => return Ok(Vec::new()),
        Some(Value::Array(ids)) => ids.iter(),
        Some(_) => return Err(invalid("serviceIds must be an array")),
    };
    let id = |id: &'_ Value| id.as_str().is_some();
    match ids.clone().all(id) {
        true => Ok(ids.filter_map(Value::as_str).collect()),
        false => Err(invalid("serviceIds must be an array of strings")),
    }
}

fn files(asked: &Map<String, Value>) -> Result<BTreeMap<String, String>, Box<Reply>> {
    let entries = match asked.get("secretFiles") {
        None | Some(Value::Null) => return Ok(BTreeMap::new()),
        Some(Value::Array(entries)) => entries,
        Some(_) => return Err(invalid("secretFiles must be an array")),
    };
    let mut files = BTreeMap::new();
    for entry in entries {
        let entry = entry.as_object();
        let entry = entry.ok_or_else(|| invalid("invalid secretFiles"))?;
        let name = text(entry, "name")?.filter(|name| !name.is_empty());
        let name = name.ok_or_else(|| invalid("secretFiles: name is required"))?;
        let content = text(entry, "content")?.unwrap_or_default();
        files.insert(name.to_owned(), content.to_owned());
    }
    fits(&files)?;
    Ok(files)
}

fn fits(files: &BTreeMap<String, String>) -> Result<(), Box<Reply>> {
    match files.values().map(String::len).sum::<usize>() <= FILES_MAX {
        true => Ok(()),
        false => Err(invalid("secret files may not exceed 1 MB in total")),
    }
}

/// The service, when the group may be given to it.
fn may_link(cx: &Cx<'_>, group: &Group, id: &str) -> Result<Arc<Server>, Box<Reply>> {
    let service = find(cx.current(), id)?;
    if service.owner != group.owner {
        return Err(not_found(id));
    }
    // No service of this world is in an environment of a project.
    match group.environment.is_some() && cx.hub.scenario.render.environments_apart {
        true => Err(invalid(
            "the service and the environment group are not in the same environment",
        )),
        false => Ok(Arc::clone(service)),
    }
}

/// Changes a group, and answers with all that is in it.
fn change(cx: &mut Cx<'_>, id: &str, edit: impl FnOnce(&mut Group)) -> Outcome {
    let now = cx.now();
    cx.hub.edit(now, id, edit);
    let group = group_of(cx.current(), id)?;
    Ok(ok(shown::group(group, cx.current(), Digits::Six)))
}

fn rename(cx: &mut Cx<'_>, id: &str) -> Outcome {
    group_of(cx.current(), id)?;
    let name = text(body(cx.request)?, "name")?.filter(|name| !name.trim().is_empty());
    let name = name.ok_or_else(|| invalid("name is required"))?.to_owned();
    cx.book.renamed(Provider::Render, "env_group", id, &name);
    change(cx, id, |group| group.name = name)
}

fn delete(cx: &mut Cx<'_>, id: &str) -> Outcome {
    group_of(cx.current(), id)?;
    let now = cx.now();
    cx.hub.state.change(now, |state| state.groups.remove(id));
    cx.book.gone(Provider::Render, "env_group", id);
    Ok(no_content())
}

fn link(cx: &mut Cx<'_>, id: &str, service: &str) -> Outcome {
    let group = Arc::clone(group_of(cx.current(), id)?);
    let service = may_link(cx, &group, service)?.id.clone();
    change(cx, id, |group| {
        if !group.links.contains(&service) {
            group.links.push(service);
        }
    })
}

fn unlink(cx: &mut Cx<'_>, id: &str, service: &str) -> Outcome {
    let group = group_of(cx.current(), id)?;
    if !group.links.iter().any(|link| link == service) {
        return Err(not_found(service));
    }
    change(cx, id, |group| group.links.retain(|link| link != service))?;
    Ok(no_content())
}

fn variable(cx: &Cx<'_>, id: &str, key: &str) -> Outcome {
    let (state, _) = cx.view();
    let value = group_of(&state, id)?.variables.get(key);
    let value = value.ok_or_else(|| not_found(key))?;
    Ok(ok(shown::variable(key, value)))
}

fn put_variable(cx: &mut Cx<'_>, id: &str, key: &str) -> Outcome {
    group_of(cx.current(), id)?;
    let value = variables::value(cx, key, body(cx.request)?)?;
    let outcome = change(cx, id, |group| {
        group.variables.insert(key.to_owned(), value);
    });
    deploy_linked(cx, id);
    outcome
}

fn delete_variable(cx: &mut Cx<'_>, id: &str, key: &str) -> Outcome {
    if !group_of(cx.current(), id)?.variables.contains_key(key) {
        return Err(not_found(key));
    }
    change(cx, id, |group| {
        group.variables.remove(key);
    })?;
    deploy_linked(cx, id);
    Ok(no_content())
}

/// Where a world's Render does so, a changed variable deploys every service that has the group.
fn deploy_linked(cx: &mut Cx<'_>, id: &str) {
    if !cx.hub.scenario.render.groups_deploy {
        return;
    }
    let state = cx.current();
    let links = state.groups.get(id).map(|group| group.links.clone());
    let services = links.unwrap_or_default().into_iter();
    let services: Vec<Arc<Server>> = services
        .filter_map(|link| state.services.get(&link).cloned())
        .filter(|service| !service.suspended)
        .collect();
    for service in services {
        let by = (&mut *cx.book, MadeBy::World);
        let why = ("service_updated", None);
        cx.hub.deploy(cx.visit.now, &service, why, cx.around, by);
    }
}

fn file(cx: &Cx<'_>, id: &str, name: &str) -> Outcome {
    let (state, _) = cx.view();
    let content = group_of(&state, id)?.files.get(name);
    let content = content.ok_or_else(|| not_found(name))?;
    Ok(ok(serde_json::json!({ "name": name, "content": content })))
}

fn put_file(cx: &mut Cx<'_>, id: &str, name: &str) -> Outcome {
    let mut files = group_of(cx.current(), id)?.files.clone();
    let content = text(body(cx.request)?, "content")?.unwrap_or_default();
    files.insert(name.to_owned(), content.to_owned());
    fits(&files)?;
    change(cx, id, |group| group.files = files)
}

fn delete_file(cx: &mut Cx<'_>, id: &str, name: &str) -> Outcome {
    if !group_of(cx.current(), id)?.files.contains_key(name) {
        return Err(not_found(name));
    }
    change(cx, id, |group| {
        group.files.remove(name);
    })?;
    Ok(no_content())
}

impl Render {
    /// Projects are no part of this world, apart from the environments that its groups are limited to.
    fn knows_environment(&self, id: &str) -> bool {
        let groups = self.scenario.render.groups.iter();
        let mut known = groups.filter_map(|group| group.environment.as_deref());
        known.any(|known| known == id)
    }

    fn edit(&mut self, at: Timestamp, id: &str, edit: impl FnOnce(&mut Group)) {
        self.state.change(at, |state| {
            if let Some(group) = state.groups.get_mut(id) {
                let group = Arc::make_mut(group);
                edit(group);
                group.updated_at = at;
            }
        });
    }

    /// A person switches a group's `NODE_ENV` over, or gives it one.
    pub(super) fn edit_group(&mut self, now: Timestamp, name: &str) -> Result<String, String> {
        let groups = &self.state.current().groups;
        let found = groups.values().find(|group| group.name == name);
        let found = found.ok_or_else(|| format!("there is no group {name} at Render"))?;
        let id = found.id.clone();
        let other = match found.variables.get("NODE_ENV").map(String::as_str) {
            Some("production") => "development",
            _ => "production",
        };
        self.edit(now, &id, |group| {
            let value = other.to_owned();
            group.variables.insert("NODE_ENV".to_owned(), value);
        });
        Ok(format!("NODE_ENV of {name} is {other} now."))
    }
}
