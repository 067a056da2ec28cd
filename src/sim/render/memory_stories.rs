//! A killed rehearsal's Render: what is remembered of it holds no secret, and living through it again gives the same.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::stories::{api, calm, owner, redis};
use crate::seam::transport::Method;
use crate::secret::Secret;
use crate::sim::chronicle::Entry;
use crate::sim::desk::Desk;
use crate::sim::hidden::Known;
use crate::sim::scenario::tests::names;
use crate::sim::{Provider, Scenario, World};

const SALT: &str = "c1ab0f1f5f4dcc3b5aa765d61d8327de";
const TYPED: &str = "what-somebody-typed";

fn known() -> Known {
    Known {
        secrets: BTreeMap::from([("prod.SESSION_SECRET".to_owned(), Secret::new(SALT))]),
        plain: BTreeSet::from(["ENVIRONMENT_NAME".to_owned()]),
    }
}

struct Rehearsal {
    desk: Desk,
    lines: Vec<String>,
}

impl Rehearsal {
    fn call(&mut self, method: Method, path: &str, body: Option<Value>) -> Value {
        self.desk.wait(2);
        let call = self.desk.call_for(method, path, body);
        let response = self.desk.raw(&call);
        assert!(response.status < 300, "{path}: {}", response.status);
        if let Some(entry) = Entry::of_last_call(&self.desk.world, &call) {
            self.lines.push(serde_json::to_string(&entry).unwrap());
        }
        serde_json::from_slice(&response.body).unwrap_or_default()
    }

    /// The world of a process that reads what this one wrote down.
    fn again(&self, start: &World) -> World {
        let scenario = Scenario::named("done", &names()).map(|mut scenario| {
            scenario.lag = false;
            scenario
        });
        let mut world = World::new(&scenario.unwrap(), start.seed(), start.now());
        world.know(known());
        for line in &self.lines {
            let entry: Entry = serde_json::from_str(line).unwrap();
            entry.replay(&mut world).unwrap();
        }
        world.advance(self.desk.now);
        world
    }
}

#[test]
fn a_killed_rehearsal_reads_back_its_groups_and_its_file_has_none_of_their_secrets() {
    let mut desk = calm("done");
    let start = desk.world.clone();
    desk.world.know(known());
    let owner = owner(&mut desk);
    let mut rehearsal = Rehearsal {
        desk,
        lines: vec![],
    };
    let made = rehearsal.call(
        Method::Post,
        "/v1/services",
        Some(api(&owner, "shop-extra")),
    );
    let service = made["service"]["id"].as_str().unwrap().to_owned();
    let queue = rehearsal.call(Method::Post, "/v1/key-value", Some(redis(&owner, "extra")));
    let queue = queue["id"].as_str().unwrap().to_owned();
    let info = format!("/v1/key-value/{queue}/connection-info");
    let info = rehearsal.call(Method::Get, &info, None);
    let address = info["externalConnectionString"]
        .as_str()
        .unwrap()
        .to_owned();
    let password = rehearsal.desk.world.token("mongodb_dev").to_owned();
    let stripe = rehearsal.desk.world.token("stripe_sk_test").to_owned();
    let database = |password: &str| {
        format!("mongodb+srv://shop_dev_user:{password}@shop-dev.d3e4f.mongodb.net/shop-dev")
    };
    let entry = |key: &str, value: &str| json!({ "key": key, "value": value });
    let body = json!({
        "name": "shop-extra-env", "ownerId": owner, "serviceIds": [service],
        "secretFiles": [{ "name": "key.pem", "content": TYPED }],
        "envVars": [
            entry("DATABASE_URL", &database(&password)),
            entry("REDIS_URL", &address),
            entry("STRIPE_SECRET_KEY", &stripe),
            entry("SESSION_SECRET", SALT),
            entry("CORS_ORIGIN", "https://www.acmeshop.example"),
            entry("ENVIRONMENT_NAME", "extra"),
        ],
    });
    let group = rehearsal.call(Method::Post, "/v1/env-groups", Some(body));
    let path = format!("/v1/env-groups/{}", group["id"].as_str().unwrap());
    let typed = json!({ "value": TYPED });
    rehearsal.call(Method::Put, &format!("{path}/env-vars/OTHER"), Some(typed));
    let open = json!({ "ipAllowList": [
        { "cidrBlock": "74.220.51.0/24", "description": "Render" },
        { "cidrBlock": "74.220.59.0/24", "description": "Render" },
    ] });
    rehearsal.call(Method::Patch, &format!("/v1/key-value/{queue}"), Some(open));
    let own = format!("/v1/services/{service}/env-vars/DATABASE_URL");
    rehearsal.call(Method::Delete, &own, None);
    rehearsal.desk.wait(300);
    rehearsal.call(
        Method::Post,
        &format!("/v1/services/{service}/deploys"),
        None,
    );
    rehearsal.desk.wait(600);
    let file = rehearsal.lines.join("\n");
    let (_, secret) = address.split_once(&format!("{queue}:")).unwrap();
    let secret = secret.split('@').next().unwrap();
    for value in [password.as_str(), &stripe, SALT, TYPED, secret] {
        assert!(!file.contains(value), "{value} stands in the file");
    }

    let mut again = rehearsal.again(&start);
    let read = rehearsal.desk.call_for(Method::Get, &path, None);
    let body = |world: &mut World, now| match world.call(now, &read) {
        crate::sim::Answer::Reply(response) => {
            serde_json::from_slice::<Value>(&response.body).unwrap()
        }
        other => panic!("{other:?}"),
    };
    rehearsal.desk.wait(1);
    let now = rehearsal.desk.now;
    let (old, new) = (body(&mut rehearsal.desk.world, now), body(&mut again, now));
    let others = |group: &Value| -> Vec<Value> {
        let all = group["envVars"].as_array().unwrap().iter();
        all.filter(|one| one["key"] != "OTHER").cloned().collect()
    };
    assert_eq!(others(&old), others(&new));
    assert_eq!(others(&new).len(), 6);
    let host = |world: &World| {
        let services = &world.render.state.current().services;
        format!("{}.onrender.com", services[&service].slug)
    };
    let live = |world: &World| world.render.site(now, &host(world)).unwrap().live.unwrap();
    assert_eq!(live(&again).variables["REDIS_URL"], address);
    assert_eq!(live(&again).commit, live(&rehearsal.desk.world).commit);
    let ledger = |world: &World| {
        let objects = world.ledger().objects.into_iter();
        objects
            .filter(|one| one.provider == Provider::Render)
            .collect::<Vec<_>>()
    };
    assert_eq!(ledger(&rehearsal.desk.world), ledger(&again));
    // What was typed is gone, and reads back as nothing that anybody typed.
    let typed = |group: &Value| {
        let mut all = group["envVars"].as_array().unwrap().iter();
        all.find(|one| one["key"] == "OTHER").unwrap()["value"].clone()
    };
    assert_eq!(typed(&old), TYPED);
    assert_eq!(typed(&new), "{{the world's forgotten value}}");
}
