//! Rulesets: list, get, create, replace, delete, and the rules that are in force for a branch.

use std::sync::Arc;

use serde_json::{Value, json};

use super::access::{self, Need};
use super::rules;
use super::state::Ruleset;
use super::wire::{
    Outcome, Reply, invalid, no_content, not_found, not_supplied, ok, page, reply, stamp,
};
use super::{Cx, Route, body, to};
use crate::seam::transport::Method;
use crate::sim::ledger::Provider;

pub fn route(method: Method, rest: &[&str]) -> Option<Route> {
    let read = Need::read("metadata");
    let write = Need::write("administration");
    match (method, rest) {
        (Method::Get, ["rulesets"]) => to(read, "repos/rules#get-all-repository-rulesets", list),
        (Method::Post, ["rulesets"]) => {
            to(write, "repos/rules#create-a-repository-ruleset", create)
        }
        (Method::Get, ["rules", "branches", branch @ ..]) if !branch.is_empty() => {
            let branch = branch.join("/");
            to(read, "repos/rules#get-rules-for-a-branch", move |cx| {
                of_branch(cx, &branch)
            })
        }
        (_, ["rulesets", id]) => {
            let id: u64 = id.parse().ok()?;
            match method {
                Method::Get => to(read, "repos/rules#get-a-repository-ruleset", {
                    move |cx| get(cx, id)
                }),
                Method::Put => to(write, "repos/rules#update-a-repository-ruleset", {
                    move |cx| replace(cx, id)
                }),
                Method::Delete => to(write, "repos/rules#delete-a-repository-ruleset", {
                    move |cx| delete(cx, id)
                }),
                _ => None,
            }
        }
        _ => None,
    }
}

/// A ruleset as lists show it: without its rules.
fn short(cx: &Cx<'_>, ruleset: &Ruleset) -> Value {
    let scenario = &cx.hub.scenario;
    let url = body::repo_url(&cx.request.base, scenario);
    let html = body::html_url(scenario);
    json!({
        "id": ruleset.id,
        "name": ruleset.name,
        "target": ruleset.target,
        "source_type": "Repository",
        "source": cx.hub.full_name(),
        "enforcement": ruleset.enforcement,
        "node_id": body::node_id("RepositoryRuleset", ruleset.id),
        "_links": {
            "self": { "href": format!("{url}/rulesets/{}", ruleset.id) },
            "html": { "href": format!("{html}/rules/{}", ruleset.id) },
        },
        "created_at": stamp(ruleset.created_at),
        "updated_at": stamp(ruleset.updated_at),
    })
}

/// A ruleset on its own. Who may bypass it is shown only to those who may write it.
fn full(cx: &Cx<'_>, ruleset: &Ruleset) -> Value {
    let mut out = short(cx, ruleset);
    let names = json!({ "include": ruleset.include, "exclude": ruleset.exclude });
    body::merge(
        &mut out,
        json!({ "conditions": { "ref_name": names }, "rules": ruleset.rules }),
    );
    if access::permit(&cx.hub.scenario, Need::write("administration")).is_ok() {
        let admin = ruleset
            .bypass_actors
            .iter()
            .find(|actor| actor["actor_id"] == 5);
        let can = match admin.and_then(|actor| actor["bypass_mode"].as_str()) {
            Some("pull_request") => "pull_requests_only",
            Some(_) => "always",
            None => "never",
        };
        body::merge(
            &mut out,
            json!({ "bypass_actors": ruleset.bypass_actors, "current_user_can_bypass": can }),
        );
    }
    out
}

fn list(cx: &mut Cx<'_>) -> Outcome {
    let view = cx.list_view();
    let rulesets = view.repo.rulesets.values();
    let items = rulesets
        .map(|ruleset| (ruleset.id, short(cx, ruleset)))
        .collect();
    Ok(page(cx.request, cx.shuffled(items)))
}

