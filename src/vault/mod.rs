//! Where secrets are kept: the OS keyring, a file under a passphrase, variables, or memory; and the launch's fingerprint key.
//!
//! A vault that fails is an error. golive never turns to another store by itself and never writes a secret in clear.

mod deadline;
pub mod dotenv;
pub mod environment;
pub mod file;
pub mod keyring;
pub mod layered;
pub mod memory;
pub mod passphrase;
pub mod redact;
pub mod shape;
pub mod ways_in;

use crate::error::{Error, Result};
use crate::seam::vault::Vault;
use crate::secret::{Secret, SecretName};

/// The name under which a launch's fingerprint key is kept, one per launch and machine.
pub const FINGERPRINT_KEY: &str = "golive.FINGERPRINT_KEY";

/// Bytes of the fingerprint key: as long as the hash it keys.
const KEY_BYTES: usize = 32;

/// The key that fingerprints are made with: random, kept in the vault, made once.
pub struct Fingerprints;

impl Fingerprints {
    /// The key as 64 hex digits. `expected` says that the state already holds fingerprints: a key that is then
    /// missing gives `None` (the step says "secret missing") and is never made anew, for with another key every
    /// kept secret would look changed. Not expected and missing: it is made and kept.
    pub async fn key(vault: &dyn Vault, expected: bool) -> Result<Option<Secret>> {
        let slot = SecretName::new(FINGERPRINT_KEY);
        if let Some(key) = vault.get(&slot).await? {
            return well_formed(key).map(Some);
        }
        if expected {
            return Ok(None);
        }
        vault
            .set(&slot, &Secret::new(random_hex(KEY_BYTES)?))
            .await?;
        // Read again: if another golive made one in the same moment, both go on with the one that was kept.
        match vault.get(&slot).await? {
            Some(key) => well_formed(key).map(Some),
            None => Err(
                Error::vault("the fingerprint key is gone right after it was kept")
                    .because(format!(
                        "{} has no {FINGERPRINT_KEY} any more",
                        vault.describe()
                    ))
                    .hint("golive doctor"),
            ),
        }
    }
}

fn well_formed(key: Secret) -> Result<Secret> {
    let text = key.expose();
    if text.len() == 2 * KEY_BYTES && text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return Ok(key);
    }
    Err(Error::vault(format!("{FINGERPRINT_KEY} cannot be used"))
        .because(format!("it must be {} hex digits", 2 * KEY_BYTES))
        .now("nothing was changed")
        .hint("restore the entry from the machine or backup that the launch was started with"))
}

/// `bytes` random bytes of the operating system, as hex.
fn random_hex(bytes: usize) -> Result<String> {
    let mut random = vec![0; bytes];
    getrandom::fill(&mut random).map_err(|error| {
        Error::failed("the operating system gave no random bytes").because(error)
    })?;
    Ok(hex(&random))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::memory::MemoryVault;
    use super::*;

    #[tokio::test]
    async fn the_fingerprint_key_is_made_once() {
        let vault = MemoryVault::new();
        let key = Fingerprints::key(&vault, false).await.unwrap().unwrap();
        assert_eq!(key.chars(), 64);
        for expected in [true, false] {
            let again = Fingerprints::key(&vault, expected).await.unwrap().unwrap();
            assert!(again.same_as(&key));
        }
        let other = Fingerprints::key(&MemoryVault::new(), false).await.unwrap();
        assert!(!other.unwrap().same_as(&key));
    }

    #[tokio::test]
    async fn a_key_that_the_state_relies_on_is_never_made_anew() {
        let vault = MemoryVault::new();
        assert!(Fingerprints::key(&vault, true).await.unwrap().is_none());
        assert_eq!(vault.snapshot().names().count(), 0);
    }

    #[tokio::test]
    async fn a_damaged_key_is_refused_and_stays() {
        let vault = MemoryVault::new();
        let slot = SecretName::new(FINGERPRINT_KEY);
        vault.set(&slot, &Secret::new("canary")).await.unwrap();
        let error = Fingerprints::key(&vault, false).await.unwrap_err();
        assert_eq!(error.kind.exit_code(), 77);
        assert!(!error.to_string().contains("canary"));
        let kept = vault.snapshot();
        assert!(kept.get(&slot).unwrap().same_as(&Secret::new("canary")));
    }
}
