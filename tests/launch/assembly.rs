//! A launch put together from its parts and run until everything rests, as every test of whole launches does it.

use std::collections::{BTreeMap, BTreeSet};

use golive::app::place::Place;
use golive::app::rehearse;
use golive::app::session::{Parts, Voice, run_to_rest};
use golive::engine::Settings;
use golive::engine::desk::Seams;
use golive::error::Result;
use golive::init;
use golive::manifest::{LaunchId, Manifest, Preset};
use golive::operator::{Operator, Policy};
use golive::plan::ItemId;
use golive::secret::Secret;
use golive::sim::Scenario;
use golive::step::{Catalog, Launch, expand};
use golive::view::View;
use jiff::Timestamp;

/// When every world of these tests begins.
pub const START: Timestamp = Timestamp::constant(1_795_000_000, 0);

/// The preset's manifest.
pub fn preset() -> Manifest {
    let preset = Preset::named("bondigoo").unwrap();
    let id = LaunchId::parse("bondigoo-1a2b3c4d").unwrap();
    init::rehearsed(preset, &id).unwrap().1
}

/// A manifest's launch, and the world made for it: a named one, or a file.
pub fn of(manifest: &Manifest, world: &str) -> (Launch, Scenario) {
    let names = rehearse::names(manifest).unwrap();
    let scenario = rehearse::scenario(world, &names).unwrap();
    let launch = expand(&Catalog::embedded().unwrap(), manifest, true).unwrap();
    (launch, scenario)
}

/// The world's own operator, who says yes.
pub fn operator() -> Policy {
    Policy {
        by: "dana".into(),
        rehearsed: true,
        ..Policy::default()
    }
}

/// How much of a launch is walked, and whether anything is changed.
pub struct Walk {
    pub apply: bool,
    /// `None`: all of it.
    pub part: Option<BTreeSet<ItemId>>,
}

/// Runs until everything rests, or, without `apply`, until everything was looked at. `tokens` are the world's.
pub async fn to_rest(
    place: &Place,
    seams: Seams,
    tokens: &BTreeMap<String, Secret>,
    policy: Policy,
    walk: Walk,
) -> Result<View> {
    let Walk { apply, part } = walk;
    let policy = Policy {
        secrets: rehearse::secrets(tokens, &place.manifest),
        ..policy
    };
    let settings = Settings {
        apply,
        select: part,
        urls: rehearse::urls(),
        undo: false,
    };
    let parts = match apply {
        true => Parts::open_or_refuse(place, seams, settings)?,
        false => Parts::look(place, seams, settings)?,
    };
    let (view, _) = run_to_rest(parts, Operator::new(policy), &mut Voice::Silent, false).await?;
    Ok(view)
}
