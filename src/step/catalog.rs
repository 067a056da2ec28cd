//! The files in `steps/`: what they may say, and where they are read from. They name, order, explain and wire; they never decide.

use serde::Deserialize;

use super::sound;
use crate::error::{Error, Result};

/// The phases of the plan, by number.
pub const PHASES: [&str; 5] = [
    "Pre-flight",
    "Infrastructure",
    "Configuration",
    "Data",
    "Validation",
];

/// The step files of this version, with the number of the phase their folder stands for.
const FILES: [(&str, u32, &str); 3] = [
    (
        "steps/0-preflight/0-access.toml",
        0,
        include_str!("../../steps/0-preflight/0-access.toml"),
    ),
    (
        "steps/0-preflight/1-branches.toml",
        0,
        include_str!("../../steps/0-preflight/1-branches.toml"),
    ),
    (
        "steps/0-preflight/2-cors.toml",
        0,
        include_str!("../../steps/0-preflight/2-cors.toml"),
    ),
];

/// All steps, in the plan's order.
#[derive(Clone, Debug)]
pub struct Catalog {
    pub steps: Vec<Step>,
}

#[derive(Clone, Debug)]
pub struct Step {
    pub phase: u32,
    pub file: StepFile,
}

/// One step file.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StepFile {
    /// The plan's number, such as `2.1`.
    pub number: String,
    pub title: String,
    /// Needs of all its items.
    #[serde(default)]
    pub needs: Vec<String>,
    /// What it usually takes, waits included.
    pub minutes: u32,
    pub why: String,
    pub undo: String,
    pub docs: String,
    pub item: Vec<Item>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Item {
    pub id: String,
    pub title: String,
    pub each: Option<Each>,
    #[serde(default)]
    pub needs: Vec<String>,
    pub ensure: Ensure,
}

/// The lists of the manifest that an item can be repeated over.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Each {
    /// Every branch.
    Branch,
    /// Every branch whose protection is wanted.
    ProtectedBranch,
    /// The branch that production is deployed from.
    Production,
    /// Every branch that code is carried to, in that order; each needs the one before it.
    Promotion,
}

/// What an item makes true: a closed list of meanings.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Ensure {
    GithubAccess {},
    GithubBranch {},
    MainStability {},
    BranchProtection {},
    DynamicCors {},
    Promotion {
        /// The item whose change travels.
        carries: String,
    },
}

impl Ensure {
    /// The lists over which such an item can be repeated; `None` among them: not at all.
    pub fn repeats_over(&self) -> &'static [Option<Each>] {
        match self {
            Ensure::GithubAccess {} | Ensure::DynamicCors {} => &[None],
            Ensure::GithubBranch {} => &[Some(Each::Branch)],
            Ensure::MainStability {} => &[Some(Each::Production)],
            Ensure::BranchProtection {} => &[Some(Each::ProtectedBranch)],
            Ensure::Promotion { .. } => &[Some(Each::Promotion)],
        }
    }
}

impl Catalog {
    /// The catalogue of this version, checked as a whole.
    pub fn embedded() -> Result<Catalog> {
        let files = FILES
            .iter()
            .map(|(path, phase, text)| (*path, *phase, *text));
        Catalog::read(files)
    }

    /// Reads step files (path, phase, text) and checks what must be true of all of them together.
    pub fn read<'a>(files: impl Iterator<Item = (&'a str, u32, &'a str)>) -> Result<Catalog> {
        let mut steps = vec![];
        for (path, phase, text) in files {
            let file: StepFile = toml::from_str(text).map_err(|error| {
                Error::damaged(format!("{path} cannot be read")).because(error.to_string().trim())
            })?;
            sound::step(path, &file)?;
            steps.push(Step { phase, file });
        }
        let catalog = Catalog { steps };
        sound::whole(&catalog)?;
        Ok(catalog)
    }

    /// Names this version of the catalogue in the state file.
    pub fn version() -> String {
        use sha2::{Digest, Sha256};
        let mut hash = Sha256::new();
        FILES
            .iter()
            .for_each(|(_, _, text)| hash.update(text.as_bytes()));
        hash.finalize()[..6]
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_catalogue_is_sound_and_whole() {
        let catalog = Catalog::embedded().unwrap();
        assert_eq!(
            catalog
                .steps
                .iter()
                .map(|step| step.file.number.as_str())
                .collect::<Vec<_>>(),
            ["0", "1", "2"]
        );
        let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
        let mut found = vec![];
        for folder in std::fs::read_dir(root.join("steps")).unwrap() {
            for file in std::fs::read_dir(folder.unwrap().path()).unwrap() {
                found.push(
                    file.unwrap()
                        .path()
                        .strip_prefix(root)
                        .unwrap()
                        .display()
                        .to_string(),
                );
            }
        }
        found.sort();
        assert_eq!(found, FILES.map(|(path, _, _)| path.to_string()));
    }

    #[test]
    fn a_misspelt_key_or_kind_answers_with_the_known_ones() {
        let read = |text: &str| {
            Catalog::read([("steps/x.toml", 0, text)].into_iter())
                .unwrap_err()
                .to_string()
        };
        let step = "number = \"0\"\ntitle = \"t\"\nminutes = 1\nwhy = \"w\"\nundo = \"u\"\ndocs = \"https://d\"\n";
        let error = read(&format!(
            "{step}[[item]]\nid = \"a\"\ntitle = \"t\"\n[item.ensure.github_acess]\n"
        ));
        assert!(
            error.contains("github_acess") && error.contains("github_access"),
            "{error}"
        );
        let error = read(&format!("{step}minute = 2\n"));
        assert!(
            error.contains("minute") && error.contains("line 7"),
            "{error}"
        );
    }
}
