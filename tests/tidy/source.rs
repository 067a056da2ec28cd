//! One Rust file as the laws look at it: its code without comments and texts, its texts, its functions, what is test.

use std::ops::Range;

/// A file of the tree with everything that a law may ask about it.
pub struct Source {
    /// Below the top of the repository, such as `src/engine/mod.rs`.
    pub path: String,
    pub text: String,
    /// The text with comments, strings and characters blanked; same length, same lines.
    pub code: String,
    /// `code` with everything that only tests compile blanked as well.
    pub production: String,
    strings: Vec<Literal>,
}

/// A string in the code, as written between its quotes.
pub struct Literal {
    pub line: usize,
    pub text: String,
    at: usize,
}

/// A function with a body.
pub struct Function {
    pub name: String,
    pub line: usize,
    pub lines: usize,
}

impl Source {
    pub fn new(path: &str, text: &str) -> Source {
        let (code, strings) = lex(text);
        let mut production = code.clone();
        if is_test_file(path) {
            blank(&mut production, 0..code.len());
        }
        for range in test_regions(&code) {
            blank(&mut production, range);
        }
        Source {
            path: path.into(),
            text: text.into(),
            code,
            production,
            strings,
        }
    }

    /// The module's path from the crate's root: `src/tui/model.rs` is `["tui", "model"]`.
    pub fn module(&self) -> Vec<String> {
        let inner = self.path.strip_prefix("src/").unwrap_or(&self.path);
        let inner = inner.strip_suffix(".rs").unwrap_or(inner);
        let inner = inner.strip_suffix("/mod").unwrap_or(inner);
        match inner {
            "lib" | "main" => Vec::new(),
            inner => inner.split('/').map(str::to_string).collect(),
        }
    }

    /// The first word of `module`, empty at the root.
    pub fn top(&self) -> String {
        self.module().into_iter().next().unwrap_or_default()
    }

    /// Texts that are compiled into the program itself.
    pub fn shown(&self) -> impl Iterator<Item = &Literal> {
        let bytes = self.production.as_bytes();
        // The opening quote is kept in code, and blanked where only tests compile.
        self.strings.iter().filter(|one| bytes[one.at] == b'"')
    }

    /// Where `word` stands in `code` as a whole, as line numbers.
    pub fn lines_with(code: &str, word: &str) -> Vec<usize> {
        places(code, word).map(|at| line_of(code, at)).collect()
    }

    pub fn functions(&self) -> Vec<Function> {
        places(&self.code, "fn")
            .filter_map(|at| self.function(at))
            .collect()
    }

    fn function(&self, at: usize) -> Option<Function> {
        let rest = &self.code[at + 2..];
        let name: String = rest
            .trim_start()
            .chars()
            .take_while(|c| c.is_alphanumeric() || *c == '_')
            .collect();
        // `fn(…)` without a name is a type.
        if name.is_empty() {
            return None;
        }
        let body = at + 2 + body_start(rest)?;
        let end = closing(&self.code, body)?;
        let (first, last) = (line_of(&self.code, at), line_of(&self.code, end));
        Some(Function {
            name,
            line: first,
            lines: last - first + 1,
        })
    }

    /// Every path that production code names from the crate's root: `use crate::{a::b, c}` gives `a::b` and `c`.
    /// `super` is followed up to where it leads.
    pub fn paths(&self) -> Vec<(usize, Vec<String>)> {
        let mut found = Vec::new();
        for at in places(&self.production, "crate") {
            self.collect(at + "crate".len(), Vec::new(), at, &mut found);
        }
        for at in places(&self.production, "super") {
            // Only the first of a chain, which is not behind `::`.
            if self.production[..at].trim_end().ends_with("super::") {
                continue;
            }
            let mut base = self.module();
            base.pop();
            let mut next = at + "super".len();
            while self.production[next..].starts_with("::super") {
                base.pop();
                next += "::super".len();
            }
            self.collect(next, base, at, &mut found);
        }
        found
    }

