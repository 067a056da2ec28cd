//! The one road to a provider: pacing, limits, back-off, redirects, body caps, and what is known after a call that went wrong.
//!
//! Whether a call may be sent again is decided here from its class and from nothing else.

mod error;
mod retry;
mod shared;

pub use error::{CallError, Refusal, not_json};
pub use retry::{Class, Pacer, retry_after};
pub use shared::{encoded, endless, reading};

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::Timestamp;
use serde::de::DeserializeOwned;

use crate::event::{Call, FailedCall, Live};
use crate::plan::{ItemId, Provider};
use crate::seam::clock::Clock;
use crate::seam::transport::{
    HeaderText, HttpRequest, HttpResponse, Method, Transport, TransportError,
};
use crate::text::strip_controls;
use retry::{ATTEMPTS_MAX, Next, Patience, Told, later};

/// Longest reply that is read. GitHub's largest answer to our calls, a compare of 250 commits, is about 3 MB.
const BODY_MAX: usize = 16 << 20;
const TIMEOUT: Duration = Duration::from_secs(60);
/// A GET follows this many redirects to the same scheme, host and port. A redirected write is never repeated.
const REDIRECTS_MAX: u32 = 3;

/// One call as a client describes it.
pub struct Endpoint<'a> {
    pub class: Class,
    pub method: Method,
    /// Begins with `/`, percent-encoded, with its query.
    pub path: &'a str,
    pub body: Option<serde_json::Value>,
    /// The media type that is asked for and sent, where the provider has one for each version of an endpoint.
    pub media: Option<&'a str>,
}

/// A provider's words in a refusal.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Words {
    pub message: String,
    /// The vendor's list of errors, each as text.
    pub errors: Vec<String>,
    /// The vendor's own name for the error, such as `CLUSTER_NOT_FOUND`.
    pub code: Option<String>,
    /// Further fields that say what to do, such as `action` and `link`.
    pub fields: BTreeMap<String, String>,
}

/// How a provider's replies are to be understood.
pub trait Manners: Send + Sync {
    fn provider(&self) -> Provider;

    /// Headers of a call, the token among them. `media` is the endpoint's own media type, where it has one.
    fn headers(&self, media: Option<&str>) -> Vec<(String, HeaderText)>;

    /// The vendor's words in a refusal's body.
    fn refusal(&self, body: &[u8]) -> Words;

    /// The header of a reply that names the request to the vendor's support.
    fn request_id(&self) -> &'static str;

    /// A body as it is sent, with its content type.
    fn encode(&self, body: &serde_json::Value, media: Option<&str>) -> (String, Vec<u8>) {
        let kind = media.unwrap_or("application/json");
        (kind.to_string(), body.to_string().into_bytes())
    }

    /// Whether a call is signed only after the provider has posed a riddle (HTTP Digest). The first request then
    /// goes without its body, so that nothing is told to whom has not been signed for.
    fn is_challenged(&self) -> bool {
        false
    }

    /// The `authorization` that answers the riddle of a 401 reply. `path` is the whole path of the request, with its
    /// query. `None` when there is none to answer.
    fn answer(&self, _method: Method, _path: &str, _riddle: &HttpResponse) -> Option<HeaderText> {
        None
    }

    /// `Some` when this refusal is a limit: how long to wait, `None` inside when the reply does not say.
    fn limit(&self, response: &HttpResponse, now: Timestamp) -> Option<Option<Duration>>;

    /// What is left of the limit, as the reply's headers tell it: limit, remaining, end of the period.
    fn left(&self, response: &HttpResponse, now: Timestamp) -> Option<(u64, u64, Timestamp)>;

    /// Least time between two writes.
    fn pace(&self) -> Duration;
}

/// Hears what happens on the road.
pub type Listener = dyn Fn(Live) + Send + Sync;

pub struct Http<'a> {
    base: String,
    manners: &'a dyn Manners,
    transport: &'a dyn Transport,
    clock: &'a dyn Clock,
    listener: &'a Listener,
    item: Option<ItemId>,
    pacer: &'a Pacer,
}

impl<'a> Http<'a> {
    pub fn new(
        base: &str,
        manners: &'a dyn Manners,
        transport: &'a dyn Transport,
        clock: &'a dyn Clock,
        listener: &'a Listener,
        pacer: &'a Pacer,
    ) -> Self {
        let base = base.trim_end_matches('/').to_string();
        Self {
            base,
            manners,
            transport,
            clock,
            listener,
            item: None,
            pacer,
        }
    }

