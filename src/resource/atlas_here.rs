//! This machine's public address on the access list of each project used, for a limited time.

use std::net::IpAddr;

use super::access_list::{self, AccessChange, Cidr, LetIn, List, Place, day, projects};
use super::{Applied, Cx, Known, Look, Resource, here};
use crate::plan::{Evidence, Made, Output, Outputs, Plan};
use crate::provider::http::CallError;

const WHOSE: &str = "this machine";

/// This machine's public address on the access list of each project used, for a limited time.
#[derive(Clone, Debug)]
pub struct AtlasHere {
    /// Cluster key and project, as in `golive.toml`.
    pub projects: Vec<(String, String)>,
}

pub struct Seen {
    /// `None` while nothing needs it: then nobody was asked.
    address: Option<Cidr>,
    lists: Vec<List>,
}

impl Resource for AtlasHere {
    type Seen = Seen;
    type Change = AccessChange;

    async fn observe(&self, cx: &Cx<'_>) -> Look<Seen> {
        let client = cx.atlas()?;
        let address = match cx.known.needed {
            true => Some(Cidr::single(address(cx).await?)),
            false => None,
        };
        let mut lists = Vec::new();
        for project in projects(cx.known, &self.projects)? {
            let wanted: Vec<Cidr> = address.into_iter().collect();
            lists.push(List::look(client, &project, &wanted).await?);
        }
        Ok(Seen { address, lists })
    }

    fn plan(&self, _known: &Known, seen: &Seen) -> Plan<AccessChange> {
        let Some(address) = seen.address else {
            return Plan::Settled(not_needed(seen));
        };
        let missing = |list: &&List| list.place(&address) == Place::Missing;
        let additions: Vec<AccessChange> = seen
            .lists
            .iter()
            .filter(missing)
            .map(|list| {
                AccessChange::LetIn(LetIn {
                    project: list.project.clone(),
                    ranges: vec![address],
                    whose: WHOSE,
                    temporary: true,
                })
            })
            .collect();
        if !additions.is_empty() {
            return Plan::Change(additions);
        }
        let inactive = seen
            .lists
            .iter()
            .find_map(|list| list.not_active(&[address]));
        match inactive {
            Some(Ok(wait)) => Plan::Wait(wait),
            Some(Err(blocker)) => Plan::Blocked(blocker),
            None => Plan::Settled(let_in(&address, seen)),
        }
    }

    async fn apply(&self, cx: &Cx<'_>, change: &AccessChange) -> Result<Applied, CallError> {
        access_list::apply(cx, change).await
    }

    fn outputs(&self, seen: &Seen) -> Outputs {
        let address = seen.address.map(|address| address.to_string());
        address
            .into_iter()
            .map(|address| ("address".into(), Output::Text(address)))
            .collect()
    }

    fn found(&self, seen: &Seen, change: &str) -> Option<Made> {
        let wanted: Vec<Cidr> = seen.address.into_iter().collect();
        access_list::found(&seen.lists, &wanted, WHOSE, change)
    }

    fn undo(&self, known: &Known, seen: &Seen) -> Vec<AccessChange> {
        access_list::undo(known, &seen.lists)
    }
}

/// The address that Atlas sees this machine under.
pub(super) async fn address(cx: &Cx<'_>) -> Look<IpAddr> {
    let told = cx.resolver.public_address().await;
    told.map_err(|cause| {
        let hint = "GOLIVE_PUBLIC_ADDRESS=<this machine's public address> golive run".to_string();
        here(cause, Some(hint))
    })
}

fn let_in(address: &Cidr, seen: &Seen) -> Evidence {
    let names: Vec<&str> = seen
        .lists
        .iter()
        .map(|list| list.project.name.as_str())
        .collect();
    let text = format!("{address}, this machine, is let in at {}", names.join(", "));
    let mut evidence = Evidence::new(text);
    if let Some(list) = seen.lists.first() {
        evidence = evidence.url(list.project.page());
    }
    for list in &seen.lists {
        let Place::Covered { by, entry, .. } = list.place(address) else {
            continue;
        };
        let name = &list.project.name;
        evidence = evidence.note(match (entry.until(), by == *address) {
            (Some(until), _) => format!(
                "{name}: until {}, then Atlas removes it; on the after-launch list: remove it sooner, where nothing needs it",
                day(until)
            ),
            (None, true) => format!("{name}: an entry that stays, and that golive did not make"),
            (None, false) => format!("{name}: within {by}, which golive did not make"),
        });
    }
    evidence
}

