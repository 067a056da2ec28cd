//! The one loop that makes an item true: look, plan, look again before each write, apply, look again.
//!
//! What a crash can leave behind is settled here by looking: a change that was sent and whose outcome nobody recorded is
//! waited for as long as the provider's lists may lag, and only then believed to be missing.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::time::Duration;

use jiff::Timestamp;

use super::desk::Desk;
use super::settle::FIRST_LOOK;
use crate::error::Result;
use crate::event::{Durable, Failure, Live};
use crate::journal::state::{Open, Standing};
use crate::plan::{
    Blocker, Change, Choice, Evidence, ItemId, Output, Outputs, Plan, Provider, Repeat, Row, Wait,
    whose,
};
use crate::provider::http::CallError;
use crate::provider::verdict::{Verdict, verdict};
use crate::resource::{Cx, Known, Resource};
use crate::sabotage::{self, Bug};
use crate::secret::SecretName;
use crate::step::Launch;

/// More rounds than any item has changes and lagging looks; beyond it golive stops rather than circle.
const ROUNDS_MAX: u32 = 60;

/// Whether the item's wish is made true or taken back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Goal {
    Make,
    Undo,
}

/// How a visit to an item ended.
#[derive(Debug)]
pub enum Visit {
    Settled,
    /// These rows want to be approved first.
    Wants(Vec<Row>),
    Waits(Wait),
    Blocked(Blocker),
    Failed(Failure),
    /// A look failed: nothing is known, nothing was done.
    Unknown(Failure),
    /// golive is asked to stop, and nothing of the item is on its way.
    Stopped,
}

/// What a visit may do.
#[derive(Clone, Copy, Debug)]
pub struct Permit {
    pub goal: Goal,
    /// False while only planning or verifying: nothing is applied and nothing is recorded.
    pub apply: bool,
}

/// An item being visited.
pub struct Visiting<'a> {
    pub desk: &'a Desk,
    pub cx: Cx<'a>,
    pub provider: Option<Provider>,
    pub launch: &'a Launch,
    pub title: &'a str,
    /// Secret outputs and the slots they are kept under.
    pub keeps: &'a BTreeMap<String, SecretName>,
    pub permit: Permit,
}

impl<'a> Visiting<'a> {
    /// Runs the loop for the resource behind the item.
    pub async fn visit<R: Resource>(self, resource: &'a R) -> Result<Visit> {
        Visitor {
            visiting: self,
            resource,
        }
        .visit()
        .await
    }
}

pub(super) struct Visitor<'a, R> {
    visiting: Visiting<'a>,
    pub(super) resource: &'a R,
}

impl<'a, R> std::ops::Deref for Visitor<'a, R> {
    type Target = Visiting<'a>;

    fn deref(&self) -> &Visiting<'a> {
        &self.visiting
    }
}

/// What to do with a plan that wants changes.
enum Step<C> {
    Apply(C, Row),
    LookAgain(Duration),
    End(Visit),
}

