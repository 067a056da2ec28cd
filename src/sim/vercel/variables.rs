//! Environment variables: listed, read, written, changed and deleted.

use std::sync::Arc;

use serde_json::{Value, json};

use super::account::Scope;
use super::state::{Kind, Project, Variable};
use super::wire::{Outcome, Reply, not_found, ok, reply};
use super::wish::{Refusal, Wish, admit, read};
use super::{Cx, Vercel, projects};
use crate::sim::chance;
use crate::sim::ledger::{MadeBy, Provider};

/// How many variables a page has.
const PAGE: usize = 100;

fn missing(id: &str) -> Box<Reply> {
    not_found(&format!("environment variable: {id}"))
}

/// All variables of a project, the one made last first. Of a branch only its own.
pub fn list(cx: &mut Cx<'_>, key: &str) -> Outcome {
    let scope = cx.scope()?;
    let view = cx.list_view();
    let project = view.state.project(&scope.owner, key);
    let project = project.ok_or_else(|| projects::missing(key))?;
    let request = cx.request;
    let clear = request.query("decrypt") == Some("true");
    let branch = request.query("gitBranch");
    let until = request.query("until").and_then(|text| text.parse().ok());
    let all = view.state.variables.values();
    let mut found: Vec<&Arc<Variable>> = all
        .filter(|one| {
            one.project == project.id
                && branch.is_none_or(|branch| one.branch.as_deref() == Some(branch))
                && until.is_none_or(|until: i64| one.created < until)
        })
        .collect();
    found.sort_by_key(|one| std::cmp::Reverse(one.created));
    let page = cx.hub.spec().odd.variables_a_page.unwrap_or(PAGE).max(1);
    let more = found.len() > page;
    found.truncate(page);
    let next = found.last().filter(|_| more).map(|one| one.created);
    let prev = found.first().map(|one| one.created);
    let bodies: Vec<Value> = found
        .iter()
        .map(|one| cx.hub.variable_body(one, clear))
        .collect();
    Ok(ok(json!({
        "envs": bodies,
        "pagination": { "count": bodies.len(), "next": next, "prev": prev },
    })))
}

/// One variable in clear, where it may be read.
pub fn one(cx: &mut Cx<'_>, key: &str, id: &str) -> Outcome {
    let scope = cx.scope()?;
    let view = cx.view();
    let project = view.state.project(&scope.owner, key);
    let project = project.ok_or_else(|| projects::missing(key))?;
    let found = view.state.variables.get(id);
    let found = found.filter(|one| one.project == project.id);
    let found = found.ok_or_else(|| missing(id))?;
    Ok(ok(cx.hub.variable_body(found, true)))
}

/// One variable, or several of which some may fail: then the reply is still 201.
pub fn create(cx: &mut Cx<'_>, key: &str) -> Outcome {
    let scope = cx.scope()?;
    scope.changes_projects()?;
    let project = cx.project(&scope, key)?;
    let body = cx.request.body.clone().unwrap_or_default();
    let Value::Array(list) = body else {
        let wish = read(&body, None)?;
        let made = put(cx, &scope, &project, wish).map_err(Refusal::reply)?;
        let created = cx.hub.variable_body(&made, false);
        return Ok(reply(201, json!({ "created": created, "failed": [] })));
    };
    // A body that does not fit is refused before anything of it is done.
    let wishes = list.iter().map(|one| read(one, None));
    let wishes: Vec<Wish> = wishes.collect::<Result<_, _>>()?;
    let (mut created, mut failed) = (Vec::new(), Vec::new());
    for wish in wishes {
        match put(cx, &scope, &project, wish) {
            Ok(made) => created.push(cx.hub.variable_body(&made, false)),
            Err(refusal) => failed.push(refusal.failed()),
        }
    }
    Ok(reply(201, json!({ "created": created, "failed": failed })))
}

/// Makes a variable. With `upsert`, one of the same key, targets and branch is written anew instead.
fn put(
    cx: &mut Cx<'_>,
    scope: &Scope,
    project: &Project,
    wish: Wish,
) -> Result<Arc<Variable>, Refusal> {
    let state = cx.hub.state.current();
    let mut all = state.variables.values();
    let same = all.find(|one| {
        one.project == project.id
            && one.key == wish.key
            && one.branch == wish.branch
            && one.targets == wish.targets
    });
    let upsert = cx.request.query("upsert") == Some("true");
    let old = same.filter(|_| upsert).cloned();
    let wish = admit(cx, scope, project, wish, old.as_deref())?;
    Ok(write(cx, &project.id, wish, old.as_deref()))
}

