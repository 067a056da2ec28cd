//! The simulated Vercel against its document: the token looked at, two projects set up, deployments built.

use golive::sim::scenario::{Scenario, VercelSpec};
use golive::sim::{Act, Provider};
use serde_json::{Value, json};

use crate::caller::{self, Caller};
use crate::validator::{Exception, Lack};

/// In what Vercel differs from its document.
pub const EXCEPTIONS: &[Exception] = &[
    Exception::new(
        "PATCH /v9/projects/{idOrName}/branch",
        Lack::Endpoint,
        "the production branch is set where the official document has nothing",
    ),
    Exception::new(
        "* /v9/projects/{idOrName}/link",
        Lack::Endpoint,
        "linking and unlinking are not in the official document",
    ),
    Exception::new(
        "GET /v1/integrations/*",
        Lack::Endpoint,
        "what the GitHub app sees is not in the official document",
    ),
    Exception::new(
        "GET /v7/deployments",
        Lack::Endpoint,
        "newer than the document, with the parameters of /v6",
    ),
    Exception::new(
        "GET /v9/projects/{idOrName}",
        Lack::Status(404),
        "a project that is not there is a 404, which is not declared",
    ),
    Exception::new(
        "DELETE /v9/projects/{idOrName}",
        Lack::Status(404),
        "the same when it is to be deleted",
    ),
    Exception::new(
        "GET /v3/deployments/{idOrUrl}/events",
        Lack::Status(404),
        "the same for the log of a deployment",
    ),
    Exception::new(
        "GET /v9/projects/{idOrName}/domains",
        Lack::Status(404),
        "the same for the domains of a project, which a list may not know yet",
    ),
];

const BUILD: &str = "CI=false npm run build";

/// The query that names the team.
fn account(caller: &mut Caller) -> String {
    caller.get("/v2/user");
    caller.get("/v5/user/tokens/current");
    caller.get("/v5/user/tokens/nowhere");
    let (_, teams) = caller.get("/v2/teams?limit=100");
    let id = text(&teams["teams"][0]["id"]);
    caller.get(&format!("/v2/teams/{id}"));
    caller.get("/v2/teams/nowhere");
    caller.get("/v10/projects?teamId=team_nowhere");
    format!("teamId={id}")
}

fn text(value: &Value) -> String {
    value.as_str().expect("a text").to_owned()
}

fn projects(caller: &mut Caller, team: &str) {
    caller.get(&format!("/v10/projects?search=shop&limit=100&{team}"));
    caller.get(&format!("/v9/projects/shop?{team}"));
    caller.get(&format!("/v9/projects/nowhere?{team}"));
    let change = json!({
        "name": "shop-prod", "buildCommand": BUILD, "rootDirectory": "client",
        "framework": "create-react-app", "nodeVersion": "22.x", "ssoProtection": null,
    });
    let (status, shop) = caller.patch(&format!("/v9/projects/shop?{team}"), change);
    assert_eq!(status, 200, "{shop}");
    let body = json!({
        "name": "shop-staging", "framework": "create-react-app", "buildCommand": BUILD,
        "rootDirectory": "client", "gitRepository": { "type": "github", "repo": "acme/shop" },
    });
    let create = format!("/v11/projects?{team}");
    let (status, made) = caller.post(&create, body.clone());
    assert_eq!(status, 200, "{made}");
    assert_eq!(caller.post(&create, body).0, 409);
    let elsewhere = json!({
        "name": "x", "gitRepository": { "type": "github", "repo": "acme/elsewhere" },
    });
    assert_eq!(caller.post(&create, elsewhere).0, 400);
    let taken = json!({ "name": "shop-prod" });
    assert_eq!(
        caller
            .patch(&format!("/v9/projects/shop-staging?{team}"), taken)
            .0,
        409
    );
}

fn links(caller: &mut Caller, team: &str) {
    let branch = format!("/v9/projects/shop-staging/branch?{team}");
    assert_eq!(caller.patch(&branch, json!({ "branch": "nowhere" })).0, 400);
    assert_eq!(caller.patch(&branch, json!({ "branch": "main" })).0, 200);
    let link = format!("/v9/projects/shop-staging/link?{team}");
    assert_eq!(caller.delete(&link).0, 200);
    let wish = json!({ "type": "github", "repo": "acme/shop" });
    assert_eq!(caller.post(&link, wish).0, 200);
    caller.get("/v1/integrations/git-namespaces?provider=github");
    caller.get(&format!(
        "/v1/integrations/search-repo?provider=github&query=shop&{team}"
    ));
}

