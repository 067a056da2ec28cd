//! Pull requests: find, open, look at, change.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::access::Need;
use super::deed::{Draft, Event};
use super::rules;
use super::state::{Look, Pull};
use super::wire::{Outcome, no_content, not_found, not_supplied, ok, page, refuse, reply, stamp};
use super::{Cx, Route, body, graph, merge, refs, to};
use crate::seam::transport::Method;

pub fn route(method: Method, rest: &[&str]) -> Option<Route> {
    let read = Need::read("pull_requests");
    let write = Need::write("pull_requests");
    let contents = Need::write("contents");
    match (method, rest) {
        (Method::Get, ["pulls"]) => to(read, "pulls/pulls#list-pull-requests", list),
        (Method::Post, ["pulls"]) => to(write, "pulls/pulls#create-a-pull-request", create),
        (Method::Get, ["commits", sha, "pulls"]) => {
            let sha = (*sha).to_owned();
            let doc = "commits/commits#list-pull-requests-associated-with-a-commit";
            to(read, doc, move |cx| of_commit(cx, &sha))
        }
        (_, ["pulls", number, below @ ..]) => {
            let number: u64 = number.parse().ok()?;
            match (method, below) {
                (Method::Get, []) => to(read, "pulls/pulls#get-a-pull-request", {
                    move |cx| get(cx, number)
                }),
                (Method::Patch, []) => to(write, "pulls/pulls#update-a-pull-request", move |cx| {
                    update(cx, number)
                }),
                (Method::Get, ["files"]) => {
                    to(read, "pulls/pulls#list-pull-requests-files", move |cx| {
                        files(cx, number)
                    })
                }
                (Method::Get, ["commits"]) => {
                    to(read, "pulls/pulls#list-commits-on-a-pull-request", {
                        move |cx| commits(cx, number)
                    })
                }
                (Method::Get, ["merge"]) => to(
                    Need::read("contents"),
                    "pulls/pulls#check-if-a-pull-request-has-been-merged",
                    move |cx| merged(cx, number),
                ),
                (Method::Put, ["merge"]) => {
                    to(contents, "pulls/pulls#merge-a-pull-request", move |cx| {
                        merge::merge(cx, number)
                    })
                }
                (Method::Put, ["update-branch"]) => {
                    to(write, "pulls/pulls#update-a-pull-request-branch", {
                        move |cx| update_branch(cx, number)
                    })
                }
                _ => None,
            }
        }
        _ => None,
    }
}

fn list(cx: &mut Cx<'_>) -> Outcome {
    let view = cx.list_view();
    let look = view.look();
    let state = cx.request.query("state").unwrap_or("open");
    // Without its owner in front, the head is no filter at all.
    let head = cx
        .request
        .query("head")
        .and_then(|head| head.split_once(':'))
        .map(|(owner, branch)| (owner.to_owned(), branch.to_owned()));
    let base = cx.request.query("base");
    let owner = &look.scenario.repository.owner;
    let mut pulls: Vec<&Pull> = look
        .repo
        .pulls
        .values()
        .map(AsRef::as_ref)
        .filter(|pull| state == "all" || pull.open == (state == "open"))
        .filter(|pull| base.is_none_or(|base| pull.base == base))
        .filter(|pull| {
            head.as_ref()
                .is_none_or(|(of, branch)| of.eq_ignore_ascii_case(owner) && pull.head == *branch)
        })
        .collect();
    if cx.request.query("sort") == Some("updated") {
        pulls.sort_by_key(|pull| (pull.updated_at, pull.number));
    }
    if cx.request.query("direction") != Some("asc") {
        pulls.reverse();
    }
    let items = pulls
        .into_iter()
        .map(|pull| simple(cx, &look, pull))
        .collect();
    Ok(page(cx.request, items))
}

fn of_commit(cx: &mut Cx<'_>, sha: &str) -> Outcome {
    let view = cx.list_view();
    let look = view.look();
    let carries = |pull: &Pull| {
        pull.merged.as_ref().is_some_and(|merged| merged.sha == sha)
            || look.objects.ancestors(&pull.head_sha).contains(sha)
                && !look.objects.ancestors(&pull.base_sha).contains(sha)
    };
    let items = look
        .repo
        .pulls
        .values()
        .filter(|pull| carries(pull))
        .map(|pull| simple(cx, &look, pull))
        .collect();
    Ok(page(cx.request, items))
}

