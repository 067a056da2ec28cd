//! Who the token belongs to, how long it lasts, and the teams it reaches.

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::Value;

use super::{Client, Pagination, encoded};
use crate::provider::http::CallError;

/// The token's user.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct User {
    pub id: String,
    pub username: Option<String>,
    /// Where the projects of newer accounts live.
    pub default_team_id: Option<String>,
    /// The token sees only part of the account.
    pub limited: Option<bool>,
    /// The account is blocked until something is settled, such as an invoice.
    pub soft_block: Option<SoftBlock>,
    pub billing: Option<Billing>,
}

#[derive(Clone, Debug, Deserialize)]
pub struct SoftBlock {
    /// Such as `UNPAID_INVOICE`.
    pub reason: Option<String>,
}

/// The document declares it for nobody; it is read where it is shown.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct Billing {
    /// `hobby`, `pro` or `enterprise`.
    pub plan: Option<String>,
}

/// The token as Vercel lists it, without its value.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TokenFacts {
    pub name: Option<String>,
    /// In milliseconds since 1970; absent: it does not end.
    expires_at: Option<f64>,
    #[serde(default)]
    pub scopes: Vec<Scope>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Scope {
    /// `user` or `team`.
    #[serde(rename = "type")]
    pub kind: Option<String>,
    pub team_id: Option<String>,
    expires_at: Option<f64>,
}

impl TokenFacts {
    /// The first end that concerns the team: the token's own, or of the scope that covers it.
    pub fn expires(&self, team: Option<&str>) -> Option<Timestamp> {
        let own = |scope: &&Scope| match scope.kind.as_deref() {
            Some("team") => scope.team_id.as_deref() == team,
            _ => true,
        };
        let scopes = self.scopes.iter().filter(own);
        let ends = scopes
            .map(|scope| scope.expires_at)
            .chain([self.expires_at]);
        ends.flatten().filter_map(time).min()
    }
}

/// A time in milliseconds since 1970.
pub(super) fn time(millis: f64) -> Option<Timestamp> {
    Timestamp::from_millisecond(millis as i64).ok()
}

#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Team {
    pub id: String,
    pub slug: String,
    pub name: Option<String>,
    /// The token does not reach what is inside.
    pub limited: Option<bool>,
    pub membership: Option<Membership>,
    pub billing: Option<Billing>,
    pub soft_block: Option<SoftBlock>,
    /// `on`: every value of production and previews is unreadable once written.
    pub sensitive_environment_variable_policy: Option<Value>,
}

#[derive(Clone, Debug, Deserialize)]
pub struct Membership {
    /// Such as `OWNER`, `MEMBER`, `DEVELOPER`, `VIEWER`.
    pub role: Option<String>,
    pub confirmed: Option<bool>,
}

#[derive(Deserialize)]
struct OneUser {
    user: User,
}

#[derive(Deserialize)]
struct OneToken {
    token: TokenFacts,
}

#[derive(Deserialize)]
struct Teams {
    teams: Vec<Team>,
    pagination: Option<Pagination>,
}

impl Client<'_> {
    /// `GET v2/user`: for the token itself, of no team.
    pub async fn user(&self) -> Result<User, CallError> {
        let one: OneUser = self.get("/v2/user").await?;
        Ok(one.user)
    }

    /// `GET v5/user/tokens/current`.
    pub async fn token(&self) -> Result<TokenFacts, CallError> {
        let one: OneToken = self.get("/v5/user/tokens/current").await?;
        Ok(one.token)
    }

    /// `GET v2/teams`: all that the token sees.
    pub async fn teams(&self) -> Result<Vec<Team>, CallError> {
        let pages: Vec<Teams> = self
            .pages("/v2/teams?limit=100", "until", |page: &Teams| {
                page.pagination.as_ref()
            })
            .await?;
        Ok(pages.into_iter().flat_map(|page| page.teams).collect())
    }

    /// `GET v2/teams/{idOrSlug}`. 403 = the token's scope does not include it; 404 = no such team.
    pub async fn team(&self, id_or_slug: &str) -> Result<Team, CallError> {
        self.get(&format!("/v2/teams/{}", encoded(id_or_slug)))
            .await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_ends_when_the_first_of_its_ends_comes() {
        let token: TokenFacts = serde_json::from_value(serde_json::json!({
            "name": "golive", "expiresAt": 1_800_000_000_000_i64, "scopes": [
                {"type": "team", "teamId": "team_a", "expiresAt": 1_700_000_000_000_i64},
                {"type": "team", "teamId": "team_b", "expiresAt": 1_600_000_000_000_i64}
            ]
        }))
        .unwrap();
        let ends = |team| token.expires(team).map(|end| end.as_second());
        assert_eq!(ends(Some("team_a")), Some(1_700_000_000));
        assert_eq!(ends(Some("team_c")), Some(1_800_000_000));
        assert_eq!(TokenFacts::default().expires(None), None);
    }
}
