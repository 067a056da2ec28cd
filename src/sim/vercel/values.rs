//! Stories about a project's variables: written, read back, and which deployment has which.

use serde_json::{Value, json};

use super::stories::*;
use crate::seam::transport::Method;
use crate::sim::desk::Desk;
use crate::sim::{MadeBy, Provider};

const ENV: &str = "/v10/projects/shop/env";
const UPSERT: &str = "/v10/projects/shop/env?upsert=true";

fn variable(key: &str, value: &str, target: &[&str]) -> Value {
    json!({ "key": key, "value": value, "type": "encrypted", "target": target })
}

/// All variables in clear, as `KEY value`.
fn listed(desk: &mut Desk) -> Vec<String> {
    let (_, all) = get(desk, &format!("{ENV}?decrypt=true"));
    let all = all["envs"].as_array().cloned().unwrap_or_default();
    let mut all: Vec<String> = all
        .iter()
        .map(|one| format!("{} {}", text(one, "key"), text(one, "value")))
        .collect();
    all.sort();
    all
}

fn redeploy(desk: &mut Desk, target: &str) -> Value {
    let (_, old) = get(desk, "/v6/deployments?projectId=shop&target=production");
    let body = json!({
        "name": "shop", "deploymentId": old["deployments"][0]["uid"], "target": target,
        "meta": { "action": "redeploy" },
    });
    let (status, made) = post(desk, "/v13/deployments?forceNew=1", body);
    assert_eq!(status, 200, "{made}");
    desk.wait(250);
    made
}

#[test]
fn several_variables_are_written_at_once_and_read_back_in_clear() {
    let mut desk = desk("fresh");
    at_github_branch(&mut desk, "develop");
    let mut branch = variable("REACT_APP_STRIPE_PKEY", "pk_2", &["preview"]);
    branch["gitBranch"] = json!("develop");
    let body = json!([
        variable("REACT_APP_STRIPE_PKEY", "pk_1", &["production"]),
        branch,
        variable("REACT_APP_LAUNCHED", "false", &["production", "preview"]),
    ]);
    let (status, made) = post(&mut desk, UPSERT, body.clone());
    assert_eq!((status, &made["failed"]), (201, &json!([])), "{made}");
    assert_eq!(made["created"].as_array().map(Vec::len), Some(3));
    assert_eq!(made["created"][1]["gitBranch"], "develop");
    let wanted = [
        "REACT_APP_LAUNCHED false",
        "REACT_APP_STRIPE_PKEY pk_1",
        "REACT_APP_STRIPE_PKEY pk_2",
    ];
    assert_eq!(listed(&mut desk), wanted);
    // Nobody reads a value that was not asked for in clear.
    let (_, sealed) = get(&mut desk, ENV);
    assert!(!sealed.to_string().contains("pk_1"), "{sealed}");
    let (_, own) = get(&mut desk, &format!("{ENV}?decrypt=true&gitBranch=develop"));
    assert_eq!(own["envs"][0]["value"], "pk_2");
    assert_eq!(own["envs"].as_array().map(Vec::len), Some(1));
    // The same once more changes the three and makes none.
    let (_, again) = post(&mut desk, UPSERT, body);
    assert_eq!(again["created"][0]["id"], made["created"][0]["id"]);
    assert!(again["created"][0]["updatedAt"].as_i64() > made["created"][0]["updatedAt"].as_i64());
    assert_eq!(listed(&mut desk), wanted);
    let objects = desk.world.ledger().objects;
    let made = objects.iter().filter(|one| one.kind == "variable");
    let names: Vec<&str> = made.map(|one| one.name.as_str()).collect();
    let branch = "REACT_APP_STRIPE_PKEY preview of develop";
    assert!(names.len() == 3 && names.contains(&branch), "{names:?}");
}

fn at_github_branch(desk: &mut Desk, branch: &str) {
    let (provider, signature) = (desk.provider, desk.authorization.clone());
    let signed = desk.world.signatures(Provider::Github);
    desk.provider = Provider::Github;
    desk.authorization = signed[0].clone();
    desk.branch(branch, "main");
    (desk.provider, desk.authorization) = (provider, signature);
}

