//! What the items of an Atlas project's access list share: ranges, what covers what, and the two changes there are.

use std::collections::BTreeMap;
use std::collections::btree_map;
use std::fmt;
use std::net::IpAddr;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use super::{Applied, Cx, Known, Look, here};
use crate::plan::{Blocker, Change, ItemId, Made, Provider, Row, Sign, Undo, Wait};
use crate::provider::atlas::{Client, Entry, SITE};
use crate::provider::http::CallError;

/// Atlas removes a temporary entry after a week at the latest, counted from when it takes the call.
const TEMPORARY: SignedDuration = SignedDuration::from_mins(7 * 24 * 60 - 10);
const LOOK_EVERY: Duration = Duration::from_secs(5);
/// An entry is usually active within a minute.
const ACTIVE_MAX: Duration = Duration::from_secs(5 * 60);
/// What golive's records call the entries of one call.
const MADE: &str = "access entries";
const REMOVED: &str = "removed access list entry";

/// A range of addresses, its host bits cleared; a single address is a range of one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Cidr {
    address: IpAddr,
    bits: u8,
}

impl Cidr {
    pub(super) fn single(address: IpAddr) -> Cidr {
        let bits = if address.is_ipv4() { 32 } else { 128 };
        Cidr { address, bits }
    }

    /// Reads `a.b.c.d`, `a.b.c.d/n` and the same of IPv6.
    pub(super) fn read(text: &str) -> Option<Cidr> {
        let (address, bits) = match text.trim().split_once('/') {
            Some((address, bits)) => (address, Some(bits.parse::<u8>().ok()?)),
            None => (text.trim(), None),
        };
        let whole = Cidr::single(address.parse().ok()?);
        let bits = bits.unwrap_or(whole.bits);
        (bits <= whole.bits).then(|| Cidr {
            address: masked(whole.address, bits),
            bits,
        })
    }

    pub(super) fn covers(&self, other: &Cidr) -> bool {
        self.address.is_ipv4() == other.address.is_ipv4()
            && self.bits <= other.bits
            && masked(other.address, self.bits) == self.address
    }

    /// `0.0.0.0/0` and its like.
    pub(super) fn is_everything(&self) -> bool {
        self.bits == 0
    }
}

impl fmt::Display for Cidr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.address, self.bits)
    }
}

fn masked(address: IpAddr, bits: u8) -> IpAddr {
    match address {
        IpAddr::V4(v4) => {
            let mask = u32::MAX.checked_shl(32 - u32::from(bits)).unwrap_or(0);
            IpAddr::V4((v4.to_bits() & mask).into())
        }
        IpAddr::V6(v6) => {
            let mask = u128::MAX.checked_shl(128 - u32::from(bits)).unwrap_or(0);
            IpAddr::V6((v6.to_bits() & mask).into())
        }
    }
}

/// An Atlas project as the launch uses it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Project {
    pub group: String,
    /// As golive.toml names it.
    pub name: String,
    /// The first cluster key that is in it: names it in records.
    pub key: String,
}

impl Project {
    /// Where a person sees the list.
    pub(super) fn page(&self) -> String {
        project_page(&self.group, "security/network/accessList")
    }
}

/// A page of a project.
pub(super) fn project_page(group: &str, page: &str) -> String {
    format!("{SITE}/v2/{group}#/{page}")
}

/// The id of the project that a cluster is in, as the item that looks at the keys found it.
pub(super) fn group_of<'k>(known: &'k Known, key: &str) -> Look<&'k str> {
    let access = Provider::Atlas.access();
    let output = known.output(&access, &format!("project-{key}"));
    output.ok_or_else(|| {
        let hint = Some(format!("golive run {access}"));
        here(
            format!("{access} has not found the project of cluster {key} yet"),
            hint,
        )
    })
}

