//! What becomes of each line of a `.env` file, and that all of it is kept or none.

use futures::FutureExt;
use futures::future::{BoxFuture, ready};

use super::*;
use crate::manifest::{LaunchId, Preset};
use crate::vault::memory::MemoryVault;

/// A launch as the preset makes it, in a folder of its own.
fn place(folder: &tempfile::TempDir) -> Place {
    let preset = Preset::named("bondigoo").unwrap();
    let id = LaunchId::parse("bondigoo-1a2b7f3a").unwrap();
    let (text, _) = crate::init::rehearsed(preset, &id).unwrap();
    std::fs::write(folder.path().join("golive.toml"), text).unwrap();
    Place::of(folder.path(), false).unwrap()
}

fn key(kind: &str) -> String {
    format!("golive-sim-stripe-{kind}-{}", "0a".repeat(12))
}

fn lines(environment: &str, text: &str) -> Result<Vec<Line>> {
    let folder = tempfile::tempdir().unwrap();
    let place = place(&folder);
    let entries = dotenv::read(&Secret::new(text)).map_err(|wrong| refused(&wrong))?;
    judged(&place, environment, entries)
}

/// Name and what becomes of it.
fn fates(lines: &[Line]) -> Vec<(&str, String)> {
    let fate = |line: &Line| match &line.fate {
        Fate::Keep(taken) => taken.slot.to_string(),
        Fate::Passed(why) => why.clone(),
        Fate::Unknown => "unknown".into(),
    };
    lines
        .iter()
        .map(|line| (line.name.as_str(), fate(line)))
        .collect()
}

#[test]
fn each_name_goes_where_the_launch_asks_for_it() {
    let text = format!(
        "NODE_ENV=production\nexport STRIPE_SECRET_KEY=\"{}\"\nREACT_APP_STRIPE_PKEY_TEST='{}'\n\
         DATABASE_URL=mongodb+srv://u:canary@h/db\nREDIS_URL=rediss://x\nDATABASE_PASSWORD=\nOTHER=1\n",
        key("sk-test"),
        key("pk-test"),
    );
    let lines = lines("dev", &text).unwrap();
    let told = fates(&lines);
    let wanted = [
        ("NODE_ENV", "golive.toml says what it is"),
        ("STRIPE_SECRET_KEY", "dev.STRIPE_SECRET_KEY_TEST"),
        (
            "REACT_APP_STRIPE_PKEY_TEST",
            "dev.REACT_APP_STRIPE_PKEY_TEST",
        ),
        ("DATABASE_URL", "golive puts it together"),
        (
            "REDIS_URL",
            "golive reads it from the provider (7.cell-dev-REDIS_URL)",
        ),
        ("DATABASE_PASSWORD", "it is empty in the file"),
        ("OTHER", "unknown"),
    ];
    assert_eq!(told, wanted.map(|(name, fate)| (name, fate.to_string())));
}

#[test]
fn a_variables_name_means_the_key_whose_mode_its_value_has() {
    for (kind, slot) in [
        ("sk-test", "prod.STRIPE_SECRET_KEY_TEST"),
        ("sk-live", "prod.STRIPE_SECRET_KEY"),
    ] {
        let text = format!("STRIPE_SECRET_KEY={}\n", key(kind));
        let lines = lines("prod", &text).unwrap();
        assert_eq!(fates(&lines), [("STRIPE_SECRET_KEY", slot.to_string())]);
    }
}

