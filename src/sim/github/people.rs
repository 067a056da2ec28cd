//! Persons at work in the repository, on request: they review, close, push, and change what others set up.

use std::sync::Arc;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::Github;
use super::deed::Hand;
use super::git::TreeEntry;
use super::state::{judge, people};
use crate::sim::ledger::{Book, MadeBy};

/// What a person does; written as on the control port: `approve_pr 3`, `push develop`, `edit ruleset/NAME`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Act {
    /// Approves a pull request.
    ApprovePull(u64),
    /// Requests changes of a pull request.
    RefusePull(u64),
    /// Closes a pull request without merging it.
    ClosePull(u64),
    /// Commits a note to a branch, past every rule.
    Push(String),
    /// Changes an object: `ruleset/NAME` (switched off), `protection/BRANCH` (reviews no longer required),
    /// `branch/NAME` (deleted), `pr/N` and `issue/N` (title changed).
    Edit(String),
    /// Enters a record where the product's zone is delegated to: `NAME [TTL] TYPE VALUE`, such as
    /// `www 600 CNAME target.example.com` or `@ A 192.0.2.1`.
    Record(String),
    /// Takes the records `NAME TYPE [VALUE]` away there.
    Unrecord(String),
}

impl Act {
    pub fn parse(text: &str) -> Result<Act, String> {
        let (verb, object) = text
            .trim()
            .split_once(char::is_whitespace)
            .unwrap_or((text, ""));
        let object = object.trim();
        let number = || {
            let number = object.trim_start_matches('#').parse::<u64>();
            number.map_err(|_| format!("“{object}” is not a number of a pull request"))
        };
        let name = |what: &str| match object {
            "" => Err(format!("{verb} needs {what}")),
            object => Ok(object.to_owned()),
        };
        match verb {
            "approve_pr" => number().map(Act::ApprovePull),
            "refuse_pr" => number().map(Act::RefusePull),
            "close_pr" => number().map(Act::ClosePull),
            "push" => name("a branch").map(Act::Push),
            "edit" => name("an object").map(Act::Edit),
            "record" => name("NAME [TTL] TYPE VALUE").map(Act::Record),
            "unrecord" => name("NAME TYPE [VALUE]").map(Act::Unrecord),
            _ => Err(format!(
                "“{verb}” is not something a person does here: approve_pr, refuse_pr, close_pr, push, edit, record, unrecord"
            )),
        }
    }
}

impl TryFrom<String> for Act {
    type Error = String;

    fn try_from(text: String) -> Result<Act, String> {
        Act::parse(&text)
    }
}

impl From<Act> for String {
    fn from(act: Act) -> String {
        match act {
            Act::ApprovePull(number) => format!("approve_pr {number}"),
            Act::RefusePull(number) => format!("refuse_pr {number}"),
            Act::ClosePull(number) => format!("close_pr {number}"),
            Act::Push(branch) => format!("push {branch}"),
            Act::Edit(object) => format!("edit {object}"),
            Act::Record(line) => format!("record {line}"),
            Act::Unrecord(line) => format!("unrecord {line}"),
        }
    }
}

impl Github {
    /// Carries a person's act out; answers with what was done.
    pub fn person(&mut self, now: Timestamp, act: &Act, book: &mut Book) -> Result<String, String> {
        let mut hand = Hand {
            login: self.somebody(),
            at: now,
            by: MadeBy::Person,
            book,
        };
        match act {
            Act::ApprovePull(number) => self.judged(&mut hand, *number, "APPROVED"),
            Act::RefusePull(number) => self.judged(&mut hand, *number, "CHANGES_REQUESTED"),
            Act::ClosePull(number) => {
                self.open_one(*number)?;
                self.edit_pull(now, *number, |pull| pull.close(now));
                Ok(format!("#{number} was closed by {}", hand.login))
            }
            Act::Push(branch) => self.push_note(&mut hand, branch),
            Act::Edit(object) => self.edit(&mut hand, object),
            Act::Record(_) | Act::Unrecord(_) => Err("GitHub keeps no zone".to_owned()),
        }
    }

    /// Someone with write access who is neither golive's account nor a reviewer, else a reviewer.
    fn somebody(&self) -> String {
        let people = people(&self.scenario);
        let own = &self.scenario.user.login;
        let other = people
            .iter()
            .map(|(login, _)| login)
            .filter(|login| *login != own);
        let not_reviewer = |login: &&String| !self.scenario.reviewers.contains(login);
        other
            .clone()
            .find(not_reviewer)
            .or_else(|| other.clone().next())
            .unwrap_or(own)
            .clone()
    }

    fn open_one(&self, number: u64) -> Result<String, String> {
        match self.repo.pulls.get(&number) {
            Some(pull) if pull.open => Ok(pull.by.clone()),
            Some(_) => Err(format!("pull request #{number} is closed")),
            None => Err(format!("there is no pull request #{number}")),
        }
    }

