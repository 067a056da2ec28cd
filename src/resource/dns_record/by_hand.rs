//! The card for a person who enters a host's records: what to remove, what to enter, field by field.

use super::{DnsRecord, RecordChange, Seen};
use crate::plan::Blocker;
use crate::resource::zone::entry::Entry;
use crate::resource::zone::{Wanted, label, records_page};

impl DnsRecord {
    pub(super) fn card(&self, seen: &Seen, wanted: &Wanted, changes: &[RecordChange]) -> Blocker {
        let mut paste: Vec<String> = Vec::new();
        for change in changes {
            if let RecordChange::Replace { old, .. } | RecordChange::Remove { old, .. } = change {
                paste.push(format!(
                    "Remove first: {} {} {}",
                    old.kind,
                    label(&old.name, &self.zone),
                    old.data
                ));
            }
        }
        for other in self.beside(seen, wanted) {
            paste.push(format!(
                "Move away first: {} {} {} (a CNAME must be alone at its name)",
                other.kind,
                label(&other.name, &self.zone),
                other.data
            ));
        }
        for change in changes {
            if let RecordChange::Add { new, .. } | RecordChange::Replace { new, .. } = change {
                paste.extend(lines(new, &self.zone));
            }
        }
        Blocker::ByHand {
            what: format!(
                "enter the record of {} where the zone {} is hosted. Some forms want the whole name in place of the short \
                 one. golive looks at the zone's own servers every 30 seconds until they serve it",
                self.host, self.zone
            ),
            url: records_page(&seen.hosted_by, &self.zone),
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

/// The fields of a record as a form asks for them.
pub(super) fn lines(entry: &Entry, zone: &str) -> Vec<String> {
    vec![
        format!("Type:  {}", entry.kind),
        format!("Name:  {}", label(&entry.name, zone)),
        format!("Value: {}", entry.data),
        format!("TTL:   {} (seconds)", entry.ttl),
    ]
}
