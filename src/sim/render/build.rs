//! What is there before the world begins, as its scenario describes it.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

use super::Render;
use super::key_value::password;
use super::services::shared_ranges;
use super::spec::{GroupSpec, KeyValueSpec, Kind, LastDeploy, ServiceSpec};
use super::start::Verdict;
use super::state::{Deploy, Domain, Group, KeyValue, Owner, Server, Status, id, moment};
use crate::sim::issued;
use crate::sim::ledger::{Book, MadeBy, Provider};

impl Render {
    /// Everything here was made by persons, days before the beginning.
    pub(super) fn build_past(&mut self, tokens: &BTreeMap<&'static str, String>, book: &mut Book) {
        let scenario = Arc::clone(&self.scenario);
        let spec = &scenario.render;
        let seed = self.seed;
        let owners: Vec<Arc<Owner>> = spec
            .owners()
            .into_iter()
            .map(|owner| {
                Arc::new(Owner {
                    id: id(seed, "tea", &owner.name),
                    email: spec.user.email.clone(),
                    name: owner.name,
                    kind: owner.kind,
                    card: owner.card,
                    verified: owner.verified,
                    domains: owner.domains,
                })
            })
            .collect();
        self.state.change(self.start, |state| state.owners = owners);
        for instance in &spec.key_values {
            self.build_key_value(instance, book);
        }
        let services = spec.services.iter();
        let built: Vec<(Arc<Server>, LastDeploy)> = services
            .filter_map(|one| Some((self.build_service(one, tokens, book)?, one.last_deploy)))
            .collect();
        for group in &spec.groups {
            self.build_group(group, tokens, book);
        }
        // A deploy has the variables of its groups, so it comes after them.
        for (service, ended) in built {
            self.build_deploy(&service, ended, book);
        }
    }

    /// Values with what only the world knows in the place of its words.
    fn said(
        &self,
        values: &BTreeMap<String, String>,
        tokens: &BTreeMap<&'static str, String>,
    ) -> BTreeMap<String, String> {
        let queue = |name: &str, which: &str| {
            let all = self.state.current().key_values.values();
            let found = all.into_iter().find(|instance| instance.name == name)?;
            Some(match which {
                "internal" => found.internal(),
                _ => found.external(),
            })
        };
        let said = |value: &String| issued::said(self.seed, value, tokens, &queue);
        let each = values.iter();
        each.map(|(name, value)| (name.clone(), said(value)))
            .collect()
    }

    /// A workspace by its name; the first when none is named or none has that name.
    fn workspace(&self, name: Option<&str>) -> Option<Arc<Owner>> {
        let owners = &self.state.current().owners;
        let named = owners
            .iter()
            .find(|owner| Some(owner.name.as_str()) == name);
        named.or(owners.first()).cloned()
    }

    fn build_service(
        &mut self,
        spec: &ServiceSpec,
        tokens: &BTreeMap<&'static str, String>,
        book: &mut Book,
    ) -> Option<Arc<Server>> {
        let owner = self.workspace(spec.workspace.as_deref())?;
        let (seed, start) = (self.seed, self.start);
        let made_at = days_ago(seed, start, &spec.name);
        let repository = &self.scenario.repository;
        let ours = format!(
            "https://github.com/{}/{}",
            repository.owner, repository.name
        );
        let branch = spec.branch.clone();
        let branch = branch.unwrap_or_else(|| repository.default_branch.clone());
        let slug = self.new_slug(&spec.name);
        let variables = self.said(&spec.variables, tokens);
        let service = self.state.change(start, |state| {
            let service = Arc::new(Server {
                id: state.new_id(seed, "srv"),
                name: spec.name.clone(),
                owner: owner.id.clone(),
                kind: spec.kind,
                repo: spec.repo.clone().unwrap_or(ours),
                branch,
                root: spec.root.clone(),
                auto_deploy: spec.auto_deploy.clone(),
                plan: spec.plan.clone(),
                region: spec.region.clone(),
                runtime: "node".to_owned(),
                build: spec.build.clone(),
                start: spec.start.clone(),
                health_path: match spec.kind {
                    Kind::WebService => spec.health_path.clone(),
                    Kind::BackgroundWorker => String::new(),
                },
                subdomain: "enabled".to_owned(),
                instances: 1,
                slug,
                variables,
                suspended: spec.suspended,
                created_at: made_at,
                updated_at: made_at,
            });
            state
                .services
                .insert(service.id.clone(), Arc::clone(&service));
            service
        });
        let (id, name) = (&service.id, &service.name);
        book.made(
            Provider::Render,
            "service",
            id,
            &owner.name,
            name,
            MadeBy::Person,
        );
        for domain in &spec.domains {
            self.build_domain(&service, domain, book);
        }
        Some(service)
    }

    fn build_domain(&mut self, service: &Server, name: &str, book: &mut Book) {
        let (seed, start, made_at) = (self.seed, self.start, service.created_at);
        let after = |minutes| Some(made_at + SignedDuration::from_mins(minutes));
        let id = self.state.change(start, |state| {
            let domain = Domain {
                id: state.new_id(seed, "cdm"),
                service: service.id.clone(),
                name: name.to_lowercase(),
                redirect: String::new(),
                verified_at: after(20),
                certificate_at: after(25),
                created_at: made_at,
            };
            let id = domain.id.clone();
            state.domains.insert(id.clone(), Arc::new(domain));
            id
        });
        let parent = &service.name;
        book.made(
            Provider::Render,
            "custom_domain",
            &id,
            parent,
            name,
            MadeBy::Person,
        );
    }

