//! Stories of a caller at this Cloudflare: the token, the zone, and records with a proxy in front of some.

use serde_json::{Value, json};

use crate::seam::resolver::RecordKind;
use crate::seam::transport::Method;
use crate::sim::desk::{Desk, scenario};
use crate::sim::ledger::Provider;
use crate::sim::scenario::Scenario;
use crate::sim::zones::Host;

pub const ZONE: &str = "acmeshop.example";

pub fn desk(change: impl FnOnce(&mut Scenario)) -> Desk {
    let scenario = scenario("fresh", |scenario| {
        scenario.lag = false;
        scenario.dns.delegated = Some(Host::Cloudflare);
        change(scenario);
    });
    Desk::at(&scenario).turn_to(Provider::Cloudflare)
}

/// The path of the zone's records.
pub fn records(desk: &mut Desk) -> String {
    let (status, zones) = desk.get(&format!("/client/v4/zones?name={ZONE}"));
    assert_eq!(status, 200, "{zones}");
    let id = zones["result"][0]["id"].as_str().unwrap();
    format!("/client/v4/zones/{id}/dns_records")
}

pub fn record(name: &str, kind: &str, content: &str) -> Value {
    let name = format!("{name}.{ZONE}");
    json!({ "type": kind, "name": name, "content": content, "ttl": 300, "proxied": false, "comment": "golive" })
}

#[test]
fn a_token_is_looked_at_and_the_zone_is_found_by_its_name() {
    let mut desk = desk(|_| {});
    let (_, token) = desk.get("/client/v4/user/tokens/verify");
    assert_eq!(
        (&token["success"], &token["result"]["status"]),
        (&json!(true), &json!("active"))
    );
    let (_, zones) = desk.get(&format!("/client/v4/zones?name={ZONE}"));
    let zone = &zones["result"][0];
    assert_eq!(
        (&zone["status"], &zone["name_servers"][0]),
        (&json!("active"), &json!("ada.ns.cloudflare.com"))
    );
    assert_eq!(zones["result_info"]["total_count"], 1);
    let (_, one) = desk.get(&format!(
        "/client/v4/zones/{}",
        zone["id"].as_str().unwrap()
    ));
    assert_eq!(&one["result"], zone);
    assert_eq!(
        desk.get("/client/v4/zones?name=example.com").1["result"],
        json!([])
    );
}

#[test]
fn a_record_is_made_changed_and_taken_away() {
    let mut desk = desk(|_| {});
    let path = records(&mut desk);
    let (status, made) = desk.post(&path, record("API", "CNAME", "Shop.OnRender.com."));
    assert_eq!(status, 200, "{made}");
    let made = &made["result"];
    assert_eq!(
        (&made["name"], &made["content"], &made["ttl"]),
        (
            &json!(format!("api.{ZONE}")),
            &json!("shop.onrender.com"),
            &json!(300)
        )
    );
    let one = format!("{path}/{}", made["id"].as_str().unwrap());
    assert_eq!(&desk.get(&one).1["result"], made);
    let (_, found) = desk.get(&format!("{path}?name=api.{ZONE}&per_page=100"));
    assert_eq!(found["result"], json!([made]));
    let (_, changed) = desk.call(
        Method::Patch,
        &one,
        Some(json!({ "content": "other.onrender.com" })),
    );
    assert_eq!(changed["result"]["comment"], "golive");
    let truth = |desk: &Desk| {
        desk.world
            .zones
            .truth(desk.now, &format!("api.{ZONE}"), RecordKind::Cname)
    };
    assert_eq!(truth(&desk), ["other.onrender.com"]);
    assert_eq!(
        desk.put(
            &one,
            json!({ "type": "CNAME", "name": "api", "content": "third.onrender.com" })
        )
        .0,
        200
    );
    assert_eq!(desk.get(&one).1["result"]["comment"], Value::Null);
    let (status, gone) = desk.delete(&one);
    assert_eq!((status, &gone["result"]["id"]), (200, &made["id"]));
    assert!(truth(&desk).is_empty());
    assert_eq!(desk.delete(&one).0, 404);
}

#[test]
fn a_proxied_name_shows_cloudflare_and_the_apex_is_flattened() {
    let mut desk = desk(|_| {});
    let path = records(&mut desk);
    let answer = |desk: &Desk, name: &str, kind| desk.world.zones.truth(desk.now, name, kind);
    let api = format!("api.{ZONE}");
    let mut hidden = record("api", "CNAME", "shop.onrender.com");
    hidden["proxied"] = json!(true);
    let (_, made) = desk.post(&path, hidden);
    assert_eq!(made["result"]["ttl"], 1);
    assert!(answer(&desk, &api, RecordKind::Cname).is_empty());
    assert!(answer(&desk, &api, RecordKind::A)[0].starts_with("104.21."));
    let one = format!("{path}/{}", made["result"]["id"].as_str().unwrap());
    assert_eq!(
        desk.call(Method::Patch, &one, Some(json!({ "proxied": false })))
            .0,
        200
    );
    assert_eq!(
        answer(&desk, &api, RecordKind::Cname),
        ["shop.onrender.com"]
    );
    let (_, parked) = desk.get(&format!("{path}?name={ZONE}&type=A"));
    let id = parked["result"][0]["id"].as_str().unwrap();
    assert_eq!(desk.delete(&format!("{path}/{id}")).0, 200);
    let apex =
        json!({ "type": "CNAME", "name": "@", "content": "a.vercel-dns-017.com", "ttl": 300 });
    assert_eq!(desk.post(&path, apex).0, 200);
    assert!(answer(&desk, ZONE, RecordKind::Cname).is_empty());
    let target = answer(&desk, "a.vercel-dns-017.com", RecordKind::A);
    assert_eq!(answer(&desk, ZONE, RecordKind::A), target);
    assert_eq!(answer(&desk, ZONE, RecordKind::Mx).len(), 2);
}

#[test]
fn a_zone_whose_servers_were_not_switched_takes_records_that_nobody_sees() {
    let mut desk = desk(|scenario| {
        scenario.dns.delegated = Some(Host::Godaddy);
        scenario.dns.cloudflare_pending = true;
    });
    let (_, zones) = desk.get("/client/v4/zones");
    assert_eq!(zones["result"][0]["status"], "pending");
    let path = records(&mut desk);
    assert_eq!(desk.post(&path, record("api", "A", "192.0.2.1")).0, 200);
    let api = format!("api.{ZONE}");
    assert!(
        desk.world
            .zones
            .truth(desk.now, &api, RecordKind::A)
            .is_empty()
    );
    // The records that were there have been proposed and taken over.
    let (_, mail) = desk.get(&format!("{path}?type=MX"));
    assert_eq!(mail["result"][0]["priority"], 10);
}
