//! What a Stripe key is, read off its beginning: secret, restricted or publishable, of test or live mode.

use std::fmt;

use crate::provider::guard::SIMULATED;
use crate::secret::Secret;

/// What a key may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyKind {
    /// `sk_…`: all rights.
    Secret,
    /// `rk_…`: the rights that were chosen when it was made.
    Restricted,
    /// `pk_…`: goes into the front end.
    Publishable,
}

/// A key by its beginning. Stripe's sandboxes use the same beginnings as its test mode.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shape {
    pub kind: KeyKind,
    pub live: bool,
}

/// Shortest body behind the prefix that is not taken for a key that was cut off; no longest one is documented.
const BODY_MIN: usize = 10;
/// Modern keys carry the account's id behind their prefix: a `5` and 16 characters. Seen, not documented.
const ACCOUNT_MARK: char = '5';
const ACCOUNT_PART: usize = 16;

const BEGINNINGS: [(&str, KeyKind, bool); 6] = [
    ("sk_test_", KeyKind::Secret, false),
    ("sk_live_", KeyKind::Secret, true),
    ("rk_test_", KeyKind::Restricted, false),
    ("rk_live_", KeyKind::Restricted, true),
    ("pk_test_", KeyKind::Publishable, false),
    ("pk_live_", KeyKind::Publishable, true),
];

/// What else of Stripe's, or of others, lands in the field of a key.
const FOREIGN: [(&str, &str); 9] = [
    ("whsec_", "a Stripe webhook secret"),
    ("acct_", "a Stripe account id"),
    ("sk_org_", "a key of a Stripe organisation"),
    ("ghp_", "a GitHub token"),
    ("github_pat_", "a GitHub token"),
    ("rnd_", "a Render API key"),
    ("mongodb", "a MongoDB address"),
    ("redis://", "a Redis address"),
    ("rediss://", "a Redis address"),
];

impl Shape {
    /// Which rights and mode the beginning tells; the error is why the value is no whole Stripe key. It never shows any
    /// of the value.
    pub fn of(key: &Secret) -> Result<Shape, String> {
        let text = key.expose();
        if let Some(rest) = text.strip_prefix(SIMULATED) {
            return simulated(rest);
        }
        if text.is_empty() {
            return Err("it is empty".into());
        }
        if text.contains('*') || text.contains("...") || text.contains('…') {
            return Err(
                "it is a key with its middle hidden, as Stripe's page shows it: reveal it there and copy the whole".into(),
            );
        }
        let known = BEGINNINGS
            .iter()
            .find(|(prefix, ..)| text.starts_with(prefix));
        let Some((prefix, kind, live)) = known else {
            let foreign = FOREIGN.iter().find(|(prefix, _)| text.starts_with(prefix));
            return Err(match foreign {
                Some((_, what)) => format!("it looks like {what}"),
                None => "it begins with none of sk_test_, sk_live_, rk_test_, rk_live_, pk_test_, pk_live_".into(),
            });
        };
        let body = &text[prefix.len()..];
        if let Some(at) = body.chars().position(|c| !c.is_ascii_alphanumeric()) {
            return Err(format!(
                "character {} is not one that Stripe's keys have",
                prefix.len() + at + 1
            ));
        }
        if body.len() < BODY_MIN {
            return Err(format!(
                "it has {} characters and seems to be cut off",
                text.len()
            ));
        }
        Ok(Shape {
            kind: *kind,
            live: *live,
        })
    }

    /// Stripe's word for the mode.
    pub fn mode(self) -> &'static str {
        match self.live {
            true => "live",
            false => "test",
        }
    }
}

/// `a test secret key`, as a sentence names it.
impl fmt::Display for Shape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = match self.kind {
            KeyKind::Secret => "secret",
            KeyKind::Restricted => "restricted",
            KeyKind::Publishable => "publishable",
        };
        write!(f, "a {} {kind} key", self.mode())
    }
}

