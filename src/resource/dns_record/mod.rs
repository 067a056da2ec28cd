//! The records of one host: where it points, and what proves that it is ours.

mod by_hand;
mod change;
mod look;

#[cfg(test)]
mod tests;

use super::zone::book::Book;
use super::zone::entry::Entry;
use super::zone::{Holder, Wanted, chose_by_hand, mode, nothing_told, records_page};
use super::{Applied, Cx, Known, Look, Resource, here};
use crate::plan::{Blocker, Evidence, ItemId, Made, Output, Outputs, Plan};
use crate::provider::http::CallError;
pub use change::RecordChange;
use change::{Kept, ours};

/// The records of one host.
#[derive(Clone, Debug)]
pub struct DnsRecord {
    pub zone: String,
    pub holder: Holder,
    pub host: String,
    /// The name inside the zone, `@` for the zone itself.
    pub label: String,
    /// The item that claims the host at its provider; it hands on the wanted records (`zone.rs`).
    pub claim: ItemId,
    pub zone_item: ItemId,
}

/// What stands at the host.
#[derive(Debug)]
pub struct Seen {
    /// How the records are written.
    mode: Holder,
    wanted: Option<Wanted>,
    /// The records of the host, and of the name of the proof.
    entries: Vec<Entry>,
    /// Who showed them: `GoDaddy`, or the zone's own servers.
    by: String,
    /// The zone's host, for the page where a person edits.
    hosted_by: String,
    /// The host shows its target's addresses in place of the CNAME.
    flattened: bool,
    /// What golive has written for this item, now or before.
    ours: Vec<Entry>,
}

impl Resource for DnsRecord {
    type Seen = Seen;
    type Change = RecordChange;

    async fn observe(&self, cx: &Cx<'_>) -> Look<Seen> {
        self.look(cx).await
    }

    fn plan(&self, _known: &Known, seen: &Seen) -> Plan<RecordChange> {
        let Some(wanted) = &seen.wanted else {
            return Plan::Blocked(nothing_told(&self.claim, &self.host));
        };
        let changes = self.changes(seen, wanted);
        if changes.is_empty() {
            return Plan::Settled(self.evidence(seen, wanted));
        }
        if seen.mode == Holder::ByHand {
            return Plan::Blocked(self.card(seen, wanted, &changes));
        }
        if let Some(blocker) = self.in_the_way(seen, wanted) {
            return Plan::Blocked(blocker);
        }
        if let Some(blocker) = self.emptied(seen, wanted) {
            return Plan::Blocked(blocker);
        }
        Plan::Change(changes)
    }

    /// The records to come, as if nothing stood in their way: what does shows once the zone has been read.
    fn foresee(&self, known: &Known) -> Vec<RecordChange> {
        let mode = self.mode(known);
        if mode == Holder::ByHand {
            return vec![];
        }
        let unknown = || Wanted {
            lead: self.unknown(mode.ttl()),
            proof: None,
        };
        let wanted = self.wanted(known, mode).unwrap_or_else(unknown);
        let each = wanted.proof.into_iter().chain([wanted.lead]);
        each.map(RecordChange::add).collect()
    }

    async fn apply(&self, cx: &Cx<'_>, change: &RecordChange) -> Result<Applied, CallError> {
        let Some(book) = Book::of(cx, self.mode(cx.known), &self.zone)? else {
            return Err(here("these records are entered by hand", None));
        };
        let made = match change {
            RecordChange::Add { new, .. } => {
                let id = book.add(new, true).await?;
                Some(Kept::added(new).made(id))
            }
            RecordChange::Replace { old, new, .. } => {
                book.replace(old, new, true).await?;
                Some(Kept::replaced(old, new).made(None))
            }
            RecordChange::Remove {
                old,
                made_by_golive,
            } => {
                book.remove(old).await?;
                (!made_by_golive).then(|| Kept::removed(old).made(None))
            }
            RecordChange::PutBack { old, in_place_of } => {
                match in_place_of {
                    Some(ours) => book.replace(ours, old, false).await?,
                    None => book.add(old, false).await.map(|_| ())?,
                }
                None
            }
        };
        Ok(Applied { made })
    }

    fn outputs(&self, seen: &Seen) -> Outputs {
        let record = seen.wanted.iter().map(|wanted| {
            let shown = Output::Text(wanted.lead.shown());
            ("record".to_string(), shown)
        });
        record.collect()
    }

    fn found(&self, seen: &Seen, change: &str) -> Option<Made> {
        change::found(seen, &self.host, change)
    }

    fn undo(&self, known: &Known, seen: &Seen) -> Vec<RecordChange> {
        match seen.mode {
            Holder::ByHand => vec![],
            Holder::GoDaddy | Holder::Cloudflare => change::undo(known, &seen.entries),
        }
    }
}

impl DnsRecord {
    /// How the records are written: as the zone's item found, and by hand where the operator chose so for this host.
    pub(crate) fn mode(&self, known: &Known) -> Holder {
        match chose_by_hand(known) {
            true => Holder::ByHand,
            false => mode(known, &self.zone_item, self.holder),
        }
    }

