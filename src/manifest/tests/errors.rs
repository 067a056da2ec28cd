//! What an operator can get wrong in `golive.toml`, and what golive answers.

use proptest::prelude::*;

use super::*;
use crate::error::Kind;

/// The error for a text, and the line of the first place where `mark` stands in it.
fn refused(text: &str, mark: &str) -> (String, usize) {
    let error = parse(text).map(|_| ()).expect_err("it was taken");
    assert_eq!(error.kind, Kind::Usage, "{error}");
    let at = text
        .find(mark)
        .unwrap_or_else(|| panic!("no {mark} in the text"));
    (error.to_string(), text[..at].matches('\n').count() + 1)
}

/// Replaces `old` by `new` in the preset and expects an error within the lines of `new` that contains `why`.
fn breaks(old: &str, new: &str, why: &str) {
    let whole = filled();
    let before = &whole[..whole.find(old).expect("in the preset")];
    let first = before.matches('\n').count() + 1;
    let last = first + new.trim_end().matches('\n').count();
    let error = parse(&with(old, new)).expect_err(new).to_string();
    let line = error
        .strip_prefix("error: golive.toml:")
        .and_then(|rest| rest.split(':').next())
        .and_then(|line| line.parse().ok());
    assert!(
        line.is_some_and(|line| (first..=last).contains(&line)),
        "{new}: line {first} to {last} expected\n{error}"
    );
    assert!(error.contains(why), "{new}: {error}");
}

#[test]
fn an_unknown_key_is_answered_with_the_known_ones() {
    let (error, line) = refused(
        &with("[branch.main]\n", "[branch.main]\nprotekt = 1\n"),
        "protekt",
    );
    assert_eq!(
        error,
        format!(
            "error: golive.toml:{line}:1: unknown key `protekt`\n\
             hint: did you mean `protect`? known here: `name`, `from`, `protect`, `was`"
        )
    );
    let (error, line) = refused(&with("[github]", "[gitbuh]"), "[gitbuh]");
    assert!(
        error.starts_with(&format!(
            "error: golive.toml:{line}:2: unknown key `gitbuh`"
        )),
        "{error}"
    );
    assert!(error.contains("did you mean `github`?"), "{error}");
}

#[test]
fn wrong_types_values_and_missing_keys_are_named_where_they_stand() {
    breaks(
        "reviews = 1,",
        "reviews = \"one\",",
        "expected a whole number in its range, found string \"one\"",
    );
    breaks(
        "want = \"required\"",
        "want = \"requird\"",
        "unknown value `requird`",
    );
    breaks(
        "want = \"required\"",
        "want = \"requird\"",
        "did you mean `required`? known here: `required`, `optional`, `off`",
    );
    breaks(
        "name = \"main\"\n",
        "nmae = \"main\"\n",
        "unknown key `nmae`",
    );
    let (error, line) = refused(
        &with("title    = \"Staging\"\n", ""),
        "[environment.staging]",
    );
    assert_eq!(
        error,
        format!("error: golive.toml:{line}:1: the key `title` is missing here")
    );
    breaks(
        "region    = \"frankfurt\"",
        "region    = \"zurich\"",
        "known here: `frankfurt`, `oregon`",
    );
    breaks("mode = \"godaddy\"", "mode = \"gandi\"", "`by-hand`");
    breaks(
        "schema = 1",
        "schema = 2",
        "schema `2` is not known; this golive reads schema 1",
    );
    breaks(
        "schema = 1",
        "schema = \"1\"",
        "expected a whole number in its range, found string",
    );
    breaks(
        "name   = \"bondigoo\"",
        "name   = \"bondigoo",
        "invalid basic string, expected `\"`",
    );
}

