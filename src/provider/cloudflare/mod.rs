//! Cloudflare's API v4, one method per endpoint used. Facts: its published document.

mod manners;
mod records;
mod refusal;
mod token;
mod zone;

pub use manners::Manners;
pub use records::{COMMENT_MAX, NewRecord, Record, TTL_MAX, TTL_MIN};
pub use refusal::{is_identical, is_in_the_way, verdict};
pub use token::check_token;
pub use zone::{Verified, Zone};

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::http::{CallError, Class, Endpoint, Http, encoded};
use crate::event::FailedCall;
use crate::seam::transport::Method;

/// Where tokens are made and changed.
pub const TOKENS_PAGE: &str = "https://dash.cloudflare.com/profile/api-tokens";

/// Speaks to Cloudflare.
pub struct Client<'a> {
    pub http: Http<'a>,
}

/// Every answer of Cloudflare. That it is a success counts, whatever the status says.
#[derive(Deserialize)]
struct Envelope<T> {
    #[serde(default)]
    success: bool,
    result: Option<T>,
    #[serde(default)]
    result_info: Option<PageInfo>,
}

#[derive(Clone, Copy, Debug, Default, Deserialize)]
struct PageInfo {
    #[serde(default)]
    total_pages: Option<u32>,
}

impl<'a> Client<'a> {
    pub fn new(http: Http<'a>) -> Self {
        Self { http }
    }

    async fn get<T: DeserializeOwned>(&self, path: &str) -> Result<(T, PageInfo), CallError> {
        let envelope = self.http.json(Endpoint {
            class: Class::Read,
            method: Method::Get,
            path,
            body: None,
            media: None,
        });
        opened(envelope.await?, Class::Read, "GET", path)
    }

    async fn write<T: DeserializeOwned>(
        &self,
        class: Class,
        method: Method,
        path: &str,
        body: Option<Value>,
    ) -> Result<T, CallError> {
        let envelope = self.http.json(Endpoint {
            class,
            method,
            path,
            body,
            media: None,
        });
        Ok(opened(envelope.await?, class, &method.to_string(), path)?.0)
    }
}

/// What is in an envelope. A 2xx that is no success, or holds nothing, says nothing.
fn opened<T>(
    envelope: Envelope<T>,
    class: Class,
    method: &str,
    path: &str,
) -> Result<(T, PageInfo), CallError> {
    let info = envelope.result_info.unwrap_or_default();
    if let (true, Some(result)) = (envelope.success, envelope.result) {
        return Ok((result, info));
    }
    let call = FailedCall {
        method: method.into(),
        path: path.into(),
        status: Some(200),
        request_id: None,
    };
    let cause = "200, and no success in it".to_string();
    Err(match class {
        Class::Read => CallError::Unreachable { call, cause },
        Class::Natural | Class::Unique => CallError::Ambiguous { call, cause },
    })
}

/// The page where a person edits the records of a zone; Cloudflare asks there which account is meant.
pub fn records_page(zone: &str) -> String {
    format!("https://dash.cloudflare.com/?to=/:account/{zone}/dns/records")
}
