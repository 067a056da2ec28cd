//! Whether a record can be: what both APIs ask of one before they look at the zone.

use std::net::{Ipv4Addr, Ipv6Addr};

use serde_json::{Map, Value};

use crate::sim::zones::Wish;

pub const TTL_MIN: u64 = 600;
pub const TTL_MAX: u64 = 86_400;

/// What is wrong with a record: the field, the code of v1, and the sentence.
pub struct Wrong {
    pub field: &'static str,
    pub code: &'static str,
    pub message: String,
}

impl Wrong {
    fn new(field: &'static str, code: &'static str, message: impl Into<String>) -> Wrong {
        let message = message.into();
        Wrong {
            field,
            code,
            message,
        }
    }

    /// A field that is not there, or of another type than it must be.
    pub fn is_malformed(&self) -> bool {
        matches!(self.code, "MISSING" | "UNEXPECTED_TYPE")
    }
}

fn text<'v>(of: &'v Map<String, Value>, field: &'static str) -> Result<&'v str, Wrong> {
    match of.get(field) {
        None | Some(Value::Null) => {
            let message = format!("{field} is required");
            Err(Wrong::new(field, "MISSING", message))
        }
        Some(Value::String(text)) => Ok(text),
        Some(_) => {
            let message = format!("{field} is not a string");
            Err(Wrong::new(field, "UNEXPECTED_TYPE", message))
        }
    }
}

/// A record as it was sent. `kinds` are the types that the API takes.
pub fn record(of: &Map<String, Value>, kinds: &[&str], ttl_needed: bool) -> Result<Wish, Wrong> {
    let kind = text(of, "type")?;
    if !kinds.contains(&kind) {
        let message = format!("type must be one of {}", kinds.join(", "));
        return Err(Wrong::new("type", "MISMATCH_ENUM", message));
    }
    let name = text(of, "name")?;
    if name.is_empty() || name.len() > 255 || name.contains(char::is_whitespace) {
        return Err(Wrong::new("name", "MISMATCH_FORMAT", "name is invalid"));
    }
    let data = text(of, "data")?;
    let ttl = match of.get("ttl") {
        None | Some(Value::Null) if ttl_needed => {
            return Err(Wrong::new("ttl", "MISSING", "ttl is required"));
        }
        None | Some(Value::Null) => 3600,
        Some(ttl) => ttl
            .as_u64()
            .ok_or_else(|| Wrong::new("ttl", "UNEXPECTED_TYPE", "ttl is not an integer"))?,
    };
    if ttl < TTL_MIN {
        let message = format!("must have a minimum value of {TTL_MIN}");
        return Err(Wrong::new("ttl", "UNKNOWN_RESTRICTION", message));
    }
    if ttl > TTL_MAX {
        let message = format!("must have a maximum value of {TTL_MAX}");
        return Err(Wrong::new("ttl", "UNKNOWN_RESTRICTION", message));
    }
    let ttl = u32::try_from(ttl).unwrap_or(u32::MAX);
    data_fits(kind, name, data)?;
    let mut wish = Wish::new(name, kind, data, ttl);
    let rest = of.iter();
    let known = ["type", "name", "data", "ttl", "recordId"];
    wish.more = rest
        .filter(|(field, _)| !known.contains(&field.as_str()))
        .map(|(field, value)| (field.clone(), value.clone()))
        .collect();
    if matches!(kind, "MX" | "SRV") && !wish.more.get("priority").is_some_and(Value::is_u64) {
        return Err(Wrong::new("priority", "MISSING", "priority is required"));
    }
    Ok(wish)
}

fn data_fits(kind: &str, name: &str, data: &str) -> Result<(), Wrong> {
    let wrong = |message: &str| Err(Wrong::new("data", "MISMATCH_FORMAT", message));
    match kind {
        _ if data.is_empty() || data.len() > 1024 => wrong("data is invalid"),
        "A" if data.parse::<Ipv4Addr>().is_err() => wrong("data is not an IPv4 address"),
        "AAAA" if data.parse::<Ipv6Addr>().is_err() => wrong("data is not an IPv6 address"),
        "CNAME" if name == "@" => wrong("a CNAME cannot stand at @"),
        "CNAME" | "MX" | "NS" if data.contains([' ', '/']) => wrong("data is not a host name"),
        _ => Ok(()),
    }
}
