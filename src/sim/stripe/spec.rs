//! Stripe at its beginning, as a world's file describes it.

use serde::{Deserialize, Serialize};

/// What is left out is as a launch hopes for: an account that may sell, with something to sell in both modes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct StripeSpec {
    /// `acct_…`; drawn when not said.
    pub account: Option<String>,
    pub name: String,
    pub email: String,
    /// Two letters.
    pub country: String,
    /// Three letters, in lower case.
    pub currency: String,
    pub details_submitted: bool,
    pub charges_enabled: bool,
    pub payouts_enabled: bool,
    /// What Stripe still wants to know, such as `individual.verification.document`.
    pub currently_due: Vec<String>,
    pub past_due: Vec<String>,
    pub disabled_reason: Option<String>,
    /// What the secret keys may not do, such as `rak_accounts_kyc_basic_read`: with any they are restricted ones.
    pub lacks: Vec<String>,
    /// Which of `sk_test`, `pk_test`, `sk_live` and `pk_live` are another account's.
    pub elsewhere: Vec<String>,
    /// Which of them have expired.
    pub expired: Vec<String>,
    /// The test keys are a sandbox's, which has an account of its own.
    pub sandbox: bool,
    /// A publishable key is refused with 403 and a code in place of 401 and none.
    pub publishable_403: bool,
    #[serde(rename = "product")]
    pub products: Vec<ProductSpec>,
    #[serde(rename = "event")]
    pub events: Vec<EventSpec>,
}

impl Default for StripeSpec {
    fn default() -> Self {
        StripeSpec {
            account: None,
            name: "Coaching".to_owned(),
            email: "accounts@example.com".to_owned(),
            country: "CH".to_owned(),
            currency: "chf".to_owned(),
            details_submitted: true,
            charges_enabled: true,
            payouts_enabled: true,
            currently_due: Vec::new(),
            past_due: Vec::new(),
            disabled_reason: None,
            lacks: Vec::new(),
            elsewhere: Vec::new(),
            expired: Vec::new(),
            sandbox: false,
            publishable_403: false,
            products: vec![ProductSpec::default()],
            events: vec![EventSpec::default()],
        }
    }
}

/// Something to sell; its id is another one in each mode.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ProductSpec {
    pub name: String,
    /// It is there in test mode, and in live mode.
    pub test: bool,
    pub live: bool,
    pub active: bool,
    #[serde(rename = "price")]
    pub prices: Vec<PriceSpec>,
}

impl Default for ProductSpec {
    fn default() -> Self {
        ProductSpec {
            name: "Coaching session".to_owned(),
            test: true,
            live: true,
            active: true,
            prices: vec![
                PriceSpec::default(),
                PriceSpec {
                    amount: 9_900,
                    interval: Some("month".to_owned()),
                    lookup_key: Some("membership".to_owned()),
                    ..PriceSpec::default()
                },
            ],
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct PriceSpec {
    /// In the currency's smallest unit.
    pub amount: i64,
    /// The account's when not said.
    pub currency: Option<String>,
    /// `day`, `week`, `month` or `year`; paid once when not said.
    pub interval: Option<String>,
    pub lookup_key: Option<String>,
    pub active: bool,
}

impl Default for PriceSpec {
    fn default() -> Self {
        PriceSpec {
            amount: 12_000,
            currency: None,
            interval: None,
            lookup_key: None,
            active: true,
        }
    }
}

/// Something that happened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct EventSpec {
    #[serde(rename = "type")]
    pub kind: String,
    pub live: bool,
    pub hours_ago: u32,
    /// Every endpoint took it.
    pub delivered: bool,
}

impl Default for EventSpec {
    fn default() -> Self {
        EventSpec {
            kind: "product.created".to_owned(),
            live: false,
            hours_ago: 50,
            delivered: true,
        }
    }
}
