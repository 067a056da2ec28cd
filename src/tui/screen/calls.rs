//! The calls that were made: method, path, status, time and request id. Never a body, never a header.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use super::Scene;
use crate::event::Call;
use crate::tui::theme::Role;
use crate::tui::widget::{pane, text};

pub fn draw(scene: &Scene<'_>, area: Rect, buf: &mut Buffer) {
    let calls = &scene.view.calls;
    let columns = usize::from(area.width).saturating_sub(2);
    if calls.is_empty() {
        let line = Line::from(scene.span("No call has been made in this session.", Role::Dim));
        pane::lines(&[line], 0, area, buf, scene.theme);
        return;
    }
    let rows = usize::from(area.height);
    let last = calls.len() - 1;
    let at = scene.ui.call_at.map_or(last, |at| at.min(last));
    let top = pane::top_for(at, rows, calls.len());
    let lines: Vec<Line<'static>> = calls
        .iter()
        .enumerate()
        .skip(top)
        .take(rows)
        .map(|(n, call)| {
            let line = call_line(scene, call, columns);
            match n == at {
                true => pane::selected(line, scene.theme),
                false => line,
            }
        })
        .collect();
    pane::lines(&lines, 0, area, buf, scene.theme);
}

fn call_line(scene: &Scene<'_>, call: &Call, columns: usize) -> Line<'static> {
    let item = call.item.as_ref().map(ToString::to_string);
    let (status, role) = match call.status {
        Some(status @ 200..300) => (status.to_string(), Role::Success),
        Some(status @ 300..400) => (status.to_string(), Role::Plain),
        Some(status) => (status.to_string(), Role::Error),
        None => ("no reply".into(), Role::Error),
    };
    let method = text::pad(&call.method, 6);
    let id = call.request_id.as_deref().filter(|_| columns >= 90);
    let id = id.map(|id| text::cut(id, 10));
    let reason = call.error.as_deref().unwrap_or("");
    text::sides(
        vec![
            scene.span(scene.time(call.at), Role::Dim),
            Span::raw(format!(" {} ", text::pad(&item.unwrap_or_default(), 16))),
            // A call that can change something reads differently from one that only looks.
            scene.span(
                method,
                if call.mutating {
                    Role::Warning
                } else {
                    Role::Plain
                },
            ),
            Span::raw(format!(" {}", call.path)),
        ],
        vec![
            scene.span(status, role),
            Span::raw(format!("  {} ms", call.millis)),
            scene.span(
                id.map(|id| format!("  req {id}")).unwrap_or_default(),
                Role::Dim,
            ),
            scene.span(
                if reason.is_empty() {
                    String::new()
                } else {
                    format!("  {}", text::cut(reason, 24))
                },
                Role::Error,
            ),
        ],
        columns,
    )
}
