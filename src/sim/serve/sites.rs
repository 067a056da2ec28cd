//! The world's sites over TLS on one port. Which site is meant, the caller says by SNI; its certificate is signed by a
//! throw-away authority that nobody else trusts and that goes with the process.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::response::Response;
use axum::serve::Listener;
use jiff::Timestamp;
use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DistinguishedName, DnType, IsCa, KeyPair,
    KeyUsagePurpose,
};
use rustls::ServerConfig;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::server::Acceptor;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc::{Receiver, Sender, channel};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio_rustls::LazyConfigAcceptor;
use tokio_rustls::server::TlsStream;

use super::super::doors::Doors;
use super::while_served;
use crate::error::{Error, Result};
use crate::seam::clock::Clock;
use crate::seam::transport::{HeaderText, Method};
use crate::seam::web::{Certificate, CertificateFault, Page, Unreached, Visit, Web};

/// Longest body that a site of the world answers with.
const BODY_MAX: usize = 8 << 20;
/// For one exchange inside the world.
const EXCHANGE_MAX: Duration = Duration::from_secs(60);

/// The authority, and what the sites' certificates are made with.
pub struct Authority {
    issuer: CertifiedIssuer<'static, KeyPair>,
    doors: Doors,
    /// The time of those who call: certificates are as old for them as they are in the world.
    callers: Arc<dyn Clock>,
}

fn unable(error: impl std::fmt::Display) -> Error {
    Error::failed("the world's certificates cannot be made")
        .because(error)
        .now("the simulator does not run")
}

impl Authority {
    pub fn new(doors: Doors, callers: Arc<dyn Clock>) -> Result<Authority> {
        let mut params = CertificateParams::new(Vec::<String>::new()).map_err(unable)?;
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        params.distinguished_name = named("golive simulated authority");
        let day = callers.now().as_second() - 86_400;
        (params.not_before, params.not_after) = (date(day)?, date(day + 3_650 * 86_400)?);
        let key = KeyPair::generate().map_err(unable)?;
        Ok(Authority {
            issuer: CertifiedIssuer::self_signed(params, key).map_err(unable)?,
            doors,
            callers,
        })
    }

    /// The authority's own certificate, for those who are to trust it.
    pub fn pem(&self) -> String {
        self.issuer.pem()
    }

    /// How a connection for a host is served.
    fn config(&self, shown: &Certificate) -> Result<ServerConfig> {
        let mut params = CertificateParams::new(shown.names.clone()).map_err(unable)?;
        params.distinguished_name = named(shown.names.first().map_or("", String::as_str));
        let ahead = self.callers.now().as_second() - self.doors.clock.now().as_second();
        let shifted = |time: Timestamp| date(time.as_second() + ahead);
        (params.not_before, params.not_after) =
            (shifted(shown.not_before)?, shifted(shown.not_after)?);
        let key = KeyPair::generate().map_err(unable)?;
        let certificate = match shown.fault {
            Some(CertificateFault::Untrusted(_)) => params.self_signed(&key),
            _ => params.signed_by(&key, &self.issuer),
        };
        let chain: Vec<CertificateDer<'static>> = vec![certificate.map_err(unable)?.der().clone()];
        let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
        let config = ServerConfig::builder()
            .with_no_client_auth()
            .with_single_cert(chain, key);
        config.map_err(unable)
    }

    /// TLS for whatever host is asked for; `None` where this world shows none.
    async fn shake_hands(&self, stream: TcpStream) -> Option<TlsStream<TcpStream>> {
        let start = LazyConfigAcceptor::new(Acceptor::default(), stream)
            .await
            .ok()?;
        let host = start.client_hello().server_name()?.to_lowercase();
        let shown = self.doors.certificate(&host).await.ok()?;
        let config = Arc::new(self.config(&shown).ok()?);
        start.into_stream(config).await.ok()
    }
}

fn named(text: &str) -> DistinguishedName {
    let mut name = DistinguishedName::new();
    name.push(DnType::CommonName, text);
    name
}

fn date(seconds: i64) -> Result<time::OffsetDateTime> {
    time::OffsetDateTime::from_unix_timestamp(seconds).map_err(unable)
}

