//! The simulated world: providers as they behave on the wire, and what truly happened in them.
//!
//! Written from the providers' documents, never from the clients' own types: a misspelt field cannot agree with itself.

mod atlas;
mod chance;
pub mod chronicle;
mod cloudflare;
#[cfg(test)]
mod desk;
pub mod doors;
mod example;
pub mod fault;
mod github;
mod godaddy;
mod hands;
pub mod hidden;
mod issued;
mod ledger;
mod past;
mod product;
mod render;
pub mod scenario;
pub mod serve;
mod service;
mod sites;
mod stripe;
mod targets;
#[cfg(test)]
mod tests;
pub mod transport;
mod vercel;
mod wire;
mod zones;

use std::collections::BTreeMap;
use std::net::Ipv4Addr;
use std::sync::Arc;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use self::atlas::Atlas;
use self::cloudflare::Cloudflare;
pub use self::fault::{Fault, FaultRule};
pub use self::github::Act;
use self::github::{Github, PAGE};
use self::godaddy::Godaddy;
use self::ledger::Book;
pub use self::ledger::{CallRecord, Ledger, MadeBy, ObjectRecord, Provider};
use self::render::Render;
pub use self::scenario::{Names, Scenario};
use self::service::{Around, Done, Service, Visit};
use self::stripe::Stripe;
use self::vercel::Vercel;
use self::zones::{Host, Zones};
use crate::seam::documents::Login;
use crate::seam::redis::Probe;
use crate::seam::resolver::{Answer as DnsAnswer, Question, Silence};
use crate::seam::transport::{HttpResponse, Method};
use crate::secret::Secret;

/// All that is. Clones share their contents, so a snapshot at every call is cheap.
#[derive(Clone)]
pub struct World {
    seed: u64,
    now: Timestamp,
    next_call: u64,
    github: Github,
    vercel: Vercel,
    render: Render,
    atlas: Atlas,
    godaddy: Godaddy,
    cloudflare: Cloudflare,
    stripe: Stripe,
    zones: Zones,
    /// By the name that a ready file gives them: a provider's, or `atlas_id` and `atlas_secret`; `mongodb_dev` is the
    /// password of the database users whose password the world's operator knows.
    tokens: BTreeMap<&'static str, String>,
    /// What the rehearsal knows of its launch's secrets.
    known: Arc<hidden::Known>,
    replaying: bool,
    faults: fault::Faults,
    book: Book,
}

/// One HTTP call as it reaches a provider.
#[derive(Clone, Debug)]
pub struct Call {
    pub provider: Provider,
    pub method: Method,
    /// As the official address has it behind its host: still percent-encoded, with the query.
    pub path: String,
    pub headers: Vec<(String, String)>,
    pub body: Option<Vec<u8>>,
}

/// What the wire does. Whatever it is, the effect is in the world already when `applied`.
#[derive(Clone, Debug)]
pub enum Answer {
    Reply(HttpResponse),
    /// The reply, after so much longer.
    Slow(HttpResponse, Duration),
    /// The whole reply, of whose body only the first half is to be sent before the connection ends.
    Truncated(HttpResponse),
    /// The connection is reset without a reply.
    Reset {
        applied: bool,
    },
    /// Nothing comes until the caller gives up.
    Timeout {
        applied: bool,
    },
}

impl Answer {
    fn status(&self) -> Option<u16> {
        match self {
            Answer::Reply(response) | Answer::Slow(response, _) | Answer::Truncated(response) => {
                Some(response.status)
            }
            Answer::Reset { .. } | Answer::Timeout { .. } => None,
        }
    }
}

/// How much longer a slow reply takes: within the patience of a client, and noticed.
const SLOW: Duration = Duration::from_secs(8);
/// How long a refusal asks to wait.
const WAIT_S: i64 = 20;

/// The public address that everything of golive comes from in this world (a range kept for documentation).
pub const CALLER: Ipv4Addr = Ipv4Addr::new(203, 0, 113, 9);

