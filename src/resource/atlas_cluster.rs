//! A cluster that golive creates when it is missing.

use super::{Applied, Cx, Known, Look, Resource, here};
use crate::plan::{Blocker, Change, ItemId, Outputs, Plan, Row, Sign};
use crate::provider::http::CallError;

/// A cluster that golive creates when it is missing.
#[derive(Clone, Debug)]
pub struct AtlasCluster {
    /// Its key in `golive.toml`.
    pub key: String,
    pub name: String,
    /// The host that the plan expects.
    pub expected_host: String,
    /// Atlas' words: `AWS`, `EU_CENTRAL_1`, `M10`.
    pub provider: String,
    pub region: String,
    pub tier: String,
    /// Render's region, which the cluster should be near to.
    pub near: String,
}

pub struct Seen;

#[derive(Clone, Debug)]
pub enum AtlasClusterChange {}

impl Change for AtlasClusterChange {
    fn row(&self, item: &ItemId) -> Row {
        Row::new(item, "none", Sign::Change, "nothing")
    }
}

impl Resource for AtlasCluster {
    type Seen = Seen;
    type Change = AtlasClusterChange;

    async fn observe(&self, _cx: &Cx<'_>) -> Look<Seen> {
        Err(here("this is not built yet", None))
    }

    fn plan(&self, _known: &Known, _seen: &Seen) -> Plan<AtlasClusterChange> {
        Plan::Blocked(Blocker::Unclear {
            change: String::new(),
        })
    }

    async fn apply(&self, _cx: &Cx<'_>, change: &AtlasClusterChange) -> Result<Applied, CallError> {
        match *change {}
    }

    fn outputs(&self, _seen: &Seen) -> Outputs {
        Outputs::new()
    }
}
