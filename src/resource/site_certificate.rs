//! The certificate that a host shows: for its name, valid, trusted.

use super::not_yet::not_yet;
use crate::plan::ItemId;

/// The certificate that a host shows.
#[derive(Clone, Debug)]
pub struct SiteCertificate {
    pub host: String,
    pub zone: String,
    /// The item that claims the host.
    pub claim: ItemId,
    /// Whose certificate it is going to be.
    pub by: &'static str,
}

not_yet!(SiteCertificate);
