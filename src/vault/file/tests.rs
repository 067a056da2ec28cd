//! Stories of the vault file, on a disk in memory.

use std::collections::{HashMap, HashSet};

use jiff::Timestamp;

use super::super::deadline::tests::TestClock;
use super::*;
use crate::clock::Wall;
use crate::disk::RealDisk;

/// A disk in memory, which may be full.
#[derive(Default)]
struct MemoryDisk {
    files: Mutex<HashMap<PathBuf, Vec<u8>>>,
    locked: Arc<Mutex<HashSet<PathBuf>>>,
    full: Mutex<bool>,
}

struct Held(Arc<Mutex<HashSet<PathBuf>>>, PathBuf);

impl Lock for Held {}

impl Drop for Held {
    fn drop(&mut self) {
        self.0.lock().unwrap().remove(&self.1);
    }
}

impl Disk for MemoryDisk {
    fn read(&self, path: &Path) -> io::Result<Option<Vec<u8>>> {
        Ok(self.files.lock().unwrap().get(path).cloned())
    }

    fn create_dir(&self, _: &Path) -> io::Result<()> {
        Ok(())
    }

    fn append(&self, path: &Path, bytes: &[u8]) -> io::Result<()> {
        let mut files = self.files.lock().unwrap();
        files.entry(path.to_owned()).or_default().extend(bytes);
        Ok(())
    }

    fn sync(&self, _: &Path) -> io::Result<()> {
        Ok(())
    }

    fn truncate(&self, path: &Path, len: u64) -> io::Result<()> {
        let mut files = self.files.lock().unwrap();
        files
            .entry(path.to_owned())
            .or_default()
            .truncate(len as usize);
        Ok(())
    }

    fn replace(&self, path: &Path, bytes: &[u8]) -> io::Result<()> {
        if *self.full.lock().unwrap() {
            return Err(io::Error::from(io::ErrorKind::StorageFull));
        }
        self.files
            .lock()
            .unwrap()
            .insert(path.to_owned(), bytes.to_owned());
        Ok(())
    }

    fn lock(&self, path: &Path, holder: &Holder) -> io::Result<Locking> {
        if self.locked.lock().unwrap().insert(path.to_owned()) {
            return Ok(Locking::Held(Box::new(Held(
                self.locked.clone(),
                path.to_owned(),
            ))));
        }
        Ok(Locking::Busy(Some(holder.clone())))
    }
}

const PATH: &str = "/launch/.golive/vault.age";
/// 2^2 rounds: the tests are about the file, not about the price of guessing.
const CHEAP: u8 = 2;

fn place(disk: &Arc<MemoryDisk>) -> Place {
    Place {
        disk: disk.clone(),
        path: PATH.into(),
        launch: "bondigoo-1a2b3c4d".into(),
        holder: Holder {
            pid: 7,
            host: "desk".into(),
            since: Timestamp::UNIX_EPOCH,
        },
    }
}

async fn open(disk: &Arc<MemoryDisk>, passphrase: &str) -> Result<FileVault> {
    let clock = Arc::new(TestClock::PausesOver);
    FileVault::open(place(disk), Secret::new(passphrase), clock, CHEAP).await
}

fn token() -> SecretName {
    SecretName::new("GITHUB_TOKEN")
}

fn bytes(disk: &MemoryDisk) -> Option<Vec<u8>> {
    disk.files.lock().unwrap().get(Path::new(PATH)).cloned()
}

async fn refusal(disk: &Arc<MemoryDisk>, passphrase: &str) -> Error {
    match open(disk, passphrase).await {
        Ok(_) => panic!("it was opened"),
        Err(error) => error,
    }
}

