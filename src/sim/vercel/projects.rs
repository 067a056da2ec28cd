//! Projects: found, listed, made, changed and deleted.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::{Map, Value, json};

use super::account::Scope;
use super::state::{Link, Project};
use super::wire::{Outcome, Reply, ms, no_content, not_found, ok, refuse};
use super::{Cx, Vercel, fields, link};
use crate::sim::ledger::{MadeBy, Provider};

pub fn missing(key: &str) -> Box<Reply> {
    not_found(&format!("project: {key}"))
}

pub fn one(cx: &mut Cx<'_>, key: &str) -> Outcome {
    let scope = cx.scope()?;
    let view = cx.view();
    let project = view
        .state
        .project(&scope.owner, key)
        .ok_or_else(|| missing(key))?;
    Ok(ok(cx.hub.project_body(&view, project)))
}

/// The projects of the scope, the one changed last first.
pub fn list(cx: &mut Cx<'_>) -> Outcome {
    let scope = cx.scope()?;
    let view = cx.list_view();
    let request = cx.request;
    let search = request.query("search").unwrap_or_default().to_lowercase();
    let limit = request
        .query("limit")
        .map_or(Ok(20), str::parse::<usize>)
        .map_err(|_| super::wire::invalid("`limit` should be number."))?
        .clamp(1, 100);
    let from = request.query("from").map(|from| {
        let digits = from.strip_prefix("after-").unwrap_or(from);
        digits.parse::<i64>().unwrap_or(i64::MAX)
    });
    let mut found: Vec<&Arc<Project>> = view
        .state
        .projects
        .values()
        .filter(|project| {
            project.owner == scope.owner
                && project.name.contains(&search)
                && from.is_none_or(|from| project.updated < from)
                && of_repository(project, request)
        })
        .collect();
    found.sort_by_key(|project| std::cmp::Reverse(project.updated));
    let more = found.len() > limit;
    found.truncate(limit);
    let last = found.last().filter(|_| more).map(|project| project.updated);
    let pagination = if cx.hub.spec().odd.page_words {
        json!({ "count": found.len(), "next": last.map(|last| format!("after-{last}")) })
    } else {
        let first = found.first().map(|project| project.updated);
        json!({ "count": found.len(), "next": last, "prev": first })
    };
    let bodies: Vec<Value> = found
        .iter()
        .map(|project| cx.hub.project_body(&view, project))
        .collect();
    Ok(ok(json!({ "projects": bodies, "pagination": pagination })))
}

fn of_repository(project: &Project, request: &super::wire::Request) -> bool {
    let source = project.link.as_ref().map(|link| &link.source);
    let has = |wanted: Option<&str>, fits: &dyn Fn(&super::state::Source, &str) -> bool| {
        wanted.is_none_or(|wanted| source.is_some_and(|source| fits(source, wanted)))
    };
    has(request.query("repo"), &|source, name| {
        source.is(name) || source.repo.eq_ignore_ascii_case(name)
    }) && has(request.query("repoId"), &|source, id| {
        source.repo_id.to_string() == id
    }) && has(request.query("repoUrl"), &|source, url| {
        url.strip_prefix("https://github.com/")
            .is_some_and(|name| source.is(name))
    })
}

pub fn create(cx: &mut Cx<'_>) -> Outcome {
    let scope = cx.scope()?;
    scope.changes_projects()?;
    let mut body = fields::of_create(cx.request.body.as_ref())?;
    let name = match body.remove("name") {
        Some(Value::String(name)) => name,
        _ => String::new(),
    };
    free(cx, &scope, &name)?;
    // Refused here, no project is left behind.
    let link = match body.remove("gitRepository") {
        Some(repository) => Some(link::connect(cx, &scope, &repository)?),
        None => None,
    };
    let id = make(cx, &scope, &name, body, link);
    cx.shown(&id)
}

