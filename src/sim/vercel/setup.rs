//! Vercel as its scenario describes it, built before the world begins.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use super::Vercel;
use super::build::{addresses, commit_meta, host};
use super::spec::{ProjectSpec, TeamRole, VercelPlan};
use super::state::{Accounts, Course, Deployment, Line, Link, Project, Source, Team};
use super::wire::{self, label, ms};
use crate::sim::chance;
use crate::sim::ledger::{Book, MadeBy, Provider};
use crate::sim::scenario::Scenario;

fn before(start: Timestamp, hours: u32) -> Timestamp {
    start - SignedDuration::from_hours(i64::from(hours))
}

/// The user and their teams. A world that names no team has one, called as the repository's owner.
pub fn accounts(scenario: &Scenario, seed: u64, start: Timestamp) -> Accounts {
    let spec = &scenario.vercel;
    let owner = scenario.repository.owner.to_lowercase();
    let created = |place: usize| before(start, 5000 - u32::try_from(place).unwrap_or(0));
    let team = |place: usize, slug: &str, name: &str, plan, role| Team {
        id: wire::id(seed, "team_", &format!("team {slug}"), 24),
        slug: slug.to_owned(),
        name: name.to_owned(),
        plan,
        role,
        created: created(place),
    };
    let mut teams: Vec<Team> = spec
        .teams
        .iter()
        .enumerate()
        .map(|(place, one)| {
            let name = one.name.as_deref().unwrap_or(&one.slug);
            team(place, &one.slug, name, one.plan, one.role)
        })
        .collect();
    if teams.is_empty() {
        let (plan, role) = (VercelPlan::default(), TeamRole::default());
        teams.push(team(0, &owner, &owner, plan, role));
    }
    Accounts {
        user_id: wire::id(seed, "", "user", 24),
        username: spec.user.clone().unwrap_or(owner),
        teams,
        created: before(start, 6000),
    }
}

impl Vercel {
    /// Everything here happened before `start`, by persons.
    pub(super) fn build(&mut self, start: Timestamp, book: &mut Book) {
        let scenario = Arc::clone(&self.scenario);
        let spec = &scenario.vercel;
        self.state.change(start, |state| {
            state.app = spec.app;
            state.login_connection = spec.login_connection;
        });
        for (place, one) in spec.projects.iter().enumerate() {
            let nth = u32::try_from(place).unwrap_or(0);
            // Each in its own hour, so that the order of a list is certain.
            let created = before(start, one.hours_ago.saturating_sub(nth).max(1));
            self.build_project(one, created, start, book);
        }
    }

    fn build_project(
        &mut self,
        spec: &ProjectSpec,
        created: Timestamp,
        start: Timestamp,
        book: &mut Book,
    ) {
        let accounts = Arc::clone(&self.accounts);
        let named = spec.team.as_ref();
        let mut teams = accounts.teams.iter();
        let Some(team) = teams.find(|team| named.is_none_or(|slug| team.slug == *slug)) else {
            return;
        };
        let id = self.new_id("prj_", 28);
        let mut settings = self.default_settings();
        let mut set = |name: &str, value: Option<&String>| {
            let value = value.filter(|value| !value.is_empty());
            let value = value.map_or(Value::Null, |value| value.clone().into());
            settings.insert(name.to_owned(), value);
        };
        set("buildCommand", spec.build_command.as_ref());
        set("rootDirectory", Some(&spec.root));
        set("framework", spec.framework.as_ref());
        let project = Project {
            id: id.clone(),
            owner: team.id.clone(),
            name: spec.name.clone(),
            settings,
            link: spec.linked.then(|| self.build_link(spec, created)),
            domains: vec![format!("{}.vercel.app", label(&spec.name))],
            created,
            updated: ms(created),
            by: spec.by.clone().unwrap_or_else(|| accounts.username.clone()),
            branch_elsewhere: false,
        };
        let person = MadeBy::Person;
        book.made(
            Provider::Vercel,
            "project",
            &id,
            &team.slug,
            &spec.name,
            person,
        );
        if spec.deployed {
            let deployment = self.build_deployment(&project, team, created);
            let name = format!("production {}", project.name);
            let id = &deployment.id;
            book.made(
                Provider::Vercel,
                "deployment",
                id,
                &project.id,
                &name,
                person,
            );
            self.place(start, deployment);
        }
        self.state.change(start, |state| {
            state.projects.insert(id, Arc::new(project));
        });
    }

    /// A branch left empty is chosen, and a repository's number learnt, once GitHub can be looked at.
    fn build_link(&self, spec: &ProjectSpec, created: Timestamp) -> Link {
        let repository = &self.scenario.repository;
        let own = (repository.owner.as_str(), repository.name.as_str());
        let named = spec.repo.as_deref().and_then(|repo| repo.split_once('/'));
        let (org, repo) = named.unwrap_or(own);
        let branch = spec.production_branch.clone();
        let branch = branch.unwrap_or_else(|| match named {
            Some(_) => "main".to_owned(),
            None => String::new(),
        });
        Link {
            source: Source {
                org: org.to_owned(),
                repo: repo.to_owned(),
                repo_id: chance::between(self.seed, &format!("repo {org}/{repo}"), 1, 99_999_999),
            },
            production_branch: branch,
            credential: format!("cred_{}", chance::hex(self.seed, "vercel credential", 24)),
            created,
            updated: created,
        }
    }

    /// A production deployment that has been served for a while.
    fn build_deployment(
        &mut self,
        project: &Project,
        team: &Team,
        created: Timestamp,
    ) -> Deployment {
        let id = self.new_id("dpl_", 28);
        let sha = chance::hex(self.seed, &format!("commit {id}"), 40);
        let source = match &project.link {
            Some(link) => link.source.clone(),
            None => Source {
                org: project.by.clone(),
                repo: project.name.clone(),
                repo_id: 0,
            },
        };
        let linked = project.link.as_ref();
        let branch = linked.map_or("main", |link| &link.production_branch);
        let after = |seconds| created + SignedDuration::from_secs(seconds);
        let digest = chance::hex(self.seed, &format!("url {id}"), 9);
        let line = Line {
            at: after(100),
            kind: "stdout",
            text: "Build Completed in /vercel/output [52s]".to_owned(),
        };
        Deployment {
            url: host(&format!("{}-{digest}-{}", project.name, team.slug)),
            project: project.id.clone(),
            owner: project.owner.clone(),
            name: project.name.clone(),
            production: true,
            meta: commit_meta(&source, branch, &sha),
            branch: branch.to_owned(),
            source,
            sha,
            trigger: "git",
            by: project.by.clone(),
            settings: project.settings.clone(),
            course: Course {
                created: after(60),
                starts: after(62),
                building: after(66),
                ends: after(140),
                served: after(145),
                queued: false,
            },
            failure: None,
            aliases: addresses(project, true, branch, &team.slug),
            log: Arc::new(vec![line]),
            id,
        }
    }
}
