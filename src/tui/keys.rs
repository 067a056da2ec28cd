//! The one table of keys. It dispatches, draws the footer, and is the help; a key that does nothing here is in none of them.

use crossterm::event::KeyCode;

use super::model::{self, Place, UiState};
use super::{act, answer, grid, links, ways};
use crate::journal::state::Standing;
use crate::view::{Shown, View};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    Up,
    Down,
    Left,
    Right,
    PageUp,
    PageDown,
    Home,
    End,
    NextView,
    PrevView,
    Enter,
    Back,
    FindNext,
    FindPrev,
    NextForYou,
    Follow,
    Plan,
    AllRows,
    Approve,
    Retry,
    Undo,
    Curl,
    OpenPage,
    Docs,
    Copy,
    Waive,
    Untick,
    CheckAll,
    Values,
    NextCell,
    FailingFirst,
    VerifyValues,
    Compare,
    Import,
    Jump,
    Zoom,
    Find,
    Digit(usize),
    Reveal,
    Clear,
    Help,
    Quit,
    Interrupt,
    Suspend,
    Redraw,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Press {
    Code(KeyCode),
    Char(char),
    Ctrl(char),
    /// 1 to 9; the table holds it once, with 0.
    Digit(usize),
}

pub struct Binding {
    pub action: Action,
    pub press: Press,
    /// The key's name in footer and help.
    pub shown: &'static str,
    pub help: &'static str,
    /// Listed in the footer where it is valid.
    pub footer: bool,
    /// What it does here and now; `None` where it does nothing.
    pub label: fn(&UiState, &View) -> Option<&'static str>,
}

const fn key(
    action: Action,
    press: Press,
    shown: &'static str,
    help: &'static str,
    footer: bool,
    label: fn(&UiState, &View) -> Option<&'static str>,
) -> Binding {
    Binding {
        action,
        press,
        shown,
        help,
        footer,
        label,
    }
}

use Action as A;
use Press::{Char, Code, Ctrl, Digit};

