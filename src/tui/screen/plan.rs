//! Plan rows: in short beside the step, as a list of their own, and one row with all there is to read about it.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use super::Scene;
use crate::plan::{Row, RowId, Sign, Undo, plan_name};
use crate::price::Price;
use crate::tui::model::PlanLine;
use crate::tui::theme::Role;
use crate::tui::widget::pane::{self, Title};
use crate::tui::widget::text;
use crate::view::{RowState, Shown};

/// `Plan 9c41  + 2 create  ~ 1 change  - 0 remove  = 3 already so`, then the rows that want an approval or run.
pub fn short(scene: &Scene<'_>, columns: usize) -> Vec<Line<'static>> {
    let mut lines = Vec::new();
    let listed = scene.ui.plan_lines(scene.view);
    if listed.is_empty() {
        return lines;
    }
    lines.push(header(scene, columns));
    lines.extend(total(scene));
    for line in &listed {
        lines.push(row_line(scene, line, columns));
    }
    lines
}

pub fn draw(scene: &Scene<'_>, area: Rect, buf: &mut Buffer) {
    let columns = usize::from(area.width).saturating_sub(2);
    let listed = scene.ui.plan_lines(scene.view);
    // What it is and what it costs stay in sight, however long the list is.
    let mut head = vec![header(scene, columns)];
    head.extend(total(scene));
    head.push(Line::default());
    let rows = u16::try_from(head.len()).unwrap_or(0).min(area.height);
    let upper = Rect {
        height: rows,
        ..area
    };
    pane::lines(&head, 0, upper, buf, scene.theme);
    let area = Rect::new(area.x, upper.bottom(), area.width, area.height - rows);
    let mut lines = Vec::new();
    if listed.is_empty() {
        lines.push(Line::from(scene.span(empty(scene), Role::Dim)));
    }
    for (n, line) in listed.iter().enumerate() {
        let drawn = row_line(scene, line, columns);
        lines.push(match n == scene.ui.row_at {
            true => pane::selected(drawn, scene.theme),
            false => drawn,
        });
    }
    let rows = usize::from(area.height);
    let top = pane::top_for(scene.ui.row_at, rows, lines.len());
    pane::lines(&lines, top, area, buf, scene.theme);
}

fn empty(scene: &Scene<'_>) -> String {
    if scene.ui.all_rows {
        return "No row of this step has been planned in this session.".into();
    }
    let here = "Nothing of this step wants an approval now";
    let other = scene
        .view
        .outline
        .steps()
        .find(|step| scene.view.wanted.contains_key(&step.number));
    match other {
        Some(step) => format!("{here}; step {} does. a shows all rows.", step.number),
        None => format!("{here}. a shows all rows."),
    }
}

fn header(scene: &Scene<'_>, columns: usize) -> Line<'static> {
    let view = scene.view;
    let Some(step) = scene.ui.step(view) else {
        return Line::default();
    };
    let wanted: Vec<&Row> = view
        .wanted
        .get(&step.number)
        .into_iter()
        .flatten()
        .collect();
    let count = |sign: Sign| wanted.iter().filter(|row| row.sign == sign).count();
    let same = step
        .items
        .iter()
        .filter(|item| view.shown(item) == Shown::AlreadySo);
    let mut left = vec![match wanted.is_empty() {
        true => scene.span("Plan", Role::Strong),
        false => scene.span(
            format!("Plan {}", plan_name(wanted.iter().copied())),
            Role::Strong,
        ),
    }];
    for (sign, word) in [
        (Sign::Create, "create"),
        (Sign::Change, "change"),
        (Sign::Remove, "remove"),
    ] {
        left.push(Span::raw("  "));
        left.push(Span::styled(
            format!("{} {} {word}", sign.symbol(), count(sign)),
            scene.style(if count(sign) > 0 {
                role_of(sign)
            } else {
                Role::Dim
            }),
        ));
    }
    left.push(scene.span(format!("  = {} already so", same.count()), Role::Dim));
    let right = match wanted.len() {
        0 => scene.span("nothing to approve", Role::Dim),
        _ => scene.span("A approves", Role::Attention),
    };
    text::sides(left, vec![right], columns)
}

/// What the paid rows cost together, and where unknown prices are looked up.
fn total(scene: &Scene<'_>) -> Option<Line<'static>> {
    let step = scene.ui.step(scene.view)?;
    let rows = scene.view.wanted.get(&step.number)?;
    let cost = scene.view.cost(rows)?;
    let mut spans = vec![
        scene.span("Total ", Role::Strong),
        scene.span(cost.total.to_string(), Role::Warning),
        scene.span(
            format!(" for {} paid, prices as of {}", cost.total.rows, cost.as_of),
            Role::Dim,
        ),
    ];
    for page in &cost.pages {
        spans.push(scene.span(format!("  {page}"), Role::Link));
    }
    Some(Line::from(spans))
}

/// What a row costs a month, in short.
pub fn price(scene: &Scene<'_>, row: &Row) -> Span<'static> {
    let text = match row.price {
        Some(Price::Unknown) => "price unknown  ".to_string(),
        Some(Price::Monthly(cents)) => format!("USD {}.{:02}  ", cents / 100, cents % 100),
        None => String::new(),
    };
    scene.span(text, Role::Warning)
}

pub fn role_of(sign: Sign) -> Role {
    match sign {
        Sign::Create => Role::Success,
        Sign::Change => Role::Warning,
        Sign::Remove => Role::Error,
    }
}

fn row_line(scene: &Scene<'_>, line: &PlanLine<'_>, columns: usize) -> Line<'static> {
    match line {
        PlanLine::Same(item) => text::sides(
            vec![scene.span(format!(" = {}", item.title), Role::Dim)],
            vec![scene.span("already so", Role::Dim)],
            columns,
        ),
        PlanLine::Row(row, state) => {
            let state = match state {
                RowState::Wanted => String::new(),
                RowState::Approved => "  approved".into(),
                RowState::Running => "  running".into(),
                RowState::Done => "  done".into(),
                RowState::Refused => "  refused".into(),
            };
            text::sides(
                row_spans(scene, row),
                vec![
                    price(scene, row),
                    scene.span(row.undo.word(), undo_role(row.undo)),
                    scene.span(state, Role::Info),
                ],
                columns,
            )
        }
    }
}

fn undo_role(undo: Undo) -> Role {
    match undo {
        Undo::Reversible | Undo::Restorable => Role::Dim,
        Undo::OneWay => Role::Error,
    }
}

/// Sign, object, and old → new; then what an approval should know about it.
pub fn row_spans(scene: &Scene<'_>, row: &Row) -> Vec<Span<'static>> {
    let mut spans = vec![
        scene.span(format!(" {} ", row.sign.symbol()), role_of(row.sign)),
        Span::raw(row.what.clone()),
    ];
    // Before the values: a narrow screen cuts those, and never what speaks against an approval.
    if row.restores_drift {
        spans.push(scene.span("  puts back what someone changed", Role::Warning));
    }
    if row.not_made_by_golive {
        spans.push(scene.span("  not made by golive", Role::Warning));
    }
    let value = match (&row.old, &row.new) {
        (Some(old), Some(new)) => format!("  {old} → {new}"),
        (None, Some(new)) => format!("  {new}"),
        (Some(old), None) => format!("  was {old}"),
        (None, None) => String::new(),
    };
    spans.push(scene.span(value, Role::Dim));
    if let Some(after) = &row.known_after {
        spans.push(scene.span(format!("  known after {after}"), Role::Info));
    }
    spans
}

/// One row with everything that an approval rests on, uncut.
pub fn draw_row(scene: &Scene<'_>, id: &RowId, scroll: usize, body: Rect, buf: &mut Buffer) {
    let Some((row, _)) = scene.view.rows.get(id) else {
        return;
    };
    let title = Title::new(format!("{} {}", row.sign.symbol(), row.what))
        .right("y copy  Esc back")
        .focused(true);
    let inner = pane::pane(body, buf, scene.theme, &title);
    let columns = usize::from(inner.width).saturating_sub(2);
    let mut lines = Vec::new();
    for (label, value, role) in row_facts(row) {
        let (dim, style) = (scene.style(Role::Dim), scene.style(role));
        lines.extend(text::labelled(label, dim, &value, style, columns));
    }
    if !row.detail.is_empty() {
        lines.push(Line::default());
        lines.extend(
            row.detail
                .iter()
                .flat_map(|line| detail(scene, line, columns)),
        );
    }
    pane::lines(&lines, scroll, inner, buf, scene.theme);
}

fn row_facts(row: &Row) -> Vec<(&'static str, String, Role)> {
    let action = match row.sign {
        Sign::Create => "create",
        Sign::Change => "change",
        Sign::Remove => "remove",
    };
    let undo = match row.undo {
        Undo::Reversible => "reversible: golive can remove it again and nothing is left",
        Undo::Restorable => "restorable: the old value is kept and can be put back",
        Undo::OneWay if row.confirm.is_none() && row.price.is_some() => {
            "one-way: golive cannot take it back; the plan's total is asked for"
        }
        Undo::OneWay => "one-way: cannot be taken back; its name is asked for",
    };
    let does = format!("{action} {}", row.what);
    let mut facts = vec![
        ("Does        ", does, role_of(row.sign)),
        (
            "For         ",
            format!("{} ({})", row.item, row.change),
            Role::Plain,
        ),
    ];
    facts.extend(
        row.old
            .iter()
            .map(|old| ("Now         ", old.clone(), Role::Plain)),
    );
    facts.extend(
        row.new
            .iter()
            .map(|new| ("Then        ", new.clone(), Role::Plain)),
    );
    facts.extend(
        row.price
            .map(|price| ("Costs       ", price.to_string(), Role::Warning)),
    );
    facts.push(("Undo        ", undo.into(), undo_role(row.undo)));
    if let Some(after) = &row.known_after {
        facts.push(("Known after ", after.to_string(), Role::Info));
    }
    if row.not_made_by_golive {
        facts.push((
            "Mind        ",
            "some of it was not made by golive".into(),
            Role::Warning,
        ));
    }
    if row.restores_drift {
        facts.push((
            "Mind        ",
            "it puts back what someone changed".into(),
            Role::Warning,
        ));
    }
    facts
}

/// A line of a diff or a list. Indentation is kept, because code is read by it.
fn detail(scene: &Scene<'_>, line: &str, columns: usize) -> Vec<Line<'static>> {
    let role = match line.as_bytes().first() {
        Some(b'+') => Role::Success,
        Some(b'-') => Role::Error,
        Some(b'@') => Role::Info,
        _ => Role::Plain,
    };
    let style = scene.style(role);
    if text::width(line) <= columns {
        return vec![Line::from(Span::styled(line.to_string(), style))];
    }
    text::wrap(line, columns)
        .into_iter()
        .map(|part| Line::from(Span::styled(part, style)))
        .collect()
}
