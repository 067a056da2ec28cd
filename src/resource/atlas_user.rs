//! A database user with a password that golive makes and keeps before it is sent.

use super::{Applied, Cx, Known, Look, Resource, here};
use crate::plan::{Blocker, Change, ItemId, Outputs, Plan, Row, Sign};
use crate::provider::http::CallError;
use crate::secret::SecretName;

/// A database user with a password that golive makes and keeps before it is sent.
#[derive(Clone, Debug)]
pub struct AtlasUser {
    /// Key of the cluster it is scoped to.
    pub cluster: String,
    pub cluster_name: String,
    pub name: String,
    /// Role and database.
    pub roles: Vec<(String, String)>,
    /// The roles are all it may have.
    pub only_these: bool,
    /// Where its password is kept.
    pub slot: SecretName,
}

pub struct Seen;

#[derive(Clone, Debug)]
pub enum AtlasUserChange {}

impl Change for AtlasUserChange {
    fn row(&self, item: &ItemId) -> Row {
        Row::new(item, "none", Sign::Change, "nothing")
    }
}

impl Resource for AtlasUser {
    type Seen = Seen;
    type Change = AtlasUserChange;

    async fn observe(&self, _cx: &Cx<'_>) -> Look<Seen> {
        Err(here("this is not built yet", None))
    }

    fn plan(&self, _known: &Known, _seen: &Seen) -> Plan<AtlasUserChange> {
        Plan::Blocked(Blocker::Unclear {
            change: String::new(),
        })
    }

    async fn apply(&self, _cx: &Cx<'_>, change: &AtlasUserChange) -> Result<Applied, CallError> {
        match *change {}
    }

    fn outputs(&self, _seen: &Seen) -> Outputs {
        Outputs::new()
    }
}
