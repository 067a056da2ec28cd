//! `golive rehearse`: the whole launch on the embedded world, in a folder of its own that can be killed and gone on with.

mod names;
mod secrets;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use jiff::Timestamp;
use sha2::{Digest, Sha256};

pub use self::names::names;
use self::secrets::known;
pub use self::secrets::secrets;
use super::place::{Place, busy, holder};
use super::session::{Attempt, Parts, run_to_rest, select};
use super::{run, variable, wants_terminal};
use crate::cli::{Global, Rehearse};
use crate::clock::{Jumping, Scaled, Wall};
use crate::disk::RealDisk;
use crate::engine::Settings;
use crate::engine::desk::Seams;
use crate::error::{Error, Result};
use crate::init;
use crate::journal::Paths;
use crate::manifest::{self, LaunchId, Manifest, Preset};
use crate::operator::{Operator, Policy};
use crate::plan::{ItemId, Provider};
use crate::seam::clock::Clock;
use crate::seam::disk::{Disk, Lock, Locking};
use crate::seam::passwords::Passwords;
use crate::secret::{Secret, SecretName};
use crate::sim::chronicle::{Beginning, Chronicle};
use crate::sim::transport::SimTransport;
use crate::sim::{self, Names, Scenario, World, fault};
use crate::vault::FINGERPRINT_KEY;
use crate::vault::memory::MemoryVault;

/// Where the world's providers are, in process: names that no resolver ever leads away from this machine.
pub fn urls() -> BTreeMap<Provider, String> {
    let url = |provider: sim::Provider| {
        format!(
            "http://{}.localhost{}",
            provider.as_str(),
            provider.prefix()
        )
    };
    [
        (Provider::GitHub, url(sim::Provider::Github)),
        (Provider::Vercel, url(sim::Provider::Vercel)),
        (Provider::Render, url(sim::Provider::Render)),
        (Provider::Atlas, url(sim::Provider::Atlas)),
        (Provider::GoDaddy, url(sim::Provider::Godaddy)),
        (Provider::Cloudflare, url(sim::Provider::Cloudflare)),
        (Provider::Stripe, url(sim::Provider::Stripe)),
    ]
    .into()
}

/// A rehearsal's folder, open.
pub struct Rehearsal {
    pub place: Place,
    pub beginning: Beginning,
    pub world: World,
    pub chronicle: Chronicle,
    /// The world's time to go on from.
    pub now: Timestamp,
}

pub fn run(global: &Global, options: &Rehearse) -> Result<u8> {
    let interactive = wants_terminal(global) && !options.headless;
    let rehearsal = open(global, options)?;
    let chosen = select(
        &rehearsal.place.launch,
        options.select.as_deref(),
        options.until.as_deref(),
    )?;
    if interactive {
        return super::tui::rehearse(global, rehearsal, chosen, options.speed);
    }
    let runtime = Jumping::runtime()
        .map_err(|error| Error::failed("golive could not start").because(error))?;
    runtime.block_on(headless(global, rehearsal, chosen))
}

async fn headless(
    global: &Global,
    rehearsal: Rehearsal,
    chosen: Option<BTreeSet<ItemId>>,
) -> Result<u8> {
    let clock: Arc<dyn Clock> = Arc::new(Jumping::new(rehearsal.now));
    let (seams, transport) = rehearsal.seams(clock);
    let policy = rehearsal.policy();
    let settings = Settings {
        apply: true,
        select: chosen.clone(),
        urls: urls(),
        undo: false,
    };
    let vault = seams.vault.describe();
    let parts = Parts::open_or_refuse(&rehearsal.place, seams, settings)?;
    let mut voice = run::begin(global, &parts, &vault);
    if !global.json {
        println!(
            "World {:?}, seed {}, in {}",
            rehearsal.beginning.scenario.about,
            rehearsal.beginning.seed,
            rehearsal.place.dir.display()
        );
    }
    let (view, signalled) = run_to_rest(parts, Operator::new(policy), &mut voice, false).await?;
    transport.mark()?;
    run::finish(&mut voice, &view, chosen.as_ref(), signalled)
}

