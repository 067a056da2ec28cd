//! The operator of a run without a screen: hears events and answers with the requests that flags, an answers file or a
//! rehearsal allow. Nothing else is approved in anyone's name.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};

use crate::engine::approval;
use crate::event::{Durable, Event, Live};
use crate::journal::state::Standing;
use crate::plan::{Blocker, ItemId, Row, RowId, Sign};
use crate::price::Total;
use crate::request::Request;
use crate::secret::{Secret, SecretName};
use crate::view::{Doing, Shown, View};

/// What may be done in the operator's name.
#[derive(Clone, Debug, Default)]
pub struct Policy {
    /// Their name, in records.
    pub by: String,
    /// `--yes`.
    pub yes: bool,
    /// `--confirm` words.
    pub words: Vec<String>,
    /// A person's word given up front, by item: name and note.
    pub attest: BTreeMap<String, (String, String)>,
    /// Choices made up front, by item and key (`2.to-main.cors-origin`): word.
    pub choose: BTreeMap<String, String>,
    /// The world's own operator: approves what is shown, types the words, answers with the first way on.
    pub rehearsed: bool,
    /// The rehearsal's own secrets.
    pub secrets: BTreeMap<SecretName, Secret>,
    /// Only look: end at the first rest.
    pub look_only: bool,
    /// `undo --yes`: approves removals of what golive made.
    pub removals: bool,
}

pub struct Operator {
    policy: Policy,
    /// Asked for once everything rests.
    first: Option<Request>,
    sent: u64,
    /// Approvals sent, so that the same rows are not approved twice while the engine is busy.
    approved: Vec<RowId>,
    answered: Vec<(ItemId, Blocker)>,
    /// Since when it is waited for what was done by hand.
    by_hand: BTreeMap<ItemId, Timestamp>,
}

/// In a rehearsal what was done by hand shows within this time, or it was not what the card asked for.
const HANDS_MAX: SignedDuration = SignedDuration::from_mins(15);

impl Operator {
    pub fn new(policy: Policy) -> Self {
        Self {
            policy,
            first: None,
            sent: 0,
            approved: vec![],
            answered: vec![],
            by_hand: BTreeMap::new(),
        }
    }

    /// One who asks for this as soon as the engine listens.
    pub fn asking(mut self, first: Request) -> Self {
        self.first = Some(first);
        self
    }

    /// What to ask of the engine after this event; `view` has taken it in already.
    pub fn hear(&mut self, event: &Event, view: &View) -> Vec<Request> {
        let requests = match event {
            Event::Live(Live::Planned { rows, .. }) => self.approve(rows, &view.outline.name),
            Event::Durable(record) => match &record.durable {
                Durable::Blocked { item, blocker } => self.answer(item, blocker),
                // An approval is used up by what it allowed: the same row may come up again.
                Durable::Sent { row, .. } => {
                    self.approved.retain(|approved| approved != row);
                    vec![]
                }
                _ => vec![],
            },
            Event::Live(Live::Idle { heard, next_look }) if *heard == self.sent => {
                let mut requests: Vec<Request> = self.first.take().into_iter().collect();
                requests.extend(self.leftovers(view));
                if requests.is_empty() && !self.waits(view, next_look.is_some()) {
                    requests.push(Request::Stop);
                }
                requests
            }
            Event::Live(_) => vec![],
        };
        self.sent += requests.len() as u64;
        requests
    }

    fn approve(&mut self, rows: &[Row], launch: &str) -> Vec<Request> {
        if self.policy.look_only {
            return vec![];
        }
        let (rows, typed) = if self.policy.rehearsed {
            let words = rows.iter().filter_map(|row| row.confirm.clone());
            let total = Total::of(rows).map(|total| total.word(launch));
            (
                rows.iter().map(Row::id).collect(),
                words.chain(total).collect(),
            )
        } else {
            let removals = rows
                .iter()
                .filter(|row| self.policy.removals && row.sign == Sign::Remove)
                .map(Row::id);
            let mut allowed =
                approval::by_flags(rows, self.policy.yes, &self.policy.words, launch).0;
            allowed.extend(removals);
            (allowed, self.policy.words.clone())
        };
        let rows: Vec<RowId> = rows
            .into_iter()
            .filter(|row| !self.approved.contains(row))
            .collect();
        if rows.is_empty() {
            return vec![];
        }
        self.approved.extend(rows.clone());
        vec![Request::Approve {
            rows,
            typed,
            by: self.policy.by.clone(),
        }]
    }

    /// Questions recorded by an earlier run are not recorded again, so they are answered when all rests.
    fn leftovers(&mut self, view: &View) -> Vec<Request> {
        let mut requests = vec![];
        for item in view.outline.items() {
            if let Some(Standing::Blocked(blocker)) =
                view.item_state(&item.id).map(|state| &state.standing)
            {
                requests.extend(self.answer(&item.id, &blocker.clone()));
            }
        }
        requests
    }