fn create(cx: &mut Cx<'_>) -> Outcome {
    let request = cx.request;
    let base = request.need("base")?;
    let head = request.need("head")?;
    let title = request
        .text("title")
        .filter(|title| !title.trim().is_empty());
    let title = title.ok_or_else(|| not_supplied("title"))?.to_owned();
    let head = match head.split_once(':') {
        Some((owner, branch)) if owner.eq_ignore_ascii_case(&cx.hub.scenario.repository.owner) => {
            branch.to_owned()
        }
        Some(_) => return Err(refs::branch_invalid("head")),
        None => head,
    };
    // This call reads refs from a replica: what was pushed a moment ago may not be there yet.
    let lagged = cx.view();
    let seen = lagged.look();
    let base_sha = seen
        .repo
        .branches
        .get(&base)
        .ok_or_else(|| refs::branch_invalid("base"))?;
    let head_sha = seen
        .repo
        .branches
        .get(&head)
        .ok_or_else(|| refs::branch_invalid("head"))?;
    let open = |pull: &&std::sync::Arc<Pull>| pull.open && pull.head == head && pull.base == base;
    if cx.hub.repo.pulls.values().any(|pull| open(&pull)) {
        let owner = &cx.hub.scenario.repository.owner;
        let message = format!("A pull request already exists for {owner}:{head}.");
        return Err(refs::pull_refusal(&message));
    }
    if graph::only_in(seen.objects, head_sha, base_sha).is_empty() {
        let message = format!("No commits between {base} and {head}");
        return Err(refs::pull_refusal(&message));
    }
    let still = |branch: &String| cx.hub.repo.branches.contains_key(branch);
    if !still(&base) || !still(&head) {
        return Err(refs::branch_invalid("head"));
    }
    let draft = Draft {
        body: request.text("body").map(str::to_owned),
        draft: request.field("draft") == Some(&Value::Bool(true)),
        title,
        head,
        base,
    };
    let number = cx.hub.open_pull(&mut cx.hand, draft);
    let view = cx.current();
    let look = view.look();
    let pull = look.repo.pulls.get(&number).ok_or_else(not_found)?;
    let mut reply = reply(201, full(cx, &look, pull));
    let url = format!(
        "{}/pulls/{number}",
        body::repo_url(&request.base, look.scenario)
    );
    reply.headers.push(("location", url));
    Ok(reply)
}

fn get(cx: &mut Cx<'_>, number: u64) -> Outcome {
    let view = cx.view();
    let look = view.look();
    let pull = look.repo.pulls.get(&number).ok_or_else(not_found)?;
    Ok(ok(full(cx, &look, pull)))
}

fn update(cx: &mut Cx<'_>, number: u64) -> Outcome {
    let request = cx.request;
    let at = cx.hand.at;
    let pull = cx
        .hub
        .repo
        .pulls
        .get(&number)
        .cloned()
        .ok_or_else(not_found)?;
    let state = request.text("state");
    if !matches!(state, None | Some("open" | "closed")) {
        return Err(refuse(
            422,
            "Invalid request.\n\nstate is not open or closed.",
        ));
    }
    if let Some(base) = request.text("base")
        && !cx.hub.repo.branches.contains_key(base)
    {
        return Err(refs::branch_invalid("base"));
    }
    if state == Some("open") && !pull.open {
        let heads = &cx.hub.repo.branches;
        if pull.merged.is_some() || !heads.contains_key(&pull.head) {
            return Err(refs::pull_refusal("state cannot be changed."));
        }
    }
    let text = |name: &str| request.text(name).map(str::to_owned);
    let (title, body, base) = (text("title"), text("body"), text("base"));
    cx.hub.edit_pull(at, number, |pull| {
        if let Some(title) = title {
            pull.title = title;
        }
        if body.is_some() {
            pull.body = body;
        }
        if let Some(base) = base {
            pull.base = base;
            pull.mergeable_at = at + jiff::SignedDuration::from_secs(3);
        }
        match state {
            Some("closed") if pull.open => pull.close(at),
            Some("open") if !pull.open => {
                pull.open = true;
                pull.closed_at = None;
            }
            _ => {}
        }
        pull.updated_at = at;
    });
    cx.hub.expect_reviews(at);
    let view = cx.current();
    let look = view.look();
    let pull = look.repo.pulls.get(&number).ok_or_else(not_found)?;
    Ok(ok(full(cx, &look, pull)))
}

