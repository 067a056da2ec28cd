//! The forms in which a known secret can turn up: as it is, escaped, encoded, and as a leak would mangle it.

use std::fmt::Write;
use std::ops::Range;

use base64::Engine;
use base64::prelude::{BASE64_STANDARD_NO_PAD, BASE64_URL_SAFE_NO_PAD};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_encode};
use zeroize::Zeroizing;

/// How a secret was written where it was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Form {
    Plain,
    /// Inside a JSON string.
    Json,
    /// Percent-encoded, as in an address or a form.
    Url,
    Hex,
    Base64,
    Reversed,
    /// `[115, 107, …`, as `{:?}` prints bytes.
    ByteList,
    /// Eight bytes in a row of it.
    Part,
}

/// Bytes to look for, and whose they are.
pub struct Needle {
    pub owner: usize,
    pub form: Form,
    pub bytes: Zeroizing<Vec<u8>>,
}

/// Shorter values cannot be told from other text.
const LENGTH_MIN: usize = 4;
/// Shorter encodings turn up by chance.
const ENCODED_MIN: usize = 6;
const PART: usize = 8;

/// Public beginnings: they say what kind of secret it is and give nothing of it away.
const PUBLIC_BEGINNINGS: [&str; 16] = [
    "sk_live_",
    "sk_test_",
    "rk_live_",
    "rk_test_",
    "github_pat_",
    "mongodb+srv://",
    "mongodb://",
    "rediss://",
    "redis://",
    "golive-sim-github-",
    "golive-sim-vercel-",
    "golive-sim-render-",
    "golive-sim-atlas-",
    "golive-sim-stripe-",
    "golive-sim-mongodb-",
    "golive-sim-",
];

/// Characters that RFC 3986 leaves as they are.
const RESERVED_ONLY: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');
/// Characters that the form encoding leaves as they are.
const FORM: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'*');
/// What the user part of an address has to escape, as the `url` crate does it.
const USERINFO: &AsciiSet = &percent_encoding::CONTROLS
    .add(b' ')
    .add(b'"')
    .add(b'#')
    .add(b'<')
    .add(b'>')
    .add(b'?')
    .add(b'`')
    .add(b'{')
    .add(b'}')
    .add(b'/')
    .add(b':')
    .add(b';')
    .add(b'=')
    .add(b'@')
    .add(b'[')
    .add(b'\\')
    .add(b']')
    .add(b'^')
    .add(b'|');

/// All forms of one value; none for a value that is too short.
pub fn of(owner: usize, value: &str) -> Vec<Needle> {
    if value.len() < LENGTH_MIN {
        return Vec::new();
    }
    let mut needles = Needles {
        owner,
        found: Vec::new(),
    };
    let bytes = value.as_bytes();
    needles.add(Form::Plain, LENGTH_MIN, bytes.to_vec());
    needles.add(Form::Json, ENCODED_MIN, json(value, false));
    needles.add(Form::Json, ENCODED_MIN, json(value, true));
    for set in [NON_ALPHANUMERIC, RESERVED_ONLY, USERINFO] {
        let encoded = percent_encode(bytes, set).to_string();
        needles.add(Form::Url, ENCODED_MIN, small_escapes(&encoded).into());
        needles.add(Form::Url, ENCODED_MIN, encoded.into());
    }
    let form = percent_encode(bytes, FORM).to_string().replace("%20", "+");
    needles.add(Form::Url, ENCODED_MIN, form.into());
    let hex = super::super::hex(bytes);
    needles.add(Form::Hex, ENCODED_MIN, hex.to_uppercase().into());
    needles.add(Form::Hex, ENCODED_MIN, hex.into());
    for offset in 0..3 {
        needles.add(
            Form::Base64,
            ENCODED_MIN,
            base64_core(&BASE64_STANDARD_NO_PAD, bytes, offset),
        );
        needles.add(
            Form::Base64,
            ENCODED_MIN,
            base64_core(&BASE64_URL_SAFE_NO_PAD, bytes, offset),
        );
    }
    let reversed: String = value.chars().rev().collect();
    needles.add(Form::Reversed, PART, reversed.into());
    let listed = format!("{bytes:?}");
    let inner = listed.trim_matches(['[', ']']);
    needles.add(Form::ByteList, 3 * LENGTH_MIN, inner.into());
    let public = PUBLIC_BEGINNINGS
        .iter()
        .find(|beginning| value.starts_with(**beginning))
        .map_or(0, |beginning| beginning.len());
    for part in bytes[public..].windows(PART) {
        needles.add(Form::Part, PART, part.to_vec());
    }
    needles.found
}

