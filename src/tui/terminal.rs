//! The terminal itself: taken over, handed back, and left as it was found, whatever happens.

use std::io::{self, Stdout, Write};
use std::panic::{self, PanicHookInfo};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::ThreadId;

use crossterm::clipboard::CopyToClipboard;
use crossterm::event::{
    DisableBracketedPaste, DisableFocusChange, EnableBracketedPaste, EnableFocusChange,
};
use crossterm::terminal::{EnterAlternateScreen, LeaveAlternateScreen};
use crossterm::{cursor, execute, terminal as modes};
use ratatui::Frame;
use ratatui::backend::CrosstermBackend;
use ratatui::layout::{Rect, Size};
use rustix::process::{Signal, getpgrp, kill_current_process_group};
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};
use tokio::time::{Duration, sleep, timeout};

use super::How;

/// The screen is ours. One flag for guard, panic hook and signals, so that restoring twice does nothing.
static ACTIVE: AtomicBool = AtomicBool::new(false);

/// The foreground is looked for this often after a stop.
const FOREGROUND: Duration = Duration::from_millis(50);
/// A stop that does not come (no job control) is given up on after this.
const STOP: Duration = Duration::from_millis(500);

type Hook = Arc<dyn Fn(&PanicHookInfo<'_>) + Send + Sync>;

pub struct Terminal {
    screen: ratatui::Terminal<CrosstermBackend<Stdout>>,
    pub panics: Panics,
    hook: Option<Hook>,
}

/// Reports of panics in other threads than the screen's.
pub struct Panics(UnboundedReceiver<String>);

impl Panics {
    /// Never ends when nothing panics.
    pub async fn next(&mut self) -> String {
        match self.0.recv().await {
            Some(report) => report,
            None => std::future::pending().await,
        }
    }
}

impl Terminal {
    pub fn enter() -> io::Result<Terminal> {
        take_over()?;
        let screen = ratatui::Terminal::new(CrosstermBackend::new(io::stdout()));
        let screen = match screen {
            Ok(screen) => screen,
            Err(error) => {
                restore();
                return Err(error);
            }
        };
        let (panics, hook) = catch_panics(std::thread::current().id());
        Ok(Terminal {
            screen,
            panics,
            hook: Some(hook),
        })
    }

    pub fn size(&self) -> io::Result<Size> {
        self.screen.size()
    }

    pub fn draw(&mut self, picture: impl FnOnce(&mut Frame<'_>)) -> io::Result<()> {
        self.screen.draw(picture).map(|_| ())
    }

    /// Everything anew with the next frame. `resize` and not `clear`: `clear` asks the terminal where the cursor is, and
    /// the answer can land in the shell.
    pub fn draw_all(&mut self) -> io::Result<()> {
        let size = self.screen.size()?;
        self.screen.resize(Rect::new(0, 0, size.width, size.height))
    }

    /// Hands the terminal back for as long as `work` runs, then takes it again. The caller has dropped its reader of keys.
    pub async fn with_released<T>(
        &mut self,
        work: impl AsyncFnOnce(&mut Stdout) -> io::Result<T>,
    ) -> io::Result<T> {
        restore();
        let done = work(&mut io::stdout()).await;
        self.take_back().await?;
        done
    }

    /// After a stop: waits until the shell has given the terminal back, then sets every mode again.
    pub async fn take_back(&mut self) -> io::Result<()> {
        while !in_foreground() {
            sleep(FOREGROUND).await;
        }
        // Typed for the shell, not for golive.
        let _ = rustix::termios::tcflush(io::stdin(), rustix::termios::QueueSelector::IFlush);
        // The shell may have set its own modes meanwhile; ours are set anew only when they count as not set.
        let _ = modes::disable_raw_mode();
        take_over()?;
        self.draw_all()
    }

    /// To the operator's clipboard by OSC 52, which travels over SSH; says so.
    pub fn copy(&mut self, text: &str) -> io::Result<String> {
        execute!(io::stdout(), CopyToClipboard::to_clipboard_from(text))?;
        Ok(match text.chars().count() {
            1 => "copied 1 character (OSC 52)".into(),
            n => format!("copied {n} characters (OSC 52)"),
        })
    }

    /// Opens a page in the operator's browser; over SSH, where the browser is elsewhere, the address is copied.
    pub fn open(&mut self, url: &str) -> io::Result<String> {
        if !url.starts_with("https://") && !url.starts_with("http://") {
            return Ok(format!("not an address of a page: {url}"));
        }
        let remote = std::env::var_os("SSH_CONNECTION").is_some();
        if !remote && open::that_detached(url).is_ok() {
            return Ok(format!("opened {url}"));
        }
        let said = self.copy(url)?;
        Ok(format!("no browser here; {said}: {url}"))
    }

    pub fn leave(mut self) {
        self.put_back();
    }

    fn put_back(&mut self) {
        restore();
        // Setting a hook while unwinding would abort.
        if let Some(hook) = self.hook.take()
            && !std::thread::panicking()
        {
            panic::set_hook(Box::new(move |info| hook(info)));
        }
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        self.put_back();
    }
}

fn take_over() -> io::Result<()> {
    modes::enable_raw_mode()?;
    ACTIVE.store(true, Ordering::SeqCst);
    let entered = execute!(
        io::stdout(),
        EnterAlternateScreen,
        // A golive that was killed leaves its picture there, and the first frame draws only what is not blank.
        modes::Clear(modes::ClearType::All),
        EnableBracketedPaste,
        EnableFocusChange,
        cursor::Hide
    );
    if entered.is_err() {
        restore();
    }
    entered
}

/// Back to how it was, in reverse order. Errors have nobody left to hear them: the terminal may be gone.
fn restore() {
    if !ACTIVE.swap(false, Ordering::SeqCst) {
        return;
    }
    let _ = execute!(
        io::stdout(),
        LeaveAlternateScreen,
        DisableFocusChange,
        DisableBracketedPaste,
        cursor::Show
    );
    let _ = modes::disable_raw_mode();
    let _ = io::stdout().flush();
}

/// A panic on the screen's thread restores the terminal before the report. One on any other thread must not: the screen
/// goes on there, and restoring would leave it running on a terminal that no longer belongs to it.
fn catch_panics(ui: ThreadId) -> (Panics, Hook) {
    let before: Hook = panic::take_hook().into();
    let (reports, panics) = unbounded_channel();
    let usual = Arc::clone(&before);
    panic::set_hook(Box::new(move |info| {
        if std::thread::current().id() == ui {
            restore();
        }
        match ACTIVE.load(Ordering::SeqCst) {
            true => {
                let _ = reports.send(info.to_string());
            }
            false => usual(info),
        }
    }));
    (Panics(panics), before)
}

fn in_foreground() -> bool {
    match rustix::termios::tcgetpgrp(io::stdin()) {
        Ok(group) => group == getpgrp(),
        // Not a terminal, or none any more: nothing to wait for.
        Err(_) => true,
    }
}

/// Stops the whole process group, as the shell's own Ctrl-Z would, and comes back once it was continued. SIGTSTP itself
/// is listened to, so that another program's stop finds the terminal handed back too; SIGTTIN stops in the same way, and
/// like it, unlike SIGSTOP, not where no shell is there to go on with what was stopped.
pub async fn stop_until_continued(signals: &mut Signals) -> io::Result<()> {
    kill_current_process_group(Signal::TTIN)?;
    let _ = timeout(STOP, signals.continued.recv()).await;
    Ok(())
}

/// The signals that a screen must know of. Ctrl-C is a key here.
pub struct Signals {
    terminate: tokio::signal::unix::Signal,
    hang_up: tokio::signal::unix::Signal,
    interrupt: tokio::signal::unix::Signal,
    stop: tokio::signal::unix::Signal,
    continued: tokio::signal::unix::Signal,
}

/// What a signal means for the screen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Heard {
    Leave(How),
    /// To the shell, as by Ctrl-Z.
    Stop,
    Continued,
}

impl Signals {
    pub fn listen() -> io::Result<Signals> {
        Ok(Signals {
            terminate: signal(SignalKind::terminate())?,
            hang_up: signal(SignalKind::hangup())?,
            interrupt: signal(SignalKind::interrupt())?,
            stop: signal(SignalKind::from_raw(Signal::TSTP.as_raw()))?,
            continued: signal(SignalKind::from_raw(Signal::CONT.as_raw()))?,
        })
    }

    pub async fn next(&mut self) -> Heard {
        tokio::select! {
            _ = self.terminate.recv() => Heard::Leave(How::Terminated),
            _ = self.hang_up.recv() => Heard::Leave(How::HungUp),
            _ = self.interrupt.recv() => Heard::Leave(How::Interrupted),
            _ = self.stop.recv() => Heard::Stop,
            _ = self.continued.recv() => Heard::Continued,
        }
    }
}
