//! What the network says, for real: the public address that this machine is seen under, and what name servers answer.

mod exchange;
mod reading;

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use futures::future::{BoxFuture, FutureExt};
use hickory_resolver::Resolver as Hickory;
use hickory_resolver::config::{NameServerConfig, ResolveHosts, ResolverConfig};
use hickory_resolver::net::runtime::TokioRuntimeProvider;
use hickory_resolver::proto::rr::{RData, RecordType};

use crate::provider::guard;
use crate::seam::resolver::{Answer, Code, Question, RecordKind, Resolver, Server, Silence};
use crate::text::strip_controls;

/// Names the address where the network is not to be asked, or cannot be.
pub const VARIABLE: &str = "GOLIVE_PUBLIC_ADDRESS";

/// OpenDNS answers this name with the address that the question came from.
const NAME: &str = "myip.opendns.com.";
const SERVERS: [IpAddr; 2] = [
    IpAddr::V4(Ipv4Addr::new(208, 67, 222, 222)),
    IpAddr::V4(Ipv4Addr::new(208, 67, 220, 220)),
];
/// For one question. With one repetition, and TCP after UDP, nobody waits longer than 5 s.
const ANSWER_MAX: Duration = Duration::from_millis(1200);

/// Cloudflare, Google and Quad9: what they answer is what most of the world sees.
pub const PUBLIC: [IpAddr; 3] = [
    IpAddr::V4(Ipv4Addr::new(1, 1, 1, 1)),
    IpAddr::V4(Ipv4Addr::new(8, 8, 8, 8)),
    IpAddr::V4(Ipv4Addr::new(9, 9, 9, 9)),
];
/// Where name servers listen.
pub const PORT: u16 = 53;

/// Which servers are asked for names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Servers {
    /// Those of the world: these resolvers, and each zone's own servers where they are.
    World {
        public: Vec<SocketAddr>,
        /// Where a zone's own servers listen.
        own_port: u16,
    },
    /// Those of a simulated world on this machine: they answer for its resolvers and for every zone's own servers.
    Here(Vec<SocketAddr>),
    /// None: there is a simulated world, and nobody said where its servers are. The real ones know another world.
    Nowhere,
}

impl Default for Servers {
    fn default() -> Self {
        let public = PUBLIC.iter().map(|address| SocketAddr::new(*address, PORT));
        Servers::World {
            public: public.collect(),
            own_port: PORT,
        }
    }
}

impl Servers {
    /// The resolvers, in the order they are shown. No address stands there twice, since it is by it that one is asked.
    pub fn public(&self) -> &[SocketAddr] {
        match self {
            Servers::World { public, .. } | Servers::Here(public) => public,
            Servers::Nowhere => &[],
        }
    }

    /// Where the one that is meant listens.
    fn socket(&self, server: Server) -> Result<SocketAddr, Silence> {
        let none = || {
            Silence(
                "the simulated world's name servers are not known: GOLIVE_RESOLVER names them"
                    .into(),
            )
        };
        match (self, server) {
            (Servers::Nowhere, _) => Err(none()),
            (Servers::World { own_port, .. }, Server::Own(address)) => {
                Ok(SocketAddr::new(address, *own_port))
            }
            (Servers::World { public, .. }, Server::Public(address)) => {
                let known = public.iter().find(|socket| socket.ip() == address);
                Ok(known.copied().unwrap_or(SocketAddr::new(address, PORT)))
            }
            // Whoever is meant, nobody out there is asked.
            (Servers::Here(here), Server::Public(address) | Server::Own(address)) => {
                let known = here.iter().find(|socket| socket.ip() == address);
                known.or(here.first()).copied().ok_or_else(none)
            }
        }
    }
}

/// Asks the network, unless it was told.
#[derive(Clone, Debug)]
pub struct Network {
    /// What the variable says.
    given: Option<String>,
    opendns: Vec<NameServerConfig>,
    servers: Servers,
}

