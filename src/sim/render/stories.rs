//! Stories of a caller at this Render: nine services brought up, and the manners of its answers on the way.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::seam::transport::Method;
use crate::sim::desk::{Desk, scenario};
use crate::sim::ledger::{MadeBy, ObjectRecord, Provider};
use crate::sim::scenario::Scenario;

pub fn desk(name: &str, change: impl FnOnce(&mut Scenario)) -> Desk {
    let scenario = scenario(name, |scenario| {
        scenario.lag = false;
        change(scenario);
    });
    Desk::at(&scenario).turn_to(Provider::Render)
}

pub fn calm(name: &str) -> Desk {
    desk(name, |_| {})
}

/// The default workspace.
pub fn owner(desk: &mut Desk) -> String {
    let (status, owner) = desk.get("/v1/owners/own-me");
    assert_eq!(status, 200, "{owner}");
    owner["id"].as_str().unwrap().to_owned()
}

/// A web service as the plan wants it.
pub fn api(owner: &str, name: &str) -> Value {
    json!({
        "type": "web_service", "name": name, "ownerId": owner,
        "repo": "https://github.com/acme/shop", "branch": "main", "rootDir": "server",
        "autoDeployTrigger": "commit",
        "serviceDetails": {
            "runtime": "node", "region": "frankfurt", "plan": "starter", "numInstances": 1,
            "healthCheckPath": "/health",
            "envSpecificDetails": { "buildCommand": "npm ci", "startCommand": "npm start" },
        },
        "envVars": [{ "key": "DATABASE_URL", "value": "mongodb://db.example.com/shop" }],
    })
}

pub fn redis(owner: &str, name: &str) -> Value {
    json!({
        "name": name, "ownerId": owner, "plan": "starter", "region": "frankfurt",
        "maxmemoryPolicy": "noeviction", "persistenceMode": "journal_snapshot", "ipAllowList": [],
    })
}

/// Creates a service; its id and that of its first deploy.
pub fn created(desk: &mut Desk, body: Value) -> (String, String) {
    let (status, body) = desk.post("/v1/services", body);
    assert_eq!(status, 201, "{body}");
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    (text(&body["service"]["id"]), text(&body["deployId"]))
}

fn status(desk: &mut Desk, service: &str, deploy: &str) -> String {
    let (_, body) = desk.get(&format!("/v1/services/{service}/deploys/{deploy}"));
    body["status"].as_str().unwrap_or_default().to_owned()
}

/// How a deploy ends: its last status and the reason that the history gives.
pub fn end(desk: &mut Desk, service: &str, deploy: &str) -> (String, Value) {
    desk.wait(5 * 60);
    let path = format!("/v1/services/{service}/events?type=deploy_ended&limit=5");
    let (_, events) = desk.get(&path);
    let mut events = events.as_array().unwrap().iter();
    let event = events.find(|one| one["event"]["details"]["deployId"] == deploy);
    let details = event.unwrap()["event"]["details"].clone();
    (status(desk, service, deploy), details["reason"].clone())
}

fn objects(desk: &Desk, kind: &str, by: MadeBy) -> Vec<ObjectRecord> {
    let objects = desk.world.ledger().objects.into_iter();
    objects
        .filter(|one| one.provider == Provider::Render && one.kind == kind && one.made_by == by)
        .collect()
}

#[test]
fn a_key_belongs_to_a_person_and_reaches_the_workspaces() {
    let mut desk = calm("foreign");
    let (status, user) = desk.get("/v1/users");
    assert_eq!(
        (status, &user["email"]),
        (200, &json!("olivia@example.com"))
    );
    let (_, owners) = desk.get("/v1/owners?limit=100");
    let names: BTreeSet<&str> = owners
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["owner"]["name"].as_str().unwrap())
        .collect();
    assert_eq!(names, BTreeSet::from(["Acme", "Kindercodes"]));
    let one = &owners[0];
    let cursor = one["cursor"].as_str().unwrap();
    let (_, rest) = desk.get(&format!("/v1/owners?limit=1&cursor={cursor}"));
    assert_eq!(rest[0]["owner"]["id"], owners[1]["owner"]["id"]);
    let id = one["owner"]["id"].as_str().unwrap();
    assert!(id.starts_with("tea-") && id.len() == 24, "{id}");
    assert_eq!(desk.get(&format!("/v1/owners/{id}")).1, one["owner"]);
}