/// Refuses a name that another project of the scope has.
fn free(cx: &Cx<'_>, scope: &Scope, name: &str) -> Result<(), Box<Reply>> {
    let state = cx.hub.state.current();
    let mut own = state.projects.values();
    match own.any(|project| project.owner == scope.owner && project.name == name) {
        false => Ok(()),
        true => Err(refuse(
            409,
            "conflict",
            &format!("Project \"{name}\" already exists, please use a new name."),
        )),
    }
}

/// Makes a project, whose name is free; its id.
pub fn make(
    cx: &mut Cx<'_>,
    scope: &Scope,
    name: &str,
    sent: Map<String, Value>,
    link: Option<Link>,
) -> String {
    let id = cx.hub.new_id("prj_", 28);
    let at = cx.now();
    let mut settings = cx.hub.default_settings();
    put(&mut settings, sent);
    let project = Project {
        id: id.clone(),
        owner: scope.owner.clone(),
        name: name.to_owned(),
        settings,
        link,
        domains: vec![format!("{}.vercel.app", super::wire::label(name))],
        created: at,
        updated: ms(at),
        by: cx.hub.accounts.username.clone(),
        branch_elsewhere: cx.hub.spec().odd.branch_elsewhere,
        bypasses: BTreeMap::new(),
    };
    cx.hub.state.change(at, |state| {
        state.projects.insert(id.clone(), Arc::new(project));
    });
    cx.hub.touch(at, &id, |_| {});
    cx.book.made(
        Provider::Vercel,
        "project",
        &id,
        &scope.slug,
        name,
        MadeBy::Golive,
    );
    id
}

/// Puts what was sent among the settings; of objects only the members that were sent.
fn put(settings: &mut Map<String, Value>, sent: Map<String, Value>) {
    for (name, value) in sent {
        match (settings.get_mut(&name), value) {
            (Some(Value::Object(old)), Value::Object(new)) => old.extend(new),
            (_, value) => {
                settings.insert(name, value);
            }
        }
    }
}

pub fn change(cx: &mut Cx<'_>, key: &str) -> Outcome {
    let scope = cx.scope()?;
    scope.changes_projects()?;
    let mut body = fields::of_change(cx.request.body.as_ref())?;
    let project = cx.project(&scope, key)?;
    let at = cx.now();
    let name = body
        .remove("name")
        .and_then(|name| name.as_str().map(str::to_owned))
        .filter(|name| *name != project.name);
    if let Some(name) = &name {
        free(cx, &scope, name)?;
    }
    let mut settings = project.settings.clone();
    put(&mut settings, body);
    if settings != project.settings {
        cx.hub
            .touch(at, &project.id, |project| project.settings = settings);
    }
    if let Some(name) = &name {
        cx.hub.rename(at, &project.id, name, cx.book);
    }
    cx.shown(&project.id)
}

pub fn delete(cx: &mut Cx<'_>, key: &str) -> Outcome {
    let scope = cx.scope()?;
    scope.changes_projects()?;
    let project = cx.project(&scope, key)?;
    cx.hub.delete(cx.visit.now, &project.id, cx.book);
    Ok(no_content())
}

impl Vercel {
    /// The settings of a project that says nothing about them.
    pub fn default_settings(&self) -> Map<String, Value> {
        let node = self.spec().odd.node_version.as_deref().unwrap_or("22.x");
        let settings = json!({
            "autoExposeSystemEnvs": true,
            "autoAssignCustomDomains": true,
            "buildCommand": null,
            "commandForIgnoringBuildStep": null,
            "devCommand": null,
            "directoryListing": false,
            "framework": null,
            "gitForkProtection": true,
            "gitLFS": false,
            "installCommand": null,
            "nodeVersion": node,
            "outputDirectory": null,
            "publicSource": null,
            "resourceConfig": { "functionDefaultRegions": ["iad1"], "fluid": true },
            "rootDirectory": null,
            "sourceFilesOutsideRootDirectory": true,
            "ssoProtection": { "deploymentType": "all_except_custom_domains" },
        });
        match settings {
            Value::Object(settings) => settings,
            _ => Map::new(),
        }
    }
}
