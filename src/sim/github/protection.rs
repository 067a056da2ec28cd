//! Classic branch protection, whose answer has another shape than what is sent.

use std::sync::Arc;

use serde_json::{Map, Value, json};

use super::access::Need;
use super::state::{CheckRule, Look, Protection, ReviewRule};
use super::wire::{Outcome, Reply, encode, invalid, no_content, not_supplied, ok, refuse};
use super::{Cx, Route, body, to};
use crate::seam::transport::Method;
use crate::sim::ledger::Provider;
use crate::sim::scenario::OwnerType;

pub fn route(method: Method, rest: &[&str]) -> Option<Route> {
    let ["branches", name @ .., "protection"] = rest else {
        return None;
    };
    let name = name.join("/");
    let read = Need::read("administration");
    let write = Need::write("administration");
    match method {
        Method::Get => to(
            read,
            "branches/branch-protection#get-branch-protection",
            move |cx| get(cx, &name),
        ),
        Method::Put => to(
            write,
            "branches/branch-protection#update-branch-protection",
            move |cx| put(cx, &name),
        ),
        Method::Delete => to(
            write,
            "branches/branch-protection#delete-branch-protection",
            move |cx| delete(cx, &name),
        ),
        _ => None,
    }
}

/// As it stands inside the body of a branch; knows nothing of rulesets.
pub fn summary(look: &Look<'_>, branch: &str) -> Value {
    let protection = look.repo.protections.get(branch);
    let checks = protection.and_then(|protection| protection.checks.as_ref());
    let enforced = match (checks, protection.is_some_and(|p| p.enforce_admins)) {
        (None, _) => "off",
        (Some(_), false) => "non_admins",
        (Some(_), true) => "everyone",
    };
    json!({
        "enabled": protection.is_some(),
        "required_status_checks": {
            "enforcement_level": enforced,
            "contexts": checks.map(contexts).unwrap_or_default(),
            "checks": checks.map(pinned).unwrap_or_default(),
        },
    })
}

fn contexts(rule: &CheckRule) -> Vec<&String> {
    rule.checks.iter().map(|(name, _)| name).collect()
}

fn pinned(rule: &CheckRule) -> Vec<Value> {
    rule.checks
        .iter()
        .map(|(name, app)| json!({ "context": name, "app_id": app }))
        .collect()
}

fn get(cx: &mut Cx<'_>, branch: &str) -> Outcome {
    let view = cx.view();
    if !view.repo.branches.contains_key(branch) {
        return Err(refuse(404, "Branch not found"));
    }
    let protection = view.repo.protections.get(branch);
    let protection = protection.ok_or_else(|| refuse(404, "Branch not protected"))?;
    Ok(ok(rendered(cx, branch, protection)))
}

fn rendered(cx: &Cx<'_>, branch: &str, protection: &Protection) -> Value {
    let base = body::repo_url(&cx.request.base, &cx.hub.scenario);
    let url = format!(
        "{base}/branches/{}/protection",
        encode(branch).replace('/', "%2F")
    );
    let enabled = |on: bool| json!({ "enabled": on });
    let mut out = json!({ "url": url });
    if let Some(rule) = &protection.checks {
        let checks = json!({
            "url": format!("{url}/required_status_checks"),
            "strict": rule.strict,
            "contexts": contexts(rule),
            "contexts_url": format!("{url}/required_status_checks/contexts"),
            "checks": pinned(rule),
        });
        body::merge(&mut out, json!({ "required_status_checks": checks }));
    }
    if let Some(names) = &protection.restrictions {
        let restrictions = restrictions(cx, &url, names);
        body::merge(&mut out, json!({ "restrictions": restrictions }));
    }
    if let Some(rule) = &protection.reviews {
        let reviews = json!({
            "url": format!("{url}/required_pull_request_reviews"),
            "dismiss_stale_reviews": rule.dismiss_stale,
            "require_code_owner_reviews": rule.code_owners,
            "require_last_push_approval": rule.last_push,
            "required_approving_review_count": rule.count,
        });
        body::merge(
            &mut out,
            json!({ "required_pull_request_reviews": reviews }),
        );
    }
    let signatures = format!("{url}/required_signatures");
    let admins = format!("{url}/enforce_admins");
    body::merge(
        &mut out,
        json!({
            "required_signatures": { "url": signatures, "enabled": false },
            "enforce_admins": { "url": admins, "enabled": protection.enforce_admins },
            "required_linear_history": enabled(protection.required_linear_history),
            "allow_force_pushes": enabled(protection.allow_force_pushes),
            "allow_deletions": enabled(protection.allow_deletions),
            "block_creations": enabled(protection.block_creations),
            "required_conversation_resolution":
                enabled(protection.required_conversation_resolution),
            "lock_branch": enabled(protection.lock_branch),
            "allow_fork_syncing": enabled(protection.allow_fork_syncing),
        }),
    );
    out
}

