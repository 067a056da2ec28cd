//! The command line: what can be typed, and what each word means.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

const AFTER_HELP: &str = "\
Exit codes: 0 done, 1 something failed, 2 usage or missing inputs, 10 a person is needed, 11 the world is awaited, 12 \
something changed since (verify), 65 a state or input file is damaged, 75 another golive holds the launch, 77 the vault \
refused; stopped by a signal: 130 (Ctrl-C), 143, 129.

Without a command golive opens the wizard in the nearest folder that has a golive.toml.";

#[derive(Debug, Parser)]
#[command(name = "golive", version, about, after_help = AFTER_HELP, max_term_width = 100)]
pub struct Cli {
    #[command(flatten)]
    pub global: Global,
    #[command(subcommand)]
    pub command: Option<Command>,
}

#[derive(Args, Clone, Debug)]
pub struct Global {
    /// The folder with golive.toml (default: the nearest one upwards)
    #[arg(long, global = true, env = "GOLIVE_DIR", value_name = "DIR")]
    pub dir: Option<PathBuf>,
    /// One JSON document, or one JSON event a line
    #[arg(long, global = true, env = "GOLIVE_JSON")]
    pub json: bool,
    /// Only characters that every terminal has
    #[arg(long, global = true, env = "GOLIVE_ASCII")]
    pub ascii: bool,
    /// When to colour
    #[arg(
        long,
        global = true,
        env = "GOLIVE_COLOR",
        value_name = "WHEN",
        default_value = "auto"
    )]
    pub color: When,
    /// Nothing on the screen moves by itself
    #[arg(long, global = true, env = "GOLIVE_NO_MOTION")]
    pub no_motion: bool,
    /// Where secrets are kept
    #[arg(
        long,
        global = true,
        env = "GOLIVE_VAULT",
        value_name = "WHERE",
        default_value = "keyring"
    )]
    pub vault: VaultChoice,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum When {
    Auto,
    Always,
    Never,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum VaultChoice {
    /// The keyring of this system
    Keyring,
    /// A file under a passphrase, .golive/vault.age
    File,
    /// GOLIVE_SECRET_<NAME>, read only
    Env,
}

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Write golive.toml, asking what the preset cannot know
    Init {
        /// What to start from
        #[arg(long, default_value = "bondigoo")]
        preset: String,
        /// Answers instead of questions
        #[arg(long, value_name = "FILE")]
        answers: Option<PathBuf>,
        #[command(flatten)]
        given: crate::init::Given,
    },
    /// Keep what signs for a provider in the vault, after a look that it works
    Login {
        /// github, vercel, render or atlas
        #[arg(default_value = "github")]
        provider: String,
        /// Only this one of several, such as ATLAS_CLIENT_SECRET
        #[arg(long, value_name = "NAME")]
        only: Option<String>,
        #[command(flatten)]
        from: From,
    },
    /// Show what would change; changes nothing
    Plan {
        /// A step (1), an item (1.branch-main) or a phase (phase:0); all when left out
        select: Option<String>,
    },
    /// Go on with the launch without a screen
    Run(Run),
    /// What the state file says
    Status,
    /// Look at everything again; changes nothing
    Verify {
        /// A step (1), an item (1.branch-main) or a phase (phase:0), or several joined by commas; all when left out
        select: Option<String>,
    },
    /// The DNS records that are wanted, and which servers serve them; changes nothing
    Dns,
    /// The secrets in the vault: names and fingerprints, never values
    Secrets {
        #[command(subcommand)]
        action: Secrets,
    },
    /// Remove what golive itself made for a step or item; shows the plan first
    Undo {
        /// A step (1) or an item (1.branch-staging)
        select: String,
        /// Approve the removals that are shown
        #[arg(long)]
        yes: bool,
    },
    /// Give a person's word for an item
    Tick {
        item: String,
        /// Who says so
        #[arg(long)]
        by: String,
        /// What they looked at
        #[arg(long)]
        note: String,
    },
    /// Take a person's word, a waiver or a skip back
    Untick {
        item: String,
        /// Who takes it back
        #[arg(long, default_value = "operator")]
        by: String,
    },
    /// Leave an item out, with a reason
    Waive {
        item: String,
        #[arg(long)]
        by: String,
        #[arg(long)]
        why: String,
    },
    /// Live with a finding, with a reason
    Accept {
        /// Item and finding, such as 4.worker-prod/npm-run-dev; golive status lists them
        finding: String,
        #[arg(long)]
        by: String,
        #[arg(long)]
        why: String,
    },
    /// The answers given so far, as a file for `run --answers`
    Answers,
    /// The state file, as it was written
    Log {
        #[command(subcommand)]
        action: Option<Log>,
    },
    /// Walk the launch on an embedded world: no account, no network, no keyring
    Rehearse(Rehearse),
    /// Serve the embedded world over HTTP, for other programs
    Simulate(Simulate),
    /// What works on this machine, and what to do about the rest
    Doctor,
    /// Explain a step, an item, a secret or an error code
    Explain { topic: String },
}

