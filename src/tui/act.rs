//! What each key does, once the table has found it valid.

use tokio::time::{Duration, Instant};

use super::keys::{self, Action};
use super::model::{
    Effect, Form, FormKind, Node, Open, Place, PlanLine, Tab, UiState, blocker, busy, can_act,
    needs, operator,
};
use super::ways::{self, Do};
use super::widget::input::Input;
use super::widget::masked::Masked;
use super::{How, answer, grid, links, movement};
use crate::plan::{Blocker, ItemId};
use crate::request::Request;
use crate::view::{Shown, View};

/// A second Ctrl-C within this time ends at once.
const AGAIN: Duration = Duration::from_secs(2);

pub fn act(ui: &mut UiState, action: Action, view: &View, at: Instant) -> Vec<Effect> {
    match action {
        Action::Up
        | Action::Down
        | Action::Left
        | Action::Right
        | Action::PageUp
        | Action::PageDown
        | Action::Home
        | Action::End
        | Action::NextView
        | Action::PrevView
        | Action::FindNext
        | Action::FindPrev
        | Action::Follow => {
            movement::go(ui, action, view);
            Vec::new()
        }
        Action::Enter => enter(ui, view, at),
        Action::Back => back(ui),
        Action::NextForYou => next_for_you(ui, view),
        Action::Digit(n) => choose(ui, view, n),
        Action::Approve => answer::confirm(ui, view),
        Action::Retry => retry(ui, view, at),
        Action::Undo => undo(ui, view, at),
        Action::Waive => waive(ui, view),
        Action::Untick => form(ui, view, FormKind::Untick),
        Action::Curl => {
            show_curl(ui, view);
            Vec::new()
        }
        Action::OpenPage => links::page(ui, view)
            .map(Effect::Open)
            .into_iter()
            .collect(),
        Action::Docs => {
            let docs = ui.step(view).map(|step| step.docs.clone());
            docs.map(Effect::Open).into_iter().collect()
        }
        Action::Copy => links::copy_text(ui, view)
            .map(Effect::Copy)
            .into_iter()
            .collect(),
        Action::Help => {
            open_help(ui, view);
            Vec::new()
        }
        Action::CheckAll | Action::VerifyValues => {
            ui.say("golive looks at everything again.", at);
            vec![Effect::Ask(Request::CheckAll)]
        }
        Action::Jump => vec![Effect::Ask(Request::Jump)],
        Action::Values
        | Action::NextCell
        | Action::FailingFirst
        | Action::Compare
        | Action::Import => {
            with_values(ui, action, view, at);
            Vec::new()
        }
        Action::Quit => quit(ui, view, at),
        Action::Interrupt => interrupt(ui, view, at),
        Action::Suspend => vec![Effect::Suspend],
        Action::Redraw => vec![Effect::Redraw],
        other => {
            switch(ui, other, at);
            Vec::new()
        }
    }
}

/// Keys of the values in all environments.
fn with_values(ui: &mut UiState, action: Action, view: &View, at: Instant) {
    match action {
        Action::Values => grid::open(ui, view),
        Action::NextCell => grid::go_next(ui, view),
        Action::FailingFirst => grid::list(ui, true),
        Action::Compare => grid::compare(ui, view),
        _ => grid::import(ui, view, at),
    }
}

fn open_help(ui: &mut UiState, view: &View) {
    let works = |binding: &&keys::Binding| keys::valid(binding, ui, view).is_some();
    let valid = keys::TABLE.iter().filter(works);
    let valid = valid.map(|binding| binding.action).collect();
    ui.open.push(Open::Help {
        filter: Input::default(),
        choice: 0,
        valid,
    });
}

/// Keys that change only what the screen shows.
fn switch(ui: &mut UiState, action: Action, at: Instant) {
    match action {
        Action::Plan => {
            ui.tab = Tab::Plan;
            ui.row_at = 0;
        }
        Action::AllRows if grid::of(ui).is_some() => grid::list(ui, false),
        Action::AllRows => ui.all_rows = !ui.all_rows,
        Action::Zoom => ui.zoom = !ui.zoom,
        Action::Find => ui.open.push(Open::Find {
            input: Input::default(),
        }),
        Action::Reveal => {
            if let Some(Open::Secret { field, .. }) = ui.open.last_mut() {
                field.reveal(at);
            }
        }
        Action::Clear => match ui.open.last_mut() {
            Some(Open::Secret { field, .. }) => field.clear(),
            Some(Open::Form(form)) if form.on_note => form.note.clear(),
            Some(Open::Form(form)) => form.name.clear(),
            Some(Open::Confirm(confirm)) => confirm.input.clear(),
            Some(Open::Help { filter, .. }) => filter.clear(),
            Some(Open::Find { input }) => input.clear(),
            _ => {}
        },
        _ => {}
    }
}

