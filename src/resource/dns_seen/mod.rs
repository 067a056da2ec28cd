//! One host as the world sees it: the zone's own servers, then public resolvers.

mod look;
mod waits;

#[cfg(test)]
mod tests;

use super::github_access::NoChange;
use super::zone::ask::{FAILURE, Said};
use super::zone::entry::Entry;
use super::zone::nothing_told;
use super::{Applied, Cx, Known, Look, Resource};
use crate::plan::{Evidence, Finding, ItemId, Output, Outputs, Plan};
use crate::provider::http::CallError;
pub(crate) use look::everywhere;

/// One host as the world sees it.
#[derive(Clone, Debug)]
pub struct DnsSeen {
    pub zone: String,
    pub host: String,
    pub claim: ItemId,
    /// The item that writes the records.
    pub record: ItemId,
    pub zone_item: ItemId,
}

/// What was asked, and what came.
#[derive(Debug, Default)]
pub struct Seen {
    /// The host's record, then the proof where one is wanted; empty while the claim has told nothing.
    records: Vec<Asked>,
    /// From the host to its addresses: the names of the chain, then the addresses.
    chain: Vec<String>,
    addresses: Vec<String>,
    /// An IPv6 address at the host itself.
    six: Option<String>,
    /// What answers for every name that nobody has made.
    wildcard: Option<String>,
    /// How long resolvers may remember that there is none, in seconds: the zone says so.
    negative: Option<u32>,
    /// The TTL of the record that stood there before golive came, in seconds.
    old_ttl: Option<u32>,
    hosted_by: String,
}

/// One record, and what each server says of it.
#[derive(Debug)]
pub(crate) struct Asked {
    pub(crate) wish: Entry,
    /// By the names of the zone's own servers.
    pub(crate) own: Vec<(String, Said)>,
    /// By the addresses of public resolvers; empty until the zone's own servers serve the record.
    pub(crate) public: Vec<(String, Said)>,
}

impl Asked {
    /// Every server of the zone that answers serves it, and one at least does.
    pub(crate) fn is_served(&self) -> bool {
        agree(&self.own)
    }

    pub(crate) fn is_visible(&self) -> bool {
        agree(&self.public) && !self.public.iter().any(|(_, said)| is_failing(said))
    }
}

/// A server that gives no answer, or none that says something, does not disagree: it is told beside.
fn agree(said: &[(String, Said)]) -> bool {
    let wrong = |said: &Said| matches!(said, Said::Other { .. } | Said::Nothing { .. });
    said.iter().any(|(_, said)| said.is_right()) && !said.iter().any(|(_, said)| wrong(said))
}

/// A resolver that fails at the name will fail for visitors too. One that refuses serves nobody here.
fn is_failing(said: &Said) -> bool {
    matches!(said, Said::Trouble(why) if why == FAILURE)
}

impl Resource for DnsSeen {
    type Seen = Seen;
    type Change = NoChange;

    async fn observe(&self, cx: &Cx<'_>) -> Look<Seen> {
        self.look(cx).await
    }

    fn plan(&self, _known: &Known, seen: &Seen) -> Plan<NoChange> {
        if seen.records.is_empty() {
            return Plan::Blocked(nothing_told(&self.claim, &self.host));
        }
        if let Some(asked) = seen.records.iter().find(|asked| !asked.is_served()) {
            return Plan::Wait(waits::not_served(seen, asked));
        }
        if let Some(asked) = seen.records.iter().find(|asked| !asked.is_visible()) {
            return Plan::Wait(waits::stale(seen, asked));
        }
        if seen.addresses.is_empty() {
            return Plan::Wait(waits::no_address(seen, &self.host));
        }
        Plan::Settled(self.evidence(seen))
    }

    async fn apply(&self, _cx: &Cx<'_>, change: &NoChange) -> Result<Applied, CallError> {
        match *change {}
    }

    fn outputs(&self, seen: &Seen) -> Outputs {
        let addresses = Output::Text(seen.addresses.join(","));
        Outputs::from([("addresses".into(), addresses)])
    }
}

impl DnsSeen {
    fn evidence(&self, seen: &Seen) -> Evidence {
        let right = |said: &[(String, Said)]| -> String {
            let right = said.iter().filter(|(_, said)| said.is_right());
            let names: Vec<&str> = right.map(|(name, _)| name.as_str()).collect();
            names.join(", ")
        };
        let mut evidence = Evidence::new("");
        for (index, asked) in seen.records.iter().enumerate() {
            let told = format!(
                "{} is {}, as {} and {} say",
                asked.wish.name,
                asked.wish.shown(),
                right(&asked.own),
                right(&asked.public)
            );
            match index {
                0 => evidence.text = told,
                _ => evidence = evidence.note(told),
            }
            for (name, said) in asked.own.iter().chain(&asked.public) {
                match said {
                    Said::Silent(why) => {
                        evidence = evidence.note(format!("{name} gave no answer: {why}"));
                    }
                    Said::Trouble(why) => evidence = evidence.note(format!("{name} says {why}")),
                    Said::Flattened => {
                        evidence = evidence.note(format!(
                            "{name} answers with the addresses of {} in place of its name",
                            asked.wish.data
                        ));
                    }
                    _ => {}
                }
            }
        }
        let way: Vec<&str> = std::iter::once(self.host.as_str())
            .chain(seen.chain.iter().map(String::as_str))
            .collect();
        evidence = evidence.note(format!(
            "{} → {}",
            way.join(" → "),
            seen.addresses.join(", ")
        ));
        if let Some(record) = &seen.wildcard {
            evidence = evidence.note(format!(
                "*.{} answers for every name that nobody has made ({record})",
                self.zone
            ));
        }
        let six = seen.six.iter().map(|address| {
            Finding::new(
                "aaaa",
                format!(
                    "{} has the IPv6 address {address} besides: visitors who have IPv6 are led there, not to the provider",
                    self.host
                ),
                format!("remove the AAAA record of {}", self.host),
            )
        });
        let six: Vec<Finding> = six.collect();
        evidence.findings(six)
    }
}
