//! One item by itself: its failure or its question with the ways on, or what is known of it.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use super::{Scene, failure, question, words};
use crate::event::Failure;
use crate::journal::state::{ItemState, Standing};
use crate::plan::{Blocker, Evidence, ItemId, Made, Wait};
use crate::tui::theme::{Role, Theme};
use crate::tui::ways;
use crate::tui::widget::pane::{self, Title};
use crate::tui::widget::{choices, text};
use crate::view::{Doing, ItemOutline, Shown};

pub fn draw(
    scene: &Scene<'_>,
    id: &ItemId,
    choice: usize,
    scroll: usize,
    body: Rect,
    buf: &mut Buffer,
) {
    let Some(item) = scene.view.outline.item(id) else {
        return;
    };
    let shown = scene.view.shown(item);
    let standing = scene.view.item_state(id).map(|state| &state.standing);
    match (standing, shown) {
        (Some(Standing::Failed(failed)), Shown::Failed) => {
            failure::draw(scene, item, failed, choice, scroll, body, buf);
        }
        (Some(Standing::Blocked(blocker)), Shown::YourTurn | Shown::Waiting) => {
            question::draw(scene, item, blocker, choice, scroll, body, buf);
        }
        _ => draw_facts(scene, item, choice, scroll, body, buf),
    }
}

fn draw_facts(
    scene: &Scene<'_>,
    item: &ItemOutline,
    choice: usize,
    scroll: usize,
    body: Rect,
    buf: &mut Buffer,
) {
    let title = Title::new(format!("{} {}", item.id, item.title))
        .right("Esc back")
        .focused(true);
    let inner = pane::pane(body, buf, scene.theme, &title);
    let columns = usize::from(inner.width).saturating_sub(2);
    let mut lines = facts(scene, item, columns);
    let ways = ways::of(scene.view, &item.id);
    if !ways.is_empty() {
        lines.push(Line::default());
        lines.extend(choices::lines(&ways, choice, columns, scene.theme));
    }
    pane::lines(&lines, scroll, inner, buf, scene.theme);
}