struct Needles {
    owner: usize,
    found: Vec<Needle>,
}

impl Needles {
    /// Adds a form, unless it is too short or already there in an earlier form.
    fn add(&mut self, form: Form, length_min: usize, bytes: Vec<u8>) {
        let bytes = Zeroizing::new(bytes);
        if bytes.len() < length_min || self.found.iter().any(|needle| needle.bytes == bytes) {
            return;
        }
        self.found.push(Needle {
            owner: self.owner,
            form,
            bytes,
        });
    }
}

impl Needle {
    /// What to hide when it is found at `at`. In base64 the characters at both ends also hold bits of the
    /// neighbours, so the whole run is hidden.
    pub fn range_to_hide(&self, text: &[u8], at: usize) -> Range<usize> {
        let end = at + self.bytes.len();
        if self.form != Form::Base64 {
            return at..end;
        }
        let belongs = |byte: &&u8| byte.is_ascii_alphanumeric() || b"+/-_".contains(byte);
        let before = text[..at].iter().rev().take_while(belongs).count();
        let after = text[end..]
            .iter()
            .take_while(|byte| belongs(byte) || **byte == b'=')
            .count();
        at - before..end + after
    }
}

/// The inside of a JSON string; `ascii` writes everything else as `\uXXXX`, as some services do.
fn json(value: &str, ascii: bool) -> Vec<u8> {
    let mut escaped = String::new();
    for character in value.chars() {
        match character {
            '"' => escaped.push_str("\\\""),
            '\\' => escaped.push_str("\\\\"),
            '\n' => escaped.push_str("\\n"),
            '\r' => escaped.push_str("\\r"),
            '\t' => escaped.push_str("\\t"),
            other if other.is_ascii_control() || (ascii && !other.is_ascii()) => {
                for unit in other.encode_utf16(&mut [0; 2]) {
                    // Writing to a string cannot fail.
                    let _ = write!(escaped, "\\u{unit:04x}");
                }
            }
            other => escaped.push(other),
        }
    }
    escaped.into()
}

/// `%3A` as `%3a`: both are in use.
fn small_escapes(encoded: &str) -> String {
    let mut small = String::with_capacity(encoded.len());
    let mut left_in_escape = 0;
    for character in encoded.chars() {
        if character == '%' {
            left_in_escape = 2;
            small.push(character);
        } else if left_in_escape > 0 {
            left_in_escape -= 1;
            small.push(character.to_ascii_lowercase());
        } else {
            small.push(character);
        }
    }
    small
}

/// The characters that `bytes` alone decides when it stands `offset` bytes (modulo 3) into what is encoded.
fn base64_core(engine: &impl Engine, bytes: &[u8], offset: usize) -> Vec<u8> {
    let mut padded = Zeroizing::new(vec![0; offset]);
    padded.extend_from_slice(bytes);
    let encoded = engine.encode(&*padded).into_bytes();
    // One byte before takes 8 of the first 12 bits, two take 16 of the first 18.
    let skipped = [0, 2, 3][offset];
    let shared_end = usize::from(!padded.len().is_multiple_of(3));
    let end = encoded.len() - shared_end;
    encoded[skipped.min(end)..end].to_vec()
}
