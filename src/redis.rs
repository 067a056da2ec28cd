//! The product's job queues, for real: Redis' protocol by its crate, over a connection whose end and trust are ours.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use futures::future::{BoxFuture, Either, FutureExt, select};
use redis::aio::{AsyncStream, MultiplexedConnection};
use redis::{
    AsyncConnectionConfig, ConnectionAddr, ConnectionInfo, RedisConnectionInfo, RedisError,
    RedisResult,
};
use rustls::pki_types::ServerName;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

use crate::clock::within;
use crate::dns::Network;
use crate::provider::guard;
use crate::provider::https::install_crypto;
use crate::seam::redis::{Facts, Probe, Redis};
use crate::secret::Secret;
use crate::text::strip_controls;
use crate::tls::{self, Trust};

/// Until the connection stands, TLS with it.
const CONNECT_MAX: Duration = Duration::from_secs(10);
/// For all that is asked then.
const ANSWER_MAX: Duration = Duration::from_secs(10);
/// Longest cause that is told.
const CAUSE_MAX: usize = 300;

/// Reaches a Redis by its external address.
#[derive(Clone, Debug)]
pub struct Queues {
    road: Road,
    trust: Trust,
}

/// Where a Redis is connected to.
#[derive(Clone, Debug)]
pub enum Road {
    /// Where its name leads.
    Named(Arc<Network>),
    /// Here, whatever is named: a server on this machine that stands for every Redis. Its certificate must still bear
    /// the name.
    Instead(SocketAddr),
    /// Nowhere: there is a simulated world, and nothing stands for its queues.
    Nowhere,
}

impl Queues {
    pub fn new(road: Road, trust: Trust) -> Self {
        install_crypto();
        Self { road, trust }
    }

    async fn probe(&self, url: &Secret) -> Probe {
        if let Road::Nowhere = self.road {
            return Probe::Nowhere(
                "the simulated world's queues cannot be reached; GOLIVE_REDIS names a server that stands for them".into(),
            );
        }
        let door = match Door::read(url) {
            Ok(door) => door,
            Err(cause) => return Probe::NoAnswer(cause),
        };
        if let Err(cause) = self.may_hold_a_password(&door) {
            return Probe::NoAnswer(cause);
        }
        let connected = within(CONNECT_MAX, self.connect(&door)).await;
        let silent = || Err(format!("no answer in {} s", CONNECT_MAX.as_secs()));
        let stream = match connected.unwrap_or_else(silent) {
            Ok(stream) => stream,
            Err(cause) => return Probe::NoAnswer(cause),
        };
        let asked = within(ANSWER_MAX, converse(stream, &door)).await;
        asked.unwrap_or_else(|| {
            let seconds = ANSWER_MAX.as_secs();
            Probe::NoAnswer(format!(
                "it took the connection and did not answer in {seconds} s"
            ))
        })
    }

    /// Without TLS a password goes nowhere but to this machine.
    fn may_hold_a_password(&self, door: &Door) -> Result<(), String> {
        let here = match &self.road {
            Road::Instead(place) => place.ip().is_loopback(),
            _ => guard::is_local_name(&door.host),
        };
        match door.tls || here || door.login.password().is_none() {
            true => Ok(()),
            false => Err("nothing was sent: the address begins with redis://, and without TLS its password could be read on the way; Render's external one begins with rediss://".into()),
        }
    }

    async fn connect(&self, door: &Door) -> Result<Box<dyn Stream>, String> {
        let places: Vec<SocketAddr> = match &self.road {
            Road::Instead(place) => vec![*place],
            Road::Nowhere => vec![],
            Road::Named(network) => {
                let found = network.addresses(&door.host).await?;
                found
                    .into_iter()
                    .map(|address| (address, door.port).into())
                    .collect()
            }
        };
        let stream = TcpStream::connect(&places[..]).await;
        let stream = stream.map_err(|error| format!("could not connect: {}", told(&error)))?;
        if !door.tls {
            return Ok(Box::new(stream));
        }
        let failed = |cause: String| format!("TLS failed: {cause}");
        let name = ServerName::try_from(door.host.clone())
            .map_err(|_| "the address names no host".to_string())?;
        let config = self.trust.checking().map_err(failed)?;
        let connector = TlsConnector::from(Arc::new(config));
        let stream = connector.connect(name, stream).await.map_err(|error| {
            failed(tls::broken_handshake(&error).unwrap_or_else(|| told(&error)))
        })?;
        Ok(Box::new(stream))
    }
}

