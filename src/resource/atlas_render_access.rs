//! The addresses that Render's services go out from, on the access list of each project used.

use super::access_list::{self, AccessChange, Cidr, LetIn, List, Place, ShutOut, joined, projects};
use super::{Applied, Cx, Known, Look, Resource};
use crate::plan::{Blocker, Choice, Evidence, Finding, ItemId, Made, Output, Outputs, Plan};
use crate::provider::http::CallError;

const WHOSE: &str = "Render's outgoing addresses";
/// The question about an entry that lets everybody in.
const OPEN: &str = "open-to-all";

/// The addresses that Render's services go out from, on the access list of each project used.
#[derive(Clone, Debug)]
pub struct AtlasRenderAccess {
    pub projects: Vec<(String, String)>,
    /// The items whose output `outbound` tells the ranges.
    pub services: Vec<ItemId>,
}

pub struct Seen {
    lists: Vec<List>,
}

impl Resource for AtlasRenderAccess {
    type Seen = Seen;
    type Change = AccessChange;

    async fn observe(&self, cx: &Cx<'_>) -> Look<Seen> {
        let client = cx.atlas()?;
        let wanted = self.wanted(cx.known).unwrap_or_default();
        let mut lists = Vec::new();
        for project in projects(cx.known, &self.projects)? {
            lists.push(List::look(client, &project, &wanted).await?);
        }
        Ok(Seen { lists })
    }

    fn plan(&self, known: &Known, seen: &Seen) -> Plan<AccessChange> {
        let wanted = match self.wanted(known) {
            Ok(wanted) => wanted,
            Err(blocker) => return Plan::Blocked(blocker),
        };
        let additions: Vec<AccessChange> = seen
            .lists
            .iter()
            .filter_map(|list| addition(list, &wanted))
            .collect();
        if !additions.is_empty() {
            return Plan::Change(additions);
        }
        let inactive = seen.lists.iter().find_map(|list| list.not_active(&wanted));
        match inactive {
            Some(Ok(wait)) => return Plan::Wait(wait),
            Some(Err(blocker)) => return Plan::Blocked(blocker),
            None => {}
        }
        match known.decided.get(OPEN).map(String::as_str) {
            None if seen.is_open() => Plan::Blocked(open_to_all(seen)),
            Some("remove") if seen.is_open() => Plan::Change(seen.closing()),
            _ => Plan::Settled(evidence(&wanted, seen)),
        }
    }

    async fn apply(&self, cx: &Cx<'_>, change: &AccessChange) -> Result<Applied, CallError> {
        access_list::apply(cx, change).await
    }

    fn outputs(&self, seen: &Seen) -> Outputs {
        let names: Vec<&str> = seen
            .lists
            .iter()
            .map(|list| list.project.name.as_str())
            .collect();
        Outputs::from([("projects".into(), Output::Text(names.join(", ")))])
    }

    fn found(&self, seen: &Seen, change: &str) -> Option<Made> {
        let every: Vec<Cidr> = seen
            .lists
            .iter()
            .flat_map(|list| list.entries.iter().map(|(range, _)| *range))
            .collect();
        access_list::found(&seen.lists, &every, WHOSE, change)
    }

    fn undo(&self, known: &Known, seen: &Seen) -> Vec<AccessChange> {
        access_list::undo(known, &seen.lists)
    }
}

impl AtlasRenderAccess {
    /// Every range that a service goes out from, each once.
    fn wanted(&self, known: &Known) -> Result<Vec<Cidr>, Blocker> {
        let mut wanted = Vec::new();
        for service in &self.services {
            let told = known.output(service, "outbound").unwrap_or_default();
            let ranges: Option<Vec<Cidr>> = told
                .split(',')
                .filter(|range| !range.trim().is_empty())
                .map(Cidr::read)
                .collect();
            match ranges {
                Some(ranges) if !ranges.is_empty() => wanted.extend(ranges),
                _ => {
                    return Err(Blocker::ByHand {
                        what: format!(
                            "{service} does not tell which addresses its service goes out from ({told}): look at the \
                             service's page at Render, Connect → Outbound, and add them to the access list of the Atlas \
                             projects"
                        ),
                        url: Some("https://dashboard.render.com".into()),
                        paste: vec![],
                    });
                }
            }
        }
        wanted.sort();
        wanted.dedup();
        Ok(wanted)
    }
}

impl Seen {
    fn is_open(&self) -> bool {
        self.lists
            .iter()
            .any(|list| list.open_to_all().next().is_some())
    }

    /// The removal of what lets everybody in.
    fn closing(&self) -> Vec<AccessChange> {
        let each = self.lists.iter().flat_map(|list| {
            let open = list.open_to_all();
            open.map(move |(range, entry)| {
                AccessChange::ShutOut(ShutOut {
                    project: list.project.clone(),
                    range: *range,
                    comment: entry.comment.clone(),
                    made_by_golive: false,
                })
            })
        });
        each.collect()
    }
}

fn addition(list: &List, wanted: &[Cidr]) -> Option<AccessChange> {
    let missing = |range: &&Cidr| list.place(range) == Place::Missing;
    let ranges: Vec<Cidr> = wanted.iter().filter(missing).copied().collect();
    (!ranges.is_empty()).then(|| {
        AccessChange::LetIn(LetIn {
            project: list.project.clone(),
            ranges,
            whose: WHOSE,
            temporary: false,
        })
    })
}

