//! What ran on a commit: check runs, commit statuses, and workflow runs where check runs may not be read.

use serde::Deserialize;

use super::{Client, encoded};
use crate::provider::http::CallError;

#[derive(Clone, Debug, Deserialize)]
pub struct CheckRun {
    pub name: String,
    /// `queued`, `in_progress`, `completed` …
    pub status: Option<String>,
    /// Once completed: `success`, `neutral`, `skipped` are good, all else is not.
    pub conclusion: Option<String>,
    pub details_url: Option<String>,
}

#[derive(Clone, Debug, Deserialize)]
pub struct Status {
    pub context: String,
    /// `success`, `pending`, `failure` or `error`.
    pub state: String,
    pub target_url: Option<String>,
}

/// The latest status of each context. The combined state says `pending` when there are none: look at the list.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct CombinedStatus {
    #[serde(default)]
    pub statuses: Vec<Status>,
}

#[derive(Clone, Debug, Deserialize)]
pub struct ActionsRun {
    pub name: Option<String>,
    pub status: Option<String>,
    pub conclusion: Option<String>,
    pub html_url: Option<String>,
}

#[derive(Deserialize)]
struct CheckRuns {
    check_runs: Vec<CheckRun>,
}

#[derive(Deserialize)]
struct WorkflowRuns {
    workflow_runs: Vec<ActionsRun>,
}

impl Client<'_> {
    /// `GET commits/{sha}/check-runs`, the latest of each name. A fine-grained token gets 403: no permission for it
    /// exists.
    pub async fn check_runs(&self, sha: &str) -> Result<Vec<CheckRun>, CallError> {
        let path = format!(
            "/commits/{}/check-runs?filter=latest&per_page=100",
            encoded(sha)
        );
        let pages: Vec<CheckRuns> = self.pages(&self.at(&path)).await?;
        Ok(pages.into_iter().flat_map(|page| page.check_runs).collect())
    }

    /// `GET commits/{sha}/status`: the latest status of each context.
    pub async fn statuses(&self, sha: &str) -> Result<Vec<Status>, CallError> {
        let path = format!("/commits/{}/status?per_page=100", encoded(sha));
        let pages: Vec<CombinedStatus> = self.pages(&self.at(&path)).await?;
        Ok(pages.into_iter().flat_map(|page| page.statuses).collect())
    }

    /// `GET actions/runs?head_sha={sha}`: needs `Actions: read`.
    pub async fn workflow_runs(&self, sha: &str) -> Result<Vec<ActionsRun>, CallError> {
        let path = format!("/actions/runs?head_sha={}&per_page=100", encoded(sha));
        let pages: Vec<WorkflowRuns> = self.pages(&self.at(&path)).await?;
        Ok(pages
            .into_iter()
            .flat_map(|page| page.workflow_runs)
            .collect())
    }
}
