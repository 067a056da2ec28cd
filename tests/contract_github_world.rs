//! The simulated GitHub against the provider's own document: every reply of a busy life has the shape it promises.
//!
//! The document is not part of this repository. `GOLIVE_SPECS` names its folder; else `../shared/specs` is tried.

use std::collections::BTreeSet;
use std::path::PathBuf;

use golive::seam::transport::Method;
use golive::sim::{Act, Answer, Call, Names, Provider, Scenario, World, scenario};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

fn document() -> Option<Value> {
    let folder = std::env::var_os("GOLIVE_SPECS").map_or_else(
        || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../shared/specs"),
        PathBuf::from,
    );
    let file = folder.join("github.openapi.json");
    match std::fs::read(&file) {
        Ok(bytes) => Some(serde_json::from_slice(&bytes).expect("the document is JSON")),
        Err(cause) => {
            eprintln!(
                "nothing was compared: {} cannot be read, {cause}",
                file.display()
            );
            None
        }
    }
}

/// A small reader of JSON schemas: required, type, enum, nullable, items, properties, the three kinds of choice, references.
struct Schemas<'a> {
    document: &'a Value,
}

impl Schemas<'_> {
    fn follow<'s>(&'s self, mut node: &'s Value) -> &'s Value {
        while let Some(reference) = node["$ref"].as_str() {
            let pointer = reference.trim_start_matches('#');
            node = self
                .document
                .pointer(pointer)
                .expect("a reference leads somewhere");
        }
        node
    }

    /// The schema of a reply, when the document describes one.
    fn of_reply(&self, template: &str, method: Method, status: u16) -> Option<&Value> {
        let method = method.as_str().to_lowercase();
        let operation = &self.document["paths"][template][method];
        assert!(operation.is_object(), "{template} is documented");
        let reply = self.follow(&operation["responses"][status.to_string()]);
        let schema = &reply["content"]["application/json"]["schema"];
        schema.is_object().then_some(schema)
    }

    fn check(&self, value: &Value, schema: &Value, place: &str, wrong: &mut Vec<String>) {
        let schema = self.follow(schema);
        if value.is_null() && nullable(schema) {
            return;
        }
        if let Some(parts) = schema["allOf"].as_array() {
            for part in parts {
                self.check(value, part, place, wrong);
            }
        }
        for kind in ["oneOf", "anyOf"] {
            if let Some(choices) = schema[kind].as_array() {
                self.choose(value, choices, place, wrong);
            }
        }
        if let Some(allowed) = schema["enum"].as_array()
            && !allowed.contains(value)
        {
            wrong.push(format!("{place}: {value} is none of {allowed:?}"));
        }
        let types = type_names(schema);
        if !types.is_empty() && !types.iter().any(|name| is_of(value, name)) {
            wrong.push(format!("{place}: {value} is not {types:?}"));
            return;
        }
        for name in schema["required"].as_array().into_iter().flatten() {
            let name = name.as_str().unwrap_or_default();
            if value.is_object() && value.get(name).is_none() {
                wrong.push(format!("{place}: {name} is missing"));
            }
        }
        if let (Some(fields), Some(known)) = (value.as_object(), schema["properties"].as_object()) {
            for (name, field) in fields {
                if let Some(schema) = known.get(name) {
                    self.check(field, schema, &format!("{place}.{name}"), wrong);
                }
            }
        }
        if let (Some(items), true) = (value.as_array(), schema["items"].is_object()) {
            for (index, item) in items.iter().enumerate() {
                self.check(item, &schema["items"], &format!("{place}[{index}]"), wrong);
            }
        }
    }

    /// One choice must fit; if none does, what the nearest one misses is told.
    fn choose(&self, value: &Value, choices: &[Value], place: &str, wrong: &mut Vec<String>) {
        let nearest = choices
            .iter()
            .map(|choice| {
                let mut wrong = Vec::new();
                self.check(value, choice, place, &mut wrong);
                wrong
            })
            .min_by_key(Vec::len);
        wrong.extend(nearest.unwrap_or_default());
    }
}

fn type_names(schema: &Value) -> Vec<&str> {
    match &schema["type"] {
        Value::String(name) => vec![name],
        Value::Array(names) => names.iter().filter_map(Value::as_str).collect(),
        _ => Vec::new(),
    }
}

fn nullable(schema: &Value) -> bool {
    schema["nullable"] == true || type_names(schema).contains(&"null")
}

