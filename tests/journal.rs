//! The state file, read by this golive and by the binary: cut anywhere, changed anywhere, forged, linked, shared, old.

#[path = "binary/program.rs"]
mod program;

use std::fs;
use std::os::unix::fs::{FileExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use golive::disk::RealDisk;
use golive::error::{Error, Result};
use golive::event::Durable;
use golive::journal::{Contents, Journal, Opened, Opening, Paths, read, record};
use golive::seam::disk::Holder;
use jiff::Timestamp;
use program::{command, golive};

/// Long enough for records of most kinds, short enough to try each byte.
const BYTES_MAX: usize = 8 << 10;
/// The launch of the fixtures.
const LAUNCH: &str = "bondigoo-1a2b3c4d";

fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/journals/v1")
}

fn fixture(name: &str) -> Vec<u8> {
    fs::read(fixtures().join(name)).unwrap()
}

/// The first whole lines of a launch.
fn lines() -> Vec<u8> {
    let bytes = fixture("finished.jsonl");
    let end = bytes[..BYTES_MAX].iter().rposition(|byte| *byte == b'\n');
    bytes[..=end.unwrap()].to_vec()
}

fn count(bytes: &[u8]) -> usize {
    bytes.iter().filter(|byte| **byte == b'\n').count()
}

/// A launch's folder with this state file.
struct Launch(tempfile::TempDir);

impl Launch {
    fn with(bytes: &[u8]) -> Launch {
        let launch = Launch(tempfile::tempdir().unwrap());
        fs::create_dir(launch.paths().folder).unwrap();
        fs::copy(
            fixtures().join("golive.toml"),
            launch.dir().join("golive.toml"),
        )
        .unwrap();
        launch.put(bytes);
        launch
    }

    fn dir(&self) -> &Path {
        self.0.path()
    }

    fn paths(&self) -> Paths {
        Paths::of(self.dir())
    }

    fn put(&self, bytes: &[u8]) {
        fs::write(self.paths().state(), bytes).unwrap();
    }

    fn bytes(&self) -> Vec<u8> {
        fs::read(self.paths().state()).unwrap()
    }

    fn read(&self) -> Result<Contents> {
        read(&RealDisk::default(), &self.paths())
    }

    fn open(&self) -> Result<Opened> {
        let holder = Holder {
            pid: std::process::id(),
            host: "desk".into(),
            since: Timestamp::UNIX_EPOCH,
        };
        let opening = Opening {
            launch: LAUNCH,
            version: "0",
            catalogue: "0",
            rehearsal: true,
            holder,
        };
        Journal::open(Arc::new(RealDisk::default()), &self.paths(), &opening)
    }

    /// Refused in process and by the binary, with the file as it was.
    #[track_caller]
    fn is_refused(&self, why: &str) {
        let before = self.bytes();
        is_damage(&self.read().err().expect(why), why);
        is_damage(&self.open().err().expect(why), why);
        for arguments in [&["status"][..], &["log", "verify"], &TICK] {
            let said = golive(self.dir(), &[], arguments).ends(65);
            said.tells(&["state.jsonl", why, "hint: "]);
        }
        assert_eq!(self.bytes(), before, "{why}");
    }
}

const TICK: [&str; 6] = ["tick", "1.stable-main", "--by", "Ada", "--note", "looked"];

#[track_caller]
fn is_damage(error: &Error, why: &str) {
    let shown = error.to_string();
    assert_eq!(error.kind.exit_code(), 65, "{shown}");
    assert!(shown.contains(why) && error.hint.is_some(), "{shown}");
}

#[test]
fn cut_at_any_byte_it_recovers_with_a_notice() {
    let whole = lines();
    let launch = Launch::with(&whole);
    let file = fs::OpenOptions::new()
        .write(true)
        .open(launch.paths().state())
        .unwrap();
    for end in (0..=whole.len()).rev() {
        file.set_len(end as u64).unwrap();
        let kept = &whole[..end];
        let contents = launch
            .read()
            .unwrap_or_else(|error| panic!("{end}: {error}"));
        assert_eq!(contents.records.len(), count(kept), "{end}");
        // A cut between two lines is the launch as it was at that moment; all else is a line that nobody relied on.
        let torn = kept.iter().rev().take_while(|byte| **byte != b'\n').count();
        assert_eq!(contents.torn as usize, torn, "{end}");
    }
}

