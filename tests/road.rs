//! The real road: golive as a process against a served world over HTTP, with each of the three vaults, to the end and back.
//!
//! The keyring is a real one, in a session of its own; `tests/setup/keyring.sh` installs it. Without it that story is skipped.

#[path = "road/canary.rs"]
mod canary;
#[path = "binary/program.rs"]
mod program;
#[path = "binary/served.rs"]
mod served;
#[path = "keyring/session.rs"]
mod session;
#[path = "road/whole.rs"]
mod whole;

use std::fs;
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::{Duration, Instant};

use canary::Canary;
use program::Said;
use serde_json::Value;
use served::{ANSWERS, PART, Served};
use session::{Daemon, Home, INSIDE, tools_are_here, until};

const PASSPHRASE: &str = "q7Vd-mZk2/Rt9x+Lw4n";
/// What the operator answers on the way.
const CHOICES: &str = r#"[answers]
"2.to-develop.cors-origin" = "none"
"2.to-staging.cors-origin" = "none"
"2.to-main.cors-origin" = "none"
"#;

/// An operator at work in a folder, with a vault.
struct Operator {
    folder: PathBuf,
    served: Served,
    vault: &'static str,
    variables: Vec<(String, String)>,
    canary: Canary,
    /// How many command lines were seen in the list of processes.
    lines: usize,
}

impl Operator {
    /// In a world where GitHub is enough.
    fn new(folder: &Path, vault: &'static str) -> Operator {
        Operator::on(folder, vault, "no-reviews")
    }

    fn on(folder: &Path, vault: &'static str, world: &str) -> Operator {
        fs::create_dir(folder.join("launch")).unwrap();
        fs::write(folder.join("answers.toml"), ANSWERS).unwrap();
        fs::write(folder.join("choices.toml"), CHOICES).unwrap();
        let served = Served::start(&folder.join("simulator"), world);
        let mut canary = Canary::default();
        canary.know("GITHUB_TOKEN", &served.token);
        canary.know("PASSPHRASE", PASSPHRASE);
        Operator {
            folder: folder.to_path_buf(),
            served,
            vault,
            variables: vec![],
            canary,
            lines: 0,
        }
    }

    fn golive(&mut self, arguments: &[&str]) -> Said {
        self.golive_with(&[], "", arguments)
    }

    /// Runs golive to its end. What it is started with and what it says is looked through.
    fn golive_with(&mut self, more: &[(&str, &str)], typed: &str, arguments: &[&str]) -> Said {
        let mut child = self.command(more, arguments).spawn().unwrap();
        // Empty until the program has taken its new process over.
        let place = format!("/proc/{}/cmdline", child.id());
        while let Ok(line) = fs::read(&place) {
            self.canary.look("the command line", &line);
            self.lines += usize::from(!line.is_empty());
            if !line.is_empty() || child.try_wait().unwrap().is_some() {
                break;
            }
        }
        let mut stdin = child.stdin.take().unwrap();
        stdin.write_all(typed.as_bytes()).unwrap();
        drop(stdin);
        let output = child.wait_with_output().unwrap();
        self.canary.look("stdout", &output.stdout);
        self.canary.look("stderr", &output.stderr);
        output.into()
    }