/// The projects, each once.
pub(super) fn projects(known: &Known, named: &[(String, String)]) -> Look<Vec<Project>> {
    let mut projects: Vec<Project> = Vec::new();
    for (key, name) in named {
        let group = group_of(known, key)?;
        if projects.iter().all(|project| project.group != group) {
            projects.push(Project {
                group: group.into(),
                name: name.clone(),
                key: key.clone(),
            });
        }
    }
    Ok(projects)
}

/// One project's list, as far as some wanted ranges are concerned.
pub(super) struct List {
    pub project: Project,
    pub entries: Vec<(Cidr, Entry)>,
    /// How far Atlas is with the entries that cover what is wanted.
    pub status: BTreeMap<Cidr, String>,
}

/// How a wanted range stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place<'l> {
    Missing,
    /// Covered by this entry, which Atlas says is in that state.
    Covered {
        by: Cidr,
        entry: &'l Entry,
        status: &'l str,
    },
}

impl List {
    /// Reads the list, and the state of every entry that covers a wanted range.
    pub(super) async fn look(
        client: &Client<'_>,
        project: &Project,
        wanted: &[Cidr],
    ) -> Look<List> {
        let entries = client.access_list(&project.group).await?;
        let ranged = |entry: Entry| Some((Cidr::read(entry.value()?)?, entry));
        let mut list = List {
            project: project.clone(),
            entries: entries.into_iter().filter_map(ranged).collect(),
            status: BTreeMap::new(),
        };
        for range in wanted {
            let Some((by, _)) = list.covering(range) else {
                continue;
            };
            let by = *by;
            if let btree_map::Entry::Vacant(unknown) = list.status.entry(by) {
                let by = unknown.key().to_string();
                unknown.insert(client.entry_status(&project.group, &by).await?);
            }
        }
        Ok(list)
    }

    /// The entry that covers a range: one that stays before one that ends, a narrow one before a wide one. An entry that
    /// lets everybody in is not relied on: it may be removed.
    fn covering(&self, range: &Cidr) -> Option<&(Cidr, Entry)> {
        let covers = |(own, _): &&(Cidr, Entry)| own.covers(range) && !own.is_everything();
        let covering = self.entries.iter().filter(covers);
        covering.max_by_key(|(own, entry)| (entry.until().is_none(), own.bits))
    }

    pub(super) fn place(&self, range: &Cidr) -> Place<'_> {
        match self.covering(range) {
            None => Place::Missing,
            Some((by, entry)) => Place::Covered {
                by: *by,
                entry,
                status: self.status.get(by).map_or("not told", String::as_str),
            },
        }
    }

    /// What lets everybody in.
    pub(super) fn open_to_all(&self) -> impl Iterator<Item = &(Cidr, Entry)> {
        self.entries.iter().filter(|(own, _)| own.is_everything())
    }

    /// Why what is covered is not active yet: a wait, or what only a person can settle.
    pub(super) fn not_active(&self, wanted: &[Cidr]) -> Option<Result<Wait, Blocker>> {
        let places = wanted.iter().map(|range| self.place(range));
        let inactive: Vec<(Cidr, &str)> = places
            .filter_map(|place| match place {
                Place::Covered { by, status, .. } if status != "ACTIVE" => Some((by, status)),
                _ => None,
            })
            .collect();
        let (by, status) = *inactive.first()?;
        let name = &self.project.name;
        if inactive.iter().any(|(_, status)| *status == "FAILED") {
            return Some(Err(Blocker::ByHand {
                what: format!(
                    "Atlas failed to put {by} on the access list of project {name}: remove the entry there, and golive adds it again"
                ),
                url: Some(self.project.page()),
                paste: vec![by.to_string()],
            }));
        }
        Some(Ok(Wait {
            condition: format!("the access list of Atlas project {name} lets {by} in"),
            expected: "ACTIVE".into(),
            seen: status.into(),
            look_every: LOOK_EVERY,
            worst_case: ACTIVE_MAX,
            why: "Atlas usually takes less than a minute to carry an entry to its clusters".into(),
        }))
    }
}

