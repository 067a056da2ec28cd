//! Where a token may go: rehearsed ones to this machine only, all others never to it, and nothing in clear over a network.

use std::net::IpAddr;

use url::{Host, Url};

use crate::error::{Error, Result};
use crate::secret::Secret;

/// Every token of a simulated provider begins so, and no real one does.
pub const SIMULATED: &str = "golive-sim-";

/// Whether the address is on this machine: 127.0.0.0/8, ::1, `localhost` and every name below it (RFC 6761).
pub fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => is_local_name(name),
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => IpAddr::V6(address).to_canonical().is_loopback(),
        None => false,
    }
}

/// `localhost` and every name below it, in any case, with or without the final dot.
pub fn is_local_name(name: &str) -> bool {
    let name = name.strip_suffix('.').unwrap_or(name).to_ascii_lowercase();
    name == "localhost" || name.ends_with(".localhost")
}

/// Refuses an address that a secret could be read from on its way: plain HTTP anywhere but on this machine.
pub fn address_fits(base: &Url) -> Result<()> {
    match base.scheme() {
        "https" => Ok(()),
        "http" if is_loopback(base) => Ok(()),
        scheme => Err(Error::usage(format!(
            "{} is not an address that golive talks to",
            shown(base)
        ))
        .because(match scheme {
            "http" => "without TLS the token could be read on its way".to_string(),
            other => format!("{other} is neither https nor http"),
        })
        .now("nothing was sent")
        .hint("give an address that begins with https://")),
    }
}

/// Refuses a token that does not belong to the address: a simulated one leaves for no network, and a real one is
/// never handed to whatever listens on this machine.
pub fn token_fits(base: &Url, token: &Secret) -> Result<()> {
    address_fits(base)?;
    match (is_loopback(base), token.starts_with(SIMULATED)) {
        (true, true) | (false, false) => Ok(()),
        (false, true) => Err(Error::usage(format!(
            "the token of a simulated provider is not sent to {}",
            shown(base)
        ))
        .because("it is worth something only to the simulator on this machine")
        .now("nothing was sent")
        .hint("golive login, with a token of the real provider")),
        (true, false) => Err(Error::usage(format!(
            "this token is not sent to {}",
            shown(base)
        ))
        .because(format!(
            "the address is on this machine, and the token is not a simulated one ({SIMULATED}…)"
        ))
        .now("nothing was sent")
        .hint("take the token from the simulator's ready file, or remove the address from golive.toml")),
    }
}

/// The same for a header as it is about to leave, where the token stands behind `Bearer`, inside `Basic`, or as the user
/// of `Digest`.
pub(super) fn header_fits(url: &Url, value: &Secret) -> Result<()> {
    let (scheme, rest) = value
        .expose()
        .split_once(' ')
        .unwrap_or(("", value.expose()));
    if scheme.eq_ignore_ascii_case("digest") {
        let user = rest.split_once("username=\"").map_or("", |(_, rest)| rest);
        let user = user.split('"').next().unwrap_or_default();
        return token_fits(url, &Secret::new(user));
    }
    if !scheme.eq_ignore_ascii_case("basic") {
        return token_fits(url, &Secret::new(rest));
    }
    use base64::Engine;
    let pair = base64::engine::general_purpose::STANDARD
        .decode(rest.trim())
        .ok()
        .and_then(|bytes| String::from_utf8(bytes).ok())
        .unwrap_or_default();
    // Which half is the token differs by provider; a simulated one has its mark in at least one of them.
    let token = pair
        .split(':')
        .find(|half| half.starts_with(SIMULATED))
        .unwrap_or(&pair);
    token_fits(url, &Secret::new(token))
}

/// Scheme, host and port: never a name, a password or a query that somebody put into the address.
fn shown(url: &Url) -> String {
    let host = url.host_str().unwrap_or("an address without a host");
    match url.port() {
        Some(port) => format!("{}://{host}:{port}", url.scheme()),
        None => format!("{}://{host}", url.scheme()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SIM: &str = "golive-sim-github-0123456789abcdef01234567";

    fn fits(address: &str, token: &str) -> bool {
        token_fits(&Url::parse(address).unwrap(), &Secret::new(token)).is_ok()
    }

    #[test]
    fn a_simulated_token_stays_on_this_machine() {
        for local in [
            "http://127.0.0.1:8080",
            "http://127.9.9.9",
            "http://[::1]:80/api",
            "http://[::ffff:127.0.0.1]",
            "http://localhost:1",
            "http://github.LOCALHOST./x",
            "https://localhost",
        ] {
            assert!(fits(local, SIM), "{local}");
            assert!(!fits(local, "ghp_abc"), "{local}");
        }
        for far in [
            "https://api.github.com",
            "https://localhost.example.com",
            "https://notlocalhost",
            "https://10.0.0.1",
            "https://0.0.0.0",
            "https://127.0.0.1.example.com",
            "https://localhost@example.com",
        ] {
            assert!(!fits(far, SIM), "{far}");
            assert!(fits(far, "ghp_abc"), "{far}");
        }
    }

    #[test]
    fn plain_http_leaves_this_machine_for_no_one() {
        assert!(!fits("http://api.github.com", "ghp_abc"));
        assert!(!fits("http://192.168.0.7", SIM));
        assert!(!fits("ftp://localhost", SIM));
    }

    #[test]
    fn a_header_is_judged_by_the_token_inside_it() {
        use base64::Engine;
        let local = Url::parse("http://127.0.0.1").unwrap();
        let far = Url::parse("https://example.com").unwrap();
        let basic = |pair: &str| {
            let text = base64::engine::general_purpose::STANDARD.encode(pair);
            Secret::new(format!("Basic {text}"))
        };
        let bearer = Secret::new(SIM).prefixed("Bearer ");
        assert!(header_fits(&local, &bearer).is_ok() && header_fits(&far, &bearer).is_err());
        for pair in [format!("{SIM}:x"), format!("id:{SIM}")] {
            assert!(header_fits(&local, &basic(&pair)).is_ok());
            assert!(header_fits(&far, &basic(&pair)).is_err());
        }
        assert!(header_fits(&local, &basic("id:real")).is_err());
        let digest = |user: &str| Secret::new(format!("Digest username=\"{user}\", realm=\"r\""));
        assert!(header_fits(&local, &digest(SIM)).is_ok());
        assert!(header_fits(&far, &digest(SIM)).is_err());
        assert!(header_fits(&local, &digest("abcdefgh")).is_err());
        assert!(header_fits(&far, &digest("abcdefgh")).is_ok());
        assert!(header_fits(&local, &Secret::new("Bearer ghp_abc")).is_err());
    }

    #[test]
    fn a_refusal_shows_neither_token_nor_password() {
        let base = Url::parse("https://me:hunter2@example.com/x?key=hunter3").unwrap();
        let told = token_fits(&base, &Secret::new(SIM))
            .unwrap_err()
            .to_string();
        assert!(told.contains("https://example.com") && !told.contains("hunter"));
        assert!(!told.contains("0123456789abcdef"));
    }
}
