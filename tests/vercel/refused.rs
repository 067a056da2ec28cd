//! What stands in the way is told with its page, before the first change wherever it can be known, and what belongs to
//! others stays as it was.

use golive::plan::Plan;
use golive::provider::vercel::Project;
use golive::resource::{Cx, Known, Resource, VercelAccess};
use golive::sim::scenario::Scenario;

use crate::items::{access, app, build, first_build, prod, staging};
use crate::story::{Launch, Story};
use crate::{Stage, enter, on, world};

/// Drives the item of step 0 that looks at the app, or another, in a changed world.
async fn app_story(stage: &mut Stage<'_>) -> Story {
    enter(stage).await;
    Launch::default().drive(stage, "0.vercel-app", &app()).await
}

/// A world whose only project is not linked yet, so that nothing but the search can show what the app sees.
fn unlinked(change: impl FnOnce(&mut Scenario)) -> Scenario {
    let mut scenario = world("fresh");
    scenario.vercel.projects[0].linked = false;
    change(&mut scenario);
    scenario
}

fn toml(scenario: &mut Scenario, text: &str) {
    let more: golive::sim::scenario::VercelSpec = toml::from_str(text).expect("a spec");
    let projects = std::mem::take(&mut scenario.vercel.projects);
    let teams = std::mem::take(&mut scenario.vercel.teams);
    scenario.vercel = more;
    scenario.vercel.projects = projects;
    if scenario.vercel.teams.is_empty() {
        scenario.vercel.teams = teams;
    }
}

#[test]
fn a_repository_that_the_app_does_not_see_is_told_in_step_0() {
    for (text, told) in [
        (
            "app = \"not_selected\"",
            "it is installed for acme, without shop",
        ),
        (
            "app = \"not_installed\"",
            "it is installed nowhere that Vercel shows",
        ),
        ("login_connection = false", "has no connection with GitHub"),
    ] {
        let scenario = unlinked(|scenario| toml(scenario, text));
        on(scenario, async |stage| {
            let story = app_story(stage).await;
            assert_eq!(story.end, "blocked");
            assert!(story.blocked[0].contains(told), "{story:?}");
        });
    }
    on(unlinked(|_| {}), async |stage| {
        let story = app_story(stage).await;
        assert_eq!(story.end, "Vercel's GitHub app sees acme/shop");
    });
}

#[test]
fn one_bad_answer_is_no_reason_to_ask_anybody() {
    let faults = r#"[{"provider": "vercel", "match": "GET /v1/integrations/git-namespaces", "nth": 1,
        "fault": "http_500_before"}]"#;
    crate::on_with(unlinked(|_| {}), faults, async |stage| {
        let story = app_story(stage).await;
        assert_eq!(story.end, "Vercel's GitHub app sees acme/shop");
    });
}

#[test]
fn a_wrong_team_is_told_with_those_that_are_there() {
    on(world("foreign"), async |stage| {
        let wrong = VercelAccess {
            team: Some("acne".into()),
        };
        let story = Launch::default().drive(stage, "0.vercel", &wrong).await;
        assert!(
            ["no team acne", "it reaches", "acme,", "olivia-marti-studio"]
                .iter()
                .all(|part| story.blocked[0].replace("acme.", "acme,").contains(part)),
            "{story:?}"
        );
        let hobby = VercelAccess {
            team: Some("olivia-marti-studio".into()),
        };
        let story = Launch::default().drive(stage, "0.vercel", &hobby).await;
        assert_eq!(story.findings, ["hobby"]);
        let mut launch = Launch::default();
        launch.known.account = Some("acme (id team_elsewhere)".into());
        let story = launch.drive(stage, "0.vercel", &access()).await;
        assert!(
            story.blocked[0].contains("is tied to acme (id team_elsewhere)"),
            "{story:?}"
        );
    });
}

#[test]
fn odd_accounts_are_read_as_far_as_they_show() {
    for (text, note) in [
        ("[odd]\nplan_hidden = true", "plan not shown"),
        ("[odd]\nlimited_user = true", "(limited)"),
        ("personal_scope = false", "plan pro"),
        ("[token]\nteam = \"acme\"", "scope: this team only"),
    ] {
        let mut scenario = world("fresh");
        toml(&mut scenario, text);
        on(scenario, async |stage| {
            let story = Launch::default().drive(stage, "0.vercel", &access()).await;
            assert!(story.notes.contains(note), "{text}: {story:?}");
        });
    }
    let mut scenario = world("fresh");
    toml(&mut scenario, "[token]\nexpires = \"2026-12-01T00:00:00Z\"");
    on(scenario, async |stage| {
        let story = Launch::default().drive(stage, "0.vercel", &access()).await;
        assert_eq!(story.findings, ["expires"]);
    });
    let mut scenario = world("fresh");
    toml(
        &mut scenario,
        "[[team]]\nslug = \"acme\"\nrole = \"VIEWER\"",
    );
    on(scenario, async |stage| {
        let story = Launch::default().drive(stage, "0.vercel", &access()).await;
        assert!(
            story.blocked[0].contains("a user with the role Member"),
            "{story:?}"
        );
    });
}

/// All projects as they are shown, for comparing.
async fn shown(stage: &Stage<'_>, names: &[&str]) -> Vec<String> {
    let mut shown = vec![];
    for name in names {
        let project: Project = stage.vercel.project(name).await.expect("there");
        shown.push(format!("{project:?}"));
    }
    shown
}

