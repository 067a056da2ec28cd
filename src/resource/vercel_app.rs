//! Vercel's GitHub app and the account's login connection reach the repository: seen, else a person's word.

use super::{Applied, Cx, Known, Look, Resource, here};
use crate::plan::{Blocker, Change, ItemId, Outputs, Plan, Row, Sign};
use crate::provider::http::CallError;

/// Vercel's GitHub app and the account's login connection reach the repository: seen, else a person's word.
#[derive(Clone, Debug)]
pub struct VercelApp {
    /// `owner/name`.
    pub repository: String,
    /// The projects that may be linked to it already, by name.
    pub projects: Vec<String>,
}

pub struct Seen;

#[derive(Clone, Debug)]
pub enum VercelAppChange {}

impl Change for VercelAppChange {
    fn row(&self, item: &ItemId) -> Row {
        Row::new(item, "none", Sign::Change, "nothing")
    }
}

impl Resource for VercelApp {
    type Seen = Seen;
    type Change = VercelAppChange;

    async fn observe(&self, _cx: &Cx<'_>) -> Look<Seen> {
        Err(here("this is not built yet", None))
    }

    fn plan(&self, _known: &Known, _seen: &Seen) -> Plan<VercelAppChange> {
        Plan::Blocked(Blocker::Unclear {
            change: String::new(),
        })
    }

    async fn apply(&self, _cx: &Cx<'_>, change: &VercelAppChange) -> Result<Applied, CallError> {
        match *change {}
    }

    fn outputs(&self, _seen: &Seen) -> Outputs {
        Outputs::new()
    }
}
