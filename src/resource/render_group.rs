//! An environment group on Render: all its variables, linked to its services.

use super::not_yet::not_yet;
use super::value::Variable;
use crate::plan::ItemId;

/// An environment group on Render.
#[derive(Clone, Debug)]
pub struct RenderGroup {
    pub environment: String,
    pub name: String,
    pub variables: Vec<Variable>,
    /// The items that make the services; each hands on `id`. With their names.
    pub services: Vec<(ItemId, String)>,
}

not_yet!(RenderGroup);