    fn judged(
        &mut self,
        hand: &mut Hand<'_>,
        number: u64,
        verdict: &'static str,
    ) -> Result<String, String> {
        let author = self.open_one(number)?;
        let scenario = Arc::clone(&self.scenario);
        judge(&scenario, &author)
            .ok_or_else(|| format!("nobody but {author} could review #{number}"))?
            .clone_into(&mut hand.login);
        let (text, done) = match verdict {
            "APPROVED" => ("Looks good to me.", "approved"),
            _ => ("Please have another look.", "refused"),
        };
        self.review(hand, number, verdict, text);
        Ok(format!("#{number} was {done} by {}", hand.login))
    }

    fn push_note(&mut self, hand: &mut Hand<'_>, branch: &str) -> Result<String, String> {
        let tip = self.repo.branches.get(branch).cloned();
        let tip = tip.ok_or_else(|| format!("there is no branch {branch}"))?;
        let mut files = self.objects.files_of(&tip);
        let path = format!("docs/note-{}.md", hand.at.as_second());
        let text = format!("Noted by {} at {}.\n", hand.login, hand.at);
        let blob = super::git::Object::Blob(text.into_bytes());
        let sha = self.put(blob, hand.at);
        let mode = "100644".to_owned();
        files.insert(path.clone(), TreeEntry { mode, sha });
        let tree = self.put_files(&files, hand.at);
        let commit = self.commit(hand, tree, vec![tip], &format!("Add {path}"));
        self.set_branch(hand, branch, &commit);
        Ok(format!(
            "{} pushed {} to {branch}",
            hand.login,
            &commit[..7]
        ))
    }

    fn edit(&mut self, hand: &mut Hand<'_>, object: &str) -> Result<String, String> {
        let (kind, name) = object.split_once('/').unwrap_or((object, ""));
        let missing = || format!("there is no {kind} {name}");
        let number: Option<u64> = name.parse().ok();
        match kind {
            "ruleset" => {
                let rulesets = &self.repo.rulesets;
                let found = rulesets
                    .values()
                    .find(|r| r.name == name || Some(r.id) == number);
                let id = found.map(|ruleset| ruleset.id).ok_or_else(missing)?;
                self.change(hand.at, |repo| {
                    if let Some(ruleset) = repo.rulesets.get_mut(&id) {
                        let ruleset = Arc::make_mut(ruleset);
                        "disabled".clone_into(&mut ruleset.enforcement);
                        ruleset.updated_at = hand.at;
                    }
                });
                Ok(format!("{} switched the ruleset {name} off", hand.login))
            }
            "protection" => {
                if !self.repo.protections.contains_key(name) {
                    return Err(missing());
                }
                self.change(hand.at, |repo| {
                    if let Some(protection) = repo.protections.get_mut(name) {
                        Arc::make_mut(protection).reviews = None;
                    }
                });
                Ok(format!(
                    "{} no longer requires reviews on {name}",
                    hand.login
                ))
            }
            "branch" => {
                if !self.repo.branches.contains_key(name) {
                    return Err(missing());
                }
                self.delete_branch(hand, name);
                Ok(format!("{} deleted the branch {name}", hand.login))
            }
            "pr" | "issue" => self.retitle(hand, kind, number.ok_or_else(missing)?),
            _ => Err(format!(
                "“{kind}” cannot be edited: ruleset/NAME, protection/BRANCH, branch/NAME, pr/N, issue/N"
            )),
        }
    }

    fn retitle(&mut self, hand: &Hand<'_>, kind: &str, number: u64) -> Result<String, String> {
        let repo = &self.repo;
        if !repo.pulls.contains_key(&number) && !repo.issues.contains_key(&number) {
            return Err(format!("there is no {kind} {number}"));
        }
        let at = hand.at;
        self.change(at, |repo| {
            if let Some(pull) = repo.pulls.get_mut(&number).map(Arc::make_mut) {
                pull.title.push_str(" (edited)");
                pull.updated_at = at;
            }
            if let Some(issue) = repo.issues.get_mut(&number).map(Arc::make_mut) {
                issue.title.push_str(" (edited)");
                issue.updated_at = at;
            }
        });
        Ok(format!("{} changed the title of #{number}", hand.login))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn acts_are_written_as_they_are_read() {
        for text in [
            "approve_pr 3",
            "refuse_pr 12",
            "close_pr 1",
            "push a/b",
            "edit ruleset/Protect main",
            "record www 600 CNAME shop.example.com",
            "unrecord @ TXT",
        ] {
            assert_eq!(String::from(Act::parse(text).unwrap()), text);
        }
        for wrong in ["approve_pr", "approve_pr x", "push", "tick 1.rule", ""] {
            assert!(Act::parse(wrong).is_err(), "{wrong}");
        }
    }
}
