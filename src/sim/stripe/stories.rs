//! Stories of a caller at this Stripe: which key opens what, and in which words the others are refused.

use serde_json::Value;

use crate::sim::desk::{Desk, scenario};
use crate::sim::fault::parse_list;
use crate::sim::ledger::Provider;
use crate::sim::scenario::StripeSpec;

fn desk(change: impl FnOnce(&mut StripeSpec)) -> Desk {
    let scenario = scenario("fresh", |scenario| change(&mut scenario.stripe));
    Desk::at(&scenario).turn_to(Provider::Stripe)
}

impl Desk {
    /// The same caller with another key.
    fn key(&mut self, name: &str) -> &mut Desk {
        let key = self.world.token(&format!("stripe_{name}"));
        self.authorization = format!("Bearer {key}");
        self
    }
}

fn said(body: &Value) -> &str {
    body["error"]["message"].as_str().unwrap_or_default()
}

#[test]
fn a_secret_key_tells_its_mode_and_its_account() {
    let mut desk = desk(|_| {});
    for (key, live) in [("sk_test", false), ("sk_live", true)] {
        let shape = format!("golive-sim-stripe-{}-", key.replace('_', "-"));
        let token = desk.world.token(&format!("stripe_{key}")).to_owned();
        assert_eq!(
            token.strip_prefix(&shape).map(str::len),
            Some(24),
            "{token}"
        );
        let (status, balance) = desk.key(key).get("/v1/balance");
        assert_eq!((status, balance["livemode"].as_bool()), (200, Some(live)));
    }
    let (_, test) = desk.key("sk_test").get("/v1/account");
    let (_, live) = desk.key("sk_live").get("/v1/account");
    assert_eq!(test["id"], live["id"]);
    let id = live["id"].as_str().unwrap();
    assert!(id.starts_with("acct_") && id.len() == 21, "{id}");
    assert_eq!(live["charges_enabled"], true);
    assert_eq!(live["capabilities"]["card_payments"], "active");
    let basic = {
        use base64::Engine;
        let key = desk.world.token("stripe_sk_test");
        base64::engine::general_purpose::STANDARD.encode(format!("{key}:"))
    };
    desk.authorization = format!("Basic {basic}");
    assert_eq!(desk.get("/v1/balance").1["livemode"], false);
    desk.act("edit stripe/account").unwrap();
    let (_, stopped) = desk.key("sk_live").get("/v1/account");
    assert_eq!(stopped["charges_enabled"], false);
}

#[test]
fn every_wrong_key_is_refused_in_its_own_words() {
    let mut desk = desk(|spec| spec.expired = vec!["sk_live".to_owned()]);
    let (status, body) = desk.key("pk_test").get("/v1/account");
    assert_eq!(status, 401);
    assert!(said(&body).contains("publishable API key"), "{body}");
    let (status, body) = desk.key("sk_live").get("/v1/account");
    assert_eq!(
        (status, &body["error"]["code"]),
        (401, &"api_key_expired".into())
    );
    desk.authorization = "Bearer sk_live_0123456789abcd".to_owned();
    let (status, body) = desk.get("/v1/account");
    let wrong = "Invalid API Key provided: sk_live_**********abcd";
    assert_eq!((status, said(&body)), (401, wrong));
    assert_eq!(body["error"]["type"], "invalid_request_error");
    desk.authorization = String::new();
    let (status, body) = desk.get("/v1/account");
    assert_eq!(status, 401);
    assert!(said(&body).starts_with("You did not provide an API key."));
    let mut other = self::desk(|spec| spec.publishable_403 = true);
    let (status, body) = other.key("pk_live").get("/v1/balance");
    assert_eq!(
        (status, &body["error"]["code"]),
        (403, &"secret_key_required".into())
    );
}

#[test]
fn a_restricted_key_is_valid_though_it_may_not_see_the_account() {
    let mut desk = desk(|spec| {
        spec.account = Some("acct_1AbCdEfGhIjKlMnO".to_owned());
        spec.lacks = vec!["rak_accounts_kyc_basic_read".to_owned()];
    });
    assert_eq!(desk.key("sk_live").get("/v1/balance").0, 200);
    let (status, body) = desk.get("/v1/account");
    assert_eq!(status, 403);
    assert!(said(&body).contains(
        "on account 'acct_1AbCdEfGhIjKlMnO'. Having the 'rak_accounts_kyc_basic_read' permission"
    ));
    let key = desk.world.token("stripe_sk_live");
    assert!(!said(&body).contains(key));
}

