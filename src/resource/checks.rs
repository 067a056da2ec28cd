//! What ran on a commit, from all places that tell, and what of it is not readable.

use std::collections::BTreeSet;

use super::Look;
use crate::provider::github::{ActionsRun, CheckRun, Client, Status, sso_page};
use crate::provider::http::CallError;

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CheckState {
    Good,
    Running,
    /// The provider's word, such as `failure` or `timed_out`.
    Bad(String),
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Check {
    pub name: String,
    pub state: CheckState,
    pub url: Option<String>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Checks {
    pub all: Vec<Check>,
    /// What could not be read, in the operator's words. A required check that is missing may be among it.
    pub unreadable: Vec<String>,
}

/// Both sources are disjoint: apps report check runs, others statuses. A fine-grained token may not read check runs;
/// the workflow runs of GitHub Actions then stand for them, under the workflows' names.
pub async fn look(client: &Client<'_>, sha: &str) -> Look<Checks> {
    let mut checks = Checks::default();
    match client.check_runs(sha).await {
        Ok(runs) => checks.all.extend(runs.into_iter().map(of_run)),
        Err(error) if is_not_readable(&error) => {
            checks
                .unreadable
                .push("check runs are not readable with this token".into());
            match client.workflow_runs(sha).await {
                Ok(runs) => checks.all.extend(runs.into_iter().map(of_workflow)),
                Err(error) if is_not_readable(&error) => checks
                    .unreadable
                    .push("workflow runs are not readable with this token".into()),
                Err(error) => return Err(error),
            }
        }
        Err(error) => return Err(error),
    }
    match client.statuses(sha).await {
        Ok(statuses) => checks.all.extend(statuses.into_iter().map(of_status)),
        Err(error) if is_not_readable(&error) => checks
            .unreadable
            .push("commit statuses are not readable with this token".into()),
        Err(error) => return Err(error),
    }
    Ok(checks)
}

fn is_not_readable(error: &CallError) -> bool {
    (error.is_status(403) && sso_page(error).is_none()) || error.is_status(404)
}

fn of_run(run: CheckRun) -> Check {
    Check {
        state: state(run.status.as_deref(), run.conclusion.as_deref()),
        name: run.name,
        url: run.details_url,
    }
}

fn of_workflow(run: ActionsRun) -> Check {
    Check {
        state: state(run.status.as_deref(), run.conclusion.as_deref()),
        name: format!(
            "workflow {}",
            run.name.as_deref().unwrap_or("without a name")
        ),
        url: run.html_url,
    }
}

fn of_status(status: Status) -> Check {
    Check {
        name: status.context,
        state: match status.state.as_str() {
            "success" => CheckState::Good,
            "pending" => CheckState::Running,
            other => CheckState::Bad(other.into()),
        },
        url: status.target_url,
    }
}

/// Only `completed` is the end; an unknown word means that it is still on its way.
fn state(status: Option<&str>, conclusion: Option<&str>) -> CheckState {
    match (status, conclusion) {
        (Some("completed"), Some("success" | "neutral" | "skipped")) => CheckState::Good,
        (Some("completed"), word) => CheckState::Bad(word.unwrap_or("no conclusion").into()),
        _ => CheckState::Running,
    }
}

impl Check {
    /// `ci: failure`
    pub fn words(&self) -> String {
        match &self.state {
            CheckState::Good => format!("{}: good", self.name),
            CheckState::Running => format!("{}: running", self.name),
            CheckState::Bad(word) => format!("{}: {word}", self.name),
        }
    }
}

impl Checks {
    /// The state of one required check: the worst of all that report under its name. `None` when nobody has.
    pub fn state_of(&self, name: &str) -> Option<&CheckState> {
        let rank = |state: &&CheckState| match state {
            CheckState::Good => 0,
            CheckState::Running => 1,
            CheckState::Bad(_) => 2,
        };
        let named = self.all.iter().filter(|check| check.name == name);
        named.map(|check| &check.state).max_by_key(rank)
    }

    /// One line for each required check, then one for each other, then what is not readable.
    pub fn lines(&self, required: &BTreeSet<String>) -> Vec<String> {
        let mut lines: Vec<String> = required
            .iter()
            .map(|name| match self.state_of(name) {
                Some(CheckState::Good) => format!("required check {name}: good"),
                Some(CheckState::Running) => format!("required check {name}: running"),
                Some(CheckState::Bad(word)) => format!("required check {name}: {word}"),
                None if self.unreadable.is_empty() => {
                    format!("required check {name}: not reported")
                }
                None => format!("required check {name}: not known"),
            })
            .collect();
        if required.is_empty() {
            lines.push("no check is required".into());
        }
        let others = self
            .all
            .iter()
            .filter(|check| !required.contains(&check.name));
        lines.extend(others.map(Check::words));
        lines.extend(self.unreadable.iter().cloned());
        lines
    }

    /// Checks that are not required and in this state of things.
    pub fn others<'c>(
        &'c self,
        required: &'c BTreeSet<String>,
        wanted: impl Fn(&CheckState) -> bool + 'c,
    ) -> impl Iterator<Item = &'c Check> {
        self.all
            .iter()
            .filter(move |check| !required.contains(&check.name) && wanted(&check.state))
    }
}

#[cfg(test)]
pub mod tests {
    use super::*;

    pub fn check(name: &str, state: CheckState) -> Check {
        Check {
            name: name.into(),
            state,
            url: None,
        }
    }

    #[test]
    fn words_of_tomorrow_mean_wait_or_look_and_never_good() {
        assert_eq!(state(Some("completed"), Some("success")), CheckState::Good);
        assert_eq!(state(Some("waiting"), None), CheckState::Running);
        assert_eq!(
            state(Some("completed"), Some("moonlit")),
            CheckState::Bad("moonlit".into())
        );
    }

    #[test]
    fn the_worst_report_of_a_name_counts() {
        let checks = Checks {
            all: vec![
                check("ci", CheckState::Good),
                check("ci", CheckState::Bad("failure".into())),
                check("Vercel", CheckState::Running),
            ],
            unreadable: vec![],
        };
        let required = BTreeSet::from(["ci".to_string(), "lint".to_string()]);
        assert_eq!(
            checks.lines(&required),
            [
                "required check ci: failure",
                "required check lint: not reported",
                "Vercel: running"
            ]
        );
    }
}