    /// The same road, its calls told as part of `item`.
    pub fn for_item(mut self, item: &ItemId) -> Self {
        self.item = Some(item.clone());
        self
    }

    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// Where the provider is reached, without a slash at its end.
    pub fn base(&self) -> &str {
        &self.base
    }

    /// Waits between two looks of one call's own making, such as a mergeability being computed.
    pub async fn pause(&self, duration: Duration) {
        self.clock.sleep(duration).await;
    }

    /// Calls and reads the reply as JSON. A 2xx that cannot be read counts as a call whose outcome is not known.
    pub async fn json<T: DeserializeOwned>(&self, endpoint: Endpoint<'_>) -> Result<T, CallError> {
        Ok(self.json_with_headers(endpoint).await?.0)
    }

    pub async fn json_with_headers<T: DeserializeOwned>(
        &self,
        endpoint: Endpoint<'_>,
    ) -> Result<(T, HttpResponse), CallError> {
        let (value, response) = self
            .attempt(&endpoint, |response| {
                serde_json::from_slice::<T>(&response.body)
                    .map_err(|error| unreadable(response, &error))
            })
            .await?;
        Ok((value, response))
    }

    /// Calls where success has nothing to read.
    pub async fn done(&self, endpoint: Endpoint<'_>) -> Result<(), CallError> {
        self.attempt(&endpoint, |_| Ok(())).await.map(|_| ())
    }

    /// Tries until there is an answer, within the bounds of the endpoint's class.
    async fn attempt<T>(
        &self,
        endpoint: &Endpoint<'_>,
        read: impl Fn(&HttpResponse) -> Result<T, String>,
    ) -> Result<(T, HttpResponse), CallError> {
        let mut patience = Patience::new();
        loop {
            if endpoint.class != Class::Read {
                let wait = self.pacer.take(self.clock.now(), self.manners.pace());
                self.clock.sleep(wait).await;
            }
            let (error, told) = match self.once(endpoint, &read).await {
                Outcome::Answer(value, response) => return Ok((value, response)),
                Outcome::Final(error) => return Err(error),
                Outcome::Again { error, wait } => (error, wait),
            };
            let delay = match patience.next(told) {
                Next::After(delay) => delay,
                Next::Enough => return Err(error),
                Next::Limited(delay) => return Err(self.limited(error, delay)),
            };
            (self.listener)(Live::BackingOff {
                provider: self.manners.provider(),
                why: error.cause(),
                attempt: patience.attempt,
                attempts_max: ATTEMPTS_MAX,
                until: later(self.clock.now(), delay),
            });
            self.clock.sleep(delay).await;
        }
    }

    /// A limit outlasts this call's patience. A write whose outcome is not known stays just that: whoever hears
    /// "limited" would take it for not done.
    fn limited(&self, error: CallError, delay: Duration) -> CallError {
        match error {
            CallError::Ambiguous { .. } => error,
            error => CallError::Limited {
                call: error.call().clone(),
                until: later(self.clock.now(), delay),
            },
        }
    }

    /// One exchange, redirects of a read included.
    async fn once<T>(
        &self,
        endpoint: &Endpoint<'_>,
        read: &impl Fn(&HttpResponse) -> Result<T, String>,
    ) -> Outcome<T> {
        let mut path = endpoint.path.to_string();
        for _ in 0..=REDIRECTS_MAX {
            let response = match self.exchange(endpoint, &path).await {
                Ok(response) => response,
                Err(error) => {
                    return self.no_answer(
                        endpoint.class,
                        self.called(endpoint, &path, None),
                        error,
                    );
                }
            };
            let call = self.called(endpoint, &path, Some(&response));
            match response.status {
                200..=299 => {
                    return match read(&response) {
                        Ok(value) => Outcome::Answer(value, response),
                        Err(cause) => unknown(endpoint.class, call, cause, Told::Nothing),
                    };
                }
                // "See other" answers a write that was done, and points to where its result is shown.
                303 if endpoint.method != Method::Get => {
                    return unknown(
                        endpoint.class,
                        call,
                        "303, the result is shown elsewhere".into(),
                        Told::Nothing,
                    );
                }
                301 | 302 | 303 | 307 | 308 => {
                    let location = response.header("location").unwrap_or_default();
                    match self.same_origin(&path, location) {
                        Some(next) if endpoint.method == Method::Get => path = next,
                        _ => {
                            let location = self.moved_to(&path, location);
                            return Outcome::Final(CallError::Moved { call, location });
                        }
                    }
                }
                _ => return self.refused(endpoint.class, call, &response),
            }
        }
        Outcome::Final(CallError::Unreachable {
            call: self.called(endpoint, &path, None),
            cause: format!("more than {REDIRECTS_MAX} redirects"),
        })
    }

