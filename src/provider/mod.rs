//! The providers' clients: plain structs over one HTTP road, one method per endpoint used.

pub mod atlas;
pub mod github;
pub mod guard;
pub mod http;
pub mod https;
pub mod render;
pub mod token;
pub mod vercel;
pub mod verdict;
