//! Database users: their roles are replaced as a whole, their passwords never come back, and the nodes hear of both later.

use jiff::{SignedDuration, Timestamp};
use serde_json::{Map, Value, json};

use super::secrets;
use super::spec::AtlasSpec;
use super::state::{Grant, Rights, User};
use super::wire::{
    self, Outcome, Reply, Request, invalid, misformed, missing, no_content, no_group, ok, refuse,
    reply, stamp,
};
use super::{Cx, Need, Route, clusters, to};
use crate::seam::transport::Method;
use crate::sim::ledger::{MadeBy, Provider};

const ENDPOINT: &str = "api/atlas/v2/groups/{groupId}/databaseUsers";
const VERSIONS: &[&str] = &["2023-01-01"];
/// The database that users with a password are kept in.
const HOME: &str = "admin";
const MOST: usize = 100;
/// The longest that a temporary thing may last.
pub const WEEK: SignedDuration = SignedDuration::from_hours(7 * 24);

const BUILT_IN: [&str; 11] = [
    "atlasAdmin",
    "backup",
    "clusterMonitor",
    "dbAdmin",
    "dbAdminAnyDatabase",
    "enableSharding",
    "killOpSession",
    "read",
    "readAnyDatabase",
    "readWrite",
    "readWriteAnyDatabase",
];
/// Roles that reach beyond one database are given in `admin`.
const EVERYWHERE: [&str; 8] = [
    "atlasAdmin",
    "backup",
    "clusterMonitor",
    "dbAdminAnyDatabase",
    "enableSharding",
    "killOpSession",
    "readAnyDatabase",
    "readWriteAnyDatabase",
];
const COMMON: [&str; 4] = ["password", "12345678", "123456789", "qwertyuiop"];

pub fn route(method: Method, group: &str, rest: &[&str]) -> Option<Route> {
    let group = group.to_owned();
    match (method, rest) {
        (Method::Get, ["databaseUsers"]) => {
            to(Need::Read, VERSIONS, ENDPOINT, move |cx| list(cx, &group))
        }
        (Method::Post, ["databaseUsers"]) => to(Need::Users, VERSIONS, ENDPOINT, move |cx| {
            create(cx, &group)
        }),
        (_, ["databaseUsers", database, name]) => {
            let at = (group, (*database).to_owned(), (*name).to_owned());
            match method {
                Method::Get => to(Need::Read, VERSIONS, ENDPOINT, move |cx| {
                    let (group, database, name) = at;
                    let seen = cx.read();
                    let project = seen.project(&group).ok_or_else(|| no_group(&group))?;
                    let user = project.user(&name).filter(|_| database == HOME);
                    let user = user.ok_or_else(|| not_found(&name))?;
                    Ok(ok(body(cx.request, &group, user)))
                }),
                Method::Patch => to(Need::Users, VERSIONS, ENDPOINT, move |cx| {
                    let (group, database, name) = at;
                    change(cx, &group, &database, &name)
                }),
                Method::Delete => to(Need::Users, VERSIONS, ENDPOINT, move |cx| {
                    let (group, database, name) = at;
                    delete(cx, &group, &database, &name)
                }),
                _ => None,
            }
        }
        _ => None,
    }
}

fn not_found(name: &str) -> Box<Reply> {
    refuse(
        404,
        "USERNAME_NOT_FOUND",
        &format!("No user with username {name} exists."),
        json!([name]),
    )
}

fn list(cx: &mut Cx<'_>, group: &str) -> Outcome {
    let seen = cx.list();
    let project = seen.project(group).ok_or_else(|| no_group(group))?;
    let users = project.users.iter();
    wire::page(
        cx.request,
        users.map(|user| body(cx.request, group, user)).collect(),
    )
}

fn body(request: &Request, group: &str, user: &User) -> Value {
    let path = format!(
        "groups/{group}/databaseUsers/{HOME}/{}",
        wire::encode(&user.name)
    );
    let roles: Vec<Value> = user
        .rights
        .grants
        .iter()
        .map(|grant| {
            let mut role = Map::new();
            if let Some(collection) = &grant.collection {
                role.insert("collectionName".to_owned(), collection.clone().into());
            }
            role.insert("databaseName".to_owned(), grant.database.clone().into());
            role.insert("roleName".to_owned(), grant.role.clone().into());
            Value::Object(role)
        })
        .collect();
    let scopes = user.rights.scopes.iter();
    let scopes: Vec<Value> = scopes
        .map(|name| json!({ "name": name, "type": "CLUSTER" }))
        .collect();
    let mut shown = json!({
        "awsIAMType": "NONE",
        "databaseName": HOME,
        "groupId": group,
        "labels": user.labels,
        "ldapAuthType": "NONE",
        "links": wire::itself(request, &path),
        "oidcAuthType": "NONE",
        "roles": roles,
        "scopes": scopes,
        "username": user.name,
        "x509Type": "NONE",
    });
    if let Some(text) = &user.description {
        shown["description"] = text.clone().into();
    }
    if let Some(at) = user.delete_after {
        shown["deleteAfterDate"] = stamp(at).into();
    }
    shown
}