#[test]
fn a_service_builds_starts_and_is_live_in_its_own_time() {
    let mut desk = calm("fresh");
    let owner = owner(&mut desk);
    let (service, deploy) = created(&mut desk, api(&owner, "shop-api-prod"));
    let mut heard = Vec::new();
    let begun = desk.now;
    while heard.last().is_none_or(|last| last != "live") && heard.len() < 300 {
        let now = status(&mut desk, &service, &deploy);
        if heard.last() != Some(&now) {
            heard.push(now);
        }
    }
    assert_eq!(
        heard,
        ["queued", "build_in_progress", "update_in_progress", "live"]
    );
    let took = desk.now.duration_since(begun).as_secs();
    assert!((60..=240).contains(&took), "{took}");
    let (_, body) = desk.get(&format!("/v1/services/{service}"));
    assert_eq!(body["serviceDetails"]["openPorts"], Value::Null);
    assert!(body["dashboardUrl"].as_str().unwrap().contains("/web/srv-"));
    let (_, found) = desk.get("/v1/services?type=web_service&name=other,shop-api-prod&limit=100");
    assert_eq!(found[0]["service"], body);
    assert_eq!(objects(&desk, "service", MadeBy::Golive)[0].parent, "Acme");
    assert_eq!(objects(&desk, "deploy", MadeBy::Golive)[0].id, deploy);
}

#[test]
fn a_first_deploy_without_its_variables_ends_badly_and_says_why() {
    let mut desk = calm("fresh");
    let owner = owner(&mut desk);
    let mut body = api(&owner, "shop-api-prod");
    body["envVars"] = json!([{ "key": "JWT_SECRET", "generateValue": true }]);
    let (service, deploy) = created(&mut desk, body);
    let (status, reason) = end(&mut desk, &service, &deploy);
    assert_eq!(status, "update_failed");
    assert_eq!(reason["failure"]["nonZeroExit"], 1);
    let logs = format!("/v1/logs?ownerId={owner}&resource={service}&type=app&direction=forward");
    let (_, logs) = desk.get(&logs);
    let lines: Vec<&str> = logs["logs"]
        .as_array()
        .unwrap()
        .iter()
        .map(|line| line["message"].as_str().unwrap())
        .collect();
    assert!(
        lines.contains(&"Error: DATABASE_URL is not set"),
        "{lines:?}"
    );
    assert_eq!(logs["hasMore"], false);
}

#[test]
fn code_that_needs_no_variable_starts_without_any() {
    let mut desk = desk("fresh", |scenario| scenario.render.code_needs.clear());
    let owner = owner(&mut desk);
    let mut body = api(&owner, "shop-api-prod");
    body["envVars"] = json!([]);
    let (service, deploy) = created(&mut desk, body);
    assert_eq!(end(&mut desk, &service, &deploy).0, "live");
}

