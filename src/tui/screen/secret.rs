//! Where a secret is given: the page where it is made, the rights to choose, what golive does with it, and the masked field.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use super::Scene;
use crate::plan::{Blocker, ItemId};
use crate::tui::TokenPage;
use crate::tui::model::blocker;
use crate::tui::theme::Role;
use crate::tui::widget::masked::Masked;
use crate::tui::widget::pane::{self, Title};
use crate::tui::widget::text;

pub fn draw(
    scene: &Scene<'_>,
    item: Option<&ItemId>,
    slot: &str,
    field: &Masked,
    body: Rect,
    buf: &mut Buffer,
) {
    let title = Title::new(slot.to_string())
        .right(item.map(|id| format!("for {id}")).unwrap_or_default())
        .focused(true);
    let inner = pane::pane(body, buf, scene.theme, &title);
    let columns = usize::from(inner.width).saturating_sub(2);
    let mut head = reason(scene, item, slot, columns);
    if let Some(page) = (scene.ui.lookup.token_page)(slot) {
        head.push(Line::default());
        head.extend(page_lines(scene, &page, columns));
    }
    let mut tail = vec![Line::default(), entry(scene, slot, field, columns)];
    if !field.note.is_empty() {
        tail.push(note(scene, field));
    }
    let kept = "It is kept only in the vault. It is never written to state, log or report, and never passed on a command line.";
    let dim = scene.style(Role::Dim);
    let kept = text::labelled("", dim, kept, dim, columns);
    let rows = usize::from(inner.height);
    if head.len() + tail.len() + kept.len() < rows {
        tail.push(Line::default());
        tail.extend(kept);
    }
    // The field and the page must be seen, whatever room there is: the end of a long list of rights gives way.
    if head.len() + tail.len() > rows {
        head.truncate(rows.saturating_sub(tail.len() + 1));
        head.push(Line::from(
            scene.span("… a taller window shows all of it", Role::Warning),
        ));
    }
    head.extend(tail);
    pane::lines(&head, 0, inner, buf, scene.theme);
}

fn reason(
    scene: &Scene<'_>,
    item: Option<&ItemId>,
    slot: &str,
    columns: usize,
) -> Vec<Line<'static>> {
    let asked = item.and_then(|id| blocker(scene.view, id));
    let text = match asked {
        Some(
            Blocker::SecretMissing { .. }
            | Blocker::TokenRefused { .. }
            | Blocker::Forbidden { .. }
            | Blocker::OtherAccount { .. },
        ) => asked.map(Blocker::sentence).unwrap_or_default(),
        _ => format!("{slot} is needed"),
    };
    let plain = scene.style(Role::Plain);
    text::labelled("", plain, &text, scene.style(Role::Strong), columns)
}

fn page_lines(scene: &Scene<'_>, page: &TokenPage, columns: usize) -> Vec<Line<'static>> {
    let dim = scene.style(Role::Dim);
    let mut lines = Vec::new();
    let mut add = |label: &str, value: &str, role: Role| {
        if !value.is_empty() {
            lines.extend(text::labelled(
                label,
                dim,
                value,
                scene.style(role),
                columns,
            ));
        }
    };
    add("Where    ", &page.url, Role::Link);
    for (n, scope) in page.scopes.iter().enumerate() {
        add(
            if n == 0 { "Rights   " } else { "         " },
            scope,
            Role::Plain,
        );
    }
    add("Expiry   ", &page.expiry, Role::Plain);
    add("golive   ", &page.use_, Role::Plain);
    lines
}

fn entry(scene: &Scene<'_>, slot: &str, field: &Masked, columns: usize) -> Line<'static> {
    let wide = columns >= 96;
    let shown = text::cut(
        &field.shown(scene.at, wide),
        columns.saturating_sub(30).max(20),
    );
    let count = match field.chars() {
        0 if (scene.ui.lookup.rehearsal_secret)(slot).is_some() => {
            "Enter takes the rehearsal's own".to_string()
        }
        0 => "paste it here".to_string(),
        1 => "1 character".into(),
        n => format!("{n} characters"),
    };
    Line::from(vec![
        scene.span("› ", Role::Attention),
        scene.span("Paste  ", Role::Dim),
        Span::styled(shown, scene.style(Role::Strong)),
        Span::raw("_  "),
        scene.span(count, Role::Dim),
    ])
}

fn note(scene: &Scene<'_>, field: &Masked) -> Line<'static> {
    Line::from(scene.span(format!("         {}", field.note), Role::Warning))
}
