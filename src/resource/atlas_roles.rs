//! The roles of a database user that exists: missing ones are added, none is lost.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::access_list::{group_of, project_page};
use super::{Applied, Cx, Known, Look, Resource, absent_on_404};
use crate::plan::{
    Blocker, Change, Evidence, Finding, ItemId, Made, Observed, Output, Outputs, Plan, Row, Sign,
    Undo, Wait,
};
use crate::provider::atlas::{AnyCluster, DatabaseUser, Role};
use crate::provider::http::CallError;

const LOOK_EVERY: Duration = Duration::from_secs(5);
/// Users reach the nodes after seconds to a minute.
const CARRIED_MAX: Duration = Duration::from_secs(3 * 60);
pub(super) const MADE: &str = "roles";

/// The roles of a database user that exists: missing ones are added, none is lost.
#[derive(Clone, Debug)]
pub struct AtlasRoles {
    pub cluster: String,
    pub cluster_name: String,
    pub name: String,
    pub roles: Vec<(String, String)>,
}

pub struct Seen {
    cluster: Observed<AnyCluster>,
    user: Observed<DatabaseUser>,
    /// Whether the cluster's nodes know the users as they are; `None`: not told for such a cluster.
    carried: Option<String>,
    group: String,
}

#[derive(Clone, Debug)]
pub enum AtlasRolesChange {
    Add {
        group: String,
        name: String,
        added: Vec<Role>,
    },
    /// Takes back what golive added.
    Remove {
        group: String,
        name: String,
        removed: Vec<Role>,
    },
}

/// What golive's records keep of an addition.
#[derive(Debug, Default, Deserialize, Serialize)]
struct Addition {
    added: Vec<Role>,
    before: Vec<Role>,
}

impl Change for AtlasRolesChange {
    fn row(&self, item: &ItemId) -> Row {
        let (change, sign, name, roles) = match self {
            Self::Add { name, added, .. } => ("add", '+', name, added),
            Self::Remove { name, removed, .. } => ("remove", '-', name, removed),
        };
        let roles: Vec<String> = roles.iter().map(|role| format!("{sign}{role}")).collect();
        Row {
            new: Some(format!("roles {}", roles.join(", "))),
            undo: Undo::Restorable,
            not_made_by_golive: matches!(self, Self::Add { .. }),
            ..Row::new(item, change, Sign::Change, format!("database user {name}"))
        }
    }
}

impl Resource for AtlasRoles {
    type Seen = Seen;
    type Change = AtlasRolesChange;

    async fn observe(&self, cx: &Cx<'_>) -> Look<Seen> {
        let client = cx.atlas()?;
        let group = group_of(cx.known, &self.cluster)?.to_string();
        let cluster = absent_on_404(client.cluster(&group, &self.cluster_name).await)?;
        let user = absent_on_404(client.database_user(&group, &self.name).await)?;
        let carried = match (&cluster, &user) {
            (Observed::Present(AnyCluster::Own(_)), Observed::Present(_)) => {
                client.change_status(&group, &self.cluster_name).await?
            }
            _ => None,
        };
        Ok(Seen {
            cluster,
            user,
            carried,
            group,
        })
    }

    fn plan(&self, known: &Known, seen: &Seen) -> Plan<AtlasRolesChange> {
        let Some(cluster) = seen.cluster.present() else {
            return Plan::Blocked(self.no_cluster(seen));
        };
        let Some(user) = seen.user.present() else {
            return Plan::Blocked(self.no_user(seen));
        };
        let scoped = user.scopes.iter().filter(|scope| scope.kind == "CLUSTER");
        let names: Vec<&str> = scoped.map(|scope| scope.name.as_str()).collect();
        if !user.scopes.is_empty() && !names.contains(&self.cluster_name.as_str()) {
            return Plan::Blocked(self.out_of_scope(seen, &names));
        }
        let missing = missing(&user.roles, &wanted(&self.roles));
        if !missing.is_empty() {
            return Plan::Change(vec![AtlasRolesChange::Add {
                group: seen.group.clone(),
                name: self.name.clone(),
                added: missing,
            }]);
        }
        match not_carried(seen.carried.as_deref(), &self.name, &self.cluster_name) {
            Some(wait) => Plan::Wait(wait),
            None => Plan::Settled(self.evidence(known, seen, cluster, user)),
        }
    }

