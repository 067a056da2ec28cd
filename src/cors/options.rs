//! The options object a file gives to cors today: its origin, what is kept of it, and what the plan's object changes.

use std::ops::Range;

use tree_sitter::Node;

use super::style::{ALLOWED_HEADERS, EXPOSED_HEADERS, MAX_AGE_S, METHODS};
use super::syntax::{File, Refusal, field, named_children};

/// The properties that the plan's object sets itself.
const PLANNED: [&str; 6] = [
    "origin",
    "methods",
    "allowedHeaders",
    "credentials",
    "maxAge",
    "exposedHeaders",
];

/// One options object as it stands in the file.
pub(super) struct OldOptions<'t> {
    properties: Vec<(&'t str, Node<'t>)>,
}

impl<'t> OldOptions<'t> {
    /// Reads the properties; a spread or a computed key would hide what the options are, so they are refused.
    pub fn read(file: &File<'t>, object: Node<'t>) -> Result<Self, Refusal> {
        let mut properties = Vec::new();
        for child in named_children(object) {
            let key = match child.kind() {
                "comment" => continue,
                "shorthand_property_identifier" => child,
                "pair" => field(child, "key").unwrap_or(child),
                "method_definition" => field(child, "name").unwrap_or(child),
                _ => child,
            };
            let name = match key.kind() {
                "property_identifier" | "shorthand_property_identifier" => file.text(key),
                "string" => file.string(key).unwrap_or_default(),
                "spread_element" => {
                    let why = format!(
                        "a part of the cors options comes from elsewhere: `{}`",
                        file.text(key)
                    );
                    return Err(Refusal::at(key, why));
                }
                _ => {
                    return Err(Refusal::at(
                        key,
                        "a name in the cors options is worked out while the server runs",
                    ));
                }
            };
            properties.push((name, child));
        }
        Ok(Self { properties })
    }

    /// What a property is set to: the value, the method, or the variable of the same name.
    pub fn value(&self, name: &str) -> Option<Node<'t>> {
        let (_, property) = self.properties.iter().rev().find(|(n, _)| *n == name)?;
        Some(field(*property, "value").unwrap_or(*property))
    }

    /// Properties that the plan's object lacks, as they are written.
    pub fn extras(&self, file: &File<'t>) -> Vec<String> {
        self.unplanned()
            .map(|(_, node)| file.text(node).to_owned())
            .collect()
    }

    fn unplanned(&self) -> impl Iterator<Item = (&'t str, Node<'t>)> + '_ {
        self.properties
            .iter()
            .copied()
            .filter(|(name, _)| !PLANNED.contains(name))
    }

    /// The parts of the text that the plan's object does away with.
    pub fn removed(&self) -> Vec<Range<usize>> {
        self.properties
            .iter()
            .filter(|(name, _)| PLANNED.contains(name))
            .map(|(_, node)| node.byte_range())
            .collect()
    }

    /// What the plan's object keeps and changes, for the operator to read before approving.
    pub fn notes(&self, file: &File<'t>) -> Vec<String> {
        let mut notes = Vec::new();
        let kept: Vec<&str> = self.unplanned().map(|(name, _)| name).collect();
        if !kept.is_empty() {
            notes.push(format!("kept from the old options: {}", kept.join(", ")));
        }
        let lists: [(&str, &[&str]); 3] = [
            ("methods", &METHODS),
            ("allowedHeaders", &ALLOWED_HEADERS),
            ("exposedHeaders", &EXPOSED_HEADERS),
        ];
        for (name, planned) in lists {
            notes.extend(self.lost(file, name, planned));
        }
        if self.value("allowedHeaders").is_none() {
            notes.push(format!(
                "until now every request header was let through; now only {}",
                ALLOWED_HEADERS.join(" and ")
            ));
        }
        for (name, planned) in [("credentials", "true"), ("maxAge", MAX_AGE_S)] {
            if let Some(old) = self.value(name).map(|value| file.text(value))
                && old != planned
            {
                notes.push(format!("{name} was {old} and is now {planned}"));
            }
        }
        notes
    }

    /// Entries of a list that the plan's list does not have.
    fn lost(&self, file: &File<'t>, name: &str, planned: &[&str]) -> Option<String> {
        let value = self.value(name)?;
        let Some(entries) = entries(file, value) else {
            return Some(format!(
                "{name} was `{}` and is now {}",
                file.text(value),
                planned.join(", ")
            ));
        };
        let lost: Vec<&str> = entries
            .into_iter()
            .filter(|entry| !planned.iter().any(|p| p.eq_ignore_ascii_case(entry)))
            .collect();
        (!lost.is_empty()).then(|| format!("{name} no longer has {}", lost.join(", ")))
    }

    /// What differs from the plan in an object that is left as it is.
    pub fn differences(&self, file: &File<'t>) -> Vec<String> {
        let mut differences = Vec::new();
        let lists: [(&str, &[&str]); 3] = [
            ("methods", &METHODS),
            ("allowedHeaders", &ALLOWED_HEADERS),
            ("exposedHeaders", &EXPOSED_HEADERS),
        ];
        for (name, planned) in lists {
            let same = self
                .value(name)
                .and_then(|value| entries(file, value))
                .is_some_and(|old| {
                    old.len() == planned.len()
                        && planned
                            .iter()
                            .all(|p| old.iter().any(|o| o.eq_ignore_ascii_case(p)))
                });
            if !same {
                differences.push(format!("{name} should be {}", planned.join(", ")));
            }
        }
        for (name, planned) in [("credentials", "true"), ("maxAge", MAX_AGE_S)] {
            if self.value(name).map(|value| file.text(value)) != Some(planned) {
                differences.push(format!("{name} should be {planned}"));
            }
        }
        differences
    }
}

/// The entries of `['a', 'b']` or `'a,b'`, when all of them stand in the text.
fn entries<'t>(file: &File<'t>, value: Node<'t>) -> Option<Vec<&'t str>> {
    if let Some(text) = file.string(value) {
        return Some(text.split(',').map(str::trim).collect());
    }
    if value.kind() != "array" {
        return None;
    }
    let mut entries = named_children(value);
    entries.retain(|entry| entry.kind() != "comment");
    entries
        .into_iter()
        .map(|entry| file.string(entry))
        .collect()
}
