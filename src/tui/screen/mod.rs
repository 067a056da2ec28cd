//! One picture from one view: four fixed zones, and in the body the main screen or what is open above it.

mod approve;
mod calls;
mod failure;
mod help;
mod item;
mod log;
mod main;
mod map;
mod matrix;
mod plan;
mod question;
mod secret;
mod step;
mod words;

use jiff::Timestamp;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};
use tokio::time::Instant;

use super::frames::Moving;
use super::grid;
use super::keys;
use super::model::{Node, Open, Tab, UiState};
use super::theme::{Role, Theme};
use super::widget::{pane, text};
use crate::view::{Doing, Shown, View};

/// Below this there is only room to ask for more.
const COLUMNS_MIN: u16 = 60;
const ROWS_MIN: u16 = 16;

/// All that a picture is made of.
#[derive(Clone, Copy)]
pub struct Scene<'a> {
    pub view: &'a View,
    pub ui: &'a UiState,
    pub theme: &'a Theme,
    /// The spinner's step.
    pub spin: usize,
    pub at: Instant,
}

impl Scene<'_> {
    pub fn style(&self, role: Role) -> Style {
        self.theme.style(role)
    }

    pub fn span(&self, text: impl Into<String>, role: Role) -> Span<'static> {
        Span::styled(text.into(), self.style(role))
    }

    /// Icon in its colour.
    pub fn icon(&self, shown: Shown) -> Span<'static> {
        let icon = self.theme.icon(shown, self.spin);
        Span::styled(icon, self.style(Theme::role_of(shown)))
    }

    /// Hours and minutes there.
    pub fn minute(&self, at: Timestamp) -> String {
        self.time(at).chars().take(5).collect()
    }

    /// Time of day where the operator is.
    pub fn time(&self, at: Timestamp) -> String {
        let zoned = at.to_zoned_datetime(self.ui.lookup.zone.clone());
        zoned.strftime("%H:%M:%S").to_string()
    }

    pub fn seconds_until(&self, at: Timestamp) -> String {
        seconds(at.duration_since(self.view.now).as_secs().max(0))
    }

    pub fn seconds_since(&self, at: Timestamp) -> String {
        seconds(self.view.now.duration_since(at).as_secs().max(0))
    }
}

/// `52 s`, `3 min 20 s`, `2 h 05 min`.
pub fn seconds(all: i64) -> String {
    match all {
        0..60 => format!("{all} s"),
        60..3600 => format!("{} min {:02} s", all / 60, all % 60),
        _ => format!("{} h {:02} min", all / 3600, all / 60 % 60),
    }
}

pub fn draw(scene: &Scene<'_>, area: Rect, buf: &mut Buffer) {
    if area.width < COLUMNS_MIN || area.height < ROWS_MIN {
        too_small(scene, area, buf);
    } else {
        identity(scene, row(area, 0), buf);
        rail(scene, row(area, 1), buf);
        let body = Rect::new(area.x, area.y + 2, area.width, area.height - 4);
        draw_body(scene, body, buf);
        what_now(scene, row(area, area.height - 2), buf);
        footer(scene, row(area, area.height - 1), buf);
    }
    scene.theme.fold(buf);
}

fn row(area: Rect, y: u16) -> Rect {
    Rect::new(area.x, area.y + y, area.width, 1)
}

fn too_small(scene: &Scene<'_>, area: Rect, buf: &mut Buffer) {
    if area.is_empty() {
        return;
    }
    let text = format!(
        "golive needs {COLUMNS_MIN}x{ROWS_MIN}, this is {}x{}. It goes on in the background; q saves and quits.",
        area.width, area.height
    );
    let lines = text::wrap(&text, usize::from(area.width));
    for (y, line) in (0..area.height).zip(lines) {
        let line = text::cut(&line, usize::from(area.width));
        buf.set_string(area.x, area.y + y, line, scene.style(Role::Attention));
    }
}

/// Line 1: which launch, which phase, what is touched, what time it is there.
fn identity(scene: &Scene<'_>, area: Rect, buf: &mut Buffer) {
    let view = scene.view;
    let wide = area.width >= 120;
    let mut left = vec![
        scene.span(" golive", Role::Strong),
        Span::raw(if wide { "  " } else { " " }),
        Span::raw(view.outline.name.clone()),
        scene.span(
            format!(
                "{}{}",
                if wide { "   launch " } else { " " },
                view.outline.short_id()
            ),
            Role::Dim,
        ),
    ];
    let mut right = Vec::new();
    if let Some(phase) = phase_of_cursor(scene) {
        let word = if wide { "PHASE " } else { "" };
        right.push(Span::raw(format!(
            "{word}{} {}  ",
            phase.number, phase.title
        )));
    }
    if view.outline.rehearsal {
        right.push(scene.span("[ REHEARSAL ]", Role::Rehearsal));
        right.push(Span::raw(" "));
    }
    let band = words::band(scene);
    right.push(scene.span(format!("[ {band} ]"), Theme::band(&band)));
    if area.width >= 100 {
        right.push(Span::raw(format!("  {}", words::clock(scene))));
    }
    right.push(Span::raw(" "));
    if view.state.openings > 1 {
        let times = match view.state.openings - 1 {
            1 => "once".to_string(),
            n => format!("{n} times"),
        };
        let resumed = scene.span(format!(" (resumed {times})"), Role::Dim);
        let taken: usize = left.iter().chain(&right).map(Span::width).sum();
        // Only where nothing else has to give way.
        if taken + resumed.width() < usize::from(area.width) {
            left.push(resumed);
        }
    }
    let line = text::sides(left, right, usize::from(area.width));
    buf.set_line(area.x, area.y, &line, area.width);
}

