//! GitHub's client and items against the simulated GitHub, in process and over virtual time. Neither knows the other's
//! types: both are written from GitHub's documents.

mod client;
mod items;
mod paging;

use std::sync::Arc;
use std::time::Duration;

use golive::clock::Jumping;
use golive::provider::github::{Client, Manners, TokenKind};
use golive::provider::http::{CallError, Http, Pacer};
use golive::seam::clock::Clock;
use golive::sim::scenario::{BranchNames, Names};
use golive::sim::transport::SimTransport;
use golive::sim::{Scenario, World};

/// A world of a name, with the product's usual names filled in.
pub fn world(name: &str) -> Scenario {
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
    Scenario::named(name, &names).expect("a world of that name")
}

/// Runs `test` with a client for the world's repository, whose time jumps.
pub fn on(scenario: Scenario, test: impl AsyncFnOnce(&Client<'_>, &SimTransport)) {
    let runtime = Jumping::runtime().expect("a runtime");
    runtime.block_on(async {
        let start = "2026-11-24T09:00:00Z".parse().expect("a time");
        let clock: Arc<dyn Clock> = Arc::new(Jumping::new(start));
        let world = World::new(&scenario, 7, start);
        let token = world.tokens()["github"].clone();
        let transport = SimTransport::new(world, Arc::clone(&clock));
        let kind = TokenKind::of(&token);
        let (manners, pacer) = (Manners::new(token), Pacer::default());
        let http = Http::new(
            "http://github.localhost",
            &manners,
            &transport,
            &*clock,
            &|_| {},
            &pacer,
        );
        let client = Client::new(http, "acme", "shop").with_token_kind(kind);
        test(&client, &transport).await;
    });
}

/// Looks until `enough`, as GitHub may show a write late. Panics after a minute.
pub async fn until<T: std::fmt::Debug>(
    client: &Client<'_>,
    mut look: impl AsyncFnMut() -> Result<T, CallError>,
    enough: impl Fn(&T) -> bool,
) -> T {
    let mut last = None;
    for _ in 0..60 {
        match look().await {
            Ok(value) if enough(&value) => return value,
            other => last = Some(other),
        }
        client.http.pause(Duration::from_secs(1)).await;
    }
    panic!("not within a minute; last seen: {last:?}");
}

/// Status and words of a refusal.
pub fn refused<T: std::fmt::Debug>(answer: Result<T, CallError>) -> (u16, String) {
    match answer {
        Err(CallError::Refused(refusal)) => {
            let words = [vec![refusal.message.clone()], refusal.errors.clone()].concat();
            (refusal.status, words.join("; "))
        }
        other => panic!("not refused: {other:?}"),
    }
}
