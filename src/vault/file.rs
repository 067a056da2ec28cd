//! A file under a passphrase, `.golive/vault.age`: the choice for machines without a keyring.
//!
//! The whole content is one age file (scrypt, format age-encryption.org/v1), which `age -d` opens as well. Every
//! write replaces it whole, under a lock file of its own, after reading it again: two golives on one launch lose
//! nothing of each other.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use age::secrecy::SecretString;
use age::{DecryptError, scrypt};
use futures::FutureExt;
use futures::future::BoxFuture;
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::deadline::{NoAnswer, Worker};
use crate::error::{Error, Result};
use crate::seam::clock::Clock;
use crate::seam::disk::{Disk, Holder, Lock, Locking};
use crate::seam::vault::Vault;
use crate::secret::{Secret, SecretName};

/// scrypt's N is two to this power: 2^17 (128 MiB, about half a second) is the first choice of OWASP's password
/// storage cheat sheet for r = 8, p = 1, which age uses.
pub const WORK_FACTOR: u8 = 17;
/// A file that asks for more would take minutes and gigabytes; age's own programs write 18.
const WORK_FACTOR_MAX: u8 = 20;
/// Opening or writing takes about a second; a slow machine or a network disk may take many.
const DEADLINE: Duration = Duration::from_secs(60);
/// Another golive holds the lock for one read and one write of the file: a few seconds at most.
const LOCK_TRIES_MAX: u32 = 200;
const LOCK_PAUSE: Duration = Duration::from_millis(50);

/// Where the file is, and who writes it.
#[derive(Clone)]
pub struct Place {
    pub disk: Arc<dyn Disk>,
    /// `.golive/vault.age`; its lock file stands beside it as `vault.age.lock`.
    pub path: PathBuf,
    /// The launch's id: a file of another launch is refused.
    pub launch: String,
    /// This process, for another golive to show while this one writes.
    pub holder: Holder,
}

pub struct FileVault {
    store: Arc<Store>,
    clock: Arc<dyn Clock>,
    worker: Worker,
}

impl FileVault {
    /// Opens the file with the passphrase, which proves it. No file yet is fine: the first kept secret makes it.
    ///
    /// `work_factor` is [`WORK_FACTOR`] but for tests. `clock` must run in real time.
    pub async fn open(
        place: Place,
        passphrase: Secret,
        clock: Arc<dyn Clock>,
        work_factor: u8,
    ) -> Result<Self> {
        if passphrase.is_empty() {
            return Err(Error::vault("the vault file needs a passphrase")
                .because("the one given is empty")
                .hint("type one, or name a file in GOLIVE_VAULT_PASSPHRASE_FILE"));
        }
        let vault = Self {
            worker: Worker::new("vault file", clock.clone(), DEADLINE),
            clock,
            store: Arc::new(Store {
                place,
                passphrase,
                work_factor: work_factor.clamp(1, WORK_FACTOR_MAX),
                last: Mutex::new(None),
            }),
        };
        vault.on_store(|store| store.read().map(|_| ())).await?;
        Ok(vault)
    }

