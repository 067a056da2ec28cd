//! Whom this Atlas refuses, in its own words: keys, versions, limits and roles.

use md5::{Digest, Md5};
use serde_json::{Value, json};

use super::spec::{KeyRole, OrgRole, RateSpec};
use super::stories::{Caller, JSON, code, wanted_cluster, wanted_user};
use crate::seam::transport::{HttpResponse, Method};
use crate::sim::desk::scenario;
use crate::sim::{Call, Provider};

fn body(response: &HttpResponse) -> Value {
    serde_json::from_slice(&response.body).unwrap_or(Value::Null)
}

fn set(call: &mut Call, name: &str, value: &str) {
    call.headers
        .retain(|(known, _)| !known.eq_ignore_ascii_case(name));
    if !value.is_empty() {
        call.headers.push((name.to_owned(), value.to_owned()));
    }
}

#[test]
fn a_token_is_given_to_the_right_client_alone_and_not_without_end() {
    let mut caller = Caller::calm("fresh");
    let refused = caller.ask_token("grant_type=password");
    assert_eq!(
        (refused.status, &body(&refused)["error"]),
        (400, &json!("unsupported_grant_type"))
    );
    assert_eq!(caller.ask_token("").status, 400);
    let mut wrong = caller.call_for(Method::Post, "/api/oauth/token", None);
    wrong.body = Some(b"grant_type=client_credentials".to_vec());
    set(&mut wrong, "authorization", "Basic bm9ib2R5OndyaXRl");
    let refused = caller.send(&wrong);
    assert_eq!(
        (refused.status, &body(&refused)["error"]),
        (401, &json!("invalid_client"))
    );
    assert_eq!(refused.header("content-type"), Some("application/json"));
    for _ in 0..46 {
        caller.renew();
    }
    let limited = caller.ask_token("grant_type=client_credentials");
    assert_eq!(
        (limited.status, &body(&limited)["errorCode"]),
        (429, &json!("RATE_LIMITED"))
    );
    assert_eq!(
        body(&limited)["parameters"],
        json!(["/api/oauth/token", 50, 1])
    );
    caller.desk.wait(61);
    caller.renew();
}

#[test]
fn a_token_ends_with_its_hour() {
    let mut caller = Caller::calm("fresh");
    caller.desk.wait(3590);
    assert_eq!(caller.get("/groups").0, 200);
    caller.desk.wait(30);
    let call = caller.call_for(Method::Get, "/groups", None);
    let refused = caller.send(&call);
    assert_eq!(refused.status, 401);
    assert_eq!(
        body(&refused),
        json!({ "error": 401, "reason": "Unauthorized", "detail": "You are not authorized for this resource.",
            "errorCode": "UNEXPECTED_ERROR" })
    );
    assert_eq!(refused.header("content-type"), Some("application/json"));
}

