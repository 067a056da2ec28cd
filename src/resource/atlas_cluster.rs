//! A cluster that golive creates when it is missing, and never removes: it holds data.

use std::time::Duration;

use super::access_list::{group_of, project_page};
use super::{Applied, Cx, Known, Look, Resource, absent_on_404};
use crate::plan::{
    Blocker, Change, Evidence, Finding, ItemId, Made, Observed, Output, Outputs, Plan, Provider,
    Row, Sign, Undo, Wait,
};
use crate::price::catalogue;
use crate::provider::atlas::{AnyCluster, Cluster, NewCluster, Tag};
use crate::provider::http::CallError;

/// Atlas' own Terraform provider looks this often.
const LOOK_EVERY: Duration = Duration::from_secs(30);
/// Three times what an M10 was seen to take; after that a person is told and golive goes on when asked.
const READY_MAX: Duration = Duration::from_secs(45 * 60);
/// The smallest dedicated tier.
const TIER_MIN: u32 = 10;
/// Longest name (Atlas' documentation).
const NAME_MAX: usize = 64;
/// A host's name begins with this much of the cluster's.
const PREFIX: usize = 23;
const MADE: &str = "cluster";

/// A cluster that golive creates when it is missing.
#[derive(Clone, Debug)]
pub struct AtlasCluster {
    /// Its key in `golive.toml`.
    pub key: String,
    pub name: String,
    /// The host that the plan expects.
    pub expected_host: String,
    /// Atlas' words: `AWS`, `EU_CENTRAL_1`, `M10`.
    pub provider: String,
    pub region: String,
    pub tier: String,
    /// Render's region, which the cluster should be near to.
    pub near: String,
}

pub struct Seen {
    cluster: Observed<AnyCluster>,
    /// Where the tier can be had; looked up only while the cluster is missing.
    regions: Vec<String>,
    group: String,
}

#[derive(Clone, Debug)]
pub enum AtlasClusterChange {
    Create {
        group: String,
        name: String,
        provider: String,
        region: String,
        tier: String,
        tags: Vec<Tag>,
    },
    /// Switches on what is off.
    Protect {
        group: String,
        name: String,
        backup: bool,
        protection: bool,
        made_by_golive: bool,
    },
}

impl Change for AtlasClusterChange {
    fn row(&self, item: &ItemId) -> Row {
        match self {
            Self::Create {
                name,
                provider,
                region,
                tier,
                ..
            } => {
                let prices = catalogue().page(Provider::Atlas, "cluster", tier);
                let prices = prices.unwrap_or("https://www.mongodb.com/pricing");
                Row {
                    new: Some(format!(
                        "{tier}, {provider} {region}, with backup and termination protection"
                    )),
                    undo: Undo::OneWay,
                    price: catalogue().price(Provider::Atlas, "cluster", tier),
                    detail: vec![
                        format!("billed by the hour from its creation on, backup storage besides: {prices}"),
                        "its name, provider and region stay as they are; golive never removes a cluster".into(),
                    ],
                    ..Row::new(item, "create", Sign::Create, format!("cluster {name}"))
                }
            }
            Self::Protect {
                name,
                backup,
                protection,
                made_by_golive,
                ..
            } => {
                let what = match (backup, protection) {
                    (true, true) => "backup and termination protection",
                    (true, false) => "backup",
                    _ => "termination protection",
                };
                Row {
                    old: Some(format!("{what} off")),
                    new: Some("on".into()),
                    not_made_by_golive: !made_by_golive,
                    ..Row::new(item, "protect", Sign::Change, format!("cluster {name}"))
                }
            }
        }
    }
}

impl Resource for AtlasCluster {
    type Seen = Seen;
    type Change = AtlasClusterChange;

    async fn observe(&self, cx: &Cx<'_>) -> Look<Seen> {
        let client = cx.atlas()?;
        let group = group_of(cx.known, &self.key)?.to_string();
        let cluster = absent_on_404(client.cluster(&group, &self.name).await)?;
        let regions = match cluster {
            Observed::Absent => client.regions(&group, &self.provider, &self.tier).await?,
            _ => Vec::new(),
        };
        Ok(Seen {
            cluster,
            regions,
            group,
        })
    }

    fn plan(&self, known: &Known, seen: &Seen) -> Plan<AtlasClusterChange> {
        match &seen.cluster {
            Observed::Present(AnyCluster::Own(cluster)) => self.existing(known, seen, cluster),
            Observed::Present(other) => Plan::Blocked(self.taken(format!(
                "it is a {} cluster, golive.toml wants {}; golive replaces none: name another one, or take create away from \
                 [atlas.cluster.{}] to use it as it is",
                other.kind(),
                self.tier,
                self.key
            ))),
            Observed::Unknown(why) => Plan::Blocked(self.by_hand(seen, why.clone())),
            Observed::Absent => match self.cannot_be_made(seen) {
                Some(why) => Plan::Blocked(self.by_hand(seen, why)),
                None => Plan::Change(vec![AtlasClusterChange::Create {
                    group: seen.group.clone(),
                    name: self.name.clone(),
                    provider: self.provider.clone(),
                    region: self.region.clone(),
                    tier: self.tier.clone(),
                    tags: tags(known),
                }]),
            },
        }
    }

