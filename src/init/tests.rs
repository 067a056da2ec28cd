//! `golive init` asks, replays, refuses, and writes a manifest that reads.

use std::fs;

use clap::{Args, FromArgMatches};

use super::*;
use crate::error::Kind;

/// Somebody who takes every proposal, and answers what has none.
struct Agreeable(Vec<String>);

impl Asker for Agreeable {
    fn can_ask(&self) -> bool {
        true
    }

    fn ask(&mut self, prompt: &Prompt<'_>) -> Result<String> {
        self.0.push(prompt.question.key.to_owned());
        let answer = prompt.proposal.clone();
        Ok(answer.unwrap_or_else(|| prompt.question.rehearsed().to_owned()))
    }
}

fn preset() -> &'static Preset {
    Preset::named("bondigoo").expect("the preset")
}

fn folder() -> tempfile::TempDir {
    tempfile::tempdir().expect("a folder")
}

fn answered() -> Answers {
    let text = r#"
        [answers]
        repository = "acme/shop"
        server-folder = "backend"
        front-end-folder = "web"
        health-path = "/healthz"
        vercel-team = "acme"
        vercel-project = "shop"
        atlas-prod-project = "Acme \"prod\""
        atlas-dev-project = "5f1a2b3c4d5e6f7a8b9c0d1e"
        render-workspace = "Acme's team"
        render-region = "oregon"
        render-api-plan = "standard"
        render-worker-plan = "pro"
        render-redis-plan = "starter"
        dns = "by-hand"
        reviewer = "grace,linus"
        operator = "Ada Lovelace"
        "1.stable-main" = "for a later command"
    "#;
    Answers::parse(text, Path::new("answers.toml")).expect("answers")
}

#[test]
fn an_answers_file_is_replayed_without_a_terminal() {
    let dir = folder();
    let written = run(dir.path(), preset(), Some(answered()), &mut NoTerminal).expect("written");
    let manifest = Manifest::load(dir.path()).expect("it reads");
    assert_eq!(manifest.id, written.id);
    assert_eq!(manifest.github.repository.to_string(), "acme/shop");
    assert_eq!(manifest.code.server_path(), "backend/server.js");
    let team = manifest.vercel.team.as_ref();
    assert_eq!(team.map(ToString::to_string).as_deref(), Some("acme"));
    assert_eq!(manifest.atlas.cluster["prod"].project, "Acme \"prod\"");
    assert_eq!(manifest.review.reviewers, ["grace", "linus"]);
    assert_eq!(answers_of(&manifest), written.answers);
    // What `golive answers` prints makes the same manifest again.
    let again = Answers::parse(&written.answers.to_toml(), Path::new("a.toml")).expect("readable");
    let other = folder();
    run(other.path(), preset(), Some(again), &mut NoTerminal).expect("written");
    assert_eq!(
        answers_of(&Manifest::load(other.path()).expect("it reads")),
        written.answers
    );
    assert!(
        manifest.text().contains("# ---- Branches (step 1)"),
        "comments are kept"
    );
    let left: Vec<_> = fs::read_dir(dir.path())
        .expect("a folder")
        .flatten()
        .collect();
    assert_eq!(left.len(), 1, "nothing but golive.toml: {left:?}");
}

#[test]
fn two_launches_differ_in_their_id_only() {
    let texts = [(); 2].map(|()| {
        let dir = folder();
        let written =
            run(dir.path(), preset(), Some(answered()), &mut NoTerminal).expect("written");
        let text = fs::read_to_string(&written.path).expect("a file");
        (written.id.to_string(), text)
    });
    let [(one_id, one), (two_id, two)] = texts;
    assert_ne!(one_id, two_id);
    assert_eq!(one.replace(&one_id, &two_id), two);
}

#[test]
fn what_is_missing_is_told_all_at_once() {
    let dir = folder();
    let mut answers = Answers::default();
    answers.set("repository", "acme/shop");
    let error = run(dir.path(), preset(), Some(answers), &mut NoTerminal).expect_err("refused");
    assert_eq!(error.kind, Kind::Usage);
    let text = error.to_string();
    for (key, variable) in [
        ("health-path", "GOLIVE_HEALTH_PATH"),
        ("vercel-project", "GOLIVE_VERCEL_PROJECT"),
        ("atlas-prod-project", "GOLIVE_ATLAS_PROD_PROJECT"),
        ("atlas-dev-project", "GOLIVE_ATLAS_DEV_PROJECT"),
        ("render-workspace", "GOLIVE_RENDER_WORKSPACE"),
        ("operator", "GOLIVE_OPERATOR"),
    ] {
        assert!(text.contains(&format!("--{key} ")), "{text}");
        assert!(text.contains(variable), "{text}");
        assert!(
            text.contains(&format!("{key} = \"…\" under [answers]")),
            "{text}"
        );
    }
    assert!(
        text.starts_with("error: golive init needs 6 more answers"),
        "{text}"
    );
    assert!(text.contains("proposed: shop"), "{text}");
    assert!(
        !text.contains("--repository") && !text.contains("--render-region"),
        "{text}"
    );
    assert_eq!(fs::read_dir(dir.path()).expect("a folder").count(), 0);
}

