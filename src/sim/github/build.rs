//! The repository as its scenario describes it, built before the world begins.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use serde_json::json;

use super::Github;
use super::deed::{Draft, Hand};
use super::git::{Sha, TreeEntry};
use super::rulesets;
use super::state::{CheckRule, Protection, ReviewRule, Ruleset};
use crate::sim::ledger::{Book, MadeBy, Provider};
use crate::sim::product;
use crate::sim::scenario::{BranchSpec, CommitSpec, IssueSpec, ProtectionSpec, RulesetSpec};

impl Github {
    /// Everything here happened before `start`, by persons.
    pub(super) fn build(&mut self, start: Timestamp, book: &mut Book) {
        let scenario = Arc::clone(&self.scenario);
        let repository = &scenario.repository;
        let name = self.full_name();
        let id = super::body::repository_id(self.seed);
        book.made(
            Provider::Github,
            "repository",
            &id,
            &repository.owner,
            &name,
            MadeBy::Person,
        );
        let oldest = scenario
            .branches
            .iter()
            .flat_map(|branch| &branch.commits)
            .map(|commit| commit.hours_ago)
            .max()
            .unwrap_or(1);
        self.since = before(start, oldest + 1);
        let born = self.since;
        self.change(born, |repo| {
            repo.created_at = born;
            repo.pushed_at = born;
            repo.settings.default_branch = repository.default_branch.clone();
            repo.settings.delete_branch_on_merge = repository.delete_branch_on_merge;
        });
        for branch in &scenario.branches {
            self.build_branch(branch, start, book);
        }
        for spec in &scenario.rulesets {
            self.build_ruleset(spec, before(start, 24), book);
        }
        for spec in &scenario.protections {
            self.build_protection(spec, start, book);
        }
        for issue in &scenario.issues {
            self.build_issue(issue, start, book);
        }
        for pull in &scenario.pulls {
            let mut hand = hand(book, before(start, pull.hours_ago), &pull.by);
            let draft = Draft {
                title: pull.title.clone(),
                body: pull.body.clone(),
                head: pull.head.clone(),
                base: pull.base.clone(),
                draft: false,
            };
            self.open_pull(&mut hand, draft);
        }
        // What the building set going is over by now: checks have reported, reviews were left undone.
        self.events.clear();
        self.finish_checks(start);
        self.change(start, |repo| {
            for pull in repo.pulls.values_mut() {
                Arc::make_mut(pull).review_due = false;
            }
        });
        self.expect_reviews(start);
        self.past.clear();
        self.since = Timestamp::MIN;
    }

    fn build_issue(&mut self, spec: &IssueSpec, start: Timestamp, book: &mut Book) {
        let at = before(start, spec.hours_ago);
        let mut hand = hand(book, at, &spec.by);
        let text = (spec.title.clone(), spec.body.clone());
        self.open_issue(&mut hand, text, Vec::new());
    }

    fn build_protection(&mut self, spec: &ProtectionSpec, start: Timestamp, book: &mut Book) {
        let parent = self.full_name();
        let branch = &spec.branch;
        book.made(
            Provider::Github,
            "protection",
            branch,
            &parent,
            branch,
            MadeBy::Person,
        );
        self.change(start, |repo| {
            let protection = Arc::new(protection(spec));
            repo.protections.insert(branch.clone(), protection)
        });
    }

    fn finish_checks(&mut self, start: Timestamp) {
        let commits: Vec<Sha> = self.repo.checks.keys().cloned().collect();
        let mut unread = Book::default();
        for commit in commits {
            let made = self.objects.commit(&commit).map(|c| c.committer.at);
            let at = made.unwrap_or(start);
            let mut hand = hand(&mut unread, at + SignedDuration::from_secs(5), "web-flow");
            self.start_checks(&mut hand, &commit);
            hand.at = at + SignedDuration::from_secs(70);
            self.end_checks(&hand, &commit);
        }
    }

