//! Deployments: found by project and target, made from the repository, and the end of a build's log.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::{Value, json};

use super::account::time;
use super::{Client, Pagination, encoded};
use crate::provider::http::{CallError, Class};
use crate::seam::transport::Method;

/// A deployment. Lists call its id `uid` and its state `state`; on its own it has `id` and `readyState`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Deployment {
    uid: Option<String>,
    id: Option<String>,
    state: Option<String>,
    ready_state: Option<String>,
    /// Without a scheme.
    pub url: Option<String>,
    /// `production`, or nothing for a preview.
    pub target: Option<String>,
    meta: Option<BTreeMap<String, Value>>,
    created: Option<f64>,
    created_at: Option<f64>,
    /// When its names were given to it, in milliseconds, or whether they were.
    alias_assigned: Option<Value>,
    pub alias_error: Option<AliasError>,
    pub error_code: Option<String>,
    pub error_message: Option<String>,
    pub error_step: Option<String>,
    pub inspector_url: Option<String>,
    /// `failed` when a check said no.
    pub checks_conclusion: Option<String>,
    /// What made it, such as `git` or `cli`.
    pub source: Option<String>,
}

#[derive(Clone, Debug, Default, Deserialize)]
pub struct AliasError {
    pub code: Option<String>,
    pub message: Option<String>,
}

impl Deployment {
    pub fn id(&self) -> &str {
        let id = self.id.as_deref().or(self.uid.as_deref());
        id.unwrap_or_default()
    }

    /// `QUEUED`, `INITIALIZING`, `BUILDING`, `READY`, `ERROR`, `CANCELED`, `BLOCKED`, `DELETED`.
    pub fn state(&self) -> &str {
        let state = self.ready_state.as_deref().or(self.state.as_deref());
        state.unwrap_or_default()
    }

    pub fn created(&self) -> Option<Timestamp> {
        time(self.created.or(self.created_at)?)
    }

    /// What was written beside it when it was made, such as `githubCommitSha`.
    pub fn meta(&self, name: &str) -> Option<&str> {
        self.meta.as_ref()?.get(name)?.as_str()
    }

    /// The project's names point to it.
    pub fn has_names(&self) -> bool {
        match &self.alias_assigned {
            Some(Value::Bool(assigned)) => *assigned,
            Some(Value::Number(at)) => at.as_f64().is_some_and(|at| at > 0.0),
            _ => false,
        }
    }

    /// It is served: built is not enough.
    pub fn is_live(&self) -> bool {
        self.state() == "READY" && self.has_names() && self.alias_error.is_none()
    }
}

/// The repository, branch and commit that a deployment is made from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GitSource {
    pub org: String,
    pub repo: String,
    pub branch: String,
}

/// A production deployment as it is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewDeployment {
    pub project_id: String,
    pub project_name: String,
    pub source: GitSource,
    /// Kept as `meta.golive`, by which it is found again.
    pub marker: String,
}

/// A deployment made once more, with the variables as they are then.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Redeployed {
    pub project_id: String,
    pub project_name: String,
    pub source: Source,
    /// For production; else a preview.
    pub production: bool,
    /// Kept as `meta.golive`, by which it is found again.
    pub marker: String,
}

/// What a deployment is made from once more.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// From what that deployment was made from.
    Deployment(String),
    /// From the branch's head.
    Git(GitSource),
}

impl Redeployed {
    fn body(&self) -> Value {
        let mut body = match &self.source {
            Source::Deployment(id) => json!({
                "name": self.project_name,
                "deploymentId": id,
                "meta": { "action": "redeploy", "golive": self.marker },
            }),
            Source::Git(GitSource { org, repo, branch }) => json!({
                "name": self.project_name,
                "project": self.project_id,
                "gitSource": { "type": "github", "org": org, "repo": repo, "ref": branch },
                "meta": { "golive": self.marker },
            }),
        };
        if self.production {
            body["target"] = json!("production");
        }
        body
    }
}

#[derive(Deserialize)]
struct Deployments {
    deployments: Vec<Deployment>,
    pagination: Option<Pagination>,
}

#[derive(Deserialize)]
struct LogLine {
    #[serde(rename = "type")]
    kind: Option<String>,
    text: Option<String>,
    payload: Option<LogText>,
}

#[derive(Deserialize)]
struct LogText {
    text: Option<String>,
}

