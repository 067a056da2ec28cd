//! What things cost: a dated catalogue, prices on rows, and the total that is typed to approve them.

use std::fmt;
use std::sync::LazyLock;

use serde::{Deserialize, Serialize};

use crate::plan::{Provider, Row};

/// What something costs a month.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Price {
    /// US cents a month.
    Monthly(u32),
    /// It costs something, and the catalogue does not say how much.
    Unknown,
}

impl fmt::Display for Price {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Price::Monthly(cents) => write!(f, "USD {} a month", dollars(*cents)),
            Price::Unknown => f.write_str("price unknown"),
        }
    }
}

fn dollars(cents: u32) -> String {
    format!("{}.{:02}", cents / 100, cents % 100)
}

/// What the paid rows of a plan cost together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Total {
    /// US cents a month of the rows whose price is known.
    pub cents: u32,
    pub rows: usize,
    pub unknown: usize,
}

impl Total {
    /// `None` when nothing of it costs anything.
    pub fn of<'a>(rows: impl IntoIterator<Item = &'a Row>) -> Option<Total> {
        let mut total = Total::default();
        for price in rows.into_iter().filter_map(|row| row.price) {
            total.rows += 1;
            match price {
                Price::Monthly(cents) => total.cents = total.cents.saturating_add(cents),
                Price::Unknown => total.unknown += 1,
            }
        }
        (total.rows > 0).then_some(total)
    }

    /// What is typed to approve the rows: the total, or the launch's name while a price is unknown.
    pub fn word(&self, launch: &str) -> String {
        match self.unknown {
            0 => dollars(self.cents),
            _ => launch.to_string(),
        }
    }
}

impl fmt::Display for Total {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.cents, self.unknown) {
            (0, _) => f.write_str("price unknown"),
            (cents, 0) => write!(f, "USD {} a month", dollars(cents)),
            (cents, unknown) => {
                write!(f, "USD {} a month and {unknown} price", dollars(cents))?;
                f.write_str(if unknown == 1 {
                    " unknown"
                } else {
                    "s unknown"
                })
            }
        }
    }
}

/// The catalogue, as `assets/prices.toml` has it.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Catalogue {
    /// When the prices were looked up: `2026-10`.
    pub as_of: String,
    price: Vec<Entry>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    provider: Provider,
    /// What is paid for: `web_service`, `background_worker`, `redis`, `cluster`.
    kind: String,
    /// The provider's words for the plan or size, all of them.
    plans: Vec<String>,
    /// US dollars a month; `0.0` is free, absent is unknown.
    monthly: Option<f64>,
    /// Where a person can look it up.
    page: String,
}

static CATALOGUE: LazyLock<Catalogue> = LazyLock::new(|| {
    toml::from_str(include_str!("../assets/prices.toml")).expect("the catalogue is a file of ours")
});

/// The catalogue of this version.
pub fn catalogue() -> &'static Catalogue {
    &CATALOGUE
}

impl Catalogue {
    /// What `kind` costs on `plan`; `None` when it is free. What the catalogue does not have is unknown, never free.
    pub fn price(&self, provider: Provider, kind: &str, plan: &str) -> Option<Price> {
        let listed = self.entry(provider, kind, plan).map(|entry| entry.monthly);
        match listed {
            Some(Some(monthly)) if monthly <= 0.0 => None,
            Some(Some(monthly)) => Some(Price::Monthly((monthly * 100.0).round() as u32)),
            Some(None) | None => Some(Price::Unknown),
        }
    }

    /// Where the price can be looked up.
    pub fn page(&self, provider: Provider, kind: &str, plan: &str) -> Option<&str> {
        self.entry(provider, kind, plan)
            .or_else(|| self.price.iter().find(|entry| entry.provider == provider))
            .map(|entry| entry.page.as_str())
    }

    fn entry(&self, provider: Provider, kind: &str, plan: &str) -> Option<&Entry> {
        self.price.iter().find(|entry| {
            entry.provider == provider
                && entry.kind == kind
                && entry
                    .plans
                    .iter()
                    .any(|known| known.eq_ignore_ascii_case(plan))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::{ItemId, Sign};

    fn row(price: Option<Price>) -> Row {
        Row {
            price,
            ..Row::new(&ItemId::new("4.x"), "create", Sign::Create, "x")
        }
    }

    #[test]
    fn the_word_for_paid_rows_is_their_total() {
        let seven = row(Some(Price::Monthly(700)));
        let rows = [seven.clone(), row(None), seven];
        let total = Total::of(&rows).unwrap();
        assert_eq!(total.to_string(), "USD 14.00 a month");
        assert_eq!(total.word("bondigoo"), "14.00");
        assert_eq!(Total::of(&[row(None)]), None);
    }

    #[test]
    fn an_unknown_price_is_approved_by_the_launchs_name() {
        let rows = [row(Some(Price::Monthly(700))), row(Some(Price::Unknown))];
        let total = Total::of(&rows).unwrap();
        assert_eq!(total.to_string(), "USD 7.00 a month and 1 price unknown");
        assert_eq!(total.word("bondigoo"), "bondigoo");
    }

    #[test]
    fn what_the_catalogue_does_not_have_is_unknown_and_never_free() {
        let price = |kind, plan| catalogue().price(Provider::Render, kind, plan);
        assert_eq!(price("web_service", "free"), None);
        assert_eq!(price("web_service", "starter"), Some(Price::Monthly(700)));
        assert_eq!(
            price("web_service", "0.5c-512mb"),
            Some(Price::Monthly(700))
        );
        assert_eq!(price("web_service", "enormous"), Some(Price::Unknown));
    }
}
