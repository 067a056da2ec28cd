//! A web service or background worker, found by its name in the workspace.

use super::{Applied, Cx, Known, Look, Resource, here};
use crate::plan::{Blocker, Change, ItemId, Outputs, Plan, Row, Sign};
use crate::provider::http::CallError;

/// A web service or background worker, found by its name in the workspace.
#[derive(Clone, Debug)]
pub struct RenderService {
    /// Render's word: `web_service` or `background_worker`.
    pub kind: String,
    pub name: String,
    /// `owner/name` at GitHub.
    pub repository: String,
    pub branch: String,
    /// The folder that is built in; empty: the repository's root.
    pub root: String,
    pub build: String,
    pub start: String,
    pub plan: String,
    pub region: String,
    /// Where a web service tells that it is well.
    pub health: Option<String>,
}

pub struct Seen;

#[derive(Clone, Debug)]
pub enum RenderServiceChange {}

impl Change for RenderServiceChange {
    fn row(&self, item: &ItemId) -> Row {
        Row::new(item, "none", Sign::Change, "nothing")
    }
}

impl Resource for RenderService {
    type Seen = Seen;
    type Change = RenderServiceChange;

    async fn observe(&self, _cx: &Cx<'_>) -> Look<Seen> {
        Err(here("this is not built yet", None))
    }

    fn plan(&self, _known: &Known, _seen: &Seen) -> Plan<RenderServiceChange> {
        Plan::Blocked(Blocker::Unclear {
            change: String::new(),
        })
    }

    async fn apply(
        &self,
        _cx: &Cx<'_>,
        change: &RenderServiceChange,
    ) -> Result<Applied, CallError> {
        match *change {}
    }

    fn outputs(&self, _seen: &Seen) -> Outputs {
        Outputs::new()
    }
}
