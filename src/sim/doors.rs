//! The world's databases and its network, behind the seams that a real run reaches them through.

use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures::future::{BoxFuture, FutureExt, ready};

use super::zones::RESOLVERS;
use super::{CALLER, World};
use crate::seam::clock::Clock;
use crate::seam::documents::{Documents, Door, Login};
use crate::seam::redis::{Probe, Redis};
use crate::seam::resolver::{Answer, Question, Resolver, Silence};
use crate::seam::web::{Certificate, Page, Unreached, Visit, Web};
use crate::secret::Secret;

/// How long a name server takes to answer.
const ROUND_TRIP: Duration = Duration::from_millis(30);
/// How much longer one waits for a name server that does not answer.
const SILENCE: Duration = Duration::from_secs(4);
/// How long a site takes to give a page, and to show its certificate.
const PAGE: Duration = Duration::from_millis(120);
const GREETING: Duration = Duration::from_millis(60);
/// How long a login takes that is answered.
const HANDSHAKE: Duration = Duration::from_millis(400);
/// How much longer a driver waits for servers that do not answer.
const PATIENCE: Duration = Duration::from_secs(10);

/// The doors of one world.
#[derive(Clone)]
pub struct Doors {
    pub world: Arc<Mutex<World>>,
    pub clock: Arc<dyn Clock>,
}

impl Documents for Doors {
    fn login<'a>(&'a self, door: &'a Door, password: &'a Secret) -> BoxFuture<'a, Login> {
        async move {
            self.clock.sleep(HANDSHAKE).await;
            let login = {
                let mut world = self.world.lock().unwrap_or_else(PoisonError::into_inner);
                world.login(self.clock.now(), &door.host, &door.user, password)
            };
            if let Login::NoAnswer(_) = login {
                self.clock.sleep(PATIENCE).await;
            }
            login
        }
        .boxed()
    }
}

impl Resolver for Doors {
    fn public_address(&self) -> BoxFuture<'_, Result<IpAddr, String>> {
        ready(Ok(IpAddr::V4(CALLER))).boxed()
    }

    fn public(&self) -> Vec<IpAddr> {
        RESOLVERS.into_iter().map(IpAddr::V4).collect()
    }

    fn ask<'a>(&'a self, question: &'a Question) -> BoxFuture<'a, Result<Answer, Silence>> {
        async move {
            self.clock.sleep(ROUND_TRIP).await;
            let answer = {
                let mut world = self.world.lock().unwrap_or_else(PoisonError::into_inner);
                world.ask(self.clock.now(), question)
            };
            if answer.is_err() {
                self.clock.sleep(SILENCE).await;
            }
            answer
        }
        .boxed()
    }
}

impl Web for Doors {
    fn fetch<'a>(&'a self, visit: &'a Visit) -> BoxFuture<'a, Result<Page, Unreached>> {
        async move {
            self.clock.sleep(PAGE.min(visit.timeout)).await;
            if visit.timeout < PAGE {
                return Err(Unreached::Timeout);
            }
            let mut world = self.world.lock().unwrap_or_else(PoisonError::into_inner);
            world.visit(self.clock.now(), visit)
        }
        .boxed()
    }

    fn certificate<'a>(&'a self, host: &'a str) -> BoxFuture<'a, Result<Certificate, Unreached>> {
        async move {
            self.clock.sleep(GREETING).await;
            let mut world = self.world.lock().unwrap_or_else(PoisonError::into_inner);
            world.certificate(self.clock.now(), host)
        }
        .boxed()
    }
}

impl Redis for Doors {
    fn probe<'a>(&'a self, url: &'a Secret) -> BoxFuture<'a, Probe> {
        async move {
            self.clock.sleep(HANDSHAKE).await;
            let probe = {
                let mut world = self.world.lock().unwrap_or_else(PoisonError::into_inner);
                world.probe(self.clock.now(), url)
            };
            if let Probe::NoAnswer(_) = probe {
                self.clock.sleep(PATIENCE).await;
            }
            probe
        }
        .boxed()
    }
}
