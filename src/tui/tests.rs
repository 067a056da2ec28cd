//! The screens as an operator sees and drives them: a player with a story, and the gallery of all screens.

mod bytes;
mod driving;
mod infrastructure;
mod looks;
mod values;

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use tokio::time::Instant;

use super::fixture::{self, Story, id};
use super::model::{Effect, Node, Tab, UiState};
use super::screen::{self, Scene};
use super::theme::Theme;
use crate::view::View;

const PLAIN: Theme = Theme {
    ascii: false,
    color: true,
    motion: true,
};

struct Player {
    story: Story,
    ui: UiState,
    now: Instant,
}

impl Player {
    fn new(story: Story) -> Player {
        let ui = UiState::new(&story.view, fixture::lookup());
        let mut player = Player {
            story,
            ui,
            now: Instant::now(),
        };
        player.ui.heard(&player.story.view, player.now);
        player
    }

    fn on(mut self, item: &str) -> Player {
        self.ui.follow = false;
        self.ui.cursor = Node::Item(id(item));
        self
    }

    fn at_step(mut self, step: &str) -> Player {
        self.ui.follow = false;
        self.ui.cursor = Node::Step(step.into());
        self
    }

    fn code(&mut self, code: KeyCode) -> Vec<Effect> {
        let key = KeyEvent::new(code, KeyModifiers::NONE);
        self.ui.press(key, &self.story.view, self.now)
    }

    fn ctrl(&mut self, c: char) -> Vec<Effect> {
        let key = KeyEvent::new(KeyCode::Char(c), KeyModifiers::CONTROL);
        self.ui.press(key, &self.story.view, self.now)
    }

    fn keys(&mut self, keys: &str) -> Vec<Effect> {
        let mut effects = Vec::new();
        for c in keys.chars() {
            effects.extend(match c {
                '\n' => self.code(KeyCode::Enter),
                '\t' => self.code(KeyCode::Tab),
                c => self.code(KeyCode::Char(c)),
            });
        }
        effects
    }

    fn heard(&mut self) {
        self.ui.heard(&self.story.view, self.now);
    }

    fn picture(&mut self, columns: u16, rows: u16, theme: Theme) -> Buffer {
        (self.ui.columns, self.ui.rows) = (columns, rows);
        picture(&self.story.view, &self.ui, theme, self.now)
    }

    fn text(&mut self, columns: u16, rows: u16) -> String {
        text(&self.picture(columns, rows, PLAIN))
    }
}

fn picture(view: &View, ui: &UiState, theme: Theme, at: Instant) -> Buffer {
    let mut buffer = Buffer::empty(Rect::new(0, 0, ui.columns, ui.rows));
    let scene = Scene {
        view,
        ui,
        theme: &theme,
        spin: 2,
        at,
    };
    let area = buffer.area;
    screen::draw(&scene, area, &mut buffer);
    buffer
}

fn text(buffer: &Buffer) -> String {
    let rows = buffer.content.chunks(usize::from(buffer.area.width).max(1));
    rows.map(|row| {
        let line: String = row.iter().map(|cell| cell.symbol()).collect();
        line.trim_end().to_string() + "\n"
    })
    .collect()
}

/// One file a screen: four sizes, then the ASCII set.
fn shoot(name: &str, player: &mut Player) {
    let mut all = String::new();
    for (columns, rows) in [(120, 36), (100, 30), (80, 24), (60, 20)] {
        all += &format!("== {columns}x{rows}\n{}", player.text(columns, rows));
    }
    let ascii = Theme {
        ascii: true,
        color: false,
        motion: false,
    };
    let plain = text(&player.picture(80, 24, ascii));
    assert!(plain.is_ascii(), "{name} has other characters than ASCII");
    all += &format!("== 80x24 ASCII\n{plain}");
    insta::assert_snapshot!(name, all);
}

/// Every screen that can be shown, under its name.
fn gallery() -> Vec<(String, Player)> {
    let mut all: Vec<(String, Player)> = Vec::new();
    let mut add = |name: &str, player: Player| all.push((name.into(), player));
    add("start", Player::new(Story::new(true)));
    add("main", Player::new(fixture::planned()).at_step("1"));
    add("item", Player::new(fixture::planned()).on("1.branch-main"));
    add("running", Player::new(fixture::running()));
    add(
        "waiting",
        Player::new(fixture::waiting()).on("2.to-develop"),
    );
    add("done", Player::new(fixture::done()).on("1.stable-main"));
    add("plan", keyed(fixture::planned(), "p"));
    add("row", {
        let mut player = keyed(fixture::planned(), "p");
        player.ui.row_at = 3;
        player.keys("\n");
        player
    });
    add("approve", keyed(fixture::planned(), "pA"));
    add("one-way", {
        let mut story = fixture::running();
        story.planned("1", &fixture::one_way());
        keyed(story, "pAstag")
    });
    all.extend(lists());
    all.extend(dialogs());
    all
}

/// A player who has pressed these keys on step 1.
fn keyed(story: Story, keys: &str) -> Player {
    let mut player = Player::new(story).at_step("1");
    player.keys(keys);
    player
}

fn lists() -> Vec<(String, Player)> {
    let mut all: Vec<(String, Player)> = Vec::new();
    let mut add = |name: &str, player: Player| all.push((name.into(), player));
    add("map", {
        let mut player = keyed(fixture::running(), "");
        player.ui.tab = Tab::Map;
        player
    });
    add("calls", {
        let mut player = keyed(fixture::failed(), "");
        player.ui.tab = Tab::Calls;
        player
    });
    add("curl", {
        let mut player = keyed(fixture::failed(), "");
        player.ui.tab = Tab::Calls;
        player.keys("k");
        player
    });
    add("log", keyed(fixture::failed(), "/refused\n"));
    all
}

fn dialogs() -> Vec<(String, Player)> {
    let mut all: Vec<(String, Player)> = Vec::new();
    let mut add = |name: &str, player: Player| all.push((name.into(), player));
    add("failure", {
        let mut player = Player::new(fixture::failed()).on("1.rule-main");
        player.keys("\n");
        player
    });
    add("waive", {
        let mut player = Player::new(fixture::failed()).on("1.rule-main");
        player.keys("wdone by hand");
        player
    });
    add("attest-form", {
        let mut player = Player::new(fixture::planned()).on("1.stable-main");
        player.keys("\n\nreleased on Fri");
        player
    });
    add("help", keyed(fixture::planned(), "?"));
    add("secret", {
        let mut player = Player::new(fixture::asking(fixture::secret_missing())).on("0.github");
        player.keys("\n");
        player.ui.paste("github_pat_0123456789\n", player.now);
        player
    });
    for (name, blocker) in fixture::questions() {
        let mut player = Player::new(fixture::asking(blocker)).on("1.rule-main");
        player.keys("\n");
        add(&format!("question-{name}"), player);
    }
    all
}
