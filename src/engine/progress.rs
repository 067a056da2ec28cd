//! Where one item stands within this run: what the engine does with it next. Nothing of it outlives the process.

use jiff::Timestamp;

use super::add;
use super::reconcile::{Goal, Visit};
use crate::plan::{Row, Wait};

#[derive(Debug)]
pub struct Progress {
    pub place: Place,
    pub goal: Goal,
    /// A visit in this run ended settled.
    pub settled: bool,
    /// Rows that the last visit wanted approved.
    pub wants: Option<Vec<Row>>,
    /// When the wait that goes on began.
    waiting_since: Option<Timestamp>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// To be visited as soon as its needs are met.
    Due,
    /// Being visited.
    Away,
    /// To be visited at that time.
    Later(Timestamp),
    /// Only a request moves it.
    Resting,
}

impl Default for Progress {
    fn default() -> Self {
        Self {
            place: Place::Due,
            goal: Goal::Make,
            settled: false,
            wants: None,
            waiting_since: None,
        }
    }
}

impl Progress {
    /// An item that is not to be visited before it is asked for.
    pub fn resting() -> Self {
        Self {
            place: Place::Resting,
            ..Self::default()
        }
    }

    /// To be visited again as soon as possible.
    pub fn look_again(&mut self) {
        self.wants = None;
        if self.place != Place::Away {
            self.place = Place::Due;
        }
    }

    pub fn arrive(&mut self, visit: &Visit) {
        self.place = Place::Resting;
        self.settled = matches!(visit, Visit::Settled);
        self.wants = match visit {
            Visit::Wants(rows) => Some(rows.clone()),
            _ => None,
        };
        if !matches!(visit, Visit::Waits(_)) {
            self.waiting_since = None;
        }
    }

    /// The latest end of the wait that goes on, measured from its first look.
    pub fn waits_until(&mut self, wait: &Wait, now: Timestamp) -> Timestamp {
        add(*self.waiting_since.get_or_insert(now), wait.worst_case)
    }
}
