//! A project's access list: from where its databases can be reached. It has nothing to do with who may call the API.

use serde_json::{Value, json};

use super::state::{Block, Entry, Project};
use super::users::ends;
use super::wire::{
    self, Outcome, Reply, Request, invalid, misformed, no_content, no_group, ok, refuse, stamp,
};
use super::{Cx, LAG_MS, Need, Route, malformed, to};
use crate::seam::transport::Method;
use crate::sim::chance;
use crate::sim::ledger::{MadeBy, Provider};

const ENDPOINT: &str = "api/atlas/v2/groups/{groupId}/accessList";
const VERSIONS: &[&str] = &["2023-01-01"];
const MOST: usize = 200;
const COMMENT: usize = 80;

pub fn route(method: Method, group: &str, rest: &[&str]) -> Option<Route> {
    let group = group.to_owned();
    let need = match method {
        Method::Get => Need::Read,
        _ => Need::Network,
    };
    match (method, rest) {
        (Method::Get, ["accessList"]) => to(need, VERSIONS, ENDPOINT, move |cx| {
            hiccup(cx)?;
            let seen = cx.list();
            let project = seen.project(&group).ok_or_else(|| no_group(&group))?;
            listed(cx.request, project)
        }),
        (Method::Post, ["accessList"]) => to(need, VERSIONS, ENDPOINT, move |cx| {
            hiccup(cx)?;
            add(cx, &group)
        }),
        (Method::Get, ["accessList", value]) => {
            let value = (*value).to_owned();
            to(need, VERSIONS, ENDPOINT, move |cx| {
                hiccup(cx)?;
                let (entry, _) = one(cx, &group, &value)?;
                Ok(ok(body(cx.request, &group, &entry)))
            })
        }
        (Method::Get, ["accessList", value, "status"]) => {
            let value = (*value).to_owned();
            to(need, VERSIONS, ENDPOINT, move |cx| {
                let (entry, at) = one(cx, &group, &value)?;
                let active = entry.active_at <= at;
                Ok(ok(
                    json!({ "STATUS": if active { "ACTIVE" } else { "PENDING" } }),
                ))
            })
        }
        (Method::Delete, ["accessList", value]) => {
            let value = (*value).to_owned();
            to(need, VERSIONS, ENDPOINT, move |cx| {
                hiccup(cx)?;
                remove(cx, &group, &value)
            })
        }
        _ => None,
    }
}

/// The error without a reason that these endpoints are known for: once, early, when the world's file asks for it.
fn hiccup(cx: &mut Cx<'_>) -> Result<(), Box<Reply>> {
    if !cx.spec().flaky_access_list || cx.around.replaying {
        return Ok(());
    }
    cx.atlas.door.list_calls += 1;
    let which = chance::between(cx.atlas.seed, "access list hiccup", 1, 3);
    if cx.atlas.door.list_calls != which {
        return Ok(());
    }
    Err(refuse(
        500,
        "UNEXPECTED_ERROR",
        "Unexpected error.",
        Value::Null,
    ))
}

fn not_found(value: &str, group: &str) -> Box<Reply> {
    refuse(
        404,
        "ATLAS_NETWORK_PERMISSION_ENTRY_NOT_FOUND",
        &format!("IP Address {value} not on Atlas access list for group {group}."),
        json!([value, group]),
    )
}

fn listed(request: &Request, project: &Project) -> Outcome {
    let entries = project.entries.iter();
    let items = entries.map(|entry| body(request, &project.id, entry));
    wire::page(request, items.collect())
}

/// The entry of a value as one look at it finds it, and when that look was.
fn one(cx: &Cx<'_>, group: &str, value: &str) -> Result<(Entry, jiff::Timestamp), Box<Reply>> {
    let (seen, at) = cx.seen(LAG_MS);
    let project = seen.project(group).ok_or_else(|| no_group(group))?;
    let block = Block::parse(value).ok_or_else(|| not_found(value, group))?;
    let entry = project.entry(block).filter(|entry| entry.visible_at <= at);
    let entry = entry.ok_or_else(|| not_found(value, group))?;
    Ok((entry.clone(), at))
}

fn body(request: &Request, group: &str, entry: &Entry) -> Value {
    let block = entry.block.to_string();
    let path = format!("groups/{group}/accessList/{}", wire::encode(&block));
    let mut shown = json!({
        "cidrBlock": block,
        "comment": entry.comment,
        "groupId": group,
        "links": wire::itself(request, &path),
    });
    if let Some(address) = entry.block.single() {
        shown["ipAddress"] = address.to_string().into();
    }
    if let Some(at) = entry.delete_after {
        shown["deleteAfterDate"] = stamp(at).into();
    }
    shown
}