    /// What a claim wants of the zone itself is an address, of every other name a CNAME; only for rows that are foreseen.
    fn usual_kind(&self) -> &'static str {
        match self.label.as_str() {
            "@" => "A",
            _ => "CNAME",
        }
    }

    /// What stands in a plan for the record that the claim has not told yet.
    fn unknown(&self, ttl: u32) -> Entry {
        Entry {
            data: format!("(known after {})", self.claim),
            ..Entry::new(&self.host, self.usual_kind(), "", ttl)
        }
    }

    /// What the claim has told; `None` while it has not.
    pub(crate) fn wanted(&self, known: &Known, mode: Holder) -> Option<Wanted> {
        Wanted::told(known, &self.claim, &self.host, &self.zone, mode.ttl())
    }

    /// What it takes, in this order: what stands in the way goes, the host is led to its provider, the proof is added
    /// beside whatever texts there are.
    fn changes(&self, seen: &Seen, wanted: &Wanted) -> Vec<RecordChange> {
        let lead = &wanted.lead;
        let at_host = |entry: &&Entry| entry.name == lead.name && entry.leads();
        let there: Vec<&Entry> = seen.entries.iter().filter(at_host).collect();
        let by_golive = |entry: &Entry| seen.ours.iter().any(|own| own.is(entry));
        let right = there.iter().any(|entry| entry.is(lead) && !entry.proxied);
        let is_so = right || seen.flattened;
        // One of the same type is replaced, the very record first: it may only be proxied.
        let same = there.iter().find(|entry| entry.is(lead));
        let same = same.or_else(|| there.iter().find(|entry| entry.kind == lead.kind));
        let replaced = same.filter(|_| !is_so).copied();
        let stays = |entry: &Entry| {
            (entry.is(lead) && !entry.proxied)
                || replaced.is_some_and(|old| old == entry)
                || (seen.flattened && entry.kind == "A")
        };
        let mut changes: Vec<RecordChange> = there
            .iter()
            .filter(|entry| !stays(entry))
            .map(|entry| RecordChange::Remove {
                old: (*entry).clone(),
                made_by_golive: by_golive(entry),
            })
            .collect();
        match replaced {
            Some(old) => changes.push(RecordChange::Replace {
                old: old.clone(),
                new: lead.clone(),
                made_by_golive: by_golive(old),
            }),
            None if !is_so => changes.push(RecordChange::Add {
                new: lead.clone(),
                foreseen_as: Some(self.unknown(lead.ttl).shown()),
            }),
            None => {}
        }
        let proof = wanted.proof.iter();
        let missing = proof.filter(|proof| seen.entries.iter().all(|entry| !entry.is(proof)));
        changes.extend(missing.cloned().map(RecordChange::add));
        changes
    }

    /// A CNAME must be alone at its name, and golive removes nothing but what leads elsewhere. Cloudflare is not so strict.
    fn in_the_way(&self, seen: &Seen, wanted: &Wanted) -> Option<Blocker> {
        if wanted.lead.kind != "CNAME" || seen.mode == Holder::Cloudflare {
            return None;
        }
        // GoDaddy lists a service's records under the host that they are for, though their own name is another.
        let others = seen.entries.iter().filter(|entry| {
            entry.name == self.host
                && !entry.leads()
                && !matches!(entry.kind.as_str(), "SRV" | "TLSA")
        });
        let others: Vec<String> = others.map(Entry::shown).collect();
        (!others.is_empty()).then(|| Blocker::ByHand {
            what: format!(
                "move away what {} has besides ({}): a CNAME must be alone at its name, and golive removes no such record",
                self.host,
                others.join("; ")
            ),
            url: records_page(&seen.hosted_by, &self.zone),
            paste: vec![],
        })
    }

    /// GoDaddy's Domain Protection lets a text be written and keeps it without its value.
    fn emptied(&self, seen: &Seen, wanted: &Wanted) -> Option<Blocker> {
        let proof = wanted.proof.as_ref()?;
        let there = |entry: &&Entry| entry.name == proof.name && entry.kind == "TXT";
        let blank = seen
            .entries
            .iter()
            .filter(there)
            .any(|entry| entry.data.trim().is_empty());
        let written = seen.ours.iter().any(|own| own.is(proof));
        let missing = seen.entries.iter().all(|entry| !entry.is(proof));
        (blank && written && missing).then(|| Blocker::ByHand {
            what: format!(
                "enter the text at {} yourself: {} took it and keeps it without its value, which its Domain Protection does",
                proof.name, seen.hosted_by
            ),
            url: records_page(&seen.hosted_by, &self.zone),
            paste: vec![by_hand::line(proof, &self.zone)],
        })
    }

    fn evidence(&self, seen: &Seen, wanted: &Wanted) -> Evidence {
        let lead = &wanted.lead;
        let mut evidence = Evidence::new(match seen.flattened {
            false => format!("{} is {}, as {} says", self.host, lead.shown(), seen.by),
            true => format!(
                "{} leads to the addresses of {}, as {} says",
                self.host, lead.data, seen.by
            ),
        });
        if let Some(proof) = &wanted.proof {
            evidence = evidence.note(format!("{} is {}", proof.name, proof.shown()));
        }
        match records_page(&seen.hosted_by, &self.zone) {
            Some(url) => evidence.url(url),
            None => evidence,
        }
    }
}
