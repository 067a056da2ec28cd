//! What a run without a screen lacks: all of it at once, each with every way to give it. A missing token stops only what
//! needs it.

use std::collections::BTreeSet;

use crate::engine::desk::Seams;
use crate::error::{Error, Result};
use crate::plan::{ItemId, Provider};
use crate::provider::token;
use crate::secret::SecretName;
use crate::step::{Instance, Launch, LaunchSlot, SlotOrigin};

/// One value that is missing, and what waits for it.
struct Missing {
    slot: SecretName,
    /// The command that gives it.
    command: String,
    waiting: Vec<ItemId>,
}

/// Refuses where nothing of the selection could be worked on. Else the sentences that tell what is missing all the same.
pub async fn missing(
    launch: &Launch,
    chosen: Option<&BTreeSet<ItemId>>,
    seams: &Seams,
) -> Result<Vec<String>> {
    let selected = launch
        .items
        .iter()
        .filter(|item| chosen.is_none_or(|chosen| chosen.contains(&item.id)));
    let selected: Vec<&Instance> = selected.collect();
    let mut missing = vec![];
    for provider in Provider::ALL {
        let waiting = ids(&selected, |item| speaks_to(item, provider));
        if waiting.is_empty() {
            continue;
        }
        for slot in missing_keys(seams, provider).await? {
            missing.push(Missing {
                command: format!("golive login {}", provider.word()),
                slot,
                waiting: waiting.clone(),
            });
        }
    }
    for LaunchSlot {
        name,
        origin,
        item,
        later,
        ..
    } in launch.slots()
    {
        let waiting = ids(&selected, |own| own.id == item);
        let wanted = origin == SlotOrigin::Asked && !later && !waiting.is_empty();
        if wanted && seams.vault.get(&name).await?.is_none() {
            missing.push(Missing {
                command: format!("golive secrets set {name}"),
                slot: name,
                waiting,
            });
        }
    }
    let stopped: BTreeSet<&ItemId> = missing.iter().flat_map(|own| &own.waiting).collect();
    if missing.is_empty() {
        return Ok(vec![]);
    }
    if stopped.len() == selected.len() {
        return Err(refused(&missing));
    }
    Ok(missing.iter().map(told).collect())
}

fn ids(items: &[&Instance], wanted: impl Fn(&Instance) -> bool) -> Vec<ItemId> {
    let wanted = items.iter().filter(|item| wanted(item));
    wanted.map(|item| item.id.clone()).collect()
}

fn speaks_to(item: &Instance, provider: Provider) -> bool {
    item.provider == Some(provider) || item.wish.reads_at().contains(&provider)
}

/// The keys that are missing to sign for a provider: of the way that was begun, else of the recommended one.
async fn missing_keys(seams: &Seams, provider: Provider) -> Result<Vec<SecretName>> {
    let mut ways = vec![];
    for way in token::ways(provider) {
        let mut missing = vec![];
        for slot in way.iter().map(|slot| SecretName::new(*slot)) {
            if seams.vault.get(&slot).await?.is_none() {
                missing.push(slot);
            }
        }
        if missing.is_empty() {
            return Ok(missing);
        }
        ways.push((way.len() - missing.len(), missing));
    }
    // Stripe is signed for with values of the launch's own variables; what asks for one of them says so below.
    if ways.is_empty() {
        return Ok(vec![]);
    }
    let begun = ways.iter().position(|(given, _)| *given > 0);
    Ok(ways.swap_remove(begun.unwrap_or(0)).1)
}

fn given_by(missing: &Missing) -> String {
    let Missing { slot, command, .. } = missing;
    format!(
        "{slot}: {command}, or ${}; answers files hold no secrets",
        slot.variable()
    )
}

fn told(missing: &Missing) -> String {
    let stopped = match missing.waiting.as_slice() {
        [one] => format!("{one} waits for it"),
        [first, rest @ ..] => format!("{first} and {} more wait for it", rest.len()),
        [] => String::new(),
    };
    format!("{}; {stopped}, the rest goes on", given_by(missing))
}

fn refused(missing: &[Missing]) -> Error {
    let list: Vec<String> = missing.iter().map(given_by).collect();
    let slot = &missing[0].slot;
    Error::usage("inputs are missing")
        .because(list.join("\n           "))
        .now("nothing was looked at or changed")
        .hint(format!(
            "golive explain {slot} tells where it is from and what it is for"
        ))
}
