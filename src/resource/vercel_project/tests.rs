//! Stories of a project: found, renamed, created, somebody else's, taken back.

use serde_json::{Value, json};

use super::*;
use crate::plan::Blocker;

fn created() -> VercelProject {
    VercelProject {
        name: "shop-staging".into(),
        existing: None,
        repository: "acme/shop".into(),
        production_branch: "staging".into(),
        build_command: "CI=false npm run build".into(),
        framework: Some("create-react-app".into()),
        root: Some("client".into()),
    }
}

fn renamed() -> VercelProject {
    VercelProject {
        name: "shop-prod".into(),
        existing: Some("old-shop".into()),
        production_branch: "main".into(),
        ..created()
    }
}

/// A project as wished, `change`d.
fn project(name: &str, change: Value) -> Project {
    let mut project = json!({
        "id": "prj_1", "name": name, "framework": "create-react-app", "rootDirectory": "client",
        "link": {"type": "github", "org": "acme", "repo": "shop", "productionBranch": "staging"}
    });
    if let (Some(project), Some(change)) = (project.as_object_mut(), change.as_object()) {
        project.extend(change.clone());
    }
    serde_json::from_value(project).unwrap()
}

fn on(branch: &str) -> Value {
    json!({"link": {"type": "github", "org": "acme", "repo": "shop", "productionBranch": branch}})
}

fn seen(project: Option<Project>) -> Seen {
    Seen {
        found: Found {
            project,
            rival: None,
        },
        others: vec![],
    }
}

fn known(made: &[(&str, Option<&str>)]) -> Known {
    let made = made.iter();
    Known {
        made: made
            .map(|(kind, old)| created().made(&Known::default(), kind, "prj_1", *old))
            .collect(),
        marker: "golive:shop-1a2b3c4d:5.staging".into(),
        ..Known::default()
    }
}

fn rows(changes: &[VercelProjectChange]) -> Vec<Row> {
    let item = ItemId::new("5.x");
    changes.iter().map(|change| change.row(&item)).collect()
}

fn texts(changes: &[VercelProjectChange]) -> Vec<String> {
    rows(changes).iter().map(Row::to_string).collect()
}

fn changes(wish: &VercelProject, known: &Known, seen: &Seen) -> Vec<VercelProjectChange> {
    match wish.plan(known, seen) {
        Plan::Change(changes) => changes,
        other => panic!("no change: {other:?}"),
    }
}

fn blocked(wish: &VercelProject, seen: &Seen) -> String {
    match wish.plan(&Known::default(), seen) {
        Plan::Blocked(blocker @ (Blocker::Taken { .. } | Blocker::ByHand { .. })) => {
            blocker.sentence()
        }
        other => panic!("not blocked: {other:?}"),
    }
}

#[test]
fn a_new_project_is_told_whole_and_the_branch_row_is_the_same_before_and_after() {
    let before = changes(&created(), &known(&[]), &seen(None));
    assert_eq!(
        texts(&before),
        [
            "+ Vercel project shop-staging: folder client of acme/shop, create-react-app, built by CI=false npm run build",
            "~ Vercel project shop-staging: production branch staging",
        ]
    );
    assert_eq!(texts(&created().foresee(&known(&[]))), texts(&before));
    let there = seen(Some(project("shop-staging", on("main"))));
    let after = changes(&created(), &known(&[(PROJECT, None)]), &there);
    assert_eq!(rows(&after)[0].id(), rows(&before)[1].id());
    assert_eq!(after.len(), 1);
    // Once it is there, nothing is foreseen any more.
    assert!(created().foresee(&known(&[(PROJECT, None)])).is_empty());
}

#[test]
fn an_equal_project_of_the_name_is_taken_as_it_is() {
    let there = seen(Some(project("shop-staging", json!({}))));
    let Plan::Settled(evidence) = created().plan(&known(&[]), &there) else {
        panic!("not settled");
    };
    assert_eq!(
        evidence.text,
        "Vercel project shop-staging is linked to acme/shop, production branch staging"
    );
    let outputs = created().outputs(&there);
    assert_eq!(outputs["id"].text(), Some("prj_1"));
}

#[test]
fn a_project_of_the_name_that_differs_is_changed_only_when_that_is_said() {
    let differs = json!({"framework": "vite", "rootDirectory": null});
    let mut differs = project("shop-staging", differs);
    differs.link = serde_json::from_value(on("main")["link"].clone()).unwrap();
    let changes = changes(&created(), &known(&[]), &seen(Some(differs)));
    assert_eq!(
        texts(&changes),
        [
            "~ Vercel project shop-staging: production branch main → staging",
            "~ Vercel project shop-staging: framework vite → create-react-app",
            "~ Vercel project shop-staging: root folder (default) → client",
        ]
    );
    assert!(rows(&changes).iter().all(|row| row.not_made_by_golive));
}

