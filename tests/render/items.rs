//! The items of step 4 on the simulated Render, each driven to its end as the engine does: look, plan, write the first
//! change, look again.

use std::collections::BTreeMap;
use std::time::Duration;

use golive::plan::{Attestation, Blocker, Change, Finding, ItemId, Made, Output, Plan};
use golive::provider::http::CallError;
use golive::resource::{
    Cx, Known, RenderAccess, RenderApp, RenderKeyValue, RenderRedisAccess, RenderService, Resource,
};
use golive::sim::scenario::RenderSpec;
use serde_json::json;

use crate::{Stage, on, world};
use jiff::Timestamp;

/// What became of an item: the rows written, and how it ended.
#[derive(Debug, Default)]
struct Story {
    rows: Vec<String>,
    detail: String,
    waited: u32,
    blocked: Vec<String>,
    end: String,
    notes: String,
    findings: Vec<Finding>,
    secrets: Vec<String>,
}

/// Render shows a write this much later at most.
const LAG: Duration = Duration::from_secs(15);

/// The launch so far: what items have handed on.
#[derive(Default)]
struct Launch {
    /// As `item.output`.
    outputs: BTreeMap<String, String>,
    /// What golive made, by item.
    made: BTreeMap<String, Vec<Made>>,
}

/// Answers what is asked with the last way on, or with a person's word. Says whether it could.
fn answer(blocker: Blocker, known: &mut Known, at: Timestamp) -> bool {
    match blocker {
        Blocker::Choose { key, options, .. } => {
            let last = options.last().expect("a way on");
            known.decided.insert(key, last.word.clone());
        }
        Blocker::Attest { rests_on, .. } => {
            known.attested = Some(Attestation {
                by: "Ann".into(),
                note: String::new(),
                at,
                rests_on,
            });
        }
        _ => return false,
    }
    true
}

impl Launch {
    fn known(&self, id: &str) -> Known {
        Known {
            outputs: self.outputs.clone(),
            made: self.made.get(id).cloned().unwrap_or_default(),
            ..Known::default()
        }
    }

    /// Drives one item. Questions are answered with the last way on, and attested; a lost reply is looked after.
    async fn drive<R: Resource>(&mut self, stage: &Stage<'_>, id: &str, resource: &R) -> Story {
        let mut story = Story::default();
        let item = ItemId::new(id);
        let mut known = self.known(id);
        let mut open: Option<String> = None;
        for _ in 0..400 {
            let now = stage.transport.clock.now();
            let cx = Cx {
                github: Some(&stage.github),
                render: Some(&stage.render),
                ..Cx::alone(&item, now, &known)
            };
            let seen = resource.observe(&cx).await.expect("a look");
            if let Some(change) = &open
                && let Some(made) = resource.found(&seen, change)
            {
                open = None;
                known.made.push(made);
            }
            let cx = Cx {
                github: Some(&stage.github),
                render: Some(&stage.render),
                ..Cx::alone(&item, now, &known)
            };
            match resource.plan(&known, &seen) {
                Plan::Settled(evidence) => {
                    for (name, output) in resource.outputs(&seen) {
                        match output {
                            Output::Text(text) => {
                                self.outputs.insert(format!("{id}.{name}"), text);
                            }
                            Output::Secret(_) => story.secrets.push(name),
                        }
                    }
                    story.end = evidence.text;
                    story.notes = evidence.notes.join("\n");
                    story.findings = evidence.findings;
                    self.made.insert(id.into(), known.made);
                    return story;
                }
                Plan::Change(changes) => {
                    let row = changes[0].row(&item);
                    story.rows.push(row.to_string());
                    story.detail = row.detail.join("\n");
                    match resource.apply(&cx, &changes[0]).await {
                        Ok(applied) => known.made.extend(applied.made),
                        Err(CallError::Ambiguous { .. }) => open = Some(row.change),
                        Err(error) => panic!("{row}: {error:?}"),
                    }
                    stage.render.http.pause(LAG).await;
                }
                Plan::Wait(wait) => {
                    story.waited += 1;
                    stage.render.http.pause(wait.look_every).await;
                }
                Plan::HandOff { why, .. } => panic!("handed off: {why}"),
                Plan::Blocked(blocker) => {
                    story.blocked.push(blocker.sentence());
                    if !answer(blocker, &mut known, now) {
                        story.end = "blocked".into();
                        return story;
                    }
                }
            }
        }
        panic!("{id} does not come to rest: {story:?}");
    }

