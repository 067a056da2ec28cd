//! Records of a zone: read, added, removed and replaced one at a time.
//!
//! v3 knows records by opaque ids and takes one record a call. v1 knows sets of one type and name: one of several values is
//! removed or replaced by putting the others back, as they were just read.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{Client, Version, encoded};
use crate::event::FailedCall;
use crate::provider::http::{CallError, Class};
use crate::seam::transport::Method;

/// GoDaddy takes no shorter time to live, in seconds.
pub const TTL_MIN: u32 = 600;
/// Nor a longer one.
pub const TTL_MAX: u32 = 86_400;
/// The most that v3 gives at once.
const PAGE: usize = 100;
/// More pages than this are a loop: 50 pages are 5,000 records.
const PAGES_MAX: usize = 50;
/// The types that v1 is asked for at a name: those that golive writes or that may stand in their way. v1 knows no CAA.
const TYPES_READ: [&str; 4] = ["A", "AAAA", "CNAME", "TXT"];

/// One record as GoDaddy has it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Record {
    /// Of v3, which leaves it out for some records; it may change whenever the zone does.
    #[serde(default, skip_serializing)]
    pub record_id: Option<String>,
    #[serde(default, rename = "type", skip_serializing_if = "String::is_empty")]
    pub kind: String,
    /// Inside the zone: `www`, `@` for the zone itself.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub name: String,
    #[serde(default)]
    pub data: String,
    /// Seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ttl: Option<u32>,
    /// Of MX and SRV.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub priority: Option<u32>,
    /// Of SRV, as are the next three.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub port: Option<u32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub weight: Option<u32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub service: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub protocol: Option<String>,
    /// Of CAA, as is the tag.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub flag: Option<u32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tag: Option<String>,
}

impl Record {
    /// The same record: name, type and data are what GoDaddy tells records apart by.
    fn is(&self, other: &Record) -> bool {
        let plain = |text: &str| text.trim_end_matches('.').to_ascii_lowercase();
        let data = |record: &Record| match record.kind.as_str() {
            "TXT" => record.data.clone(),
            _ => plain(&record.data),
        };
        self.kind.eq_ignore_ascii_case(&other.kind)
            && plain(&self.name) == plain(&other.name)
            && data(self) == data(other)
    }

    fn is_blank(&self) -> bool {
        self.data.trim().is_empty()
    }
}

#[derive(Deserialize)]
struct Page {
    #[serde(default)]
    items: Option<Vec<Record>>,
    #[serde(default)]
    links: Option<Vec<Link>>,
}

#[derive(Deserialize)]
struct Link {
    #[serde(default)]
    rel: String,
}