fn get(cx: &mut Cx<'_>, id: u64) -> Outcome {
    let view = cx.view();
    let ruleset = view.repo.rulesets.get(&id).ok_or_else(not_found)?;
    Ok(ok(full(cx, ruleset)))
}

fn of_branch(cx: &mut Cx<'_>, branch: &str) -> Outcome {
    let view = cx.list_view();
    let mut items = Vec::new();
    for ruleset in rules::rulesets(&view.look(), branch) {
        for (index, rule) in (0u64..).zip(&ruleset.rules) {
            let mut rule = rule.clone();
            let source = json!({
                "ruleset_source_type": "Repository",
                "ruleset_source": cx.hub.full_name(),
                "ruleset_id": ruleset.id,
            });
            body::merge(&mut rule, source);
            items.push((ruleset.id + index, rule));
        }
    }
    Ok(page(cx.request, cx.shuffled(items)))
}

/// What the server adds to a rule that leaves it out.
pub fn fill_defaults(rule: &mut Value) {
    let defaults = match rule["type"].as_str() {
        Some("pull_request") => json!({
            "allowed_merge_methods": ["merge", "squash", "rebase"],
            "required_reviewers": [],
        }),
        Some("required_status_checks") => json!({ "do_not_enforce_on_create": false }),
        _ => return,
    };
    if let (Some(parameters), Value::Object(defaults)) = (
        rule.get_mut("parameters").and_then(Value::as_object_mut),
        defaults,
    ) {
        for (name, value) in defaults {
            parameters.entry(name).or_insert(value);
        }
    }
}

const RULES: [&str; 9] = [
    "creation",
    "update",
    "deletion",
    "required_linear_history",
    "required_deployments",
    "required_signatures",
    "pull_request",
    "required_status_checks",
    "non_fast_forward",
];

const PULL_PARAMETERS: [&str; 5] = [
    "dismiss_stale_reviews_on_push",
    "require_code_owner_review",
    "require_last_push_approval",
    "required_approving_review_count",
    "required_review_thread_resolution",
];

/// Most rulesets of one repository.
const RULESETS_MAX: usize = 75;

fn checked_rule(rule: &Value) -> Result<Value, Box<Reply>> {
    let kind = rule["type"].as_str().unwrap_or_default();
    let parameters = &rule["parameters"];
    let well = match kind {
        "pull_request" => {
            PULL_PARAMETERS
                .iter()
                .all(|name| !parameters[*name].is_null())
                && parameters["required_approving_review_count"]
                    .as_u64()
                    .is_some_and(|count| count <= 10)
        }
        "required_status_checks" => {
            parameters["required_status_checks"].is_array()
                && parameters["strict_required_status_checks_policy"].is_boolean()
        }
        kind => RULES.contains(&kind),
    };
    if !well {
        return Err(invalid(json!([format!("Invalid rule '{kind}': ")])));
    }
    let mut rule = rule.clone();
    fill_defaults(&mut rule);
    Ok(rule)
}

