//! Deployments: listed, looked at, made, and what their builds wrote.

use std::sync::Arc;

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::account::Scope;
use super::build::Wish;
use super::spec::App;
use super::state::{Deployment, Line, Project};
use super::wire::{Body, Outcome, Reply, invalid, ms, not_found, ok, refuse};
use super::{Cx, View, projects};
use crate::sim::ledger::MadeBy;
use crate::sim::wire::Request;

fn missing(key: &str) -> Box<Reply> {
    not_found(&format!("deployment: {key}"))
}

/// A deployment by its id or by an address that leads to it.
fn find<'v>(view: &'v View, scope: &Scope, key: &str) -> Result<&'v Arc<Deployment>, Box<Reply>> {
    let all = view.state.deployments.values().rev();
    let mut own = all.filter(|one| one.owner == scope.owner);
    own.clone()
        .find(|one| one.id == key || one.url == key)
        .or_else(|| {
            own.find(|one| one.served(view.at) && one.aliases.iter().any(|alias| alias == key))
        })
        .ok_or_else(|| missing(key))
}

pub fn one(cx: &mut Cx<'_>, key: &str) -> Outcome {
    let scope = cx.scope()?;
    let view = cx.view();
    let found = find(&view, &scope, key)?;
    Ok(ok(cx.hub.deployment_body(&view, found)))
}

/// Deployments of the scope, newest first.
pub fn list(cx: &mut Cx<'_>) -> Outcome {
    let scope = cx.scope()?;
    let view = cx.list_view();
    let request = cx.request;
    let project = match request.query("projectId") {
        None => None,
        Some(key) => Some(
            view.state
                .project(&scope.owner, key)
                .ok_or_else(|| projects::missing(key))?,
        ),
    };
    let number = |name: &str| request.query(name).map(str::parse::<i64>).transpose();
    let numbers = || {
        let limit = number("limit")?.unwrap_or(20);
        let until = number("until")?.or(number("to")?);
        let since = number("since")?.or(number("from")?);
        Ok((limit, until, since))
    };
    let (limit, until, since) =
        numbers().map_err(|_: std::num::ParseIntError| invalid("a number was expected."))?;
    let limit = usize::try_from(limit.clamp(1, 100)).unwrap_or(20);
    let mut found: Vec<&Arc<Deployment>> = view
        .state
        .deployments
        .values()
        .rev()
        .filter(|one| {
            let created = ms(one.course.created);
            one.owner == scope.owner
                && project.is_none_or(|project| project.id == one.project)
                && until.is_none_or(|until| created < until)
                && since.is_none_or(|since| created > since)
                && wanted(one, request, view.at)
        })
        .collect();
    found.sort_by_key(|one| std::cmp::Reverse(one.course.created));
    let more = found.len() > limit;
    found.truncate(limit);
    let created = |one: &&Arc<Deployment>| ms(one.course.created);
    let next = found.last().filter(|_| more).map(created);
    let prev = found.first().map(created);
    let bodies: Vec<Value> = found
        .iter()
        .map(|one| cx.hub.listed_deployment(&view, one))
        .collect();
    Ok(ok(json!({
        "pagination": { "count": bodies.len(), "next": next, "prev": prev },
        "deployments": bodies,
    })))
}

fn wanted(one: &Deployment, request: &Request, at: Timestamp) -> bool {
    let is = |name: &str, fits: &dyn Fn(&str) -> bool| request.query(name).is_none_or(fits);
    is("target", &|target| {
        (target == "production") == one.production
    }) && is("branch", &|branch| branch == one.branch)
        && is("sha", &|sha| sha == one.sha)
        && is("app", &|app| app == one.name)
        && is("projectIds", &|ids| {
            ids.split(',').any(|id| id == one.project)
        })
        && is("state", &|states| {
            let stage = one.stage(at);
            states
                .split(',')
                .any(|state| state.eq_ignore_ascii_case(stage))
        })
}

/// The properties of a body; others are refused.
const PROPERTIES: [&str; 12] = [
    "customEnvironmentSlugOrId",
    "deploymentId",
    "files",
    "gitMetadata",
    "gitSource",
    "meta",
    "monorepoManager",
    "name",
    "project",
    "projectSettings",
    "target",
    "withLatestCommit",
];

