//! Records through each client: read, added, replaced, removed, refused.

use golive::provider::cloudflare::NewRecord;
use golive::provider::godaddy::{Client, Record, is_duplicate, is_refused_access};
use golive::provider::http::CallError;
use golive::sim::Provider;
use serde_json::json;

use crate::{Stage, ZONE, calm, on, refused, world};

fn record(kind: &str, name: &str, data: &str) -> Record {
    let record = json!({"type": kind, "name": name, "data": data, "ttl": 600});
    serde_json::from_value(record).expect("a record")
}

fn data(records: &[Record]) -> Vec<&str> {
    records.iter().map(|record| record.data.as_str()).collect()
}

/// All but what the test itself writes stays as it was.
async fn every_step(stage: &Stage<'_>, client: &Client<'_>) {
    let before = stage.zone(Provider::Godaddy);
    client.probe(ZONE).await.expect("a zone of this account");
    let www = client.records_at(ZONE, "www").await.expect("records");
    assert_eq!(data(&www), ["@"]);
    let new = record("CNAME", "www", "d1.vercel-dns-017.com");
    client.replace(ZONE, &www[0], &new).await.expect("replaced");
    let www = client.records_of(ZONE, "CNAME", "www").await.expect("one");
    assert_eq!(www[0].data.trim_end_matches('.'), "d1.vercel-dns-017.com");
    for text in ["vc-domain-verify=www,1", "vc-domain-verify=staging,2"] {
        let new = record("TXT", "_vercel", text);
        client.add(ZONE, &new).await.expect("added");
        let again = client.add(ZONE, &new).await.expect_err("no second time");
        assert!(is_duplicate(&again), "{again:?}");
    }
    let texts = client.records_at(ZONE, "_vercel").await.expect("records");
    assert_eq!(texts.len(), 2);
    client.remove(ZONE, &texts[0]).await.expect("removed");
    let left = client.records_at(ZONE, "_vercel").await.expect("records");
    assert_eq!(data(&left), [texts[1].data.as_str()]);
    client.remove(ZONE, &left[0]).await.expect("removed");
    client.remove(ZONE, &left[0]).await.expect("gone already");
    client
        .replace(ZONE, &www[0], &record("CNAME", "www", "@"))
        .await
        .expect("put back");
    let after = stage.zone(Provider::Godaddy);
    let changed: Vec<&String> = before.symmetric_difference(&after).collect();
    // The time to live is golive's now; name, type and value are as before.
    assert_eq!(changed.len(), 2, "{changed:?}");
    assert!(changed.iter().all(|line| line.starts_with("www CNAME ")));
}

#[test]
fn a_token_reads_and_writes_records_one_by_one() {
    on(calm(json!({})), async |stage| {
        every_step(stage, &stage.v3).await;
        let all = stage.v3.records(ZONE).await.expect("a list");
        assert!(all.expect("of the whole zone").len() > 8);
    });
}

#[test]
fn a_key_reads_and_writes_sets() {
    on(calm(json!({})), async |stage| {
        every_step(stage, &stage.v1).await;
        assert!(stage.v1.records(ZONE).await.expect("no list").is_none());
    });
}

#[test]
fn one_of_two_mail_records_goes_and_the_other_keeps_its_priority() {
    on(calm(json!({})), async |stage| {
        let mail = stage.v1.records_of(ZONE, "MX", "@").await.expect("two");
        assert_eq!(mail.len(), 2);
        stage.v1.remove(ZONE, &mail[0]).await.expect("removed");
        let left = stage.v1.records_of(ZONE, "MX", "@").await.expect("one");
        assert_eq!(left, mail[1..]);
    });
}

#[test]
fn a_cname_that_is_refused_leaves_the_old_one_in_its_place() {
    on(calm(json!({})), async |stage| {
        let www = stage.v3.records_at(ZONE, "www").await.expect("records");
        let nonsense = record("CNAME", "www", "not a name");
        let outcome = stage.v3.replace(ZONE, &www[0], &nonsense).await;
        assert_eq!(refused(outcome).0, 422);
        let now = stage.v3.records_at(ZONE, "www").await.expect("records");
        assert_eq!(data(&now), data(&www));
    });
}

