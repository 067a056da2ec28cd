//! A shell in a real terminal: a tmux server of its own for each test, and golive typed into it as a person would.

use std::path::PathBuf;
use std::process::{Command, Output, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process, test_kill_process};
use tempfile::TempDir;

/// How long a screen may take to show what is waited for. Two cores and a debug build: far more than it takes.
const DEADLINE: Duration = Duration::from_secs(30);
/// How often a condition is looked at.
const LOOK: Duration = Duration::from_millis(20);

/// The prompt says with which code the last command ended.
const PROMPT: &str = "[$?] shell> ";

/// A session, and the private folders it works in.
pub struct Terminal {
    dir: TempDir,
    server: Pid,
    size: (u16, u16),
}

/// Opens a terminal of that size with a shell in it; `None` where there is no tmux, which is said.
pub fn open(columns: u16, rows: u16) -> Option<Terminal> {
    if Command::new("tmux").arg("-V").output().is_err() {
        assert!(
            std::env::var_os("CI").is_none(),
            "tmux is not installed: tests/setup/tmux.sh installs it"
        );
        println!("SKIPPED terminal: tmux is not installed; tests/setup/tmux.sh installs it");
        return None;
    }
    Some(Terminal::open(columns, rows))
}

impl Terminal {
    fn open(columns: u16, rows: u16) -> Terminal {
        let dir = tempfile::tempdir().expect("a folder of its own");
        for name in ["home", "tmux"] {
            std::fs::create_dir(dir.path().join(name)).expect("a private folder");
        }
        let options = "set -g status off\nset -g default-terminal tmux-256color\n\
                       set -g history-limit 10000\nset -s escape-time 0\n";
        std::fs::write(dir.path().join("tmux.conf"), options).expect("tmux's options");
        let mut terminal = Terminal {
            dir,
            server: Pid::INIT,
            size: (columns, rows),
        };
        let home = format!("HOME={}", terminal.home().display());
        let path = format!("PATH={}", std::env::var("PATH").unwrap_or_default());
        let ps1 = format!("PS1={PROMPT}");
        let (x, y) = (columns.to_string(), rows.to_string());
        terminal.tmux(&[
            "new-session",
            "-d",
            "-s",
            "main",
            "-x",
            &x,
            "-y",
            &y,
            "env",
            "-i",
            "TERM=tmux-256color",
            "LANG=C.UTF-8",
            &home,
            &path,
            &ps1,
            "bash",
            "--norc",
            "--noprofile",
            "-i",
        ]);
        let server: i32 = terminal.ask("#{pid}").parse().expect("tmux's process");
        terminal.server = Pid::from_raw(server).expect("a process");
        assert_eq!(terminal.prompt(), 0);
        terminal
    }

    fn command(&self) -> Command {
        let mut command = Command::new("tmux");
        command
            .env("TMUX_TMPDIR", self.dir.path().join("tmux"))
            .env("LC_ALL", "C.UTF-8")
            .env_remove("TMUX")
            .args(["-u", "-L", "golive", "-f"])
            .arg(self.dir.path().join("tmux.conf"));
        command
    }

    /// Runs a tmux command; gives its output.
    pub fn tmux(&self, arguments: &[&str]) -> String {
        let output = self.command().args(arguments).output().expect("tmux");
        text_of(&output, arguments)
    }

    /// The home folder of the shell.
    pub fn home(&self) -> PathBuf {
        self.dir.path().join("home")
    }

    /// The rehearsal's folder.
    pub fn launch(&self) -> PathBuf {
        self.dir.path().join("launch")
    }

