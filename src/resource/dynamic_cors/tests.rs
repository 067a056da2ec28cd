//! What happens to the server's file, wherever it and its branches stand.

use super::*;
use crate::resource::carried::tests::{MARKER, comparison, known};

const STATIC: &str = "const express = require('express');\nconst cors = require('cors');\nconst app = express();\n\
    const corsOptions = {\n  origin: 'https://shop.example',\n  credentials: true,\n};\napp.use(cors(corsOptions));\n\
    app.listen(5000);\n";

fn wish() -> DynamicCors {
    DynamicCors {
        file: "server/server.js".into(),
        feature_branch: "feature/dynamic-cors".into(),
        base: "develop".into(),
    }
}

fn rewritten() -> String {
    match make_dynamic(STATIC) {
        cors::Change::Rewritten { text, .. } => text,
        other => panic!("not rewritten: {other:?}"),
    }
}

fn file(text: &str) -> Observed<File> {
    let sha = blob_sha(text.as_bytes());
    let text = text.into();
    Observed::Present(File::Text { sha, text })
}

fn seen(base: &str, feature: Option<(&str, Comparison)>) -> Seen {
    Seen {
        base_head: Observed::Present("1a2b3c4d5e".into()),
        base_file: file(base),
        feature: feature.map(|(text, beyond_base)| Feature {
            head: "feedbee000".into(),
            file: file(text),
            beyond_base,
        }),
        page: "https://github.com/acme/shop".into(),
    }
}

fn rows(plan: Plan<CorsChange>) -> Vec<String> {
    let Plan::Change(changes) = plan else {
        panic!("no change: {plan:?}");
    };
    let item = ItemId::new("2.code");
    changes
        .iter()
        .map(|change| change.row(&item).to_string())
        .collect()
}

fn blocked(plan: Plan<CorsChange>) -> String {
    match plan {
        Plan::Blocked(blocker) => blocker.sentence(),
        other => panic!("not blocked: {other:?}"),
    }
}

fn golives() -> Comparison {
    comparison(&[("aaaaaaa1", &format!("x\n\n{MARKER}"), &["0"])])
}

#[test]
fn the_change_goes_to_a_feature_branch() {
    let (old, new) = (
        blob_sha(STATIC.as_bytes()),
        blob_sha(rewritten().as_bytes()),
    );
    let both = rows(wish().plan(&known(), &seen(STATIC, None)));
    assert_eq!(
        both,
        [
            "+ branch feature/dynamic-cors: from develop at 1a2b3c4".to_string(),
            format!(
                "~ server/server.js on feature/dynamic-cors: {} → {}",
                &old[..7],
                &new[..7]
            ),
        ]
    );
    // Once the branch is there the second row is word for word the one that was approved.
    let made = seen(STATIC, Some((STATIC, Comparison::default())));
    assert_eq!(rows(wish().plan(&known(), &made)), both[1..]);
}

#[test]
fn the_row_shows_the_difference() {
    let Plan::Change(changes) = wish().plan(&known(), &seen(STATIC, None)) else {
        panic!("no change");
    };
    let detail = changes[1].row(&ItemId::new("2.code")).detail.join("\n");
    assert!(
        detail.contains("--- a/server/server.js\n+++ b/server/server.js"),
        "{detail}"
    );
    assert!(detail.contains("CORS_ORIGIN"), "{detail}");
}

#[test]
fn what_is_dynamic_already_is_not_touched() {
    let there = seen(&rewritten(), None);
    assert!(matches!(wish().plan(&known(), &there), Plan::Settled(_)));
    assert_eq!(wish().outputs(&there)["change"].text(), Some("none"));
    let on_its_way = seen(STATIC, Some((&rewritten(), golives())));
    assert!(matches!(
        wish().plan(&known(), &on_its_way),
        Plan::Settled(_)
    ));
    assert_eq!(
        wish().outputs(&on_its_way)["change"].text(),
        Some("feature")
    );
}

#[test]
fn other_peoples_commits_on_the_feature_branch_are_asked_about() {
    let theirs = comparison(&[("ccccccc1", "their work", &["0"])]);
    let there = seen(STATIC, Some((STATIC, theirs)));
    let sentence = blocked(wish().plan(&known(), &there));
    assert!(sentence.contains("ccccccc their work (Ann)"), "{sentence}");
    let mut carry = known();
    carry.decided.insert(FOREIGN_COMMITS.into(), "carry".into());
    assert_eq!(rows(wish().plan(&carry, &there)).len(), 1);
}

#[test]
fn a_file_that_golive_does_not_understand_is_left_to_a_person() {
    let odd = seen("module.exports = 1;\n", None);
    let Plan::Blocked(Blocker::ByHand { what, paste, url }) = wish().plan(&known(), &odd) else {
        panic!("not by hand");
    };
    assert!(what.contains("server/server.js on develop"), "{what}");
    assert!(
        paste.iter().any(|line| line.contains("CORS_ORIGIN")),
        "{paste:?}"
    );
    assert_eq!(
        url.as_deref(),
        Some("https://github.com/acme/shop/edit/develop/server/server.js")
    );
}

#[test]
fn what_is_no_such_file_says_so_and_names_the_key() {
    let plan = |file| {
        wish().plan(
            &known(),
            &Seen {
                base_file: file,
                ..seen("", None)
            },
        )
    };
    let absent = blocked(plan(Observed::Absent));
    assert!(
        absent.contains("no server/server.js on develop: correct [code] server"),
        "{absent}"
    );
    let sha = || "0".to_string();
    let large = blocked(plan(Observed::Present(File::TooLarge {
        sha: sha(),
        bytes: 2_000_000,
    })));
    assert!(large.contains("2000000 bytes"), "{large}");
    let binary = blocked(plan(Observed::Present(File::Binary { sha: sha() })));
    assert!(binary.contains("not UTF-8"), "{binary}");
    let folder = blocked(plan(Observed::Present(File::NotAFile)));
    assert!(folder.contains("not a file"), "{folder}");
}

#[test]
fn undo_takes_the_feature_branch_while_only_golive_worked_on_it() {
    let there = seen(STATIC, Some((&rewritten(), golives())));
    let with = |made: Vec<Made>| Known { made, ..known() };
    let branch = made_branch("feature/dynamic-cors", Some(&"1a2b3c4d5e".into()), "");
    let undo = |made| wish().undo(&with(made), &there).len();
    assert_eq!(undo(vec![branch.clone(), made_commit("feedbee000", "")]), 1);
    assert_eq!(undo(vec![branch, made_commit("0ther", "")]), 0);
    assert_eq!(undo(vec![made_commit("feedbee000", "")]), 0);
}