fn back(ui: &mut UiState) -> Vec<Effect> {
    if ui.open.pop().is_some() {
        return Vec::new();
    }
    if ui.zoom {
        ui.zoom = false;
    } else if ui.find.is_some() {
        ui.find = None;
    } else {
        ui.tab = Tab::Step;
    }
    Vec::new()
}

fn enter(ui: &mut UiState, view: &View, at: Instant) -> Vec<Effect> {
    match ui.place() {
        Place::Step | Place::Map => return open_cursor(ui, view),
        Place::Plan => {
            let lines = ui.plan_lines(view);
            let open = match lines.get(ui.row_at) {
                Some(PlanLine::Row(row, _)) => Some(Open::Row {
                    id: row.id(),
                    scroll: 0,
                }),
                Some(PlanLine::Same(item)) => Some(Open::Item {
                    id: item.id.clone(),
                    choice: 0,
                    scroll: 0,
                }),
                None => None,
            };
            ui.open.extend(open);
        }
        Place::Calls => show_curl(ui, view),
        Place::Log => {
            let at = ui.log_at.unwrap_or(view.log.len().saturating_sub(1));
            if let Some(line) = view.log.get(at) {
                ui.open.push(Open::Text {
                    title: "Line of the log".into(),
                    lines: vec![line.text.clone()],
                    scroll: 0,
                });
            }
        }
        Place::Item => return take_way(ui, view, at),
        Place::Secret => return answer::give_secret(ui, at),
        Place::Form => return answer::submit(ui, at),
        Place::Confirm => return answer::approve(ui, view, at),
        Place::Help => return run_help(ui, view, at),
        Place::Find => movement::find(ui, view),
        Place::Matrix => return grid::enter(ui, view),
        Place::Text => {}
    }
    Vec::new()
}

fn open_cursor(ui: &mut UiState, view: &View) -> Vec<Effect> {
    match ui.cursor.clone() {
        Node::Step(_) => ui.tab = Tab::Plan,
        Node::Item(id) => open_item(ui, view, &id),
    }
    Vec::new()
}

/// The screen that an item asks for: its plan, its secret, its question, or its facts.
fn open_item(ui: &mut UiState, view: &View, id: &ItemId) {
    let shown = view.outline.item(id).map(|item| view.shown(item));
    let asks = can_act(view) && shown == Some(Shown::YourTurn);
    match blocker(view, id) {
        Some(Blocker::SecretMissing { slot, .. } | Blocker::TokenRefused { slot, .. })
            if asks && !ways::has_choice(slot) =>
        {
            ui.open.push(Open::Secret {
                item: Some(id.clone()),
                slot: slot.clone(),
                field: Masked::default(),
            })
        }
        None if shown == Some(Shown::YourTurn) => {
            ui.tab = Tab::Plan;
            ui.row_at = 0;
        }
        _ => ui.open.push(Open::Item {
            id: id.clone(),
            choice: 0,
            scroll: 0,
        }),
    }
}

/// Where `n` goes: the next in order after what is on the screen; `None` when that is all there is.
pub fn next_need(ui: &UiState, view: &View) -> Option<Node> {
    let mut list = needs(view);
    let (here, open) = match (ui.open.last(), &ui.cursor) {
        (Some(Open::Item { id, .. }), _) => (Node::Item(id.clone()), true),
        (_, Node::Step(_)) => (ui.cursor.clone(), ui.tab == Tab::Plan),
        (_, Node::Item(_)) => (ui.cursor.clone(), false),
    };
    // Where golive went by itself is no place the operator goes on from: the first is what the line above the keys names.
    let went = ui.follow && ui.open.is_empty() && ui.tab != Tab::Plan;
    let at = list.iter().position(|node| *node == here && !went);
    let next = match at {
        Some(0) if list.len() == 1 && open => return None,
        Some(at) if list.len() > 1 => (at + 1) % list.len(),
        _ => 0,
    };
    (next < list.len()).then(|| list.swap_remove(next))
}

