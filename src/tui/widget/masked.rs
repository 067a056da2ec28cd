//! The field for a secret: dots, a count, and the value itself only for the few seconds its owner asks for.

use std::fmt;

use crossterm::event::KeyCode;
use tokio::time::{Duration, Instant};
use zeroize::Zeroizing;

use crate::secret::Secret;

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
    reveal_until: Option<Instant>,
}

impl Default for Masked {
    fn default() -> Self {
        Masked {
            value: Zeroizing::new(String::with_capacity(BYTES_MAX)),
            note: String::new(),
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

    /// A bracketed paste. Marks that no token holds are taken off and said; a line break or control character inside is
    /// refused, for then it is not the token alone.
    pub fn paste(&mut self, pasted: &str) {
        let invisible = |c: char| matches!(c, '\u{feff}' | '\u{200b}'..='\u{200d}' | '\u{2060}');
        let trimmed = pasted.trim_end_matches(['\n', '\r']);
        let newlines = pasted.len() - trimmed.len();
        let hidden = trimmed.chars().filter(|&c| invisible(c)).count();
        if trimmed.chars().any(char::is_control) {
            self.note = "not taken: the paste has a line break or control character inside".into();
            return;
        }
        if self.value.len() + trimmed.len() > BYTES_MAX {
            self.note = format!("not taken: longer than {BYTES_MAX} bytes");
            return;
        }
        for c in trimmed.chars().filter(|&c| !invisible(c)) {
            self.value.push(c);
        }
        let mut notes = Vec::new();
        if newlines > 0 {
            notes.push("trailing newline removed".to_string());
        }
        if hidden > 0 {
            notes.push(format!("{hidden} invisible characters removed"));
        }
        self.note = notes.join(", ");
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
            return self.value.to_string();
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
        field.paste("\u{feff}ghp_abc\n");
        assert_eq!(field.chars(), 7);
        assert_eq!(
            field.note,
            "trailing newline removed, 1 invisible characters removed"
        );
        field.paste("two\nlines");
        assert_eq!(field.chars(), 7);
        assert!(field.note.starts_with("not taken"));
        assert!(field.take().same_as(&Secret::new("ghp_abc")));
        assert!(field.is_empty());
    }

    #[tokio::test(start_paused = true)]
    async fn the_value_is_seen_for_five_seconds_after_asking_and_not_longer() {
        let mut field = Masked::default();
        field.paste("ghp_secret");
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
        field.paste(&"x".repeat(107));
        let now = Instant::now();
        assert_eq!(field.shown(now, true).chars().count(), 32);
        assert_eq!(field.shown(now, false).chars().count(), 20);
    }
}
