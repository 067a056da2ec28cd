//! The product's own sites, for real: TLS by rustls, HTTP by the same library as the providers.

mod certificate;

use std::error::Error as StdError;
use std::net::SocketAddr;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use futures::future::{BoxFuture, FutureExt};
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use reqwest::header::{ACCESS_CONTROL_REQUEST_METHOD, HeaderMap, HeaderName, HeaderValue};
use reqwest::{Client, redirect};
use url::Url;

use crate::clock::within;
use crate::dns::Network;
use crate::provider::https::install_crypto;
use crate::seam::clock::Clock;
use crate::seam::transport::{HeaderText, Method};
use crate::seam::web::{Certificate, Page, Unreached, Visit, Web};
use crate::text::strip_controls;
use crate::tls::{self, Trust};

const CONNECT_MAX: Duration = Duration::from_secs(10);
/// For the connection and the handshake when a certificate is read.
const CERTIFICATE_MAX: Duration = Duration::from_secs(15);
/// Where every site listens.
const PORT: u16 = 443;
/// Longest cause that is told.
const CAUSE_MAX: usize = 300;

/// Reaches the product's own names over HTTPS.
#[derive(Clone)]
pub struct Sites {
    road: Road,
    trust: Trust,
    clock: Arc<dyn Clock>,
    /// Made when it is first needed. The reason in words when it cannot be.
    client: Arc<OnceLock<Result<Client, String>>>,
}

/// Where a host is connected to.
#[derive(Clone, Debug)]
pub enum Road {
    /// Where its name leads.
    Named(Arc<Network>),
    /// Here, whatever the host: a simulated world's sites on this machine.
    Instead(SocketAddr),
    /// Nowhere: there is a simulated world, and nobody said where its sites are. What bears the same name out there is
    /// not it.
    Nowhere,
}

impl Sites {
    /// `clock` says what is valid now.
    pub fn new(road: Road, trust: Trust, clock: Arc<dyn Clock>) -> Self {
        install_crypto();
        Self {
            road,
            trust,
            clock,
            client: Arc::default(),
        }
    }

    fn client(&self) -> Result<&Client, Unreached> {
        let made = self.client.get_or_init(|| self.make());
        made.as_ref().map_err(|why| Unreached::Tls(why.clone()))
    }

    fn make(&self) -> Result<Client, String> {
        let mut config = self.trust.checking()?;
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        let builder = Client::builder()
            .user_agent(concat!("golive/", env!("CARGO_PKG_VERSION")))
            .tls_backend_preconfigured(config)
            .https_only(true)
            .redirect(redirect::Policy::none())
            .referer(false)
            .connect_timeout(CONNECT_MAX)
            // A connection that is kept would lead to where the name led before.
            .pool_max_idle_per_host(0)
            // A proxy would look names up itself, and might remember where they led.
            .no_proxy()
            .dns_resolver(Arc::new(self.road.clone()));
        let client = builder.build();
        client.map_err(|error| format!("HTTP could not be set up: {}", innermost(&error)))
    }

    async fn visit(&self, visit: &Visit) -> Result<Page, Unreached> {
        self.road.open()?;
        let request = request(visit)?;
        let mut response = self.client()?.execute(request).await.map_err(failed)?;
        let status = response.status().as_u16();
        let headers = response.headers().iter().map(|(name, value)| {
            let value = String::from_utf8_lossy(value.as_bytes()).into_owned();
            (name.as_str().to_string(), value)
        });
        let headers = headers.collect();
        let mut body = Vec::new();
        while body.len() < visit.body_max {
            let Some(chunk) = response.chunk().await.map_err(failed)? else {
                break;
            };
            let room = visit.body_max - body.len();
            body.extend_from_slice(&chunk[..chunk.len().min(room)]);
        }
        Ok(Page {
            status,
            headers,
            body,
        })
    }
}

impl Web for Sites {
    fn fetch<'a>(&'a self, visit: &'a Visit) -> BoxFuture<'a, Result<Page, Unreached>> {
        self.visit(visit).boxed()
    }

