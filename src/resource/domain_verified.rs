//! A claimed host is verified by its provider, and not misconfigured.

use super::not_yet::not_yet;
use crate::plan::ItemId;

/// A claimed host is verified by its provider.
#[derive(Clone, Debug)]
pub struct DomainVerified {
    pub host: String,
    /// The item that claims the host.
    pub claim: ItemId,
    pub at: Claimed,
}

not_yet!(DomainVerified);

/// Where a host is claimed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Claimed {
    /// On the project of that item.
    Vercel(ItemId),
    /// On the service of that item.
    Render(ItemId),
}
