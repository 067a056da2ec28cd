//! A service's state through time: reads lag behind writes, so what was stays readable for a while.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

/// How long old versions are kept; longer than any lag and than a stale read.
const KEPT: SignedDuration = SignedDuration::from_secs(120);

/// A state and its earlier versions. Clones share their contents.
#[derive(Clone, Debug)]
pub struct Past<T> {
    now: Arc<T>,
    since: Timestamp,
    /// Earlier versions, each with the time it came to be.
    past: Vec<(Timestamp, Arc<T>)>,
    changes: u64,
}

impl<T: Clone> Past<T> {
    pub fn new(at: Timestamp, state: T) -> Past<T> {
        Past {
            now: Arc::new(state),
            since: at,
            past: Vec::new(),
            changes: 0,
        }
    }

    /// As a write sees it.
    pub fn current(&self) -> &T {
        &self.now
    }

    /// When the present version came to be.
    pub fn since(&self) -> Timestamp {
        self.since
    }

    /// As it was at `at`; the oldest version that is kept for a time before all of them.
    pub fn at(&self, at: Timestamp) -> Arc<T> {
        if self.since <= at {
            return Arc::clone(&self.now);
        }
        let before = self.past.iter().rev().find(|(since, _)| *since <= at);
        let (_, state) = match before.or(self.past.first()) {
            Some(version) => version,
            None => return Arc::clone(&self.now),
        };
        Arc::clone(state)
    }

    /// Changes the state; the version before stays readable for a while.
    pub fn change<R>(&mut self, at: Timestamp, edit: impl FnOnce(&mut T) -> R) -> R {
        if self.since < at {
            self.past.push((self.since, Arc::clone(&self.now)));
            self.since = at;
            let horizon = at - KEPT;
            let old = self.past.iter().rposition(|(since, _)| *since <= horizon);
            self.past.drain(..old.unwrap_or(0));
        }
        self.changes += 1;
        edit(Arc::make_mut(&mut self.now))
    }

    /// Counts every change.
    pub fn changes(&self) -> u64 {
        self.changes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_is_readable_until_it_is_too_old() {
        let start: Timestamp = "2026-11-24T08:00:00Z".parse().unwrap();
        let after = |seconds| start + SignedDuration::from_secs(seconds);
        let mut past = Past::new(start, 1);
        past.change(after(10), |state| *state = 2);
        past.change(after(20), |state| *state = 3);
        let seen = |past: &Past<i32>, seconds| *past.at(after(seconds));
        assert_eq!([5, 10, 19, 20].map(|at| seen(&past, at)), [1, 2, 2, 3]);
        past.change(after(200), |state| *state = 4);
        assert_eq!((seen(&past, 5), seen(&past, 200)), (3, 4));
        assert_eq!((past.changes(), *past.current()), (3, 4));
    }
}
