//! The chosen vault first, then the environment: a variable is read where the vault has nothing under the name.

use std::fmt;
use std::sync::Arc;

use futures::FutureExt;
use futures::future::BoxFuture;

use super::environment::EnvironmentVault;
use crate::error::Result;
use crate::seam::vault::Vault;
use crate::secret::{Secret, SecretName};

/// Where a value was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// In the vault that the operator chose.
    Vault,
    /// In this environment variable; it is kept nowhere.
    Variable(String),
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Origin::Vault => f.write_str("from the vault"),
            Origin::Variable(name) => write!(f, "from ${name}, not kept"),
        }
    }
}

pub struct LayeredVault {
    main: Arc<dyn Vault>,
    environment: EnvironmentVault,
}

impl LayeredVault {
    pub fn new(main: Arc<dyn Vault>, environment: EnvironmentVault) -> Self {
        Self { main, environment }
    }

    /// The value and where it came from. A vault that fails is an error and never a reason to look elsewhere: the
    /// variable might hold another value than the one that was kept.
    pub async fn find(&self, slot: &SecretName) -> Result<Option<(Secret, Origin)>> {
        if let Some(value) = self.main.get(slot).await? {
            return Ok(Some((value, Origin::Vault)));
        }
        let value = self.environment.get(slot).await?;
        Ok(value.map(|value| (value, Origin::Variable(slot.variable()))))
    }
}

impl Vault for LayeredVault {
    fn get<'a>(&'a self, slot: &'a SecretName) -> BoxFuture<'a, Result<Option<Secret>>> {
        async move { Ok(self.find(slot).await?.map(|(value, _)| value)) }.boxed()
    }

    fn keeps<'a>(&'a self, slot: &'a SecretName) -> BoxFuture<'a, Result<bool>> {
        self.main.keeps(slot)
    }

    fn set<'a>(&'a self, slot: &'a SecretName, value: &'a Secret) -> BoxFuture<'a, Result<()>> {
        self.main.set(slot, value)
    }

    /// Removes what the vault keeps; a variable can only be unset by the shell.
    fn remove<'a>(&'a self, slot: &'a SecretName) -> BoxFuture<'a, Result<()>> {
        self.main.remove(slot)
    }

    fn describe(&self) -> String {
        self.main.describe()
    }
}

#[cfg(test)]
mod tests {
    use futures::future::ready;

    use super::super::environment::tests::lookup;
    use super::super::memory::MemoryVault;
    use super::*;
    use crate::error::Error;

    struct Locked;

    impl Vault for Locked {
        fn get<'a>(&'a self, _: &'a SecretName) -> BoxFuture<'a, Result<Option<Secret>>> {
            ready(Err(Error::vault("locked"))).boxed()
        }

        fn set<'a>(&'a self, _: &'a SecretName, _: &'a Secret) -> BoxFuture<'a, Result<()>> {
            ready(Err(Error::vault("locked"))).boxed()
        }

        fn remove<'a>(&'a self, _: &'a SecretName) -> BoxFuture<'a, Result<()>> {
            ready(Err(Error::vault("locked"))).boxed()
        }

        fn describe(&self) -> String {
            "locked".to_owned()
        }
    }

    fn environment() -> EnvironmentVault {
        EnvironmentVault::new(lookup(&[("GOLIVE_SECRET_TOKEN", "from variable")]))
    }

    #[tokio::test]
    async fn what_is_kept_wins_and_a_variable_fills_the_gap_without_being_kept() {
        let kept = MemoryVault::new();
        let vault = LayeredVault::new(Arc::new(kept.clone()), environment());
        let slot = SecretName::new("TOKEN");

        let (value, origin) = vault.find(&slot).await.unwrap().unwrap();
        assert!(value.same_as(&Secret::new("from variable")));
        assert_eq!(origin.to_string(), "from $GOLIVE_SECRET_TOKEN, not kept");
        assert_eq!(kept.snapshot().names().count(), 0);

        vault.set(&slot, &Secret::new("kept")).await.unwrap();
        let (value, origin) = vault.find(&slot).await.unwrap().unwrap();
        assert!(value.same_as(&Secret::new("kept")));
        assert_eq!(origin, Origin::Vault);
    }

    #[tokio::test]
    async fn a_locked_vault_is_not_an_empty_one() {
        let vault = LayeredVault::new(Arc::new(Locked), environment());
        let error = vault.get(&SecretName::new("TOKEN")).await.unwrap_err();
        assert_eq!(error.what, "locked");
    }
}
