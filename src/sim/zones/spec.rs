//! What the Domain Name System of a world is like at its beginning, as data.

use std::net::Ipv4Addr;

use serde::{Deserialize, Serialize};

use crate::sim::ledger::Provider;

/// Who keeps a zone and answers for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Host {
    Godaddy,
    Cloudflare,
    /// Another registrar or hoster, whose pages only a person reaches.
    Elsewhere,
}

impl Host {
    pub const ALL: [Host; 3] = [Host::Godaddy, Host::Cloudflare, Host::Elsewhere];

    /// The host that a manifest's `dns.mode` goes with.
    pub fn of_mode(mode: &str) -> Host {
        match mode {
            "godaddy" => Host::Godaddy,
            "cloudflare" => Host::Cloudflare,
            _ => Host::Elsewhere,
        }
    }

    /// Its two name servers, at addresses kept for documentation.
    pub fn name_servers(self) -> [(&'static str, Ipv4Addr); 2] {
        let server = |name, last| (name, Ipv4Addr::new(192, 0, 2, last));
        match self {
            Host::Godaddy => [
                server("ns37.domaincontrol.com", 37),
                server("ns38.domaincontrol.com", 38),
            ],
            Host::Cloudflare => [
                server("ada.ns.cloudflare.com", 63),
                server("bob.ns.cloudflare.com", 64),
            ],
            Host::Elsewhere => [
                server("ns1.hoster.example", 73),
                server("ns2.hoster.example", 74),
            ],
        }
    }

    /// Who is responsible, as the zone's SOA has it.
    pub fn responsible(self) -> &'static str {
        match self {
            Host::Godaddy => "dns.jomax.net",
            Host::Cloudflare => "dns.cloudflare.com",
            Host::Elsewhere => "hostmaster.hoster.example",
        }
    }

    /// Under which the ledger keeps its records. The registrar stands for a host that has no API.
    pub fn provider(self) -> Provider {
        match self {
            Host::Cloudflare => Provider::Cloudflare,
            Host::Godaddy | Host::Elsewhere => Provider::Godaddy,
        }
    }

    /// Within how many seconds its servers give what was written.
    pub fn served_within_s(self) -> u64 {
        match self {
            Host::Cloudflare => 10,
            Host::Godaddy | Host::Elsewhere => 60,
        }
    }
}

/// What GoDaddy's API refuses with `ACCESS_DENIED`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Refuses {
    #[default]
    Nothing,
    /// The domain itself and lists of records without a name; records by type and name are let through.
    DomainObject,
    All,
}

/// What the Cloudflare token may do with the zone.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Rights {
    #[default]
    Edit,
    Read,
    /// The zone is not among those that the token sees.
    Nothing,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct DnsSpec {
    /// The product's zone; from the word `zone` when not said.
    pub zone: Option<String>,
    /// Who answers for it; by the word `dns.mode` when not said.
    pub delegated: Option<Host>,
    /// The records of the zone at the host it is delegated to: `NAME [TTL] TYPE VALUE`, the name relative to the zone,
    /// `@`, or a full one with a dot at its end. In place of a target `vercel:PROJECT` and `render:SERVICE` stand for
    /// what those want; a line whose target is not there is left out.
    pub records: Vec<String>,
    /// The last field of the zone's SOA, whose own TTL is 3600: how long "there is none" may be remembered (s).
    pub minimum: u32,
    /// The chain of signatures is broken: resolvers that look at it answer SERVFAIL.
    pub dnssec_broken: bool,
    /// GoDaddy keeps a zone even when another host is delegated.
    pub godaddy_zone: bool,
    pub refuses: Refuses,
    /// Domain Protection is on: a TXT record that comes by API is kept without its text.
    pub protected: bool,
    /// For so many seconds after a change GoDaddy answers the next one with 409.
    pub busy_s: u32,
    /// The zone was added to Cloudflare, but its name servers were not switched.
    pub cloudflare_pending: bool,
    pub rights: Rights,
}

impl Default for DnsSpec {
    fn default() -> Self {
        DnsSpec {
            zone: None,
            delegated: None,
            records: Vec::new(),
            minimum: 3600,
            dnssec_broken: false,
            godaddy_zone: true,
            refuses: Refuses::Nothing,
            protected: false,
            busy_s: 0,
            cloudflare_pending: false,
            rights: Rights::Edit,
        }
    }
}

impl DnsSpec {
    pub fn delegated(&self) -> Host {
        self.delegated.unwrap_or(Host::Elsewhere)
    }
}
