//! The simulated providers, and golive's own calls, against the providers' documents.

#[path = "../launch/assembly.rs"]
mod assembly;
mod atlas;
mod caller;
mod cloudflare;
mod document;
mod github;
mod godaddy;
mod launch;
mod noticed;
mod render;
mod stripe;
mod translate;
mod validator;
mod vercel;