    fn answer(&mut self, item: &ItemId, blocker: &Blocker) -> Vec<Request> {
        if self.policy.look_only || self.answered.contains(&(item.clone(), blocker.clone())) {
            return vec![];
        }
        let request = match blocker {
            Blocker::Attest { .. } => self.attest(item),
            Blocker::Choose { key, options, .. } => {
                self.choose(item, key, options.first().map(|way| way.word.as_str()))
            }
            Blocker::ByHand { paste, .. } if self.policy.rehearsed && !paste.is_empty() => {
                Some(Request::ByHand { item: item.clone() })
            }
            Blocker::SecretMissing { slot, .. } => {
                let slot = SecretName::new(slot.clone());
                self.policy
                    .secrets
                    .get(&slot)
                    .map(|value| Request::GiveSecret {
                        slot,
                        value: value.clone(),
                    })
            }
            _ => None,
        };
        if request.is_some() {
            self.answered.push((item.clone(), blocker.clone()));
        }
        request.into_iter().collect()
    }

    fn attest(&self, item: &ItemId) -> Option<Request> {
        let given = self.policy.attest.get(item.as_str()).cloned();
        let rehearsed = || {
            (
                self.policy.by.clone(),
                "rehearsed: no person looked".to_string(),
            )
        };
        let (by, note) = given.or_else(|| self.policy.rehearsed.then(rehearsed))?;
        Some(Request::Attest {
            item: item.clone(),
            by,
            note,
        })
    }

    fn choose(&self, item: &ItemId, key: &str, first: Option<&str>) -> Option<Request> {
        let given = self.policy.choose.get(&format!("{item}.{key}")).cloned();
        let word = given.or_else(|| first.filter(|_| self.policy.rehearsed).map(str::to_string))?;
        Some(Request::Choose {
            item: item.clone(),
            key: key.into(),
            word,
            by: self.policy.by.clone(),
        })
    }

    /// Whether time alone, or in a rehearsal the world's reviewer or what its operator has done by hand, will move something
    /// on.
    fn waits(&mut self, view: &View, something_due: bool) -> bool {
        if !something_due || self.policy.look_only {
            return false;
        }
        let waits_for_world = view.live.values().any(|live| match &live.doing {
            Doing::Waiting { until, .. } => *until > view.now,
            _ => false,
        });
        let waits_for_review = view
            .outline
            .items()
            .filter_map(|item| view.item_state(&item.id))
            .any(|state| matches!(&state.standing, Standing::Blocked(Blocker::Review { .. })));
        let waits_for_hands = self.answered.iter().any(|(item, blocker)| {
            let standing = view.item_state(item).map(|state| &state.standing);
            let still = matches!(standing, Some(Standing::Blocked(now)) if now == blocker);
            let since = *self.by_hand.entry(item.clone()).or_insert(view.now);
            matches!(blocker, Blocker::ByHand { .. })
                && still
                && view.now.duration_since(since) < HANDS_MAX
        });
        waits_for_world || self.policy.rehearsed && (waits_for_review || waits_for_hands)
    }
}

/// How a run ended, for its exit code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    Done,
    Failed,
    NeedsPerson,
    Waiting,
}

impl Ending {
    /// Judged from what is shown: 1 if something failed, else 10 if a person is needed, else 11 if the world is awaited.
    pub fn of<'a>(view: &View, items: impl Iterator<Item = &'a ItemId>) -> Ending {
        let shown: Vec<(ItemId, Shown)> = items
            .filter_map(|id| view.outline.item(id))
            .map(|item| (item.id.clone(), view.shown(item)))
            .collect();
        let any = |states: &[Shown]| shown.iter().any(|(_, state)| states.contains(state));
        let reviewed = |id: &ItemId| {
            matches!(
                view.item_state(id).map(|state| &state.standing),
                Some(Standing::Blocked(Blocker::Review { .. }))
            )
        };
        if any(&[Shown::Failed, Shown::Unknown]) {
            Ending::Failed
        } else if any(&[Shown::YourTurn, Shown::Drifted, Shown::Stale, Shown::Undone])
            || shown
                .iter()
                .any(|(id, state)| *state == Shown::Waiting && reviewed(id))
        {
            Ending::NeedsPerson
        } else if any(&[Shown::Waiting, Shown::BackingOff]) {
            Ending::Waiting
        } else if shown.iter().all(|(_, state)| state.is_settled()) {
            Ending::Done
        } else {
            Ending::NeedsPerson
        }
    }

    pub fn exit_code(self) -> u8 {
        match self {
            Ending::Done => 0,
            Ending::Failed => 1,
            Ending::NeedsPerson => 10,
            Ending::Waiting => 11,
        }
    }
}
