//! The card for a person who enters a host's records: what to remove, what to enter, a line each.

use super::{DnsRecord, RecordChange, Seen};
use crate::plan::Blocker;
use crate::resource::zone::entry::Entry;
use crate::resource::zone::{Wanted, label, records_page};

impl DnsRecord {
    /// A line is `remove NAME TYPE VALUE`, or a record to enter: `NAME TTL TYPE VALUE`.
    pub(super) fn card(&self, seen: &Seen, wanted: &Wanted, changes: &[RecordChange]) -> Blocker {
        let (zone, host) = (&self.zone, &self.host);
        let mut paste: Vec<String> = Vec::new();
        for change in changes {
            if let RecordChange::Replace { old, .. } | RecordChange::Remove { old, .. } = change {
                let name = label(&old.name, zone);
                paste.push(format!("remove {name} {} {}", old.kind, old.data));
            }
        }
        for change in changes {
            if let RecordChange::Add { new, .. } | RecordChange::Replace { new, .. } = change {
                paste.push(line(new, zone));
            }
        }
        let beside: Vec<String> = self
            .beside(seen, wanted)
            .into_iter()
            .map(Entry::shown)
            .collect();
        let beside = match beside.is_empty() {
            true => String::new(),
            false => format!(
                ". Move away what {host} has besides ({}): a CNAME must be alone at its name",
                beside.join("; ")
            ),
        };
        Blocker::ByHand {
            what: format!(
                "enter the record of {host} where the zone {zone} is hosted. A line is its name (some forms want {host} in \
                 full), its TTL in seconds, its type and its value{beside}. golive looks at the zone's own servers every 30 \
                 seconds until they serve it"
            ),
            url: records_page(&seen.hosted_by, zone),
            paste,
        }
    }

    /// What a CNAME may not stand beside, and golive's rows never remove.
    fn beside<'s>(&self, seen: &'s Seen, wanted: &Wanted) -> Vec<&'s Entry> {
        let others = seen.entries.iter().filter(|entry| {
            wanted.lead.kind == "CNAME" && entry.name == self.host && !entry.leads()
        });
        others.collect()
    }
}

/// A record as a person enters it: name inside the zone, TTL, type, value.
pub(super) fn line(entry: &Entry, zone: &str) -> String {
    let name = label(&entry.name, zone);
    format!("{name} {} {} {}", entry.ttl, entry.kind, entry.data)
}
