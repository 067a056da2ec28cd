//! What a Render API key looks like, before it is sent anywhere.

use crate::error::{Error, Result};
use crate::plan::Provider;
use crate::provider::guard::SIMULATED;
use crate::provider::token::foreign;
use crate::secret::Secret;

const PREFIX: &str = "rnd_";
/// Render does not say how long a key is; those seen have 28 characters after the prefix.
const BODY_MIN: usize = 20;

/// What the shape says about a Render API key; also the simulator's form, `golive-sim-render-<24 hex>`.
pub fn check_token(value: &Secret) -> Result<()> {
    let text = value.expose();
    if let Some(rest) = text.strip_prefix(SIMULATED) {
        return simulated(rest);
    }
    let Some(body) = text.strip_prefix(PREFIX) else {
        return Err(not_render(match foreign(Provider::Render, text) {
            Some(what) => format!("it looks like {what}"),
            None if text.is_empty() => "it is empty".into(),
            None => format!("it does not begin with {PREFIX}"),
        }));
    };
    let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-');
    if let Some(at) = body.chars().position(|c| !fits(c)) {
        let place = PREFIX.len() + at + 1;
        return Err(not_render(format!(
            "character {place} is not one that Render's keys have"
        )));
    }
    if body.len() < BODY_MIN {
        return Err(not_render(format!(
            "it has {} characters and seems to be cut off",
            text.len()
        )));
    }
    Ok(())
}

/// `rest` is what follows `golive-sim-`.
fn simulated(rest: &str) -> Result<()> {
    let hex = |digits: &str| {
        digits.len() == 24 && digits.chars().all(|c| matches!(c, '0'..='9' | 'a'..='f'))
    };
    match rest.rsplit_once('-') {
        Some(("render", digits)) if hex(digits) => Ok(()),
        Some((other, digits)) if hex(digits) && other.chars().all(|c| c.is_ascii_lowercase()) => {
            Err(not_render(format!(
                "it is the simulator's token for {other}"
            )))
        }
        _ => Err(not_render("it is no whole token of the simulator".into())),
    }
}

fn not_render(cause: String) -> Error {
    Error::usage("this is not a Render API key")
        .because(cause)
        .now("nothing was kept")
        .hint("make one at <https://dashboard.render.com/u/settings#api-keys>")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn why(text: &str) -> Option<String> {
        let error = check_token(&Secret::new(text)).err()?;
        assert!(!error.to_string().contains("canary"));
        error.cause
    }

    #[test]
    fn a_render_key_and_the_simulators_are_taken() {
        assert_eq!(why(&format!("rnd_{}", "a".repeat(28))), None);
        assert_eq!(why(&format!("golive-sim-render-{}", "0a".repeat(12))), None);
    }

    #[test]
    fn a_token_in_the_wrong_field_is_named_and_never_shown() {
        let told = |text: &str, expected: &str| assert_eq!(why(text).as_deref(), Some(expected));
        told("ghp_canary", "it looks like a GitHub token");
        told("sk_live_canary", "it looks like a Stripe secret key (live)");
        told("canary", "it does not begin with rnd_");
        told("", "it is empty");
        told("rnd_canary", "it has 10 characters and seems to be cut off");
        told(
            &format!("rnd_{} canary", "a".repeat(28)),
            "character 33 is not one that Render's keys have",
        );
        told(
            &format!("golive-sim-github-{}", "0a".repeat(12)),
            "it is the simulator's token for github",
        );
        told("golive-sim-canary", "it is no whole token of the simulator");
    }
}