impl Rehearsal {
    /// The seams of a rehearsal: the world in process, secrets in memory, and the given clock.
    pub fn seams(&self, clock: Arc<dyn Clock>) -> (Seams, Arc<SimTransport>) {
        let transport = SimTransport::new(self.world.clone(), clock.clone());
        let transport = Arc::new(transport.with_journal(self.chronicle.journal()));
        let doors = Arc::new(transport.doors());
        let seams = Seams {
            transport: transport.clone(),
            vault: Arc::new(self.vault()),
            clock,
            documents: doors.clone(),
            resolver: doors.clone(),
            web: doors.clone(),
            redis: doors,
            passwords: self.passwords(),
            hands: Some(transport.clone()),
        };
        (seams, transport)
    }

    /// What an earlier part of the rehearsal kept is in memory again: it was the world's own and can be named again.
    fn vault(&self) -> MemoryVault {
        let vault = MemoryVault::new();
        let kept = self
            .place
            .contents()
            .map(|contents| contents.state.kept)
            .unwrap_or_default();
        let key = fingerprint_key(&self.place.launch.id);
        let own = self.secrets();
        let known = known(&self.place).secrets;
        let again = kept.iter().filter_map(|(slot, fingerprint)| {
            let made = known.values().cloned();
            let mut candidates = own.get(slot).cloned().into_iter().chain(made);
            let value = candidates.find(|value| value.fingerprint(&key) == *fingerprint)?;
            Some((slot.clone(), value))
        });
        let key = (SecretName::new(FINGERPRINT_KEY), key.clone());
        vault.restore(again.chain([key]).collect());
        vault
    }

    /// Passwords that a killed rehearsal can make again.
    fn passwords(&self) -> Passwords {
        Passwords::Rehearsed {
            launch: self.place.launch.id.clone(),
        }
    }

    /// The secrets that the world accepts.
    pub fn secrets(&self) -> BTreeMap<SecretName, Secret> {
        secrets(&self.world.tokens(), &self.place.manifest)
    }

    /// The world's own operator: each of their acts is recorded as rehearsed.
    fn policy(&self) -> Policy {
        Policy {
            by: format!("{} (rehearsed)", self.place.manifest.operator.name),
            rehearsed: true,
            secrets: self.secrets(),
            ..Policy::default()
        }
    }
}

/// A rehearsal keeps nothing secret, so its key may follow from its name: a killed one then goes on as it was.
fn fingerprint_key(launch: &str) -> Secret {
    let digest = Sha256::digest(format!("rehearsal {launch}").as_bytes());
    Secret::new(
        digest
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect::<String>(),
    )
}

/// Goes on with the rehearsal in the folder, or begins one.
pub fn open(global: &Global, options: &Rehearse) -> Result<Rehearsal> {
    let source = source(global)?;
    let dir = match (&global.dir, &source) {
        (Some(dir), _) => dir.clone(),
        (None, Source::Rehearsal(dir)) => dir.clone(),
        (None, Source::Manifest(manifest)) => default_folder(&manifest.name)?,
        (None, Source::Preset) => default_folder("bondigoo")?,
    };
    let disk: Arc<dyn Disk> = Arc::new(RealDisk::default());
    let paths = Paths::of(&dir);
    let world = paths.folder.join("world.jsonl");
    let exists = world.exists() && dir.join(manifest::FILE).exists();
    if !exists && (dir.join(manifest::FILE).exists() || paths.state().exists()) && !world.exists() {
        return Err(Error::usage(format!("{} is a real launch's folder", dir.display()))
            .now("nothing was changed")
            .hint("golive rehearse --dir ANOTHER-FOLDER, or without --dir: a rehearsal has a folder of its own"));
    }
    if exists && !options.fresh {
        return go_on(disk, &dir, options);
    }
    if exists {
        clear(&*disk, &dir)?;
    }
    begin(disk, &dir, &source, options)
}

enum Source {
    Rehearsal(PathBuf),
    Manifest(Box<Manifest>),
    Preset,
}

/// The nearest `golive.toml`, else the preset.
fn source(global: &Global) -> Result<Source> {
    let here = std::env::current_dir()
        .map_err(|error| Error::failed("golive cannot tell where it is").because(error))?;
    let start = global
        .dir
        .as_deref()
        .filter(|dir| dir.join(manifest::FILE).exists())
        .unwrap_or(&here);
    Ok(match Manifest::find_upwards(start) {
        Some(dir) if Paths::of(&dir).folder.join("world.jsonl").exists() => Source::Rehearsal(dir),
        Some(dir) => Source::Manifest(Box::new(Manifest::load(&dir)?)),
        None => Source::Preset,
    })
}