#[test]
fn the_existing_project_is_renamed_and_keeps_its_folder() {
    let old = project(
        "old-shop",
        json!({"rootDirectory": null, "link": on("main")["link"]}),
    );
    let told = changes(&renamed(), &known(&[]), &seen(Some(old)));
    assert_eq!(
        texts(&told),
        ["~ Vercel project old-shop: name old-shop → shop-prod"]
    );
    assert!(!rows(&told)[0].not_made_by_golive);
    assert_eq!(
        rows(&renamed().foresee(&known(&[])))[0].id(),
        rows(&told)[0].id()
    );
    let done = project(
        "shop-prod",
        json!({"rootDirectory": null, "link": on("main")["link"]}),
    );
    let Plan::Settled(evidence) = renamed().plan(&known(&[]), &seen(Some(done))) else {
        panic!("not settled");
    };
    assert!(evidence.notes[2].contains("the project keeps its own"));
}

#[test]
fn an_unlinked_project_is_linked_before_its_branch_is_set() {
    let old = project("old-shop", json!({"link": null}));
    let told = changes(&renamed(), &known(&[]), &seen(Some(old)));
    assert_eq!(
        texts(&told),
        [
            "~ Vercel project old-shop: name old-shop → shop-prod",
            "~ Vercel project shop-prod: linked to acme/shop",
            "~ Vercel project shop-prod: production branch main",
        ]
    );
    let linked = seen(Some(project("shop-prod", on("master"))));
    let after = changes(&renamed(), &known(&[(LINK, None)]), &linked);
    assert_eq!(rows(&after)[0].id(), rows(&told)[2].id());
}

#[test]
fn what_belongs_to_others_is_told_and_never_touched() {
    let blog = json!({"link": {"type": "github", "org": "acme", "repo": "blog"}});
    let elsewhere = seen(Some(project("shop-staging", blog.clone())));
    assert_eq!(
        blocked(&created(), &elsewhere),
        "Vercel project shop-staging exists and differs: it is linked to acme/blog, not to acme/shop"
    );
    let both = Seen {
        found: Found {
            project: Some(project("old-shop", on("main"))),
            rival: Some(project("shop-prod", blog)),
        },
        others: vec![],
    };
    let told = blocked(&renamed(), &both);
    assert!(
        told.contains("another project (prj_1, linked to acme/blog) than old-shop"),
        "{told}"
    );
    let none = blocked(&renamed(), &seen(None));
    assert!(
        none.contains("neither old-shop nor shop-prod in this account"),
        "{none}"
    );
}

#[test]
fn undo_removes_a_created_project_only_while_nothing_of_others_is_in_it() {
    let there = seen(Some(project("shop-staging", json!({}))));
    let ours = known(&[(PROJECT, None), (BRANCH, None)]);
    assert_eq!(
        texts(&created().undo(&ours, &there)),
        ["- Vercel project shop-staging"]
    );
    let used = Seen {
        others: vec!["domain www.shop.example".into()],
        ..seen(Some(project("shop-staging", json!({}))))
    };
    assert!(created().undo(&ours, &used).is_empty());
    assert!(created().undo(&known(&[]), &there).is_empty());
    assert!(created().undo(&ours, &seen(None)).is_empty());
}

#[test]
fn undo_gives_a_renamed_project_back_what_it_had_and_no_more() {
    let ours = known(&[
        (NAME, Some("old-shop")),
        (LINK, None),
        (BRANCH, Some("master")),
    ]);
    let there = seen(Some(project("shop-prod", on("main"))));
    assert_eq!(
        texts(&renamed().undo(&ours, &there)),
        [
            "~ Vercel project shop-prod: production branch main → master",
            "- Vercel project shop-prod: was linked to acme/shop",
            "~ Vercel project shop-prod: name shop-prod → old-shop",
        ]
    );
    // Somebody has taken another branch since: that stays.
    let moved = seen(Some(project("shop-prod", on("release"))));
    assert_eq!(
        renamed()
            .undo(&known(&[(BRANCH, Some("master"))]), &moved)
            .len(),
        0
    );
    // What a crash hid is known by golive.toml as far as it tells.
    let found = renamed().found(&there, "rename").unwrap();
    assert_eq!(found.as_made.as_deref(), Some("old-shop"));
    assert_eq!(renamed().found(&there, "branch").unwrap().as_made, None);
}
