//! How Vercel looks at a name: whether its records lead here, what is in the way, and what it recommends.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::Cx;
use super::state::apex;
use super::wire::{Outcome, ok};
use crate::seam::resolver::RecordKind;
use crate::sim::sites::caa;
use crate::sim::sites::resolve::{Edge, through_proxy};
use crate::sim::targets;
use crate::sim::zones::Zones;

/// The address that every apex could use, long before projects had targets of their own.
const OLD_APEX: &str = "76.76.21.21";
/// The targets of before, which still work.
const OLD_CNAMES: [&str; 2] = ["cname.vercel-dns.com", "cname.vercel-dns-0.com"];
/// Who issues Vercel's certificates, as a CAA record names it.
pub const ISSUER: &str = "letsencrypt.org";
/// How long a chain of CNAMEs may be.
const LINKS_MAX: usize = 8;

/// How a name leads to Vercel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    Cname,
    A,
    /// A proxy stands before it and goes on to Vercel.
    Proxy,
}

/// What the records of a name say.
#[derive(Clone, Debug)]
pub struct Look {
    pub way: Option<Way>,
    pub cnames: Vec<String>,
    pub addresses: Vec<String>,
    /// What is in the way: name, type and value.
    pub conflicts: Vec<(String, &'static str, String)>,
}

impl Look {
    /// Visitors come here, and a certificate can be issued.
    pub fn right(&self) -> bool {
        self.way.is_some() && self.conflicts.is_empty()
    }
}

/// Whether a name is one of Vercel's targets.
pub fn is_target(name: &str) -> bool {
    let own = name.strip_suffix(targets::VERCEL_ZONE);
    own.is_some_and(|label| label.ends_with('.')) || OLD_CNAMES.contains(&name)
}

/// Looks at a name as the zone's own servers have it.
pub fn look(zones: &Zones, at: Timestamp, name: &str) -> Look {
    let ask = |name: &str, kind| zones.truth(at, name, kind);
    let mut last = name.to_owned();
    let mut cnames = Vec::new();
    while cnames.len() < LINKS_MAX && !is_target(&last) {
        let Some(next) = ask(&last, RecordKind::Cname).into_iter().next() else {
            break;
        };
        last = next.trim_end_matches('.').to_lowercase();
        cnames.push(last.clone());
    }
    let addresses = match is_target(&last) {
        true => Vec::new(),
        false => ask(&last, RecordKind::A),
    };
    let mut conflicts = Vec::new();
    let here = addresses.iter().any(|address| targets::is_vercel(address));
    let proxies = addresses.iter().any(|one| targets::is_proxy(one));
    let way = if is_target(&last) {
        Some(Way::Cname)
    } else if here {
        Some(Way::A)
    } else if proxies && through_proxy(zones, at, name) == Some(Edge::Vercel) {
        Some(Way::Proxy)
    } else {
        None
    };
    if way == Some(Way::A) {
        let strays = addresses
            .iter()
            .filter(|address| !targets::is_vercel(address));
        conflicts.extend(strays.map(|stray| (last.clone(), "A", stray.clone())));
    }
    if matches!(way, Some(Way::A) | None) {
        let six = ask(&last, RecordKind::Aaaa);
        conflicts.extend(six.into_iter().map(|six| (last.clone(), "AAAA", six)));
    }
    let standing = caa::standing(zones, at, name);
    if !caa::permits(&standing, ISSUER) {
        let blocking = standing.records.into_iter();
        conflicts.extend(blocking.map(|record| (standing.name.clone(), "CAA", record)));
    }
    Look {
        way,
        cnames,
        addresses,
        conflicts,
    }
}

/// What to put in DNS for a name, and whether it is right. Without a project the values are the general ones.
pub fn config(cx: &mut Cx<'_>, name: &str) -> Outcome {
    let scope = cx.scope()?;
    let name = name.to_lowercase();
    let view = cx.view();
    let project = match cx.request.query("projectIdOrName") {
        None => None,
        Some(key) => Some(
            view.state
                .project(&scope.owner, key)
                .ok_or_else(|| super::projects::missing(key))?,
        ),
    };
    let claimed = project.filter(|project| {
        let key = (project.id.clone(), name.clone());
        view.state.domains.contains_key(&key)
    });
    let first = claimed.map_or_else(
        || OLD_CNAMES[1].to_owned(),
        |project| targets::vercel_cname(&project.id),
    );
    let look = look(cx.around.zones, cx.now(), &name);
    let configured = match look.way {
        Some(Way::Cname) => json!("CNAME"),
        Some(Way::A) => json!("A"),
        Some(Way::Proxy) => json!("http"),
        None => Value::Null,
    };
    let challenges = match look.way {
        Some(_) => json!(["http-01"]),
        None => json!([]),
    };
    let recommended = [
        json!({ "rank": 1, "value": [targets::VERCEL_APEX] }),
        json!({ "rank": 2, "value": [OLD_APEX] }),
    ];
    let conflicts = look
        .conflicts
        .iter()
        .map(|(name, kind, value)| json!({ "name": name, "type": kind, "value": value }));
    let servers = cx.around.zones.truth(cx.now(), apex(&name), RecordKind::Ns);
    Ok(ok(json!({
        "configuredBy": configured,
        "acceptedChallenges": challenges,
        "recommendedCNAME": [
            { "rank": 1, "value": format!("{first}.") },
            { "rank": 2, "value": format!("{}.", OLD_CNAMES[0]) },
        ],
        "recommendedIPv4": recommended,
        "misconfigured": !look.right(),
        "serviceType": if servers.is_empty() { "na" } else { "external" },
        "nameservers": servers,
        "cnames": look.cnames,
        "aValues": look.addresses,
        "dnssecEnabled": false,
        "conflicts": conflicts.collect::<Vec<Value>>(),
        "ipStatus": ip_status(&look),
    })))
}

/// Whether the addresses of a name should be changed.
fn ip_status(look: &Look) -> &'static str {
    match look.way {
        None => "required-change",
        Some(Way::A) if look.addresses.iter().all(|one| one == OLD_APEX) => "optional-change",
        Some(_) => "no-change",
    }
}
