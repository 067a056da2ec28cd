//! What a look at a promotion leads to: nothing, a question, a wait, or the next change.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use super::{Beyond, Merge, Open, Promotion, PromotionChange, Seen, contents, marker};
use crate::plan::{Blocker, Choice, Evidence, Plan, Wait};
use crate::provider::github::{Comparison, Pull};
use crate::resource::Known;
use crate::resource::carried::Carried;
use crate::resource::checks::{Check, CheckState};
use crate::resource::dynamic_cors::dynamic;

/// Whether browsers would be refused by a service that deploys from the base.
const CORS_ORIGIN: &str = "cors-origin";
/// Whether to merge although checks fail that are not required.
const FAILING_CHECKS: &str = "failing-checks";

/// Apps report their first check some seconds after a push; until then, none at all means nothing.
const FIRST_CHECK: SignedDuration = SignedDuration::from_secs(60);
/// Checks that are not required do not hold a merge up for longer than this after the push.
const OTHER_CHECKS: SignedDuration = SignedDuration::from_mins(10);
const CHECKS_LOOK: Duration = Duration::from_secs(20);
/// GitHub sets no bound to a check. Half an hour is golive's own.
const CHECKS_WORST: Duration = Duration::from_secs(30 * 60);
/// GitHub computes mergeability within seconds of being asked (its documentation says to look again).
const MERGEABLE_LOOK: Duration = Duration::from_secs(3);
const MERGEABLE_WORST: Duration = Duration::from_secs(2 * 60);

impl Promotion {
    pub(super) fn decide(&self, known: &Known, seen: &Seen) -> Plan<PromotionChange> {
        let comparison = match &seen.beyond {
            Beyond::Known(comparison) => comparison,
            Beyond::NoBase => return self.by_hand(seen, format!("create branch {}", self.base)),
            Beyond::NoHead => return self.without_head(known, seen),
            Beyond::NoCommonHistory => {
                let (head, base) = (&self.head, &self.base);
                return self.by_hand(seen, format!("{head} and {base} have no common history"));
            }
        };
        let carried = Carried::of(comparison, known);
        match &seen.open {
            _ if comparison.ahead_by == 0 => Plan::Settled(self.evidence(known, seen, comparison)),
            Some(open) => self.go_on(known, seen, open, comparison, &carried),
            None if self.nothing_of_golives(known, seen, comparison, &carried) => {
                Plan::Settled(self.evidence(known, seen, comparison))
            }
            None => match self.closed_by_someone(known, seen) {
                Some(question) => Plan::Blocked(question),
                None => {
                    let merge = self.merge_of(None, comparison, &carried);
                    Plan::Change(vec![self.open(), merge])
                }
            },
        }
    }

    fn by_hand(&self, seen: &Seen, what: String) -> Plan<PromotionChange> {
        Plan::Blocked(Blocker::ByHand {
            what,
            url: Some(format!("{}/branches", seen.page)),
            paste: vec![],
        })
    }

    /// A feature branch is often deleted once it is merged, and never made when there was nothing to change.
    fn without_head(&self, known: &Known, seen: &Seen) -> Plan<PromotionChange> {
        let merged = seen.closed.iter().any(Pull::is_merged);
        if merged || dynamic(&seen.base_file).is_some() {
            return Plan::Settled(self.evidence(known, seen, &Comparison::default()));
        }
        self.by_hand(
            seen,
            format!(
                "create branch {}: there is nothing to promote from",
                self.head
            ),
        )
    }

    /// The head is ahead, yet not with golive's work: that is already there, or was carried by a pull request that
    /// squashed it. What others have there is theirs to promote.
    fn nothing_of_golives(
        &self,
        known: &Known,
        seen: &Seen,
        comparison: &Comparison,
        carried: &Carried,
    ) -> bool {
        let head = comparison.commits.last().map(|commit| &commit.sha);
        let squashed = seen
            .closed
            .iter()
            .any(|pull| pull.is_merged() && Some(&pull.head.sha) == head && carried.unlisted == 0);
        if squashed {
            return true;
        }
        let same_file = match (&seen.base_file, &seen.head_file) {
            (crate::plan::Observed::Present(base), crate::plan::Observed::Present(head)) => {
                base.sha().is_some() && base.sha() == head.sha()
            }
            _ => false,
        };
        let ours_merged = |pull: &Pull| pull.is_merged() && self.is_ours(known, pull);
        carried.ours == 0
            && carried.unlisted == 0
            && (same_file
                || dynamic(&seen.base_file).is_some()
                || seen.closed.iter().any(ours_merged))
    }

