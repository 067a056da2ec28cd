//! What happens, in the past tense. Durable events are in the state file before anyone hears them; live ones are chatter.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::plan::{Attestation, Blocker, Evidence, ItemId, Made, Provider, Row, RowId, Wait};
use crate::secret::{Fingerprint, SecretName};

#[derive(Clone, Debug)]
pub enum Event {
    Durable(Record),
    Live(Live),
}

/// One line of the state file, without its link to the line before.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Record {
    pub seq: u64,
    /// Rises with each holder of the launch's lock.
    pub epoch: u64,
    pub at: Timestamp,
    #[serde(flatten)]
    pub durable: Durable,
}

/// What the state of a launch is made of. `kind` names are a contract: older files are read for ever.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Durable {
    /// A golive took the launch's lock.
    Opened {
        launch: String,
        version: String,
        catalogue: String,
        rehearsal: bool,
        host: String,
        pid: u32,
    },
    /// The manifest as it is now: its hash, its keys, and a digest of what it wants of each item.
    Manifest {
        hash: String,
        keys: BTreeMap<String, Vec<String>>,
        items: BTreeMap<ItemId, String>,
    },
    Answered {
        key: String,
        value: String,
    },
    Approved {
        rows: Vec<RowId>,
        items: Vec<ItemId>,
        typed: Vec<String>,
        by: String,
    },
    /// About to be done: written before the last look.
    Intended {
        item: ItemId,
        change: String,
        row: RowId,
        what: String,
    },
    /// The request leaves now: from here on it may have happened.
    Sent {
        item: ItemId,
        change: String,
        row: RowId,
    },
    /// It has happened. `found`: settled by looking, not by the reply.
    Applied {
        item: ItemId,
        change: String,
        row: RowId,
        found: bool,
        made: Option<Made>,
    },
    /// It surely did not happen.
    Refused {
        item: ItemId,
        change: String,
        row: RowId,
        why: String,
    },
    /// Existed already and is as wished.
    Adopted {
        item: ItemId,
        what: String,
    },
    Kept {
        slot: SecretName,
        fingerprint: Fingerprint,
    },
    /// Looked at, and nothing is left to do.
    Settled {
        item: ItemId,
        evidence: Evidence,
        outputs: BTreeMap<String, String>,
    },
    Failed {
        item: ItemId,
        failure: Failure,
    },
    Blocked {
        item: ItemId,
        blocker: Blocker,
    },
    Decided {
        item: ItemId,
        key: String,
        word: String,
        by: String,
    },
    Attested {
        item: ItemId,
        attestation: Attestation,
    },
    Waived {
        item: ItemId,
        by: String,
        why: String,
    },
    Unticked {
        item: ItemId,
        by: String,
    },
    Accepted {
        finding: String,
        by: String,
        why: String,
    },
    Skipped {
        item: ItemId,
        by: String,
        why: String,
        url: Option<String>,
    },
    /// Settled before, not so any more: what was seen now.
    Drifted {
        item: ItemId,
        was: String,
        now: String,
    },
    /// What golive had made for the item is gone again.
    Undone {
        item: ItemId,
        what: String,
        id: String,
    },
}

impl Durable {
    /// All kinds this version can read. A file with another kind is followed read-only.
    pub const KINDS: &[&str] = &[
        "opened", "manifest", "answered", "approved", "intended", "sent", "applied", "refused",
        "adopted", "kept", "settled", "failed", "blocked", "decided", "attested", "waived",
        "unticked", "accepted", "skipped", "drifted", "undone",
    ];

    /// The item it is about, where it is about one.
    pub fn item(&self) -> Option<&ItemId> {
        match self {
            Durable::Intended { item, .. }
            | Durable::Sent { item, .. }
            | Durable::Applied { item, .. }
            | Durable::Refused { item, .. }
            | Durable::Adopted { item, .. }
            | Durable::Settled { item, .. }
            | Durable::Failed { item, .. }
            | Durable::Blocked { item, .. }
            | Durable::Decided { item, .. }
            | Durable::Attested { item, .. }
            | Durable::Waived { item, .. }
            | Durable::Unticked { item, .. }
            | Durable::Skipped { item, .. }
            | Durable::Drifted { item, .. }
            | Durable::Undone { item, .. } => Some(item),
            Durable::Opened { .. }
            | Durable::Manifest { .. }
            | Durable::Answered { .. }
            | Durable::Approved { .. }
            | Durable::Kept { .. }
            | Durable::Accepted { .. } => None,
        }
    }
}

/// Why an item failed, as the failure screen and the last lines of a headless run show it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failure {
    /// Who refused what.
    pub what: String,
    pub cause: String,
    /// The likely reason, where golive knows the answer's meaning.
    pub likely: Option<String>,
    /// What to type or open.
    pub hint: Option<String>,
    /// Stable name for `golive explain`, such as `GL-GITHUB-404`.
    pub code: String,
    /// The call that was refused.
    pub call: Option<FailedCall>,
    /// Trying again without a change may help.
    pub retryable: bool,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FailedCall {
    pub method: String,
    pub path: String,
    pub status: Option<u16>,
    pub request_id: Option<String>,
}

/// Chatter: what moves on a screen and is forgotten.
#[derive(Clone, Debug)]
pub enum Live {
    /// The engine looks at an item.
    Looking { item: ItemId },
    /// A change is on its way.
    Applying { item: ItemId, change: String },
    /// A look ended without news.
    Looked { item: ItemId },
    /// The rows that a step still wants approved, all of them, in order. Empty: none any more.
    Planned { step: String, rows: Vec<Row> },
    /// A wait, with the time of the next look and the latest end.
    Waiting {
        item: ItemId,
        wait: Wait,
        next_look: Timestamp,
        until: Timestamp,
    },
    /// One HTTP call ended.
    Call(Call),
    /// A call is put off: by a limit, or after a failure.
    BackingOff {
        provider: Provider,
        why: String,
        attempt: u32,
        attempts_max: u32,
        until: Timestamp,
    },
    /// What a provider says is left.
    Limit {
        provider: Provider,
        limit: u64,
        remaining: u64,
        resets_at: Timestamp,
    },
    /// A look failed: what is true is not known.
    Unknown { item: ItemId, failure: Failure },
    /// A sentence for the log.
    Said { item: Option<ItemId>, text: String },
    /// Nothing moves without a request or before `next_look`. `heard` counts the requests taken in so far.
    Idle {
        heard: u64,
        next_look: Option<Timestamp>,
    },
    /// A request could not be done, and why.
    Declined { text: String },
    /// The engine ended.
    Ended,
}

/// One HTTP call, as shown: never a body, never a header.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Call {
    pub at: Timestamp,
    pub item: Option<ItemId>,
    pub provider: Provider,
    pub method: String,
    pub path: String,
    /// `None` when there was no reply.
    pub status: Option<u16>,
    pub millis: u64,
    pub request_id: Option<String>,
    pub mutating: bool,
    /// Why there was no reply.
    pub error: Option<String>,
}

impl std::fmt::Display for Call {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // The status before the path: a narrow log cuts off the end of a line.
        match self.status {
            Some(status) => write!(f, "{} {status}  {}", self.method, self.path)?,
            None => write!(f, "{} no reply  {}", self.method, self.path)?,
        }
        write!(f, "  {} ms", self.millis)?;
        if let (None, Some(error)) = (self.status, &self.error) {
            write!(f, "  {error}")?;
        }
        self.request_id
            .iter()
            .try_for_each(|id| write!(f, "  req {id}"))
    }
}
