//! What a pasted secret must look like before it is kept: cleaned of what a paste drags along, and of the right kind.

use crate::error::{Error, Result};
use crate::secret::Secret;
use crate::text::is_invisible;

/// A secret longer than this is a mistaken file; the largest real one (a JWT) stays far below.
pub const LENGTH_MAX: usize = 32 * 1024;

/// Takes off what pasting adds (byte order mark, zero-width characters, the line end after it) and says what was
/// taken off. A line end or control character inside is refused: half of a paste must never be kept as a whole.
pub fn cleaned(raw: Secret) -> Result<(Secret, Vec<String>)> {
    let text = raw.expose();
    if text.len() > LENGTH_MAX {
        return Err(unfit(format!(
            "it has {} bytes; golive takes at most {LENGTH_MAX}",
            text.len()
        )));
    }
    let body = text.trim_end_matches(['\n', '\r']);
    let line_ends = text[body.len()..].replace("\r\n", "\n").chars().count();
    let mut value = String::with_capacity(body.len());
    let (mut marks, mut invisible) = (0, 0);
    for (at, character) in body.chars().enumerate() {
        match character {
            '\u{feff}' => marks += 1,
            other if is_invisible(other) => invisible += 1,
            '\n' | '\r' | '\u{85}' | '\u{2028}' | '\u{2029}' => {
                return Err(unfit(format!("character {} is a line end", at + 1)));
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
