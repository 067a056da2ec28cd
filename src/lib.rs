//! golive takes one web product live, step by step, and never shows a belief as a fact.
//!
//! `ARCHITECTURE.md` is the map. The library works without a terminal; only front ends write to stdout or stderr.

#![forbid(unsafe_code)]

#[cfg(windows)]
compile_error!(
    "golive runs on Linux and macOS. Windows is refused because nothing of it could be tried there."
);

pub mod answers;
pub mod app;
pub mod cli;
pub mod clock;
pub mod cors;
pub mod disk;
pub mod dns;
pub mod engine;
pub mod error;
pub mod event;
pub mod init;
pub mod journal;
pub mod manifest;
pub mod mongo;
pub mod operator;
pub mod plan;
pub mod price;
pub mod provider;
pub mod redis;
pub mod report;
pub mod request;
pub mod resource;
pub mod sabotage;
pub mod seam;
pub mod secret;
pub mod sim;
pub mod step;
pub mod text;
pub mod tls;
pub mod tokens;
pub mod tui;
pub mod vault;
pub mod view;
pub mod web;
