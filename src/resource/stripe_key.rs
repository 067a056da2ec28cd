//! What a Stripe key opens: whose account, in which mode, and whether that account may charge. Only reads.

use super::value::Form;
use super::{Cx, Look};
use crate::provider::stripe::{self, Account, KeyKind, Shape};
use crate::secret::Secret;
use crate::text::strip_controls;

/// The page that tells what Stripe still wants from an account.
const STATUS_PAGE: &str = "https://dashboard.stripe.com/account/status";

/// What a look with a key found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum KeyLook {
    Opens(Opened),
    /// It is no key that opens anything, and why: by its shape, or in Stripe's words. It never holds any of the key.
    Refused(String),
}

/// What a key opens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Opened {
    /// `acct_…`; `None`: a restricted key, and Stripe named no account.
    pub account: Option<String>,
    /// The mode, as Stripe says it; where a restricted key may not ask, as the key's beginning says it.
    pub live: bool,
    /// `None`: not known.
    pub charges_enabled: Option<bool>,
    /// Sentences worth telling, such as what Stripe still wants from the account.
    pub notes: Vec<String>,
}

/// Looks with a key at Stripe. A key that cannot be one is refused here and sent nowhere; the error is a look that failed,
/// which says nothing about the key.
pub(super) async fn look(cx: &Cx<'_>, key: &Secret) -> Look<KeyLook> {
    let shape = match Shape::of(key) {
        Ok(shape) if shape.kind == KeyKind::Publishable => {
            return Ok(KeyLook::Refused(
                "it is a publishable key, which goes into the front end and opens nothing: the secret key stands beside it"
                    .into(),
            ));
        }
        Ok(shape) => shape,
        Err(why) => return Ok(KeyLook::Refused(why)),
    };
    let road = cx.stripe()?;
    let manners = stripe::Manners::new(key);
    let client = road.client(&manners);
    let mut notes = vec![];
    let live = match client.balance().await {
        Ok(balance) => balance.livemode,
        Err(error) if stripe::lacks_right(&error) => {
            notes.push("its mode is told by the key's beginning: it may not read the balance, where Stripe says it".into());
            shape.live
        }
        Err(error) => {
            return stripe::key_refused(&error)
                .map(KeyLook::Refused)
                .ok_or(error);
        }
    };
    if live != shape.live {
        return Ok(KeyLook::Refused(format!(
            "it begins as {shape} does, and Stripe says that it works in {} mode",
            if live { "live" } else { "test" }
        )));
    }
    let account = match client.account().await {
        Ok(account) => account,
        Err(error) if stripe::lacks_right(&error) => {
            let named = error.refusal().map(|refusal| refusal.message.as_str());
            notes.push(format!(
                "this restricted key may not read the account (it lacks {}): see on {STATUS_PAGE} whether it may charge",
                stripe::right_named(&error).unwrap_or_else(|| "Accounts: Read".into())
            ));
            return Ok(KeyLook::Opens(Opened {
                account: named.and_then(stripe::account_named),
                live,
                charges_enabled: None,
                notes,
            }));
        }
        Err(error) => {
            return stripe::key_refused(&error)
                .map(KeyLook::Refused)
                .ok_or(error);
        }
    };
    notes.extend(told(&account, live));
    Ok(KeyLook::Opens(Opened {
        account: Some(strip_controls(&account.id)),
        live,
        charges_enabled: account.charges_enabled,
        notes,
    }))
}

/// What a look with a key says before the key is kept under a name: a sentence to tell, or why it is not kept. `pinned` is
/// the account that this launch is tied to. The error is a look that failed, which says nothing about the key.
pub async fn before_keeping(
    cx: &Cx<'_>,
    key: &Secret,
    pinned: Option<&str>,
) -> Look<Result<String, String>> {
    let opened = match look(cx, key).await? {
        KeyLook::Opens(opened) => opened,
        KeyLook::Refused(why) => return Ok(Err(why)),
    };
    let mode = if opened.live { "live" } else { "test" };
    // A sandbox is an account of its own, so a live key may well open another one than the test key did.
    let other = opened.account.as_deref().zip(pinned);
    let other = other.filter(|(own, pinned)| !opened.live && own != pinned);
    if let Some((own, pinned)) = other {
        return Ok(Err(format!(
            "it opens {own}, and this launch is tied to {pinned}"
        )));
    }
    let whose = match &opened.account {
        Some(account) => format!("it opens {account} in {mode} mode"),
        None => format!("it works in {mode} mode; Stripe did not say whose it is"),
    };
    let charges = match opened.charges_enabled {
        Some(true) if opened.live => Some("charges are enabled".to_string()),
        _ => None,
    };
    let told = [whose].into_iter().chain(charges).chain(opened.notes);
    Ok(Ok(told.collect::<Vec<_>>().join("; ")))
}

