//! The look at a zone: who answers, what is in it, and what would bite.

use std::time::Duration;

use futures::future::join_all;

use super::export::{Export, others};
use super::{DnsZone, ELSEWHERE, Hosted, Seen, World};
use crate::provider::godaddy;
use crate::resource::zone::ask::{
    self, Delegation, OwnServer, addresses, ask, delegation, in_words, records_at, wildcard,
};
use crate::resource::zone::book::Book;
use crate::resource::zone::entry::Entry;
use crate::resource::zone::{BY_HAND, EXPORT, Holder, NAME_SERVERS, access, mode};
use crate::resource::{Cx, Look, here};
use crate::seam::resolver::{Code, RecordKind, Server};
use crate::seam::transport::Method;
use crate::seam::web::Visit;

/// Where no API lists the zone, these names are looked at besides golive's own: where mail and sites usually are.
const WELL_KNOWN: [&str; 12] = [
    "www",
    "mail",
    "smtp",
    "imap",
    "autodiscover",
    "autoconfig",
    "ftp",
    "blog",
    "_dmarc",
    "_vercel",
    "_domainconnect",
    "google._domainkey",
];
const TYPES: [RecordKind; 7] = [
    RecordKind::A,
    RecordKind::Aaaa,
    RecordKind::Caa,
    RecordKind::Cname,
    RecordKind::Mx,
    RecordKind::Ns,
    RecordKind::Txt,
];
const SITE_TIMEOUT: Duration = Duration::from_secs(10);

/// A list of records, and who gave it.
struct Listed {
    source: &'static str,
    entries: Vec<Entry>,
}

impl DnsZone {
    pub(super) async fn look(&self, cx: &Cx<'_>) -> Look<Seen> {
        let delegation = delegation(cx, &self.zone).await?;
        let given: Vec<String> = cx
            .known
            .output(&access(), NAME_SERVERS)
            .into_iter()
            .flat_map(|names| names.split(','))
            .filter(|name| !name.is_empty())
            .map(str::to_string)
            .collect();
        let mut seen = Seen {
            mode: mode(cx.known, &access(), self.holder),
            by_hand_elsewhere: cx.known.decided.get(ELSEWHERE).map(String::as_str) == Some(BY_HAND),
            delegation,
            answering: vec![],
            world: None,
        };
        match &seen.delegation {
            Delegation::To { names, .. } => {
                seen.world = self.world(cx, seen.mode, names, &given).await?;
            }
            Delegation::Broken(_) => {
                let servers = addresses(cx, &given).await;
                let serials = self.serials(cx, &servers).await;
                let answering = serials.into_iter().filter(|(_, serial)| serial.is_ok());
                seen.answering = answering.map(|(name, _)| name).collect();
            }
            Delegation::Inside(_) | Delegation::Nowhere(_) => {}
        }
        Ok(seen)
    }

    /// `None` when the servers have no address.
    async fn world(
        &self,
        cx: &Cx<'_>,
        mode: Holder,
        names: &[String],
        given: &[String],
    ) -> Look<Option<World>> {
        let servers = addresses(cx, names).await;
        if servers.is_empty() {
            return Ok(None);
        }
        // What GoDaddy shows are the registry's, which may be anybody's.
        let hosted = match mode {
            Holder::Cloudflare => Hosted::of(names, given),
            Holder::GoDaddy | Holder::ByHand => Hosted::of(names, &[]),
        };
        let serials = self.serials(cx, &servers).await;
        let answers = |server: &&OwnServer| {
            let mut serials = serials.iter();
            serials.any(|(name, serial)| *name == server.name && serial.is_ok())
        };
        let Some(first) = servers.iter().find(answers) else {
            let said = serials.iter().map(|(name, serial)| match serial {
                Ok(serial) | Err(serial) => format!("{name}: {serial}"),
            });
            return Err(here(
                format!(
                    "none of the name servers of {} answered: {}",
                    self.zone,
                    said.collect::<Vec<_>>().join("; ")
                ),
                Some("check that this machine may send DNS questions (port 53)".into()),
            ));
        };
        let first = first.clone();
        let writes = match hosted.fits(mode) {
            true => mode,
            false => Holder::ByHand,
        };
        let listed = self.list(cx, writes, &first).await?;
        let now = Export::of(cx.now, listed.source, listed.entries.clone(), &self.hosts);
        // What was copied before the first write stays what it was then.
        let kept = cx.known.own.get(EXPORT).and_then(|kept| Export::read(kept));
        let export = kept.unwrap_or_else(|| now.clone());
        let comparable = export.source == now.source;
        Ok(Some(World {
            failing: self.failing(cx).await,
            caa: caa(cx, &first, &self.zone).await,
            wildcard: wildcard(cx, &first, &self.zone).await,
            apex: self.apex(cx, &first).await,
            vanished: match comparable {
                true => self.vanished(&export, &listed.entries),
                false => vec![],
            },
            untouched: comparable.then(|| export.digest == now.digest),
            own: self.own(&listed.entries),
            hosted,
            servers,
            serials,
            export,
        }))
    }

