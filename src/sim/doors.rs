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
            let mut world = self.world.lock().unwrap_or_else(PoisonError::into_inner);
            world.ask(self.clock.now(), question)
        }
        .boxed()
    }
}

impl Web for Doors {
    fn fetch<'a>(&'a self, _visit: &'a Visit) -> BoxFuture<'a, Result<Page, Unreached>> {
        ready(Err(Unreached::Name("this world has no sites".into()))).boxed()
    }

    fn certificate<'a>(&'a self, _host: &'a str) -> BoxFuture<'a, Result<Certificate, Unreached>> {
        ready(Err(Unreached::Name("this world has no sites".into()))).boxed()
    }
}

impl Redis for Doors {
    fn probe<'a>(&'a self, _url: &'a Secret) -> BoxFuture<'a, Probe> {
        ready(Probe::Nowhere(
            "a rehearsal's Redis cannot be reached".into(),
        ))
        .boxed()
    }
}
