//! The values of all environments on the screen: what is shown of them, what keys do with them, and what never is shown.

use super::*;
use crate::request::Request;
use crate::secret::Secret;
use crate::tui::TokenPage;
use crate::tui::fixture::values;
use crate::tui::model::{Open, Place};
use crate::tui::screen::Scene;

/// On the values, the cursor on this variable in this environment.
pub(super) fn on_cell(variable: &str, environment: &str) -> Player {
    let mut player = Player::new(values::judged());
    player.ui.lookup.token_page = Box::new(|slot| {
        Some(TokenPage {
            what: "Stripe's test secret key".into(),
            url: Some("https://dashboard.stripe.com/test/apikeys".into()),
            probe: "GET /v1/balance and /v1/account before it is kept; nothing is changed".into(),
            many_lines: slot.ends_with("PEM"),
            ..TokenPage::default()
        })
    });
    player.ui.lookup.judge = Box::new(|_, value| match value.starts_with("sk_test_") {
        true => Ok("it looks like Stripe's test secret key".into()),
        false => Err("it begins with none of sk_test_, sk_live_".into()),
    });
    player = player.on(&format!("7.cell-{environment}-{variable}"));
    (player.ui.columns, player.ui.rows) = (120, 36);
    player.keys("v");
    player
}

pub(super) fn screens() -> Vec<(String, Player)> {
    let mut given = on_cell("STRIPE_SECRET_KEY", "prod");
    given.keys("\n");
    given.ui.paste("sk_test_0123456789canary\n", given.now);
    let mut wrong = on_cell("STRIPE_SECRET_KEY", "prod");
    wrong.keys("\n");
    wrong.ui.paste("pk_test_0123456789canary", wrong.now);
    let mut compared = on_cell("CORS_ORIGIN", "prod");
    compared.keys("d");
    let mut imported = on_cell("CORS_ORIGIN", "staging");
    imported.keys("i");
    [
        ("values", on_cell("STRIPE_SECRET_KEY", "prod")),
        ("values-finding", on_cell("SESSION_SECRET", "staging")),
        ("values-plain", on_cell("CORS_ORIGIN", "prod")),
        ("values-unused", on_cell("REACT_APP_LAUNCHED", "prod")),
        ("values-given", given),
        ("values-wrong", wrong),
        ("values-compared", compared),
        ("values-import", imported),
    ]
    .map(|(name, player)| (name.to_string(), player))
    .into()
}

#[test]
fn the_screens_of_the_values_look_as_they_were_approved() {
    for (name, mut player) in screens() {
        if name == "values-unused" {
            player.code(KeyCode::Right);
        }
        shoot(&name, &mut player);
    }
}

#[test]
fn no_size_makes_the_values_panic() {
    for (_, mut player) in screens() {
        for (columns, rows) in [
            (1, 1),
            (59, 15),
            (60, 16),
            (61, 17),
            (79, 24),
            (99, 17),
            (200, 60),
        ] {
            let _ = player.picture(columns, rows, PLAIN);
        }
    }
}

#[test]
fn every_cell_says_how_it_stands() {
    let mut player = on_cell("STRIPE_SECRET_KEY", "prod");
    let text = player.text(120, 36);
    let line = |name: &str| {
        let line = text.lines().find(|line| line.contains(name));
        line.unwrap_or_else(|| panic!("{name}: {text}")).to_string()
    };
    let stripe = line("│ STRIPE_SECRET_KEY ");
    assert!(stripe.contains("›○ missing"), "{stripe}");
    assert!(stripe.contains("✓ test"), "{stripe}");
    assert!(stripe.contains("- = ?"), "{stripe}");
    assert!(line("│ DATABASE_URL").contains("✓ e9d2"));
    assert!(line("│ DATABASE_URL").contains("? not known"));
    assert!(line("│ DATABASE_URL").contains("+ = ?"));
    assert!(line("│ SESSION_SECRET").contains("✓ c77f gen"));
    assert!(line("│ SESSION_SECRET").contains("! = dev"));
    assert!(line("│ REACT_APP_STRIPE_PKEY").contains("✗ refused"));
    assert!(line("│ REACT_APP_LAUNCHED").contains("- not used"));
    assert!(line("│ CORS_ORIGIN").contains("~ = ?"));
    assert!(text.contains("4 need you"), "{text}");
    assert!(
        text.contains("1 finding: SESSION_SECRET in staging"),
        "{text}"
    );
}

#[test]
fn a_narrow_screen_lists_first_what_needs_eyes() {
    let mut player = Player::new(values::judged());
    (player.ui.columns, player.ui.rows) = (80, 24);
    player.keys("v");
    let text = player.text(80, 24);
    assert!(!text.contains("NODE_ENV"), "{text}");
    assert!(
        text.contains("more without a finding (a shows all)"),
        "{text}"
    );
    player.keys("a");
    assert!(player.text(80, 36).contains("NODE_ENV"));
}

