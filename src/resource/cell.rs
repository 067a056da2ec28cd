//! One variable in one environment: it has a value, of the right kind for its stage.

mod judge;
#[cfg(test)]
mod tests;

use super::stripe_key::{self, KeyLook};
use super::value::{Destination, Given, Got, Kind, Origin, Source, Variable, Wished, sealed};
use super::{Applied, Cx, Known, Look, Resource, here};
use crate::plan::{Blocker, Change, Evidence, ItemId, Output, Outputs, Plan, Row, Sign};
use crate::provider::http::CallError;
use crate::provider::stripe::{KeyKind, Shape, same_account};
use crate::secret::{Secret, SecretName};

/// One variable in one environment.
#[derive(Clone, Debug)]
pub struct Cell {
    pub environment: String,
    /// It is production's.
    pub production: bool,
    pub to: Destination,
    pub variable: Variable,
    /// The same variable in the other environments.
    pub peers: Vec<(String, Wished)>,
    /// The environment's own names, which its values are compared with.
    pub around: Around,
    /// The item that reads the code; it hands on `used-<environment>-<variable>`.
    pub code: Option<ItemId>,
}

/// What the values of one environment are compared with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Around {
    /// `https://…` of its site, and further origins that its API lets in.
    pub origins: Vec<String>,
    /// The host of its API, where it has one.
    pub api_host: Option<String>,
    /// The variable holds the origins that the API lets in.
    pub holds_origins: bool,
    /// The environment's other variables that hold keys of Stripe.
    pub stripe: Vec<Variable>,
}

pub struct Seen {
    held: Held,
}

enum Held {
    Value(Box<Facts>),
    /// Nothing is kept under the name; whether something was.
    Nothing {
        slot: SecretName,
        was_kept: bool,
    },
}

/// What is known of a value besides the value.
#[derive(Clone, Debug, Default)]
pub struct Facts {
    pub fingerprint: Option<String>,
    pub bytes: usize,
    /// It is a key of Stripe.
    pub stripe: Option<Shape>,
    /// Why it is not what is asked for, by its shape.
    pub misfit: Option<String>,
    /// Why Stripe does not take it.
    pub stripe_refuses: Option<String>,
    /// What Stripe tells of the account that it opens.
    pub stripe_tells: Vec<String>,
    /// It begins like a secret of some kind, such as an address with a password in it.
    pub is_secret: bool,
    pub outer_space: bool,
    pub line_break: bool,
    pub names_this_machine: bool,
    /// An address of a Redis that leads through the internet.
    pub outside_redis: bool,
    /// Environments whose value is the same.
    pub equal: Vec<String>,
    /// Another variable of the environment whose key is of another Stripe account.
    pub other_account: Option<String>,
    /// A part of it that no provider has confirmed.
    pub believed: Option<String>,
}

/// A value of random bytes, made once.
#[derive(Clone, Debug)]
pub struct Make {
    slot: SecretName,
    bytes: u16,
    title: String,
}

impl Change for Make {
    fn row(&self, item: &ItemId) -> Row {
        Row {
            new: Some(format!(
                "{} random bytes, kept as {}",
                self.bytes, self.slot
            )),
            detail: vec!["nobody sees it; it is in the vault before it is used".into()],
            ..Row::new(item, "make", Sign::Create, &self.title)
        }
    }
}

impl Resource for Cell {
    type Seen = Seen;
    type Change = Make;

    async fn observe(&self, cx: &Cx<'_>) -> Look<Seen> {
        let given = self.variable.given(cx.known);
        let held = match given.source.get(cx).await? {
            Got::NotKept(slot) => Held::Nothing {
                was_kept: cx.slots.fingerprint(&slot).is_some(),
                slot,
            },
            Got::Value { value, believed } => {
                let facts = self.facts(cx, given, &value).await?;
                Held::Value(Box::new(Facts { believed, ..facts }))
            }
        };
        Ok(Seen { held })
    }

