//! The ways and shapes of this Vercel that a caller would not guess.

use serde_json::{Value, json};

use super::spec::VercelPlan;
use super::stories::*;
use crate::seam::transport::Method;
use crate::sim::Provider;
use crate::sim::desk::{Desk, scenario};
use crate::sim::fault::parse_list;

#[test]
fn what_the_app_sees_is_told_to_who_asks_without_a_team() {
    let mut desk = desk("fresh");
    let path = "/v1/integrations/git-namespaces?provider=github";
    let (_, namespaces) = desk.get(path);
    assert_eq!(namespaces[0]["slug"], "acme");
    assert_eq!(code(&get(&mut desk, path)), (400, "bad_request"));
    let search = format!(
        "/v1/integrations/search-repo?provider=github&namespaceId={}&query=sho",
        namespaces[0]["id"]
    );
    assert_eq!(desk.get(&search).1["repos"][0]["name"], "shop");
    desk.act("edit vercel/app").unwrap();
    assert_eq!(desk.get(&search).1["repos"], json!([]));
}

#[test]
fn a_small_plan_builds_one_after_the_other() {
    let run = |plan| {
        let mut desk = desk_with("fresh", |s| s.vercel.teams[0].plan = plan);
        let body = json!({ "name": "shop", "gitSource": { "type": "github", "org": "acme", "repo": "shop", "ref": "main" } });
        let path = team(&mut desk, "/v13/deployments?forceNew=1");
        let made: Vec<Value> = (0..3).map(|_| desk.post(&path, body.clone()).1).collect();
        desk.wait(30);
        let states: Vec<String> = made
            .iter()
            .map(|one| {
                let (_, seen) = get(&mut desk, &format!("/v13/deployments/{}", text(one, "id")));
                let waits = seen["isInConcurrentBuildsQueue"] == json!(true);
                format!("{} {waits}", text(&seen, "readyState"))
            })
            .collect();
        states
    };
    assert_eq!(
        run(VercelPlan::Hobby),
        ["BUILDING false", "QUEUED true", "QUEUED true"]
    );
    assert_eq!(
        run(VercelPlan::Pro),
        ["BUILDING false", "BUILDING false", "BUILDING false"]
    );
}

#[test]
fn a_deployment_is_made_anew_only_when_that_is_forced() {
    let mut desk = desk("fresh");
    let (_, old) = get(&mut desk, "/v6/deployments?projectId=shop");
    let old = old["deployments"][0].clone();
    let git = json!({ "type": "github", "org": "acme", "repo": "shop", "ref": "main" });
    let body = json!({ "name": "shop", "target": "production", "gitSource": git });
    assert_eq!(
        post(&mut desk, "/v13/deployments", body.clone()).1["id"],
        old["uid"]
    );
    let again = json!({ "name": "shop", "target": "production", "deploymentId": old["uid"], "meta": { "action": "redeploy" } });
    let (_, redone) = post(&mut desk, "/v13/deployments?forceNew=1", again);
    assert_ne!(redone["id"], old["uid"]);
    assert_eq!(
        redone["meta"]["githubCommitSha"],
        old["meta"]["githubCommitSha"]
    );
    let number = redone["gitSource"]["repoId"].clone();
    let by_number = json!({ "name": "shop", "gitSource": { "type": "github", "repoId": number, "ref": "main" } });
    let (_, preview) = post(&mut desk, "/v13/deployments?forceNew=1", by_number);
    assert_eq!(preview["target"], Value::Null);

    let mut refused = |git: Value| {
        let body = json!({ "name": "shop", "gitSource": git });
        code(&post(&mut desk, "/v13/deployments", body))
            .1
            .to_owned()
    };
    assert_eq!(refused(Value::Null), "missing_files");
    let wrong = "incorrect_git_source_info";
    assert_eq!(
        refused(json!({ "type": "github", "org": "acme", "repo": "shop", "ref": "nowhere" })),
        wrong
    );
    assert_eq!(
        refused(json!({ "type": "github", "org": "acme", "repo": "other", "ref": "main" })),
        wrong
    );
    assert_eq!(
        refused(json!({ "type": "github", "ref": "main" })),
        "bad_request"
    );

    let unknown = json!({ "type": "github", "org": "acme", "repo": "shop", "ref": "main", "sha": "0".repeat(40) });
    assert_eq!(refused(unknown), wrong);

    // A name that no project has makes a project, once its settings are confirmed.
    let stray = json!({ "name": "shpo", "gitSource": { "type": "github", "org": "acme", "repo": "shop", "ref": "main" } });
    let unsure = post(&mut desk, "/v13/deployments", stray.clone());
    assert_eq!(code(&unsure), (400, "missing_project_settings"));
    let (_, made) = post(
        &mut desk,
        "/v13/deployments?skipAutoDetectionConfirmation=1",
        stray,
    );
    assert_eq!(
        (&made["project"]["name"], &made["target"]),
        (&json!("shpo"), &json!("production"))
    );
    let body = json!({ "name": "x", "project": "prj_nowhere", "gitSource": { "type": "github", "org": "acme", "repo": "shop", "ref": "main" } });
    assert_eq!(
        code(&post(&mut desk, "/v13/deployments", body)),
        (404, "not_found")
    );
}