fn is_of(value: &Value, name: &str) -> bool {
    match name {
        "object" => value.is_object(),
        "array" => value.is_array(),
        "string" => value.is_string(),
        "integer" => value.is_i64() || value.is_u64(),
        "number" => value.is_number(),
        "boolean" => value.is_boolean(),
        "null" => value.is_null(),
        _ => true,
    }
}

/// A caller whose every reply is compared.
struct Caller<'a> {
    world: World,
    now: Timestamp,
    token: &'a str,
    schemas: Schemas<'a>,
    compared: BTreeSet<String>,
    wrong: Vec<String>,
}

const START: &str = "2026-11-24T08:00:00Z";

fn world(name: &str, change: impl FnOnce(&mut Scenario)) -> World {
    let mut scenario = Scenario::named(name, &Names::example()).expect("a world of that name");
    scenario.lag = false;
    change(&mut scenario);
    World::new(&scenario, 5, START.parse().expect("a time"))
}

impl Caller<'_> {
    /// `template` is the document's path, `path` the one called below the repository (or from the root).
    fn call(
        &mut self,
        method: Method,
        template: &str,
        path: &str,
        body: Option<Value>,
    ) -> (u16, Value) {
        self.now += SignedDuration::from_secs(2);
        let (template, path) = if template.starts_with('/') {
            (template.to_owned(), path.to_owned())
        } else {
            (
                format!("/repos/{{owner}}/{{repo}}{}", &template[1..]),
                format!("/repos/acme/shop{}", &path[1..]),
            )
        };
        let header = |name: &str, value: String| (name.to_owned(), value);
        let call = Call {
            provider: Provider::Github,
            method,
            path: path.clone(),
            headers: vec![
                header("user-agent", "golive/0".to_owned()),
                header("authorization", format!("Bearer {}", self.token)),
            ],
            body: body.map(|body| body.to_string().into_bytes()),
        };
        let Answer::Reply(response) = self.world.call(self.now, &call) else {
            panic!("no fault was asked for");
        };
        let body: Value = serde_json::from_slice(&response.body).unwrap_or(Value::Null);
        let place = format!("{method} {path} {}", response.status);
        if let Some(schema) = self.schemas.of_reply(&template, method, response.status) {
            let mut wrong = Vec::new();
            self.schemas.check(&body, schema, &place, &mut wrong);
            self.wrong.extend(wrong);
            self.compared
                .insert(format!("{method} {template} {}", response.status));
        } else if response.status >= 400 {
            let told = body["message"].is_string() && body["documentation_url"].is_string();
            assert!(told, "{place}: {body}");
        }
        (response.status, body)
    }

    fn get(&mut self, template: &str, path: &str) -> (u16, Value) {
        self.call(Method::Get, template, path, None)
    }

    fn same(&mut self, path: &str) -> (u16, Value) {
        self.call(Method::Get, path, path, None)
    }

    fn wait(&mut self, seconds: i64) {
        self.now += SignedDuration::from_secs(seconds);
    }
}

/// The world's token, as text: the document's test speaks to it as any client would.
fn token() -> String {
    let text = world("fresh", |_| {})
        .tokens()
        .remove("github")
        .expect("a token");
    text.expose().to_owned()
}

fn caller<'a>(document: &'a Value, token: &'a str, world: World) -> Caller<'a> {
    Caller {
        world,
        now: START.parse().expect("a time"),
        token,
        schemas: Schemas { document },
        compared: BTreeSet::new(),
        wrong: Vec::new(),
    }
}

fn general(caller: &mut Caller<'_>) {
    caller.same("/user");
    caller.same("/rate_limit");
    caller.same("/versions");
    caller.get(".", ".");
    caller.get("./collaborators", "./collaborators");
    caller.get(
        "./collaborators/{username}/permission",
        "./collaborators/robin/permission",
    );
}

