//! One launch of the preset on the simulated world, from any moment to its rest, with every seam call numbered.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use futures::future::BoxFuture;
use golive::app::place::Place;
use golive::clock::Jumping;
use golive::engine::desk::Seams;
use golive::error::Result;
use golive::journal::{self, Contents, Paths};
use golive::manifest::Manifest;
use golive::operator::Policy;
use golive::plan::{ItemId, Provider};
use golive::seam::clock::Clock;
use golive::seam::disk::{Disk, Holder, Locking};
use golive::seam::passwords::Passwords;
use golive::seam::transport::{HttpRequest, HttpResponse, Transport, TransportError};
use golive::seam::vault::Vault;
use golive::secret::{Secret, SecretName};
use golive::sim::transport::SimTransport;
use golive::sim::{Act, FaultRule, Scenario, World};
use golive::step::Launch;
use golive::vault::memory::{Content, MemoryVault};
use golive::view::View;
use jiff::Timestamp;

use super::assembly::{self, START, Walk};
use super::disk::{Image, MemDisk};

/// What all runs of one story have in common.
pub struct Stage {
    pub manifest: Manifest,
    pub launch: Launch,
    pub scenario: Scenario,
    pub dir: PathBuf,
    /// The part of the launch that is walked; what lies before it is believed from the state file.
    pub part: Option<BTreeSet<ItemId>>,
}

impl Stage {
    /// The preset's whole launch on a named world.
    pub fn whole(world: &str) -> Stage {
        Stage::of(assembly::preset(), world)
    }

    pub fn of(manifest: Manifest, world: &str) -> Stage {
        let (launch, scenario) = assembly::of(&manifest, world);
        Stage {
            manifest,
            launch,
            scenario,
            dir: PathBuf::from("/launch"),
            part: None,
        }
    }

    /// The launch's first phase on a named world, as far as GitHub alone is needed.
    pub fn new(world: &str) -> Stage {
        let stage = Stage::whole(world);
        let items = stage.launch.items.iter();
        let github = items.filter(|item| {
            let first = ["0", "1", "2"].contains(&item.id.step());
            first && item.provider == Some(Provider::GitHub)
        });
        let part = github.map(|item| item.id.clone()).collect();
        stage.only(part)
    }

    /// The infrastructure on a named world, and the moment at which the first phase is behind it.
    pub fn infrastructure(world: &str, seed: u64) -> (Stage, Moment) {
        Stage::phase(assembly::preset(), world, seed, 1)
    }

    /// Names and variables on a named world, and the moment at which the infrastructure is behind it.
    pub fn configuration(world: &str, seed: u64) -> (Stage, Moment) {
        Stage::phase(assembly::preset(), world, seed, 2)
    }

    /// One phase on a named world, and the moment at which all before it is done.
    pub fn phase(manifest: Manifest, world: &str, seed: u64, number: u32) -> (Stage, Moment) {
        let whole = Stage::of(manifest.clone(), world);
        let named = |number: u32| {
            let items = whole.launch.select(&format!("phase:{number}")).unwrap();
            items.into_iter().collect::<BTreeSet<ItemId>>()
        };
        let before = (0..number).flat_map(named).collect();
        let part = named(number);
        let before = Stage::of(manifest, world).only(before);
        let begun = before.run(&before.beginning(seed), None).unwrap();
        for item in &before.launch.items {
            let outline = begun.view.outline.item(&item.id).unwrap();
            let shown = begun.view.shown(outline);
            let settled = !before.walks(&item.id) || shown.is_settled();
            assert!(settled, "{world}: {} is {}", item.id, shown.word());
        }
        (whole.only(part), begun.end)
    }

    pub fn only(mut self, part: BTreeSet<ItemId>) -> Stage {
        self.part = Some(part);
        self
    }

    /// Whether the item belongs to the part that is walked.
    pub fn walks(&self, item: &ItemId) -> bool {
        self.part.as_ref().is_none_or(|part| part.contains(item))
    }

    pub fn paths(&self) -> Paths {
        Paths::of(&self.dir)
    }

