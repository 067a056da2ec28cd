//! GoDaddy's old API: records as sets by type and name. Changes are answered with an empty body.

use serde_json::{Map, Value, json};

use super::check::{self, Wrong};
use super::wire::{Outcome, Reply, done, duplicate, field, invalid, no_content, nowhere, ok, v1};
use super::{Cx, domain};
use crate::seam::transport::Method;
use crate::sim::ledger::MadeBy;
use crate::sim::zones::{Clash, Contents, Edit, Host, Wish};

/// The types that this API knows; CAA is not among them.
const KINDS: [&str; 8] = ["A", "AAAA", "CNAME", "MX", "NS", "SOA", "SRV", "TXT"];

pub fn route(cx: &mut Cx<'_>, path: &[&str]) -> Outcome {
    let method = cx.request.method;
    if let [name, ..] = path {
        is_ours(cx, name)?;
    }
    match (method, path) {
        (Method::Get, []) => domain::list(cx),
        (Method::Get, [_]) => domain::detail(cx),
        (_, [_, "records", ..]) if cx.copy().is_none() => Err(unknown()),
        (Method::Get, [_, "records"]) => list(cx, None, None),
        (Method::Get, [_, "records", kind]) => list(cx, Some(kind), None),
        (Method::Get, [_, "records", kind, name]) => list(cx, Some(kind), Some(name)),
        (Method::Patch, [_, "records"]) => add(cx),
        (Method::Put, [_, "records"]) => replace(cx, None, None),
        (Method::Put, [_, "records", kind]) => replace(cx, Some(kind), None),
        (Method::Put, [_, "records", kind, name]) => replace(cx, Some(kind), Some(name)),
        (Method::Delete, [_, "records", kind, name]) => delete(cx, kind, name),
        _ => Err(nowhere(cx, false)),
    }
}

fn unknown() -> Box<Reply> {
    let message = "The given domain is not registered, or does not have a zone file";
    v1(404, "UNKNOWN_DOMAIN", message)
}

/// A name inside the domain is no domain; one of somebody else is refused as everything is that is refused.
fn is_ours(cx: &Cx<'_>, name: &str) -> Result<(), Box<Reply>> {
    let zone = cx.zones.zone();
    if name.eq_ignore_ascii_case(zone) {
        Ok(())
    } else if name.to_lowercase().ends_with(&format!(".{zone}")) {
        Err(unknown())
    } else {
        Err(v1(
            403,
            "ACCESS_DENIED",
            "Authenticated user is not allowed access",
        ))
    }
}

fn known(kind: &str) -> Result<(), Box<Reply>> {
    match KINDS.contains(&kind) {
        true => Ok(()),
        false => Err(invalid(vec![field(
            "type",
            "MISMATCH_ENUM",
            &format!("type must be one of {}", KINDS.join(", ")),
        )])),
    }
}

/// A record as this API shows it.
fn body(wish: &Wish) -> Value {
    let mut body = wish.more.clone();
    body.insert("type".to_owned(), json!(wish.kind));
    body.insert("name".to_owned(), json!(wish.name));
    body.insert("data".to_owned(), json!(wish.data));
    body.insert("ttl".to_owned(), json!(wish.ttl));
    Value::Object(body)
}

fn list(cx: &Cx<'_>, kind: Option<&str>, name: Option<&str>) -> Outcome {
    kind.map_or(Ok(()), known)?;
    let view = cx.view();
    let number = |name: &str| cx.request.query(name).and_then(|text| text.parse().ok());
    // Undocumented, but so it counts: from 1.
    let skip = number("offset").unwrap_or(1usize).max(1) - 1;
    let name = name.map(str::to_lowercase);
    let found = view
        .records
        .iter()
        .map(|record| &record.wish)
        .filter(|wish| {
            KINDS.contains(&wish.kind.as_str())
                && kind.is_none_or(|kind| wish.kind == kind)
                && name.as_deref().is_none_or(|name| wish.name == name)
        });
    let found = found.skip(skip).take(number("limit").unwrap_or(500));
    Ok(ok(found.map(body).collect()))
}

/// The records of a body, checked. What the path says already is put into each.
fn sent(cx: &Cx<'_>, kind: Option<&str>, name: Option<&str>) -> Result<Vec<Wish>, Box<Reply>> {
    if cx.request.unreadable {
        return Err(v1(400, "MALFORMED", "Request was malformed"));
    }
    let Some(items) = cx.request.body.as_ref().and_then(Value::as_array) else {
        let what = field("records", "UNEXPECTED_TYPE", "records is not an array");
        return Err(invalid(vec![what]));
    };
    let mut wishes = Vec::new();
    for (place, item) in items.iter().enumerate() {
        let mut item: Map<String, Value> = item.as_object().cloned().unwrap_or_default();
        let said = [("type", kind), ("name", name)];
        for (key, value) in said {
            item.extend(value.map(|value| (key.to_owned(), json!(value))));
        }
        let mut wish = check::record(&item, &KINDS, false).map_err(|wrong| {
            let Wrong {
                field: of,
                code,
                message,
            } = wrong;
            invalid(vec![field(
                &format!("records[{place}].{of}"),
                code,
                &message,
            )])
        })?;
        if wish.is_fixed() {
            let path = format!("records[{place}].type");
            let message = "NS and SOA of the domain cannot be changed";
            return Err(invalid(vec![field(&path, "UNKNOWN_RESTRICTION", message)]));
        }
        cx.hub.mar(&mut wish);
        wishes.push(wish);
    }
    Ok(wishes)
}

