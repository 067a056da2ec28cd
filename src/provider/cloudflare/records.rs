//! Records of a zone: read, created, changed and deleted by their ids.

use serde::Deserialize;
use serde_json::{Value, json};

use super::refusal::is_gone;
use super::{Client, encoded};
use crate::event::FailedCall;
use crate::provider::http::{CallError, Class};
use crate::seam::transport::Method;

/// Cloudflare takes no shorter time to live, in seconds; 1 means "automatic".
pub const TTL_MIN: u32 = 60;
/// Nor a longer one.
pub const TTL_MAX: u32 = 86_400;
/// What a comment may have on every plan.
pub const COMMENT_MAX: usize = 100;
const PAGE: usize = 100;
/// More pages than this are a loop: 50 pages are 5,000 records.
const PAGES_MAX: u32 = 50;

/// One record as Cloudflare has it.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub struct Record {
    #[serde(default)]
    pub id: Option<String>,
    #[serde(rename = "type")]
    pub kind: String,
    /// The whole name.
    pub name: String,
    /// TXT with or without quotes; absent for the types that hold their parts in `data`.
    #[serde(default)]
    pub content: Option<String>,
    /// Seconds; 1 = automatic.
    #[serde(default)]
    ttl: Option<f64>,
    #[serde(default)]
    pub proxied: Option<bool>,
    #[serde(default)]
    pub priority: Option<u32>,
    #[serde(default)]
    pub comment: Option<String>,
    /// The parts of SRV, CAA and the like.
    #[serde(default)]
    pub data: Option<Value>,
}

impl Record {
    /// Seconds; 1 = automatic. The document has it as any number.
    pub fn ttl(&self) -> u32 {
        self.ttl.map_or(1, |ttl| ttl.clamp(1.0, 1e9) as u32)
    }
}

/// A record to be written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewRecord<'r> {
    pub kind: &'r str,
    /// The whole name.
    pub name: &'r str,
    pub content: &'r str,
    pub ttl: u32,
    pub proxied: bool,
    /// `None` leaves the one there as it is.
    pub comment: Option<&'r str>,
}

impl NewRecord<'_> {
    fn body(&self) -> Value {
        let mut body = json!({
            "type": self.kind,
            "name": self.name,
            "content": self.content,
            "ttl": self.ttl,
        });
        // Only these can be proxied; of others Cloudflare does not want to hear it.
        if matches!(self.kind, "A" | "AAAA" | "CNAME") {
            body["proxied"] = json!(self.proxied);
        }
        if let Some(comment) = self.comment {
            let short: String = comment.chars().take(COMMENT_MAX).collect();
            body["comment"] = json!(short);
        }
        body
    }
}

impl Client<'_> {
    /// Every record of the zone.
    pub async fn records(&self, zone: &str) -> Result<Vec<Record>, CallError> {
        self.pages(zone, "").await
    }

    /// The records of one name, of all types.
    pub async fn records_at(&self, zone: &str, name: &str) -> Result<Vec<Record>, CallError> {
        let query = format!("name={}&", encoded(name));
        let mut records = self.pages(zone, &query).await?;
        records.retain(|record| record.name.eq_ignore_ascii_case(name));
        Ok(records)
    }

    /// `POST /zones/{zone}/dns_records`. Cloudflare refuses an identical one, so a look tells whether it happened.
    pub async fn create(&self, zone: &str, new: &NewRecord<'_>) -> Result<Record, CallError> {
        new.fits()?;
        let path = format!("/zones/{}/dns_records", encoded(zone));
        self.write(Class::Unique, Method::Post, &path, Some(new.body()))
            .await
    }

    /// `PATCH /zones/{zone}/dns_records/{id}`, the record in full; what the body leaves out stays.
    pub async fn change(
        &self,
        zone: &str,
        id: &str,
        new: &NewRecord<'_>,
    ) -> Result<Record, CallError> {
        new.fits()?;
        let path = format!("/zones/{}/dns_records/{}", encoded(zone), encoded(id));
        self.write(Class::Natural, Method::Patch, &path, Some(new.body()))
            .await
    }

    /// `DELETE /zones/{zone}/dns_records/{id}`. Fine when it is gone already.
    pub async fn delete(&self, zone: &str, id: &str) -> Result<(), CallError> {
        let path = format!("/zones/{}/dns_records/{}", encoded(zone), encoded(id));
        let outcome = self
            .write::<Value>(Class::Natural, Method::Delete, &path, None)
            .await;
        match outcome {
            Err(error) if is_gone(&error) => Ok(()),
            outcome => outcome.map(|_| ()),
        }
    }

    async fn pages(&self, zone: &str, query: &str) -> Result<Vec<Record>, CallError> {
        let mut records: Vec<Record> = Vec::new();
        for number in 1..=PAGES_MAX {
            let path = format!(
                "/zones/{}/dns_records?{query}page={number}&per_page={PAGE}",
                encoded(zone)
            );
            let (page, info): (Vec<Record>, _) = self.get(&path).await?;
            let count = page.len();
            records.extend(page);
            let more = info.total_pages.map_or(count >= PAGE, |all| number < all);
            if count == 0 || !more {
                return Ok(records);
            }
        }
        Err(CallError::Unreachable {
            call: called(),
            cause: format!("more than {PAGES_MAX} pages of records"),
        })
    }
}

impl NewRecord<'_> {
    fn fits(&self) -> Result<(), CallError> {
        match self.ttl {
            1 | TTL_MIN..=TTL_MAX => Ok(()),
            ttl => Err(CallError::Here {
                call: Box::new(called()),
                cause: format!(
                    "Cloudflare takes a TTL of {TTL_MIN} to {TTL_MAX} seconds, or 1 for automatic, not {ttl}"
                ),
                hint: None,
            }),
        }
    }
}

fn called() -> FailedCall {
    FailedCall {
        method: "GET".into(),
        path: "/zones/dns_records".into(),
        status: None,
        request_id: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_golive_writes_is_never_proxied_and_says_whose_it_is() {
        let comment = "golive:bondigoo-0a1b2c3d:6.2.record-www".repeat(4);
        let new = NewRecord {
            kind: "CNAME",
            name: "www.bondigoo.ch",
            content: "d1d4.vercel-dns-017.com",
            ttl: 300,
            proxied: false,
            comment: Some(&comment),
        };
        let body = new.body();
        assert_eq!(body["proxied"], json!(false));
        assert_eq!(body["comment"].as_str().unwrap().len(), COMMENT_MAX);
        let text = NewRecord {
            kind: "TXT",
            comment: None,
            ..new
        };
        assert!(text.body().get("proxied").is_none() && text.body().get("comment").is_none());
        assert!(
            NewRecord {
                ttl: 30,
                ..text.clone()
            }
            .fits()
            .is_err()
        );
        assert!(NewRecord { ttl: 1, ..text }.fits().is_ok());
    }
}
