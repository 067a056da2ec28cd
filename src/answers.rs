//! The answers file: what a person answered and vouched for, so that a command can run again without a terminal.
//!
//! It holds no approvals: those belong to rows that were shown.

use std::path::Path;

use indexmap::IndexMap;
use serde::{Deserialize, Serialize};

use crate::error::Result;
use crate::manifest::{Source, Title, quoted, refuse_secrets, text_of};

/// Answers by question, and what a person vouches for by item.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Answers {
    /// Question key or item id → answer.
    #[serde(default, skip_serializing_if = "IndexMap::is_empty")]
    answers: IndexMap<String, String>,
    /// Item id → who vouches for it and why.
    #[serde(default, skip_serializing_if = "IndexMap::is_empty")]
    attest: IndexMap<String, Attestation>,
}

/// A person's word for something golive cannot see.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Attestation {
    pub by: Title,
    pub note: Title,
}

impl Answers {
    /// Reads an answers file's text; `path` is what errors call it.
    pub fn parse(text: &str, path: &Path) -> Result<Answers> {
        let source = Source::parse(path, text)?;
        refuse_secrets(&source)?;
        let answers: Answers = source.read()?;
        for key in answers.answers.keys() {
            if !is_key(key) {
                let place = ["answers", key.as_str()];
                return Err(source.error(&place, format!("{} is no question's key", quoted(key))));
            }
        }
        for item in answers.attest.keys() {
            if !is_item(item) {
                let place = ["attest", item.as_str()];
                return Err(source
                    .error(&place, format!("{} is no item's id", quoted(item)))
                    .hint("write the id in quotes, such as \"1.stable-main\""));
            }
        }
        Ok(answers)
    }

    /// Reads an answers file.
    pub fn load(path: &Path) -> Result<Answers> {
        let text = text_of(path).map_err(|error| match error.hint {
            Some(_) => error.hint("golive answers > FILE writes one"),
            None => error,
        })?;
        Answers::parse(&text, path)
    }

    /// The answer to a question, by its key or its item's id.
    pub fn get(&self, key: &str) -> Option<&str> {
        self.answers.get(key).map(String::as_str)
    }

    pub fn set(&mut self, key: impl Into<String>, answer: impl Into<String>) {
        self.answers.insert(key.into(), answer.into());
    }

    /// Takes over everything `other` answers; its answers win.
    pub fn extend(&mut self, other: Answers) {
        self.answers.extend(other.answers);
        self.attest.extend(other.attest);
    }

    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.answers
            .iter()
            .map(|(key, answer)| (key.as_str(), answer.as_str()))
    }

    /// What a person vouches for, by item id.
    pub fn attestation(&self, item: &str) -> Option<&Attestation> {
        self.attest.get(item)
    }

    pub fn attest(&mut self, item: impl Into<String>, attestation: Attestation) {
        self.attest.insert(item.into(), attestation);
    }

    pub fn attestations(&self) -> impl Iterator<Item = (&str, &Attestation)> {
        self.attest
            .iter()
            .map(|(item, attestation)| (item.as_str(), attestation))
    }

    /// The file that `--answers` takes.
    pub fn to_toml(&self) -> String {
        let tables = toml::to_string(self).expect("tables of texts are always TOML");
        format!(
            "# Answers for `golive init --answers` and `golive run --answers`. No secret stands here.\n\n{tables}"
        )
    }
}

/// `1.stable-main`: the step's number comes first.
fn is_item(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_digit()) && text.contains('.') && is_key(text)
}

fn is_key(text: &str) -> bool {
    (1..=200).contains(&text.len())
        && text
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || "._-".contains(c))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn parse(text: &str) -> Result<Answers> {
        Answers::parse(text, Path::new("answers.toml"))
    }

    #[test]
    fn what_is_printed_can_be_read_again() {
        let mut answers = Answers::default();
        answers.set("repository", "acme/bondigoo-platform");
        answers.set("operator", "Ada \"the\" Lovelace \\ é");
        let person = |text: &str| Title::parse(text).expect("a title");
        answers.attest(
            "1.stable-main",
            Attestation {
                by: person("Ada"),
                note: person("released twice from it"),
            },
        );
        assert_eq!(parse(&answers.to_toml()).expect("readable"), answers);
        assert_eq!(
            parse(&Answers::default().to_toml()).expect("readable"),
            Answers::default()
        );
    }

    #[test]
    fn a_wrong_file_says_where_and_why() {
        for (text, why) in [
            (
                "[answer]\na = \"b\"",
                "1:2: unknown key `answer`\nhint: did you mean `answers`?",
            ),
            (
                "[answers]\na = 3",
                "2:5: expected a string, found integer `3`",
            ),
            (
                "[answers]\n\"a b\" = \"c\"",
                "2:9: `a b` is no question's key",
            ),
            (
                "[attest]\nmain = { by = \"A\", note = \"b\" }",
                "2:8: `main` is no item's id",
            ),
            (
                "[attest]\n\"1.a\" = { by = \"A\" }",
                "2:9: the key `note` is missing here",
            ),
            ("[approve]\nall = true", "unknown key `approve`"),
        ] {
            let error = parse(text).expect_err(text).to_string();
            assert!(error.contains(why), "{error}");
        }
    }

    #[test]
    fn a_secret_in_it_is_refused_and_not_repeated() {
        let error = parse("[answers]\nkey = \"sk_live_abcdefghijkl\"")
            .expect_err("refused")
            .to_string();
        assert!(
            error.contains("answers.toml:2:7: a secret stands here"),
            "{error}"
        );
        assert!(!error.contains("abcdef"), "{error}");
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic(text in "\\PC{0,200}") {
            let _ = parse(&text);
        }

        #[test]
        fn any_answer_survives_being_printed(answer in "\\PC{0,60}") {
            let mut answers = Answers::default();
            answers.set("key", answer.clone());
            match parse(&answers.to_toml()) {
                Ok(read) => prop_assert_eq!(read.get("key"), Some(answer.as_str())),
                Err(error) => prop_assert!(error.what.contains("a secret stands here")),
            }
        }
    }
}
