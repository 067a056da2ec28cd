//! The keys for Atlas: whose they are, and the projects that the launch uses.
//!
//! Nothing is ever written here. What only a write can prove is said to be not known until first used.

use super::access_list::project_page;
use super::{Applied, Cx, Known, Look, Resource};
use crate::plan::{Blocker, Change, Evidence, ItemId, Output, Outputs, Plan, Row};
use crate::provider::atlas::{Client, Group, Organization, RoleGrant, SITE, lacks_role};
use crate::provider::http::CallError;

/// The keys for Atlas: whose they are, and the projects that the launch uses.
#[derive(Clone, Debug)]
pub struct AtlasAccess {
    /// Cluster key, and the name or id of the Atlas project it is in; several clusters may name one project.
    pub projects: Vec<(String, String)>,
}

pub struct Seen {
    /// Every project that the keys see.
    groups: Vec<Group>,
    organizations: Vec<Organization>,
    /// Whether the organisation takes calls only from addresses on a list; `None`: not shown to these keys.
    list_required: Option<bool>,
    /// Shown for API keys only.
    roles: Option<Vec<RoleGrant>>,
}

/// There is nothing to change: keys are given, never made.
#[derive(Clone, Debug)]
pub enum NoChange {}

impl Change for NoChange {
    fn row(&self, _item: &ItemId) -> Row {
        match *self {}
    }
}

impl Resource for AtlasAccess {
    type Seen = Seen;
    type Change = NoChange;

    async fn observe(&self, cx: &Cx<'_>) -> Look<Seen> {
        let client = cx.atlas()?;
        let groups = client.groups().await?;
        let organizations = shown(client.organizations().await)?.unwrap_or_default();
        let mut seen = Seen {
            groups,
            organizations,
            list_required: None,
            roles: None,
        };
        if let Some(organization) = self.organization(&seen) {
            seen.list_required = list_required(client, &organization.id).await?;
        }
        if client.signs_with_key() {
            seen.roles = shown(client.own_roles().await)?.flatten();
        }
        Ok(seen)
    }

    fn plan(&self, known: &Known, seen: &Seen) -> Plan<NoChange> {
        let Some(organization) = self.organization(seen) else {
            return Plan::Blocked(nothing_seen());
        };
        if let Some(pinned) = &known.account {
            let id = format!("(id {})", organization.id);
            if !pinned.ends_with(&id) {
                return Plan::Blocked(Blocker::OtherAccount {
                    pinned: pinned.clone(),
                    seen: account(&organization),
                });
            }
        }
        let unusable =
            self.projects
                .iter()
                .find_map(|(key, name)| match found(seen, name).as_slice() {
                    [_] => None,
                    several => Some(not_found(key, name, several, seen)),
                });
        match unusable {
            Some(blocker) => Plan::Blocked(blocker),
            None => Plan::Settled(self.evidence(&organization, seen)),
        }
    }

    async fn apply(&self, _cx: &Cx<'_>, change: &NoChange) -> Result<Applied, CallError> {
        match *change {}
    }

    fn outputs(&self, seen: &Seen) -> Outputs {
        let mut outputs = Outputs::new();
        let Some(organization) = self.organization(seen) else {
            return outputs;
        };
        outputs.insert("account".into(), Output::Text(account(&organization)));
        for (key, name) in &self.projects {
            if let [group] = found(seen, name).as_slice() {
                let name = format!("project-{key}");
                outputs.insert(name, Output::Text(group.id.clone()));
            }
        }
        outputs.insert("org_id".into(), Output::Text(organization.id));
        outputs
    }
}

/// Turns "may not be read with these keys" into nothing.
fn shown<T>(look: Result<T, CallError>) -> Look<Option<T>> {
    match look {
        Ok(value) => Ok(Some(value)),
        Err(error) if lacks_role(&error) || error.is_status(404) => Ok(None),
        Err(error) => Err(error),
    }
}

async fn list_required(client: &Client<'_>, organization: &str) -> Look<Option<bool>> {
    let look = client.requires_api_access_list(organization).await;
    Ok(shown(look)?.flatten())
}

