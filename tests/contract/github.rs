//! The simulated GitHub against its document: a busy life of one repository.

use golive::sim::{Act, Provider};
use serde_json::json;

use crate::caller::{self, Caller};
use crate::validator::{Exception, Lack};

/// In what GitHub differs from its document.
pub const EXCEPTIONS: &[Exception] = &[
    Exception::new(
        "GET /repos/{owner}/{repo}/pulls/{pull_number}/reviews",
        Lack::Status(404),
        "a pull request that a list does not know yet has no reviews; the 404 is not declared",
    ),
    Exception::new(
        "PUT /repos/{owner}/{repo}/branches/{branch}/protection",
        Lack::Sent("/required_status_checks/contexts"),
        "declared as required, but GitHub refuses `contexts` beside `checks`, which is the newer of the two",
    ),
];

fn general(caller: &mut Caller) {
    caller.get("/user");
    caller.get("/rate_limit");
    caller.get("/versions");
    caller.get(".");
    caller.get("./collaborators");
    caller.get("./collaborators/robin/permission");
}

/// Answers with the sha of the commit that the branch `x` ends in.
fn git(caller: &mut Caller) -> String {
    let (_, head) = caller.get("./git/ref/heads%2Fmain");
    let sha = head["object"]["sha"].as_str().expect("a sha").to_owned();
    for branch in ["develop", "x"] {
        let body = json!({ "ref": format!("refs/heads/{branch}"), "sha": sha });
        let (status, made) = caller.post("./git/refs", body.clone());
        assert_eq!(status, 201, "{made}");
        caller.post("./git/refs", body);
    }
    caller.get("./git/ref/heads%2Fnowhere");
    caller.get("./git/matching-refs/heads%2F");
    let (_, commit) = caller.get(&format!("./git/commits/{sha}"));
    let tree = commit["tree"]["sha"].as_str().expect("a sha").to_owned();
    caller.get(&format!("./git/trees/{tree}?recursive=1"));
    let (_, blob) = caller.post("./git/blobs", json!({ "content": "hello" }));
    let blob = blob["sha"].as_str().expect("a sha").to_owned();
    caller.get(&format!("./git/blobs/{blob}"));
    let entry = json!({ "path": "a/b", "mode": "100644", "type": "blob", "sha": blob });
    let body = json!({ "base_tree": tree, "tree": [entry] });
    let (_, tree) = caller.post("./git/trees", body);
    let body = json!({ "message": "m", "tree": tree["sha"], "parents": [sha] });
    let (_, commit) = caller.post("./git/commits", body);
    let body = json!({ "sha": commit["sha"], "force": false });
    let (status, moved) = caller.patch("./git/refs/heads%2Fx", body);
    assert_eq!(status, 200, "{moved}");
    caller.get("./branches");
    caller.get("./branches/main");
    caller.get("./branches/nowhere");
    caller.get("./commits/x");
    caller.get("./compare/main...x");
    caller.get("./contents/server");
    caller.get("./contents/server%2Fserver.js?ref=x");
    let file = json!({ "message": "m", "content": "eA==", "branch": "x" });
    caller.put("./contents/new.txt", file);
    commit["sha"].as_str().expect("a sha").to_owned()
}

fn rules(caller: &mut Caller) {
    let body = json!({
        "name": "golive: main", "target": "branch", "enforcement": "active",
        "conditions": { "ref_name": { "include": ["refs/heads/main"], "exclude": [] } },
        "bypass_actors": [{ "actor_id": 5, "actor_type": "RepositoryRole", "bypass_mode": "pull_request" }],
        "rules": [
            { "type": "deletion" },
            { "type": "non_fast_forward" },
            { "type": "pull_request", "parameters": {
                "required_approving_review_count": 1,
                "dismiss_stale_reviews_on_push": false,
                "require_code_owner_review": false,
                "require_last_push_approval": false,
                "required_review_thread_resolution": false,
            } },
            { "type": "required_status_checks", "parameters": {
                "strict_required_status_checks_policy": false,
                "required_status_checks": [{ "context": "build" }],
            } },
        ],
    });
    let (status, made) = caller.post("./rulesets", body.clone());
    assert_eq!(status, 201, "{made}");
    let ruleset = format!("./rulesets/{}", made["id"]);
    caller.get("./rulesets");
    caller.get(&ruleset);
    caller.put(&ruleset, body);
    caller.get("./rules/branches/main");
}

