//! Public resolvers: they follow CNAMEs, and they remember, so that what they say is older than what the servers say.

use std::collections::BTreeMap;
use std::net::Ipv4Addr;
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

use super::answer::{Said, is_in};
use super::{LINKS_MAX, Zones};
use crate::seam::resolver::{Answer, Code, Record, RecordKind};
use crate::sim::chance;

/// The resolvers that everybody knows, in the order they are shown.
pub const RESOLVERS: [Ipv4Addr; 3] = [
    Ipv4Addr::new(1, 1, 1, 1),
    Ipv4Addr::new(8, 8, 8, 8),
    Ipv4Addr::new(9, 9, 9, 9),
];

/// What the resolvers remember, by resolver, name and type; no type for "there is no such name". It is part of the
/// world's state, but not of a rehearsal's memory: questions are not written down, so a rehearsal gone on with begins
/// with caches that are empty again (but for what others had asked before it began).
#[derive(Clone, Default)]
pub struct Caches {
    entries: Arc<BTreeMap<Key, Entry>>,
}

type Key = (usize, String, Option<RecordKind>);

#[derive(Clone)]
struct Entry {
    until: Timestamp,
    said: Said,
}

impl Caches {
    fn get(&self, key: &Key, now: Timestamp) -> Option<Said> {
        let entry = self.entries.get(key)?;
        (now < entry.until).then(|| entry.left(now))
    }

    fn keep(&mut self, key: Key, until: Timestamp, said: Said, now: Timestamp) {
        let entries = Arc::make_mut(&mut self.entries);
        entries.retain(|_, entry| now < entry.until);
        entries.insert(key, Entry { until, said });
    }
}

impl Entry {
    /// With the seconds that are left of it.
    fn left(&self, now: Timestamp) -> Said {
        let left = self.until.duration_since(now).as_secs();
        let left = u32::try_from(left).unwrap_or(0);
        let mut said = self.said.clone();
        for record in &mut said.records {
            record.ttl = record.ttl.min(left);
        }
        said.negative = said.negative.min(left);
        said
    }
}

fn after(now: Timestamp, seconds: u32) -> Timestamp {
    now + SignedDuration::from_secs(i64::from(seconds))
}

/// How long an answer may be remembered.
fn ttl(said: &Said) -> u32 {
    let least = said.records.iter().map(|record| record.ttl).min();
    least.unwrap_or(said.negative)
}

impl Zones {
    /// What the `resolver`-th public resolver answers.
    pub(super) fn ask_public(
        &mut self,
        now: Timestamp,
        resolver: usize,
        name: &str,
        kind: RecordKind,
    ) -> Answer {
        let mut records: Vec<Record> = Vec::new();
        let mut name = name.to_owned();
        for _ in 0..=LINKS_MAX {
            if self.spec().dnssec_broken && is_in(&name, &self.zone) {
                return failed();
            }
            let said = self.remembered(now, resolver, &name, kind);
            let none = said.records.is_empty().then_some(said.negative);
            let next = said.leads_to(kind).map(str::to_owned);
            let code = said.code;
            records.extend(said.records);
            match next {
                Some(next) => name = next,
                None => {
                    return Answer {
                        code,
                        authoritative: false,
                        records,
                        negative_ttl: none,
                    };
                }
            }
        }
        failed()
    }

    /// One name and type, out of the memory or from the zone's servers.
    fn remembered(
        &mut self,
        now: Timestamp,
        resolver: usize,
        name: &str,
        kind: RecordKind,
    ) -> Said {
        let key = |kind| (resolver, name.to_owned(), kind);
        let get = |kind| self.caches.get(&key(kind), now);
        // That there is no CNAME says nothing about other types.
        let link = || get(Some(RecordKind::Cname)).filter(|said| !said.records.is_empty());
        let known = get(Some(kind)).or_else(link).or_else(|| get(None));
        if let Some(said) = known {
            return said;
        }
        if let Some(said) = self.asked_before(now, resolver, name, kind) {
            return said;
        }
        let salt = format!("which server {resolver} {name} {}", now.as_second());
        let server = usize::from(chance::draw(self.seed, &salt).is_multiple_of(2));
        let said = self.step(now, Some(server), name, kind);
        let as_kind = match (said.code, said.leads_to(kind)) {
            (Code::NxDomain, _) => None,
            (_, Some(_)) => Some(RecordKind::Cname),
            _ => Some(kind),
        };
        let until = after(now, ttl(&said));
        self.caches.keep(key(as_kind), until, said.clone(), now);
        said
    }

    /// What a resolver remembers from before the world began, because somebody else had asked: each resolver another
    /// part of it, and each part of another age.
    fn asked_before(
        &self,
        now: Timestamp,
        resolver: usize,
        name: &str,
        kind: RecordKind,
    ) -> Option<Said> {
        if !self.scenario.lag || !is_in(name, &self.zone) {
            return None;
        }
        let said = self.at_the_beginning(name, kind)?;
        let ttl = ttl(&said);
        let as_kind = said.leads_to(kind).map_or(kind, |_| RecordKind::Cname);
        let salt = format!("asked before {resolver} {name} {as_kind}");
        let age = chance::between(self.seed, &salt, 1, u64::from(ttl) * 4 / 3);
        let age = u32::try_from(age).unwrap_or(u32::MAX);
        let entry = Entry {
            until: after(self.start, ttl.checked_sub(age)?),
            said,
        };
        (now < entry.until).then(|| entry.left(now))
    }
}

fn failed() -> Answer {
    Answer {
        code: Code::ServFail,
        authoritative: false,
        records: Vec::new(),
        negative_ttl: None,
    }
}
