//! The variables of one environment in its Vercel project, read back.

mod change;
#[cfg(test)]
mod tests;

pub use self::change::VercelVariablesChange;

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use self::change::{NEW, REPLACED, VARIABLE};
use super::value::{Variable, Wanted, former, list, sealed, wanted};
use super::vercel_project::find::page;
use super::{Applied, Cx, Known, Look, Resource, here};
use crate::plan::{Blocker, Choice, Evidence, ItemId, Made, Output, Outputs, Plan};
use crate::provider::http::CallError;
use crate::provider::vercel::EnvRecord;
use crate::secret::Secret;

/// Vercel takes this much for all variables of a deployment together (its documentation).
const BYTES_MAX: usize = 64 << 10;

/// The variables of one environment in its Vercel project.
#[derive(Clone, Debug)]
pub struct VercelVariables {
    pub project: ItemId,
    pub project_name: String,
    /// The branch whose preview deployments they are for; `None`: production.
    pub git_branch: Option<String>,
    pub variables: Vec<Variable>,
}

pub struct Seen {
    pub project: String,
    /// The values as wished; the error: one of them is not there any more.
    pub wanted: Result<Vec<Wanted>, Blocker>,
    /// By name, of the wished ones.
    pub there: BTreeMap<String, There>,
    /// Names of others in the project.
    pub others: BTreeSet<String>,
    /// All bytes that a deployment of this kind gets.
    pub bytes: usize,
    /// Values that golive has replaced.
    pub former: BTreeMap<String, Value>,
}

/// What the project has under one name.
#[derive(Clone, Debug, Default)]
pub struct There {
    /// For exactly what is wished.
    pub own: Option<Record>,
    /// For what is wished and for more besides.
    pub covering: Option<Record>,
    /// For other targets and branches; they stay.
    pub elsewhere: usize,
}

/// One record, as far as Vercel shows it.
#[derive(Clone, Debug)]
pub struct Record {
    pub id: String,
    pub value: Option<Value>,
    pub targets: Vec<String>,
    pub updated: Option<Timestamp>,
}

/// A value, and what may be said about it.
#[derive(Clone, Debug)]
pub struct Value {
    pub value: Secret,
    pub fingerprint: Option<String>,
}

impl Resource for VercelVariables {
    type Seen = Seen;
    type Change = VercelVariablesChange;

    async fn observe(&self, cx: &Cx<'_>) -> Look<Seen> {
        let client = cx.vercel()?;
        let project = cx.known.output(&self.project, "id").ok_or_else(|| {
            here(
                format!(
                    "project {} is not known before {} is settled",
                    self.project_name, self.project
                ),
                Some(format!("golive run {}", self.project)),
            )
        })?;
        let records = client.env(project).await?;
        let mut seen = Seen {
            project: project.into(),
            wanted: wanted(cx, &self.variables).await?,
            there: BTreeMap::new(),
            others: BTreeSet::new(),
            bytes: 0,
            former: BTreeMap::new(),
        };
        for one in &records {
            self.sort_in(cx, &mut seen, one).await?;
        }
        let wished = seen.wanted.iter().flatten();
        seen.bytes += wished
            .map(|one| one.name.len() + one.value.bytes())
            .sum::<usize>();
        for variable in &self.variables {
            let slot = former(&place(cx.item), &variable.name);
            if let Some(value) = cx.slots.secret(&slot).await? {
                let value = valued(cx, &value).await?;
                seen.former.insert(variable.name.clone(), value);
            }
        }
        Ok(seen)
    }

