//! `golive secrets`: what the vault holds, by name and fingerprint. Writes only to the vault and never needs the launch's lock.

use super::login::received;
use super::place::Place;
use super::{run, vaults, wants_terminal};
use crate::cli::{Global, Secrets};
use crate::error::{Error, Kind, Result};
use crate::provider::token;
use crate::secret::SecretName;
use crate::vault::{FINGERPRINT_KEY, Fingerprints};

pub fn run(global: &Global, action: &Secrets) -> Result<u8> {
    let place = Place::find(global)?;
    run::runtime()?.block_on(async {
        match action {
            Secrets::List => list(global, &place).await,
            Secrets::Check => check(global, &place).await,
            Secrets::Set { name, from } => {
                let slot = known(name)?;
                let vault = vaults::open(global, &place, wants_terminal(global)).await?;
                let received = received(global, &slot, from).await?;
                if let Some(provider) = token::provider_of(&slot) {
                    super::login::check_shape(&slot, &received.value, &place.url(provider)?)?;
                }
                vault.set(&slot, &received.value).await?;
                say(
                    global,
                    &format!("{slot} is kept in the {}.", vault.describe()),
                );
                Ok(0)
            }
            Secrets::Rm { name } => {
                let slot = known(name)?;
                let vault = vaults::open(global, &place, wants_terminal(global)).await?;
                vault.remove(&slot).await?;
                say(
                    global,
                    &format!("{slot} is not in the {} any more.", vault.describe()),
                );
                Ok(0)
            }
        }
    })
}

fn say(global: &Global, text: &str) {
    if global.json {
        println!("{}", serde_json::json!({"done": text}));
    } else {
        println!("{text}");
    }
}

/// Only names that golive uses: a misspelt one would be kept and never found.
fn known(name: &str) -> Result<SecretName> {
    let names: Vec<&str> = crate::tokens::all()
        .iter()
        .map(|token| token.slot.as_str())
        .collect();
    if names.contains(&name) {
        return Ok(SecretName::new(name));
    }
    Err(Error::usage(format!("golive keeps nothing called {name}")).hint(names.join(", ")))
}

/// One line a secret: where it is, its fingerprint, what uses it.
async fn list(global: &Global, place: &Place) -> Result<u8> {
    let vault = vaults::open(global, place, wants_terminal(global)).await?;
    let kept = place.contents()?.state.kept;
    let mut documents = vec![];
    for token in crate::tokens::all() {
        let present = vault.get(&token.slot).await?.is_some();
        let keeps = vault.keeps(&token.slot).await?;
        let place = match (present, keeps) {
            (true, true) => "in the vault",
            (true, false) => "lent by a variable",
            (false, _) => "missing",
        };
        let fingerprint = kept.get(&token.slot).map(ToString::to_string);
        documents.push(serde_json::json!({
            "name": token.slot, "what": token.name, "where": place, "fingerprint": fingerprint,
        }));
        if !global.json {
            let shown = fingerprint.as_deref().unwrap_or("-");
            println!(
                "{:<16} {:<24} {:<18} fingerprint {shown}",
                token.slot, token.name, place
            );
        }
    }
    if global.json {
        println!(
            "{:#}",
            serde_json::json!({"vault": vault.describe(), "secrets": documents})
        );
    } else {
        println!("Kept in the {}.", vault.describe());
    }
    Ok(0)
}

/// Whether each secret that was kept is there and still the same.
async fn check(global: &Global, place: &Place) -> Result<u8> {
    let vault = vaults::open(global, place, wants_terminal(global)).await?;
    let kept = place.contents()?.state.kept;
    let key = Fingerprints::key(&*vault, true).await?;
    let mut worst = 0;
    let mut documents = vec![];
    for (slot, fingerprint) in &kept {
        let verdict = match (vault.get(slot).await?, &key) {
            (None, _) => "missing",
            (Some(_), None) => "there; cannot be compared, the fingerprint key is missing",
            (Some(value), Some(key)) if value.fingerprint(key) == *fingerprint => {
                "the one that was kept"
            }
            (Some(_), Some(_)) => "another one than was kept",
        };
        if verdict != "the one that was kept" {
            worst = Kind::NeedsPerson.exit_code();
        }
        documents.push(serde_json::json!({"name": slot, "fingerprint": fingerprint.to_string(), "verdict": verdict}));
        if !global.json {
            println!("{slot:<16} fingerprint {fingerprint}  {verdict}");
        }
    }
    if global.json {
        println!("{:#}", serde_json::json!({"secrets": documents}));
    } else if kept.is_empty() {
        println!("This launch has kept no secret yet. Next: golive login");
    } else if worst != 0 {
        println!(
            "What is missing or another one: golive login. {FINGERPRINT_KEY} is made once per launch and machine."
        );
    }
    Ok(worst)
}
