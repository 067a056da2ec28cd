//! What hides a project's deployments from visitors, and the keys that let a program through.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Value, json};

use super::{Client, encoded};
use crate::provider::http::{CallError, Class};
use crate::seam::transport::Method;
use crate::secret::Secret;

/// The scope of a key that programs may carry.
const FOR_PROGRAMS: &str = "automation-bypass";

/// A project's deployment protection.
#[derive(Clone, Debug, Default)]
pub struct Protection {
    /// Which deployments ask for a login at Vercel: `all`, `preview`, `all_except_custom_domains`, … `None`: none.
    pub login: Option<String>,
    /// Which ask for a password.
    pub password: Option<String>,
    /// Which let in trusted addresses only.
    pub addresses: Option<String>,
    /// Keys that let a program through.
    pub keys: Vec<Secret>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Shielded {
    sso_protection: Option<Value>,
    password_protection: Option<Value>,
    trusted_ips: Option<Value>,
    protection_bypass: Option<BTreeMap<String, Value>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Keys {
    protection_bypass: Option<BTreeMap<String, Value>>,
}

impl Protection {
    /// What visitors of a host meet instead of the site, in words that end a sentence such as "visitors see …". `None`:
    /// nothing. A host that serves production is hidden only where all is; one that serves a branch is hidden by every
    /// kind that there is, words of tomorrow included.
    pub fn hides(&self, production: bool) -> Option<&'static str> {
        let hidden = |kind: &Option<String>| match kind.as_deref() {
            None => false,
            Some(kind) => !production || kind == "all",
        };
        if hidden(&self.login) {
            return Some("Vercel's login");
        }
        if hidden(&self.password) {
            return Some("a password prompt of Vercel's");
        }
        hidden(&self.addresses)
            .then_some("a refusal of Vercel's, unless they come from a trusted address")
    }
}

fn kind(guard: Option<Value>) -> Option<String> {
    let guard = guard?;
    let kind = guard.get("deploymentType")?.as_str()?;
    Some(kind.to_string())
}

/// The secret is the map's key.
fn keys(map: Option<BTreeMap<String, Value>>) -> Vec<Secret> {
    let all = map.unwrap_or_default().into_iter();
    all.filter(|(_, facts)| facts.get("scope").and_then(Value::as_str) == Some(FOR_PROGRAMS))
        .map(|(secret, _)| Secret::new(secret))
        .collect()
}

impl Client<'_> {
    /// `GET v9/projects/{id}`, for its protection alone.
    pub async fn protection(&self, project: &str) -> Result<Protection, CallError> {
        let path = format!("/v9/projects/{}", encoded(project));
        let own: Shielded = self.get(&self.scoped(&path)).await?;
        Ok(Protection {
            login: kind(own.sso_protection),
            password: kind(own.password_protection),
            addresses: kind(own.trusted_ips),
            keys: keys(own.protection_bypass),
        })
    }

    /// `PATCH v1/projects/{id}/protection-bypass`: Vercel makes one more key for programs. The project's keys by then.
    pub async fn create_bypass(&self, project: &str) -> Result<Vec<Secret>, CallError> {
        let body = json!({ "generate": {} });
        self.bypass(project, body).await
    }

    /// The same, for taking a key back.
    pub async fn revoke_bypass(&self, project: &str, key: &Secret) -> Result<(), CallError> {
        let body = json!({ "revoke": { "secret": key.expose(), "regenerate": false } });
        self.bypass(project, body).await.map(|_| ())
    }

    async fn bypass(&self, project: &str, body: Value) -> Result<Vec<Secret>, CallError> {
        let path = format!("/v1/projects/{}/protection-bypass", encoded(project));
        let reply: Keys = self
            .write(Class::Unique, Method::Patch, &path, body)
            .await?;
        Ok(keys(reply.protection_bypass))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(login: &str, production: bool) -> Option<&'static str> {
        let login = (!login.is_empty()).then(|| login.to_string());
        let own = Protection {
            login,
            ..Protection::default()
        };
        own.hides(production)
    }

    #[test]
    fn standard_protection_hides_branches_and_no_production_host() {
        for kind in [
            "all_except_custom_domains",
            "prod_deployment_urls_and_all_previews",
            "preview",
            "kind_of_tomorrow",
        ] {
            assert_eq!(told(kind, false), Some("Vercel's login"), "{kind}");
            assert_eq!(told(kind, true), None, "{kind}");
        }
        assert_eq!(told("all", true), Some("Vercel's login"));
        assert_eq!((told("", false), told("", true)), (None, None));
    }

    #[test]
    fn only_keys_for_programs_count() {
        let map = json!({
            "aaaa": {"scope": "integration-automation-bypass", "createdAt": 1},
            "bbbb": {"scope": "automation-bypass", "createdAt": 2, "createdBy": "u"}
        });
        let found = keys(serde_json::from_value(map).unwrap());
        assert_eq!(found.len(), 1);
        assert!(found[0].same_as(&Secret::new("bbbb")));
    }
}
