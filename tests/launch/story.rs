//! What an operator relies on: nothing before approval, few questions, a world that moves in between, a plan that is kept.

use golive::event::Durable;
use golive::operator::Policy;
use golive::plan::ItemId;
use golive::sim::Act;
use golive::view::Shown;

use super::stage::{Moment, Stage};

/// A calm launch of all phases may ask for so many approvals; Phase 0 has two of them.
const APPROVALS_MAX: usize = 2;

fn records(stage: &Stage, moment: &Moment) -> Vec<Durable> {
    stage
        .contents(moment)
        .unwrap()
        .records
        .into_iter()
        .map(|record| record.durable)
        .collect()
}

#[test]
fn planning_changes_and_records_nothing() {
    for world in ["fresh", "half", "done", "foreign"] {
        let stage = Stage::new(world);
        let beginning = stage.beginning(5);
        let policy = Policy {
            look_only: true,
            ..Policy::default()
        };
        let ran = stage.run_with(&beginning, None, policy, false).unwrap();
        assert_eq!(ran.end.mutations(), 0, "{world}");
        assert_eq!(ran.end.disk.files().count(), 0, "{world}");
    }
}

#[test]
fn a_plan_without_a_launch_shows_what_its_steps_would_do() {
    let stage = Stage::new("fresh");
    let policy = Policy {
        look_only: true,
        ..Policy::default()
    };
    let mut beginning = stage.beginning(5);
    let token = beginning.world.tokens()["github"].clone();
    beginning.vault = [(golive::secret::SecretName::new("GITHUB_TOKEN"), token)]
        .into_iter()
        .collect();
    let ran = stage.run_with(&beginning, None, policy, false).unwrap();
    let rows: usize = ran.view.wanted.values().map(Vec::len).sum();
    assert!(rows >= 11, "{rows} rows: {:#?}", ran.view.wanted);
    assert!(ran.end.calls() > 0);
    assert_eq!(ran.end.mutations(), 0);
}

#[test]
fn nothing_changes_before_it_is_approved() {
    for world in ["fresh", "half", "foreign"] {
        let stage = Stage::new(world);
        let mut beginning = stage.beginning(5);
        let token = beginning.world.tokens()["github"].clone();
        beginning.vault = [(golive::secret::SecretName::new("GITHUB_TOKEN"), token)]
            .into_iter()
            .collect();
        let ran = stage
            .run_with(&beginning, None, Policy::default(), true)
            .unwrap();
        assert_eq!(ran.end.mutations(), 0, "{world}");
        assert!(
            ran.view
                .outline
                .items()
                .any(|item| ran.view.shown(item) == Shown::YourTurn),
            "{world}"
        );
    }
}

#[test]
fn a_calm_launch_asks_little() {
    let stage = Stage::new("fresh");
    let ran = stage.run(&stage.beginning(5), None).unwrap();
    let approvals = |durable: &&Durable| matches!(durable, Durable::Approved { .. });
    let count = records(&stage, &ran.end).iter().filter(approvals).count();
    assert!(count <= APPROVALS_MAX, "{count} approvals");
}

#[test]
fn where_all_is_so_already_nothing_is_done() {
    let stage = Stage::new("done");
    let ran = stage.run(&stage.beginning(5), None).unwrap();
    assert_eq!(ran.end.mutations(), 0);
    let walked = ran.view.outline.items();
    for item in walked.filter(|item| stage.walks(&item.id)) {
        assert!(
            matches!(ran.view.shown(item), Shown::AlreadySo | Shown::Attested),
            "{}",
            item.id
        );
    }
}

#[test]
fn an_infrastructure_that_is_so_already_is_left_as_it_is() {
    let (stage, beginning) = Stage::infrastructure("done", 5);
    let ran = stage.run(&beginning, None).unwrap();
    assert_eq!(ran.end.mutations(), beginning.mutations());
    let walked = ran.view.outline.items();
    for item in walked.filter(|item| stage.walks(&item.id)) {
        let shown = ran.view.shown(item);
        assert_eq!(shown, Shown::AlreadySo, "{}", item.id);
    }
}

#[test]
fn other_peoples_commits_are_never_carried_without_being_shown() {
    let stage = Stage::new("foreign");
    let mut beginning = stage.beginning(5);
    let token = beginning.world.tokens()["github"].clone();
    beginning.vault = [(golive::secret::SecretName::new("GITHUB_TOKEN"), token)]
        .into_iter()
        .collect();
    let way = |item: &str| (format!("{item}.cors-origin"), "none".to_string());
    let policy = Policy {
        yes: true,
        choose: [way("2.to-develop"), way("2.to-staging")].into(),
        attest: [(
            "1.stable-main".to_string(),
            ("dana".to_string(), "looked".to_string()),
        )]
        .into(),
        ..Policy::default()
    };
    let ran = stage.run_with(&beginning, None, policy, true).unwrap();
    let shown = |id: &str| {
        ran.view
            .shown(ran.view.outline.item(&ItemId::new(id)).unwrap())
    };
    assert_eq!(
        shown("2.to-develop"),
        Shown::Done,
        "golive's own change may go to develop"
    );
    assert_eq!(
        shown("2.to-staging"),
        Shown::YourTurn,
        "what others did on develop is for a person to carry"
    );
    let merges = ran
        .end
        .world
        .ledger()
        .calls
        .into_iter()
        .filter(|call| call.path.ends_with("/merge"));
    assert_eq!(merges.count(), 1);
}

fn moved_between_plan_and_write() -> (usize, bool) {
    let mut stage = Stage::new("fresh");
    stage.scenario.lag = false;
    let main = stage.scenario.repository.default_branch.clone();
    let ran = stage
        .run_meddled(&stage.beginning(5), Act::Push(main))
        .unwrap();
    let stopped = records(&stage, &ran.end)
        .iter()
        .filter(|durable| matches!(durable, Durable::Refused { why, .. } if why.contains("the world moved")))
        .count();
    let settled = ran
        .view
        .outline
        .items()
        .all(|item| !stage.walks(&item.id) || ran.view.shown(item).is_settled());
    (stopped, settled)
}

#[test]
fn a_world_that_moves_between_plan_and_write_stops_the_write() {
    let (stopped, settled) = moved_between_plan_and_write();
    assert!(stopped >= 1, "golive wrote on what it had seen before");
    assert!(settled);
}

#[cfg(feature = "sabotage")]
#[test]
fn leaving_the_second_look_out_would_be_seen() {
    use golive::sabotage::{Bug, plant};
    plant(Some(Bug::NoSecondLook));
    let (stopped, _) = moved_between_plan_and_write();
    plant(None);
    assert_eq!(stopped, 0);
}