fn protection(caller: &mut Caller) {
    let protection = "./branches/develop/protection";
    caller.get(protection);
    let body = json!({
        "required_status_checks": { "strict": true, "checks": [{ "context": "build", "app_id": -1 }] },
        "enforce_admins": false,
        "required_pull_request_reviews": { "required_approving_review_count": 0 },
        "restrictions": null,
    });
    let (status, made) = caller.put(protection, body);
    assert_eq!(status, 200, "{made}");
    caller.get(protection);
    caller.get("./branches/develop");
    caller.delete(protection);
}

fn pull_request(caller: &mut Caller, sha: &str) {
    let body = json!({ "title": "t", "head": "x", "base": "develop", "body": "b" });
    let (status, made) = caller.post("./pulls", body.clone());
    assert_eq!(status, 201, "{made}");
    caller.post("./pulls", body);
    caller.get("./pulls/1");
    caller.get("./pulls/99");
    caller.get("./pulls?state=all");
    caller.get("./pulls/1/files");
    caller.patch("./pulls/1", json!({ "title": "u" }));
    let asked = "./pulls/1/requested_reviewers";
    caller.post(asked, json!({ "reviewers": ["robin"] }));
    caller.get(asked);
    caller.wait(10);
    let runs = format!("./commits/{sha}/check-runs");
    caller.get(&runs);
    caller.wait(120);
    caller.get(&runs);
    caller.get(&format!("./commits/{sha}/status"));
    caller.get("./actions/runs");
}

fn merge(caller: &mut Caller, sha: &str) {
    assert_eq!(caller.get("./pulls/999/reviews").0, 404);
    let reviews = "./pulls/1/reviews";
    caller.post(reviews, json!({ "event": "APPROVE" }));
    caller.post(reviews, json!({ "event": "COMMENT", "body": "Looks fine" }));
    caller.person(&Act::ApprovePull(1));
    caller.get(reviews);
    caller.get("./pulls/1");
    caller.person(&Act::Push("develop".to_owned()));
    caller.wait(10);
    caller.put("./pulls/1/update-branch", json!({}));
    caller.wait(120);
    let merge = "./pulls/1/merge";
    caller.get(merge);
    let (status, merged) = caller.put(merge, json!({}));
    assert_eq!(status, 200, "{merged}");
    caller.put(merge, json!({}));
    caller.get("./pulls/1");
    caller.get(&format!("./commits/{sha}/pulls"));
    caller.delete("./git/refs/heads%2Fx");
}

fn issues(caller: &mut Caller) {
    let issue = json!({ "title": "Debt", "body": "b", "labels": ["golive"] });
    caller.post("./issues", issue);
    caller.get("./issues?state=all");
    caller.get("./issues/2");
    caller.get("./labels");
}

#[test]
fn every_exchange_has_the_shape_that_the_document_promises() {
    let world = caller::world("fresh", |scenario| scenario.lag = false);
    let Some(mut caller) = Caller::new(Provider::Github, EXCEPTIONS, world) else {
        return;
    };
    caller.below("/repos/acme/shop");
    general(&mut caller);
    let sha = git(&mut caller);
    rules(&mut caller);
    protection(&mut caller);
    pull_request(&mut caller, &sha);
    merge(&mut caller, &sha);
    issues(&mut caller);
    caller.sign("Bearer withdrawn");
    assert_eq!(caller.get("/user").0, 401);
    caller.finish(46);
}
