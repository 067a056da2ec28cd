//! The variables of one environment in its Vercel project, read back.

use super::not_yet::not_yet;
use super::value::Variable;
use crate::plan::ItemId;

/// The variables of one environment in its Vercel project.
#[derive(Clone, Debug)]
pub struct VercelVariables {
    pub project: ItemId,
    pub project_name: String,
    /// The branch whose preview deployments they are for; `None`: production.
    pub git_branch: Option<String>,
    pub variables: Vec<Variable>,
}

not_yet!(VercelVariables);
