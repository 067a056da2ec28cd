//! Stories of environment groups at this Render, and of deploys that read them.

use serde_json::{Value, json};

use super::stories::{api, calm, created, desk, end, owner};
use crate::seam::redis::Probe;
use crate::seam::transport::Method;
use crate::secret::Secret;
use crate::sim::desk::{Desk, message};
use crate::sim::ledger::MadeBy;
use crate::sim::render::site::RenderSite;

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

fn entry(key: &str, value: &str) -> Value {
    json!({ "key": key, "value": value })
}

/// The address of a database as the development user of this world opens it.
fn database(desk: &Desk, password: &str) -> String {
    let password = match password {
        "right" => desk.world.token("mongodb_dev"),
        other => other,
    };
    format!("mongodb+srv://shop_dev_user:{password}@shop-dev.d3e4f.mongodb.net/shop-dev")
}

/// A service without any variable of its own; its id.
fn bare(desk: &mut Desk, name: &str) -> String {
    let owner = owner(desk);
    let mut body = api(&owner, name);
    body["envVars"] = json!([]);
    let (service, deploy) = created(desk, body);
    assert_eq!(end(desk, &service, &deploy).0, "update_failed");
    service
}

fn group(desk: &mut Desk, variables: Value, services: &[&str]) -> Value {
    let owner = owner(desk);
    let body = json!({
        "name": "shop-extra-env", "ownerId": owner, "envVars": variables, "serviceIds": services,
    });
    let (status, group) = desk.post("/v1/env-groups", body);
    assert_eq!(status, 201, "{group}");
    group
}

/// Deploys a service anew; how that ended.
fn deployed(desk: &mut Desk, service: &str) -> (String, Value) {
    let body = json!({ "clearCache": "do_not_clear" });
    let (status, deploy) = desk.post(&format!("/v1/services/{service}/deploys"), body);
    assert_eq!(status, 201, "{deploy}");
    end(desk, service, &text(&deploy["id"]))
}

/// The lines that the last deploy's process wrote.
fn lines(desk: &mut Desk, service: &str) -> String {
    let owner = owner(desk);
    let path = format!("/v1/logs?ownerId={owner}&resource={service}&type=app&limit=100");
    let (_, logs) = desk.get(&path);
    let lines = logs["logs"].as_array().unwrap().iter();
    lines.map(|line| text(&line["message"]) + "\n").collect()
}

fn site(desk: &mut Desk, service: &str) -> RenderSite {
    let (_, found) = desk.get(&format!("/v1/services/{service}"));
    let url = text(&found["serviceDetails"]["url"]);
    let host = url.trim_start_matches("https://").to_owned();
    desk.world.render.site(desk.now, &host).unwrap()
}

#[test]
fn a_group_made_with_its_variables_and_services_in_one_call_makes_the_next_deploy_live() {
    let mut desk = calm("done");
    let service = bare(&mut desk, "shop-extra");
    assert!(site(&mut desk, &service).live.is_none());
    let (_, info) = desk.get("/v1/key-value?name=shop-redis-prod");
    let redis = text(&info[0]["keyValue"]["id"]);
    let (_, info) = desk.get(&format!("/v1/key-value/{redis}/connection-info"));
    let variables = json!([
        entry("DATABASE_URL", &database(&desk, "right")),
        entry("REDIS_URL", info["externalConnectionString"].as_str().unwrap()),
        entry("NODE_ENV", "production"),
        { "key": "JWT_SECRET", "generateValue": true },
    ]);
    let made = group(&mut desk, variables, &[&service]);
    assert!(text(&made["id"]).starts_with("evg-"));
    let link = &made["serviceLinks"][0];
    assert_eq!(link["type"], "web");
    assert_eq!(link["name"], "shop-extra");
    let own = json!({ "value": "the service's own" });
    let path = format!("/v1/services/{service}/env-vars/ENVIRONMENT_NAME");
    assert_eq!(desk.put(&path, own).0, 200);
    assert_eq!(deployed(&mut desk, &service).0, "live");
    let live = site(&mut desk, &service).live.unwrap();
    assert_eq!(live.start_command, "npm start");
    assert_eq!(live.commit.len(), 40);
    assert_eq!(live.variables["ENVIRONMENT_NAME"], "the service's own");
    assert_eq!(live.variables["JWT_SECRET"].len(), 44);
    let objects = desk.world.ledger().objects;
    let ledger = objects.iter().find(|one| one.id == text(&made["id"]));
    let ledger = ledger.unwrap();
    assert_eq!(
        (ledger.kind.as_str(), ledger.made_by),
        ("env_group", MadeBy::Golive)
    );
}

