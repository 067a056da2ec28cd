//! Stripe: its account in both modes, and the way of a call through it.

mod body;
mod keys;
mod lists;
pub mod spec;
#[cfg(test)]
mod stories;

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;
use serde_json::{Value, json};

use self::keys::{Caller, Keys};
pub use self::spec::StripeSpec;
use super::ledger::Book;
use super::scenario::Scenario;
use super::service::{Around, Done, Service, Visit};
use super::wire::{Request, http_date};
use super::{Call, chance};
use crate::seam::transport::{HttpResponse, Method};

/// Stripe's own host.
const HOST: &str = "api.stripe.com";
/// The version of an account that never chose another, and of a call that names none.
const VERSION: &str = "2026-10-28.endive";
/// How many calls an account takes in a second, in live mode and in test mode.
const A_SECOND: (u32, u32) = (100, 25);

/// A reply that is none of what was asked for: its status and body.
type Refusal = Box<(u16, Value)>;

/// An error in Stripe's envelope; `body` has all but the type.
fn error(status: u16, mut body: Value) -> Refusal {
    let kind = match status {
        500.. => "api_error",
        _ => "invalid_request_error",
    };
    body["type"] = json!(kind);
    Box::new((status, json!({ "error": body })))
}

/// The service's whole state. Clones share their contents.
#[derive(Clone)]
pub struct Stripe {
    scenario: Arc<Scenario>,
    seed: u64,
    start: Timestamp,
    keys: Keys,
    /// The account may take money; a person at Stripe can change it.
    charges: bool,
    /// How many calls came in the present second, in live mode and in test mode.
    calls: BTreeMap<bool, (i64, u32)>,
}

impl Stripe {
    pub fn new(
        scenario: Arc<Scenario>,
        seed: u64,
        tokens: &BTreeMap<&'static str, String>,
        start: Timestamp,
    ) -> Stripe {
        Stripe {
            charges: scenario.stripe.charges_enabled,
            keys: Keys::of(tokens),
            calls: BTreeMap::new(),
            scenario,
            seed,
            start,
        }
    }

    /// Every `authorization` that this Stripe knows.
    pub fn signatures(&self) -> Vec<String> {
        let keys = self.keys.all();
        keys.map(|key| format!("Bearer {key}")).collect()
    }

    fn account_id(&self, caller: Caller) -> String {
        let spec = &self.scenario.stripe;
        let draw = |salt: &str| body::id(self.seed, "acct", salt, 16);
        match (caller.elsewhere, spec.sandbox && !caller.live) {
            (true, _) => draw("elsewhere"),
            (false, true) => draw("sandbox"),
            (false, false) => spec.account.clone().unwrap_or_else(|| draw("own")),
        }
    }

    /// Whether the account's mode takes another call in this second.
    fn is_full(&mut self, now: Timestamp, live: bool, replaying: bool) -> bool {
        let second = now.as_second();
        let used = self.calls.entry(live).or_insert((second, 0));
        if used.0 != second {
            *used = (second, 0);
        }
        used.1 += 1;
        let (of_live, of_test) = A_SECOND;
        used.1 > if live { of_live } else { of_test } && !replaying
    }

    fn answer(
        &mut self,
        visit: &Visit<'_>,
        request: &Request,
        replaying: bool,
    ) -> Result<Value, Refusal> {
        let path: Vec<&str> = request.segments.iter().map(String::as_str).collect();
        let right = match (request.method, &path[..]) {
            (Method::Get, ["v1", "account"]) => "rak_accounts_kyc_basic_read",
            (Method::Get, ["v1", "balance"]) => "rak_balance_read",
            (Method::Get, ["v1", "products"] | ["v1", "products", _]) => "rak_product_read",
            (Method::Get, ["v1", "prices"] | ["v1", "prices", _]) => "rak_plan_read",
            (Method::Get, ["v1", "events"] | ["v1", "events", _]) => "rak_event_read",
            _ => "",
        };
        let signed = request.header("authorization");
        let account = |caller| self.account_id(caller);
        let spec = &self.scenario.stripe;
        let caller = self.keys.caller(spec, signed, right, &account)?;
        if self.is_full(visit.now, caller.live, replaying) {
            let message = "Request rate limit exceeded. Learn more about rate limits here https://stripe.com/docs/rate-limits.";
            return Err(error(
                429,
                json!({ "code": "rate_limit", "message": message }),
            ));
        }
        if right.is_empty() {
            let (method, path) = (request.method, &request.path);
            let message = format!(
                "Unrecognized request URL ({method}: {path}). Please see https://stripe.com/docs or we can help at https://support.stripe.com/."
            );
            return Err(error(404, json!({ "message": message })));
        }
        self.read(visit.call, &path, caller)
    }

