//! Who the token belongs to, what kind it is, and the repository it is for.

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::Value;

use super::{Client, encoded, reading};
use crate::provider::http::CallError;
use crate::seam::transport::HttpResponse;

/// The token's user.
#[derive(Clone, Debug, Deserialize)]
pub struct User {
    pub login: String,
    pub id: u64,
    pub plan: Option<Plan>,
}

#[derive(Clone, Debug, Deserialize)]
pub struct Plan {
    pub name: Option<String>,
}

/// What headers tell about a token; its permissions as such cannot be listed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TokenFacts {
    /// Scopes of a classic token. A fine-grained one has none to list.
    pub scopes: Option<Vec<String>>,
    /// Absent when the token has no expiry, or the server does not say.
    pub expires: Option<Timestamp>,
}

/// The repository. What GitHub shows only to those who may push is `None` for others.
#[derive(Clone, Debug, Deserialize)]
pub struct Repository {
    pub full_name: String,
    pub html_url: Option<String>,
    pub private: Option<bool>,
    pub archived: Option<bool>,
    pub disabled: Option<bool>,
    pub default_branch: Option<String>,
    pub owner: Option<Owner>,
    pub delete_branch_on_merge: Option<bool>,
    pub allow_merge_commit: Option<bool>,
    /// The user's role, not the token's power.
    pub permissions: Option<Permissions>,
}

#[derive(Clone, Debug, Deserialize)]
pub struct Owner {
    pub login: Option<String>,
    /// `User` or `Organization`.
    #[serde(rename = "type")]
    pub kind: Option<String>,
}

#[derive(Clone, Debug, Default, Deserialize)]
pub struct Permissions {
    pub admin: Option<bool>,
    pub maintain: Option<bool>,
    pub push: Option<bool>,
    pub pull: Option<bool>,
}

impl Permissions {
    /// The highest role they amount to.
    pub fn role(&self) -> &'static str {
        let roles = [
            (self.admin, "admin"),
            (self.maintain, "maintain"),
            (self.push, "write"),
            (self.pull, "read"),
        ];
        roles
            .into_iter()
            .find(|(has, _)| *has == Some(true))
            .map_or("none", |(_, role)| role)
    }
}

#[derive(Deserialize)]
struct Permission {
    permission: Option<String>,
}

impl Client<'_> {
    /// `GET /user`: who the token belongs to, with what the headers tell about it. 401 = bad, expired or revoked.
    pub async fn user(&self) -> Result<(User, TokenFacts), CallError> {
        let (user, response) = self.http.json_with_headers(reading("/user")).await?;
        Ok((user, facts(&response)))
    }

    /// `GET /repos/{o}/{r}`. 404 = no such repository, or no access. A renamed one is followed: compare `full_name`.
    pub async fn repository(&self) -> Result<Repository, CallError> {
        self.get(&self.at("")).await
    }

    /// `GET /repos/{o}/{r}/collaborators/{login}/permission` -> `admin`, `write`, `read` or `none`.
    pub async fn permission_of(&self, login: &str) -> Result<String, CallError> {
        let path = self.at(&format!("/collaborators/{}/permission", encoded(login)));
        let reply: Permission = self.get(&path).await?;
        Ok(reply.permission.unwrap_or_else(|| "none".into()))
    }

    /// A GET whose answer is not wanted, only whether it is allowed: how a fine-grained token's permissions are read.
    /// `rest` is below the repository, already encoded.
    pub async fn probe(&self, rest: &str) -> Result<(), CallError> {
        let _: Value = self.get(&self.at(rest)).await?;
        Ok(())
    }
}

fn facts(response: &HttpResponse) -> TokenFacts {
    let scopes = response.header("x-oauth-scopes").map(|scopes| {
        scopes
            .split(',')
            .map(|scope| scope.trim().to_string())
            .filter(|scope| !scope.is_empty())
            .collect::<Vec<_>>()
    });
    TokenFacts {
        scopes: scopes.filter(|scopes| !scopes.is_empty()),
        expires: response
            .header("github-authentication-token-expiration")
            .and_then(expiry),
    }
}

/// `2027-10-12 09:00:00 UTC`, or with a numeric offset.
fn expiry(text: &str) -> Option<Timestamp> {
    let text = text.trim();
    let text = text
        .strip_suffix("UTC")
        .map_or(text.to_string(), |time| format!("{time}+0000"));
    Timestamp::strptime("%Y-%m-%d %H:%M:%S %z", text).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_tell_scopes_and_expiry() {
        let headers = |pairs: &[(&str, &str)]| {
            facts(&HttpResponse {
                status: 200,
                headers: pairs
                    .iter()
                    .map(|(name, value)| (name.to_string(), value.to_string()))
                    .collect(),
                body: vec![],
            })
        };
        let classic = headers(&[
            ("x-oauth-scopes", "repo, workflow"),
            (
                "github-authentication-token-expiration",
                "2027-10-12 09:00:00 UTC",
            ),
        ]);
        assert_eq!(
            classic,
            TokenFacts {
                scopes: Some(vec!["repo".into(), "workflow".into()]),
                expires: Some("2027-10-12T09:00:00Z".parse().unwrap()),
            }
        );
        assert_eq!(headers(&[("x-oauth-scopes", "")]), TokenFacts::default());
        assert_eq!(
            expiry("2027-10-12 09:00:00 -0700"),
            Some("2027-10-12T16:00:00Z".parse().unwrap())
        );
        assert_eq!(expiry("tomorrow"), None);
    }
}