    fn collect(
        &self,
        at: usize,
        base: Vec<String>,
        origin: usize,
        found: &mut Vec<(usize, Vec<String>)>,
    ) {
        let Some(rest) = self.production[at..].strip_prefix("::") else {
            return;
        };
        let start = at + 2;
        if rest.starts_with('{') {
            let end = closing(&self.production, start).unwrap_or(self.production.len());
            for part in split_top(&self.production, start + 1..end) {
                let lead = self.production[part.clone()].len()
                    - self.production[part.clone()].trim_start().len();
                self.word(part.start + lead, base.clone(), origin, found);
            }
            return;
        }
        self.word(start, base, origin, found);
    }

    fn word(
        &self,
        at: usize,
        mut base: Vec<String>,
        origin: usize,
        found: &mut Vec<(usize, Vec<String>)>,
    ) {
        let word: String = self.production[at..]
            .chars()
            .take_while(|c| c.is_alphanumeric() || *c == '_')
            .collect();
        if word.is_empty() {
            return;
        }
        let next = at + word.len();
        base.push(word);
        // Two words are as deep as any law asks; the second may again be a list.
        if base.len() < 2 && self.production[next..].starts_with("::") {
            let before = found.len();
            self.collect(next, base.clone(), origin, found);
            if found.len() > before {
                return;
            }
        }
        found.push((line_of(&self.production, origin), base));
    }
}

pub fn line_of(text: &str, at: usize) -> usize {
    text[..at].matches('\n').count() + 1
}

fn is_test_file(path: &str) -> bool {
    path.starts_with("tests/")
        || path.ends_with("/tests.rs")
        || path.ends_with("_tests.rs")
        || path.contains("/tests/")
}

fn is_word(byte: Option<&u8>) -> bool {
    byte.is_some_and(|byte| byte.is_ascii_alphanumeric() || *byte == b'_')
}

/// Starts of `word` where it is not part of a longer one.
fn places<'a>(code: &'a str, word: &'a str) -> impl Iterator<Item = usize> + 'a {
    let bytes = code.as_bytes();
    code.match_indices(word)
        .map(|(at, _)| at)
        .filter(move |at| {
            let before = at.checked_sub(1).and_then(|before| bytes.get(before));
            let (first, last) = (word.as_bytes().first(), word.as_bytes().last());
            !(is_word(first) && is_word(before)
                || is_word(last) && is_word(bytes.get(at + word.len())))
        })
}

/// Everything under `#[cfg(test)]`, attribute to closing brace or semicolon.
fn test_regions(code: &str) -> Vec<Range<usize>> {
    code.match_indices("#[cfg(test)]")
        .map(|(at, mark)| {
            let rest = &code[at + mark.len()..];
            let end = match rest.find(['{', ';']) {
                Some(stop) if rest.as_bytes()[stop] == b'{' => {
                    closing(code, at + mark.len() + stop).unwrap_or(code.len() - 1)
                }
                Some(stop) => at + mark.len() + stop,
                None => code.len() - 1,
            };
            at..end + 1
        })
        .collect()
}

/// Where a function's body begins, seen from behind `fn`; `None` for a declaration without one.
fn body_start(rest: &str) -> Option<usize> {
    let mut depth = 0i32;
    for (at, byte) in rest.bytes().enumerate() {
        match byte {
            b'(' | b'[' => depth += 1,
            b')' | b']' => depth -= 1,
            b'{' if depth == 0 => return Some(at),
            b';' if depth == 0 => return None,
            _ => {}
        }
    }
    None
}

/// The bracket that closes the one at `open`.
fn closing(code: &str, open: usize) -> Option<usize> {
    let mut depth = 0i32;
    for (at, byte) in code.bytes().enumerate().skip(open) {
        match byte {
            b'{' => depth += 1,
            b'}' => {
                depth -= 1;
                if depth == 0 {
                    return Some(at);
                }
            }
            _ => {}
        }
    }
    None
}

/// The parts between the commas that no braces enclose.
fn split_top(code: &str, range: Range<usize>) -> Vec<Range<usize>> {
    let (mut parts, mut depth, mut start) = (Vec::new(), 0i32, range.start);
    for at in range.clone() {
        match code.as_bytes()[at] {
            b'{' => depth += 1,
            b'}' => depth -= 1,
            b',' if depth == 0 => {
                parts.push(start..at);
                start = at + 1;
            }
            _ => {}
        }
    }
    parts.push(start..range.end);
    parts
}

