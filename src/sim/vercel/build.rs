//! Deployments that come to be: what starts them, and how long they take.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use serde_json::{Map, Value, json};

use super::Vercel;
use super::spec::App;
use super::state::{Course, Deployment, Project, Source};
use super::verdict::{Verdict, judge, look, write};
use super::wire::label;
use crate::sim::chance;
use crate::sim::github::Github;
use crate::sim::ledger::{Book, MadeBy, Provider};

/// A branch that was pushed.
#[derive(Clone, Debug)]
pub struct Push {
    branch: String,
    sha: String,
}

/// A deployment to be made.
pub struct Wish {
    pub project: Arc<Project>,
    pub production: bool,
    pub source: Source,
    pub branch: String,
    pub sha: String,
    pub meta: Map<String, Value>,
    pub trigger: &'static str,
    /// The project's settings, with what the call put in their place.
    pub settings: Map<String, Value>,
    pub made_by: MadeBy,
}

impl Vercel {
    /// The world's repository, as Vercel keeps it.
    pub fn source(&self, code: &Github) -> Source {
        let repository = &self.scenario.repository;
        Source {
            org: repository.owner.clone(),
            repo: repository.name.clone(),
            repo_id: code.repository_id().parse().unwrap_or_default(),
        }
    }

    /// The number of the repository's owner at GitHub.
    pub fn namespace_id(&self) -> u64 {
        chance::between(self.seed, "vercel namespace", 1_000_000, 90_000_000)
    }

    /// A moment between `low` and `high` seconds after `at`, always the same for the same thing.
    fn moment(&self, at: Timestamp, what: &str, low: u64, high: u64) -> Timestamp {
        let ms = chance::between(self.seed, what, low * 1000, high * 1000);
        at + SignedDuration::from_millis(i64::try_from(ms).unwrap_or(0))
    }

    /// Looks at the repository: each branch that moved since the last look is a push that Vercel hears of soon.
    pub fn watch(&mut self, code: &Github) {
        let heads = code.heads();
        let Some(seen) = self.seen.take() else {
            self.wake(code);
            self.seen = Some(Arc::new(heads.clone()));
            return;
        };
        if *seen == *heads {
            self.seen = Some(seen);
            return;
        }
        for (branch, sha) in heads {
            if seen.get(branch) == Some(sha) {
                continue;
            }
            let due = self.moment(code.pushed_at(), &format!("push {branch} {sha}"), 2, 8);
            let push = Push {
                branch: branch.clone(),
                sha: sha.clone(),
            };
            self.due.insert((due, branch.clone()), push);
        }
        self.seen = Some(Arc::new(heads.clone()));
    }

    /// Vercel hears of a push: every project on the repository deploys it.
    pub fn pushed(&mut self, push: &Push, at: Timestamp, code: &Github, book: &mut Book) {
        if self.state.current().app != App::Sees {
            return;
        }
        let source = self.source(code);
        let name = code.full_name();
        let projects: Vec<Arc<Project>> = self.state.current().projects.values().cloned().collect();
        for project in projects {
            let Some(link) = project.link.as_ref().filter(|link| link.source.is(&name)) else {
                continue;
            };
            let production = link.production_branch == push.branch;
            let off = project.settings.get("previewDeploymentsDisabled") == Some(&json!(true));
            if (off && !production) || self.spent(&project.owner, at) {
                continue;
            }
            let wish = Wish {
                production,
                source: source.clone(),
                branch: push.branch.clone(),
                sha: push.sha.clone(),
                meta: Map::new(),
                trigger: "git",
                settings: project.settings.clone(),
                made_by: MadeBy::World,
                project,
            };
            self.deploy(wish, at, code, book);
        }
    }

    /// Whether an owner has made all the deployments that its plan has for 24 hours.
    pub fn spent(&self, owner: &str, at: Timestamp) -> bool {
        let day_ago = at - SignedDuration::from_hours(24);
        let made = self.state.current().deployments.values();
        let made = made.filter(|one| one.owner == owner && one.course.created > day_ago);
        made.count() >= self.plan_of(owner).deployments_a_day()
    }

    /// Makes a deployment; its id. The first of a project is always production.
    pub fn deploy(&mut self, wish: Wish, at: Timestamp, code: &Github, book: &mut Book) -> String {
        let project = Arc::clone(&wish.project);
        let id = self.new_id("dpl_", 28);
        let first = self
            .state
            .current()
            .deployments_of(&project.id)
            .next()
            .is_none();
        let production = wish.production || first;
        let ours = wish.source.is(&code.full_name());
        let found = ours.then(|| look(code, &wish.branch, &wish.settings));
        let state = self.state.current();
        let variables = state.variables_for(&project.id, production, &wish.branch);
        let verdict = match fits(&variables) {
            true => judge(&wish.settings, found.as_ref(), self.spec().eslint_debt),
            false => Verdict::too_large(),
        };
        let course = self.course(&project.owner, &id, at, verdict.failure.is_some());
        let name = match production {
            true => format!("production {}", wish.branch),
            false => format!("preview {}", wish.branch),
        };
        book.made(
            Provider::Vercel,
            "deployment",
            &id,
            &project.id,
            &name,
            wish.made_by,
        );
        let slug = self.slug_of(&project.owner);
        let log = write(&verdict, &course, &wish.source, &wish.branch, &wish.sha);
        let digest = chance::hex(self.seed, &format!("url {id}"), 9);
        let deployment = Deployment {
            url: host(&format!("{}-{digest}-{slug}", project.name)),
            aliases: addresses(&project, production, &wish.branch, slug),
            meta: meta(&wish, code),
            project: project.id.clone(),
            owner: project.owner.clone(),
            name: project.name.clone(),
            production,
            source: wish.source,
            branch: wish.branch,
            sha: wish.sha,
            trigger: wish.trigger,
            by: self.accounts.username.clone(),
            settings: wish.settings,
            variables: Arc::new(variables),
            course,
            failure: verdict.failure,
            log: Arc::new(log),
            id: id.clone(),
        };
        self.place(at, deployment);
        id
    }

