//! One record: as it is kept, as a person writes it down, and as a server gives it.

use jiff::Timestamp;
use serde_json::{Map, Value, json};

/// What is asked for: a record that has no id yet.
#[derive(Clone, Debug, PartialEq)]
pub struct Wish {
    /// In lower case and relative to the zone, `@` for the zone itself.
    pub name: String,
    /// `A`, `CNAME`, `TXT` and so on, in capitals.
    pub kind: String,
    /// As it was sent or written; `wire` brings it into the form of an answer.
    pub data: String,
    /// Seconds; 1 is Cloudflare's "automatic".
    pub ttl: u32,
    /// What some types have besides: `priority`, `flag`, `tag` and so on, as it was sent.
    pub more: Map<String, Value>,
    /// Cloudflare answers with its own addresses.
    pub proxied: bool,
    pub comment: Option<String>,
}

/// A record that is there.
#[derive(Clone, Debug, PartialEq)]
pub struct Record {
    pub id: String,
    pub wish: Wish,
    pub created: Timestamp,
    pub modified: Timestamp,
}

/// In what a wish collides with what is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Clash {
    /// Name, type and data are the same.
    Same,
    /// A CNAME must be alone at its name: the one that is there, or the one that is wished.
    Alone,
}

/// The types that a person can write into a zone here.
const BY_HAND: [&str; 7] = ["A", "AAAA", "CAA", "CNAME", "MX", "NS", "TXT"];

/// What a registrar's page proposes.
const TTL_S: u32 = 3600;

impl Wish {
    pub fn new(name: &str, kind: &str, data: &str, ttl: u32) -> Wish {
        Wish {
            name: name.to_lowercase(),
            kind: kind.to_owned(),
            data: data.to_owned(),
            ttl,
            more: Map::new(),
            proxied: false,
            comment: None,
        }
    }

    /// Reads `NAME [TTL] TYPE VALUE`. The error is a sentence.
    pub fn parse(line: &str, zone: &str) -> Result<Wish, String> {
        let mut words = line.split_whitespace();
        let lacks = || format!("“{line}” is not NAME [TTL] TYPE VALUE");
        let name = relative(words.next().ok_or_else(lacks)?, zone);
        let mut kind = words.next().ok_or_else(lacks)?;
        let ttl = kind.parse().ok();
        if ttl.is_some() {
            kind = words.next().ok_or_else(lacks)?;
        }
        let kind = kind.to_uppercase();
        if !BY_HAND.contains(&kind.as_str()) {
            return Err(format!("{kind} is not one of {}", BY_HAND.join(", ")));
        }
        let mut values: Vec<&str> = words.collect();
        let proxiable = matches!(kind.as_str(), "A" | "AAAA" | "CNAME");
        let proxied = proxiable && values.last() == Some(&"proxied");
        if proxied {
            values.pop();
        }
        let mut wish = Wish::new(&name, &kind, "", ttl.unwrap_or(TTL_S));
        wish.proxied = proxied;
        match (kind.as_str(), values.as_slice()) {
            (_, []) => return Err(lacks()),
            ("MX", [priority, host]) => {
                let priority: u16 = priority.parse().map_err(|_| lacks())?;
                wish.more.insert("priority".to_owned(), json!(priority));
                (*host).clone_into(&mut wish.data);
            }
            ("CAA", [flag, tag, value @ ..]) => {
                let flag: u8 = flag.parse().map_err(|_| lacks())?;
                wish.more.insert("flag".to_owned(), json!(flag));
                wish.more.insert("tag".to_owned(), json!(tag));
                wish.data = value.join(" ").trim_matches('"').to_owned();
            }
            ("TXT", values) => wish.data = joined(&values.join(" ")),
            ("A" | "AAAA" | "CNAME" | "NS", [one]) => (*one).clone_into(&mut wish.data),
            _ => return Err(lacks()),
        }
        Ok(wish)
    }

    /// The data as an answer has it.
    pub fn wire(&self, zone: &str) -> String {
        let data = match self.kind.as_str() {
            "TXT" => return joined(&self.data),
            _ if self.data == "@" => zone.to_owned(),
            _ => host(&self.data),
        };
        let number = |name: &str| self.more.get(name).and_then(Value::as_u64).unwrap_or(0);
        match self.kind.as_str() {
            "MX" => format!("{} {data}", number("priority")),
            "CAA" => {
                let tag = self.more.get("tag").and_then(Value::as_str);
                format!(
                    "{} {} \"{}\"",
                    number("flag"),
                    tag.unwrap_or("issue"),
                    self.data
                )
            }
            _ => data,
        }
    }

