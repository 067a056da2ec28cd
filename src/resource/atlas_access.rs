//! The keys for Atlas: whose they are, and the projects that the launch uses.

use super::{Applied, Cx, Known, Look, Resource, here};
use crate::plan::{Blocker, Change, ItemId, Outputs, Plan, Row, Sign};
use crate::provider::http::CallError;

/// The keys for Atlas: whose they are, and the projects that the launch uses.
#[derive(Clone, Debug)]
pub struct AtlasAccess {
    /// Cluster key, and the name or id of the Atlas project it is in; several clusters may name one project.
    pub projects: Vec<(String, String)>,
}

pub struct Seen;

#[derive(Clone, Debug)]
pub enum AtlasAccessChange {}

impl Change for AtlasAccessChange {
    fn row(&self, item: &ItemId) -> Row {
        Row::new(item, "none", Sign::Change, "nothing")
    }
}

impl Resource for AtlasAccess {
    type Seen = Seen;
    type Change = AtlasAccessChange;

    async fn observe(&self, _cx: &Cx<'_>) -> Look<Seen> {
        Err(here("this is not built yet", None))
    }

    fn plan(&self, _known: &Known, _seen: &Seen) -> Plan<AtlasAccessChange> {
        Plan::Blocked(Blocker::Unclear {
            change: String::new(),
        })
    }

    async fn apply(&self, _cx: &Cx<'_>, change: &AtlasAccessChange) -> Result<Applied, CallError> {
        match *change {}
    }

    fn outputs(&self, _seen: &Seen) -> Outputs {
        Outputs::new()
    }
}