    async fn on_store<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Store) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let store = self.store.clone();
        let answer = self.worker.call(move || work(&store)).await;
        answer.unwrap_or_else(|why| {
            let cause = match why {
                NoAnswer::InTime(deadline) => {
                    format!("the disk gave no answer within {} s", deadline.as_secs())
                }
                NoAnswer::Ended => "the thread that reads and writes it ended".to_owned(),
            };
            Err(self.store.refused("could not be used").because(cause))
        })
    }

    async fn change(
        &self,
        change: impl FnOnce(&mut Secrets) -> bool + Send + 'static,
    ) -> Result<()> {
        let lock = self.lock().await?;
        self.on_store(move |store| {
            // Given back when the write is done, also if nobody waits for that any more.
            let _lock = lock;
            store.change(change)
        })
        .await
    }

    async fn lock(&self) -> Result<Box<dyn Lock>> {
        let Place {
            disk, path, holder, ..
        } = &self.store.place;
        if let Some(folder) = path.parent() {
            // `golive login` may come before anything else has made the folder.
            disk.create_dir(folder)
                .map_err(|error| self.store.refused("has no folder").because(error))?;
        }
        let path = lock_path(path);
        let mut other = None;
        for _ in 0..LOCK_TRIES_MAX {
            match disk.lock(&path, holder) {
                Ok(Locking::Held(lock)) => return Ok(lock),
                Ok(Locking::Busy(holder)) => other = holder,
                Err(error) => return Err(self.store.refused("could not be locked").because(error)),
            }
            self.clock.sleep(LOCK_PAUSE).await;
        }
        let who = other.map_or("another golive".to_owned(), |holder| {
            format!("golive with process id {} on {}", holder.pid, holder.host)
        });
        Err(self
            .store
            .refused("is being written")
            .because(format!("{who} holds it"))
            .now("nothing was changed")
            .hint("wait until it has ended, then try again"))
    }
}

impl Vault for FileVault {
    fn get<'a>(&'a self, slot: &'a SecretName) -> BoxFuture<'a, Result<Option<Secret>>> {
        let slot = slot.clone();
        self.on_store(move |store| Ok(store.read()?.get(&slot).cloned()))
            .boxed()
    }

    fn set<'a>(&'a self, slot: &'a SecretName, value: &'a Secret) -> BoxFuture<'a, Result<()>> {
        let (slot, value) = (slot.clone(), value.clone());
        self.change(move |secrets| {
            let before = secrets.insert(slot, value.clone());
            before.is_none_or(|before| !before.same_as(&value))
        })
        .boxed()
    }

    fn remove<'a>(&'a self, slot: &'a SecretName) -> BoxFuture<'a, Result<()>> {
        let slot = slot.clone();
        self.change(move |secrets| secrets.remove(&slot).is_some())
            .boxed()
    }

    fn describe(&self) -> String {
        format!(
            "file {}, under a passphrase",
            self.store.place.path.display()
        )
    }
}

fn lock_path(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".lock");
    PathBuf::from(name)
}

type Secrets = BTreeMap<SecretName, Secret>;

/// The plain content, inside the encryption.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Content {
    schema: u32,
    launch: String,
    secrets: BTreeMap<SecretName, String>,
}

const SCHEMA: u32 = 1;

struct Store {
    place: Place,
    passphrase: Secret,
    work_factor: u8,
    /// The file as last seen with what is in it: opening costs half a second, and most looks find it unchanged.
    last: Mutex<Option<(Vec<u8>, Secrets)>>,
}

impl Store {
    fn read(&self) -> Result<Secrets> {
        let bytes = self
            .place
            .disk
            .read(&self.place.path)
            .map_err(|error| self.refused("could not be read").because(error))?;
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(bytes) = bytes else {
            *last = None;
            return Ok(Secrets::new());
        };
        if let Some((seen, secrets)) = last.as_ref()
            && *seen == bytes
        {
            return Ok(secrets.clone());
        }
        let secrets = self.decrypted(&bytes)?;
        *last = Some((bytes, secrets.clone()));
        Ok(secrets)
    }

    /// `change` says whether it changed anything; if not, nothing is written.
    fn change(&self, change: impl FnOnce(&mut Secrets) -> bool) -> Result<()> {
        let mut secrets = self.read()?;
        if !change(&mut secrets) {
            return Ok(());
        }
        let bytes = self.encrypted(&secrets)?;
        let Place { disk, path, .. } = &self.place;
        let not_written = |cause: &dyn std::fmt::Display| {
            self.refused("could not be written")
                .because(cause)
                .now("the file is as it was")
                .hint("free some space or make the folder writable, then try again")
        };
        disk.replace(path, &bytes)
            .map_err(|error| not_written(&error))?;
        match disk.read(path) {
            Ok(Some(kept)) if kept == bytes => {}
            Ok(_) => return Err(self.refused("was read back changed")),
            Err(error) => {
                return Err(self.refused("could not be read back").because(error));
            }
        }
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        *last = Some((bytes, secrets));
        Ok(())
    }