/// The block that one sent entry names.
fn block_of(item: &Value) -> Result<Block, Box<Reply>> {
    let named = ["cidrBlock", "ipAddress", "awsSecurityGroup"];
    let given: Vec<&str> = named
        .into_iter()
        .filter(|name| !item[*name].is_null())
        .collect();
    let [name] = given.as_slice() else {
        let text = "must be the only one of cidrBlock, ipAddress and awsSecurityGroup";
        return Err(invalid("cidrBlock", text));
    };
    let text = item[*name].as_str().ok_or_else(|| misformed(name))?;
    let wrong = |code: &str, detail: String| Err(refuse(400, code, &detail, json!([text])));
    match *name {
        "awsSecurityGroup" => wrong(
            "CANNOT_ADD_AWS_SECURITY_GROUP",
            "A security group needs a peering connection of the project.".to_owned(),
        ),
        "ipAddress" => match Block::parse(text).filter(|_| !text.contains('/')) {
            Some(block) => Ok(block),
            None => wrong(
                "INVALID_IP_ADDRESS",
                format!("The address {text} is invalid."),
            ),
        },
        _ => match Block::parse(text) {
            Some(block) => Ok(block),
            None => wrong(
                "INVALID_CIDR_BLOCK",
                format!("The CIDR block {text} is invalid."),
            ),
        },
    }
}

/// Reads one sent entry, which nobody sees before `visible_at`.
fn read(cx: &Cx<'_>, item: &Value, visible_at: jiff::Timestamp) -> Result<Entry, Box<Reply>> {
    if !item.is_object() {
        return Err(malformed());
    }
    let block = block_of(item)?;
    let comment = match &item["comment"] {
        Value::Null => "",
        Value::String(text) if text.chars().count() <= COMMENT => text,
        Value::String(_) => {
            return Err(invalid("comment", "must have at most 80 characters"));
        }
        _ => return Err(misformed("comment")),
    };
    Ok(Entry {
        block,
        comment: comment.to_owned(),
        delete_after: ends(&item["deleteAfterDate"], cx.visit.now)?,
        visible_at,
        active_at: visible_at + cx.draw(&format!("active {block}"), 5000, 40_000),
    })
}

/// Reads the array that was sent; no block may be in it twice.
fn read_all(cx: &Cx<'_>) -> Result<Vec<Entry>, Box<Reply>> {
    let sent = cx.request.body.as_ref().and_then(Value::as_array);
    let sent = sent
        .filter(|items| !items.is_empty())
        .ok_or_else(malformed)?;
    let visible_at = match cx.atlas.scenario.lag {
        true => cx.visit.now + cx.draw("entry", 0, 20_000),
        false => cx.visit.now,
    };
    let mut new: Vec<Entry> = Vec::new();
    for item in sent {
        let entry = read(cx, item, visible_at)?;
        let block = entry.block;
        if new.iter().any(|entry| entry.block == block) {
            return Err(refuse(
                400,
                "DUPLICATE_ADDRESSES_IN_INPUT",
                &format!("The address {block} is in the input more than once."),
                json!([block.to_string()]),
            ));
        }
        new.push(entry);
    }
    Ok(new)
}

/// `POST` with an array. What is there already is taken as sent, and stays one entry.
fn add(cx: &mut Cx<'_>, group: &str) -> Outcome {
    let new = read_all(cx)?;
    let project = cx.project(group)?;
    let strange = |entry: &&Entry| project.entry(entry.block).is_none();
    if project.entries.len() + new.iter().filter(strange).count() > MOST {
        return Err(refuse(
            403,
            "ATLAS_NETWORK_PERMISSIONS_LIMIT_EXCEEDED",
            &format!("Group {group} already has the maximum of {MOST} access list entries."),
            json!([group, MOST]),
        ));
    }
    let parent = project.name.clone();
    let made: Vec<(String, String)> = new
        .iter()
        .filter(strange)
        .map(|entry| entry.block.to_string())
        .map(|block| (project.ledger_id(&block), block))
        .collect();
    cx.change(group, |project| {
        for entry in new {
            put(project, entry);
        }
    })?;
    for (id, block) in made {
        let by = MadeBy::Golive;
        cx.book
            .made(Provider::Atlas, "access_entry", &id, &parent, &block, by);
    }
    let mut answer = listed(cx.request, cx.project(group)?)?;
    answer.status = 201;
    Ok(answer)
}

/// An entry that is there stays active; it takes the new remark and the new end, but one that lasts goes on lasting.
fn put(project: &mut Project, new: Entry) {
    let known = project.entries.iter_mut();
    match known.into_iter().find(|entry| entry.block == new.block) {
        None => project.entries.push(new),
        Some(entry) => {
            if !new.comment.is_empty() {
                entry.comment = new.comment;
            }
            if entry.delete_after.is_some() {
                entry.delete_after = new.delete_after;
            }
        }
    }
}

fn remove(cx: &mut Cx<'_>, group: &str, value: &str) -> Outcome {
    let project = cx.project(group)?;
    let block = Block::parse(value).filter(|block| project.entry(*block).is_some());
    let block = block.ok_or_else(|| not_found(value, group))?;
    let id = project.ledger_id(&block.to_string());
    cx.change(group, |project| {
        project.entries.retain(|entry| entry.block != block);
    })?;
    cx.book.gone(Provider::Atlas, "access_entry", &id);
    Ok(no_content())
}
