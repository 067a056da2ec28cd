//! The laws: each looks at the tree and says where it is broken.

use crate::source::Source;

/// What may not be imported from where, by the first word of the path. `journal` means all of it but `journal::state`.
const FORBIDDEN: [(&str, &[&str]); 9] = [
    (
        "tui",
        &["engine", "resource", "provider", "vault", "journal", "sim"],
    ),
    (
        "report",
        &["engine", "resource", "provider", "vault", "journal", "sim"],
    ),
    (
        "view",
        &[
            "engine", "resource", "provider", "vault", "journal", "sim", "tui", "report",
        ],
    ),
    (
        "resource",
        &[
            "engine", "journal", "vault", "view", "tui", "report", "sim", "init", "cli", "app",
        ],
    ),
    (
        "provider",
        &[
            "engine", "resource", "step", "journal", "vault", "view", "tui", "report", "sim",
            "init", "cli", "app",
        ],
    ),
    (
        "engine",
        &["view", "tui", "report", "sim", "init", "cli", "app"],
    ),
    (
        "journal",
        &[
            "engine", "resource", "provider", "step", "vault", "view", "tui", "report", "sim",
            "init", "cli", "app",
        ],
    ),
    (
        "vault",
        &[
            "engine", "resource", "step", "journal", "view", "tui", "report", "sim", "init", "cli",
            "app",
        ],
    ),
    (
        "cors",
        &[
            "engine", "resource", "provider", "vault", "journal", "view", "tui", "report", "sim",
        ],
    ),
];

/// All that these may import: the seams stand below everything, and the simulated side is written from the vendors'
/// documents, so that a misspelt field cannot agree with itself.
const ALLOWED: [(&str, &[&str]); 3] = [
    ("sim", &["sim", "seam", "secret", "error"]),
    ("seam", &["seam", "secret", "error"]),
    ("secret", &["secret"]),
];

/// Real and simulated side meet only here.
const MEETING_POINTS: [&str; 3] = ["", "app", "sim"];

/// Exceptions, by file and target. The list only shrinks.
const EXCUSED: [(&str, &str); 1] = [
    // The enum of all resources hands each to the loop; it stands beside them so that a new kind is one line there.
    ("src/resource/wish.rs", "engine"),
];

pub fn imports(tree: &[Source]) -> Vec<String> {
    let mut broken = Vec::new();
    for source in tree.iter().filter(|one| one.path.starts_with("src/")) {
        let top = source.top();
        for (line, path) in source.paths() {
            let target = path[0].as_str();
            let fold = target == "journal" && path.get(1).is_some_and(|next| next == "state");
            let forbidden = FORBIDDEN
                .iter()
                .any(|(from, to)| *from == top && to.contains(&target) && !fold);
            // A capital begins a name that stands at the crate's root, such as a type re-exported there.
            let outside = ALLOWED.iter().any(|(from, to)| {
                *from == top && !to.contains(&target) && target.starts_with(char::is_lowercase)
            });
            let meets = target == "sim" && !MEETING_POINTS.contains(&top.as_str());
            let excused = EXCUSED.contains(&(source.path.as_str(), target));
            if (forbidden || outside || meets) && !excused {
                broken.push(format!(
                    "{}:{line}: imports {}",
                    source.path,
                    path.join("::")
                ));
            }
        }
    }
    broken
}

/// Where a secret may be turned into clear text.
const EXPOSE: [&str; 8] = [
    "src/secret.rs",
    "src/provider/",
    "src/vault/",
    "src/mongo.rs",
    "src/redis.rs",
    "src/web.rs",
    "src/sanitize/key.rs",
    "src/tui/widget/masked.rs",
];
const EXPOSERS: [&str; 3] = [".expose()", "expose_secret", "Secret::expose"];

pub fn exposures(tree: &[Source]) -> Vec<String> {
    words(tree, &EXPOSERS, &EXPOSE)
}

const TIME: [&str; 6] = [
    "tokio::time",
    "Instant::now",
    "SystemTime::now",
    "Timestamp::now",
    "Zoned::now",
    "thread::sleep",
];

pub fn time(tree: &[Source]) -> Vec<String> {
    words(tree, &TIME, &["src/clock.rs", "src/tui/"])
}

const PRINTS: [&str; 7] = [
    "println!",
    "eprintln!",
    "print!",
    "eprint!",
    "dbg!",
    "io::stdout",
    "io::stderr",
];
/// Front ends, and the prompts of `init` and `login`.
const FRONT_ENDS: [&str; 9] = [
    "src/main.rs",
    "src/app.rs",
    "src/app/",
    "src/cli.rs",
    "src/cli/",
    "src/report/",
    "src/tui/",
    "src/init/asker.rs",
    "src/login/",
];

