//! The state file: append-only, hash-chained, made durable before it is relied on.

pub mod record;
pub mod state;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use jiff::Timestamp;

use crate::error::{Error, Result};
use crate::event::{Durable, Record};
use crate::sabotage::{self, Bug};
use crate::seam::disk::{Disk, Holder, Lock, Locking};

use self::state::State;

/// A launch is at most some thousand records; a file beyond this is not ours.
const FILE_MAX: usize = 256 << 20;

/// Where a launch keeps its files.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Paths {
    /// `.golive`
    pub folder: PathBuf,
}

impl Paths {
    /// The paths of the launch whose `golive.toml` is in `dir`.
    pub fn of(dir: &Path) -> Self {
        Self {
            folder: dir.join(".golive"),
        }
    }

    pub fn state(&self) -> PathBuf {
        self.folder.join("state.jsonl")
    }

    pub fn lock(&self) -> PathBuf {
        self.folder.join("lock")
    }

    pub fn ignore(&self) -> PathBuf {
        self.folder.join(".gitignore")
    }
}

/// What a state file holds, read whole and proved unbroken.
pub struct Contents {
    pub records: Vec<Record>,
    pub state: State,
    /// Hash of the last whole line.
    pub head: String,
    /// Bytes of the whole lines.
    pub len: u64,
    /// Bytes of a torn last line, which count for nothing.
    pub torn: u64,
    /// A kind of record that this version does not know: the file may be followed, not continued.
    pub newer: Option<String>,
}

/// Reads and checks a state file. A missing file is an empty launch.
pub fn read(disk: &dyn Disk, paths: &Paths) -> Result<Contents> {
    let path = paths.state();
    let bytes = disk
        .read(&path)
        .map_err(|error| unreadable(&path, &error))?
        .unwrap_or_default();
    if bytes.len() > FILE_MAX {
        return Err(Error::damaged(format!(
            "{} is too large to be a state file",
            path.display()
        )));
    }
    let mut contents = Contents {
        records: vec![],
        state: State::default(),
        head: record::START.into(),
        len: 0,
        torn: 0,
        newer: None,
    };
    let mut rest = bytes.as_slice();
    let mut number = 0;
    while !rest.is_empty() {
        number += 1;
        let Some(end) = rest.iter().position(|byte| *byte == b'\n') else {
            // A last line without its end was being written when the machine or golive stopped: nobody relied on it.
            contents.torn = rest.len() as u64;
            break;
        };
        let line = &rest[..end];
        take(&mut contents, line).map_err(|cause| damaged(&path, number, &cause))?;
        contents.len += end as u64 + 1;
        contents.head = record::hash(line);
        rest = &rest[end + 1..];
    }
    Ok(contents)
}

fn take(contents: &mut Contents, line: &[u8]) -> Result<(), String> {
    match record::read(line, &contents.head)? {
        record::Read::NewerKind(kind) => contents.newer = contents.newer.take().or(Some(kind)),
        record::Read::Record(_) if contents.newer.is_some() => {}
        record::Read::Record(record) => {
            contents.state.apply(&record)?;
            contents.records.push(*record);
        }
    }
    Ok(())
}

fn damaged(path: &Path, line: usize, cause: &str) -> Error {
    Error::damaged(format!("line {line} of {} cannot be trusted", path.display()))
        .because(cause)
        .now("nothing was changed, here or at any provider")
        .hint(format!(
            "put a copy of the file back, or move it away (`mv {0} {0}.broken`): golive then finds by looking what exists",
            path.display()
        ))
}

/// What the disk answers where a link stands instead of golive's own file.
fn is_link(error: &std::io::Error) -> bool {
    error.raw_os_error() == Some(rustix::io::Errno::LOOP.raw_os_error())
}

fn unreadable(path: &Path, error: &std::io::Error) -> Error {
    let unreadable = Error::damaged(format!("{} cannot be read", path.display())).because(error);
    if is_link(error) {
        return unreadable.hint(
            "it is a link, and golive writes only into the file itself: put the file there, or use the folder it is in (--dir)",
        );
    }
    unreadable
        .hint("golive needs to read and write its own folder: look at its owner and permissions")
}

fn unwritable(path: &Path, error: &std::io::Error) -> Error {
    let hint = match error.kind() {
        std::io::ErrorKind::StorageFull | std::io::ErrorKind::QuotaExceeded => {
            "make room on that disk, then start golive again: it goes on where it stopped"
        }
        std::io::ErrorKind::ReadOnlyFilesystem | std::io::ErrorKind::PermissionDenied => {
            "make the folder writable for you, or choose another one with --dir"
        }
        _ if is_link(error) => "it is a link: golive writes only into the file itself",
        _ => "start golive again once the disk works: it goes on where it stopped",
    };
    Error::failed(format!(
        "{} cannot be written, so nothing more is changed",
        path.display()
    ))
    .because(error)
    .now("all that was recorded before is kept")
    .hint(hint)
}

