//! What reports on a commit: check runs, commit statuses, workflow runs.

use serde_json::{Value, json};

use super::access::Need;
use super::state::Check;
use super::wire::{Outcome, not_found, ok, refuse, stamp, wrapped_page};
use super::{Cx, Route, View, body, refs, to};
use crate::seam::transport::Method;

pub fn route(method: Method, rest: &[&str]) -> Option<Route> {
    if method != Method::Get {
        return None;
    }
    match rest {
        ["commits", name @ .., "check-runs"] => {
            let name = name.join("/");
            to(
                Need::read("checks"),
                "checks/runs#list-check-runs-for-a-git-reference",
                move |cx| check_runs(cx, &name),
            )
        }
        ["commits", name @ .., "status"] => {
            let name = name.join("/");
            to(
                Need::read("statuses"),
                "commits/statuses#get-the-combined-status-for-a-specific-reference",
                move |cx| combined(cx, &name),
            )
        }
        ["actions", "runs"] => to(
            Need::read("actions"),
            "actions/workflow-runs#list-workflow-runs-for-a-repository",
            workflow_runs,
        ),
        _ => None,
    }
}

fn checks_of<'a>(view: &'a View, sha: &str, run: bool) -> impl Iterator<Item = &'a Check> {
    let checks = view.repo.checks.get(sha).map(AsRef::as_ref);
    let checks = checks.map(Vec::as_slice).unwrap_or_default();
    checks.iter().filter(move |check| check.run == run)
}

/// `completed` and how, or still under way.
fn state(check: &Check) -> (&'static str, Option<&'static str>) {
    match check.done {
        None => ("in_progress", None),
        Some((_, true)) => ("completed", Some("success")),
        Some((_, false)) => ("completed", Some("failure")),
    }
}

fn named(view: &View, name: &str) -> Result<String, Box<super::Reply>> {
    let message = format!("No commit found for SHA: {name}");
    refs::resolve(view, name).ok_or_else(|| refuse(422, &message))
}

fn check_runs(cx: &mut Cx<'_>, name: &str) -> Outcome {
    let view = cx.list_view();
    let sha = named(&view, name)?;
    let items = checks_of(&view, &sha, true)
        .filter(|check| {
            cx.request
                .query("check_name")
                .is_none_or(|name| check.name == name)
        })
        .map(|check| (check.id, check_run(cx, check, &sha)))
        .collect();
    Ok(wrapped_page(cx.request, "check_runs", cx.shuffled(items)))
}

fn check_run(cx: &Cx<'_>, check: &Check, sha: &str) -> Value {
    let url = body::repo_url(&cx.request.base, &cx.hub.scenario);
    let html = body::html_url(&cx.hub.scenario);
    let (status, conclusion) = state(check);
    let page = format!("{html}/actions/runs/{}/job/{}", check.id + 1, check.id);
    json!({
        "id": check.id,
        "name": check.name,
        "node_id": body::node_id("CheckRun", check.id),
        "head_sha": sha,
        "external_id": format!("{}", check.id + 2),
        "url": format!("{url}/check-runs/{}", check.id),
        "html_url": page,
        "details_url": page,
        "status": status,
        "conclusion": conclusion,
        "started_at": stamp(check.started_at),
        "completed_at": check.done.map(|(at, _)| stamp(at)),
        "output": {
            "title": null,
            "summary": null,
            "text": null,
            "annotations_count": 0,
            "annotations_url": format!("{url}/check-runs/{}/annotations", check.id),
        },
        "check_suite": { "id": check.id + 3 },
        "app": app(cx),
        "pull_requests": [],
    })
}

fn app(cx: &Cx<'_>) -> Value {
    json!({
        "id": 15368,
        "slug": "github-actions",
        "node_id": body::node_id("App", 15368),
        "owner": body::user(&cx.request.base, &cx.hub.scenario, "github"),
        "name": "GitHub Actions",
        "description": "Automate your workflow from idea to production",
        "external_url": "https://help.github.com/en/actions",
        "html_url": "https://github.com/apps/github-actions",
        "created_at": "2018-07-30T09:30:17Z",
        "updated_at": "2024-04-10T20:33:16Z",
        "permissions": { "checks": "write", "contents": "write", "metadata": "read" },
        "events": ["check_run", "push"],
    })
}

