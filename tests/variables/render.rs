//! Groups and deploys on the simulated Render.

use golive::plan::ItemId;
use golive::resource::{RenderDeploy, RenderGroup};
use golive::secret::Secret;

use crate::story::Launch;
use crate::{Stage, kept, on, plain, world};

const DATABASE: &str = "mongodb+srv://shop-prod-user:{}@shop-prod-cluster.a1b2c.mongodb.net/shop-prod?retryWrites=true&w=majority&appName=shop-prod-cluster";

fn group() -> RenderGroup {
    RenderGroup {
        environment: "prod".into(),
        name: "shop-prod-env".into(),
        variables: vec![
            plain("NODE_ENV", "production"),
            plain("CORS_ORIGIN", "https://www.acmeshop.example"),
            kept("DATABASE_URL", "prod.DATABASE_URL"),
            kept("STRIPE_SECRET_KEY", "stripe_sk_test"),
        ],
        services: ["api", "worker"]
            .map(|role| {
                (
                    ItemId::new(format!("4.{role}-prod")),
                    format!("shop-{role}-prod"),
                )
            })
            .to_vec(),
    }
}

fn deploy(role: &str) -> RenderDeploy {
    RenderDeploy {
        service: ItemId::new(format!("4.{role}-prod")),
        name: format!("shop-{role}-prod"),
        branch: "main".into(),
        group: ItemId::new("7.group-prod"),
        variables: group().variables,
    }
}

async fn begun(stage: &Stage<'_>) -> Launch {
    let launch = Launch::begun(stage).await;
    let password = launch
        .kept
        .get("mongodb_dev")
        .expect("the world's password");
    let (before, after) = DATABASE.split_once("{}").expect("a place");
    launch.kept.put(
        "prod.DATABASE_URL",
        password.prefixed(before).suffixed(after),
    );
    launch
}

#[test]
fn a_group_is_made_in_one_call_and_both_services_run_with_it() {
    for bare in [false, true] {
        on(world(|own| own.render.bare_groups = bare), async |stage| {
            let mut launch = begun(stage).await;
            let made = launch.drive(stage, "7.group-prod", &group()).await;
            assert_eq!(
                made.rows,
                [
                    "+ env group shop-prod-env: NODE_ENV, CORS_ORIGIN, DATABASE_URL and STRIPE_SECRET_KEY; linked to shop-api-prod and shop-worker-prod"
                ]
            );
            assert_eq!(stage.calls("POST", "/env-groups").len(), 1);
            assert!(stage.calls("PUT", "/env-groups").is_empty());
            assert!(made.findings.is_empty(), "{:?}", made.findings);
            for role in ["api", "worker"] {
                let item = format!("7.deploy-{role}-prod");
                let ran = launch.drive(stage, &item, &deploy(role)).await;
                assert_eq!(ran.rows.len(), 1, "{ran:?}");
                assert!(
                    ran.end.ends_with("the head of main, with its variables"),
                    "{ran:?}"
                );
                assert!(launch.output(&item, "deploy").is_some());
            }
            // Looked at again, nothing is wanted.
            let again = launch.drive(stage, "7.group-prod", &group()).await;
            assert!(again.rows.is_empty(), "{again:?}");
            let again = launch
                .drive(stage, "7.deploy-api-prod", &deploy("api"))
                .await;
            assert!(again.rows.is_empty(), "{again:?}");
        });
    }
}

#[test]
fn a_lost_reply_makes_no_second_group_and_no_second_deploy() {
    on(world(|_| {}), async |stage| {
        let mut launch = begun(stage).await;
        stage.fault("render", "POST /env-groups", "timeout_after_apply");
        let made = launch.drive(stage, "7.group-prod", &group()).await;
        assert_eq!(stage.calls("POST", "/env-groups").len(), 1, "{made:?}");
        stage.fault("render", "POST /services/*/deploys", "timeout_after_apply");
        let ran = launch
            .drive(stage, "7.deploy-api-prod", &deploy("api"))
            .await;
        assert_eq!(ran.rows.len(), 1, "{ran:?}");
        assert_eq!(stage.calls("POST", "/deploys").len(), 1);
        let undone = launch.undo(stage, "7.group-prod", &group()).await;
        assert_eq!(undone, ["- env group shop-prod-env"]);
    });
}

#[test]
fn a_group_that_was_there_is_changed_one_by_one_and_put_back() {
    let scenario = world(|own| {
        let there = serde_json::json!({
            "name": "shop-prod-env",
            "variables": {
                "NODE_ENV": "production",
                "CORS_ORIGIN": "http://localhost:3000",
                "MAIL_FROM": "shop@acmeshop.example",
            },
            "linked": ["shop-api-prod"],
        });
        let there = serde_json::from_value(there).expect("a group");
        own.render.groups.push(there);
        let api = own.render.services.iter_mut();
        let api = api.into_iter().find(|one| one.name == "shop-api-prod");
        let own = &mut api.expect("the api").variables;
        own.insert("NODE_ENV".into(), "staging".into());
    });
    on(scenario, async |stage| {
        let mut launch = begun(stage).await;
        let set = launch.drive(stage, "7.group-prod", &group()).await;
        assert_eq!(set.rows.len(), 4, "{set:?}");
        assert!(set.rows[0].starts_with("~ CORS_ORIGIN in group shop-prod-env: "));
        assert_eq!(
            set.rows[3],
            "+ service shop-worker-prod: runs with group shop-prod-env"
        );
        let codes: Vec<&str> = set.findings.iter().map(|one| one.code.as_str()).collect();
        assert_eq!(codes, ["foreign", "beaten-shop-api-prod"]);
        let former = launch.kept.get("former.prod.CORS_ORIGIN").expect("kept");
        assert!(former.same_as(&Secret::new("http://localhost:3000")));
        let undone = launch.undo(stage, "7.group-prod", &group()).await;
        assert_eq!(undone.len(), 4, "{undone:?}");
        assert!(undone.iter().any(|row| row.ends_with("as before golive")));
        assert!(undone.contains(
            &"- service shop-worker-prod: was runs with group shop-prod-env".to_string()
        ));
    });
}

#[test]
fn a_deploy_that_does_not_start_says_why_and_shows_no_secret() {
    on(world(|_| {}), async |stage| {
        let mut launch = begun(stage).await;
        let wrong = Secret::new("canary-of-the-log").prefixed("mongodb+srv://nobody:");
        let wrong = wrong.suffixed("@shop-prod-cluster.a1b2c.mongodb.net/shop-prod");
        launch.kept.put("prod.DATABASE_URL", wrong);
        launch.drive(stage, "7.group-prod", &group()).await;
        let item = "7.deploy-api-prod";
        let failed = launch.drive_once(stage, item, &deploy("api")).await;
        assert!(
            failed.contains("of shop-api-prod: it was built and did not start"),
            "{failed}"
        );
        assert!(failed.contains("The end of its log"), "{failed}");
        assert!(!failed.contains("canary"), "{failed}");
    });
}