/// A launch held open for writing: this process has its lock.
pub struct Journal {
    disk: Arc<dyn Disk>,
    path: PathBuf,
    head: String,
    epoch: u64,
    seq: u64,
    /// After a failed write or sync nothing more is written: what the file holds is not known.
    broken: Option<Error>,
    _lock: Box<dyn Lock>,
}

/// What opening found.
pub enum Opened {
    Held {
        journal: Box<Journal>,
        state: Box<State>,
        records: Vec<Record>,
        notices: Vec<String>,
    },
    /// Another golive holds the launch.
    Busy(Option<Holder>),
    /// Written by a newer golive: to be read only.
    Newer {
        kind: String,
        state: Box<State>,
        records: Vec<Record>,
    },
}

/// Who opens a launch.
pub struct Opening<'a> {
    pub launch: &'a str,
    pub version: &'a str,
    pub catalogue: &'a str,
    pub rehearsal: bool,
    pub holder: Holder,
}

impl Journal {
    /// Takes the lock, reads everything, drops a torn last line, and records the opening.
    pub fn open(disk: Arc<dyn Disk>, paths: &Paths, opening: &Opening<'_>) -> Result<Opened> {
        let path = paths.state();
        disk.create_dir(&paths.folder)
            .map_err(|error| unwritable(&paths.folder, &error))?;
        let lock = match disk
            .lock(&paths.lock(), &opening.holder)
            .map_err(|error| unwritable(&paths.lock(), &error))?
        {
            Locking::Held(lock) => lock,
            Locking::Busy(holder) => return Ok(Opened::Busy(holder)),
        };
        let contents = read(&*disk, paths)?;
        if let Some(launch) = &contents.state.launch
            && launch != opening.launch
        {
            return Err(another_launch(&path, launch, opening.launch));
        }
        if let Some(kind) = contents.newer {
            return Ok(Opened::Newer {
                kind,
                state: Box::new(contents.state),
                records: contents.records,
            });
        }
        let mut notices = vec![];
        if contents.torn > 0 {
            disk.truncate(&path, contents.len)
                .map_err(|error| unwritable(&path, &error))?;
            notices.push(format!(
                "The last line of {} was not whole ({} bytes) and was dropped: golive looks again at what it was about.",
                path.display(),
                contents.torn
            ));
        }
        ignore_by_git(&*disk, paths)?;
        let mut state = contents.state;
        let epoch = state.epoch + 1;
        let mut journal = Journal {
            disk,
            path,
            head: contents.head,
            epoch,
            seq: state.seq,
            broken: None,
            _lock: lock,
        };
        let opened = Durable::Opened {
            launch: opening.launch.into(),
            version: opening.version.into(),
            catalogue: opening.catalogue.into(),
            rehearsal: opening.rehearsal,
            host: opening.holder.host.clone(),
            pid: opening.holder.pid,
        };
        let mut records = contents.records;
        records.push(journal.append(&mut state, opened, opening.holder.since)?);
        Ok(Opened::Held {
            journal: Box::new(journal),
            state: Box::new(state),
            records,
            notices,
        })
    }

    /// Adds one record to the file and to `state`, durable once this returns.
    pub fn append(&mut self, state: &mut State, durable: Durable, at: Timestamp) -> Result<Record> {
        if let Some(error) = &self.broken {
            return Err(error.clone());
        }
        let lazy = sabotage::planted(Bug::NoSyncOfIntention)
            && matches!(durable, Durable::Intended { .. } | Durable::Sent { .. });
        let record = Record {
            seq: self.seq + 1,
            epoch: self.epoch,
            at,
            durable,
        };
        state.apply(&record).map_err(|cause| {
            Error::failed("golive was about to record what cannot be true, and stopped")
                .because(cause)
        })?;
        let line = record::write(&record, &self.head);
        let written = self.disk.append(&self.path, line.as_bytes());
        let synced = written.and_then(|()| {
            if lazy {
                Ok(())
            } else {
                self.disk.sync(&self.path)
            }
        });
        if let Err(error) = synced {
            let error = unwritable(&self.path, &error);
            self.broken = Some(error.clone());
            return Err(error);
        }
        self.head = record::hash(line.trim_end().as_bytes());
        self.seq += 1;
        Ok(record)
    }
}

pub fn another_launch(path: &Path, theirs: &str, ours: &str) -> Error {
    Error::damaged(format!(
        "{} belongs to launch {theirs}, golive.toml to {ours}",
        path.display()
    ))
    .now("nothing was changed")
    .hint("use the folder of that launch, or put the id back into golive.toml")
}

/// The folder is never committed by accident.
fn ignore_by_git(disk: &dyn Disk, paths: &Paths) -> Result<()> {
    let path = paths.ignore();
    match disk.read(&path) {
        Ok(Some(_)) => Ok(()),
        _ => disk
            .replace(&path, b"*\n")
            .map_err(|error| unwritable(&path, &error)),
    }
}
