//! The real road over all providers: from no token at all to names, certificates and variables that are proved, as far as
//! a world without databases goes.

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::sync::Arc;

use golive::app::place::holder;
use golive::clock::Wall;
use golive::disk::RealDisk;
use golive::seam::clock::Clock;
use golive::seam::vault::Vault;
use golive::secret::{Secret, SecretName};
use golive::vault::file::{self, FileVault};
use serde_json::Value;

use super::{Canary, Operator, PASSPHRASE, init};

/// What the operator answers on the way.
const CHOICES: &str = r#"[answers]
"2.to-develop.cors-origin" = "none"
"2.to-staging.cors-origin" = "none"
"2.to-main.cors-origin" = "none"
"6.dev.protection" = "bypass"
"#;

/// Which login asks for which token of the ready file; Atlas's two are given one by one.
const LOGINS: [(&str, &[&str], &str); 6] = [
    ("github", &[], "github"),
    ("vercel", &[], "vercel"),
    ("render", &[], "render"),
    ("atlas", &["--only", "ATLAS_CLIENT_ID"], "atlas_id"),
    ("atlas", &["--only", "ATLAS_CLIENT_SECRET"], "atlas_secret"),
    ("godaddy", &[], "godaddy"),
];

/// What a person gives besides, under which name of the ready file.
const GIVEN: [(&str, &str); 7] = [
    ("dev.DATABASE_PASSWORD", "mongodb_dev"),
    ("prod.STRIPE_SECRET_KEY_TEST", "stripe_sk_test"),
    ("staging.STRIPE_SECRET_KEY_TEST", "stripe_sk_test"),
    ("dev.STRIPE_SECRET_KEY_TEST", "stripe_sk_test"),
    ("prod.REACT_APP_STRIPE_PKEY_TEST", "stripe_pk_test"),
    ("staging.REACT_APP_STRIPE_PKEY_TEST", "stripe_pk_test"),
    ("dev.REACT_APP_STRIPE_PKEY_TEST", "stripe_pk_test"),
];

/// What a world without databases does not settle: a role that only a person at a screen approves, the password that a
/// login would prove, and what runs with it.
const OPEN: [&str; 12] = [
    "3.dev-role",
    "3.dev-password",
    "7.cell-staging-DATABASE_URL",
    "7.cell-dev-DATABASE_URL",
    "7.group-staging",
    "7.group-dev",
    "7.deploy-api-staging",
    "7.deploy-api-dev",
    "7.deploy-worker-staging",
    "7.deploy-worker-dev",
    "7.answers-staging",
    "7.answers-dev",
];

const RUN: [&str; 10] = [
    "run",
    "--yes",
    "--confirm",
    "bondigoo",
    "--confirm",
    "30.00",
    "--confirm",
    "42.00",
    "--answers",
    "../choices.toml",
];

#[test]
fn names_certificates_and_variables_over_all_providers() {
    let (folder, elsewhere) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let mut operator = Operator::on(folder.path(), "file", "fresh");
    fs::write(folder.path().join("choices.toml"), CHOICES).unwrap();
    init(&mut operator);
    let passphrase = elsewhere.path().join("passphrase");
    fs::write(&passphrase, PASSPHRASE).unwrap();
    fs::set_permissions(&passphrase, fs::Permissions::from_mode(0o600)).unwrap();
    for (name, value) in [
        ("GOLIVE_VAULT_PASSPHRASE_FILE", passphrase.to_str().unwrap()),
        ("GOLIVE_PUBLIC_ADDRESS", "203.0.113.9"),
    ] {
        operator.variables.push((name.into(), value.into()));
    }
    know_all(&mut operator);
    gives_what_is_asked(&mut operator);
    looks(&mut operator);
    launches(&mut operator);
    rests(&mut operator);
    proves(&mut operator);
    tells_the_records(&mut operator);
    sees_a_changed_record(&mut operator);
    know_what_was_made(&mut operator, folder.path());
    nothing_leaked(&mut operator, folder.path());
}

/// Publishable keys are no secrets: every visitor reads them in the front end. Nobody gives golive Cloudflare's token here,
/// whose beginning is the provider's own name.
fn know_all(operator: &mut Operator) {
    let tokens = operator.served.tokens.as_object().unwrap().clone();
    for (name, value) in &tokens {
        if !name.starts_with("stripe_pk") && name != "cloudflare" {
            operator.canary.know(name, value.as_str().unwrap());
        }
    }
    assert!(tokens.len() > 10, "{tokens:?}");
}

