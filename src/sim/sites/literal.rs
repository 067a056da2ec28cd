//! Pieces of JavaScript source: balanced brackets, the members of an object, the items of a list, strings.

/// The text from an opening bracket to the one that closes it, without both. Strings and comments are passed over.
pub fn inside(text: &str) -> Option<&str> {
    let open = text.chars().next()?;
    let mut depth = 0usize;
    for (at, c) in code(text) {
        match c {
            '(' | '[' | '{' => depth += 1,
            ')' | ']' | '}' => depth = depth.checked_sub(1)?,
            _ => {}
        }
        if depth == 0 {
            return text.get(open.len_utf8()..at);
        }
    }
    None
}

/// The parts between commas that stand in no bracket.
pub fn parts(text: &str) -> Vec<&str> {
    let mut parts = Vec::new();
    let (mut depth, mut begin) = (0usize, 0);
    for (at, c) in code(text) {
        match c {
            '(' | '[' | '{' => depth += 1,
            ')' | ']' | '}' => depth = depth.saturating_sub(1),
            ',' if depth == 0 => {
                parts.push(&text[begin..at]);
                begin = at + 1;
            }
            _ => {}
        }
    }
    parts.push(&text[begin..]);
    let parts = parts.into_iter().map(without_comments);
    parts.filter(|part| !part.is_empty()).collect()
}

/// The value of a member of an object whose inside this is.
pub fn member<'t>(object: &'t str, name: &str) -> Option<&'t str> {
    parts(object).into_iter().find_map(|part| {
        let (key, value) = part.split_once(':').unwrap_or((part, part));
        let key = key.trim().trim_matches(['\'', '"', '`']);
        // `origin(origin, callback) { … }` is a member too.
        let method = part.strip_prefix(name).filter(|rest| rest.starts_with('('));
        match key == name {
            true => Some(value.trim()),
            false => method,
        }
    })
}

/// The text of a string literal.
pub fn string(text: &str) -> Option<&str> {
    let text = text.trim();
    let quote = text
        .chars()
        .next()
        .filter(|c| matches!(c, '\'' | '"' | '`'))?;
    let end = text[1..].find(quote)?;
    Some(&text[1..=end])
}

/// The strings of a list literal, or the one string that stands there instead.
pub fn strings(text: &str) -> Vec<&str> {
    let text = text.trim();
    match text.starts_with('[') {
        true => {
            let items = inside(text).map(parts).unwrap_or_default();
            items.into_iter().filter_map(string).collect()
        }
        false => string(text).into_iter().collect(),
    }
}

fn without_comments(part: &str) -> &str {
    let mut part = part.trim();
    loop {
        let rest = match (part.strip_prefix("//"), part.strip_prefix("/*")) {
            (Some(rest), _) => rest.split_once('\n').map_or("", |(_, rest)| rest),
            (_, Some(rest)) => rest.split_once("*/").map_or("", |(_, rest)| rest),
            _ => return part,
        };
        part = rest.trim();
    }
}

/// The characters that are code, with where they stand.
fn code(text: &str) -> impl Iterator<Item = (usize, char)> {
    let mut state = State::Code;
    let mut before = ' ';
    text.char_indices().filter(move |(at, c)| {
        let next = text[at + c.len_utf8()..].chars().next();
        let was = state;
        state = match (state, *c) {
            (State::Code, '\'' | '"' | '`') => State::Text(*c),
            (State::Code, '/') if next == Some('/') => State::Line,
            (State::Code, '/') if next == Some('*') => State::Block,
            (State::Text(quote), c) if c == quote && before != '\\' => State::Code,
            (State::Line, '\n') => State::Code,
            (State::Block, '/') if before == '*' => State::Code,
            (state, _) => state,
        };
        // An escaped backslash escapes nothing.
        before = if before == '\\' && *c == '\\' {
            ' '
        } else {
            *c
        };
        was == State::Code && state == State::Code
    })
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    Code,
    Text(char),
    Line,
    Block,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn brackets_in_strings_and_comments_are_no_brackets() {
        let text = "{ a: '}', /* } */ b: [1, \"]\"], // }\n c: { d: 2 } } rest";
        let object = inside(text).unwrap();
        assert_eq!(member(object, "a"), Some("'}'"));
        assert_eq!(member(object, "b"), Some("[1, \"]\"]"));
        assert_eq!(member(object, "c"), Some("{ d: 2 }"));
        assert_eq!(member(object, "d"), None);
        assert_eq!(inside("{ never closed"), None);
    }

    #[test]
    fn lists_and_strings_are_read_as_they_stand() {
        assert_eq!(strings("['GET', \"PUT\",]"), ["GET", "PUT"]);
        assert_eq!(strings("'GET,PUT'"), ["GET,PUT"]);
        assert!(strings("methods").is_empty());
        assert_eq!(string("`x`"), Some("x"));
        assert_eq!(string("'"), None);
        assert_eq!(string(""), None);
    }
}
