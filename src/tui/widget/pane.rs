//! A titled box and the scrolled lines inside it.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use super::text;
use crate::tui::theme::{Role, Theme};

/// Title on the left, facts or views on the right of a pane's upper edge.
#[derive(Default)]
pub struct Title {
    pub left: String,
    pub right: String,
    /// The pane that the arrow keys move in.
    pub focused: bool,
    pub role: Option<Role>,
}

impl Title {
    pub fn new(left: impl Into<String>) -> Title {
        Title {
            left: left.into(),
            ..Title::default()
        }
    }

    pub fn right(mut self, right: impl Into<String>) -> Title {
        self.right = right.into();
        self
    }

    pub fn focused(mut self, focused: bool) -> Title {
        self.focused = focused;
        self
    }

    pub fn role(mut self, role: Role) -> Title {
        self.role = Some(role);
        self
    }
}

/// Draws the box and gives back the room inside it.
pub fn pane(area: Rect, buf: &mut Buffer, theme: &Theme, title: &Title) -> Rect {
    if area.width < 2 || area.height < 2 {
        return Rect::new(area.x, area.y, 0, 0);
    }
    let edge = theme.style(Role::Dim);
    let columns = usize::from(area.width);
    let across = |left: &str, right: &str| format!("{left}{}{right}", "─".repeat(columns - 2));
    buf.set_string(area.x, area.y, across("┌", "┐"), edge);
    for y in area.y + 1..area.bottom() - 1 {
        buf.set_string(area.x, y, "│", edge);
        buf.set_string(area.right() - 1, y, "│", edge);
    }
    buf.set_string(area.x, area.bottom() - 1, across("└", "┘"), edge);
    write_title(area, buf, theme, title);
    Rect::new(area.x + 1, area.y + 1, area.width - 2, area.height - 2)
}

fn write_title(area: Rect, buf: &mut Buffer, theme: &Theme, title: &Title) {
    let room = usize::from(area.width).saturating_sub(4);
    let role = title.role.unwrap_or(if title.focused {
        Role::Attention
    } else {
        Role::Strong
    });
    let left = text::cut(&title.left, room.saturating_sub(2));
    if room < 3 {
        return;
    }
    let left = format!(" {left} ");
    let used = text::width(&left);
    buf.set_string(area.x + 2, area.y, left, theme.style(role));
    let right = format!(" {} ", title.right);
    let wide = text::width(&right);
    if !title.right.is_empty() && used + wide < room {
        let x = area.right() - 2 - u16::try_from(wide).unwrap_or(0);
        buf.set_string(x, area.y, right, theme.style(Role::Plain));
    }
}

/// The lines from `top` on, one cell of air on the left, cut at the right edge. Says when there is more below.
pub fn lines(all: &[Line<'static>], top: usize, area: Rect, buf: &mut Buffer, theme: &Theme) {
    let rows = usize::from(area.height);
    if rows == 0 || area.width < 3 {
        return;
    }
    let top = top.min(all.len().saturating_sub(rows));
    let columns = usize::from(area.width) - 1;
    let below = all.len().saturating_sub(top + rows);
    let more = format!(" {} more (PgDn) ", below + 1);
    let wide = text::width(&more);
    let marked = below > 0 && wide < usize::from(area.width);
    for (n, line) in all.iter().skip(top).take(rows).enumerate() {
        let y = area.y + u16::try_from(n).unwrap_or(0);
        // The mark stands beside a text that is cut as such, not over the middle of a word.
        let columns = match marked && n + 1 == rows {
            true => columns.saturating_sub(wide),
            false => columns,
        };
        let spans = line
            .spans
            .iter()
            .map(|span| Span::styled(span.content.to_string(), line.style.patch(span.style)))
            .collect();
        let cut = Line::from(text::cut_spans(spans, columns));
        buf.set_line(area.x + 1, y, &cut, area.width - 1);
    }
    if marked {
        let style = theme.style(Role::Dim);
        let x = area.right() - u16::try_from(wide).unwrap_or(0);
        buf.set_string(x, area.bottom() - 1, more, style);
    }
}

/// The row of the cursor: one even bar, whatever colours its parts have.
pub fn selected(line: Line<'static>, theme: &Theme) -> Line<'static> {
    let style = theme.style(Role::Selection);
    let spans = line
        .spans
        .into_iter()
        .map(|span| Span::styled(span.content, style));
    Line::from(spans.collect::<Vec<_>>()).style(style)
}

/// First line to show so that line `at` is seen.
pub fn top_for(at: usize, rows: usize, total: usize) -> usize {
    let rows = rows.max(1);
    at.saturating_sub(rows / 2).min(total.saturating_sub(rows))
}
