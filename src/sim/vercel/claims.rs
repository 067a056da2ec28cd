//! Stories about names: claimed for a project, proved, moved, led here by their records, and protected or not.

use serde_json::{Value, json};

use super::spec::{HeldSpec, VercelPlan};
use super::stories::*;
use crate::seam::transport::Method;
use crate::sim::desk::Desk;
use crate::sim::zones::Host;
use crate::sim::{MadeBy, Scenario, targets};

const DOMAINS: &str = "/v10/projects/shop/domains";
const ZONE: &str = "shop.example";

/// A calm world whose zone has these records.
pub(crate) fn zoned(world: &str, records: &[&str], change: impl FnOnce(&mut Scenario)) -> Desk {
    desk_with(world, |s| {
        s.dns.zone = Some(ZONE.to_owned());
        s.dns.delegated = Some(Host::Godaddy);
        s.dns.records = records.iter().map(|&record| record.to_owned()).collect();
        change(s);
    })
}

fn of(name: &str, rest: &str) -> String {
    format!("/v9/projects/shop/domains/{name}{rest}")
}

fn look(desk: &mut Desk, name: &str) -> Value {
    let path = format!("/v6/domains/{name}/config?projectIdOrName=shop");
    let (status, config) = get(desk, &path);
    assert_eq!(status, 200, "{config}");
    config
}

#[test]
fn a_name_is_claimed_and_its_own_target_is_told() {
    let mut desk = zoned("fresh", &[], |_| {});
    let name = "www.shop.example";
    assert_eq!(code(&get(&mut desk, &of(name, ""))), (404, "not_found"));
    let general = look(&mut desk, name);
    assert_eq!(
        general["recommendedCNAME"][0]["value"],
        "cname.vercel-dns-0.com."
    );
    let (status, made) = post(&mut desk, DOMAINS, json!({ "name": "WWW.shop.example" }));
    assert_eq!(status, 200, "{made}");
    assert_eq!(
        (&made["name"], &made["apexName"], &made["verified"]),
        (&json!(name), &json!(ZONE), &json!(true))
    );
    assert_eq!(get(&mut desk, &of(name, "")).1, made);
    let shop = project(&mut desk, "shop");
    let target = targets::vercel_cname(text(&shop, "id"));
    let config = look(&mut desk, name);
    assert_eq!(config["recommendedCNAME"][0]["value"], format!("{target}."));
    assert_eq!(
        config["recommendedIPv4"][0]["value"][0],
        targets::VERCEL_APEX
    );
    assert_eq!(
        (&config["misconfigured"], &config["configuredBy"]),
        (&json!(true), &Value::Null)
    );
    desk.act(&format!("record www CNAME {target}")).unwrap();
    let config = look(&mut desk, name);
    assert_eq!(
        (&config["misconfigured"], &config["configuredBy"]),
        (&json!(false), &json!("CNAME"))
    );
    assert_eq!(config["conflicts"], json!([]));
    // It leads to what is live.
    let live = project(&mut desk, "shop")["targets"]["production"]["alias"].clone();
    assert!(live.as_array().unwrap().contains(&json!(name)), "{live}");
    let objects = desk.world.ledger().objects;
    let record = objects.iter().find(|one| one.kind == "domain").unwrap();
    assert_eq!(
        (record.name.as_str(), record.made_by),
        (name, MadeBy::Golive)
    );
}

#[test]
fn an_apex_has_an_address_and_what_is_in_its_way_is_named() {
    let mut desk = zoned("fresh", &["@ A 216.198.79.1"], |_| {});
    assert_eq!(look(&mut desk, ZONE)["configuredBy"], "A");
    assert_eq!(look(&mut desk, ZONE)["misconfigured"], false);
    desk.act("record @ AAAA 2001:db8::1").unwrap();
    let config = look(&mut desk, ZONE);
    assert_eq!(config["misconfigured"], true);
    assert_eq!(
        config["conflicts"],
        json!([{ "name": ZONE, "type": "AAAA", "value": "2001:db8::1" }])
    );
    desk.act("unrecord @ AAAA").unwrap();
    desk.act("record @ CAA 0 issue \"pki.goog\"").unwrap();
    let config = look(&mut desk, ZONE);
    assert_eq!(
        (
            &config["misconfigured"],
            text(&config["conflicts"][0], "type")
        ),
        (&json!(true), "CAA")
    );

    let mut old = zoned("fresh", &["@ A 76.76.21.21", "www A 192.0.2.1"], |_| {});
    assert_eq!(look(&mut old, ZONE)["ipStatus"], "optional-change");
    let elsewhere = look(&mut old, "www.shop.example");
    assert_eq!(
        (text(&elsewhere, "ipStatus"), &elsewhere["aValues"]),
        ("required-change", &json!(["192.0.2.1"]))
    );
}

