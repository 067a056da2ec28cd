//! The values of a launch: name by environment with fingerprints and findings, and below it all that is known of one cell,
//! or the field that its value is given in.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use super::{Scene, words};
use crate::journal::state::Standing;
use crate::tui::grid::Grid;
use crate::tui::theme::Role;
use crate::tui::widget::masked::Masked;
use crate::tui::widget::pane::{self, Title};
use crate::tui::widget::text;
use crate::view::{CellShown, Mark, MatrixCell, MatrixVariable};

/// Rows of the lower pane where there is room for all of it.
const LOWER_ROWS: u16 = 15;

/// `field` is the value being given, with the name it is kept under.
pub fn draw(
    scene: &Scene<'_>,
    grid: &Grid,
    field: Option<(&str, &Masked)>,
    body: Rect,
    buf: &mut Buffer,
) {
    let lower_rows = (body.height * 3 / 5).min(LOWER_ROWS);
    let upper = Rect {
        height: body.height - lower_rows,
        ..body
    };
    let lower = Rect::new(body.x, upper.bottom(), body.width, lower_rows);
    draw_grid(scene, grid, upper, buf);
    draw_cell(scene, grid, field, lower, buf);
}

/// How the columns are parted: as wide as they are useful, as far as there is room.
struct Columns {
    name: usize,
    kind: bool,
    environment: usize,
    goes_to: bool,
}

impl Columns {
    fn of(columns: usize, environments: usize) -> Columns {
        // A sign for each environment, parted by spaces.
        let live = 2 * environments;
        let room = |name: usize, environment: usize, kind: usize, goes_to: usize| {
            name + kind + environments * environment + goes_to + live <= columns
        };
        let (kind, goes_to) = (9, 21);
        let wide = room(22, 13, kind, goes_to);
        let environment = [13, 11, 10]
            .into_iter()
            .find(|width| room(20, *width, 0, 0))
            .unwrap_or(8);
        Columns {
            name: match wide {
                true => 22,
                false => columns
                    .saturating_sub(environments * environment + live + 1)
                    .clamp(8, 23),
            },
            kind: wide,
            environment: if wide { 13 } else { environment },
            goes_to: wide,
        }
    }
}

fn draw_grid(scene: &Scene<'_>, grid: &Grid, area: Rect, buf: &mut Buffer) {
    let view = scene.view;
    let eyes = view.cells_for_eyes();
    let wide = area.width >= 100;
    let need = match eyes.len() {
        0 => "nothing needs you".to_string(),
        1 => "1 needs you".to_string(),
        n => format!("{n} need you"),
    };
    let title = Title::new(if wide { "Secrets and values" } else { "Values" })
        .right(match wide {
            true => format!("{need}   f failing first"),
            false => need,
        })
        .focused(true);
    let inner = pane::pane(area, buf, scene.theme, &title);
    let columns = usize::from(inner.width).saturating_sub(1);
    let parts = Columns::of(columns, view.outline.matrix.environments.len());
    let listed = grid.rows(view);
    let hidden = view.outline.matrix.variables.len() - listed.len();
    let rows = usize::from(inner.height);
    let airy = rows >= 12;
    let legend = (airy && wide).then(|| legend(scene));
    let around = 1 + usize::from(airy) + legend.as_ref().map_or(0, |_| 2) + usize::from(hidden > 0);
    let room = rows.saturating_sub(around).max(1);
    let at = listed.iter().position(|row| *row == grid.row).unwrap_or(0);
    let below = listed.len() > room;
    let room = if below {
        room.saturating_sub(1).max(1)
    } else {
        room
    };
    let top = pane::top_for(at, room, listed.len());
    let mut lines = vec![head(scene, &parts, columns)];
    if airy {
        lines.push(Line::default());
    }
    for row in listed.iter().skip(top).take(room) {
        lines.push(variable_line(scene, grid, *row, &parts));
    }
    if below {
        let more = listed.len() - room.min(listed.len() - top);
        lines.push(Line::from(
            scene.span(format!("... {more} more (↑ ↓, End)"), Role::Dim),
        ));
    }
    if hidden > 0 {
        let text = format!("{hidden} more without a finding (a shows all)");
        lines.push(Line::from(scene.span(text, Role::Dim)));
    }
    if let Some(legend) = legend {
        lines.resize(rows.saturating_sub(1).max(lines.len()), Line::default());
        lines.push(legend);
    }
    pane::lines(&lines, 0, inner, buf, scene.theme);
}