/// Does the same with whichever service a provider is.
macro_rules! service {
    ($world:expr, $provider:expr, $service:ident => $body:expr) => {
        match $provider {
            Provider::Github => {
                let $service = &mut $world.github;
                $body
            }
            Provider::Vercel => {
                let $service = &mut $world.vercel;
                $body
            }
            Provider::Render => {
                let $service = &mut $world.render;
                $body
            }
            Provider::Atlas => {
                let $service = &mut $world.atlas;
                $body
            }
            Provider::Godaddy => {
                let $service = &mut $world.godaddy;
                $body
            }
            Provider::Cloudflare => {
                let $service = &mut $world.cloudflare;
                $body
            }
            Provider::Stripe => {
                let $service = &mut $world.stripe;
                $body
            }
        }
    };
}

/// The rest of the world as one of its services sees it.
macro_rules! around {
    ($world:expr, $databases:expr) => {
        Around {
            code: &$world.github,
            zones: &$world.zones,
            databases: $databases,
            caller: CALLER,
            replaying: $world.replaying,
        }
    };
}

impl World {
    pub fn new(scenario: &Scenario, seed: u64, start: Timestamp) -> World {
        let token = |name: &str| {
            let provider = match name.starts_with("stripe_") {
                // Its kind and mode are read in it.
                true => name.replace('_', "-"),
                false => name.split('_').next().unwrap_or(name).to_owned(),
            };
            let salt = format!("token {name}");
            format!("golive-sim-{provider}-{}", chance::hex(seed, &salt, 24))
        };
        let names = [
            "github",
            "vercel",
            "render",
            "atlas_id",
            "atlas_secret",
            "mongodb_dev",
            "godaddy",
            "godaddy_key",
            "godaddy_secret",
            "cloudflare",
            "stripe_sk_test",
            "stripe_pk_test",
            "stripe_sk_live",
            "stripe_pk_live",
        ];
        let tokens: BTreeMap<&'static str, String> =
            names.into_iter().map(|name| (name, token(name))).collect();
        let mut book = Book::default();
        let all = Arc::new(scenario.clone());
        let scenario = || Arc::clone(&all);
        let github = Github::new(scenario(), seed, &tokens["github"], start, &mut book);
        let vercel = Vercel::new(scenario(), seed, &tokens, start, &mut book);
        let render = Render::new(scenario(), seed, &tokens, start, &mut book);
        let key = [&tokens["godaddy_key"], &tokens["godaddy_secret"]].map(String::as_str);
        let target = |named: &str| match named.split_once(':')? {
            ("vercel", name) => vercel.project_id(name).map(|id| targets::vercel_cname(&id)),
            ("render", name) => render.slug_of(name).map(|slug| targets::render_host(&slug)),
            _ => None,
        };
        World {
            zones: Zones::new(scenario(), seed, start, target, &mut book),
            github,
            vercel,
            render,
            atlas: Atlas::new(
                scenario(),
                seed,
                (&tokens["atlas_id"], &tokens["atlas_secret"]),
                &tokens["mongodb_dev"],
                start,
                &mut book,
            ),
            godaddy: Godaddy::new(scenario(), seed, start, &tokens["godaddy"], &key.join(":")),
            cloudflare: Cloudflare::new(scenario(), seed, start, &tokens["cloudflare"]),
            stripe: Stripe::new(scenario(), seed, &tokens, start),
            tokens,
            faults: fault::Faults::default(),
            next_call: 1,
            now: start,
            seed,
            book,
            known: Arc::default(),
            replaying: false,
        }
    }

    /// Moves the world on to `now`; what is due happens at its own time, in order. The world never goes back.
    pub fn advance(&mut self, now: Timestamp) {
        self.now = self.now.max(now);
        self.github.advance(self.now, &mut self.book);
        let around = around!(self, Some(&self.atlas));
        self.vercel.advance(self.now, around, &mut self.book);
        self.render.advance(self.now, around, &mut self.book);
        let around = around!(self, None);
        self.atlas.advance(self.now, around, &mut self.book);
    }

    /// A login to the databases from where golive runs, as a driver would find it.
    fn login(&mut self, now: Timestamp, host: &str, user: &str, password: &Secret) -> Login {
        self.advance(now);
        let right = |digest: &str| password.has_sha256(digest);
        self.atlas.login(self.now, CALLER, host, user, right)
    }

    /// A call to a queue from where golive runs, as a driver would find it.
    fn probe(&mut self, now: Timestamp, address: &Secret) -> Probe {
        self.advance(now);
        self.render.probe(self.now, CALLER, address)
    }

