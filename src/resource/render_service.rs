//! A web service or background worker, found by its name in the workspace.

mod compare;
mod evidence;
mod start_script;
#[cfg(test)]
mod tests;

use std::fmt;
use std::time::Duration;

use serde_json::Value;

use self::start_script::Package;
use super::render_access::{CREATIONS_AN_HOUR, workspace_id};
use super::{Applied, Cx, Known, Look, Resource, absent_on_404};
use crate::plan::{
    Blocker, Change, Choice, ItemId, Made, Output, Outputs, Plan, Provider, Row, Sign, Undo, Wait,
};
use crate::price::{Price, catalogue};
use crate::provider::http::CallError;
use crate::provider::render::{Client, Deploy, NewService, Outbound, Service, dashboard};

/// What golive's records call a service that it made.
const KIND: &str = "service";
/// Under which name a person's choice between services of one name is remembered.
const CHOICE: &str = "service";
const WEB: &str = "web_service";
const WORKER: &str = "background_worker";

/// A web service or background worker, found by its name in the workspace.
#[derive(Clone, Debug)]
pub struct RenderService {
    /// Render's word: `web_service` or `background_worker`.
    pub kind: String,
    pub name: String,
    /// `owner/name` at GitHub.
    pub repository: String,
    pub branch: String,
    /// The folder that is built in; empty: the repository's root.
    pub root: String,
    pub build: String,
    pub start: String,
    pub plan: String,
    pub region: String,
    /// Where a web service tells that it is well.
    pub health: Option<String>,
}

pub struct Seen {
    item: ItemId,
    owner: String,
    found: Found,
    /// The id of another service that has the wished name, while ours has another.
    name_is_of: Option<String>,
    /// The latest, newest first.
    deploys: Vec<Deploy>,
    /// `None` where Render does not tell, and where there is no service.
    outbound: Option<Outbound>,
    package: Package,
}

enum Found {
    None,
    One(Box<Service>),
    /// Of one name, and nobody has said yet which it is.
    Several(Vec<Service>),
}

/// Where a service stands in `golive.toml`, read off its item's id `4.api-prod`.
pub(super) struct ServiceKey {
    role: String,
    pub(super) environment: String,
}

impl ServiceKey {
    pub(super) fn of(item: &ItemId) -> ServiceKey {
        let name = item.as_str().strip_prefix(item.step()).unwrap_or_default();
        let name = name.trim_start_matches('.');
        let (role, environment) = name.split_once('-').unwrap_or((name, ""));
        ServiceKey {
            role: role.into(),
            environment: environment.into(),
        }
    }

    /// The keys that a plan may stand under; `kind` as `[render] plan` has it.
    pub(super) fn plan(&self, kind: &str) -> String {
        format!("{self}.plan, or plan.{kind} in [render]")
    }
}

impl fmt::Display for ServiceKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "environment.{}.service.{}", self.environment, self.role)
    }
}

#[derive(Clone, Debug)]
pub enum RenderServiceChange {
    Create {
        wish: RenderService,
        owner: String,
        detail: Vec<String>,
    },
    Alter(Alteration),
    Delete {
        id: String,
        /// `web service shop-api`.
        title: String,
    },
}

/// One field of a service that is there.
#[derive(Clone, Debug)]
pub struct Alteration {
    id: String,
    /// `web service shop-api`.
    title: String,
    /// What is changed, as the row calls it: `branch`.
    field: &'static str,
    old: String,
    new: String,
    /// What is sent: this field and nothing else.
    body: Value,
    price: Option<Price>,
    made_by_golive: bool,
    detail: Vec<String>,
}

impl Change for RenderServiceChange {
    fn row(&self, item: &ItemId) -> Row {
        match self {
            Self::Create { wish, detail, .. } => Row {
                new: Some(format!(
                    "{}, {}, {}, {}",
                    wish.branch, wish.start, wish.plan, wish.region
                )),
                price: price(&wish.kind, &wish.plan),
                detail: detail.clone(),
                ..Row::new(item, "create", Sign::Create, wish.title())
            },
            Self::Alter(alteration) => Row {
                old: Some(alteration.old.clone()),
                new: Some(alteration.new.clone()),
                undo: Undo::Restorable,
                price: alteration.price,
                not_made_by_golive: !alteration.made_by_golive,
                detail: alteration.detail.clone(),
                ..Row::new(
                    item,
                    alteration.field,
                    Sign::Change,
                    format!("{} of {}", alteration.field, alteration.title),
                )
            },
            Self::Delete { title, .. } => Row::new(item, "delete", Sign::Remove, title.clone()),
        }
    }
}

