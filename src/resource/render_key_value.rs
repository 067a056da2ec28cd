//! A Redis (Render Key Value), found by its name in the workspace.

#[cfg(test)]
mod tests;

use std::time::Duration;

use serde_json::{Value, json};

use super::render_access::workspace_id;
use super::render_service::ServiceKey;
use super::{Applied, Cx, Known, Look, Resource, absent_on_404};
use crate::plan::{
    Blocker, Change, Choice, Evidence, Finding, ItemId, Made, Output, Outputs, Plan, Provider,
    Repeat, Row, Sign, Undo, Wait,
};
use crate::price::{Price, catalogue};
use crate::provider::http::CallError;
use crate::provider::render::{
    Client, ConnectionInfo, EVERYWHERE, KEY_VALUE_PLANS, KeyValue, NewKeyValue, cidr, dashboard,
    is_smaller_key_value, same_plan,
};

/// Queues lose jobs when a full Redis throws keys away.
const POLICY: &str = "noeviction";
/// What golive's records call an instance that it made.
const KIND: &str = "key_value";
/// Under which name a person's choice between instances of one name is remembered.
const CHOICE: &str = "instance";
/// Words of `status` that pass by themselves.
const ON_ITS_WAY: [&str; 5] = [
    "unknown",
    "creating",
    "config_restart",
    "updating_instance",
    "recovery_in_progress",
];
const LOOK_EVERY: Duration = Duration::from_secs(5);
const WORST_CASE: Duration = Duration::from_secs(10 * 60);

/// A Redis (Render Key Value), found by its name in the workspace.
#[derive(Clone, Debug)]
pub struct RenderKeyValue {
    pub name: String,
    pub plan: String,
    pub region: String,
}

pub struct Seen {
    item: ItemId,
    owner: String,
    found: Found,
    /// `None` while Render does not tell them, and where there is no instance.
    urls: Option<ConnectionInfo>,
    /// Other instances of the same name: their ids.
    twins: Vec<String>,
    /// Another instance of the workspace that is on the free plan: its name.
    free_elsewhere: Option<String>,
}

enum Found {
    None,
    One(Box<KeyValue>),
    /// Of one name, and nobody has said yet which it is.
    Several(Vec<KeyValue>),
}

#[derive(Clone, Debug)]
pub enum RenderKeyValueChange {
    Create {
        wish: RenderKeyValue,
        owner: String,
    },
    Alter {
        id: String,
        name: String,
        /// What is changed, as the row calls it: `plan`.
        field: &'static str,
        old: String,
        new: String,
        body: Value,
        price: Option<Price>,
        made_by_golive: bool,
        detail: Vec<String>,
    },
    Delete {
        id: String,
        name: String,
    },
}

impl Change for RenderKeyValueChange {
    fn row(&self, item: &ItemId) -> Row {
        match self {
            Self::Create { wish, .. } => Row {
                new: Some(format!("{}, {}, {POLICY}", wish.plan, wish.region)),
                price: price(&wish.plan),
                detail: vec![
                    "reached from inside Render only, until its allow-list says more".into(),
                ],
                ..Row::new(item, "create", Sign::Create, format!("Redis {}", wish.name))
            },
            Self::Alter {
                name,
                field,
                old,
                new,
                price,
                made_by_golive,
                detail,
                ..
            } => Row {
                old: Some(old.clone()),
                new: Some(new.clone()),
                undo: Undo::Restorable,
                price: *price,
                not_made_by_golive: !made_by_golive,
                detail: detail.clone(),
                ..Row::new(
                    item,
                    field,
                    Sign::Change,
                    format!("{field} of Redis {name}"),
                )
            },
            Self::Delete { name, .. } => Row {
                undo: Undo::OneWay,
                confirm: Some(name.clone()),
                detail: vec!["all its data goes with it".into()],
                ..Row::new(item, "delete", Sign::Remove, format!("Redis {name}"))
            },
        }
    }

    /// Names may repeat at Render, and nothing marks what golive made.
    fn repeat(&self) -> Repeat {
        match self {
            Self::Create { .. } => Repeat::Ask,
            Self::Alter { .. } | Self::Delete { .. } => Repeat::WhenNotSeen,
        }
    }
}

impl Resource for RenderKeyValue {
    type Seen = Seen;
    type Change = RenderKeyValueChange;

