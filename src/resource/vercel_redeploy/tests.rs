//! Which deployment counts, and what is proved of it.

use serde_json::json;

use super::*;

const HEAD: &str = "1a2b3c4d5e6f";
const SET: i64 = 1_795_000_000_000;

fn wish() -> VercelRedeploy {
    VercelRedeploy {
        project: ItemId::new("5.renamed-prod"),
        project_name: "shop-web".into(),
        branch: "main".into(),
        production: true,
        host: "www.example.com".into(),
        set: ItemId::new("7.vercel-prod"),
        variables: vec![],
    }
}

/// A deployment so many minutes after the variables were set, or before.
fn deployment(id: &str, minutes: i64, state: &str, sha: &str) -> Deployment {
    serde_json::from_value(json!({
        "uid": id, "state": state, "aliasAssigned": state == "READY", "created": SET + minutes * 60_000,
        "target": "production", "meta": {"githubCommitSha": sha, "githubCommitRef": "main"},
    }))
    .unwrap()
}

fn seen(deployments: Vec<Deployment>, proof: Proof) -> Seen {
    Seen {
        project: "prj_1".into(),
        repository: ("acme".into(), "shop".into()),
        head: HEAD.into(),
        set_at: Timestamp::from_millisecond(SET).ok(),
        deployments,
        log: vec!["Module not found".into()],
        proof,
        instead: None,
    }
}

fn plan(deployments: Vec<Deployment>) -> Plan<Redeploy> {
    wish().plan(&Known::default(), &seen(deployments, Proof::NotTelling))
}

fn source(plan: Plan<Redeploy>) -> Source {
    match plan {
        Plan::Change(mut changes) => {
            let change = changes.remove(0);
            let row = change.row(&ItemId::new("7.redeploy-prod"));
            assert_eq!(
                row.to_string(),
                "+ production deployment of shop-web: branch main, built with its variables"
            );
            change.new.unwrap().1
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn what_was_built_before_is_built_once_more() {
    let old = plan(vec![deployment("dpl_1", -5, "READY", HEAD)]);
    assert_eq!(source(old), Source::Deployment("dpl_1".into()));
    let moved = plan(vec![deployment("dpl_1", 5, "READY", "0000000")]);
    assert!(matches!(source(moved), Source::Git(git) if git.branch == "main"));
}

#[test]
fn an_older_deployment_that_serves_again_serves_without_the_variables() {
    let mut newer = deployment("dpl_2", 5, "READY", HEAD);
    let older = deployment("dpl_1", -5, "READY", HEAD);
    let settled = plan(vec![newer.clone(), older.clone()]);
    assert!(matches!(settled, Plan::Settled(_)), "{settled:?}");
    newer = serde_json::from_value(json!({
        "uid": "dpl_2", "state": "READY", "aliasAssigned": false, "created": SET + 300_000,
        "meta": {"githubCommitSha": HEAD},
    }))
    .unwrap();
    assert!(matches!(plan(vec![newer, older]), Plan::Wait(_)));
}

#[test]
fn a_failed_build_says_why_and_waits_for_a_person() {
    let failed = plan(vec![deployment("dpl_2", 5, "ERROR", HEAD)]);
    let Plan::Blocked(Blocker::Choose { question, .. }) = failed else {
        panic!("not asked")
    };
    assert!(
        question
            .contains("came to nothing: its build failed. The end of its log: Module not found.")
    );
    assert!(matches!(
        plan(vec![deployment("dpl_2", 5, "BUILDING", HEAD)]),
        Plan::Wait(_)
    ));
}

#[test]
fn what_was_proved_and_what_was_not_is_said_apart() {
    let live = || vec![deployment("dpl_2", 5, "READY", HEAD)];
    let host = || "www.example.com".to_string();
    let names = || vec!["REACT_APP_KEY".to_string()];
    let told = |proof| match wish().plan(&Known::default(), &seen(live(), proof)) {
        Plan::Settled(evidence) => evidence.notes[1].clone(),
        other => panic!("{other:?}"),
    };
    assert_eq!(
        told(Proof::Served {
            host: host(),
            names: names()
        }),
        "the value of REACT_APP_KEY stands in a script of https://www.example.com"
    );
    let why = "no answer in time".to_string();
    assert!(told(Proof::NotKnown { host: host(), why }).ends_with("serves: no answer in time"));
    assert!(told(Proof::Hidden { host: host() }).contains("protection hides it"));
    assert!(told(Proof::NotTelling).contains("too short"));
    let lacking = Proof::NotServed {
        host: host(),
        names: names(),
    };
    let waits = wish().plan(&Known::default(), &seen(live(), lacking));
    assert!(matches!(waits, Plan::Wait(_)), "{waits:?}");
}
