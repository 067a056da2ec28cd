//! A launch killed at every seam call, before and after its effect, and by a power cut: resumed, it ends like the calm one.

use std::sync::{Arc, Mutex};

use super::oracle::judge;
use super::stage::{Moment, Ran, Stage};

/// Fewer points than these and the sweep sees nothing.
const POINTS_MIN: usize = 150;
const INFRASTRUCTURE_POINTS_MIN: usize = 500;
const CONFIGURATION_POINTS_MIN: usize = 500;
/// All its places take a quarter of an hour; every so-manieth lies everywhere in it.
const CONFIGURATION_EVERY: usize = 11;

const SEED: u64 = 7;

struct Calm {
    stage: Stage,
    ran: Ran,
    points: Vec<Moment>,
}

fn calm(world: &str) -> Calm {
    let stage = Stage::new(world);
    let beginning = stage.beginning(SEED);
    Calm::of(stage, &beginning)
}

fn calm_infrastructure(world: &str) -> Calm {
    let (stage, beginning) = Stage::infrastructure(world, SEED);
    Calm::of(stage, &beginning)
}

fn calm_configuration(world: &str) -> Calm {
    let (stage, beginning) = Stage::configuration(world, SEED);
    Calm::of(stage, &beginning)
}

impl Calm {
    fn of(stage: Stage, beginning: &Moment) -> Calm {
        let watch = Arc::new(Mutex::new(vec![]));
        let ran = stage.run(beginning, Some(watch.clone())).unwrap();
        let points = std::mem::take(&mut *watch.lock().unwrap());
        Calm { stage, ran, points }
    }

    /// Kills the launch everywhere, and wants at least so many places.
    fn sweep(&self, points_min: usize) {
        self.sweep_every(1, points_min);
    }

    /// Kills the launch at every so-manieth place, and wants at least so many places in all.
    fn sweep_every(&self, step: usize, points_min: usize) {
        let all: Vec<Vec<String>> = self.resumed(step).collect();
        let (points, swept, bad) = (self.points.len(), all.len(), all.concat());
        eprintln!(
            "{points} points, {swept} different disks, {} bad",
            bad.len()
        );
        assert!(points >= points_min, "only {points} points");
        assert!(
            bad.is_empty(),
            "{} bad of {swept}: {:#?}",
            bad.len(),
            &bad[..bad.len().min(20)]
        );
    }

    /// What is wrong after a kill at each point, and after a power cut where that leaves less; nothing, when all is well.
    fn resumed(&self, step: usize) -> impl Iterator<Item = Vec<String>> + '_ {
        let points = self.points.iter().enumerate().step_by(step);
        let images = points.flat_map(|(n, point)| {
            let cut = (!point.disk.is_synced()).then(|| ("cut off", point.disk.after_power_cut()));
            let killed = ("killed", point.disk.after_kill());
            [Some(killed), cut]
                .into_iter()
                .flatten()
                .map(move |image| (n, point, image))
        });
        images.map(|(n, point, (how, disk))| {
            let moment = Moment {
                disk,
                ..point.clone()
            };
            let wrong = match self.stage.run(&moment, None) {
                Ok(ran) => judge(&self.stage, &self.ran.end, &ran),
                Err(error) => vec![format!("I4 {error}")],
            };
            let told = |wrong| format!("{how} at {n}, {}: {wrong}", point.label);
            wrong.into_iter().map(told).collect()
        })
    }
}

#[test]
fn a_calm_launch_is_all_right() {
    for world in ["fresh", "fresh-empty", "half", "done", "foreign"] {
        let calm = calm(world);
        let wrong = judge(&calm.stage, &calm.ran.end, &calm.ran);
        assert!(wrong.is_empty(), "{world}: {wrong:#?}");
    }
}

#[test]
fn killed_anywhere_it_ends_like_the_calm_launch() {
    let calm = calm("fresh");
    let kinds = ["GET ", "POST ", "append", "sync", "vault"];
    for kind in kinds {
        assert!(
            calm.points.iter().any(|point| point.label.contains(kind)),
            "no {kind} among the points"
        );
    }
    calm.sweep(POINTS_MIN);
}

#[test]
fn the_infrastructure_is_all_right_in_every_world() {
    for world in ["fresh", "fresh-empty", "half", "done"] {
        let calm = calm_infrastructure(world);
        let wrong = judge(&calm.stage, &calm.ran.end, &calm.ran);
        assert!(wrong.is_empty(), "{world}: {wrong:#?}");
    }
}

#[test]
fn killed_anywhere_the_infrastructure_ends_like_the_calm_one() {
    let calm = calm_infrastructure("fresh");
    for host in ["vercel", "render", "atlas", "github"] {
        let host = format!("http://{host}.localhost");
        let reached = calm.points.iter().any(|point| point.label.contains(&host));
        assert!(reached, "no call to {host} among the points");
    }
    calm.sweep(INFRASTRUCTURE_POINTS_MIN);
}

#[test]
fn the_configuration_is_all_right_in_every_world() {
    for world in ["fresh", "fresh-empty", "half", "done"] {
        let calm = calm_configuration(world);
        let wrong = judge(&calm.stage, &calm.ran.end, &calm.ran);
        assert!(wrong.is_empty(), "{world}: {wrong:#?}");
    }
}

#[test]
fn killed_anywhere_the_configuration_ends_like_the_calm_one() {
    let calm = calm_configuration("fresh");
    for host in ["vercel", "render", "godaddy", "stripe", "github"] {
        let host = format!("http://{host}.localhost");
        let reached = calm.points.iter().any(|point| point.label.contains(&host));
        assert!(reached, "no call to {host} among the points");
    }
    calm.sweep_every(CONFIGURATION_EVERY, CONFIGURATION_POINTS_MIN);
}

#[cfg(feature = "sabotage")]
mod planted {
    use golive::sabotage::{Bug, plant};

    /// A sweep that cannot turn red proves nothing.
    #[test]
    fn the_sweep_sees_its_planted_bugs() {
        for bug in [
            Bug::NoSyncOfIntention,
            Bug::OutcomeBeforeApply,
            Bug::NoSettleWait,
        ] {
            plant(Some(bug));
            let found = super::calm("fresh")
                .resumed(1)
                .find(|wrong| !wrong.is_empty());
            plant(None);
            eprintln!(
                "{bug:?}: {:?}",
                found.as_ref().and_then(|wrong| wrong.first())
            );
            assert!(found.is_some(), "{bug:?} went unseen");
        }
    }
}
