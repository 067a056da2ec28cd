//! What every service of the world has in common: how a call reaches it, and what of the others it can see.

use jiff::{SignedDuration, Timestamp};

use super::atlas::Atlas;
use super::github::Github;
use super::ledger::Book;
use super::zones::Zones;
use super::{Call, chance};
use crate::seam::transport::HttpResponse;

/// What came of a call.
pub struct Done {
    pub response: HttpResponse,
    /// The service carried it out.
    pub applied: bool,
    /// An object changed.
    pub mutating: bool,
}

/// The rest of the world, as a service sees it: a push builds, an access list knows who calls.
#[derive(Clone, Copy)]
pub struct Around<'a> {
    /// The repository and what is in it.
    pub code: &'a Github,
    /// Who answers what for which name.
    pub zones: &'a Zones,
    /// The databases; none for Atlas itself.
    pub databases: Option<&'a Atlas>,
    /// The public address that golive's calls and database connections come from.
    pub caller: std::net::Ipv4Addr,
    /// A replay carries out what was carried out once, whatever limits and signatures say.
    pub replaying: bool,
}

/// How a call is made: when, the how-maniest, and whether a fault makes its read stale.
#[derive(Clone, Copy)]
pub struct Visit<'a> {
    pub now: Timestamp,
    pub n: u64,
    pub call: &'a Call,
    pub stale: bool,
}

/// How old a stale read is.
pub const STALE: SignedDuration = SignedDuration::from_secs(30);

impl Visit<'_> {
    /// How far behind a read of this call is, at most `lag_ms`; drawn anew for every call.
    pub fn age(&self, seed: u64, lag: bool, lag_ms: u64) -> SignedDuration {
        if self.stale {
            return STALE;
        }
        if !lag {
            return SignedDuration::ZERO;
        }
        let ms = chance::between(
            seed,
            &format!("lag {} {}", self.n, self.call.path),
            0,
            lag_ms,
        );
        SignedDuration::from_millis(i64::try_from(ms).unwrap_or(0))
    }
}

/// A provider of the world.
pub trait Service {
    /// Moves on to `now`: what is due happens at its own time, in order.
    fn advance(&mut self, now: Timestamp, around: Around<'_>, book: &mut Book);

    /// One call, carried out.
    fn call(&mut self, visit: Visit<'_>, around: Around<'_>, book: &mut Book) -> Done;

    /// A reply that a fault puts in place of the service's own: 500 and 503 as the provider's edge words them, 429 in
    /// the provider's own words, with `retry-after` where `wait` is given.
    fn fault_reply(
        &self,
        now: Timestamp,
        n: u64,
        status: u16,
        wait: Option<String>,
    ) -> HttpResponse;

    /// Whether an `authorization` header opens this service now.
    fn is_signed(&self, authorization: &str) -> bool;

    /// What a person changes in the provider's own pages, such as `service/NAME`. Answers with one sentence.
    fn edit(&mut self, now: Timestamp, object: &str, book: &mut Book) -> Result<String, String>;
}
