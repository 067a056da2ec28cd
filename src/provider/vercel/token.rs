//! What the shape says about a Vercel token. Vercel promises none, so only what surely is none is refused.

use super::refusal::TOKENS_PAGE;
use crate::error::{Error, Result};
use crate::plan::Provider;
use crate::provider::github::simulated_provider;
use crate::provider::token::foreign;
use crate::secret::Secret;

/// Tokens of 2018 and later have 24 characters and more.
const LENGTH_MIN: usize = 20;

/// What the shape says about a Vercel token.
pub fn check_token(value: &Secret) -> Result<()> {
    match simulated_provider(value) {
        Some("vercel") => return Ok(()),
        Some(other) => {
            return Err(not_vercel(format!(
                "it is the simulator's token for {other}"
            )));
        }
        None => {}
    }
    let text = value.expose();
    if let Some(what) = foreign(Provider::Vercel, text) {
        return Err(not_vercel(format!("it looks like {what}")));
    }
    let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.');
    if let Some(at) = text.chars().position(|c| !fits(c)) {
        return Err(not_vercel(format!(
            "character {} is not one that Vercel's tokens have",
            at + 1
        )));
    }
    if text.len() < LENGTH_MIN {
        return Err(not_vercel(format!(
            "it has {} characters and seems to be cut off",
            text.len()
        )));
    }
    Ok(())
}

fn not_vercel(cause: String) -> Error {
    Error::usage("this is not a Vercel token")
        .because(cause)
        .now("nothing was kept")
        .hint(format!("make one at <{TOKENS_PAGE}>"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_surely_is_no_vercel_token_is_named_and_never_shown() {
        let sim = |name: &str| format!("golive-sim-{name}-{}", "0a".repeat(12));
        for good in [
            "a".repeat(24),
            format!("vcp_{}", "aB3".repeat(10)),
            sim("vercel"),
        ] {
            assert!(check_token(&Secret::new(good)).is_ok());
        }
        for (token, why) in [
            (String::new(), "it has 0 characters"),
            ("canary".into(), "it has 6 characters"),
            (format!("canary {}", "a".repeat(24)), "character 7 "),
            (sim("render"), "the simulator's token for render"),
            (sim("github"), "the simulator's token for github"),
            (format!("ghp_canary{}", "a".repeat(36)), "a GitHub token"),
            (format!("rnd_canary{}", "a".repeat(36)), "a Render API key"),
            (
                format!("sk_live_canary{}", "a".repeat(36)),
                "a Stripe secret key",
            ),
        ] {
            let error = check_token(&Secret::new(token)).unwrap_err();
            let cause = error.cause.clone().unwrap_or_default();
            assert!(cause.contains(why), "{cause}");
            assert!(!error.to_string().contains("canary"));
        }
    }
}
