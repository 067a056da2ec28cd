//! What Vercel sees of GitHub: the accounts its app is installed for, and their repositories. Both endpoints belong to
//! the token's user and take no team (with one, Vercel answers 400).

use serde::Deserialize;
use serde_json::Value;

use super::{Client, encoded};
use crate::provider::http::CallError;

/// A GitHub account that Vercel's app is installed for.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Namespace {
    /// A number or a text.
    id: Value,
    pub slug: Option<String>,
    /// The app sees selected repositories only.
    pub is_access_restricted: Option<bool>,
    /// The installation is there, and the user's connection to it has lapsed.
    pub require_reauth: Option<bool>,
}

/// A repository that Vercel's app sees.
#[derive(Clone, Debug, Deserialize)]
pub struct SeenRepository {
    pub name: Option<String>,
    /// The account it belongs to.
    pub namespace: Option<String>,
    pub private: Option<bool>,
}

/// A list, bare or under the key it is documented with.
#[derive(Deserialize)]
#[serde(untagged)]
enum Namespaces {
    Bare(Vec<Namespace>),
    #[serde(rename_all = "camelCase")]
    Wrapped {
        git_namespaces: Vec<Namespace>,
    },
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Repositories {
    Wrapped { repos: Vec<SeenRepository> },
    Bare(Vec<SeenRepository>),
}

impl Client<'_> {
    /// `GET v1/integrations/git-namespaces`. None at all: the app is installed nowhere that this user sees.
    pub async fn namespaces(&self) -> Result<Vec<Namespace>, CallError> {
        let path = "/v1/integrations/git-namespaces?provider=github";
        Ok(match self.get(path).await? {
            Namespaces::Bare(list) => list,
            Namespaces::Wrapped { git_namespaces } => git_namespaces,
        })
    }

    /// `GET v1/integrations/search-repo`: the repositories of an account whose names are like `name`.
    pub async fn search_repositories(
        &self,
        namespace: &Namespace,
        name: &str,
    ) -> Result<Vec<SeenRepository>, CallError> {
        let id = match &namespace.id {
            Value::String(id) => id.clone(),
            other => other.to_string(),
        };
        let path = format!(
            "/v1/integrations/search-repo?provider=github&namespaceId={}&query={}",
            encoded(&id),
            encoded(name)
        );
        Ok(match self.get(&path).await? {
            Repositories::Wrapped { repos } => repos,
            Repositories::Bare(repos) => repos,
        })
    }
}
