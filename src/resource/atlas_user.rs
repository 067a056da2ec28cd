//! A database user with a password that golive makes and keeps before it is sent.

mod change;

pub use change::AtlasUserChange;
pub(super) use change::new_password;

use self::change::{Before, MADE, PASSWORD};
use super::access_list::{group_of, project_page};
use super::atlas_cluster::mark;
use super::atlas_roles::{self, missing, not_carried, wanted};
use super::{Applied, Cx, Known, Look, Resource, absent_on_404};
use crate::plan::{Blocker, Choice, Evidence, Made, Observed, Outputs, Plan};
use crate::provider::atlas::{DatabaseUser, Label, Role, Scope};
use crate::provider::http::CallError;
use crate::seam::documents::{Door, Login};
use crate::secret::{Secret, SecretName};

/// Atlas takes no shorter password for a new user.
const PASSWORD_MIN: usize = 8;

/// A database user with a password that golive makes and keeps before it is sent.
#[derive(Clone, Debug)]
pub struct AtlasUser {
    /// Key of the cluster it is scoped to.
    pub cluster: String,
    pub cluster_name: String,
    pub name: String,
    /// Role and database.
    pub roles: Vec<(String, String)>,
    /// The roles are all it may have.
    pub only_these: bool,
    /// Where its password is kept.
    pub slot: SecretName,
}

pub struct Seen {
    user: Observed<DatabaseUser>,
    /// What is kept as its password.
    password: Option<Secret>,
    /// How a login with it ended, tried where golive did not make the user and so cannot know.
    login: Option<Login>,
    /// Whether the cluster's nodes know the users as they are.
    carried: Option<String>,
    group: String,
}

impl Resource for AtlasUser {
    type Seen = Seen;
    type Change = AtlasUserChange;

    async fn observe(&self, cx: &Cx<'_>) -> Look<Seen> {
        let client = cx.atlas()?;
        let group = group_of(cx.known, &self.cluster)?.to_string();
        let user = absent_on_404(client.database_user(&group, &self.name).await)?;
        let password = cx.slots.secret(&self.slot).await?;
        let mut seen = Seen {
            user,
            password,
            login: None,
            carried: None,
            group,
        };
        let Some(user) = seen.user.present() else {
            return Ok(seen);
        };
        seen.carried = client
            .change_status(&seen.group, &self.cluster_name)
            .await?;
        if let Some(password) = &seen.password
            && !is_golives(cx.known, user)
        {
            let cluster = client.cluster(&seen.group, &self.cluster_name).await?;
            if let Some(host) = cluster.host() {
                let door = self.door(host);
                seen.login = Some(cx.documents.login(&door, password).await);
            }
        }
        Ok(seen)
    }

    fn plan(&self, known: &Known, seen: &Seen) -> Plan<AtlasUserChange> {
        match &seen.user {
            Observed::Present(user) => self.existing(known, seen, user),
            Observed::Absent => self.missing(known, seen),
            Observed::Unknown(why) => Plan::Blocked(Blocker::ByHand {
                what: format!("look at database user {}: {why}", self.name),
                url: Some(project_page(&seen.group, "security/database/users")),
                paste: vec![],
            }),
        }
    }

    /// Before its cluster is there, it is not there either; the plan shows it with the cluster.
    fn foresee(&self, known: &Known) -> Vec<AtlasUserChange> {
        match group_of(known, &self.cluster) {
            Ok(group) if known.made.is_empty() => vec![self.creation(known, group)],
            _ => vec![],
        }
    }

    async fn apply(&self, cx: &Cx<'_>, change: &AtlasUserChange) -> Result<Applied, CallError> {
        change::apply(cx, change, &self.slot).await
    }

    fn outputs(&self, _seen: &Seen) -> Outputs {
        Outputs::new()
    }

    fn found(&self, seen: &Seen, change: &str) -> Option<Made> {
        seen.user.present().filter(|_| change == "create")?;
        Some(change::made_user(&seen.group, &self.name))
    }

    /// What golive made goes, and what it changed of another's user is put back.
    fn undo(&self, known: &Known, seen: &Seen) -> Vec<AtlasUserChange> {
        let Some(user) = seen.user.present() else {
            return vec![];
        };
        let (group, name) = (seen.group.clone(), self.name.clone());
        if known.made.iter().any(|made| made.kind == MADE) {
            return vec![AtlasUserChange::Delete { group, name }];
        }
        let changed = known
            .made
            .iter()
            .find(|made| made.kind == atlas_roles::MADE);
        let before: Option<Before> = changed
            .and_then(|made| made.as_made.as_deref())
            .and_then(|text| serde_json::from_str(text).ok());
        match before {
            Some(before) if before.roles != user.roles || before.scopes != user.scopes => {
                vec![AtlasUserChange::Set {
                    group,
                    name,
                    old: shown(&user.roles, &user.scopes),
                    roles: before.roles,
                    scopes: before.scopes,
                    made_by_golive: true,
                }]
            }
            _ => vec![],
        }
    }
}

/// Golive made the user, or has set its password: then what is kept is what Atlas was told.
fn is_golives(known: &Known, user: &DatabaseUser) -> bool {
    let own = |made: &Made| made.kind == MADE || made.kind == PASSWORD;
    let mark = mark(known);
    let marked = |label: &Label| label.key == "golive" && label.value == mark;
    known.made.iter().any(own) || user.labels.iter().any(marked)
}

/// Roles and where they hold, in one line.
fn shown(roles: &[Role], scopes: &[Scope]) -> String {
    let mut roles: Vec<String> = roles.iter().map(Role::to_string).collect();
    roles.sort();
    let scopes: Vec<&str> = scopes.iter().map(|scope| scope.name.as_str()).collect();
    let place = match scopes.is_empty() {
        true => "every cluster of the project".to_string(),
        false => format!("cluster {} only", scopes.join(", ")),
    };
    format!("{}, {place}", roles.join(", "))
}

