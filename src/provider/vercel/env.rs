//! Environment variables of a project: read back in clear where Vercel lets them be, set one by one, removed.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde::{Deserialize, Deserializer};
use serde_json::{Value, json};

use super::account::time;
use super::{Client, Pagination, encoded};
use crate::event::FailedCall;
use crate::plan::Provider;
use crate::provider::http::{CallError, Class, Refusal};
use crate::seam::transport::Method;
use crate::secret::Secret;
use crate::text::strip_controls;

/// What golive writes beside a variable that it sets.
const COMMENT: &str = "golive";

/// One variable for some targets: one key may have several of them.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct EnvRecord {
    #[serde(default)]
    pub id: String,
    #[serde(default)]
    pub key: String,
    #[serde(default, deserialize_with = "hidden")]
    value: Option<Secret>,
    /// `encrypted`, `plain`, `sensitive` or `system`.
    #[serde(rename = "type", default)]
    pub kind: String,
    /// A list, or a bare text.
    target: Option<Value>,
    git_branch: Option<String>,
    custom_environment_ids: Option<Vec<Value>>,
    created_at: Option<f64>,
    updated_at: Option<f64>,
    decrypted: Option<bool>,
}

/// Straight from the reply into what cannot be printed.
fn hidden<'de, D: Deserializer<'de>>(reader: D) -> Result<Option<Secret>, D::Error> {
    let text = Option::<String>::deserialize(reader)?;
    Ok(text.map(Secret::new))
}

impl EnvRecord {
    /// `production`, `preview`, `development`.
    pub fn targets(&self) -> BTreeSet<&str> {
        match &self.target {
            Some(Value::String(one)) => [one.as_str()].into(),
            Some(Value::Array(list)) => list.iter().filter_map(Value::as_str).collect(),
            _ => BTreeSet::new(),
        }
    }

    pub fn branch(&self) -> Option<&str> {
        self.git_branch
            .as_deref()
            .filter(|branch| !branch.is_empty())
    }

    /// It holds for environments of the operator's own making besides.
    pub fn is_custom(&self) -> bool {
        self.custom_environment_ids
            .as_ref()
            .is_some_and(|ids| !ids.is_empty())
    }

    /// Vercel never shows its value again.
    pub fn is_sensitive(&self) -> bool {
        self.kind == "sensitive"
    }

    /// The value, where what came is the value: an encrypted one may come as it is stored.
    pub fn clear(&self) -> Option<&Secret> {
        let clear = match self.kind.as_str() {
            "plain" => self.decrypted != Some(false) || self.value.is_some(),
            "sensitive" => false,
            _ => self.decrypted == Some(true),
        };
        self.value.as_ref().filter(|_| clear)
    }

    pub fn updated(&self) -> Option<Timestamp> {
        time(self.updated_at.or(self.created_at)?)
    }
}

/// A variable as golive sets it.
#[derive(Clone, Debug)]
pub struct NewEnv<'e> {
    pub key: &'e str,
    pub value: &'e Secret,
    /// The branch whose preview deployments it is for; `None`: production.
    pub branch: Option<&'e str>,
}

impl NewEnv<'_> {
    fn body(&self) -> Value {
        let mut body = json!({
            "key": self.key,
            "value": self.value.expose(),
            "type": "encrypted",
            "target": [if self.branch.is_some() { "preview" } else { "production" }],
            "comment": COMMENT,
        });
        if let Some(branch) = self.branch {
            body["gitBranch"] = json!(branch);
        }
        body
    }
}

#[derive(Deserialize)]
struct Page {
    #[serde(default)]
    envs: Vec<EnvRecord>,
    pagination: Option<Pagination>,
}

/// What became of a write: `failed` counts even where the status says created.
#[derive(Deserialize)]
struct Written {
    #[serde(default)]
    created: Value,
    failed: Option<Vec<Failed>>,
}

