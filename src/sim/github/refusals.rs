//! Stories of a caller at this GitHub: rules, rights, limits, and the edge of the service.

use serde_json::{Value, json};

use crate::seam::transport::Method;
use crate::sim::desk::{Desk, REPO, message, one_review, scenario};
use crate::sim::scenario::{OwnerType, Plan, Role, TokenKind, TokenSpec};

#[test]
fn rules_hold_against_direct_pushes_and_deletion() {
    let mut desk = Desk::calm("fresh");
    desk.branch("staging", "main");
    desk.post("./rulesets", one_review("staging"));
    let (status, body) = desk.commit("staging", "a", "b");
    assert_eq!(status, 422);
    assert!(message(&body).starts_with("Repository rule violations found\n\nChanges must be made"));
    let file = json!({ "message": "x", "content": "eA==", "branch": "staging" });
    assert_eq!(desk.put("./contents/x", file).0, 409);
    let (status, body) = desk.delete("./git/refs/heads%2Fstaging");
    assert_eq!(status, 422);
    assert!(message(&body).contains("Cannot delete this branch"));
    let (_, branch) = desk.get("./branches/staging");
    assert_eq!(branch["protected"], true);
    assert_eq!(
        message(&desk.get("./branches/staging/protection").1),
        "Branch not protected"
    );
    assert_eq!(
        message(&desk.get("./branches/nowhere/protection").1),
        "Branch not found"
    );
    let (_, rules) = desk.get("./rules/branches/staging");
    assert_eq!(rules.as_array().unwrap().len(), 3);
}

#[test]
fn a_ruleset_comes_back_with_what_the_server_adds() {
    let mut desk = Desk::calm("fresh");
    let mut wanted = one_review("main");
    wanted["conditions"]["ref_name"]
        .as_object_mut()
        .unwrap()
        .remove("exclude");
    let (status, body) = desk.post("./rulesets", wanted);
    assert_eq!(
        (status, &body["errors"][0]),
        (422, &json!("Invalid target patterns: ''"))
    );
    let mut wanted = one_review("main");
    wanted["rules"][2]["parameters"]
        .as_object_mut()
        .unwrap()
        .remove("require_code_owner_review");
    assert_eq!(desk.post("./rulesets", wanted).0, 422);
    let (_, made) = desk.post("./rulesets", one_review("main"));
    let path = format!("./rulesets/{}", made["id"]);
    let (_, read) = desk.get(&path);
    let rules = read["rules"].as_array().unwrap();
    let pull = rules
        .iter()
        .find(|rule| rule["type"] == "pull_request")
        .unwrap();
    assert_eq!(
        pull["parameters"]["allowed_merge_methods"],
        json!(["merge", "squash", "rebase"])
    );
    assert_eq!(read["bypass_actors"], json!([]));
    assert!(desk.get("./rulesets").1[0].get("rules").is_none());
    let (_, put) = desk.put(
        &path,
        json!({ "name": "golive: main", "enforcement": "disabled" }),
    );
    assert_eq!(put["enforcement"], "disabled");
    assert_eq!(desk.get("./rules/branches/main").1, json!([]));
    assert_eq!(desk.delete(&path).0, 204);
    assert_eq!(desk.get(&path).0, 404);
}

