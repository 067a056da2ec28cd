//! Deploys on their way: what starts one, how it goes on by itself, and how it ends.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

use super::Render;
use super::start::{Recipe, Verdict, judge};
use super::state::{Commit, Deploy, Server, Status, Trouble, moment};
use crate::sim::chance;
use crate::sim::ledger::{Book, MadeBy, Provider};
use crate::sim::service::Around;

/// What is going to happen by itself.
#[derive(Clone, Debug)]
pub enum Due {
    /// A branch of the product's repository stands at another commit.
    Push { branch: String },
    /// A waiting deploy begins to build.
    Build { deploy: String },
    /// Its build is over.
    Built { deploy: String },
    /// Its new instance is in place, or is not.
    End { deploy: String },
    /// It is looked where the name leads.
    Domain { domain: String },
}

/// How long a new instance may take until it answers, in seconds.
pub const PATIENCE_S: i64 = 900;

impl Render {
    pub(super) fn later(&mut self, at: Timestamp, due: Due) {
        self.due_count += 1;
        self.due.insert((at, self.due_count), due);
    }

    /// Notices the branches that moved since the last look. Each push is looked for before the next one is made.
    pub(super) fn see_pushes(&mut self, around: Around<'_>) {
        let services = self.state.current().services.values();
        let branches: BTreeSet<String> = services
            .filter(|service| self.is_ours(&service.repo))
            .map(|service| service.branch.clone())
            .collect();
        if !self.looked {
            self.looked = true;
            self.date_the_past(around);
        }
        for branch in branches {
            let head = around.code.head(&branch);
            match self.seen.get(&branch) {
                Some(before) if *before == head => {}
                Some(_) if head.is_some() => {
                    let at = around.code.pushed_at().max(self.done_until);
                    self.later(
                        at,
                        Due::Push {
                            branch: branch.clone(),
                        },
                    );
                }
                _ => {}
            }
            self.seen.insert(branch, head);
        }
    }

    /// The deploys from before the world began have the commits that their branches stand at.
    fn date_the_past(&mut self, around: Around<'_>) {
        let (start, seed, current) = (self.start, self.seed, self.state.current());
        let commits: Vec<(String, Option<Commit>)> = current
            .deploys
            .values()
            .filter_map(|deploy| {
                let service = current.services.get(&deploy.service)?;
                let commit = match self.is_ours(&service.repo) {
                    true => commit_at(around, &service.branch),
                    false => Some(Commit {
                        id: chance::hex(seed, &format!("commit {}", service.repo), 40),
                        message: "Initial commit".to_owned(),
                        created_at: deploy.created_at,
                    }),
                };
                Some((deploy.id.clone(), commit))
            })
            .collect();
        for (id, commit) in commits {
            self.edit_deploy(start, &id, |deploy| deploy.commit = commit);
        }
    }

    pub(super) fn happen(&mut self, at: Timestamp, due: Due, around: Around<'_>, book: &mut Book) {
        match due {
            Due::Push { branch } => self.pushed(at, &branch, around, book),
            Due::Build { deploy } => self.build(at, &deploy, around),
            Due::Built { deploy } => self.built(at, &deploy),
            Due::End { deploy } => self.end(at, &deploy, around),
            Due::Domain { domain } => self.look_at_domain(at, &domain, around),
        }
    }

    fn pushed(&mut self, at: Timestamp, branch: &str, around: Around<'_>, book: &mut Book) {
        // Without the app nobody tells Render of a push.
        if !self.scenario.render.app_reaches {
            return;
        }
        let services = self.state.current().services.values();
        let listening: Vec<Arc<Server>> = services
            .filter(|service| self.is_ours(&service.repo) && service.branch == branch)
            .filter(|service| service.auto_deploy == "commit" && !service.suspended)
            .cloned()
            .collect();
        for service in listening {
            self.deploy(
                at,
                &service,
                ("new_commit", None),
                around,
                (book, MadeBy::World),
            );
        }
    }