#[test]
fn a_start_whose_tool_the_build_leaves_out_ends_at_once() {
    let mut desk = calm("fresh");
    let owner = owner(&mut desk);
    let with = |name: &str, build: &str, start: &str| {
        let mut body = api(&owner, name);
        body["serviceDetails"]["envSpecificDetails"] =
            json!({ "buildCommand": build, "startCommand": start });
        body
    };
    let stories = [
        ("npm ci", "npm run dev", "update_failed"),
        ("npm ci --include=dev", "npm run dev", "live"),
        ("npm ci", "npm run nothing", "update_failed"),
        ("npm ci && npm run build", "npm start", "build_failed"),
    ];
    for (at, (build, start, expected)) in stories.into_iter().enumerate() {
        let (service, deploy) = created(&mut desk, with(&format!("shop-{at}"), build, start));
        let (status, reason) = end(&mut desk, &service, &deploy);
        assert_eq!(status, expected, "{build}, {start}: {reason}");
        match (expected, at) {
            ("build_failed", _) => assert!(reason["buildFailed"]["id"].is_string()),
            ("update_failed", 0) => assert_eq!(reason["failure"]["nonZeroExit"], 127),
            ("update_failed", _) => assert_eq!(reason["failure"]["nonZeroExit"], 1),
            _ => assert_eq!(reason, json!({})),
        }
    }
    let mut body = api(&owner, "shop-dev");
    body["serviceDetails"]["envSpecificDetails"]["startCommand"] = json!("npm run dev");
    let variables = body["envVars"].as_array_mut().unwrap();
    variables.push(json!({ "key": "NODE_ENV", "value": "development" }));
    let (service, deploy) = created(&mut desk, body);
    assert_eq!(end(&mut desk, &service, &deploy).0, "live");
}

#[test]
fn a_push_is_deployed_where_services_listen_to_it() {
    let mut desk = calm("fresh");
    let owner = owner(&mut desk);
    let (listens, first) = created(&mut desk, api(&owner, "shop-api-prod"));
    let mut silent = api(&owner, "shop-api-silent");
    silent["autoDeployTrigger"] = json!("off");
    let (silent, _) = created(&mut desk, silent);
    desk.wait(5 * 60);
    push(&mut desk);
    desk.wait(5 * 60);
    let (_, deploys) = desk.get(&format!("/v1/services/{listens}/deploys"));
    let seen: Vec<_> = (0..2)
        .map(|at| {
            let one = &deploys[at]["deploy"];
            (one["trigger"].as_str(), one["status"].as_str())
        })
        .collect();
    assert_eq!(
        seen,
        [
            (Some("new_commit"), Some("live")),
            (Some("api"), Some("deactivated"))
        ]
    );
    assert_eq!(deploys[0]["deploy"]["commit"]["message"], "Write docs/x.md");
    assert_eq!(deploys[1]["deploy"]["id"], first.as_str());
    let (_, deploys) = desk.get(&format!("/v1/services/{silent}/deploys"));
    assert_eq!(deploys.as_array().unwrap().len(), 1);
    assert_eq!(objects(&desk, "deploy", MadeBy::World).len(), 1);
}

fn push(desk: &mut Desk) {
    let (signed, at) = (desk.authorization.clone(), desk.provider);
    desk.authorization = format!("Bearer {}", desk.world.token("github"));
    desk.provider = Provider::Github;
    assert_eq!(desk.commit("main", "docs/x.md", "x").0, 200);
    (desk.authorization, desk.provider) = (signed, at);
}

#[test]
fn pushes_are_deployed_at_the_same_time_however_the_clock_moves() {
    let story = |steps: &[i64]| {
        let mut desk = calm("fresh");
        let owner = owner(&mut desk);
        let (service, _) = created(&mut desk, api(&owner, "shop-api-prod"));
        push(&mut desk);
        let end = desk.now + jiff::SignedDuration::from_secs(900);
        for step in steps {
            desk.wait(*step);
            desk.world.advance(desk.now);
        }
        desk.now = end;
        desk.get(&format!("/v1/services/{service}/deploys")).1
    };
    let (jumped, walked) = (story(&[]), story(&[1, 5, 30, 200, 3]));
    assert_eq!(jumped[0]["deploy"]["status"], "live");
    assert_eq!(jumped, walked);
}

