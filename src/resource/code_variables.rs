//! Every variable that the code reads is in the matrix, or said to be not needed.

mod judge;
mod places;
#[cfg(test)]
mod tests;

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

use self::judge::Verdict;
use self::places::{Side, is_code};
use super::value::list;
use super::{Applied, Cx, Known, Look, Resource, short};
use crate::cors::{Reads, environment_reads};
use crate::plan::{Blocker, Evidence, Output, Outputs, Plan};
use crate::provider::github::Client;
use crate::provider::http::CallError;

/// A file beyond this was written by no person.
const BYTES_MAX: u64 = 1 << 20;
/// What is remembered of files that were read before, by their content. A repository of golive's size has some hundreds.
const REMEMBERED_MAX: usize = 4096;
/// More files of code than this are not one product's: each costs a call the first time.
const FILES_MAX: usize = 3000;

/// Every variable that the code reads.
#[derive(Clone, Debug)]
pub struct CodeVariables {
    /// Environment, and the branch that is deployed there.
    pub branches: Vec<(String, String)>,
    /// The folders of the server and of the front end, from the repository's root (`.`: the root).
    pub server: String,
    pub front_end: String,
    /// Variable, environment and destination of each cell.
    pub cells: Vec<(String, String, super::value::Destination)>,
    pub not_needed: Vec<String>,
}

/// What the branches read.
#[derive(Debug, Default)]
pub struct Seen {
    pub branches: Vec<BranchSeen>,
}

/// What the code of one branch reads.
#[derive(Debug)]
pub struct BranchSeen {
    pub environment: String,
    pub branch: String,
    pub commit: String,
    /// How many files were read.
    pub files: usize,
    pub uses: Vec<Use>,
    /// Places where the code reads a variable whose name only the running code knows.
    pub unnamed: Vec<String>,
    /// Files that are too large to be read.
    pub passed_over: Vec<String>,
}

/// One place that reads one variable.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Use {
    pub name: String,
    pub sides: Vec<Side>,
    /// `server/server.js:83`.
    pub place: String,
    pub has_fallback: bool,
}

/// It only reads.
#[derive(Clone, Debug)]
pub enum Nothing {}

impl crate::plan::Change for Nothing {
    fn row(&self, _item: &crate::plan::ItemId) -> crate::plan::Row {
        match *self {}
    }
}

thread_local! {
    /// What files read, by the sha of their content: branches share most of theirs, and so do two looks.
    static REMEMBERED: RefCell<BTreeMap<String, Rc<Reads>>> = const { RefCell::new(BTreeMap::new()) };
}

impl Resource for CodeVariables {
    type Seen = Seen;
    type Change = Nothing;

    async fn observe(&self, cx: &Cx<'_>) -> Look<Seen> {
        let client = cx.client()?;
        let mut seen = Seen::default();
        for (environment, branch) in &self.branches {
            let known = seen.branches.iter().find(|other| other.branch == *branch);
            let own = match known {
                // One branch may serve two environments.
                Some(other) => BranchSeen {
                    environment: environment.clone(),
                    uses: other.uses.clone(),
                    unnamed: other.unnamed.clone(),
                    passed_over: other.passed_over.clone(),
                    branch: branch.clone(),
                    commit: other.commit.clone(),
                    files: other.files,
                },
                None => self.branch(client, environment, branch).await?,
            };
            seen.branches.push(own);
        }
        Ok(seen)
    }

    fn plan(&self, _known: &Known, seen: &Seen) -> Plan<Nothing> {
        let verdict = self.judge(seen);
        if !verdict.missing.is_empty() {
            return Plan::Blocked(Blocker::ByHand {
                what: verdict.asks(),
                url: None,
                paste: self.tables(&verdict.missing),
            });
        }
        Plan::Settled(self.evidence(seen, &verdict))
    }

    async fn apply(&self, _cx: &Cx<'_>, change: &Nothing) -> Result<Applied, CallError> {
        match *change {}
    }