    async fn exchange(
        &self,
        endpoint: &Endpoint<'_>,
        path: &str,
    ) -> Result<HttpResponse, TransportError> {
        let first = self.request(endpoint, path, None, !self.manners.is_challenged());
        let began = self.clock.now();
        let mut result = self.transport.send(first).await;
        self.tell(endpoint, path, began, &result);
        if let Ok(riddle) = &result
            && riddle.status == 401
            && self.manners.is_challenged()
        {
            let whole = url::Url::parse(&format!("{}{path}", self.base)).ok();
            let target = whole.map_or_else(
                || path.to_string(),
                |url| url[url::Position::BeforePath..].to_string(),
            );
            if let Some(answer) = self.manners.answer(endpoint.method, &target, riddle) {
                let signed = self.request(endpoint, path, Some(answer), true);
                let began = self.clock.now();
                result = self.transport.send(signed).await;
                self.tell(endpoint, path, began, &result);
            }
        }
        result
    }

    fn request(
        &self,
        endpoint: &Endpoint<'_>,
        path: &str,
        authorization: Option<HeaderText>,
        with_body: bool,
    ) -> HttpRequest {
        let mut headers = self.manners.headers(endpoint.media);
        headers.extend(authorization.map(|answer| ("authorization".to_string(), answer)));
        let encoded = endpoint
            .body
            .as_ref()
            .filter(|_| with_body)
            .map(|body| self.manners.encode(body, endpoint.media));
        let body = encoded.map(|(kind, bytes)| {
            headers.push(("content-type".into(), HeaderText::Plain(kind)));
            bytes
        });
        HttpRequest {
            method: endpoint.method,
            url: format!("{}{path}", self.base),
            headers,
            body,
            timeout: TIMEOUT,
            body_max: BODY_MAX,
        }
    }

    fn tell(
        &self,
        endpoint: &Endpoint<'_>,
        path: &str,
        began: Timestamp,
        result: &Result<HttpResponse, TransportError>,
    ) {
        let now = self.clock.now();
        let reply = result.as_ref().ok();
        (self.listener)(Live::Call(Call {
            at: began,
            item: self.item.clone(),
            provider: self.manners.provider(),
            method: endpoint.method.to_string(),
            path: path.to_string(),
            status: reply.map(|reply| reply.status),
            millis: now.duration_since(began).unsigned_abs().as_millis() as u64,
            request_id: reply.and_then(|reply| self.request_id(reply)),
            mutating: endpoint.class != Class::Read,
            error: result.as_ref().err().map(|error| error.to_string()),
        }));
        if let Some((limit, remaining, resets_at)) =
            reply.and_then(|reply| self.manners.left(reply, now))
        {
            (self.listener)(Live::Limit {
                provider: self.manners.provider(),
                limit,
                remaining,
                resets_at,
            });
        }
    }

    fn no_answer<T>(&self, class: Class, call: FailedCall, error: TransportError) -> Outcome<T> {
        let cause = error.to_string();
        match error {
            TransportError::NotSent(_) => Outcome::Again {
                error: CallError::Unreachable { call, cause },
                wait: Told::Nothing,
            },
            TransportError::Timeout | TransportError::Broken(_) => {
                unknown(class, call, cause, Told::Nothing)
            }
            // The same reply would be too long again.
            TransportError::TooLarge => Outcome::Final(match class {
                Class::Read => CallError::Unreachable { call, cause },
                Class::Natural | Class::Unique => CallError::Ambiguous { call, cause },
            }),
        }
    }