    async fn observe(&self, cx: &Cx<'_>) -> Look<Seen> {
        let client = cx.render()?;
        let owner = workspace_id(cx.known)?;
        let list = client.key_values(&owner).await?;
        let recorded = match cx.known.id(KIND) {
            Some(id) => recorded(client, id, &list).await?,
            None => None,
        };
        let mut seen = self.seen(cx.item, owner, cx.known, recorded, list);
        if let Found::One(own) = &seen.found {
            let urls = absent_on_404(client.connection_info(&own.id).await)?;
            seen.urls = urls.present().cloned();
        }
        Ok(seen)
    }

    fn plan(&self, known: &Known, seen: &Seen) -> Plan<RenderKeyValueChange> {
        match &seen.found {
            Found::Several(twins) => Plan::Blocked(self.which(twins)),
            Found::None => match self.impossible(seen) {
                Some(blocker) => Plan::Blocked(blocker),
                None => Plan::Change(vec![RenderKeyValueChange::Create {
                    wish: self.clone(),
                    owner: seen.owner.clone(),
                }]),
            },
            Found::One(own) => self.compared(known, seen, own),
        }
    }

    async fn apply(
        &self,
        cx: &Cx<'_>,
        change: &RenderKeyValueChange,
    ) -> Result<Applied, CallError> {
        let client = cx.render()?;
        match change {
            RenderKeyValueChange::Create { wish, owner } => {
                let new = NewKeyValue {
                    name: &wish.name,
                    owner,
                    plan: &wish.plan,
                    region: &wish.region,
                    policy: POLICY,
                };
                let own = client.create_key_value(&new).await?;
                Ok(Applied {
                    made: Some(made(&own, &wish.name)),
                })
            }
            RenderKeyValueChange::Alter { id, body, .. } => {
                client.patch_key_value(id, body.clone()).await?;
                Ok(Applied::default())
            }
            RenderKeyValueChange::Delete { id, .. } => {
                client.delete_key_value(id).await?;
                Ok(Applied::default())
            }
        }
    }

    fn outputs(&self, seen: &Seen) -> Outputs {
        let Found::One(own) = &seen.found else {
            return Outputs::new();
        };
        let urls = seen.urls.clone();
        let (external, internal) = urls.map_or((None, None), |urls| (urls.external, urls.internal));
        let outputs = [
            ("id", Some(Output::Text(own.id.clone()))),
            ("external_url", external.map(Output::Secret)),
            ("internal_url", internal.map(Output::Secret)),
        ];
        outputs
            .into_iter()
            .filter_map(|(name, output)| Some((name.into(), output?)))
            .collect()
    }

    fn found(&self, seen: &Seen, change: &str) -> Option<Made> {
        match &seen.found {
            Found::One(own) if change == "create" && self.elsewhere(own).is_none() => {
                Some(made(own, &self.name))
            }
            _ => None,
        }
    }

    fn undo(&self, known: &Known, seen: &Seen) -> Vec<RenderKeyValueChange> {
        match &seen.found {
            Found::One(own) if is_made(known, &own.id) => vec![RenderKeyValueChange::Delete {
                id: own.id.clone(),
                name: own.name.clone(),
            }],
            _ => vec![],
        }
    }
}

/// The instance that golive has made or seen before; `None` when it is gone.
async fn recorded(client: &Client<'_>, id: &str, list: &[KeyValue]) -> Look<Option<KeyValue>> {
    if let Some(listed) = list.iter().find(|one| one.id == id) {
        return Ok(Some(listed.clone()));
    }
    match client.key_value(id).await {
        Err(error) if error.is_status(410) => Ok(None),
        look => Ok(absent_on_404(look)?.present().cloned()),
    }
}

fn made(own: &KeyValue, name: &str) -> Made {
    Made {
        kind: KIND.into(),
        id: own.id.clone(),
        name: name.into(),
        as_made: None,
        url: Some(page(own)),
    }
}

fn is_made(known: &Known, id: &str) -> bool {
    known
        .made
        .iter()
        .any(|made| made.kind == KIND && made.id == id)
}

fn page(own: &KeyValue) -> String {
    let told = own.dashboard_url.clone();
    told.unwrap_or_else(|| dashboard("r", &own.id))
}

fn price(plan: &str) -> Option<Price> {
    catalogue().price(Provider::Render, "redis", plan)
}

fn word(text: &Option<String>) -> &str {
    text.as_deref().unwrap_or("not shown")
}