/// Where the pull request's own commits begin: a merged one keeps the base it was merged into.
fn from(look: &Look<'_>, pull: &Pull) -> String {
    let tip = look.repo.branches.get(&pull.base).unwrap_or(&pull.base_sha);
    let base = if pull.open { tip } else { &pull.base_sha };
    graph::merge_base(look.objects, base, &pull.head_sha).unwrap_or_else(|| base.clone())
}

fn files(cx: &mut Cx<'_>, number: u64) -> Outcome {
    let view = cx.view();
    let look = view.look();
    let pull = look.repo.pulls.get(&number).ok_or_else(not_found)?;
    let from = from(&look, pull);
    let items = body::diff_entries(&cx.request.base, &look, &from, &pull.head_sha);
    Ok(page(cx.request, items))
}

fn commits(cx: &mut Cx<'_>, number: u64) -> Outcome {
    let view = cx.view();
    let look = view.look();
    let pull = look.repo.pulls.get(&number).ok_or_else(not_found)?;
    let own = graph::only_in(look.objects, &pull.head_sha, &from(&look, pull));
    let base = &cx.request.base;
    let items = own
        .iter()
        .map(|sha| body::commit_of(base, &look, sha))
        .collect();
    Ok(page(cx.request, items))
}

fn merged(cx: &mut Cx<'_>, number: u64) -> Outcome {
    let view = cx.view();
    let pull = view.repo.pulls.get(&number).ok_or_else(not_found)?;
    pull.merged
        .as_ref()
        .map(|_| no_content())
        .ok_or_else(not_found)
}

fn update_branch(cx: &mut Cx<'_>, number: u64) -> Outcome {
    let pull = cx
        .hub
        .repo
        .pulls
        .get(&number)
        .cloned()
        .ok_or_else(not_found)?;
    let expected = cx.request.text("expected_head_sha");
    if expected.is_some_and(|sha| sha != pull.head_sha) {
        return Err(refuse(
            422,
            "expected head sha didn’t match current head ref.",
        ));
    }
    let base = cx
        .hub
        .repo
        .branches
        .get(&pull.base)
        .cloned()
        .unwrap_or_default();
    if graph::only_in(&cx.hub.objects, &base, &pull.head_sha).is_empty() {
        return Err(refuse(422, "There are no new commits on the base branch."));
    }
    if graph::merge(&cx.hub.objects, &pull.head_sha, &base).is_err() {
        return Err(refuse(422, "merge conflict between base and head"));
    }
    let due = cx.hand.at + jiff::SignedDuration::from_secs(2);
    let by = cx.hand.login.clone();
    cx.hub.later(due, Event::UpdateHead { pull: number, by });
    let url = body::repo_url(&cx.request.base, &cx.hub.scenario);
    Ok(reply(
        202,
        json!({
            "message": "Updating pull request branch.",
            "url": format!("{url}/pulls/{number}"),
        }),
    ))
}

