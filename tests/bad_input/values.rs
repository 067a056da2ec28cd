//! Names of hosts and zones, and the values of variables: `.env` files, secrets, and the domain's account.

use std::fs;
use std::path::Path;

use crate::program::{self, Said, golive};
use crate::served::Served;
use crate::{edit, launch, state};

const PASSPHRASE: &str = "q7Vd-mZk2/Rt9x+Lw4n";
/// Of the shape that Stripe's test keys have in a simulated world.
const KEY: &str = "golive-sim-stripe-sk-test-0123456789abcdef01234567";

/// What stands in the manifest, what is written instead, the place that is named, and what else is said.
const NAMES: [(&str, &str, &str, &str); 8] = [
    (
        "zone = \"bondigoo.ch\"",
        "zone = \"www.bondigoo.ch\"",
        "golive.toml:74:90: ",
        "`api.bondigoo.ch` is not in the zone `www.bondigoo.ch`",
    ),
    (
        "zone = \"bondigoo.ch\"",
        "zone = \"*.bondigoo.ch\"",
        "golive.toml:164:8: ",
        "a wildcard stands for any name and is none itself",
    ),
    (
        "host = \"www.bondigoo.ch\"",
        "host = \"*.bondigoo.ch\"",
        "golive.toml:70:21: ",
        "name each host",
    ),
    (
        "host = \"www.bondigoo.ch\"",
        "host = \"büro.bondigoo.ch\"",
        "golive.toml:70:21: ",
        "write it in its ASCII form, `xn--bro-hoa.bondigoo.ch`",
    ),
    (
        "host = \"www.bondigoo.ch\"",
        "host = \"xn--zzzzzzzz99999.bondigoo.ch\"",
        "golive.toml:70:21: ",
        "its `xn--…` part stands for no name",
    ),
    (
        "host = \"www.bondigoo.ch\"",
        "host = \"https://www.bondigoo.ch\"",
        "golive.toml:70:21: ",
        "is not a host name",
    ),
    // golive keeps to each provider's smallest itself, so there is nothing to write.
    (
        "apex = \"leave\"",
        "apex = \"leave\"\nttl = 30",
        "golive.toml:167:1: unknown key `ttl`",
        "known here: `zone`, `mode`, `apex`, `resolvers`",
    ),
    (
        "[variable.REACT_APP_STRIPE_PKEY]\nkind = \"public\"",
        "[variable.REACT_APP_STRIPE_PKEY]\nkind = \"secret\"",
        "golive.toml:224:8: ",
        "the build puts this variable into the browser, so it can be no secret",
    ),
];

#[test]
fn a_name_or_kind_that_cannot_be_is_refused_with_its_line() {
    let folder = tempfile::tempdir().unwrap();
    let dir = launch(folder.path());
    let manifest = fs::read(dir.join("golive.toml")).unwrap();
    for (old, new, place, words) in NAMES {
        edit(&dir, old, new);
        for command in ["plan", "dns", "status"] {
            let said = golive(&dir, &[("GOLIVE_VAULT", "env")], &[command]).ends(2);
            said.tells(&["error: ", place, words]);
        }
        fs::write(dir.join("golive.toml"), &manifest).unwrap();
    }
    assert!(!dir.join(".golive").exists());
}

#[test]
fn a_domain_that_is_not_in_the_account_is_told_and_nothing_is_written() {
    let folder = tempfile::tempdir().unwrap();
    let dir = launch(folder.path());
    let served = Served::start(&folder.path().join("simulator"), "no-reviews");
    let path = dir.join("golive.toml");
    let text = fs::read_to_string(&path).unwrap();
    fs::write(&path, text.replace("bondigoo.ch", "elsewhere.example")).unwrap();
    let token = served.tokens["godaddy"].as_str().unwrap();
    let mut variables = served.variables();
    variables.push(("GOLIVE_SECRET_GODADDY_TOKEN", token));
    variables.push(("GOLIVE_VAULT", "env"));
    let said = golive(&dir, &variables, &["run", "0.dns", "--yes"]).ends(10);
    said.tells(&[
        "0.dns",
        "elsewhere.example is not in this GoDaddy account",
        "correct it in golive.toml, or register it",
    ]);
    assert_eq!(served.changes(), 0);
    let said = golive(&dir, &variables, &["dns"]).ends(10);
    said.tells(&["www.elsewhere.example", "known after 6.www"]);
}

