//! Lists at Stripe: filters, pages, and the one thing that an id names.

use serde_json::{Value, json};

use super::{Refusal, error};
use crate::sim::Call;

/// The query of a call, in its order; brackets of arrays are cut off its names.
pub fn query(call: &Call) -> Vec<(String, String)> {
    let query = call.path.split_once('?').map_or("", |(_, query)| query);
    url::form_urlencoded::parse(query.as_bytes())
        .map(|(name, value)| {
            let name = name.split('[').next().unwrap_or_default();
            (name.to_owned(), value.into_owned())
        })
        .collect()
}

/// One page of a list, whose items come newest first. `filters` are the members that a query can ask for by their name.
pub fn page(
    call: &Call,
    path: &str,
    items: Vec<Value>,
    filters: &[(&str, &str)],
) -> Result<Value, Refusal> {
    let query = query(call);
    let get = |name: &str| query.iter().find(|(key, _)| key == name);
    let limit = match get("limit") {
        None => 10,
        Some((_, text)) => match text.parse::<usize>() {
            Ok(limit @ 1..=100) => limit,
            _ => return Err(bad("limit", &format!("Invalid integer: {text}"))),
        },
    };
    let mut items: Vec<Value> = items
        .into_iter()
        .filter(|item| {
            filters.iter().all(|(name, member)| {
                let mut wanted = query.iter().filter(|(key, _)| key == name).peekable();
                let own = match &item[*member] {
                    Value::String(text) => text.clone(),
                    other => other.to_string(),
                };
                wanted.peek().is_none() || wanted.any(|(_, value)| *value == own)
            })
        })
        .collect();
    let place = |name: &str| -> Result<Option<usize>, Refusal> {
        let Some((_, id)) = get(name) else {
            return Ok(None);
        };
        let found = items.iter().position(|item| item["id"] == id.as_str());
        let missing = || {
            let message = format!("No such object: '{id}'");
            let body = json!({ "code": "resource_missing", "message": message, "param": name });
            error(400, body)
        };
        found.map(Some).ok_or_else(missing)
    };
    let (after, before) = (place("starting_after")?, place("ending_before")?);
    if let Some(before) = before {
        items.truncate(before);
        let surplus = items.len().saturating_sub(limit);
        items.drain(..surplus);
        return Ok(
            json!({ "object": "list", "url": path, "has_more": surplus > 0, "data": items }),
        );
    }
    items.drain(..after.map_or(0, |at| at + 1));
    let more = items.len() > limit;
    items.truncate(limit);
    Ok(json!({ "object": "list", "url": path, "has_more": more, "data": items }))
}

fn bad(param: &str, message: &str) -> Refusal {
    error(400, json!({ "message": message, "param": param }))
}

/// The thing of that id. What is there in the other mode is told of.
pub fn one(
    kind: &str,
    id: &str,
    live: bool,
    here: Vec<Value>,
    there: &[Value],
) -> Result<Value, Refusal> {
    if let Some(found) = here.into_iter().find(|item| item["id"] == id) {
        return Ok(found);
    }
    let (this, other) = match live {
        true => ("live", "test"),
        false => ("test", "live"),
    };
    let hint = match there.iter().any(|item| item["id"] == id) {
        true => format!(
            "; a similar object exists in {other} mode, but a {this} mode key was used to make this request."
        ),
        false => String::new(),
    };
    let param = if kind == "price" { "price" } else { "id" };
    Err(error(
        404,
        json!({
            "code": "resource_missing",
            "doc_url": "https://stripe.com/docs/error-codes/resource-missing",
            "message": format!("No such {kind}: '{id}'{hint}"),
            "param": param,
        }),
    ))
}