/// A change of an access list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AccessChange {
    LetIn(LetIn),
    ShutOut(ShutOut),
    /// What golive removed and others had made, as it was.
    PutBack(ShutOut),
}

/// New entries, all in one call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LetIn {
    pub(super) project: Project,
    pub(super) ranges: Vec<Cidr>,
    /// Whose addresses they are, as plan and comment say.
    pub(super) whose: &'static str,
    /// For a week only.
    pub(super) temporary: bool,
}

/// An entry that goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ShutOut {
    pub(super) project: Project,
    pub(super) range: Cidr,
    pub(super) comment: Option<String>,
    pub(super) made_by_golive: bool,
}

impl AccessChange {
    /// Names the addition for a project.
    pub(super) fn addition(project: &Project) -> String {
        format!("add-{}", project.key)
    }
}

impl Change for AccessChange {
    fn row(&self, item: &ItemId) -> Row {
        let list = |project: &Project| format!("access list of Atlas project {}", project.name);
        match self {
            AccessChange::LetIn(new) => {
                let ranges = joined(&new.ranges, ", ");
                let time = if new.temporary { ", for 7 days" } else { "" };
                let change = AccessChange::addition(&new.project);
                Row {
                    new: Some(format!("{ranges} ({}{time})", new.whose)),
                    ..Row::new(item, &change, Sign::Create, list(&new.project))
                }
            }
            AccessChange::ShutOut(old) => {
                let ShutOut { project, range, .. } = old;
                let comment = old.comment.as_deref().filter(|text| !text.is_empty());
                let old_value = match comment {
                    Some(comment) => format!("{range} ({comment})"),
                    None => range.to_string(),
                };
                let put_back = format!("golive undo {item} puts it back as it is now");
                let change = format!("remove-{}-{range}", project.key);
                Row {
                    old: Some(old_value),
                    undo: match old.made_by_golive {
                        true => Undo::Reversible,
                        false => Undo::Restorable,
                    },
                    not_made_by_golive: !old.made_by_golive,
                    detail: match old.made_by_golive {
                        true => vec![],
                        false => vec![put_back],
                    },
                    ..Row::new(item, &change, Sign::Remove, list(project))
                }
            }
            AccessChange::PutBack(old) => {
                let change = format!("put-back-{}-{}", old.project.key, old.range);
                Row {
                    new: Some(format!("{} (as it was)", old.range)),
                    ..Row::new(item, &change, Sign::Create, list(&old.project))
                }
            }
        }
    }
}

/// Carries a change out.
pub(super) async fn apply(cx: &Cx<'_>, change: &AccessChange) -> Result<Applied, CallError> {
    let client = cx.atlas()?;
    match change {
        AccessChange::LetIn(new) => {
            let ranges: Vec<String> = new.ranges.iter().map(Cidr::to_string).collect();
            let until = new.temporary.then(|| later(cx.now, TEMPORARY));
            let comment = match until {
                Some(until) => format!("{}, until {}", marked(new.whose), day(until)),
                None => marked(new.whose),
            };
            client
                .let_in(&new.project.group, &ranges, &comment, until)
                .await?;
            Ok(Applied {
                made: Some(made(&new.project, &new.ranges)),
            })
        }
        AccessChange::ShutOut(old) => {
            client
                .shut_out(&old.project.group, &old.range.to_string())
                .await?;
            Ok(Applied {
                made: (!old.made_by_golive).then(|| removed(old)),
            })
        }
        AccessChange::PutBack(old) => {
            let comment = old.comment.as_deref().unwrap_or_default();
            let ranges = [old.range.to_string()];
            client
                .let_in(&old.project.group, &ranges, comment, None)
                .await?;
            Ok(Applied::default())
        }
    }
}

/// How golive's entries are recognised; Atlas takes 80 characters.
pub(super) fn marked(whose: &str) -> String {
    format!("golive: {whose}")
}