    /// A launch whose workspace is known.
    async fn begun(stage: &Stage<'_>) -> Launch {
        let mut launch = Launch::default();
        let access = launch.drive(stage, "0.render", &access()).await;
        assert!(access.end.contains("reaches the workspace"), "{access:?}");
        launch
    }

    /// Takes back what was made for one item, as the engine does.
    async fn undo<R: Resource>(&self, stage: &Stage<'_>, id: &str, resource: &R) -> Vec<String> {
        let item = ItemId::new(id);
        let known = self.known(id);
        let mut rows = vec![];
        for _ in 0..10 {
            let cx = Cx {
                github: Some(&stage.github),
                render: Some(&stage.render),
                ..Cx::alone(&item, stage.transport.clock.now(), &known)
            };
            let seen = resource.observe(&cx).await.expect("a look");
            let Some(change) = resource.undo(&known, &seen).into_iter().next() else {
                return rows;
            };
            rows.push(change.row(&item).to_string());
            resource.apply(&cx, &change).await.expect("a removal");
            stage.render.http.pause(LAG).await;
        }
        panic!("{id} is not undone: {rows:?}");
    }
}

fn access() -> RenderAccess {
    RenderAccess {
        workspace: String::new(),
    }
}

fn redis(plan: &str) -> RenderKeyValue {
    RenderKeyValue {
        name: "shop-redis".into(),
        plan: plan.into(),
        region: "frankfurt".into(),
    }
}

fn api() -> RenderService {
    RenderService {
        kind: "web_service".into(),
        name: "shop-api".into(),
        repository: "acme/shop".into(),
        branch: "main".into(),
        root: "server".into(),
        build: "npm ci".into(),
        start: "npm start".into(),
        plan: "starter".into(),
        region: "frankfurt".into(),
        health: Some("/health".into()),
    }
}

fn worker() -> RenderService {
    RenderService {
        kind: "background_worker".into(),
        name: "shop-worker".into(),
        start: "npm run dev".into(),
        health: None,
        ..api()
    }
}

fn who_reaches() -> RenderRedisAccess {
    RenderRedisAccess {
        name: "shop-redis".into(),
        redis: ItemId::new("4.redis-prod"),
        services: vec![ItemId::new("4.api-prod"), ItemId::new("4.worker-prod")],
    }
}

fn codes(story: &Story) -> Vec<&str> {
    story
        .findings
        .iter()
        .map(|finding| &*finding.code)
        .collect()
}

fn with(spec: serde_json::Value) -> golive::sim::Scenario {
    let spec: RenderSpec = serde_json::from_value(spec).expect("Render's part of a world");
    world(|world| world.render = spec)
}

