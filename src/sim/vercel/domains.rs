//! A project's domains: added, proved, moved, changed and removed.

use std::sync::Arc;

use serde_json::{Value, json};

use super::account::Scope;
use super::state::{Domain, Project};
use super::wire::{Outcome, Reply, invalid, ms, not_found, ok, refuse, refuse_with};
use super::{Cx, View, projects};
use crate::seam::resolver::RecordKind;
use crate::sim::chance;
use crate::sim::ledger::{MadeBy, Provider};

const PROPERTIES: [&str; 5] = [
    "customEnvironmentId",
    "gitBranch",
    "name",
    "redirect",
    "redirectStatusCode",
];
/// What a redirect is when nothing is said.
const STATUS: u16 = 307;

fn missing(name: &str) -> Box<Reply> {
    not_found(&format!("project domain: {name}"))
}

/// A domain below `vercel.app` that a project got by itself.
fn own(project: &Project, name: &str) -> Value {
    json!({
        "name": name, "apexName": "vercel.app", "projectId": project.id, "redirect": null,
        "redirectStatusCode": null, "gitBranch": null, "verified": true,
        "createdAt": ms(project.created), "updatedAt": ms(project.created),
    })
}

pub fn body(domain: &Domain) -> Value {
    let mut body = json!({
        "name": domain.name,
        "apexName": domain.apex(),
        "projectId": domain.project,
        "redirect": domain.redirect.as_ref().map(|(name, _)| name),
        "redirectStatusCode": domain.redirect.as_ref().map(|(_, status)| status),
        "gitBranch": domain.branch,
        "verified": domain.verified,
        "createdAt": domain.created,
        "updatedAt": domain.updated,
    });
    if !domain.verified {
        let (at, value) = domain.proof();
        body["verification"] = json!([{
            "type": "TXT", "domain": at, "value": value, "reason": "pending_domain_verification",
        }]);
    }
    body
}

/// The name as Vercel keeps it.
fn plain(name: &str) -> String {
    name.trim().trim_end_matches('.').to_lowercase()
}

