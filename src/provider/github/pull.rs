//! Pull requests: finding, opening, reviewing, merging, closing.

use serde::Deserialize;
use serde_json::{Value, json};

use super::{Client, encoded};
use crate::provider::http::{CallError, Class};
use crate::seam::transport::Method;

/// A pull request. `merged`, `mergeable` and `mergeable_state` are in the answer for one, not in lists.
#[derive(Clone, Debug, Deserialize)]
pub struct Pull {
    pub number: u64,
    /// `open` or `closed`.
    pub state: String,
    pub html_url: Option<String>,
    pub body: Option<String>,
    pub draft: Option<bool>,
    pub merged: Option<bool>,
    pub merged_at: Option<String>,
    pub created_at: Option<String>,
    /// `None` while GitHub computes it; asking starts that.
    pub mergeable: Option<bool>,
    /// `clean`, `unstable`, `blocked`, `behind`, `dirty`, `draft`, `has_hooks`, `unknown` …
    pub mergeable_state: Option<String>,
    pub user: Option<Login>,
    pub head: PullEnd,
    pub base: PullEnd,
    #[serde(default)]
    pub requested_reviewers: Option<Vec<Login>>,
}

impl Pull {
    pub fn is_merged(&self) -> bool {
        self.merged.unwrap_or(false) || self.merged_at.is_some()
    }
}

#[derive(Clone, Debug, Deserialize)]
pub struct PullEnd {
    #[serde(rename = "ref")]
    pub name: String,
    pub sha: String,
}

#[derive(Clone, Debug, Deserialize)]
pub struct Login {
    pub login: String,
}

#[derive(Clone, Debug, Deserialize)]
pub struct Review {
    /// `None` for an account that is gone.
    pub user: Option<Login>,
    /// `APPROVED`, `CHANGES_REQUESTED`, `DISMISSED`, `COMMENTED`, `PENDING`.
    pub state: String,
}

/// What a merge answered.
#[derive(Clone, Debug, Deserialize)]
pub struct Merged {
    /// The merge commit.
    pub sha: Option<String>,
}

impl Client<'_> {
    /// `GET pulls?head={owner}:{head}&base={base}`, newest first. `state` is `open`, `closed` or `all`.
    pub async fn pulls(&self, head: &str, base: &str, state: &str) -> Result<Vec<Pull>, CallError> {
        let head = encoded(&format!("{}:{head}", self.owner));
        let path = format!(
            "/pulls?state={state}&head={head}&base={}&sort=created&direction=desc&per_page=100",
            encoded(base)
        );
        self.list(&self.at(&path)).await
    }

    /// `GET pulls/{n}`.
    pub async fn pull(&self, number: u64) -> Result<Pull, CallError> {
        self.get(&self.at(&format!("/pulls/{number}"))).await
    }

    /// `POST pulls`. GitHub allows one open pull request per head and base: 422 `A pull request already exists`. 422
    /// `No commits between` = nothing to do, or the push is too fresh.
    pub async fn open_pull(
        &self,
        head: &str,
        base: &str,
        title: &str,
        text: &str,
    ) -> Result<Pull, CallError> {
        let body = json!({ "title": title, "head": head, "base": base, "body": text });
        self.write(Class::Unique, Method::Post, &self.at("/pulls"), body)
            .await
    }

    /// `PATCH pulls/{n}` to closed. Closing a closed one changes nothing, so it may be repeated.
    pub async fn close_pull(&self, number: u64) -> Result<(), CallError> {
        let path = self.at(&format!("/pulls/{number}"));
        let body = json!({ "state": "closed" });
        self.send(Class::Natural, Method::Patch, &path, Some(body))
            .await
    }

    /// `GET pulls/{n}/reviews`, oldest first.
    pub async fn reviews(&self, number: u64) -> Result<Vec<Review>, CallError> {
        self.list(&self.at(&format!("/pulls/{number}/reviews?per_page=100")))
            .await
    }

    /// `POST pulls/{n}/requested_reviewers`. Asking somebody twice changes nothing. 422 = one of them may not review,
    /// such as the author.
    pub async fn request_reviewers(&self, number: u64, logins: &[String]) -> Result<(), CallError> {
        let path = self.at(&format!("/pulls/{number}/requested_reviewers"));
        let body = json!({ "reviewers": logins });
        self.send(Class::Natural, Method::Post, &path, Some(body))
            .await
    }

    /// `PUT pulls/{n}/update-branch`: merges the base into the head, some time after the answer. Only while the head
    /// stands at `head`.
    pub async fn update_pull(&self, number: u64, head: &str) -> Result<(), CallError> {
        let path = self.at(&format!("/pulls/{number}/update-branch"));
        let body = json!({ "expected_head_sha": head });
        self.send(Class::Unique, Method::Put, &path, Some(body))
            .await
    }

    /// `PUT pulls/{n}/merge` with a merge commit, never squashed: between long-lived branches a squash makes them
    /// diverge. Only while the head stands at `head`. 405 and 409 say why not.
    pub async fn merge_pull(
        &self,
        number: u64,
        head: &str,
        message: &str,
    ) -> Result<Merged, CallError> {
        let path = self.at(&format!("/pulls/{number}/merge"));
        let body = json!({ "merge_method": "merge", "sha": head, "commit_message": message });
        self.write(Class::Unique, Method::Put, &path, body).await
    }

    /// `GET pulls/{n}/merge`: 204 = merged, 404 = not.
    pub async fn is_merged(&self, number: u64) -> Result<bool, CallError> {
        let path = self.at(&format!("/pulls/{number}/merge"));
        match self
            .send(Class::Read, Method::Get, &path, None::<Value>)
            .await
        {
            Ok(()) => Ok(true),
            Err(error) if error.is_status(404) => Ok(false),
            Err(error) => Err(error),
        }
    }
}
