//! What a GoDaddy token, key or secret looks like, before it is sent anywhere. GoDaddy documents no form, so only what
//! cannot be one is refused.

use crate::error::{Error, Result};
use crate::plan::Provider;
use crate::provider::guard::SIMULATED;
use crate::provider::token::foreign;
use crate::secret::{Secret, SecretName};

/// The shortest seen is a secret of 22 characters.
const LENGTH_MIN: usize = 16;

/// Refuses what cannot be one; also another provider's simulated token.
pub fn check_token(slot: &SecretName, value: &Secret) -> Result<()> {
    let text = value.expose();
    if let Some(rest) = text.strip_prefix(SIMULATED) {
        return match rest.strip_prefix("godaddy-") {
            Some(_) => Ok(()),
            None => Err(not_one(
                slot,
                "it is the simulator's token for another provider",
            )),
        };
    }
    if let Some(what) = foreign(Provider::GoDaddy, text) {
        return Err(not_one(slot, &format!("it looks like {what}")));
    }
    if text.is_empty() {
        return Err(not_one(slot, "it is empty"));
    }
    if text.starts_with("sso-key") || text.starts_with("Bearer") {
        return Err(not_one(slot, "it is a whole header: give the value alone"));
    }
    if let Some(at) = text.chars().position(|c| !c.is_ascii_graphic()) {
        let place = at + 1;
        return Err(not_one(
            slot,
            &format!("character {place} is not one that it can have"),
        ));
    }
    if text.contains(':') {
        return Err(not_one(
            slot,
            "it has a colon in it: key and secret are given one by one",
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
    let page = match slot.as_str() {
        "GODADDY_TOKEN" => "https://developer.godaddy.com/personal-access-token",
        _ => "https://developer.godaddy.com/keys",
    };
    Error::usage(format!("what was given for {slot} is not GoDaddy's"))
        .because(why)
        .now("it was sent nowhere, and nothing was kept")
        .hint(format!("make one at {page}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(slot: &str, value: &str) -> Option<String> {
        let outcome = check_token(&SecretName::new(slot), &Secret::new(value));
        outcome.err().and_then(|error| error.cause)
    }

    #[test]
    fn what_cannot_be_one_is_told_and_never_repeated() {
        for (value, why) in [
            ("", "empty"),
            ("short", "cut off"),
            ("ghp_0123456789abcdef0123", "GitHub"),
            ("sso-key abc:def", "whole header"),
            ("keykeykeykeykey:secretsecret", "one by one"),
            ("with a blank in its middle", "character 5"),
            (
                "golive-sim-render-0a0a0a0a0a0a0a0a0a0a0a0a",
                "another provider",
            ),
        ] {
            let cause = told("GODADDY_TOKEN", value).expect(value);
            assert!(cause.contains(why), "{value}: {cause}");
            assert!(value.is_empty() || !cause.contains(value));
        }
        assert_eq!(
            told("GODADDY_KEY", "dKbJ1234567890_AbCdEfGhIjKlMnOpQrSt"),
            None
        );
        assert_eq!(
            told(
                "GODADDY_TOKEN",
                "golive-sim-godaddy-0a0a0a0a0a0a0a0a0a0a0a0a"
            ),
            None
        );
    }
}
