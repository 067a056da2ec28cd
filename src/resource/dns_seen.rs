//! One host as the world sees it: the zone's own servers, then public resolvers.

use super::not_yet::not_yet;
use crate::plan::ItemId;

/// One host as the world sees it.
#[derive(Clone, Debug)]
pub struct DnsSeen {
    pub zone: String,
    pub host: String,
    pub claim: ItemId,
    /// The item that writes the records.
    pub record: ItemId,
    pub zone_item: ItemId,
}

not_yet!(DnsSeen);
