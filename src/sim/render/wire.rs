//! Render's own words on the wire: refusals, filters, pages with cursors, times.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::Timestamp;
use serde_json::{Map, Value, json};

pub use crate::sim::wire::{Body, Outcome, Reply, Request, http_date, no_content, ok, reply};
use crate::sim::{Call, chance};

/// Render's own host.
pub const HOST: &str = "api.render.com";

pub fn refuse(status: u16, message: &str) -> Box<Reply> {
    Box::new(reply(status, json!({ "message": message })))
}

/// The one refusal of anything that is not there, or not to be seen.
pub fn not_found(id: &str) -> Box<Reply> {
    refuse(404, &format!("not found: {id}"))
}

pub fn invalid(what: &str) -> Box<Reply> {
    refuse(400, what)
}

/// Success without a body.
pub fn accepted() -> Reply {
    Reply {
        status: 202,
        body: Body::None,
        headers: Vec::new(),
    }
}

/// A call's body as an object.
pub fn body(request: &Request) -> Result<&Map<String, Value>, Box<Reply>> {
    let body = request.body.as_ref().and_then(Value::as_object);
    body.ok_or_else(|| invalid("invalid JSON"))
}

/// A text of an object; `null` is as good as nothing.
pub fn text<'v>(of: &'v Map<String, Value>, name: &str) -> Result<Option<&'v str>, Box<Reply>> {
    match of.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text)),
        Some(_) => Err(invalid(&format!("{name} must be a string"))),
    }
}

/// A text that is one of `known`.
pub fn word<'v>(
    of: &'v Map<String, Value>,
    name: &str,
    known: &[&str],
) -> Result<Option<&'v str>, Box<Reply>> {
    match text(of, name)? {
        Some(word) if !known.contains(&word) => Err(invalid(&format!("invalid {name}: {word}"))),
        other => Ok(other),
    }
}

/// An object inside another.
pub fn object<'v>(
    of: &'v Map<String, Value>,
    name: &str,
) -> Result<Option<&'v Map<String, Value>>, Box<Reply>> {
    match of.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::Object(inner)) => Ok(Some(inner)),
        Some(_) => Err(invalid(&format!("{name} must be an object"))),
    }
}

/// All values of a query's parameter: joined by commas, or the parameter repeated. `None` when it is not there.
pub fn values(call: &Call, name: &str) -> Option<Vec<String>> {
    let (_, query) = call.path.split_once('?')?;
    let mut found = None;
    for (key, value) in url::form_urlencoded::parse(query.as_bytes()) {
        if key == name {
            let values: &mut Vec<String> = found.get_or_insert_default();
            values.extend(value.split(',').map(str::to_owned));
        }
    }
    found
}

/// Whether a filter lets `value` through; one that is not there lets everything through.
pub fn passes(call: &Call, name: &str, value: &str) -> bool {
    values(call, name).is_none_or(|wanted| wanted.iter().any(|one| one == value))
}

/// A time in the query.
pub fn time(request: &Request, name: &str) -> Result<Option<Timestamp>, Box<Reply>> {
    let Some(text) = request.query(name) else {
        return Ok(None);
    };
    let read = text.parse().map(Some);
    read.map_err(|_| invalid(&format!("invalid {name}: {text}")))
}

/// One page of a list: each item in its wrapper with a cursor. Items come with what they are ordered by.
pub fn page(request: &Request, wrapper: &str, mut items: Vec<(u64, Value)>) -> Outcome {
    items.sort_by_key(|(key, _)| *key);
    let limit = limit(request)?;
    let after = request.query("cursor").map(from_cursor).transpose()?;
    let items: Vec<Value> = items
        .into_iter()
        .filter(|(key, _)| after.is_none_or(|after| *key > after))
        .take(limit)
        .map(|(key, item)| json!({ wrapper: item, "cursor": cursor(key) }))
        .collect();
    Ok(ok(Value::Array(items)))
}