fn next_for_you(ui: &mut UiState, view: &View) -> Vec<Effect> {
    let Some(node) = next_need(ui, view) else {
        return Vec::new();
    };
    ui.open.clear();
    ui.follow = false;
    ui.zoom = false;
    ui.move_to(node.clone());
    match node {
        Node::Step(_) => ui.tab = Tab::Plan,
        Node::Item(id) => {
            ui.tab = Tab::Step;
            open_item(ui, view, &id);
        }
    }
    Vec::new()
}

fn choose(ui: &mut UiState, view: &View, n: usize) -> Vec<Effect> {
    let ways = ways::open(ui, view).len();
    if let Some(Open::Item { choice, .. }) = ui.open.last_mut()
        && n >= 1
        && n <= ways
    {
        *choice = n - 1;
    }
    Vec::new()
}

fn take_way(ui: &mut UiState, view: &View, at: Instant) -> Vec<Effect> {
    let ways = ways::open(ui, view);
    let Some(Open::Item { id, choice, .. }) = ui.open.last() else {
        return Vec::new();
    };
    let id = id.clone();
    let Some(way) = ways.get(*choice) else {
        return Vec::new();
    };
    let act = match &way.act {
        Ok(act) => act.clone(),
        Err(why) => {
            ui.say(format!("Not offered: {why}."), at);
            return Vec::new();
        }
    };
    match act {
        Do::Back => back(ui),
        Do::Open(url) => vec![Effect::Open(url)],
        Do::Quit => quit(ui, view, at),
        Do::Form(kind) => form(ui, view, kind),
        Do::Accept(finding) => {
            let form = answer::new_form(view, id, FormKind::Accept);
            ui.open.push(Open::Form(Form {
                finding: Some(finding),
                ..form
            }));
            Vec::new()
        }
        Do::Retry => retry(ui, view, at),
        Do::ByHand => by_hand(ui, id, at),
        Do::Undo => undo(ui, view, at),
        Do::GiveSecret { slot } => {
            ui.open.push(Open::Secret {
                item: Some(id),
                slot,
                field: Masked::default(),
            });
            Vec::new()
        }
        Do::Choose { key, word } => {
            ui.open.pop();
            ui.say(format!("Chosen: {word}."), at);
            let by = operator(view);
            vec![Effect::Ask(Request::Choose {
                item: id,
                key,
                word,
                by,
            })]
        }
    }
}

fn waive(ui: &mut UiState, view: &View) -> Vec<Effect> {
    let required = ui
        .one()
        .and_then(|id| view.outline.item(id))
        .is_some_and(|item| item.required);
    let kind = if required {
        FormKind::Waive
    } else {
        FormKind::Skip
    };
    form(ui, view, kind)
}

fn form(ui: &mut UiState, view: &View, kind: FormKind) -> Vec<Effect> {
    if let Some(id) = ui.one().cloned() {
        ui.open.push(Open::Form(answer::new_form(view, id, kind)));
    }
    Vec::new()
}

pub fn changes(n: usize) -> String {
    match n {
        1 => "1 change".into(),
        n => format!("{n} changes"),
    }
}

pub fn items(n: usize) -> String {
    match n {
        1 => "1 item".into(),
        n => format!("{n} items"),
    }
}

/// The items among the subject that a fresh look can move.
pub fn retryable(ui: &UiState, view: &View) -> Vec<ItemId> {
    let ids = ui.subject(view);
    let single = ids.len() == 1;
    ids.into_iter()
        .filter(|id| {
            let shown = view.outline.item(id).map(|item| view.shown(item));
            match shown {
                Some(Shown::Failed | Shown::Unknown | Shown::Drifted) => true,
                Some(Shown::Undone | Shown::Stale | Shown::Waiting) => single,
                Some(Shown::YourTurn) => single && blocker(view, id).is_some(),
                _ => false,
            }
        })
        .collect()
}

