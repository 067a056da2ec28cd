//! The laws of the tree, held by a test; each is shown to be able to fail.

#[path = "tidy/laws.rs"]
mod laws;
#[path = "tidy/source.rs"]
mod source;

use std::path::{Path, PathBuf};
use std::process::Command;

use source::Source;

/// Names and texts of all files that belong to the repository.
fn files() -> Vec<(String, String)> {
    let top = Path::new(env!("CARGO_MANIFEST_DIR"));
    let listed = Command::new("git")
        .args([
            "ls-files",
            "-z",
            "--cached",
            "--others",
            "--exclude-standard",
        ])
        .current_dir(top)
        .output()
        .ok()
        .filter(|output| output.status.success())
        .map(|output| String::from_utf8_lossy(&output.stdout).into_owned());
    let mut paths: Vec<String> = match listed {
        Some(listed) => listed
            .split('\0')
            .filter(|path| top.join(path).is_file())
            .map(str::to_string)
            .collect(),
        // An unpacked archive has no git.
        None => walked(top, top),
    };
    paths.sort();
    let read = |path: String| {
        let bytes = std::fs::read(top.join(&path)).unwrap_or_default();
        (path, String::from_utf8_lossy(&bytes).into_owned())
    };
    paths.into_iter().map(read).collect()
}

fn walked(top: &Path, folder: &Path) -> Vec<String> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path: PathBuf = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if path.is_dir() && name != "target" && name != ".git" {
            found.extend(walked(top, &path));
        } else if path.is_file() {
            found.push(
                path.strip_prefix(top)
                    .unwrap()
                    .to_string_lossy()
                    .into_owned(),
            );
        }
    }
    found
}

fn tree() -> Vec<Source> {
    let sources: Vec<Source> = files()
        .iter()
        .filter(|(path, _)| path.ends_with(".rs"))
        .filter(|(path, _)| path.starts_with("src/") || path.starts_with("tests/"))
        .map(|(path, text)| Source::new(path, text))
        .collect();
    // A law over nothing holds always.
    assert!(sources.len() > 20, "only {} files seen", sources.len());
    sources
}

fn holds(broken: Vec<String>) {
    assert!(broken.is_empty(), "\n{}\n", broken.join("\n"));
}

/// Each snippet, as a file of its own, must break the law.
fn breaks(law: fn(&[Source]) -> Vec<String>, snippets: &[(&str, &str)]) {
    for (path, text) in snippets {
        let broken = law(&[Source::new(path, text)]);
        assert_eq!(broken.len(), 1, "{path}: {text}\n{broken:?}");
    }
}

fn passes(law: fn(&[Source]) -> Vec<String>, snippets: &[(&str, &str)]) {
    for (path, text) in snippets {
        holds(law(&[Source::new(path, text)]));
    }
}

#[test]
fn modules_import_only_what_they_may() {
    breaks(
        laws::imports,
        &[
            ("src/tui/mod.rs", "use crate::engine::Desk;"),
            (
                "src/tui/screen/map.rs",
                "use super::super::super::provider::http;",
            ),
            ("src/tui/mod.rs", "use super::vault;"),
            (
                "src/report/lines.rs",
                "fn f() { crate::journal::Journal::open() }",
            ),
            (
                "src/tui/keys.rs",
                "use crate::{\n    event::Event,\n    resource::{Cx},\n};",
            ),
            (
                "src/tui/keys.rs",
                "use crate::journal::{record, state::State};",
            ),
            ("src/sim/github.rs", "use crate::provider::github::Branch;"),
            ("src/sim/github.rs", "use crate::text::strip_controls;"),
            ("src/seam/vault.rs", "use crate::plan::Row;"),
            ("src/engine/mod.rs", "use crate::sim::World;"),
            ("src/vault/mod.rs", "use crate::sim::World;"),
        ],
    );
    passes(
        laws::imports,
        &[
            ("src/tui/mod.rs", "use crate::journal::state::State;"),
            (
                "src/tui/mod.rs",
                "use crate::{journal::{state::State}, view::View}; // crate::engine",
            ),
            (
                "src/sim/github/git.rs",
                "use super::super::World; use crate::seam::clock::Clock;",
            ),
            (
                "src/tui/mod.rs",
                "#[cfg(test)]\nmod tests { use crate::engine::Desk; }",
            ),
            ("src/app.rs", "use crate::sim::World;"),
        ],
    );
    holds(laws::imports(&tree()));
}

