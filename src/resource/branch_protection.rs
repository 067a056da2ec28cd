//! A branch's protection: what is in force already counts, whoever made it; only what is missing is added, as a ruleset
//! of golive's own, or by classic protection where a server has no rulesets.

use std::collections::BTreeMap;

use serde_json::{Value, json};

pub use super::ruleset::Wish;

use super::in_force::{self, ClassicLook, InForce, Source};
use super::ruleset::{self, is_admin_role, ruleset_name};
use super::{Applied, Cx, Known, Look, Resource};
use crate::plan::{
    Blocker, Change, Evidence, ItemId, Made, Output, Outputs, Plan, Row, Sign, Undo,
};
use crate::provider::github::{Client, merged_classic, needs_plan};
use crate::provider::http::CallError;

#[derive(Clone, Debug)]
pub struct BranchProtection {
    pub branch: String,
    pub wish: Wish,
    /// Another person reviews. Otherwise admins are let past the review of golive's rule: nobody can approve alone.
    pub review_by_other: bool,
}

pub struct Seen {
    in_force: InForce,
    /// The repository's own rulesets by id, to name what is in force.
    names: BTreeMap<u64, String>,
    /// The ruleset of golive's name, whole.
    ours: Option<(u64, Value)>,
    page: String,
}

/// What golive's records call a classic rule that it made where there was none.
const CLASSIC: &str = "classic protection";

#[derive(Clone, Debug)]
pub enum ProtectionChange {
    Create {
        branch: String,
        shown: String,
        ruleset: Value,
    },
    Replace {
        branch: String,
        id: u64,
        was: String,
        shown: String,
        ruleset: Value,
        made_by_golive: bool,
    },
    Classic {
        branch: String,
        was: Option<String>,
        shown: String,
        body: Value,
    },
    Delete {
        branch: String,
        id: u64,
    },
    /// Takes the classic rule away that golive made where there was none.
    Unprotect {
        branch: String,
    },
}

impl ProtectionChange {
    /// The word to type where a rule that people had is widened for good.
    fn confirm(&self) -> Option<String> {
        match self {
            Self::Classic {
                branch,
                was: Some(_),
                ..
            } => Some(branch.clone()),
            _ => None,
        }
    }

    /// The rule exists and golive did not make it.
    fn is_of_others(&self) -> bool {
        match self {
            Self::Replace { made_by_golive, .. } => !made_by_golive,
            Self::Classic { was, .. } => was.is_some(),
            Self::Create { .. } | Self::Delete { .. } | Self::Unprotect { .. } => false,
        }
    }
}

impl Change for ProtectionChange {
    fn row(&self, item: &ItemId) -> Row {
        let ruleset = |branch: &str| format!("ruleset \"{}\"", ruleset_name(branch));
        let (change, sign, what, old, new, undo) = match self {
            Self::Create { branch, shown, .. } => (
                "create",
                Sign::Create,
                ruleset(branch),
                None,
                Some(shown.clone()),
                Undo::Reversible,
            ),
            Self::Replace {
                branch, was, shown, ..
            } => (
                "replace",
                Sign::Change,
                ruleset(branch),
                Some(was.clone()),
                Some(shown.clone()),
                Undo::Restorable,
            ),
            Self::Classic {
                branch, was, shown, ..
            } => (
                "protect",
                Sign::Change,
                format!("classic protection of {branch}"),
                was.clone().or_else(|| Some("none".into())),
                Some(shown.clone()),
                match was {
                    // The rule that people had is not kept whole, so golive cannot put it back.
                    Some(_) => Undo::OneWay,
                    None => Undo::Reversible,
                },
            ),
            Self::Unprotect { branch } => (
                "unprotect",
                Sign::Remove,
                format!("classic protection of {branch}"),
                None,
                None,
                Undo::Reversible,
            ),
            Self::Delete { branch, .. } => (
                "delete",
                Sign::Remove,
                ruleset(branch),
                None,
                None,
                Undo::Restorable,
            ),
        };
        Row {
            old,
            new,
            undo,
            confirm: self.confirm(),
            not_made_by_golive: self.is_of_others(),
            ..Row::new(item, change, sign, what)
        }
    }
}

