//! Hides secrets in text that leaves golive: every known value in the forms it could travel in, and well-known shapes.
//!
//! The types keep secrets out of text; this is the second net, for a vendor's message that quotes a token back.

mod forms;
mod shapes;

use std::ops::Range;

use crate::secret::{Secret, SecretName};

pub use forms::Form;
use forms::Needle;

/// What stands in the place of a secret.
pub const HIDDEN: &str = "[hidden]";

/// A known secret found where it must not be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hit {
    pub name: SecretName,
    pub form: Form,
    /// Offset of its first byte.
    pub at: usize,
}

/// Holds the secrets that are known so far. Without any it still hides the well-known shapes.
#[derive(Default)]
pub struct Redactor {
    names: Vec<SecretName>,
    needles: Vec<Needle>,
    /// Needles by their first two bytes, so that one pass over a text looks for all of them.
    index: std::collections::HashMap<[u8; 2], Vec<usize>>,
}

impl Redactor {
    /// Hides this value from now on. Values of fewer than four characters are too short to be told from other
    /// text and are not hidden.
    pub fn know(&mut self, name: &SecretName, value: &Secret) {
        let owner = self.names.len();
        self.names.push(name.clone());
        for needle in forms::of(owner, value.expose()) {
            let key = [needle.bytes[0], needle.bytes[1]];
            self.index.entry(key).or_default().push(self.needles.len());
            self.needles.push(needle);
        }
    }

    /// The text with `[hidden]` for each known secret and each well-known shape.
    pub fn clean(&self, text: &str) -> String {
        let mut ranges: Vec<Range<usize>> = self
            .found(text.as_bytes())
            .filter(|(needle, _)| needle.form != Form::Part)
            .map(|(needle, at)| needle.range_to_hide(text.as_bytes(), at))
            .chain(shapes::find(text))
            .collect();
        ranges.sort_by_key(|range| (range.start, range.end));
        let mut clean = String::with_capacity(text.len());
        let mut done = 0;
        let mut open: Option<Range<usize>> = None;
        for range in ranges {
            match &mut open {
                Some(current) if range.start <= current.end => {
                    current.end = current.end.max(range.end);
                }
                _ => {
                    hide(&mut clean, text, &mut done, open.take());
                    open = Some(range);
                }
            }
        }
        hide(&mut clean, text, &mut done, open);
        clean.push_str(&text[done..]);
        clean
    }

    /// Every place where a known secret stands, also reversed, as a list of bytes, or in part (eight bytes in a
    /// row): what the canary tests count, with 0 as the only good number.
    pub fn hits(&self, bytes: &[u8]) -> Vec<Hit> {
        self.found(bytes)
            .map(|(needle, at)| Hit {
                name: self.names[needle.owner].clone(),
                form: needle.form,
                at,
            })
            .collect()
    }

    fn found<'a>(&'a self, bytes: &'a [u8]) -> impl Iterator<Item = (&'a Needle, usize)> {
        bytes.windows(2).enumerate().flat_map(move |(at, two)| {
            let candidates = self.index.get(two).map(Vec::as_slice).unwrap_or_default();
            candidates
                .iter()
                .map(|index| &self.needles[*index])
                .filter(move |needle| bytes[at..].starts_with(&needle.bytes))
                .map(move |needle| (needle, at))
        })
    }
}

fn hide(clean: &mut String, text: &str, done: &mut usize, range: Option<Range<usize>>) {
    if let Some(range) = range {
        clean.push_str(&text[*done..range.start]);
        clean.push_str(HIDDEN);
        *done = range.end;
    }
}

