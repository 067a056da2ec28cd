//! A host claimed on a Vercel project, and the records that Vercel wants for it.

use super::not_yet::not_yet;
use crate::plan::ItemId;

/// A host claimed on a Vercel project.
#[derive(Clone, Debug)]
pub struct VercelDomain {
    pub host: String,
    /// The item that makes the project; it hands on `id`.
    pub project: ItemId,
    pub project_name: String,
    /// The branch that it serves, where that is not the project's production branch.
    pub git_branch: Option<String>,
    /// The host that it redirects to.
    pub redirect: Option<String>,
}

not_yet!(VercelDomain);
