//! Under which names the providers' tokens are kept, and what their shape says before they are sent anywhere.

use url::Url;

use super::{atlas, cloudflare, github, godaddy, guard, render, vercel};
use crate::error::{Error, Result};
use crate::plan::Provider;
use crate::secret::{Secret, SecretName};

/// The ways to sign for a provider, the recommended one first: each the slots that are needed together.
pub fn ways(provider: Provider) -> &'static [&'static [&'static str]] {
    match provider {
        Provider::GitHub => &[&["GITHUB_TOKEN"]],
        Provider::Vercel => &[&["VERCEL_TOKEN"]],
        Provider::Render => &[&["RENDER_API_KEY"]],
        Provider::Atlas => &[
            &["ATLAS_CLIENT_ID", "ATLAS_CLIENT_SECRET"],
            &["ATLAS_PUBLIC_KEY", "ATLAS_PRIVATE_KEY"],
        ],
        Provider::GoDaddy => &[&["GODADDY_TOKEN"], &["GODADDY_KEY", "GODADDY_SECRET"]],
        Provider::Cloudflare => &[&["CLOUDFLARE_TOKEN"]],
        // Each environment and mode has a key of its own, kept with the values of the environments.
        Provider::Stripe => &[],
    }
}

/// Every slot that holds a token of `provider`.
pub fn slots(provider: Provider) -> impl Iterator<Item = SecretName> {
    ways(provider)
        .iter()
        .flat_map(|way| way.iter())
        .map(|slot| SecretName::new(*slot))
}

/// The provider that a slot's token is for.
pub fn provider_of(slot: &SecretName) -> Option<Provider> {
    Provider::ALL
        .into_iter()
        .find(|provider| slots(*provider).any(|own| own == *slot))
}

/// The value looks like what the slot is for, and may go where it would be sent. Other slots take anything.
pub fn fits(slot: &SecretName, value: &Secret, url: &str) -> Result<()> {
    let Some(provider) = provider_of(slot) else {
        return Ok(());
    };
    match provider {
        Provider::GitHub => github::check_github(value).map(|_| ())?,
        Provider::Vercel => vercel::check_token(value)?,
        Provider::Render => render::check_token(value)?,
        Provider::Atlas => atlas::check_token(slot, value)?,
        Provider::GoDaddy => godaddy::check_token(slot, value)?,
        Provider::Cloudflare => cloudflare::check_token(slot, value)?,
        Provider::Stripe => {}
    }
    let url = Url::parse(url).map_err(|error| {
        Error::usage(format!("{provider}'s address cannot be read")).because(error)
    })?;
    guard::token_fits(&url, value)
}