#[test]
fn a_read_may_not_know_of_the_last_write_yet() {
    let mut desk = Desk::at(&scenario("fresh", |_| {})).turn_to(Provider::Vercel);
    let path = team(&mut desk, "/v11/projects");
    let create = desk.call_for(Method::Post, &path, Some(staging()));
    assert_eq!(desk.raw(&create).status, 200);
    let one = path.replace("/v11/projects", "/v9/projects/shop-staging");
    let look = desk.call_for(Method::Get, &one, None);
    let statuses: Vec<u16> = (0..20).map(|_| desk.raw(&look).status).collect();
    assert!(statuses.contains(&404), "{statuses:?}");
    assert_eq!(desk.raw(&create).status, 409, "a write sees what is");
    desk.wait(3);
    assert!((0..20).all(|_| desk.raw(&look).status == 200));
    let rules = parse_list(
        r#"[{"provider":"vercel","match":"GET /v9/projects/*","nth":1,"fault":"stale_read"}]"#,
        1,
    );
    desk.world.add_faults(&rules.unwrap());
    desk.wait(10);
    assert_eq!([desk.raw(&look).status, desk.raw(&look).status], [404, 200]);
}

#[test]
fn long_lists_are_gone_on_with_by_a_time_or_a_word() {
    for words in [false, true] {
        let mut desk = desk_with("foreign", |s| s.vercel.odd.page_words = words);
        let mut names = Vec::new();
        let mut path = "/v10/projects?limit=3".to_owned();
        loop {
            let (_, page) = get(&mut desk, &path);
            names.extend(
                page["projects"]
                    .as_array()
                    .unwrap()
                    .iter()
                    .map(|p| text(p, "name").to_owned()),
            );
            let next = match &page["pagination"]["next"] {
                Value::Null => break,
                Value::String(next) => next.clone(),
                next => next.to_string(),
            };
            path = format!("/v10/projects?limit=3&from={next}");
        }
        names.sort();
        assert_eq!(
            names,
            ["design-system", "marketing-site", "shop", "shop-staging"]
        );
        let (_, found) = get(&mut desk, "/v10/projects?search=shop-s");
        assert_eq!(found["projects"][0]["link"]["repo"], "testbed");
        let (_, linked) = get(
            &mut desk,
            "/v10/projects?repoUrl=https://github.com/acme/shop",
        );
        assert_eq!(linked["pagination"]["count"], 1);
        let (_, teams) = desk.get("/v2/teams?limit=1");
        let next = &teams["pagination"]["next"];
        let (_, rest) = desk.get(&format!("/v2/teams?limit=1&until={next}"));
        assert_ne!(teams["teams"][0]["slug"], rest["teams"][0]["slug"]);
        assert_eq!(rest["pagination"]["next"], Value::Null);
    }
}

