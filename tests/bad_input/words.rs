//! What stands in files and on the command line: the manifest, the answers, names that are nobody's.

use std::fs;

use crate::program::golive;
use crate::served::PART;
use crate::{edit, launch, on_the_road, state, under_way};

/// What stands in the manifest, what is written instead, the place that is named, and what else is said.
const MANIFESTS: [(&str, &str, &str, &str); 13] = [
    (
        "name   = ",
        "nmae   = ",
        "golive.toml:8:1: unknown key `nmae`",
        "did you mean `name`",
    ),
    (
        "name   = \"bondigoo\"",
        "name   = 5",
        "golive.toml:8:",
        "expected a string",
    ),
    ("schema = 1", "schema = \"1\"", "golive.toml:6:", "expected"),
    ("schema = 1", "schema = 2", "golive.toml:6:", "schema"),
    ("[operator]", "[operator", "golive.toml:15:", ""),
    (
        "id     = \"bondigoo-",
        "id     = \"Bondi goo-",
        "golive.toml:7:",
        "",
    ),
    (
        "repository = \"bondigoo/bondigoo-platform\"",
        "repository = \"bondigoo\"",
        "golive.toml:19:",
        "",
    ),
    (
        "reviews = 1",
        "reviews = \"one\"",
        "golive.toml:28:",
        "expected",
    ),
    (
        "branch   = \"staging\"\ngroup",
        "branch   = \"main\"\ngroup",
        "golive.toml:80:12: two environments deploy the branch `main`",
        "line 68 (environment.prod.branch) and line 80 (environment.staging.branch)",
    ),
    (
        "host = \"staging.bondigoo.ch\"",
        "host = \"www.bondigoo.ch\"",
        "golive.toml:82:21: two places claim the host `www.bondigoo.ch`",
        "hint: change one of the two",
    ),
    (
        "name = \"bondigoo-staging\", cluster",
        "name = \"bondigoo-prod\", cluster",
        "golive.toml:83:12: the user `dev` has no role",
        "`bondigoo-prod`",
    ),
    (
        "group    = \"bondigoo-staging-env\"",
        "group    = \"bondigoo-prod-env\"",
        "golive.toml:81:12: two environments use the group `bondigoo-prod-env`",
        "hint: change one of the two",
    ),
    (
        "name = \"bondigoo-api-staging\"",
        "name = \"bondigoo-api-prod\"",
        "golive.toml:86:41: two services are called `bondigoo-api-prod`",
        "hint: change one of the two",
    ),
];

#[test]
fn a_wrong_manifest_is_refused_with_its_place() {
    let folder = tempfile::tempdir().unwrap();
    let (dir, served) = under_way(folder.path());
    let (before, calls) = (state(&dir), served.changes());
    let manifest = fs::read(dir.join("golive.toml")).unwrap();
    for (old, new, place, words) in MANIFESTS {
        edit(&dir, old, new);
        for arguments in [
            &["plan", PART][..],
            &["run", PART, "--yes"],
            &["status"],
            &["verify", PART],
        ] {
            let said = on_the_road(&dir, &served, arguments).ends(2);
            said.tells(&["error: ", place, words]);
        }
        fs::write(dir.join("golive.toml"), &manifest).unwrap();
    }
    assert_eq!((state(&dir), served.changes()), (before, calls));
    on_the_road(&dir, &served, &["status"]).ends(0);
}

/// What was typed, and what is said of it.
const TYPED: [(&[&str], &str); 9] = [
    (&["run", "9"], "nothing in this launch is called 9"),
    (
        &["plan", "1.branch-none"],
        "nothing in this launch is called 1.branch-none",
    ),
    (
        &["tick", "9.x", "--by", "A", "--note", "b"],
        "there is no item 9.x",
    ),
    (
        &["tick", "1.stable-main", "--by", " ", "--note", "b"],
        "a name is needed",
    ),
    (&["login", "vercle"], "golive does not log in to vercle"),
    (
        &["secrets", "set", "GITHUB_TOKN"],
        "golive keeps nothing called GITHUB_TOKN",
    ),
    (&["run", "--until"], "--until"),
    (&["walk"], "unrecognized subcommand"),
    (
        &["--vault", "cloud", "plan"],
        "possible values: keyring, file, env",
    ),
];