fn head(scene: &Scene<'_>, parts: &Columns, columns: usize) -> Line<'static> {
    let strong = |text: &str, to: usize| scene.span(text::pad(text, to), Role::Strong);
    let mut spans = vec![strong("Name", parts.name - 1)];
    if parts.kind {
        spans.push(strong(" Kind", 9));
    }
    for environment in &scene.view.outline.matrix.environments {
        let role = match environment.production {
            true => Role::Error,
            false => Role::Strong,
        };
        spans.push(Span::raw(" "));
        spans.push(scene.span(text::pad(&environment.key, parts.environment - 1), role));
    }
    if parts.goes_to {
        spans.push(strong(" Goes to", 21));
    }
    let live = match (parts.goes_to, columns >= 110) {
        (true, true) => " Live now",
        (true, false) => " Live",
        (false, _) => " live",
    };
    spans.push(scene.span(live, Role::Strong));
    Line::from(spans)
}

fn variable_line(scene: &Scene<'_>, grid: &Grid, row: usize, parts: &Columns) -> Line<'static> {
    let view = scene.view;
    let matrix = &view.outline.matrix;
    let Some(variable) = matrix.variables.get(row) else {
        return Line::default();
    };
    let here = row == grid.row;
    let name = text::pad(&variable.name, parts.name - 1);
    let role = if here { Role::Strong } else { Role::Plain };
    let mut spans = vec![scene.span(name, role)];
    if parts.kind {
        spans.push(scene.span(text::pad(&format!(" {}", variable.kind), 9), Role::Dim));
    }
    let mut signs = String::new();
    for (column, _) in matrix.environments.iter().enumerate() {
        let cell = matrix.cell(row, column);
        let chosen = here && column == grid.column;
        spans.extend(cell_spans(
            scene,
            &view.cell(cell),
            chosen,
            parts.environment,
        ));
        signs.push(' ');
        signs.push(view.live_of(variable, cell).sign());
    }
    if parts.goes_to {
        let to = text::pad(&format!(" {}", goes_to(variable)), 21);
        spans.push(scene.span(to, Role::Dim));
    }
    spans.push(Span::raw(signs));
    Line::from(spans)
}

fn goes_to(variable: &MatrixVariable) -> &'static str {
    match variable.to {
        "Render" => "Render group",
        _ => "Vercel project",
    }
}

/// The sign of the cursor stands in the column's gap, so that a cell never moves.
fn cell_spans(
    scene: &Scene<'_>,
    shown: &CellShown,
    chosen: bool,
    columns: usize,
) -> Vec<Span<'static>> {
    let text = match shown.plain && shown.mark == Mark::Good {
        true => shown.text.clone(),
        false => format!("{} {}", sign(scene, shown.mark), shown.text),
    };
    let text = text::pad(&text, columns - 2) + " ";
    let mark = match chosen {
        true => scene.span("›", Role::Attention),
        false => Span::raw(" "),
    };
    let role = match chosen {
        true => Role::Selection,
        false => role_of(shown.mark),
    };
    vec![mark, scene.span(text, role)]
}

