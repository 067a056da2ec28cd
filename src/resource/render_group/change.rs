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

fn created(item: &ItemId, name: &str, variables: &str, services: &[&str]) -> Row {
    let linked = match services.is_empty() {
        true => "linked to nothing".into(),
        false => format!("linked to {}", list(services)),
    };
    Row {
        new: Some(format!("{variables}; {linked}")),
        detail: vec!["the values are those of the cells above, all in one call".into()],
        ..Row::new(item, "create", Sign::Create, format!("env group {name}"))
    }
}

/// A variable is set: from one value to another, or from none.
fn set(
    item: &ItemId,
    name: &str,
    what: String,
    (old, new): (Option<String>, String),
    ours: bool,
) -> Row {
    let (sign, undo) = match old {
        Some(_) => (Sign::Change, Undo::Restorable),
        None => (Sign::Create, Undo::Reversible),
    };
    Row {
        new: Some(new),
        undo,
        not_made_by_golive: old.is_some() && !ours,
        old,
        ..Row::new(item, &format!("set-{name}"), sign, what)
    }
}

impl Change for RenderGroupChange {
    fn row(&self, item: &ItemId) -> Row {
        let in_group = |group: &str, what: &str| format!("{what} in group {group}");
        match self {
            Self::Create {
                name,
                variables,
                services,
                ..
            } => {
                let services: Vec<&str> = services.iter().map(|(_, name)| name.as_str()).collect();
                created(item, name, &list(variables), &services)
            }
            Self::Rename { old, new, .. } => Row {
                old: Some(old.clone()),
                new: Some(new.clone()),
                undo: Undo::Restorable,
                ..Row::new(item, "rename", Sign::Change, "name of the env group")
            },
            Self::Set {
                group_name,
                name,
                old,
                new,
                ours,
                ..
            } => {
                let old = old.as_ref().map(|old| told(&old.fingerprint));
                let what = in_group(group_name, name);
                set(item, name, what, (old, told(new)), *ours)
            }
            Self::Link {
                group_name,
                service_name,
                ..
            } => Row {
                new: Some(format!("runs with group {group_name}")),
                ..Row::new(
                    item,
                    &format!("link-{service_name}"),
                    Sign::Create,
                    format!("service {service_name}"),
                )
            },
            Self::Delete { name, .. } => Row {
                detail: vec!["with the values in it; golive's own copies stay in the vault".into()],
                ..Row::new(item, "delete", Sign::Remove, format!("env group {name}"))
            },
            Self::Remove {
                group_name, name, ..
            } => Row::new(
                item,
                &format!("remove-{name}"),
                Sign::Remove,
                in_group(group_name, name),
            ),
            Self::PutBack {
                group_name,
                name,
                former,
                ..
            } => Row {
                new: Some(format!("{}, as before golive", told(&former.fingerprint))),
                ..Row::new(
                    item,
                    &format!("put-back-{name}"),
                    Sign::Change,
                    in_group(group_name, name),
                )
            },
            Self::Unlink {
                group_name,
                service_name,
                ..
            } => Row {
                old: Some(format!("runs with group {group_name}")),
                ..Row::new(
                    item,
                    &format!("unlink-{service_name}"),
                    Sign::Remove,
                    format!("service {service_name}"),
                )
            },
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
