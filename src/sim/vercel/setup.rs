//! Vercel as its scenario describes it, built before the world begins.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::Vercel;
use super::build::{addresses, commit_meta, host};
use super::domains::book_id;
use super::spec::{ProjectSpec, TeamRole, VercelPlan};
use super::state::{
    Accounts, Course, Deployment, Domain, Kind, Line, Link, Project, Source, Target, Team, Variable,
};
use super::wire::{self, label, ms};
use crate::sim::ledger::{Book, MadeBy, Provider};
use crate::sim::scenario::Scenario;
use crate::sim::{chance, issued};

fn before(start: Timestamp, hours: u32) -> Timestamp {
    start - SignedDuration::from_hours(i64::from(hours))
}

/// The user and their teams. A world that names no team has one, called as the repository's owner.
pub fn accounts(scenario: &Scenario, seed: u64, start: Timestamp) -> Accounts {
    let spec = &scenario.vercel;
    let owner = scenario.repository.owner.to_lowercase();
    let created = |place: usize| before(start, 5000 - u32::try_from(place).unwrap_or(0));
    let team = |place: usize, slug: &str, name: &str, plan, role, sensitive: &str| Team {
        id: wire::id(seed, "team_", &format!("team {slug}"), 24),
        slug: slug.to_owned(),
        name: name.to_owned(),
        plan,
        role,
        sensitive_variables: sensitive.to_owned(),
        created: created(place),
    };
    let mut teams: Vec<Team> = spec
        .teams
        .iter()
        .enumerate()
        .map(|(place, one)| {
            let name = one.name.as_deref().unwrap_or(&one.slug);
            let sensitive = &one.sensitive_variables;
            team(place, &one.slug, name, one.plan, one.role, sensitive)
        })
        .collect();
    if teams.is_empty() {
        let (plan, role) = (VercelPlan::default(), TeamRole::default());
        teams.push(team(0, &owner, &owner, plan, role, "default"));
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
    pub(super) fn build(
        &mut self,
        tokens: &BTreeMap<&'static str, String>,
        start: Timestamp,
        book: &mut Book,
    ) {
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
            self.build_project(one, tokens, created, start, book);
        }
    }

    fn build_project(
        &mut self,
        spec: &ProjectSpec,
        tokens: &BTreeMap<&'static str, String>,
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
        let protection = match spec.protection.as_str() {
            "off" => Value::Null,
            kind => json!({ "deploymentType": kind }),
        };
        settings.insert("ssoProtection".to_owned(), protection);
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
            bypasses: BTreeMap::new(),
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
        self.build_variables(spec, tokens, &project, start, book);
        self.build_domains(spec, &project, start, book);
        let production = spec.deployed.then_some(None);
        let previews = spec.previews.iter().map(|branch| Some(branch.as_str()));
        for branch in production.into_iter().chain(previews) {
            let deployment = self.build_deployment(&project, team, branch, created);
            let name = match branch {
                None => format!("production {}", project.name),
                Some(branch) => format!("preview {branch}"),
            };
            let (id, parent) = (&deployment.id, &project.id);
            book.made(Provider::Vercel, "deployment", id, parent, &name, person);
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

    /// Variables that were there before anything was deployed.
    fn build_variables(
        &mut self,
        spec: &ProjectSpec,
        tokens: &BTreeMap<&'static str, String>,
        project: &Project,
        start: Timestamp,
        book: &mut Book,
    ) {
        for one in &spec.variables {
            let (Some(kind), targets) = (
                Kind::parse(&one.kind),
                one.target.iter().filter_map(|name| Target::parse(name)),
            ) else {
                continue;
            };
            let id = self.new_id("", 16);
            let value = issued::said(self.seed, &one.value, tokens, &|_, _| None);
            let targets: BTreeSet<Target> = targets.collect();
            let names: Vec<&str> = targets.iter().map(|target| target.as_str()).collect();
            let name = format!("{} {}", one.key, names.join(","));
            let parent = &project.id;
            book.made(
                Provider::Vercel,
                "variable",
                &id,
                parent,
                &name,
                MadeBy::Person,
            );
            self.state.change(start, |state| {
                let stamp = state.stamp(project.created);
                let variable = Variable {
                    id: id.clone(),
                    project: project.id.clone(),
                    key: one.key.clone(),
                    value,
                    kind,
                    targets,
                    branch: one.branch.clone(),
                    comment: one.comment.clone(),
                    created: stamp,
                    updated: stamp,
                };
                state.variables.insert(id, Arc::new(variable));
            });
        }
    }

    /// Names that were added and proved before the world began.
    fn build_domains(
        &mut self,
        spec: &ProjectSpec,
        project: &Project,
        start: Timestamp,
        book: &mut Book,
    ) {
        for one in &spec.domains {
            let name = one.name.to_lowercase();
            let salt = format!("challenge {} {name}", project.id);
            let challenge = chance::hex(self.seed, &salt, 20);
            let id = book_id(&project.id, &name);
            let parent = &project.id;
            book.made(
                Provider::Vercel,
                "domain",
                &id,
                parent,
                &name,
                MadeBy::Person,
            );
            if one.certified {
                // Certificates are renewed long before they end.
                self.certificates.put(&name, before(start, 240));
            }
            self.state.change(start, |state| {
                let stamp = state.stamp(project.created);
                let domain = Domain {
                    name: name.clone(),
                    project: project.id.clone(),
                    redirect: one.redirect.clone().map(|to| (to, 308)),
                    branch: one.branch.clone(),
                    verified: true,
                    challenge,
                    created: stamp,
                    updated: stamp,
                };
                let key = (project.id.clone(), name);
                state.domains.insert(key, Arc::new(domain));
            });
        }
    }

    /// A deployment that has been served for a while: of production, or the preview of a branch.
    fn build_deployment(
        &mut self,
        project: &Project,
        team: &Team,
        preview: Option<&str>,
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
        let (production, branch) = (preview.is_none(), preview.unwrap_or(branch));
        let state = self.state.current();
        let variables = state.variables_for(&project.id, production, branch);
        let later: i64 = if production { 0 } else { 1800 };
        let after = |seconds| created + SignedDuration::from_secs(seconds + later);
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
            production,
            meta: commit_meta(&source, branch, &sha),
            branch: branch.to_owned(),
            source,
            sha,
            trigger: "git",
            by: project.by.clone(),
            settings: project.settings.clone(),
            variables: Arc::new(variables),
            course: Course {
                created: after(60),
                starts: after(62),
                building: after(66),
                ends: after(140),
                served: after(145),
                queued: false,
            },
            failure: None,
            aliases: addresses(project, production, branch, &team.slug),
            log: Arc::new(vec![line]),
            id,
        }
    }
}