impl Resource for RenderService {
    type Seen = Seen;
    type Change = RenderServiceChange;

    async fn observe(&self, cx: &Cx<'_>) -> Look<Seen> {
        let client = cx.render()?;
        let owner = workspace_id(cx.known)?;
        let named = client.services(&owner, Some(&self.name)).await?;
        let recorded = match cx.known.id(KIND) {
            Some(id) => recorded(client, id, &named).await?,
            None => None,
        };
        let (found, name_is_of) = self.found_among(cx.known, recorded, named);
        let (mut deploys, mut outbound) = (vec![], None);
        if let Found::One(own) = &found {
            deploys = client.deploys(&own.id).await?;
            let told = absent_on_404(client.outbound(&own.id).await)?;
            outbound = told.present().cloned();
        }
        let package = Package::look(cx.client()?, &self.root, &self.branch).await?;
        Ok(Seen {
            item: cx.item.clone(),
            owner,
            found,
            name_is_of,
            deploys,
            outbound,
            package,
        })
    }

    fn plan(&self, known: &Known, seen: &Seen) -> Plan<RenderServiceChange> {
        match &seen.found {
            Found::Several(twins) => Plan::Blocked(self.which(twins)),
            Found::One(own) => self.compared(known, seen, own),
            Found::None => {
                if let Some(blocker) = self.impossible(&seen.item) {
                    return Plan::Blocked(blocker);
                }
                if known.created_last_hour >= CREATIONS_AN_HOUR {
                    return Plan::Wait(hour_is_full(known.created_last_hour));
                }
                Plan::Change(vec![RenderServiceChange::Create {
                    wish: self.clone(),
                    owner: seen.owner.clone(),
                    detail: self.detail(known, seen),
                }])
            }
        }
    }

    async fn apply(&self, cx: &Cx<'_>, change: &RenderServiceChange) -> Result<Applied, CallError> {
        let client = cx.render()?;
        match change {
            RenderServiceChange::Create { wish, owner, .. } => {
                let repo = wish.repo();
                let own = client
                    .create_service(&wish.new_service(owner, &repo))
                    .await?;
                Ok(Applied {
                    made: Some(made(&own, wish)),
                })
            }
            RenderServiceChange::Alter(alteration) => {
                let body = alteration.body.clone();
                client.patch_service(&alteration.id, body).await?;
                Ok(Applied::default())
            }
            RenderServiceChange::Delete { id, .. } => {
                client.delete_service(id).await?;
                Ok(Applied::default())
            }
        }
    }

    fn outputs(&self, seen: &Seen) -> Outputs {
        let Found::One(own) = &seen.found else {
            return Outputs::new();
        };
        let ranges = seen.outbound.as_ref().map(Outbound::ranges);
        let ranges = ranges.filter(|ranges| !ranges.is_empty());
        let outputs = [
            ("id", Some(own.id.clone())),
            ("url", own.url().map(str::to_string)),
            ("slug", own.slug.clone()),
            ("outbound", ranges.map(|ranges| ranges.join(","))),
        ];
        outputs
            .into_iter()
            .filter_map(|(name, value)| Some((name.into(), Output::Text(value?))))
            .collect()
    }

    fn found(&self, seen: &Seen, change: &str) -> Option<Made> {
        match &seen.found {
            Found::One(own) if change == "create" && self.of_others(own).is_none() => {
                Some(made(own, self))
            }
            _ => None,
        }
    }

    fn undo(&self, known: &Known, seen: &Seen) -> Vec<RenderServiceChange> {
        match &seen.found {
            Found::One(own) if is_made(known, &own.id) => vec![RenderServiceChange::Delete {
                id: own.id.clone(),
                title: self.title(),
            }],
            _ => vec![],
        }
    }
}

/// The service that golive has made or seen before; `None` when it is gone.
async fn recorded(client: &Client<'_>, id: &str, named: &[Service]) -> Look<Option<Service>> {
    if let Some(listed) = named.iter().find(|one| one.id == id) {
        return Ok(Some(listed.clone()));
    }
    match client.service(id).await {
        Err(error) if error.is_status(410) => Ok(None),
        look => Ok(absent_on_404(look)?.present().cloned()),
    }
}