pub(super) fn made(project: &Project, ranges: &[Cidr]) -> Made {
    Made {
        kind: MADE.into(),
        id: format!("{}/{}", project.group, joined(ranges, "+")),
        name: format!("{} in {}", joined(ranges, ", "), project.name),
        as_made: Some(joined(ranges, ",")),
        url: Some(project.page()),
    }
}

/// What undo must know of an entry that golive removed and others had made.
fn removed(old: &ShutOut) -> Made {
    Made {
        kind: REMOVED.into(),
        id: format!("{}/{}", old.project.group, old.range),
        name: format!("{} in {}", old.range, old.project.name),
        as_made: old.comment.clone(),
        url: Some(old.project.page()),
    }
}

/// What the addition to a project left behind, where its reply was lost: entries with golive's comment among those wanted.
pub(super) fn found(lists: &[List], wanted: &[Cidr], whose: &str, change: &str) -> Option<Made> {
    let list = lists
        .iter()
        .find(|list| AccessChange::addition(&list.project) == change)?;
    let ours = |range: &&Cidr| {
        list.entries.iter().any(|(own, entry)| {
            let comment = entry.comment.as_deref().unwrap_or_default();
            own == *range && comment.starts_with(&marked(whose))
        })
    };
    let ranges: Vec<Cidr> = wanted.iter().filter(ours).copied().collect();
    (!ranges.is_empty()).then(|| made(&list.project, &ranges))
}

/// The removal of the entries that golive made and that are still there.
pub(super) fn undo(known: &Known, lists: &[List]) -> Vec<AccessChange> {
    let mut changes = Vec::new();
    for list in lists {
        let start = format!("{}/", list.project.group);
        let mine = known
            .made
            .iter()
            .filter(|made| made.kind == MADE && made.id.starts_with(&start));
        let ranges: Vec<&str> = mine
            .filter_map(|made| made.as_made.as_deref())
            .flat_map(|ranges| ranges.split(','))
            .collect();
        for (range, entry) in &list.entries {
            if ranges.contains(&range.to_string().as_str()) {
                changes.push(AccessChange::ShutOut(ShutOut {
                    project: list.project.clone(),
                    range: *range,
                    comment: entry.comment.clone(),
                    made_by_golive: true,
                }));
            }
        }
        changes.extend(put_back(known, list, &start));
    }
    changes
}

/// The entries that golive removed from a list and that are not there now.
fn put_back(known: &Known, list: &List, start: &str) -> Vec<AccessChange> {
    let removed = known.made.iter().filter(|made| made.kind == REMOVED);
    let mine = removed.filter_map(|made| {
        let range = Cidr::read(made.id.strip_prefix(start)?)?;
        let there = list.entries.iter().any(|(own, _)| *own == range);
        (!there).then(|| {
            AccessChange::PutBack(ShutOut {
                project: list.project.clone(),
                range,
                comment: made.as_made.clone(),
                made_by_golive: false,
            })
        })
    });
    mine.collect()
}

pub(super) fn joined(ranges: &[Cidr], between: &str) -> String {
    let ranges: Vec<String> = ranges.iter().map(Cidr::to_string).collect();
    ranges.join(between)
}

pub(super) fn day(time: Timestamp) -> String {
    time.strftime("%Y-%m-%d").to_string()
}

