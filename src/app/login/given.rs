//! Where the values come from: the command line's source, one line each, or prompts without echo.

use std::sync::Arc;
use std::time::Duration;

use super::intro;
use crate::app::{vaults, wants_terminal};
use crate::cli::{From, Global};
use crate::clock::Wall;
use crate::error::{Error, Result};
use crate::provider::token;
use crate::secret::{Secret, SecretName};
use crate::tokens::{Token, Way};
use crate::vault::shape::{self, Lines};
use crate::vault::ways_in::{Received, Surroundings, WayIn};

/// A password manager may ask its user to unlock it first.
const WAY_IN_DEADLINE: Duration = Duration::from_secs(120);

/// What is asked for, and from where it may come.
pub struct Asking<'a> {
    pub global: &'a Global,
    pub token: &'static Token,
    /// Only this one of several.
    pub slot: Option<&'a SecretName>,
    pub from: &'a From,
    pub url: &'a str,
}

/// What was given, and the way to sign that it belongs to.
pub struct Given {
    pub way: &'static Way,
    pub values: Vec<(SecretName, Secret)>,
}

impl Asking<'_> {
    pub async fn values(&self) -> Result<Given> {
        if let Some(way_in) = self.from.way() {
            return self.read(&way_in).await;
        }
        if !wants_terminal(self.global) {
            let way = self.named_way().unwrap_or(&self.token.ways[0]);
            let names = self
                .slot
                .map_or_else(|| way.names(), |slot| slot.to_string());
            return Err(no_terminal(&names, self.count(way)));
        }
        eprintln!("{}", self.token.name);
        eprintln!("{}", intro::ways(self.token));
        eprintln!("{}", intro::promises(self.token));
        let way = match self.named_way() {
            Some(way) => way,
            None => self.chosen()?,
        };
        let mut values = vec![];
        for slot in &way.slots {
            if self.slot.is_none_or(|only| *only == slot.name) {
                let received = received(self.global, &slot.name, self.from, Lines::One).await?;
                told(&received);
                // A slip in the first value is told before the second is typed.
                token::fits(&slot.name, &received.value, self.url)?;
                values.push((slot.name.clone(), received.value));
            }
        }
        Ok(Given { way, values })
    }

    /// The way that needs no choice: the one of `--only`, or the only one there is to fill.
    fn named_way(&self) -> Option<&'static Way> {
        if let Some(slot) = self.slot {
            return self.token.way_of(slot);
        }
        // Kinds that are kept under the same names are one way to golive.
        let slots = self.token.slots().len();
        let first = &self.token.ways[0];
        (slots == first.slots.len()).then_some(first)
    }

    fn count(&self, way: &Way) -> usize {
        match self.slot {
            Some(_) => 1,
            None => way.slots.len(),
        }
    }

    /// One line a value. Which way the lines belong to follows from their shape.
    async fn read(&self, way_in: &WayIn) -> Result<Given> {
        let ways: Vec<&'static Way> = match self.named_way() {
            Some(way) => vec![way],
            None => self.token.ways.iter().collect(),
        };
        let first = ways[0];
        let lines = way_in
            .read_lines(&surroundings(), std::io::stdin(), self.count(first))
            .await
            .map_err(|error| self.how_many(error, first))?;
        lines.iter().for_each(told);
        let named = |way: &'static Way| -> Vec<(SecretName, Secret)> {
            let slots = way.slots.iter().map(|slot| slot.name.clone());
            let slots = slots.filter(|name| self.slot.is_none_or(|only| only == name));
            let values = lines.iter().map(|line| line.value.clone());
            slots.zip(values).collect()
        };
        let fits = |way: &&&'static Way| {
            let values = named(way);
            values
                .iter()
                .all(|(name, value)| token::fits(name, value, self.url).is_ok())
        };
        let way = ways.iter().find(fits).copied().unwrap_or(first);
        let values = named(way);
        Ok(Given { way, values })
    }

    /// Which lines are wanted, where more than one is.
    fn how_many(&self, error: Error, way: &Way) -> Error {
        if self.count(way) < 2 {
            return error;
        }
        let order: Vec<String> = self.token.ways.iter().map(Way::names).collect();
        error.hint(format!(
            "one line each, in this order: {}; or --only NAME with one line",
            order.join("; or ")
        ))
    }

    /// The way that the operator wants to sign by.
    fn chosen(&self) -> Result<&'static Way> {
        for (n, way) in self.token.ways.iter().enumerate() {
            eprintln!("{}  {} ({})", n + 1, way.title, way.names());
        }
        let ways = self.token.ways.len();
        let number = |text: &String| {
            let number = text.trim().parse::<usize>().ok();
            number.filter(|number| (1..=ways).contains(number))
        };
        let theme = dialoguer::theme::SimpleTheme;
        let typed = dialoguer::Input::<String>::with_theme(&theme)
            .with_prompt("Which of them")
            .default("1".into())
            .validate_with(|text: &String| match number(text) {
                Some(_) => Ok(()),
                None => Err(format!("a number from 1 to {ways}")),
            })
            .interact_text()
            .map_err(nothing_typed)?;
        Ok(&self.token.ways[number(&typed).unwrap_or(1) - 1])
    }
}

/// Says what was taken off.
pub fn told(received: &Received) {
    for removed in &received.removed {
        eprintln!("{removed}");
    }
}

pub fn surroundings() -> Surroundings {
    Surroundings {
        lookup: vaults::environment(),
        clock: Arc::new(Wall),
        deadline: WAY_IN_DEADLINE,
    }
}

fn nothing_typed(error: dialoguer::Error) -> Error {
    Error::usage("nothing was typed")
        .because(error)
        .now("nothing was kept")
}

fn no_terminal(names: &str, count: usize) -> Error {
    let each = if count > 1 { ", one line each" } else { "" };
    let verb = if count > 1 { "are" } else { "is" };
    Error::usage(format!(
        "{names} {verb} needed, and there is no terminal to type on"
    ))
    .now("nothing was kept")
    .hint(format!(
        "--from-env VAR, --from-file FILE, --stdin, or --from-command CMD{each}"
    ))
}

/// One secret from wherever the command line says, else from a prompt without echo.
pub async fn received(
    global: &Global,
    slot: &SecretName,
    from: &From,
    lines: Lines,
) -> Result<Received> {
    if let Some(way) = from.way() {
        return way.read_as(&surroundings(), std::io::stdin(), lines).await;
    }
    if !wants_terminal(global) {
        return Err(no_terminal(slot.as_str(), 1));
    }
    let theme = dialoguer::theme::SimpleTheme;
    let typed = dialoguer::Password::with_theme(&theme)
        .with_prompt(slot.as_str())
        .interact();
    let (value, removed) = shape::cleaned(Secret::new(typed.map_err(nothing_typed)?))?;
    Ok(Received { value, removed })
}

impl From {
    pub fn way(&self) -> Option<WayIn> {
        let variable = self.from_env.clone().map(WayIn::Variable);
        let file = self.from_file.clone().map(WayIn::File);
        let command = self.from_command.clone().map(WayIn::Command);
        variable
            .or(file)
            .or(command)
            .or(self.stdin.then_some(WayIn::Stdin))
    }
}
