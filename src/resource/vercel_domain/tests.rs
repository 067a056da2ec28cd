//! What golive makes of a host on a Vercel project: claimed, moved, changed, hidden, taken back.

use serde_json::{Value, json};

use super::*;
use crate::plan::{Change, Row, Sign};

fn www() -> VercelDomain {
    VercelDomain {
        host: "www.acme.test".into(),
        project: ItemId::new("5.prod"),
        project_name: "shop-prod".into(),
        others: vec![ItemId::new("5.staging")],
        git_branch: None,
        redirect: None,
    }
}

fn dev() -> VercelDomain {
    VercelDomain {
        host: "dev.acme.test".into(),
        git_branch: Some("develop".into()),
        ..www()
    }
}

fn apex() -> VercelDomain {
    VercelDomain {
        host: "acme.test".into(),
        redirect: Some("www.acme.test".into()),
        ..www()
    }
}

fn nothing() -> Seen {
    Seen {
        project: Some("prj_1".into()),
        domain: None,
        elsewhere: None,
        target_there: false,
        config: None,
        protection: Protection::default(),
        key: None,
    }
}

fn there(wish: &VercelDomain, more: Value) -> Seen {
    let mut domain = json!({
        "name": wish.host, "apexName": "acme.test", "verified": true,
        "gitBranch": wish.git_branch, "redirect": wish.redirect, "redirectStatusCode": 308
    });
    let object = domain.as_object_mut().unwrap();
    object.extend(more.as_object().unwrap().clone());
    let config = json!({
        "misconfigured": true, "configuredBy": null,
        "recommendedCNAME": [{"rank": 1, "value": "1a2b.vercel-dns-017.com."}],
        "recommendedIPv4": [{"rank": 1, "value": ["216.198.79.1"]}]
    });
    Seen {
        domain: Some(serde_json::from_value(domain).unwrap()),
        config: Some(serde_json::from_value(config).unwrap()),
        target_there: true,
        ..nothing()
    }
}

fn row(plan: Plan<VercelDomainChange>) -> Row {
    match plan {
        Plan::Change(changes) => changes[0].row(&ItemId::new("6.www")),
        other => panic!("no change: {other:?}"),
    }
}

fn settled(plan: Plan<VercelDomainChange>) -> Evidence {
    match plan {
        Plan::Settled(evidence) => evidence,
        other => panic!("not settled: {other:?}"),
    }
}

#[test]
fn each_host_is_claimed_for_what_it_serves() {
    for (wish, told) in [
        (
            www(),
            "+ host www.acme.test on Vercel project shop-prod: production",
        ),
        (
            dev(),
            "+ host dev.acme.test on Vercel project shop-prod: branch develop",
        ),
        (
            apex(),
            "+ host acme.test on Vercel project shop-prod: redirects to www.acme.test",
        ),
    ] {
        let seen = Seen {
            target_there: true,
            ..nothing()
        };
        let row = row(wish.plan(&Known::default(), &seen));
        assert_eq!(row.to_string(), told);
        let foreseen = wish.foresee(&Known::default())[0].row(&ItemId::new("6.www"));
        assert_eq!(foreseen.id(), row.id());
    }
}

#[test]
fn the_records_are_vercels_own_words() {
    let known = Known::default();
    let seen = there(&www(), json!({}));
    let evidence = settled(www().plan(&known, &seen));
    assert_eq!(
        evidence.text,
        "www.acme.test is on Vercel project shop-prod, for production; Vercel wants CNAME 1a2b.vercel-dns-017.com"
    );
    let outputs = www().outputs(&seen);
    assert_eq!(outputs[TARGET_KIND].text(), Some("CNAME"));
    assert_eq!(outputs[TARGET].text(), Some("1a2b.vercel-dns-017.com"));
    assert!(!outputs.contains_key(PROOF_NAME));
    let seen = there(&apex(), json!({}));
    let outputs = apex().outputs(&seen);
    assert_eq!(outputs[TARGET_KIND].text(), Some("A"));
    assert_eq!(outputs[TARGET].text(), Some("216.198.79.1"));
    assert_eq!(outputs["redirect"].text(), Some("www.acme.test"));
    let unread = Seen {
        config: Some(DomainConfig::default()),
        ..there(&www(), json!({}))
    };
    assert!(matches!(www().plan(&known, &unread), Plan::Wait(_)));
    assert!(!www().outputs(&unread).contains_key(TARGET));
}

