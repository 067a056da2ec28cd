//! Stories of a caller at this GitHub: a change on its way to main, and what may stop it.

use serde_json::{Value, json};

use crate::seam::transport::Method;
use crate::sim::MadeBy;
use crate::sim::desk::{Desk, message, one_review, scenario};
use crate::sim::scenario::Reviewer;

#[test]
fn a_change_is_carried_from_a_feature_to_main_as_the_plan_wants_it() {
    let mut desk = Desk::calm("fresh");
    for branch in ["staging", "develop"] {
        desk.branch(branch, "main");
    }
    for branch in ["main", "staging"] {
        let (status, body) = desk.post("./rulesets", one_review(branch));
        assert_eq!(status, 201, "{body}");
    }
    desk.branch("golive/2.code", "develop");
    assert_eq!(
        desk.commit("golive/2.code", "server/server.js", "new\n").0,
        200
    );
    for (head, base) in [
        ("golive/2.code", "develop"),
        ("develop", "staging"),
        ("staging", "main"),
    ] {
        let number = desk.open(head, base);
        let (_, early) = desk.get(&format!("./pulls/{number}"));
        assert_eq!(early["mergeable"], Value::Null);
        desk.wait(10);
        let (_, pull) = desk.get(&format!("./pulls/{number}"));
        assert_eq!(pull["mergeable"], true);
        if base != "develop" {
            assert_eq!(pull["mergeable_state"], "blocked");
            let (status, refusal) = desk.merge(number);
            assert_eq!(status, 405);
            assert_eq!(
                message(&refusal),
                "Repository rule violations found\n\nAt least 1 approving review is required by reviewers with write access.\n\n"
            );
            desk.wait(8 * 60);
            let (_, reviews) = desk.get(&format!("./pulls/{number}/reviews"));
            assert_eq!(
                (&reviews[0]["state"], &reviews[0]["user"]["login"]),
                (&json!("APPROVED"), &json!("robin"))
            );
        }
        let (status, merged) = desk.merge(number);
        assert_eq!((status, &merged["merged"]), (200, &json!(true)), "{merged}");
        assert_eq!(desk.merge(number).0, 405);
        assert_eq!(desk.get(&format!("./pulls/{number}/merge")).0, 204);
        desk.wait(100);
    }
    let (_, file) = desk.get("./contents/server%2Fserver.js?ref=main");
    assert_eq!(file["content"], "bmV3Cg==\n");
    let (_, left) = desk.get("./compare/main...staging");
    assert_eq!(
        (&left["status"], &left["behind_by"]),
        (&json!("behind"), &json!(1))
    );
    let ledger = desk.world.ledger();
    let made = |kind: &str| {
        let objects = ledger.objects.iter();
        objects
            .filter(|o| o.kind == kind && o.made_by == MadeBy::Golive)
            .count()
    };
    assert_eq!(
        (
            made("branch"),
            made("ruleset"),
            made("pull_request"),
            made("commit")
        ),
        (3, 2, 3, 4)
    );
}

#[test]
fn a_read_may_not_know_of_the_last_write_yet() {
    let mut desk = Desk::at(&scenario("fresh", |_| {}));
    let sha = desk.head("main");
    let body = json!({ "ref": "refs/heads/staging", "sha": sha });
    let create = desk.call_for(Method::Post, "./git/refs", Some(body));
    assert_eq!(desk.raw(&create).status, 201);
    let look = desk.call_for(Method::Get, "./git/ref/heads%2Fstaging", None);
    let statuses: Vec<u16> = (0..20).map(|_| desk.raw(&look).status).collect();
    assert!(statuses.contains(&404), "{statuses:?}");
    desk.wait(5);
    assert!((0..20).all(|_| desk.raw(&look).status == 200));
    // The write itself is there at once, whatever reads say.
    assert_eq!(desk.raw(&create).status, 422);
}

