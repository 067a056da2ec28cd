//! Vercel: its objects, their versions in time, and the way of a call through it.

pub mod spec;

use std::sync::Arc;

use jiff::Timestamp;

pub use self::spec::VercelSpec;
use super::ledger::Book;
use super::past::Past;
use super::scenario::Scenario;
use super::service::{Around, Done, Service, Visit};
use crate::seam::transport::HttpResponse;

/// The service's whole state. Clones share their contents.
#[derive(Clone)]
pub struct Vercel {
    scenario: Arc<Scenario>,
    seed: u64,
    token: Arc<str>,
    state: Past<State>,
}

#[derive(Clone, Debug, Default)]
struct State {}

impl Vercel {
    pub fn new(
        scenario: Arc<Scenario>,
        seed: u64,
        token: &str,
        start: Timestamp,
        _book: &mut Book,
    ) -> Vercel {
        Vercel {
            scenario,
            seed,
            token: Arc::from(token),
            state: Past::new(start, State::default()),
        }
    }
}

impl Service for Vercel {
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
        authorization == format!("Bearer {}", self.token)
    }

    fn edit(&mut self, _now: Timestamp, object: &str, _book: &mut Book) -> Result<String, String> {
        Err(format!("there is no {object} at Vercel"))
    }
}
