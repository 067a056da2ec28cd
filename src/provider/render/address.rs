//! Addresses as access lists have them: single ones become ranges, so that two spellings compare as one.

use std::net::{IpAddr, Ipv4Addr};

/// The range that lets everyone in.
pub const EVERYWHERE: &str = "0.0.0.0/0";

/// `203.0.113.7` as `203.0.113.7/32`, a range as itself with its host bits cleared; `None` for what is neither.
pub fn cidr(text: &str) -> Option<String> {
    let text = text.trim();
    let (address, bits) = match text.split_once('/') {
        Some((address, bits)) => (address, Some(bits.parse::<u32>().ok()?)),
        None => (text, None),
    };
    match address.parse::<IpAddr>().ok()? {
        IpAddr::V4(address) => {
            let bits = bits.unwrap_or(32);
            let mask = match bits {
                0 => 0,
                1..=32 => u32::MAX << (32 - bits),
                _ => return None,
            };
            let network = Ipv4Addr::from(u32::from(address) & mask);
            Some(format!("{network}/{bits}"))
        }
        IpAddr::V6(address) => {
            let bits = bits.unwrap_or(128);
            (bits <= 128).then(|| format!("{address}/{bits}"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_spellings_of_a_range_are_one() {
        let of = |text| cidr(text);
        assert_eq!(of("74.220.51.0/24").as_deref(), Some("74.220.51.0/24"));
        assert_eq!(of(" 74.220.51.9/24").as_deref(), Some("74.220.51.0/24"));
        assert_eq!(of("44.229.227.142").as_deref(), Some("44.229.227.142/32"));
        assert_eq!(of("0.0.0.0/0").as_deref(), Some(EVERYWHERE));
        assert_eq!(of("2001:db8::1").as_deref(), Some("2001:db8::1/128"));
        for nonsense in ["", "frankfurt", "1.2.3.4/33", "1.2.3.4/x", "1.2.3"] {
            assert_eq!(of(nonsense), None, "{nonsense}");
        }
    }
}
