//! Text by width: cutting, padding, wrapping. Columns are counted as the terminal does.

use ratatui::style::Style;
use ratatui::text::{Line, Span};
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

pub fn width(text: &str) -> usize {
    text.width()
}

/// At most `max` columns, with `…` in place of what was left out.
pub fn cut(text: &str, max: usize) -> String {
    if text.width() <= max {
        return text.to_string();
    }
    let mut kept = String::new();
    let mut used = 0;
    for c in text.chars() {
        let next = c.width().unwrap_or(0);
        if used + next + 1 > max {
            break;
        }
        kept.push(c);
        used += next;
    }
    if max > 0 {
        kept.push('…');
    }
    kept
}

/// Exactly `to` columns where the text is not wider, cut where it is.
pub fn pad(text: &str, to: usize) -> String {
    let mut padded = cut(text, to);
    padded.push_str(&" ".repeat(to.saturating_sub(padded.width())));
    padded
}

/// With a capital letter, as a sentence that stands alone. A host, file or variable keeps its own spelling.
pub fn capital(text: &str) -> String {
    let first = text.split_whitespace().next().unwrap_or_default();
    let within = first.trim_end_matches(|c: char| c.is_ascii_punctuation());
    if within.contains(['.', '/', '_', ':']) {
        return text.to_string();
    }
    let mut rest = text.chars();
    match rest.next() {
        Some(first) => first.to_uppercase().chain(rest).collect(),
        None => String::new(),
    }
}

pub fn wrap(text: &str, columns: usize) -> Vec<String> {
    textwrap::wrap(text, columns.max(1))
        .into_iter()
        .map(|line| line.into_owned())
        .collect()
}

/// `label` once, then the text wrapped beside it, so that nothing is lost however narrow the pane is.
pub fn labelled(
    label: &str,
    label_style: Style,
    text: &str,
    style: Style,
    columns: usize,
) -> Vec<Line<'static>> {
    let indent = label.width();
    wrap(text, columns.saturating_sub(indent).max(8))
        .into_iter()
        .enumerate()
        .map(|(n, part)| {
            let before = if n == 0 {
                label.to_string()
            } else {
                " ".repeat(indent)
            };
            Line::from(vec![
                Span::styled(before, label_style),
                Span::styled(part, style),
            ])
        })
        .collect()
}

/// Left and right part of one line; the left one gives way.
pub fn sides(left: Vec<Span<'static>>, right: Vec<Span<'static>>, columns: usize) -> Line<'static> {
    let right_width: usize = right.iter().map(|span| span.content.width()).sum();
    let gap = usize::from(right_width > 0);
    let mut line = cut_spans(left, columns.saturating_sub(right_width + gap));
    let used = line_width(&line);
    if used + right_width <= columns {
        line.push(Span::raw(" ".repeat(columns - used - right_width)));
        line.extend(right);
    }
    Line::from(line)
}

pub fn cut_spans(spans: Vec<Span<'static>>, max: usize) -> Vec<Span<'static>> {
    let mut kept = Vec::new();
    let mut used = 0;
    for span in spans {
        let next = span.content.width();
        if used + next <= max {
            used += next;
            kept.push(span);
            continue;
        }
        kept.push(Span::styled(
            cut(&span.content, max.saturating_sub(used)),
            span.style,
        ));
        break;
    }
    kept
}

fn line_width(spans: &[Span<'_>]) -> usize {
    spans.iter().map(|span| span.content.width()).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_left_out_is_said() {
        assert_eq!(cut("branch staging", 8), "branch …");
        assert_eq!(cut("fits", 4), "fits");
        assert_eq!(cut("漢字漢字", 5), "漢字…");
        assert_eq!(cut("x", 0), "");
        assert_eq!(pad("ab", 4), "ab  ");
    }

    #[test]
    fn a_line_with_two_sides_keeps_its_width() {
        let line = sides(vec!["a long left side".into()], vec!["right".into()], 12);
        assert_eq!(line.to_string(), "a lon… right");
        let line = sides(vec!["left".into()], vec!["right".into()], 12);
        assert_eq!(line.to_string(), "left   right");
    }
}
