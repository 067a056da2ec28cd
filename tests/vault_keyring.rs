//! The OS keyring against a real one: gnome-keyring on a session bus of its own, in every state an operator meets.
//!
//! Each story runs this binary again under `dbus-run-session`, with a home of its own, as one of the ignored tests
//! below. `tests/setup/keyring.sh` installs what is needed; without it the stories are skipped, but never in CI.

#[path = "keyring/session.rs"]
mod session;

use std::io::Write;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures::FutureExt;
use futures::future::LocalBoxFuture;
use golive::clock::Wall;
use golive::error::Result;
use golive::plan::{Blocker, ItemId, Plan};
use golive::resource::{Cx, Known, Look, Resource, Slots, StripeAccess, here};
use golive::seam::clock::Clock;
use golive::seam::vault::Vault;
use golive::secret::{Fingerprint, Secret, SecretName};
use golive::vault::Fingerprints;
use golive::vault::keyring::KeyringVault;
use golive::vault::redact::Redactor;
use rustix::process::{Pid, Signal, kill_process};
use session::{Daemon, Home, INSIDE, asks, tools_are_here, until};

const SERVICE: &str = "golive/bondigoo-1a2b3c4d";
const DEADLINE: Duration = Duration::from_secs(3);
/// What a call may take beyond its deadline on a busy machine.
const MARGIN: Duration = Duration::from_secs(2);
// ---- Outside: prepare a home, run a story in a session of its own. ----

#[test]
fn what_is_kept_is_there_in_the_next_run_until_someone_deletes_it() {
    if !tools_are_here("vault_keyring") {
        return;
    }
    let home = Home::new();
    home.tells("keeps_a_token");
    let mut redactor = Redactor::default();
    redactor.know(&token(), &value());
    let mut files = 0;
    session::files(home.path(), &mut |path, bytes| {
        files += 1;
        assert!(
            redactor.hits(bytes).is_empty(),
            "{} holds the token",
            path.display()
        );
    });
    assert!(files >= 2, "the keyring's own file is among them");
    home.tells("finds_it_again_and_then_deleted");
}

#[test]
fn without_a_bus_the_choices_are_named() {
    if tools_are_here("vault_keyring") {
        Home::new().run(
            Command::new(std::env::current_exe().unwrap()),
            "refuses_without_service",
        );
    }
}

#[test]
fn without_a_keyring_on_the_bus_the_choices_are_named() {
    if tools_are_here("vault_keyring") {
        Home::new().tells("refuses_without_service");
    }
}

#[test]
fn a_keyring_that_was_never_set_up_is_not_taken_for_an_empty_one() {
    if tools_are_here("vault_keyring") {
        Home::new().tells("refuses_never_set_up");
    }
}

#[test]
fn a_locked_keyring_is_refused_and_later_opens() {
    if tools_are_here("vault_keyring") {
        let home = Home::new();
        home.tells("keeps_a_token");
        home.tells("refuses_locked");
        home.tells("refuses_once_locked_meanwhile");
    }
}

#[test]
fn a_frozen_keyring_never_hangs_golive() {
    if tools_are_here("vault_keyring") {
        let home = Home::new();
        home.tells("gives_up_on_frozen_and_goes_on_when_thawed");
        home.tells("refuses_frozen_from_the_start");
        home.tells("waits_for_an_answer_that_comes_late");
    }
}

#[test]
fn a_secret_that_was_kept_and_is_gone_is_missing_and_never_made_anew() {
    if tools_are_here("vault_keyring") {
        let home = Home::new();
        home.tells("keeps_a_token");
        home.tells("asks_again_for_what_was_kept");
    }
}

#[test]
fn an_entry_changed_by_another_program_is_seen_as_it_is() {
    if tools_are_here("vault_keyring") {
        Home::new().tells("sees_what_others_changed");
    }
}

// ---- Inside: one story each, on the session's bus. ----

fn token() -> SecretName {
    SecretName::new("GITHUB_TOKEN")
}

fn value() -> Secret {
    Secret::new("ghp_keyringcanary0123456789keyringcanary")
}

async fn open() -> Result<KeyringVault> {
    KeyringVault::open(SERVICE, Arc::new(Wall), DEADLINE).await
}