    /// The provider answered, and not with success.
    fn refused<T>(&self, class: Class, call: FailedCall, response: &HttpResponse) -> Outcome<T> {
        let now = self.clock.now();
        let words = self.manners.refusal(&response.body);
        let message = strip_controls(&words.message);
        if response.status >= 500 {
            let told = retry_after(response, now).map_or(Told::Nothing, Told::Wait);
            return unknown(class, call, format!("{}, {message}", response.status), told);
        }
        let refusal = Refusal {
            provider: self.manners.provider(),
            call,
            status: response.status,
            message,
            errors: words
                .errors
                .iter()
                .map(|error| strip_controls(error))
                .collect(),
            code: words.code.as_deref().map(strip_controls),
            fields: words
                .fields
                .iter()
                .map(|(name, value)| (name.clone(), strip_controls(value)))
                .collect(),
            headers: response.headers.iter().cloned().collect(),
        };
        let error = CallError::Refused(Box::new(refusal));
        let limit = match self.manners.limit(response, now) {
            // 429 means a limit by itself, whatever the vendor writes beside it.
            None if response.status == 429 => Some(retry_after(response, now)),
            limit => limit,
        };
        match limit {
            Some(Some(wait)) => Outcome::Again {
                error,
                wait: Told::Wait(wait),
            },
            Some(None) => Outcome::Again {
                error,
                wait: Told::LimitWithoutHeader,
            },
            None => Outcome::Final(error),
        }
    }

    fn called(
        &self,
        endpoint: &Endpoint<'_>,
        path: &str,
        response: Option<&HttpResponse>,
    ) -> FailedCall {
        FailedCall {
            method: endpoint.method.to_string(),
            path: path.to_string(),
            status: response.map(|response| response.status),
            request_id: response.and_then(|response| self.request_id(response)),
        }
    }

    fn request_id(&self, response: &HttpResponse) -> Option<String> {
        response
            .header(self.manners.request_id())
            .map(strip_controls)
    }

    /// The path below our base when `location`, as told in a reply for `path`, stays on the same scheme, host and port.
    pub fn same_origin(&self, path: &str, location: &str) -> Option<String> {
        let (base, target) = self.target(path, location)?;
        let rest = target
            .path()
            .strip_prefix(base.path().trim_end_matches('/'))?;
        (base.origin() == target.origin() && rest.starts_with('/')).then(|| match target.query() {
            Some(query) => format!("{rest}?{query}"),
            None => rest.to_string(),
        })
    }

    /// Where the provider says the object is now, as it may be shown: a query or a name in an address can be a key.
    fn moved_to(&self, path: &str, location: &str) -> String {
        let Some((_, target)) = self.target(path, location) else {
            return "an address that cannot be read".into();
        };
        strip_controls(&format!(
            "{}{}",
            target.origin().ascii_serialization(),
            target.path()
        ))
    }

    fn target(&self, path: &str, location: &str) -> Option<(url::Url, url::Url)> {
        let base = url::Url::parse(&self.base).ok()?;
        let asked = url::Url::parse(&format!("{}{path}", self.base)).ok()?;
        let target = (!location.is_empty()).then(|| asked.join(location).ok())??;
        Some((base, target))
    }
}

enum Outcome<T> {
    Answer(T, HttpResponse),
    Final(CallError),
    Again { error: CallError, wait: Told },
}

/// It may have happened: what can be repeated is repeated, all else is left to a look.
fn unknown<T>(class: Class, call: FailedCall, cause: String, wait: Told) -> Outcome<T> {
    match class {
        Class::Read => Outcome::Again {
            error: CallError::Unreachable { call, cause },
            wait,
        },
        _ if class.repeatable()
            || crate::sabotage::planted(crate::sabotage::Bug::RepeatOnTimeout) =>
        {
            Outcome::Again {
                error: CallError::Ambiguous { call, cause },
                wait,
            }
        }
        _ => Outcome::Final(CallError::Ambiguous { call, cause }),
    }
}

/// Why a 2xx says nothing. A reply can hold a secret, and the parser's own words can repeat a value of it, so only
/// the words are kept that speak of our side or of a place.
fn unreadable(response: &HttpResponse, error: &serde_json::Error) -> String {
    use serde_json::error::Category;
    let kind = response.header("content-type").unwrap_or("no content type");
    let why = error.to_string();
    let why = match error.classify() {
        Category::Data if !why.starts_with("missing field") => format!(
            "not of the expected shape at line {} column {}",
            error.line(),
            error.column()
        ),
        _ => why,
    };
    format!(
        "{} with a reply that cannot be read ({}, {why})",
        response.status,
        strip_controls(kind)
    )
}
