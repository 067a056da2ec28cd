//! The parts that screens are made of; each idiom stands here once.

pub mod choices;
pub mod input;
pub mod masked;
pub mod pane;
pub mod text;