#[test]
fn a_cut_line_is_dropped_once_and_the_launch_goes_on_behind_it() {
    let whole = lines();
    let last = whole[..whole.len() - 1]
        .iter()
        .rposition(|byte| *byte == b'\n');
    for end in (last.unwrap()..=whole.len()).step_by(9) {
        let launch = Launch::with(&whole[..end]);
        let torn = launch.read().unwrap().torn as usize;
        let Opened::Held {
            notices, records, ..
        } = launch.open().unwrap()
        else {
            panic!("{end}: nobody else holds it")
        };
        assert_eq!(notices.is_empty(), torn == 0, "{end}: {notices:?}");
        assert_eq!(records.len(), count(&whole[..end]) + 1, "{end}");
        assert!(launch.bytes().starts_with(&whole[..end - torn]), "{end}");
        let again = launch.read().unwrap();
        assert_eq!(
            (again.torn, again.records.len()),
            (0, records.len()),
            "{end}"
        );
    }
}

#[test]
fn changed_in_any_byte_it_is_refused_or_the_line_is_dropped_with_a_notice() {
    let whole = lines();
    let launch = Launch::with(&whole);
    let file = fs::OpenOptions::new()
        .write(true)
        .open(launch.paths().state())
        .unwrap();
    let records = launch.read().unwrap().records;
    // One bit, the letter's case, the highest bit, all bits.
    for mask in [0x01, 0x20, 0x80, 0xff] {
        for (place, byte) in whole.iter().enumerate() {
            file.write_all_at(&[byte ^ mask], place as u64).unwrap();
            match launch.read() {
                Err(error) => is_damage(&error, "state.jsonl"),
                // A kind that no golive knows yet: followed, never continued.
                Ok(contents) if contents.newer.is_some() => {}
                // The end of the last line: it is dropped, and what stands before it is as it was.
                Ok(contents) => {
                    assert_eq!(place, whole.len() - 1, "{mask:#x} at {place} was accepted");
                    assert!(contents.torn > 0);
                    assert_eq!(contents.records, records[..records.len() - 1]);
                }
            }
            file.write_all_at(&[*byte], place as u64).unwrap();
        }
    }
    assert_eq!(launch.read().unwrap().records.len(), count(&whole));
}

#[test]
fn what_is_no_state_file_any_more_is_refused_with_the_line_and_what_to_do() {
    let whole = lines();
    let text = String::from_utf8(whole.clone()).unwrap();
    let mut swapped: Vec<&str> = text.split_inclusive('\n').collect();
    let last = swapped.len() - 1;
    let doubled = text.clone() + swapped[last];
    let without_first = swapped[1..].concat();
    let without_middle = [&swapped[..3], &swapped[4..]].concat().concat();
    swapped.swap(2, 3);
    let zeros = |place: usize| {
        let mut bytes = whole.clone();
        bytes.splice(place..place, [0; 512]);
        bytes
    };
    let mut ends_in_zeros = whole.clone();
    ends_in_zeros.extend([&[0; 512][..], b"\n"].concat());
    for (bytes, why) in [
        (text.replace('\n', "\r\n").into_bytes(), "line 1 "),
        (text.replacen('\n', "\r\n", last).into_bytes(), "line 1 "),
        (["\u{feff}", &text].concat().into_bytes(), "line 1 "),
        (["\n", &text].concat().into_bytes(), "line 1 "),
        (swapped.concat().into_bytes(), "line 3 "),
        (without_first.into_bytes(), "line 1 "),
        (without_middle.into_bytes(), "line 4 "),
        (doubled.into_bytes(), &format!("line {} ", last + 2)),
        (zeros(0), "line 1 "),
        (zeros(swapped[0].len() + 20), "line 2 "),
        (ends_in_zeros, &format!("line {} ", last + 2)),
        (b"{}\n".to_vec(), "line 1 "),
        (b"[]\n".to_vec(), "line 1 "),
        (b"schema = 1\n".to_vec(), "line 1 "),
    ] {
        Launch::with(&bytes).is_refused(why);
    }
}

#[test]
fn an_empty_file_is_a_launch_that_has_not_begun_and_zeros_without_an_end_are_dropped() {
    let empty = Launch::with(b"");
    assert_eq!(empty.read().unwrap().records.len(), 0);
    golive(empty.dir(), &[], &["status"]).ends(0);
    golive(empty.dir(), &[], &["log", "verify"])
        .ends(0)
        .tells(&["0 records"]);
    // As some file systems leave it after a power cut.
    let mut bytes = lines();
    bytes.extend([0; 512]);
    let zeros = Launch::with(&bytes);
    let status = golive(zeros.dir(), &[], &["status"]).ends(0);
    status.tells(&["is not whole (512 bytes)"]);
    assert_eq!(zeros.bytes(), bytes, "status writes nothing");
    let Opened::Held { notices, .. } = zeros.open().unwrap() else {
        panic!("nobody else holds it")
    };
    assert!(notices[0].contains("512 bytes"), "{notices:?}");
}

