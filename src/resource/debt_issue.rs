//! The issue that keeps the debt of step 2.1, found again by its marker.

use super::{Applied, Cx, Known, Look, Resource, here};
use crate::plan::{Blocker, Change, ItemId, Outputs, Plan, Row, Sign};
use crate::provider::http::CallError;

/// The issue that keeps the debt of step 2.1, found again by its marker.
#[derive(Clone, Debug)]
pub struct DebtIssue {
    pub command: String,
    /// The projects with the override.
    pub projects: Vec<String>,
}

pub struct Seen;

#[derive(Clone, Debug)]
pub enum DebtIssueChange {}

impl Change for DebtIssueChange {
    fn row(&self, item: &ItemId) -> Row {
        Row::new(item, "none", Sign::Change, "nothing")
    }
}

impl Resource for DebtIssue {
    type Seen = Seen;
    type Change = DebtIssueChange;

    async fn observe(&self, _cx: &Cx<'_>) -> Look<Seen> {
        Err(here("this is not built yet", None))
    }

    fn plan(&self, _known: &Known, _seen: &Seen) -> Plan<DebtIssueChange> {
        Plan::Blocked(Blocker::Unclear {
            change: String::new(),
        })
    }

    async fn apply(&self, _cx: &Cx<'_>, change: &DebtIssueChange) -> Result<Applied, CallError> {
        match *change {}
    }

    fn outputs(&self, _seen: &Seen) -> Outputs {
        Outputs::new()
    }
}