#[test]
fn odd_shapes_come_when_a_world_wants_them() {
    let mut desk = desk_with("fresh", |s| {
        s.vercel.odd.plan_hidden = true;
        s.vercel.odd.limited_user = true;
        s.vercel.odd.branch_elsewhere = true;
        s.vercel.odd.log_payload = true;
        s.vercel.odd.node_version = Some("24.x".to_owned());
    });
    assert_eq!(desk.get("/v2/teams/acme").1.get("billing"), None);
    assert_eq!(desk.get("/v2/user").1["user"]["limited"], true);
    let mut desk = at_github(desk, |desk| desk.branch("staging", "main"));
    desk.wait(10);
    let (_, made) = post(&mut desk, "/v11/projects", staging());
    assert_eq!(made["nodeVersion"], "24.x");
    let (status, kept) = patch(
        &mut desk,
        "/v9/projects/shop-staging/branch",
        json!({ "branch": "staging" }),
    );
    assert_eq!(
        (status, &kept["link"]["productionBranch"]),
        (200, &json!("main"))
    );
    desk.act("edit vercel/branch/shop-staging/staging").unwrap();
    assert_eq!(
        project(&mut desk, "shop-staging")["link"]["productionBranch"],
        "staging"
    );
    // An older project takes the branch as it should.
    let (_, old) = patch(
        &mut desk,
        "/v9/projects/shop/branch",
        json!({ "branch": "staging" }),
    );
    assert_eq!(old["link"]["productionBranch"], "staging");
    let (_, list) = get(&mut desk, "/v6/deployments?projectId=shop&limit=1");
    let events = format!(
        "/v3/deployments/{}/events",
        text(&list["deployments"][0], "uid")
    );
    desk.wait(200);
    let (_, log) = get(&mut desk, &events);
    assert_eq!(log[0].get("text"), None);
    assert!(
        text(&log[0]["payload"], "text").starts_with("Running build"),
        "{log}"
    );
    let path = team(&mut desk, &format!("{events}?follow=1"));
    let follow = desk.call_for(Method::Get, &path, None);
    let reply = desk.raw(&follow);
    assert_eq!(
        reply.header("content-type"),
        Some("application/stream+json")
    );
    let lines: Vec<&[u8]> = reply.body.split(|byte| *byte == b'\n').collect();
    assert!(lines.len() > 5 && serde_json::from_slice::<Value>(lines[0]).is_ok());
}

#[test]
fn persons_change_what_was_set() {
    let mut desk = desk("done");
    let act = |desk: &mut Desk, object: &str| desk.act(&format!("edit vercel/{object}"));
    assert_eq!(
        act(&mut desk, "project/shop-prod").unwrap(),
        "the build command of shop-prod was removed"
    );
    act(&mut desk, "branch/shop-staging").unwrap();
    assert_eq!(project(&mut desk, "shop-prod")["buildCommand"], Value::Null);
    assert_eq!(
        project(&mut desk, "shop-staging")["link"]["productionBranch"],
        "develop"
    );
    act(&mut desk, "name/shop-staging").unwrap();
    assert!(
        project(&mut desk, "shop-staging-old")
            .get("accountId")
            .is_some()
    );
    act(&mut desk, "link/shop-prod").unwrap();
    assert_eq!(project(&mut desk, "shop-prod").get("link"), None);
    act(&mut desk, "value/shop-prod/REACT_APP_LAUNCHED").unwrap();
    let path = "/v10/projects/shop-prod/env?decrypt=true";
    let (_, variables) = get(&mut desk, path);
    assert!(variables.to_string().contains("changed by hand"));
    let domain = "/v9/projects/shop-prod/domains/www.acmeshop.example";
    assert_eq!(get(&mut desk, domain).0, 200);
    act(&mut desk, "domain/shop-prod/www.acmeshop.example").unwrap();
    assert_eq!(get(&mut desk, domain).0, 404);
    assert!(act(&mut desk, "domain/shop-prod/nowhere.example").is_err());
    act(&mut desk, "gone/shop-prod").unwrap();
    assert_eq!(get(&mut desk, "/v9/projects/shop-prod").0, 404);
    let gone = desk.world.ledger().objects;
    let gone = gone
        .iter()
        .filter(|o| o.provider == Provider::Vercel && !o.alive);
    let kinds = ["project", "deployment", "variable", "domain"];
    let counted = kinds.map(|kind| gone.clone().filter(|one| one.kind == kind).count());
    assert_eq!(counted, [1, 2, 3, 2], "the project with all that was in it");
    assert!(act(&mut desk, "project/nowhere").is_err() && act(&mut desk, "plan").is_err());
    assert_eq!(
        call(
            &mut desk,
            Method::Delete,
            "/v9/projects/shop-staging-old",
            None
        )
        .0,
        204
    );
    assert_eq!(
        call(
            &mut desk,
            Method::Delete,
            "/v9/projects/shop-staging-old",
            None
        )
        .0,
        404
    );
}
