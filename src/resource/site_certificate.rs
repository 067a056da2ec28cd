//! The certificate that a host shows: for its name, valid, trusted; and who answers behind it.

pub(super) mod caa;
#[cfg(test)]
mod tests;
pub(super) mod way;

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use self::way::InTheWay;
use super::domain_verified::SINCE;
use super::github_access::NoChange;
use super::{Applied, Cx, Known, Look, Resource, protection};
use crate::plan::{Blocker, Evidence, Finding, ItemId, Output, Outputs, Plan, Wait};
use crate::provider::http::CallError;
use crate::seam::transport::Method;
use crate::seam::web::{Certificate, CertificateFault, Page, Unreached, Visit};
use crate::text::strip_controls;

const LOOK: Duration = Duration::from_secs(20);
/// Providers have a certificate within 1 to 10 minutes; after this long something is wrong.
const ISSUING: Duration = Duration::from_secs(30 * 60);
const VISIT: Duration = Duration::from_secs(20);
const BODY_MAX: usize = 64 << 10;
/// A certificate is renewed a month before it ends; one that is nearer to its end than this was not.
const DAYS_MIN: i64 = 14;
/// Tells what an issuer meets when it looks at a host.
const DEBUG_PAGE: &str = "https://letsdebug.net";

/// The certificate that a host shows.
#[derive(Clone, Debug)]
pub struct SiteCertificate {
    pub host: String,
    pub zone: String,
    /// The item that claims the host.
    pub claim: ItemId,
    /// The item that has seen it verified, and hands on since when.
    pub verified: ItemId,
    /// Whose certificate it is going to be.
    pub by: &'static str,
}

pub struct Seen {
    now: Timestamp,
    certificate: Result<Certificate, Unreached>,
    /// Visited once the certificate is good.
    page: Option<Result<Page, Unreached>>,
    /// Looked for while it is not.
    way: Option<InTheWay>,
}

impl Resource for SiteCertificate {
    type Seen = Seen;
    type Change = NoChange;

    async fn observe(&self, cx: &Cx<'_>) -> Look<Seen> {
        let certificate = cx.web.certificate(&self.host).await;
        let good = certificate.as_ref().is_ok_and(|own| own.fault.is_none());
        let (mut page, mut way) = (None, None);
        match good {
            true => page = Some(cx.web.fetch(&self.visit()).await),
            false => way = Some(InTheWay::look(cx.resolver, &self.host, &self.zone).await),
        }
        Ok(Seen {
            now: cx.now,
            certificate,
            page,
            way,
        })
    }

    fn plan(&self, known: &Known, seen: &Seen) -> Plan<NoChange> {
        let certificate = match &seen.certificate {
            Ok(certificate) if certificate.fault.is_none() => certificate,
            other => return self.not_there(known, seen, &fault(other)),
        };
        let page = match &seen.page {
            Some(Ok(page)) => page,
            Some(Err(why)) => return self.patience(known, seen, &why.to_string(), ""),
            None => return self.patience(known, seen, "not visited yet", ""),
        };
        if let Some(other) = self.other_server(page) {
            return self.patience(known, seen, &other, "another server has the name");
        }
        if let Some(to) = known.output(&self.claim, "redirect")
            && let Some(instead) = not_redirected(page, to)
        {
            return self.patience(
                known,
                seen,
                &instead,
                "the host is not set up as a redirect",
            );
        }
        Plan::Settled(self.evidence(known, seen, certificate, page))
    }

    async fn apply(&self, _cx: &Cx<'_>, change: &NoChange) -> Result<Applied, CallError> {
        match *change {}
    }

    fn outputs(&self, seen: &Seen) -> Outputs {
        let Ok(certificate) = &seen.certificate else {
            return Outputs::new();
        };
        let until = certificate.not_after.to_string();
        Outputs::from([("not_after".into(), Output::Text(until))])
    }
}

/// What is wrong with what a host shows, in a sentence's second half.
fn fault(shown: &Result<Certificate, Unreached>) -> String {
    let certificate = match shown {
        Ok(certificate) => certificate,
        Err(why) => return strip_controls(&why.to_string()),
    };
    let issuer = strip_controls(&certificate.issuer);
    match &certificate.fault {
        None => "a good certificate".into(),
        Some(CertificateFault::Expired) => {
            format!("a certificate that ended on {}", day(certificate.not_after))
        }
        Some(CertificateFault::NotYetValid) => format!(
            "a certificate that begins on {}; is this machine's clock right?",
            day(certificate.not_before)
        ),
        Some(CertificateFault::OtherName) => format!(
            "a certificate for other names ({})",
            strip_controls(&certificate.names.join(", "))
        ),
        Some(CertificateFault::Untrusted(why)) => format!(
            "a certificate of {issuer}, which nobody trusts ({})",
            strip_controls(why)
        ),
    }
}

/// Where to look when a certificate does not become good.
fn likely(shown: &Result<Certificate, Unreached>) -> &'static str {
    match shown.as_ref().map(|own| &own.fault) {
        Ok(Some(CertificateFault::Expired)) => {
            "it was not renewed: the name may lead to an old server"
        }
        Ok(Some(CertificateFault::NotYetValid)) => "a clock is wrong",
        Ok(Some(CertificateFault::OtherName)) => {
            "the name leads to another server, or the provider could not get a certificate"
        }
        Ok(Some(CertificateFault::Untrusted(_))) => {
            "another server answers, or something between here and there, such as a company's proxy"
        }
        Err(Unreached::Name(_)) => {
            "the resolver of this machine may remember that there was no such name"
        }
        Err(Unreached::Connection(_) | Unreached::Timeout) => {
            "this machine's network may not let it out"
        }
        _ => "the provider could not get a certificate",
    }
}