#[test]
fn a_process_ends_at_once_where_its_database_or_queue_is_the_wrong_one() {
    let mut desk = calm("done");
    let service = bare(&mut desk, "shop-extra");
    let made = group(&mut desk, json!([]), &[&service]);
    let path = format!("/v1/env-groups/{}/env-vars", text(&made["id"]));
    let (_, found) = desk.get("/v1/key-value?name=shop-redis-dev");
    let redis = text(&found[0]["keyValue"]["id"]);
    let right = database(&desk, "right");
    let elsewhere = right.replace("shop-dev.d3e4f", "shop-dev.other");
    let host = "frankfurt-keyvalue.render.com:6379";
    for (name, value, said) in [
        (
            "DATABASE_URL",
            database(&desk, "wrong"),
            "bad auth : authentication failed",
        ),
        ("DATABASE_URL", elsewhere, "isn't whitelisted"),
        ("DATABASE_URL", "shop".to_owned(), "Invalid scheme"),
        ("DATABASE_URL", right, ""),
        (
            "REDIS_URL",
            format!("rediss://{redis}:wrong@{host}"),
            "WRONGPASS",
        ),
        (
            "REDIS_URL",
            "redis://red-nothing:6379".to_owned(),
            "ENOTFOUND red-nothing",
        ),
        ("REDIS_URL", format!("redis://{redis}:6379"), ""),
    ] {
        desk.put(&format!("{path}/{name}"), json!({ "value": value }));
        let (status, reason) = deployed(&mut desk, &service);
        match said {
            "" => assert_eq!(status, "live", "{name}: {}", lines(&mut desk, &service)),
            said => {
                assert_eq!(status, "update_failed", "{said}");
                assert_eq!(reason["failure"]["nonZeroExit"], 1);
                let lines = lines(&mut desk, &service);
                assert!(lines.contains(said), "{said}: {lines}");
            }
        }
    }
}

#[test]
fn lists_that_shut_render_out_keep_a_process_from_starting() {
    let mut desk = calm("fresh");
    let service = bare(&mut desk, "shop-extra");
    let right = database(&desk, "right");
    group(
        &mut desk,
        json!([entry("DATABASE_URL", &right)]),
        &[&service],
    );
    assert_eq!(deployed(&mut desk, &service).0, "update_failed");
    assert!(lines(&mut desk, &service).contains("isn't whitelisted"));

    let mut desk = calm("done");
    let service = bare(&mut desk, "shop-extra");
    let (_, found) = desk.get("/v1/key-value?name=shop-redis-dev");
    let path = format!("/v1/key-value/{}", text(&found[0]["keyValue"]["id"]));
    let (_, info) = desk.get(&format!("{path}/connection-info"));
    let variables = json!([
        entry("DATABASE_URL", &database(&desk, "right")),
        entry(
            "REDIS_URL",
            info["externalConnectionString"].as_str().unwrap()
        ),
    ]);
    group(&mut desk, variables, &[&service]);
    assert_eq!(deployed(&mut desk, &service).0, "live");
    // One of Render's two ranges is not enough.
    let list = json!([{ "cidrBlock": "74.220.51.0/24", "description": "Render" }]);
    desk.call(Method::Patch, &path, Some(json!({ "ipAllowList": list })));
    assert_eq!(deployed(&mut desk, &service).0, "update_failed");
    assert!(lines(&mut desk, &service).contains("ETIMEDOUT"));
}

#[test]
fn a_deploy_has_the_variables_of_when_it_began_to_build() {
    let mut desk = calm("done");
    let service = bare(&mut desk, "shop-extra");
    let right = database(&desk, "right");
    let made = group(
        &mut desk,
        json!([entry("DATABASE_URL", &right)]),
        &[&service],
    );
    let path = format!("/v1/services/{service}/deploys");
    let (_, first) = desk.post(&path, json!({}));
    desk.wait(20);
    let (_, now) = desk.get(&format!("{path}/{}", text(&first["id"])));
    assert_eq!(now["status"], "build_in_progress");
    let key = format!("/v1/env-groups/{}/env-vars/DATABASE_URL", text(&made["id"]));
    assert_eq!(desk.delete(&key).0, 204);
    assert_eq!(desk.get(&key).0, 404);
    assert_eq!(end(&mut desk, &service, &text(&first["id"])).0, "live");
    assert_eq!(deployed(&mut desk, &service).0, "update_failed");
    assert!(lines(&mut desk, &service).contains("DATABASE_URL is not set"));
    // What was live before stays.
    assert!(site(&mut desk, &service).live.is_some());
}

