//! The knowledge: everything golive can make true, one file per kind. A resource looks, plans and applies; it never
//! prints, sleeps, asks or writes the state file.

pub mod branch_protection;
mod carried;
pub mod checks;
pub mod dynamic_cors;
pub mod github_access;
pub mod github_branch;
pub mod in_force;
pub mod main_stability;
pub mod promotion;
mod ruleset;
mod wish;

pub use branch_protection::{BranchProtection, Wish as ProtectionWish};
pub use dynamic_cors::DynamicCors;
pub use github_access::GithubAccess;
pub use github_branch::GithubBranch;
pub use main_stability::MainStability;
pub use promotion::Promotion;
pub use wish::Wish;

use std::collections::BTreeMap;

use jiff::Timestamp;

use crate::event::FailedCall;
use crate::plan::{Attestation, Change, ItemId, Made, Observed, Outputs, Plan};
use crate::provider::github;
use crate::provider::http::CallError;
use crate::sabotage;

/// What a resource may use.
pub struct Cx<'a> {
    pub item: &'a ItemId,
    pub now: Timestamp,
    /// `None` while its token is missing; the engine asks for it before it lets such an item look.
    pub github: Option<&'a github::Client<'a>>,
    pub known: &'a Known,
}

impl<'a> Cx<'a> {
    /// GitHub's client. The engine lets no item look whose token is missing, so its absence is only told, never met.
    fn client(&self) -> Look<&'a github::Client<'a>> {
        self.github.ok_or_else(|| CallError::Unreachable {
            call: FailedCall {
                method: "GET".into(),
                path: "/".into(),
                status: None,
                request_id: None,
            },
            cause: "there is no token for GitHub".into(),
        })
    }
}

/// What planning may read besides the look: this item's history, other items' outputs, and the launch's settings.
#[derive(Clone, Debug, Default)]
pub struct Known {
    /// The last word of a person on this item.
    pub attested: Option<Attestation>,
    /// What golive made for this item and has not removed.
    pub made: Vec<Made>,
    /// Choices made for this item, key to word.
    pub decided: BTreeMap<String, String>,
    /// What settled items hand on, as `item.output`.
    pub outputs: BTreeMap<String, String>,
    /// The account that this launch is tied to at the item's provider, once seen.
    pub account: Option<String>,
    /// golive has settled this item before; what is missing now was taken away by someone.
    pub settled_before: bool,
    /// Marks what golive makes: `golive:<launch id>`.
    pub marker: String,
}

/// A look that did not fail. Failing is not "absent": it is its own case, and the engine shows it as unknown.
pub type Look<T> = Result<T, CallError>;

/// One thing that golive makes true, and how it knows.
// Only the engine's one thread calls these, so the futures need not be `Send`.
#[expect(async_fn_in_trait)]
pub trait Resource {
    /// What a look at the world found. May hold a secret; is never stored.
    type Seen;
    type Change: Change + Clone;

    async fn observe(&self, cx: &Cx<'_>) -> Look<Self::Seen>;

    /// Plain deciding: no time, no world, no randomness.
    fn plan(&self, known: &Known, seen: &Self::Seen) -> Plan<Self::Change>;

    /// The changes that can be told before their turn has come, for the step's plan.
    fn foresee(&self, _known: &Known) -> Vec<Self::Change> {
        Vec::new()
    }

    async fn apply(&self, cx: &Cx<'_>, change: &Self::Change) -> Result<Applied, CallError>;

    fn outputs(&self, seen: &Self::Seen) -> Outputs;

    /// What `change` left behind, for a change whose reply was lost and whose effect a look has found.
    fn found(&self, _seen: &Self::Seen, _change: &str) -> Option<Made> {
        None
    }

    /// How what golive made for this item is removed. Empty: nothing of it can be, or nothing is left.
    fn undo(&self, _known: &Known, _seen: &Self::Seen) -> Vec<Self::Change> {
        Vec::new()
    }
}

/// What a change left behind.
#[derive(Clone, Debug, Default)]
pub struct Applied {
    pub made: Option<Made>,
}

/// Turns a 404 into "absent" and every other failure into itself.
pub fn absent_on_404<T>(look: Result<T, CallError>) -> Result<Observed<T>, CallError> {
    match look {
        Ok(value) => Ok(Observed::Present(value)),
        Err(error) if error.is_status(404) => Ok(Observed::Absent),
        Err(_) if sabotage::planted(sabotage::Bug::FailedReadIsAbsent) => Ok(Observed::Absent),
        Err(error) => Err(error),
    }
}

/// A commit as it is shown: its first 7 digits.
fn short(sha: &str) -> &str {
    sha.get(..7).unwrap_or(sha)
}
