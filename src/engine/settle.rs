//! What is believed of a look that comes soon after a write: reads lag behind writes, and a crash may have hidden what
//! became of one.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use super::reconcile::Visitor;
use crate::error::Result;
use crate::event::Durable;
use crate::journal::state::Open;
use crate::plan::{Change, ItemId, Made, Plan, Provider, Row};
use crate::provider::http::CallError;
use crate::resource::Resource;
use crate::sabotage::{self, Bug};

/// How long a provider's reads may lag behind its writes (`reliability.md` 4.5).
pub fn settle_window(provider: Provider) -> Duration {
    match provider {
        // Cloudflare and Stripe document no lag; a second look costs little.
        Provider::Cloudflare | Provider::Stripe => Duration::from_secs(5),
        Provider::GitHub | Provider::Vercel => Duration::from_secs(10),
        Provider::Render => Duration::from_secs(15),
        Provider::Atlas | Provider::GoDaddy => Duration::from_secs(30),
    }
}

/// Looks while a provider's lists catch up, in fifths of its window: after one and then every two of them (at GitHub
/// after 2 and then every 4 seconds).
const CATCH_UP: [u32; 2] = [1, 2];
/// After so many looks, seven fifths of the window and more, nothing lags any longer.
const LAGGING_MAX: usize = 4;
/// A look right after a write would mostly see the old world.
pub(super) const FIRST_LOOK: Duration = Duration::from_secs(2);

impl<R: Resource> Visitor<'_, R> {
    /// A change whose outcome nobody recorded has happened when the plan does not want it any more. While the provider's
    /// reads may lag and the look does not show what was made, it is looked for again: `Some` tells how much later.
    pub(super) fn settle_open(
        &self,
        plan: &Plan<R::Change>,
        seen: &R::Seen,
        lagging: usize,
    ) -> Result<Option<Duration>> {
        if !self.permit.apply {
            return Ok(None);
        }
        let wanted: Vec<String> = match plan {
            Plan::Change(changes) => changes
                .iter()
                .map(|change| change.row(self.item()).change)
                .collect(),
            _ => vec![],
        };
        for (change, open) in self.open() {
            if wanted.contains(&change) {
                continue;
            }
            let Some(sent_at) = open.sent_at else {
                self.refused(&change, &open, "it never left")?;
                continue;
            };
            let made = self.resource.found(seen, &change);
            if let (None, Some(wait)) = (&made, self.lag_left(sent_at, lagging)) {
                return Ok(Some(wait));
            }
            // A wait or a question says nothing about a change that comes after it, such as a merge.
            if made.is_none() && matches!(plan, Plan::Wait(_) | Plan::Blocked(_)) {
                continue;
            }
            self.applied(&change, &open, true, made)?;
        }
        Ok(None)
    }

    fn window(&self) -> Duration {
        self.provider.map_or(Duration::ZERO, settle_window)
    }

    /// The pause before the next look, while a write at that time may not show yet.
    pub(super) fn lag_left(&self, sent_at: Timestamp, lagging: usize) -> Option<Duration> {
        let step = self.window() / 5 * CATCH_UP[lagging.min(CATCH_UP.len() - 1)];
        self.window_left(sent_at, lagging)
            .map(|left| left.min(step))
    }

    /// How long a write at that time may still not show. A machine's clock may have been set back since: so many looks
    /// have waited long enough whatever it says.
    pub(super) fn window_left(&self, sent_at: Timestamp, lagging: usize) -> Option<Duration> {
        let window = SignedDuration::try_from(self.window()).ok()?;
        let left = sent_at
            .checked_add(window)
            .ok()?
            .duration_since(self.desk.now())
            .min(window);
        if lagging >= LAGGING_MAX {
            return None;
        }
        let waits = left > SignedDuration::ZERO && !sabotage::planted(Bug::NoSettleWait);
        waits.then(|| left.unsigned_abs())
    }

    pub(super) fn open(&self) -> Vec<(String, Open)> {
        let state = self.desk.state.borrow();
        state
            .item(self.item())
            .map(|item| item.open.clone().into_iter().collect())
            .unwrap_or_default()
    }

    pub(super) fn applied(
        &self,
        change: &str,
        open: &Open,
        found: bool,
        made: Option<Made>,
    ) -> Result<()> {
        let item = self.item().clone();
        self.desk.record(Durable::Applied {
            item,
            change: change.into(),
            row: open.row.clone(),
            found,
            made,
        })
    }

    pub(super) fn refused(&self, change: &str, open: &Open, why: &str) -> Result<()> {
        let item = self.item().clone();
        self.desk.record(Durable::Refused {
            item,
            change: change.into(),
            row: open.row.clone(),
            why: why.into(),
        })
    }

    /// Evidence is what was read once reads no longer lag behind this item's own writes.
    pub(super) fn evidence_may_lag(&self, lagging: usize) -> Option<Duration> {
        let state = self.desk.state.borrow();
        let latest = *state.item(self.item())?.last_sent.values().max()?;
        self.window_left(latest, lagging)
            .filter(|_| self.permit.apply)
    }

    /// What golive itself has just made at the same provider, for this item or another, may still be "not found".
    pub(super) fn not_found_may_lag(&self, error: &CallError, lagging: usize) -> Option<Duration> {
        let state = self.desk.state.borrow();
        let there = |id: &ItemId| {
            let item = self.launch.item(id);
            item.is_some_and(|item| item.provider == self.provider)
        };
        let latest = *state
            .items
            .iter()
            .filter(|(id, _)| there(id))
            .flat_map(|(_, item)| item.last_sent.values())
            .max()?;
        self.lag_left(latest, lagging)
            .filter(|_| error.is_status(404) || error.is_status(422))
    }

    /// While a write of this item is younger than the lag of the provider's reads, two things are not believed: that
    /// this very write is missing, and any news that nobody has approved.
    pub(super) fn may_lag(&self, row: &Row, lagging: usize) -> Option<Duration> {
        let state = self.desk.state.borrow();
        let sent = &state.item(self.item())?.last_sent;
        let own = sent.get(&row.change);
        if let Some(wait) = own.and_then(|own| self.lag_left(*own, lagging)) {
            return Some(wait);
        }
        let news = state.approval_of(row, self.desk.now()).is_none();
        self.window_left(*sent.values().max()?, lagging)
            .filter(|_| news)
    }
}
