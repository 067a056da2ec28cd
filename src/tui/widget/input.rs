//! A one-line field for names, notes and words. Nothing secret goes in here: that is `masked`.

use crossterm::event::KeyCode;

/// Longer than any name or note that a person types; a stuck key ends here.
const CHARS_MAX: usize = 400;

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Input {
    text: String,
}

impl Input {
    pub fn new(text: impl Into<String>) -> Input {
        Input { text: text.into() }
    }

    pub fn text(&self) -> &str {
        &self.text
    }

    /// Takes a key in; says whether it was one for a field.
    pub fn press(&mut self, code: KeyCode) -> bool {
        match code {
            KeyCode::Char(c) if !c.is_control() => {
                if self.text.chars().count() < CHARS_MAX {
                    self.text.push(c);
                }
                true
            }
            KeyCode::Backspace => {
                self.text.pop();
                true
            }
            _ => false,
        }
    }

    pub fn clear(&mut self) {
        self.text.clear();
    }

    /// As shown: the end of the text, so that what is being typed is always seen.
    pub fn tail(&self, columns: usize) -> String {
        let room = columns.saturating_sub(1);
        let mut start = self.text.len();
        for (at, _) in self.text.char_indices().rev() {
            if super::text::width(&self.text[at..]) > room {
                break;
            }
            start = at;
        }
        self.text[start..].to_string()
    }
}
