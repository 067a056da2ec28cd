//! A promotion's way, look by look.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::look::last_words;
use super::*;
use crate::plan::{Blocker, Evidence};
use crate::provider::github::blob_sha;
use crate::resource::carried::tests::{MARKER, comparison};
use crate::resource::checks::{CheckState, tests::check};

const NOW: &str = "2026-11-24T10:00:00Z";

fn wish() -> Promotion {
    Promotion {
        head: "develop".into(),
        base: "staging".into(),
        carries: ItemId::new("2.code"),
        file: "server/server.js".into(),
        review_by_other: true,
        operator: "Ann".into(),
        reviewers: vec!["bob".into()],
        long_lived: true,
    }
}

fn known() -> Known {
    Known {
        marker: "golive:shop-1a2b3c4d:2.to-staging".into(),
        decided: [("cors-origin".to_string(), "none".to_string())].into(),
        ..Known::default()
    }
}

fn undecided() -> Known {
    Known {
        decided: Default::default(),
        ..known()
    }
}

fn golives() -> Comparison {
    comparison(&[("aaaaaaa1", &format!("x\n\n{MARKER}"), &["0"])])
}

fn file(text: &str) -> Observed<File> {
    let sha = blob_sha(text.as_bytes());
    let text = text.into();
    Observed::Present(File::Text { sha, text })
}

fn seen(beyond: Comparison) -> Seen {
    Seen {
        beyond: Beyond::Known(beyond),
        base_file: file("old"),
        head_file: file("new"),
        open: None,
        closed: vec![],
        merged_with_approval: None,
        page: "https://github.com/acme/shop".into(),
        now: NOW.parse().unwrap(),
    }
}

fn pull(change: Value) -> Pull {
    let mut pull = json!({
        "number": 4, "state": "open", "html_url": "https://github.com/acme/shop/pull/4",
        "body": "x <!-- golive:shop-1a2b3c4d:2.to-staging -->", "draft": false, "mergeable": true,
        "mergeable_state": "clean", "created_at": "2026-11-24T09:00:00Z",
        "head": {"ref": "develop", "sha": "feedbee000"}, "base": {"ref": "staging", "sha": "ba5e000000"}
    });
    for (key, value) in change.as_object().unwrap() {
        pull[key] = value.clone();
    }
    serde_json::from_value(pull).unwrap()
}

fn with_open(change: Value) -> Seen {
    let open = Open {
        pull: pull(change),
        in_force: InForce::default(),
        checks: Checks::default(),
        reviews: vec![],
        deletes_head: false,
    };
    Seen {
        open: Some(open),
        ..seen(golives())
    }
}

fn and(mut seen: Seen, change: impl FnOnce(&mut Open)) -> Seen {
    change(seen.open.as_mut().unwrap());
    seen
}

fn told(known: &Known, seen: &Seen) -> String {
    told_by(&wish(), known, seen)
}

/// A plan in one line, as the tests compare it.
fn told_by(wish: &Promotion, known: &Known, seen: &Seen) -> String {
    match wish.plan(known, seen) {
        Plan::Change(changes) => {
            let rows = changes
                .iter()
                .map(|change| change.row(&ItemId::new("2.to-staging")).to_string());
            rows.collect::<Vec<_>>().join(" | ")
        }
        Plan::Wait(wait) => format!("waits: {}: {}", wait.condition, wait.seen),
        Plan::Blocked(Blocker::Choose { key, question, .. }) => format!("{key}? {question}"),
        Plan::Blocked(blocker) => blocker.sentence(),
        Plan::Settled(Evidence { text, notes, .. }) => [vec![text], notes].concat().join(" | "),
        other => panic!("not for a promotion: {other:?}"),
    }
}

fn needs_approval(open: &mut Open) {
    open.in_force.approvals = 1;
}

fn required(open: &mut Open, name: &str) {
    open.in_force.required_checks = BTreeSet::from([name.to_string()]);
}

