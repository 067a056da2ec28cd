//! The client alone: lists of many pages, limits, refusals and what they mean.

use std::time::Duration;

use golive::plan::Blocker;
use golive::provider::http::CallError;
use golive::provider::render::{NewKeyValue, NewService, verdict};
use golive::provider::verdict::Verdict;
use golive::sim::scenario::RenderSpec;
use serde_json::json;

use crate::{Stage, on, refused, world};

/// Render as its part of a world's file describes it.
fn render(spec: serde_json::Value) -> RenderSpec {
    serde_json::from_value(spec).expect("Render's part of a world")
}

async fn owner(stage: &Stage<'_>) -> String {
    stage.render.owners().await.expect("workspaces")[0]
        .id
        .clone()
}

fn service<'s>(owner: &'s str, name: &'s str) -> NewService<'s> {
    NewService {
        kind: "web_service",
        name,
        owner,
        repo: "https://github.com/acme/shop",
        branch: "main",
        root: "server",
        build: "npm ci",
        start: "npm start",
        plan: "starter",
        region: "frankfurt",
        health: Some("/health"),
    }
}

fn redis<'k>(owner: &'k str, name: &'k str, plan: &'k str) -> NewKeyValue<'k> {
    NewKeyValue {
        name,
        owner,
        plan,
        region: "frankfurt",
        policy: "noeviction",
    }
}

fn by_hand(error: &CallError) -> (String, String) {
    match verdict(error, "create it") {
        Verdict::Blocked(Blocker::ByHand { what, url, .. }) => (what, url.unwrap_or_default()),
        other => panic!("not by hand: {other:?}"),
    }
}

#[test]
fn a_list_of_several_pages_is_read_whole() {
    let many: Vec<_> = (0..230)
        .map(|n| json!({"name": format!("svc-{n}")}))
        .collect();
    let scenario =
        world(|world| world.render = render(json!({ "service": many, "loose_names": true })));
    on(scenario, async |stage| {
        let owner = owner(stage).await;
        assert_eq!(
            stage.render.services(&owner, None).await.unwrap().len(),
            230
        );
        // Render's filter may let through what only begins so.
        let one = stage.render.services(&owner, Some("svc-1")).await.unwrap();
        assert_eq!(one.len(), 1);
        assert!(
            stage
                .render
                .services("tea-nobody", None)
                .await
                .unwrap()
                .is_empty()
        );
    });
}

#[test]
fn a_service_is_made_changed_read_and_removed() {
    on(world(|_| {}), async |stage| {
        let owner = owner(stage).await;
        let client = &stage.render;
        let made = client
            .create_service(&service(&owner, "shop-api"))
            .await
            .unwrap();
        assert_eq!(made.runtime(), Some("node"));
        let change =
            json!({"serviceDetails": {"envSpecificDetails": {"startCommand": "npm run dev"}}});
        client.patch_service(&made.id, change).await.unwrap();
        client.http.pause(Duration::from_secs(20)).await;
        let read = client.service(&made.id).await.unwrap();
        assert_eq!(
            (read.start(), read.build()),
            (Some("npm run dev"), Some("npm ci"))
        );
        assert!(!client.deploys(&made.id).await.unwrap().is_empty());
        let ranges = client.outbound(&made.id).await.unwrap().ranges();
        assert!(!ranges.is_empty() && ranges.iter().all(|range| range.contains('/')));
        client.delete_service(&made.id).await.unwrap();
        client.delete_service(&made.id).await.unwrap();
        client.http.pause(Duration::from_secs(20)).await;
        assert_eq!(refused(client.service(&made.id).await).0, 404);
    });
}

#[test]
fn a_redis_tells_its_urls_as_secrets() {
    on(world(|_| {}), async |stage| {
        let owner = owner(stage).await;
        let client = &stage.render;
        let made = client
            .create_key_value(&redis(&owner, "shop-redis", "starter"))
            .await
            .unwrap();
        client.http.pause(Duration::from_secs(20)).await;
        let info = client.connection_info(&made.id).await.unwrap();
        assert!(
            info.external
                .as_ref()
                .is_some_and(|url| url.starts_with("rediss://"))
        );
        assert!(
            info.internal
                .as_ref()
                .is_some_and(|url| url.starts_with("redis://"))
        );
        let list = client.key_values(&owner).await.unwrap();
        assert_eq!(
            list.len(),
            1,
            "each instance stands on both lists: {list:?}"
        );
        assert_eq!(list[0].policy().as_deref(), Some("noeviction"));
        client.delete_key_value(&made.id).await.unwrap();
    });
}

#[test]
fn the_hours_limit_says_until_when() {
    on(world(|_| {}), async |stage| {
        let owner = owner(stage).await;
        for n in 0..20 {
            let name = format!("svc-{n}");
            stage
                .render
                .create_service(&service(&owner, &name))
                .await
                .unwrap();
        }
        let one_more = stage
            .render
            .create_service(&service(&owner, "svc-20"))
            .await;
        let Err(CallError::Limited { until, .. }) = one_more else {
            panic!("not limited: {one_more:?}");
        };
        let left = until.duration_since(stage.transport.clock.now());
        assert!((30..=60).contains(&left.as_mins()), "{left}");
    });
}

#[test]
fn refusals_lead_to_what_a_person_must_do() {
    let poor = json!({"workspace": [{"name": "acme", "card": false}]});
    on(world(|world| world.render = render(poor)), async |stage| {
        let owner = owner(stage).await;
        let error = stage
            .render
            .create_service(&service(&owner, "shop-api"))
            .await
            .unwrap_err();
        assert_eq!(by_hand(&error).1, "https://dashboard.render.com/billing");
    });
    let apart = json!({"app_reaches": false});
    on(world(|world| world.render = render(apart)), async |stage| {
        let owner = owner(stage).await;
        let error = stage
            .render
            .create_service(&service(&owner, "shop-api"))
            .await
            .unwrap_err();
        assert_eq!(by_hand(&error).1, "https://github.com/apps/render");
    });
    on(world(|_| {}), async |stage| {
        let owner = owner(stage).await;
        let client = &stage.render;
        let enormous = NewService {
            plan: "enormous",
            ..service(&owner, "shop-api")
        };
        let error = client.create_service(&enormous).await.unwrap_err();
        assert!(by_hand(&error).0.contains("correct the plan"), "{error:?}");
        let mars = NewService {
            region: "mars",
            ..service(&owner, "shop-api")
        };
        let error = client.create_service(&mars).await.unwrap_err();
        assert!(
            by_hand(&error).0.contains("correct the region"),
            "{error:?}"
        );
        client
            .create_key_value(&redis(&owner, "one", "free"))
            .await
            .unwrap();
        let error = client
            .create_key_value(&redis(&owner, "two", "free"))
            .await
            .unwrap_err();
        assert!(
            by_hand(&error).0.contains("choose a paid plan"),
            "{error:?}"
        );
        client
            .create_service(&service(&owner, "shop-api"))
            .await
            .unwrap();
        let error = client
            .create_service(&service(&owner, "shop-api"))
            .await
            .unwrap_err();
        assert!(matches!(verdict(&error, "x"), Verdict::Race), "{error:?}");
    });
}
