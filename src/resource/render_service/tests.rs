//! Stories of a service's plan: made, adopted, changed, left to others.

use serde_json::{Value, json};

use super::*;

const PACKAGE: &str = r#"{
    "scripts": {"start": "node server.js", "dev": "nodemon server.js", "worker": "node worker.js"},
    "dependencies": {"express": "1"}, "devDependencies": {"nodemon": "3"}
}"#;

fn item(kind: &str) -> ItemId {
    ItemId::new(match kind {
        WORKER => "4.worker-prod",
        _ => "4.api-prod",
    })
}

fn api() -> RenderService {
    RenderService {
        kind: WEB.into(),
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

fn worker(start: &str, build: &str) -> RenderService {
    RenderService {
        kind: WORKER.into(),
        name: "shop-worker".into(),
        start: start.into(),
        build: build.into(),
        health: None,
        ..api()
    }
}

fn service(change: impl FnOnce(&mut Value)) -> Service {
    let mut service = json!({
        "id": "srv-1", "name": "shop-api", "type": "web_service", "ownerId": "tea-1", "slug": "shop-api-x1",
        "repo": "https://github.com/acme/shop.git", "branch": "main", "rootDir": "server",
        "autoDeployTrigger": "commit", "suspended": "not_suspended", "suspenders": null,
        "serviceDetails": {
            "plan": "0.5c-512mb", "region": "frankfurt", "env": "node", "healthCheckPath": "/health",
            "url": "https://shop-api-x1.onrender.com",
            "envSpecificDetails": {"buildCommand": "npm ci", "startCommand": "npm start"}
        }
    });
    change(&mut service);
    serde_json::from_value(service).unwrap()
}

fn seen(kind: &str, found: Found) -> Seen {
    Seen {
        item: item(kind),
        owner: "tea-1".into(),
        found,
        name_is_of: None,
        deploys: vec![],
        outbound: None,
        package: Package::read(PACKAGE),
    }
}

fn one(change: impl FnOnce(&mut Value)) -> Seen {
    seen(WEB, Found::One(Box::new(service(change))))
}

fn deploys(statuses: &[&str]) -> Vec<Deploy> {
    let one = |status: &&str| serde_json::from_value(json!({"id": "dep", "status": status}));
    statuses.iter().map(|status| one(status).unwrap()).collect()
}

fn rows(plan: Plan<RenderServiceChange>) -> Vec<Row> {
    match plan {
        Plan::Change(changes) => changes
            .iter()
            .map(|change| change.row(&item(WEB)))
            .collect(),
        other => panic!("no change: {other:?}"),
    }
}

fn settled(wish: &RenderService, known: &Known, seen: &Seen) -> crate::plan::Evidence {
    match wish.plan(known, seen) {
        Plan::Settled(evidence) => evidence,
        other => panic!("not settled: {other:?}"),
    }
}

fn blocked(plan: Plan<RenderServiceChange>) -> String {
    match plan {
        Plan::Blocked(blocker) => blocker.sentence(),
        other => panic!("not blocked: {other:?}"),
    }
}

fn codes(findings: &[crate::plan::Finding]) -> Vec<&str> {
    findings.iter().map(|finding| &*finding.code).collect()
}

#[test]
fn a_missing_service_is_made_with_its_price_and_what_would_bite() {
    let known = Known {
        created_last_hour: 2,
        ..Known::default()
    };
    let rows = rows(api().plan(&known, &seen(WEB, Found::None)));
    assert_eq!(
        rows[0].to_string(),
        "+ web service shop-api: main, npm start, starter, frankfurt, USD 7.00 a month"
    );
    let detail = rows[0].detail.join("\n");
    assert!(
        detail.contains("service creation 3 of 20 this hour"),
        "{detail}"
    );
    assert!(
        detail.contains("https://github.com/acme/shop, in server"),
        "{detail}"
    );
    let wish = worker("npm run dev", "npm ci");
    let Plan::Change(changes) = wish.plan(&known, &seen(WORKER, Found::None)) else {
        panic!("no change");
    };
    let detail = changes[0].row(&item(WORKER)).detail.join("\n");
    assert!(
        detail.contains("write start = \"npm run worker\" for environment.prod.service.worker"),
        "{detail}"
    );
    assert!(
        detail.contains("needs nodemon, which stands only in devDependencies"),
        "{detail}"
    );
}

#[test]
fn the_hours_budget_is_waited_for_and_not_run_into() {
    let known = Known {
        created_last_hour: 20,
        ..Known::default()
    };
    let Plan::Wait(wait) = api().plan(&known, &seen(WEB, Found::None)) else {
        panic!("no wait");
    };
    assert_eq!(wait.seen, "20 sent within the last hour");
}

#[test]
fn an_equal_service_is_adopted_whatever_its_plan_is_called() {
    let mut seen = one(|_| {});
    seen.deploys = deploys(&["live"]);
    seen.outbound = serde_json::from_value(
        json!({"type": "shared", "ips": ["74.220.59.0/24", "74.220.51.0/24"]}),
    )
    .ok();
    let evidence = settled(&api(), &Known::default(), &seen);
    assert!(
        evidence
            .text
            .starts_with("web service shop-api is there: main of acme/shop")
    );
    assert!(evidence.findings.is_empty(), "{:?}", evidence.findings);
    let outputs = api().outputs(&seen);
    let text = |name: &str| outputs[name].text().unwrap();
    assert_eq!(text("outbound"), "74.220.51.0/24,74.220.59.0/24");
    assert_eq!(text("slug"), "shop-api-x1");
    assert_eq!(text("url"), "https://shop-api-x1.onrender.com");
}

#[test]
fn what_differs_is_a_row_of_its_own_and_marked_when_others_made_it() {
    let seen = one(|service| {
        service["branch"] = json!("develop");
        service["serviceDetails"]["plan"] = json!("standard");
        service["serviceDetails"]["envSpecificDetails"]["startCommand"] = json!("npm run dev");
    });
    let adopted = rows(api().plan(&Known::default(), &seen));
    let shown: Vec<String> = adopted.iter().map(ToString::to_string).collect();
    assert_eq!(
        shown,
        [
            "~ branch of web service shop-api: develop → main",
            "~ start of web service shop-api: npm run dev → npm start",
            "~ plan of web service shop-api: standard → starter, USD 7.00 a month",
        ]
    );
    assert!(adopted.iter().all(|row| row.not_made_by_golive));
    let known = Known {
        made: vec![made(&service(|_| {}), &api())],
        ..Known::default()
    };
    let own = rows(api().plan(&known, &seen));
    assert!(own.iter().all(|row| !row.not_made_by_golive));
}

#[test]
fn only_the_field_that_differs_is_sent() {
    let seen = one(|service| {
        service["serviceDetails"]["envSpecificDetails"]["startCommand"] = json!("node x");
    });
    let Plan::Change(changes) = api().plan(&Known::default(), &seen) else {
        panic!("no change");
    };
    let RenderServiceChange::Alter(alteration) = &changes[0] else {
        panic!("no alteration");
    };
    assert_eq!(
        alteration.body,
        json!({"serviceDetails": {"envSpecificDetails": {"startCommand": "npm start"}}})
    );
}

#[test]
fn a_service_of_others_is_told_and_never_touched() {
    let cases: [(&str, &str, Value); 3] = [
        (
            "/type",
            "it is a background worker, golive.toml wants a web service",
            json!("background_worker"),
        ),
        (
            "/repo",
            "it is built from https://github.com/acme/other",
            json!("https://github.com/acme/other"),
        ),
        (
            "/serviceDetails/region",
            "it is in oregon, golive.toml wants frankfurt",
            json!("oregon"),
        ),
    ];
    for (place, told, value) in cases {
        let seen = one(|service| *service.pointer_mut(place).unwrap() = value);
        let sentence = blocked(api().plan(&Known::default(), &seen));
        assert!(sentence.contains(told), "{sentence}");
        // A lost reply is never answered by somebody else's service.
        assert!(api().found(&seen, "create").is_none());
    }
    let theirs = one(|_| {});
    assert!(api().undo(&Known::default(), &theirs).is_empty());
}

#[test]
fn a_plan_that_render_does_not_have_is_told_before_anything_is_made() {
    let free = RenderService {
        plan: "free".into(),
        ..worker("npm run worker", "npm ci")
    };
    let sentence = blocked(free.plan(&Known::default(), &seen(WORKER, Found::None)));
    assert!(
        sentence.contains("runs no background worker for free"),
        "{sentence}"
    );
    assert!(
        sentence.contains("environment.prod.service.worker.plan"),
        "{sentence}"
    );
    let wrong = RenderService {
        plan: "enormous".into(),
        ..api()
    };
    let sentence = blocked(wrong.plan(&Known::default(), &seen(WEB, Found::None)));
    assert!(
        sentence.contains("Render has no plan enormous"),
        "{sentence}"
    );
    let sentence = blocked(wrong.plan(&Known::default(), &one(|_| {})));
    assert!(
        sentence.contains("Render has no plan enormous"),
        "{sentence}"
    );
}

#[test]
fn a_first_deploy_that_fails_is_expected() {
    let known = Known {
        made: vec![made(&service(|_| {}), &api())],
        ..Known::default()
    };
    let note = |known: &Known, statuses: &[&str]| {
        let mut seen = one(|_| {});
        seen.deploys = deploys(statuses);
        settled(&api(), known, &seen).notes[1].clone()
    };
    assert_eq!(
        note(&known, &["update_failed"]),
        "the first deploy failed, as expected before step 7: it was built and did not start"
    );
    assert!(note(&known, &["build_in_progress"]).contains("on its way"));
    assert!(note(&known, &["build_failed", "live"]).starts_with("the latest deploy failed"));
    assert!(
        note(&Known::default(), &["build_failed"]).starts_with("no deploy of it has been live")
    );
    assert_eq!(note(&known, &[]), "no deploy seen yet");
}

#[test]
fn what_will_bite_is_a_finding_with_its_remedy() {
    let findings =
        |wish: &RenderService, package: Package| wish.findings(&item(&wish.kind), &package);
    let package = || Package::read(PACKAGE);
    let dev = worker("npm run dev", "npm ci");
    assert_eq!(
        codes(&findings(&dev, package())),
        ["npm-run-dev", "tools-left-out"]
    );
    let with_tools = worker("npm run dev", "npm ci --include=dev");
    assert_eq!(codes(&findings(&with_tools, package())), ["npm-run-dev"]);
    let own = worker("npm run worker", "npm ci");
    assert!(findings(&own, package()).is_empty());
    let found = findings(&own, Package::read(r#"{"scripts": {"start": "node ."}}"#));
    assert_eq!(codes(&found), ["no-script"]);
    assert!(found[0].text.contains("it has start"), "{}", found[0].text);
    let bare = findings(&dev, Package::read(r#"{"scripts": {"dev": "node ."}}"#));
    assert!(
        bare[0]
            .fix
            .starts_with("add a script worker to server/package.json")
    );
    assert_eq!(codes(&findings(&own, Package::None)), ["no-package"]);
    assert_eq!(
        codes(&findings(&own, Package::read("["))),
        ["package-unreadable"]
    );
}

#[test]
fn a_free_suspended_or_hand_deployed_service_says_so() {
    let free = RenderService {
        plan: "free".into(),
        ..api()
    };
    let seen = one(|service| {
        service["serviceDetails"]["plan"] = json!("free");
        service["suspended"] = json!("suspended");
        service["suspenders"] = json!(["user"]);
        service["autoDeployTrigger"] = json!("off");
    });
    let evidence = settled(&free, &Known::default(), &seen);
    assert_eq!(
        codes(&evidence.findings),
        ["suspended", "no-auto-deploy", "sleeps"]
    );
    assert!(evidence.findings[0].text.contains("suspended by user"));
}

#[test]
fn what_render_does_not_show_is_not_taken_for_different() {
    let seen = one(|service| {
        service["branch"] = Value::Null;
        service["serviceDetails"]["envSpecificDetails"] = Value::Null;
    });
    let evidence = settled(&api(), &Known::default(), &seen);
    let notes = evidence.notes.join("\n");
    assert!(
        notes.contains("did not compare: branch, build command, start command"),
        "{notes}"
    );
}

#[test]
fn a_renamed_service_stays_known_by_its_id() {
    let named = |id: &str, name: &str| {
        service(|service| {
            service["id"] = json!(id);
            service["name"] = json!(name);
        })
    };
    let old = named("srv-1", "old-api");
    let (found, taken) = api().found_among(&Known::default(), Some(old.clone()), vec![]);
    let renamed = seen(WEB, found);
    assert!(taken.is_none());
    let rows = rows(api().plan(&Known::default(), &renamed));
    assert_eq!(
        rows[0].to_string(),
        "~ name of web service shop-api: old-api → shop-api"
    );
    let other = named("srv-2", "shop-api");
    let (found, taken) = api().found_among(&Known::default(), Some(old), vec![other]);
    let taken = Seen {
        name_is_of: taken,
        ..seen(WEB, found)
    };
    let sentence = blocked(api().plan(&Known::default(), &taken));
    assert!(sentence.contains("it is the name of srv-2"), "{sentence}");
}

#[test]
fn undo_takes_what_golive_made() {
    let known = Known {
        made: vec![made(&service(|_| {}), &api())],
        ..Known::default()
    };
    let undo = api().undo(&known, &one(|_| {}));
    assert_eq!(
        undo[0].row(&item(WEB)).to_string(),
        "- web service shop-api"
    );
    assert!(api().undo(&known, &seen(WEB, Found::None)).is_empty());
}