fn restrictions(cx: &Cx<'_>, url: &str, names: &[Vec<String>; 3]) -> Value {
    let [users, teams, apps] = names;
    let url = format!("{url}/restrictions");
    let user = |login: &String| body::user(&cx.request.base, &cx.hub.scenario, login);
    json!({
        "url": url,
        "users_url": format!("{url}/users"),
        "teams_url": format!("{url}/teams"),
        "apps_url": format!("{url}/apps"),
        "users": users.iter().map(user).collect::<Vec<_>>(),
        "teams": teams.iter().map(|slug| team(cx, slug)).collect::<Vec<_>>(),
        "apps": apps.iter().map(|slug| json!({
            "id": body::user_id(slug), "slug": slug, "name": slug,
        })).collect::<Vec<_>>(),
    })
}

fn team(cx: &Cx<'_>, slug: &str) -> Value {
    let id = body::user_id(slug);
    let url = format!("{}/organizations/1/team/{id}", cx.request.base);
    let owner = &cx.hub.scenario.repository.owner;
    json!({
        "id": id,
        "node_id": body::node_id("Team", id),
        "name": slug,
        "slug": slug,
        "description": null,
        "privacy": "closed",
        "permission": "push",
        "url": url,
        "html_url": format!("https://github.com/orgs/{owner}/teams/{slug}"),
        "members_url": format!("{url}/members{{/member}}"),
        "repositories_url": format!("{url}/repos"),
        "type": "organization",
        "parent": null,
    })
}

const REQUIRED: [&str; 4] = [
    "required_status_checks",
    "enforce_admins",
    "required_pull_request_reviews",
    "restrictions",
];

fn put(cx: &mut Cx<'_>, branch: &str) -> Outcome {
    if !cx.hub.repo.branches.contains_key(branch) {
        return Err(refuse(404, "Branch not found"));
    }
    let empty = Map::new();
    let body = cx
        .request
        .body
        .as_ref()
        .and_then(Value::as_object)
        .unwrap_or(&empty);
    let missing: Vec<&&str> = REQUIRED
        .iter()
        .filter(|name| !body.contains_key(**name))
        .collect();
    if let Some(first) = missing.first() {
        return Err(not_supplied(first));
    }
    let owner = cx.hub.scenario.repository.owner_type;
    let on = |name: &str| body.get(name) == Some(&Value::Bool(true));
    let protection = Protection {
        checks: check_rule(&body["required_status_checks"])?,
        reviews: review_rule(&body["required_pull_request_reviews"], owner)?,
        restrictions: named_restrictions(&body["restrictions"], owner)?,
        enforce_admins: on("enforce_admins"),
        required_linear_history: on("required_linear_history"),
        allow_force_pushes: on("allow_force_pushes"),
        allow_deletions: on("allow_deletions"),
        block_creations: on("block_creations"),
        required_conversation_resolution: on("required_conversation_resolution"),
        lock_branch: on("lock_branch"),
        allow_fork_syncing: on("allow_fork_syncing"),
    };
    let out = rendered(cx, branch, &protection);
    let at = cx.hand.at;
    let old = cx.hub.repo.protections.get(branch);
    let new = old.is_none();
    if old.is_none_or(|old| **old != protection) {
        cx.hub.change(at, |repo| {
            repo.protections
                .insert(branch.to_owned(), Arc::new(protection))
        });
    }
    if new {
        let (parent, by) = (cx.hub.full_name(), cx.hand.by);
        cx.hand
            .book
            .made(Provider::Github, "protection", branch, &parent, branch, by);
    }
    cx.hub.expect_reviews(at);
    Ok(ok(out))
}