    fn certificate<'a>(&'a self, host: &'a str) -> BoxFuture<'a, Result<Certificate, Unreached>> {
        async move {
            let reading = async {
                let places = self.road.places(host, PORT).await?;
                certificate::read(host, &places, &self.trust, self.clock.now()).await
            };
            let read = within(CERTIFICATE_MAX, reading).await;
            read.unwrap_or(Err(Unreached::Timeout))
        }
        .boxed()
    }
}

impl Road {
    fn open(&self) -> Result<(), Unreached> {
        match self {
            Road::Named(_) | Road::Instead(_) => Ok(()),
            Road::Nowhere => Err(Unreached::Connection(
                "the simulated world's sites are not known: GOLIVE_HTTPS names where they are"
                    .into(),
            )),
        }
    }

    async fn places(&self, host: &str, port: u16) -> Result<Vec<SocketAddr>, Unreached> {
        self.open()?;
        let network = match self {
            Road::Named(network) => network,
            Road::Instead(place) => return Ok(vec![*place]),
            Road::Nowhere => return Ok(vec![]),
        };
        let found = network.addresses(host).await.map_err(Unreached::Name)?;
        let places = found.into_iter().map(|address| (address, port).into());
        Ok(places.collect())
    }
}

impl Resolve for Road {
    fn resolve(&self, name: Name) -> Resolving {
        let road = self.clone();
        Box::pin(async move {
            // Port 0 stands for the one of the address that is asked for.
            let places = road.places(name.as_str(), 0).await.map_err(Cause)?;
            let places: Addrs = Box::new(places.into_iter());
            Ok(places)
        })
    }
}

/// What the resolver found, on its way through the HTTP library.
#[derive(Debug)]
struct Cause(Unreached);

