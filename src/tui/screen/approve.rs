//! The approval: how many changes, under which plan's name, and what must be typed: the names of one-way changes, the total
//! of paid ones.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use super::{Scene, plan, question};
use crate::plan::{Row, plan_name};
use crate::tui::act;
use crate::tui::model::{Confirm, Word};
use crate::tui::theme::Role;
use crate::tui::widget::pane::{self, Title};
use crate::tui::widget::text;

pub fn draw(scene: &Scene<'_>, confirm: &Confirm, body: Rect, buf: &mut Buffer) {
    let wanted = scene.view.wanted.get(&confirm.step);
    let rows: Vec<&Row> = wanted
        .into_iter()
        .flatten()
        .filter(|row| confirm.rows.contains(&row.id()))
        .collect();
    let width = body.width.saturating_sub(4).min(100);
    let columns = usize::from(width).saturating_sub(4);
    let tail = tail(scene, confirm, columns);
    let room = usize::from(body.height).saturating_sub(tail.len() + 6);
    let mut lines = vec![Line::from(vec![
        Span::raw(format!(
            "{} of step {}, ",
            act::changes(rows.len()),
            confirm.step
        )),
        scene.span(
            format!("plan {}", plan_name(rows.iter().copied())),
            Role::Strong,
        ),
        Span::raw(". Each is looked at again first."),
    ])];
    for row in rows.iter().take(room) {
        let right = vec![
            plan::price(scene, row),
            scene.span(row.undo.word(), Role::Dim),
        ];
        lines.push(text::sides(plan::row_spans(scene, row), right, columns));
    }
    if rows.len() > room {
        let more = format!("   and {} more: p lists them all", rows.len() - room);
        lines.push(Line::from(scene.span(more, Role::Warning)));
    }
    lines.extend(tail);
    let height = u16::try_from(lines.len() + 2)
        .unwrap_or(u16::MAX)
        .min(body.height);
    let area = Rect::new(
        body.x + (body.width - width) / 2,
        body.y + (body.height - height) / 2,
        width,
        height,
    );
    ratatui::widgets::Widget::render(ratatui::widgets::Clear, area, buf);
    let title = Title::new(format!("Approve step {}", confirm.step)).focused(true);
    let inner = pane::pane(area, buf, scene.theme, &title);
    pane::lines(&lines, 0, inner, buf, scene.theme);
}

/// Why a word is asked for.
fn asked(confirm: &Confirm, word: &Word) -> String {
    let typed = &word.text;
    let Some(cost) = &word.cost else {
        let names = confirm.words.iter().filter(|word| word.cost.is_none());
        let left = names.count() - confirm.typed.len();
        let changes = act::changes(left);
        return format!("{changes} cannot be taken back. Type {typed} and press Enter.");
    };
    let unknown = match cost.total.unknown {
        0 => "",
        _ => " Not every price is known, so the launch's name stands for it.",
    };
    format!(
        "{}.{unknown} Type {typed} and press Enter.",
        cost.sentence()
    )
}

fn tail(scene: &Scene<'_>, confirm: &Confirm, columns: usize) -> Vec<Line<'static>> {
    let mut lines = vec![Line::default()];
    match confirm.word() {
        Some(word) => {
            let (label, role) = match word.cost {
                Some(_) => ("Total ", Role::Warning),
                None => ("Name  ", Role::Error),
            };
            let style = scene.style(role);
            let text = asked(confirm, word);
            lines.extend(text::labelled("", style, &text, style, columns));
            for page in word.cost.iter().flat_map(|cost| &cost.pages) {
                let dim = scene.style(Role::Dim);
                let link = scene.style(Role::Link);
                lines.extend(text::labelled("Prices  ", dim, page, link, columns));
            }
            lines.push(question::field(scene, label, &confirm.input, true, columns));
        }
        None => lines.push(Line::from(vec![
            scene.span("Enter", Role::Strong),
            Span::raw(" approves these changes and nothing else.  "),
            scene.span("Esc", Role::Strong),
            Span::raw(" leaves them."),
        ])),
    }
    lines
}
