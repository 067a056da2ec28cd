//! Every call of a launch going wrong in every way: it ends like the calm one, with nothing made twice.

use std::collections::BTreeMap;

use super::oracle::judge;
use super::stage::{Moment, Ran, Stage};
use golive::event::Durable;
use golive::plan::Blocker;
use golive::sim::{CallRecord, Fault, FaultRule, Provider};

const SEED: u64 = 11;

/// Faults of writes, and whether the write may have happened all the same.
const WRITE_FAULTS: [Fault; 12] = [
    Fault::TimeoutBefore,
    Fault::TimeoutAfterApply,
    Fault::ResetBefore,
    Fault::ResetAfterApply,
    Fault::Http500Before,
    Fault::Http503AfterApply,
    Fault::Http429,
    Fault::Http429Date,
    Fault::SecondaryLimit,
    Fault::Truncated,
    Fault::Empty,
    Fault::Html,
];

/// A read is tried six times within one look, and golive looks three times from plan to write: so many faults outlast all.
const OUTLASTS_ALL_LOOKS: u32 = 19;

/// A call as a place for a fault: its pattern and which of its like it is.
type Spot = (Provider, String, u32);

/// The places among `calls`, of which the first `before` were made before the part that is tried.
fn places(calls: &[CallRecord], before: usize, wanted: impl Fn(&CallRecord) -> bool) -> Vec<Spot> {
    let mut counts: BTreeMap<(Provider, String), u32> = BTreeMap::new();
    let mut places = vec![];
    for call in &calls[before..] {
        let path = call.path.split('?').next().unwrap_or_default();
        let pattern = format!("{} {path}", call.method);
        let count = counts.entry((call.provider, pattern.clone())).or_default();
        *count += 1;
        if wanted(call) {
            places.push((call.provider, pattern, *count));
        }
    }
    places
}

fn rule((provider, pattern, nth): &Spot, fault: Fault) -> FaultRule {
    FaultRule {
        provider: *provider,
        pattern: pattern.clone(),
        nth: *nth,
        fault,
    }
}

/// So often golive is started again where it stopped because it could not know.
const STARTS_MAX: usize = 5;

/// Runs with these faults until all is settled.
fn run_with(stage: &Stage, beginning: &Moment, rules: &[FaultRule]) -> Result<Ran, String> {
    let mut moment: Moment = beginning.clone().with_faults(rules);
    for _ in 1..STARTS_MAX {
        let ran = stage
            .run(&moment, None)
            .map_err(|error| error.to_string())?;
        if ran
            .view
            .outline
            .items()
            .all(|item| !stage.walks(&item.id) || ran.view.shown(item).is_settled())
        {
            return Ok(ran);
        }
        moment = ran.end;
    }
    stage.run(&moment, None).map_err(|error| error.to_string())
}

struct Matrix {
    cells: usize,
    bad: Vec<String>,
}

fn github_writes() -> Matrix {
    let stage = Stage::new("fresh");
    let beginning = stage.beginning(SEED);
    writes(&stage, &beginning)
}

/// Creations that have neither a natural key nor a marker at their provider: a person may be asked whether one happened.
const UNANSWERABLE: [&str; 2] = ["“+ Redis ", "“+ deploy of "];

fn writes(stage: &Stage, beginning: &Moment) -> Matrix {
    writes_at(stage, beginning, |_| true)
}

/// The same at some of the places, by their number.
fn writes_at(stage: &Stage, beginning: &Moment, wanted: impl Fn(usize) -> bool) -> Matrix {
    let calm = stage.run(beginning, None).unwrap();
    let calls = calm.end.world.ledger().calls;
    // A token is fetched, not made: losing it changes nothing.
    let places = places(&calls, beginning.calls(), |call| {
        call.method != "GET" && !call.path.starts_with("/api/oauth/")
    });
    let mut matrix = Matrix {
        cells: 0,
        bad: vec![],
    };
    let places = places.iter().enumerate().filter(|(n, _)| wanted(*n));
    for (_, place) in places {
        for fault in WRITE_FAULTS {
            matrix.cells += 1;
            let wrong = match run_with(stage, beginning, &[rule(place, fault)]) {
                Ok(ran) => {
                    let mut wrong = judge(stage, &calm.end, &ran);
                    wrong.extend(asked_too_much(stage, &calm.end, &ran.end));
                    wrong
                }
                Err(error) => vec![error],
            };
            matrix.bad.extend(
                wrong
                    .into_iter()
                    .map(|wrong| format!("{fault:?} at {place:?}: {wrong}")),
            );
        }
    }
    matrix
}