impl Default for Network {
    /// Reads `GOLIVE_PUBLIC_ADDRESS`.
    fn default() -> Self {
        Self::new(std::env::var(VARIABLE).ok())
    }
}

impl Network {
    /// `given` is what the operator said; the network is asked only without it.
    pub fn new(given: Option<String>) -> Self {
        let opendns = SERVERS.into_iter().map(NameServerConfig::udp_and_tcp);
        Self {
            given: given.filter(|text| !text.trim().is_empty()),
            opendns: opendns.collect(),
            servers: Servers::default(),
        }
    }

    /// The same, asking these servers for names.
    pub fn asking(self, servers: Servers) -> Self {
        Self { servers, ..self }
    }

    /// Where a host is now: what the first public resolver answers, since this machine's own may still remember what was
    /// there before. The machine's own is asked only where that one is silent or does not serve. The error is the cause
    /// as the operator reads it.
    pub async fn addresses(&self, host: &str) -> Result<Vec<IpAddr>, String> {
        if let Ok(address) = host.parse() {
            return Ok(vec![address]);
        }
        if guard::is_local_name(host) {
            return Ok(vec![Ipv4Addr::LOCALHOST.into(), Ipv6Addr::LOCALHOST.into()]);
        }
        let Some(first) = self.servers.public().first() else {
            return match self.servers {
                Servers::Nowhere => Err(
                    "the simulated world's name servers are not known: GOLIVE_RESOLVER names them"
                        .into(),
                ),
                _ => system(host).await,
            };
        };
        // Most hosts have an address of the old kind, and nobody needs the new one then.
        for kind in [RecordKind::A, RecordKind::Aaaa] {
            let question = Question {
                name: host.trim_end_matches('.').to_ascii_lowercase(),
                kind,
                server: Server::Public(first.ip()),
            };
            let who = first.ip();
            let answer = match self.ask(&question).await {
                Ok(answer) => answer,
                Err(Silence(_)) => return system(host).await,
            };
            match answer.code {
                Code::NoError => {}
                Code::NxDomain => return Err(format!("{who} knows no name {host}")),
                Code::ServFail => return Err(format!("{who} failed to look {host} up (SERVFAIL)")),
                Code::Refused | Code::Other(_) => return system(host).await,
            }
            let found = answer.data(kind);
            let found: Vec<IpAddr> = found.iter().filter_map(|text| text.parse().ok()).collect();
            if !found.is_empty() {
                return Ok(found);
            }
        }
        Err(format!("{} knows no address of {host}", first.ip()))
    }

    async fn ask_opendns(&self) -> Result<IpAddr, String> {
        let config = ResolverConfig::from_name_servers(self.opendns.clone());
        let mut builder = Hickory::builder_with_config(config, TokioRuntimeProvider::default());
        let options = builder.options_mut();
        options.timeout = ANSWER_MAX;
        options.attempts = 1;
        options.cache_size = 0;
        options.use_hosts_file = ResolveHosts::Never;
        let resolver = builder
            .build()
            .map_err(|error| failed(&error.to_string()))?;
        let lookup = resolver.lookup(NAME, RecordType::A).await;
        let lookup = lookup.map_err(|error| failed(&error.to_string()))?;
        let address = lookup
            .answers()
            .iter()
            .find_map(|record| match &record.data {
                RData::A(address) => Some(IpAddr::V4(address.0)),
                _ => None,
            });
        let address = address.ok_or_else(|| failed("it answered without an address"))?;
        match is_public(address) {
            true => Ok(address),
            false => Err(failed(&format!(
                "it answered {address}, which is not public"
            ))),
        }
    }
}

impl Resolver for Network {
    fn public_address(&self) -> BoxFuture<'_, Result<IpAddr, String>> {
        async move {
            match &self.given {
                Some(text) => given(text),
                None => self.ask_opendns().await,
            }
        }
        .boxed()
    }

    fn public(&self) -> Vec<IpAddr> {
        let public = self.servers.public().iter();
        public.map(SocketAddr::ip).collect()
    }

    fn ask<'a>(&'a self, question: &'a Question) -> BoxFuture<'a, Result<Answer, Silence>> {
        async move {
            let socket = self.servers.socket(question.server)?;
            exchange::ask(socket, question).await
        }
        .boxed()
    }
}

