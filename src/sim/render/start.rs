//! What comes of building and starting the code of a branch, as far as `package.json` and the commands tell.

use serde_json::Value;

/// How it ends, with what is said about it in the logs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    Runs,
    BuildFails(Vec<String>),
    /// The process ends at once with this code.
    Exits(i64, Vec<String>),
}

/// How a service builds and starts.
#[derive(Clone, Copy, Debug)]
pub struct Recipe<'a> {
    pub root: &'a str,
    pub build: &'a str,
    pub start: &'a str,
    /// `NODE_ENV` during the build; Render sets `production` where the service says nothing.
    pub node_env: &'a str,
}

/// Commands that every machine of a node service has.
const AT_HAND: [&str; 14] = [
    "node", "npm", "npx", "yarn", "pnpm", "sh", "bash", "echo", "cd", "test", "true", "exec", "rm",
    "cp",
];
/// Commands that a package of another name brings along.
const BROUGHT_BY: [(&str, &str); 4] = [
    ("tsc", "typescript"),
    ("nest", "@nestjs/cli"),
    ("ng", "@angular/cli"),
    ("vue-cli-service", "@vue/cli-service"),
];
/// How often one script may start another.
const DEPTH_MAX: u32 = 8;

/// `file` reads a file of the branch by its path in the repository.
pub fn judge(recipe: Recipe<'_>, file: &dyn Fn(&str) -> Option<String>) -> Verdict {
    let root = recipe.root.trim_matches(['/', '.']);
    let inside = |path: &str| {
        let path = path.trim_start_matches("./");
        file(&match root {
            "" => path.to_owned(),
            root => format!("{root}/{path}"),
        })
    };
    let fails = |line: &str| Verdict::BuildFails(vec![line.to_owned()]);
    let Some(text) = inside("package.json") else {
        return fails("npm error enoent Could not read package.json: no such file or directory");
    };
    let Ok(package) = serde_json::from_str(&text) else {
        return fails("npm error code EJSONPARSE");
    };
    let mut machine = Machine {
        package,
        installed: None,
        file: &inside,
    };
    for part in parts(recipe.build) {
        if let Some(with_dev) = installs(part, recipe.node_env) {
            machine.installed = Some(with_dev);
        } else if let Err((_, said)) = machine.run(part, 0) {
            return Verdict::BuildFails(said);
        }
    }
    for part in parts(recipe.start) {
        if let Err((code, said)) = machine.run(part, 0) {
            return Verdict::Exits(code, said);
        }
    }
    Verdict::Runs
}

/// The machine that a service is built on.
struct Machine<'a> {
    package: Value,
    /// Packages are there; also those for development?
    installed: Option<bool>,
    file: &'a dyn Fn(&str) -> Option<String>,
}

/// The code a command ends with and what it says.
type Failure = (i64, Vec<String>);

impl Machine<'_> {
    /// One command, without the chain it stands in.
    fn run(&self, command: &str, depth: u32) -> Result<(), Failure> {
        let words = without_assignments(command);
        let Some((tool, rest)) = words.split_first() else {
            return Ok(());
        };
        if depth > DEPTH_MAX {
            return Err((1, vec!["npm error a script starts itself".to_owned()]));
        }
        if let Some(script) = script_of(tool, rest) {
            return self.run_script(script, depth);
        }
        if *tool == "node" {
            return self.run_node(rest);
        }
        if AT_HAND.contains(tool) || tool.contains('/') || self.brings(tool) {
            return Ok(());
        }
        Err((127, vec![format!("sh: 1: {tool}: not found")]))
    }

    fn run_script(&self, script: &str, depth: u32) -> Result<(), Failure> {
        let text = self.package["scripts"][script].as_str();
        // npm's own meaning of `start` where the package says nothing.
        let text = text.or((script == "start").then_some("node server.js"));
        let Some(text) = text else {
            return Err((1, vec![format!("npm error Missing script: \"{script}\"")]));
        };
        parts(text).try_for_each(|part| self.run(part, depth + 1))
    }

    fn run_node(&self, rest: &[&str]) -> Result<(), Failure> {
        let Some(path) = rest.iter().find(|word| !word.starts_with('-')) else {
            return Ok(());
        };
        let candidates = [
            (*path).to_owned(),
            format!("{path}.js"),
            format!("{}/index.js", path.trim_end_matches('/')),
        ];
        if candidates.iter().any(|path| (self.file)(path).is_some()) {
            return Ok(());
        }
        Err((1, vec![format!("Error: Cannot find module '{path}'")]))
    }

    /// Whether an installed package brings the command along.
    fn brings(&self, tool: &str) -> bool {
        let alias = BROUGHT_BY.iter().find(|(command, _)| *command == tool);
        let package = alias.map_or(tool, |(_, package)| package);
        let among = |list: &str| self.package[list].get(package).is_some();
        match self.installed {
            None => false,
            Some(with_dev) => {
                among("dependencies")
                    || among("optionalDependencies")
                    || (with_dev && among("devDependencies"))
            }
        }
    }
}