impl std::fmt::Debug for Redactor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Redactor")
            .field("names", &self.names)
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use base64::Engine;
    use base64::prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD};
    use proptest::prelude::*;

    use super::*;

    fn knowing(value: &str) -> Redactor {
        let mut redactor = Redactor::default();
        redactor.know(&SecretName::new("TOKEN"), &Secret::new(value));
        redactor
    }

    const VALUE: &str = "pä\"ss/wörd?+&%~canary";

    #[test]
    fn a_known_secret_is_hidden_in_every_form_it_travels_in() {
        let redactor = knowing(VALUE);
        let json = serde_json::to_string(VALUE).unwrap();
        let url = percent_encoding::utf8_percent_encode(VALUE, percent_encoding::NON_ALPHANUMERIC);
        let form = url::form_urlencoded::byte_serialize(VALUE.as_bytes()).collect::<String>();
        let hex = super::super::hex(VALUE.as_bytes());
        for text in [
            VALUE.to_owned(),
            json[1..json.len() - 1].to_owned(),
            url.to_string(),
            url.to_string()
                .replace("%C3%A4", "%c3%a4")
                .replace("%2F", "%2f")
                .replace("%C3%B6", "%c3%b6")
                .replace("%3F", "%3f")
                .replace("%2B", "%2b")
                .replace("%7E", "%7e"),
            form,
            hex.to_uppercase(),
            hex,
        ] {
            let clean = redactor.clean(&format!("<{text}>"));
            assert_eq!(clean, "<[hidden]>", "{text}");
            assert!(!redactor.hits(text.as_bytes()).is_empty(), "{text}");
        }
    }

    #[test]
    fn base64_hides_wherever_the_secret_begins_in_it() {
        let redactor = knowing(VALUE);
        for before in ["", "u", "us", "use", "user:"] {
            for after in ["", "1", "12", "123"] {
                let whole = format!("{before}{VALUE}{after}");
                for encoded in [
                    BASE64_STANDARD.encode(&whole),
                    BASE64_URL_SAFE_NO_PAD.encode(&whole),
                ] {
                    let clean = redactor.clean(&format!("key={encoded}, next"));
                    assert_eq!(clean, "key=[hidden], next", "{whole}");
                    assert!(!redactor.hits(encoded.as_bytes()).is_empty());
                }
            }
        }
    }

    #[test]
    fn the_canary_scan_sees_more_than_the_screen_must_hide() {
        let redactor = knowing("sk_live_0123456789abcdef");
        let listed = format!("{:?}", b"sk_live_0123456789abcdef");
        for (text, form) in [
            ("fedcba9876543210_evil_ks".to_owned(), Form::Reversed),
            (listed, Form::ByteList),
            ("half: 34567890".replace("90", "9a"), Form::Part),
        ] {
            let hits = redactor.hits(text.as_bytes());
            assert!(hits.iter().any(|hit| hit.form == form), "{text}: {hits:?}");
        }
        // The beginning that all live keys share gives nothing away.
        assert!(redactor.hits(b"it begins with sk_live_").is_empty());
        let hits = redactor.hits(b"x sk_live_0123456789abcdef");
        let plain = hits.iter().find(|hit| hit.form == Form::Plain).unwrap();
        assert_eq!((plain.name.as_str(), plain.at), ("TOKEN", 2));
    }

    #[test]
    fn shapes_are_hidden_without_being_known() {
        let redactor = Redactor::default();
        let long = "0123456789abcdefABCDEF0123456789abcd";
        let jwt = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.dBjftJeZ4CVP-mB92K";
        for (text, clean) in [
            (format!("token ghp_{long}."), "token [hidden].".to_owned()),
            (format!("github_pat_{long}_{long}"), "[hidden]".to_owned()),
            (
                format!("a=sk_live_{long}&b=rk_live_{long}"),
                "a=[hidden]&b=[hidden]".to_owned(),
            ),
            (
                format!("whsec_{long} rnd_{long}"),
                "[hidden] [hidden]".to_owned(),
            ),
            (
                "mongodb+srv://user:p%40ss@host.example/db".to_owned(),
                "mongodb+srv://[hidden]@host.example/db".to_owned(),
            ),
            (
                "rediss://default:pass@red-1:6379, ok".to_owned(),
                "rediss://[hidden]@red-1:6379, ok".to_owned(),
            ),
            (
                "Authorization: sso-key abc:def\n".to_owned(),
                "Authorization: sso-key [hidden]\n".to_owned(),
            ),
            (format!("Bearer {long}"), "Bearer [hidden]".to_owned()),
            (format!("jwt={jwt};"), "jwt=[hidden];".to_owned()),
        ] {
            assert_eq!(redactor.clean(&text), clean);
        }
    }

    #[test]
    fn ordinary_text_stays_readable() {
        let redactor = knowing("canary-0123456789");
        for text in [
            "begin with ghp_ or github_pat_, 40 characters",
            "https://github.com/settings/tokens/new?a=b@c",
            "Bearer token expected; sso-key is GoDaddy's",
            "mongodb+srv://host.example/db",
            "user@example.org wrote at 10:20, eyJ is a beginning",
            "Zürich, 日本",
        ] {
            assert_eq!(redactor.clean(text), text);
        }
    }

    #[test]
    fn what_overlaps_is_hidden_as_one() {
        let mut redactor = knowing("abcdef");
        redactor.know(&SecretName::new("OTHER"), &Secret::new("defghi"));
        assert_eq!(redactor.clean("-abcdefghi-"), "-[hidden]-");
        assert_eq!(redactor.clean("abcdefabcdef!"), "[hidden]!");
        assert!(!format!("{redactor:?}").contains("abcdef"));
    }

    proptest! {
        #[test]
        fn no_text_breaks_it_and_no_known_value_passes(
            value in "\\PC{8,40}", before in "\\PC{0,20}", after in "\\PC{0,20}",
        ) {
            let redactor = knowing(&value);
            let clean = redactor.clean(&format!("{before}{value}{after}"));
            prop_assert!(clean.contains(HIDDEN));
            // The mark itself may complete a value that consists of its letters; that shows nothing.
            prop_assert!(!clean.replace(HIDDEN, "\n").contains(&value));
        }
    }
}
