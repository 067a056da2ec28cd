//! What a project's variables lack, and what cannot be read of them.

use super::*;
use crate::plan::Change;
use crate::resource::value::Kind;
use crate::resource::value::tests::{text, variable};

const NAME: &str = "REACT_APP_KEY";

fn wish() -> VercelVariables {
    VercelVariables {
        project: ItemId::new("5.renamed-prod"),
        project_name: "shop-web".into(),
        git_branch: None,
        variables: vec![variable(NAME, Kind::Public, text("new value"))],
    }
}

fn value(text: &str) -> Value {
    Value {
        value: Secret::new(text),
        fingerprint: Some(format!("fp-{}", text.len())),
    }
}

fn record(shown: Option<&str>, targets: &[&str]) -> Record {
    Record {
        id: "env1".into(),
        value: shown.map(value),
        targets: targets.iter().map(ToString::to_string).collect(),
        updated: Some("2026-11-24T10:00:00Z".parse().unwrap()),
    }
}

fn seen(there: Option<There>) -> Seen {
    let wanted = Wanted {
        name: NAME.into(),
        kind: Kind::Public,
        value: Secret::new("new value"),
        fingerprint: Some("fp-9".into()),
    };
    Seen {
        project: "prj_1".into(),
        wanted: Ok(vec![wanted]),
        there: there
            .into_iter()
            .map(|there| (NAME.into(), there))
            .collect(),
        others: BTreeSet::new(),
        bytes: 0,
        former: BTreeMap::new(),
    }
}

fn own(shown: Option<&str>) -> Seen {
    seen(Some(There {
        own: Some(record(shown, &["production"])),
        ..There::default()
    }))
}

fn rows(changes: &[VercelVariablesChange]) -> Vec<String> {
    let item = ItemId::new("7.vercel-prod");
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

#[test]
fn a_variable_is_set_where_there_is_none_and_its_row_could_be_told_before() {
    let none = planned(&Known::default(), &seen(None));
    assert_eq!(
        none,
        ["+ REACT_APP_KEY for production of shop-web: the value of its cell"]
    );
    assert_eq!(rows(&wish().foresee(&Known::default())), none);
    assert!(planned(&Known::default(), &own(Some("new value"))).is_empty());
}

#[test]
fn another_value_is_replaced_with_both_told_by_fingerprints() {
    let seen = own(Some("old"));
    let Plan::Change(changes) = wish().plan(&Known::default(), &seen) else {
        panic!("nothing to do")
    };
    assert_eq!(
        rows(&changes),
        ["~ REACT_APP_KEY for production of shop-web: fp-3 → fp-9"]
    );
    let row = changes[0].row(&ItemId::new("7.vercel-prod"));
    assert!(row.not_made_by_golive && row.undo == crate::plan::Undo::Restorable);
}

#[test]
fn one_record_for_all_environments_is_asked_about_and_never_overwritten() {
    let wide = |shown| {
        seen(Some(There {
            covering: Some(record(Some(shown), &["preview", "production"])),
            ..There::default()
        }))
    };
    assert!(planned(&Known::default(), &wide("new value")).is_empty());
    let asked = wish().plan(&Known::default(), &wide("old"));
    let Plan::Blocked(Blocker::Choose { key, question, .. }) = asked else {
        panic!("not asked")
    };
    assert!(question.contains("one value for preview and production"));
    let mut known = Known::default();
    known.decided.insert(key, "narrow".into());
    assert_eq!(
        planned(&known, &wide("old")),
        [
            "~ what REACT_APP_KEY of shop-web is for: preview and production → preview",
            "+ REACT_APP_KEY for production of shop-web: the value of its cell",
        ]
    );
}

#[test]
fn a_value_that_cannot_be_read_is_known_by_the_time_golive_wrote_it() {
    let seen = own(None);
    let row = planned(&Known::default(), &seen);
    assert!(
        row[0].contains("a value that Vercel does not show → fp-9"),
        "{row:?}"
    );

    let mark = Some("fp-9 2026-11-24T10:00:00Z".to_string());
    let known = Known {
        made: vec![change::made("env1", NAME, NEW, mark)],
        ..Known::default()
    };
    let Plan::Settled(evidence) = wish().plan(&known, &seen) else {
        panic!("not settled")
    };
    assert!(
        evidence
            .text
            .ends_with("written by golive and not changed since")
    );
    assert!(evidence.notes.iter().any(|note| note.contains("sensitive")));

    // Somebody has written it since.
    let mut touched = own(None);
    let there = touched.there.get_mut(NAME).unwrap().own.as_mut().unwrap();
    there.updated = Some("2026-11-24T11:00:00Z".parse().unwrap());
    assert_eq!(planned(&known, &touched).len(), 1);
}

#[test]
fn what_is_too_much_for_vercel_is_said_before_anything_is_set() {
    let mut all = seen(None);
    all.bytes = BYTES_MAX + 1;
    let Plan::Blocked(Blocker::ByHand { what, .. }) = wish().plan(&Known::default(), &all) else {
        panic!("not blocked")
    };
    assert!(what.contains("65537 bytes together, and Vercel takes 65536"));
}

#[test]
fn undoing_removes_what_is_new_and_puts_back_what_was_there() {
    let undone = |how, former: Option<&str>| {
        let mut seen = own(Some("new value"));
        seen.former = former
            .map(|former| (NAME.to_string(), value(former)))
            .into_iter()
            .collect();
        let known = Known {
            made: vec![change::made("env1", NAME, how, None)],
            ..Known::default()
        };
        rows(&wish().undo(&known, &seen))
    };
    assert_eq!(
        undone(NEW, None),
        ["- REACT_APP_KEY for production of shop-web"]
    );
    assert_eq!(
        undone(REPLACED, Some("old")),
        ["~ REACT_APP_KEY for production of shop-web: fp-3, as before golive"]
    );
    assert!(undone(REPLACED, None).is_empty());
}
