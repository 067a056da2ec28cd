//! A zone's records by the API of whoever holds them: GoDaddy and Cloudflare as one.

use super::entry::{Entry, plain_name};
use super::{Holder, ZONE_ID, access, label};
use crate::provider::http::CallError;
use crate::provider::{cloudflare, godaddy};
use crate::resource::{Cx, Look, here};

/// The records of one zone, by API.
pub enum Book<'a> {
    GoDaddy {
        client: &'a godaddy::Client<'a>,
        zone: &'a str,
    },
    Cloudflare {
        client: &'a cloudflare::Client<'a>,
        id: String,
        comment: &'a str,
    },
}

impl<'a> Book<'a> {
    /// `None` where a person enters the records.
    pub fn of(cx: &Cx<'a>, holder: Holder, zone: &'a str) -> Look<Option<Book<'a>>> {
        Ok(match holder {
            Holder::ByHand => None,
            Holder::GoDaddy => Some(Book::GoDaddy {
                client: cx.godaddy()?,
                zone,
            }),
            Holder::Cloudflare => {
                let id = cx.known.output(&access(), ZONE_ID);
                let id = id.ok_or_else(|| {
                    here(
                        format!(
                            "the zone's id at Cloudflare is not known before {} is settled",
                            access()
                        ),
                        Some(format!("golive run {}", access())),
                    )
                })?;
                Some(Book::Cloudflare {
                    client: cx.cloudflare()?,
                    id: id.to_string(),
                    comment: &cx.known.marker,
                })
            }
        })
    }

    /// Every record; `None` where the API has no list of a whole zone.
    pub async fn all(&self) -> Look<Option<Vec<Entry>>> {
        match self {
            Book::GoDaddy { client, zone } => {
                let records = client.records(zone).await?;
                Ok(records
                    .map(|records| records.iter().map(|one| from_godaddy(one, zone)).collect()))
            }
            Book::Cloudflare { client, id, .. } => {
                let records = client.records(id).await?;
                Ok(Some(records.iter().map(from_cloudflare).collect()))
            }
        }
    }

    /// The records of one name. GoDaddy's older API tells only those of the types that matter here.
    pub async fn at(&self, name: &str) -> Look<Vec<Entry>> {
        match self {
            Book::GoDaddy { client, zone } => {
                let records = client.records_at(zone, &label(name, zone)).await?;
                Ok(records.iter().map(|one| from_godaddy(one, zone)).collect())
            }
            Book::Cloudflare { client, id, .. } => {
                let records = client.records_at(id, name).await?;
                Ok(records.iter().map(from_cloudflare).collect())
            }
        }
    }

    /// Adds a record; the id that it got, where the API tells one at once. A refusal because it is there already is no
    /// refusal: what was wished is so.
    pub async fn add(&self, new: &Entry, marked: bool) -> Result<Option<String>, CallError> {
        let outcome = match self {
            Book::GoDaddy { client, zone } => {
                let added = client.add(zone, &to_godaddy(new, zone)).await;
                added.map(|()| None)
            }
            Book::Cloudflare {
                client,
                id,
                comment,
            } => {
                let new = to_cloudflare(new, noted(new, marked, comment));
                client.create(id, &new).await.map(|record| record.id)
            }
        };
        match outcome {
            Err(error) if godaddy::is_duplicate(&error) || cloudflare::is_identical(&error) => {
                self.there_already(new, error).await
            }
            outcome => outcome,
        }
    }

    /// What a refused addition stands for: done, in conflict with what can be seen, or a refusal that nothing explains.
    async fn there_already(
        &self,
        new: &Entry,
        error: CallError,
    ) -> Result<Option<String>, CallError> {
        let there = self.at(&new.name).await?;
        if there.iter().any(|entry| entry.is(new)) {
            return Ok(None);
        }
        match error {
            CallError::Refused(mut refusal) if there.iter().any(Entry::leads) => {
                // Busy: the next look shows what is in the way, and plans for it.
                refusal.status = 409;
                Err(CallError::Refused(refusal))
            }
            error => Err(error),
        }
    }

    /// Removes a record. Ids are looked up afresh: GoDaddy's change with the zone. Fine when it is gone.
    pub async fn remove(&self, old: &Entry) -> Result<(), CallError> {
        match self {
            Book::GoDaddy { client, zone } => match self.at_godaddy(client, zone, old).await? {
                Some(record) => client.remove(zone, &record).await,
                None => Ok(()),
            },
            Book::Cloudflare { client, id, .. } => match at_cloudflare(client, id, old).await? {
                Some(record) => client.delete(id, &record).await,
                None => Ok(()),
            },
        }
    }

    /// Puts `new` in the place of `old`, in one step where the API has one.
    pub async fn replace(&self, old: &Entry, new: &Entry, marked: bool) -> Result<(), CallError> {
        match self {
            Book::GoDaddy { client, zone } => match self.at_godaddy(client, zone, old).await? {
                Some(record) => client.replace(zone, &record, &to_godaddy(new, zone)).await,
                None => self.add(new, marked).await.map(|_| ()),
            },
            Book::Cloudflare {
                client,
                id,
                comment,
            } => match at_cloudflare(client, id, old).await? {
                Some(record) => {
                    let new = to_cloudflare(new, noted(new, marked, comment));
                    client.change(id, &record, &new).await.map(|_| ())
                }
                None => self.add(new, marked).await.map(|_| ()),
            },
        }
    }

    async fn at_godaddy(
        &self,
        client: &godaddy::Client<'_>,
        zone: &str,
        entry: &Entry,
    ) -> Look<Option<godaddy::Record>> {
        let label = label(&entry.name, zone);
        let records = client.records_of(zone, &entry.kind, &label).await?;
        Ok(records
            .into_iter()
            .find(|record| from_godaddy(record, zone).is(entry)))
    }
}

