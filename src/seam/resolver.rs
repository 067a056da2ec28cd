//! What the network says: the address this machine is seen under.

use std::net::IpAddr;

use futures::future::BoxFuture;

pub trait Resolver: Send + Sync {
    /// The public address that other machines see this one under. The error says who was asked and what came.
    fn public_address(&self) -> BoxFuture<'_, Result<IpAddr, String>>;
}
