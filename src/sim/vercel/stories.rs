//! Stories of a caller at this Vercel: the launch's way through it. Refusals and oddities have files of their own.

use serde_json::{Value, json};

use crate::seam::transport::Method;
use crate::sim::desk::{Desk, scenario};
use crate::sim::{MadeBy, Provider, Scenario};

pub(super) const BUILD: &str = "CI=false npm run build";

pub(super) fn desk(world: &str) -> Desk {
    Desk::calm(world).turn_to(Provider::Vercel)
}

/// A world without lag, changed a little.
pub(super) fn desk_with(world: &str, change: impl FnOnce(&mut Scenario)) -> Desk {
    let calm = scenario(world, |scenario| {
        scenario.lag = false;
        change(scenario);
    });
    Desk::at(&calm).turn_to(Provider::Vercel)
}

/// What a caller does at GitHub meanwhile.
pub(super) fn at_github(desk: Desk, act: impl FnOnce(&mut Desk)) -> Desk {
    let mut desk = desk.turn_to(Provider::Github);
    act(&mut desk);
    desk.turn_to(Provider::Vercel)
}

/// A path with the team of the launch.
pub(super) fn team(desk: &mut Desk, path: &str) -> String {
    let (_, teams) = desk.get("/v2/teams?limit=100");
    let teams = teams["teams"].as_array().cloned().unwrap_or_default();
    let acme = teams.iter().find(|team| team["slug"] == "acme");
    let id = acme.expect("the launch's team")["id"]
        .as_str()
        .expect("an id");
    let sign = if path.contains('?') { '&' } else { '?' };
    format!("{path}{sign}teamId={id}")
}

pub(super) fn call(
    desk: &mut Desk,
    method: Method,
    path: &str,
    body: Option<Value>,
) -> (u16, Value) {
    let path = team(desk, path);
    desk.call(method, &path, body)
}

pub(super) fn get(desk: &mut Desk, path: &str) -> (u16, Value) {
    call(desk, Method::Get, path, None)
}

pub(super) fn post(desk: &mut Desk, path: &str, body: Value) -> (u16, Value) {
    call(desk, Method::Post, path, Some(body))
}

pub(super) fn patch(desk: &mut Desk, path: &str, body: Value) -> (u16, Value) {
    call(desk, Method::Patch, path, Some(body))
}

pub(super) fn project(desk: &mut Desk, key: &str) -> Value {
    let (status, body) = get(desk, &format!("/v9/projects/{key}"));
    assert_eq!(status, 200, "{body}");
    body
}

/// The code of an error.
pub(super) fn code(answer: &(u16, Value)) -> (u16, &str) {
    (answer.0, answer.1["error"]["code"].as_str().unwrap_or(""))
}

pub(super) fn staging() -> Value {
    json!({
        "name": "shop-staging", "framework": "create-react-app", "buildCommand": BUILD,
        "rootDirectory": "client", "gitRepository": { "type": "github", "repo": "acme/shop" },
    })
}

pub(super) fn text<'v>(value: &'v Value, name: &str) -> &'v str {
    value[name].as_str().unwrap_or_default()
}

#[test]
fn the_token_says_whose_it_is_how_long_it_lives_and_which_teams_it_reaches() {
    let mut desk = desk_with("fresh", |s| {
        s.vercel.token.expires = Some("2026-12-01T00:00:00Z".parse().unwrap());
    });
    let (_, user) = desk.get("/v2/user");
    let (_, token) = desk.get("/v5/user/tokens/current");
    let (_, teams) = desk.get("/v2/teams?limit=100");
    let id = text(&teams["teams"][0], "id").to_owned();
    assert_eq!(user["user"]["username"], "acme");
    assert_eq!(user["user"]["defaultTeamId"], id.as_str());
    assert_eq!(token["token"]["expiresAt"], 1_796_083_200_000_i64);
    assert_eq!(token["token"]["scopes"][0]["type"], "user");
    assert_eq!(teams["pagination"]["next"], Value::Null);
    let (_, by_id) = desk.get(&format!("/v2/teams/{id}"));
    let (_, by_slug) = desk.get("/v2/teams/acme");
    assert_eq!(
        (&by_id, &by_id["billing"]["plan"]),
        (&by_slug, &json!("pro"))
    );
    // Once it is over, it is as good as a wrong one.
    desk.wait(7 * 86_400);
    let over = desk.get("/v2/user");
    assert_eq!(
        (code(&over), &over.1["error"]["invalidToken"]),
        ((403, "forbidden"), &json!(true))
    );
}

