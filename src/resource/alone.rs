//! A resource on its own, with nothing behind it: for trying one without an engine.

use std::net::IpAddr;

use futures::future::{BoxFuture, FutureExt, LocalBoxFuture, ready};
use jiff::Timestamp;

use super::{Cx, Known, Look, Slots, here};
use crate::plan::ItemId;
use crate::seam::documents::{Documents, Door, Login};
use crate::seam::redis::{Probe, Redis};
use crate::seam::resolver::{Answer, Question, Resolver, Silence};
use crate::seam::web::{Certificate, Page, Unreached, Visit, Web};
use crate::secret::{Fingerprint, Secret, SecretName};

/// Nobody to ask and nowhere to keep anything.
struct Nobody;

impl<'a> Cx<'a> {
    /// A context without clients; the caller adds those it tries.
    pub fn alone(item: &'a ItemId, now: Timestamp, known: &'a Known) -> Cx<'a> {
        Cx {
            item,
            now,
            github: None,
            vercel: None,
            render: None,
            atlas: None,
            godaddy: None,
            cloudflare: None,
            stripe: None,
            documents: &Nobody,
            resolver: &Nobody,
            web: &Nobody,
            redis: &Nobody,
            slots: &Nobody,
            known,
        }
    }
}

impl Documents for Nobody {
    fn login<'a>(&'a self, _: &'a Door, _: &'a Secret) -> BoxFuture<'a, Login> {
        ready(Login::Nowhere("no databases were given".into())).boxed()
    }
}

impl Resolver for Nobody {
    fn public_address(&self) -> BoxFuture<'_, Result<IpAddr, String>> {
        ready(Err("no resolver was given".into())).boxed()
    }

    fn public(&self) -> Vec<IpAddr> {
        Vec::new()
    }

    fn ask<'a>(&'a self, _: &'a Question) -> BoxFuture<'a, Result<Answer, Silence>> {
        ready(Err(Silence("no resolver was given".into()))).boxed()
    }
}

impl Web for Nobody {
    fn fetch<'a>(&'a self, _: &'a Visit) -> BoxFuture<'a, Result<Page, Unreached>> {
        ready(Err(Unreached::Connection("no network was given".into()))).boxed()
    }

    fn certificate<'a>(&'a self, _: &'a str) -> BoxFuture<'a, Result<Certificate, Unreached>> {
        ready(Err(Unreached::Connection("no network was given".into()))).boxed()
    }
}

impl Redis for Nobody {
    fn probe<'a>(&'a self, _: &'a Secret) -> BoxFuture<'a, Probe> {
        ready(Probe::Nowhere("no Redis was given".into())).boxed()
    }
}

impl Slots for Nobody {
    fn secret<'s>(&'s self, _: &'s SecretName) -> LocalBoxFuture<'s, Look<Option<Secret>>> {
        ready(Ok(None)).boxed_local()
    }

    fn fingerprint(&self, _: &SecretName) -> Option<Fingerprint> {
        None
    }

    fn keep<'s>(&'s self, _: &'s SecretName, _: Secret) -> LocalBoxFuture<'s, Look<()>> {
        ready(Err(here("no vault was given", None))).boxed_local()
    }
}