#[test]
fn a_name_that_is_taken_is_refused_and_can_be_moved_inside_the_team() {
    let mut desk = zoned("fresh", &[], |_| {});
    post(&mut desk, "/v11/projects", staging());
    let name = "staging.shop.example";
    let body = json!({ "name": name });
    assert_eq!(post(&mut desk, DOMAINS, body.clone()).0, 200);
    let again = post(&mut desk, DOMAINS, body.clone());
    assert_eq!(code(&again), (400, "domain_already_in_use"));
    let other = post(
        &mut desk,
        "/v10/projects/shop-staging/domains",
        body.clone(),
    );
    assert_eq!(code(&other), (409, "domain_already_in_use"));
    let shop = project(&mut desk, "shop");
    assert_eq!(other.1["error"]["projectId"], shop["id"]);
    let target = project(&mut desk, "shop-staging");
    let (status, moved) = post(
        &mut desk,
        &of_v1(name, "/move"),
        json!({ "projectId": target["id"] }),
    );
    assert_eq!(
        (status, &moved["projectId"]),
        (200, &target["id"]),
        "{moved}"
    );
    assert_eq!(get(&mut desk, &of(name, "")).0, 404);
    assert_eq!(
        get(
            &mut desk,
            &format!("/v9/projects/shop-staging/domains/{name}")
        )
        .0,
        200
    );

    let mut odd = zoned("fresh", &[], |s| s.vercel.odd.in_use_400 = true);
    post(&mut odd, "/v11/projects", staging());
    assert_eq!(post(&mut odd, DOMAINS, body.clone()).0, 200);
    let other = post(&mut odd, "/v10/projects/shop-staging/domains", body);
    assert_eq!(other.0, 400);
    assert!(text(&other.1["error"], "message").contains("already assigned to another project"));
}

fn of_v1(name: &str, rest: &str) -> String {
    format!("/v1/projects/shop/domains/{name}{rest}")
}

#[test]
fn a_name_of_another_account_is_proved_by_a_txt_record() {
    let held = |refused| HeldSpec {
        name: "www.shop.example".to_owned(),
        refused,
    };
    let mut desk = zoned("fresh", &[], |s| s.vercel.held.push(held(false)));
    let body = json!({ "name": "www.shop.example" });
    let (status, made) = post(&mut desk, DOMAINS, body.clone());
    assert_eq!((status, &made["verified"]), (200, &json!(false)));
    let proof = made["verification"][0].clone();
    assert_eq!(
        (text(&proof, "type"), text(&proof, "domain")),
        ("TXT", "_vercel.shop.example")
    );
    let verify = of("www.shop.example", "/verify");
    let tried = |desk: &mut Desk| {
        let (status, body) = call(desk, Method::Post, &verify, None);
        format!("{status} {}", text(&body["error"], "code"))
    };
    assert_eq!(tried(&mut desk), "400 missing_txt_record");
    desk.act("record _vercel TXT vc-domain-verify=www.shop.example,0123")
        .unwrap();
    assert_eq!(tried(&mut desk), "400 invalid_txt_record");
    // Several may stand there side by side.
    desk.act(&format!("record _vercel TXT {}", text(&proof, "value")))
        .unwrap();
    assert_eq!(tried(&mut desk), "200 ");
    assert_eq!(tried(&mut desk), "200 ", "once it is proved it stays so");
    let (_, proved) = get(&mut desk, &of("www.shop.example", ""));
    assert_eq!(
        (&proved["verified"], &proved["verification"]),
        (&json!(true), &Value::Null)
    );

    let mut desk = zoned("fresh", &[], |s| s.vercel.held.push(held(true)));
    let refused = post(&mut desk, DOMAINS, body);
    assert_eq!(code(&refused), (403, "forbidden"));
    assert_eq!(refused.1["error"]["domain"], "www.shop.example");
}

