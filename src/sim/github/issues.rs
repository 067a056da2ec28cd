//! Issues and labels. Lists of issues show pull requests too.

use std::sync::Arc;

use serde_json::{Value, json};

use super::access::Need;
use super::deed::Hand;
use super::state::{Issue, Look, Pull};
use super::wire::{
    Outcome, Reply, encode, not_found, not_supplied, ok, page, refuse, reply, stamp,
};
use super::{Cx, Github, Route, body, to};
use crate::seam::transport::Method;
use crate::sim::ledger::Provider;
use crate::sim::scenario::Role;

pub fn route(method: Method, rest: &[&str]) -> Option<Route> {
    let read = Need::read("issues");
    let write = Need::write("issues");
    match (method, rest) {
        (Method::Get, ["issues"]) => to(read, "issues/issues#list-repository-issues", list),
        (Method::Post, ["issues"]) => to(write, "issues/issues#create-an-issue", create),
        (Method::Get, ["labels"]) => to(read, "issues/labels#list-labels-for-a-repository", labels),
        (_, ["issues", number]) => {
            let number: u64 = number.parse().ok()?;
            match method {
                Method::Get => to(read, "issues/issues#get-an-issue", move |cx| {
                    get(cx, number)
                }),
                Method::Patch => to(write, "issues/issues#update-an-issue", move |cx| {
                    update(cx, number)
                }),
                _ => None,
            }
        }
        _ => None,
    }
}

/// Issues can be switched off for a repository.
fn enabled(cx: &Cx<'_>) -> Result<(), Box<Reply>> {
    if cx.hub.scenario.repository.has_issues {
        return Ok(());
    }
    Err(refuse(410, "Issues are disabled for this repo"))
}

fn label_body(cx: &Cx<'_>, look: &Look<'_>, name: &str) -> Value {
    let id = look.repo.labels.get(name).copied().unwrap_or_default();
    let url = body::repo_url(&cx.request.base, look.scenario);
    json!({
        "id": id,
        "node_id": body::node_id("Label", id),
        "url": format!("{url}/labels/{}", encode(name)),
        "name": name,
        "description": null,
        "color": "ededed",
        "default": false,
    })
}

fn issue_body(cx: &Cx<'_>, look: &Look<'_>, issue: &Issue) -> Value {
    let base = &cx.request.base;
    let repository = body::repo_url(base, look.scenario);
    let url = format!("{repository}/issues/{}", issue.number);
    let labels = issue.labels.iter().map(|name| label_body(cx, look, name));
    json!({
        "id": issue.id,
        "node_id": body::node_id("Issue", issue.id),
        "url": url,
        "repository_url": repository,
        "labels_url": format!("{url}/labels{{/name}}"),
        "comments_url": format!("{url}/comments"),
        "events_url": format!("{url}/events"),
        "html_url": format!("{}/issues/{}", body::html_url(look.scenario), issue.number),
        "number": issue.number,
        "state": if issue.open { "open" } else { "closed" },
        "title": issue.title,
        "body": issue.body,
        "user": body::user(base, look.scenario, &issue.by),
        "labels": labels.collect::<Vec<_>>(),
        "assignee": null,
        "assignees": [],
        "milestone": null,
        "locked": false,
        "comments": 0,
        "author_association": body::association(look.scenario, &issue.by),
        "created_at": stamp(issue.created_at),
        "updated_at": stamp(issue.updated_at),
        "closed_at": issue.closed_at.map(stamp),
    })
}

/// A pull request in the clothes of an issue.
fn as_issue(cx: &Cx<'_>, look: &Look<'_>, pull: &Pull) -> Value {
    let issue = Issue {
        number: pull.number,
        id: pull.id,
        title: pull.title.clone(),
        body: pull.body.clone(),
        by: pull.by.clone(),
        labels: Vec::new(),
        open: pull.open,
        created_at: pull.created_at,
        updated_at: pull.updated_at,
        closed_at: pull.closed_at,
    };
    let mut out = issue_body(cx, look, &issue);
    let html = format!("{}/pull/{}", body::html_url(look.scenario), pull.number);
    let url = body::repo_url(&cx.request.base, look.scenario);
    let link = json!({
        "url": format!("{url}/pulls/{}", pull.number),
        "html_url": html,
        "diff_url": format!("{html}.diff"),
        "patch_url": format!("{html}.patch"),
        "merged_at": pull.merged.as_ref().map(|merged| stamp(merged.at)),
    });
    body::merge(&mut out, json!({ "html_url": html, "pull_request": link }));
    out
}

