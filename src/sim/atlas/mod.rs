//! Atlas: its objects, their versions in time, and the way of a call through it.

pub mod spec;

use std::sync::Arc;

use jiff::Timestamp;

pub use self::spec::AtlasSpec;
use super::ledger::Book;
use super::past::Past;
use super::scenario::Scenario;
use super::service::{Around, Done, Service, Visit};
use crate::seam::transport::HttpResponse;

/// The service's whole state. Clones share their contents.
#[derive(Clone)]
pub struct Atlas {
    scenario: Arc<Scenario>,
    seed: u64,
    /// The service account's id and secret; also the key pair for digests.
    keys: (Arc<str>, Arc<str>),
    state: Past<State>,
}

#[derive(Clone, Debug, Default)]
struct State {}

impl Atlas {
    pub fn new(
        scenario: Arc<Scenario>,
        seed: u64,
        keys: (&str, &str),
        start: Timestamp,
        _book: &mut Book,
    ) -> Atlas {
        Atlas {
            scenario,
            seed,
            keys: (Arc::from(keys.0), Arc::from(keys.1)),
            state: Past::new(start, State::default()),
        }
    }
}

impl Atlas {
    /// Every `authorization` that opens the service now, as it stands in a header; the first is taken for replays.
    pub fn signatures(&self) -> Vec<String> {
        Vec::new()
    }
}

/// A body as it may be written down: every password has its digest in its place, which opens nothing.
pub fn without_passwords(body: &str) -> String {
    body.to_owned()
}

impl Service for Atlas {
    fn advance(&mut self, _now: Timestamp, _around: Around<'_>, _book: &mut Book) {}

    fn call(&mut self, visit: Visit<'_>, _around: Around<'_>, _book: &mut Book) -> Done {
        Done {
            response: self.fault_reply(visit.now, visit.n, 404, None),
            applied: false,
            mutating: false,
        }
    }

    fn fault_reply(
        &self,
        _now: Timestamp,
        _n: u64,
        status: u16,
        _wait: Option<String>,
    ) -> HttpResponse {
        HttpResponse {
            status,
            headers: Vec::new(),
            body: Vec::new(),
        }
    }

    fn is_signed(&self, authorization: &str) -> bool {
        self.signatures().iter().any(|known| known == authorization)
    }

    fn edit(&mut self, _now: Timestamp, object: &str, _book: &mut Book) -> Result<String, String> {
        Err(format!("there is no {object} at Atlas"))
    }
}
