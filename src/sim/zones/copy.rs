//! A zone as one host keeps it: what its API reads and writes, and when its servers give what was written.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

use super::record::{Record, Wish};
use super::spec::Host;
use crate::sim::chance;
use crate::sim::ledger::{Book, MadeBy};
use crate::sim::past::Past;

/// All records of a zone. A version of it is never changed once another exists.
#[derive(Clone, Debug, Default)]
pub struct Contents {
    /// In the order they came.
    pub records: Vec<Arc<Record>>,
    /// Counts the changes; the SOA's serial ends with it.
    pub serial: u64,
}

impl Contents {
    pub fn find(&self, id: &str) -> Option<&Arc<Record>> {
        self.records.iter().find(|record| record.id == id)
    }

    /// The records of a name, all types.
    pub fn at<'c>(&'c self, name: &'c str) -> impl Iterator<Item = &'c Arc<Record>> {
        let all = self.records.iter();
        all.filter(move |record| record.wish.name == name)
    }

    /// The records of a name and type.
    pub fn set<'c>(
        &'c self,
        name: &'c str,
        kind: &'c str,
    ) -> impl Iterator<Item = &'c Arc<Record>> {
        self.at(name).filter(move |record| record.wish.kind == kind)
    }
}

/// One step of a change.
#[derive(Clone, Debug)]
pub enum Edit {
    Add(Wish),
    Remove(String),
    /// The record of that id becomes this.
    Alter(String, Wish),
}

/// When each of the two name servers began to give a version.
#[derive(Clone, Debug)]
struct Served {
    since: [Timestamp; 2],
    contents: Arc<Contents>,
}

/// A zone at a host. Clones share their contents.
#[derive(Clone)]
pub struct Copy {
    pub host: Host,
    pub zone: Arc<str>,
    seed: u64,
    /// Servers lag behind what was written.
    lag: bool,
    contents: Past<Contents>,
    served: Arc<Vec<Served>>,
    /// Counts what was ever made; the next id is drawn from it.
    made: u64,
}

impl Copy {
    /// A zone with nothing but its name servers, as `host` sets it up.
    pub fn new(host: Host, zone: Arc<str>, seed: u64, start: Timestamp, book: &mut Book) -> Copy {
        let mut copy = Copy {
            host,
            zone,
            seed,
            lag: false,
            contents: Past::new(start, Contents::default()),
            served: Arc::new(Vec::new()),
            made: 0,
        };
        let mut fixed = vec![Wish::new("@", "SOA", host.name_servers()[0].0, 3600)];
        let servers = host.name_servers().map(|(name, _)| name);
        fixed.extend(servers.map(|name| Wish::new("@", "NS", name, 3600)));
        let edits = fixed.into_iter().map(Edit::Add).collect();
        copy.apply(start, edits, MadeBy::World, book);
        copy
    }

    /// Puts what was there before the world began in place, served at once; what comes later is served when it is due.
    pub fn begin(&mut self, wishes: Vec<Wish>, start: Timestamp, lag: bool, book: &mut Book) {
        let edits = wishes.into_iter().map(Edit::Add).collect();
        self.apply(start, edits, MadeBy::Person, book);
        self.lag = lag;
    }

    /// As a write sees it.
    pub fn current(&self) -> &Contents {
        self.contents.current()
    }

    /// As a read of the API sees it that shows the zone as it was at `at`.
    pub fn at(&self, at: Timestamp) -> Arc<Contents> {
        self.contents.at(at)
    }

    /// When it was changed last.
    pub fn changed(&self) -> Timestamp {
        self.contents.since()
    }

    /// Counts every change.
    pub fn changes(&self) -> u64 {
        self.contents.changes()
    }

    /// As one of its two servers gives it; `None` for what both of them give.
    pub fn served(&self, now: Timestamp, server: Option<usize>) -> Arc<Contents> {
        let given = |version: &&Served| match server {
            Some(server) => version.since.get(server).is_some_and(|since| *since <= now),
            None => version.since.iter().all(|since| *since <= now),
        };
        let newest = self.served.iter().rev().find(given);
        let version = newest.or(self.served.first());
        version.map_or_else(Arc::default, |version| Arc::clone(&version.contents))
    }

    /// Where the ledger says a record is.
    fn parent(&self) -> String {
        match self.host {
            Host::Elsewhere => format!("{} (hoster.example)", self.zone),
            Host::Godaddy | Host::Cloudflare => self.zone.to_string(),
        }
    }