/// Reads `roles`.
fn grants(spec: &AtlasSpec, value: &Value) -> Result<Vec<Grant>, Box<Reply>> {
    let items = value.as_array().ok_or_else(|| misformed("roles"))?;
    let mut grants: Vec<Grant> = Vec::new();
    let mut custom = false;
    for item in items {
        let text = |name: &str| match &item[name] {
            Value::Null => Ok(None),
            Value::String(text) => Ok(Some(text.clone())),
            _ => Err(misformed(name)),
        };
        let grant = Grant {
            role: text("roleName")?.ok_or_else(|| missing("roleName"))?,
            database: text("databaseName")?.ok_or_else(|| missing("databaseName"))?,
            collection: text("collectionName")?.filter(|name| !name.is_empty()),
        };
        let made_here = spec.custom_roles.contains(&grant.role);
        custom |= made_here;
        let wide = made_here || EVERYWHERE.contains(&grant.role.as_str());
        let known = made_here || BUILT_IN.contains(&grant.role.as_str());
        if !known || (wide && grant.database != HOME) {
            let (role, database) = (&grant.role, &grant.database);
            return Err(refuse(
                400,
                "ATLAS_INVALID_ROLE",
                &format!("Role {role}@{database} is not a valid role."),
                json!([role, database]),
            ));
        }
        if grants.contains(&grant) {
            return Err(refuse(
                400,
                "DUPLICATE_DATABASE_ROLES",
                "A user cannot have the same role on the same database more than once.",
                json!([]),
            ));
        }
        grants.push(grant);
    }
    if grants.is_empty() {
        return Err(invalid("roles", "must not be empty"));
    }
    if custom && grants.len() > 1 {
        return Err(refuse(
            400,
            "ATLAS_INVALID_CUSTOM_ROLE_ASSIGNMENT",
            "A user with a custom role cannot have any other role.",
            json!([]),
        ));
    }
    Ok(grants)
}

/// Reads `scopes`: clusters alone. They may name one that is still being made.
fn scopes(value: &Value) -> Result<Vec<String>, Box<Reply>> {
    let items = value.as_array().ok_or_else(|| misformed("scopes"))?;
    let mut names = Vec::new();
    for item in items {
        match (item["name"].as_str(), item["type"].as_str()) {
            (Some(name), Some("CLUSTER")) => names.push(name.to_owned()),
            _ => return Err(misformed("scopes")),
        }
    }
    Ok(names)
}

/// The digest of a password that may be used.
fn password(cx: &Cx<'_>, text: &str) -> Result<String, Box<Reply>> {
    let replaying = cx.around.replaying;
    if !secrets::is_digest(text, replaying) {
        if text.chars().count() < 8 {
            return Err(refuse(
                400,
                "WEAK_PASSWORD",
                "The password must have at least 8 characters.",
                json!([]),
            ));
        }
        if COMMON.contains(&text) {
            return Err(refuse(
                400,
                "COMMON_PASSWORD",
                "The password is one of the most common ones.",
                json!([]),
            ));
        }
    }
    Ok(secrets::digest_sent(text, replaying))
}

/// A time in the body at which something ends: later than now, and within a week.
pub fn ends(value: &Value, now: Timestamp) -> Result<Option<Timestamp>, Box<Reply>> {
    let text = match value {
        Value::Null => return Ok(None),
        Value::String(text) => text,
        _ => return Err(misformed("deleteAfterDate")),
    };
    let at: Timestamp = text.parse().map_err(|_| misformed("deleteAfterDate"))?;
    if at <= now || at > now + WEEK {
        let text = "must be later than now and no later than one week from now";
        return Err(invalid("deleteAfterDate", text));
    }
    Ok(Some(at))
}

/// What a body says besides the password and the roles.
struct Extras {
    labels: Option<Vec<Value>>,
    description: Option<String>,
    delete_after: Option<Timestamp>,
}

fn extras(cx: &Cx<'_>, group: &str) -> Result<Extras, Box<Reply>> {
    let sent = cx.object()?;
    match cx.text("groupId")? {
        Some(other) if other != group => return Err(invalid("groupId", "must be the project's")),
        _ => {}
    }
    match cx.text("databaseName")?.as_deref() {
        None | Some(HOME) => {}
        Some(_) => {
            return Err(invalid(
                "databaseName",
                "must be admin for a user with a password",
            ));
        }
    }
    Ok(Extras {
        labels: clusters::pairs(sent, "labels")?,
        description: cx.text("description")?,
        delete_after: ends(
            sent.get("deleteAfterDate").unwrap_or(&Value::Null),
            cx.visit.now,
        )?,
    })
}

