//! Render's client and items against the simulated Render, in process and over virtual time. Neither knows the other's
//! types: both are written from Render's documents.

mod client;
mod items;

use std::sync::Arc;

use golive::clock::Jumping;
use golive::provider::http::{CallError, Http, Pacer};
use golive::provider::{github, render};
use golive::seam::clock::Clock;

use golive::sim::scenario::{BranchNames, Names};
use golive::sim::transport::SimTransport;
use golive::sim::{FaultRule, MadeBy, Provider, Scenario, World};

/// The two providers that Render's items speak to, and the world behind them.
pub struct Stage<'a> {
    pub render: render::Client<'a>,
    pub github: github::Client<'a>,
    pub transport: &'a SimTransport,
}

/// The world in which nothing of Render is there yet, changed as the story needs it.
pub fn world(change: impl FnOnce(&mut Scenario)) -> Scenario {
    let names = Names {
        owner: "acme".into(),
        repository: "shop".into(),
        branches: BranchNames {
            main: "main".into(),
            staging: "staging".into(),
            develop: "develop".into(),
        },
        server_file: "server/server.js".into(),
        front_end: "client".into(),
        reviewers: vec!["robin".into()],
        words: Names::example().words,
    };
    let mut scenario = Scenario::named("fresh", &names).expect("a world of that name");
    scenario.render = golive::sim::scenario::RenderSpec::default();
    scenario.repository.private = true;
    change(&mut scenario);
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
        let github = github::Manners::new(tokens["github"].clone());
        let render = render::Manners::new(tokens["render"].clone());
        let pacers = (Pacer::default(), Pacer::default());
        let quiet = |_| {};
        let github = Http::new(
            "http://github.localhost",
            &github,
            &transport,
            &*clock,
            &quiet,
            &pacers.0,
        );
        let render = Http::new(
            "http://render.localhost/v1",
            &render,
            &transport,
            &*clock,
            &quiet,
            &pacers.1,
        );
        let stage = Stage {
            render: render::Client::new(render),
            github: github::Client::new(github, "acme", "shop"),
            transport: &transport,
        };
        test(&stage).await;
    });
}

impl Stage<'_> {
    /// The n-th such call meets a fault.
    pub fn fault(&self, call: &str, fault: &str) {
        let rule =
            serde_json::json!([{"provider": "render", "match": call, "nth": 1, "fault": fault}]);
        let rules: Vec<FaultRule> = serde_json::from_value(rule).expect("a fault");
        self.transport
            .add_faults(&rules)
            .expect("no record is kept");
    }

    /// How many objects of a kind golive has made that are still there.
    pub fn made(&self, kind: &str) -> usize {
        let world = self.transport.world.lock().expect("the world");
        let objects = world.ledger().objects.into_iter();
        objects
            .filter(|one| one.provider == Provider::Render && one.kind == kind)
            .filter(|one| one.alive && one.made_by == MadeBy::Golive)
            .count()
    }

    /// How many calls have changed something at Render.
    pub fn written(&self) -> usize {
        let world = self.transport.world.lock().expect("the world");
        let calls = world.ledger().calls.into_iter();
        calls
            .filter(|call| call.provider == Provider::Render && call.applied && call.mutating)
            .count()
    }
}

/// Status and words of a refusal.
pub fn refused<T: std::fmt::Debug>(answer: Result<T, CallError>) -> (u16, String) {
    match answer {
        Err(CallError::Refused(refusal)) => (refusal.status, refusal.message.clone()),
        other => panic!("not refused: {other:?}"),
    }
}
