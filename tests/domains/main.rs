//! Hosts from their claim to the page that a visitor sees, against the simulated Vercel, Render, name servers and sites,
//! in process and over virtual time.

mod render;
mod sites;
mod story;
mod vercel;

use std::sync::Arc;
use std::time::Duration;

use golive::clock::Jumping;
use golive::provider::http::{Http, Pacer};
use golive::provider::{render as render_api, vercel as vercel_api};
use golive::seam::clock::Clock;
use golive::sim::doors::Doors;
use golive::sim::scenario::Names;
use golive::sim::transport::SimTransport;
use golive::sim::{Act, CallRecord, FaultRule, MadeBy, Scenario, World};

pub const ZONE: &str = "acmeshop.example";

/// The providers that hold hosts, and the world behind them.
pub struct Stage<'a> {
    pub vercel: vercel_api::Client<'a>,
    pub render: render_api::Client<'a>,
    pub doors: Doors,
    pub transport: &'a SimTransport,
}

/// A world in which all is done but the hosts: projects and services run, and nothing leads to them.
pub fn world(change: impl FnOnce(&mut Scenario)) -> Scenario {
    let mut scenario = Scenario::named("done", &Names::example()).expect("a world of that name");
    for project in &mut scenario.vercel.projects {
        project.domains.clear();
        // As Vercel gives it to new projects.
        project.protection = "all_except_custom_domains".to_owned();
    }
    for service in &mut scenario.render.services {
        service.domains.clear();
    }
    let ours = |record: &String| record.contains("vercel:") || record.contains("render:");
    scenario.dns.records.retain(|record| !ours(record));
    scenario
        .dns
        .records
        .retain(|record| !record.starts_with(ZONE));
    change(&mut scenario);
    scenario
}

/// Runs `test` in the world, whose time jumps.
pub fn on(scenario: Scenario, test: impl AsyncFnOnce(&mut Stage<'_>)) {
    let runtime = Jumping::runtime().expect("a runtime");
    runtime.block_on(async {
        let start = "2026-11-24T09:00:00Z".parse().expect("a time");
        let clock: Arc<dyn Clock> = Arc::new(Jumping::new(start));
        let world = World::new(&scenario, 7, start);
        let tokens = world.tokens();
        let transport = SimTransport::new(world, Arc::clone(&clock));
        let to_vercel = vercel_api::Manners::new(tokens["vercel"].clone());
        let to_render = render_api::Manners::new(tokens["render"].clone());
        let pacers = (Pacer::default(), Pacer::default());
        let vercel = Http::new(
            "http://vercel.localhost",
            &to_vercel,
            &transport,
            &*clock,
            &|_| {},
            &pacers.0,
        );
        let render = Http::new(
            "http://render.localhost/v1",
            &to_render,
            &transport,
            &*clock,
            &|_| {},
            &pacers.1,
        );
        let mut stage = Stage {
            vercel: vercel_api::Client::new(vercel, None),
            render: render_api::Client::new(render),
            doors: transport.doors(),
            transport: &transport,
        };
        let teams = stage.vercel.teams().await.expect("the teams");
        stage.vercel.team = teams.first().map(|team| team.id.clone());
        test(&mut stage).await;
    });
}

impl Stage<'_> {
    pub fn act(&self, text: &str) {
        let act = Act::parse(text).expect("an act");
        self.transport.person(&act).expect("done");
    }

    pub async fn pause(&self, seconds: u64) {
        self.vercel.http.pause(Duration::from_secs(seconds)).await;
    }

    /// The n-th such call meets a fault.
    pub fn fault(&self, provider: &str, call: &str, fault: &str) {
        let rule =
            serde_json::json!([{"provider": provider, "match": call, "nth": 1, "fault": fault}]);
        let rules: Vec<FaultRule> = serde_json::from_value(rule).expect("a fault");
        self.transport
            .add_faults(&rules)
            .expect("no record is kept");
    }

    /// How many objects of a kind golive has made that are still there.
    pub fn made(&self, kind: &str) -> usize {
        let world = self.transport.world.lock().expect("the world");
        let objects = world.ledger().objects.into_iter();
        let own = objects.filter(|one| one.kind == kind && one.made_by == MadeBy::Golive);
        own.filter(|one| one.alive).count()
    }

    /// The calls so far that were sent to such a path.
    pub fn calls(&self, method: &str, part: &str) -> Vec<CallRecord> {
        let world = self.transport.world.lock().expect("the world");
        let calls = world.ledger().calls.into_iter();
        calls
            .filter(|call| call.method == method && call.path.contains(part))
            .collect()
    }
}