    fn build_branch(&mut self, spec: &BranchSpec, start: Timestamp, book: &mut Book) {
        let mut tip = spec
            .from
            .as_ref()
            .and_then(|from| self.repo.branches.get(from).cloned());
        for _ in 0..spec.back {
            tip = tip.and_then(|sha| self.objects.commit(&sha)?.parents.first().cloned());
        }
        for commit in &spec.commits {
            tip = Some(self.build_commit(commit, tip, start, book));
        }
        if let Some(sha) = tip {
            let at = self
                .objects
                .commit(&sha)
                .map_or(start, |commit| commit.committer.at);
            let mut hand = hand(book, at, &spec.by);
            self.set_branch(&mut hand, &spec.name, &sha);
        }
    }

    fn build_commit(
        &mut self,
        spec: &CommitSpec,
        parent: Option<Sha>,
        start: Timestamp,
        book: &mut Book,
    ) -> Sha {
        let at = before(start, spec.hours_ago);
        let mut files = parent
            .as_deref()
            .map(|parent| self.objects.files_of(parent))
            .unwrap_or_default();
        let mut texts = spec.write.clone();
        let layout = &self.scenario.product;
        if spec.product {
            texts.extend(product::files(layout));
        }
        if spec.dynamic_cors {
            let path = product::server_file(layout).to_owned();
            texts.insert(path, product::server(layout, product::SERVER_DYNAMIC));
        }
        for (path, text) in texts {
            let sha = Arc::make_mut(&mut self.objects).put_blob(text.as_bytes(), at);
            let mode = "100644".to_owned();
            files.insert(path, TreeEntry { mode, sha });
        }
        let tree = self.put_files(&files, at);
        let mut hand = hand(book, at, &spec.by);
        let parents = parent.into_iter().collect();
        self.commit(&mut hand, tree, parents, &spec.message)
    }

    fn build_ruleset(&mut self, spec: &RulesetSpec, at: Timestamp, book: &mut Book) {
        let id = self.new_id();
        let mut rules = spec.rules.clone();
        for rule in &mut rules {
            rulesets::fill_defaults(rule);
        }
        let mut bypass_actors = spec.bypass_actors.clone();
        for actor in &mut bypass_actors {
            if let Some(actor) = actor.as_object_mut() {
                actor.entry("bypass_mode").or_insert(json!("always"));
            }
        }
        let ruleset = Ruleset {
            id,
            name: spec.name.clone(),
            target: "branch".to_owned(),
            enforcement: spec.enforcement.clone(),
            include: spec.include.clone(),
            exclude: spec.exclude.clone(),
            rules,
            bypass_actors,
            created_at: at,
            updated_at: at,
        };
        self.change(at, |repo| repo.rulesets.insert(id, Arc::new(ruleset)));
        let parent = self.full_name();
        book.made(
            Provider::Github,
            "ruleset",
            &id.to_string(),
            &parent,
            &spec.name,
            MadeBy::Person,
        );
    }
}

fn before(start: Timestamp, hours: u32) -> Timestamp {
    start - SignedDuration::from_hours(i64::from(hours))
}

fn hand<'a>(book: &'a mut Book, at: Timestamp, login: &str) -> Hand<'a> {
    Hand {
        book,
        at,
        by: MadeBy::Person,
        login: login.to_owned(),
    }
}

fn protection(spec: &ProtectionSpec) -> Protection {
    Protection {
        reviews: spec.approvals.map(|count| ReviewRule {
            count: u64::from(count),
            dismiss_stale: spec.dismiss_stale_reviews,
            code_owners: false,
            last_push: false,
        }),
        checks: (!spec.checks.is_empty()).then(|| CheckRule {
            strict: spec.strict,
            checks: spec
                .checks
                .iter()
                .map(|name| (name.clone(), None))
                .collect(),
        }),
        enforce_admins: spec.enforce_admins,
        allow_force_pushes: spec.allow_force_pushes,
        allow_deletions: spec.allow_deletions,
        required_linear_history: spec.required_linear_history,
        ..Protection::default()
    }
}
