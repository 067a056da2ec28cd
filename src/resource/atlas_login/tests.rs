//! What a login proves, and what silence does not.

use serde_json::json;

use super::*;

fn item() -> AtlasLogin {
    let role = |database: &str| ("readWrite".to_string(), database.to_string());
    AtlasLogin {
        cluster: "dev".into(),
        cluster_name: "coaching-platform-dev".into(),
        expected_host: "coaching-platform-dev.nnaff.mongodb.net".into(),
        name: "coaching_platform_dev_user".into(),
        roles: vec![role("coaching-platform-dev"), role("bondigoo-staging")],
        options: "retryWrites=true&w=majority".into(),
        slot: SecretName::new("dev.DATABASE_PASSWORD"),
        here: ItemId::new("3.here"),
    }
}

fn seen(tried: Tried) -> Seen {
    let cluster = json!({
        "name": "coaching-platform-dev", "stateName": "IDLE",
        "connectionStrings": {"standardSrv": "mongodb+srv://coaching-platform-dev.nnaff.mongodb.net"}
    });
    Seen {
        kept: Some((12, false)),
        cluster: Observed::Present(AnyCluster::Own(Box::new(
            serde_json::from_value(cluster).unwrap(),
        ))),
        tried,
        fingerprint: Some("ab12".into()),
        group: "32b6e34b3d91647abb20e7b8".into(),
        today: "2026-11-24".into(),
        let_in_before: None,
    }
}

fn rights(databases: &[&str]) -> Tried {
    Tried::Login(Login::In(Rights {
        roles: databases
            .iter()
            .map(|database| ("readWrite".to_string(), database.to_string()))
            .collect(),
        writable: databases.iter().map(ToString::to_string).collect(),
    }))
}

fn refused() -> Tried {
    Tried::Refused {
        cause: "bad auth : authentication failed".into(),
        carried: Some("APPLIED".into()),
    }
}

fn silence(listed: bool) -> Tried {
    Tried::NoAnswer {
        cause: "Server selection timeout".into(),
        here: "198.51.100.7/32, this machine, is not on the access list".into(),
        listed,
    }
}

fn plan(seen: &Seen) -> Plan<AtlasLoginChange> {
    item().plan(&Known::default(), seen)
}

fn blocked(plan: Plan<AtlasLoginChange>) -> Blocker {
    match plan {
        Plan::Blocked(blocker) => blocker,
        other => panic!("not blocked: {other:?}"),
    }
}

#[test]
fn the_password_is_asked_for_and_then_proved() {
    let missing = Seen {
        kept: None,
        ..seen(Tried::Not)
    };
    assert_eq!(
        blocked(plan(&missing)).sentence(),
        "dev.DATABASE_PASSWORD is needed"
    );
    let both = ["coaching-platform-dev", "bondigoo-staging"];
    let Plan::Settled(evidence) = plan(&seen(rights(&both))) else {
        panic!("not settled");
    };
    assert_eq!(
        evidence.text,
        "coaching_platform_dev_user was let in by coaching-platform-dev.nnaff.mongodb.net on 2026-11-24 and may use \
         coaching-platform-dev and bondigoo-staging"
    );
    let outputs = item().outputs(&seen(rights(&both)));
    assert_eq!(outputs["let_in"].text(), Some("2026-11-24"));
    assert!(matches!(plan(&seen(rights(&["*"]))), Plan::Settled(_)));
}

#[test]
fn a_login_that_may_not_write_where_it_must_is_not_enough() {
    let Plan::Wait(wait) = plan(&seen(rights(&["coaching-platform-dev"]))) else {
        panic!("no wait");
    };
    assert_eq!(wait.expected, "readWrite on bondigoo-staging");
}

#[test]
fn odd_passwords_are_let_in_and_remarked_on() {
    let odd = Seen {
        kept: Some((7, true)),
        ..seen(rights(&["*"]))
    };
    let Plan::Settled(evidence) = plan(&odd) else {
        panic!("not settled");
    };
    assert!(evidence.notes[1].contains("7 characters"));
    assert!(evidence.notes[2].contains("percent-encode"));
}

#[test]
fn a_refused_password_is_asked_for_again_and_reset_only_when_chosen() {
    let Blocker::Choose { key, options, .. } = blocked(plan(&seen(refused()))) else {
        panic!("not asked");
    };
    assert_eq!(
        (key.as_str(), options[0].word.as_str()),
        ("refused-ab12", "give")
    );
    let decided = |word: &str| Known {
        decided: [("refused-ab12".to_string(), word.to_string())].into(),
        ..Known::default()
    };
    let give = item().plan(&decided("give"), &seen(refused()));
    assert!(matches!(blocked(give), Blocker::TokenRefused { .. }));
    let Plan::Change(changes) = item().plan(&decided("reset"), &seen(refused())) else {
        panic!("no change");
    };
    let row = changes[0].row(&ItemId::new("3.dev-password"));
    assert_eq!(
        (row.undo, row.confirm.as_deref()),
        (Undo::OneWay, Some("coaching_platform_dev_user"))
    );
    // The next wrong password is a new question.
    let other = Seen {
        fingerprint: Some("ffff".into()),
        ..seen(refused())
    };
    let again = item().plan(&decided("give"), &other);
    assert!(matches!(blocked(again), Blocker::Choose { .. }));
}

#[test]
fn a_refusal_is_not_believed_while_atlas_carries_its_users() {
    let pending = Tried::Refused {
        cause: "bad auth".into(),
        carried: Some("PENDING".into()),
    };
    assert!(matches!(plan(&seen(pending)), Plan::Wait(_)));
}

#[test]
fn silence_is_never_a_wrong_password() {
    let told = blocked(plan(&seen(silence(false)))).sentence();
    assert!(told.contains("says nothing about the password"), "{told}");
    assert!(told.contains("access list") && told.contains("golive run 3.here"));
    let Plan::Wait(wait) = plan(&seen(silence(true))) else {
        panic!("no wait");
    };
    assert!(wait.seen.contains("says nothing about the password"));
}

#[test]
fn what_was_proved_stays_proved_when_this_machine_is_let_in_no_more() {
    let before = Seen {
        let_in_before: Some("2026-11-16".into()),
        ..seen(silence(false))
    };
    let Plan::Settled(evidence) = plan(&before) else {
        panic!("not settled");
    };
    assert!(
        evidence
            .text
            .ends_with("on 2026-11-16, not tried again since")
    );
    let outputs = item().outputs(&before);
    assert_eq!(outputs["let_in"].text(), Some("2026-11-16"));
}

#[test]
fn a_world_without_databases_and_a_cluster_without_a_host_are_told() {
    let nowhere = Tried::Login(Login::Nowhere("this world has none".into()));
    assert!(
        blocked(plan(&seen(nowhere)))
            .sentence()
            .contains("no databases to log in to")
    );
    let gone = Seen {
        cluster: Observed::Absent,
        ..seen(Tried::Not)
    };
    assert!(blocked(plan(&gone)).sentence().contains("no cluster"));
    let making = Seen {
        cluster: Observed::Present(AnyCluster::Flex(Default::default())),
        ..seen(Tried::Not)
    };
    assert!(matches!(plan(&making), Plan::Wait(_)));
}