impl RenderKeyValue {
    fn seen(
        &self,
        item: &ItemId,
        owner: String,
        known: &Known,
        recorded: Option<KeyValue>,
        list: Vec<KeyValue>,
    ) -> Seen {
        let mut named: Vec<KeyValue> = list
            .iter()
            .filter(|one| one.name == self.name)
            .cloned()
            .collect();
        let chosen = known.decided.get(CHOICE);
        let chosen = chosen.and_then(|id| named.iter().find(|one| one.id == *id));
        let found = match (recorded, chosen) {
            (Some(own), _) => Found::One(Box::new(own)),
            (None, Some(own)) => Found::One(Box::new(own.clone())),
            (None, None) if named.len() > 1 => Found::Several(std::mem::take(&mut named)),
            (None, None) => match named.pop() {
                Some(own) => Found::One(Box::new(own)),
                None => Found::None,
            },
        };
        let own = match &found {
            Found::One(own) => Some(own.id.clone()),
            Found::None | Found::Several(_) => None,
        };
        let other = |one: &&KeyValue| Some(&one.id) != own.as_ref();
        let free = |one: &&KeyValue| one.plan.as_deref() == Some("free");
        let mut others = list.iter().filter(other);
        Seen {
            item: item.clone(),
            owner,
            urls: None,
            twins: named
                .iter()
                .filter(other)
                .map(|one| one.id.clone())
                .collect(),
            free_elsewhere: others.find(free).map(|one| one.name.clone()),
            found,
        }
    }

    fn which(&self, twins: &[KeyValue]) -> Blocker {
        let shown = |one: &KeyValue| {
            let (plan, region) = (word(&one.plan), word(&one.region));
            format!("{}: {plan}, {region}, {}", one.id, word(&one.status))
        };
        Blocker::Choose {
            key: CHOICE.into(),
            question: format!(
                "{} Key Value instances of the workspace are called {}: which one is it? No further one is made",
                twins.len(),
                self.name
            ),
            options: twins
                .iter()
                .map(|one| Choice::new(&one.id, shown(one)))
                .collect(),
        }
    }

    /// Why Render would not make it, or move one to the plan, as far as that is known beforehand.
    fn impossible(&self, seen: &Seen) -> Option<Blocker> {
        let key = ServiceKey::of(&seen.item);
        let by_hand = |what: String| {
            Some(Blocker::ByHand {
                what,
                url: Some("https://render.com/pricing".into()),
                paste: vec!["plan = \"starter\"".into()],
            })
        };
        if !KEY_VALUE_PLANS.contains(&&*self.plan) {
            return by_hand(format!(
                "correct {} in golive.toml: Render has no Key Value plan {}; it has {}",
                key.plan("redis"),
                self.plan,
                KEY_VALUE_PLANS.join(", ")
            ));
        }
        if let Some(other) = seen.free_elsewhere.as_ref().filter(|_| self.plan == "free") {
            return by_hand(format!(
                "choose a paid plan for {} ({} in golive.toml): a workspace has one free Key Value instance, and {other} is it",
                self.name,
                key.plan("redis")
            ));
        }
        None
    }

    /// What golive never replaces: an instance in another region.
    fn elsewhere(&self, own: &KeyValue) -> Option<String> {
        let region = own
            .region
            .as_ref()
            .filter(|region| **region != self.region)?;
        Some(region.clone())
    }

    fn compared(&self, known: &Known, seen: &Seen, own: &KeyValue) -> Plan<RenderKeyValueChange> {
        let key = ServiceKey::of(&seen.item);
        if let Some(region) = self.elsewhere(own) {
            return Plan::Blocked(Blocker::Taken {
                name: format!("Redis {}", self.name),
                theirs: format!(
                    "{} is in {region}, golive.toml wants {}. A region cannot be changed, and golive replaces nothing: write \
                     region = \"{region}\" in [render], or another name for {key}",
                    own.id, self.region
                ),
            });
        }
        if let Some(wait) = self.on_its_way(seen, own) {
            return Plan::Wait(wait);
        }
        let plan = own
            .plan
            .as_deref()
            .filter(|now| !same_plan(true, &self.plan, now));
        if let Some(now) = plan.filter(|now| is_smaller_key_value(&self.plan, now)) {
            return Plan::Blocked(Blocker::ByHand {
                what: format!(
                    "Redis {} is on plan {now}, and Render moves none to a smaller one: write it in golive.toml ({})",
                    self.name,
                    key.plan("redis")
                ),
                url: Some(page(own)),
                paste: vec![format!("plan = \"{now}\"")],
            });
        }
        if let Some(blocker) = plan.and_then(|_| self.impossible(seen)) {
            return Plan::Blocked(blocker);
        }
        let changes = self.differences(known, own, plan);
        match changes.is_empty() {
            true => Plan::Settled(self.evidence(seen, own)),
            false => Plan::Change(changes),
        }
    }

