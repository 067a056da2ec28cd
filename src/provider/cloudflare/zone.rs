//! The token, and the zones that it reaches.

use serde::Deserialize;

use super::{Client, encoded};
use crate::provider::http::CallError;

/// What Cloudflare says of a token that belongs to a user.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Verified {
    /// `active`, `disabled` or `expired`.
    #[serde(default)]
    pub status: String,
    #[serde(default)]
    pub expires_on: Option<String>,
}

/// A zone.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Zone {
    pub id: String,
    #[serde(default)]
    pub name: String,
    /// `active`; `pending` while the name servers are not Cloudflare's yet.
    pub status: Option<String>,
    #[serde(default)]
    name_servers: Option<Vec<String>>,
    #[serde(default)]
    pub paused: Option<bool>,
    #[serde(default)]
    account: Option<Account>,
}

#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
struct Account {
    id: Option<String>,
    name: Option<String>,
}

impl Zone {
    /// Those that Cloudflare has given to the zone.
    pub fn name_servers(&self) -> &[String] {
        self.name_servers.as_deref().unwrap_or_default()
    }

    /// Name and id of the account that the zone is in: `acme (023e105f4ecef8ad9ca31a8372d0c353)`.
    pub fn account(&self) -> Option<String> {
        let account = self.account.as_ref()?;
        let id = account.id.as_deref()?;
        let name = account.name.as_deref().unwrap_or("an account");
        Some(format!("{name} ({id})"))
    }

    /// The account's id.
    pub fn account_id(&self) -> Option<&str> {
        self.account.as_ref()?.id.as_deref()
    }
}

impl Client<'_> {
    /// `GET /user/tokens/verify`. Tokens that belong to an account are not known here.
    pub async fn verify(&self) -> Result<Verified, CallError> {
        Ok(self.get("/user/tokens/verify").await?.0)
    }

    /// `GET /zones?name=…`: the zones of that name that the token reaches.
    pub async fn zones(&self, name: &str) -> Result<Vec<Zone>, CallError> {
        let path = format!("/zones?name={}&per_page=50", encoded(name));
        let (mut zones, _): (Vec<Zone>, _) = self.get(&path).await?;
        zones.retain(|zone| zone.name.eq_ignore_ascii_case(name));
        Ok(zones)
    }
}