#[test]
fn the_old_project_becomes_production_by_a_new_name() {
    let mut desk = desk("fresh");
    let old = project(&mut desk, "shop");
    let path = format!("/v9/projects/{}", text(&old, "id"));
    assert_eq!(
        (&old["link"]["productionBranch"], &old["buildCommand"]),
        (&json!("main"), &Value::Null)
    );
    let (status, new) = patch(
        &mut desk,
        &path,
        json!({ "name": "shop-prod", "buildCommand": BUILD }),
    );
    assert_eq!(
        (status, &new["name"], &new["id"]),
        (200, &json!("shop-prod"), &old["id"])
    );
    assert_eq!(
        code(&get(&mut desk, "/v9/projects/shop")),
        (404, "not_found")
    );
    assert_eq!(project(&mut desk, "shop-prod")["buildCommand"], BUILD);
    // Its deployment is served as before, at the addresses it had.
    let alias = &new["targets"]["production"]["alias"];
    assert!(
        alias
            .as_array()
            .unwrap()
            .contains(&json!("shop.vercel.app")),
        "{alias}"
    );
    let ledger = desk.world.ledger();
    let record = ledger
        .objects
        .iter()
        .find(|o| o.id == text(&old, "id"))
        .unwrap();
    assert_eq!(
        (record.name.as_str(), record.made_by, record.alive),
        ("shop-prod", MadeBy::Person, true)
    );
    // The same once more changes nothing.
    assert_eq!(
        patch(&mut desk, &path, json!({ "name": "shop-prod" })).0,
        200
    );
    let last = desk.world.last_call().unwrap();
    assert_eq!((last.applied, last.mutating), (true, false));
    assert_eq!(
        patch(&mut desk, &path, json!({ "buildCommand": null })).1["buildCommand"],
        Value::Null
    );
}

#[test]
fn staging_is_made_linked_and_built_when_its_branch_is_pushed() {
    let mut desk = desk("fresh");
    let (status, made) = post(&mut desk, "/v11/projects", staging());
    assert_eq!(
        (status, &made["link"]["productionBranch"]),
        (200, &json!("main")),
        "{made}"
    );
    assert_eq!(
        made["ssoProtection"]["deploymentType"],
        "all_except_custom_domains"
    );
    let id = text(&made, "id").to_owned();
    let branch = format!("/v9/projects/{id}/branch");
    let early = patch(&mut desk, &branch, json!({ "branch": "staging" }));
    assert_eq!(code(&early), (400, "git_branch_not_found"));
    // Neither making nor linking builds; the push of a branch does, a few seconds later.
    let list = format!("/v6/deployments?projectId={id}");
    desk.wait(20);
    assert_eq!(get(&mut desk, &list).1["deployments"], json!([]));
    let mut desk = at_github(desk, |desk| desk.branch("staging", "main"));
    let (_, set) = patch(&mut desk, &branch, json!({ "branch": "staging" }));
    assert_eq!(set["link"]["productionBranch"], "staging");
    desk.wait(8);
    let (_, pushed) = get(&mut desk, &list);
    assert_eq!(pushed["deployments"][0]["target"], "production");
    let ledger = desk.world.ledger();
    let mine = ledger
        .objects
        .iter()
        .filter(|o| o.provider == Provider::Vercel && o.made_by == MadeBy::Golive);
    let kinds: Vec<_> = mine.map(|o| (o.kind.as_str(), o.name.as_str())).collect();
    assert_eq!(kinds, [("project", "shop-staging")]);
}

