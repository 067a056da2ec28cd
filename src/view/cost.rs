//! What rows that want an approval cost, where unknown prices are looked up, and the command that approves them.

use super::View;
use crate::plan::{Provider, Row};
use crate::price::{Price, Total, catalogue};

/// The paid rows of one plan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cost {
    pub total: Total,
    /// What is typed to approve them together.
    pub word: String,
    /// When the prices were looked up: `2026-10`.
    pub as_of: String,
    /// Where the unknown ones can be looked up, each page once.
    pub pages: Vec<String>,
}

impl Cost {
    /// `USD 51.00 a month for 6 of them, prices as of 2026-10`.
    pub fn sentence(&self) -> String {
        let rows = match self.total.rows {
            1 => "1 paid change".into(),
            n => format!("{n} paid changes"),
        };
        let as_of = &self.as_of;
        format!("{} for {rows}, prices as of {as_of}", self.total)
    }
}

impl View {
    /// `None` when nothing of it costs anything.
    pub fn cost<'a>(&self, rows: impl IntoIterator<Item = &'a Row>) -> Option<Cost> {
        let rows: Vec<&Row> = rows.into_iter().collect();
        let total = Total::of(rows.iter().copied())?;
        let mut pages: Vec<String> = vec![];
        for row in rows {
            let page = match row.price {
                Some(Price::Unknown) => self.provider(row).and_then(price_page),
                _ => None,
            };
            pages.extend(page.filter(|page| !pages.contains(page)));
        }
        Some(Cost {
            word: total.word(&self.outline.name),
            as_of: catalogue().as_of.clone(),
            total,
            pages,
        })
    }

    fn provider(&self, row: &Row) -> Option<Provider> {
        self.outline.item(&row.item)?.provider
    }
}

/// The provider's page of prices.
fn price_page(provider: Provider) -> Option<String> {
    catalogue().page(provider, "", "").map(str::to_string)
}

/// The command that approves these rows without a screen, with every word that it must be given; `None` where all of
/// them want a person who looks. `launch` is the launch's name.
pub fn approving(select: &str, rows: &[&Row], launch: &str) -> Option<String> {
    let by_flags = |row: &&&Row| row.confirm.is_some() || !row.wants_a_person();
    let rows: Vec<&Row> = rows.iter().filter(by_flags).copied().collect();
    if rows.is_empty() {
        return None;
    }
    let mut words: Vec<String> = rows.iter().filter_map(|row| row.confirm.clone()).collect();
    words.extend(Total::of(rows).map(|total| total.word(launch)));
    let words = words
        .iter()
        .map(|word| format!(" --confirm {}", quoted(word)));
    Some(format!(
        "golive run {select} --yes{}",
        words.collect::<String>()
    ))
}

/// As a shell takes it.
fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "/._-+:@%".contains(c);
    match !word.is_empty() && word.chars().all(plain) {
        true => word.to_string(),
        false => format!("'{}'", word.replace('\'', "'\\''")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::{ItemId, Sign, Undo};

    fn row(price: Option<Price>) -> Row {
        Row {
            price,
            ..Row::new(&ItemId::new("4.api-prod"), "create", Sign::Create, "x")
        }
    }

    #[test]
    fn the_command_has_every_word_that_the_rows_ask_for() {
        let (free, paid) = (row(None), row(Some(Price::Monthly(700))));
        let named = Row {
            undo: Undo::OneWay,
            confirm: Some("it's".into()),
            ..row(None)
        };
        let theirs = Row {
            not_made_by_golive: true,
            ..paid.clone()
        };
        let command = |rows: &[&Row]| approving("4", rows, "shop");
        assert_eq!(command(&[&free]).unwrap(), "golive run 4 --yes");
        assert_eq!(
            command(&[&free, &paid, &paid, &theirs]).unwrap(),
            "golive run 4 --yes --confirm 14.00"
        );
        assert_eq!(
            command(&[&named, &row(Some(Price::Unknown))]).unwrap(),
            "golive run 4 --yes --confirm 'it'\\''s' --confirm shop"
        );
        assert_eq!(command(&[&theirs]), None);
    }
}
