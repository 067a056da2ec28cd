//! Atlas' Administration API v2, one method per endpoint used, each in the version named beside it.
//!
//! Wire structs are tolerant: what may be absent is an `Option`, unknown fields are passed over, and words such as
//! states stay text, so that a new word is never an error.

mod access_list;
mod cluster;
mod digest;
mod manners;
mod organization;
mod refusal;
mod session;
mod token;
mod user;

pub use access_list::Entry;
pub use cluster::{AnyCluster, Cluster, ConnectionStrings, Flex, NewCluster, Tag};
pub use manners::Manners;
pub use organization::{Group, Organization, RoleGrant};
pub use refusal::{SITE, lacks_role, verdict};
pub use session::{Credential, Session};
pub use token::check_token;
pub use user::{DatabaseUser, Label, NewUser, Role, Scope};

use std::time::Duration;

use jiff::SignedDuration;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::http::{CallError, Class, Endpoint, Http, encoded};
use crate::event::FailedCall;
use crate::seam::transport::Method;
use crate::secret::Secret;

/// The version of everything that has no other below.
const V2023: &str = "application/vnd.atlas.2023-01-01+json";
const FORM: &str = "application/x-www-form-urlencoded";
const TOKEN_PATH: &str = "/api/oauth/token";
const API: &str = "/api/atlas/v2";

/// A token is renewed this long before it ends, as MongoDB's own Terraform provider does.
const RENEW_BEFORE: Duration = Duration::from_secs(600);
/// How long a token lasts where the reply does not say: Atlas' documentation says an hour.
const TOKEN_LASTS: u64 = 3600;

/// The most that a page may hold.
const PAGE_SIZE: usize = 500;
/// A list of more pages than this is a loop: Atlas bounds users to 100, access entries to 200, clusters to 25 a project.
const PAGES_MAX: usize = 50;

/// Speaks to Atlas.
pub struct Client<'a> {
    pub http: Http<'a>,
    manners: &'a Manners,
}

/// A call without its road.
struct Call<'c> {
    class: Class,
    method: Method,
    path: &'c str,
    media: &'static str,
    body: Option<Value>,
}

#[derive(Deserialize)]
struct Page<T> {
    results: Option<Vec<T>>,
    links: Option<Vec<Link>>,
}

#[derive(Deserialize)]
struct Link {
    rel: Option<String>,
}

#[derive(Deserialize)]
struct Granted {
    access_token: String,
    expires_in: Option<u64>,
}

impl<'a> Client<'a> {
    pub fn new(http: Http<'a>, manners: &'a Manners) -> Self {
        Self { http, manners }
    }

    /// Whether calls are signed with an API key, which Atlas shows the roles of.
    pub fn signs_with_key(&self) -> bool {
        self.manners.session().is_none()
    }

    async fn get<T: DeserializeOwned>(
        &self,
        path: &str,
        media: &'static str,
    ) -> Result<T, CallError> {
        self.call(&Call {
            class: Class::Read,
            method: Method::Get,
            path,
            media,
            body: None,
        })
        .await
    }

    /// Calls and reads the reply as JSON.
    async fn call<T: DeserializeOwned>(&self, call: &Call<'_>) -> Result<T, CallError> {
        self.signed(async || self.http.json(call.endpoint()).await)
            .await
    }

    /// Calls where success has nothing to read.
    async fn done(&self, call: &Call<'_>) -> Result<(), CallError> {
        self.signed(async || self.http.done(call.endpoint()).await)
            .await
    }

    /// Signs in first where that is needed, and once more when the token turns out to have ended in mid-run. A call
    /// that was refused with 401 has surely not happened, so it may be sent again.
    async fn signed<T>(
        &self,
        send: impl AsyncFn() -> Result<T, CallError>,
    ) -> Result<T, CallError> {
        let Some(used) = self.sign_in().await? else {
            return send().await;
        };
        match send().await {
            Err(error) if !used.is_new && refusal::token_not_taken(&error) => {
                if let Some(session) = self.manners.session() {
                    session.forget_this(&used.token);
                }
                self.sign_in().await?;
                send().await
            }
            other => other,
        }
    }

    /// Sees to it that the session holds a token that lasts; `None` where calls carry none.
    async fn sign_in(&self) -> Result<Option<Used>, CallError> {
        let Some(session) = self.manners.session() else {
            return Ok(None);
        };
        let _turn = session.turn().await;
        if let Some(token) = session.token(self.http.now()) {
            let is_new = false;
            return Ok(Some(Used { token, is_new }));
        }
        // A token is no object of the account: asking again does no harm.
        let granted: Granted = self
            .http
            .json(Endpoint {
                class: Class::Read,
                method: Method::Post,
                path: TOKEN_PATH,
                body: Some(json!({"grant_type": "client_credentials"})),
                media: Some(FORM),
            })
            .await?;
        let token = Secret::new(granted.access_token);
        let lasts = Duration::from_secs(granted.expires_in.unwrap_or(TOKEN_LASTS));
        // One that lasts no longer than that is used for half its time.
        let good = lasts
            .checked_sub(RENEW_BEFORE)
            .filter(|good| !good.is_zero())
            .unwrap_or(lasts / 2);
        let good = SignedDuration::try_from(good).unwrap_or(SignedDuration::ZERO);
        let until = self.http.now().saturating_add(good);
        session.hold(token.clone(), until.unwrap_or(self.http.now()));
        let is_new = true;
        Ok(Some(Used { token, is_new }))
    }

    /// All items of a list. Pages are counted up and never followed by address, which may name another host.
    async fn list<T: DeserializeOwned>(
        &self,
        path: &str,
        media: &'static str,
    ) -> Result<Vec<T>, CallError> {
        let mut all = Vec::new();
        let joint = if path.contains('?') { '&' } else { '?' };
        for number in 1..=PAGES_MAX {
            let path = format!("{path}{joint}pageNum={number}&itemsPerPage={PAGE_SIZE}");
            let page: Page<T> = self.get(&path, media).await?;
            all.extend(page.results.unwrap_or_default());
            let links = page.links.unwrap_or_default();
            let next = |link: &Link| link.rel.as_deref() == Some("next");
            if !links.iter().any(next) {
                return Ok(all);
            }
        }
        Err(CallError::Unreachable {
            call: FailedCall {
                method: "GET".into(),
                path: path.into(),
                status: None,
                request_id: None,
            },
            cause: format!("more than {PAGES_MAX} pages"),
        })
    }
}

/// The token that a call is sent with.
struct Used {
    token: Secret,
    /// Fetched for this very call: when it is refused, another would be too.
    is_new: bool,
}

impl<'c> Call<'c> {
    fn endpoint(&self) -> Endpoint<'c> {
        Endpoint {
            class: self.class,
            method: self.method,
            path: self.path,
            body: self.body.clone(),
            media: Some(self.media),
        }
    }
}

/// A path below a project.
fn at(group: &str, rest: &str) -> String {
    format!("{API}/groups/{}{rest}", encoded(group))
}

/// A removal of what is gone already has happened.
fn gone(outcome: Result<(), CallError>) -> Result<(), CallError> {
    match outcome {
        Err(error) if error.is_status(404) => Ok(()),
        other => other,
    }
}