    fn plan(&self, known: &Known, seen: &Seen) -> Plan<Make> {
        let given = self.variable.given(known);
        match &seen.held {
            Held::Nothing { slot, was_kept } => match given.origin {
                // A value that was made and is gone is in use somewhere: another one would not be it.
                Origin::Generated(bytes) if !was_kept && !known.settled_before => {
                    Plan::Change(vec![self.make(slot, bytes)])
                }
                _ => Plan::Blocked(Blocker::SecretMissing {
                    slot: slot.to_string(),
                    was_kept: *was_kept || known.settled_before,
                }),
            },
            Held::Value(facts) => match self.refusal(known, given, facts) {
                Some(cause) => Plan::Blocked(self.to_correct(given, &cause)),
                None => Plan::Settled(self.evidence(known, given, facts)),
            },
        }
    }

    fn foresee(&self, known: &Known) -> Vec<Make> {
        let given = self.variable.given(known);
        match (&given.origin, given.source.slot()) {
            (Origin::Generated(bytes), Some(slot)) if !known.settled_before => {
                vec![self.make(slot, *bytes)]
            }
            _ => vec![],
        }
    }

    async fn apply(&self, cx: &Cx<'_>, change: &Make) -> Result<Applied, CallError> {
        if cx.slots.secret(&change.slot).await?.is_none() {
            let value = cx.slots.new_secret(&change.slot, change.bytes);
            let value = value.map_err(|error| {
                here(format!("this machine gives no random bytes: {error}"), None)
            })?;
            cx.slots.keep(&change.slot, value).await?;
        }
        // It stays in the vault when the launch is undone: what was set with it elsewhere goes with its own item.
        Ok(Applied::default())
    }

    fn outputs(&self, seen: &Seen) -> Outputs {
        let Held::Value(facts) = &seen.held else {
            return Outputs::new();
        };
        let kind = self.variable.kind;
        // What is handed on is the same before and after the switch: the screen asks the launch for the origin.
        let shown = self.variable.wished.now.source.shown();
        let shown = shown.filter(|_| kind != Kind::Secret && self.variable.wished.live.is_none());
        let outputs = [
            ("kind", Some(kind.word().to_string())),
            ("to", Some(self.to.word().to_string())),
            ("fingerprint", facts.fingerprint.clone()),
            ("shape", facts.stripe.map(|shape| shape.mode().to_string())),
            ("value", shown.map(str::to_string)),
        ];
        outputs
            .into_iter()
            .filter_map(|(name, value)| Some((name.into(), Output::Text(value?))))
            .collect()
    }
}

impl Cell {
    /// `SESSION_SECRET in prod`.
    pub(super) fn title(&self) -> String {
        format!("{} in {}", self.variable.name, self.environment)
    }

    fn make(&self, slot: &SecretName, bytes: u16) -> Make {
        Make {
            slot: slot.clone(),
            bytes,
            title: self.title(),
        }
    }

    async fn facts(&self, cx: &Cx<'_>, given: &Given, value: &Secret) -> Look<Facts> {
        let stripe = Shape::of(value).ok();
        let begins = |prefixes: &[&str]| prefixes.iter().any(|prefix| value.starts_with(prefix));
        let address = begins(&["mongodb+srv://", "mongodb://", "rediss://", "redis://"]);
        let secret_key = stripe.is_some_and(|shape| shape.kind != KeyKind::Publishable);
        let mut facts = Facts {
            fingerprint: sealed(cx, value).await?,
            bytes: value.bytes(),
            stripe,
            misfit: given.form.and_then(|form| form.fits(value).err()),
            is_secret: secret_key || begins(&["whsec_"]) || (address && value.holds("@")),
            outer_space: value.has_outer_space(),
            line_break: value.holds("\n"),
            names_this_machine: ["localhost", "127.0.0.1", "[::1]"]
                .iter()
                .any(|name| value.holds(name)),
            outside_redis: matches!(given.origin, Origin::Output(_)) && begins(&["rediss://"]),
            equal: self.equal(cx, value).await?,
            other_account: self.other_account(cx, value).await?,
            ..Facts::default()
        };
        // A key of the wrong kind is refused without Stripe.
        if secret_key && self.refusal(cx.known, given, &facts).is_none() {
            match stripe_key::look(cx, value).await? {
                KeyLook::Refused(why) => facts.stripe_refuses = Some(why),
                KeyLook::Opens(opened) => {
                    let account = opened.account.iter();
                    facts.stripe_tells = account
                        .map(|account| format!("it opens Stripe's account {account}"))
                        .chain(opened.notes)
                        .collect();
                }
            }
        }
        Ok(facts)
    }

