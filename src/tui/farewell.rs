//! What stays in the terminal after the screen is gone: counts, what is open, and every failure in full.

use std::fmt::Write;

use crate::event::Failure;
use crate::journal::state::{ItemState, Standing};
use crate::view::{Doing, ItemOutline, Shown, View};

/// The summary for the terminal's own scrollback, with the command that goes on. Nothing in it is cut to any width.
pub fn farewell(view: &View, command: &str) -> String {
    let counts = view.counts();
    let rehearsal = if view.outline.rehearsal {
        "  REHEARSAL"
    } else {
        ""
    };
    let mut text = format!(
        "golive  {}  launch {}{rehearsal}\n{} of {} items are settled.\n",
        view.outline.name, view.outline.launch, counts.done, counts.total
    );
    for item in view.outline.items() {
        let shown = view.shown(item);
        if !shown.is_settled() && !matches!(shown, Shown::Pending | Shown::Blocked) {
            let what = reason(view, item);
            let _ = writeln!(
                text,
                "  {:<11} {:<18} {what}",
                shown.word(),
                item.id.as_str()
            );
        }
    }
    let open = |state: Shown| {
        view.outline
            .items()
            .filter(|item| view.shown(item) == state)
            .count()
    };
    let later = open(Shown::Pending) + open(Shown::Blocked);
    match later {
        0 => {}
        1 => text.push_str("  1 more comes after these.\n"),
        n => {
            let _ = writeln!(text, "  {n} more come after these.");
        }
    }
    for item in view.outline.items() {
        let state = view.item_state(&item.id);
        if let Some(Standing::Failed(failed)) = state.map(|state| &state.standing) {
            let _ = write!(text, "\n{} failed\n{}", item.id, failure(failed));
        }
    }
    text.push_str(&last_lines(view, counts.done == counts.total, command));
    text
}

fn last_lines(view: &View, settled: bool, command: &str) -> String {
    if let Some(holder) = &view.read_only {
        return format!("\nThis screen only followed: the launch is held by {holder}.\n");
    }
    // From the records: what was on its way on the screen may have ended since.
    let cut = if view.state.items.values().any(ItemState::outcome_unknown) {
        "\nA call left and its outcome is not recorded: the next start looks what became of it."
    } else {
        ""
    };
    let next = if settled {
        "Nothing is left to do.".to_string()
    } else {
        format!("Go on with: {command}")
    };
    format!("{cut}\nThe state is saved. {next}\n")
}

fn reason(view: &View, item: &ItemOutline) -> String {
    let live = view.live.get(&item.id);
    if let Some(Doing::Waiting { wait, .. }) = live.map(|live| &live.doing) {
        return format!("{}: {}; goes on without golive", wait.condition, wait.seen);
    }
    if let Some(failure) = live.and_then(|live| live.unknown.as_ref()) {
        return format!("{}: {}", failure.what, failure.cause);
    }
    match view.item_state(&item.id).map(|state| &state.standing) {
        Some(Standing::Failed(failure)) => failure.what.clone(),
        Some(Standing::Blocked(blocker)) => blocker.sentence(),
        Some(Standing::Drifted { was, now }) => format!("{was} → {now}"),
        _ => item.title.clone(),
    }
}

/// A failure in full, in the order of the failure screen.
pub fn failure(failure: &Failure) -> String {
    let mut text = format!("error: {}\ncaused by: {}\n", failure.what, failure.cause);
    if let Some(likely) = &failure.likely {
        let _ = writeln!(text, "most likely: {likely}");
    }
    if let Some(call) = &failure.call {
        let status = call
            .status
            .map_or("no reply".into(), |status| status.to_string());
        let id = call.request_id.as_deref().unwrap_or("none");
        let _ = writeln!(
            text,
            "call: {} {}  {status}  request id {id}",
            call.method, call.path
        );
    }
    if let Some(hint) = &failure.hint {
        let _ = writeln!(text, "hint: {hint}");
    }
    let _ = writeln!(
        text,
        "code: {} (golive explain {})",
        failure.code, failure.code
    );
    text
}
