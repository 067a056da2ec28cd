//! Looks for a secret wherever golive could have left one: in every encoding a leak would give it.

use std::path::Path;

use golive::secret::{Secret, SecretName};
use golive::vault::redact::Redactor;

use crate::session;

/// The secrets of a story, looked for in all that golive writes, prints and shows of itself.
#[derive(Default)]
pub struct Canary {
    redactor: Redactor,
    /// How much was looked through: a look at nothing proves nothing.
    pub bytes: usize,
    pub files: usize,
}

impl Canary {
    pub fn know(&mut self, name: &str, value: &str) {
        let (name, value) = (SecretName::new(name), Secret::new(value.to_string()));
        self.keep(&name, &value);
    }

    pub fn keep(&mut self, name: &SecretName, value: &Secret) {
        self.redactor.know(name, value);
    }

    /// Fails when a secret stands in `bytes`.
    #[track_caller]
    pub fn look(&mut self, place: &str, bytes: &[u8]) {
        self.bytes += bytes.len();
        let hits = self.redactor.hits(bytes);
        assert!(hits.is_empty(), "{place} holds a secret: {hits:?}");
    }

    /// Looks through every file below a folder but those that are there to hold one.
    #[track_caller]
    pub fn look_below(&mut self, folder: &Path, but: &[&str]) {
        let mut found = vec![];
        session::files(folder, &mut |path, bytes| {
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            if !but.contains(&&*name) {
                found.push((path.display().to_string(), bytes.to_vec()));
            }
        });
        self.files += found.len();
        for (place, bytes) in found {
            self.look(&place, &bytes);
        }
    }

    /// That it would have been found: in every form, in the midst of other text.
    pub fn proves_itself(&self, value: &str) {
        use base64::Engine;
        let base64 = |before: &str| {
            base64::prelude::BASE64_STANDARD.encode([before, value, " after"].concat())
        };
        let url: String = value.bytes().map(|byte| format!("%{byte:02X}")).collect();
        let hex: String = value.bytes().map(|byte| format!("{byte:02x}")).collect();
        let reversed: String = value.chars().rev().collect();
        let encoded =
            percent_encoding::utf8_percent_encode(value, percent_encoding::NON_ALPHANUMERIC);
        let planted = [
            value.to_string(),
            base64(""),
            base64("a"),
            base64("ab"),
            encoded.to_string(),
            hex,
            reversed,
        ];
        for planted in planted {
            let text = format!("before {planted} after");
            let hits = self.redactor.hits(text.as_bytes());
            assert!(!hits.is_empty(), "{planted} would not be found");
        }
        // Escaping what needs no escape is nobody's encoding; it is here to show that a miss is possible.
        assert!(self.redactor.hits(url.as_bytes()).is_empty());
    }
}
