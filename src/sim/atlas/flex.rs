//! Flex clusters, which have an interface of their own and are refused by the one of clusters.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::state::{Cluster, Kind};
use super::wire::{self, Outcome, Request, no_group, ok, refuse, stamp};
use super::{Cx, LAG_MS, LIST_LAG_MS, Need, Route, clusters, to};
use crate::seam::transport::Method;

const ENDPOINT: &str = "api/atlas/v2/groups/{groupId}/flexClusters";
const VERSIONS: &[&str] = &["2024-11-13"];

pub fn route(method: Method, group: &str, rest: &[&str]) -> Option<Route> {
    let group = group.to_owned();
    match (method, rest) {
        (Method::Get, ["flexClusters"]) => to(Need::Read, VERSIONS, ENDPOINT, move |cx| {
            let (seen, at) = cx.seen(LIST_LAG_MS);
            let project = seen.project(&group).ok_or_else(|| no_group(&group))?;
            let flex = project.clusters.iter().filter(|c| c.kind == Kind::Flex);
            let items = flex.map(|cluster| body(cx.request, &group, cluster, at));
            wire::page(cx.request, items.collect())
        }),
        (Method::Get, ["flexClusters", name]) => {
            let name = (*name).to_owned();
            to(Need::Read, VERSIONS, ENDPOINT, move |cx| {
                one(cx, &group, &name)
            })
        }
        _ => None,
    }
}

fn one(cx: &mut Cx<'_>, group: &str, name: &str) -> Outcome {
    let (seen, at) = cx.seen(LAG_MS);
    let project = seen.project(group).ok_or_else(|| no_group(group))?;
    match project.cluster(name) {
        None => Err(refuse(
            404,
            "CLUSTER_NOT_FOUND",
            &format!("No cluster named {name} exists in group {group}."),
            json!([name, group]),
        )),
        Some(cluster) if cluster.kind != Kind::Flex => Err(refuse(
            400,
            "CANNOT_USE_NON_FLEX_CLUSTER_IN_FLEX_API",
            &format!("Cluster {name} is not a flex cluster and cannot be used in the Flex API."),
            json!([name]),
        )),
        Some(cluster) => Ok(ok(body(cx.request, group, cluster, at))),
    }
}

fn body(request: &Request, group: &str, cluster: &Cluster, at: Timestamp) -> Value {
    let path = format!(
        "groups/{group}/flexClusters/{}",
        wire::encode(&cluster.name)
    );
    json!({
        "backupSettings": { "enabled": cluster.backup },
        "clusterType": "REPLICASET",
        "connectionStrings": clusters::addresses(cluster, at),
        "createDate": stamp(cluster.created),
        "groupId": group,
        "id": cluster.id,
        "links": wire::itself(request, &path),
        "mongoDBVersion": clusters::full_version(cluster),
        "name": cluster.name,
        "providerSettings": {
            "backingProviderName": cluster.provider,
            "diskSizeGB": cluster.disk_gb,
            "providerName": "FLEX",
            "regionName": cluster.region,
        },
        "stateName": cluster.state(at),
        "tags": cluster.tags,
        "terminationProtectionEnabled": cluster.protection,
        "versionReleaseSystem": "LTS",
    })
}
