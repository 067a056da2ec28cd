//! The look at a host's records: by API, or at the zone's own servers where a person enters them.

use super::{DnsRecord, Seen, ours};
use crate::resource::zone::ask::{OwnServer, leads_to, records_at};
use crate::resource::zone::book::Book;
use crate::resource::zone::entry::Entry;
use crate::resource::zone::{HOSTED_BY, SERVERS, Wanted};
use crate::resource::{Cx, Look, here};
use crate::seam::resolver::RecordKind;

const TYPES: [RecordKind; 4] = [
    RecordKind::Cname,
    RecordKind::A,
    RecordKind::Aaaa,
    RecordKind::Txt,
];

impl DnsRecord {
    pub(super) async fn look(&self, cx: &Cx<'_>) -> Look<Seen> {
        let mode = self.mode(cx.known);
        let wanted = self.wanted(cx.known, mode);
        let hosted_by = cx.known.output(&self.zone_item, HOSTED_BY);
        let mut seen = Seen {
            mode,
            entries: vec![],
            by: mode.to_string(),
            hosted_by: hosted_by.unwrap_or("another host").to_string(),
            flattened: false,
            ours: ours(cx.known),
            wanted,
        };
        match Book::of(cx, mode, &self.zone)? {
            Some(book) => {
                for name in self.names(seen.wanted.as_ref()) {
                    seen.entries.extend(book.at(&name).await?);
                }
            }
            None => self.at_own_servers(cx, &mut seen).await?,
        }
        Ok(seen)
    }

    fn names(&self, wanted: Option<&Wanted>) -> Vec<String> {
        let proof = wanted.and_then(|wanted| wanted.proof.as_ref());
        let mut names = vec![self.host.clone()];
        names.extend(
            proof
                .map(|proof| proof.name.clone())
                .filter(|name| *name != self.host),
        );
        names
    }

    /// One server that shows all as wished is enough here: whether all of them do is looked at next. Where none does,
    /// the first that answers tells what is missing.
    async fn at_own_servers(&self, cx: &Cx<'_>, seen: &mut Seen) -> Look<()> {
        let list = cx.known.output(&self.zone_item, SERVERS);
        let servers = OwnServer::read(list.unwrap_or_default());
        let Some(wanted) = seen.wanted.clone() else {
            return Ok(());
        };
        let (mut right, mut silent) = (Vec::new(), Vec::new());
        let mut told: Option<(Vec<Entry>, bool)> = None;
        for server in &servers {
            let entries = match self.at(cx, server, &wanted).await {
                Ok(entries) => entries,
                Err(why) => {
                    silent.push(format!("{}: {why}", server.name));
                    continue;
                }
            };
            seen.flattened = self.is_flattened(cx, &wanted.lead, &entries).await;
            seen.entries = entries;
            let is_right = self.changes(seen, &wanted).is_empty();
            let shown = (std::mem::take(&mut seen.entries), seen.flattened);
            if is_right {
                right.push(server.name.clone());
                told = Some(shown);
            } else {
                told.get_or_insert(shown);
            }
        }
        let Some((entries, flattened)) = told else {
            return Err(here(
                format!(
                    "none of the zone's own servers answered ({})",
                    silent.join("; ")
                ),
                Some("check that this machine may send DNS questions (port 53)".into()),
            ));
        };
        seen.entries = entries;
        seen.flattened = flattened;
        seen.by = right.join(", ");
        Ok(())
    }

    async fn at(
        &self,
        cx: &Cx<'_>,
        server: &OwnServer,
        wanted: &Wanted,
    ) -> Result<Vec<Entry>, String> {
        let mut entries = Vec::new();
        for name in self.names(Some(wanted)) {
            entries.extend(records_at(cx, server, &name, &TYPES).await?);
        }
        Ok(entries)
    }

    /// An ALIAS or a flattened CNAME shows the target's addresses in its place.
    async fn is_flattened(&self, cx: &Cx<'_>, lead: &Entry, entries: &[Entry]) -> bool {
        let there = entries
            .iter()
            .filter(|entry| entry.name == lead.name && entry.leads());
        let there: Vec<&Entry> = there.collect();
        if lead.kind != "CNAME" || there.is_empty() || there.iter().any(|entry| entry.kind != "A") {
            return false;
        }
        let target = leads_to(cx.resolver, &lead.data).await;
        there.iter().all(|entry| target.contains(&entry.data))
    }
}