#[test]
fn a_second_deploy_waits_for_the_first_and_answers_without_a_body() {
    let mut desk = calm("fresh");
    let owner = owner(&mut desk);
    let (service, first) = created(&mut desk, api(&owner, "shop-api-prod"));
    let path = format!("/v1/services/{service}/deploys");
    let trigger = desk.call_for(
        Method::Post,
        &path,
        Some(json!({ "clearCache": "do_not_clear" })),
    );
    let queued = desk.raw(&trigger);
    assert_eq!((queued.status, queued.body.len()), (202, 0));
    assert!(queued.header("render-request-id").is_some());
    let (_, list) = desk.get(&path);
    let second = list[0]["deploy"]["id"].as_str().unwrap().to_owned();
    assert_ne!(second, first);
    desk.wait(20);
    assert_eq!(status(&mut desk, &service, &first), "build_in_progress");
    assert_eq!(status(&mut desk, &service, &second), "queued");
    let (code, gone) = desk.post(&format!("{path}/{first}/cancel"), Value::Null);
    assert_eq!((code, &gone["status"]), (200, &json!("canceled")));
    desk.wait(5 * 60);
    assert_eq!(status(&mut desk, &service, &second), "live");
    let (code, third) = desk.post(&path, json!({}));
    assert_eq!((code, &third["trigger"]), (201, &json!("api")));
    assert_eq!(third["startedAt"], Value::Null);
    let created = |deploy: &Value| deploy["createdAt"].as_str().unwrap().len();
    assert_eq!(created(&third), "2026-11-24T08:00:00.000000000Z".len());
    let id = third["id"].as_str().unwrap();
    let (_, later) = desk.get(&format!("{path}/{id}"));
    assert_eq!(created(&later), "2026-11-24T08:00:00.000000Z".len());
}

#[test]
fn a_service_is_changed_suspended_resumed_and_deleted() {
    let mut desk = calm("done");
    let (_, found) = desk.get("/v1/services?name=shop-api-staging");
    let service = &found[0]["service"];
    assert_eq!(service["branch"], "staging");
    let path = format!("/v1/services/{}", service["id"].as_str().unwrap());
    let change = json!({ "branch": "main", "serviceDetails": {
        "plan": "standard", "region": "oregon", "envSpecificDetails": { "startCommand": "node server.js" },
    }});
    let (status, after) = desk.call(Method::Patch, &path, Some(change.clone()));
    assert_eq!(status, 200, "{after}");
    let details = &after["serviceDetails"];
    assert_eq!(after["branch"], "main");
    assert_eq!(details["region"], "frankfurt");
    let commands = &details["envSpecificDetails"];
    assert_eq!(commands["startCommand"], "node server.js");
    assert_eq!(commands["buildCommand"], "npm ci");
    let again = desk.call(Method::Patch, &path, Some(change));
    assert_eq!(again.1, after);
    let call = desk.world.last_call().unwrap();
    assert_eq!((call.applied, call.mutating), (true, false));

    assert_eq!(desk.post(&format!("{path}/suspend"), Value::Null).0, 202);
    let (_, asleep) = desk.get(&path);
    assert_eq!(asleep["suspended"], "suspended");
    assert_eq!(asleep["suspenders"], json!(["user"]));
    assert_eq!(desk.post(&format!("{path}/deploys"), json!({})).0, 400);
    assert_eq!(desk.post(&format!("{path}/resume"), Value::Null).0, 202);
    let (_, deploys) = desk.get(&format!("{path}/deploys?limit=1"));
    assert_eq!(deploys[0]["deploy"]["trigger"], "service_resumed");
    assert_eq!(desk.delete(&path), (204, Value::Null));
    assert_eq!(desk.get(&path).0, 404);
    let gone = objects(&desk, "service", MadeBy::Person);
    assert!(
        gone.iter()
            .any(|one| one.name == "shop-api-staging" && !one.alive)
    );
}

