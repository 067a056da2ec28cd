//! Clusters: dedicated ones and M0 by one endpoint, Flex ones by another.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{Call, Client, V2023, at, encoded};
use crate::provider::http::{CallError, Class};
use crate::seam::transport::Method;

const READ: &str = "application/vnd.atlas.2024-08-05+json";
const WRITE: &str = "application/vnd.atlas.2024-10-23+json";
const FLEX: &str = "application/vnd.atlas.2024-11-13+json";
/// The disk that a cluster begins with, in GB; it grows by itself.
const DISK: u32 = 10;
const NODES: u32 = 3;
/// The highest, which the one region of a replica set has.
const PRIORITY: u32 = 7;

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Cluster {
    pub id: Option<String>,
    pub name: String,
    /// `IDLE`, `CREATING`, `UPDATING`, `REPAIRING`, `DELETING` …
    pub state_name: Option<String>,
    pub connection_strings: Option<ConnectionStrings>,
    pub backup_enabled: Option<bool>,
    pub termination_protection_enabled: Option<bool>,
    pub paused: Option<bool>,
    pub create_date: Option<String>,
    pub replication_specs: Option<Vec<ReplicationSpec>>,
    pub tags: Option<Vec<Tag>>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ConnectionStrings {
    /// `mongodb+srv://HOST`, without user, password and database; absent or empty while the cluster is made.
    pub standard_srv: Option<String>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ReplicationSpec {
    pub region_configs: Option<Vec<RegionConfig>>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RegionConfig {
    /// `TENANT` for M0.
    pub provider_name: Option<String>,
    pub region_name: Option<String>,
    pub electable_specs: Option<Specs>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Specs {
    pub instance_size: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub struct Tag {
    pub key: String,
    pub value: String,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Flex {
    pub id: Option<String>,
    pub name: String,
    pub state_name: Option<String>,
    pub connection_strings: Option<ConnectionStrings>,
}

/// A cluster of either kind.
#[derive(Clone, Debug)]
pub enum AnyCluster {
    /// Dedicated, or M0.
    Own(Box<Cluster>),
    Flex(Flex),
}

/// What a new cluster is made with.
#[derive(Clone, Debug)]
pub struct NewCluster<'n> {
    pub name: &'n str,
    pub provider: &'n str,
    pub region: &'n str,
    pub tier: &'n str,
    pub tags: &'n [Tag],
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ProviderRegions {
    instance_sizes: Option<Vec<InstanceSize>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct InstanceSize {
    name: Option<String>,
    available_regions: Option<Vec<Region>>,
}

#[derive(Deserialize)]
struct Region {
    name: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ClusterStatus {
    change_status: Option<String>,
}

impl Cluster {
    fn config(&self) -> Option<&RegionConfig> {
        self.replication_specs
            .as_ref()?
            .first()?
            .region_configs
            .as_ref()?
            .first()
    }

    pub fn provider(&self) -> Option<&str> {
        self.config()?.provider_name.as_deref()
    }

    pub fn region(&self) -> Option<&str> {
        self.config()?.region_name.as_deref()
    }

    pub fn tier(&self) -> Option<&str> {
        let specs = self.config()?.electable_specs.as_ref()?;
        specs.instance_size.as_deref()
    }

    pub fn host(&self) -> Option<&str> {
        host(self.connection_strings.as_ref())
    }
}

impl AnyCluster {
    pub fn host(&self) -> Option<&str> {
        match self {
            AnyCluster::Own(cluster) => cluster.host(),
            AnyCluster::Flex(flex) => host(flex.connection_strings.as_ref()),
        }
    }

    pub fn state(&self) -> Option<&str> {
        match self {
            AnyCluster::Own(cluster) => cluster.state_name.as_deref(),
            AnyCluster::Flex(flex) => flex.state_name.as_deref(),
        }
    }

    /// `M10`, `M0`, `Flex` …, as Atlas' pages call it.
    pub fn kind(&self) -> &str {
        match self {
            AnyCluster::Own(cluster) => cluster.tier().unwrap_or("of a size Atlas does not tell"),
            AnyCluster::Flex(_) => "Flex",
        }
    }

    pub fn is_paused(&self) -> bool {
        matches!(self, AnyCluster::Own(cluster) if cluster.paused == Some(true))
    }
}

/// The host in `mongodb+srv://HOST`.
fn host(strings: Option<&ConnectionStrings>) -> Option<&str> {
    let address = strings?.standard_srv.as_deref()?;
    let host = address.strip_prefix("mongodb+srv://").unwrap_or(address);
    let host = host.split(['/', '?']).next().unwrap_or(host);
    (!host.is_empty()).then_some(host)
}

impl Client<'_> {
    /// `GET /groups/{g}/clusters/{name}`; where Atlas says that it is a Flex cluster, `GET …/flexClusters/{name}`.
    pub async fn cluster(&self, group: &str, name: &str) -> Result<AnyCluster, CallError> {
        let path = at(group, &format!("/clusters/{}", encoded(name)));
        match self.get(&path, READ).await {
            Ok(cluster) => Ok(AnyCluster::Own(Box::new(cluster))),
            Err(error) if error.is_code("CANNOT_USE_FLEX_CLUSTER_IN_CLUSTER_API") => {
                let path = at(group, &format!("/flexClusters/{}", encoded(name)));
                self.get(&path, FLEX).await.map(AnyCluster::Flex)
            }
            Err(error) => Err(error),
        }
    }

    /// `POST /groups/{g}/clusters`, with backup and termination protection. It costs from then on.
    pub async fn create_cluster(
        &self,
        group: &str,
        new: &NewCluster<'_>,
    ) -> Result<Cluster, CallError> {
        let body = json!({
            "name": new.name, "clusterType": "REPLICASET",
            "backupEnabled": true, "terminationProtectionEnabled": true,
            "replicationSpecs": [{"regionConfigs": [{
                "providerName": new.provider, "regionName": new.region, "priority": PRIORITY,
                "electableSpecs": {"instanceSize": new.tier, "nodeCount": NODES, "diskSizeGB": DISK},
                "autoScaling": {"diskGB": {"enabled": true}, "compute": {"enabled": false}}
            }]}],
            "tags": new.tags,
        });
        self.call(&Call {
            class: Class::Unique,
            method: Method::Post,
            path: &at(group, "/clusters"),
            media: WRITE,
            body: Some(body),
        })
        .await
    }

    /// `PATCH /groups/{g}/clusters/{name}`: only what is named changes.
    pub async fn protect_cluster(
        &self,
        group: &str,
        name: &str,
        backup: bool,
        protection: bool,
    ) -> Result<(), CallError> {
        let mut body = serde_json::Map::new();
        if backup {
            body.insert("backupEnabled".into(), Value::Bool(true));
        }
        if protection {
            body.insert("terminationProtectionEnabled".into(), Value::Bool(true));
        }
        self.done(&Call {
            class: Class::Natural,
            method: Method::Patch,
            path: &at(group, &format!("/clusters/{}", encoded(name))),
            media: WRITE,
            body: Some(Value::Object(body)),
        })
        .await
    }

    /// `GET /groups/{g}/clusters/provider/regions`: where a size can be had.
    pub async fn regions(
        &self,
        group: &str,
        provider: &str,
        tier: &str,
    ) -> Result<Vec<String>, CallError> {
        let path = format!(
            "/clusters/provider/regions?providers={}&tier={}",
            encoded(provider),
            encoded(tier)
        );
        let all: Vec<ProviderRegions> = self.list(&at(group, &path), V2023).await?;
        let sizes = all.into_iter().flat_map(|one| one.instance_sizes);
        let regions = sizes
            .flatten()
            .filter(|size| size.name.as_deref().is_none_or(|name| name == tier))
            .flat_map(|size| size.available_regions);
        Ok(regions.flatten().filter_map(|one| one.name).collect())
    }

    /// `GET /groups/{g}/clusters/{name}/status`: `PENDING` while new users cannot log in yet, else `APPLIED`. `None` for
    /// a cluster that the endpoint does not serve, such as a Flex one.
    pub async fn change_status(
        &self,
        group: &str,
        name: &str,
    ) -> Result<Option<String>, CallError> {
        let path = at(group, &format!("/clusters/{}/status", encoded(name)));
        match self.get::<ClusterStatus>(&path, V2023).await {
            Ok(status) => Ok(status.change_status),
            Err(error) if error.is_status(400) || error.is_status(404) => Ok(None),
            Err(error) => Err(error),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_is_read_only_where_there_is_one() {
        let of = |text: Option<&str>| {
            let strings = ConnectionStrings {
                standard_srv: text.map(Into::into),
            };
            host(Some(&strings)).map(str::to_owned)
        };
        assert_eq!(
            of(Some("mongodb+srv://prod.la2zqd.mongodb.net/?x=y")).as_deref(),
            Some("prod.la2zqd.mongodb.net")
        );
        assert_eq!((of(Some("")), of(None), host(None)), (None, None, None));
    }
}
