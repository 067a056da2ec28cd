//! Vercel's API, one method per endpoint used. Facts: the official document of 2025-10, and what its own programs send
//! where the document is silent (git connection, production branch).
//!
//! Wire structs are tolerant: what may be absent is an `Option`, unknown fields are passed over, and words such as
//! states stay text, so that a new word is never an error.

mod account;
mod deployment;
mod domain;
mod env;
mod git;
mod manners;
mod project;
mod protection;
mod refusal;
mod token;

pub use account::{Billing, Membership, Scope, SoftBlock, Team, TokenFacts, User};
pub use deployment::{AliasError, Deployment, GitSource, NewDeployment, Redeployed, Source};
pub use domain::{Challenge, Conflict, DomainConfig, ProjectDomain, Serves};
pub use env::{EnvRecord, NewEnv};
pub use git::{Namespace, SeenRepository};
pub use manners::Manners;
pub use project::{Contents, Link, NewProject, Project, branch_not_taken};
pub use protection::Protection;
pub use refusal::{
    BILLING_PAGE, GITHUB_APP_PAGE, LOGIN_CONNECTIONS_PAGE, TOKENS_PAGE, needs_login_connection,
    verdict,
};
pub use token::check_token;

use std::collections::BTreeSet;

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::http::{CallError, Class, Endpoint, Http, encoded, endless, reading};
use crate::seam::transport::Method;

/// A list of more pages than this is a loop or an account golive was not made for: 50 pages are 5,000 things.
const PAGES_MAX: usize = 50;

/// Speaks to Vercel.
pub struct Client<'a> {
    pub http: Http<'a>,
    /// The team that every call is made for (`team_…`); `None` before it is known, and for an account without one.
    pub team: Option<String>,
}

impl<'a> Client<'a> {
    pub fn new(http: Http<'a>, team: Option<String>) -> Self {
        Self { http, team }
    }

    /// The path for the launch's team. Without it a call acts on the token's own account, and the team's projects are
    /// simply not there.
    fn scoped(&self, path: &str) -> String {
        let mark = if path.contains('?') { '&' } else { '?' };
        match &self.team {
            Some(team) => format!("{path}{mark}teamId={}", encoded(team)),
            None => path.to_string(),
        }
    }

    async fn get<T: DeserializeOwned>(&self, path: &str) -> Result<T, CallError> {
        self.http.json(reading(path)).await
    }

    /// Writes for the team, and reads the reply.
    async fn write<T: DeserializeOwned>(
        &self,
        class: Class,
        method: Method,
        path: &str,
        body: Value,
    ) -> Result<T, CallError> {
        let path = self.scoped(path);
        self.http
            .json(Endpoint {
                class,
                method,
                path: &path,
                body: Some(body),
                media: None,
            })
            .await
    }

    /// Writes for the team where neither body nor reply say more.
    async fn send(&self, class: Class, method: Method, path: &str) -> Result<(), CallError> {
        let path = self.scoped(path);
        self.http
            .done(Endpoint {
                class,
                method,
                path: &path,
                body: None,
                media: None,
            })
            .await
    }

    /// All pages of a list. `cursor` is the parameter that takes what `pagination.next` says. A page that comes round
    /// again, a next page that cannot be read, or too many of them is an error and never a shorter list.
    async fn pages<P: DeserializeOwned>(
        &self,
        path: &str,
        cursor: &str,
        pagination: impl Fn(&P) -> Option<&Pagination>,
    ) -> Result<Vec<P>, CallError> {
        let mark = if path.contains('?') { '&' } else { '?' };
        let mut pages = Vec::new();
        let mut been = BTreeSet::new();
        let mut asked = path.to_string();
        loop {
            if pages.len() >= PAGES_MAX {
                return Err(endless(&asked, format!("more than {PAGES_MAX} pages")));
            }
            let page: P = self.get(&asked).await?;
            let next = pagination(&page).and_then(|pagination| pagination.next.clone());
            pages.push(page);
            let next = match next {
                None | Some(Value::Null) => return Ok(pages),
                Some(Value::Number(next)) => next.to_string(),
                Some(Value::String(next)) if !next.is_empty() => next,
                Some(_) => return Err(endless(&asked, "its next page cannot be read".into())),
            };
            if !been.insert(next.clone()) {
                return Err(endless(&asked, "its pages go round in a circle".into()));
            }
            asked = format!("{path}{mark}{cursor}={}", encoded(&next));
        }
    }
}

/// Where a list goes on. `next` is opaque: a number or a text; null at the end.
#[derive(Clone, Debug, Default, Deserialize)]
struct Pagination {
    next: Option<Value>,
}
