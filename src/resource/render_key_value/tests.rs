//! Stories of a Redis's plan: made once, adopted, asked about, never doubled.

use super::*;

const EXTERNAL: &str = "rediss://red-1:canary@frankfurt-keyvalue.render.com:6379";

fn redis() -> RenderKeyValue {
    RenderKeyValue {
        name: "shop-redis".into(),
        plan: "starter".into(),
        region: "frankfurt".into(),
    }
}

fn instance(id: &str, change: impl FnOnce(&mut Value)) -> KeyValue {
    let mut instance = json!({
        "id": id, "name": "shop-redis", "owner": {"id": "tea-1"}, "plan": "256mb", "region": "frankfurt",
        "status": "available", "options": {"maxmemoryPolicy": "noeviction"}, "ipAllowList": null
    });
    change(&mut instance);
    serde_json::from_value(instance).unwrap()
}

fn urls() -> ConnectionInfo {
    serde_json::from_value(json!({
        "internalConnectionString": "redis://red-1:6379", "externalConnectionString": EXTERNAL
    }))
    .unwrap()
}

fn seen(known: &Known, list: Vec<KeyValue>) -> Seen {
    let recorded = known.id(KIND);
    let recorded = recorded.and_then(|id| list.iter().find(|one| one.id == id).cloned());
    let item = ItemId::new("4.redis-prod");
    Seen {
        urls: Some(urls()),
        ..redis().seen(&item, "tea-1".into(), known, recorded, list)
    }
}

fn plan(list: Vec<KeyValue>) -> Plan<RenderKeyValueChange> {
    let known = Known::default();
    redis().plan(&known, &seen(&known, list))
}

fn rows(plan: Plan<RenderKeyValueChange>) -> Vec<Row> {
    let item = ItemId::new("4.redis-prod");
    match plan {
        Plan::Change(changes) => changes.iter().map(|change| change.row(&item)).collect(),
        other => panic!("no change: {other:?}"),
    }
}

fn blocked(plan: Plan<RenderKeyValueChange>) -> String {
    match plan {
        Plan::Blocked(blocker) => blocker.sentence(),
        other => panic!("not blocked: {other:?}"),
    }
}

#[test]
fn a_missing_redis_is_made_once_and_a_lost_reply_is_asked_about() {
    let Plan::Change(changes) = plan(vec![]) else {
        panic!("no change");
    };
    assert_eq!(changes[0].repeat(), Repeat::Ask);
    assert_eq!(
        changes[0].row(&ItemId::new("4.redis-prod")).to_string(),
        "+ Redis shop-redis: starter, frankfurt, noeviction, USD 10.00 a month"
    );
}

#[test]
fn an_equal_redis_is_adopted_and_its_urls_are_kept_as_secrets() {
    let known = Known::default();
    let seen = seen(&known, vec![instance("red-1", |_| {})]);
    let Plan::Settled(evidence) = redis().plan(&known, &seen) else {
        panic!("not settled");
    };
    assert_eq!(
        evidence.text,
        "Redis shop-redis is there: 256mb, frankfurt, noeviction, available"
    );
    assert!(evidence.notes[0].contains("prod.REDIS_URL_INTERNAL"));
    let outputs = redis().outputs(&seen);
    assert_eq!(outputs["id"].text(), Some("red-1"));
    for name in ["external_url", "internal_url"] {
        assert!(matches!(outputs[name], Output::Secret(_)));
    }
    assert!(!format!("{outputs:?}{evidence:?}").contains("canary"));
}

#[test]
fn two_of_one_name_are_asked_about_and_never_become_three() {
    let twins = || vec![instance("red-1", |_| {}), instance("red-2", |_| {})];
    let Plan::Blocked(Blocker::Choose { key, options, .. }) = plan(twins()) else {
        panic!("not asked");
    };
    assert_eq!(options[1].word, "red-2");
    let mut known = Known::default();
    known.decided.insert(key, "red-2".into());
    let seen = seen(&known, twins());
    let Plan::Settled(evidence) = redis().plan(&known, &seen) else {
        panic!("not settled");
    };
    assert_eq!(redis().outputs(&seen)["id"].text(), Some("red-2"));
    assert_eq!(evidence.findings[0].code, "twin");
}