#[test]
fn on_a_terminal_only_what_is_open_is_asked_each_with_a_proposal() {
    let dir = folder();
    let mut answers = Answers::default();
    answers.set("repository", "acme/shop");
    answers.set("operator", "Ada");
    let mut person = Agreeable(Vec::new());
    let written = run(dir.path(), preset(), Some(answers), &mut person).expect("written");
    assert_eq!(person.0.len(), QUESTIONS.len() - 2);
    assert!(!person.0.contains(&"repository".to_owned()));
    assert_eq!(written.answers.get("vercel-project"), Some("shop"));
    assert_eq!(written.answers.get("render-workspace"), Some("acme"));
}

#[test]
fn an_existing_manifest_is_never_touched() {
    let dir = folder();
    let path = dir.path().join(manifest::FILE);
    fs::write(&path, "mine").expect("written");
    let error = run(dir.path(), preset(), Some(answered()), &mut NoTerminal).expect_err("refused");
    assert_eq!(error.kind, Kind::Usage);
    assert!(error.hint.is_some() && error.what.ends_with("is there already and was not touched"));
    assert_eq!(fs::read_to_string(&path).expect("a file"), "mine");
    // Even when it appears between the look and the write.
    assert!(write_new(&path, "other").is_err());
    assert_eq!(fs::read_to_string(&path).expect("a file"), "mine");
}

#[test]
fn a_folder_that_is_not_there_is_told() {
    let error = run(
        Path::new("/nonexistent/x"),
        preset(),
        Some(answered()),
        &mut NoTerminal,
    )
    .expect_err("refused");
    assert_eq!(error.now.as_deref(), Some("nothing was written"));
}

#[test]
fn wrong_answers_are_refused_before_anything_is_asked() {
    let dir = folder();
    let mut answers = answered();
    answers.set("repository", "acme");
    answers.set("render-worker-plan", "free");
    answers.set("render-region", "zurich");
    let error = run(
        dir.path(),
        preset(),
        Some(answers),
        &mut Agreeable(Vec::new()),
    )
    .expect_err("refused");
    let cause = error.cause.expect("a cause");
    assert!(
        cause.contains("repository: `acme` is not a repository"),
        "{cause}"
    );
    assert!(
        cause.contains("render-region: `zurich` is none of frankfurt, oregon"),
        "{cause}"
    );
    assert!(
        cause.contains("render-worker-plan: `free` is no plan for a worker"),
        "{cause}"
    );

    let mut answers = answered();
    answers.set("repo", "acme/shop");
    let error = run(dir.path(), preset(), Some(answers), &mut NoTerminal).expect_err("refused");
    assert!(
        error.to_string().contains("no question called `repo`"),
        "{error}"
    );
    assert_eq!(fs::read_dir(dir.path()).expect("a folder").count(), 0);
}

#[test]
fn every_question_has_a_place_a_proposal_and_twins() {
    for question in &QUESTIONS {
        let twin = format!("GOLIVE_{}", question.key.replace('-', "_").to_uppercase());
        assert_eq!(question.variable, twin);
        let edits = question.answered(question.rehearsed()).expect(question.key);
        assert!(!edits.is_empty(), "{}", question.key);
        preset().filled(&edits).expect(question.key);
        assert!(question.answered("\u{7}").is_err(), "{}", question.key);
    }
    // Without a git repository around, every question but these still has a proposal.
    let open: Vec<&str> = QUESTIONS
        .iter()
        .filter(|question| proposal(question, Path::new("/nonexistent"), &answered()).is_none())
        .map(|question| question.key)
        .collect();
    assert_eq!(
        open,
        [
            "repository",
            "atlas-prod-project",
            "atlas-dev-project",
            "operator"
        ]
    );
}

#[test]
fn flags_answer_too() {
    let command = Given::augment_args(clap::Command::new("init"));
    let matches = command
        .try_get_matches_from(["init", "--repository", "acme/shop", "--dns", "cloudflare"])
        .expect("flags");
    let given = Given::from_arg_matches(&matches).expect("given").0;
    assert_eq!(given.get("repository"), Some("acme/shop"));
    assert_eq!(given.get("dns"), Some("cloudflare"));
}

#[test]
fn a_remote_names_the_repository_and_nothing_else() {
    for (remote, repository) in [
        ("git@github.com:acme/shop.git", Some("acme/shop")),
        ("https://github.com/acme/shop", Some("acme/shop")),
        (
            "https://ada:hunter2@github.com/acme/shop.git",
            Some("acme/shop"),
        ),
        ("ssh://git@github.com:22/acme/shop.git/", Some("acme/shop")),
        ("/srv/git/shop.git", None),
        ("../shop", None),
        ("https://github.com/acme", None),
        ("", None),
    ] {
        assert_eq!(repository_of(remote).as_deref(), repository, "{remote}");
    }
}

#[test]
fn an_unknown_preset_is_answered_with_the_known_ones() {
    let error = Preset::named("bondigo").expect_err("refused");
    assert_eq!(
        error.hint.as_deref(),
        Some("did you mean `bondigoo`? known here: `bondigoo`")
    );
}
