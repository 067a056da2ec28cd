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
use crate::sim::{Answer, Provider, Scenario, World};

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

/// The variable of a group with that name.
fn value(group: &Value, key: &str) -> String {
    let mut all = group["envVars"].as_array().unwrap().iter();
    let found = all.find(|one| one["key"] == key).unwrap();
    found["value"].as_str().unwrap().to_owned()
}

/// What a rehearsal has made, and the secrets that it has sent on the way.
struct Made {
    service: String,
    /// The path of the group.
    group: String,
    secrets: Vec<String>,
    redis: String,
}

/// A service, a queue, a group with secrets of every origin, and a deploy that reads them.
fn live(rehearsal: &mut Rehearsal) -> Made {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let owner = owner(&mut rehearsal.desk);
    let body = api(&owner, "shop-extra");
    let made = rehearsal.call(Method::Post, "/v1/services", Some(body));
    let service = text(&made["service"]["id"]);
    let body = redis(&owner, "extra");
    let queue = rehearsal.call(Method::Post, "/v1/key-value", Some(body));
    let queue = text(&queue["id"]);
    let info = format!("/v1/key-value/{queue}/connection-info");
    let info = rehearsal.call(Method::Get, &info, None);
    let address = text(&info["externalConnectionString"]);
    let token = |name: &str| rehearsal.desk.world.token(name).to_owned();
    let (password, stripe) = (token("mongodb_dev"), token("stripe_sk_test"));
    let database =
        format!("mongodb+srv://shop_dev_user:{password}@shop-dev.d3e4f.mongodb.net/shop-dev");
    let entry = |key: &str, value: &str| json!({ "key": key, "value": value });
    let body = json!({
        "name": "shop-extra-env", "ownerId": owner, "serviceIds": [service],
        "secretFiles": [{ "name": "key.pem", "content": TYPED }],
        "envVars": [
            entry("DATABASE_URL", &database),
            entry("REDIS_URL", &address),
            entry("STRIPE_SECRET_KEY", &stripe),
            entry("SESSION_SECRET", SALT),
            entry("CORS_ORIGIN", "https://www.acmeshop.example"),
            entry("ENVIRONMENT_NAME", "extra"),
        ],
    });
    let group = rehearsal.call(Method::Post, "/v1/env-groups", Some(body));
    let group = format!("/v1/env-groups/{}", text(&group["id"]));
    let typed = json!({ "value": TYPED });
    rehearsal.call(Method::Put, &format!("{group}/env-vars/OTHER"), Some(typed));
    let open = ["74.220.51.0/24", "74.220.59.0/24"]
        .map(|block| json!({ "cidrBlock": block, "description": "Render" }));
    let open = json!({ "ipAllowList": open });
    rehearsal.call(Method::Patch, &format!("/v1/key-value/{queue}"), Some(open));
    let own = format!("/v1/services/{service}/env-vars/DATABASE_URL");
    rehearsal.call(Method::Delete, &own, None);
    rehearsal.desk.wait(300);
    let deploys = format!("/v1/services/{service}/deploys");
    rehearsal.call(Method::Post, &deploys, None);
    rehearsal.desk.wait(600);
    let (_, secret) = address.split_once(&format!("{queue}:")).unwrap();
    let secret = secret.split('@').next().unwrap().to_owned();
    Made {
        service,
        group,
        secrets: vec![password, stripe, SALT.to_owned(), TYPED.to_owned(), secret],
        redis: address,
    }
}

#[test]
fn a_killed_rehearsal_reads_back_its_groups_and_its_file_has_none_of_their_secrets() {
    let mut desk = calm("done");
    let start = desk.world.clone();
    desk.world.know(known());
    let mut rehearsal = Rehearsal {
        desk,
        lines: Vec::new(),
    };
    let made = live(&mut rehearsal);
    let file = rehearsal.lines.join("\n");
    for value in &made.secrets {
        assert!(!file.contains(value.as_str()), "{value} stands in the file");
    }

    let mut again = rehearsal.again(&start);
    rehearsal.desk.wait(1);
    let now = rehearsal.desk.now;
    let read = rehearsal.desk.call_for(Method::Get, &made.group, None);
    let group = |world: &mut World| match world.call(now, &read) {
        Answer::Reply(response) => serde_json::from_slice::<Value>(&response.body).unwrap(),
        other => panic!("{other:?}"),
    };
    let (old, new) = (group(&mut rehearsal.desk.world), group(&mut again));
    for key in [
        "DATABASE_URL",
        "REDIS_URL",
        "STRIPE_SECRET_KEY",
        "SESSION_SECRET",
        "CORS_ORIGIN",
        "ENVIRONMENT_NAME",
    ] {
        assert_eq!(value(&old, key), value(&new, key), "{key}");
    }
    // What was typed is gone, and reads back as nothing that anybody typed.
    assert_eq!(value(&old, "OTHER"), TYPED);
    assert_eq!(value(&new, "OTHER"), "{{the world's forgotten value}}");
    let live = |world: &World| {
        let slug = &world.render.state.current().services[&made.service].slug;
        let host = format!("{slug}.onrender.com");
        world.render.site(now, &host).unwrap().live.unwrap()
    };
    assert_eq!(live(&again).variables["REDIS_URL"], made.redis);
    assert_eq!(live(&again).commit, live(&rehearsal.desk.world).commit);
    let ledger = |world: &World| {
        let objects = world.ledger().objects.into_iter();
        let own = objects.filter(|one| one.provider == Provider::Render);
        own.collect::<Vec<_>>()
    };
    assert_eq!(ledger(&rehearsal.desk.world), ledger(&again));
}
