//! What rulesets and classic protections mean for a branch: what they demand of a merge, and which pushes they refuse.

use std::sync::Arc;

use serde_json::Value;

use super::graph;
use super::state::{Check, Look, Protection, Pull, Ruleset, role_of};
use crate::sim::scenario::Role;

/// Whether a ruleset is in force for a branch.
pub fn applies(ruleset: &Ruleset, branch: &str, default_branch: &str) -> bool {
    let full = format!("refs/heads/{branch}");
    let hit = |pattern: &String| match pattern.as_str() {
        "~ALL" => true,
        "~DEFAULT_BRANCH" => branch == default_branch,
        pattern => fnmatch(pattern.as_bytes(), full.as_bytes()),
    };
    ruleset.enforcement == "active"
        && ruleset.target == "branch"
        && ruleset.include.iter().any(hit)
        && !ruleset.exclude.iter().any(hit)
}

/// `*` and `?` stop at a slash, `**` does not.
fn fnmatch(pattern: &[u8], text: &[u8]) -> bool {
    match (pattern, text) {
        ([], []) => true,
        ([b'*', b'*', rest @ ..], _) => (0..=text.len()).any(|skip| fnmatch(rest, &text[skip..])),
        ([b'*', rest @ ..], _) => (0..=text.len())
            .take_while(|skip| !text[..*skip].contains(&b'/'))
            .any(|skip| fnmatch(rest, &text[skip..])),
        ([b'?', rest @ ..], [other, tail @ ..]) if *other != b'/' => fnmatch(rest, tail),
        ([one, rest @ ..], [other, tail @ ..]) if one == other => fnmatch(rest, tail),
        _ => false,
    }
}

/// The active rulesets of a branch.
pub fn rulesets<'a>(look: &Look<'a>, branch: &str) -> Vec<&'a Arc<Ruleset>> {
    let default = &look.repo.settings.default_branch;
    look.repo
        .rulesets
        .values()
        .filter(|ruleset| applies(ruleset, branch, default))
        .collect()
}

/// Whether anything protects the branch.
pub fn protected(look: &Look<'_>, branch: &str) -> bool {
    look.repo.protections.contains_key(branch)
        || rulesets(look, branch)
            .iter()
            .any(|ruleset| !ruleset.rules.is_empty())
}

/// Numbers of the repository roles, as bypass lists name them.
fn role_number(role: Role) -> i64 {
    match role {
        Role::Maintain => 2,
        Role::Write => 4,
        Role::Admin => 5,
        Role::Read | Role::Triage => 0,
    }
}

/// Whether the login may step past a ruleset, by a pull request or by any way.
fn bypasses(look: &Look<'_>, ruleset: &Ruleset, login: &str, by_pull: bool) -> bool {
    let Some(role) = role_of(look.scenario, login) else {
        return false;
    };
    ruleset.bypass_actors.iter().any(|actor| {
        let mode = actor["bypass_mode"].as_str().unwrap_or("always");
        let kind = actor["actor_type"].as_str().unwrap_or_default();
        let named = match kind {
            "RepositoryRole" => actor["actor_id"].as_i64() == Some(role_number(role)),
            "OrganizationAdmin" => role == Role::Admin,
            _ => false,
        };
        named && (mode == "always" || (by_pull && mode == "pull_request"))
    })
}

fn classic_bypass(look: &Look<'_>, protection: &Protection, login: &str) -> bool {
    !protection.enforce_admins && role_of(look.scenario, login) == Some(Role::Admin)
}

/// Approvals that count: the last verdict of each person with write access other than the author.
pub fn approvals(look: &Look<'_>, pull: &Pull) -> usize {
    verdicts(look, pull)
        .iter()
        .filter(|(_, state)| *state == "APPROVED")
        .count()
}

