//! The field for a secret: dots, a count, and the value itself only for the few seconds its owner asks for.

use std::fmt;

use crossterm::event::KeyCode;
use tokio::time::{Duration, Instant};
use zeroize::Zeroizing;

use crate::secret::Secret;
use crate::text::is_invisible;

/// Ctrl-R shows the value this long: key releases are not reported by most terminals, so "while held" is not possible.
pub const REVEAL: Duration = Duration::from_secs(5);
/// Bytes; the longest token of a provider is far below. Reserved at once, so that growing never leaves a copy behind.
const BYTES_MAX: usize = 8 * 1024;
/// One dot for a character up to here, so that the length of a longer value does not show.
const DOTS_WIDE: usize = 32;
const DOTS_NARROW: usize = 20;

pub struct Masked {
    value: Zeroizing<String>,
    /// What was done to a paste, or why it was refused.
    pub note: String,
    /// What the value looks like, or why it cannot be kept; `None` while there is none.
    pub shape: Option<Result<String, String>>,
    reveal_until: Option<Instant>,
}

impl Default for Masked {
    fn default() -> Self {
        Masked {
            value: Zeroizing::new(String::with_capacity(BYTES_MAX)),
            note: String::new(),
            shape: None,
            reveal_until: None,
        }
    }
}

impl fmt::Debug for Masked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let chars = self.value.chars().count();
        let shown = self.reveal_until.is_some();
        write!(
            f,
            "Masked({chars} characters, note {:?}, shown {shown})",
            self.note
        )
    }
}

impl Masked {
    pub fn press(&mut self, code: KeyCode) -> bool {
        match code {
            KeyCode::Char(c) if !c.is_control() => {
                self.note.clear();
                if self.value.len() + c.len_utf8() <= BYTES_MAX {
                    self.value.push(c);
                }
                true
            }
            KeyCode::Backspace => {
                self.value.pop();
                true
            }
            _ => false,
        }
    }

    /// A bracketed paste. Marks that no secret holds are taken off and said; a control character inside is refused, and so
    /// is a line break, for then it is not the secret alone. A key in lines of its own is taken where `lines` says so.
    pub fn paste(&mut self, pasted: &str, lines: bool) {
        let trimmed = pasted.trim_end_matches(['\n', '\r']);
        let newlines = pasted[trimmed.len()..].replace("\r\n", "\n").len();
        let block = lines
            && trimmed
                .trim_start_matches(is_invisible)
                .starts_with("-----BEGIN ");
        let (mut marks, mut hidden) = (0, 0);
        let mut kept = Zeroizing::new(String::with_capacity(trimmed.len()));
        for c in trimmed.chars() {
            match c {
                '\u{feff}' => marks += 1,
                c if is_invisible(c) => hidden += 1,
                '\r' if block => {}
                '\n' if block => kept.push(c),
                c if c.is_control() || matches!(c, '\u{2028}' | '\u{2029}') => {
                    self.note =
                        "not taken: the paste has a line break or control character inside".into();
                    return;
                }
                c => kept.push(c),
            }
        }
        if self.value.len() + kept.len() > BYTES_MAX {
            self.note = format!(
                "not taken: longer than {BYTES_MAX} bytes; golive secrets set reads it from a file"
            );
            return;
        }
        self.value.push_str(&kept);
        let told = [
            (newlines, "trailing newline"),
            (marks, "byte order mark"),
            (hidden, "invisible character"),
        ];
        let told = told.iter().filter(|(count, _)| *count > 0);
        let told = told.map(|(count, what)| {
            let plural = if *count == 1 { "" } else { "s" };
            format!("{count} {what}{plural} removed")
        });
        self.note = told.collect::<Vec<_>>().join(", ");
    }

    /// Lets somebody who knows say what the value looks like; nothing of it is kept besides what they say.
    pub fn judge(&mut self, say: &dyn Fn(&Secret) -> Result<String, String>) {
        self.shape = match self.value.is_empty() {
            true => None,
            false => {
                let mut exact = String::with_capacity(self.value.len());
                exact.push_str(&self.value);
                Some(say(&Secret::new(exact)))
            }
        };
    }

    pub fn is_empty(&self) -> bool {
        self.value.is_empty()
    }