/// A line that follows on `bytes`, with these words changed before it is sealed.
fn forged(bytes: &[u8], change: impl Fn(&str) -> String) -> Vec<u8> {
    let contents = Launch::with(bytes).read().unwrap();
    let record = golive::event::Record {
        seq: contents.state.seq + 1,
        epoch: contents.state.epoch,
        at: Timestamp::UNIX_EPOCH,
        durable: Durable::Answered {
            key: "a".into(),
            value: "b".into(),
        },
    };
    let line = record::write(&record, &contents.head);
    let (content, _) = line.rsplit_once(",\"sum\":").unwrap();
    let content = change(content);
    let sum = &record::hash(content.as_bytes())[..16];
    [bytes, format!("{content},\"sum\":\"{sum}\"}}\n").as_bytes()].concat()
}

#[test]
fn a_line_that_cannot_be_true_is_refused_however_well_it_is_sealed() {
    let whole = lines();
    let seq = count(&whole);
    let as_it_is = forged(&whole, str::to_string);
    assert_eq!(
        Launch::with(&as_it_is).read().unwrap().records.len(),
        seq + 1
    );
    let number = |n: usize| format!("{{\"seq\":{n},");
    for (change, why) in [
        (number(seq), "follows on record"),
        (number(seq + 2), "follows on record"),
        (format!("{}\"epoch\":0,", number(seq + 1)), "earlier holder"),
    ] {
        let bytes = forged(&whole, |content| {
            let old = match change.contains("epoch") {
                true => format!("{}\"epoch\":1,", number(seq + 1)),
                false => number(seq + 1),
            };
            assert!(content.starts_with(&old), "{content}");
            content.replacen(&old, &change, 1)
        });
        Launch::with(&bytes).is_refused(why);
    }
    let unknown = forged(&whole, |content| content.replace("\"value\"", "\"worth\""));
    Launch::with(&unknown).is_refused("value");
}

#[test]
fn a_newer_golives_file_is_read_and_never_written() {
    let newer = forged(&lines(), |content| {
        content.replace("\"kind\":\"answered\"", "\"kind\":\"launched\"")
    });
    let launch = Launch::with(&newer);
    let contents = launch.read().unwrap();
    assert_eq!(contents.newer.as_deref(), Some("launched"));
    let Opened::Newer { kind, records, .. } = launch.open().unwrap() else {
        panic!("only to be read")
    };
    assert_eq!(
        (kind.as_str(), records.len()),
        ("launched", count(&lines()))
    );
    golive(launch.dir(), &[], &["status"])
        .ends(0)
        .tells(&["newer golive", "launched"]);
    golive(launch.dir(), &[], &["log", "verify"])
        .ends(0)
        .tells(&["newer golive"]);
    let tick = golive(launch.dir(), &[], &TICK);
    assert_ne!(tick.code, Some(0), "{tick}");
    let waive = ["waive", "1.rule-develop", "--by", "Ada", "--why", "later"];
    golive(launch.dir(), &[], &waive)
        .ends(65)
        .tells(&["newer golive", "nothing was changed"]);
    assert_eq!(launch.bytes(), newer);
    // What is cut or changed before the newer line is seen all the same.
    let mut changed = newer.clone();
    changed[40] ^= 1;
    launch.put(&changed);
    assert!(launch.read().is_err());
}

#[test]
fn the_folder_is_its_owners_alone_whatever_the_umask() {
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path().join("rehearsal");
    let golive = command(folder.path(), &[], &[]);
    let script = format!(
        "umask 000; exec {} rehearse --headless --until 1 --dir {}",
        golive.get_program().to_string_lossy(),
        dir.display()
    );
    let mut shell = std::process::Command::new("sh");
    let output = shell.args(["-c", &script]).output().unwrap();
    assert!(output.status.success(), "{output:?}");
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&dir.join(".golive")), 0o700);
    let mut names = vec![];
    for entry in fs::read_dir(dir.join(".golive")).unwrap() {
        let path = entry.unwrap().path();
        assert_eq!(mode(&path), 0o600, "{}", path.display());
        names.push(path.file_name().unwrap().to_string_lossy().into_owned());
    }
    names.sort();
    assert_eq!(names, [".gitignore", "lock", "state.jsonl", "world.jsonl"]);
    let ignored = fs::read_to_string(dir.join(".golive/.gitignore")).unwrap();
    assert_eq!(ignored, "*\n");
}

