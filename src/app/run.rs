//! `run`, `plan`, `verify` and `undo`: the engine without a screen, on the real providers.

use std::collections::BTreeMap;
use std::io::Write;
use std::sync::Arc;

use jiff::Timestamp;

use super::place::Place;
use super::session::{Parts, Signalled, Voice, run_to_rest, select};
use super::{inputs, reach, vaults, wants_terminal};
use crate::answers::Answers;
use crate::cli::{Global, Run};
use crate::clock::{Scaled, Wall};
use crate::engine::Settings;
use crate::engine::desk::Seams;
use crate::error::{Error, Kind, Result};
use crate::operator::{Ending, Operator, Policy};
use crate::plan::{ItemId, Provider};
use crate::provider::https::HttpsTransport;
use crate::report::json;
use crate::report::lines::Lines;
use crate::request::Request;
use crate::seam::clock::Clock;
use crate::seam::passwords::Passwords;
use crate::seam::transport::Transport;
use crate::view::View;

/// What looking is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Look {
    Plan,
    Verify,
}

/// A runtime for one command.
pub fn runtime() -> Result<tokio::runtime::Runtime> {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| Error::failed("golive could not start").because(error))
}

/// Real time; where everything is on this machine, `GOLIVE_SPEED` lets waits shrink as a served world runs faster.
/// Such a clock runs ahead of real time, so it goes on no earlier than what was recorded `last`.
pub fn clock(urls: &BTreeMap<Provider, String>, last: Option<Timestamp>) -> Result<Arc<dyn Clock>> {
    let Some(speed) = super::variable("GOLIVE_SPEED") else {
        return Ok(Arc::new(Wall));
    };
    let speed: u32 = speed
        .parse()
        .map_err(|_| Error::usage("GOLIVE_SPEED must be a whole number"))?;
    if !reach::all_local(urls) {
        return Err(
            Error::usage("GOLIVE_SPEED is only for a simulated world on this machine").hint(
                "unset GOLIVE_SPEED, or set GOLIVE_GITHUB_URL and the others to the addresses in the ready file",
            ),
        );
    }
    let start = last.map_or(Wall.now(), |last| last.max(Wall.now()));
    Ok(Arc::new(Scaled::new(start, speed)))
}

/// Where each provider is reached, where it is not at its own address.
pub type Urls = BTreeMap<Provider, String>;

/// The seams of a real launch.
pub async fn seams(global: &Global, place: &Place, interactive: bool) -> Result<(Seams, Urls)> {
    let urls = place.urls()?;
    let transport: Arc<dyn Transport> = Arc::new(HttpsTransport::new()?);
    let vault = vaults::open(global, place, interactive).await?;
    let last = place.contents()?.state.last_at;
    let clock = clock(&urls, last)?;
    let network = Arc::new(reach::network(place, &urls)?);
    let trust = reach::trust(&urls, clock.clone())?;
    Ok((
        Seams {
            transport,
            vault,
            documents: Arc::new(reach::databases(&urls)?),
            web: Arc::new(reach::sites(&urls, &network, &trust, clock.clone())?),
            redis: Arc::new(reach::queues(&urls, &network, &trust)?),
            resolver: network,
            clock,
            passwords: Passwords::Random,
            hands: None,
        },
        urls,
    ))
}

/// A rehearsal's folder is only ever worked on by `rehearse`.
fn refuse_rehearsal(place: &Place) -> Result<()> {
    if !place.rehearsal {
        return Ok(());
    }
    Err(
        Error::usage(format!("{} holds a rehearsal", place.dir.display()))
            .now("nothing was looked at or changed")
            .hint(format!("golive rehearse --dir {}", place.dir.display())),
    )
}

pub fn run(global: &Global, options: &Run) -> Result<u8> {
    let place = Place::find(global)?;
    refuse_rehearsal(&place)?;
    let chosen = select(
        &place.launch,
        options.select.as_deref(),
        options.until.as_deref(),
    )?;
    let answers = options
        .answers
        .as_deref()
        .map(Answers::load)
        .transpose()?
        .unwrap_or_default();
    runtime()?.block_on(async {
        let (seams, urls) = seams(global, &place, wants_terminal(global)).await?;
        let missing = inputs::missing(&place.launch, chosen.as_ref(), &seams).await?;
        let vault = seams.vault.describe();
        let mut parts = Parts::open_or_refuse(
            &place,
            seams,
            Settings {
                apply: true,
                select: chosen.clone(),
                urls,
                undo: false,
            },
        )?;
        parts.notices.extend(missing);
        let policy = Policy {
            yes: options.yes,
            words: options.confirm.clone(),
            ..policy(&place, &answers)
        };
        let mut voice = begin(global, &parts, &vault);
        let (view, signalled) = run_to_rest(parts, Operator::new(policy), &mut voice, true).await?;
        finish(&mut voice, &view, chosen.as_ref(), signalled)
    })
}

