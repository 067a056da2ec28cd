//! What is told before anyone types a token: where it is made, with which rights, for how long, and for what.

use std::fmt::Write;

use crate::tokens::{Token, Way};

/// All of it, for the prompt and for `golive explain`.
pub fn ways(token: &Token) -> String {
    let mut text = String::new();
    for way in &token.ways {
        text += &one(way);
    }
    text
}

fn one(way: &Way) -> String {
    let mut text = format!("\n{} ({})\n", way.title, way.names());
    let mut line = |line: String| {
        let _ = writeln!(text, "  {line}");
    };
    line(format!("made at {}", way.page));
    line(way.good_for.clone());
    way.choose
        .iter()
        .for_each(|choice| line(format!("choose: {choice}")));
    way.rights
        .iter()
        .for_each(|right| line(format!("{right}, {}", right.why)));
    text
}

/// Expiry, what golive does with it, and what it never does.
pub fn promises(token: &Token) -> String {
    let mut text = format!("Expiry to choose: {}\n", token.expiry);
    for purpose in &token.purpose {
        let _ = writeln!(text, "golive {purpose}");
    }
    for never in &token.never {
        let _ = writeln!(text, "golive never {never}");
    }
    text
}