/// What golive has made and read on the way: passwords, addresses with their passwords, a key past a protection.
fn know_what_was_made(operator: &mut Operator, folder: &Path) {
    let listed = operator.golive(&["secrets", "list", "--json"]).ends(0);
    let listed: Value = serde_json::from_str(&listed.out).unwrap();
    let listed = listed["secrets"].as_array().unwrap();
    let inside = listed.iter().filter(|one| one["where"] == "in the vault");
    let secret = inside.filter(|one| one["kind"] != "public");
    let names = secret.map(|one| SecretName::new(one["name"].as_str().unwrap()));
    let dir = folder.join("launch");
    let launch = golive::app::place::Place::of(&dir, false).unwrap();
    let place = file::Place {
        disk: Arc::new(RealDisk::default()),
        path: dir.join(".golive/vault.age"),
        launch: launch.launch.id.clone(),
        holder: holder(Wall.now()),
    };
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        let passphrase = Secret::new(PASSPHRASE.to_string());
        let clock = Arc::new(Wall);
        let vault = FileVault::open(place, passphrase, clock, file::WORK_FACTOR);
        let vault = vault.await.unwrap();
        let mut made = vec![];
        for name in names {
            let value = vault.get(&name).await.unwrap().unwrap();
            if let Some(secret) = secret_part(&value) {
                operator.canary.keep(&name, &secret);
            }
            made.push(name.to_string());
        }
        for name in ["prod.DATABASE_PASSWORD", "prod.REDIS_URL", "dev.REDIS_URL"] {
            assert!(made.iter().any(|one| one == name), "{made:?}");
        }
    });
}

/// Of an address the password, where it has one: where it leads is no secret, and is told.
fn secret_part(value: &Secret) -> Option<Secret> {
    match url::Url::parse(value.expose()) {
        Ok(url) => url.password().map(|word| Secret::new(word.to_string())),
        Err(_) => Some(value.clone()),
    }
}

fn token(operator: &Operator, name: &str) -> String {
    operator.served.tokens[name].as_str().unwrap().to_string()
}

fn gives_what_is_asked(operator: &mut Operator) {
    let missing = operator.golive(&["plan"]).ends(0);
    missing.tells(&["VERCEL_TOKEN: golive login vercel", "GODADDY_TOKEN"]);
    for (provider, only, name) in LOGINS {
        let value = token(operator, name);
        let arguments = [&["login", provider, "--from-env", "LENT"], only].concat();
        operator
            .golive_with(&[("LENT", &value)], "", &arguments)
            .ends(0);
    }
    for (slot, name) in GIVEN {
        let value = token(operator, name);
        let arguments = ["secrets", "set", slot, "--from-env", "LENT"];
        let set = operator.golive_with(&[("LENT", &value)], "", &arguments);
        set.ends(0).tells(&[&format!("{slot} is kept")]);
    }
}

fn looks(operator: &mut Operator) {
    let plan = operator.golive(&["plan"]).ends(0);
    plan.tells(&[
        "+ www.bondigoo.ch: CNAME (known after 6.www)",
        "Nothing was changed",
    ]);
    let dns = operator.golive(&["dns"]).ends(10);
    dns.tells(&[
        "who hosts it is known after 6.2.zone",
        "its record is known after 6.1.api-prod: golive run 6.1.api-prod",
        "0 of 0 records are seen everywhere, those of 6 hosts are not known yet",
    ]);
    assert_eq!(operator.served.changes(), 0, "looking changes nothing");
}

/// Until nothing moves any more. What `--yes` may not do is done by hand.
fn launches(operator: &mut Operator) {
    let run = operator.golive(&RUN).ends(10);
    run.tells(&["golive tick 1.stable-main --by NAME --note TEXT"]);
    let tick = ["tick", "1.stable-main", "--by", "Ada", "--note", "released"];
    operator.golive(&tick).ends(0);
    // golive never removes by itself what it did not make.
    let run = operator.golive(&RUN).ends(10);
    run.tells(&["Step 6.2 wants 1 change approved: only where a person looks"]);
    let away = "unrecord www CNAME";
    operator.served.control("POST", "/person", away);
    operator.golive(&RUN).ends(10);
}

fn rests(operator: &mut Operator) {
    let before = operator.served.changes();
    let run = operator.golive(&RUN).ends(10);
    run.tells(&["103 of 115 items are settled"]);
    assert_eq!(operator.served.changes(), before, "nothing is left to do");
}

