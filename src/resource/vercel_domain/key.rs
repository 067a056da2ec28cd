//! A host that deployment protection hides: what visitors see of it, and by which key golive's own visits pass.

use super::change::{KEY, VercelDomainChange};
use super::{Known, Seen, VercelDomain};
use crate::plan::{Blocker, Choice, Finding, Plan};
use crate::resource::protection::slot;
use crate::resource::vercel_project::find::page;
use crate::secret::{Secret, SecretName};

/// Under which name a person's choice is remembered.
const CHOICE: &str = "protection";
const BYPASS: &str = "bypass";

impl VercelDomain {
    /// Where the key is kept that lets golive's own visits through.
    pub fn key_slot(&self) -> SecretName {
        slot(&self.project)
    }

    /// How golive's visits come to a host of a branch that is hidden, as a note; `None` where nothing hides it. `Err`:
    /// what has to be asked or done first.
    pub(super) fn through(
        &self,
        known: &Known,
        seen: &Seen,
        project: &str,
    ) -> Result<Option<String>, Box<Plan<VercelDomainChange>>> {
        let hidden = seen.protection.hides(self.git_branch.is_none());
        let Some(sees) = hidden.filter(|_| self.git_branch.is_some()) else {
            return Ok(None);
        };
        let Some(word) = known.decided.get(CHOICE) else {
            return Err(Box::new(Plan::Blocked(self.which_way(sees))));
        };
        let kept = self.key_slot();
        if word != BYPASS {
            return Ok(Some(format!(
                "visitors see {sees} here; golive has no key, and takes that page for the sign that Vercel serves the host"
            )));
        }
        let passes = |key: &Secret| seen.protection.keys.iter().any(|own| own.same_as(key));
        if seen.key.as_ref().is_some_and(passes) {
            return Ok(Some(format!(
                "visitors see {sees} here; golive looks behind it at Vercel's own address of a deployment, with the key kept as {kept}"
            )));
        }
        Err(Box::new(Plan::Change(vec![VercelDomainChange::Key {
            project: project.to_string(),
            project_name: self.project_name.clone(),
            slot: kept,
            there: !seen.protection.keys.is_empty(),
        }])))
    }

    fn which_way(&self, sees: &str) -> Blocker {
        Blocker::Choose {
            key: CHOICE.into(),
            question: format!(
                "{} serves a branch of {}, and the project's deployment protection hides such hosts: visitors see {sees}. How \
                 shall golive look behind it?",
                self.host, self.project_name
            ),
            options: vec![
                Choice::new(
                    BYPASS,
                    format!(
                        "by a key that Vercel makes for programs, or has already; it is kept as {}, and visitors see what \
                         they saw",
                        self.key_slot()
                    ),
                ),
                Choice::new(
                    "other-way",
                    "without a key: what is behind it is told by Vercel's own word on the deployment",
                ),
            ],
        }
    }

    /// A host of production that visitors cannot see.
    pub(super) fn hidden(&self, known: &Known, seen: &Seen) -> Option<Finding> {
        let sees = seen.protection.hides(true)?;
        if self.git_branch.is_some() {
            return None;
        }
        let settings = page(known, &self.project_name, "/settings/deployment-protection");
        Some(Finding::new(
            "hidden",
            format!(
                "Vercel's deployment protection covers all of {}: visitors of {} see {sees}",
                self.project_name, self.host
            ),
            format!("choose Standard Protection, which leaves production's hosts open: {settings}"),
        ))
    }

    /// The key that golive made, taken back.
    pub(super) fn key_back(
        &self,
        known: &Known,
        seen: &Seen,
        project: &str,
    ) -> Option<VercelDomainChange> {
        let made = known.made.iter().any(|made| made.kind == KEY);
        let key = seen.key.as_ref().filter(|_| made)?;
        let there = seen.protection.keys.iter().any(|own| own.same_as(key));
        there.then(|| VercelDomainChange::KeyBack {
            project: project.to_string(),
            project_name: self.project_name.clone(),
            key: key.clone(),
        })
    }
}
