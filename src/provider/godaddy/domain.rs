//! A domain as its account shows it. Many accounts may edit records and still not read this.

use serde::Deserialize;

use super::{Client, Version, encoded};
use crate::provider::http::CallError;

/// What is read of a domain.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Domain {
    /// `ACTIVE`, `PENDING_DNS_ACTIVE`, `EXPIRED`, …
    #[serde(default)]
    pub status: Option<String>,
    /// As the registry has them: they may be another provider's.
    #[serde(default)]
    name_servers: Option<Vec<String>>,
}

impl Domain {
    pub fn name_servers(&self) -> &[String] {
        self.name_servers.as_deref().unwrap_or_default()
    }
}

impl Client<'_> {
    /// `GET /v3/domains/domain-names/{domain}` or `GET /v1/domains/{domain}`. A 403 says nothing about the records: it is
    /// given endpoint by endpoint.
    pub async fn domain(&self, domain: &str) -> Result<Domain, CallError> {
        let domain = encoded(domain);
        let path = match self.version {
            Version::V3 => format!("/v3/domains/domain-names/{domain}"),
            Version::V1 => format!("/v1/domains/{domain}"),
        };
        self.get(&path).await
    }
}
