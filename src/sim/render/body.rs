//! Render's objects as its answers show them.

use serde_json::{Value, json};

use super::domains::{is_apex, suffix};
use super::spec::{Kind, WorkspaceKind};
use super::start::Verdict;
use super::state::{Deploy, Domain, Group, KeyValue, Owner, Server, State, Status, Trouble, id};
use super::wire::{Digits, stamp};
use crate::sim::chance;

pub fn owner(owner: &Owner) -> Value {
    json!({
        "id": owner.id,
        "name": owner.name,
        "email": owner.email,
        "type": match owner.kind {
            WorkspaceKind::User => "user",
            WorkspaceKind::Team => "team",
        },
        "twoFactorAuthEnabled": false,
        "ipAllowList": null,
    })
}

/// Plans that have two names.
const TWINS: [(&str, &str); 3] = [
    ("starter", "0.5c-512mb"),
    ("standard", "1c-2g"),
    ("pro", "2c-4g"),
];

/// A plan in the spelling that answers about this service use: drawn for each.
fn spelling<'a>(seed: u64, service: &str, plan: &'a str) -> &'a str {
    let other = TWINS.iter().find_map(|(old, new)| match plan {
        plan if plan == *old => Some(*new),
        plan if plan == *new => Some(*old),
        _ => None,
    });
    match other {
        Some(other) if chance::draw(seed, &format!("spelling {service}")).is_multiple_of(2) => {
            other
        }
        _ => plan,
    }
}

/// Whether two spellings are the same plan.
pub fn same_plan(one: &str, other: &str) -> bool {
    one == other || TWINS.contains(&(one, other)) || TWINS.contains(&(other, one))
}

pub fn service(seed: u64, service: &Server, digits: Digits) -> Value {
    let short = match service.kind {
        Kind::WebService => "web",
        Kind::BackgroundWorker => "worker",
    };
    json!({
        "id": service.id,
        "name": service.name,
        "ownerId": service.owner,
        "type": service.kind.as_str(),
        "repo": service.repo,
        "branch": service.branch,
        "rootDir": service.root,
        "autoDeploy": if service.auto_deploy == "off" { "no" } else { "yes" },
        "autoDeployTrigger": service.auto_deploy,
        "createdAt": stamp(service.created_at, digits),
        "updatedAt": stamp(service.updated_at, digits),
        "dashboardUrl": format!("https://dashboard.render.com/{short}/{}", service.id),
        "notifyOnFail": "default",
        "slug": service.slug,
        "suspended": if service.suspended { "suspended" } else { "not_suspended" },
        "suspenders": if service.suspended { json!(["user"]) } else { json!([]) },
        "serviceDetails": details(seed, service),
    })
}

fn details(seed: u64, service: &Server) -> Value {
    let mut details = json!({
        "buildPlan": "starter",
        "env": service.runtime,
        "runtime": service.runtime,
        "envSpecificDetails": {
            "buildCommand": service.build,
            "startCommand": service.start,
        },
        "numInstances": service.instances,
        "plan": spelling(seed, &service.id, &service.plan),
        "previews": { "generation": "off" },
        "pullRequestPreviewsEnabled": "no",
        "region": service.region,
        "sshAddress": format!("{}@ssh.{}.render.com", service.id, service.region),
    });
    if service.kind == Kind::WebService {
        details["healthCheckPath"] = json!(service.health_path);
        details["openPorts"] = Value::Null;
        details["ipAllowList"] = Value::Null;
        details["renderSubdomainPolicy"] = json!(service.subdomain);
        details["url"] = json!(format!("https://{}.onrender.com", service.slug));
    }
    details
}

pub fn deploy(deploy: &Deploy, digits: Digits) -> Value {
    let time = |at| stamp(at, digits);
    json!({
        "id": deploy.id,
        "buildId": deploy.build_id,
        "commit": deploy.commit.as_ref().map(|commit| json!({
            "id": commit.id,
            "message": commit.message,
            "createdAt": stamp(commit.created_at, Digits::Six),
        })),
        "status": deploy.status.as_str(),
        "trigger": deploy.trigger,
        "createdAt": time(deploy.created_at),
        "updatedAt": time(deploy.updated_at),
        "startedAt": deploy.started_at.map(time),
        "finishedAt": deploy.finished_at.map(time),
    })
}

/// What the service's history says of a deploy that is over.
pub fn deploy_ended(seed: u64, deploy: &Deploy) -> Value {
    let (word, number) = match deploy.status {
        Status::Live | Status::Deactivated => ("succeeded", 2),
        Status::Canceled => ("canceled", 4),
        _ => ("failed", 3),
    };
    let reason = match (&deploy.verdict, deploy.status) {
        (_, Status::BuildFailed) => json!({ "buildFailed": { "id": deploy.build_id } }),
        (Verdict::Exits(code, _), Status::UpdateFailed) => {
            json!({ "failure": { "evicted": false, "nonZeroExit": code } })
        }
        (_, Status::UpdateFailed) => json!({ "failure": failure(deploy.trouble.as_ref()) }),
        _ => json!({}),
    };
    event(
        seed,
        deploy,
        (
            "deploy_ended",
            deploy.finished_at.unwrap_or(deploy.updated_at),
        ),
        json!({ "deployId": deploy.id, "deployStatus": word, "status": number, "reason": reason }),
    )
}

