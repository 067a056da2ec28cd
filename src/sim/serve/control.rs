//! The control interface: what truly happened, and what a test makes happen.

use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::Response;
use axum::routing::{get, post};
use serde::Deserialize;
use serde_json::{Value, json};

use super::Stage;
use crate::sim::chronicle::Entry;
use crate::sim::{Act, fault};

/// Longer than any launch takes; a slip of the keyboard does not end the world's calendar.
const ADVANCE_MAX_S: u64 = 366 * 86_400;

pub fn router(stage: Stage) -> Router {
    Router::new()
        .route("/ledger", get(ledger))
        .route("/faults", post(faults))
        .route("/advance", post(advance))
        .route("/person", post(person))
        .with_state(stage)
}

/// `{"objects": […], "calls": […]}`, up to the world's present.
async fn ledger(State(stage): State<Stage>) -> Response {
    let mut world = stage.world();
    let now = stage.now();
    world.advance(now);
    match serde_json::to_value(world.ledger()) {
        Ok(ledger) => json_reply(StatusCode::OK, &ledger),
        Err(error) => refused(error.to_string()),
    }
}

/// A list of faults; it counts from now on.
async fn faults(State(stage): State<Stage>, body: String) -> Response {
    // The short form of the command line holds no JSON, and this road takes only JSON.
    if !body.trim_start().starts_with('[') {
        return refused("a JSON list of faults is wanted".to_owned());
    }
    let mut world = stage.world();
    let rules = match fault::parse_list(&body, world.seed()) {
        Ok(rules) => rules,
        Err(cause) => return refused(cause),
    };
    let now = stage.now();
    world.advance(now);
    world.add_faults(&rules);
    match stage.remember(&Entry::faults(world.now(), &rules)) {
        Ok(()) => json_reply(StatusCode::OK, &json!({ "added": rules.len() })),
        Err(error) => failed(error.what),
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Advancing {
    seconds: u64,
}

/// Moves the world's time on.
async fn advance(State(stage): State<Stage>, body: String) -> Response {
    let seconds = match serde_json::from_str::<Advancing>(&body) {
        Ok(Advancing { seconds }) if seconds <= ADVANCE_MAX_S => seconds,
        Ok(_) => return refused(format!("more than {ADVANCE_MAX_S} seconds at once")),
        Err(error) => return refused(error.to_string()),
    };
    (stage.advance)(Duration::from_secs(seconds));
    let mut world = stage.world();
    let now = stage.now();
    world.advance(now);
    match stage.remember(&Entry::mark(world.now())) {
        Ok(()) => json_reply(StatusCode::OK, &json!({ "now": world.now().to_string() })),
        Err(error) => failed(error.what),
    }
}

/// What a person does: `approve_pr 3`, as text, as a JSON string, or as `{"approve_pr": 3}`.
async fn person(State(stage): State<Stage>, body: String) -> Response {
    let act = match Act::parse(&spoken(&body)) {
        Ok(act) => act,
        Err(cause) => return refused(cause),
    };
    let mut world = stage.world();
    let now = stage.now();
    let done = match world.person(now, &act) {
        Ok(done) => done,
        Err(cause) => return json_reply(StatusCode::CONFLICT, &json!({ "error": cause })),
    };
    match stage.remember(&Entry::person(world.now(), &act)) {
        Ok(()) => json_reply(StatusCode::OK, &json!({ "done": done })),
        Err(error) => failed(error.what),
    }
}

fn spoken(body: &str) -> String {
    match serde_json::from_str::<Value>(body) {
        Ok(Value::String(act)) => act,
        Ok(Value::Object(one)) if one.len() == 1 => one
            .into_iter()
            .map(|(verb, object)| match object {
                Value::String(object) => format!("{verb} {object}"),
                object => format!("{verb} {object}"),
            })
            .collect(),
        _ => body.to_owned(),
    }
}

fn refused(cause: String) -> Response {
    json_reply(StatusCode::BAD_REQUEST, &json!({ "error": cause }))
}

fn failed(cause: String) -> Response {
    json_reply(
        StatusCode::INTERNAL_SERVER_ERROR,
        &json!({ "error": cause }),
    )
}

fn json_reply(status: StatusCode, value: &Value) -> Response {
    let mut response = Response::new(Body::from(value.to_string()));
    *response.status_mut() = status;
    let kind = header::HeaderValue::from_static("application/json");
    response.headers_mut().insert(header::CONTENT_TYPE, kind);
    response
}