fn later(now: Timestamp, by: SignedDuration) -> Timestamp {
    now.saturating_add(by).unwrap_or(Timestamp::MAX)
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    pub fn cidr(text: &str) -> Cidr {
        Cidr::read(text).unwrap_or_else(|| panic!("{text} is no range"))
    }

    pub fn project() -> Project {
        Project {
            group: "32b6e34b3d91647abb20e7b8".into(),
            name: "bondigoo".into(),
            key: "prod".into(),
        }
    }

    /// Entries as (range, comment, until, status).
    pub fn list(entries: &[(&str, &str, Option<&str>, &str)]) -> List {
        let entry = |(range, comment, until, _): &(&str, &str, Option<&str>, &str)| {
            let entry = Entry {
                cidr_block: Some(range.to_string()),
                comment: Some(comment.to_string()),
                delete_after_date: until.map(Into::into),
                ..Entry::default()
            };
            (cidr(range), entry)
        };
        List {
            project: project(),
            entries: entries.iter().map(entry).collect(),
            status: entries
                .iter()
                .map(|(range, _, _, status)| (cidr(range), status.to_string()))
                .collect(),
        }
    }

    #[test]
    fn ranges_are_read_in_every_form_and_cover_each_other() {
        assert_eq!(cidr("198.51.100.7").to_string(), "198.51.100.7/32");
        assert_eq!(cidr(" 74.220.51.9/24 ").to_string(), "74.220.51.0/24");
        assert_eq!(cidr("2001:db8::7").to_string(), "2001:db8::7/128");
        assert!(cidr("74.220.51.0/24").covers(&cidr("74.220.51.200")));
        assert!(!cidr("74.220.51.0/24").covers(&cidr("74.220.52.1")));
        assert!(!cidr("74.220.51.0/25").covers(&cidr("74.220.51.0/24")));
        assert!(cidr("0.0.0.0/0").covers(&cidr("1.2.3.4")));
        assert!(!cidr("0.0.0.0/0").covers(&cidr("::1")));
        assert!(cidr("::/0").is_everything());
        for wrong in ["", "x", "1.2.3.4/33", "1.2.3.4/x", "::/129", "1.2.3/8"] {
            assert_eq!(Cidr::read(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn the_entry_that_stays_is_relied_on_and_the_one_for_everybody_never() {
        let all = list(&[
            ("0.0.0.0/0", "", None, "ACTIVE"),
            (
                "198.51.100.7/32",
                "x",
                Some("2026-12-01T00:00:00Z"),
                "ACTIVE",
            ),
            ("198.51.100.0/24", "office", None, "ACTIVE"),
        ]);
        let Place::Covered { by, .. } = all.place(&cidr("198.51.100.7")) else {
            panic!("not covered");
        };
        assert_eq!(by, cidr("198.51.100.0/24"));
        assert_eq!(all.place(&cidr("203.0.113.9")), Place::Missing);
    }

    #[test]
    fn undo_removes_golives_entries_and_no_others() {
        let lists = [list(&[
            ("74.220.51.0/24", "golive: x", None, "ACTIVE"),
            ("198.51.100.0/24", "office", None, "ACTIVE"),
        ])];
        let known = Known {
            made: vec![made(&project(), &[cidr("74.220.51.0/24"), cidr("1.2.3.4")])],
            ..Known::default()
        };
        let rows: Vec<String> = undo(&known, &lists)
            .iter()
            .map(|change| change.row(&ItemId::new("3.here")).to_string())
            .collect();
        assert_eq!(
            rows,
            ["- access list of Atlas project bondigoo: was 74.220.51.0/24 (golive: x)"]
        );
        assert!(undo(&Known::default(), &lists).is_empty());
    }

    #[test]
    fn undo_puts_back_what_others_had_made_and_golive_removed() {
        let open = ShutOut {
            project: project(),
            range: cidr("0.0.0.0/0"),
            comment: Some("everyone".into()),
            made_by_golive: false,
        };
        let known = Known {
            made: vec![removed(&open)],
            ..Known::default()
        };
        let rows = |entries: &[(&str, &str, Option<&str>, &str)]| -> Vec<String> {
            undo(&known, &[list(entries)])
                .iter()
                .map(|change| change.row(&ItemId::new("3.render-access")).to_string())
                .collect()
        };
        assert_eq!(
            rows(&[]),
            ["+ access list of Atlas project bondigoo: 0.0.0.0/0 (as it was)"]
        );
        assert!(rows(&[("0.0.0.0/0", "someone else", None, "ACTIVE")]).is_empty());
    }
}
