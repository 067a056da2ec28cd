//! The Stripe account that the keys open.

use super::stripe_key::{self, KeyLook, Opened};
use super::value::Form;
use super::{Applied, Cx, Known, Look, Resource};
use crate::plan::{Blocker, Change, Evidence, Finding, ItemId, Output, Outputs, Plan, Row};
use crate::provider::http::CallError;
use crate::secret::SecretName;

const KEYS_PAGE: &str = "https://dashboard.stripe.com/test/apikeys";

/// The Stripe account that the keys open.
#[derive(Clone, Debug)]
pub struct StripeAccess {
    /// The name that the test key is kept under.
    pub slot: SecretName,
    /// The account (`acct_…`) that golive.toml names; else the first seen is pinned.
    pub account: Option<String>,
}

pub struct Seen(Found);

enum Found {
    /// Nothing is kept; whether something was.
    Missing {
        was_kept: bool,
    },
    Looked(KeyLook),
}

/// There is nothing to change: a key is given, never made.
#[derive(Clone, Debug)]
pub enum StripeAccessChange {}

impl Change for StripeAccessChange {
    fn row(&self, _item: &ItemId) -> Row {
        match *self {}
    }
}

impl Resource for StripeAccess {
    type Seen = Seen;
    type Change = StripeAccessChange;

    async fn observe(&self, cx: &Cx<'_>) -> Look<Seen> {
        let Some(key) = cx.slots.secret(&self.slot).await? else {
            let was_kept = cx.slots.fingerprint(&self.slot).is_some();
            return Ok(Seen(Found::Missing { was_kept }));
        };
        // A live key in the place of a test key is told by its shape, and sent nowhere.
        if let Err(why) = Form::StripeSecretTest.fits(&key) {
            let wanted = Form::StripeSecretTest.in_words();
            let why = format!("{why}, and this is the place of {wanted}");
            return Ok(Seen(Found::Looked(KeyLook::Refused(why))));
        }
        let looked = stripe_key::look(cx, &key).await?;
        Ok(Seen(Found::Looked(looked)))
    }

    fn plan(&self, known: &Known, seen: &Seen) -> Plan<StripeAccessChange> {
        match &seen.0 {
            Found::Missing { was_kept } => Plan::Blocked(Blocker::SecretMissing {
                slot: self.slot.to_string(),
                was_kept: *was_kept,
            }),
            Found::Looked(KeyLook::Refused(cause)) => Plan::Blocked(Blocker::TokenRefused {
                slot: self.slot.to_string(),
                cause: cause.clone(),
            }),
            Found::Looked(KeyLook::Opens(opened)) => self.opened(known, opened),
        }
    }

    async fn apply(&self, _cx: &Cx<'_>, change: &StripeAccessChange) -> Result<Applied, CallError> {
        match *change {}
    }

    fn outputs(&self, seen: &Seen) -> Outputs {
        let Found::Looked(KeyLook::Opens(opened)) = &seen.0 else {
            return Outputs::new();
        };
        let account = opened.account.clone();
        account
            .into_iter()
            .map(|account| ("account".to_string(), Output::Text(account)))
            .collect()
    }
}

