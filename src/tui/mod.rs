//! The full-screen front end: one loop that owns the terminal, draws one `View`, and sends requests.

mod act;
mod answer;
mod farewell;
mod frames;
mod grid;
mod keys;
mod links;
mod model;
mod movement;
mod screen;
mod terminal;
mod theme;
mod ways;
mod widget;

#[cfg(test)]
mod fixture;
#[cfg(test)]
mod tests;

use std::fmt;
use std::io::{self, Write};
use std::sync::Arc;

use crossterm::SynchronizedUpdate;
use crossterm::event::{Event as Input, EventStream};
use futures::StreamExt;
use jiff::Timestamp;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender};
use tokio::time::{Duration, Instant};

use crate::event::{Event, Live};
use crate::plan::Provider;
use crate::request::Request;
use crate::seam::clock::Clock;
use crate::secret::Secret;
use crate::view::View;
use frames::Frames;
use model::{Effect, UiState};
use screen::Scene;
use terminal::{Heard, Signals, Terminal};
use theme::Theme;

pub use farewell::farewell;

/// After "stop now" the engine has this long to say that it ended, so that leaving takes less than a fifth of a second.
const STOP_NOW: Duration = Duration::from_millis(150);
/// Events taken in between two looks at the keyboard, so that neither starves.
const BATCH_MAX: usize = 4_096;

#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// Only characters up to 0x7E.
    pub ascii: bool,
    pub color: bool,
    /// Spinners; without them a state that moves has a fixed sign.
    pub motion: bool,
}

/// What is shown where a secret is asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TokenPage {
    /// What it is, such as `Atlas client secret` or `password of NAME`.
    pub what: String,
    /// Where it is made; none where it exists already.
    pub url: Option<String>,
    /// What to choose on that page besides the rights.
    pub choose: Vec<String>,
    pub scopes: Vec<String>,
    /// Which expiry to choose.
    pub expiry: String,
    /// What golive will do with it, completing "golive …".
    pub use_: String,
    /// What to mind, and what golive never does with it.
    pub mind: Vec<String>,
    /// What is looked at with it before it is kept.
    pub probe: String,
    /// A whole key in lines of its own may be pasted.
    pub many_lines: bool,
}

/// What is told of a slot.
pub type TokenPages = Box<dyn Fn(&str) -> Option<TokenPage> + Send>;
/// The rehearsal's own value of a slot.
pub type OwnSecrets = Box<dyn Fn(&str) -> Option<Secret> + Send>;
/// What a slot's value looks like, or why it cannot be kept there. Never any of the value.
pub type Judge = Box<dyn Fn(&str, &Secret) -> Result<String, String> + Send>;
/// Where a provider's paths begin.
pub type ApiUrls = Box<dyn Fn(Provider) -> String + Send>;

/// The screen's end of one launch. The engine runs on another thread.
pub struct Session {
    pub events: UnboundedReceiver<(Event, Timestamp)>,
    pub requests: UnboundedSender<Request>,
    /// The launch's time, for clocks and countdowns between events.
    pub clock: Arc<dyn Clock>,
    pub view: View,
    /// What is told where a slot's value is asked for; `None` for a name that is not known.
    pub token_page: TokenPages,
    /// What Enter on an empty field takes in a rehearsal; always `None` in a real launch.
    pub rehearsal_secret: OwnSecrets,
    /// Judges a value by its shape while it is typed.
    pub judge: Judge,
    /// Where secrets are kept, in words.
    pub store: String,
    /// Where a provider's paths begin, for calls shown as curl.
    pub api_url: ApiUrls,
}

/// How the screen ended, and the last view for a summary.
pub struct Leave {
    pub how: How,
    pub view: View,
    /// Reports of panics in other threads, kept off the screen.
    pub panics: Vec<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum How {
    Quit,
    /// By Ctrl-C while something ran.
    Interrupted,
    Terminated,
    /// The terminal is gone.
    HungUp,
}

impl How {
    /// The exit code that this end prescribes; `None` where the launch's state decides.
    pub fn exit_code(self) -> Option<u8> {
        match self {
            How::Quit => None,
            How::Interrupted => Some(130),
            How::Terminated => Some(143),
            How::HungUp => Some(129),
        }
    }
}

/// What screens look up outside the view.
pub struct Lookup {
    pub token_page: TokenPages,
    pub rehearsal_secret: OwnSecrets,
    pub judge: Judge,
    pub store: String,
    pub api_url: ApiUrls,
    /// Times of day are shown in this zone.
    pub zone: jiff::tz::TimeZone,
}

impl fmt::Debug for Lookup {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Lookup")
    }
}

