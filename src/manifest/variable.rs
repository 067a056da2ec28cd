//! The matrix of environment variables: each variable in each environment, where its value comes from and where it goes.

use indexmap::IndexMap;
use serde::{Deserialize, Serialize};

use super::names::{Key, VariableName};

/// One row of the plan's matrix.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Variable {
    pub kind: VariableKind,
    pub to: Destination,
    /// One cell for each environment that has it.
    #[serde(rename = "in")]
    pub cells: IndexMap<Key, Cell>,
    /// The name it had in an earlier `golive.toml`.
    pub was: Option<VariableName>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum VariableKind {
    /// May be shown.
    Plain,
    /// Kept in the keyring, never shown.
    Secret,
    /// Ends in the browser, so it must be no secret.
    Public,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Destination {
    /// The environment's group on Render.
    Render,
    /// The environment's Vercel project.
    Vercel,
}

/// Where the launch stands for a cell that has two wishes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// Until the item of step 10 that owns the switch is settled.
    Now,
    /// From then on.
    Live,
}

/// The wish for one variable in one environment.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "RawCell")]
pub enum Cell {
    Always(Origin),
    Switched { now: Origin, live: Origin },
}

impl Cell {
    /// What is wished at a stage.
    pub fn origin(&self, stage: Stage) -> &Origin {
        match (self, stage) {
            (Cell::Always(origin), _)
            | (Cell::Switched { now: origin, .. }, Stage::Now)
            | (Cell::Switched { live: origin, .. }, Stage::Live) => origin,
        }
    }

    /// Every origin of the cell, with the key it stands under in the file (`None`: the cell itself).
    pub fn origins(&self) -> Vec<(Option<&'static str>, &Origin)> {
        match self {
            Cell::Always(origin) => vec![(None, origin)],
            Cell::Switched { now, live } => vec![(Some("now"), now), (Some("live"), live)],
        }
    }
}

/// Where a value comes from.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "RawOrigin")]
pub enum Origin {
    /// It stands here.
    Literal(String),
    /// golive puts it together from other parts of the manifest.
    Composed(Composed),
    /// A provider issued it for a service.
    Output {
        output: Output,
        service: Key,
        environment: Key,
    },
    /// golive makes it, this many random bytes.
    Generated { bytes: u16 },
    /// The operator gives it; kept under this name, per environment.
    Asked {
        name: VariableName,
        form: Option<Form>,
    },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Composed {
    /// User, password, the cluster's host and the environment's database.
    DatabaseUrl,
    /// The site's address and the other origins it allows.
    CorsOrigin,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Output {
    ExternalUrl,
    InternalUrl,
}

/// What a value that a person gives must look like.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Form {
    StripeSecretTest,
    StripeSecretLive,
    StripePublishableTest,
    StripePublishableLive,
}

impl Form {
    pub fn is_live(self) -> bool {
        matches!(self, Form::StripeSecretLive | Form::StripePublishableLive)
    }

    pub fn is_secret(self) -> bool {
        matches!(self, Form::StripeSecretTest | Form::StripeSecretLive)
    }
}

/// An origin as it is written. Not an untagged enum: its errors would not say which key is wrong.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawOrigin {
    literal: Option<String>,
    composed: Option<Composed>,
    output: Option<Output>,
    service: Option<Key>,
    environment: Option<Key>,
    generated: Option<u16>,
    asked: Option<VariableName>,
    form: Option<Form>,
}

/// A cell as it is written: an origin, or `now` and `live` with one each.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawCell {
    literal: Option<String>,
    composed: Option<Composed>,
    output: Option<Output>,
    service: Option<Key>,
    environment: Option<Key>,
    generated: Option<u16>,
    asked: Option<VariableName>,
    form: Option<Form>,
    now: Option<Origin>,
    live: Option<Origin>,
}

impl TryFrom<RawCell> for Cell {
    type Error = String;

    fn try_from(raw: RawCell) -> Result<Self, String> {
        let origin = RawOrigin {
            literal: raw.literal,
            composed: raw.composed,
            output: raw.output,
            service: raw.service,
            environment: raw.environment,
            generated: raw.generated,
            asked: raw.asked,
            form: raw.form,
        };
        match (raw.now, raw.live) {
            (None, None) => Origin::try_from(origin).map(Cell::Always),
            (Some(now), Some(live)) if origin.is_empty() => Ok(Cell::Switched { now, live }),
            (Some(_), Some(_)) => {
                Err("`now` and `live` stand alone in a cell, without an origin beside them".into())
            }
            _ => Err("a cell with two wishes needs both `now` and `live`".into()),
        }
    }
}

