//! What this Vercel refuses, in its own words.

use serde_json::{Value, json};

use super::spec::{App, TeamRole, VercelPlan};
use super::stories::*;
use crate::seam::transport::Method;
use crate::sim::fault::parse_list;
use crate::sim::{MadeBy, Provider, Scenario};

#[test]
fn a_token_problem_is_403_in_every_form() {
    let mut desk = desk("fresh");
    let good = std::mem::replace(&mut desk.authorization, "Bearer elsewhere".to_owned());
    let wrong = desk.get("/v2/user");
    assert_eq!(
        (code(&wrong), &wrong.1["error"]["invalidToken"]),
        ((403, "forbidden"), &json!(true))
    );
    let mut call = desk.call_for(Method::Get, "/v2/user", None);
    call.headers.pop();
    let reply = desk.raw(&call);
    let body: Value = serde_json::from_slice(&reply.body).unwrap();
    assert_eq!(
        (reply.status, &body["error"]["missingToken"]),
        (403, &json!(true))
    );
    desk.authorization = good;
    let elsewhere = desk.get("/v10/projects?teamId=team_elsewhere");
    assert_eq!(code(&elsewhere), (403, "team_unauthorized"));
    assert_eq!(
        code(&desk.get("/v2/teams/elsewhere")),
        (403, "team_unauthorized")
    );
}

#[test]
fn without_the_team_its_projects_are_simply_not_there() {
    let mut desk = desk("fresh");
    assert_eq!(code(&desk.get("/v9/projects/shop")), (404, "not_found"));
    assert_eq!(desk.get("/v10/projects").1["projects"], json!([]));
    assert_eq!(desk.get("/v9/projects/shop?slug=acme").0, 200);
    assert_eq!(
        get(&mut desk, "/v10/projects").1["projects"][0]["name"],
        "shop"
    );
    // What is made there is made beside the team.
    let (status, stray) = desk.post("/v11/projects", json!({ "name": "shop-staging" }));
    assert_eq!(status, 200);
    let (_, user) = desk.get("/v2/user");
    assert_eq!(stray["accountId"], user["user"]["id"]);
    assert_eq!(get(&mut desk, "/v9/projects/shop-staging").0, 404);

    let mut newer = desk_with("fresh", |s| s.vercel.personal_scope = false);
    assert_eq!(newer.get("/v9/projects/shop").0, 200);
}

#[test]
fn a_token_of_one_team_reaches_no_other_and_a_viewer_changes_nothing() {
    let mut one = desk_with("foreign", |s| s.vercel.token.team = Some("acme".to_owned()));
    let (_, teams) = one.get("/v2/teams");
    assert_eq!(teams["pagination"]["count"], 1);
    let id = teams["teams"][0]["id"].clone();
    let (_, token) = one.get("/v5/user/tokens/current");
    assert_eq!(token["token"]["scopes"][0]["teamId"], id);
    assert_eq!(
        code(&one.get("/v10/projects?slug=olivia-marti-studio")),
        (403, "team_unauthorized")
    );
    assert_eq!(
        code(&one.post("/v11/projects", json!({ "name": "x" }))),
        (403, "forbidden")
    );

    for (role, project, deployment) in [
        (TeamRole::Viewer, 403, 403),
        (TeamRole::Developer, 403, 200),
    ] {
        let mut desk = desk_with("fresh", |s| s.vercel.teams[0].role = role);
        assert_eq!(
            patch(
                &mut desk,
                "/v9/projects/shop",
                json!({ "buildCommand": BUILD })
            )
            .0,
            project
        );
        let body = json!({ "name": "shop", "gitSource": { "type": "github", "org": "acme", "repo": "shop", "ref": "main" } });
        assert_eq!(
            post(&mut desk, "/v13/deployments?forceNew=1", body).0,
            deployment
        );
    }
}

