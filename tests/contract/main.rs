//! The simulated providers, and golive's own calls, against the providers' documents.

mod caller;
mod document;
mod github;
mod noticed;
mod translate;
mod validator;
