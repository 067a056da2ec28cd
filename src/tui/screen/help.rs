//! The keys, from the one table: what each does, and whether it does anything here.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::Line;

use super::Scene;
use crate::tui::act;
use crate::tui::keys::Action;
use crate::tui::theme::Role;
use crate::tui::widget::input::Input;
use crate::tui::widget::pane::{self, Title};
use crate::tui::widget::text;

pub fn draw(
    scene: &Scene<'_>,
    filter: &Input,
    choice: usize,
    valid: &[Action],
    body: Rect,
    buf: &mut Buffer,
) {
    let title = Title::new("Keys")
        .right("type to search, Enter runs")
        .focused(true);
    let inner = pane::pane(body, buf, scene.theme, &title);
    let columns = usize::from(inner.width).saturating_sub(2);
    let listed = act::help_rows(filter.text());
    let mut lines = vec![
        Line::from(vec![
            scene.span("Search  ", Role::Dim),
            scene.span(
                format!("{}_", filter.tail(columns.saturating_sub(10))),
                Role::Strong,
            ),
        ]),
        Line::default(),
    ];
    if listed.is_empty() {
        lines.push(Line::from(
            scene.span("No key has that in its name or meaning.", Role::Dim),
        ));
    }
    for (n, binding) in listed.iter().enumerate() {
        let here = valid.contains(&binding.action);
        let role = if here { Role::Plain } else { Role::Dim };
        let mark = if n == choice { "› " } else { "  " };
        let right = if here { "" } else { "not here" };
        let line = text::sides(
            vec![
                scene.span(mark, Role::Attention),
                scene.span(
                    text::pad(binding.shown, 11),
                    if here { Role::Strong } else { Role::Dim },
                ),
                scene.span(binding.help, role),
            ],
            vec![scene.span(right, Role::Dim)],
            columns,
        );
        lines.push(match n == choice {
            true => pane::selected(line, scene.theme),
            false => line,
        });
    }
    let top = pane::top_for(choice + 2, usize::from(inner.height), lines.len());
    pane::lines(&lines, top, inner, buf, scene.theme);
}
