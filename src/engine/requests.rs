//! What the engine does with each request. A request that cannot be done is declined in words and changes nothing.

use super::Engine;
use super::progress::Place;
use super::reconcile::Goal;
use crate::error::Result;
use crate::event::{Durable, Live};
use crate::journal::state::Standing;
use crate::plan::{Attestation, Blocker, ItemId, RowId, whose};
use crate::price::Total;
use crate::request::Request;
use crate::secret::SecretName;

/// Why a request was not done.
pub(super) type Declined = String;

impl Engine {
    /// Takes one request in. An error means that the state file could not be written.
    pub(super) async fn take(&mut self, request: Request) -> Result<()> {
        self.heard += 1;
        let outcome = match request {
            Request::Approve { rows, typed, by } => self.approve(&rows, &typed, by)?,
            Request::GiveSecret { slot, value } => self.give_secret(slot, value).await,
            Request::Choose {
                item,
                key,
                word,
                by,
            } => self.choose(item, key, word, by)?,
            Request::Attest { item, by, note } => self.attest(item, by, note)?,
            Request::Waive { item, by, why } => self.waive(item, by, why)?,
            Request::Skip { item, by, why } => self.skip(item, by, why)?,
            Request::Untick { item, by } => self.untick(item, by)?,
            Request::Accept { finding, by, why } => self.accept(finding, by, why)?,
            Request::Retry { item } => self.retry(&item),
            Request::ByHand { item } => self.by_hand(&item),
            Request::CheckAll => {
                self.progress
                    .values_mut()
                    .for_each(super::Progress::look_again);
                Ok(())
            }
            Request::Undo { items } => self.undo(&items),
            Request::Jump => {
                // The wait for the next look was dropped when this request came in; it is what is jumped to.
                let _next_look = self.sleep();
                if self.desk.seams.clock.jump() {
                    Ok(())
                } else {
                    Err("nothing is waited for that time alone would bring".into())
                }
            }
            Request::Stop | Request::StopNow => {
                self.desk.stopping.set(true);
                Ok(())
            }
        };
        self.answer(outcome);
        Ok(())
    }

    /// Tells why something was not done.
    pub(super) fn answer(&self, outcome: Result<(), Declined>) {
        if let Err(text) = outcome {
            self.desk.tell(Live::Declined { text });
        }
    }

    fn approve(
        &mut self,
        ids: &[RowId],
        typed: &[String],
        by: String,
    ) -> Result<Result<(), Declined>> {
        let shown: Vec<_> = self
            .told
            .values()
            .flatten()
            .filter(|row| ids.contains(&row.id()))
            .cloned()
            .collect();
        if shown.len() < ids.len() {
            return Ok(Err(
                "the plan has changed since it was shown: look at it again, then approve".into(),
            ));
        }
        if let Some(row) = shown.iter().find(|row| {
            row.confirm
                .as_ref()
                .is_some_and(|word| !typed.contains(word))
        }) {
            let word = row.confirm.clone().unwrap_or_default();
            return Ok(Err(format!(
                "{row} cannot be taken back: it is approved by typing {word}"
            )));
        }
        let name = &self.launch.outline.name;
        let total = Total::of(&shown).filter(|total| !typed.contains(&total.word(name)));
        if let Some(total) = total {
            return Ok(Err(format!(
                "these rows cost {total}: they are approved together by typing {}",
                total.word(name)
            )));
        }
        self.desk.record(Durable::Approved {
            rows: shown.iter().map(|row| row.id()).collect(),
            items: shown.iter().map(|row| row.item.clone()).collect(),
            typed: typed.to_vec(),
            by,
        })?;
        let now = self.desk.now();
        let state = self.desk.state.borrow();
        for progress in self.progress.values_mut() {
            let ready = |rows: &Vec<crate::plan::Row>| {
                rows.iter().all(|row| state.approval_of(row, now).is_some())
            };
            if progress.wants.as_ref().is_some_and(ready) {
                progress.look_again();
            }
        }
        Ok(Ok(()))
    }

