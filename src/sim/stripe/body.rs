//! Stripe's objects as its answers show them.

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::spec::{EventSpec, PriceSpec, ProductSpec, StripeSpec};
use crate::sim::chance;

/// `prefix_` and so many letters and digits, always the same for the same salt.
pub fn id(seed: u64, prefix: &str, salt: &str, count: usize) -> String {
    const OF: &[u8] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    let letters = (0..count).map(|at| {
        let drawn = chance::draw(seed, &format!("stripe {prefix} {salt} {at}"));
        let place = drawn % OF.len() as u64;
        char::from(OF[usize::try_from(place).unwrap_or(0)])
    });
    format!("{prefix}_{}", letters.collect::<String>())
}

pub fn account(spec: &StripeSpec, id: &str, charges: bool, created: Timestamp) -> Value {
    let can = if charges { "active" } else { "inactive" };
    json!({
        "id": id,
        "object": "account",
        "business_profile": {
            "mcc": null, "name": spec.name, "product_description": null, "support_address": null,
            "support_email": spec.email, "support_phone": null, "support_url": null, "url": null,
        },
        "business_type": "company",
        "capabilities": { "card_payments": can, "transfers": can },
        "charges_enabled": charges,
        "country": spec.country,
        "created": created.as_second(),
        "default_currency": spec.currency,
        "details_submitted": spec.details_submitted,
        "email": spec.email,
        "metadata": {},
        "payouts_enabled": spec.payouts_enabled,
        "requirements": {
            "alternatives": [],
            "current_deadline": null,
            "currently_due": spec.currently_due,
            "disabled_reason": if charges { &None } else { &spec.disabled_reason },
            "errors": [],
            "eventually_due": spec.currently_due,
            "past_due": spec.past_due,
            "pending_verification": [],
        },
        "settings": {
            "branding": { "icon": null, "logo": null, "primary_color": null, "secondary_color": null },
            "card_payments": {
                "statement_descriptor_prefix": null,
                "statement_descriptor_prefix_kana": null,
                "statement_descriptor_prefix_kanji": null,
            },
            "dashboard": { "display_name": spec.name, "timezone": "Europe/Zurich" },
            "payments": {
                "statement_descriptor": null,
                "statement_descriptor_kana": null,
                "statement_descriptor_kanji": null,
            },
        },
        "type": "standard",
    })
}

pub fn balance(spec: &StripeSpec, live: bool) -> Value {
    let none = json!([{ "amount": 0, "currency": spec.currency, "source_types": { "card": 0 } }]);
    json!({ "object": "balance", "available": none, "livemode": live, "pending": none })
}

/// When a thing of the world's file was made.
fn made(start: Timestamp, seed: u64, salt: &str) -> Timestamp {
    let hours = chance::between(seed, &format!("stripe made {salt}"), 200, 2000);
    start - SignedDuration::from_hours(i64::try_from(hours).unwrap_or(200))
}

fn mode(live: bool) -> &'static str {
    if live { "live" } else { "test" }
}

/// The products of a mode, newest first.
pub fn products(spec: &StripeSpec, seed: u64, start: Timestamp, live: bool) -> Vec<Value> {
    let there = in_mode(spec, live);
    let mut all: Vec<Value> = there
        .map(|product| {
            let prices = product.prices.iter();
            let first = prices
                .map(|price| price_id(seed, product, price, live))
                .next();
            let at = made(start, seed, &product.name).as_second();
            json!({
                "id": product_id(seed, product, live),
                "object": "product",
                "active": product.active,
                "created": at,
                "default_price": first,
                "description": null,
                "images": [],
                "livemode": live,
                "marketing_features": [],
                "metadata": {},
                "name": product.name,
                "package_dimensions": null,
                "shippable": null,
                "statement_descriptor": null,
                "tax_code": null,
                "type": "service",
                "unit_label": null,
                "updated": at,
                "url": null,
            })
        })
        .collect();
    newest_first(&mut all);
    all
}

fn in_mode(spec: &StripeSpec, live: bool) -> impl Iterator<Item = &ProductSpec> {
    let products = spec.products.iter();
    products.filter(move |product| if live { product.live } else { product.test })
}

fn product_id(seed: u64, product: &ProductSpec, live: bool) -> String {
    id(
        seed,
        "prod",
        &format!("{} {}", mode(live), product.name),
        14,
    )
}

fn price_id(seed: u64, product: &ProductSpec, price: &PriceSpec, live: bool) -> String {
    let salt = format!("{} {} {price:?}", mode(live), product.name);
    id(seed, "price", &salt, 24)
}

/// The prices of a mode, newest first.
pub fn prices(spec: &StripeSpec, seed: u64, start: Timestamp, live: bool) -> Vec<Value> {
    let mut all: Vec<Value> = in_mode(spec, live)
        .flat_map(|product| {
            let prices = product.prices.iter();
            prices.map(move |price| {
                let at = made(start, seed, &product.name).as_second();
                let recurring = price.interval.as_ref().map(|interval| {
                    json!({
                        "interval": interval, "interval_count": 1, "meter": null,
                        "trial_period_days": null, "usage_type": "licensed",
                    })
                });
                json!({
                    "id": price_id(seed, product, price, live),
                    "object": "price",
                    "active": price.active,
                    "billing_scheme": "per_unit",
                    "created": at + 60,
                    "currency": price.currency.as_ref().unwrap_or(&spec.currency),
                    "custom_unit_amount": null,
                    "livemode": live,
                    "lookup_key": price.lookup_key,
                    "metadata": {},
                    "nickname": null,
                    "product": product_id(seed, product, live),
                    "recurring": recurring,
                    "tax_behavior": "unspecified",
                    "tiers_mode": null,
                    "transform_quantity": null,
                    "type": if price.interval.is_some() { "recurring" } else { "one_time" },
                    "unit_amount": price.amount,
                    "unit_amount_decimal": price.amount.to_string(),
                })
            })
        })
        .collect();
    newest_first(&mut all);
    all
}

/// The events of a mode, newest first.
pub fn events(
    spec: &StripeSpec,
    seed: u64,
    start: Timestamp,
    (live, version): (bool, &str),
) -> Vec<Value> {
    let there = spec.events.iter().filter(|event| event.live == live);
    let mut all: Vec<Value> = there
        .map(|event| {
            let EventSpec { kind, .. } = event;
            let at = start - SignedDuration::from_hours(i64::from(event.hours_ago));
            json!({
                "id": id(seed, "evt", &format!("{} {kind} {at}", mode(live)), 24),
                "object": "event",
                "api_version": version,
                "created": at.as_second(),
                "data": { "object": {} },
                "livemode": live,
                "pending_webhooks": if event.delivered { 0 } else { 1 },
                "request": { "id": null, "idempotency_key": null },
                "type": kind,
            })
        })
        .collect();
    newest_first(&mut all);
    all
}

fn newest_first(all: &mut [Value]) {
    all.sort_by_key(|one| std::cmp::Reverse(one["created"].as_i64()));
}
