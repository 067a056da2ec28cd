//! Deeds: every change of the repository, whoever does it, and what the world does later because of it.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

use super::Github;
use super::git::{Commit, Files, Object, Sha, Signature};
use super::graph;
use super::rules;
use super::state::{Check, Look, Merged, Pull, Repo, Review, acting_judge};
use crate::sim::chance;
use crate::sim::ledger::{Book, MadeBy, Provider};

/// By whose hand something is done, when, and where it is written down.
pub struct Hand<'a> {
    pub book: &'a mut Book,
    pub at: Timestamp,
    pub by: MadeBy,
    pub login: String,
}

/// What is going to happen by itself.
#[derive(Clone, Debug)]
pub enum Event {
    ChecksStart {
        commit: Sha,
    },
    ChecksEnd {
        commit: Sha,
    },
    Review {
        pull: u64,
    },
    /// `delete_branch_on_merge` at work.
    DeleteHead {
        branch: String,
    },
    /// The head of a pull request is brought up to date with its base.
    UpdateHead {
        pull: u64,
        by: String,
    },
}

impl Github {
    pub fn look(&self, at: Timestamp) -> Look<'_> {
        Look {
            repo: &self.repo,
            objects: &self.objects,
            scenario: &self.scenario,
            at,
        }
    }

    pub fn later(&mut self, at: Timestamp, event: Event) {
        self.changes += 1;
        let order = self.changes;
        self.events.insert((at, order), event);
    }

    /// A moment between `low` and `high` seconds after `at`, always the same for the same thing.
    fn moment(&self, at: Timestamp, what: &str, low: u64, high: u64) -> Timestamp {
        let ms = chance::between(self.seed, what, low * 1000, high * 1000);
        at + SignedDuration::from_millis(i64::try_from(ms).unwrap_or(0))
    }

    pub fn happen(&mut self, event: Event, at: Timestamp, book: &mut Book) {
        let mut hand = Hand {
            book,
            at,
            by: MadeBy::World,
            login: "web-flow".to_owned(),
        };
        match event {
            Event::ChecksStart { commit } => self.start_checks(&mut hand, &commit),
            Event::ChecksEnd { commit } => self.end_checks(&hand, &commit),
            Event::DeleteHead { branch } => {
                if self.repo.branches.contains_key(&branch) {
                    self.delete_branch(&mut hand, &branch);
                }
            }
            Event::Review { pull } => {
                let Some(found) = self.repo.pulls.get(&pull) else {
                    return;
                };
                let judge = acting_judge(&self.scenario, &found.by).map(str::to_owned);
                let wanted = found.open && rules::wants_review(&self.look(at), found);
                self.edit_pull(at, pull, |pull| pull.review_due = false);
                if let (Some(login), true) = (judge, wanted) {
                    hand.by = MadeBy::Person;
                    hand.login = login;
                    self.review(&mut hand, pull, "APPROVED", "Looks good to me.");
                }
            }
            Event::UpdateHead { pull, by } => {
                hand.login = by;
                hand.by = MadeBy::Golive;
                self.update_head(&mut hand, pull);
            }
        }
    }

    /// A signature of that login, as this service writes it.
    pub fn signature(login: &str, at: Timestamp) -> Signature {
        Signature {
            login: login.to_owned(),
            name: login.to_owned(),
            email: format!("{login}@users.noreply.github.com"),
            at,
        }
    }

    /// Stores a commit. The sha is the same whenever the same is committed at the same second.
    pub fn commit(
        &mut self,
        hand: &mut Hand<'_>,
        tree: Sha,
        parents: Vec<Sha>,
        message: &str,
    ) -> Sha {
        let who = Self::signature(&hand.login, hand.at);
        self.store_commit(
            hand,
            Commit {
                tree,
                parents,
                author: who.clone(),
                committer: who,
                message: message.to_owned(),
            },
        )
    }

    pub fn store_commit(&mut self, hand: &mut Hand<'_>, commit: Commit) -> Sha {
        let name = commit.message.lines().next().unwrap_or_default().to_owned();
        let before = self.changes;
        let sha = self.put(Object::Commit(Box::new(commit)), hand.at);
        if self.changes != before {
            let parent = self.full_name();
            hand.book
                .made(Provider::Github, "commit", &sha, &parent, &name, hand.by);
        }
        sha
    }

    pub fn put_files(&mut self, files: &Files, at: Timestamp) -> Sha {
        let before = self.objects.len();
        let sha = Arc::make_mut(&mut self.objects).put_files(files, at);
        self.changes += u64::from(self.objects.len() != before);
        sha
    }

    /// Makes a branch, or moves it.
    pub fn set_branch(&mut self, hand: &mut Hand<'_>, branch: &str, sha: &str) {
        let new = !self.repo.branches.contains_key(branch);
        self.change(hand.at, |repo| {
            repo.branches.insert(branch.to_owned(), sha.to_owned());
            repo.pushed_at = hand.at;
        });
        if new {
            let parent = self.full_name();
            hand.book
                .made(Provider::Github, "branch", branch, &parent, branch, hand.by);
        }
        self.expect_checks(hand.at, sha);
        let touched: Vec<u64> = self
            .repo
            .pulls
            .values()
            .filter(|pull| pull.open && (pull.head == branch || pull.base == branch))
            .map(|pull| pull.number)
            .collect();
        for number in touched {
            self.pull_moved(hand, number, branch, sha);
        }
        self.expect_reviews(hand.at);
    }

    /// A branch that an open pull request stands on has moved.
    fn pull_moved(&mut self, hand: &mut Hand<'_>, number: u64, branch: &str, sha: &str) {
        let known = self.moment(hand.at, &format!("mergeable {number} {sha}"), 2, 6);
        let Some(pull) = self.repo.pulls.get(&number) else {
            return;
        };
        let dismiss = pull.head == branch && rules::dismisses_stale(&self.look(hand.at), pull);
        let landed = pull.base == branch && self.objects.ancestors(sha).contains(&pull.head_sha);
        let base_sha = self.repo.branches.get(&pull.base).cloned();
        let (at, login) = (hand.at, hand.login.clone());
        self.edit_pull(at, number, |pull| {
            pull.mergeable_at = known;
            if pull.head == branch {
                sha.clone_into(&mut pull.head_sha);
                pull.updated_at = at;
                pull.base_sha = base_sha.unwrap_or_default();
                for review in &mut pull.reviews {
                    if dismiss && review.state == "APPROVED" {
                        review.state = "DISMISSED";
                    }
                }
            } else {
                pull.base_moved_at = at;
            }
            // Commits that reached the base by another way count as merged.
            if landed {
                pull.close(at);
                pull.merged = Some(Merged {
                    at,
                    by: login,
                    sha: sha.to_owned(),
                });
            }
        });
    }

    pub fn delete_branch(&mut self, hand: &mut Hand<'_>, branch: &str) {
        let at = hand.at;
        self.change(at, |repo| {
            repo.branches.remove(branch);
            for pull in repo.pulls.values_mut() {
                if pull.open && (pull.head == branch || pull.base == branch) {
                    Arc::make_mut(pull).close(at);
                }
            }
        });
        hand.book.gone(Provider::Github, "branch", branch);
    }

    pub fn edit_pull(&mut self, at: Timestamp, number: u64, edit: impl FnOnce(&mut Pull)) {
        self.change(at, |repo| {
            if let Some(pull) = repo.pulls.get_mut(&number) {
                edit(Arc::make_mut(pull));
            }
        });
    }

    pub fn open_pull(&mut self, hand: &mut Hand<'_>, draft: Draft) -> u64 {
        let number = self.next_number;
        self.next_number += 1;
        let id = self.new_id();
        let at = hand.at;
        let tip = |repo: &Repo, branch: &str| repo.branches.get(branch).cloned();
        let name = format!("{} -> {}", draft.head, draft.base);
        let known = self.moment(at, &format!("mergeable {number}"), 2, 7);
        let pull = Pull {
            head_sha: tip(&self.repo, &draft.head).unwrap_or_default(),
            base_sha: tip(&self.repo, &draft.base).unwrap_or_default(),
            number,
            id,
            title: draft.title,
            body: draft.body,
            by: hand.login.clone(),
            open: true,
            draft: draft.draft,
            head: draft.head,
            base: draft.base,
            created_at: at,
            updated_at: at,
            closed_at: None,
            merged: None,
            requested: Vec::new(),
            reviews: Vec::new(),
            mergeable_at: known,
            base_moved_at: Timestamp::MIN,
            review_due: false,
        };
        self.change(at, |repo| repo.pulls.insert(number, Arc::new(pull)));
        let parent = self.full_name();
        let id = number.to_string();
        hand.book.made(
            Provider::Github,
            "pull_request",
            &id,
            &parent,
            &name,
            hand.by,
        );
        self.expect_reviews(at);
        number
    }

    /// A review by the hand's login.
    pub fn review(
        &mut self,
        hand: &mut Hand<'_>,
        number: u64,
        state: &'static str,
        body: &str,
    ) -> u64 {
        let id = self.new_id();
        let (at, by) = (hand.at, hand.login.clone());
        let name = format!("{state} by {by}");
        self.edit_pull(at, number, |pull| {
            pull.requested.retain(|login| *login != by);
            pull.updated_at = at;
            pull.reviews.push(Review {
                id,
                by,
                state,
                body: body.to_owned(),
                commit: pull.head_sha.clone(),
                at,
            });
        });
        let parent = number.to_string();
        hand.book.made(
            Provider::Github,
            "review",
            &id.to_string(),
            &parent,
            &name,
            hand.by,
        );
        id
    }

    /// Has each open pull request that wants a review get one in a few minutes, when the world's reviewers act.
    pub fn expect_reviews(&mut self, at: Timestamp) {
        let wanting: Vec<u64> = self
            .repo
            .pulls
            .values()
            .filter(|pull| {
                pull.open
                    && !pull.draft
                    && !pull.review_due
                    && acting_judge(&self.scenario, &pull.by).is_some()
                    && rules::wants_review(&self.look(at), pull)
            })
            .map(|pull| pull.number)
            .collect();
        for number in wanting {
            let due = self.moment(at, &format!("review {number} {at}"), 120, 420);
            self.edit_pull(at, number, |pull| pull.review_due = true);
            self.later(due, Event::Review { pull: number });
        }
    }

    /// Has the checks of a commit report in a while, unless they have or will.
    fn expect_checks(&mut self, at: Timestamp, commit: &str) {
        let checks = &self.scenario.checks;
        if checks.runs.is_empty() && checks.statuses.is_empty()
            || self.repo.checks.contains_key(commit)
        {
            return;
        }
        // The commit is noted at once, so that a second push of it starts nothing.
        self.change(at, |repo| {
            repo.checks.insert(commit.to_owned(), Arc::default())
        });
        let start = self.moment(at, &format!("checks start {commit}"), 3, 9);
        let end = self.moment(start, &format!("checks end {commit}"), 40, 90);
        let commit = commit.to_owned();
        self.later(
            start,
            Event::ChecksStart {
                commit: commit.clone(),
            },
        );
        self.later(end, Event::ChecksEnd { commit });
    }

    pub fn start_checks(&mut self, hand: &mut Hand<'_>, commit: &str) {
        let spec = self.scenario.checks.clone();
        let named = |names: Vec<String>, run| names.into_iter().map(move |name| (name, run));
        let checks: Vec<Check> = named(spec.runs, true)
            .chain(named(spec.statuses, false))
            .map(|(name, run)| Check {
                id: self.new_id(),
                name,
                run,
                started_at: hand.at,
                done: None,
            })
            .collect();
        self.change(hand.at, |repo| {
            repo.checks.insert(commit.to_owned(), Arc::new(checks))
        });
    }

    pub fn end_checks(&mut self, hand: &Hand<'_>, commit: &str) {
        let fails = self.scenario.checks.fails.clone();
        self.change(hand.at, |repo| {
            for check in repo
                .checks
                .get_mut(commit)
                .into_iter()
                .flat_map(|checks| Arc::make_mut(checks).iter_mut())
            {
                check.done = Some((hand.at, !fails.contains(&check.name)));
            }
        });
    }

    /// Merges the base into the head, as the button “Update branch” does.
    fn update_head(&mut self, hand: &mut Hand<'_>, number: u64) {
        let Some(pull) = self.repo.pulls.get(&number).cloned().filter(|p| p.open) else {
            return;
        };
        let Some(base) = self.repo.branches.get(&pull.base).cloned() else {
            return;
        };
        if let Ok(files) = graph::merge(&self.objects, &pull.head_sha, &base) {
            let tree = self.put_files(&files, hand.at);
            let message = format!("Merge branch '{}' into {}", pull.base, pull.head);
            let sha = self.commit(hand, tree, vec![pull.head_sha.clone(), base], &message);
            self.set_branch(hand, &pull.head, &sha);
        }
    }
}

/// A pull request to be opened.
pub struct Draft {
    pub title: String,
    pub body: Option<String>,
    pub head: String,
    pub base: String,
    pub draft: bool,
}

impl Pull {
    pub fn close(&mut self, at: Timestamp) {
        self.open = false;
        self.closed_at = Some(at);
        self.updated_at = at;
    }
}