#[rustfmt::skip]
pub const TABLE: &[Binding] = &[
    key(A::Digit(0), Digit(0), "1-9", "choose a way on by its number; Enter then does it", true, digits),
    key(A::Enter, Code(KeyCode::Enter), "Enter", "open, choose, confirm what is shown", true, enter),
    key(A::FindNext, Char('n'), "n", "next match of what was searched for", true, find_on),
    key(A::FindPrev, Char('N'), "N", "previous match", true, find_on),
    key(A::NextCell, Char('n'), "n", "in the values: next cell that needs you", true, next_cell),
    key(A::Compare, Char('d'), "d", "in the values: what is wished beside what runs", true, compare),
    key(A::Import, Char('i'), "i", "in the values: how a .env file is kept", true, in_values_import),
    key(A::VerifyValues, Char('v'), "v", "in the values: look at everything again", true, verify_values),
    key(A::NextForYou, Char('n'), "n", "go to the next thing that needs you", true, next_for_you),
    key(A::Approve, Char('A'), "A", "approve this plan; one-way changes then ask for their name, paid ones for their total", true, approve),
    key(A::Plan, Char('p'), "p", "the plan of the step", true, plan),
    key(A::AllRows, Char('a'), "a", "in a plan or the values: all rows, or only what is open", true, all_rows),
    key(A::Retry, Char('r'), "r", "look again and go on: reads first, asks again before a change", true, retry),
    key(A::Undo, Char('u'), "u", "plan the removal of what golive made; nothing is removed before you approve", true, undo),
    key(A::Waive, Char('w'), "w", "leave an item out, with your name and a reason", true, waive),
    key(A::Untick, Char('x'), "x", "take a tick, a waiver or a skip back", true, untick),
    key(A::Curl, Char('k'), "k", "the call as curl, with variables such as $GITHUB_TOKEN in place of secrets", true, curl),
    key(A::OpenPage, Char('o'), "o", "open the page", true, open_page),
    key(A::Docs, Char('d'), "d", "open the step's documentation", true, docs),
    key(A::Copy, Char('y'), "y", "copy what is under the cursor", true, copy),
    key(A::Jump, Char('>'), ">", "rehearsal: jump to the next look", true, jump),
    key(A::Follow, Char('f'), "f", "follow what golive works on, or stay", true, follow),
    key(A::Values, Char('v'), "v", "the values of all environments: secrets, fingerprints, findings", true, values),
    key(A::CheckAll, Char('C'), "C", "look at everything again", false, check_all),
    key(A::FailingFirst, Char('f'), "f", "in the values: the rows that need you first", false, failing_first),
    key(A::Find, Char('/'), "/", "find in the log", true, find_key),
    key(A::Zoom, Char('z'), "z", "one pane without a border, so that the terminal's own selection copies clean text", false, zoom),
    key(A::Reveal, Ctrl('r'), "Ctrl-R", "in a secret's field: show it for 5 seconds", true, in_secret_reveal),
    key(A::Clear, Ctrl('u'), "Ctrl-U", "in a field: clear it", true, clear),
    key(A::OpenPage, Ctrl('o'), "Ctrl-O", "in a field: open the page", true, open_page_in_field),
    key(A::NextView, Code(KeyCode::Tab), "Tab", "next view, or next field", true, tab),
    key(A::PrevView, Code(KeyCode::BackTab), "Shift-Tab", "previous view, or previous field", false, tab),
    key(A::Back, Code(KeyCode::Esc), "Esc", "one level up; never changes anything", true, back),
    key(A::Up, Code(KeyCode::Up), "↑", "move up", false, moves),
    key(A::Down, Code(KeyCode::Down), "↓", "move down", false, moves),
    key(A::Left, Code(KeyCode::Left), "←", "to the step, or the step before; in the values the environment before", false, in_map),
    key(A::Right, Code(KeyCode::Right), "→", "into the step, or the next step; in the values the next environment", false, in_map),
    key(A::PageUp, Code(KeyCode::PageUp), "PgUp", "a page up", false, pages),
    key(A::PageDown, Code(KeyCode::PageDown), "PgDn", "a page down", false, pages),
    key(A::Home, Code(KeyCode::Home), "Home", "to the first", false, pages),
    key(A::End, Code(KeyCode::End), "End", "to the last", false, pages),
    key(A::Help, Char('?'), "?", "these keys; type to search, Enter runs one", true, help),
    key(A::Quit, Char('q'), "q", "save and quit; what others work on goes on without golive", true, quit),
    key(A::Interrupt, Ctrl('c'), "Ctrl-C", "stop after the running call; again within 2 seconds: stop now", false, interrupt),
    key(A::Suspend, Ctrl('z'), "Ctrl-Z", "to the shell; fg comes back", false, |_, _| Some("to the shell")),
    key(A::Redraw, Ctrl('l'), "Ctrl-L", "draw the screen again", false, |_, _| Some("draw again")),
];

/// What a key means here and now.
pub fn find(press: Press, ui: &UiState, view: &View) -> Option<Action> {
    let same = |binding: &&Binding| match (binding.press, press) {
        (Press::Digit(_), Press::Digit(_)) => true,
        (one, other) => one == other,
    };
    TABLE
        .iter()
        .filter(same)
        .find(|binding| valid(binding, ui, view).is_some())
        .map(|binding| binding.action)
}

/// The label of a key that is valid now. Where text is typed, no character can be a key.
pub fn valid(binding: &Binding, ui: &UiState, view: &View) -> Option<&'static str> {
    let is_text = matches!(binding.press, Press::Char(_) | Press::Digit(_));
    if is_text && ui.types() {
        return None;
    }
    (binding.label)(ui, view)
}

/// Key and label of all that the footer names, in the table's order. Once the end was asked for, how to end now comes first.
pub fn footer(ui: &UiState, view: &View) -> Vec<(&'static str, &'static str)> {
    let shown = |binding: &Binding| match binding.action {
        Action::Interrupt => {
            ui.stopping.is_some() || (ui.is_wide() && model::busy(view) && !ui.types())
        }
        _ => binding.footer,
    };
    let mut listed = Vec::new();
    // Four keys of one meaning, which the help lists one by one.
    if ui.place() == Place::Matrix {
        listed.push(("↑↓←→", "cell"));
    }
    for binding in TABLE.iter().filter(|binding| shown(binding)) {
        let Some(label) = valid(binding, ui, view) else {
            continue;
        };
        if find(binding.press, ui, view) == Some(binding.action) {
            listed.push((binding.shown, label));
        }
    }
    listed
}

