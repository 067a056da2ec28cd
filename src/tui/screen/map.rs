//! The launch map: phases, steps and items in place, and below them what runs, whose turn it is, and what is left of limits.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use super::{Scene, is_at, words};
use crate::tui::model::Node;
use crate::tui::theme::{Role, Theme};
use crate::tui::widget::{pane, text};
use crate::view::{Doing, ItemOutline, Shown, StepOutline, Turn};

pub fn draw(scene: &Scene<'_>, area: Rect, buf: &mut Buffer) {
    let columns = usize::from(area.width).saturating_sub(2);
    let below = side_lines(scene, columns);
    // What needs the operator is never pushed out by a long map.
    let below_rows = below.len().min(usize::from(area.height) / 2);
    let rows = usize::from(area.height) - below_rows;
    let (lines, cursor) = map_lines(scene, columns, rows);
    let top = pane::top_for(cursor, rows, lines.len());
    let upper = Rect {
        height: u16::try_from(rows).unwrap_or(0),
        ..area
    };
    pane::lines(&lines, top, upper, buf, scene.theme);
    let lower = Rect::new(
        area.x,
        upper.bottom(),
        area.width,
        area.height - upper.height,
    );
    pane::lines(&below, 0, lower, buf, scene.theme);
}

/// The steps that are folded where not all rows fit: finished ones first, then those that cannot begin yet, then whatever
/// is left, the last first. The cursor's own never is. What is in a folded one and wants eyes stands below the map.
fn folded(scene: &Scene<'_>, rows: usize) -> Vec<String> {
    let view = scene.view;
    let steps = || view.outline.steps();
    let all = view.outline.phases.len() + steps().map(|step| 1 + step.items.len()).sum::<usize>();
    let mut over = all.saturating_sub(rows);
    let here = scene.ui.step(view).map(|step| step.number.clone());
    let foldable = |step: &&StepOutline| here.as_deref() != Some(step.number.as_str());
    let finished = steps().filter(|step| view.shown_step(step).is_settled());
    let waits = |step: &&StepOutline| {
        let mut shown = step.items.iter().map(|item| view.shown(item));
        shown.all(|shown| matches!(shown, Shown::Blocked | Shown::Pending))
    };
    let mut later: Vec<&StepOutline> = steps().filter(waits).collect();
    later.reverse();
    let mut rest: Vec<&StepOutline> = steps().collect();
    rest.reverse();
    let mut folded: Vec<String> = Vec::new();
    for step in finished.chain(later).chain(rest).filter(foldable) {
        if over == 0 {
            break;
        }
        if !folded.contains(&step.number) {
            over = over.saturating_sub(step.items.len());
            folded.push(step.number.clone());
        }
    }
    folded
}

/// All rows, as far as they are not folded, and the row of the cursor.
fn map_lines(scene: &Scene<'_>, columns: usize, rows: usize) -> (Vec<Line<'static>>, usize) {
    let view = scene.view;
    let folded = folded(scene, rows);
    let mut lines = Vec::new();
    let mut cursor = 0;
    for phase in &view.outline.phases {
        let counts = view.counts_of(phase);
        let shown: Vec<Shown> = phase
            .steps
            .iter()
            .map(|step| view.shown_step(step))
            .collect();
        lines.push(text::sides(
            vec![
                scene.icon(Shown::of_step(&shown)),
                scene.span(format!(" {} {}", phase.number, phase.title), Role::Strong),
            ],
            vec![Span::raw(format!("{}/{}", counts.done, counts.total))],
            columns,
        ));
        for step in &phase.steps {
            let fold = folded.contains(&step.number);
            if is_at(scene, &Node::Step(step.number.clone())) {
                cursor = lines.len();
            }
            lines.push(step_line(scene, step, fold, columns));
            if fold {
                continue;
            }
            for item in &step.items {
                if is_at(scene, &Node::Item(item.id.clone())) {
                    cursor = lines.len();
                }
                lines.push(item_line(scene, item, columns));
            }
        }
    }
    (lines, cursor)
}

fn mark(scene: &Scene<'_>, node: &Node) -> Span<'static> {
    match is_at(scene, node) {
        true => scene.span("› ", Role::Attention),
        false => Span::raw("  "),
    }
}

fn chosen(scene: &Scene<'_>, node: &Node, line: Line<'static>) -> Line<'static> {
    match is_at(scene, node) {
        true => pane::selected(line, scene.theme),
        false => line,
    }
}