fn blank(code: &mut String, range: Range<usize>) {
    let blanked: String = code[range.clone()]
        .bytes()
        .map(|byte| if byte == b'\n' { '\n' } else { ' ' })
        .collect();
    code.replace_range(range, &blanked);
}

/// Splits a file into code and texts. The quotes of strings stay in the code; what is between them does not.
fn lex(text: &str) -> (String, Vec<Literal>) {
    let bytes = text.as_bytes();
    let mut code: Vec<u8> = bytes.to_vec();
    let mut strings = Vec::new();
    let mut at = 0;
    while at < bytes.len() {
        let (inside, next) = match bytes[at] {
            b'/' if bytes.get(at + 1) == Some(&b'/') => {
                let end = text[at..].find('\n').map_or(bytes.len(), |end| at + end);
                (at..end, end)
            }
            b'/' if bytes.get(at + 1) == Some(&b'*') => {
                let end = comment_end(bytes, at);
                (at..end, end)
            }
            b'"' => {
                let inside = string_inside(bytes, at);
                strings.push(Literal {
                    line: line_of(text, at),
                    text: text[inside.clone()].to_string(),
                    at,
                });
                let next = inside.end + 1;
                (inside, next)
            }
            b'\'' => match char_end(text, at) {
                Some(end) => (at..end, end),
                None => (at..at, at + 1),
            },
            _ => (at..at, at + 1),
        };
        for byte in &mut code[inside] {
            if *byte != b'\n' {
                *byte = b' ';
            }
        }
        at = next;
    }
    // Letters outside ASCII stand only in comments and texts, but what is left must be UTF-8 in any case.
    for byte in &mut code {
        if !byte.is_ascii() {
            *byte = b' ';
        }
    }
    let code = String::from_utf8(code).expect("ASCII is UTF-8");
    (code, strings)
}

fn comment_end(bytes: &[u8], start: usize) -> usize {
    let (mut depth, mut at) = (0, start);
    while at < bytes.len() {
        match (bytes[at], bytes.get(at + 1)) {
            (b'/', Some(b'*')) => {
                depth += 1;
                at += 2;
            }
            (b'*', Some(b'/')) => {
                depth -= 1;
                at += 2;
                if depth == 0 {
                    return at;
                }
            }
            _ => at += 1,
        }
    }
    bytes.len()
}

/// What is between the quotes of the string whose opening quote is at `quote`, raw strings included.
fn string_inside(bytes: &[u8], quote: usize) -> Range<usize> {
    let hashes = bytes[..quote]
        .iter()
        .rev()
        .take_while(|byte| **byte == b'#')
        .count();
    let raw = quote
        .checked_sub(hashes + 1)
        .is_some_and(|at| bytes[at] == b'r' && !is_word_before_raw(bytes, at));
    let start = quote + 1;
    let mut at = start;
    while at < bytes.len() {
        match bytes[at] {
            b'\\' if !raw => at += 1,
            b'"' if !raw => return start..at,
            b'"' if bytes[at + 1..]
                .iter()
                .take(hashes)
                .filter(|b| **b == b'#')
                .count()
                == hashes =>
            {
                return start..at;
            }
            _ => {}
        }
        at += 1;
    }
    start..bytes.len()
}

/// `r` begins a raw string unless it ends a name; `br` and `cr` begin one too.
fn is_word_before_raw(bytes: &[u8], r: usize) -> bool {
    let Some(before) = r.checked_sub(1) else {
        return false;
    };
    match bytes[before] {
        b'b' | b'c' => is_word(before.checked_sub(1).and_then(|at| bytes.get(at))),
        _ => is_word(bytes.get(before)),
    }
}

/// Behind a character's closing quote; `None` for a lifetime.
fn char_end(text: &str, quote: usize) -> Option<usize> {
    let mut chars = text[quote + 1..].char_indices();
    let (_, first) = chars.next()?;
    if first == '\\' {
        chars.next()?;
        let (at, _) = chars.find(|(_, c)| *c == '\'')?;
        return Some(quote + 1 + at + 1);
    }
    let (at, second) = chars.next()?;
    (second == '\'').then_some(quote + 1 + at + 1)
}