#[test]
fn a_redis_that_is_being_made_is_waited_for() {
    for status in ["unknown", "creating"] {
        let instance = instance("red-1", |one| one["status"] = json!(status));
        let Plan::Wait(wait) = plan(vec![instance]) else {
            panic!("no wait");
        };
        assert_eq!((wait.seen.as_str(), wait.look_every), (status, LOOK_EVERY));
    }
    let known = Known::default();
    let without_urls = Seen {
        urls: None,
        ..seen(&known, vec![instance("red-1", |_| {})])
    };
    assert!(matches!(redis().plan(&known, &without_urls), Plan::Wait(_)));
}

#[test]
fn another_region_is_told_and_never_replaced() {
    let oregon = || vec![instance("red-1", |one| one["region"] = json!("oregon"))];
    let sentence = blocked(plan(oregon()));
    assert!(
        sentence.contains("write region = \"oregon\" in [render]"),
        "{sentence}"
    );
    let known = Known::default();
    assert!(redis().found(&seen(&known, oregon()), "create").is_none());
}

#[test]
fn policy_and_plan_that_differ_are_rows_on_an_adopted_redis() {
    let list = vec![instance("red-1", |one| {
        one["plan"] = json!("free");
        one["options"]["maxmemoryPolicy"] = json!("allkeys_lru");
    })];
    let rows = rows(plan(list));
    assert_eq!(
        rows.iter().map(ToString::to_string).collect::<Vec<_>>(),
        [
            "~ plan of Redis shop-redis: free → starter, USD 10.00 a month",
            "~ eviction of Redis shop-redis: allkeys_lru → noeviction",
        ]
    );
    assert!(rows.iter().all(|row| row.not_made_by_golive));
    assert!(rows[0].detail[1].contains("loses its data"));
}

#[test]
fn what_render_would_refuse_is_told_before() {
    let larger = vec![instance("red-1", |one| one["plan"] = json!("5g"))];
    let sentence = blocked(plan(larger));
    assert!(
        sentence.contains("moves none to a smaller one"),
        "{sentence}"
    );
    let known = Known::default();
    let free = RenderKeyValue {
        plan: "free".into(),
        ..redis()
    };
    let other = instance("red-9", |one| {
        one["name"] = json!("other");
        one["plan"] = json!("free");
    });
    let sentence = blocked(free.plan(&known, &seen(&known, vec![other])));
    assert!(
        sentence.contains("one free Key Value instance, and other is it"),
        "{sentence}"
    );
    let wrong = RenderKeyValue {
        plan: "tiny".into(),
        ..redis()
    };
    let sentence = blocked(wrong.plan(&known, &seen(&known, vec![])));
    assert!(
        sentence.contains("Render has no Key Value plan tiny"),
        "{sentence}"
    );
}

#[test]
fn what_works_and_will_bite_is_told() {
    let known = Known::default();
    let free = RenderKeyValue {
        plan: "free".into(),
        ..redis()
    };
    let list = vec![instance("red-1", |one| {
        one["plan"] = json!("free");
        one["status"] = json!("suspended");
        one["ipAllowList"] = json!([{"cidrBlock": "0.0.0.0/0", "description": "all"}]);
    })];
    let Plan::Settled(evidence) = free.plan(&known, &seen(&known, list)) else {
        panic!("not settled");
    };
    let codes: Vec<&str> = evidence
        .findings
        .iter()
        .map(|finding| &*finding.code)
        .collect();
    assert_eq!(codes, ["loses-data", "suspended", "open"]);
}

#[test]
fn undo_takes_only_what_golive_made_and_asks_for_its_name() {
    let list = || vec![instance("red-1", |_| {})];
    let nobody = Known::default();
    assert!(redis().undo(&nobody, &seen(&nobody, list())).is_empty());
    let known = Known {
        made: vec![made(&instance("red-1", |_| {}), "shop-redis")],
        ..Known::default()
    };
    let undo = redis().undo(&known, &seen(&known, list()));
    let row = undo[0].row(&ItemId::new("4.redis-prod"));
    assert_eq!(row.confirm.as_deref(), Some("shop-redis"));
}
