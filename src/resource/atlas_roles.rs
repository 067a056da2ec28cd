//! The roles of a database user that exists: missing ones are added, none is lost.

use super::{Applied, Cx, Known, Look, Resource, here};
use crate::plan::{Blocker, Change, ItemId, Outputs, Plan, Row, Sign};
use crate::provider::http::CallError;

/// The roles of a database user that exists: missing ones are added, none is lost.
#[derive(Clone, Debug)]
pub struct AtlasRoles {
    pub cluster: String,
    pub cluster_name: String,
    pub name: String,
    pub roles: Vec<(String, String)>,
}

pub struct Seen;

#[derive(Clone, Debug)]
pub enum AtlasRolesChange {}

impl Change for AtlasRolesChange {
    fn row(&self, item: &ItemId) -> Row {
        Row::new(item, "none", Sign::Change, "nothing")
    }
}

impl Resource for AtlasRoles {
    type Seen = Seen;
    type Change = AtlasRolesChange;

    async fn observe(&self, _cx: &Cx<'_>) -> Look<Seen> {
        Err(here("this is not built yet", None))
    }

    fn plan(&self, _known: &Known, _seen: &Seen) -> Plan<AtlasRolesChange> {
        Plan::Blocked(Blocker::Unclear {
            change: String::new(),
        })
    }

    async fn apply(&self, _cx: &Cx<'_>, change: &AtlasRolesChange) -> Result<Applied, CallError> {
        match *change {}
    }

    fn outputs(&self, _seen: &Seen) -> Outputs {
        Outputs::new()
    }
}
