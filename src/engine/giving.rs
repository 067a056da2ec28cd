//! A secret that a person hands over: cleaned, judged by its shape, tried where it can be tried, and only then kept.

use std::rc::Rc;

use futures::future::{FutureExt, LocalBoxFuture};

use super::clients::Signed;
use super::desk::Desk;
use super::requests::Declined;
use super::{Arrival, Engine, Settings, context, known};
use crate::error::Error;
use crate::journal::state::Standing;
use crate::plan::{Blocker, ItemId, Provider};
use crate::provider::token;
use crate::resource::stripe_key_before_keeping;
use crate::secret::{Secret, SecretName};
use crate::step::Launch;

/// A value that passed, on its way into the vault.
pub(super) struct Given {
    slot: SecretName,
    value: Secret,
    /// What a look with it said, or why it is not kept.
    tried: Result<Option<String>, Declined>,
}

/// Both are for signing at one provider, so the one may come in place of the other.
fn signs_for(wanted: &str, given: &SecretName) -> bool {
    let provider = token::provider_of(given);
    provider.is_some() && provider == token::provider_of(&SecretName::new(wanted))
}

impl Engine {
    /// Judges the value, and begins what tells whether it works. Nothing is kept yet.
    pub(super) async fn give_secret(
        &mut self,
        slot: SecretName,
        raw: Secret,
    ) -> Result<(), Declined> {
        let value = self
            .judged(&slot, raw)
            .await
            .map_err(|error| declined(&slot, &error))?;
        let tried = self.launch.form(&slot).filter(|form| form.opens_stripe());
        let item = self
            .launch
            .uses(&slot)
            .first()
            .map(|one| one.item.id.clone());
        self.begun.push(match (tried, item) {
            (Some(_), Some(item)) => try_it(
                self.desk.clone(),
                self.launch.clone(),
                self.settings.clone(),
                item,
                slot,
                value,
            ),
            _ => {
                let given = Given {
                    slot,
                    value,
                    tried: Ok(None),
                };
                std::future::ready(Arrival::Given(given)).boxed_local()
            }
        });
        Ok(())
    }

    async fn judged(&self, slot: &SecretName, raw: Secret) -> crate::error::Result<Secret> {
        let (value, removed) = self.launch.cleaned(slot, raw)?;
        let url = |provider| self.settings.url(provider).to_string();
        self.launch.fits(slot, &value, url)?;
        self.launch
            .has_room(slot, &value, &*self.desk.seams.vault)
            .await?;
        if !removed.is_empty() {
            self.desk
                .say(None, format!("{slot}: {}", removed.join(", ")));
        }
        Ok(value)
    }

    /// Keeps what passed, and goes on with whatever waits for it.
    pub(super) async fn given(&mut self, given: Given) -> Result<(), Declined> {
        let Given { slot, value, tried } = given;
        let told = tried.map_err(|why| format!("{slot} was not kept: {why}"))?;
        self.desk
            .keep(&slot, value)
            .await
            .map_err(|error| declined(&slot, &error))?;
        if let Some(told) = told {
            self.desk.say(None, format!("{slot}: {told}"));
        }
        let waiting: Vec<ItemId> = {
            let state = self.desk.state.borrow();
            let waits = |id: &&ItemId| match state.item(id).map(|item| &item.standing) {
                Some(Standing::Blocked(
                    Blocker::SecretMissing { slot: wanted, .. }
                    | Blocker::TokenRefused { slot: wanted, .. },
                )) => wanted == slot.as_str() || signs_for(wanted, &slot),
                Some(Standing::Blocked(Blocker::OtherAccount { .. }) | Standing::Failed(_)) => true,
                _ => false,
            };
            self.progress.keys().filter(waits).cloned().collect()
        };
        // A cell whose value is another one now is judged anew, whatever was said of the old one.
        let uses = self.launch.uses(&slot).into_iter();
        let judged: Vec<ItemId> = uses.map(|one| one.item.id.clone()).collect();
        for id in waiting.iter().chain(&judged) {
            self.look_again(id);
        }
        Ok(())
    }
}

fn declined(slot: &SecretName, error: &Error) -> Declined {
    let cause = error.cause.as_ref();
    let cause = cause.map_or(String::new(), |cause| format!(": {cause}"));
    format!("{slot} was not kept: {}{cause}", error.what)
}

/// A look with a Stripe key, reading only. A look that fails says nothing about the key: it is kept then, and the item
/// that needs it looks again.
fn try_it(
    desk: Rc<Desk>,
    launch: Rc<Launch>,
    settings: Rc<Settings>,
    item: ItemId,
    slot: SecretName,
    value: Secret,
) -> LocalBoxFuture<'static, Arrival> {
    async move {
        let access = Provider::Stripe.access();
        let pinned = desk
            .state
            .borrow()
            .item(&access)
            .and_then(|access| access.outputs.get("account").cloned());
        let signed = Signed::default();
        let listener = desk.listener();
        let clients = signed.clients(&desk, &settings, &launch.repository, &listener, &item);
        let known = match launch.item(&item) {
            Some(instance) => known(&launch, instance, &desk.state.borrow(), desk.now()),
            None => crate::resource::Known::default(),
        };
        let cx = context(&item, &desk, &clients, &known);
        let looked = stripe_key_before_keeping(&cx, &value, pinned.as_deref()).await;
        let tried = match looked {
            Ok(tried) => tried.map(Some),
            Err(error) => Ok(Some(format!(
                "whether it works is not known yet: {}",
                error.cause()
            ))),
        };
        Arrival::Given(Given { slot, value, tried })
    }
    .boxed_local()
}
