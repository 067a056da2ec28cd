//! The account that holds the zone: its token works, and the zone is in it.

use super::github_access::NoChange;
use super::zone::ask::{Delegation, delegation};
use super::zone::{BY_HAND, Holder, MODE, NAME_SERVERS, ZONE_ID, chose_by_hand};
use super::{Applied, Cx, Known, Look, Resource};
use crate::plan::{Blocker, Evidence, Finding, Output, Outputs, Plan};
use crate::provider::cloudflare::{self, Verified, Zone};
use crate::provider::godaddy::{self, Domain, Version};
use crate::provider::http::CallError;

/// The account that holds the zone.
#[derive(Clone, Debug)]
pub struct DnsAccess {
    pub zone: String,
    pub holder: Holder,
}

/// What the account shows.
#[derive(Debug)]
pub enum Seen {
    /// A person enters the records; where GoDaddy refused and the operator chose so, in its words.
    ByHand { refused: Option<String> },
    GoDaddy {
        version: Version,
        /// `None`: this account may not read it, which says nothing about its records.
        domain: Option<Domain>,
    },
    Cloudflare {
        zone: Box<Zone>,
        /// `None` for a token that belongs to an account: it cannot ask about itself.
        token: Option<Verified>,
    },
    /// The zone is not in the account; what the world says of it, where it says something.
    NotThere {
        cause: String,
        world: Option<Delegation>,
    },
}

impl Resource for DnsAccess {
    type Seen = Seen;
    type Change = NoChange;

    async fn observe(&self, cx: &Cx<'_>) -> Look<Seen> {
        match self.holder {
            Holder::ByHand => Ok(Seen::ByHand { refused: None }),
            Holder::GoDaddy => self.at_godaddy(cx).await,
            Holder::Cloudflare => self.at_cloudflare(cx).await,
        }
    }

    fn plan(&self, known: &Known, seen: &Seen) -> Plan<NoChange> {
        match seen {
            Seen::ByHand { refused } => Plan::Settled(self.by_hand(refused.as_deref())),
            Seen::GoDaddy { version, domain } => {
                Plan::Settled(self.godaddy(*version, domain.as_ref()))
            }
            Seen::NotThere { cause, world } => Plan::Blocked(self.not_there(cause, world.as_ref())),
            Seen::Cloudflare { zone, token } => self.cloudflare(known, zone, token.as_ref()),
        }
    }

    async fn apply(&self, _cx: &Cx<'_>, change: &NoChange) -> Result<Applied, CallError> {
        match *change {}
    }

    /// GoDaddy's answers name no account, so none is handed on there: the zone itself ties the launch, being in one account
    /// only.
    fn outputs(&self, seen: &Seen) -> Outputs {
        let mut outputs: Vec<(&str, String)> = Vec::new();
        match seen {
            Seen::ByHand { .. } => outputs.push((MODE, BY_HAND.into())),
            Seen::GoDaddy { domain, .. } => {
                outputs.push((MODE, self.holder.word().into()));
                let names = domain.iter().map(|domain| domain.name_servers().join(","));
                outputs.extend(names.map(|names| (NAME_SERVERS, names)));
            }
            Seen::NotThere { .. } => {}
            Seen::Cloudflare { zone, .. } => {
                outputs.push((MODE, self.holder.word().into()));
                outputs.push((ZONE_ID, zone.id.clone()));
                outputs.push((NAME_SERVERS, zone.name_servers().join(",")));
                outputs.extend(zone.account().map(|account| ("account", account)));
            }
        }
        outputs
            .into_iter()
            .map(|(name, value)| (name.into(), Output::Text(value)))
            .collect()
    }
}

