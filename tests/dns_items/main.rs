//! GoDaddy's and Cloudflare's clients and golive's DNS items against the simulated Domain Name System, in process and over
//! virtual time. Neither knows the other's types: both are written from the providers' documents.

mod client;
mod items;
mod story;

use std::collections::BTreeSet;
use std::net::IpAddr;
use std::sync::{Arc, Mutex};

use futures::future::{BoxFuture, FutureExt};

use golive::clock::Jumping;
use golive::provider::http::{CallError, Http, Pacer};
use golive::provider::{cloudflare, godaddy};
use golive::seam::clock::Clock;
use golive::seam::resolver::{Answer, Question, RecordKind, Resolver, Server, Silence};
use golive::sim::doors::Doors;
use golive::sim::scenario::{DnsSpec, Names};
use golive::sim::transport::SimTransport;
use golive::sim::{FaultRule, Provider, Scenario, World};
use serde_json::{Value, json};

pub const ZONE: &str = "acmeshop.example";

/// The two providers that hold zones, the name servers, and the world behind them.
pub struct Stage<'a> {
    /// With a token, and with a key.
    pub v3: godaddy::Client<'a>,
    pub v1: godaddy::Client<'a>,
    pub cloudflare: cloudflare::Client<'a>,
    pub doors: &'a Doors,
    pub ears: Ears<'a>,
    pub transport: &'a SimTransport,
}

/// The name servers, with every question that golive asked and whether there was a record in the answer.
pub struct Ears<'a> {
    doors: &'a Doors,
    heard: Mutex<Vec<(Question, bool)>>,
}

impl Resolver for Ears<'_> {
    fn public_address(&self) -> BoxFuture<'_, Result<IpAddr, String>> {
        self.doors.public_address()
    }

    fn public(&self) -> Vec<IpAddr> {
        self.doors.public()
    }

    fn ask<'q>(&'q self, question: &'q Question) -> BoxFuture<'q, Result<Answer, Silence>> {
        async move {
            let answer = self.doors.ask(question).await;
            let found = answer.as_ref().is_ok_and(|it| !it.records.is_empty());
            let mut heard = self.heard.lock().expect("no one panics here");
            heard.push((question.clone(), found));
            answer
        }
        .boxed()
    }
}

impl Ears<'_> {
    /// Questions to public resolvers for names of the zone that its own servers had not shown before.
    pub fn too_early(&self) -> Vec<String> {
        let heard = self.heard.lock().expect("no one panics here");
        let below = |name: &str| name.ends_with(&format!(".{ZONE}"));
        let mut served = BTreeSet::new();
        let mut early = Vec::new();
        for (question, found) in heard.iter() {
            match question.server {
                Server::Own(_) if *found => {
                    served.insert(question.name.as_str());
                }
                Server::Public(_)
                    if below(&question.name) && !served.contains(question.name.as_str()) =>
                {
                    early.push(format!("{} {}", question.name, question.kind));
                }
                _ => {}
            }
        }
        early
    }
}

/// The world `fresh`, its `[dns]` changed as `change` has it: `{"delegated": "cloudflare"}`.
pub fn world(change: Value) -> Scenario {
    let mut scenario = Scenario::named("fresh", &Names::example()).expect("a world of that name");
    let mut dns = serde_json::to_value(&scenario.dns).expect("data");
    for (name, value) in change.as_object().expect("an object") {
        dns[name] = value.clone();
    }
    scenario.dns = serde_json::from_value::<DnsSpec>(dns).expect("a zone");
    scenario
}

/// The same, whose servers give at once what was written.
pub fn calm(change: Value) -> Scenario {
    let mut scenario = world(change);
    scenario.lag = false;
    scenario
}

/// Runs `test` in the world, whose time jumps.
pub fn on(scenario: Scenario, test: impl AsyncFnOnce(&Stage<'_>)) {
    let runtime = Jumping::runtime().expect("a runtime");
    runtime.block_on(async {
        let start = "2026-11-24T09:00:00Z".parse().expect("a time");
        let clock: Arc<dyn Clock> = Arc::new(Jumping::new(start));
        let world = World::new(&scenario, 7, start);
        let tokens = world.tokens();
        let transport = SimTransport::new(world, Arc::clone(&clock));
        let doors = transport.doors();
        let token = godaddy::Manners::new(tokens["godaddy"].prefixed("Bearer "));
        let pair = tokens["godaddy_key"].followed_by(":", &tokens["godaddy_secret"]);
        let key = godaddy::Manners::new(pair.prefixed("sso-key "));
        let cloud = cloudflare::Manners::new(tokens["cloudflare"].clone());
        let pacers = (Pacer::default(), Pacer::default());
        let quiet = |_| {};
        let at_godaddy = |manners| {
            let base = "http://godaddy.localhost";
            Http::new(base, manners, &transport, &*clock, &quiet, &pacers.0)
        };
        let base = "http://cloudflare.localhost/client/v4";
        let at_cloudflare = Http::new(base, &cloud, &transport, &*clock, &quiet, &pacers.1);
        let stage = Stage {
            v3: godaddy::Client::new(at_godaddy(&token), token.version()),
            v1: godaddy::Client::new(at_godaddy(&key), key.version()),
            cloudflare: cloudflare::Client::new(at_cloudflare),
            doors: &doors,
            ears: Ears {
                doors: &doors,
                heard: Mutex::default(),
            },
            transport: &transport,
        };
        test(&stage).await;
    });
}

impl Stage<'_> {
    /// The first such call meets a fault.
    pub fn fault(&self, provider: &str, call: &str, fault: &str) {
        let rule = json!([{"provider": provider, "match": call, "nth": 1, "fault": fault}]);
        let rules: Vec<FaultRule> = serde_json::from_value(rule).expect("a fault");
        self.transport
            .add_faults(&rules)
            .expect("no record is kept");
    }

    /// What the zone holds at `provider`, as the ledger has it: `www CNAME a.example.com 600`.
    pub fn zone(&self, provider: Provider) -> BTreeSet<String> {
        let world = self.transport.world.lock().expect("the world");
        let objects = world.ledger().objects.into_iter();
        objects
            .filter(|one| one.provider == provider && one.kind == "dns_record")
            .filter(|one| one.alive && one.parent == ZONE)
            .map(|one| one.name)
            .collect()
    }

    /// How many calls have changed something at a provider.
    pub fn written(&self, provider: Provider) -> usize {
        let world = self.transport.world.lock().expect("the world");
        let calls = world.ledger().calls.into_iter();
        calls
            .filter(|call| call.provider == provider && call.applied && call.mutating)
            .count()
    }

    pub fn resolvers(&self) -> Vec<IpAddr> {
        self.doors.public()
    }

    /// Somebody asks a public resolver for a name.
    pub async fn ask(&self, resolver: IpAddr, name: &str) -> Answer {
        let question = Question {
            name: name.into(),
            kind: RecordKind::Cname,
            server: Server::Public(resolver),
        };
        self.doors.ask(&question).await.expect("an answer")
    }

    pub async fn pause(&self, seconds: u64) {
        let time = std::time::Duration::from_secs(seconds);
        self.v3.http.pause(time).await;
    }
}

/// Status and words of a refusal.
pub fn refused<T: std::fmt::Debug>(answer: Result<T, CallError>) -> (u16, String) {
    match answer {
        Err(CallError::Refused(refusal)) => (refusal.status, refusal.message.clone()),
        other => panic!("not refused: {other:?}"),
    }
}
