//! The copy of a zone that is made before golive's first write, and kept as it was then.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::resource::zone::entry::{Entry, digest};

/// Of larger zones only the records of golive's own hosts are kept in full: a line of the state file stays readable.
const KEPT_MAX: usize = 1_000;
/// What Vercel's proofs begin with; they stand beside others' texts at one name.
const PROOF: &str = "vc-domain-verify=";

/// The copy.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Export {
    pub at: Timestamp,
    /// `GoDaddy`, `Cloudflare`, or `name servers` where no API lists the zone.
    pub source: String,
    /// How many records there were.
    pub count: usize,
    /// How many of them are others', and one checksum over these.
    pub others: usize,
    pub digest: String,
    pub records: Vec<Entry>,
}

impl Export {
    pub fn of(at: Timestamp, source: &str, mut entries: Vec<Entry>, hosts: &[String]) -> Export {
        entries.sort();
        let (count, others) = (entries.len(), others(&entries, hosts).count());
        let digest = digest(self::others(&entries, hosts));
        if count > KEPT_MAX {
            entries.retain(|entry| hosts.contains(&entry.name));
        }
        Export {
            at,
            source: source.into(),
            count,
            others,
            digest,
            records: entries,
        }
    }

    /// For the state file.
    pub fn kept(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }

    pub fn read(kept: &str) -> Option<Export> {
        serde_json::from_str(kept).ok()
    }
}

/// The records that golive neither makes nor replaces.
pub fn others<'e>(entries: &'e [Entry], hosts: &'e [String]) -> impl Iterator<Item = &'e Entry> {
    entries.iter().filter(|entry| {
        let own = hosts.contains(&entry.name) && entry.leads();
        // Its serial number rises with every change of the zone.
        !own && entry.kind != "SOA" && !entry.data.starts_with(PROOF)
    })
}
