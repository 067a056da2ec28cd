//! Who answers the questions of `golive init`: a person on a terminal, or nobody; and the flags that answer beforehand.

use std::io::{self, IsTerminal};

use clap::{Arg, ArgMatches, Command};
use dialoguer::Input;
use dialoguer::theme::{ColorfulTheme, SimpleTheme, Theme};

use super::question::{QUESTIONS, Question};
use crate::answers::Answers;
use crate::error::{Error, Result};

/// A question as it is put, with what golive proposes.
pub struct Prompt<'q> {
    pub question: &'q Question,
    pub proposal: Option<String>,
}

/// Somebody, or nobody, to ask.
pub trait Asker {
    /// Whether anybody is there.
    fn can_ask(&self) -> bool;

    /// The answer. An answer that the question's check refuses ends `init`, so askers ask again themselves.
    fn ask(&mut self, prompt: &Prompt<'_>) -> Result<String>;
}

/// Nobody to ask.
pub struct NoTerminal;

impl Asker for NoTerminal {
    fn can_ask(&self) -> bool {
        false
    }

    fn ask(&mut self, prompt: &Prompt<'_>) -> Result<String> {
        Err(Error::usage(format!(
            "nobody is there to answer: {}",
            prompt.question.prompt
        )))
    }
}

/// Prompts on the terminal that golive was started from, if there is one.
#[derive(Default)]
pub struct Terminal {
    /// Without colours and signs, for `--accessible` and `--ascii`.
    pub plain: bool,
}

impl Asker for Terminal {
    fn can_ask(&self) -> bool {
        // Prompts are drawn on stderr, so that stdout stays what was asked for.
        io::stdin().is_terminal() && io::stderr().is_terminal()
    }

    fn ask(&mut self, prompt: &Prompt<'_>) -> Result<String> {
        let question = prompt.question;
        let theme: &dyn Theme = match self.plain {
            true => &SimpleTheme,
            false => &ColorfulTheme::default(),
        };
        // Choices are typed, too: dialoguer's list hides the cursor and leaves it hidden when Ctrl-C ends it.
        let mut input = Input::<String>::with_theme(theme)
            .with_prompt(question.full_prompt())
            .validate_with(|answer: &String| question.answered(answer).map(drop));
        if let Some(proposal) = &prompt.proposal {
            input = input.default(proposal.clone());
        }
        input.interact_text().map_err(|error| {
            Error::failed("the questions were left unanswered")
                .because(error)
                .now("nothing was written")
                .hint("golive init")
        })
    }
}

/// The answers given by flags and environment variables: one of each for every question.
#[derive(Clone, Debug, Default)]
pub struct Given(pub Answers);

impl clap::FromArgMatches for Given {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        let mut given = Given::default();
        given.update_from_arg_matches(matches)?;
        Ok(given)
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        for question in &QUESTIONS {
            if let Some(answer) = matches.get_one::<String>(question.key) {
                self.0.set(question.key, answer);
            }
        }
        Ok(())
    }
}

impl clap::Args for Given {
    fn augment_args(command: Command) -> Command {
        command.args(QUESTIONS.iter().map(|question| {
            Arg::new(question.key)
                .long(question.key)
                .env(question.variable)
                .hide_env_values(true)
                .value_name(question.form)
                .help(question.full_prompt())
        }))
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}
