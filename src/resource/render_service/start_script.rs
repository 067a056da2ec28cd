//! The start command looked up in `package.json` before anything is made: a script that is missing, tools that the build
//! leaves out, a worker that is started as if it were being developed.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::compare::folder;
use super::{RenderService, ServiceKey, WEB, WORKER};
use crate::plan::{Finding, ItemId};
use crate::provider::github::{Client, File};
use crate::resource::{Look, absent_on_404};

/// What stands where a service's `package.json` should be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Package {
    None,
    /// It is there and says nothing, and why.
    Unreadable(&'static str),
    Read {
        scripts: BTreeMap<String, String>,
        /// Installed by every build.
        dependencies: BTreeSet<String>,
        /// Installed only where the build asks for them.
        tools: BTreeSet<String>,
    },
}

impl Package {
    /// A 404 is "no package.json"; every other failure is a failure.
    pub(super) async fn look(client: &Client<'_>, root: &str, branch: &str) -> Look<Package> {
        let file = absent_on_404(client.file(&path(root), branch).await)?;
        Ok(match file.present() {
            None => Package::None,
            Some(File::Text { text, .. }) => Package::read(text),
            Some(File::Binary { .. }) => Package::Unreadable("it is no text"),
            Some(File::TooLarge { .. }) => Package::Unreadable("it is larger than 1 MB"),
            Some(File::NotAFile) => Package::Unreadable("it is no file"),
        })
    }

    /// Reads what is there of the expected kind, and passes over the rest.
    pub(super) fn read(text: &str) -> Package {
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let Ok(Value::Object(package)) = serde_json::from_str::<Value>(text) else {
            return Package::Unreadable("it is not a JSON object");
        };
        let entries = |name: &str| package.get(name).and_then(Value::as_object);
        let names = |name: &str| {
            entries(name)
                .into_iter()
                .flatten()
                .map(|(key, _)| key.clone())
        };
        let scripts = entries("scripts").into_iter().flatten();
        Package::Read {
            scripts: scripts
                .filter_map(|(name, script)| Some((name.clone(), script.as_str()?.to_string())))
                .collect(),
            dependencies: names("dependencies")
                .chain(names("optionalDependencies"))
                .collect(),
            tools: names("devDependencies").collect(),
        }
    }
}

/// Where it stands in the repository.
fn path(root: &str) -> String {
    match &*folder(root) {
        "" => "package.json".into(),
        root => format!("{root}/package.json"),
    }
}

impl RenderService {
    /// What will bite once it starts, each with what would mend it.
    pub(super) fn findings(&self, item: &ItemId, package: &Package) -> Vec<Finding> {
        let place = format!("{} on {}", path(&self.root), self.branch);
        let (scripts, dependencies, tools) = match package {
            Package::None => {
                return vec![Finding::new(
                    "no-package",
                    format!("there is no {place}, and {} is built there", self.name),
                    "add it, or correct server under [code] in golive.toml",
                )];
            }
            Package::Unreadable(why) => {
                return vec![Finding::new(
                    "package-unreadable",
                    format!("{place} cannot be read ({why})"),
                    "correct the file in the repository",
                )];
            }
            Package::Read {
                scripts,
                dependencies,
                tools,
            } => (scripts, dependencies, tools),
        };
        let script = script_of(&self.start);
        let mut findings = vec![];
        if let Some(name) = script.filter(|name| !scripts.contains_key(*name)) {
            findings.push(self.no_script(item, name, &place, scripts));
        }
        findings.extend(self.worker_script(item, script, scripts));
        let missing = left_out(&self.start, scripts, dependencies, tools);
        if !missing.is_empty() && leaves_tools_out(&self.build) {
            findings.push(self.tools_left_out(item, &missing));
        }
        findings
    }

    fn no_script(
        &self,
        item: &ItemId,
        name: &str,
        place: &str,
        scripts: &BTreeMap<String, String>,
    ) -> Finding {
        let key = ServiceKey::of(item);
        let otherwise = match name {
            "start" => "; npm then starts server.js, if there is one",
            _ => "",
        };
        let there = match scripts.is_empty() {
            true => "it has no scripts".to_string(),
            false => format!(
                "it has {}",
                scripts.keys().cloned().collect::<Vec<_>>().join(", ")
            ),
        };
        Finding::new(
            "no-script",
            format!(
                "{} is started by {}, and {place} has no script {name} ({there}){otherwise}",
                self.name, self.start
            ),
            format!("add the script to the file, or write another start for {key} in golive.toml"),
        )
    }