    fn command(&self, more: &[(&str, &str)], arguments: &[&str]) -> std::process::Command {
        let own = self
            .variables
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()));
        let served = self.served.variables();
        let variables: Vec<(&str, &str)> = served
            .into_iter()
            .chain(own)
            .chain(more.iter().copied())
            .collect();
        let arguments = [&["--vault", self.vault], arguments].concat();
        let mut command = program::command(&self.folder.join("launch"), &variables, &arguments);
        command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command
    }

    /// Everything, from nothing to the end, and what was made taken back.
    fn walks(&mut self) {
        self.looks_and_changes_nothing();
        self.launches();
        self.changes_nothing_any_more();
        self.sees_what_others_changed();
        self.takes_back();
        let folder = self.folder.clone();
        self.canary
            .look_below(&folder, &["ready.json", "vault.age"]);
        let (files, bytes) = (self.canary.files, self.canary.bytes);
        assert!(files >= 8 && bytes > 50_000, "{files} files, {bytes} bytes");
        let listed = Path::new("/proc/self/cmdline").exists();
        assert!(self.lines > 5 || !listed, "{} command lines", self.lines);
        let token = self.served.token.clone();
        self.canary.proves_itself(&token);
        self.canary.proves_itself(PASSPHRASE);
    }

    fn looks_and_changes_nothing(&mut self) {
        let plan = self.golive(&["plan", PART]).ends(0);
        plan.tells(&["ruleset \"golive: main\"", "Nothing was changed"]);
        assert_eq!(self.served.changes(), 0, "a plan only looks");
    }

    fn launches(&mut self) {
        let run = self.golive(&["run", PART, "--yes"]).ends(10);
        run.tells(&[
            "golive tick 1.stable-main --by NAME --note TEXT",
            "\"2.to-develop.cors-origin\" = \"none\"",
        ]);
        let tick = [
            "tick",
            "1.stable-main",
            "--by",
            "Ada",
            "--note",
            "released from it",
        ];
        self.golive(&tick).ends(0);
        for pull in ["2", "3"] {
            let run = self
                .golive(&["run", PART, "--yes", "--answers", "../choices.toml"])
                .ends(10);
            let page = format!("https://github.com/bondigoo/bondigoo-platform/pull/{pull}");
            run.tells(&["waits for another person", &page]);
            let approve = format!("approve_pr {pull}");
            self.served.control("POST", "/person", &approve);
        }
        let run = self
            .golive(&["run", PART, "--yes", "--answers", "../choices.toml"])
            .ends(0);
        run.tells(&["12 of 115 items are settled"]);
        let made = [
            "branch staging",
            "branch develop",
            "ruleset golive: main",
            "ruleset golive: staging",
            "ruleset golive: develop",
            "branch feature/dynamic-cors",
            "pull_request feature/dynamic-cors -> develop",
            "pull_request develop -> staging",
            "pull_request staging -> main",
        ];
        let (mut made, mut seen) = (made.map(str::to_string).to_vec(), self.served.made());
        made.sort();
        seen.sort();
        assert_eq!(seen, made);
    }

    fn changes_nothing_any_more(&mut self) {
        let before = self.served.changes();
        self.golive(&["run", PART, "--yes"]).ends(0);
        self.golive(&["plan", PART])
            .ends(0)
            .tells(&["Nothing would change."]);
        self.golive(&["verify", PART]).ends(0).tells(&["12 of 12"]);
        assert_eq!(self.served.changes(), before, "there is nothing left to do");
        self.golive(&["log", "verify"]).ends(0).tells(&["unbroken"]);
        self.golive(&["log"]).ends(0);
        self.golive(&["answers"])
            .ends(0)
            .tells(&["released from it"]);
        self.golive(&["secrets", "list"])
            .ends(0)
            .tells(&["GITHUB_TOKEN"]);
        let status = self.golive(&["status", "--json"]).ends(0);
        has_the_promised_shape(&serde_json::from_str(&status.out).unwrap());
    }

    fn sees_what_others_changed(&mut self) {
        let edit = "edit ruleset/golive: main";
        self.served.control("POST", "/person", edit);
        let before = self.served.changes();
        let verify = self.golive(&["verify", PART]).ends(12);
        verify.tells(&["1.rule-main", "drifted", "1 changed"]);
        // What someone changed is never put back without being asked.
        self.golive(&["run", PART, "--yes"])
            .ends(10)
            .tells(&["1.rule-main"]);
        assert_eq!(self.served.changes(), before);
    }

    fn takes_back(&mut self) {
        let before = self.served.changes();
        let shown = self.golive(&["undo", "1.rule-develop"]).ends(10);
        shown.tells(&["- ruleset \"golive: develop\"", "undo 1.rule-develop --yes"]);
        assert_eq!(
            self.served.changes(),
            before,
            "a shown removal removes nothing"
        );
        self.golive(&["undo", "1.rule-develop", "--yes"]).ends(0);
        assert_eq!(self.served.changes(), before + 1);
        let made = self.served.made();
        assert!(
            !made.contains(&"ruleset golive: develop".to_string()),
            "{made:?}"
        );
        assert!(
            made.contains(&"ruleset golive: staging".to_string()),
            "{made:?}"
        );
        self.golive(&["log", "verify"]).ends(0);
    }
}