#[test]
fn projects_of_others_are_told_and_stay_as_they_were() {
    on(world("foreign"), async |stage| {
        enter(stage).await;
        let theirs = ["marketing-site", "shop-staging", "design-system"];
        let before = shown(stage, &theirs).await;
        let mut launch = Launch::default();
        let story = launch.drive(stage, "5.staging", &staging()).await;
        assert_eq!(story.end, "blocked");
        assert!(
            story.blocked[0].contains("it is linked to acme/testbed, not to acme/shop"),
            "{story:?}"
        );
        let own = build(&staging(), "5.staging");
        let story = launch.drive(stage, "2.1.build-staging", &own).await;
        assert_eq!(story.end, "blocked");
        let story = launch.drive(stage, "5.first-build", &first_build()).await;
        assert_eq!(story.end, "blocked");
        assert!(story.rows.is_empty());
        assert_eq!(shown(stage, &theirs).await, before);
    });
}

#[test]
fn the_new_name_of_another_project_is_not_taken_from_it() {
    let mut scenario = world("fresh");
    let mut other = scenario.vercel.projects[0].clone();
    other.name = "shop-prod".into();
    scenario.vercel.projects.push(other);
    on(scenario, async |stage| {
        enter(stage).await;
        let before = shown(stage, &["shop", "shop-prod"]).await;
        let mut launch = Launch::default();
        for story in [
            launch.drive(stage, "5.prod", &prod()).await,
            launch
                .drive(stage, "2.1.build-prod", &build(&prod(), "5.prod"))
                .await,
        ] {
            assert!(
                story.blocked[0].contains("it is another project"),
                "{story:?}"
            );
            assert!(story.rows.is_empty());
        }
        assert_eq!(shown(stage, &["shop", "shop-prod"]).await, before);
    });
}

#[test]
fn what_the_create_call_meets_comes_with_its_page_and_leaves_nothing() {
    for (text, told) in [
        (
            "app = \"not_selected\"",
            "let Vercel's GitHub app see the repository",
        ),
        (
            "app = \"not_selected\"\n[odd]\napp_code = \"bad_request\"",
            "let Vercel's GitHub app see the repository",
        ),
        (
            "login_connection = false",
            "connect the Vercel account with GitHub",
        ),
        ("link_limit = 1", "unlink a project from the repository"),
    ] {
        let mut scenario = world("fresh");
        toml(&mut scenario, text);
        on(scenario, async |stage| {
            enter(stage).await;
            let story = Launch::default()
                .drive(stage, "5.staging", &staging())
                .await;
            assert!(story.end.contains(told), "{story:?}");
            let made = stage.ledger().objects.into_iter();
            let made = made.filter(|one| one.kind == "project" && one.name == "shop-staging");
            assert_eq!(made.count(), 0);
        });
    }
}

#[test]
fn a_branch_that_does_not_hold_is_set_by_hand() {
    let mut scenario = world("fresh");
    toml(&mut scenario, "[odd]\nbranch_elsewhere = true");
    on(scenario, async |stage| {
        enter(stage).await;
        let mut launch = Launch::default();
        launch
            .known
            .outputs
            .insert("0.vercel.team".into(), "acme".into());
        let story = launch.drive(stage, "5.staging", &staging()).await;
        assert!(
            story
                .end
                .contains("set the production branch (Branch Tracking)"),
            "{story:?}"
        );
        stage.act("edit vercel/branch/shop-staging/staging");
        stage.pause(15).await;
        let story = launch.drive(stage, "5.staging", &staging()).await;
        assert!(story.rows.is_empty(), "{story:?}");
        assert!(story.end.contains("production branch staging"));
    });
}

#[test]
fn a_first_build_that_fails_shows_its_log_and_is_made_again_when_that_is_said() {
    on(world("fresh"), async |stage| {
        enter(stage).await;
        let mut launch = Launch::default();
        let strict = golive::resource::VercelProject {
            build_command: "npm run build".into(),
            ..staging()
        };
        launch.drive(stage, "5.staging", &strict).await;
        // The cause is mended, and a person says so.
        let item = golive::plan::ItemId::new("5.first-build");
        let mut known = launch.of("5.first-build");
        let wish = first_build();
        let look = async |known: &Known| {
            let cx = Cx {
                vercel: Some(&stage.vercel),
                ..Cx::alone(&item, stage.transport.clock.now(), known)
            };
            let seen = wish.observe(&cx).await.expect("a look");
            let plan = wish.plan(known, &seen);
            if let Plan::Change(changes) = &plan {
                wish.apply(&cx, &changes[0]).await.expect("deployed");
            }
            plan
        };
        assert!(matches!(look(&known).await, Plan::Change(_)));
        stage.pause(15).await;
        assert!(matches!(look(&known).await, Plan::Wait(_)));
        stage.pause(400).await;
        let Plan::Blocked(golive::plan::Blocker::Choose { key, question, .. }) = look(&known).await
        else {
            panic!("no question");
        };
        assert!(question.contains("no-unused-vars"), "{question}");
        launch
            .drive(stage, "2.1.build-staging", &build(&staging(), "5.staging"))
            .await;
        known.decided.insert(key, "again".into());
        assert!(matches!(look(&known).await, Plan::Change(_)));
        stage.pause(400).await;
        assert!(matches!(look(&known).await, Plan::Settled(_)));
    });
}
