//! HTTP Digest (RFC 7616) as Atlas asks for it: one riddle a request, MD5, quality `auth`.

use md5::{Digest as _, Md5};

use crate::secret::Secret;

/// What the `WWW-Authenticate` header of a 401 asks.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Riddle {
    realm: String,
    nonce: String,
    opaque: Option<String>,
    /// Whether the quality `auth` is offered; without it the older form of RFC 2069 is answered.
    auth: bool,
}

/// The names in an answer: who asks for what.
pub(super) struct Question<'a> {
    pub user: &'a Secret,
    pub password: &'a Secret,
    pub method: &'a str,
    /// The path with its query.
    pub uri: &'a str,
    /// A word of ours that is used once.
    pub cnonce: &'a str,
}

impl Riddle {
    /// Reads one header; `None` when it is not a Digest challenge, or asks for what golive cannot compute.
    pub(super) fn read(header: &str) -> Option<Riddle> {
        let (scheme, rest) = header.trim_start().split_once(char::is_whitespace)?;
        if !scheme.eq_ignore_ascii_case("digest") {
            return None;
        }
        let fields = fields(rest);
        let field = |name: &str| {
            let found = fields.iter().find(|(key, _)| key == name);
            found.map(|(_, value)| value.clone())
        };
        let algorithm = field("algorithm");
        if algorithm.is_some_and(|name| !name.eq_ignore_ascii_case("md5")) {
            return None;
        }
        let qualities = field("qop");
        let auth = qualities.as_deref().is_some_and(|list| {
            list.split(',')
                .any(|one| one.trim().eq_ignore_ascii_case("auth"))
        });
        if qualities.is_some() && !auth {
            return None;
        }
        Some(Riddle {
            realm: field("realm")?,
            nonce: field("nonce")?,
            opaque: field("opaque"),
            auth,
        })
    }

    /// The `Authorization` header that answers.
    pub(super) fn answer(&self, question: &Question<'_>) -> Secret {
        const COUNT: &str = "00000001";
        let Question {
            user,
            password,
            method,
            uri,
            cnonce,
        } = question;
        let who = md5(&[user.expose(), &self.realm, password.expose()]);
        let what = md5(&[method, uri]);
        let response = match self.auth {
            true => md5(&[&who, &self.nonce, COUNT, cnonce, "auth", &what]),
            false => md5(&[&who, &self.nonce, &what]),
        };
        let mut header = format!(
            "Digest username={}, realm={}, nonce={}, uri={}, algorithm=MD5, response=\"{response}\"",
            quoted(user.expose()),
            quoted(&self.realm),
            quoted(&self.nonce),
            quoted(uri)
        );
        if self.auth {
            header.push_str(&format!(
                ", qop=auth, nc={COUNT}, cnonce={}",
                quoted(cnonce)
            ));
        }
        if let Some(opaque) = &self.opaque {
            header.push_str(&format!(", opaque={}", quoted(opaque)));
        }
        Secret::new(header)
    }
}

/// The digest of the parts, colons between them, in lower-case hex.
fn md5(parts: &[&str]) -> String {
    let digest = Md5::digest(parts.join(":").as_bytes());
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}

/// `name=value` pairs, values quoted or not; names in lower case. What cannot be read is passed over.
fn fields(text: &str) -> Vec<(String, String)> {
    let mut fields = Vec::new();
    let mut rest = text;
    while let Some((name, after)) = rest.split_once('=') {
        let name = name
            .trim_matches(|c: char| c == ',' || c.is_whitespace())
            .to_ascii_lowercase();
        let (value, left) = match after.strip_prefix('"') {
            Some(inside) => unquoted(inside),
            None => {
                let (value, left) = after.split_once(',').unwrap_or((after, ""));
                (value.trim().to_string(), left)
            }
        };
        fields.push((name, value));
        rest = left;
    }
    fields
}

/// The text up to the closing quote, and what follows it.
fn unquoted(text: &str) -> (String, &str) {
    let mut value = String::new();
    let mut characters = text.char_indices();
    while let Some((at, character)) = characters.next() {
        match character {
            '"' => return (value, &text[at + 1..]),
            '\\' => value.extend(characters.next().map(|(_, escaped)| escaped)),
            other => value.push(other),
        }
    }
    (value, "")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_example_of_the_standard_comes_out() {
        // RFC 7616, 3.9.1.
        let riddle = Riddle::read(
            "Digest realm=\"http-auth@example.org\", qop=\"auth, auth-int\", algorithm=MD5, \
             nonce=\"7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v\", opaque=\"FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS\"",
        )
        .unwrap();
        let answer = riddle.answer(&Question {
            user: &Secret::new("Mufasa"),
            password: &Secret::new("Circle of Life"),
            method: "GET",
            uri: "/dir/index.html",
            cnonce: "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ",
        });
        assert_eq!(
            answer.expose(),
            "Digest username=\"Mufasa\", realm=\"http-auth@example.org\", \
             nonce=\"7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v\", uri=\"/dir/index.html\", algorithm=MD5, \
             response=\"8ca523f5e9506fed4657c9700eebdbec\", qop=auth, nc=00000001, \
             cnonce=\"f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ\", \
             opaque=\"FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS\""
        );
    }

    #[test]
    fn atlas_own_riddle_is_read() {
        let riddle = Riddle::read(
            "Digest realm=\"MMS Public API\", domain=\"\", nonce=\"a\\\"b\", algorithm=MD5, qop=\"auth\", stale=false",
        );
        let expected = Riddle {
            realm: "MMS Public API".into(),
            nonce: "a\"b".into(),
            opaque: None,
            auth: true,
        };
        assert_eq!(riddle, Some(expected));
    }

    #[test]
    fn what_golive_cannot_answer_is_not_answered() {
        for header in [
            "",
            "Basic realm=\"x\"",
            "Digest realm=\"x\"",
            "Digest realm=\"x\", nonce=\"y\", algorithm=SHA-256",
            "Digest realm=\"x\", nonce=\"y\", qop=\"auth-int\"",
            "Digest ==\"",
        ] {
            assert_eq!(Riddle::read(header), None, "{header}");
        }
    }
}