#[test]
fn keys_of_another_account_and_of_a_sandbox_lead_elsewhere() {
    let mut desk = desk(|spec| spec.elsewhere = vec!["sk_test".to_owned()]);
    let (_, own) = desk.key("sk_live").get("/v1/account");
    let (_, other) = desk.key("sk_test").get("/v1/account");
    assert_ne!(own["id"], other["id"]);
    assert_eq!(desk.get("/v1/prices").1["data"], serde_json::json!([]));
    let mut desk = self::desk(|spec| spec.sandbox = true);
    let (_, live) = desk.key("sk_live").get("/v1/account");
    let (_, test) = desk.key("sk_test").get("/v1/account");
    assert_ne!(live["id"], test["id"]);
}

#[test]
fn an_account_that_is_not_activated_says_what_is_missing() {
    let mut desk = desk(|spec| {
        spec.charges_enabled = false;
        spec.payouts_enabled = false;
        spec.past_due = vec!["external_account".to_owned()];
        spec.disabled_reason = Some("requirements.past_due".to_owned());
    });
    let (_, account) = desk.key("sk_live").get("/v1/account");
    assert_eq!(account["charges_enabled"], false);
    let requirements = &account["requirements"];
    assert_eq!(requirements["disabled_reason"], "requirements.past_due");
    assert_eq!(requirements["past_due"][0], "external_account");
}

#[test]
fn each_mode_has_its_own_products_and_prices() {
    let mut desk = desk(|_| {});
    let (_, test) = desk.key("sk_test").get("/v1/prices?active=true&limit=1");
    assert_eq!(
        (test["has_more"].as_bool(), test["url"].as_str()),
        (Some(true), Some("/v1/prices"))
    );
    let id = test["data"][0]["id"].as_str().unwrap().to_owned();
    let (_, next) = desk.get(&format!("/v1/prices?limit=1&starting_after={id}"));
    assert_eq!(next["has_more"], false);
    assert_ne!(next["data"][0]["id"], id.as_str());
    let (_, found) = desk.get("/v1/prices?lookup_keys[]=membership");
    assert_eq!(found["data"][0]["recurring"]["interval"], "month");
    assert_eq!(desk.get(&format!("/v1/prices/{id}")).0, 200);
    let (status, body) = desk.key("sk_live").get(&format!("/v1/prices/{id}"));
    assert_eq!(
        (status, &body["error"]["code"]),
        (404, &"resource_missing".into())
    );
    assert!(said(&body).ends_with(
        "; a similar object exists in test mode, but a live mode key was used to make this request."
    ));
    let (_, products) = desk.get("/v1/products?limit=100");
    let product = &products["data"][0];
    assert_eq!(
        (product["livemode"].as_bool(), product["active"].as_bool()),
        (Some(true), Some(true))
    );
    let one = format!("/v1/products/{}", product["id"].as_str().unwrap());
    assert_eq!(&desk.get(&one).1, product);
    let (_, events) = desk
        .key("sk_test")
        .get("/v1/events?delivery_success=true&types[]=product.created");
    assert_eq!(events["data"].as_array().map(Vec::len), Some(1));
    assert_eq!(desk.get("/v1/prices?limit=0").0, 400);
    assert_eq!(desk.get("/v1/prices?starting_after=price_x").0, 400);
    let (status, body) = desk.get("/v1/nope");
    assert_eq!(status, 404);
    assert!(said(&body).starts_with("Unrecognized request URL (GET: /v1/nope)."));
}

#[test]
fn answers_carry_the_version_that_was_asked_for_and_limits_their_reason() {
    let mut desk = desk(|_| {});
    let mut call = desk.call_for(crate::seam::transport::Method::Get, "/v1/balance", None);
    call.headers
        .push(("Stripe-Version".to_owned(), "2024-04-10".to_owned()));
    let reply = desk.raw(&call);
    assert_eq!(reply.header("stripe-version"), Some("2024-04-10"));
    assert!(reply.header("request-id").unwrap().starts_with("req_"));
    let statuses: Vec<u16> = (0..30).map(|_| desk.raw(&call).status).collect();
    assert_eq!(statuses.iter().filter(|status| **status == 429).count(), 6);
    desk.wait(1);
    assert_eq!(desk.raw(&call).status, 200);
    let rules = r#"[{"provider":"stripe","match":"GET /v1/balance","fault":"http_429"}]"#;
    desk.world.add_faults(&parse_list(rules, 1).unwrap());
    let limited = desk.raw(&call);
    assert_eq!(limited.status, 429);
    assert_eq!(
        limited.header("stripe-rate-limited-reason"),
        Some("global-rate")
    );
}