pub fn prints(tree: &[Source]) -> Vec<String> {
    words(tree, &PRINTS, &FRONT_ENDS)
}

/// A resource reads time from its context, and never waits, asks or prints.
pub fn resources(tree: &[Source]) -> Vec<String> {
    let resources: Vec<&Source> = tree.iter().filter(|one| one.top() == "resource").collect();
    words(
        resources,
        &[".sleep(", "dialoguer", "std::fs", "reqwest"],
        &[],
    )
}

fn words<'a>(
    tree: impl IntoIterator<Item = &'a Source>,
    words: &[&str],
    allowed: &[&str],
) -> Vec<String> {
    let mut broken = Vec::new();
    for source in tree {
        let is_allowed = allowed.iter().any(|place| source.path.starts_with(place));
        if is_allowed || !source.path.starts_with("src/") {
            continue;
        }
        for word in words {
            for line in Source::lines_with(&source.production, word) {
                broken.push(format!("{}:{line}: {word}", source.path));
            }
        }
    }
    broken
}

const FUNCTION_LINES_MAX: usize = 70;
const FILE_LINES_MAX: usize = 600;
/// Longer than allowed, with the length they have: file and function. The list only shrinks.
const LONG_FUNCTIONS: [(&str, &str, usize); 1] = [("src/view.rs", "heard", 78)];
const LONG_FILES: [(&str, usize); 0] = [];

pub fn sizes(tree: &[Source]) -> Vec<String> {
    let mut broken = Vec::new();
    for source in tree {
        let lines = source.text.lines().count();
        let listed = LONG_FILES.iter().find(|(path, _)| *path == source.path);
        broken.extend(too_long(
            &source.path,
            lines,
            FILE_LINES_MAX,
            listed.map(|(_, max)| *max),
        ));
        for function in source.functions() {
            let place = format!("{}:{}: {}", source.path, function.line, function.name);
            let listed = LONG_FUNCTIONS
                .iter()
                .find(|(path, name, _)| *path == source.path && *name == function.name);
            broken.extend(too_long(
                &place,
                function.lines,
                FUNCTION_LINES_MAX,
                listed.map(|(_, _, max)| *max),
            ));
        }
    }
    broken
}

pub fn too_long(what: &str, lines: usize, max: usize, listed: Option<usize>) -> Option<String> {
    match listed {
        Some(_) if lines <= max => {
            Some(format!("{what} is short enough now: take it off the list"))
        }
        Some(listed) if lines > listed => {
            Some(format!("{what} grew from {listed} to {lines} lines"))
        }
        None if lines > max => Some(format!("{what} has {lines} lines, {max} are allowed")),
        _ => None,
    }
}

/// Every file says in its first line what it is about.
pub fn first_lines(tree: &[Source]) -> Vec<String> {
    tree.iter()
        .filter(|source| source.path.starts_with("src/") || source.path.starts_with("tests/"))
        .filter(|source| {
            let first = source.text.lines().next().unwrap_or_default();
            first.strip_prefix("//! ").is_none_or(|rest| rest.len() < 8)
        })
        .map(|source| format!("{} does not begin with //! and a sentence", source.path))
        .collect()
}

/// The one reason to leave a test out: another test starts it, as a process of its own.
const STARTED_BY_ANOTHER: &str = "#[ignore = \"runs in a session of its own\"]";

/// What isn't built is absent, and what is there is used and tried.
pub fn unfinished(tree: &[Source]) -> Vec<String> {
    let mut broken = Vec::new();
    for source in tree {
        for word in ["todo!", "unimplemented!", "#[ignore", "allow(dead_code)"] {
            for line in Source::lines_with(&source.code, word) {
                let text = source.text.lines().nth(line - 1).unwrap_or_default();
                if !text.contains(STARTED_BY_ANOTHER) {
                    broken.push(format!("{}:{line}: {word}", source.path));
                }
            }
        }
        for mark in [
            ["FIX", "ME"].concat(),
            ["TO", "DO"].concat(),
            ["XX", "X:"].concat(),
        ] {
            for line in Source::lines_with(&source.text, &mark) {
                broken.push(format!("{}:{line}: {mark}", source.path));
            }
        }
    }
    broken
}

/// Ours and nobody else's: they never reach a screen.
const INNER_WORDS: [&str; 11] = [
    "seam",
    "fold",
    "ledger",
    "digest",
    "reconcile",
    "slot",
    "blocker",
    "intent",
    "sweep",
    "invariant",
    "journal",
];
const SCREENS: [&str; 3] = ["view", "tui", "report"];