#[test]
fn one_environment_comes_up_and_stays_as_it_is() {
    on(world(|_| {}), async |stage| {
        let mut launch = Launch::begun(stage).await;
        let app = RenderApp {
            repository: "acme/shop".into(),
        };
        let said = launch.drive(stage, "0.render-app", &app).await;
        assert!(said.end.starts_with("said by Ann, not seen"), "{said:?}");

        let story = launch.drive(stage, "4.redis-prod", &redis("starter")).await;
        assert_eq!(
            story.rows,
            ["+ Redis shop-redis: starter, frankfurt, noeviction, USD 10.00 a month"]
        );
        assert!(story.waited > 0, "{story:?}");
        assert_eq!(story.secrets, ["external_url", "internal_url"]);

        let story = launch.drive(stage, "4.api-prod", &api()).await;
        assert_eq!(
            story.rows,
            ["+ web service shop-api: main, npm start, starter, frankfurt, USD 7.00 a month"]
        );
        let story = launch.drive(stage, "4.worker-prod", &worker()).await;
        assert!(
            story.detail.contains("write start = \"npm run worker\""),
            "{story:?}"
        );
        assert_eq!(codes(&story), ["npm-run-dev", "tools-left-out"]);

        let story = launch
            .drive(stage, "4.redis-access-prod", &who_reaches())
            .await;
        assert_eq!(story.rows.len(), 1, "{story:?}");
        assert_eq!(codes(&story), ["external-url"]);

        stage.render.http.pause(Duration::from_secs(30 * 60)).await;
        let written = stage.written();
        let seen = launch.drive(stage, "0.render-app", &app).await;
        let api_again = launch.drive(stage, "4.api-prod", &api()).await;
        assert!(
            api_again
                .notes
                .contains("the first deploy failed, as expected before step 7"),
            "{api_again:?}"
        );
        assert!(seen.end.starts_with("Render builds acme/shop"), "{seen:?}");
        launch.drive(stage, "4.redis-prod", &redis("starter")).await;
        launch.drive(stage, "4.worker-prod", &worker()).await;
        launch
            .drive(stage, "4.redis-access-prod", &who_reaches())
            .await;
        assert_eq!(stage.written(), written);
        assert_eq!((stage.made("service"), stage.made("key_value")), (2, 1));

        let undone = launch
            .undo(stage, "4.redis-access-prod", &who_reaches())
            .await;
        assert_eq!(undone.len(), 1, "{undone:?}");
        assert_eq!(
            launch.undo(stage, "4.worker-prod", &worker()).await,
            ["- background worker shop-worker"]
        );
        launch.undo(stage, "4.api-prod", &api()).await;
        launch.undo(stage, "4.redis-prod", &redis("starter")).await;
        assert_eq!((stage.made("service"), stage.made("key_value")), (0, 0));
    });
}

#[test]
fn what_stands_already_is_adopted_and_its_differences_are_rows() {
    let spec = json!({
        "service": [
            {"name": "shop-api", "root": "server", "branch": "develop", "plan": "standard"},
            {"name": "shop-worker", "root": "server", "type": "background_worker", "start": "npm run dev"},
        ],
        "key_value": [{"name": "shop-redis", "policy": "allkeys_lru"}],
    });
    on(with(spec), async |stage| {
        let mut launch = Launch::begun(stage).await;
        let story = launch.drive(stage, "4.api-prod", &api()).await;
        assert_eq!(story.rows.len(), 2, "{story:?}");
        assert!(story.rows[0].starts_with("~ branch of web service shop-api: develop → main"));
        assert!(
            story.rows[1].ends_with("→ starter, USD 7.00 a month"),
            "{story:?}"
        );
        let story = launch.drive(stage, "4.worker-prod", &worker()).await;
        assert!(story.rows.is_empty(), "{story:?}");
        let story = launch.drive(stage, "4.redis-prod", &redis("starter")).await;
        assert_eq!(
            story.rows,
            ["~ eviction of Redis shop-redis: allkeys_lru → noeviction"]
        );
        assert!(launch.undo(stage, "4.api-prod", &api()).await.is_empty());
        assert!(
            launch
                .undo(stage, "4.redis-prod", &redis("starter"))
                .await
                .is_empty()
        );
    });
}

#[test]
fn what_belongs_to_others_is_told_and_left_as_it_is() {
    let spec = json!({
        "service": [
            {"name": "shop-api", "root": "server", "region": "oregon"},
            {"name": "shop-worker", "root": "server", "repo": "https://github.com/acme/other", "type": "background_worker"},
        ],
        "key_value": [
            {"name": "shop-redis", "region": "oregon"},
        ],
    });
    on(with(spec), async |stage| {
        let mut launch = Launch::begun(stage).await;
        for (story, told) in [
            (
                launch.drive(stage, "4.api-prod", &api()).await,
                "it is in oregon",
            ),
            (
                launch.drive(stage, "4.worker-prod", &worker()).await,
                "acme/other",
            ),
            (
                launch.drive(stage, "4.redis-prod", &redis("starter")).await,
                "is in oregon",
            ),
        ] {
            assert!(story.blocked[0].contains(told), "{story:?}");
        }
        assert_eq!(stage.written(), 0);
    });
}

