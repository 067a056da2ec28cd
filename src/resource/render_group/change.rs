//! What can be changed about a group, as it is approved and as it is done.

use super::RenderGroup;
use super::look::Value;
use crate::plan::{Change, ItemId, Made, Row, Sign, Undo};
use crate::provider::http::CallError;
use crate::provider::render::{NewEnvGroup, dashboard};
use crate::resource::value::{former, keep_former, list, wanted};
use crate::resource::{Applied, Cx, here};
use crate::secret::Secret;

/// What golive's records call a group, a variable that it set, and a link.
pub const GROUP: &str = "env_group";
pub const VARIABLE: &str = "variable";
pub const LINK: &str = "link";
/// How a variable was made that was not there before.
pub const NEW: &str = "new";
/// How one was made in whose place another value stood.
const REPLACED: &str = "replaced";

#[derive(Clone, Debug)]
pub enum RenderGroupChange {
    Create {
        owner: String,
        name: String,
        variables: Vec<String>,
        /// Id and name.
        services: Vec<(String, String)>,
    },
    Rename {
        id: String,
        old: String,
        new: String,
    },
    Set {
        group: String,
        group_name: String,
        /// The environment.
        place: String,
        name: String,
        value: Secret,
        old: Option<Value>,
        /// The new value's fingerprint.
        new: Option<String>,
        /// golive has set the value that is there now.
        ours: bool,
    },
    Link {
        group: String,
        group_name: String,
        service: String,
        service_name: String,
    },
    Delete {
        id: String,
        name: String,
    },
    Remove {
        group: String,
        group_name: String,
        name: String,
    },
    PutBack {
        group: String,
        group_name: String,
        name: String,
        former: Value,
    },
    Unlink {
        group: String,
        group_name: String,
        service: String,
        service_name: String,
    },
}

/// What a row says of a value.
fn told(fingerprint: &Option<String>) -> String {
    let shown = fingerprint.clone();
    shown.unwrap_or_else(|| "a value".into())
}

impl Change for RenderGroupChange {
    fn row(&self, item: &ItemId) -> Row {
        match self {
            Self::Create {
                name,
                variables,
                services,
                ..
            } => {
                let services: Vec<&str> = services.iter().map(|(_, name)| name.as_str()).collect();
                let linked = match services.is_empty() {
                    true => "linked to nothing".into(),
                    false => format!("linked to {}", list(&services)),
                };
                Row {
                    new: Some(format!("{}; {linked}", list(variables))),
                    detail: vec!["the values are those of the cells above, all in one call".into()],
                    ..Row::new(item, "create", Sign::Create, format!("env group {name}"))
                }
            }
            Self::Rename { old, new, .. } => Row {
                old: Some(old.clone()),
                new: Some(new.clone()),
                undo: Undo::Restorable,
                ..Row::new(item, "rename", Sign::Change, "name of the env group")
            },
            Self::Delete { name, .. } => Row {
                detail: vec!["with the values in it; golive's own copies stay in the vault".into()],
                ..Row::new(item, "delete", Sign::Remove, format!("env group {name}"))
            },
            Self::Set { .. } | Self::Remove { .. } | Self::PutBack { .. } => self.of_value(item),
            Self::Link {
                group_name,
                service_name,
                ..
            } => {
                let change = format!("link-{service_name}");
                let what = format!("service {service_name}");
                Row {
                    new: Some(format!("runs with group {group_name}")),
                    ..Row::new(item, &change, Sign::Create, what)
                }
            }
            Self::Unlink {
                group_name,
                service_name,
                ..
            } => {
                let change = format!("unlink-{service_name}");
                let what = format!("service {service_name}");
                Row {
                    old: Some(format!("runs with group {group_name}")),
                    ..Row::new(item, &change, Sign::Remove, what)
                }
            }
        }
    }
}

