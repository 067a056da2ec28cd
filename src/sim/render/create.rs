//! `POST /services`: what is asked for, why it may be refused, and the first deploy.

use std::sync::Arc;

use serde_json::{Map, Value, json};

use super::spec::Kind;
use super::state::{Owner, Server, letters};
use super::wire::{Digits, Outcome, body, invalid, not_found, object, refuse, reply, text, word};
use super::{Cx, Render, body as shown, variables};
use crate::sim::chance;
use crate::sim::ledger::{MadeBy, Provider};

pub const REGIONS: [&str; 5] = ["frankfurt", "oregon", "ohio", "singapore", "virginia"];
/// What workers may have too.
const PAID: [&str; 20] = [
    "starter",
    "standard",
    "pro",
    "pro_plus",
    "pro_max",
    "pro_ultra",
    "0.5c-512mb",
    "1c-2g",
    "2c-4g",
    "2c-8g",
    "2c-16g",
    "4c-8g",
    "4c-16g",
    "4c-32g",
    "8c-16g",
    "8c-32g",
    "8c-64g",
    "12c-24g",
    "12c-48g",
    "12c-96g",
];
const RUNTIMES: [&str; 8] = [
    "docker", "elixir", "go", "node", "python", "ruby", "rust", "image",
];
const TYPES: [&str; 2] = ["web_service", "background_worker"];

/// Why a repository cannot be built from.
pub fn unfetchable(repo: &str) -> String {
    format!(
        "passed in repository URL is invalid or unfetchable: {repo}. Accepted formats are: \
         https://github.com/{{namespace}}/{{repository}}, https://gitlab.com/{{namespace}}/{{repository}}, \
         https://bitbucket.org/{{namespace}}/{{repository}}, or \
         https://cursor.com/codebase/{{namespace}}/{{repository}}. You may pass in a branch in the branch field."
    )
}

pub const NO_CARD: &str = "Payment information is required to complete this request. To add a card, visit https://dashboard.render.com/billing";

pub fn create(cx: &mut Cx<'_>) -> Outcome {
    let asked = body(cx.request)?;
    let kind = match word(asked, "type", &TYPES)? {
        Some("web_service") => Kind::WebService,
        Some(_) => Kind::BackgroundWorker,
        None => return Err(invalid("type is required")),
    };
    let name = text(asked, "name")?.filter(|name| !name.trim().is_empty());
    let name = name.ok_or_else(|| invalid("name is required"))?;
    let owner = owner_of(cx, asked)?;
    let mut service = draft(cx, asked, (kind, name, &owner))?;
    may_pay(&owner, kind, &service.plan)?;
    if is_taken(cx, &owner.id, name, None) {
        return Err(refuse(409, "name already in use"));
    }
    let (seed, now) = (cx.hub.seed, cx.now());
    service.slug = cx.hub.new_slug(name);
    let service = cx.hub.state.change(now, |state| {
        service.id = state.new_id(seed, "srv");
        let service = Arc::new(service);
        state
            .services
            .insert(service.id.clone(), Arc::clone(&service));
        service
    });
    let id = &service.id;
    cx.book.made(
        Provider::Render,
        "service",
        id,
        &owner.name,
        name,
        MadeBy::Golive,
    );
    // From here on a push to its branch is one to be noticed.
    if cx.hub.is_ours(&service.repo) {
        let head = cx.around.code.head(&service.branch);
        cx.hub.seen.insert(service.branch.clone(), head);
    }
    let by = (&mut *cx.book, MadeBy::Golive);
    let why = ("api", None);
    let deploy = cx.hub.deploy(now, &service, why, cx.around, by);
    Ok(reply(
        201,
        json!({
            "service": shown::service(seed, &service, Digits::Nine),
            "deployId": deploy.id,
        }),
    ))
}

/// The workspace that a body names, for what can be in an environment of a project too.
pub fn workspace_of(
    cx: &Cx<'_>,
    asked: &Map<String, Value>,
) -> Result<Arc<Owner>, Box<super::Reply>> {
    let id = text(asked, "ownerId")?.ok_or_else(|| invalid("ownerId is required"))?;
    let found = cx.current().owner(id).cloned();
    found.ok_or_else(|| not_found(id))
}

/// The workspace that a body names.
pub fn owner_of(cx: &Cx<'_>, asked: &Map<String, Value>) -> Result<Arc<Owner>, Box<super::Reply>> {
    let owner = workspace_of(cx, asked)?;
    // Projects and their environments are no part of this world.
    match text(asked, "environmentId")? {
        Some(environment) => Err(not_found(environment)),
        None => Ok(owner),
    }
}