#[tokio::test]
async fn what_is_kept_is_there_after_a_restart_and_unreadable_before() {
    let disk = Arc::new(MemoryDisk::default());
    let vault = open(&disk, "correct horse").await.unwrap();
    assert!(vault.get(&token()).await.unwrap().is_none());
    assert!(bytes(&disk).is_none(), "looking makes no file");
    vault
        .set(&token(), &Secret::new("canary-0123"))
        .await
        .unwrap();

    let file = bytes(&disk).unwrap();
    assert!(file.starts_with(b"age-encryption.org/v1\n-> scrypt "));
    let text = String::from_utf8_lossy(&file);
    assert!(!text.contains("canary") && !text.contains("GITHUB_TOKEN"));

    let resumed = open(&disk, "correct horse").await.unwrap();
    let value = resumed.get(&token()).await.unwrap().unwrap();
    assert!(value.same_as(&Secret::new("canary-0123")));
    resumed.remove(&token()).await.unwrap();
    assert!(vault.get(&token()).await.unwrap().is_none());
    resumed.remove(&token()).await.unwrap();
}

#[tokio::test]
async fn a_wrong_passphrase_opens_nothing_and_harms_nothing() {
    let disk = Arc::new(MemoryDisk::default());
    let vault = open(&disk, "correct horse").await.unwrap();
    vault
        .set(&token(), &Secret::new("canary-0123"))
        .await
        .unwrap();
    let before = bytes(&disk);

    let error = refusal(&disk, "battery staple").await;
    assert_eq!(error.kind.exit_code(), 77);
    let shown = error.to_string();
    assert!(shown.contains("the passphrase is not the one"), "{shown}");
    assert!(
        shown.contains("untouched") && shown.contains("--vault keyring"),
        "{shown}"
    );
    assert!(!shown.contains("battery"), "{shown}");
    assert_eq!(bytes(&disk), before);
    assert_eq!(refusal(&disk, "").await.kind.exit_code(), 77);
}

#[tokio::test]
async fn a_damaged_file_is_refused_wherever_the_damage_is_and_left_alone() {
    let disk = Arc::new(MemoryDisk::default());
    let vault = open(&disk, "correct horse").await.unwrap();
    vault
        .set(&token(), &Secret::new("canary-0123"))
        .await
        .unwrap();
    let whole = bytes(&disk).unwrap();
    let store = Store {
        place: place(&disk),
        passphrase: Secret::new("correct horse"),
        work_factor: CHEAP,
        last: Mutex::new(None),
    };
    let flipped = (0..whole.len()).step_by(7).map(|at| {
        let mut bytes = whole.clone();
        bytes[at] ^= 0xff;
        bytes
    });
    let cut = (0..whole.len()).step_by(23).map(|at| whole[..at].to_vec());
    for damaged in flipped.chain(cut).chain([b"not age".to_vec(), vec![0; 64]]) {
        let error = store.decrypted(&damaged).unwrap_err();
        assert_eq!(error.kind.exit_code(), 77);
        assert!(error.hint.is_some() && error.cause.is_some(), "{error}");
    }

    let half = whole[..whole.len() / 2].to_vec();
    disk.replace(Path::new(PATH), &half).unwrap();
    let refused = vault.set(&token(), &Secret::new("new")).await;
    assert_eq!(
        refused.unwrap_err().now.as_deref(),
        Some("the file is untouched")
    );
    assert_eq!(bytes(&disk), Some(half));
}

#[tokio::test]
async fn two_golives_lose_nothing_of_each_other() {
    let disk = Arc::new(MemoryDisk::default());
    let one = open(&disk, "correct horse").await.unwrap();
    let two = open(&disk, "correct horse").await.unwrap();
    let slots: Vec<SecretName> = (0..6)
        .map(|n| SecretName::new(format!("prod.S{n}")))
        .collect();
    for (n, slot) in slots.iter().enumerate() {
        let writer = if n % 2 == 0 { &one } else { &two };
        writer
            .set(slot, &Secret::new(format!("value {n}")))
            .await
            .unwrap();
    }
    for (n, slot) in slots.iter().enumerate() {
        for reader in [&one, &two] {
            let value = reader.get(slot).await.unwrap().unwrap();
            assert!(value.same_as(&Secret::new(format!("value {n}"))));
        }
    }
    assert!(
        disk.locked.lock().unwrap().is_empty(),
        "the lock is given back"
    );
}