impl Redis for Queues {
    fn probe<'a>(&'a self, url: &'a Secret) -> BoxFuture<'a, Probe> {
        self.probe(url).boxed()
    }
}

/// Bytes in both directions, with or without TLS.
trait Stream: AsyncStream + Send + Unpin {}

impl<S: AsyncStream + Send + Unpin> Stream for S {}

/// What an address says.
struct Door {
    tls: bool,
    host: String,
    port: u16,
    /// User and password; its `Debug` hides the latter.
    login: RedisConnectionInfo,
}

impl Door {
    /// The error never repeats the address.
    fn read(url: &Secret) -> Result<Door, String> {
        let odd = |why: &str| format!("nothing was sent: the address cannot be read ({why})");
        let info: ConnectionInfo = url
            .expose()
            .trim()
            .parse()
            .map_err(|_| odd("it would be rediss://USER:PASSWORD@HOST:PORT"))?;
        let (tls, host, port) = match info.addr() {
            ConnectionAddr::Tcp(host, port) => (false, host.clone(), *port),
            ConnectionAddr::TcpTls { insecure: true, .. } => {
                return Err(odd(
                    "#insecure stands behind it, which asks for an unchecked certificate",
                ));
            }
            ConnectionAddr::TcpTls { host, port, .. } => (true, host.clone(), *port),
            _ => return Err(odd("it names no host")),
        };
        Ok(Door {
            tls,
            host,
            port,
            login: info.redis_settings().clone(),
        })
    }
}

/// Drives the connection while it is spoken over, and ends it with that.
async fn converse(stream: Box<dyn Stream>, door: &Door) -> Probe {
    // Nothing is said by the crate itself: it would leave out what the server answers to a wrong password.
    let quiet = RedisConnectionInfo::default().set_skip_set_lib_name();
    let config = AsyncConnectionConfig::new()
        .set_response_timeout(None)
        .set_connection_timeout(None);
    let made = MultiplexedConnection::new_with_config(&quiet, stream, config).await;
    let (connection, driver) = match made {
        Ok(made) => made,
        Err(error) => return Probe::NoAnswer(cause(&error)),
    };
    let speaking = speak(connection, door);
    match select(Box::pin(speaking), Box::pin(driver)).await {
        Either::Left((probe, _)) => probe,
        // Whoever waits is told by the driver that it ended.
        Either::Right(((), speaking)) => speaking.await,
    }
}

async fn speak(mut connection: MultiplexedConnection, door: &Door) -> Probe {
    if let Err(error) = login(&mut connection, &door.login).await {
        return refusal(&error);
    }
    let ping: RedisResult<String> = redis::cmd("PING").query_async(&mut connection).await;
    match ping {
        Ok(_) => {}
        // The user is let in, though not allowed to ping.
        Err(error) if error.code() == Some("NOPERM") => {}
        Err(error) => return refusal(&error),
    }
    let server = section(&mut connection, "server").await;
    let memory = section(&mut connection, "memory").await;
    let mut policy = line(&memory, "maxmemory_policy");
    if policy.is_none() {
        let asked: RedisResult<Vec<String>> = redis::cmd("CONFIG")
            .arg("GET")
            .arg("maxmemory-policy")
            .query_async(&mut connection)
            .await;
        // Hosted servers often refuse this one.
        policy = asked
            .ok()
            .and_then(|pair| pair.get(1).map(|text| strip_controls(text)));
    }
    Probe::In(Facts {
        tls: door.tls,
        version: line(&server, "redis_version"),
        eviction_policy: policy,
    })
}

async fn login(
    connection: &mut MultiplexedConnection,
    login: &RedisConnectionInfo,
) -> RedisResult<()> {
    let Some(password) = login.password() else {
        return Ok(());
    };
    let mut auth = redis::cmd("AUTH");
    if let Some(user) = login.username() {
        auth.arg(user);
    }
    let told: RedisResult<()> = auth.arg(password).query_async(connection).await;
    match told {
        // Before Redis 6 there were no users.
        Err(error) if login.username().is_some() && is_about_arguments(&error) => {
            redis::cmd("AUTH")
                .arg(password)
                .query_async(connection)
                .await
        }
        told => told,
    }
}