#[test]
fn what_is_missing_is_named_with_what_to_type() {
    let folder = tempfile::tempdir().unwrap();
    let empty = folder.path().join("empty");
    fs::create_dir(&empty).unwrap();
    for command in ["plan", "status", "verify", "run", "answers", "log"] {
        let said = golive(&empty, &[], &[command]).ends(2);
        said.tells(&["there is no golive.toml in", "hint: golive init"]);
    }
    let there = folder.path().join("nowhere");
    let said = golive(&empty, &[], &["--dir", there.to_str().unwrap(), "status"]).ends(2);
    said.tells(&["nowhere/golive.toml", "hint: golive init"]);
    assert!(!there.exists() && fs::read_dir(&empty).unwrap().next().is_none());

    let dir = launch(folder.path());
    let env = [("GOLIVE_VAULT", "env")];
    let run = golive(&dir, &env, &["run", PART, "--yes"]).ends(2);
    run.tells(&[
        "inputs are missing",
        "GITHUB_TOKEN: golive login github, or $GOLIVE_SECRET_GITHUB_TOKEN",
    ]);
    let run = golive(&dir, &env, &["run", "--answers", "gone.toml"]).ends(2);
    run.tells(&["there is no gone.toml", "hint: golive answers > FILE"]);
    let init = golive(&empty, &[], &["init"]).ends(2);
    init.tells(&[
        "--repository",
        "GOLIVE_REPOSITORY",
        "repository = ",
        "nothing was written",
    ]);
    let again = golive(&dir, &[], &["init", "--answers", "../answers.toml"]).ends(2);
    again.tells(&["is there already and was not touched", "hint: golive plan"]);
    let world = golive(
        &empty,
        &[],
        &[
            "rehearse",
            "--headless",
            "--dir",
            "r",
            "--world",
            "gone.toml",
        ],
    );
    world
        .ends(2)
        .tells(&["there is no world gone.toml", "one of fresh"]);
    for (arguments, words) in TYPED {
        golive(&dir, &env, arguments).ends(2).tells(&[words]);
    }
}

#[test]
fn a_wrong_answers_file_is_refused_with_its_place() {
    let folder = tempfile::tempdir().unwrap();
    let dir = launch(folder.path());
    let path = folder.path().join("wrong.toml");
    for (text, words) in [
        (
            "[answer]\na = \"b\"\n",
            "wrong.toml:1:2: unknown key `answer`",
        ),
        (
            "[answers]\noperator = 3\n",
            "wrong.toml:2:12: expected a string",
        ),
        ("[answers\n", "wrong.toml:1:"),
        (
            "[answers]\nkey = \"ghp_0123456789abcdefghij0123456789abcdef\"\n",
            "a secret stands here",
        ),
    ] {
        fs::write(&path, text).unwrap();
        for arguments in [
            ["run", "--answers", "../wrong.toml"],
            ["init", "--answers", "../wrong.toml"],
        ] {
            let said = golive(&dir, &[("GOLIVE_VAULT", "env")], &arguments);
            let code = said.code;
            assert!(matches!(code, Some(2 | 65)), "{said}");
            let said = said.tells(&[words]);
            assert!(!said.err.contains("ghp_0123"), "{said}");
        }
    }
    fs::write(&path, "[answers]\nrepositry = \"a/b\"\n").unwrap();
    let other = folder.path().join("other");
    fs::create_dir(&other).unwrap();
    let said = golive(&other, &[], &["init", "--answers", "../wrong.toml"]).ends(2);
    said.tells(&[
        "asks no question called `repositry`",
        "did you mean `repository`",
    ]);
    assert!(fs::read_dir(&other).unwrap().next().is_none());
}
