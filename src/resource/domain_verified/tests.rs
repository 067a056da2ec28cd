//! What golive makes of a provider's word on a host, and when it asks for it.

use serde_json::{Value, json};

use super::*;
use crate::plan::{Evidence, Wait};
use crate::resource::site_certificate::caa::Climb;

fn now() -> Timestamp {
    "2026-11-24T10:00:00Z".parse().unwrap()
}

fn at_vercel() -> DomainVerified {
    DomainVerified {
        host: "www.acme.test".into(),
        zone: "acme.test".into(),
        claim: ItemId::new("6.www"),
        at: Claimed::Vercel(ItemId::new("5.prod")),
    }
}

fn at_render() -> DomainVerified {
    DomainVerified {
        host: "api.acme.test".into(),
        claim: ItemId::new("6.1.api-prod"),
        at: Claimed::Render(ItemId::new("4.api-prod")),
        ..at_vercel()
    }
}

/// Known of a launch whose last question was so many seconds ago.
fn known(asked: Option<i64>) -> Known {
    let sent = asked.map(|ago| (ASK.to_string(), now() - SignedDuration::from_secs(ago)));
    Known {
        outputs: [
            ("5.prod.id".to_string(), "prj_1".to_string()),
            ("4.api-prod.id".to_string(), "srv-1".to_string()),
        ]
        .into(),
        sent: sent.into_iter().collect(),
        ..Known::default()
    }
}

fn seen(found: Found) -> Seen {
    Seen {
        now: now(),
        found,
        way: Some(InTheWay {
            aaaa: Ok(vec![]),
            caa: Climb::Free,
        }),
        since: now(),
    }
}

fn vercel(verified: bool, config: Value, proof: Result<(), String>) -> Seen {
    let domain = json!({
        "name": "www.acme.test", "apexName": "acme.test", "verified": verified, "verification": [{
            "type": "TXT", "domain": "_vercel.acme.test", "value": "vc-domain-verify=www.acme.test,e8",
            "reason": "pending_domain_verification"
        }]
    });
    seen(Found::Vercel {
        domain: serde_json::from_value(domain).unwrap(),
        config: serde_json::from_value(config).unwrap(),
        proof,
    })
}

fn render(status: &str) -> Seen {
    let domain = json!({"id": "cdm-1", "name": "api.acme.test", "verificationStatus": status});
    seen(Found::Render(serde_json::from_value(domain).unwrap()))
}

fn evidence(plan: Plan<Ask>) -> Evidence {
    match plan {
        Plan::Settled(evidence) => evidence,
        other => panic!("not settled: {other:?}"),
    }
}

fn wait(plan: Plan<Ask>) -> Wait {
    match plan {
        Plan::Wait(wait) => wait,
        other => panic!("no wait: {other:?}"),
    }
}

fn row(plan: Plan<Ask>) -> Row {
    match plan {
        Plan::Change(changes) => changes[0].row(&ItemId::new("6.2.verified-x")),
        other => panic!("no change: {other:?}"),
    }
}

#[test]
fn both_of_vercels_words_are_needed_and_told_as_its_own() {
    let good = json!({"configuredBy": "CNAME", "misconfigured": false});
    let told = evidence(at_vercel().plan(&known(None), &vercel(true, good, Ok(()))));
    assert_eq!(
        told.text,
        "read from Vercel: www.acme.test verified, not misconfigured, led there by CNAME"
    );
    let silent = wait(at_vercel().plan(&known(None), &vercel(true, json!({}), Ok(()))));
    assert_eq!(silent.seen, "Vercel does not say");
    let proxied = json!({"configuredBy": "http", "misconfigured": false});
    let told = evidence(at_vercel().plan(&known(None), &vercel(true, proxied, Ok(()))));
    assert_eq!(told.findings[0].code, "proxied");
}

#[test]
fn what_vercel_sees_in_the_way_is_named_while_it_is_waited_for() {
    let old = json!({
        "configuredBy": null, "misconfigured": true,
        "conflicts": [{"name": "www.acme.test", "type": "A", "value": "192.0.2.9"}]
    });
    let told = wait(at_vercel().plan(&known(None), &vercel(true, old, Ok(()))));
    assert_eq!(
        told.seen,
        "Vercel does not see the host lead there; in the way: A www.acme.test 192.0.2.9"
    );
    assert!(told.why.contains("old records"));
}

#[test]
fn ownership_is_asked_for_only_once_the_proof_is_seen() {
    let config = || json!({"misconfigured": true});
    let unseen = vercel(
        false,
        config(),
        Err("no TXT record at _vercel.acme.test".into()),
    );
    let told = wait(at_vercel().plan(&known(None), &unseen));
    assert_eq!(told.seen, "no TXT record at _vercel.acme.test");
    assert!(told.expected.contains("vc-domain-verify=www.acme.test,e8"));
    let there = vercel(false, config(), Ok(()));
    let first = row(at_vercel().plan(&known(None), &there));
    assert_eq!(
        first.to_string(),
        "~ www.acme.test at Vercel: ownership not shown → shown, by the TXT record"
    );
    assert!(!first.wants_a_person());
    // Asked a moment ago: not again at once, and then with the same approval.
    let told = wait(at_vercel().plan(&known(Some(5)), &there));
    assert!(told.seen.contains("asked a moment ago"));
    let again = row(at_vercel().plan(&known(Some(21)), &there));
    assert_eq!(again.id(), first.id());
}

