//! What is not as the manifest has it on the other side: the repository, the account, the token, the launch.

use std::fs;

use crate::program::golive;
use crate::served::{PART, Served};
use crate::{edit, launch, on_the_road, state, under_way};

/// A world, what is said of it, and how much golive changes before it sees.
const WORLDS: [(&str, &[&str], usize); 5] = [
    (
        "elsewhere",
        &[
            "GitHub shows no repository bondigoo/bondigoo-platform to bondigoo",
            "Correct the name in golive.toml",
            "then: golive run 0.github",
        ],
        0,
    ),
    (
        "archived",
        &[
            "unarchive bondigoo/bondigoo-platform",
            "https://github.com/bondigoo/bondigoo-platform/settings",
            "then: golive run 0.github",
        ],
        0,
    ),
    (
        "renamed",
        &[
            "branch main is called trunk now: write that name in golive.toml, or rename it back",
            "https://github.com/bondigoo/bondigoo-platform/branches",
            "then: golive run 1.branch-main",
        ],
        0,
    ),
    (
        "broken-server",
        &[
            "this is not JavaScript that golive can read (line 2)",
            "/edit/develop/server/server.js",
            "app.use(cors(corsOptions));",
            "then: golive run 2.code",
        ],
        5,
    ),
    (
        "no-server",
        &[
            "there is no server/server.js on develop: correct [code] server and server_file",
            "then: golive run 2.code",
        ],
        5,
    ),
];

/// Each world is met twice: what the first run recorded stays, and nothing is changed beyond what could be.
#[test]
fn a_repository_that_is_not_as_the_manifest_has_it_is_a_persons_turn() {
    for (world, words, changes) in WORLDS {
        let folder = tempfile::tempdir().unwrap();
        let dir = launch(folder.path());
        let served = Served::start(&folder.path().join("simulator"), world);
        on_the_road(&dir, &served, &["plan", PART]).ends(0);
        assert_eq!(served.changes(), 0, "{world}");
        on_the_road(&dir, &served, &["run", PART, "--yes"])
            .ends(10)
            .tells(words);
        assert_eq!(served.changes(), changes, "{world}: {:?}", served.made());
        let before = state(&dir);
        on_the_road(&dir, &served, &["run", PART, "--yes"])
            .ends(10)
            .tells(words);
        assert_eq!(served.changes(), changes, "{world}: {:?}", served.made());
        let after = state(&dir);
        assert!(
            after.starts_with(&before) && after.len() > before.len(),
            "{world}"
        );
        golive(&dir, &[], &["status"]).ends(0).tells(&[words[0]]);
        golive(&dir, &[], &["log", "verify"]).ends(0);
    }
}

#[test]
fn a_token_of_another_account_is_neither_kept_nor_used() {
    let folder = tempfile::tempdir().unwrap();
    let (dir, _first) = under_way(folder.path());
    let other = Served::start(&folder.path().join("other"), "other-account");
    let before = state(&dir);
    let words = [
        "the token belongs to mallory (id",
        "this launch is tied to bondigoo (id",
        "golive login",
    ];
    let run = on_the_road(&dir, &other, &["run", PART, "--yes"]).ends(10);
    run.tells(&words);
    assert_eq!(other.changes(), 0);
    assert!(state(&dir).starts_with(&before));

    let passphrase = folder.path().join("passphrase");
    fs::write(&passphrase, "correct horse battery staple").unwrap();
    let mut variables = other.variables();
    let file = ("GOLIVE_VAULT_PASSPHRASE_FILE", passphrase.to_str().unwrap());
    variables.extend([file, ("GOLIVE_VAULT", "file"), ("TOKEN", &other.token)]);
    let login = golive(&dir, &variables, &["login", "--from-env", "TOKEN"]).ends(2);
    login.tells(&words).tells(&["nothing was kept"]);
    assert!(!dir.join(".golive/vault.age").exists());
    // A new launch may name its account before anything is seen.
    let fresh = launch(&folder.path().join("fresh"));
    edit(&fresh, "# account = \"login\"", "account = \"ada\" # ");
    let login = golive(&fresh, &variables, &["login", "--from-env", "TOKEN"]).ends(2);
    login.tells(&["mallory", "this launch is tied to ada"]);
    on_the_road(&fresh, &other, &["run", PART, "--yes"])
        .ends(10)
        .tells(&["mallory", "ada"]);
    assert_eq!(other.changes(), 0);
}

