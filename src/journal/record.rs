//! One line of the state file: a record, the hash of the line before it, and a check of the line itself.

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::event::{Durable, Record};

/// What the first line follows on.
pub const START: &str = "0000000000000000000000000000000000000000000000000000000000000000";

/// What stands between a line's content and its check.
const SUM: &str = ",\"sum\":\"";
/// Hex digits of the check: against accidents, which the last line has no line after it to notice.
const SUM_DIGITS: usize = 16;

#[derive(Serialize, Deserialize)]
struct Line {
    #[serde(flatten)]
    record: Record,
    /// SHA-256 of the line before, without its line end.
    prev: String,
}

/// What a line turned out to be.
#[derive(Debug)]
pub enum Read {
    Record(Box<Record>),
    /// Written by a newer golive.
    NewerKind(String),
}

/// The line to append, with its line end.
pub fn write(record: &Record, prev: &str) -> String {
    let line = Line {
        record: record.clone(),
        prev: prev.to_string(),
    };
    let mut text = serde_json::to_string(&line).expect("a record has only string keys");
    text.pop();
    let sum = sum(text.as_bytes());
    text + SUM + &sum + "\"}\n"
}

/// The check of a line's content: all that stands before the check itself.
fn sum(content: &[u8]) -> String {
    let mut sum = hash(content);
    sum.truncate(SUM_DIGITS);
    sum
}

/// Whether the line is as golive wrote it: it ends in the check of what stands before it. A line without any check,
/// whose last key is `prev`, says nothing about itself; the line after it does.
fn is_as_written(line: &[u8], value: &serde_json::Value) -> bool {
    if value
        .as_object()
        .and_then(|keys| keys.keys().next_back())
        .is_some_and(|key| key == "prev")
    {
        return true;
    }
    let Some(end) = line.len().checked_sub(SUM.len() + SUM_DIGITS + 2) else {
        return false;
    };
    let (content, tail) = line.split_at(end);
    tail == [SUM, &sum(content), "\"}"].concat().as_bytes()
}

/// SHA-256 of a line without its line end, in hex.
pub fn hash(line: &[u8]) -> String {
    Sha256::digest(line)
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

/// Reads one line that must follow on the line with hash `prev`.
pub fn read(line: &[u8], prev: &str) -> Result<Read, String> {
    let value: serde_json::Value =
        serde_json::from_slice(line).map_err(|error| format!("it is not JSON: {error}"))?;
    let kind = value["kind"].as_str().ok_or("it has no kind")?;
    if !Durable::KINDS.contains(&kind) {
        // A newer golive may check its lines in another way; only that it follows is looked at.
        return follows(&value, prev).map(|()| Read::NewerKind(kind.to_string()));
    }
    if !is_as_written(line, &value) {
        return Err("it was changed after golive wrote it".into());
    }
    follows(&value, prev)?;
    let line: Line = serde_json::from_value(value).map_err(|error| error.to_string())?;
    Ok(Read::Record(Box::new(line.record)))
}

fn follows(value: &serde_json::Value, prev: &str) -> Result<(), String> {
    match value["prev"].as_str() == Some(prev) {
        true => Ok(()),
        false => Err("it does not follow on the line before it: one of them was changed".into()),
    }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;

    #[test]
    fn a_line_reads_back_as_it_was_written() {
        let durable = Durable::Answered {
            key: "repository".into(),
            value: "acme/shop".into(),
        };
        let record = Record {
            seq: 1,
            epoch: 1,
            at: Timestamp::UNIX_EPOCH,
            durable,
        };
        let line = write(&record, START);
        assert!(
            line.starts_with(r#"{"seq":1,"epoch":1,"at":"1970-01-01T00:00:00Z","kind":"answered""#),
            "{line}"
        );
        let Read::Record(back) = read(line.trim_end().as_bytes(), START).unwrap() else {
            panic!("a known kind")
        };
        assert_eq!(*back, record);
        assert!(
            read(line.trim_end().as_bytes(), &hash(b"another"))
                .unwrap_err()
                .contains("follow")
        );
        // No line comes after the last one to tell.
        let other = line.replace("acme/shop", "acme/ship");
        assert!(
            read(other.trim_end().as_bytes(), START)
                .unwrap_err()
                .contains("changed")
        );
    }
}