impl Client<'_> {
    /// `GET v6/deployments`: a project's production deployments, newest first.
    pub async fn production_deployments(
        &self,
        project: &str,
    ) -> Result<Vec<Deployment>, CallError> {
        let list = self.list_deployments(project, "&target=production").await?;
        // Whether the parameter is obeyed is not for us to believe.
        let mut list: Vec<Deployment> = list
            .into_iter()
            .filter(|one| one.target.as_deref() == Some("production") && one.state() != "DELETED")
            .collect();
        list.sort_by_key(|one| std::cmp::Reverse(one.created()));
        Ok(list)
    }

    /// `GET v6/deployments`: all of a project.
    pub async fn deployments(&self, project: &str) -> Result<Vec<Deployment>, CallError> {
        self.list_deployments(project, "").await
    }

    async fn list_deployments(
        &self,
        project: &str,
        query: &str,
    ) -> Result<Vec<Deployment>, CallError> {
        let path = format!(
            "/v6/deployments?projectId={}{query}&limit=100",
            encoded(project)
        );
        let pages: Vec<Deployments> = self
            .pages(&self.scoped(&path), "until", |page: &Deployments| {
                page.pagination.as_ref()
            })
            .await?;
        Ok(pages
            .into_iter()
            .flat_map(|page| page.deployments)
            .collect())
    }

    /// `GET v13/deployments/{id}`.
    pub async fn deployment(&self, id: &str) -> Result<Deployment, CallError> {
        let path = format!("/v13/deployments/{}", encoded(id));
        self.get(&self.scoped(&path)).await
    }

    /// `POST v13/deployments`: builds a branch of the linked repository for production. Sent twice it builds twice:
    /// the marker tells whether it happened.
    pub async fn deploy(&self, new: &NewDeployment) -> Result<Deployment, CallError> {
        let path = "/v13/deployments?forceNew=1&skipAutoDetectionConfirmation=1";
        let GitSource { org, repo, branch } = &new.source;
        let body = json!({
            "name": new.project_name,
            "project": new.project_id,
            "target": "production",
            "gitSource": { "type": "github", "org": org, "repo": repo, "ref": branch },
            "meta": { "golive": new.marker },
        });
        self.write(Class::Unique, Method::Post, path, body).await
    }

    /// `POST v13/deployments`: builds once more. Sent twice it builds twice: the marker tells whether it happened.
    pub async fn redeploy(&self, new: &Redeployed) -> Result<Deployment, CallError> {
        let path = "/v13/deployments?forceNew=1&skipAutoDetectionConfirmation=1";
        self.write(Class::Unique, Method::Post, path, new.body())
            .await
    }

    /// `GET v6/deployments`: those of one branch that are no production deployments, newest first.
    pub async fn preview_deployments(
        &self,
        project: &str,
        branch: &str,
    ) -> Result<Vec<Deployment>, CallError> {
        let query = format!("&branch={}", encoded(branch));
        let list = self.list_deployments(project, &query).await?;
        // Whether the parameter is obeyed is not for us to believe.
        let mut list: Vec<Deployment> = list
            .into_iter()
            .filter(|one| one.target.is_none() && one.state() != "DELETED")
            .filter(|one| one.meta("githubCommitRef") == Some(branch))
            .collect();
        list.sort_by_key(|one| std::cmp::Reverse(one.created()));
        Ok(list)
    }

    /// `GET v3/deployments/{id}/events`: the last lines that a build wrote, oldest first.
    pub async fn build_log(&self, id: &str, lines: usize) -> Result<Vec<String>, CallError> {
        let path = format!(
            "/v3/deployments/{}/events?builds=1&direction=forward&limit=-1",
            encoded(id)
        );
        let events: Option<Vec<Option<LogLine>>> = self.get(&self.scoped(&path)).await?;
        let written: Vec<String> = events
            .into_iter()
            .flatten()
            .flatten()
            .filter(|event| {
                matches!(
                    event.kind.as_deref(),
                    Some("stdout" | "stderr" | "fatal" | "command")
                )
            })
            .filter_map(|event| event.text.or_else(|| event.payload?.text))
            .map(|text| crate::text::strip_controls(text.trim_end()))
            .filter(|text| !text.trim().is_empty())
            .collect();
        let first = written.len().saturating_sub(lines);
        Ok(written[first..].to_vec())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(value: Value) -> Deployment {
        serde_json::from_value(value).unwrap()
    }

    #[test]
    fn built_is_not_served() {
        let ready = |more: Value| {
            let mut one = json!({"uid": "dpl_1", "state": "READY", "readyState": "READY"});
            one.as_object_mut()
                .unwrap()
                .extend(more.as_object().unwrap().clone());
            read(one).is_live()
        };
        assert!(ready(json!({"aliasAssigned": 1_700_000_000_000_i64})));
        assert!(ready(json!({"aliasAssigned": true, "aliasError": null})));
        assert!(!ready(json!({})));
        assert!(!ready(json!({"aliasAssigned": false})));
        assert!(!ready(json!({"aliasAssigned": null})));
        assert!(!ready(
            json!({"aliasAssigned": true, "aliasError": {"code": "x", "message": "m"}})
        ));
        assert!(
            !read(json!({"id": "dpl_1", "readyState": "BUILDING", "aliasAssigned": true}))
                .is_live()
        );
    }

    #[test]
    fn both_forms_are_one_deployment() {
        let listed = read(json!({"uid": "dpl_1", "state": "QUEUED", "created": 1_000.0}));
        let single = read(json!({"id": "dpl_1", "readyState": "QUEUED", "createdAt": 1000}));
        assert_eq!(listed.id(), single.id());
        assert_eq!(listed.state(), single.state());
        assert_eq!(listed.created(), single.created());
        assert_eq!(
            read(json!({"meta": {"golive": "golive:x", "n": 1}})).meta("golive"),
            Some("golive:x")
        );
    }
}
