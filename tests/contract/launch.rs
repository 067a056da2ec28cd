//! Whole launches whose every exchange, with whichever provider, is compared with the provider's document on both sides.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::{Arc, Mutex};

use futures::future::BoxFuture;
use golive::app::place::Place;
use golive::clock::Jumping;
use golive::disk::RealDisk;
use golive::engine::desk::Seams;
use golive::journal::Paths;
use golive::seam::clock::Clock;
use golive::seam::passwords::Passwords;
use golive::seam::transport::{HeaderText, HttpRequest, HttpResponse, Transport, TransportError};
use golive::sim::transport::SimTransport;
use golive::sim::{Call, CallRecord, Provider, Scenario, World};
use golive::vault::memory::MemoryVault;

use crate::assembly::{self, START, Walk};
use crate::validator::{Exception, Validator};
use crate::{atlas, cloudflare, github, godaddy, render, stripe, vercel};

/// What each provider's file lists.
fn exceptions(provider: Provider) -> &'static [Exception] {
    match provider {
        Provider::Github => github::EXCEPTIONS,
        Provider::Vercel => vercel::EXCEPTIONS,
        Provider::Render => render::EXCEPTIONS,
        Provider::Atlas => atlas::EXCEPTIONS,
        Provider::Godaddy => godaddy::EXCEPTIONS,
        Provider::Cloudflare => cloudflare::EXCEPTIONS,
        Provider::Stripe => stripe::EXCEPTIONS,
    }
}

/// A transport that shows every exchange to a validator.
struct Watched<T: Transport> {
    inner: T,
    validator: Arc<Mutex<Validator>>,
}

impl<T: Transport> Transport for Watched<T> {
    fn send(&self, request: HttpRequest) -> BoxFuture<'_, Result<HttpResponse, TransportError>> {
        let call = call(&request);
        Box::pin(async move {
            let answer = self.inner.send(request).await;
            if let Some(call) = call {
                let mut validator = self.validator.lock().unwrap();
                validator.check(&call, answer.as_ref().ok());
            }
            answer
        })
    }
}

/// The request as it reaches the provider, without what is secret in its headers; `None` when it goes elsewhere.
fn call(request: &HttpRequest) -> Option<Call> {
    let (host, _) = request.url.strip_prefix("http://")?.split_once('/')?;
    let provider = Provider::parse(host.strip_suffix(".localhost")?)?;
    let headers = request
        .headers
        .iter()
        .filter_map(|(name, value)| match value {
            HeaderText::Plain(text) => Some((name.clone(), text.clone())),
            HeaderText::Secret(_) => None,
        });
    Some(Call {
        provider,
        method: request.method,
        path: request.url["http://".len() + host.len()..].to_owned(),
        headers: headers.collect(),
        body: request.body.clone(),
    })
}

/// Runs the preset's launch on a named world until everything rests. Answers with the calls that reached the world.
fn launch(world: &str, dir: &Path, validator: &Arc<Mutex<Validator>>) -> Vec<CallRecord> {
    let manifest = assembly::preset();
    let (launch, scenario) = assembly::of(&manifest, world);
    let place = Place {
        dir: dir.to_owned(),
        paths: Paths::of(dir),
        manifest,
        launch,
        disk: Arc::new(RealDisk::default()),
        rehearsal: true,
    };
    Jumping::runtime().unwrap().block_on(async {
        let clock: Arc<dyn Clock> = Arc::new(Jumping::new(START));
        let sim = SimTransport::new(World::new(&scenario, 7, START), clock.clone());
        let doors = Arc::new(sim.doors());
        let world = sim.world.clone();
        let tokens = world.lock().unwrap().tokens();
        let seams = Seams {
            transport: Arc::new(Watched {
                inner: sim,
                validator: validator.clone(),
            }),
            vault: Arc::new(MemoryVault::new()),
            clock,
            documents: doors.clone(),
            resolver: doors.clone(),
            web: doors.clone(),
            redis: doors,
            passwords: Passwords::Rehearsed {
                launch: "bondigoo".into(),
            },
            hands: None,
        };
        let walk = Walk {
            apply: true,
            part: None,
        };
        assembly::to_rest(&place, seams, &tokens, assembly::operator(), walk)
            .await
            .unwrap();
        world.lock().unwrap().ledger().calls
    })
}

#[test]
fn everything_that_a_launch_says_and_hears_is_as_the_documents_have_it() {
    let providers = Provider::ALL.map(|provider| (provider, exceptions(provider)));
    let Some(validator) = Validator::of(&providers) else {
        return;
    };
    let validator = Arc::new(Mutex::new(validator));
    let mut called = BTreeSet::new();
    for world in Scenario::all() {
        let folder = tempfile::tempdir().unwrap();
        let calls = launch(world, folder.path(), &validator);
        assert!(!calls.is_empty(), "nothing was called in the world {world}");
        called.extend(calls.iter().map(|call| call.provider));
    }
    let validator = validator.lock().unwrap();
    assert!(validator.wrong.is_empty(), "{:#?}", validator.wrong);
    for provider in called {
        let name = provider.as_str();
        let mut compared = validator.compared.iter();
        let was = compared.any(|kind| kind.starts_with(&format!("{name} ")));
        assert!(was, "{name} was called, and nothing was compared");
    }
}
