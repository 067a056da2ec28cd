//! Questions: what is asked, why, where to look, and the ways on; and the small form where a person's word is typed.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::Line;

use super::{Scene, item as facts};
use crate::plan::Blocker;
use crate::tui::model::{Form, FormKind};
use crate::tui::theme::Role;
use crate::tui::ways;
use crate::tui::widget::input::Input;
use crate::tui::widget::pane::{self, Title};
use crate::tui::widget::{choices, text};
use crate::view::ItemOutline;

pub fn draw(
    scene: &Scene<'_>,
    item: &ItemOutline,
    blocker: &Blocker,
    choice: usize,
    scroll: usize,
    body: Rect,
    buf: &mut Buffer,
) {
    let columns = usize::from(body.width).saturating_sub(4);
    let ways = ways::of(scene.view, &item.id);
    let ways = choices::lines(&ways, choice, columns, scene.theme);
    let below = u16::try_from(ways.len() + 2)
        .unwrap_or(u16::MAX)
        .min(body.height * 3 / 5);
    let upper = Rect {
        height: body.height - below,
        ..body
    };
    let title = Title::new(format!("{} {}", item.id, item.title))
        .right(kind(blocker))
        .role(Role::Attention);
    let inner = pane::pane(upper, buf, scene.theme, &title);
    let mut lines = asked(scene, blocker, columns);
    lines.push(Line::default());
    lines.extend(facts::waiting(scene, item, columns));
    pane::lines(&lines, scroll, inner, buf, scene.theme);
    let lower = Rect::new(body.x, upper.bottom(), body.width, below);
    let title = Title::new("What you can do").focused(true);
    let inner = pane::pane(lower, buf, scene.theme, &title);
    pane::lines(&ways, 0, inner, buf, scene.theme);
}

fn kind(blocker: &Blocker) -> &'static str {
    match blocker {
        Blocker::SecretMissing { .. } | Blocker::TokenRefused { .. } => "a secret is needed",
        Blocker::Taken { .. } => "the name is taken",
        Blocker::Drift { .. } => "someone changed it",
        Blocker::Unclear { .. } => "not known what became of it",
        Blocker::Forbidden { .. } => "a permission is missing",
        Blocker::OtherAccount { .. } => "another account",
        Blocker::ByHand { .. } => "by hand",
        Blocker::Review { .. } => "another person's turn",
        Blocker::Attest { .. } => "your word",
        Blocker::Choose { .. } => "your choice",
    }
}

