//! Step 7 on the simulated GitHub, Render, Vercel and Stripe, in process and over virtual time: what the code reads, the
//! values, the groups and projects that hold them, and what runs with them.

mod code;
mod render;
mod story;
mod vercel;

use std::sync::Arc;
use std::time::Duration;

use golive::clock::Jumping;
use golive::plan::ItemId;
use golive::provider::http::{Http, Pacer};
use golive::provider::{github, render as render_api, vercel as vercel_api};
use golive::resource::value::{Given, Kind, Origin, Source, Variable, Wished};
use golive::seam::clock::Clock;
use golive::secret::SecretName;
use golive::sim::doors::Doors;
use golive::sim::scenario::Names;
use golive::sim::transport::SimTransport;
use golive::sim::{Act, CallRecord, FaultRule, Scenario, World};

/// The providers that variables go to, and the world behind them.
pub struct Stage<'a> {
    pub github: github::Client<'a>,
    pub vercel: vercel_api::Client<'a>,
    pub render: render_api::Client<'a>,
    pub doors: Doors,
    pub transport: &'a SimTransport,
}

/// A world in which services, projects and names are there, and no variable is set.
pub fn world(change: impl FnOnce(&mut Scenario)) -> Scenario {
    let mut scenario = Scenario::named("done", &Names::example()).expect("a world of that name");
    scenario.render.groups.clear();
    for project in &mut scenario.vercel.projects {
        project.matrix.clear();
        project.variables.clear();
    }
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
        let to_github = github::Manners::new(tokens["github"].clone());
        let to_vercel = vercel_api::Manners::new(tokens["vercel"].clone());
        let to_render = render_api::Manners::new(tokens["render"].clone());
        let pacers = [Pacer::default(), Pacer::default(), Pacer::default()];
        let quiet = |_| {};
        let github = Http::new(
            "http://github.localhost",
            &to_github,
            &transport,
            &*clock,
            &quiet,
            &pacers[0],
        );
        let vercel = Http::new(
            "http://vercel.localhost",
            &to_vercel,
            &transport,
            &*clock,
            &quiet,
            &pacers[1],
        );
        let render = Http::new(
            "http://render.localhost/v1",
            &to_render,
            &transport,
            &*clock,
            &quiet,
            &pacers[2],
        );
        let repository = (&scenario.repository.owner, &scenario.repository.name);
        let mut stage = Stage {
            github: github::Client::new(github, repository.0, repository.1),
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

    /// The calls so far that were sent to such a path.
    pub fn calls(&self, method: &str, part: &str) -> Vec<CallRecord> {
        let world = self.transport.world.lock().expect("the world");
        let calls = world.ledger().calls.into_iter();
        calls
            .filter(|call| call.method == method && call.path.contains(part))
            .collect()
    }
}

/// A variable whose value may be shown.
pub fn plain(name: &str, value: &str) -> Variable {
    variable(name, Kind::Plain, Source::Text(value.into()))
}

/// A variable whose value is kept under that name.
pub fn kept(name: &str, slot: &str) -> Variable {
    variable(name, Kind::Secret, Source::Kept(SecretName::new(slot)))
}

fn variable(name: &str, kind: Kind, source: Source) -> Variable {
    Variable {
        name: name.into(),
        kind,
        wished: Wished {
            now: Given {
                source,
                origin: Origin::Literal,
                form: None,
            },
            live: None,
        },
        cell: ItemId::new(format!("7.cell-prod-{name}")),
    }
}
