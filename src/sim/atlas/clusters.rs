//! Clusters: made within a quarter of an hour, changed in minutes, and gone only when nothing protects them.

use jiff::{SignedDuration, Timestamp};
use serde_json::{Map, Value, json};

use super::machines::{self, Machines};
use super::projects::unauthorized_here;
use super::spec::AtlasSpec;
use super::state::{Cluster, Kind, Project};
use super::wire::{
    self, Outcome, Reply, Request, invalid, misformed, missing, no_group, ok, refuse, reply, stamp,
    unknown_attribute,
};
use super::{Cx, KeyRole, LAG_MS, LIST_LAG_MS, Need, Route, build, to};
use crate::seam::transport::Method;
use crate::sim::chance;
use crate::sim::ledger::{MadeBy, Provider};

/// The version that is chosen when none is asked for, and those that may be.
pub const MAJOR: &str = "8.0";
const MAJORS: [(&str, &str); 2] = [("7.0", "7.0.26"), (MAJOR, "8.0.29")];
/// How many characters of a name its host names are made of.
const PREFIX: usize = 23;

const ENDPOINT: &str = "api/atlas/v2/groups/{groupId}/clusters";
const READ: &[&str] = &["2024-08-05"];
const WRITE: &[&str] = &["2024-08-05", "2024-10-23"];

pub fn route(method: Method, group: &str, rest: &[&str]) -> Option<Route> {
    let group = group.to_owned();
    match (method, rest) {
        (Method::Get, ["clusters", "provider", "regions"]) => {
            to(Need::Read, &["2023-01-01"], ENDPOINT, |cx| {
                machines::regions(cx.request)
            })
        }
        (Method::Get, ["clusters"]) => to(Need::Read, READ, ENDPOINT, move |cx| list(cx, &group)),
        (Method::Post, ["clusters"]) => {
            let need = Need::CreateCluster;
            to(need, WRITE, ENDPOINT, move |cx| create(cx, &group))
        }
        (_, ["clusters", name]) => {
            let name = (*name).to_owned();
            match method {
                Method::Get => to(Need::Read, READ, ENDPOINT, move |cx| one(cx, &group, &name)),
                Method::Patch => to(Need::Read, WRITE, ENDPOINT, move |cx| {
                    change(cx, &group, &name)
                }),
                Method::Delete => to(Need::Own, &["2023-02-01"], ENDPOINT, move |cx| {
                    delete(cx, &group, &name)
                }),
                _ => None,
            }
        }
        (Method::Get, ["clusters", name, "status"]) => {
            let name = (*name).to_owned();
            to(Need::Read, &["2023-01-01"], ENDPOINT, move |cx| {
                status(cx, &group, &name)
            })
        }
        _ => None,
    }
}

/// The host of a cluster: one that the world's file knows, or made from the name as Atlas makes them.
pub fn host(spec: &AtlasSpec, seed: u64, project: &Project, name: &str) -> String {
    let unnamed = |wanted: &str| wanted.is_empty() || wanted == project.name;
    let known = spec
        .hosts
        .iter()
        .find(|host| unnamed(&host.project) && host.cluster == name);
    match known {
        Some(known) => known.host.clone(),
        None => {
            let place = chance::hex(seed, &format!("hosts of {}", project.name), 6);
            let prefix: String = name.to_lowercase().chars().take(PREFIX).collect();
            format!("{prefix}.{place}.mongodb.net")
        }
    }
}

fn not_found(group: &str, name: &str) -> Box<Reply> {
    refuse(
        404,
        "CLUSTER_NOT_FOUND",
        &format!("No cluster named {name} exists in group {group}."),
        json!([name, group]),
    )
}

/// The cluster, which must not be a Flex one.
fn here<'p>(project: &'p Project, name: &str) -> Result<&'p Cluster, Box<Reply>> {
    match project.cluster(name) {
        None => Err(not_found(&project.id, name)),
        Some(cluster) if cluster.kind == Kind::Flex => Err(refuse(
            400,
            "CANNOT_USE_FLEX_CLUSTER_IN_CLUSTER_API",
            &format!("Flex cluster {name} cannot be used in the Cluster API."),
            json!([name]),
        )),
        Some(cluster) => Ok(cluster),
    }
}

