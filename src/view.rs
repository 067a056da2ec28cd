//! All there is to draw: the launch's outline, what the records say, and what moves right now. Every front end draws this
//! and nothing else, so a screen cannot know more than the state file and the event stream.

mod cost;
mod matrix;
mod outline;
mod shown;
mod what_now;

use std::collections::{BTreeMap, VecDeque};

use jiff::Timestamp;

use crate::event::{Call, Durable, Event, Failure, Live, Record};
use crate::journal::state::{Found, ItemState, Standing, State};
use crate::plan::{ItemId, Provider, Row, RowId, Wait};

pub use cost::{Cost, approving};
pub use matrix::{
    CellShown, CellWish, Live as LiveValue, Mark, Matrix, MatrixCell, MatrixEnvironment,
    MatrixVariable,
};
pub use outline::{ItemOutline, Outline, PhaseOutline, StepOutline};
pub use shown::{Names, Shown, sentence};

/// Calls and log lines that are kept for scrolling; the state file has the rest.
const CALLS_MAX: usize = 2_000;
const LOG_MAX: usize = 100_000;

#[derive(Clone, Debug)]
pub struct View {
    pub outline: Outline,
    pub state: State,
    /// The launch's time (in a rehearsal, the world's) when the last event was taken in.
    pub now: Timestamp,
    /// Another process holds the launch: this one follows and cannot act.
    pub read_only: Option<String>,
    pub live: BTreeMap<ItemId, LiveItem>,
    /// Rows by step that want an approval now.
    pub wanted: BTreeMap<String, Vec<Row>>,
    /// Every row seen in this session, with where it stands.
    pub rows: BTreeMap<RowId, (Row, RowState)>,
    /// What changes are called in the log.
    pub names: Names,
    pub calls: VecDeque<Call>,
    pub log: VecDeque<LogLine>,
    /// By provider, and by what is limited where that is more than calls.
    pub limits: BTreeMap<(Provider, &'static str), LimitView>,
    pub backing_off: BTreeMap<Provider, BackOff>,
    /// The engine has said that nothing moves without a person or before this time.
    pub idle: Option<Option<Timestamp>>,
    pub ended: bool,
    /// What the engine could not do for the last request.
    pub declined: Option<String>,
}

/// What moves about one item.
#[derive(Clone, Debug, Default)]
pub struct LiveItem {
    pub doing: Doing,
    pub since: Option<Timestamp>,
    /// The last look failed: what is true is not known.
    pub unknown: Option<Failure>,
}

#[derive(Clone, Debug, Default, PartialEq)]
pub enum Doing {
    #[default]
    Nothing,
    Looking,
    Applying {
        change: String,
    },
    Waiting {
        wait: Wait,
        next_look: Timestamp,
        until: Timestamp,
    },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RowState {
    Wanted,
    Approved,
    Running,
    Done,
    Refused,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogLine {
    pub at: Timestamp,
    pub item: Option<ItemId>,
    pub text: String,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LimitView {
    pub limit: u64,
    pub remaining: u64,
    pub resets_at: Timestamp,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BackOff {
    pub why: String,
    pub attempt: u32,
    pub attempts_max: u32,
    pub until: Timestamp,
}

/// Items that count, and how many of them are settled.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    pub done: usize,
    pub total: usize,
}

impl View {
    pub fn new(outline: Outline, state: State, now: Timestamp) -> View {
        View {
            outline,
            names: Names::of(&state),
            state,
            now,
            read_only: None,
            live: BTreeMap::new(),
            wanted: BTreeMap::new(),
            rows: BTreeMap::new(),
            calls: VecDeque::new(),
            log: VecDeque::new(),
            limits: BTreeMap::new(),
            backing_off: BTreeMap::new(),
            idle: None,
            ended: false,
            declined: None,
        }
    }

    /// Takes one event in.
    pub fn apply(&mut self, event: &Event, now: Timestamp) {
        self.now = now;
        self.idle = None;
        match event {
            Event::Durable(record) => self.recorded(record),
            Event::Live(live) => self.heard(live),
        }
    }

    fn recorded(&mut self, record: &Record) {
        // The engine has applied the same record to the same state before it told us.
        if let Err(refusal) = self.state.apply(record) {
            self.say(
                record.at,
                None,
                format!("a record could not be understood: {refusal}"),
            );
            return;
        }
        match &record.durable {
            Durable::Approved { rows, .. } => {
                self.mark(rows, RowState::Approved);
                for wanted in self.wanted.values_mut() {
                    wanted.retain(|row| !rows.contains(&row.id()));
                }
                self.wanted.retain(|_, wanted| !wanted.is_empty());
            }
            Durable::Sent { row, .. } => self.mark(std::slice::from_ref(row), RowState::Running),
            Durable::Applied { row, .. } => self.mark(std::slice::from_ref(row), RowState::Done),
            Durable::Refused { row, .. } => self.mark(std::slice::from_ref(row), RowState::Refused),
            _ => {}
        }
        let item = record.durable.item().cloned();
        if let Some(id) = &item
            && self
                .state
                .item(id)
                .is_some_and(|state| state.standing != Standing::Pending)
        {
            self.doing(id, Doing::Nothing, record.at);
        }
        self.names.learn(&record.durable);
        if let Some(text) = sentence(&record.durable, &self.names) {
            self.say(record.at, item, text);
        }
    }

    fn heard(&mut self, live: &Live) {
        let now = self.now;
        match live {
            Live::Looking { item } => self.doing(item, Doing::Looking, now),
            Live::Applying { item, change } => self.doing(
                item,
                Doing::Applying {
                    change: change.clone(),
                },
                now,
            ),
            Live::Looked { item } => self.doing(item, Doing::Nothing, now),
            Live::Planned { step, rows } => self.planned(step, rows),
            Live::Waiting {
                item,
                wait,
                next_look,
                until,
            } => {
                let doing = Doing::Waiting {
                    wait: wait.clone(),
                    next_look: *next_look,
                    until: *until,
                };
                self.doing(item, doing, now);
            }
            Live::Call(call) => self.called(call),
            Live::BackingOff {
                provider,
                why,
                attempt,
                attempts_max,
                until,
            } => {
                let back_off = BackOff {
                    why: why.clone(),
                    attempt: *attempt,
                    attempts_max: *attempts_max,
                    until: *until,
                };
                self.say(
                    now,
                    None,
                    format!("{provider}: {why}; attempt {attempt} of {attempts_max} follows"),
                );
                self.backing_off.insert(*provider, back_off);
            }
            Live::Limit {
                provider,
                limit,
                remaining,
                resets_at,
            } => {
                let view = LimitView {
                    limit: *limit,
                    remaining: *remaining,
                    resets_at: *resets_at,
                };
                self.limits.insert(limited(*provider, *limit), view);
            }
            Live::Unknown { item, failure } => {
                self.doing(item, Doing::Nothing, now);
                self.live.entry(item.clone()).or_default().unknown = Some(failure.clone());
                self.say(
                    now,
                    Some(item.clone()),
                    format!("not known: {}: {}", failure.what, failure.cause),
                );
            }
            Live::Said { item, text } => self.say(now, item.clone(), text.clone()),
            Live::Declined { text } => {
                self.declined = Some(text.clone());
                self.say(now, None, text.clone());
            }
            Live::Idle { next_look, .. } => self.idle = Some(*next_look),
            Live::Ended => self.ended = true,
        }
    }

    fn planned(&mut self, step: &str, rows: &[Row]) {
        for row in rows {
            self.rows
                .entry(row.id())
                .or_insert_with(|| (row.clone(), RowState::Wanted));
        }
        match rows {
            [] => self.wanted.remove(step),
            rows => self.wanted.insert(step.to_string(), rows.to_vec()),
        };
    }

    fn called(&mut self, call: &Call) {
        self.backing_off.remove(&call.provider);
        self.say(call.at, call.item.clone(), call.to_string());
        self.calls.push_back(call.clone());
        if self.calls.len() > CALLS_MAX {
            self.calls.pop_front();
        }
    }

    fn mark(&mut self, rows: &[RowId], state: RowState) {
        for id in rows {
            if let Some(entry) = self.rows.get_mut(id) {
                entry.1 = state;
            }
        }
    }

    fn doing(&mut self, id: &ItemId, doing: Doing, at: Timestamp) {
        let live = self.live.entry(id.clone()).or_default();
        if doing == Doing::Looking {
            live.unknown = None;
        }
        if std::mem::discriminant(&live.doing) != std::mem::discriminant(&doing) {
            live.since = Some(at);
        }
        live.doing = doing;
    }

    fn say(&mut self, at: Timestamp, item: Option<ItemId>, text: String) {
        self.log.push_back(LogLine { at, item, text });
        if self.log.len() > LOG_MAX {
            self.log.pop_front();
        }
    }

    pub fn item_state(&self, id: &ItemId) -> Option<&ItemState> {
        self.state.item(id)
    }

    /// What is settled and yet should be looked at, about one item.
    pub fn findings(&self, id: &ItemId) -> Vec<Found<'_>> {
        self.state.findings(id)
    }

    /// The items with findings that nobody has accepted, in the plan's order, each with how many.
    pub fn open_findings(&self) -> Vec<(ItemId, usize)> {
        let counted = self.outline.items().map(|item| {
            let found = self.findings(&item.id);
            let open = found.iter().filter(|found| found.accepted.is_none());
            (item.id.clone(), open.count())
        });
        counted.filter(|(_, open)| *open > 0).collect()
    }

    /// The needs of an item that are not settled.
    pub fn waits_for(&self, item: &ItemOutline) -> Vec<ItemId> {
        item.needs
            .iter()
            .filter(|need| !self.state.is_settled(need))
            .cloned()
            .collect()
    }

    /// How an item is shown now: what moves first, else what the records say.
    pub fn shown(&self, item: &ItemOutline) -> Shown {
        let live = self.live.get(&item.id);
        let backing_off = item
            .provider
            .is_some_and(|provider| self.backing_off.contains_key(&provider));
        match live.map(|live| &live.doing) {
            Some(Doing::Applying { .. } | Doing::Looking) if backing_off => {
                return Shown::BackingOff;
            }
            Some(Doing::Applying { .. }) => return Shown::Running,
            Some(Doing::Looking) => return Shown::Checking,
            Some(Doing::Waiting { .. }) => return Shown::Waiting,
            Some(Doing::Nothing) | None => {}
        }
        if live.is_some_and(|live| live.unknown.is_some()) {
            return Shown::Unknown;
        }
        let wants = |rows: &Vec<Row>| rows.iter().any(|row| row.item == item.id);
        let recorded = Shown::of(self.state.item(&item.id));
        if recorded == Shown::Pending && !self.waits_for(item).is_empty() {
            return Shown::Blocked;
        }
        if matches!(recorded, Shown::Pending | Shown::Undone)
            && self.wanted.get(item.id.step()).is_some_and(wants)
        {
            return Shown::YourTurn;
        }
        recorded
    }

    /// A step shows the first of the open states that one of its required items has; if none, how it was settled.
    pub fn shown_step(&self, step: &StepOutline) -> Shown {
        let shown: Vec<Shown> = step
            .items
            .iter()
            .filter(|item| item.required)
            .map(|item| self.shown(item))
            .collect();
        Shown::of_step(&shown)
    }

    pub fn counts(&self) -> Counts {
        self.outline
            .phases
            .iter()
            .fold(Counts::default(), |sum, phase| {
                let counts = self.counts_of(phase);
                Counts {
                    done: sum.done + counts.done,
                    total: sum.total + counts.total,
                }
            })
    }

    pub fn counts_of(&self, phase: &PhaseOutline) -> Counts {
        let items = || phase.steps.iter().flat_map(|step| &step.items);
        Counts {
            done: items()
                .filter(|item| self.state.is_settled(&item.id))
                .count(),
            total: items().count(),
        }
    }

    /// Everything that waits for this operator, in the plan's order: steps with rows to approve, and items with a question.
    pub fn your_turn(&self) -> Vec<Turn> {
        let mut turns = Vec::new();
        for step in self.outline.steps() {
            if let Some(rows) = self.wanted.get(&step.number) {
                turns.push(Turn::Approve {
                    step: step.number.clone(),
                    rows: rows.len(),
                });
            }
            for item in &step.items {
                if matches!(self.shown(item), Shown::YourTurn)
                    && matches!(self.item_state(&item.id), Some(state) if matches!(state.standing, Standing::Blocked(_)))
                {
                    turns.push(Turn::Answer {
                        item: item.id.clone(),
                    });
                }
            }
        }
        turns
    }

    /// One true sentence: who is waited for, and whether it is safe to leave.
    pub fn what_now(&self) -> String {
        what_now::sentence(self)
    }
}

/// Render counts the services that a user creates in an hour beside their calls; its documentation names the bucket's
/// size and no other has it.
const RENDER_CREATIONS: u64 = 20;

/// Whose limit it is, and what it is about; empty: calls.
fn limited(provider: Provider, limit: u64) -> (Provider, &'static str) {
    match (provider, limit) {
        (Provider::Render, RENDER_CREATIONS) => (provider, "new services"),
        _ => (provider, ""),
    }
}

/// One thing that waits for the operator.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Turn {
    Approve { step: String, rows: usize },
    Answer { item: ItemId },
}