#[test]
fn a_domain_of_another_account_is_claimed_with_the_proof_that_vercel_asks_for() {
    let proof = json!({"verified": false, "verification": [{
        "type": "TXT", "domain": "_vercel.acme.test.", "value": "vc-domain-verify=www.acme.test,e886",
        "reason": "pending_domain_verification"
    }]});
    let seen = there(&www(), proof);
    let evidence = settled(www().plan(&Known::default(), &seen));
    assert!(
        evidence.notes[0]
            .contains("TXT _vercel.acme.test with vc-domain-verify=www.acme.test,e886")
    );
    let outputs = www().outputs(&seen);
    assert_eq!(outputs[PROOF_NAME].text(), Some("_vercel.acme.test"));
    assert_eq!(
        outputs[PROOF_VALUE].text(),
        Some("vc-domain-verify=www.acme.test,e886")
    );
}

#[test]
fn a_host_of_another_project_of_ours_is_moved_only_when_that_is_said() {
    let seen = Seen {
        elsewhere: Some(("prj_2".into(), "shop-staging".into())),
        ..nothing()
    };
    let row = row(www().plan(&Known::default(), &seen));
    assert_eq!(
        row.to_string(),
        "~ host www.acme.test at Vercel: on shop-staging → on shop-prod"
    );
    assert!(row.not_made_by_golive && row.wants_a_person());
}

#[test]
fn what_somebody_set_otherwise_is_a_row_of_its_own() {
    let known = Known::default();
    let back = there(
        &www(),
        json!({"redirect": "acme.test", "redirectStatusCode": 307}),
    );
    let changed = row(www().plan(&known, &back));
    assert_eq!(
        changed.to_string(),
        "~ host www.acme.test on Vercel project shop-prod: redirects to acme.test → production"
    );
    assert!(changed.not_made_by_golive);
    let branch = there(&dev(), json!({"gitBranch": "next"}));
    assert!(
        row(dev().plan(&known, &branch))
            .to_string()
            .ends_with("branch next → branch develop")
    );
    let custom = there(&www(), json!({"customEnvironmentId": "env_1"}));
    let Plan::Blocked(blocker) = www().plan(&known, &custom) else {
        panic!("not blocked");
    };
    assert!(
        blocker
            .sentence()
            .contains("an environment of the project's own")
    );
}

#[test]
fn the_apex_waits_for_the_host_it_leads_to() {
    let Plan::Wait(wait) = apex().plan(&Known::default(), &nothing()) else {
        panic!("no wait");
    };
    assert_eq!(
        wait.condition,
        "www.acme.test is on Vercel project shop-prod"
    );
    let temporary = there(&apex(), json!({"redirectStatusCode": 307}));
    let evidence = settled(apex().plan(&Known::default(), &temporary));
    assert!(evidence.notes[0].contains("for the time being only"));
}

fn protected(wish: &VercelDomain, kind: &str) -> Seen {
    Seen {
        protection: Protection {
            login: Some(kind.into()),
            ..Protection::default()
        },
        ..there(wish, json!({}))
    }
}

fn decided(word: &str) -> Known {
    Known {
        decided: [("protection".to_string(), word.to_string())].into(),
        ..Known::default()
    }
}

