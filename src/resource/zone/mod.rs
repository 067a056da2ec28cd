//! Who holds a zone, and how a claim hands on the records that its provider wants.

pub(crate) mod ask;
pub(super) mod book;
pub(crate) mod entry;

use self::entry::Entry;
use super::Known;
use crate::plan::{Blocker, ItemId, Provider};
use crate::provider::{cloudflare, godaddy};

/// Who holds the zone's records.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Holder {
    GoDaddy,
    Cloudflare,
    /// A person enters what golive shows.
    ByHand,
}

/// Outputs of an item that claims a host: the type (`CNAME` or `A`) and value (without a dot at its end) of the record
/// that its provider wants, and where the provider asks for a proof of ownership, name and value of that TXT record.
pub const TARGET_KIND: &str = "target_kind";
pub const TARGET: &str = "target";
pub const PROOF_NAME: &str = "proof_name";
pub const PROOF_VALUE: &str = "proof_value";

/// Output of `0.dns` and `6.2.zone`: how the records are written (`godaddy`, `cloudflare`, `by-hand`).
pub const MODE: &str = "mode";
/// Output of `0.dns` at Cloudflare: the zone's id.
pub const ZONE_ID: &str = "zone_id";
/// Output of `0.dns`: the name servers as the account shows them, joined by commas. At Cloudflare those that it gave to the
/// zone, at GoDaddy those that the registry has, whoever runs them.
pub const NAME_SERVERS: &str = "name_servers";
/// Output of `6.2.zone`: the zone's own servers as `name=address`, joined by commas.
pub const SERVERS: &str = "servers";
/// Output of `6.2.zone`: who hosts the zone, such as `GoDaddy`, or its name servers.
pub const HOSTED_BY: &str = "hosted_by";
/// Output of `6.2.zone`: the zone's records before golive's first write, as JSON.
pub const EXPORT: &str = "export";

impl Holder {
    /// Its word in outputs.
    pub fn word(self) -> &'static str {
        match self {
            Holder::GoDaddy => "godaddy",
            Holder::Cloudflare => "cloudflare",
            Holder::ByHand => BY_HAND,
        }
    }

    fn read(word: &str) -> Option<Holder> {
        [Holder::GoDaddy, Holder::Cloudflare, Holder::ByHand]
            .into_iter()
            .find(|holder| holder.word() == word)
    }

    /// The time to live of golive's records: short, so that a mistake is mended soon.
    pub(crate) fn ttl(self) -> u32 {
        match self {
            Holder::GoDaddy => godaddy::TTL_MIN,
            Holder::Cloudflare => 300,
            Holder::ByHand => 600,
        }
    }
}

impl std::fmt::Display for Holder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Holder::GoDaddy => "GoDaddy",
            Holder::Cloudflare => "Cloudflare",
            Holder::ByHand => "by hand",
        })
    }
}

/// A choice's word, and an output's: a person enters the records.
pub(super) const BY_HAND: &str = godaddy::BY_HAND;

/// The item that looks at the account.
pub(super) fn access() -> ItemId {
    Provider::GoDaddy.access()
}

/// How the records are written, as an item that is settled has found; `holder` is golive.toml's wish.
pub(super) fn mode(known: &Known, item: &ItemId, holder: Holder) -> Holder {
    let told = known.output(item, MODE);
    told.and_then(Holder::read).unwrap_or(holder)
}

/// The operator has chosen for this item to go on by hand where GoDaddy refuses it.
pub(super) fn chose_by_hand(known: &Known) -> bool {
    let word = known.decided.get(godaddy::CHOICE);
    word.is_some_and(|word| word == BY_HAND)
}

/// The records that a host's provider wants.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Wanted {
    pub lead: Entry,
    /// The text that proves ownership, while the provider asks for one.
    pub proof: Option<Entry>,
}

impl Wanted {
    /// What a claim has told; `None` while it has not.
    pub fn told(known: &Known, claim: &ItemId, host: &str, zone: &str, ttl: u32) -> Option<Wanted> {
        let told = |name: &str| known.output(claim, name).filter(|text| !text.is_empty());
        let lead = Entry::new(host, told(TARGET_KIND)?, told(TARGET)?, ttl);
        let proof = told(PROOF_NAME).zip(told(PROOF_VALUE));
        let proof = proof.map(|(name, value)| {
            // A provider may tell the name inside the zone.
            let whole = match name == zone || name.ends_with(&format!(".{zone}")) {
                true => name.to_string(),
                false => format!("{name}.{zone}"),
            };
            Entry::new(&whole, "TXT", value, ttl)
        });
        Some(Wanted { lead, proof })
    }

    pub fn records(&self) -> impl Iterator<Item = &Entry> {
        std::iter::once(&self.lead).chain(&self.proof)
    }
}

/// Why nothing can be done while a claim has not told what it wants.
pub(super) fn nothing_told(claim: &ItemId, host: &str) -> Blocker {
    Blocker::ByHand {
        what: format!("look at {claim}: it has not told which record {host} needs"),
        url: None,
        paste: vec![format!("golive run {claim}")],
    }
}

/// The page where a person edits the zone's records, where golive knows it.
pub(crate) fn records_page(hosted_by: &str, zone: &str) -> Option<String> {
    match hosted_by {
        "GoDaddy" => Some(godaddy::records_page(zone)),
        "Cloudflare" => Some(cloudflare::records_page(zone)),
        _ => None,
    }
}

/// The name as forms inside the zone ask for it: `www`, `@` for the zone itself.
pub(crate) fn label(name: &str, zone: &str) -> String {
    let inside = name
        .strip_suffix(zone)
        .and_then(|rest| rest.strip_suffix('.'));
    match inside {
        Some(label) => label.to_string(),
        None if name == zone => "@".into(),
        None => name.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_told_as_the_forms_inside_its_zone_ask_for_it() {
        assert_eq!(
            label("api.staging.bondigoo.ch", "bondigoo.ch"),
            "api.staging"
        );
        assert_eq!(label("bondigoo.ch", "bondigoo.ch"), "@");
        assert_eq!(label("notbondigoo.ch", "bondigoo.ch"), "notbondigoo.ch");
    }

    #[test]
    fn what_was_found_wins_over_what_was_wished() {
        let mut known = Known::default();
        let item = ItemId::new("6.2.zone");
        assert_eq!(mode(&known, &item, Holder::GoDaddy), Holder::GoDaddy);
        known.outputs.insert("6.2.zone.mode".into(), BY_HAND.into());
        assert_eq!(mode(&known, &item, Holder::GoDaddy), Holder::ByHand);
    }
}