fn git(caller: &mut Caller<'_>) -> String {
    let (_, head) = caller.get("./git/ref/{ref}", "./git/ref/heads%2Fmain");
    let sha = head["object"]["sha"].as_str().expect("a sha").to_owned();
    for branch in ["develop", "x"] {
        let body = json!({ "ref": format!("refs/heads/{branch}"), "sha": sha });
        let (status, _) = caller.call(Method::Post, "./git/refs", "./git/refs", Some(body.clone()));
        assert_eq!(status, 201);
        caller.call(Method::Post, "./git/refs", "./git/refs", Some(body));
    }
    caller.get("./git/ref/{ref}", "./git/ref/heads%2Fnowhere");
    caller.get("./git/matching-refs/{ref}", "./git/matching-refs/heads%2F");
    let (_, commit) = caller.get(
        "./git/commits/{commit_sha}",
        &format!("./git/commits/{sha}"),
    );
    let tree = commit["tree"]["sha"].as_str().expect("a sha").to_owned();
    caller.get(
        "./git/trees/{tree_sha}",
        &format!("./git/trees/{tree}?recursive=1"),
    );
    let (_, blob) = caller.call(
        Method::Post,
        "./git/blobs",
        "./git/blobs",
        Some(json!({ "content": "hello" })),
    );
    let blob = blob["sha"].as_str().expect("a sha").to_owned();
    caller.get("./git/blobs/{file_sha}", &format!("./git/blobs/{blob}"));
    let entry = json!({ "path": "a/b", "mode": "100644", "type": "blob", "sha": blob });
    let (_, tree) = caller.call(
        Method::Post,
        "./git/trees",
        "./git/trees",
        Some(json!({ "base_tree": tree, "tree": [entry] })),
    );
    let body = json!({ "message": "m", "tree": tree["sha"], "parents": [sha] });
    let (_, commit) = caller.call(Method::Post, "./git/commits", "./git/commits", Some(body));
    let (status, _) = caller.call(
        Method::Patch,
        "./git/refs/{ref}",
        "./git/refs/heads%2Fx",
        Some(json!({ "sha": commit["sha"], "force": false })),
    );
    assert_eq!(status, 200);
    caller.get("./branches", "./branches");
    caller.get("./branches/{branch}", "./branches/main");
    caller.get("./branches/{branch}", "./branches/nowhere");
    caller.get("./commits/{ref}", "./commits/x");
    caller.get("./compare/{basehead}", "./compare/main...x");
    caller.get("./contents/{path}", "./contents/server");
    caller.get("./contents/{path}", "./contents/server%2Fserver.js?ref=x");
    let file = json!({ "message": "m", "content": "eA==", "branch": "x" });
    caller.call(
        Method::Put,
        "./contents/{path}",
        "./contents/new.txt",
        Some(file),
    );
    commit["sha"].as_str().expect("a sha").to_owned()
}

fn rules(caller: &mut Caller<'_>) {
    let body = json!({
        "name": "golive: main", "target": "branch", "enforcement": "active",
        "conditions": { "ref_name": { "include": ["refs/heads/main"], "exclude": [] } },
        "bypass_actors": [{ "actor_id": 5, "actor_type": "RepositoryRole", "bypass_mode": "pull_request" }],
        "rules": [
            { "type": "deletion" },
            { "type": "non_fast_forward" },
            { "type": "pull_request", "parameters": {
                "required_approving_review_count": 1,
                "dismiss_stale_reviews_on_push": false,
                "require_code_owner_review": false,
                "require_last_push_approval": false,
                "required_review_thread_resolution": false,
            } },
            { "type": "required_status_checks", "parameters": {
                "strict_required_status_checks_policy": false,
                "required_status_checks": [{ "context": "build" }],
            } },
        ],
    });
    let (status, made) = caller.call(Method::Post, "./rulesets", "./rulesets", Some(body.clone()));
    assert_eq!(status, 201, "{made}");
    let path = format!("./rulesets/{}", made["id"]);
    caller.get("./rulesets", "./rulesets");
    caller.get("./rulesets/{ruleset_id}", &path);
    caller.call(Method::Put, "./rulesets/{ruleset_id}", &path, Some(body));
    caller.get("./rules/branches/{branch}", "./rules/branches/main");
    let path = "./branches/develop/protection";
    let template = "./branches/{branch}/protection";
    caller.get(template, path);
    let body = json!({
        "required_status_checks": { "strict": true, "checks": [{ "context": "build", "app_id": -1 }] },
        "enforce_admins": false,
        "required_pull_request_reviews": { "required_approving_review_count": 0 },
        "restrictions": null,
    });
    let (status, _) = caller.call(Method::Put, template, path, Some(body));
    assert_eq!(status, 200);
    caller.get(template, path);
    caller.get("./branches/{branch}", "./branches/develop");
    caller.call(Method::Delete, template, path, None);
}

