//! The simulated Render against its document: nine services brought up, changed and taken away.

use golive::seam::transport::Method;
use golive::sim::{Act, Provider};
use serde_json::{Value, json};

use crate::caller::{self, Caller};
use crate::validator::{Exception, Lack};

/// In what Render differs from its document.
pub const EXCEPTIONS: &[Exception] = &[Exception::new(
    "POST /key-value",
    Lack::Status(402),
    "declared for services only, but a Key Value costs money as well",
)];

/// The ids of a workspace that can pay and of one that cannot.
fn account(caller: &mut Caller) -> (String, String) {
    caller.get("/v1/users");
    let (_, owners) = caller.get("/v1/owners?limit=100");
    let named = |name: &str| {
        let mut owners = owners.as_array().into_iter().flatten();
        let found = owners.find(|one| one["owner"]["name"] == name);
        text(&found.expect("a workspace of that name")["owner"]["id"])
    };
    let (owner, poor) = (named("Acme"), named(POOR));
    caller.get(&format!("/v1/owners/{owner}"));
    caller.get("/v1/owners/tea-nobody");
    (owner, poor)
}

/// A workspace without a card.
const POOR: &str = "Side project";

fn text(value: &Value) -> String {
    value.as_str().expect("a text").to_owned()
}

fn service(owner: &str, kind: &str, name: &str) -> Value {
    let mut body = json!({
        "type": kind, "name": name, "ownerId": owner,
        "repo": "https://github.com/acme/shop", "branch": "main", "rootDir": "server",
        "autoDeployTrigger": "commit",
        "serviceDetails": {
            "runtime": "node", "region": "frankfurt", "plan": "starter", "numInstances": 1,
            "envSpecificDetails": { "buildCommand": "npm ci", "startCommand": "npm start" },
        },
        "envVars": [
            { "key": "DATABASE_URL", "value": "mongodb://db.example.com/shop" },
            { "key": "JWT_SECRET", "generateValue": true },
        ],
    });
    if kind == "web_service" {
        body["serviceDetails"]["healthCheckPath"] = json!("/health");
    }
    body
}

fn redis(owner: &str, name: &str) -> Value {
    json!({
        "name": name, "ownerId": owner, "plan": "starter", "region": "frankfurt",
        "maxmemoryPolicy": "noeviction", "persistenceMode": "journal_snapshot", "ipAllowList": [],
    })
}

fn services(caller: &mut Caller, owner: &str) -> String {
    let worker = service(owner, "background_worker", "shop-worker-prod");
    let (status, made) = caller.post("/v1/services", worker);
    assert_eq!(status, 201, "{made}");
    let worker = text(&made["service"]["id"]);
    let api = service(owner, "web_service", "shop-api-prod");
    let (status, made) = caller.post("/v1/services", api.clone());
    assert_eq!(status, 201, "{made}");
    let id = text(&made["service"]["id"]);
    assert_eq!(caller.post("/v1/services", api.clone()).0, 409);
    let mut unreachable = api.clone();
    unreachable["repo"] = json!("https://github.com/acme/elsewhere");
    assert_eq!(caller.post("/v1/services", unreachable).0, 400);
    let mut nobody = api;
    nobody["ownerId"] = json!("tea-nobody");
    assert_eq!(caller.post("/v1/services", nobody).0, 404);
    let filters = format!("ownerId={owner}&type=web_service&name=shop-api-prod&region=frankfurt");
    caller.get(&format!("/v1/services?{filters}&limit=100"));
    caller.get("/v1/services?limit=1&suspended=not_suspended&includePreviews=false");
    caller.below(&format!("/v1/services/{id}"));
    caller.get(".");
    caller.get("/v1/services/srv-nothing");
    let change = json!({ "serviceDetails": {
        "plan": "standard", "envSpecificDetails": { "startCommand": "npm run dev" },
    }});
    let (status, changed) = caller.patch(".", change);
    assert_eq!(status, 200, "{changed}");
    caller.patch(".", json!({ "name": "shop-worker-prod" }));
    caller.patch(
        ".",
        json!({ "autoDeploy": "yes", "autoDeployTrigger": "off" }),
    );
    caller.get("./outbound-ips");
    caller.get("/v1/services/srv-nothing/outbound-ips");
    caller.delete(&format!("/v1/services/{worker}"));
    caller.delete("/v1/services/srv-nothing");
    id
}

