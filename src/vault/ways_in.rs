//! The ways a secret comes in besides typing: a variable, a file, standard input, a password manager's command. Never argv.

use std::fs::File;
use std::io::Read;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use rustix::io::Errno;
use rustix::process::{Pid, WaitId, WaitIdOptions, waitid};

use super::deadline::{NoAnswer, Worker};
use super::dotenv;
use super::environment::Lookup;
use super::passphrase::read_up_to;
use super::redact::Redactor;
use super::shape::{self, Lines};
use crate::error::{Error, Result};
use crate::seam::clock::Clock;
use crate::secret::Secret;
use crate::text::strip_controls;

/// How the operator hands a secret over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum WayIn {
    /// The name of an environment variable.
    Variable(String),
    File(PathBuf),
    Stdin,
    /// One line such as `op read op://launch/github/token`, split into words without a shell.
    Command(String),
}

/// A secret that came in, and what was taken off it (`1 trailing newline removed`), for the operator to read.
#[derive(Debug)]
pub struct Received {
    pub value: Secret,
    pub removed: Vec<String>,
}

/// What the ways in need of the process around them.
pub struct Surroundings {
    pub lookup: Lookup,
    /// Real time: a command or a pipe is what is waited for.
    pub clock: Arc<dyn Clock>,
    pub deadline: Duration,
}

impl WayIn {
    /// Reads and cleans the secret. `stdin` is read only for `WayIn::Stdin`.
    pub async fn read(
        &self,
        around: &Surroundings,
        stdin: impl Read + Send + 'static,
    ) -> Result<Received> {
        self.read_as(around, stdin, Lines::One).await
    }

    /// The same for a secret that may have more lines than one.
    pub async fn read_as(
        &self,
        around: &Surroundings,
        stdin: impl Read + Send + 'static,
        lines: Lines,
    ) -> Result<Received> {
        let raw = self.raw(around, stdin, shape::LENGTH_MAX).await?;
        let (value, removed) = shape::cleaned_as(raw, lines)?;
        Ok(Received { value, removed })
    }

    /// Reads a whole `.env` file as it stands: whoever takes a value of it cleans that.
    pub async fn read_file(
        &self,
        around: &Surroundings,
        stdin: impl Read + Send + 'static,
    ) -> Result<Secret> {
        let text = self.raw(around, stdin, dotenv::LENGTH_MAX).await?;
        match text.bytes() {
            0..=dotenv::LENGTH_MAX => Ok(text),
            _ => Err(Error::usage("this is no .env file")
                .because(format!("it is longer than {} bytes", dotenv::LENGTH_MAX))
                .now("nothing was kept")),
        }
    }

    /// Reads `count` secrets, one line each. With one, the same as `read`.
    pub async fn read_lines(
        &self,
        around: &Surroundings,
        stdin: impl Read + Send + 'static,
        count: usize,
    ) -> Result<Vec<Received>> {
        let raw = self.raw(around, stdin, shape::LENGTH_MAX).await?;
        let lines = match count {
            1 => vec![raw],
            _ => lines(&raw),
        };
        if lines.len() != count {
            return Err(
                Error::usage(format!("{count} secrets are needed, one line each"))
                    .because(format!("{} came", lines.len()))
                    .now("nothing was kept"),
            );
        }
        let cleaned = lines.into_iter().map(|line| {
            let (value, removed) = shape::cleaned(line)?;
            Ok(Received { value, removed })
        });
        cleaned.collect()
    }

    async fn raw(
        &self,
        around: &Surroundings,
        stdin: impl Read + Send + 'static,
        most: usize,
    ) -> Result<Secret> {
        match self {
            WayIn::Variable(name) => from_variable(&around.lookup, name),
            WayIn::File(path) => {
                let path = path.clone();
                let what = format!("the secret in {} could not be read", path.display());
                in_time(around, what, move || read_up_to(File::open(path)?, most)).await
            }
            WayIn::Stdin => {
                let what = "the secret on standard input could not be read".to_owned();
                in_time(around, what, move || read_up_to(stdin, most)).await
            }
            WayIn::Command(line) => from_command(around, line, most).await,
        }
    }
}

