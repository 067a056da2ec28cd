//! What of the names that the code reads has its place, and what is missing.

use std::collections::{BTreeMap, BTreeSet};

use super::places::{Side, is_read_by_libraries, is_set_by_platform};
use super::{BranchSeen, CodeVariables, Seen, Use};
use crate::plan::Finding;
use crate::resource::value::{list, reaches_browser};

/// Of a long list, so many are named in a sentence; the rest is counted.
const NAMED_MAX: usize = 6;

/// What became of the names.
#[derive(Debug, Default)]
pub struct Verdict {
    /// How many names the code reads.
    pub names: usize,
    pub missing: BTreeMap<String, Missing>,
    pub by_platform: BTreeSet<String>,
    pub not_needed: BTreeSet<String>,
    pub findings: Vec<Finding>,
}

/// A name without a place, and where it is read.
#[derive(Debug, Default)]
pub struct Missing {
    pub environments: BTreeSet<String>,
    /// `server/auth.js:12 on main`.
    pub places: Vec<String>,
    pub front_end: bool,
    /// It is in the matrix, and goes to where this code does not run.
    pub elsewhere: bool,
    /// Wherever it is read, the code says what it takes when there is none.
    pub has_fallback: bool,
}

impl CodeVariables {
    pub(super) fn judge(&self, seen: &Seen) -> Verdict {
        let mut verdict = Verdict::default();
        let mut names = BTreeSet::new();
        let mut unset: BTreeMap<&str, BTreeMap<&str, &str>> = BTreeMap::new();
        for own in &seen.branches {
            for one in &own.uses {
                names.insert(one.name.as_str());
                if self.has_place(one, &own.environment) {
                    continue;
                }
                if self.not_needed.contains(&one.name) {
                    verdict.not_needed.insert(one.name.clone());
                } else if one
                    .sides
                    .iter()
                    .all(|side| is_set_by_platform(&one.name, *side))
                {
                    verdict.by_platform.insert(one.name.clone());
                } else if self.is_left_out_here(one, &own.environment) {
                    let places = unset.entry(&one.name).or_default();
                    places.entry(&own.environment).or_insert(&one.place);
                } else {
                    self.miss(&mut verdict, own, one);
                }
            }
        }
        verdict.names = names.len();
        for (name, places) in unset {
            verdict.findings.push(unset_finding(name, &places));
        }
        verdict.findings.extend(self.unused(seen, &names));
        verdict.findings.extend(unread(&seen.branches));
        verdict
    }

    /// A cell for this environment, from where the code that reads it gets its variables.
    fn has_place(&self, one: &Use, environment: &str) -> bool {
        self.cells.iter().any(|(name, own, to)| {
            *name == one.name && own == environment && one.sides.iter().any(|side| side.reads(*to))
        })
    }

    /// `golive.toml` names it for the same code in another environment: here it was left out, as the plan does too.
    fn is_left_out_here(&self, one: &Use, environment: &str) -> bool {
        self.cells.iter().any(|(name, own, to)| {
            *name == one.name && own != environment && one.sides.iter().any(|side| side.reads(*to))
        })
    }

    fn miss(&self, verdict: &mut Verdict, own: &BranchSeen, one: &Use) {
        let fresh = !verdict.missing.contains_key(&one.name);
        let missing = verdict.missing.entry(one.name.clone()).or_default();
        missing.environments.insert(own.environment.clone());
        missing
            .places
            .push(format!("{} on {}", one.place, own.branch));
        missing.front_end |= one.sides.contains(&Side::FrontEnd);
        missing.elsewhere |= self.cells.iter().any(|(name, ..)| *name == one.name);
        missing.has_fallback = one.has_fallback && (fresh || missing.has_fallback);
    }

    /// What `golive.toml` sets and no branch reads.
    fn unused(&self, seen: &Seen, read: &BTreeSet<&str>) -> Vec<Finding> {
        let hidden = seen.branches.iter().any(|own| !own.unnamed.is_empty());
        let but = match hidden {
            true => ", as far as it can be read",
            false => "",
        };
        let names: BTreeSet<&str> = self.cells.iter().map(|(name, ..)| name.as_str()).collect();
        names
            .into_iter()
            .filter(|name| !read.contains(name) && !is_read_by_libraries(name))
            .map(|name| {
                Finding::new(
                    &format!("unused-{name}"),
                    format!("{name} is set, and no branch's code reads it{but}"),
                    format!(
                        "correct the name in the code, or take [variable.{name}] out of golive.toml"
                    ),
                )
            })
            .collect()
    }