/// What the answers file allows, in the operator's name.
fn policy(place: &Place, answers: &Answers) -> Policy {
    let attest = answers.attestations();
    Policy {
        by: place.manifest.operator.name.to_string(),
        attest: attest
            .map(|(item, word)| (item.into(), (word.by.to_string(), word.note.to_string())))
            .collect(),
        choose: answers
            .iter()
            .map(|(key, word)| (key.to_string(), word.to_string()))
            .collect(),
        ..Policy::default()
    }
}

pub fn begin(global: &Global, parts: &Parts, vault: &str) -> Voice {
    for notice in &parts.notices {
        eprintln!("{notice}");
    }
    if global.json {
        return Voice::Json;
    }
    let view = parts.view();
    let mut lines = Lines::new(
        Box::new(std::io::stdout()) as Box<dyn Write>,
        view.outline.rehearsal,
    );
    let _ = lines.begin(&view, vault);
    Voice::Lines(lines)
}

/// The summary, and the exit code it means.
pub fn finish(
    voice: &mut Voice,
    view: &View,
    chosen: Option<&std::collections::BTreeSet<ItemId>>,
    signalled: Option<Signalled>,
) -> Result<u8> {
    let all: Vec<ItemId> = view.outline.items().map(|item| item.id.clone()).collect();
    let items = all
        .iter()
        .filter(|id| chosen.is_none_or(|chosen| chosen.contains(*id)));
    let code = signalled.map_or_else(
        || Ending::of(view, items).exit_code(),
        |signalled| signalled.0,
    );
    match voice {
        Voice::Lines(lines) => {
            let _ = lines.summary(view);
        }
        Voice::Json => {
            let mut summary = json::status(view);
            summary["v"] = 1.into();
            summary["type"] = "summary".into();
            summary["exit_code"] = code.into();
            println!("{summary}");
        }
        Voice::Bar(_) | Voice::Silent => {}
    }
    Ok(code)
}

/// `plan` and `verify`: look at everything, change and record nothing.
pub fn look(global: &Global, selected: Option<&str>, look: Look) -> Result<u8> {
    let place = Place::find(global)?;
    let chosen = select(&place.launch, selected, None)?;
    runtime()?.block_on(async {
        let (parts, _held) = if place.rehearsal {
            let (parts, held) = super::rehearse::to_look_at(&place, chosen.clone())?;
            (parts, Some(held))
        } else {
            let (seams, urls) = seams(global, &place, wants_terminal(global)).await?;
            for missing in inputs::missing(&place.launch, chosen.as_ref(), &seams).await? {
                eprintln!("{missing}");
            }
            let settings = Settings {
                apply: false,
                select: chosen.clone(),
                urls,
                undo: false,
            };
            (Parts::look(&place, seams, settings)?, None)
        };
        let before = parts.view();
        let items = before.outline.items().count();
        let mut voice = Voice::looking(items, global.json);
        let policy = Policy {
            look_only: true,
            ..Policy::default()
        };
        let (view, signalled) =
            run_to_rest(parts, Operator::new(policy), &mut voice, false).await?;
        if let Some(Signalled(code)) = signalled {
            return Ok(code);
        }
        match look {
            Look::Plan => super::record::plan(global, &view),
            Look::Verify => super::record::verify(global, &before, &view),
        }
    })
}

/// Removes what golive made: the plan first, then, with `--yes`, the removal.
pub fn undo(global: &Global, selected: &str, yes: bool) -> Result<u8> {
    let place = Place::find(global)?;
    refuse_rehearsal(&place)?;
    let chosen = select(&place.launch, Some(selected), None)?.unwrap_or_default();
    runtime()?.block_on(async {
        let (seams, urls) = seams(global, &place, wants_terminal(global)).await?;
        let vault = seams.vault.describe();
        let settings = Settings {
            apply: true,
            select: Some(chosen.clone()),
            urls,
            undo: true,
        };
        let parts = Parts::open_or_refuse(&place, seams, settings)?;
        let by = place.manifest.operator.name.to_string();
        let policy = Policy {
            by,
            removals: yes,
            ..Policy::default()
        };
        let mut voice = begin(global, &parts, &vault);
        let made = chosen.iter().any(|id| {
            parts
                .state
                .item(id)
                .is_some_and(|item| !item.made.is_empty())
        });
        if !made {
            return Err(Error::new(
                Kind::Failed,
                format!("golive made nothing for {selected} that it could remove"),
            )
            .now("nothing was changed")
            .hint("golive status"));
        }
        let first = Request::Undo {
            items: chosen.iter().cloned().collect(),
        };
        let operator = Operator::new(policy).asking(first);
        let (view, signalled) = run_to_rest(parts, operator, &mut voice, true).await?;
        let left = chosen.iter().any(|id| {
            view.item_state(id)
                .is_some_and(|item| !item.made.is_empty())
        });
        if let Voice::Lines(lines) = &mut voice {
            let _ = lines.summary(&view);
        }
        if left && !yes {
            eprintln!("Nothing was removed. To remove what is shown: golive undo {selected} --yes");
        }
        Ok(signalled.map_or(if left { 10 } else { 0 }, |signalled| signalled.0))
    })
}