fn made(own: &Service, wish: &RenderService) -> Made {
    Made {
        kind: KIND.into(),
        id: own.id.clone(),
        name: wish.name.clone(),
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

fn page(own: &Service) -> String {
    let folder = match own.kind.as_str() {
        WORKER => "worker",
        _ => "web",
    };
    let told = own.dashboard_url.clone();
    told.unwrap_or_else(|| dashboard(folder, &own.id))
}

fn price(kind: &str, plan: &str) -> Option<Price> {
    catalogue().price(Provider::Render, kind, plan)
}

fn hour_is_full(created: usize) -> Wait {
    Wait {
        condition: "Render takes another new service".into(),
        expected: format!("fewer than {CREATIONS_AN_HOUR} service creations within an hour"),
        seen: format!("{created} sent within the last hour"),
        look_every: Duration::from_secs(5 * 60),
        worst_case: Duration::from_secs(65 * 60),
        why: format!("Render lets a user create {CREATIONS_AN_HOUR} services an hour"),
    }
}

impl RenderService {
    /// `web service shop-api`.
    fn title(&self) -> String {
        format!("{} {}", self.kind.replace('_', " "), self.name)
    }

    /// As Render wants it: without a branch and without `.git`.
    fn repo(&self) -> String {
        let name = self.repository.trim_end_matches('/');
        let name = name.strip_suffix(".git").unwrap_or(name);
        format!("https://github.com/{name}")
    }

    fn new_service<'s>(&'s self, owner: &'s str, repo: &'s str) -> NewService<'s> {
        NewService {
            kind: &self.kind,
            name: &self.name,
            owner,
            repo,
            branch: &self.branch,
            root: &self.root,
            build: &self.build,
            start: &self.start,
            plan: &self.plan,
            region: &self.region,
            health: self.health.as_deref().filter(|_| self.kind == WEB),
        }
    }

    /// Which service is meant, and who else has its name.
    fn found_among(
        &self,
        known: &Known,
        recorded: Option<Service>,
        mut named: Vec<Service>,
    ) -> (Found, Option<String>) {
        if let Some(own) = recorded {
            let other = named.iter().find(|one| one.id != own.id);
            let other = other.filter(|_| own.name != self.name);
            let other = other.map(|one| one.id.clone());
            return (Found::One(Box::new(own)), other);
        }
        let chosen = known.decided.get(CHOICE);
        let chosen = chosen.and_then(|id| named.iter().find(|one| one.id == *id));
        // Names are unique by Render's own word; should there be two all the same, the type tells them apart.
        let of_kind = |one: &&Service| one.kind == self.kind;
        let own = match (chosen, named.len()) {
            (Some(chosen), _) => Some(chosen.clone()),
            (None, 2..) if named.iter().filter(of_kind).count() == 1 => {
                named.iter().find(of_kind).cloned()
            }
            (None, 2..) => return (Found::Several(named), None),
            (None, _) => named.pop(),
        };
        let found = own.map_or(Found::None, |own| Found::One(Box::new(own)));
        (found, None)
    }

    fn which(&self, twins: &[Service]) -> Blocker {
        let shown = |one: &Service| {
            let branch = one.branch.as_deref().unwrap_or("branch not shown");
            let region = one.region().unwrap_or("region not shown");
            format!("{}: {}, {branch}, {region}", one.id, one.kind)
        };
        Blocker::Choose {
            key: CHOICE.into(),
            question: format!(
                "{} services of the workspace are called {}: which one is it?",
                twins.len(),
                self.name
            ),
            options: twins
                .iter()
                .map(|one| Choice::new(&one.id, shown(one)))
                .collect(),
        }
    }

    /// What is worth reading before it is made: what it is built from, the hour's budget, and what would go wrong.
    fn detail(&self, known: &Known, seen: &Seen) -> Vec<String> {
        let root = match self.root.is_empty() {
            true => "the repository's root",
            false => &self.root,
        };
        let mut detail = vec![format!(
            "from {}, in {root}, built by {}",
            self.repo(),
            self.build
        )];
        if let Some(health) = self.health.as_ref().filter(|_| self.kind == WEB) {
            detail.push(format!("asked for its health at {health}"));
        }
        detail.push(format!(
            "service creation {} of {CREATIONS_AN_HOUR} this hour",
            known.created_last_hour + 1
        ));
        detail.push(
            "its first deploy starts at once and may fail: the variables come in step 7".into(),
        );
        let findings = self.findings(&seen.item, &seen.package);
        detail.extend(findings.iter().map(ToString::to_string));
        detail
    }
}