/// Nothing that is open needs this machine let in; what is left of earlier is told.
fn not_needed(seen: &Seen) -> Evidence {
    let mark = access_list::marked(WHOSE);
    let mut evidence = Evidence::new("nothing that is open needs this machine let in");
    for list in &seen.lists {
        for (range, entry) in &list.entries {
            let comment = entry.comment.as_deref().unwrap_or_default();
            if !comment.starts_with(&mark) {
                continue;
            }
            let until = entry.until().map_or("somebody removes it".into(), day);
            evidence = evidence.note(format!(
                "{range} is on the access list of {} until {until}; on the after-launch list",
                list.project.name
            ));
        }
    }
    evidence
}

#[cfg(test)]
mod tests {
    use super::super::access_list::tests::{cidr, list};
    use super::*;
    use crate::plan::{Change, ItemId};

    fn item() -> AtlasHere {
        AtlasHere {
            projects: vec![("prod".into(), "bondigoo".into())],
        }
    }

    fn seen(entries: &[(&str, &str, Option<&str>, &str)]) -> Seen {
        Seen {
            address: Some(cidr("198.51.100.7")),
            lists: vec![list(entries)],
        }
    }

    fn plan(entries: &[(&str, &str, Option<&str>, &str)]) -> Plan<AccessChange> {
        item().plan(&Known::default(), &seen(entries))
    }

    #[test]
    fn a_machine_that_is_not_let_in_is_added_for_a_week() {
        let Plan::Change(changes) = plan(&[("0.0.0.0/0", "", None, "ACTIVE")]) else {
            panic!("no change");
        };
        let row = changes[0].row(&ItemId::new("3.here"));
        assert_eq!(
            row.to_string(),
            "+ access list of Atlas project bondigoo: 198.51.100.7/32 (this machine, for 7 days)"
        );
        assert_eq!(row.change, "add-prod");
    }

    #[test]
    fn it_is_settled_only_once_the_entry_is_active() {
        let until = Some("2026-12-01T08:50:00Z");
        let entry = |status| {
            (
                "198.51.100.7/32",
                "golive: this machine, until x",
                until,
                status,
            )
        };
        let Plan::Wait(wait) = plan(&[entry("PENDING")]) else {
            panic!("no wait");
        };
        assert_eq!(wait.seen, "PENDING");
        assert!(matches!(plan(&[entry("FAILED")]), Plan::Blocked(_)));
        let Plan::Settled(evidence) = plan(&[entry("ACTIVE")]) else {
            panic!("not settled");
        };
        assert_eq!(
            evidence.text,
            "198.51.100.7/32, this machine, is let in at bondigoo"
        );
        assert!(evidence.notes[0].contains("until 2026-12-01"));
        assert!(evidence.notes[0].contains("after-launch list"));
    }

    #[test]
    fn an_office_range_suffices() {
        let Plan::Settled(evidence) = plan(&[("198.51.100.0/24", "office", None, "ACTIVE")]) else {
            panic!("not settled");
        };
        assert_eq!(
            evidence.notes,
            ["bondigoo: within 198.51.100.0/24, which golive did not make"]
        );
    }

    #[test]
    fn nothing_is_added_while_nothing_needs_it() {
        let seen = Seen {
            address: None,
            ..seen(&[(
                "198.51.100.7/32",
                "golive: this machine, until 2026-12-01",
                Some("2026-12-01T08:50:00Z"),
                "ACTIVE",
            )])
        };
        let Plan::Settled(evidence) = item().plan(&Known::default(), &seen) else {
            panic!("not settled");
        };
        assert!(evidence.text.starts_with("nothing that is open"));
        assert!(evidence.notes[0].contains("until 2026-12-01"));
    }

    #[test]
    fn an_addition_whose_reply_was_lost_is_golives_by_its_comment() {
        let lost = |comment| seen(&[("198.51.100.7/32", comment, None, "ACTIVE")]);
        let made = item().found(&lost("golive: this machine, until x"), "add-prod");
        assert_eq!(made.unwrap().as_made.as_deref(), Some("198.51.100.7/32"));
        assert!(item().found(&lost("ann"), "add-prod").is_none());
    }
}