    fn is_ours(&self, known: &Known, pull: &Pull) -> bool {
        let body = pull.body.as_deref().unwrap_or_default();
        !known.marker.is_empty() && body.contains(&marker(known))
    }

    /// What golive opened and a person closed stays closed until they say otherwise.
    fn closed_by_someone(&self, known: &Known, seen: &Seen) -> Option<Blocker> {
        let pull = seen.closed.first()?;
        if pull.is_merged() || !self.is_ours(known, pull) {
            return None;
        }
        let key = format!("closed-{}", pull.number);
        if known
            .decided
            .get(&key)
            .is_some_and(|word| word == "open-again")
        {
            return None;
        }
        Some(Blocker::Choose {
            key,
            question: format!(
                "pull request #{} ({} → {}) was closed without being merged. Open a new one?",
                pull.number, self.head, self.base
            ),
            options: vec![
                Choice::new("open-again", "yes, open a new one"),
                Choice::new("stop", "no, leave it closed"),
            ],
        })
    }

    /// The pull request is open: what it still needs, in the order in which people would ask.
    fn go_on(
        &self,
        known: &Known,
        seen: &Seen,
        open: &Open,
        comparison: &Comparison,
        carried: &Carried,
    ) -> Plan<PromotionChange> {
        let merge = || self.merge_of(Some(open), comparison, carried);
        let pushed = pushed(&open.pull, comparison);
        if let Some(blocker) = self.in_the_way(open).or_else(|| self.cors_origin(known)) {
            return Plan::Blocked(blocker);
        }
        let behind = open.pull.mergeable_state.as_deref() == Some("behind");
        if behind && open.in_force.strict {
            let update = PromotionChange::Update {
                head: self.head.clone(),
                base: self.base.clone(),
                number: open.pull.number,
                sha: open.pull.head.sha.clone(),
            };
            return Plan::Change(vec![update, merge()]);
        }
        if let Some(plan) = self.checks(open, seen.now, pushed) {
            return plan;
        }
        if let Some(question) = self.failing_checks(known, open) {
            return Plan::Blocked(question);
        }
        if let Some(review) = self.review(seen, open) {
            return Plan::Blocked(review);
        }
        match open.pull.mergeable {
            Some(_) => Plan::Change(vec![merge()]),
            None => Plan::Wait(Wait {
                condition: format!("GitHub knows whether {} can be merged", self.named(open)),
                expected: "mergeable".into(),
                seen: "not computed yet".into(),
                look_every: MERGEABLE_LOOK,
                worst_case: MERGEABLE_WORST,
                why: "GitHub computes it within seconds of being asked".into(),
            }),
        }
    }

    fn merge_of(
        &self,
        open: Option<&Open>,
        comparison: &Comparison,
        carried: &Carried,
    ) -> PromotionChange {
        PromotionChange::Merge(Box::new(Merge {
            carries: carried.words(),
            only_ours: carried.only_ours(),
            detail: contents(comparison),
            ..self.merge(open.map(|open| &open.pull))
        }))
    }

    fn named(&self, open: &Open) -> String {
        format!(
            "pull request #{} ({} → {})",
            open.pull.number, self.head, self.base
        )
    }