    /// Puts a deployment behind all others.
    pub fn place(&mut self, at: Timestamp, deployment: Deployment) {
        self.next += 1;
        let order = self.next;
        self.state.change(at, |state| {
            state.deployments.insert(order, Arc::new(deployment));
        });
    }

    /// When a deployment made at `at` comes how far. It waits until a builder of its owner is free.
    fn course(&self, owner: &str, id: &str, at: Timestamp, fails: bool) -> Course {
        let builders = self.plan_of(owner).builds();
        let others = self.state.current().deployments.values();
        let mut ends: Vec<Timestamp> = others
            .filter(|one| one.owner == owner && one.course.ends > at)
            .map(|one| one.course.ends)
            .collect();
        ends.sort();
        let free = ends
            .len()
            .checked_sub(builders)
            .and_then(|place| ends.get(place).copied());
        let starts = self.moment(free.unwrap_or(at), &format!("start {id}"), 1, 4);
        let building = self.moment(starts, &format!("boot {id}"), 2, 8);
        let ends = match fails {
            true => self.moment(building, &format!("build {id}"), 40, 80),
            false => self.moment(building, &format!("build {id}"), 60, 160),
        };
        Course {
            created: at,
            starts,
            building,
            ends,
            served: self.moment(ends, &format!("alias {id}"), 2, 8),
            queued: free.is_some(),
        }
    }

    /// The first look at the repository: what was deployed before the world began stood at the heads of that time.
    fn wake(&mut self, code: &Github) {
        let at = self.state.since();
        let name = code.full_name();
        let number = self.source(code).repo_id;
        self.state.change(at, |state| {
            for project in state.projects.values_mut() {
                let project = Arc::make_mut(project);
                if let Some(link) = project.link.as_mut().filter(|link| link.source.is(&name)) {
                    link.source.repo_id = number;
                    if link.production_branch.is_empty() {
                        link.production_branch = super::default_branch(code);
                    }
                }
            }
            let projects = state.projects.clone();
            for deployment in state.deployments.values_mut() {
                let deployment = Arc::make_mut(deployment);
                let link = projects
                    .get(&deployment.project)
                    .and_then(|p| p.link.as_ref());
                let Some(link) = link.filter(|link| link.source.is(&name)) else {
                    continue;
                };
                if deployment.production {
                    deployment.branch.clone_from(&link.production_branch);
                }
                if let Some(head) = code.head(&deployment.branch) {
                    deployment.sha = head;
                }
                deployment.source = link.source.clone();
                deployment.meta = commit_meta(&link.source, &deployment.branch, &deployment.sha);
            }
        });
    }
}

/// Whether a deployment may have these variables: 64 KB of them together.
fn fits(variables: &BTreeMap<String, String>) -> bool {
    let sizes = variables.iter().map(|(key, value)| key.len() + value.len());
    sizes.sum::<usize>() <= super::wish::VALUE_MAX
}

/// A host below `vercel.app`.
pub fn host(text: &str) -> String {
    format!("{}.vercel.app", label(text))
}

/// The addresses that a deployment gets once it is ready.
pub fn addresses(project: &Project, production: bool, branch: &str, slug: &str) -> Vec<String> {
    let of_branch = host(&format!("{}-git-{branch}-{slug}", project.name));
    let mut addresses = Vec::new();
    if production {
        addresses.extend(project.domains.iter().cloned());
        addresses.push(host(&format!("{}-{slug}", project.name)));
    }
    addresses.push(of_branch);
    addresses
}

fn meta(wish: &Wish, code: &Github) -> Map<String, Value> {
    let mut meta = commit_meta(&wish.source, &wish.branch, &wish.sha);
    if let Some((message, _)) = code.committed(&wish.sha) {
        meta.insert("githubCommitMessage".to_owned(), message.into());
    }
    meta.extend(wish.meta.clone());
    meta
}

/// What every deployment of a commit says about it, all of it text.
pub fn commit_meta(source: &Source, branch: &str, sha: &str) -> Map<String, Value> {
    let meta = BTreeMap::from([
        ("githubDeployment", "1".to_owned()),
        ("githubOrg", source.org.clone()),
        ("githubRepo", source.repo.clone()),
        ("githubRepoId", source.repo_id.to_string()),
        ("githubCommitOrg", source.org.clone()),
        ("githubCommitRepo", source.repo.clone()),
        ("githubCommitRef", branch.to_owned()),
        ("githubCommitSha", sha.to_owned()),
    ]);
    meta.into_iter()
        .map(|(name, value)| (name.to_owned(), value.into()))
        .collect()
}
