//! Key Value instances: found, made, changed, deleted, and how they are reached.

use std::sync::Arc;

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::create::{NO_CARD, REGIONS, owner_of};
use super::services::named;
use super::state::{KeyValue, Owner, State, letters, moment};
use super::wire::{
    Digits, Outcome, Reply, accepted, any_place, body, invalid, no_content, not_found, ok, page,
    passes, refuse, reply, text, time, word,
};
use super::{Cx, Render, body as shown};
use crate::sim::ledger::{MadeBy, Provider};

/// From the smallest; a plan and its newer name stand for the same size.
const PLANS: [(&str, u8); 12] = [
    ("free", 0),
    ("256mb", 1),
    ("starter", 1),
    ("1g", 2),
    ("standard", 2),
    ("5g", 3),
    ("pro", 3),
    ("10g", 4),
    ("pro_plus", 4),
    ("20g", 5),
    ("40g", 6),
    ("custom", 7),
];
const POLICIES: [&str; 8] = [
    "noeviction",
    "allkeys_lfu",
    "allkeys_lru",
    "allkeys_random",
    "volatile_lfu",
    "volatile_lru",
    "volatile_random",
    "volatile_ttl",
];
const MODES: [&str; 3] = ["journal_snapshot", "off", "snapshot"];
/// What an instance does with old keys when nothing is said.
const POLICY: &str = "allkeys_lru";

/// Both families list the same objects, each in its own wrapper.
pub fn list(cx: &Cx<'_>, family: &str) -> Outcome {
    let (state, at) = cx.list_view();
    let call = cx.visit.call;
    let before = time(cx.request, "createdBefore")?;
    let after = time(cx.request, "createdAfter")?;
    let found = state
        .key_values
        .values()
        .filter(|one| {
            passes(call, "ownerId", &one.owner)
                && passes(call, "region", &one.region)
                && named(cx, &one.name)
                && before.is_none_or(|before| one.created_at < before)
                && after.is_none_or(|after| one.created_at > after)
        })
        .filter_map(|one| {
            let owner = state.owner(&one.owner)?;
            let mut item = shown::key_value(one, owner, (at, Digits::Six));
            item["dashboardUrl"] = json!(format!("https://dashboard.render.com/r/{}", one.id));
            Some((any_place(cx.hub.seed, &one.id), item))
        })
        .collect();
    let wrapper = if family == "redis" {
        family
    } else {
        "keyValue"
    };
    page(cx.request, wrapper, found)
}

/// An instance of a version of the state, with its workspace.
fn find<'s>(state: &'s State, id: &str) -> Result<(&'s Arc<KeyValue>, &'s Owner), Box<Reply>> {
    let found = state.key_values.get(id);
    let found = found.and_then(|one| Some((one, state.owner(&one.owner)?.as_ref())));
    found.ok_or_else(|| not_found(id))
}

pub fn one(cx: &Cx<'_>, id: &str) -> Outcome {
    let (state, at) = cx.view();
    let (instance, owner) = find(&state, id)?;
    Ok(ok(shown::key_value(instance, owner, (at, Digits::Six))))
}

pub fn connection(cx: &Cx<'_>, family: &str, id: &str) -> Outcome {
    let (state, _) = cx.view();
    let (instance, _) = find(&state, id)?;
    let command = match family {
        "redis" => "redisCLICommand",
        _ => "cliCommand",
    };
    Ok(ok(shown::connection(instance, command)))
}