    pub fn chars(&self) -> usize {
        self.value.chars().count()
    }

    pub fn clear(&mut self) {
        *self = Masked::default();
    }

    pub fn reveal(&mut self, at: Instant) {
        self.reveal_until = Some(at + REVEAL);
    }

    /// When the value is hidden again, while it is shown.
    pub fn hides_at(&self) -> Option<Instant> {
        self.reveal_until
    }

    pub fn hide_when_due(&mut self, at: Instant) {
        if self.reveal_until.is_some_and(|until| at >= until) {
            self.reveal_until = None;
        }
    }

    /// Hands the value on and leaves the field empty. The copy has no spare room, because shrinking it later would leave
    /// the old bytes behind.
    pub fn take(&mut self) -> Secret {
        let mut exact = String::with_capacity(self.value.len());
        exact.push_str(&self.value);
        self.clear();
        Secret::new(exact)
    }

    /// As drawn at `at`.
    pub fn shown(&self, at: Instant, wide: bool) -> String {
        if self.reveal_until.is_some_and(|until| at < until) {
            // One line on the screen, whatever the value has.
            return self.value.replace('\n', "⏎");
        }
        let most = if wide { DOTS_WIDE } else { DOTS_NARROW };
        "●".repeat(self.chars().min(most))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_paste_is_cleaned_and_says_so() {
        let mut field = Masked::default();
        field.paste("\u{feff}ghp_abc\u{200b}\r\n", false);
        assert_eq!(field.chars(), 7);
        assert_eq!(
            field.note,
            "1 trailing newline removed, 1 byte order mark removed, 1 invisible character removed"
        );
        for half in [
            "two\nlines",
            "two\u{2028}lines",
            "tab\tbed",
            "-----BEGIN X-----\nabc",
        ] {
            field.paste(half, false);
            assert_eq!(field.chars(), 7);
            assert!(field.note.starts_with("not taken"), "{half:?}");
        }
        assert!(field.take().same_as(&Secret::new("ghp_abc")));
        assert!(field.is_empty());
    }

    #[test]
    fn a_key_in_lines_of_its_own_is_taken_where_it_may_stand() {
        let mut field = Masked::default();
        field.paste("-----BEGIN X-----\r\nabc\r\n-----END X-----\n", true);
        assert_eq!(field.note, "1 trailing newline removed");
        let now = Instant::now();
        field.reveal(now);
        assert_eq!(
            field.shown(now, true),
            "-----BEGIN X-----⏎abc⏎-----END X-----"
        );
        assert!(
            field
                .take()
                .same_as(&Secret::new("-----BEGIN X-----\nabc\n-----END X-----"))
        );
        field.paste("two\nlines", true);
        assert!(field.note.starts_with("not taken"));
    }

    #[test]
    fn a_value_is_judged_while_it_is_typed_and_an_empty_field_is_not() {
        let mut field = Masked::default();
        let judge = |value: &Secret| match value.chars() {
            3 => Ok("three".to_string()),
            _ => Err("not three".to_string()),
        };
        field.judge(&judge);
        assert_eq!(field.shape, None);
        field.paste("abc", false);
        field.judge(&judge);
        assert_eq!(field.shape, Some(Ok("three".into())));
        field.press(KeyCode::Backspace);
        field.judge(&judge);
        assert_eq!(field.shape, Some(Err("not three".into())));
    }

    #[tokio::test(start_paused = true)]
    async fn the_value_is_seen_for_five_seconds_after_asking_and_not_longer() {
        let mut field = Masked::default();
        field.paste("ghp_secret", false);
        let now = Instant::now();
        assert_eq!(field.shown(now, true), "●●●●●●●●●●");
        field.reveal(now);
        assert_eq!(field.shown(now, true), "ghp_secret");
        assert!(field.shown(now + REVEAL, true).starts_with('●'));
        assert!(!format!("{field:?}").contains("ghp_secret"));
    }

    #[test]
    fn the_dots_do_not_tell_the_length_of_a_long_value() {
        let mut field = Masked::default();
        field.paste(&"x".repeat(107), false);
        let now = Instant::now();
        assert_eq!(field.shown(now, true).chars().count(), 32);
        assert_eq!(field.shown(now, false).chars().count(), 20);
    }
}