/// A pull request as lists show it.
pub fn simple(cx: &Cx<'_>, look: &Look<'_>, pull: &Pull) -> Value {
    let base = &cx.request.base;
    let scenario = look.scenario;
    let url = body::repo_url(base, scenario);
    let html = format!("{}/pull/{}", body::html_url(scenario), pull.number);
    let api = format!("{url}/pulls/{}", pull.number);
    let user = |login: &str| body::user(base, scenario, login);
    let date = |at: Option<Timestamp>| at.map(stamp);
    let repository = body::repository(base, look, cx.hub.seed);
    let side = |branch: &str, sha: &str| {
        let label = format!("{}:{branch}", scenario.repository.owner);
        let mut side = json!({ "label": label, "ref": branch, "sha": sha });
        body::put(&mut side, "user", user(&scenario.repository.owner));
        body::put(&mut side, "repo", repository.clone());
        side
    };
    let mut out = json!({
        "url": api,
        "id": pull.id,
        "node_id": body::node_id("PullRequest", pull.id),
        "html_url": html,
        "diff_url": format!("{html}.diff"),
        "patch_url": format!("{html}.patch"),
        "number": pull.number,
        "state": if pull.open { "open" } else { "closed" },
        "locked": false,
        "title": pull.title,
        "body": pull.body,
        "created_at": stamp(pull.created_at),
        "updated_at": stamp(pull.updated_at),
        "closed_at": date(pull.closed_at),
        "merged_at": date(pull.merged.as_ref().map(|merged| merged.at)),
        "merge_commit_sha": pull.merged.as_ref().map(|merged| merged.sha.clone()),
        "assignee": null,
        "assignees": [],
        "requested_reviewers": pull.requested.iter().map(|login| user(login)).collect::<Vec<_>>(),
        "requested_teams": [],
        "labels": [],
        "milestone": null,
        "draft": pull.draft,
    });
    body::put(&mut out, "user", user(&pull.by));
    body::put(&mut out, "head", side(&pull.head, &pull.head_sha));
    body::put(&mut out, "base", side(&pull.base, &pull.base_sha));
    body::merge(&mut out, addresses(base, look, pull));
    out
}

/// Where the parts of a pull request are found.
fn addresses(base: &str, look: &Look<'_>, pull: &Pull) -> Value {
    let scenario = look.scenario;
    let url = body::repo_url(base, scenario);
    let html = format!("{}/pull/{}", body::html_url(scenario), pull.number);
    let api = format!("{url}/pulls/{}", pull.number);
    let issue = format!("{url}/issues/{}", pull.number);
    let statuses = format!("{url}/statuses/{}", pull.head_sha);
    let comment = format!("{url}/pulls/comments{{/number}}");
    json!({
        "issue_url": issue,
        "commits_url": format!("{api}/commits"),
        "review_comments_url": format!("{api}/comments"),
        "review_comment_url": comment,
        "comments_url": format!("{issue}/comments"),
        "statuses_url": statuses,
        "author_association": body::association(scenario, &pull.by),
        "auto_merge": null,
        "active_lock_reason": null,
        "_links": {
            "self": { "href": api },
            "html": { "href": html },
            "issue": { "href": issue },
            "comments": { "href": format!("{issue}/comments") },
            "review_comments": { "href": format!("{api}/comments") },
            "review_comment": { "href": comment },
            "commits": { "href": format!("{api}/commits") },
            "statuses": { "href": statuses },
        },
    })
}

/// A pull request on its own.
pub fn full(cx: &Cx<'_>, look: &Look<'_>, pull: &Pull) -> Value {
    let mut body = simple(cx, look, pull);
    let base = &cx.request.base;
    let from = from(look, pull);
    let files = graph::diff(look.objects, &from, &pull.head_sha);
    let mergeable = look.mergeable(pull);
    let login = &look.scenario.user.login;
    let state = rules::mergeable_state(look, pull, mergeable, login);
    let merged_by = pull
        .merged
        .as_ref()
        .map(|merged| body::user(base, look.scenario, &merged.by));
    body::merge(
        &mut body,
        json!({
            "merged": pull.merged.is_some(),
            "mergeable": mergeable,
            "rebaseable": mergeable,
            "mergeable_state": state,
            "merged_by": merged_by,
            "comments": 0,
            "review_comments": 0,
            "maintainer_can_modify": false,
            "commits": graph::only_in(look.objects, &pull.head_sha, &from).len(),
            "additions": files.iter().map(|file| file.additions).sum::<usize>(),
            "deletions": files.iter().map(|file| file.deletions).sum::<usize>(),
            "changed_files": files.len(),
        }),
    );
    body
}
