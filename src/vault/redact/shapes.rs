//! Well-known shapes of secrets, found without knowing the value: provider tokens, credentials in addresses, JWTs.

use std::ops::Range;

/// Beginnings of providers' tokens. What follows must have at least `BODY_MIN` characters: `ghp_` alone is prose.
const BEGINNINGS: [&str; 13] = [
    "ghp_",
    "gho_",
    "ghu_",
    "ghs_",
    "ghr_",
    "github_pat_",
    "sk_live_",
    "sk_test_",
    "rk_live_",
    "rk_test_",
    "whsec_",
    "rnd_",
    "mdb_sa_sk_",
];
const BODY_MIN: usize = 10;
/// Words that a credential follows in a header, and the least length that makes it one.
const SCHEMES: [(&str, usize); 3] = [("sso-key ", 1), ("Bearer ", 16), ("Basic ", 16)];

/// The ranges to hide, in no particular order; they may overlap.
pub fn find(text: &str) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    for beginning in BEGINNINGS {
        for (at, _) in text.match_indices(beginning) {
            let body = run(&text[at + beginning.len()..], is_token);
            if body >= BODY_MIN && starts_word(text, at) {
                found.push(at..at + beginning.len() + body);
            }
        }
    }
    for (scheme, length_min) in SCHEMES {
        for (at, _) in text.match_indices(scheme) {
            let start = at + scheme.len();
            let length = run(&text[start..], is_credential);
            // GoDaddy's is a key and a secret joined by a colon; without one it is prose.
            let pair = scheme != "sso-key " || text[start..start + length].contains(':');
            if length >= length_min && pair {
                found.push(start..start + length);
            }
        }
    }
    found.extend(text.match_indices("://").filter_map(|(at, found)| {
        let start = at + found.len();
        let length = credentials(&text[start..])?;
        Some(start..start + length)
    }));
    found.extend(text.match_indices("eyJ").filter_map(|(at, _)| {
        let length = jwt(&text[at..])?;
        starts_word(text, at).then_some(at..at + length)
    }));
    found
}

fn run(text: &str, fits: impl Fn(char) -> bool) -> usize {
    text.find(|c| !fits(c)).unwrap_or(text.len())
}

fn is_token(character: char) -> bool {
    character.is_ascii_alphanumeric() || matches!(character, '_' | '-')
}

fn is_credential(character: char) -> bool {
    character.is_ascii_graphic() && !matches!(character, '"' | '\'' | ',' | ';' | '<' | '>')
}

fn starts_word(text: &str, at: usize) -> bool {
    !text[..at].ends_with(|c: char| c.is_ascii_alphanumeric() || c == '_')
}

/// Length of `user:password` before the `@` of an address. The last `@` before the host ends counts: a password
/// that was not escaped may hold one.
fn credentials(rest: &str) -> Option<usize> {
    let authority = run(rest, |c| {
        !c.is_whitespace() && !matches!(c, '/' | '?' | '#' | '"' | '\'' | '<' | '>' | ',')
    });
    let end = rest[..authority].rfind('@')?;
    rest[..end].contains(':').then_some(end)
}

/// Length of a JSON Web Token: three parts joined by dots, the last of which may be empty.
fn jwt(text: &str) -> Option<usize> {
    let header = run(text, is_token);
    let payload = text[header..].strip_prefix('.')?;
    let body = run(payload, is_token);
    let signature = payload[body..].strip_prefix('.')?;
    (header >= BODY_MIN && body >= 3).then(|| header + 1 + body + 1 + run(signature, is_token))
}
