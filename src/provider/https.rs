//! The real transport: one request over reqwest, one reply or the reason why there is none.
//!
//! Nothing is repeated and no redirect is followed here: what may be sent again is decided in `provider/http`.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use futures::future::BoxFuture;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use reqwest::header::{HeaderName, HeaderValue};
use reqwest::{Client, ClientBuilder, redirect, tls};
use url::Url;

use super::guard;
use crate::error::{Error, Result};
use crate::seam::transport::{
    HeaderText, HttpRequest, HttpResponse, Method, Transport, TransportError,
};
use crate::text::strip_controls;

const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// Shorter than any provider keeps an idle connection: a write that meets a connection just closed by the other
/// side has an unknown outcome, though nothing went wrong.
const IDLE_MAX: Duration = Duration::from_secs(15);
/// Longest cause that is told; vendor and system texts are shorter.
const CAUSE_MAX: usize = 300;

/// Makes ring the process's one crypto provider. Calling it again changes nothing.
pub fn install_crypto() {
    // An error means that a provider is installed already, which is what was asked for.
    let _ = rustls::crypto::ring::default_provider().install_default();
}

/// HTTP to the providers: TLS 1.2 or newer against the system's root certificates, through the proxy that the
/// environment names.
pub struct HttpsTransport {
    /// For addresses on this machine: plain HTTP, no proxy, names never looked up.
    near: Client,
    /// For all others: TLS only. The reason in words when this machine cannot check certificates; the simulator can
    /// be used all the same.
    far: Result<Client, String>,
}

impl HttpsTransport {
    /// Reads the system's root certificates, once.
    pub fn new() -> Result<Self> {
        install_crypto();
        let near = common()
            .no_proxy()
            .dns_resolver(Arc::new(LocalNames))
            .tls_certs_only([])
            .build()
            .map_err(|error| {
                Error::failed("HTTP could not be set up").because(cause(error.without_url()))
            })?;
        let far = common().https_only(true).build().map_err(|error| {
            format!(
                "this machine's root certificates cannot be used ({}); on Debian they come with the package ca-certificates",
                cause(error.without_url())
            )
        });
        Ok(Self { near, far })
    }

    async fn exchange(&self, request: HttpRequest) -> Result<HttpResponse, TransportError> {
        let (client, prepared) = self.prepare(&request)?;
        let response = client.execute(prepared).await.map_err(failed)?;
        let status = response.status().as_u16();
        let headers = response
            .headers()
            .iter()
            .map(|(name, value)| {
                let value = String::from_utf8_lossy(value.as_bytes()).into_owned();
                (name.as_str().to_string(), value)
            })
            .collect();
        let body = read(response, request.body_max).await?;
        Ok(HttpResponse {
            status,
            headers,
            body,
        })
    }

    /// All that can be refused before anything leaves.
    fn prepare(
        &self,
        request: &HttpRequest,
    ) -> Result<(&Client, reqwest::Request), TransportError> {
        let not_sent = |cause: String| TransportError::NotSent(cause);
        // The parser's message never repeats the address, which could hold what should not be shown.
        let url = Url::parse(&request.url)
            .map_err(|error| not_sent(format!("the address cannot be read, {error}")))?;
        guard::address_fits(&url).map_err(|error| not_sent(refusal(error)))?;
        let client = if guard::is_loopback(&url) {
            &self.near
        } else {
            self.far.as_ref().map_err(|why| not_sent(why.clone()))?
        };
        let mut prepared = reqwest::Request::new(method(request.method), url);
        *prepared.timeout_mut() = Some(request.timeout);
        for (name, text) in &request.headers {
            let key = HeaderName::try_from(name.as_str())
                .map_err(|_| not_sent(format!("{name} is not a header's name")))?;
            let value = header(text)
                .ok_or_else(|| not_sent(format!("the header {name} cannot hold its value")))?;
            if let HeaderText::Secret(secret) = text {
                guard::header_fits(prepared.url(), secret)
                    .map_err(|error| not_sent(refusal(error)))?;
            }
            prepared.headers_mut().append(key, value);
        }
        *prepared.body_mut() = request.body.clone().map(reqwest::Body::from);
        Ok((client, prepared))
    }
}

impl Transport for HttpsTransport {
    fn send(&self, request: HttpRequest) -> BoxFuture<'_, Result<HttpResponse, TransportError>> {
        Box::pin(self.exchange(request))
    }
}

/// What both clients share.
fn common() -> ClientBuilder {
    Client::builder()
        .user_agent(concat!("golive/", env!("CARGO_PKG_VERSION")))
        .redirect(redirect::Policy::none())
        .referer(false)
        .tls_version_min(tls::Version::TLS_1_2)
        .connect_timeout(CONNECT_TIMEOUT)
        .pool_idle_timeout(IDLE_MAX)
}

