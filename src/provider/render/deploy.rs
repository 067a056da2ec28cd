//! Deploys of a service: listed, triggered, and why one failed, from the service's events and logs.

use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{Client, encoded};
use crate::provider::http::{CallError, Class};
use crate::seam::transport::Method;
use crate::text::strip_controls;

/// Lines may arrive this much after the end of what they tell of.
const LATE_LINES: SignedDuration = SignedDuration::from_secs(30);

#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Deploy {
    pub id: String,
    /// `created`, `build_in_progress`, `live`, `build_failed`, …
    #[serde(default)]
    pub status: String,
    /// `new_commit`, `api`, `manual`, …
    pub trigger: Option<String>,
    commit: Option<Commit>,
    created_at: Option<String>,
    finished_at: Option<String>,
}

#[derive(Clone, Debug, Deserialize)]
struct Commit {
    id: Option<String>,
}

impl Deploy {
    pub fn created_at(&self) -> Option<Timestamp> {
        self.created_at.as_deref()?.parse().ok()
    }

    /// The commit's sha, where Render tells it.
    pub fn commit(&self) -> Option<&str> {
        self.commit.as_ref()?.id.as_deref()
    }

    /// It is what the service runs.
    pub fn is_live(&self) -> bool {
        self.status == "live"
    }

    /// It is, or was until a newer one, what the service runs.
    pub fn has_been_live(&self) -> bool {
        matches!(self.status.as_str(), "live" | "deactivated")
    }

    /// It has not come to an end. A word that is not known is one on the way.
    pub fn is_under_way(&self) -> bool {
        !self.has_been_live() && self.failure().is_none()
    }

    /// Render had fetched the repository: a build is made of what was fetched.
    pub fn had_the_repository(&self) -> bool {
        let built = ["pre_deploy_in_progress", "pre_deploy_failed"];
        let started = ["build_in_progress", "update_in_progress", "update_failed"];
        self.has_been_live() || built.contains(&&*self.status) || started.contains(&&*self.status)
    }