    /// A worker has a script of its own, or should have.
    fn worker_script(
        &self,
        item: &ItemId,
        script: Option<&str>,
        scripts: &BTreeMap<String, String>,
    ) -> Option<Finding> {
        let script = script.filter(|script| self.kind == WORKER && *script != "worker")?;
        let own = scripts.contains_key("worker");
        let key = ServiceKey::of(item);
        let write = format!("write start = \"npm run worker\" for {key} in golive.toml");
        if script == "dev" {
            let starts = scripts.get("dev").map(|text| format!(" ({text})"));
            return Some(Finding::new(
                "npm-run-dev",
                format!(
                    "{} is started by {}, the script for development{}: not the worker alone, and restarted when files change",
                    self.name,
                    self.start,
                    starts.unwrap_or_default()
                ),
                match own {
                    true => write,
                    false => format!("add a script worker to {}, then {write}", path(&self.root)),
                },
            ));
        }
        own.then(|| {
            Finding::new(
                "worker-script",
                format!(
                    "{} is started by {}, and there is a script worker",
                    self.name, self.start
                ),
                write,
            )
        })
    }

    fn tools_left_out(&self, item: &ItemId, missing: &BTreeSet<String>) -> Finding {
        let key = ServiceKey::of(item);
        let missing = missing.iter().cloned().collect::<Vec<_>>().join(", ");
        let role = match self.kind == WEB {
            true => "answer",
            false => "work",
        };
        Finding::new(
            "tools-left-out",
            format!(
                "{} will not {role}: {} needs {missing}, which stands only in devDependencies, and {} leaves those out",
                self.name, self.start, self.build
            ),
            format!("write build = \"npm ci --include=dev\" for {key} in golive.toml"),
        )
    }
}

/// The script that a start command names: `npm start`, `npm run dev`, `yarn dev`. `None` for one that names none.
fn script_of(start: &str) -> Option<&str> {
    let mut words = start.split_whitespace().skip_while(|word| is_setting(word));
    let runner = words.next()?;
    let mut words = words.filter(|word| !word.starts_with('-'));
    match (runner, words.next()?) {
        ("npm" | "yarn" | "pnpm", "run" | "run-script") => words.next(),
        ("npm" | "yarn" | "pnpm", script @ ("start" | "test")) => Some(script),
        ("yarn" | "pnpm", script) if !matches!(script, "exec" | "dlx" | "node") => Some(script),
        _ => None,
    }
}

/// `NAME=value` before a command.
fn is_setting(word: &str) -> bool {
    word.split_once('=').is_some_and(|(name, _)| {
        !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
    })
}

/// Whether a build installs without development's tools. Render builds with `NODE_ENV=production`, so it does unless it
/// says otherwise; a build that installs nothing says nothing.
fn leaves_tools_out(build: &str) -> bool {
    let installs = ["npm ci", "npm i", "npm install", "yarn", "pnpm i"];
    let includes = [
        "--include=dev",
        "--include dev",
        "--production=false",
        "--prod=false",
        "NODE_ENV=development",
    ];
    let has = |words: &[&str]| words.iter().any(|word| build.contains(word));
    has(&installs) && !has(&includes)
}

/// The packages that a command starts and that only development has, scripts that start other scripts included.
fn left_out(
    start: &str,
    scripts: &BTreeMap<String, String>,
    dependencies: &BTreeSet<String>,
    tools: &BTreeSet<String>,
) -> BTreeSet<String> {
    let mut missing = BTreeSet::new();
    let mut been = BTreeSet::new();
    let mut next = vec![start.to_string()];
    while let Some(command) = next.pop() {
        for part in command.split(['&', '|', ';', '"', '\'']) {
            if let Some(script) = script_of(part)
                && been.insert(script.to_string())
            {
                next.extend(scripts.get(script).cloned());
            }
            let started = started_by(part);
            missing.extend(
                started
                    .into_iter()
                    .map(package_of)
                    .filter(|package| tools.contains(package) && !dependencies.contains(package)),
            );
        }
    }
    missing
}

