//! What a pasted secret must look like before it is kept: cleaned of what a paste drags along, and of the right kind.

use crate::error::{Error, Result};
use crate::secret::Secret;
use crate::text::is_invisible;

/// A secret longer than this is a mistaken file; the largest real one (a JWT) stays far below.
pub const LENGTH_MAX: usize = 32 * 1024;

/// How many lines a secret may have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lines {
    One,
    /// One, or a whole PEM block (`-----BEGIN …` to `-----END …`), such as a private key.
    Pem,
}

/// Takes off what pasting adds (byte order mark, zero-width characters, the line end after it) and says what was
/// taken off. A line end or control character inside is refused: half of a paste must never be kept as a whole.
pub fn cleaned(raw: Secret) -> Result<(Secret, Vec<String>)> {
    cleaned_as(raw, Lines::One)
}

/// The same for a secret that may have more lines than one.
pub fn cleaned_as(raw: Secret, lines: Lines) -> Result<(Secret, Vec<String>)> {
    let text = raw.expose();
    if text.len() > LENGTH_MAX {
        return Err(unfit(format!(
            "it has {} bytes; golive takes at most {LENGTH_MAX}",
            text.len()
        )));
    }
    let body = text.trim_end_matches(['\n', '\r']);
    let line_ends = text[body.len()..].replace("\r\n", "\n").chars().count();
    let block = lines == Lines::Pem && is_pem(body);
    let mut value = String::with_capacity(body.len());
    let (mut marks, mut invisible) = (0, 0);
    for (at, character) in body.chars().enumerate() {
        match character {
            '\u{feff}' => marks += 1,
            other if is_invisible(other) => invisible += 1,
            // The line ends of a block stay; Windows' are told as one by every reader of it.
            '\n' if block => value.push('\n'),
            '\r' if block => {}
            '\n' | '\r' | '\u{85}' | '\u{2028}' | '\u{2029}' => {
                return Err(unfit(match lines {
                    Lines::One => format!("character {} is a line end", at + 1),
                    Lines::Pem => format!(
                        "character {} is a line end, and only a whole block from -----BEGIN to -----END has those",
                        at + 1
                    ),
                }));
            }
            other if other.is_control() => {
                return Err(unfit(format!(
                    "character {} is a control character (U+{:04X})",
                    at + 1,
                    u32::from(other)
                )));
            }
            other => value.push(other),
        }
    }
    if value.trim().is_empty() {
        return Err(unfit("it is empty".to_owned()));
    }
    let removed = [
        (line_ends, "trailing newline"),
        (marks, "byte order mark"),
        (invisible, "invisible character"),
    ]
    .into_iter()
    .filter(|(count, _)| *count > 0)
    .map(|(count, what)| {
        let plural = if count == 1 { "" } else { "s" };
        format!("{count} {what}{plural} removed")
    })
    .collect();
    Ok((Secret::new(value), removed))
}

/// From its first line to its last a block as keys and certificates are written, and nothing around it.
fn is_pem(text: &str) -> bool {
    let mut lines = text.trim_start_matches(is_invisible).lines();
    let first = lines.next().unwrap_or_default().trim_end();
    let last = lines.next_back().unwrap_or_default().trim_end();
    let edge = |line: &str, word: &str| {
        line.strip_prefix("-----")
            .and_then(|line| line.strip_suffix("-----"))
            .is_some_and(|line| line.starts_with(word))
    };
    edge(first, "BEGIN ") && edge(last, "END ")
}

fn unfit(cause: String) -> Error {
    Error::usage("this cannot be used as a secret")
        .because(cause)
        .now("nothing was kept")
        .hint("copy it once more, on one line")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_a_paste_drags_along_is_taken_off_and_told() {
        for (raw, told) in [
            ("token", vec![]),
            ("token\n", vec!["1 trailing newline removed"]),
            ("token\r\n\r\n", vec!["2 trailing newlines removed"]),
            ("\u{feff}token", vec!["1 byte order mark removed"]),
            (
                "\u{feff}to\u{200b}ken\u{2060}\n",
                vec![
                    "1 trailing newline removed",
                    "1 byte order mark removed",
                    "2 invisible characters removed",
                ],
            ),
        ] {
            let (value, removed) = cleaned(Secret::new(raw)).unwrap();
            assert!(value.same_as(&Secret::new("token")), "{raw:?}");
            assert_eq!(removed, told);
        }
    }

    #[test]
    fn half_a_paste_is_never_kept() {
        for (raw, why) in [
            ("can\nary", "character 4 is a line end"),
            ("\ncanary", "character 1 is a line end"),
            (
                "can\u{1b}[31mary",
                "character 4 is a control character (U+001B)",
            ),
            ("can\0ary", "character 4 is a control character (U+0000)"),
            ("", "it is empty"),
            ("  \u{feff}\n", "it is empty"),
        ] {
            let error = cleaned(Secret::new(raw)).unwrap_err();
            assert_eq!(error.cause.as_deref(), Some(why));
            assert!(!error.to_string().contains("ary"));
        }
        let long = Secret::new("x".repeat(LENGTH_MAX + 1));
        assert!(cleaned(long).is_err());
    }

    #[test]
    fn a_whole_block_keeps_its_lines_where_it_may_stand_and_nothing_else_does() {
        // Put together so that no whole key stands in the code: scanners of secrets would take it for one.
        let edge = |word: &str| format!("-----{word} PRIVATE KEY-----");
        let block = format!("{}\ncanary\n{}", edge("BEGIN"), edge("END"));
        let windows = block.replace('\n', "\r\n") + "\r\n";
        for raw in [block.clone(), windows] {
            let (value, _) = cleaned_as(Secret::new(raw.clone()), Lines::Pem).unwrap();
            assert!(value.same_as(&Secret::new(block.clone())));
            assert!(cleaned(Secret::new(raw)).is_err());
        }
        for half in ["can\nary".to_string(), format!("{}\ncanary", edge("BEGIN"))] {
            let error = cleaned_as(Secret::new(half), Lines::Pem).unwrap_err();
            let cause = error.cause.unwrap();
            assert!(cause.contains("only a whole block"), "{cause}");
        }
        let spoilt = format!("{}\n\0\n{}", edge("BEGIN"), edge("END"));
        assert!(cleaned_as(Secret::new(spoilt), Lines::Pem).is_err());
    }

    proptest! {
        #[test]
        fn whatever_is_pasted_is_kept_on_one_line_or_refused(raw in any::<String>()) {
            if let Ok((value, _)) = cleaned(Secret::new(raw)) {
                prop_assert!(!value.is_empty());
                prop_assert!(value.expose().chars().all(|c| !c.is_control() && !is_invisible(c)));
                // What was cleaned once stays as it is.
                let (again, removed) = cleaned(value.clone()).unwrap();
                prop_assert!(again.same_as(&value) && removed.is_empty());
            }
        }
    }
}
