//! Presets: whole manifests that lack only what a person must answer. They are part of the program.

use std::path::Path;

use super::Manifest;
use super::source::{Source, unknown_hint};
use crate::error::{Error, Result};

/// A manifest without an id and without the operator's answers.
#[derive(Debug)]
pub struct Preset {
    pub name: &'static str,
    text: &'static str,
}

static PRESETS: [Preset; 1] = [Preset {
    name: "bondigoo",
    text: include_str!("../../assets/presets/bondigoo.toml"),
}];

/// One value to put in place of the preset's own, at a chain of keys.
pub struct Edit {
    pub path: &'static [&'static str],
    pub value: toml::Value,
}

impl Preset {
    /// The preset of that name, or an error that lists the known ones.
    pub fn named(name: &str) -> Result<&'static Preset> {
        PRESETS
            .iter()
            .find(|preset| preset.name == name)
            .ok_or_else(|| {
                let error = Error::usage(format!("there is no preset {}", super::quoted(name)));
                match unknown_hint(name, PRESETS.iter().map(|preset| preset.name)) {
                    Some(hint) => error.hint(hint),
                    None => error,
                }
            })
    }

    /// The preset's text with values put in. Comments and order stay as they are: each value is replaced where it
    /// stands, so what `golive init` writes reads like the preset.
    pub fn filled(&self, edits: &[Edit]) -> Result<String> {
        let shown = format!("preset {}", self.name);
        let source = Source::parse(Path::new(&shown), self.text)?;
        let mut places = Vec::new();
        for edit in edits {
            let span = source.value_span(edit.path).ok_or_else(|| {
                source.error(edit.path, "the preset has no place for an answer here")
            })?;
            places.push((span, &edit.value));
        }
        // From the end to the beginning, so that earlier places keep their position.
        places.sort_by_key(|(span, _)| std::cmp::Reverse(span.start));
        let mut text = self.text.to_owned();
        for (span, value) in places {
            text.replace_range(span, &value.to_string());
        }
        Ok(text)
    }

    /// The filled preset as it will be read again, to be refused before it is written.
    pub fn manifest(&self, edits: &[Edit], path: &Path) -> Result<(String, Manifest)> {
        let text = self.filled(edits)?;
        let manifest = Manifest::parse(&text, path)?;
        Ok((text, manifest))
    }
}