#[test]
fn the_rows_foreseen_are_the_rows_planned_and_the_row_merged() {
    let item = ItemId::new("2.to-staging");
    let ids = |changes: Vec<PromotionChange>| -> Vec<_> {
        changes
            .iter()
            .map(|change| change.row(&item).id())
            .collect()
    };
    let changes = |seen: &Seen| match wish().plan(&known(), seen) {
        Plan::Change(changes) => ids(changes),
        other => panic!("no change: {other:?}"),
    };
    let foreseen = ids(wish().foresee(&known()));
    assert_eq!(changes(&seen(golives())), foreseen);
    assert_eq!(changes(&with_open(json!({}))), foreseen[1..]);
    assert_eq!(
        told(&known(), &seen(golives())),
        "+ pull request develop → staging | ~ merge develop → staging: golive's change"
    );
}

#[test]
fn nothing_is_foreseen_when_there_is_nothing_to_carry() {
    let mut none = known();
    none.outputs.insert("2.code.change".into(), "none".into());
    assert!(wish().foresee(&none).is_empty());
}

#[test]
fn what_others_did_is_listed_and_never_goes_along_unasked() {
    let both = comparison(&[
        ("ccccccc1", "fix the login", &["0"]),
        ("aaaaaaa1", &format!("x {MARKER}"), &["0"]),
    ]);
    let Plan::Change(changes) = wish().plan(&known(), &seen(both)) else {
        panic!("no change");
    };
    let row = changes[1].row(&ItemId::new("2.to-staging"));
    assert_eq!(
        row.to_string(),
        "~ merge develop → staging: golive's change and 1 other commit (ccccccc)"
    );
    assert!(row.not_made_by_golive);
    assert_eq!(
        row.detail,
        [
            "ccccccc fix the login (Ann)",
            "aaaaaaa x golive:shop-1a2b3c4d:2.code (Ann)",
            "modified server/server.js"
        ]
    );
}

#[test]
fn a_branch_without_anything_new_is_settled() {
    assert_eq!(
        told(&undecided(), &seen(Comparison::default())),
        "staging has all commits of develop"
    );
    let merged = Seen {
        closed: vec![pull(
            json!({"state": "closed", "merged_at": "2026-11-24T09:30:00Z"}),
        )],
        ..seen(Comparison::default())
    };
    assert_eq!(
        told(&undecided(), &merged),
        "pull request #4 (develop → staging) was merged on 2026-11-24"
    );
}

#[test]
fn other_peoples_work_alone_is_theirs_to_promote() {
    let theirs = comparison(&[("ccccccc1", "fix", &["0"])]);
    let same = Seen {
        head_file: file("old"),
        ..seen(theirs.clone())
    };
    assert_eq!(
        told(&undecided(), &same),
        "staging has the change already | develop is 1 ahead of staging, with work that is not golive's"
    );
    // Where golive's file differs it is to be carried, with whatever stands before it.
    assert!(told(&undecided(), &seen(theirs)).contains("none of them golive's"));
}

#[test]
fn a_squashed_pull_request_counts_as_carried() {
    let squashed = pull(
        json!({"state": "closed", "merged_at": "2026-11-24T09:30:00Z",
        "head": {"ref": "develop", "sha": "aaaaaaa1"}}),
    );
    let there = Seen {
        closed: vec![squashed],
        ..seen(golives())
    };
    assert!(
        told(&undecided(), &there).starts_with("pull request #4 (develop → staging) was merged")
    );
}

#[test]
fn a_feature_branch_that_is_gone_is_fine_once_merged() {
    let gone = |closed| Seen {
        beyond: Beyond::NoHead,
        closed,
        ..seen(Comparison::default())
    };
    let merged = pull(json!({"state": "closed", "merged_at": "2026-11-24T09:30:00Z"}));
    assert!(told(&known(), &gone(vec![merged])).contains("was merged"));
    assert!(told(&known(), &gone(vec![])).contains("there is nothing to promote from"));
    let no_base = Seen {
        beyond: Beyond::NoBase,
        ..seen(Comparison::default())
    };
    assert_eq!(
        told(&known(), &no_base),
        "to do by hand: create branch staging"
    );
}

