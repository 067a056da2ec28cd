//! What of a call may be written down: secrets leave a mark in their place, and marks are read back when a world lives
//! through its past again.
//!
//! A secret that the world issued, or that the rehearsal can make again, has its name in the mark and comes back as it
//! was. So a variable reads the same after a restart, and golive's fingerprints fit. A password in an address that is
//! neither has its SHA-256, as Atlas keeps passwords: logins go on to work. Any other value of a variable that is not
//! plainly harmless is forgotten. Somebody typed it into a rehearsal; a digest of what persons type could be guessed,
//! and the rehearsal's own memory of it is gone with the process as well, so golive asks for it again.

use std::collections::{BTreeMap, BTreeSet};

use percent_encoding::percent_decode_str;
use serde_json::Value;
use sha2::{Digest, Sha256};

use super::{Provider, World, atlas, render};
use crate::secret::Secret;

/// What every mark begins with.
const MARK: &str = "{{the world's ";
const END: &str = "}}";
/// The name of a mark that stands for `MARK` itself.
const OWN: &str = "own words";
/// The name of a mark that stands for a value which is not remembered. It is never read back.
const FORGOTTEN: &str = "forgotten value";
/// What the name of a mark begins with that stands for a password of this SHA-256. It is never read back either.
const DIGEST: &str = "digest ";
/// Words that a variable may have for a value without being a secret.
const WORDS: [&str; 7] = [
    "true",
    "false",
    "production",
    "staging",
    "development",
    "preview",
    "test",
];

/// What a rehearsal knows of the secrets that its launch hands to the world.
#[derive(Clone, Debug, Default)]
pub struct Known {
    /// Secrets that can be made again, by a name that a later process gives them too.
    pub secrets: BTreeMap<String, Secret>,
    /// Variables that are no secret, by their names.
    pub plain: BTreeSet<String>,
}

fn mark(name: &str) -> String {
    format!("{MARK}{name}{END}")
}

