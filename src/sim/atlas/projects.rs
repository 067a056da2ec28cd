//! Organisations and projects.

use serde_json::{Value, json};

use super::spec::{KeyRole, OrgRole};
use super::state::{Project, State};
use super::wire::{self, Outcome, Request, invalid, missing, no_group, ok, refuse, reply, stamp};
use super::{Cx, Need, Route, build, to};
use crate::seam::transport::Method;
use crate::sim::ledger::{MadeBy, Provider};

const VERSIONS: &[&str] = &["2023-01-01"];
const ORGS: &str = "api/atlas/v2/orgs";
const GROUPS: &str = "api/atlas/v2/groups";

/// Paths outside a single project's things.
pub fn route(method: Method, segments: &[&str]) -> Option<Route> {
    match (method, segments) {
        (Method::Get, ["orgs"]) => to(Need::Anyone, VERSIONS, ORGS, |cx| {
            let wanted = cx.request.query("name").unwrap_or_default().to_lowercase();
            let sees = cx.spec().org_role != OrgRole::None;
            let starts = cx.spec().organization.to_lowercase().starts_with(&wanted);
            let orgs = (sees && starts).then(|| organization(cx));
            wire::page(cx.request, orgs.into_iter().collect())
        }),
        (Method::Get, ["orgs", id]) => {
            let id = (*id).to_owned();
            to(Need::Anyone, VERSIONS, ORGS, move |cx| {
                in_organization(cx, &id)?;
                Ok(ok(organization(cx)))
            })
        }
        (Method::Get, ["orgs", id, "settings"]) => {
            let id = (*id).to_owned();
            to(Need::Anyone, VERSIONS, ORGS, move |cx| {
                in_organization(cx, &id)?;
                Ok(ok(json!({
                    "apiAccessListRequired": cx.spec().api_access_list.required,
                    "genAIFeaturesEnabled": true,
                    "maxServiceAccountSecretValidityInHours": 8760,
                    "multiFactorAuthRequired": false,
                    "restrictEmployeeAccess": false,
                    "streamsCrossGroupEnabled": false,
                })))
            })
        }
        (Method::Get, ["orgs", id, "groups"]) => {
            let id = (*id).to_owned();
            to(Need::Anyone, VERSIONS, ORGS, move |cx| {
                in_organization(cx, &id)?;
                list(cx)
            })
        }
        (Method::Get, ["groups"]) => to(Need::Anyone, VERSIONS, GROUPS, list),
        (Method::Post, ["groups"]) => to(Need::Anyone, VERSIONS, GROUPS, create),
        (Method::Get, ["groups", "byName", name]) => {
            let name = (*name).to_owned();
            to(Need::Anyone, VERSIONS, GROUPS, move |cx| by_name(cx, &name))
        }
        (Method::Get, ["groups", id]) => {
            let id = (*id).to_owned();
            to(Need::Read, VERSIONS, GROUPS, move |cx| {
                let seen = cx.read();
                let project = seen.project(&id).ok_or_else(|| no_group(&id))?;
                Ok(ok(body(cx, project)))
            })
        }
        _ => None,
    }
}

fn organization(cx: &Cx<'_>) -> Value {
    let id = cx.atlas.org_id();
    json!({
        "id": id,
        "isDeleted": false,
        "links": wire::itself(cx.request, &format!("orgs/{id}")),
        "name": cx.spec().organization,
        "skipDefaultAlertsSettings": false,
    })
}

fn in_organization(cx: &Cx<'_>, id: &str) -> Result<(), Box<wire::Reply>> {
    if id != cx.atlas.org_id() {
        return Err(refuse(
            404,
            "ORG_NOT_FOUND",
            &format!("No organization with ID {id} exists."),
            json!([id]),
        ));
    }
    match cx.spec().org_role {
        OrgRole::None => Err(unauthorized_here()),
        OrgRole::Member | OrgRole::ProjectCreator => Ok(()),
    }
}

/// A role is missing. Atlas says so with a 401.
pub fn unauthorized_here() -> Box<wire::Reply> {
    refuse(
        401,
        "USER_UNAUTHORIZED",
        "Current user is not authorized to perform this action.",
        json!([]),
    )
}

fn body(cx: &Cx<'_>, project: &Project) -> Value {
    describe(cx.request, cx.atlas.org_id(), project)
}

fn describe(request: &Request, organization: String, project: &Project) -> Value {
    json!({
        "clusterCount": project.clusters.len(),
        "created": stamp(project.created),
        "id": project.id,
        "links": wire::itself(request, &format!("groups/{}", project.id)),
        "name": project.name,
        "orgId": organization,
        "tags": [],
    })
}

fn list(cx: &mut Cx<'_>) -> Outcome {
    let seen = cx.list();
    let mine = seen.projects.iter().filter(|p| p.role != KeyRole::None);
    let items = mine.map(|project| body(cx, project)).collect();
    wire::page(cx.request, items)
}

fn by_name(cx: &mut Cx<'_>, name: &str) -> Outcome {
    let seen: std::sync::Arc<State> = cx.read();
    let found = seen.projects.iter().find(|project| project.name == name);
    match found {
        Some(project) if project.role == KeyRole::None => Err(refuse(
            401,
            "USER_CANNOT_ACCESS_GROUP",
            "Current user cannot access this group.",
            json!([]),
        )),
        Some(project) => Ok(ok(body(cx, project))),
        None => Err(refuse(
            404,
            "GROUP_NAME_NOT_FOUND",
            &format!("No group with name \"{name}\" exists."),
            json!([name]),
        )),
    }
}

fn create(cx: &mut Cx<'_>) -> Outcome {
    let name = cx.text("name")?.ok_or_else(|| missing("name"))?;
    let org = cx.text("orgId")?.ok_or_else(|| missing("orgId"))?;
    in_organization(cx, &org)?;
    if cx.spec().org_role < OrgRole::ProjectCreator {
        return Err(refuse(
            401,
            "NOT_ORG_GROUP_CREATOR",
            "The current user does not have the organization project creator role.",
            json!([]),
        ));
    }
    let fits = |c: char| c.is_alphanumeric() || " -_.(),:&@+'".contains(c);
    if !(1..=64).contains(&name.chars().count()) || !name.chars().all(fits) {
        return Err(invalid(
            "name",
            "must have 1 to 64 letters, digits, spaces and -_.(),:&@+'",
        ));
    }
    let taken = cx.current().projects.iter().any(|p| p.name == name);
    if taken {
        return Err(refuse(
            409,
            "GROUP_ALREADY_EXISTS",
            &format!("A group with name \"{name}\" already exists."),
            json!([name]),
        ));
    }
    let salt = format!("project {name} {} {}", cx.visit.n, cx.visit.now);
    let project = Project {
        id: build::id(cx.atlas.seed, &salt),
        name: name.clone(),
        role: KeyRole::Owner,
        created: cx.visit.now,
        clusters: Vec::new(),
        users: Vec::new(),
        entries: Vec::new(),
    };
    let answer = body(cx, &project);
    let parent = cx.spec().organization.clone();
    cx.book.made(
        Provider::Atlas,
        "project",
        &project.id,
        &parent,
        &name,
        MadeBy::Golive,
    );
    let at = cx.visit.now;
    cx.atlas
        .state
        .change(at, |state| state.projects.push(project));
    Ok(reply(201, answer))
}