fn phase_of_cursor<'a>(scene: &Scene<'a>) -> Option<&'a crate::view::PhaseOutline> {
    let step = scene.ui.step(scene.view)?;
    let holds = |phase: &&crate::view::PhaseOutline| {
        phase.steps.iter().any(|other| other.number == step.number)
    };
    scene.view.outline.phases.iter().find(holds)
}

/// Line 2: every phase with its state and counts, the sum, and how much waits for this operator.
fn rail(scene: &Scene<'_>, area: Rect, buf: &mut Buffer) {
    if grid::below(scene.ui).is_some() {
        let line = matrix::summary(scene, usize::from(area.width));
        buf.set_line(area.x, area.y, &line, area.width);
        return;
    }
    let wide = area.width >= 100;
    let view = scene.view;
    let counts = view.counts();
    let mut right = vec![Span::raw(format!(
        "{}/{} settled",
        counts.done, counts.total
    ))];
    let minutes = words::minutes_left(view);
    if minutes > 0 && area.width >= 80 {
        right.push(Span::raw(match wide {
            true => format!(", about {minutes} min left"),
            false => format!(", ~{minutes} min"),
        }));
    }
    let turns = view.your_turn().len();
    if turns > 0 {
        right.push(Span::raw("   "));
        right.push(scene.icon(Shown::YourTurn));
        right.push(scene.span(format!(" {turns} for you"), Role::Attention));
    }
    right.push(Span::raw(" "));
    let columns = usize::from(area.width);
    let taken: usize = right.iter().map(Span::width).sum();
    let named = phases(scene, true);
    let left = match named.iter().map(Span::width).sum::<usize>() + taken < columns {
        true => named,
        false => phases(scene, false),
    };
    let line = text::sides(left, right, columns);
    buf.set_line(area.x, area.y, &line, area.width);
}