fn sha256(text: &str) -> String {
    let digest = Sha256::digest(text.as_bytes());
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Whether a password, or the mark that stands for it since a restart, is the one of that SHA-256 in hexadecimal digits.
pub fn is_password(password: &str, digest: &str) -> bool {
    let kept = password.strip_prefix(MARK);
    let kept = kept.and_then(|rest| rest.strip_prefix(DIGEST)?.strip_suffix(END));
    match kept {
        Some(kept) => kept == digest,
        None => sha256(password) == digest,
    }
}

impl World {
    /// What the rehearsal knows, before anything of it is remembered or read back.
    pub fn know(&mut self, known: Known) {
        self.known = std::sync::Arc::new(known);
    }

    /// A text of a call as it may be written down. `path` is the call's.
    pub(super) fn hide(&self, provider: Provider, path: &str, text: &str) -> String {
        let text = text.replace(MARK, &mark(OWN));
        // First the passwords of Atlas: one of them is a token of the world's too, and its digest is what must be kept.
        let text = match provider {
            Provider::Atlas => atlas::without_passwords(&text),
            _ => text,
        };
        let text = self.name_secrets(text);
        match provider {
            Provider::Render | Provider::Vercel => self.without_values(path, text),
            _ => text,
        }
    }

    /// Puts marks with their names in the place of secrets that can be had again.
    fn name_secrets(&self, mut text: String) -> String {
        for (name, token) in &self.tokens {
            text = text.replace(token, &mark(&format!("token {name}")));
        }
        // An instance that is gone may still be named in what is sent.
        for object in self.book.of_kind(Provider::Render, "key_value") {
            let password = render::queue_password(self.seed, &object.id);
            text = text.replace(&password, &mark(&format!("queue {}", object.id)));
        }
        for (name, secret) in &self.known.secrets {
            if secret.needs_encoding() {
                let encoded = mark(&format!("encoded {name}"));
                text = secret.percent_encoded().hidden_in(&text, &encoded);
            }
            text = secret.hidden_in(&text, &mark(&format!("secret {name}")));
        }
        text
    }

    /// Takes the values of variables and secret files out of a body that are still in it and may be secrets.
    fn without_values(&self, path: &str, text: String) -> String {
        let Ok(mut body) = serde_json::from_str::<Value>(&text) else {
            return text;
        };
        let path = path.split('?').next().unwrap_or_default();
        let below = |folder: &str| path.split_once(folder).map(|(_, key)| key.to_owned());
        let key = below("/env-vars/");
        let is_file = below("/secret-files/").is_some();
        match self.forget(&mut body, key.as_deref(), is_file) {
            true => body.to_string(),
            false => text,
        }
    }

    /// Goes through a body; whether anything in it was changed.
    fn forget(&self, tree: &mut Value, key: Option<&str>, is_file: bool) -> bool {
        match tree {
            Value::Array(items) => items
                .iter_mut()
                .fold(false, |any, item| self.forget(item, key, is_file) | any),
            Value::Object(members) => {
                let own = members
                    .get("key")
                    .and_then(Value::as_str)
                    .map(str::to_owned);
                let named = own.as_deref().or(key);
                members.iter_mut().fold(false, |any, (name, value)| {
                    let changed = match value {
                        Value::String(text) if name == "value" => {
                            self.forget_value(named.unwrap_or_default(), text)
                        }
                        Value::String(text) if name == "content" && is_file => {
                            *text = mark(FORGOTTEN);
                            true
                        }
                        inner => self.forget(inner, key, is_file || name == "secretFiles"),
                    };
                    changed | any
                })
            }
            _ => false,
        }
    }

    /// Whether a variable's value had to be changed.
    fn forget_value(&self, key: &str, value: &mut String) -> bool {
        if self.known.plain.contains(key) || is_harmless(value) {
            return false;
        }
        if let Some(without) = without_password(value) {
            let changed = without != *value;
            *value = without;
            return changed;
        }
        if value.contains(MARK) {
            return false;
        }
        *value = mark(FORGOTTEN);
        true
    }

    /// The text as it was when it was sent, as far as its marks can be read back.
    pub(super) fn show(&self, provider: Provider, text: &str) -> String {
        let mut out = String::with_capacity(text.len());
        let mut rest = text;
        while let Some(at) = rest.find(MARK) {
            let (before, marked) = rest.split_at(at);
            out.push_str(before);
            let inside = &marked[MARK.len()..];
            let named = inside.split_once(END);
            let meant = named.and_then(|(name, after)| Some((self.meant(provider, name)?, after)));
            match meant {
                Some((meant, after)) => {
                    out.push_str(&meant);
                    rest = after;
                }
                None => {
                    out.push_str(MARK);
                    rest = inside;
                }
            }
        }
        out.push_str(rest);
        out
    }

    fn meant(&self, provider: Provider, name: &str) -> Option<String> {
        let secret = |name: &str| self.known.secrets.get(name);
        let text = |secret: &Secret| secret.shown_in("*", "*");
        match name.split_once(' ').unwrap_or((name, "")) {
            _ if name == OWN => Some(MARK.to_owned()),
            // As rehearsals were written down that know of no other secret.
            ("token", "") => Some(self.token(provider.as_str()).to_owned()),
            ("token", token) => self.tokens.get(token).cloned(),
            ("queue", id) => Some(render::queue_password(self.seed, id)),
            ("secret", name) => secret(name).map(text),
            ("encoded", name) => secret(name).map(|known| text(&known.percent_encoded())),
            _ => None,
        }
    }
}

/// Whether a value is no secret whatever its variable is called: a common word, a short number, addresses of sites.
fn is_harmless(value: &str) -> bool {
    let number = value.len() <= 5 && value.bytes().all(|byte| byte.is_ascii_digit());
    number || WORDS.contains(&value) || value.split(',').all(is_origin)
}

/// `https://www.example.com`, perhaps with a port; nothing in it that could be a password or a key.
fn is_origin(text: &str) -> bool {
    let text = text.trim();
    let host = text.strip_prefix("https://");
    let host = host.or_else(|| text.strip_prefix("http://"));
    host.is_some_and(|host| {
        let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | ':');
        !host.is_empty() && host.chars().all(plain)
    })
}

