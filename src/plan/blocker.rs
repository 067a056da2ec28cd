//! What only a person can settle, and the ways on that are offered.

use serde::{Deserialize, Serialize};

/// What only a person can settle.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "is", rename_all = "snake_case")]
pub enum Blocker {
    /// A secret is missing from the vault.
    SecretMissing { slot: String, was_kept: bool },
    /// The provider does not take the token any more.
    TokenRefused { slot: String, cause: String },
    /// The name exists and is not what the manifest describes.
    Taken { name: String, theirs: String },
    /// Someone changed what golive had settled.
    Drift { ours: String, theirs: String },
    /// A call that cannot safely be repeated may or may not have happened.
    Unclear { change: String },
    /// The token lacks a permission.
    Forbidden {
        what: String,
        scope: String,
        url: Option<String>,
    },
    /// The token belongs to another account than the one pinned.
    OtherAccount { pinned: String, seen: String },
    /// No API for it: told where, checked afterwards. Lines to paste come with it.
    ByHand {
        what: String,
        url: Option<String>,
        paste: Vec<String>,
    },
    /// Another person must act.
    Review { what: String, url: String },
    /// A person says so, with name and note. `rests_on` is what the word holds for, such as a commit.
    Attest {
        question: String,
        url: Option<String>,
        rests_on: String,
    },
    /// One of several ways on.
    Choose {
        key: String,
        question: String,
        options: Vec<Choice>,
    },
}

/// One way on that the operator may choose.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Choice {
    /// What `--answers` and the record call it.
    pub word: String,
    pub text: String,
}

impl Choice {
    pub fn new(word: &str, text: impl Into<String>) -> Self {
        Self {
            word: word.into(),
            text: text.into(),
        }
    }
}

impl Blocker {
    /// One sentence for lists, reports and the line that says what now.
    pub fn sentence(&self) -> String {
        match self {
            Blocker::SecretMissing {
                slot,
                was_kept: false,
            } => format!("{slot} is needed"),
            Blocker::SecretMissing {
                slot,
                was_kept: true,
            } => {
                format!("{slot} was kept and is missing from the vault: give it again")
            }
            Blocker::TokenRefused { slot, cause } => {
                format!("{slot} is refused ({cause}): give a new one")
            }
            Blocker::Taken { name, theirs } => format!("{name} exists and differs: {theirs}"),
            Blocker::Drift { ours, theirs } => format!("changed by someone: {ours} → {theirs}"),
            Blocker::Unclear { change } => format!("not known whether this happened: {change}"),
            Blocker::Forbidden { what, scope, .. } => {
                format!("the token may not {what}: it needs {scope}")
            }
            Blocker::OtherAccount { pinned, seen } => {
                format!("the token belongs to {seen}, this launch is tied to {pinned}")
            }
            Blocker::ByHand { what, .. } => format!("to do by hand: {what}"),
            Blocker::Review { what, .. } => format!("waits for another person: {what}"),
            Blocker::Attest { question, .. } => question.clone(),
            Blocker::Choose { question, .. } => question.clone(),
        }
    }
}
