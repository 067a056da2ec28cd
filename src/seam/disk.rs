//! The disk, as the state file needs it: append, make durable, read whole, hold a lock.

use std::io;
use std::path::Path;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// Who holds a launch's lock; written into the lock file for the other golive to show.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Holder {
    pub pid: u32,
    pub host: String,
    pub since: Timestamp,
}

/// Held for the process's life; the lock is free again when it drops or the process dies.
pub trait Lock: Send + Sync {}

pub enum Locking {
    Held(Box<dyn Lock>),
    /// Another process has it. `None` when the lock file says nothing readable about who.
    Busy(Option<Holder>),
}

pub trait Disk: Send + Sync {
    /// The whole file, or `None` when there is none.
    fn read(&self, path: &Path) -> io::Result<Option<Vec<u8>>>;

    /// Makes a folder (0700), with its parents. Existing is fine.
    fn create_dir(&self, path: &Path) -> io::Result<()>;

    /// Appends to a file (0600, made when missing). Not durable before `sync`.
    fn append(&self, path: &Path, bytes: &[u8]) -> io::Result<()>;

    /// What was appended survives a power cut once this returns. An error is final for the file.
    fn sync(&self, path: &Path) -> io::Result<()>;

    /// Cuts a torn last line off.
    fn truncate(&self, path: &Path, len: u64) -> io::Result<()>;

    /// Puts a whole file (0600) in place: either the old or the new content is there after any crash.
    fn replace(&self, path: &Path, bytes: &[u8]) -> io::Result<()>;

    fn lock(&self, path: &Path, holder: &Holder) -> io::Result<Locking>;
}
