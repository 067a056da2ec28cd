//! What the network says, for real: the public address that this machine is seen under.

use std::net::{IpAddr, Ipv4Addr};
use std::time::Duration;

use futures::future::{BoxFuture, FutureExt};
use hickory_resolver::Resolver as Hickory;
use hickory_resolver::config::{NameServerConfig, ResolveHosts, ResolverConfig};
use hickory_resolver::net::runtime::TokioRuntimeProvider;
use hickory_resolver::proto::rr::{RData, RecordType};

use crate::seam::resolver::{Answer, Question, Resolver, Silence};
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

/// Asks the network, unless it was told.
#[derive(Clone, Debug)]
pub struct Network {
    /// What the variable says.
    given: Option<String>,
    servers: Vec<NameServerConfig>,
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
        let servers = SERVERS.into_iter().map(NameServerConfig::udp_and_tcp);
        Self {
            given: given.filter(|text| !text.trim().is_empty()),
            servers: servers.collect(),
        }
    }

    async fn ask(&self) -> Result<IpAddr, String> {
        let config = ResolverConfig::from_name_servers(self.servers.clone());
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
                None => self.ask().await,
            }
        }
        .boxed()
    }

    fn public(&self) -> Vec<IpAddr> {
        Vec::new()
    }

    fn ask<'a>(&'a self, _question: &'a Question) -> BoxFuture<'a, Result<Answer, Silence>> {
        futures::future::ready(Err(Silence("nobody was asked".into()))).boxed()
    }
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
            given: None,
            servers: vec![server],
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
            given: None,
            servers: vec![server],
        };
        let told = network.public_address().await.unwrap_err();
        assert!(told.contains("set GOLIVE_PUBLIC_ADDRESS"), "{told}");
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