#[derive(Deserialize)]
struct Failed {
    error: Option<Failure>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Failure {
    code: Option<String>,
    message: Option<String>,
    env_var_key: Option<String>,
    key: Option<String>,
}

fn at(project: &str, version: u8, rest: &str) -> String {
    format!("/v{version}/projects/{}/env{rest}", encoded(project))
}

impl Client<'_> {
    /// `GET v10/projects/{id}/env?decrypt=true`, all pages, and each value that came as it is stored read once more by
    /// its own call. Of a sensitive one Vercel never tells the value.
    pub async fn env(&self, project: &str) -> Result<Vec<EnvRecord>, CallError> {
        let path = self.scoped(&at(project, 10, "?decrypt=true"));
        let pages: Vec<Page> = self
            .pages(&path, "until", |page: &Page| page.pagination.as_ref())
            .await?;
        let mut records: Vec<EnvRecord> = pages.into_iter().flat_map(|page| page.envs).collect();
        for one in &mut records {
            let stored = one.clear().is_none() && !one.is_sensitive() && one.kind != "system";
            if stored && !one.id.is_empty() {
                one.value = None;
                let path = at(project, 1, &format!("/{}", encoded(&one.id)));
                match self.get::<EnvRecord>(&self.scoped(&path)).await {
                    Ok(read) => {
                        one.decrypted = read.decrypted;
                        one.value = read.value;
                    }
                    // The list may be behind.
                    Err(error) if error.is_status(404) => {}
                    Err(error) => return Err(error),
                }
            }
        }
        Ok(records)
    }

    /// `POST v10/projects/{id}/env?upsert=true`: sets one variable for exactly its target and branch, and gives it as it is
    /// then. The same again is the same. What Vercel lists as failed is a refusal, whatever the status.
    pub async fn set_env(
        &self,
        project: &str,
        new: &NewEnv<'_>,
    ) -> Result<Option<EnvRecord>, CallError> {
        let path = at(project, 10, "?upsert=true");
        let written: Written = self
            .write(Class::Natural, Method::Post, &path, new.body())
            .await?;
        let failed = written.failed.into_iter().flatten();
        if let Some(failure) = failed.into_iter().filter_map(|one| one.error).next() {
            return Err(refused(&path, new.key, failure));
        }
        let created = match written.created {
            Value::Array(list) => list.into_iter().next(),
            one => Some(one),
        };
        Ok(created.and_then(|one| serde_json::from_value(one).ok()))
    }

    /// `PATCH v9/projects/{id}/env/{env}`: the targets that a variable stays for; its value stays.
    pub async fn narrow_env(
        &self,
        project: &str,
        id: &str,
        targets: &[String],
    ) -> Result<(), CallError> {
        let path = self.scoped(&at(project, 9, &format!("/{}", encoded(id))));
        self.http
            .done(super::Endpoint {
                class: Class::Natural,
                method: Method::Patch,
                path: &path,
                body: Some(json!({ "target": targets })),
                media: None,
            })
            .await
    }

    /// `DELETE v9/projects/{id}/env/{env}`. Fine when it is gone already.
    pub async fn delete_env(&self, project: &str, id: &str) -> Result<(), CallError> {
        let path = at(project, 9, &format!("/{}", encoded(id)));
        match self.send(Class::Natural, Method::Delete, &path).await {
            Err(error) if error.is_status(404) => Ok(()),
            other => other,
        }
    }
}

fn refused(path: &str, key: &str, failure: Failure) -> CallError {
    let named = failure.env_var_key.or(failure.key);
    let message = failure.message.unwrap_or_else(|| "no message".into());
    CallError::Refused(Box::new(Refusal {
        provider: Provider::Vercel,
        call: FailedCall {
            method: Method::Post.to_string(),
            path: path.into(),
            status: Some(201),
            request_id: None,
        },
        status: 201,
        message: format!(
            "{}: {}",
            strip_controls(named.as_deref().unwrap_or(key)),
            strip_controls(&message)
        ),
        errors: vec![],
        code: failure.code,
        fields: BTreeMap::new(),
        headers: BTreeMap::new(),
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(value: Value) -> EnvRecord {
        serde_json::from_value(value).unwrap()
    }

    #[test]
    fn a_value_is_believed_only_where_it_came_in_clear() {
        let clear = |value: Value| read(value).clear().is_some();
        assert!(clear(
            json!({"type": "encrypted", "value": "x", "decrypted": true})
        ));
        assert!(!clear(
            json!({"type": "encrypted", "value": "eyJ2IjoidjIi"})
        ));
        assert!(clear(json!({"type": "plain", "value": "x"})));
        assert!(!clear(
            json!({"type": "sensitive", "value": "", "decrypted": true})
        ));
        let shown = format!("{:?}", read(json!({"type": "plain", "value": "canary"})));
        assert!(!shown.contains("canary"));
    }

    #[test]
    fn targets_are_a_list_or_a_bare_word() {
        for target in [json!("production"), json!(["production"])] {
            let one = read(json!({"key": "A", "target": target, "gitBranch": null}));
            assert_eq!(one.targets(), ["production"].into());
            assert_eq!(one.branch(), None);
        }
    }
}
