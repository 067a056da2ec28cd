//! A numbered list of ways on. What is not possible stays in its place and says why, so that the numbers never shift.

use ratatui::text::{Line, Span};

use super::text;
use crate::tui::theme::{Role, Theme};
use crate::tui::ways::Way;

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
            lines.push(Line::from(vec![
                head,
                Span::styled(text::pad(&way.text, room), theme.style(role)),
                Span::styled(note, theme.style(Role::Dim)),
            ]));
        } else {
            let note = if note.is_empty() {
                String::new()
            } else {
                format!("  ({note})")
            };
            lines.push(Line::from(vec![
                head,
                Span::styled(way.text.clone(), theme.style(role)),
                Span::styled(note, theme.style(Role::Dim)),
            ]));
        }
    }
    lines
}