impl Resource for BranchProtection {
    type Seen = Seen;
    type Change = ProtectionChange;

    async fn observe(&self, cx: &Cx<'_>) -> Look<Seen> {
        let client = cx.client()?;
        let mut in_force = in_force::look(client, &self.branch).await?;
        let (mut names, mut ours) = (BTreeMap::new(), None);
        if in_force.needs_plan.is_none() && in_force.rulesets_known {
            match client.rulesets().await {
                Err(error) if needs_plan(&error) => in_force.needs_plan = Some(error.cause()),
                Err(error) if error.is_status(404) => in_force.rulesets_known = false,
                Err(error) => return Err(error),
                Ok(list) => {
                    let wanted = ruleset_name(&self.branch);
                    // Should there be two of the name, the older one is looked after.
                    let same = list.iter().filter(|ruleset| {
                        ruleset.name == wanted
                            && ruleset.target.as_deref().unwrap_or("branch") == "branch"
                            && ruleset.source_type.as_deref().unwrap_or("Repository")
                                == "Repository"
                    });
                    if let Some(id) = same.map(|ruleset| ruleset.id).min() {
                        ours = whole(client, id).await?;
                    }
                    names = list.into_iter().map(|one| (one.id, one.name)).collect();
                }
            }
        }
        Ok(Seen {
            in_force,
            names,
            ours,
            page: client.page(),
        })
    }

    fn plan(&self, known: &Known, seen: &Seen) -> Plan<ProtectionChange> {
        if let Some(why) = &seen.in_force.needs_plan {
            return Plan::HandOff {
                why: format!(
                    "GitHub offers no branch rules for this repository: {why} Until then people keep to the rules of {} \
                     on their own: {}",
                    self.branch, self.wish
                ),
                url: format!("{}/settings/branches", seen.page),
            };
        }
        let lacks = self.lacks(&seen.in_force);
        let unpassable = lacks.is_empty() && self.bypass_is_missing(seen);
        if lacks.is_empty() && !unpassable {
            return Plan::Settled(self.evidence(seen));
        }
        let lacks = match unpassable {
            true => "admins may not pass the review".into(),
            false => lacks.join(", "),
        };
        if let ClassicLook::NotReadable { scope, .. } = &seen.in_force.classic {
            return Plan::Blocked(Blocker::Forbidden {
                what: format!("protect {} ({lacks})", self.branch),
                scope: scope.clone(),
                url: Some(format!("{}/settings/rules", seen.page)),
            });
        }
        Plan::Change(vec![self.change(known, seen, &lacks)])
    }

    /// A branch that is not there yet has no rules either.
    fn foresee(&self, _known: &Known) -> Vec<ProtectionChange> {
        vec![ProtectionChange::Create {
            branch: self.branch.clone(),
            shown: self.shown(),
            ruleset: self.ruleset(json!({})),
        }]
    }

    async fn apply(&self, cx: &Cx<'_>, change: &ProtectionChange) -> Result<Applied, CallError> {
        let client = cx.client()?;
        match change {
            ProtectionChange::Create { ruleset, .. } => {
                let one = client.create_ruleset(ruleset).await?;
                Ok(Applied {
                    made: Some(made(one.id, &one.name, &client.page())),
                })
            }
            ProtectionChange::Replace { id, ruleset, .. } => {
                client.replace_ruleset(*id, ruleset).await?;
                Ok(Applied::default())
            }
            ProtectionChange::Classic {
                branch, body, was, ..
            } => {
                client.put_protection(branch, body).await?;
                Ok(Applied {
                    made: was.is_none().then(|| Made {
                        kind: CLASSIC.into(),
                        id: branch.clone(),
                        name: format!("classic protection of {branch}"),
                        as_made: None,
                        url: Some(format!("{}/settings/branches", client.page())),
                    }),
                })
            }
            ProtectionChange::Delete { id, .. } => {
                client.delete_ruleset(*id).await?;
                Ok(Applied::default())
            }
            ProtectionChange::Unprotect { branch } => {
                client.delete_protection(branch).await?;
                Ok(Applied::default())
            }
        }
    }

