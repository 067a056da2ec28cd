//! Atlas as it is when a world begins.

use jiff::{SignedDuration, Timestamp};
use serde_json::json;

use super::spec::{AtlasSpec, ClusterSpec, DatabaseUserSpec, EntrySpec, KeyRole};
use super::state::{Block, Cluster, Entry, Grant, Kind, Project, Rights, State, User};
use super::{clusters, secrets};
use crate::sim::chance;
use crate::sim::ledger::{Book, MadeBy, Provider};

/// What Atlas calls a project that nobody named.
const UNNAMED: &str = "Project 0";

struct Builder<'a> {
    spec: &'a AtlasSpec,
    seed: u64,
    /// What the world hands out as `mongodb_dev`.
    password: &'a str,
    start: Timestamp,
    book: &'a mut Book,
    state: State,
}

/// The service's id of something.
pub fn id(seed: u64, what: &str) -> String {
    chance::hex(seed, &format!("atlas {what}"), 24)
}

pub fn state(
    spec: &AtlasSpec,
    seed: u64,
    password: &str,
    start: Timestamp,
    book: &mut Book,
) -> State {
    let mut builder = Builder {
        spec,
        seed,
        password,
        start,
        book,
        state: State::default(),
    };
    for project in &spec.projects {
        builder.project(&project.name, project.role, project.days_ago);
    }
    for cluster in &spec.clusters {
        builder.cluster(cluster);
    }
    for user in &spec.users {
        builder.user(user);
    }
    for entry in &spec.entries {
        builder.entry(entry);
    }
    builder.state
}

impl Builder<'_> {
    fn made(&mut self, kind: &str, id: &str, parent: &str, name: &str) {
        let provider = Provider::Atlas;
        self.book
            .made(provider, kind, id, parent, name, MadeBy::Person);
    }

    /// The project of that name; made when it is not there yet.
    fn project(&mut self, name: &str, role: KeyRole, days_ago: u32) -> &mut Project {
        let name = if name.is_empty() { UNNAMED } else { name };
        let known = self.state.projects.iter().position(|p| p.name == name);
        let index = known.unwrap_or_else(|| {
            let project = Project {
                id: id(self.seed, &format!("project {name}")),
                name: name.to_owned(),
                role,
                created: self.start - days(days_ago),
                clusters: Vec::new(),
                users: Vec::new(),
                entries: Vec::new(),
            };
            let organization = self.spec.organization.clone();
            self.made("project", &project.id, &organization, name);
            self.state.projects.push(project);
            self.state.projects.len() - 1
        });
        &mut self.state.projects[index]
    }

    fn cluster(&mut self, spec: &ClusterSpec) {
        let created = self.start - days(spec.days_ago);
        let kind = match spec.kind.as_str() {
            "M0" => Kind::Free,
            "flex" => Kind::Flex,
            _ => Kind::Dedicated,
        };
        let (all, seed) = (self.spec, self.seed);
        let project = self.project(&spec.project, KeyRole::Owner, 400);
        let cluster = Cluster {
            id: id(seed, &format!("cluster {} {}", project.name, spec.name)),
            name: spec.name.clone(),
            kind,
            provider: spec.provider.clone(),
            region: spec.region.clone(),
            size: spec.kind.to_uppercase(),
            disk_gb: if kind == Kind::Flex { 5.0 } else { 10.0 },
            nodes: 3,
            scaling: json!({
                "compute": { "enabled": false, "scaleDownEnabled": false },
                "diskGB": { "enabled": true },
            }),
            backup: spec.backup && kind != Kind::Free,
            protection: spec.protection,
            paused: spec.paused,
            tags: Vec::new(),
            major: clusters::MAJOR.to_owned(),
            host: clusters::host(all, seed, project, &spec.name),
            created,
            ready_at: created,
            named_at: created,
            busy_until: created,
            gone_at: None,
        };
        let (id, parent) = (project.ledger_id(&cluster.name), project.name.clone());
        project.clusters.push(cluster);
        self.made("cluster", &id, &parent, &spec.name);
    }

    fn user(&mut self, spec: &DatabaseUserSpec) {
        let (seed, start) = (self.seed, self.start);
        let password = match spec.password_of_the_world {
            true => secrets::digest(self.password),
            // Nobody in this world knows it.
            false => secrets::digest(&chance::hex(seed, &format!("password {}", spec.name), 40)),
        };
        let roles = spec.roles.iter();
        let grants = roles.map(|role| Grant {
            role: role.name.clone(),
            database: role.database.clone(),
            collection: role.collection.clone(),
        });
        let user = User {
            name: spec.name.clone(),
            rights: Rights {
                password,
                grants: grants.collect(),
                scopes: spec.scopes.clone(),
            },
            before: None,
            applied_at: start,
            labels: Vec::new(),
            description: None,
            delete_after: None,
        };
        let project = self.project(&spec.project, KeyRole::Owner, 400);
        let (id, parent) = (project.ledger_id(&user.name), project.name.clone());
        project.users.push(user);
        self.made("database_user", &id, &parent, &spec.name);
    }

    fn entry(&mut self, spec: &EntrySpec) {
        // A world's file may be anybody's; what is no address cannot be on the list.
        let Some(block) = Block::parse(&spec.address) else {
            return;
        };
        let start = self.start;
        let hours = |hours: u32| SignedDuration::from_hours(i64::from(hours));
        let project = self.project(&spec.project, KeyRole::Owner, 400);
        if project.entry(block).is_some() {
            return;
        }
        project.entries.push(Entry {
            block,
            comment: spec.comment.clone(),
            delete_after: spec.ends_in_hours.map(|ends| start + hours(ends)),
            visible_at: start,
            active_at: start,
        });
        let block = block.to_string();
        let (id, parent) = (project.ledger_id(&block), project.name.clone());
        self.made("access_entry", &id, &parent, &block);
    }
}

fn days(days: u32) -> SignedDuration {
    SignedDuration::from_hours(24 * i64::from(days))
}