impl std::fmt::Display for Cause {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

impl StdError for Cause {}

fn request(visit: &Visit) -> Result<reqwest::Request, Unreached> {
    let host = visit.host.to_ascii_lowercase();
    let slash = if visit.path.starts_with('/') { "" } else { "/" };
    let url = Url::parse(&format!("https://{host}{slash}{}", visit.path)).ok();
    // What is more than a host would lead elsewhere.
    let url = url.filter(|url| url.host_str() == Some(&host) && url.port().is_none());
    let url = url.ok_or_else(|| {
        let host = strip_controls(&visit.host);
        Unreached::Name(format!("{host:?} is not a host's name"))
    })?;
    let method = match (visit.preflight, visit.method) {
        (true, _) => reqwest::Method::OPTIONS,
        (false, Method::Get) => reqwest::Method::GET,
        (false, Method::Post) => reqwest::Method::POST,
        (false, Method::Put) => reqwest::Method::PUT,
        (false, Method::Patch) => reqwest::Method::PATCH,
        (false, Method::Delete) => reqwest::Method::DELETE,
    };
    let mut request = reqwest::Request::new(method, url);
    *request.timeout_mut() = Some(visit.timeout);
    *request.headers_mut() = headers(visit)?;
    Ok(request)
}

fn headers(visit: &Visit) -> Result<HeaderMap, Unreached> {
    let mut headers = HeaderMap::new();
    if visit.preflight {
        let method = HeaderValue::from_static(visit.method.as_str());
        headers.insert(ACCESS_CONTROL_REQUEST_METHOD, method);
    }
    for (name, text) in &visit.headers {
        // What stands in it is never repeated.
        let refused = || {
            let name = strip_controls(name);
            Unreached::Connection(format!(
                "nothing was sent: the header {name} cannot hold its value"
            ))
        };
        let key = HeaderName::try_from(name.as_str()).map_err(|_| refused())?;
        let value = match text {
            HeaderText::Plain(text) => HeaderValue::from_str(text),
            HeaderText::Secret(secret) => {
                HeaderValue::from_str(secret.expose()).map(|mut value| {
                    value.set_sensitive(true);
                    value
                })
            }
        };
        headers.append(key, value.map_err(|_| refused())?);
    }
    Ok(headers)
}

/// By what lies at the bottom of the library's error.
fn failed(error: reqwest::Error) -> Unreached {
    let mut next: Option<&(dyn StdError + 'static)> = Some(&error);
    while let Some(one) = next {
        if let Some(Cause(cause)) = one.downcast_ref() {
            return cause.clone();
        }
        if let Some(error) = one.downcast_ref::<rustls::Error>() {
            return Unreached::Tls(tls::cause(error));
        }
        if let Some(io) = one.downcast_ref::<std::io::Error>()
            && (error.is_connect() || tls::inside(io).is_some())
            && let Some(cause) = tls::broken_handshake(io)
        {
            return Unreached::Tls(cause);
        }
        next = one.source();
    }
    match error.is_timeout() {
        true => Unreached::Timeout,
        false => Unreached::Connection(innermost(&error)),
    }
}

/// The innermost cause in words: the outer ones say only that sending a request failed, and name the address.
fn innermost(error: &(dyn StdError + 'static)) -> String {
    let mut innermost = error;
    while let Some(source) = innermost.source() {
        innermost = source;
    }
    let text = strip_controls(&innermost.to_string());
    text.chars().take(CAUSE_MAX).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::Wall;
    use crate::secret::Secret;

    fn visit(host: &str, path: &str) -> Visit {
        Visit {
            method: Method::Put,
            preflight: true,
            host: host.into(),
            path: path.into(),
            headers: vec![],
            timeout: Duration::from_secs(5),
            body_max: 1000,
        }
    }

    #[test]
    fn a_preflight_asks_for_what_would_be_sent() {
        let mut visit = visit("API.bondigoo.ch", "/api/bookings?x=1");
        let bypass = "hunter2hunter2hunter2hunter2hunt";
        let secret = HeaderText::Secret(Secret::new(bypass));
        visit.headers = vec![
            (
                "Origin".into(),
                HeaderText::Plain("https://bondigoo.ch".into()),
            ),
            ("x-vercel-protection-bypass".into(), secret),
        ];
        let request = request(&visit).unwrap();
        assert_eq!(request.method(), "OPTIONS");
        assert_eq!(
            request.url().as_str(),
            "https://api.bondigoo.ch/api/bookings?x=1"
        );
        assert_eq!(request.headers()["access-control-request-method"], "PUT");
        assert!(request.headers()["x-vercel-protection-bypass"].is_sensitive());
        assert!(!format!("{request:?}").contains(bypass));
    }

    #[test]
    fn what_is_not_a_host_is_asked_nothing() {
        for host in [
            "",
            "a b",
            "bondigoo.ch:8443",
            "user@bondigoo.ch",
            "bondigoo.ch/x",
            "evil.ch#",
        ] {
            let refused = request(&visit(host, "/")).unwrap_err();
            assert!(matches!(refused, Unreached::Name(_)), "{host}: {refused:?}");
        }
        let mut broken = visit("bondigoo.ch", "/");
        let secret = HeaderText::Secret(Secret::new("hunter2\r\nHost: evil"));
        broken.headers = vec![("x-bypass".into(), secret)];
        let refused = request(&broken).unwrap_err().to_string();
        assert!(refused.contains("x-bypass") && !refused.contains("hunter2"));
    }

    #[tokio::test]
    async fn a_simulated_worlds_secrets_go_to_no_site_out_there() {
        let clock: Arc<dyn Clock> = Arc::new(Wall);
        let sites = Sites::new(Road::Nowhere, Trust::new(clock.clone(), vec![]), clock);
        for unreached in [
            sites.fetch(&visit("bondigoo.ch", "/")).await.unwrap_err(),
            sites.certificate("bondigoo.ch").await.unwrap_err(),
        ] {
            assert!(
                unreached.to_string().contains("GOLIVE_HTTPS"),
                "{unreached}"
            );
        }
    }
}
