//! The thin binary: parses the command line and hands over.

use std::process::ExitCode;

use clap::Parser;

fn main() -> ExitCode {
    golive::app::main(golive::cli::Cli::parse())
}