    /// A question to a name server, from where golive runs.
    fn ask(&mut self, now: Timestamp, question: &Question) -> Result<DnsAnswer, Silence> {
        self.advance(now);
        self.zones.ask(self.now, question)
    }

    /// The world's time.
    pub fn now(&self) -> Timestamp {
        self.now
    }

    pub fn seed(&self) -> u64 {
        self.seed
    }

    /// One call. The same state, time and call give the same answer.
    pub fn call(&mut self, now: Timestamp, call: &Call) -> Answer {
        self.advance(now);
        let now = self.now;
        let n = self.next_call;
        self.next_call += 1;
        let (counted, fault) = self.faults.strike(call.provider, call.method, &call.path);
        let (answer, applied, mutating) = self.carry_out(now, n, call, fault);
        self.book.called(CallRecord {
            n,
            at: now,
            provider: call.provider,
            method: call.method.to_string(),
            path: call.path.clone(),
            status: answer.status(),
            mutating,
            applied,
            faulted: counted,
        });
        answer
    }

    fn carry_out(
        &mut self,
        now: Timestamp,
        n: u64,
        call: &Call,
        fault: Option<Fault>,
    ) -> (Answer, bool, bool) {
        let mut edge = |status, wait| service!(self, call.provider, service => Answer::Reply(service.fault_reply(now, n, status, wait)));
        let until = now + SignedDuration::from_secs(WAIT_S);
        let date = until.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string();
        let instead = match fault {
            Some(Fault::TimeoutBefore) => Some(Answer::Timeout { applied: false }),
            Some(Fault::ResetBefore) => Some(Answer::Reset { applied: false }),
            Some(Fault::Http500Before) => Some(edge(500, None)),
            Some(Fault::Http429) => Some(edge(429, Some(WAIT_S.to_string()))),
            Some(Fault::Http429Date) => Some(edge(429, Some(date))),
            Some(Fault::SecondaryLimit) => Some(match call.provider {
                Provider::Github => Answer::Reply(self.github.secondary_limit(now, n, call)),
                // Only GitHub has a second limit; elsewhere it is the one limit, without a word about when it ends.
                _ => edge(429, None),
            }),
            _ => None,
        };
        if let Some(answer) = instead {
            return (answer, false, false);
        }
        let visit = Visit {
            now,
            n,
            call,
            stale: fault == Some(Fault::StaleRead),
        };
        let Done {
            response,
            applied,
            mutating,
        } = self.serve(visit);
        let answer = match fault {
            Some(Fault::TimeoutAfterApply) => Answer::Timeout { applied },
            Some(Fault::ResetAfterApply) => Answer::Reset { applied },
            Some(Fault::Http503AfterApply) => {
                service!(self, call.provider, service => Answer::Reply(service.fault_reply(now, n, 503, None)))
            }
            Some(Fault::Truncated) => Answer::Truncated(response),
            Some(Fault::Empty) => Answer::Reply(with_body(response, None, Vec::new())),
            Some(Fault::Html) => Answer::Reply(with_body(
                response,
                Some("text/html; charset=utf-8"),
                PAGE.as_bytes().to_vec(),
            )),
            Some(Fault::Slow) => Answer::Slow(response, SLOW),
            _ => Answer::Reply(response),
        };
        (answer, applied, mutating)
    }

    /// The service's own way of the call.
    fn serve(&mut self, visit: Visit<'_>) -> Done {
        let (replaying, book) = (self.replaying, &mut self.book);
        match visit.call.provider {
            Provider::Github => {
                let Visit {
                    now,
                    n,
                    call,
                    stale,
                } = visit;
                self.github.call(now, n, call, stale, book)
            }
            // Both keep the zone, so they change it as well as look at it.
            Provider::Godaddy => self.godaddy.call(visit, replaying, &mut self.zones, book),
            Provider::Cloudflare => self
                .cloudflare
                .call(visit, replaying, &mut self.zones, book),
            Provider::Atlas => self.atlas.call(visit, around!(self, None), book),
            Provider::Vercel => {
                let around = around!(self, Some(&self.atlas));
                self.vercel.call(visit, around, book)
            }
            Provider::Render => {
                let around = around!(self, Some(&self.atlas));
                self.render.call(visit, around, book)
            }
            Provider::Stripe => {
                let around = around!(self, Some(&self.atlas));
                self.stripe.call(visit, around, book)
            }
        }
    }