impl<R: Resource> Visitor<'_, R> {
    pub(super) fn item(&self) -> &ItemId {
        self.cx.item
    }

    async fn visit(&self) -> Result<Visit> {
        let mut lagging = 0;
        for _ in 0..ROUNDS_MAX {
            let known = self.known();
            let seen = match self.look(&known).await {
                Ok(seen) => seen,
                Err(error) => {
                    let Some(wait) = self.not_found_may_lag(&error, lagging) else {
                        return Ok(self.look_failed(&error));
                    };
                    lagging += 1;
                    self.desk.seams.clock.sleep(wait).await;
                    continue;
                }
            };
            let plan = self.plan(&known, &seen);
            if let Some(wait) = self.settle_open(&plan, &seen, lagging)? {
                lagging += 1;
                self.desk.seams.clock.sleep(wait).await;
                continue;
            }
            let changes = match plan {
                Plan::Change(changes) if !changes.is_empty() => changes,
                Plan::Change(_) => return Ok(Visit::Settled),
                Plan::Settled(_) if let Some(wait) = self.evidence_may_lag(lagging) => {
                    lagging += 1;
                    self.desk.seams.clock.sleep(wait).await;
                    continue;
                }
                other => return self.without_change(other, &known, &seen).await,
            };
            match self.next_step(changes, lagging)? {
                Step::End(visit) => return Ok(visit),
                Step::LookAgain(wait) => {
                    lagging += 1;
                    self.desk.seams.clock.sleep(wait).await;
                }
                Step::Apply(change, row) => match self.apply(&known, change, row).await? {
                    Some(visit) => return Ok(visit),
                    None => {
                        lagging = 0;
                        self.desk.seams.clock.sleep(FIRST_LOOK).await;
                    }
                },
            }
        }
        Ok(Visit::Failed(Failure {
            what: format!("{} does not come to rest", self.title),
            cause: format!(
                "after {ROUNDS_MAX} looks the provider still shows something else than was done"
            ),
            likely: Some("someone else is changing the same thing".into()),
            hint: Some(format!("golive plan {}", self.item())),
            code: "GL-RESTLESS".into(),
            call: None,
            retryable: true,
        }))
    }

    /// The facts that planning may read, as they are now.
    fn known(&self) -> Known {
        let state = self.desk.state.borrow();
        let mut known = self.cx.known.clone();
        if let Some(item) = state.item(self.item()) {
            known.attested = item.attested.clone();
            known.made = item.made.clone();
            known.decided = item.decided.clone();
            known.own = item.outputs.clone();
            known.sent = item.last_sent.clone();
            known.settled_before = item.settled_before;
        }
        known
    }

    async fn look(&self, known: &Known) -> std::result::Result<R::Seen, CallError> {
        assert!(
            !sabotage::planted(Bug::PanicInLook),
            "planted: a panic while looking"
        );
        let cx = Cx {
            now: self.desk.now(),
            known,
            ..self.cx
        };
        self.resource.observe(&cx).await
    }

    fn plan(&self, known: &Known, seen: &R::Seen) -> Plan<R::Change> {
        match self.permit.goal {
            Goal::Make => self.resource.plan(known, seen),
            Goal::Undo => Plan::Change(self.resource.undo(known, seen)),
        }
    }

    async fn without_change(
        &self,
        plan: Plan<R::Change>,
        known: &Known,
        seen: &R::Seen,
    ) -> Result<Visit> {
        Ok(match plan {
            Plan::Settled(evidence) => {
                let outputs = self.resource.outputs(seen);
                if let Err(error) = self.keep(&outputs).await {
                    return Ok(Visit::Failed(super::vault_failure(&error)));
                }
                self.settled(evidence, known, outputs)?;
                Visit::Settled
            }
            Plan::HandOff { why, url } => {
                let standing = Standing::Skipped {
                    by: "golive".into(),
                    why: why.clone(),
                    url: Some(url.clone()),
                };
                if self.permit.apply && self.is_news(&standing) {
                    let item = self.item().clone();
                    self.desk.record(Durable::Skipped {
                        item,
                        by: "golive".into(),
                        why,
                        url: Some(url),
                    })?;
                }
                Visit::Settled
            }
            Plan::Wait(wait) => Visit::Waits(wait),
            Plan::Blocked(blocker) => Visit::Blocked(blocker),
            Plan::Change(_) => Visit::Settled,
        })
    }

    /// Secret outputs go into the vault before anything says that the item is settled.
    async fn keep(&self, outputs: &Outputs) -> Result<()> {
        if !self.permit.apply {
            return Ok(());
        }
        for (name, slot) in self.keeps {
            let Some(Output::Secret(value)) = outputs.get(name) else {
                continue;
            };
            let kept = self.desk.secret(slot).await?;
            if !kept.is_some_and(|kept| kept.same_as(value)) {
                self.desk.keep(slot, value.clone()).await?;
            }
        }
        Ok(())
    }

    fn settled(&self, evidence: Evidence, known: &Known, outputs: Outputs) -> Result<()> {
        let outputs: std::collections::BTreeMap<String, String> = outputs
            .into_iter()
            .filter_map(|(name, output)| match output {
                Output::Text(text) => Some((name, text)),
                Output::Secret(_) => None,
            })
            .collect();
        let same_outputs = self
            .desk
            .state
            .borrow()
            .item(self.item())
            .is_some_and(|item| item.outputs == outputs);
        if !self.is_news(&Standing::Settled(evidence.clone())) && same_outputs {
            return Ok(());
        }
        let changed = self
            .desk
            .state
            .borrow()
            .item(self.item())
            .is_some_and(|item| item.changed);
        if !known.settled_before && !changed && self.permit.apply {
            self.desk.record(Durable::Adopted {
                item: self.item().clone(),
                what: evidence.text.clone(),
            })?;
        }
        self.desk.record(Durable::Settled {
            item: self.item().clone(),
            evidence,
            outputs,
        })
    }

    fn is_news(&self, standing: &Standing) -> bool {
        self.desk
            .state
            .borrow()
            .item(self.item())
            .is_none_or(|item| item.standing != *standing)
    }

    /// Decides about the first of the wanted changes, from the records alone.
    fn next_step(&self, changes: Vec<R::Change>, lagging: usize) -> Result<Step<R::Change>> {
        let rows: Vec<Row> = changes.iter().map(|change| self.row(change)).collect();
        if let Some(wait) = rows.first().and_then(|row| self.may_lag(row, lagging)) {
            return Ok(Step::LookAgain(wait));
        }
        for (change, open) in self.open() {
            let Some(wanted) = changes
                .iter()
                .find(|wanted| wanted.row(self.item()).change == change)
            else {
                continue;
            };
            if wanted.repeat() == Repeat::Ask
                && let Some(blocker) = self.unclear(&change, &open)
            {
                return Ok(Step::End(Visit::Blocked(blocker)));
            }
            if self.permit.apply {
                let why = if open.sent_at.is_some() {
                    "not there after waiting and looking"
                } else {
                    "it never left"
                };
                self.refused(&change, &open, why)?;
            }
        }
        let now = self.desk.now();
        let approved = rows
            .iter()
            .all(|row| self.desk.state.borrow().approval_of(row, now).is_some());
        if !self.permit.apply || !approved {
            return Ok(Step::End(Visit::Wants(rows)));
        }
        if self.desk.stopping.get() {
            return Ok(Step::End(Visit::Stopped));
        }
        let (Some(change), Some(row)) = (changes.into_iter().next(), rows.into_iter().next())
        else {
            return Ok(Step::End(Visit::Settled));
        };
        Ok(Step::Apply(change, row))
    }

    fn row(&self, change: &R::Change) -> Row {
        let mut row = change.row(self.item());
        let state = self.desk.state.borrow();
        let drifted = |item: &crate::journal::state::ItemState| {
            item.settled_before && item.standing != Standing::Undone
        };
        row.restores_drift =
            self.permit.goal == Goal::Make && state.item(self.item()).is_some_and(drifted);
        row
    }

    /// Looks once more, then writes. `None` when the item is to be looked at again.
    async fn apply(&self, known: &Known, change: R::Change, row: Row) -> Result<Option<Visit>> {
        let _turn = match self.provider {
            Some(provider) => Some(self.desk.turn(provider).await),
            None => None,
        };
        if self.desk.stopping.get() {
            return Ok(Some(Visit::Stopped));
        }
        let approval = self.desk.state.borrow().approval_of(&row, self.desk.now());
        let (item, id) = (self.item().clone(), approval.unwrap_or_else(|| row.id()));
        let open = Open {
            row: id.clone(),
            what: row.to_string(),
            intended_at: self.desk.now(),
            sent_at: None,
        };
        self.desk.record(Durable::Intended {
            item: item.clone(),
            change: row.change.clone(),
            row: id.clone(),
            what: row.to_string(),
        })?;
        if !sabotage::planted(Bug::NoSecondLook)
            && let Some(visit) = self.moved(known, &row).await?
        {
            self.refused(&row.change, &open, "the world moved between plan and write")?;
            return Ok(visit);
        }
        self.desk.record(Durable::Sent {
            item: item.clone(),
            change: row.change.clone(),
            row: id,
        })?;
        if sabotage::planted(Bug::OutcomeBeforeApply) {
            self.applied(&row.change, &open, false, None)?;
        }
        self.desk.tell(Live::Applying {
            item,
            change: row.what.clone(),
        });
        let cx = Cx {
            now: self.desk.now(),
            known,
            ..self.cx
        };
        let _on_the_way = OnTheWay::new(&self.desk.applying);
        let outcome = self.resource.apply(&cx, &change).await;
        self.outcome(&row, &open, outcome)
    }

    /// `Some` when the row is not the next one to write any more: look again, or end.
    async fn moved(&self, known: &Known, row: &Row) -> Result<Option<Option<Visit>>> {
        let seen = match self.look(known).await {
            Ok(seen) => seen,
            Err(error) => return Ok(Some(Some(self.look_failed(&error)))),
        };
        let same = match self.plan(known, &seen) {
            Plan::Change(changes) => changes
                .first()
                .is_some_and(|first| first.row(self.item()).id() == row.id()),
            _ => false,
        };
        Ok(if same { None } else { Some(None) })
    }

    fn outcome(
        &self,
        row: &Row,
        open: &Open,
        outcome: std::result::Result<crate::resource::Applied, CallError>,
    ) -> Result<Option<Visit>> {
        let error = match outcome {
            Ok(_) if sabotage::planted(Bug::OutcomeBeforeApply) => return Ok(None),
            Ok(applied) => {
                self.applied(&row.change, open, false, applied.made)?;
                if self.permit.goal == Goal::Undo {
                    self.desk.removed.borrow_mut().insert(self.item().clone());
                }
                return Ok(None);
            }
            Err(error) => error,
        };
        if matches!(error, CallError::Ambiguous { .. }) {
            // Left open: the next rounds look, wait out the lag, and decide.
            self.desk.say(
                Some(self.item()),
                format!(
                    "{}: {}; golive looks whether it happened",
                    row.what,
                    error.cause()
                ),
            );
            return Ok(None);
        }
        self.refused(&row.change, open, &error.cause())?;
        if let CallError::Limited { until, .. } = &error {
            return Ok(Some(Visit::Waits(limited(
                self.provider,
                *until,
                self.desk.now(),
            ))));
        }
        if matches!(self.verdict(&error, &row.what), Verdict::Race) {
            return Ok(None);
        }
        Ok(Some(self.call_failed(&error, &row.to_string())))
    }

    fn look_failed(&self, error: &CallError) -> Visit {
        match error {
            CallError::Limited { until, .. } => {
                Visit::Waits(limited(self.provider, *until, self.desk.now()))
            }
            CallError::Refused(_) => self.call_failed(error, &format!("show {}", self.title)),
            _ => Visit::Unknown(error.failure(self.provider, &format!("show {}", self.title))),
        }
    }

    fn call_failed(&self, error: &CallError, what: &str) -> Visit {
        match (self.verdict(error, what), self.provider_of(error)) {
            (Verdict::TokenRefused, Some(provider)) => {
                self.desk.forget_token(provider);
                return Visit::Blocked(Blocker::TokenRefused {
                    slot: self.desk.signing_slot(provider).to_string(),
                    cause: error.cause(),
                });
            }
            (Verdict::Blocked(blocker), _) => return Visit::Blocked(blocker),
            _ => {}
        }
        let mut failure = error.failure(self.provider_of(error), what);
        failure
            .hint
            .get_or_insert_with(|| format!("golive run {}", self.item()));
        Visit::Failed(failure)
    }

    /// Whose refusal it is: an item may read at a second provider.
    fn provider_of(&self, error: &CallError) -> Option<Provider> {
        error.provider().or(self.provider)
    }

    fn verdict(&self, error: &CallError, what: &str) -> Verdict {
        self.provider_of(error)
            .map_or(Verdict::Plain, |provider| verdict(provider, error, what))
    }

    /// A change that cannot safely be sent again, was sent, and does not show: a person says what became of it. The
    /// answer holds for that one sending.
    fn unclear(&self, change: &str, open: &Open) -> Option<Blocker> {
        let sent_at = open.sent_at?;
        let key = format!("{change}-{}", sent_at.as_second());
        let state = self.desk.state.borrow();
        let word = state.item(self.item())?.decided.get(&key);
        if word.is_some_and(|word| word == "again") {
            return None;
        }
        Some(Blocker::Choose {
            key,
            question: format!(
                "{} gave no answer to “{}”, and does not show it. Look at {0}'s own pages: is it there?",
                whose(self.provider),
                open.what
            ),
            options: vec![
                Choice::new("again", "it is not there: send it again"),
                Choice::new("wait", "it is there, or I am not sure: look again later"),
            ],
        })
    }
}

/// Counts a change that is on its way, also when it ends in a panic.
struct OnTheWay<'a>(&'a Cell<usize>);

impl<'a> OnTheWay<'a> {
    fn new(count: &'a Cell<usize>) -> Self {
        count.set(count.get() + 1);
        Self(count)
    }
}

impl Drop for OnTheWay<'_> {
    fn drop(&mut self) {
        self.0.set(self.0.get() - 1);
    }
}

fn limited(provider: Option<Provider>, until: Timestamp, now: Timestamp) -> Wait {
    let left = until.duration_since(now).unsigned_abs();
    let provider = whose(provider);
    Wait {
        condition: format!("{provider} takes calls again"),
        expected: "calls left".into(),
        seen: "its limit is used up".into(),
        look_every: left,
        worst_case: left + Duration::from_secs(60),
        why: format!("{provider} said until when"),
    }
}
