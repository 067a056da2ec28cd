//! The seams to the world. A real run, a rehearsal and a test differ in these values and in nothing else.

pub mod clock;
pub mod disk;
pub mod documents;
pub mod hands;
pub mod passwords;
pub mod redis;
pub mod resolver;
pub mod transport;
pub mod vault;
pub mod web;
