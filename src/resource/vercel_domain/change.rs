//! What golive changes about a host at Vercel: each as a row, and as a call.

use super::{Applied, Cx, Known, on_project};
use crate::plan::{Change, ItemId, Made, Row, Sign, Undo};
use crate::provider::http::CallError;
use crate::provider::vercel::Serves;
use crate::resource::here;
use crate::resource::vercel_project::find::page;
use crate::secret::{Secret, SecretName};

/// What golive's records call a host that it put on a project.
pub(super) const ADDED: &str = "host";
/// A host that it moved there; the record keeps the project it was on.
pub(super) const MOVED: &str = "moved host";
/// A host whose setting it changed; the record keeps the setting before.
pub(super) const ALTERED: &str = "setting of host";
/// A key for golive's own visits.
pub(super) const KEY: &str = "protection bypass";

#[derive(Clone, Debug)]
pub enum VercelDomainChange {
    Add {
        /// `None` while the project is not there yet.
        project: Option<String>,
        project_name: String,
        host: String,
        serves: Serves,
    },
    /// Between two projects, each with its id and name.
    Move {
        host: String,
        from: (String, String),
        to: (String, String),
    },
    Alter {
        project: String,
        project_name: String,
        host: String,
        old: Serves,
        new: Serves,
        made_by_golive: bool,
    },
    Remove {
        project: String,
        project_name: String,
        host: String,
    },
    /// A key that lets golive's own visits through is kept; where the project has none, Vercel makes it.
    Key {
        project: String,
        project_name: String,
        slot: SecretName,
        /// The project has one.
        there: bool,
    },
    KeyBack {
        project: String,
        project_name: String,
        key: Secret,
    },
}

impl Change for VercelDomainChange {
    fn row(&self, item: &ItemId) -> Row {
        match self {
            Self::Add {
                project_name,
                host,
                serves,
                ..
            } => Row {
                new: Some(serves.to_string()),
                ..Row::new(item, "create", Sign::Create, titled(host, project_name))
            },
            Self::Move { host, from, to } => Row {
                old: Some(format!("on {}", from.1)),
                new: Some(format!("on {}", to.1)),
                undo: Undo::Restorable,
                not_made_by_golive: true,
                ..Row::new(item, "move", Sign::Change, format!("host {host} at Vercel"))
            },
            Self::Alter {
                project_name,
                host,
                old,
                new,
                made_by_golive,
                ..
            } => Row {
                old: Some(old.to_string()),
                new: Some(new.to_string()),
                undo: Undo::Restorable,
                not_made_by_golive: !made_by_golive,
                ..Row::new(item, "alter", Sign::Change, titled(host, project_name))
            },
            Self::Remove {
                project_name, host, ..
            } => Row::new(item, "remove", Sign::Remove, titled(host, project_name)),
            Self::Key {
                project_name,
                slot,
                there,
                ..
            } => Row {
                new: Some(match there {
                    true => format!("the project's own, kept as {slot}"),
                    false => format!("made by Vercel, kept as {slot}"),
                }),
                detail: vec![
                    "whoever holds it passes the project's deployment protection; golive sends it to \
                     addresses of Vercel's own only"
                        .into(),
                ],
                ..Row::new(item, "key", Sign::Create, visits(project_name))
            },
            Self::KeyBack { project_name, .. } => {
                Row::new(item, "key-back", Sign::Remove, visits(project_name))
            }
        }
    }
}

fn titled(host: &str, project_name: &str) -> String {
    format!("host {host} on Vercel project {project_name}")
}

fn visits(project_name: &str) -> String {
    format!("key for golive's visits to Vercel project {project_name}")
}

pub(super) fn made(
    known: &Known,
    kind: &str,
    (host, project_name): (&str, &str),
    as_made: Option<String>,
) -> Made {
    Made {
        kind: kind.into(),
        id: host.into(),
        name: titled(host, project_name),
        as_made,
        url: Some(page(known, project_name, "/settings/domains")),
    }
}

pub(super) async fn apply(cx: &Cx<'_>, change: &VercelDomainChange) -> Result<Applied, CallError> {
    let client = cx.vercel()?;
    let record = |kind: &str, names, as_made| {
        Ok(Applied {
            made: Some(made(cx.known, kind, names, as_made)),
        })
    };
    match change {
        // A host is only ever next once its project has been seen.
        VercelDomainChange::Add { project: None, .. } => Ok(Applied::default()),
        VercelDomainChange::Add {
            project: Some(project),
            project_name,
            host,
            serves,
        } => match client.add_domain(project, host, serves).await {
            // Which status says that it is there already is not settled at Vercel, so a look decides.
            Err(error) if error.is_status(400) || error.is_status(409) => {
                match on_project(client, project, host).await? {
                    Some(_) => Ok(Applied::default()),
                    None => Err(error),
                }
            }
            Err(error) => Err(error),
            Ok(_) => record(ADDED, (host, project_name), None),
        },
        VercelDomainChange::Move { host, from, to } => {
            client.move_domain(&from.0, host, &to.0).await?;
            record(MOVED, (host, &to.1), Some(from.0.clone()))
        }
        VercelDomainChange::Alter {
            project,
            project_name,
            host,
            old,
            new,
            ..
        } => {
            client.change_domain(project, host, new).await?;
            let old = serde_json::to_string(old).ok();
            record(ALTERED, (host, project_name), old)
        }
        VercelDomainChange::Remove { project, host, .. } => {
            client.remove_domain(project, host).await?;
            Ok(Applied::default())
        }
        VercelDomainChange::Key {
            project,
            project_name,
            slot,
            ..
        } => key(cx, project, project_name, slot).await,
        VercelDomainChange::KeyBack { project, key, .. } => {
            client.revoke_bypass(project, key).await?;
            Ok(Applied::default())
        }
    }
}

/// One that is there is kept, whoever made it: a reply that was lost makes no second one.
async fn key(
    cx: &Cx<'_>,
    project: &str,
    project_name: &str,
    slot: &SecretName,
) -> Result<Applied, CallError> {
    let client = cx.vercel()?;
    let mut there = client.protection(project).await?.keys;
    let made = match there.is_empty() {
        false => None,
        true => {
            there = client.create_bypass(project).await?;
            if there.is_empty() {
                there = client.protection(project).await?.keys;
            }
            Some(Made {
                kind: KEY.into(),
                id: project.into(),
                name: visits(project_name),
                as_made: None,
                url: Some(page(
                    cx.known,
                    project_name,
                    "/settings/deployment-protection",
                )),
            })
        }
    };
    let key = there.pop().ok_or_else(|| {
        here(
            format!("Vercel made a key for visits to {project_name} and does not show it"),
            None,
        )
    })?;
    cx.slots.keep(slot, key).await?;
    Ok(Applied { made })
}
