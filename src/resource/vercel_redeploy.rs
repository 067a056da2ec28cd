//! The serving deployment was built with the variables, from the branch's commit.

use super::not_yet::not_yet;
use super::value::Variable;
use crate::plan::ItemId;

/// The serving deployment was built with the variables.
#[derive(Clone, Debug)]
pub struct VercelRedeploy {
    pub project: ItemId,
    pub project_name: String,
    /// The branch that is deployed here.
    pub branch: String,
    /// Whether that is the project's production deployment.
    pub production: bool,
    /// The host that serves it.
    pub host: String,
    /// The item that sets the variables.
    pub set: ItemId,
    pub variables: Vec<Variable>,
}

not_yet!(VercelRedeploy);
