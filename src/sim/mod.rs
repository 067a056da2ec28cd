//! The simulated world: providers as they behave on the wire, and what truly happened in them.
//!
//! Written from the providers' documents, never from the clients' own types: a misspelt field cannot agree with itself.

mod chance;
pub mod chronicle;
#[cfg(test)]
mod desk;
pub mod fault;
mod github;
mod ledger;
mod product;
pub mod scenario;
pub mod serve;
#[cfg(test)]
mod tests;
pub mod transport;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

pub use self::fault::{Fault, FaultRule};
pub use self::github::Act;
use self::github::{Done, Github, PAGE};
use self::ledger::Book;
pub use self::ledger::{CallRecord, Ledger, MadeBy, ObjectRecord, Provider};
pub use self::scenario::{Names, Scenario};
use crate::seam::transport::{HttpResponse, Method};
use crate::secret::Secret;

/// All that is. Clones share their contents, so a snapshot at every call is cheap.
#[derive(Clone)]
pub struct World {
    seed: u64,
    now: Timestamp,
    next_call: u64,
    github: Github,
    tokens: BTreeMap<Provider, String>,
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

impl World {
    pub fn new(scenario: &Scenario, seed: u64, start: Timestamp) -> World {
        let token = format!(
            "golive-sim-github-{}",
            chance::hex(seed, "token github", 24)
        );
        let mut book = Book::default();
        World {
            github: Github::new(Arc::new(scenario.clone()), seed, &token, start, &mut book),
            tokens: BTreeMap::from([(Provider::Github, token)]),
            faults: fault::Faults::default(),
            next_call: 1,
            now: start,
            seed,
            book,
        }
    }

    /// Moves the world on to `now`; what is due happens at its own time, in order. The world never goes back.
    pub fn advance(&mut self, now: Timestamp) {
        self.now = self.now.max(now);
        self.github.advance(self.now, &mut self.book);
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
        let instead = match fault {
            Some(Fault::TimeoutBefore) => Some(Answer::Timeout { applied: false }),
            Some(Fault::ResetBefore) => Some(Answer::Reset { applied: false }),
            Some(Fault::Http500Before) => {
                Some(Answer::Reply(self.github.fault_reply(now, n, 500, None)))
            }
            Some(Fault::Http429) => {
                let wait = Some(WAIT_S.to_string());
                Some(Answer::Reply(self.github.fault_reply(now, n, 429, wait)))
            }
            Some(Fault::Http429Date) => {
                let until = now + SignedDuration::from_secs(WAIT_S);
                let wait = Some(until.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string());
                Some(Answer::Reply(self.github.fault_reply(now, n, 429, wait)))
            }
            Some(Fault::SecondaryLimit) => {
                Some(Answer::Reply(self.github.secondary_limit(now, n, call)))
            }
            _ => None,
        };
        if let Some(answer) = instead {
            return (answer, false, false);
        }
        let stale = fault == Some(Fault::StaleRead);
        let Done {
            response,
            applied,
            mutating,
        } = self.github.call(now, n, call, stale, &mut self.book);
        let answer = match fault {
            Some(Fault::TimeoutAfterApply) => Answer::Timeout { applied },
            Some(Fault::ResetAfterApply) => Answer::Reset { applied },
            Some(Fault::Http503AfterApply) => {
                Answer::Reply(self.github.fault_reply(now, n, 503, None))
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

    /// What a person does in the world. Answers with one sentence: what was done, or why it cannot be.
    pub fn person(&mut self, now: Timestamp, act: &Act) -> Result<String, String> {
        self.advance(now);
        self.github.person(self.now, act, &mut self.book)
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

    /// The tokens that the world accepts, by provider.
    pub fn tokens(&self) -> BTreeMap<String, Secret> {
        self.tokens
            .iter()
            .map(|(provider, token)| (provider.as_str().to_owned(), Secret::new(token.clone())))
            .collect()
    }

    /// The same for a ready file: they open nothing but this world, so they may be written down.
    fn tokens_for_ready(&self) -> BTreeMap<String, String> {
        self.tokens
            .iter()
            .map(|(provider, token)| (provider.as_str().to_owned(), token.clone()))
            .collect()
    }

    fn token(&self, provider: Provider) -> &str {
        self.tokens.get(&provider).map_or("", String::as_str)
    }

    /// Carries a remembered call out again, as the call it was then.
    fn replay(&mut self, n: u64, at: Timestamp, call: &Call) {
        self.next_call = n;
        self.github.unlimited = true;
        self.call(at, call);
        self.github.unlimited = false;
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
