//! Short words that several screens show: bands, clocks, notes beside items.

use super::Scene;
use crate::journal::state::Standing;
use crate::view::{Doing, ItemOutline, Shown, View};

/// What may be touched from here: the selected step's environments and those of everything that runs.
pub fn band(scene: &Scene<'_>) -> String {
    let view = scene.view;
    let selected = scene.ui.step(view).into_iter().flat_map(|step| &step.items);
    let running = view.outline.items().filter(|item| {
        view.live
            .get(&item.id)
            .is_some_and(|live| matches!(live.doing, Doing::Applying { .. }))
    });
    let mut bands: Vec<&str> = selected
        .chain(running)
        .map(|item| item.band.as_str())
        .collect();
    bands.sort_unstable();
    bands.dedup();
    match bands.as_slice() {
        [one] => (*one).to_string(),
        _ => "ALL ENVIRONMENTS".into(),
    }
}

/// The launch's time while it is kept up to date; else since when nothing moves, because a standing clock would be wrong.
pub fn clock(scene: &Scene<'_>) -> String {
    let time = scene.time(scene.view.now);
    match super::moving(scene).clock {
        true => time,
        false => match scene.view.log.back() {
            Some(line) => format!("idle since {}", scene.time(line.at)),
            None => "idle".into(),
        },
    }
}

/// What the open steps usually take.
pub fn minutes_left(view: &View) -> u32 {
    view.outline
        .steps()
        .filter(|step| !view.shown_step(step).is_settled())
        .map(|step| step.minutes)
        .sum()
}

/// What stands at the right of an item in lists: the word of its state, or what moves about it.
pub fn note(scene: &Scene<'_>, item: &ItemOutline) -> String {
    let view = scene.view;
    let shown = view.shown(item);
    let live = view.live.get(&item.id);
    match shown {
        Shown::Blocked => match view.waits_for(item).first() {
            // Within a step its number says nothing.
            Some(need) => match need.as_str().strip_prefix(item.id.step()) {
                Some(rest) if rest.starts_with('.') && need.step() == item.id.step() => {
                    format!("waits {}", &rest[1..])
                }
                _ => format!("waits {need}"),
            },
            None => shown.word().into(),
        },
        Shown::YourTurn => "YOUR TURN".into(),
        Shown::Failed => "FAILED".into(),
        Shown::Checking | Shown::Running => match live.and_then(|live| live.since) {
            Some(since) => format!("{} {}", shown.word(), scene.seconds_since(since)),
            None => shown.word().into(),
        },
        Shown::Waiting => match live.map(|live| &live.doing) {
            Some(Doing::Waiting { next_look, .. }) => {
                format!("next look {}", scene.seconds_until(*next_look))
            }
            _ => shown.word().into(),
        },
        Shown::BackingOff => {
            let provider = item
                .provider
                .and_then(|provider| view.backing_off.get(&provider));
            match provider {
                Some(back_off) => format!("backing off {}", scene.seconds_until(back_off.until)),
                None => shown.word().into(),
            }
        }
        Shown::Attested => match view.item_state(&item.id).and_then(|s| s.attested.as_ref()) {
            Some(attestation) => format!("attested, {}", attestation.by),
            None => shown.word().into(),
        },
        Shown::Pending => String::new(),
        _ => match open_findings(view, item) {
            0 => shown.word().into(),
            1 => format!("{}, 1 finding", shown.word()),
            n => format!("{}, {n} findings", shown.word()),
        },
    }
}

/// How many findings of an item nobody has accepted.
fn open_findings(view: &View, item: &ItemOutline) -> usize {
    let found = view.findings(&item.id).into_iter();
    found.filter(|found| found.accepted.is_none()).count()
}

/// One line that says what is known about an item.
pub fn fact(view: &View, item: &ItemOutline) -> String {
    let live = view.live.get(&item.id);
    if let Some(failure) = live.and_then(|live| live.unknown.as_ref()) {
        return format!("could not be read: {}", failure.cause);
    }
    let Some(state) = view.item_state(&item.id) else {
        return String::new();
    };
    if state.outcome_unknown() {
        return "a call left and its outcome is not known yet".into();
    }
    match &state.standing {
        Standing::Pending => String::new(),
        Standing::Settled(evidence) => evidence.text.clone(),
        Standing::Failed(failure) => failure.what.clone(),
        Standing::Blocked(blocker) => blocker.sentence(),
        Standing::Waived { by, why } => format!("{by}: {why}"),
        Standing::Skipped { by, why, .. } => format!("{by}: {why}"),
        Standing::Drifted { was, now } => format!("{was} → {now}"),
        Standing::Undone => "what golive had made is gone again".into(),
    }
}
