//! Secrets in environment variables, read only: `GOLIVE_SECRET_<NAME>`, dots written as `__`.

use std::ffi::OsString;
use std::sync::Arc;

use futures::FutureExt;
use futures::future::{BoxFuture, ready};

use super::{FINGERPRINT_KEY, shape};
use crate::error::{Error, Result};
use crate::seam::vault::Vault;
use crate::secret::{Secret, SecretName};

/// Finds an environment variable. A front end passes `std::env::var_os`; a test, a map of its own.
pub type Lookup = Arc<dyn Fn(&str) -> Option<OsString> + Send + Sync>;

#[derive(Clone)]
pub struct EnvironmentVault {
    lookup: Lookup,
}

impl EnvironmentVault {
    pub fn new(lookup: Lookup) -> Self {
        Self { lookup }
    }

    /// The value of the name's variable. An empty variable counts as none.
    fn find(&self, slot: &SecretName) -> Result<Option<Secret>> {
        let variable = slot.variable();
        let Some(value) = (self.lookup)(&variable).filter(|value| !value.is_empty()) else {
            return Ok(None);
        };
        let text = value.into_string().map_err(|_| {
            Error::vault(format!("${variable} cannot be used")).because("it is not UTF-8 text")
        })?;
        let (value, _) = shape::cleaned(Secret::new(text)).map_err(|unfit| {
            Error::vault(format!("${variable} cannot be used"))
                .because(unfit.cause.unwrap_or(unfit.what))
        })?;
        Ok(Some(value))
    }
}

impl Vault for EnvironmentVault {
    fn get<'a>(&'a self, slot: &'a SecretName) -> BoxFuture<'a, Result<Option<Secret>>> {
        ready(self.find(slot)).boxed()
    }

    fn keeps<'a>(&'a self, _: &'a SecretName) -> BoxFuture<'a, Result<bool>> {
        async { Ok(false) }.boxed()
    }

    fn set<'a>(&'a self, slot: &'a SecretName, _: &'a Secret) -> BoxFuture<'a, Result<()>> {
        let value = match slot.as_str() {
            FINGERPRINT_KEY => "$(openssl rand -hex 32)",
            _ => "…",
        };
        ready(Err(read_only(&format!("keep {slot}"))
            .hint(format!(
                "export {}={value} in the shell that starts golive, or choose `--vault keyring` or `--vault file`",
                slot.variable()
            ))))
        .boxed()
    }

    fn remove<'a>(&'a self, slot: &'a SecretName) -> BoxFuture<'a, Result<()>> {
        ready(Err(read_only(&format!("remove {slot}")).hint(format!(
            "unset {} in the shell that starts golive",
            slot.variable()
        ))))
        .boxed()
    }

    fn describe(&self) -> String {
        "environment variables GOLIVE_SECRET_…, read only".to_owned()
    }
}

fn read_only(doing: &str) -> Error {
    Error::vault(format!("golive cannot {doing}"))
        .because("environment variables can only be read")
        .now("nothing was changed")
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// An environment that holds just these variables.
    pub fn lookup(variables: &[(&str, &str)]) -> Lookup {
        let variables: Vec<(String, OsString)> = variables
            .iter()
            .map(|(name, value)| ((*name).to_owned(), OsString::from(value)))
            .collect();
        Arc::new(move |wanted| {
            variables
                .iter()
                .find(|(name, _)| name == wanted)
                .map(|(_, value)| value.clone())
        })
    }

    #[tokio::test]
    async fn a_dotted_name_is_found_and_its_line_end_falls_off() {
        let vault = EnvironmentVault::new(lookup(&[
            ("GOLIVE_SECRET_prod__REDIS_URL", "redis://one\n"),
            ("GOLIVE_SECRET_EMPTY", ""),
        ]));
        let found = vault.get(&SecretName::new("prod.REDIS_URL")).await.unwrap();
        assert!(found.unwrap().same_as(&Secret::new("redis://one")));
        for missing in ["EMPTY", "REDIS_URL"] {
            assert!(
                vault
                    .get(&SecretName::new(missing))
                    .await
                    .unwrap()
                    .is_none()
            );
        }
    }

    #[tokio::test]
    async fn a_value_that_cannot_be_one_is_refused_without_being_shown() {
        use std::os::unix::ffi::OsStringExt;
        for bytes in [b"can\nary".to_vec(), b"can\xff\xfeary".to_vec()] {
            let value = OsString::from_vec(bytes);
            let vault = EnvironmentVault::new(Arc::new(move |_| Some(value.clone())));
            let error = vault.get(&SecretName::new("TOKEN")).await.unwrap_err();
            let shown = error.to_string();
            assert!(shown.contains("$GOLIVE_SECRET_TOKEN"), "{shown}");
            assert!(!shown.contains("ary"), "{shown}");
        }
    }

    #[tokio::test]
    async fn writing_is_refused_with_what_to_type() {
        let vault = EnvironmentVault::new(lookup(&[]));
        let slot = SecretName::new("GITHUB_TOKEN");
        let error = vault.set(&slot, &Secret::new("canary")).await.unwrap_err();
        assert_eq!(error.kind.exit_code(), 77);
        let shown = error.to_string();
        assert!(
            shown.contains("export GOLIVE_SECRET_GITHUB_TOKEN="),
            "{shown}"
        );
        assert!(!shown.contains("canary"), "{shown}");
        let error = vault.remove(&slot).await.unwrap_err().to_string();
        assert!(
            error.contains("unset GOLIVE_SECRET_GITHUB_TOKEN"),
            "{error}"
        );
    }
}