#[test]
fn a_link_in_its_place_is_refused_and_not_followed() {
    let launch = Launch::with(b"");
    let elsewhere = launch.dir().join("elsewhere.jsonl");
    for there in [true, false] {
        fs::remove_file(launch.paths().state()).unwrap();
        if there {
            fs::write(&elsewhere, lines()).unwrap();
        } else {
            fs::remove_file(&elsewhere).unwrap();
        }
        std::os::unix::fs::symlink(&elsewhere, launch.paths().state()).unwrap();
        is_damage(&launch.read().err().unwrap(), "it is a link");
        is_damage(&launch.open().err().unwrap(), "it is a link");
        golive(launch.dir(), &[], &["status"])
            .ends(65)
            .tells(&["it is a link"]);
        assert_eq!(fs::read(&elsewhere).ok(), there.then(lines));
    }
    // A folder that is a link is one folder all the same: its lock is beside its state file.
    let other = tempfile::tempdir().unwrap();
    std::os::unix::fs::symlink(launch.paths().folder, other.path().join(".golive")).unwrap();
    fs::remove_file(launch.paths().state()).unwrap();
    launch.put(&lines());
    fs::copy(
        launch.dir().join("golive.toml"),
        other.path().join("golive.toml"),
    )
    .unwrap();
    golive(other.path(), &[], &["log", "verify"])
        .ends(0)
        .tells(&["unbroken"]);
}

#[test]
fn while_one_holds_it_another_process_writes_nothing() {
    let launch = Launch::with(&fixture("midway.jsonl"));
    let Opened::Held { journal, .. } = launch.open().unwrap() else {
        panic!("nobody else holds it")
    };
    let held = launch.bytes();
    let untick = [
        "waive",
        "1.rule-develop",
        "--by",
        "Ada",
        "--why",
        "not needed",
    ];
    let busy = golive(launch.dir(), &[], &untick).ends(75);
    let pid = format!("process {} on desk, since 1970-01-01", std::process::id());
    busy.tells(&[&pid, "nothing was changed"]);
    golive(launch.dir(), &[], &["status"]).ends(0);
    assert!(matches!(launch.open().unwrap(), Opened::Busy(Some(_))));
    assert_eq!(launch.bytes(), held);
    drop(journal);
    assert!(matches!(launch.open().unwrap(), Opened::Held { .. }));
}

/// Written once by the first version and never again: what is recorded must be readable for ever.
#[test]
fn launches_of_the_first_version_are_read_for_ever() {
    for (name, records, settled) in [("midway.jsonl", 33, 8), ("finished.jsonl", 70, 12)] {
        let bytes = fixture(name);
        let launch = Launch::with(&bytes);
        let contents = launch.read().unwrap();
        assert_eq!(contents.records.len(), records, "{name}");
        assert_eq!((contents.torn, contents.newer), (0, None), "{name}");
        let state = contents.state;
        assert_eq!(state.launch.as_deref(), Some(LAUNCH));
        assert!(state.rehearsal && state.openings == 1, "{name}");
        let done = state
            .items
            .values()
            .filter(|item| item.is_settled())
            .count();
        assert_eq!(done, settled, "{name}");
        assert_eq!(state.kept.len(), 1, "{name}");
        let status = golive(launch.dir(), &[], &["status"]).ends(0);
        status.tells(&["Branch staging", "branch staging is at"]);
        golive(launch.dir(), &[], &["log"])
            .ends(0)
            .tells(&["GITHUB_TOKEN"]);
        golive(launch.dir(), &[], &["log", "verify"])
            .ends(0)
            .tells(&[&format!("{records} records"), "unbroken"]);
        assert_eq!(launch.bytes(), bytes, "{name}");
        // What is read is written again as it was: no field got lost on the way.
        for (record, line) in contents
            .records
            .iter()
            .zip(bytes.split(|byte| *byte == b'\n'))
        {
            let (text, line) = (
                serde_json::to_string(record).unwrap(),
                String::from_utf8_lossy(line),
            );
            let (known, _) = line.rsplit_once(",\"prev\":").unwrap();
            assert_eq!(text.strip_suffix('}').unwrap(), known, "{name}");
        }
    }
}
