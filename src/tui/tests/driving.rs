//! What an operator does with keys, and what is asked of the engine for it.

use super::*;
use crate::event::{Durable, Live};
use crate::plan::Blocker;
use crate::request::Request;
use crate::secret::Secret;
use crate::tui::How;
use crate::tui::model::Open;
use crate::tui::widget::masked;

#[test]
fn an_operator_approves_what_was_shown_and_nothing_else() {
    let mut player = Player::new(fixture::planned());
    player.keys("n");
    assert_eq!(player.ui.tab, Tab::Plan);
    assert!(player.keys("A").is_empty(), "A only asks");
    let effects = player.keys("\n");
    let [Effect::Ask(Request::Approve { rows, typed, by })] = effects.as_slice() else {
        panic!("{effects:?}");
    };
    assert_eq!((rows.len(), typed.len(), by.as_str()), (4, 0, "dana"));
}

#[test]
fn an_approval_ends_when_the_plan_moves_under_it() {
    let mut player = Player::new(fixture::planned()).at_step("1");
    player.keys("pA");
    player.story.planned("1", &fixture::rows()[..2]);
    player.heard();
    assert!(player.ui.open.is_empty());
    let toast = player.ui.toast.as_ref().map(|toast| toast.text.clone());
    assert!(toast.is_some_and(|text| text.contains("plan has changed")));
}

#[test]
fn what_cannot_be_taken_back_wants_its_name_typed_and_enter_alone_does_nothing() {
    let mut story = fixture::running();
    story.planned("1", &fixture::one_way());
    let mut player = Player::new(story).at_step("1");
    player.keys("pA");
    assert!(player.keys("\n").is_empty());
    player.ui.paste("staging", player.now);
    assert!(player.keys("\n").is_empty(), "a paste is not typing");
    let effects = player.keys("staging\n");
    assert!(
        matches!(&effects[..], [Effect::Ask(Request::Approve { typed, .. })] if typed == &["staging"]),
        "{effects:?}"
    );
}

#[test]
fn a_secret_goes_from_the_field_to_the_request_and_is_never_drawn() {
    const TOKEN: &str = "github_pat_canary_0123456789";
    let mut player = Player::new(fixture::asking(fixture::secret_missing()));
    player.keys("n");
    player.ui.paste(&format!("{TOKEN}\n"), player.now);
    for (columns, rows) in [(120, 36), (80, 24), (60, 16)] {
        let text = player.text(columns, rows);
        assert!(!text.contains("canary"), "{text}");
        assert!(text.contains("28 characters"), "{text}");
    }
    player.ctrl('r');
    assert!(player.text(120, 36).contains(TOKEN));
    player.now += masked::REVEAL;
    assert!(!player.text(120, 36).contains("canary"));
    let effects = player.keys("\n");
    let [Effect::Ask(Request::GiveSecret { slot, value })] = effects.as_slice() else {
        panic!("{effects:?}");
    };
    assert_eq!(slot.as_str(), "GITHUB_TOKEN");
    assert!(value.same_as(&Secret::new(TOKEN)));
    assert!(!format!("{effects:?}{:?}", player.ui).contains("canary"));
    assert!(!player.text(120, 36).contains("canary"));
}

#[test]
fn in_a_rehearsal_enter_takes_its_own_secret_and_every_screen_says_rehearsal() {
    let mut story = Story::new(true);
    story.blocked("0.github", fixture::secret_missing());
    let mut player = Player::new(story);
    player.ui.lookup.rehearsal_secret = Box::new(|_| Some(Secret::new("golive-sim-github-0")));
    player.keys("n");
    assert!(player.text(80, 24).contains("[ REHEARSAL ]"));
    assert!(player.text(80, 24).contains("take the rehearsal's own"));
    let effects = player.keys("\n");
    assert!(matches!(
        &effects[..],
        [Effect::Ask(Request::GiveSecret { value, .. })]
            if value.same_as(&Secret::new("golive-sim-github-0"))
    ));
    assert!(matches!(
        &player.keys(">")[..],
        [Effect::Ask(Request::Jump)]
    ));
}

#[test]
fn a_paste_outside_a_secrets_field_presses_no_key() {
    let mut player = Player::new(fixture::planned());
    player.ui.paste("qA\n", player.now);
    assert!(player.ui.open.is_empty() && player.ui.stopping.is_none());
    assert!(player.text(80, 24).contains("A paste was ignored"));
}

#[test]
fn a_persons_word_needs_a_name_and_a_note() {
    let mut player = Player::new(fixture::planned()).on("1.stable-main");
    player.keys("\n\n");
    assert!(player.keys("\n").is_empty());
    let effects = player.keys("released on Friday\n");
    let [Effect::Ask(Request::Attest { item, by, note })] = effects.as_slice() else {
        panic!("{effects:?}");
    };
    assert_eq!(
        (item.as_str(), by.as_str(), note.as_str()),
        ("1.stable-main", "dana", "released on Friday")
    );
}

#[test]
fn a_failure_offers_only_what_is_possible_and_says_why_not() {
    let mut story = fixture::failed();
    story.settled("1.rule-develop", "as wished");
    let mut player = Player::new(story).on("1.rule-main");
    player.keys("\n4\n");
    let toast = player.ui.toast.as_ref().map(|toast| toast.text.clone());
    assert_eq!(
        toast.as_deref(),
        Some("Not offered: golive made nothing here.")
    );
    let effects = player.keys("1\n");
    assert!(
        matches!(&effects[..], [Effect::Ask(Request::Retry { item })] if item.as_str() == "1.rule-main")
    );
}

