//! Issues of the repository. To GitHub every pull request is an issue too; here they are left out.

use serde::Deserialize;
use serde_json::{Value, json};

use super::Client;
use crate::provider::http::{CallError, Class};
use crate::seam::transport::Method;

#[derive(Clone, Debug, Deserialize)]
pub struct Issue {
    pub number: u64,
    /// `open` or `closed`.
    pub state: String,
    pub title: String,
    pub body: Option<String>,
    pub html_url: Option<String>,
    pub closed_at: Option<String>,
    /// There only when it is a pull request.
    pull_request: Option<Value>,
}

impl Issue {
    pub fn is_open(&self) -> bool {
        self.state == "open"
    }
}

impl Client<'_> {
    /// `GET issues?state=all`, newest first, without pull requests. 410 = issues are switched off.
    pub async fn issues(&self) -> Result<Vec<Issue>, CallError> {
        let list: Vec<Issue> = self
            .list(&self.at("/issues?state=all&per_page=100"))
            .await?;
        Ok(list
            .into_iter()
            .filter(|issue| issue.pull_request.is_none())
            .collect())
    }

    /// `POST issues`. Nothing keeps two of the same apart: a marker in the body does.
    pub async fn open_issue(&self, title: &str, body: &str) -> Result<Issue, CallError> {
        let fields = json!({ "title": title, "body": body });
        self.write(Class::Unique, Method::Post, &self.at("/issues"), fields)
            .await
    }

    /// `PATCH issues/{n}` to closed, as not to be done.
    pub async fn close_issue(&self, number: u64) -> Result<(), CallError> {
        let fields = json!({ "state": "closed", "state_reason": "not_planned" });
        let path = self.at(&format!("/issues/{number}"));
        self.send(Class::Natural, Method::Patch, &path, Some(fields))
            .await
    }
}
