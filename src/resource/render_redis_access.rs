//! The addresses that may reach a Redis by its external URL: Render's own outbound ranges.

use std::collections::BTreeSet;

use serde_json::json;

use super::{Applied, Cx, Known, Look, Resource, here};
use crate::plan::{Blocker, Change, Evidence, Finding, ItemId, Made, Outputs, Plan, Row, Sign};
use crate::provider::http::CallError;
use crate::provider::render::{AllowedRange, Client, KeyValue, cidr, dashboard};

/// What golive's records call the entries that it made.
const KIND: &str = "allow-list entry";
/// Every description that golive writes begins so.
const OURS: &str = "golive:";

/// The addresses that may reach a Redis by its external URL: Render's own outbound ranges.
#[derive(Clone, Debug)]
pub struct RenderRedisAccess {
    pub name: String,
    /// The item of the Redis; its output `id` names it.
    pub redis: ItemId,
    /// The items whose output `outbound` tells the ranges.
    pub services: Vec<ItemId>,
}

pub struct Seen {
    redis: KeyValue,
    /// The ranges that the services' calls come from.
    wanted: BTreeSet<String>,
    /// Services whose ranges are not known.
    silent: Vec<ItemId>,
}

#[derive(Clone, Debug)]
pub enum RenderRedisAccessChange {
    Allow {
        id: String,
        name: String,
        ranges: Vec<String>,
        description: String,
    },
    Remove {
        id: String,
        name: String,
        ranges: Vec<String>,
    },
}

impl Change for RenderRedisAccessChange {
    fn row(&self, item: &ItemId) -> Row {
        let what = |name: &str| format!("allow-list of Redis {name}");
        match self {
            Self::Allow { name, ranges, .. } => Row {
                new: Some(ranges.join(", ")),
                detail: vec![
                    "entries of others stay".into(),
                    "Render's shared ranges serve all its customers of the region: the password still protects".into(),
                ],
                ..Row::new(item, "allow", Sign::Create, what(name))
            },
            Self::Remove { name, ranges, .. } => Row {
                old: Some(ranges.join(", ")),
                ..Row::new(item, "remove", Sign::Remove, what(name))
            },
        }
    }
}

impl Resource for RenderRedisAccess {
    type Seen = Seen;
    type Change = RenderRedisAccessChange;

    async fn observe(&self, cx: &Cx<'_>) -> Look<Seen> {
        let client = cx.render()?;
        let id = cx.known.output(&self.redis, "id").ok_or_else(|| {
            here(
                format!(
                    "{} is not known before {} is settled",
                    self.name, self.redis
                ),
                Some(format!("golive run {}", self.redis)),
            )
        })?;
        Ok(self.seen(cx.known, client.key_value(id).await?))
    }

    fn plan(&self, known: &Known, seen: &Seen) -> Plan<RenderRedisAccessChange> {
        if seen.wanted.is_empty() {
            return self.without_ranges(known, seen);
        }
        let missing = missing(&seen.redis, &seen.wanted);
        match missing.is_empty() {
            true => Plan::Settled(self.evidence(seen)),
            false => Plan::Change(vec![RenderRedisAccessChange::Allow {
                id: seen.redis.id.clone(),
                name: self.name.clone(),
                ranges: missing,
                description: description(&seen.redis),
            }]),
        }
    }

    async fn apply(
        &self,
        cx: &Cx<'_>,
        change: &RenderRedisAccessChange,
    ) -> Result<Applied, CallError> {
        let client = cx.render()?;
        match change {
            RenderRedisAccessChange::Allow {
                id,
                ranges,
                description,
                ..
            } => allow(client, id, ranges, description).await,
            RenderRedisAccessChange::Remove { id, ranges, .. } => {
                let redis = client.key_value(id).await?;
                let mut list = redis.allowed().to_vec();
                list.retain(|entry| !is_ours(entry, ranges));
                client
                    .patch_key_value(id, json!({ "ipAllowList": list }))
                    .await?;
                Ok(Applied::default())
            }
        }
    }

    fn outputs(&self, _seen: &Seen) -> Outputs {
        Outputs::new()
    }

    fn found(&self, seen: &Seen, change: &str) -> Option<Made> {
        let allowed = seen.redis.allowed().iter().filter(|_| change == "allow");
        let ours = allowed.filter(|entry| entry.description.starts_with(OURS));
        let ranges: BTreeSet<String> = ours
            .filter_map(|entry| cidr(&entry.cidr_block))
            .filter(|range| seen.wanted.contains(range))
            .collect();
        let ranges: Vec<String> = ranges.into_iter().collect();
        (!ranges.is_empty()).then(|| made(&seen.redis, &ranges))
    }