/// One character each in both sets, so that columns stay.
fn sign(scene: &Scene<'_>, mark: Mark) -> &'static str {
    match (mark, scene.theme.ascii) {
        (Mark::Good, false) => "✓",
        (Mark::Good, true) => "x",
        (Mark::Suspicious, _) => "!",
        (Mark::Wrong, false) => "✗",
        (Mark::Wrong, true) => "F",
        (Mark::Missing, false) => "○",
        (Mark::Missing, true) => "o",
        (Mark::Open, false) => "◌",
        (Mark::Open, true) => ".",
        (Mark::Unknown, _) => "?",
        (Mark::NotUsed, _) => "-",
    }
}

fn role_of(mark: Mark) -> Role {
    match mark {
        Mark::Good => Role::Success,
        Mark::Suspicious => Role::Warning,
        Mark::Wrong => Role::Error,
        Mark::Missing => Role::Attention,
        Mark::Unknown => Role::Unknown,
        Mark::Open | Mark::NotUsed => Role::Dim,
    }
}

fn legend(scene: &Scene<'_>) -> Line<'static> {
    let mut spans = Vec::new();
    for (mark, word) in [
        (Mark::Good, "checked"),
        (Mark::Suspicious, "suspicious"),
        (Mark::Wrong, "wrong"),
        (Mark::Missing, "missing"),
        (Mark::Open, "not yet"),
        (Mark::NotUsed, "not used"),
    ] {
        spans.push(scene.span(sign(scene, mark), role_of(mark)));
        spans.push(scene.span(format!(" {word}  "), Role::Dim));
    }
    let live = "gen by golive  Live: = same + add ~ change";
    spans.push(scene.span(live, Role::Dim));
    Line::from(spans)
}

fn draw_cell(
    scene: &Scene<'_>,
    grid: &Grid,
    field: Option<(&str, &Masked)>,
    area: Rect,
    buf: &mut Buffer,
) {
    let view = scene.view;
    let eyes = view.cells_for_eyes();
    let at = eyes
        .iter()
        .position(|place| *place == (grid.row, grid.column));
    let title = match at {
        Some(at) => format!("Cell {} of {} that need you", at + 1, eyes.len()),
        None => "Cell".to_string(),
    };
    let title = Title::new(title)
        .right(match field {
            Some(_) => "Esc gives nothing",
            None => "Esc back",
        })
        .focused(field.is_some());
    let inner = pane::pane(area, buf, scene.theme, &title);
    let columns = usize::from(inner.width).saturating_sub(2);
    let (Some(variable), Some(environment)) = (
        grid.variable(view),
        view.outline.matrix.environments.get(grid.column),
    ) else {
        return;
    };
    let mut lines = vec![name_line(
        scene,
        variable,
        grid.cell(view),
        &environment.key,
        columns,
    )];
    match (grid.cell(view), field) {
        (Some(_), Some((slot, field))) => lines.extend(entry(scene, slot, field, columns)),
        (Some(cell), None) => lines.extend(facts(scene, variable, cell, columns)),
        (None, _) => lines.push(Line::from(scene.span(
            "golive.toml wishes no value here: this environment does not use it.",
            Role::Dim,
        ))),
    }
    pane::lines(&lines, 0, inner, buf, scene.theme);
}

fn name_line(
    scene: &Scene<'_>,
    variable: &MatrixVariable,
    cell: Option<&MatrixCell>,
    environment: &str,
    columns: usize,
) -> Line<'static> {
    let by = match cell.map(|cell| cell.used_by.join(", ")) {
        Some(names) if !names.is_empty() && columns >= 90 => format!("used by {names}"),
        _ => goes_to(variable).to_string(),
    };
    text::sides(
        vec![
            scene.span(variable.name.clone(), Role::Strong),
            Span::raw(format!("  for {environment}")),
        ],
        vec![scene.span(by, Role::Dim)],
        columns,
    )
}

fn labelled(
    scene: &Scene<'_>,
    label: &str,
    value: &str,
    role: Role,
    columns: usize,
) -> Vec<Line<'static>> {
    let label = text::pad(label, 8);
    text::labelled(
        &label,
        scene.style(Role::Dim),
        value,
        scene.style(role),
        columns,
    )
}

/// What is known of a cell, the findings before what can wait.
fn facts(
    scene: &Scene<'_>,
    variable: &MatrixVariable,
    cell: &MatrixCell,
    columns: usize,
) -> Vec<Line<'static>> {
    let view = scene.view;
    let mut lines = Vec::new();
    let mut add = |label: &str, value: &str, role: Role| {
        if !value.is_empty() {
            lines.extend(labelled(scene, label, value, role, columns));
        }
    };
    let shown = view.cell(Some(cell));
    if let Some(item) = view.outline.item(&cell.item) {
        let text = words::fact(view, item);
        let text = match text.is_empty() {
            true => words::note(scene, item),
            false => text,
        };
        add("Now", &text, role_of(shown.mark));
    }
    for finding in view.cell_findings(cell) {
        add("!", &finding.to_string(), Role::Warning);
    }
    add("From", &cell.now.origin, Role::Plain);
    add("Where", cell.now.page.unwrap_or_default(), Role::Link);
    add(
        "Value",
        cell.now.text.as_deref().unwrap_or_default(),
        Role::Plain,
    );
    if let Some(slot) = &cell.now.slot {
        let kept = match view.cell_fingerprint(cell) {
            Some(fingerprint) => {
                format!("as {slot}, fingerprint {fingerprint} (keyed: this launch on this machine)")
            }
            None => format!("nothing is kept as {slot} yet"),
        };
        add("Kept", &kept, Role::Plain);
    }
    let live = view.live_of(variable, Some(cell));
    let holder = cell.holder.as_ref().map(|id| format!("  ({id})"));
    let live = format!(
        "{} {}{}",
        live.sign(),
        live.in_words(),
        holder.unwrap_or_default()
    );
    add("Live", &live, Role::Plain);
    add(
        "Same?",
        &same(view.same_as(cell), view.cell_fingerprint(cell).is_some()),
        Role::Plain,
    );
    if let Some(later) = &cell.live {
        let form = later.form.map(|form| format!(": {form}"));
        let text = format!("once live {}{}", later.origin, form.unwrap_or_default());
        add("Later", &text, Role::Dim);
    }
    for note in notes(scene, cell) {
        add("", &note, Role::Dim);
    }
    if let (Some(slot), true) = (&cell.now.slot, cell.now.asked) {
        add("Or by", &other_ways(slot.as_str()), Role::Dim);
    }
    lines
}