    /// The world before anything happened.
    pub fn beginning(&self, seed: u64) -> Moment {
        Moment {
            label: "the beginning".into(),
            world: World::new(&self.scenario, seed, START),
            disk: Image::default(),
            vault: Content::default(),
            now: START,
        }
    }

    fn place(&self, disk: Arc<dyn Disk>) -> Place {
        Place {
            dir: self.dir.clone(),
            paths: self.paths(),
            manifest: self.manifest.clone(),
            launch: self.launch.clone(),
            disk,
            rehearsal: true,
        }
    }

    /// Goes on from a moment until everything rests, with the world's own operator. `watch` sees every seam call.
    pub fn run(&self, from: &Moment, watch: Option<Watch>) -> Result<Ran> {
        self.run_with(from, watch, assembly::operator(), true)
    }

    /// The same, with a person who acts in the world right after golive has written down its first intention.
    pub fn run_meddled(&self, from: &Moment, act: Act) -> Result<Ran> {
        self.perform(from, None, assembly::operator(), true, Some(act))
    }

    pub fn run_with(
        &self,
        from: &Moment,
        watch: Option<Watch>,
        policy: Policy,
        apply: bool,
    ) -> Result<Ran> {
        self.perform(from, watch, policy, apply, None)
    }

    fn perform(
        &self,
        from: &Moment,
        watch: Option<Watch>,
        policy: Policy,
        apply: bool,
        meddler: Option<Act>,
    ) -> Result<Ran> {
        let runtime = Jumping::runtime().unwrap();
        runtime.block_on(async {
            let clock: Arc<dyn Clock> = Arc::new(Jumping::new(from.now));
            let sim = SimTransport::new(from.world.clone(), clock.clone());
            let doors = Arc::new(sim.doors());
            let hands = Arc::new(sim.clone());
            let (world, disk) = (sim.world.clone(), MemDisk::of(from.disk.clone()));
            let vault = MemoryVault::from(from.vault.clone());
            let camera = Camera {
                world: world.clone(),
                disk: disk.clone(),
                vault: vault.clone(),
                clock: clock.clone(),
                watch,
                meddler: Mutex::new(meddler),
            };
            let camera = Arc::new(camera);
            let place = self.place(Arc::new(Watched {
                inner: disk.clone(),
                camera: camera.clone(),
            }));
            let seams = Seams {
                transport: Arc::new(Watched {
                    inner: sim,
                    camera: camera.clone(),
                }),
                vault: Arc::new(Watched {
                    inner: vault.clone(),
                    camera,
                }),
                clock: clock.clone(),
                documents: doors.clone(),
                resolver: doors.clone(),
                web: doors.clone(),
                redis: doors,
                passwords: Passwords::Rehearsed {
                    launch: "bondigoo".into(),
                },
                hands: Some(hands),
            };
            let tokens = from.world.tokens();
            let part = Walk {
                apply,
                part: self.part.clone(),
            };
            let view = assembly::to_rest(&place, seams, &tokens, policy, part).await?;
            let end = Moment {
                label: "the end".into(),
                world: world.lock().unwrap().clone(),
                disk: disk.image(),
                vault: vault.snapshot(),
                now: clock.now(),
            };
            Ok(Ran { view, end })
        })
    }

    /// What the state file of a moment says.
    pub fn contents(&self, moment: &Moment) -> Result<Contents> {
        journal::read(&MemDisk::of(moment.disk.clone()), &self.paths())
    }
}

pub struct Ran {
    pub view: View,
    pub end: Moment,
}

/// All that outlives a process, at one instant.
#[derive(Clone)]
pub struct Moment {
    /// Which seam call it lies before or after.
    pub label: String,
    pub world: World,
    pub disk: Image,
    pub vault: Content,
    pub now: Timestamp,
}

impl Moment {
    pub fn with_faults(mut self, faults: &[FaultRule]) -> Moment {
        self.world.add_faults(faults);
        self
    }

    pub fn mutations(&self) -> usize {
        self.world
            .ledger()
            .calls
            .iter()
            .filter(|call| call.mutating)
            .count()
    }