#[test]
fn of_two_redis_of_one_name_a_person_names_the_one() {
    let spec = json!({"key_value": [{"name": "shop-redis"}, {"name": "shop-redis"}]});
    on(with(spec), async |stage| {
        let mut launch = Launch::begun(stage).await;
        let story = launch.drive(stage, "4.redis-prod", &redis("starter")).await;
        assert!(
            story.blocked[0].contains("2 Key Value instances"),
            "{story:?}"
        );
        assert_eq!(codes(&story), ["twin"]);
        assert_eq!(stage.written(), 0);
    });
}

#[test]
fn a_workspace_has_one_free_redis_and_no_free_worker() {
    let spec = json!({"key_value": [{"name": "other", "plan": "free"}]});
    on(with(spec), async |stage| {
        let mut launch = Launch::begun(stage).await;
        let story = launch.drive(stage, "4.redis-prod", &redis("free")).await;
        assert!(story.blocked[0].contains("other is it"), "{story:?}");
        let free = RenderService {
            plan: "free".into(),
            ..worker()
        };
        let story = launch.drive(stage, "4.worker-prod", &free).await;
        assert!(
            story.blocked[0].contains("no background worker for free"),
            "{story:?}"
        );
        assert_eq!(stage.written(), 0);
        let free = RenderService {
            plan: "free".into(),
            ..api()
        };
        let story = launch.drive(stage, "4.api-prod", &free).await;
        assert_eq!(codes(&story), ["sleeps"]);
    });
}

#[test]
fn a_lost_reply_makes_nothing_twice() {
    for fault in [
        "timeout_after_apply",
        "reset_after_apply",
        "http_503_after_apply",
        "truncated",
        "empty",
        "html",
    ] {
        on(world(|_| {}), async |stage| {
            let mut launch = Launch::begun(stage).await;
            stage.fault("POST /v1/key-value", fault);
            let story = launch.drive(stage, "4.redis-prod", &redis("starter")).await;
            assert_eq!(story.rows.len(), 1, "{fault}: {story:?}");
            stage.fault("POST /v1/services", fault);
            let story = launch.drive(stage, "4.api-prod", &api()).await;
            assert_eq!(story.rows.len(), 1, "{fault}: {story:?}");
            assert_eq!(
                (stage.made("service"), stage.made("key_value")),
                (1, 1),
                "{fault}"
            );
            for id in ["4.redis-prod", "4.api-prod"] {
                assert_eq!(launch.made[id].len(), 1, "{fault}: {id}");
            }
        });
    }
}

#[test]
fn without_outbound_addresses_a_person_puts_them_on_the_list() {
    let spec = json!({"outbound": "absent"});
    on(with(spec), async |stage| {
        let mut launch = Launch::begun(stage).await;
        launch.drive(stage, "4.redis-prod", &redis("starter")).await;
        let story = launch.drive(stage, "4.api-prod", &api()).await;
        assert!(story.notes.contains("Connect, Outbound"), "{story:?}");
        let story = launch
            .drive(stage, "4.redis-access-prod", &who_reaches())
            .await;
        assert!(story.blocked[0].contains("to do by hand"), "{story:?}");
    });
}

#[test]
fn entries_of_others_stay_on_the_allow_list() {
    let spec = json!({"key_value": [{"name": "shop-redis", "allow": ["1.2.3.4/32"]}]});
    on(with(spec), async |stage| {
        let mut launch = Launch::begun(stage).await;
        launch.drive(stage, "4.redis-prod", &redis("starter")).await;
        launch.drive(stage, "4.api-prod", &api()).await;
        let story = launch
            .drive(stage, "4.redis-access-prod", &who_reaches())
            .await;
        assert!(
            story.notes.contains("other entries on it, left alone: 1"),
            "{story:?}"
        );
        launch
            .undo(stage, "4.redis-access-prod", &who_reaches())
            .await;
        let id = launch.outputs["4.redis-prod.id"].clone();
        let left = stage.render.key_value(&id).await.unwrap();
        assert_eq!(left.allowed().len(), 1);
        assert_eq!(left.allowed()[0].cidr_block, "1.2.3.4/32");
    });
}