/// A name may be given twice: nothing keeps a twin from being made.
pub fn create(cx: &mut Cx<'_>) -> Outcome {
    let asked = body(cx.request)?;
    let name = text(asked, "name")?.filter(|name| !name.trim().is_empty());
    let name = name.ok_or_else(|| invalid("name is required"))?;
    let owner = owner_of(cx, asked)?;
    let plan = plan(asked)?.ok_or_else(|| invalid("plan is required"))?;
    let region = word(asked, "region", &REGIONS)?.unwrap_or("oregon");
    let policy = word(asked, "maxmemoryPolicy", &POLICIES)?.unwrap_or(POLICY);
    let mode = word(asked, "persistenceMode", &MODES)?.unwrap_or("journal_snapshot");
    let allow = allow_list(asked)?.unwrap_or_default();
    may_have(cx, &owner, plan, None)?;
    let (seed, now) = (cx.hub.seed, cx.now());
    let instance = cx.hub.state.change(now, |state| {
        let id = state.new_id(seed, "red");
        let unknown = moment(seed, now, &format!("unknown {id}"), 3, 8);
        let instance = Arc::new(KeyValue {
            name: name.to_owned(),
            owner: owner.id.clone(),
            plan: plan.to_owned(),
            region: region.to_owned(),
            policy: policy.to_owned(),
            persistence: (plan != "free").then(|| mode.to_owned()),
            allow,
            password: password(seed, &id),
            suspended: false,
            born: (unknown, moment(seed, now, &format!("born {id}"), 40, 80)),
            busy_until: None,
            created_at: now,
            updated_at: now,
            id: id.clone(),
        });
        state.key_values.insert(id, Arc::clone(&instance));
        instance
    });
    let (id, parent) = (&instance.id, &owner.name);
    cx.book.made(
        Provider::Render,
        "key_value",
        id,
        parent,
        name,
        MadeBy::Golive,
    );
    let shown = shown::key_value(&instance, &owner, (now, Digits::Nine));
    Ok(reply(201, shown))
}

fn plan(asked: &Map<String, Value>) -> Result<Option<&str>, Box<Reply>> {
    match text(asked, "plan")? {
        Some(plan) if size(plan).is_none() => Err(invalid(&format!("invalid plan: {plan}"))),
        other => Ok(other),
    }
}

fn size(plan: &str) -> Option<u8> {
    let known = PLANS.iter().find(|(name, _)| *name == plan);
    known.map(|(_, size)| *size)
}

/// Whether the workspace may have an instance of that plan besides the ones that are not `but`.
fn may_have(cx: &Cx<'_>, owner: &Owner, plan: &str, but: Option<&str>) -> Result<(), Box<Reply>> {
    let mut others = cx.current().key_values.values();
    let another = others
        .any(|one| one.owner == owner.id && one.plan == "free" && Some(one.id.as_str()) != but);
    if plan == "free" && another {
        return Err(invalid(
            "cannot have more than 1 free tier Key Value instance",
        ));
    }
    match !owner.card && (plan != "free" || !owner.verified) {
        true => Err(refuse(402, NO_CARD)),
        false => Ok(()),
    }
}

type Allowed = Vec<(String, String)>;

/// Who may come from outside; a description is required of each entry.
fn allow_list(asked: &Map<String, Value>) -> Result<Option<Allowed>, Box<Reply>> {
    let entries = match asked.get("ipAllowList") {
        None | Some(Value::Null) => return Ok(None),
        Some(Value::Array(entries)) => entries,
        Some(_) => return Err(invalid("ipAllowList must be an array")),
    };
    let mut list = Allowed::new();
    for entry in entries {
        let entry = entry.as_object();
        let entry = entry.ok_or_else(|| invalid("invalid ipAllowList"))?;
        let block = text(entry, "cidrBlock")?.filter(|block| is_block(block));
        let block = block.ok_or_else(|| invalid("ipAllowList: invalid cidrBlock"))?;
        let words = text(entry, "description")?;
        let words = words.ok_or_else(|| invalid("ipAllowList: description is required"))?;
        list.push((block.to_owned(), words.to_owned()));
    }
    Ok(Some(list))
}

/// An IPv4 block such as `1.2.3.4/32`.
fn is_block(text: &str) -> bool {
    text.split_once('/').is_some_and(|(address, bits)| {
        let bits = bits.parse::<u8>().is_ok_and(|bits| bits <= 32);
        bits && address.parse::<std::net::Ipv4Addr>().is_ok()
    })
}

