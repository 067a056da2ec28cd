//! The changes of a host's records, what each leaves behind, and how they are taken back.

use serde::{Deserialize, Serialize};

use super::Seen;
use crate::plan::{Change, ItemId, Made, Row, Sign, Undo};
use crate::resource::Known;
use crate::resource::zone::ask::span;
use crate::resource::zone::entry::Entry;

const ADDED: &str = "DNS record";
const REPLACED: &str = "replaced DNS record";
const REMOVED: &str = "removed DNS record";
/// Cloudflare's "automatic", in seconds.
const AUTOMATIC: u32 = 300;

/// One change of a host's records.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RecordChange {
    Add {
        new: Entry,
        /// How it was shown while its claim had not told it.
        foreseen_as: Option<String>,
    },
    /// The new one in the place of the old one.
    Replace {
        old: Entry,
        new: Entry,
        made_by_golive: bool,
    },
    Remove {
        old: Entry,
        made_by_golive: bool,
    },
    /// Undo: what golive replaced or removed comes back, in the place of golive's own where there is one.
    PutBack {
        old: Entry,
        in_place_of: Option<Entry>,
    },
}

impl RecordChange {
    pub(super) fn add(new: Entry) -> RecordChange {
        RecordChange::Add {
            new,
            foreseen_as: None,
        }
    }
}

impl Change for RecordChange {
    fn row(&self, item: &ItemId) -> Row {
        let for_so_long = |old: &Entry| {
            let seconds = if old.ttl <= 1 { AUTOMATIC } else { old.ttl };
            format!(
                "resolvers may go on showing the old one for {} (its TTL)",
                span(seconds)
            )
        };
        match self {
            RecordChange::Add { new, foreseen_as } => Row {
                new: Some(new.shown()),
                foreseen_as: foreseen_as.clone(),
                ..Row::new(item, &self.name(), Sign::Create, &new.name)
            },
            RecordChange::Replace {
                old,
                new,
                made_by_golive,
            } => Row {
                old: Some(old.shown()),
                new: Some(match old.is(new) {
                    // What changes is the proxy alone.
                    true => format!("{}, not proxied", new.shown()),
                    false => new.shown(),
                }),
                undo: Undo::Restorable,
                not_made_by_golive: !made_by_golive,
                detail: vec![for_so_long(old)],
                ..Row::new(item, &self.name(), Sign::Change, &new.name)
            },
            RecordChange::Remove {
                old,
                made_by_golive,
            } => Row {
                old: Some(old.shown()),
                undo: Undo::Restorable,
                not_made_by_golive: !made_by_golive,
                detail: vec![for_so_long(old)],
                ..Row::new(item, &self.name(), Sign::Remove, &old.name)
            },
            RecordChange::PutBack {
                old,
                in_place_of: Some(ours),
            } => Row {
                old: Some(ours.shown()),
                new: Some(old.shown()),
                ..Row::new(item, &self.name(), Sign::Change, &old.name)
            },
            RecordChange::PutBack {
                old,
                in_place_of: None,
            } => Row {
                new: Some(old.shown()),
                ..Row::new(item, &self.name(), Sign::Create, &old.name)
            },
        }
    }
}

impl RecordChange {
    /// Names the change inside its item. What was there is part of it, so that it can be told when the answer was lost.
    fn name(&self) -> String {
        match self {
            RecordChange::Add { new, .. } => format!("add {}", new.kind),
            RecordChange::Replace { old, .. } => format!("replace {}", old.coded()),
            RecordChange::Remove { old, .. } => format!("remove {}", old.coded()),
            RecordChange::PutBack { old, .. } => format!("put back {}", old.coded()),
        }
    }
}

/// What the state file keeps of a change: enough to take it back.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Kept {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    old: Option<Entry>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    new: Option<Entry>,
}

impl Kept {
    pub fn added(new: &Entry) -> Kept {
        Kept {
            old: None,
            new: Some(new.clone()),
        }
    }

    pub fn replaced(old: &Entry, new: &Entry) -> Kept {
        Kept {
            old: Some(old.clone()),
            new: Some(new.clone()),
        }
    }

    pub fn removed(old: &Entry) -> Kept {
        Kept {
            old: Some(old.clone()),
            new: None,
        }
    }

