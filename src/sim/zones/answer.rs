//! What a server says of one name: out of a zone's contents, or out of the zones of others.

use std::net::Ipv4Addr;

use super::copy::{Contents, Copy};
use super::record::{Record as Kept, relative};
use super::spec::Host;
use crate::seam::resolver::{Code, Record, RecordKind};
use crate::sim::targets::VERCEL_ZONE;

/// What was said of a name, before anybody follows a CNAME.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Said {
    pub code: Code,
    pub records: Vec<Record>,
    /// How long it may be remembered that there is none (s).
    pub negative: u32,
}

impl Said {
    fn some(records: Vec<Record>) -> Said {
        let (code, negative) = (Code::NoError, NEGATIVE_S);
        Said {
            code,
            records,
            negative,
        }
    }

    fn none(code: Code, negative: u32) -> Said {
        Said {
            code,
            records: Vec::new(),
            negative,
        }
    }

    /// Where a CNAME leads on, when it is another type that was asked for.
    pub fn leads_to(&self, kind: RecordKind) -> Option<&str> {
        let link = self.records.first()?;
        (link.kind == RecordKind::Cname && kind != RecordKind::Cname).then_some(link.data.as_str())
    }
}

/// What "there is none" of other zones is remembered for.
const NEGATIVE_S: u32 = 900;
/// The SOA's own TTL.
const SOA_S: u32 = 3600;
/// What Cloudflare's "automatic" is.
const AUTOMATIC_S: u32 = 300;

/// Where Cloudflare answers for what it proxies, and what the sites of the world are reached under.
const PROXIES: [Ipv4Addr; 2] = [
    Ipv4Addr::new(104, 21, 34, 17),
    Ipv4Addr::new(172, 67, 158, 9),
];
const VERCEL: [Ipv4Addr; 2] = [
    Ipv4Addr::new(216, 198, 79, 65),
    Ipv4Addr::new(64, 29, 17, 65),
];
const RENDER: [Ipv4Addr; 2] = [
    Ipv4Addr::new(216, 24, 57, 7),
    Ipv4Addr::new(216, 24, 57, 251),
];

/// The one address of all name servers of other zones.
pub const OTHERS: Ipv4Addr = Ipv4Addr::new(192, 0, 2, 200);

/// Zones that are not the product's, each with its name servers.
const OUTSIDE: [(&str, [&str; 2]); 7] = [
    (VERCEL_ZONE, ["ns1.vercel-dns.com", "ns2.vercel-dns.com"]),
    (
        "vercel-dns.com",
        ["ns1.vercel-dns.com", "ns2.vercel-dns.com"],
    ),
    ("vercel.app", ["ns1.vercel-dns.com", "ns2.vercel-dns.com"]),
    ("onrender.com", ["ns1.onrender.com", "ns2.onrender.com"]),
    (
        "domaincontrol.com",
        ["ns37.domaincontrol.com", "ns38.domaincontrol.com"],
    ),
    (
        "cloudflare.com",
        ["ada.ns.cloudflare.com", "bob.ns.cloudflare.com"],
    ),
    (
        "hoster.example",
        ["ns1.hoster.example", "ns2.hoster.example"],
    ),
];

/// Every service's host at Render leads here.
const RENDER_ORIGIN: &str = "gcp-eu-central-1-1.origin.onrender.com";

fn record(name: &str, kind: RecordKind, data: String, ttl: u32) -> Record {
    Record {
        name: name.to_owned(),
        kind,
        data,
        ttl,
    }
}

fn addresses(name: &str, kind: RecordKind, all: &[Ipv4Addr]) -> Said {
    match kind {
        RecordKind::A => Said::some(
            all.iter()
                .map(|address| record(name, kind, address.to_string(), AUTOMATIC_S))
                .collect(),
        ),
        _ => Said::none(Code::NoError, NEGATIVE_S),
    }
}

/// Whether `name` is `zone` or in it.
pub fn is_in(name: &str, zone: &str) -> bool {
    name == zone
        || name
            .strip_suffix(zone)
            .is_some_and(|rest| rest.ends_with('.'))
}

/// A name that is not in the product's zone. `product` is that zone, whose parents are there too.
pub fn outside(name: &str, kind: RecordKind, product: &str) -> Said {
    let zones = OUTSIDE.iter();
    let Some((zone, servers)) = zones.clone().find(|(zone, _)| is_in(name, zone)) else {
        let mut known = zones.map(|(zone, _)| *zone).chain([product]);
        return match known.any(|zone| is_in(zone, name)) {
            true => Said::none(Code::NoError, NEGATIVE_S),
            false => Said::none(Code::NxDomain, NEGATIVE_S),
        };
    };
    let hosts = Host::ALL.into_iter().flat_map(Host::name_servers);
    let others = servers.iter().map(|server| (*server, OTHERS));
    if let Some((_, address)) = hosts.chain(others).find(|(server, _)| *server == name) {
        return addresses(name, kind, &[address]);
    }
    match (*zone, kind) {
        (own, RecordKind::Ns) if own == name => Said::some(
            servers
                .iter()
                .map(|server| record(name, kind, (*server).to_owned(), SOA_S))
                .collect(),
        ),
        (own, _) if own == name => Said::none(Code::NoError, NEGATIVE_S),
        // Vercel lists the authorities that it lets issue for its targets.
        (VERCEL_ZONE | "vercel-dns.com", RecordKind::Caa) => Said::some(
            [
                "globalsign.com",
                "letsencrypt.org",
                "pki.goog",
                "sectigo.com",
            ]
            .map(|ca| record(name, kind, format!("0 issue \"{ca}\""), AUTOMATIC_S))
            .to_vec(),
        ),
        (VERCEL_ZONE | "vercel-dns.com" | "vercel.app", _) => addresses(name, kind, &VERCEL),
        ("onrender.com", _) if name.ends_with(".origin.onrender.com") => {
            addresses(name, kind, &RENDER)
        }
        ("onrender.com", _) => {
            let to = RENDER_ORIGIN.to_owned();
            Said::some(vec![record(name, RecordKind::Cname, to, AUTOMATIC_S)])
        }
        _ => Said::none(Code::NxDomain, NEGATIVE_S),
    }
}

