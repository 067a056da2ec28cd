//! Reads a `.env` file strictly: what programs read differently is refused with its line, and no value is ever shown.

use std::collections::BTreeMap;

use crate::secret::Secret;

/// A longer file is a mistaken one: providers take far less than this for all variables together.
pub const LENGTH_MAX: usize = 512 * 1024;

/// One variable of the file.
#[derive(Clone, Debug)]
pub struct Entry {
    pub name: String,
    /// The line that its name stands on; the first is 1.
    pub line: usize,
    /// As it stands between its quotes, with nothing put in for a `$`.
    pub value: Secret,
    /// What the operator should know of it, such as a `$` that was taken as it stands.
    pub notes: Vec<String>,
}

/// A line that cannot be taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wrong {
    pub line: usize,
    pub what: String,
}

/// What the file holds, in its order, or every line of it that cannot be taken.
///
/// `NAME=value`, `export NAME = "value"`, comments, single quotes and backticks (nothing inside means anything), double
/// quotes (`\n` and `\r` are line ends), and quoted values over several lines are read as `dotenv` reads them. A name that
/// stands twice is refused: programs take the first or the last of them, and only its owner knows which is right.
pub fn read(text: &Secret) -> Result<Vec<Entry>, Vec<Wrong>> {
    let text = text.expose();
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut reader = Reader {
        rest: text,
        line: 1,
        wrong: vec![],
    };
    let mut entries = vec![];
    while !reader.rest.is_empty() {
        let line = reader.line;
        match reader.assignment() {
            Ok(Some((name, value, notes))) => entries.push(Entry {
                name: name.to_string(),
                line,
                value: Secret::new(value.as_str()),
                notes,
            }),
            Ok(None) => {}
            Err(what) => {
                reader.wrong.push(Wrong { line, what });
                reader.skip_line();
            }
        }
    }
    let mut wrong = reader.wrong;
    wrong.extend(twice(&entries));
    wrong.sort_by_key(|wrong| wrong.line);
    if wrong.is_empty() {
        return Ok(entries);
    }
    Err(wrong)
}

fn twice(entries: &[Entry]) -> Vec<Wrong> {
    let mut first: BTreeMap<&str, usize> = BTreeMap::new();
    let mut wrong = vec![];
    for entry in entries {
        match first.get(entry.name.as_str()) {
            Some(line) => wrong.push(Wrong {
                line: entry.line,
                what: format!(
                    "{} stands on line {line} already: decide which of the two is right and delete the other",
                    entry.name
                ),
            }),
            None => {
                first.insert(&entry.name, entry.line);
            }
        }
    }
    wrong
}

/// A value while it is read; wiped when it is dropped.
type Value = zeroize::Zeroizing<String>;
/// Name, value, and what to know of it.
type Assignment<'t> = (&'t str, Value, Vec<String>);

struct Reader<'t> {
    rest: &'t str,
    line: usize,
    wrong: Vec<Wrong>,
}

