//! A service's own variables, and how variables are asked for: with a value, or with one that Render makes.

use std::collections::BTreeMap;
use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value};

use super::services::find;
use super::state::Server;
use super::wire::{
    Outcome, Reply, any_place, body, invalid, no_content, not_found, ok, page, refuse, text,
};
use super::{Cx, body as shown};
use crate::seam::transport::Method;
use crate::sim::chance;

type Values = BTreeMap<String, String>;

/// The variables of a body, `envVars`.
pub fn asked(cx: &Cx<'_>, asked: &Map<String, Value>) -> Result<Values, Box<Reply>> {
    match asked.get("envVars") {
        None | Some(Value::Null) => Ok(Values::new()),
        Some(Value::Array(entries)) => entries_of(cx, entries),
        Some(_) => Err(invalid("envVars must be an array")),
    }
}

fn entries_of(cx: &Cx<'_>, entries: &[Value]) -> Result<Values, Box<Reply>> {
    let mut variables = Values::new();
    for entry in entries {
        let entry = entry
            .as_object()
            .ok_or_else(|| invalid("invalid envVars"))?;
        let key = text(entry, "key")?.filter(|key| !key.is_empty());
        let key = key.ok_or_else(|| invalid("envVars: key is required"))?;
        variables.insert(key.to_owned(), value(cx, key, entry)?);
    }
    Ok(variables)
}

/// The value that an entry asks for: the one it gives, or one that is made.
pub fn value(cx: &Cx<'_>, key: &str, entry: &Map<String, Value>) -> Result<String, Box<Reply>> {
    let generate = entry.get("generateValue") == Some(&Value::Bool(true));
    match (text(entry, "value")?, generate) {
        (Some(value), false) => Ok(value.to_owned()),
        (None, true) => Ok(generated(cx, key)),
        _ => Err(invalid(
            "envVars: one of value and generateValue is required",
        )),
    }
}

/// 256 drawn bits, in base64.
fn generated(cx: &Cx<'_>, key: &str) -> String {
    let salt = format!("generated {} {key}", cx.visit.n);
    let bytes: Vec<u8> = (0..4)
        .flat_map(|part| chance::draw(cx.hub.seed, &format!("{salt} {part}")).to_be_bytes())
        .collect();
    STANDARD.encode(bytes)
}

/// Calls below `/services/{id}/env-vars`.
pub fn route(cx: &mut Cx<'_>, id: &str, path: &[&str]) -> Outcome {
    match (cx.request.method, path) {
        (Method::Get, []) => list(cx, id),
        (Method::Put, []) => replace(cx, id),
        (Method::Get, [key]) => one(cx, id, key),
        (Method::Put, [key]) => put(cx, id, key),
        (Method::Delete, [key]) => delete(cx, id, key),
        _ => Err(refuse(404, "not found")),
    }
}

fn shown_list(cx: &Cx<'_>, variables: &Values) -> Outcome {
    let all = variables.iter().map(|(key, value)| {
        let place = any_place(cx.hub.seed, key);
        (place, shown::variable(key, value))
    });
    page(cx.request, "envVar", all.collect())
}

fn list(cx: &Cx<'_>, id: &str) -> Outcome {
    let (state, _) = cx.list_view();
    shown_list(cx, &find(&state, id)?.variables)
}

fn one(cx: &Cx<'_>, id: &str, key: &str) -> Outcome {
    let (state, _) = cx.view();
    let value = find(&state, id)?.variables.get(key);
    let value = value.ok_or_else(|| not_found(key))?;
    Ok(ok(shown::variable(key, value)))
}

/// Replaces all that there were.
fn replace(cx: &mut Cx<'_>, id: &str) -> Outcome {
    find(cx.current(), id)?;
    let entries = cx.request.body.as_ref().and_then(Value::as_array);
    let entries = entries.ok_or_else(|| invalid("invalid JSON"))?;
    let variables = entries_of(cx, entries)?;
    change(cx, id, |service| service.variables.clone_from(&variables));
    shown_list(cx, &variables)
}

fn put(cx: &mut Cx<'_>, id: &str, key: &str) -> Outcome {
    find(cx.current(), id)?;
    let value = value(cx, key, body(cx.request)?)?;
    change(cx, id, |service| {
        service.variables.insert(key.to_owned(), value.clone());
    });
    Ok(ok(shown::variable(key, &value)))
}

fn delete(cx: &mut Cx<'_>, id: &str, key: &str) -> Outcome {
    let known = find(cx.current(), id)?.variables.contains_key(key);
    if !known {
        return Err(not_found(key));
    }
    change(cx, id, |service| {
        service.variables.remove(key);
    });
    Ok(no_content())
}

/// Changes a service's variables. No deploy follows by itself.
fn change(cx: &mut Cx<'_>, id: &str, edit: impl FnOnce(&mut Server)) {
    let now = cx.now();
    cx.hub.state.change(now, |state| {
        if let Some(service) = state.services.get_mut(id) {
            let service = Arc::make_mut(service);
            edit(service);
            service.updated_at = now;
        }
    });
}