fn proves(operator: &mut Operator) {
    let status = operator.golive(&["status", "--json"]).ends(0);
    let status: Value = serde_json::from_str(&status.out).unwrap();
    let items: Vec<Value> = status["steps"]
        .as_array()
        .unwrap()
        .iter()
        .flat_map(|step| step["items"].as_array().unwrap().clone())
        .collect();
    let id = |item: &Value| item["id"].as_str().unwrap().to_string();
    let open = items.iter().filter(|item| item["settled"] == false);
    let open: BTreeSet<String> = open.map(id).collect();
    assert_eq!(open, OPEN.map(str::to_string).into());
    let evidence = |wanted: &str| {
        let item = items.iter().find(|item| id(item) == wanted).unwrap();
        item["evidence"].as_str().unwrap().to_string()
    };
    for (item, words) in [
        ("6.2.zone", "GoDaddy answers for bondigoo.ch"),
        ("6.2.seen-www", "www.bondigoo.ch is CNAME "),
        ("6.2.verified-www", "verified"),
        ("6.2.verified-api-dev", "read from Render"),
        (
            "6.2.certificate-www",
            "https://www.bondigoo.ch: certificate of",
        ),
        ("6.2.certificate-api", "https://api.bondigoo.ch"),
        ("7.group-prod", "bondigoo-prod-env"),
        ("7.deploy-api-prod", "bondigoo-api-prod"),
        ("7.deploy-worker-prod", "bondigoo-worker-prod"),
        ("7.vercel-prod", "REACT_APP_STRIPE_PKEY"),
        ("7.redeploy-prod", "built with its variables"),
        ("7.redeploy-staging", "built with its variables"),
        ("7.redeploy-dev", "built with its variables"),
        ("7.answers-prod", "api.bondigoo.ch"),
    ] {
        let told = evidence(item);
        assert!(told.contains(words), "{item}: {told}");
    }
    let blocked = items.iter().find(|item| id(item) == "7.group-dev").unwrap();
    assert_eq!(blocked["state"], "blocked");
    assert!(
        blocked["needs"].to_string().contains("DATABASE_URL"),
        "{blocked:#}"
    );
}

fn tells_the_records(operator: &mut Operator) {
    let dns = operator.golive(&["dns"]).ends(0);
    dns.tells(&[
        "Zone bondigoo.ch, hosted by GoDaddy",
        "www.bondigoo.ch (written by 6.2.record-www)",
        "Type CNAME   Name api.staging   Value bondigoo-api-staging.onrender.com   TTL 600",
        "zone's own servers: ns37.domaincontrol.com seen; ns38.domaincontrol.com seen",
        "public resolvers: 127.0.0.1 seen",
        "6 of 6 records are seen everywhere. Nothing was changed.",
    ]);
    let dns = operator.golive(&["dns", "--json"]).ends(0);
    let dns: Value = serde_json::from_str(&dns.out).unwrap();
    let records: Vec<&Value> = dns["hosts"]
        .as_array()
        .unwrap()
        .iter()
        .flat_map(|host| host["records"].as_array().unwrap())
        .collect();
    assert_eq!(records.len(), 6, "{dns:#}");
    for record in records {
        assert_eq!(record["seen"], "everywhere", "{record:#}");
        assert_eq!(record["public_resolvers"][0]["says"], "seen");
    }
}

fn sees_a_changed_record(operator: &mut Operator) {
    let before = operator.served.changes();
    operator.golive(&["verify", "6.2"]).ends(0);
    let edit = "edit godaddy/record/www";
    operator.served.control("POST", "/person", edit);
    let verify = operator.golive(&["verify", "6.2"]).ends(12);
    verify.tells(&[
        "6.2.record-www     was done, is drifted",
        "CNAME elsewhere.example",
    ]);
    // The zone's own servers give what they gave for a moment.
    let ahead = r#"{"seconds": 600}"#;
    operator.served.control("POST", "/advance", ahead);
    let dns = operator.golive(&["dns"]).ends(11);
    dns.tells(&[
        "ns37.domaincontrol.com other: CNAME elsewhere.example (for ",
        "public resolvers: not asked before the zone's own servers serve it",
        "5 of 6 records are seen everywhere",
    ]);
    operator.golive(&["verify", "6"]).ends(0);
    assert_eq!(operator.served.changes(), before, "looking changes nothing");
    operator.golive(&["log", "verify"]).ends(0);
    operator.golive(&["secrets", "check"]).ends(0);
}

fn nothing_leaked(operator: &mut Operator, folder: &Path) {
    for command in ["plan", "status", "answers", "log", "dns"] {
        operator.golive(&[command]);
    }
    let kept = ["ready.json", "vault.age"];
    operator.canary.look_below(folder, &kept);
    let Canary { files, bytes, .. } = operator.canary;
    assert!(
        files >= 8 && bytes > 200_000,
        "{files} files, {bytes} bytes"
    );
    let listed = Path::new("/proc/self/cmdline").exists();
    assert!(operator.lines > 20 || !listed, "{}", operator.lines);
    for name in ["render", "stripe_sk_test", "mongodb_dev"] {
        operator.canary.proves_itself(&token(operator, name));
    }
}
