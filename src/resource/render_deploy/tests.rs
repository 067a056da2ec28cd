//! Which deploy counts, and what is done when none does.

use serde_json::json;

use super::*;

const HEAD: &str = "1a2b3c4d5e6f";

fn wish() -> RenderDeploy {
    RenderDeploy {
        service: ItemId::new("4.api-prod"),
        name: "shop-api".into(),
        branch: "main".into(),
        group: ItemId::new("7.group-prod"),
        variables: vec![],
    }
}

/// A deploy so many minutes after the variables were set, or before.
fn deploy(id: &str, minutes: i64, status: &str, commit: Option<&str>) -> Deploy {
    let at = as_of() + jiff::SignedDuration::from_mins(minutes);
    serde_json::from_value(json!({
        "id": id, "status": status, "createdAt": at.to_string(), "commit": commit.map(|id| json!({"id": id})),
    }))
    .unwrap()
}

fn as_of() -> Timestamp {
    "2026-11-24T10:00:00Z".parse().unwrap()
}

fn plan_with(known: &Known, deploys: Vec<Deploy>) -> Plan<Trigger> {
    let seen = Seen {
        service: "srv-1".into(),
        head: HEAD.into(),
        as_of: as_of(),
        deploys,
        failed: Some((
            Some("its program ended with exit code 1".into()),
            vec!["Error: x".into()],
        )),
    };
    wish().plan(known, &seen)
}

fn plan(deploys: Vec<Deploy>) -> Plan<Trigger> {
    plan_with(&Known::default(), deploys)
}

fn is_trigger(plan: &Plan<Trigger>) -> bool {
    match plan {
        Plan::Change(changes) => {
            let row = changes[0].row(&ItemId::new("7.deploy-api-prod"));
            row.to_string() == "+ deploy of shop-api: branch main, with the variables of its group"
        }
        _ => false,
    }
}

#[test]
fn what_ran_before_the_variables_were_set_does_not_count() {
    assert!(is_trigger(&plan(vec![])));
    assert!(is_trigger(&plan(vec![deploy(
        "dep-1",
        -5,
        "live",
        Some(HEAD)
    )])));
    assert!(
        is_trigger(&plan(vec![deploy(
            "dep-1",
            -5,
            "update_failed",
            Some(HEAD)
        )])),
        "the first deploy fails without variables, and that is no error"
    );
}

#[test]
fn live_is_the_head_with_the_variables() {
    let live = plan(vec![
        deploy("dep-2", 2, "live", Some(HEAD)),
        deploy("dep-1", -5, "deactivated", Some(HEAD)),
    ]);
    let Plan::Settled(evidence) = live else {
        panic!("{live:?}")
    };
    assert_eq!(
        evidence.text,
        "shop-api runs 1a2b3c4, the head of main, with its variables"
    );
    assert!(is_trigger(&plan(vec![deploy(
        "dep-2",
        2,
        "live",
        Some("0000000")
    )])));
    let untold = plan(vec![deploy("dep-2", 2, "live", None)]);
    assert!(matches!(&untold, Plan::Settled(evidence) if evidence.notes.len() == 2));
}

#[test]
fn one_under_way_is_waited_for_also_where_nobody_knows_who_sent_it() {
    for status in ["created", "queued", "build_in_progress", "dreaming"] {
        let waits = plan(vec![deploy("dep-2", 1, status, Some(HEAD))]);
        assert!(matches!(waits, Plan::Wait(_)), "{status}: {waits:?}");
    }
}

#[test]
fn a_failed_one_says_why_and_another_is_made_when_a_person_says_so() {
    let deploys = || vec![deploy("dep-2", 1, "update_failed", Some(HEAD))];
    let Plan::Blocked(Blocker::Choose { key, question, .. }) = plan(deploys()) else {
        panic!("not asked")
    };
    assert_eq!(
        question,
        "deploy dep-2 of shop-api: it was built and did not start (its program ended with exit code 1). The end of its \
         log: Error: x. All of it: https://dashboard.render.com/web/srv-1/deploys/dep-2"
    );
    let mut known = Known::default();
    known.decided.insert(key, "again".into());
    assert!(is_trigger(&plan_with(&known, deploys())));
}
