//! The look at a host through the zone's own servers, and only once they serve it through public resolvers.

use std::net::IpAddr;

use futures::future::join_all;

use super::{Asked, DnsSeen, Seen};
use crate::resource::dns_zone::export::Export;
use crate::resource::zone::ask::{OwnServer, Said, ask, own_records, says, wildcard};
use crate::resource::zone::entry::{Entry, plain_name};
use crate::resource::zone::{EXPORT, HOSTED_BY, SERVERS, Wanted};
use crate::resource::{Cx, Look, here};
use crate::seam::resolver::{Answer, RecordKind, Resolver, Server};

/// More links than any provider makes; beyond it the chain goes round.
const LINKS_MAX: usize = 8;

impl DnsSeen {
    pub(super) async fn look(&self, cx: &Cx<'_>) -> Look<Seen> {
        let output = |name: &str| cx.known.output(&self.zone_item, name);
        let mut seen = Seen {
            hosted_by: output(HOSTED_BY).unwrap_or("another host").to_string(),
            ..Seen::default()
        };
        let Some(wanted) = Wanted::told(cx.known, &self.claim, &self.host, &self.zone, 0) else {
            return Ok(seen);
        };
        let servers = OwnServer::read(output(SERVERS).unwrap_or_default());
        for wish in wanted.records() {
            seen.records.push(Asked {
                wish: wish.clone(),
                own: ask_own(cx.resolver, &servers, wish).await,
                public: vec![],
            });
        }
        all_silent(&seen, "the zone's own servers", |asked| &asked.own)?;
        seen.negative = self.negative(cx, &servers).await;
        seen.old_ttl = output(EXPORT).and_then(|kept| self.old_ttl(kept));
        if let Some(first) = first_right(&seen, &servers) {
            seen.wildcard = wildcard(cx, &first, &self.zone).await;
            seen.six = self.six(cx, &first).await;
        }
        if !seen.records.iter().all(Asked::is_served) {
            return Ok(seen);
        }
        for asked in &mut seen.records {
            asked.public = ask_public(cx.resolver, &asked.wish).await;
        }
        all_silent(&seen, "the public resolvers", |asked| &asked.public)?;
        if seen.records.iter().all(Asked::is_visible) {
            self.follow(cx, &mut seen).await?;
        }
        Ok(seen)
    }

    /// The smaller of the TTL and the minimum of the zone's SOA (RFC 2308).
    async fn negative(&self, cx: &Cx<'_>, servers: &[OwnServer]) -> Option<u32> {
        for server in servers {
            let own = Server::Own(server.address);
            let Ok(answer) = ask(cx.resolver, own, &self.zone, RecordKind::Soa).await else {
                continue;
            };
            let own = answer
                .records
                .iter()
                .find(|record| record.kind == RecordKind::Soa)?;
            let minimum = own.data.split_whitespace().nth(6)?.parse::<u32>().ok()?;
            return Some(minimum.min(own.ttl));
        }
        None
    }

    fn old_ttl(&self, kept: &str) -> Option<u32> {
        let export = Export::read(kept)?;
        let there = export
            .records
            .iter()
            .filter(|entry| entry.name == self.host && entry.leads());
        there.map(|entry| entry.ttl).max()
    }

    async fn six(&self, cx: &Cx<'_>, server: &OwnServer) -> Option<String> {
        let own = Server::Own(server.address);
        let answer = ask(cx.resolver, own, &self.host, RecordKind::Aaaa)
            .await
            .ok()?;
        let mut own = own_records(&answer, &self.host).into_iter();
        own.find(|entry| entry.kind == "AAAA")
            .map(|entry| entry.data)
    }

    /// Along the CNAMEs to the addresses, as the first resolver that shows the record tells them.
    async fn follow(&self, cx: &Cx<'_>, seen: &mut Seen) -> Look<()> {
        for resolver in right_resolvers(cx, seen) {
            let server = Server::Public(resolver);
            let Ok(answer) = ask(cx.resolver, server, &self.host, RecordKind::A).await else {
                continue;
            };
            (seen.chain, seen.addresses) = chain(&answer, &self.host);
            return Ok(());
        }
        Err(here(
            format!("no public resolver told the addresses of {}", self.host),
            None,
        ))
    }
}

/// The names that `host` leads along, and the addresses at their end.
pub(super) fn chain(answer: &Answer, host: &str) -> (Vec<String>, Vec<String>) {
    let mut names: Vec<String> = Vec::new();
    let mut at = host.to_string();
    for _ in 0..LINKS_MAX {
        let link = answer
            .records
            .iter()
            .find(|record| record.kind == RecordKind::Cname && plain_name(&record.name) == at);
        let Some(link) = link else { break };
        at = plain_name(&link.data);
        names.push(at.clone());
    }
    let there = answer
        .records
        .iter()
        .filter(|record| record.kind == RecordKind::A && plain_name(&record.name) == at);
    let mut addresses: Vec<String> = there.map(|record| record.data.clone()).collect();
    addresses.sort();
    (names, addresses)
}

/// What every server says of one record: the zone's own first, public resolvers only once these serve it.
pub(crate) async fn everywhere(
    resolver: &dyn Resolver,
    servers: &[OwnServer],
    wish: &Entry,
) -> Asked {
    let mut asked = Asked {
        wish: wish.clone(),
        own: ask_own(resolver, servers, wish).await,
        public: vec![],
    };
    if asked.is_served() {
        asked.public = ask_public(resolver, wish).await;
    }
    asked
}

async fn ask_own(
    resolver: &dyn Resolver,
    servers: &[OwnServer],
    wish: &Entry,
) -> Vec<(String, Said)> {
    let each = servers.iter().map(async |server| {
        let said = says(resolver, Server::Own(server.address), wish).await;
        (server.name.clone(), said)
    });
    join_all(each).await
}

async fn ask_public(resolver: &dyn Resolver, wish: &Entry) -> Vec<(String, Said)> {
    let each = resolver.public().into_iter().map(async |address| {
        let said = says(resolver, Server::Public(address), wish).await;
        (address.to_string(), said)
    });
    join_all(each).await
}

/// No answer at all is a look that failed, and never "not there".
fn all_silent(seen: &Seen, who: &str, said: impl Fn(&Asked) -> &Vec<(String, Said)>) -> Look<()> {
    let Some(asked) = seen.records.first() else {
        return Ok(());
    };
    let silent: Vec<String> = said(asked)
        .iter()
        .filter_map(|(name, said)| match said {
            Said::Silent(why) => Some(format!("{name}: {why}")),
            _ => None,
        })
        .collect();
    if silent.len() < said(asked).len() {
        return Ok(());
    }
    Err(here(
        format!("none of {who} answered ({})", silent.join("; ")),
        Some("check that this machine may send DNS questions (port 53)".into()),
    ))
}

fn first_right(seen: &Seen, servers: &[OwnServer]) -> Option<OwnServer> {
    let asked = seen.records.first()?;
    let (name, _) = asked.own.iter().find(|(_, said)| said.is_right())?;
    servers.iter().find(|server| server.name == *name).cloned()
}

fn right_resolvers(cx: &Cx<'_>, seen: &Seen) -> Vec<IpAddr> {
    let Some(asked) = seen.records.first() else {
        return vec![];
    };
    let right = |address: &IpAddr| {
        let name = address.to_string();
        let mut said = asked.public.iter();
        said.any(|(own, said)| *own == name && said.is_right())
    };
    cx.resolver.public().into_iter().filter(right).collect()
}
