//! Vercel's word on a host: ownership shown, and records that lead to Vercel.

use std::time::Duration;

use super::{Ask, Cx, DomainVerified, Found, Known, Look, Plan, Seen};
use crate::plan::{Evidence, Finding, Wait};
use crate::provider::vercel::{Challenge, Conflict, DomainConfig, ProjectDomain};
use crate::resource::absent_on_404;
use crate::resource::site_certificate::caa;
use crate::seam::resolver::RecordKind;
use crate::text::strip_controls;

/// Between two questions for the proof; Vercel's own program asks every 10 to 30 seconds.
const ASK_EVERY: Duration = Duration::from_secs(20);
const LOOK: Duration = Duration::from_secs(20);
/// Resolvers remember "there is none" for up to an hour at the usual settings.
const WORST: Duration = Duration::from_secs(60 * 60);

/// Vercel wants nothing more.
pub(super) fn is_content(domain: &ProjectDomain, config: &DomainConfig) -> bool {
    domain.verified && config.misconfigured == Some(false)
}

impl DomainVerified {
    pub(super) async fn at_vercel(&self, cx: &Cx<'_>, project: &str) -> Look<Found> {
        let client = cx.vercel()?;
        let look = client.project_domain(project, &self.host).await;
        let Some(domain) = absent_on_404(look)?.present().cloned() else {
            return Ok(Found::Gone);
        };
        let proof = match domain.challenge() {
            Some(challenge) => proof(cx, challenge).await,
            None => Ok(()),
        };
        Ok(Found::Vercel {
            config: client.domain_config(project, &self.host).await?,
            domain,
            proof,
        })
    }

    pub(super) fn of_vercel(
        &self,
        known: &Known,
        seen: &Seen,
        (domain, config): (&ProjectDomain, &DomainConfig),
        proof: &Result<(), String>,
    ) -> Plan<Ask> {
        if is_content(domain, config) {
            return Plan::Settled(self.vercel_evidence(config));
        }
        if !domain.verified {
            return self.unproved(known, seen, domain.challenge(), proof);
        }
        if let Some(blocker) = self.in_the_way(seen) {
            return Plan::Blocked(blocker);
        }
        Plan::Wait(self.misconfigured(seen, config))
    }

    /// Ownership is not shown: the proof is waited for, then Vercel is asked to look.
    fn unproved(
        &self,
        known: &Known,
        seen: &Seen,
        challenge: Option<&Challenge>,
        proof: &Result<(), String>,
    ) -> Plan<Ask> {
        let wait = |expected: String, seen: String, why: &str| {
            Plan::Wait(Wait {
                condition: format!("Vercel takes {} for this team's own", self.host),
                expected,
                seen,
                look_every: LOOK,
                worst_case: WORST,
                why: why.into(),
            })
        };
        let Some(challenge) = challenge else {
            return wait(
                "a record that would show it".into(),
                "Vercel calls it unverified and names no record".into(),
                "Vercel names it with the host, and its reads may lag",
            );
        };
        let record = format!(
            "TXT {} with {}",
            strip_controls(&challenge.domain),
            strip_controls(&challenge.value)
        );
        if let Err(instead) = proof {
            return wait(
                record,
                instead.clone(),
                "a resolver that has looked before the record was there remembers that for up to an hour",
            );
        }
        match self.asked_ago(known, seen) {
            Some(ago) if ago < ASK_EVERY => wait(
                "its ownership shown".into(),
                format!("{record} is there; Vercel, asked a moment ago, has not seen it"),
                "Vercel asks resolvers of its own, which may remember that there was none for up to an hour",
            ),
            _ => {
                let id = self.id(known).unwrap_or_default().to_string();
                Plan::Change(vec![self.ask(id, None)])
            }
        }
    }

    fn misconfigured(&self, seen: &Seen, config: &DomainConfig) -> Wait {
        let mut now = match (&config.configured_by, config.misconfigured) {
            (_, None) => "Vercel does not say".to_string(),
            (Some(by), _) => format!(
                "Vercel sees {} and calls it misconfigured",
                strip_controls(by)
            ),
            (None, _) => "Vercel does not see the host lead there".to_string(),
        };
        let conflicts = config.conflicts();
        if !conflicts.is_empty() {
            let shown = conflicts.iter().map(conflict).collect::<Vec<_>>();
            now.push_str(&format!("; in the way: {}", shown.join(", ")));
        }
        now.push_str(&self.silence(seen));
        Wait {
            condition: format!("Vercel sees {} lead to it", self.host),
            expected: "not misconfigured".into(),
            seen: now,
            look_every: LOOK,
            worst_case: WORST,
            why: "Vercel asks resolvers of its own, and they remember the old records until those run out".into(),
        }
    }

    fn vercel_evidence(&self, config: &DomainConfig) -> Evidence {
        let by = config.configured_by.as_deref();
        let evidence = Evidence::new(format!(
            "read from Vercel: {} verified, not misconfigured, {}",
            self.host,
            match by {
                Some(by) => format!("led there by {}", strip_controls(by)),
                None => "without a word on how it is led there".into(),
            }
        ));
        let proxied = by == Some("http");
        evidence.findings(proxied.then(|| {
            Finding::new(
                "proxied",
                format!(
                    "{} leads to Vercel through a proxy: Vercel cannot see its records, and certificates may not be renewed",
                    self.host
                ),
                "switch the proxy off for this record (at Cloudflare: DNS only)",
            )
        }))
    }
}

fn conflict(one: &Conflict) -> String {
    strip_controls(&format!("{} {} {}", one.kind, one.name, one.value))
        .trim()
        .to_string()
}

/// Whether the public resolvers see the proof.
async fn proof(cx: &Cx<'_>, challenge: &Challenge) -> Result<(), String> {
    let name = challenge.domain.trim_end_matches('.').to_lowercase();
    let answer = caa::public(cx.resolver, &name, RecordKind::Txt).await?;
    let texts = answer.data(RecordKind::Txt);
    let bare = |text: &str| text.trim().trim_matches('"').to_string();
    if texts.iter().any(|text| bare(text) == challenge.value) {
        return Ok(());
    }
    Err(match texts.len() {
        0 => format!("no TXT record at {name}"),
        others => format!("{others} other TXT records at {name}"),
    })
}