#[test]
fn a_health_check_that_nothing_answers_times_out_after_a_quarter_of_an_hour() {
    let mut desk = calm("done");
    let owner = owner(&mut desk);
    let mut body = api(&owner, "shop-extra");
    body["serviceDetails"]["healthCheckPath"] = json!("/healthz");
    let (service, deploy) = created(&mut desk, body);
    let path = format!("/v1/services/{service}/deploys/{deploy}");
    desk.wait(5 * 60);
    assert_eq!(desk.get(&path).1["status"], "update_in_progress");
    desk.wait(10 * 60);
    let (status, reason) = end(&mut desk, &service, &deploy);
    assert_eq!(status, "update_failed");
    assert_eq!(reason["failure"]["timedOutSeconds"], 900);
    assert!(text(&reason["failure"]["unhealthy"]).contains("/healthz"));
    let change = json!({ "serviceDetails": { "healthCheckPath": "/health" } });
    desk.call(
        Method::Patch,
        &format!("/v1/services/{service}"),
        Some(change),
    );
    assert_eq!(deployed(&mut desk, &service).0, "live");
}

#[test]
fn a_group_is_read_changed_linked_and_deleted() {
    let mut desk = calm("done");
    let (_, found) = desk.get("/v1/services?name=shop-worker-prod");
    let worker = text(&found[0]["service"]["id"]);
    let made = group(&mut desk, json!([entry("A", "1")]), &[]);
    let path = format!("/v1/env-groups/{}", text(&made["id"]));
    let (_, list) = desk.get("/v1/env-groups?name=shop-extra-env&limit=100");
    assert!(list[0]["cursor"].is_string());
    assert_eq!(list[0]["envGroup"]["id"], made["id"]);
    assert!(list[0]["envGroup"].get("envVars").is_none());
    let (_, after) = desk.put(&format!("{path}/env-vars/B"), json!({ "value": "2" }));
    assert_eq!(after["envVars"], json!([entry("A", "1"), entry("B", "2")]));
    assert_eq!(desk.get(&format!("{path}/env-vars/B")).1, entry("B", "2"));
    let odd = json!({ "value": "x", "generateValue": true });
    assert_eq!(desk.put(&format!("{path}/env-vars/C"), odd).0, 400);
    let link = format!("{path}/services/{worker}");
    for _ in 0..2 {
        let (status, linked) = desk.call(Method::Post, &link, None);
        assert_eq!(
            (status, &linked["serviceLinks"][0]["type"]),
            (200, &json!("worker"))
        );
        assert!(linked["serviceLinks"].get(1).is_none());
    }
    assert_eq!(desk.delete(&link).0, 204);
    assert_eq!(desk.delete(&link).0, 404);
    let file = format!("{path}/secret-files/key.pem");
    let (_, with) = desk.put(&file, json!({ "content": "pem" }));
    assert_eq!(with["secretFiles"][0]["name"], "key.pem");
    assert_eq!(
        desk.put(&file, json!({ "content": "x".repeat(2 << 20) })).0,
        400
    );
    assert_eq!(desk.get(&file).1["content"], "pem");
    assert_eq!(desk.delete(&file).0, 204);
    let (_, renamed) = desk.call(Method::Patch, &path, Some(json!({ "name": "other" })));
    assert_eq!(renamed["name"], "other");
    assert_eq!(desk.delete(&path), (204, Value::Null));
    let (status, body) = desk.get(&path);
    assert_eq!(
        (status, message(&body)),
        (404, format!("not found: {}", text(&made["id"])).as_str())
    );
    // Nothing keeps a twin from being made.
    let one = group(&mut desk, json!([]), &[]);
    assert_ne!(group(&mut desk, json!([]), &[])["id"], one["id"]);
}

#[test]
fn a_world_may_list_groups_bare_deploy_them_or_keep_environments_apart() {
    let mut bare_list = desk("done", |scenario| scenario.render.bare_groups = true);
    let (_, list) = bare_list.get("/v1/env-groups?name=shop-prod-env");
    assert!(text(&list[0]["id"]).starts_with("evg-") && list[0].get("cursor").is_none());

    let deploys = |automatic: bool| {
        let mut desk = desk("done", |scenario| scenario.render.groups_deploy = automatic);
        let (_, list) = desk.get("/v1/env-groups?name=shop-prod-env");
        let group = &list[0]["envGroup"];
        let key = format!("/v1/env-groups/{}/env-vars/MORE", text(&group["id"]));
        desk.put(&key, json!({ "value": "x" }));
        let service = text(&group["serviceLinks"][0]["id"]);
        let (_, deploys) = desk.get(&format!("/v1/services/{service}/deploys"));
        deploys.as_array().unwrap().len()
    };
    assert_eq!((deploys(false), deploys(true)), (1, 2));

    let mut apart = desk("done", |scenario| {
        scenario.render.environments_apart = true;
        scenario.render.groups[0].environment = Some("evm-1".to_owned());
    });
    let owner = owner(&mut apart);
    let (_, found) = apart.get("/v1/services?name=shop-worker-dev");
    let worker = text(&found[0]["service"]["id"]);
    let mut body = json!({
        "name": "x", "ownerId": owner, "envVars": [], "environmentId": "evm-1", "serviceIds": [worker],
    });
    let (status, refused) = apart.post("/v1/env-groups", body.clone());
    assert_eq!(status, 400, "{refused}");
    body["environmentId"] = json!("evm-2");
    assert_eq!(apart.post("/v1/env-groups", body).0, 404);
}