fn is_about_arguments(error: &RedisError) -> bool {
    let text = error.detail().unwrap_or_default();
    text.contains("wrong number of arguments")
}

/// Empty where the server does not tell.
async fn section(connection: &mut MultiplexedConnection, name: &str) -> String {
    let told: RedisResult<String> = redis::cmd("INFO").arg(name).query_async(connection).await;
    told.unwrap_or_default()
}

/// The value of a line `key:value`.
fn line(section: &str, key: &str) -> Option<String> {
    let values = section
        .lines()
        .filter_map(|line| line.trim().split_once(':'));
    let mut own = values.filter(|(name, value)| *name == key && !value.is_empty());
    own.next().map(|(_, value)| strip_controls(value))
}

/// What the server said, or that it said nothing.
fn refusal(error: &RedisError) -> Probe {
    let cause = cause(error);
    let lower = cause.to_ascii_lowercase();
    // Render takes the connection from anywhere, and says so only then.
    let not_let_in = ["allowlist", "allow list", "whitelist"]
        .iter()
        .any(|word| lower.contains(word));
    match error.code() {
        _ if not_let_in => Probe::NoAnswer(cause),
        Some("LOADING" | "MASTERDOWN" | "CLUSTERDOWN" | "TRYAGAIN" | "BUSY") => {
            Probe::NoAnswer(cause)
        }
        Some(_) => Probe::Refused(cause),
        None => Probe::NoAnswer(cause),
    }
}

fn cause(error: &RedisError) -> String {
    let text = match (error.code(), error.detail()) {
        (Some("ERR"), Some(detail)) => detail.to_string(),
        (Some(code), Some(detail)) => format!("{code} {detail}"),
        (Some(code), None) => code.to_string(),
        (None, _) if error.is_connection_dropped() => {
            "the server closed the connection without an answer, as one does that wants TLS (rediss://)".into()
        }
        (None, _) => error.to_string(),
    };
    strip_controls(&text).chars().take(CAUSE_MAX).collect()
}

fn told(error: &std::io::Error) -> String {
    strip_controls(&error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::Wall;

    #[test]
    fn an_address_is_read_without_being_shown() {
        let door = |url: &str| Door::read(&Secret::new(url));
        let render = door("rediss://red-c0:p%40ss@frankfurt-redis.render.com:6379").unwrap();
        assert!(render.tls);
        assert_eq!(
            (&*render.host, render.port),
            ("frankfurt-redis.render.com", 6379)
        );
        assert_eq!(render.login.username(), Some("red-c0"));
        assert_eq!(render.login.password(), Some("p@ss"));
        for bad in [
            "hunter2",
            "https://u:hunter2@h",
            "rediss://u:hunter2@",
            "rediss://u:hunter2@h:99999",
            "rediss://u:hunter2@h/#insecure",
            "unix:///hunter2",
        ] {
            let Err(cause) = door(bad) else {
                panic!("{bad} was read")
            };
            assert!(!cause.contains("hunter2"), "{cause}");
        }
    }

    #[tokio::test]
    async fn a_password_leaves_for_no_network_without_tls() {
        let trust = Trust::new(Arc::new(Wall), vec![]);
        let queues = Queues::new(Road::Named(Arc::new(Network::new(None))), trust.clone());
        let url = Secret::new("redis://default:hunter2@redis.bondigoo.ch:6379");
        let Probe::NoAnswer(cause) = queues.probe(&url).await else {
            panic!("it was sent");
        };
        assert!(cause.contains("nothing was sent") && !cause.contains("hunter2"));
        let nowhere = Queues::new(Road::Nowhere, trust);
        assert!(matches!(nowhere.probe(&url).await, Probe::Nowhere(_)));
    }

    #[test]
    fn what_info_says_is_read_line_by_line() {
        let told = "# Memory\r\nmaxmemory:0\r\nmaxmemory_policy:noeviction\r\n";
        assert_eq!(
            line(told, "maxmemory_policy").as_deref(),
            Some("noeviction")
        );
        assert_eq!(line(told, "redis_version"), None);
    }
}
