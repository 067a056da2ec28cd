//! Phase 1 on the screen: what is paid for, what is found, keys of two halves, long lists and long waits.

use super::*;
use crate::event::Durable;
use crate::request::Request;
use crate::secret::SecretName;
use crate::tui::fixture::infrastructure;
use crate::tui::model::Open;

#[test]
fn the_screens_of_phase_1_look_as_they_were_approved() {
    for (name, mut player) in screens() {
        shoot(&name, &mut player);
    }
}

fn screens() -> Vec<(String, Player)> {
    let mut all: Vec<(String, Player)> = Vec::new();
    let mut add = |name: &str, player: Player| all.push((name.into(), player));
    let on = |story: Story, step: &str, keys: &str| {
        let mut player = Player::new(story).at_step(step);
        player.keys(keys);
        player
    };
    add("paid-step", on(infrastructure::priced(false), "4", ""));
    add("paid-plan", on(infrastructure::priced(false), "4", "p"));
    add(
        "paid-approve",
        on(infrastructure::priced(false), "4", "pA51"),
    );
    add("unknown-price", on(infrastructure::priced(true), "4", "pA"));
    add(
        "cluster",
        Player::new(infrastructure::cluster()).on("3.cluster"),
    );
    add("map-phase-1", {
        let mut player = on(infrastructure::found(), "4", "");
        player.ui.tab = Tab::Map;
        player
    });
    let on_item = |story: Story, item: &str, keys: &str| {
        let mut player = Player::new(story).on(item);
        player.keys(keys);
        player
    };
    add(
        "finding",
        on_item(infrastructure::found(), "4.worker-prod", "\n"),
    );
    add(
        "accept",
        on_item(infrastructure::found(), "4.worker-prod", "\n\nwe live"),
    );
    let atlas = || infrastructure::asking("0.atlas", "ATLAS_CLIENT_ID");
    add("atlas-ways", on_item(atlas(), "0.atlas", "\n"));
    add("password", {
        let story = infrastructure::asking("3.dev-password", "dev.DATABASE_PASSWORD");
        on_item(story, "3.dev-password", "\n")
    });
    all
}

#[test]
fn no_size_makes_a_screen_of_phase_1_panic() {
    for (_, mut player) in screens() {
        for (columns, rows) in [(1, 1), (59, 15), (60, 16), (61, 17), (79, 24), (200, 60)] {
            let _ = player.picture(columns, rows, PLAIN);
        }
    }
}

#[test]
fn paid_rows_are_approved_by_their_total_typed() {
    let mut player = Player::new(infrastructure::priced(false)).at_step("4");
    player.keys("pA");
    assert!(player.text(80, 24).contains("Type 51.00"));
    assert!(player.keys("\n").is_empty(), "Enter alone approves nothing");
    assert!(player.keys("50.00\n").is_empty(), "another total neither");
    let effects = player.keys("51.00\n");
    assert!(
        matches!(&effects[..], [Effect::Ask(Request::Approve { rows, typed, .. })]
            if rows.len() == 9 && typed == &["51.00"]),
        "{effects:?}"
    );
}

#[test]
fn a_plan_keeps_its_total_in_sight_while_its_rows_scroll() {
    let mut player = Player::new(infrastructure::priced(false)).at_step("4");
    player.keys("p");
    for _ in 0..9 {
        player.code(KeyCode::Down);
        let text = player.text(80, 16);
        assert!(text.contains("Total USD 51.00 a month"), "{text}");
    }
    assert!(player.text(80, 16).contains("bondigoo-worker-dev"));
}

#[test]
fn both_halves_of_an_atlas_key_are_asked_for_in_one_go() {
    let story = infrastructure::asking("0.atlas", "ATLAS_CLIENT_ID");
    let mut player = Player::new(story).on("0.atlas");
    // The second way on: an API key.
    player.keys("\n2\n");
    let mut given = Vec::new();
    for value in ["abcdefgh", "01234567-89ab-cdef-0123-456789abcdef"] {
        player.heard();
        player.ui.paste(value, player.now);
        for effect in player.keys("\n") {
            if let Effect::Ask(Request::GiveSecret { slot, .. }) = effect {
                given.push(slot);
            }
        }
    }
    let wanted = ["ATLAS_PUBLIC_KEY", "ATLAS_PRIVATE_KEY"].map(SecretName::new);
    assert_eq!(given, wanted);
    assert!(player.ui.open.is_empty());
}

#[test]
fn a_finding_is_accepted_with_a_name_and_a_reason() {
    let mut player = Player::new(infrastructure::found()).on("4.worker-prod");
    player.keys("\n\n");
    assert!(matches!(player.ui.open.last(), Some(Open::Form(_))));
    let effects = player.keys("it restarts in seconds\n");
    assert!(
        matches!(&effects[..], [Effect::Ask(Request::Accept { finding, by, .. })]
            if finding == "4.worker-prod/npm-run-dev" && by == "Rehearsal operator"),
        "{effects:?}"
    );
    let before = player.text(120, 36);
    assert!(before.contains("Findings (1)"), "{before}");
    player.story.record(Durable::Accepted {
        finding: "4.worker-prod/npm-run-dev".into(),
        by: "dana".into(),
        why: "it restarts in seconds".into(),
    });
    assert!(!player.text(120, 36).contains("Findings ("));
}

#[test]
fn a_call_is_shown_with_the_host_and_the_keys_of_its_provider() {
    for (item, slot, wanted) in [
        ("0.render", "RENDER_API_KEY", "Bearer $RENDER_API_KEY"),
        ("0.vercel", "VERCEL_TOKEN", "Bearer $VERCEL_TOKEN"),
        (
            "0.atlas",
            "ATLAS_PUBLIC_KEY",
            "--digest -u \"$ATLAS_PUBLIC_KEY:$ATLAS_PRIVATE_KEY\"",
        ),
        ("0.atlas", "ATLAS_CLIENT_ID", "Bearer $ATLAS_TOKEN"),
    ] {
        let mut story = infrastructure::begun();
        let provider = story
            .view
            .outline
            .item(&id(item))
            .and_then(|own| own.provider);
        let provider = provider.expect("its provider");
        let key = crate::secret::Secret::new("key");
        story.record(Durable::Kept {
            slot: SecretName::new(slot),
            fingerprint: crate::secret::Secret::new("value").fingerprint(&key),
        });
        story.call(item, "POST", "/things", Some(201));
        if let Some(call) = story.view.calls.back_mut() {
            call.provider = provider;
        }
        let mut player = Player::new(story);
        player.ui.lookup.api_url = Box::new(|provider| provider.address().to_string());
        player.ui.tab = Tab::Calls;
        player.keys("k");
        let text = player.text(120, 36);
        assert!(text.contains(wanted), "{item}: {text}");
        assert!(text.contains(provider.address()), "{item}: {text}");
    }
}

#[test]
fn the_map_shows_all_seven_steps_and_the_cursors_items() {
    let mut player = Player::new(infrastructure::begun()).at_step("4");
    for (columns, rows) in [(120, 36), (80, 24)] {
        player.ui.tab = Tab::Map;
        let text = player.text(columns, rows);
        for step in ["0 Access", "2.1 Vercel", "4 Render services", "worker-dev"] {
            assert!(text.contains(step), "{columns}x{rows} {step}: {text}");
        }
    }
}
