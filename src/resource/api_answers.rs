//! An API answers by its own name, and lets in the origins it should and no other.

use super::not_yet::not_yet;

/// An API answers by its own name.
#[derive(Clone, Debug)]
pub struct ApiAnswers {
    pub host: String,
    pub health_path: String,
    /// The origins that `CORS_ORIGIN` lists here.
    pub allowed: Vec<String>,
    /// Origins of other environments, which must not be let in.
    pub refused: Vec<String>,
}

not_yet!(ApiAnswers);