/// The commands of a chain.
fn parts(command: &str) -> impl Iterator<Item = &str> {
    command.split("&&").flat_map(|part| part.split(';'))
}

/// The words of a command behind the variables that it sets.
fn without_assignments(command: &str) -> Vec<&str> {
    let words = command.split_whitespace();
    words.skip_while(|word| is_assignment(word)).collect()
}

fn is_assignment(word: &str) -> bool {
    word.split_once('=').is_some_and(|(name, _)| {
        !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
    })
}

/// The script of the package that a command starts.
fn script_of<'a>(tool: &str, rest: &[&'a str]) -> Option<&'a str> {
    if !["npm", "yarn", "pnpm"].contains(&tool) {
        return None;
    }
    let mut words = rest.iter().filter(|word| !word.starts_with('-'));
    match (tool, *words.next()?) {
        (_, "run" | "run-script") => words.next().copied(),
        (_, short @ ("start" | "test" | "restart" | "stop")) => Some(short),
        ("npm", _) | (_, "install" | "add" | "i" | "exec" | "dlx") => None,
        (_, script) => Some(script),
    }
}

/// Whether a command installs the packages, and then also those for development.
fn installs(command: &str, node_env: &str) -> Option<bool> {
    let set = command
        .split_whitespace()
        .take_while(|word| is_assignment(word))
        .find_map(|word| word.strip_prefix("NODE_ENV="));
    let words = without_assignments(command);
    let (tool, rest) = words.split_first()?;
    let verb = rest.iter().find(|word| !word.starts_with('-')).copied();
    let install = matches!(
        (*tool, verb),
        ("npm", Some("ci" | "install" | "i" | "clean-install"))
            | ("pnpm" | "yarn", Some("install" | "i"))
            | ("yarn", None)
    );
    let says = |flags: &[&str]| {
        let spaced = rest.join(" ").replace("--include dev", "--include=dev");
        spaced.split(' ').any(|word| flags.contains(&word))
    };
    install.then(|| {
        let with = ["--include=dev", "--production=false"];
        let without = ["--omit=dev", "--production", "--prod", "--only=production"];
        says(&with) || (!says(&without) && set.unwrap_or(node_env) != "production")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const PACKAGE: &str = r#"{ "scripts": { "start": "node server.js", "dev": "NODE_ENV=development nodemon server.js",
        "worker": "node worker.js", "again": "npm run dev", "round": "npm run round" },
        "dependencies": { "express": "4" }, "devDependencies": { "nodemon": "3" } }"#;

    fn verdict(build: &str, start: &str) -> Verdict {
        let files = [("server/package.json", PACKAGE), ("server/server.js", "")];
        let file = |path: &str| {
            let found = files.iter().find(|(known, _)| *known == path);
            found.map(|(_, text)| (*text).to_owned())
        };
        let recipe = Recipe {
            root: "server",
            build,
            start,
            node_env: "production",
        };
        judge(recipe, &file)
    }

    #[test]
    fn a_tool_for_development_is_there_only_when_the_build_brings_it() {
        for build in [
            "npm ci --include=dev",
            "npm ci --include dev",
            "NODE_ENV=development npm install",
            "echo ready && yarn install --production=false",
        ] {
            assert_eq!(verdict(build, "npm run dev"), Verdict::Runs, "{build}");
            assert_eq!(verdict(build, "npm run again"), Verdict::Runs, "{build}");
        }
        for build in ["npm ci", "npm install --omit=dev", "echo nothing"] {
            let Verdict::Exits(127, said) = verdict(build, "npm run dev") else {
                panic!("{build}");
            };
            assert_eq!(said, ["sh: 1: nodemon: not found"]);
        }
    }

    #[test]
    fn scripts_and_files_must_be_there() {
        assert_eq!(verdict("npm ci", "npm start"), Verdict::Runs);
        assert_eq!(verdict("npm ci", "node server"), Verdict::Runs);
        for (start, words) in [
            ("npm run nothing", "Missing script: \"nothing\""),
            ("npm run worker", "Cannot find module 'worker.js'"),
            ("npm run round", "starts itself"),
        ] {
            let Verdict::Exits(1, said) = verdict("npm ci", start) else {
                panic!("{start}");
            };
            assert!(said[0].contains(words), "{said:?}");
        }
        let Verdict::BuildFails(said) = verdict("npm ci && npm run build", "npm start") else {
            panic!("it built");
        };
        assert!(said[0].contains("Missing script: \"build\""));
    }

    #[test]
    fn a_folder_without_a_package_does_not_build() {
        let recipe = Recipe {
            root: "elsewhere",
            build: "npm ci",
            start: "npm start",
            node_env: "production",
        };
        assert!(matches!(judge(recipe, &|_| None), Verdict::BuildFails(_)));
    }
}