fn list(cx: &mut Cx<'_>, group: &str) -> Outcome {
    let (seen, at) = cx.seen(LIST_LAG_MS);
    let project = seen.project(group).ok_or_else(|| no_group(group))?;
    let shown = project.clusters.iter().filter(|c| c.kind != Kind::Flex);
    let items = shown.map(|cluster| body(cx.request, group, cluster, at));
    wire::page(cx.request, items.collect())
}

fn one(cx: &mut Cx<'_>, group: &str, name: &str) -> Outcome {
    let (seen, at) = cx.seen(LAG_MS);
    let project = seen.project(group).ok_or_else(|| no_group(group))?;
    Ok(ok(body(cx.request, group, here(project, name)?, at)))
}

/// Whether everything asked for has reached the nodes of a cluster, its users included.
fn status(cx: &mut Cx<'_>, group: &str, name: &str) -> Outcome {
    let (seen, at) = cx.seen(LAG_MS);
    let project = seen.project(group).ok_or_else(|| no_group(group))?;
    let cluster = here(project, name)?;
    let concerns = |scopes: &[String]| scopes.is_empty() || scopes.iter().any(|s| s == name);
    let waiting = project
        .users
        .iter()
        .any(|user| at < user.applied_at && concerns(&user.rights.scopes));
    let applied = cluster.state(at) == "IDLE" && !waiting;
    Ok(ok(json!({
        "changeStatus": if applied { "APPLIED" } else { "PENDING" },
        "links": wire::itself(cx.request, &format!("groups/{group}/clusters/{name}/status")),
    })))
}

/// `connectionStrings`: of a dedicated cluster only when it is ready.
pub fn addresses(cluster: &Cluster, at: Timestamp) -> Value {
    if cluster.kind == Kind::Dedicated && at < cluster.ready_at {
        return json!({});
    }
    let (label, domain) = cluster
        .host
        .split_once('.')
        .unwrap_or((&cluster.host, "mongodb.net"));
    let nodes = (0..cluster.nodes).map(|n| format!("{label}-shard-00-0{n}.{domain}:27017"));
    let nodes: Vec<String> = nodes.collect();
    let set = cluster.id.get(..6).unwrap_or("000000");
    json!({
        "standard": format!(
            "mongodb://{}/?ssl=true&authSource=admin&replicaSet=atlas-{set}-shard-0",
            nodes.join(",")
        ),
        "standardSrv": format!("mongodb+srv://{}", cluster.host),
    })
}

pub fn full_version(cluster: &Cluster) -> &'static str {
    let known = MAJORS.iter().find(|(major, _)| *major == cluster.major);
    known.map_or(MAJORS[1].1, |(_, full)| full)
}

fn body(request: &Request, group: &str, cluster: &Cluster, at: Timestamp) -> Value {
    let part = |what: &str| {
        // An id of something inside follows from the cluster's own.
        let own = u64::from_str_radix(cluster.id.get(..15).unwrap_or("0"), 16).unwrap_or(0);
        build::id(own, what)
    };
    let config = if cluster.kind == Kind::Free {
        json!({
            "backingProviderName": cluster.provider,
            "electableSpecs": { "instanceSize": cluster.size },
            "priority": 7,
            "providerName": "TENANT",
            "regionName": cluster.region,
        })
    } else {
        let nodes = |count: u64| {
            json!({
                "instanceSize": cluster.size,
                "diskIOPS": 3000,
                "diskSizeGB": cluster.disk_gb,
                "ebsVolumeType": "STANDARD",
                "nodeCount": count,
            })
        };
        json!({
            "analyticsSpecs": nodes(0),
            "autoScaling": cluster.scaling,
            "electableSpecs": nodes(cluster.nodes),
            "priority": 7,
            "providerName": cluster.provider,
            "readOnlySpecs": nodes(0),
            "regionName": cluster.region,
        })
    };
    json!({
        "backupEnabled": cluster.backup,
        "clusterType": "REPLICASET",
        "connectionStrings": addresses(cluster, at),
        "createDate": stamp(cluster.created),
        "encryptionAtRestProvider": "NONE",
        "groupId": group,
        "id": cluster.id,
        "labels": [],
        "links": wire::itself(request, &format!("groups/{group}/clusters/{}", wire::encode(&cluster.name))),
        "mongoDBMajorVersion": cluster.major,
        "mongoDBVersion": full_version(cluster),
        "name": cluster.name,
        "paused": cluster.paused,
        "pitEnabled": false,
        "replicationSpecs": [{
            "id": part("shard"),
            "regionConfigs": [config],
            "zoneId": part("zone"),
            "zoneName": "Zone 1",
        }],
        "rootCertType": "ISRGROOTX1",
        "stateName": cluster.state(at),
        "tags": cluster.tags,
        "terminationProtectionEnabled": cluster.protection,
        "versionReleaseSystem": "LTS",
    })
}