fn combined(cx: &mut Cx<'_>, name: &str) -> Outcome {
    let view = cx.list_view();
    let sha = named(&view, name)?;
    let url = body::repo_url(&cx.request.base, &cx.hub.scenario);
    let all: Vec<&Check> = checks_of(&view, &sha, false).collect();
    let word = |check: &Check| match check.done {
        None => "pending",
        Some((_, true)) => "success",
        Some((_, false)) => "failure",
    };
    // Nothing reported reads as pending too.
    let whole = if all.iter().any(|check| word(check) == "failure") {
        "failure"
    } else if all.is_empty() || all.iter().any(|check| word(check) == "pending") {
        "pending"
    } else {
        "success"
    };
    let statuses: Vec<(u64, Value)> = all
        .iter()
        .map(|check| {
            let item = json!({
                "url": format!("{url}/statuses/{sha}"),
                "avatar_url": "https://avatars.githubusercontent.com/in/8329?v=4",
                "id": check.id,
                "node_id": body::node_id("StatusContext", check.id),
                "state": word(check),
                "description": null,
                "target_url": format!("https://vercel.com/{}/{}", cx.hub.full_name(), &sha[..9]),
                "context": check.name,
                "created_at": stamp(check.started_at),
                "updated_at": stamp(check.done.map_or(check.started_at, |(at, _)| at)),
            });
            (check.id, item)
        })
        .collect();
    Ok(ok(json!({
        "state": whole,
        "statuses": cx.shuffled(statuses),
        "sha": sha,
        "total_count": all.len(),
        "repository": body::repository(&cx.request.base, &view.look(), cx.hub.seed),
        "commit_url": format!("{url}/commits/{sha}"),
        "url": format!("{url}/commits/{sha}/status"),
    })))
}

/// One workflow run for each check run.
fn workflow_runs(cx: &mut Cx<'_>) -> Outcome {
    let view = cx.list_view();
    let wanted = |field: &str, value: &str| cx.request.query(field).is_none_or(|w| w == value);
    let mut items = Vec::new();
    for (sha, checks) in &view.repo.checks {
        if !wanted("head_sha", sha) {
            continue;
        }
        let heads = view.repo.branches.iter();
        let branch = heads
            .clone()
            .find(|(_, tip)| *tip == sha)
            .map(|(name, _)| name);
        for (number, check) in (1..).zip(checks.iter().filter(|check| check.run)) {
            if branch.is_none_or(|branch| wanted("branch", branch)) {
                let body = workflow_run(cx, &view, check, sha, branch, number);
                items.push((check.started_at, check.id, body.ok_or_else(not_found)?));
            }
        }
    }
    items.sort_by_key(|(at, id, _)| std::cmp::Reverse((*at, *id)));
    let items = items.into_iter().map(|(_, _, body)| body).collect();
    Ok(wrapped_page(cx.request, "workflow_runs", items))
}

fn workflow_run(
    cx: &Cx<'_>,
    view: &View,
    check: &Check,
    sha: &str,
    branch: Option<&String>,
    number: u64,
) -> Option<Value> {
    let url = body::repo_url(&cx.request.base, &cx.hub.scenario);
    let html = body::html_url(&cx.hub.scenario);
    let commit = view.objects.commit(sha)?;
    let (status, conclusion) = state(check);
    let id = check.id + 1;
    let run = format!("{url}/actions/runs/{id}");
    let repository = body::repository(&cx.request.base, &view.look(), cx.hub.seed);
    let who = |who: &super::git::Signature| json!({ "name": who.name, "email": who.email });
    Some(json!({
        "id": id,
        "name": check.name,
        "node_id": body::node_id("WorkflowRun", id),
        "head_branch": branch,
        "head_sha": sha,
        "path": format!(".github/workflows/{}.yml", check.name),
        "display_title": commit.message.lines().next(),
        "run_number": number,
        "run_attempt": 1,
        "event": "push",
        "status": status,
        "conclusion": conclusion,
        "workflow_id": 4242,
        "check_suite_id": check.id + 3,
        "url": run,
        "html_url": format!("{html}/actions/runs/{id}"),
        "pull_requests": [],
        "created_at": stamp(check.started_at),
        "updated_at": stamp(check.done.map_or(check.started_at, |(at, _)| at)),
        "jobs_url": format!("{run}/jobs"),
        "logs_url": format!("{run}/logs"),
        "check_suite_url": format!("{url}/check-suites/{}", check.id + 3),
        "artifacts_url": format!("{run}/artifacts"),
        "cancel_url": format!("{run}/cancel"),
        "rerun_url": format!("{run}/rerun"),
        "workflow_url": format!("{url}/actions/workflows/4242"),
        "head_commit": {
            "id": sha,
            "tree_id": commit.tree,
            "message": commit.message,
            "timestamp": stamp(commit.committer.at),
            "author": who(&commit.author),
            "committer": who(&commit.committer),
        },
        "repository": repository,
        "head_repository": repository,
    }))
}
