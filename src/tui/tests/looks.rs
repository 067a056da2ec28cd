//! What is drawn: every screen as approved, at every size, with keys that do what the footer says.

use jiff::SignedDuration;

use super::*;
use crate::event::{Durable, Live};
use crate::tui::farewell;
use crate::tui::frames::Moving;
use crate::tui::keys;
use crate::view::Shown;

#[test]
fn every_screen_looks_as_it_was_approved() {
    for (name, mut player) in gallery() {
        shoot(&name, &mut player);
    }
}

#[test]
fn no_size_makes_a_screen_panic() {
    let mut players = gallery();
    let count = players.len();
    let mut n = 0;
    for rows in [1, 2, 3, 15, 16, 17, 23, 24, 35, 36, 60] {
        for columns in 1..=200 {
            // A stride that meets every screen at every height, and each at many widths.
            n = (n + 7) % count;
            let theme = Theme {
                ascii: columns % 3 == 0,
                ..PLAIN
            };
            let (_, player) = &mut players[n];
            let _ = player.picture(columns, rows, theme);
        }
    }
}

#[test]
fn keys_pressed_at_random_never_panic_and_never_change_anything_unasked() {
    let mut seed = 0x2545_f491_u64;
    let mut random = |below: usize| {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        usize::try_from(seed >> 33).unwrap_or(0) % below
    };
    let codes = [
        KeyCode::Up,
        KeyCode::Down,
        KeyCode::Left,
        KeyCode::Right,
        KeyCode::PageUp,
        KeyCode::PageDown,
        KeyCode::Home,
        KeyCode::End,
        KeyCode::Tab,
        KeyCode::BackTab,
        KeyCode::Enter,
        KeyCode::Esc,
        KeyCode::Backspace,
        KeyCode::F(1),
    ];
    for (name, mut player) in gallery().into_iter().chain(values::screens()) {
        player.story.view.read_only = Some("desk, process 1".into());
        for _ in 0..150 {
            let code = match random(2) {
                0 => codes[random(codes.len())],
                _ => KeyCode::Char(char::from(b' ' + u8::try_from(random(95)).unwrap_or(0))),
            };
            for effect in player.code(code) {
                // Whoever only follows asks for nothing. A field that was open already may still be sent.
                let asks = matches!(effect, Effect::Ask(_));
                let sent = matches!(
                    name.as_str(),
                    "secret" | "waive" | "approve" | "one-way" | "question-attest" | "values-given"
                );
                assert!(!asks || sent, "{name}: {code:?} led to {effect:?}");
            }
            player.heard();
        }
        let _ = player.picture(100, 30, PLAIN);
    }
}

#[test]
fn the_footer_is_the_table_and_every_key_of_it_acts() {
    for binding in keys::TABLE {
        for (name, mut player) in gallery().into_iter().chain(values::screens()) {
            let listed = keys::footer(&player.ui, &player.story.view);
            let label = keys::valid(binding, &player.ui, &player.story.view);
            if !listed
                .iter()
                .any(|(key, named)| *key == binding.shown && label == Some(*named))
            {
                continue;
            }
            let before = format!("{:?}", player.ui);
            let key = match binding.press {
                keys::Press::Code(code) => KeyEvent::new(code, KeyModifiers::NONE),
                keys::Press::Char(c) => KeyEvent::new(KeyCode::Char(c), KeyModifiers::NONE),
                keys::Press::Ctrl(c) => KeyEvent::new(KeyCode::Char(c), KeyModifiers::CONTROL),
                keys::Press::Digit(_) => KeyEvent::new(KeyCode::Char('2'), KeyModifiers::NONE),
            };
            let effects = player.ui.press(key, &player.story.view, player.now);
            let acted = !effects.is_empty() || format!("{:?}", player.ui) != before;
            assert!(
                acted,
                "{name}: {} is in the footer and does nothing",
                binding.shown
            );
        }
    }
}

