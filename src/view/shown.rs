//! The states an operator sees, and what each record is called in the log.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::event::Durable;
use crate::journal::state::{ItemState, Standing, State};
use crate::plan::{Blocker, RowId};

/// How an item or a step is shown. The words are a contract of `status --json`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Shown {
    Pending,
    Blocked,
    YourTurn,
    Checking,
    Running,
    Waiting,
    BackingOff,
    Done,
    AlreadySo,
    Attested,
    Waived,
    Skipped,
    Stale,
    Drifted,
    Unknown,
    Failed,
    Undone,
}

/// A step shows the first of these that one of its required items has.
const FIRST: [Shown; 11] = [
    Shown::Failed,
    Shown::Unknown,
    Shown::Drifted,
    Shown::Stale,
    Shown::YourTurn,
    Shown::Running,
    Shown::Checking,
    Shown::BackingOff,
    Shown::Waiting,
    Shown::Blocked,
    Shown::Pending,
];

impl Shown {
    /// What the records alone say.
    pub fn of(item: Option<&ItemState>) -> Shown {
        let Some(item) = item else {
            return Shown::Pending;
        };
        if item.outcome_unknown() {
            return Shown::Unknown;
        }
        match &item.standing {
            Standing::Pending => Shown::Pending,
            Standing::Settled(_) if item.changed => Shown::Done,
            Standing::Settled(_) if item.attested.is_some() => Shown::Attested,
            Standing::Settled(_) => Shown::AlreadySo,
            Standing::Failed(_) => Shown::Failed,
            // Another person's turn is not this operator's: nothing they could press would settle it.
            Standing::Blocked(Blocker::Review { .. }) => Shown::Waiting,
            Standing::Blocked(_) => Shown::YourTurn,
            Standing::Waived { .. } => Shown::Waived,
            Standing::Skipped { .. } => Shown::Skipped,
            Standing::Drifted { .. } => Shown::Drifted,
            Standing::Undone => Shown::Undone,
        }
    }

    pub fn of_step(items: &[Shown]) -> Shown {
        let open = FIRST
            .into_iter()
            .chain([Shown::Undone])
            .find(|state| items.contains(state));
        open.unwrap_or(if items.contains(&Shown::Done) {
            Shown::Done
        } else {
            Shown::AlreadySo
        })
    }

    /// The word in lists, reports and speech.
    pub fn word(self) -> &'static str {
        match self {
            Shown::Pending => "pending",
            Shown::Blocked => "blocked",
            Shown::YourTurn => "your turn",
            Shown::Checking => "checking",
            Shown::Running => "running",
            Shown::Waiting => "waiting",
            Shown::BackingOff => "backing off",
            Shown::Done => "done",
            Shown::AlreadySo => "already so",
            Shown::Attested => "attested",
            Shown::Waived => "waived",
            Shown::Skipped => "skipped",
            Shown::Stale => "stale",
            Shown::Drifted => "drifted",
            Shown::Unknown => "unknown",
            Shown::Failed => "failed",
            Shown::Undone => "undone",
        }
    }

    /// Nothing is left to do.
    pub fn is_settled(self) -> bool {
        matches!(
            self,
            Shown::Done | Shown::AlreadySo | Shown::Attested | Shown::Waived | Shown::Skipped
        )
    }
}

/// What each change is called: a record after the first about it has only its row.
#[derive(Clone, Debug, Default)]
pub struct Names(BTreeMap<RowId, String>);

impl Names {
    /// The names of changes that were on their way when the records ended.
    pub fn of(state: &State) -> Names {
        let open = state.items.values().flat_map(|item| item.open.values());
        Names(
            open.map(|open| (open.row.clone(), open.what.clone()))
                .collect(),
        )
    }

    /// Takes a record in; to be called with each, in order.
    pub fn learn(&mut self, durable: &Durable) {
        if let Durable::Intended { row, what, .. } = durable {
            self.0.insert(row.clone(), what.clone());
        }
    }

    fn get<'a>(&'a self, row: &RowId, change: &'a str) -> &'a str {
        self.0.get(row).map_or(change, String::as_str)
    }
}

/// A record as a line of the log; `None` for what a reader would not miss.
pub fn sentence(durable: &Durable, names: &Names) -> Option<String> {
    Some(match durable {
        Durable::Opened { host, pid, .. } => format!("opened on {host} by process {pid}"),
        Durable::Manifest { .. } | Durable::Intended { .. } => return None,
        Durable::Answered { key, value } => format!("answered {key}: {value}"),
        Durable::Approved { rows, by, .. } => match rows.len() {
            1 => format!("{by} approved 1 change"),
            n => format!("{by} approved {n} changes"),
        },
        Durable::Sent { change, row, .. } => format!("sent: {}", names.get(row, change)),
        Durable::Applied {
            change, row, found, ..
        } => {
            let done = if *found {
                "found done, by looking"
            } else {
                "done"
            };
            format!("{done}: {}", names.get(row, change))
        }
        Durable::Refused {
            change, row, why, ..
        } => format!("refused: {}: {why}", names.get(row, change)),
        Durable::Adopted { what, .. } => format!("already there and as wished: {what}"),
        Durable::Kept { slot, fingerprint } => format!("{slot} kept, fingerprint {fingerprint}"),
        Durable::Settled { evidence, .. } => format!("settled: {}", evidence.text),
        Durable::Failed { failure, .. } => format!("failed: {}: {}", failure.what, failure.cause),
        Durable::Blocked { blocker, .. } => blocker.sentence(),
        Durable::Decided { key, word, by, .. } => format!("{by} chose {word} for {key}"),
        Durable::Attested { attestation, .. } => {
            format!("{} says so: {}", attestation.by, attestation.note)
        }
        Durable::Waived { by, why, .. } => format!("waived by {by}: {why}"),
        Durable::Unticked { by, .. } => format!("taken back by {by}"),
        Durable::Accepted { finding, by, why } => format!("{by} accepts {finding}: {why}"),
        Durable::Skipped { by, why, .. } => format!("skipped by {by}: {why}"),
        Durable::Drifted { was, now, .. } => format!("changed by someone: {was} → {now}"),
        Durable::Undone { what, .. } => format!("undone: {what}"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_step_shows_what_most_needs_eyes() {
        assert_eq!(
            Shown::of_step(&[Shown::Done, Shown::Waiting, Shown::YourTurn]),
            Shown::YourTurn
        );
        assert_eq!(
            Shown::of_step(&[Shown::AlreadySo, Shown::Done]),
            Shown::Done
        );
        assert_eq!(
            Shown::of_step(&[Shown::AlreadySo, Shown::Skipped]),
            Shown::AlreadySo
        );
        assert_eq!(Shown::of_step(&[Shown::Undone, Shown::Done]), Shown::Undone);
    }
}