/// `$XDG_STATE_HOME/golive/rehearsals/NAME`, on every system: terminal users look there.
fn default_folder(name: &str) -> Result<PathBuf> {
    let state = variable("XDG_STATE_HOME")
        .map(PathBuf::from)
        .filter(|path| path.is_absolute());
    let state =
        state.or_else(|| variable("HOME").map(|home| Path::new(&home).join(".local/state")));
    let state = state.ok_or_else(|| {
        Error::usage("there is no HOME to keep the rehearsal in")
            .hint("golive rehearse --dir FOLDER")
    })?;
    Ok(state.join("golive/rehearsals").join(name))
}

fn go_on(disk: Arc<dyn Disk>, dir: &Path, options: &Rehearse) -> Result<Rehearsal> {
    let place = Place::of(dir, true)?;
    // The lock is looked at first: another golive may be writing the world right now.
    drop(lock(&*disk, &place.paths)?);
    let remembered = place.paths.folder.join("world.jsonl");
    let reopened = Chronicle::reopen_knowing(disk, &remembered, known(&place))?;
    let Some(reopened) = reopened else {
        return Err(Error::damaged(format!(
            "the rehearsal in {} has no beginning",
            dir.display()
        ))
        .hint("golive rehearse --fresh"));
    };
    let beginning = &reopened.beginning;
    let mut others = vec![];
    if let Some(world) = &options.world
        && scenario(world, &names(&place.manifest)?)? != beginning.scenario
    {
        others.push(format!("--world {world}"));
    }
    if let Some(seed) = options.seed.filter(|seed| *seed != beginning.seed) {
        others.push(format!("--seed {seed}"));
    }
    if let Some(list) = &options.faults
        && faults(Some(list), beginning.seed)? != beginning.faults
    {
        others.push(format!("--faults {list}"));
    }
    if !others.is_empty() {
        return Err(Error::usage(format!(
            "the rehearsal in {} was begun without {}",
            dir.display(),
            others.join(" ")
        ))
        .now("it is as it was")
        .hint("leave that out to go on with it, or add --fresh to begin again"));
    }
    let now = gone_on_at(&place, reopened.now)?;
    Ok(Rehearsal {
        place,
        beginning: reopened.beginning,
        world: reopened.world,
        chronicle: reopened.chronicle,
        now,
    })
}

/// When a rehearsal goes on: its world remembers only what changed it, and the launch may have waited and recorded since.
/// Were it to go on earlier, what was sent last would lie in the future, and no wait after it would ever end.
fn gone_on_at(place: &Place, world: Timestamp) -> Result<Timestamp> {
    let recorded = place.contents()?.state.last_at;
    Ok(recorded.map_or(world, |recorded| recorded.max(world)))
}

fn lock(disk: &dyn Disk, paths: &Paths) -> Result<Box<dyn Lock>> {
    let failed =
        |error| Error::failed(format!("{} cannot be used", paths.folder.display())).because(error);
    disk.create_dir(&paths.folder).map_err(failed)?;
    match disk
        .lock(&paths.lock(), &holder(Wall.now()))
        .map_err(failed)?
    {
        Locking::Held(lock) => Ok(lock),
        Locking::Busy(holder) => Err(busy(holder.as_ref())),
    }
}

/// Takes a rehearsal's own files away; anything else in the folder stays.
fn clear(disk: &dyn Disk, dir: &Path) -> Result<()> {
    let paths = Paths::of(dir);
    let _held = lock(disk, &paths)?;
    for path in [
        paths.state(),
        dir.join(manifest::FILE),
        paths.folder.join("world.jsonl"),
    ] {
        match std::fs::remove_file(&path) {
            Ok(()) => {}
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
            Err(error) => {
                return Err(
                    Error::failed(format!("{} cannot be removed", path.display())).because(error),
                );
            }
        }
    }
    Ok(())
}

