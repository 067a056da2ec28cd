//! golive's ruleset for a branch: what is wished, and a ruleset that has it without losing what others put into it.

use std::fmt;

use serde_json::{Value, json};

use crate::provider::github::rule_named;

/// What GitHub itself adds to a ruleset when it shows it, and does not take back.
const SHOWN_ONLY: [&str; 8] = [
    "id",
    "node_id",
    "source",
    "source_type",
    "created_at",
    "updated_at",
    "_links",
    "current_user_can_bypass",
];

/// The role admin in a ruleset's list of who may pass (GitHub numbers its roles: maintain 2, write 4, admin 5).
const ADMIN_ROLE: u64 = 5;

/// What is wished of a branch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wish {
    /// Changes come by pull request only.
    pub pull_requests: bool,
    /// Approvals that a pull request needs; more than 0 asks for pull requests too.
    pub reviews: u8,
    pub no_force_pushes: bool,
    pub no_deletion: bool,
}

impl Wish {
    pub fn asks_for_pull_requests(&self) -> bool {
        self.pull_requests || self.reviews > 0
    }
}

impl fmt::Display for Wish {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut words = Vec::new();
        match self.reviews {
            0 if self.pull_requests => words.push("pull requests".to_string()),
            0 => {}
            1 => words.push("pull requests with 1 approval".into()),
            n => words.push(format!("pull requests with {n} approvals")),
        }
        if self.no_force_pushes {
            words.push("no force push".into());
        }
        if self.no_deletion {
            words.push("no deletion".into());
        }
        f.write_str(&words.join(", "))
    }
}

pub fn ruleset_name(branch: &str) -> String {
    format!("golive: {branch}")
}

/// `ruleset` with all that golive wishes of it; what it does not know stays as it is.
pub fn merged(branch: &str, wish: &Wish, admins_pass: bool, ruleset: Value) -> Value {
    let mut whole = match ruleset {
        Value::Object(whole) => whole,
        _ => serde_json::Map::new(),
    };
    SHOWN_ONLY.iter().for_each(|key| drop(whole.remove(*key)));
    whole.insert("name".into(), json!(ruleset_name(branch)));
    whole.insert("target".into(), json!("branch"));
    whole.insert("enforcement".into(), json!("active"));
    // An `exclude` that is left out is refused.
    let only = format!("refs/heads/{branch}");
    let conditions = json!({ "ref_name": { "include": [only], "exclude": [] } });
    whole.insert("conditions".into(), conditions);
    let mut actors = match whole.remove("bypass_actors") {
        Some(Value::Array(actors)) => actors,
        _ => Vec::new(),
    };
    if admins_pass && !actors.iter().any(is_admin_role) {
        actors.push(json!({
            "actor_id": ADMIN_ROLE, "actor_type": "RepositoryRole", "bypass_mode": "pull_request"
        }));
    }
    whole.insert("bypass_actors".into(), Value::Array(actors));
    let rules = merged_rules(whole.get("rules").and_then(Value::as_array), wish);
    whole.insert("rules".into(), Value::Array(rules));
    Value::Object(whole)
}

fn merged_rules(seen: Option<&Vec<Value>>, wish: &Wish) -> Vec<Value> {
    let mut rules = seen.cloned().unwrap_or_default();
    let found = json!({ "rules": rules });
    let wanted = [
        ("deletion", wish.no_deletion),
        ("non_fast_forward", wish.no_force_pushes),
    ];
    for (kind, wished) in wanted {
        if wished && rule_named(&found, kind).is_none() {
            rules.push(json!({ "type": kind }));
        }
    }
    if !wish.asks_for_pull_requests() {
        return rules;
    }
    let pull_request = rule_named(&found, "pull_request");
    let parameters = pull_request.map_or(&Value::Null, |rule| &rule["parameters"]);
    let parameters = review_parameters(parameters, wish);
    let rule = json!({ "type": "pull_request", "parameters": parameters });
    rules.retain(|rule| rule["type"] != "pull_request");
    rules.push(rule);
    rules
}

/// All five are required by the call.
fn review_parameters(seen: &Value, wish: &Wish) -> Value {
    let mut parameters = seen.as_object().cloned().unwrap_or_default();
    let count = seen["required_approving_review_count"].as_u64();
    let count = count.unwrap_or(0).max(u64::from(wish.reviews));
    parameters.insert("required_approving_review_count".into(), json!(count));
    for key in [
        "dismiss_stale_reviews_on_push",
        "require_code_owner_review",
        "require_last_push_approval",
        "required_review_thread_resolution",
    ] {
        parameters.entry(key).or_insert(json!(false));
    }
    Value::Object(parameters)
}

pub fn is_admin_role(actor: &Value) -> bool {
    actor["actor_type"] == "RepositoryRole" && actor["actor_id"] == ADMIN_ROLE
}