fn deployments(caller: &mut Caller, team: &str) {
    let create = format!("/v13/deployments?forceNew=1&skipAutoDetectionConfirmation=1&{team}");
    let git = json!({ "type": "github", "org": "acme", "repo": "shop", "ref": "main" });
    let body = json!({
        "name": "shop-staging", "target": "production", "meta": { "golive": "5" }, "gitSource": git,
    });
    let (status, made) = caller.post(&create, body);
    assert_eq!(status, 200, "{made}");
    let id = text(&made["id"]);
    let redo =
        json!({ "name": "shop-staging", "deploymentId": id, "meta": { "action": "redeploy" } });
    assert_eq!(caller.post(&create, redo).0, 200);
    caller.post(&create, json!({ "name": "shop-staging" }));
    let one = format!("/v13/deployments/{id}?{team}");
    let list = format!("/v6/deployments?projectId=shop-staging&limit=10&{team}");
    let events = format!("/v3/deployments/{id}/events?builds=1&direction=forward&limit=-1&{team}");
    // Every stage has its own members.
    let mut stages = Vec::new();
    for _ in 0..30 {
        let (_, seen) = caller.get(&one);
        let stage = text(&seen["readyState"]);
        if stages.last() != Some(&stage) {
            stages.push(stage);
            caller.get(&list);
            caller.get(&events);
        }
        caller.wait(5);
    }
    assert_eq!(
        stages.last().map(String::as_str),
        Some("READY"),
        "{stages:?}"
    );
    caller.get(&list);
    caller.get(&list.replace("/v6/", "/v7/"));
    caller.get(&format!("{list}&target=production&state=READY&branch=main"));
    caller.get(&format!("/v9/projects/shop-staging?{team}"));
    caller.get(&format!("/v13/deployments/dpl_nowhere?{team}"));
    caller.get(&format!("/v3/deployments/dpl_nowhere/events?{team}"));
}

/// A push is built, and the build fails without the override.
fn push(caller: &mut Caller, team: &str) {
    caller.person(&Act::Edit("vercel/project/shop-prod".to_owned()));
    caller.person(&Act::Push("main".to_owned()));
    caller.wait(200);
    let list = format!("/v6/deployments?projectId=shop-prod&target=production&limit=1&{team}");
    let (_, failed) = caller.get(&list);
    assert_eq!(failed["deployments"][0]["state"], "ERROR", "{failed}");
    let id = text(&failed["deployments"][0]["uid"]);
    caller.get(&format!("/v13/deployments/{id}?{team}"));
    caller.get(&format!("/v3/deployments/{id}/events?{team}"));
}

fn life(change: impl FnOnce(&mut VercelSpec)) {
    let world = caller::world("fresh", |scenario: &mut Scenario| {
        scenario.lag = false;
        change(&mut scenario.vercel);
    });
    let Some(mut caller) = Caller::new(Provider::Vercel, EXCEPTIONS, world) else {
        return;
    };
    let team = account(&mut caller);
    projects(&mut caller, &team);
    links(&mut caller, &team);
    deployments(&mut caller, &team);
    push(&mut caller, &team);
    let gone = format!("/v9/projects/shop-staging?{team}");
    assert_eq!(caller.delete(&gone).0, 204);
    assert_eq!(caller.delete(&gone).0, 404);
    let domains = |name: &str| format!("/v9/projects/{name}/domains?limit=100&{team}");
    caller.get(&domains("shop-prod"));
    assert_eq!(caller.get(&domains("shop-staging")).0, 404);
    caller.get(&format!("/v10/projects/shop-prod/env?{team}"));
    caller.finish(20);
}

#[test]
fn every_exchange_has_the_shape_that_the_document_promises() {
    life(|_| {});
}

#[test]
fn the_odd_shapes_are_promised_too() {
    life(|spec| {
        spec.odd.limited_user = true;
        spec.odd.plan_hidden = true;
        spec.odd.log_payload = true;
        spec.odd.page_words = true;
    });
}