#[test]
fn a_plan_comes_back_in_either_spelling_and_an_address_with_or_without_more() {
    let mut desk = calm("fresh");
    let owner = owner(&mut desk);
    let (mut plans, mut lengths) = (BTreeSet::new(), BTreeSet::new());
    for at in 0..12 {
        let name = format!("shop-{at:02}");
        let (_, body) = desk.post("/v1/services", api(&owner, &name));
        let service = &body["service"];
        let plan = service["serviceDetails"]["plan"].as_str().unwrap();
        plans.insert(plan.to_owned());
        let slug = service["slug"].as_str().unwrap();
        assert!(slug.starts_with(&name));
        let url = service["serviceDetails"]["url"].as_str().unwrap();
        assert_eq!(url, format!("https://{slug}.onrender.com"));
        lengths.insert(slug.len() - name.len());
    }
    assert_eq!(
        plans,
        BTreeSet::from(["0.5c-512mb".into(), "starter".into()])
    );
    assert_eq!(lengths, BTreeSet::from([0, 5]));
}

#[test]
fn a_key_value_comes_to_be_and_tells_how_it_is_reached() {
    let mut desk = calm("fresh");
    let owner = owner(&mut desk);
    let (status, made) = desk.post("/v1/key-value", redis(&owner, "shop-redis-prod"));
    assert_eq!(
        (status, &made["status"]),
        (201, &json!("unknown")),
        "{made}"
    );
    assert_eq!(made["ipAllowList"], Value::Null);
    assert_eq!(made["options"]["maxmemoryPolicy"], "noeviction");
    let path = format!("/v1/key-value/{}", made["id"].as_str().unwrap());
    let (_, info) = desk.get(&format!("{path}/connection-info"));
    let id = made["id"].as_str().unwrap();
    assert_eq!(
        info["internalConnectionString"],
        format!("redis://{id}:6379")
    );
    let outside = info["externalConnectionString"].as_str().unwrap();
    let password = outside.strip_prefix(&format!("rediss://{id}:")).unwrap();
    let password = password.strip_suffix("@frankfurt-keyvalue.render.com:6379");
    assert_eq!(password.map(str::len), Some(32));
    desk.wait(20);
    assert_eq!(desk.get(&path).1["status"], "creating");
    desk.wait(60);
    assert_eq!(desk.get(&path).1["status"], "available");

    let list = json!([{ "cidrBlock": "74.220.51.0/24", "description": "Render" }]);
    let change = json!({ "ipAllowList": list, "maxmemoryPolicy": "allkeys_lru" });
    let (_, after) = desk.call(Method::Patch, &path, Some(change));
    assert_eq!(after["ipAllowList"], list);
    let closed = desk.call(Method::Patch, &path, Some(json!({ "ipAllowList": [] })));
    assert_eq!(closed.1["ipAllowList"], Value::Null);
    let (_, old) = desk.get("/v1/redis?name=shop-redis-prod");
    assert_eq!(old[0]["redis"]["id"], id);
    assert_eq!(old[0]["redis"]["options"]["maxmemoryPolicy"], "allkeys_lru");

    assert_eq!(desk.post(&format!("{path}/suspend"), Value::Null).0, 202);
    assert_eq!(desk.get(&path).1["status"], "suspended");
    assert_eq!(desk.post(&format!("{path}/resume"), Value::Null).0, 202);
    assert_eq!(desk.delete(&path).0, 204);
    assert_eq!(desk.get(&path).0, 404);
    assert!(!objects(&desk, "key_value", MadeBy::Golive)[0].alive);
}

#[test]
fn a_blind_second_create_makes_a_twin() {
    let mut desk = calm("fresh");
    let owner = owner(&mut desk);
    for _ in 0..2 {
        assert_eq!(desk.post("/v1/key-value", redis(&owner, "twin")).0, 201);
    }
    let (_, found) = desk.get(&format!(
        "/v1/key-value?ownerId={owner}&name=twin&limit=100"
    ));
    assert_eq!(found.as_array().unwrap().len(), 2);
}

