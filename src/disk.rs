//! The real disk: folders 0700, files 0600, appends made durable on demand, whole files replaced by rename.

use std::collections::HashMap;
use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, Read, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use crate::seam::disk::{Disk, Holder, Lock, Locking};

/// golive's own files are no links: the lock guards the file beside it, and a link that leads nowhere for the moment would
/// look like a launch that never began.
const NO_LINK: i32 = rustix::fs::OFlags::NOFOLLOW.bits().cast_signed();

#[derive(Default)]
pub struct RealDisk {
    /// Files that are appended to stay open: what was written and what is synced is then one and the same file.
    open: Mutex<HashMap<PathBuf, File>>,
}

impl RealDisk {
    fn with_open<T>(
        &self,
        path: &Path,
        act: impl FnOnce(&mut File) -> io::Result<T>,
    ) -> io::Result<T> {
        let mut open = self
            .open
            .lock()
            .map_err(|_| io::Error::other("an earlier write ended in a panic"))?;
        if !open.contains_key(path) {
            let existed = path.exists();
            let file = OpenOptions::new()
                .append(true)
                .create(true)
                .mode(0o600)
                .custom_flags(NO_LINK)
                .open(path)?;
            if !existed {
                sync_folder_of(path)?;
            }
            open.insert(path.to_path_buf(), file);
        }
        act(open.get_mut(path).expect("inserted above"))
    }
}

impl Disk for RealDisk {
    fn read(&self, path: &Path) -> io::Result<Option<Vec<u8>>> {
        let read = || {
            let mut bytes = Vec::new();
            let mut file = OpenOptions::new()
                .read(true)
                .custom_flags(NO_LINK)
                .open(path)?;
            file.read_to_end(&mut bytes)?;
            io::Result::Ok(bytes)
        };
        match read() {
            Ok(bytes) => Ok(Some(bytes)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    fn create_dir(&self, path: &Path) -> io::Result<()> {
        std::fs::DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(path)
    }

    fn append(&self, path: &Path, bytes: &[u8]) -> io::Result<()> {
        self.with_open(path, |file| file.write_all(bytes))
    }

    fn sync(&self, path: &Path) -> io::Result<()> {
        self.with_open(path, |file| file.sync_data())
    }

    fn truncate(&self, path: &Path, len: u64) -> io::Result<()> {
        let file = OpenOptions::new()
            .write(true)
            .custom_flags(NO_LINK)
            .open(path)?;
        file.set_len(len)?;
        file.sync_all()
    }

    fn replace(&self, path: &Path, bytes: &[u8]) -> io::Result<()> {
        let name = path
            .file_name()
            .ok_or_else(|| io::Error::other("a file needs a name"))?;
        let mut beside = name.to_os_string();
        beside.push(format!(".{}.new", std::process::id()));
        let beside = path.with_file_name(beside);
        let written = write_new(&beside, bytes).and_then(|()| std::fs::rename(&beside, path));
        if written.is_err() {
            // What is in place is still the old content; only our own half-written file goes.
            let _ = std::fs::remove_file(&beside);
        }
        written.and_then(|()| sync_folder_of(path))
    }

    fn lock(&self, path: &Path, holder: &Holder) -> io::Result<Locking> {
        let mut file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o600)
            .custom_flags(NO_LINK)
            .open(path)?;
        match file.try_lock() {
            Ok(()) => {
                file.set_len(0)?;
                file.write_all(&serde_json::to_vec(holder)?)?;
                Ok(Locking::Held(Box::new(HeldLock(file))))
            }
            Err(TryLockError::WouldBlock) => {
                let mut text = String::new();
                file.read_to_string(&mut text)?;
                Ok(Locking::Busy(serde_json::from_str(&text).ok()))
            }
            Err(TryLockError::Error(error)) => Err(error),
        }
    }
}

/// The open file is the lock: the system frees it when the process ends, however it ends.
struct HeldLock(#[expect(dead_code, reason = "held for its effect")] File);

impl Lock for HeldLock {}

fn write_new(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}

/// A new name in a folder survives a power cut only when the folder is synced too.
fn sync_folder_of(path: &Path) -> io::Result<()> {
    let folder = path
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty())
        .unwrap_or(Path::new("."));
    File::open(folder)?.sync_all()
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    fn holder() -> Holder {
        Holder {
            pid: 7,
            host: "desk".into(),
            since: jiff::Timestamp::UNIX_EPOCH,
        }
    }

    #[test]
    fn files_are_for_their_owner_alone() {
        let folder = tempfile::tempdir().unwrap();
        let (disk, inner) = (RealDisk::default(), folder.path().join(".golive"));
        disk.create_dir(&inner).unwrap();
        let file = inner.join("state.jsonl");
        disk.append(&file, b"one\n").unwrap();
        disk.sync(&file).unwrap();
        disk.append(&file, b"two\n").unwrap();
        assert_eq!(disk.read(&file).unwrap().unwrap(), b"one\ntwo\n");
        let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!((mode(&inner), mode(&file)), (0o700, 0o600));
    }

    #[test]
    fn a_second_holder_is_told_who_is_first() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("lock");
        let Locking::Held(first) = RealDisk::default().lock(&path, &holder()).unwrap() else {
            panic!("free")
        };
        let Locking::Busy(Some(seen)) = RealDisk::default().lock(&path, &holder()).unwrap() else {
            panic!("busy")
        };
        assert_eq!(seen, holder());
        drop(first);
        assert!(matches!(
            RealDisk::default().lock(&path, &holder()).unwrap(),
            Locking::Held(_)
        ));
    }

    #[test]
    fn replacing_leaves_one_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("golive.toml");
        let disk = RealDisk::default();
        disk.replace(&path, b"old").unwrap();
        disk.replace(&path, b"new").unwrap();
        assert_eq!(disk.read(&path).unwrap().unwrap(), b"new");
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
    }
}