/// What the evidence says besides; where the value goes and is kept stands above already.
fn notes(scene: &Scene<'_>, cell: &MatrixCell) -> Vec<String> {
    match scene.view.item_state(&cell.item).map(|item| &item.standing) {
        Some(Standing::Settled(evidence)) => {
            let told =
                |note: &&String| note.starts_with("goes to ") || note.starts_with("kept as ");
            let notes = evidence.notes.iter().filter(|note| !told(note));
            notes.cloned().collect()
        }
        _ => Vec::new(),
    }
}

/// Equality is computed from whole fingerprints, never read by eye.
fn same(equal: Vec<String>, compared: bool) -> String {
    match (equal.as_slice(), compared) {
        ([], false) => String::new(),
        ([], true) => "in no other environment".into(),
        (equal, _) => format!("the same value as in {}", equal.join(", ")),
    }
}

fn other_ways(slot: &str) -> String {
    format!(
        "golive secrets set {slot} --from-file F, --from-env V, --stdin or --from-command CMD (op read, pass, vault)"
    )
}

/// The field, what its value looks like, and what happens with it.
fn entry(scene: &Scene<'_>, slot: &str, field: &Masked, columns: usize) -> Vec<Line<'static>> {
    let page = (scene.ui.lookup.token_page)(slot).unwrap_or_default();
    let mut lines = Vec::new();
    if let Some(url) = &page.url {
        let opens = format!("{url}   Ctrl-O opens the page");
        lines.extend(labelled(scene, "Where", &opens, Role::Link, columns));
    }
    lines.push(paste_line(scene, slot, field, columns));
    let air = columns >= 90;
    if air {
        lines.push(Line::default());
    }
    let (text, role) = match &field.shape {
        None => ("judged as it is pasted".to_string(), Role::Dim),
        Some(Ok(what)) => (format!("✓ {what}"), Role::Success),
        Some(Err(why)) => (format!("✗ {why}"), Role::Error),
    };
    lines.extend(labelled(scene, "Shape", &text, role, columns));
    if !page.probe.is_empty() {
        lines.extend(labelled(scene, "Probe", &page.probe, Role::Plain, columns));
    }
    let same = "compared with the other environments once it is kept";
    lines.extend(labelled(scene, "Same?", same, Role::Dim, columns));
    if air {
        lines.push(Line::default());
    }
    lines.extend(labelled(
        scene,
        "Or by",
        &other_ways(slot),
        Role::Dim,
        columns,
    ));
    let store = match scene.ui.lookup.store.as_str() {
        "" => "the vault",
        store => store,
    };
    let kept = format!(
        "It is kept only in {store}. It is never written to state, log or report, and never passed on a command line."
    );
    lines.extend(labelled(scene, "", &kept, Role::Dim, columns));
    lines
}

fn paste_line(scene: &Scene<'_>, slot: &str, field: &Masked, columns: usize) -> Line<'static> {
    let shown = text::cut(
        &field.shown(scene.at, columns >= 90),
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
    let note = match field.note.is_empty() {
        true => String::new(),
        false => format!(", {}", field.note),
    };
    Line::from(vec![
        scene.span("Paste   ", Role::Dim),
        Span::styled(shown, scene.style(Role::Strong)),
        scene.span("_", Role::Attention),
        scene.span(format!("  {count}{note}"), Role::Dim),
    ])
}

/// The second line of the screen: how much there is, and where secrets are kept.
pub fn summary(scene: &Scene<'_>, columns: usize) -> Line<'static> {
    let matrix = &scene.view.outline.matrix;
    let step = scene.ui.step(scene.view);
    let step = step.map_or(String::new(), |step| format!("{} ", step.number));
    let mut hosts: Vec<&str> = matrix.variables.iter().map(|own| own.to).collect();
    hosts.sort_unstable();
    hosts.dedup();
    let left = format!(
        " {step}Values: {} names, {} environments, {} hosts",
        matrix.variables.len(),
        matrix.environments.len(),
        hosts.len()
    );
    let store = scene.ui.lookup.store.as_str();
    let right = match store.is_empty() || columns < 100 {
        true => Vec::new(),
        false => vec![scene.span(format!("store: {store} "), Role::Dim)],
    };
    text::sides(vec![Span::raw(left)], right, columns)
}

/// The findings of all cells in one line; `None` while there are none.
pub fn findings(scene: &Scene<'_>) -> Option<String> {
    let view = scene.view;
    let cells = view.outline.matrix.variables.iter();
    let cells = cells.flat_map(|variable| variable.cells.values());
    let found: Vec<String> = cells
        .flat_map(|cell| view.cell_findings(cell))
        .map(|finding| finding.text)
        .collect();
    match found.as_slice() {
        [] => None,
        [one] => Some(format!("1 finding: {one}.")),
        several => Some(format!(
            "{} findings: {}.",
            several.len(),
            several.join(".  ")
        )),
    }
}
