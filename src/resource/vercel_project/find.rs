//! Which of a team's projects is meant: by the id it is known by, else by its name, else by the name it has before it is
//! renamed. One that belongs to somebody else is told and never touched.

use crate::plan::{Blocker, Provider};
use crate::provider::http::CallError;
use crate::provider::vercel::{Client, Project};
use crate::resource::{Known, Look, absent_on_404};

/// What a look for a project found.
#[derive(Clone, Debug, Default)]
pub struct Found {
    /// The project that is meant.
    pub project: Option<Project>,
    /// Another one, which has the name that the project should have.
    pub rival: Option<Project>,
}

/// The names that a project is looked for by.
#[derive(Clone, Copy, Debug)]
pub struct Names<'a> {
    pub name: &'a str,
    /// The name before it is renamed; `None` when it is created.
    pub existing: Option<&'a str>,
    /// `owner/name`.
    pub repository: &'a str,
}

/// By `id` where one is known and still there, else by the names.
pub async fn find(client: &Client<'_>, id: Option<&str>, names: Names<'_>) -> Look<Found> {
    let known = match id {
        Some(id) => project(client, id).await?,
        None => None,
    };
    if let Some(known) = known {
        let rival = match known.name == names.name {
            true => None,
            false => project(client, names.name).await?,
        };
        return Ok(Found {
            rival: rival.filter(|rival| rival.id != known.id),
            project: Some(known),
        });
    }
    let named = project(client, names.name).await?;
    let before = match names.existing.filter(|existing| *existing != names.name) {
        Some(existing) => project(client, existing).await?,
        None => None,
    };
    Ok(match (named, before) {
        (Some(named), Some(before)) if named.id != before.id => Found {
            project: Some(before),
            rival: Some(named),
        },
        (Some(project), _) | (None, Some(project)) => Found {
            project: Some(project),
            rival: None,
        },
        (None, None) => Found::default(),
    })
}

/// Absent is only what Vercel itself calls not found: another 404 may come from anywhere on the way.
pub async fn project(client: &Client<'_>, id_or_name: &str) -> Look<Option<Project>> {
    match client.project(id_or_name).await {
        Err(error) if is_elsewhere(&error) => Err(error),
        look => Ok(absent_on_404(look)?.present().cloned()),
    }
}

fn is_elsewhere(error: &CallError) -> bool {
    error.is_status(404) && !error.is_code("not_found")
}

/// Why the project is not golive's to change, if so.
pub fn taken(found: &Found, names: Names<'_>) -> Option<Blocker> {
    if let Some(rival) = &found.rival {
        return Some(Blocker::Taken {
            name: format!("Vercel project {}", names.name),
            theirs: format!(
                "it is another project ({}, {}) than {}",
                rival.id,
                linked(rival),
                found
                    .project
                    .as_ref()
                    .map_or("the one that is meant", |own| own.name.as_str())
            ),
        });
    }
    let own = found.project.as_ref()?;
    let link = own.link.as_ref()?;
    (!link.is(names.repository)).then(|| Blocker::Taken {
        name: format!("Vercel project {}", own.name),
        theirs: format!("it is {}, not to {}", linked(own), names.repository),
    })
}

fn linked(project: &Project) -> String {
    match &project.link {
        Some(link) => format!("linked to {}", link.repository()),
        None => "linked to no repository".into(),
    }
}

/// No project of either name is there, and none is to be created.
pub fn missing(known: &Known, names: Names<'_>) -> Blocker {
    let sought = match names.existing {
        Some(existing) => format!("neither {existing} nor {}", names.name),
        None => format!("no project {}", names.name),
    };
    Blocker::ByHand {
        what: format!(
            "Vercel shows {sought} in {}: write the project's present name as `existing` in golive.toml, or the team it \
             is in as `team`",
            team(known).unwrap_or("this account")
        ),
        url: Some(match team(known) {
            Some(team) => format!("https://vercel.com/{team}"),
            None => "https://vercel.com/dashboard".into(),
        }),
        paste: vec![],
    }
}

/// The team's name in addresses.
fn team(known: &Known) -> Option<&str> {
    known.output(&Provider::Vercel.access(), "team")
}

/// A page of a project for a person.
pub fn page(known: &Known, name: &str, rest: &str) -> String {
    match team(known) {
        Some(team) => format!("https://vercel.com/{team}/{name}{rest}"),
        None => "https://vercel.com/dashboard".into(),
    }
}