impl<'t> Reader<'t> {
    /// The next line's assignment; `None` for an empty line or a comment.
    fn assignment(&mut self) -> Result<Option<Assignment<'t>>, String> {
        self.spaces();
        if self.rest.is_empty() || self.rest.starts_with(['\n', '\r', '#']) {
            self.skip_line();
            return Ok(None);
        }
        if let Some(after) = self.rest.strip_prefix("export")
            && after.starts_with([' ', '\t'])
        {
            self.rest = after;
            self.spaces();
        }
        let name = self.name()?;
        self.spaces();
        let Some(after) = self.rest.strip_prefix('=') else {
            return Err(match self.rest.starts_with(':') {
                true => format!("{name} is followed by a colon: write {name}=…"),
                false => format!("{name} is followed by no =: write {name}=…"),
            });
        };
        self.rest = after;
        self.spaces();
        let mut notes = vec![];
        let value = match self.rest.chars().next() {
            Some('\'') => self.quoted('\'')?,
            Some('`') => self.quoted('`')?,
            Some('"') => {
                let value = self.quoted('"')?;
                self.dollar(&value, &mut notes);
                self.line_ends(value)?
            }
            _ => {
                let value = self.plain();
                self.dollar(&value, &mut notes);
                value
            }
        };
        self.end_of_line()?;
        Ok(Some((name, value, notes)))
    }

    fn name(&mut self) -> Result<&'t str, String> {
        let fits = |c: char| c.is_ascii_alphanumeric() || c == '_';
        let end = self.rest.find(|c| !fits(c)).unwrap_or(self.rest.len());
        let name = &self.rest[..end];
        if name.is_empty() {
            return Err("it begins with no name of a variable".into());
        }
        // What stands here may be half of a value that lost its quotes, so it is not repeated.
        if name.starts_with(|c: char| c.is_ascii_digit()) {
            return Err("a variable's name does not begin with a digit".into());
        }
        let after = self.rest[end..].chars().next();
        if after.is_some_and(|c| !matches!(c, '=' | ' ' | '\t' | ':' | '\n' | '\r')) {
            return Err("a variable's name has letters, digits and _ only, and = behind it".into());
        }
        // A line that is all one word is more likely the rest of a value than a name.
        if matches!(after, None | Some('\n' | '\r')) {
            return Err("it has no =".into());
        }
        self.rest = &self.rest[end..];
        Ok(name)
    }

    /// What stands between two quotes, over as many lines as it takes.
    fn quoted(&mut self, quote: char) -> Result<Value, String> {
        let inside = &self.rest[1..];
        let mut escaped = false;
        let end = inside.char_indices().find_map(|(at, c)| {
            let closes = c == quote && !escaped;
            escaped = quote == '"' && c == '\\' && !escaped;
            closes.then_some(at)
        });
        let Some(end) = end else {
            // What follows belongs to the quote or does not: none of it can be judged.
            self.rest = "";
            return Err(format!("the {quote} that begins its value is never closed"));
        };
        let text = &inside[..end];
        self.line += text.matches('\n').count();
        self.rest = &inside[end + 1..];
        Ok(Value::new(text.replace("\r\n", "\n")))
    }

    /// `\n` and `\r` inside double quotes. Other escapes are read differently by different programs.
    fn line_ends(&self, raw: Value) -> Result<Value, String> {
        let mut value = Value::new(String::with_capacity(raw.len()));
        let mut characters = raw.chars();
        while let Some(c) = characters.next() {
            if c != '\\' {
                value.push(c);
                continue;
            }
            match characters.next() {
                Some('n') => value.push('\n'),
                Some('r') => value.push('\r'),
                _ => {
                    return Err("a backslash inside double quotes is read differently by different programs, other than in \
                                \\n and \\r: put the value in single quotes, as it is meant"
                        .into());
                }
            }
        }
        Ok(value)
    }

    /// Without quotes: to the line's end, or to a comment behind a space.
    fn plain(&mut self) -> Value {
        let end = self.rest.find('\n').unwrap_or(self.rest.len());
        let line = &self.rest[..end];
        let mut before = ' ';
        let comment = line.char_indices().find_map(|(at, c)| {
            let begins = c == '#' && (before == ' ' || before == '\t');
            before = c;
            begins.then_some(at)
        });
        let end = comment.unwrap_or(line.len());
        let value = Value::new(line[..end].trim_end().to_string());
        self.rest = &self.rest[end..];
        value
    }

    fn dollar(&self, value: &str, notes: &mut Vec<String>) {
        let names = |text: &str| {
            let begins = |c: char| c.is_ascii_alphabetic() || c == '_' || c == '{' || c == '(';
            text.starts_with(begins)
        };
        if value.split('$').skip(1).any(names) {
            notes.push("its $ was taken as it stands: golive puts no other variable in".into());
        }
    }

    /// Behind a value only a comment may stand.
    fn end_of_line(&mut self) -> Result<(), String> {
        self.spaces();
        let ended = self.rest.is_empty() || self.rest.starts_with(['\n', '\r', '#']);
        if !ended {
            return Err("something stands behind the closing quote".into());
        }
        self.skip_line();
        Ok(())
    }

    fn spaces(&mut self) {
        self.rest = self.rest.trim_start_matches([' ', '\t']);
    }

    fn skip_line(&mut self) {
        match self.rest.split_once('\n') {
            Some((_, rest)) => {
                self.rest = rest;
                self.line += 1;
            }
            None => self.rest = "",
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn all(text: &str) -> Vec<(String, usize, String)> {
        let read = read(&Secret::new(text)).unwrap_or_else(|wrong| panic!("{wrong:?}"));
        let told = |entry: Entry| (entry.name, entry.line, entry.value.expose().to_string());
        read.into_iter().map(told).collect()
    }

    fn one(text: &str) -> String {
        let mut all = all(text);
        assert_eq!(all.len(), 1, "{text:?}");
        all.remove(0).2
    }

    /// Lines and sentences; none of them may repeat what stood in the file.
    fn wrong(text: &str) -> Vec<(usize, String)> {
        let wrong = read(&Secret::new(text)).unwrap_err();
        let told = wrong.into_iter().map(|wrong| (wrong.line, wrong.what));
        let told: Vec<(usize, String)> = told.collect();
        assert!(
            told.iter().all(|(_, what)| !what.contains("canary")),
            "{told:?}"
        );
        told
    }

    #[test]
    fn values_are_read_as_dotenv_reads_them() {
        for (text, value) in [
            ("A=b", "b"),
            ("export A=b", "b"),
            ("  export\tA =  b  ", "b"),
            ("A=b # why", "b"),
            ("A=b#c", "b#c"),
            ("A=", ""),
            ("A= # nothing", ""),
            ("A='b # c'", "b # c"),
            ("A=\"b # c\" # why", "b # c"),
            ("A='it\\n is'", "it\\n is"),
            ("A=`it's \"so\"`", "it's \"so\""),
            ("A=\"one\\ntwo\"", "one\ntwo"),
            ("A=\"one\ntwo\"", "one\ntwo"),
            ("A='one\r\ntwo'", "one\ntwo"),
            ("A=b=c==", "b=c=="),
            ("A=it's", "it's"),
            ("A=a\\b", "a\\b"),
            ("\u{feff}A=b\r\n", "b"),
            ("exported=b", "b"),
            ("A=ä ö", "ä ö"),
        ] {
            assert_eq!(one(text), value, "{text:?}");
        }
    }

    #[test]
    fn comments_and_empty_lines_are_passed_over_and_lines_are_counted() {
        let text = "# keys\n\nA=1\nB=\"two\nlines\" # so\n  # more\r\nC='3'\n";
        let named: Vec<(String, usize)> = all(text).into_iter().map(|(a, b, _)| (a, b)).collect();
        let wanted = [("A", 3), ("B", 4), ("C", 7)];
        assert_eq!(named, wanted.map(|(name, line)| (name.to_string(), line)));
        assert!(all("").is_empty() && all("\n# only\n").is_empty());
    }

    #[test]
    fn a_dollar_is_taken_as_it_stands_and_told() {
        let notes = |text: &str| read(&Secret::new(text)).unwrap()[0].notes.len();
        assert_eq!(one("A=$B/x"), "$B/x");
        assert_eq!(notes("A=$B/x"), 1);
        assert_eq!(notes("A=\"${B}\""), 1);
        // In single quotes no program puts anything in, and a price is no variable.
        assert_eq!(notes("A='$B'"), 0);
        assert_eq!(notes("A=pa$$9"), 0);
    }

    #[test]
    fn a_name_that_stands_twice_is_told_with_both_lines() {
        assert_eq!(
            wrong("A=canary1\nB=2\nA=canary3\n"),
            [(
                3,
                "A stands on line 1 already: decide which of the two is right and delete the other"
                    .to_string()
            )]
        );
    }

    #[test]
    fn every_line_that_cannot_be_taken_is_told_and_no_value() {
        for (text, line, what) in [
            ("canary", 1, "it has no ="),
            ("=canary", 1, "it begins with no name"),
            ("1canary=2", 1, "does not begin with a digit"),
            ("can-ary=canary", 1, "letters, digits and _ only"),
            ("A: canary", 1, "A is followed by a colon"),
            ("A canary", 1, "A is followed by no ="),
            (
                "B=1\nA='canary",
                2,
                "the ' that begins its value is never closed",
            ),
            (
                "A=\"canary\\\"",
                1,
                "the \" that begins its value is never closed",
            ),
            ("A=\"can\"ary\"", 1, "behind the closing quote"),
            ("A='canary' canary", 1, "behind the closing quote"),
            ("A=\"\\tcanary\"", 1, "put the value in single quotes"),
            ("A=\"can\\\"ary\"", 1, "put the value in single quotes"),
        ] {
            let told = wrong(text);
            assert_eq!(told[0].0, line, "{text:?}");
            assert!(told[0].1.contains(what), "{text:?}: {told:?}");
        }
        let told = wrong("canary\nA=1\n-\nB='canary\nC=2\n");
        let lines: Vec<usize> = told.iter().map(|(line, _)| *line).collect();
        assert_eq!(lines, [1, 3, 4]);
    }

    proptest! {
        #[test]
        fn whatever_stands_in_the_file_is_read_or_refused_with_a_line_of_it(text in "[A-Z'\"`=\\\\\\n\\r #$ a]{0,60}") {
            let lines = text.matches('\n').count() + 1;
            match read(&Secret::new(text.clone())) {
                Ok(entries) => prop_assert!(entries.iter().all(|entry| (1..=lines).contains(&entry.line))),
                Err(wrong) => {
                    prop_assert!(!wrong.is_empty());
                    prop_assert!(wrong.iter().all(|wrong| (1..=lines).contains(&wrong.line)));
                }
            }
        }

        #[test]
        fn what_is_written_in_single_quotes_comes_back_as_it_was(value in "[^'\\r]{0,40}") {
            prop_assume!(!value.contains('\u{feff}'));
            let read = read(&Secret::new(format!("A='{value}'\n"))).unwrap();
            prop_assert!(read[0].value.same_as(&Secret::new(value)));
        }
    }
}
