//! The repository itself, its branches, refs and comparisons.

use serde_json::{Value, json};

use super::access::Need;
use super::git::Sha;
use super::rules::{self, Push, Refused};
use super::state::{Look, role_of};
use super::wire::{Outcome, Reply, custom, encode, invalid, not_found, ok, page, refuse, reply};
use super::{Cx, Route, View, body, done, graph, protection, to};
use crate::seam::transport::Method;
use crate::sim::scenario::Role;

fn route_repository(method: Method, rest: &[&str]) -> Option<Route> {
    match (method, rest) {
        (Method::Get, []) => to(
            Need::read("metadata"),
            "repos/repos#get-a-repository",
            |cx| {
                let view = cx.view();
                let base = &cx.request.base;
                Ok(ok(body::full_repository(base, &view.look(), cx.hub.seed)))
            },
        ),
        (Method::Get, ["collaborators"]) => to(
            Need::read("metadata"),
            "collaborators/collaborators#list-repository-collaborators",
            |cx| {
                let scenario = cx.scenario();
                if scenario.user.role < Role::Write {
                    return Err(refuse(
                        403,
                        "Must have push access to view repository collaborators.",
                    ));
                }
                let list = body::collaborators(&cx.request.base, &scenario);
                Ok(page(cx.request, cx.shuffled(list)))
            },
        ),
        (Method::Get, ["collaborators", login, "permission"]) => {
            let login = (*login).to_owned();
            to(
                Need::read("metadata"),
                "collaborators/collaborators#get-repository-permissions-for-a-user",
                move |cx| permission(cx, &login),
            )
        }
        _ => None,
    }
}

fn permission(cx: &mut Cx<'_>, login: &str) -> Outcome {
    let scenario = cx.scenario();
    let role = role_of(&scenario, login).ok_or_else(not_found)?;
    let mut user = body::user(&cx.request.base, &scenario, login);
    let name = body::role_name(role);
    let more = json!({ "permissions": body::permissions(role), "role_name": name });
    body::merge(&mut user, more);
    let permission = match role {
        Role::Read | Role::Triage => "read",
        Role::Write | Role::Maintain => "write",
        Role::Admin => "admin",
    };
    Ok(ok(
        json!({ "permission": permission, "role_name": name, "user": user }),
    ))
}

pub fn route(method: Method, rest: &[&str]) -> Option<Route> {
    let read = Need::read("contents");
    let write = Need::write("contents");
    match (method, rest) {
        (Method::Get, ["branches"]) => to(read, "branches/branches#list-branches", list_branches),
        (Method::Get, ["branches", name @ ..])
            if !name.is_empty() && name.last() != Some(&"protection") =>
        {
            let name = name.join("/");
            to(read, "branches/branches#get-a-branch", move |cx| {
                get_branch(cx, &name)
            })
        }
        (Method::Get, ["git", "ref", name @ ..]) if !name.is_empty() => {
            let name = name.join("/");
            to(read, "git/refs#get-a-reference", move |cx| {
                get_ref(cx, &name)
            })
        }
        (Method::Get, ["git", "matching-refs", name @ ..]) => {
            let name = name.join("/");
            to(read, "git/refs#list-matching-references", move |cx| {
                matching_refs(cx, &name)
            })
        }
        (Method::Post, ["git", "refs"]) => to(write, "git/refs#create-a-reference", create_ref),
        (Method::Patch, ["git", "refs", name @ ..]) if !name.is_empty() => {
            let name = name.join("/");
            to(write, "git/refs#update-a-reference", move |cx| {
                update_ref(cx, &name)
            })
        }
        (Method::Delete, ["git", "refs", name @ ..]) if !name.is_empty() => {
            let name = name.join("/");
            to(write, "git/refs#delete-a-reference", move |cx| {
                delete_ref(cx, &name)
            })
        }
        (Method::Get, ["compare", basehead @ ..]) if !basehead.is_empty() => {
            let basehead = basehead.join("/");
            to(read, "commits/commits#compare-two-commits", move |cx| {
                compare(cx, &basehead)
            })
        }
        (Method::Get, ["commits", name @ ..]) if is_commit(name) => {
            let name = name.join("/");
            to(read, "commits/commits#get-a-commit", move |cx| {
                get_commit(cx, &name)
            })
        }
        _ => route_repository(method, rest),
    }
}