/// Draws and listens until the operator leaves, the engine ends after a stop, or a signal comes. The terminal is restored
/// on every way out. Must run on the thread that may own the terminal, with tokio's real time.
pub async fn run(session: Session, options: Options) -> io::Result<Leave> {
    let lookup = Lookup {
        token_page: session.token_page,
        rehearsal_secret: session.rehearsal_secret,
        judge: session.judge,
        store: session.store,
        api_url: session.api_url,
        zone: jiff::tz::TimeZone::system(),
    };
    let mut signals = Signals::listen()?;
    let mut terminal = Terminal::enter()?;
    let mut desk = Desk {
        ui: UiState::new(&session.view, lookup),
        view: session.view,
        events: session.events,
        requests: session.requests,
        clock: session.clock,
        theme: Theme {
            ascii: options.ascii,
            color: options.color,
            motion: options.motion,
        },
        frames: Frames::new(Instant::now()),
        leaving: None,
        panics: Vec::new(),
    };
    let how = desk.work(&mut terminal, &mut signals).await;
    terminal.leave();
    Ok(Leave {
        how: how?,
        view: desk.view,
        panics: desk.panics,
    })
}

struct Desk {
    ui: UiState,
    view: View,
    events: UnboundedReceiver<(Event, Timestamp)>,
    requests: UnboundedSender<Request>,
    clock: Arc<dyn Clock>,
    theme: Theme,
    frames: Frames,
    /// Leaves at that time at the latest.
    leaving: Option<(How, Instant)>,
    panics: Vec<String>,
}

impl Desk {
    async fn work(&mut self, terminal: &mut Terminal, signals: &mut Signals) -> io::Result<How> {
        let mut input = Some(EventStream::new());
        loop {
            let leave_at = self.leaving.map(|(_, at)| at);
            tokio::select! {
                pressed = key(&mut input) => match pressed {
                    Some(Ok(event)) => {
                        for effect in self.hear(event) {
                            if let Some(how) = self.do_it(effect, terminal, signals, &mut input).await? {
                                return Ok(how);
                            }
                        }
                    }
                    // The terminal cannot be read any more.
                    Some(Err(_)) | None => return Ok(self.end(How::HungUp)),
                },
                event = self.events.recv(), if !self.ui.engine_gone => self.take_in(event),
                () = self.frames.due() => self.draw(terminal)?,
                report = terminal.panics.next() => self.panicked(report),
                signal = signals.next() => match signal {
                    Heard::Leave(how) => return Ok(self.end(how)),
                    Heard::Stop => self.suspend(terminal, signals, &mut input).await?,
                    // Continued after a stop that was not ours: the shell may have changed every mode.
                    Heard::Continued => {
                        drop(input.take());
                        terminal.take_back().await?;
                        input = Some(EventStream::new());
                        self.frames.request(Instant::now());
                    }
                },
                () = at_or_never(leave_at) => {
                    return Ok(self.leaving.map_or(How::Quit, |(how, _)| how));
                }
            }
            let over = self.ui.engine_gone || self.view.ended;
            if over && (self.ui.stopping.is_some() || self.leaving.is_some()) {
                return Ok(self.ui.leave_as);
            }
        }
    }

    /// A signal ends the screen: the engine is told, the caller waits for it.
    fn end(&mut self, how: How) -> How {
        let _ = self.requests.send(Request::StopNow);
        how
    }

    fn hear(&mut self, event: Input) -> Vec<Effect> {
        let now = Instant::now();
        self.frames.request(now);
        match event {
            Input::Key(key) => self.ui.press(key, &self.view, now),
            Input::Paste(text) => {
                let text = zeroize::Zeroizing::new(text);
                self.ui.paste(&text, now);
                Vec::new()
            }
            Input::FocusGained => {
                self.ui.focused = true;
                Vec::new()
            }
            Input::FocusLost => {
                self.ui.focused = false;
                Vec::new()
            }
            Input::Resize(..) | Input::Mouse(_) => Vec::new(),
        }
    }