#[tokio::test]
async fn a_lock_that_never_comes_free_names_its_holder() {
    let disk = Arc::new(MemoryDisk::default());
    let vault = open(&disk, "correct horse").await.unwrap();
    let other = disk.lock(&lock_path(Path::new(PATH)), &place(&disk).holder);
    let error = vault
        .set(&token(), &Secret::new("value"))
        .await
        .unwrap_err();
    assert!(
        error.to_string().contains("process id 7 on desk"),
        "{error}"
    );
    assert!(bytes(&disk).is_none());
    drop(other);
    vault.set(&token(), &Secret::new("value")).await.unwrap();
}

#[tokio::test]
async fn a_full_disk_keeps_the_old_content() {
    let disk = Arc::new(MemoryDisk::default());
    let vault = open(&disk, "correct horse").await.unwrap();
    vault.set(&token(), &Secret::new("old")).await.unwrap();
    *disk.full.lock().unwrap() = true;
    let error = vault.set(&token(), &Secret::new("new")).await.unwrap_err();
    assert_eq!(error.now.as_deref(), Some("the file is as it was"));
    let kept = vault.get(&token()).await.unwrap().unwrap();
    assert!(kept.same_as(&Secret::new("old")));
}

#[tokio::test]
async fn keeping_the_same_value_again_writes_nothing() {
    let disk = Arc::new(MemoryDisk::default());
    let vault = open(&disk, "correct horse").await.unwrap();
    vault.set(&token(), &Secret::new("same")).await.unwrap();
    let before = bytes(&disk);
    vault.set(&token(), &Secret::new("same")).await.unwrap();
    assert_eq!(bytes(&disk), before);
}

#[tokio::test]
async fn the_file_of_another_launch_is_not_taken_for_ours() {
    let disk = Arc::new(MemoryDisk::default());
    let vault = open(&disk, "correct horse").await.unwrap();
    vault
        .set(&token(), &Secret::new("canary-0123"))
        .await
        .unwrap();
    let other = Place {
        launch: "other-00000000".into(),
        ..place(&disk)
    };
    let clock = Arc::new(TestClock::PausesOver);
    let opened = FileVault::open(other, Secret::new("correct horse"), clock, CHEAP).await;
    let error = opened.err().unwrap().to_string();
    assert!(
        error.contains("belongs to the launch bondigoo-1a2b3c4d"),
        "{error}"
    );
}

#[tokio::test]
async fn on_a_real_disk_two_write_at_once_and_only_the_owner_can_read() {
    use std::os::unix::fs::PermissionsExt;

    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(".golive/vault.age");
    let open = || async {
        let place = Place {
            disk: Arc::new(RealDisk::default()),
            path: path.clone(),
            ..place(&Arc::default())
        };
        FileVault::open(place, Secret::new("correct horse"), Arc::new(Wall), CHEAP).await
    };
    let (one, two) = (open().await.unwrap(), open().await.unwrap());
    let slots: Vec<SecretName> = (0..8)
        .map(|n| SecretName::new(format!("prod.S{n}")))
        .collect();
    let writes = slots.iter().enumerate().map(|(n, slot)| {
        let writer = if n % 2 == 0 { &one } else { &two };
        async move { writer.set(slot, &Secret::new("value")).await }
    });
    for written in futures::future::join_all(writes).await {
        written.unwrap();
    }
    let resumed = open().await.unwrap();
    for slot in &slots {
        assert!(resumed.get(slot).await.unwrap().is_some(), "{slot}");
    }
    let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&path), 0o600);
    assert_eq!(mode(path.parent().unwrap()), 0o700);
}
