//! Projects: their settings, the repository they are linked to, and the branch they take for production.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::Deserialize;
use serde_json::{Value, json};

use super::{Client, Pagination, encoded};
use crate::event::FailedCall;
use crate::plan::Provider;
use crate::provider::http::{CallError, Class, Refusal};
use crate::seam::transport::Method;

/// How often a new production branch is looked for when the reply to its change does not show it, and how long apart:
/// together as long as Vercel's reads may lag.
const LOOKS: u32 = 5;
const BETWEEN_LOOKS: Duration = Duration::from_secs(2);
/// golive's own word for a change of the production branch that was taken and shows nowhere.
pub(super) const BRANCH_NOT_TAKEN: &str = "production_branch_not_taken";

#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Project {
    pub id: String,
    pub name: String,
    pub framework: Option<String>,
    /// Absent: the framework's own.
    pub build_command: Option<String>,
    /// Absent: the repository's root.
    pub root_directory: Option<String>,
    /// Absent: linked to no repository.
    pub link: Option<Link>,
}

/// The repository that a project is linked to.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Link {
    /// `github`, or another host, whose fields have other names.
    #[serde(rename = "type")]
    pub kind: Option<String>,
    pub org: Option<String>,
    pub repo: Option<String>,
    pub production_branch: Option<String>,
}

impl Link {
    /// `owner/name`; of another host than GitHub as far as it can be told.
    pub fn repository(&self) -> String {
        let kind = self.kind.as_deref().unwrap_or("an unknown host");
        match (&self.org, &self.repo) {
            (Some(org), Some(repo)) if kind.starts_with("github") => format!("{org}/{repo}"),
            _ => format!("a repository of {kind}"),
        }
    }

    /// Whether it is that repository of GitHub; names there do not heed case.
    pub fn is(&self, repository: &str) -> bool {
        self.repository().eq_ignore_ascii_case(repository)
    }
}

impl Project {
    pub fn production_branch(&self) -> Option<&str> {
        self.link.as_ref()?.production_branch.as_deref()
    }

    /// The folder it builds in, however the root is written.
    pub fn root(&self) -> Option<&str> {
        let root = self.root_directory.as_deref()?;
        let root = root.trim_start_matches("./").trim_matches('/');
        (!root.is_empty() && root != ".").then_some(root)
    }
}

/// A project as it is created: linked, and with its settings, in one call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewProject {
    pub name: String,
    /// Absent: Vercel's own guess.
    pub framework: Option<String>,
    pub build_command: String,
    /// Absent: the repository's root.
    pub root: Option<String>,
    /// `owner/name`.
    pub repository: String,
}

/// What stands in a project besides its settings.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Contents {
    /// Without those that Vercel gives by itself.
    pub domains: Vec<String>,
    /// Names of its variables.
    pub variables: Vec<String>,
}

#[derive(Deserialize)]
struct Domains {
    #[serde(default)]
    domains: Vec<Domain>,
    pagination: Option<Pagination>,
}

#[derive(Deserialize)]
struct Domain {
    name: String,
}

#[derive(Deserialize)]
struct Variables {
    #[serde(default)]
    envs: Vec<Variable>,
    pagination: Option<Pagination>,
}

#[derive(Deserialize)]
struct Variable {
    key: String,
}

fn at(id_or_name: &str, rest: &str) -> String {
    format!("/v9/projects/{}{rest}", encoded(id_or_name))
}