    /// What only a person can take out of the way.
    fn in_the_way(&self, open: &Open) -> Option<Blocker> {
        let pull = &open.pull;
        let by_hand = |what: String| {
            Some(Blocker::ByHand {
                what,
                url: pull.html_url.clone(),
                paste: vec![],
            })
        };
        let state = pull.mergeable_state.as_deref();
        if pull.draft == Some(true) {
            return by_hand(format!(
                "{} is a draft: mark it as ready for review",
                self.named(open)
            ));
        }
        if pull.mergeable == Some(false) || state == Some("dirty") {
            return by_hand(format!(
                "resolve the conflict of {}: both branches changed the same lines",
                self.named(open)
            ));
        }
        if open.deletes_head {
            return by_hand(format!(
                "keep {} from being deleted: the repository deletes merged branches and no rule protects this one. \
                 Switch \"Automatically delete head branches\" off, or add a rule against deletion",
                self.head
            ));
        }
        let bad = |name: &&String| matches!(open.checks.state_of(name), Some(CheckState::Bad(_)));
        let failed: Vec<&String> = open.in_force.required_checks.iter().filter(bad).collect();
        let name = failed.first()?;
        let check = open.checks.all.iter().find(|check| check.name == **name);
        Some(Blocker::ByHand {
            what: format!(
                "{} fails a required check: {}",
                self.named(open),
                list(&failed)
            ),
            url: check
                .and_then(|check| check.url.clone())
                .or(pull.html_url.clone()),
            paste: vec![],
        })
    }

    /// Once merged and deployed, an API without `CORS_ORIGIN` lets no browser in. Nobody but a person knows yet.
    fn cors_origin(&self, known: &Known) -> Option<Blocker> {
        if known.decided.contains_key(CORS_ORIGIN) {
            return None;
        }
        Some(Blocker::Choose {
            key: CORS_ORIGIN.into(),
            question: format!(
                "does a service that browsers use deploy from {} already? It would refuse them after this merge, unless \
                 CORS_ORIGIN is set there first",
                self.base
            ),
            options: vec![
                Choice::new(
                    "none",
                    format!("no service that browsers use deploys from {}", self.base),
                ),
                Choice::new("set", "one does, and CORS_ORIGIN is set there"),
            ],
        })
    }

    /// A wait, while checks that count have not ended.
    fn checks(
        &self,
        open: &Open,
        now: Timestamp,
        pushed: Option<Timestamp>,
    ) -> Option<Plan<PromotionChange>> {
        let (checks, required) = (&open.checks, &open.in_force.required_checks);
        let wait = |expected: &str, seen: String| {
            Some(Plan::Wait(Wait {
                condition: format!("checks of {}", self.named(open)),
                expected: expected.into(),
                seen,
                look_every: CHECKS_LOOK,
                worst_case: CHECKS_WORST,
                why: "GitHub sets no bound to a check; half an hour is golive's own".into(),
            }))
        };
        let younger_than = |bound: SignedDuration| {
            pushed.is_some_and(|pushed| now.duration_since(pushed).abs() < bound)
        };
        // Where check runs cannot be read, GitHub's own verdict on the whole stands for the required ones.
        let state = open.pull.mergeable_state.as_deref();
        let verdict = matches!(state, Some("clean" | "unstable" | "has_hooks"));
        let vouched = !checks.unreadable.is_empty() && (verdict || self.lacks_review(open));
        let open_ones = required.iter().filter(|name| match checks.state_of(name) {
            Some(CheckState::Good | CheckState::Bad(_)) => false,
            Some(CheckState::Running) => true,
            None => !vouched,
        });
        let open_ones: Vec<&String> = open_ones.collect();
        if !open_ones.is_empty() {
            return wait(
                "all required checks good",
                format!("not reported yet: {}", list(&open_ones)),
            );
        }
        if checks.all.is_empty() && younger_than(FIRST_CHECK) {
            return wait("a first check, or none within a minute", "none yet".into());
        }
        let running = checks.others(required, |state| *state == CheckState::Running);
        let running: Vec<&String> = running.map(|check| &check.name).collect();
        if !running.is_empty() && younger_than(OTHER_CHECKS) {
            return wait(
                "ended, or ten minutes since the push",
                format!("running: {}", list(&running)),
            );
        }
        None
    }

    fn failing_checks(&self, known: &Known, open: &Open) -> Option<Blocker> {
        let required = &open.in_force.required_checks;
        let bad = open
            .checks
            .others(required, |state| matches!(state, CheckState::Bad(_)));
        let bad: Vec<String> = bad.map(Check::words).collect();
        let decided = known.decided.get(FAILING_CHECKS);
        if bad.is_empty() || decided.is_some_and(|word| word == "go-on") {
            return None;
        }
        Some(Blocker::Choose {
            key: FAILING_CHECKS.into(),
            question: format!(
                "{} has failing checks that are not required: {}. Merge it all the same?",
                self.named(open),
                bad.join(", ")
            ),
            options: vec![
                Choice::new("go-on", "yes, merge it"),
                Choice::new("stop", "no, they are repaired first"),
            ],
        })
    }

