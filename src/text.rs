//! Text from elsewhere, made safe to show: one line, no control characters, no escape sequences, no hidden direction.

/// Vendor text on one line, without anything a terminal would obey instead of show.
///
/// Whole escape sequences go (a colour code leaves nothing behind, a title or clipboard sequence takes its
/// payload with it), then the rest of C0 and C1, then the marks that reorder or hide text. A line end
/// or tab becomes a space.
pub fn strip_controls(text: &str) -> String {
    let mut clean = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let after = &rest[first.len_utf8()..];
        rest = match first {
            '\u{1b}' => after_escape(after),
            '\u{9b}' => after_csi(after),
            '\u{90}' | '\u{98}' | '\u{9d}' | '\u{9e}' | '\u{9f}' => after_string(after),
            '\r' if after.starts_with('\n') => after,
            '\n' | '\t' | '\u{85}' | '\u{2028}' | '\u{2029}' => keep(&mut clean, ' ', after),
            other if other.is_control() || is_deceptive(other) => after,
            other => keep(&mut clean, other, after),
        };
    }
    clean
}

/// Zero-width characters and byte order marks: invisible, and never part of a name or a token.
pub fn is_invisible(character: char) -> bool {
    matches!(
        character,
        '\u{200b}'..='\u{200d}' | '\u{2060}' | '\u{feff}' | '\u{ad}' | '\u{180e}'
    )
}

/// Marks that change the reading direction. A vendor's text could use them to show a name that is not there.
fn is_bidi(character: char) -> bool {
    matches!(
        character,
        '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}'
    )
}

fn is_deceptive(character: char) -> bool {
    // U+200D joins the parts of one emoji, so it stays in text that is only shown.
    is_bidi(character) || (is_invisible(character) && character != '\u{200d}')
}

fn keep<'a>(clean: &mut String, character: char, after: &'a str) -> &'a str {
    clean.push(character);
    after
}

/// What follows an escape character and the sequence it begins.
fn after_escape(rest: &str) -> &str {
    match rest.chars().next() {
        Some('[') => after_csi(&rest[1..]),
        Some('P' | 'X' | ']' | '^' | '_') => after_string(&rest[1..]),
        // Two- and three-character sequences: intermediates, then one final character.
        Some(' '..='~') => {
            let end = rest.find(|c| !matches!(c, ' '..='/')).unwrap_or(rest.len());
            match rest[end..].chars().next() {
                Some(last @ '0'..='~') => &rest[end + last.len_utf8()..],
                _ => &rest[end..],
            }
        }
        _ => rest,
    }
}

/// A control sequence: parameters and intermediates, then one final character.
fn after_csi(rest: &str) -> &str {
    let end = rest.find(|c| !matches!(c, ' '..='?')).unwrap_or(rest.len());
    match rest[end..].chars().next() {
        Some('@'..='~') => &rest[end + 1..],
        _ => &rest[end..],
    }
}

/// A string sequence (title, clipboard, device control) with its payload. Without an end on the same line the
/// payload is kept as text: the introducer is gone, so nothing obeys it, and nothing readable is lost.
fn after_string(rest: &str) -> &str {
    let line = &rest[..rest.find('\n').unwrap_or(rest.len())];
    let ends = [("\u{7}", 1), ("\u{1b}\\", 2), ("\u{9c}", 2)];
    ends.iter()
        .filter_map(|(end, len)| line.find(end).map(|at| at + len))
        .min()
        .map_or(rest, |end| &rest[end..])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_text_of_any_language_stays() {
        for text in ["Zürich 日本 👩‍🚀", "a \\ b", ""] {
            assert_eq!(strip_controls(text), text);
        }
        assert_eq!(strip_controls("a\tb\r\nc\rd\ne"), "a b cd e");
    }

    #[test]
    fn a_vendor_cannot_colour_clear_rename_or_fill_the_clipboard() {
        for (from, to) in [
            ("\u{1b}[31mred\u{1b}[0m", "red"),
            ("\u{1b}[2J\u{1b}[1;1Hgone", "gone"),
            ("\u{9b}31mred", "red"),
            ("a\u{1b}]0;owned\u{7}b", "ab"),
            ("a\u{1b}]52;c;ZXZpbA==\u{1b}\\b", "ab"),
            ("a\u{9d}0;owned\u{9c}b", "ab"),
            ("a\u{1b}Pq#0\u{1b}\\b", "ab"),
            ("\u{1b}]8;;http://a\u{1b}\\link", "link"),
            ("\u{1b}[0m\\b", "\\b"),
            ("a\u{1b}(Bb", "ab"),
            ("a\u{1b}cb", "ab"),
            ("bell\u{7} back\u{8} null\0 del\u{7f}", "bell back null del"),
        ] {
            assert_eq!(strip_controls(from), to, "{from:?}");
        }
    }

    #[test]
    fn an_unfinished_sequence_neither_hides_the_rest_nor_survives() {
        assert_eq!(strip_controls("a\u{1b}]0;title\nnext"), "a0;title next");
        assert_eq!(strip_controls("end\u{1b}"), "end");
        assert_eq!(strip_controls("end\u{1b}["), "end");
        assert_eq!(strip_controls("end\u{1b}[12"), "end");
    }

    #[test]
    fn a_name_cannot_be_shown_backwards() {
        assert_eq!(strip_controls("main\u{202e}txt.exe\u{2066}"), "maintxt.exe");
        assert_eq!(strip_controls("ma\u{200b}in\u{feff}"), "main");
    }
}