fn failure(trouble: Option<&Trouble>) -> Value {
    match trouble {
        Some(Trouble::Exits(code, _)) => json!({ "evicted": false, "nonZeroExit": code }),
        Some(Trouble::Unhealthy(why)) => json!({
            "evicted": false,
            "unhealthy": why,
            "timedOutSeconds": super::due::PATIENCE_S,
            "timedOutReason": "Port scan and health check timed out",
        }),
        None => json!({ "evicted": false, "nonZeroExit": 1 }),
    }
}

pub fn deploy_started(seed: u64, deploy: &Deploy) -> Value {
    event(
        seed,
        deploy,
        ("deploy_started", deploy.created_at),
        json!({
            "deployId": deploy.id,
            "trigger": {
                "firstBuild": deploy.first,
                "envUpdated": deploy.trigger == "service_updated",
                "manual": deploy.trigger == "api",
                "deployedByRender": false,
                "clearCache": false,
                "rollback": false,
            },
        }),
    )
}

fn event(seed: u64, deploy: &Deploy, (kind, at): (&str, jiff::Timestamp), details: Value) -> Value {
    json!({
        "id": id(seed, "evt", &format!("{kind} {}", deploy.id)),
        "timestamp": stamp(at, Digits::Six),
        "serviceId": deploy.service,
        "type": kind,
        "details": details,
    })
}

pub fn domain(domain: &Domain, at: jiff::Timestamp, server: Option<&Server>) -> Value {
    let verified = domain.verified_at.is_some_and(|since| since <= at);
    let mut shown = json!({
        "id": domain.id,
        "name": domain.name,
        "domainType": if is_apex(&domain.name) { "apex" } else { "subdomain" },
        "publicSuffix": suffix(&domain.name),
        "redirectForName": domain.redirect,
        "verificationStatus": if verified { "verified" } else { "unverified" },
        "createdAt": stamp(domain.created_at, Digits::Six),
    });
    if let Some(server) = server {
        shown["server"] = json!({ "id": server.id, "name": server.name });
    }
    shown
}

/// A group as a list shows it: without its values.
pub fn group_alone(group: &Group, state: &State, digits: Digits) -> Value {
    let links = group.links.iter().filter_map(|id| state.services.get(id));
    let links: Vec<Value> = links
        .map(|service| {
            let short = match service.kind {
                Kind::WebService => "web",
                Kind::BackgroundWorker => "worker",
            };
            json!({ "id": service.id, "name": service.name, "type": short })
        })
        .collect();
    let mut shown = json!({
        "id": group.id,
        "name": group.name,
        "ownerId": group.owner,
        "createdAt": stamp(group.created_at, digits),
        "updatedAt": stamp(group.updated_at, digits),
        "serviceLinks": links,
    });
    if let Some(environment) = &group.environment {
        shown["environmentId"] = json!(environment);
    }
    shown
}

/// A group with all that is in it, in clear text.
pub fn group(group: &Group, state: &State, digits: Digits) -> Value {
    let variables = group.variables.iter();
    let files = group.files.iter();
    let mut shown = group_alone(group, state, digits);
    shown["envVars"] = variables.map(|(key, value)| variable(key, value)).collect();
    shown["secretFiles"] = files
        .map(|(name, content)| json!({ "name": name, "content": content }))
        .collect();
    shown
}

pub fn variable(key: &str, value: &str) -> Value {
    json!({ "key": key, "value": value })
}

/// An instance, alone. A list adds where its page is.
pub fn key_value(
    instance: &KeyValue,
    of: &Owner,
    (at, digits): (jiff::Timestamp, Digits),
) -> Value {
    let mut options = json!({ "maxmemoryPolicy": instance.policy });
    if let Some(mode) = &instance.persistence {
        options["persistenceMode"] = json!(mode);
    }
    json!({
        "id": instance.id,
        "name": instance.name,
        "createdAt": stamp(instance.created_at, digits),
        "updatedAt": stamp(instance.updated_at, digits),
        "status": instance.status(at),
        "region": instance.region,
        "plan": instance.plan,
        "owner": owner(of),
        "options": options,
        // No entries are told as none at all.
        "ipAllowList": match instance.allow.as_slice() {
            [] => Value::Null,
            list => list
                .iter()
                .map(|(block, words)| json!({ "cidrBlock": block, "description": words }))
                .collect(),
        },
        "version": "8.1.4",
    })
}

/// Where an instance is reached: from inside without a password, from outside with one.
pub fn connection(instance: &KeyValue, command: &str) -> Value {
    let KeyValue { id, password, .. } = instance;
    let host = instance.host();
    json!({
        "internalConnectionString": instance.internal(),
        "externalConnectionString": instance.external(),
        command: format!("REDISCLI_AUTH={password} valkey-cli --user {id} -h {host} -p 6379 --tls"),
    })
}