#[test]
fn what_a_person_closed_is_not_opened_again_unasked() {
    let closed = Seen {
        closed: vec![pull(json!({"state": "closed"}))],
        ..seen(golives())
    };
    assert!(told(&known(), &closed).starts_with("closed-4? pull request #4"));
    let mut again = known();
    again.decided.insert("closed-4".into(), "open-again".into());
    assert!(told(&again, &closed).starts_with("+ pull request develop → staging"));
    // One that was not golive's says nothing about golive's.
    let theirs = Seen {
        closed: vec![pull(json!({"state": "closed", "body": null}))],
        ..seen(golives())
    };
    assert!(told(&known(), &theirs).starts_with("+ pull request"));
}

#[test]
fn browsers_that_would_be_refused_are_asked_about_before_the_merge() {
    let asked = told(&undecided(), &with_open(json!({})));
    assert!(
        asked.starts_with("cors-origin? does a service that browsers use deploy from staging"),
        "{asked}"
    );
}

#[test]
fn what_is_in_the_way_is_a_persons_to_take_away() {
    let told = |seen: &Seen| told(&known(), seen);
    assert!(told(&with_open(json!({"draft": true}))).contains("is a draft"));
    assert!(
        told(&with_open(
            json!({"mergeable": false, "mergeable_state": "dirty"})
        ))
        .contains("resolve the conflict")
    );
    let deleted = and(with_open(json!({})), |open| open.deletes_head = true);
    assert!(told(&deleted).contains("keep develop from being deleted"));
}

#[test]
fn required_checks_gate_and_other_failing_ones_are_asked_about() {
    let told = |change: &dyn Fn(&mut Open)| {
        told(&known(), &and(with_open(json!({})), |open| change(open)))
    };
    let waits = told(&|open| required(open, "ci"));
    assert_eq!(
        waits,
        "waits: checks of pull request #4 (develop → staging): not reported yet: ci"
    );
    let failed = told(&|open| {
        required(open, "ci");
        open.checks.all = vec![check("ci", CheckState::Bad("failure".into()))];
    });
    assert!(failed.contains("fails a required check: ci"), "{failed}");
    let other = told(&|open| {
        required(open, "ci");
        open.checks.all = vec![
            check("ci", CheckState::Good),
            check("Vercel", CheckState::Bad("failure".into())),
        ];
    });
    assert!(other.starts_with("failing-checks? "), "{other}");
    assert!(other.contains("Vercel: failure"), "{other}");
    let mut decided = known();
    decided
        .decided
        .insert("failing-checks".into(), "go-on".into());
    let seen = and(with_open(json!({})), |open| {
        open.checks.all = vec![check("x", CheckState::Bad("error".into()))]
    });
    assert!(told_by(&wish(), &decided, &seen).starts_with("~ merge"));
}

#[test]
fn no_check_shortly_after_a_push_means_nothing_yet() {
    let fresh = json!({"created_at": "2026-11-24T09:59:30Z"});
    assert!(told(&known(), &with_open(fresh)).ends_with("none yet"));
    assert!(told(&known(), &with_open(json!({}))).starts_with("~ merge"));
    let running = |created: &str| {
        and(with_open(json!({"created_at": created})), |open| {
            open.checks.all = vec![check("slow", CheckState::Running)]
        })
    };
    assert!(told(&known(), &running("2026-11-24T09:55:00Z")).ends_with("running: slow"));
    assert!(told(&known(), &running("2026-11-24T09:40:00Z")).starts_with("~ merge"));
}

