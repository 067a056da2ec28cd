//! `golive secrets import`: keeps the values of a `.env` file that the launch asks for, all of them or none.

#[cfg(test)]
mod tests;

use super::probe::{self, Tried};
use crate::app::login::surroundings;
use crate::app::place::Place;
use crate::app::{vaults, wants_terminal};
use crate::cli::{Global, Import};
use crate::error::{Error, Result};
use crate::manifest::Key;
use crate::plan::ItemId;
use crate::resource::value::{Form, Origin, Source};
use crate::seam::vault::Vault;
use crate::secret::{Secret, SecretName};
use crate::step::SlotOrigin;
use crate::vault::Fingerprints;
use crate::vault::dotenv::{self, Entry, Wrong};
use crate::vault::ways_in::WayIn;

/// What becomes of one line of the file.
enum Fate {
    /// Kept under this name.
    Keep(Taken),
    /// Its name is the launch's, and its value comes from elsewhere or is empty.
    Passed(String),
    Unknown,
}

/// A value on its way into the vault.
struct Taken {
    slot: SecretName,
    value: Secret,
    kind: &'static str,
    form: Option<Form>,
    item: ItemId,
    /// What was taken off, what it opens, and what else to know.
    told: Vec<String>,
}

struct Line {
    name: String,
    line: usize,
    fate: Fate,
}

pub async fn import(global: &Global, place: &Place, options: &Import) -> Result<u8> {
    let environment = environment(place, options.environment.as_deref())?;
    // Opened first: nobody should unlock a password manager for values that then cannot be kept.
    let vault = vaults::open(global, place, wants_terminal(global)).await?;
    let way = match (&options.file, options.from.way()) {
        (Some(file), _) if file.as_os_str() == "-" => WayIn::Stdin,
        (Some(file), _) => WayIn::File(file.clone()),
        (None, Some(way)) => way,
        (None, None) => {
            return Err(Error::usage("which file is to be imported")
                .now("nothing was kept")
                .hint(
                    "golive secrets import FILE, --stdin, or --from-command \"op inject -i FILE\"",
                ));
        }
    };
    let text = way.read_file(&surroundings(), std::io::stdin()).await?;
    let entries = dotenv::read(&text).map_err(|wrong| refused(&wrong))?;
    let mut lines = judged(place, &environment, entries)?;
    room(place, &*vault, &lines).await?;
    tried(place, &mut lines).await?;
    let key = fingerprint_key(place, &*vault).await?;
    let kept = keep(&*vault, &lines).await?;
    tell(global, &lines, key.as_ref(), &vault.describe(), kept);
    Ok(0)
}

/// The environment that the file is for; the only one needs no name.
fn environment(place: &Place, named: Option<&str>) -> Result<String> {
    let keys: Vec<&str> = place.manifest.environment.keys().map(Key::as_str).collect();
    match (named, keys.as_slice()) {
        (Some(named), keys) if keys.contains(&named) => Ok(named.to_string()),
        (None, [only]) => Ok((*only).to_string()),
        (Some(named), _) => Err(
            Error::usage(format!("this launch has no environment {named}"))
                .now("nothing was kept")
                .hint(format!("one of {}", keys.join(", "))),
        ),
        (None, _) => Err(
            Error::usage("which environment the file is for is not said")
                .now("nothing was kept")
                .hint(format!(
                    "--environment {}",
                    keys.join(", or --environment ")
                )),
        ),
    }
}

/// All lines that cannot be taken, at once.
fn refused(wrong: &[Wrong]) -> Error {
    let list = wrong
        .iter()
        .map(|wrong| format!("line {}: {}", wrong.line, wrong.what));
    let list: Vec<String> = list.collect();
    let count = match wrong.len() {
        1 => "1 line of the file cannot be taken".to_string(),
        n => format!("{n} lines of the file cannot be taken"),
    };
    Error::usage(count)
        .because(list.join("\n           "))
        .now("nothing was kept, of the other lines neither")
        .hint("correct the file and import it once more; what was kept before stays")
}

/// Which name each value is kept under, cleaned and of the right shape; or every line that is wrong.
fn judged(place: &Place, environment: &str, entries: Vec<Entry>) -> Result<Vec<Line>> {
    let (mut lines, mut wrong): (Vec<Line>, Vec<Wrong>) = (vec![], vec![]);
    for entry in entries {
        let (name, line) = (entry.name.clone(), entry.line);
        match fate(place, environment, entry) {
            Ok(fate) => lines.push(Line { name, line, fate }),
            Err(error) => wrong.push(Wrong {
                line,
                what: worded(&name, &error),
            }),
        }
    }
    wrong.extend(twice(&lines));
    match wrong.is_empty() {
        true => Ok(lines),
        false => Err(refused(&wrong)),
    }
}