/// Below a commit stand checks and statuses, which are not part of its name.
fn is_commit(name: &[&str]) -> bool {
    let below = [
        "check-runs",
        "check-suites",
        "status",
        "statuses",
        "pulls",
        "comments",
    ];
    name.last().is_some_and(|last| !below.contains(last))
}

/// The commit that a branch, a ref or a (shortened) sha names, as the reader sees it.
pub fn resolve(view: &View, name: &str) -> Option<Sha> {
    let branch = name.strip_prefix("refs/heads/").unwrap_or(name);
    let branch = branch.strip_prefix("heads/").unwrap_or(branch);
    if let Some(sha) = view.repo.branches.get(branch) {
        return Some(sha.clone());
    }
    let sha = view.objects.commit_by_prefix(name)?;
    view.object(&sha)?;
    Some(sha)
}

fn list_branches(cx: &mut Cx<'_>) -> Outcome {
    let view = cx.list_view();
    let look = view.look();
    let wanted = match cx.request.query("protected") {
        Some("true") => Some(true),
        Some("false") => Some(false),
        _ => None,
    };
    let base = &cx.request.base;
    let url = body::repo_url(base, look.scenario);
    let items = look
        .repo
        .branches
        .iter()
        .filter(|(name, _)| wanted.is_none_or(|wanted| rules::protected(&look, name) == wanted))
        .map(|(name, sha)| {
            let item = json!({
                "name": name,
                "commit": { "sha": sha, "url": format!("{url}/commits/{sha}") },
                "protected": rules::protected(&look, name),
            });
            (body::user_id(name), item)
        })
        .collect();
    Ok(page(cx.request, cx.shuffled(items)))
}

fn get_branch(cx: &mut Cx<'_>, name: &str) -> Outcome {
    let view = cx.view();
    let look = view.look();
    let base = &cx.request.base;
    let sha = look
        .repo
        .branches
        .get(name)
        .ok_or_else(|| refuse(404, "Branch not found"))?;
    let url = format!(
        "{}/branches/{}",
        body::repo_url(base, look.scenario),
        encode(name)
    );
    let html = format!("{}/tree/{}", body::html_url(look.scenario), encode(name));
    let mut out = json!({
        "name": name,
        "_links": { "self": url, "html": html },
        "protected": rules::protected(&look, name),
        "protection": protection::summary(&look, name),
        "protection_url": format!("{url}/protection"),
    });
    body::put(&mut out, "commit", body::commit_of(base, &look, sha));
    Ok(ok(out))
}

fn ref_body(cx: &Cx<'_>, look: &Look<'_>, branch: &str, sha: &str) -> Value {
    let url = body::repo_url(&cx.request.base, look.scenario);
    json!({
        "ref": format!("refs/heads/{branch}"),
        "node_id": body::node_id("Ref", branch),
        "url": format!("{url}/git/refs/heads/{}", encode(branch)),
        "object": { "sha": sha, "type": "commit", "url": format!("{url}/git/commits/{sha}") },
    })
}

fn get_ref(cx: &mut Cx<'_>, name: &str) -> Outcome {
    let view = cx.view();
    let look = view.look();
    if look.repo.branches.is_empty() {
        return Err(refuse(409, "Git Repository is empty."));
    }
    let branch = name.strip_prefix("heads/").ok_or_else(not_found)?;
    let sha = look.repo.branches.get(branch).ok_or_else(not_found)?;
    Ok(ok(ref_body(cx, &look, branch, sha)))
}

fn matching_refs(cx: &mut Cx<'_>, prefix: &str) -> Outcome {
    let view = cx.list_view();
    let look = view.look();
    let matching = look
        .repo
        .branches
        .iter()
        .filter(|(branch, _)| format!("heads/{branch}").starts_with(prefix))
        .map(|(branch, sha)| ref_body(cx, &look, branch, sha))
        .collect();
    Ok(page(cx.request, matching))
}