    /// Starts a deploy of the service, of the commit that is given or its branch's last one; it waits while another is
    /// under way.
    pub(super) fn deploy(
        &mut self,
        at: Timestamp,
        service: &Server,
        (trigger, commit): (&'static str, Option<Commit>),
        around: Around<'_>,
        (book, by): (&mut Book, MadeBy),
    ) -> Arc<Deploy> {
        let current = self.state.current();
        let waits = current.is_deploying(&service.id);
        let before = current.deploys_of(&service.id);
        let ours = self.is_ours(&service.repo);
        let commit = commit.or_else(|| match ours {
            true => commit_at(around, &service.branch),
            false => before.first().and_then(|deploy| deploy.commit.clone()),
        });
        let (first, seed) = (before.is_empty(), self.seed);
        let commands = (service.build.clone(), service.start.clone());
        let made = self.state.change(at, |state| {
            let id = state.new_id(seed, "dep");
            let deploy = Arc::new(Deploy {
                build_id: state.new_id(seed, "bld"),
                service: service.id.clone(),
                number: state.made,
                id: id.clone(),
                trigger,
                first,
                commit,
                verdict: Verdict::Runs,
                trouble: None,
                variables: BTreeMap::new(),
                status: Status::Queued,
                commands,
                created_at: at,
                started_at: None,
                built_at: None,
                finished_at: None,
                updated_at: at,
            });
            state.deploys.insert(id, Arc::clone(&deploy));
            deploy
        });
        book.made(
            Provider::Render,
            "deploy",
            &made.id,
            &service.name,
            &made.id,
            by,
        );
        if !waits {
            self.begin(at, &made.id);
        }
        made
    }

    /// What comes of the deploy's code with these variables.
    fn verdict(
        &self,
        service: &Server,
        deploy: &Deploy,
        variables: &BTreeMap<String, String>,
        around: Around<'_>,
    ) -> Verdict {
        let Some(commit) = &deploy.commit else {
            return Verdict::BuildFails(vec![format!(
                "fatal: Remote branch {} not found in upstream origin",
                service.branch
            )]);
        };
        if !self.is_ours(&service.repo) || service.runtime != "node" {
            return Verdict::Runs;
        }
        let recipe = Recipe {
            root: &service.root,
            build: &deploy.commands.0,
            start: &deploy.commands.1,
            node_env: variables
                .get("NODE_ENV")
                .map_or("production", String::as_str),
        };
        judge(recipe, &|path| around.code.file_at(&commit.id, path))
    }

    fn begin(&mut self, at: Timestamp, deploy: &str) {
        let at = moment(self.seed, at, &format!("queue {deploy}"), 2, 5);
        let deploy = deploy.to_owned();
        self.later(at, Due::Build { deploy });
    }

    /// The variables are taken as they are now; whatever changes later waits for the next deploy.
    fn build(&mut self, at: Timestamp, id: &str, around: Around<'_>) {
        let Some(deploy) = self.running(id) else {
            return;
        };
        let current = self.state.current();
        let Some(service) = current.services.get(&deploy.service) else {
            return;
        };
        let variables = current.variables_of(service);
        let verdict = self.verdict(service, &deploy, &variables, around);
        self.edit_deploy(at, id, |deploy| {
            deploy.status = Status::Building;
            deploy.started_at = Some(at);
            deploy.variables = variables;
            deploy.verdict = verdict;
        });
        let over = moment(self.seed, at, &format!("build {id}"), 40, 150);
        let deploy = id.to_owned();
        self.later(over, Due::Built { deploy });
    }

    fn built(&mut self, at: Timestamp, id: &str) {
        let Some(deploy) = self.running(id) else {
            return;
        };
        if matches!(deploy.verdict, Verdict::BuildFails(_)) {
            return self.finish(at, &deploy, Status::BuildFailed);
        }
        self.edit_deploy(at, id, |deploy| {
            deploy.status = Status::Updating;
            deploy.built_at = Some(at);
        });
        let over = moment(self.seed, at, &format!("update {id}"), 20, 70);
        let deploy = id.to_owned();
        self.later(over, Due::End { deploy });
    }

    fn end(&mut self, at: Timestamp, id: &str, around: Around<'_>) {
        let Some(deploy) = self.running(id) else {
            return;
        };
        let trouble = match deploy.verdict {
            Verdict::Runs => self.trouble(at, &deploy, around),
            _ => return self.finish(at, &deploy, Status::UpdateFailed),
        };
        if let Some(trouble) = trouble {
            let unhealthy = matches!(trouble, Trouble::Unhealthy(_));
            if unhealthy && deploy.trouble.is_none() {
                // It is asked again and again before Render gives up; whatever comes of it by then counts.
                self.edit_deploy(at, id, |deploy| deploy.trouble = Some(trouble));
                let deploy = id.to_owned();
                let over = at + SignedDuration::from_secs(PATIENCE_S);
                return self.later(over, Due::End { deploy });
            }
            self.edit_deploy(at, id, |deploy| deploy.trouble = Some(trouble));
            return self.finish(at, &deploy, Status::UpdateFailed);
        }
        self.edit_deploy(at, id, |deploy| deploy.trouble = None);
        let replaced: Vec<String> = self
            .state
            .current()
            .deploys_of(&deploy.service)
            .iter()
            .filter(|other| other.status == Status::Live)
            .map(|other| other.id.clone())
            .collect();
        for other in replaced {
            self.edit_deploy(at, &other, |other| other.status = Status::Deactivated);
        }
        self.finish(at, &deploy, Status::Live);
    }

    /// A deploy that is not over yet.
    fn running(&self, id: &str) -> Option<Arc<Deploy>> {
        let deploy = self.state.current().deploys.get(id)?;
        (!deploy.status.is_over()).then(|| Arc::clone(deploy))
    }

    /// Ends a deploy, and lets the next one of its service begin.
    pub(super) fn finish(&mut self, at: Timestamp, deploy: &Deploy, status: Status) {
        self.edit_deploy(at, &deploy.id, |deploy| {
            deploy.status = status;
            deploy.finished_at = Some(at);
        });
        let deploys = self.state.current().deploys_of(&deploy.service);
        let mut open = deploys.iter().rev().filter(|other| !other.status.is_over());
        let next = open.next().filter(|next| next.status == Status::Queued);
        let next = next.map(|next| next.id.clone());
        // One that waited behind another may end before its turn has come.
        if let Some(next) = next
            && !self.is_begun(&next)
        {
            self.begin(at, &next);
        }
    }

    fn is_begun(&self, id: &str) -> bool {
        let of = |due: &Due| matches!(due, Due::Build { deploy } if deploy == id);
        self.due.values().any(of)
    }

    pub(super) fn edit_deploy(&mut self, at: Timestamp, id: &str, edit: impl FnOnce(&mut Deploy)) {
        self.state.change(at, |state| {
            if let Some(deploy) = state.deploys.get_mut(id) {
                let deploy = Arc::make_mut(deploy);
                edit(deploy);
                deploy.updated_at = at.max(deploy.updated_at);
            }
        });
    }
}

/// The commit that a branch of the product's repository stands at.
fn commit_at(around: Around<'_>, branch: &str) -> Option<Commit> {
    let id = around.code.head(branch)?;
    commit_of(around, &id)
}

/// A commit of the product's repository.
pub fn commit_of(around: Around<'_>, id: &str) -> Option<Commit> {
    let (message, created_at) = around.code.committed(id)?;
    Some(Commit {
        id: id.to_owned(),
        message,
        created_at,
    })
}