/// Asked only once Render is let in by name: until then the open entry may be what keeps the services alive.
fn open_to_all(seen: &Seen) -> Blocker {
    let open = seen
        .lists
        .iter()
        .filter(|list| list.open_to_all().next().is_some());
    let names: Vec<&str> = open.map(|list| list.project.name.as_str()).collect();
    Blocker::Choose {
        key: OPEN.into(),
        question: format!(
            "the access list of Atlas project {} lets every address in (0.0.0.0/0). Render's services and this machine have \
             entries of their own now; whoever else connects would be shut out",
            names.join(" and ")
        ),
        options: vec![
            Choice::new("keep", "keep it, and show it as something to look at"),
            Choice::new("remove", "plan its removal"),
        ],
    }
}

fn evidence(wanted: &[Cidr], seen: &Seen) -> Evidence {
    let names: Vec<&str> = seen
        .lists
        .iter()
        .map(|list| list.project.name.as_str())
        .collect();
    let names = names.join(", ");
    let mut evidence = Evidence::new(match wanted.is_empty() {
        true => "no service goes out from Render".to_string(),
        false => format!("{} is let in at {names}", joined(wanted, ", ")),
    });
    if !wanted.is_empty() {
        evidence =
            evidence.note("Render shares these ranges among all its customers of the region");
    }
    if let Some(list) = seen.lists.first() {
        evidence = evidence.url(list.project.page());
    }
    let open = seen.lists.iter().flat_map(|list| {
        list.open_to_all().map(|(range, _)| {
            Finding::new(
                &format!("open-{}", list.project.key),
                format!(
                    "the databases of Atlas project {} take connections from every address ({range})",
                    list.project.name
                ),
                format!("remove the entry at {}", list.project.page()),
            )
        })
    });
    let open: Vec<Finding> = open.collect();
    evidence.findings(open)
}

#[cfg(test)]
mod tests {
    use super::super::access_list::tests::list;
    use super::*;
    use crate::plan::{Change, Undo};

    fn item() -> AtlasRenderAccess {
        AtlasRenderAccess {
            projects: vec![("prod".into(), "bondigoo".into())],
            services: vec![ItemId::new("4.api-prod"), ItemId::new("4.worker-prod")],
        }
    }

    fn known(api: &str, worker: &str, decided: Option<&str>) -> Known {
        Known {
            outputs: [
                ("4.api-prod.outbound".to_string(), api.to_string()),
                ("4.worker-prod.outbound".to_string(), worker.to_string()),
            ]
            .into(),
            decided: decided
                .map(|word| (OPEN.to_string(), word.to_string()))
                .into_iter()
                .collect(),
            ..Known::default()
        }
    }

    const RANGES: &str = "74.220.51.0/24,74.220.59.0/24";
    const ACTIVE: [(&str, &str, Option<&str>, &str); 3] = [
        ("74.220.51.0/24", "golive: x", None, "ACTIVE"),
        ("74.220.59.0/24", "golive: x", None, "ACTIVE"),
        ("18.156.158.53/32", "golive: x", None, "ACTIVE"),
    ];

    fn seen(entries: &[(&str, &str, Option<&str>, &str)]) -> Seen {
        Seen {
            lists: vec![list(entries)],
        }
    }

    fn rows(plan: Plan<AccessChange>) -> Vec<crate::plan::Row> {
        match plan {
            Plan::Change(changes) => changes
                .iter()
                .map(|change| change.row(&ItemId::new("3.render-access")))
                .collect(),
            other => panic!("no change: {other:?}"),
        }
    }

    #[test]
    fn the_ranges_of_all_services_come_in_one_row_and_covered_ones_are_left() {
        let known = known(RANGES, "18.156.158.53,74.220.51.0/24", None);
        let there = [("74.220.0.0/16", "ann", None, "ACTIVE")];
        let rows = rows(item().plan(&known, &seen(&there)));
        assert_eq!(
            rows.iter().map(ToString::to_string).collect::<Vec<_>>(),
            [
                "+ access list of Atlas project bondigoo: 18.156.158.53/32 (Render's outgoing addresses)"
            ]
        );
    }

    #[test]
    fn an_open_list_is_asked_about_only_when_render_is_let_in_by_name() {
        let known = known(RANGES, "18.156.158.53", None);
        let mut entries = ACTIVE.to_vec();
        entries.push(("0.0.0.0/0", "everyone", None, "ACTIVE"));
        entries[2].3 = "PENDING";
        assert!(matches!(
            item().plan(&known, &seen(&entries)),
            Plan::Wait(_)
        ));
        entries[2].3 = "ACTIVE";
        let Plan::Blocked(Blocker::Choose { key, options, .. }) =
            item().plan(&known, &seen(&entries))
        else {
            panic!("not asked");
        };
        assert_eq!((key.as_str(), options.len()), ("open-to-all", 2));
    }

    #[test]
    fn what_is_open_is_removed_when_asked_and_a_finding_when_kept() {
        let mut entries = ACTIVE.to_vec();
        entries.push(("0.0.0.0/0", "everyone", None, "ACTIVE"));
        let seen = seen(&entries);
        let remove = known(RANGES, "18.156.158.53", Some("remove"));
        let row = rows(item().plan(&remove, &seen)).remove(0);
        assert_eq!(
            row.to_string(),
            "- access list of Atlas project bondigoo: was 0.0.0.0/0 (everyone)"
        );
        assert!(row.not_made_by_golive && row.undo == Undo::Restorable);
        let keep = known(RANGES, "18.156.158.53", Some("keep"));
        let Plan::Settled(evidence) = item().plan(&keep, &seen) else {
            panic!("not settled");
        };
        assert_eq!(evidence.findings[0].code, "open-prod");
    }

    #[test]
    fn a_service_that_tells_no_ranges_is_told() {
        for outbound in ["", "everywhere"] {
            let known = known(RANGES, outbound, None);
            let Plan::Blocked(blocker) = item().plan(&known, &seen(&ACTIVE)) else {
                panic!("not blocked");
            };
            assert!(blocker.sentence().contains("4.worker-prod"));
        }
    }
}
