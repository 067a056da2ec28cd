//! The Domain Name System of the world: who is authoritative for what, and what each server answers when.

use std::sync::Arc;

use jiff::Timestamp;

use super::scenario::Scenario;
use crate::seam::resolver::{Answer, Question, RecordKind, Silence};

/// All zones, and what the public resolvers remember of them. Clones share their contents.
#[derive(Clone)]
pub struct Zones {
    scenario: Arc<Scenario>,
}

impl Zones {
    pub fn new(scenario: Arc<Scenario>) -> Zones {
        Zones { scenario }
    }

    /// The records of one name and type as the zone's own servers give them at `now`; a CNAME is not followed. How the
    /// providers of the world look at names.
    pub fn truth(&self, _now: Timestamp, _name: &str, _kind: RecordKind) -> Vec<String> {
        let _ = &self.scenario;
        Vec::new()
    }

    /// One question to one server, as `Resolver::ask` has it.
    pub fn ask(&mut self, _now: Timestamp, _question: &Question) -> Result<Answer, Silence> {
        Err(Silence("nobody answers".into()))
    }
}