#[test]
fn a_token_that_is_none_is_refused_before_it_goes_anywhere() {
    let folder = tempfile::tempdir().unwrap();
    let dir = launch(folder.path());
    let served = Served::start(&folder.path().join("simulator"), "no-reviews");
    let own = served.variables();
    let url = own.iter().find(|(name, _)| *name == "GOLIVE_GITHUB_URL");
    let url = *url.unwrap();
    let stranger = "golive-sim-github-0123456789abcdef01234567";
    let live = "ghp_0123456789abcdefghij0123456789abcdef";
    let gone = ("GOLIVE_GITHUB_URL", "http://127.0.0.1:1");
    for (url, token, words) in [
        (url, stranger, "GitHub did not take the token"),
        (url, live, "is not sent to http://127.0.0.1"),
        (url, "hello", "GitHub"),
        (gone, stranger, "whether it works is not known"),
        (
            ("GOLIVE_GITHUB_URL", "https://api.github.com"),
            stranger,
            "simulat",
        ),
    ] {
        // Only where all is on loopback may waits shrink and names lead there; where GitHub itself is meant, nothing is sent.
        let mut variables = served.variables();
        let simulated = url.1.starts_with("http:");
        variables.retain(|(name, _)| simulated || name.ends_with("_URL"));
        variables.retain(|(name, _)| *name != url.0);
        let passphrase = folder.path().join("passphrase");
        fs::write(&passphrase, "correct horse battery staple").unwrap();
        let file = ("GOLIVE_VAULT_PASSPHRASE_FILE", passphrase.to_str().unwrap());
        let kind = ("GOLIVE_VAULT", "file");
        variables.extend([url, file, kind, ("TOKEN", token)]);
        let said = golive(&dir, &variables, &["login", "--from-env", "TOKEN"]);
        assert!(matches!(said.code, Some(1 | 2)), "{token}: {said}");
        let said = said.tells(&[words]);
        let shown = token.len() > 20 && said.err.contains(&token[18..]);
        assert!(!shown, "{said}");
        assert!(!dir.join(".golive/vault.age").exists(), "{said}");
    }
    assert_eq!(served.changes(), 0);
}

#[test]
fn a_state_file_of_another_launch_is_not_touched() {
    let folder = tempfile::tempdir().unwrap();
    let (dir, served) = under_way(folder.path());
    let other = launch(&folder.path().join("other"));
    fs::create_dir(other.join(".golive")).unwrap();
    fs::copy(
        dir.join(".golive/state.jsonl"),
        other.join(".golive/state.jsonl"),
    )
    .unwrap();
    let (before, changes) = (state(&other), served.changes());
    let tick = ["tick", "1.stable-main", "--by", "Ada", "--note", "looked"];
    for arguments in [
        &["status"][..],
        &["plan", PART],
        &["verify", PART],
        &["run", PART, "--yes"],
        &["undo", "1", "--yes"],
        &["log", "verify"],
        &["answers"],
        &tick,
    ] {
        let said = on_the_road(&other, &served, arguments).ends(65);
        said.tells(&[
            "state.jsonl belongs to launch bondigoo-",
            "hint: use the folder of that launch",
        ]);
    }
    assert_eq!((state(&other), served.changes()), (before, changes));
    let rehearse = golive(&dir, &[], &["rehearse", "--headless", "--dir", "."]).ends(2);
    rehearse.tells(&["is a real launch's folder", "--dir ANOTHER-FOLDER"]);
}
