//! What this GoDaddy refuses, and in which words; and the switches of its beginning.

use serde_json::{Value, json};

use super::stories::{V1, V3, ZONE, calm, desk, zone};
use crate::seam::transport::Method;
use crate::sim::desk::{Desk, message};
use crate::sim::ledger::Provider;
use crate::sim::zones::spec::Refuses;

#[test]
fn a_wrong_key_is_a_stranger_and_the_old_key_opens_the_old_api_alone() {
    let mut desk = calm();
    let old = desk.world.signatures(Provider::Godaddy).remove(1);
    desk.authorization = "sso-key wrong:wrong".to_owned();
    let (status, body) = desk.get(&format!("{V1}/CNAME/www"));
    assert_eq!(
        (status, &body["code"]),
        (401, &json!("UNABLE_TO_AUTHENTICATE"))
    );
    assert_eq!(desk.get(V3).0, 401);
    desk.authorization = old;
    assert_eq!(desk.get(&format!("{V1}/CNAME/www")).0, 200);
    let (status, body) = desk.get(V3);
    assert_eq!(status, 401);
    assert!(
        body["correlationId"].is_string() && body["name"].is_string(),
        "{body}"
    );
}

#[test]
fn an_account_is_refused_by_endpoint() {
    let denied =
        json!({ "code": "ACCESS_DENIED", "message": "Authenticated user is not allowed access" });
    let mut half = desk("fresh", |scenario| {
        scenario.dns.refuses = Refuses::DomainObject
    });
    assert_eq!(
        half.get(&format!("/v1/domains/{ZONE}")),
        (403, denied.clone())
    );
    assert_eq!(half.get(&format!("{V1}/TXT")), (403, denied.clone()));
    assert_eq!(half.get(&format!("/v3/domains/domain-names/{ZONE}")).0, 403);
    assert_eq!(half.get(&format!("{V1}/CNAME/www")).0, 200);
    assert_eq!(
        half.put(&format!("{V1}/A/x"), json!([{ "data": "192.0.2.1" }]))
            .0,
        200
    );
    let mut all = desk("fresh", |scenario| scenario.dns.refuses = Refuses::All);
    assert_eq!(all.get(&format!("{V1}/CNAME/www")), (403, denied.clone()));
    assert_eq!(all.get(V3).1["name"], "ACCESS_DENIED");
    // A domain of somebody else is refused in the same words, a name inside of the own one in others.
    let mut calm = calm();
    assert_eq!(
        calm.get("/v1/domains/example.com/records/A/@"),
        (403, denied)
    );
    let (status, body) = calm.get(&format!("/v1/domains/www.{ZONE}/records/A/@"));
    assert_eq!((status, &body["code"]), (404, &json!("UNKNOWN_DOMAIN")));
    assert_eq!(calm.get("/v3/domains/zones/example.com/dns-records").0, 404);
}

#[test]
fn a_domain_without_a_zone_here_is_unknown() {
    let mut desk = desk("fresh", |scenario| {
        scenario.dns.delegated = Some(crate::sim::zones::Host::Cloudflare);
        scenario.dns.godaddy_zone = false;
    });
    let (status, body) = desk.get(&format!("{V1}/CNAME/www"));
    assert_eq!((status, &body["code"]), (404, &json!("UNKNOWN_DOMAIN")));
    assert_eq!(desk.get(V3).0, 404);
    assert_eq!(desk.get(&format!("/v1/domains/{ZONE}")).0, 200);
}