/// The switches and tags that making and changing a cluster share.
#[derive(Default)]
struct Wish {
    backup: Option<bool>,
    protection: Option<bool>,
    paused: Option<bool>,
    tags: Option<Vec<Value>>,
}

fn wish(body: &Map<String, Value>) -> Result<Wish, Box<Reply>> {
    let flag = |name: &str| match body.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::Bool(on)) => Ok(Some(*on)),
        Some(_) => Err(misformed(name)),
    };
    Ok(Wish {
        backup: flag("backupEnabled")?,
        protection: flag("terminationProtectionEnabled")?,
        paused: flag("paused")?,
        tags: pairs(body, "tags")?,
    })
}

/// A list of `{key, value}`.
pub fn pairs(body: &Map<String, Value>, name: &str) -> Result<Option<Vec<Value>>, Box<Reply>> {
    let items = match body.get(name) {
        None | Some(Value::Null) => return Ok(None),
        Some(items) => items.as_array().ok_or_else(|| misformed(name))?,
    };
    let mut read = Vec::new();
    for item in items {
        match (item["key"].as_str(), item["value"].as_str()) {
            (Some(key), Some(value)) => read.push(json!({ "key": key, "value": value })),
            _ => return Err(misformed(name)),
        }
    }
    Ok(Some(read))
}

/// Refuses what this service does not take, rather than forgetting it without a word.
fn only_known(body: &Map<String, Value>, known: &[&str]) -> Result<(), Box<Reply>> {
    let strange = body.keys().find(|key| !known.contains(&key.as_str()));
    strange.map_or(Ok(()), |key| Err(unknown_attribute(key)))
}

/// Whether a new cluster may have that name.
fn check_name(project: &Project, name: &str) -> Result<(), Box<Reply>> {
    let plain = |c: char| c.is_ascii_alphanumeric() || c == '-';
    if name.is_empty() || name.len() > 64 || !name.chars().all(plain) || name.starts_with('-') {
        let text = "must match \"^[a-zA-Z0-9][a-zA-Z0-9-]*$\" and have 1 to 64 characters";
        return Err(invalid("name", text));
    }
    let bad = |code: &str, detail: String| Err(refuse(400, code, &detail, json!([name])));
    let reserved = name.strip_prefix("atlas-").is_some_and(|rest| {
        rest.len() == 6
            && rest
                .chars()
                .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit())
    });
    if reserved {
        let detail = format!("The name {name} is reserved by Atlas.");
        return bad("ATLAS_RESERVED_CLUSTER_NAME", detail);
    }
    if project.cluster(name).is_some() {
        let group = &project.id;
        return Err(refuse(
            400,
            "DUPLICATE_CLUSTER_NAME",
            &format!("A cluster named {name} is already present in group {group}."),
            json!([name, group]),
        ));
    }
    let prefix = |name: &str| -> String { name.to_lowercase().chars().take(PREFIX).collect() };
    let own = prefix(name);
    if own.ends_with('-') {
        let detail = format!("The first {PREFIX} characters of {name} must not end with a hyphen.");
        return bad("CLUSTER_NAME_PREFIX_INVALID", detail);
    }
    if project.clusters.iter().any(|c| prefix(&c.name) == own) {
        let detail = format!("A cluster whose name begins with {own} is already present.");
        return bad("DUPLICATE_CLUSTER_NAME_PREFIX", detail);
    }
    Ok(())
}