pub fn patch(cx: &mut Cx<'_>, id: &str) -> Outcome {
    let (before, owner) = find(cx.current(), id)?;
    let (before, owner) = (Arc::clone(before), owner.clone());
    let mut instance = KeyValue::clone(&before);
    let now = cx.now();
    let asked = body(cx.request)?;
    if let Some(name) = text(asked, "name")?.filter(|name| !name.trim().is_empty()) {
        name.clone_into(&mut instance.name);
    }
    if let Some(policy) = word(asked, "maxmemoryPolicy", &POLICIES)? {
        policy.clone_into(&mut instance.policy);
    }
    if let Some(list) = allow_list(asked)? {
        instance.allow = list;
    }
    if let Some(plan) = plan(asked)?
        && size(plan) != size(&instance.plan)
    {
        if size(plan) < size(&instance.plan) {
            return Err(invalid("cannot downgrade a Key Value instance"));
        }
        may_have(cx, &owner, plan, Some(id))?;
        let mode = instance.persistence.take();
        instance.persistence = mode.or_else(|| Some("journal_snapshot".to_owned()));
        plan.clone_into(&mut instance.plan);
        let until = moment(cx.hub.seed, now, &format!("plan {id} {plan}"), 20, 60);
        instance.busy_until = Some(until);
    }
    if let Some(mode) = word(asked, "persistenceMode", &MODES)?
        && instance.persistence.is_some()
    {
        instance.persistence = Some(mode.to_owned());
    }
    let instance = keep(cx, &before, instance);
    let shown = shown::key_value(&instance, &owner, (now, Digits::Six));
    Ok(ok(shown))
}

/// Puts a changed instance in place; one that is as before stays.
fn keep(cx: &mut Cx<'_>, before: &Arc<KeyValue>, mut instance: KeyValue) -> Arc<KeyValue> {
    if instance == **before {
        return Arc::clone(before);
    }
    let now = cx.now();
    instance.updated_at = now;
    if instance.name != before.name {
        let (id, name) = (&instance.id, &instance.name);
        cx.book.renamed(Provider::Render, "key_value", id, name);
    }
    let instance = Arc::new(instance);
    cx.hub.state.change(now, |state| {
        let id = instance.id.clone();
        state.key_values.insert(id, Arc::clone(&instance))
    });
    instance
}

pub fn delete(cx: &mut Cx<'_>, id: &str) -> Outcome {
    find(cx.current(), id)?;
    let now = cx.now();
    cx.hub
        .state
        .change(now, |state| state.key_values.remove(id));
    cx.book.gone(Provider::Render, "key_value", id);
    Ok(no_content())
}

pub fn suspend(cx: &mut Cx<'_>, id: &str, suspended: bool) -> Outcome {
    let before = Arc::clone(find(cx.current(), id)?.0);
    let instance = KeyValue {
        suspended,
        ..KeyValue::clone(&before)
    };
    keep(cx, &before, instance);
    Ok(accepted())
}

/// As Render makes them: letters and digits.
pub fn password(seed: u64, id: &str) -> String {
    const OF: &[u8] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    letters(seed, &format!("render password {id}"), OF, 32)
}

impl Render {
    /// A person lets an instance forget old keys, or forbids it.
    pub(super) fn edit_key_value(&mut self, now: Timestamp, name: &str) -> Result<String, String> {
        let all = &self.state.current().key_values;
        let found = all.values().find(|instance| instance.name == name);
        let found = found.ok_or_else(|| format!("there is no Key Value {name} at Render"))?;
        let id = found.id.clone();
        let other = match found.policy.as_str() {
            "noeviction" => POLICY,
            _ => "noeviction",
        };
        self.state.change(now, |state| {
            if let Some(instance) = state.key_values.get_mut(&id) {
                let instance = Arc::make_mut(instance);
                other.clone_into(&mut instance.policy);
                instance.updated_at = now;
            }
        });
        Ok(format!("The eviction policy of {name} is {other} now."))
    }
}
