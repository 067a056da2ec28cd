//! What becomes of a database user: made, adopted, widened, narrowed, its password lost.

use serde_json::{Value, json};

use super::*;
use crate::plan::{Change, ItemId, Provider, Row, Undo};
use crate::seam::documents::Rights;

fn item() -> AtlasUser {
    AtlasUser {
        cluster: "prod".into(),
        cluster_name: "bondigoo-prod-cluster".into(),
        name: "bondigoo-prod-user".into(),
        roles: vec![("readWrite".into(), "bondigoo-prod".into())],
        only_these: true,
        slot: SecretName::new("prod.DATABASE_PASSWORD"),
    }
}

fn known() -> Known {
    let group = "32b6e34b3d91647abb20e7b8".to_string();
    let access = Provider::Atlas.access();
    Known {
        marker: "golive:bondigoo-1a2b:3.user".into(),
        outputs: [(format!("{access}.project-prod"), group)].into(),
        ..Known::default()
    }
}

fn golives() -> Known {
    Known {
        made: vec![change::made_user("1", "bondigoo-prod-user")],
        ..known()
    }
}

fn decided(word: &str) -> Known {
    Known {
        decided: [("password".to_string(), word.to_string())].into(),
        ..known()
    }
}

fn absent() -> Seen {
    Seen {
        user: Observed::Absent,
        password: None,
        login: None,
        carried: None,
        group: "32b6e34b3d91647abb20e7b8".into(),
    }
}

fn there(change: impl FnOnce(&mut Value)) -> Seen {
    let mut user = json!({
        "username": "bondigoo-prod-user", "roles": [{"roleName": "readWrite", "databaseName": "bondigoo-prod"}],
        "scopes": [{"name": "bondigoo-prod-cluster", "type": "CLUSTER"}]
    });
    change(&mut user);
    Seen {
        user: Observed::Present(serde_json::from_value(user).unwrap()),
        password: Some(Secret::new("0123456789")),
        carried: Some("APPLIED".into()),
        ..absent()
    }
}

fn row(plan: Plan<AtlasUserChange>) -> Row {
    match plan {
        Plan::Change(changes) => changes[0].row(&ItemId::new("3.user")),
        other => panic!("no change: {other:?}"),
    }
}

fn blocked(plan: Plan<AtlasUserChange>) -> Blocker {
    match plan {
        Plan::Blocked(blocker) => blocker,
        other => panic!("not blocked: {other:?}"),
    }
}

#[test]
fn a_missing_user_is_made_as_the_plan_foresaw() {
    let row = row(item().plan(&known(), &absent()));
    assert_eq!(
        row.to_string(),
        "+ database user bondigoo-prod-user: readWrite on bondigoo-prod, cluster bondigoo-prod-cluster only"
    );
    let foreseen = item().foresee(&known()).remove(0);
    assert_eq!(foreseen.row(&ItemId::new("3.user")).id(), row.id());
    assert!(item().foresee(&golives()).is_empty());
}

#[test]
fn a_kept_password_that_atlas_would_not_take_is_told_first() {
    let seen = Seen {
        password: Some(Secret::new("1234567")),
        ..absent()
    };
    let told = blocked(item().plan(&known(), &seen)).sentence();
    assert!(told.contains("7 characters, Atlas takes 8"), "{told}");
}

#[test]
fn golives_own_user_is_settled_once_the_nodes_know_it() {
    let pending = Seen {
        carried: Some("PENDING".into()),
        ..there(|_| {})
    };
    assert!(matches!(item().plan(&golives(), &pending), Plan::Wait(_)));
    let Plan::Settled(evidence) = item().plan(&golives(), &there(|_| {})) else {
        panic!("not settled");
    };
    assert_eq!(
        evidence.notes,
        ["its password is kept as prod.DATABASE_PASSWORD"]
    );
    // Its label tells it too, should the records be lost.
    let labelled = there(|user| {
        user["labels"] = json!([{"key": "golive", "value": "golive.bondigoo-1a2b.3.user"}]);
    });
    assert!(is_golives(&known(), labelled.user.present().unwrap()));
}

