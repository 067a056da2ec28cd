//! One run over a launch: the state file opened, the engine made, and the front end without a screen.

use std::collections::BTreeSet;
use std::io::{IsTerminal, Write};
use std::sync::Arc;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

use super::place::{Place, busy, holder, newer};
use crate::engine::desk::{Desk, Seams, Told};
use crate::engine::{Engine, Settings};
use crate::error::{Error, Result};
use crate::event::{Durable, Event, Live};
use crate::journal::state::State;
use crate::journal::{Journal, Opened, Opening};
use crate::manifest::ManifestKeys;
use crate::operator::Operator;
use crate::plan::ItemId;
use crate::report::json;
use crate::report::lines::Lines;
use crate::request::Request;
use crate::seam::clock::Clock;
use crate::seam::disk::Holder;
use crate::step::{Catalog, Launch};
use crate::view::View;

/// While nothing else is said, a run without a screen says what it waits for this often.
const HEARTBEAT: Duration = Duration::from_secs(30);

/// All that an engine is made of; may be sent to the thread that runs it.
pub struct Parts {
    pub journal: Option<Journal>,
    pub state: State,
    pub launch: Launch,
    pub seams: Seams,
    pub settings: Settings,
    /// What opening found, for the operator to read.
    pub notices: Vec<String>,
}

/// Whether a launch could be opened for writing.
pub enum Attempt {
    Ready(Box<Parts>),
    Busy(Option<Holder>),
}

impl Parts {
    /// Takes the launch's lock and records the opening and the manifest.
    pub fn open(place: &Place, seams: Seams, settings: Settings) -> Result<Attempt> {
        let catalogue = Catalog::version();
        let opening = Opening {
            launch: &place.launch.id,
            version: env!("CARGO_PKG_VERSION"),
            catalogue: &catalogue,
            rehearsal: place.rehearsal,
            holder: holder(seams.clock.now()),
        };
        let (mut journal, mut state, mut notices) =
            match Journal::open(place.disk.clone(), &place.paths, &opening)? {
                Opened::Held {
                    journal,
                    state,
                    notices,
                    ..
                } => (journal, state, notices),
                Opened::Busy(holder) => return Ok(Attempt::Busy(holder)),
                Opened::Newer { kind, .. } => return Err(newer(&kind)),
            };
        notices.extend(record_manifest(
            place,
            &mut journal,
            &mut state,
            &*seams.clock,
        )?);
        Ok(Attempt::Ready(Box::new(Parts {
            journal: Some(*journal),
            state: *state,
            launch: place.launch.clone(),
            seams,
            settings,
            notices,
        })))
    }

    /// The same, where only this process will do.
    pub fn open_or_refuse(place: &Place, seams: Seams, settings: Settings) -> Result<Parts> {
        match Parts::open(place, seams, settings)? {
            Attempt::Ready(parts) => Ok(*parts),
            Attempt::Busy(holder) => Err(busy(holder.as_ref())),
        }
    }

    /// For looking only: reads the state file, takes no lock and writes nothing.
    pub fn look(place: &Place, seams: Seams, settings: Settings) -> Result<Parts> {
        let contents = place.contents()?;
        place.notes(&contents);
        let mut state = contents.state;
        if state.launch.is_none() {
            state.launch = Some(place.launch.id.clone());
            state.rehearsal = place.rehearsal;
        }
        Ok(Parts {
            journal: None,
            state,
            launch: place.launch.clone(),
            seams,
            settings,
            notices: vec![],
        })
    }

    pub fn view(&self) -> View {
        View::new(
            self.launch.outline.clone(),
            self.state.clone(),
            self.seams.clock.now(),
        )
    }

    pub fn engine(
        self,
        requests: UnboundedReceiver<Request>,
        ear: UnboundedSender<Told>,
    ) -> Engine {
        let desk = Desk::new(self.seams, self.journal, self.state, ear);
        Engine::new(desk, self.launch, self.settings, requests)
    }
}

/// Records the manifest when it is news. Keys that are gone are told: their objects stay.
fn record_manifest(
    place: &Place,
    journal: &mut Journal,
    state: &mut State,
    clock: &dyn Clock,
) -> Result<Vec<String>> {
    let hash = place.manifest.hash();
    if state.manifest_hash.as_deref() == Some(hash.as_str()) {
        return Ok(vec![]);
    }
    let removed = place
        .manifest
        .removed(&ManifestKeys(state.manifest_keys.clone()));
    let durable = Durable::Manifest {
        hash,
        keys: place.manifest.keys().0,
        items: place.launch.wishes(),
    };
    journal.append(state, durable, clock.now())?;
    Ok(removed.iter().map(ToString::to_string).collect())
}

