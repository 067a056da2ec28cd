//! A TOML file as the operator wrote it: where each key stands, and errors that say line, column and the known names.
//!
//! Every strictly parsed TOML file of golive reports its mistakes through here.

use std::fmt;
use std::ops::Range;
use std::path::{Path, PathBuf};

use serde::de::DeserializeOwned;
use toml::de::{DeTable, DeValue};

use super::names::quoted;
use crate::error::{Error, Kind};
use crate::text::strip_controls;

/// The text of one file and the name it is shown by.
pub struct Source<'t> {
    path: PathBuf,
    text: &'t str,
    root: Option<toml::Spanned<DeTable<'t>>>,
}

impl<'t> Source<'t> {
    /// Reads the syntax only; the keys are not looked at yet.
    pub fn parse(path: &Path, text: &'t str) -> Result<Self, Error> {
        let mut source = Self {
            path: path.to_owned(),
            text,
            root: None,
        };
        let (root, errors) = DeTable::parse_recoverable(text);
        // One slip, such as a missing quote, makes the parser stumble again further down; the first place is the slip.
        let first = |error: &&toml::de::Error| error.span().map_or(0, |span| span.start);
        if let Some(error) = errors.iter().min_by_key(first) {
            return Err(source.refuse(error));
        }
        source.root = Some(root);
        Ok(source)
    }

    /// The whole file as `T`. Unknown keys, wrong types and missing keys are reported where they stand.
    pub fn read<T: DeserializeOwned>(&self) -> Result<T, Error> {
        toml::from_str(self.text).map_err(|error| self.refuse(&error))
    }

    /// A usage error at the place of `path`, which is the chain of keys down from the top.
    /// Where the last keys are absent, the nearest table above is named.
    pub fn error<S: AsRef<str>>(&self, path: &[S], what: impl fmt::Display) -> Error {
        self.error_at(self.span(path), what)
    }

    /// The line of `path`, counted from 1.
    pub fn line<S: AsRef<str>>(&self, path: &[S]) -> usize {
        self.position(self.span(path).start).0
    }

    /// Whether the file has a key at `path`.
    pub fn has<S: AsRef<str>>(&self, path: &[S]) -> bool {
        self.find(path).is_some()
    }

    /// Byte range of the value at `path`, if it is there.
    pub fn value_span<S: AsRef<str>>(&self, path: &[S]) -> Option<Range<usize>> {
        self.find(path).map(toml::Spanned::span)
    }

    /// The value at `path`, if it is there.
    pub fn value<S: AsRef<str>>(&self, path: &[S]) -> Option<&DeValue<'t>> {
        self.find(path).map(toml::Spanned::get_ref)
    }

    /// Every text in the file, with where it stands; tables and lists are walked through.
    pub fn strings(&self) -> Vec<(&str, Range<usize>)> {
        let mut found = Vec::new();
        if let Some(root) = &self.root {
            for value in root.get_ref().values() {
                walk(value, &mut found);
            }
        }
        found
    }

    /// A usage error at a byte range of the file.
    pub fn error_at(&self, span: Range<usize>, what: impl fmt::Display) -> Error {
        let (line, column) = self.position(span.start);
        Error::new(
            Kind::Usage,
            format!("{}:{line}:{column}: {what}", self.path.display()),
        )
    }

    fn find<S: AsRef<str>>(&self, path: &[S]) -> Option<&toml::Spanned<DeValue<'t>>> {
        let (last, above) = path.split_last()?;
        let mut table = self.root.as_ref()?.get_ref();
        for key in above {
            table = table.get(key.as_ref())?.get_ref().as_table()?;
        }
        table.get(last.as_ref())
    }

    fn span<S: AsRef<str>>(&self, path: &[S]) -> Range<usize> {
        (1..=path.len())
            .rev()
            .find_map(|depth| self.value_span(&path[..depth]))
            .unwrap_or(0..0)
    }

    /// Line and column of a byte, both counted from 1, the column in characters.
    fn position(&self, at: usize) -> (usize, usize) {
        let before: String = self
            .text
            .char_indices()
            .take_while(|(index, _)| *index < at)
            .map(|(_, c)| c)
            .collect();
        let line = before.matches('\n').count() + 1;
        let column = before.rsplit('\n').next().unwrap_or("").chars().count() + 1;
        (line, column)
    }

    fn refuse(&self, error: &toml::de::Error) -> Error {
        let span = error.span().unwrap_or(0..0);
        let message = Message::read(error.message());
        let mut refused = self.error_at(span.clone(), &message.what);
        if error.message().contains("duplicate key")
            && let Some(first) = self.earlier_like(&span)
        {
            refused = refused.because(format!("the same is on line {first} already"));
        }
        match message.hint() {
            Some(hint) => refused.hint(hint),
            None => refused,
        }
    }

    /// The line of the first text equal to the line at `span`: a table or key that was written twice.
    fn earlier_like(&self, span: &Range<usize>) -> Option<usize> {
        let (line, _) = self.position(span.start);
        let lines: Vec<&str> = self.text.lines().collect();
        let name = |text: &str| text.split('=').next().unwrap_or("").trim().to_owned();
        let twice = name(lines.get(line - 1)?);
        lines[..line - 1]
            .iter()
            .rposition(|text| name(text) == twice)
            .map(|index| index + 1)
    }
}

