//! A caller of a simulated provider whose every request and every reply is compared with the provider's document.
//!
//! A provider's file lists what its document lacks, makes a world and lives a busy life in it:
//!
//! ```ignore
//! pub const EXCEPTIONS: &[Exception] = &[Exception::new(
//!     "PATCH /v9/projects/{idOrName}/branch", Lack::Endpoint, "the production branch is not in the official document",
//! )];
//!
//! #[test]
//! fn every_exchange_has_the_shape_that_the_document_promises() {
//!     let world = caller::world("fresh", |scenario| scenario.lag = false);
//!     let Some(mut caller) = Caller::new(Provider::Vercel, EXCEPTIONS, world) else { return };
//!     caller.below("/v9/projects/shop"); // what "./…" stands for
//!     let (status, made) = caller.post("/v11/projects", json!({ "name": "shop" }));
//!     assert_eq!(status, 200, "{made}");
//!     caller.get("./domains?limit=100");
//!     caller.finish(2); // nothing wrong, no exception unused, at least so many kinds of exchange compared
//! }
//! ```
//!
//! Paths are as the simulator takes them, so Render's begin with `/v1`. Atlas begins with its client's `Basic` header:
//! after `caller.text(Method::Post, "/api/oauth/token", Some("grant_type=client_credentials"))` go on with
//! `caller.sign("Bearer …")`. Last, name the provider's list in `launch.rs`: whole launches are compared too.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use golive::seam::transport::{HttpResponse, Method};
use golive::secret::Secret;
use golive::sim::{Act, Answer, Call, Names, Provider, Scenario, World};
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use crate::document::Document;
use crate::validator::{Exception, Validator};

pub struct Caller {
    pub world: World,
    pub now: Timestamp,
    pub validator: Validator,
    provider: Provider,
    document: &'static Document,
    /// The `authorization` of every call.
    signature: String,
    /// What a leading `.` of a path stands for.
    below: String,
}

/// How long after the one before a call is made.
const BETWEEN_S: i64 = 2;

/// A named world at a fixed time, changed before it begins.
pub fn world(name: &str, change: impl FnOnce(&mut Scenario)) -> World {
    let mut scenario = Scenario::named(name, &Names::example()).expect("a world of that name");
    change(&mut scenario);
    World::new(&scenario, 5, Timestamp::constant(1_795_507_200, 0))
}

impl Caller {
    /// `None`, said aloud, where the provider's document is not there.
    pub fn new(
        provider: Provider,
        exceptions: &'static [Exception],
        world: World,
    ) -> Option<Caller> {
        let tokens = world.tokens();
        // The documents' test speaks to the world as any client would.
        let token = |name: &str| tokens.get(name).map(Secret::expose).unwrap_or_default();
        let signature = match provider {
            Provider::Atlas => {
                let pair = format!("{}:{}", token("atlas_id"), token("atlas_secret"));
                format!("Basic {}", STANDARD.encode(pair))
            }
            Provider::Stripe => format!("Bearer {}", token("stripe_sk_test")),
            other => format!("Bearer {}", token(other.as_str())),
        };
        Some(Caller {
            validator: Validator::of(&[(provider, exceptions)])?,
            document: Document::of(provider)?,
            now: world.now(),
            world,
            provider,
            signature,
            below: String::new(),
        })
    }

    /// From now on a leading `.` of a path stands for this.
    pub fn below(&mut self, path: &str) {
        path.clone_into(&mut self.below);
    }

    /// From now on calls carry this `authorization`.
    pub fn sign(&mut self, authorization: impl Into<String>) {
        self.signature = authorization.into();
    }

    pub fn wait(&mut self, seconds: i64) {
        self.now += SignedDuration::from_secs(seconds);
    }

    /// A person acts in the world.
    pub fn person(&mut self, act: &Act) {
        let done = self.world.person(self.now, act);
        done.unwrap_or_else(|cause| panic!("{act:?}: {cause}"));
    }

    pub fn get(&mut self, path: &str) -> (u16, Value) {
        self.call(Method::Get, path, None)
    }

    pub fn post(&mut self, path: &str, body: Value) -> (u16, Value) {
        self.call(Method::Post, path, Some(body))
    }

    pub fn put(&mut self, path: &str, body: Value) -> (u16, Value) {
        self.call(Method::Put, path, Some(body))
    }

    pub fn patch(&mut self, path: &str, body: Value) -> (u16, Value) {
        self.call(Method::Patch, path, Some(body))
    }

    pub fn delete(&mut self, path: &str) -> (u16, Value) {
        self.call(Method::Delete, path, None)
    }

    /// A call with a JSON body, or without one: its status, and its body or null.
    pub fn call(&mut self, method: Method, path: &str, body: Option<Value>) -> (u16, Value) {
        let body = body.map(|body| body.to_string());
        self.text(method, path, body.as_deref())
    }

    /// A call with a body as it is, such as a form. Asks for the media type that the document offers, and sends the
    /// body as the one that it declares.
    pub fn text(&mut self, method: Method, path: &str, body: Option<&str>) -> (u16, Value) {
        self.wait(BETWEEN_S);
        let path = match path.strip_prefix('.') {
            Some(rest) => format!("{}{rest}", self.below),
            None => path.to_owned(),
        };
        let bare = path.split('?').next().unwrap_or_default();
        let operation = bare
            .strip_prefix(self.provider.prefix())
            .and_then(|path| self.document.operation(method, path));
        let accept = operation.as_ref().and_then(|found| found.answers_with());
        let declared = operation.as_ref().and_then(|found| found.request());
        let declared = declared.as_ref().and_then(|body| body.media_types().next());
        let header = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        let mut headers = vec![
            header("user-agent", "golive/0"),
            header("authorization", &self.signature),
            header("accept", accept.unwrap_or("application/json")),
        ];
        if body.is_some() {
            headers.push(header(
                "content-type",
                declared.unwrap_or("application/json"),
            ));
        }
        let call = Call {
            provider: self.provider,
            method,
            path,
            headers,
            body: body.map(Into::into),
        };
        let response = self.answer(&call);
        self.validator.check(&call, Some(&response));
        let body = serde_json::from_slice(&response.body).unwrap_or_default();
        (response.status, body)
    }

    fn answer(&mut self, call: &Call) -> HttpResponse {
        match self.world.call(self.now, call) {
            Answer::Reply(response) | Answer::Slow(response, _) => response,
            other => panic!("no fault was asked for: {other:?}"),
        }
    }

    /// Fails when something was wrong, an exception was not needed, or fewer kinds of exchange than `least` compared.
    pub fn finish(self, least: usize) {
        let Validator {
            wrong, compared, ..
        } = &self.validator;
        assert!(wrong.is_empty(), "{wrong:#?}");
        let unused = self.validator.unused();
        assert!(unused.is_empty(), "take off the list: {unused:#?}");
        let count = compared.len();
        assert!(
            count >= least,
            "only {count} kinds of exchange were compared: {compared:#?}"
        );
    }
}