fn main_screen(ui: &UiState) -> bool {
    ui.open.is_empty()
}

fn on_items(ui: &UiState) -> bool {
    matches!(ui.place(), Place::Step | Place::Map | Place::Item)
}

fn only(valid: bool, label: &'static str) -> Option<&'static str> {
    valid.then_some(label)
}

fn digits(ui: &UiState, view: &View) -> Option<&'static str> {
    only(!ways::open(ui, view).is_empty(), "choose")
}

fn find_on(ui: &UiState, _: &View) -> Option<&'static str> {
    only(ui.place() == Place::Log && ui.find.is_some(), "match")
}

fn next_for_you(ui: &UiState, view: &View) -> Option<&'static str> {
    only(!ui.types() && act::next_need(ui, view).is_some(), "next")
}

fn enter(ui: &UiState, view: &View) -> Option<&'static str> {
    match ui.place() {
        Place::Step | Place::Map => Some("open"),
        Place::Plan => only(!ui.plan_lines(view).is_empty(), "read this row"),
        Place::Calls => only(ui.call(view).is_some(), "as curl"),
        Place::Log => only(!view.log.is_empty(), "whole line"),
        Place::Item => only(!ways::open(ui, view).is_empty(), "do it"),
        Place::Secret => answer::secret_label(ui),
        Place::Form => answer::form_label(ui),
        Place::Confirm => answer::confirm_label(ui),
        Place::Help => Some("do it"),
        Place::Find => Some("find"),
        Place::Matrix => grid::label(ui, view),
        Place::Text => None,
    }
}

fn approve(ui: &UiState, view: &View) -> Option<&'static str> {
    let here = matches!(ui.place(), Place::Step | Place::Map | Place::Plan);
    let wanted = ui
        .step(view)
        .is_some_and(|step| view.wanted.contains_key(&step.number));
    only(here && wanted && model::can_act(view), "approve")
}

fn plan(ui: &UiState, _: &View) -> Option<&'static str> {
    only(main_screen(ui) && ui.place() != Place::Plan, "plan")
}

fn all_rows(ui: &UiState, _: &View) -> Option<&'static str> {
    if let Some(grid) = grid::of(ui) {
        return Some(if grid.some { "all rows" } else { "open rows" });
    }
    let label = if ui.all_rows { "open rows" } else { "all rows" };
    only(ui.place() == Place::Plan, label)
}

fn retry(ui: &UiState, view: &View) -> Option<&'static str> {
    let here = on_items(ui) || ui.place() == Place::Plan;
    only(
        here && model::can_act(view) && !act::retryable(ui, view).is_empty(),
        "look again",
    )
}

fn undo(ui: &UiState, view: &View) -> Option<&'static str> {
    only(
        on_items(ui) && model::can_act(view) && !act::undoable(&ui.subject(view), view).is_empty(),
        "undo",
    )
}

fn waive(ui: &UiState, view: &View) -> Option<&'static str> {
    let item = ui.one().and_then(|id| view.outline.item(id))?;
    let label = if item.required { "waive" } else { "skip" };
    only(
        on_items(ui) && model::can_act(view) && !view.shown(item).is_settled(),
        label,
    )
}

fn untick(ui: &UiState, view: &View) -> Option<&'static str> {
    let state = ui.one().and_then(|id| view.item_state(id));
    let ticked = state.is_some_and(|state| {
        let by_word = matches!(
            state.standing,
            Standing::Waived { .. } | Standing::Skipped { .. }
        );
        by_word || (state.attested.is_some() && Shown::of(Some(state)).is_settled())
    });
    only(on_items(ui) && ticked && model::can_act(view), "take back")
}

fn curl(ui: &UiState, view: &View) -> Option<&'static str> {
    only(links::curl_text(ui, view).is_some(), "curl")
}

fn open_page_in_field(ui: &UiState, view: &View) -> Option<&'static str> {
    only(ui.types() && links::page(ui, view).is_some(), "open page")
}

fn open_page(ui: &UiState, view: &View) -> Option<&'static str> {
    only(links::page(ui, view).is_some(), "open page")
}

