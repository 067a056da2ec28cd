//! `golive init`: asks what the preset cannot know and writes `golive.toml`.

mod asker;
mod question;

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::answers::Answers;
use crate::error::{Error, Result};
use crate::manifest::{
    self, Edit, LaunchId, LaunchName, Manifest, Preset, Repo, Title, quoted, unknown_hint,
};

pub use asker::{Asker, Given, NoTerminal, Prompt, Terminal};
pub use question::{QUESTIONS, Question};

/// What `golive init` left behind.
#[derive(Debug)]
pub struct Written {
    pub path: PathBuf,
    pub id: LaunchId,
    /// Every answer that went into the file.
    pub answers: Answers,
}

/// Writes `golive.toml` in `dir`. Questions that `answers` leaves open are put to `asker`; where nobody can be asked,
/// all that are missing are named at once. An existing file is never touched.
pub fn run(
    dir: &Path,
    preset: &Preset,
    answers: Option<Answers>,
    asker: &mut dyn Asker,
) -> Result<Written> {
    let path = dir.join(manifest::FILE);
    // A link that leads nowhere is something in the way, too.
    if fs::symlink_metadata(&path).is_ok() {
        return Err(already_there(&path));
    }
    let given = answers.unwrap_or_default();
    refuse_wrong(&given)?;
    let answers = complete(dir, given, asker)?;
    let id = fresh_id(preset)?;
    let (text, _) = preset.manifest(&edits(&answers, &id)?, &path)?;
    write_new(&path, &text)?;
    Ok(Written { path, id, answers })
}

/// The manifest of a rehearsal that has no `golive.toml` to start from, and its text.
pub fn rehearsed(preset: &Preset, id: &LaunchId) -> Result<(String, Manifest)> {
    let mut answers = Answers::default();
    for question in &QUESTIONS {
        answers.set(question.key, question.rehearsed());
    }
    preset.manifest(&edits(&answers, id)?, Path::new(manifest::FILE))
}

/// The answers that a manifest holds, as `golive answers` prints them.
pub fn answers_of(manifest: &Manifest) -> Answers {
    let mut answers = Answers::default();
    for question in &QUESTIONS {
        if let Some(answer) = (question.read)(manifest) {
            answers.set(question.key, answer);
        }
    }
    answers
}

fn edits(answers: &Answers, id: &LaunchId) -> Result<Vec<Edit>> {
    let mut edits = vec![Edit {
        path: &["id"],
        value: toml::Value::String(id.to_string()),
    }];
    for question in &QUESTIONS {
        if let Some(answer) = answers.get(question.key) {
            edits.extend(question.answered(answer).map_err(Error::usage)?);
        }
    }
    Ok(edits)
}

/// Refuses answers to questions that do not exist, and all answers that do not fit, before anything is asked.
fn refuse_wrong(given: &Answers) -> Result<()> {
    let mut wrong = Vec::new();
    for (key, answer) in given.iter() {
        // An item's id (`1.stable-main`) answers a later command.
        let for_an_item = key.starts_with(|c: char| c.is_ascii_digit());
        match Question::named(key) {
            Some(question) => wrong.extend(
                question
                    .answered(answer)
                    .err()
                    .map(|why| format!("{key}: {why}")),
            ),
            None if for_an_item => {}
            None => {
                let error = Error::usage(format!(
                    "golive init asks no question called {}",
                    quoted(key)
                ));
                return Err(
                    match unknown_hint(key, QUESTIONS.iter().map(|question| question.key)) {
                        Some(hint) => error.hint(hint),
                        None => error,
                    },
                );
            }
        }
    }
    match wrong.is_empty() {
        true => Ok(()),
        false => Err(Error::usage("an answer was refused")
            .because(wrong.join("; "))
            .now("nothing was written")),
    }
}

/// All questions answered: as given, else asked, else as the preset has it.
fn complete(dir: &Path, given: Answers, asker: &mut dyn Asker) -> Result<Answers> {
    let mut answers = Answers::default();
    let mut missing = Vec::new();
    for question in &QUESTIONS {
        if let Some(answer) = given.get(question.key) {
            answers.set(question.key, answer);
        } else if asker.can_ask() {
            let proposal = proposal(question, dir, &answers);
            let answer = asker.ask(&Prompt { question, proposal })?;
            question.answered(&answer).map_err(Error::usage)?;
            answers.set(question.key, answer);
        } else if let Some(answer) = question.preset {
            answers.set(question.key, answer);
        } else {
            missing.push((question, proposal(question, dir, &answers)));
        }
    }
    if missing.is_empty() {
        Ok(answers)
    } else {
        Err(all_missing(&missing))
    }
}