fn begin(
    disk: Arc<dyn Disk>,
    dir: &Path,
    source: &Source,
    options: &Rehearse,
) -> Result<Rehearsal> {
    let paths = Paths::of(dir);
    let text = match source {
        Source::Manifest(manifest) => manifest.text().to_string(),
        Source::Rehearsal(_) | Source::Preset => {
            let preset = Preset::named("bondigoo")?;
            let id: LaunchId = init::fresh_id(preset)?;
            init::rehearsed(preset, &id)?.0
        }
    };
    let manifest = Manifest::parse(&text, &dir.join(manifest::FILE))?;
    let names = names(&manifest)?;
    let seed = options.seed.unwrap_or(1);
    let beginning = Beginning {
        scenario: scenario(options.world.as_deref().unwrap_or("fresh"), &names)?,
        seed,
        faults: faults(options.faults.as_deref(), seed)?,
        start: Wall.now(),
    };
    let failed = |error| {
        Error::failed(format!(
            "the rehearsal's folder {} cannot be written",
            dir.display()
        ))
        .because(error)
        .hint("golive rehearse --dir FOLDER, with a folder that can be written and has room")
    };
    disk.create_dir(&paths.folder).map_err(failed)?;
    // The world first: a folder with only a golive.toml would look like a real launch's.
    let chronicle = Chronicle::create(disk.clone(), &paths.folder.join("world.jsonl"), &beginning)?;
    disk.replace(&dir.join(manifest::FILE), text.as_bytes())
        .map_err(failed)?;
    let place = Place::of(dir, true)?;
    let mut world = beginning.world();
    world.know(known(&place));
    Ok(Rehearsal {
        place,
        world,
        now: beginning.start,
        beginning,
        chronicle,
    })
}

/// A world by its name, or from a file.
pub fn scenario(world: &str, names: &Names) -> Result<Scenario> {
    if let Some(scenario) = Scenario::named(world, names) {
        return Ok(scenario);
    }
    let known: Vec<&str> = Scenario::all().collect();
    let hint = format!("one of {}, or a file", known.join(", "));
    let text = std::fs::read_to_string(world).map_err(|error| {
        Error::usage(format!("there is no world {world}"))
            .because(error)
            .hint(hint)
    })?;
    Scenario::parse(&text, names)
        .map_err(|cause| Error::damaged(format!("{world} is no world")).because(cause))
}

fn faults(list: Option<&str>, seed: u64) -> Result<Vec<fault::FaultRule>> {
    let Some(list) = list else { return Ok(vec![]) };
    fault::parse_list(list, seed).map_err(|cause| {
        Error::usage("--faults cannot be read")
            .because(cause)
            .hint("such as timeout_after_apply@POST /repos/*/*/pulls#1")
    })
}

/// For `plan` and `verify` in a rehearsal's folder: the world as it stands, of which nothing is written back. The lock
/// is held as long as it is given back.
pub fn to_look_at(
    place: &Place,
    chosen: Option<BTreeSet<ItemId>>,
) -> Result<(Parts, Box<dyn Lock>)> {
    let held = lock(&*place.disk, &place.paths)?;
    let remembered = place.paths.folder.join("world.jsonl");
    let reopened = Chronicle::reopen_knowing(place.disk.clone(), &remembered, known(place))?;
    let Some(reopened) = reopened else {
        return Err(Error::damaged("this rehearsal has no world").hint("golive rehearse --fresh"));
    };
    let rehearsal = Rehearsal {
        place: Place::of(&place.dir, true)?,
        beginning: reopened.beginning,
        world: reopened.world,
        chronicle: reopened.chronicle,
        now: gone_on_at(place, reopened.now)?,
    };
    let clock: Arc<dyn Clock> = Arc::new(Scaled::new(rehearsal.now, 60));
    let transport = SimTransport::new(rehearsal.world.clone(), clock.clone());
    let doors = Arc::new(transport.doors());
    let seams = Seams {
        transport: Arc::new(transport),
        vault: Arc::new(rehearsal.vault()),
        clock,
        documents: doors.clone(),
        resolver: doors.clone(),
        web: doors.clone(),
        redis: doors,
        passwords: rehearsal.passwords(),
        hands: None,
    };
    let settings = Settings {
        apply: false,
        select: chosen,
        urls: urls(),
        undo: false,
    };
    Ok((Parts::look(place, seams, settings)?, held))
}

/// The launch of a rehearsal for a front end on a terminal.
pub fn parts(
    rehearsal: &Rehearsal,
    seams: Seams,
    chosen: Option<BTreeSet<ItemId>>,
) -> Result<Attempt> {
    let settings = Settings {
        apply: true,
        select: chosen,
        urls: urls(),
        undo: false,
    };
    Parts::open(&rehearsal.place, seams, settings)
}
