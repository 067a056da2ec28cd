//! GoDaddy's API, v3 with a token and v1 with a key: one method per need, whichever of the two answers it. Facts: its
//! published documents and what its users report.
//!
//! What replaces more than one name's records is never called: v1's `PUT …/records` and `PUT …/records/{type}`, and v3's
//! `PUT …/dns-records/{id}`, which answers 200 and replaces the whole zone.

mod domain;
mod manners;
mod records;
mod refusal;
mod token;

pub use domain::Domain;
pub use manners::{Manners, Version};
pub use records::{Record, TTL_MAX, TTL_MIN};
pub use refusal::{AGAIN, BY_HAND, CHOICE, is_duplicate, is_refused_access, verdict};
pub use token::check_token;

use serde::de::DeserializeOwned;
use serde_json::Value;

use super::http::{CallError, Class, Endpoint, Http, encoded};
use crate::seam::transport::Method;

/// Speaks to GoDaddy.
pub struct Client<'a> {
    pub http: Http<'a>,
    version: Version,
}

impl<'a> Client<'a> {
    pub fn new(http: Http<'a>, version: Version) -> Self {
        Self { http, version }
    }

    /// Which of the two APIs the keys are for.
    pub fn version(&self) -> Version {
        self.version
    }

    async fn get<T: DeserializeOwned>(&self, path: &str) -> Result<T, CallError> {
        self.http
            .json(Endpoint {
                class: Class::Read,
                method: Method::Get,
                path,
                body: None,
                media: None,
            })
            .await
    }

    /// Writes where the reply says nothing more: v1 answers 200 with an empty body.
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

/// The page where a person edits the records of a zone.
pub fn records_page(zone: &str) -> String {
    format!("https://dcc.godaddy.com/manage/{zone}/dns")
}
