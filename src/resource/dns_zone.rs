//! Who answers for the zone, and what is in it before golive writes.

use super::not_yet::not_yet;
use super::zone::Holder;

/// Who answers for the zone, and what is in it.
#[derive(Clone, Debug)]
pub struct DnsZone {
    pub zone: String,
    pub holder: Holder,
    /// Every host that golive is going to have records for.
    pub hosts: Vec<String>,
    /// The bare name is left as it is; what it shows is told.
    pub apex_left: bool,
}

not_yet!(DnsZone);