/// `golive-sim-stripe-{sk,pk}-{test,live}-<24 hex>`, here without its first part.
fn simulated(rest: &str) -> Result<Shape, String> {
    let whole = rest.rsplit_once('-').filter(|(_, digits)| {
        digits.len() == 24 && digits.chars().all(|c| matches!(c, '0'..='9' | 'a'..='f'))
    });
    let shape = |kind, live| Ok(Shape { kind, live });
    match whole.map(|(name, _)| name) {
        Some("stripe-sk-test") => shape(KeyKind::Secret, false),
        Some("stripe-sk-live") => shape(KeyKind::Secret, true),
        Some("stripe-rk-test") => shape(KeyKind::Restricted, false),
        Some("stripe-rk-live") => shape(KeyKind::Restricted, true),
        Some("stripe-pk-test") => shape(KeyKind::Publishable, false),
        Some("stripe-pk-live") => shape(KeyKind::Publishable, true),
        Some(other) if other.chars().all(|c| c.is_ascii_lowercase() || c == '-') => {
            Err(format!("it is the simulator's token for {other}"))
        }
        _ => Err("it is no whole token of the simulator".into()),
    }
}

/// Whether two keys are of one account; `None`: their text does not tell. Old keys do not carry the account, and Stripe
/// has no call that compares a secret with a publishable key.
pub fn same_account(one: &Secret, other: &Secret) -> Option<bool> {
    Some(account_part(one)? == account_part(other)?)
}

/// What stands in a key for its account: the account's id without `acct_`.
fn account_part(key: &Secret) -> Option<&str> {
    let text = key.expose();
    let (prefix, ..) = BEGINNINGS
        .iter()
        .find(|(prefix, ..)| text.starts_with(prefix))?;
    let part = text[prefix.len()..].strip_prefix(ACCOUNT_MARK)?;
    part.get(..ACCOUNT_PART)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Put together so that no whole key stands in the code: scanners of secrets would take it for one.
    fn key(prefix: &str, body: &str) -> Secret {
        Secret::new(format!("{prefix}{body}"))
    }

    fn why(text: &str) -> String {
        let why = Shape::of(&Secret::new(text)).unwrap_err();
        assert!(!why.contains("canary"), "{why}");
        why
    }

    #[test]
    fn kind_and_mode_are_read_off_the_beginning() {
        for (prefix, kind, live) in BEGINNINGS {
            let shape = Shape::of(&key(prefix, "5Ab0Cd1Ef2Gh3")).unwrap();
            assert_eq!((shape.kind, shape.live), (kind, live));
        }
        let told = Shape::of(&key("rk_live_", "5Ab0Cd1Ef2Gh3")).unwrap();
        assert_eq!(told.to_string(), "a live restricted key");
        let hex = "0a".repeat(12);
        let simulated = Shape::of(&key("golive-sim-stripe-pk-test-", &hex)).unwrap();
        assert_eq!(simulated.to_string(), "a test publishable key");
    }

    #[test]
    fn what_is_no_key_is_named_and_never_shown() {
        assert_eq!(why(""), "it is empty");
        assert!(why("sk_live_********canary").contains("with its middle hidden"));
        assert!(why("sk_test_5abc...canary").contains("with its middle hidden"));
        assert_eq!(why("whsec_canary"), "it looks like a Stripe webhook secret");
        assert_eq!(why("acct_1canary"), "it looks like a Stripe account id");
        assert_eq!(
            why("sk_org_canary"),
            "it looks like a key of a Stripe organisation"
        );
        assert_eq!(why("ghp_canary"), "it looks like a GitHub token");
        assert!(why("canary").contains("begins with none of sk_test_"));
        assert_eq!(
            why("sk_test_canary"),
            "it has 14 characters and seems to be cut off"
        );
        assert_eq!(
            why("sk_test_0123456789 canary"),
            "character 19 is not one that Stripe's keys have"
        );
        let github = format!("golive-sim-github-{}", "0a".repeat(12));
        assert_eq!(why(&github), "it is the simulator's token for github");
        assert_eq!(
            why("golive-sim-stripe-canary"),
            "it is no whole token of the simulator"
        );
    }

    #[test]
    fn two_keys_tell_whether_they_are_of_one_account_where_they_can() {
        let (own, other) = ("51AbCdEfGhIjKlMnO", "51ZbCdEfGhIjKlMnO");
        let secret = key("sk_test_", &format!("{own}random"));
        let fits = key("pk_test_", &format!("{own}different"));
        let not = key("pk_test_", &format!("{other}different"));
        let old = key("pk_test_", "4eC39HqLyjWDarjtT1zdp7dc");
        assert_eq!(same_account(&secret, &fits), Some(true));
        assert_eq!(same_account(&secret, &not), Some(false));
        assert_eq!(same_account(&secret, &old), None);
        assert_eq!(same_account(&key("sk_test_", "51Ab"), &fits), None);
    }
}