    fn own(&self, entries: &[Entry]) -> Vec<Entry> {
        let own = entries.iter();
        own.filter(|entry| self.hosts.contains(&entry.name) && entry.leads())
            .cloned()
            .collect()
    }

    fn vanished(&self, export: &Export, entries: &[Entry]) -> Vec<Entry> {
        let gone = others(&export.records, &self.hosts);
        gone.filter(|old| entries.iter().all(|entry| !entry.is(old)))
            .cloned()
            .collect()
    }

    async fn serials(
        &self,
        cx: &Cx<'_>,
        servers: &[OwnServer],
    ) -> Vec<(String, Result<String, String>)> {
        let each = servers.iter().map(async |server| {
            let own = Server::Own(server.address);
            let serial = match ask(cx.resolver, own, &self.zone, RecordKind::Soa).await {
                Err(silence) => Err(silence.0),
                Ok(answer) if answer.code != Code::NoError => Err(in_words(answer.code)),
                Ok(answer) => {
                    let data = answer.data(RecordKind::Soa);
                    let serial = data.first().and_then(|soa| soa.split_whitespace().nth(2));
                    let serial = serial.filter(|_| answer.authoritative);
                    serial
                        .map(str::to_string)
                        .ok_or_else(|| "it does not answer for the zone".to_string())
                }
            };
            (server.name.clone(), serial)
        });
        join_all(each).await
    }

    /// Public resolvers that fail at the zone, though its own servers answer.
    async fn failing(&self, cx: &Cx<'_>) -> Vec<String> {
        let each = cx.resolver.public().into_iter().map(async |address| {
            let server = Server::Public(address);
            let answer = ask(cx.resolver, server, &self.zone, RecordKind::Soa).await;
            answer
                .is_ok_and(|answer| answer.code == Code::ServFail)
                .then(|| address.to_string())
        });
        join_all(each).await.into_iter().flatten().collect()
    }

    /// The zone's records, by API where one lists them, else as far as its name servers tell.
    async fn list(&self, cx: &Cx<'_>, mode: Holder, server: &OwnServer) -> Look<Listed> {
        if let Some(book) = Book::of(cx, mode, &self.zone)? {
            let listed = match book.all().await {
                // Each endpoint has its own answer there: golive can do without the list.
                Err(error) if mode == Holder::GoDaddy && godaddy::is_refused_access(&error) => None,
                listed => listed?,
            };
            if let Some(entries) = listed {
                let source = match mode {
                    Holder::Cloudflare => "Cloudflare",
                    _ => "GoDaddy",
                };
                return Ok(Listed { source, entries });
            }
        }
        let well_known = WELL_KNOWN
            .iter()
            .map(|label| format!("{label}.{}", self.zone));
        let mut names: Vec<String> = well_known
            .chain(self.hosts.iter().cloned())
            .chain([self.zone.clone()])
            .collect();
        names.sort();
        names.dedup();
        let each = names
            .iter()
            .map(async |name| records_at(cx, server, name, &TYPES).await);
        let mut entries: Vec<Entry> = Vec::new();
        for found in join_all(each).await {
            let found = found.map_err(|why| {
                here(
                    format!("{} did not tell its records: {why}", server.name),
                    None,
                )
            })?;
            entries.extend(found);
        }
        Ok(Listed {
            source: "name servers",
            entries,
        })
    }

    /// What the bare name shows: its records, and what a browser would get.
    async fn apex(&self, cx: &Cx<'_>, server: &OwnServer) -> Option<String> {
        if !self.apex_left {
            return None;
        }
        let kinds = [RecordKind::A, RecordKind::Aaaa, RecordKind::Cname];
        let found = records_at(cx, server, &self.zone, &kinds).await.ok()?;
        if found.is_empty() {
            return Some("leads nowhere: it has no address".into());
        }
        let shown: Vec<String> = found.iter().map(Entry::shown).collect();
        let visit = Visit {
            method: Method::Get,
            preflight: false,
            host: self.zone.clone(),
            path: "/".into(),
            headers: vec![],
            timeout: SITE_TIMEOUT,
            body_max: 4096,
        };
        let page = match cx.web.fetch(&visit).await {
            Ok(page) => match page.header("location") {
                Some(to) => format!("over https it leads on to {to}"),
                None => format!("over https it answers {}", page.status),
            },
            Err(unreached) => format!("over https: {unreached}"),
        };
        Some(format!("has {}; {page}", shown.join(", ")))
    }
}

async fn caa(cx: &Cx<'_>, server: &OwnServer, zone: &str) -> Vec<String> {
    let own = Server::Own(server.address);
    let Ok(answer) = ask(cx.resolver, own, zone, RecordKind::Caa).await else {
        return vec![];
    };
    let own = ask::own_records(&answer, zone);
    let caa = own.into_iter().filter(|entry| entry.kind == "CAA");
    caa.map(|entry| entry.data).collect()
}