    fn blocker(&self, item: &ItemId) -> Option<Blocker> {
        match self
            .desk
            .state
            .borrow()
            .item(item)
            .map(|item| item.standing.clone())
        {
            Some(Standing::Blocked(blocker)) => Some(blocker),
            _ => None,
        }
    }

    fn choose(
        &mut self,
        item: ItemId,
        key: String,
        word: String,
        by: String,
    ) -> Result<Result<(), Declined>> {
        match self.blocker(&item) {
            Some(Blocker::Choose {
                key: asked,
                options,
                ..
            }) if asked == key => {
                if !options.iter().any(|option| option.word == word) {
                    let words: Vec<&str> =
                        options.iter().map(|option| option.word.as_str()).collect();
                    return Ok(Err(format!(
                        "{word} is not one of the ways on: {}",
                        words.join(", ")
                    )));
                }
            }
            _ => return Ok(Err(format!("{item} does not ask for {key} now"))),
        }
        self.desk.record(Durable::Decided {
            item: item.clone(),
            key,
            word,
            by,
        })?;
        self.look_again(&item);
        Ok(Ok(()))
    }

    fn attest(&mut self, item: ItemId, by: String, note: String) -> Result<Result<(), Declined>> {
        if by.trim().is_empty() || note.trim().is_empty() {
            return Ok(Err("a person's word needs a name and a note".into()));
        }
        let Some(Blocker::Attest { rests_on, .. }) = self.blocker(&item) else {
            return Ok(Err(format!("{item} does not ask for a person's word now")));
        };
        let attestation = Attestation {
            by,
            note,
            at: self.desk.now(),
            rests_on,
        };
        self.desk.record(Durable::Attested {
            item: item.clone(),
            attestation,
        })?;
        self.look_again(&item);
        Ok(Ok(()))
    }

    fn waive(&mut self, item: ItemId, by: String, why: String) -> Result<Result<(), Declined>> {
        if let Err(declined) = self.may_be_left_out(&item, &by, &why) {
            return Ok(Err(declined));
        }
        self.desk.record(Durable::Waived {
            item: item.clone(),
            by,
            why,
        })?;
        self.leave_out(&item);
        Ok(Ok(()))
    }

    fn skip(&mut self, item: ItemId, by: String, why: String) -> Result<Result<(), Declined>> {
        if let Err(declined) = self.may_be_left_out(&item, &by, &why) {
            return Ok(Err(declined));
        }
        self.desk.record(Durable::Skipped {
            item: item.clone(),
            by,
            why,
            url: None,
        })?;
        self.leave_out(&item);
        Ok(Ok(()))
    }

    fn accept(&mut self, finding: String, by: String, why: String) -> Result<Result<(), Declined>> {
        if by.trim().is_empty() || why.trim().is_empty() {
            return Ok(Err("living with a finding needs a name and a reason".into()));
        }
        let is_there = {
            let state = self.desk.state.borrow();
            state.all_findings().any(|found| found.name == finding)
        };
        if !is_there {
            return Ok(Err(format!("{finding} is no finding of this launch now")));
        }
        self.desk.record(Durable::Accepted { finding, by, why })?;
        Ok(Ok(()))
    }

    /// The rehearsal's operator does what the card shows; then it is looked whether it is so.
    fn by_hand(&mut self, item: &ItemId) -> Result<(), Declined> {
        let lines = match self.desk.state.borrow().item(item).map(|own| &own.standing) {
            Some(Standing::Blocked(Blocker::ByHand { paste, .. })) => paste.clone(),
            _ => return Err(format!("{item} asks for nothing that is done by hand")),
        };
        let Some(hands) = &self.desk.seams.hands else {
            return Err("only you can do it: this is no rehearsal".into());
        };
        let done = hands.enter(&lines)?;
        self.desk.say(Some(item), done);
        self.retry(item)
    }