    fn plan(&self, known: &Known, seen: &Seen) -> Plan<VercelVariablesChange> {
        let wanted = match &seen.wanted {
            Ok(wanted) => wanted,
            Err(blocker) => return Plan::Blocked(blocker.clone()),
        };
        if seen.bytes > BYTES_MAX {
            return Plan::Blocked(Blocker::ByHand {
                what: format!(
                    "make the variables of {} smaller: they would have {} bytes together, and Vercel takes {BYTES_MAX}",
                    self.project_name, seen.bytes
                ),
                url: Some(self.settings(known)),
                paste: vec![],
            });
        }
        let mut changes = vec![];
        for one in wanted {
            match self.one(known, seen, one) {
                Ok(wished) => changes.extend(wished),
                Err(blocker) => return Plan::Blocked(*blocker),
            }
        }
        match changes.is_empty() {
            true => Plan::Settled(self.evidence(known, seen, wanted)),
            false => Plan::Change(changes),
        }
    }

    fn foresee(&self, known: &Known) -> Vec<VercelVariablesChange> {
        if known.settled_before || !known.made.is_empty() {
            return vec![];
        }
        let names = self.variables.iter().map(|one| one.name.as_str());
        names
            .map(|name| self.set("", name, None, None, None))
            .collect()
    }

    async fn apply(
        &self,
        cx: &Cx<'_>,
        change: &VercelVariablesChange,
    ) -> Result<Applied, CallError> {
        change::apply(cx, change, &place(cx.item)).await
    }

    fn outputs(&self, seen: &Seen) -> Outputs {
        let mut outputs = Outputs::new();
        let mut text = |name: String, value: String| outputs.insert(name, Output::Text(value));
        text("project".into(), seen.project.clone());
        let latest = seen
            .there
            .values()
            .filter_map(|there| there.used()?.updated);
        if let Some(updated) = latest.max() {
            text("updated".into(), updated.to_string());
        }
        for one in seen.wanted.iter().flatten() {
            let there = seen.there.get(&one.name).and_then(There::used);
            if let Some(mark) = there.and_then(|there| mark(one, there)) {
                text(format!("set-{}", one.name), mark);
            }
        }
        outputs
    }

    fn found(&self, seen: &Seen, change: &str) -> Option<Made> {
        let name = change.strip_prefix("set-")?;
        let own = seen.there.get(name)?.own.as_ref()?;
        let wanted = seen.wanted.as_ref().ok()?;
        let wanted = wanted.iter().find(|one| one.name == name)?;
        let same = own.value.as_ref()?.value.same_as(&wanted.value);
        let how = match seen.former.contains_key(name) {
            true => REPLACED,
            false => NEW,
        };
        same.then(|| change::made(&own.id, name, how, mark(wanted, own)))
    }

    fn undo(&self, known: &Known, seen: &Seen) -> Vec<VercelVariablesChange> {
        let mut told = BTreeSet::new();
        let made = known.made.iter().filter(|made| made.kind == VARIABLE);
        made.filter(|made| told.insert(made.name.as_str()))
            .filter_map(|made| {
                let own = seen.there.get(&made.name)?.own.as_ref()?;
                let former = seen.former.get(&made.name);
                let how = made
                    .as_made
                    .as_deref()
                    .and_then(|told| told.split(' ').next());
                match (how, former) {
                    (Some(NEW), _) => Some(VercelVariablesChange::Remove {
                        project: seen.project.clone(),
                        target: self.target(),
                        id: own.id.clone(),
                        name: made.name.clone(),
                    }),
                    (_, Some(former)) => {
                        let there = own.value.as_ref();
                        let back = there.is_some_and(|there| there.value.same_as(&former.value));
                        (!back).then(|| VercelVariablesChange::PutBack {
                            project: seen.project.clone(),
                            target: self.target(),
                            branch: self.git_branch.clone(),
                            name: made.name.clone(),
                            former: former.clone(),
                        })
                    }
                    _ => None,
                }
            })
            .collect()
    }
}

impl There {
    /// What a deployment gets: the narrower record counts.
    fn used(&self) -> Option<&Record> {
        self.own.as_ref().or(self.covering.as_ref())
    }
}

/// The part of the item's id that tells the environment.
fn place(item: &ItemId) -> String {
    let id = item.as_str();
    let key = id.split_once('-').map_or(id, |(_, key)| key);
    format!("vercel.{key}")
}