    async fn apply(&self, cx: &Cx<'_>, change: &AtlasClusterChange) -> Result<Applied, CallError> {
        let client = cx.atlas()?;
        match change {
            AtlasClusterChange::Create {
                group,
                name,
                provider,
                region,
                tier,
                tags,
            } => {
                let new = NewCluster {
                    name,
                    provider,
                    region,
                    tier,
                    tags,
                };
                let cluster = client.create_cluster(group, &new).await?;
                Ok(Applied {
                    made: Some(made(&cluster, group)),
                })
            }
            AtlasClusterChange::Protect {
                group,
                name,
                backup,
                protection,
                ..
            } => {
                client
                    .protect_cluster(group, name, *backup, *protection)
                    .await?;
                Ok(Applied::default())
            }
        }
    }

    fn outputs(&self, seen: &Seen) -> Outputs {
        let cluster = seen.cluster.present();
        let text = |name: &str, value: Option<&str>| {
            Some((name.to_string(), Output::Text(value?.to_string())))
        };
        let outputs = [
            text("host", cluster.and_then(AnyCluster::host)),
            text("state", cluster.and_then(AnyCluster::state)),
        ];
        outputs.into_iter().flatten().collect()
    }

    fn found(&self, seen: &Seen, change: &str) -> Option<Made> {
        match seen.cluster.present() {
            Some(AnyCluster::Own(cluster)) if change == "create" => {
                Some(made(cluster, &seen.group))
            }
            _ => None,
        }
    }
}

fn made(cluster: &Cluster, group: &str) -> Made {
    Made {
        kind: MADE.into(),
        id: cluster.id.clone().unwrap_or_else(|| cluster.name.clone()),
        name: cluster.name.clone(),
        as_made: None,
        url: Some(project_page(group, "clusters")),
    }
}

/// What marks golive's own. Tags take letters, digits and a few signs; a colon is not among them.
fn tags(known: &Known) -> Vec<Tag> {
    let tag = |key: &str, value: String| Tag {
        key: key.into(),
        value,
    };
    vec![
        tag("managed-by", "golive".into()),
        tag("golive", mark(known)),
    ]
}

/// The item's marker, in characters that tags and labels take.
pub(super) fn mark(known: &Known) -> String {
    known.marker.replace(':', ".")
}

/// The number in `M10`, `M30_NVME`, `R40`; `None` for what is no dedicated tier.
fn size(tier: &str) -> Option<u32> {
    let digits = tier.strip_prefix(['M', 'R'])?;
    let digits = digits.split(|c: char| !c.is_ascii_digit()).next()?;
    digits.parse().ok()
}

/// AWS's region beside each of Render's.
fn beside(render: &str) -> Option<&'static str> {
    Some(match render {
        "frankfurt" => "EU_CENTRAL_1",
        "oregon" => "US_WEST_2",
        "ohio" => "US_EAST_2",
        "virginia" => "US_EAST_1",
        "singapore" => "AP_SOUTHEAST_1",
        _ => return None,
    })
}

impl AtlasCluster {
    /// What can be told before Atlas is asked to make it.
    fn cannot_be_made(&self, seen: &Seen) -> Option<String> {
        let place = format!("[atlas.cluster.{}] in golive.toml", self.key);
        if size(&self.tier).is_none_or(|size| size < TIER_MIN) {
            return Some(format!(
                "{} is not a dedicated tier, and others have no backup that can be taken at will: write M10 or more in {place}",
                self.tier
            ));
        }
        let name = &self.name;
        let plain = |c: char| c.is_ascii_alphanumeric() || c == '-';
        if !name.chars().all(plain) || name.starts_with('-') || name.is_empty() {
            return Some(format!(
                "\"{name}\" cannot be a cluster's name: letters, digits and hyphens, a letter or digit first"
            ));
        }
        if name.len() > NAME_MAX {
            return Some(format!(
                "\"{name}\" has {} characters, Atlas takes {NAME_MAX}",
                name.len()
            ));
        }
        if name.get(..PREFIX).unwrap_or(name).ends_with('-') {
            return Some(format!(
                "the first {PREFIX} characters of \"{name}\" end in a hyphen, and Atlas makes host names of them"
            ));
        }
        if !seen.regions.contains(&self.region) {
            let offered = match seen.regions.is_empty() {
                true => format!("none at {}", self.provider),
                false => seen.regions.join(", "),
            };
            return Some(format!(
                "Atlas offers {} in no region {} of {}: correct {place}. It offers it in {offered}",
                self.tier, self.region, self.provider
            ));
        }
        None
    }

