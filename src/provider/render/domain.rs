//! Custom domains of a web service: added, verified, removed.

use serde::Deserialize;
use serde_json::{Value, json};

use super::service::gone;
use super::{Client, encoded};
use crate::plan::Blocker;
use crate::provider::http::{CallError, Class, Refusal};
use crate::provider::verdict::Verdict;
use crate::seam::transport::Method;

/// A custom domain of a service.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct CustomDomain {
    pub id: String,
    pub name: String,
    /// `apex` or `subdomain`.
    pub domain_type: Option<String>,
    /// The other half of an apex and its `www`, where this one only leads there.
    redirect_for_name: Option<String>,
    /// `verified` or `unverified`.
    pub verification_status: Option<String>,
}

impl CustomDomain {
    pub fn is_verified(&self) -> bool {
        self.verification_status.as_deref() == Some("verified")
    }

    /// The name that visitors are sent on to.
    pub fn redirects_to(&self) -> Option<&str> {
        let to = self.redirect_for_name.as_deref()?;
        (!to.is_empty() && !to.eq_ignore_ascii_case(&self.name)).then_some(to)
    }
}

/// Render answers with an array; its wrapper of lists, and one domain alone, are taken too.
#[derive(Deserialize)]
#[serde(untagged)]
enum Added {
    Many(Vec<Value>),
    One(Value),
}

fn at(service: &str, rest: &str) -> String {
    format!("/services/{}/custom-domains{rest}", encoded(service))
}

impl Client<'_> {
    /// `GET /services/{id}/custom-domains/{name}`. 404 = not on this service.
    pub async fn custom_domain(
        &self,
        service: &str,
        host: &str,
    ) -> Result<CustomDomain, CallError> {
        self.get(&at(service, &format!("/{}", encoded(host)))).await
    }

    /// `POST /services/{id}/custom-domains`: the domains that it has added, which are two for an apex or a `www`. A name
    /// is on one service at a time.
    pub async fn add_custom_domain(
        &self,
        service: &str,
        host: &str,
    ) -> Result<Vec<CustomDomain>, CallError> {
        let body = json!({ "name": host });
        let added: Added = self
            .write(Class::Unique, Method::Post, &at(service, ""), body)
            .await?;
        let entries = match added {
            Added::Many(entries) => entries,
            Added::One(entry) => vec![entry],
        };
        // What cannot be read of the reply is looked up: it was added all the same.
        let read = |mut entry: Value| {
            let inner = match entry.get_mut("customDomain") {
                Some(inner) => inner.take(),
                None => entry,
            };
            serde_json::from_value(inner).ok()
        };
        Ok(entries.into_iter().filter_map(read).collect())
    }

    /// `POST /services/{id}/custom-domains/{name}/verify`: 202, and Render looks in its own time.
    pub async fn verify_custom_domain(&self, service: &str, host: &str) -> Result<(), CallError> {
        let path = at(service, &format!("/{}/verify", encoded(host)));
        self.send(Class::Natural, Method::Post, &path, None).await
    }

    /// `DELETE /services/{id}/custom-domains/{name}`. Fine when it is gone already.
    pub async fn remove_custom_domain(&self, service: &str, host: &str) -> Result<(), CallError> {
        let path = at(service, &format!("/{}", encoded(host)));
        gone(self.send(Class::Natural, Method::Delete, &path, None).await)
    }
}

/// What a refusal about a custom domain means; `None` where it is about something else.
pub(super) fn verdict(refusal: &Refusal, what: &str) -> Option<Verdict> {
    if !refusal.call.path.contains("/custom-domains") {
        return None;
    }
    let message = &refusal.message;
    let by_hand = |what: String, url: &str| {
        Some(Verdict::Blocked(Blocker::ByHand {
            what,
            url: Some(url.into()),
            paste: vec![],
        }))
    };
    let taken = refusal.status == 409
        || refusal.status == 400 && (refusal.says("already") || refusal.says("in use"));
    match refusal.status {
        402 => by_hand(
            format!(
                "the plan of the Render workspace has no room for another custom domain ({message}): choose a larger plan or \
                 add a card, to {what}"
            ),
            "https://dashboard.render.com/billing",
        ),
        _ if taken => by_hand(
            format!(
                "free the name: Render has it on another service, maybe of another workspace ({message}), to {what}"
            ),
            "https://dashboard.render.com",
        ),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_domain_is_read_with_what_is_missing() {
        let read = |value: Value| -> CustomDomain { serde_json::from_value(value).unwrap() };
        let own = read(json!({
            "id": "cdm-1", "name": "api.acme.test", "domainType": "subdomain", "publicSuffix": "test",
            "redirectForName": "", "verificationStatus": "unverified"
        }));
        assert!(!own.is_verified() && own.redirects_to().is_none());
        let www = read(json!({
            "id": "cdm-2", "name": "www.acme.test", "redirectForName": "acme.test", "verificationStatus": "verified"
        }));
        assert!(www.is_verified());
        assert_eq!(www.redirects_to(), Some("acme.test"));
        assert!(!read(json!({"id": "cdm-3", "name": "x"})).is_verified());
    }
}