    async fn apply(&self, cx: &Cx<'_>, change: &AtlasRolesChange) -> Result<Applied, CallError> {
        let client = cx.atlas()?;
        match change {
            AtlasRolesChange::Add { group, name, added } => {
                // Atlas replaces the whole list: it is built of what the user has at this moment.
                let before = client.database_user(group, name).await?.roles;
                let lacking = missing(&before, added);
                let roles: Vec<Role> = before.iter().chain(&lacking).cloned().collect();
                client.set_roles(group, name, &roles, None).await?;
                let added = added.clone();
                Ok(Applied {
                    made: Some(made(group, name, &Addition { added, before })),
                })
            }
            AtlasRolesChange::Remove {
                group,
                name,
                removed,
            } => {
                let before = client.database_user(group, name).await?.roles;
                let kept: Vec<Role> = before
                    .into_iter()
                    .filter(|role| !removed.contains(role))
                    .collect();
                client.set_roles(group, name, &kept, None).await?;
                Ok(Applied::default())
            }
        }
    }

    fn outputs(&self, seen: &Seen) -> Outputs {
        let mut outputs = Outputs::new();
        let Some(cluster) = seen.cluster.present() else {
            return outputs;
        };
        outputs.insert("kind".into(), Output::Text(cluster.kind().into()));
        if let Some(host) = cluster.host() {
            outputs.insert("host".into(), Output::Text(host.into()));
        }
        outputs
    }

    fn undo(&self, known: &Known, seen: &Seen) -> Vec<AtlasRolesChange> {
        let Some(user) = seen.user.present() else {
            return vec![];
        };
        let added: Vec<Role> = additions(known).flat_map(|one| one.added).collect();
        let (removed, kept): (Vec<Role>, Vec<Role>) = user
            .roles
            .iter()
            .cloned()
            .partition(|role| added.contains(role));
        // A user without any role is none that Atlas keeps.
        match removed.is_empty() || kept.is_empty() {
            true => vec![],
            false => vec![AtlasRolesChange::Remove {
                group: seen.group.clone(),
                name: self.name.clone(),
                removed,
            }],
        }
    }
}

fn made(group: &str, name: &str, addition: &Addition) -> Made {
    let roles: Vec<String> = addition.added.iter().map(Role::to_string).collect();
    Made {
        kind: MADE.into(),
        id: name.into(),
        name: format!("{} of {name}", roles.join(", ")),
        as_made: serde_json::to_string(addition).ok(),
        url: Some(project_page(group, "security/database/users")),
    }
}

fn additions(known: &Known) -> impl Iterator<Item = Addition> {
    let made = known.made.iter().filter(|made| made.kind == MADE);
    made.filter_map(|made| serde_json::from_str(made.as_made.as_deref()?).ok())
}

pub(super) fn wanted(roles: &[(String, String)]) -> Vec<Role> {
    roles
        .iter()
        .map(|(role, database)| Role::new(role, database))
        .collect()
}

/// The wanted roles that nothing the user has stands for.
pub(super) fn missing(own: &[Role], wanted: &[Role]) -> Vec<Role> {
    wanted
        .iter()
        .filter(|wish| !own.contains(wish) && covered_by(own, wish).is_none())
        .cloned()
        .collect()
}

/// The wider role that a wanted one is part of.
fn covered_by<'r>(own: &'r [Role], wish: &Role) -> Option<&'r Role> {
    own.iter().find(|role| match role.role_name.as_str() {
        "atlasAdmin" => true,
        "readWriteAnyDatabase" => matches!(wish.role_name.as_str(), "read" | "readWrite"),
        "readAnyDatabase" => wish.role_name == "read",
        _ => false,
    })
}

