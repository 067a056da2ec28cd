//! What this Cloudflare refuses, and with which codes.

use serde_json::{Value, json};

use super::stories::{ZONE, desk, record, records};
use crate::seam::transport::Method;
use crate::sim::zones::spec::Rights;

fn code(body: &Value) -> u64 {
    assert_eq!(
        (&body["success"], &body["result"]),
        (&json!(false), &Value::Null),
        "{body}"
    );
    body["errors"][0]["code"].as_u64().unwrap()
}

#[test]
fn strangers_and_tokens_with_too_little_are_told_apart() {
    let mut desk = desk(|_| {});
    let path = records(&mut desk);
    desk.authorization = "Bearer wrong".to_owned();
    let (status, body) = desk.get("/client/v4/user/tokens/verify");
    assert_eq!((status, code(&body)), (401, 1000));
    let (status, body) = desk.get(&path);
    assert_eq!((status, code(&body)), (403, 10_000));
    let mut reads = super::stories::desk(|scenario| scenario.dns.rights = Rights::Read);
    let path = records(&mut reads);
    assert_eq!(reads.get(&path).0, 200);
    let (status, body) = reads.post(&path, record("api", "A", "192.0.2.1"));
    assert_eq!((status, code(&body)), (403, 9109));
    let mut blind = super::stories::desk(|scenario| scenario.dns.rights = Rights::Nothing);
    let (status, zones) = blind.get(&format!("/client/v4/zones?name={ZONE}"));
    assert_eq!((status, &zones["result"]), (200, &json!([])));
    let (status, body) = blind.get(&path);
    assert_eq!((status, code(&body)), (404, 7003));
}

#[test]
fn a_record_must_be_possible_and_alone_where_it_must_be() {
    let mut desk = desk(|_| {});
    let path = records(&mut desk);
    let mut refused = |body: Value| {
        let (status, body) = desk.post(&path, body);
        assert_eq!(status, 400, "{body}");
        code(&body)
    };
    assert_eq!(refused(record("www", "A", "192.0.2.1")), 81_054);
    assert_eq!(refused(record("mail", "CNAME", "a.example")), 81_053);
    assert_eq!(refused(record("mail", "A", "198.51.100.40")), 81_058);
    assert_eq!(refused(record("api", "A", "nothing")), 9005);
    assert_eq!(refused(record("api", "PTX", "nothing")), 1004);
    assert_eq!(
        refused(json!({ "type": "TXT", "name": "x", "content": "y", "proxied": true })),
        9004
    );
    assert_eq!(refused(json!([])), 9207);
    let mut short = record("api", "A", "192.0.2.1");
    short["ttl"] = json!(30);
    assert_eq!(refused(short), 9021);
    let (status, body) = desk.get(&format!("{path}/0123456789abcdef0123456789abcdef"));
    assert_eq!((status, code(&body)), (404, 81_044));
    let (status, body) = desk.get("/client/v4/zones/0123456789abcdef0123456789abcdef/dns_records");
    assert_eq!((status, code(&body)), (404, 7003));
    assert_eq!(desk.get("/client/v4/accounts").0, 400);
}

#[test]
fn a_change_that_clashes_is_refused_and_one_that_changes_nothing_is_none() {
    let mut desk = desk(|_| {});
    let path = records(&mut desk);
    let (_, made) = desk.post(&path, record("api", "A", "192.0.2.1"));
    let one = format!("{path}/{}", made["result"]["id"].as_str().unwrap());
    let clash = json!({ "name": format!("www.{ZONE}") });
    let (status, body) = desk.call(Method::Patch, &one, Some(clash));
    assert_eq!((status, code(&body)), (400, 81_054));
    assert_eq!(desk.put(&one, record("api", "A", "192.0.2.1")).0, 200);
    assert!(!desk.world.last_call().unwrap().mutating);
}
