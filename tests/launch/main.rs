//! Whole launches on the simulated world: calm, killed at every point, with every call going wrong.
//!
//! Left out of --quick: sweep:: faults::

mod assembly;
mod configuration;
mod cost;
mod disk;
mod faults;
mod mixed;
mod oracle;
mod refused;
mod stage;
mod story;
mod sweep;