fn worded(name: &str, error: &Error) -> String {
    let cause = error.cause.as_ref().map(|cause| format!(": {cause}"));
    format!("{name}: {}{}", error.what, cause.unwrap_or_default())
}

/// Two names of the file that mean one value.
fn twice(lines: &[Line]) -> Vec<Wrong> {
    let kept = |line: &Line| match &line.fate {
        Fate::Keep(taken) => Some(taken.slot.clone()),
        Fate::Passed(_) | Fate::Unknown => None,
    };
    let again = lines.iter().enumerate().filter_map(|(at, line)| {
        let slot = kept(line)?;
        let first = lines[..at]
            .iter()
            .find(|other| kept(other).as_ref() == Some(&slot))?;
        Some(Wrong {
            line: line.line,
            what: format!(
                "{} and {} on line {} both stand for {slot}: decide which is right",
                line.name, first.name, first.line
            ),
        })
    });
    again.collect()
}

fn fate(place: &Place, environment: &str, entry: Entry) -> Result<Fate> {
    let found = match place_of(place, environment, &entry) {
        Ok(found) => found,
        Err(fate) => return Ok(fate),
    };
    if entry.value.is_empty() {
        return Ok(Fate::Passed("it is empty in the file".into()));
    }
    let (value, removed) = place.launch.cleaned(&found.slot, entry.value)?;
    let url = |provider| place.url(provider).unwrap_or_default();
    place.launch.fits(&found.slot, &value, url)?;
    Ok(Fate::Keep(Taken {
        value,
        told: entry.notes.into_iter().chain(removed).collect(),
        ..found
    }))
}

/// Where a value of this name belongs in the environment: to the name it is kept under, else to the variable's own, and
/// of those to the one whose form it has.
fn place_of(place: &Place, environment: &str, entry: &Entry) -> Result<Taken, Fate> {
    let launch = &place.launch;
    let named = SecretName::new(format!("{environment}.{}", entry.name));
    let mut found: Vec<Taken> = vec![];
    let mut elsewhere = None;
    let cells = launch
        .cells()
        .filter(|(_, cell)| cell.environment == environment);
    for (item, cell) in cells {
        let wished = &cell.variable.wished;
        for given in std::iter::once(&wished.now).chain(&wished.live) {
            let by_variable = cell.variable.name == entry.name;
            match &given.source {
                Source::Kept(slot) if by_variable || *slot == named => match given.origin {
                    Origin::Asked | Origin::Generated(_) => found.push(Taken {
                        slot: slot.clone(),
                        value: entry.value.clone(),
                        kind: launch.outline.matrix.kind_of(&cell.variable.name),
                        form: given.form,
                        item: item.id.clone(),
                        told: vec![],
                    }),
                    _ => {
                        elsewhere = Some(format!("golive reads it from the provider ({})", item.id))
                    }
                },
                Source::Text(_) if by_variable => {
                    elsewhere = Some("golive.toml says what it is".into());
                }
                Source::DatabaseUrl(_) if by_variable => {
                    elsewhere = Some("golive puts it together".into());
                }
                _ => {}
            }
        }
    }
    let own = launch
        .slot(&named)
        .filter(|own| own.origin == SlotOrigin::Asked);
    if let (true, Some(own)) = (found.is_empty(), own) {
        return Ok(Taken {
            slot: own.name,
            value: entry.value.clone(),
            kind: "secret",
            form: None,
            item: own.item,
            told: vec![],
        });
    }
    let fits = |taken: &Taken| {
        taken
            .form
            .is_some_and(|form| form.fits(&entry.value).is_ok())
    };
    let best = found
        .iter()
        .position(fits)
        .or_else(|| found.iter().position(|taken| taken.slot == named))
        .unwrap_or(0);
    if found.is_empty() {
        return Err(elsewhere.map_or(Fate::Unknown, Fate::Passed));
    }
    Ok(found.swap_remove(best))
}

async fn room(place: &Place, vault: &dyn Vault, lines: &[Line]) -> Result<()> {
    for line in lines {
        if let Fate::Keep(taken) = &line.fate {
            let room = place
                .launch
                .has_room(&taken.slot, &taken.value, vault)
                .await;
            room.map_err(|error| {
                refused(&[Wrong {
                    line: line.line,
                    what: worded(&line.name, &error),
                }])
            })?;
        }
    }
    Ok(())
}