fn busy(cx: &Cx<'_>) -> Result<(), Box<Reply>> {
    match cx.is_busy() {
        true => Err(v1(
            409,
            "CONFLICT",
            "The zone is being changed, try again later",
        )),
        false => Ok(()),
    }
}

/// Whether the wishes can stand beside what stays, and beside each other.
fn fit<'c>(
    cx: &Cx<'_>,
    wishes: &'c [Wish],
    stays: impl Iterator<Item = &'c Wish> + Clone,
) -> Result<(), Box<Reply>> {
    let zone = cx.zones.zone();
    for (place, wish) in wishes.iter().enumerate() {
        let mut beside = stays.clone().chain(&wishes[..place]);
        if beside.any(|other| wish.clash(other, zone).is_some()) {
            return Err(duplicate(&wish.kind, &wish.name));
        }
    }
    Ok(())
}

/// `PATCH …/records`: adds to what is there.
fn add(cx: &mut Cx<'_>) -> Outcome {
    let wishes = sent(cx, None, None)?;
    busy(cx)?;
    let current = cx
        .copy()
        .map(|copy| copy.current().clone())
        .unwrap_or_default();
    fit(
        cx,
        &wishes,
        current.records.iter().map(|record| &record.wish),
    )?;
    apply(cx, wishes.into_iter().map(Edit::Add).collect());
    Ok(done())
}

/// `PUT …/records`, `…/records/{type}` and `…/records/{type}/{name}`: what was there of it is gone, all of it.
fn replace(cx: &mut Cx<'_>, kind: Option<&str>, name: Option<&str>) -> Outcome {
    kind.map_or(Ok(()), known)?;
    let wishes = sent(cx, kind, name)?;
    busy(cx)?;
    let current = cx
        .copy()
        .map(|copy| copy.current().clone())
        .unwrap_or_default();
    let name = name.map(str::to_lowercase);
    let goes = |wish: &Wish| {
        // This API does not know of other types, and so it cannot take them away.
        KINDS.contains(&wish.kind.as_str())
            && !wish.is_fixed()
            && kind.is_none_or(|kind| wish.kind == kind)
            && name.as_deref().is_none_or(|name| wish.name == name)
    };
    let all = current.records.iter().map(|record| &record.wish);
    fit(cx, &wishes, all.filter(|wish| !goes(wish)))?;
    let edits = exchange(&current, wishes, cx.zones.zone(), goes);
    apply(cx, edits);
    Ok(done())
}

/// The steps from what is there to what is wished: a record that stays the same is not touched.
pub fn exchange(
    current: &Contents,
    wishes: Vec<Wish>,
    zone: &str,
    goes: impl Fn(&Wish) -> bool,
) -> Vec<Edit> {
    let mut edits = Vec::new();
    let mut wishes = wishes;
    for record in current.records.iter().filter(|record| goes(&record.wish)) {
        let same = |wish: &Wish| wish.clash(&record.wish, zone) == Some(Clash::Same);
        let Some(place) = wishes.iter().position(same) else {
            edits.push(Edit::Remove(record.id.clone()));
            continue;
        };
        let wish = wishes.remove(place);
        if wish != record.wish {
            edits.push(Edit::Alter(record.id.clone(), wish));
        }
    }
    edits.extend(wishes.into_iter().map(Edit::Add));
    edits
}

/// `DELETE …/records/{type}/{name}`: all of them.
fn delete(cx: &mut Cx<'_>, kind: &str, name: &str) -> Outcome {
    known(kind)?;
    busy(cx)?;
    let name = name.to_lowercase();
    let current = cx
        .copy()
        .map(|copy| copy.current().clone())
        .unwrap_or_default();
    let found: Vec<_> = current.set(&name, kind).collect();
    if found.is_empty() {
        return Err(nowhere(cx, false));
    }
    if found.iter().any(|record| record.wish.is_fixed()) {
        let message = "The given domain is not eligible to have its records changed";
        return Err(v1(409, "INELIGIBLE_DOMAIN", message));
    }
    let edits = found.iter().map(|record| Edit::Remove(record.id.clone()));
    let edits = edits.collect();
    apply(cx, edits);
    Ok(no_content())
}

fn apply(cx: &mut Cx<'_>, edits: Vec<Edit>) {
    let now = cx.now();
    if let Some(copy) = cx.zones.copy_mut(Host::Godaddy) {
        copy.apply(now, edits, MadeBy::Golive, cx.book);
    }
}
