//! What golive does to a database user, and how its password comes to be kept first.

use serde::{Deserialize, Serialize};

use super::super::access_list::project_page;
use super::super::{Applied, Cx, Look, atlas_roles, here};
use super::shown;
use crate::plan::{Change, ItemId, Made, Row, Sign, Undo};
use crate::provider::atlas::{Label, NewUser, Role, Scope};
use crate::provider::http::CallError;
use crate::secret::{Secret, SecretName};

/// What golive's records call a user that it made, and a password that it set.
pub(super) const MADE: &str = "database user";
pub(super) const PASSWORD: &str = "password";

#[derive(Clone, Debug)]
pub enum AtlasUserChange {
    Create {
        group: String,
        name: String,
        roles: Vec<Role>,
        scopes: Vec<Scope>,
        labels: Vec<Label>,
    },
    /// A new password for a user that is there.
    Reset {
        group: String,
        name: String,
        /// Which setting of it this is.
        nth: String,
    },
    /// Roles and scopes as they are to be, whole.
    Set {
        group: String,
        name: String,
        old: String,
        roles: Vec<Role>,
        scopes: Vec<Scope>,
        made_by_golive: bool,
    },
    Delete {
        group: String,
        name: String,
    },
}

/// What a user had before golive changed it.
#[derive(Debug, Deserialize, Serialize)]
pub(super) struct Before {
    pub roles: Vec<Role>,
    pub scopes: Vec<Scope>,
}

impl Change for AtlasUserChange {
    fn row(&self, item: &ItemId) -> Row {
        let what = |name: &str| format!("database user {name}");
        match self {
            Self::Create {
                name,
                roles,
                scopes,
                ..
            } => Row {
                new: Some(shown(roles, scopes)),
                detail: vec![
                    "with a password of 32 characters that is kept before it is sent".into(),
                ],
                ..Row::new(item, "create", Sign::Create, what(name))
            },
            Self::Reset { name, .. } => Row {
                new: Some("a new password".into()),
                undo: Undo::OneWay,
                not_made_by_golive: true,
                confirm: Some(name.clone()),
                detail: vec!["whoever uses the present password is shut out".into()],
                ..Row::new(item, "reset", Sign::Change, what(name))
            },
            Self::Set {
                name,
                old,
                roles,
                scopes,
                made_by_golive,
                ..
            } => Row {
                old: Some(old.clone()),
                new: Some(shown(roles, scopes)),
                undo: Undo::Restorable,
                not_made_by_golive: !made_by_golive,
                ..Row::new(item, "set", Sign::Change, what(name))
            },
            Self::Delete { name, .. } => Row::new(item, "delete", Sign::Remove, what(name)),
        }
    }
}

pub(super) async fn apply(
    cx: &Cx<'_>,
    change: &AtlasUserChange,
    slot: &SecretName,
) -> Result<Applied, CallError> {
    let client = cx.atlas()?;
    let made = match change {
        AtlasUserChange::Create {
            group,
            name,
            roles,
            scopes,
            labels,
        } => {
            let new = NewUser {
                name,
                password: &kept(cx, slot).await?,
                roles,
                scopes,
                labels,
            };
            client.create_user(group, &new).await?;
            Some(made_user(group, name))
        }
        AtlasUserChange::Reset { group, name, nth } => {
            let password = kept(cx, slot).await?;
            client.set_password(group, name, &password).await?;
            Some(Made {
                kind: PASSWORD.into(),
                id: format!("{name}#{nth}"),
                name: format!("of {name}"),
                as_made: None,
                url: None,
            })
        }
        AtlasUserChange::Set {
            group,
            name,
            roles,
            scopes,
            ..
        } => {
            let before = client.database_user(group, name).await?;
            client.set_roles(group, name, roles, Some(scopes)).await?;
            let before = Before {
                roles: before.roles,
                scopes: before.scopes,
            };
            Some(Made {
                kind: atlas_roles::MADE.into(),
                id: name.clone(),
                name: format!("and scopes of {name}"),
                as_made: serde_json::to_string(&before).ok(),
                url: Some(project_page(group, "security/database/users")),
            })
        }
        AtlasUserChange::Delete { group, name } => {
            client.delete_user(group, name).await?;
            None
        }
    };
    Ok(Applied { made })
}

/// The password that is kept; where none is, one is made and kept before anything is sent: it can never be read again.
async fn kept(cx: &Cx<'_>, slot: &SecretName) -> Look<Secret> {
    if let Some(kept) = cx.slots.secret(slot).await? {
        return Ok(kept);
    }
    new_password(cx, slot).await
}

/// Makes a password and keeps it, in place of whatever was kept.
pub(in crate::resource) async fn new_password(cx: &Cx<'_>, slot: &SecretName) -> Look<Secret> {
    let password = cx
        .slots
        .new_password(slot)
        .map_err(|error| here(format!("this machine gives no random bytes: {error}"), None))?;
    cx.slots.keep(slot, password.clone()).await?;
    Ok(password)
}

pub(super) fn made_user(group: &str, name: &str) -> Made {
    Made {
        kind: MADE.into(),
        id: name.into(),
        name: name.into(),
        as_made: None,
        url: Some(project_page(group, "security/database/users")),
    }
}