fn walk<'a>(value: &'a toml::Spanned<DeValue<'_>>, found: &mut Vec<(&'a str, Range<usize>)>) {
    match value.get_ref() {
        DeValue::String(text) => found.push((text, value.span())),
        DeValue::Array(list) => list.iter().for_each(|value| walk(value, found)),
        DeValue::Table(table) => table.values().for_each(|value| walk(value, found)),
        _ => {}
    }
}

/// What the parser said, in golive's words.
struct Message {
    what: String,
    wrong: Option<String>,
    known: Vec<String>,
}

impl Message {
    fn read(message: &str) -> Self {
        let (first, rest) = message.split_once(", expected ").unwrap_or((message, ""));
        let named = |prefix: &str| {
            first
                .strip_prefix(prefix)
                .map(|name| name.trim_matches('`').to_owned())
        };
        if let Some(name) = named("unknown field ") {
            return Self::unknown("unknown key", name, rest);
        }
        if let Some(name) = named("unknown variant ") {
            return Self::unknown("unknown value", name, rest);
        }
        let unfit = ["invalid type: ", "invalid value: "];
        if let Some(found) = unfit.iter().find_map(|prefix| first.strip_prefix(prefix)) {
            let expected = match rest {
                "u8" | "u16" | "u32" | "u64" | "i64" => "a whole number in its range",
                other => other,
            };
            return Self::plain(format!("expected {expected}, found {found}"));
        }
        if let Some(name) = named("missing field ") {
            return Self::plain(format!("the key {} is missing here", quoted(&name)));
        }
        Self::plain(message.to_owned())
    }

    fn plain(what: String) -> Self {
        Self {
            what: strip_controls(&what),
            wrong: None,
            known: Vec::new(),
        }
    }

    fn unknown(what: &str, name: String, expected: &str) -> Self {
        // serde lists what it knows between back-quotes.
        let known = expected.split('`').skip(1).step_by(2).map(str::to_owned);
        Self {
            what: format!("{what} {}", quoted(&name)),
            known: known.collect(),
            wrong: Some(name),
        }
    }

    fn hint(&self) -> Option<String> {
        let wrong = self.wrong.as_ref()?;
        unknown_hint(wrong, self.known.iter().map(String::as_str))
    }
}

/// "did you mean …?" and the known names; `None` when there are none.
pub fn unknown_hint<'k>(wrong: &str, known: impl IntoIterator<Item = &'k str>) -> Option<String> {
    let known: Vec<&str> = known.into_iter().collect();
    if known.is_empty() {
        return None;
    }
    let listed: Vec<String> = known.iter().map(|name| format!("`{name}`")).collect();
    let listed = format!("known here: {}", listed.join(", "));
    Some(match nearest(wrong, &known) {
        Some(name) => format!("did you mean `{name}`? {listed}"),
        None => listed,
    })
}

/// The known name that a slip of the finger may have meant.
fn nearest<'k>(wrong: &str, known: &[&'k str]) -> Option<&'k str> {
    const ALIKE_MIN: f64 = 0.75; // clap proposes from 0.7 on; a little stricter, since the known names follow anyway
    known
        .iter()
        .map(|name| (strsim::jaro_winkler(wrong, name), *name))
        .filter(|(alike, _)| *alike >= ALIKE_MIN)
        .max_by(|one, two| one.0.total_cmp(&two.0))
        .map(|(_, name)| name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde::Deserialize;

    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Sample {
        name: String,
        count: Option<u32>,
    }

    fn refused(text: &str) -> String {
        let path = Path::new("sample.toml");
        match Source::parse(path, text).and_then(|source| source.read::<Sample>()) {
            Ok(sample) => panic!("{} {:?} was taken", sample.name, sample.count),
            Err(error) => error.to_string(),
        }
    }

    #[test]
    fn each_mistake_is_named_with_its_place() {
        assert_eq!(
            refused("name = \"ä\"\n cuont = 1\n"),
            "error: sample.toml:2:2: unknown key `cuont`\nhint: did you mean `count`? known here: `name`, `count`"
        );
        assert_eq!(
            refused("name = 3"),
            "error: sample.toml:1:8: expected a string, found integer `3`"
        );
        assert_eq!(
            refused("name = \"a\"\ncount = -3"),
            "error: sample.toml:2:9: expected a whole number in its range, found integer `-3`"
        );
        assert_eq!(
            refused("count = 3"),
            "error: sample.toml:1:1: the key `name` is missing here"
        );
        assert_eq!(
            refused("name = \"a\ncount = 1\"\n"),
            "error: sample.toml:1:10: invalid basic string, expected `\"`"
        );
    }

    #[test]
    fn a_key_written_twice_names_both_lines() {
        let text = refused("name = \"a\"\ncount = 1\nname = \"b\"\n");
        assert!(text.contains("sample.toml:3:1: duplicate key"), "{text}");
        assert!(text.contains("line 1 already"), "{text}");
    }

    #[test]
    fn a_column_counts_characters() {
        let text = "a = { b = \"ä\", c = 1 }";
        let source = Source::parse(Path::new("x.toml"), text).expect("syntax");
        let error = source.error(&["a", "c"], "wrong");
        assert_eq!(error.what, "x.toml:1:20: wrong");
        assert_eq!(source.error(&["a", "z"], "gone").what, "x.toml:1:5: gone");
    }
}