/// A name of the product's zone, as these contents of a copy have it. `follow` gives the addresses of a target, for a
/// host that answers with them in place of a CNAME.
pub fn inside(
    copy: &Copy,
    contents: &Contents,
    minimum: u32,
    name: &str,
    kind: RecordKind,
    follow: &dyn Fn(&str) -> Vec<Ipv4Addr>,
) -> Said {
    let zone = &*copy.zone;
    let negative = minimum.min(SOA_S);
    let own = relative(name, zone);
    let mut here: Vec<&Kept> = contents.at(&own).map(AsRef::as_ref).collect();
    if here.is_empty() {
        let below = format!(".{own}");
        // A name that only has names below it is there, without records.
        if contents
            .records
            .iter()
            .any(|kept| kept.wish.name.ends_with(&below))
        {
            return Said::none(Code::NoError, negative);
        }
        here = wildcard(contents, &own);
    }
    if here.is_empty() {
        return Said::none(Code::NxDomain, negative);
    }
    let cloudflare = copy.host == Host::Cloudflare;
    if cloudflare && here.iter().any(|kept| kept.wish.proxied) {
        let hidden = matches!(kind, RecordKind::A | RecordKind::Aaaa | RecordKind::Cname);
        if hidden {
            return with_negative(addresses(name, kind, &PROXIES), negative);
        }
    }
    let link = here.iter().find(|kept| kept.wish.kind == "CNAME");
    if let Some(link) = link.filter(|_| cloudflare && own == "@") {
        // No CNAME can stand beside the SOA, so Cloudflare answers with what it leads to.
        let flat = matches!(kind, RecordKind::A | RecordKind::Aaaa | RecordKind::Cname);
        if flat {
            let all = follow(&link.wish.wire(zone));
            return with_negative(addresses(name, kind, &all), negative);
        }
    }
    let given = |kept: &&Kept| kept.wish.kind == kind.as_str() || kept.wish.kind == "CNAME";
    let flat = |kept: &&Kept| cloudflare && own == "@" && kept.wish.kind == "CNAME";
    let records: Vec<Record> = here
        .into_iter()
        .filter(|kept| given(kept) && !flat(kept))
        .map(|kept| said(copy, contents, minimum, name, kept))
        .collect();
    let records = alone(records);
    Said {
        code: Code::NoError,
        records,
        negative,
    }
}

fn with_negative(said: Said, negative: u32) -> Said {
    Said { negative, ..said }
}

/// A CNAME is given alone, whatever a damaged zone has beside it.
fn alone(mut records: Vec<Record>) -> Vec<Record> {
    if let Some(link) = records.iter().position(|one| one.kind == RecordKind::Cname) {
        return vec![records.swap_remove(link)];
    }
    records
}

/// The records of the nearest `*` that answers for a missing name.
fn wildcard<'c>(contents: &'c Contents, own: &str) -> Vec<&'c Kept> {
    let mut rest = own;
    loop {
        rest = rest.split_once('.').map_or("", |(_, parent)| parent);
        let star = match rest {
            "" => "*".to_owned(),
            parent => format!("*.{parent}"),
        };
        let all = contents.records.iter().map(AsRef::as_ref);
        let found: Vec<&Kept> = all.filter(|kept| kept.wish.name == star).collect();
        if !found.is_empty() || rest.is_empty() {
            return found;
        }
        // A parent that is there itself keeps wildcards above it away.
        if contents.at(rest).next().is_some() {
            return Vec::new();
        }
    }
}

/// A record of the zone as its server gives it.
fn said(copy: &Copy, contents: &Contents, minimum: u32, name: &str, kept: &Kept) -> Record {
    let wish = &kept.wish;
    let kind = [
        RecordKind::A,
        RecordKind::Aaaa,
        RecordKind::Caa,
        RecordKind::Cname,
        RecordKind::Mx,
        RecordKind::Ns,
        RecordKind::Soa,
    ];
    let kind = kind.into_iter().find(|kind| kind.as_str() == wish.kind);
    let mut data = wish.wire(&copy.zone);
    if wish.kind == "SOA" {
        let (by, serial) = (copy.host.responsible(), 2_026_112_300 + contents.serial);
        data = format!("{data} {by} {serial} 28800 7200 604800 {minimum}");
    }
    let ttl = if wish.ttl == 1 { AUTOMATIC_S } else { wish.ttl };
    record(name, kind.unwrap_or(RecordKind::Txt), data, ttl)
}
