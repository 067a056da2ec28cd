//! Stories of a caller at this GoDaddy: records read, added, replaced and taken away, by the old API and the present one.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::seam::resolver::RecordKind;
use crate::seam::transport::Method;
use crate::sim::desk::{Desk, scenario};
use crate::sim::ledger::{MadeBy, Provider};
use crate::sim::scenario::Scenario;

pub const ZONE: &str = "acmeshop.example";
pub const V1: &str = "/v1/domains/acmeshop.example/records";
pub const V3: &str = "/v3/domains/zones/acmeshop.example/dns-records";

pub fn desk(name: &str, change: impl FnOnce(&mut Scenario)) -> Desk {
    let scenario = scenario(name, |scenario| {
        scenario.lag = false;
        change(scenario);
    });
    Desk::at(&scenario).turn_to(Provider::Godaddy)
}

pub fn calm() -> Desk {
    desk("fresh", |_| {})
}

/// What the zone holds, as the ledger has it.
pub fn zone(desk: &Desk) -> BTreeSet<String> {
    let objects = desk.world.ledger().objects.into_iter();
    objects
        .filter(|one| one.kind == "dns_record" && one.alive && one.parent == ZONE)
        .map(|one| one.name)
        .collect()
}

fn with_key(desk: &mut Desk) {
    let key = desk.world.signatures(Provider::Godaddy).remove(1);
    assert!(key.starts_with("sso-key golive-sim-godaddy-") && key.contains(':'));
    desk.authorization = key;
}

#[test]
fn sets_are_read_added_replaced_and_taken_away() {
    let mut desk = calm();
    with_key(&mut desk);
    let before = zone(&desk);
    let www = format!("{V1}/CNAME/www");
    let (status, found) = desk.get(&www);
    assert_eq!(status, 200);
    assert_eq!(
        found,
        json!([{ "type": "CNAME", "name": "www", "data": "@", "ttl": 3600 }])
    );
    assert_eq!(desk.get(&format!("{V1}/CNAME/api")), (200, json!([])));
    let target = json!([{ "data": "a.vercel-dns-017.com", "ttl": 600 }]);
    assert_eq!(desk.put(&www, target.clone()), (200, Value::Null));
    let call = desk.world.last_call().unwrap().clone();
    assert_eq!((call.applied, call.mutating), (true, true));
    assert_eq!(desk.put(&www, target).0, 200);
    assert!(!desk.world.last_call().unwrap().mutating);
    let text =
        json!([{ "type": "TXT", "name": "_vercel", "data": "vc-domain-verify=x", "ttl": 600 }]);
    assert_eq!(desk.call(Method::Patch, V1, Some(text)), (200, Value::Null));
    let after = zone(&desk);
    let new: Vec<&String> = after.difference(&before).collect();
    assert_eq!(
        new,
        [
            "_vercel TXT vc-domain-verify=x 600",
            "www CNAME a.vercel-dns-017.com 600"
        ]
    );
    let gone: Vec<&String> = before.difference(&after).collect();
    assert_eq!(gone, [&format!("www CNAME {ZONE} 3600")]);
    let (status, _) = desk.delete(&format!("{V1}/TXT/_vercel"));
    assert_eq!(status, 204);
    assert_eq!(desk.delete(&format!("{V1}/TXT/_vercel")).0, 404);
    let truth = desk
        .world
        .zones
        .truth(desk.now, &format!("www.{ZONE}"), RecordKind::Cname);
    assert_eq!(truth, ["a.vercel-dns-017.com"]);
}

#[test]
fn the_present_api_adds_and_deletes_one_record_a_call() {
    let mut desk = calm();
    let record = json!({ "type": "CNAME", "name": "api", "data": "shop.onrender.com", "ttl": 600 });
    let (status, made) = desk.post(V3, record.clone());
    assert_eq!(status, 201, "{made}");
    let id = made["recordId"].as_str().unwrap();
    let (_, found) = desk.get(&format!("{V3}?name=api"));
    assert_eq!(found["items"], json!([made]));
    let (status, body) = desk.post(V3, record);
    assert_eq!(
        (status, &body["details"][0]["issue"]),
        (422, &json!("DUPLICATE_RECORD"))
    );
    let objects = desk.world.ledger().objects;
    let mine = objects
        .iter()
        .find(|one| one.made_by == MadeBy::Golive)
        .unwrap();
    assert_eq!(mine.name, "api CNAME shop.onrender.com 600");
    assert_eq!(desk.delete(&format!("{V3}/{id}")).0, 204);
    assert_eq!(desk.delete(&format!("{V3}/{id}")).0, 404);
    let (_, fixed) = desk.get(&format!("{V3}?type=NS"));
    let id = fixed["items"][0]["recordId"].as_str().unwrap();
    let (status, body) = desk.delete(&format!("{V3}/{id}"));
    assert_eq!(
        (status, &body["details"][0]["issue"]),
        (409, &json!("dns_record_not_mutable"))
    );
}

