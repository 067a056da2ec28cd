//! One record of a zone, whoever holds it: how it is compared, shown, kept for undo, and summed up.

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// One record.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Entry {
    /// The whole name in lower case: `www.bondigoo.ch`.
    pub name: String,
    /// Such as `CNAME`.
    pub kind: String,
    /// Seconds; at Cloudflare 1 = automatic.
    pub ttl: u32,
    /// Names in lower case without a dot at their end, texts without quotes.
    pub data: String,
    /// What a type has besides, such as an MX's priority.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub rest: String,
    /// Cloudflare answers with its own addresses in its place.
    #[serde(default, skip_serializing_if = "is_false")]
    pub proxied: bool,
    /// At Cloudflare: what somebody noted beside it.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub comment: String,
}

// The signature is serde's.
#[expect(clippy::trivially_copy_pass_by_ref)]
fn is_false(flag: &bool) -> bool {
    !flag
}

impl Entry {
    pub fn new(name: &str, kind: &str, data: &str, ttl: u32) -> Entry {
        Entry {
            name: plain_name(name),
            kind: kind.to_uppercase(),
            ttl,
            data: plain_data(kind, data),
            ..Entry::default()
        }
    }

    /// Same name, type and value. The time to live does not tell records apart.
    pub fn is(&self, other: &Entry) -> bool {
        self.name == other.name && self.says(other)
    }

    /// Same type and value, whatever the name.
    pub fn says(&self, other: &Entry) -> bool {
        self.kind == other.kind && self.data == other.data
    }

    /// The types that tell where a name leads: what golive writes takes their place.
    pub fn leads(&self) -> bool {
        matches!(self.kind.as_str(), "A" | "AAAA" | "ALIAS" | "CNAME")
    }

    /// As a plan shows it: `CNAME shop.example.com`.
    pub fn shown(&self) -> String {
        let proxied = if self.proxied { " (proxied)" } else { "" };
        let rest = match self.rest.is_empty() {
            true => String::new(),
            false => format!("{} ", self.rest),
        };
        format!("{} {rest}{}{proxied}", self.kind, self.data)
    }

    /// One word for one record, without blanks where its value has none: `A 3600 203.0.113.7`. It names a change, so that
    /// what was removed can be told even when the answer was lost.
    pub fn coded(&self) -> String {
        let proxied = if self.proxied { "proxied " } else { "" };
        format!("{} {} {proxied}{}", self.kind, self.ttl, self.data)
    }

    /// The opposite of `coded`, for a name.
    pub fn decoded(name: &str, code: &str) -> Option<Entry> {
        let (kind, rest) = code.split_once(' ')?;
        let (ttl, rest) = rest.split_once(' ')?;
        let (proxied, data) = match rest.strip_prefix("proxied ") {
            Some(data) => (true, data),
            None => (false, rest),
        };
        Some(Entry {
            proxied,
            ..Entry::new(name, kind, data, ttl.parse().ok()?)
        })
    }

    /// For the state file.
    pub fn kept(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }

    pub fn read(kept: &str) -> Option<Entry> {
        serde_json::from_str(kept).ok()
    }
}

/// In lower case, without a dot at its end.
pub fn plain_name(name: &str) -> String {
    name.trim().trim_end_matches('.').to_lowercase()
}

/// A value in the one form that values are compared in.
fn plain_data(kind: &str, data: &str) -> String {
    match kind.to_uppercase().as_str() {
        "TXT" => unquoted(data),
        "A" => data.trim().to_string(),
        "AAAA" => {
            let address = data.trim().parse::<std::net::Ipv6Addr>();
            address.map_or_else(|_| data.trim().to_lowercase(), |it| it.to_string())
        }
        "CNAME" | "ALIAS" | "NS" | "MX" | "SRV" => plain_name(data),
        _ => data.trim().to_string(),
    }
}

/// A text as it is meant: one string in quotes, or several of at most 255 bytes that belong together, lose them.
fn unquoted(text: &str) -> String {
    let trimmed = text.trim();
    let inner = trimmed
        .strip_prefix('"')
        .and_then(|rest| rest.strip_suffix('"'));
    match inner {
        Some(inner) if trimmed.len() >= 2 => inner.replace("\" \"", "").replace("\\\"", "\""),
        _ => text.to_string(),
    }
}

/// One digest over records in whatever order: 16 hex digits.
pub fn digest<'e>(entries: impl IntoIterator<Item = &'e Entry>) -> String {
    let mut lines: Vec<String> = entries.into_iter().map(Entry::kept).collect();
    lines.sort();
    let mut hash = Sha256::new();
    for line in lines {
        hash.update(line.as_bytes());
        hash.update(b"\n");
    }
    hash.finalize()[..8]
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_spellings_of_a_value_are_one() {
        let cname = |data: &str| Entry::new("WWW.Bondigoo.ch.", "cname", data, 600);
        assert!(cname("Shop.Example.com.").is(&cname("shop.example.com")));
        let text = |data: &str| Entry::new("_vercel.bondigoo.ch", "TXT", data, 600).data;
        assert_eq!(text("\"vc-domain-verify=www,1\""), "vc-domain-verify=www,1");
        assert_eq!(text("\"one\" \"two\""), "onetwo");
        assert_eq!(text("Keeps Case"), "Keeps Case");
        assert_eq!(text("\""), "\"");
        let address = |data: &str| Entry::new("a.ch", "AAAA", data, 1).data;
        assert_eq!(address("2001:DB8:0::1"), address("2001:db8::1"));
    }

    #[test]
    fn a_record_comes_back_from_its_name_and_from_what_is_kept() {
        let mut entry = Entry::new("www.bondigoo.ch", "A", "203.0.113.7", 3600);
        assert_eq!(
            Entry::decoded("www.bondigoo.ch", &entry.coded()),
            Some(entry.clone())
        );
        entry.proxied = true;
        assert_eq!(entry.coded(), "A 3600 proxied 203.0.113.7");
        assert_eq!(
            Entry::decoded("www.bondigoo.ch", &entry.coded()),
            Some(entry.clone())
        );
        assert_eq!(Entry::read(&entry.kept()), Some(entry));
        for nonsense in ["", "A", "A x y"] {
            assert_eq!(Entry::decoded("a", nonsense), None);
        }
    }

    #[test]
    fn the_digest_knows_no_order_and_every_change() {
        let one = Entry::new("bondigoo.ch", "MX", "mail.bondigoo.ch", 3600);
        let two = Entry::new("bondigoo.ch", "TXT", "v=spf1 -all", 3600);
        assert_eq!(digest([&one, &two]), digest([&two, &one]));
        let other = Entry {
            rest: "10".into(),
            ..one.clone()
        };
        assert_ne!(digest([&one, &two]), digest([&other, &two]));
    }
}
