//! What a plan is made of: rows to approve, evidence, waits, and what only a person can settle.

mod blocker;

pub use blocker::{Blocker, Choice};

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::price::Price;
use crate::secret::Secret;

/// An item's id as the operator sees it, such as `1.branch-main` or `2.1.build-prod`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ItemId(String);

impl ItemId {
    pub fn new(id: impl Into<String>) -> Self {
        Self(id.into())
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The step's number: all before the first part that does not start with a digit.
    pub fn step(&self) -> &str {
        let mut end = 0;
        for part in self.0.split_inclusive('.') {
            if !part.starts_with(|c: char| c.is_ascii_digit()) {
                break;
            }
            end += part.len();
        }
        self.0[..end].trim_end_matches('.')
    }
}

impl fmt::Display for ItemId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

/// The providers golive can speak to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Provider {
    GitHub,
    Vercel,
    Render,
    Atlas,
    GoDaddy,
    Cloudflare,
    Stripe,
}

impl Provider {
    pub const ALL: [Provider; 7] = [
        Provider::GitHub,
        Provider::Vercel,
        Provider::Render,
        Provider::Atlas,
        Provider::GoDaddy,
        Provider::Cloudflare,
        Provider::Stripe,
    ];

    /// Its own address, where nothing names another; it ends where the paths of its official document begin.
    pub fn address(self) -> &'static str {
        match self {
            Provider::GitHub => "https://api.github.com",
            Provider::Vercel => "https://api.vercel.com",
            Provider::Render => "https://api.render.com/v1",
            Provider::Atlas => "https://cloud.mongodb.com",
            Provider::GoDaddy => "https://api.godaddy.com",
            Provider::Cloudflare => "https://api.cloudflare.com/client/v4",
            Provider::Stripe => "https://api.stripe.com",
        }
    }

    /// Its word in commands, variables and ready files: `github`.
    pub fn word(self) -> &'static str {
        match self {
            Provider::GitHub => "github",
            Provider::Vercel => "vercel",
            Provider::Render => "render",
            Provider::Atlas => "atlas",
            Provider::GoDaddy => "godaddy",
            Provider::Cloudflare => "cloudflare",
            Provider::Stripe => "stripe",
        }
    }

    /// The item of step 0 that looks at its token, and ties the launch to an account.
    pub fn access(self) -> ItemId {
        ItemId::new(match self {
            Provider::GitHub => "0.github",
            Provider::Vercel => "0.vercel",
            Provider::Render => "0.render",
            Provider::Atlas => "0.atlas",
            Provider::GoDaddy | Provider::Cloudflare => "0.dns",
            Provider::Stripe => "0.stripe",
        })
    }
}

/// A provider's name in a sentence; without one, what is looked at is the network.
pub fn whose(provider: Option<Provider>) -> String {
    provider.map_or_else(
        || "the network".to_string(),
        |provider| provider.to_string(),
    )
}

impl fmt::Display for Provider {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Provider::GitHub => f.write_str("GitHub"),
            Provider::Vercel => f.write_str("Vercel"),
            Provider::Render => f.write_str("Render"),
            Provider::Atlas => f.write_str("Atlas"),
            Provider::GoDaddy => f.write_str("GoDaddy"),
            Provider::Cloudflare => f.write_str("Cloudflare"),
            Provider::Stripe => f.write_str("Stripe"),
        }
    }
}

/// What a row does to the object it names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Sign {
    Create,
    Change,
    Remove,
}

impl Sign {
    pub fn symbol(self) -> char {
        match self {
            Sign::Create => '+',
            Sign::Change => '~',
            Sign::Remove => '-',
        }
    }
}

/// How a row can be taken back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Undo {
    /// golive can remove it again and nothing is left.
    Reversible,
    /// The old value is kept and can be put back.
    Restorable,
    /// Cannot be taken back; needs its name typed.
    OneWay,
}

impl Undo {
    pub fn word(self) -> &'static str {
        match self {
            Undo::Reversible => "reversible",
            Undo::Restorable => "restorable",
            Undo::OneWay => "one-way",
        }
    }
}