    fn may_be_left_out(&self, item: &ItemId, by: &str, why: &str) -> Result<(), Declined> {
        if by.trim().is_empty() || why.trim().is_empty() {
            return Err("leaving something out needs a name and a reason".into());
        }
        let Some(instance) = self.launch.item(item) else {
            return Err(format!("there is no {item} in this launch"));
        };
        if !instance.wish.may_be_left_out() {
            return Err(format!(
                "{item} cannot be left out: everything at {} rests on it",
                whose(instance.provider)
            ));
        }
        match self.progress.get(item).map(|progress| progress.place) {
            Some(Place::Away) => Err(format!(
                "{item} is being worked on: try again when it rests"
            )),
            Some(_) => Ok(()),
            None => Err(format!("{item} is not part of this run")),
        }
    }

    fn leave_out(&mut self, item: &ItemId) {
        if let Some(progress) = self.progress.get_mut(item) {
            progress.wants = None;
            progress.place = Place::Resting;
            progress.settled = true;
        }
    }

    fn untick(&mut self, item: ItemId, by: String) -> Result<Result<(), Declined>> {
        let can = match self.desk.state.borrow().item(&item) {
            Some(state) => {
                state.attested.is_some()
                    || matches!(
                        state.standing,
                        Standing::Waived { .. } | Standing::Skipped { .. }
                    )
            }
            None => false,
        };
        if !can {
            return Ok(Err(format!(
                "{item} rests on no person's word, so there is nothing to take back"
            )));
        }
        self.desk.record(Durable::Unticked {
            item: item.clone(),
            by,
        })?;
        self.look_again(&item);
        Ok(Ok(()))
    }

    fn retry(&mut self, item: &ItemId) -> Result<(), Declined> {
        if !self.progress.contains_key(item) {
            return Err(format!("{item} is not part of this run"));
        }
        // The secret may have been given by another command since: it is read from the vault again.
        if let Some(Blocker::SecretMissing { slot, .. } | Blocker::TokenRefused { slot, .. }) =
            self.blocker(item)
        {
            self.desk.forget(&SecretName::new(slot));
        }
        self.look_again(item);
        Ok(())
    }

    pub(super) fn look_again(&mut self, item: &ItemId) {
        if let Some(progress) = self.progress.get_mut(item) {
            progress.look_again();
        }
    }

    fn undo(&mut self, items: &[ItemId]) -> Result<(), Declined> {
        let state = self.desk.state.borrow();
        let made: Vec<ItemId> = items
            .iter()
            .filter(|id| state.item(id).is_some_and(|item| !item.made.is_empty()))
            .filter(|id| self.progress.contains_key(id))
            .cloned()
            .collect();
        drop(state);
        if made.is_empty() {
            return Err("golive made nothing there that it could remove".into());
        }
        for id in made {
            if let Some(progress) = self.progress.get_mut(&id) {
                progress.goal = Goal::Undo;
                progress.settled = false;
                progress.look_again();
            }
        }
        Ok(())
    }

    /// Nothing of what golive made for the item is left, or what is left cannot be removed.
    pub(super) fn undone(&mut self, id: &ItemId) -> Result<()> {
        let state = self.desk.state.borrow();
        let item = state.item(id).cloned().unwrap_or_default();
        drop(state);
        let removed = self.desk.removed.borrow_mut().remove(id);
        if !removed {
            let names: Vec<&str> = item.made.iter().map(|made| made.name.as_str()).collect();
            let text = format!(
                "{id}: {} is not removed: it is gone already, or others have built on it",
                names.join(", ")
            );
            self.desk.tell(Live::Declined { text });
        }
        for made in item.made.iter().filter(|_| removed) {
            let what = format!("{} {}", made.kind, made.name);
            self.desk.record(Durable::Undone {
                item: id.clone(),
                what,
                id: made.id.clone(),
            })?;
        }
        if let Some(progress) = self.progress.get_mut(id) {
            progress.goal = Goal::Make;
            progress.settled = false;
            progress.place = Place::Resting;
        }
        Ok(())
    }
}