/// The service as it is asked for, without an id and an address yet.
fn draft(
    cx: &Cx<'_>,
    asked: &Map<String, Value>,
    (kind, name, owner): (Kind, &str, &Owner),
) -> Result<Server, Box<super::Reply>> {
    let none = Map::new();
    let details = object(asked, "serviceDetails")?.unwrap_or(&none);
    let runtime = word(details, "runtime", &RUNTIMES)?;
    let runtime = match runtime {
        Some(runtime) => Some(runtime),
        None => word(details, "env", &RUNTIMES)?,
    };
    let runtime = runtime.ok_or_else(|| invalid("runtime is required"))?;
    let region = word(details, "region", &REGIONS)?.unwrap_or("oregon");
    let plan = plan(details, kind)?.unwrap_or("starter");
    let commands = object(details, "envSpecificDetails")?.unwrap_or(&none);
    let command = |field: &str| -> Result<String, Box<super::Reply>> {
        let given = text(commands, field)?.filter(|command| !command.trim().is_empty());
        match given {
            Some(command) => Ok(command.to_owned()),
            None if ["docker", "image"].contains(&runtime) => Ok(String::new()),
            None => Err(invalid(&format!("{field} is required"))),
        }
    };
    let repo = text(asked, "repo")?.ok_or_else(|| invalid("repo is required"))?;
    if !cx.hub.reaches(repo) {
        return Err(invalid(&unfetchable(repo)));
    }
    let web = kind == Kind::WebService;
    let branch = text(asked, "branch")?.filter(|branch| !branch.is_empty());
    let default = &cx.hub.scenario.repository.default_branch;
    let now = cx.now();
    Ok(Server {
        id: String::new(),
        name: name.to_owned(),
        owner: owner.id.clone(),
        kind,
        repo: repo.to_owned(),
        branch: branch.unwrap_or(default).to_owned(),
        root: text(asked, "rootDir")?.unwrap_or_default().to_owned(),
        auto_deploy: auto_deploy(asked)?.unwrap_or("commit").to_owned(),
        plan: plan.to_owned(),
        region: region.to_owned(),
        runtime: runtime.to_owned(),
        build: command("buildCommand")?,
        start: command("startCommand")?,
        health_path: text(details, "healthCheckPath")?
            .filter(|_| web)
            .unwrap_or_default()
            .to_owned(),
        subdomain: subdomain(details)?.unwrap_or("enabled").to_owned(),
        instances: instances(details)?,
        slug: String::new(),
        variables: variables::asked(cx, asked)?,
        suspended: false,
        created_at: now,
        updated_at: now,
    })
}

/// When a push is deployed. The older and the newer word for it exclude each other.
pub fn auto_deploy(asked: &Map<String, Value>) -> Result<Option<&str>, Box<super::Reply>> {
    let older = word(asked, "autoDeploy", &["yes", "no"])?;
    let newer = word(asked, "autoDeployTrigger", &["commit", "off", "checksPass"])?;
    match (older, newer) {
        (Some(_), Some(_)) => Err(invalid(
            "only one of autoDeploy and autoDeployTrigger may be set",
        )),
        (Some("no"), None) => Ok(Some("off")),
        (Some(_), None) => Ok(Some("commit")),
        (None, newer) => Ok(newer),
    }
}

/// A plan that a service of that kind can have.
pub fn plan(details: &Map<String, Value>, kind: Kind) -> Result<Option<&str>, Box<super::Reply>> {
    match text(details, "plan")? {
        Some("free") if kind == Kind::WebService => Ok(Some("free")),
        Some("free") => Err(invalid(
            "the free plan is not available for this service type",
        )),
        Some(plan) if PAID.contains(&plan) => Ok(Some(plan)),
        Some(plan) => Err(invalid(&format!("invalid plan: {plan}"))),
        None => Ok(None),
    }
}

/// Whether the address at `onrender.com` is served.
pub fn subdomain(details: &Map<String, Value>) -> Result<Option<&str>, Box<super::Reply>> {
    word(details, "renderSubdomainPolicy", &["enabled", "disabled"])
}

fn instances(details: &Map<String, Value>) -> Result<u64, Box<super::Reply>> {
    match details.get("numInstances") {
        None | Some(Value::Null) => Ok(1),
        Some(number) => {
            let number = number.as_u64().filter(|number| *number > 0);
            number.ok_or_else(|| invalid("numInstances must be at least 1"))
        }
    }
}

/// Whether the workspace may have what costs.
pub fn may_pay(owner: &Owner, kind: Kind, plan: &str) -> Result<(), Box<super::Reply>> {
    let costs = plan != "free" || kind == Kind::BackgroundWorker || !owner.verified;
    match costs && !owner.card {
        true => Err(refuse(402, NO_CARD)),
        false => Ok(()),
    }
}

/// Whether another service of the workspace than `but` has the name.
pub fn is_taken(cx: &Cx<'_>, owner: &str, name: &str, but: Option<&str>) -> bool {
    let mut services = cx.current().services.values();
    services.any(|one| one.owner == owner && one.name == name && Some(one.id.as_str()) != but)
}

impl Render {
    /// What the address of a new service begins with: its name, or more when somebody has that already.
    pub(super) fn new_slug(&self, name: &str) -> String {
        let services = &self.state.current().services;
        let known = services.values().any(|service| service.slug == name);
        let drawn = chance::draw(self.seed, &format!("slug {name}")).is_multiple_of(3);
        if !known && !self.scenario.render.slugs_taken.unwrap_or(drawn) {
            return name.to_owned();
        }
        let salt = format!("slug {name} {}", self.state.current().made);
        let more = letters(self.seed, &salt, b"0123456789abcdefghijklmnopqrstuvwxyz", 4);
        format!("{name}-{more}")
    }
}
