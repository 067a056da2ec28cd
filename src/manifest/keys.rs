//! The keys of a manifest's objects, as each start records them, and which have been removed since.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::{Key, Manifest};

/// Object keys by table, such as `environment` → `prod`, `staging`, `dev`. A nested table is named with its parent's
/// key: `environment.prod.service`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ManifestKeys(pub BTreeMap<String, Vec<String>>);

/// A key that an earlier manifest had. What was made under it stays; it is a finding.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct RemovedKey {
    pub table: String,
    pub key: String,
}

impl std::fmt::Display for RemovedKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "[{}.{}] is no longer in golive.toml: what was made for it stays, and golive leaves it alone",
            self.table, self.key
        )
    }
}

/// One object: its table, its key, and the names both had before.
struct Object {
    tables: Vec<String>,
    key: String,
    was: Option<String>,
}

impl Manifest {
    /// The keys to record.
    pub fn keys(&self) -> ManifestKeys {
        let mut keys = BTreeMap::<String, Vec<String>>::new();
        for object in self.objects() {
            let table = object.tables.into_iter().next().unwrap_or_default();
            keys.entry(table).or_default().push(object.key);
        }
        ManifestKeys(keys)
    }

    /// What `earlier` had and this manifest has neither under its key nor under `was`.
    /// The services of a removed environment are not listed beside it.
    pub fn removed(&self, earlier: &ManifestKeys) -> Vec<RemovedKey> {
        let mut covered = BTreeSet::new();
        let mut tables = BTreeSet::new();
        for object in self.objects() {
            for table in object.tables {
                covered.insert((table.clone(), object.key.clone()));
                if let Some(was) = &object.was {
                    covered.insert((table.clone(), was.clone()));
                }
                tables.insert(table);
            }
        }
        let gone = |table: &String, key: &String| {
            let parent_is_here = tables.contains(table) || !table.contains('.');
            parent_is_here && !covered.contains(&(table.clone(), key.clone()))
        };
        let mut removed: Vec<RemovedKey> = earlier
            .0
            .iter()
            .flat_map(|(table, keys)| keys.iter().map(move |key| (table, key)))
            .filter(|(table, key)| gone(table, key))
            .map(|(table, key)| RemovedKey {
                table: table.clone(),
                key: key.clone(),
            })
            .collect();
        removed.sort();
        removed
    }

    fn objects(&self) -> Vec<Object> {
        let mut objects = Vec::new();
        let mut add = |tables: &[String], key: &str, was: Option<&str>| {
            objects.push(Object {
                tables: tables.to_vec(),
                key: key.to_owned(),
                was: was.map(str::to_owned),
            });
        };
        let table = |name: &str| vec![name.to_owned()];
        for (key, branch) in &self.branch {
            add(&table("branch"), key, branch.was.as_deref());
        }
        for (key, environment) in &self.environment {
            add(&table("environment"), key, environment.was.as_deref());
            let services: Vec<String> = std::iter::once(key)
                .chain(&environment.was)
                .map(|name: &Key| format!("environment.{name}.service"))
                .collect();
            for (key, service) in &environment.service {
                add(&services, key, service.was.as_deref());
            }
        }
        for (key, project) in &self.vercel.project {
            add(&table("vercel.project"), key, project.was.as_deref());
        }
        for (key, cluster) in &self.atlas.cluster {
            add(&table("atlas.cluster"), key, cluster.was.as_deref());
        }
        for (key, user) in &self.atlas.user {
            add(&table("atlas.user"), key, user.was.as_deref());
        }
        for (name, variable) in &self.variable {
            add(&table("variable"), name, variable.was.as_deref());
        }
        for (key, seeded) in &self.data.seeded {
            add(&table("data.seeded"), key, seeded.was.as_deref());
        }
        objects
    }
}
