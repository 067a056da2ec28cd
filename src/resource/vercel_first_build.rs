//! The first production deployment of a new project, without which no domain can be added.

use super::{Applied, Cx, Known, Look, Resource, here};
use crate::plan::{Blocker, Change, ItemId, Outputs, Plan, Row, Sign};
use crate::provider::http::CallError;

/// The first production deployment of a new project, without which no domain can be added.
#[derive(Clone, Debug)]
pub struct VercelFirstBuild {
    pub name: String,
    /// The item that creates the project; its output `id` names it.
    pub project: ItemId,
    /// `owner/name`.
    pub repository: String,
    pub branch: String,
}

pub struct Seen;

#[derive(Clone, Debug)]
pub enum VercelFirstBuildChange {}

impl Change for VercelFirstBuildChange {
    fn row(&self, item: &ItemId) -> Row {
        Row::new(item, "none", Sign::Change, "nothing")
    }
}

impl Resource for VercelFirstBuild {
    type Seen = Seen;
    type Change = VercelFirstBuildChange;

    async fn observe(&self, _cx: &Cx<'_>) -> Look<Seen> {
        Err(here("this is not built yet", None))
    }

    fn plan(&self, _known: &Known, _seen: &Seen) -> Plan<VercelFirstBuildChange> {
        Plan::Blocked(Blocker::Unclear {
            change: String::new(),
        })
    }

    async fn apply(
        &self,
        _cx: &Cx<'_>,
        change: &VercelFirstBuildChange,
    ) -> Result<Applied, CallError> {
        match *change {}
    }

    fn outputs(&self, _seen: &Seen) -> Outputs {
        Outputs::new()
    }
}