/// New users and roles work once the nodes know them.
pub(super) fn not_carried(status: Option<&str>, user: &str, cluster: &str) -> Option<Wait> {
    let status = status.filter(|status| *status != "APPLIED")?;
    Some(Wait {
        condition: format!("cluster {cluster} knows database user {user}"),
        expected: "APPLIED".into(),
        seen: status.into(),
        look_every: LOOK_EVERY,
        worst_case: CARRIED_MAX,
        why: "Atlas carries users to the nodes within seconds to a minute".into(),
    })
}

impl AtlasRoles {
    fn no_cluster(&self, seen: &Seen) -> Blocker {
        Blocker::ByHand {
            what: format!(
                "there is no cluster {} in its Atlas project: correct its name or project in golive.toml \
                 ([atlas.cluster.{}]), or let golive create it (create = …)",
                self.cluster_name, self.cluster
            ),
            url: Some(project_page(&seen.group, "clusters")),
            paste: vec![],
        }
    }

    fn no_user(&self, seen: &Seen) -> Blocker {
        Blocker::ByHand {
            what: format!(
                "there is no database user {} in the project of cluster {}: correct its name in golive.toml, or create it \
                 there",
                self.name, self.cluster_name
            ),
            url: Some(project_page(&seen.group, "security/database/users")),
            paste: vec![self.name.clone()],
        }
    }

    fn out_of_scope(&self, seen: &Seen, names: &[&str]) -> Blocker {
        Blocker::ByHand {
            what: format!(
                "database user {} may only use {}, not cluster {}: add that cluster to what the user is restricted to",
                self.name,
                match names.is_empty() {
                    true => "things that are no clusters".to_string(),
                    false => names.join(", "),
                },
                self.cluster_name
            ),
            url: Some(project_page(&seen.group, "security/database/users")),
            paste: vec![],
        }
    }

