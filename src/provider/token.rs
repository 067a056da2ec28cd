//! Under which names the providers' tokens are kept, and what their shape says before they are sent anywhere.

use url::Url;

use super::{atlas, cloudflare, github, godaddy, guard, render, vercel};
use crate::error::{Error, Result};
use crate::plan::Provider;
use crate::secret::{Secret, SecretName};

/// The public beginnings of secrets, each with the provider that gives it out where golive works with its tokens.
const BEGINNINGS: [(&str, Option<Provider>, &str); 14] = [
    ("ghp_", Some(Provider::GitHub), "a GitHub token"),
    ("github_pat_", Some(Provider::GitHub), "a GitHub token"),
    ("gho_", Some(Provider::GitHub), "a GitHub token"),
    ("ghu_", Some(Provider::GitHub), "a GitHub token"),
    ("ghs_", Some(Provider::GitHub), "a GitHub token"),
    ("rnd_", Some(Provider::Render), "a Render API key"),
    ("cfut_", Some(Provider::Cloudflare), "a Cloudflare token"),
    (
        "mdb_sa_",
        Some(Provider::Atlas),
        "an Atlas service account's",
    ),
    ("sk_live_", None, "a Stripe secret key (live)"),
    ("sk_test_", None, "a Stripe secret key (test)"),
    ("rk_", None, "a Stripe restricted key"),
    ("pk_", None, "a Stripe publishable key"),
    ("whsec_", None, "a Stripe webhook secret"),
    ("mongodb", None, "a MongoDB address"),
];

/// Whose secret a text is that lands in the field of `own`'s token, by its beginning.
pub(super) fn foreign(own: Provider, text: &str) -> Option<&'static str> {
    let found = BEGINNINGS
        .iter()
        .find(|(prefix, provider, _)| *provider != Some(own) && text.starts_with(prefix));
    found.map(|(.., what)| *what)
}

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
