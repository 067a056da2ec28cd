//! GoDaddy: its accounts and objects, and the way of a call through it.

use std::sync::Arc;

use jiff::Timestamp;

use super::ledger::Book;
use super::scenario::Scenario;
use super::service::{Around, Done, Service, Visit};
use crate::seam::transport::HttpResponse;

/// The service's whole state. Clones share their contents.
#[derive(Clone)]
pub struct Godaddy {
    scenario: Arc<Scenario>,
    seed: u64,
    token: Arc<str>,
}

impl Godaddy {
    pub fn new(scenario: Arc<Scenario>, seed: u64, token: &str) -> Godaddy {
        Godaddy {
            scenario,
            seed,
            token: Arc::from(token),
        }
    }
}

impl Service for Godaddy {
    fn advance(&mut self, _now: Timestamp, _around: Around<'_>, _book: &mut Book) {}

    fn call(&mut self, _visit: Visit<'_>, _around: Around<'_>, _book: &mut Book) -> Done {
        let _ = (&self.scenario, self.seed);
        Done {
            response: self.fault_reply(_visit.now, _visit.n, 404, None),
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
            headers: vec![],
            body: vec![],
        }
    }

    fn is_signed(&self, authorization: &str) -> bool {
        authorization.ends_with(&*self.token)
    }

    fn edit(&mut self, _now: Timestamp, object: &str, _book: &mut Book) -> Result<String, String> {
        Err(format!("there is no {object}"))
    }
}
