//! `golive simulate`: the embedded world over HTTP on loopback. Prints nothing; the ready file says where it listens.

use std::path::Path;
use std::sync::{Arc, Mutex};

use super::rehearse::{names, scenario};
use super::run;
use super::session::Signals;
use crate::cli::{Global, Simulate};
use crate::clock::{Scaled, Wall};
use crate::disk::RealDisk;
use crate::error::{Error, Result};
use crate::init;
use crate::manifest::{Manifest, Preset};
use crate::seam::clock::Clock;
use crate::seam::disk::Disk;
use crate::sim::chronicle::{Beginning, Chronicle};
use crate::sim::serve::{Options, loopback, serve};
use crate::sim::transport::Journal;
use crate::sim::{Names, World};

pub fn run(global: &Global, options: &Simulate) -> Result<u8> {
    let listen = loopback(&options.listen)?;
    let disk: Arc<dyn Disk> = Arc::new(RealDisk::default());
    let (world, journal) = world(global, options, &disk)?;
    run::runtime()?.block_on(async {
        let clock = Arc::new(Scaled::new(world.now(), options.speed));
        let ahead = clock.clone();
        let served = Options {
            listen,
            advance: Arc::new(move |by| ahead.advance(by)),
            callers: Arc::new(Wall),
            ca: options.ready_file.with_extension("ca.pem"),
            journal,
        };
        let mut signals = Signals::new()?;
        let serving = serve(Arc::new(Mutex::new(world)), clock, served).await?;
        serving.ready.write(&*disk, &options.ready_file)?;
        let code = signals.next().await;
        serving.stop().await;
        // A ready file that stays would send the next client nowhere.
        let _ = std::fs::remove_file(&options.ready_file);
        let _ = std::fs::remove_file(options.ready_file.with_extension("ca.pem"));
        Ok(code)
    })
}

/// The world, new or gone on with, and where it is remembered: `world.jsonl` in `--dir`, nowhere without it.
fn world(
    global: &Global,
    options: &Simulate,
    disk: &Arc<dyn Disk>,
) -> Result<(World, Option<Journal>)> {
    let scenario = scenario(&options.world, &names_of(global)?)?;
    let beginning = Beginning {
        scenario,
        seed: options.seed,
        faults: vec![],
        start: Wall.now(),
    };
    let Some(dir) = &global.dir else {
        return Ok((beginning.world(), None));
    };
    let failed =
        |error| Error::failed(format!("{} cannot be written", dir.display())).because(error);
    disk.create_dir(dir).map_err(failed)?;
    let path = dir.join("world.jsonl");
    if let Some(reopened) = Chronicle::reopen(disk.clone(), &path)? {
        return Ok((reopened.world, Some(reopened.chronicle.journal())));
    }
    let chronicle = Chronicle::create(disk.clone(), &path, &beginning)?;
    Ok((beginning.world(), Some(chronicle.journal())))
}

/// Around the nearest `golive.toml`, else around the preset.
fn names_of(global: &Global) -> Result<Names> {
    let here = std::env::current_dir()
        .map_err(|error| Error::failed("golive cannot tell where it is").because(error))?;
    let start = global
        .dir
        .as_deref()
        .filter(|dir| Path::is_dir(dir))
        .unwrap_or(&here);
    match Manifest::find_upwards(start) {
        Some(dir) => names(&Manifest::load(&dir)?),
        None => {
            let preset = Preset::named("bondigoo")?;
            names(&init::rehearsed(preset, &init::fresh_id(preset)?)?.1)
        }
    }
}