    /// `id` is the provider's, where it told one.
    pub fn made(&self, id: Option<String>) -> Made {
        let kind = match (&self.old, &self.new) {
            (None, _) => ADDED,
            (Some(_), Some(_)) => REPLACED,
            (Some(_), None) => REMOVED,
        };
        let shown = |entry: &Option<Entry>| entry.as_ref().map(Entry::shown).unwrap_or_default();
        let name = self.new.as_ref().or(self.old.as_ref());
        let name = name.map(|entry| entry.name.clone()).unwrap_or_default();
        let told = match kind {
            REPLACED => format!("{} in place of {}", shown(&self.new), shown(&self.old)),
            REMOVED => shown(&self.old),
            _ => shown(&self.new),
        };
        Made {
            kind: kind.into(),
            id: id.unwrap_or_else(|| format!("{kind} {name} {told}")),
            name: format!("{name} {told}"),
            as_made: serde_json::to_string(self).ok(),
            url: None,
        }
    }

    fn read(made: &Made) -> Option<Kept> {
        serde_json::from_str(made.as_made.as_deref()?).ok()
    }
}

/// Every record that golive has written for the item.
pub(super) fn ours(known: &Known) -> Vec<Entry> {
    let kept = known.made.iter().filter_map(Kept::read);
    kept.filter_map(|kept| kept.new).collect()
}

/// What a change left behind, where its reply was lost and a look shows its effect.
pub(super) fn found(seen: &Seen, host: &str, change: &str) -> Option<Made> {
    let there = |entry: &Entry| seen.entries.iter().any(|own| own.is(entry));
    let wanted = seen.wanted.as_ref()?;
    let shown = |entry: &Entry| there(entry).then(|| entry.clone());
    let old = |code: &str| {
        Entry::decoded(host, code).filter(|old| !seen.ours.iter().any(|own| own.is(old)))
    };
    if let Some(kind) = change.strip_prefix("add ") {
        let proof = wanted.proof.iter();
        let mut each = proof.chain([&wanted.lead]);
        let new = each.find(|entry| entry.kind == kind)?;
        return Some(Kept::added(&shown(new)?).made(None));
    }
    if let Some(code) = change.strip_prefix("remove ") {
        let old = old(code)?;
        return (!there(&old)).then(|| Kept::removed(&old).made(None));
    }
    let code = change.strip_prefix("replace ")?;
    let (whole, new) = (Entry::decoded(host, code)?, shown(&wanted.lead));
    match new {
        Some(new) => Some(Kept::replaced(&whole, &new).made(None)),
        // Half of it: the old one is gone, and must not be forgotten.
        None => {
            let old = old(code)?;
            (!there(&old)).then(|| Kept::removed(&old).made(None))
        }
    }
}

/// Takes back what golive did here: its own records go, what it replaced or removed comes back. Where somebody else has
/// led the host elsewhere since, theirs stays.
pub(super) fn undo(known: &Known, entries: &[Entry]) -> Vec<RecordChange> {
    let ours = ours(known);
    let kept = known.made.iter().filter_map(Kept::read);
    let mut theirs: Vec<Entry> = Vec::new();
    for old in kept.filter_map(|kept| kept.old) {
        let own = ours
            .iter()
            .any(|own| own.is(&old) && own.proxied == old.proxied);
        if !own && theirs.iter().all(|known| !known.is(&old)) {
            theirs.push(old);
        }
    }
    let same = |one: &Entry, two: &Entry| one.is(two) && one.proxied == two.proxied;
    let back = |old: &Entry| entries.iter().any(|entry| same(entry, old));
    let mut mine: Vec<&Entry> = entries
        .iter()
        .filter(|entry| ours.iter().any(|own| same(own, entry)))
        .collect();
    let strange = entries.iter().any(|entry| {
        entry.leads()
            && !mine.iter().any(|own| same(own, entry))
            && !theirs.iter().any(|own| same(own, entry))
    });
    let (mut removed, mut put_back) = (Vec::new(), Vec::new());
    for old in theirs.iter().filter(|old| !strange && !back(old)) {
        let at = mine
            .iter()
            .position(|own| own.kind == old.kind && own.name == old.name);
        put_back.push(RecordChange::PutBack {
            old: old.clone(),
            in_place_of: at.map(|at| mine.remove(at).clone()),
        });
    }
    for own in mine {
        removed.push(RecordChange::Remove {
            old: own.clone(),
            made_by_golive: true,
        });
    }
    removed.extend(put_back);
    removed
}