fn md5(text: &str) -> String {
    let digest = Md5::digest(text.as_bytes());
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The answer to a challenge, as RFC 2617 words it.
fn digest(caller: &Caller, call: &Call, nonce: &str, count: u32, secret: Option<&str>) -> String {
    let tokens = caller.desk.world.ready_tokens();
    let (id, key) = (
        &tokens["atlas_id"],
        secret.unwrap_or(&tokens["atlas_secret"]),
    );
    let (method, path) = (call.method, &call.path);
    let who = md5(&format!("{id}:MMS Public API:{key}"));
    let what = md5(&format!("{method}:{path}"));
    let response = md5(&format!("{who}:{nonce}:{count:08x}:abc:auth:{what}"));
    format!(
        "Digest username=\"{id}\", realm=\"MMS Public API\", nonce=\"{nonce}\", uri=\"{path}\", qop=auth, nc={count:08x}, cnonce=\"abc\", response=\"{response}\", algorithm=MD5"
    )
}

fn nonce(response: &HttpResponse) -> String {
    let challenge = response.header("www-authenticate").expect("a challenge");
    assert!(challenge.starts_with("Digest realm=\"MMS Public API\", domain=\"\", nonce=\""));
    challenge.split('"').nth(5).unwrap().to_owned()
}

#[test]
fn an_api_key_answers_a_challenge_for_one_call() {
    let mut caller = Caller::calm("fresh");
    let mut call = caller.call_for(Method::Get, "/groups?itemsPerPage=5", None);
    set(&mut call, "authorization", "");
    let challenge = caller.send(&call);
    assert_eq!(challenge.status, 401);
    let first = nonce(&challenge);
    let right = digest(&caller, &call, &first, 1, None);
    set(&mut call, "authorization", &right);
    assert_eq!(caller.send(&call).status, 200);
    // Overheard, it opens nothing; nor does it open another path.
    assert_eq!(caller.send(&call).status, 401);
    let mut other = call.clone();
    other.path = other.path.replace("=5", "=6");
    let second = digest(&caller, &call, &first, 2, None);
    set(&mut other, "authorization", &second);
    assert_eq!(caller.send(&other).status, 401);
    set(&mut call, "authorization", &second);
    assert_eq!(caller.send(&call).status, 200);
    // A wrong key gets the same answer as none; an old challenge is worth nothing.
    let wrong = digest(&caller, &call, &first, 3, Some("wrong"));
    set(&mut call, "authorization", &wrong);
    let refused = caller.send(&call);
    assert_eq!(
        (refused.status, refused.body.clone()),
        (401, challenge.body)
    );
    let fresh = nonce(&refused);
    caller.desk.wait(301);
    let late = digest(&caller, &call, &fresh, 1, None);
    set(&mut call, "authorization", &late);
    assert_eq!(caller.send(&call).status, 401);
    // What opens the token endpoint does not open the rest.
    let basic = caller.desk.world.signatures(Provider::Atlas).remove(0);
    set(&mut call, "authorization", &basic);
    assert_eq!(caller.send(&call).status, 401);
}

#[test]
fn the_api_has_an_access_list_of_its_own() {
    let mut caller = Caller::with("fresh", |scenario| {
        scenario.atlas.api_access_list.required = true;
        scenario.atlas.api_access_list.addresses = vec!["198.51.100.0/24".to_owned()];
    });
    let refused = caller.get("/groups");
    assert_eq!(code(&refused), (403, "IP_ADDRESS_NOT_ON_ACCESS_LIST"));
    assert_eq!(
        (&refused.1["detail"], &refused.1["parameters"]),
        (
            &json!("IP address 203.0.113.9 is not allowed to access this resource."),
            &json!(["203.0.113.9"])
        )
    );
    let mut caller = Caller::with("fresh", |s| s.atlas.api_access_list.required = true);
    assert_eq!(
        code(&caller.get("/groups")),
        (403, "ORG_REQUIRES_ACCESS_LIST")
    );
    let mut caller = Caller::calm("fresh");
    let (_, orgs) = caller.get("/orgs?name=AC");
    let id = orgs["results"][0]["id"].as_str().unwrap().to_owned();
    let (_, settings) = caller.get(&format!("/orgs/{id}/settings"));
    assert_eq!(settings["apiAccessListRequired"], false);
    assert_eq!(caller.get("/orgs?name=other").1["results"], json!([]));
    assert_eq!(caller.get("/orgs/0123456789abcdef01234567").0, 404);
}

#[test]
fn a_version_is_asked_for_and_answered() {
    let mut caller = Caller::calm("fresh");
    let mut call = caller.call_for(Method::Get, "/groups/{Shop}/clusters", None);
    let answer = caller.send(&call);
    assert_eq!(
        answer.header("content-type"),
        Some("application/vnd.atlas.2024-08-05+json;charset=utf-8")
    );
    assert_eq!(answer.header("ratelimit-limit"), Some("10000"));
    assert_eq!(answer.header("ratelimit-remaining"), Some("9999"));
    for (accept, status) in [
        ("application/json", 406),
        ("", 406),
        ("application/vnd.atlas.2023-01-01+json", 406),
        ("application/vnd.atlas.2024-08-05+json", 200),
    ] {
        set(&mut call, "accept", accept);
        assert_eq!(caller.send(&call).status, status, "{accept}");
    }
    let wanted = Some(wanted_cluster("shop-prod-cluster"));
    let mut call = caller.call_for(Method::Post, "/groups/{Shop}/clusters", wanted);
    set(&mut call, "content-type", "text/plain");
    assert_eq!(caller.send(&call).status, 415);
    set(&mut call, "content-type", JSON);
    set(&mut call, "accept", "application/vnd.atlas.2024-08-05+json");
    let old = caller.send(&call);
    assert_eq!(old.status, 201);
    assert!(
        old.header("sunset")
            .is_some_and(|date| date.contains("2027"))
    );
    let missing = caller.call_for(Method::Get, "/groups/{Shop}/clusters/x", None);
    let refused = caller.send(&missing);
    assert_eq!(refused.header("x-error-code"), Some("CLUSTER_NOT_FOUND"));
    assert_eq!(
        caller
            .get("/groups/{Shop}/clusters/shop-dev/backup/snapshots")
            .0,
        404
    );
}

#[test]
fn calls_are_limited_when_the_bucket_is_small_and_lists_fail_once_without_a_reason() {
    let mut caller = Caller::with("fresh", |scenario| {
        scenario.atlas.rate = Some(RateSpec {
            capacity: 10,
            refill: 5,
        });
    });
    let call = caller.call_for(Method::Get, "/orgs", None);
    for _ in 0..10 {
        assert_eq!(caller.send(&call).status, 200);
    }
    caller.desk.wait(5);
    let limited = caller.send(&call);
    assert_eq!(
        (limited.status, limited.header("retry-after")),
        (429, Some("55"))
    );
    assert_eq!(
        (&body(&limited)["errorCode"], &body(&limited)["parameters"]),
        (
            &json!("RATE_LIMITED_TOKEN_BUCKET"),
            &json!(["api/atlas/v2/orgs", 55, 10, 5, 60])
        )
    );
    caller.desk.wait(55);
    let after: Vec<u16> = (0..6).map(|_| caller.send(&call).status).collect();
    assert_eq!(after, [200, 200, 200, 200, 200, 429]);

    let mut caller = Caller::with("fresh", |s| s.atlas.flaky_access_list = true);
    let looks = (0..6).map(|_| caller.get("/groups/{Shop}/accessList").0);
    assert_eq!(looks.filter(|status| *status == 500).count(), 1);
}

#[test]
fn a_missing_role_is_a_401() {
    let cases: [(KeyRole, &[u16]); 4] = [
        (KeyRole::ReadOnly, &[200, 401, 401, 401]),
        (KeyRole::ClusterCreator, &[200, 201, 401, 401]),
        (KeyRole::DatabaseAccessAdmin, &[200, 401, 201, 401]),
        (KeyRole::NetworkAccessManager, &[200, 401, 401, 201]),
    ];
    for (role, expected) in cases {
        let mut caller = Caller::with("fresh", |s| s.atlas.projects[0].role = role);
        let seen = [
            caller.get("/groups/{Shop}").0,
            caller
                .post(
                    "/groups/{Shop}/clusters",
                    wanted_cluster("shop-prod-cluster"),
                )
                .0,
            caller
                .post(
                    "/groups/{Shop}/databaseUsers",
                    wanted_user("x", "long enough"),
                )
                .0,
            caller
                .post(
                    "/groups/{Shop}/accessList",
                    json!([{ "ipAddress": "192.0.2.1" }]),
                )
                .0,
        ];
        assert_eq!(seen, expected, "{role:?}");
    }
    let mut caller = Caller::with("half", |s| {
        s.atlas.projects[0].role = KeyRole::ClusterManager
    });
    let one = "/groups/{Shop}/clusters/shop-prod-cluster";
    assert_eq!(caller.patch(one, json!({ "backupEnabled": false })).0, 200);
    let refused = caller.patch(one, json!({ "terminationProtectionEnabled": true }));
    assert_eq!(code(&refused), (401, "USER_UNAUTHORIZED"));
    let mut caller = Caller::calm("foreign");
    assert_eq!(
        code(&caller.get("/groups/{Sandbox}")),
        (401, "NOT_IN_GROUP")
    );
    assert_eq!(
        code(&caller.get("/groups/byName/Sandbox")),
        (401, "USER_CANNOT_ACCESS_GROUP")
    );
    let mut caller = Caller::with("fresh", |s| s.atlas.org_role = OrgRole::None);
    assert_eq!(caller.get("/orgs").1["results"], json!([]));
    assert_eq!(caller.get("/groups").1["totalCount"], 1);
}

#[test]
fn a_project_is_found_by_its_name_and_made_once() {
    let mut caller = Caller::calm("fresh");
    assert_eq!(
        code(&caller.get("/groups/byName/Other%20Shop")),
        (404, "GROUP_NAME_NOT_FOUND")
    );
    let (_, shop) = caller.get("/groups/byName/Shop");
    let wanted = json!({ "name": "Other Shop", "orgId": shop["orgId"] });
    let (status, made) = caller.post("/groups", wanted.clone());
    assert_eq!((status, &made["clusterCount"]), (201, &json!(0)));
    assert_eq!(
        caller.get("/groups/byName/Other%20Shop").1["id"],
        made["id"]
    );
    assert_eq!(
        code(&caller.post("/groups", wanted)),
        (409, "GROUP_ALREADY_EXISTS")
    );
    let wanted = json!({ "name": "a/b", "orgId": shop["orgId"] });
    assert_eq!(caller.post("/groups", wanted).0, 400);
    assert_eq!(
        code(&caller.get("/groups/111111111111111111111111")),
        (404, "GROUP_NOT_FOUND")
    );
    let mut caller = Caller::with("fresh", |s| s.atlas.org_role = OrgRole::Member);
    let wanted = json!({ "name": "Another", "orgId": shop["orgId"] });
    assert_eq!(
        code(&caller.post("/groups", wanted)),
        (401, "NOT_ORG_GROUP_CREATOR")
    );
}

#[test]
fn regions_are_listed_for_a_tier() {
    let mut caller = Caller::calm("fresh");
    let (status, list) =
        caller.get("/groups/{Shop}/clusters/provider/regions?providers=AWS&tier=M10");
    assert_eq!(status, 200);
    let size = &list["results"][0]["instanceSizes"][0];
    assert_eq!(
        (&list["results"][0]["provider"], &size["name"]),
        (&json!("AWS"), &json!("M10"))
    );
    let regions = size["availableRegions"].as_array().unwrap();
    assert!(
        regions
            .iter()
            .any(|region| region["name"] == "EU_CENTRAL_1")
    );
    let refused = caller.get("/groups/{Shop}/clusters/provider/regions?providers=MARS");
    assert_eq!(code(&refused), (400, "INVALID_ENUM_VALUE"));
}

#[test]
fn a_fault_wears_the_face_of_the_gateway() {
    use crate::sim::fault::parse_list;
    let mut caller = Caller::at(&scenario("fresh", |scenario| scenario.lag = false));
    let rule = |place: &str, fault: &str| json!({ "provider": "atlas", "match": place, "nth": 1, "fault": fault });
    let rules = json!([
        rule("GET /api/atlas/v2/groups", "http_500_before"),
        rule("GET /api/atlas/v2/orgs", "http_429"),
    ]);
    let rules = parse_list(&rules.to_string(), 1).unwrap();
    caller.desk.world.add_faults(&rules);
    let call = caller.call_for(Method::Get, "/groups", None);
    let broken = caller.send(&call);
    assert_eq!(
        (broken.status, broken.header("content-type")),
        (500, Some("text/html"))
    );
    let call = caller.call_for(Method::Get, "/orgs", None);
    let limited = caller.send(&call);
    assert_eq!(
        (limited.status, limited.header("retry-after")),
        (429, Some("20"))
    );
    assert_eq!(body(&limited)["errorCode"], "RATE_LIMITED_TOKEN_BUCKET");
}