fn verdicts<'a>(look: &Look<'_>, pull: &'a Pull) -> Vec<(&'a str, &'static str)> {
    let mut last: Vec<(&str, &'static str)> = Vec::new();
    for review in pull.reviews.iter().filter(|r| r.state != "COMMENTED") {
        last.retain(|(login, _)| *login != review.by);
        last.push((&review.by, review.state));
    }
    last.retain(|(login, _)| role_of(look.scenario, login) >= Some(Role::Write));
    last
}

fn changes_requested(look: &Look<'_>, pull: &Pull) -> bool {
    verdicts(look, pull)
        .iter()
        .any(|(_, state)| *state == "CHANGES_REQUESTED")
}

/// The most approvals that anything demands of the branch; `None` when pull requests are not required at all.
fn demanded(look: &Look<'_>, branch: &str) -> Option<u64> {
    let of_rulesets = rulesets(look, branch)
        .into_iter()
        .flat_map(|ruleset| &ruleset.rules)
        .filter(|rule| rule["type"] == "pull_request")
        .filter_map(|rule| rule["parameters"]["required_approving_review_count"].as_u64());
    let of_classic = look
        .repo
        .protections
        .get(branch)
        .and_then(|protection| protection.reviews.as_ref())
        .map(|reviews| reviews.count);
    of_rulesets.chain(of_classic).max()
}

/// Whether a reviewer would take the pull request up: someone asked, or a rule demands it, and it is not there yet.
pub fn wants_review(look: &Look<'_>, pull: &Pull) -> bool {
    let approved = u64::try_from(approvals(look, pull)).unwrap_or(u64::MAX);
    let demanded = demanded(look, &pull.base).unwrap_or(0);
    !changes_requested(look, pull)
        && (approved < demanded || (!pull.requested.is_empty() && approved == 0))
}

/// Whether a push to the head makes earlier approvals void.
pub fn dismisses_stale(look: &Look<'_>, pull: &Pull) -> bool {
    let classic = look
        .repo
        .protections
        .get(&pull.base)
        .and_then(|protection| protection.reviews.as_ref())
        .is_some_and(|reviews| reviews.dismiss_stale);
    classic
        || rulesets(look, &pull.base)
            .iter()
            .flat_map(|ruleset| &ruleset.rules)
            .any(|rule| rule["parameters"]["dismiss_stale_reviews_on_push"] == true)
}

/// What stands against a merge, line by line: from classic protection, and from rulesets.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Against {
    pub classic: Vec<String>,
    pub rulesets: Vec<String>,
}

impl Against {
    pub fn nothing(&self) -> bool {
        self.classic.is_empty() && self.rulesets.is_empty()
    }
}

/// What stands against merging a pull request by `login` with a method.
pub fn against_merge(look: &Look<'_>, pull: &Pull, method: &str, login: &str) -> Against {
    let mut against = Against::default();
    if let Some(protection) = look.repo.protections.get(&pull.base)
        && !classic_bypass(look, protection, login)
    {
        against.classic = classic_merge(look, pull, protection, method);
    }
    for ruleset in rulesets(look, &pull.base) {
        if bypasses(look, ruleset, login, true) {
            continue;
        }
        for rule in &ruleset.rules {
            against
                .rulesets
                .extend(rule_merge(look, pull, rule, method));
        }
    }
    against.rulesets.dedup();
    against
}

fn approving(look: &Look<'_>, pull: &Pull, count: u64) -> Option<String> {
    let enough = u64::try_from(approvals(look, pull)).unwrap_or(u64::MAX) >= count;
    let refused = count > 0 && changes_requested(look, pull);
    let noun = if count == 1 {
        "review is"
    } else {
        "reviews are"
    };
    if refused {
        Some("Changes have been requested by reviewers with write access.".to_owned())
    } else {
        (!enough).then(|| {
            format!("At least {count} approving {noun} required by reviewers with write access.")
        })
    }
}

