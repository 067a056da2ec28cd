//! golive itself, as an operator or another program starts it: with an environment of its own, and what it said.

use std::fmt;
use std::path::Path;
use std::process::{Command, Output};

/// How a golive ended and what it said.
pub struct Said {
    pub code: Option<i32>,
    pub out: String,
    pub err: String,
}

/// golive in `dir`, with nothing in its environment but these variables and the way to other programs.
pub fn command(dir: &Path, variables: &[(&str, &str)], arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_golive"));
    command
        .args(arguments)
        .current_dir(dir)
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap_or_default())
        .envs(variables.iter().copied());
    command
}

/// Runs golive to its end.
pub fn golive(dir: &Path, variables: &[(&str, &str)], arguments: &[&str]) -> Said {
    command(dir, variables, arguments).output().unwrap().into()
}

impl From<Output> for Said {
    fn from(output: Output) -> Said {
        Said {
            code: output.status.code(),
            out: String::from_utf8_lossy(&output.stdout).into_owned(),
            err: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }
}

impl Said {
    /// It ended with this exit code.
    #[track_caller]
    pub fn ends(self, code: i32) -> Said {
        assert_eq!(self.code, Some(code), "{self}");
        self
    }

    /// All of this was told, on whichever stream.
    #[track_caller]
    pub fn tells(self, words: &[&str]) -> Said {
        for word in words {
            let told = self.out.contains(word) || self.err.contains(word);
            assert!(told, "nothing is told of {word:?}\n{self}");
        }
        self
    }
}

impl fmt::Display for Said {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Said { code, out, err } = self;
        write!(f, "exit {code:?}\n---- out\n{out}\n---- err\n{err}")
    }
}
