//! The simulated Stripe against its document: who calls, what there is to sell, and what happened.

use golive::secret::Secret;
use golive::sim::{Act, Provider};

use crate::caller::{self, Caller};
use crate::validator::Exception;

/// In what Stripe differs from its document.
pub const EXCEPTIONS: &[Exception] = &[Exception::new(
    "GET /v1/nope",
    crate::validator::Lack::Endpoint,
    "asked for to see how Stripe words a path that is none",
)];

#[test]
fn every_exchange_has_the_shape_that_the_document_promises() {
    let world = caller::world("fresh", |scenario| {
        scenario.stripe.lacks = vec!["rak_event_read".to_owned()];
        scenario.stripe.past_due = vec!["external_account".to_owned()];
        scenario.stripe.disabled_reason = Some("requirements.past_due".to_owned());
    });
    let tokens = world.tokens();
    let bearer = |name: &str| {
        let key = tokens.get(name).map(Secret::expose).unwrap_or_default();
        format!("Bearer {key}")
    };
    let Some(mut caller) = Caller::new(Provider::Stripe, EXCEPTIONS, world) else {
        return;
    };
    for key in ["stripe_sk_test", "stripe_sk_live"] {
        caller.sign(bearer(key));
        assert_eq!(caller.get("/v1/balance").0, 200);
        assert_eq!(caller.get("/v1/account").0, 200);
        let (_, products) = caller.get("/v1/products?active=true&limit=100");
        let product = products["data"][0]["id"]
            .as_str()
            .expect("a product")
            .to_owned();
        assert_eq!(caller.get(&format!("/v1/products/{product}")).0, 200);
        let (_, prices) = caller.get(&format!("/v1/prices?product={product}&limit=1"));
        assert_eq!(prices["has_more"], true, "{prices}");
        let price = prices["data"][0]["id"]
            .as_str()
            .expect("a price")
            .to_owned();
        let rest = format!("/v1/prices?limit=1&starting_after={price}");
        assert_eq!(caller.get(&rest).1["has_more"], false);
        assert_eq!(caller.get(&format!("/v1/prices/{price}")).0, 200);
        assert_eq!(caller.get("/v1/prices/price_nothing").0, 404);
        assert_eq!(caller.get("/v1/prices?limit=1000").0, 400);
        assert_eq!(
            caller.get("/v1/events?limit=20&delivery_success=false").0,
            403
        );
    }
    caller.person(&Act::Edit("stripe/account".to_owned()));
    assert_eq!(caller.get("/v1/account").1["charges_enabled"], false);
    assert_eq!(caller.get("/v1/nope").0, 404);
    caller.sign(bearer("stripe_pk_live"));
    assert_eq!(caller.get("/v1/account").0, 401);
    caller.sign("Bearer withdrawn");
    assert_eq!(caller.get("/v1/account").0, 401);
    caller.finish(10);
}

#[test]
fn what_happened_is_listed_as_the_document_has_it() {
    let world = caller::world("fresh", |_| {});
    let Some(mut caller) = Caller::new(Provider::Stripe, &[], world) else {
        return;
    };
    let (_, events) = caller.get("/v1/events?limit=20&type=product.created");
    let id = events["data"][0]["id"]
        .as_str()
        .expect("an event")
        .to_owned();
    assert_eq!(caller.get(&format!("/v1/events/{id}")).0, 200);
    caller.finish(2);
}
