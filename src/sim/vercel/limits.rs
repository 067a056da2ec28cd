//! How often each endpoint may be called. The numbers of a minute and an hour are not documented per endpoint.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use serde_json::json;

use super::wire::{Reply, refuse_with};
use crate::seam::transport::Method;

/// What the calls of one endpoint are counted in.
#[derive(Clone, Copy, Debug)]
pub struct Bucket {
    name: &'static str,
    total: u32,
    seconds: i64,
}

/// How a call's bucket stands after it.
#[derive(Clone, Debug)]
pub struct Count {
    pub total: u32,
    pub remaining: u32,
    pub reset: Timestamp,
}

#[derive(Clone, Debug, Default)]
pub struct Limits {
    /// When the window began, and the calls in it.
    windows: BTreeMap<&'static str, (Timestamp, u32)>,
}

/// The bucket of a call.
pub fn bucket(method: Method, segments: &[&str]) -> Bucket {
    let (name, total, seconds) = match (method, segments) {
        (Method::Post, [_, "projects"]) => ("api-projects-create", 100, 3600),
        (Method::Get, [_, "projects", ..]) => ("api-projects-get", 500, 60),
        (_, [_, "projects", ..]) => ("api-projects-update", 120, 60),
        (_, [_, "domains" | "certs", ..]) => ("api-domains-get", 500, 60),
        (Method::Post, [_, "deployments"]) => ("api-deployments-create", 60, 60),
        (_, [_, "deployments", _, "events"]) => ("api-deployments-events", 300, 60),
        (_, [_, "deployments", ..]) => ("api-deployments-get", 500, 60),
        (_, [_, "teams", ..]) => ("api-teams-get", 500, 60),
        (_, [_, "integrations", ..]) => ("api-integrations-get", 120, 60),
        _ => ("api-user-get", 500, 60),
    };
    Bucket {
        name,
        total,
        seconds,
    }
}

impl Limits {
    /// Counts a call; the refusal once its window is full.
    pub fn count(&mut self, bucket: Bucket, now: Timestamp) -> (Count, Option<Box<Reply>>) {
        let length = SignedDuration::from_secs(bucket.seconds);
        let (since, used) = self.windows.entry(bucket.name).or_insert((now, 0));
        if *since + length <= now {
            (*since, *used) = (now, 0);
        }
        let reset = *since + length;
        let full = *used >= bucket.total;
        *used += u32::from(!full);
        let count = Count {
            total: bucket.total,
            remaining: bucket.total - *used,
            reset,
        };
        (count.clone(), full.then(|| refusal(bucket, &count, now)))
    }
}

fn refusal(bucket: Bucket, count: &Count, now: Timestamp) -> Box<Reply> {
    let wait = (count.reset.as_second() - now.as_second()).max(1);
    let message = format!(
        "The rate limit of {} exceeded for '{}'. Try again in {wait} seconds",
        bucket.total, bucket.name
    );
    let limit = json!({
        "remaining": 0,
        "reset": count.reset.as_second(),
        "resetMs": count.reset.as_millisecond(),
        "total": bucket.total,
    });
    let mut reply = refuse_with(429, "rate_limited", &message, json!({ "limit": limit }));
    reply.headers.push(("retry-after", wait.to_string()));
    reply
}
