//! Every call of a launch going wrong in every way: it ends like the calm one, with nothing made twice.

use std::collections::BTreeMap;

use super::oracle::judge;
use super::stage::{Moment, Ran, Stage};
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

/// Each call as a place for a fault: its pattern and which of its like it is.
fn places(calls: &[CallRecord], wanted: impl Fn(&CallRecord) -> bool) -> Vec<(String, u32)> {
    let mut counts: BTreeMap<String, u32> = BTreeMap::new();
    let mut places = vec![];
    for call in calls {
        let path = call.path.split('?').next().unwrap_or_default();
        let pattern = format!("{} {path}", call.method);
        let count = counts.entry(pattern.clone()).or_default();
        *count += 1;
        if wanted(call) {
            places.push((pattern, *count));
        }
    }
    places
}

fn rule((pattern, nth): &(String, u32), fault: Fault) -> FaultRule {
    FaultRule {
        provider: Provider::Github,
        pattern: pattern.clone(),
        nth: *nth,
        fault,
    }
}

/// So often golive is started again where it stopped because it could not know.
const STARTS_MAX: usize = 5;

/// Runs with these faults until all is settled.
fn run_with(stage: &Stage, rules: &[FaultRule]) -> Result<Ran, String> {
    let mut moment: Moment = stage.beginning(SEED).with_faults(rules);
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

fn writes() -> Matrix {
    let stage = Stage::new("fresh");
    let calm = stage.run(&stage.beginning(SEED), None).unwrap();
    let places = places(&calm.end.world.ledger().calls, |call| call.method != "GET");
    let mut matrix = Matrix {
        cells: 0,
        bad: vec![],
    };
    for place in &places {
        for fault in WRITE_FAULTS {
            matrix.cells += 1;
            let wrong = match run_with(&stage, &[rule(place, fault)]) {
                Ok(ran) => judge(&stage, &calm.end, &ran),
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

fn reads(wanted: impl Fn(usize, &str) -> bool) -> Matrix {
    let stage = Stage::new("half");
    let calm = stage.run(&stage.beginning(SEED), None).unwrap();
    let places = places(&calm.end.world.ledger().calls, |call| call.method == "GET");
    let mut matrix = Matrix {
        cells: 0,
        bad: vec![],
    };
    let places = places
        .iter()
        .enumerate()
        .filter(|(n, (pattern, _))| wanted(*n, pattern));
    for (_, (pattern, nth)) in places {
        for fault in [Fault::Http500Before, Fault::TimeoutBefore] {
            matrix.cells += 1;
            let rules: Vec<FaultRule> = (0..OUTLASTS_ALL_LOOKS)
                .map(|more| rule(&(pattern.clone(), nth + more), fault))
                .collect();
            let wrong = match run_with(&stage, &rules) {
                Ok(ran) => judge(&stage, &calm.end, &ran),
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
    assert_clean("writes", &writes(), 60);
}

#[test]
fn a_look_that_fails_is_never_taken_for_nothing_there() {
    assert_clean("reads", &reads(|n, _| n % 3 == 0), 90);
}

#[cfg(feature = "sabotage")]
mod planted {
    use golive::sabotage::{Bug, plant};

    /// The matrix must see a write that is repeated on a lost reply, and a failed look taken for absence.
    #[test]
    fn the_matrix_sees_its_planted_bugs() {
        plant(Some(Bug::RepeatOnTimeout));
        let repeated = super::writes();
        plant(Some(Bug::FailedReadIsAbsent));
        let absent = super::reads(|_, pattern| pattern.ends_with("/branches/staging"));
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