#[test]
fn a_hidden_branch_is_looked_behind_by_consent() {
    let mut seen = protected(&dev(), "all_except_custom_domains");
    let Plan::Blocked(Blocker::Choose {
        question, options, ..
    }) = dev().plan(&Known::default(), &seen)
    else {
        panic!("not asked");
    };
    assert!(question.contains("visitors see Vercel's login"));
    assert_eq!(options[0].word, "bypass");
    let told = row(dev().plan(&decided("bypass"), &seen));
    assert_eq!(
        told.to_string(),
        "+ key for golive's visits to Vercel project shop-prod: made by Vercel, kept as prod.VERCEL_BYPASS"
    );
    assert_eq!(told.sign, Sign::Create);
    // One that is there is used.
    seen.protection.keys = vec![Secret::new("k".repeat(32))];
    let told = row(dev().plan(&decided("bypass"), &seen));
    assert!(told.to_string().contains("the project's own, kept as"));
    seen.key = Some(Secret::new("k".repeat(32)));
    let evidence = settled(dev().plan(&decided("bypass"), &seen));
    assert!(evidence.notes[0].contains("with the key kept as prod.VERCEL_BYPASS"));
    // One that Vercel does not know any more is no use.
    seen.protection.keys = vec![Secret::new("n".repeat(32))];
    row(dev().plan(&decided("bypass"), &seen));
}

#[test]
fn without_a_key_the_page_is_taken_for_what_it_is() {
    let seen = protected(&dev(), "preview");
    let evidence = settled(dev().plan(&decided("other-way"), &seen));
    assert!(evidence.notes[0].starts_with("visitors see Vercel's login here; golive has no key"));
    // Production's hosts are open under the same setting.
    let evidence = settled(www().plan(&Known::default(), &protected(&www(), "preview")));
    assert!(evidence.notes.is_empty() && evidence.findings.is_empty());
}

#[test]
fn a_production_host_that_nobody_can_see_is_a_finding() {
    let evidence = settled(www().plan(&Known::default(), &protected(&www(), "all")));
    let finding = &evidence.findings[0];
    assert_eq!(finding.code, "hidden");
    assert!(finding.fix.starts_with("choose Standard Protection"));
}

#[test]
fn undo_takes_off_only_what_golive_put_there_and_gives_back_what_it_changed() {
    let shown = |known: &Known, seen: &Seen| -> Vec<String> {
        let changes = www().undo(known, seen);
        let item = ItemId::new("6.www");
        changes
            .iter()
            .map(|change| change.row(&item).to_string())
            .collect()
    };
    let seen = there(&www(), json!({}));
    assert!(shown(&Known::default(), &seen).is_empty());
    let with = |made: Vec<Made>| Known {
        made,
        ..Known::default()
    };
    let made =
        |kind, old: Option<&str>| www().made(&Known::default(), kind, old.map(str::to_string));
    assert_eq!(
        shown(&with(vec![made(ADDED, None)]), &seen),
        ["- host www.acme.test on Vercel project shop-prod"]
    );
    let before = r#"{"git_branch":null,"redirect":"acme.test"}"#;
    assert_eq!(
        shown(&with(vec![made(ALTERED, Some(before))]), &seen),
        ["~ host www.acme.test on Vercel project shop-prod: production → redirects to acme.test"]
    );
    assert_eq!(
        shown(&with(vec![made(MOVED, Some("prj_2"))]), &seen),
        ["~ host www.acme.test at Vercel: on shop-prod → on (prj_2)"]
    );
    // Not known what was there before: it stays.
    assert!(shown(&with(vec![made(MOVED, None), made(ALTERED, None)]), &seen).is_empty());
}

#[test]
fn a_key_that_golive_made_goes_with_undo() {
    let key = Secret::new("k".repeat(32));
    let mut seen = protected(&dev(), "preview");
    seen.protection.keys = vec![key.clone()];
    seen.key = Some(key);
    let known = Known {
        made: vec![Made {
            kind: change::KEY.into(),
            id: "prj_1".into(),
            name: "key".into(),
            as_made: None,
            url: None,
        }],
        ..Known::default()
    };
    let undo = dev().undo(&known, &seen);
    assert_eq!(
        undo[0].row(&ItemId::new("6.dev")).to_string(),
        "- key for golive's visits to Vercel project shop-prod"
    );
    assert!(dev().undo(&Known::default(), &seen).is_empty());
}
