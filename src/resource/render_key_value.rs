//! A Redis (Render Key Value), found by its name in the workspace.

use super::{Applied, Cx, Known, Look, Resource, here};
use crate::plan::{Blocker, Change, ItemId, Outputs, Plan, Row, Sign};
use crate::provider::http::CallError;

/// A Redis (Render Key Value), found by its name in the workspace.
#[derive(Clone, Debug)]
pub struct RenderKeyValue {
    pub name: String,
    pub plan: String,
    pub region: String,
}

pub struct Seen;

#[derive(Clone, Debug)]
pub enum RenderKeyValueChange {}

impl Change for RenderKeyValueChange {
    fn row(&self, item: &ItemId) -> Row {
        Row::new(item, "none", Sign::Change, "nothing")
    }
}

impl Resource for RenderKeyValue {
    type Seen = Seen;
    type Change = RenderKeyValueChange;

    async fn observe(&self, _cx: &Cx<'_>) -> Look<Seen> {
        Err(here("this is not built yet", None))
    }

    fn plan(&self, _known: &Known, _seen: &Seen) -> Plan<RenderKeyValueChange> {
        Plan::Blocked(Blocker::Unclear {
            change: String::new(),
        })
    }

    async fn apply(
        &self,
        _cx: &Cx<'_>,
        change: &RenderKeyValueChange,
    ) -> Result<Applied, CallError> {
        match *change {}
    }

    fn outputs(&self, _seen: &Seen) -> Outputs {
        Outputs::new()
    }
}
