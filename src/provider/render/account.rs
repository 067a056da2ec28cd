//! Whose the key is, and the workspaces that it reaches.

use serde::Deserialize;

use super::Client;
use crate::provider::http::CallError;

/// The person behind the key.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct User {
    pub id: Option<String>,
    pub email: Option<String>,
    pub name: Option<String>,
}

impl User {
    /// As shown to the operator: `Ann (ann@example.com)`.
    pub fn in_words(&self) -> String {
        let told = |text: &Option<String>| text.clone().filter(|text| !text.is_empty());
        match (told(&self.name), told(&self.email)) {
            (Some(name), Some(email)) => format!("{name} ({email})"),
            (Some(word), None) | (None, Some(word)) => word,
            (None, None) => told(&self.id).unwrap_or_else(|| "a user without a name".into()),
        }
    }
}

/// A workspace.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Owner {
    /// `tea-…`, for older personal ones also `usr-…` or `own-…`.
    pub id: String,
    #[serde(default)]
    pub name: String,
    pub email: Option<String>,
    /// `team` or `user`.
    #[serde(rename = "type")]
    pub kind: Option<String>,
}

impl Client<'_> {
    /// `GET /users`: whose the key is. 401 = bad or revoked.
    pub async fn user(&self) -> Result<User, CallError> {
        self.get("/users").await
    }

    /// `GET /owners`: the workspaces that the key reaches.
    pub async fn owners(&self) -> Result<Vec<Owner>, CallError> {
        self.list("/owners", "owner").await
    }
}