/// Without the password: what it has stays locked, and nobody is there to be asked.
fn locked() -> Daemon {
    let mut daemon = Daemon::start(&[]);
    drop(daemon.0.stdin.take());
    until("gnome-keyring is on the bus", || {
        asks(
            "org.freedesktop.DBus",
            "/",
            "org.freedesktop.DBus.NameHasOwner",
            "string:org.freedesktop.secrets",
        )
        .contains("true")
    });
    daemon
}

fn signal(daemon: &Daemon, signal: Signal) {
    kill_process(Pid::from_child(&daemon.0), signal).unwrap();
}

/// Another program at work on the keyring.
fn secret_tool(arguments: &[&str], input: &[u8]) {
    let mut child = Command::new("secret-tool")
        .args(arguments)
        .stdin(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(input).unwrap();
    assert!(child.wait().unwrap().success(), "secret-tool {arguments:?}");
}

fn shows_choices(error: &golive::error::Error) {
    let shown = error.to_string();
    assert_eq!(error.kind.exit_code(), 77, "{shown}");
    assert!(error.cause.is_some(), "{shown}");
    assert!(shown.contains("unlock"), "{shown}");
    assert!(
        shown.contains("--vault file") && shown.contains("--vault env"),
        "{shown}"
    );
    assert!(!shown.contains("keyringcanary"), "{shown}");
}

/// What an item sees of a launch's secrets: the keyring, and the fingerprints that the state file has.
struct Launch {
    vault: KeyringVault,
    kept: Option<Fingerprint>,
}

impl Slots for Launch {
    fn secret<'s>(&'s self, slot: &'s SecretName) -> LocalBoxFuture<'s, Look<Option<Secret>>> {
        let got = async move {
            self.vault
                .get(slot)
                .await
                .map_err(|error| here(error.what, error.hint))
        };
        got.boxed_local()
    }

    fn fingerprint(&self, _: &SecretName) -> Option<Fingerprint> {
        self.kept.clone()
    }

    fn keep<'s>(&'s self, _: &'s SecretName, _: Secret) -> LocalBoxFuture<'s, Look<()>> {
        panic!("nothing is made anew")
    }
}

/// What step 0's look at Stripe says about its key; it needs no Stripe while there is none.
async fn looked_for(launch: &Launch) -> Look<Blocker> {
    let access = StripeAccess {
        slot: token(),
        account: None,
    };
    let (item, known) = (ItemId::new("0.stripe"), Known::default());
    let mut cx = Cx::alone(&item, Wall.now(), &known);
    cx.slots = launch;
    let seen = access.observe(&cx).await?;
    match access.plan(&known, &seen) {
        Plan::Blocked(blocker) => Ok(blocker),
        _ => panic!("a key that is gone settles nothing"),
    }
}

async fn is_refused() {
    let start = Instant::now();
    match open().await {
        Ok(_) => panic!("a keyring that keeps nothing was opened"),
        Err(error) => {
            println!("{error}");
            shows_choices(&error);
        }
    }
    assert!(start.elapsed() < DEADLINE + MARGIN, "{:?}", start.elapsed());
}

mod inside {
    use super::*;

    /// These are started by the tests above, and do nothing when somebody runs all ignored tests.
    fn alone() -> bool {
        std::env::var_os(INSIDE).is_none()
    }

    #[tokio::test]
    #[ignore = "runs in a session of its own"]
    async fn keeps_a_token() {
        if alone() {
            return;
        }
        let _daemon = Daemon::unlocked();
        let vault = open().await.unwrap();
        assert_eq!(
            vault.describe(),
            format!("OS keyring \"{SERVICE}\", Secret Service")
        );
        assert!(vault.get(&token()).await.unwrap().is_none());
        vault.remove(&token()).await.unwrap();
        vault
            .set(&token(), &Secret::new("the old one"))
            .await
            .unwrap();
        vault.set(&token(), &value()).await.unwrap();
        let kept = vault.get(&token()).await.unwrap().unwrap();
        assert!(kept.same_as(&value()));
        assert!(Fingerprints::key(&vault, false).await.unwrap().is_some());
        let entries = Command::new("secret-tool")
            .args(["search", "--all", "service", SERVICE])
            .output()
            .unwrap();
        let entries = String::from_utf8_lossy(&entries.stdout).into_owned()
            + &String::from_utf8_lossy(&entries.stderr);
        assert!(entries.contains("username = GITHUB_TOKEN"), "{entries}");
        assert!(!entries.contains("CANARY"), "{entries}");
    }

    #[tokio::test]
    #[ignore = "runs in a session of its own"]
    async fn finds_it_again_and_then_deleted() {
        if alone() {
            return;
        }
        let _daemon = Daemon::unlocked();
        let vault = open().await.unwrap();
        assert!(
            vault
                .get(&token())
                .await
                .unwrap()
                .unwrap()
                .same_as(&value())
        );
        assert!(Fingerprints::key(&vault, true).await.unwrap().is_some());

        secret_tool(&["clear", "service", SERVICE], b"");
        assert!(vault.get(&token()).await.unwrap().is_none());
        // The state holds fingerprints, so the key is missing and is not made anew.
        assert!(Fingerprints::key(&vault, true).await.unwrap().is_none());
        assert!(Fingerprints::key(&vault, true).await.unwrap().is_none());
    }

    #[tokio::test]
    #[ignore = "runs in a session of its own"]
    async fn refuses_without_service() {
        if !alone() {
            is_refused().await;
        }
    }

    #[tokio::test]
    #[ignore = "runs in a session of its own"]
    async fn refuses_never_set_up() {
        if !alone() {
            let _daemon = locked();
            is_refused().await;
        }
    }

    #[tokio::test]
    #[ignore = "runs in a session of its own"]
    async fn refuses_locked() {
        if !alone() {
            let _daemon = locked();
            is_refused().await;
        }
    }

    #[tokio::test]
    #[ignore = "runs in a session of its own"]
    async fn refuses_once_locked_meanwhile() {
        if alone() {
            return;
        }
        let _daemon = Daemon::unlocked();
        let vault = open().await.unwrap();
        let locked = asks(
            "org.freedesktop.secrets",
            "/org/freedesktop/secrets",
            "org.freedesktop.Secret.Service.Lock",
            "array:objpath:/org/freedesktop/secrets/collection/login",
        );
        assert!(locked.contains("/collection/login"), "{locked}");
        for slot in [token(), SecretName::new("NEVER_KEPT")] {
            let error = vault.get(&slot).await.unwrap_err();
            println!("{error}");
            shows_choices(&error);
        }
        shows_choices(&vault.set(&token(), &value()).await.unwrap_err());
        shows_choices(&vault.remove(&token()).await.unwrap_err());
    }

    #[tokio::test]
    #[ignore = "runs in a session of its own"]
    async fn gives_up_on_frozen_and_goes_on_when_thawed() {
        if alone() {
            return;
        }
        let daemon = Daemon::unlocked();
        let vault = open().await.unwrap();
        vault.set(&token(), &value()).await.unwrap();

        signal(&daemon, Signal::STOP);
        let start = Instant::now();
        let error = vault.get(&token()).await.unwrap_err();
        println!("{error}");
        shows_choices(&error);
        let late = Secret::new("ghp_written_while_frozen");
        shows_choices(&vault.set(&token(), &late).await.unwrap_err());
        shows_choices(&vault.keeps(&token()).await.unwrap_err());
        shows_choices(&vault.remove(&token()).await.unwrap_err());
        // A key that is not seen is not made anew, whether the state relies on one or not.
        for expected in [true, false] {
            shows_choices(&Fingerprints::key(&vault, expected).await.unwrap_err());
        }
        assert!(
            start.elapsed() < (DEADLINE + MARGIN) * 6,
            "{:?}",
            start.elapsed()
        );

        signal(&daemon, Signal::CONT);
        // What nobody waited for any more is not written after the fact.
        let kept = vault.get(&token()).await.unwrap().unwrap();
        assert!(kept.same_as(&value()));
        vault.set(&token(), &late).await.unwrap();
        assert!(vault.get(&token()).await.unwrap().unwrap().same_as(&late));
    }

    #[tokio::test]
    #[ignore = "runs in a session of its own"]
    async fn waits_for_an_answer_that_comes_late() {
        if alone() {
            return;
        }
        let daemon = Daemon::unlocked();
        let vault = open().await.unwrap();
        vault.set(&token(), &value()).await.unwrap();
        let late = DEADLINE / 3;
        signal(&daemon, Signal::STOP);
        let pid = Pid::from_child(&daemon.0);
        let (start, thaw) = (Instant::now(), move || {
            // The lateness is what is tried, so nothing else is waited for.
            std::thread::sleep(late);
            kill_process(pid, Signal::CONT).unwrap();
        });
        let thawing = std::thread::spawn(thaw);
        let kept = vault.get(&token()).await.unwrap().unwrap();
        assert!(kept.same_as(&value()));
        assert!(start.elapsed() >= late && start.elapsed() < DEADLINE + MARGIN);
        thawing.join().unwrap();
    }

    #[tokio::test]
    #[ignore = "runs in a session of its own"]
    async fn asks_again_for_what_was_kept() {
        if alone() {
            return;
        }
        let daemon = Daemon::unlocked();
        let vault = open().await.unwrap();
        let key = Fingerprints::key(&vault, true).await.unwrap().unwrap();
        let mut launch = Launch {
            vault,
            kept: Some(value().fingerprint(&key)),
        };
        // Another program deletes the entry between two runs.
        secret_tool(
            &["clear", "service", SERVICE, "username", "GITHUB_TOKEN"],
            b"",
        );
        let missing = |blocker| match blocker {
            Blocker::SecretMissing { was_kept, .. } => was_kept,
            other => panic!("a missing secret is not missing: {other:?}"),
        };
        assert!(missing(looked_for(&launch).await.unwrap()));
        assert!(launch.vault.get(&token()).await.unwrap().is_none());
        launch.kept = None;
        assert!(!missing(looked_for(&launch).await.unwrap()));
        // A keyring that does not answer has not lost anything.
        signal(&daemon, Signal::STOP);
        assert!(looked_for(&launch).await.is_err());
        signal(&daemon, Signal::CONT);
        assert!(!missing(looked_for(&launch).await.unwrap()));
    }

    #[tokio::test]
    #[ignore = "runs in a session of its own"]
    async fn refuses_frozen_from_the_start() {
        if alone() {
            return;
        }
        let daemon = Daemon::unlocked();
        signal(&daemon, Signal::STOP);
        is_refused().await;
        signal(&daemon, Signal::CONT);
        // Once it moves again, the same process can use it.
        assert!(open().await.is_ok());
    }

    #[tokio::test]
    #[ignore = "runs in a session of its own"]
    async fn sees_what_others_changed() {
        if alone() {
            return;
        }
        let _daemon = Daemon::unlocked();
        let vault = open().await.unwrap();
        let key = Fingerprints::key(&vault, false).await.unwrap().unwrap();
        vault.set(&token(), &value()).await.unwrap();
        let known = value().fingerprint(&key);
        let user = ["service", SERVICE, "username", "GITHUB_TOKEN"];

        let replace = |bytes: &[u8]| {
            secret_tool(&[&["clear"], &user[..]].concat(), b"");
            secret_tool(&[&["store", "--label=other"], &user[..]].concat(), bytes);
        };
        replace(b"another token");
        let changed = vault.get(&token()).await.unwrap().unwrap();
        assert!(changed.same_as(&Secret::new("another token")));
        assert_ne!(changed.fingerprint(&key), known);

        // Bytes that are no text, which the keyring's own errors would print.
        let bytes = b"\xff\xfekeyringcanary".to_vec();
        let written =
            std::thread::spawn(move || keyring::Entry::new(SERVICE, "BYTES")?.set_secret(&bytes));
        assert!(written.join().unwrap().is_ok());
        let error = vault.get(&SecretName::new("BYTES")).await.unwrap_err();
        shows_choices(&error);
        assert!(!format!("{error:?}").contains("107, 101, 121"), "{error:?}");

        // A second entry that fits as well: which one is meant cannot be known.
        let more = [&["store", "--label=second", "profile", "work"], &user[..]].concat();
        secret_tool(&more, b"keyringcanary");
        let error = vault.get(&token()).await.unwrap_err();
        println!("{error}");
        shows_choices(&error);
        assert!(error.to_string().contains("2 entries"), "{error}");
    }
}