#[test]
fn every_wrong_line_is_told_at_once_and_no_value_of_them() {
    let text = format!(
        "STRIPE_SECRET_KEY={}\nREACT_APP_STRIPE_PKEY=\"can\\nary\"\n\nDATABASE_PASSWORD=`can\nary`\n",
        key("pk-live")
    );
    let error = lines("dev", &text).err().unwrap();
    let cause = error.cause.clone().unwrap();
    assert_eq!(error.what, "3 lines of the file cannot be taken");
    for told in [
        "line 1: STRIPE_SECRET_KEY: dev.STRIPE_SECRET_KEY_TEST takes Stripe's test secret key: it is a live publishable key",
        "line 2: REACT_APP_STRIPE_PKEY: this cannot be used as a secret: character 4 is a line end",
        "line 4: DATABASE_PASSWORD: this cannot be used as a secret: character 4 is a line end",
    ] {
        assert!(cause.contains(told), "{cause}");
    }
    assert!(!error.to_string().contains("ary\n") && !error.to_string().contains("0a0a"));
    assert!(error.to_string().contains("nothing was kept"));
}

#[test]
fn two_names_for_one_value_are_asked_about() {
    let text = format!(
        "STRIPE_SECRET_KEY={0}\nSTRIPE_SECRET_KEY_TEST={0}\n",
        key("sk-test")
    );
    let error = lines("staging", &text).err().unwrap();
    let cause = error.cause.unwrap();
    assert!(
        cause.contains("STRIPE_SECRET_KEY_TEST and STRIPE_SECRET_KEY on line 1 both stand for"),
        "{cause}"
    );
}

/// A vault that takes so many values and then fails.
struct Full {
    inner: MemoryVault,
    left: std::sync::atomic::AtomicUsize,
}

impl Vault for Full {
    fn get<'a>(&'a self, slot: &'a SecretName) -> BoxFuture<'a, Result<Option<Secret>>> {
        self.inner.get(slot)
    }

    fn set<'a>(&'a self, slot: &'a SecretName, value: &'a Secret) -> BoxFuture<'a, Result<()>> {
        use std::sync::atomic::Ordering;
        let spend = |left: usize| Some(left.wrapping_sub(1));
        match self
            .left
            .fetch_update(Ordering::SeqCst, Ordering::SeqCst, spend)
        {
            // Full for one call: putting back what was there works again.
            Ok(0) => ready(Err(Error::vault("the vault is full"))).boxed(),
            _ => self.inner.set(slot, value),
        }
    }

    fn remove<'a>(&'a self, slot: &'a SecretName) -> BoxFuture<'a, Result<()>> {
        self.inner.remove(slot)
    }

    fn describe(&self) -> String {
        "full".into()
    }
}

#[tokio::test]
async fn all_values_of_a_file_are_kept_or_none() {
    let text = format!(
        "STRIPE_SECRET_KEY={}\nREACT_APP_STRIPE_PKEY={}\nDATABASE_PASSWORD=longenough\n",
        key("sk-test"),
        key("pk-test")
    );
    let lines = lines("dev", &text).unwrap();
    let before = MemoryVault::new();
    let old = SecretName::new("dev.STRIPE_SECRET_KEY_TEST");
    before.set(&old, &Secret::new("the old one")).await.unwrap();
    let inner = MemoryVault::from(before.snapshot());
    let full = Full {
        inner: inner.clone(),
        left: 2.into(),
    };
    let error = keep(&full, &lines).await.unwrap_err();
    assert_eq!(error.now.as_deref(), Some("nothing of the file was kept"));
    let kept = inner.snapshot();
    assert_eq!(kept.names().count(), 1);
    assert!(kept.get(&old).unwrap().same_as(&Secret::new("the old one")));
    assert_eq!(keep(&inner, &lines).await.unwrap(), 0);
    assert_eq!(inner.snapshot().names().count(), 3);
    // The same file once more changes nothing.
    assert_eq!(keep(&inner, &lines).await.unwrap(), 3);
}

#[test]
fn a_file_is_for_one_environment_that_exists() {
    let folder = tempfile::tempdir().unwrap();
    let place = place(&folder);
    assert_eq!(environment(&place, Some("dev")).unwrap(), "dev");
    let hint = |named| environment(&place, named).unwrap_err().hint.unwrap();
    assert_eq!(hint(Some("production")), "one of prod, staging, dev");
    assert!(hint(None).starts_with("--environment prod, or --environment staging"));
}
