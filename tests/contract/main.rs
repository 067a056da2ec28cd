//! The simulated providers, and golive's own calls, against the providers' documents.

#[path = "../launch/assembly.rs"]
mod assembly;
mod atlas;
mod caller;
mod document;
mod github;
mod launch;
mod noticed;
mod render;
mod translate;
mod validator;
mod vercel;