fn list(cx: &mut Cx<'_>) -> Outcome {
    enabled(cx)?;
    let view = cx.list_view();
    let look = view.look();
    let state = cx.request.query("state").unwrap_or("open");
    let wanted = |open: bool| state == "all" || open == (state == "open");
    let labels: Vec<&str> = cx
        .request
        .query("labels")
        .map(|labels| labels.split(',').filter(|l| !l.is_empty()).collect())
        .unwrap_or_default();
    let mut items: Vec<(u64, Value)> = look
        .repo
        .issues
        .values()
        .filter(|issue| wanted(issue.open))
        .filter(|issue| {
            labels
                .iter()
                .all(|l| issue.labels.iter().any(|known| known == l))
        })
        .map(|issue| (issue.number, issue_body(cx, &look, issue)))
        .collect();
    if labels.is_empty() {
        let pulls = look.repo.pulls.values().filter(|pull| wanted(pull.open));
        items.extend(pulls.map(|pull| (pull.number, as_issue(cx, &look, pull))));
    }
    items.sort_by_key(|(number, _)| std::cmp::Reverse(*number));
    let items = items.into_iter().map(|(_, body)| body).collect();
    Ok(page(cx.request, items))
}

impl Github {
    /// Opens an issue with its title and body; answers with its number.
    pub(super) fn open_issue(
        &mut self,
        hand: &mut Hand<'_>,
        (title, body): (String, Option<String>),
        labels: Vec<String>,
    ) -> u64 {
        let number = self.next_number;
        self.next_number += 1;
        let issue = Issue {
            number,
            id: self.new_id(),
            body,
            by: hand.login.clone(),
            open: true,
            created_at: hand.at,
            updated_at: hand.at,
            closed_at: None,
            title: title.clone(),
            labels,
        };
        self.change(hand.at, |repo| repo.issues.insert(number, Arc::new(issue)));
        let (id, parent) = (number.to_string(), self.full_name());
        let kind = "issue";
        hand.book
            .made(Provider::Github, kind, &id, &parent, &title, hand.by);
        number
    }
}

fn create(cx: &mut Cx<'_>) -> Outcome {
    enabled(cx)?;
    let request = cx.request;
    let title = request
        .text("title")
        .filter(|title| !title.trim().is_empty());
    let title = title.ok_or_else(|| not_supplied("title"))?.to_owned();
    let named = request.field("labels").and_then(Value::as_array);
    let mut labels: Vec<String> = named
        .into_iter()
        .flatten()
        .filter_map(|label| label.as_str().or(label["name"].as_str()))
        .map(str::to_owned)
        .collect();
    let at = cx.hand.at;
    let parent = cx.hub.full_name();
    // Without push access labels are left out without a word.
    if cx.hub.scenario.user.role < Role::Write {
        labels.clear();
    }
    for label in &labels {
        if !cx.hub.repo.labels.contains_key(label) {
            let id = cx.hub.new_id();
            cx.hub
                .change(at, |repo| repo.labels.insert(label.clone(), id));
            let by = cx.hand.by;
            cx.hand.book.made(
                Provider::Github,
                "label",
                &id.to_string(),
                &parent,
                label,
                by,
            );
        }
    }
    let text = (title, request.text("body").map(str::to_owned));
    let number = cx.hub.open_issue(&mut cx.hand, text, labels);
    let view = cx.current();
    let look = view.look();
    let issue = look.repo.issues.get(&number).ok_or_else(not_found)?;
    Ok(reply(201, issue_body(cx, &look, issue)))
}

fn get(cx: &mut Cx<'_>, number: u64) -> Outcome {
    let view = cx.view();
    let look = view.look();
    if let Some(pull) = look.repo.pulls.get(&number) {
        return Ok(ok(as_issue(cx, &look, pull)));
    }
    enabled(cx)?;
    let issue = look.repo.issues.get(&number).ok_or_else(not_found)?;
    Ok(ok(issue_body(cx, &look, issue)))
}

fn update(cx: &mut Cx<'_>, number: u64) -> Outcome {
    enabled(cx)?;
    if !cx.hub.repo.issues.contains_key(&number) {
        return Err(not_found());
    }
    let request = cx.request;
    let text = |name: &str| request.text(name).map(str::to_owned);
    let (title, body) = (text("title"), text("body"));
    let state = request.text("state");
    let at = cx.hand.at;
    cx.hub.change(at, |repo| {
        if let Some(issue) = repo.issues.get_mut(&number) {
            Arc::make_mut(issue).edit(at, title, body, state);
        }
    });
    let view = cx.current();
    let look = view.look();
    let issue = look.repo.issues.get(&number).ok_or_else(not_found)?;
    Ok(ok(issue_body(cx, &look, issue)))
}

impl Issue {
    fn edit(
        &mut self,
        at: jiff::Timestamp,
        title: Option<String>,
        body: Option<String>,
        state: Option<&str>,
    ) {
        if let Some(title) = title {
            self.title = title;
        }
        if body.is_some() {
            self.body = body;
        }
        match state {
            Some("closed") if self.open => (self.open, self.closed_at) = (false, Some(at)),
            Some("open") => (self.open, self.closed_at) = (true, None),
            _ => {}
        }
        self.updated_at = at;
    }
}

fn labels(cx: &mut Cx<'_>) -> Outcome {
    let view = cx.list_view();
    let look = view.look();
    let items = look
        .repo
        .labels
        .keys()
        .map(|name| label_body(cx, &look, name))
        .collect();
    Ok(page(cx.request, items))
}