#[test]
fn a_long_zone_comes_in_pages_that_lead_on() {
    let mut desk = desk("fresh", |scenario| {
        let more = (0..40).map(|n| format!("host{n} A 198.51.100.{n}"));
        scenario.dns.records.extend(more);
    });
    let mut path = V3.to_owned();
    let (mut seen, mut pages) = (Vec::new(), 0);
    loop {
        let (status, page) = desk.get(&path);
        assert_eq!(status, 200, "{page}");
        seen.extend(page["items"].as_array().unwrap().clone());
        pages += 1;
        let links = page["links"].as_array().unwrap().iter();
        let Some(next) = links.clone().find(|link| link["rel"] == "next") else {
            break;
        };
        let href = next["href"].as_str().unwrap();
        path = href
            .strip_prefix("https://api.godaddy.com")
            .unwrap()
            .to_owned();
    }
    assert_eq!((pages, seen.len()), (3, zone(&desk).len()));
    // One record belongs to GoDaddy's own machinery and has no id.
    let without: Vec<_> = seen
        .iter()
        .filter(|one| one["recordId"].is_null())
        .collect();
    assert_eq!(without.len(), 1);
    let (_, total) = desk.get(&format!(
        "{V3}?totalRequired=true&pageSize=100&fields=name,type"
    ));
    assert_eq!(
        (&total["totalItems"], &total["totalPages"]),
        (&json!(seen.len()), &json!(1))
    );
    assert_eq!(total["items"][0].as_object().unwrap().len(), 2);
}

#[test]
fn a_careless_replacement_takes_everything_with_it() {
    let mut desk = calm();
    let before = zone(&desk);
    let mine = json!({ "type": "TXT", "name": "@", "data": "mine", "ttl": 600 });
    let (status, _) = desk.put(&format!("{V1}/TXT"), json!([mine]));
    assert_eq!(status, 200);
    let after = zone(&desk);
    assert_eq!(
        after.iter().filter(|line| line.contains(" TXT ")).count(),
        1
    );
    assert!(before.iter().any(|line| line.contains("v=spf1")));
    let (_, list) = desk.get(&format!("{V3}?type=A"));
    let id = list["items"][0]["recordId"].as_str().unwrap().to_owned();
    let lone = json!({ "type": "A", "name": "@", "data": "192.0.2.1", "ttl": 600 });
    assert_eq!(desk.put(&format!("{V3}/{id}"), lone.clone()).0, 200);
    let left = zone(&desk);
    let own = left
        .iter()
        .filter(|line| !line.contains(" NS ") && !line.contains(" SOA "));
    assert_eq!(own.collect::<Vec<_>>(), ["@ A 192.0.2.1 600"]);
    assert_eq!(desk.put(V1, json!([])).0, 200);
    assert_eq!(zone(&desk).len(), 3);
}

#[test]
fn the_domain_tells_who_answers_for_it() {
    let mut desk = desk("fresh", |scenario| {
        scenario.dns.delegated = Some(crate::sim::zones::Host::Elsewhere);
    });
    let (_, domain) = desk.get(&format!("/v1/domains/{ZONE}"));
    assert_eq!(domain["nameServers"][0], "ns1.hoster.example");
    let (_, domain) = desk.get(&format!("/v3/domains/domain-names/{ZONE}"));
    assert_eq!(
        (&domain["status"], &domain["nameServers"][1]),
        (&json!("ACTIVE"), &json!("ns2.hoster.example"))
    );
    assert_eq!(desk.get("/v1/domains").1[0]["domain"], ZONE);
    // The API takes a record all the same; nobody sees it.
    let record = json!({ "type": "A", "name": "x", "data": "192.0.2.1", "ttl": 600 });
    assert_eq!(desk.post(V3, record).0, 201);
    assert!(
        desk.world
            .zones
            .truth(desk.now, &format!("x.{ZONE}"), RecordKind::A)
            .is_empty()
    );
}

#[test]
fn a_full_name_becomes_one_below_the_zone() {
    let mut desk = calm();
    let record =
        json!({ "type": "A", "name": format!("x.{ZONE}"), "data": "192.0.2.1", "ttl": 600 });
    assert_eq!(desk.post(V3, record).0, 201);
    let twice = format!("x.{ZONE}.{ZONE}");
    assert_eq!(
        desk.world.zones.truth(desk.now, &twice, RecordKind::A),
        ["192.0.2.1"]
    );
}