    fn build_group(
        &mut self,
        spec: &GroupSpec,
        tokens: &BTreeMap<&'static str, String>,
        book: &mut Book,
    ) {
        let Some(owner) = self.workspace(spec.workspace.as_deref()) else {
            return;
        };
        let (seed, start) = (self.seed, self.start);
        let made_at = days_ago(seed, start, &spec.name);
        let services = self.state.current().services.values();
        let linked =
            services.filter(|one| one.owner == owner.id && spec.linked.contains(&one.name));
        let links = linked.map(|service| service.id.clone()).collect();
        let variables = self.said(&spec.variables, tokens);
        let id = self.state.change(start, |state| {
            let group = Group {
                id: state.new_id(seed, "evg"),
                name: spec.name.clone(),
                owner: owner.id.clone(),
                variables,
                files: spec.files.clone(),
                links,
                environment: spec.environment.clone(),
                created_at: made_at,
                updated_at: made_at,
            };
            let id = group.id.clone();
            state.groups.insert(id.clone(), Arc::new(group));
            id
        });
        let (parent, name) = (&owner.name, &spec.name);
        book.made(
            Provider::Render,
            "env_group",
            &id,
            parent,
            name,
            MadeBy::Person,
        );
    }

    /// Its commit is known once the world can look around.
    fn build_deploy(&mut self, service: &Server, ended: LastDeploy, book: &mut Book) {
        let (status, verdict) = match ended {
            LastDeploy::Live => (Status::Live, Verdict::Runs),
            LastDeploy::BuildFailed => (
                Status::BuildFailed,
                Verdict::BuildFails(vec!["npm error code 1".to_owned()]),
            ),
            LastDeploy::UpdateFailed => (Status::UpdateFailed, Verdict::Exits(1, Vec::new())),
            LastDeploy::None => return,
        };
        let (seed, start) = (self.seed, self.start);
        // It has the variables of the service's groups, so it is no older than they are.
        let current = self.state.current();
        let groups = current.groups.values();
        let groups = groups.filter(|group| group.links.contains(&service.id));
        let filled = groups.map(|group| group.updated_at + SignedDuration::from_mins(30));
        let at = filled.fold(service.created_at, Timestamp::max);
        let after = |seconds| at + SignedDuration::from_secs(seconds);
        let variables = self.state.current().variables_of(service);
        let id = self.state.change(start, |state| {
            let deploy = Deploy {
                id: state.new_id(seed, "dep"),
                build_id: state.new_id(seed, "bld"),
                service: service.id.clone(),
                number: state.made,
                trigger: "manual",
                first: true,
                commit: None,
                verdict,
                trouble: None,
                variables,
                status,
                commands: (service.build.clone(), service.start.clone()),
                created_at: at,
                started_at: Some(after(3)),
                built_at: (status != Status::BuildFailed).then(|| after(80)),
                finished_at: Some(after(120)),
                updated_at: after(120),
            };
            let id = deploy.id.clone();
            state.deploys.insert(id.clone(), Arc::new(deploy));
            id
        });
        book.made(
            Provider::Render,
            "deploy",
            &id,
            &service.name,
            &id,
            MadeBy::Person,
        );
    }

    fn build_key_value(&mut self, spec: &KeyValueSpec, book: &mut Book) {
        let Some(owner) = self.workspace(spec.workspace.as_deref()) else {
            return;
        };
        let (seed, start) = (self.seed, self.start);
        let made_at = days_ago(seed, start, &spec.name);
        let id = self.state.change(start, |state| {
            let id = state.new_id(seed, "red");
            let instance = KeyValue {
                id: id.clone(),
                name: spec.name.clone(),
                owner: owner.id.clone(),
                plan: spec.plan.clone(),
                region: spec.region.clone(),
                policy: spec.policy.clone(),
                persistence: (spec.plan != "free").then(|| "journal_snapshot".to_owned()),
                allow: allowed(spec),
                password: password(seed, &id),
                suspended: spec.suspended,
                born: (made_at, made_at),
                busy_until: None,
                created_at: made_at,
                updated_at: made_at,
            };
            state.key_values.insert(id.clone(), Arc::new(instance));
            id
        });
        let name = &spec.name;
        book.made(
            Provider::Render,
            "key_value",
            &id,
            &owner.name,
            name,
            MadeBy::Person,
        );
    }
}

/// The blocks of an instance, each with a description.
fn allowed(spec: &KeyValueSpec) -> Vec<(String, String)> {
    let entry = |words: &str, block: &str| (block.to_owned(), words.to_owned());
    let entries = spec.allow.iter().flat_map(|block| match block.as_str() {
        "outbound" => shared_ranges(&spec.region)
            .map(|range| entry("Render", range))
            .to_vec(),
        block => vec![entry("office", block)],
    });
    entries.collect()
}

/// Between 3 and 90 days before the world begins.
fn days_ago(seed: u64, start: Timestamp, name: &str) -> Timestamp {
    const DAY_S: u64 = 24 * 3600;
    let oldest = start - SignedDuration::from_hours(24 * 93);
    moment(seed, oldest, &format!("made {name}"), 3 * DAY_S, 90 * DAY_S)
}