/// The lines that hold something.
fn lines(raw: &Secret) -> Vec<Secret> {
    let lines = raw.expose().lines().filter(|line| !line.trim().is_empty());
    lines.map(Secret::new).collect()
}

fn from_variable(lookup: &Lookup, name: &str) -> Result<Secret> {
    let refused = |cause: &str| {
        Error::usage(format!("${name} could not be read"))
            .because(cause)
            .now("nothing was kept")
            .hint(format!("export {name}=…"))
    };
    let value = lookup(name).ok_or_else(|| refused("it is not set"))?;
    let text = value
        .into_string()
        .map_err(|_| refused("it is not UTF-8 text"))?;
    Ok(Secret::new(text))
}

/// Reading may hang (a pipe, a file on a lost network disk), so it has a thread and a deadline.
async fn in_time(
    around: &Surroundings,
    what: String,
    read: impl FnOnce() -> std::io::Result<Secret> + Send + 'static,
) -> Result<Secret> {
    let worker = Worker::new("way in", around.clock.clone(), around.deadline);
    let refused = |cause: String| Error::usage(what).because(cause).now("nothing was kept");
    match worker.call(read).await {
        Ok(Ok(secret)) => Ok(secret),
        Ok(Err(error)) if error.kind() == std::io::ErrorKind::InvalidData => {
            Err(refused("it is not UTF-8 text".to_owned()))
        }
        Ok(Err(error)) => Err(refused(error.to_string())),
        Err(why) => Err(refused(silence(why))),
    }
}

fn silence(why: NoAnswer) -> String {
    match why {
        NoAnswer::InTime(deadline) => {
            format!("nothing came within {} s", deadline.as_secs_f32())
        }
        NoAnswer::Ended => "the thread that reads it ended".to_owned(),
    }
}

/// What a password manager needs of the environment. golive's own variables, which may hold secrets, stay out.
const PASSED_ON: [&str; 16] = [
    "PATH",
    "HOME",
    "USER",
    "LOGNAME",
    "SHELL",
    "LANG",
    "LC_ALL",
    "TERM",
    "TMPDIR",
    "DISPLAY",
    "WAYLAND_DISPLAY",
    "DBUS_SESSION_BUS_ADDRESS",
    "SSH_AUTH_SOCK",
    "GNUPGHOME",
    "GPG_TTY",
    "KRB5CCNAME",
];
/// Families of them: where a user's files are, and the session of 1Password, Vault, Bitwarden, pass, gopass.
const PASSED_ON_FAMILIES: [&str; 6] =
    ["XDG_", "OP_", "VAULT_", "BW_", "PASSWORD_STORE_", "GOPASS_"];

async fn from_command(around: &Surroundings, line: &str, most: usize) -> Result<Secret> {
    let words = words(line)?;
    let (program, arguments) = words
        .split_first()
        .ok_or_else(|| Error::usage("the command is empty"))?;
    let refused = |cause: String| {
        Error::failed(format!("{program} gave no secret"))
            .because(cause)
            .now("nothing was kept")
            .hint(format!("try it yourself: {line}"))
    };
    let mut child = command(&around.lookup, program, arguments)
        .spawn()
        .map_err(|error| refused(error.to_string()))?;
    let (Some(output), Some(complaint)) = (child.stdout.take(), child.stderr.take()) else {
        return Err(refused("its output could not be captured".to_owned()));
    };
    // Both are read at once: a command that fills the one pipe while golive reads the other would hang.
    let complaints = thread::spawn(move || first_line(complaint));
    let worker = Worker::new("command", around.clock.clone(), around.deadline);
    let mut child = EndedOnDrop(child);
    let read = match worker.call(move || read_up_to(output, most)).await {
        Ok(read) => read,
        Err(why) => return Err(refused(silence(why))),
    };
    // Its output has ended; a command that lingers after that is not waited for without end either.
    let pid = Pid::from_child(&child.0);
    if let Err(why) = worker.call(move || until_ended(pid)).await {
        return Err(refused(silence(why)));
    }
    let status = child.0.wait().map_err(|error| refused(error.to_string()))?;
    if status.success() {
        return read.map_err(|error| refused(error.to_string()));
    }
    // A child of the command may hold the pipe open for longer; then the status has to do.
    let said = worker
        .call(move || complaints.join().unwrap_or_default())
        .await;
    Err(refused(match said {
        Ok(said) if !said.is_empty() => format!("{status}, {said}"),
        _ => status.to_string(),
    }))
}

