//! The road under test: the real transport and the real `Http`, a provider's manners, and a clock that never waits.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures::future::BoxFuture;
use golive::event::Live;
use golive::plan::Provider;
use golive::provider::http::{
    CallError, Class, Endpoint, Http, Manners, Pacer, Words, retry_after,
};
use golive::provider::https::HttpsTransport;
use golive::seam::clock::Clock;
use golive::seam::transport::{
    HeaderText, HttpRequest, HttpResponse, Method, Transport, TransportError,
};
use golive::secret::Secret;
use jiff::{SignedDuration, Timestamp};

pub const TOKEN: &str = "golive-sim-github-0123456789abcdef01234567";
pub const START: Timestamp = Timestamp::UNIX_EPOCH;
/// How long the test's road waits for a reply. Long enough for a busy machine, short enough to be waited for.
pub const TIMEOUT: Duration = Duration::from_millis(500);

/// Its time moves by what is slept, at once; so back-off costs nothing while sockets are real.
#[derive(Clone, Default)]
pub struct TestClock(Arc<Mutex<Vec<Duration>>>);

impl TestClock {
    /// Every sleep that took time, in order.
    pub fn sleeps(&self) -> Vec<u64> {
        let slept = self.0.lock().unwrap();
        slept.iter().map(Duration::as_secs).collect()
    }
}

impl Clock for TestClock {
    fn now(&self) -> Timestamp {
        let slept: Duration = self.0.lock().unwrap().iter().sum();
        START + SignedDuration::try_from(slept).unwrap()
    }

    fn sleep(&self, duration: Duration) -> BoxFuture<'static, ()> {
        let slept = self.0.clone();
        Box::pin(async move {
            if !duration.is_zero() {
                slept.lock().unwrap().push(duration);
            }
        })
    }
}

/// The real transport with less patience.
struct Hasty(HttpsTransport);

impl Transport for Hasty {
    fn send(&self, request: HttpRequest) -> BoxFuture<'_, Result<HttpResponse, TransportError>> {
        self.0.send(HttpRequest {
            timeout: TIMEOUT,
            ..request
        })
    }
}

/// Limits as GitHub tells them.
struct TestManners;

impl Manners for TestManners {
    fn provider(&self) -> Provider {
        Provider::GitHub
    }

    fn headers(&self, _media: Option<&str>) -> Vec<(String, HeaderText)> {
        let bearer = Secret::new(TOKEN).prefixed("Bearer ");
        vec![("authorization".into(), HeaderText::Secret(bearer))]
    }

    fn refusal(&self, body: &[u8]) -> Words {
        Words {
            message: String::from_utf8_lossy(body).into_owned(),
            ..Words::default()
        }
    }

    fn request_id(&self) -> &'static str {
        "x-github-request-id"
    }

    fn limit(&self, response: &HttpResponse, now: Timestamp) -> Option<Option<Duration>> {
        let text = String::from_utf8_lossy(&response.body).to_lowercase();
        match response.status {
            403 if text.contains("rate limit") => Some(retry_after(response, now)),
            _ => None,
        }
    }

    fn left(&self, _: &HttpResponse, _: Timestamp) -> Option<(u64, u64, Timestamp)> {
        None
    }

    fn pace(&self) -> Duration {
        Duration::ZERO
    }
}

/// One operator's view of one provider.
pub struct Road {
    pub clock: TestClock,
    base: String,
    transport: Hasty,
    pacer: Pacer,
    told: Arc<Mutex<Vec<String>>>,
}

impl Road {
    pub fn to(base: &str) -> Road {
        Road {
            clock: TestClock::default(),
            base: base.into(),
            transport: Hasty(HttpsTransport::new().unwrap()),
            pacer: Pacer::default(),
            told: Arc::default(),
        }
    }

    /// Everything that listeners heard, as text.
    pub fn told(&self) -> String {
        self.told.lock().unwrap().join("\n")
    }

    /// How often an operator was shown that a call is put off.
    pub fn backed_off(&self) -> usize {
        self.told().matches("BackingOff").count()
    }

    pub async fn call<T: serde::de::DeserializeOwned>(
        &self,
        class: Class,
        method: Method,
        path: &str,
    ) -> Result<T, CallError> {
        let told = self.told.clone();
        let listener = move |live: Live| told.lock().unwrap().push(format!("{live:?}"));
        let http = Http::new(
            &self.base,
            &TestManners,
            &self.transport,
            &self.clock,
            &listener,
            &self.pacer,
        );
        let body = (method != Method::Get).then(|| serde_json::json!({"ref": "staging"}));
        http.json(Endpoint {
            class,
            method,
            path,
            body,
            media: None,
        })
        .await
    }

    /// A write that must not happen twice.
    pub async fn create(&self) -> Result<serde_json::Value, CallError> {
        self.call(Class::Unique, Method::Post, "/refs").await
    }

    /// A write that may happen twice.
    pub async fn put(&self) -> Result<serde_json::Value, CallError> {
        self.call(Class::Natural, Method::Post, "/refs").await
    }

    pub async fn look(&self) -> Result<serde_json::Value, CallError> {
        self.call(Class::Read, Method::Get, "/refs?page=2").await
    }
}
