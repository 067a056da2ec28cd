//! The world behind the seam that a real run reaches the providers through, in the same process.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures::future::BoxFuture;

use super::chronicle::Entry;
use super::doors::Doors;
use super::{Act, Answer, Call, FaultRule, Provider, World};
use crate::error::Result;
use crate::seam::clock::Clock;
use crate::seam::transport::{HeaderText, HttpRequest, HttpResponse, Transport, TransportError};
use crate::secret::Secret;

/// Called before an answer is given; when it fails, the answer is not.
pub type Journal = Arc<dyn Fn(&Entry) -> Result<()> + Send + Sync>;

/// How long a call takes in all.
pub const LATENCY: Duration = Duration::from_millis(150);

/// Base addresses are `http://<provider>.localhost`; the path follows directly.
#[derive(Clone)]
pub struct SimTransport {
    pub world: Arc<Mutex<World>>,
    pub clock: Arc<dyn Clock>,
    pub latency: Duration,
    pub journal: Option<Journal>,
}

impl SimTransport {
    pub fn new(world: World, clock: Arc<dyn Clock>) -> SimTransport {
        SimTransport {
            world: Arc::new(Mutex::new(world)),
            clock,
            latency: LATENCY,
            journal: None,
        }
    }

    /// The world's databases and its network.
    pub fn doors(&self) -> Doors {
        Doors {
            world: self.world.clone(),
            clock: self.clock.clone(),
        }
    }

    pub fn with_journal(mut self, journal: Journal) -> SimTransport {
        self.journal = Some(journal);
        self
    }

    /// A person acts; remembered before it is answered.
    pub fn person(&self, act: &Act) -> Result<String, String> {
        let mut world = self.world.lock().unwrap_or_else(PoisonError::into_inner);
        let done = world.person(self.clock.now(), act)?;
        let entry = Entry::person(world.now(), act);
        self.remember(&entry).map_err(|error| error.what)?;
        Ok(done)
    }

    /// Adds faults on the way; remembered too.
    pub fn add_faults(&self, faults: &[FaultRule]) -> Result<()> {
        let mut world = self.world.lock().unwrap_or_else(PoisonError::into_inner);
        world.advance(self.clock.now());
        world.add_faults(faults);
        self.remember(&Entry::faults(world.now(), faults))
    }

    /// Notes how far the time has come, so that a rehearsal goes on from there.
    pub fn mark(&self) -> Result<()> {
        let mut world = self.world.lock().unwrap_or_else(PoisonError::into_inner);
        world.advance(self.clock.now());
        self.remember(&Entry::mark(world.now()))
    }

    fn remember(&self, entry: &Entry) -> Result<()> {
        match &self.journal {
            Some(journal) => journal(entry),
            None => Ok(()),
        }
    }

    /// Carries the call out and remembers it, both under one lock, so that the record has the order of the world.
    fn carry_out(&self, call: &Call) -> Result<Answer, TransportError> {
        let mut world = self.world.lock().unwrap_or_else(PoisonError::into_inner);
        let answer = world.call(self.clock.now(), call);
        if let Some(entry) = Entry::of_last_call(&world, call) {
            self.remember(&entry)
                .map_err(|error| TransportError::Broken(error.what))?;
        }
        Ok(answer)
    }

    fn read(&self, request: HttpRequest) -> Result<Call, TransportError> {
        let elsewhere =
            || TransportError::NotSent("there is no such host in a rehearsal".to_owned());
        let rest = request.url.strip_prefix("http://").ok_or_else(elsewhere)?;
        let (host, path) = rest.split_at(rest.find(['/', '?']).unwrap_or(rest.len()));
        let name = host.split(':').next().unwrap_or_default();
        let provider = name
            .strip_suffix(".localhost")
            .and_then(Provider::parse)
            .ok_or_else(elsewhere)?;
        let world = self.world.lock().unwrap_or_else(PoisonError::into_inner);
        let mut headers = vec![("host".to_owned(), host.to_owned())];
        for (name, value) in &request.headers {
            let text = match value {
                HeaderText::Plain(text) => text.clone(),
                HeaderText::Secret(secret) => readable(secret, &world.signatures(provider)),
            };
            headers.push((name.to_lowercase(), text));
        }
        let path = if path.is_empty() { "/" } else { path };
        Ok(Call {
            provider,
            method: request.method,
            path: path.to_owned(),
            headers,
            body: request.body,
        })
    }

    async fn exchange(&self, request: HttpRequest) -> Result<HttpResponse, TransportError> {
        let (timeout, body_max) = (request.timeout, request.body_max);
        let call = self.read(request)?;
        let half = self.latency / 2;
        self.clock.sleep(half).await;
        let response = match self.carry_out(&call)? {
            Answer::Timeout { .. } => {
                self.clock.sleep(timeout.saturating_sub(half)).await;
                return Err(TransportError::Timeout);
            }
            Answer::Slow(_, longer) if self.latency + longer > timeout => {
                self.clock.sleep(timeout.saturating_sub(half)).await;
                return Err(TransportError::Timeout);
            }
            Answer::Slow(response, longer) => {
                self.clock.sleep(longer).await;
                Ok(response)
            }
            Answer::Reset { .. } => Err(TransportError::Broken(
                "connection reset by peer".to_owned(),
            )),
            Answer::Truncated(_) => Err(TransportError::Broken(
                "the body ended before its length".to_owned(),
            )),
            Answer::Reply(response) => Ok(response),
        };
        self.clock.sleep(half).await;
        match response {
            Ok(response) if response.body.len() > body_max => Err(TransportError::TooLarge),
            other => other,
        }
    }
}