#[derive(Args, Clone, Debug, Default)]
#[group(multiple = false)]
pub struct From {
    /// Read it from an environment variable
    #[arg(long, value_name = "VAR")]
    pub from_env: Option<String>,
    /// Read it from a file
    #[arg(long, value_name = "FILE")]
    pub from_file: Option<PathBuf>,
    /// Read it from standard input
    #[arg(long)]
    pub stdin: bool,
    /// Read it from what a command prints, such as "op read op://vault/item/field"
    #[arg(long, value_name = "CMD")]
    pub from_command: Option<String>,
}

#[derive(Args, Clone, Debug)]
pub struct Run {
    /// A step (1), an item (1.branch-main) or a phase (phase:0); all when left out
    pub select: Option<String>,
    /// Approve what is free and can be taken back
    #[arg(long)]
    pub yes: bool,
    /// A word that a plan asks for, given up front: its total, or the name of what cannot be taken back
    #[arg(long, value_name = "WORD")]
    pub confirm: Vec<String>,
    /// Answers instead of questions
    #[arg(long, value_name = "FILE")]
    pub answers: Option<PathBuf>,
    /// The last step (1) or phase (phase:0) to work on
    #[arg(long, value_name = "STEP")]
    pub until: Option<String>,
}

#[derive(Debug, Subcommand)]
pub enum Secrets {
    /// Names, what they are for, where they are, fingerprints
    List,
    /// Keep a value
    Set {
        /// Such as VERCEL_TOKEN or dev.DATABASE_PASSWORD; golive secrets list names all
        name: String,
        #[command(flatten)]
        from: From,
    },
    /// Keep the values of a .env file that the launch asks for: all of them, or none
    Import(Import),
    /// Whether each secret is there, still the one that was kept, and works; looks only
    Check,
    /// Forget a value
    Rm { name: String },
}

#[derive(Args, Clone, Debug)]
pub struct Import {
    /// The file; - is standard input
    #[arg(value_name = "FILE", conflicts_with_all = ["from_env", "from_file", "stdin", "from_command"])]
    pub file: Option<PathBuf>,
    /// The environment that it is for, such as prod
    #[arg(long, value_name = "KEY")]
    pub environment: Option<String>,
    #[command(flatten)]
    pub from: From,
}

#[derive(Debug, Subcommand)]
pub enum Log {
    /// Prove that the state file is unbroken
    Verify,
}

#[derive(Args, Clone, Debug)]
pub struct Rehearse {
    /// A step (1), an item (1.branch-main) or a phase (phase:0); all when left out
    pub select: Option<String>,
    /// The last step (1) or phase (phase:0) to work on
    #[arg(long, value_name = "STEP")]
    pub until: Option<String>,
    /// Run to the end without a screen: the world's own operator answers
    #[arg(long)]
    pub headless: bool,
    /// fresh, fresh-empty, half, done, foreign, or a file
    #[arg(long, value_name = "NAME|FILE")]
    pub world: Option<String>,
    /// Begin again
    #[arg(long)]
    pub fresh: bool,
    /// What chance falls out of
    #[arg(long, value_name = "N")]
    pub seed: Option<u64>,
    /// Faults to put in, as for `simulate`
    #[arg(long, value_name = "LIST")]
    pub faults: Option<String>,
    /// How many times faster than real time the world runs on a terminal
    #[arg(long, value_name = "N", default_value_t = 60)]
    pub speed: u32,
}

#[derive(Args, Clone, Debug)]
pub struct Simulate {
    /// Where to listen; loopback only
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:0")]
    pub listen: String,
    /// Written once it listens: addresses and tokens as JSON
    #[arg(long, value_name = "FILE")]
    pub ready_file: PathBuf,
    /// fresh, fresh-empty, half, done, foreign, or a file
    #[arg(long, value_name = "NAME|FILE", default_value = "fresh")]
    pub world: String,
    /// How many times faster than real time it runs
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub speed: u32,
    /// What chance falls out of
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub seed: u64,
}

impl Rehearse {
    /// Goes on with whatever the folder holds.
    pub fn going_on() -> Self {
        Self {
            select: None,
            until: None,
            headless: false,
            world: None,
            fresh: false,
            seed: None,
            faults: None,
            speed: 60,
        }
    }
}