#[test]
fn secrets_are_clear_only_where_they_leave() {
    breaks(
        laws::exposures,
        &[
            ("src/engine/mod.rs", "fn f(s: Secret) { g(s.expose()) }"),
            ("src/tui/model.rs", "fn f() { x.map(Secret::expose) }"),
            ("src/view.rs", "use secrecy::expose_secret;"),
        ],
    );
    passes(
        laws::exposures,
        &[
            ("src/provider/github/mod.rs", "fn f() { token.expose() }"),
            (
                "src/engine/mod.rs",
                "// s.expose()\nfn f() -> &str { \"s.expose()\" }",
            ),
        ],
    );
    holds(laws::exposures(&tree()));
}

#[test]
fn time_comes_from_the_clock() {
    breaks(
        laws::time,
        &[
            ("src/engine/mod.rs", "let now = std::time::Instant::now();"),
            ("src/vault/keyring.rs", "use tokio::time::timeout;"),
            ("src/sim/mod.rs", "let t = jiff::Timestamp::now();"),
        ],
    );
    passes(
        laws::time,
        &[("src/tui/mod.rs", "let now = Instant::now();")],
    );
    holds(laws::time(&tree()));
}

#[test]
fn only_front_ends_print() {
    breaks(
        laws::prints,
        &[
            ("src/engine/mod.rs", "fn f() { println!(\"x\") }"),
            ("src/provider/http/mod.rs", "fn f() { dbg!(1); }"),
            ("src/vault/mod.rs", "let mut out = std::io::stderr();"),
        ],
    );
    passes(
        laws::prints,
        &[
            ("src/app/run.rs", "fn f() { println!(\"x\") }"),
            (
                "src/engine/mod.rs",
                "#[cfg(test)] mod tests { fn f() { println!() } }",
            ),
        ],
    );
    holds(laws::prints(&tree()));
}

#[test]
fn resources_neither_wait_nor_ask() {
    breaks(
        laws::resources,
        &[
            ("src/resource/pull.rs", "cx.clock.sleep(wait).await;"),
            ("src/resource/pull.rs", "use dialoguer::Input;"),
        ],
    );
    holds(laws::resources(&tree()));
}

#[test]
fn functions_fit_a_screen_and_files_answer_one_question() {
    let body = "    let a = \"}\"; // }\n".repeat(69);
    let long = format!("fn long() {{\n{body}}}\nfn short() {{}}\n");
    let file = "// line\n".repeat(601);
    breaks(laws::sizes, &[("src/a.rs", &long), ("src/b.rs", &file)]);
    let just = format!("fn just() {{\n{}}}\n", &body[..body.len() / 69 * 68]);
    passes(laws::sizes, &[("src/a.rs", &just)]);
    // The list only shrinks: it forgives no growth, and nothing that got short.
    assert!(laws::too_long("a", 80, 70, Some(79)).is_some());
    assert!(laws::too_long("a", 79, 70, Some(79)).is_none());
    assert!(laws::too_long("a", 70, 70, Some(79)).is_some());
    holds(laws::sizes(&tree()));
}

#[test]
fn files_say_what_they_are_about() {
    breaks(
        laws::first_lines,
        &[
            ("src/a.rs", "use std::fs;\n"),
            ("src/b.rs", "//!\n"),
            ("src/c.rs", ""),
        ],
    );
    holds(laws::first_lines(&tree()));
}

