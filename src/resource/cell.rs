//! One variable in one environment: it has a value, of the right kind for its stage.

use super::not_yet::not_yet;
use super::value::{Destination, Variable};

/// One variable in one environment.
#[derive(Clone, Debug)]
pub struct Cell {
    pub environment: String,
    /// It is production's.
    pub production: bool,
    pub to: Destination,
    pub variable: Variable,
    /// The same variable in the other environments.
    pub peers: Vec<(String, super::value::Wished)>,
    /// The environment's own names, which its values are compared with.
    pub around: Around,
}

not_yet!(Cell);

/// What the values of one environment are compared with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Around {
    /// `https://…` of its site, and further origins that its API lets in.
    pub origins: Vec<String>,
    /// The host of its API, where it has one.
    pub api_host: Option<String>,
    /// The variable holds the origins that the API lets in.
    pub holds_origins: bool,
}
