//! The Domain Name System of the world: who is authoritative for what, and what each server answers when.
//!
//! The product's zone has a copy at every host that keeps it. Only the copy at the host it is delegated to is seen by
//! resolvers; what is written elsewhere has no effect, though the API there says that all went well.

mod answer;
mod copy;
mod person;
mod public;
mod record;
pub mod spec;
#[cfg(test)]
mod stories;

use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;

use jiff::Timestamp;

use self::answer::{OTHERS, Said, inside, is_in, outside};
pub use self::copy::{Contents, Copy, Edit};
use self::public::Caches;
pub use self::public::RESOLVERS;
pub use self::record::{Clash, Record, Wish, full, relative};
pub use self::spec::{DnsSpec, Host, Refuses};
use super::ledger::Book;
use super::scenario::Scenario;
use crate::seam::resolver::{Answer, Code, Question, RecordKind, Server, Silence};

/// All zones, and what the public resolvers remember of them. Clones share their contents.
#[derive(Clone)]
pub struct Zones {
    scenario: Arc<Scenario>,
    seed: u64,
    start: Timestamp,
    /// The product's.
    zone: Arc<str>,
    /// The zone at each host that keeps it.
    copies: Vec<Copy>,
    /// What the delegated copy held when the world began.
    beginning: Arc<Contents>,
    caches: Caches,
}

/// So many links are followed.
const LINKS_MAX: usize = 8;

/// The names that GoDaddy gives every zone, and the page that it parks them on.
const PARKED: [&str; 3] = [
    "@ 3600 A 192.0.2.80",
    "www 3600 CNAME @",
    "_domainconnect 3600 CNAME _domainconnect.gd.domaincontrol.com",
];

impl Zones {
    /// `target` tells where `vercel:PROJECT` and `render:SERVICE` lead, or that there is no such thing.
    pub fn new(
        scenario: Arc<Scenario>,
        seed: u64,
        start: Timestamp,
        target: impl Fn(&str) -> Option<String>,
        book: &mut Book,
    ) -> Zones {
        let spec = &scenario.dns;
        let other = || format!("{}.example", scenario.repository.name.to_lowercase());
        let zone: Arc<str> = spec.zone.clone().unwrap_or_else(other).into();
        let lines = spec.records.iter();
        let own: Vec<Wish> = lines
            .filter_map(|line| wish(line, &zone, &target))
            .collect();
        let parked = PARKED.iter().filter_map(|line| wish(line, &zone, &target));
        let parked: Vec<Wish> = parked.collect();
        let delegated = spec.delegated();
        let keeps = |host: &Host| match host {
            host if *host == delegated => true,
            Host::Godaddy => spec.godaddy_zone,
            Host::Cloudflare => spec.cloudflare_pending,
            Host::Elsewhere => false,
        };
        let mut copies = Vec::new();
        for host in Host::ALL.into_iter().filter(keeps) {
            // Who adds a zone to Cloudflare is proposed the records that are there.
            let wishes = match host == Host::Godaddy && host != delegated {
                true => parked.clone(),
                false => own.clone(),
            };
            let mut copy = Copy::new(host, Arc::clone(&zone), seed, start, book);
            copy.begin(wishes, start, scenario.lag, book);
            copies.push(copy);
        }
        let mut zones = Zones {
            beginning: Arc::default(),
            caches: Caches::default(),
            scenario,
            seed,
            start,
            zone,
            copies,
        };
        if let Some(copy) = zones.copy(delegated) {
            zones.beginning = copy.served(start, None);
        }
        zones
    }

    pub(super) fn spec(&self) -> &DnsSpec {
        &self.scenario.dns
    }

    /// The product's zone.
    pub fn zone(&self) -> &str {
        &self.zone
    }

    /// Who answers for the product's zone.
    pub fn delegated(&self) -> Host {
        self.spec().delegated()
    }

    /// The zone as a host keeps it; none where it keeps none.
    pub fn copy(&self, host: Host) -> Option<&Copy> {
        self.copies.iter().find(|copy| copy.host == host)
    }

    pub fn copy_mut(&mut self, host: Host) -> Option<&mut Copy> {
        self.copies.iter_mut().find(|copy| copy.host == host)
    }

    /// The records of one name and type as the zone's own servers give them at `now`, all of them the same; a CNAME is
    /// not followed. How the providers of the world look at names.
    pub fn truth(&self, now: Timestamp, name: &str, kind: RecordKind) -> Vec<String> {
        let name = name.to_lowercase();
        let said = self.step(now, None, &name, kind);
        let own = said.records.into_iter().filter(|one| one.kind == kind);
        own.map(|record| record.data).collect()
    }

    /// Where a name leads in the end, for someone who remembers nothing: the links that were followed, and the
    /// addresses. `None` when it leads nowhere, or when its signatures are broken.
    pub fn follow(&self, now: Timestamp, name: &str) -> Option<(Vec<String>, Vec<Ipv4Addr>)> {
        let mut links = Vec::new();
        let mut name = name.to_lowercase();
        while links.len() <= LINKS_MAX {
            if self.spec().dnssec_broken && is_in(&name, &self.zone) {
                return None;
            }
            let said = self.step(now, None, &name, RecordKind::A);
            if let Some(next) = said.leads_to(RecordKind::A) {
                name = next.to_owned();
                links.push(name.clone());
                continue;
            }
            let records = said.records.iter();
            let addresses: Vec<Ipv4Addr> =
                records.filter_map(|one| one.data.parse().ok()).collect();
            return (!addresses.is_empty()).then_some((links, addresses));
        }
        None
    }