#[test]
fn classic_protection_is_read_in_another_shape_than_it_is_written() {
    let mut desk = Desk::calm("fresh");
    let path = "./branches/main/protection";
    let body = json!({
        "required_status_checks": { "strict": false, "contexts": ["build"] },
        "enforce_admins": true,
        "required_pull_request_reviews": { "required_approving_review_count": 1 },
        "restrictions": null,
    });
    let with = |name: &str, value: Value| {
        let mut body = body.clone();
        body[name] = value;
        body
    };
    let mut short = body.clone();
    short.as_object_mut().unwrap().remove("restrictions");
    assert_eq!(
        message(&desk.put(path, short).1),
        "Invalid request.\n\n\"restrictions\" wasn't supplied."
    );
    for checks in [
        json!({ "strict": true }),
        json!({ "strict": true, "contexts": [], "checks": [] }),
        json!({ "strict": true, "checks": null }),
    ] {
        let (status, body) = desk.put(path, with("required_status_checks", checks));
        assert_eq!(status, 422);
        assert!(message(&body).contains("No subschema in \"anyOf\" matched"));
    }
    let (status, refusal) = desk.put(
        path,
        with("restrictions", json!({ "users": [], "teams": [] })),
    );
    assert_eq!(status, 422);
    assert_eq!(
        refusal["errors"][0],
        "Only organization repositories can have users and team restrictions"
    );
    assert_eq!(desk.put(path, body.clone()).0, 200);
    let (_, read) = desk.get(path);
    assert_eq!(read["enforce_admins"]["enabled"], true);
    assert_eq!(read["allow_force_pushes"], json!({ "enabled": false }));
    assert_eq!(
        read["required_status_checks"]["checks"][0]["context"],
        "build"
    );
    assert!(read.get("restrictions").is_none());
    // What was read cannot be put back as it is.
    assert_eq!(desk.put(path, read).0, 422);
    desk.branch("x", "main");
    desk.commit("x", "a", "b");
    let number = desk.open("x", "main");
    desk.wait(10);
    assert_eq!(
        message(&desk.merge(number).1),
        "At least 1 approving review is required by reviewers with write access."
    );
    assert_eq!(desk.delete(path).0, 204);
    assert_eq!(desk.merge(number).0, 200);
}

#[test]
fn a_free_private_repository_has_no_rules_at_all() {
    for (owner, plan) in [
        (OwnerType::User, "GitHub Pro"),
        (OwnerType::Organization, "GitHub Team"),
    ] {
        let mut desk = Desk::at(&scenario("fresh", |scenario| {
            scenario.repository.plan = Plan::Free;
            scenario.repository.owner_type = owner;
        }));
        for path in [
            "./rulesets",
            "./rules/branches/main",
            "./branches/main/protection",
        ] {
            let (status, body) = desk.get(path);
            assert_eq!(status, 403);
            assert_eq!(
                message(&body),
                format!("Upgrade to {plan} or make this repository public to enable this feature.")
            );
        }
        assert_eq!(desk.post("./rulesets", one_review("main")).0, 403);
        assert_eq!(desk.get("./branches/main").0, 200);
    }
}

#[test]
fn tokens_are_told_what_they_lack() {
    let granted = |scopes: &[&str]| {
        let mut desk = Desk::at(&scenario("fresh", |scenario| {
            scenario.token = TokenSpec {
                kind: TokenKind::FineGrained,
                scopes: scopes.iter().map(|scope| (*scope).to_owned()).collect(),
                expires: Some("2026-12-24T09:00:00Z".parse().unwrap()),
            };
        }));
        desk.wait(1);
        desk
    };
    let mut desk = granted(&["contents=read", "pull_requests=write"]);
    let look = desk.call_for(Method::Get, "./branches/main/protection", None);
    let reply = desk.raw(&look);
    assert_eq!(reply.status, 403);
    assert_eq!(
        reply.header("x-accepted-github-permissions"),
        Some("administration=read")
    );
    assert_eq!(reply.header("x-oauth-scopes"), None);
    assert_eq!(
        reply.header("github-authentication-token-expiration"),
        Some("2026-12-24 09:00:00 UTC")
    );
    assert_eq!(desk.get("./branches/main").0, 200);
    assert_eq!(desk.post("./git/blobs", json!({ "content": "x" })).0, 403);
    let sha = desk.head("main");
    let mut desk = granted(&["contents=write", "administration=write", "checks=read"]);
    assert_eq!(desk.get(&format!("./commits/{sha}/check-runs")).0, 403);
    assert_eq!(granted(&[]).get("./branches/main").0, 404);
    desk.wait(31 * 24 * 3600);
    assert_eq!(message(&desk.get("/user").1), "Bad credentials");
    desk.authorization = "Bearer ghp_wrong".to_owned();
    assert_eq!(desk.get("/user").0, 401);
}

#[test]
fn a_writer_who_is_no_admin_cannot_touch_rules() {
    let mut desk = Desk::at(&scenario("done", |scenario| {
        scenario.lag = false;
        scenario.user.role = Role::Write;
    }));
    assert_eq!(desk.post("./rulesets", one_review("main")).0, 403);
    assert_eq!(
        message(&desk.get("./branches/main/protection").1),
        "Not Found"
    );
    let (_, list) = desk.get("./rulesets");
    let (_, one) = desk.get(&format!("./rulesets/{}", list[0]["id"]));
    assert!(one["rules"].is_array() && one.get("bypass_actors").is_none());
}

