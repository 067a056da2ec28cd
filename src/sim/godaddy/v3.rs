//! GoDaddy's present API: one record a call, each with an id.

use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Map, Value, json};

use super::v1::exchange;
use super::wire::{Outcome, Reply, no_content, nowhere, ok, v3};
use super::{Cx, Godaddy, check, domain};
use crate::seam::transport::Method;
use crate::sim::ledger::MadeBy;
use crate::sim::wire::reply;
use crate::sim::zones::{Edit, Host, Record, Wish};

const KINDS: [&str; 11] = [
    "A", "AAAA", "ALIAS", "CAA", "CNAME", "HTTPS", "MX", "SRV", "SVCB", "TLSA", "TXT",
];
/// What only GoDaddy itself writes.
const FIXED: [&str; 2] = ["NS", "SOA"];
const FIELDS: [&str; 12] = [
    "recordId", "name", "type", "data", "ttl", "priority", "service", "port", "weight", "protocol",
    "flag", "tag",
];

/// This name belongs to GoDaddy's own machinery; its record is shown without an id.
const MANAGED: &str = "_domainconnect";

pub fn route(cx: &mut Cx<'_>, path: &[&str]) -> Outcome {
    match (cx.request.method, path) {
        (Method::Get, ["domain-names", name]) => domain::of_v3(cx, &name.to_lowercase()),
        (_, ["zones", name, "dns-records", ..])
            if cx.copy().is_none() || !name.eq_ignore_ascii_case(cx.zones.zone()) =>
        {
            let message = "The zone was not found";
            Err(v3(cx, 404, "NOT_FOUND", message, "zone_not_found", message))
        }
        (Method::Get, ["zones", _, "dns-records"]) => list(cx),
        (Method::Post, ["zones", _, "dns-records"]) => add(cx),
        (Method::Put, ["zones", _, "dns-records", id]) => replace_all(cx, id),
        (Method::Delete, ["zones", _, "dns-records", id]) => delete(cx, id),
        _ => Err(nowhere(cx, true)),
    }
}

impl Godaddy {
    /// What Domain Protection does to a text that comes by API.
    pub(super) fn mar(&self, wish: &mut Wish) {
        if self.scenario.dns.protected && wish.kind == "TXT" {
            wish.data.clear();
        }
    }
}

/// An opaque id, which says nothing of the record.
fn public_id(record: &Record) -> String {
    format!("A{}", URL_SAFE_NO_PAD.encode(&record.id))
}

fn body(record: &Record) -> Value {
    let wish = &record.wish;
    let mut body = wish.more.clone();
    if wish.name != MANAGED {
        body.insert("recordId".to_owned(), json!(public_id(record)));
    }
    body.insert("name".to_owned(), json!(wish.name));
    body.insert("type".to_owned(), json!(wish.kind));
    body.insert("data".to_owned(), json!(wish.data));
    body.insert("ttl".to_owned(), json!(wish.ttl));
    Value::Object(body)
}

fn malformed(cx: &Cx<'_>, issue: &str, description: &str) -> Box<Reply> {
    v3(
        cx,
        400,
        "BAD_REQUEST",
        "Malformed request",
        issue,
        description,
    )
}

/// A number in the query, within its bounds.
fn number(cx: &Cx<'_>, name: &str, without: usize, most: usize) -> Result<usize, Box<Reply>> {
    let Some(text) = cx.request.query(name) else {
        return Ok(without);
    };
    let number = text
        .parse()
        .ok()
        .filter(|number| (1..=most).contains(number));
    number.ok_or_else(|| malformed(cx, "INVALID_PARAMETER", &format!("{name} is invalid")))
}

fn list(cx: &Cx<'_>) -> Outcome {
    let page = number(cx, "page", 1, usize::MAX)?;
    let size = number(cx, "pageSize", 25, 100)?;
    let request = cx.request;
    let fields: Option<Vec<&str>> = request
        .query("fields")
        .map(|text| text.split(',').collect());
    if let Some(fields) = &fields
        && !fields.iter().all(|field| FIELDS.contains(field))
    {
        return Err(malformed(
            cx,
            "INVALID_PARAMETER",
            "fields names an unknown field",
        ));
    }
    let view = cx.view();
    let name = request.query("name").map(str::to_lowercase);
    let found: Vec<Value> = view
        .records
        .iter()
        .filter(|record| {
            let wish = &record.wish;
            request.query("type").is_none_or(|kind| wish.kind == kind)
                && name.as_deref().is_none_or(|name| wish.name == name)
        })
        .map(|record| body(record))
        .collect();
    let total = found.len();
    let pages = total.div_ceil(size);
    let shown = found
        .into_iter()
        .skip((page - 1).saturating_mul(size))
        .take(size);
    let items: Vec<Value> = shown.map(|item| only(item, fields.as_deref())).collect();
    let mut body = json!({ "items": items, "links": links(cx, page, pages) });
    if request.query("totalRequired") == Some("true") && total > 0 {
        body["totalItems"] = json!(total);
        body["totalPages"] = json!(pages);
    }
    Ok(ok(body))
}

/// An item with the fields that were asked for.
fn only(item: Value, fields: Option<&[&str]>) -> Value {
    match (item, fields) {
        (Value::Object(item), Some(fields)) => item
            .into_iter()
            .filter(|(field, _)| fields.contains(&field.as_str()))
            .collect::<Map<String, Value>>()
            .into(),
        (item, _) => item,
    }
}

