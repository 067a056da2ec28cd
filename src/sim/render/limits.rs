//! How many calls Render takes: buckets of an hour or a minute, counted in the world's time.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};

use crate::seam::transport::Method;

const HOUR_S: i64 = 3600;
const MINUTE_S: i64 = 60;

/// What has been used of every bucket. A window begins with the first call in it.
#[derive(Clone, Debug, Default)]
pub struct Limits {
    windows: BTreeMap<String, Window>,
}

#[derive(Clone, Copy, Debug)]
struct Window {
    ends: Timestamp,
    used: u64,
}

/// Which bucket a call is counted in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bucket {
    name: String,
    limit: u64,
    seconds: i64,
}

/// What the headers of an answer say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Left {
    pub limit: u64,
    pub remaining: u64,
    /// Seconds until the window is over.
    pub reset: i64,
}

impl Bucket {
    /// As the documentation's page on rate limits and the recorded headers have it.
    pub fn of(method: Method, segments: &[&str]) -> Bucket {
        let bucket = |name: &str, limit, seconds| Bucket {
            name: name.to_owned(),
            limit,
            seconds,
        };
        match (method, segments) {
            (Method::Get, _) => bucket("read", 400, MINUTE_S),
            (Method::Post, ["services"]) => bucket("services", 20, HOUR_S),
            (Method::Post, ["key-value" | "redis"]) => bucket("key-value", 20, HOUR_S),
            (Method::Post, ["services", _, "custom-domains", ..]) => {
                bucket("custom-domains", 50, HOUR_S)
            }
            (Method::Patch, ["services", id])
            | (Method::Post, ["services", id, "deploys" | "suspend" | "resume"]) => {
                bucket(&format!("service {id}"), 10, MINUTE_S)
            }
            _ => bucket("write", 30, MINUTE_S),
        }
    }

    /// The bucket while nothing has been taken from it.
    pub fn untouched(&self) -> Left {
        Left {
            limit: self.limit,
            remaining: self.limit,
            reset: self.seconds,
        }
    }
}

impl Limits {
    /// Counts a call. `Err` when the bucket is empty, unless the call is let through all the same.
    pub fn take(&mut self, bucket: &Bucket, now: Timestamp, unlimited: bool) -> Result<Left, Left> {
        let fresh = Window {
            ends: now + SignedDuration::from_secs(bucket.seconds),
            used: 0,
        };
        let window = self.windows.entry(bucket.name.clone()).or_insert(fresh);
        if window.ends <= now {
            *window = fresh;
        }
        let empty = window.used >= bucket.limit && !unlimited;
        if !empty {
            window.used += 1;
        }
        let left = Left {
            limit: bucket.limit,
            remaining: bucket.limit.saturating_sub(window.used),
            reset: window.ends.duration_since(now).as_secs(),
        };
        if empty { Err(left) } else { Ok(left) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bucket_empties_and_is_full_again_when_its_window_is_over() {
        let start: Timestamp = "2026-11-24T08:00:00Z".parse().unwrap();
        let after = |seconds| start + SignedDuration::from_secs(seconds);
        let mut limits = Limits::default();
        let creates = Bucket::of(Method::Post, &["services"]);
        for used in 1..=20 {
            let left = limits.take(&creates, after(2), false).unwrap();
            assert_eq!(left.remaining, 20 - used);
        }
        let empty = limits.take(&creates, after(125), false).unwrap_err();
        assert_eq!((empty.limit, empty.remaining, empty.reset), (20, 0, 3477));
        assert!(limits.take(&creates, after(125), true).is_ok());
        assert!(limits.take(&creates, after(3602), false).is_ok());
    }

    #[test]
    fn changes_are_counted_for_each_service_and_reads_apart() {
        let patch = |id| Bucket::of(Method::Patch, &["services", id]);
        assert_eq!(
            patch("srv-1"),
            Bucket::of(Method::Post, &["services", "srv-1", "deploys"])
        );
        assert_ne!(patch("srv-1"), patch("srv-2"));
        assert_eq!(
            Bucket::of(Method::Get, &["services"]),
            Bucket::of(Method::Get, &["key-value", "red-1"])
        );
    }
}