impl DnsAccess {
    /// Asks what will be needed, `records/CNAME/www`: the domain itself many accounts may not read.
    async fn at_godaddy(&self, cx: &Cx<'_>) -> Look<Seen> {
        let client = cx.godaddy()?;
        match client.probe(&self.zone).await {
            Ok(()) => {}
            Err(error) if godaddy::is_refused_access(&error) && chose_by_hand(cx.known) => {
                return Ok(Seen::ByHand {
                    refused: Some(error.cause()),
                });
            }
            Err(error) if error.is_status(404) || error.is_status(422) => {
                return Ok(self.missing(cx, error.cause()).await);
            }
            Err(error) => return Err(error),
        }
        let domain = match client.domain(&self.zone).await {
            Ok(domain) => Some(domain),
            Err(error) if error.is_status(403) || error.is_status(404) => None,
            Err(error) => return Err(error),
        };
        Ok(Seen::GoDaddy {
            version: client.version(),
            domain,
        })
    }

    async fn at_cloudflare(&self, cx: &Cx<'_>) -> Look<Seen> {
        let client = cx.cloudflare()?;
        let token = client.verify().await;
        let zones = match (client.zones(&self.zone).await, &token) {
            (Ok(zones), _) => zones,
            // What it says of the token itself is the clearer refusal.
            (Err(_), Err(refused)) if refused.refusal().is_some() => return Err(refused.clone()),
            (Err(error), _) => return Err(error),
        };
        let pinned = |zone: &Zone| cx.known.account.is_some() && zone.account() == cx.known.account;
        let active = |zone: &Zone| zone.status.as_deref() == Some("active");
        let own = zones.iter().find(|zone| pinned(zone));
        let own = own.or_else(|| zones.iter().find(|zone| active(zone)));
        match own.or_else(|| zones.first()) {
            Some(zone) => Ok(Seen::Cloudflare {
                zone: Box::new(zone.clone()),
                token: token.ok(),
            }),
            None => {
                let cause = "the token reaches no zone of that name";
                Ok(self.missing(cx, cause.into()).await)
            }
        }
    }

    /// What the world says of a zone that is not in the account. A failure of that look is no reason to hide the first.
    async fn missing(&self, cx: &Cx<'_>, cause: String) -> Seen {
        Seen::NotThere {
            cause,
            world: delegation(cx, &self.zone).await.ok(),
        }
    }

    fn by_hand(&self, refused: Option<&str>) -> Evidence {
        let zone = &self.zone;
        let evidence = Evidence::new(match refused {
            None => format!("a person enters the records of {zone}: golive.toml says so"),
            Some(cause) => format!(
                "a person enters the records of {zone}: GoDaddy refuses them to the token ({cause})"
            ),
        });
        evidence
            .note("golive shows each record to enter, and looks until the zone's servers serve it")
    }

    fn godaddy(&self, version: Version, domain: Option<&Domain>) -> Evidence {
        let zone = &self.zone;
        let keys = match version {
            Version::V3 => "the token",
            Version::V1 => "the key",
        };
        let mut evidence = Evidence::new(format!("{keys} reads the records of {zone} at GoDaddy"))
            .url(godaddy::records_page(zone))
            .note(format!(
                "GoDaddy does not say whose {keys} is; {zone} is in one account only, and that is the one it reaches"
            ))
            .note("whether it may write is not known until first used: only a write shows it");
        if version == Version::V1 {
            evidence = evidence.note(
                "GoDaddy has declared the API of these keys outdated: a token is the newer way",
            );
        }
        let Some(domain) = domain else {
            return evidence.note(
                "this account may not read the domain's own data, which golive does not need",
            );
        };
        let status = domain.status.as_deref().unwrap_or_default();
        // A domain whose name servers alone are at GoDaddy has the second.
        if !matches!(status, "ACTIVE" | "PENDING_DNS_ACTIVE" | "") {
            evidence = evidence.findings([Finding::new(
                "domain-status",
                format!("GoDaddy says that {zone} is {status}"),
                format!("look at it on {}", godaddy::records_page(zone)),
            )]);
        }
        evidence
    }

