//! Classic branch protection: reading it, and turning what was read into what may be written back.
//!
//! GET and PUT have different shapes, and a PUT replaces everything: whoever sends back only what he wants wipes the
//! rest.

use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::{Client, encoded};
use crate::provider::http::{CallError, Class};
use crate::seam::transport::Method;

/// What golive reads of a classic protection.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct Classic {
    pub required_status_checks: Option<RequiredChecks>,
    pub required_pull_request_reviews: Option<RequiredReviews>,
    pub enforce_admins: Option<Enabled>,
    pub allow_force_pushes: Option<Enabled>,
    pub allow_deletions: Option<Enabled>,
}

#[derive(Clone, Debug, Default, Deserialize)]
pub struct Enabled {
    pub enabled: Option<bool>,
}

#[derive(Clone, Debug, Default, Deserialize)]
pub struct RequiredReviews {
    pub required_approving_review_count: Option<u64>,
}

#[derive(Clone, Debug, Default, Deserialize)]
pub struct RequiredChecks {
    /// The branch must be up to date before a merge.
    pub strict: Option<bool>,
    #[serde(default)]
    pub contexts: Vec<String>,
}

impl Client<'_> {
    /// `GET branches/{branch}/protection`. 404 `Branch not protected` = no classic rule (rulesets may still protect
    /// it); plain 404 or 403 = it may not be read.
    pub async fn protection(&self, branch: &str) -> Result<Value, CallError> {
        self.get(&self.protection_path(branch)).await
    }

    /// `PUT branches/{branch}/protection`: replaces the whole rule. Not repeated blindly: somebody may have changed it
    /// in between.
    pub async fn put_protection(&self, branch: &str, body: &Value) -> Result<(), CallError> {
        let path = self.protection_path(branch);
        self.send(Class::Unique, Method::Put, &path, Some(body.clone()))
            .await
    }

    /// `DELETE branches/{branch}/protection`: the classic rule goes, rulesets stay. Already gone (404 `Branch not
    /// protected`) is fine.
    pub async fn delete_protection(&self, branch: &str) -> Result<(), CallError> {
        let path = self.protection_path(branch);
        match self.send(Class::Unique, Method::Delete, &path, None).await {
            Err(CallError::Refused(refusal)) if refusal.says("branch not protected") => Ok(()),
            other => other,
        }
    }

    fn protection_path(&self, branch: &str) -> String {
        self.at(&format!("/branches/{}/protection", encoded(branch)))
    }
}

/// The PUT body that keeps everything of `seen` (a GET answer, or `None` when there is no rule) and asks for at least
/// `approvals`, and for no force push or deletion where wished. For an operator alone admins are let past the rule.
pub fn merged_classic(
    seen: Option<&Value>,
    approvals: u64,
    block_force_push: bool,
    block_deletion: bool,
    admins_bound: bool,
) -> Value {
    let none = Value::Null;
    let seen = seen.unwrap_or(&none);
    let mut body = Map::new();
    body.insert(
        "required_status_checks".into(),
        checks(&seen["required_status_checks"]),
    );
    let admins = flag(seen, "enforce_admins").unwrap_or(admins_bound);
    body.insert("enforce_admins".into(), json!(admins && admins_bound));
    body.insert(
        "required_pull_request_reviews".into(),
        reviews(&seen["required_pull_request_reviews"], approvals),
    );
    body.insert(
        "restrictions".into(),
        actors(&seen["restrictions"]).unwrap_or(Value::Null),
    );
    let kept = [
        "required_linear_history",
        "block_creations",
        "required_conversation_resolution",
        "lock_branch",
        "allow_fork_syncing",
    ];
    for key in kept {
        if let Some(on) = flag(seen, key) {
            body.insert(key.into(), json!(on));
        }
    }
    let allowed = |key: &str, block: bool| json!(flag(seen, key).unwrap_or(false) && !block);
    body.insert(
        "allow_force_pushes".into(),
        allowed("allow_force_pushes", block_force_push),
    );
    body.insert(
        "allow_deletions".into(),
        allowed("allow_deletions", block_deletion),
    );
    Value::Object(body)
}

/// GET says `{"enabled": true}` where PUT wants `true`.
fn flag(seen: &Value, key: &str) -> Option<bool> {
    seen.get(key)?.get("enabled")?.as_bool()
}