    fn encrypted(&self, secrets: &Secrets) -> Result<Vec<u8>> {
        let failed = |error: &dyn std::fmt::Display| {
            self.refused("could not be encrypted")
                .because(error)
                .now("the file is as it was")
        };
        let content = Clear {
            schema: SCHEMA,
            launch: &self.place.launch,
            secrets: secrets
                .iter()
                .map(|(name, value)| (name, value.expose()))
                .collect(),
        };
        let plain = Zeroizing::new(serde_json::to_vec(&content).map_err(|error| failed(&error))?);
        let mut recipient = scrypt::Recipient::new(self.passphrase());
        recipient.set_work_factor(self.work_factor);
        age::encrypt(&recipient, &plain).map_err(|error| failed(&error))
    }

    fn decrypted(&self, bytes: &[u8]) -> Result<Secrets> {
        let mut identity = scrypt::Identity::new(self.passphrase());
        identity.set_max_work_factor(WORK_FACTOR_MAX);
        let plain = age::decrypt(&identity, bytes)
            .map(Zeroizing::new)
            .map_err(|error| self.not_opened(&error))?;
        // A parser's message may quote what it read, so only its place is told.
        let content: Content = serde_json::from_slice(&plain).map_err(|error| {
            self.damaged(format!(
                "its content is not golive's (byte {})",
                error.column()
            ))
        })?;
        if content.schema != SCHEMA {
            return Err(self
                .refused("cannot be used")
                .because(format!(
                    "it was written by a newer golive (schema {})",
                    content.schema
                ))
                .hint("use that golive"));
        }
        if content.launch != self.place.launch {
            return Err(self
                .refused("cannot be used")
                .because(format!(
                    "it belongs to the launch {}, and this is {}",
                    content.launch, self.place.launch
                ))
                .hint("move the file away, or start golive in the folder of that launch"));
        }
        Ok(content
            .secrets
            .into_iter()
            .map(|(name, value)| (name, Secret::new(value)))
            .collect())
    }

    fn passphrase(&self) -> SecretString {
        SecretString::from(self.passphrase.expose().to_owned())
    }

    fn not_opened(&self, error: &DecryptError) -> Error {
        match error {
            DecryptError::NoMatchingKeys
            | DecryptError::DecryptionFailed
            | DecryptError::KeyDecryptionFailed => self
                .refused("was not opened")
                .because("the passphrase is not the one it was made with, or its head is damaged")
                .now("the file is untouched")
                .hint(
                    "try the passphrase again; without it the secrets are lost: move the file away and \
                     enter them anew, or choose `--vault keyring`",
                ),
            DecryptError::ExcessiveWork { required, .. } => self
                .refused("was not opened")
                .because(format!(
                    "it asks for 2^{required} rounds of work; golive does at most 2^{WORK_FACTOR_MAX}"
                ))
                .now("the file is untouched")
                .hint("check where the file comes from"),
            DecryptError::Io(error) if error.kind() == io::ErrorKind::UnexpectedEof => {
                self.damaged("it ends too early".to_owned())
            }
            _ => self.damaged("it is no whole age file".to_owned()),
        }
    }

    fn damaged(&self, cause: String) -> Error {
        self.refused("is damaged")
            .because(cause)
            .now("the file is untouched")
            .hint("put a backup in its place, or move it away and enter the secrets anew")
    }

    fn refused(&self, what: &str) -> Error {
        Error::vault(format!(
            "the vault file {} {what}",
            self.place.path.display()
        ))
        .hint("choose another place with `--vault keyring` or `--vault env`")
    }
}

/// `Content` on its way out, without copies of the values.
#[derive(Serialize)]
struct Clear<'a> {
    schema: u32,
    launch: &'a str,
    secrets: BTreeMap<&'a SecretName, &'a str>,
}

#[cfg(test)]
mod tests;