#[test]
fn the_edge_of_the_service_has_its_rules() {
    let mut desk = Desk::calm("fresh");
    let mut bare = desk.call_for(Method::Get, "/user", None);
    bare.headers.remove(0);
    let reply = desk.raw(&bare);
    assert_eq!(
        (reply.status, reply.header("content-type")),
        (403, Some("text/html"))
    );
    let mut old = desk.call_for(Method::Get, "/user", None);
    old.headers
        .push(("X-GitHub-Api-Version".to_owned(), "2019-01-01".to_owned()));
    assert_eq!(desk.raw(&old).status, 400);
    let look = desk.call_for(Method::Get, "/user", None);
    let reply = desk.raw(&look);
    assert_eq!(reply.header("date"), Some("Tue, 24 Nov 2026 08:00:00 GMT"));
    assert_eq!(reply.header("x-oauth-scopes"), Some("repo, workflow"));
    assert!(reply.header("x-github-request-id").is_some());
    let mut again = look;
    let etag = reply.header("etag").unwrap().to_owned();
    again.headers.push(("if-none-match".to_owned(), etag));
    assert_eq!(desk.raw(&again).status, 304);
    for path in [
        "./branches/",
        "/nothing",
        "/repos/acme/other",
        "./nothing",
        "./git/ref/heads%2Fnowhere",
    ] {
        assert_eq!(desk.get(path).0, 404, "{path}");
    }
    for path in [
        "./git/ref/heads%2Fmain",
        "./git/ref/heads/main",
        "./contents/server%2Fserver.js",
        "./contents/server/server.js",
    ] {
        assert_eq!(desk.get(path).0, 200, "{path}");
    }
    let mut torn = desk.call_for(Method::Post, "./issues", None);
    torn.body = Some(b"{".to_vec());
    assert_eq!(desk.raw(&torn).status, 400);
}

#[test]
fn limits_count_and_refuse() {
    let mut desk = Desk::calm("fresh");
    let write = desk.call_for(Method::Post, "./git/blobs", Some(json!({ "content": "x" })));
    let statuses: Vec<u16> = (0..81).map(|_| desk.raw(&write).status).collect();
    assert_eq!(statuses.iter().filter(|status| **status == 201).count(), 80);
    let reply = desk.raw(&write);
    assert_eq!(
        (reply.status, reply.header("retry-after")),
        (403, Some("60"))
    );
    assert_eq!(reply.header("x-ratelimit-remaining"), Some("4920"));
    desk.wait(61);
    assert_eq!(desk.raw(&write).status, 201);
    let core = &desk.get("/rate_limit").1["resources"]["core"];
    assert_eq!((&core["limit"], &core["used"]), (&json!(5000), &json!(81)));
}

#[test]
fn renamed_and_archived_repositories_say_so() {
    let mut desk = Desk::at(&scenario("fresh", |scenario| {
        scenario.lag = false;
        scenario.repository.archived = true;
        scenario.repository.renamed_from = Some("acme/old".to_owned());
        scenario
            .repository
            .renamed_branches
            .insert("master".to_owned(), "main".to_owned());
    }));
    let mut look = desk.call_for(Method::Get, "/repos/acme/old/branches?per_page=5", None);
    let reply = desk.raw(&look);
    assert_eq!(reply.status, 301);
    let location = reply.header("location").unwrap().to_owned();
    look.path = location
        .strip_prefix("https://api.github.com")
        .unwrap()
        .to_owned();
    assert_eq!(desk.raw(&look).status, 200);
    assert!(look.path.ends_with("/branches?per_page=5"));
    look.path = format!("{REPO}/branches/master");
    let reply = desk.raw(&look);
    assert_eq!(reply.status, 301);
    assert!(
        reply
            .header("location")
            .unwrap()
            .ends_with("/branches/main")
    );
    assert_eq!(
        message(&desk.post("./issues", json!({ "title": "x" })).1),
        "Repository was archived so is read-only."
    );
}
