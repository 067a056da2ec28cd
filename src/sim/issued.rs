//! What only a world can say, in the values of its beginning: `<token NAME>`, `<made NAME>`, `<redis NAME external>`.
//!
//! A world's file and what is remembered of it hold the words; the values themselves are never written down.

use std::collections::BTreeMap;

use super::chance;

/// Says where an instance of that name is reached, `external` or `internal`.
pub type Queue<'a> = dyn Fn(&str, &str) -> Option<String> + 'a;

/// A value with every word in angle brackets replaced: a token of the world by its name, something that somebody made
/// once, the address of a Key Value instance. What is no such word stays.
pub fn said(
    seed: u64,
    value: &str,
    tokens: &BTreeMap<&'static str, String>,
    queue: &Queue<'_>,
) -> String {
    let mut out = String::with_capacity(value.len());
    let mut rest = value;
    while let Some(at) = rest.find('<') {
        let (before, word) = rest.split_at(at);
        out.push_str(before);
        let end = word.find('>');
        let known = end.and_then(|end| Some((end, meant(seed, &word[1..end], tokens, queue)?)));
        match known {
            Some((end, meant)) => {
                out.push_str(&meant);
                rest = &word[end + 1..];
            }
            None => {
                out.push('<');
                rest = &word[1..];
            }
        }
    }
    out.push_str(rest);
    out
}

fn meant(
    seed: u64,
    word: &str,
    tokens: &BTreeMap<&'static str, String>,
    queue: &Queue<'_>,
) -> Option<String> {
    let words: Vec<&str> = word.split(' ').collect();
    match words[..] {
        ["token", name] => tokens.get(name).cloned(),
        ["made", name] => Some(chance::hex(seed, &format!("made {name}"), 32)),
        ["redis", name, which @ ("external" | "internal")] => queue(name, which),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_stands_for_what_the_world_knows_and_anything_else_for_itself() {
        let tokens = BTreeMap::from([("mongodb_dev", "pw".to_owned())]);
        let queue = |name: &str, which: &str| {
            (name == "shop").then(|| format!("redis://{which}.example.com"))
        };
        let said = |value: &str| said(1, value, &tokens, &queue);
        assert_eq!(
            said("mongodb://u:<token mongodb_dev>@h/<db>"),
            "mongodb://u:pw@h/<db>"
        );
        assert_eq!(
            said("<redis shop external>"),
            "redis://external.example.com"
        );
        assert_eq!(said("<redis other external>"), "<redis other external>");
        assert_eq!(said("a < b > c <"), "a < b > c <");
        assert_eq!(said("<made prod.SALT>").len(), 32);
        assert_eq!(said("<made a>"), said("<made a>"));
        assert_ne!(said("<made a>"), said("<made b>"));
    }
}