#[test]
fn ctrl_c_stops_after_the_call_and_twice_stops_now() {
    let mut player = Player::new(fixture::running());
    assert!(matches!(
        &player.ctrl('c')[..],
        [Effect::Ask(Request::Stop)]
    ));
    player.now += std::time::Duration::from_secs(1);
    let effects = player.ctrl('c');
    assert!(matches!(
        &effects[..],
        [
            Effect::Ask(Request::StopNow),
            Effect::Leave(How::Interrupted)
        ]
    ));
}

#[test]
fn ctrl_c_while_nothing_runs_is_like_q() {
    let mut player = Player::new(fixture::planned());
    assert!(matches!(
        &player.ctrl('c')[..],
        [Effect::Ask(Request::Stop)]
    ));
    assert_eq!(player.ui.leave_as, How::Quit);
}

#[test]
fn arrows_end_following_and_finished_work_never_moves_the_cursor() {
    let mut player = Player::new(fixture::running());
    assert_eq!(player.ui.cursor, Node::Item(id("1.rule-main")));
    player.code(KeyCode::Up);
    let here = player.ui.cursor.clone();
    assert!(!player.ui.follow);
    player.story.live(Live::Applying {
        item: id("1.rule-staging"),
        change: "rule".into(),
    });
    player.heard();
    assert_eq!(player.ui.cursor, here);
    player.keys("f");
    player.heard();
    assert_eq!(player.ui.cursor, Node::Item(id("1.rule-main")));
    let row = fixture::rows()[2].clone();
    player.story.record(Durable::Applied {
        item: row.item.clone(),
        change: row.change.clone(),
        row: row.id(),
        found: false,
        made: None,
    });
    player.story.settled("1.rule-main", "reviews 1");
    player.story.live(Live::Looked {
        item: id("1.rule-staging"),
    });
    player.heard();
    assert_eq!(player.ui.cursor, Node::Item(id("1.rule-main")));
}

#[test]
fn the_call_as_curl_names_the_token_and_never_holds_it() {
    let mut player = Player::new(fixture::failed()).on("1.rule-main");
    player.keys("\nk");
    let effects = player.keys("y");
    let [Effect::Copy(text)] = effects.as_slice() else {
        panic!("{effects:?}");
    };
    assert!(
        text.starts_with("curl -X POST 'https://api.github.com/repos/bondigoo/platform/rulesets'")
    );
    assert!(text.contains("Bearer $GITHUB_TOKEN"));
}

#[test]
fn search_finds_the_newest_match_first_and_walks_on() {
    let mut player = Player::new(fixture::failed());
    player.keys("/branch\n");
    let first = player.ui.log_at.expect("a match");
    let line = &player.story.view.log[first];
    assert!(
        line.item
            .as_ref()
            .is_some_and(|item| item.as_str().contains("branch"))
    );
    player.keys("N");
    assert!(player.ui.log_at.expect("a match") < first);
    player.keys("n");
    assert_eq!(player.ui.log_at, Some(first));
}

#[test]
fn help_finds_a_key_by_what_it_does_and_runs_it() {
    let mut player = Player::new(fixture::planned()).at_step("1");
    player.keys("?the plan of the step\n");
    assert_eq!(player.ui.tab, Tab::Plan);
    player.keys("?approve this\n");
    assert!(matches!(player.ui.open.last(), Some(Open::Confirm(_))));
}

#[test]
fn a_question_that_was_answered_elsewhere_closes_its_screen() {
    let mut player = Player::new(fixture::asking(fixture::secret_missing()));
    player.keys("n");
    player.story.settled("0.github", "token of dana");
    player.heard();
    assert!(player.ui.open.is_empty());
}

#[test]
fn a_choice_is_sent_with_its_key_and_word() {
    let questions = fixture::questions();
    let (_, blocker) = questions
        .into_iter()
        .find(|(name, _)| *name == "choose")
        .expect("it is there");
    assert!(matches!(blocker, Blocker::Choose { .. }));
    let mut player = Player::new(fixture::asking(blocker)).on("1.rule-main");
    let effects = player.keys("\n2\n");
    assert!(
        matches!(&effects[..], [Effect::Ask(Request::Choose { key, word, .. })] if key == "failing-check" && word == "wait"),
        "{effects:?}"
    );
}

#[test]
fn escape_and_a_letter_that_arrive_as_one_do_nothing() {
    let mut player = Player::new(fixture::asking(fixture::secret_missing()));
    player.keys("n");
    let key = KeyEvent::new(KeyCode::Char('q'), KeyModifiers::ALT);
    assert!(
        player
            .ui
            .press(key, &player.story.view, player.now)
            .is_empty()
    );
    assert!(
        player.text(80, 24).contains("paste it here"),
        "nothing was typed"
    );
}

#[test]
fn without_its_worker_the_screen_offers_nothing_that_changes() {
    let mut player = Player::new(fixture::planned()).at_step("1");
    player.story.view.ended = true;
    assert!(player.keys("A").is_empty() && player.ui.open.is_empty());
    assert!(matches!(&player.keys("q")[..], [Effect::Leave(How::Quit)]));
}