    fn outputs(&self, seen: &Seen) -> Outputs {
        let id = seen.ours.as_ref().map(|(id, _)| id.to_string());
        id.into_iter()
            .map(|id| ("ruleset".into(), Output::Text(id)))
            .collect()
    }

    fn found(&self, seen: &Seen, change: &str) -> Option<Made> {
        let (id, _) = seen.ours.as_ref().filter(|_| change == "create")?;
        Some(made(*id, &ruleset_name(&self.branch), &seen.page))
    }

    fn undo(&self, known: &Known, seen: &Seen) -> Vec<ProtectionChange> {
        let ours = seen.ours.as_ref().filter(|(id, _)| is_made(known, *id));
        let branch = || self.branch.clone();
        let ruleset = ours.map(|(id, _)| ProtectionChange::Delete {
            branch: branch(),
            id: *id,
        });
        let classic = known
            .made
            .iter()
            .any(|made| made.kind == CLASSIC && made.id == self.branch)
            && matches!(seen.in_force.classic, ClassicLook::Rule(_));
        let classic = classic.then(|| ProtectionChange::Unprotect { branch: branch() });
        ruleset.into_iter().chain(classic).collect()
    }
}

/// `None` when it went away between the list and this call.
async fn whole(client: &Client<'_>, id: u64) -> Look<Option<(u64, Value)>> {
    match client.ruleset(id).await {
        Ok(ruleset) => Ok(Some((id, ruleset))),
        Err(error) if error.is_status(404) => Ok(None),
        Err(error) => Err(error),
    }
}

fn made(id: u64, name: &str, page: &str) -> Made {
    Made {
        kind: "ruleset".into(),
        id: id.to_string(),
        name: name.into(),
        as_made: None,
        url: Some(format!("{page}/settings/rules/{id}")),
    }
}

fn is_made(known: &Known, id: u64) -> bool {
    let id = id.to_string();
    known
        .made
        .iter()
        .any(|made| made.kind == "ruleset" && made.id == id)
}

impl BranchProtection {
    /// The wish in one line, with who may pass.
    fn shown(&self) -> String {
        match self.lets_admins_pass() {
            true => format!("{}; admins may pass the review", self.wish),
            false => self.wish.to_string(),
        }
    }

    fn lets_admins_pass(&self) -> bool {
        !self.review_by_other && self.wish.reviews > 0
    }

    /// What of the wish nothing in force gives.
    fn lacks(&self, in_force: &InForce) -> Vec<String> {
        let mut lacks = Vec::new();
        if self.wish.asks_for_pull_requests() && in_force.pull_request.is_none() {
            lacks.push("changes may come without a pull request".into());
        } else if in_force.approvals < u64::from(self.wish.reviews) {
            let (has, wants) = (in_force.approvals, u64::from(self.wish.reviews));
            lacks.push(format!("{has} of {wants} approvals required"));
        }
        if self.wish.no_force_pushes && in_force.no_force_push.is_none() {
            lacks.push("force pushes allowed".into());
        }
        if self.wish.no_deletion && in_force.no_deletion.is_none() {
            lacks.push("deletion allowed".into());
        }
        lacks
    }

    /// golive's own rule asks for a review that nobody else is there to give. Absent is "not shown", not "nobody".
    fn bypass_is_missing(&self, seen: &Seen) -> bool {
        let ours = seen.ours.as_ref().map(|(_, ruleset)| ruleset);
        let actors = ours.and_then(|ruleset| ruleset["bypass_actors"].as_array());
        self.lets_admins_pass() && actors.is_some_and(|actors| !actors.iter().any(is_admin_role))
    }