    /// What the call reads, once its key may.
    fn read(&self, call: &Call, path: &[&str], caller: Caller) -> Result<Value, Refusal> {
        let (spec, seed, start) = (&self.scenario.stripe, self.seed, self.start);
        let live = caller.live;
        // Another account sells nothing of this launch.
        let own = |all: Vec<Value>| if caller.elsewhere { Vec::new() } else { all };
        let products = |live| own(body::products(spec, seed, start, live));
        let prices = |live| own(body::prices(spec, seed, start, live));
        let events = |live| own(body::events(spec, seed, start, (live, VERSION)));
        match path {
            ["v1", "account"] => {
                let id = self.account_id(caller);
                let charges = self.charges || caller.elsewhere;
                Ok(body::account(spec, &id, charges, start))
            }
            ["v1", "balance"] => Ok(body::balance(spec, live)),
            ["v1", "products"] => {
                let filters = [("active", "active"), ("ids", "id")];
                lists::page(call, "/v1/products", products(live), &filters)
            }
            ["v1", "prices"] => {
                let filters = [
                    ("active", "active"),
                    ("product", "product"),
                    ("lookup_keys", "lookup_key"),
                    ("type", "type"),
                    ("currency", "currency"),
                ];
                lists::page(call, "/v1/prices", prices(live), &filters)
            }
            ["v1", "events"] => {
                let mut found = events(live);
                let query = lists::query(call);
                if let Some((_, asked)) = query.iter().find(|(name, _)| name == "delivery_success")
                {
                    found.retain(|event| (event["pending_webhooks"] == 0) == (asked == "true"));
                }
                let filters = [("types", "type"), ("type", "type")];
                lists::page(call, "/v1/events", found, &filters)
            }
            [_, "products", id] => {
                lists::one("product", id, live, products(live), &products(!live))
            }
            [_, "prices", id] => lists::one("price", id, live, prices(live), &prices(!live)),
            [_, _, id, ..] => lists::one("event", id, live, events(live), &events(!live)),
            _ => Err(error(404, json!({ "message": "Unrecognized request URL" }))),
        }
    }

    fn response(
        &self,
        (now, n): (Timestamp, u64),
        status: u16,
        version: Option<&str>,
        body: &Value,
    ) -> HttpResponse {
        let id = chance::hex(self.seed, &format!("stripe request {n}"), 14);
        let mut headers = vec![
            ("content-type", "application/json".to_owned()),
            ("date", http_date(now)),
            ("request-id", format!("req_{id}")),
            ("stripe-version", version.unwrap_or(VERSION).to_owned()),
        ];
        match status {
            429 => headers.push(("stripe-rate-limited-reason", "global-rate".to_owned())),
            500.. => headers.push(("stripe-should-retry", "true".to_owned())),
            _ => {}
        }
        HttpResponse {
            status,
            headers: headers
                .into_iter()
                .map(|(name, value)| (name.to_owned(), value))
                .collect(),
            body: body.to_string().into_bytes(),
        }
    }
}

impl Service for Stripe {
    fn advance(&mut self, _now: Timestamp, _around: Around<'_>, _book: &mut Book) {}

    fn call(&mut self, visit: Visit<'_>, around: Around<'_>, _book: &mut Book) -> Done {
        let request = Request::read(visit.call, HOST);
        let answer = self.answer(&visit, &request, around.replaying);
        let (status, body) = answer.map_or_else(|refusal| *refusal, |body| (200, body));
        let version = request.header("stripe-version");
        Done {
            response: self.response((visit.now, visit.n), status, version, &body),
            applied: false,
            mutating: false,
        }
    }

    fn fault_reply(
        &self,
        now: Timestamp,
        n: u64,
        status: u16,
        wait: Option<String>,
    ) -> HttpResponse {
        let body = match status {
            429 => json!({ "code": "rate_limit", "message": "Request rate limit exceeded." }),
            _ => json!({ "message": "An unknown error occurred" }),
        };
        let (_, body) = *error(status, body);
        let mut response = self.response((now, n), status, None, &body);
        let wait = wait.map(|wait| ("retry-after".to_owned(), wait));
        response.headers.extend(wait);
        response
    }

    fn is_signed(&self, authorization: &str) -> bool {
        self.keys.knows(authorization)
    }

    /// `account`: Stripe lets the account take money, or stops it.
    fn edit(&mut self, _now: Timestamp, object: &str, _book: &mut Book) -> Result<String, String> {
        if object != "account" {
            return Err(format!("{object} cannot be edited at Stripe: account"));
        }
        self.charges = !self.charges;
        Ok(match self.charges {
            true => "The account may take money now.".to_owned(),
            false => "The account may take no money now.".to_owned(),
        })
    }
}
