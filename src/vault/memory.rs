//! A vault in memory, for rehearsals and tests: nothing outlives the process.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use futures::FutureExt;
use futures::future::{BoxFuture, ready};

use crate::error::Result;
use crate::seam::vault::Vault;
use crate::secret::{Secret, SecretName};

/// What a memory vault holds at one moment. Cheap to clone: the content is shared until it changes.
#[derive(Clone, Debug, Default)]
pub struct Content(Arc<BTreeMap<SecretName, Secret>>);

impl Content {
    pub fn get(&self, slot: &SecretName) -> Option<&Secret> {
        self.0.get(slot)
    }

    pub fn names(&self) -> impl Iterator<Item = &SecretName> {
        self.0.keys()
    }

    pub fn secrets(&self) -> impl Iterator<Item = (&SecretName, &Secret)> {
        self.0.iter()
    }
}

/// Clones are the same vault; `snapshot` and `restore` copy what it holds.
#[derive(Clone, Default)]
pub struct MemoryVault(Arc<Mutex<Content>>);

impl MemoryVault {
    pub fn new() -> Self {
        Self::default()
    }

    pub fn snapshot(&self) -> Content {
        self.content().clone()
    }

    pub fn restore(&self, content: Content) {
        *self.content() = content;
    }

    fn content(&self) -> MutexGuard<'_, Content> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl FromIterator<(SecretName, Secret)> for Content {
    fn from_iter<I: IntoIterator<Item = (SecretName, Secret)>>(secrets: I) -> Self {
        Self(Arc::new(secrets.into_iter().collect()))
    }
}

impl From<Content> for MemoryVault {
    fn from(content: Content) -> Self {
        Self(Arc::new(Mutex::new(content)))
    }
}

impl Vault for MemoryVault {
    fn get<'a>(&'a self, slot: &'a SecretName) -> BoxFuture<'a, Result<Option<Secret>>> {
        ready(Ok(self.content().get(slot).cloned())).boxed()
    }

    fn set<'a>(&'a self, slot: &'a SecretName, value: &'a Secret) -> BoxFuture<'a, Result<()>> {
        Arc::make_mut(&mut self.content().0).insert(slot.clone(), value.clone());
        ready(Ok(())).boxed()
    }

    fn remove<'a>(&'a self, slot: &'a SecretName) -> BoxFuture<'a, Result<()>> {
        Arc::make_mut(&mut self.content().0).remove(slot);
        ready(Ok(())).boxed()
    }

    fn describe(&self) -> String {
        "memory, gone when golive ends".to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_snapshot_is_not_touched_by_what_comes_after() {
        let vault = MemoryVault::new();
        let token = SecretName::new("GITHUB_TOKEN");
        let url = SecretName::new("prod.REDIS_URL");
        vault.set(&token, &Secret::new("one")).await.unwrap();
        let before = vault.snapshot();
        vault.set(&token, &Secret::new("two")).await.unwrap();
        vault.set(&url, &Secret::new("three")).await.unwrap();
        assert!(before.get(&token).unwrap().same_as(&Secret::new("one")));
        assert_eq!(vault.snapshot().names().count(), 2);

        let resumed = MemoryVault::from(before.clone());
        resumed.remove(&token).await.unwrap();
        assert!(resumed.get(&token).await.unwrap().is_none());
        vault.restore(before);
        assert!(vault.get(&url).await.unwrap().is_none());
        assert!(
            vault
                .get(&token)
                .await
                .unwrap()
                .unwrap()
                .same_as(&Secret::new("one"))
        );
    }
}
