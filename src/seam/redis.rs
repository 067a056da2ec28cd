//! The product's job queues: the driver owns its sockets, so what is asked is the seam, not the wire.

use futures::future::BoxFuture;

use crate::secret::Secret;

pub trait Redis: Send + Sync {
    /// Connects, authenticates, pings and reads the eviction policy. Changes nothing. The address holds its password.
    fn probe<'a>(&'a self, url: &'a Secret) -> BoxFuture<'a, Probe>;
}

/// How a probe ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Probe {
    In(Facts),
    /// The server answered and refused the password or the user.
    Refused(String),
    /// No server answered: a name that leads nowhere, an address that is not let in, TLS that fails.
    NoAnswer(String),
    /// There is no Redis to ask in this world, and why.
    Nowhere(String),
}

/// What the server told of itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Facts {
    pub tls: bool,
    pub version: Option<String>,
    /// `maxmemory_policy`, such as `noeviction`; `None` where the server does not tell.
    pub eviction_policy: Option<String>,
}