#[test]
fn a_deployment_is_queued_built_ready_and_only_then_served() {
    let mut desk = at_github(desk("fresh"), |desk| desk.branch("staging", "main"));
    let (_, made) = post(&mut desk, "/v11/projects", staging());
    let id = text(&made, "id").to_owned();
    let body = json!({
        "name": "shop-staging", "project": id, "target": "production", "meta": { "golive": "5.first" },
        "gitSource": { "type": "github", "org": "acme", "repo": "shop", "ref": "staging" },
    });
    let (status, new) = post(&mut desk, "/v13/deployments?forceNew=1", body);
    assert_eq!(
        (status, &new["readyState"], &new["aliasAssigned"]),
        (200, &json!("QUEUED"), &json!(false))
    );
    let path = format!("/v13/deployments/{}", text(&new, "id"));
    let mut states = vec!["QUEUED".to_owned()];
    let mut unserved = 0;
    let ready = loop {
        let (_, seen) = get(&mut desk, &path);
        let state = text(&seen, "readyState").to_owned();
        if states.last() != Some(&state) {
            states.push(state.clone());
        }
        match (state.as_str(), &seen["aliasAssigned"]) {
            ("READY", Value::Bool(true)) => break seen,
            ("READY", _) => unserved += 1,
            _ => assert!(states.len() < 5),
        }
    };
    assert_eq!(states, ["QUEUED", "INITIALIZING", "BUILDING", "READY"]);
    assert!(unserved > 0, "built is not served yet");
    assert_eq!(ready["meta"]["golive"], "5.first");
    let alias = ready["alias"][0].as_str().unwrap().to_owned();
    assert_eq!(alias, "shop-staging.vercel.app");
    let list = format!(
        "/v6/deployments?projectId={id}&state=READY&target=production&branch=staging&limit=1"
    );
    let (_, listed) = get(&mut desk, &list);
    assert_eq!(
        (
            &listed["deployments"][0]["uid"],
            &listed["pagination"]["count"]
        ),
        (&new["id"], &json!(1))
    );
    let (_, live) = get(&mut desk, &format!("/v13/deployments/{alias}"));
    assert_eq!(live["id"], new["id"]);
    assert_eq!(
        project(&mut desk, &id)["targets"]["production"]["id"],
        new["id"]
    );
    let ledger = desk.world.ledger();
    let record = ledger.objects.iter().find(|o| o.id == text(&new, "id"));
    let record = record.expect("it is in the ledger");
    assert_eq!(
        (record.name.as_str(), record.parent.as_str()),
        ("production staging", id.as_str())
    );
}

#[test]
fn unlinking_forgets_the_production_branch() {
    let mut desk = at_github(desk("fresh"), |desk| desk.branch("staging", "main"));
    patch(
        &mut desk,
        "/v9/projects/shop/branch",
        json!({ "branch": "staging" }),
    );
    let wish = json!({ "type": "github", "repo": "acme/shop" });
    assert_eq!(
        code(&post(&mut desk, "/v9/projects/shop/link", wish.clone())),
        (409, "conflict")
    );
    let (_, bare) = call(&mut desk, Method::Delete, "/v9/projects/shop/link", None);
    assert_eq!(bare.get("link"), None);
    let unlinked = patch(
        &mut desk,
        "/v9/projects/shop/branch",
        json!({ "branch": "staging" }),
    );
    assert_eq!(unlinked.0, 400);
    let (_, linked) = post(&mut desk, "/v9/projects/shop/link", wish);
    assert_eq!(linked["link"]["productionBranch"], "main");
    // With the app gone the link is stale, and every branch is unknown.
    desk.act("edit vercel/app").unwrap();
    let stale = patch(
        &mut desk,
        "/v9/projects/shop/branch",
        json!({ "branch": "staging" }),
    );
    assert_eq!(code(&stale), (400, "git_branch_not_found"));
}

