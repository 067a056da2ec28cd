//! Atlas at its beginning, as a world's file describes it.

use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct AtlasSpec {
    /// The organisation's name.
    pub organization: String,
    /// What golive's key may do in the organisation.
    pub org_role: OrgRole,
    /// A card is on file; without one no cluster that costs is made.
    pub card: bool,
    pub api_access_list: ApiAccessSpec,
    /// An access token is dead after so many calls, long before its hour is over.
    pub token_calls: Option<u32>,
    /// The limit of every endpoint, in place of the recorded ones.
    pub rate: Option<RateSpec>,
    /// One of the first calls to a database access list ends with a 500.
    pub flaky_access_list: bool,
    /// Regions where no more machines are to be had.
    pub no_capacity: Vec<String>,
    /// Database roles that people have made.
    pub custom_roles: Vec<String>,
    /// Those of the same name are one.
    #[serde(rename = "project")]
    pub projects: Vec<ProjectSpec>,
    #[serde(rename = "cluster")]
    pub clusters: Vec<ClusterSpec>,
    /// Host names that are known before their clusters are there.
    #[serde(rename = "host")]
    pub hosts: Vec<HostSpec>,
    #[serde(rename = "user")]
    pub users: Vec<DatabaseUserSpec>,
    #[serde(rename = "entry")]
    pub entries: Vec<EntrySpec>,
}

impl Default for AtlasSpec {
    fn default() -> Self {
        AtlasSpec {
            organization: "Organization".to_owned(),
            org_role: OrgRole::default(),
            card: true,
            api_access_list: ApiAccessSpec::default(),
            token_calls: None,
            rate: None,
            flaky_access_list: false,
            no_capacity: Vec::new(),
            custom_roles: Vec::new(),
            projects: Vec::new(),
            clusters: Vec::new(),
            hosts: Vec::new(),
            users: Vec::new(),
            entries: Vec::new(),
        }
    }
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OrgRole {
    /// The key belongs to projects alone and sees no organisation.
    None,
    Member,
    #[default]
    ProjectCreator,
}

/// The list of addresses from which the API may be called; it has nothing to do with the databases' own list.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ApiAccessSpec {
    /// The organisation demands one of every key.
    pub required: bool,
    /// Addresses and blocks that golive's key may be used from; a list that is not empty always counts.
    pub addresses: Vec<String>,
}

/// A bucket of calls: how many it holds, and how many come back each minute.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RateSpec {
    pub capacity: u64,
    pub refill: u64,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProjectSpec {
    pub name: String,
    #[serde(default)]
    pub role: KeyRole,
    #[serde(default = "days")]
    pub days_ago: u32,
}

fn days() -> u32 {
    400
}

/// What golive's key may do in a project; all but `None` may read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum KeyRole {
    #[default]
    Owner,
    ClusterManager,
    ClusterCreator,
    DatabaseAccessAdmin,
    NetworkAccessManager,
    ReadOnly,
    /// The project is there, and the key does not belong to it.
    None,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClusterSpec {
    pub project: String,
    pub name: String,
    /// `M0`, `flex`, or a dedicated tier such as `M10`.
    #[serde(default = "tier")]
    pub kind: String,
    #[serde(default = "provider")]
    pub provider: String,
    #[serde(default = "region")]
    pub region: String,
    #[serde(default)]
    pub protection: bool,
    #[serde(default = "yes")]
    pub backup: bool,
    #[serde(default)]
    pub paused: bool,
    #[serde(default = "days")]
    pub days_ago: u32,
}

fn tier() -> String {
    "M10".to_owned()
}

fn provider() -> String {
    "AWS".to_owned()
}

fn region() -> String {
    "EU_CENTRAL_1".to_owned()
}

fn yes() -> bool {
    true
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HostSpec {
    pub project: String,
    pub cluster: String,
    /// Such as `shop-dev.d3e4f.mongodb.net`.
    pub host: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DatabaseUserSpec {
    pub project: String,
    pub name: String,
    #[serde(default, rename = "role")]
    pub roles: Vec<RoleSpec>,
    /// Clusters that it is limited to; none for all of the project.
    #[serde(default)]
    pub scopes: Vec<String>,
    /// Its password is the one that the world hands out as `mongodb_dev`; else nobody knows it.
    #[serde(default)]
    pub password_of_the_world: bool,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RoleSpec {
    pub name: String,
    pub database: String,
    #[serde(default)]
    pub collection: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EntrySpec {
    pub project: String,
    /// An address or a block.
    pub address: String,
    #[serde(default)]
    pub comment: String,
    /// The entry ends so many hours after the world's beginning.
    #[serde(default)]
    pub ends_in_hours: Option<u32>,
}