impl RawOrigin {
    fn is_empty(&self) -> bool {
        self.named().is_empty()
            && self.service.is_none()
            && self.environment.is_none()
            && self.form.is_none()
    }

    /// The keys present that each name an origin.
    fn named(&self) -> Vec<&'static str> {
        [
            ("literal", self.literal.is_some()),
            ("composed", self.composed.is_some()),
            ("output", self.output.is_some()),
            ("generated", self.generated.is_some()),
            ("asked", self.asked.is_some()),
        ]
        .into_iter()
        .filter_map(|(name, there)| there.then_some(name))
        .collect()
    }
}

impl TryFrom<RawOrigin> for Origin {
    type Error = String;

    fn try_from(raw: RawOrigin) -> Result<Self, String> {
        let named = raw.named();
        let [name] = named[..] else {
            return Err(
                "a value has exactly one origin: `literal`, `composed`, `output`, `generated` or `asked`"
                    .into(),
            );
        };
        if name != "output" && (raw.service.is_some() || raw.environment.is_some()) {
            return Err(format!(
                "`service` and `environment` belong to `output`, not to `{name}`"
            ));
        }
        if name != "asked" && raw.form.is_some() {
            return Err(format!("`form` belongs to `asked`, not to `{name}`"));
        }
        match raw {
            RawOrigin {
                literal: Some(text),
                ..
            } => Ok(Origin::Literal(text)),
            RawOrigin {
                composed: Some(what),
                ..
            } => Ok(Origin::Composed(what)),
            RawOrigin {
                generated: Some(bytes),
                ..
            } if (16..=256).contains(&bytes) => Ok(Origin::Generated { bytes }),
            RawOrigin {
                generated: Some(_), ..
            } => Err("`generated` counts random bytes: 16 to 256".into()),
            RawOrigin {
                asked: Some(name),
                form,
                ..
            } => Ok(Origin::Asked { name, form }),
            RawOrigin {
                output: Some(output),
                service: Some(service),
                environment: Some(environment),
                ..
            } => Ok(Origin::Output {
                output,
                service,
                environment,
            }),
            _ => Err("`output` needs `service` and `environment` beside it".into()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cell(text: &str) -> Result<Cell, String> {
        #[derive(Deserialize)]
        struct Row {
            cell: Cell,
        }
        toml::from_str::<Row>(&format!("cell = {text}"))
            .map(|row| row.cell)
            .map_err(|error| error.message().to_owned())
    }

    #[test]
    fn a_cell_has_one_origin_or_a_now_and_a_live_one() {
        assert_eq!(
            cell(r#"{ literal = "x" }"#),
            Ok(Cell::Always(Origin::Literal("x".into())))
        );
        let switched =
            cell(r#"{ now = { literal = "x" }, live = { generated = 32 } }"#).expect("a cell");
        assert_eq!(switched.origin(Stage::Now), &Origin::Literal("x".into()));
        assert_eq!(
            switched.origin(Stage::Live),
            &Origin::Generated { bytes: 32 }
        );
    }

    #[test]
    fn a_cell_that_says_too_much_or_too_little_is_refused() {
        for (text, why) in [
            ("{ }", "exactly one origin"),
            (r#"{ literal = "x", generated = 32 }"#, "exactly one origin"),
            (r#"{ now = { literal = "x" } }"#, "needs both"),
            (
                r#"{ now = { literal = "x" }, live = { literal = "y" }, literal = "z" }"#,
                "stand alone",
            ),
            (r#"{ output = "external_url" }"#, "needs `service`"),
            (
                r#"{ literal = "x", service = "redis" }"#,
                "belong to `output`",
            ),
            (
                r#"{ literal = "x", form = "stripe_secret_test" }"#,
                "belongs to `asked`",
            ),
            ("{ generated = 3 }", "16 to 256"),
            (r#"{ litteral = "x" }"#, "unknown field"),
        ] {
            let refused = cell(text).expect_err(text);
            assert!(refused.contains(why), "{text}: {refused}");
        }
    }
}