#[test]
fn names_are_checked_by_the_rules_of_their_owners() {
    breaks(
        "name = \"main\"",
        "name = \"ma in\"",
        "`ma in` is not a branch name: git allows no ` ` in it",
    );
    breaks("name = \"main\"", "name = \"main.lock\"", "`.lock`");
    breaks(
        "host = \"www.bondigoo.ch\"",
        "host = \"https://www.bondigoo.ch\"",
        "only the name",
    );
    breaks(
        "host = \"www.bondigoo.ch\"",
        "host = \"www.elsewhere.ch\"",
        "is not in the zone `bondigoo.ch`",
    );
    breaks(
        "\"bondigoo/bondigoo-platform\"",
        "\"bondigoo\"",
        "it is written owner/name",
    );
    breaks(
        "\"bondigoo/bondigoo-platform\"",
        "\"bon--digoo/x\"",
        "is not a GitHub login",
    );
    breaks(
        "[branch.develop]",
        "[branch.\"de velop\"]",
        "`de velop` is not a key",
    );
    breaks(
        "\"bondigoo-0a1b2c3d\"",
        "\"bondigoo\"",
        "is not a launch's id",
    );
    breaks(
        "server      = \"server\"",
        "server      = \"../server\"",
        "is not a path inside the repository",
    );
    breaks(
        "[variable.NODE_ENV]",
        "[variable.NODE-ENV]",
        "is not a variable's name",
    );
    breaks(
        "start = \"npm start\"",
        "start = \"npm\\u001bstart\"",
        "is not a command",
    );
    breaks(
        "# api_url = \"https://github.example.com/api/v3\"",
        "api_url = \"http://github.example.com/api/v3\"",
        "http is for this machine only",
    );
}

#[test]
fn resolvers_are_addresses_each_named_once() {
    let old = "apex = \"leave\"\n";
    let line = |list: &str| format!("{old}resolvers = [{list}]\n");
    for (list, why) in [
        ("\"dns.google\"", "no address of a name server"),
        ("\"1.1.1.1\", \"1.1.1.1:53\"", "stands there twice"),
        ("\"0.0.0.0\"", "no address where"),
        ("53", "string"),
    ] {
        breaks(old, &line(list), why);
    }
    let good = with(old, &line("\"9.9.9.9\", \"127.0.0.1:5353\""));
    let good = parse(&good).expect("taken").dns.resolvers;
    let good: Vec<String> = good.iter().map(ToString::to_string).collect();
    assert_eq!(good, ["9.9.9.9:53", "127.0.0.1:5353"]);
}

#[test]
fn a_launch_without_an_id_is_told_where_ids_come_from() {
    let text = with("id     = \"bondigoo-0a1b2c3d\"", "");
    let error = parse(&text).expect_err("refused").to_string();
    assert!(
        error.starts_with("error: golive.toml:1:1: the launch's id is missing"),
        "{error}"
    );
    assert!(error.contains("hint: golive init"), "{error}");
}

#[test]
fn two_of_a_name_are_told_with_both_lines() {
    let text = with("branch   = \"staging\"", "branch   = \"main\"");
    let at = |mark: &str| {
        text[..text.find(mark).expect("there")]
            .matches('\n')
            .count()
            + 1
    };
    let first = at("branch   = \"main\"");
    let second = at("[environment.staging]") + 2;
    assert_eq!(
        parse(&text).expect_err("refused").to_string(),
        format!(
            "error: golive.toml:{second}:12: two environments deploy the branch `main`\n\
             caused by: line {first} (environment.prod.branch) and line {second} (environment.staging.branch) say the same\n\
             hint: change one of the two"
        )
    );
    for (old, new, why) in [
        (
            "name = \"develop\"",
            "name = \"main\"",
            "two branches are called `main`",
        ),
        (
            "host = \"staging.bondigoo.ch\"",
            "host = \"api.bondigoo.ch\"",
            "two places claim the host `api.bondigoo.ch`",
        ),
        (
            "\"bondigoo-worker-dev\"",
            "\"bondigoo-api-dev\"",
            "two services are called `bondigoo-api-dev`",
        ),
        (
            "\"bondigoo-staging-env\"",
            "\"bondigoo-prod-env\"",
            "two environments use the group",
        ),
        (
            "title    = \"Staging\"",
            "title    = \"Production\"",
            "two environments have the title",
        ),
        (
            "\"bondigoo-platform-staging\"",
            "\"bondigoo-platform-prod\"",
            "two Vercel projects are called",
        ),
        (
            "name = \"coaching-platform-dev\", cluster",
            "name = \"bondigoo-staging\", cluster",
            "two environments use the database",
        ),
        (
            "\"feature/validate-pipeline\"",
            "\"staging\"",
            "two branches are called `staging`",
        ),
    ] {
        let error = parse(&with(old, new)).expect_err(new).to_string();
        assert!(
            error.contains(why) && error.contains("caused by: line "),
            "{error}"
        );
    }
}

