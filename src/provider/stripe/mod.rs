//! Stripe's API, read only: which account a key opens, in which mode. Facts: its published document.

mod account;
mod manners;
mod refusal;
mod token;

pub use account::{Account, Balance, Requirements, account_named};
pub use manners::Manners;
pub use refusal::{key_refused, lacks_right, right_named, verdict};
pub use token::{KeyKind, Shape, same_account};

use super::http::{self, Http, Listener, Pacer};
use crate::plan::ItemId;
use crate::seam::clock::Clock;
use crate::seam::transport::Transport;

/// Speaks to Stripe.
pub struct Client<'a> {
    pub http: Http<'a>,
}

impl<'a> Client<'a> {
    pub fn new(http: Http<'a>) -> Self {
        Self { http }
    }
}

/// The way to Stripe without a key: a launch has several, one for each environment and mode.
#[derive(Clone, Copy)]
pub struct Road<'a> {
    pub base: &'a str,
    pub transport: &'a dyn Transport,
    pub clock: &'a dyn Clock,
    pub listener: &'a Listener,
    pub pacer: &'a Pacer,
    pub item: &'a ItemId,
}

impl<'a> Road<'a> {
    /// A client that signs with one key.
    pub fn client<'m>(&self, manners: &'m Manners) -> Client<'m>
    where
        'a: 'm,
    {
        let manners: &'m dyn http::Manners = manners;
        let http = Http::new(
            self.base,
            manners,
            self.transport,
            self.clock,
            self.listener,
            self.pacer,
        );
        Client::new(http.for_item(self.item))
    }
}