#[test]
fn what_a_name_shows_can_be_a_branch_or_another_name_but_not_both() {
    let mut desk = zoned("done", &[], |_| {});
    let domains = "/v10/projects/shop-prod/domains";
    let mut tried = |body: Value| {
        let answer = post(&mut desk, domains, body);
        format!("{} {}", answer.0, code(&answer).1)
    };
    let name = |name: &str| format!("{name}.shop.example");
    assert_eq!(tried(json!({ "name": "nodots" })), "400 invalid_domain");
    assert_eq!(tried(json!({})), "400 bad_request");
    let unknown = json!({ "name": name("a"), "branch": "develop" });
    assert_eq!(tried(unknown), "400 bad_request");
    let both = json!({ "name": name("a"), "gitBranch": "develop", "redirect": name("b") });
    assert_eq!(tried(both), "400 bad_request");
    let production = json!({ "name": name("a"), "gitBranch": "main" });
    assert_eq!(tried(production), "400 bad_request");
    let nowhere = json!({ "name": name("a"), "gitBranch": "nowhere" });
    assert_eq!(tried(nowhere), "400 git_branch_not_found");
    let itself = json!({ "name": name("a"), "redirect": name("a") });
    assert_eq!(tried(itself), "400 bad_request");
    let stranger = json!({ "name": name("a"), "redirect": "b.example" });
    assert_eq!(tried(stranger), "400 bad_request");
    assert_eq!(tried(json!({ "name": name("new") })), "200 ");
    let apex = json!({ "name": name("old"), "redirect": name("new"), "redirectStatusCode": 308 });
    assert_eq!(tried(apex), "200 ");
    assert_eq!(
        tried(json!({ "name": name("next"), "gitBranch": "develop" })),
        "200 "
    );
    let path = "/v9/projects/shop-prod/domains/old.shop.example";
    let (_, changed) = patch(&mut desk, path, json!({ "redirect": null }));
    assert_eq!(
        (&changed["redirect"], &changed["redirectStatusCode"]),
        (&Value::Null, &Value::Null)
    );
    let (_, back) = patch(&mut desk, path, json!({ "redirect": "new.shop.example" }));
    assert_eq!(back["redirectStatusCode"], 307);
    let gone = "/v9/projects/shop-prod/domains/new.shop.example";
    let with = json!({ "removeRedirects": true });
    assert_eq!(
        call(&mut desk, Method::Delete, gone, Some(with)),
        (200, json!({}))
    );
    assert_eq!(get(&mut desk, path).0, 404);
    assert_eq!(call(&mut desk, Method::Delete, gone, None).0, 404);
    let (_, list) = get(
        &mut desk,
        "/v9/projects/shop-prod/domains?gitBranch=develop&limit=1",
    );
    assert_eq!(list["domains"][0]["name"], "next.shop.example");
}

#[test]
fn nothing_is_added_while_production_does_not_build() {
    let mut desk = at_github(zoned("fresh", &[], |_| {}), |desk| {
        assert_eq!(desk.commit("main", "docs/a.md", "a\n").0, 200);
    });
    desk.wait(200);
    let body = json!({ "name": "www.shop.example" });
    let refused = post(&mut desk, DOMAINS, body.clone());
    assert_eq!(code(&refused), (400, "bad_request"));
    assert!(
        text(&refused.1["error"], "message").contains("production deployment"),
        "{refused:?}"
    );
    patch(
        &mut desk,
        "/v9/projects/shop",
        json!({ "buildCommand": BUILD }),
    );
    let git = json!({ "type": "github", "org": "acme", "repo": "shop", "ref": "main" });
    let build = json!({ "name": "shop", "target": "production", "gitSource": git });
    post(&mut desk, "/v13/deployments?forceNew=1", build);
    desk.wait(200);
    assert_eq!(post(&mut desk, DOMAINS, body).0, 200);
}

#[test]
fn automation_passes_the_protection_with_a_secret_that_is_named_as_a_key() {
    let mut desk = zoned("fresh", &[], |s| s.vercel.teams[0].plan = VercelPlan::Hobby);
    let path = "/v1/projects/shop/protection-bypass";
    let (status, made) = patch(&mut desk, path, json!({ "generate": {} }));
    assert_eq!(status, 200, "{made}");
    let all = made["protectionBypass"].as_object().unwrap();
    let (secret, about) = all.iter().next().unwrap();
    assert_eq!(
        (secret.len(), &about["scope"]),
        (32, &json!("automation-bypass"))
    );
    assert_eq!(
        project(&mut desk, "shop")["protectionBypass"],
        made["protectionBypass"]
    );
    let own = "a".repeat(32);
    let (_, two) = patch(&mut desk, path, json!({ "generate": { "secret": own } }));
    assert_eq!(
        two["protectionBypass"]
            .as_object()
            .map(serde_json::Map::len),
        Some(2)
    );
    let mut tried = |body: Value| code(&patch(&mut desk, path, body)).0;
    assert_eq!(tried(json!({ "generate": { "secret": own } })), 409);
    assert_eq!(tried(json!({ "generate": { "secret": "short" } })), 400);
    assert_eq!(tried(json!({ "make": {} })), 400);
    assert_eq!(
        tried(json!({ "revoke": { "secret": "x", "regenerate": false } })),
        404
    );
    assert_eq!(tried(json!({ "revoke": { "secret": own } })), 400);
    assert_eq!(
        tried(json!({ "revoke": { "secret": own, "regenerate": false } })),
        200
    );
    let shop = project(&mut desk, "shop");
    assert_eq!(
        shop["protectionBypass"]
            .as_object()
            .map(serde_json::Map::len),
        Some(1)
    );
}