#[test]
fn an_environment_named_twice_is_told_with_both_lines() {
    let text = with("[environment.staging]", "[environment.prod]");
    let (error, first) = refused(&text, "[environment.prod]");
    assert!(error.contains("duplicate key"), "{error}");
    assert!(error.contains(&format!("line {first} already")), "{error}");
    let (error, _) = refused(
        &format!(
            "{}\n[environment.PROD]\ntitle = \"P\"\nbranch = \"main\"\ngroup = \"g\"\nsite = {{ host = \"p.bondigoo.ch\", project = \"prod\" }}\ndatabase = {{ name = \"bondigoo-prod\", cluster = \"prod\", user = \"prod\" }}\n[environment.PROD.service]\n",
            filled()
        ),
        "PROD",
    );
    assert!(
        error.contains("two environments are called `prod`"),
        "{error}"
    );
}

#[test]
fn references_lead_to_something() {
    breaks(
        "from = \"main\"",
        "from = \"mian\"",
        "`mian` is not defined\nhint: did you mean `main`?",
    );
    breaks("from = \"main\"", "from = \"staging\"", "in a circle");
    breaks(
        "branch   = \"develop\"",
        "branch   = \"dev\"",
        "`dev` is not defined",
    );
    breaks(
        "project = \"staging\"",
        "project = \"stage\"",
        "`stage` is not defined",
    );
    breaks(
        "cluster = \"prod\", user",
        "cluster = \"production\", user",
        "`production` is not defined",
    );
    breaks(
        "cluster = \"prod\", user = \"prod\"",
        "cluster = \"prod\", user = \"dev\"",
        "has no role on the database",
    );
    breaks(
        "promote          = [\"develop\", \"staging\", \"main\"]",
        "promote          = [\"develop\", \"man\"]",
        "`man` is not defined",
    );
    breaks(
        "promote          = [\"develop\", \"staging\", \"main\"]",
        "promote          = []",
        "at least one branch",
    );
    breaks(
        "target      = \"staging\"",
        "target      = \"prod\"",
        "the same environment",
    );
    breaks(
        "in.prod    = { literal = \"production\" }",
        "in.production = { literal = \"production\" }",
        "`production` is not defined",
    );
    breaks(
        "service = \"redis\", environment = \"prod\"",
        "service = \"cache\", environment = \"prod\"",
        "`cache` is not defined",
    );
    breaks(
        "[branch.develop]\n",
        "[branch.develop]\nwas = \"main\"\n",
        "`main` is still in [branch]",
    );
}

#[test]
fn production_is_never_the_target_of_a_copy() {
    let text = with("source      = \"prod\"", "source      = \"dev\"")
        .replace("target      = \"staging\"", "target      = \"prod\"");
    let (error, line) = refused(&text, "target      =");
    assert!(
        error.contains(&format!(":{line}:15: production's data is never replaced")),
        "{error}"
    );
}

#[test]
fn protection_and_review_do_not_contradict_themselves() {
    breaks("reviews = 1,", "reviews = 7,", "0 to 6");
    breaks(
        "pull_requests = true, reviews = 1",
        "pull_requests = false, reviews = 1",
        "needs `reviews = 0`",
    );
    let text = with("by        = \"other\"", "by        = \"self\"")
        .replace("reviewers = []", "reviewers = [\"ada\"]");
    assert!(
        parse(&text)
            .expect_err("refused")
            .to_string()
            .contains("nobody else reviews")
    );
}

#[test]
fn services_say_what_their_type_needs() {
    breaks(
        "{ type = \"redis\", name",
        "{ type = \"redis\", start = \"redis-server\", name",
        "a Redis has no start command",
    );
    breaks(
        "type = \"background_worker\", name = \"bondigoo-worker-prod\", start = \"npm run dev\"",
        "type = \"background_worker\", name = \"bondigoo-worker-prod\"",
        "`start` is missing",
    );
    breaks(
        "type = \"web_service\", name = \"bondigoo-api-prod\"",
        "type = \"background_worker\", name = \"bondigoo-api-prod\"",
        "only a web service",
    );
}

