//! The password of a database user that exists, proved by a login.

use super::{Applied, Cx, Known, Look, Resource, here};
use crate::plan::{Blocker, Change, ItemId, Outputs, Plan, Row, Sign};
use crate::provider::http::CallError;
use crate::secret::SecretName;

/// The password of a database user that exists, proved by a login.
#[derive(Clone, Debug)]
pub struct AtlasLogin {
    pub cluster: String,
    pub cluster_name: String,
    pub expected_host: String,
    pub name: String,
    /// The databases it must be able to write in, with the roles that stand for that.
    pub roles: Vec<(String, String)>,
    pub options: String,
    pub slot: SecretName,
    /// The item that puts this machine's address on the access list.
    pub here: ItemId,
}

pub struct Seen;

#[derive(Clone, Debug)]
pub enum AtlasLoginChange {}

impl Change for AtlasLoginChange {
    fn row(&self, item: &ItemId) -> Row {
        Row::new(item, "none", Sign::Change, "nothing")
    }
}

impl Resource for AtlasLogin {
    type Seen = Seen;
    type Change = AtlasLoginChange;

    async fn observe(&self, _cx: &Cx<'_>) -> Look<Seen> {
        Err(here("this is not built yet", None))
    }

    fn plan(&self, _known: &Known, _seen: &Seen) -> Plan<AtlasLoginChange> {
        Plan::Blocked(Blocker::Unclear {
            change: String::new(),
        })
    }

    async fn apply(&self, _cx: &Cx<'_>, change: &AtlasLoginChange) -> Result<Applied, CallError> {
        match *change {}
    }

    fn outputs(&self, _seen: &Seen) -> Outputs {
        Outputs::new()
    }
}
