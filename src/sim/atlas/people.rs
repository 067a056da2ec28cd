//! What a person changes in Atlas' own pages while golive is at work.

use jiff::Timestamp;

use super::Atlas;
use super::state::{Block, Grant};
use crate::sim::ledger::{Book, Provider};

/// `user/NAME` loses a role, `cluster/NAME` its protection, `access/BLOCK` is removed; in the first project that has it.
pub fn edit(
    atlas: &mut Atlas,
    now: Timestamp,
    object: &str,
    book: &mut Book,
) -> Result<String, String> {
    let missing = || format!("there is no {object} at Atlas");
    let (kind, name) = object.split_once('/').ok_or_else(missing)?;
    match kind {
        "user" => take_role(atlas, now, name).ok_or_else(missing),
        "cluster" => unprotect(atlas, now, name).ok_or_else(missing),
        "access" => shut_out(atlas, now, name, book).ok_or_else(missing),
        _ => Err(missing()),
    }
}

fn take_role(atlas: &mut Atlas, now: Timestamp, name: &str) -> Option<String> {
    let projects = &atlas.state.current().projects;
    let project = projects
        .iter()
        .find(|project| project.user(name).is_some())?;
    let id = project.id.clone();
    atlas.state.change(now, |state| {
        let users = &mut state.project_mut(&id)?.users;
        let user = users.iter_mut().find(|user| user.name == name)?;
        let last = user.rights.grants.pop()?;
        let mut told = format!(
            "{} on {} was taken from the database user {name}",
            last.role, last.database
        );
        // Nobody is without any role: Atlas' page asks for one.
        if user.rights.grants.is_empty() {
            told.push_str(", which may only read there now");
            user.rights.grants.push(Grant {
                role: "read".to_owned(),
                ..last
            });
        }
        user.before = None;
        user.applied_at = now;
        Some(told)
    })
}

fn unprotect(atlas: &mut Atlas, now: Timestamp, name: &str) -> Option<String> {
    let projects = &atlas.state.current().projects;
    let project = projects.iter().find(|p| p.cluster(name).is_some())?;
    let id = project.id.clone();
    atlas.state.change(now, |state| {
        let clusters = &mut state.project_mut(&id)?.clusters;
        let cluster = clusters.iter_mut().find(|c| c.name == name)?;
        cluster.protection = false;
        Some(format!("the cluster {name} can be deleted now"))
    })
}

fn shut_out(atlas: &mut Atlas, now: Timestamp, text: &str, book: &mut Book) -> Option<String> {
    let block = Block::parse(text)?;
    let projects = &atlas.state.current().projects;
    let project = projects.iter().find(|p| p.entry(block).is_some())?;
    let (id, name) = (project.id.clone(), project.name.clone());
    let object = project.ledger_id(&block.to_string());
    atlas.state.change(now, |state| {
        let project = state.project_mut(&id)?;
        project.entries.retain(|entry| entry.block != block);
        Some(())
    })?;
    book.gone(Provider::Atlas, "access_entry", &object);
    Some(format!("{block} is no longer on the access list of {name}"))
}
