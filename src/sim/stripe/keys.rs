//! Keys at Stripe: whose a key is, which mode it opens, and why one is refused.

use std::collections::BTreeMap;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::spec::StripeSpec;
use super::{Refusal, error};

/// The keys that this world gave out, by `sk_test` and the like.
#[derive(Clone, Debug, Default)]
pub struct Keys(BTreeMap<&'static str, String>);

/// Who calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Caller {
    pub live: bool,
    /// The key is another account's than the launch's.
    pub elsewhere: bool,
}

const NO_KEY: &str = "You did not provide an API key. You need to provide your API key in the Authorization header, using Bearer auth (e.g. 'Authorization: Bearer YOUR_SECRET_KEY'). See https://stripe.com/docs/api#authentication for details, or we can help at https://support.stripe.com/.";
const PUBLISHABLE: &str = "This API call cannot be made with a publishable API key. Please use a secret API key. You can find a list of your API keys at https://dashboard.stripe.com/account/apikeys.";
const EXPIRED: &str = "https://stripe.com/docs/error-codes/api-key-expired";

impl Keys {
    pub fn of(tokens: &BTreeMap<&'static str, String>) -> Keys {
        let named = tokens.iter().filter_map(|(name, token)| {
            let short = name.strip_prefix("stripe_")?;
            Some((short, token.clone()))
        });
        Keys(named.collect())
    }

    pub fn all(&self) -> impl Iterator<Item = &str> {
        // The one for tests first, as a caller begins with it.
        let order = ["sk_test", "sk_live", "pk_test", "pk_live"];
        let known = order.into_iter().filter_map(|name| self.0.get(name));
        known.map(String::as_str)
    }

    /// The name of the key in an `authorization`, and the key as it was sent.
    fn sent(&self, authorization: &str) -> (Option<&'static str>, String) {
        let key = match authorization.split_once(' ') {
            Some(("Bearer", key)) => key.trim().to_owned(),
            Some(("Basic", pair)) => {
                let bytes = STANDARD.decode(pair.trim()).unwrap_or_default();
                let pair = String::from_utf8_lossy(&bytes).into_owned();
                pair.split(':').next().unwrap_or_default().to_owned()
            }
            _ => String::new(),
        };
        let mut known = self.0.iter();
        let found = known.find(|(_, token)| **token == key);
        (found.map(|(name, _)| *name), key)
    }

    pub fn knows(&self, authorization: &str) -> bool {
        self.sent(authorization).0.is_some()
    }

    /// Whom a call comes from. `right` is what the call needs a key to be allowed to do; `account` is told where it is not.
    pub fn caller(
        &self,
        spec: &StripeSpec,
        authorization: Option<&str>,
        right: &str,
        account: &dyn Fn(Caller) -> String,
    ) -> Result<Caller, Refusal> {
        let (name, key) = self.sent(authorization.unwrap_or_default());
        if key.is_empty() {
            return Err(error(401, json!({ "message": NO_KEY })));
        }
        let told = masked(&key);
        let Some(name) = name else {
            let message = format!("Invalid API Key provided: {told}");
            return Err(error(401, json!({ "message": message })));
        };
        let among = |list: &[String]| list.iter().any(|one| one == name);
        if name.starts_with("pk_") {
            return Err(publishable(spec));
        }
        if among(&spec.expired) {
            let message = format!("Expired API Key provided: {told}");
            let body = json!({ "code": "api_key_expired", "doc_url": EXPIRED, "message": message });
            return Err(error(401, body));
        }
        let caller = Caller {
            live: name.ends_with("_live"),
            elsewhere: among(&spec.elsewhere),
        };
        if spec.lacks.iter().any(|lacking| lacking == right) {
            let account = account(caller);
            let message = format!(
                "The provided key '{told}' does not have the required permissions for this endpoint on account '{account}'. Having the '{right}' permission would allow this request to continue."
            );
            return Err(error(403, json!({ "message": message })));
        }
        Ok(caller)
    }
}

fn publishable(spec: &StripeSpec) -> Refusal {
    let mut body: Value = json!({ "message": PUBLISHABLE });
    if spec.publishable_403 {
        body["code"] = json!("secret_key_required");
        return error(403, body);
    }
    error(401, body)
}

/// A key as errors repeat it: what kind it is, stars, and its last four characters.
fn masked(key: &str) -> String {
    const SHOWN: usize = 4;
    let chars: Vec<char> = key.chars().collect();
    let kind = key.rfind(['_', '-']).map_or(0, |at| at + 1);
    let kind = key[..kind].chars().count();
    let last = chars.len().saturating_sub(SHOWN).max(kind);
    let stars = "*".repeat(last - kind);
    let part = |range: &[char]| range.iter().collect::<String>();
    format!("{}{stars}{}", part(&chars[..kind]), part(&chars[last..]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_repeated_without_what_makes_it_one() {
        assert_eq!(masked("rk_live_0123456789abcd"), "rk_live_**********abcd");
        assert_eq!(masked("unknown"), "***nown");
        assert_eq!(masked("ü"), "ü");
    }
}