#[test]
fn what_is_there_already_fails_alone_and_the_rest_is_made() {
    let mut desk = desk("fresh");
    let both = variable("REACT_APP_LAUNCHED", "true", &["production", "preview"]);
    let (_, wide) = post(&mut desk, ENV, both.clone());
    assert_eq!(code(&post(&mut desk, ENV, both)), (400, "ENV_CONFLICT"));
    // A narrower one clashes with it, upsert or not.
    let body = json!([
        variable("REACT_APP_LAUNCHED", "false", &["production"]),
        variable("REACT_APP_OTHER", "1", &["production"]),
    ]);
    let (status, made) = post(&mut desk, UPSERT, body);
    assert_eq!(status, 201);
    assert_eq!(made["created"][0]["key"], "REACT_APP_OTHER");
    let error = &made["failed"][0]["error"];
    assert_eq!(
        (text(error, "code"), text(error, "envVarKey")),
        ("ENV_CONFLICT", "REACT_APP_LAUNCHED")
    );
    assert!(text(error, "message").ends_with("the target production on branch undefined"));
    // The wide one gives production up first.
    let path = format!("/v9/projects/shop/env/{}", text(&wide["created"], "id"));
    let (status, _) = patch(&mut desk, &path, json!({ "target": ["preview"] }));
    assert_eq!(status, 200);
    let narrow = variable("REACT_APP_LAUNCHED", "false", &["production"]);
    assert_eq!(post(&mut desk, UPSERT, narrow).0, 201);
    let back = patch(
        &mut desk,
        &path,
        json!({ "target": ["preview", "production"] }),
    );
    assert_eq!(code(&back), (400, "ENV_CONFLICT"));
    assert_eq!(
        listed(&mut desk),
        [
            "REACT_APP_LAUNCHED false",
            "REACT_APP_LAUNCHED true",
            "REACT_APP_OTHER 1"
        ]
    );
    assert_eq!(call(&mut desk, Method::Delete, &path, None).0, 200);
    assert_eq!(
        code(&call(&mut desk, Method::Delete, &path, None)),
        (404, "not_found")
    );
    assert_eq!(listed(&mut desk).len(), 2);

    let mut desk = desk_with("fresh", |s| s.vercel.odd.conflict_403 = true);
    let one = variable("A", "1", &["preview"]);
    assert_eq!(post(&mut desk, ENV, one.clone()).0, 201);
    assert_eq!(code(&post(&mut desk, ENV, one)), (403, "ENV_CONFLICT"));
}

#[test]
fn a_variable_that_cannot_be_is_refused_with_its_own_code() {
    let mut desk = desk("fresh");
    let mut tried = |change: Value| {
        let mut body = variable("REACT_APP_X", "1", &["preview"]);
        for (name, value) in change.as_object().unwrap() {
            body[name] = value.clone();
        }
        let answer = post(&mut desk, UPSERT, body);
        format!("{} {}", answer.0, code(&answer).1)
    };
    assert_eq!(
        tried(json!({ "key": "1A" })),
        "400 env_key_invalid_characters"
    );
    assert_eq!(
        tried(json!({ "key": "A-B" })),
        "400 env_key_invalid_characters"
    );
    assert_eq!(tried(json!({ "key": "VERCEL_URL" })), "400 KEY_RESERVED");
    assert_eq!(
        tried(json!({ "key": "AWS_REGION" })),
        "400 RESERVED_ENV_VARIABLE"
    );
    let long = "x".repeat(64 * 1024 + 1);
    assert_eq!(
        tried(json!({ "value": long })),
        "400 env_value_invalid_length"
    );
    assert_eq!(tried(json!({ "type": "secret" })), "400 bad_request");
    assert_eq!(tried(json!({ "target": ["staging"] })), "400 bad_request");
    assert_eq!(tried(json!({ "target": [] })), "400 bad_request");
    assert_eq!(tried(json!({ "value": 1 })), "400 bad_request");
    assert_eq!(tried(json!({ "secret": true })), "400 bad_request");
    assert_eq!(
        tried(json!({ "gitBranch": "nowhere" })),
        "400 git_branch_not_found"
    );
    assert_eq!(tried(json!({ "gitBranch": "main" })), "400 bad_request");
    let both = json!({ "gitBranch": "main", "target": ["production"] });
    assert_eq!(tried(both), "400 bad_request");
    let open = json!({ "type": "sensitive", "target": ["development"] });
    assert_eq!(tried(open), "400 bad_request");
    assert_eq!(tried(json!({})), "201 ");
    assert_eq!(listed(&mut desk), ["REACT_APP_X 1"]);
    assert_eq!(
        code(&get(&mut desk, "/v10/projects/nowhere/env")),
        (404, "not_found")
    );
    assert_eq!(
        code(&get(&mut desk, "/v1/projects/shop/env/x")),
        (404, "not_found")
    );
}

