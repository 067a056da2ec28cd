//! Environment groups: found, made with all their variables, changed one variable at a time, linked to services.

use jiff::Timestamp;
use serde::{Deserialize, Deserializer};
use serde_json::{Value, json};

use super::service::gone;
use super::{Client, encoded};
use crate::provider::http::{CallError, Class};
use crate::seam::transport::Method;
use crate::secret::Secret;

/// A group. A list tells it without its variables.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct EnvGroup {
    pub id: String,
    #[serde(default)]
    pub name: String,
    owner_id: Option<String>,
    created_at: Option<String>,
    updated_at: Option<String>,
    service_links: Option<Vec<ServiceLink>>,
    env_vars: Option<Vec<EnvVar>>,
}

/// A service that runs with a group's variables.
#[derive(Clone, Debug, Deserialize)]
pub struct ServiceLink {
    pub id: String,
}

/// A variable of a group or of a service.
#[derive(Clone, Debug, Deserialize)]
pub struct EnvVar {
    pub key: String,
    #[serde(default = "nothing", deserialize_with = "hidden")]
    pub value: Secret,
}

fn nothing() -> Secret {
    Secret::new("")
}

/// Straight from the reply into what cannot be printed.
fn hidden<'de, D: Deserializer<'de>>(reader: D) -> Result<Secret, D::Error> {
    let text = Option::<String>::deserialize(reader)?;
    Ok(Secret::new(text.unwrap_or_default()))
}

impl EnvGroup {
    pub fn updated_at(&self) -> Option<Timestamp> {
        self.updated_at.as_deref()?.parse().ok()
    }

    pub fn created_at(&self) -> Option<&str> {
        self.created_at.as_deref()
    }

    pub fn is_linked_to(&self, service: &str) -> bool {
        self.links().any(|id| id == service)
    }

    /// Ids of its services.
    pub fn links(&self) -> impl Iterator<Item = &str> {
        let links = self.service_links.iter().flatten();
        links.map(|link| link.id.as_str())
    }

    pub fn variables(&self) -> &[EnvVar] {
        self.env_vars.as_deref().unwrap_or_default()
    }
}

/// A group to be made.
#[derive(Clone, Debug)]
pub struct NewEnvGroup<'g> {
    pub name: &'g str,
    pub owner: &'g str,
    pub variables: Vec<(&'g str, &'g Secret)>,
    /// Ids of the services that are linked in the same call.
    pub services: &'g [String],
}

impl NewEnvGroup<'_> {
    fn body(&self) -> Value {
        let variables: Vec<Value> = self
            .variables
            .iter()
            .map(|(key, value)| json!({ "key": key, "value": value.expose() }))
            .collect();
        json!({
            "name": self.name,
            "ownerId": self.owner,
            "envVars": variables,
            "serviceIds": self.services,
        })
    }
}

fn at(group: &str, rest: &str) -> String {
    format!("/env-groups/{}{rest}", encoded(group))
}

impl Client<'_> {
    /// `GET /env-groups` of a workspace, without their variables.
    pub async fn env_groups(&self, owner: &str) -> Result<Vec<EnvGroup>, CallError> {
        let path = format!("/env-groups?ownerId={}", encoded(owner));
        let mut list: Vec<EnvGroup> = self.list(&path, "envGroup").await?;
        list.retain(|one| one.owner_id.as_deref().is_none_or(|own| own == owner));
        Ok(list)
    }

    /// `GET /env-groups/{id}`, its variables in clear. 404 = gone.
    pub async fn env_group(&self, id: &str) -> Result<EnvGroup, CallError> {
        self.get(&at(id, "")).await
    }

    /// `POST /env-groups`: all variables and links in one call. Whether a name may be there twice is not documented, so
    /// it is never sent again by itself.
    pub async fn create_env_group(&self, new: &NewEnvGroup<'_>) -> Result<EnvGroup, CallError> {
        self.write(Class::Unique, Method::Post, "/env-groups", new.body())
            .await
    }

    /// `PATCH /env-groups/{id}`, which takes a name and nothing else.
    pub async fn rename_env_group(&self, id: &str, name: &str) -> Result<(), CallError> {
        let body = json!({ "name": name });
        self.send(Class::Natural, Method::Patch, &at(id, ""), Some(body))
            .await
    }

    /// `DELETE /env-groups/{id}`, with its variables. Fine when it is gone already.
    pub async fn delete_env_group(&self, id: &str) -> Result<(), CallError> {
        gone(
            self.send(Class::Natural, Method::Delete, &at(id, ""), None)
                .await,
        )
    }

    /// `PUT /env-groups/{id}/env-vars/{key}`: one variable, the others stay. The reply, the whole group in clear, is
    /// not read.
    pub async fn set_env_var(
        &self,
        group: &str,
        key: &str,
        value: &Secret,
    ) -> Result<(), CallError> {
        let path = at(group, &format!("/env-vars/{}", encoded(key)));
        let body = json!({ "value": value.expose() });
        self.send(Class::Natural, Method::Put, &path, Some(body))
            .await
    }

    /// `DELETE /env-groups/{id}/env-vars/{key}`. Fine when it is gone already.
    pub async fn remove_env_var(&self, group: &str, key: &str) -> Result<(), CallError> {
        let path = at(group, &format!("/env-vars/{}", encoded(key)));
        gone(self.send(Class::Natural, Method::Delete, &path, None).await)
    }

    /// `POST /env-groups/{id}/services/{service}`: links one more service, the others stay.
    pub async fn link_env_group(&self, group: &str, service: &str) -> Result<(), CallError> {
        let path = at(group, &format!("/services/{}", encoded(service)));
        self.send(Class::Natural, Method::Post, &path, None).await
    }

    /// `DELETE /env-groups/{id}/services/{service}`. Fine when it is gone already.
    pub async fn unlink_env_group(&self, group: &str, service: &str) -> Result<(), CallError> {
        let path = at(group, &format!("/services/{}", encoded(service)));
        gone(self.send(Class::Natural, Method::Delete, &path, None).await)
    }

    /// `GET /services/{id}/env-vars`: a service's own variables, which beat those of its groups.
    pub async fn service_variables(&self, service: &str) -> Result<Vec<EnvVar>, CallError> {
        let path = format!("/services/{}/env-vars", encoded(service));
        self.list(&path, "envVar").await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_group_is_read_with_and_without_its_variables_and_cannot_be_printed() {
        let listed: EnvGroup = serde_json::from_value(json!({
            "id": "evg-1", "name": "shop-env", "ownerId": "tea-1", "serviceLinks": null
        }))
        .unwrap();
        assert!(listed.variables().is_empty() && listed.links().next().is_none());
        let whole: EnvGroup = serde_json::from_value(json!({
            "id": "evg-1", "name": "shop-env", "updatedAt": "2026-11-24T10:00:00.123456Z",
            "serviceLinks": [{"id": "srv-1", "name": "api", "type": "web"}],
            "envVars": [{"key": "A", "value": "canary"}, {"key": "B", "value": null}], "secretFiles": []
        }))
        .unwrap();
        assert!(!format!("{whole:?}").contains("canary"));
        assert!(whole.is_linked_to("srv-1") && !whole.is_linked_to("srv-2"));
        assert!(whole.variables()[1].value.is_empty());
        assert!(whole.updated_at().is_some());
    }
}