#[test]
fn a_lost_password_is_asked_for_or_reset_and_never_silently() {
    let lost = Seen {
        password: None,
        ..there(|_| {})
    };
    let Blocker::Choose { key, options, .. } = blocked(item().plan(&known(), &lost)) else {
        panic!("not asked");
    };
    assert_eq!(
        (key.as_str(), options[0].word.as_str()),
        ("password", "give")
    );
    let give = blocked(item().plan(&decided("give"), &lost));
    assert_eq!(give.sentence(), "prod.DATABASE_PASSWORD is needed");
    let reset = row(item().plan(&decided("reset"), &lost));
    assert_eq!(
        (reset.undo, reset.confirm.as_deref()),
        (Undo::OneWay, Some("bondigoo-prod-user"))
    );
    // Killed between keeping the new password and telling Atlas: the reset is still to be done.
    let kept = there(|_| {});
    assert_eq!(row(item().plan(&decided("reset"), &kept)).id(), reset.id());
    let done = Known {
        made: vec![Made {
            kind: PASSWORD.into(),
            id: "x".into(),
            name: "x".into(),
            as_made: None,
            url: None,
        }],
        ..decided("reset")
    };
    assert!(matches!(item().plan(&done, &kept), Plan::Settled(_)));
    // Lost once more: asked once more.
    let Blocker::Choose { key, .. } = blocked(item().plan(&done, &lost)) else {
        panic!("not asked");
    };
    assert_eq!(key, "password-1");
}

#[test]
fn a_given_password_is_tried() {
    let tried = |login| Seen {
        login: Some(login),
        ..there(|_| {})
    };
    let refused = item().plan(&known(), &tried(Login::Refused("bad auth".into())));
    assert!(matches!(blocked(refused), Blocker::TokenRefused { .. }));
    for (login, note) in [
        (Login::In(Rights::default()), "lets it in"),
        (Login::NoAnswer("time-out".into()), "could not be tried"),
    ] {
        let Plan::Settled(evidence) = item().plan(&known(), &tried(login)) else {
            panic!("not settled");
        };
        assert!(evidence.notes[1].contains(note));
    }
}

#[test]
fn another_persons_roles_are_shown_and_narrowed_only_when_asked() {
    let wide = there(|user| {
        user["roles"] = json!([{"roleName": "atlasAdmin", "databaseName": "admin"}]);
        user["scopes"] = json!([]);
    });
    let narrowed = row(item().plan(&known(), &wide));
    assert_eq!(
        narrowed.to_string(),
        "~ database user bondigoo-prod-user: atlasAdmin on admin, every cluster of the project → readWrite on \
         bondigoo-prod, cluster bondigoo-prod-cluster only"
    );
    assert!(narrowed.not_made_by_golive);
    let any = AtlasUser {
        only_these: false,
        ..item()
    };
    assert!(matches!(any.plan(&known(), &wide), Plan::Settled(_)));
    assert!(!row(item().plan(&golives(), &wide)).not_made_by_golive);
}

#[test]
fn undo_deletes_golives_user_and_gives_others_back_what_they_had() {
    let seen = there(|_| {});
    let undone = |known: &Known| {
        let changes = item().undo(known, &seen);
        let rows = changes
            .iter()
            .map(|change| change.row(&ItemId::new("3.user")).to_string());
        rows.collect::<Vec<_>>()
    };
    assert_eq!(undone(&golives()), ["- database user bondigoo-prod-user"]);
    assert!(undone(&known()).is_empty());
    let before = Before {
        roles: vec![Role::new("atlasAdmin", "admin")],
        scopes: vec![],
    };
    let changed = Known {
        made: vec![Made {
            kind: atlas_roles::MADE.into(),
            id: "x".into(),
            name: "x".into(),
            as_made: serde_json::to_string(&before).ok(),
            url: None,
        }],
        ..known()
    };
    assert!(undone(&changed)[0].ends_with("→ atlasAdmin on admin, every cluster of the project"));
}
