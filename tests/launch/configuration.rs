//! Names and variables: the same launch wherever the zone is kept, with every record of others as it was.

use std::collections::BTreeSet;

use golive::event::Durable;
use golive::manifest::Manifest;
use golive::sim::scenario::Refuses;
use golive::sim::{MadeBy, Scenario};
use golive::view::Shown;

use super::assembly;
use super::stage::{Moment, Ran, Stage};

const SEED: u64 = 5;
/// What a calm launch of all phases may ask for; its first three phases have most of it.
const APPROVALS_MAX: usize = 16;
const TYPED_MAX: usize = 4;

/// The preset with its zone kept elsewhere.
fn kept(mode: &str) -> Manifest {
    let text = assembly::preset().text().to_string();
    let edited = text.replacen("mode = \"godaddy\"", &format!("mode = \"{mode}\""), 1);
    Manifest::parse(&edited, std::path::Path::new("golive.toml")).unwrap()
}

/// The records that there are, by their id, with type, value and TTL.
fn records(moment: &Moment) -> BTreeSet<(String, String)> {
    let objects = moment.world.ledger().objects.into_iter();
    let records = objects.filter(|object| object.kind == "dns_record" && object.alive);
    records.map(|object| (object.id, object.name)).collect()
}

fn open(stage: &Stage, ran: &Ran) -> Vec<String> {
    let items = ran.view.outline.items();
    let walked = items.filter(|item| stage.walks(&item.id));
    let shown = walked.map(|item| (item, ran.view.shown(item)));
    shown
        .filter(|(_, shown)| !shown.is_settled())
        .map(|(item, shown)| format!("{} is {}", item.id, shown.word()))
        .collect()
}

/// Walks the whole launch, and answers with it and the one before.
fn walked(mode: &str, change: impl FnOnce(&mut Scenario)) -> (Stage, Moment, Ran) {
    let mut stage = Stage::of(kept(mode), "fresh");
    change(&mut stage.scenario);
    let beginning = stage.beginning(SEED);
    let ran = stage.run(&beginning, None).unwrap();
    assert_eq!(open(&stage, &ran), [""; 0], "{mode}");
    (stage, beginning, ran)
}

/// Of what others had in the zone, only the record that stood in the way of `www` is gone, which the operator agreed to.
fn assert_others_untouched(mode: &str, before: &Moment, after: &Moment) {
    let (before, after) = (records(before), records(after));
    assert!(before.len() >= 10, "{mode}: {before:#?}");
    let gone: Vec<&str> = before
        .difference(&after)
        .map(|(_, name)| name.as_str())
        .collect();
    assert!(
        gone.len() == 1 && gone[0].starts_with("www CNAME bondigoo.ch"),
        "{mode}: {gone:?} are gone"
    );
}

#[test]
fn it_settles_with_the_zone_at_godaddy() {
    let (_, before, ran) = walked("godaddy", |_| {});
    assert_others_untouched("godaddy", &before, &ran.end);
}

#[test]
fn it_settles_with_the_zone_at_cloudflare() {
    let (_, before, ran) = walked("cloudflare", |_| {});
    assert_others_untouched("cloudflare", &before, &ran.end);
}

#[test]
fn it_settles_by_hand_where_godaddys_api_refuses_the_account() {
    let (_, before, ran) = walked("godaddy", |world| world.dns.refuses = Refuses::All);
    assert_others_untouched("godaddy, refused", &before, &ran.end);
    assert_eq!(by_hand(&before, &ran.end), 6);
}

#[test]
fn it_settles_by_hand_where_the_zone_is_hosted_elsewhere() {
    let (_, before, ran) = walked("by-hand", |_| {});
    assert_others_untouched("by-hand", &before, &ran.end);
    assert_eq!(by_hand(&before, &ran.end), 6);
}

/// How many records a person entered since; golive made none.
fn by_hand(before: &Moment, after: &Moment) -> usize {
    let there = records(before);
    let objects = after.world.ledger().objects.into_iter();
    let alive = objects.filter(|object| object.kind == "dns_record" && object.alive);
    let new = alive.filter(|object| !there.contains(&(object.id.clone(), object.name.clone())));
    let makers: Vec<MadeBy> = new.map(|object| object.made_by).collect();
    assert!(makers.iter().all(|maker| *maker == MadeBy::Person));
    makers.len()
}

#[test]
fn a_calm_launch_asks_little() {
    let (stage, _, ran) = walked("godaddy", |_| {});
    let records = stage.contents(&ran.end).unwrap().records;
    let typed = records.iter().filter_map(|record| match &record.durable {
        Durable::Approved { typed, .. } => Some(typed.len()),
        _ => None,
    });
    let typed: Vec<usize> = typed.collect();
    eprintln!(
        "{} approvals, {} typed words",
        typed.len(),
        typed.iter().sum::<usize>()
    );
    assert!(typed.len() <= APPROVALS_MAX, "{} approvals", typed.len());
    assert!(typed.iter().sum::<usize>() <= TYPED_MAX);
}

#[test]
fn a_configuration_that_is_so_already_is_left_as_it_is() {
    let (stage, beginning) = Stage::configuration("done", SEED);
    let ran = stage.run(&beginning, None).unwrap();
    assert_eq!(open(&stage, &ran), [""; 0]);
    let walked = ran.view.outline.items();
    for item in walked.filter(|item| stage.walks(&item.id)) {
        let shown = ran.view.shown(item);
        assert_eq!(shown, Shown::AlreadySo, "{}", item.id);
    }
    assert_eq!(ran.end.mutations(), beginning.mutations());
}
