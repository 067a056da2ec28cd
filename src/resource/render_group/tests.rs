//! What a group lacks, what it has too much, and how it is undone.

use super::look::Value;
use super::*;
use crate::plan::Change;
use crate::resource::value::tests::{text, variable};
use crate::resource::value::{Kind, Wanted};
use crate::secret::Secret;

const GROUP_ID: &str = "evg-1";

fn wish() -> RenderGroup {
    RenderGroup {
        environment: "prod".into(),
        name: "shop-env".into(),
        variables: vec![
            variable("NODE_ENV", Kind::Plain, text("production")),
            variable("API_KEY", Kind::Secret, text("canary")),
        ],
        services: vec![(ItemId::new("4.api-prod"), "shop-api".into())],
    }
}

fn value(text: &str) -> Value {
    let value = Secret::new(text);
    Value {
        fingerprint: Some(value.fingerprint(&Secret::new("key")).to_string()),
        value,
    }
}

fn wanted() -> Vec<Wanted> {
    [("NODE_ENV", "production"), ("API_KEY", "canary")]
        .map(|(name, text)| Wanted {
            name: name.into(),
            kind: Kind::Secret,
            fingerprint: value(text).fingerprint,
            value: Secret::new(text),
        })
        .to_vec()
}

fn held(values: &[(&str, &str)], linked: bool) -> Seen {
    let links = if linked {
        vec!["srv-1".to_string()]
    } else {
        vec![]
    };
    let own = Held {
        id: GROUP_ID.into(),
        name: "shop-env".into(),
        variables: values
            .iter()
            .map(|(name, text)| (name.to_string(), value(text)))
            .collect(),
        links: links.into_iter().collect(),
        updated_at: None,
    };
    Seen {
        own: Own::One(Box::new(own)),
        ..absent(linked)
    }
}

fn absent(linked: bool) -> Seen {
    Seen {
        owner: "tea-1".into(),
        wanted: Ok(wanted()),
        own: Own::None,
        services: vec![Runs {
            id: "srv-1".into(),
            name: "shop-api".into(),
            is_linked: linked,
            ..Runs::default()
        }],
        former: Values::new(),
        as_of: None,
        seal: None,
    }
}

fn rows(changes: &[RenderGroupChange]) -> Vec<String> {
    let item = ItemId::new("7.group-prod");
    changes
        .iter()
        .map(|one| one.row(&item).to_string())
        .collect()
}

fn planned(known: &Known, seen: &Seen) -> Vec<String> {
    match wish().plan(known, seen) {
        Plan::Change(changes) => rows(&changes),
        Plan::Settled(_) => vec![],
        other => panic!("{other:?}"),
    }
}

fn known(made: &[Made]) -> Known {
    Known {
        made: made.to_vec(),
        ..Known::default()
    }
}

#[test]
fn a_group_is_made_in_one_call_whose_row_could_be_told_before() {
    let seen = absent(false);
    let rows_now = planned(&Known::default(), &seen);
    assert_eq!(
        rows_now,
        ["+ env group shop-env: NODE_ENV and API_KEY; linked to shop-api"]
    );
    assert_eq!(rows(&wish().foresee(&Known::default())), rows_now);
}

#[test]
fn values_are_changed_one_by_one_and_told_by_fingerprints_alone() {
    let seen = held(&[("NODE_ENV", "development"), ("OTHER", "x")], false);
    let (old, new) = (value("development"), value("production"));
    let told = |one: &Value| one.fingerprint.clone().unwrap();
    assert_eq!(
        planned(&Known::default(), &seen),
        [
            format!(
                "~ NODE_ENV in group shop-env: {} → {}",
                told(&old),
                told(&new)
            ),
            format!("+ API_KEY in group shop-env: {}", told(&value("canary"))),
            "+ service shop-api: runs with group shop-env".to_string(),
        ]
    );
    let Plan::Change(changes) = wish().plan(&Known::default(), &seen) else {
        panic!("nothing to do")
    };
    let row = changes[0].row(&ItemId::new("7.group-prod"));
    assert!(row.not_made_by_golive, "a value that golive did not set");
    assert!(!format!("{changes:?}").contains("canary"));
}

#[test]
fn what_the_group_and_its_services_have_besides_is_left_and_told() {
    let mut seen = held(
        &[
            ("NODE_ENV", "production"),
            ("API_KEY", "canary"),
            ("OLD", "x"),
        ],
        true,
    );
    seen.services[0].beats = vec!["API_KEY".into()];
    seen.services[0].also_in = vec!["old-env".into()];
    let Plan::Settled(evidence) = wish().plan(&Known::default(), &seen) else {
        panic!("not settled")
    };
    assert!(evidence.text.ends_with("read back, linked to shop-api"));
    let codes: Vec<&str> = evidence
        .findings
        .iter()
        .map(|one| one.code.as_str())
        .collect();
    assert_eq!(
        codes,
        ["foreign", "beaten-shop-api", "second-group-shop-api"]
    );
}

#[test]
fn undoing_removes_a_group_that_golive_made() {
    let seen = held(&[], true);
    let known = known(&[change::made_group(GROUP_ID, "shop-env")]);
    assert_eq!(rows(&wish().undo(&known, &seen)), ["- env group shop-env"]);
    assert!(wish().undo(&known, &absent(false)).is_empty());
}

#[test]
fn undoing_puts_former_values_back_in_a_group_of_others() {
    let mut seen = held(&[("NODE_ENV", "production"), ("API_KEY", "canary")], true);
    seen.former.insert("NODE_ENV".into(), value("development"));
    let made = [
        change::made_variable("NODE_ENV", true),
        change::made_variable("API_KEY", false),
        change::made_variable("API_KEY", false),
    ];
    let known = known(&made);
    let undone = rows(&wish().undo(&known, &seen));
    let former = value("development").fingerprint.unwrap();
    assert_eq!(
        undone,
        [
            format!("~ NODE_ENV in group shop-env: {former}, as before golive"),
            "- API_KEY in group shop-env".to_string(),
        ]
    );
    let mut back = held(&[("NODE_ENV", "development")], true);
    back.former.insert("NODE_ENV".into(), value("development"));
    assert!(wish().undo(&known, &back).is_empty());
}

#[test]
fn of_two_groups_with_one_name_a_person_says_which_it_is() {
    let seen = Seen {
        own: Own::Several(vec![
            ("evg-1".into(), "evg-1, made today".into()),
            ("evg-2".into(), "evg-2, made yesterday".into()),
        ]),
        ..absent(false)
    };
    let Plan::Blocked(Blocker::Choose { options, .. }) = wish().plan(&Known::default(), &seen)
    else {
        panic!("not asked")
    };
    assert_eq!(options.len(), 2);
}

#[test]
fn a_value_that_is_gone_stops_it_before_anything_is_changed() {
    let missing = Blocker::SecretMissing {
        slot: "prod.API_KEY".into(),
        was_kept: true,
    };
    let seen = Seen {
        wanted: Err(missing.clone()),
        ..absent(false)
    };
    let Plan::Blocked(blocker) = wish().plan(&Known::default(), &seen) else {
        panic!("not blocked")
    };
    assert_eq!(blocker, missing);
}