#[test]
fn a_pull_request_right_after_the_push_may_see_no_commits() {
    let mut seen = Vec::new();
    let mut desk = Desk::at(&scenario("fresh", |_| {}));
    let head = desk.head("main");
    for branch in ["a", "b", "c", "d", "e", "f"] {
        let create = json!({ "ref": format!("refs/heads/{branch}"), "sha": head });
        assert_eq!(desk.post("./git/refs", create).0, 201);
        desk.wait(10);
        let file = json!({ "message": "x", "content": "eA==", "branch": branch });
        assert_eq!(desk.put(&format!("./contents/{branch}.txt"), file).0, 201);
        let pull = json!({ "title": "x", "head": branch, "base": "main" });
        let (status, body) = desk.post("./pulls", pull);
        if status == 422 {
            assert_eq!(
                body["errors"][0]["message"],
                format!("No commits between main and {branch}")
            );
        }
        seen.push(status);
    }
    assert!(seen.contains(&422) && seen.contains(&201), "{seen:?}");
}

#[test]
fn what_exists_already_is_refused_or_made_twice_as_the_service_does() {
    let mut desk = Desk::calm("fresh");
    desk.branch("develop", "main");
    let sha = desk.head("main");
    let again = json!({ "ref": "refs/heads/develop", "sha": sha });
    assert_eq!(
        message(&desk.post("./git/refs", again).1),
        "Reference already exists"
    );
    let nowhere = json!({ "ref": "refs/heads/x", "sha": "0".repeat(40) });
    assert_eq!(
        message(&desk.post("./git/refs", nowhere).1),
        "Object does not exist"
    );
    desk.commit("develop", "a", "b");
    desk.open("develop", "main");
    let pull = json!({ "title": "again", "head": "acme:develop", "base": "main" });
    let (status, body) = desk.post("./pulls", pull);
    assert_eq!(status, 422);
    assert_eq!(
        body["errors"][0]["message"],
        "A pull request already exists for acme:develop."
    );
    let missing = json!({ "title": "x", "head": "nothing", "base": "main" });
    assert_eq!(
        desk.post("./pulls", missing).1["errors"][0]["code"],
        "invalid"
    );
    for _ in 0..2 {
        assert_eq!(desk.post("./rulesets", one_review("main")).0, 201);
        let issue = json!({ "title": "Debt", "body": "b", "labels": ["golive"] });
        assert_eq!(desk.post("./issues", issue).0, 201);
    }
    assert_eq!(desk.get("./rulesets").1.as_array().unwrap().len(), 2);
    let (_, issues) = desk.get("./issues?state=all&labels=golive");
    assert_eq!(issues.as_array().unwrap().len(), 2);
    let (_, all) = desk.get("./issues?state=all");
    assert_eq!(
        all.as_array()
            .unwrap()
            .iter()
            .filter(|i| i["pull_request"].is_object())
            .count(),
        1
    );
}

#[test]
fn a_required_check_holds_a_merge_until_it_is_green() {
    let mut desk = Desk::calm("fresh");
    let rule = json!({
        "name": "checks", "target": "branch", "enforcement": "active",
        "conditions": { "ref_name": { "include": ["~DEFAULT_BRANCH"], "exclude": [] } },
        "rules": [{ "type": "required_status_checks", "parameters": {
            "strict_required_status_checks_policy": true,
            "required_status_checks": [{ "context": "build" }],
        } }],
    });
    assert_eq!(desk.post("./rulesets", rule).0, 201);
    desk.branch("x", "main");
    desk.commit("x", "a", "b");
    let number = desk.open("x", "main");
    let sha = desk.head("x");
    let runs = format!("./commits/{sha}/check-runs");
    let (_, none) = desk.get(&format!("./commits/{sha}/status"));
    assert_eq!(
        (&none["state"], &none["total_count"]),
        (&json!("pending"), &json!(0))
    );
    desk.wait(12);
    assert_eq!(desk.get(&runs).1["check_runs"][0]["status"], "in_progress");
    assert!(message(&desk.merge(number).1).contains("\"build\" is pending"));
    desk.wait(90);
    assert_eq!(desk.get(&runs).1["check_runs"][0]["conclusion"], "success");
    desk.act("push main").unwrap();
    desk.wait(10);
    let (_, pull) = desk.get(&format!("./pulls/{number}"));
    assert_eq!(pull["mergeable_state"], "behind");
    let update = json!({ "expected_head_sha": sha });
    assert_eq!(
        desk.put(&format!("./pulls/{number}/update-branch"), update)
            .0,
        202
    );
    desk.wait(110);
    assert_ne!(desk.head("x"), sha);
    let stale = json!({ "merge_method": "merge", "sha": sha });
    let (status, body) = desk.put(&format!("./pulls/{number}/merge"), stale);
    assert_eq!(
        (status, message(&body)),
        (
            409,
            "Head branch was modified. Review and try the merge again."
        )
    );
    assert_eq!(desk.merge(number).0, 200);
}

