//! What must be true of any world: it repeats itself, it can be snapshot, and it tells the truth in its ledger.

use serde_json::json;

use super::desk::{Desk, scenario};
use super::fault::parse_list;
use super::{Answer, MadeBy};
use crate::seam::transport::Method;

/// Some calls, with lag, and all that was answered.
fn life(desk: &mut Desk) -> Vec<String> {
    let mut heard = Vec::new();
    let mut say = |desk: &mut Desk, method, path: &str, body| {
        desk.wait(2);
        let call = desk.call_for(method, path, body);
        let response = desk.raw(&call);
        let text = String::from_utf8_lossy(&response.body).into_owned();
        heard.push(format!("{} {:?} {text}", response.status, response.headers));
        serde_json::from_str::<serde_json::Value>(&text).unwrap_or_default()
    };
    let main = say(desk, Method::Get, "./git/ref/heads%2Fmain", None);
    let sha = &main["object"]["sha"];
    for branch in ["develop", "staging", "x"] {
        let body = json!({ "ref": format!("refs/heads/{branch}"), "sha": sha });
        say(desk, Method::Post, "./git/refs", Some(body));
        say(desk, Method::Get, "./branches", None);
    }
    let file = json!({ "message": "m", "content": "eA==", "branch": "x" });
    say(desk, Method::Put, "./contents/x", Some(file));
    let pull = json!({ "title": "x", "head": "x", "base": "develop" });
    for _ in 0..3 {
        say(desk, Method::Post, "./pulls", Some(pull.clone()));
        say(desk, Method::Get, "./pulls", None);
    }
    heard
}

#[test]
fn the_same_seed_and_calls_give_the_same_bytes() {
    let fresh = || Desk::at(&scenario("fresh", |_| {}));
    let (mut one, mut two) = (fresh(), fresh());
    assert_eq!(life(&mut one), life(&mut two));
    assert_eq!(one.world.ledger(), two.world.ledger());
}

#[test]
fn a_snapshot_stays_as_it_was() {
    let mut desk = Desk::at(&scenario("fresh", |_| {}));
    let snapshot = desk.world.clone();
    let before = snapshot.ledger();
    let heard = life(&mut desk);
    assert_eq!(snapshot.ledger(), before);
    let mut again = Desk::at(&scenario("fresh", |_| {}));
    again.world = snapshot;
    assert_eq!(life(&mut again), heard);
}

#[test]
fn the_ledger_tells_what_the_caller_was_not_told() {
    let mut desk = Desk::calm("fresh");
    let sha = desk.head("main");
    let faults = "timeout_before@POST /repos/*/*/git/refs,timeout_after_apply@POST /repos/*/*/git/refs#2,http_503_after_apply@POST /repos/*/*/issues";
    desk.world.add_faults(&parse_list(faults, 1).unwrap());
    let body = json!({ "ref": "refs/heads/staging", "sha": sha });
    let create = desk.call_for(Method::Post, "./git/refs", Some(body));
    let unheard = |answer: Answer| match answer {
        Answer::Timeout { applied } => applied,
        other => panic!("{other:?}"),
    };
    assert!(!unheard(desk.world.call(desk.now, &create)));
    assert!(unheard(desk.world.call(desk.now, &create)));
    assert_eq!(desk.raw(&create).status, 422);
    assert_eq!(desk.post("./issues", json!({ "title": "Debt" })).0, 503);
    let ledger = desk.world.ledger();
    let calls: Vec<_> = ledger.calls[1..]
        .iter()
        .map(|call| (call.status, call.mutating, call.applied))
        .collect();
    assert_eq!(
        calls,
        [
            (None, false, false),
            (None, true, true),
            (Some(422), false, false),
            (Some(503), true, true)
        ]
    );
    let branch = ledger.objects.iter().find(|o| o.id == "staging").unwrap();
    assert_eq!(
        (branch.kind.as_str(), branch.made_by, branch.alive),
        ("branch", MadeBy::Golive, true)
    );
    assert!(
        ledger
            .objects
            .iter()
            .any(|o| o.kind == "issue" && o.parent == "acme/shop")
    );
    let text = serde_json::to_value(&ledger.calls[0]).unwrap();
    let keys: Vec<&String> = text.as_object().unwrap().keys().collect();
    assert_eq!(
        keys,
        [
            "n", "at", "provider", "method", "path", "status", "mutating", "applied"
        ]
    );
}

#[test]
fn a_write_that_changes_nothing_is_not_mutating() {
    let mut desk = Desk::calm("done");
    let list = desk.get("./rulesets").1;
    let path = format!("./rulesets/{}", list[0]["id"]);
    let read = desk.get(&path).1;
    assert_eq!(desk.put(&path, read).0, 200);
    let call = desk.world.last_call().unwrap();
    assert_eq!((call.applied, call.mutating), (true, false));
}

#[test]
fn a_stale_read_shows_what_was() {
    let mut desk = Desk::calm("fresh");
    desk.branch("staging", "main");
    let rules = parse_list("stale_read@GET /repos/*/*/branches/*", 1).unwrap();
    desk.world.add_faults(&rules);
    desk.wait(10);
    assert_eq!(desk.get("./branches/staging").0, 404);
    assert_eq!(desk.get("./branches/staging").0, 200);
}

#[test]
fn checks_and_reviews_come_in_their_own_time_however_the_clock_moves() {
    let story = |steps: &[i64]| {
        let mut desk = Desk::calm("done");
        desk.branch("x", "main");
        desk.commit("x", "a", "b");
        let pull = desk.open("x", "main");
        let end = desk.now + jiff::SignedDuration::from_secs(900);
        for step in steps {
            desk.wait(*step);
            desk.world.advance(desk.now);
        }
        desk.now = end;
        desk.get(&format!("./pulls/{pull}/reviews")).1
    };
    let (jumped, walked) = (story(&[]), story(&[1, 5, 30, 200, 3]));
    assert_eq!(jumped[0]["state"], "APPROVED");
    assert_eq!(jumped, walked);
}