    /// `used-<environment>-<variable>` for every cell that is read: the first place, and how many more.
    fn outputs(&self, seen: &Seen) -> Outputs {
        let mut outputs = Outputs::new();
        for own in &seen.branches {
            for (name, environment, to) in &self.cells {
                if *environment != own.environment {
                    continue;
                }
                let places: Vec<&str> = own
                    .uses
                    .iter()
                    .filter(|one| one.name == *name && one.sides.iter().any(|s| s.reads(*to)))
                    .map(|one| one.place.as_str())
                    .collect();
                let said = match places.as_slice() {
                    [] => continue,
                    [one] => (*one).to_string(),
                    [one, rest @ ..] => format!("{one} and {} more", rest.len()),
                };
                outputs.insert(format!("used-{environment}-{name}"), Output::Text(said));
            }
        }
        outputs
    }
}

impl CodeVariables {
    async fn branch(
        &self,
        client: &Client<'_>,
        environment: &str,
        branch: &str,
    ) -> Look<BranchSeen> {
        let commit = client.head(branch).await?;
        let enters = |path: &str| self.enters(path);
        let files = client.files(&commit, enters).await?;
        let code: Vec<_> = files
            .into_iter()
            .filter(|file| !self.sides(&file.path).is_empty() && is_code(&file.path))
            .collect();
        if code.len() > FILES_MAX {
            return Err(super::here(
                format!(
                    "branch {branch} has {} files of code in {} and {}, more than the {FILES_MAX} that golive reads",
                    code.len(),
                    self.server,
                    self.front_end
                ),
                Some("name narrower folders in [code] of golive.toml".into()),
            ));
        }
        let mut own = BranchSeen {
            environment: environment.into(),
            branch: branch.into(),
            commit,
            files: 0,
            uses: vec![],
            unnamed: vec![],
            passed_over: vec![],
        };
        for file in code {
            if file.size.is_some_and(|size| size > BYTES_MAX) {
                own.passed_over.push(file.path);
                continue;
            }
            own.files += 1;
            let reads = reads(client, &file.sha, &file.path).await?;
            self.take(&mut own, &file.path, &reads);
        }
        Ok(own)
    }

    /// Adds what one file reads.
    pub(super) fn take(&self, own: &mut BranchSeen, path: &str, reads: &Reads) {
        let sides = self.sides(path);
        let shown = crate::text::strip_controls(path);
        for read in &reads.named {
            own.uses.push(Use {
                name: read.name.clone(),
                sides: sides.clone(),
                place: format!("{shown}:{}", read.line),
                has_fallback: read.has_fallback,
            });
        }
        let unnamed = reads.unnamed.iter().map(|line| format!("{shown}:{line}"));
        own.unnamed.extend(unnamed);
    }

    fn evidence(&self, seen: &Seen, verdict: &Verdict) -> Evidence {
        let branches: Vec<&str> = seen
            .branches
            .iter()
            .map(|own| own.branch.as_str())
            .collect();
        let mut evidence = Evidence::new(format!(
            "the code of {} reads {} variables, each has its place",
            list(&branches),
            verdict.names
        ));
        for own in &seen.branches {
            evidence = evidence.note(format!(
                "{} ({}): {} files read at commit {}",
                own.branch,
                own.environment,
                own.files,
                short(&own.commit)
            ));
        }
        evidence = evidence.note(format!(
            "read in {} and {}; tests, builds and node_modules are left out",
            self.server, self.front_end
        ));
        if !verdict.by_platform.is_empty() {
            let names = list(&verdict.by_platform);
            evidence = evidence.note(format!("set by the platforms themselves: {names}"));
        }
        if !verdict.not_needed.is_empty() {
            let names = list(&verdict.not_needed);
            evidence = evidence.note(format!("not needed, as golive.toml says: {names}"));
        }
        evidence.findings(verdict.findings.clone())
    }
}

/// What a file reads, by its content.
async fn reads(client: &Client<'_>, sha: &str, path: &str) -> Look<Rc<Reads>> {
    // One content may be code under one name and a page under another.
    let key = match places::is_page(path) {
        true => format!("page {sha}"),
        false => sha.to_string(),
    };
    if let Some(known) = REMEMBERED.with_borrow(|all| all.get(&key).cloned()) {
        return Ok(known);
    }
    let text = client.blob(sha).await?;
    let reads = Rc::new(match text {
        None => Reads::default(),
        Some(text) if places::is_page(path) => places::page_reads(&text),
        Some(text) => environment_reads(&text),
    });
    REMEMBERED.with_borrow_mut(|all| {
        if all.len() >= REMEMBERED_MAX {
            all.clear();
        }
        all.insert(key, Rc::clone(&reads));
    });
    Ok(reads)
}
