//! The Stripe account that the keys open.

use super::not_yet::not_yet;
use crate::secret::SecretName;

/// The Stripe account that the keys open.
#[derive(Clone, Debug)]
pub struct StripeAccess {
    /// The name that the test key is kept under.
    pub slot: SecretName,
    /// The account (`acct_…`) that golive.toml names; else the first seen is pinned.
    pub account: Option<String>,
}

not_yet!(StripeAccess);