#[test]
fn arrows_walk_the_cells_and_n_the_ones_that_need_eyes() {
    let mut player = on_cell("STRIPE_SECRET_KEY", "prod");
    player.code(KeyCode::Right);
    assert_eq!(
        player.ui.cursor,
        Node::Item(id("7.cell-staging-STRIPE_SECRET_KEY"))
    );
    player.code(KeyCode::Home);
    assert_eq!(player.ui.cursor, Node::Item(id("7.cell-staging-NODE_ENV")));
    let mut visited = Vec::new();
    for _ in 0..4 {
        player.keys("n");
        visited.push(player.ui.cursor.clone());
    }
    let wanted = [
        "7.cell-dev-DATABASE_URL",
        "7.cell-prod-STRIPE_SECRET_KEY",
        "7.cell-staging-REACT_APP_STRIPE_PKEY",
        "7.cell-staging-SESSION_SECRET",
    ];
    assert_eq!(visited, wanted.map(|item| Node::Item(id(item))));
    player.keys("n");
    assert_eq!(player.ui.cursor, Node::Item(id("7.cell-dev-DATABASE_URL")));
}

#[test]
fn a_value_is_given_in_its_cell_and_judged_before_it_is_handed_over() {
    let mut player = on_cell("STRIPE_SECRET_KEY", "prod");
    player.keys("\n");
    assert_eq!(player.ui.place(), Place::Secret);
    player.ui.paste("pk_test_0123456789canary", player.now);
    assert!(player.text(120, 36).contains("✗ it begins with none of"));
    assert!(
        player.keys("\n").is_empty(),
        "what does not fit is not handed over"
    );
    player.ctrl('u');
    player
        .ui
        .paste("\u{feff}sk_test_0123456789canary\r\n", player.now);
    for (columns, rows) in [(120, 36), (80, 24), (60, 20)] {
        let text = player.text(columns, rows);
        assert!(!text.contains("canary"), "{text}");
        assert!(text.contains("24 characters"), "{text}");
    }
    let wide = player.text(120, 36);
    assert!(
        wide.contains("1 trailing newline removed, 1 byte order mark removed"),
        "{wide}"
    );
    assert!(
        wide.contains("✓ it looks like Stripe's test secret key"),
        "{wide}"
    );
    assert!(wide.contains("GET /v1/balance"), "{wide}");
    player.ctrl('r');
    assert!(player.text(120, 36).contains("sk_test_0123456789canary"));
    player.now += crate::tui::widget::masked::REVEAL;
    assert!(!player.text(120, 36).contains("canary"));
    let effects = player.keys("\n");
    let [Effect::Ask(Request::GiveSecret { slot, value })] = effects.as_slice() else {
        panic!("{effects:?}");
    };
    assert_eq!(slot.as_str(), "prod.STRIPE_SECRET_KEY_TEST");
    assert!(value.same_as(&Secret::new("sk_test_0123456789canary")));
    assert_eq!(player.ui.place(), Place::Matrix);
}

#[test]
fn a_secret_is_never_copied_and_a_plain_value_is() {
    let copied = |mut player: Player| match player.keys("y").as_slice() {
        [Effect::Copy(text)] => text.clone(),
        other => panic!("{other:?}"),
    };
    let cors = copied(on_cell("CORS_ORIGIN", "prod"));
    assert!(cors.starts_with("https://"), "{cors}");
    assert_eq!(
        copied(on_cell("SESSION_SECRET", "prod")),
        "prod.SESSION_SECRET"
    );
    assert_eq!(copied(on_cell("DATABASE_URL", "prod")), "DATABASE_URL");
}

#[test]
fn whoever_only_follows_reads_and_gives_nothing() {
    let mut player = on_cell("STRIPE_SECRET_KEY", "prod");
    player.story.view.read_only = Some("desk, process 1".into());
    assert!(player.keys("v").is_empty());
    player.keys("\n");
    assert!(matches!(player.ui.open.last(), Some(Open::Item { .. })));
}

#[test]
fn the_values_are_reached_from_the_main_screen_and_left_by_escape() {
    let mut player = Player::new(values::judged()).at_step("1");
    assert!(player.text(120, 36).contains("v values"));
    player.keys("v");
    // The first cell that needs eyes.
    assert_eq!(player.ui.cursor, Node::Item(id("7.cell-dev-DATABASE_URL")));
    assert!(matches!(
        &player.keys("v")[..],
        [Effect::Ask(Request::CheckAll)]
    ));
    player.code(KeyCode::Esc);
    assert!(player.ui.open.is_empty());
    let scene = Scene {
        view: &player.story.view,
        ui: &player.ui,
        theme: &PLAIN,
        spin: 0,
        at: player.now,
    };
    assert!(!screen::moving(&scene).spinner);
}