impl Client<'_> {
    /// `GET v9/projects/{idOrName}`. 404 `not_found` = not in this team.
    pub async fn project(&self, id_or_name: &str) -> Result<Project, CallError> {
        self.get(&self.scoped(&at(id_or_name, ""))).await
    }

    /// `POST v11/projects`. A name is there once in a team: 409 when it is taken.
    pub async fn create_project(&self, new: &NewProject) -> Result<Project, CallError> {
        let mut body = json!({
            "name": new.name,
            "buildCommand": new.build_command,
            "rootDirectory": new.root,
            "gitRepository": { "type": "github", "repo": new.repository },
        });
        if let Some(framework) = &new.framework {
            body["framework"] = json!(framework);
        }
        self.write(Class::Unique, Method::Post, "/v11/projects", body)
            .await
    }

    /// `PATCH v9/projects/{id}`: what is not named stays, null is the framework's own.
    pub async fn change_project(&self, id: &str, fields: Value) -> Result<Project, CallError> {
        self.write(Class::Natural, Method::Patch, &at(id, ""), fields)
            .await
    }

    /// `DELETE v9/projects/{id}`. One that is gone already is gone.
    pub async fn delete_project(&self, id: &str) -> Result<(), CallError> {
        match self.send(Class::Unique, Method::Delete, &at(id, "")).await {
            Err(error) if error.is_status(404) => Ok(()),
            other => other,
        }
    }

    /// `POST v9/projects/{id}/link`: to a repository of GitHub.
    pub async fn link_project(&self, id: &str, repository: &str) -> Result<Project, CallError> {
        let body = json!({ "type": "github", "repo": repository });
        self.write(Class::Unique, Method::Post, &at(id, "/link"), body)
            .await
    }

    /// `DELETE v9/projects/{id}/link`. The production branch is forgotten with it.
    pub async fn unlink_project(&self, id: &str) -> Result<(), CallError> {
        self.send(Class::Unique, Method::Delete, &at(id, "/link"))
            .await
    }

    /// `PATCH v9/projects/{id}/branch`, which takes `branch` and answers `link.productionBranch`. Some projects keep
    /// theirs elsewhere and take the call without effect: that is read back, and told as a refusal that names `page`.
    pub async fn set_production_branch(
        &self,
        id: &str,
        branch: &str,
        page: &str,
    ) -> Result<(), CallError> {
        let path = at(id, "/branch");
        let body = json!({ "branch": branch });
        let mut project: Project = self
            .write(Class::Natural, Method::Patch, &path, body)
            .await?;
        for _ in 0..LOOKS {
            if project.production_branch() == Some(branch) {
                return Ok(());
            }
            self.http.pause(BETWEEN_LOOKS).await;
            project = self.project(id).await?;
        }
        match project.production_branch() == Some(branch) {
            true => Ok(()),
            false => Err(branch_not_taken(&path, branch, &project, page)),
        }
    }

    /// Domains and variables of a project.
    pub async fn contents(&self, id: &str) -> Result<Contents, CallError> {
        let path = self.scoped(&at(id, "/domains?limit=100"));
        let domains: Vec<Domains> = self
            .pages(&path, "until", |page: &Domains| page.pagination.as_ref())
            .await?;
        let path = self.scoped(&format!("/v10/projects/{}/env", encoded(id)));
        let variables: Vec<Variables> = self
            .pages(&path, "until", |page: &Variables| page.pagination.as_ref())
            .await?;
        let domains = domains.into_iter().flat_map(|page| page.domains);
        Ok(Contents {
            domains: domains
                .map(|domain| domain.name)
                .filter(|name| !name.ends_with(".vercel.app"))
                .collect(),
            variables: variables
                .into_iter()
                .flat_map(|page| page.envs)
                .map(|variable| variable.key)
                .collect(),
        })
    }
}

/// The refusal of a production branch that was taken and shows nowhere.
pub fn branch_not_taken(path: &str, branch: &str, seen: &Project, page: &str) -> CallError {
    let shown = seen.production_branch().unwrap_or("none");
    CallError::Refused(Box::new(Refusal {
        provider: Provider::Vercel,
        call: FailedCall {
            method: Method::Patch.to_string(),
            path: path.into(),
            status: Some(200),
            request_id: None,
        },
        status: 200,
        message: format!(
            "Vercel took {branch} for the production branch of {} and still shows {shown}",
            seen.name
        ),
        errors: vec![],
        code: Some(BRANCH_NOT_TAKEN.into()),
        fields: BTreeMap::from([("link".to_string(), page.to_string())]),
        headers: BTreeMap::new(),
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_is_known_by_its_repository() {
        let link = |value: Value| serde_json::from_value::<Link>(value).unwrap();
        let github = link(json!({"type": "github", "org": "Acme", "repo": "shop", "repoId": 7}));
        assert!(github.is("acme/Shop"));
        assert!(!github.is("acme/store"));
        let other = link(json!({"type": "gitlab", "projectNamespace": "acme"}));
        assert_eq!(other.repository(), "a repository of gitlab");
        assert!(!other.is("acme/shop"));
    }

    #[test]
    fn the_root_is_the_root_however_it_is_written() {
        let root = |text: Value| {
            let project: Project = serde_json::from_value(
                json!({"id": "prj_1", "name": "x", "rootDirectory": text, "link": null}),
            )
            .unwrap();
            project.root().map(str::to_owned)
        };
        for text in [json!(null), json!(""), json!("."), json!("./"), json!("/")] {
            assert_eq!(root(text), None);
        }
        assert_eq!(root(json!("./client/")).as_deref(), Some("client"));
    }
}
