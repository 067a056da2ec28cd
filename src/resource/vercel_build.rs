//! A project's build command, so that warnings do not stop a build.

use super::{Applied, Cx, Known, Look, Resource, here};
use crate::plan::{Blocker, Change, ItemId, Outputs, Plan, Row, Sign};
use crate::provider::http::CallError;

/// A project's build command, so that warnings do not stop a build.
#[derive(Clone, Debug)]
pub struct VercelBuild {
    pub name: String,
    /// The name it has before it is renamed.
    pub existing: Option<String>,
    /// The item that renames or creates it; its output `id` names the project once it is settled.
    pub project: ItemId,
    pub command: String,
}

pub struct Seen;

#[derive(Clone, Debug)]
pub enum VercelBuildChange {}

impl Change for VercelBuildChange {
    fn row(&self, item: &ItemId) -> Row {
        Row::new(item, "none", Sign::Change, "nothing")
    }
}

impl Resource for VercelBuild {
    type Seen = Seen;
    type Change = VercelBuildChange;

    async fn observe(&self, _cx: &Cx<'_>) -> Look<Seen> {
        Err(here("this is not built yet", None))
    }

    fn plan(&self, _known: &Known, _seen: &Seen) -> Plan<VercelBuildChange> {
        Plan::Blocked(Blocker::Unclear {
            change: String::new(),
        })
    }

    async fn apply(&self, _cx: &Cx<'_>, change: &VercelBuildChange) -> Result<Applied, CallError> {
        match *change {}
    }

    fn outputs(&self, _seen: &Seen) -> Outputs {
        Outputs::new()
    }
}
