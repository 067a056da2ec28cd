//! Rulesets, and the rules that are in force for a branch.

use serde::Deserialize;
use serde_json::{Map, Value};

use super::{Client, encoded};
use crate::provider::http::{CallError, Class};
use crate::seam::transport::Method;

/// A rule in force for a branch, from whichever ruleset it comes. Classic protection is never among them.
#[derive(Clone, Debug, Deserialize)]
pub struct ActiveRule {
    /// `deletion`, `non_fast_forward`, `pull_request`, `required_status_checks` …
    #[serde(rename = "type")]
    pub kind: String,
    #[serde(default)]
    pub parameters: Option<Map<String, Value>>,
    pub ruleset_id: Option<u64>,
    /// `Repository` or `Organization`.
    pub ruleset_source_type: Option<String>,
    pub ruleset_source: Option<String>,
}

/// A line of the list of rulesets; the rules themselves are not in it.
#[derive(Clone, Debug, Deserialize)]
pub struct RulesetName {
    pub id: u64,
    pub name: String,
    /// `branch` or `tag`; `push` on some plans.
    pub target: Option<String>,
    pub source_type: Option<String>,
    /// `active`, `disabled` or `evaluate`.
    pub enforcement: Option<String>,
}

/// The rule of a kind in a ruleset's `rules`.
pub fn rule_named<'r>(ruleset: &'r Value, kind: &str) -> Option<&'r Value> {
    ruleset
        .get("rules")?
        .as_array()?
        .iter()
        .find(|rule| rule.get("type").and_then(Value::as_str) == Some(kind))
}

impl Client<'_> {
    /// `GET rules/branches/{branch}`: all active rules of the repository's and its organisation's rulesets. Older
    /// Enterprise servers have no rulesets: 404.
    pub async fn rules_of(&self, branch: &str) -> Result<Vec<ActiveRule>, CallError> {
        let path = format!("/rules/branches/{}?per_page=100", encoded(branch));
        self.list(&self.at(&path)).await
    }

    /// `GET rulesets`: those of the repository itself.
    pub async fn rulesets(&self) -> Result<Vec<RulesetName>, CallError> {
        self.list(&self.at("/rulesets?includes_parents=false&per_page=100"))
            .await
    }

    /// `GET rulesets/{id}`, whole, since a later PUT must send the whole. `bypass_actors` is absent for those who may
    /// not write it.
    pub async fn ruleset(&self, id: u64) -> Result<Value, CallError> {
        self.get(&self.at(&format!("/rulesets/{id}"))).await
    }

    /// `POST rulesets` -> its id. GitHub's documents do not say whether names are unique: list first. A look tells
    /// whether it happened.
    pub async fn create_ruleset(&self, ruleset: &Value) -> Result<RulesetName, CallError> {
        let path = self.at("/rulesets");
        self.write(Class::Unique, Method::Post, &path, ruleset.clone())
            .await
    }

    /// `PUT rulesets/{id}` with the whole object. Not repeated blindly: somebody may have changed it in between.
    pub async fn replace_ruleset(&self, id: u64, ruleset: &Value) -> Result<(), CallError> {
        let path = self.at(&format!("/rulesets/{id}"));
        self.send(Class::Unique, Method::Put, &path, Some(ruleset.clone()))
            .await
    }

    /// `DELETE rulesets/{id}`. Already gone (404) is fine; ids are never used twice, so it may be repeated.
    pub async fn delete_ruleset(&self, id: u64) -> Result<(), CallError> {
        let path = self.at(&format!("/rulesets/{id}"));
        match self.send(Class::Natural, Method::Delete, &path, None).await {
            Err(error) if error.is_status(404) => Ok(()),
            other => other,
        }
    }
}
