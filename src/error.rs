//! What golive says when it refuses: the kind (which is the exit code), a sentence, its cause, what is true now, what to type.

use std::fmt;

/// Why a command ended, and with which exit code (`golive --help` lists them).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Something was tried and failed.
    Failed,
    /// The command line is wrong, or inputs are missing.
    Usage,
    /// A person is needed.
    NeedsPerson,
    /// The world is awaited.
    Waiting,
    /// `verify` saw that something changed.
    Drift,
    /// A state or input file is damaged.
    Damaged,
    /// Another golive holds the launch.
    Locked,
    /// The vault refused.
    Vault,
}

impl Kind {
    pub fn exit_code(self) -> u8 {
        match self {
            Kind::Failed => 1,
            Kind::Usage => 2,
            Kind::NeedsPerson => 10,
            Kind::Waiting => 11,
            Kind::Drift => 12,
            Kind::Damaged => 65,
            Kind::Locked => 75,
            Kind::Vault => 77,
        }
    }
}

/// An error as an operator reads it. The sentence never repeats its cause; the hint can be typed or clicked.
#[derive(Clone, Debug)]
pub struct Error {
    pub kind: Kind,
    /// What was refused.
    pub what: String,
    pub cause: Option<String>,
    /// What is true now, as far as golive knows.
    pub now: Option<String>,
    /// What to type or open next.
    pub hint: Option<String>,
}

pub type Result<T, E = Error> = std::result::Result<T, E>;

impl Error {
    pub fn new(kind: Kind, what: impl Into<String>) -> Self {
        Self {
            kind,
            what: what.into(),
            cause: None,
            now: None,
            hint: None,
        }
    }

    pub fn usage(what: impl Into<String>) -> Self {
        Self::new(Kind::Usage, what)
    }

    pub fn failed(what: impl Into<String>) -> Self {
        Self::new(Kind::Failed, what)
    }

    pub fn damaged(what: impl Into<String>) -> Self {
        Self::new(Kind::Damaged, what)
    }

    pub fn vault(what: impl Into<String>) -> Self {
        Self::new(Kind::Vault, what)
    }

    pub fn because(mut self, cause: impl fmt::Display) -> Self {
        self.cause = Some(cause.to_string());
        self
    }

    pub fn now(mut self, now: impl Into<String>) -> Self {
        self.now = Some(now.into());
        self
    }

    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "error: {}", self.what)?;
        for (label, text) in [
            ("caused by", &self.cause),
            ("now", &self.now),
            ("hint", &self.hint),
        ] {
            if let Some(text) = text {
                write!(f, "\n{label}: {text}")?;
            }
        }
        Ok(())
    }
}

impl std::error::Error for Error {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_reads_as_sentence_cause_state_and_hint() {
        let error = Error::failed("GitHub refused to create staging")
            .because("422, Reference already exists")
            .now("nothing was changed")
            .hint("golive run 1");
        assert_eq!(
            error.to_string(),
            "error: GitHub refused to create staging\ncaused by: 422, Reference already exists\nnow: nothing was changed\nhint: golive run 1"
        );
    }
}
