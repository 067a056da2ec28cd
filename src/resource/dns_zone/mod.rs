//! Who answers for the zone, and what is in it before golive writes.

pub(super) mod export;
mod look;
mod words;

#[cfg(test)]
mod tests;

use super::github_access::NoChange;
use super::zone::ask::{Delegation, OwnServer};
use super::zone::entry::Entry;
use super::zone::{BY_HAND, EXPORT, HOSTED_BY, Holder, MODE, SERVERS};
use super::{Applied, Cx, Known, Look, Resource};
use crate::plan::{Blocker, Choice, Output, Outputs, Plan};
use crate::provider::http::CallError;
use export::Export;

/// Under which name the operator's way on is remembered, where the zone is hosted elsewhere than golive.toml says.
const ELSEWHERE: &str = "elsewhere";
const AGAIN: &str = "again";

/// Who answers for the zone, and what is in it.
#[derive(Clone, Debug)]
pub struct DnsZone {
    pub zone: String,
    pub holder: Holder,
    /// Every host that golive is going to have records for.
    pub hosts: Vec<String>,
    /// The bare name is left as it is; what it shows is told.
    pub apex_left: bool,
}

/// What the world and the account show.
#[derive(Debug)]
pub struct Seen {
    /// How the records are written, as far as the account goes.
    mode: Holder,
    /// The operator chose to enter them by hand where the zone is hosted.
    by_hand_elsewhere: bool,
    delegation: Delegation,
    /// Where resolvers fail at the zone: the account's own name servers that do answer for it.
    answering: Vec<String>,
    world: Option<World>,
}

/// A zone that is delegated, as its own servers show it.
#[derive(Debug)]
struct World {
    hosted: Hosted,
    servers: Vec<OwnServer>,
    /// Each server's serial number, or why it tells none.
    serials: Vec<(String, Result<String, String>)>,
    /// Public resolvers that fail at a zone whose own servers answer.
    failing: Vec<String>,
    /// The records of golive's hosts as they are now.
    own: Vec<Entry>,
    export: Export,
    /// Others' records of the copy that are gone now.
    vanished: Vec<Entry>,
    /// Others' records are as they were when the copy was made; `None` where that cannot be compared.
    untouched: Option<bool>,
    caa: Vec<String>,
    wildcard: Option<String>,
    /// What the bare name shows, where it is left as it is.
    apex: Option<String>,
}

/// Whose name servers they are.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Hosted {
    GoDaddy,
    Cloudflare,
    /// Cloudflare's, and not those that it gave to this account's zone.
    OtherCloudflare,
    Elsewhere,
}

impl Hosted {
    /// By the names of the servers; `given` are those that Cloudflare gave to the account's zone.
    fn of(names: &[String], given: &[String]) -> Hosted {
        let all = |end: &str| !names.is_empty() && names.iter().all(|name| name.ends_with(end));
        let mut given: Vec<String> = given.iter().map(|name| name.to_lowercase()).collect();
        given.sort();
        match () {
            () if all(".domaincontrol.com") => Hosted::GoDaddy,
            () if !given.is_empty() && given == names => Hosted::Cloudflare,
            () if all(".ns.cloudflare.com") && !given.is_empty() => Hosted::OtherCloudflare,
            () if all(".ns.cloudflare.com") => Hosted::Cloudflare,
            () => Hosted::Elsewhere,
        }
    }

    /// Whether what is written by this way has an effect.
    fn fits(&self, mode: Holder) -> bool {
        match mode {
            Holder::GoDaddy => *self == Hosted::GoDaddy,
            Holder::Cloudflare => *self == Hosted::Cloudflare,
            Holder::ByHand => true,
        }
    }

    fn word(&self) -> &'static str {
        match self {
            Hosted::GoDaddy => "GoDaddy",
            Hosted::Cloudflare | Hosted::OtherCloudflare => "Cloudflare",
            Hosted::Elsewhere => "another host",
        }
    }
}

