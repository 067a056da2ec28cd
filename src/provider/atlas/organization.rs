//! Organisations and projects, and what a key may do in them. Atlas' API calls a project a group.

use serde::Deserialize;

use super::{API, Client, V2023, encoded};
use crate::provider::http::CallError;

#[derive(Clone, Debug, Deserialize)]
pub struct Organization {
    pub id: String,
    pub name: String,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Group {
    pub id: String,
    pub name: String,
    pub org_id: String,
}

/// One role of the key, in an organisation or in a project.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RoleGrant {
    pub role_name: String,
    pub group_id: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Settings {
    api_access_list_required: Option<bool>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Status {
    api_key: Option<ApiKey>,
}

#[derive(Deserialize)]
struct ApiKey {
    roles: Option<Vec<RoleGrant>>,
}

impl Client<'_> {
    /// `GET /`: the roles of the key that asks. Atlas shows them for API keys; `None` where it shows none.
    pub async fn own_roles(&self) -> Result<Option<Vec<RoleGrant>>, CallError> {
        let status: Status = self.get(API, V2023).await?;
        Ok(status.api_key.and_then(|key| key.roles))
    }

    /// `GET /orgs`: empty for a key that belongs to a project alone.
    pub async fn organizations(&self) -> Result<Vec<Organization>, CallError> {
        self.list(&format!("{API}/orgs"), V2023).await
    }

    /// `GET /groups`: every project that the key sees.
    pub async fn groups(&self) -> Result<Vec<Group>, CallError> {
        self.list(&format!("{API}/groups"), V2023).await
    }

    /// `GET /orgs/{id}/settings`: whether calls are taken only from addresses on a list.
    pub async fn requires_api_access_list(&self, org: &str) -> Result<Option<bool>, CallError> {
        let path = format!("{API}/orgs/{}/settings", encoded(org));
        let settings: Settings = self.get(&path, V2023).await?;
        Ok(settings.api_access_list_required)
    }
}