#[test]
fn a_queue_answers_who_is_on_its_list_and_knows_the_password() {
    let mut desk = calm("done");
    let (_, found) = desk.get("/v1/key-value?name=shop-redis-prod");
    let id = text(&found[0]["keyValue"]["id"]);
    let path = format!("/v1/key-value/{id}");
    let (_, info) = desk.get(&format!("{path}/connection-info"));
    let outside = text(&info["externalConnectionString"]);
    let probe = |desk: &mut Desk, url: &str| desk.world.probe(desk.now, &Secret::new(url));
    assert!(matches!(probe(&mut desk, &outside), Probe::NoAnswer(_)));
    let list = json!([{ "cidrBlock": "203.0.113.0/24", "description": "here" }]);
    desk.call(Method::Patch, &path, Some(json!({ "ipAllowList": list })));
    let Probe::In(facts) = probe(&mut desk, &outside) else {
        panic!("not let in");
    };
    assert!(facts.tls);
    assert_eq!(facts.eviction_policy.as_deref(), Some("noeviction"));
    let wrong = format!("rediss://{id}:wrong@frankfurt-keyvalue.render.com:6379");
    assert!(matches!(probe(&mut desk, &wrong), Probe::Refused(_)));
    let nobody = wrong.replace(&id, "red-nobody");
    let plain = outside.replace("rediss:", "redis:");
    let inside = text(&info["internalConnectionString"]);
    for unreached in [
        nobody,
        plain,
        inside,
        "redis://localhost".to_owned(),
        "x".to_owned(),
    ] {
        let answer = probe(&mut desk, &unreached);
        assert!(
            matches!(answer, Probe::NoAnswer(_)),
            "{unreached}: {answer:?}"
        );
    }
    desk.call(
        Method::Patch,
        &path,
        Some(json!({ "maxmemoryPolicy": "allkeys_lru" })),
    );
    let Probe::In(facts) = probe(&mut desk, &outside) else {
        panic!("not let in");
    };
    assert_eq!(facts.eviction_policy.as_deref(), Some("allkeys-lru"));
}

#[test]
fn the_named_worlds_have_the_groups_that_they_say() {
    let read = |world: &str, name: &str| -> Value {
        let mut desk = calm(world);
        let (_, list) = desk.get(&format!("/v1/env-groups?name={name}"));
        let id = text(&list[0]["envGroup"]["id"]);
        desk.get(&format!("/v1/env-groups/{id}")).1
    };
    let value = |group: &Value, key: &str| {
        let mut all = group["envVars"].as_array().unwrap().iter();
        let found = all.find(|one| one["key"] == key);
        found.map(|one| text(&one["value"])).unwrap_or_default()
    };
    let staging = read("done", "shop-staging-env");
    assert_eq!(staging["serviceLinks"].as_array().unwrap().len(), 2);
    assert!(value(&staging, "STRIPE_SECRET_KEY").starts_with("golive-sim-stripe-sk-test-"));
    assert!(value(&staging, "REDIS_URL").starts_with("rediss://red-"));
    assert!(!staging.to_string().contains("<token"));
    let half = read("half", "shop-dev-env");
    assert_eq!(value(&half, "NODE_ENV"), "production");
    let foreign = read("foreign", "shop-staging-env");
    assert_eq!(value(&foreign, "FEATURE_CALENDAR"), "on");
    let (_, list) = calm("fresh").get("/v1/env-groups");
    assert_eq!(list, json!([]));
    // What a done world's services were deployed with still opens their databases and queues.
    let mut desk = calm("done");
    for name in ["shop-api-prod", "shop-worker-prod", "shop-api-dev"] {
        let (_, found) = desk.get(&format!("/v1/services?name={name}"));
        let service = text(&found[0]["service"]["id"]);
        let (status, _) = deployed(&mut desk, &service);
        assert_eq!(status, "live", "{name}: {}", lines(&mut desk, &service));
    }
    let said = desk.act("edit render/group/shop-prod-env").unwrap();
    assert_eq!(said, "NODE_ENV of shop-prod-env is development now.");
}
