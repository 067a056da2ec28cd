//! The failure screen: what was refused, the likely cause, what is true now, what can be done, and the evidence.

use jiff::Timestamp;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use super::{Scene, words};
use crate::event::Failure;
use crate::journal::state::Standing;
use crate::tui::theme::Role;
use crate::tui::ways;
use crate::tui::widget::pane::{self, Title};
use crate::tui::widget::{choices, text};
use crate::view::{ItemOutline, Shown};

pub fn draw(
    scene: &Scene<'_>,
    item: &ItemOutline,
    failed: &Failure,
    choice: usize,
    scroll: usize,
    body: Rect,
    buf: &mut Buffer,
) {
    let columns = usize::from(body.width).saturating_sub(4);
    let refused = refused_lines(scene, failed, columns);
    let ways = ways::of(scene.view, &item.id);
    let ways = choices::lines(&ways, choice, columns, scene.theme);
    let half = body.width / 5 * 3;
    let left = usize::from(half).saturating_sub(4);
    let truth = truth_lines(scene, item, false, left);
    let evidence = evidence_lines(scene, failed, columns.saturating_sub(left + 4));
    let fixed = need(&refused) + need(&truth).max(need(&evidence)) + need(&ways);
    // Where there is no room for boxes they become one text in the same order: nothing is squeezed out, PgDn shows the rest.
    if body.width < 100 || fixed > body.height {
        let truth = truth_lines(scene, item, true, columns);
        let evidence = evidence_lines(scene, failed, columns);
        let parts = [refused, truth, ways, evidence];
        flat(scene, item, parts, choice, scroll, body, buf);
        return;
    }
    let mut y = body.y;
    let mut next = |height: u16| {
        let area = Rect::new(body.x, y, body.width, height);
        y += height;
        area
    };
    boxed(scene, &title(item), &refused, next(need(&refused)), buf);
    let row = next(need(&truth).max(need(&evidence)));
    let left = Rect { width: half, ..row };
    let right = Rect::new(row.x + half, row.y, row.width - half, row.height);
    boxed(scene, &Title::new("What is true now"), &truth, left, buf);
    let curl = if failed.call.is_some() { "k curl" } else { "" };
    boxed(
        scene,
        &Title::new("Evidence").right(curl),
        &evidence,
        right,
        buf,
    );
    let can = Title::new("What you can do").focused(true);
    boxed(scene, &can, &ways, next(need(&ways)), buf);
    let rest = body.height - fixed;
    if rest >= 3 {
        let log = step_log(scene, item, usize::from(rest) - 2, columns);
        let title = Title::new(format!("Log of {}", item.id.step()));
        boxed(scene, &title, &log, next(rest), buf);
    }
}

fn title(item: &ItemOutline) -> Title {
    Title::new(format!("✗ {} {} failed", item.id, item.title)).role(Role::Error)
}

/// Rows of a box with these lines. No text is near the bound; it only keeps the sum from overflowing.
fn need(lines: &[Line<'_>]) -> u16 {
    u16::try_from(lines.len() + 2)
        .unwrap_or(u16::MAX)
        .min(10_000)
}

fn boxed(scene: &Scene<'_>, title: &Title, lines: &[Line<'static>], area: Rect, buf: &mut Buffer) {
    let inner = pane::pane(area, buf, scene.theme, title);
    pane::lines(lines, 0, inner, buf, scene.theme);
}

