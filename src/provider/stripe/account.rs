//! Whose a key is and in which mode it works: the account as Stripe describes it, and the balance's mode.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::Client;
use crate::provider::http::{CallError, reading};

/// `GET /v1/account`. Only the id is certain; what is absent is not known.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct Account {
    /// `acct_…`.
    pub id: String,
    pub charges_enabled: Option<bool>,
    pub payouts_enabled: Option<bool>,
    pub details_submitted: Option<bool>,
    pub business_profile: Option<BusinessProfile>,
    pub settings: Option<Settings>,
    pub requirements: Option<Requirements>,
    /// Each `active`, `inactive` or `pending`.
    pub capabilities: Option<BTreeMap<String, String>>,
}

#[derive(Clone, Debug, Default, Deserialize)]
pub struct BusinessProfile {
    pub name: Option<String>,
}

#[derive(Clone, Debug, Default, Deserialize)]
pub struct Settings {
    pub dashboard: Option<Dashboard>,
}

#[derive(Clone, Debug, Default, Deserialize)]
pub struct Dashboard {
    pub display_name: Option<String>,
}

/// What Stripe still wants to know before it lets an account charge.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct Requirements {
    pub disabled_reason: Option<String>,
    pub currently_due: Option<Vec<String>>,
    pub past_due: Option<Vec<String>>,
    pub pending_verification: Option<Vec<String>>,
}

impl Account {
    /// The name that Stripe's own pages show for it.
    pub fn name(&self) -> Option<&str> {
        let shown = self
            .settings
            .as_ref()
            .and_then(|own| own.dashboard.as_ref());
        let told = |name: &'_ &str| !name.trim().is_empty();
        let shown = shown.and_then(|own| own.display_name.as_deref());
        let business = self.business_profile.as_ref();
        let business = business.and_then(|own| own.name.as_deref());
        shown.filter(told).or_else(|| business.filter(told))
    }
}

/// Of `GET /v1/balance` nothing but the mode is read: the amounts are none of golive's business.
#[derive(Clone, Debug, Deserialize)]
pub struct Balance {
    pub livemode: bool,
}

impl Client<'_> {
    /// `GET /v1/balance`: whether the key works, and in which mode. 401 = unknown, deleted or expired key.
    pub async fn balance(&self) -> Result<Balance, CallError> {
        self.http.json(reading("/v1/balance")).await
    }

    /// `GET /v1/account`: whose the key is. 403 = a restricted key that may not ask; it is valid all the same, and
    /// [`account_named`] reads the account out of the refusal.
    pub async fn account(&self) -> Result<Account, CallError> {
        self.http.json(reading("/v1/account")).await
    }
}

/// The account that a refusal names: `… on account 'acct_1…'. Having the 'rak_…' permission …`.
pub fn account_named(message: &str) -> Option<String> {
    let start = message.find("acct_")?;
    let body = &message[start + "acct_".len()..];
    let end = body
        .find(|c: char| !c.is_ascii_alphanumeric())
        .unwrap_or(body.len());
    (end > 0).then(|| format!("acct_{}", &body[..end]))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn an_account_is_read_with_all_and_with_almost_nothing() {
        let bare: Account =
            serde_json::from_value(json!({"id": "acct_1", "object": "account"})).unwrap();
        assert_eq!(
            (bare.id.as_str(), bare.charges_enabled, bare.name()),
            ("acct_1", None, None)
        );
        let whole: Account = serde_json::from_value(json!({
            "id": "acct_1", "object": "account", "charges_enabled": false, "unknown": {"new": 1},
            "business_profile": {"name": "Acme AG", "url": null},
            "settings": {"dashboard": {"display_name": "", "timezone": "Etc/UTC"}},
            "requirements": {"disabled_reason": "requirements.past_due", "past_due": null},
        }))
        .unwrap();
        assert_eq!(whole.name(), Some("Acme AG"));
        assert_eq!(whole.charges_enabled, Some(false));
    }

    #[test]
    fn the_account_is_found_in_a_refusal_and_nowhere_else() {
        let message = "The provided key 'rk_live_*********abcd' does not have the required permissions for this endpoint \
                       on account 'acct_1AbCdEfGhIjKlMnO'. Having the 'rak_x' permission would allow this request.";
        assert_eq!(
            account_named(message).as_deref(),
            Some("acct_1AbCdEfGhIjKlMnO")
        );
        assert_eq!(account_named("no account"), None);
        assert_eq!(account_named("acct_"), None);
    }
}
