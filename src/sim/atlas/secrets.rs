//! Passwords in this world: only their digests are kept and written down.

use serde_json::Value;
use sha2::{Digest, Sha256};

/// What stands in a remembered body in place of a password.
const MARK: &str = "sha256:";

/// SHA-256 in hexadecimal digits.
pub fn digest(text: &str) -> String {
    let digest = Sha256::digest(text.as_bytes());
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The digest of a password that was sent; a replay sends the digest itself.
pub fn digest_sent(password: &str, replaying: bool) -> String {
    match password.strip_prefix(MARK) {
        Some(digest) if replaying => digest.to_owned(),
        _ => digest(password),
    }
}

/// Whether what was sent is a digest from a replay, which no rule about passwords can be held against.
pub fn is_digest(password: &str, replaying: bool) -> bool {
    replaying && password.starts_with(MARK)
}

/// A body as it may be written down: every password, and a token that is given back, has its digest in its place.
pub fn without_passwords(body: &str) -> String {
    if let Ok(mut tree) = serde_json::from_str(body) {
        return match hide(&mut tree) {
            true => tree.to_string(),
            false => body.to_owned(),
        };
    }
    let pairs: Vec<(String, String)> = url::form_urlencoded::parse(body.as_bytes())
        .into_owned()
        .collect();
    if !pairs.iter().any(|(name, _)| name == "token") {
        return body.to_owned();
    }
    let mut form = url::form_urlencoded::Serializer::new(String::new());
    for (name, value) in pairs {
        match name.as_str() {
            "token" => form.append_pair(&name, &format!("{MARK}{}", digest(&value))),
            _ => form.append_pair(&name, &value),
        };
    }
    form.finish()
}

/// Hides every password of a body; whether there was one.
fn hide(tree: &mut Value) -> bool {
    match tree {
        Value::Array(items) => items.iter_mut().fold(false, |any, item| hide(item) | any),
        Value::Object(members) => members.iter_mut().fold(false, |any, (name, value)| {
            let hidden = match value {
                Value::String(text) if name == "password" => {
                    *text = format!("{MARK}{}", digest(text));
                    true
                }
                other => hide(other),
            };
            hidden | any
        }),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passwords_and_tokens_become_digests_and_nothing_else_changes() {
        let plain = r#"{"name" : "x"}"#;
        assert_eq!(without_passwords(plain), plain);
        let hidden = without_passwords(r#"[{"username":"u","password":"correct horse"}]"#);
        let digest = digest("correct horse");
        assert_eq!(
            hidden,
            format!(r#"[{{"username":"u","password":"sha256:{digest}"}}]"#)
        );
        assert_eq!(digest_sent(&format!("sha256:{digest}"), true), digest);
        assert_ne!(digest_sent(&format!("sha256:{digest}"), false), digest);
        let form = "grant_type=client_credentials";
        assert_eq!(without_passwords(form), form);
        let form = without_passwords("token=abc&token_type_hint=access_token");
        assert!(!form.contains("abc") && form.ends_with("&token_type_hint=access_token"));
    }
}
