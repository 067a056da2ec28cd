//! The product's databases: the driver owns its sockets, so what is asked is the seam, not the wire.

use std::collections::BTreeSet;

use futures::future::BoxFuture;

use crate::secret::Secret;

/// Where a login goes, without the password.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Door {
    /// The cluster's host, as `mongodb+srv://` takes it.
    pub host: String,
    pub user: String,
    /// The database that the login is tried with.
    pub database: String,
    /// What follows `?` in the address, such as `retryWrites=true&w=majority`.
    pub options: String,
}

/// How a login ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Login {
    /// The server let the user in, and says what the user may do.
    In(Rights),
    /// The server answered and refused user or password.
    Refused(String),
    /// No server answered: a name that leads nowhere, an address that is not let in, a network that is down.
    NoAnswer(String),
    /// There are no databases to ask in this world, and why.
    Nowhere(String),
}

/// What a user may do, as the server told it after the login.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rights {
    /// Role and database, such as (`readWrite`, `bondigoo-prod`).
    pub roles: BTreeSet<(String, String)>,
    /// Databases in which the user may insert, update, remove and find in any collection; `*` for all.
    pub writable: BTreeSet<String>,
}

pub trait Documents: Send + Sync {
    /// A login, a ping and a look at the user's own rights. Changes nothing.
    fn login<'a>(&'a self, door: &'a Door, password: &'a Secret) -> BoxFuture<'a, Login>;
}