/// One line of a plan: what would be changed, from what to what. It is what the operator approves.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Row {
    pub item: ItemId,
    /// Names the change inside its item, such as `open` or `merge`.
    pub change: String,
    pub sign: Sign,
    /// The object, such as `branch staging`.
    pub what: String,
    /// The value now, where one is replaced.
    pub old: Option<String>,
    pub new: Option<String>,
    pub undo: Undo,
    /// The object, or some of what the row carries, was not made by golive: never approved by `--yes`.
    #[serde(default)]
    pub not_made_by_golive: bool,
    /// Someone changed what golive had settled, and the row would put it back: never approved by `--yes`.
    #[serde(default)]
    pub restores_drift: bool,
    /// The word that must be typed for a one-way row.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub confirm: Option<String>,
    /// What it costs a month from then on; `None`: nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub price: Option<Price>,
    /// Some of it is known only once that item is settled.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub known_after: Option<ItemId>,
    /// What stood in place of the new value while another item had not told it: an approval of that holds for this.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub foreseen_as: Option<String>,
    /// More to read, such as a diff or a list of commits: one line each.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub detail: Vec<String>,
}

impl Row {
    /// A reversible row about something golive makes itself; the fields say what differs from that.
    pub fn new(item: &ItemId, change: &str, sign: Sign, what: impl Into<String>) -> Row {
        Row {
            item: item.clone(),
            change: change.into(),
            sign,
            what: what.into(),
            old: None,
            new: None,
            undo: Undo::Reversible,
            not_made_by_golive: false,
            restores_drift: false,
            confirm: None,
            price: None,
            known_after: None,
            foreseen_as: None,
            detail: vec![],
        }
    }

    /// Only a person who looks may approve it, or the word that it asks for: `--yes` alone never does. What costs
    /// something is approved by a typed total, so a paid row that is one-way has its word in that.
    pub fn wants_a_person(&self) -> bool {
        self.confirm.is_some()
            || (self.undo == Undo::OneWay && self.price.is_none())
            || self.sign == Sign::Remove
            || self.not_made_by_golive
            || self.restores_drift
    }

    /// What an approval holds on to: where, what, the shown old and new value, and the price. Detail and colour do not
    /// count.
    pub fn id(&self) -> RowId {
        self.id_with(self.new.as_deref())
    }

    /// The ids that an approval of this row may have: its own, and the one it had while some of it was not known yet.
    pub fn ids(&self) -> impl Iterator<Item = RowId> {
        let foreseen = self.foreseen_as.as_deref();
        let foreseen = foreseen.map(|text| self.id_with(Some(text)));
        [self.id()].into_iter().chain(foreseen)
    }

    fn id_with(&self, new: Option<&str>) -> RowId {
        let mut hash = Sha256::new();
        let parts = [
            self.item.as_str(),
            &self.change,
            &self.sign.symbol().to_string(),
            &self.what,
            self.old.as_deref().unwrap_or("\u{1}"),
            new.unwrap_or("\u{1}"),
        ];
        for part in parts {
            hash.update((part.len() as u64).to_le_bytes());
            hash.update(part.as_bytes());
        }
        if let Some(price) = &self.price {
            hash.update(price.to_string().as_bytes());
        }
        RowId(
            hash.finalize()[..8]
                .iter()
                .map(|byte| format!("{byte:02x}"))
                .collect(),
        )
    }
}

impl fmt::Display for Row {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.sign.symbol(), self.what)?;
        match (&self.old, &self.new) {
            (Some(old), Some(new)) => write!(f, ": {old} → {new}"),
            (None, Some(new)) => write!(f, ": {new}"),
            (Some(old), None) => write!(f, ": was {old}"),
            (None, None) => Ok(()),
        }?;
        match &self.price {
            Some(price) => write!(f, ", {price}"),
            None => Ok(()),
        }
    }
}

/// A row's digest: 16 hex digits.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct RowId(String);