/// The name and the version of MongoDB that a new cluster is to have.
fn identity(
    cx: &Cx<'_>,
    group: &str,
    sent: &Map<String, Value>,
) -> Result<(String, String), Box<Reply>> {
    let known = [
        "name",
        "clusterType",
        "backupEnabled",
        "terminationProtectionEnabled",
        "replicationSpecs",
        "tags",
        "mongoDBMajorVersion",
        "paused",
        "groupId",
    ];
    only_known(sent, &known)?;
    let name = cx.text("name")?.ok_or_else(|| missing("name"))?;
    check_name(cx.project(group)?, &name)?;
    match cx.text("clusterType")?.as_deref() {
        None => return Err(missing("clusterType")),
        Some("REPLICASET") => {}
        // Sharding needs M30, and is nothing that a launch asks for.
        Some(_) => return Err(invalid("clusterType", "must be REPLICASET here")),
    }
    let major = cx.text("mongoDBMajorVersion")?.unwrap_or(MAJOR.to_owned());
    match MAJORS.iter().any(|(known, _)| *known == major) {
        true => Ok((name, major)),
        false => Err(invalid(
            "mongoDBMajorVersion",
            "is not a version of MongoDB",
        )),
    }
}

fn create(cx: &mut Cx<'_>, group: &str) -> Outcome {
    let sent = cx.object()?.clone();
    let (name, major) = identity(cx, group, &sent)?;
    let wish = wish(&sent)?;
    let machines = machines::read(cx.spec(), sent.get("replicationSpecs"))?;
    if !cx.spec().card {
        return Err(refuse(
            402,
            "NO_PAYMENT_INFORMATION_FOUND",
            &format!("No payment information was found for group {group}."),
            json!([group]),
        ));
    }
    let now = cx.visit.now;
    let ready_at = now + cx.draw("cluster", 720_000, 840_000);
    let salt = format!("cluster {name} {} {now}", cx.visit.n);
    let project = cx.project(group)?;
    let cluster = Cluster {
        id: build::id(cx.atlas.seed, &salt),
        host: host(cx.spec(), cx.atlas.seed, project, &name),
        name: name.clone(),
        kind: Kind::Dedicated,
        provider: machines.provider,
        region: machines.region,
        size: machines.size,
        disk_gb: machines.disk_gb,
        nodes: machines.nodes,
        scaling: machines.scaling,
        backup: wish.backup.unwrap_or(false),
        protection: wish.protection.unwrap_or(false),
        paused: false,
        tags: wish.tags.unwrap_or_default(),
        major,
        created: now,
        ready_at,
        named_at: ready_at + cx.draw("name", 0, 60_000),
        busy_until: ready_at,
        gone_at: None,
    };
    let (id, parent) = (project.ledger_id(&name), project.name.clone());
    let answer = body(cx.request, group, &cluster, now);
    cx.change(group, |project| project.clusters.push(cluster))?;
    cx.book.made(
        Provider::Atlas,
        "cluster",
        &id,
        &parent,
        &name,
        MadeBy::Golive,
    );
    Ok(reply(201, answer))
}