#[test]
fn a_read_may_not_know_of_the_last_write_yet() {
    let mut desk = Desk::at(&scenario("fresh", |_| {})).turn_to(Provider::Render);
    let owner = owner(&mut desk);
    let create = desk.call_for(Method::Post, "/v1/services", Some(api(&owner, "x")));
    let made = desk.raw(&create);
    assert_eq!(made.status, 201);
    let made: Value = serde_json::from_slice(&made.body).unwrap();
    let path = format!("/v1/services/{}", made["service"]["id"].as_str().unwrap());
    let look = desk.call_for(Method::Get, &path, None);
    let list = desk.call_for(Method::Get, "/v1/services?name=x", None);
    desk.wait(1);
    let statuses: BTreeSet<u16> = (0..20).map(|_| desk.raw(&look).status).collect();
    assert_eq!(statuses, BTreeSet::from([200, 404]));
    desk.wait(2);
    assert!((0..20).all(|_| desk.raw(&look).status == 200));
    let lengths: BTreeSet<bool> = (0..20).map(|_| desk.raw(&list).body.len() > 2).collect();
    assert_eq!(lengths, BTreeSet::from([false, true]));
    // The write itself is there at once, whatever reads say.
    assert_eq!(desk.raw(&create).status, 409);
    desk.wait(2);
    assert!((0..20).all(|_| desk.raw(&list).body.len() > 2));
}

#[test]
fn the_named_worlds_hold_what_they_say() {
    let names = |world: &str, path: &str, wrapper: &str| -> BTreeSet<String> {
        let (_, list) = calm(world).get(&format!("/v1/{path}?limit=100"));
        let list = list.as_array().unwrap().iter();
        list.map(|one| one[wrapper]["name"].as_str().unwrap().to_owned())
            .collect()
    };
    let services = |world| names(world, "services", "service");
    let queues = |world| names(world, "key-value", "keyValue");
    assert!(services("fresh").is_empty() && queues("fresh-empty").is_empty());
    assert_eq!((services("done").len(), queues("done").len()), (6, 3));
    let half = ["shop-api-dev", "shop-worker-dev", "shop-api-staging"];
    assert_eq!(services("half"), half.map(str::to_owned).into());
    assert_eq!(queues("half"), ["shop-redis-dev".to_owned()].into());
    let mut desk = calm("half");
    let (_, found) = desk.get("/v1/services?name=shop-api-staging");
    assert_eq!(found[0]["service"]["branch"], "main");

    let mut desk = calm("foreign");
    let (_, found) = desk.get("/v1/services?name=shop-worker-staging");
    let taken = &found[0]["service"];
    assert_eq!(taken["type"], "web_service");
    assert_eq!(taken["repo"], "https://github.com/kindercodes/status");
    let owner = owner(&mut desk);
    assert_eq!(taken["ownerId"], owner.as_str());
    let (_, found) = desk.get("/v1/key-value?name=shop-redis-prod");
    assert_eq!(found[0]["keyValue"]["region"], "ohio");
}

#[test]
fn a_person_changes_things_in_the_dashboard() {
    let mut desk = calm("done");
    desk.act("edit render/service/shop-api-prod").unwrap();
    let (_, found) = desk.get("/v1/services?name=shop-api-prod");
    assert_eq!(found[0]["service"]["branch"], "staging");
    let said = desk.act("edit render/key_value/shop-redis-prod").unwrap();
    assert!(said.contains("allkeys_lru"), "{said}");
    let (_, found) = desk.get("/v1/key-value?name=shop-redis-prod");
    assert_eq!(
        found[0]["keyValue"]["options"]["maxmemoryPolicy"],
        "allkeys_lru"
    );
    assert!(desk.act("edit render/service/nothing").is_err());
    assert!(desk.act("edit render/group/x").is_err());
}
