//! The records of the zone, as Cloudflare shows and takes them: full names, ids, a proxy in front of some.

use std::net::{Ipv4Addr, Ipv6Addr};

use serde_json::{Map, Value, json};

use super::Cx;
use super::wire::{Outcome, Reply, page, refuse, result};
use crate::sim::ledger::MadeBy;
use crate::sim::wire::stamp;
use crate::sim::zones::{Edit, Host, Record, Wish, full, relative};

const KINDS: [&str; 20] = [
    "A", "AAAA", "CAA", "CERT", "CNAME", "DNSKEY", "DS", "HTTPS", "LOC", "MX", "NAPTR", "NS",
    "PTR", "SMIMEA", "SRV", "SSHFP", "SVCB", "TLSA", "TXT", "URI",
];

/// How long a text about a record can be (free plan).
const COMMENT_MAX: usize = 100;

/// Whether the proxy can stand before records of this type.
fn proxiable(kind: &str) -> bool {
    matches!(kind, "A" | "AAAA" | "CNAME")
}

/// The zone's own name servers and SOA are not among its records here.
fn is_shown(record: &Record) -> bool {
    !record.wish.is_fixed()
}

fn content(wish: &Wish, zone: &str) -> String {
    match wish.kind.as_str() {
        "MX" => wish
            .wire(zone)
            .split_once(' ')
            .map_or("", |(_, host)| host)
            .to_owned(),
        "TXT" => wish.data.clone(),
        _ => wish.wire(zone),
    }
}

fn body(cx: &Cx<'_>, record: &Record) -> Value {
    let (wish, zone) = (&record.wish, cx.zones.zone());
    let mut body = json!({
        "id": record.id,
        "zone_id": super::zone::id(cx),
        "zone_name": zone,
        "name": full(&wish.name, zone),
        "type": wish.kind,
        "content": content(wish, zone),
        "proxiable": proxiable(&wish.kind),
        "proxied": wish.proxied,
        "ttl": wish.ttl,
        "comment": wish.comment,
        "tags": [],
        "meta": { "auto_added": false, "managed_by_apps": false, "managed_by_argo_tunnel": false },
        "created_on": stamp(record.created),
        "modified_on": stamp(record.modified),
    });
    if let Some(priority) = wish.more.get("priority") {
        body["priority"] = priority.clone();
    }
    if wish.kind == "CAA" {
        let more = |name: &str| wish.more.get(name).cloned().unwrap_or_default();
        body["data"] = json!({ "flags": more("flag"), "tag": more("tag"), "value": wish.data });
    } else if let Some(data) = wish.more.get("data") {
        body["data"] = data.clone();
    }
    body
}

pub fn list(cx: &Cx<'_>) -> Outcome {
    let view = cx.view();
    let request = cx.request;
    let zone = cx.zones.zone();
    let filter = |name: &str| {
        let exact = format!("{name}.exact");
        request
            .query(name)
            .or(request.query(&exact))
            .map(str::to_owned)
    };
    // Names in a filter are full ones.
    let name = filter("name").map(|name| name.trim_end_matches('.').to_lowercase());
    let (kind, wanted) = (filter("type"), filter("content"));
    let proxied = filter("proxied").map(|text| text == "true");
    let comment = filter("comment");
    let found = view.records.iter().filter(|record| {
        let wish = &record.wish;
        is_shown(record)
            && name
                .as_deref()
                .is_none_or(|name| full(&wish.name, zone) == name)
            && kind.as_deref().is_none_or(|kind| wish.kind == kind)
            && wanted
                .as_deref()
                .is_none_or(|wanted| content(wish, zone) == wanted)
            && proxied.is_none_or(|proxied| wish.proxied == proxied)
            && (comment.is_none() || wish.comment == comment)
    });
    let found = found.map(|record| body(cx, record)).collect();
    Ok(page(request, 100, found))
}