fn day(time: Timestamp) -> String {
    time.strftime("%Y-%m-%d").to_string()
}

/// What a page does instead of sending its visitors on to `to`.
fn not_redirected(page: &Page, to: &str) -> Option<String> {
    let location = page.header("location").unwrap_or_default();
    let target = url::Url::parse(location).ok();
    let there = target.is_some_and(|url| {
        let host = url.host_str().unwrap_or_default();
        url.scheme() == "https" && host.eq_ignore_ascii_case(to)
    });
    match (page.status, there) {
        (301 | 302 | 303 | 307 | 308, true) => None,
        (301 | 302 | 303 | 307 | 308, false) => {
            Some(format!("it sends visitors to {}", strip_controls(location)))
        }
        (status, _) => Some(format!("it answers {status} and sends nobody to {to}")),
    }
}

impl SiteCertificate {
    fn visit(&self) -> Visit {
        Visit {
            method: Method::Get,
            preflight: false,
            host: self.host.clone(),
            path: "/".into(),
            headers: vec![],
            timeout: VISIT,
            body_max: BODY_MAX,
        }
    }

    /// How long ago the provider was first seen to have verified the host.
    fn waited(&self, known: &Known, seen: &Seen) -> Option<SignedDuration> {
        let since: Timestamp = known.output(&self.verified, SINCE)?.parse().ok()?;
        Some(seen.now.duration_since(since))
    }

    /// The certificate does not come: somebody is kept out, or it is being issued, or something is wrong.
    fn not_there(&self, known: &Known, seen: &Seen, fault: &str) -> Plan<NoChange> {
        let way = seen.way.as_ref();
        if let Some(blocker) = way.and_then(|way| way.blocker(&self.host, &self.zone, self.by)) {
            return Plan::Blocked(blocker);
        }
        let silence = way.map(InTheWay::silence).unwrap_or_default();
        let shown = format!("{fault}{silence}");
        self.patience(known, seen, &shown, likely(&seen.certificate))
    }

    /// In the first half hour all of this is "issuing"; after it a person is told.
    fn patience(&self, known: &Known, seen: &Seen, shown: &str, likely: &str) -> Plan<NoChange> {
        let limit = SignedDuration::try_from(ISSUING).unwrap_or(SignedDuration::MAX);
        let waited = self.waited(known, seen);
        if let Some(waited) = waited.filter(|waited| *waited >= limit) {
            let mut what = format!(
                "look why https://{} is not as it should be {} minutes after {} verified it: {shown}",
                self.host,
                waited.as_mins(),
                self.by
            );
            if !likely.is_empty() {
                what.push_str(&format!(". Likely: {likely}"));
            }
            return Plan::Blocked(Blocker::ByHand {
                what,
                url: Some(DEBUG_PAGE.into()),
                paste: vec![self.host.clone()],
            });
        }
        Plan::Wait(Wait {
            condition: format!(
                "{} has a certificate for {}, and answers",
                self.by, self.host
            ),
            expected: "trusted, for this name, valid now".into(),
            seen: format!("issuing: {shown}"),
            look_every: LOOK,
            worst_case: ISSUING,
            why: format!(
                "{} gets it by itself once the records lead there, mostly within 10 minutes",
                self.by
            ),
        })
    }

    /// Who answers, where it is not the provider.
    fn other_server(&self, page: &Page) -> Option<String> {
        let server = page.header("server").unwrap_or_default().to_lowercase();
        let has = |names: &[&str]| names.iter().any(|name| page.header(name).is_some());
        let own = match self.by {
            "Vercel" => server.contains("vercel") || has(&["x-vercel-id"]),
            // Render stands behind Cloudflare.
            _ => server.contains("cloudflare") || has(&["x-render-origin-server", "rndr-id"]),
        };
        (!own).then(|| match server.is_empty() {
            true => format!("a server without a name answers {}", page.status),
            false => format!("server {} answers {}", strip_controls(&server), page.status),
        })
    }

    fn evidence(
        &self,
        known: &Known,
        seen: &Seen,
        certificate: &Certificate,
        page: &Page,
    ) -> Evidence {
        let days = certificate.not_after.duration_since(seen.now).as_hours() / 24;
        let until = day(certificate.not_after);
        let mut evidence = Evidence::new(format!(
            "https://{}: certificate of {} until {until}, trusted; {} answers {}",
            self.host,
            strip_controls(&certificate.issuer),
            self.by,
            page.status
        ))
        .url(format!("https://{}", self.host))
        .note(format!(
            "for {}, {days} days left",
            strip_controls(&certificate.names.join(", "))
        ));
        if let Some(to) = known.output(&self.claim, "redirect") {
            evidence = evidence.note(format!("it sends its visitors on to https://{to}"));
        } else if protection::is_login(page) {
            evidence =
                evidence.note("visitors see Vercel's login: deployment protection hides this host");
        } else if page.status >= 400 {
            evidence = evidence.note(format!(
                "{} answers {}{}: what runs behind it is looked at in step 7",
                self.by,
                page.status,
                match page.header("x-vercel-error") {
                    Some(code) => format!(" ({})", strip_controls(code)),
                    None => String::new(),
                }
            ));
        }
        evidence.findings((days < DAYS_MIN).then(|| {
            Finding::new(
                "ends-soon",
                format!(
                    "the certificate of {} ends on {until}, in {days} days, and was not renewed",
                    self.host
                ),
                format!(
                    "look at the records of {} and at {DEBUG_PAGE}: {} renews a month before the end while they lead there",
                    self.host, self.by
                ),
            )
        }))
    }
}