/// What git allows as the name of a branch, as far as it is tried here.
fn well_formed(branch: &str) -> bool {
    !branch.is_empty()
        && !branch.starts_with(['/', '-', '.'])
        && !branch.ends_with(['/', '.'])
        && !branch.ends_with(".lock")
        && !["..", "//", "@{", "\\"]
            .iter()
            .any(|bad| branch.contains(bad))
        && !branch.contains([' ', '~', '^', ':', '?', '*', '['])
}

fn create_ref(cx: &mut Cx<'_>) -> Outcome {
    let name = cx.request.need("ref")?;
    let sha = cx.request.need("sha")?;
    if cx.hub.repo.branches.is_empty() {
        return Err(refuse(409, "Git Repository is empty."));
    }
    let branch = name
        .strip_prefix("refs/heads/")
        .filter(|branch| well_formed(branch))
        .ok_or_else(|| {
            refuse(
                422,
                "Reference name must start with 'refs/' and be well formed.",
            )
        })?;
    if cx.hub.objects.commit(&sha).is_none() {
        return Err(refuse(422, "Object does not exist"));
    }
    if cx.hub.repo.branches.contains_key(branch) {
        return Err(refuse(422, "Reference already exists"));
    }
    let folder = |a: &str, b: &str| a.strip_prefix(b).is_some_and(|rest| rest.starts_with('/'));
    if cx
        .hub
        .repo
        .branches
        .keys()
        .any(|other| folder(other, branch) || folder(branch, other))
    {
        return Err(refuse(422, "Reference already exists"));
    }
    let login = cx.hand.login.clone();
    let refused = rules::against_push(&cx.hub.look(cx.hand.at), branch, Push::Create, &login);
    if let Some(refused) = refused {
        return Err(push_refusal(&refused));
    }
    cx.hub.set_branch(&mut cx.hand, branch, &sha);
    let view = cx.current();
    Ok(reply(201, ref_body(cx, &view.look(), branch, &sha)))
}

/// The refusal of a push to a ref.
pub fn push_refusal(refused: &Refused) -> Box<Reply> {
    match refused {
        Refused::Classic(line) => refuse(422, line),
        Refused::Rulesets(lines) => {
            let lines: String = lines.iter().map(|line| format!("{line}\n\n")).collect();
            refuse(422, &format!("Repository rule violations found\n\n{lines}"))
        }
    }
}

fn update_ref(cx: &mut Cx<'_>, name: &str) -> Outcome {
    let sha = cx.request.need("sha")?;
    let force = cx.request.field("force") == Some(&Value::Bool(true));
    let missing = || refuse(422, "Reference does not exist");
    let branch = name.strip_prefix("heads/").ok_or_else(missing)?;
    let old = cx
        .hub
        .repo
        .branches
        .get(branch)
        .cloned()
        .ok_or_else(missing)?;
    if cx.hub.objects.commit(&sha).is_none() {
        return Err(refuse(422, "Object does not exist"));
    }
    let forward = cx.hub.objects.ancestors(&sha).contains(&old);
    if !forward && !force {
        return Err(refuse(422, "Update is not a fast forward"));
    }
    let push = if forward { Push::Forward } else { Push::Force };
    if old != sha {
        let login = cx.hand.login.clone();
        let refused = rules::against_push(&cx.hub.look(cx.hand.at), branch, push, &login);
        if let Some(refused) = refused {
            return Err(push_refusal(&refused));
        }
        cx.hub.set_branch(&mut cx.hand, branch, &sha);
    }
    let view = cx.current();
    Ok(ok(ref_body(cx, &view.look(), branch, &sha)))
}

fn delete_ref(cx: &mut Cx<'_>, name: &str) -> Outcome {
    let missing = || refuse(422, "Reference does not exist");
    let branch = name.strip_prefix("heads/").ok_or_else(missing)?;
    if !cx.hub.repo.branches.contains_key(branch) {
        return Err(missing());
    }
    if branch == cx.hub.repo.settings.default_branch {
        return Err(refuse(422, "Cannot delete the default branch"));
    }
    let login = cx.hand.login.clone();
    let refused = rules::against_push(&cx.hub.look(cx.hand.at), branch, Push::Delete, &login);
    if let Some(refused) = refused {
        return Err(push_refusal(&refused));
    }
    cx.hub.delete_branch(&mut cx.hand, branch);
    done()
}