#[test]
fn a_record_must_be_possible() {
    let mut desk = calm();
    let before = zone(&desk);
    let mut v1 = |record: Value| desk.call(Method::Patch, V1, Some(json!([record])));
    let (status, body) = v1(json!({ "type": "A", "name": "x", "data": "192.0.2.1", "ttl": 300 }));
    assert_eq!(status, 422);
    assert_eq!(
        body["fields"][0],
        json!({ "path": "records[0].ttl", "code": "UNKNOWN_RESTRICTION", "message": "must have a minimum value of 600" })
    );
    for wrong in [
        json!({ "type": "A", "name": "x", "data": "nothing" }),
        json!({ "type": "CNAME", "name": "@", "data": "a.example" }),
        json!({ "type": "CAA", "name": "@", "data": "letsencrypt.org" }),
        json!({ "type": "NS", "name": "@", "data": "ns1.example" }),
        json!({ "type": "MX", "name": "@", "data": "mail.example" }),
        json!({ "type": "A", "data": "192.0.2.1" }),
    ] {
        let (status, body) = v1(wrong);
        assert_eq!(
            (status, &body["code"]),
            (422, &json!("INVALID_BODY")),
            "{body}"
        );
    }
    let (status, body) = v1(json!({ "type": "CNAME", "name": "www", "data": "a.example" }));
    assert_eq!((status, &body["code"]), (422, &json!("DUPLICATE_RECORD")));
    assert_eq!(
        body["fields"][0]["message"],
        "CNAME record name [www] conflicts with another record."
    );
    assert_eq!(
        desk.put(&format!("{V1}/A/www"), json!([{ "data": "192.0.2.1" }]))
            .0,
        422
    );
    assert_eq!(desk.call(Method::Patch, V1, Some(json!({}))).0, 422);
    assert_eq!(desk.get(&format!("{V1}/PTR/x")).0, 422);
    assert_eq!(desk.delete(&format!("{V1}/NS/@")).0, 409);
    let record = |kind: &str, ttl: u32| json!({ "type": kind, "name": "x", "data": "192.0.2.1", "ttl": ttl });
    assert_eq!(desk.post(V3, record("A", 599)).0, 422);
    assert_eq!(desk.post(V3, record("A", 86_401)).0, 422);
    assert_eq!(
        desk.post(V3, json!({ "type": "A", "name": "x", "data": "192.0.2.1" }))
            .0,
        400
    );
    assert_eq!(desk.post(V3, record("NS", 600)).0, 409);
    assert_eq!(desk.post(V3, json!([])).0, 400);
    assert_eq!(desk.get(&format!("{V3}?pageSize=101")).0, 400);
    assert_eq!(desk.get(&format!("{V3}?fields=secret")).0, 400);
    assert_eq!(desk.get("/v2/customers").0, 404);
    assert_eq!(zone(&desk), before);
}

#[test]
fn the_sixty_first_call_of_a_minute_waits() {
    let mut desk = calm();
    let path = format!("{V1}/CNAME/www");
    let call = desk.call_for(Method::Get, &path, None);
    for used in 1..=60 {
        let reply = desk.raw(&call);
        assert_eq!(reply.status, 200);
        assert_eq!(
            reply.header("ratelimit-remaining").unwrap(),
            (60 - used).to_string()
        );
    }
    let refused = desk.raw(&call);
    let wait: i64 = refused.header("retry-after").unwrap().parse().unwrap();
    let body: Value = serde_json::from_slice(&refused.body).unwrap();
    assert_eq!(
        (refused.status, &body["retryAfterSec"]),
        (429, &json!(wait))
    );
    // Another endpoint has calls of its own.
    assert_eq!(desk.get(V3).0, 200);
    desk.wait(wait);
    assert_eq!(desk.get(&path).0, 200);
}

#[test]
fn a_zone_that_is_being_changed_is_busy_for_a_while() {
    let mut desk = desk("fresh", |scenario| scenario.dns.busy_s = 10);
    let record = |name: &str| json!({ "type": "A", "name": name, "data": "192.0.2.1", "ttl": 600 });
    assert_eq!(desk.post(V3, record("x")).0, 201);
    let (status, body) = desk.post(V3, record("y"));
    assert_eq!(
        (status, message(&body)),
        (409, "The zone is being changed, try again later")
    );
    assert_eq!(desk.delete(&format!("{V1}/A/x")).0, 409);
    desk.wait(10);
    assert_eq!(desk.post(V3, record("y")).0, 201);
}

#[test]
fn domain_protection_loses_the_text_of_what_it_takes() {
    let mut desk = desk("fresh", |scenario| scenario.dns.protected = true);
    let record = |name: &str| json!({ "type": "TXT", "name": name, "data": "hello", "ttl": 600 });
    let (status, made) = desk.post(V3, record("x"));
    assert_eq!((status, &made["data"]), (201, &json!("hello")));
    let kept =
        |desk: &mut Desk, name: &str| desk.get(&format!("{V1}/TXT/{name}")).1[0]["data"].clone();
    assert_eq!(kept(&mut desk, "x"), "");
    assert_eq!(
        desk.put(&format!("{V1}/TXT/y"), json!([{ "data": "hello" }]))
            .0,
        200
    );
    assert_eq!(kept(&mut desk, "y"), "");
    desk.act("record z TXT hello").unwrap();
    assert_eq!(kept(&mut desk, "z"), "hello");
}