    pub fn calls(&self) -> usize {
        self.world.ledger().calls.len()
    }
}

/// Collects the moment before and after every seam call.
pub type Watch = Arc<Mutex<Vec<Moment>>>;

struct Camera {
    world: Arc<Mutex<World>>,
    disk: MemDisk,
    vault: MemoryVault,
    clock: Arc<dyn Clock>,
    watch: Option<Watch>,
    meddler: Mutex<Option<Act>>,
}

impl Camera {
    fn meddle(&self, written: &[u8]) {
        let intended = String::from_utf8_lossy(written).contains("\"kind\":\"intended\"");
        if let Some(act) = self.meddler.lock().unwrap().take_if(|_| intended) {
            self.world
                .lock()
                .unwrap()
                .person(self.clock.now(), &act)
                .unwrap();
        }
    }

    fn shoot(&self, when: &str, what: &str) {
        let Some(watch) = &self.watch else { return };
        let moment = Moment {
            label: format!("{when} {what}"),
            world: self.world.lock().unwrap().clone(),
            disk: self.disk.image(),
            vault: self.vault.snapshot(),
            now: self.clock.now(),
        };
        watch.lock().unwrap().push(moment);
    }

    fn around<T>(&self, what: &str, act: impl FnOnce() -> T) -> T {
        self.shoot("before", what);
        let done = act();
        self.shoot("after", what);
        done
    }
}

struct Watched<T> {
    inner: T,
    camera: Arc<Camera>,
}

impl Transport for Watched<SimTransport> {
    fn send(
        &self,
        request: HttpRequest,
    ) -> BoxFuture<'_, std::result::Result<HttpResponse, TransportError>> {
        let what = format!("{} {}", request.method, request.url);
        Box::pin(async move {
            self.camera.shoot("before", &what);
            let answer = self.inner.send(request).await;
            self.camera.shoot("after", &what);
            answer
        })
    }
}

impl Disk for Watched<MemDisk> {
    fn read(&self, path: &Path) -> std::io::Result<Option<Vec<u8>>> {
        self.inner.read(path)
    }

    fn create_dir(&self, path: &Path) -> std::io::Result<()> {
        self.inner.create_dir(path)
    }

    fn append(&self, path: &Path, bytes: &[u8]) -> std::io::Result<()> {
        let done = self
            .camera
            .around("append", || self.inner.append(path, bytes));
        self.camera.meddle(bytes);
        done
    }

    fn sync(&self, path: &Path) -> std::io::Result<()> {
        self.camera.around("sync", || self.inner.sync(path))
    }

    fn truncate(&self, path: &Path, len: u64) -> std::io::Result<()> {
        self.camera
            .around("truncate", || self.inner.truncate(path, len))
    }

    fn replace(&self, path: &Path, bytes: &[u8]) -> std::io::Result<()> {
        self.camera
            .around("replace", || self.inner.replace(path, bytes))
    }

    fn lock(&self, path: &Path, holder: &Holder) -> std::io::Result<Locking> {
        self.inner.lock(path, holder)
    }
}

impl Vault for Watched<MemoryVault> {
    fn get<'a>(&'a self, slot: &'a SecretName) -> BoxFuture<'a, Result<Option<Secret>>> {
        Box::pin(async move {
            self.camera.shoot("before", "vault get");
            let value = self.inner.get(slot).await;
            self.camera.shoot("after", "vault get");
            value
        })
    }

    fn set<'a>(&'a self, slot: &'a SecretName, value: &'a Secret) -> BoxFuture<'a, Result<()>> {
        Box::pin(async move {
            self.camera.shoot("before", "vault set");
            let done = self.inner.set(slot, value).await;
            self.camera.shoot("after", "vault set");
            done
        })
    }

    fn remove<'a>(&'a self, slot: &'a SecretName) -> BoxFuture<'a, Result<()>> {
        self.inner.remove(slot)
    }

    fn describe(&self) -> String {
        self.inner.describe()
    }
}
