//! `golive login`: keeps what signs for a provider in the vault, after a shape check and a look that it works.

mod given;
mod intro;
mod look;

use super::place::Place;
use super::{run, vaults, wants_terminal};
use crate::cli::{From, Global};
use crate::error::{Error, Result};
use crate::plan::Provider;
use crate::provider::token;
use crate::seam::vault::Vault;
use crate::secret::{Secret, SecretName};
use crate::tokens::{self, Token, Way};
use look::Account;

pub use given::{received, surroundings, told};
pub use intro::{promises, ways};

pub fn run(global: &Global, provider: &str, slot: Option<&str>, from: &From) -> Result<u8> {
    let place = Place::find(global)?;
    let provider = named(provider)?;
    let token = tokens::of(provider).ok_or_else(|| no_login(provider))?;
    let slot = slot.map(|name| of_provider(token, name)).transpose()?;
    let url = place.url(provider)?;
    run::runtime()?.block_on(async {
        // Opened first: nobody should type a token that then cannot be kept.
        let vault = vaults::open(global, &place, wants_terminal(global)).await?;
        let asking = given::Asking {
            global,
            token,
            slot: slot.as_ref(),
            from,
            url: &url,
        };
        let given = asking.values().await?;
        comes_to_use(&*vault, token, given.way).await?;
        for (name, value) in &given.values {
            token::fits(name, value, &url)?;
        }
        let keys = whole(&*vault, given.way, &given.values).await?;
        let account = match &keys {
            Some(keys) => {
                let account = look::look(&place, provider, &url, given.way, keys).await?;
                account.fits(&place)?;
                Some(account)
            }
            None => None,
        };
        for (name, value) in &given.values {
            vault.set(name, value).await?;
        }
        let names: Vec<&SecretName> = given.values.iter().map(|(name, _)| name).collect();
        tell(
            global,
            &names,
            given.way,
            account.as_ref(),
            &vault.describe(),
        );
        Ok(0)
    })
}

/// The provider that a word of the command line means.
fn named(word: &str) -> Result<Provider> {
    let found = Provider::ALL
        .into_iter()
        .find(|provider| provider.word() == word.to_lowercase());
    found.ok_or_else(|| {
        let known: Vec<&str> = Provider::ALL.into_iter().map(Provider::word).collect();
        Error::usage(format!("golive does not log in to {word}")).hint(known.join(", "))
    })
}

/// Its keys are values of the launch's own variables.
fn no_login(provider: Provider) -> Error {
    Error::usage(format!("{provider}'s keys are kept one by one"))
        .because("each environment has a key of its own")
        .now("nothing was kept")
        .hint("golive secrets list names them; golive secrets set NAME keeps one after a look that it works")
}

fn of_provider(token: &Token, name: &str) -> Result<SecretName> {
    let slots = token.slots();
    let found = slots.iter().find(|slot| slot.as_str() == name);
    found.map(|slot| (*slot).clone()).ok_or_else(|| {
        let names: Vec<&str> = slots.iter().map(|slot| slot.as_str()).collect();
        let names = names.join(", ");
        Error::usage(format!(
            "{name} is nothing that signs for {}",
            token.provider
        ))
        .hint(names)
    })
}

/// Calls are signed by the first way that is whole, so a value of a later one would be kept and never used.
async fn comes_to_use(vault: &dyn Vault, token: &Token, chosen: &Way) -> Result<()> {
    let before = token
        .ways
        .iter()
        .take_while(|way| way.title != chosen.title);
    for way in before.filter(|way| way.slots.len() > 1) {
        let mut held = true;
        for slot in &way.slots {
            held &= vault.get(&slot.name).await?.is_some();
        }
        if held {
            return Err(
                Error::usage(format!("{} would be kept and not used", chosen.names()))
                    .because(format!(
                        "{} are there, and golive signs with them first",
                        way.names()
                    ))
                    .now("nothing was kept")
                    .hint(format!(
                        "golive secrets rm {}, then once more",
                        way.slots[0].name
                    )),
            );
        }
    }
    Ok(())
}

/// Everything that signs together: what was given now, and what the vault has besides. `None` while something is missing.
async fn whole(
    vault: &dyn Vault,
    way: &Way,
    given: &[(SecretName, Secret)],
) -> Result<Option<Vec<Secret>>> {
    let mut keys = vec![];
    for slot in &way.slots {
        let now = given.iter().find(|(name, _)| *name == slot.name);
        let key = match now {
            Some((_, value)) => Some(value.clone()),
            None => vault.get(&slot.name).await?,
        };
        match key {
            Some(key) => keys.push(key),
            None => return Ok(None),
        }
    }
    Ok(Some(keys))
}

fn tell(global: &Global, names: &[&SecretName], way: &Way, account: Option<&Account>, vault: &str) {
    if global.json {
        println!(
            "{}",
            serde_json::json!({"kept": names, "vault": vault, "works": account.is_some(),
                "account": account.map(|account| &account.name),
                "ids": account.map(|account| &account.ids),
                "kind": account.map(|account| &account.kind),
                "scopes": account.map(|account| &account.scopes),
                "expires": account.map(|account| &account.expires)})
        );
        return;
    }
    let words: Vec<&str> = names.iter().map(|name| name.as_str()).collect();
    let words = words.join(" and ");
    let many = names.len() > 1;
    match account {
        Some(account) => {
            let verbs = if many { "belong" } else { "belongs" };
            let works = if many { "work" } else { "works" };
            let Account {
                name,
                kind,
                scopes,
                expires,
                ..
            } = account;
            println!("{words} {verbs} to {name} and {works}: {kind}.");
            println!("Scopes: {scopes}. Expiry: {expires}.");
            println!("Kept in the {vault}.");
            eprintln!("Next: golive plan, or golive for the wizard.");
        }
        None => {
            println!("Kept in the {vault}. Whether it works is not known yet.");
            let missing = way.slots.iter().find(|slot| !names.contains(&&slot.name));
            if let Some(missing) = missing {
                eprintln!(
                    "{} is needed with it: golive login --only {0}",
                    missing.name
                );
            }
        }
    }
}

/// Whose what signs for a provider is, or why it does not do; `None` while something of it is missing. Only reads. The
/// error says why that is not known.
pub async fn whose(
    place: &Place,
    vault: &dyn Vault,
    provider: Provider,
) -> Result<Option<Result<String, String>>> {
    let Some(token) = tokens::of(provider) else {
        return Ok(None);
    };
    for way in &token.ways {
        let Some(keys) = whole(vault, way, &[]).await? else {
            continue;
        };
        let url = place.url(provider)?;
        let account = match look::ask(place, provider, &url, way, &keys).await? {
            Ok(account) => account,
            Err(error) if look::is_refused(provider, &error) => {
                return Ok(Some(Err(error.cause())));
            }
            Err(error) => return Err(Error::failed(error.cause())),
        };
        return Ok(Some(match account.fits(place) {
            Ok(()) => Ok(account.name),
            Err(error) => Err(error.what),
        }));
    }
    Ok(None)
}