fn absent() -> Box<Reply> {
    refuse(404, 81_044, "Record does not exist.")
}

pub fn one(cx: &Cx<'_>, id: &str) -> Outcome {
    let view = cx.view();
    let record = view.find(id).filter(|record| is_shown(record));
    record
        .map(|record| result(body(cx, record)))
        .ok_or_else(absent)
}

fn invalid(code: u32, message: &str) -> Box<Reply> {
    refuse(400, code, message)
}

/// The name as the zone keeps it; one that is outside of the zone is taken as one inside.
fn name(of: &Map<String, Value>, zone: &str) -> Result<String, Box<Reply>> {
    let name = of.get("name").and_then(Value::as_str).unwrap_or_default();
    if name.is_empty() || name.len() > 255 || name.contains(char::is_whitespace) {
        return Err(invalid(9000, "DNS name is invalid."));
    }
    Ok(relative(name, zone))
}

fn ttl(of: &Map<String, Value>) -> Result<u32, Box<Reply>> {
    let ttl = match of.get("ttl") {
        None | Some(Value::Null) => Some(1),
        Some(ttl) => ttl
            .as_u64()
            .filter(|ttl| *ttl == 1 || (60..=86_400).contains(ttl)),
    };
    let ttl = ttl.and_then(|ttl| u32::try_from(ttl).ok());
    let message = "Invalid TTL. Must be between 60 and 86400 seconds, or 1 for Automatic.";
    ttl.ok_or_else(|| invalid(9021, message))
}

fn comment(of: &Map<String, Value>) -> Result<Option<String>, Box<Reply>> {
    let text = of
        .get("comment")
        .and_then(Value::as_str)
        .filter(|text| !text.is_empty());
    match text {
        Some(text) if text.chars().count() > COMMENT_MAX => {
            Err(invalid(9300, "DNS record comment is too long."))
        }
        text => Ok(text.map(str::to_owned)),
    }
}

/// A whole record as it was sent.
fn wish(of: &Map<String, Value>, zone: &str) -> Result<Wish, Box<Reply>> {
    let kind = of.get("type").and_then(Value::as_str).unwrap_or_default();
    if !KINDS.contains(&kind) {
        return Err(invalid(1004, "DNS Validation Error: unknown record type"));
    }
    let data = of.get("data").and_then(Value::as_object);
    let sent = match (kind, data) {
        ("CAA", Some(data)) => data.get("value"),
        _ => of.get("content"),
    };
    let sent = sent.and_then(Value::as_str).unwrap_or_default();
    let name = name(of, zone)?;
    let mut wish = Wish::new(&name, kind, sent, ttl(of)?);
    match kind {
        _ if sent.is_empty() && data.is_none() => {
            return Err(invalid(9003, "DNS record content is required."));
        }
        "A" if sent.parse::<Ipv4Addr>().is_err() => {
            return Err(invalid(
                9005,
                "Content for A record must be a valid IPv4 address.",
            ));
        }
        "AAAA" if sent.parse::<Ipv6Addr>().is_err() => {
            return Err(invalid(
                9006,
                "Content for AAAA record must be a valid IPv6 address.",
            ));
        }
        "CNAME" if relative(sent, zone) == name => {
            return Err(invalid(9039, "CNAME content cannot reference itself."));
        }
        "CNAME" | "MX" | "NS" if sent.contains([' ', '/']) => {
            return Err(invalid(9007, "Content for CNAME record is invalid."));
        }
        _ => {}
    }
    if let Some(priority) = of.get("priority").filter(|priority| priority.is_u64()) {
        wish.more.insert("priority".to_owned(), priority.clone());
    } else if kind == "MX" {
        return Err(invalid(9100, "Priority is required for MX records."));
    }
    if let Some(data) = data {
        let known = |field: &str| data.get(field).cloned().unwrap_or_default();
        match kind {
            "CAA" => {
                wish.more.insert("flag".to_owned(), known("flags"));
                wish.more.insert("tag".to_owned(), known("tag"));
            }
            _ => drop(wish.more.insert("data".to_owned(), json!(data))),
        }
    }
    wish.comment = comment(of)?;
    wish.proxied = of.get("proxied") == Some(&Value::Bool(true));
    if wish.proxied && !proxiable(kind) {
        return Err(invalid(9004, "This record type cannot be proxied."));
    }
    if wish.proxied {
        wish.ttl = 1;
    }
    Ok(wish)
}

