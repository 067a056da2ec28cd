//! Opens the wizard: the engine on a thread of its own, the screen on this one.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

use super::place::{Place, init, who};
use super::rehearse::{self, Rehearsal};
use super::session::{Attempt, Parts};
use super::{pages, run, variable, wants_terminal};
use crate::answers::Answers;
use crate::cli::{Global, When};
use crate::clock::{Scaled, Wall};
use crate::engine::Settings;
use crate::engine::desk::Told;
use crate::error::{Error, Result};
use crate::event::{Event, Live};
use crate::operator::Ending;
use crate::plan::{ItemId, Provider};
use crate::request::Request;
use crate::seam::clock::Clock;
use crate::secret::{Secret, SecretName};
use crate::step::Launch;
use crate::tui::{Leave, Options, Session, farewell};
use crate::view::View;

/// A launch held by another golive is read again this often.
const FOLLOW_EVERY: std::time::Duration = std::time::Duration::from_millis(500);

/// `golive` without a command.
pub fn open(global: &Global) -> Result<u8> {
    if !wants_terminal(global) {
        return Err(Error::usage("the wizard needs a terminal")
            .because("standard input or output is none, or CI, TERM=dumb or --json says so")
            .hint("golive run works without one; golive --help lists the rest"));
    }
    let place = match Place::find(global) {
        Ok(place) => place,
        Err(error) if global.dir.is_none() && error.what.starts_with("there is no golive.toml") => {
            return offer_init(global, &error);
        }
        Err(error) => return Err(error),
    };
    if place.rehearsal {
        let options = crate::cli::Rehearse::going_on();
        let rehearsal = rehearse::open(
            &Global {
                dir: Some(place.dir),
                ..global.clone()
            },
            &options,
        )?;
        return rehearse(global, rehearsal, None, options.speed);
    }
    let runtime = run::runtime()?;
    let (seams, urls) = runtime.block_on(run::seams(global, &place, true))?;
    let clock = seams.clock.clone();
    let settings = Settings {
        apply: true,
        select: None,
        urls: urls.clone(),
        undo: false,
    };
    let code = match Parts::open(&place, seams, settings)? {
        Attempt::Ready(parts) => wizard(global, *parts, BTreeMap::new(), None)?,
        Attempt::Busy(holder) => follow(global, place, who(holder.as_ref()), clock, urls)?,
    };
    Ok(code)
}

fn offer_init(global: &Global, error: &Error) -> Result<u8> {
    eprintln!("{}.", error.what);
    let theme = dialoguer::theme::SimpleTheme;
    let wanted = dialoguer::Confirm::with_theme(&theme)
        .with_prompt("Write one now? (golive rehearse tries everything on an embedded world first)")
        .default(false)
        .interact();
    match wanted {
        Ok(true) => init(global, "bondigoo", None, &Answers::default()),
        _ => Err(error.clone()),
    }
}

/// The wizard on the embedded world.
pub fn rehearse(
    global: &Global,
    rehearsal: Rehearsal,
    chosen: Option<BTreeSet<ItemId>>,
    speed: u32,
) -> Result<u8> {
    let clock: Arc<dyn Clock> = Arc::new(Scaled::new(rehearsal.now, speed));
    let (seams, transport) = rehearsal.seams(clock.clone());
    let code = match rehearse::parts(&rehearsal, seams, chosen.clone())? {
        Attempt::Ready(parts) => wizard(global, *parts, rehearsal.secrets(), chosen.as_ref())?,
        Attempt::Busy(holder) => {
            let urls = rehearse::urls();
            return follow(global, rehearsal.place, who(holder.as_ref()), clock, urls);
        }
    };
    transport.mark()?;
    Ok(code)
}

/// Runs engine and screen until the operator leaves.
fn wizard(
    global: &Global,
    parts: Parts,
    own: BTreeMap<SecretName, Secret>,
    chosen: Option<&BTreeSet<ItemId>>,
) -> Result<u8> {
    let (requests, taken) = unbounded_channel();
    let (ear, events) = unbounded_channel();
    let (view, clock, urls) = (
        parts.view(),
        parts.seams.clock.clone(),
        parts.settings.urls.clone(),
    );
    let launch = parts.launch.clone();
    let store = parts.seams.vault.describe();
    for notice in &parts.notices {
        let told = Event::Live(Live::Said {
            item: None,
            text: notice.clone(),
        });
        let _ = ear.send((told, clock.now()));
    }
    let engine = std::thread::Builder::new()
        .name("engine".into())
        .spawn(move || {
            let runtime = run::runtime()?;
            runtime.block_on(parts.engine(taken, ear).run())
        });
    let engine =
        engine.map_err(|error| Error::failed("golive could not start a thread").because(error))?;
    let session = session(
        events,
        requests,
        clock,
        view,
        Known {
            own,
            urls,
            launch,
            store,
        },
    );
    let leave = screen(global, session)?;
    let ran = engine
        .join()
        .unwrap_or_else(|_| Err(Error::failed("golive made a mistake and stopped")));
    let all: Vec<ItemId> = leave
        .view
        .outline
        .items()
        .map(|item| item.id.clone())
        .collect();
    let items = all
        .iter()
        .filter(|id| chosen.is_none_or(|chosen| chosen.contains(*id)));
    let code = leave
        .how
        .exit_code()
        .unwrap_or_else(|| Ending::of(&leave.view, items).exit_code());
    say_goodbye(global, &leave);
    ran.map(|_| code)
}

