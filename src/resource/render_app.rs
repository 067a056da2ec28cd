//! Render's GitHub app reaches the repository: seen through a service, else a person's word.

use super::{Applied, Cx, Known, Look, Resource, here};
use crate::plan::{Blocker, Change, ItemId, Outputs, Plan, Row, Sign};
use crate::provider::http::CallError;

/// Render's GitHub app reaches the repository: seen through a service, else a person's word.
#[derive(Clone, Debug)]
pub struct RenderApp {
    /// `owner/name`.
    pub repository: String,
}

pub struct Seen;

#[derive(Clone, Debug)]
pub enum RenderAppChange {}

impl Change for RenderAppChange {
    fn row(&self, item: &ItemId) -> Row {
        Row::new(item, "none", Sign::Change, "nothing")
    }
}

impl Resource for RenderApp {
    type Seen = Seen;
    type Change = RenderAppChange;

    async fn observe(&self, _cx: &Cx<'_>) -> Look<Seen> {
        Err(here("this is not built yet", None))
    }

    fn plan(&self, _known: &Known, _seen: &Seen) -> Plan<RenderAppChange> {
        Plan::Blocked(Blocker::Unclear {
            change: String::new(),
        })
    }

    async fn apply(&self, _cx: &Cx<'_>, change: &RenderAppChange) -> Result<Applied, CallError> {
        match *change {}
    }

    fn outputs(&self, _seen: &Seen) -> Outputs {
        Outputs::new()
    }
}
