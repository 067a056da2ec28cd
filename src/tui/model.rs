//! What the screen itself remembers: where the cursor is, what is open, what is being typed. Nothing of it is about the
//! launch; that is the `View`'s.

use crossterm::event::{KeyCode, KeyEvent, KeyEventKind, KeyModifiers};
use tokio::time::{Duration, Instant};

use super::grid::Grid;
use super::keys::{self, Action, Press};
use super::widget::input::Input;
use super::widget::masked::Masked;
use super::{How, Lookup, act};
use crate::event::Call;
use crate::journal::state::Standing;
use crate::plan::{Blocker, ItemId, Row, RowId};
use crate::request::Request;
use crate::secret::SecretName;
use crate::view::{Cost, Doing, ItemOutline, RowState, Shown, StepOutline, Turn, View};

/// A toast can be read in that time.
const TOAST: Duration = Duration::from_secs(4);

/// What a key leads to outside the screen's own memory.
#[derive(Clone, Debug)]
pub enum Effect {
    Ask(Request),
    Copy(String),
    Open(String),
    Suspend,
    Redraw,
    Leave(How),
}

/// A row of the map that the cursor can stand on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Node {
    Step(String),
    Item(ItemId),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tab {
    Step,
    Map,
    Plan,
    Calls,
    Log,
}

/// What lies over the main screen, one level each; Esc takes the uppermost away.
#[derive(Debug)]
pub enum Open {
    /// An item by itself: its failure, its question, or its facts, whichever is true when it is drawn.
    Item {
        id: ItemId,
        choice: usize,
        scroll: usize,
    },
    Secret {
        item: Option<ItemId>,
        slot: String,
        field: Masked,
    },
    Form(Form),
    Confirm(Confirm),
    Row {
        id: RowId,
        scroll: usize,
    },
    Text {
        title: String,
        lines: Vec<String>,
        scroll: usize,
    },
    Help {
        filter: Input,
        choice: usize,
        /// What works on the screen below.
        valid: Vec<Action>,
    },
    Find {
        input: Input,
    },
    /// The values of all environments.
    Matrix(Grid),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FormKind {
    Attest,
    Waive,
    Skip,
    Untick,
    Accept,
}

#[derive(Clone, Debug)]
pub struct Form {
    pub kind: FormKind,
    pub item: ItemId,
    /// The finding that is accepted, by its name.
    pub finding: Option<String>,
    pub name: Input,
    pub note: Input,
    /// The cursor is in the second field.
    pub on_note: bool,
}

/// The approval of what a step wants: pinned to the rows that were shown.
#[derive(Clone, Debug)]
pub struct Confirm {
    pub step: String,
    pub rows: Vec<RowId>,
    /// What must be typed, in order: the names of one-way rows, then the total of paid ones.
    pub words: Vec<Word>,
    pub typed: Vec<String>,
    pub input: Input,
}

/// A word that an approval asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Word {
    pub text: String,
    /// It stands for what the paid rows cost; else it is the name of something that cannot be taken back.
    pub cost: Option<Cost>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    Step,
    Map,
    Plan,
    Calls,
    Log,
    Item,
    Secret,
    Form,
    Confirm,
    Text,
    Help,
    Find,
    Matrix,
}

#[derive(Debug)]
pub struct Toast {
    pub text: String,
    pub until: Instant,
}

#[derive(Debug)]
pub struct UiState {
    pub cursor: Node,
    /// The cursor goes where golive works. Any movement by hand ends it.
    pub follow: bool,
    pub tab: Tab,
    pub open: Vec<Open>,
    pub all_rows: bool,
    pub row_at: usize,
    /// `None`: the newest.
    pub call_at: Option<usize>,
    pub log_at: Option<usize>,
    pub step_scroll: usize,
    pub zoom: bool,
    pub find: Option<String>,
    pub toast: Option<Toast>,
    /// When the end was asked for last.
    pub stopping: Option<Instant>,
    pub leave_as: How,
    /// No engine is behind the screen any more.
    pub engine_gone: bool,
    pub columns: u16,
    pub rows: u16,
    pub focused: bool,
    pub lookup: Lookup,
}

