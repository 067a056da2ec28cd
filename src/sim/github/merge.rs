//! Merging a pull request: every reason against it, then the three ways to do it.

use jiff::SignedDuration;
use serde_json::json;

use super::deed::Event;
use super::git::{Files, Sha};
use super::rules::{self, Push};
use super::state::{Merged, Pull};
use super::wire::{Outcome, Reply, not_found, ok, refuse};
use super::{Cx, graph};

/// For so long after the base moved, a merge is refused as a race.
const RACE: SignedDuration = SignedDuration::from_millis(1500);

pub fn merge(cx: &mut Cx<'_>, number: u64) -> Outcome {
    let pull = cx
        .hub
        .repo
        .pulls
        .get(&number)
        .cloned()
        .ok_or_else(not_found)?;
    let method = cx
        .request
        .text("merge_method")
        .unwrap_or("merge")
        .to_owned();
    if !["merge", "squash", "rebase"].contains(&method.as_str()) {
        return Err(refuse(422, "Invalid request.\n\nmerge_method is unknown."));
    }
    let sent = cx.request.text("sha").map(str::to_owned);
    may_merge(cx, &pull, &method, sent.as_deref())?;
    let base = cx
        .hub
        .repo
        .branches
        .get(&pull.base)
        .cloned()
        .unwrap_or_default();
    let files = graph::merge(&cx.hub.objects, &base, &pull.head_sha)
        .map_err(|_| refuse(405, NOT_MERGEABLE))?;
    let sha = match method.as_str() {
        "squash" => squash(cx, &pull, &base, &files),
        "rebase" => rebase(cx, &pull, &base)?,
        _ => join(cx, &pull, &base, &files),
    };
    let (at, by) = (cx.hand.at, cx.hand.login.clone());
    cx.hub.edit_pull(at, number, |pull| {
        pull.close(at);
        base.clone_into(&mut pull.base_sha);
        let sha = sha.clone();
        pull.merged = Some(Merged { at, by, sha });
    });
    cx.hub.set_branch(&mut cx.hand, &pull.base, &sha);
    delete_head_later(cx, &pull);
    Ok(ok(json!({
        "sha": sha,
        "merged": true,
        "message": "Pull Request successfully merged",
    })))
}

const NOT_MERGEABLE: &str = "Pull Request is not mergeable";

fn may_merge(cx: &Cx<'_>, pull: &Pull, method: &str, sent: Option<&str>) -> Result<(), Box<Reply>> {
    let at = cx.hand.at;
    let look = cx.hub.look(at);
    if !pull.open {
        return Err(refuse(405, NOT_MERGEABLE));
    }
    if pull.draft {
        return Err(refuse(405, "Pull Request is still a draft"));
    }
    if sent.is_some_and(|sha| sha != pull.head_sha) {
        let message = "Head branch was modified. Review and try the merge again.";
        return Err(refuse(409, message));
    }
    if at < pull.base_moved_at + RACE {
        let message = "Base branch was modified. Review and try the merge again.";
        return Err(refuse(405, message));
    }
    let repository = &look.scenario.repository;
    let allowed = match method {
        "squash" => repository.allow_squash_merge,
        "rebase" => repository.allow_rebase_merge,
        _ => repository.allow_merge_commit,
    };
    if !allowed {
        return Err(refuse(405, rules::method_refusal(method)));
    }
    if look.mergeable(pull) != Some(true) {
        return Err(refuse(405, NOT_MERGEABLE));
    }
    let against = rules::against_merge(&look, pull, method, &cx.hand.login);
    if let Some(line) = against.classic.first() {
        return Err(refuse(405, line));
    }
    if !against.nothing() {
        let lines = against.rulesets.iter().map(|line| format!("{line}\n\n"));
        let message = format!(
            "Repository rule violations found\n\n{}",
            lines.collect::<String>()
        );
        return Err(refuse(405, &message));
    }
    Ok(())
}

fn title(cx: &Cx<'_>, default: String) -> String {
    let text = |name: &str| cx.request.text(name).map(str::to_owned);
    let title = text("commit_title").unwrap_or(default);
    match text("commit_message") {
        Some(message) if !message.is_empty() => format!("{title}\n\n{message}"),
        _ => title,
    }
}

fn join(cx: &mut Cx<'_>, pull: &Pull, base: &str, files: &Files) -> Sha {
    let owner = &cx.hub.scenario.repository.owner;
    let default = format!(
        "Merge pull request #{} from {owner}/{}\n\n{}",
        pull.number, pull.head, pull.title
    );
    let message = title(cx, default);
    let tree = cx.hub.put_files(files, cx.hand.at);
    let parents = vec![base.to_owned(), pull.head_sha.clone()];
    cx.hub.commit(&mut cx.hand, tree, parents, &message)
}

fn squash(cx: &mut Cx<'_>, pull: &Pull, base: &str, files: &Files) -> Sha {
    let message = title(cx, format!("{} (#{})", pull.title, pull.number));
    let tree = cx.hub.put_files(files, cx.hand.at);
    cx.hub
        .commit(&mut cx.hand, tree, vec![base.to_owned()], &message)
}

/// Each commit of the head again, on top of the base.
fn rebase(cx: &mut Cx<'_>, pull: &Pull, base: &str) -> Result<Sha, Box<Reply>> {
    let mut tip = base.to_owned();
    for sha in graph::only_in(&cx.hub.objects, &pull.head_sha, base) {
        let Some(commit) = cx.hub.objects.commit(&sha).cloned() else {
            continue;
        };
        if commit.parents.len() > 1 {
            return Err(refuse(405, "This branch can't be rebased"));
        }
        let before = commit.parents.first().cloned().unwrap_or_default();
        let mut files = cx.hub.objects.files_of(&tip);
        let (old, new) = (
            cx.hub.objects.files_of(&before),
            cx.hub.objects.files_of(&sha),
        );
        for change in graph::diff(&cx.hub.objects, &before, &sha) {
            let (was, is) = (files.get(&change.path), old.get(&change.path));
            if was != is {
                return Err(refuse(405, "This branch can't be rebased"));
            }
            match new.get(&change.path) {
                Some(entry) => files.insert(change.path, entry.clone()),
                None => files.remove(&change.path),
            };
        }
        let tree = cx.hub.put_files(&files, cx.hand.at);
        tip = cx
            .hub
            .commit(&mut cx.hand, tree, vec![tip], &commit.message);
    }
    Ok(tip)
}

/// With `delete_branch_on_merge` the head goes a moment later, unless it is the default branch or a rule holds it.
fn delete_head_later(cx: &mut Cx<'_>, pull: &Pull) {
    let settings = &cx.hub.repo.settings;
    if !settings.delete_branch_on_merge || pull.head == settings.default_branch {
        return;
    }
    let look = cx.hub.look(cx.hand.at);
    if rules::against_push(&look, &pull.head, Push::Delete, &cx.hand.login).is_none() {
        let branch = pull.head.clone();
        let due = cx.hand.at + SignedDuration::from_secs(1);
        cx.hub.later(due, Event::DeleteHead { branch });
    }
}
