//! Where a secret is given: the page where it is made, the rights to choose, what golive does with it, and the masked field.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use super::Scene;
use crate::plan::{Blocker, ItemId};
use crate::secret::SecretName;
use crate::tokens;
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
    let page = (scene.ui.lookup.token_page)(slot);
    let title = Title::new(titled(slot, page.as_ref()))
        .right(item.map(|id| format!("for {id}")).unwrap_or_default())
        .focused(true);
    let inner = pane::pane(body, buf, scene.theme, &title);
    let columns = usize::from(inner.width).saturating_sub(2);
    let mut head = reason(scene, item, slot, columns);
    let (first, rest) = match &page {
        Some(page) => page_lines(scene, page, columns),
        None => (Vec::new(), Vec::new()),
    };
    let mut tail = vec![Line::default(), entry(scene, slot, field, columns)];
    if !field.note.is_empty() {
        tail.push(note(scene, field));
    }
    let kept = "It is kept only in the vault. It is never written to state, log or report, and never passed on a command line.";
    let dim = scene.style(Role::Dim);
    let kept = text::labelled("", dim, kept, dim, columns);
    let rows = usize::from(inner.height);
    // The page and its rights must be seen, whatever room there is; what golive does and never does comes after them.
    if !first.is_empty() {
        head.push(Line::default());
    }
    head.extend(first);
    if head.len() + rest.len() + tail.len() < rows {
        head.extend(rest);
    } else {
        let room = rows.saturating_sub(head.len() + tail.len() + 1);
        let cut = rest.len().saturating_sub(room) > 0;
        head.extend(rest.into_iter().take(room));
        if cut {
            head.truncate(rows.saturating_sub(tail.len() + 1));
            let more = format!("… a taller window, or golive explain {slot}, shows all of it");
            head.push(Line::from(scene.span(more, Role::Warning)));
        }
    }
    if head.len() + tail.len() + kept.len() < rows {
        tail.push(Line::default());
        tail.extend(kept);
    }
    if head.len() + tail.len() > rows {
        head.truncate(rows.saturating_sub(tail.len()));
    }
    head.extend(tail);
    pane::lines(&head, 0, inner, buf, scene.theme);
}

/// `ATLAS_CLIENT_ID: Atlas client id, 1 of 2`.
fn titled(slot: &str, page: Option<&TokenPage>) -> String {
    let mut title = slot.to_string();
    if let Some(page) = page.filter(|page| !page.what.is_empty()) {
        title += &format!(": {}", page.what);
    }
    let name = SecretName::new(slot);
    let way = tokens::of_slot(&name).and_then(|token| token.way_of(&name));
    if let Some(way) = way.filter(|way| way.slots.len() > 1) {
        let at = way.slots.iter().position(|own| own.name == name);
        title += &format!(", {} of {}", at.unwrap_or(0) + 1, way.slots.len());
    }
    title
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

/// What is needed to make it, and what else is to be known.
fn page_lines(
    scene: &Scene<'_>,
    page: &TokenPage,
    columns: usize,
) -> (Vec<Line<'static>>, Vec<Line<'static>>) {
    let dim = scene.style(Role::Dim);
    let lines = |label: &str, value: &str, role: Role| match value.is_empty() {
        true => Vec::new(),
        false => text::labelled(label, dim, value, scene.style(role), columns),
    };
    let list = |label: &str, values: &[String]| -> Vec<Line<'static>> {
        let values = values.iter().enumerate();
        let labelled = values.flat_map(|(n, value)| {
            let label = if n == 0 { label } else { "         " };
            lines(label, value, Role::Plain)
        });
        labelled.collect()
    };
    let mut first = lines(
        "Where    ",
        page.url.as_deref().unwrap_or_default(),
        Role::Link,
    );
    first.extend(list("Choose   ", &page.choose));
    first.extend(list("Rights   ", &page.scopes));
    first.extend(lines("Expiry   ", &page.expiry, Role::Plain));
    let mut rest = lines("golive   ", &page.use_, Role::Plain);
    rest.extend(list("Mind     ", &page.mind));
    (first, rest)
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
