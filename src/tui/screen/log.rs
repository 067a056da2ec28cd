//! The log: what happened, line by line, followed or held, with search.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};

use super::Scene;
use crate::tui::model::Tab;
use crate::tui::theme::Role;
use crate::tui::widget::input::Input;
use crate::tui::widget::pane::{self, Title};
use crate::tui::widget::text;
use crate::view::LogLine;

pub fn title(scene: &Scene<'_>) -> Title {
    let state = match scene.ui.log_at {
        None => "following",
        Some(_) => "held, f follows",
    };
    let found = scene
        .ui
        .find
        .as_ref()
        .map(|find| format!("finding \"{find}\"  "));
    let find = if scene.ui.is_wide() { "/ find  " } else { "" };
    Title::new("Log").right(format!("{}{find}{state}", found.unwrap_or_default()))
}

pub fn draw(scene: &Scene<'_>, area: Rect, buf: &mut Buffer) {
    let log = &scene.view.log;
    let columns = usize::from(area.width).saturating_sub(2);
    if log.is_empty() {
        let text = match scene.view.state.openings {
            0 | 1 => "Nothing has happened yet.",
            _ => "Nothing has happened since this start; golive log has what came before.",
        };
        let line = Line::from(scene.span(text, Role::Dim));
        pane::lines(&[line], 0, area, buf, scene.theme);
        return;
    }
    let rows = usize::from(area.height);
    let last = log.len() - 1;
    let at = scene.ui.log_at.map_or(last, |at| at.min(last));
    let top = match scene.ui.log_at {
        None => log.len().saturating_sub(rows),
        Some(_) => pane::top_for(at, rows, log.len()),
    };
    let marked = scene.ui.shown_tab() == Tab::Log;
    let lines: Vec<Line<'static>> = log
        .iter()
        .enumerate()
        .skip(top)
        .take(rows)
        .map(|(n, line)| {
            let drawn = log_line(scene, line, columns);
            match marked && n == at {
                true => pane::selected(drawn, scene.theme),
                false => drawn,
            }
        })
        .collect();
    pane::lines(&lines, 0, area, buf, scene.theme);
}

fn log_line(scene: &Scene<'_>, line: &LogLine, columns: usize) -> Line<'static> {
    let item = line
        .item
        .as_ref()
        .map(|id| format!("{id} "))
        .unwrap_or_default();
    let head = format!("{} ", scene.time(line.at));
    let room = columns.saturating_sub(text::width(&head) + text::width(&item));
    let body = text::cut(&line.text, room);
    let mut spans = vec![
        Span::styled(head, scene.style(Role::Dim)),
        Span::styled(item, scene.style(Role::Info)),
    ];
    spans.extend(found(
        &body,
        scene.ui.find.as_deref(),
        scene.style(Role::Selection),
    ));
    Line::from(spans)
}

/// The text with every match marked. Only where lower case keeps the byte positions is a match marked exactly.
fn found(body: &str, find: Option<&str>, mark: Style) -> Vec<Span<'static>> {
    let lower = body.to_lowercase();
    let Some(find) = find.filter(|find| !find.is_empty() && lower.len() == body.len()) else {
        return vec![Span::raw(body.to_string())];
    };
    let mut spans = Vec::new();
    let mut from = 0;
    for (at, _) in lower.match_indices(find) {
        let end = at + find.len();
        if !body.is_char_boundary(at) || !body.is_char_boundary(end) {
            continue;
        }
        spans.push(Span::raw(body[from..at].to_string()));
        spans.push(Span::styled(body[at..end].to_string(), mark));
        from = end;
    }
    spans.push(Span::raw(body[from..].to_string()));
    spans
}

/// The line where the search text is typed, over the lower edge of the body.
pub fn draw_find(scene: &Scene<'_>, input: &Input, body: Rect, buf: &mut Buffer) {
    if body.height == 0 {
        return;
    }
    let columns = usize::from(body.width);
    let typed = input.tail(columns.saturating_sub(20));
    let text = text::pad(&format!(" Find in the log: {typed}_"), columns);
    buf.set_string(
        body.x,
        body.bottom() - 1,
        text,
        scene.style(Role::Selection),
    );
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn matches_are_marked_and_the_text_stays_whole() {
        let spans = found("GET /repos 200, get on", Some("get"), Style::default());
        let whole: String = spans.iter().map(|span| span.content.as_ref()).collect();
        assert_eq!(whole, "GET /repos 200, get on");
        assert_eq!(spans.len(), 5);
        assert_eq!(spans[1].content, "GET");
    }
}