/// All parts in one scrolled pane.
fn flat(
    scene: &Scene<'_>,
    item: &ItemOutline,
    parts: [Vec<Line<'static>>; 4],
    choice: usize,
    scroll: usize,
    body: Rect,
    buf: &mut Buffer,
) {
    let heads = ["", "What is true now", "What you can do", "Evidence"];
    let mut lines = Vec::new();
    let chosen_at = parts[0].len() + parts[1].len() + 2 + choice;
    for (head, part) in heads.into_iter().zip(parts) {
        if !head.is_empty() {
            lines.push(Line::from(scene.span(head, Role::Strong)));
        }
        lines.extend(part);
    }
    let title = title(item).right("PgDn more");
    let inner = pane::pane(body, buf, scene.theme, &title);
    // Whoever walks the choices sees the one they are on.
    let walked = match choice {
        0 => 0,
        _ => (chosen_at + 2).saturating_sub(usize::from(inner.height)),
    };
    pane::lines(&lines, scroll.max(walked), inner, buf, scene.theme);
}

fn refused_lines(scene: &Scene<'_>, failed: &Failure, columns: usize) -> Vec<Line<'static>> {
    let plain = scene.style(Role::Plain);
    let said = format!("{}: {}", failed.what, failed.cause);
    let mut lines = text::labelled("", plain, &said, scene.style(Role::Strong), columns);
    if let Some(likely) = &failed.likely {
        lines.extend(text::labelled(
            "Most likely: ",
            scene.style(Role::Dim),
            likely,
            plain,
            columns,
        ));
    }
    if let Some(hint) = &failed.hint {
        lines.extend(text::labelled(
            "To do: ",
            scene.style(Role::Dim),
            hint,
            plain,
            columns,
        ));
    }
    lines
}

/// What the records say of one item of the step.
struct Truth {
    icon: &'static str,
    word: &'static str,
    role: Role,
    what: String,
    read: String,
    at: Option<Timestamp>,
}

/// From the records of the step's items, each with the time it was read: done, not done, untouched, unknown. In short, what
/// is done stands in one line.
fn truth_lines(
    scene: &Scene<'_>,
    failing: &ItemOutline,
    short: bool,
    columns: usize,
) -> Vec<Line<'static>> {
    let view = scene.view;
    let Some(step) = view.outline.step(failing.id.step()) else {
        return Vec::new();
    };
    let (dim, plain) = (scene.style(Role::Dim), scene.style(Role::Plain));
    let mut lines = Vec::new();
    let mut read: Vec<Timestamp> = Vec::new();
    let list = |label: &str, role: Role, ids: &[String]| match ids {
        [] => Vec::new(),
        ids => text::labelled(label, scene.style(role), &ids.join(", "), plain, columns),
    };
    let (mut done, mut untouched, mut truths) = (Vec::new(), Vec::new(), Vec::new());
    for item in &step.items {
        match truth(scene, item) {
            Some(truth) if short && truth.word == "done" => {
                done.push(item.id.to_string());
                read.extend(truth.at);
            }
            Some(truth) => truths.push(truth),
            None => untouched.push(item.id.to_string()),
        }
    }
    if let (Some(last), Some(oldest)) = (done.last_mut(), read.iter().min()) {
        *last += &format!(" (read since {})", scene.time(*oldest));
    }
    lines.extend(list("✓ done       ", Role::Success, &done));
    for truth in &truths {
        let head = format!("{} {} ", truth.icon, text::pad(truth.word, 10));
        lines.push(text::sides(
            vec![scene.span(head, truth.role), Span::raw(truth.what.clone())],
            vec![Span::styled(truth.read.clone(), dim)],
            columns,
        ));
    }
    lines.extend(list("= untouched  ", Role::Dim, &untouched));
    if !truths.iter().any(|truth| truth.word == "unknown") {
        lines.push(Line::from(scene.span("? unknown    nothing", Role::Dim)));
    }
    let after = ways::needed_by(view, &failing.id).len();
    if after > 0 && !short {
        let text = format!(
            "{} after {} must wait; the rest goes on.",
            crate::tui::act::items(after),
            failing.id
        );
        lines.push(Line::from(scene.span(text, Role::Dim)));
    }
    lines
}

/// `None`: golive has not touched it.
fn truth(scene: &Scene<'_>, item: &ItemOutline) -> Option<Truth> {
    let shown = scene.view.shown(item);
    let state = scene.view.item_state(&item.id);
    let read = match state.and_then(|state| state.at) {
        Some(at) => format!("read {}", scene.time(at)),
        None => String::new(),
    };
    let fact = format!("{}: {}", item.id, words::fact(scene.view, item));
    let (icon, word, role, what) = match (shown, state.map(|state| &state.standing)) {
        (Shown::Waived | Shown::Skipped, _) => ("-", "left out", Role::Dim, fact),
        (shown, _) if shown.is_settled() => ("✓", "done", Role::Success, fact),
        (Shown::Failed, Some(Standing::Failed(failure))) => failing_truth(item, failure),
        (Shown::Unknown, _) => ("?", "unknown", Role::Unknown, fact),
        (Shown::Drifted, _) => ("≠", "changed", Role::Warning, fact),
        _ => return None,
    };
    Some(Truth {
        icon,
        word,
        role,
        what,
        read,
        at: state.and_then(|state| state.at),
    })
}

/// A refused change is surely not done. A look that failed says nothing about what it looked for.
fn failing_truth(
    item: &ItemOutline,
    failed: &Failure,
) -> (&'static str, &'static str, Role, String) {
    let refused = failed
        .call
        .as_ref()
        .is_some_and(|call| call.method != "GET" && call.status.is_some_and(|status| status < 500));
    match refused {
        true => (
            "✗",
            "not done",
            Role::Error,
            format!("{}: {}", item.id, item.title),
        ),
        false => (
            "?",
            "unknown",
            Role::Unknown,
            format!("{}: what it looked for could not be read", item.id),
        ),
    }
}

fn evidence_lines(scene: &Scene<'_>, failed: &Failure, columns: usize) -> Vec<Line<'static>> {
    let dim = scene.style(Role::Dim);
    let plain = scene.style(Role::Plain);
    let mut lines = Vec::new();
    let mut add = |label: &str, value: &str| {
        lines.extend(text::labelled(label, dim, value, plain, columns));
    };
    match &failed.call {
        Some(call) => {
            add("Call     ", &format!("{} {}", call.method, call.path));
            let status = call
                .status
                .map_or("no reply".into(), |status| status.to_string());
            add("Status   ", &status);
            add(
                "Request  ",
                call.request_id.as_deref().unwrap_or("no id given"),
            );
        }
        None => add("Call     ", "none was refused"),
    }
    add("Code     ", &failed.code);
    add("Explain  ", &format!("golive explain {}", failed.code));
    lines
}

fn step_log(
    scene: &Scene<'_>,
    item: &ItemOutline,
    rows: usize,
    columns: usize,
) -> Vec<Line<'static>> {
    let mine = scene.view.log.iter().rev().filter(|line| {
        line.item
            .as_ref()
            .is_some_and(|id| id.step() == item.id.step())
    });
    let mut lines: Vec<Line<'static>> = mine
        .take(rows)
        .map(|line| {
            let id = line
                .item
                .as_ref()
                .map(ToString::to_string)
                .unwrap_or_default();
            Line::from(vec![
                scene.span(format!("{} ", scene.time(line.at)), Role::Dim),
                Span::raw(text::cut(
                    &format!("{id} {}", line.text),
                    columns.saturating_sub(9),
                )),
            ])
        })
        .collect();
    lines.reverse();
    lines
}
