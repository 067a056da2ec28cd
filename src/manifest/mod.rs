//! `golive.toml`: what a launch is made of. Read strictly: a manifest that parses is sound, and its names are right.

mod check;
mod infrastructure;
mod keys;
mod launch;
mod leak;
mod names;
mod preset;
mod provider;
mod source;
mod variable;

#[cfg(test)]
mod tests;

use std::io::{self, Read};
use std::path::{Path, PathBuf};

use indexmap::IndexMap;
use serde::Deserialize;
use sha2::{Digest, Sha256};

pub use keys::{ManifestKeys, RemovedKey};
pub use launch::*;
pub use leak::refuse_secrets;
pub use names::*;
pub use preset::{Edit, Preset};
pub use provider::*;
pub use source::{Source, unknown_hint};
pub use variable::*;

use crate::error::{Error, Result};

/// The name of the file.
pub const FILE: &str = "golive.toml";

/// The version of the format that this golive reads and writes.
pub const SCHEMA: u32 = 1;

/// Far above any real manifest (the preset has 10 kB); a wrong file is refused before it is parsed.
const BYTES_MAX: u64 = 1024 * 1024;

/// One launch, as `golive.toml` describes it. Tables keep the file's order.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    pub schema: u32,
    pub id: LaunchId,
    pub name: LaunchName,
    /// The preset it was written from, and that preset's version.
    pub preset: Option<Origination>,
    pub operator: Operator,
    pub github: GitHub,
    pub branch: IndexMap<Key, Branch>,
    pub flow: Flow,
    #[serde(default)]
    pub review: Review,
    pub code: Code,
    /// When each environment gets a Redis of its own.
    #[serde(default)]
    pub redis: RedisWish,
    pub environment: IndexMap<Key, Environment>,
    pub vercel: Vercel,
    pub render: Render,
    pub atlas: Atlas,
    pub dns: Dns,
    #[serde(default)]
    pub stripe: Stripe,
    pub variable: IndexMap<VariableName, Variable>,
    pub data: Data,
    #[serde(skip)]
    text: String,
}

/// Which preset a manifest was written from.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Origination {
    pub name: Key,
    pub version: u32,
}

/// When staging and development stop using production's Redis.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
pub enum RedisWish {
    /// As the plan has it: shared in step 7, separated in step 10.
    #[default]
    #[serde(rename = "shared-until-10")]
    SharedUntil10,
    /// Separate from step 7 on.
    #[serde(rename = "own")]
    Own,
}

impl Manifest {
    /// Reads a manifest's text; `path` is what errors call it.
    pub fn parse(text: &str, path: &Path) -> Result<Manifest> {
        let source = Source::parse(path, text)?;
        check::before_reading(&source)?;
        let mut manifest: Manifest = source.read()?;
        check::sound(&manifest, &source)?;
        manifest.text = text.to_owned();
        Ok(manifest)
    }

    /// Reads `golive.toml` in `dir`.
    pub fn load(dir: &Path) -> Result<Manifest> {
        let path = dir.join(FILE);
        Manifest::parse(&text_of(&path)?, &path)
    }

    /// The nearest folder, from `start` upwards, that has a `golive.toml`.
    pub fn find_upwards(start: &Path) -> Option<PathBuf> {
        start
            .ancestors()
            .find(|dir| dir.join(FILE).is_file())
            .map(Path::to_owned)
    }

    /// SHA-256 of the text, in hex. Each start records it; a change voids approvals of what it touches.
    pub fn hash(&self) -> String {
        Sha256::digest(self.text.as_bytes())
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect()
    }

    /// The text it was read from.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The key of production's environment: the one whose branch is promoted to last.
    pub fn production(&self) -> Option<&Key> {
        let last = self.flow.promote.last()?;
        self.environment
            .iter()
            .find(|(_, environment)| &environment.branch == last)
            .map(|(key, _)| key)
    }

    /// The environment that a branch is deployed to.
    pub fn environment_of(&self, branch: &str) -> Option<(&Key, &Environment)> {
        self.environment
            .iter()
            .find(|(_, environment)| environment.branch == branch)
    }

    /// What is wished for a variable in an environment at a stage; `None` when it is not wanted there.
    /// With `redis = "own"` the wish for the live launch holds from the start for what a Redis issues.
    pub fn origin(&self, variable: &str, environment: &str, stage: Stage) -> Option<&Origin> {
        let cell = self.variable.get(variable)?.cells.get(environment)?;
        let live = cell.origin(Stage::Live);
        if self.redis == RedisWish::Own
            && let Origin::Output {
                service,
                environment,
                ..
            } = live
            && self
                .environment
                .get(environment)
                .and_then(|home| home.service.get(service))
                .is_some_and(|service| service.kind == ServiceKind::Redis)
        {
            return Some(live);
        }
        Some(cell.origin(stage))
    }
}

/// The text of a file the operator wrote, with an error that says what to do.
pub fn text_of(path: &Path) -> Result<String> {
    let mut text = String::new();
    let read = std::fs::File::open(path)
        .and_then(|file| file.take(BYTES_MAX + 1).read_to_string(&mut text));
    let shown = path.display();
    match read {
        Ok(size) if size as u64 > BYTES_MAX => Err(Error::usage(format!(
            "{shown} is larger than 1 MiB and was not read"
        ))),
        Ok(_) => Ok(text),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            Err(Error::usage(format!("there is no {shown}")).hint("golive init"))
        }
        Err(error) if error.kind() == io::ErrorKind::InvalidData => {
            Err(Error::usage(format!("{shown} is not UTF-8 text")))
        }
        Err(error) => Err(Error::usage(format!("{shown} could not be read")).because(error)),
    }
}
