//! A service runs the branch's commit with the variables of its group.

use super::not_yet::not_yet;
use super::value::Variable;
use crate::plan::ItemId;

/// A service runs with the variables of its group.
#[derive(Clone, Debug)]
pub struct RenderDeploy {
    pub service: ItemId,
    pub name: String,
    pub branch: String,
    /// The item that fills the group; it hands on `id`.
    pub group: ItemId,
    pub variables: Vec<Variable>,
}

not_yet!(RenderDeploy);
