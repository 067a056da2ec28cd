//! Key Value instances (Redis): found, made, changed, and the addresses that applications reach them by.

use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Value, json};

use super::service::gone;
use super::{Client, encoded};
use crate::provider::http::{CallError, Class};
use crate::seam::transport::Method;
use crate::secret::Secret;

/// An instance, from `/key-value` or the older `/redis`.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct KeyValue {
    pub id: String,
    #[serde(default)]
    pub name: String,
    owner: Option<OwnerId>,
    pub plan: Option<String>,
    pub region: Option<String>,
    /// `unknown`, then `creating`, then `available`; or `suspended`, …
    pub status: Option<String>,
    options: Option<Options>,
    /// `null` when nobody from outside may reach it.
    ip_allow_list: Option<Vec<AllowedRange>>,
    pub dashboard_url: Option<String>,
}

#[derive(Clone, Debug, Deserialize)]
struct OwnerId {
    id: Option<String>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Options {
    maxmemory_policy: Option<String>,
}

/// One entry of an allow-list.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct AllowedRange {
    pub cidr_block: String,
    #[serde(default)]
    pub description: String,
}

impl KeyValue {
    pub fn owner(&self) -> Option<&str> {
        self.owner.as_ref()?.id.as_deref()
    }

    /// What it does when its memory is full, such as `noeviction`, in the API's spelling.
    pub fn policy(&self) -> Option<String> {
        let policy = self.options.as_ref()?.maxmemory_policy.as_ref()?;
        Some(policy.to_lowercase().replace('-', "_"))
    }

    pub fn allowed(&self) -> &[AllowedRange] {
        self.ip_allow_list.as_deref().unwrap_or_default()
    }
}

/// An instance to be made, reachable from inside Render only.
#[derive(Clone, Debug)]
pub struct NewKeyValue<'k> {
    pub name: &'k str,
    pub owner: &'k str,
    pub plan: &'k str,
    pub region: &'k str,
    pub policy: &'k str,
}

/// The addresses of an instance, with its password in them.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ConnectionInfo {
    #[serde(
        default,
        rename = "internalConnectionString",
        deserialize_with = "hidden"
    )]
    pub internal: Option<Secret>,
    #[serde(
        default,
        rename = "externalConnectionString",
        deserialize_with = "hidden"
    )]
    pub external: Option<Secret>,
}

/// Straight from the reply into what cannot be printed.
fn hidden<'de, D: Deserializer<'de>>(reader: D) -> Result<Option<Secret>, D::Error> {
    let text = Option::<String>::deserialize(reader)?;
    Ok(text.filter(|text| !text.is_empty()).map(Secret::new))
}

impl Client<'_> {
    /// `GET /key-value` and the older `GET /redis` of a workspace, each instance once. Whether either list shows the
    /// other's instances is not known, so both are asked; where the older one is gone, it has nothing to tell.
    pub async fn key_values(&self, owner: &str) -> Result<Vec<KeyValue>, CallError> {
        let query = format!("ownerId={}", encoded(owner));
        let mut list: Vec<KeyValue> = self
            .list(&format!("/key-value?{query}"), "keyValue")
            .await?;
        let older = self
            .list::<KeyValue>(&format!("/redis?{query}"), "redis")
            .await;
        let older = match older {
            Err(error) if error.is_status(404) || error.is_status(410) => vec![],
            older => older?,
        };
        for one in older {
            if list.iter().all(|known| known.id != one.id) {
                list.push(one);
            }
        }
        list.retain(|one| one.owner().is_none_or(|own| own == owner));
        Ok(list)
    }

    /// `GET /key-value/{id}`. An instance that only the older family knows is read there.
    pub async fn key_value(&self, id: &str) -> Result<KeyValue, CallError> {
        let id = encoded(id);
        match self.get(&format!("/key-value/{id}")).await {
            Err(error) if error.is_status(404) => self.get(&format!("/redis/{id}")).await,
            look => look,
        }
    }

    /// `POST /key-value`. Names may repeat, and nothing marks what was made: it is never sent twice by itself.
    pub async fn create_key_value(&self, new: &NewKeyValue<'_>) -> Result<KeyValue, CallError> {
        let body = json!({
            "name": new.name,
            "ownerId": new.owner,
            "plan": new.plan,
            "region": new.region,
            "maxmemoryPolicy": new.policy,
            "ipAllowList": [],
        });
        self.write(Class::Unique, Method::Post, "/key-value", body)
            .await
    }

    /// `PATCH /key-value/{id}`: only what is sent changes; a list that is sent replaces the one there.
    pub async fn patch_key_value(&self, id: &str, change: Value) -> Result<(), CallError> {
        let path = format!("/key-value/{}", encoded(id));
        self.send(Class::Natural, Method::Patch, &path, Some(change))
            .await
    }

    /// `DELETE /key-value/{id}`, with all its data. Fine when it is gone already.
    pub async fn delete_key_value(&self, id: &str) -> Result<(), CallError> {
        let path = format!("/key-value/{}", encoded(id));
        gone(self.send(Class::Natural, Method::Delete, &path, None).await)
    }

    /// `GET /key-value/{id}/connection-info`, else that of the older family.
    pub async fn connection_info(&self, id: &str) -> Result<ConnectionInfo, CallError> {
        let id = encoded(id);
        let look = self.get(&format!("/key-value/{id}/connection-info")).await;
        match look {
            Err(error) if error.is_status(404) => {
                self.get(&format!("/redis/{id}/connection-info")).await
            }
            look => look,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn null_for_an_empty_list_and_either_spelling_are_read() {
        let one: KeyValue = serde_json::from_value(json!({
            "id": "red-1", "name": "r", "owner": {"id": "tea-1"}, "ipAllowList": null,
            "options": {"maxmemoryPolicy": "allkeys-lru"}, "status": "dreaming"
        }))
        .unwrap();
        assert!(one.allowed().is_empty());
        assert_eq!(one.policy().as_deref(), Some("allkeys_lru"));
        assert_eq!(one.owner(), Some("tea-1"));
    }

    #[test]
    fn connection_strings_cannot_be_printed() {
        let info: ConnectionInfo = serde_json::from_value(json!({
            "internalConnectionString": "redis://red-1:6379",
            "externalConnectionString": "rediss://red-1:canary@frankfurt-keyvalue.render.com:6379",
            "cliCommand": "REDISCLI_AUTH=canary redis-cli"
        }))
        .unwrap();
        assert!(!format!("{info:?}").contains("canary"));
        assert!(info.external.is_some());
        let none: ConnectionInfo =
            serde_json::from_value(json!({"internalConnectionString": ""})).unwrap();
        assert!(none.internal.is_none() && none.external.is_none());
    }
}
