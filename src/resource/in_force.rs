//! What protects a branch: the union of all rulesets and of classic protection, and which of them does it.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::Look;
use crate::provider::github::{
    ActiveRule, Classic, Client, RequiredChecks, accepted_permissions, needs_plan,
};
use crate::provider::http::CallError;

/// Where a rule comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    Ruleset { id: u64, of: String },
    Classic,
}

impl Source {
    /// As the operator finds it in the settings; `names` are the repository's own rulesets.
    pub fn words(&self, names: &BTreeMap<u64, String>) -> String {
        match self {
            Source::Classic => "classic branch protection".into(),
            Source::Ruleset { id, of } => match names.get(id) {
                Some(name) => format!("ruleset \"{name}\""),
                None => format!("ruleset {id} of {of}"),
            },
        }
    }
}

/// What a look at classic protection found.
#[derive(Clone, Debug, Default)]
pub enum ClassicLook {
    /// The whole answer, since writing it back must keep what golive does not know.
    Rule(Value),
    #[default]
    Nothing,
    /// The token or its user may not read it, so may not write it either.
    NotReadable { why: String, scope: String },
}

/// The protection of one branch.
#[derive(Clone, Debug, Default)]
pub struct InForce {
    /// The provider's words when this plan has no rules for private repositories; nothing is in force then.
    pub needs_plan: Option<String>,
    /// Changes must come by pull request: because of what.
    pub pull_request: Option<Source>,
    /// Approvals that a pull request needs, and because of what.
    pub approvals: u64,
    pub approvals_by: Option<Source>,
    pub no_force_push: Option<Source>,
    pub no_deletion: Option<Source>,
    pub required_checks: BTreeSet<String>,
    /// A pull request must be up to date with its base.
    pub strict: bool,
    pub classic: ClassicLook,
    /// Admins are let past the classic rule.
    pub admins_exempt: bool,
    /// Older servers have no rulesets.
    pub rulesets_known: bool,
}

/// Looks at both kinds of protection of `branch`.
pub async fn look(client: &Client<'_>, branch: &str) -> Look<InForce> {
    let mut found = InForce::default();
    match client.rules_of(branch).await {
        Ok(rules) => {
            found.rulesets_known = true;
            rules.iter().for_each(|rule| found.add_rule(rule));
        }
        Err(error) if needs_plan(&error) => {
            found.needs_plan = Some(words_of(&error));
            return Ok(found);
        }
        Err(error) if error.is_status(404) => {}
        Err(error) => return Err(error),
    }
    match client.protection(branch).await {
        Ok(rule) => found.add_classic(rule),
        Err(error) if needs_plan(&error) => found.needs_plan = Some(words_of(&error)),
        Err(error) => found.classic = without_classic(error)?,
    }
    Ok(found)
}

fn words_of(error: &CallError) -> String {
    error
        .refusal()
        .map_or_else(|| error.cause(), |refusal| refusal.message.clone())
}

/// A plain 404 means that the user is no admin; only `Branch not protected` means that there is no rule.
fn without_classic(error: CallError) -> Look<ClassicLook> {
    let Some(refusal) = error.refusal() else {
        return Err(error);
    };
    let why = refusal.message.clone();
    match refusal.status {
        404 if refusal.says("not protected") => Ok(ClassicLook::Nothing),
        404 if refusal.says("branch not found") => Ok(ClassicLook::Nothing),
        404 => Ok(ClassicLook::NotReadable {
            why,
            scope: "the role admin in the repository".into(),
        }),
        403 if !refusal.headers.contains_key("x-github-sso") => Ok(ClassicLook::NotReadable {
            why,
            // What reading wants is told; writing wants the same permission for writing.
            scope: accepted_permissions(&error)
                .map(|accepted| accepted.replace("=read", "=write"))
                .unwrap_or_else(|| "administration=write".into()),
        }),
        _ => Err(error),
    }
}

