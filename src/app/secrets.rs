//! `golive secrets`: what the vault holds, by name and fingerprint. Writes only to the vault and never needs the launch's lock.

mod import;
mod probe;

use std::collections::BTreeSet;

use super::login::{received, told};
use super::place::Place;
use super::{run, vaults, wants_terminal};
use crate::cli::{From, Global, Secrets, VaultChoice};
use crate::error::{Error, Kind, Result};
use crate::secret::SecretName;
use crate::step::{SlotOrigin, Use};
use crate::vault::{FINGERPRINT_KEY, Fingerprints};
use probe::Tried;

pub fn run(global: &Global, action: &Secrets) -> Result<u8> {
    let place = Place::find(global)?;
    run::runtime()?.block_on(async {
        match action {
            Secrets::List => list(global, &place).await,
            Secrets::Check => check(global, &place).await,
            Secrets::Set { name, from } => set(global, &place, name, from).await,
            Secrets::Import(options) => import::import(global, &place, options).await,
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

/// Keeps one value: cleaned, judged by its shape, and tried where it can be tried.
async fn set(global: &Global, place: &Place, name: &str, from: &From) -> Result<u8> {
    let slot = known(place, name)?;
    let launch = &place.launch;
    let vault = vaults::open(global, place, wants_terminal(global)).await?;
    let received = received(global, &slot, from, launch.lines(&slot)).await?;
    told(&received);
    let value = received.value;
    let urls = place.urls()?;
    let url = |provider: crate::plan::Provider| {
        let named = urls.get(&provider).cloned();
        named.unwrap_or_else(|| provider.address().into())
    };
    launch.fits(&slot, &value, url)?;
    launch.has_room(&slot, &value, &*vault).await?;
    let opens_stripe = launch.form(&slot).is_some_and(|form| form.opens_stripe());
    let uses = launch.uses(&slot);
    let tried = match uses.first().filter(|_| opens_stripe && !place.rehearsal) {
        Some(one) => Some(probe::stripe_key(place, &one.item.id, &value).await?),
        None => None,
    };
    if let Some(Tried::Refused(why)) = tried {
        return Err(Error::usage(format!("Stripe does not take this as {slot}"))
            .because(why)
            .now("nothing was kept; a key kept before is still there")
            .hint(format!("golive secrets set {slot}, with another key")));
    }
    vault.set(&slot, &value).await?;
    let proof = match (tried, launch.slot(&slot)) {
        (Some(tried), _) => format!(" {slot} {}.", tried.in_words()),
        (None, Some(own)) if own.what.starts_with("password of") => {
            format!(" {} proves it by a login.", own.item)
        }
        _ => String::new(),
    };
    say(
        global,
        &format!("{slot} is kept in the {}.{proof}", vault.describe()),
    );
    Ok(0)
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
    /// `token`, `secret`, `public` or `plain`.
    kind: &'static str,
    /// Where it comes from.
    origin: String,
    used_by: String,
    /// Nothing is missing while this one is: another way to sign is there, or its item has not come yet.
    spare: bool,
}

/// Every name that golive uses in this launch: the providers' tokens, then what its items keep or ask for, then what
/// its variables are wished to hold.
fn entries(place: &Place) -> Vec<Entry> {
    let mut entries = vec![];
    for token in crate::tokens::all() {
        for slot in token.slots() {
            entries.push(Entry {
                name: slot.clone(),
                what: token.what(slot).unwrap_or_default(),
                kind: "token",
                origin: "given by you".into(),
                used_by: format!("everything at {}", token.provider),
                spare: !token.ways[0].has(slot),
            });
        }
    }
    let launch = &place.launch;
    for own in launch.slots() {
        let uses = launch.uses(&own.name);
        let of_cells = !uses.is_empty() && uses.iter().any(|one| one.item.id == own.item);
        // What a cell asks for or makes is told of its variable below.
        if of_cells || entries.iter().any(|entry: &Entry| entry.name == own.name) {
            continue;
        }
        let by = std::iter::once(own.item.to_string()).chain(variables(&uses));
        entries.push(Entry {
            what: own.what,
            kind: "secret",
            origin: own.origin.word().into(),
            used_by: by.collect::<Vec<_>>().join(", "),
            spare: own.origin != SlotOrigin::Asked,
            name: own.name,
        });
    }
    for (_, cell) in launch.cells() {
        let wished = &cell.variable.wished;
        for given in std::iter::once(&wished.now).chain(&wished.live) {
            let Some(slot) = kept(given) else { continue };
            if entries.iter().any(|entry| entry.name == *slot) {
                continue;
            }
            let uses = launch.uses(slot);
            let asked = given.origin == crate::resource::value::Origin::Asked;
            let later = uses.iter().all(|one| one.only_live);
            let form = given.form.map(|form| form.in_words().to_string());
            let what = form.unwrap_or_else(|| format!("value of {}", cell.variable.name));
            entries.push(Entry {
                name: slot.clone(),
                what: if later {
                    format!("{what}, from the switch to live on")
                } else {
                    what
                },
                kind: launch.outline.matrix.kind_of(&cell.variable.name),
                origin: given.origin.words(),
                used_by: variables(&uses).collect::<Vec<_>>().join(", "),
                spare: !asked || later,
            });
        }
    }
    entries
}

fn kept(given: &crate::resource::value::Given) -> Option<&SecretName> {
    match &given.source {
        crate::resource::value::Source::Kept(slot) => Some(slot),
        _ => None,
    }
}

/// `STRIPE_SECRET_KEY in prod (Render)`.
fn variables<'u>(uses: &'u [Use<'u>]) -> impl Iterator<Item = String> + 'u {
    let mut told = BTreeSet::new();
    uses.iter().filter_map(move |one| {
        let text = format!(
            "{} in {} ({})",
            one.cell.variable.name,
            one.cell.environment,
            one.cell.to.word()
        );
        told.insert(text.clone()).then_some(text)
    })
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
    let vault = match is_gone(global, place) {
        true => None,
        false => Some(vaults::open(global, place, wants_terminal(global)).await?),
    };
    let kept = place.contents()?.state.kept;
    let mut documents = vec![];
    for entry in entries(place) {
        let was_kept = kept.contains_key(&entry.name);
        let where_ = match &vault {
            Some(vault) => {
                let present = vault.get(&entry.name).await?.is_some();
                let keeps = vault.keeps(&entry.name).await?;
                match (present, keeps) {
                    (true, true) => "in the vault",
                    (true, false) => "lent by a variable",
                    (false, _) if entry.spare && !was_kept => "not there",
                    (false, _) => "missing",
                }
            }
            None if was_kept => "gone with its run",
            None => "not there",
        };
        let fingerprint = kept.get(&entry.name).map(ToString::to_string);
        documents.push(serde_json::json!({
            "name": entry.name, "what": entry.what, "kind": entry.kind, "from": entry.origin, "used_by": entry.used_by,
            "where": where_, "fingerprint": fingerprint,
        }));
        if !global.json {
            let shown = fingerprint.as_deref().unwrap_or("-");
            println!(
                "{:<34} {:<7} {where_:<18} fingerprint {shown:<5} {}, {}; for {}",
                entry.name, entry.kind, entry.what, entry.origin, entry.used_by
            );
        }
    }
    let described = vault.as_ref().map(|vault| vault.describe());
    if global.json {
        let vault = described.unwrap_or_else(|| GONE.into());
        println!(
            "{:#}",
            serde_json::json!({"vault": vault, "secrets": documents})
        );
    } else {
        match described {
            Some(vault) => println!("Kept in the {vault}."),
            None => println!("This is a rehearsal: its secrets were kept in {GONE}."),
        }
    }
    Ok(0)
}

/// Where a rehearsal keeps its secrets.
const GONE: &str = "memory, and went with each run";

/// Whether there is no vault to ask: a rehearsal has none, unless one was named for it.
fn is_gone(global: &Global, place: &Place) -> bool {
    place.rehearsal && global.vault == VaultChoice::Keyring
}

/// Whether each secret that was kept is there, still the same, and works.
async fn check(global: &Global, place: &Place) -> Result<u8> {
    if is_gone(global, place) {
        say(
            global,
            &format!(
                "This is a rehearsal: its secrets were kept in {GONE}. Nothing is there to check."
            ),
        );
        return Ok(0);
    }
    let vault = vaults::open(global, place, wants_terminal(global)).await?;
    let kept = place.contents()?.state.kept;
    let key = Fingerprints::key(&*vault, true).await?;
    let mut worst = 0;
    let mut asked = BTreeSet::new();
    let mut documents = vec![];
    for (slot, fingerprint) in &kept {
        let value = vault.get(slot).await?;
        let verdict = match (&value, &key) {
            (None, _) => "missing",
            (Some(_), None) => "there; cannot be compared, the fingerprint key is missing",
            (Some(value), Some(key)) if value.fingerprint(key) == *fingerprint => {
                "the one that was kept"
            }
            (Some(_), Some(_)) => "another one than was kept",
        };
        let tried = match &value {
            Some(value) => probe::kept(place, &*vault, slot, value, &mut asked).await,
            None => None,
        };
        if verdict != "the one that was kept" || matches!(tried, Some(Tried::Refused(_))) {
            worst = Kind::NeedsPerson.exit_code();
        }
        let tried = tried.map(|tried| tried.in_words());
        documents.push(serde_json::json!({
            "name": slot, "fingerprint": fingerprint.to_string(), "verdict": verdict, "tried": tried,
        }));
        if !global.json {
            let tried = tried.map(|tried| format!("; {tried}")).unwrap_or_default();
            println!("{slot:<34} fingerprint {fingerprint}  {verdict}{tried}");
        }
    }
    if global.json {
        println!("{:#}", serde_json::json!({"secrets": documents}));
    } else if kept.is_empty() {
        println!("This launch has kept no secret yet. Next: golive login");
    } else if worst != 0 {
        println!(
            "What is missing, refused or another one: golive login, or golive secrets set NAME. {FINGERPRINT_KEY} is made once per launch and machine."
        );
    }
    Ok(worst)
}