/// How many items a page is to have.
pub fn limit(request: &Request) -> Result<usize, Box<Reply>> {
    let Some(text) = request.query("limit") else {
        return Ok(20);
    };
    let limit = text.parse().ok().filter(|limit| (1..=100).contains(limit));
    limit.ok_or_else(|| coded("invalid limit", "invalid_limit"))
}

fn coded(message: &str, code: &str) -> Box<Reply> {
    Box::new(reply(400, json!({ "message": message, "code": code })))
}

fn cursor(key: u64) -> String {
    URL_SAFE_NO_PAD.encode(key.to_be_bytes())
}

fn from_cursor(text: &str) -> Result<u64, Box<Reply>> {
    let bytes = URL_SAFE_NO_PAD.decode(text).ok();
    let key = bytes.and_then(|bytes| Some(u64::from_be_bytes(bytes.try_into().ok()?)));
    key.ok_or_else(|| coded("invalid cursor", "invalid_cursor"))
}

/// The place of something in a list that has no order of its own: any, and always the same.
pub fn any_place(seed: u64, id: &str) -> u64 {
    chance::draw(seed, &format!("render order {id}"))
}

/// How exact an answer tells a time: one to a POST to the nanosecond, all later ones to the microsecond.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Digits {
    Nine,
    Six,
}

/// `2026-11-24T05:38:58.123456Z`.
pub fn stamp(at: Timestamp, digits: Digits) -> String {
    let micro = at.strftime("%Y-%m-%dT%H:%M:%S%.6f").to_string();
    match digits {
        Digits::Six => format!("{micro}Z"),
        // The world's own time is coarser; the rest is drawn from the time itself.
        Digits::Nine => format!("{micro}{:03}Z", chance::between(0, &micro, 1, 999)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::seam::transport::Method;
    use crate::sim::Provider;

    fn get(path: &str) -> (Call, Request) {
        let call = Call {
            provider: Provider::Render,
            method: Method::Get,
            path: path.to_owned(),
            headers: Vec::new(),
            body: None,
        };
        let request = Request::read(&call, HOST);
        (call, request)
    }

    #[test]
    fn a_filter_takes_commas_and_repetition() {
        let (call, _) = get("/v1/services?name=a,b&name=c&limit=2");
        assert!(
            ["a", "b", "c"]
                .iter()
                .all(|name| passes(&call, "name", name))
        );
        assert!(!passes(&call, "name", "d") && passes(&call, "type", "d"));
    }

    #[test]
    fn a_page_goes_on_behind_its_last_cursor() {
        let items = || (1..=3).map(|key| (key, json!(key))).collect();
        let body = |path: &str| match page(&get(path).1, "thing", items()) {
            Ok(Reply {
                body: Body::Json(body),
                ..
            }) => body,
            other => panic!("{other:?}"),
        };
        let first = body("/x?limit=2");
        assert_eq!(first[1]["thing"], 2);
        let cursor = first[1]["cursor"].as_str().unwrap();
        let second = body(&format!("/x?limit=2&cursor={cursor}"));
        assert_eq!(
            (second[0]["thing"].as_u64(), second.get(1)),
            (Some(3), None)
        );
        let (_, wrong) = get("/x?cursor=%25");
        assert_eq!(page(&wrong, "thing", items()).unwrap_err().status, 400);
        let (_, wrong) = get("/x?limit=500");
        assert_eq!(page(&wrong, "thing", items()).unwrap_err().status, 400);
    }

    #[test]
    fn times_have_nine_digits_first_and_six_later() {
        let at: Timestamp = "2026-11-24T05:38:58.5Z".parse().unwrap();
        assert_eq!(stamp(at, Digits::Six), "2026-11-24T05:38:58.500000Z");
        let nine = stamp(at, Digits::Nine);
        assert!(nine.starts_with("2026-11-24T05:38:58.500000") && nine.len() == 30);
        assert!(nine.parse::<Timestamp>().is_ok_and(|read| read > at));
    }
}
