//! The addresses that Render's services go out from, on the access list of each project used.

use super::{Applied, Cx, Known, Look, Resource, here};
use crate::plan::{Blocker, Change, ItemId, Outputs, Plan, Row, Sign};
use crate::provider::http::CallError;

/// The addresses that Render's services go out from, on the access list of each project used.
#[derive(Clone, Debug)]
pub struct AtlasRenderAccess {
    pub projects: Vec<(String, String)>,
    /// The items whose output `outbound` tells the ranges.
    pub services: Vec<ItemId>,
}

pub struct Seen;

#[derive(Clone, Debug)]
pub enum AtlasRenderAccessChange {}

impl Change for AtlasRenderAccessChange {
    fn row(&self, item: &ItemId) -> Row {
        Row::new(item, "none", Sign::Change, "nothing")
    }
}

impl Resource for AtlasRenderAccess {
    type Seen = Seen;
    type Change = AtlasRenderAccessChange;

    async fn observe(&self, _cx: &Cx<'_>) -> Look<Seen> {
        Err(here("this is not built yet", None))
    }

    fn plan(&self, _known: &Known, _seen: &Seen) -> Plan<AtlasRenderAccessChange> {
        Plan::Blocked(Blocker::Unclear {
            change: String::new(),
        })
    }

    async fn apply(
        &self,
        _cx: &Cx<'_>,
        change: &AtlasRenderAccessChange,
    ) -> Result<Applied, CallError> {
        match *change {}
    }

    fn outputs(&self, _seen: &Seen) -> Outputs {
        Outputs::new()
    }
}