impl AtlasUser {
    fn scopes(&self) -> Vec<Scope> {
        vec![Scope::cluster(&self.cluster_name)]
    }

    /// Where this user logs in, at a host of its cluster.
    pub fn door(&self, host: &str) -> Door {
        Door {
            host: host.into(),
            user: self.name.clone(),
            database: self
                .roles
                .first()
                .map_or("admin".into(), |(_, database)| database.clone()),
            options: String::new(),
        }
    }

    fn creation(&self, known: &Known, group: &str) -> AtlasUserChange {
        let label = |key: &str, value: String| Label {
            key: key.into(),
            value,
        };
        AtlasUserChange::Create {
            group: group.into(),
            name: self.name.clone(),
            roles: wanted(&self.roles),
            scopes: self.scopes(),
            labels: vec![
                label("managed-by", "golive".into()),
                label("golive", mark(known)),
            ],
        }
    }

    fn missing(&self, known: &Known, seen: &Seen) -> Plan<AtlasUserChange> {
        let kept = seen.password.as_ref().map(Secret::chars);
        match kept.filter(|kept| *kept < PASSWORD_MIN) {
            Some(kept) => Plan::Blocked(Blocker::TokenRefused {
                slot: self.slot.to_string(),
                cause: format!("it has {kept} characters, Atlas takes {PASSWORD_MIN} or more"),
            }),
            None => Plan::Change(vec![self.creation(known, &seen.group)]),
        }
    }

    fn existing(&self, known: &Known, seen: &Seen, user: &DatabaseUser) -> Plan<AtlasUserChange> {
        // Each time that golive has set the password, a new question begins.
        let sets = known.made.iter().filter(|made| made.kind == PASSWORD);
        let key = match sets.count() {
            0 => "password".to_string(),
            sets => format!("password-{sets}"),
        };
        let decided = known.decided.get(&key).map(String::as_str);
        if decided == Some("reset") {
            return Plan::Change(vec![AtlasUserChange::Reset {
                group: seen.group.clone(),
                name: self.name.clone(),
                nth: key,
            }]);
        }
        match (&seen.password, decided) {
            (None, Some("give")) => {
                return Plan::Blocked(Blocker::SecretMissing {
                    slot: self.slot.to_string(),
                    was_kept: known.settled_before,
                });
            }
            (None, _) => return Plan::Blocked(self.lost(key, is_golives(known, user))),
            (Some(_), _) => {}
        }
        if let Some(Login::Refused(cause)) = &seen.login {
            return Plan::Blocked(Blocker::TokenRefused {
                slot: self.slot.to_string(),
                cause: format!(
                    "the database does not let {} in with it: {cause}",
                    self.name
                ),
            });
        }
        if let Some(change) = self.difference(known, seen, user) {
            return Plan::Change(vec![change]);
        }
        match not_carried(seen.carried.as_deref(), &self.name, &self.cluster_name) {
            Some(wait) => Plan::Wait(wait),
            None => Plan::Settled(self.evidence(seen, user)),
        }
    }

    /// What would have to change for the user to be as wished.
    fn difference(
        &self,
        known: &Known,
        seen: &Seen,
        user: &DatabaseUser,
    ) -> Option<AtlasUserChange> {
        let wish = wanted(&self.roles);
        let lacks_cluster =
            !user.scopes.is_empty() && !user.scopes.contains(&Scope::cluster(&self.cluster_name));
        let (roles, scopes) = match self.only_these {
            true => (wish, self.scopes()),
            false => {
                let more = missing(&user.roles, &wish);
                let roles = user.roles.iter().cloned().chain(more).collect();
                let own = lacks_cluster.then(|| Scope::cluster(&self.cluster_name));
                (roles, user.scopes.iter().cloned().chain(own).collect())
            }
        };
        let sorted = |roles: &[Role]| {
            let mut roles = roles.to_vec();
            roles.sort();
            roles
        };
        let same = sorted(&roles) == sorted(&user.roles) && scopes == user.scopes;
        (!same).then(|| AtlasUserChange::Set {
            group: seen.group.clone(),
            name: self.name.clone(),
            old: shown(&user.roles, &user.scopes),
            roles,
            scopes,
            made_by_golive: is_golives(known, user),
        })
    }

    /// Atlas never tells a password again.
    fn lost(&self, key: String, made_by_golive: bool) -> Blocker {
        let who = match made_by_golive {
            true => "golive made it, and its password is not in the vault any more",
            false => "golive did not make it, and its password is not in the vault",
        };
        Blocker::Choose {
            key,
            question: format!(
                "database user {} exists: {who}. Atlas never tells a password again",
                self.name
            ),
            options: vec![
                Choice::new("give", format!("I have it: ask me for {}", self.slot)),
                Choice::new(
                    "reset",
                    "plan a new password; whoever uses the present one is shut out then",
                ),
            ],
        }
    }

    fn evidence(&self, seen: &Seen, user: &DatabaseUser) -> Evidence {
        let text = format!(
            "database user {}: {}",
            self.name,
            shown(&user.roles, &user.scopes)
        );
        let evidence = Evidence::new(text)
            .url(project_page(&seen.group, "security/database/users"))
            .note(format!("its password is kept as {}", self.slot));
        match &seen.login {
            None => evidence,
            Some(Login::In(_)) => evidence.note("the database lets it in with that password"),
            Some(Login::Refused(cause) | Login::NoAnswer(cause) | Login::Nowhere(cause)) => {
                evidence.note(format!(
                    "the password was given, and could not be tried from here: {cause}"
                ))
            }
        }
    }
}

#[cfg(test)]
mod tests;