impl Client<'_> {
    /// The call that golive needs most, as a probe: reading CNAME `www`. What it is refused here, it will be refused later.
    pub async fn probe(&self, zone: &str) -> Result<(), CallError> {
        self.records_of(zone, "CNAME", "www").await.map(|_| ())
    }

    /// The records of one type and name.
    pub async fn records_of(
        &self,
        zone: &str,
        kind: &str,
        label: &str,
    ) -> Result<Vec<Record>, CallError> {
        if self.version == Version::V1 {
            return self.set(zone, kind, label).await;
        }
        let query = format!("type={}&name={}&", encoded(kind), encoded(label));
        let mut records = self.pages(zone, &query).await?;
        records.retain(|record| record.name.eq_ignore_ascii_case(label));
        Ok(records)
    }

    /// Every record of the zone; `None` with v1, whose published document has no such call.
    pub async fn records(&self, zone: &str) -> Result<Option<Vec<Record>>, CallError> {
        match self.version {
            Version::V3 => self.pages(zone, "").await.map(Some),
            Version::V1 => Ok(None),
        }
    }

    /// The records of one name; with v1 those of the types that golive writes or that may be in their way.
    pub async fn records_at(&self, zone: &str, label: &str) -> Result<Vec<Record>, CallError> {
        if self.version == Version::V3 {
            let query = format!("name={}&", encoded(label));
            let mut records = self.pages(zone, &query).await?;
            records.retain(|record| record.name.eq_ignore_ascii_case(label));
            return Ok(records);
        }
        let mut records = Vec::new();
        for kind in TYPES_READ {
            records.extend(self.set(zone, kind, label).await?);
        }
        Ok(records)
    }

    /// Adds one record beside whatever is there. Neither API tells a repetition from a second wish, so it is never sent
    /// twice by itself.
    pub async fn add(&self, zone: &str, new: &Record) -> Result<(), CallError> {
        let zone = encoded(zone);
        let ttl = new.ttl.unwrap_or(TTL_MIN);
        if !(TTL_MIN..=TTL_MAX).contains(&ttl) {
            return Err(bad_ttl(ttl));
        }
        let body = json!(new);
        match self.version {
            Version::V3 => {
                let path = format!("/v3/domains/zones/{zone}/dns-records");
                self.send(Class::Unique, Method::Post, &path, Some(body))
                    .await
            }
            Version::V1 => {
                let path = format!("/v1/domains/{zone}/records");
                let body = Value::Array(vec![body]);
                self.send(Class::Unique, Method::Patch, &path, Some(body))
                    .await
            }
        }
    }

    /// Removes one record, as it was just read. Fine when it is gone already.
    pub async fn remove(&self, zone: &str, old: &Record) -> Result<(), CallError> {
        match self.version {
            Version::V3 => {
                let Some(id) = &old.record_id else {
                    return Err(here(format!(
                        "GoDaddy shows the record {} {} without an id, so it can only be removed by hand",
                        old.kind, old.name
                    )));
                };
                let path = format!(
                    "/v3/domains/zones/{}/dns-records/{}",
                    encoded(zone),
                    encoded(id)
                );
                gone(self.send(Class::Natural, Method::Delete, &path, None).await)
            }
            Version::V1 => {
                let mut set = self.set(zone, &old.kind, &old.name).await?;
                set.retain(|record| !record.is(old) && !record.is_blank());
                let path = self.set_path(zone, &old.kind, &old.name);
                match set.is_empty() {
                    true => gone(self.send(Class::Natural, Method::Delete, &path, None).await),
                    false => self.put(&path, &set).await,
                }
            }
        }
    }

    /// Puts `new` in the place of `old`: the same name and type. v1 does it in one step. v3 cannot: addresses and texts
    /// are added before the old one goes; of CNAMEs there can be only one, so the new one follows at once, and where it is
    /// refused the old one is put back.
    pub async fn replace(&self, zone: &str, old: &Record, new: &Record) -> Result<(), CallError> {
        if self.version == Version::V1 {
            let mut set = self.set(zone, &old.kind, &old.name).await?;
            set.retain(|record| !record.is(old) && !record.is(new) && !record.is_blank());
            set.push(new.clone());
            let path = self.set_path(zone, &old.kind, &old.name);
            return self.put(&path, &set).await;
        }
        if !matches!(old.kind.as_str(), "CNAME" | "ALIAS") {
            self.add(zone, new).await?;
            return self.remove(zone, old).await;
        }
        self.remove(zone, old).await?;
        let added = self.add(zone, new).await;
        if let Err(CallError::Refused(_)) = &added {
            let back = Record {
                ttl: old.ttl.map(|ttl| ttl.clamp(TTL_MIN, TTL_MAX)),
                ..old.clone()
            };
            // The refusal is what the operator must hear; that the name is empty now would show at the next look.
            let _ = self.add(zone, &back).await;
        }
        added
    }

    /// `GET /v1/domains/{domain}/records/{type}/{name}`: `[]` when there is none. Old programs leave records of blanks.
    async fn set(&self, zone: &str, kind: &str, label: &str) -> Result<Vec<Record>, CallError> {
        let path = self.set_path(zone, kind, label);
        let set: Option<Vec<Record>> = self.get(&path).await?;
        let mut set = set.unwrap_or_default();
        for record in &mut set {
            // What was asked for need not be repeated in the answer.
            if record.kind.is_empty() {
                record.kind = kind.to_string();
            }
            if record.name.is_empty() {
                record.name = label.to_string();
            }
        }
        Ok(set)
    }

    fn set_path(&self, zone: &str, kind: &str, label: &str) -> String {
        let (zone, kind, label) = (encoded(zone), encoded(kind), encoded(label));
        format!("/v1/domains/{zone}/records/{kind}/{label}")
    }

    /// `PUT /v1/domains/{domain}/records/{type}/{name}`: all records of that type and name become these.
    async fn put(&self, path: &str, set: &[Record]) -> Result<(), CallError> {
        let bare = set.iter().map(|record| {
            json!(Record {
                kind: String::new(),
                name: String::new(),
                ..record.clone()
            })
        });
        let body = Value::Array(bare.collect());
        self.send(Class::Natural, Method::Put, path, Some(body))
            .await
    }

    /// `GET /v3/domains/zones/{zone}/dns-records`, all pages. A full page without a way on is followed too: a shorter list
    /// than there is would look like records that are missing.
    async fn pages(&self, zone: &str, query: &str) -> Result<Vec<Record>, CallError> {
        let zone = encoded(zone);
        let mut records: Vec<Record> = Vec::new();
        for number in 1..=PAGES_MAX {
            let path = format!(
                "/v3/domains/zones/{zone}/dns-records?{query}page={number}&pageSize={PAGE}"
            );
            let page: Page = self.get(&path).await?;
            let items = page.items.unwrap_or_default();
            let links = page.links.unwrap_or_default();
            let next = links.iter().any(|link| link.rel == "next");
            let count = items.len();
            records.extend(items);
            if count == 0 || !(next || count >= PAGE) {
                return Ok(records);
            }
        }
        Err(CallError::Unreachable {
            call: called(),
            cause: format!("more than {PAGES_MAX} pages of records"),
        })
    }
}