#[test]
fn a_failing_check_that_nobody_requires_only_shows() {
    let mut desk = Desk::at(&scenario("fresh", |scenario| {
        scenario.lag = false;
        scenario.checks.fails = vec!["Vercel".to_owned()];
    }));
    desk.branch("x", "main");
    desk.commit("x", "a", "b");
    let number = desk.open("x", "main");
    desk.wait(120);
    let sha = desk.head("x");
    assert_eq!(
        desk.get(&format!("./commits/{sha}/status")).1["state"],
        "failure"
    );
    assert_eq!(
        desk.get(&format!("./pulls/{number}")).1["mergeable_state"],
        "unstable"
    );
    assert_eq!(desk.merge(number).0, 200);
}

#[test]
fn conflicts_races_and_methods_are_refused_as_such() {
    let mut desk = Desk::at(&scenario("fresh", |scenario| {
        scenario.lag = false;
        scenario.repository.allow_squash_merge = false;
    }));
    for branch in ["x", "y", "z"] {
        desk.branch(branch, "main");
    }
    desk.commit("x", "README.md", "x");
    desk.commit("y", "README.md", "y");
    desk.commit("z", "other", "z");
    let (x, y, z) = (
        desk.open("x", "main"),
        desk.open("y", "main"),
        desk.open("z", "main"),
    );
    desk.wait(10);
    let squash = json!({ "merge_method": "squash" });
    let (status, body) = desk.put(&format!("./pulls/{x}/merge"), squash);
    assert_eq!(
        (status, message(&body)),
        (405, "Squash merges are not allowed on this repository.")
    );
    assert_eq!(desk.merge(x).0, 200);
    let (status, body) = desk.merge(z);
    assert_eq!(
        (status, message(&body)),
        (
            405,
            "Base branch was modified. Review and try the merge again."
        )
    );
    desk.wait(10);
    assert_eq!(
        desk.get(&format!("./pulls/{y}")).1["mergeable_state"],
        "dirty"
    );
    assert_eq!(message(&desk.merge(y).1), "Pull Request is not mergeable");
    let rebase = json!({ "merge_method": "rebase" });
    assert_eq!(desk.put(&format!("./pulls/{z}/merge"), rebase).0, 200);
}

#[test]
fn reviews_come_from_others_and_can_be_refused() {
    let mut desk = Desk::at(&scenario("done", |scenario| {
        scenario.lag = false;
        scenario.reviewer = Reviewer::None;
    }));
    desk.branch("x", "main");
    desk.commit("x", "a", "b");
    let number = desk.open("x", "main");
    let (status, body) = desk.post(
        &format!("./pulls/{number}/reviews"),
        json!({ "event": "APPROVE" }),
    );
    assert_eq!(
        (status, &body["errors"][0]),
        (422, &json!("Can not approve your own pull request"))
    );
    let asked = format!("./pulls/{number}/requested_reviewers");
    assert_eq!(desk.post(&asked, json!({ "reviewers": ["acme"] })).0, 422);
    assert_eq!(desk.post(&asked, json!({ "reviewers": ["robin"] })).0, 201);
    desk.wait(3600);
    assert_eq!(desk.merge(number).0, 405);
    desk.act(&format!("refuse_pr {number}")).unwrap();
    assert!(message(&desk.merge(number).1).contains("Changes have been requested"));
    desk.act(&format!("approve_pr {number}")).unwrap();
    assert_eq!(desk.merge(number).0, 200);
    assert!(desk.act(&format!("close_pr {number}")).is_err());
    assert!(desk.act("approve_pr 99").is_err());
}

