//! What a prompt for a token tells: the page where it is made, its exact rights, its expiry, what golive does with it.

use std::sync::LazyLock;

use serde::Deserialize;

use crate::secret::SecretName;

/// One token, as `assets/tokens.toml` describes it.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Token {
    /// The name it is kept under.
    pub slot: SecretName,
    /// As `golive login PROVIDER` takes it.
    pub provider: String,
    pub name: String,
    /// The expiry to choose when it is made.
    pub expiry: String,
    /// What golive does with it, each completing "golive …".
    pub purpose: Vec<String>,
    /// What golive never does with it, each completing "golive never …".
    pub never: Vec<String>,
    /// The kinds of it, the first recommended.
    #[serde(rename = "way")]
    pub ways: Vec<Way>,
}

/// One kind of token and how to make it.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Way {
    pub title: String,
    /// The page where it is made.
    pub page: String,
    /// What speaks for this kind, and what against.
    pub good_for: String,
    /// What to choose in the form besides the rights.
    pub choose: Vec<String>,
    #[serde(rename = "right")]
    pub rights: Vec<Right>,
}

/// A scope or permission, named as the provider's form names it.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Right {
    pub name: String,
    /// `read`, `read and write`; absent where the form has only a box to tick.
    pub access: Option<String>,
    /// What golive needs it for.
    pub why: String,
}

impl std::fmt::Display for Right {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match &self.access {
            Some(access) => write!(f, "{}: {access}", self.name),
            None => f.write_str(&self.name),
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(rename = "token")]
    tokens: Vec<Token>,
}

static TOKENS: LazyLock<Vec<Token>> = LazyLock::new(|| {
    // The file is part of the program; a test parses it, so a slip in it never leaves the workshop.
    read(include_str!("../assets/tokens.toml")).expect("assets/tokens.toml is sound")
});

fn read(text: &str) -> Result<Vec<Token>, toml::de::Error> {
    toml::from_str::<File>(text).map(|file| file.tokens)
}

/// All tokens that golive knows how to ask for, in the order of the file.
pub fn all() -> &'static [Token] {
    &TOKENS
}

/// The token kept under this name; `None` for a value that is no provider's token.
pub fn of_slot(slot: &SecretName) -> Option<&'static Token> {
    all().iter().find(|token| token.slot == *slot)
}

/// The tokens that `golive login PROVIDER` asks for.
pub fn of_provider(provider: &str) -> impl Iterator<Item = &'static Token> {
    all().iter().filter(move |token| token.provider == provider)
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn every_token_is_described_whole_and_once() {
        let mut slots = HashSet::new();
        for token in all() {
            assert!(
                slots.insert(token.slot.clone()),
                "{} stands twice",
                token.slot
            );
            assert!(!token.purpose.is_empty() && !token.never.is_empty());
            assert!(!token.ways.is_empty(), "{} has no page", token.slot);
            for way in &token.ways {
                let page = url::Url::parse(&way.page).unwrap();
                assert_eq!(page.scheme(), "https");
                assert!(!way.rights.is_empty());
            }
        }
    }

    #[test]
    fn github_is_asked_for_with_the_rights_of_phase_0() {
        let token = of_slot(&SecretName::new("GITHUB_TOKEN")).unwrap();
        assert_eq!(of_provider("github").count(), 1);
        let rights =
            |way: &Way| -> Vec<String> { way.rights.iter().map(Right::to_string).collect() };
        assert_eq!(rights(&token.ways[0]), ["repo", "workflow"]);
        let fine_grained = rights(&token.ways[1]);
        for needed in [
            "Contents: read and write",
            "Pull requests: read and write",
            "Administration: read and write",
            "Commit statuses: read",
        ] {
            assert!(fine_grained.iter().any(|right| right == needed), "{needed}");
        }
        assert!(of_slot(&SecretName::new("prod.REDIS_URL")).is_none());
    }

    #[test]
    fn a_slip_in_the_file_is_seen() {
        let error = read("[[token]]\nslot = \"A\"\nexpires = \"soon\"\n").unwrap_err();
        assert!(error.to_string().contains("expires"), "{error}");
    }
}