/// The projects that a name or an id means.
fn found<'s>(seen: &'s Seen, name: &str) -> Vec<&'s Group> {
    let by_id = seen.groups.iter().find(|group| group.id == name);
    match by_id {
        Some(group) => vec![group],
        None => seen
            .groups
            .iter()
            .filter(|group| group.name == name)
            .collect(),
    }
}

fn account(organization: &Organization) -> String {
    format!("{} (id {})", organization.name, organization.id)
}

fn nothing_seen() -> Blocker {
    Blocker::ByHand {
        what: "the keys are taken, and Atlas shows them neither an organisation nor a project: give the service account or \
               API key a role in the project (Project Owner), at Organization → Access Manager → Applications"
            .into(),
        url: Some(SITE.into()),
        paste: vec![],
    }
}

fn not_found(key: &str, name: &str, several: &[&Group], seen: &Seen) -> Blocker {
    let place = format!("[atlas.cluster.{key}] project in golive.toml");
    let visible: Vec<String> = seen
        .groups
        .iter()
        .map(|group| format!("{} ({})", group.name, group.id))
        .collect();
    let what = match several.is_empty() {
        true if visible.is_empty() => format!(
            "Atlas shows no project at all to these keys, so not {name} either: give them a role in it (Project Owner)"
        ),
        true => format!(
            "Atlas shows no project \"{name}\" to these keys: correct {place}, or give the keys a role in it. They see {}",
            visible.join(", ")
        ),
        false => format!(
            "several projects are called {name}: write the id of one as {place}. The keys see {}",
            visible.join(", ")
        ),
    };
    Blocker::ByHand {
        what,
        url: Some(SITE.into()),
        paste: visible,
    }
}

impl AtlasAccess {
    /// The organisation of the first project that is used, else the one that the keys are of.
    fn organization(&self, seen: &Seen) -> Option<Organization> {
        let used = self
            .projects
            .iter()
            .find_map(|(_, name)| found(seen, name).first().copied());
        let id = match (used, seen.organizations.first(), seen.groups.first()) {
            (Some(group), _, _) => &group.org_id,
            (None, Some(organization), _) => &organization.id,
            (None, None, Some(group)) => &group.org_id,
            (None, None, None) => return None,
        };
        let named = seen.organizations.iter().find(|one| one.id == *id);
        Some(named.cloned().unwrap_or_else(|| Organization {
            id: id.clone(),
            name: "an organisation whose name is not shown".into(),
        }))
    }

