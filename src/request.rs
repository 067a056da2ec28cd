//! What a person, or a front end in their name, asks of the engine. Headless runs make the same requests from flags and files.

use crate::plan::{ItemId, RowId};
use crate::secret::{Secret, SecretName};

#[derive(Clone, Debug)]
pub enum Request {
    /// These rows may be done. Rows that ask for a typed word name it in `typed`.
    Approve {
        rows: Vec<RowId>,
        typed: Vec<String>,
        by: String,
    },
    /// Keep this value under that slot, then go on with what waits for it.
    GiveSecret { slot: SecretName, value: Secret },
    /// One of the ways on that a question offers.
    Choose {
        item: ItemId,
        key: String,
        word: String,
        by: String,
    },
    /// A person's word.
    Attest {
        item: ItemId,
        by: String,
        note: String,
    },
    /// The item is not needed, and why.
    Waive {
        item: ItemId,
        by: String,
        why: String,
    },
    /// Leave the item out for now; what needs it goes on.
    Skip {
        item: ItemId,
        by: String,
        why: String,
    },
    /// Take a tick, a waiver or a skip back.
    Untick { item: ItemId, by: String },
    /// Live with a finding.
    Accept {
        finding: String,
        by: String,
        why: String,
    },
    /// Look at a failed or stopped item again and go on.
    Retry { item: ItemId },
    /// Look at everything again.
    CheckAll,
    /// Plan the removal of what golive made for these items.
    Undo { items: Vec<ItemId> },
    /// Let the rehearsal's operator do what the item's card shows (rehearsal only).
    ByHand { item: ItemId },
    /// Let the waiting end at once (rehearsal only).
    Jump,
    /// Finish the running call, save, end.
    Stop,
    /// End at once; a call on its way is settled by looking on the next start.
    StopNow,
}