#[test]
fn where_check_runs_cannot_be_read_githubs_own_verdict_counts() {
    let unreadable = |state: &str| {
        and(with_open(json!({"mergeable_state": state})), |open| {
            required(open, "ci");
            open.checks.unreadable = vec!["check runs are not readable with this token".into()];
        })
    };
    assert!(told(&known(), &unreadable("clean")).starts_with("~ merge"));
    assert!(told(&known(), &unreadable("blocked")).starts_with("waits: "));
}

#[test]
fn another_person_reviews() {
    let with = |verdicts: Vec<Verdict>| {
        and(
            with_open(
                json!({"mergeable_state": "blocked", "requested_reviewers": [{"login": "bob"}]}),
            ),
            |open| {
                needs_approval(open);
                open.reviews = verdicts;
            },
        )
    };
    let word = |approves, counts| Verdict {
        login: "bob".into(),
        approves,
        counts,
    };
    assert_eq!(
        told(&known(), &with(vec![])),
        "waits for another person: pull request #4 (develop → staging) has 0 of 1 approvals (asked: bob)"
    );
    assert!(told(&known(), &with(vec![word(true, false)])).contains("0 of 1"));
    assert!(told(&known(), &with(vec![word(false, true)])).contains("bob asks for changes"));
    assert!(told(&known(), &with(vec![word(true, true)])).starts_with("~ merge"));
}

#[test]
fn alone_a_merge_goes_without_a_review_and_says_so() {
    let alone = Promotion {
        review_by_other: false,
        ..wish()
    };
    let seen_open = and(
        with_open(json!({"mergeable_state": "blocked"})),
        needs_approval,
    );
    assert!(told_by(&alone, &known(), &seen_open).starts_with("~ merge"));
    let merged = Seen {
        closed: vec![pull(
            json!({"state": "closed", "merged_at": "2026-11-24T09:30:00Z"}),
        )],
        merged_with_approval: Some(false),
        ..seen(Comparison::default())
    };
    let text = told_by(&alone, &known(), &merged);
    assert!(
        text.contains("merged without a review, chosen by Ann"),
        "{text}"
    );
    assert!(
        text.contains("no service that browsers use deploys from staging"),
        "{text}"
    );
}

#[test]
fn a_head_that_is_behind_a_strict_base_is_updated_first() {
    let behind = and(with_open(json!({"mergeable_state": "behind"})), |open| {
        open.in_force.strict = true
    });
    assert_eq!(
        told(&known(), &behind),
        "~ branch develop: with staging merged into it, as its rule asks | ~ merge develop → staging: golive's change"
    );
}

#[test]
fn a_mergeability_that_is_being_computed_is_waited_for() {
    let unknown = with_open(json!({"mergeable": null, "mergeable_state": "unknown"}));
    assert!(told(&known(), &unknown).ends_with("not computed yet"));
}

#[test]
fn undo_closes_golives_open_pull_request_only() {
    let open = with_open(json!({}));
    assert!(wish().undo(&known(), &open).is_empty());
    let made = wish().made(&open.open.as_ref().unwrap().pull);
    let known = Known {
        made: vec![made],
        ..known()
    };
    assert_eq!(wish().undo(&known, &open).len(), 1);
    assert!(wish().undo(&known, &seen(golives())).is_empty());
}

#[test]
fn the_last_word_of_each_reviewer_counts() {
    let review = |login: &str, state: &str| json!({"user": {"login": login}, "state": state});
    let reviews = json!([
        review("bob", "CHANGES_REQUESTED"), review("bob", "APPROVED"), review("bob", "COMMENTED"),
        review("eve", "APPROVED"), review("eve", "DISMISSED"), {"user": null, "state": "APPROVED"},
        review("kim", "A_STATE_OF_TOMORROW")
    ]);
    let reviews: Vec<crate::provider::github::Review> = serde_json::from_value(reviews).unwrap();
    assert_eq!(last_words(&reviews), [("bob".to_string(), true)].into());
}