    fn change(&self, known: &Known, seen: &Seen, lacks: &str) -> ProtectionChange {
        let branch = self.branch.clone();
        let shown = self.shown();
        if !seen.in_force.rulesets_known {
            let rule = match &seen.in_force.classic {
                ClassicLook::Rule(rule) => Some(rule),
                ClassicLook::Nothing | ClassicLook::NotReadable { .. } => None,
            };
            return ProtectionChange::Classic {
                branch,
                was: rule.map(|_| lacks.into()),
                shown,
                body: merged_classic(
                    rule,
                    u64::from(self.wish.reviews),
                    self.wish.no_force_pushes,
                    self.wish.no_deletion,
                    !self.lets_admins_pass(),
                ),
            };
        }
        match &seen.ours {
            None => ProtectionChange::Create {
                branch,
                shown,
                ruleset: self.ruleset(json!({})),
            },
            Some((id, ruleset)) => ProtectionChange::Replace {
                branch,
                id: *id,
                was: lacks.into(),
                shown,
                ruleset: self.ruleset(ruleset.clone()),
                made_by_golive: is_made(known, *id),
            },
        }
    }

    fn ruleset(&self, seen: Value) -> Value {
        ruleset::merged(&self.branch, &self.wish, self.lets_admins_pass(), seen)
    }

    /// Says of each wish which rule fulfils it.
    fn evidence(&self, seen: &Seen) -> Evidence {
        let by = |source: &Option<Source>| match source {
            Some(source) => source.words(&seen.names),
            None => "nothing".into(),
        };
        let in_force = &seen.in_force;
        let mut parts = Vec::new();
        if in_force.approvals > 0 {
            let wish = format!("pull requests with {} approval(s)", in_force.approvals);
            parts.push((wish, by(&in_force.approvals_by)));
        } else if self.wish.asks_for_pull_requests() {
            parts.push(("pull requests".into(), by(&in_force.pull_request)));
        }
        if self.wish.no_force_pushes {
            parts.push(("no force push".into(), by(&in_force.no_force_push)));
        }
        if self.wish.no_deletion {
            parts.push(("no deletion".into(), by(&in_force.no_deletion)));
        }
        let one = parts.first().map(|(_, source)| source.clone());
        let one = one.filter(|one| parts.iter().all(|(_, source)| source == one));
        let text = match one {
            Some(source) => {
                let wishes: Vec<&str> = parts.iter().map(|(wish, _)| wish.as_str()).collect();
                format!("{}: {}, by {source}", self.branch, wishes.join(", "))
            }
            None => {
                let each = parts
                    .iter()
                    .map(|(wish, source)| format!("{wish} by {source}"));
                let each: Vec<String> = each.collect();
                format!("{}: {}", self.branch, each.join(", "))
            }
        };
        let evidence = Evidence::new(text).url(format!("{}/settings/rules", seen.page));
        self.notes(seen).into_iter().fold(evidence, Evidence::note)
    }

    fn notes(&self, seen: &Seen) -> Vec<String> {
        let mut notes = Vec::new();
        let in_force = &seen.in_force;
        if let ClassicLook::NotReadable { why, .. } = &in_force.classic {
            notes.push(format!("classic protection could not be read: {why}"));
        }
        if in_force.admins_exempt {
            notes.push("classic protection lets admins pass".into());
        }
        if self.lets_admins_pass() {
            let ours = seen.ours.as_ref().map(|(id, _)| *id);
            match &in_force.approvals_by {
                Some(Source::Ruleset { id, .. }) if Some(*id) == ours => {
                    notes.push("admins may pass the review, as chosen".into());
                }
                Some(source) if *source != Source::Classic || !in_force.admins_exempt => {
                    notes.push(format!(
                        "{} asks for a review, and whether it lets an admin pass is not known: a merge may be refused",
                        source.words(&seen.names)
                    ));
                }
                _ => {}
            }
        }
        notes
    }
}

#[cfg(test)]
mod tests;
