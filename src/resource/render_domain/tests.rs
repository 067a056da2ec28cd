//! What golive makes of a host on a Render service, and of one that is elsewhere.

use serde_json::{Value, json};

use super::*;

fn wish() -> RenderDomain {
    RenderDomain {
        host: "api.acme.test".into(),
        service: ItemId::new("4.api-prod"),
        service_name: "shop-api".into(),
    }
}

fn service(name: &str, url: Value) -> Service {
    let service = json!({
        "id": format!("srv-{name}"), "name": name, "type": "web_service", "serviceDetails": {"url": url}
    });
    serde_json::from_value(service).unwrap()
}

fn seen(domain: Option<Value>) -> Seen {
    Seen {
        service: Some(service(
            "shop-api",
            json!("https://shop-api-q9lm.onrender.com"),
        )),
        domain: domain.map(|one| serde_json::from_value(one).unwrap()),
        elsewhere: None,
    }
}

fn there() -> Value {
    json!({
        "id": "cdm-1", "name": "api.acme.test", "domainType": "subdomain", "redirectForName": "",
        "verificationStatus": "unverified"
    })
}

fn blocked(seen: &Seen) -> String {
    match wish().plan(&Known::default(), seen) {
        Plan::Blocked(blocker) => blocker.sentence(),
        other => panic!("not blocked: {other:?}"),
    }
}

#[test]
fn a_host_that_is_nowhere_is_claimed_and_the_row_is_the_one_foreseen() {
    let Plan::Change(changes) = wish().plan(&Known::default(), &seen(None)) else {
        panic!("no change");
    };
    let item = ItemId::new("6.1.api-prod");
    assert_eq!(
        changes[0].row(&item).to_string(),
        "+ host api.acme.test on Render service shop-api"
    );
    let foreseen = wish().foresee(&Known::default());
    assert_eq!(foreseen[0].row(&item).id(), changes[0].row(&item).id());
}

#[test]
fn the_name_to_point_to_is_the_services_own_and_not_its_title() {
    let seen = seen(Some(there()));
    let Plan::Settled(evidence) = wish().plan(&Known::default(), &seen) else {
        panic!("not settled");
    };
    assert_eq!(
        evidence.text,
        "api.acme.test is on Render service shop-api; it must point to shop-api-q9lm.onrender.com, read from that service"
    );
    let outputs = wish().outputs(&seen);
    assert_eq!(outputs[TARGET_KIND].text(), Some("CNAME"));
    assert_eq!(outputs[TARGET].text(), Some("shop-api-q9lm.onrender.com"));
    // Without an address nothing is made up.
    let without = Seen {
        service: Some(service("shop-api", json!(null))),
        ..self::seen(Some(there()))
    };
    assert!(matches!(
        wish().plan(&Known::default(), &without),
        Plan::Wait(_)
    ));
    assert!(!wish().outputs(&without).contains_key(TARGET));
}

#[test]
fn a_host_of_another_service_is_named_and_left_there() {
    let elsewhere = Seen {
        elsewhere: Some(service("old-api", json!(null))),
        ..seen(None)
    };
    let told = blocked(&elsewhere);
    assert!(
        told.contains("take api.acme.test off Render service old-api"),
        "{told}"
    );
}

#[test]
fn an_apex_a_redirect_and_a_missing_service_are_told() {
    let mut apex = there();
    apex["domainType"] = json!("apex");
    assert!(blocked(&seen(Some(apex))).contains("give the API a name below"));
    let mut www = there();
    www["redirectForName"] = json!("acme.test");
    assert!(blocked(&seen(Some(www))).contains("sends its visitors on to acme.test"));
    let none = Seen {
        service: None,
        ..seen(None)
    };
    assert!(blocked(&none).contains("settle 4.api-prod first"));
}

#[test]
fn the_hours_budget_is_waited_for() {
    let known = Known {
        created_last_hour: CALLS_AN_HOUR,
        ..Known::default()
    };
    let Plan::Wait(wait) = wish().plan(&known, &seen(None)) else {
        panic!("no wait");
    };
    assert_eq!(wait.seen, "50 sent within the last hour");
}

#[test]
fn undo_takes_what_golive_added_with_what_render_added_to_it() {
    let there = seen(Some(there()));
    assert!(wish().undo(&Known::default(), &there).is_empty());
    let pair = [
        json!({"name": "api.acme.test"}),
        json!({"name": "www.api.acme.test"}),
    ];
    let pair = pair.map(|one| serde_json::from_value(one).unwrap());
    let known = Known {
        made: vec![wish().made("srv-shop-api", &pair)],
        ..Known::default()
    };
    let undo = wish().undo(&known, &there);
    assert_eq!(
        undo[0].row(&ItemId::new("6.1.api-prod")).to_string(),
        "- host api.acme.test, www.api.acme.test on Render service shop-api"
    );
    assert!(wish().undo(&known, &seen(None)).is_empty());
}
