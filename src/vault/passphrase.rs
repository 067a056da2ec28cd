//! Where the passphrase of the file vault comes from when nobody is asked: a file, or an open descriptor.

use std::fs::File;
use std::io::Read;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use super::deadline::{NoAnswer, Worker};
use super::environment::Lookup;
use super::shape;
use crate::error::{Error, Result};
use crate::seam::clock::Clock;
use crate::secret::Secret;

/// Names the file that holds the passphrase.
pub const FILE_VARIABLE: &str = "GOLIVE_VAULT_PASSPHRASE_FILE";
/// Names the descriptor, such as `3`, that the passphrase is read from.
pub const DESCRIPTOR_VARIABLE: &str = "GOLIVE_VAULT_PASSPHRASE_FD";

/// The passphrase that the environment points at, or `None` when it points at none and a person must be asked.
/// A pipe that nobody writes to is given up after `deadline`.
pub async fn from_environment(
    lookup: &Lookup,
    clock: Arc<dyn Clock>,
    deadline: Duration,
) -> Result<Option<Secret>> {
    let set = |variable: &str| lookup(variable).filter(|value| !value.is_empty());
    let (variable, path) = match (set(FILE_VARIABLE), set(DESCRIPTOR_VARIABLE)) {
        (None, None) => return Ok(None),
        (Some(_), Some(_)) => {
            return Err(Error::usage(format!(
                "{FILE_VARIABLE} and {DESCRIPTOR_VARIABLE} are both set"
            ))
            .hint("unset one of them"));
        }
        (Some(path), None) => (FILE_VARIABLE, PathBuf::from(path)),
        (None, Some(number)) => {
            let number: u32 = number
                .to_str()
                .and_then(|number| number.parse().ok())
                .ok_or_else(|| {
                    Error::usage(format!("{DESCRIPTOR_VARIABLE} is not a number"))
                        .hint(format!("{DESCRIPTOR_VARIABLE}=3 golive 3< FILE"))
                })?;
            (
                DESCRIPTOR_VARIABLE,
                PathBuf::from(format!("/dev/fd/{number}")),
            )
        }
    };
    let read = Worker::new("passphrase", clock, deadline)
        .call(move || read_text(&path))
        .await;
    let refused = |cause: String| {
        Error::vault(format!(
            "the passphrase that {variable} names could not be read"
        ))
        .because(cause)
        .hint(format!("{FILE_VARIABLE}=FILE golive"))
    };
    let raw = match read {
        Ok(Ok(raw)) => raw,
        Ok(Err(error)) => return Err(refused(error.to_string())),
        Err(NoAnswer::InTime(_)) => {
            return Err(refused(format!(
                "nothing came within {} s",
                deadline.as_secs_f32()
            )));
        }
        Err(NoAnswer::Ended) => return Err(refused("the thread that reads it ended".to_owned())),
    };
    let (passphrase, _) =
        shape::cleaned(raw).map_err(|unfit| refused(unfit.cause.unwrap_or(unfit.what)))?;
    Ok(Some(passphrase))
}

/// A whole text file or pipe, no longer than a secret may be.
pub(super) fn read_text(path: &std::path::Path) -> std::io::Result<Secret> {
    read_secret(File::open(path)?)
}

/// All that a reader gives; one byte more than a secret may have is read, so that a longer text is seen as such.
pub(super) fn read_secret(from: impl Read) -> std::io::Result<Secret> {
    read_up_to(from, shape::LENGTH_MAX)
}

/// All that a reader gives, and at most one byte more than `most`.
pub(super) fn read_up_to(from: impl Read, most: usize) -> std::io::Result<Secret> {
    let mut text = String::new();
    from.take(most as u64 + 1).read_to_string(&mut text)?;
    Ok(Secret::new(text))
}

#[cfg(test)]
mod tests {
    use std::os::fd::AsRawFd;

    use super::super::deadline::tests::TestClock;
    use super::super::environment::tests::lookup;
    use super::*;

    async fn read(variables: &[(&str, &str)]) -> Result<Option<Secret>> {
        let clock = Arc::new(TestClock::Still);
        from_environment(&lookup(variables), clock, Duration::from_secs(5)).await
    }

    #[tokio::test]
    async fn it_comes_from_a_file_or_an_open_descriptor() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("passphrase");
        std::fs::write(&path, "correct horse\n").unwrap();
        let by_path = read(&[(FILE_VARIABLE, path.to_str().unwrap())]).await;
        assert!(
            by_path
                .unwrap()
                .unwrap()
                .same_as(&Secret::new("correct horse"))
        );

        let file = File::open(&path).unwrap();
        let number = file.as_raw_fd().to_string();
        let by_descriptor = read(&[(DESCRIPTOR_VARIABLE, &number)]).await;
        assert!(
            by_descriptor
                .unwrap()
                .unwrap()
                .same_as(&Secret::new("correct horse"))
        );
    }

    #[tokio::test]
    async fn without_either_a_person_is_asked() {
        assert!(read(&[]).await.unwrap().is_none());
        assert!(read(&[(FILE_VARIABLE, "")]).await.unwrap().is_none());
    }

    #[tokio::test]
    async fn a_wrong_pointer_is_told() {
        for (variables, exit, why) in [
            (vec![(FILE_VARIABLE, "/nowhere/at/all")], 77, "No such file"),
            (vec![(DESCRIPTOR_VARIABLE, "three")], 2, "is not a number"),
            (
                vec![(FILE_VARIABLE, "a"), (DESCRIPTOR_VARIABLE, "3")],
                2,
                "both set",
            ),
        ] {
            let error = read(&variables).await.unwrap_err();
            assert_eq!(error.kind.exit_code(), exit);
            assert!(error.to_string().contains(why), "{error}");
        }
    }

    #[tokio::test]
    async fn a_pipe_that_stays_silent_is_given_up() {
        let (reader, writer) = std::io::pipe().unwrap();
        let number = reader.as_raw_fd().to_string();
        let clock = Arc::new(TestClock::Over);
        let variables = lookup(&[(DESCRIPTOR_VARIABLE, &number)]);
        let silent = from_environment(&variables, clock, Duration::from_secs(5)).await;
        assert!(silent.unwrap_err().to_string().contains("within 5 s"));
        drop(writer);
    }
}
