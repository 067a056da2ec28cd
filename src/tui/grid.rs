//! The values of all environments: which cell the cursor is on, which rows are listed, and what a key does with a cell.

use tokio::time::Instant;

use super::model::{Effect, Node, Open, UiState, can_act};
use super::widget::masked::Masked;
use crate::secret::SecretName;
use crate::view::{LiveValue, MatrixCell, MatrixVariable, View};

/// Where the cursor is, and which rows are listed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Grid {
    pub row: usize,
    pub column: usize,
    /// Only the rows with a cell that wants eyes.
    pub some: bool,
    pub failing_first: bool,
}

impl Grid {
    pub fn cell<'v>(&self, view: &'v View) -> Option<&'v MatrixCell> {
        view.outline.matrix.cell(self.row, self.column)
    }

    pub fn variable<'v>(&self, view: &'v View) -> Option<&'v MatrixVariable> {
        view.outline.matrix.variables.get(self.row)
    }

    /// The rows that are listed, in order; the cursor's is always among them.
    pub fn rows(&self, view: &View) -> Vec<usize> {
        let eyes = view.cells_for_eyes();
        let wants = |row: &usize| eyes.iter().any(|(own, _)| own == row);
        let all = 0..view.outline.matrix.variables.len();
        // Where nothing wants eyes, a list of nothing would say nothing.
        let some = self.some && !eyes.is_empty();
        let mut rows: Vec<usize> = all
            .filter(|row| !some || wants(row) || *row == self.row)
            .collect();
        if self.failing_first {
            rows.sort_by_key(|row| !wants(row));
        }
        rows
    }

    /// The name under which the cell's value can be given from here, and is kept.
    pub fn slot<'v>(&self, view: &'v View) -> Option<&'v SecretName> {
        let now = &self.cell(view)?.now;
        now.slot.as_ref().filter(|_| now.asked || now.generated)
    }
}

/// The grid, where it is what keys are about.
pub fn of(ui: &UiState) -> Option<&Grid> {
    match ui.open.last() {
        Some(Open::Matrix(grid)) => Some(grid),
        _ => None,
    }
}

/// The grid that lies under a field whose value is being given.
pub fn below(ui: &UiState) -> Option<&Grid> {
    match ui.open.as_slice() {
        [.., Open::Matrix(grid), Open::Secret { .. }] => Some(grid),
        _ => of(ui),
    }
}

/// Opens the values, at the cell of the cursor's item, else at the first that wants eyes.
pub fn open(ui: &mut UiState, view: &View) {
    let here = match &ui.cursor {
        Node::Item(id) => view.outline.matrix.place_of(id),
        Node::Step(_) => None,
    };
    let first = || view.cells_for_eyes().first().copied();
    let (row, column) = here.or_else(first).unwrap_or_default();
    let grid = Grid {
        row,
        column,
        some: !ui.is_wide(),
        failing_first: false,
    };
    ui.follow = false;
    ui.open.push(Open::Matrix(grid));
    follow_cursor(ui, view);
}

/// The launch's cursor stands on the cell's item, so that band and phase are those of the cell.
fn follow_cursor(ui: &mut UiState, view: &View) {
    let Some(grid) = of(ui).copied() else { return };
    let matrix = &view.outline.matrix;
    let cell = grid.cell(view).map(|cell| Node::Item(cell.item.clone()));
    let any = matrix.variables.iter().flat_map(|own| own.cells.values());
    let step = any.map(|cell| cell.item.step().to_string()).next();
    if let Some(node) = cell.or(step.map(Node::Step)) {
        ui.move_to(node);
    }
}

/// Moves by rows and columns, as far as there are some.
pub fn go(ui: &mut UiState, view: &View, rows: isize, columns: isize) {
    let Some(grid) = of(ui).copied() else { return };
    let listed = grid.rows(view);
    let at = listed.iter().position(|row| *row == grid.row).unwrap_or(0);
    let row = listed.get(clamped(at, rows, listed.len()));
    let last = view.outline.matrix.environments.len();
    let to = Grid {
        row: row.copied().unwrap_or(grid.row),
        column: clamped(grid.column, columns, last),
        ..grid
    };
    put(ui, view, to);
}

fn clamped(at: usize, by: isize, len: usize) -> usize {
    let to = at.saturating_add_signed(by);
    to.min(len.saturating_sub(1))
}

fn put(ui: &mut UiState, view: &View, to: Grid) {
    if let Some(Open::Matrix(grid)) = ui.open.last_mut() {
        *grid = to;
    }
    follow_cursor(ui, view);
}