#[test]
fn a_body_that_does_not_fit_is_refused_with_its_property() {
    let mut desk = desk("fresh");
    post(&mut desk, "/v11/projects", json!({ "name": "taken" }));
    let mut tried = |body: Value, message: &str| {
        let answer = patch(&mut desk, "/v9/projects/shop", body);
        assert!(
            text(&answer.1["error"], "message").contains(message),
            "{answer:?}"
        );
        answer.0
    };
    let extra = "Invalid request: should NOT have additional property `productionBranch`.";
    assert_eq!(tried(json!({ "productionBranch": "main" }), extra), 400);
    assert_eq!(tried(json!({ "name": "taken" }), "already exists"), 409);
    assert_eq!(tried(json!({ "name": "A---b" }), "must be lowercase"), 400);
    assert_eq!(
        tried(json!({ "name": null }), "`name` should be string"),
        400
    );
    assert_eq!(
        tried(json!({ "rootDirectory": "../x" }), "`rootDirectory`"),
        400
    );
    assert_eq!(tried(json!({ "framework": "cra" }), "allowed values"), 400);
    assert_eq!(
        tried(
            json!({ "buildCommand": "x".repeat(257) }),
            "longer than 256"
        ),
        400
    );
    assert_eq!(
        tried(
            json!({ "ssoProtection": {} }),
            "`ssoProtection.deploymentType`"
        ),
        400
    );
    assert_eq!(
        tried(json!({ "passwordProtection": {} }), "not available"),
        428
    );
    assert_eq!(tried(json!([]), "should be object"), 400);
    let created = post(
        &mut desk,
        "/v11/projects",
        json!({ "name": "new", "nodeVersion": "22.x" }),
    );
    assert_eq!(code(&created), (400, "bad_request"));
    let newest = json!({ "nodeVersion": "24.x", "ssoProtection": null, "resourceConfig": { "fluid": false } });
    let (_, shop) = patch(&mut desk, "/v9/projects/shop", newest);
    assert_eq!(
        (&shop["nodeVersion"], &shop["ssoProtection"]),
        (&json!("24.x"), &Value::Null)
    );
    assert_eq!(
        shop["resourceConfig"],
        json!({ "functionDefaultRegions": ["iad1"], "fluid": false })
    );
}

#[test]
fn a_link_that_cannot_be_leaves_no_project_behind() {
    let refusals = |change: fn(&mut Scenario)| {
        let mut desk = desk_with("fresh", change);
        let answer = post(&mut desk, "/v11/projects", staging());
        assert_eq!(get(&mut desk, "/v9/projects/shop-staging").0, 404);
        (desk, answer)
    };
    for change in [
        (|s: &mut Scenario| s.vercel.app = App::NotInstalled) as fn(&mut Scenario),
        |s| s.vercel.app = App::NotSelected,
    ] {
        let (mut desk, answer) = refusals(change);
        assert_eq!(code(&answer), (400, "repo_not_found"));
        let error = &answer.1["error"];
        assert_eq!(
            (text(error, "action"), text(error, "repo")),
            ("Install GitHub App", "acme/shop")
        );
        // A person installs it, and the same call goes through.
        desk.act("edit vercel/app").unwrap();
        assert_eq!(post(&mut desk, "/v11/projects", staging()).0, 200);
    }
    let (_, answer) = refusals(|s| {
        s.vercel.app = App::NotSelected;
        s.vercel.odd.app_code = Some("bad_request".to_owned());
    });
    assert_eq!(code(&answer), (400, "bad_request"));
    assert_eq!(answer.1["error"]["link"], "https://github.com/apps/vercel");
    let (mut desk, answer) = refusals(|s| s.vercel.login_connection = false);
    assert_eq!(answer.1["error"]["action"], "Add a Login Connection");
    desk.act("edit vercel/connection").unwrap();
    assert_eq!(post(&mut desk, "/v11/projects", staging()).0, 200);
    assert_eq!(
        code(&post(&mut desk, "/v11/projects", staging())),
        (409, "conflict")
    );
    let (_, answer) = refusals(|s| s.vercel.link_limit = Some(1));
    assert_eq!(code(&answer), (400, "repo_links_exceeded_limit"));
}

#[test]
fn a_build_needs_its_folder_and_its_script() {
    let mut desk = desk("fresh");
    let mut built = |root: Value| {
        patch(
            &mut desk,
            "/v9/projects/shop",
            json!({ "rootDirectory": root, "buildCommand": BUILD }),
        );
        let body = json!({ "name": "shop", "gitSource": { "type": "github", "org": "acme", "repo": "shop", "ref": "main" } });
        let (_, made) = post(&mut desk, "/v13/deployments?forceNew=1", body);
        desk.wait(200);
        get(
            &mut desk,
            &format!("/v13/deployments/{}", text(&made, "id")),
        )
        .1
    };
    assert_eq!(built(json!("client"))["readyState"], "READY");
    let nowhere = built(json!("web"));
    assert!(text(&nowhere, "errorMessage").contains("Root Directory \"web\" does not exist"));
    let root = built(Value::Null);
    assert_eq!(
        root["errorMessage"],
        format!("Command \"{BUILD}\" exited with 1")
    );
}

