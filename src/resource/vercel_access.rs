//! The token for Vercel: whose it is, and the team that the launch uses.

use super::{Applied, Cx, Known, Look, Resource, here};
use crate::plan::{Blocker, Change, ItemId, Outputs, Plan, Row, Sign};
use crate::provider::http::CallError;

/// The token for Vercel: whose it is, and the team that the launch uses.
#[derive(Clone, Debug)]
pub struct VercelAccess {
    /// The team's slug; absent: the token's own account.
    pub team: Option<String>,
}

pub struct Seen;

#[derive(Clone, Debug)]
pub enum VercelAccessChange {}

impl Change for VercelAccessChange {
    fn row(&self, item: &ItemId) -> Row {
        Row::new(item, "none", Sign::Change, "nothing")
    }
}

impl Resource for VercelAccess {
    type Seen = Seen;
    type Change = VercelAccessChange;

    async fn observe(&self, _cx: &Cx<'_>) -> Look<Seen> {
        Err(here("this is not built yet", None))
    }

    fn plan(&self, _known: &Known, _seen: &Seen) -> Plan<VercelAccessChange> {
        Plan::Blocked(Blocker::Unclear {
            change: String::new(),
        })
    }

    async fn apply(&self, _cx: &Cx<'_>, change: &VercelAccessChange) -> Result<Applied, CallError> {
        match *change {}
    }

    fn outputs(&self, _seen: &Seen) -> Outputs {
        Outputs::new()
    }
}
