//! What follows from a refusal: each provider words its own, the loop knows only these.

use super::http::CallError;
use super::{atlas, cloudflare, github, godaddy, render, stripe, vercel};
use crate::plan::{Blocker, Provider};

/// What a refusal means for the item that met it.
#[derive(Clone, Debug)]
pub enum Verdict {
    /// The token is not taken (any more): a new one is asked for.
    TokenRefused,
    /// Only a person can settle it: a permission, an app, a payment method.
    Blocked(Blocker),
    /// The world was not yet, or no longer, as the look showed it: look again.
    Race,
    /// A failure as it stands.
    Plain,
}

/// Reads a refusal of `provider`; `what` completes "the token may not …".
pub fn verdict(provider: Provider, error: &CallError, what: &str) -> Verdict {
    match provider {
        Provider::GitHub => github::verdict(error, what),
        Provider::Vercel => vercel::verdict(error, what),
        Provider::Render => render::verdict(error, what),
        Provider::Atlas => atlas::verdict(error, what),
        Provider::GoDaddy => godaddy::verdict(error, what),
        Provider::Cloudflare => cloudflare::verdict(error, what),
        Provider::Stripe => stripe::verdict(error, what),
    }
}
