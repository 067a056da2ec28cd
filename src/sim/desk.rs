//! A desk for tests: one caller with a clock of their own, at a world.

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::scenario::tests::names;
use super::{Act, Answer, Call, Provider, Scenario, World};
use crate::seam::transport::{HttpResponse, Method};

pub struct Desk {
    pub world: World,
    pub now: Timestamp,
    /// What the calls carry as their `authorization`.
    pub authorization: String,
    pub provider: Provider,
}

pub const REPO: &str = "/repos/acme/shop";

/// A named world, changed a little.
pub fn scenario(name: &str, change: impl FnOnce(&mut Scenario)) -> Scenario {
    let mut scenario = Scenario::named(name, &names()).expect("a named world");
    change(&mut scenario);
    scenario
}

impl Desk {
    /// A world without lag, so that a story can be read straight down.
    pub fn calm(name: &str) -> Desk {
        Desk::at(&scenario(name, |scenario| scenario.lag = false))
    }

    pub fn at(scenario: &Scenario) -> Desk {
        let now = "2026-11-24T08:00:00Z".parse().expect("a time");
        let world = World::new(scenario, 11, now);
        let authorization = format!("Bearer {}", world.token("github"));
        Desk {
            world,
            now,
            authorization,
            provider: Provider::Github,
        }
    }

    /// The same caller at another provider.
    pub fn turn_to(mut self, provider: Provider) -> Desk {
        let signature = self.world.signatures(provider).into_iter().next();
        self.authorization = signature.unwrap_or_default();
        self.provider = provider;
        self
    }

    pub fn wait(&mut self, seconds: i64) {
        self.now += SignedDuration::from_secs(seconds);
    }

    pub fn call_for(&self, method: Method, path: &str, body: Option<Value>) -> Call {
        let header = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        Call {
            provider: self.provider,
            method,
            path: if path.starts_with("/repos") || !path.starts_with('.') {
                path.to_owned()
            } else {
                format!("{REPO}{}", &path[1..])
            },
            headers: vec![
                header("User-Agent", "golive/0"),
                header("Authorization", &self.authorization),
            ],
            body: body.map(|body| body.to_string().into_bytes()),
        }
    }

    pub fn raw(&mut self, call: &Call) -> HttpResponse {
        match self.world.call(self.now, call) {
            Answer::Reply(response) => response,
            other => panic!("no reply: {other:?}"),
        }
    }

    /// A call a second after the last; a path that starts with a dot is below the repository.
    pub fn call(&mut self, method: Method, path: &str, body: Option<Value>) -> (u16, Value) {
        self.wait(1);
        let call = self.call_for(method, path, body);
        let response = self.raw(&call);
        let body = serde_json::from_slice(&response.body).unwrap_or(Value::Null);
        (response.status, body)
    }

    pub fn get(&mut self, path: &str) -> (u16, Value) {
        self.call(Method::Get, path, None)
    }

    pub fn post(&mut self, path: &str, body: Value) -> (u16, Value) {
        self.call(Method::Post, path, Some(body))
    }

    pub fn put(&mut self, path: &str, body: Value) -> (u16, Value) {
        self.call(Method::Put, path, Some(body))
    }

    pub fn delete(&mut self, path: &str) -> (u16, Value) {
        self.call(Method::Delete, path, None)
    }

    pub fn act(&mut self, text: &str) -> Result<String, String> {
        self.world.person(self.now, &Act::parse(text)?)
    }

    /// The head of a branch.
    pub fn head(&mut self, branch: &str) -> String {
        let branch = branch.replace('/', "%2F");
        let (status, body) = self.get(&format!("./git/ref/heads%2F{branch}"));
        assert_eq!(status, 200, "{body}");
        body["object"]["sha"].as_str().expect("a sha").to_owned()
    }

    /// Makes a branch at the head of another.
    pub fn branch(&mut self, name: &str, from: &str) {
        let sha = self.head(from);
        let body = serde_json::json!({ "ref": format!("refs/heads/{name}"), "sha": sha });
        let (status, body) = self.post("./git/refs", body);
        assert_eq!(status, 201, "{body}");
    }

    /// Commits one file to a branch by the git data API.
    pub fn commit(&mut self, branch: &str, path: &str, text: &str) -> (u16, Value) {
        let head = self.head(branch);
        let (_, commit) = self.get(&format!("./git/commits/{head}"));
        let (_, tree) = self.post(
            "./git/trees",
            serde_json::json!({ "base_tree": commit["tree"]["sha"], "tree": [
                { "path": path, "mode": "100644", "type": "blob", "content": text }
            ] }),
        );
        let (status, new) = self.post(
            "./git/commits",
            serde_json::json!({ "message": format!("Write {path}"), "tree": tree["sha"], "parents": [head] }),
        );
        assert_eq!(status, 201, "{new}");
        let branch = branch.replace('/', "%2F");
        let body = serde_json::json!({ "sha": new["sha"], "force": false });
        self.call(
            Method::Patch,
            &format!("./git/refs/heads%2F{branch}"),
            Some(body),
        )
    }

    /// Opens a pull request; its number.
    pub fn open(&mut self, head: &str, base: &str) -> u64 {
        let body =
            serde_json::json!({ "title": format!("{head} to {base}"), "head": head, "base": base });
        let (status, body) = self.post("./pulls", body);
        assert_eq!(status, 201, "{body}");
        body["number"].as_u64().expect("a number")
    }

    pub fn merge(&mut self, number: u64) -> (u16, Value) {
        self.put(
            &format!("./pulls/{number}/merge"),
            serde_json::json!({ "merge_method": "merge" }),
        )
    }
}

/// The sentence of an error.
pub fn message(body: &Value) -> &str {
    body["message"].as_str().unwrap_or_default()
}

/// A ruleset for one branch, as the plan wants it.
pub fn one_review(branch: &str) -> Value {
    json!({
        "name": format!("golive: {branch}"), "target": "branch", "enforcement": "active",
        "conditions": { "ref_name": { "include": [format!("refs/heads/{branch}")], "exclude": [] } },
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
        ],
    })
}