fn is_name(name: &str) -> bool {
    let label = |label: &str| {
        let plain = |c: char| c.is_ascii_alphanumeric() || c == '-';
        (1..=63).contains(&label.len())
            && label.chars().all(plain)
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    name.len() <= 253 && name.contains('.') && name.split('.').all(label)
}

/// The domains of a project, the one added last first.
pub fn list(cx: &mut Cx<'_>, key: &str) -> Outcome {
    let scope = cx.scope()?;
    let view = cx.list_view();
    let project = view.state.project(&scope.owner, key);
    let project = project.ok_or_else(|| projects::missing(key))?;
    let request = cx.request;
    let number = |name: &str| request.query(name).map(str::parse::<i64>).transpose();
    let numbers = || Ok((number("limit")?, number("until")?, number("since")?));
    let (limit, until, since) =
        numbers().map_err(|_: std::num::ParseIntError| invalid("a number was expected."))?;
    let limit = usize::try_from(limit.unwrap_or(20).clamp(1, 100)).unwrap_or(20);
    let flag = |name: &str| request.query(name).map(|text| text == "true");
    let added = view.state.domains_of(&project.id);
    let fits = |domain: &&Arc<Domain>| {
        let branch = request.query("gitBranch");
        let redirect = request.query("redirect");
        let to = domain.redirect.as_ref().map(|(name, _)| name.as_str());
        branch.is_none_or(|branch| domain.branch.as_deref() == Some(branch))
            && redirect.is_none_or(|redirect| to == Some(redirect))
            && flag("verified").is_none_or(|verified| domain.verified == verified)
            && flag("production").is_none_or(|production| domain.branch.is_none() == production)
            && flag("redirects").is_none_or(|redirects| redirects || to.is_none())
    };
    let mut found: Vec<(i64, Value)> = added
        .filter(fits)
        .map(|domain| (domain.created, body(domain)))
        .collect();
    // What is asked about a branch or a redirect is never one that the project got by itself.
    if ["gitBranch", "redirect"]
        .iter()
        .all(|name| request.query(name).is_none())
        && flag("verified") != Some(false)
        && flag("production") != Some(false)
    {
        let names = project.domains.iter();
        found.extend(names.map(|name| (ms(project.created), own(project, name))));
    }
    found.retain(|(created, _)| {
        until.is_none_or(|until| *created < until) && since.is_none_or(|since| *created > since)
    });
    found.sort_by_key(|(created, _)| std::cmp::Reverse(*created));
    if request.query("order") == Some("ASC") {
        found.reverse();
    }
    let more = found.len() > limit;
    found.truncate(limit);
    let next = found.last().filter(|_| more).map(|(created, _)| *created);
    let prev = found.first().map(|(created, _)| *created);
    let bodies: Vec<Value> = found.into_iter().map(|(_, body)| body).collect();
    Ok(ok(json!({
        "pagination": { "count": bodies.len(), "next": next, "prev": prev },
        "domains": bodies,
    })))
}

pub fn one(cx: &mut Cx<'_>, key: &str, name: &str) -> Outcome {
    let scope = cx.scope()?;
    let view = cx.view();
    let project = view.state.project(&scope.owner, key);
    let project = project.ok_or_else(|| projects::missing(key))?;
    let name = plain(name);
    if project.domains.contains(&name) {
        return Ok(ok(own(project, &name)));
    }
    let found = view.state.domains.get(&(project.id.clone(), name.clone()));
    Ok(ok(body(found.ok_or_else(|| missing(&name))?)))
}

/// What a call wants of a domain.
struct Wish {
    redirect: Option<(String, u16)>,
    branch: Option<String>,
}

/// Reads what a domain is to be; what is left out stays as it is with `old`.
fn wish(
    cx: &Cx<'_>,
    project: &Project,
    name: &str,
    old: Option<&Domain>,
) -> Result<Wish, Box<Reply>> {
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
    let text = |member: &str, old: Option<String>| match body.get(member) {
        None => Ok(old),
        Some(Value::Null) => Ok(None),
        Some(Value::String(text)) if text.len() <= 250 => Ok(Some(text.clone())),
        Some(_) => Err(invalid(&format!("`{member}` should be string."))),
    };
    let before = old.and_then(|old| old.redirect.clone());
    let branch = text("gitBranch", old.and_then(|old| old.branch.clone()))?;
    let redirect = text("redirect", before.as_ref().map(|(name, _)| name.clone()))?;
    let status = match body.get("redirectStatusCode") {
        None => before.map_or(STATUS, |(_, status)| status),
        Some(Value::Null) => STATUS,
        Some(status) => match status.as_u64() {
            Some(status @ (301 | 302 | 307 | 308)) => u16::try_from(status).unwrap_or(STATUS),
            _ => {
                return Err(invalid(
                    "`redirectStatusCode` should be equal to one of the allowed values.",
                ));
            }
        },
    };
    let redirect = redirect.map(|to| (plain(&to), status));
    check_branch(cx, project, branch.as_deref(), redirect.is_some())?;
    check_redirect(cx, project, name, redirect.as_ref())?;
    Ok(Wish { redirect, branch })
}

fn check_branch(
    cx: &Cx<'_>,
    project: &Project,
    branch: Option<&str>,
    redirects: bool,
) -> Result<(), Box<Reply>> {
    let Some(branch) = branch else {
        return Ok(());
    };
    if redirects {
        let message = "Can't set both a git branch and a redirect for the domain.";
        return Err(refuse(400, "bad_request", message));
    }
    let production = project.link.as_ref().map(|link| &link.production_branch);
    if production.is_some_and(|production| production == branch) {
        let message = format!(
            "Cannot set Production Branch \"{branch}\" for the domain. Remove the Git branch instead."
        );
        return Err(refuse(400, "bad_request", &message));
    }
    if !cx.has_branch(project, branch) {
        let message = format!("Branch \"{branch}\" not found in the connected Git repository.");
        return Err(refuse(400, "git_branch_not_found", &message));
    }
    Ok(())
}

fn check_redirect(
    cx: &Cx<'_>,
    project: &Project,
    name: &str,
    redirect: Option<&(String, u16)>,
) -> Result<(), Box<Reply>> {
    let Some((to, _)) = redirect else {
        return Ok(());
    };
    if to == name {
        let message = "A domain cannot redirect to itself.";
        return Err(refuse(400, "bad_request", message));
    }
    let state = cx.hub.state.current();
    let key = (project.id.clone(), to.clone());
    if state.domains.contains_key(&key) || project.domains.contains(to) {
        return Ok(());
    }
    let message = format!("The redirect \"{to}\" is not valid: it is not a domain of the project.");
    Err(refuse(400, "bad_request", &message))
}

pub fn add(cx: &mut Cx<'_>, key: &str) -> Outcome {
    let scope = cx.scope()?;
    scope.changes_projects()?;
    let project = cx.project(&scope, key)?;
    let Some(sent) = cx.request.text("name") else {
        return Err(invalid("missing required property `name`."));
    };
    let name = plain(sent);
    if !is_name(&name) {
        let message = format!("The domain \"{sent}\" is not valid.");
        return Err(refuse(400, "invalid_domain", &message));
    }
    let wish = wish(cx, &project, &name, None)?;
    let view = cx.current();
    let mut productions = view.state.deployments_of(&project.id);
    let latest = productions.find(|one| one.production);
    if latest.is_some_and(|latest| latest.stage(view.at) == "ERROR") {
        let message = "The domain can not be added because the latest production deployment for the project was not successful.";
        return Err(refuse(400, "bad_request", message));
    }
    free(cx, &view, &scope, &project, &name)?;
    let verified = !held(cx, &view, &project, &name)?;
    let at = cx.now();
    let salt = format!("challenge {} {name}", project.id);
    let challenge = chance::hex(cx.hub.seed, &salt, 20);
    let added = cx.hub.state.change(at, |state| {
        let stamp = state.stamp(at);
        let domain = Arc::new(Domain {
            name: name.clone(),
            project: project.id.clone(),
            redirect: wish.redirect,
            branch: wish.branch,
            verified,
            challenge,
            created: stamp,
            updated: stamp,
        });
        let key = (project.id.clone(), name.clone());
        state.domains.insert(key, Arc::clone(&domain));
        domain
    });
    let id = book_id(&project.id, &name);
    let by = MadeBy::Golive;
    cx.book
        .made(Provider::Vercel, "domain", &id, &project.id, &name, by);
    Ok(ok(body(&added)))
}

/// The ledger's id of a name on a project.
pub fn book_id(project: &str, name: &str) -> String {
    format!("{project}/{name}")
}

/// Refuses a name that a project of the same owner has.
fn free(
    cx: &Cx<'_>,
    view: &View,
    scope: &Scope,
    project: &Project,
    name: &str,
) -> Result<(), Box<Reply>> {
    let owned = |id: &str| view.state.projects.get(id);
    let mut domains = view.state.domains.values();
    let other = domains.find(|domain| {
        let owner = owned(&domain.project).map(|other| &other.owner);
        domain.name == name && owner == Some(&scope.owner)
    });
    let by_itself = || {
        let mut all = view.state.projects.values();
        let other = all.find(|other| other.domains.iter().any(|own| own == name));
        other.map(|other| other.id.clone())
    };
    let Some(other) = other
        .map(|domain| domain.project.clone())
        .or_else(by_itself)
    else {
        return Ok(());
    };
    if other == project.id {
        let message = format!("Cannot add {name} since it's already in use by this project.");
        return Err(refuse(400, "domain_already_in_use", &message));
    }
    if cx.hub.spec().odd.in_use_400 {
        let message = format!("Cannot add {name} since it's already assigned to another project.");
        return Err(refuse(400, "bad_request", &message));
    }
    let message = format!("Cannot add {name} since it's already in use by another project.");
    let beside = json!({ "projectId": other });
    Err(refuse_with(409, "domain_already_in_use", &message, beside))
}

/// Whether another account has the name, so that it must be proved; or the refusal, where it cannot even be.
fn held(cx: &Cx<'_>, view: &View, project: &Project, name: &str) -> Result<bool, Box<Reply>> {
    let held = &cx.hub.spec().held;
    if let Some(held) = held.iter().find(|held| held.name == name) {
        if held.refused {
            let message = format!("You don't have access to the domain {name}.");
            let beside = json!({ "domain": name });
            return Err(refuse_with(403, "forbidden", &message, beside));
        }
        return Ok(true);
    }
    let mut domains = view.state.domains.values();
    Ok(domains.any(|one| one.name == name && one.verified && one.project != project.id))
}

/// The domain that a write is about.
fn found(
    cx: &Cx<'_>,
    scope: &Scope,
    key: &str,
    name: &str,
) -> Result<(Arc<Project>, Arc<Domain>), Box<Reply>> {
    let project = cx.project(scope, key)?;
    let name = plain(name);
    let state = cx.hub.state.current();
    let domain = state.domains.get(&(project.id.clone(), name.clone()));
    let domain = domain.ok_or_else(|| missing(&name))?.clone();
    Ok((project, domain))
}

pub fn change(cx: &mut Cx<'_>, key: &str, name: &str) -> Outcome {
    let scope = cx.scope()?;
    scope.changes_projects()?;
    let (project, old) = found(cx, &scope, key, name)?;
    let wish = wish(cx, &project, &old.name, Some(&old))?;
    let changed = edit(cx, &old, |domain| {
        domain.redirect = wish.redirect;
        domain.branch = wish.branch;
    });
    Ok(ok(body(&changed)))
}

fn edit(cx: &mut Cx<'_>, old: &Domain, edit: impl FnOnce(&mut Domain)) -> Arc<Domain> {
    let at = cx.now();
    cx.hub.state.change(at, |state| {
        let mut domain = old.clone();
        edit(&mut domain);
        domain.updated = state.stamp(at);
        let domain = Arc::new(domain);
        let before = (old.project.clone(), old.name.clone());
        state.domains.remove(&before);
        let key = (domain.project.clone(), domain.name.clone());
        state.domains.insert(key, Arc::clone(&domain));
        domain
    })
}

pub fn remove(cx: &mut Cx<'_>, key: &str, name: &str) -> Outcome {
    let scope = cx.scope()?;
    scope.changes_projects()?;
    let (project, gone) = found(cx, &scope, key, name)?;
    let with_redirects = cx.request.field("removeRedirects") == Some(&Value::Bool(true));
    let state = cx.hub.state.current();
    let mut names = vec![gone.name.clone()];
    if with_redirects {
        let all = state.domains_of(&project.id);
        let there = |domain: &&Arc<Domain>| {
            let to = domain.redirect.as_ref().map(|(name, _)| name);
            to == Some(&gone.name)
        };
        names.extend(all.filter(there).map(|domain| domain.name.clone()));
    }
    let at = cx.now();
    for name in names {
        let key = (project.id.clone(), name.clone());
        cx.hub.state.change(at, |state| state.domains.remove(&key));
        let id = book_id(&project.id, &name);
        cx.book.gone(Provider::Vercel, "domain", &id);
    }
    Ok(ok(json!({})))
}

/// Looks for the TXT record that proves the name. Whoever had it before has to prove it again.
pub fn verify(cx: &mut Cx<'_>, key: &str, name: &str) -> Outcome {
    let scope = cx.scope()?;
    scope.changes_projects()?;
    let project = cx.project(&scope, key)?;
    let name = plain(name);
    let state = Arc::clone(&cx.current().state);
    let Some(domain) = state.domains.get(&(project.id.clone(), name.clone())) else {
        let message = format!("The domain {name} is not assigned to the project.");
        return Err(refuse(400, "project_domain_not_assigned", &message));
    };
    let (at, value) = domain.proof();
    if domain.verified {
        return Ok(ok(body(domain)));
    }
    let records = cx.around.zones.truth(cx.now(), &at, RecordKind::Txt);
    if !records.contains(&value) {
        return Err(unproved(&state, domain, &at, &value, &records));
    }
    let others: Vec<Arc<Domain>> = state
        .domains
        .values()
        .filter(|one| one.name == name && one.verified)
        .cloned()
        .collect();
    for other in others {
        let salt = format!("challenge {} {name} {}", other.project, ms(cx.now()));
        let challenge = chance::hex(cx.hub.seed, &salt, 20);
        edit(cx, &other, |other| {
            other.verified = false;
            other.challenge = challenge;
        });
    }
    let proved = edit(cx, domain, |domain| domain.verified = true);
    Ok(ok(body(&proved)))
}

/// Why a name is not proved yet. The codes but the first are not documented.
fn unproved(
    state: &super::state::State,
    domain: &Domain,
    at: &str,
    value: &str,
    records: &[String],
) -> Box<Reply> {
    let begin = format!("vc-domain-verify={},", domain.name);
    let own = records
        .iter()
        .filter_map(|record| record.strip_prefix(&begin));
    let found: Vec<&str> = own.collect();
    let elsewhere = |challenge: &&str| {
        let mut all = state.domains.values();
        all.any(|other| other.name == domain.name && other.challenge == **challenge)
    };
    if found.iter().any(elsewhere) {
        let message = format!(
            "There is an existing TXT record on {at} verifying the domain for another project."
        );
        return refuse(400, "existing_project_domain", &message);
    }
    if !found.is_empty() {
        let message =
            format!("The TXT record on {at} does not match the expected challenge \"{value}\".");
        return refuse(400, "invalid_txt_record", &message);
    }
    let message = format!("Domain {at} is missing required TXT Record \"{value}\"");
    refuse(400, "missing_txt_record", &message)
}

/// Gives a name to another project of the same owner.
pub fn move_to(cx: &mut Cx<'_>, key: &str, name: &str) -> Outcome {
    let scope = cx.scope()?;
    scope.changes_projects()?;
    let (project, domain) = found(cx, &scope, key, name)?;
    let Some(target) = cx.request.text("projectId") else {
        return Err(invalid("missing required property `projectId`."));
    };
    let target = cx.project(&scope, target)?;
    if target.id == project.id {
        let message = "The domain is already assigned to this project.";
        return Err(refuse(400, "bad_request", message));
    }
    let moved = edit(cx, &domain, |domain| {
        domain.project.clone_from(&target.id);
        // A branch or a redirect is one of the project that it leaves.
        domain.branch = None;
        domain.redirect = None;
    });
    let (old, new) = (
        book_id(&project.id, &domain.name),
        book_id(&target.id, &domain.name),
    );
    let vercel = Provider::Vercel;
    cx.book.gone(vercel, "domain", &old);
    let by = MadeBy::Golive;
    cx.book
        .made(vercel, "domain", &new, &target.id, &domain.name, by);
    Ok(ok(body(&moved)))
}
