//! What a Cloudflare API token looks like, before it is sent anywhere.

use crate::error::{Error, Result};
use crate::plan::Provider;
use crate::provider::cloudflare::TOKENS_PAGE;
use crate::provider::guard::SIMULATED;
use crate::provider::token::foreign;
use crate::secret::{Secret, SecretName};

/// Tokens have 40 characters, newer ones a beginning such as `cfut_` and more.
const LENGTH_MIN: usize = 40;
/// The global key of an account: it may do everything, and needs an e-mail address beside it.
const GLOBAL_KEY: usize = 37;

/// Refuses what cannot be one; also another provider's simulated token.
pub fn check_token(slot: &SecretName, value: &Secret) -> Result<()> {
    let text = value.expose();
    if let Some(rest) = text.strip_prefix(SIMULATED) {
        return match rest.strip_prefix("cloudflare-") {
            Some(_) => Ok(()),
            None => Err(not_one(
                slot,
                "it is the simulator's token for another provider",
            )),
        };
    }
    if let Some(what) = foreign(Provider::Cloudflare, text) {
        return Err(not_one(slot, &format!("it looks like {what}")));
    }
    if text.is_empty() {
        return Err(not_one(slot, "it is empty"));
    }
    if text.starts_with("Bearer") {
        return Err(not_one(slot, "it is a whole header: give the value alone"));
    }
    let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-');
    if let Some(at) = text.chars().position(|c| !fits(c)) {
        let place = at + 1;
        return Err(not_one(
            slot,
            &format!("character {place} is not one that Cloudflare's tokens have"),
        ));
    }
    let is_hex = text.chars().all(|c| c.is_ascii_hexdigit());
    if text.len() == GLOBAL_KEY && is_hex {
        return Err(not_one(
            slot,
            "it looks like the Global API Key, which may do everything in the account: make an API token",
        ));
    }
    if text.len() < LENGTH_MIN {
        let length = text.len();
        return Err(not_one(
            slot,
            &format!("it has {length} characters and seems to be cut off"),
        ));
    }
    Ok(())
}

fn not_one(slot: &SecretName, why: &str) -> Error {
    Error::usage(format!(
        "what was given for {slot} is not a Cloudflare API token"
    ))
    .because(why)
    .now("it was sent nowhere, and nothing was kept")
    .hint(format!("make one at {TOKENS_PAGE}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(value: &str) -> Option<String> {
        let slot = SecretName::new("CLOUDFLARE_TOKEN");
        let outcome = check_token(&slot, &Secret::new(value));
        outcome.err().and_then(|error| error.cause)
    }

    #[test]
    fn what_cannot_be_one_is_told_and_never_repeated() {
        let global = "0a".repeat(18) + "b";
        for (value, why) in [
            ("", "empty"),
            ("abc", "cut off"),
            (global.as_str(), "Global API Key"),
            ("rnd_0123456789012345678901234567", "Render"),
            ("Bearer abc", "whole header"),
            ("abc def", "character 4"),
            ("golive-sim-github-0a", "another provider"),
        ] {
            let cause = told(value).expect(value);
            assert!(cause.contains(why), "{value}: {cause}");
            assert!(value.is_empty() || !cause.contains(value));
        }
        assert_eq!(told(&"aB3_-".repeat(8)), None);
        assert_eq!(told("golive-sim-cloudflare-0a0a0a0a0a0a0a0a0a0a0a0a"), None);
    }
}