impl fmt::Display for RowId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A short name for a set of rows, as shown on the plan that is approved: 4 hex digits.
pub fn plan_name<'a>(rows: impl IntoIterator<Item = &'a Row>) -> String {
    let mut hash = Sha256::new();
    for row in rows {
        hash.update(row.id().0.as_bytes());
    }
    hash.finalize()[..2]
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

/// One mutation, in the operator's words.
pub trait Change {
    fn row(&self, item: &ItemId) -> Row;

    /// May the call be sent again when a look, after the provider had time to settle, does not show its effect?
    fn repeat(&self) -> Repeat {
        Repeat::WhenNotSeen
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Repeat {
    /// The object has a natural key, so a look proves whether it is there.
    WhenNotSeen,
    /// No key and no marker: a person decides.
    Ask,
}

/// What a look leads to.
#[derive(Clone, Debug)]
pub enum Plan<C> {
    /// Nothing to do, and this is how we know.
    Settled(Evidence),
    /// Do these, in order, then look again.
    Change(Vec<C>),
    /// The world is still working.
    Wait(Wait),
    /// Only a person can decide.
    Blocked(Blocker),
    /// The provider does not offer it here: settled as skipped, handed to a person with a page to open.
    HandOff { why: String, url: String },
}

/// How golive knows that an item is settled.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Evidence {
    /// What was read back, in one line.
    pub text: String,
    /// A page where a person can see the same.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// What is worth knowing beside it, such as scopes or an expiry: one line each.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
    /// What works and yet should be looked at, each with what would mend it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub findings: Vec<Finding>,
}

/// Something that is as wished, or as found, and yet will bite: shown until it is mended or accepted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// Names it inside its item, such as `sleeps`; `<item>/<code>` is what `golive accept` takes.
    pub code: String,
    pub text: String,
    /// What to write, type or open.
    pub fix: String,
}

impl Finding {
    pub fn new(code: &str, text: impl Into<String>, fix: impl Into<String>) -> Self {
        Self {
            code: code.into(),
            text: text.into(),
            fix: fix.into(),
        }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.text, self.fix)
    }
}

impl Evidence {
    pub fn new(text: impl Into<String>) -> Self {
        Self {
            text: text.into(),
            url: None,
            notes: Vec::new(),
            findings: Vec::new(),
        }
    }

    pub fn url(mut self, url: impl Into<String>) -> Self {
        self.url = Some(url.into());
        self
    }

    pub fn note(mut self, note: impl Into<String>) -> Self {
        self.notes.push(note.into());
        self
    }

    pub fn findings(mut self, findings: impl IntoIterator<Item = Finding>) -> Self {
        self.findings.extend(findings);
        self
    }
}

/// Why golive waits: the five facts that every wait shows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Wait {
    /// What is waited for, such as `checks of pull request #4`.
    pub condition: String,
    pub expected: String,
    pub seen: String,
    /// From one look to the next.
    pub look_every: Duration,
    /// When golive stops waiting and says so, measured from the first look that waited.
    pub worst_case: Duration,
    /// Where that worst case comes from.
    pub why: String,
}

/// A look that failed is never "absent".
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Observed<T> {
    Present(T),
    Absent,
    /// Could not be read, and why.
    Unknown(String),
}

impl<T> Observed<T> {
    pub fn present(&self) -> Option<&T> {
        match self {
            Observed::Present(value) => Some(value),
            Observed::Absent | Observed::Unknown(_) => None,
        }
    }
}

/// Something golive created, as undo and the report need it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Made {
    /// Such as `branch`, `ruleset`, `pull request`.
    pub kind: String,
    /// The provider's id.
    pub id: String,
    pub name: String,
    /// What it was made as, where undo must know (a branch's first commit).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub as_made: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
}

/// What an item hands on to others.
pub type Outputs = BTreeMap<String, Output>;

#[derive(Clone, Debug)]
pub enum Output {
    Text(String),
    Secret(Secret),
}

impl Output {
    pub fn text(&self) -> Option<&str> {
        match self {
            Output::Text(text) => Some(text),
            Output::Secret(_) => None,
        }
    }
}

/// A person's word for an item.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attestation {
    pub by: String,
    pub note: String,
    pub at: Timestamp,
    /// What it holds for, such as a commit.
    pub rests_on: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row() -> Row {
        Row {
            new: Some("from main at 1a2b3c4".into()),
            ..Row::new(
                &ItemId::new("1.branch-staging"),
                "create",
                Sign::Create,
                "branch staging",
            )
        }
    }

    #[test]
    fn ids_tell_their_step() {
        assert_eq!(ItemId::new("1.branch-main").step(), "1");
        assert_eq!(ItemId::new("2.1.build-prod").step(), "2.1");
        assert_eq!(ItemId::new("6.2.record-api").step(), "6.2");
    }

    #[test]
    fn an_approval_holds_for_the_shown_values_and_nothing_else() {
        let (one, mut two) = (row(), row());
        two.detail.push("more to read".into());
        assert_eq!(one.id(), two.id());
        two.new = Some("from main at ffffff0".into());
        assert_ne!(one.id(), two.id());
    }

    #[test]
    fn rows_read_as_the_plan_shows_them() {
        assert_eq!(row().to_string(), "+ branch staging: from main at 1a2b3c4");
    }
}
