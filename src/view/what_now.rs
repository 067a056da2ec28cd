//! The line that is always true: who is waited for, and whether it is safe to leave.

use super::{Doing, Shown, Turn, View};

pub fn sentence(view: &View) -> String {
    if let Some(holder) = &view.read_only {
        return format!(
            "Another golive holds this launch ({holder}). This screen follows and cannot change anything."
        );
    }
    if view.ended {
        return "golive has stopped. Everything so far is saved.".into();
    }
    let turns = view.your_turn();
    let busy = busy(view);
    let rest = match (busy.as_slice(), turns.len()) {
        ([], _) => "Nothing is running. Your state is saved.".to_string(),
        ([one], _) => format!("{one} goes on in the background."),
        (several, _) => format!("{} items go on in the background.", several.len()),
    };
    if let Some(failed) = first(view, Shown::Failed) {
        return format!("{failed} failed. {rest}");
    }
    match turns.first() {
        Some(Turn::Approve { step, rows }) => {
            let changes = if *rows == 1 {
                "1 change".into()
            } else {
                format!("{rows} changes")
            };
            format!("Step {step} wants {changes} approved (n shows them). {rest}")
        }
        Some(Turn::Answer { item }) => format!("{item} needs you (n). {rest}"),
        None => without_turns(view, &busy),
    }
}

fn without_turns(view: &View, busy: &[String]) -> String {
    if let Some((provider, back_off)) = view.backing_off.iter().next() {
        let seconds = back_off.until.duration_since(view.now).as_secs().max(0);
        return format!(
            "{provider} asks for patience: {}. Next try in {seconds} s.",
            back_off.why
        );
    }
    if let Some(unknown) = first(view, Shown::Unknown) {
        return format!("What is true of {unknown} is not known: r looks again.");
    }
    if let Some(waiting) = first(view, Shown::Waiting) {
        return format!(
            "{waiting} waits for the world. Safe to quit: q saves, and golive resumes here."
        );
    }
    match busy {
        [] if view.counts().done == view.counts().total => {
            "All steps are settled. q leaves.".into()
        }
        [] => "Nothing is running. Your state is saved.".into(),
        [one] => format!("golive works on {one}. Nothing is asked of you."),
        several => format!(
            "golive works on {} items. Nothing is asked of you.",
            several.len()
        ),
    }
}

fn busy(view: &View) -> Vec<String> {
    let moving = view
        .live
        .iter()
        .filter(|(_, live)| matches!(live.doing, Doing::Looking | Doing::Applying { .. }));
    moving.map(|(id, _)| id.to_string()).collect()
}

fn first(view: &View, state: Shown) -> Option<String> {
    view.outline
        .items()
        .find(|item| view.shown(item) == state)
        .map(|item| item.id.to_string())
}