impl RenderGroupChange {
    /// The row of a change to one variable.
    fn of_value(&self, item: &ItemId) -> Row {
        let row = |change: &str, sign, name: &str, group: &str| {
            let what = format!("{name} in group {group}");
            Row::new(item, &format!("{change}-{name}"), sign, what)
        };
        match self {
            Self::Set {
                group_name,
                name,
                old,
                new,
                ours,
                ..
            } => {
                let (sign, undo) = match old {
                    Some(_) => (Sign::Change, Undo::Restorable),
                    None => (Sign::Create, Undo::Reversible),
                };
                Row {
                    old: old.as_ref().map(|old| told(&old.fingerprint)),
                    new: Some(told(new)),
                    undo,
                    not_made_by_golive: old.is_some() && !ours,
                    ..row("set", sign, name, group_name)
                }
            }
            Self::PutBack {
                group_name,
                name,
                former,
                ..
            } => Row {
                new: Some(format!("{}, as before golive", told(&former.fingerprint))),
                ..row("put-back", Sign::Change, name, group_name)
            },
            Self::Remove {
                group_name, name, ..
            } => row("remove", Sign::Remove, name, group_name),
            other => other.row(item),
        }
    }
}

pub(super) async fn apply(
    wish: &RenderGroup,
    cx: &Cx<'_>,
    change: &RenderGroupChange,
) -> Result<Applied, CallError> {
    let client = cx.render()?;
    let made = match change {
        RenderGroupChange::Create {
            owner, services, ..
        } => Some(create(wish, cx, owner, services).await?),
        RenderGroupChange::Rename { id, new, .. } => {
            client.rename_env_group(id, new).await?;
            None
        }
        RenderGroupChange::Set {
            group,
            place,
            name,
            value,
            old,
            ours,
            ..
        } => {
            if let Some(old) = old
                && !ours
            {
                keep_former(cx, &former(place, name), &old.value).await?;
            }
            client.set_env_var(group, name, value).await?;
            (!ours).then(|| made_variable(name, old.is_some()))
        }
        RenderGroupChange::Link {
            group,
            service,
            service_name,
            ..
        } => {
            client.link_env_group(group, service).await?;
            Some(record(LINK, service, service_name, None))
        }
        RenderGroupChange::Delete { id, .. } => {
            client.delete_env_group(id).await?;
            None
        }
        RenderGroupChange::Remove { group, name, .. } => {
            client.remove_env_var(group, name).await?;
            None
        }
        RenderGroupChange::PutBack {
            group,
            name,
            former,
            ..
        } => {
            client.set_env_var(group, name, &former.value).await?;
            None
        }
        RenderGroupChange::Unlink { group, service, .. } => {
            client.unlink_env_group(group, service).await?;
            None
        }
    };
    Ok(Applied { made })
}

async fn create(
    wish: &RenderGroup,
    cx: &Cx<'_>,
    owner: &str,
    services: &[(String, String)],
) -> Result<Made, CallError> {
    let values = wanted(cx, &wish.variables).await?;
    let values = values.map_err(|blocker| here(blocker.sentence(), None))?;
    let services: Vec<String> = services.iter().map(|(id, _)| id.clone()).collect();
    let new = NewEnvGroup {
        name: &wish.name,
        owner,
        variables: values
            .iter()
            .map(|one| (one.name.as_str(), &one.value))
            .collect(),
        services: &services,
    };
    let own = cx.render()?.create_env_group(&new).await?;
    Ok(made_group(&own.id, &wish.name))
}

pub fn made_group(id: &str, name: &str) -> Made {
    Made {
        url: Some(dashboard("env-group", id)),
        ..record(GROUP, id, name, None)
    }
}

/// A variable that golive set, in whose place another value stood or nothing.
pub fn made_variable(name: &str, replaced: bool) -> Made {
    let how = if replaced { REPLACED } else { NEW };
    record(VARIABLE, name, name, Some(how))
}

fn record(kind: &str, id: &str, name: &str, as_made: Option<&str>) -> Made {
    Made {
        kind: kind.into(),
        id: id.into(),
        name: name.into(),
        as_made: as_made.map(str::to_string),
        url: None,
    }
}
