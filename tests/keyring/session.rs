//! A session bus and a gnome-keyring of its own for a test: without touching the keyring of whoever runs it.

use std::fs;
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// Set for a story that runs in a session of its own.
pub const INSIDE: &str = "GOLIVE_TEST_INSIDE_SESSION";
const TOOLS: [&str; 4] = [
    "gnome-keyring-daemon",
    "dbus-run-session",
    "dbus-send",
    "secret-tool",
];

/// A bus without activation: what runs on it is only what a story starts.
const BUS: &str = r#"<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig><type>session</type><listen>unix:tmpdir=/tmp</listen><auth>EXTERNAL</auth>
<policy context="default"><allow send_destination="*" eavesdrop="true"/><allow eavesdrop="true"/><allow own="*"/></policy>
</busconfig>"#;

/// Whether what `test` needs is installed; says SKIPPED when not.
pub fn tools_are_here(test: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let missing = TOOLS
        .iter()
        .find(|tool| !std::env::split_paths(&path).any(|folder| folder.join(tool).exists()));
    let Some(tool) = missing else { return true };
    assert!(
        std::env::var_os("CI").is_none(),
        "{tool} is missing in CI; tests/setup/keyring.sh installs it"
    );
    println!("SKIPPED {test}: {tool} is not installed; tests/setup/keyring.sh installs it");
    false
}

/// Where a session keeps its files.
pub struct Home(tempfile::TempDir);

impl Home {
    pub fn new() -> Self {
        let home = tempfile::tempdir().unwrap();
        for folder in ["run", "data", "config", "cache"] {
            let folder = home.path().join(folder);
            fs::create_dir(&folder).unwrap();
            fs::set_permissions(&folder, fs::Permissions::from_mode(0o700)).unwrap();
        }
        fs::write(home.path().join("bus.conf"), BUS).unwrap();
        Self(home)
    }

    pub fn path(&self) -> &Path {
        self.0.path()
    }

    fn environment(&self, command: &mut Command) {
        command
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("HOME", self.0.path())
            .env("LANG", "C.UTF-8")
            .env("XDG_RUNTIME_DIR", self.0.path().join("run"))
            .env("XDG_DATA_HOME", self.0.path().join("data"))
            .env("XDG_CONFIG_HOME", self.0.path().join("config"))
            .env("XDG_CACHE_HOME", self.0.path().join("cache"))
            .env(INSIDE, "1");
    }

    /// Runs the story with a bus.
    pub fn tells(&self, story: &str) {
        let mut command = Command::new("dbus-run-session");
        command
            .arg("--config-file")
            .arg(self.0.path().join("bus.conf"))
            .arg("--")
            .arg(std::env::current_exe().unwrap());
        self.run(command, story);
    }

    /// Runs the story, one of the ignored tests of this binary, by what `command` begins.
    pub fn run(&self, mut command: Command, story: &str) {
        command.args([
            &format!("inside::{story}"),
            "--exact",
            "--ignored",
            "--nocapture",
        ]);
        self.environment(&mut command);
        let output = command.output().unwrap();
        let stdout = String::from_utf8_lossy(&output.stdout);
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert!(
            output.status.success() && stdout.contains("1 passed"),
            "{story}:\n{stdout}\n{stderr}"
        );
        // Seen with --nocapture: what the operator would read.
        println!("{story}:\n{stdout}");
    }
}

/// Every file below a folder, to look for what must not be in it.
pub fn files(folder: &Path, visit: &mut impl FnMut(&Path, &[u8])) {
    for entry in fs::read_dir(folder).unwrap() {
        let entry = entry.unwrap();
        match entry.file_type().unwrap() {
            kind if kind.is_dir() => files(&entry.path(), visit),
            kind if kind.is_file() => visit(&entry.path(), &fs::read(entry.path()).unwrap()),
            _ => {}
        }
    }
}

/// Waits for a condition.
pub fn until(what: &str, mut holds: impl FnMut() -> bool) {
    let give_up = Instant::now() + Duration::from_secs(20);
    while !holds() {
        assert!(Instant::now() < give_up, "{what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// A gnome-keyring of this session, ended when it drops.
pub struct Daemon(pub Child);

impl Daemon {
    pub fn unlocked() -> Self {
        let mut daemon = Self::start(&["--unlock"]);
        let mut stdin = daemon.0.stdin.take().unwrap();
        stdin.write_all(b"the keyring's password").unwrap();
        drop(stdin);
        until("gnome-keyring has a default collection", || {
            let alias = asks(
                "org.freedesktop.secrets",
                "/org/freedesktop/secrets",
                "org.freedesktop.Secret.Service.ReadAlias",
                "string:default",
            );
            alias.contains("/collection/")
        });
        daemon
    }

    /// Its input stays open: whoever starts it may write the password there.
    pub fn start(more: &[&str]) -> Self {
        let child = Command::new("gnome-keyring-daemon")
            .args(["--foreground", "--components=secrets"])
            .args(more)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        Self(child)
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// What a D-Bus call answers; empty when it fails.
pub fn asks(whom: &str, path: &str, method: &str, argument: &str) -> String {
    let output = Command::new("dbus-send")
        .args(["--session", "--print-reply", "--reply-timeout=2000"])
        .arg(format!("--dest={whom}"))
        .args([path, method, argument])
        .output()
        .unwrap();
    String::from_utf8_lossy(&output.stdout).into_owned()
}
