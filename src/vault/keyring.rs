//! The OS keyring: service `golive/<launch id>`, one entry per name, every call under a deadline.
//!
//! The store behind it is made once per process by the `keyring` crate: a service that was absent at the first
//! call stays absent until golive is started again.

use std::sync::Arc;
use std::time::Duration;

use futures::FutureExt;
use futures::future::BoxFuture;
use keyring::Entry;

use super::deadline::{NoAnswer, Worker};
use super::random_hex;
use crate::error::{Error, Result};
use crate::seam::clock::Clock;
use crate::seam::vault::Vault;
use crate::secret::{Secret, SecretName};
use crate::text::strip_controls;

/// How long the keyring may take when nobody is there to unlock it.
pub const DEADLINE_HEADLESS: Duration = Duration::from_secs(5);
/// How long it may take while a person types the keyring's password.
pub const DEADLINE_INTERACTIVE: Duration = Duration::from_secs(60);

#[cfg(target_os = "macos")]
const STORE: &str = "Keychain";
#[cfg(not(target_os = "macos"))]
const STORE: &str = "Secret Service";

const CHOICES: &str = "unlock the keyring and try again, or keep the secrets elsewhere: \
`--vault file` (a file under a passphrase) or `--vault env` (variables, read only)";

pub struct KeyringVault {
    service: String,
    worker: Worker,
}

impl KeyringVault {
    /// Opens and proves the keyring: a canary entry is written, read back and deleted. A store that merely opens
    /// is no proof; three kinds of them open well and keep nothing.
    ///
    /// `service` is `golive/<launch id>`. `clock` must run in real time.
    pub async fn open(
        service: impl Into<String>,
        clock: Arc<dyn Clock>,
        deadline: Duration,
    ) -> Result<Self> {
        let vault = Self {
            service: service.into(),
            worker: Worker::new("keyring", clock, deadline),
        };
        vault.prove().await?;
        Ok(vault)
    }

    async fn prove(&self) -> Result<()> {
        let canary = Canary::new(&self.service)?;
        let doing = "use the OS keyring";
        let proved = self.on_thread(doing, move || canary.prove()).await?;
        proved.map_err(|refusal| refused(doing, refusal))
    }

    /// Runs `work` in the keyring's own thread. The inner `Err` is the keyring's refusal in words.
    async fn on_thread<T: Send + 'static>(
        &self,
        doing: &str,
        work: impl FnOnce() -> Result<T, Refusal> + Send + 'static,
    ) -> Result<Result<T, Refusal>> {
        let answer = self.worker.call(work).await;
        answer.map_err(|why| no_answer(doing, why))
    }

    async fn on_entry<T: Send + 'static>(
        &self,
        slot: &SecretName,
        doing: &str,
        work: impl FnOnce(&Entry) -> Result<T, Refusal> + Send + 'static,
    ) -> Result<Result<T, Refusal>> {
        let (service, user) = (self.service.clone(), slot.as_str().to_owned());
        let work = move || work(&Entry::new(&service, &user)?);
        self.on_thread(doing, work).await
    }
}

/// An entry of random name and value that proves that the keyring keeps things. The name is its own, because two
/// golives that open the keyring at once must not see each other's.
struct Canary {
    service: String,
    user: String,
    value: Secret,
}

impl Canary {
    fn new(service: &str) -> Result<Self> {
        Ok(Self {
            service: service.to_owned(),
            user: format!("golive.CANARY-{}", random_hex(4)?),
            value: Secret::new(random_hex(16)?),
        })
    }

    /// Writes, reads back and deletes it.
    fn prove(&self) -> Result<(), Refusal> {
        let entry = Entry::new(&self.service, &self.user)?;
        entry.set_password(self.value.expose())?;
        let kept = entry.get_password().map(Secret::new);
        entry.delete_credential()?;
        if kept?.same_as(&self.value) {
            return Ok(());
        }
        Err(Refusal::Words(READ_BACK_CHANGED.to_owned()))
    }
}

/// `None` when the entry is not there. Some services say so while they are locked, so it is believed only of one that
/// keeps a canary; and proving that may have unlocked it, so the entry is looked for again.
fn if_there<T>(
    entry: &Entry,
    canary: &Canary,
    work: impl Fn(&Entry) -> keyring::Result<T>,
) -> Result<Option<T>, Refusal> {
    match work(entry) {
        Err(keyring::Error::NoEntry) => {}
        other => return Ok(Some(other?)),
    }
    canary.prove()?;
    match work(entry) {
        Err(keyring::Error::NoEntry) => Ok(None),
        other => Ok(Some(other?)),
    }
}

const READ_BACK_CHANGED: &str = "what was written was read back changed";

impl Vault for KeyringVault {
    fn get<'a>(&'a self, slot: &'a SecretName) -> BoxFuture<'a, Result<Option<Secret>>> {
        async move {
            let doing = format!("read {slot} from the OS keyring");
            let canary = Canary::new(&self.service)?;
            let read = self
                .on_entry(slot, &doing, move |entry| {
                    if_there(entry, &canary, |entry| {
                        entry.get_password().map(Secret::new)
                    })
                })
                .await?;
            read.map_err(|refusal| refused(&doing, refusal))
        }
        .boxed()
    }