/// Each key of Stripe opens what it should, by reading calls alone.
async fn tried(place: &Place, lines: &mut [Line]) -> Result<()> {
    let mut wrong = vec![];
    for line in lines.iter_mut() {
        let Fate::Keep(taken) = &mut line.fate else {
            continue;
        };
        if place.rehearsal || !taken.form.is_some_and(Form::opens_stripe) {
            continue;
        }
        match probe::stripe_key(place, &taken.item, &taken.value).await? {
            Tried::Refused(why) => wrong.push(Wrong {
                line: line.line,
                what: format!("{}: Stripe does not take it: {why}", line.name),
            }),
            tried => taken.told.push(tried.in_words()),
        }
    }
    match wrong.is_empty() {
        true => Ok(()),
        false => Err(refused(&wrong)),
    }
}

async fn fingerprint_key(place: &Place, vault: &dyn Vault) -> Result<Option<Secret>> {
    let expected = !place.contents()?.state.kept.is_empty();
    Fingerprints::key(vault, expected).await
}

/// Keeps all, and puts back what was there before when one of them cannot be kept. How many were kept already.
async fn keep(vault: &dyn Vault, lines: &[Line]) -> Result<usize> {
    let taken: Vec<&Taken> = lines
        .iter()
        .filter_map(|line| match &line.fate {
            Fate::Keep(taken) => Some(taken),
            Fate::Passed(_) | Fate::Unknown => None,
        })
        .collect();
    let mut before = vec![];
    for one in &taken {
        // What a variable lends was not kept, so there is nothing to put back.
        let kept = match vault.keeps(&one.slot).await? {
            true => vault.get(&one.slot).await?,
            false => None,
        };
        before.push(kept);
    }
    let mut same = 0;
    for (at, one) in taken.iter().enumerate() {
        if before[at]
            .as_ref()
            .is_some_and(|kept| kept.same_as(&one.value))
        {
            same += 1;
            continue;
        }
        if let Err(error) = vault.set(&one.slot, &one.value).await {
            let left = put_back(vault, &taken[..at], &before[..at]).await;
            return Err(error.now(match left.as_slice() {
                [] => "nothing of the file was kept".to_string(),
                left => format!(
                    "{} could not be put back and are the file's now",
                    left.join(", ")
                ),
            }));
        }
    }
    Ok(same)
}

/// The names of those that could not be put back.
async fn put_back(vault: &dyn Vault, taken: &[&Taken], before: &[Option<Secret>]) -> Vec<String> {
    let mut left = vec![];
    for (one, kept) in taken.iter().zip(before) {
        let back = match kept {
            Some(kept) => vault.set(&one.slot, kept).await,
            None => vault.remove(&one.slot).await,
        };
        if back.is_err() {
            left.push(one.slot.to_string());
        }
    }
    left
}

fn tell(global: &Global, lines: &[Line], key: Option<&Secret>, vault: &str, same: usize) {
    let mut documents = vec![];
    let mut kept = 0;
    for line in lines {
        let (state, slot, kind, fingerprint, told) = match &line.fate {
            Fate::Keep(taken) => {
                kept += 1;
                let fingerprint = key.map(|key| taken.value.fingerprint(key).to_string());
                let (slot, told) = (Some(taken.slot.to_string()), taken.told.join("; "));
                ("kept", slot, Some(taken.kind), fingerprint, told)
            }
            Fate::Passed(why) => ("passed over", None, None, None, why.clone()),
            Fate::Unknown => {
                let why = "the launch has no such variable".to_string();
                ("unknown", None, None, None, why)
            }
        };
        if !global.json {
            let shown = fingerprint.as_deref().unwrap_or("-");
            let under = slot.as_deref().map(|slot| format!("  as {slot}"));
            let under = under.unwrap_or_default();
            let kind = kind.unwrap_or("-");
            let note = match told.is_empty() {
                true => String::new(),
                false => format!("  ({told})"),
            };
            println!(
                "line {:<4} {:<28} {state:<11} {kind:<7} fingerprint {shown:<5}{under}{note}",
                line.line, line.name
            );
        }
        documents.push(serde_json::json!({
            "line": line.line, "name": line.name, "state": state, "slot": slot, "kind": kind,
            "fingerprint": fingerprint, "told": told,
        }));
    }
    if global.json {
        println!(
            "{:#}",
            serde_json::json!({"vault": vault, "lines": documents})
        );
        return;
    }
    let as_before = match same {
        0 => String::new(),
        n => format!(", {n} of them as they were"),
    };
    println!("{kept} kept in the {vault}{as_before}.");
    eprintln!(
        "Next: golive plan. Delete the file once it is of no use: its values stand in it in clear."
    );
}
