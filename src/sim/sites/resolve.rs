//! Where a visitor of a host name comes out: asked of a public resolver, which remembers what it was told.

use std::net::IpAddr;

use jiff::Timestamp;

use crate::seam::resolver::{Code, Question, RecordKind, Server};
use crate::seam::web::Unreached;
use crate::sim::targets;
use crate::sim::zones::{Host, RESOLVERS, Zones, relative};

/// Who takes the connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Edge {
    Vercel,
    Render,
    /// Cloudflare, in whose certificate the zone stands; where the record behind it leads.
    Proxy {
        address: String,
        zone: String,
        origin: Option<String>,
    },
    /// A machine of which nothing is known.
    Other(String),
}

/// Looks a host up.
pub fn resolve(zones: &mut Zones, at: Timestamp, host: &str) -> Result<Edge, Unreached> {
    if let Ok(address) = host.parse::<IpAddr>() {
        return Ok(edge(zones, at, host, &address.to_string()));
    }
    let question = Question {
        name: host.to_owned(),
        kind: RecordKind::A,
        server: Server::Public(IpAddr::V4(RESOLVERS[0])),
    };
    let answer = zones
        .ask(at, &question)
        .map_err(|silence| Unreached::Name(silence.0))?;
    let cause = match answer.code {
        Code::NoError => format!("{host} has no address"),
        Code::NxDomain => format!("there is no {host}"),
        Code::ServFail => format!("the resolver could not look {host} up (SERVFAIL)"),
        Code::Refused | Code::Other(_) => format!("the resolver refused to look {host} up"),
    };
    let addresses = answer.data(RecordKind::A);
    match addresses.first() {
        Some(address) => Ok(edge(zones, at, host, address)),
        None => Err(Unreached::Name(cause)),
    }
}

fn edge(zones: &Zones, at: Timestamp, host: &str, address: &str) -> Edge {
    if targets::is_vercel(address) {
        Edge::Vercel
    } else if targets::is_render(address) {
        Edge::Render
    } else if targets::is_proxy(address) {
        Edge::Proxy {
            address: address.to_owned(),
            zone: zones.zone().to_owned(),
            origin: origin(zones, at, host),
        }
    } else {
        Edge::Other(address.to_owned())
    }
}

/// Where a proxy comes out that goes on to `origin`: an address, or a name that it looks up for itself.
pub fn behind_proxy(zones: &Zones, at: Timestamp, origin: &str) -> Option<Edge> {
    let address = match origin.parse::<IpAddr>() {
        Ok(address) => address.to_string(),
        Err(_) => zones.follow(at, origin)?.1.first()?.to_string(),
    };
    if targets::is_vercel(&address) {
        Some(Edge::Vercel)
    } else if targets::is_render(&address) {
        Some(Edge::Render)
    } else {
        None
    }
}

/// Where visitors of a proxied name come out in the end.
pub fn through_proxy(zones: &Zones, at: Timestamp, host: &str) -> Option<Edge> {
    behind_proxy(zones, at, &origin(zones, at, host)?)
}

/// What the record of a proxied name holds, which only Cloudflare sees.
fn origin(zones: &Zones, at: Timestamp, host: &str) -> Option<String> {
    let contents = zones.copy(Host::Cloudflare)?.served(at, None);
    let name = relative(host, zones.zone());
    let mut records = contents.at(&name).filter(|record| record.wish.proxied);
    let record = records.next()?;
    Some(record.wish.wire(zones.zone()))
}