/// A lost outcome is asked about once at most, and only where no look can tell.
fn asked_too_much(stage: &Stage, calm: &Moment, end: &Moment) -> Vec<String> {
    let questions = |moment: &Moment| -> Vec<String> {
        let contents = stage.contents(moment).unwrap();
        let asked = contents
            .records
            .into_iter()
            .filter_map(|record| match record.durable {
                Durable::Blocked {
                    blocker: Blocker::Choose { question, .. },
                    ..
                } => Some(question),
                _ => None,
            });
        asked.collect()
    };
    let usual = questions(calm);
    let mut more = questions(end);
    more.retain(|question| !usual.contains(question));
    let allowed = more.len() <= 1
        && more
            .iter()
            .all(|question| UNANSWERABLE.iter().any(|kind| question.contains(kind)));
    match allowed {
        true => vec![],
        false => vec![format!("asked {more:?}")],
    }
}

fn github_reads(wanted: impl Fn(usize, &str) -> bool) -> Matrix {
    let stage = Stage::new("half");
    let beginning = stage.beginning(SEED);
    reads(&stage, &beginning, wanted)
}

fn reads(stage: &Stage, beginning: &Moment, wanted: impl Fn(usize, &str) -> bool) -> Matrix {
    let calm = stage.run(beginning, None).unwrap();
    let calls = calm.end.world.ledger().calls;
    let places = places(&calls, beginning.calls(), |call| call.method == "GET");
    let mut matrix = Matrix {
        cells: 0,
        bad: vec![],
    };
    let places = places
        .iter()
        .enumerate()
        .filter(|(n, (_, pattern, _))| wanted(*n, pattern));
    for (_, (provider, pattern, nth)) in places {
        for fault in [Fault::Http500Before, Fault::TimeoutBefore] {
            matrix.cells += 1;
            let rules: Vec<FaultRule> = (0..OUTLASTS_ALL_LOOKS)
                .map(|more| rule(&(*provider, pattern.clone(), nth + more), fault))
                .collect();
            let wrong = match run_with(stage, beginning, &rules) {
                Ok(ran) => judge(stage, &calm.end, &ran),
                Err(error) => vec![error],
            };
            matrix.bad.extend(
                wrong
                    .into_iter()
                    .map(|wrong| format!("{fault:?} at {pattern} {nth}: {wrong}")),
            );
        }
    }
    matrix
}

fn assert_clean(what: &str, matrix: &Matrix, cells_min: usize) {
    eprintln!("{what}: {} cells, {} bad", matrix.cells, matrix.bad.len());
    assert!(matrix.cells >= cells_min, "only {} cells", matrix.cells);
    let first = &matrix.bad[..matrix.bad.len().min(20)];
    assert!(
        matrix.bad.is_empty(),
        "{} bad of {}: {first:#?}",
        matrix.bad.len(),
        matrix.cells
    );
}

#[test]
fn every_write_may_fail_in_every_way() {
    assert_clean("writes", &github_writes(), 60);
}

#[test]
fn every_write_of_the_infrastructure_may_fail_in_every_way() {
    let (stage, beginning) = Stage::infrastructure("fresh", SEED);
    let matrix = writes(&stage, &beginning);
    assert_clean("the infrastructure's writes", &matrix, 200);
}

#[test]
fn a_look_at_the_infrastructure_that_fails_is_never_taken_for_nothing_there() {
    let (stage, beginning) = Stage::infrastructure("half", SEED);
    let matrix = reads(&stage, &beginning, |n, _| n % 5 == 0);
    assert_clean("the infrastructure's reads", &matrix, 60);
}

#[test]
fn every_write_of_the_configuration_may_fail_in_every_way() {
    let (stage, beginning) = Stage::configuration("fresh", SEED);
    // Every third: records, hosts, groups, deploys and variables are all among them.
    let matrix = writes_at(&stage, &beginning, |n| n % 3 == 0);
    assert_clean("the configuration's writes", &matrix, 60);
}

#[test]
fn a_look_at_the_configuration_that_fails_is_never_taken_for_nothing_there() {
    let (stage, beginning) = Stage::configuration("half", SEED);
    let matrix = reads(&stage, &beginning, |n, _| n % 23 == 0);
    assert_clean("the configuration's reads", &matrix, 40);
}

#[test]
fn a_look_that_fails_is_never_taken_for_nothing_there() {
    assert_clean("reads", &github_reads(|n, _| n % 3 == 0), 90);
}

#[cfg(feature = "sabotage")]
mod planted {
    use golive::sabotage::{Bug, plant};

    /// The matrix must see a write that is repeated on a lost reply, and a failed look taken for absence.
    #[test]
    fn the_matrix_sees_its_planted_bugs() {
        plant(Some(Bug::RepeatOnTimeout));
        let repeated = super::github_writes();
        plant(Some(Bug::FailedReadIsAbsent));
        let absent = super::github_reads(|_, pattern| pattern.ends_with("/branches/staging"));
        plant(None);
        assert!(
            !repeated.bad.is_empty(),
            "a write repeated on time-out went unseen"
        );
        assert!(
            !absent.bad.is_empty(),
            "a failed look taken as absent went unseen"
        );
    }
}