    fn approvals(&self, open: &Open) -> u64 {
        let approving = |verdict: &&super::Verdict| verdict.counts && verdict.approves;
        open.reviews.iter().filter(approving).count() as u64
    }

    fn lacks_review(&self, open: &Open) -> bool {
        self.review_by_other && self.approvals(open) < open.in_force.approvals
    }

    fn review(&self, seen: &Seen, open: &Open) -> Option<Blocker> {
        if !self.review_by_other || open.in_force.approvals == 0 {
            return None;
        }
        let url = format!("{}/pull/{}/files", seen.page, open.pull.number);
        let refuses = open
            .reviews
            .iter()
            .find(|verdict| verdict.counts && !verdict.approves);
        if let Some(verdict) = refuses {
            let what = format!("{} asks for changes in {}", verdict.login, self.named(open));
            return Some(Blocker::Review { what, url });
        }
        if !self.lacks_review(open) {
            return None;
        }
        let asked = open.pull.requested_reviewers.iter().flatten();
        let asked: Vec<String> = asked.map(|user| user.login.clone()).collect();
        let asked = match (asked.is_empty(), self.reviewers.is_empty()) {
            (false, _) => format!("asked: {}", asked.join(", ")),
            (true, false) => format!("to be asked: {}", self.reviewers.join(", ")),
            (true, true) => "anyone with write access but its author".into(),
        };
        Some(Blocker::Review {
            what: format!(
                "{} has {} of {} approvals ({asked})",
                self.named(open),
                self.approvals(open),
                open.in_force.approvals
            ),
            url,
        })
    }

    fn evidence(&self, known: &Known, seen: &Seen, comparison: &Comparison) -> Evidence {
        let (head, base) = (&self.head, &self.base);
        let mut evidence = match seen.closed.iter().find(|pull| pull.is_merged()) {
            Some(pull) => {
                let day = pull.merged_at.as_deref().and_then(|at| at.get(..10));
                let on = day.map(|day| format!(" on {day}")).unwrap_or_default();
                let text = format!(
                    "pull request #{} ({head} → {base}) was merged{on}",
                    pull.number
                );
                let evidence = Evidence::new(text);
                let evidence = pull.html_url.iter().fold(evidence, |all, url| all.url(url));
                match seen.merged_with_approval {
                    Some(false) if self.is_ours(known, pull) => evidence.note(format!(
                        "merged without a review, chosen by {}",
                        self.operator
                    )),
                    _ => evidence,
                }
            }
            None => Evidence::new(match seen.beyond {
                Beyond::NoHead => format!("there is no {head}, and {base} has the change already"),
                _ if comparison.ahead_by > 0 => format!("{base} has the change already"),
                _ => format!("{base} has all commits of {head}"),
            })
            .url(format!("{}/compare/{base}...{head}", seen.page)),
        };
        if comparison.ahead_by > 0 {
            evidence = evidence.note(format!(
                "{head} is {}, with work that is not golive's",
                comparison.words(base)
            ));
        }
        if let Some(open) = &seen.open {
            evidence = evidence.note(format!("{} is open and carries nothing", self.named(open)));
        }
        match known.decided.get(CORS_ORIGIN).map(String::as_str) {
            Some("none") => evidence.note(format!(
                "said before the merge: no service that browsers use deploys from {base}"
            )),
            Some("set") => evidence.note(format!(
                "said before the merge: CORS_ORIGIN is set where {base} is deployed"
            )),
            _ => evidence,
        }
    }
}

/// When the head last moved, as far as the pull request and its newest commit tell.
fn pushed(pull: &Pull, comparison: &Comparison) -> Option<Timestamp> {
    let commit = comparison
        .commits
        .last()
        .and_then(|last| last.commit.committer.as_ref());
    let times = [
        pull.created_at.as_deref(),
        commit.and_then(|by| by.date.as_deref()),
    ];
    times
        .into_iter()
        .flatten()
        .filter_map(|time| time.parse().ok())
        .max()
}

fn list(names: &[&String]) -> String {
    names
        .iter()
        .map(|name| name.as_str())
        .collect::<Vec<_>>()
        .join(", ")
}