    fn existing(&self, known: &Known, seen: &Seen, cluster: &Cluster) -> Plan<AtlasClusterChange> {
        let (provider, region) = (cluster.provider(), cluster.region());
        let differs = |own: Option<&str>, wish: &str| own.is_some_and(|own| own != wish);
        if differs(provider, &self.provider) || differs(region, &self.region) {
            return Plan::Blocked(self.taken(format!(
                "it is at {} {}, golive.toml wants {} {}; golive replaces none",
                provider.unwrap_or("?"),
                region.unwrap_or("?"),
                self.provider,
                self.region
            )));
        }
        if cluster.paused == Some(true) {
            return Plan::Blocked(Blocker::ByHand {
                what: format!(
                    "resume cluster {}: it is paused, and lets nobody in (it costs more while it runs)",
                    self.name
                ),
                url: Some(project_page(&seen.group, "clusters")),
                paste: vec![],
            });
        }
        match cluster.state_name.as_deref() {
            Some("IDLE") => {}
            Some("DELETING" | "DELETED") => {
                return Plan::Blocked(self.taken("somebody is deleting it".into()));
            }
            state => return Plan::Wait(self.not_ready(cluster, state.unwrap_or("not told"))),
        }
        let off = |flag: Option<bool>| flag == Some(false);
        let backup = off(cluster.backup_enabled);
        let protection = off(cluster.termination_protection_enabled);
        if backup || protection {
            return Plan::Change(vec![AtlasClusterChange::Protect {
                group: seen.group.clone(),
                name: self.name.clone(),
                backup,
                protection,
                made_by_golive: is_golives(known, cluster),
            }]);
        }
        match cluster.host() {
            Some(host) => Plan::Settled(self.evidence(seen, cluster, host)),
            None => Plan::Wait(self.not_ready(cluster, "IDLE, and no host yet")),
        }
    }

    fn not_ready(&self, cluster: &Cluster, state: &str) -> Wait {
        let since = match (&cluster.create_date, state) {
            (Some(date), "CREATING") => format!(" since {date}"),
            _ => String::new(),
        };
        Wait {
            condition: format!("cluster {} is ready", self.name),
            expected: "IDLE".into(),
            seen: format!("{state}{since}"),
            look_every: LOOK_EVERY,
            worst_case: READY_MAX,
            why: "Atlas takes about 13 minutes for an M10; it goes on while golive is away".into(),
        }
    }

    fn taken(&self, theirs: String) -> Blocker {
        Blocker::Taken {
            name: format!("cluster {}", self.name),
            theirs,
        }
    }

    fn by_hand(&self, seen: &Seen, why: String) -> Blocker {
        Blocker::ByHand {
            what: format!("cluster {} cannot be created: {why}", self.name),
            url: Some(project_page(&seen.group, "clusters")),
            paste: vec![],
        }
    }

    fn evidence(&self, seen: &Seen, cluster: &Cluster, host: &str) -> Evidence {
        let tier = cluster.tier().unwrap_or("size not told");
        let text = format!("cluster {} ({tier}) is at {host}", self.name);
        let evidence = Evidence::new(text).url(project_page(&seen.group, "clusters"));
        let told = |flag: Option<bool>, what: &str| match flag {
            Some(true) => format!("{what}: on"),
            _ => format!("{what}: not told"),
        };
        evidence
            .note(told(cluster.backup_enabled, "backup"))
            .note(told(
                cluster.termination_protection_enabled,
                "termination protection",
            ))
            .findings(self.findings(cluster, host))
    }

    fn findings(&self, cluster: &Cluster, host: &str) -> Vec<Finding> {
        let place = format!("[atlas.cluster.{}]", self.key);
        let mut findings = Vec::new();
        if host != self.expected_host {
            findings.push(Finding::new(
                "host",
                format!(
                    "Atlas names the host {host}, the plan {}",
                    self.expected_host
                ),
                format!("write host = \"{host}\" in {place} of golive.toml"),
            ));
        }
        let below = match (cluster.tier().and_then(size), size(&self.tier)) {
            (Some(own), Some(wish)) => own < wish,
            _ => false,
        };
        if below {
            findings.push(Finding::new(
                "tier",
                format!(
                    "it is {}, golive.toml wants {}",
                    cluster.tier().unwrap_or("?"),
                    self.tier
                ),
                format!("scale it up in Atlas, or write its tier in {place} of golive.toml"),
            ));
        }
        if let Some(best) = beside(&self.near)
            && (self.provider != "AWS" || self.region != best)
        {
            findings.push(Finding::new(
                "far",
                format!(
                    "it is at {} {}, and the services are in Render's {}: every query crosses that distance",
                    self.provider, self.region, self.near
                ),
                format!("AWS {best} is beside them; a cluster's region is chosen when it is created"),
            ));
        }
        findings
    }
}

fn is_golives(known: &Known, cluster: &Cluster) -> bool {
    let mark = mark(known);
    let tags = cluster.tags.iter().flatten();
    known.made.iter().any(|made| made.kind == MADE)
        || tags
            .into_iter()
            .any(|tag| tag.key == "golive" && tag.value == mark)
}

#[cfg(test)]
mod tests;