    fn evidence(
        &self,
        known: &Known,
        seen: &Seen,
        cluster: &AnyCluster,
        user: &DatabaseUser,
    ) -> Evidence {
        let wanted = wanted(&self.roles);
        let words: Vec<String> = wanted.iter().map(Role::to_string).collect();
        let text = format!("{} has {}", self.name, words.join(", "));
        let mut evidence =
            Evidence::new(text).url(project_page(&seen.group, "security/database/users"));
        for wish in wanted.iter().filter(|wish| !user.roles.contains(wish)) {
            if let Some(wide) = covered_by(&user.roles, wish) {
                evidence = evidence.note(format!("{wish} is part of {}", wide.role_name));
            }
        }
        let others: Vec<String> = user
            .roles
            .iter()
            .filter(|role| !wanted.contains(role))
            .map(Role::to_string)
            .collect();
        if !others.is_empty() {
            evidence = evidence.note(format!("kept besides: {}", others.join(", ")));
        }
        evidence = evidence.note(format!(
            "cluster {} is {}",
            self.cluster_name,
            cluster.kind()
        ));
        let lost = additions(known).flat_map(|one| one.before);
        let lost: Vec<String> = lost
            .filter(|role| !user.roles.contains(role))
            .map(|role| role.to_string())
            .collect();
        let finding = (!lost.is_empty()).then(|| {
            Finding::new(
                "lost",
                format!(
                    "{} had {} before golive added a role, and has it no more",
                    self.name,
                    lost.join(", ")
                ),
                "give it back in Atlas if nobody took it away on purpose",
            )
        });
        evidence.findings(finding)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn item() -> AtlasRoles {
        let role = |database: &str| ("readWrite".to_string(), database.to_string());
        AtlasRoles {
            cluster: "dev".into(),
            cluster_name: "coaching-platform-dev".into(),
            name: "coaching_platform_dev_user".into(),
            roles: vec![role("coaching-platform-dev"), role("bondigoo-staging")],
        }
    }

    fn seen(roles: Value, scopes: Value) -> Seen {
        let user =
            json!({"username": "coaching_platform_dev_user", "roles": roles, "scopes": scopes});
        Seen {
            cluster: Observed::Present(AnyCluster::Flex(Default::default())),
            user: Observed::Present(serde_json::from_value(user).unwrap()),
            carried: None,
            group: "32b6e34b3d91647abb20e7b8".into(),
        }
    }

    fn on(role: &str, database: &str) -> Value {
        json!({"roleName": role, "databaseName": database})
    }

    fn blocked(seen: &Seen) -> String {
        match item().plan(&Known::default(), seen) {
            Plan::Blocked(blocker) => blocker.sentence(),
            other => panic!("not blocked: {other:?}"),
        }
    }

    fn settled(known: &Known, seen: &Seen) -> Evidence {
        match item().plan(known, seen) {
            Plan::Settled(evidence) => evidence,
            other => panic!("not settled: {other:?}"),
        }
    }

    #[test]
    fn the_missing_role_is_one_row() {
        let own = on("readWrite", "coaching-platform-dev");
        let Plan::Change(changes) = item().plan(&Known::default(), &seen(json!([own]), json!([])))
        else {
            panic!("no change");
        };
        let row = changes[0].row(&ItemId::new("3.dev-role"));
        assert_eq!(
            row.to_string(),
            "~ database user coaching_platform_dev_user: roles +readWrite on bondigoo-staging"
        );
        assert!(row.not_made_by_golive && row.undo == Undo::Restorable);
    }

    #[test]
    fn a_wider_role_covers_it_and_is_named() {
        for wide in ["atlasAdmin", "readWriteAnyDatabase"] {
            let seen = seen(json!([on(wide, "admin")]), json!([]));
            let evidence = settled(&Known::default(), &seen);
            let note = format!("readWrite on bondigoo-staging is part of {wide}");
            assert!(evidence.notes.contains(&note), "{:?}", evidence.notes);
        }
        // A role on one collection is not the database.
        let mut one = on("readWrite", "bondigoo-staging");
        one["collectionName"] = json!("users");
        let plan = item().plan(&Known::default(), &seen(json!([one]), json!([])));
        assert!(matches!(plan, Plan::Change(_)));
    }

    #[test]
    fn what_is_not_there_is_told() {
        let both = json!([
            on("readWrite", "coaching-platform-dev"),
            on("readWrite", "bondigoo-staging")
        ]);
        let scopes = json!([{"name": "other", "type": "CLUSTER"}]);
        assert!(blocked(&seen(both.clone(), scopes)).contains("may only use other"));
        let no_user = Seen {
            user: Observed::Absent,
            ..seen(both.clone(), json!([]))
        };
        assert!(blocked(&no_user).contains("no database user coaching_platform_dev_user"));
        let no_cluster = Seen {
            cluster: Observed::Absent,
            ..seen(both, json!([]))
        };
        assert!(blocked(&no_cluster).contains("no cluster coaching-platform-dev"));
    }

    #[test]
    fn roles_count_once_the_nodes_know_them() {
        let both = json!([
            on("readWrite", "coaching-platform-dev"),
            on("readWrite", "bondigoo-staging")
        ]);
        let pending = Seen {
            carried: Some("PENDING".into()),
            ..seen(both, json!([]))
        };
        assert!(matches!(
            item().plan(&Known::default(), &pending),
            Plan::Wait(_)
        ));
    }

    #[test]
    fn a_role_that_got_lost_is_shown_and_undo_takes_only_golives() {
        let addition = Addition {
            added: vec![Role::new("readWrite", "bondigoo-staging")],
            before: vec![
                Role::new("readWrite", "coaching-platform-dev"),
                Role::new("backup", "admin"),
            ],
        };
        let known = Known {
            made: vec![made("1", "coaching_platform_dev_user", &addition)],
            ..Known::default()
        };
        let both = json!([
            on("readWrite", "coaching-platform-dev"),
            on("readWrite", "bondigoo-staging")
        ]);
        let seen = seen(both, json!([]));
        let evidence = settled(&known, &seen);
        assert!(evidence.findings[0].text.contains("had backup on admin"));
        let rows: Vec<String> = item()
            .undo(&known, &seen)
            .iter()
            .map(|change| change.row(&ItemId::new("3.dev-role")).to_string())
            .collect();
        assert_eq!(
            rows,
            ["~ database user coaching_platform_dev_user: roles -readWrite on bondigoo-staging"]
        );
        assert!(item().undo(&Known::default(), &seen).is_empty());
    }
}