/// Listens on a free port of `ip` and serves in the background; says where.
pub async fn open(
    ip: IpAddr,
    authority: Arc<Authority>,
    tasks: &mut JoinSet<()>,
    stopped: &watch::Receiver<bool>,
) -> Result<SocketAddr> {
    let unable = |error: std::io::Error| {
        Error::failed(format!("no site can listen on {ip}"))
            .because(error)
            .now("the simulator does not run")
    };
    let listener = TcpListener::bind((ip, 0)).await.map_err(unable)?;
    let address = listener.local_addr().map_err(unable)?;
    let (shaken, ready) = channel(16);
    let greeting = greet(listener, authority.clone(), shaken);
    tasks.spawn(while_served(greeting, stopped.clone()));
    let router = Router::new()
        .fallback(visit)
        .with_state(authority.doors.clone());
    let hands = Hands { ready, address };
    let serving = async move {
        // It ends with an error never: what goes wrong on a connection ends that connection.
        let served = axum::serve(hands, router).await;
        debug_assert!(served.is_ok());
    };
    tasks.spawn(while_served(serving, stopped.clone()));
    Ok(address)
}

/// Handshakes go on side by side; a slow one holds nobody up.
async fn greet(
    listener: TcpListener,
    authority: Arc<Authority>,
    shaken: Sender<(TlsStream<TcpStream>, SocketAddr)>,
) {
    let mut under_way = JoinSet::new();
    loop {
        while under_way.try_join_next().is_some() {}
        let Ok((stream, from)) = listener.accept().await else {
            continue;
        };
        let (authority, shaken) = (authority.clone(), shaken.clone());
        under_way.spawn(async move {
            if let Some(stream) = authority.shake_hands(stream).await {
                let _ = shaken.send((stream, from)).await;
            }
        });
    }
}

/// Connections whose handshake is over.
struct Hands {
    ready: Receiver<(TlsStream<TcpStream>, SocketAddr)>,
    address: SocketAddr,
}

impl Listener for Hands {
    type Io = TlsStream<TcpStream>;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Self::Io, SocketAddr) {
        match self.ready.recv().await {
            Some(connection) => connection,
            // Whoever greets is gone, and so is this server in a moment.
            None => std::future::pending().await,
        }
    }

    fn local_addr(&self) -> std::io::Result<SocketAddr> {
        Ok(self.address)
    }
}

/// One exchange with a site.
async fn visit(State(doors): State<Doors>, request: Request) -> Response {
    let Some(visit) = read(&request) else {
        return empty(StatusCode::METHOD_NOT_ALLOWED);
    };
    match doors.fetch(&visit).await {
        Ok(page) => shown(page),
        Err(Unreached::Timeout) => std::future::pending().await,
        Err(_) => empty(StatusCode::BAD_GATEWAY),
    }
}

fn read(request: &Request) -> Option<Visit> {
    let header = |name: &str| request.headers().get(name)?.to_str().ok();
    let preflight = request.method().as_str() == "OPTIONS";
    let method = match preflight {
        true => Method::parse(header("access-control-request-method").unwrap_or("GET")),
        false => Method::parse(request.method().as_str()),
    };
    let host = header("host")?.split(':').next()?.to_lowercase();
    let headers = request.headers().iter().filter_map(|(name, value)| {
        let value = value.to_str().ok()?.to_string();
        Some((name.as_str().to_string(), HeaderText::Plain(value)))
    });
    let path = request.uri().path_and_query();
    Some(Visit {
        method: method?,
        preflight,
        host,
        path: path.map_or("/", |path| path.as_str()).to_string(),
        headers: headers.collect(),
        timeout: EXCHANGE_MAX,
        body_max: BODY_MAX,
    })
}

fn shown(page: Page) -> Response {
    let mut reply = Response::builder().status(page.status);
    for (name, value) in &page.headers {
        if !["content-length", "transfer-encoding", "connection"].contains(&name.as_str()) {
            reply = reply.header(name, value);
        }
    }
    let reply = reply.body(Body::from(page.body));
    reply.unwrap_or_else(|_| empty(StatusCode::INTERNAL_SERVER_ERROR))
}

fn empty(status: StatusCode) -> Response {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = status;
    response
}