/// The ruleset that a body describes; of `old` what the body leaves out.
fn described(cx: &mut Cx<'_>, old: Option<&Ruleset>) -> Result<Ruleset, Box<Reply>> {
    let request = cx.request;
    let name = match (request.text("name"), old) {
        (Some(name), _) if !name.trim().is_empty() => name.to_owned(),
        (None, Some(old)) => old.name.clone(),
        _ => return Err(not_supplied("name")),
    };
    let enforcement = match (request.text("enforcement"), old) {
        (Some(word @ ("active" | "disabled")), _) => word.to_owned(),
        (None, Some(old)) => old.enforcement.clone(),
        (None, None) => return Err(not_supplied("enforcement")),
        (Some(word), _) => {
            let message = format!("Enforcement {word} is not available for this repository.");
            return Err(invalid(json!([message])));
        }
    };
    let (include, exclude) = match (request.field("conditions"), old) {
        (None, Some(old)) => (old.include.clone(), old.exclude.clone()),
        (conditions, _) => {
            let names = conditions.map(|conditions| &conditions["ref_name"]);
            let list = |name: &str| {
                let items = names.and_then(|names| names[name].as_array());
                items.map(|items| texts(items))
            };
            match (list("include"), list("exclude")) {
                (Some(include), Some(exclude)) if include.iter().all(|p| is_pattern(p)) => {
                    (include, exclude)
                }
                _ => return Err(invalid(json!(["Invalid target patterns: ''"]))),
            }
        }
    };
    let rules = match (request.field("rules").and_then(Value::as_array), old) {
        (None, Some(old)) => old.rules.clone(),
        (given, _) => given
            .into_iter()
            .flatten()
            .map(checked_rule)
            .collect::<Result<_, _>>()?,
    };
    let actors = request.field("bypass_actors").and_then(Value::as_array);
    let mut bypass_actors = match (actors, old) {
        (None, Some(old)) => old.bypass_actors.clone(),
        (given, _) => given.cloned().unwrap_or_default(),
    };
    for actor in bypass_actors.iter_mut().filter_map(Value::as_object_mut) {
        actor.entry("bypass_mode").or_insert(json!("always"));
    }
    let target = request.text("target").unwrap_or("branch").to_owned();
    Ok(Ruleset {
        id: old.map_or_else(|| cx.hub.new_id(), |old| old.id),
        created_at: old.map_or(cx.hand.at, |old| old.created_at),
        updated_at: old.map_or(cx.hand.at, |old| old.updated_at),
        name,
        target,
        enforcement,
        include,
        exclude,
        rules,
        bypass_actors,
    })
}

fn texts(items: &[Value]) -> Vec<String> {
    items
        .iter()
        .filter_map(|item| item.as_str().map(str::to_owned))
        .collect()
}

fn is_pattern(text: &str) -> bool {
    matches!(text, "~ALL" | "~DEFAULT_BRANCH") || text.starts_with("refs/")
}

/// Two of the same name are possible: nothing says that the service refuses the second, so here it does not.
fn create(cx: &mut Cx<'_>) -> Outcome {
    if cx.hub.repo.rulesets.len() >= RULESETS_MAX {
        return Err(invalid(json!(["Too many rulesets for this repository."])));
    }
    let ruleset = described(cx, None)?;
    let out = full(cx, &ruleset);
    let (id, name) = (ruleset.id, ruleset.name.clone());
    let at = cx.hand.at;
    cx.hub
        .change(at, |repo| repo.rulesets.insert(id, Arc::new(ruleset)));
    let parent = cx.hub.full_name();
    let by = cx.hand.by;
    cx.hand.book.made(
        Provider::Github,
        "ruleset",
        &id.to_string(),
        &parent,
        &name,
        by,
    );
    cx.hub.expect_reviews(at);
    Ok(reply(201, out))
}

fn replace(cx: &mut Cx<'_>, id: u64) -> Outcome {
    let old = cx
        .hub
        .repo
        .rulesets
        .get(&id)
        .cloned()
        .ok_or_else(not_found)?;
    let mut ruleset = described(cx, Some(&old))?;
    let at = cx.hand.at;
    if ruleset != *old {
        ruleset.updated_at = at;
        let new = Arc::new(ruleset.clone());
        cx.hub.change(at, |repo| repo.rulesets.insert(id, new));
        cx.hub.expect_reviews(at);
    }
    Ok(ok(full(cx, &ruleset)))
}

fn delete(cx: &mut Cx<'_>, id: u64) -> Outcome {
    if !cx.hub.repo.rulesets.contains_key(&id) {
        return Err(not_found());
    }
    cx.hub.change(cx.hand.at, |repo| repo.rulesets.remove(&id));
    cx.hand
        .book
        .gone(Provider::Github, "ruleset", &id.to_string());
    Ok(no_content())
}