fn links(cx: &Cx<'_>, page: usize, pages: usize) -> Vec<Value> {
    let to = |rel: &str, page: usize| {
        let mut request = cx.request.clone();
        request.query.insert("page".to_owned(), page.to_string());
        let href = format!("{}{}{}", request.base, request.path, request.query_text());
        json!({ "rel": rel, "href": href })
    };
    let mut links = vec![to("self", page), to("first", 1)];
    if page > 1 {
        links.push(to("prev", page - 1));
    }
    if page < pages {
        links.push(to("next", page + 1));
    }
    links
}

/// The one record of a body, checked.
fn sent(cx: &Cx<'_>) -> Result<Wish, Box<Reply>> {
    let body = cx.request.body.as_ref().and_then(Value::as_object);
    let body = body.ok_or_else(|| malformed(cx, "INVALID_BODY", "a record is wanted"))?;
    let kind = body.get("type").and_then(Value::as_str).unwrap_or_default();
    if FIXED.contains(&kind) {
        return Err(not_mutable(cx));
    }
    let wish = check::record(body, &KINDS, true).map_err(|wrong| {
        if wrong.is_malformed() {
            return malformed(cx, "INVALID_FIELD", &wrong.message);
        }
        let message = "Request failed validation";
        v3(
            cx,
            422,
            "VALIDATION_ERROR",
            message,
            "INVALID_FIELD",
            &wrong.message,
        )
    })?;
    Ok(wish)
}

fn not_mutable(cx: &Cx<'_>) -> Box<Reply> {
    let message = "The record cannot be changed";
    let issue = "dns_record_not_mutable";
    v3(
        cx,
        409,
        "CONFLICT",
        message,
        issue,
        "NS and SOA records are managed by GoDaddy",
    )
}

fn busy(cx: &Cx<'_>) -> Result<(), Box<Reply>> {
    let message = "The zone is being changed, try again later";
    match cx.is_busy() {
        true => Err(v3(cx, 409, "CONFLICT", message, "zone_busy", message)),
        false => Ok(()),
    }
}

fn add(cx: &mut Cx<'_>) -> Outcome {
    let mut wish = sent(cx)?;
    busy(cx)?;
    let zone = cx.zones.zone().to_owned();
    let all = cx
        .copy()
        .map(|copy| copy.current().clone())
        .unwrap_or_default();
    if all
        .records
        .iter()
        .any(|old| wish.clash(&old.wish, &zone).is_some())
    {
        let what = format!("Duplicate data provided for record name, {}.", wish.name);
        let message = "Request failed validation";
        return Err(v3(
            cx,
            422,
            "VALIDATION_ERROR",
            message,
            "DUPLICATE_RECORD",
            &what,
        ));
    }
    let said = wish.data.clone();
    cx.hub.mar(&mut wish);
    let made = apply(cx, vec![Edit::Add(wish)]);
    let record = made.first().ok_or_else(|| nowhere(cx, true))?;
    // The answer repeats what was sent, whatever was kept of it.
    let mut shown = body(record);
    shown["data"] = json!(said);
    let mut reply = reply(201, shown);
    let at = format!(
        "{}{}/{}",
        cx.request.base,
        cx.request.path,
        public_id(record)
    );
    reply.headers.push(("location", at));
    Ok(reply)
}

fn find(cx: &Cx<'_>, id: &str) -> Result<Record, Box<Reply>> {
    let copy = cx.copy();
    let mut all = copy.into_iter().flat_map(|copy| &copy.current().records);
    let found = all.find(|record| public_id(record) == id);
    found.map(|record| record.as_ref().clone()).ok_or_else(|| {
        let message = "The record was not found";
        v3(
            cx,
            404,
            "NOT_FOUND",
            message,
            "dns_record_not_found",
            message,
        )
    })
}

fn delete(cx: &mut Cx<'_>, id: &str) -> Outcome {
    let record = find(cx, id)?;
    if record.wish.is_fixed() {
        return Err(not_mutable(cx));
    }
    busy(cx)?;
    apply(cx, vec![Edit::Remove(record.id)]);
    Ok(no_content())
}

/// `PUT …/dns-records/{recordId}`: looks like a change of one record, and leaves nothing but it in the zone.
fn replace_all(cx: &mut Cx<'_>, id: &str) -> Outcome {
    let old = find(cx, id)?;
    let wish = sent(cx)?;
    busy(cx)?;
    let current = cx
        .copy()
        .map(|copy| copy.current().clone())
        .unwrap_or_default();
    let zone = cx.zones.zone().to_owned();
    let edits = exchange(&current, vec![wish], &zone, |old| !old.is_fixed());
    let made = apply(cx, edits);
    Ok(ok(body(made.first().map_or(&old, AsRef::as_ref))))
}

fn apply(cx: &mut Cx<'_>, edits: Vec<Edit>) -> Vec<Arc<Record>> {
    let now = cx.now();
    match cx.zones.copy_mut(Host::Godaddy) {
        Some(copy) => copy.apply(now, edits, MadeBy::Golive, cx.book),
        None => Vec::new(),
    }
}