/// `PATCH`: what is not sent stays as it is.
fn change(cx: &mut Cx<'_>, group: &str, name: &str) -> Outcome {
    let sent = cx.object()?.clone();
    let known = [
        "backupEnabled",
        "terminationProtectionEnabled",
        "replicationSpecs",
        "tags",
        "paused",
        "name",
        "clusterType",
        "groupId",
    ];
    only_known(&sent, &known)?;
    let wish = wish(&sent)?;
    let project = cx.project(group)?;
    let cluster = here(project, name)?;
    let need = match wish.protection {
        Some(on) if on != cluster.protection => Need::Own,
        _ => Need::ChangeCluster,
    };
    if !KeyRole::may(project.role, need) {
        return Err(unauthorized_here());
    }
    if sent.get("name").is_some_and(|new| new != name) {
        return Err(refuse(
            400,
            "CLUSTER_NAME_CANNOT_BE_CHANGED",
            "The name of a cluster cannot be changed.",
            json!([name]),
        ));
    }
    if cluster.gone_at.is_some() {
        return Err(requested(name));
    }
    let wakes = wish.paused == Some(false) && sent.len() == 1;
    if cluster.paused && !wakes {
        return Err(refuse(
            409,
            "CANNOT_UPDATE_PAUSED_CLUSTER",
            &format!("Cluster {name} is paused and cannot be updated. Resume it first."),
            json!([name]),
        ));
    }
    let machines = match sent.get("replicationSpecs") {
        None | Some(Value::Null) => None,
        some => Some(machines::read(cx.spec(), some)?),
    };
    let flags = wish.backup.is_some() || wish.paused.is_some() || machines.is_some();
    if cluster.kind == Kind::Free && flags {
        return Err(refuse(
            400,
            "TENANT_CLUSTER_UPDATE_UNSUPPORTED",
            &format!("Cluster {name} is a shared cluster, whose update is not supported."),
            json!([name]),
        ));
    }
    let now = cx.visit.now;
    let busy = match (&machines, wish.paused) {
        (None, None) => cx.draw("flags", 20_000, 60_000),
        _ => cx.draw("machines", 300_000, 540_000),
    };
    apply(cx, group, name, wish, machines, now + busy)?;
    let cluster = here(cx.project(group)?, name)?;
    Ok(ok(body(cx.request, group, cluster, now)))
}

fn apply(
    cx: &mut Cx<'_>,
    group: &str,
    name: &str,
    wish: Wish,
    machines: Option<Machines>,
    busy_until: Timestamp,
) -> Result<(), Box<Reply>> {
    let now = cx.visit.now;
    cx.change(group, |project| {
        let found = project.clusters.iter_mut().find(|c| c.name == name);
        let Some(cluster) = found else {
            return;
        };
        cluster.backup = wish.backup.unwrap_or(cluster.backup);
        cluster.protection = wish.protection.unwrap_or(cluster.protection);
        if let Some(tags) = wish.tags {
            cluster.tags = tags;
        }
        if let Some(paused) = wish.paused {
            cluster.paused = paused;
            // A cluster that wakes up answers when it is through with it.
            if !paused {
                cluster.named_at = busy_until;
            }
        }
        if let Some(machines) = machines {
            cluster.provider = machines.provider;
            cluster.region = machines.region;
            cluster.size = machines.size;
            cluster.disk_gb = machines.disk_gb;
            cluster.nodes = machines.nodes;
            cluster.scaling = machines.scaling;
        }
        if now >= cluster.ready_at {
            cluster.busy_until = cluster.busy_until.max(busy_until);
        }
    })
}

fn requested(name: &str) -> Box<Reply> {
    refuse(
        409,
        "CLUSTER_ALREADY_REQUESTED_DELETION",
        &format!("The cluster named {name} has already been requested for deletion."),
        json!([name]),
    )
}

fn delete(cx: &mut Cx<'_>, group: &str, name: &str) -> Outcome {
    let cluster = here(cx.project(group)?, name)?;
    if cluster.protection {
        return Err(refuse(
            400,
            "CANNOT_TERMINATE_CLUSTER_WHEN_TERMINATION_PROTECTION_ENABLED",
            "Cannot terminate a cluster when termination protection is enabled. Disable termination protection and try again.",
            json!([]),
        ));
    }
    if cluster.gone_at.is_some() {
        return Err(requested(name));
    }
    let gone_at = cx.visit.now + cx.draw("gone", 120_000, 240_000) + SignedDuration::from_secs(1);
    cx.change(group, |project| {
        let found = project.clusters.iter_mut().find(|c| c.name == name);
        if let Some(cluster) = found {
            cluster.gone_at = Some(gone_at);
        }
    })?;
    Ok(reply(202, json!({})))
}