#[test]
fn nothing_is_left_unfinished() {
    breaks(
        laws::unfinished,
        &[
            ("src/a.rs", "fn f() { todo!() }"),
            ("src/a.rs", "fn f() { unimplemented!(\"x\") }"),
            ("src/a.rs", &["// FIX", "ME later"].concat()),
            ("tests/a.rs", "#[ignore = \"slow\"]\nfn f() {}"),
            ("src/a.rs", "#![allow(dead_code)]"),
        ],
    );
    holds(laws::unfinished(&tree()));
}

#[test]
fn inner_words_never_reach_a_screen() {
    breaks(
        laws::screens,
        &[
            ("src/tui/screen/map.rs", "const T: &str = \"Slots\";"),
            ("src/view.rs", "let t = format!(\"{n} blocker(s)\");"),
            ("src/report/lines.rs", "let t = r#\"the \"ledger\" says\"#;"),
            ("src/vault/file.rs", "Error::vault(\"the slot is empty\")"),
        ],
    );
    passes(
        laws::screens,
        &[
            (
                "src/tui/mod.rs",
                "// a slot\nlet slot = \"a slotted screw, intention, folder\";",
            ),
            ("src/vault/file.rs", "#[serde(rename = \"slot\")]"),
            ("src/plan.rs", "format!(\"{slot} is needed\")"),
            (
                "src/view.rs",
                "#[cfg(test)]\nmod tests { const T: &str = \"a slot\"; }",
            ),
        ],
    );
    holds(laws::screens(&tree()));
}

#[test]
fn the_help_speaks_the_operators_words() {
    use clap::CommandFactory;
    let mut pages = vec![golive::cli::Cli::command()];
    let mut seen = 0;
    while let Some(mut page) = pages.pop() {
        let help = page.render_long_help().to_string();
        assert_eq!(laws::inner_word(&help), None, "{help}");
        seen += 1;
        pages.extend(page.get_subcommands().cloned());
    }
    assert!(seen > 10, "{seen} help pages");
}

#[test]
fn a_step_file_decides_nothing() {
    let broken = |line: &str| !laws::step_file("steps/x.toml", line).is_empty();
    for line in [
        "url = \"/v1/services\"",
        "call = \"POST /v1/services\"",
        "page_of = \"https://api.github.com/user\"",
        "title = \"{{ role }}\"",
        "if = \"redis\"",
        "why = \"the slot is kept\"",
    ] {
        assert!(broken(line), "{line}");
    }
    assert!(!broken("docs = \"https://docs.github.com/en\""));
    assert!(!broken(
        "why = \"Branches exist and are protected.\" # no HTTP here"
    ));
    let files = files();
    let steps: Vec<_> = files
        .iter()
        .filter(|(path, _)| path.starts_with("steps/"))
        .collect();
    assert!(!steps.is_empty());
    holds(
        steps
            .iter()
            .flat_map(|(path, text)| laws::step_file(path, text))
            .collect(),
    );
}

#[test]
fn the_top_holds_only_what_belongs_there() {
    assert_eq!(
        laws::top_level(["src/a.rs", "notes.txt", "tests/run"].into_iter()).len(),
        1
    );
    let files = files();
    holds(laws::top_level(files.iter().map(|(path, _)| path.as_str())));
}

#[test]
fn no_file_knows_the_machine_it_was_made_on() {
    for text in [
        ["see /wo", "rk/main"].concat(),
        ["https://registry.npm", "js.org/cors"].concat(),
    ] {
        assert_eq!(laws::foreign_places("a.md", &text).len(), 1, "{text}");
        assert!(laws::foreign_places("Cargo.lock", &text).is_empty());
    }
    let files = files();
    holds(
        files
            .iter()
            .flat_map(|(path, text)| laws::foreign_places(path, text))
            .collect(),
    );
}