async fn valued(cx: &Cx<'_>, value: &Secret) -> Look<Value> {
    Ok(Value {
        fingerprint: sealed(cx, value).await?,
        value: value.clone(),
    })
}

/// What golive remembers of a value that it wrote and cannot read back: which one, and when Vercel says that was.
fn mark(wanted: &Wanted, there: &Record) -> Option<String> {
    let seal = wanted.fingerprint.as_ref()?;
    Some(format!("{seal} {}", there.updated?))
}

impl VercelVariables {
    /// `production of shop-web`, `preview of branch develop in shop-web`.
    fn target(&self) -> String {
        match &self.git_branch {
            Some(branch) => format!("previews of branch {branch} of {}", self.project_name),
            None => format!("production of {}", self.project_name),
        }
    }

    fn settings(&self, known: &Known) -> String {
        page(known, &self.project_name, "/settings/environment-variables")
    }

    /// Puts a record where it belongs: for exactly this, for this and more, for something else.
    async fn sort_in(&self, cx: &Cx<'_>, seen: &mut Seen, one: &EnvRecord) -> Look<()> {
        let targets = one.targets();
        let (target, branch) = match &self.git_branch {
            Some(branch) => ("preview", Some(branch.as_str())),
            None => ("production", None),
        };
        let for_it = targets.contains(target) && (one.branch().is_none() || one.branch() == branch);
        let wished = self.variables.iter().any(|own| own.name == one.key);
        if !wished {
            if for_it {
                let bytes = one.clear().map_or(0, Secret::bytes);
                seen.bytes += one.key.len() + bytes;
            }
            seen.others.insert(crate::text::strip_controls(&one.key));
            return Ok(());
        }
        let record = Record {
            id: one.id.clone(),
            value: match one.clear() {
                Some(value) => Some(valued(cx, value).await?),
                None => None,
            },
            targets: targets.iter().map(|target| target.to_string()).collect(),
            updated: one.updated(),
        };
        let there = seen.there.entry(one.key.clone()).or_default();
        let exactly = for_it && targets.len() == 1 && one.branch() == branch && !one.is_custom();
        match (exactly, for_it) {
            (true, _) => there.own = Some(record),
            // A preview of all branches gives way to one of a branch: only production clashes.
            (false, true) if branch.is_none() => there.covering = Some(record),
            _ => there.elsewhere += 1,
        }
        Ok(())
    }

    /// What one variable takes to be as wished.
    fn one(
        &self,
        known: &Known,
        seen: &Seen,
        wanted: &Wanted,
    ) -> Result<Vec<VercelVariablesChange>, Box<Blocker>> {
        let there = seen.there.get(&wanted.name);
        let is_so = |record: &Record| match &record.value {
            Some(value) => value.value.same_as(&wanted.value),
            // It cannot be read: what golive wrote and nobody wrote since.
            None => is_written(known, wanted, record),
        };
        let set = |old| {
            self.set(
                &seen.project,
                &wanted.name,
                Some(wanted),
                old,
                made(known, &wanted.name),
            )
        };
        if let Some(own) = there.and_then(|there| there.own.as_ref()) {
            return Ok(match is_so(own) {
                true => vec![],
                false => vec![set(Some(own))],
            });
        }
        let Some(wide) = there.and_then(|there| there.covering.as_ref()) else {
            return Ok(vec![set(None)]);
        };
        if is_so(wide) {
            return Ok(vec![]);
        }
        let key = format!("wide-{}-{}", wanted.name, wide.id);
        match known.decided.get(&key).map(String::as_str) {
            Some("narrow") => Ok(vec![
                VercelVariablesChange::Narrow {
                    project: seen.project.clone(),
                    project_name: self.project_name.clone(),
                    id: wide.id.clone(),
                    name: wanted.name.clone(),
                    old: wide.targets.clone(),
                    new: rest(wide),
                },
                set(None),
            ]),
            _ => Err(Box::new(self.wide(wanted, wide, key))),
        }
    }