#[test]
fn a_team_may_keep_every_value_from_being_read_again() {
    let mut desk = desk_with("fresh", |s| {
        s.vercel.teams[0].sensitive_variables = "on".to_owned();
    });
    let (_, team) = desk.get("/v2/teams/acme");
    assert_eq!(team["sensitiveEnvironmentVariablePolicy"], "on");
    let (_, made) = post(
        &mut desk,
        UPSERT,
        variable("KEY", "hidden", &["production"]),
    );
    assert_eq!(made["created"]["type"], "sensitive");
    let id = text(&made["created"], "id").to_owned();
    let (_, one) = get(&mut desk, &format!("/v1/projects/shop/env/{id}"));
    assert_eq!(
        (&one["value"], &one["decrypted"]),
        (&json!(""), &json!(false))
    );
    assert_eq!(listed(&mut desk), ["KEY "]);
    let path = format!("/v9/projects/shop/env/{id}");
    let renamed = patch(&mut desk, &path, json!({ "key": "OTHER" }));
    assert_eq!(code(&renamed), (400, "bad_request"));
    let (_, changed) = patch(&mut desk, &path, json!({ "value": "new" }));
    assert!(changed["updatedAt"].as_i64() > one["updatedAt"].as_i64());
}

#[test]
fn a_long_list_goes_on_and_a_single_target_may_stand_alone() {
    let mut desk = desk_with("fresh", |s| {
        s.vercel.odd.variables_a_page = Some(2);
        s.vercel.odd.bare_target = true;
    });
    let all: Vec<Value> = (0..5)
        .map(|n| variable(&format!("V{n}"), "1", &["preview"]))
        .collect();
    post(&mut desk, UPSERT, json!(all));
    let (mut names, mut path) = (Vec::new(), ENV.to_owned());
    loop {
        let (_, page) = get(&mut desk, &path);
        for one in page["envs"].as_array().unwrap() {
            assert_eq!(one["target"], "preview");
            names.push(text(one, "key").to_owned());
        }
        match page["pagination"]["next"].as_i64() {
            Some(next) => path = format!("{ENV}?until={next}"),
            None => break,
        }
    }
    assert_eq!(names, ["V4", "V3", "V2", "V1", "V0"]);
}

#[test]
fn a_changed_value_reaches_only_what_is_built_afterwards() {
    let mut desk = desk("fresh");
    patch(
        &mut desk,
        "/v9/projects/shop",
        json!({ "buildCommand": BUILD }),
    );
    post(
        &mut desk,
        UPSERT,
        variable("REACT_APP_X", "one", &["production"]),
    );
    let first = redeploy(&mut desk, "production");
    post(
        &mut desk,
        UPSERT,
        variable("REACT_APP_X", "two", &["production"]),
    );
    let live = |desk: &mut Desk| {
        desk.world.advance(desk.now);
        let answer = desk
            .world
            .vercel
            .answer(desk.now, "shop.vercel.app", &|_| true);
        let super::VercelAnswer::Site(site) = answer else {
            panic!("{answer:?}");
        };
        (
            site.deployment.clone(),
            site.variables["REACT_APP_X"].clone(),
        )
    };
    // The default protection lets nobody in; without it the page is open.
    patch(
        &mut desk,
        "/v9/projects/shop",
        json!({ "ssoProtection": null }),
    );
    let id = text(&first, "id").to_owned();
    assert_eq!(live(&mut desk), (id, "one".to_owned()));
    let second = redeploy(&mut desk, "production");
    let id = text(&second, "id").to_owned();
    assert_eq!(live(&mut desk), (id, "two".to_owned()));

    // Too much of it together builds no more.
    for key in ["BIG_A", "BIG_B"] {
        let big = variable(key, &"x".repeat(40_000), &["production"]);
        assert_eq!(post(&mut desk, UPSERT, big).0, 201);
    }
    let third = redeploy(&mut desk, "production");
    let (_, seen) = get(
        &mut desk,
        &format!("/v13/deployments/{}", text(&third, "id")),
    );
    assert_eq!(seen["readyState"], "ERROR");
    assert!(text(&seen, "errorMessage").contains("64 KB"), "{seen}");
}

#[test]
fn a_project_takes_its_variables_along_when_it_goes() {
    let mut desk = desk("fresh");
    post(&mut desk, UPSERT, variable("A", "1", &["preview"]));
    let path = team(&mut desk, "/v9/projects/shop");
    assert_eq!(desk.delete(&path).0, 204);
    let objects = desk.world.ledger().objects;
    let mut variables = objects.iter().filter(|one| one.kind == "variable");
    let gone = variables.next().unwrap();
    assert_eq!((gone.made_by, gone.alive), (MadeBy::Golive, false));
}