fn all_missing(missing: &[(&Question, Option<String>)]) -> Error {
    let lines: Vec<String> = missing
        .iter()
        .map(|(question, proposal)| {
            let Question { key, variable, form, .. } = question;
            let prompt = question.full_prompt();
            let proposal = proposal.as_ref().map(|text| format!("; proposed: {text}"));
            format!(
                "\n  --{key} {form}   or {variable}   or {key} = \"…\" under [answers]   {prompt}{}",
                proposal.unwrap_or_default()
            )
        })
        .collect();
    let count = match missing.len() {
        1 => "one more answer".to_owned(),
        many => format!("{many} more answers"),
    };
    Error::usage(format!(
        "golive init needs {count}, and there is no terminal to ask on"
    ))
    .because(format!("missing:{}", lines.concat()))
    .now("nothing was written")
    .hint("golive init --answers FILE, or run golive init on a terminal")
}

/// What the folder or an earlier answer suggests; the preset's own answer otherwise.
fn proposal(question: &Question, dir: &Path, answers: &Answers) -> Option<String> {
    let repository = || Repo::parse(answers.get("repository")?).ok();
    let found = match question.key {
        "repository" => {
            git(dir, &["remote", "get-url", "origin"]).and_then(|url| repository_of(&url))
        }
        "operator" => git(dir, &["config", "user.name"]).filter(|name| Title::parse(name).is_ok()),
        "vercel-project" => repository().map(|repo| repo.name),
        "render-workspace" => repository().map(|repo| repo.owner.to_string()),
        "health-path" => Some("/health".to_owned()),
        _ => None,
    };
    found
        .or_else(|| question.preset.map(str::to_owned))
        .filter(|text| question.answered(text).is_ok())
}

/// What git answers in a folder; `None` where there is no git, no repository or no such value.
fn git(dir: &Path, arguments: &[&str]) -> Option<String> {
    let output = Command::new("git")
        .arg("-C")
        .arg(dir)
        .args(arguments)
        .stdin(Stdio::null())
        .stderr(Stdio::null())
        .output()
        .ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    let text = text.trim();
    (output.status.success() && !text.is_empty()).then(|| text.to_owned())
}

/// `owner/name` out of a remote's address. Nothing else of it is kept: it may carry a token.
fn repository_of(remote: &str) -> Option<String> {
    let path = match remote.split_once("://") {
        Some((_, rest)) => rest.split_once('/')?.1,
        // git@github.com:owner/name.git; a path on this machine has no colon before its first slash.
        None => {
            remote
                .split_once(':')
                .filter(|(host, _)| !host.contains('/'))?
                .1
        }
    };
    let path = path.trim_matches('/');
    let path = path.strip_suffix(".git").unwrap_or(path);
    Repo::parse(path).ok().map(|repo| repo.to_string())
}

/// `<name>-<8 hex>`, from the system's random numbers.
pub fn fresh_id(preset: &Preset) -> Result<LaunchId> {
    let mut bytes = [0_u8; 4];
    getrandom::fill(&mut bytes)
        .map_err(|error| Error::failed("this machine gave no random numbers").because(error))?;
    let name = LaunchName::parse(preset.name).map_err(Error::usage)?;
    let digits = u32::from_be_bytes(bytes);
    LaunchId::parse(&format!("{name}-{digits:08x}")).map_err(Error::usage)
}

fn already_there(path: &Path) -> Error {
    Error::usage(format!(
        "{} is there already and was not touched",
        path.display()
    ))
    .hint("golive plan goes on with it; to begin another launch, run golive init in another folder")
}

/// Puts a complete file in place, or none: it is written beside its place and then linked there, which fails when
/// another process was faster.
fn write_new(path: &Path, text: &str) -> Result<()> {
    let beside = path.with_extension(format!("toml.new-{}", std::process::id()));
    let written = write_durably(&beside, text).and_then(|()| put_in_place(&beside, path));
    // The name beside is only a helper; failing to remove it hides nothing that matters.
    let _ = fs::remove_file(&beside);
    written.map_err(|error| match error.kind() {
        io::ErrorKind::AlreadyExists => already_there(path),
        _ => Error::failed(format!("{} could not be written", path.display()))
            .because(error)
            .now("nothing was written"),
    })
}

fn write_durably(path: &Path, text: &str) -> io::Result<()> {
    let mut file = fs::File::create(path)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()
}

fn put_in_place(from: &Path, to: &Path) -> io::Result<()> {
    match fs::hard_link(from, to) {
        // Some file systems (FAT, some network shares) have no links; the file was seen to be absent before.
        Err(error)
            if matches!(
                error.kind(),
                io::ErrorKind::Unsupported | io::ErrorKind::PermissionDenied
            ) =>
        {
            fs::rename(from, to)
        }
        other => other,
    }
}

#[cfg(test)]
mod tests;