    /// Why it ended without being live, in words; `None` while it goes on, and when it was live.
    pub fn failure(&self) -> Option<&'static str> {
        Some(match self.status.as_str() {
            "build_failed" => "its build failed",
            "pre_deploy_failed" => "its pre-deploy command failed",
            "update_failed" => "it was built and did not start",
            "canceled" => "it was cancelled",
            _ => return None,
        })
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Event {
    #[serde(default)]
    details: Option<EventDetails>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct EventDetails {
    deploy_id: Option<String>,
    reason: Option<Reason>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Reason {
    build_failed: Option<Value>,
    failure: Option<Failure>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Failure {
    non_zero_exit: Option<i64>,
    early_exit: Option<bool>,
    oom_killed: Option<OutOfMemory>,
    evicted: Option<bool>,
    timed_out_seconds: Option<i64>,
    timed_out_reason: Option<String>,
    unhealthy: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct OutOfMemory {
    memory_limit: Option<String>,
}

impl Reason {
    fn words(&self) -> Option<String> {
        let Some(own) = &self.failure else {
            return self
                .build_failed
                .as_ref()
                .map(|_| "its build failed".into());
        };
        let said = |text: &Option<String>| text.as_deref().map(strip_controls);
        if let Some(memory) = &own.oom_killed {
            let limit = said(&memory.memory_limit);
            return Some(match limit {
                Some(limit) => format!("it used more memory than its {limit}"),
                None => "it used more memory than it has".into(),
            });
        }
        if let Some(why) = said(&own.unhealthy) {
            return Some(format!("its health check failed: {why}"));
        }
        if let Some(seconds) = own.timed_out_seconds {
            let why = said(&own.timed_out_reason).unwrap_or_else(|| "no reason was given".into());
            return Some(format!("it was given up after {seconds} seconds: {why}"));
        }
        if let Some(code) = own.non_zero_exit {
            return Some(format!("its program ended with exit code {code}"));
        }
        if own.early_exit == Some(true) {
            return Some("its program ended by itself".into());
        }
        (own.evicted == Some(true)).then(|| "Render took its machine away".into())
    }
}

#[derive(Deserialize)]
struct Logs {
    logs: Option<Vec<LogLine>>,
}

#[derive(Deserialize)]
struct LogLine {
    #[serde(default)]
    message: String,
}

impl Client<'_> {
    /// `GET /services/{id}/deploys`: the latest ones, newest first.
    pub async fn deploys(&self, id: &str) -> Result<Vec<Deploy>, CallError> {
        let path = format!("/services/{}/deploys", encoded(id));
        let mut list: Vec<Deploy> = self.beginning(&path, "deploy", 20).await?;
        list.sort_by_key(|deploy| std::cmp::Reverse(deploy.created_at()));
        Ok(list)
    }

    /// `POST /services/{id}/deploys`: builds the head of the service's branch. 201 tells the deploy, 202 with an empty
    /// body says that it waits behind another; which one it is, the list tells. Sent twice it deploys twice.
    pub async fn trigger_deploy(&self, id: &str) -> Result<(), CallError> {
        let path = format!("/services/{}/deploys", encoded(id));
        let body = json!({ "clearCache": "do_not_clear" });
        self.send(Class::Unique, Method::Post, &path, Some(body))
            .await
    }

    /// `GET /services/{id}/events?type=deploy_ended`: why that deploy ended, in words, where Render says so.
    pub async fn why_ended(&self, id: &str, deploy: &str) -> Result<Option<String>, CallError> {
        let path = format!(
            "/services/{}/events?type=deploy_ended&limit=20",
            encoded(id)
        );
        let events: Vec<Event> = self.page(&path, "event").await?;
        let details = events.into_iter().filter_map(|event| event.details);
        let own = details
            .into_iter()
            .find(|details| details.deploy_id.as_deref() == Some(deploy));
        Ok(own.and_then(|own| own.reason).and_then(|why| why.words()))
    }

    /// `GET /logs`: the last lines that a deploy wrote while it was built or started, oldest first.
    pub async fn deploy_log(
        &self,
        owner: &str,
        service: &str,
        deploy: &Deploy,
        lines: usize,
    ) -> Result<Vec<String>, CallError> {
        let kind = match deploy.status.as_str() {
            "build_failed" => "build",
            _ => "app",
        };
        let mut path = format!(
            "/logs?ownerId={}&resource={}&type={kind}&direction=backward&limit={lines}",
            encoded(owner),
            encoded(service)
        );
        let ended = deploy.finished_at.as_deref();
        let ended = ended.and_then(|time| time.parse::<Timestamp>().ok());
        let until = ended.and_then(|time| time.checked_add(LATE_LINES).ok());
        for (name, time) in [
            ("startTime", deploy.created_at.clone()),
            ("endTime", until.map(|time| time.to_string())),
        ] {
            if let Some(time) = time {
                path.push_str(&format!("&{name}={}", encoded(&time)));
            }
        }
        let page: Logs = self.get(&path).await?;
        let mut written: Vec<String> = page
            .logs
            .unwrap_or_default()
            .into_iter()
            .map(|line| strip_controls(line.message.trim_end()))
            .filter(|line| !line.trim().is_empty())
            .collect();
        written.truncate(lines);
        written.reverse();
        Ok(written)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn why_a_deploy_ended_is_told_in_words() {
        let words = |reason: Value| serde_json::from_value::<Reason>(reason).unwrap().words();
        let failure = |more: Value| words(json!({ "failure": more })).unwrap();
        assert_eq!(
            failure(json!({"evicted": false, "nonZeroExit": 1})),
            "its program ended with exit code 1"
        );
        assert_eq!(
            failure(json!({"evicted": false, "oomKilled": {"memoryLimit": "512Mi"}})),
            "it used more memory than its 512Mi"
        );
        assert!(
            failure(json!({"evicted": false, "timedOutSeconds": 900, "timedOutReason": "no port"}))
                .contains("after 900 seconds: no port")
        );
        assert_eq!(
            words(json!({"buildFailed": {"id": "bld-1"}})).unwrap(),
            "its build failed"
        );
        assert_eq!(words(json!({"newDeploy": {"id": "x"}})), None);
    }

    #[test]
    fn a_word_that_is_not_known_is_a_deploy_on_its_way() {
        let deploy = |status: &str| -> Deploy {
            serde_json::from_value(json!({"id": "dep-1", "status": status, "commit": null}))
                .unwrap()
        };
        for word in ["created", "queued", "update_in_progress", "dreaming"] {
            assert!(deploy(word).is_under_way(), "{word}");
        }
        for word in ["live", "deactivated", "build_failed", "canceled"] {
            assert!(!deploy(word).is_under_way(), "{word}");
        }
    }
}
