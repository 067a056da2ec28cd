//! Render's REST API v1, one method per endpoint used. Facts: its published document and recorded traffic.
//!
//! Wire structs are tolerant: what may be absent is an `Option`, `null` stands for an empty list, unknown fields are
//! passed over, and words such as plans and states stay text, so that a new word is never an error.

mod account;
mod address;
mod deploy;
mod domain;
mod env_group;
mod key_value;
mod manners;
mod page;
mod plan;
mod refusal;
mod service;
mod token;

pub use account::{Owner, User};
pub use address::{EVERYWHERE, cidr};
pub use deploy::Deploy;
pub use domain::CustomDomain;
pub use env_group::{EnvGroup, EnvVar, NewEnvGroup, ServiceLink};
pub use key_value::{AllowedRange, ConnectionInfo, KeyValue, NewKeyValue};
pub use manners::Manners;
pub use plan::{COMPUTE_PLANS, KEY_VALUE_PLANS, is_smaller_key_value, same_plan};
pub use refusal::verdict;
pub use service::{NewService, Outbound, Service, same_repository};
pub use token::check_token;

use serde::de::DeserializeOwned;
use serde_json::Value;

use super::http::{CallError, Class, Endpoint, Http, encoded, reading};
use crate::seam::transport::Method;

/// Speaks to Render.
pub struct Client<'a> {
    pub http: Http<'a>,
}

impl<'a> Client<'a> {
    pub fn new(http: Http<'a>) -> Self {
        Self { http }
    }

    async fn get<T: DeserializeOwned>(&self, path: &str) -> Result<T, CallError> {
        self.http.json(reading(path)).await
    }

    /// Writes, and reads the reply.
    async fn write<T: DeserializeOwned>(
        &self,
        class: Class,
        method: Method,
        path: &str,
        body: Value,
    ) -> Result<T, CallError> {
        self.http
            .json(Endpoint {
                class,
                method,
                path,
                body: Some(body),
                media: None,
            })
            .await
    }

    /// Writes where the reply says nothing more: Render often answers without a body.
    async fn send(
        &self,
        class: Class,
        method: Method,
        path: &str,
        body: Option<Value>,
    ) -> Result<(), CallError> {
        self.http
            .done(Endpoint {
                class,
                method,
                path,
                body,
                media: None,
            })
            .await
    }
}

/// The page of an object for a person, where Render does not tell one: Key Value instances under `r`, web services
/// under `web`, workers under `worker`.
pub fn dashboard(folder: &str, id: &str) -> String {
    format!("https://dashboard.render.com/{folder}/{id}")
}