/// What is known of an item, how, and how old that is.
pub fn facts(scene: &Scene<'_>, item: &ItemOutline, columns: usize) -> Vec<Line<'static>> {
    let shown = scene.view.shown(item);
    let note = words::note(scene, item);
    let word = match note.is_empty() {
        true => shown.word().to_string(),
        false => note,
    };
    let mut lines = vec![text::sides(
        vec![
            scene.icon(shown),
            scene.span(format!(" {}  {}", item.id, item.title), Role::Strong),
        ],
        vec![scene.span(word, Theme::role_of(shown))],
        columns,
    )];
    lines.extend(waiting(scene, item, columns));
    let live = scene.view.live.get(&item.id);
    if let Some(Doing::Applying { change }) = live.map(|live| &live.doing) {
        lines.push(Line::from(format!("Doing       {change}")));
    }
    if let Some(failure) = live.and_then(|live| live.unknown.as_ref()) {
        lines.extend(unknown_lines(scene, failure, columns));
    }
    if let Some(state) = scene.view.item_state(&item.id) {
        let running = matches!(live.map(|live| &live.doing), Some(Doing::Applying { .. }));
        lines.extend(state_lines(scene, &item.id, state, running, columns));
    }
    let waits = scene.view.waits_for(item);
    if !waits.is_empty() {
        let names: Vec<String> = waits.iter().map(ToString::to_string).collect();
        lines.extend(label(scene, "Waits for   ", &names.join(", "), columns));
    }
    lines
}

fn label(scene: &Scene<'_>, label: &str, value: &str, columns: usize) -> Vec<Line<'static>> {
    text::labelled(
        label,
        scene.style(Role::Dim),
        value,
        scene.style(Role::Plain),
        columns,
    )
}

fn unknown_lines(scene: &Scene<'_>, failure: &Failure, columns: usize) -> Vec<Line<'static>> {
    let said = format!("{}: {}", failure.what, failure.cause);
    let mut lines = label(scene, "Not known   ", &said, columns);
    if let Some(likely) = &failure.likely {
        lines.extend(label(scene, "Most likely ", likely, columns));
    }
    lines
}

/// What is waited for, while something is.
pub fn waiting(scene: &Scene<'_>, item: &ItemOutline, columns: usize) -> Vec<Line<'static>> {
    let live = scene.view.live.get(&item.id);
    let Some(Doing::Waiting {
        wait,
        next_look,
        until,
    }) = live.map(|live| &live.doing)
    else {
        return Vec::new();
    };
    let mut lines = wait_lines(scene, wait, columns);
    lines.push(Line::from(format!(
        "Next look   in {}, worst case {}",
        scene.seconds_until(*next_look),
        scene.time(*until)
    )));
    lines
}

/// The five facts of a wait.
fn wait_lines(scene: &Scene<'_>, wait: &Wait, columns: usize) -> Vec<Line<'static>> {
    let every = super::seconds(i64::try_from(wait.look_every.as_secs()).unwrap_or(i64::MAX));
    let worst = super::seconds(i64::try_from(wait.worst_case.as_secs()).unwrap_or(i64::MAX));
    [
        ("Waits for   ", wait.condition.clone()),
        ("Expected    ", wait.expected.clone()),
        ("Seen now    ", wait.seen.clone()),
        (
            "Looks       ",
            format!("every {every}, at most {worst}: {}", wait.why),
        ),
    ]
    .iter()
    .flat_map(|(name, value)| label(scene, name, value, columns))
    .collect()
}

/// Some names begin with what they are.
fn made_name(made: &Made) -> String {
    match made.name.starts_with(&made.kind) {
        true => made.name.clone(),
        false => format!("{} {}", made.kind, made.name),
    }
}

/// What was read back, and what should be looked at all the same.
fn settled(scene: &Scene<'_>, id: &ItemId, evidence: &Evidence, add: &mut impl FnMut(&str, &str)) {
    add("Read back   ", &evidence.text);
    for note in &evidence.notes {
        add("            ", note);
    }
    if let Some(url) = &evidence.url {
        add("Page        ", url);
    }
    for finding in &evidence.findings {
        add("Finding     ", &finding.text);
        let name = format!("{id}/{}", finding.code);
        match scene.view.state.accepted.get(&name) {
            Some((by, why)) => add("  accepted  ", &format!("{by}: {why}")),
            None => add("  to do     ", &finding.fix),
        }
    }
}

fn state_lines(
    scene: &Scene<'_>,
    id: &ItemId,
    state: &ItemState,
    running: bool,
    columns: usize,
) -> Vec<Line<'static>> {
    let mut lines = Vec::new();
    let mut add = |name: &str, value: &str| lines.extend(label(scene, name, value, columns));
    match &state.standing {
        Standing::Pending => {}
        Standing::Settled(evidence) => settled(scene, id, evidence, &mut add),
        Standing::Failed(failure) => {
            add("Refused     ", &failure.what);
            add("Because     ", &failure.cause);
        }
        Standing::Blocked(Blocker::Review { what, url }) => {
            add("Waits for   ", what);
            add("Page        ", url);
        }
        Standing::Blocked(blocker) => add("Asks        ", &blocker.sentence()),
        Standing::Waived { by, why } => add("Waived      ", &format!("{by}: {why}")),
        Standing::Skipped { by, why, url } => {
            add("Skipped     ", &format!("{by}: {why}"));
            if let Some(url) = url {
                add("By hand at  ", url);
            }
        }
        Standing::Drifted { was, now } => {
            add("Was         ", was);
            add("Now         ", now);
        }
        Standing::Undone => add("Undone      ", "what golive had made is gone again"),
    }
    if let Some(attestation) = &state.attested {
        let said = format!("{}: {}", attestation.by, attestation.note);
        add("Said so     ", &said);
        add("Holds for   ", &attestation.rests_on);
    }
    for made in &state.made {
        match made.kind.strip_prefix("replaced") {
            Some(kind) => add("Replaced    ", format!("{kind} {}", made.name).trim()),
            None => add("golive made ", &made_name(made)),
        }
    }
    // While the call runs, that it left is no news.
    let lost = state
        .open
        .values()
        .filter(|open| open.sent_at.is_some() && !running);
    for open in lost {
        add(
            "Unknown     ",
            &format!("whether this happened: {}", open.what),
        );
    }
    if let Some(at) = state.at {
        lines.push(Line::from(vec![
            scene.span("As of       ", Role::Dim),
            Span::raw(scene.time(at)),
        ]));
    }
    lines
}