    fn evidence(&self, organization: &Organization, seen: &Seen) -> Evidence {
        let mut used: Vec<&Group> = Vec::new();
        for (_, name) in &self.projects {
            let new = found(seen, name)
                .into_iter()
                .filter(|group| used.iter().all(|other| other.id != group.id));
            let new: Vec<&Group> = new.collect();
            used.extend(new);
        }
        let names: Vec<&str> = used.iter().map(|group| group.name.as_str()).collect();
        let text = match names.is_empty() {
            true => format!("the keys are of {}", organization.name),
            false => format!(
                "the keys are of {} and see {}",
                organization.name,
                names.join(" and ")
            ),
        };
        let mut evidence = Evidence::new(text);
        if let Some(group) = used.first() {
            evidence = evidence.url(project_page(&group.id, "clusters"));
        }
        evidence = evidence.note(match seen.list_required {
            Some(true) => {
                "the organisation takes API calls only from addresses on the API access list; this machine's is on it"
            }
            Some(false) => "the organisation takes API calls from every address",
            None => "whether the organisation asks for an API access list is not shown to these keys",
        });
        match &seen.roles {
            Some(roles) => {
                let role = |role: &RoleGrant| match &role.group_id {
                    Some(id) => {
                        let group = seen.groups.iter().find(|group| group.id == *id);
                        let name = group.map_or(id, |group| &group.name);
                        format!("{} in {name}", role.role_name)
                    }
                    None => role.role_name.clone(),
                };
                let roles: Vec<String> = roles.iter().map(role).collect();
                evidence.note(format!("roles: {}", roles.join(", ")))
            }
            None => evidence.note(
                "Atlas does not list the roles of these keys; what they may write is not known until first used",
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn access(projects: &[(&str, &str)]) -> AtlasAccess {
        AtlasAccess {
            projects: projects
                .iter()
                .map(|(key, name)| (key.to_string(), name.to_string()))
                .collect(),
        }
    }

    fn both() -> AtlasAccess {
        access(&[("prod", "bondigoo"), ("dev", "111111111111111111111111")])
    }

    fn seen(groups: Value) -> Seen {
        Seen {
            groups: serde_json::from_value(groups).unwrap(),
            organizations: vec![Organization {
                id: "00".into(),
                name: "acme".into(),
            }],
            list_required: Some(true),
            roles: None,
        }
    }

    fn two() -> Seen {
        seen(json!([
            {"id": "32b6e34b3d91647abb20e7b8", "name": "bondigoo", "orgId": "00"},
            {"id": "111111111111111111111111", "name": "coaching", "orgId": "00"}
        ]))
    }

    fn blocked(item: &AtlasAccess, known: &Known, seen: &Seen) -> String {
        match item.plan(known, seen) {
            Plan::Blocked(blocker) => blocker.sentence(),
            other => panic!("not blocked: {other:?}"),
        }
    }

    #[test]
    fn projects_are_found_by_name_or_id_and_handed_on() {
        let Plan::Settled(evidence) = both().plan(&Known::default(), &two()) else {
            panic!("not settled");
        };
        assert_eq!(
            evidence.text,
            "the keys are of acme and see bondigoo and coaching"
        );
        assert!(evidence.notes[0].contains("API access list"));
        assert!(evidence.notes[1].contains("not known until first used"));
        let outputs = both().outputs(&two());
        let text = |name: &str| outputs[name].text().map(str::to_owned);
        assert_eq!(text("account").as_deref(), Some("acme (id 00)"));
        assert_eq!(text("org_id").as_deref(), Some("00"));
        assert_eq!(
            text("project-prod").as_deref(),
            Some("32b6e34b3d91647abb20e7b8")
        );
        assert_eq!(
            text("project-dev").as_deref(),
            Some("111111111111111111111111")
        );
    }

    #[test]
    fn a_wrong_project_is_told_with_those_that_are_seen() {
        let wrong = access(&[("prod", "bondigo")]);
        let told = blocked(&wrong, &Known::default(), &two());
        assert!(
            told.contains("\"bondigo\"") && told.contains("coaching (111111111111111111111111)")
        );
        assert!(told.contains("[atlas.cluster.prod]"));
        let twice = seen(json!([
            {"id": "1", "name": "bondigoo", "orgId": "00"}, {"id": "2", "name": "bondigoo", "orgId": "01"}
        ]));
        let told = blocked(&access(&[("prod", "bondigoo")]), &Known::default(), &twice);
        assert!(told.contains("several projects"));
    }

    #[test]
    fn another_organisations_keys_are_refused() {
        let pinned = |account: &str| Known {
            account: Some(account.into()),
            ..Known::default()
        };
        let told = blocked(&both(), &pinned("rival (id 99)"), &two());
        assert!(told.contains("tied to rival (id 99)"), "{told}");
        // An organisation may be renamed.
        let plan = both().plan(&pinned("acme before (id 00)"), &two());
        assert!(matches!(plan, Plan::Settled(_)));
    }

    #[test]
    fn keys_that_see_nothing_are_told() {
        let nothing = Seen {
            organizations: vec![],
            ..seen(json!([]))
        };
        assert!(blocked(&both(), &Known::default(), &nothing).contains("give the service account"));
    }

    #[test]
    fn the_roles_of_an_api_key_are_shown() {
        let roles = json!([
            {"roleName": "ORG_MEMBER", "orgId": "00"},
            {"roleName": "GROUP_OWNER", "groupId": "32b6e34b3d91647abb20e7b8"}
        ]);
        let seen = Seen {
            roles: Some(serde_json::from_value(roles).unwrap()),
            ..two()
        };
        let Plan::Settled(evidence) = both().plan(&Known::default(), &seen) else {
            panic!("not settled");
        };
        assert_eq!(
            evidence.notes[1],
            "roles: ORG_MEMBER, GROUP_OWNER in bondigoo"
        );
    }
}
