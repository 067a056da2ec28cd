//! The deploys of a service: started, listed, cancelled, and what its history says of them.

use serde_json::{Map, Value};

use super::due::commit_of;
use super::services::find;
use super::state::{Deploy, State, Status};
use super::wire::{
    Digits, Outcome, Reply, accepted, body, invalid, not_found, ok, page, passes, reply, text,
    time, word,
};
use super::{Cx, body as shown};
use crate::sim::ledger::MadeBy;

pub fn list(cx: &Cx<'_>, id: &str) -> Outcome {
    let (state, _) = cx.list_view();
    find(&state, id)?;
    let before = time(cx.request, "createdBefore")?;
    let after = time(cx.request, "createdAfter")?;
    let found = state
        .deploys_of(id)
        .into_iter()
        .filter(|deploy| {
            passes(cx.visit.call, "status", deploy.status.as_str())
                && before.is_none_or(|before| deploy.created_at < before)
                && after.is_none_or(|after| deploy.created_at > after)
        })
        .map(|deploy| (newest_first(deploy), shown::deploy(deploy, Digits::Six)))
        .collect();
    page(cx.request, "deploy", found)
}

fn newest_first(deploy: &Deploy) -> u64 {
    u64::MAX - deploy.number
}

fn deploy_of<'s>(state: &'s State, id: &str, deploy: &str) -> Result<&'s Deploy, Box<Reply>> {
    find(state, id)?;
    let found = state.deploys.get(deploy);
    let found = found.filter(|found| found.service == id);
    found.map(AsRef::as_ref).ok_or_else(|| not_found(deploy))
}

pub fn one(cx: &Cx<'_>, id: &str, deploy: &str) -> Outcome {
    let (state, _) = cx.view();
    let deploy = deploy_of(&state, id, deploy)?;
    Ok(ok(shown::deploy(deploy, Digits::Six)))
}

/// Starts a deploy, or queues it without a word when one is under way.
pub fn trigger(cx: &mut Cx<'_>, id: &str) -> Outcome {
    let service = find(cx.current(), id)?.clone();
    let none = Map::new();
    let asked = match cx.request.body {
        None | Some(Value::Null) => &none,
        Some(_) => body(cx.request)?,
    };
    let cache = word(asked, "clearCache", &["clear", "do_not_clear"])?;
    let mode = word(asked, "deployMode", &["build_and_deploy", "deploy_only"])?;
    let wanted = text(asked, "commitId")?;
    if mode == Some("deploy_only") && (cache.is_some() || wanted.is_some()) {
        return Err(invalid(
            "deployMode deploy_only cannot be combined with clearCache or commitId",
        ));
    }
    if service.suspended {
        return Err(invalid("cannot deploy a suspended service"));
    }
    let commit = match wanted {
        None => None,
        Some(sha) => {
            let known = commit_of(cx.around, sha).filter(|_| cx.hub.is_ours(&service.repo));
            Some(known.ok_or_else(|| invalid(&format!("invalid commitId: {sha}")))?)
        }
    };
    let queued = cx.current().is_deploying(id);
    let by = (&mut *cx.book, MadeBy::Golive);
    let why = ("api", commit);
    let deploy = cx.hub.deploy(cx.visit.now, &service, why, cx.around, by);
    match queued {
        true => Ok(accepted()),
        false => Ok(reply(201, shown::deploy(&deploy, Digits::Nine))),
    }
}

pub fn cancel(cx: &mut Cx<'_>, id: &str, deploy: &str) -> Outcome {
    let found = deploy_of(cx.current(), id, deploy)?.clone();
    if found.status.is_over() {
        return Err(invalid(&format!(
            "cannot cancel a deploy that is {}",
            found.status.as_str()
        )));
    }
    cx.hub.finish(cx.visit.now, &found, Status::Canceled);
    let after = deploy_of(cx.current(), id, deploy)?;
    Ok(ok(shown::deploy(after, Digits::Nine)))
}

/// The history of a service, as far as it tells of deploys.
pub fn events(cx: &Cx<'_>, id: &str) -> Outcome {
    let (state, at) = cx.list_view();
    find(&state, id)?;
    let from = time(cx.request, "startTime")?;
    let until = time(cx.request, "endTime")?;
    let seed = cx.hub.seed;
    let mut events = Vec::new();
    for deploy in state.deploys_of(id) {
        events.push((deploy.created_at, shown::deploy_started(seed, deploy)));
        if let Some(ended) = deploy.finished_at {
            events.push((ended, shown::deploy_ended(seed, deploy)));
        }
    }
    let kind = |event: &Value| event["type"].as_str().unwrap_or_default().to_owned();
    let events = events
        .into_iter()
        .filter(|(when, event)| {
            passes(cx.visit.call, "type", &kind(event))
                && from.is_none_or(|from| *when >= from)
                && *when <= until.unwrap_or(at)
        })
        .map(|(when, event)| {
            // Newest first, to the microsecond; times before 1970 do not come up.
            let micros = u64::try_from(when.as_microsecond()).unwrap_or(0);
            (u64::MAX - micros, event)
        })
        .collect();
    page(cx.request, "event", events)
}