fn write(cx: &mut Cx<'_>, project: &str, wish: Wish, old: Option<&Variable>) -> Arc<Variable> {
    let id = match old {
        Some(old) => old.id.clone(),
        None => cx.hub.new_id("", 16),
    };
    let at = cx.now();
    let name = named(&wish);
    let made = cx.hub.state.change(at, |state| {
        let stamp = state.stamp(at);
        let variable = Arc::new(Variable {
            id: id.clone(),
            project: project.to_owned(),
            key: wish.key,
            value: wish.value,
            kind: wish.kind,
            targets: wish.targets,
            branch: wish.branch,
            comment: wish.comment,
            created: old.map_or(stamp, |old| old.created),
            updated: stamp,
        });
        state.variables.insert(id.clone(), Arc::clone(&variable));
        variable
    });
    match old {
        Some(_) => cx.book.renamed(Provider::Vercel, "variable", &id, &name),
        None => {
            let by = MadeBy::Golive;
            cx.book
                .made(Provider::Vercel, "variable", &id, project, &name, by);
        }
    }
    made
}

/// How the ledger calls it: its key, targets and branch.
fn named(wish: &Wish) -> String {
    let targets: Vec<&str> = wish.targets.iter().map(|one| one.as_str()).collect();
    let branch = wish.branch.iter().map(|branch| format!(" of {branch}"));
    let branch: String = branch.collect();
    format!("{} {}{branch}", wish.key, targets.join(","))
}

/// What a write is about: the project and the variable.
fn found(
    cx: &Cx<'_>,
    scope: &Scope,
    key: &str,
    id: &str,
) -> Result<(Arc<Project>, Arc<Variable>), Box<Reply>> {
    let project = cx.project(scope, key)?;
    let state = cx.hub.state.current();
    let variable = state.variables.get(id);
    let variable = variable.filter(|one| one.project == project.id);
    let variable = variable.ok_or_else(|| missing(id))?.clone();
    Ok((project, variable))
}

pub fn change(cx: &mut Cx<'_>, key: &str, id: &str) -> Outcome {
    let scope = cx.scope()?;
    scope.changes_projects()?;
    let (project, old) = found(cx, &scope, key, id)?;
    let wish = read(&cx.request.body.clone().unwrap_or_default(), Some(&old))?;
    let wish = admit(cx, &scope, &project, wish, Some(&old)).map_err(Refusal::reply)?;
    let made = write(cx, &project.id, wish, Some(&old));
    Ok(ok(cx.hub.variable_body(&made, false)))
}

pub fn delete(cx: &mut Cx<'_>, key: &str, id: &str) -> Outcome {
    let scope = cx.scope()?;
    scope.changes_projects()?;
    let (_, gone) = found(cx, &scope, key, id)?;
    let at = cx.now();
    cx.hub.state.change(at, |state| state.variables.remove(id));
    cx.book.gone(Provider::Vercel, "variable", id);
    Ok(ok(cx.hub.variable_body(&gone, false)))
}

impl Vercel {
    /// A variable; `clear` as it is read by who asks for its value.
    fn variable_body(&self, one: &Variable, clear: bool) -> Value {
        let (value, decrypted) = match one.kind {
            Kind::Sensitive => (String::new(), false),
            Kind::Plain => (one.value.clone(), clear),
            Kind::Encrypted if clear => (one.value.clone(), true),
            Kind::Encrypted => (self.cipher(one), false),
        };
        let mut targets = one.targets.iter().map(|target| target.as_str());
        let target = match self.spec().odd.bare_target && one.targets.len() == 1 {
            true => json!(targets.next()),
            false => json!(targets.collect::<Vec<_>>()),
        };
        let mut body = json!({
            "id": one.id,
            "key": one.key,
            "value": value,
            "type": one.kind.as_str(),
            "target": target,
            "configurationId": null,
            "createdAt": one.created,
            "updatedAt": one.updated,
            "createdBy": self.accounts.user_id,
            "updatedBy": null,
            "decrypted": decrypted,
        });
        if let Some(branch) = &one.branch {
            body["gitBranch"] = branch.clone().into();
        }
        if let Some(comment) = &one.comment {
            body["comment"] = comment.clone().into();
        }
        body
    }

    /// What stands in place of a value that nobody asked for in clear.
    fn cipher(&self, one: &Variable) -> String {
        let salt = format!("cipher {} {}", one.id, one.updated);
        format!("eyJ2IjoidjIi{}", chance::hex(self.seed, &salt, 40))
    }
}
