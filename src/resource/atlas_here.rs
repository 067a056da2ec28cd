//! This machine's public address on the access list of each project used, for a limited time.

use super::{Applied, Cx, Known, Look, Resource, here};
use crate::plan::{Blocker, Change, ItemId, Outputs, Plan, Row, Sign};
use crate::provider::http::CallError;

/// This machine's public address on the access list of each project used, for a limited time.
#[derive(Clone, Debug)]
pub struct AtlasHere {
    /// Cluster key and project, as in `golive.toml`.
    pub projects: Vec<(String, String)>,
}

pub struct Seen;

#[derive(Clone, Debug)]
pub enum AtlasHereChange {}

impl Change for AtlasHereChange {
    fn row(&self, item: &ItemId) -> Row {
        Row::new(item, "none", Sign::Change, "nothing")
    }
}

impl Resource for AtlasHere {
    type Seen = Seen;
    type Change = AtlasHereChange;

    async fn observe(&self, _cx: &Cx<'_>) -> Look<Seen> {
        Err(here("this is not built yet", None))
    }

    fn plan(&self, _known: &Known, _seen: &Seen) -> Plan<AtlasHereChange> {
        Plan::Blocked(Blocker::Unclear {
            change: String::new(),
        })
    }

    async fn apply(&self, _cx: &Cx<'_>, change: &AtlasHereChange) -> Result<Applied, CallError> {
        match *change {}
    }

    fn outputs(&self, _seen: &Seen) -> Outputs {
        Outputs::new()
    }
}
