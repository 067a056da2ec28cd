//! HTTP to providers: one request, one reply, nothing decided here.

use std::time::Duration;

use futures::future::BoxFuture;

use crate::secret::Secret;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Method {
    Get,
    Post,
    Put,
    Patch,
    Delete,
}

impl Method {
    pub fn as_str(self) -> &'static str {
        match self {
            Method::Get => "GET",
            Method::Post => "POST",
            Method::Put => "PUT",
            Method::Patch => "PATCH",
            Method::Delete => "DELETE",
        }
    }

    pub fn parse(name: &str) -> Option<Method> {
        [
            Method::Get,
            Method::Post,
            Method::Put,
            Method::Patch,
            Method::Delete,
        ]
        .into_iter()
        .find(|method| method.as_str() == name)
    }
}

impl std::fmt::Display for Method {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

#[derive(Clone, Debug)]
pub enum HeaderText {
    Plain(String),
    Secret(Secret),
}

#[derive(Clone, Debug)]
pub struct HttpRequest {
    pub method: Method,
    /// Absolute, without secrets.
    pub url: String,
    pub headers: Vec<(String, HeaderText)>,
    pub body: Option<Vec<u8>>,
    /// For the whole exchange.
    pub timeout: Duration,
    /// A longer reply body is cut off and reported as `TooLarge`.
    pub body_max: usize,
}

#[derive(Clone, Debug)]
pub struct HttpResponse {
    pub status: u16,
    /// Names in lower case, in the order received.
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl HttpResponse {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(key, _)| key.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_str())
    }
}

/// Why there is no reply. The text is the cause as the operator reads it; it holds no URL query and no header.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TransportError {
    /// Name lookup, connection or TLS failed: nothing was sent, so nothing happened.
    NotSent(String),
    /// No reply in time: it may have happened.
    Timeout,
    /// The connection ended before the whole reply was there: it may have happened.
    Broken(String),
    /// The reply was longer than `body_max`: it may have happened.
    TooLarge,
}

impl std::fmt::Display for TransportError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            TransportError::NotSent(cause) => write!(f, "could not connect: {cause}"),
            TransportError::Timeout => write!(f, "no reply in time"),
            TransportError::Broken(cause) => write!(f, "the connection ended early: {cause}"),
            TransportError::TooLarge => write!(f, "the reply was too long"),
        }
    }
}

pub trait Transport: Send + Sync {
    /// Redirects are never followed here.
    fn send(&self, request: HttpRequest) -> BoxFuture<'_, Result<HttpResponse, TransportError>>;
}