impl InForce {
    fn add_rule(&mut self, rule: &ActiveRule) {
        let source = Source::Ruleset {
            id: rule.ruleset_id.unwrap_or(0),
            of: rule.ruleset_source.clone().unwrap_or_default(),
        };
        let parameter = |name: &str| rule.parameters.as_ref().and_then(|all| all.get(name));
        match rule.kind.as_str() {
            "deletion" => self.no_deletion = Some(source),
            "non_fast_forward" => self.no_force_push = Some(source),
            "pull_request" => {
                let count = parameter("required_approving_review_count").and_then(Value::as_u64);
                self.needs_pull_request(source, count.unwrap_or(0));
            }
            "required_status_checks" => {
                let checks = parameter("required_status_checks").and_then(Value::as_array);
                let names = checks.into_iter().flatten();
                let names = names.filter_map(|check| check.get("context")?.as_str());
                self.required_checks.extend(names.map(str::to_string));
                let strict = parameter("strict_required_status_checks_policy");
                self.strict |= strict.and_then(Value::as_bool).unwrap_or(false);
            }
            // Other rules, signed commits among them, are in force as well; golive neither wishes nor weighs them.
            _ => {}
        }
    }

    fn add_classic(&mut self, rule: Value) {
        // What does not read as a rule is left as it is: the merge by GitHub still obeys it.
        let classic: Classic = serde_json::from_value(rule.clone()).unwrap_or_default();
        let off = |flag: &Option<crate::provider::github::Enabled>| {
            !flag.as_ref().and_then(|flag| flag.enabled).unwrap_or(false)
        };
        if off(&classic.allow_force_pushes) {
            self.no_force_push.get_or_insert(Source::Classic);
        }
        if off(&classic.allow_deletions) {
            self.no_deletion.get_or_insert(Source::Classic);
        }
        if let Some(reviews) = &classic.required_pull_request_reviews {
            let count = reviews.required_approving_review_count;
            self.needs_pull_request(Source::Classic, count.unwrap_or(0));
        }
        if let Some(RequiredChecks { strict, contexts }) = classic.required_status_checks {
            self.strict |= strict.unwrap_or(false);
            self.required_checks.extend(contexts);
        }
        self.admins_exempt = off(&classic.enforce_admins);
        self.classic = ClassicLook::Rule(rule);
    }

    /// The strictest rule counts.
    fn needs_pull_request(&mut self, source: Source, approvals: u64) {
        if approvals > self.approvals {
            self.approvals = approvals;
            self.approvals_by = Some(source.clone());
            self.pull_request = Some(source);
        } else {
            self.pull_request.get_or_insert(source);
        }
    }
}

#[cfg(test)]
pub mod tests {
    use serde_json::json;

    use super::*;

    pub fn rules(rules: Value) -> InForce {
        let mut found = InForce {
            rulesets_known: true,
            ..InForce::default()
        };
        let rules: Vec<ActiveRule> = serde_json::from_value(rules).unwrap();
        rules.iter().for_each(|rule| found.add_rule(rule));
        found
    }

    pub fn and_classic(mut found: InForce, rule: Value) -> InForce {
        found.add_classic(rule);
        found
    }

    #[test]
    fn the_strictest_of_all_rules_counts() {
        let found = rules(json!([
            {"type": "pull_request", "ruleset_id": 1, "parameters": {"required_approving_review_count": 1}},
            {"type": "deletion", "ruleset_id": 2},
            {"type": "required_status_checks", "ruleset_id": 3, "parameters": {
                "strict_required_status_checks_policy": true,
                "required_status_checks": [{"context": "ci"}]}},
            {"type": "a_rule_of_tomorrow"}
        ]));
        let found = and_classic(
            found,
            json!({
                "required_pull_request_reviews": {"required_approving_review_count": 2},
                "required_status_checks": {"strict": false, "contexts": ["lint"]},
                "allow_force_pushes": {"enabled": false}, "allow_deletions": {"enabled": true},
                "enforce_admins": {"enabled": true}
            }),
        );
        assert_eq!(
            (found.approvals, &found.approvals_by),
            (2, &Some(Source::Classic))
        );
        assert_eq!(found.no_force_push, Some(Source::Classic));
        assert_eq!(
            found.no_deletion,
            Some(Source::Ruleset {
                id: 2,
                of: String::new()
            })
        );
        assert!(found.strict && !found.admins_exempt);
        assert_eq!(
            found.required_checks,
            BTreeSet::from(["ci".into(), "lint".into()])
        );
    }
}