/// GET lists the same checks as `contexts` and as `checks`; PUT takes exactly one of them. `checks` keeps the app that
/// each is expected from; without one any app may report it, which PUT calls -1.
fn checks(seen: &Value) -> Value {
    let strict = seen.get("strict").and_then(Value::as_bool);
    let Some(strict) = strict.or_else(|| seen.is_object().then_some(false)) else {
        return Value::Null;
    };
    let Some(checks) = seen.get("checks").and_then(Value::as_array) else {
        let contexts = seen.get("contexts").cloned().unwrap_or_else(|| json!([]));
        return json!({ "strict": strict, "contexts": contexts });
    };
    let checks: Vec<Value> = checks
        .iter()
        .map(|check| {
            let app = check.get("app_id").filter(|app| app.is_i64());
            json!({ "context": check["context"], "app_id": app.cloned().unwrap_or(json!(-1)) })
        })
        .collect();
    json!({ "strict": strict, "checks": checks })
}

fn reviews(seen: &Value, approvals: u64) -> Value {
    let mut body = Map::new();
    let count = seen["required_approving_review_count"]
        .as_u64()
        .unwrap_or(0);
    body.insert(
        "required_approving_review_count".into(),
        json!(count.max(approvals)),
    );
    for key in [
        "dismiss_stale_reviews",
        "require_code_owner_reviews",
        "require_last_push_approval",
    ] {
        let on = seen.get(key).and_then(Value::as_bool);
        body.insert(key.into(), json!(on.unwrap_or(false)));
    }
    // Personal repositories refuse even an empty one of these, so each is sent only when it was there.
    for key in ["dismissal_restrictions", "bypass_pull_request_allowances"] {
        if let Some(named) = actors(&seen[key]) {
            body.insert(key.into(), named);
        }
    }
    Value::Object(body)
}

/// GET holds whole objects where PUT wants logins and slugs.
fn actors(seen: &Value) -> Option<Value> {
    let seen = seen.as_object()?;
    let names = |list: &str, key: &str| -> Vec<Value> {
        let list = seen.get(list).and_then(Value::as_array);
        let named = list.into_iter().flatten().filter_map(|one| one.get(key));
        named.cloned().collect()
    };
    Some(json!({
        "users": names("users", "login"),
        "teams": names("teams", "slug"),
        "apps": names("apps", "slug"),
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_that_was_set_is_lost_when_protection_is_written_back() {
        let seen = json!({
            "url": "https://api.github.com/x",
            "required_status_checks": {
                "url": "u", "strict": true, "contexts": ["ci", "lint"],
                "checks": [{"context": "ci", "app_id": 15368}, {"context": "lint", "app_id": null}]
            },
            "enforce_admins": {"url": "u", "enabled": true},
            "required_pull_request_reviews": {
                "url": "u", "dismiss_stale_reviews": true, "require_code_owner_reviews": false,
                "required_approving_review_count": 2,
                "dismissal_restrictions": {"users": [{"login": "ann", "id": 1}], "teams": [{"slug": "core"}]}
            },
            "restrictions": {"users": [], "teams": [{"slug": "ops"}], "apps": [{"slug": "bot"}]},
            "required_linear_history": {"enabled": false},
            "allow_force_pushes": {"enabled": true},
            "allow_deletions": {"enabled": true},
            "required_conversation_resolution": {"enabled": true}
        });
        assert_eq!(
            merged_classic(Some(&seen), 1, true, true, true),
            json!({
                "required_status_checks": {"strict": true, "checks": [
                    {"context": "ci", "app_id": 15368}, {"context": "lint", "app_id": -1}]},
                "enforce_admins": true,
                "required_pull_request_reviews": {
                    "required_approving_review_count": 2, "dismiss_stale_reviews": true,
                    "require_code_owner_reviews": false, "require_last_push_approval": false,
                    "dismissal_restrictions": {"users": ["ann"], "teams": ["core"], "apps": []}},
                "restrictions": {"users": [], "teams": ["ops"], "apps": ["bot"]},
                "required_linear_history": false,
                "required_conversation_resolution": true,
                "allow_force_pushes": false,
                "allow_deletions": false
            })
        );
    }

    #[test]
    fn a_first_protection_has_all_that_the_call_wants() {
        assert_eq!(
            merged_classic(None, 1, true, true, false),
            json!({
                "required_status_checks": null,
                "enforce_admins": false,
                "required_pull_request_reviews": {
                    "required_approving_review_count": 1, "dismiss_stale_reviews": false,
                    "require_code_owner_reviews": false, "require_last_push_approval": false},
                "restrictions": null,
                "allow_force_pushes": false,
                "allow_deletions": false
            })
        );
    }
}