impl StripeAccess {
    fn opened(&self, known: &Known, opened: &Opened) -> Plan<StripeAccessChange> {
        let tied = known.account.as_ref().or(self.account.as_ref());
        let named = self.account.as_ref();
        // golive.toml may name another account than the one that this launch was tied to before.
        let differs = |tied: &&String| opened.account.as_ref().is_some_and(|own| own != *tied);
        if let Some(pinned) = tied.filter(differs).or(named.filter(differs)) {
            return Plan::Blocked(Blocker::OtherAccount {
                pinned: pinned.clone(),
                seen: opened.account.clone().unwrap_or_default(),
            });
        }
        let whose = match &opened.account {
            Some(account) => format!("{} opens {account} in test mode", self.slot),
            None => format!(
                "{} works in test mode; Stripe did not say whose it is",
                self.slot
            ),
        };
        let mut evidence = Evidence::new(whose).url(KEYS_PAGE);
        for note in &opened.notes {
            evidence = evidence.note(note.clone());
        }
        if let (None, Some(tied)) = (&opened.account, tied) {
            evidence = evidence.findings([Finding::new(
                "account-not-seen",
                format!("whether the test key is one of {tied} could not be seen"),
                "give a restricted key that may read accounts (Connect, Accounts: Read), or the product's own secret key",
            )]);
        }
        Plan::Settled(evidence)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn access(account: Option<&str>) -> StripeAccess {
        StripeAccess {
            slot: SecretName::new("prod.STRIPE_SECRET_KEY_TEST"),
            account: account.map(Into::into),
        }
    }

    fn opens(account: Option<&str>) -> Seen {
        Seen(Found::Looked(KeyLook::Opens(Opened {
            account: account.map(Into::into),
            live: false,
            charges_enabled: None,
            notes: vec!["Stripe calls the account Acme".into()],
        })))
    }

    fn blocker(access: &StripeAccess, known: &Known, seen: &Seen) -> Blocker {
        match access.plan(known, seen) {
            Plan::Blocked(blocker) => blocker,
            other => panic!("not blocked: {other:?}"),
        }
    }

    #[test]
    fn a_key_that_was_kept_and_is_gone_is_asked_for_again() {
        let sentence = |was_kept| {
            let seen = Seen(Found::Missing { was_kept });
            blocker(&access(None), &Known::default(), &seen).sentence()
        };
        assert_eq!(sentence(false), "prod.STRIPE_SECRET_KEY_TEST is needed");
        assert!(sentence(true).contains("was kept and is missing from the vault"));
    }

    #[test]
    fn the_account_first_seen_is_handed_on_and_another_is_refused() {
        let own = access(None);
        let seen = opens(Some("acct_1"));
        let Plan::Settled(evidence) = own.plan(&Known::default(), &seen) else {
            panic!("not settled");
        };
        assert_eq!(
            evidence.text,
            "prod.STRIPE_SECRET_KEY_TEST opens acct_1 in test mode"
        );
        assert_eq!(evidence.notes, ["Stripe calls the account Acme"]);
        assert_eq!(own.outputs(&seen)["account"].text(), Some("acct_1"));
        let pinned = Known {
            account: Some("acct_1".into()),
            ..Known::default()
        };
        assert!(matches!(own.plan(&pinned, &seen), Plan::Settled(_)));
        for (access, known) in [
            (access(None), &pinned),
            (access(Some("acct_1")), &Known::default()),
        ] {
            let refused = blocker(&access, known, &opens(Some("acct_2")));
            assert!(
                matches!(&refused, Blocker::OtherAccount { pinned, seen } if pinned == "acct_1" && seen == "acct_2"),
                "{refused:?}"
            );
        }
    }

    #[test]
    fn a_key_that_does_not_tell_its_account_is_said_to_be_unproved() {
        let seen = opens(None);
        let findings = |access: &StripeAccess| match access.plan(&Known::default(), &seen) {
            Plan::Settled(evidence) => evidence.findings,
            other => panic!("not settled: {other:?}"),
        };
        assert!(findings(&access(None)).is_empty());
        assert_eq!(
            findings(&access(Some("acct_1")))[0].code,
            "account-not-seen"
        );
        assert!(access(None).outputs(&seen).is_empty());
    }

    #[test]
    fn a_refused_key_names_its_place() {
        let why = "it is a live secret key".to_string();
        let seen = Seen(Found::Looked(KeyLook::Refused(why)));
        let sentence = blocker(&access(None), &Known::default(), &seen).sentence();
        assert!(
            sentence.starts_with("prod.STRIPE_SECRET_KEY_TEST is refused (it is a live"),
            "{sentence}"
        );
    }
}