    /// Environments in which the same secret stands, where it should not be one by its very origin.
    async fn equal(&self, cx: &Cx<'_>, value: &Secret) -> Look<Vec<String>> {
        let mut equal = vec![];
        if self.variable.kind != Kind::Secret {
            return Ok(equal);
        }
        let own = &self.variable.given(cx.known).source;
        for (environment, peer) in &self.peers {
            let theirs = &peer.now.source;
            if theirs == own {
                continue;
            }
            if let Got::Value { value: other, .. } = theirs.get(cx).await?
                && other.same_as(value)
            {
                equal.push(environment.clone());
            }
        }
        Ok(equal)
    }

    /// Another variable of this environment whose key is of another account than this one's.
    async fn other_account(&self, cx: &Cx<'_>, value: &Secret) -> Look<Option<String>> {
        let Ok(own) = Shape::of(value) else {
            return Ok(None);
        };
        for other in &self.around.stripe {
            let Got::Value { value: theirs, .. } = other.given(cx.known).source.get(cx).await?
            else {
                continue;
            };
            // A test key and a live key may well be of two accounts.
            let same_mode = Shape::of(&theirs).is_ok_and(|shape| shape.live == own.live);
            if same_mode && same_account(value, &theirs) == Some(false) {
                return Ok(Some(other.name.clone()));
            }
        }
        Ok(None)
    }

    /// Who can put a refused value right, and how.
    fn to_correct(&self, given: &Given, cause: &str) -> Blocker {
        match (&given.origin, &given.source) {
            (Origin::Asked, Source::Kept(slot)) => Blocker::TokenRefused {
                slot: slot.to_string(),
                cause: cause.into(),
            },
            _ => Blocker::ByHand {
                what: format!(
                    "correct {} in golive.toml ([variable.{}]): {cause}",
                    self.title(),
                    self.variable.name
                ),
                url: None,
                paste: vec![],
            },
        }
    }

    fn evidence(&self, known: &Known, given: &Given, facts: &Facts) -> Evidence {
        let shown = given
            .source
            .shown()
            .filter(|_| self.variable.kind != Kind::Secret);
        let what = match (shown, facts.stripe, &facts.fingerprint) {
            (Some(""), ..) => "empty".into(),
            (Some(text), ..) => crate::text::strip_controls(text),
            (None, Some(shape), Some(seal)) => format!("{shape}, {seal}"),
            (None, Some(shape), None) => shape.to_string(),
            (None, None, Some(seal)) => format!("{} {seal}", self.variable.kind.word()),
            (None, None, None) => self.variable.kind.word().into(),
        };
        let mut evidence = Evidence::new(format!(
            "{}: {what}, {}",
            self.title(),
            given.origin.words()
        ))
        .note(format!("goes to {}", self.to.word()));
        let used = self.code.as_ref().and_then(|code| {
            let name = format!("used-{}-{}", self.environment, self.variable.name);
            known.output(code, &name)
        });
        if let Some(used) = used {
            evidence = evidence.note(format!("read in {used}"));
        }
        if let Some(slot) = given.source.slot() {
            evidence = evidence.note(format!("kept as {slot}"));
        }
        for note in self.notes(given, facts) {
            evidence = evidence.note(note);
        }
        let findings = self.findings(known, given, facts);
        evidence.findings(findings)
    }
}