/// What is worth telling of an account. Its flags are judged for the live key alone: those of test mode may differ.
fn told(account: &Account, live: bool) -> Vec<String> {
    let mut notes = vec![];
    if let Some(name) = account.name() {
        notes.push(format!("Stripe calls the account {}", strip_controls(name)));
    }
    if !live {
        return notes;
    }
    if account.details_submitted == Some(false) {
        notes.push("the account's own form at Stripe was never finished: https://dashboard.stripe.com/account/onboarding".into());
    }
    if account.charges_enabled == Some(false) {
        notes.push(format!("it may charge nobody yet{}", wanted(account)));
    } else if account.payouts_enabled == Some(false) {
        notes.push("it can sell and is paid out nothing yet".into());
    }
    notes
}

/// What Stripe wants before it lets the account charge, as far as it says.
fn wanted(account: &Account) -> String {
    let Some(requirements) = &account.requirements else {
        return format!(": {STATUS_PAGE} says why");
    };
    let due = requirements
        .past_due
        .iter()
        .chain(&requirements.currently_due);
    let mut due: Vec<String> = due.flatten().map(|name| strip_controls(name)).collect();
    due.sort();
    due.dedup();
    let reason = requirements.disabled_reason.as_deref();
    let reason = reason.map_or(String::new(), |reason| {
        format!(" ({})", strip_controls(reason))
    });
    match due.is_empty() {
        true => format!("{reason}: {STATUS_PAGE} says why"),
        false => format!("{reason}: Stripe wants {}", due.join(", ")),
    }
}

impl Form {
    /// What is asked for, as a sentence names it: `Stripe's test secret key`.
    pub fn in_words(self) -> &'static str {
        match self {
            Form::StripeSecretTest => "Stripe's test secret key",
            Form::StripeSecretLive => "Stripe's live secret key",
            Form::StripePublishableTest => "Stripe's test publishable key",
            Form::StripePublishableLive => "Stripe's live publishable key",
        }
    }

    /// The page that shows it.
    pub fn page(self) -> &'static str {
        match self {
            Form::StripeSecretTest | Form::StripePublishableTest => {
                "https://dashboard.stripe.com/test/apikeys"
            }
            Form::StripeSecretLive | Form::StripePublishableLive => {
                "https://dashboard.stripe.com/apikeys"
            }
        }
    }

    /// It opens an account, so whether it works can be seen by a look.
    pub fn opens_stripe(self) -> bool {
        matches!(self, Form::StripeSecretTest | Form::StripeSecretLive)
    }

    /// Whether a value is what is asked for; the error says what it is instead, and shows none of it. A restricted key
    /// does where a secret one is asked for: the product may well run with one.
    pub fn fits(self, value: &Secret) -> Result<(), String> {
        let shape = Shape::of(value)?;
        let (publishable, live) = match self {
            Form::StripeSecretTest => (false, false),
            Form::StripeSecretLive => (false, true),
            Form::StripePublishableTest => (true, false),
            Form::StripePublishableLive => (true, true),
        };
        match (shape.kind == KeyKind::Publishable) == publishable && shape.live == live {
            true => Ok(()),
            false => Err(format!("it is {shape}")),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn account(value: serde_json::Value) -> Account {
        serde_json::from_value(value).unwrap()
    }

    #[test]
    fn a_key_of_the_wrong_kind_or_mode_is_told() {
        let hex = "0a".repeat(12);
        let key = |kind: &str| Secret::new(format!("golive-sim-stripe-{kind}-{hex}"));
        assert_eq!(Form::StripeSecretTest.fits(&key("sk-test")), Ok(()));
        assert_eq!(Form::StripeSecretTest.fits(&key("rk-test")), Ok(()));
        assert_eq!(
            Form::StripeSecretTest.fits(&key("sk-live")),
            Err("it is a live secret key".into())
        );
        assert_eq!(
            Form::StripePublishableTest.fits(&key("sk-test")),
            Err("it is a test secret key".into())
        );
        assert_eq!(
            Form::StripeSecretLive
                .fits(&Secret::new("hunter2"))
                .unwrap_err(),
            "it begins with none of sk_test_, sk_live_, rk_test_, rk_live_, pk_test_, pk_live_"
        );
    }

    #[test]
    fn what_stripe_still_wants_is_told_of_a_live_account_alone() {
        let closed = account(json!({
            "id": "acct_1", "charges_enabled": false, "details_submitted": true,
            "requirements": {"disabled_reason": "requirements.past_due", "past_due": ["external_account"], "currently_due": ["external_account", "tos_acceptance.date"]},
        }));
        assert_eq!(told(&closed, false), Vec::<String>::new());
        assert_eq!(
            told(&closed, true),
            [
                "it may charge nobody yet (requirements.past_due): Stripe wants external_account, tos_acceptance.date"
            ]
        );
        let unpaid =
            account(json!({"id": "acct_1", "charges_enabled": true, "payouts_enabled": false}));
        assert_eq!(
            told(&unpaid, true),
            ["it can sell and is paid out nothing yet"]
        );
        let unknown = account(json!({"id": "acct_1"}));
        assert!(told(&unknown, true).is_empty());
    }
}