    /// What a person does in the world. Answers with one sentence: what was done, or why it cannot be.
    pub fn person(&mut self, now: Timestamp, act: &Act) -> Result<String, String> {
        self.advance(now);
        let elsewhere = match act {
            Act::Edit(object) => object.split_once('/').and_then(|(provider, object)| {
                let provider = Provider::parse(provider)?;
                (provider != Provider::Github).then_some((provider, object))
            }),
            _ => None,
        };
        let book = &mut self.book;
        match act {
            Act::Record(line) => return self.zones.record(self.now, line, book),
            Act::Unrecord(line) => return self.zones.unrecord(self.now, line, book),
            _ => {}
        }
        match elsewhere {
            Some((Provider::Vercel, object)) => self.vercel.edit(self.now, object, book),
            Some((Provider::Render, object)) => self.render.edit(self.now, object, book),
            Some((Provider::Atlas, object)) => self.atlas.edit(self.now, object, book),
            Some((Provider::Godaddy, object)) => {
                self.zones.edit(self.now, Host::Godaddy, object, book)
            }
            Some((Provider::Cloudflare, object)) => {
                self.zones.edit(self.now, Host::Cloudflare, object, book)
            }
            Some((Provider::Stripe, object)) => self.stripe.edit(self.now, object, book),
            _ => self.github.person(self.now, act, book),
        }
    }

    /// What truly happened so far.
    pub fn ledger(&self) -> Ledger {
        self.book.read()
    }

    /// The call made last.
    pub fn last_call(&self) -> Option<&CallRecord> {
        self.book.last_call()
    }

    pub fn add_faults(&mut self, faults: &[FaultRule]) {
        self.faults.add(faults);
    }

    /// The tokens that the world accepts, by the name that a ready file gives them.
    pub fn tokens(&self) -> BTreeMap<String, Secret> {
        self.tokens
            .iter()
            .map(|(name, token)| ((*name).to_owned(), Secret::new(token.clone())))
            .collect()
    }

    /// The same for a ready file: they open nothing but this world, so they may be written down.
    pub fn ready_tokens(&self) -> BTreeMap<String, String> {
        self.tokens
            .iter()
            .map(|(name, token)| ((*name).to_owned(), token.clone()))
            .collect()
    }

    fn token(&self, name: &str) -> &str {
        self.tokens.get(name).map_or("", String::as_str)
    }

    /// Every `authorization` that opens a service now, as it stands in a header.
    fn signatures(&self, provider: Provider) -> Vec<String> {
        match provider {
            Provider::Atlas => self.atlas.signatures(),
            Provider::Stripe => self.stripe.signatures(),
            Provider::Godaddy => self.godaddy.signatures(),
            Provider::Github => {
                let token = self.token("github");
                vec![format!("Bearer {token}"), format!("token {token}")]
            }
            other => vec![format!("Bearer {}", self.token(other.as_str()))],
        }
    }

    /// Whether the call is signed with what the world gave out.
    fn is_signed(&self, call: &Call) -> bool {
        let header = call
            .headers
            .iter()
            .find(|(name, _)| name.eq_ignore_ascii_case("authorization"));
        let Some((_, value)) = header else {
            return false;
        };
        match call.provider {
            Provider::Github => value.ends_with(self.token("github")),
            Provider::Vercel => self.vercel.is_signed(value),
            Provider::Render => self.render.is_signed(value),
            Provider::Atlas => self.atlas.is_signed(value),
            Provider::Godaddy => self.godaddy.is_signed(value),
            Provider::Cloudflare => self.cloudflare.is_signed(value),
            Provider::Stripe => self.stripe.is_signed(value),
        }
    }

    /// Carries a remembered call out again, as the call it was then.
    fn replay(&mut self, n: u64, at: Timestamp, call: &Call) {
        self.next_call = n;
        self.github.unlimited = true;
        self.replaying = true;
        self.call(at, call);
        self.github.unlimited = false;
        self.replaying = false;
    }
}

fn with_body(response: HttpResponse, kind: Option<&str>, body: Vec<u8>) -> HttpResponse {
    let mut response = HttpResponse { body, ..response };
    for (name, value) in &mut response.headers {
        if name == "content-type"
            && let Some(kind) = kind
        {
            kind.clone_into(value);
        }
    }
    response
}