    async fn do_it(
        &mut self,
        effect: Effect,
        terminal: &mut Terminal,
        signals: &mut Signals,
        input: &mut Option<EventStream>,
    ) -> io::Result<Option<How>> {
        let now = Instant::now();
        match effect {
            Effect::Ask(request) => {
                if self.requests.send(request).is_err() {
                    self.ui.engine_gone = true;
                    self.ui.say(
                        "Nothing is left to do it: golive's worker has ended. q leaves.",
                        now,
                    );
                }
            }
            Effect::Copy(text) => {
                let said = terminal.copy(&text)?;
                self.ui.say(said, now);
            }
            Effect::Open(url) => {
                let said = terminal.open(&url)?;
                self.ui.say(said, now);
            }
            Effect::Redraw => terminal.draw_all()?,
            Effect::Suspend => self.suspend(terminal, signals, input).await?,
            Effect::Leave(how) if self.ui.engine_gone || !model::can_act(&self.view) => {
                return Ok(Some(how));
            }
            Effect::Leave(how) => self.leaving = Some((how, now + STOP_NOW)),
        }
        self.frames.request(now);
        Ok(None)
    }

    /// To the shell and back.
    async fn suspend(
        &mut self,
        terminal: &mut Terminal,
        signals: &mut Signals,
        input: &mut Option<EventStream>,
    ) -> io::Result<()> {
        let note = self.in_flight();
        // The reader of keys must be gone before the shell reads them. No other may be made before: it would wait for
        // this one to read a key.
        *input = None;
        terminal
            .with_released(async |screen| {
                let _ = writeln!(screen, "{note}");
                terminal::stop_until_continued(signals).await
            })
            .await?;
        *input = Some(EventStream::new());
        self.frames.request(Instant::now());
        Ok(())
    }

    fn in_flight(&self) -> String {
        let moving = self
            .view
            .live
            .iter()
            .filter_map(|(id, live)| match &live.doing {
                crate::view::Doing::Applying { change } => Some(format!("{id} ({change})")),
                _ => None,
            });
        let moving: Vec<String> = moving.collect();
        match moving.as_slice() {
            [] => "golive is suspended; no change is on its way. fg comes back.".into(),
            some => format!(
                "golive is suspended while this is on its way: {}. fg comes back and looks what became of it.",
                some.join(", ")
            ),
        }
    }

    fn take_in(&mut self, first: Option<(Event, Timestamp)>) {
        let now = Instant::now();
        let mut next = first;
        if next.is_none() {
            self.ui.engine_gone = true;
            // Without its worker this screen can only be read, as after a proper end.
            if !self.view.ended && self.view.read_only.is_none() {
                self.view.ended = true;
                self.ui
                    .say("golive's worker has ended by itself. q leaves.", now);
            }
        }
        let mut taken = 0;
        while let Some((event, at)) = next {
            self.view.apply(&event, at);
            taken += 1;
            next = match taken < BATCH_MAX {
                true => self.events.try_recv().ok(),
                false => None,
            };
        }
        if let Some(text) = self.view.declined.take() {
            self.ui.say(text, now);
        }
        self.ui.heard(&self.view, now);
        self.frames.request(now);
    }

    fn panicked(&mut self, report: String) {
        let text = format!("a worker of golive failed by a mistake of its own: {report}");
        let said = Event::Live(Live::Said {
            item: None,
            text: crate::text::strip_controls(&text),
        });
        let at = self.view.now;
        self.view.apply(&said, at);
        self.panics.push(report);
        let now = Instant::now();
        self.ui.say(
            "A worker of golive failed. Its report is in the log and printed when you leave.",
            now,
        );
        self.frames.request(now);
    }

    fn draw(&mut self, terminal: &mut Terminal) -> io::Result<()> {
        let now = Instant::now();
        let size = terminal.size()?;
        (self.ui.columns, self.ui.rows) = (size.width, size.height);
        if self
            .ui
            .toast
            .as_ref()
            .is_some_and(|toast| now >= toast.until)
        {
            self.ui.toast = None;
        }
        if let Some(model::Open::Secret { field, .. }) = self.ui.open.last_mut() {
            field.hide_when_due(now);
        }
        self.view.now = self.view.now.max(self.clock.now());
        let scene = Scene {
            view: &self.view,
            ui: &self.ui,
            theme: &self.theme,
            spin: self.frames.spin(now),
            at: now,
        };
        io::stdout().sync_update(|_| {
            terminal.draw(|frame| screen::draw(&scene, frame.area(), frame.buffer_mut()))
        })??;
        let moving = screen::moving(&scene);
        self.frames.drew(now, moving);
        Ok(())
    }
}

/// What comes from the keyboard; nothing, while the terminal is not ours.
async fn key(input: &mut Option<EventStream>) -> Option<io::Result<Input>> {
    match input {
        Some(input) => input.next().await,
        None => std::future::pending().await,
    }
}

async fn at_or_never(at: Option<Instant>) {
    match at {
        Some(at) => tokio::time::sleep_until(at).await,
        None => std::future::pending().await,
    }
}