/// How far each phase is: with its name, or where columns are short by its number, and then a phase that is through has no
/// count.
fn phases(scene: &Scene<'_>, named: bool) -> Vec<Span<'static>> {
    let view = scene.view;
    let mut spans = vec![Span::raw(" ")];
    for (n, phase) in view.outline.phases.iter().enumerate() {
        if n > 0 {
            spans.push(scene.span(if named { " ── " } else { " ─ " }, Role::Dim));
        }
        let steps = phase.steps.iter().map(|step| view.shown_step(step));
        let shown: Vec<Shown> = steps.collect();
        spans.push(scene.icon(Shown::of_step(&shown)));
        let counts = view.counts_of(phase);
        let count = format!(" {}/{}", counts.done, counts.total);
        spans.push(Span::raw(match (named, counts.done < counts.total) {
            (true, _) => format!(" {}{count}", phase.title),
            (false, true) => format!(" {}{count}", phase.number),
            (false, false) => format!(" {}", phase.number),
        }));
    }
    spans
}

fn draw_body(scene: &Scene<'_>, body: Rect, buf: &mut Buffer) {
    match scene.ui.open.last() {
        None => main::draw(scene, body, buf),
        Some(Open::Find { input }) => {
            main::draw(scene, body, buf);
            log::draw_find(scene, input, body, buf);
        }
        Some(Open::Item { id, choice, scroll }) => {
            item::draw(scene, id, *choice, *scroll, body, buf);
        }
        Some(Open::Matrix(grid)) => matrix::draw(scene, grid, None, body, buf),
        Some(Open::Secret { slot, field, .. }) if grid::below(scene.ui).is_some() => {
            if let Some(grid) = grid::below(scene.ui) {
                matrix::draw(scene, grid, Some((slot, field)), body, buf);
            }
        }
        Some(Open::Secret { item, slot, field }) => {
            secret::draw(scene, item.as_ref(), slot, field, body, buf);
        }
        Some(Open::Form(form)) => question::draw_form(scene, form, body, buf),
        Some(Open::Confirm(confirm)) => {
            main::draw(scene, body, buf);
            approve::draw(scene, confirm, body, buf);
        }
        Some(Open::Row { id, scroll }) => plan::draw_row(scene, id, *scroll, body, buf),
        Some(Open::Text {
            title,
            lines,
            scroll,
        }) => {
            let inner = pane::pane(
                body,
                buf,
                scene.theme,
                &pane::Title::new(title.clone())
                    .focused(true)
                    .right("y copy  Esc back"),
            );
            let columns = usize::from(inner.width).saturating_sub(2);
            let wrapped = lines.iter().flat_map(|line| text::wrap(line, columns));
            let wrapped: Vec<Line<'static>> = wrapped.map(Line::from).collect();
            pane::lines(&wrapped, *scroll, inner, buf, scene.theme);
        }
        Some(Open::Help {
            filter,
            choice,
            valid,
        }) => help::draw(scene, filter, *choice, valid, body, buf),
    }
}

/// The line that is always true; a short toast stands at its right end for a few seconds.
fn what_now(scene: &Scene<'_>, area: Rect, buf: &mut Buffer) {
    let text = match scene.ui.stopping {
        Some(_) if !scene.view.ended => {
            "Stopping: the running call is finished and saved, then golive leaves.".to_string()
        }
        _ if grid::below(scene.ui).is_some() => {
            matrix::findings(scene).unwrap_or_else(|| scene.view.what_now())
        }
        _ => scene.view.what_now(),
    };
    let left = vec![Span::raw(" "), scene.span(text, Role::Strong)];
    let right = toast(scene, area).filter(|toast| !is_long(toast, area));
    let line = text::sides(left, Vec::from_iter(right), usize::from(area.width));
    buf.set_line(area.x, area.y, &line, area.width);
}

fn toast(scene: &Scene<'_>, area: Rect) -> Option<Span<'static>> {
    let toast = scene.ui.toast.as_ref()?;
    let room = usize::from(area.width).saturating_sub(4);
    let text = format!(" {} ", text::cut(&toast.text, room));
    Some(scene.span(text, Role::Selection))
}

/// A toast of more than a third of the line would hide what is true; it takes the place of the keys.
fn is_long(toast: &Span<'_>, area: Rect) -> bool {
    toast.width() > usize::from(area.width) / 3
}

/// The keys that work now. Help and the way out are always named, the rest as far as there is room.
fn footer(scene: &Scene<'_>, area: Rect, buf: &mut Buffer) {
    if let Some(toast) = toast(scene, area).filter(|toast| is_long(toast, area)) {
        buf.set_line(area.x + 1, area.y, &Line::from(toast), area.width - 1);
        return;
    }
    let all = keys::footer(scene.ui, scene.view);
    let room = usize::from(area.width).saturating_sub(1);
    let wide = |(key, label): &(&str, &str)| text::width(key) + text::width(label) + 3;
    let (tail, head): (Vec<_>, Vec<_>) = all
        .into_iter()
        .partition(|(key, _)| matches!(*key, "?" | "q" | "Esc" | "Ctrl-C"));
    let mut left = room.saturating_sub(tail.iter().map(wide).sum());
    let mut spans = vec![Span::raw(" ")];
    let fits = head.into_iter().filter(|pair| {
        let need = wide(pair);
        let fits = need <= left;
        left = if fits { left - need } else { 0 };
        fits
    });
    for (key, label) in fits.collect::<Vec<_>>().into_iter().chain(tail) {
        spans.push(scene.span(key, Role::Strong));
        spans.push(Span::raw(format!(" {label}  ")));
    }
    let line = Line::from(text::cut_spans(spans, usize::from(area.width)));
    buf.set_line(area.x, area.y, &line, area.width);
}

/// What on this picture changes by itself.
pub fn moving(scene: &Scene<'_>) -> Moving {
    let (view, ui) = (scene.view, scene.ui);
    let runs = view
        .live
        .values()
        .any(|live| matches!(live.doing, Doing::Looking | Doing::Applying { .. }));
    let waits = view
        .live
        .values()
        .any(|live| matches!(live.doing, Doing::Waiting { .. }));
    let alive = !view.ended && !ui.engine_gone;
    let clock = alive && (runs || waits || !view.backing_off.is_empty());
    let hides = match ui.open.last() {
        Some(Open::Secret { field, .. }) => field.hides_at(),
        _ => None,
    };
    let toast = ui.toast.as_ref().map(|toast| toast.until);
    Moving {
        spinner: alive && runs && scene.theme.motion && ui.focused,
        clock,
        ends_at: [hides, toast].into_iter().flatten().min(),
    }
}

/// The views that Tab walks, with the one that is shown in brackets.
pub fn tabs(scene: &Scene<'_>) -> String {
    let wide = scene.ui.is_wide();
    let names = [
        (Tab::Step, "Step"),
        (Tab::Map, "Map"),
        (Tab::Plan, "Plan"),
        (Tab::Calls, "Calls"),
        (Tab::Log, "Log"),
    ];
    let shown = scene.ui.shown_tab();
    let named = names.iter().filter(|(tab, _)| !wide || *tab != Tab::Map);
    let named: Vec<String> = named
        .map(|(tab, name)| match *tab == shown {
            true => format!("[{name}]"),
            false => (*name).to_string(),
        })
        .collect();
    format!("{}  (Tab)", named.join("  "))
}

/// The cursor stands on this node.
pub fn is_at(scene: &Scene<'_>, node: &Node) -> bool {
    scene.ui.cursor == *node
}
