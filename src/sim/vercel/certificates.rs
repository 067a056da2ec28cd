//! Certificates: issued by themselves some minutes after a name is proved and its records are right.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::names::look;
use super::wire::{Outcome, invalid, ms, ok, refuse};
use super::{Cx, Vercel};
use crate::sim::chance;
use crate::sim::zones::Zones;

/// How often Vercel looks at the names that still need one. Looking at fixed times makes it the same whoever looks on.
const EVERY_S: i64 = 15;
/// No look is made for times further back; the world may stand still for days.
const BACK_S: i64 = 2 * 3600;
/// How long a certificate is valid, and when it is renewed.
pub const VALID: SignedDuration = SignedDuration::from_hours(90 * 24);
const RENEWED: SignedDuration = SignedDuration::from_hours(60 * 24);

/// By name. A certificate outlives the project's claim to its name.
#[derive(Clone, Debug)]
pub struct Certificates {
    all: Arc<BTreeMap<String, Certificate>>,
    looked: Timestamp,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Certificate {
    since: Option<Timestamp>,
    /// When the next one is there, if the records stay right.
    due: Option<Timestamp>,
}

impl Certificates {
    pub fn beginning(start: Timestamp) -> Certificates {
        Certificates {
            all: Arc::default(),
            looked: start,
        }
    }

    /// From when on the certificate of a name is valid.
    pub fn since(&self, name: &str) -> Option<Timestamp> {
        self.all.get(name)?.since
    }

    /// A name has its certificate from then on.
    pub fn put(&mut self, name: &str, since: Timestamp) {
        let one = Certificate {
            since: Some(since),
            due: None,
        };
        Arc::make_mut(&mut self.all).insert(name.to_owned(), one);
    }
}

impl Vercel {
    /// Looks at the names that need a certificate, at each time that has come.
    pub(super) fn certify(&mut self, now: Timestamp, zones: &Zones) {
        let first = self
            .certificates
            .looked
            .as_second()
            .max(now.as_second() - BACK_S);
        let mut second = (first.div_euclid(EVERY_S) + 1) * EVERY_S;
        while second <= now.as_second() {
            if let Ok(at) = Timestamp::from_second(second)
                && !self.certify_at(at, zones)
            {
                break;
            }
            second += EVERY_S;
        }
        self.certificates.looked = now.max(self.certificates.looked);
    }

    /// One look; whether any name needs another.
    fn certify_at(&mut self, at: Timestamp, zones: &Zones) -> bool {
        let domains = self.state.current().domains.values();
        let names: Vec<String> = domains
            .filter(|domain| domain.verified)
            .map(|domain| domain.name.clone())
            .collect();
        let mut needed = false;
        for name in names {
            let known = self.certificates.all.get(&name).copied();
            let known = known.unwrap_or_default();
            if known.since.is_some_and(|since| at < since + RENEWED) {
                continue;
            }
            needed = true;
            let right = look(zones, at, &name).right();
            let next = match known.due {
                Some(due) if right && due <= at => Certificate {
                    since: Some(due),
                    due: None,
                },
                Some(_) if right => continue,
                None if right => Certificate {
                    due: Some(self.issued(at, &name)),
                    ..known
                },
                _ => Certificate { due: None, ..known },
            };
            if next != known {
                Arc::make_mut(&mut self.certificates.all).insert(name, next);
            }
        }
        needed
    }

    /// One to five minutes later.
    fn issued(&self, at: Timestamp, name: &str) -> Timestamp {
        let salt = format!("certificate {name} {}", at.as_second());
        let seconds = chance::between(self.seed, &salt, 45, 285);
        at + SignedDuration::from_secs(i64::try_from(seconds).unwrap_or(60))
    }
}

/// Asks for a certificate again.
pub fn issue(cx: &mut Cx<'_>) -> Outcome {
    let scope = cx.scope()?;
    scope.changes_projects()?;
    let names = cx.request.field("cns").and_then(Value::as_array);
    let names: Option<Vec<&str>> = names.and_then(|all| all.iter().map(Value::as_str).collect());
    let Some(names) = names.filter(|names| !names.is_empty()) else {
        return Err(invalid("missing required property `cns`."));
    };
    let now = cx.now();
    let state = cx.hub.state.current();
    for name in &names {
        let own = |id: &str| {
            let project = state.projects.get(id);
            project.is_some_and(|project| project.owner == scope.owner)
        };
        let mut domains = state.domains.values();
        if !domains.any(|one| one.name == *name && one.verified && own(&one.project)) {
            let message = format!("You don't have access to the domain {name}.");
            return Err(refuse(403, "forbidden", &message));
        }
        if !look(cx.around.zones, now, name).right() {
            let message =
                format!("The certificate for {name} could not be issued yet. Try again later.");
            return Err(refuse(449, "cert_validation_pending", &message));
        }
    }
    let salt = format!("cert {} {}", names.join(","), ms(now));
    for name in &names {
        if cx.hub.certificates.since(name).is_none() {
            cx.hub.certificates.put(name, now);
        }
    }
    Ok(ok(json!({
        "id": format!("cert_{}", chance::hex(cx.hub.seed, &salt, 24)),
        "createdAt": ms(now),
        "expiresAt": ms(now + VALID),
        "autoRenew": true,
        "cns": names,
    })))
}
