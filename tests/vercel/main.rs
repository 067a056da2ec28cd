//! Vercel's client and items against the simulated Vercel, in process and over virtual time. Neither knows the other's
//! types: both are written from Vercel's documents.

mod client;
mod items;
mod paging;
mod refused;
mod story;

use std::sync::Arc;
use std::time::Duration;

use golive::clock::Jumping;
use golive::provider::http::{CallError, Http, Pacer};
use golive::provider::{github, vercel};
use golive::seam::clock::Clock;
use golive::sim::scenario::Names;
use golive::sim::transport::SimTransport;
use golive::sim::{Act, Ledger, Scenario, World};

/// A world of a name, with the product's usual names filled in.
pub fn world(name: &str) -> Scenario {
    Scenario::named(name, &Names::example()).expect("a world of that name")
}

/// Both clients, and the world behind them.
pub struct Stage<'a> {
    pub vercel: vercel::Client<'a>,
    pub github: github::Client<'a>,
    pub transport: &'a SimTransport,
}

impl Stage<'_> {
    pub fn ledger(&self) -> Ledger {
        self.transport.world.lock().expect("the world").ledger()
    }

    pub fn act(&self, text: &str) {
        let act = Act::parse(text).expect("an act");
        self.transport.person(&act).expect("done");
    }

    pub async fn pause(&self, seconds: u64) {
        self.vercel.http.pause(Duration::from_secs(seconds)).await;
    }
}

/// Runs `test` with clients for the world, whose time jumps. `faults` as in a rehearsal.
pub fn on_with(scenario: Scenario, faults: &str, test: impl AsyncFnOnce(&mut Stage<'_>)) {
    let runtime = Jumping::runtime().expect("a runtime");
    runtime.block_on(async {
        let start = "2026-11-24T09:00:00Z".parse().expect("a time");
        let clock: Arc<dyn Clock> = Arc::new(Jumping::new(start));
        let mut world = World::new(&scenario, 7, start);
        if !faults.is_empty() {
            let rules = golive::sim::fault::parse_list(faults, 7).expect("faults");
            world.add_faults(&rules);
        }
        let tokens = world.tokens();
        let transport = SimTransport::new(world, Arc::clone(&clock));
        let to_vercel = vercel::Manners::new(tokens["vercel"].clone());
        let to_github = github::Manners::new(tokens["github"].clone());
        let pacers = (Pacer::default(), Pacer::default());
        let vercel = Http::new(
            "http://vercel.localhost",
            &to_vercel,
            &transport,
            &*clock,
            &|_| {},
            &pacers.0,
        );
        let github = Http::new(
            "http://github.localhost",
            &to_github,
            &transport,
            &*clock,
            &|_| {},
            &pacers.1,
        );
        let mut stage = Stage {
            vercel: vercel::Client::new(vercel, None),
            github: github::Client::new(github, "acme", "shop"),
            transport: &transport,
        };
        test(&mut stage).await;
    });
}

pub fn on(scenario: Scenario, test: impl AsyncFnOnce(&mut Stage<'_>)) {
    on_with(scenario, "", test);
}

/// The same with the team known, as it is after step 0, and the branches there, as they are after step 1.
pub fn in_team(scenario: Scenario, test: impl AsyncFnOnce(&mut Stage<'_>)) {
    on(scenario, async |stage| {
        enter(stage).await;
        test(stage).await;
    });
}

pub async fn enter(stage: &mut Stage<'_>) {
    let teams = stage.vercel.teams().await.expect("the teams");
    // Others come with a team of their own besides.
    let acme = teams.iter().find(|team| team.slug == "acme");
    stage.vercel.team = acme.or(teams.first()).map(|team| team.id.clone());
    let sha = stage.github.head("main").await.expect("main");
    if stage.github.head("staging").await.is_err() {
        stage
            .github
            .create_branch("staging", &sha)
            .await
            .expect("staging");
    }
    stage.pause(15).await;
}

/// Status, code and words of a refusal.
pub fn refused<T: std::fmt::Debug>(answer: Result<T, CallError>) -> (u16, String, String) {
    match answer {
        Err(CallError::Refused(refusal)) => (
            refusal.status,
            refusal.code.clone().unwrap_or_default(),
            refusal.message.clone(),
        ),
        other => panic!("not refused: {other:?}"),
    }
}
