//! Disks that are full or cannot be written: small ones that a story mounts for itself.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::program::{Said, golive};
use crate::served::{PART, Served};
use crate::{launch, on_the_road, state, under_way};

/// Set for a story that runs with a disk of its own.
const INSIDE: &str = "GOLIVE_TEST_INSIDE_DISK";

/// Runs a story of this binary where it may mount disks of its own; says so where this machine does not let it.
fn with_own_disks(story: &str) {
    let may = Command::new("unshare").args(["-Urm", "true"]).output();
    if !may.is_ok_and(|output| output.status.success()) {
        println!("SKIPPED bad_input: {story} needs `unshare -Urm`, which this machine refuses");
        return;
    }
    let output = Command::new("unshare")
        .arg("-Urm")
        .arg(std::env::current_exe().unwrap())
        .args([
            &format!("disk::inside::{story}"),
            "--exact",
            "--ignored",
            "--nocapture",
        ])
        .env(INSIDE, "1")
        .output()
        .unwrap();
    let said: Said = output.into();
    let said = said.ends(0);
    assert!(said.out.contains("1 passed"), "{said}");
}

#[test]
fn a_disk_that_cannot_be_written_keeps_what_it_has() {
    with_own_disks("a_read_only_disk");
}

#[test]
fn a_full_disk_keeps_what_was_recorded_and_the_launch_goes_on() {
    with_own_disks("a_full_disk");
}

mod inside {
    use super::*;

    const TICK: [&str; 6] = ["tick", "1.stable-main", "--by", "Ada", "--note", "looked"];

    fn alone() -> bool {
        std::env::var_os(INSIDE).is_none()
    }

    fn mount(arguments: &[&str]) {
        let output = Command::new("mount").args(arguments).output().unwrap();
        assert!(output.status.success(), "mount {arguments:?}: {output:?}");
    }

    #[test]
    #[ignore = "runs in a session of its own"]
    fn a_read_only_disk() {
        if alone() {
            return;
        }
        let folder = tempfile::tempdir().unwrap();
        let (dir, served) = under_way(folder.path());
        let (before, changes) = (state(&dir), served.changes());
        let here = dir.to_str().unwrap();
        mount(&["--bind", here, here]);
        mount(&["-o", "remount,bind,ro", here]);
        for arguments in [&["run", PART, "--yes"][..], &["undo", "1", "--yes"], &TICK] {
            let said = on_the_road(&dir, &served, arguments).ends(1);
            said.tells(&[
                "/launch/.golive/lock cannot be written, so nothing more is changed",
                "Read-only file system",
                "now: all that was recorded before is kept",
                "hint: make the folder writable for you",
            ]);
        }
        for arguments in [
            &["status"][..],
            &["log", "verify"],
            &["plan", PART],
            &["verify", PART],
            &["answers"],
        ] {
            on_the_road(&dir, &served, arguments).ends(0);
        }
        let rehearse = golive(&dir, &[], &["rehearse", "--headless", "--dir", "sub"]).ends(1);
        rehearse.tells(&[
            "sub cannot be written",
            "Read-only",
            "hint: golive rehearse --dir FOLDER",
        ]);
        let simulate = golive(&dir, &[], &["simulate", "--ready-file", "ready"]).ends(1);
        simulate.tells(&[
            // The authority that the ready file names comes first.
            "ready.ca.pem cannot be written",
            "Read-only",
            "hint: --ready-file FILE",
        ]);
        assert_eq!((state(&dir), served.changes()), (before, changes));
        mount(&["-o", "remount,bind,rw", here]);
        on_the_road(&dir, &served, &TICK).ends(0);
    }

    /// Takes all room but `pages` memory pages. The file that takes it is given back.
    fn fill(dir: &Path, pages: usize) -> PathBuf {
        const PAGE: usize = 4096;
        let path = dir.join("fill");
        let mut len = 0;
        while fs::write(&path, vec![1; len + PAGE]).is_ok() {
            len += PAGE;
        }
        assert!(len > pages * PAGE, "{len}");
        fs::write(&path, vec![1; len - pages * PAGE]).unwrap();
        path
    }

    #[test]
    #[ignore = "runs in a session of its own"]
    fn a_full_disk() {
        if alone() {
            return;
        }
        let folder = tempfile::tempdir().unwrap();
        let small = folder.path().join("small");
        fs::create_dir(&small).unwrap();
        mount(&[
            "-t",
            "tmpfs",
            "-o",
            "size=128k",
            "tmpfs",
            small.to_str().unwrap(),
        ]);
        let dir = launch(&small);
        let served = Served::start(&folder.path().join("simulator"), "no-reviews");
        // Room for the lock, and for some of the records of this run.
        let fill = fill(&dir, 4);
        let run = on_the_road(&dir, &served, &["run", PART, "--yes"]).ends(1);
        run.tells(&[
            "state.jsonl cannot be written, so nothing more is changed",
            "No space left on device",
            "now: all that was recorded before is kept",
            "hint: make room on that disk, then start golive again",
        ]);
        let (before, changes) = (state(&dir), served.changes());
        let whole = before.iter().rposition(|byte| *byte == b'\n').unwrap() + 1;
        assert!(
            whole > 1_000 && changes < 9,
            "{whole} bytes, {changes} changes"
        );
        golive(&dir, &[], &["status"]).ends(0);
        golive(&dir, &[], &["log", "verify"])
            .ends(0)
            .tells(&["unbroken"]);
        let again = on_the_road(&dir, &served, &["run", PART, "--yes"]).ends(1);
        again.tells(&["make room on that disk"]);
        assert!(state(&dir).starts_with(&before[..whole]));
        assert_eq!(
            served.changes(),
            changes,
            "nothing is changed that cannot be recorded"
        );

        fs::remove_file(fill).unwrap();
        on_the_road(&dir, &served, &["run", PART, "--yes"]).ends(10);
        assert!(
            state(&dir).starts_with(&before[..whole]),
            "nothing recorded is lost"
        );
        golive(&dir, &[], &["log", "verify"])
            .ends(0)
            .tells(&["unbroken"]);
        let (made, mut once) = (served.made(), served.made());
        once.sort();
        once.dedup();
        assert_eq!(made.len(), once.len(), "nothing is made twice: {made:?}");
        assert!(made.contains(&"pull_request feature/dynamic-cors -> develop".to_string()));
    }
}
