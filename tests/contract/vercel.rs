//! The simulated Vercel against its document: the token looked at, two projects set up, deployments built.

use golive::seam::transport::Method;
use golive::sim::scenario::{BranchSpec, HeldSpec, Scenario, VercelSpec};
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
    Exception::new(
        "GET /v9/projects/{idOrName}/domains/{domain}",
        Lack::Status(404),
        "the same for a domain that the project does not have",
    ),
    Exception::new(
        "PATCH /v9/projects/{idOrName}/domains/{domain}",
        Lack::Status(404),
        "the same when it is to be changed",
    ),
    Exception::new(
        "GET /v1/projects/{idOrName}/env/{id}",
        Lack::Status(404),
        "the same for a variable",
    ),
    Exception::new(
        "POST /v1/projects/{idOrName}/domains/{domain}/move",
        Lack::Status(404),
        "the same for a domain that is to be moved",
    ),
    Exception::new(
        "GET /v10/projects/{idOrName}/env",
        Lack::Status(404),
        "the same for the variables of a project, which a list may not know yet",
    ),
    Exception::new(
        "GET /v10/projects/{idOrName}/env",
        Lack::Query("until"),
        "the reply has a pagination, and the document no parameter to go on with",
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

fn variables(caller: &mut Caller, team: &str) {
    let variable = |key: &str, kind: &str, target: &[&str]| json!({ "key": key, "value": "v", "type": kind, "target": target, "comment": "golive" });
    let create = format!("/v10/projects/shop-prod/env?upsert=true&{team}");
    let mut branch = variable("REACT_APP_A", "plain", &["preview"]);
    branch["gitBranch"] = json!("develop");
    let body = json!([
        variable("REACT_APP_A", "encrypted", &["production"]),
        branch,
        variable("SECRET", "sensitive", &["production", "preview"]),
        variable("1", "encrypted", &["production"]),
    ]);
    let (status, made) = caller.post(&create, body);
    assert_eq!(
        (status, made["failed"].as_array().map(Vec::len)),
        (201, Some(1)),
        "{made}"
    );
    let (status, one) = caller.post(&create, variable("REACT_APP_B", "encrypted", &["preview"]));
    assert_eq!(status, 201, "{one}");
    let narrow = variable("SECRET", "sensitive", &["preview"]);
    let (status, _) = caller.post(&create, narrow);
    assert!([400, 403].contains(&status));
    let list = format!("/v10/projects/shop-prod/env?decrypt=true&{team}");
    let (_, mut page) = caller.get(&list);
    while let Some(next) = page["pagination"]["next"].as_i64() {
        page = caller.get(&format!("{list}&until={next}")).1;
    }
    caller.get(&format!("{list}&gitBranch=develop"));
    // Nothing was made before the world began, so this page is empty.
    assert_eq!(caller.get(&format!("{list}&until=1")).1["envs"], json!([]));
    for made in made["created"].as_array().unwrap() {
        let id = text(&made["id"]);
        caller.get(&format!("/v1/projects/shop-prod/env/{id}?{team}"));
        let path = format!("/v9/projects/shop-prod/env/{id}?{team}");
        assert_eq!(caller.patch(&path, json!({ "value": "w" })).0, 200);
        assert_eq!(caller.patch(&path, json!({ "key": "1" })).0, 400);
    }
    let id = text(&one["created"]["id"]);
    let path = format!("/v9/projects/shop-prod/env/{id}?{team}");
    assert_eq!(caller.delete(&path).0, 200);
    assert_eq!(caller.delete(&path).0, 404);
    assert_eq!(caller.patch(&path, json!({ "value": "w" })).0, 404);
    caller.get(&format!("/v1/projects/shop-prod/env/{id}?{team}"));
}

fn claims(caller: &mut Caller, team: &str) {
    let at = |project: &str, rest: &str| format!("/v9/projects/{project}/domains{rest}?{team}");
    let add = |project: &str| format!("/v10/projects/{project}/domains?{team}");
    let one = |name: &str| at("shop-prod", &format!("/{name}"));
    let config = |name: &str| format!("/v6/domains/{name}/config?projectIdOrName=shop-prod&{team}");
    caller.get(&one("www.acmeshop.example"));
    caller.get(&config("www.acmeshop.example"));
    let www = json!({ "name": "www.acmeshop.example" });
    assert_eq!(caller.post(&add("shop-prod"), www.clone()).0, 200);
    assert_eq!(caller.post(&add("shop-prod"), www.clone()).0, 400);
    assert!([400, 409].contains(&caller.post(&add("shop-staging"), www).0));
    let branch = json!({ "name": "dev.acmeshop.example", "gitBranch": "develop" });
    assert_eq!(caller.post(&add("shop-prod"), branch).0, 200);
    let apex = json!({ "name": "acmeshop.example", "redirect": "www.acmeshop.example", "redirectStatusCode": 308 });
    assert_eq!(caller.post(&add("shop-prod"), apex).0, 200);
    let (status, held) = caller.post(
        &add("shop-prod"),
        json!({ "name": "held.acmeshop.example" }),
    );
    assert_eq!((status, &held["verified"]), (200, &json!(false)), "{held}");
    let refused = json!({ "name": "refused.acmeshop.example" });
    assert_eq!(caller.post(&add("shop-prod"), refused).0, 403);
    let verify = |name: &str| at("shop-prod", &format!("/{name}/verify"));
    assert_eq!(
        caller
            .call(Method::Post, &verify("held.acmeshop.example"), None)
            .0,
        400
    );
    assert_eq!(
        caller
            .call(Method::Post, &verify("www.acmeshop.example"), None)
            .0,
        200
    );
}

fn domains(caller: &mut Caller, team: &str) {
    claims(caller, team);
    let at = |project: &str, rest: &str| format!("/v9/projects/{project}/domains{rest}?{team}");
    let one = |name: &str| at("shop-prod", &format!("/{name}"));
    let config = |name: &str| format!("/v6/domains/{name}/config?projectIdOrName=shop-prod&{team}");
    for name in [
        "www.acmeshop.example",
        "acmeshop.example",
        "held.acmeshop.example",
    ] {
        caller.get(&one(name));
        caller.get(&config(name));
    }
    let (_, list) = caller.get(&format!("{}&limit=2", at("shop-prod", "")));
    let next = list["pagination"]["next"]
        .as_i64()
        .expect("there are more than two");
    caller.get(&format!("{}&limit=2&until={next}", at("shop-prod", "")));
    caller.get(&format!(
        "{}&gitBranch=develop&verified=true",
        at("shop-prod", "")
    ));
    let change = json!({ "redirect": null, "redirectStatusCode": null });
    assert_eq!(
        caller.patch(&one("acmeshop.example"), change.clone()).0,
        200
    );
    assert_eq!(caller.patch(&one("nowhere.example"), change).0, 404);
    let (_, staging) = caller.get(&format!("/v9/projects/shop-staging?{team}"));
    let move_to = |name: &str| format!("/v1/projects/shop-prod/domains/{name}/move?{team}");
    let to = json!({ "projectId": staging["id"] });
    assert_eq!(
        caller.post(&move_to("dev.acmeshop.example"), to.clone()).0,
        200
    );
    assert_eq!(caller.post(&move_to("dev.acmeshop.example"), to).0, 404);
    assert_eq!(caller.delete(&one("acmeshop.example")).0, 200);
    assert_eq!(caller.delete(&one("acmeshop.example")).0, 404);
    let certificate = json!({ "cns": ["www.acmeshop.example"] });
    caller.post(&format!("/v8/certs?{team}"), certificate);
    caller.post(
        &format!("/v8/certs?{team}"),
        json!({ "cns": ["nowhere.example"] }),
    );
}

fn protection(caller: &mut Caller, team: &str) {
    let path = format!("/v1/projects/shop-prod/protection-bypass?{team}");
    let (status, made) = caller.patch(&path, json!({ "generate": {} }));
    assert_eq!(status, 200, "{made}");
    let secrets = made["protectionBypass"].as_object().expect("a map");
    let secret = secrets.keys().next().expect("a secret").clone();
    caller.get(&format!("/v9/projects/shop-prod?{team}"));
    let again = json!({ "generate": { "secret": secret } });
    assert_eq!(caller.patch(&path, again).0, 409);
    let revoke = json!({ "revoke": { "secret": secret, "regenerate": true } });
    assert_eq!(caller.patch(&path, revoke.clone()).0, 200);
    assert_eq!(caller.patch(&path, revoke).0, 404);
}

fn life(change: impl FnOnce(&mut VercelSpec)) {
    let world = caller::world("fresh", |scenario: &mut Scenario| {
        scenario.lag = false;
        scenario.branches.push(BranchSpec {
            name: "develop".to_owned(),
            from: Some("main".to_owned()),
            back: 0,
            by: "anna-weber".to_owned(),
            commits: Vec::new(),
        });
        let held = |name: &str, refused| HeldSpec {
            name: format!("{name}.acmeshop.example"),
            refused,
        };
        scenario.vercel.held = vec![held("held", false), held("refused", true)];
        change(&mut scenario.vercel);
    });
    let Some(mut caller) = Caller::new(Provider::Vercel, EXCEPTIONS, world) else {
        return;
    };
    let team = account(&mut caller);
    projects(&mut caller, &team);
    links(&mut caller, &team);
    deployments(&mut caller, &team);
    variables(&mut caller, &team);
    domains(&mut caller, &team);
    protection(&mut caller, &team);
    push(&mut caller, &team);
    let gone = format!("/v9/projects/shop-staging?{team}");
    assert_eq!(caller.delete(&gone).0, 204);
    assert_eq!(caller.delete(&gone).0, 404);
    let domains = |name: &str| format!("/v9/projects/{name}/domains?limit=100&{team}");
    caller.get(&domains("shop-prod"));
    assert_eq!(caller.get(&domains("shop-staging")).0, 404);
    let variables = format!("/v10/projects/shop-staging/env?{team}");
    assert_eq!(caller.get(&variables).0, 404);
    caller.finish(45);
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
        spec.odd.bare_target = true;
        spec.odd.variables_a_page = Some(2);
        spec.odd.conflict_403 = true;
        spec.odd.in_use_400 = true;
    });
}