/// The next cell that wants eyes after the cursor's, row by row and around the end.
pub fn next(ui: &UiState, view: &View) -> Option<(usize, usize)> {
    let grid = of(ui)?;
    let eyes = view.cells_for_eyes();
    let here = (grid.row, grid.column);
    let after = eyes.iter().find(|place| **place > here);
    after
        .or(eyes.first())
        .copied()
        .filter(|place| *place != here)
}

pub fn go_next(ui: &mut UiState, view: &View) {
    if let (Some((row, column)), Some(grid)) = (next(ui, view), of(ui).copied()) {
        put(
            ui,
            view,
            Grid {
                row,
                column,
                ..grid
            },
        );
    }
}

/// Lists all rows, or only those that want eyes; or those first.
pub fn list(ui: &mut UiState, failing_first: bool) {
    if let Some(Open::Matrix(grid)) = ui.open.last_mut() {
        match failing_first {
            true => grid.failing_first = !grid.failing_first,
            false => grid.some = !grid.some,
        }
    }
}

/// What Enter does with the cell: a value that a person gives is asked for, everything else is read.
pub fn label(ui: &UiState, view: &View) -> Option<&'static str> {
    let grid = of(ui)?;
    match grid.slot(view) {
        Some(_) if can_act(view) => Some("edit"),
        _ => grid.cell(view).map(|_| "read"),
    }
}

pub fn enter(ui: &mut UiState, view: &View) -> Vec<Effect> {
    let Some(grid) = of(ui).copied() else {
        return Vec::new();
    };
    match (grid.slot(view), grid.cell(view)) {
        (Some(slot), _) if can_act(view) => ui.open.push(Open::Secret {
            item: None,
            slot: slot.to_string(),
            field: Masked::default(),
        }),
        (_, Some(cell)) => ui.open.push(Open::Item {
            id: cell.item.clone(),
            choice: 0,
            scroll: 0,
        }),
        _ => {}
    }
    Vec::new()
}

/// What would be changed for the environment of the cell, variable by variable.
pub fn compare(ui: &mut UiState, view: &View) {
    let Some(grid) = of(ui).copied() else { return };
    let matrix = &view.outline.matrix;
    let Some(environment) = matrix.environments.get(grid.column) else {
        return;
    };
    let mut lines = Vec::new();
    for variable in &matrix.variables {
        let cell = variable.cells.get(&environment.key);
        let live = view.live_of(variable, cell);
        if live == LiveValue::NotUsed {
            continue;
        }
        lines.push(format!(
            "{} {:<28} {:<8} {}",
            live.sign(),
            variable.name,
            variable.to,
            live.in_words()
        ));
    }
    let holders = matrix.variables.iter().filter_map(|variable| {
        let cell = variable.cells.get(&environment.key)?;
        cell.holder.clone()
    });
    let mut holders: Vec<_> = holders.collect();
    holders.sort();
    holders.dedup();
    for holder in holders {
        let wanted = view.wanted.values().flatten();
        for row in wanted.filter(|row| row.item == holder) {
            lines.push(String::new());
            lines.push(row.to_string());
            lines.extend(row.detail.iter().map(|line| format!("    {line}")));
        }
    }
    ui.open.push(Open::Text {
        title: format!("{}: what is wished beside what runs", environment.key),
        lines,
        scroll: 0,
    });
}

/// How values come in from a file: by a command, because a path typed here would only be a path.
pub fn import(ui: &mut UiState, view: &View, at: Instant) {
    let Some(grid) = of(ui).copied() else { return };
    let Some(environment) = view.outline.matrix.environments.get(grid.column) else {
        return;
    };
    let command = format!(
        "golive secrets import FILE.env --environment {}",
        environment.key
    );
    let lines = vec![
        command,
        String::new(),
        "In another terminal, while this screen stays open. It keeps all values of the file that this launch asks for, or \
         none where a line is wrong, and shows fingerprints only. FILE may be -, or come from a password manager:"
            .into(),
        String::new(),
        format!(
            "golive secrets import --environment {} --from-command \"op inject -i FILE.env\"",
            environment.key
        ),
        String::new(),
        "Then v looks at everything again.".into(),
    ];
    ui.say("Values of a file are kept by a command.", at);
    ui.open.push(Open::Text {
        title: format!("Import for {}", environment.key),
        lines,
        scroll: 0,
    });
}

/// What `y` copies of a cell: a value that may be shown, else the name it is kept under. Never a secret.
pub fn copied(grid: &Grid, view: &View) -> Option<String> {
    let cell = grid.cell(view)?;
    let own = cell.now.text.clone();
    own.or_else(|| cell.now.slot.as_ref().map(ToString::to_string))
        .or_else(|| grid.variable(view).map(|own| own.name.clone()))
}

/// The page that belongs to a cell.
pub fn page(grid: &Grid, view: &View) -> Option<String> {
    Some(grid.cell(view)?.now.page?.to_string())
}
