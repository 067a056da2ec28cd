//! A launch: the catalogue's steps, repeated and named by what the manifest lists.

pub mod catalog;
mod configuration;
mod expand;
mod given;
mod matrix;
mod slots;
mod sound;
mod wishes;

use std::collections::BTreeMap;

use crate::plan::{ItemId, Provider};
use crate::resource::Wish;
use crate::secret::SecretName;
use crate::view::Outline;

pub use catalog::Catalog;
pub use expand::expand;
pub use given::Use;
pub use slots::{LaunchSlot, SlotOrigin};

/// One launch, ready for the engine.
#[derive(Clone, Debug)]
pub struct Launch {
    /// Such as `bondigoo-1a2b3c4d`.
    pub id: String,
    /// Owner and name of the product's repository.
    pub repository: (String, String),
    /// In the plan's order.
    pub items: Vec<Instance>,
    pub outline: Outline,
}

/// One item of a launch.
#[derive(Clone, Debug)]
pub struct Instance {
    pub id: ItemId,
    pub title: String,
    pub needs: Vec<ItemId>,
    /// Not optional: its step and the gate ask for it.
    pub required: bool,
    /// The provider that it changes things at; `None`: it only looks at the network, or at the launch itself.
    pub provider: Option<Provider>,
    /// Key of the environment it is a part of, where it is of one.
    pub environment: Option<String>,
    /// Secret outputs, and the names they are kept under.
    pub keeps: BTreeMap<String, SecretName>,
    pub wish: Wish,
}

impl Launch {
    pub fn item(&self, id: &ItemId) -> Option<&Instance> {
        self.items.iter().find(|item| item.id == *id)
    }

    /// The items that `select` names, in the plan's order: a step (`1`), an item of all its keys (`1.branch`), one
    /// (`1.branch-main`), a phase (`phase:0`), or several of these joined by commas. `None` when one of them names none.
    pub fn select(&self, select: &str) -> Option<Vec<ItemId>> {
        let parts: Option<Vec<Vec<ItemId>>> = select
            .split(',')
            .map(|one| self.named(one.trim()))
            .collect();
        let named: Vec<ItemId> = parts?.concat();
        let all = self.items.iter().map(|item| item.id.clone());
        Some(all.filter(|id| named.contains(id)).collect())
    }

    fn named(&self, select: &str) -> Option<Vec<ItemId>> {
        let phase = select
            .strip_prefix("phase:")
            .and_then(|number| number.parse::<u32>().ok());
        let in_phase = |id: &ItemId| {
            self.outline.phases.iter().any(|phase_outline| {
                Some(phase_outline.number) == phase
                    && phase_outline
                        .steps
                        .iter()
                        .any(|step| step.number == id.step())
            })
        };
        let matches = |id: &ItemId| {
            id.as_str() == select
                || id.step() == select
                || id
                    .as_str()
                    .strip_prefix(select)
                    .is_some_and(|rest| rest.starts_with('-'))
                || in_phase(id)
        };
        let items: Vec<ItemId> = self
            .items
            .iter()
            .map(|item| item.id.clone())
            .filter(|id| matches(id))
            .collect();
        (!items.is_empty()).then_some(items)
    }

    /// A digest of what is wished of each item: a change voids its approvals.
    pub fn wishes(&self) -> std::collections::BTreeMap<ItemId, String> {
        let digest = |item: &Instance| {
            use sha2::{Digest, Sha256};
            let text = format!("{:?}", item.wish);
            Sha256::digest(text.as_bytes())[..8]
                .iter()
                .map(|byte| format!("{byte:02x}"))
                .collect::<String>()
        };
        self.items
            .iter()
            .map(|item| (item.id.clone(), digest(item)))
            .collect()
    }
}
