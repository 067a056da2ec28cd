//! The records of one host: where it points, and what proves that it is ours.

use super::not_yet::not_yet;
use super::zone::Holder;
use crate::plan::ItemId;

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

not_yet!(DnsRecord);
