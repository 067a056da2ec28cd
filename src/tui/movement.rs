//! Cursor, views, scrolling, following and finding.

use super::keys::Action;
use super::model::{Node, Open, Place, Tab, UiState};
use super::{act, grid, ways};
use crate::view::View;

pub fn go(ui: &mut UiState, action: Action, view: &View) {
    if ui.place() == Place::Matrix {
        return match action {
            Action::Left => grid::go(ui, view, 0, -1),
            Action::Right => grid::go(ui, view, 0, 1),
            _ => grid::go(ui, view, distance(ui, action), 0),
        };
    }
    match action {
        Action::NextView => next_view(ui, 1),
        Action::PrevView => next_view(ui, -1),
        Action::Follow => follow(ui, view),
        Action::FindNext => step_find(ui, view, true),
        Action::FindPrev => step_find(ui, view, false),
        Action::Left => sideways(ui, view, -1),
        Action::Right => sideways(ui, view, 1),
        _ => by(ui, view, distance(ui, action)),
    }
}

/// Rows to move by; far more than any list has for its ends.
const FAR: isize = 1 << 40;

fn distance(ui: &UiState, action: Action) -> isize {
    let page = isize::try_from(ui.rows / 2).unwrap_or(1).max(1);
    match action {
        Action::Up => -1,
        Action::Down => 1,
        Action::PageUp => -page,
        Action::PageDown => page,
        Action::Home => -FAR,
        _ => FAR,
    }
}

fn moved(at: usize, by: isize, len: usize) -> usize {
    let last = isize::try_from(len.saturating_sub(1)).unwrap_or(isize::MAX);
    let at = isize::try_from(at).unwrap_or(0);
    usize::try_from(at.saturating_add(by).clamp(0, last)).unwrap_or(0)
}

fn by(ui: &mut UiState, view: &View, rows: isize) {
    let ways = ways::open(ui, view).len();
    let single = rows.abs() == 1;
    match ui.open.last_mut() {
        Some(Open::Item { choice, .. }) if ways > 0 && single => {
            *choice = moved(*choice, rows, ways);
            return;
        }
        Some(Open::Item { scroll, .. } | Open::Row { scroll, .. } | Open::Text { scroll, .. }) => {
            // The drawing clamps it to what there is.
            *scroll = moved(*scroll, rows, SCROLL_MAX);
            return;
        }
        Some(Open::Help { filter, choice, .. }) => {
            *choice = moved(*choice, rows, act::help_rows(filter.text()).len());
            return;
        }
        Some(Open::Form(form)) => {
            form.on_note = rows > 0 && form.kind != super::model::FormKind::Untick;
            return;
        }
        Some(_) => return,
        None => {}
    }
    on_main(ui, view, rows, single);
}

/// Longer than any text that is shown.
const SCROLL_MAX: usize = 100_000;

fn on_main(ui: &mut UiState, view: &View, rows: isize, single: bool) {
    match ui.place() {
        // In the step's view a page scrolls the step; the arrows walk the map beside it.
        Place::Step if !single && rows.abs() < FAR => {
            ui.step_scroll = moved(ui.step_scroll, rows, SCROLL_MAX);
        }
        Place::Step | Place::Map => {
            let nodes = UiState::nodes(view);
            let at = nodes.iter().position(|node| *node == ui.cursor);
            if let Some(node) = nodes.get(moved(at.unwrap_or(0), rows, nodes.len())) {
                ui.move_to(node.clone());
            }
            ui.follow = false;
        }
        Place::Plan => {
            ui.row_at = moved(ui.row_at, rows, ui.plan_lines(view).len());
        }
        Place::Calls => ui.call_at = newest(ui.call_at, rows, view.calls.len()),
        Place::Log => ui.log_at = newest(ui.log_at, rows, view.log.len()),
        _ => {}
    }
}

/// Lists that grow at their end: at the end again means following again.
fn newest(at: Option<usize>, rows: isize, len: usize) -> Option<usize> {
    let last = len.saturating_sub(1);
    let to = moved(at.unwrap_or(last), rows, len);
    (to < last).then_some(to)
}

fn sideways(ui: &mut UiState, view: &View, by: isize) {
    let numbers: Vec<String> = view
        .outline
        .steps()
        .map(|step| step.number.clone())
        .collect();
    let here = ui.step(view).map(|step| step.number.clone());
    let at = numbers
        .iter()
        .position(|number| Some(number) == here.as_ref());
    let (Some(at), Some(here)) = (at, here) else {
        return;
    };
    ui.follow = false;
    let node = match &ui.cursor {
        Node::Item(_) if by < 0 => Node::Step(here),
        Node::Step(_) if by > 0 => {
            let first = view.outline.step(&here).and_then(|step| step.items.first());
            first.map_or(Node::Step(here), |item| Node::Item(item.id.clone()))
        }
        _ => Node::Step(numbers[moved(at, by, numbers.len())].clone()),
    };
    ui.move_to(node);
}

fn next_view(ui: &mut UiState, by: isize) {
    if let Some(Open::Form(form)) = ui.open.last_mut() {
        form.on_note = !form.on_note && form.kind != super::model::FormKind::Untick;
        return;
    }
    const WIDE: &[Tab] = &[Tab::Step, Tab::Plan, Tab::Calls, Tab::Log];
    const NARROW: &[Tab] = &[Tab::Step, Tab::Map, Tab::Plan, Tab::Calls, Tab::Log];
    let tabs = if ui.is_wide() { WIDE } else { NARROW };
    let at = tabs.iter().position(|tab| *tab == ui.shown_tab());
    let at = isize::try_from(at.unwrap_or(0)).unwrap_or(0);
    let len = isize::try_from(tabs.len()).unwrap_or(1);
    ui.tab = tabs[usize::try_from((at + by).rem_euclid(len)).unwrap_or(0)];
}

fn follow(ui: &mut UiState, view: &View) {
    // `None` follows; a number stays there, also when it is the newest now.
    let pin = |at: Option<usize>, len: usize| match at {
        Some(_) => None,
        None => Some(len.saturating_sub(1)),
    };
    match ui.place() {
        Place::Log => ui.log_at = pin(ui.log_at, view.log.len()),
        Place::Calls => ui.call_at = pin(ui.call_at, view.calls.len()),
        _ => ui.follow = !ui.follow,
    }
}

/// Takes the search text over and goes to the newest match.
pub fn find(ui: &mut UiState, view: &View) {
    let Some(Open::Find { input }) = ui.open.pop() else {
        return;
    };
    let text = input.text().to_lowercase();
    if text.is_empty() {
        ui.find = None;
        return;
    }
    ui.tab = Tab::Log;
    ui.find = Some(text);
    ui.log_at = None;
    step_find(ui, view, false);
}

/// The next match below, or the previous above, and around the end.
fn step_find(ui: &mut UiState, view: &View, down: bool) {
    let (Some(text), len) = (ui.find.as_deref(), view.log.len()) else {
        return;
    };
    if len == 0 {
        return;
    }
    let from = ui.log_at.map_or(len, |at| at.min(len - 1));
    let matches = |at: &usize| {
        let line = &view.log[*at];
        let about = |item: &crate::plan::ItemId| item.as_str().to_lowercase().contains(text);
        line.text.to_lowercase().contains(text) || line.item.as_ref().is_some_and(about)
    };
    let found = if down {
        let start = if from == len { 0 } else { from + 1 };
        (start..len).chain(0..start.min(len)).find(matches)
    } else {
        (0..from).rev().chain((from..len).rev()).find(matches)
    };
    if found.is_some() {
        ui.log_at = found;
    }
}
