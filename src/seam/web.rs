//! The product's own sites, as a visitor reaches them: TLS and HTTP, never a provider's API.

use std::time::Duration;

use futures::future::BoxFuture;
use jiff::Timestamp;

use super::transport::{HeaderText, Method};

pub trait Web: Send + Sync {
    /// One exchange over HTTPS. The certificate is verified; redirects are never followed; the name is looked up afresh.
    fn fetch<'a>(&'a self, visit: &'a Visit) -> BoxFuture<'a, Result<Page, Unreached>>;

    /// The certificate that a host shows on port 443, read whether or not it can be trusted.
    fn certificate<'a>(&'a self, host: &'a str) -> BoxFuture<'a, Result<Certificate, Unreached>>;
}

/// What is asked of a site.
#[derive(Clone, Debug)]
pub struct Visit {
    pub method: Method,
    /// A CORS preflight instead of `method`: sent as `OPTIONS`, with `Access-Control-Request-Method: method`.
    pub preflight: bool,
    pub host: String,
    /// With its query.
    pub path: String,
    pub headers: Vec<(String, HeaderText)>,
    /// For the whole exchange.
    pub timeout: Duration,
    /// A longer body is cut off here.
    pub body_max: usize,
}

/// What a site answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page {
    pub status: u16,
    /// Names in lower case, in the order received.
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl Page {
    pub fn header(&self, name: &str) -> Option<&str> {
        let found = self
            .headers
            .iter()
            .find(|(key, _)| key.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.as_str())
    }
}

/// Why a site was not reached. The texts are causes as the operator reads them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unreached {
    /// The name leads nowhere.
    Name(String),
    /// Nobody takes the connection.
    Connection(String),
    /// The connection stands and TLS does not: a certificate that cannot be trusted, or a handshake that broke off.
    Tls(String),
    Timeout,
}

impl std::fmt::Display for Unreached {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Unreached::Name(cause) => write!(f, "the name leads nowhere: {cause}"),
            Unreached::Connection(cause) => write!(f, "could not connect: {cause}"),
            Unreached::Tls(cause) => write!(f, "TLS failed: {cause}"),
            Unreached::Timeout => write!(f, "no answer in time"),
        }
    }
}

/// The first certificate of a chain, and what is wrong with it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Certificate {
    /// The names it is for, wildcards as they stand.
    pub names: Vec<String>,
    /// The issuer's organisation, else its common name.
    pub issuer: String,
    pub not_before: Timestamp,
    pub not_after: Timestamp,
    /// `None`: valid now, for this host, with a chain to a root that is trusted.
    pub fault: Option<CertificateFault>,
}

/// What is wrong with a certificate, the first that holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CertificateFault {
    Expired,
    NotYetValid,
    /// It is for other names.
    OtherName,
    /// It is signed by itself, or by an issuer that nobody trusts.
    Untrusted(String),
}
