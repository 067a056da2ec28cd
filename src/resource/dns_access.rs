//! The account that holds the zone: its token works, and the zone is in it.

use super::not_yet::not_yet;
use super::zone::Holder;

/// The account that holds the zone.
#[derive(Clone, Debug)]
pub struct DnsAccess {
    pub zone: String,
    pub holder: Holder,
}

not_yet!(DnsAccess);
