//! The providers' clients: plain structs over one HTTP road, one method per endpoint used.

pub mod atlas;
pub mod cloudflare;
pub mod github;
pub mod godaddy;
pub mod guard;
pub mod http;
pub mod https;
pub mod render;
pub mod stripe;
pub mod token;
pub mod vercel;
pub mod verdict;