fn shape(field: &str) -> Box<Reply> {
    refuse(
        422,
        &format!(
            "Invalid request.\n\nNo subschema in \"anyOf\" matched.\nFor 'properties/{field}', the value is not of a known shape.\nNot all subschemas of \"allOf\" matched."
        ),
    )
}

fn check_rule(value: &Value) -> Result<Option<CheckRule>, Box<Reply>> {
    if value.is_null() {
        return Ok(None);
    }
    let field = "required_status_checks";
    let strict = value["strict"].as_bool().ok_or_else(|| shape(field))?;
    // Exactly one of the two lists; `checks: null` is neither.
    let checks = match (value.get("contexts"), value.get("checks")) {
        (Some(Value::Array(contexts)), None) => contexts
            .iter()
            .filter_map(Value::as_str)
            .map(|name| (name.to_owned(), Some(15368)))
            .collect(),
        (None, Some(Value::Array(checks))) => checks
            .iter()
            .filter_map(|check| {
                let app = check["app_id"].as_i64().filter(|id| *id >= 0);
                Some((check["context"].as_str()?.to_owned(), app))
            })
            .collect(),
        _ => return Err(shape(field)),
    };
    Ok(Some(CheckRule { strict, checks }))
}

fn organisations_only() -> Box<Reply> {
    invalid(json!([
        "Only organization repositories can have users and team restrictions"
    ]))
}

fn review_rule(value: &Value, owner: OwnerType) -> Result<Option<ReviewRule>, Box<Reply>> {
    if value.is_null() {
        return Ok(None);
    }
    if !value.is_object() {
        return Err(shape("required_pull_request_reviews"));
    }
    let people = ["dismissal_restrictions", "bypass_pull_request_allowances"];
    let names_people = people
        .iter()
        .any(|name| value.get(*name).is_some_and(|v| !v.is_null()));
    if names_people && owner == OwnerType::User {
        return Err(organisations_only());
    }
    let on = |name: &str| value[name] == true;
    // Left out, it means one approval.
    let count = match value.get("required_approving_review_count") {
        None | Some(Value::Null) => 1,
        Some(count) => count
            .as_u64()
            .filter(|count| *count <= 6)
            .ok_or_else(|| shape("required_pull_request_reviews"))?,
    };
    Ok(Some(ReviewRule {
        count,
        dismiss_stale: on("dismiss_stale_reviews"),
        code_owners: on("require_code_owner_reviews"),
        last_push: on("require_last_push_approval"),
    }))
}

fn named_restrictions(
    value: &Value,
    owner: OwnerType,
) -> Result<Option<[Vec<String>; 3]>, Box<Reply>> {
    if value.is_null() {
        return Ok(None);
    }
    if owner == OwnerType::User {
        return Err(organisations_only());
    }
    let list = |name: &str| -> Vec<String> {
        let items = value[name].as_array().into_iter().flatten();
        items
            .filter_map(|item| item.as_str().map(str::to_owned))
            .collect()
    };
    if !value["users"].is_array() || !value["teams"].is_array() {
        return Err(shape("restrictions"));
    }
    Ok(Some([list("users"), list("teams"), list("apps")]))
}

fn delete(cx: &mut Cx<'_>, branch: &str) -> Outcome {
    if !cx.hub.repo.branches.contains_key(branch) {
        return Err(refuse(404, "Branch not found"));
    }
    if !cx.hub.repo.protections.contains_key(branch) {
        return Err(refuse(404, "Branch not protected"));
    }
    cx.hub
        .change(cx.hand.at, |repo| repo.protections.remove(branch));
    cx.hand.book.gone(Provider::Github, "protection", branch);
    Ok(no_content())
}