pub fn create(cx: &mut Cx<'_>) -> Outcome {
    let scope = cx.scope()?;
    scope.deploys()?;
    let Some(Value::Object(body)) = &cx.request.body else {
        return Err(invalid("should be object."));
    };
    let unknown = body
        .keys()
        .find(|name| !PROPERTIES.contains(&name.as_str()));
    if let Some(name) = unknown {
        return Err(invalid(&format!(
            "should NOT have additional property `{name}`."
        )));
    }
    let Some(name) = cx.request.text("name") else {
        return Err(invalid("missing required property `name`."));
    };
    let production = match cx.request.text("target") {
        Some("production") => true,
        None | Some("preview" | "staging") => false,
        Some(target) => {
            let message = format!("Environment \"{target}\" could not be found.");
            return Err(refuse(400, "bad_request", &message));
        }
    };
    let meta = texts(cx.request.field("meta"))?;
    if cx.hub.spent(&scope.owner, cx.now()) {
        let limit = scope.plan.deployments_a_day();
        let message = format!(
            "Resource is limited - try again in 24 hours (more than {limit}, code: \"api-deployments-per-day\")."
        );
        return Err(refuse(402, "api-deployments-per-day", &message));
    }
    let (what, trigger) = content(cx, &scope)?;
    let project = target_project(cx, &scope, name)?;
    if what.project.as_ref().is_some_and(|id| *id != project.id) {
        return Err(missing(cx.request.text("deploymentId").unwrap_or_default()));
    }
    if cx.request.query("forceNew") != Some("1")
        && let Some(same) = similar(cx, &project, &what.sha, production)
    {
        return Ok(ok(cx.hub.deployment_body(&cx.current(), &same)));
    }
    let mut settings = project.settings.clone();
    if let Some(Value::Object(own)) = cx.request.field("projectSettings") {
        settings.extend(own.clone());
    }
    let wish = Wish {
        project,
        production,
        source: what.source,
        branch: what.branch,
        sha: what.sha,
        meta,
        trigger,
        settings,
        made_by: MadeBy::Golive,
    };
    let id = cx.hub.deploy(wish, cx.visit.now, cx.around.code, cx.book);
    let view = cx.current();
    let made = find(&view, &scope, &id)?;
    Ok(ok(cx.hub.deployment_body(&view, made)))
}

fn texts(meta: Option<&Value>) -> Result<Map<String, Value>, Box<Reply>> {
    match meta {
        None => Ok(Map::new()),
        Some(Value::Object(meta)) => match meta.iter().find(|(_, value)| !value.is_string()) {
            None => Ok(meta.clone()),
            Some((name, _)) => Err(invalid(&format!("`meta.{name}` should be string."))),
        },
        Some(_) => Err(invalid("`meta` should be object.")),
    }
}

/// What is to be built.
struct Content {
    /// The project of the deployment that is to be made again.
    project: Option<String>,
    source: super::state::Source,
    branch: String,
    sha: String,
}

/// A commit in the repository, or what an earlier deployment had. Files sent along are not part of this world.
fn content(cx: &Cx<'_>, scope: &Scope) -> Result<(Content, &'static str), Box<Reply>> {
    if let Some(id) = cx.request.text("deploymentId") {
        let view = cx.current();
        let old = find(&view, scope, id)?;
        let content = Content {
            project: Some(old.project.clone()),
            source: old.source.clone(),
            branch: old.branch.clone(),
            sha: old.sha.clone(),
        };
        return Ok((content, "redeploy"));
    }
    let Some(git) = cx.request.field("gitSource") else {
        return Err(refuse(400, "missing_files", "Missing files"));
    };
    let source = cx.source();
    let wrong = |message: &str| refuse(400, "incorrect_git_source_info", message);
    let text = |name: &str| git[name].as_str();
    let number = git["repoId"].as_str().map(str::to_owned);
    let number = number.or_else(|| Some(git["repoId"].as_u64()?.to_string()));
    let ours = match (number, text("org"), text("repo")) {
        (Some(number), _, _) => number == source.repo_id.to_string(),
        (None, Some(org), Some(repo)) => source.is(&format!("{org}/{repo}")),
        _ => return Err(invalid("`gitSource` should match exactly one schema.")),
    };
    let Some(branch) = text("ref") else {
        return Err(invalid("`gitSource` missing required property `ref`."));
    };
    let seen = ours && cx.hub.state.current().app == App::Sees;
    if text("type") != Some("github") || !seen {
        return Err(wrong("The provided GitHub repository can't be found."));
    }
    let head = cx.around.code.head(branch);
    let Some(head) = head else {
        return Err(wrong(&format!(
            "The provided ref \"{branch}\" can't be found."
        )));
    };
    let sha = text("sha").unwrap_or(&head);
    if cx.around.code.committed(sha).is_none() {
        return Err(wrong(&format!(
            "The provided commit \"{sha}\" can't be found."
        )));
    }
    let content = Content {
        project: None,
        source,
        branch: branch.to_owned(),
        sha: sha.to_owned(),
    };
    Ok((content, "api-trigger-git-deploy"))
}