/// Waits for the child's end and leaves it to be collected: only whoever holds it may do that, or a later signal
/// could reach a stranger that got the same number.
fn until_ended(pid: Pid) {
    let options = WaitIdOptions::EXITED | WaitIdOptions::NOWAIT;
    while matches!(waitid(WaitId::Pid(pid), options), Err(Errno::INTR)) {}
}

fn command(lookup: &Lookup, program: &str, arguments: &[String]) -> Command {
    let mut command = Command::new(program);
    command
        .args(arguments)
        .env_clear()
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let names = PASSED_ON.iter().map(|name| (*name).to_owned());
    let families = std::env::vars_os().filter_map(|(name, _)| {
        let name = name.into_string().ok()?;
        PASSED_ON_FAMILIES
            .iter()
            .any(|family| name.starts_with(family))
            .then_some(name)
    });
    for name in names.chain(families) {
        if let Some(value) = lookup(&name) {
            command.env(name, value);
        }
    }
    command
}

/// A child that is ended, and collected, when golive no longer waits for it.
struct EndedOnDrop(Child);

impl Drop for EndedOnDrop {
    fn drop(&mut self) {
        // Both fail only for a child that has ended and was collected.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// The first line of what a command complained about, fit for the screen, without anything that looks secret.
fn first_line(mut complaint: impl Read) -> String {
    let mut start = [0; 2048];
    let mut length = 0;
    while length < start.len() {
        match complaint.read(&mut start[length..]) {
            Ok(0) | Err(_) => break,
            Ok(more) => length += more,
        }
    }
    // The rest is read and dropped, so that the command can end.
    let _ = std::io::copy(&mut complaint, &mut std::io::sink());
    let text = String::from_utf8_lossy(&start[..length]);
    let line = text.lines().find(|line| !line.trim().is_empty());
    let line = strip_controls(line.unwrap_or_default());
    let line: String = line.trim().chars().take(200).collect();
    Redactor::default().clean(&line)
}

/// Splits a line into words as a shell would, with quotes and backslashes and nothing else: no variables, no
/// globs, no pipes.
fn words(line: &str) -> Result<Vec<String>> {
    let (mut words, mut word) = (Vec::new(), None::<String>);
    let mut characters = line.chars();
    while let Some(character) = characters.next() {
        match character {
            ' ' | '\t' | '\n' => words.extend(word.take()),
            '\'' | '"' => {
                let word = word.get_or_insert_default();
                loop {
                    match characters.next() {
                        Some(end) if end == character => break,
                        Some('\\') if character == '"' => {
                            word.extend(characters.next());
                        }
                        Some(inner) => word.push(inner),
                        None => {
                            return Err(Error::usage("the command ends inside quotes")
                                .hint("close the quote, or put a backslash before it"));
                        }
                    }
                }
            }
            '\\' => word.get_or_insert_default().extend(characters.next()),
            other => word.get_or_insert_default().push(other),
        }
    }
    words.extend(word);
    Ok(words)
}

#[cfg(test)]
mod tests {
    use super::super::deadline::tests::TestClock;
    use super::super::environment::tests::lookup;
    use super::*;

    fn around(clock: TestClock, variables: &[(&str, &str)]) -> Surroundings {
        Surroundings {
            lookup: lookup(variables),
            clock: Arc::new(clock),
            deadline: Duration::from_secs(5),
        }
    }

    async fn read(way: WayIn, variables: &[(&str, &str)], stdin: &'static str) -> Result<Received> {
        way.read(&around(TestClock::Still, variables), stdin.as_bytes())
            .await
    }

    fn command(line: &str) -> WayIn {
        WayIn::Command(line.to_owned())
    }

    const PATH: (&str, &str) = ("PATH", "/usr/bin:/bin");

    #[tokio::test]
    async fn each_way_brings_the_same_secret_and_tells_what_fell_off() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("token");
        std::fs::write(&path, "canary\n").unwrap();
        for way in [
            WayIn::Variable("TOKEN".into()),
            WayIn::File(path),
            WayIn::Stdin,
            command("printf 'canary\\n'"),
        ] {
            let variables = [("TOKEN", "canary\n"), PATH];
            let received = read(way, &variables, "canary\n").await.unwrap();
            assert!(received.value.same_as(&Secret::new("canary")));
            assert_eq!(received.removed, ["1 trailing newline removed"]);
        }
    }

    #[tokio::test]
    async fn two_secrets_come_on_a_line_each_and_never_half() {
        let around = around(TestClock::Still, &[PATH]);
        let read = |text: &'static str| WayIn::Stdin.read_lines(&around, text.as_bytes(), 2);
        for text in ["id\nsecret\n", "id\r\n\r\nsecret"] {
            let received = read(text).await.unwrap();
            assert!(received[0].value.same_as(&Secret::new("id")));
            assert!(received[1].value.same_as(&Secret::new("secret")));
        }
        for text in ["id\n", "one\ntwo\nthree\n", ""] {
            let error = read(text).await.unwrap_err();
            assert!(error.what.contains("one line each"), "{error}");
        }
    }

    #[tokio::test]
    async fn nothing_found_is_told_without_a_guess() {
        for (way, why) in [
            (WayIn::Variable("TOKEN".into()), "it is not set"),
            (WayIn::File("/nowhere/at/all".into()), "No such file"),
            (WayIn::Stdin, "it is empty"),
            (command("true"), "it is empty"),
            (command("no-such-program-here"), "No such file"),
            (
                command("sh -c 'echo locked >&2; exit 4'"),
                "exit status: 4, locked",
            ),
            (command("'open"), "ends inside quotes"),
            (command("  "), "the command is empty"),
        ] {
            let error = read(way, &[PATH], "").await.unwrap_err().to_string();
            assert!(error.contains(why), "{error}");
        }
    }

    #[tokio::test]
    async fn what_a_failing_command_prints_is_never_shown() {
        let token = format!("ghp_{}", "c".repeat(36));
        let line = format!("sh -c 'echo canary; echo bad {token} >&2; exit 1'");
        let error = read(command(&line), &[PATH], "").await.unwrap_err();
        let cause = error.cause.unwrap();
        assert!(cause.contains("bad [hidden]"), "{cause}");
        assert!(
            !cause.contains("canary") && !cause.contains("ccc"),
            "{cause}"
        );
    }

    #[tokio::test]
    async fn the_command_sees_none_of_golives_variables() {
        let variables = [
            PATH,
            ("HOME", "/home/op"),
            ("GOLIVE_SECRET_TOKEN", "canary"),
        ];
        let seen = read(
            command("sh -c 'echo $HOME,$GOLIVE_SECRET_TOKEN,'"),
            &variables,
            "",
        )
        .await;
        assert!(seen.unwrap().value.same_as(&Secret::new("/home/op,,")));
    }

    #[tokio::test]
    async fn a_command_that_hangs_is_given_up_and_ended() {
        let folder = tempfile::tempdir().unwrap();
        let fifo = folder.path().join("never-written");
        let path = fifo.to_str().unwrap();
        assert!(Command::new("mkfifo").arg(path).status().unwrap().success());
        let around = around(TestClock::Over, &[PATH]);
        let error = command(&format!("cat {path}"))
            .read(&around, std::io::empty())
            .await
            .unwrap_err();
        // The child was collected before the error came back, so none is left to look for.
        assert!(
            error.to_string().contains("nothing came within 5 s"),
            "{error}"
        );
    }

    #[test]
    fn a_line_is_split_into_words_as_typed() {
        for (line, split) in [
            ("op read op://v/i/f", vec!["op", "read", "op://v/i/f"]),
            (
                "pass 'my token'/x  \"a \\\"b\\\"\"",
                vec!["pass", "my token/x", "a \"b\""],
            ),
            ("a\\ b ''", vec!["a b", ""]),
            ("echo $HOME; rm *", vec!["echo", "$HOME;", "rm", "*"]),
            ("", vec![]),
        ] {
            assert_eq!(words(line).unwrap(), split);
        }
    }
}