    /// A file beside home and launch, for what a test itself keeps.
    pub fn file(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// What tmux knows of the pane, such as `#{alternate_on}`.
    pub fn ask(&self, format: &str) -> String {
        let said = self.tmux(&["display-message", "-p", "-t", "main", format]);
        said.trim().to_string()
    }

    /// The screen as it stands.
    pub fn screen(&self) -> String {
        self.tmux(&["capture-pane", "-p", "-t", "main"])
    }

    /// The screen and all that scrolled out of it.
    pub fn history(&self) -> String {
        self.tmux(&["capture-pane", "-p", "-S", "-", "-t", "main"])
    }

    /// Presses keys by tmux's names: `n`, `Enter`, `C-c`.
    pub fn press(&self, keys: &[&str]) {
        let mut arguments = vec!["send-keys", "-t", "main", "--"];
        arguments.extend(keys);
        self.tmux(&arguments);
    }

    /// Types characters, one after the other, as they are.
    pub fn write(&self, text: &str) {
        self.tmux(&["send-keys", "-t", "main", "-l", "--", text]);
    }

    /// Types a command and Enter.
    pub fn run(&self, command: &str) {
        self.write(command);
        self.press(&["Enter"]);
    }

    /// Pastes as a terminal does when its user pastes. The text is on no command line.
    pub fn paste(&self, text: &str) {
        let mut load = self
            .command()
            .args(["load-buffer", "-"])
            .stdin(Stdio::piped())
            .spawn()
            .expect("tmux");
        let mut pipe = load.stdin.take().expect("a pipe");
        std::io::Write::write_all(&mut pipe, text.as_bytes()).expect("the text");
        drop(pipe);
        assert!(load.wait().expect("tmux").success());
        self.tmux(&["paste-buffer", "-p", "-d", "-t", "main"]);
    }

    /// Waits until the screen is as wished, and gives it.
    pub fn until(&self, wish: &str, mut is_so: impl FnMut(&str) -> bool) -> String {
        let end = Instant::now() + DEADLINE;
        loop {
            let screen = self.screen();
            if is_so(&screen) {
                return screen;
            }
            assert!(
                Instant::now() < end,
                "not seen: {wish}. The screen:\n{screen}"
            );
            std::thread::sleep(LOOK);
        }
    }

    /// Waits until a text is on the screen.
    pub fn see(&self, text: &str) -> String {
        self.until(text, |screen| screen.contains(text))
    }

    /// Waits for the shell's prompt on a line of its own, so that nothing was typed into the shell; gives the code with
    /// which the last command ended.
    pub fn prompt(&self) -> u8 {
        let screen = self.until("the prompt", |screen| code_of(screen).is_some());
        code_of(&screen).expect("a code")
    }

    /// The command line that opens or goes on with this terminal's rehearsal.
    pub fn golive(&self, arguments: &str) -> String {
        let dir = self.launch();
        let binary = env!("CARGO_BIN_EXE_golive");
        format!(
            "'{binary}' rehearse 0.github,1,2 --dir '{}' {arguments}",
            dir.display()
        )
    }

    /// Opens or goes on with the rehearsal, and waits until it stands on the screen and asks for something.
    pub fn start(&self, arguments: &str) {
        self.run(&self.golive(arguments));
        self.see("REHEARSAL ]");
    }

    /// golive's process, as its lock says.
    pub fn process(&self) -> Pid {
        let lock = std::fs::read_to_string(self.launch().join(".golive/lock")).expect("the lock");
        let lock: serde_json::Value = serde_json::from_str(&lock).expect("the lock's holder");
        let pid = lock["pid"].as_i64().expect("a process id");
        Pid::from_raw(i32::try_from(pid).expect("a process id")).expect("a process")
    }

    pub fn signal(&self, signal: Signal) {
        kill_process(self.process(), signal).expect("golive runs");
    }

    /// Waits until a process has ended; gives how long that took.
    pub fn ended(&self, process: Pid) -> Duration {
        let began = Instant::now();
        while test_kill_process(process).is_ok() {
            assert!(
                began.elapsed() < DEADLINE,
                "golive still runs. The screen:\n{}",
                self.screen()
            );
            std::thread::sleep(Duration::from_millis(2));
        }
        began.elapsed()
    }

    pub fn resize(&self, columns: u16, rows: u16) {
        let (x, y) = (columns.to_string(), rows.to_string());
        self.tmux(&["resize-window", "-t", "main", "-x", &x, "-y", &y]);
    }

    pub fn back_to_size(&self) {
        self.resize(self.size.0, self.size.1);
    }

    /// The terminal is as it was before golive: its own screen, a cursor, lines read and echoed, and a shell that works.
    pub fn is_as_found(&self) {
        let flags =
            self.ask("alternate #{alternate_on} cursor #{cursor_flag} mouse #{mouse_any_flag}");
        assert_eq!(flags, "alternate 0 cursor 1 mouse 0");
        // A number that no earlier look has left on the screen.
        static LOOKS: AtomicU32 = AtomicU32::new(1000);
        let look = LOOKS.fetch_add(1, Ordering::Relaxed);
        self.run(&format!("clear; stty -a; echo usable $(({look} + 0))"));
        let screen = self.see(&format!("usable {look}"));
        let modes: Vec<&str> = screen
            .split(|c: char| c.is_whitespace() || c == ';')
            .collect();
        for mode in ["icanon", "echo", "isig", "iexten", "icrnl", "opost"] {
            assert!(modes.contains(&mode), "{mode} is off:\n{screen}");
        }
        assert_eq!(self.prompt(), 0);
    }

    /// Every file that was written here, with its bytes.
    pub fn files(&self) -> Vec<(PathBuf, Vec<u8>)> {
        let mut found = Vec::new();
        let mut folders = vec![self.dir.path().to_path_buf()];
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(folder).expect("a folder") {
                let entry = entry.expect("an entry");
                let kind = entry.file_type().expect("its kind");
                if kind.is_dir() {
                    folders.push(entry.path());
                } else if kind.is_file() {
                    let bytes = std::fs::read(entry.path()).expect("a file");
                    found.push((entry.path(), bytes));
                }
            }
        }
        found
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        if self.server != Pid::INIT {
            let _ = kill_process(self.server, Signal::TERM);
        }
    }
}

fn text_of(output: &Output, arguments: &[&str]) -> String {
    assert!(
        output.status.success(),
        "tmux {arguments:?}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// The code in a prompt that stands alone on the last line.
fn code_of(screen: &str) -> Option<u8> {
    let last = screen.trim_end().lines().last()?;
    let code = last.strip_prefix('[')?.strip_suffix("] shell>")?;
    code.parse().ok()
}