    /// One question to one server, as `Resolver::ask` has it.
    pub fn ask(&mut self, now: Timestamp, question: &Question) -> Result<Answer, Silence> {
        let Question { name, kind, server } = question;
        let name = name.to_lowercase();
        match server {
            Server::Public(IpAddr::V4(address)) => {
                let resolver = RESOLVERS.iter().position(|known| known == address);
                let resolver = resolver.ok_or_else(|| silence(address))?;
                Ok(self.ask_public(now, resolver, &name, *kind))
            }
            Server::Own(IpAddr::V4(address)) => self.ask_own(now, *address, &name, *kind),
            Server::Public(other) | Server::Own(other) => Err(silence(other)),
        }
    }

    fn ask_own(
        &self,
        now: Timestamp,
        address: Ipv4Addr,
        name: &str,
        kind: RecordKind,
    ) -> Result<Answer, Silence> {
        let servers = Host::ALL.into_iter().flat_map(|host| {
            let numbered = host.name_servers().into_iter().enumerate();
            numbered.map(move |(number, (_, at))| (host, number, at))
        });
        let host = servers.clone().find(|(_, _, at)| *at == address);
        let said = match host {
            Some((host, number, _)) if is_in(name, &self.zone) => {
                let copy = self.copy(host);
                copy.map(|copy| self.of_copy(now, copy, Some(number), name, kind, 0))
            }
            Some((host, _, _)) => {
                let own = host
                    .name_servers()
                    .iter()
                    .any(|(server, _)| *server == name);
                own.then(|| outside(name, kind, &self.zone))
            }
            None if address == OTHERS && !is_in(name, &self.zone) => {
                Some(outside(name, kind, &self.zone))
            }
            None => return Err(silence(address)),
        };
        let said = said.unwrap_or(Said {
            code: Code::Refused,
            records: Vec::new(),
            negative: 0,
        });
        let refused = said.code == Code::Refused;
        let none = said.records.is_empty() && !refused;
        Ok(Answer {
            code: said.code,
            authoritative: !refused,
            negative_ttl: none.then_some(said.negative),
            records: said.records,
        })
    }

    /// One name and type from the servers that are responsible, or from all of them where they agree.
    fn step(&self, now: Timestamp, server: Option<usize>, name: &str, kind: RecordKind) -> Said {
        self.deeper(now, server, name, kind, 0)
    }

    fn deeper(
        &self,
        now: Timestamp,
        server: Option<usize>,
        name: &str,
        kind: RecordKind,
        depth: usize,
    ) -> Said {
        match self
            .copy(self.delegated())
            .filter(|_| is_in(name, &self.zone))
        {
            Some(copy) => self.of_copy(now, copy, server, name, kind, depth),
            None => outside(name, kind, &self.zone),
        }
    }

    fn of_copy(
        &self,
        now: Timestamp,
        copy: &Copy,
        server: Option<usize>,
        name: &str,
        kind: RecordKind,
        depth: usize,
    ) -> Said {
        let contents = copy.served(now, server);
        let minimum = self.spec().minimum;
        let follow = |target: &str| self.flat(now, target, depth + 1);
        inside(copy, &contents, minimum, name, kind, &follow)
    }

    /// The addresses that a target leads to in the end, for a server that answers with them itself.
    fn flat(&self, now: Timestamp, target: &str, depth: usize) -> Vec<Ipv4Addr> {
        if depth > LINKS_MAX {
            return Vec::new();
        }
        let said = self.deeper(now, None, target, RecordKind::A, depth);
        match said.leads_to(RecordKind::A) {
            Some(next) => self.flat(now, next, depth + 1),
            None => {
                let records = said.records.iter();
                records.filter_map(|one| one.data.parse().ok()).collect()
            }
        }
    }

    /// What was said of a name when the world began; `None` when there was nothing of that name itself.
    fn at_the_beginning(&self, name: &str, kind: RecordKind) -> Option<Said> {
        let own = relative(name, &self.zone);
        self.beginning.at(&own).next()?;
        let copy = self.copy(self.delegated())?;
        let follow = |target: &str| self.flat(self.start, target, 1);
        let minimum = self.spec().minimum;
        let said = inside(copy, &self.beginning, minimum, name, kind, &follow);
        (!said.records.is_empty()).then_some(said)
    }
}

fn silence(address: impl std::fmt::Display) -> Silence {
    Silence(format!("{address} did not answer"))
}

/// A line of a scenario; none when it leads to something that is not there.
fn wish(line: &str, zone: &str, target: &impl Fn(&str) -> Option<String>) -> Option<Wish> {
    let mut wish = Wish::parse(line, zone).ok()?;
    if wish.kind == "CNAME" && wish.data.contains(':') {
        wish.data = target(&wish.data)?;
    }
    Some(wish)
}