/// A line of the plan pane.
#[derive(Clone, Copy, Debug)]
pub enum PlanLine<'a> {
    Row(&'a Row, RowState),
    Same(&'a ItemOutline),
}

impl UiState {
    pub fn new(view: &View, lookup: Lookup) -> UiState {
        let first = view.outline.steps().next();
        UiState {
            cursor: Node::Step(first.map(|step| step.number.clone()).unwrap_or_default()),
            follow: true,
            tab: Tab::Step,
            open: Vec::new(),
            all_rows: false,
            row_at: 0,
            call_at: None,
            log_at: None,
            step_scroll: 0,
            zoom: false,
            find: None,
            toast: None,
            stopping: None,
            leave_as: How::Quit,
            engine_gone: false,
            columns: 80,
            rows: 24,
            focused: true,
            lookup,
        }
    }

    /// Takes a key in. Keys are looked up in the one table; where text is typed, characters go to the field first.
    pub fn press(&mut self, key: KeyEvent, view: &View, at: Instant) -> Vec<Effect> {
        if key.kind == KeyEventKind::Release {
            return Vec::new();
        }
        // Escape and a letter typed fast arrive as one: neither is meant as a key of its own then, nor as text.
        if key.modifiers.contains(KeyModifiers::ALT) {
            return Vec::new();
        }
        let ctrl = key.modifiers.contains(KeyModifiers::CONTROL);
        if !ctrl && self.types_into_field(key.code) {
            return Vec::new();
        }
        let pressed = match key.code {
            KeyCode::Char(c) if ctrl => Press::Ctrl(c.to_ascii_lowercase()),
            KeyCode::Char(c @ '1'..='9') => Press::Digit(c as usize - '0' as usize),
            KeyCode::Char(c) => Press::Char(c),
            code => Press::Code(code),
        };
        match keys::find(pressed, self, view) {
            Some(Action::Digit(_)) => {
                let Press::Digit(n) = pressed else {
                    return Vec::new();
                };
                act::act(self, Action::Digit(n), view, at)
            }
            Some(action) => act::act(self, action, view, at),
            None => Vec::new(),
        }
    }

    fn types_into_field(&mut self, code: KeyCode) -> bool {
        if let Some(Open::Secret { slot, field, .. }) = self.open.last_mut() {
            let typed = field.press(code);
            field.judge(&|value| (self.lookup.judge)(slot, value));
            return typed;
        }
        match self.open.last_mut() {
            Some(Open::Form(form)) if form.on_note => form.note.press(code),
            Some(Open::Form(form)) => form.name.press(code),
            Some(Open::Confirm(confirm)) if confirm.word().is_some() => confirm.input.press(code),
            Some(Open::Help { filter, choice, .. }) => {
                *choice = 0;
                filter.press(code)
            }
            Some(Open::Find { input }) => input.press(code),
            _ => false,
        }
    }

    /// Characters are text here, so no letter can be a key.
    pub fn types(&self) -> bool {
        match self.open.last() {
            Some(Open::Confirm(confirm)) => confirm.word().is_some(),
            Some(open) => matches!(
                open,
                Open::Secret { .. } | Open::Form(_) | Open::Help { .. } | Open::Find { .. }
            ),
            None => false,
        }
    }

    /// Something stands in the field that is typed in.
    pub fn has_typed(&self) -> bool {
        match self.open.last() {
            Some(Open::Secret { field, .. }) => !field.is_empty(),
            Some(Open::Form(form)) if form.on_note => !form.note.text().is_empty(),
            Some(Open::Form(form)) => !form.name.text().is_empty(),
            Some(Open::Confirm(confirm)) => !confirm.input.text().is_empty(),
            Some(Open::Help { filter, .. }) => !filter.text().is_empty(),
            Some(Open::Find { input }) => !input.text().is_empty(),
            _ => false,
        }
    }

    /// A paste goes into a secret's field and nowhere else, so that a stray one can never press keys.
    pub fn paste(&mut self, text: &str, at: Instant) {
        match self.open.last_mut() {
            Some(Open::Secret { slot, field, .. }) => {
                let page = (self.lookup.token_page)(slot);
                field.paste(text, page.is_some_and(|page| page.many_lines));
                field.judge(&|value| (self.lookup.judge)(slot, value));
            }
            _ => self.say(
                "A paste was ignored: golive takes one only in a secret's field.",
                at,
            ),
        }
    }

    pub fn say(&mut self, text: impl Into<String>, at: Instant) {
        self.toast = Some(Toast {
            text: text.into(),
            until: at + TOAST,
        });
    }

    /// After events: ends what they made pointless, and follows.
    pub fn heard(&mut self, view: &View, at: Instant) {
        let over = match self.open.last() {
            Some(Open::Confirm(confirm)) if confirm.rows != wanted_ids(view, &confirm.step) => {
                Some("The plan has changed meanwhile. Look at it again, then approve.".to_string())
            }
            Some(Open::Secret {
                item: Some(id),
                slot,
                ..
            }) if !asks_for_secret(view, id, slot) => {
                Some(format!("{slot} is not asked for any more."))
            }
            Some(Open::Form(form))
                if form.kind == FormKind::Attest && !asks_for_word(view, &form.item) =>
            {
                Some(format!("{} is not asked any more.", form.item))
            }
            _ => None,
        };
        if let Some(text) = over {
            self.open.pop();
            self.say(text, at);
        }
        if self.follow && self.open.is_empty() {
            self.go_where_it_moves(view);
        }
        self.row_at = self
            .row_at
            .min(self.plan_lines(view).len().saturating_sub(1));
    }

    fn go_where_it_moves(&mut self, view: &View) {
        let moves = |id: &ItemId| {
            view.live
                .get(id)
                .is_some_and(|live| matches!(live.doing, Doing::Looking | Doing::Applying { .. }))
        };
        if matches!(&self.cursor, Node::Item(id) if moves(id)) {
            return;
        }
        if let Some(item) = view.outline.items().find(|item| moves(&item.id)) {
            self.move_to(Node::Item(item.id.clone()));
        }
    }

    pub fn move_to(&mut self, node: Node) {
        if self.cursor != node {
            self.cursor = node;
            self.step_scroll = 0;
            self.row_at = 0;
        }
    }

    /// Two panes side by side.
    pub fn is_wide(&self) -> bool {
        self.columns >= 100
    }

    pub fn shown_tab(&self) -> Tab {
        match self.tab {
            Tab::Map if self.is_wide() => Tab::Step,
            tab => tab,
        }
    }

    pub fn place(&self) -> Place {
        match self.open.last() {
            None => match self.shown_tab() {
                Tab::Step => Place::Step,
                Tab::Map => Place::Map,
                Tab::Plan => Place::Plan,
                Tab::Calls => Place::Calls,
                Tab::Log => Place::Log,
            },
            Some(Open::Item { .. }) => Place::Item,
            Some(Open::Secret { .. }) => Place::Secret,
            Some(Open::Form(_)) => Place::Form,
            Some(Open::Confirm(_)) => Place::Confirm,
            Some(Open::Row { .. } | Open::Text { .. }) => Place::Text,
            Some(Open::Help { .. }) => Place::Help,
            Some(Open::Find { .. }) => Place::Find,
            Some(Open::Matrix(_)) => Place::Matrix,
        }
    }

    pub fn step<'a>(&self, view: &'a View) -> Option<&'a StepOutline> {
        let number = match &self.cursor {
            Node::Step(number) => number.as_str(),
            Node::Item(id) => id.step(),
        };
        view.outline.step(number)
    }

    /// The items that a key is about: the one that is open, else what the cursor stands on.
    pub fn subject(&self, view: &View) -> Vec<ItemId> {
        match (self.open.last(), &self.cursor) {
            (Some(Open::Item { id, .. }), _) | (_, Node::Item(id)) => vec![id.clone()],
            (_, Node::Step(number)) => match view.outline.step(number) {
                Some(step) => step.items.iter().map(|item| item.id.clone()).collect(),
                None => Vec::new(),
            },
        }
    }

    /// The one item a key is about, if it is one.
    pub fn one(&self) -> Option<&ItemId> {
        match (self.open.last(), &self.cursor) {
            (Some(Open::Item { id, .. }), _) | (_, Node::Item(id)) => Some(id),
            _ => None,
        }
    }

    pub fn call<'a>(&self, view: &'a View) -> Option<&'a Call> {
        match self.call_at {
            Some(at) => view.calls.get(at.min(view.calls.len().saturating_sub(1))),
            None => view.calls.back(),
        }
    }

    /// What the plan pane lists for the cursor's step: what is wanted or on its way; with `a`, all.
    pub fn plan_lines<'a>(&self, view: &'a View) -> Vec<PlanLine<'a>> {
        let Some(step) = self.step(view) else {
            return Vec::new();
        };
        let wanted = view.wanted.get(&step.number);
        let mut lines = Vec::new();
        for item in &step.items {
            let before = lines.len();
            let mine = wanted.into_iter().flatten();
            for row in mine.filter(|row| row.item == item.id) {
                lines.push(PlanLine::Row(row, RowState::Wanted));
            }
            for (row, state) in view.rows.values().filter(|(row, _)| row.item == item.id) {
                let listed = matches!(state, RowState::Approved | RowState::Running)
                    || self.all_rows && *state != RowState::Wanted;
                if listed {
                    lines.push(PlanLine::Row(row, *state));
                }
            }
            if self.all_rows && lines.len() == before && view.shown(item) == Shown::AlreadySo {
                lines.push(PlanLine::Same(item));
            }
        }
        lines
    }

    /// All rows of the map, in order.
    pub fn nodes(view: &View) -> Vec<Node> {
        let mut nodes = Vec::new();
        for step in view.outline.steps() {
            nodes.push(Node::Step(step.number.clone()));
            nodes.extend(step.items.iter().map(|item| Node::Item(item.id.clone())));
        }
        nodes
    }
}