#[test]
fn a_secret_never_stands_in_the_manifest() {
    for secret in [
        "sk_live_42424242424242",
        "see ghp_42424242424242",
        "mongodb+srv://ada:4242@host.example/db",
        "rnd_42424242424242",
    ] {
        let (error, _) = refused(
            &with(
                "{ literal = \"staging\" }",
                &format!("{{ literal = \"{secret}\" }}"),
            ),
            secret,
        );
        assert!(
            error.contains("meant to be shared") && !error.contains("4242"),
            "{error}"
        );
    }
    // A wrong type beside it must not repeat it either.
    let (error, _) = refused(
        &with("schema = 1", "schema = \"sk_live_42424242424242\""),
        "sk_live",
    );
    assert!(!error.contains("4242"), "{error}");
    breaks(
        "in.prod    = { composed = \"database_url\" }",
        "in.prod    = { literal = \"abc\" }",
        "a secret's value never stands in this file",
    );
    breaks(
        "kind = \"public\"\nto   = \"vercel\"\nin.prod = ",
        "kind = \"secret\"\nto   = \"vercel\"\nin.prod = ",
        "the build puts this variable into the browser",
    );
    read(&with(
        "{ literal = \"staging\" }",
        "{ literal = \"brnd_0123456789ab\" }",
    ));
}

#[test]
fn keys_of_the_wrong_kind_or_in_the_wrong_place_are_refused() {
    breaks(
        "in.staging   = { asked = \"STRIPE_SECRET_KEY_TEST\", form = \"stripe_secret_test\" }",
        "in.staging   = { asked = \"STRIPE_SECRET_KEY\", form = \"stripe_secret_live\" }",
        "a live key belongs to production only",
    );
    breaks(
        "in.prod.live = { asked = \"REACT_APP_STRIPE_PKEY\", form = \"stripe_publishable_live\" }",
        "in.prod.live = { asked = \"REACT_APP_STRIPE_PKEY\", form = \"stripe_secret_live\" }",
        "a secret key belongs in `kind = \"secret\"`",
    );
}

#[test]
fn renames_are_not_confused_with_what_is_there() {
    breaks(
        "[environment.dev]\n",
        "[environment.dev]\nwas = \"staging\"\n",
        "`staging` is still in [environment]",
    );
    let text = with("[environment.dev]\n", "[environment.dev]\nwas = \"old\"\n").replacen(
        "[environment.prod]\n",
        "[environment.prod]\nwas = \"old\"\n",
        1,
    );
    assert!(
        parse(&text)
            .expect_err("refused")
            .what
            .contains("two keys were renamed from")
    );
}

#[test]
fn a_missing_file_says_what_to_type() {
    let dir = tempfile::tempdir().expect("a folder");
    let error = Manifest::load(dir.path()).expect_err("refused");
    assert_eq!(
        (error.kind, error.hint.as_deref()),
        (Kind::Usage, Some("golive init"))
    );
    assert_eq!(Manifest::find_upwards(dir.path()), None);
    std::fs::write(dir.path().join(FILE), [0xff, 0xfe]).expect("written");
    assert!(
        Manifest::load(dir.path())
            .expect_err("refused")
            .what
            .ends_with("is not UTF-8 text")
    );
    std::fs::write(dir.path().join(FILE), vec![b'#'; 1024 * 1024 + 1]).expect("written");
    assert!(
        Manifest::load(dir.path())
            .expect_err("refused")
            .what
            .contains("larger than 1 MiB")
    );
    std::fs::write(dir.path().join(FILE), "").expect("written");
    assert!(
        Manifest::load(dir.path())
            .expect_err("refused")
            .what
            .contains("id is missing")
    );
}

#[test]
fn a_hostile_file_neither_panics_nor_writes_on_the_terminal() {
    let deep = format!("id = \"x\"\na = {}", "[".repeat(5_000));
    assert!(parse(&deep).is_err());
    let error = parse("id = \"x\"\n\"a\\u001b[2Jb\" = 1")
        .expect_err("refused")
        .to_string();
    assert!(!error.contains('\u{1b}'), "{error}");
}

proptest! {
    #[test]
    fn no_text_makes_reading_panic(text in "\\PC{0,300}") {
        let _ = parse(&text);
    }

    #[test]
    fn no_cut_or_change_of_a_manifest_makes_reading_panic(at in 0_usize..9_000, len in 0_usize..40, new in "\\PC{0,12}") {
        let mut text = filled();
        let edge = |mut index: usize| { while !text.is_char_boundary(index) { index -= 1 } index };
        let from = edge(at.min(text.len()));
        let to = edge((from + len).min(text.len())).max(from);
        text.replace_range(from..to, &new);
        let _ = parse(&text);
    }
}