fn compare(cx: &mut Cx<'_>, basehead: &str) -> Outcome {
    let view = cx.view();
    let look = view.look();
    let (from, to) = basehead.split_once("...").ok_or_else(not_found)?;
    // The owner may stand before a branch.
    let owner = format!("{}:", look.scenario.repository.owner);
    let plain = |name: &str| resolve(&view, name.strip_prefix(&owner).unwrap_or(name));
    let from = plain(from).ok_or_else(not_found)?;
    let to = plain(to).ok_or_else(not_found)?;
    let Some(common) = graph::merge_base(look.objects, &from, &to) else {
        let message = format!("No common ancestor between {from} and {to}.");
        return Err(refuse(404, &message));
    };
    let ahead = graph::only_in(look.objects, &to, &from);
    let behind = graph::only_in(look.objects, &from, &to).len();
    let status = match (ahead.len(), behind) {
        (0, 0) => "identical",
        (_, 0) => "ahead",
        (0, _) => "behind",
        _ => "diverged",
    };
    let base = &cx.request.base;
    let url = format!(
        "{}/compare/{}",
        body::repo_url(base, look.scenario),
        encode(basehead)
    );
    let html = format!(
        "{}/compare/{}",
        body::html_url(look.scenario),
        encode(basehead)
    );
    let commits = ahead
        .iter()
        .map(|sha| body::commit_of(base, &look, sha))
        .collect();
    let total = ahead.len();
    let commits = page(cx.request, commits);
    let links = commits.headers.clone();
    let super::wire::Body::Json(commits) = commits.body else {
        return Err(not_found());
    };
    let mut out = json!({
        "url": url,
        "html_url": html,
        "permalink_url": html,
        "diff_url": format!("{html}.diff"),
        "patch_url": format!("{html}.patch"),
        "status": status,
        "ahead_by": total,
        "behind_by": behind,
        "total_commits": total,
    });
    let commit = |sha: &str| body::commit_of(base, &look, sha);
    body::put(&mut out, "base_commit", commit(&from));
    body::put(&mut out, "merge_base_commit", commit(&common));
    body::put(&mut out, "commits", commits);
    let files = body::diff_entries(base, &look, &common, &to);
    body::put(&mut out, "files", Value::Array(files));
    let mut reply = ok(out);
    reply.headers = links;
    Ok(reply)
}

fn get_commit(cx: &mut Cx<'_>, name: &str) -> Outcome {
    let view = cx.view();
    let look = view.look();
    let base = &cx.request.base;
    let sha = resolve(&view, name).ok_or_else(|| {
        let message = format!("No commit found for SHA: {name}");
        refuse(422, &message)
    })?;
    let mut body = body::commit_of(base, &look, &sha);
    let parent = look
        .objects
        .commit(&sha)
        .and_then(|commit| commit.parents.first().cloned());
    let files = body::diff_entries(base, &look, parent.as_deref().unwrap_or(""), &sha);
    let sum = |name: &str| {
        files
            .iter()
            .filter_map(|file| file[name].as_u64())
            .sum::<u64>()
    };
    let (additions, deletions) = (sum("additions"), sum("deletions"));
    let stats = json!({
        "additions": additions, "deletions": deletions, "total": additions + deletions,
    });
    body::merge(&mut body, json!({ "stats": stats, "files": files }));
    Ok(ok(body))
}

/// The particular of a field that names a branch which is not there.
pub fn branch_invalid(field: &str) -> Box<Reply> {
    invalid(json!([{ "resource": "PullRequest", "field": field, "code": "invalid" }]))
}

/// A refusal of the pull request with words of its own.
pub fn pull_refusal(message: &str) -> Box<Reply> {
    custom("PullRequest", message)
}
