//! How things look: roles instead of colours, icons for states, and the two character sets.

use ratatui::buffer::Buffer;
use ratatui::style::{Color, Modifier, Style};

use crate::view::Shown;

/// What a piece of text is, never which colour it has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    Plain,
    Strong,
    Success,
    Info,
    Link,
    Attention,
    Warning,
    /// Outcome unknown: the one warning that is reversed, so that it stands out without colour.
    Unknown,
    Error,
    Production,
    Staging,
    Dev,
    AllEnvironments,
    Rehearsal,
    Dim,
    Selection,
}

#[derive(Clone, Copy, Debug)]
pub struct Theme {
    pub ascii: bool,
    pub color: bool,
    pub motion: bool,
}

const SPINNER: [&str; 10] = ["⠋", "⠙", "⠹", "⠸", "⠼", "⠴", "⠦", "⠧", "⠇", "⠏"];
const SPINNER_ASCII: [&str; 4] = ["[|]", "[/]", "[-]", "[\\]"];

impl Theme {
    /// Only the terminal's own 16 colours, so that the operator's scheme and contrast hold. Without colour, weight and
    /// reverse video remain; every state has a word beside it in both cases.
    pub fn style(&self, role: Role) -> Style {
        let plain = Style::default();
        let (color, modifier) = match role {
            Role::Plain => return plain,
            Role::Strong => (None, Modifier::BOLD),
            Role::Success => (Some(Color::Green), Modifier::empty()),
            Role::Info => (Some(Color::Cyan), Modifier::empty()),
            Role::Link => (Some(Color::Cyan), Modifier::UNDERLINED),
            Role::Attention => (Some(Color::Magenta), Modifier::BOLD),
            Role::Warning => (Some(Color::Yellow), Modifier::empty()),
            Role::Unknown => (Some(Color::Yellow), Modifier::REVERSED),
            Role::Error => (Some(Color::Red), Modifier::BOLD),
            Role::Production => (Some(Color::Red), Modifier::BOLD.union(Modifier::REVERSED)),
            Role::Staging => (Some(Color::Yellow), Modifier::REVERSED),
            Role::Dev => (Some(Color::Blue), Modifier::REVERSED),
            Role::AllEnvironments => (Some(Color::Red), Modifier::REVERSED),
            Role::Rehearsal => (Some(Color::Magenta), Modifier::REVERSED),
            // Bright black alone: with the dim attribute on top it falls under a readable contrast on most schemes.
            Role::Dim if self.color => (Some(Color::DarkGray), Modifier::empty()),
            Role::Dim => (None, Modifier::DIM),
            Role::Selection => (None, Modifier::REVERSED),
        };
        let plain = plain.add_modifier(modifier);
        match color {
            Some(color) if self.color => plain.fg(color),
            _ => plain,
        }
    }

    /// The icon of a state; `spin` counts the spinner's steps.
    pub fn icon(&self, shown: Shown, spin: usize) -> &'static str {
        let moves = matches!(shown, Shown::Checking | Shown::Running);
        match (moves && self.motion, self.ascii) {
            (true, false) => SPINNER[spin % SPINNER.len()],
            (true, true) => SPINNER_ASCII[spin % SPINNER_ASCII.len()],
            (false, true) => ascii_icon(shown),
            (false, false) => match shown {
                Shown::Pending => "○",
                Shown::Blocked => "◌",
                Shown::YourTurn => "◆",
                Shown::Checking | Shown::Running => "*",
                Shown::Waiting | Shown::BackingOff => "◔",
                Shown::Done | Shown::Attested => "✓",
                Shown::AlreadySo => "=",
                Shown::Waived | Shown::Skipped => "-",
                Shown::Stale => "!",
                Shown::Drifted => "≠",
                Shown::Unknown => "?",
                Shown::Failed => "✗",
                Shown::Undone => "↺",
            },
        }
    }

    pub fn role_of(shown: Shown) -> Role {
        match shown {
            Shown::Pending | Shown::Blocked | Shown::Waived | Shown::Skipped | Shown::Undone => {
                Role::Dim
            }
            Shown::YourTurn => Role::Attention,
            Shown::Checking | Shown::Running | Shown::Waiting => Role::Info,
            Shown::BackingOff | Shown::Stale | Shown::Drifted => Role::Warning,
            Shown::Done | Shown::AlreadySo | Shown::Attested => Role::Success,
            Shown::Unknown => Role::Unknown,
            Shown::Failed => Role::Error,
        }
    }

    pub fn band(word: &str) -> Role {
        match word {
            "PRODUCTION" => Role::Production,
            "STAGING" => Role::Staging,
            "DEV" => Role::Dev,
            _ => Role::AllEnvironments,
        }
    }

    /// The last pass over a frame in the ASCII set: boxes, arrows and anything that providers wrote. One cell in, one out.
    pub fn fold(&self, buf: &mut Buffer) {
        if !self.ascii {
            return;
        }
        for cell in &mut buf.content {
            if !cell.symbol().is_ascii() {
                let plain = ascii_char(cell.symbol());
                cell.set_symbol(plain);
            }
        }
    }
}

fn ascii_icon(shown: Shown) -> &'static str {
    match shown {
        Shown::Pending => "[ ]",
        Shown::Blocked => "[.]",
        Shown::YourTurn => "[!]",
        Shown::Checking => "[~]",
        Shown::Running => "[*]",
        Shown::Waiting => "[w]",
        Shown::BackingOff => "[b]",
        Shown::Done => "[x]",
        Shown::AlreadySo => "[=]",
        Shown::Attested => "[a]",
        Shown::Waived | Shown::Skipped => "[-]",
        Shown::Stale => "[s]",
        Shown::Drifted => "[d]",
        Shown::Unknown => "[?]",
        Shown::Failed => "[F]",
        Shown::Undone => "[u]",
    }
}

fn ascii_char(symbol: &str) -> &'static str {
    match symbol {
        "─" | "–" | "—" => "-",
        "│" => "|",
        "┌" | "┐" | "└" | "┘" => "+",
        "→" | "›" | "▸" => ">",
        "⏎" => "$",
        "▾" => "v",
        "…" => "~",
        "●" => "*",
        "◆" => "!",
        "✓" => "x",
        "✗" => "F",
        "↑" => "^",
        "←" => "<",
        "↓" => "v",
        "ä" | "á" | "à" => "a",
        "ö" | "ó" => "o",
        "ü" | "ú" => "u",
        "é" | "è" => "e",
        _ => "?",
    }
}
