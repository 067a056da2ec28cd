//! What the shape of a key for Atlas says before it is sent anywhere.

use crate::error::{Error, Result};
use crate::provider::guard;
use crate::secret::{Secret, SecretName};

const PAGE: &str = "<https://cloud.mongodb.com>, Organization → Access Manager → Applications";

/// The beginnings of other secrets, to say whose it is when one lands in the wrong field.
const FOREIGN: [(&str, &str); 11] = [
    ("mdb_sa_id_", "the client id of a service account"),
    ("mdb_sa_sk_", "the client secret of a service account"),
    ("mongodb", "the address of a database"),
    ("ghp_", "a GitHub token"),
    ("github_pat_", "a GitHub token"),
    ("gho_", "a GitHub token"),
    ("rnd_", "a Render API key"),
    ("sk_", "a Stripe secret key"),
    ("rk_", "a Stripe restricted key"),
    ("pk_", "a Stripe publishable key"),
    ("whsec_", "a Stripe webhook secret"),
];

/// What the shape says about one of Atlas' keys. A simulated one fits every field; which half it is only its world knows.
pub fn check_token(slot: &SecretName, value: &Secret) -> Result<()> {
    let text = value.expose();
    if text.is_empty() {
        return Err(Error::usage("the token is empty"));
    }
    if let Some(rest) = text.strip_prefix(guard::SIMULATED) {
        return match simulated_for(rest) {
            Some("atlas") => Ok(()),
            Some(other) => Err(not_it(
                slot,
                format!("it is the simulator's token for {other}"),
            )),
            None => Err(not_it(
                slot,
                "it is not a whole token of the simulator".into(),
            )),
        };
    }
    let fits = match slot.as_str() {
        "ATLAS_CLIENT_ID" => begins(text, "mdb_sa_id_", |rest| rest.len() == 24 && is_hex(rest)),
        "ATLAS_CLIENT_SECRET" => begins(text, "mdb_sa_sk_", |rest| {
            rest.len() >= 20 && rest.chars().all(is_plain)
        }),
        // 8 lower-case letters today; only what a user name of HTTP Digest cannot be is refused.
        "ATLAS_PUBLIC_KEY" => {
            foreign(text).is_none()
                && (6..=64).contains(&text.len())
                && text.chars().all(|c| c.is_ascii_alphanumeric())
        }
        _ => foreign(text).is_none() && text.len() >= 20 && text.chars().all(is_plain),
    };
    if fits {
        return Ok(());
    }
    Err(not_it(
        slot,
        match (foreign(text), expected(slot)) {
            (Some(what), _) if !text.starts_with(expected(slot)) => format!("it looks like {what}"),
            (_, prefix) if prefix.starts_with("mdb_") && !text.starts_with(prefix) => {
                format!("it does not begin with {prefix}")
            }
            _ => format!(
                "it has {} characters and is cut off, or holds one that Atlas' keys do not have",
                value.chars()
            ),
        },
    ))
}

/// The beginning that a slot's value has; a word that nothing begins with where it has none.
fn expected(slot: &SecretName) -> &'static str {
    match slot.as_str() {
        "ATLAS_CLIENT_ID" => "mdb_sa_id_",
        "ATLAS_CLIENT_SECRET" => "mdb_sa_sk_",
        _ => " ",
    }
}

fn foreign(text: &str) -> Option<&'static str> {
    let found = FOREIGN.iter().find(|(prefix, _)| text.starts_with(prefix));
    found.map(|(_, what)| *what)
}

fn begins(text: &str, prefix: &str, fits: impl Fn(&str) -> bool) -> bool {
    text.strip_prefix(prefix).is_some_and(fits)
}

fn is_hex(text: &str) -> bool {
    text.chars().all(|c| matches!(c, '0'..='9' | 'a'..='f'))
}

fn is_plain(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.')
}

/// The provider in `<provider>-<24 hex>`.
fn simulated_for(rest: &str) -> Option<&str> {
    let (provider, digits) = rest.rsplit_once('-')?;
    (!provider.is_empty() && digits.len() == 24 && is_hex(digits)).then_some(provider)
}

fn not_it(slot: &SecretName, cause: String) -> Error {
    let what = match slot.as_str() {
        "ATLAS_CLIENT_ID" => "the client id of an Atlas service account",
        "ATLAS_CLIENT_SECRET" => "the client secret of an Atlas service account",
        "ATLAS_PUBLIC_KEY" => "the public key of an Atlas API key",
        _ => "the private key of an Atlas API key",
    };
    Error::usage(format!("this is not {what}"))
        .because(cause)
        .now("nothing was kept")
        .hint(format!("see {PAGE}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(slot: &str, value: &str) -> Result<()> {
        check_token(&SecretName::new(slot), &Secret::new(value))
    }

    fn cause(slot: &str, value: &str) -> String {
        let error = check(slot, value).unwrap_err();
        assert!(!error.to_string().contains("canary"));
        error.cause.unwrap_or_default()
    }

    #[test]
    fn each_half_has_its_shape() {
        let hex = "0a".repeat(12);
        check("ATLAS_CLIENT_ID", &format!("mdb_sa_id_{hex}")).unwrap();
        check(
            "ATLAS_CLIENT_SECRET",
            &format!("mdb_sa_sk_{}", "aB-_9".repeat(8)),
        )
        .unwrap();
        check("ATLAS_PUBLIC_KEY", "abcdefgh").unwrap();
        check("ATLAS_PRIVATE_KEY", "0a1b2c3d-0a1b-2c3d-4e5f-0a1b2c3d4e5f").unwrap();
        for slot in [
            "ATLAS_CLIENT_ID",
            "ATLAS_CLIENT_SECRET",
            "ATLAS_PUBLIC_KEY",
            "ATLAS_PRIVATE_KEY",
        ] {
            check(slot, &format!("golive-sim-atlas-{hex}")).unwrap();
            assert!(check(slot, "").is_err());
        }
    }

    #[test]
    fn a_secret_in_the_wrong_field_is_named_and_never_shown() {
        let hex = "0a".repeat(12);
        assert_eq!(
            cause("ATLAS_CLIENT_SECRET", &format!("mdb_sa_id_{hex}canary")),
            "it looks like the client id of a service account"
        );
        assert_eq!(
            cause("ATLAS_CLIENT_ID", "sk_live_canary"),
            "it looks like a Stripe secret key"
        );
        assert_eq!(
            cause("ATLAS_PRIVATE_KEY", "mongodb+srv://canary:canary@host"),
            "it looks like the address of a database"
        );
        assert_eq!(
            cause("ATLAS_CLIENT_ID", "canary"),
            "it does not begin with mdb_sa_id_"
        );
        assert!(cause("ATLAS_CLIENT_ID", "mdb_sa_id_canary").starts_with("it has 16 characters"));
        assert_eq!(
            cause("ATLAS_PUBLIC_KEY", &format!("golive-sim-render-{hex}")),
            "it is the simulator's token for render"
        );
        assert_eq!(
            cause("ATLAS_PUBLIC_KEY", "golive-sim-atlas-canary"),
            "it is not a whole token of the simulator"
        );
    }
}
