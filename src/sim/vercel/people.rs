//! Persons at work in Vercel's own pages: they change what golive relies on.

use std::sync::Arc;

use jiff::Timestamp;
use serde_json::Value;

use super::Vercel;
use super::domains::book_id;
use super::spec::App;
use super::state::{Project, Target};
use crate::sim::ledger::{Book, Provider};

impl Vercel {
    /// `project/NAME` (build command removed), `branch/NAME` or `branch/NAME/BRANCH` (production branch set to
    /// `develop` or that), `link/NAME` (connection removed), `name/NAME` (renamed to `NAME-old`), `gone/NAME`
    /// (deleted), `value/NAME/KEY` (the variable of production gets another value), `domain/NAME/HOST` (taken off), `app` (sees the repository from now on, or no longer), `connection` (the same for the login).
    pub(super) fn edited(
        &mut self,
        now: Timestamp,
        object: &str,
        book: &mut Book,
    ) -> Result<String, String> {
        let (kind, rest) = object.split_once('/').unwrap_or((object, ""));
        let (name, more) = rest.split_once('/').unwrap_or((rest, ""));
        if name.is_empty() {
            return self.edit_account(now, kind);
        }
        let Some(project) = self.named(name) else {
            return Err(format!("there is no project {name} at Vercel"));
        };
        let id = &project.id;
        match kind {
            "project" => {
                self.touch(now, id, |project| {
                    let command = "buildCommand".to_owned();
                    project.settings.insert(command, Value::Null);
                });
                Ok(format!("the build command of {name} was removed"))
            }
            "branch" => {
                let branch = if more.is_empty() { "develop" } else { more };
                if project.link.is_none() {
                    return Err(format!("{name} is not connected to a repository"));
                }
                self.touch(now, id, |project| {
                    if let Some(link) = &mut project.link {
                        branch.clone_into(&mut link.production_branch);
                        link.updated = now;
                    }
                });
                Ok(format!("the production branch of {name} is {branch} now"))
            }
            "link" => {
                self.touch(now, id, |project| project.link = None);
                Ok(format!("{name} is no longer connected to a repository"))
            }
            "name" => {
                let new = format!("{name}-old");
                self.rename(now, id, &new, book);
                Ok(format!("{name} is called {new} now"))
            }
            "gone" => {
                self.delete(now, id, book);
                Ok(format!("{name} was deleted"))
            }
            "value" => self.edit_value(now, &project, more),
            "domain" => self.edit_domain(now, &project, more, book),
            _ => Err(format!(
                "a person changes project, branch, link, name, gone, value or domain of {name}, not {kind}"
            )),
        }
    }

    fn edit_value(
        &mut self,
        now: Timestamp,
        project: &Project,
        key: &str,
    ) -> Result<String, String> {
        let mut all = self.state.current().variables.values();
        let found = all.find(|one| {
            let production = one.targets.contains(&Target::Production);
            one.project == project.id && one.key == key && production
        });
        let name = &project.name;
        let found = found.ok_or_else(|| format!("production of {name} has no {key}"))?;
        let id = found.id.clone();
        self.state.change(now, |state| {
            let stamp = state.stamp(now);
            if let Some(variable) = state.variables.get_mut(&id) {
                let variable = Arc::make_mut(variable);
                "changed by hand".clone_into(&mut variable.value);
                variable.updated = stamp;
            }
        });
        Ok(format!("{key} of {name} has another value now"))
    }

    fn edit_domain(
        &mut self,
        now: Timestamp,
        project: &Project,
        host: &str,
        book: &mut Book,
    ) -> Result<String, String> {
        let (key, name) = ((project.id.clone(), host.to_owned()), &project.name);
        if !self.state.current().domains.contains_key(&key) {
            return Err(format!("{name} has no domain {host}"));
        }
        self.state.change(now, |state| state.domains.remove(&key));
        book.gone(Provider::Vercel, "domain", &book_id(&project.id, host));
        Ok(format!("{host} was taken off {name}"))
    }

    fn edit_account(&mut self, now: Timestamp, object: &str) -> Result<String, String> {
        match object {
            "app" => {
                let sees = self.state.current().app == App::Sees;
                let (app, said) = match sees {
                    true => (App::NotSelected, "no longer sees the repository"),
                    false => (App::Sees, "sees the repository now"),
                };
                self.state.change(now, |state| state.app = app);
                Ok(format!("Vercel's GitHub app {said}"))
            }
            "connection" => {
                let there = !self.state.current().login_connection;
                self.state
                    .change(now, |state| state.login_connection = there);
                let said = if there { "was added" } else { "was removed" };
                Ok(format!("the login connection with GitHub {said}"))
            }
            other => Err(format!("there is no {other} at Vercel")),
        }
    }

    fn named(&self, name: &str) -> Option<Arc<Project>> {
        let mut projects = self.state.current().projects.values();
        projects.find(|project| project.name == name).cloned()
    }
}