/// A deletion of what is not there has done its work.
fn gone(outcome: Result<(), CallError>) -> Result<(), CallError> {
    match outcome {
        Err(error) if error.is_status(404) => Ok(()),
        outcome => outcome,
    }
}

fn bad_ttl(ttl: u32) -> CallError {
    here(format!(
        "GoDaddy takes a TTL of {TTL_MIN} to {TTL_MAX} seconds, not {ttl}"
    ))
}

fn here(cause: String) -> CallError {
    CallError::Here {
        call: Box::new(called()),
        cause,
        hint: None,
    }
}

fn called() -> FailedCall {
    FailedCall {
        method: "GET".into(),
        path: "/v3/domains/zones".into(),
        status: None,
        request_id: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_is_known_by_name_type_and_data() {
        let record = |kind: &str, name: &str, data: &str| Record {
            kind: kind.into(),
            name: name.into(),
            data: data.into(),
            ..Record::default()
        };
        let www = record("CNAME", "www", "shop.vercel-dns.com");
        assert!(www.is(&record("CNAME", "WWW", "Shop.vercel-dns.com.")));
        assert!(!www.is(&record("CNAME", "www", "other.example.com")));
        assert!(!www.is(&record("A", "www", "shop.vercel-dns.com")));
        assert!(!record("TXT", "_vercel", "a").is(&record("TXT", "_vercel", "A")));
    }

    #[test]
    fn a_set_is_put_without_type_name_or_id() {
        let read: Record = serde_json::from_value(json!({
            "recordId": "Aad7", "type": "MX", "name": "@", "data": "mail.example.com", "ttl": 3600, "priority": 10
        }))
        .unwrap();
        assert_eq!(read.record_id.as_deref(), Some("Aad7"));
        let put = json!(Record {
            kind: String::new(),
            name: String::new(),
            ..read
        });
        assert_eq!(
            put,
            json!({"data": "mail.example.com", "ttl": 3600, "priority": 10})
        );
    }
}