/// `golive status --json` as the product's page has it.
fn has_the_promised_shape(status: &Value) {
    assert_eq!(status["schema"], 1, "{status:#}");
    assert_eq!(status["launch"], "bondigoo");
    assert_eq!(status["rehearsal"], false);
    assert_eq!(status["counts"]["done"], 12);
    assert_eq!(status["counts"]["total"], 115);
    assert!(status["gate"]["open"].is_boolean() && status["gate"]["blocking"].is_array());
    let steps = status["steps"].as_array().unwrap();
    let numbers: Vec<&str> = steps
        .iter()
        .map(|step| step["number"].as_str().unwrap())
        .collect();
    assert_eq!(
        numbers,
        ["0", "1", "2", "2.1", "3", "4", "5", "6", "6.1", "6.2", "7",]
    );
    for step in &steps[1..3] {
        assert_eq!(step["phase"], 0);
        assert!(
            step["title"].is_string() && step["settled"] == true,
            "{step:#}"
        );
        let items = step["items"].as_array().unwrap();
        let changed = items.iter().any(|item| item["state"] == "done");
        let shown = if changed { "done" } else { "already_so" };
        assert_eq!(step["state"], shown, "{step:#}");
        for item in items {
            let states = ["done", "already_so", "attested"];
            assert!(
                states.contains(&item["state"].as_str().unwrap()),
                "{item:#}"
            );
            assert!(
                item["id"].as_str().unwrap().starts_with(numbers[0]) || item["settled"] == true
            );
            assert!(
                item["title"].is_string() && item["evidence"].is_string(),
                "{item:#}"
            );
            let at: jiff::Timestamp = item["at"].as_str().unwrap().parse().unwrap();
            assert!(at > jiff::Timestamp::UNIX_EPOCH);
        }
    }
}

/// No secret is there yet to be looked for.
fn init(operator: &mut Operator) {
    let dir = operator.folder.join("launch");
    let init = program::golive(&dir, &[], &["init", "--answers", "../answers.toml"]).ends(0);
    init.tells(&["golive.toml is written", "golive login"]);
}

#[test]
fn with_a_vault_file_under_a_passphrase() {
    let (folder, elsewhere) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let passphrase = elsewhere.path().join("passphrase");
    fs::write(&passphrase, PASSPHRASE).unwrap();
    fs::set_permissions(&passphrase, fs::Permissions::from_mode(0o600)).unwrap();
    let mut operator = Operator::new(folder.path(), "file");
    init(&mut operator);
    operator
        .golive(&["plan", PART])
        .ends(2)
        .tells(&["GOLIVE_VAULT_PASSPHRASE_FILE=FILE"]);
    let variable = "GOLIVE_VAULT_PASSPHRASE_FILE".to_string();
    operator
        .variables
        .push((variable, passphrase.display().to_string()));
    let missing = operator.golive(&["plan", PART]).ends(2);
    missing.tells(&[
        "GITHUB_TOKEN: golive login github",
        "GOLIVE_SECRET_GITHUB_TOKEN",
    ]);
    let token = operator.served.token.clone();
    let login = operator.golive_with(&[], &format!("{token}\n"), &["login", "--stdin"]);
    login.ends(0).tells(&["belongs to bondigoo and works"]);
    operator.walks();
    fs::write(&passphrase, "another one").unwrap();
    operator.golive(&["run", PART, "--yes"]).ends(77);
}