fn deploys(caller: &mut Caller, owner: &str, service: &str) {
    caller.wait(10);
    let path = "./deploys";
    let (status, _) = caller.post(path, json!({ "clearCache": "do_not_clear" }));
    assert_eq!(status, 202);
    let (_, list) = caller.get("./deploys?limit=5");
    let waiting = text(&list[0]["deploy"]["id"]);
    let cancel = format!("./deploys/{waiting}/cancel");
    let (status, gone) = caller.call(Method::Post, &cancel, None);
    assert_eq!(status, 200, "{gone}");
    caller.call(Method::Post, &cancel, None);
    caller.get(&format!("./deploys/{waiting}"));
    caller.get("./deploys/dep-nothing");
    caller.wait(300);
    // The first was begun with what was asked for first, so it runs; the next one lacks its tool.
    let (status, second) = caller.post(path, json!({ "deployMode": "build_and_deploy" }));
    assert_eq!(status, 201, "{second}");
    caller.post(path, json!({ "commitId": "f00" }));
    caller.wait(300);
    let (_, list) = caller.get("./deploys?status=live&createdAfter=2026-11-24T00:00:00Z");
    assert_eq!(list.as_array().map(Vec::len), Some(1), "{list}");
    let (_, events) = caller.get("./events?type=deploy_ended&limit=5");
    let reason = &events[0]["event"]["details"]["reason"];
    assert_eq!(reason["failure"]["nonZeroExit"], 127, "{events}");
    caller.get("./events?type=deploy_started");
    caller.get("/v1/services/srv-nothing/events");
    let logs = format!("/v1/logs?ownerId={owner}&resource={service}");
    let (_, lines) = caller.get(&format!("{logs}&type=build&direction=forward&limit=3"));
    assert_eq!(lines["hasMore"], true, "{lines}");
    caller.get(&format!("{logs}&direction=sideways"));
}

fn domains(caller: &mut Caller) {
    let name = "api.acmeshop.example";
    let body = json!({ "name": name });
    let (status, made) = caller.post("./custom-domains", body.clone());
    assert_eq!(status, 201, "{made}");
    let id = text(&made[0]["id"]);
    assert_eq!(caller.post("./custom-domains", body).0, 409);
    assert_eq!(
        caller.post("./custom-domains", json!({ "name": "x" })).0,
        400
    );
    let (_, pair) = caller.post("./custom-domains", json!({ "name": "example.org" }));
    assert_eq!(pair.as_array().map(Vec::len), Some(2), "{pair}");
    let filters = "domainType=subdomain&verificationStatus=unverified&limit=1";
    caller.get(&format!("./custom-domains?name={name}&{filters}"));
    caller.get(&format!("./custom-domains/{name}"));
    caller.get("./custom-domains/nothing.example.org");
    let verify = format!("./custom-domains/{id}/verify");
    assert_eq!(caller.call(Method::Post, &verify, None).0, 202);
    let nothing = "./custom-domains/nothing.example.org/verify";
    assert_eq!(caller.call(Method::Post, nothing, None).0, 404);
    assert_eq!(caller.delete("./custom-domains/www.example.org").0, 204);
    assert_eq!(caller.delete("./custom-domains/www.example.org").0, 404);
    caller.get("/v1/services/srv-nothing/custom-domains");
}

fn own_variables(caller: &mut Caller) {
    let list = json!([{ "key": "A", "value": "1" }, { "key": "B", "generateValue": true }]);
    let (status, all) = caller.put("./env-vars", list);
    assert_eq!(
        (status, all.as_array().map(Vec::len)),
        (200, Some(2)),
        "{all}"
    );
    caller.get("./env-vars?limit=1");
    assert_eq!(caller.get("./env-vars/A").0, 200);
    assert_eq!(caller.put("./env-vars/A", json!({ "value": "2" })).0, 200);
    caller.put("./env-vars/C", json!({ "generateValue": true }));
    assert_eq!(
        caller
            .put("./env-vars/C", json!({ "generateValue": false }))
            .0,
        400
    );
    assert_eq!(caller.delete("./env-vars/C").0, 204);
    assert_eq!(caller.delete("./env-vars/C").0, 404);
    assert_eq!(caller.get("./env-vars/C").0, 404);
}

