//! A numbered list of ways on. What is not possible stays in its place and says why, so that the numbers never shift.

use ratatui::style::Style;
use ratatui::text::{Line, Span};

use super::text;
use crate::tui::theme::{Role, Theme};
use crate::tui::ways::{Do, Way};

pub fn lines(ways: &[Way], chosen: usize, columns: usize, theme: &Theme) -> Vec<Line<'static>> {
    let widest = ways.iter().map(|way| text::width(&way.text)).max();
    let one_line = widest.is_some_and(|widest| columns >= widest + 40);
    let mut lines = Vec::new();
    for (n, way) in ways.iter().enumerate() {
        let possible = way.act.is_ok();
        let cursor = if n == chosen { "›" } else { " " };
        let role = match (possible, n == chosen) {
            (false, _) => Role::Dim,
            (true, true) => Role::Strong,
            (true, false) => Role::Plain,
        };
        let note = match &way.act {
            Ok(_) => way.then.clone(),
            Err(why) => format!("not offered: {why}"),
        };
        let head = Span::styled(
            format!(" {cursor} {}  ", n + 1),
            theme.style(if n == chosen { Role::Attention } else { role }),
        );
        if one_line {
            let room = widest.unwrap_or(0) + 2;
            let before = text::width(&head.content) + room;
            let beside = columns.saturating_sub(before);
            let mut parts = match way.act {
                // The address stands above in full.
                Ok(Do::Open(_)) => vec![text::cut(&note, beside)],
                _ => text::wrap(&note, beside),
            }
            .into_iter();
            lines.push(Line::from(vec![
                head,
                Span::styled(text::pad(&way.text, room), theme.style(role)),
                Span::styled(parts.next().unwrap_or_default(), theme.style(Role::Dim)),
            ]));
            lines.extend(parts.map(|part| {
                let part = format!("{}{part}", " ".repeat(before));
                Line::from(Span::styled(part, theme.style(Role::Dim)))
            }));
        } else if matches!(way.act, Ok(Do::Open(_))) {
            lines.push(Line::from(vec![
                head,
                Span::styled(way.text.clone(), theme.style(role)),
            ]));
        } else {
            lines.extend(wrapped(head, &way.text, &note, theme.style(role), columns));
        }
    }
    lines
}

/// A way on over as many lines as it takes, so that nobody chooses what they could not read.
fn wrapped(
    head: Span<'static>,
    text: &str,
    note: &str,
    style: Style,
    columns: usize,
) -> Vec<Line<'static>> {
    let indent = text::width(&head.content);
    let said = match note {
        "" => text.to_string(),
        note => format!("{text}  ({note})"),
    };
    let parts = text::wrap(&said, columns.saturating_sub(indent).max(8));
    let mut before = Some(head);
    let beside = |part: String| {
        let before = before.take().unwrap_or(Span::raw(" ".repeat(indent)));
        Line::from(vec![before, Span::styled(part, style)])
    };
    parts.into_iter().map(beside).collect()
}