fn step_line(scene: &Scene<'_>, step: &StepOutline, folded: bool, columns: usize) -> Line<'static> {
    let node = Node::Step(step.number.clone());
    let shown = scene.view.shown_step(step);
    let done = step
        .items
        .iter()
        .filter(|item| scene.view.shown(item).is_settled())
        .count();
    let fold = if folded { " ▸" } else { "" };
    let line = text::sides(
        vec![
            mark(scene, &node),
            scene.icon(shown),
            Span::raw(format!(" {} {}", step.number, step.title)),
            scene.span(fold, Role::Dim),
        ],
        vec![Span::raw(format!("{done}/{}", step.items.len()))],
        columns,
    );
    chosen(scene, &node, line)
}

fn item_line(scene: &Scene<'_>, item: &ItemOutline, columns: usize) -> Line<'static> {
    let node = Node::Item(item.id.clone());
    let shown = scene.view.shown(item);
    let note = words::note(scene, item);
    let mut name = short(item);
    let optional = " (optional)";
    // The cursor, the icon, and what parts name and word.
    let beside = 8;
    if !item.required
        && text::width(&name) + text::width(optional) + text::width(&note) + beside <= columns
    {
        name.push_str(optional);
    }
    // A word that asks for nothing gives way to the name; one that wants eyes is kept.
    let room = match shown.is_settled() || matches!(shown, Shown::Blocked | Shown::Pending) {
        true => columns.saturating_sub(text::width(&name) + beside).max(4),
        false => columns / 2,
    };
    // The icon says that it is settled; a few letters of a word would say nothing more.
    let note = match shown.is_settled() && room < "already so".len() && text::width(&note) > room {
        true => String::new(),
        false => text::cut(&note, room),
    };
    let line = text::sides(
        vec![
            mark(scene, &node),
            Span::raw("  "),
            scene.icon(shown),
            Span::raw(format!(" {name}")),
        ],
        vec![scene.span(note, Theme::role_of(shown))],
        columns,
    );
    chosen(scene, &node, line)
}

/// The id without its step, which stands above it.
fn short(item: &ItemOutline) -> String {
    let id = item.id.as_str();
    let rest = id.strip_prefix(item.id.step()).unwrap_or(id);
    rest.trim_start_matches('.').to_string()
}

fn side_lines(scene: &Scene<'_>, columns: usize) -> Vec<Line<'static>> {
    let mut lines = Vec::new();
    let head = |text: &str| vec![Line::default(), Line::from(scene.span(text, Role::Strong))];
    let running = running_lines(scene, columns);
    if !running.is_empty() {
        lines.extend(head(&format!("Running now ({})", running.len())));
        lines.extend(running);
    }
    let turns = scene.view.your_turn();
    if !turns.is_empty() {
        lines.extend(head(&format!("Your turn ({})", turns.len())));
        for turn in &turns {
            lines.push(turn_line(scene, turn, columns));
        }
    }
    let found = scene.view.open_findings();
    if let Some((first, _)) = found.first() {
        let count: usize = found.iter().map(|(_, open)| open).sum();
        lines.extend(head(&format!("Findings ({count})")));
        let more = match found.len() {
            1 => String::new(),
            n => format!(" and {} more", n - 1),
        };
        let text = format!("  ! {first}{more}");
        lines.push(Line::from(
            scene.span(text::cut(&text, columns), Role::Warning),
        ));
    }
    if !scene.view.limits.is_empty() {
        lines.extend(head("Limits"));
        for ((provider, what), limit) in &scene.view.limits {
            let left = format!("{}/{} left", limit.remaining, limit.limit);
            let when = match columns >= 36 {
                true => format!(", till {}", scene.minute(limit.resets_at)),
                false => String::new(),
            };
            let what = match what.is_empty() {
                true => String::new(),
                false => format!(" {what}"),
            };
            let text = format!("  {provider}{what}  {left}{when}");
            lines.push(Line::from(text::cut(&text, columns)));
        }
    }
    for (provider, back_off) in &scene.view.backing_off {
        let text = format!(
            "  {provider} waits {}, try {} of {}: {}",
            scene.seconds_until(back_off.until),
            back_off.attempt,
            back_off.attempts_max,
            back_off.why
        );
        lines.push(Line::from(
            scene.span(text::cut(&text, columns), Role::Warning),
        ));
    }
    lines
}

fn running_lines(scene: &Scene<'_>, columns: usize) -> Vec<Line<'static>> {
    let moving = scene.view.outline.items().filter(|item| {
        let live = scene.view.live.get(&item.id);
        live.is_some_and(|live| live.doing != Doing::Nothing)
    });
    moving
        .map(|item| {
            let shown = scene.view.shown(item);
            text::sides(
                vec![
                    Span::raw("  "),
                    scene.icon(shown),
                    Span::raw(format!(" {}", item.id)),
                ],
                vec![scene.span(words::note(scene, item), Theme::role_of(shown))],
                columns,
            )
        })
        .collect()
}

fn turn_line(scene: &Scene<'_>, turn: &Turn, columns: usize) -> Line<'static> {
    let what = match turn {
        Turn::Approve { step, rows } => {
            let changes = crate::tui::act::changes(*rows);
            format!(" {step} approve {changes}")
        }
        Turn::Answer { item } => format!(" {item}"),
    };
    text::sides(
        vec![
            Span::raw("  "),
            scene.icon(Shown::YourTurn),
            scene.span(what, Role::Attention),
        ],
        vec![Span::raw("[n]")],
        columns,
    )
}