/// The inner word in `text`, alone or with an ending.
pub fn inner_word(text: &str) -> Option<&'static str> {
    let lower = without_placeholders(text).to_lowercase();
    let spoken: Vec<&str> = lower
        .split(|c: char| !c.is_alphanumeric() && c != '_')
        .collect();
    INNER_WORDS.into_iter().find(|inner| {
        ["", "s", "d", "ed", "ing"]
            .iter()
            .any(|ending| spoken.contains(&format!("{inner}{ending}").as_str()))
    })
}

/// `{slot}` in a text is the name of a variable; its value is shown, and the name is not.
fn without_placeholders(text: &str) -> String {
    let mut kept = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('{') {
        kept.push_str(before);
        kept.push(' ');
        rest = match after.split_once('}') {
            Some((name, behind)) if !name.contains(char::is_whitespace) => behind,
            _ => after,
        };
    }
    kept + rest
}

/// Texts of the screens, and every sentence elsewhere: errors are shown too.
pub fn screens(tree: &[Source]) -> Vec<String> {
    let mut broken = Vec::new();
    for source in tree {
        let screen = SCREENS.contains(&source.top().as_str());
        // The control interface of the simulator speaks to test programs.
        if !source.path.starts_with("src/") || source.top() == "sim" {
            continue;
        }
        for literal in source.shown() {
            // HTTP's own word for a way to sign, in a header and in what is pasted for curl.
            let text = literal
                .text
                .replace("--digest", "")
                .replace("Digest username", "");
            let sentence = text.split_whitespace().count() > 1;
            let word = inner_word(&text).filter(|_| screen || sentence);
            if let Some(word) = word {
                broken.push(format!(
                    "{}:{}: \"{word}\" in {:?}",
                    source.path, literal.line, literal.text
                ));
            }
        }
    }
    broken
}

/// A step file names, orders, explains and wires: it holds no inner words, no call, no template.
pub fn step_file(path: &str, text: &str) -> Vec<String> {
    let mut broken = Vec::new();
    for (at, line) in text.lines().enumerate() {
        let place = format!("{path}:{}", at + 1);
        let content = match line.split_once('#') {
            Some((before, _)) if !before.contains('"') => before,
            _ => line,
        };
        if let Some(word) = inner_word(content) {
            broken.push(format!("{place}: \"{word}\""));
        }
        let key = content.split('=').next().unwrap_or_default().trim();
        if [
            "url", "method", "path", "header", "headers", "body", "if", "when", "unless",
        ]
        .contains(&key)
        {
            broken.push(format!("{place}: key {key}"));
        }
        let called = ["GET", "POST", "PUT", "PATCH", "DELETE"]
            .into_iter()
            .find(|verb| content.contains(&format!("{verb} /")));
        if let Some(verb) = called {
            broken.push(format!("{place}: {verb}"));
        }
        // A link to a page for people is the one address that may stand here.
        if content.contains("://") && !["docs", "page"].contains(&key) {
            broken.push(format!("{place}: an address"));
        }
        for template in ["{{", "${", "{%"] {
            if content.contains(template) {
                broken.push(format!("{place}: {template}"));
            }
        }
    }
    broken
}

const TOP_LEVEL: [&str; 15] = [
    ".ci",
    ".github",
    ".gitignore",
    "ARCHITECTURE.md",
    "CHANGELOG.md",
    "Cargo.lock",
    "Cargo.toml",
    "LICENSE-APACHE",
    "LICENSE-MIT",
    "README.md",
    "assets",
    "src",
    "steps",
    "tests",
    "deny.toml",
];

pub fn top_level<'a>(paths: impl Iterator<Item = &'a str>) -> Vec<String> {
    let mut broken: Vec<String> = paths
        .map(|path| path.split('/').next().unwrap_or(path))
        .filter(|top| !TOP_LEVEL.contains(top))
        .map(|top| format!("{top} does not belong at the top"))
        .collect();
    broken.dedup();
    broken
}

/// Places of one machine, and hosts of package registries: the repository must not depend on where it was made.
pub fn foreign_places(path: &str, text: &str) -> Vec<String> {
    if path == "Cargo.lock" {
        return Vec::new();
    }
    // In halves, so that this file does not break its own law.
    let marks = [
        ["/wo", "rk/"],
        ["/ro", "ot/"],
        ["/tmp/", "bash"],
        ["/home/", "runner"],
        ["index.crates", ".io"],
        ["static.crates", ".io"],
        ["registry.npm", "js.org"],
        ["registry.yarn", "pkg.com"],
        ["pypi", ".org"],
        ["files.python", "hosted.org"],
        ["proxy.go", "lang.org"],
        ["deb.deb", "ian.org"],
        ["archive.ubu", "ntu.com"],
    ];
    let mut broken = Vec::new();
    for (at, line) in text.lines().enumerate() {
        for mark in &marks {
            let mark = mark.concat();
            if line.contains(&mark) {
                broken.push(format!("{path}:{}: {mark}", at + 1));
            }
        }
    }
    broken
}