/// What a record collides with, of all but the one that it is to take the place of.
fn fits(cx: &Cx<'_>, wish: &Wish, but: Option<&str>) -> Result<(), Box<Reply>> {
    let zone = cx.zones.zone();
    let copy = cx.copy();
    let others = copy.into_iter().flat_map(|copy| &copy.current().records);
    let others = others.filter(|other| {
        other.wish.name == wish.name && is_shown(other) && but != Some(other.id.as_str())
    });
    let host = |kind: &str| matches!(kind, "A" | "AAAA" | "CNAME");
    for other in others {
        let other = &other.wish;
        if wish.is_same(other, zone) {
            return Err(invalid(81_058, "An identical record already exists."));
        }
        if wish.kind == "CNAME" && host(&other.kind) {
            let message = "An A, AAAA, or CNAME record with that host already exists.";
            return Err(invalid(81_053, message));
        }
        if host(&wish.kind) && other.kind == "CNAME" {
            return Err(invalid(
                81_054,
                "A CNAME record with that host already exists.",
            ));
        }
    }
    Ok(())
}

fn sent<'c>(cx: &Cx<'c>) -> Result<&'c Map<String, Value>, Box<Reply>> {
    let body = cx.request.body.as_ref().and_then(Value::as_object);
    body.ok_or_else(|| invalid(9207, "Request body is invalid."))
}

pub fn create(cx: &mut Cx<'_>) -> Outcome {
    let wish = wish(sent(cx)?, cx.zones.zone())?;
    fits(cx, &wish, None)?;
    written(cx, Edit::Add(wish))
}

/// `PATCH` leaves what is not named, `PUT` does not.
pub fn change(cx: &mut Cx<'_>, id: &str, whole: bool) -> Outcome {
    let sent = sent(cx)?;
    let copy = cx
        .copy()
        .map(|copy| copy.current().clone())
        .unwrap_or_default();
    let old = copy
        .find(id)
        .filter(|old| is_shown(old))
        .ok_or_else(absent)?;
    let mut all = match whole {
        true => Map::new(),
        false => body(cx, old).as_object().cloned().unwrap_or_default(),
    };
    all.extend(sent.clone());
    let wish = wish(&all, cx.zones.zone())?;
    if wish == old.wish {
        return Ok(result(body(cx, old)));
    }
    fits(cx, &wish, Some(id))?;
    written(cx, Edit::Alter(id.to_owned(), wish))
}

fn written(cx: &mut Cx<'_>, edit: Edit) -> Outcome {
    let now = cx.now();
    let copy = cx.zones.copy_mut(Host::Cloudflare).ok_or_else(absent)?;
    let touched = copy.apply(now, vec![edit], MadeBy::Golive, cx.book);
    let record = touched.first().ok_or_else(absent)?;
    Ok(result(body(cx, record)))
}

pub fn delete(cx: &mut Cx<'_>, id: &str) -> Outcome {
    let now = cx.now();
    let copy = cx.zones.copy_mut(Host::Cloudflare).ok_or_else(absent)?;
    let found = copy.current().find(id).filter(|record| is_shown(record));
    found.ok_or_else(absent)?;
    copy.apply(
        now,
        vec![Edit::Remove(id.to_owned())],
        MadeBy::Golive,
        cx.book,
    );
    Ok(result(json!({ "id": id })))
}
