//! From a parsed command line to an exit code: builds the seams, real or rehearsed, and runs what was asked for.

mod dns;
mod doctor;
mod explain;
mod inputs;
mod login;
mod pages;
pub mod place;
mod reach;
mod record;
pub mod rehearse;
mod run;
mod secrets;
pub mod session;
mod simulate;
mod tui;
mod vaults;

use std::process::ExitCode;

use crate::cli::{Cli, Command, Global, Log};
use crate::error::{Error, Result};

/// Runs one command. What was asked for goes to stdout, all else to stderr.
pub fn main(cli: Cli) -> ExitCode {
    crate::provider::https::install_crypto();
    keep_secrets_in_memory();
    match dispatch(&cli) {
        Ok(code) => ExitCode::from(code),
        Err(error) => {
            if cli.global.json {
                eprintln!("{}", as_json(&error));
            } else {
                eprintln!("{error}");
            }
            ExitCode::from(error.kind.exit_code())
        }
    }
}

fn dispatch(cli: &Cli) -> Result<u8> {
    let global = &cli.global;
    match &cli.command {
        None => tui::open(global),
        Some(Command::Init {
            preset,
            answers,
            given,
        }) => place::init(global, preset, answers.as_deref(), &given.0),
        Some(Command::Login {
            provider,
            only,
            from,
        }) => login::run(global, provider, only.as_deref(), from),
        Some(Command::Plan { select }) => run::look(global, select.as_deref(), run::Look::Plan),
        Some(Command::Verify { select }) => run::look(global, select.as_deref(), run::Look::Verify),
        Some(Command::Run(run)) => run::run(global, run),
        Some(Command::Status) => record::status(global),
        Some(Command::Dns) => dns::run(global),
        Some(Command::Secrets { action }) => secrets::run(global, action),
        Some(Command::Undo { select, yes }) => run::undo(global, select, *yes),
        Some(Command::Tick { item, by, note }) => record::tick(global, item, by, note),
        Some(Command::Untick { item, by }) => record::untick(global, item, by),
        Some(Command::Waive { item, by, why }) => record::waive(global, item, by, why),
        Some(Command::Accept { finding, by, why }) => record::accept(global, finding, by, why),
        Some(Command::Answers) => record::answers(global),
        Some(Command::Log { action: None }) => record::log(global),
        Some(Command::Log {
            action: Some(Log::Verify),
        }) => record::log_verify(global),
        Some(Command::Rehearse(options)) => rehearse::run(global, options),
        Some(Command::Simulate(options)) => simulate::run(global, options),
        Some(Command::Doctor) => doctor::run(global),
        Some(Command::Explain { topic }) => explain::run(global, topic),
    }
}

/// No core file and no reading of our memory by another process of the same user: secrets pass through here.
fn keep_secrets_in_memory() {
    use rustix::process::{Resource, Rlimit, setrlimit};
    let none = Rlimit {
        current: Some(0),
        maximum: Some(0),
    };
    // Refused only where limits are locked already; golive works all the same.
    let _ = setrlimit(Resource::Core, none);
    #[cfg(target_os = "linux")]
    let _ = rustix::process::set_dumpable_behavior(rustix::process::DumpableBehavior::NotDumpable);
}

/// An error for programs, shaped after RFC 9457.
fn as_json(error: &Error) -> serde_json::Value {
    serde_json::json!({
        "v": 1,
        "type": "error",
        "title": error.what,
        "detail": error.cause,
        "now": error.now,
        "hint": error.hint,
        "exit_code": error.kind.exit_code(),
    })
}

/// The environment twins of a global flag are read by clap; these are read where they are used.
fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

fn wants_terminal(global: &Global) -> bool {
    use std::io::IsTerminal;
    let dumb = variable("TERM").is_some_and(|term| term == "dumb");
    !global.json
        && !dumb
        && variable("CI").is_none()
        && std::io::stdin().is_terminal()
        && std::io::stdout().is_terminal()
}
