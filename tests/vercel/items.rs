//! The items of Vercel on the simulated one.

use golive::plan::{Change, ItemId};
use golive::resource::{
    DebtIssue, Known, Resource, VercelAccess, VercelApp, VercelBuild, VercelFirstBuild,
    VercelProject,
};
use serde_json::json;

use crate::story::{Launch, Story};
use crate::{Stage, enter, on, on_with, world};

const BUILD: &str = "CI=false npm run build";

pub fn access() -> VercelAccess {
    VercelAccess { team: None }
}

pub fn app() -> VercelApp {
    VercelApp {
        repository: "acme/shop".into(),
        projects: ["shop", "shop-prod", "shop-staging"]
            .map(String::from)
            .to_vec(),
    }
}

pub fn prod() -> VercelProject {
    VercelProject {
        name: "shop-prod".into(),
        existing: Some("shop".into()),
        repository: "acme/shop".into(),
        production_branch: "main".into(),
        build_command: BUILD.into(),
        framework: Some("create-react-app".into()),
        root: Some("client".into()),
    }
}

pub fn staging() -> VercelProject {
    VercelProject {
        name: "shop-staging".into(),
        existing: None,
        production_branch: "staging".into(),
        ..prod()
    }
}

pub fn build(of: &VercelProject, project: &str) -> VercelBuild {
    VercelBuild {
        name: of.name.clone(),
        existing: of.existing.clone(),
        project: ItemId::new(project),
        command: BUILD.into(),
        repository: of.repository.clone(),
    }
}

pub fn first_build() -> VercelFirstBuild {
    VercelFirstBuild {
        name: "shop-staging".into(),
        project: ItemId::new("5.staging"),
        repository: "acme/shop".into(),
        branch: "staging".into(),
    }
}

fn debt() -> DebtIssue {
    DebtIssue {
        command: BUILD.into(),
        projects: vec!["shop-prod".into(), "shop-staging".into()],
    }
}

/// Steps 0, 2.1 and 5 as far as they are Vercel's.
async fn whole(launch: &mut Launch, stage: &mut Stage<'_>) -> Vec<(&'static str, Story)> {
    let mut stories = vec![("0.vercel", launch.drive(stage, "0.vercel", &access()).await)];
    stage.vercel.team = launch.known.outputs.get("0.vercel.team_id").cloned();
    stories.push((
        "0.vercel-app",
        launch.drive(stage, "0.vercel-app", &app()).await,
    ));
    let own = build(&prod(), "5.prod");
    stories.push((
        "2.1.build-prod",
        launch.drive(stage, "2.1.build-prod", &own).await,
    ));
    stories.push(("2.1.debt", launch.drive(stage, "2.1.debt", &debt()).await));
    stories.push(("5.prod", launch.drive(stage, "5.prod", &prod()).await));
    stories.push((
        "5.staging",
        launch.drive(stage, "5.staging", &staging()).await,
    ));
    let own = build(&staging(), "5.staging");
    stories.push((
        "2.1.build-staging",
        launch.drive(stage, "2.1.build-staging", &own).await,
    ));
    let first = launch.drive(stage, "5.first-build", &first_build()).await;
    stories.push(("5.first-build", first));
    stories
}

fn rows(stories: &[(&str, Story)]) -> Vec<String> {
    stories
        .iter()
        .flat_map(|(item, story)| story.rows.iter().map(move |row| format!("{item} {row}")))
        .collect()
}

#[test]
fn vercel_comes_to_its_end_and_stays_there() {
    on(world("fresh"), async |stage| {
        enter(stage).await;
        let mut launch = Launch::default();
        let stories = whole(&mut launch, stage).await;
        assert_eq!(
            rows(&stories),
            [
                "2.1.build-prod ~ Vercel project shop-prod: build command (framework default) → CI=false npm run build",
                "2.1.debt + GitHub issue: Fix all ESLint warnings, then remove CI=false from the Vercel build command",
                "5.prod ~ Vercel project shop: name shop → shop-prod",
                "5.staging + Vercel project shop-staging: folder client of acme/shop, create-react-app, built by CI=false npm run build",
                "5.staging ~ Vercel project shop-staging: production branch staging",
                "5.first-build + Vercel project shop-staging: a production deployment from branch staging",
            ]
        );
        assert!(
            stories.iter().all(|(_, story)| story.blocked.is_empty()),
            "{stories:?}"
        );
        assert!(
            stories.iter().all(|(_, story)| story.asked == 0),
            "{stories:?}"
        );
        assert!(stories[7].1.waited > 0, "{stories:?}");
        assert!(stories[7].1.end.contains("is served"), "{stories:?}");
        // Again, and again by somebody who has lost the records.
        assert!(rows(&whole(&mut launch, stage).await).is_empty());
        let anew = whole(&mut Launch::default(), stage).await;
        assert!(rows(&anew).is_empty(), "{anew:?}");
    });
}