fn method(method: Method) -> reqwest::Method {
    match method {
        Method::Get => reqwest::Method::GET,
        Method::Post => reqwest::Method::POST,
        Method::Put => reqwest::Method::PUT,
        Method::Patch => reqwest::Method::PATCH,
        Method::Delete => reqwest::Method::DELETE,
    }
}

fn header(text: &HeaderText) -> Option<HeaderValue> {
    match text {
        HeaderText::Plain(text) => HeaderValue::from_str(text).ok(),
        HeaderText::Secret(secret) => {
            let mut value = HeaderValue::from_str(secret.expose()).ok()?;
            value.set_sensitive(true);
            Some(value)
        }
    }
}

/// The body, unless it is longer than `max`; then the rest is not read.
async fn read(mut response: reqwest::Response, max: usize) -> Result<Vec<u8>, TransportError> {
    if response
        .content_length()
        .is_some_and(|length| length > max as u64)
    {
        return Err(TransportError::TooLarge);
    }
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(interrupted)? {
        if body.len() + chunk.len() > max {
            return Err(TransportError::TooLarge);
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

/// Before the reply's headers. Only what surely ended before the first byte left is `NotSent`.
fn failed(error: reqwest::Error) -> TransportError {
    if error.is_connect() || error.is_builder() {
        return TransportError::NotSent(cause(error.without_url()));
    }
    interrupted(error)
}

/// After the first byte left: whatever it was, the other side may have acted.
fn interrupted(error: reqwest::Error) -> TransportError {
    if error.is_timeout() {
        return TransportError::Timeout;
    }
    TransportError::Broken(cause(error.without_url()))
}

/// The innermost cause in words: the outer ones say only that sending a request failed.
fn cause(error: reqwest::Error) -> String {
    let mut innermost: &dyn std::error::Error = &error;
    while let Some(source) = innermost.source() {
        innermost = source;
    }
    strip_controls(&innermost.to_string())
        .chars()
        .take(CAUSE_MAX)
        .collect()
}

/// A refusal of our own as one line.
fn refusal(error: Error) -> String {
    match error.cause {
        Some(cause) => format!("{}: {cause}", error.what),
        None => error.what,
    }
}

/// `localhost` and names below it are this machine, whatever a name server would say.
struct LocalNames;

impl Resolve for LocalNames {
    fn resolve(&self, name: Name) -> Resolving {
        let local = guard::is_local_name(name.as_str());
        Box::pin(async move {
            if !local {
                return Err("not a name of this machine".into());
            }
            let addresses = [
                IpAddr::V4(Ipv4Addr::LOCALHOST),
                IpAddr::V6(Ipv6Addr::LOCALHOST),
            ];
            // The port is the address's own; 0 here means that.
            let addresses: Addrs = Box::new(addresses.map(|ip| SocketAddr::new(ip, 0)).into_iter());
            Ok(addresses)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::secret::Secret;

    fn asked(url: &str, headers: Vec<(String, HeaderText)>) -> HttpRequest {
        HttpRequest {
            method: Method::Get,
            url: url.into(),
            headers,
            body: None,
            timeout: Duration::from_secs(5),
            body_max: 1000,
        }
    }

    fn refused(url: &str, headers: Vec<(String, HeaderText)>) -> String {
        let transport = HttpsTransport::new().unwrap();
        match transport.prepare(&asked(url, headers)) {
            Err(TransportError::NotSent(cause)) => cause,
            other => panic!("not refused: {other:?}"),
        }
    }

    #[test]
    fn secrets_are_marked_sensitive_and_stay_where_they_belong() {
        let token = "golive-sim-github-0123456789abcdef01234567";
        let bearer = || {
            let value = Secret::new(token).prefixed("Bearer ");
            vec![("authorization".to_string(), HeaderText::Secret(value))]
        };
        let transport = HttpsTransport::new().unwrap();
        let request = asked("http://127.0.0.1:1/user", bearer());
        let (_, prepared) = transport.prepare(&request).unwrap();
        assert!(prepared.headers()["authorization"].is_sensitive());
        assert!(!format!("{prepared:?}").contains(token));

        let told = refused("https://api.github.com/user", bearer());
        assert!(told.contains("api.github.com") && !told.contains(token));
    }

    #[test]
    fn plain_http_to_another_machine_is_refused_before_anything_leaves() {
        assert!(refused("http://192.0.2.1/?key=hunter2", vec![]).contains("TLS"));
        assert!(!refused("http://192.0.2.1/?key=hunter2", vec![]).contains("hunter2"));
    }

    #[test]
    fn a_value_that_is_no_header_is_refused_without_being_shown() {
        let broken = HeaderText::Secret(Secret::new("golive-sim-x\r\nHost: evil"));
        let told = refused("http://127.0.0.1/", vec![("authorization".into(), broken)]);
        assert_eq!(told, "the header authorization cannot hold its value");
    }
}
