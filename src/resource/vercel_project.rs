//! A project: renamed from an existing one or created, linked to the repository, its production branch set.

use super::{Applied, Cx, Known, Look, Resource, here};
use crate::plan::{Blocker, Change, ItemId, Outputs, Plan, Row, Sign};
use crate::provider::http::CallError;

/// A project: renamed from an existing one or created, linked to the repository, its production branch set.
#[derive(Clone, Debug)]
pub struct VercelProject {
    pub name: String,
    /// The existing project that becomes this one; absent: it is created.
    pub existing: Option<String>,
    /// `owner/name`.
    pub repository: String,
    pub production_branch: String,
    pub build_command: String,
    pub framework: Option<String>,
    /// The folder that is built in; `None`: the repository's root.
    pub root: Option<String>,
}

pub struct Seen;

#[derive(Clone, Debug)]
pub enum VercelProjectChange {}

impl Change for VercelProjectChange {
    fn row(&self, item: &ItemId) -> Row {
        Row::new(item, "none", Sign::Change, "nothing")
    }
}

impl Resource for VercelProject {
    type Seen = Seen;
    type Change = VercelProjectChange;

    async fn observe(&self, _cx: &Cx<'_>) -> Look<Seen> {
        Err(here("this is not built yet", None))
    }

    fn plan(&self, _known: &Known, _seen: &Seen) -> Plan<VercelProjectChange> {
        Plan::Blocked(Blocker::Unclear {
            change: String::new(),
        })
    }

    async fn apply(
        &self,
        _cx: &Cx<'_>,
        change: &VercelProjectChange,
    ) -> Result<Applied, CallError> {
        match *change {}
    }

    fn outputs(&self, _seen: &Seen) -> Outputs {
        Outputs::new()
    }
}