/// The id of a record.
async fn at_cloudflare(
    client: &cloudflare::Client<'_>,
    zone: &str,
    entry: &Entry,
) -> Look<Option<String>> {
    let records = client.records_at(zone, &entry.name).await?;
    let own = records
        .into_iter()
        .find(|record| from_cloudflare(record).is(entry));
    Ok(own.and_then(|record| record.id))
}

fn from_godaddy(record: &godaddy::Record, zone: &str) -> Entry {
    let name = match record.name.as_str() {
        "@" | "" => zone.to_string(),
        label => format!("{label}.{zone}"),
    };
    let numbers = [record.priority, record.weight, record.port, record.flag];
    let rest: Vec<String> = numbers
        .iter()
        .flatten()
        .map(ToString::to_string)
        .chain(record.service.clone())
        .chain(record.protocol.clone())
        .chain(record.tag.clone())
        .collect();
    Entry {
        rest: rest.join(" "),
        ..Entry::new(&name, &record.kind, &record.data, record.ttl.unwrap_or(0))
    }
}

fn to_godaddy(entry: &Entry, zone: &str) -> godaddy::Record {
    godaddy::Record {
        kind: entry.kind.clone(),
        name: label(&entry.name, zone),
        data: entry.data.clone(),
        ttl: Some(entry.ttl.clamp(godaddy::TTL_MIN, godaddy::TTL_MAX)),
        ..godaddy::Record::default()
    }
}

fn from_cloudflare(record: &cloudflare::Record) -> Entry {
    let parts = record.data.as_ref().map(ToString::to_string);
    let content = record.content.clone().or(parts).unwrap_or_default();
    Entry {
        rest: record
            .priority
            .map(|priority| priority.to_string())
            .unwrap_or_default(),
        proxied: record.proxied.unwrap_or(false),
        comment: record.comment.clone().unwrap_or_default(),
        ..Entry::new(
            &plain_name(&record.name),
            &record.kind,
            &content,
            record.ttl(),
        )
    }
}

/// What is noted beside a record: golive's mark, or what stood there before golive came.
fn noted<'e>(entry: &'e Entry, marked: bool, mark: &'e str) -> &'e str {
    match marked {
        true => mark,
        false => &entry.comment,
    }
}

fn to_cloudflare<'e>(entry: &'e Entry, comment: &'e str) -> cloudflare::NewRecord<'e> {
    let ttl = match entry.ttl {
        // Only "automatic" goes with the proxy.
        _ if entry.proxied => 1,
        0 | 1 => 1,
        ttl => ttl.clamp(cloudflare::TTL_MIN, cloudflare::TTL_MAX),
    };
    cloudflare::NewRecord {
        kind: &entry.kind,
        name: &entry.name,
        content: &entry.data,
        ttl,
        proxied: entry.proxied,
        comment: Some(comment),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_record_of_godaddy_is_read_with_its_whole_name_and_written_with_its_label() {
        let read = |name: &str, kind: &str, data: &str| {
            let record = godaddy::Record {
                kind: kind.into(),
                name: name.into(),
                data: data.into(),
                ttl: Some(3600),
                ..godaddy::Record::default()
            };
            from_godaddy(&record, "bondigoo.ch")
        };
        let www = read("www", "CNAME", "Shop.example.com.");
        assert_eq!(www.shown(), "CNAME shop.example.com");
        assert_eq!(www.name, "www.bondigoo.ch");
        assert_eq!(to_godaddy(&www, "bondigoo.ch").name, "www");
        let apex = read("@", "A", "203.0.113.7");
        assert_eq!(apex.name, "bondigoo.ch");
        assert_eq!(to_godaddy(&apex, "bondigoo.ch").name, "@");
    }

    #[test]
    fn an_old_time_to_live_is_put_back_as_near_as_the_provider_takes_it() {
        let short = Entry::new("www.bondigoo.ch", "A", "203.0.113.7", 30);
        assert_eq!(to_godaddy(&short, "bondigoo.ch").ttl, Some(600));
        assert_eq!(to_cloudflare(&short, "").ttl, 60);
        let automatic = Entry { ttl: 1, ..short };
        assert_eq!(to_cloudflare(&automatic, "").ttl, 1);
    }

    #[test]
    fn a_record_of_cloudflare_keeps_that_it_is_proxied() {
        let record: cloudflare::Record = serde_json::from_value(json!({
            "id": "1", "type": "CNAME", "name": "WWW.bondigoo.ch", "content": "shop.example.com", "ttl": 1,
            "proxied": true
        }))
        .unwrap();
        let entry = from_cloudflare(&record);
        assert_eq!(entry.shown(), "CNAME shop.example.com (proxied)");
        let caa: cloudflare::Record = serde_json::from_value(json!({
            "type": "CAA", "name": "bondigoo.ch", "data": {"flags": 0, "tag": "issue", "value": "letsencrypt.org"}
        }))
        .unwrap();
        assert!(from_cloudflare(&caa).data.contains("letsencrypt.org"));
    }
}
