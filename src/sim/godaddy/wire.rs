//! GoDaddy's own words on the wire: the refusals of its two APIs.

use serde_json::{Value, json};

use super::Cx;
use crate::sim::wire::reply;
pub use crate::sim::wire::{Body, Outcome, Reply, Request, no_content, ok};

/// GoDaddy's own host.
pub const HOST: &str = "api.godaddy.com";

/// A refusal in the words of v1 or of v3.
pub fn refuse(v3: bool, id: &str, status: u16, code: &str, message: &str) -> Box<Reply> {
    let body = match v3 {
        false => json!({ "code": code, "message": message }),
        true => json!({
            "name": code, "message": message, "correlationId": id,
            "details": [{ "issue": code, "description": message }],
        }),
    };
    Box::new(reply(status, body))
}

/// The refusal of a call too many. `wait` is in seconds.
pub fn too_many(v3: bool, id: &str, wait: Option<i64>) -> Reply {
    let message = "Too many requests received within interval";
    let mut refusal = *refuse(v3, id, 429, "TOO_MANY_REQUESTS", message);
    if let Body::Json(body) = &mut refusal.body
        && !v3
    {
        body["retryAfterSec"] = json!(wait.unwrap_or(30));
    }
    let wait = wait.map(|wait| ("retry-after", wait.to_string()));
    refusal.headers.extend(wait);
    refusal
}

/// Success without a body: what v1 answers to a change.
pub fn done() -> Reply {
    Reply {
        status: 200,
        body: Body::None,
        headers: Vec::new(),
    }
}

/// There is no such call.
pub fn nowhere(cx: &Cx<'_>, v3: bool) -> Box<Reply> {
    let id = cx.hub.correlation(cx.visit.n);
    let message = "Not Found : The requested resource was not found";
    refuse(v3, &id, 404, "NOT_FOUND", message)
}

/// A v1 refusal.
pub fn v1(status: u16, code: &str, message: &str) -> Box<Reply> {
    refuse(false, "", status, code, message)
}

/// A body or a path of v1 that is not as it must be.
pub fn invalid(fields: Vec<Value>) -> Box<Reply> {
    Box::new(reply(
        422,
        json!({
            "code": "INVALID_BODY",
            "fields": fields,
            "message": "Request body doesn't fulfill schema, see details in `fields`",
        }),
    ))
}

pub fn field(path: &str, code: &str, message: &str) -> Value {
    json!({ "path": path, "code": code, "message": message })
}

/// A record of v1 that clashes with another.
pub fn duplicate(kind: &str, name: &str) -> Box<Reply> {
    let why = format!("{kind} record name [{name}] conflicts with another record.");
    Box::new(reply(
        422,
        json!({
            "code": "DUPLICATE_RECORD",
            "fields": [field("records", "DUPLICATE_RECORD", &why)],
            "message": "Another record with the same attributes already exists",
        }),
    ))
}

/// A v3 refusal of what is asked for: `issue` is the code, `field` a pointer into the body.
pub fn v3(
    cx: &Cx<'_>,
    status: u16,
    name: &str,
    message: &str,
    issue: &str,
    description: &str,
) -> Box<Reply> {
    let id = cx.hub.correlation(cx.visit.n);
    Box::new(reply(
        status,
        json!({
            "name": name, "message": message, "correlationId": id,
            "details": [{ "issue": issue, "description": description }],
        }),
    ))
}