#[test]
fn with_variables_that_only_lend() {
    let folder = tempfile::tempdir().unwrap();
    let mut operator = Operator::new(folder.path(), "env");
    init(&mut operator);
    let token = operator.served.token.clone();
    let kept = operator.golive_with(&[], &token, &["login", "--stdin"]);
    assert_ne!(kept.code, Some(0), "nothing is kept in variables: {kept}");
    let variable = "GOLIVE_SECRET_GITHUB_TOKEN".to_string();
    operator.variables.push((variable, token));
    operator.walks();
}

#[test]
fn with_the_keyring_of_the_session() {
    if tools_are_here("road") {
        let home = Home::new();
        home.tells("the_whole_road");
        // What the keyring itself wrote when its session ended, too.
        let ready = fs::read(home.path().join("simulator/ready.json")).unwrap();
        let ready: Value = serde_json::from_slice(&ready).unwrap();
        let mut canary = Canary::default();
        canary.know("GITHUB_TOKEN", ready["tokens"]["github"].as_str().unwrap());
        canary.look_below(home.path(), &["ready.json"]);
        assert!(canary.files >= 8, "{}", canary.files);
    }
}

mod inside {
    use super::*;

    #[test]
    #[ignore = "runs in a session of its own"]
    fn the_whole_road() {
        if std::env::var_os(INSIDE).is_none() {
            return;
        }
        let _daemon = Daemon::unlocked();
        let home = PathBuf::from(std::env::var_os("HOME").unwrap());
        let mut operator = Operator::new(&home, "keyring");
        for name in [
            "DBUS_SESSION_BUS_ADDRESS",
            "HOME",
            "XDG_RUNTIME_DIR",
            "LANG",
        ] {
            operator
                .variables
                .push((name.to_string(), std::env::var(name).unwrap()));
        }
        init(&mut operator);
        let token = operator.served.token.clone();
        let lent = [("ROAD_TOKEN", token.as_str())];
        let login = operator.golive_with(&lent, "", &["login", "--from-env", "ROAD_TOKEN"]);
        login
            .ends(0)
            .tells(&["Kept in the OS keyring", "Secret Service"]);
        operator.walks();
        operator
            .golive(&["secrets", "check"])
            .ends(0)
            .tells(&["the one that was kept"]);
    }
}

#[test]
fn a_second_golive_is_told_who_holds_the_launch() {
    let folder = tempfile::tempdir().unwrap();
    let mut operator = Operator::new(folder.path(), "env");
    init(&mut operator);
    let variable = "GOLIVE_SECRET_GITHUB_TOKEN".to_string();
    operator
        .variables
        .push((variable, operator.served.token.clone()));
    // In real time the first one waits for the world long enough.
    let slow = [("GOLIVE_SPEED", "1")];
    let mut first = operator.command(&slow, &["run", PART, "--yes"]);
    let mut first = first
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let state = folder.path().join("launch/.golive/state.jsonl");
    until("the first golive records", || {
        fs::read(&state).is_ok_and(|bytes| !bytes.is_empty())
    });
    let began = Instant::now();
    let second = operator.golive(&["run", PART, "--yes"]).ends(75);
    assert!(
        began.elapsed() < Duration::from_secs(1),
        "{:?}",
        began.elapsed()
    );
    let host = rustix::system::uname()
        .nodename()
        .to_string_lossy()
        .into_owned();
    let pid = format!("process {} on {host}, since 20", first.id());
    second.tells(&[&pid, "nothing was changed by this one"]);
    let tick = ["tick", "1.stable-main", "--by", "Ada", "--note", "looked"];
    operator.golive(&tick).ends(75).tells(&[&pid]);
    operator
        .golive(&["undo", "1", "--yes"])
        .ends(75)
        .tells(&[&pid]);
    // Looking needs no lock.
    operator.golive(&["status"]).ends(0);
    assert!(
        first.try_wait().unwrap().is_none(),
        "the first one still runs"
    );
    let pid = rustix::process::Pid::from_child(&first);
    rustix::process::kill_process(pid, rustix::process::Signal::TERM).unwrap();
    assert_eq!(first.wait().unwrap().code(), Some(143));
    operator.golive(&["log", "verify"]).ends(0);
    operator.golive(&["run", PART, "--yes"]).ends(10);
}