#[test]
fn the_name_for_staging_can_be_taken_by_somebody_else() {
    let mut desk = desk("foreign");
    assert_eq!(
        code(&post(&mut desk, "/v11/projects", staging())),
        (409, "conflict")
    );
    let theirs = project(&mut desk, "shop-staging");
    assert_eq!(
        (
            text(&theirs["link"], "repo"),
            text(&theirs["link"], "productionBranch")
        ),
        ("testbed", "trunk")
    );
    let alien = patch(
        &mut desk,
        "/v9/projects/shop-staging/branch",
        json!({ "branch": "main" }),
    );
    assert_eq!(code(&alien), (400, "git_branch_not_found"));
    let ledger = desk.world.ledger();
    let mut all = ledger
        .objects
        .iter()
        .filter(|o| o.provider == Provider::Vercel);
    assert!(all.all(|object| object.made_by == MadeBy::Person));
}

#[test]
fn every_endpoint_counts_its_calls_and_refuses_too_many() {
    let mut desk = desk("fresh");
    let path = team(&mut desk, "/v9/projects/shop");
    let call = desk.call_for(Method::Patch, &path, Some(json!({})));
    let first = desk.raw(&call);
    assert_eq!(
        (
            first.header("x-ratelimit-limit"),
            first.header("x-ratelimit-remaining")
        ),
        (Some("120"), Some("119"))
    );
    assert!(
        first
            .header("x-vercel-id")
            .is_some_and(|id| id.starts_with("fra1::"))
    );
    let last = (0..120).map(|_| desk.raw(&call)).last().unwrap();
    let body: Value = serde_json::from_slice(&last.body).unwrap();
    assert_eq!(
        (last.status, text(&body["error"], "code")),
        (429, "rate_limited")
    );
    assert_eq!(
        (&body["error"]["limit"]["total"], last.header("retry-after")),
        (&json!(120), Some("60"))
    );
    let look = desk.call_for(Method::Get, &path, None);
    assert_eq!(
        desk.raw(&look).status,
        200,
        "another endpoint has its own count"
    );
    desk.wait(61);
    assert_eq!(desk.raw(&call).status, 200);

    let mut desk = desk_with("fresh", |s| s.vercel.teams[0].plan = VercelPlan::Hobby);
    let body = json!({ "name": "shop", "gitSource": { "type": "github", "org": "acme", "repo": "shop", "ref": "main" } });
    let path = team(&mut desk, "/v13/deployments?forceNew=1");
    let statuses: Vec<u16> = (0..101)
        .map(|_| {
            desk.wait(2);
            desk.post(&path, body.clone()).0
        })
        .collect();
    assert_eq!((statuses[99], statuses[100]), (200, 402));
}

#[test]
fn what_goes_wrong_on_the_way_speaks_as_vercel_does() {
    let mut desk = desk("fresh");
    let faults = [
        ("http_500_before", 1),
        ("http_503_after_apply", 2),
        ("http_429", 3),
    ]
    .map(|(fault, nth)| {
        format!(r#"{{"provider":"vercel","match":"GET /v2/user","nth":{nth},"fault":"{fault}"}}"#)
    });
    let rules = parse_list(&format!("[{}]", faults.join(",")), 1).unwrap();
    desk.world.add_faults(&rules);
    let look = desk.call_for(Method::Get, "/v2/user", None);
    let broken = desk.raw(&look);
    assert!(String::from_utf8_lossy(&broken.body).contains("internal_server_error"));
    let away = desk.raw(&look);
    assert_eq!(
        (away.status, away.header("x-vercel-error")),
        (503, Some("SERVICE_UNAVAILABLE"))
    );
    let busy = desk.raw(&look);
    assert_eq!((busy.status, busy.header("retry-after")), (429, Some("20")));
    assert!(String::from_utf8_lossy(&busy.body).contains("rate_limited"));
    for reply in [broken, away, busy] {
        assert_eq!(reply.header("server"), Some("Vercel"));
        assert!(
            reply
                .headers
                .iter()
                .all(|(name, _)| !name.contains("github"))
        );
    }
    assert_eq!(code(&desk.get("/v9/projects/shop/env")), (404, "not_found"));
}
