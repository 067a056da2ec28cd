//! A manifest is read strictly: what an operator gets wrong is named with its place, what is right keeps its order.

mod errors;
mod plan;

use std::path::Path;
use std::sync::LazyLock;

use super::*;
use crate::init;

/// The preset as a rehearsal fills it.
fn filled() -> String {
    static FILLED: LazyLock<String> = LazyLock::new(fill);
    FILLED.clone()
}

fn fill() -> String {
    let preset = Preset::named("bondigoo").expect("the preset");
    let id = LaunchId::parse("bondigoo-0a1b2c3d").expect("an id");
    init::rehearsed(preset, &id).expect("the preset is sound").0
}

/// The preset with one text replaced by another.
fn with(old: &str, new: &str) -> String {
    let text = filled();
    assert!(text.contains(old), "the preset has no {old}");
    text.replacen(old, new, 1)
}

fn parse(text: &str) -> Result<Manifest> {
    Manifest::parse(text, Path::new("golive.toml"))
}

fn read(text: &str) -> Manifest {
    parse(text).expect("a sound manifest")
}

#[test]
fn tables_keep_the_order_of_the_file() {
    let manifest = read(&filled());
    let branches: Vec<&str> = manifest.branch.keys().map(Key::as_str).collect();
    let environments: Vec<&str> = manifest.environment.keys().map(Key::as_str).collect();
    assert_eq!(branches, ["main", "staging", "develop"]);
    assert_eq!(environments, ["prod", "staging", "dev"]);
    assert_eq!(manifest.production().map(Key::as_str), Some("prod"));
    assert_eq!(
        manifest
            .environment_of("develop")
            .map(|(key, _)| key.as_str()),
        Some("dev")
    );
}

#[test]
fn the_hash_follows_the_text() {
    let (one, two) = (
        read(&filled()),
        read(&with("npm run dev", "npm run worker")),
    );
    assert_eq!(one.hash().len(), 64);
    assert_eq!(one.hash(), read(one.text()).hash());
    assert_ne!(one.hash(), two.hash());
}

#[test]
fn a_folder_below_finds_the_nearest_manifest() {
    let dir = tempfile::tempdir().expect("a folder");
    let below = dir.path().join("a/b");
    std::fs::create_dir_all(&below).expect("folders");
    std::fs::write(dir.path().join(FILE), filled()).expect("written");
    assert_eq!(Manifest::find_upwards(&below).as_deref(), Some(dir.path()));
    assert_eq!(
        Manifest::load(dir.path()).expect("a manifest").name,
        "bondigoo"
    );
}

#[test]
fn a_renamed_key_is_the_same_object_and_a_missing_one_is_told() {
    let before = read(&filled()).keys();
    assert!(read(&filled()).removed(&before).is_empty());

    let renamed = filled()
        .replace(
            "[variable.ENVIRONMENT_NAME]",
            "[variable.APP_ENVIRONMENT]\nwas = \"ENVIRONMENT_NAME\"",
        )
        .replace("[branch.develop]", "[branch.next]\nwas = \"develop\"")
        .replace(
            "\"develop\", \"staging\", \"main\"]",
            "\"next\", \"staging\", \"main\"]",
        )
        .replace("branch   = \"develop\"", "branch   = \"next\"")
        .replace("[environment.dev", "[environment.development")
        .replace(
            "[environment.development]",
            "[environment.development]\nwas = \"dev\"",
        )
        .replace("in.dev", "in.development")
        .replace("environment = \"dev\"", "environment = \"development\"");
    assert_eq!(read(&renamed).removed(&before), []);

    let table = |name: &str| filled().find(name).expect("a table");
    let cut = |from: usize, to: usize| format!("{}{}", &filled()[..from], &filled()[to..]);
    let without = cut(
        table("[variable.REACT_APP_LAUNCHED]"),
        table("# The code's other variables"),
    );
    let removed = read(&without).removed(&before);
    assert_eq!(
        removed,
        [RemovedKey {
            table: "variable".into(),
            key: "REACT_APP_LAUNCHED".into()
        }]
    );
    let json = serde_json::to_string(&before).expect("json");
    assert!(
        json.contains(r#""environment.prod.service":["api","worker","redis"]"#),
        "{json}"
    );
    assert_eq!(
        serde_json::from_str::<ManifestKeys>(&json).expect("read again"),
        before
    );
}

#[test]
fn a_removed_environment_is_one_finding_without_its_services() {
    let mut before = read(&filled()).keys();
    let keys = |list: &[&str]| list.iter().map(|key| (*key).to_owned()).collect::<Vec<_>>();
    before
        .0
        .get_mut("environment")
        .expect("the table")
        .push("qa".into());
    before
        .0
        .insert("environment.qa.service".into(), keys(&["api", "redis"]));
    before
        .0
        .get_mut("environment.dev.service")
        .expect("the table")
        .push("cron".into());
    let removed: Vec<String> = read(&filled())
        .removed(&before)
        .iter()
        .map(|key| format!("{}.{}", key.table, key.key))
        .collect();
    assert_eq!(removed, ["environment.qa", "environment.dev.service.cron"]);
}

#[test]
fn an_own_redis_may_be_wished_from_the_start() {
    let redis_of = |manifest: &Manifest, stage| match manifest.origin("REDIS_URL", "staging", stage)
    {
        Some(Origin::Output { environment, .. }) => environment.to_string(),
        other => panic!("{other:?}"),
    };
    let shared = read(&filled());
    assert_eq!(redis_of(&shared, Stage::Now), "prod");
    assert_eq!(redis_of(&shared, Stage::Live), "staging");
    let own = read(&with("redis = \"shared-until-10\"", "redis = \"own\""));
    assert_eq!(redis_of(&own, Stage::Now), "staging");
    // Only what a Redis issues is switched early: the Stripe key stays the test key.
    let stripe = own.origin("STRIPE_SECRET_KEY", "prod", Stage::Now);
    assert!(matches!(stripe, Some(Origin::Asked { name, .. }) if name == "STRIPE_SECRET_KEY_TEST"));
    assert_eq!(own.origin("REACT_APP_LAUNCHED", "dev", Stage::Now), None);
}