#[test]
fn lint_debt_breaks_the_build_of_a_push_as_long_as_the_command_is_not_overridden() {
    let mut desk = at_github(desk("fresh"), |desk| {
        assert_eq!(desk.commit("main", "docs/a.md", "a\n").0, 200);
    });
    desk.wait(180);
    let list = "/v6/deployments?projectId=shop&target=production&limit=1";
    let (_, failed) = get(&mut desk, list);
    let failed = &failed["deployments"][0];
    assert_eq!(
        (text(failed, "state"), text(failed, "errorCode")),
        ("ERROR", "BUILD_UTILS_SPAWN_1")
    );
    assert_eq!(
        failed["errorMessage"],
        "Command \"npm run build\" exited with 1"
    );
    let events = format!(
        "/v3/deployments/{}/events?builds=1&direction=forward&limit=-1",
        text(failed, "uid")
    );
    let (_, log) = get(&mut desk, &events);
    let said = |words: &str| {
        log.as_array()
            .unwrap()
            .iter()
            .any(|line| text(line, "text").contains(words))
    };
    assert!(
        said("Treating warnings as errors because process.env.CI = true."),
        "{log}"
    );
    // What was live stays live.
    let live = project(&mut desk, "shop")["targets"]["production"].clone();
    assert_ne!(live["id"], failed["uid"]);

    let mut clean = at_github(
        desk_with("fresh", |s| s.vercel.eslint_debt = false),
        |desk| {
            assert_eq!(desk.commit("main", "docs/a.md", "a\n").0, 200);
        },
    );
    clean.wait(200);
    assert_eq!(get(&mut clean, list).1["deployments"][0]["state"], "READY");
}

#[test]
fn with_the_override_pushes_build_well_each_to_its_target() {
    let mut desk = desk("fresh");
    patch(
        &mut desk,
        "/v9/projects/shop",
        json!({ "buildCommand": BUILD }),
    );
    let mut desk = at_github(desk, |desk| {
        desk.branch("develop", "main");
        assert_eq!(desk.commit("main", "docs/a.md", "b\n").0, 200);
    });
    desk.wait(200);
    let (_, all) = get(&mut desk, "/v7/deployments?projectId=shop&limit=2");
    let seen = |n: usize| {
        (
            all["deployments"][n]["target"].clone(),
            text(&all["deployments"][n], "state"),
        )
    };
    let two = [seen(0), seen(1)];
    assert!(
        two.contains(&(json!("production"), "READY")) && two.contains(&(Value::Null, "READY")),
        "{two:?}"
    );
    let heads: Vec<&str> = [0, 1]
        .map(|n| text(&all["deployments"][n]["meta"], "githubCommitRef"))
        .into();
    assert!(
        heads.contains(&"main") && heads.contains(&"develop"),
        "{heads:?}"
    );
    let sha = text(&all["deployments"][0]["meta"], "githubCommitSha").to_owned();
    assert_eq!(
        get(&mut desk, &format!("/v6/deployments?sha={sha}")).1["pagination"]["count"],
        1
    );
    let made = desk.world.ledger().objects;
    assert_eq!(
        made.iter()
            .filter(|o| o.kind == "deployment" && o.made_by == MadeBy::World)
            .count(),
        2
    );
}

#[test]
fn a_world_that_is_done_or_half_done_is_as_the_plan_has_it() {
    let mut done = desk("done");
    for (name, branch) in [("shop-prod", "main"), ("shop-staging", "staging")] {
        let project = project(&mut done, name);
        assert_eq!(
            (
                text(&project, "buildCommand"),
                text(&project["link"], "productionBranch")
            ),
            (BUILD, branch)
        );
        assert_eq!(project["targets"]["production"]["readyState"], "READY");
        assert_eq!(
            project["targets"]["production"]["meta"]["githubCommitRef"],
            branch
        );
    }
    let mut half = desk("half");
    assert_eq!(project(&mut half, "shop-prod")["buildCommand"], BUILD);
    assert_eq!(get(&mut half, "/v9/projects/shop-staging").0, 404);
    let mut bare = desk_with("fresh", |s| s.vercel = Default::default());
    assert_eq!(get(&mut bare, "/v10/projects").1["projects"], json!([]));
}