fn classic_merge(
    look: &Look<'_>,
    pull: &Pull,
    protection: &Protection,
    method: &str,
) -> Vec<String> {
    let mut lines = Vec::new();
    if let Some(reviews) = &protection.reviews {
        lines.extend(approving(look, pull, reviews.count));
    }
    if let Some(rule) = &protection.checks {
        for (name, _) in &rule.checks {
            lines.extend(check_line(look, &pull.head_sha, name));
        }
        if rule.strict && behind(look, pull) {
            lines.push(OUT_OF_DATE.to_owned());
        }
    }
    if protection.required_linear_history && method == "merge" {
        lines.push(LINEAR.to_owned());
    }
    if protection.lock_branch {
        lines.push("This branch is read-only.".to_owned());
    }
    lines
}

const OUT_OF_DATE: &str = "The head branch is not up to date with the base branch.";
const LINEAR: &str = "This branch must not contain merge commits.";

fn rule_merge(look: &Look<'_>, pull: &Pull, rule: &Value, method: &str) -> Vec<String> {
    let parameters = &rule["parameters"];
    let mut lines = Vec::new();
    match rule["type"].as_str().unwrap_or_default() {
        "pull_request" => {
            let count = parameters["required_approving_review_count"].as_u64();
            lines.extend(approving(look, pull, count.unwrap_or(0)));
            let methods = parameters["allowed_merge_methods"].as_array();
            if methods.is_some_and(|methods| !methods.iter().any(|m| m == method)) {
                lines.push(method_refusal(method).to_owned());
            }
        }
        "required_status_checks" => {
            for check in parameters["required_status_checks"]
                .as_array()
                .into_iter()
                .flatten()
            {
                let name = check["context"].as_str().unwrap_or_default();
                lines.extend(check_line(look, &pull.head_sha, name));
            }
            let strict = &parameters["strict_required_status_checks_policy"];
            if *strict == true && behind(look, pull) {
                lines.push(OUT_OF_DATE.to_owned());
            }
        }
        "required_linear_history" if method == "merge" => lines.push(LINEAR.to_owned()),
        "update" => lines.push("Cannot update this protected ref.".to_owned()),
        _ => {}
    }
    lines
}

/// The sentence for a merge method that is switched off.
pub fn method_refusal(method: &str) -> &'static str {
    match method {
        "squash" => "Squash merges are not allowed on this repository.",
        "rebase" => "Rebase merges are not allowed on this repository.",
        _ => "Merge commits are not allowed on this repository.",
    }
}

/// What is wrong with a required check, if anything.
fn check_line(look: &Look<'_>, commit: &str, name: &str) -> Option<String> {
    let known = look.repo.checks.get(commit);
    let check: Option<&Check> = known.and_then(|checks| checks.iter().find(|c| c.name == name));
    match check.map(|check| check.done) {
        None => Some(format!("Required status check \"{name}\" is expected.")),
        Some(None) => Some(format!("Required status check \"{name}\" is pending.")),
        Some(Some((_, false))) => Some(format!("Required status check \"{name}\" is failing.")),
        Some(Some((_, true))) => None,
    }
}

/// Whether the base has commits that the head lacks.
fn behind(look: &Look<'_>, pull: &Pull) -> bool {
    look.repo
        .branches
        .get(&pull.base)
        .is_some_and(|base| !graph::only_in(look.objects, base, &pull.head_sha).is_empty())
}

/// As `mergeable_state` says it.
pub fn mergeable_state(
    look: &Look<'_>,
    pull: &Pull,
    mergeable: Option<bool>,
    login: &str,
) -> &'static str {
    match mergeable {
        None => return "unknown",
        Some(false) => return "dirty",
        Some(true) if pull.draft => return "draft",
        Some(true) => {}
    }
    let against = against_merge(look, pull, "merge", login);
    let mut lines = against.classic.iter().chain(&against.rulesets).peekable();
    if lines.peek().is_some() {
        return if lines.all(|line| line == OUT_OF_DATE) {
            "behind"
        } else {
            "blocked"
        };
    }
    let checks = look.repo.checks.get(&pull.head_sha);
    let well = |check: &Check| check.done.is_some_and(|(_, well)| well);
    if checks.is_some_and(|checks| !checks.iter().all(well)) {
        return "unstable";
    }
    "clean"
}