fn pulls(caller: &mut Caller<'_>, sha: &str) {
    let body = json!({ "title": "t", "head": "x", "base": "develop", "body": "b" });
    let (status, _) = caller.call(Method::Post, "./pulls", "./pulls", Some(body.clone()));
    assert_eq!(status, 201);
    caller.call(Method::Post, "./pulls", "./pulls", Some(body));
    let one = "./pulls/{pull_number}";
    caller.get(one, "./pulls/1");
    caller.get(one, "./pulls/99");
    caller.get("./pulls", "./pulls?state=all");
    caller.get("./pulls/{pull_number}/files", "./pulls/1/files");
    caller.call(
        Method::Patch,
        one,
        "./pulls/1",
        Some(json!({ "title": "u" })),
    );
    let asked = "./pulls/{pull_number}/requested_reviewers";
    let robin = json!({ "reviewers": ["robin"] });
    caller.call(
        Method::Post,
        asked,
        "./pulls/1/requested_reviewers",
        Some(robin),
    );
    caller.get(asked, "./pulls/1/requested_reviewers");
    caller.wait(10);
    let runs = format!("./commits/{sha}/check-runs");
    caller.get("./commits/{ref}/check-runs", &runs);
    caller.wait(120);
    caller.get("./commits/{ref}/check-runs", &runs);
    caller.get("./commits/{ref}/status", &format!("./commits/{sha}/status"));
    caller.get("./actions/runs", "./actions/runs");
    let reviews = "./pulls/{pull_number}/reviews";
    let approve = json!({ "event": "APPROVE" });
    caller.call(Method::Post, reviews, "./pulls/1/reviews", Some(approve));
    let comment = json!({ "event": "COMMENT", "body": "Looks fine" });
    caller.call(Method::Post, reviews, "./pulls/1/reviews", Some(comment));
    caller
        .world
        .person(caller.now, &Act::ApprovePull(1))
        .expect("a reviewer");
    caller.get(reviews, "./pulls/1/reviews");
    caller.get(one, "./pulls/1");
    caller
        .world
        .person(caller.now, &Act::Push("develop".to_owned()))
        .expect("a push");
    caller.wait(10);
    let update = "./pulls/{pull_number}/update-branch";
    caller.call(
        Method::Put,
        update,
        "./pulls/1/update-branch",
        Some(json!({})),
    );
    caller.wait(120);
    let merge = "./pulls/{pull_number}/merge";
    caller.get(merge, "./pulls/1/merge");
    let (status, merged) = caller.call(Method::Put, merge, "./pulls/1/merge", Some(json!({})));
    assert_eq!(status, 200, "{merged}");
    caller.call(Method::Put, merge, "./pulls/1/merge", Some(json!({})));
    caller.get(one, "./pulls/1");
    caller.get(
        "./commits/{commit_sha}/pulls",
        &format!("./commits/{sha}/pulls"),
    );
    caller.call(
        Method::Delete,
        "./git/refs/{ref}",
        "./git/refs/heads%2Fx",
        None,
    );
    let issue = json!({ "title": "Debt", "body": "b", "labels": ["golive"] });
    caller.call(Method::Post, "./issues", "./issues", Some(issue));
    caller.get("./issues", "./issues?state=all");
    caller.get("./issues/{issue_number}", "./issues/2");
    caller.get("./labels", "./labels");
}

#[test]
fn every_reply_has_the_shape_that_the_document_promises() {
    let Some(document) = document() else {
        return;
    };
    let token = token();
    let mut caller = caller(&document, &token, world("fresh", |_| {}));
    general(&mut caller);
    let sha = git(&mut caller);
    rules(&mut caller);
    pulls(&mut caller, &sha);
    assert!(caller.wrong.is_empty(), "{:#?}", caller.wrong);
    let count = caller.compared.len();
    assert!(
        count >= 45,
        "only {count} kinds of reply were compared: {:#?}",
        caller.compared
    );
}

#[test]
fn a_shape_that_is_wrong_is_noticed() {
    let document = json!({ "components": { "schemas": { "thing": {
        "type": "object", "required": ["id", "name"],
        "properties": { "id": { "type": "integer" }, "name": { "type": "string", "nullable": true },
            "state": { "enum": ["open", "closed"] } },
    } } } });
    let schemas = Schemas {
        document: &document,
    };
    let reference = json!({ "$ref": "#/components/schemas/thing" });
    let wrong = |value: Value| {
        let mut wrong = Vec::new();
        schemas.check(&value, &reference, "thing", &mut wrong);
        wrong.len()
    };
    assert_eq!(wrong(json!({ "id": 1, "name": null, "state": "open" })), 0);
    assert_eq!(wrong(json!({ "id": "1", "state": "ajar" })), 3);
}
