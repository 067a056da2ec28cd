//! What a build comes to, with the settings it has and what lies in the repository, and the log that it writes.

use jiff::SignedDuration;
use serde_json::{Map, Value};

use super::state::{Course, Failure, Line, Source};
use super::wire;
use crate::sim::github::Github;

/// What a build finds where it is told to build.
pub struct Found {
    /// The folder is there.
    folder: bool,
    /// The build script of its package.
    script: Option<String>,
}

/// What a build comes to.
pub struct Verdict {
    pub failure: Option<Failure>,
    lines: Vec<(&'static str, String)>,
}

impl Verdict {
    /// All variables of the deployment are too much together. The code is not documented.
    pub fn too_large() -> Verdict {
        let message =
            "The total size of your Environment Variables exceeds the allowed limit of 64 KB.";
        failed(Vec::new(), "ENV_TOO_LARGE", message.to_owned())
    }
}

fn text<'s>(settings: &'s Map<String, Value>, name: &str) -> Option<&'s str> {
    settings.get(name)?.as_str().filter(|text| !text.is_empty())
}

/// Looks at the folder that the settings name, as it is at a branch.
pub fn look(code: &Github, branch: &str, settings: &Map<String, Value>) -> Found {
    let root = text(settings, "rootDirectory").unwrap_or_default();
    let root = root.trim_matches(['/', '.']);
    let path = match root {
        "" => "package.json".to_owned(),
        root => format!("{root}/package.json"),
    };
    let package = code.file(branch, &path);
    let parsed: Option<Value> = package
        .as_deref()
        .and_then(|t| serde_json::from_str(t).ok());
    let script = parsed.and_then(|package| Some(package["scripts"]["build"].as_str()?.to_owned()));
    Found {
        folder: root.is_empty() || package.is_some(),
        script,
    }
}

/// What comes of a build with these settings. What lies in another repository is not known, and builds.
pub fn judge(settings: &Map<String, Value>, found: Option<&Found>, debt: bool) -> Verdict {
    let mut lines = Vec::new();
    let own = text(settings, "buildCommand");
    let script = found.and_then(|found| found.script.clone());
    if let Some(found) = found
        && !found.folder
    {
        let root = text(settings, "rootDirectory").unwrap_or_default();
        let message = format!(
            "The specified Root Directory \"{root}\" does not exist. Please update your Project Settings."
        );
        // The code is not documented.
        return failed(lines, "MISSING_ROOT_DIRECTORY", message);
    }
    let mut out = |text: &str| lines.push(("stdout", text.to_owned()));
    out("Running \"vercel build\"");
    out("Installing dependencies...");
    out("added 1342 packages in 14s");
    let preset = text(settings, "framework").is_some() || script.is_some();
    let Some(command) = own.or(preset.then_some("npm run build")) else {
        out("Build Completed in /vercel/output [1s]");
        return Verdict {
            failure: None,
            lines,
        };
    };
    lines.push(("command", command.to_owned()));
    let wrong = why_not(command, found, script.as_deref(), debt);
    if let Some(text) = wrong {
        let rest = text.lines().map(|line| ("stderr", line.to_owned()));
        lines.extend(rest);
        let message = format!("Command \"{command}\" exited with 1");
        return failed(lines, "BUILD_UTILS_SPAWN_1", message);
    }
    let warned = debt
        && script
            .as_deref()
            .is_some_and(|s| s.contains("react-scripts"));
    let compiled = match warned {
        true => format!("Compiled with warnings.\n\n{LINT}"),
        false => "Compiled successfully.".to_owned(),
    };
    lines.push((
        "stdout",
        "Creating an optimized production build...".to_owned(),
    ));
    lines.extend(compiled.lines().map(|line| ("stdout", line.to_owned())));
    lines.push((
        "stdout",
        "Build Completed in /vercel/output [52s]".to_owned(),
    ));
    Verdict {
        failure: None,
        lines,
    }
}

fn failed(mut lines: Vec<(&'static str, String)>, code: &'static str, message: String) -> Verdict {
    lines.push(("stderr", format!("Error: {message}")));
    Verdict {
        failure: Some(Failure { code, message }),
        lines,
    }
}

const LINT: &str = "[eslint]\nsrc/App.js\n  Line 6:10:  'problem' is assigned a value but never used  no-unused-vars";

/// What a build writes before it ends badly.
fn why_not(
    command: &str,
    found: Option<&Found>,
    script: Option<&str>,
    debt: bool,
) -> Option<String> {
    found?;
    let by_script = command.contains("npm run build") || command.contains("yarn build");
    if by_script && script.is_none() {
        return Some("npm error Missing script: \"build\"".to_owned());
    }
    let react = script.is_some_and(|script| by_script && script.contains("react-scripts build"))
        || command.contains("react-scripts build");
    let quiet = command.starts_with("CI=false")
        || script.is_some_and(|script| by_script && script.starts_with("CI=false"));
    (debt && react && !quiet).then(|| {
        format!(
            "Treating warnings as errors because process.env.CI = true.\nMost CI servers set it automatically.\n\nFailed to compile.\n\n{LINT}"
        )
    })
}

/// The log of a build, its lines spread over the time that it takes.
pub fn write(
    verdict: &Verdict,
    course: &Course,
    source: &Source,
    branch: &str,
    sha: &str,
) -> Vec<Line> {
    let short = sha.get(..7).unwrap_or(sha);
    let begin = [
        (
            "stdout",
            "Running build in Washington, D.C., USA (East)".to_owned(),
        ),
        (
            "stdout",
            format!(
                "Cloning github.com/{}/{} (Branch: {branch}, Commit: {short})",
                source.org, source.repo
            ),
        ),
    ];
    let all: Vec<(&'static str, String)> = begin
        .into_iter()
        .chain(verdict.lines.iter().cloned())
        .collect();
    let length = wire::ms(course.ends) - wire::ms(course.building);
    let count = i64::try_from(all.len()).unwrap_or(1).max(1);
    let mut lines: Vec<Line> = all
        .into_iter()
        .zip(0i64..)
        .map(|((kind, text), place)| Line {
            at: course.building + SignedDuration::from_millis(length * place / count),
            kind,
            text,
        })
        .collect();
    let state = match verdict.failure {
        Some(_) => "ERROR",
        None => "READY",
    };
    lines.push(Line {
        at: course.ends,
        kind: "deployment-state",
        text: state.to_owned(),
    });
    lines
}