fn groups(caller: &mut Caller, owner: &str, service: &str) {
    let body = json!({
        "name": "shop-prod-env", "ownerId": owner, "serviceIds": [service],
        "envVars": [{ "key": "A", "value": "1" }, { "key": "B", "generateValue": true }],
        "secretFiles": [{ "name": "key.pem", "content": "pem" }],
    });
    let (status, made) = caller.post("/v1/env-groups", body);
    assert_eq!(status, 201, "{made}");
    let id = text(&made["id"]);
    let nobody = json!({ "name": "x", "ownerId": "tea-nobody", "envVars": [] });
    assert_eq!(caller.post("/v1/env-groups", nobody).0, 404);
    let nameless = json!({ "name": "", "ownerId": owner, "envVars": [] });
    assert_eq!(caller.post("/v1/env-groups", nameless).0, 400);
    let filters = "name=shop-prod-env&updatedAfter=2026-11-24T00:00:00Z&limit=100";
    let (_, list) = caller.get(&format!("/v1/env-groups?ownerId={owner}&{filters}"));
    assert_eq!(list[0]["envGroup"]["id"], id.as_str());
    caller.below(&format!("/v1/env-groups/{id}"));
    caller.get(".");
    caller.get("/v1/env-groups/evg-nothing");
    caller.get("./env-vars/A");
    caller.get("./env-vars/NOTHING");
    assert_eq!(caller.put("./env-vars/C", json!({ "value": "3" })).0, 200);
    assert_eq!(
        caller
            .put("./env-vars/C", json!({ "generateValue": false }))
            .0,
        400
    );
    assert_eq!(caller.delete("./env-vars/C").0, 204);
    assert_eq!(caller.delete("./env-vars/C").0, 404);
    caller.get("./secret-files/key.pem");
    caller.put("./secret-files/key.pem", json!({ "content": "other" }));
    assert_eq!(caller.delete("./secret-files/key.pem").0, 204);
    caller.get("./secret-files/key.pem");
    let link = format!("./services/{service}");
    assert_eq!(caller.delete(&link).0, 204);
    assert_eq!(caller.call(Method::Post, &link, None).0, 200);
    assert_eq!(
        caller.call(Method::Post, "./services/srv-nothing", None).0,
        404
    );
    assert_eq!(caller.patch(".", json!({ "name": "shop-env" })).0, 200);
    assert_eq!(caller.patch(".", json!({ "name": "" })).0, 400);
    assert_eq!(caller.delete(".").0, 204);
    assert_eq!(caller.delete(".").0, 404);
}

fn asleep_and_awake(caller: &mut Caller) {
    for (path, status) in [
        ("./suspend", 202),
        ("./resume", 202),
        ("/v1/services/srv-nothing/suspend", 404),
        ("/v1/services/srv-nothing/resume", 404),
    ] {
        assert_eq!(caller.call(Method::Post, path, None).0, status, "{path}");
    }
    caller.delete(".");
}

fn key_values(caller: &mut Caller, owner: &str, poor: &str) {
    let (status, made) = caller.post("/v1/key-value", redis(owner, "shop-redis-prod"));
    assert_eq!(status, 201, "{made}");
    let id = text(&made["id"]);
    let filters = format!("ownerId={owner}&name=shop-redis-prod&region=frankfurt&limit=100");
    for family in ["key-value", "redis"] {
        caller.get(&format!("/v1/{family}?{filters}"));
        caller.get(&format!("/v1/{family}/{id}"));
        caller.get(&format!("/v1/{family}/red-nothing"));
        caller.get(&format!("/v1/{family}/{id}/connection-info"));
        caller.get(&format!("/v1/{family}/red-nothing/connection-info"));
    }
    caller.below(&format!("/v1/key-value/{id}"));
    let list = json!([{ "cidrBlock": "74.220.51.0/24", "description": "Render" }]);
    caller.patch(
        ".",
        json!({ "ipAllowList": list, "maxmemoryPolicy": "allkeys_lru" }),
    );
    caller.get(".");
    caller.patch(".", json!({ "ipAllowList": [], "plan": "standard" }));
    assert_eq!(caller.patch(".", json!({ "plan": "free" })).0, 400);
    for path in ["./suspend", "./resume"] {
        assert_eq!(caller.call(Method::Post, path, None).0, 202);
        caller.get(".");
    }
    caller.delete(".");
    caller.delete("/v1/key-value/red-nothing");
    let mut free = redis(owner, "one");
    free["plan"] = json!("free");
    caller.post("/v1/key-value", free.clone());
    assert_eq!(caller.post("/v1/key-value", free).0, 400);
    caller.post("/v1/key-value", redis("tea-nobody", "x"));
    assert_eq!(caller.post("/v1/key-value", redis(poor, "x")).0, 402);
    let body = service(poor, "web_service", "x");
    assert_eq!(caller.post("/v1/services", body).0, 402);
}

#[test]
fn every_exchange_has_the_shape_that_the_document_promises() {
    let world = caller::world("foreign", |scenario| {
        scenario.lag = false;
        let mut poor = scenario.render.workspaces[0].clone();
        poor.name = POOR.to_owned();
        poor.card = false;
        scenario.render.workspaces.push(poor);
    });
    let Some(mut caller) = Caller::new(Provider::Render, EXCEPTIONS, world) else {
        return;
    };
    for path in ["/v1/services?limit=100", "/v1/key-value?limit=100"] {
        let (_, found) = caller.get(path);
        assert!(found.as_array().is_some_and(|list| list.len() > 1));
    }
    let edit = "render/key_value/kindercodes-cache";
    caller.person(&Act::Edit(edit.to_owned()));
    let (owner, poor) = account(&mut caller);
    let id = services(&mut caller, &owner);
    deploys(&mut caller, &owner, &id);
    domains(&mut caller);
    own_variables(&mut caller);
    groups(&mut caller, &owner, &id);
    caller.below(&format!("/v1/services/{id}"));
    asleep_and_awake(&mut caller);
    key_values(&mut caller, &owner, &poor);
    caller.sign("Bearer withdrawn");
    assert_eq!(caller.get("/v1/users").0, 401);
    caller.finish(90);
}
