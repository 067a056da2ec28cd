//! What this Render refuses, and in which words; and the switches of its beginning.

use serde_json::{Value, json};

use super::spec::Outbound;
use super::stories::{api, calm, created, desk, owner, redis};
use crate::seam::transport::Method;
use crate::sim::desk::message;
use crate::sim::fault::parse_list;
use crate::sim::scenario::{RenderSpec, Scenario};

#[test]
fn a_bad_key_a_wrong_id_and_a_body_that_is_none_are_told_apart() {
    let mut desk = calm("fresh");
    let owner = owner(&mut desk);
    let mut wrong = desk.call_for(Method::Get, "/v1/users", None);
    wrong.headers[1].1 = "Bearer rnd_nothing".to_owned();
    let refused = desk.raw(&wrong);
    assert_eq!(refused.status, 401);
    assert_eq!(refused.body, br#"{"message":"Unauthorized"}"#);
    for header in ["render-request-id", "ratelimit-limit", "ratelimit-reset"] {
        assert!(refused.header(header).is_some(), "{header}");
    }
    for path in [
        "/v1/services/srv-cu2k4j3qf0us73fbv7u0",
        "/v1/key-value/srv-cu2k4j3qf0us73fbv7u0",
        "/v1/owners/srv-cu2k4j3qf0us73fbv7u0",
    ] {
        let (status, body) = desk.get(path);
        assert_eq!(
            (status, message(&body)),
            (404, "not found: srv-cu2k4j3qf0us73fbv7u0")
        );
    }
    assert_eq!(desk.get("/users").0, 404);
    assert_eq!(desk.post("/v1/services", json!([])).0, 400);
    let mut unknown = api(&owner, "x");
    unknown["ownerId"] = json!("tea-nobody");
    assert_eq!(desk.post("/v1/services", unknown).0, 404);
}

#[test]
fn a_service_must_be_possible() {
    let mut desk = calm("fresh");
    let owner = owner(&mut desk);
    let mut refused = |change: &dyn Fn(&mut Value)| {
        let mut body = api(&owner, "shop-api-prod");
        change(&mut body);
        let (status, body) = desk.post("/v1/services", body);
        assert_eq!(status, 400, "{body}");
        message(&body).to_owned()
    };
    type Change<'a> = &'a dyn Fn(&mut Value);
    let changes: [(Change<'_>, &str); 9] = [
        (&|b| b["type"] = json!("lambda"), "invalid type"),
        (&|b| b["name"] = json!(" "), "name is required"),
        (
            &|b| b["serviceDetails"]["plan"] = json!("huge"),
            "invalid plan: huge",
        ),
        (
            &|b| b["serviceDetails"]["region"] = json!("zurich"),
            "invalid region",
        ),
        (
            &|b| b["serviceDetails"]["runtime"] = json!("java"),
            "invalid runtime",
        ),
        (&|b| b["autoDeploy"] = json!("yes"), "only one of"),
        (
            &|b| b["envVars"] = json!([{ "key": "A", "value": "b", "generateValue": true }]),
            "one of value and generateValue",
        ),
        (
            &|b| b["repo"] = json!("https://github.com/acme/shop.git"),
            "invalid or unfetchable",
        ),
        (
            &|b| {
                b["type"] = json!("background_worker");
                b["serviceDetails"]["plan"] = json!("free");
            },
            "free plan is not available",
        ),
    ];
    for (change, words) in changes {
        let said = refused(change);
        assert!(said.contains(words), "{words}: {said}");
    }
}

#[test]
fn a_name_is_there_once_in_a_workspace() {
    let mut desk = calm("foreign");
    let owner = owner(&mut desk);
    let (status, body) = desk.post("/v1/services", api(&owner, "shop-worker-staging"));
    assert_eq!((status, message(&body)), (409, "name already in use"));
    // In another workspace it is free.
    let (service, _) = created(&mut desk, api(&owner, "kindercodes-api"));
    let rename = json!({ "name": "shop-worker-staging" });
    let path = format!("/v1/services/{service}");
    assert_eq!(desk.call(Method::Patch, &path, Some(rename)).0, 409);
}

#[test]
fn a_repository_that_the_app_was_not_given_cannot_be_built() {
    let mut desk = desk("fresh", |scenario| scenario.render.app_reaches = false);
    let owner = owner(&mut desk);
    let (status, body) = desk.post("/v1/services", api(&owner, "x"));
    assert_eq!(status, 400);
    assert_eq!(
        message(&body),
        "passed in repository URL is invalid or unfetchable: https://github.com/acme/shop. Accepted formats are: https://github.com/{namespace}/{repository}, https://gitlab.com/{namespace}/{repository}, https://bitbucket.org/{namespace}/{repository}, or https://cursor.com/codebase/{namespace}/{repository}. You may pass in a branch in the branch field."
    );
    // What is public is built all the same, though nobody tells of pushes.
    let mut desk = super::stories::desk("fresh", |scenario| {
        scenario.render.app_reaches = false;
        scenario.repository.private = false;
    });
    let owner = super::stories::owner(&mut desk);
    assert_eq!(desk.post("/v1/services", api(&owner, "x")).0, 201);
}

#[test]
fn what_costs_needs_a_card() {
    let poor = |verified: bool| {
        desk("fresh", |scenario| {
            scenario.render.workspaces[0].card = false;
            scenario.render.workspaces[0].verified = verified;
        })
    };
    let mut desk = poor(true);
    let owner = owner(&mut desk);
    let (status, body) = desk.post("/v1/services", api(&owner, "x"));
    assert_eq!(status, 402);
    assert!(message(&body).starts_with("Payment information is required"));
    assert_eq!(desk.post("/v1/key-value", redis(&owner, "r")).0, 402);
    let mut free = api(&owner, "x");
    free["serviceDetails"]["plan"] = json!("free");
    let (service, _) = created(&mut desk, free.clone());
    let upgrade = json!({ "serviceDetails": { "plan": "starter" } });
    let path = format!("/v1/services/{service}");
    assert_eq!(desk.call(Method::Patch, &path, Some(upgrade)).0, 402);
    let mut desk = poor(false);
    assert_eq!(desk.post("/v1/services", free).0, 402);
}

#[test]
fn only_one_key_value_is_free_and_none_gets_smaller() {
    let mut desk = calm("fresh");
    let owner = owner(&mut desk);
    let mut free = redis(&owner, "one");
    free["plan"] = json!("free");
    let (status, made) = desk.post("/v1/key-value", free.clone());
    assert_eq!(status, 201);
    assert!(made["options"].get("persistenceMode").is_none());
    let (status, body) = desk.post("/v1/key-value", free.clone());
    assert_eq!(
        (status, message(&body)),
        (400, "cannot have more than 1 free tier Key Value instance")
    );
    let path = format!("/v1/key-value/{}", made["id"].as_str().unwrap());
    desk.wait(100);
    let mut patch = |change: Value| desk.call(Method::Patch, &path, Some(change));
    let (_, bigger) = patch(json!({ "plan": "standard" }));
    assert_eq!(bigger["status"], "updating_instance");
    assert_eq!(patch(json!({ "plan": "starter" })).0, 400);
    let open = json!({ "ipAllowList": [{ "cidrBlock": "1.2.3.4/32" }] });
    let (status, body) = patch(open);
    assert_eq!(status, 400);
    assert!(message(&body).contains("description is required"));
    let odd = json!({ "ipAllowList": [{ "cidrBlock": "1.2.3.4", "description": "x" }] });
    assert_eq!(patch(odd).0, 400);
    // The free place is free again.
    assert_eq!(desk.post("/v1/key-value", free).0, 201);
}

#[test]
fn the_twenty_first_create_of_an_hour_waits_for_the_next() {
    let mut desk = calm("fresh");
    let owner = owner(&mut desk);
    for at in 0..20 {
        created(&mut desk, api(&owner, &format!("shop-{at:02}")));
    }
    let call = desk.call_for(Method::Post, "/v1/services", Some(api(&owner, "one-more")));
    let refused = desk.raw(&call);
    assert_eq!(refused.status, 429);
    assert_eq!(refused.body, br#"{"message":"rate limit exceeded"}"#);
    let number = |name| refused.header(name).unwrap().parse::<i64>().unwrap();
    assert_eq!(
        (number("ratelimit-limit"), number("ratelimit-remaining")),
        (20, 0)
    );
    assert!((3500..3600).contains(&number("ratelimit-reset")));
    assert_eq!(refused.header("retry-after"), None);
    // Key Values are counted apart, and so are reads.
    assert_eq!(desk.post("/v1/key-value", redis(&owner, "r")).0, 201);
    desk.wait(3600);
    assert_eq!(desk.raw(&call).status, 201);
}

#[test]
fn a_fault_speaks_as_render_does() {
    let mut desk = calm("fresh");
    let call = desk.call_for(Method::Get, "/v1/owners", None);
    let mut strike = |fault: &str| {
        let rule = json!([{ "provider": "render", "match": "GET /v1/owners", "fault": fault }]);
        let rules = parse_list(&rule.to_string(), 1).unwrap();
        desk.world.add_faults(&rules);
        desk.raw(&call)
    };
    let limited = strike("http_429");
    assert_eq!(limited.status, 429);
    assert_eq!(limited.body, br#"{"message":"rate limit exceeded"}"#);
    assert_eq!(limited.header("retry-after"), Some("20"));
    assert_eq!(limited.header("ratelimit-reset"), Some("20"));
    let dated = strike("http_429_date");
    assert!(dated.header("retry-after").unwrap().ends_with("GMT"));
    assert_eq!(dated.header("ratelimit-reset"), None);
    assert_eq!(strike("secondary_limit").header("retry-after"), None);
    for (fault, status) in [("http_500_before", 500), ("http_503_after_apply", 503)] {
        let failed = strike(fault);
        assert_eq!(failed.status, status);
        assert!(failed.header("render-request-id").is_some());
        assert!(serde_json::from_slice::<Value>(&failed.body).is_ok());
    }
}

#[test]
fn outbound_addresses_are_shared_dedicated_or_not_told() {
    let ips = |outbound| {
        let mut desk = desk("done", |scenario: &mut Scenario| {
            scenario.render.outbound = outbound;
        });
        let (_, found) = desk.get("/v1/services?name=shop-api-prod");
        let id = found[0]["service"]["id"].as_str().unwrap().to_owned();
        desk.get(&format!("/v1/services/{id}/outbound-ips"))
    };
    let (_, shared) = ips(Outbound::Shared);
    assert_eq!(
        shared,
        json!({ "type": "shared", "ips": ["74.220.51.0/24", "74.220.59.0/24"] })
    );
    let (_, own) = ips(Outbound::Dedicated);
    assert_eq!(
        (&own["type"], own["ips"].as_array().unwrap().len()),
        (&json!("dedicated"), 3)
    );
    assert!(own["dedicatedIpId"].as_str().unwrap().starts_with("egs-"));
    assert_eq!(ips(Outbound::Absent).0, 404);
}

#[test]
fn a_loose_filter_by_name_finds_more_than_was_asked_for() {
    let mut desk = desk("done", |scenario| scenario.render.loose_names = true);
    let (_, found) = desk.get("/v1/services?name=shop-api");
    assert_eq!(found.as_array().unwrap().len(), 3);
}

#[test]
fn a_world_that_says_nothing_has_a_workspace_with_a_card() {
    let owners = RenderSpec::default().owners();
    assert_eq!((owners.len(), owners[0].card), (1, true));
}