    fn cloudflare(&self, known: &Known, zone: &Zone, token: Option<&Verified>) -> Plan<NoChange> {
        let name = &self.zone;
        if let (Some(pinned), Some(seen)) = (&known.account, zone.account())
            && *pinned != seen
            && !same_account(pinned, zone)
        {
            return Plan::Blocked(Blocker::OtherAccount {
                pinned: pinned.clone(),
                seen,
            });
        }
        let status = zone
            .status
            .as_deref()
            .unwrap_or("in no state that it tells");
        if status != "active" {
            return Plan::Blocked(Blocker::ByHand {
                what: format!(
                    "give {name} the name servers that Cloudflare wants, at its registrar: the zone is {status} there, so \
                     nobody asks Cloudflare for its records yet. Copy every record first, and switch DNSSEC off before"
                ),
                url: Some("https://dash.cloudflare.com".into()),
                paste: zone.name_servers().to_vec(),
            });
        }
        let account = zone
            .account()
            .unwrap_or_else(|| "an account that it does not name".into());
        let mut evidence = Evidence::new(format!("the token reaches {name} in {account}"))
            .url(cloudflare::records_page(name))
            .note("whether it may write is not known until first used: only a write shows it");
        match token {
            Some(token) => {
                if let Some(until) = &token.expires_on {
                    evidence = evidence.note(format!("the token expires on {until}"));
                }
            }
            None => {
                evidence =
                    evidence.note("the token belongs to an account and cannot ask about itself");
            }
        }
        if zone.paused == Some(true) {
            evidence =
                evidence.note("the zone is paused at Cloudflare: it answers, and proxies nothing");
        }
        Plan::Settled(evidence)
    }

    fn not_there(&self, cause: &str, world: Option<&Delegation>) -> Blocker {
        let (zone, holder) = (&self.zone, self.holder);
        let (said, paste) = match world {
            Some(Delegation::Inside(parent)) => (
                format!(
                    "{zone} is no zone of its own: its records are in {parent}. Write that under [dns] in golive.toml"
                ),
                vec![format!("zone = \"{parent}\"")],
            ),
            Some(Delegation::Nowhere(said)) => (
                format!(
                    "there is no such zone in the world either ({said}): correct it in golive.toml, or register it"
                ),
                vec![],
            ),
            Some(Delegation::To { names, .. }) => (
                format!(
                    "its name servers are {}. Give a token of the account that has it, or name another way under [dns] in \
                     golive.toml",
                    names.join(", ")
                ),
                vec![format!("mode = \"{BY_HAND}\"")],
            ),
            Some(Delegation::Broken(_)) | None => (
                "give a token of the account that has it, or correct the zone in golive.toml"
                    .into(),
                vec![],
            ),
        };
        Blocker::ByHand {
            what: format!("{zone} is not in this {holder} account ({cause}): {said}"),
            url: None,
            paste,
        }
    }
}

