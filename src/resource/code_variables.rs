//! Every variable that the code reads is in the matrix, or said to be not needed.

use super::not_yet::not_yet;

/// Every variable that the code reads.
#[derive(Clone, Debug)]
pub struct CodeVariables {
    /// Environment, and the branch that is deployed there.
    pub branches: Vec<(String, String)>,
    /// The folders of the server and of the front end, from the repository's root (`.`: the root).
    pub server: String,
    pub front_end: String,
    /// Variable, environment and destination of each cell.
    pub cells: Vec<(String, String, super::value::Destination)>,
    pub not_needed: Vec<String>,
}

not_yet!(CodeVariables);
