//! A world where half is there and some names belong to others: golive asks what it must, and changes nothing foreign.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use golive::plan::ItemId;
use golive::seam::transport::Method;
use golive::sim::{Answer, Call, Provider, World};
use golive::view::Shown;
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use super::stage::{Moment, Stage};

const WORLD: &str = "tests/worlds/mixed.toml";

/// What is not the launch's, by its name in lists.
const FOREIGN: [&str; 8] = [
    "marketing-site",
    "bondigoo-platform-staging",
    "newsletter",
    "kindercodes-cache",
    "bondigoo-worker-staging",
    "archive",
    "jonas",
    "198.51.100.24/32",
];

/// A reader of its own, who looks when nothing lags any more.
struct Reader {
    world: World,
    now: Timestamp,
}

impl Reader {
    fn of(moment: &Moment) -> Reader {
        Reader {
            world: moment.world.clone(),
            now: moment.now + SignedDuration::from_hours(1),
        }
    }

    fn ask(&mut self, provider: Provider, path: &str, method: Method, signed: &str) -> Value {
        let header = |name: &str, value: &str| (name.to_string(), value.to_string());
        let form = (method == Method::Post).then(|| b"grant_type=client_credentials".to_vec());
        let kind = match form {
            Some(_) => "application/x-www-form-urlencoded",
            None => "application/vnd.atlas.2024-10-23+json",
        };
        let accept = match form {
            Some(_) => "application/json",
            None => kind,
        };
        let call = Call {
            provider,
            method,
            path: path.to_string(),
            headers: vec![
                header("authorization", signed),
                header("user-agent", "reader"),
                header("accept", accept),
                header("content-type", kind),
            ],
            body: form,
        };
        let Answer::Reply(reply) = self.world.call(self.now, &call) else {
            panic!("{path}: no reply");
        };
        assert_eq!(
            reply.status,
            200,
            "{path}: {}",
            String::from_utf8_lossy(&reply.body)
        );
        serde_json::from_slice(&reply.body).unwrap()
    }

    fn vercel_and_render(&mut self, tokens: &[String; 4]) -> Vec<Value> {
        let bearer = |token: &str| format!("Bearer {token}");
        let (vercel, render) = (bearer(&tokens[0]), bearer(&tokens[1]));
        let projects = "/v10/projects?limit=100&slug=bondigoo";
        let projects = self.ask(Provider::Vercel, projects, Method::Get, &vercel);
        let mut all = projects["projects"].as_array().unwrap().clone();
        for (list, wrapper) in [("services", "service"), ("key-value", "keyValue")] {
            let path = format!("/v1/{list}?limit=100");
            let page = self.ask(Provider::Render, &path, Method::Get, &render);
            let inside = page.as_array().unwrap().iter();
            all.extend(inside.map(|one| one[wrapper].clone()));
        }
        all
    }

    fn atlas(&mut self, tokens: &[String; 4]) -> Vec<Value> {
        let pair = STANDARD.encode(format!("{}:{}", tokens[2], tokens[3]));
        let (basic, door) = (format!("Basic {pair}"), "/api/oauth/token");
        let given = self.ask(Provider::Atlas, door, Method::Post, &basic);
        let signed = format!("Bearer {}", given["access_token"].as_str().unwrap());
        let groups = "/api/atlas/v2/groups";
        let found = self.ask(Provider::Atlas, groups, Method::Get, &signed);
        let mut all = vec![];
        for group in found["results"].as_array().unwrap() {
            for list in ["clusters", "databaseUsers", "accessList"] {
                let path = format!("{groups}/{}/{list}", group["id"].as_str().unwrap());
                let page = self.ask(Provider::Atlas, &path, Method::Get, &signed);
                all.extend(page["results"].as_array().unwrap().clone());
            }
        }
        all
    }

    /// Everything foreign, as its provider shows it, by name.
    fn foreign(mut self) -> Vec<(String, String)> {
        let known = self.world.ready_tokens();
        let tokens =
            ["vercel", "render", "atlas_id", "atlas_secret"].map(|name| known[name].clone());
        let mut all = self.vercel_and_render(&tokens);
        all.extend(self.atlas(&tokens));
        let name = |one: &Value| {
            let names = ["name", "username", "cidrBlock"].map(|key| one[key].as_str());
            names
                .into_iter()
                .flatten()
                .next()
                .unwrap_or_default()
                .to_string()
        };
        let mut foreign: Vec<(String, String)> = all
            .iter()
            .map(|one| (name(one), one.to_string()))
            .filter(|(name, _)| FOREIGN.contains(&name.as_str()))
            .collect();
        foreign.sort();
        foreign
    }
}

#[test]
fn what_belongs_to_others_is_asked_about_and_stays_as_it_was() {
    let (stage, beginning) = Stage::infrastructure(WORLD, 5);
    let before = Reader::of(&beginning).foreign();
    assert_eq!(before.len(), FOREIGN.len(), "{before:#?}");
    let ran = stage.run(&beginning, None).unwrap();
    let shown = |id: &str| {
        ran.view
            .shown(ran.view.outline.item(&ItemId::new(id)).unwrap())
    };
    for taken in ["5.staging", "4.worker-staging"] {
        assert_eq!(shown(taken), Shown::YourTurn, "{taken}");
    }
    for changed in [
        "3.dev-role",
        "3.dev-password",
        "4.api-staging",
        "4.api-prod",
        "5.prod",
    ] {
        assert!(
            shown(changed).is_settled(),
            "{changed}: {}",
            shown(changed).word()
        );
    }
    for kept in ["4.redis-dev", "4.api-dev", "4.worker-dev"] {
        assert_eq!(shown(kept), Shown::AlreadySo, "{kept}");
    }
    assert_eq!(Reader::of(&ran.end).foreign(), before);
}
