//! The key for Render: whose it is, and the workspace that the launch uses.

use super::{Applied, Cx, Known, Look, Resource, here};
use crate::plan::{Blocker, Change, ItemId, Outputs, Plan, Row, Sign};
use crate::provider::http::CallError;

/// The key for Render: whose it is, and the workspace that the launch uses.
#[derive(Clone, Debug)]
pub struct RenderAccess {
    /// Name or id of the workspace; empty: asked.
    pub workspace: String,
}

pub struct Seen;

#[derive(Clone, Debug)]
pub enum RenderAccessChange {}

impl Change for RenderAccessChange {
    fn row(&self, item: &ItemId) -> Row {
        Row::new(item, "none", Sign::Change, "nothing")
    }
}

impl Resource for RenderAccess {
    type Seen = Seen;
    type Change = RenderAccessChange;

    async fn observe(&self, _cx: &Cx<'_>) -> Look<Seen> {
        Err(here("this is not built yet", None))
    }

    fn plan(&self, _known: &Known, _seen: &Seen) -> Plan<RenderAccessChange> {
        Plan::Blocked(Blocker::Unclear {
            change: String::new(),
        })
    }

    async fn apply(&self, _cx: &Cx<'_>, change: &RenderAccessChange) -> Result<Applied, CallError> {
        match *change {}
    }

    fn outputs(&self, _seen: &Seen) -> Outputs {
        Outputs::new()
    }
}