/// The project that is named. A deployment in a name that no project has makes one, once its settings are confirmed.
fn target_project(cx: &mut Cx<'_>, scope: &Scope, name: &str) -> Result<Arc<Project>, Box<Reply>> {
    if let Some(key) = cx.request.text("project") {
        return cx.project(scope, key);
    }
    if let Ok(found) = cx.project(scope, name) {
        return Ok(found);
    }
    let confirmed = cx.request.query("skipAutoDetectionConfirmation") == Some("1")
        || cx.request.field("projectSettings").is_some();
    if !confirmed {
        return Err(refuse(
            400,
            "missing_project_settings",
            "The `projectSettings` object is required for new projects, but is missing in the deployment payload",
        ));
    }
    scope.changes_projects()?;
    super::fields::check_name(name)?;
    let id = projects::make(cx, scope, name, Map::new(), None);
    cx.project(scope, &id)
}

/// A deployment of the same commit to the same target, which is taken again unless a new one is forced.
fn similar(cx: &Cx<'_>, project: &Project, sha: &str, production: bool) -> Option<Arc<Deployment>> {
    let state = cx.hub.state.current();
    state
        .deployments_of(&project.id)
        .find(|one| one.sha == sha && one.production == production && one.failure.is_none())
        .cloned()
}

/// What the build wrote so far.
pub fn events(cx: &mut Cx<'_>, key: &str) -> Outcome {
    let scope = cx.scope()?;
    let view = cx.view();
    let found = find(&view, &scope, key)?;
    let request = cx.request;
    let limit = match request.query("limit").map(str::parse::<i64>) {
        None => 100,
        Some(Ok(-1)) => usize::MAX,
        Some(Ok(limit)) => usize::try_from(limit).unwrap_or(100),
        Some(Err(_)) => return Err(invalid("`limit` should be number.")),
    };
    let mut events: Vec<Value> = found
        .log
        .iter()
        .zip(0..)
        .filter(|(line, _)| line.at <= view.at)
        .map(|(line, place)| event(cx, found, line, place))
        .collect();
    if request.query("direction") == Some("backward") {
        events.reverse();
    }
    events.truncate(limit);
    if request.query("follow") != Some("1") {
        return Ok(ok(Value::Array(events)));
    }
    let lines: Vec<String> = events.iter().map(|event| format!("{event}\n")).collect();
    Ok(Reply {
        status: 200,
        body: Body::Raw(lines.concat().into_bytes(), "application/stream+json"),
        headers: Vec::new(),
    })
}

fn event(cx: &Cx<'_>, deployment: &Deployment, line: &Line, place: u32) -> Value {
    let at = ms(line.at);
    let id = format!("{at}{place:06}");
    let build = deployment.id.replacen("dpl_", "bld_", 1);
    let mut info = json!({ "type": "build", "name": build, "entrypoint": "." });
    let state = line.kind == "deployment-state";
    if state {
        info["readyState"] = line.text.clone().into();
    }
    let mut event = json!({
        "deploymentId": deployment.id,
        "id": id,
        "date": at,
        "serial": id,
        "created": at,
        "info": info,
    });
    if !state {
        event["text"] = line.text.clone().into();
    }
    if cx.hub.spec().odd.log_payload {
        return json!({ "type": line.kind, "created": at, "payload": event });
    }
    event["type"] = line.kind.into();
    event
}