/// The programs that a command starts, and the packages that it has node load before: `cross-env A=b nodemon -r dotenv/config x.js`.
fn started_by(command: &str) -> Vec<&str> {
    let mut started = vec![];
    let mut words = command.split_whitespace().peekable();
    let mut at_program = true;
    while let Some(word) = words.next() {
        match word {
            "-r" | "--require" | "--import" | "--loader" => started.extend(words.next()),
            word if at_program && (is_setting(word) || word.starts_with('-')) => {}
            word if at_program => {
                started.push(word);
                // These start what comes after them.
                at_program = matches!(
                    word,
                    "cross-env" | "npx" | "env" | "exec" | "dotenv" | "env-cmd"
                );
            }
            _ => {}
        }
    }
    started
}

/// The package that a program comes with, where it has another name; of a module's path its package.
fn package_of(program: &str) -> String {
    let other = [
        ("tsc", "typescript"),
        ("tsnd", "ts-node-dev"),
        ("babel-node", "@babel/node"),
        ("nest", "@nestjs/cli"),
        ("dotenv", "dotenv-cli"),
        ("run-p", "npm-run-all"),
        ("run-s", "npm-run-all"),
        ("webpack", "webpack-cli"),
    ];
    let program = program
        .rsplit_once(".bin/")
        .map_or(program, |(_, name)| name);
    if let Some((_, package)) = other.iter().find(|(name, _)| *name == program) {
        return (*package).into();
    }
    let parts = if program.starts_with('@') { 2 } else { 1 };
    program.split('/').take(parts).collect::<Vec<_>>().join("/")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(of: &[&str]) -> BTreeSet<String> {
        of.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn a_start_command_names_its_script() {
        for (start, script) in [
            ("npm start", Some("start")),
            ("npm run dev", Some("dev")),
            (
                "NODE_ENV=production npm --silent run worker",
                Some("worker"),
            ),
            ("yarn dev", Some("dev")),
            ("pnpm run dev -- --port 1", Some("dev")),
            ("node server.js", None),
            ("npm", None),
            ("npm ci", None),
            ("", None),
        ] {
            assert_eq!(script_of(start), script, "{start}");
        }
    }

    #[test]
    fn what_only_development_has_is_found_through_scripts_and_wrappers() {
        let tools = names(&["nodemon", "cross-env", "typescript", "tsx", "dotenv"]);
        let scripts = BTreeMap::from([
            ("dev".to_string(), "cross-env A=b npm run watch".to_string()),
            ("watch".to_string(), "tsc && nodemon server.js".to_string()),
            ("loop".to_string(), "npm run loop".to_string()),
        ]);
        let of = |start: &str| left_out(start, &scripts, &names(&["tsx"]), &tools);
        assert_eq!(of("npm run watch"), names(&["nodemon", "typescript"]));
        assert_eq!(of("npm run dev"), names(&["cross-env"]));
        assert_eq!(
            of("concurrently \"nodemon a\" \"tsx b\""),
            names(&["nodemon"])
        );
        assert_eq!(of("node -r dotenv/config server.js"), names(&["dotenv"]));
        assert_eq!(of("npx nodemon x"), names(&["nodemon"]));
        assert!(of("npm run loop").is_empty());
        assert!(of("node nodemon").is_empty());
    }

    #[test]
    fn a_build_leaves_tools_out_unless_it_says_otherwise() {
        for build in ["npm ci", "npm install", "yarn", "npm ci && npm run build"] {
            assert!(leaves_tools_out(build), "{build}");
        }
        for build in [
            "npm ci --include=dev",
            "NODE_ENV=development npm ci",
            "make",
        ] {
            assert!(!leaves_tools_out(build), "{build}");
        }
    }

    #[test]
    fn a_package_file_of_any_shape_is_read_without_complaint() {
        for text in ["", "[]", "{", "null", "\u{0}"] {
            assert!(
                matches!(Package::read(text), Package::Unreadable(_)),
                "{text}"
            );
        }
        let odd = r#"{"scripts": {"dev": 7, "start": "node ."}, "dependencies": [], "devDependencies": null}"#;
        let Package::Read {
            scripts,
            dependencies,
            tools,
        } = Package::read(odd)
        else {
            panic!("not read");
        };
        assert_eq!(scripts.keys().collect::<Vec<_>>(), ["start"]);
        assert!(dependencies.is_empty() && tools.is_empty());
    }
}