impl Resource for DnsZone {
    type Seen = Seen;
    type Change = NoChange;

    async fn observe(&self, cx: &Cx<'_>) -> Look<Seen> {
        self.look(cx).await
    }

    fn plan(&self, _known: &Known, seen: &Seen) -> Plan<NoChange> {
        let (Delegation::To { names, by, others }, Some(world)) = (&seen.delegation, &seen.world)
        else {
            return Plan::Blocked(self.no_zone(seen));
        };
        if !world.hosted.fits(seen.mode) && !seen.by_hand_elsewhere {
            return Plan::Blocked(self.elsewhere(seen.mode, names, &by.to_string()));
        }
        Plan::Settled(self.evidence(seen, world, names, &by.to_string(), others))
    }

    async fn apply(&self, _cx: &Cx<'_>, change: &NoChange) -> Result<Applied, CallError> {
        match *change {}
    }

    fn outputs(&self, seen: &Seen) -> Outputs {
        let Some(world) = &seen.world else {
            return Outputs::new();
        };
        let outputs = [
            (MODE, seen.effective(world).word().to_string()),
            (SERVERS, OwnServer::listed(&world.servers)),
            (HOSTED_BY, world.hosted.word().to_string()),
            (EXPORT, world.export.kept()),
        ];
        outputs
            .into_iter()
            .map(|(name, value)| (name.into(), Output::Text(value)))
            .collect()
    }
}

impl Seen {
    /// How the records are written in the end.
    fn effective(&self, world: &World) -> Holder {
        match world.hosted.fits(self.mode) {
            true => self.mode,
            false => Holder::ByHand,
        }
    }
}

impl DnsZone {
    fn elsewhere(&self, mode: Holder, names: &[String], by: &str) -> Blocker {
        let (zone, names) = (&self.zone, names.join(", "));
        Blocker::Choose {
            key: ELSEWHERE.into(),
            question: format!(
                "golive.toml says that {mode} holds the records of {zone}, yet its name servers are {names} (as {by} says): \
                 what is written at {mode} would have no effect. How shall golive go on?"
            ),
            options: vec![
                Choice::new(
                    BY_HAND,
                    "enter the records by hand where the zone is hosted: golive shows each one and looks until the world \
                     sees it",
                ),
                Choice::new(
                    AGAIN,
                    "look again, after the name servers were changed at the registrar (that takes up to two days), or \
                     `mode` under [dns] in golive.toml",
                ),
            ],
        }
    }

    /// Why there is no zone to look at, and what to do.
    fn no_zone(&self, seen: &Seen) -> Blocker {
        let zone = &self.zone;
        let (what, url, paste) = match &seen.delegation {
            Delegation::Inside(parent) => (
                format!(
                    "correct the zone in golive.toml: {zone} is no zone of its own, its records are in {parent}"
                ),
                None,
                vec![format!("zone = \"{parent}\"")],
            ),
            Delegation::Nowhere(said) => (
                format!(
                    "register {zone}, or correct the zone in golive.toml: it has no name servers ({said})"
                ),
                None,
                vec![],
            ),
            Delegation::Broken(said) => {
                let answering = match seen.answering.is_empty() {
                    true => String::new(),
                    false => format!(
                        ", while {} answers for it: most likely its DNSSEC is broken, so switch that off at the registrar \
                         or put its DS record right",
                        seen.answering.join(", ")
                    ),
                };
                (
                    format!(
                        "mend the zone {zone}: public resolvers fail at it ({}){answering}",
                        said.join("; ")
                    ),
                    Some(format!("https://dnsviz.net/d/{zone}/dnssec/")),
                    vec![],
                )
            }
            Delegation::To { names, .. } => (
                format!(
                    "mend the name servers of {zone} at its registrar: {} lead to no address",
                    names.join(", ")
                ),
                None,
                names.clone(),
            ),
        };
        Blocker::ByHand { what, url, paste }
    }
}
