//! What builds and processes write, as `GET /logs` finds it.

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::Cx;
use super::start::Verdict;
use super::state::{Deploy, Server, State, Status, Trouble};
use super::wire::{Digits, Outcome, invalid, limit, not_found, ok, passes, stamp, time, values};
use crate::sim::chance;

/// How late a line may arrive.
const LATE_MS: u64 = 15_000;

struct Line {
    at: Timestamp,
    /// `build` or `app`.
    kind: &'static str,
    service: String,
    text: String,
}

pub fn list(cx: &Cx<'_>) -> Outcome {
    let (state, at) = cx.list_view();
    let call = cx.visit.call;
    let owner = cx.request.query("ownerId");
    let owner = owner.ok_or_else(|| invalid("ownerId is required"))?;
    state.owner(owner).ok_or_else(|| not_found(owner))?;
    let resources = values(call, "resource").ok_or_else(|| invalid("resource is required"))?;
    let services = named(&state, owner, &resources)?;
    let from = time(cx.request, "startTime")?.unwrap_or(at - SignedDuration::from_hours(1));
    let until = time(cx.request, "endTime")?.unwrap_or(at);
    let forward = match cx.request.query("direction") {
        Some("forward") => true,
        None | Some("backward") => false,
        Some(other) => return Err(invalid(&format!("invalid direction: {other}"))),
    };
    let limit = limit(cx.request)?;
    let mut lines: Vec<Line> = services
        .iter()
        .flat_map(|service| {
            let deploys = state.deploys_of(&service.id);
            deploys
                .into_iter()
                .flat_map(|deploy| written(deploy, service))
        })
        .filter(|line| (from..=until).contains(&line.at) && passes(call, "type", line.kind))
        .filter(|line| line.at + lateness(cx, line) <= at)
        .collect();
    lines.sort_by_key(|line| line.at);
    if !forward {
        lines.reverse();
    }
    let more = lines.len() > limit;
    lines.truncate(limit);
    let last = lines.last().map(|line| line.at);
    let tick = SignedDuration::from_micros(1);
    let (next_from, next_until) = match (forward, last) {
        (true, Some(last)) => (last + tick, until),
        (false, Some(last)) => (from, last - tick),
        (_, None) => (from, until),
    };
    Ok(ok(json!({
        "hasMore": more,
        "nextStartTime": stamp(next_from, Digits::Six),
        "nextEndTime": stamp(next_until, Digits::Six),
        "logs": lines.iter().map(|line| shown(cx, line)).collect::<Vec<Value>>(),
    })))
}

/// The services that are asked about; all must be of one workspace and one region.
fn named<'s>(
    state: &'s State,
    owner: &str,
    resources: &[String],
) -> Result<Vec<&'s Server>, Box<super::Reply>> {
    let mut found: Vec<&Server> = Vec::new();
    for id in resources {
        if state.key_values.contains_key(id) {
            continue;
        }
        let service = state.services.get(id).ok_or_else(|| not_found(id))?;
        if service.owner != owner {
            return Err(invalid("all resources must belong to the given owner"));
        }
        if found.iter().any(|other| other.region != service.region) {
            return Err(invalid("all resources must be in the same region"));
        }
        found.push(service);
    }
    Ok(found)
}

fn lateness(cx: &Cx<'_>, line: &Line) -> SignedDuration {
    if !cx.hub.scenario.lag {
        return SignedDuration::ZERO;
    }
    let salt = format!("late {} {}", line.at, line.text);
    let ms = chance::between(cx.hub.seed, &salt, 0, LATE_MS);
    SignedDuration::from_millis(i64::try_from(ms).unwrap_or(0))
}

fn shown(cx: &Cx<'_>, line: &Line) -> Value {
    let salt = format!("log {} {} {}", line.service, line.at, line.text);
    json!({
        "id": chance::hex(cx.hub.seed, &salt, 24),
        "timestamp": stamp(line.at, Digits::Six),
        "message": line.text,
        "labels": [
            { "name": "resource", "value": line.service },
            { "name": "type", "value": line.kind },
            { "name": "level", "value": "info" },
        ],
    })
}

/// Everything that a deploy wrote so far.
fn written(deploy: &Deploy, service: &Server) -> Vec<Line> {
    let mut lines: Vec<Line> = Vec::new();
    let mut say = |at: Option<Timestamp>, after_ms: i64, kind: &'static str, text: String| {
        lines.extend(at.map(|at| Line {
            at: at + SignedDuration::from_millis(after_ms),
            kind,
            service: service.id.clone(),
            text,
        }));
    };
    let (build, start) = &deploy.commands;
    let started = deploy.started_at;
    say(
        started,
        100,
        "build",
        format!("==> Cloning from {}", service.repo),
    );
    if let Some(commit) = &deploy.commit {
        let text = format!(
            "==> Checking out commit {} in branch {}",
            commit.id, service.branch
        );
        say(started, 900, "build", text);
        say(
            started,
            1500,
            "build",
            format!("==> Running build command '{build}'..."),
        );
    }
    if deploy.status == Status::BuildFailed {
        let said = match &deploy.verdict {
            Verdict::BuildFails(said) => said.as_slice(),
            _ => &[],
        };
        for (at, text) in (-200..).step_by(10).zip(said) {
            say(deploy.finished_at, at, "build", text.clone());
        }
        let text = "==> Build failed 😞".to_owned();
        say(deploy.finished_at, -10, "build", text);
        return lines;
    }
    let built = deploy.built_at;
    say(built, -50, "build", "==> Build successful 🎉".to_owned());
    say(built, 200, "app", "==> Deploying...".to_owned());
    say(built, 5000, "app", format!("==> Running '{start}'"));
    match deploy.status {
        Status::Live | Status::Deactivated => {
            let text = "==> Your service is live 🎉".to_owned();
            say(deploy.finished_at, -10, "app", text);
        }
        Status::UpdateFailed => {
            let (said, end) = last_words(deploy);
            for (at, text) in (6000..).step_by(10).zip(said) {
                say(built, at, "app", text);
            }
            say(deploy.finished_at, -10, "app", end);
        }
        _ => {}
    }
    lines
}

/// What a process that did not stay up had to say, and how Render puts its end.
fn last_words(deploy: &Deploy) -> (Vec<String>, String) {
    let exited = |code: i64| format!("==> Exited with status {code}");
    match (&deploy.verdict, &deploy.trouble) {
        (Verdict::Exits(code, said), _) => (said.clone(), exited(*code)),
        (_, Some(Trouble::Exits(code, said))) => (vec![said.clone()], exited(*code)),
        (_, Some(Trouble::Unhealthy(why))) => (
            vec!["Listening on 10000".to_owned(), format!("==> {why}")],
            "==> Timed out".to_owned(),
        ),
        _ => (Vec::new(), exited(1)),
    }
}
