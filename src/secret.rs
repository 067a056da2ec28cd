//! Secrets: a value that cannot be printed, the name it is spoken of by, and the fingerprint it is compared by.
//!
//! `expose()` may stand only in the places that `tests/tidy.rs` lists.

use std::fmt;
use std::sync::Arc;

use hmac::{Hmac, KeyInit, Mac};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// A secret value. Shared, never copied; wiped from memory when the last holder drops it.
#[derive(Clone)]
pub struct Secret(Arc<SecretString>);

impl Secret {
    pub fn new(value: impl Into<String>) -> Self {
        Self(Arc::new(SecretString::from(value.into())))
    }

    /// The clear value, for the one place that must hand it on.
    pub fn expose(&self) -> &str {
        self.0.expose_secret()
    }

    /// Length in characters; shown beside a masked field, never the value.
    pub fn chars(&self) -> usize {
        self.expose().chars().count()
    }

    pub fn is_empty(&self) -> bool {
        self.expose().is_empty()
    }

    /// A password of 32 letters and digits: 190 bits, and nothing in it that an address would have to encode. The error
    /// is the system's, when it gives no random bytes.
    pub fn password() -> Result<Secret, String> {
        const LETTERS: &[u8; 62] =
            b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
        const LENGTH: usize = 32;
        let mut text = zeroize::Zeroizing::new(String::with_capacity(LENGTH));
        let mut random = zeroize::Zeroizing::new([0u8; 64]);
        while text.len() < LENGTH {
            getrandom::fill(&mut *random).map_err(|error| error.to_string())?;
            // A byte beyond the last whole turn of the alphabet would favour its beginning.
            let fair = random.iter().filter(|byte| **byte < 248);
            let letters = fair.map(|byte| char::from(LETTERS[usize::from(*byte) % 62]));
            let lacking = LENGTH - text.len();
            text.extend(letters.take(lacking));
        }
        Ok(Secret::new(text.as_str()))
    }

    /// That many random bytes as text: base64 for addresses, without padding. The error is the system's, when it gives
    /// none.
    pub fn random(bytes: u16) -> Result<Secret, String> {
        use base64::Engine;
        use base64::engine::general_purpose::URL_SAFE_NO_PAD;
        let mut random = zeroize::Zeroizing::new(vec![0u8; usize::from(bytes)]);
        getrandom::fill(&mut random).map_err(|error| error.to_string())?;
        Ok(Secret::new(URL_SAFE_NO_PAD.encode(&*random)))
    }

    /// Length in bytes, as limits of providers count it.
    pub fn bytes(&self) -> usize {
        self.expose().len()
    }

    pub fn holds(&self, text: &str) -> bool {
        self.expose().contains(text)
    }

    /// Whether every character passes; which one does not is nobody's business.
    pub fn is_made_of(&self, passes: impl Fn(char) -> bool) -> bool {
        self.expose().chars().all(passes)
    }

    /// Whether it begins or ends with white space, a line break included.
    pub fn has_outer_space(&self) -> bool {
        self.expose().trim().len() != self.expose().len()
    }

    /// Whether this value stands somewhere in a text, byte by byte. An empty value stands nowhere.
    pub fn stands_in(&self, text: &[u8]) -> bool {
        let own = self.expose().as_bytes();
        !own.is_empty() && text.windows(own.len()).any(|window| window == own)
    }