#[test]
fn every_key_that_acts_is_in_the_help_and_works_somewhere() {
    let players = gallery();
    let values = values::screens();
    let mut following = Player::new(fixture::waiting());
    following.keys("/checks\n");
    let mut attested = Player::new(fixture::done()).on("1.stable-main");
    attested.heard();
    let begun = Player::new(fixture::values::judged()).at_step("1");
    for binding in keys::TABLE {
        assert!(!binding.help.is_empty());
        let works = players
            .iter()
            .map(|(_, player)| player)
            .chain(values.iter().map(|(_, player)| player))
            .chain([&following, &attested, &begun])
            .any(|player| keys::valid(binding, &player.ui, &player.story.view).is_some());
        assert!(works, "{} works nowhere", binding.shown);
    }
    let help = players.into_iter().find(|(name, _)| name == "help");
    let (_, mut help) = help.expect("it is there");
    let text = help.text(200, 60);
    for binding in keys::TABLE {
        assert!(
            text.contains(binding.shown),
            "{} is not in the help",
            binding.shown
        );
    }
}

#[test]
fn a_look_that_failed_is_not_shown_as_not_done() {
    let mut story = fixture::planned();
    let mut failure = match &fixture::failed()
        .view
        .state
        .item(&id("1.rule-main"))
        .expect("it failed")
        .standing
    {
        crate::journal::state::Standing::Failed(failure) => failure.clone(),
        other => panic!("{other:?}"),
    };
    if let Some(call) = &mut failure.call {
        call.method = "GET".into();
    }
    story.record(Durable::Failed {
        item: id("1.rule-main"),
        failure,
    });
    let mut player = Player::new(story).on("1.rule-main");
    player.keys("\n");
    let text = player.text(120, 36);
    assert!(text.contains("? unknown    1.rule-main"), "{text}");
    assert!(!text.contains("not done"), "{text}");
}

#[test]
fn nothing_moves_on_an_idle_screen() {
    let still = |player: &Player| {
        let scene = Scene {
            view: &player.story.view,
            ui: &player.ui,
            theme: &PLAIN,
            spin: 0,
            at: player.now,
        };
        screen::moving(&scene)
    };
    assert_eq!(still(&Player::new(fixture::planned())), Moving::default());
    let moving = still(&Player::new(fixture::running()));
    assert!(moving.spinner && moving.clock);
    let waiting = still(&Player::new(fixture::waiting()));
    assert!(!waiting.spinner && waiting.clock);
}

#[test]
fn the_farewell_keeps_the_whole_failure_and_the_way_back() {
    let text = farewell(&fixture::failed().view, "golive --dir ../shop");
    assert!(text.contains("caused by: 403, \"Resource not accessible by personal access token\""));
    assert!(
        text.contains(
            "hint: give it at https://github.com/settings/personal-access-tokens, then r"
        )
    );
    assert!(
        text.ends_with("The state is saved. Go on with: golive --dir ../shop\n"),
        "{text}"
    );
    insta::assert_snapshot!("farewell", text);
    assert!(farewell(&fixture::done().view, "golive").contains("Nothing is left to do."));
}

#[test]
fn every_state_has_a_word_on_the_map() {
    let mut player = Player::new(fixture::failed()).at_step("0");
    let text = player.text(120, 36);
    for word in ["FAILED", "YOUR TURN", "already so", "done", "waits code"] {
        assert!(text.contains(word), "{word}: {text}");
    }
    let item = player
        .story
        .view
        .outline
        .item(&id("1.rule-main"))
        .expect("it is there")
        .clone();
    assert_eq!(player.story.view.shown(&item), Shown::Failed);
}

#[test]
fn a_hundred_thousand_lines_are_drawn_as_fast_as_ten() {
    let mut player = Player::new(fixture::planned());
    for n in 0..100_001 {
        player.story.live(Live::Said {
            item: None,
            text: format!("line {n}"),
        });
    }
    player.story.view.now += SignedDuration::from_secs(1);
    player.ui.tab = Tab::Log;
    assert!(player.text(120, 36).contains("line 100000"));
    player.keys("/line 77\n");
    assert_eq!(
        player.story.view.log[player.ui.log_at.expect("a match")].text,
        "line 77999"
    );
}