/// What this machine's own resolver says.
async fn system(host: &str) -> Result<Vec<IpAddr>, String> {
    let found = tokio::net::lookup_host((host, 0)).await;
    let found =
        found.map_err(|error| format!("this machine finds no address of {host} ({error})"))?;
    let found: Vec<IpAddr> = found.map(|socket| socket.ip()).collect();
    match found.is_empty() {
        true => Err(format!("this machine finds no address of {host}")),
        false => Ok(found),
    }
}

/// Reads `IP`, `IP:port`, or `[IP]:port` of IPv6 as a server's place. The error is a sentence about `text`.
pub fn server_place(text: &str) -> Result<SocketAddr, String> {
    let text = text.trim();
    let place = match text.parse::<IpAddr>() {
        Ok(address) => SocketAddr::new(address, PORT),
        Err(_) => text.parse().map_err(|_| {
            format!(
                "{text:?} is no address of a name server: 1.1.1.1 or 127.0.0.1:5353 would be one"
            )
        })?,
    };
    match place.ip().is_unspecified() || place.port() == 0 {
        true => Err(format!(
            "{text:?} is no address where a name server can be asked"
        )),
        false => Ok(place),
    }
}

/// Reads several, each address once. The error is a sentence.
pub fn server_places<'t>(
    texts: impl IntoIterator<Item = &'t str>,
) -> Result<Vec<SocketAddr>, String> {
    let mut places: Vec<SocketAddr> = Vec::new();
    for text in texts {
        let place = server_place(text)?;
        if places.iter().any(|known| known.ip() == place.ip()) {
            return Err(format!("{} stands there twice", place.ip()));
        }
        places.push(place);
    }
    Ok(places)
}

/// The address in the variable.
fn given(text: &str) -> Result<IpAddr, String> {
    let address: IpAddr = text
        .trim()
        .parse()
        .map_err(|_| format!("{VARIABLE} holds no address: 203.0.113.7 would be one"))?;
    match is_public(address) {
        true => Ok(address),
        false => Err(format!(
            "{VARIABLE} is {address}, which no other network sees: set it to this machine's public address"
        )),
    }
}

fn failed(cause: &str) -> String {
    format!(
        "OpenDNS did not tell this machine's public address ({}): set {VARIABLE} to it",
        strip_controls(cause)
    )
}