    /// Carries a change out as one: servers give all of it or nothing. Answers with what was added or altered.
    pub fn apply(
        &mut self,
        now: Timestamp,
        edits: Vec<Edit>,
        by: MadeBy,
        book: &mut Book,
    ) -> Vec<Arc<Record>> {
        if edits.is_empty() {
            return Vec::new();
        }
        let (host, seed, zone) = (self.host, self.seed, Arc::clone(&self.zone));
        let (provider, parent) = (host.provider(), self.parent());
        let made = &mut self.made;
        let touched = self.contents.change(now, |contents| {
            contents.serial += 1;
            let mut touched = Vec::new();
            for edit in edits {
                match edit {
                    Edit::Add(wish) => {
                        *made += 1;
                        let id = chance::hex(seed, &format!("record {host:?} {made}"), 32);
                        let line = wish.line(&zone);
                        book.made(provider, "dns_record", &id, &parent, &line, by);
                        let record = Arc::new(Record {
                            id,
                            wish,
                            created: now,
                            modified: now,
                        });
                        touched.push(Arc::clone(&record));
                        contents.records.push(record);
                    }
                    Edit::Remove(id) => {
                        contents.records.retain(|record| record.id != id);
                        book.gone(provider, "dns_record", &id);
                    }
                    Edit::Alter(id, wish) => {
                        book.renamed(provider, "dns_record", &id, &wish.line(&zone));
                        let mut all = contents.records.iter_mut();
                        if let Some(record) = all.find(|record| record.id == id) {
                            let record = Arc::make_mut(record);
                            record.wish = wish;
                            record.modified = now;
                            touched.push(Arc::new(record.clone()));
                        }
                    }
                }
            }
            touched
        });
        self.publish(now);
        touched
    }

    /// The servers take the present version on, each after its own while, and never an older one after a newer.
    fn publish(&mut self, now: Timestamp) {
        let last = self.served.last().map(|version| version.since);
        let lag = |server: usize| {
            if !self.lag {
                return SignedDuration::ZERO;
            }
            let salt = format!("served {:?} {} {server}", self.host, self.changes());
            let ms = chance::between(self.seed, &salt, 1000, self.host.served_within_s() * 1000);
            SignedDuration::from_millis(i64::try_from(ms).unwrap_or(0))
        };
        let since = [0, 1].map(|server: usize| {
            let own = now + lag(server);
            last.map_or(own, |last| own.max(last[server]))
        });
        let contents = Arc::new(self.contents.current().clone());
        let versions = Arc::make_mut(&mut self.served);
        versions.push(Served { since, contents });
        // Time never goes back, so what both servers have left behind is given by nobody any more.
        let given = |version: &Served| version.since.iter().all(|since| *since <= now);
        let left = versions.iter().rposition(given).unwrap_or(0);
        versions.drain(..left);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_write_is_served_within_a_minute_by_each_server_in_its_own_time() {
        let start: Timestamp = "2026-11-24T08:00:00Z".parse().unwrap();
        let after = |seconds| start + SignedDuration::from_secs(seconds);
        let mut book = Book::default();
        let mut copy = Copy::new(Host::Godaddy, "shop.example".into(), 7, start, &mut book);
        copy.begin(Vec::new(), start, true, &mut book);
        let now = after(600);
        let edits = vec![Edit::Add(Wish::new("www", "CNAME", "a.example", 600))];
        let made = copy.apply(now, edits, MadeBy::Golive, &mut book);
        let given = |server, at| copy.served(at, server).at("www").count();
        assert_eq!(
            [None, Some(0), Some(1)].map(|server| given(server, now)),
            [0, 0, 0]
        );
        assert_eq!(
            [None, Some(0), Some(1)].map(|server| given(server, after(660))),
            [1, 1, 1]
        );
        let apart = (600..660).any(|at| given(Some(0), after(at)) != given(Some(1), after(at)));
        assert!(apart, "this seed lets the servers differ for a while");
        assert_eq!(copy.current().at("www").count(), 1);
        let gone = vec![Edit::Remove(made[0].id.clone())];
        copy.apply(after(601), gone, MadeBy::Golive, &mut book);
        assert_eq!(copy.served(after(721), None).at("www").count(), 0);
        let ledger = book.read();
        let www = ledger.objects.last().unwrap();
        assert_eq!(
            (www.name.as_str(), www.alive),
            ("www CNAME a.example 600", false)
        );
    }
}