/// When the nodes will know of a change.
fn applied_at(cx: &Cx<'_>) -> Timestamp {
    cx.visit.now + cx.draw("user", 5000, 40_000)
}

fn create(cx: &mut Cx<'_>, group: &str) -> Outcome {
    let sent = cx.object()?.clone();
    let extras = extras(cx, group)?;
    if !sent.contains_key("databaseName") {
        return Err(missing("databaseName"));
    }
    let name = cx.text("username")?.ok_or_else(|| missing("username"))?;
    let plain = |c: char| !c.is_control() && !c.is_whitespace() && !"/\\\"$".contains(c);
    if name.is_empty() || name.chars().count() > 1024 || !name.chars().all(plain) {
        return Err(refuse(
            400,
            "ATLAS_INVALID_USERNAME",
            &format!("Username {name} is invalid."),
            json!([name]),
        ));
    }
    let grants = grants(
        cx.spec(),
        sent.get("roles").ok_or_else(|| missing("roles"))?,
    )?;
    let scopes = sent.get("scopes").map_or(Ok(Vec::new()), scopes)?;
    let text = cx.text("password")?.ok_or_else(|| missing("password"))?;
    let password = password(cx, &text)?;
    let project = cx.project(group)?;
    if project.user(&name).is_some() {
        return Err(refuse(
            409,
            "USER_ALREADY_EXISTS",
            &format!("A user with username {name} already exists."),
            json!([name]),
        ));
    }
    if project.users.len() >= MOST {
        return Err(refuse(
            403,
            "GROUP_USERS_LIMIT_EXCEEDED",
            &format!("Groups can contain at most {MOST} database users."),
            json!([MOST]),
        ));
    }
    let user = User {
        name: name.clone(),
        rights: Rights {
            password,
            grants,
            scopes,
        },
        before: None,
        applied_at: applied_at(cx),
        labels: extras.labels.unwrap_or_default(),
        description: extras.description,
        delete_after: extras.delete_after,
    };
    let (id, parent) = (project.ledger_id(&name), project.name.clone());
    let answer = body(cx.request, group, &user);
    cx.change(group, |project| project.users.push(user))?;
    cx.book.made(
        Provider::Atlas,
        "database_user",
        &id,
        &parent,
        &name,
        MadeBy::Golive,
    );
    Ok(reply(201, answer))
}

/// `PATCH`: roles and scopes that are sent replace the old ones as a whole; what is not sent stays.
fn change(cx: &mut Cx<'_>, group: &str, database: &str, name: &str) -> Outcome {
    let sent = cx.object()?.clone();
    let known = cx.project(group)?.user(name).filter(|_| database == HOME);
    let mut user = known.cloned().ok_or_else(|| not_found(name))?;
    if cx.text("username")?.is_some_and(|new| new != name) {
        return Err(refuse(
            409,
            "DATABASE_USERNAME_CANNOT_BE_CHANGED",
            "The username of a database user cannot be changed.",
            json!([name]),
        ));
    }
    let extras = extras(cx, group)?;
    let mut rights = user.rights.clone();
    if let Some(roles) = cx.request.field("roles") {
        rights.grants = grants(cx.spec(), roles)?;
    }
    if let Some(value) = cx.request.field("scopes") {
        rights.scopes = scopes(value)?;
    }
    if let Some(text) = cx.text("password")? {
        rights.password = password(cx, &text)?;
    }
    // One that lasts cannot be made to end.
    if extras.delete_after.is_some() && user.delete_after.is_none() {
        let text = "cannot be set on a user that does not end";
        return Err(invalid("deleteAfterDate", text));
    }
    if sent.contains_key("deleteAfterDate") {
        user.delete_after = extras.delete_after;
    }
    if rights != user.rights {
        let now = cx.visit.now;
        user.before = user.rights_at(now).cloned();
        user.rights = rights;
        user.applied_at = applied_at(cx);
    }
    if let Some(labels) = extras.labels {
        user.labels = labels;
    }
    user.description = extras.description.or(user.description);
    let answer = body(cx.request, group, &user);
    cx.change(group, |project| {
        let old = project.users.iter_mut().find(|old| old.name == user.name);
        if let Some(old) = old {
            *old = user;
        }
    })?;
    Ok(ok(answer))
}

fn delete(cx: &mut Cx<'_>, group: &str, database: &str, name: &str) -> Outcome {
    let project = cx.project(group)?;
    if database != HOME || project.user(name).is_none() {
        return Err(not_found(name));
    }
    let id = project.ledger_id(name);
    cx.change(group, |project| project.users.retain(|u| u.name != name))?;
    cx.book.gone(Provider::Atlas, "database_user", &id);
    Ok(no_content())
}