/// What an approval of the rows that an item foresees holds on to.
fn foreseen<R: Resource>(item: &str, resource: &R) -> Vec<String> {
    let item = ItemId::new(item);
    let changes = resource.foresee(&Known::default());
    let rows = changes.iter().map(|change| change.row(&item));
    rows.map(|row| row.id().to_string()).collect()
}

#[test]
fn one_approval_of_what_is_foreseen_covers_the_step() {
    on(world("fresh"), async |stage| {
        enter(stage).await;
        let told = [
            foreseen("5.prod", &prod()),
            foreseen("5.staging", &staging()),
            foreseen("5.first-build", &first_build()),
        ];
        let stories = whole(&mut Launch::default(), stage).await;
        let of_step = stories.iter().filter(|(item, _)| item.starts_with("5."));
        let written: Vec<String> = of_step.flat_map(|(_, story)| story.ids.clone()).collect();
        assert_eq!(told.concat(), written);
    });
}

#[test]
fn a_finished_world_needs_nothing() {
    on(world("done"), async |stage| {
        enter(stage).await;
        let stories = whole(&mut Launch::default(), stage).await;
        let of_vercel = rows(&stories)
            .into_iter()
            .filter(|row| !row.starts_with("2.1.debt"));
        assert_eq!(of_vercel.collect::<Vec<_>>(), Vec::<String>::new());
    });
}

#[test]
fn undo_gives_back_and_removes_what_golive_did_and_no_more() {
    on(world("fresh"), async |stage| {
        enter(stage).await;
        let before = stage.vercel.project("shop").await.unwrap();
        let mut launch = Launch::default();
        whole(&mut launch, stage).await;
        let rows = [
            launch.undo(stage, "5.first-build", &first_build()).await,
            launch.undo(stage, "5.staging", &staging()).await,
            launch.undo(stage, "5.prod", &prod()).await,
            launch
                .undo(stage, "2.1.build-prod", &build(&prod(), "5.prod"))
                .await,
            launch.undo(stage, "2.1.debt", &debt()).await,
        ];
        assert_eq!(
            rows.concat(),
            [
                "- Vercel project shop-staging",
                "~ Vercel project shop-prod: name shop-prod → shop",
                "~ Vercel project shop-prod: build command CI=false npm run build → (framework default)",
                "- GitHub issue #1: was Fix all ESLint warnings, then remove CI=false from the Vercel build command, open",
            ]
        );
        let after = stage.vercel.project("shop").await.unwrap();
        assert_eq!(after.id, before.id);
        assert_eq!(after.build_command, before.build_command);
        assert_eq!(after.production_branch(), before.production_branch());
        let golives = stage.ledger().objects.into_iter().filter(|one| {
            one.kind == "project" && one.made_by == golive::sim::MadeBy::Golive && one.alive
        });
        assert_eq!(golives.count(), 0);
    });
}

#[test]
fn a_project_that_others_have_built_on_outlives_undo() {
    on(world("fresh"), async |stage| {
        enter(stage).await;
        let mut launch = Launch::default();
        whole(&mut launch, stage).await;
        stage.act("edit vercel/name/shop-staging");
        stage.pause(15).await;
        let rows = launch.undo(stage, "5.staging", &staging()).await;
        assert_eq!(rows, Vec::<String>::new());
    });
}

#[test]
fn what_people_changed_since_is_seen_as_such() {
    on(world("fresh"), async |stage| {
        enter(stage).await;
        let mut launch = Launch::default();
        whole(&mut launch, stage).await;
        stage.act("edit vercel/branch/shop-staging/main");
        stage.act("edit vercel/project/shop-prod");
        stage.act("edit vercel/name/shop-prod");
        stage.pause(15).await;
        let again = whole(&mut launch, stage).await;
        assert_eq!(
            rows(&again),
            [
                "2.1.build-prod ~ Vercel project shop-prod: build command (framework default) → CI=false npm run build",
                "5.prod ~ Vercel project shop-prod-old: name shop-prod-old → shop-prod",
                "5.staging ~ Vercel project shop-staging: production branch staging",
            ]
        );
    });
}

#[test]
fn a_reply_that_is_lost_makes_nothing_twice() {
    for (method, path) in [
        ("POST", "/v11/projects"),
        ("PATCH", "/v9/projects/*"),
        ("PATCH", "/v9/projects/*/branch"),
        ("POST", "/v13/deployments"),
    ] {
        for fault in [
            "timeout_after_apply",
            "timeout_before",
            "http_503_after_apply",
            "http_429",
            "truncated",
            "html",
        ] {
            let place = format!("{method} {path}");
            let faults = json!([{"provider": "vercel", "match": place, "nth": 1, "fault": fault}]);
            on_with(world("fresh"), &faults.to_string(), async |stage| {
                enter(stage).await;
                let mut launch = Launch::default();
                whole(&mut launch, stage).await;
                let objects = stage.ledger().objects;
                for kind in ["project", "deployment"] {
                    let made = objects.iter().filter(|one| {
                        one.kind == kind && one.made_by == golive::sim::MadeBy::Golive
                    });
                    assert_eq!(made.count(), 1, "{kind}, {method} {path} {fault}");
                }
            });
        }
    }
}