/// What the screen looks up about the launch.
struct Known {
    /// The rehearsal's own secrets.
    own: BTreeMap<SecretName, Secret>,
    urls: BTreeMap<Provider, String>,
    launch: Launch,
    /// Where secrets are kept.
    store: String,
}

fn session(
    events: UnboundedReceiver<Told>,
    requests: UnboundedSender<Request>,
    clock: Arc<dyn Clock>,
    view: View,
    known: Known,
) -> Session {
    let Known {
        own,
        urls,
        launch,
        store,
    } = known;
    let at = move |provider: Provider| {
        let named = urls.get(&provider).cloned();
        named.unwrap_or_else(|| provider.address().into())
    };
    let (asked, judged, judged_at) = (launch.clone(), launch, at.clone());
    Session {
        events,
        requests,
        clock,
        view,
        token_page: Box::new(move |slot| pages::page(slot, &asked)),
        rehearsal_secret: Box::new(move |slot| own.get(&SecretName::new(slot)).cloned()),
        judge: Box::new(move |slot, value| pages::judged(slot, value, &judged, &judged_at)),
        store,
        api_url: Box::new(at),
    }
}

fn screen(global: &Global, session: Session) -> Result<Leave> {
    let options = Options {
        ascii: global.ascii || !locale_is_utf8(),
        color: match global.color {
            When::Always => true,
            When::Never => false,
            When::Auto => variable("NO_COLOR").is_none(),
        },
        motion: !global.no_motion,
    };
    run::runtime()?
        .block_on(crate::tui::run(session, options))
        .map_err(|error| {
            Error::failed("the terminal could not be used")
                .because(error)
                .hint("golive run")
        })
}

/// Without any locale set most terminals still draw UTF-8; a locale that says otherwise is believed.
fn locale_is_utf8() -> bool {
    let locale = ["LC_ALL", "LC_CTYPE", "LANG"]
        .iter()
        .find_map(|name| variable(name));
    locale.is_none_or(|locale| locale.to_lowercase().replace('-', "").contains("utf8"))
}

fn say_goodbye(global: &Global, leave: &Leave) {
    print!("{}", farewell(&leave.view, &again(global, &leave.view)));
    for panic in &leave.panics {
        eprintln!("{panic}");
    }
}

/// The command that goes on with this launch from the folder golive was started in.
fn again(global: &Global, view: &View) -> String {
    let command = match view.outline.rehearsal {
        true => "golive rehearse",
        false => "golive",
    };
    let Some(dir) = &global.dir else {
        return command.into();
    };
    let dir = dir.display().to_string();
    let plain = |c: char| c.is_alphanumeric() || "/._-+:@%".contains(c);
    match !dir.is_empty() && dir.chars().all(plain) {
        true => format!("{command} --dir {dir}"),
        false => format!("{command} --dir '{}'", dir.replace('\'', "'\\''")),
    }
}

/// Follows a launch that another golive holds: draws what its state file says, and changes nothing.
fn follow(
    global: &Global,
    place: Place,
    holder: String,
    clock: Arc<dyn Clock>,
    urls: BTreeMap<Provider, String>,
) -> Result<u8> {
    let (requests, taken) = unbounded_channel();
    let (ear, events) = unbounded_channel();
    let mut view = place.view()?;
    view.read_only = Some(holder);
    let from = view.state.seq;
    let launch = place.launch.clone();
    let follower = std::thread::Builder::new()
        .name("follower".into())
        .spawn(move || {
            let runtime = run::runtime()?;
            runtime.block_on(read_on(&place, from, taken, ear))
        });
    let follower = follower
        .map_err(|error| Error::failed("golive could not start a thread").because(error))?;
    let leave = screen(
        global,
        session(
            events,
            requests,
            clock,
            view,
            Known {
                own: BTreeMap::new(),
                urls,
                launch,
                store: String::new(),
            },
        ),
    )?;
    let read = follower.join().unwrap_or(Ok(()));
    say_goodbye(global, &leave);
    read.map(|()| leave.how.exit_code().unwrap_or(0))
}

/// Tells each record that the other golive adds, until the screen is left.
async fn read_on(
    place: &Place,
    mut seq: u64,
    mut requests: UnboundedReceiver<Request>,
    ear: UnboundedSender<Told>,
) -> Result<()> {
    loop {
        let contents = place.contents()?;
        let known = seq;
        for record in contents
            .records
            .into_iter()
            .filter(|record| record.seq > known)
        {
            seq = record.seq;
            let _ = ear.send((Event::Durable(record), Wall.now()));
        }
        tokio::select! {
            request = requests.recv() => match request {
                Some(Request::Stop | Request::StopNow) | None => break,
                Some(_) => {
                    let text = "another golive holds this launch: this one only follows".to_string();
                    let _ = ear.send((Event::Live(Live::Declined { text }), Wall.now()));
                }
            },
            () = Wall.sleep(FOLLOW_EVERY) => {}
        }
    }
    let _ = ear.send((Event::Live(Live::Ended), Wall.now()));
    Ok(())
}