/// The items of a selection and of everything up to `until`, both as the command line names them.
pub fn select(
    launch: &Launch,
    select: Option<&str>,
    until: Option<&str>,
) -> Result<Option<BTreeSet<ItemId>>> {
    let named = |text: &str| {
        launch.select(text).ok_or_else(|| {
            let steps: Vec<&str> = launch
                .outline
                .steps()
                .map(|step| step.number.as_str())
                .collect();
            Error::usage(format!("nothing in this launch is called {text}")).hint(format!(
                "a step ({}), an item such as {}, or phase:0",
                steps.join(", "),
                launch.items[0].id
            ))
        })
    };
    let mut chosen: Option<BTreeSet<ItemId>> = select
        .map(named)
        .transpose()?
        .map(|items| items.into_iter().collect());
    if let Some(until) = until {
        let last = named(until)?;
        let end = launch
            .items
            .iter()
            .rposition(|item| last.contains(&item.id))
            .map_or(0, |place| place + 1);
        let before: BTreeSet<ItemId> = launch.items[..end]
            .iter()
            .map(|item| item.id.clone())
            .collect();
        chosen = Some(chosen.map_or(before.clone(), |chosen| {
            chosen.intersection(&before).cloned().collect()
        }));
    }
    Ok(chosen)
}

/// How a run without a screen speaks.
pub enum Voice {
    Lines(Lines<Box<dyn Write>>),
    Json,
    /// A bar on the terminal while many looks go on.
    Bar(ProgressBar),
    Silent,
}

impl Voice {
    /// A bar over so many looks, where a person watches; else nothing.
    pub fn looking(items: usize, json: bool) -> Voice {
        if json || !std::io::stderr().is_terminal() {
            return Voice::Silent;
        }
        let bar = ProgressBar::new(items as u64);
        let style = ProgressStyle::with_template("{bar:24} {pos} of {len} looked at  {msg}");
        Voice::Bar(bar.with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar())))
    }

    fn event(&mut self, event: &Event, view: &View) {
        let told = match self {
            Voice::Lines(lines) => lines.event(event, view),
            Voice::Json => {
                let mut out = std::io::stdout().lock();
                writeln!(out, "{}", json::event(event, view))
            }
            Voice::Bar(bar) => {
                match event {
                    Event::Live(Live::Looking { item }) => bar.set_message(item.to_string()),
                    Event::Live(Live::Looked { .. }) => bar.inc(1),
                    Event::Live(Live::Ended) => bar.finish_and_clear(),
                    _ => {}
                }
                Ok(())
            }
            Voice::Silent => Ok(()),
        };
        // A reader that went away (`| head`) does not stop a launch that is under way.
        let _ = told;
    }

    fn heartbeat(&mut self, view: &View) {
        if let Voice::Lines(lines) = self {
            let _ = lines.heartbeat(view);
        }
    }
}

/// How a run was ended from outside.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Signalled(pub u8);

/// Runs the engine to its rest, with the operator answering.
pub async fn run_to_rest(
    parts: Parts,
    mut operator: Operator,
    voice: &mut Voice,
    heartbeat: bool,
) -> Result<(View, Option<Signalled>)> {
    let mut view = parts.view();
    let (requests, taken) = unbounded_channel();
    let (ear, mut events) = unbounded_channel();
    let clock = parts.seams.clock.clone();
    let engine = parts.engine(taken, ear);
    let front = async {
        let mut signals = Signals::new()?;
        let mut signalled = None;
        loop {
            tokio::select! {
                told = events.recv() => {
                    let Some((event, now)) = told else { break };
                    view.apply(&event, now);
                    voice.event(&event, &view);
                    for request in operator.hear(&event, &view) {
                        let _ = requests.send(request);
                    }
                    if matches!(event, Event::Live(Live::Ended)) {
                        break;
                    }
                }
                code = signals.next() => {
                    let again = signalled.replace(Signalled(code)).is_some();
                    let _ = requests.send(if again { Request::StopNow } else { Request::Stop });
                }
                () = beat(&clock, heartbeat) => voice.heartbeat(&view),
            }
        }
        Ok::<_, Error>((view, signalled))
    };
    let (ran, told) = tokio::join!(engine.run(), front);
    ran?;
    told
}

async fn beat(clock: &Arc<dyn Clock>, wanted: bool) {
    if wanted {
        clock.sleep(HEARTBEAT).await;
    } else {
        std::future::pending::<()>().await;
    }
}

/// The signals that ask a run to end, as the exit codes they lead to.
pub struct Signals {
    interrupt: tokio::signal::unix::Signal,
    terminate: tokio::signal::unix::Signal,
    hang_up: tokio::signal::unix::Signal,
}

impl Signals {
    pub fn new() -> Result<Signals> {
        use tokio::signal::unix::{SignalKind, signal};
        let failed = |error| Error::failed("golive cannot listen for signals").because(error);
        Ok(Signals {
            interrupt: signal(SignalKind::interrupt()).map_err(failed)?,
            terminate: signal(SignalKind::terminate()).map_err(failed)?,
            hang_up: signal(SignalKind::hangup()).map_err(failed)?,
        })
    }

    pub async fn next(&mut self) -> u8 {
        tokio::select! {
            _ = self.interrupt.recv() => 130,
            _ = self.terminate.recv() => 143,
            _ = self.hang_up.recv() => 129,
        }
    }
}