    /// Tables for `golive.toml`, ready but for the choice of the origin.
    pub(super) fn tables(&self, missing: &BTreeMap<String, Missing>) -> Vec<String> {
        let mut lines = vec![];
        for (name, own) in missing.iter().filter(|(_, own)| !own.elsewhere) {
            let (kind, to) = match (own.front_end, reaches_browser(name)) {
                (true, true) => ("public", "vercel"),
                (true, false) => ("plain", "vercel"),
                (false, _) => ("secret", "render"),
            };
            lines.push(format!("[variable.{name}]"));
            lines.push(format!("kind = \"{kind}\""));
            lines.push(format!("to = \"{to}\""));
            for environment in &own.environments {
                lines.push(format!("in.{environment} = {{ asked = \"{name}\" }}"));
            }
            lines.push(String::new());
        }
        let names: Vec<String> = missing.keys().map(|name| format!("\"{name}\"")).collect();
        lines.push(format!(
            "# or, where the code does without: not_needed = [{}] in [code]",
            names.join(", ")
        ));
        lines
    }
}

impl Verdict {
    /// What is asked of the operator.
    pub fn asks(&self) -> String {
        let count = self.missing.len();
        let said: Vec<String> = self
            .missing
            .iter()
            .take(NAMED_MAX)
            .map(|(name, own)| own.words(name))
            .collect();
        let more = match count.saturating_sub(NAMED_MAX) {
            0 => String::new(),
            more => format!("; and {more} more"),
        };
        let what = match count {
            1 => "a variable that the code reads has no place".to_string(),
            _ => format!("{count} variables that the code reads have no place"),
        };
        format!(
            "{what} in golive.toml: {}{more}. Give each a table, or name it in not_needed",
            said.join("; ")
        )
    }
}

impl Missing {
    fn words(&self, name: &str) -> String {
        let place = self.places.first().map_or("", String::as_str);
        let more = match self.places.len() {
            0 | 1 => String::new(),
            n => format!(" and {} more", n - 1),
        };
        let environments: Vec<&str> = self.environments.iter().map(String::as_str).collect();
        let mut words = format!("{name} ({place}{more}; for {})", list(&environments));
        if self.elsewhere {
            words.push_str(", which goes to where this code does not run");
        } else if self.has_fallback {
            words.push_str(", without which the code falls back on something");
        }
        words
    }
}

fn unset_finding(name: &str, places: &BTreeMap<&str, &str>) -> Finding {
    let environments: Vec<&str> = places.keys().copied().collect();
    let place = places.values().next().copied().unwrap_or_default();
    Finding::new(
        &format!("unset-{name}"),
        format!(
            "{name} has no value in {}, where {place} reads it",
            list(&environments)
        ),
        format!(
            "if the code does without, leave it; else add in.{} to [variable.{name}]",
            environments[0]
        ),
    )
}

/// What could not be read, each place once however many branches have it.
fn unread(branches: &[BranchSeen]) -> Vec<Finding> {
    let places = |of: fn(&BranchSeen) -> &Vec<String>| {
        let all: BTreeSet<&str> = branches.iter().flat_map(of).map(String::as_str).collect();
        let first = all.first().copied()?;
        Some(match all.len() {
            1 => first.to_string(),
            n => format!("{first} and {} more places", n - 1),
        })
    };
    let unnamed = places(|own| &own.unnamed).map(|places| {
        Finding::new(
            "unnamed",
            format!("which variables are read at {places} is known to the running code alone"),
            "look there, and give golive.toml what is lacking",
        )
    });
    let large = places(|own| &own.passed_over).map(|places| {
        Finding::new(
            "too-large",
            format!("{places} was not read, for its size"),
            "if people wrote it, look there; else keep what is built out of the repository",
        )
    });
    unnamed.into_iter().chain(large).collect()
}
