//! What a terminal makes of the bytes.

use std::io::{self, Write};
use std::num::NonZeroU16;
use std::sync::{Arc, Mutex};

use ratatui::backend::CrosstermBackend;
use ratatui::{Terminal, TerminalOptions, Viewport};

use super::*;

/// A writer that a terminal emulator listens to.
#[derive(Clone)]
struct Wire(Arc<Mutex<vt100::Parser>>);

impl Write for Wire {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().expect("one thread").process(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn emulate(player: &mut Player, columns: u16, rows: u16, theme: Theme) -> Wire {
    let size = |n: u16| NonZeroU16::new(n).expect("not zero");
    let wire = Wire(Arc::new(Mutex::new(vt100::Parser::new(
        size(rows),
        size(columns),
        0,
    ))));
    (player.ui.columns, player.ui.rows) = (columns, rows);
    let options = TerminalOptions {
        viewport: Viewport::Fixed(Rect::new(0, 0, columns, rows)),
    };
    let backend = CrosstermBackend::new(wire.clone());
    let mut terminal = Terminal::with_options(backend, options).expect("no terminal is asked");
    let scene = Scene {
        view: &player.story.view,
        ui: &player.ui,
        theme: &theme,
        spin: 0,
        at: player.now,
    };
    let drawn = terminal.draw(|frame| screen::draw(&scene, frame.area(), frame.buffer_mut()));
    drawn.expect("a writer in memory takes all");
    drop(terminal);
    wire
}

#[test]
fn a_terminal_shows_the_band_reversed_and_the_columns_in_place() {
    let mut player = Player::new(fixture::planned()).on("1.rule-main");
    player.story.view.outline.phases[0].steps[1]
        .items
        .retain(|item| item.band == "PRODUCTION");
    let wire = emulate(&mut player, 120, 36, PLAIN);
    let parser = wire.0.lock().expect("one thread");
    let lines: Vec<String> = parser.screen().rows(0, 120).collect();
    let column = lines[0].find("[ PRODUCTION ]").expect("the band is shown");
    let column = lines[0][..column].chars().count();
    let cell = parser
        .screen()
        .cell(0, u16::try_from(column).unwrap_or(0))
        .expect("a cell");
    assert!(cell.inverse() && cell.bold());
    assert!(
        lines
            .iter()
            .skip(2)
            .take(32)
            .all(|line| line.chars().count() == 120),
        "{lines:#?}"
    );
}

#[test]
fn without_colour_no_colour_is_sent() {
    let mut player = Player::new(fixture::failed());
    let mono = Theme {
        color: false,
        ..PLAIN
    };
    let wire = emulate(&mut player, 120, 36, mono);
    let parser = wire.0.lock().expect("one thread");
    for row in 0..36 {
        for column in 0..120 {
            let cell = parser.screen().cell(row, column).expect("a cell");
            assert_eq!(cell.fgcolor(), vt100::Color::Default);
            assert_eq!(cell.bgcolor(), vt100::Color::Default);
        }
    }
}

/// Writes every screen as a terminal would show it, one file each, where `GOLIVE_LOOK` names a folder.
#[test]
fn screens_can_be_looked_at() {
    for (name, mut player) in gallery() {
        for (columns, rows) in [(120, 36), (100, 30), (80, 24)] {
            let wire = emulate(&mut player, columns, rows, PLAIN);
            let parser = wire.0.lock().expect("one thread");
            let rows: Vec<String> = parser
                .screen()
                .rows_formatted(0, columns)
                .map(|row| row.to_string())
                .collect();
            assert!(rows.iter().any(|row| row.contains("golive")), "{name}");
            if let Some(folder) = std::env::var_os("GOLIVE_LOOK") {
                let file = std::path::Path::new(&folder).join(format!("{name}-{columns}.ansi"));
                std::fs::write(file, rows.join("\x1b[0m\n")).expect("the folder can be written to");
            }
        }
    }
}