/// A launch whose vault is a file.
struct Vault {
    dir: std::path::PathBuf,
    passphrase: String,
}

impl Vault {
    fn new(folder: &Path) -> Vault {
        use std::os::unix::fs::PermissionsExt;
        let dir = launch(folder);
        let path = folder.join("passphrase");
        fs::write(&path, PASSPHRASE).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        let passphrase = path.display().to_string();
        Vault { dir, passphrase }
    }

    fn golive(&self, typed: &str, arguments: &[&str]) -> Said {
        use std::io::Write;
        use std::process::Stdio;
        let variables = [
            ("GOLIVE_VAULT", "file"),
            ("GOLIVE_VAULT_PASSPHRASE_FILE", &*self.passphrase),
        ];
        let mut child = program::command(&self.dir, &variables, arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut stdin = child.stdin.take().unwrap();
        // golive may have refused before it has read all.
        let _ = stdin.write_all(typed.as_bytes());
        drop(stdin);
        child.wait_with_output().unwrap().into()
    }

    /// Neither the vault nor the launch holds anything.
    fn is_empty(&self) {
        assert!(!self.dir.join(".golive/vault.age").exists());
        assert!(state(&self.dir).is_empty());
    }
}

#[test]
fn a_file_of_values_is_taken_whole_or_not_at_all() {
    let folder = tempfile::tempdir().unwrap();
    let vault = Vault::new(folder.path());
    let file = folder.path().join("wrong.env");
    let name = "STRIPE_SECRET_KEY";
    let cases = [
        (
            format!("{name}='{KEY}'\nBAD LINE\n"),
            &["1 line of the file cannot be taken", "line 2: "][..],
        ),
        (
            format!("# both\nexport {name}={KEY}\n{name}={KEY}0\n"),
            &["line 3: ", name, "line 2"],
        ),
        (
            format!("\nexport {name}=\"{KEY}\n0123\"\n"),
            &["line 2: STRIPE_SECRET_KEY: ", "is a line end"],
        ),
        (format!("{name}=\"{KEY}\n"), &["line 1: "]),
        (
            format!("{name}={}\n", "a".repeat(40_000)),
            &["line 1: STRIPE_SECRET_KEY: "],
        ),
    ];
    for (text, words) in cases {
        fs::write(&file, &text).unwrap();
        let import = ["secrets", "import", "../wrong.env", "--environment", "dev"];
        let said = vault.golive("", &import).ends(2);
        let said = said.tells(&["nothing was kept"]).tells(words);
        assert!(!said.err.contains(&KEY[26..]), "{said}");
        vault.is_empty();
    }
}

#[test]
fn a_value_on_two_lines_or_beyond_the_limit_is_not_kept() {
    let folder = tempfile::tempdir().unwrap();
    let vault = Vault::new(folder.path());
    let set = ["secrets", "set", "dev.DATABASE_PASSWORD", "--stdin"];
    let said = vault.golive("first\nsecond\n", &set).ends(2);
    let said = said.tells(&["character 6 is a line end", "nothing was kept"]);
    assert!(!said.err.contains("first") && !said.err.contains("second"));
    vault.is_empty();
    let said = vault.golive(&"a".repeat(40_000), &set).ends(2);
    said.tells(&["golive takes at most 32768", "nothing was kept"]);
    vault.is_empty();
    // A line end behind the value is no part of it.
    vault.golive("one-line-only\n", &set).ends(0);
}
