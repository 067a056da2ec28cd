//! The product's job queues, for real.

use futures::future::{BoxFuture, FutureExt, ready};

use crate::seam::redis::{Probe, Redis};
use crate::secret::Secret;

/// Reaches a Redis by its external address.
#[derive(Clone, Debug, Default)]
pub struct Queues;

impl Redis for Queues {
    fn probe<'a>(&'a self, _url: &'a Secret) -> BoxFuture<'a, Probe> {
        ready(Probe::NoAnswer("nobody was asked".into())).boxed()
    }
}