/// The rehearsal's operator does what the card shows.
fn by_hand(ui: &mut UiState, item: ItemId, at: Instant) -> Vec<Effect> {
    ui.open.pop();
    ui.say("The rehearsal's operator does it by hand.", at);
    vec![Effect::Ask(Request::ByHand { item })]
}

fn retry(ui: &mut UiState, view: &View, at: Instant) -> Vec<Effect> {
    let items = retryable(ui, view);
    if matches!(ui.open.last(), Some(Open::Item { .. })) {
        ui.open.pop();
    }
    if let Some(first) = items.first() {
        ui.say(format!("golive looks at {first} again."), at);
    }
    items
        .into_iter()
        .map(|item| Effect::Ask(Request::Retry { item }))
        .collect()
}

pub fn undoable(ids: &[ItemId], view: &View) -> Vec<ItemId> {
    let made = |id: &&ItemId| {
        view.item_state(id)
            .is_some_and(|state| !state.made.is_empty())
    };
    ids.iter().filter(made).cloned().collect()
}

fn undo(ui: &mut UiState, view: &View, at: Instant) -> Vec<Effect> {
    let items = undoable(&ui.subject(view), view);
    if items.is_empty() {
        return Vec::new();
    }
    ui.open.clear();
    ui.tab = Tab::Plan;
    ui.row_at = 0;
    ui.say(
        "The plan of the removal follows here. Nothing is removed before you approve it.",
        at,
    );
    vec![Effect::Ask(Request::Undo { items })]
}

fn run_help(ui: &mut UiState, view: &View, at: Instant) -> Vec<Effect> {
    let Some(Open::Help { filter, choice, .. }) = ui.open.last() else {
        return Vec::new();
    };
    let listed = help_rows(filter.text());
    let chosen = listed.get(*choice).map(|binding| binding.action);
    ui.open.pop();
    let Some(action) = chosen else {
        return Vec::new();
    };
    let binding = keys::TABLE.iter().find(|binding| binding.action == action);
    match binding {
        Some(binding) if keys::valid(binding, ui, view).is_some() => act(ui, action, view, at),
        Some(binding) => {
            ui.say(format!("{} does nothing here.", binding.shown), at);
            Vec::new()
        }
        None => Vec::new(),
    }
}

/// The keys whose name or meaning has the text in it.
pub fn help_rows(filter: &str) -> Vec<&'static keys::Binding> {
    let filter = filter.to_lowercase();
    keys::TABLE
        .iter()
        .filter(|binding| {
            binding.shown.to_lowercase().contains(&filter)
                || binding.help.to_lowercase().contains(&filter)
        })
        .collect()
}

fn quit(ui: &mut UiState, view: &View, at: Instant) -> Vec<Effect> {
    if !can_act(view) || ui.engine_gone {
        return vec![Effect::Leave(ui.leave_as)];
    }
    if ui.stopping.is_some() {
        ui.say("Stopping after the running call. Ctrl-C stops now.", at);
        return Vec::new();
    }
    ui.stopping = Some(at);
    if busy(view) {
        ui.say(
            "Stops after the running call, then leaves. Ctrl-C stops now.",
            at,
        );
    }
    vec![Effect::Ask(Request::Stop)]
}

fn interrupt(ui: &mut UiState, view: &View, at: Instant) -> Vec<Effect> {
    let first = ui.stopping.is_none();
    if first && !busy(view) {
        return quit(ui, view, at);
    }
    if !can_act(view) || ui.engine_gone {
        return vec![Effect::Leave(ui.leave_as)];
    }
    ui.leave_as = How::Interrupted;
    if ui
        .stopping
        .is_some_and(|asked| at.duration_since(asked) <= AGAIN)
    {
        return vec![
            Effect::Ask(Request::StopNow),
            Effect::Leave(How::Interrupted),
        ];
    }
    ui.stopping = Some(at);
    ui.say(
        "Stops after this call. Ctrl-C again within 2 s stops now.",
        at,
    );
    match first {
        true => vec![Effect::Ask(Request::Stop)],
        false => Vec::new(),
    }
}

fn show_curl(ui: &mut UiState, view: &View) {
    if let Some(text) = links::curl_text(ui, view) {
        ui.open.push(Open::Text {
            title: "The call as curl".into(),
            lines: text.lines().map(str::to_string).collect(),
            scroll: 0,
        });
    }
}