#[test]
fn files_are_read_and_written_one_at_a_time() {
    let mut desk = Desk::calm("fresh");
    desk.branch("x", "main");
    let (_, folder) = desk.get("./contents/server?ref=x");
    let names: Vec<&str> = folder
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|i| i["name"].as_str())
        .collect();
    assert_eq!(names, ["models", "package.json", "server.js", "worker.js"]);
    let (_, file) = desk.get("./contents/server%2Fserver.js?ref=x");
    assert_eq!(file["encoding"], "base64");
    assert!(file["content"].as_str().unwrap().lines().count() > 3);
    let write =
        |sha: Value| json!({ "message": "m", "content": "eA==\n", "branch": "x", "sha": sha });
    let path = "./contents/server/server.js";
    assert_eq!(
        message(&desk.put(path, write(Value::Null)).1),
        "Invalid request.\n\n\"sha\" wasn't supplied."
    );
    let (status, body) = desk.put(path, write(json!("0123")));
    assert_eq!(
        (status, message(&body)),
        (409, "server/server.js does not match 0123")
    );
    let (status, body) = desk.put(path, write(file["sha"].clone()));
    assert_eq!(status, 200);
    assert_eq!(
        body["content"]["sha"],
        "c1b0730e0133447badcfd47fd144e254807b06e1"
    ); // git hash-object of "x"
    let big = json!({ "message": "m", "branch": "x", "content": "A".repeat(1_500_000) });
    assert_eq!(desk.put("./contents/big.bin", big).0, 201);
    let (_, read) = desk.get("./contents/big.bin?ref=x");
    assert_eq!(
        (&read["encoding"], &read["content"]),
        (&json!("none"), &json!(""))
    );
    assert_eq!(desk.get("./contents/nothing?ref=x").0, 404);
    assert_eq!(desk.get("./contents/server?ref=nowhere").0, 404);
}

#[test]
fn a_branch_that_is_deleted_on_merge_goes_unless_a_rule_holds_it() {
    let mut desk = Desk::at(&scenario("foreign", |scenario| scenario.lag = false));
    let ahead = desk.get("./compare/staging...develop").1["ahead_by"].clone();
    assert_eq!(ahead, 2);
    let number = desk.open("develop", "staging");
    desk.wait(8 * 60);
    assert_eq!(desk.merge(number).0, 200);
    desk.wait(5);
    assert_eq!(desk.get("./branches/develop").0, 404);
    // The pull request that waited on it is closed with it.
    assert_eq!(desk.get("./pulls/1").1["state"], "closed");
    let number = desk.open("staging", "main");
    desk.wait(8 * 60);
    assert_eq!(desk.merge(number).0, 200);
    desk.wait(5);
    // Its classic protection allows no deletion.
    assert_eq!(desk.get("./branches/staging").0, 200);
    let gone: Vec<String> = desk
        .world
        .ledger()
        .objects
        .into_iter()
        .filter(|o| !o.alive)
        .map(|o| o.id)
        .collect();
    assert_eq!(gone, ["develop"]);
}

#[test]
fn named_worlds_are_as_they_are_described() {
    let mut desk = Desk::calm("done");
    for branch in ["main", "staging", "develop"] {
        let file = desk
            .get(&format!("./contents/server/server.js?ref={branch}"))
            .1;
        let text = super::data::decode(file["content"].as_str().unwrap()).unwrap();
        assert!(
            String::from_utf8(text)
                .unwrap()
                .contains("process.env.CORS_ORIGIN")
        );
        assert_eq!(
            desk.get(&format!("./branches/{branch}")).1["protected"],
            true
        );
    }
    let sha = desk.head("main");
    let (_, runs) = desk.get(&format!("./commits/{sha}/check-runs"));
    assert_eq!(runs["check_runs"][0]["conclusion"], "success");
    let mut desk = Desk::calm("half");
    let (_, compare) = desk.get("./compare/main...staging");
    assert_eq!(
        (
            &compare["status"],
            &compare["ahead_by"],
            &compare["behind_by"]
        ),
        (&json!("diverged"), &json!(2), &json!(1))
    );
    assert_eq!(desk.head("golive/2.code"), desk.head("main"));
    let mut desk = Desk::calm("foreign");
    let (_, pulls) = desk.get("./pulls?state=open&head=acme:feature/calendar&base=develop");
    assert_eq!(pulls[0]["user"]["login"], "jonas-frei");
    assert_eq!(desk.get("./branches/staging/protection").0, 200);
}