    /// One record serves production and more, with another value than production is to have.
    fn wide(&self, wanted: &Wanted, wide: &Record, key: String) -> Blocker {
        let targets = list(&wide.targets);
        let keep = list(rest(wide));
        Blocker::Choose {
            key,
            question: format!(
                "{} of {} is one value for {targets}, and another than production is to have. Vercel lets no second one stand beside it for production",
                wanted.name, self.project_name
            ),
            options: vec![
                Choice::new(
                    "narrow",
                    format!("leave it to {keep}, and give production its own"),
                ),
                Choice::new("wait", "leave it as it is; I look at it myself"),
            ],
        }
    }

    fn set(
        &self,
        project: &str,
        name: &str,
        wanted: Option<&Wanted>,
        old: Option<&Record>,
        how: Option<&str>,
    ) -> VercelVariablesChange {
        VercelVariablesChange::Set {
            project: project.into(),
            target: self.target(),
            branch: self.git_branch.clone(),
            name: name.into(),
            value: wanted.map(|one| one.value.clone()),
            new: wanted.and_then(|one| one.fingerprint.clone()),
            old: old.map(|old| old.value.clone()),
            how: how.map(str::to_string),
        }
    }

    fn evidence(&self, known: &Known, seen: &Seen, wanted: &[Wanted]) -> Evidence {
        let unread: Vec<&str> = wanted
            .iter()
            .filter(|one| {
                let used = seen.there.get(&one.name).and_then(There::used);
                used.is_some_and(|record| record.value.is_none())
            })
            .map(|one| one.name.as_str())
            .collect();
        let names = list(wanted.iter().map(|one| one.name.as_str()));
        let how = match unread.len() {
            0 => "read back as wished",
            n if n == wanted.len() => "written by golive and not changed since",
            _ => "as wished",
        };
        let mut evidence = Evidence::new(format!("{names} for {}: {how}", self.target()))
            .url(self.settings(known));
        for one in wanted {
            if let Some(seal) = &one.fingerprint {
                evidence = evidence.note(format!("{}: {seal}", one.name));
            }
            let there = seen.there.get(&one.name);
            if let Some(wide) = there
                .filter(|there| there.own.is_none())
                .and_then(There::used)
            {
                let targets = list(&wide.targets);
                evidence = evidence.note(format!("{} is one value for {targets}", one.name));
            }
            if let Some(n) = there.map(|there| there.elsewhere).filter(|n| *n > 0) {
                evidence = evidence.note(format!(
                    "{} has {n} more for other targets, which stay as they are",
                    one.name
                ));
            }
        }
        if !unread.is_empty() {
            evidence = evidence.note(format!(
                "Vercel never shows {} again (sensitive): golive knows when it wrote them, and that they were not changed since",
                list(&unread)
            ));
        }
        if !seen.others.is_empty() {
            evidence = evidence.note(format!(
                "{} others in the project are left alone",
                seen.others.len()
            ));
        }
        evidence
    }
}

/// The targets that a wide record keeps when production leaves it.
fn rest(wide: &Record) -> Vec<String> {
    let targets = wide.targets.iter();
    targets
        .filter(|one| *one != "production")
        .cloned()
        .collect()
}

/// How golive first set a variable, as its records say.
fn made<'k>(known: &'k Known, name: &str) -> Option<&'k str> {
    let mut all = known.made.iter();
    let first = all.find(|made| made.kind == VARIABLE && made.name == name)?;
    first.as_made.as_deref()?.split(' ').next()
}

/// Whether one of golive's writes is the latest that Vercel knows of this record.
fn is_written(known: &Known, wanted: &Wanted, there: &Record) -> bool {
    let Some(mark) = mark(wanted, there) else {
        return false;
    };
    known.own.get(&format!("set-{}", wanted.name)) == Some(&mark)
        || known.made.iter().any(|made| {
            let told = made
                .as_made
                .as_deref()
                .and_then(|told| told.split_once(' '));
            made.kind == VARIABLE && made.id == there.id && told.is_some_and(|(_, own)| own == mark)
        })
}