#[test]
fn a_time_to_live_below_the_minimum_never_leaves() {
    on(calm(json!({})), async |stage| {
        let short = Record {
            ttl: Some(60),
            ..record("A", "x", "192.0.2.9")
        };
        for client in [&stage.v3, &stage.v1] {
            let error = client.add(ZONE, &short).await.expect_err("too short");
            assert!(matches!(error, CallError::Here { .. }), "{error:?}");
            assert!(error.cause().contains("600 to 86400"), "{}", error.cause());
        }
        assert_eq!(stage.written(Provider::Godaddy), 0);
    });
}

#[test]
fn an_addition_whose_answer_is_lost_is_never_sent_twice() {
    on(calm(json!({})), async |stage| {
        let call = "POST /v3/domains/zones/*/dns-records";
        stage.fault("godaddy", call, "timeout_after_apply");
        let new = record("A", "lost", "192.0.2.9");
        let error = stage.v3.add(ZONE, &new).await.expect_err("no answer");
        assert!(matches!(error, CallError::Ambiguous { .. }), "{error:?}");
        let there = stage.v3.records_at(ZONE, "lost").await.expect("records");
        assert_eq!(there.len(), 1);
    });
}

#[test]
fn access_is_refused_endpoint_by_endpoint() {
    on(world(json!({"refuses": "domain_object"})), async |stage| {
        stage.v1.probe(ZONE).await.expect("the call that is needed");
        let error = stage.v1.domain(ZONE).await.expect_err("the domain itself");
        assert!(is_refused_access(&error));
    });
    on(world(json!({"refuses": "all"})), async |stage| {
        for client in [&stage.v3, &stage.v1] {
            let error = client.probe(ZONE).await.expect_err("nothing");
            assert!(is_refused_access(&error), "{error:?}");
        }
    });
}

#[test]
fn cloudflare_reads_and_writes_by_ids() {
    let world = calm(json!({"delegated": "cloudflare"}));
    on(world, async |stage| {
        let client = &stage.cloudflare;
        assert_eq!(client.verify().await.expect("a token").status, "active");
        let zone = client.zones(ZONE).await.expect("zones").remove(0);
        assert_eq!(zone.status.as_deref(), Some("active"));
        assert!(zone.account().is_some());
        let name = format!("api.{ZONE}");
        let new = NewRecord {
            kind: "CNAME",
            name: &name,
            content: "shop-api.onrender.com",
            ttl: 300,
            proxied: false,
            comment: Some("golive:shop-1a2b3c4d:6.2.record-api"),
        };
        let made = client.create(&zone.id, &new).await.expect("created");
        let id = made.id.expect("an id");
        assert_eq!((made.proxied, made.comment.is_some()), (Some(false), true));
        let (status, words) = refused(client.create(&zone.id, &new).await);
        assert_eq!(status, 400, "{words}");
        let proxied = NewRecord {
            proxied: true,
            ttl: 1,
            ..new
        };
        client
            .change(&zone.id, &id, &proxied)
            .await
            .expect("changed");
        let there = client.records_at(&zone.id, &name).await.expect("one");
        assert_eq!((there.len(), there[0].proxied), (1, Some(true)));
        client.delete(&zone.id, &id).await.expect("deleted");
        client.delete(&zone.id, &id).await.expect("gone already");
        let all = client.records(&zone.id).await.expect("a list");
        assert!(all.len() > 8 && all.iter().all(|one| one.name != name));
    });
}

#[test]
fn cloudflare_tells_a_zone_that_is_not_there_and_a_right_that_is_missing() {
    let world = calm(json!({"delegated": "cloudflare", "rights": "read"}));
    on(world, async |stage| {
        let none = stage.cloudflare.zones("other.example").await;
        assert!(none.expect("an answer").is_empty());
        let zone = stage.cloudflare.zones(ZONE).await.expect("zones").remove(0);
        let name = format!("api.{ZONE}");
        let new = NewRecord {
            kind: "A",
            name: &name,
            content: "192.0.2.9",
            ttl: 300,
            proxied: false,
            comment: None,
        };
        let outcome = stage.cloudflare.create(&zone.id, &new).await;
        assert_eq!(refused(outcome).0, 403);
    });
}
