//! `golive secrets`: what the vault holds, by name and fingerprint. Writes only to the vault and never needs the launch's lock.

use super::login::received;
use super::place::Place;
use super::{run, vaults, wants_terminal};
use crate::cli::{Global, Secrets};
use crate::error::{Error, Kind, Result};
use crate::provider::token;
use crate::secret::SecretName;
use crate::step::SlotOrigin;
use crate::vault::{FINGERPRINT_KEY, Fingerprints};

pub fn run(global: &Global, action: &Secrets) -> Result<u8> {
    let place = Place::find(global)?;
    run::runtime()?.block_on(async {
        match action {
            Secrets::List => list(global, &place).await,
            Secrets::Check => check(global, &place).await,
            Secrets::Set { name, from } => {
                let slot = known(&place, name)?;
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
                let slot = known(&place, name)?;
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

/// A name that secrets are kept under, and what it stands for.
struct Entry {
    name: SecretName,
    what: String,
    /// Where it comes from.
    origin: &'static str,
    used_by: String,
    /// Nothing is missing while this one is: another way to sign is there, or its item has not come yet.
    spare: bool,
}

/// Every name that golive uses in this launch: the providers' tokens, then what its items keep or ask for.
fn entries(place: &Place) -> Vec<Entry> {
    let mut entries = vec![];
    for token in crate::tokens::all() {
        for slot in token.slots() {
            entries.push(Entry {
                name: slot.clone(),
                what: token.what(slot).unwrap_or_default(),
                origin: "given by you",
                used_by: format!("everything at {}", token.provider),
                spare: !token.ways[0].has(slot),
            });
        }
    }
    entries.extend(place.launch.slots().into_iter().map(|slot| Entry {
        name: slot.name,
        what: slot.what,
        origin: slot.origin.word(),
        used_by: slot.item.to_string(),
        spare: slot.origin != SlotOrigin::Asked,
    }));
    entries
}

/// Only names that golive uses: a misspelt one would be kept and never found.
fn known(place: &Place, name: &str) -> Result<SecretName> {
    let entries = entries(place);
    if let Some(entry) = entries.iter().find(|entry| entry.name.as_str() == name) {
        return Ok(entry.name.clone());
    }
    let names: Vec<&str> = entries.iter().map(|entry| entry.name.as_str()).collect();
    Err(Error::usage(format!("golive keeps nothing called {name}")).hint(names.join(", ")))
}

/// One line a secret: where it is, its fingerprint, what it is, what uses it. Never a value.
async fn list(global: &Global, place: &Place) -> Result<u8> {
    let vault = vaults::open(global, place, wants_terminal(global)).await?;
    let kept = place.contents()?.state.kept;
    let mut documents = vec![];
    for entry in entries(place) {
        let present = vault.get(&entry.name).await?.is_some();
        let keeps = vault.keeps(&entry.name).await?;
        let where_ = match (present, keeps) {
            (true, true) => "in the vault",
            (true, false) => "lent by a variable",
            (false, _) if entry.spare && !kept.contains_key(&entry.name) => "not there",
            (false, _) => "missing",
        };
        let fingerprint = kept.get(&entry.name).map(ToString::to_string);
        documents.push(serde_json::json!({
            "name": entry.name, "what": entry.what, "from": entry.origin, "used_by": entry.used_by,
            "where": where_, "fingerprint": fingerprint,
        }));
        if !global.json {
            let shown = fingerprint.as_deref().unwrap_or("-");
            println!(
                "{:<26} {:<18} fingerprint {shown:<5} {}, {}; for {}",
                entry.name, where_, entry.what, entry.origin, entry.used_by
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
            println!("{slot:<26} fingerprint {fingerprint}  {verdict}");
        }
    }
    if global.json {
        println!("{:#}", serde_json::json!({"secrets": documents}));
    } else if kept.is_empty() {
        println!("This launch has kept no secret yet. Next: golive login");
    } else if worst != 0 {
        println!(
            "What is missing or another one: golive login, or golive secrets set NAME. {FINGERPRINT_KEY} is made once per launch and machine."
        );
    }
    Ok(worst)
}