/// Whether other networks can see the address.
fn is_public(address: IpAddr) -> bool {
    match address.to_canonical() {
        IpAddr::V4(v4) => {
            !(v4.is_private()
                || v4.is_loopback()
                || v4.is_link_local()
                || v4.is_unspecified()
                || v4.is_broadcast()
                || v4.is_multicast()
                // Shared by a carrier's customers (RFC 6598).
                || (v4.octets()[0] == 100 && v4.octets()[1] & 0xc0 == 64))
        }
        IpAddr::V6(v6) => {
            !(v6.is_loopback()
                || v6.is_unspecified()
                || v6.is_multicast()
                || v6.is_unique_local()
                || v6.is_unicast_link_local())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_variable_is_believed_when_it_can_be_true() {
        assert_eq!(given(" 198.51.100.7 "), Ok("198.51.100.7".parse().unwrap()));
        assert_eq!(given("2001:db8::7"), Ok("2001:db8::7".parse().unwrap()));
        for wrong in [
            "127.0.0.1",
            "10.1.2.3",
            "100.64.0.1",
            "::1",
            "fd00::1",
            "0.0.0.0",
        ] {
            assert!(given(wrong).unwrap_err().contains("no other network sees"));
        }
        assert!(given("my-machine").unwrap_err().contains("203.0.113.7"));
    }

    /// A DNS server on this machine stands for OpenDNS: it answers every question with one address.
    #[tokio::test]
    async fn a_resolver_is_asked_and_believed() {
        let socket = tokio::net::UdpSocket::bind("127.0.0.1:0").await.unwrap();
        let mut server = NameServerConfig::udp(socket.local_addr().unwrap().ip());
        server.connections[0].port = socket.local_addr().unwrap().port();
        let answering = async {
            let mut question = [0u8; 512];
            let (length, from) = socket.recv_from(&mut question).await.unwrap();
            socket
                .send_to(&answer(&question[..length], [203, 0, 113, 7]), from)
                .await
                .unwrap();
            std::future::pending::<()>().await
        };
        let network = Network {
            opendns: vec![server],
            ..Network::new(None)
        };
        let told = tokio::select! {
            told = network.public_address() => told,
            () = answering => unreachable!(),
        };
        assert_eq!(told, Ok("203.0.113.7".parse().unwrap()));
    }

    #[tokio::test]
    async fn silence_says_what_to_set() {
        // Nothing listens on a port that was just given back.
        let socket = tokio::net::UdpSocket::bind("127.0.0.1:0").await.unwrap();
        let mut server = NameServerConfig::udp(socket.local_addr().unwrap().ip());
        server.connections[0].port = socket.local_addr().unwrap().port();
        drop(socket);
        let network = Network {
            opendns: vec![server],
            ..Network::new(None)
        };
        let told = network.public_address().await.unwrap_err();
        assert!(told.contains("set GOLIVE_PUBLIC_ADDRESS"), "{told}");
    }

    #[test]
    fn servers_are_named_by_address_and_port() {
        let places = |texts: &[&str]| server_places(texts.iter().copied());
        let good = places(&["1.1.1.1", " 127.0.0.1:5353 ", "2606:4700::1111", "[::1]:53"]);
        let good: Vec<String> = good.unwrap().iter().map(ToString::to_string).collect();
        assert_eq!(
            good,
            [
                "1.1.1.1:53",
                "127.0.0.1:5353",
                "[2606:4700::1111]:53",
                "[::1]:53"
            ]
        );
        for bad in [
            "",
            "dns.example.com",
            "1.1.1",
            "1.1.1.1:x",
            "0.0.0.0",
            "1.1.1.1:0",
            "::1:53:",
        ] {
            assert!(server_place(bad).unwrap_err().contains(bad), "{bad}");
        }
        let twice = places(&["127.0.0.1:53", "127.0.0.1:54"]);
        assert!(twice.unwrap_err().contains("twice"));
    }

    #[tokio::test]
    async fn a_simulated_world_is_never_asked_for_at_the_real_servers() {
        let network = Network::new(None).asking(Servers::Nowhere);
        assert!(network.public().is_empty());
        for server in [Server::Public(PUBLIC[0]), Server::Own(PUBLIC[0])] {
            let question = Question {
                name: "bondigoo.ch".into(),
                kind: RecordKind::Ns,
                server,
            };
            let silence = network.ask(&question).await.unwrap_err();
            assert!(silence.0.contains("GOLIVE_RESOLVER"), "{silence:?}");
        }
        assert!(network.addresses("bondigoo.ch").await.is_err());
        let here: SocketAddr = "127.0.0.1:5353".parse().unwrap();
        let servers = Servers::Here(vec![here]);
        assert_eq!(servers.socket(Server::Own(PUBLIC[0])), Ok(here));
        assert_eq!(servers.socket(Server::Public(PUBLIC[0])), Ok(here));
        assert_eq!(servers.socket(Server::Public(here.ip())), Ok(here));
    }

    /// The question turned into a reply with one A record (RFC 1035, 4.1).
    fn answer(question: &[u8], address: [u8; 4]) -> Vec<u8> {
        let end = 12 + question[12..].iter().position(|byte| *byte == 0).unwrap() + 5;
        let mut reply = question[..end].to_vec();
        reply[2..12].copy_from_slice(&[0x81, 0x80, 0, 1, 0, 1, 0, 0, 0, 0]);
        reply.extend([0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 30, 0, 4]);
        reply.extend(address);
        reply
    }
}
