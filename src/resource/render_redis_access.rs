//! The addresses that may reach a Redis by its external URL: Render's own outbound ranges.

use super::{Applied, Cx, Known, Look, Resource, here};
use crate::plan::{Blocker, Change, ItemId, Outputs, Plan, Row, Sign};
use crate::provider::http::CallError;

/// The addresses that may reach a Redis by its external URL: Render's own outbound ranges.
#[derive(Clone, Debug)]
pub struct RenderRedisAccess {
    pub name: String,
    /// The item of the Redis; its output `id` names it.
    pub redis: ItemId,
    /// The items whose output `outbound` tells the ranges.
    pub services: Vec<ItemId>,
}

pub struct Seen;

#[derive(Clone, Debug)]
pub enum RenderRedisAccessChange {}

impl Change for RenderRedisAccessChange {
    fn row(&self, item: &ItemId) -> Row {
        Row::new(item, "none", Sign::Change, "nothing")
    }
}

impl Resource for RenderRedisAccess {
    type Seen = Seen;
    type Change = RenderRedisAccessChange;

    async fn observe(&self, _cx: &Cx<'_>) -> Look<Seen> {
        Err(here("this is not built yet", None))
    }

    fn plan(&self, _known: &Known, _seen: &Seen) -> Plan<RenderRedisAccessChange> {
        Plan::Blocked(Blocker::Unclear {
            change: String::new(),
        })
    }

    async fn apply(
        &self,
        _cx: &Cx<'_>,
        change: &RenderRedisAccessChange,
    ) -> Result<Applied, CallError> {
        match *change {}
    }

    fn outputs(&self, _seen: &Seen) -> Outputs {
        Outputs::new()
    }
}
