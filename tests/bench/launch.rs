//! How long a launch takes beside the longest chain of what must come one after the other. Prints ratios, proves nothing.
//!
//! `cargo bench --bench launch --profile dev`. Time is the world's: 150 ms a call, builds and clusters as long as they take.

#[path = "../launch/assembly.rs"]
mod assembly;
#[expect(dead_code, reason = "the tests of launches use the rest")]
#[path = "../launch/disk.rs"]
mod disk;
#[expect(dead_code, reason = "the tests of launches use the rest")]
#[path = "../launch/stage.rs"]
mod stage;

use std::collections::BTreeMap;

use golive::plan::ItemId;
use stage::{Moment, Stage};

const SEED: u64 = 7;

fn main() {
    for world in ["fresh", "half"] {
        let (stage, beginning) = Stage::infrastructure(world, SEED);
        let together = seconds(&beginning, &stage.run(&beginning, None).unwrap().end);
        let (chain, alone) = chain(world, stage, beginning);
        let path: Vec<&str> = chain.iter().map(ItemId::as_str).collect();
        println!(
            "{world}: the infrastructure takes {:.2} times its longest chain ({}); one by one {:.2} times",
            together / alone.longest,
            path.join(" → "),
            alone.sum / alone.longest,
        );
    }
}

/// What the items take when nothing else is under way.
struct Alone {
    longest: f64,
    sum: f64,
}

/// Walks item after item, each alone, and adds up the longest chain of needs.
fn chain(world: &str, whole: Stage, beginning: Moment) -> (Vec<ItemId>, Alone) {
    let items: Vec<_> = whole
        .launch
        .items
        .iter()
        .filter(|item| whole.walks(&item.id))
        .map(|item| (item.id.clone(), item.needs.clone()))
        .collect();
    let mut ends: BTreeMap<ItemId, (f64, Vec<ItemId>)> = BTreeMap::new();
    let (mut moment, mut sum) = (beginning, 0.0);
    while ends.len() < items.len() {
        let ready = items.iter().find(|(id, needs)| {
            let met = |need: &ItemId| !whole.walks(need) || ends.contains_key(need);
            !ends.contains_key(id) && needs.iter().all(met)
        });
        let Some((id, needs)) = ready else {
            panic!("items need each other in a circle");
        };
        let stage = Stage::whole(world).only([id.clone()].into());
        let ran = stage.run(&moment, None).unwrap();
        let took = seconds(&moment, &ran.end);
        sum += took;
        let before = needs.iter().filter_map(|need| ends.get(need));
        let before = before.max_by(|one, two| one.0.total_cmp(&two.0));
        let (until, mut path) = before.cloned().unwrap_or_default();
        path.push(id.clone());
        ends.insert(id.clone(), (until + took, path));
        moment = ran.end;
    }
    let last = ends
        .into_values()
        .max_by(|one, two| one.0.total_cmp(&two.0));
    let (longest, path) = last.unwrap_or_default();
    (path, Alone { longest, sum })
}

fn seconds(from: &Moment, to: &Moment) -> f64 {
    to.now.duration_since(from.now).as_secs_f64()
}
