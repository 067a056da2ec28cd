//! One step: why, how it is undone, its plan in short, and where each item stands; with an item chosen, that item in full.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use super::{Scene, item, plan, words};
use crate::tui::model::Node;
use crate::tui::theme::{Role, Theme};
use crate::tui::widget::{pane, text};
use crate::view::{ItemOutline, StepOutline};

pub fn draw(scene: &Scene<'_>, area: Rect, buf: &mut Buffer) {
    let columns = usize::from(area.width).saturating_sub(2);
    let lines = match scene.ui.step(scene.view) {
        Some(step) => lines(scene, step, columns, area.height),
        None => vec![Line::from("This launch has no steps.")],
    };
    pane::lines(&lines, scene.ui.step_scroll, area, buf, scene.theme);
}

/// Rows from which on an item's facts have room below what its step is for.
const ROWS_FOR_BOTH: u16 = 16;

fn lines(scene: &Scene<'_>, step: &StepOutline, columns: usize, rows: u16) -> Vec<Line<'static>> {
    let dim = scene.style(Role::Dim);
    let plain = scene.style(Role::Plain);
    let touches = format!("   touches {}", words::band(scene));
    let room = columns.saturating_sub(text::width(&step.title) + text::width(&touches) + 2);
    let mut lines = vec![text::sides(
        vec![scene.span(step.title.clone(), Role::Strong)],
        vec![Span::raw(providers(step, room) + &touches)],
        columns,
    )];
    let one = match &scene.ui.cursor {
        Node::Item(id) => scene.view.outline.item(id),
        Node::Step(_) => None,
    };
    if one.is_none() || rows >= ROWS_FOR_BOTH {
        lines.extend(text::labelled("Why   ", dim, &step.why, plain, columns));
        lines.extend(text::labelled("Undo  ", dim, &step.undo, plain, columns));
    }
    if let Some(chosen) = one {
        lines.push(Line::default());
        lines.extend(item::facts(scene, chosen, columns));
    }
    let rows = plan::short(scene, columns);
    if !rows.is_empty() {
        lines.push(Line::default());
        lines.extend(rows);
    }
    if one.is_none() {
        lines.push(Line::default());
        let longest = step.items.iter().map(|item| text::width(&item.title)).max();
        let titles = longest.unwrap_or(0).clamp(14, (columns / 2).max(14));
        for item in &step.items {
            lines.push(item_line(scene, item, titles, columns));
        }
    }
    lines
}

/// Their names, or how many they are where that many names would hide the step's own.
fn providers(step: &StepOutline, room: usize) -> String {
    let mut names: Vec<String> = step
        .items
        .iter()
        .filter_map(|item| item.provider.map(|provider| provider.to_string()))
        .collect();
    names.sort_unstable();
    names.dedup();
    let all = names.join(", ");
    match text::width(&all) <= room {
        true => all,
        false => format!("{} providers", names.len()),
    }
}

fn item_line(
    scene: &Scene<'_>,
    item: &ItemOutline,
    titles: usize,
    columns: usize,
) -> Line<'static> {
    let shown = scene.view.shown(item);
    let fact = words::fact(scene.view, item);
    let title = match fact.is_empty() {
        true => item.title.clone(),
        false => text::pad(&item.title, titles),
    };
    let mut left = vec![scene.icon(shown), Span::raw(format!(" {title} "))];
    left.push(scene.span(fact, Role::Dim));
    let note = words::note(scene, item);
    text::sides(left, vec![scene.span(note, Theme::role_of(shown))], columns)
}