/// An account's name may change; its id does not.
fn same_account(pinned: &str, zone: &Zone) -> bool {
    zone.account_id()
        .is_some_and(|id| pinned.ends_with(&format!("({id})")))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn access(holder: Holder) -> DnsAccess {
        DnsAccess {
            zone: "bondigoo.ch".into(),
            holder,
        }
    }

    fn zone(status: &str, account: &str) -> Seen {
        Seen::Cloudflare {
            zone: Box::new(
                serde_json::from_value(json!({
                    "id": "z1", "name": "bondigoo.ch", "status": status,
                    "name_servers": ["bob.ns.cloudflare.com", "lola.ns.cloudflare.com"],
                    "account": {"id": account, "name": "acme"}
                }))
                .unwrap(),
            ),
            token: None,
        }
    }

    fn told(holder: Holder, known: &Known, seen: &Seen) -> String {
        match access(holder).plan(known, seen) {
            Plan::Settled(evidence) => evidence.text,
            Plan::Blocked(blocker) => blocker.sentence(),
            other => panic!("neither settled nor blocked: {other:?}"),
        }
    }

    #[test]
    fn by_hand_is_settled_at_once_and_says_that_a_person_enters_the_records() {
        let seen = Seen::ByHand { refused: None };
        let text = told(Holder::ByHand, &Known::default(), &seen);
        assert!(text.starts_with("a person enters the records"), "{text}");
        let outputs = access(Holder::ByHand).outputs(&seen);
        assert_eq!(outputs[MODE].text(), Some("by-hand"));
    }

    #[test]
    fn what_godaddy_refused_goes_by_hand_and_says_why() {
        let seen = Seen::ByHand {
            refused: Some("403, Authenticated user is not allowed access".into()),
        };
        let text = told(Holder::GoDaddy, &Known::default(), &seen);
        assert!(text.contains("403, Authenticated user"), "{text}");
        let outputs = access(Holder::GoDaddy).outputs(&seen);
        assert_eq!(outputs[MODE].text(), Some("by-hand"));
    }

    #[test]
    fn an_account_that_may_not_read_the_domain_is_good_enough() {
        let seen = Seen::GoDaddy {
            version: Version::V1,
            domain: None,
        };
        let Plan::Settled(evidence) = access(Holder::GoDaddy).plan(&Known::default(), &seen) else {
            panic!("not settled");
        };
        assert!(evidence.findings.is_empty());
        let notes = evidence.notes.join("; ");
        assert!(
            notes.contains("may not read the domain's own data"),
            "{notes}"
        );
        assert!(notes.contains("not known until first used"), "{notes}");
        let outputs = access(Holder::GoDaddy).outputs(&seen);
        assert!(!outputs.contains_key("account"));
    }

    #[test]
    fn a_domain_that_only_its_dns_is_at_godaddy_for_is_fine_and_an_expired_one_is_told() {
        let findings = |status: &str| {
            let seen = Seen::GoDaddy {
                version: Version::V3,
                domain: Some(serde_json::from_value(json!({"status": status})).unwrap()),
            };
            match access(Holder::GoDaddy).plan(&Known::default(), &seen) {
                Plan::Settled(evidence) => evidence.findings.len(),
                other => panic!("not settled: {other:?}"),
            }
        };
        assert_eq!(
            (findings("PENDING_DNS_ACTIVE"), findings("EXPIRED")),
            (0, 1)
        );
    }

    #[test]
    fn a_cloudflare_zone_ties_the_launch_to_its_account_and_must_be_active() {
        let known = Known::default();
        let text = told(Holder::Cloudflare, &known, &zone("active", "a1"));
        assert_eq!(text, "the token reaches bondigoo.ch in acme (a1)");
        let text = told(Holder::Cloudflare, &known, &zone("pending", "a1"));
        assert!(text.contains("the zone is pending there"), "{text}");
        let pinned = |account: &str| Known {
            account: Some(account.into()),
            ..Known::default()
        };
        let text = told(
            Holder::Cloudflare,
            &pinned("old name (a1)"),
            &zone("active", "a1"),
        );
        assert!(text.starts_with("the token reaches"), "{text}");
        let text = told(
            Holder::Cloudflare,
            &pinned("acme (a2)"),
            &zone("active", "a1"),
        );
        assert!(text.contains("this launch is tied to acme (a2)"), "{text}");
    }

    #[test]
    fn a_subdomain_given_as_zone_is_told_with_the_line_to_write() {
        let seen = Seen::NotThere {
            cause: "404, not found".into(),
            world: Some(Delegation::Inside("bondigoo.ch".into())),
        };
        let access = DnsAccess {
            zone: "staging.bondigoo.ch".into(),
            holder: Holder::GoDaddy,
        };
        let Plan::Blocked(Blocker::ByHand { what, paste, .. }) =
            access.plan(&Known::default(), &seen)
        else {
            panic!("not blocked");
        };
        assert!(what.contains("is no zone of its own"), "{what}");
        assert_eq!(paste, ["zone = \"bondigoo.ch\""]);
    }
}