    /// Only entries that golive made and that still bear its description.
    fn undo(&self, known: &Known, seen: &Seen) -> Vec<RenderRedisAccessChange> {
        let made = known
            .made
            .iter()
            .filter(|made| made.kind == KIND && made.as_made.as_ref() == Some(&seen.redis.id));
        let ranges: Vec<String> = made
            .flat_map(|made| made.id.split(','))
            .map(str::to_string)
            .collect();
        let left: BTreeSet<String> = seen
            .redis
            .allowed()
            .iter()
            .filter(|entry| is_ours(entry, &ranges))
            .filter_map(|entry| cidr(&entry.cidr_block))
            .collect();
        match left.is_empty() {
            true => vec![],
            false => vec![RenderRedisAccessChange::Remove {
                id: seen.redis.id.clone(),
                name: self.name.clone(),
                ranges: left.into_iter().collect(),
            }],
        }
    }
}

/// Read, merge, write: Render takes the whole list, and others' entries stay.
async fn allow(
    client: &Client<'_>,
    id: &str,
    ranges: &[String],
    description: &str,
) -> Result<Applied, CallError> {
    let redis = client.key_value(id).await?;
    let added = missing(&redis, &ranges.iter().cloned().collect());
    if added.is_empty() {
        return Ok(Applied::default());
    }
    let mut list = redis.allowed().to_vec();
    list.extend(added.iter().map(|range| AllowedRange {
        cidr_block: range.clone(),
        description: description.into(),
    }));
    client
        .patch_key_value(id, json!({ "ipAllowList": list }))
        .await?;
    Ok(Applied {
        made: Some(made(&redis, &added)),
    })
}

fn missing(redis: &KeyValue, wanted: &BTreeSet<String>) -> Vec<String> {
    let allowed = redis.allowed().iter();
    let allowed: BTreeSet<String> = allowed
        .filter_map(|entry| cidr(&entry.cidr_block))
        .collect();
    wanted.difference(&allowed).cloned().collect()
}

fn is_ours(entry: &AllowedRange, ranges: &[String]) -> bool {
    let range = cidr(&entry.cidr_block);
    entry.description.starts_with(OURS) && range.is_some_and(|range| ranges.contains(&range))
}

fn description(redis: &KeyValue) -> String {
    match &redis.region {
        Some(region) => format!("{OURS} render {region}"),
        None => format!("{OURS} render"),
    }
}

fn made(redis: &KeyValue, ranges: &[String]) -> Made {
    Made {
        kind: KIND.into(),
        id: ranges.join(","),
        name: format!("{} on the allow-list of {}", ranges.join(", "), redis.name),
        as_made: Some(redis.id.clone()),
        url: Some(page(redis)),
    }
}

fn page(redis: &KeyValue) -> String {
    let told = redis.dashboard_url.clone();
    told.unwrap_or_else(|| dashboard("r", &redis.id))
}

impl RenderRedisAccess {
    fn seen(&self, known: &Known, redis: KeyValue) -> Seen {
        let told = |item: &ItemId| known.output(item, "outbound");
        let ranges = self.services.iter().filter_map(told);
        let wanted = ranges.flat_map(|list| list.split(',')).filter_map(cidr);
        Seen {
            redis,
            wanted: wanted.collect(),
            silent: self
                .services
                .iter()
                .filter(|item| told(item).is_none())
                .cloned()
                .collect(),
        }
    }

    /// Render tells no range: a person enters them, and says so once something stands there.
    fn without_ranges(&self, known: &Known, seen: &Seen) -> Plan<RenderRedisAccessChange> {
        let place = "they stand at each service under Connect, Outbound";
        let entries = seen.redis.allowed().iter();
        let mut entries: Vec<&str> = entries.map(|entry| &*entry.cidr_block).collect();
        entries.sort_unstable();
        if entries.is_empty() {
            return Plan::Blocked(Blocker::ByHand {
                what: format!(
                    "put Render's outbound addresses on the allow-list of Redis {}: Render does not tell them by its API, {place}",
                    self.name
                ),
                url: Some(page(&seen.redis)),
                paste: vec![],
            });
        }
        let rests_on = entries.join(", ");
        let word = known.attested.as_ref();
        match word.filter(|word| word.rests_on == rests_on) {
            Some(word) => Plan::Settled(
                Evidence::new(format!(
                    "said by {}, not compared: the allow-list of Redis {} holds Render's outbound addresses ({rests_on})",
                    word.by, self.name
                ))
                .url(page(&seen.redis))
                .findings([self.external()]),
            ),
            None => Plan::Blocked(Blocker::Attest {
                question: format!(
                    "Does the allow-list of Redis {} ({rests_on}) hold Render's outbound addresses? Render does not tell them \
                     by its API, {place}",
                    self.name
                ),
                url: Some(page(&seen.redis)),
                rests_on,
            }),
        }
    }

