//! The front ends without a screen: lines for people, JSON for programs.

pub mod dns;
pub mod json;
pub mod lines;