    fn set<'a>(&'a self, slot: &'a SecretName, value: &'a Secret) -> BoxFuture<'a, Result<()>> {
        async move {
            let doing = format!("keep {slot} in the OS keyring");
            let value = value.clone();
            let kept = self
                .on_entry(slot, &doing, move |entry| {
                    entry.set_password(value.expose())?;
                    let kept = Secret::new(entry.get_password()?);
                    Ok(kept.same_as(&value))
                })
                .await?;
            match kept {
                Ok(true) => Ok(()),
                Ok(false) => Err(refused(&doing, READ_BACK_CHANGED)),
                Err(refusal) => Err(refused(&doing, refusal)),
            }
        }
        .boxed()
    }

    fn remove<'a>(&'a self, slot: &'a SecretName) -> BoxFuture<'a, Result<()>> {
        async move {
            let doing = format!("remove {slot} from the OS keyring");
            let canary = Canary::new(&self.service)?;
            let removed = self
                .on_entry(slot, &doing, move |entry| {
                    if_there(entry, &canary, Entry::delete_credential)
                })
                .await?;
            removed
                .map(|_| ())
                .map_err(|refusal| refused(&doing, refusal))
        }
        .boxed()
    }

    fn describe(&self) -> String {
        format!("OS keyring \"{}\", {STORE}", self.service)
    }
}

/// What the keyring answered, in words. Made at the border, because the crate's own errors carry the bytes of the
/// entry in some variants and print them.
#[derive(Debug)]
enum Refusal {
    NoEntry,
    Words(String),
}

impl From<keyring::Error> for Refusal {
    fn from(error: keyring::Error) -> Self {
        use keyring::Error as E;
        let words = match &error {
            E::NoEntry => return Refusal::NoEntry,
            E::PlatformFailure(cause) => in_words("the keyring service failed", cause.as_ref()),
            E::NoStorageAccess(cause) => in_words(
                "the keyring is locked, or it refused access",
                cause.as_ref(),
            ),
            E::BadEncoding(_) => "the entry holds bytes that are not text".to_owned(),
            E::BadDataFormat(..) => "the entry is damaged".to_owned(),
            E::BadStoreFormat(_) => "the keyring's own store is damaged".to_owned(),
            E::TooLong(_, limit) => {
                format!("it is longer than the {limit} characters the keyring takes")
            }
            E::Invalid(..) => "the keyring does not take this name".to_owned(),
            E::Ambiguous(entries) => format!(
                "{} entries of the keyring match; remove all but one in the keyring's own program",
                entries.len()
            ),
            E::NoDefaultStore => match Entry::store_status() {
                Err(E::PlatformFailure(cause) | E::NoStorageAccess(cause)) => {
                    in_words("no keyring service was found", cause.as_ref())
                }
                _ => "no keyring service was found".to_owned(),
            },
            E::NotSupportedByStore(_) => "the keyring cannot do this".to_owned(),
            // The enum may grow, and a new variant could carry the value as well.
            _ => "the keyring gave an error that golive does not know".to_owned(),
        };
        Refusal::Words(words)
    }
}

impl std::fmt::Display for Refusal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Refusal::NoEntry => f.write_str("the entry is gone again right after it was written"),
            Refusal::Words(words) => f.write_str(words),
        }
    }
}

/// A platform error in words. These come from D-Bus or the system and hold no entry.
fn in_words(what: &str, cause: &dyn std::error::Error) -> String {
    let cause = strip_controls(&cause.to_string());
    let short: String = cause.chars().take(200).collect();
    format!("{what} ({})", short.trim())
}

fn refused(doing: &str, cause: impl std::fmt::Display) -> Error {
    Error::vault(format!("golive could not {doing}"))
        .because(cause)
        .hint(CHOICES)
}

fn no_answer(doing: &str, why: NoAnswer) -> Error {
    let error = Error::vault(format!("golive could not {doing}")).hint(CHOICES);
    match why {
        NoAnswer::InTime(deadline) => error
            .because(format!(
                "it gave no answer within {} s; it may be waiting for its password, or hang",
                deadline.as_secs_f32()
            ))
            .now("golive no longer waits; the keyring may still do what it was asked"),
        NoAnswer::Ended => error.because("the thread that talks to the keyring ended"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bytes_of_an_entry_never_reach_an_error() {
        let bytes = b"canary-0123".to_vec();
        let listed = format!("{bytes:?}");
        for error in [
            keyring::Error::BadEncoding(bytes.clone()),
            keyring::Error::BadDataFormat(bytes.clone(), "canary-0123".into()),
            keyring::Error::BadStoreFormat("canary-0123".into()),
            keyring::Error::Invalid("user".into(), "canary-0123".into()),
            keyring::Error::NotSupportedByStore("canary-0123".into()),
        ] {
            let shown = refused("read it", Refusal::from(error)).to_string();
            assert!(!shown.contains("canary-0123"), "{shown}");
            assert!(!shown.contains(&listed), "{shown}");
            assert!(
                shown.contains("--vault file") && shown.contains("--vault env"),
                "{shown}"
            );
        }
    }

    #[test]
    fn a_locked_keyring_says_so_in_one_clean_line() {
        let cause = "prompt\u{1b}[31m\ndismissed".to_owned();
        let refusal = Refusal::from(keyring::Error::NoStorageAccess(cause.into()));
        assert_eq!(
            refusal.to_string(),
            "the keyring is locked, or it refused access (prompt dismissed)"
        );
    }

    #[test]
    fn silence_is_told_with_its_deadline() {
        let error = no_answer("read it", NoAnswer::InTime(Duration::from_secs(5)));
        assert_eq!(error.kind.exit_code(), 77);
        assert!(error.cause.unwrap().contains("within 5 s"));
    }
}