    /// As a ledger and a person name it: `www CNAME shop.example.com 3600`.
    pub fn line(&self, zone: &str) -> String {
        let proxied = if self.proxied { " proxied" } else { "" };
        let (name, kind, ttl) = (&self.name, &self.kind, self.ttl);
        format!("{name} {kind} {} {ttl}{proxied}", self.wire(zone))
    }

    /// Whether both stand for the same entry of a zone: equal name, type and data.
    pub fn is_same(&self, other: &Wish, zone: &str) -> bool {
        self.name == other.name && self.kind == other.kind && self.wire(zone) == other.wire(zone)
    }

    /// Zones need these, and nobody changes them.
    pub fn is_fixed(&self) -> bool {
        self.kind == "SOA" || (self.kind == "NS" && self.name == "@")
    }

    /// How it collides with a record that is there, as most hosts judge it.
    pub fn clash(&self, other: &Wish, zone: &str) -> Option<Clash> {
        if self.name != other.name {
            None
        } else if self.is_same(other, zone) {
            Some(Clash::Same)
        } else {
            let alone = self.kind == "CNAME" || other.kind == "CNAME";
            alone.then_some(Clash::Alone)
        }
    }
}

/// A name as a zone keeps it: `WWW.Shop.example.` and `www` are both `www` in `shop.example`.
pub fn relative(name: &str, zone: &str) -> String {
    let name = name.to_lowercase();
    let full = name.strip_suffix('.').unwrap_or(&name);
    if full == zone || full == "@" {
        return "@".to_owned();
    }
    let inside = full
        .strip_suffix(zone)
        .and_then(|rest| rest.strip_suffix('.'));
    inside.unwrap_or(full).to_owned()
}

/// The full name of what a zone keeps as `name`.
pub fn full(name: &str, zone: &str) -> String {
    match name {
        "@" => zone.to_owned(),
        name => format!("{name}.{zone}"),
    }
}

/// A host's name or an address, as they are compared.
pub fn host(data: &str) -> String {
    let data = data.trim();
    data.strip_suffix('.').unwrap_or(data).to_lowercase()
}

/// The strings of a TXT record as one: `"v=DKIM1; " "p=…"` is how long ones are written.
fn joined(data: &str) -> String {
    let text = data.trim();
    if !(text.len() > 1 && text.starts_with('"') && text.ends_with('"')) {
        return data.to_owned();
    }
    // Every second piece lies between quotes.
    text.split('"').skip(1).step_by(2).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const ZONE: &str = "shop.example";

    fn parse(line: &str) -> Wish {
        Wish::parse(line, ZONE).unwrap_or_else(|cause| panic!("{cause}"))
    }

    #[test]
    fn a_line_is_read_and_given_as_servers_give_it() {
        let wire = |line: &str| parse(line).wire(ZONE);
        assert_eq!(
            wire("@ 3600 MX 10 Mail.Hoster.example."),
            "10 mail.hoster.example"
        );
        assert_eq!(wire("www CNAME @"), ZONE);
        assert_eq!(
            wire("@ CAA 0 issue \"letsencrypt.org\""),
            "0 issue \"letsencrypt.org\""
        );
        assert_eq!(
            wire("@ TXT \"v=spf1 include:spf.example -all\""),
            "v=spf1 include:spf.example -all"
        );
        let long = Wish::new("x", "TXT", "\"one \" \"and two\"", 600);
        assert_eq!(long.wire(ZONE), "one and two");
        assert_eq!(
            parse("WWW.shop.example. 600 CNAME a.b").line(ZONE),
            "www CNAME a.b 600"
        );
        let proxied = parse("www 1 A 192.0.2.9 proxied");
        assert_eq!(
            (proxied.proxied, proxied.line(ZONE)),
            (true, "www A 192.0.2.9 1 proxied".to_owned())
        );
    }

    #[test]
    fn what_is_no_record_is_refused() {
        for line in [
            "",
            "www",
            "www 600",
            "www PTR x",
            "www A",
            "@ MX mail.example",
            "www A 1 2 3",
            "www CNAME a.example b.example",
        ] {
            assert!(Wish::parse(line, ZONE).is_err(), "{line}");
        }
    }

    #[test]
    fn a_cname_is_alone_and_a_twin_is_one() {
        let old = parse("www CNAME Shop.Example.");
        assert_eq!(
            parse("www 600 CNAME shop.example").clash(&old, ZONE),
            Some(Clash::Same)
        );
        assert_eq!(
            parse("www A 192.0.2.1").clash(&old, ZONE),
            Some(Clash::Alone)
        );
        assert_eq!(parse("api A 192.0.2.1").clash(&old, ZONE), None);
        let text = parse("@ TXT one");
        assert_eq!(parse("@ TXT One").clash(&text, ZONE), None);
    }
}