/// What a secret header says to this world: one of its own signatures, or anything else.
fn readable(secret: &Secret, signatures: &[String]) -> String {
    if let Some(answer) = secret.digest_answer() {
        return answer.to_owned();
    }
    let known = signatures
        .iter()
        .find(|known| secret.same_as(&Secret::new((*known).clone())));
    known.map_or_else(|| "Bearer unknown".to_owned(), Clone::clone)
}

impl Transport for SimTransport {
    fn send(&self, request: HttpRequest) -> BoxFuture<'_, Result<HttpResponse, TransportError>> {
        Box::pin(self.exchange(request))
    }
}

#[cfg(test)]
mod tests {
    use super::super::fault::parse_list;
    use super::super::scenario::tests::names;
    use super::super::{Fault, Scenario};
    use super::*;
    use crate::seam::transport::Method;
    use futures::executor::block_on;
    use jiff::{SignedDuration, Timestamp};

    /// A clock whose sleeps are over at once and move it on.
    struct Jumping(Mutex<Timestamp>);

    impl Clock for Jumping {
        fn now(&self) -> Timestamp {
            *self.0.lock().unwrap()
        }

        fn sleep(&self, duration: Duration) -> BoxFuture<'static, ()> {
            *self.0.lock().unwrap() += SignedDuration::try_from(duration).unwrap();
            Box::pin(std::future::ready(()))
        }
    }

    fn transport() -> SimTransport {
        let start = "2026-11-24T08:00:00Z".parse().unwrap();
        let scenario = Scenario::named("fresh", &names()).unwrap();
        let clock = Arc::new(Jumping(Mutex::new(start)));
        SimTransport::new(World::new(&scenario, 7, start), clock)
    }

    fn request(transport: &SimTransport, path: &str) -> HttpRequest {
        let token = transport.world.lock().unwrap().tokens()["github"].clone();
        HttpRequest {
            method: Method::Get,
            url: format!("http://github.localhost{path}"),
            headers: vec![
                (
                    "User-Agent".to_owned(),
                    HeaderText::Plain("golive/0".to_owned()),
                ),
                (
                    "Authorization".to_owned(),
                    HeaderText::Secret(token.prefixed("Bearer ")),
                ),
            ],
            body: None,
            timeout: Duration::from_secs(10),
            body_max: 1 << 20,
        }
    }

    #[test]
    fn a_call_takes_its_time_and_knows_its_token() {
        let transport = transport();
        let before = transport.clock.now();
        let reply = block_on(transport.send(request(&transport, "/user"))).unwrap();
        assert_eq!(reply.status, 200);
        assert_eq!(
            transport.clock.now() - before,
            SignedDuration::from_millis(150)
        );
        let mut wrong = request(&transport, "/user");
        wrong.headers[1].1 = HeaderText::Secret(Secret::new("Bearer ghp_something"));
        assert_eq!(block_on(transport.send(wrong)).unwrap().status, 401);
        let mut elsewhere = request(&transport, "/user");
        elsewhere.url = "http://example.com/user".to_owned();
        let error = block_on(transport.send(elsewhere)).unwrap_err();
        assert!(matches!(error, TransportError::NotSent(_)));
    }

    #[test]
    fn faults_reach_the_caller_as_the_wire_shows_them() {
        let transport = transport();
        let rule = |fault| FaultRule {
            fault,
            ..parse_list("slow@GET /user", 1).unwrap()[0].clone()
        };
        let strike = |fault| {
            let rule = rule(fault);
            let mut world = transport.world.lock().unwrap();
            // Counted from the beginning of the rule, so each strikes at the next call.
            world.add_faults(&[rule]);
            drop(world);
            block_on(transport.send(request(&transport, "/user")))
        };
        assert!(matches!(
            strike(Fault::TimeoutBefore),
            Err(TransportError::Timeout)
        ));
        assert!(matches!(
            strike(Fault::ResetAfterApply),
            Err(TransportError::Broken(_))
        ));
        assert!(matches!(
            strike(Fault::Truncated),
            Err(TransportError::Broken(_))
        ));
        assert_eq!(strike(Fault::Http503AfterApply).unwrap().status, 503);
        let limited = strike(Fault::Http429Date).unwrap();
        assert_eq!(limited.status, 429);
        assert!(limited.header("retry-after").unwrap().ends_with("GMT"));
        assert_eq!(
            strike(Fault::SecondaryLimit).unwrap().header("retry-after"),
            Some("60")
        );
        assert!(strike(Fault::Empty).unwrap().body.is_empty());
        let page = strike(Fault::Html).unwrap();
        assert!(
            page.header("content-type")
                .unwrap()
                .starts_with("text/html")
        );
        let before = transport.clock.now();
        assert_eq!(strike(Fault::Slow).unwrap().status, 200);
        assert!(transport.clock.now() - before > SignedDuration::from_secs(8));
    }
}
