//! The vault: where secrets are kept, under their slot names.

use futures::future::BoxFuture;

use crate::error::Result;
use crate::secret::{Secret, SecretName};

/// Every call returns within its deadline, whatever the service behind it does. Errors are of kind `Vault` and
/// never carry a value.
pub trait Vault: Send + Sync {
    /// `None` when the vault works and has nothing under that name.
    fn get<'a>(&'a self, slot: &'a SecretName) -> BoxFuture<'a, Result<Option<Secret>>>;

    /// Whether a value is kept there, and not only lent by an environment variable.
    fn keeps<'a>(&'a self, slot: &'a SecretName) -> BoxFuture<'a, Result<bool>> {
        Box::pin(async move { Ok(self.get(slot).await?.is_some()) })
    }

    /// Kept, and read back equal, once this returns.
    fn set<'a>(&'a self, slot: &'a SecretName, value: &'a Secret) -> BoxFuture<'a, Result<()>>;

    /// Removing what is not there is fine.
    fn remove<'a>(&'a self, slot: &'a SecretName) -> BoxFuture<'a, Result<()>>;

    /// As shown to the operator, such as `OS keyring "golive/bondigoo-1a2b3c4d", Secret Service`.
    fn describe(&self) -> String;
}
