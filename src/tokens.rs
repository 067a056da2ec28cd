//! What a prompt for a token tells: the page where it is made, its exact rights, its expiry, what golive does with it.

use std::sync::LazyLock;

use serde::Deserialize;

use crate::plan::Provider;
use crate::secret::SecretName;

/// What signs for one provider, as `assets/tokens.toml` describes it.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Token {
    pub provider: Provider,
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
    /// The names it is kept under: all of them are needed together.
    pub slots: Vec<Slot>,
    /// The page where it is made.
    pub page: String,
    /// What speaks for this kind, and what against.
    pub good_for: String,
    /// What to choose in the form besides the rights.
    pub choose: Vec<String>,
    #[serde(rename = "right")]
    pub rights: Vec<Right>,
}

/// One of the values that sign together.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Slot {
    /// The name it is kept under.
    pub name: SecretName,
    /// As the provider's form calls it, such as `client id`.
    pub what: String,
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

impl Way {
    pub fn has(&self, slot: &SecretName) -> bool {
        self.slots.iter().any(|own| own.name == *slot)
    }

    /// The names it is kept under, as a sentence lists them: `ATLAS_CLIENT_ID and ATLAS_CLIENT_SECRET`.
    pub fn names(&self) -> String {
        let names: Vec<&str> = self.slots.iter().map(|slot| slot.name.as_str()).collect();
        names.join(" and ")
    }
}

impl Token {
    /// The first way that keeps something under this name.
    pub fn way_of(&self, slot: &SecretName) -> Option<&Way> {
        self.ways.iter().find(|way| way.has(slot))
    }

    /// What the provider's form calls the value that is kept under this name.
    pub fn what(&self, slot: &SecretName) -> Option<String> {
        let own = self.way_of(slot)?;
        let own = own.slots.iter().find(|own| own.name == *slot)?;
        Some(match self.ways.iter().all(|way| way.slots.len() == 1) {
            true => self.name.clone(),
            false => format!("{} {}", self.provider, own.what),
        })
    }

    /// Every name that something of it may be kept under, each once.
    pub fn slots(&self) -> Vec<&SecretName> {
        let mut slots: Vec<&SecretName> = vec![];
        for slot in self.ways.iter().flat_map(|way| &way.slots) {
            if !slots.contains(&&slot.name) {
                slots.push(&slot.name);
            }
        }
        slots
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
    all().iter().find(|token| token.way_of(slot).is_some())
}

/// What signs for a provider; `None` where the launch signs with values of its own variables, as at Stripe.
pub fn of(provider: Provider) -> Option<&'static Token> {
    all().iter().find(|token| token.provider == provider)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::provider::token;

    #[test]
    fn every_provider_is_described_whole_and_once() {
        // Stripe's keys are values of the environments, asked for there.
        let signed = |provider: &Provider| !token::ways(*provider).is_empty();
        for provider in Provider::ALL.into_iter().filter(signed) {
            let own = all().iter().filter(|token| token.provider == provider);
            if token::ways(provider).is_empty() {
                assert_eq!(own.count(), 0, "{provider}");
                continue;
            }
            assert_eq!(own.count(), 1, "{provider}");
            let token = of(provider).unwrap();
            assert!(!token.purpose.is_empty() && !token.never.is_empty());
            // What is asked for is what the calls are signed with.
            let asked = token.slots().into_iter().cloned();
            assert_eq!(
                asked.collect::<Vec<_>>(),
                token::slots(provider).collect::<Vec<_>>()
            );
            for way in &token.ways {
                let page = url::Url::parse(&way.page).unwrap();
                assert_eq!(page.scheme(), "https");
                assert!(!way.rights.is_empty(), "{}", way.title);
                let names: Vec<&str> = way.slots.iter().map(|slot| slot.name.as_str()).collect();
                assert!(token::ways(provider).contains(&names.as_slice()));
            }
        }
    }

    #[test]
    fn github_is_asked_for_with_the_rights_of_phase_0() {
        let token = of(Provider::GitHub).unwrap();
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
    fn a_value_is_called_as_the_providers_form_calls_it() {
        let what = |slot: &str| {
            let slot = SecretName::new(slot);
            of_slot(&slot).and_then(|token| token.what(&slot)).unwrap()
        };
        assert_eq!(what("GITHUB_TOKEN"), "GitHub token");
        assert_eq!(what("RENDER_API_KEY"), "Render API key");
        assert_eq!(what("ATLAS_CLIENT_SECRET"), "Atlas client secret");
        assert_eq!(what("ATLAS_PUBLIC_KEY"), "Atlas public key");
        assert_eq!(what("GODADDY_TOKEN"), "GoDaddy token");
        assert_eq!(what("GODADDY_SECRET"), "GoDaddy secret");
    }

    #[test]
    fn a_slip_in_the_file_is_seen() {
        let error = read("[[token]]\nprovider = \"atlas\"\nexpires = \"soon\"\n").unwrap_err();
        assert!(error.to_string().contains("expires"), "{error}");
    }
}
