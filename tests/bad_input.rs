//! Bad input, case by case with the real binary: each says what is wrong, where, and what to type, ends with the exit code
//! that is promised, changes nothing, and loses nothing that was recorded.

#[path = "bad_input/disk.rs"]
mod disk;
#[path = "bad_input/elsewhere.rs"]
mod elsewhere;
#[path = "binary/program.rs"]
mod program;
#[path = "binary/served.rs"]
mod served;
#[path = "bad_input/values.rs"]
mod values;
#[path = "bad_input/words.rs"]
mod words;

use std::fs;
use std::path::{Path, PathBuf};

use program::{Said, golive};
use served::{ANSWERS, PART, Served};

/// A launch's folder, just initialised.
fn launch(folder: &Path) -> PathBuf {
    let dir = folder.join("launch");
    fs::create_dir_all(&dir).unwrap();
    fs::write(folder.join("answers.toml"), ANSWERS).unwrap();
    golive(&dir, &[], &["init", "--answers", "../answers.toml"]).ends(0);
    dir
}

fn state(dir: &Path) -> Vec<u8> {
    fs::read(dir.join(".golive/state.jsonl")).unwrap_or_default()
}

/// Replaces words of the launch's manifest.
fn edit(dir: &Path, old: &str, new: &str) {
    let path = dir.join("golive.toml");
    let text = fs::read_to_string(&path).unwrap();
    assert!(text.contains(old), "{old:?} is not in {text}");
    fs::write(&path, text.replacen(old, new, 1)).unwrap();
}

/// golive against a served world, with its token lent.
fn on_the_road(dir: &Path, served: &Served, arguments: &[&str]) -> Said {
    let mut variables = served.variables();
    variables.push(("GOLIVE_SECRET_GITHUB_TOKEN", served.token.as_str()));
    variables.push(("GOLIVE_VAULT", "env"));
    golive(dir, &variables, arguments)
}

/// A launch that has come as far as an operator's first answers.
fn under_way(folder: &Path) -> (PathBuf, Served) {
    let dir = launch(folder);
    let served = Served::start(&folder.join("simulator"), "no-reviews");
    on_the_road(&dir, &served, &["run", PART, "--yes"]).ends(10);
    assert!(state(&dir).len() > 5_000);
    (dir, served)
}
