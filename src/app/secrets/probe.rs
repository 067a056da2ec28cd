//! Whether a secret works, by reading calls alone: whose account a Stripe key opens, whose a provider's token is, what
//! a password lets in.

mod inward;

use std::collections::BTreeSet;

use url::Url;

use crate::app::login;
use crate::app::place::Place;
use crate::app::run;
use crate::error::{Error, Result};
use crate::event::Live;
use crate::plan::{ItemId, Provider};
use crate::provider::guard;
use crate::provider::http::{Listener, Pacer};
use crate::provider::https::HttpsTransport;
use crate::provider::stripe;
use crate::provider::token;
use crate::resource::{Cx, Known, stripe_key_before_keeping};
use crate::seam::vault::Vault;
use crate::secret::{Secret, SecretName};

/// What a look with a secret said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Tried {
    Works(String),
    Refused(String),
    /// Nobody answered, or nothing can be asked: that says nothing about the secret.
    NotKnown(String),
}

impl Tried {
    pub fn in_words(&self) -> String {
        match self {
            Tried::Works(what) => format!("works: {what}"),
            Tried::Refused(why) => format!("refused: {why}"),
            Tried::NotKnown(why) => format!("whether it works is not known: {why}"),
        }
    }
}

/// Whose account a key of Stripe opens. Refuses a key that must not go where Stripe is said to be.
pub async fn stripe_key(place: &Place, item: &ItemId, key: &Secret) -> Result<Tried> {
    let url = place.url(Provider::Stripe)?;
    let address = Url::parse(&url)
        .map_err(|error| Error::usage("Stripe's address cannot be read").because(error))?;
    guard::token_fits(&address, key)?;
    let transport = HttpsTransport::new()?;
    let clock = run::clock(&place.urls()?, None)?;
    let pacer = Pacer::default();
    let quiet: &Listener = &|_: Live| {};
    let known = Known::default();
    let mut cx = Cx::alone(item, clock.now(), &known);
    cx.stripe = Some(stripe::Road {
        base: &url,
        transport: &transport,
        clock: &*clock,
        listener: quiet,
        pacer: &pacer,
        item,
    });
    let pinned = account(place);
    let looked = stripe_key_before_keeping(&cx, key, pinned.as_deref()).await;
    Ok(match looked {
        Ok(Ok(told)) => Tried::Works(told),
        Ok(Err(why)) => Tried::Refused(why),
        Err(error) => Tried::NotKnown(error.cause()),
    })
}

/// The account of Stripe that this launch is tied to. A state file that cannot be read ties to nothing here; whatever
/// uses the key says so.
fn account(place: &Place) -> Option<String> {
    let seen = place.contents().ok().and_then(|contents| {
        let access = contents.state.item(&Provider::Stripe.access())?;
        access.outputs.get("account").cloned()
    });
    seen.or_else(|| {
        place
            .manifest
            .stripe
            .account
            .as_ref()
            .map(ToString::to_string)
    })
}

/// What can be said of a kept secret by a look; `None` where there is nothing to ask. `asked` holds the providers that
/// were asked already, since two that sign together are looked at once.
pub async fn kept(
    place: &Place,
    vault: &dyn Vault,
    slot: &SecretName,
    value: &Secret,
    asked: &mut BTreeSet<Provider>,
) -> Option<Tried> {
    if place.rehearsal {
        return None;
    }
    let failed = |error: &Error| {
        let cause = error.cause.as_ref().map(|cause| format!(": {cause}"));
        Tried::NotKnown(format!("{}{}", error.what, cause.unwrap_or_default()))
    };
    if let Some(provider) = token::provider_of(slot) {
        if !asked.insert(provider) {
            return None;
        }
        return match login::whose(place, vault, provider).await {
            Ok(whose) => whose.map(|whose| match whose {
                Ok(whose) => Tried::Works(format!("it belongs to {whose}")),
                Err(why) => Tried::Refused(why),
            }),
            Err(error) => Some(failed(&error)),
        };
    }
    match inward::tried(place, slot, value).await {
        Ok(None) => {}
        Ok(tried) => return tried,
        Err(error) => return Some(failed(&error)),
    }
    let form = place.launch.form(slot).filter(|form| form.opens_stripe())?;
    if let Err(why) = form.fits(value) {
        return Some(Tried::Refused(format!(
            "{why}, and this takes {}",
            form.in_words()
        )));
    }
    let item = place.launch.uses(slot).first()?.item.id.clone();
    let tried = stripe_key(place, &item, value).await;
    Some(tried.unwrap_or_else(|error| failed(&error)))
}
