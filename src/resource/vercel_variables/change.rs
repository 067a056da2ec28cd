//! What can be changed about a project's variables, as it is approved and as it is done.

use super::Value;
use crate::plan::{Change, ItemId, Made, Row, Sign, Undo};
use crate::provider::http::CallError;
use crate::provider::vercel::NewEnv;
use crate::resource::value::{former, keep_former, list, sealed};
use crate::resource::{Applied, Cx, here};
use crate::secret::Secret;

/// What golive's records call a variable that it set.
pub const VARIABLE: &str = "variable";
/// How one was made that was not there before.
pub const NEW: &str = "new";
/// How one was made in whose place another value stood.
pub const REPLACED: &str = "replaced";

#[derive(Clone, Debug)]
pub enum VercelVariablesChange {
    Set {
        /// Empty while the project is not known yet.
        project: String,
        /// `production of shop-web`.
        target: String,
        branch: Option<String>,
        name: String,
        /// `None` while it is not known yet.
        value: Option<Secret>,
        /// The new value's fingerprint.
        new: Option<String>,
        /// What is there; inside, nothing when Vercel does not show it.
        old: Option<Option<Value>>,
        /// How golive set it before, where it did.
        how: Option<String>,
    },
    /// A record for several targets leaves production to another one.
    Narrow {
        project: String,
        project_name: String,
        id: String,
        name: String,
        old: Vec<String>,
        new: Vec<String>,
    },
    Remove {
        project: String,
        target: String,
        id: String,
        name: String,
    },
    PutBack {
        project: String,
        target: String,
        branch: Option<String>,
        name: String,
        former: Value,
    },
}

fn told(value: &Value) -> String {
    let shown = value.fingerprint.clone();
    shown.unwrap_or_else(|| "a value".into())
}

/// What is worth reading beside a value that is set.
fn reaches(fingerprint: &Option<String>) -> Vec<String> {
    let seal = fingerprint.iter().map(|seal| format!("fingerprint {seal}"));
    seal.chain(["it reaches the browser with the next build".into()])
        .collect()
}

/// `old` is what stands there, as far as Vercel shows it; `ours`: golive set it.
fn set(
    row: impl Fn(Sign) -> Row,
    name: &str,
    new: &Option<String>,
    old: &Option<Option<Value>>,
    ours: bool,
) -> Row {
    let cell = "the value of its cell".to_string();
    let Some(old) = old else {
        return Row {
            new: Some(cell),
            detail: reaches(new),
            ..row(Sign::Create)
        };
    };
    // What is not shown cannot be kept, and golive's own can be set again.
    let lost = old.is_none() && !ours;
    let shown = old.as_ref().map(told);
    Row {
        old: Some(shown.unwrap_or_else(|| "a value that Vercel does not show".into())),
        new: Some(new.clone().unwrap_or(cell)),
        undo: if lost { Undo::OneWay } else { Undo::Restorable },
        confirm: lost.then(|| name.to_string()),
        not_made_by_golive: !ours,
        detail: reaches(new),
        ..row(Sign::Change)
    }
}

impl Change for VercelVariablesChange {
    fn row(&self, item: &ItemId) -> Row {
        let of = |name: &str, target: &str| format!("{name} for {target}");
        match self {
            Self::Set {
                target,
                name,
                new,
                old,
                how,
                ..
            } => {
                let row = |sign| Row::new(item, &format!("set-{name}"), sign, of(name, target));
                set(row, name, new, old, how.is_some())
            }
            Self::Narrow {
                project_name,
                name,
                old,
                new,
                ..
            } => Row {
                old: Some(list(old)),
                new: Some(list(new)),
                undo: Undo::Restorable,
                not_made_by_golive: true,
                ..Row::new(
                    item,
                    &format!("narrow-{name}"),
                    Sign::Change,
                    format!("what {name} of {project_name} is for"),
                )
            },
            Self::Remove { target, name, .. } => Row::new(
                item,
                &format!("remove-{name}"),
                Sign::Remove,
                of(name, target),
            ),
            Self::PutBack {
                target,
                name,
                former,
                ..
            } => Row {
                new: Some(format!("{}, as before golive", told(former))),
                ..Row::new(
                    item,
                    &format!("put-back-{name}"),
                    Sign::Change,
                    of(name, target),
                )
            },
        }
    }
}

pub(super) async fn apply(
    cx: &Cx<'_>,
    change: &VercelVariablesChange,
    place: &str,
) -> Result<Applied, CallError> {
    let client = cx.vercel()?;
    match change {
        VercelVariablesChange::Set {
            project,
            branch,
            name,
            value,
            old,
            how,
            ..
        } => {
            // A variable is only ever next once its value has been seen.
            let value = value
                .as_ref()
                .ok_or_else(|| here(format!("the value of {name} is not known"), None))?;
            if let (Some(Some(old)), None) = (old, how) {
                keep_former(cx, &former(place, name), &old.value).await?;
            }
            let new = NewEnv {
                key: name,
                value,
                branch: branch.as_deref(),
            };
            let written = client.set_env(project, &new).await?;
            let how = how.as_deref().unwrap_or(match old {
                Some(_) => REPLACED,
                None => NEW,
            });
            let seal = sealed(cx, value).await?;
            let at = written.as_ref().and_then(|one| one.updated());
            let mark = seal.zip(at).map(|(seal, at)| format!("{seal} {at}"));
            let id = written.map(|one| one.id).unwrap_or_default();
            Ok(Applied {
                made: Some(made(&id, name, how, mark)),
            })
        }
        VercelVariablesChange::Narrow {
            project, id, new, ..
        } => {
            client.narrow_env(project, id, new).await?;
            Ok(Applied::default())
        }
        VercelVariablesChange::Remove { project, id, .. } => {
            client.delete_env(project, id).await?;
            Ok(Applied::default())
        }
        VercelVariablesChange::PutBack {
            project,
            branch,
            name,
            former,
            ..
        } => {
            let new = NewEnv {
                key: name,
                value: &former.value,
                branch: branch.as_deref(),
            };
            client.set_env(project, &new).await?;
            Ok(Applied::default())
        }
    }
}

/// A variable that golive set. `mark` tells which value, and when Vercel says that was: by it one that cannot be read
/// back is known again.
pub fn made(id: &str, name: &str, how: &str, mark: Option<String>) -> Made {
    let as_made = match mark {
        Some(mark) => format!("{how} {mark}"),
        None => how.to_string(),
    };
    Made {
        kind: VARIABLE.into(),
        id: id.into(),
        name: name.into(),
        as_made: Some(as_made),
        url: None,
    }
}
