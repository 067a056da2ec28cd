//! What a launch consists of, in words: phases, steps and items in the plan's order. Made from the catalogue and the manifest.

use super::Matrix;
use crate::plan::{ItemId, Provider};
use crate::secret::SecretName;

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Outline {
    /// The product's name, such as `bondigoo`.
    pub name: String,
    /// The launch's id, such as `bondigoo-1a2b3c4d`.
    pub launch: String,
    pub rehearsal: bool,
    /// The operator's name from the manifest, proposed wherever a person's word is asked for.
    pub operator: String,
    pub phases: Vec<PhaseOutline>,
    /// The variables of its environments.
    pub matrix: Matrix,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PhaseOutline {
    pub number: u32,
    pub title: String,
    pub steps: Vec<StepOutline>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StepOutline {
    /// The plan's number, such as `2.1`.
    pub number: String,
    pub title: String,
    pub why: String,
    pub undo: String,
    pub docs: String,
    /// What the step usually takes, waits included.
    pub minutes: u32,
    pub items: Vec<ItemOutline>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ItemOutline {
    pub id: ItemId,
    pub title: String,
    pub required: bool,
    pub needs: Vec<ItemId>,
    pub provider: Option<Provider>,
    /// What it touches, for the environment band: `PRODUCTION`, `STAGING`, `DEV`, or `ALL ENVIRONMENTS`.
    pub band: String,
    /// The name under which a person gives what it looks with, where that is no provider's token.
    pub asks: Option<SecretName>,
}

impl Outline {
    pub fn steps(&self) -> impl Iterator<Item = &StepOutline> {
        self.phases.iter().flat_map(|phase| &phase.steps)
    }

    pub fn items(&self) -> impl Iterator<Item = &ItemOutline> {
        self.steps().flat_map(|step| &step.items)
    }

    pub fn item(&self, id: &ItemId) -> Option<&ItemOutline> {
        self.items().find(|item| item.id == *id)
    }

    pub fn step(&self, number: &str) -> Option<&StepOutline> {
        self.steps().find(|step| step.number == number)
    }

    /// The last four digits of the launch's id, as screens show it.
    pub fn short_id(&self) -> &str {
        let start = self.launch.len().saturating_sub(4);
        self.launch.get(start..).unwrap_or(&self.launch)
    }
}