fn docs(ui: &UiState, view: &View) -> Option<&'static str> {
    let there = ui.step(view).is_some_and(|step| !step.docs.is_empty());
    only(there && on_items(ui), "docs")
}

fn copy(ui: &UiState, view: &View) -> Option<&'static str> {
    only(links::copy_text(ui, view).is_some(), "copy")
}

fn jump(ui: &UiState, view: &View) -> Option<&'static str> {
    only(
        main_screen(ui) && view.outline.rehearsal && model::can_act(view),
        "jump",
    )
}

fn follow(ui: &UiState, _: &View) -> Option<&'static str> {
    let label = match ui.place() {
        Place::Step | Place::Map if ui.follow => "stay",
        Place::Log if ui.log_at.is_none() => "stay",
        Place::Calls if ui.call_at.is_none() => "stay",
        _ => "follow",
    };
    only(main_screen(ui) && ui.place() != Place::Plan, label)
}

fn check_all(ui: &UiState, view: &View) -> Option<&'static str> {
    only(main_screen(ui) && model::can_act(view), "check all")
}

fn values(ui: &UiState, view: &View) -> Option<&'static str> {
    let there = !view.outline.matrix.variables.is_empty();
    only(main_screen(ui) && there, "values")
}

fn in_values(ui: &UiState, label: &'static str) -> Option<&'static str> {
    only(ui.place() == Place::Matrix, label)
}

fn next_cell(ui: &UiState, view: &View) -> Option<&'static str> {
    in_values(ui, "next missing").filter(|_| grid::next(ui, view).is_some())
}

fn compare(ui: &UiState, _: &View) -> Option<&'static str> {
    in_values(ui, "diff with live")
}

fn in_values_import(ui: &UiState, _: &View) -> Option<&'static str> {
    in_values(ui, "import .env")
}

fn verify_values(ui: &UiState, view: &View) -> Option<&'static str> {
    in_values(ui, "verify all").filter(|_| model::can_act(view))
}

fn failing_first(ui: &UiState, _: &View) -> Option<&'static str> {
    in_values(ui, "failing first")
}

fn find_key(ui: &UiState, _: &View) -> Option<&'static str> {
    only(main_screen(ui), "find")
}

fn zoom(ui: &UiState, _: &View) -> Option<&'static str> {
    only(main_screen(ui), if ui.zoom { "frame" } else { "zoom" })
}

fn in_secret_reveal(ui: &UiState, _: &View) -> Option<&'static str> {
    only(ui.place() == Place::Secret, "show for 5 s")
}

fn clear(ui: &UiState, _: &View) -> Option<&'static str> {
    only(ui.has_typed(), "clear")
}

fn tab(ui: &UiState, _: &View) -> Option<&'static str> {
    match ui.place() {
        Place::Form => Some("field"),
        _ => only(main_screen(ui), "view"),
    }
}

fn back(ui: &UiState, _: &View) -> Option<&'static str> {
    let up = !main_screen(ui)
        || ui.zoom
        || ui.find.is_some()
        || ui.shown_tab() != super::model::Tab::Step;
    only(up, "back")
}

fn moves(ui: &UiState, _: &View) -> Option<&'static str> {
    let fixed = matches!(ui.place(), Place::Secret | Place::Confirm | Place::Find);
    only(!fixed, "move")
}

fn in_map(ui: &UiState, _: &View) -> Option<&'static str> {
    match ui.place() {
        Place::Matrix => Some("environment"),
        place => only(matches!(place, Place::Step | Place::Map), "step"),
    }
}

fn pages(ui: &UiState, _: &View) -> Option<&'static str> {
    let lists = matches!(
        ui.place(),
        Place::Item | Place::Text | Place::Help | Place::Matrix
    );
    only(main_screen(ui) || lists, "page")
}

fn help(ui: &UiState, _: &View) -> Option<&'static str> {
    only(ui.place() != Place::Help, "help")
}

fn quit(_: &UiState, view: &View) -> Option<&'static str> {
    Some(if model::can_act(view) {
        "save + quit"
    } else {
        "quit"
    })
}

fn interrupt(ui: &UiState, view: &View) -> Option<&'static str> {
    Some(match ui.stopping {
        Some(_) => "stop now",
        None if model::busy(view) => "stop after this call",
        None => "save + quit",
    })
}