impl Confirm {
    /// The word to type next; `None` once all are typed.
    pub fn word(&self) -> Option<&Word> {
        self.words.get(self.typed.len())
    }
}

/// The operator may change something from here.
pub fn can_act(view: &View) -> bool {
    view.read_only.is_none() && !view.ended
}

/// A call may be on its way.
pub fn busy(view: &View) -> bool {
    view.live
        .values()
        .any(|live| matches!(live.doing, Doing::Looking | Doing::Applying { .. }))
}

pub fn operator(view: &View) -> String {
    match view.outline.operator.trim() {
        "" => "operator".to_string(),
        name => name.to_string(),
    }
}

pub fn blocker<'a>(view: &'a View, id: &ItemId) -> Option<&'a Blocker> {
    match &view.item_state(id)?.standing {
        Standing::Blocked(blocker) => Some(blocker),
        _ => None,
    }
}

/// What needs eyes, in order: turns first, then what failed or is not known.
pub fn needs(view: &View) -> Vec<Node> {
    let turns = view.your_turn().into_iter().map(|turn| match turn {
        Turn::Approve { step, .. } => Node::Step(step),
        Turn::Answer { item } => Node::Item(item),
    });
    let troubled = view.outline.items().filter(|item| {
        matches!(
            view.shown(item),
            Shown::Failed | Shown::Unknown | Shown::Drifted
        )
    });
    turns
        .chain(troubled.map(|item| Node::Item(item.id.clone())))
        .collect()
}

pub fn wanted_ids(view: &View, step: &str) -> Vec<RowId> {
    let rows = view.wanted.get(step).into_iter().flatten();
    rows.map(Row::id).collect()
}

fn asks_for_secret(view: &View, id: &ItemId, wanted: &str) -> bool {
    match blocker(view, id) {
        Some(Blocker::SecretMissing { slot, .. } | Blocker::TokenRefused { slot, .. }) => {
            slot == wanted || sign_together(slot, wanted)
        }
        // Another token may be given where the one that is kept does not do.
        Some(Blocker::Forbidden { .. } | Blocker::OtherAccount { .. }) => true,
        _ => false,
    }
}

/// Both are for signing at one provider: the second of two is asked for before the first has been looked at, and another
/// way to sign may be taken.
fn sign_together(one: &str, other: &str) -> bool {
    let token = crate::tokens::of_slot(&SecretName::new(one));
    token.is_some_and(|token| token.way_of(&SecretName::new(other)).is_some())
}

fn asks_for_word(view: &View, id: &ItemId) -> bool {
    matches!(blocker(view, id), Some(Blocker::Attest { .. }))
}
