//! What a GitHub token looks like, and which kind it is.

use crate::error::{Error, Result};
use crate::plan::Provider;
use crate::provider::token::foreign;
use crate::secret::Secret;

/// The kinds of token that GitHub's API takes (providers' prefixes of 2021 and later).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TokenKind {
    /// `ghp_`: a personal access token (classic); its scopes can be read.
    Classic,
    /// `github_pat_`: a fine-grained personal access token; its permissions cannot be listed.
    FineGrained,
    /// `gho_`: made by an OAuth app, such as the `gh` program.
    OAuth,
    /// `ghu_`: a GitHub App acting for a person.
    AppUser,
    /// `ghs_`: a GitHub App's installation, such as a workflow's own token.
    AppInstallation,
    /// Of golive's simulator; accepted by loopback addresses only.
    Simulated,
}

impl TokenKind {
    /// As shown to the operator.
    pub fn in_words(self) -> &'static str {
        match self {
            TokenKind::Classic => "personal access token (classic)",
            TokenKind::FineGrained => "fine-grained personal access token",
            TokenKind::OAuth => "OAuth token",
            TokenKind::AppUser => "GitHub App token of a person",
            TokenKind::AppInstallation => "GitHub App installation token",
            TokenKind::Simulated => "token of the simulator",
        }
    }
}

const GITHUB_PREFIXES: [(&str, TokenKind); 5] = [
    ("ghp_", TokenKind::Classic),
    ("github_pat_", TokenKind::FineGrained),
    ("gho_", TokenKind::OAuth),
    ("ghu_", TokenKind::AppUser),
    ("ghs_", TokenKind::AppInstallation),
];

impl TokenKind {
    /// What the prefix says; `None` for one that golive does not know, such as of an old server.
    pub fn of(token: &Secret) -> Option<TokenKind> {
        if simulated_provider(token) == Some("github") {
            return Some(TokenKind::Simulated);
        }
        let known = GITHUB_PREFIXES
            .iter()
            .find(|(prefix, _)| token.starts_with(prefix));
        known.map(|(_, kind)| *kind)
    }
}

/// What the shape says about a GitHub token. Length is only bounded from below: GitHub has announced that lengths
/// change, and installation tokens already carry a dotted body.
pub fn check_github(token: &Secret) -> Result<TokenKind> {
    match simulated_provider(token) {
        Some("github") => return Ok(TokenKind::Simulated),
        Some(other) => {
            return Err(not_github(format!(
                "it is the simulator's token for {other}"
            )));
        }
        None => {}
    }
    let text = token.expose();
    let Some((prefix, kind)) = GITHUB_PREFIXES.iter().find(|(p, _)| text.starts_with(p)) else {
        return Err(not_github(match foreign(Provider::GitHub, text) {
            Some(what) => format!("it looks like {what}"),
            None => "it begins with none of ghp_, github_pat_, gho_, ghu_, ghs_".to_owned(),
        }));
    };
    let body = &text[prefix.len()..];
    let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.');
    if let Some(at) = body.chars().position(|c| !fits(c)) {
        let place = prefix.len() + at + 1;
        return Err(not_github(format!(
            "character {place} is not one that GitHub's tokens have"
        )));
    }
    if body.len() < 30 {
        return Err(not_github(format!(
            "it has {} characters and seems to be cut off",
            text.len()
        )));
    }
    Ok(*kind)
}

fn not_github(cause: String) -> Error {
    Error::usage("this is not a GitHub token")
        .because(cause)
        .now("nothing was kept")
        .hint("make one at <https://github.com/settings/personal-access-tokens/new>")
}

/// The provider's name when the token is one of the simulator's (`golive-sim-<provider>-<24 hex>`). Only such
/// tokens may go to a loopback address, and they to no other.
pub fn simulated_provider(token: &Secret) -> Option<&str> {
    let rest = token.expose().strip_prefix("golive-sim-")?;
    let (provider, digits) = rest.rsplit_once('-')?;
    let hex = |c: char| matches!(c, '0'..='9' | 'a'..='f');
    let named = !provider.is_empty()
        && provider
            .chars()
            .all(|c| c.is_ascii_lowercase() || c == '-' || c == '_');
    (named && digits.len() == 24 && digits.chars().all(hex)).then_some(provider)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_kind_of_a_github_token_is_read_off_its_beginning() {
        let body = "a".repeat(36);
        for (prefix, kind) in GITHUB_PREFIXES {
            assert_eq!(
                check_github(&Secret::new(format!("{prefix}{body}"))).unwrap(),
                kind
            );
        }
        let dotted = format!("ghs_12345_{body}.{body}.{body}");
        assert_eq!(
            check_github(&Secret::new(dotted)).unwrap(),
            TokenKind::AppInstallation
        );
        let simulated = format!("golive-sim-github-{}", "0a".repeat(12));
        assert_eq!(
            check_github(&Secret::new(simulated)).unwrap(),
            TokenKind::Simulated
        );
    }

    #[test]
    fn a_token_in_the_wrong_field_is_named_and_never_shown() {
        let stripe = format!("sk_live_{}", "canary".repeat(6));
        let render = format!("golive-sim-render-{}", "0a".repeat(12));
        for (token, why) in [
            (
                stripe,
                "it looks like a Stripe secret key (live)".to_owned(),
            ),
            (render, "it is the simulator's token for render".to_owned()),
            (
                "ghp_canary".to_owned(),
                "it has 10 characters and seems to be cut off".to_owned(),
            ),
            (
                format!("ghp_{} canary", "a".repeat(30)),
                "character 35 is not one that GitHub's tokens have".to_owned(),
            ),
            (
                "canary".to_owned(),
                "it begins with none of ghp_, github_pat_, gho_, ghu_, ghs_".to_owned(),
            ),
        ] {
            let error = check_github(&Secret::new(token)).unwrap_err();
            assert_eq!(error.cause.as_deref(), Some(why.as_str()));
            assert!(!error.to_string().contains("canary"));
        }
    }

    #[test]
    fn only_the_exact_shape_is_a_simulator_token() {
        let hex = "0a".repeat(12);
        let of = |text: String| simulated_provider(&Secret::new(text)).map(str::to_owned);
        assert_eq!(
            of(format!("golive-sim-github-{hex}")).as_deref(),
            Some("github")
        );
        assert_eq!(
            of(format!("golive-sim-stripe-sk-test-{hex}")).as_deref(),
            Some("stripe-sk-test")
        );
        for wrong in [
            "golive-sim--",
            "golive-sim-github-0A",
            "golive-sim-git/hub-",
        ] {
            assert_eq!(of(format!("{wrong}{hex}")), None);
        }
        assert_eq!(of(format!("golive-sim-github-{hex}0")), None);
    }
}
