//! Atlas' client and items against the simulated Atlas, in process and over virtual time, signed in both ways. Neither
//! knows the other's types: both are written from Atlas' documents.

mod client;
mod items;

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures::future::{FutureExt, LocalBoxFuture};
use golive::clock::Jumping;
use golive::event::{Call, Live};
use golive::provider::atlas::{Client, Credential, Manners};
use golive::provider::http::{CallError, Http, Pacer};
use golive::resource::{Look, Slots};
use golive::seam::clock::Clock;
use golive::secret::{Fingerprint, Secret, SecretName};
use golive::sim::transport::SimTransport;
use golive::sim::{Names, Scenario, World};

/// How golive signs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    Account,
    Key,
}

/// A vault in memory.
#[derive(Default)]
pub struct Kept(RefCell<BTreeMap<SecretName, Secret>>);

impl Kept {
    pub fn put(&self, slot: &str, value: Secret) {
        self.0.borrow_mut().insert(SecretName::new(slot), value);
    }

    pub fn get(&self, slot: &str) -> Option<Secret> {
        self.0.borrow().get(&SecretName::new(slot)).cloned()
    }
}

impl Slots for Kept {
    fn secret<'s>(&'s self, slot: &'s SecretName) -> LocalBoxFuture<'s, Look<Option<Secret>>> {
        async move { Ok(self.get(slot.as_str())) }.boxed_local()
    }

    fn fingerprint(&self, slot: &SecretName) -> Option<Fingerprint> {
        let key = Secret::new("a key of this test");
        self.get(slot.as_str()).map(|kept| kept.fingerprint(&key))
    }

    fn keep<'s>(&'s self, slot: &'s SecretName, value: Secret) -> LocalBoxFuture<'s, Look<()>> {
        async move {
            self.put(slot.as_str(), value);
            Ok(())
        }
        .boxed_local()
    }
}

/// What a story has at hand.
pub struct Desk<'a> {
    pub client: &'a Client<'a>,
    pub transport: &'a SimTransport,
    pub kept: Kept,
    /// The password of the world's operator for the development user.
    pub password: Secret,
    calls: &'a Mutex<Vec<Call>>,
}

impl Desk<'_> {
    /// Method, path and status of every call so far.
    pub fn calls(&self) -> Vec<(String, String, u16)> {
        let calls = self.calls.lock().expect("no one panics while holding it");
        calls
            .iter()
            .map(|call| {
                let status = call.status.unwrap_or_default();
                (call.method.clone(), call.path.clone(), status)
            })
            .collect()
    }
}

/// A world of a name, with the example's names filled in.
pub fn world(name: &str) -> Scenario {
    Scenario::named(name, &Names::example()).expect("a world of that name")
}

/// Runs `test` with a client for the world, whose time jumps.
pub fn on(scenario: &Scenario, way: Way, test: impl AsyncFnOnce(&Desk<'_>)) {
    let runtime = Jumping::runtime().expect("a runtime");
    runtime.block_on(async {
        let start = "2026-11-24T09:00:00Z".parse().expect("a time");
        let clock: Arc<dyn Clock> = Arc::new(Jumping::new(start));
        let world = World::new(scenario, 7, start);
        let tokens = world.tokens();
        let (one, two) = (tokens["atlas_id"].clone(), tokens["atlas_secret"].clone());
        let password = tokens["mongodb_dev"].clone();
        let transport = SimTransport::new(world, Arc::clone(&clock));
        let credential = match way {
            Way::Account => Credential::ServiceAccount {
                id: one,
                secret: two,
            },
            Way::Key => Credential::ApiKey {
                public: one,
                private: two,
            },
        };
        let (manners, pacer) = (Manners::new(credential, Arc::default()), Pacer::default());
        let calls = Arc::new(Mutex::new(Vec::new()));
        let heard = Arc::clone(&calls);
        let hear = move |live: Live| {
            if let Live::Call(call) = live {
                heard
                    .lock()
                    .expect("no one panics while holding it")
                    .push(call);
            }
        };
        let http = Http::new(
            "http://atlas.localhost",
            &manners,
            &transport,
            &*clock,
            &hear,
            &pacer,
        );
        let client = Client::new(http, &manners);
        test(&Desk {
            client: &client,
            transport: &transport,
            kept: Kept::default(),
            password,
            calls: &calls,
        })
        .await;
    });
}

/// Looks until `enough`, as Atlas may show a write late. Panics after half an hour of the world's time.
pub async fn until<T: std::fmt::Debug>(
    desk: &Desk<'_>,
    mut look: impl AsyncFnMut() -> Result<T, CallError>,
    enough: impl Fn(&T) -> bool,
) -> T {
    let mut last = None;
    for _ in 0..360 {
        match look().await {
            Ok(value) if enough(&value) => return value,
            other => last = Some(other),
        }
        desk.client.http.pause(Duration::from_secs(5)).await;
    }
    panic!("not within half an hour; last seen: {last:?}");
}

/// Status and code of a refusal.
pub fn refused<T: std::fmt::Debug>(answer: Result<T, CallError>) -> (u16, String) {
    match answer {
        Err(CallError::Refused(refusal)) => {
            (refusal.status, refusal.code.clone().unwrap_or_default())
        }
        other => panic!("not refused: {other:?}"),
    }
}