    /// Whether it holds a character that an address must percent-encode, such as `@`, `:` or `/`.
    pub fn needs_encoding(&self) -> bool {
        let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | '_' | '~');
        !self.expose().chars().all(plain)
    }

    /// The text of an answer to an HTTP Digest riddle, which holds a digest and no secret; `None` for anything else.
    pub fn digest_answer(&self) -> Option<&str> {
        let text = self.expose();
        text.starts_with("Digest ").then_some(text)
    }

    /// `prefix` + this value, as header values such as `Bearer …` need it.
    pub fn prefixed(&self, prefix: &str) -> Secret {
        Secret::new(format!("{prefix}{}", self.expose()))
    }

    /// This value, a separator, and another one behind it: `key:secret`.
    pub fn followed_by(&self, separator: &str, other: &Secret) -> Secret {
        Secret::new(format!("{}{separator}{}", self.expose(), other.expose()))
    }

    /// With a showable text behind it.
    pub fn suffixed(&self, suffix: &str) -> Secret {
        Secret::new(format!("{}{suffix}", self.expose()))
    }

    /// Percent-encoded as a part of an address (RFC 3986: all but unreserved characters).
    pub fn percent_encoded(&self) -> Secret {
        const PART: &percent_encoding::AsciiSet = &percent_encoding::NON_ALPHANUMERIC
            .remove(b'-')
            .remove(b'.')
            .remove(b'_')
            .remove(b'~');
        Secret::new(percent_encoding::utf8_percent_encode(self.expose(), PART).to_string())
    }

    /// This value as an address: whom one reaches, how and as whom; without the password in it. `None` for what is none.
    pub fn address(&self) -> Option<url::Url> {
        let mut url = url::Url::parse(self.expose()).ok()?;
        // Refused only where an address can hold no password anyway.
        let _ = url.set_password(None);
        Some(url)
    }

    /// The password that stands in an address, decoded.
    pub fn address_password(&self) -> Option<Secret> {
        let url = url::Url::parse(self.expose()).ok()?;
        let password = percent_encoding::percent_decode_str(url.password()?);
        Some(Secret::new(password.decode_utf8().ok()?))
    }

    /// `text` with `mark` wherever this value stands in it, as it is or percent-encoded.
    pub fn hidden_in(&self, text: &str, mark: &str) -> String {
        if self.is_empty() {
            return text.to_owned();
        }
        let plain = text.replace(self.expose(), mark);
        match self.needs_encoding() {
            true => plain.replace(self.percent_encoded().expose(), mark),
            false => plain,
        }
    }

    /// `text` with this value wherever `mark` stands: how a simulated world, which lives through its past again, gets
    /// back what was hidden.
    pub fn shown_in(&self, text: &str, mark: &str) -> String {
        text.replace(mark, self.expose())
    }

    pub fn starts_with(&self, prefix: &str) -> bool {
        self.expose().starts_with(prefix)
    }

    /// Equality without showing either side.
    pub fn same_as(&self, other: &Secret) -> bool {
        self.expose() == other.expose()
    }

    /// Whether this is the value whose SHA-256 is `hex`; the simulated world keeps passwords as no more than that.
    pub fn has_sha256(&self, hex: &str) -> bool {
        let digest = Sha256::digest(self.expose().as_bytes());
        let own: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
        own == hex
    }

    /// HMAC-SHA-256 under the launch's fingerprint key, cut to 40 bits: a bare hash of a value that a person
    /// typed could be guessed offline.
    pub fn fingerprint(&self, key: &Secret) -> Fingerprint {
        let mut mac = Hmac::<Sha256>::new_from_slice(key.expose().as_bytes())
            .expect("HMAC takes a key of any length");
        mac.update(self.expose().as_bytes());
        let digest = mac.finalize().into_bytes();
        Fingerprint(
            digest[..5]
                .iter()
                .map(|byte| format!("{byte:02x}"))
                .collect(),
        )
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(hidden)")
    }
}

/// The slot of the vault that a secret is kept under, such as `GITHUB_TOKEN` or `prod.REDIS_URL`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct SecretName(String);

impl SecretName {
    pub fn new(name: impl Into<String>) -> Self {
        Self(name.into())
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The environment variable that may hold it: dots are not allowed in variable names.
    pub fn variable(&self) -> String {
        format!("GOLIVE_SECRET_{}", self.0.replace('.', "__"))
    }
}

impl fmt::Display for SecretName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

/// What golive may say about a secret: 40 bits stored, the first 4 hex digits shown.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Fingerprint(String);

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.get(..4).unwrap_or(&self.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_never_printed() {
        assert_eq!(format!("{:?}", Secret::new("hunter2")), "Secret(hidden)");
    }

    #[test]
    fn a_generated_password_is_long_plain_and_never_the_same() {
        let (one, two) = (Secret::password().unwrap(), Secret::password().unwrap());
        assert_eq!((one.chars(), one.needs_encoding()), (32, false));
        assert!(!one.same_as(&two));
        assert!(Secret::new("p@ss:w/rd").needs_encoding());
    }

    #[test]
    fn random_bytes_become_text_that_needs_no_encoding() {
        let (one, two) = (Secret::random(48).unwrap(), Secret::random(48).unwrap());
        assert_eq!((one.chars(), one.needs_encoding()), (64, false));
        assert!(!one.same_as(&two));
    }

    #[test]
    fn a_value_is_looked_for_without_being_shown() {
        let value = Secret::new("pk_test_51Account");
        assert!(value.stands_in(b"x=\"pk_test_51Account\";"));
        assert!(!value.stands_in(b"pk_test_51Accoun"));
        assert!(!Secret::new("").stands_in(b"anything"));
        assert!(Secret::new("value\n").has_outer_space() && !value.has_outer_space());
    }

    #[test]
    fn an_address_is_told_without_its_password() {
        let url = Secret::new("rediss://red-1:p%40ss@queue.example.com:6379");
        let told = url.address().unwrap().to_string();
        assert_eq!(told, "rediss://red-1@queue.example.com:6379");
        let password = url.address_password().unwrap();
        assert!(password.same_as(&Secret::new("p@ss")));
        assert!(Secret::new("no address").address().is_none());
        assert!(Secret::new("redis://h:1").address_password().is_none());
        let hidden = password.hidden_in("p@ss and p%40ss", "{it}");
        assert_eq!(hidden, "{it} and {it}");
        assert_eq!(password.shown_in("a{it}", "{it}"), "ap@ss");
    }

    #[test]
    fn fingerprints_depend_on_the_key_and_show_four_digits() {
        let (one, two) = (Secret::new("key one"), Secret::new("key two"));
        let value = Secret::new("value");
        assert_eq!(value.fingerprint(&one), value.fingerprint(&one));
        assert_ne!(value.fingerprint(&one), value.fingerprint(&two));
        assert_eq!(value.fingerprint(&one).to_string().len(), 4);
    }
}
