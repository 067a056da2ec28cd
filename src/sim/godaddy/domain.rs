//! The domain itself, as both APIs show it.

use jiff::SignedDuration;
use serde_json::{Value, json};

use super::Cx;
use super::wire::{Outcome, nowhere, ok};
use crate::sim::chance;
use crate::sim::wire::stamp;

fn contact() -> Value {
    json!({
        "nameFirst": "Olivia", "nameLast": "Owner", "email": "olivia@example.com",
        "phone": "+41.443001020",
        "addressMailing": {
            "address1": "Main Street 1", "city": "Zurich", "state": "ZH",
            "postalCode": "8000", "country": "CH",
        },
    })
}

/// The domain as v1 shows it in a list.
fn summary(cx: &Cx<'_>) -> Value {
    let hub = cx.hub;
    let days = |days: i64| stamp(hub.start + SignedDuration::from_hours(24 * days));
    json!({
        "domainId": chance::between(hub.seed, "godaddy domain", 100_000_000, 900_000_000),
        "domain": cx.zones.zone(),
        "status": "ACTIVE",
        "createdAt": days(-400),
        "expires": days(330),
        "renewDeadline": days(375),
        "expirationProtected": false,
        "holdRegistrar": false,
        "locked": true,
        "privacy": true,
        "renewAuto": true,
        "transferProtected": false,
        "nameServers": name_servers(cx),
        "contactRegistrant": contact(),
    })
}

/// The servers that the domain is delegated to, whoever they belong to.
fn name_servers(cx: &Cx<'_>) -> Vec<&'static str> {
    let servers = cx.zones.delegated().name_servers();
    servers.iter().map(|(name, _)| *name).collect()
}

pub fn list(cx: &Cx<'_>) -> Outcome {
    Ok(ok(json!([summary(cx)])))
}

/// `GET /v1/domains/{domain}`.
pub fn detail(cx: &Cx<'_>) -> Outcome {
    let mut detail = summary(cx);
    detail["authCode"] = json!(chance::hex(cx.hub.seed, "godaddy transfer", 12));
    for who in ["contactBilling", "contactAdmin", "contactTech"] {
        detail[who] = contact();
    }
    Ok(ok(detail))
}

/// `GET /v3/domains/domain-names/{domain}`.
pub fn of_v3(cx: &Cx<'_>, name: &str) -> Outcome {
    if name != cx.zones.zone() {
        return Err(nowhere(cx, true));
    }
    let days = |days: i64| stamp(cx.hub.start + SignedDuration::from_hours(24 * days));
    Ok(ok(json!({
        "domain": name,
        "status": "ACTIVE",
        "createdAt": days(-400),
        "expiresAt": days(330),
        "renewBy": days(375),
        "autoRenew": true,
        "privacy": true,
        "transferLock": true,
        "nameServers": name_servers(cx),
        "links": [{ "rel": "self", "href": format!("{}{}", cx.request.base, cx.request.path) }],
    })))
}
