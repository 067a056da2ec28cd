//! Who holds a zone, and how a claim hands on the records that its provider wants.

/// Who holds the zone's records.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Holder {
    GoDaddy,
    Cloudflare,
    /// A person enters what golive shows.
    ByHand,
}

/// Outputs of an item that claims a host: the type (`CNAME` or `A`) and value (without a dot at its end) of the record
/// that its provider wants, and where the provider asks for a proof of ownership, name and value of that TXT record.
pub const TARGET_KIND: &str = "target_kind";
pub const TARGET: &str = "target";
pub const PROOF_NAME: &str = "proof_name";
pub const PROOF_VALUE: &str = "proof_value";