    fn evidence(&self, seen: &Seen) -> Evidence {
        let wanted: Vec<&str> = seen.wanted.iter().map(String::as_str).collect();
        let others = seen.redis.allowed().len().saturating_sub(wanted.len());
        let mut evidence = Evidence::new(format!(
            "the allow-list of Redis {} lets Render's ranges in: {}",
            self.name,
            wanted.join(", ")
        ))
        .url(page(&seen.redis));
        if others > 0 {
            evidence = evidence.note(format!("other entries on it, left alone: {others}"));
        }
        for item in &seen.silent {
            evidence = evidence.note(format!(
                "Render does not tell where the calls of {item} come from"
            ));
        }
        evidence.findings([self.external()])
    }

    fn external(&self) -> Finding {
        Finding::new(
            "external-url",
            format!(
                "Redis {} is reached by its external URL: over the internet, by an allow-list that all of Render's customers \
                 of the region pass, behind its password",
                self.name
            ),
            "write output = \"internal_url\" for its variable in golive.toml: services of the same workspace and region \
             reach it directly",
        )
    }
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    const FRANKFURT: &str = "74.220.51.0/24,74.220.59.0/24";

    fn access() -> RenderRedisAccess {
        RenderRedisAccess {
            name: "shop-redis".into(),
            redis: ItemId::new("4.redis-prod"),
            services: vec![ItemId::new("4.api-prod"), ItemId::new("4.worker-prod")],
        }
    }

    fn known(outbound: &[&str]) -> Known {
        let items = ["4.api-prod", "4.worker-prod"];
        Known {
            outputs: items
                .iter()
                .zip(outbound)
                .map(|(item, ranges)| (format!("{item}.outbound"), ranges.to_string()))
                .collect(),
            ..Known::default()
        }
    }

    fn redis(list: Value) -> KeyValue {
        let redis = json!({"id": "red-1", "name": "shop-redis", "region": "frankfurt", "ipAllowList": list});
        serde_json::from_value(redis).unwrap()
    }

    fn entry(range: &str, description: &str) -> Value {
        json!({"cidrBlock": range, "description": description})
    }

    fn plan(known: &Known, list: Value) -> Plan<RenderRedisAccessChange> {
        access().plan(known, &access().seen(known, redis(list)))
    }

    #[test]
    fn what_is_missing_is_added_and_what_is_there_is_left() {
        let known = known(&[FRANKFURT, "74.220.51.0/24,10.1.2.3"]);
        let list = json!([
            entry("74.220.51.0/24", "ops"),
            entry("1.2.3.4/32", "laptop")
        ]);
        let Plan::Change(changes) = plan(&known, list) else {
            panic!("no change");
        };
        assert_eq!(
            changes[0]
                .row(&ItemId::new("4.redis-access-prod"))
                .to_string(),
            "+ allow-list of Redis shop-redis: 10.1.2.3/32, 74.220.59.0/24"
        );
        let RenderRedisAccessChange::Allow { description, .. } = &changes[0] else {
            panic!("no entry");
        };
        assert_eq!(description, "golive: render frankfurt");
    }

    #[test]
    fn ranges_that_are_there_settle_it_with_the_better_way_offered() {
        let list = json!([
            entry("74.220.51.7/24", "ops"),
            entry("74.220.59.0/24", "ops"),
            entry("1.2.3.4", "laptop")
        ]);
        let Plan::Settled(evidence) = plan(&known(&[FRANKFURT]), list) else {
            panic!("not settled");
        };
        assert_eq!(
            evidence.notes,
            [
                "other entries on it, left alone: 1",
                "Render does not tell where the calls of 4.worker-prod come from"
            ]
        );
        assert!(evidence.findings[0].fix.contains("internal_url"));
    }

    #[test]
    fn without_known_ranges_a_person_enters_them_and_says_so() {
        let Plan::Blocked(Blocker::ByHand { url, .. }) = plan(&known(&[]), json!(null)) else {
            panic!("not by hand");
        };
        assert_eq!(url.as_deref(), Some("https://dashboard.render.com/r/red-1"));
        let list = json!([entry("74.220.51.0/24", "by hand")]);
        let asked = plan(&known(&[]), list);
        assert!(
            matches!(asked, Plan::Blocked(Blocker::Attest { .. })),
            "{asked:?}"
        );
    }

    #[test]
    fn undo_takes_only_entries_of_golives_own() {
        let ours = entry("74.220.51.0/24", "golive: render frankfurt");
        let seen = access().seen(
            &known(&[FRANKFURT]),
            redis(json!([ours, entry("74.220.59.0/24", "ops")])),
        );
        let record = access().found(&seen, "allow").unwrap();
        assert_eq!(record.id, "74.220.51.0/24");
        assert!(access().undo(&Known::default(), &seen).is_empty());
        let both = made(
            &seen.redis,
            &["74.220.51.0/24".into(), "74.220.59.0/24".into()],
        );
        let known = Known {
            made: vec![both],
            ..Known::default()
        };
        let undo = access().undo(&known, &seen);
        assert_eq!(
            undo[0].row(&ItemId::new("4.redis-access-prod")).to_string(),
            "- allow-list of Redis shop-redis: was 74.220.51.0/24"
        );
    }
}
