//! Opens the vault that the operator chose. Nothing falls back to another one.

use std::ffi::OsString;
use std::sync::Arc;
use std::time::Duration;

use super::place::{Place, holder};
use crate::cli::{Global, VaultChoice};
use crate::clock::Wall;
use crate::error::{Error, Result};
use crate::seam::clock::Clock;
use crate::seam::vault::Vault;
use crate::secret::Secret;
use crate::vault::environment::{EnvironmentVault, Lookup};
use crate::vault::file::{FileVault, Place as FilePlace, WORK_FACTOR};
use crate::vault::keyring::{DEADLINE_HEADLESS, DEADLINE_INTERACTIVE, KeyringVault};
use crate::vault::layered::LayeredVault;
use crate::vault::passphrase;

/// A pipe with the passphrase that nobody writes to is given up after this.
const PASSPHRASE_DEADLINE: Duration = Duration::from_secs(10);

/// The process's own environment.
pub fn environment() -> Lookup {
    Arc::new(|name: &str| -> Option<OsString> { std::env::var_os(name) })
}

/// The vault of this launch: the chosen one, and behind it variables that only lend.
pub async fn open(global: &Global, place: &Place, interactive: bool) -> Result<Arc<dyn Vault>> {
    let lent = EnvironmentVault::new(environment());
    let deadline = if interactive {
        DEADLINE_INTERACTIVE
    } else {
        DEADLINE_HEADLESS
    };
    let main: Arc<dyn Vault> = match global.vault {
        VaultChoice::Env => return Ok(Arc::new(lent)),
        VaultChoice::Keyring => {
            let service = format!("golive/{}", place.launch.id);
            Arc::new(KeyringVault::open(service, Arc::new(Wall), deadline).await?)
        }
        VaultChoice::File => {
            let path = place.paths.folder.join("vault.age");
            let file = FilePlace {
                disk: place.disk.clone(),
                path: path.clone(),
                launch: place.launch.id.clone(),
                holder: holder(Wall.now()),
            };
            let given =
                passphrase::from_environment(&environment(), Arc::new(Wall), PASSPHRASE_DEADLINE)
                    .await?;
            let passphrase = match given {
                Some(passphrase) => passphrase,
                None if interactive => ask_passphrase(!path.exists())?,
                None => return Err(no_passphrase()),
            };
            Arc::new(FileVault::open(file, passphrase, Arc::new(Wall), WORK_FACTOR).await?)
        }
    };
    Ok(Arc::new(LayeredVault::new(main, lent)))
}

fn no_passphrase() -> Error {
    Error::usage("the vault file needs its passphrase")
        .because("there is no terminal to type it on")
        .hint("GOLIVE_VAULT_PASSPHRASE_FILE=FILE, or GOLIVE_VAULT_PASSPHRASE_FD=3 with an open descriptor")
}

fn ask_passphrase(new: bool) -> Result<Secret> {
    let theme = dialoguer::theme::SimpleTheme;
    let prompt = dialoguer::Password::with_theme(&theme);
    let prompt = if new {
        prompt
            .with_prompt("New passphrase for .golive/vault.age")
            .with_confirmation("Once more", "They differ.")
    } else {
        prompt.with_prompt("Passphrase of .golive/vault.age")
    };
    let typed = prompt.interact();
    typed
        .map(Secret::new)
        .map_err(|error| Error::vault("no passphrase was given").because(error))
}