#[test]
fn what_is_foreseen_is_what_is_asked() {
    assert!(at_vercel().foresee(&known(None)).is_empty());
    let mut wants = known(None);
    wants
        .outputs
        .insert("6.www.proof_value".into(), "vc-domain-verify=x".into());
    let item = ItemId::new("6.2.verified-x");
    let there = vercel(false, json!({}), Ok(()));
    assert_eq!(
        at_vercel().foresee(&wants)[0].row(&item).id(),
        row(at_vercel().plan(&wants, &there)).id()
    );
    let foreseen = at_render().foresee(&known(None));
    let planned = row(at_render().plan(&known(None), &render("unverified")));
    assert_eq!(foreseen[0].row(&item).id(), planned.id());
    assert!(at_render().foresee(&known(Some(5))).is_empty());
}

#[test]
fn render_is_asked_once_and_then_waited_for() {
    let told = evidence(at_render().plan(&known(None), &render("verified")));
    assert_eq!(told.text, "read from Render: api.acme.test verified");
    let first = row(at_render().plan(&known(None), &render("unverified")));
    assert_eq!(
        first.to_string(),
        "~ api.acme.test at Render: unverified → verified, when it is asked to look now"
    );
    let told = wait(at_render().plan(&known(Some(70)), &render("unverified")));
    assert_eq!(told.seen, "unverified, asked at 09:58 UTC");
    // Each later question is a row of its own.
    let again = row(at_render().plan(&known(Some(660)), &render("unverified")));
    assert!(again.to_string().contains("asked at 09:49 UTC"));
    assert_ne!(again.id(), first.id());
    // A word of tomorrow is not "verified".
    assert!(matches!(
        at_render().plan(&known(Some(1)), &render("pending")),
        Plan::Wait(_)
    ));
}

#[test]
fn what_only_a_person_can_remove_is_named() {
    let blocked = |wish: DomainVerified, way: InTheWay, seen: Seen| {
        let seen = Seen {
            way: Some(way),
            ..seen
        };
        match wish.plan(&known(Some(61)), &seen) {
            Plan::Blocked(blocker) => blocker.sentence(),
            other => panic!("not blocked: {other:?}"),
        }
    };
    let six = || InTheWay {
        aaaa: Ok(vec!["2001:db8::1".into()]),
        caa: Climb::Free,
    };
    let told = blocked(at_render(), six(), render("unverified"));
    assert!(told.contains("remove the AAAA records of api.acme.test (2001:db8::1): Render"));
    let told = blocked(at_vercel(), six(), vercel(true, json!({}), Ok(())));
    assert!(told.contains("Vercel is reached by IPv4 alone"));
    let digicert = InTheWay {
        aaaa: Ok(vec![]),
        caa: Climb::Set {
            at: "acme.test".into(),
            records: vec![r#"0 issue "digicert.com""#.into()],
        },
    };
    // Render is asked first, and given a minute.
    for (asked, is_asked) in [(None, true), (Some(59), false)] {
        let early = Seen {
            way: Some(six()),
            ..render("unverified")
        };
        let plan = at_render().plan(&known(asked), &early);
        assert_eq!(matches!(plan, Plan::Change(_)), is_asked, "{plan:?}");
        assert_eq!(matches!(plan, Plan::Wait(_)), !is_asked, "{plan:?}");
    }
    let told = blocked(at_render(), digicert, render("unverified"));
    assert!(
        told.contains("add to the CAA records at acme.test"),
        "{told}"
    );
    let silent = Seen {
        way: Some(InTheWay {
            aaaa: Ok(vec![]),
            caa: Climb::Silent {
                at: "acme.test".into(),
                why: "192.0.2.53 answers ServFail".into(),
            },
        }),
        ..render("unverified")
    };
    let told = wait(at_render().plan(&known(Some(1)), &silent));
    assert!(told.seen.contains("192.0.2.53 answers ServFail"));
}

#[test]
fn a_claim_that_is_gone_is_told_with_what_brings_it_back() {
    let Plan::Blocked(Blocker::ByHand { what, paste, .. }) =
        at_render().plan(&known(None), &seen(Found::Gone))
    else {
        panic!("not blocked");
    };
    assert!(what.contains("claim api.acme.test at Render again"));
    assert_eq!(paste, ["golive run 6.1.api-prod"]);
}

#[test]
fn the_hour_of_the_first_success_is_handed_on() {
    let outputs = at_render().outputs(&render("verified"));
    assert_eq!(outputs[SINCE].text(), Some("2026-11-24T10:00:00Z"));
}
