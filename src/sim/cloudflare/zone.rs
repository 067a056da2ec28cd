//! The zone itself, as Cloudflare shows it.

use jiff::SignedDuration;
use serde_json::{Value, json};

use super::Cx;
use super::wire::{Outcome, page, result};
use crate::sim::wire::stamp;
use crate::sim::zones::Host;

/// The zone's id, whether it is there or not.
pub fn id(cx: &Cx<'_>) -> String {
    cx.hub.id("zone")
}

fn body(cx: &Cx<'_>) -> Value {
    let active = cx.zones.delegated() == Host::Cloudflare;
    let days = |days: i64| stamp(cx.hub.start - SignedDuration::from_hours(24 * days));
    let servers = |host: Host| host.name_servers().map(|(name, _)| name);
    let before = match cx.zones.delegated() {
        Host::Cloudflare => Host::Godaddy,
        other => other,
    };
    json!({
        "id": id(cx),
        "name": cx.zones.zone(),
        "status": if active { "active" } else { "pending" },
        "paused": false,
        "type": "full",
        "development_mode": 0,
        "name_servers": servers(Host::Cloudflare),
        "original_name_servers": servers(before),
        "original_registrar": "godaddy.com, llc (id: 146)",
        "original_dnshost": null,
        "created_on": days(40),
        "modified_on": days(3),
        "activated_on": active.then(|| days(39)),
        "meta": {
            "step": 2, "custom_certificate_quota": 0, "page_rule_quota": 3,
            "phishing_detected": false, "cdn_only": false, "dns_only": false, "foundation_dns": false,
        },
        "owner": { "id": cx.hub.id("owner"), "type": "user", "name": "olivia@example.com" },
        "account": { "id": cx.hub.id("account"), "name": "Olivia's Account" },
    })
}

/// `GET /zones`: those that the token sees.
pub fn list(cx: &Cx<'_>) -> Outcome {
    let wanted = |name: &str, have: &str| {
        let asked = cx.request.query(name);
        asked.is_none_or(|asked| asked.eq_ignore_ascii_case(have))
    };
    let found = cx.copy().map(|_| body(cx)).filter(|zone| {
        let text = |field: &str| zone[field].as_str().unwrap_or_default();
        wanted("name", text("name")) && wanted("status", text("status"))
    });
    Ok(page(cx.request, 20, found.into_iter().collect()))
}

/// `GET /zones/{zone_id}`.
pub fn one(cx: &Cx<'_>) -> Outcome {
    Ok(result(body(cx)))
}