    fn differences(
        &self,
        known: &Known,
        own: &KeyValue,
        plan: Option<&str>,
    ) -> Vec<RenderKeyValueChange> {
        let made_by_golive = is_made(known, &own.id);
        let alter = |field, old: &str, new: &str, body: Value| RenderKeyValueChange::Alter {
            id: own.id.clone(),
            name: self.name.clone(),
            field,
            old: old.into(),
            new: new.into(),
            body,
            price: None,
            made_by_golive,
            detail: vec![],
        };
        let mut changes = vec![];
        if own.name != self.name {
            let body = json!({ "name": self.name });
            changes.push(alter("name", &own.name, &self.name, body));
        }
        if let Some(now) = plan {
            let mut change = alter("plan", now, &self.plan, json!({ "plan": self.plan }));
            if let RenderKeyValueChange::Alter {
                price: cost,
                detail,
                ..
            } = &mut change
            {
                *cost = price(&self.plan);
                detail.push("it is away for a moment, and cannot be made smaller again".into());
                if now == "free" {
                    detail.push("a free instance loses its data when it is upgraded".into());
                }
            }
            changes.push(change);
        }
        let policy = own.policy();
        if let Some(now) = policy.filter(|policy| policy != POLICY) {
            let body = json!({ "maxmemoryPolicy": POLICY });
            changes.push(alter("eviction", &now, POLICY, body));
        }
        changes
    }

    fn on_its_way(&self, seen: &Seen, own: &KeyValue) -> Option<Wait> {
        let status = own.status.as_deref().unwrap_or("unknown");
        let told = seen
            .urls
            .as_ref()
            .is_some_and(|urls| urls.external.is_some() && urls.internal.is_some());
        let (expected, shown) = match (ON_ITS_WAY.contains(&status), told) {
            (true, _) => ("available", status),
            (false, false) => ("its two URLs", "no URLs yet"),
            (false, true) => return None,
        };
        Some(Wait {
            condition: format!("Redis {} is ready", self.name),
            expected: expected.into(),
            seen: shown.into(),
            look_every: LOOK_EVERY,
            worst_case: WORST_CASE,
            why: "Render makes one within a minute or two".into(),
        })
    }

    fn evidence(&self, seen: &Seen, own: &KeyValue) -> Evidence {
        let policy = own.policy();
        let text = format!(
            "Redis {} is there: {}, {}, {}, {}",
            self.name,
            word(&own.plan),
            word(&own.region),
            policy.as_deref().unwrap_or("eviction not shown"),
            word(&own.status)
        );
        let environment = ServiceKey::of(&seen.item).environment;
        let reached = match own.allowed().len() {
            0 => "from outside nobody reaches it: its allow-list is empty".to_string(),
            count => format!("entries on its allow-list: {count}"),
        };
        Evidence::new(text)
            .url(page(own))
            .note(format!(
                "its external URL is kept as {environment}.REDIS_URL, its internal one as {environment}.REDIS_URL_INTERNAL"
            ))
            .note("services of the same workspace and region reach it by the internal URL, without an allow-list")
            .note(reached)
            .findings(self.findings(seen, own))
    }

    fn findings(&self, seen: &Seen, own: &KeyValue) -> Vec<Finding> {
        let key = ServiceKey::of(&seen.item);
        let mut findings = vec![];
        if own.plan.as_deref() == Some("free") {
            findings.push(Finding::new(
                "loses-data",
                format!("Redis {} is on the free plan: it keeps its data in memory only and loses it when it restarts", self.name),
                format!("write plan = \"starter\" for {key} in golive.toml"),
            ));
        }
        let status = own.status.as_deref().unwrap_or_default();
        if matches!(status, "suspended" | "unavailable" | "recovery_failed") {
            findings.push(Finding::new(
                status,
                format!("Redis {} is {}", self.name, status.replace('_', " ")),
                format!("resume or repair it at {}", page(own)),
            ));
        }
        let open = |text: &str| cidr(text).as_deref() == Some(EVERYWHERE);
        if own.allowed().iter().any(|entry| open(&entry.cidr_block)) {
            findings.push(Finding::new(
                "open",
                format!(
                    "the allow-list of Redis {} lets everyone in ({EVERYWHERE})",
                    self.name
                ),
                format!("remove that entry at {}", page(own)),
            ));
        }
        if !seen.twins.is_empty() {
            findings.push(Finding::new(
                "twin",
                format!(
                    "{} is also the name of {}",
                    self.name,
                    seen.twins.join(", ")
                ),
                format!("golive uses {}; rename or delete what is not used", own.id),
            ));
        }
        findings
    }
}