/// A push, seen by the rules.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Push {
    Create,
    Forward,
    Force,
    Delete,
}

/// Why a push by `login` is refused: by a classic protection, or by rulesets.
pub enum Refused {
    Classic(&'static str),
    Rulesets(Vec<&'static str>),
}

pub fn against_push(look: &Look<'_>, branch: &str, push: Push, login: &str) -> Option<Refused> {
    let mut lines = Vec::new();
    for ruleset in rulesets(look, branch) {
        if bypasses(look, ruleset, login, false) {
            continue;
        }
        for rule in &ruleset.rules {
            lines.extend(match (rule["type"].as_str().unwrap_or_default(), push) {
                ("creation", Push::Create) => {
                    Some("Cannot create ref due to creations being restricted.")
                }
                ("deletion", Push::Delete) => Some("Cannot delete this branch"),
                ("non_fast_forward", Push::Force) => Some("Cannot force-push to this branch"),
                ("update", Push::Forward | Push::Force) => {
                    Some("Cannot update this protected ref.")
                }
                ("pull_request", Push::Forward | Push::Force) => Some(THROUGH_PULL),
                _ => None,
            });
        }
    }
    if !lines.is_empty() {
        lines.dedup();
        return Some(Refused::Rulesets(lines));
    }
    let protection = look.repo.protections.get(branch)?;
    let bypass = classic_bypass(look, protection, login);
    match push {
        Push::Delete if !protection.allow_deletions => {
            Some(Refused::Classic("Cannot delete a protected branch"))
        }
        Push::Force if !protection.allow_force_pushes => {
            Some(Refused::Classic("Cannot force-push to a protected branch"))
        }
        Push::Forward | Push::Force if protection.reviews.is_some() && !bypass => {
            Some(Refused::Classic(THROUGH_PULL))
        }
        Push::Forward | Push::Force if protection.lock_branch && !bypass => {
            Some(Refused::Classic("Cannot change this locked branch"))
        }
        Push::Forward | Push::Force if protection.checks.is_some() && !bypass => {
            Some(Refused::Classic("Required status checks are expected."))
        }
        _ => None,
    }
}

/// The sentence for a direct push where pull requests are required.
pub const THROUGH_PULL: &str = "Changes must be made through a pull request.";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_reach_the_branches_they_name() {
        let rule = |include: &str, exclude: &[&str]| Ruleset {
            id: 1,
            name: "r".to_owned(),
            target: "branch".to_owned(),
            enforcement: "active".to_owned(),
            include: vec![include.to_owned()],
            exclude: exclude.iter().map(|e| (*e).to_owned()).collect(),
            rules: Vec::new(),
            bypass_actors: Vec::new(),
            created_at: jiff::Timestamp::UNIX_EPOCH,
            updated_at: jiff::Timestamp::UNIX_EPOCH,
        };
        assert!(applies(&rule("refs/heads/main", &[]), "main", "trunk"));
        assert!(!applies(&rule("refs/heads/main", &[]), "main2", "trunk"));
        assert!(applies(&rule("~DEFAULT_BRANCH", &[]), "trunk", "trunk"));
        assert!(!applies(&rule("~ALL", &["refs/heads/x"]), "x", "trunk"));
        assert!(!applies(&rule("refs/heads/*", &[]), "a/b", "trunk"));
        assert!(applies(&rule("refs/heads/**", &[]), "a/b", "trunk"));
        let idle = Ruleset {
            enforcement: "disabled".to_owned(),
            ..rule("~ALL", &[])
        };
        assert!(!applies(&idle, "main", "main"));
    }
}