/// An address whose password, unless a mark stands there already, has the mark of its digest in its place. `None` for
/// what is no address with a password.
fn without_password(value: &str) -> Option<String> {
    let (scheme, rest) = value.split_once("://")?;
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let (authority, tail) = rest.split_at(end);
    let (credentials, host) = authority.rsplit_once('@')?;
    let (user, password) = credentials.split_once(':')?;
    if scheme.contains(char::is_whitespace) || password.is_empty() {
        return None;
    }
    let hidden = match password.contains(MARK) {
        true => password.to_owned(),
        false => {
            let clear = percent_decode_str(password).decode_utf8_lossy();
            mark(&format!("{DIGEST}{}", sha256(&clear)))
        }
    };
    Some(format!("{scheme}://{user}:{hidden}@{host}{tail}"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::desk::Desk;
    use super::*;

    const MADE: &str = "5f4dcc3b5aa765d61d8327deb882cf99";

    fn world() -> World {
        let mut world = Desk::calm("done").world;
        world.know(Known {
            secrets: BTreeMap::from([
                ("prod.DATABASE_PASSWORD".to_owned(), Secret::new(MADE)),
                ("prod.ODD".to_owned(), Secret::new("p@ss/word")),
            ]),
            plain: BTreeSet::from(["ENVIRONMENT_NAME".to_owned()]),
        });
        world
    }

    fn body(variables: &[(&str, &str)]) -> String {
        let list = variables.iter();
        let list: Value = list
            .map(|(key, value)| json!({ "key": key, "value": value }))
            .collect();
        json!({ "name": "g", "ownerId": "tea-1", "envVars": list }).to_string()
    }

    /// The body as it is written down, and as it is read back.
    fn there_and_back(world: &World, text: &str) -> (String, String) {
        let written = world.hide(Provider::Render, "/v1/env-groups", text);
        let back = world.show(Provider::Render, &written);
        (written, back)
    }

    #[test]
    fn what_can_be_had_again_is_named_and_comes_back_as_it_was() {
        let world = world();
        let queue = world.book.of_kind(Provider::Render, "key_value").next();
        let id = queue.unwrap().id.clone();
        let password = render::queue_password(world.seed, &id);
        let key = world.tokens["stripe_sk_test"].clone();
        let text = body(&[
            ("STRIPE_SECRET_KEY", &key),
            (
                "DATABASE_URL",
                &format!("mongodb+srv://u:{MADE}@h.example.net/db?w=majority"),
            ),
            ("OTHER_URL", "amqp://u:p%40ss%2Fword@h.example.net"),
            (
                "REDIS_URL",
                &format!("rediss://{id}:{password}@frankfurt-keyvalue.render.com:6379"),
            ),
            ("ENVIRONMENT_NAME", "the big one"),
            (
                "CORS_ORIGIN",
                "https://www.example.com,http://localhost:3000",
            ),
            ("NODE_ENV", "production"),
        ]);
        let (written, back) = there_and_back(&world, &text);
        assert_eq!(back, text);
        for secret in [&key, MADE, &password, "p%40ss%2Fword", "p@ss/word"] {
            assert!(!written.contains(secret), "{secret}: {written}");
        }
        for shown in ["production", "localhost:3000", "the big one"] {
            assert!(written.contains(shown), "{shown}: {written}");
        }
    }

    #[test]
    fn what_somebody_typed_is_forgotten_and_a_password_in_an_address_still_opens() {
        let world = world();
        let text = body(&[
            ("SESSION_SECRET", "correct horse"),
            (
                "DATABASE_URL",
                "mongodb+srv://u:battery%20staple@h.example.net/db",
            ),
        ]);
        let (written, back) = there_and_back(&world, &text);
        assert!(!written.contains("horse") && !written.contains("staple"));
        let back: Value = serde_json::from_str(&back).unwrap();
        assert_eq!(back["envVars"][0]["value"], mark(FORGOTTEN));
        let address = back["envVars"][1]["value"].as_str().unwrap();
        let url = url::Url::parse(address).unwrap();
        let password = percent_decode_str(url.password().unwrap())
            .decode_utf8()
            .unwrap();
        assert!(is_password(&password, &sha256("battery staple")));
        assert!(!is_password(&password, &sha256("another")));
        assert_eq!(url.host_str(), Some("h.example.net"));
        // Written down once more it says no more and no less.
        let again = world.hide(Provider::Render, "/v1/env-groups", &back.to_string());
        assert!(!again.contains("horse") && !again.contains("staple"));
    }

    #[test]
    fn a_value_on_its_own_and_a_secret_file_are_found_by_their_path() {
        let world = world();
        let hide = |path: &str, text: &str| world.hide(Provider::Render, path, text);
        let value = r#"{"value":"battery"}"#;
        assert!(!hide("/v1/env-groups/evg-1/env-vars/SALT", value).contains("battery"));
        let plain = hide("/v1/env-groups/evg-1/env-vars/ENVIRONMENT_NAME", value);
        assert_eq!(plain, value);
        let file = r#"{"content":"battery"}"#;
        assert!(!hide("/v1/env-groups/evg-1/secret-files/key.pem", file).contains("battery"));
        let files = r#"{"secretFiles":[{"name":"k","content":"battery"}]}"#;
        assert!(!hide("/v1/env-groups", files).contains("battery"));
        let vercel = r#"[{"key":"A","value":"battery","type":"sensitive"}]"#;
        let written = world.hide(Provider::Vercel, "/v10/projects/p/env", vercel);
        assert!(!written.contains("battery") && written.contains("sensitive"));
        // Elsewhere such members mean something else.
        assert_eq!(world.hide(Provider::Github, "/x", file), file);
    }

    #[test]
    fn words_that_look_like_a_mark_are_nobodys_secret() {
        let world = world();
        let text = "see {{the world's token github}} and {{the world's";
        let written = world.hide(Provider::Github, "/x", text);
        assert_eq!(world.show(Provider::Github, &written), text);
        let old = world.show(Provider::Github, "{{the world's token}}");
        assert_eq!(old, world.tokens["github"]);
        let unknown = "{{the world's secret staging.SALT}}";
        assert_eq!(world.show(Provider::Github, unknown), unknown);
    }
}