fn asked(scene: &Scene<'_>, blocker: &Blocker, columns: usize) -> Vec<Line<'static>> {
    let dim = scene.style(Role::Dim);
    let (facts, meaning) = told(blocker);
    let mut lines = Vec::new();
    for (n, (label, value)) in facts.into_iter().enumerate() {
        let style = scene.style(if n == 0 { Role::Strong } else { Role::Plain });
        lines.extend(text::labelled(label, dim, &value, style, columns));
    }
    let plain = scene.style(Role::Plain);
    lines.extend(text::labelled("", plain, meaning, plain, columns));
    lines.extend(page_and_paste(scene, blocker, columns));
    lines
}

/// The facts of a question, each with its label, and what they mean for the operator.
fn told(blocker: &Blocker) -> (Vec<(&'static str, String)>, &'static str) {
    match blocker {
        Blocker::Choose { question, .. } => (vec![("", text::capital(question))], ""),
        Blocker::Attest {
            question, rests_on, ..
        } => (
            vec![
                ("", text::capital(question)),
                ("Holds for  ", rests_on.clone()),
            ],
            "golive cannot know this: a person must say it.",
        ),
        Blocker::ByHand { what, .. } => (
            vec![("To do      ", what.clone())],
            "There is no way for golive to do it. It looks afterwards whether it is so.",
        ),
        Blocker::Review { what, .. } => (
            vec![("Waits for  ", what.clone())],
            "Nothing is asked of you, unless you are that person.",
        ),
        Blocker::Forbidden { what, scope, .. } => (
            vec![
                ("Refused    ", format!("the token may not {what}")),
                ("It needs   ", scope.clone()),
            ],
            "",
        ),
        Blocker::OtherAccount { pinned, seen } => (
            vec![
                ("Tied to    ", pinned.clone()),
                ("Token of   ", seen.clone()),
            ],
            "The first token that worked tied this launch to its account, so that nothing lands in another one.",
        ),
        Blocker::Taken { name, theirs } => (
            vec![
                ("Exists     ", name.clone()),
                ("It is      ", theirs.clone()),
            ],
            "golive neither changes nor removes what it did not make. Rename it, or name another in golive.toml.",
        ),
        Blocker::Drift { ours, theirs } => (
            vec![
                ("Was        ", ours.clone()),
                ("Now        ", theirs.clone()),
            ],
            "Someone changed what golive had settled.",
        ),
        Blocker::Unclear { change } => (
            vec![("Not known  ", change.clone())],
            "The call left and no answer came. It cannot be repeated safely, so a person must look.",
        ),
        Blocker::SecretMissing { .. } | Blocker::TokenRefused { .. } => {
            (vec![("", blocker.sentence())], "")
        }
    }
}

fn page_and_paste(scene: &Scene<'_>, blocker: &Blocker, columns: usize) -> Vec<Line<'static>> {
    let (url, paste): (Option<&str>, &[String]) = match blocker {
        Blocker::ByHand { url, paste, .. } => (url.as_deref(), paste),
        Blocker::Forbidden { url, .. } | Blocker::Attest { url, .. } => (url.as_deref(), &[]),
        Blocker::Review { url, .. } => (Some(url), &[]),
        _ => (None, &[]),
    };
    let mut lines = Vec::new();
    if let Some(url) = url {
        lines.extend(text::labelled(
            "Page       ",
            scene.style(Role::Dim),
            url,
            scene.style(Role::Link),
            columns,
        ));
    }
    if !paste.is_empty() {
        lines.push(Line::default());
        lines.push(Line::from(
            scene.span("To paste (y copies all of it):", Role::Dim),
        ));
        let plain = scene.style(Role::Plain);
        for line in paste {
            lines.extend(text::labelled("  ", plain, line, plain, columns));
        }
    }
    lines
}

pub fn draw_form(scene: &Scene<'_>, form: &Form, body: Rect, buf: &mut Buffer) {
    let item = scene.view.outline.item(&form.item);
    let title = item.map(|item| item.title.clone()).unwrap_or_default();
    let head = match form.kind {
        FormKind::Attest => "your word",
        FormKind::Waive => "waive",
        FormKind::Skip => "skip",
        FormKind::Untick => "take back",
        FormKind::Accept => "accept",
    };
    let title = Title::new(format!("{} {title}", form.item))
        .right(head)
        .focused(true);
    let inner = pane::pane(body, buf, scene.theme, &title);
    let columns = usize::from(inner.width).saturating_sub(2);
    let mut lines = explain(scene, form, columns);
    lines.push(Line::default());
    lines.push(field(scene, "Name  ", &form.name, !form.on_note, columns));
    if form.kind != FormKind::Untick {
        let label = if form.kind == FormKind::Attest {
            "Note  "
        } else {
            "Why   "
        };
        lines.push(field(scene, label, &form.note, form.on_note, columns));
    }
    lines.push(Line::default());
    let said = if form.is_complete() {
        "Enter records it with this name and the time. Esc leaves it open."
    } else {
        "A name and a note are needed: a record without them says nothing to whoever reads it later."
    };
    lines.extend(text::labelled(
        "",
        scene.style(Role::Dim),
        said,
        scene.style(Role::Dim),
        columns,
    ));
    pane::lines(&lines, 0, inner, buf, scene.theme);
}

fn explain(scene: &Scene<'_>, form: &Form, columns: usize) -> Vec<Line<'static>> {
    let state = scene
        .view
        .item_state(&form.item)
        .map(|state| &state.standing);
    let plain = scene.style(Role::Plain);
    let text = match (form.kind, state) {
        (FormKind::Attest, Some(crate::journal::state::Standing::Blocked(blocker))) => {
            return asked(scene, blocker, columns);
        }
        (FormKind::Attest, _) => "A person's word.",
        (FormKind::Waive, _) => {
            "It is recorded as waived: not done, and a person said that it is not needed. What needs it goes on."
        }
        (FormKind::Skip, _) => {
            "It is recorded as skipped: not done, and left out for now. What needs it goes on."
        }
        (FormKind::Accept, _) => {
            return found(scene, form, columns);
        }
        (FormKind::Untick, _) => {
            "The tick, waiver or skip is taken back, and golive looks at it again."
        }
    };
    text::labelled("", plain, text, plain, columns)
}

/// What someone is about to live with, and what would mend it.
fn found(scene: &Scene<'_>, form: &Form, columns: usize) -> Vec<Line<'static>> {
    let (dim, plain) = (scene.style(Role::Dim), scene.style(Role::Plain));
    let found = scene.view.findings(&form.item).into_iter();
    let mut lines = Vec::new();
    for found in found.filter(|found| Some(&found.name) == form.finding.as_ref()) {
        let strong = scene.style(Role::Strong);
        lines.extend(text::labelled(
            "Finding  ",
            dim,
            &found.finding.text,
            strong,
            columns,
        ));
        lines.extend(text::labelled(
            "To do    ",
            dim,
            &found.finding.fix,
            plain,
            columns,
        ));
    }
    let said =
        "It is recorded as accepted: it stays as it is, and the report says who lives with it.";
    lines.extend(text::labelled("", plain, said, plain, columns));
    lines
}

/// A field with its cursor; the one that is typed in is underlined by its mark.
pub fn field(
    scene: &Scene<'_>,
    label: &str,
    input: &Input,
    active: bool,
    columns: usize,
) -> Line<'static> {
    let room = columns.saturating_sub(text::width(label) + 4);
    let mark = if active { "› " } else { "  " };
    let cursor = if active { "_" } else { "" };
    Line::from(vec![
        scene.span(mark, Role::Attention),
        scene.span(label.to_string(), Role::Dim),
        scene.span(
            format!("{}{cursor}", input.tail(room)),
            if active { Role::Strong } else { Role::Plain },
        ),
    ])
}
