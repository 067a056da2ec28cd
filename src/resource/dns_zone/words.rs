//! How a zone that can be worked with is told: evidence, and what will bite.

use super::{DnsZone, Hosted, Seen, World};
use crate::plan::{Evidence, Finding};
use crate::resource::zone::ask::span;
use crate::resource::zone::{Holder, label, records_page};

/// A time to live above this keeps an old record alive for longer than a launch wants to wait, in seconds.
const TTL_LONG: u32 = 3600;
/// Who must be allowed to issue, as CAA records name them: Vercel's sites, and Render's besides.
const LETS_ENCRYPT: &str = "letsencrypt.org";
const GOOGLE: &str = "pki.goog";
const GOOGLE_PARAMETER: &str = "cansignhttpexchanges=yes";

impl DnsZone {
    pub(super) fn evidence(
        &self,
        seen: &Seen,
        world: &World,
        names: &[String],
        by: &str,
        others: &[String],
    ) -> Evidence {
        let zone = &self.zone;
        let export = &world.export;
        let hosted = match world.hosted {
            Hosted::Elsewhere => format!("{} answer for {zone}", names.join(", ")),
            _ => format!(
                "{} answers for {zone} ({})",
                world.hosted.word(),
                names.join(", ")
            ),
        };
        let mut evidence = Evidence::new(format!(
            "{hosted}, as {by} says; {} of its records kept before the first write",
            export.count
        ));
        if let Some(url) = records_page(world.hosted.word(), zone) {
            evidence = evidence.url(url);
        }
        evidence = evidence.note(match export.source.as_str() {
            "name servers" => format!(
                "copied from its name servers, name by name, on {}: no API lists the zone here, so only the names that \
                 golive knows to ask for are in the copy",
                export.at.strftime("%Y-%m-%d")
            ),
            source => format!(
                "copied by {source}'s API on {}",
                export.at.strftime("%Y-%m-%d")
            ),
        });
        evidence = evidence.note(match world.untouched {
            Some(true) => format!(
                "{} records are others' (checksum {}), unchanged since",
                export.others, export.digest
            ),
            Some(false) => format!(
                "{} records were others' (checksum {}); somebody has changed some since, not golive",
                export.others, export.digest
            ),
            None => format!(
                "{} records were others' (checksum {}); they were copied from elsewhere and cannot be compared now",
                export.others, export.digest
            ),
        });
        if seen.effective(world) == Holder::ByHand {
            evidence = evidence.note("a person enters the records");
        }
        for note in self.to_be_replaced(world) {
            evidence = evidence.note(note);
        }
        evidence.findings(self.findings(world, others))
    }

    /// What stands at golive's hosts now, and how long resolvers may go on showing it.
    fn to_be_replaced(&self, world: &World) -> Vec<String> {
        let long = world.own.iter().filter(|entry| entry.ttl > TTL_LONG);
        let long = long.map(|entry| {
            format!(
                "{} has {} with a TTL of {}: once replaced, resolvers may show the old one for that long. Lowering it to \
                 600 one such time before makes the change quick",
                entry.name,
                entry.shown(),
                span(entry.ttl)
            )
        });
        let six = world.own.iter().filter(|entry| entry.kind == "AAAA");
        let six = six.filter(|entry| !(self.apex_left && entry.name == self.zone));
        let six = six.map(|entry| {
            format!(
                "{} has {}: Vercel and Render are reached by IPv4 only, so the plan removes it",
                entry.name,
                entry.shown()
            )
        });
        long.chain(six).collect()
    }

    fn findings(&self, world: &World, others: &[String]) -> Vec<Finding> {
        let zone = &self.zone;
        let mut findings: Vec<Finding> = Vec::new();
        findings.extend(caa(zone, &world.caa));
        if let Some(record) = &world.wildcard {
            findings.push(Finding::new(
                "wildcard",
                format!(
                    "*.{zone} answers for every name that nobody has made ({record}), so a host that is missing looks as if \
                     it were there"
                ),
                "remove the record named * where nobody needs it",
            ));
        }
        if let Some(shows) = &world.apex {
            findings.push(Finding::new(
                "bare-name",
                format!("{zone} itself is left as it is: it {shows}"),
                "write apex = \"redirect\" under [dns] in golive.toml to have it lead to the site",
            ));
        }
        if !world.failing.is_empty() {
            findings.push(Finding::new(
                "dnssec",
                format!(
                    "{} fail at {zone} (SERVFAIL) though its own servers answer: most likely its DNSSEC is broken, and whoever \
                     asks them reaches nothing",
                    world.failing.join(", ")
                ),
                format!("look at https://dnsviz.net/d/{zone}/dnssec/, and mend or remove the DS record at the registrar"),
            ));
        }
        findings.extend(servers(zone, world));
        if !others.is_empty() {
            findings.push(Finding::new(
                "delegation",
                format!(
                    "the resolvers do not agree on the name servers of {zone}: {}",
                    others.join("; ")
                ),
                "wait: a change of name servers takes up to two days; until then some visitors ask the old ones",
            ));
        }
        if !world.vanished.is_empty() {
            let gone: Vec<String> = world
                .vanished
                .iter()
                .map(|entry| format!("{} {}", label(&entry.name, zone), entry.shown()))
                .collect();
            findings.push(Finding::new(
                "vanished",
                format!(
                    "records that are not golive's were there when it made its copy and are gone: {}",
                    gone.join("; ")
                ),
                "enter them again, if nobody meant to remove them",
            ));
        }
        findings
    }
}

/// A CAA set that shuts out one of those who issue for Vercel and Render. A set without `issue` shuts out nobody.
fn caa(zone: &str, set: &[String]) -> Option<Finding> {
    let issuers: Vec<String> = set
        .iter()
        .filter_map(|record| {
            let mut parts = record.splitn(3, char::is_whitespace);
            let (_, tag, value) = (parts.next()?, parts.next()?, parts.next()?);
            let value = value.trim().trim_matches('"').to_lowercase();
            tag.eq_ignore_ascii_case("issue").then_some(value)
        })
        .collect();
    if issuers.is_empty() {
        return None;
    }
    let named = |issuer: &str, parameter: &str| {
        issuers.iter().any(|value| {
            let mut parts = value.split(';').map(str::trim);
            parts.next() == Some(issuer)
                && (parameter.is_empty() || parts.any(|it| it == parameter))
        })
    };
    let mut missing: Vec<String> = Vec::new();
    if !named(LETS_ENCRYPT, "") {
        missing.push(format!("0 issue \"{LETS_ENCRYPT}\""));
    }
    if !named(GOOGLE, GOOGLE_PARAMETER) {
        missing.push(format!("0 issue \"{GOOGLE}; {GOOGLE_PARAMETER}\""));
    }
    (!missing.is_empty()).then(|| {
        Finding::new(
            "caa",
            format!(
                "the CAA records of {zone} ({}) do not let everybody issue whom Vercel and Render use, so certificates will \
                 be refused",
                set.join(", ")
            ),
            format!(
                "add at {zone}: {}",
                missing
                    .iter()
                    .map(|record| format!("CAA {record}"))
                    .collect::<Vec<_>>()
                    .join(" and ")
            ),
        )
    })
}

/// Servers that do not answer for the zone, and servers that hold different versions of it.
fn servers(zone: &str, world: &World) -> Vec<Finding> {
    let mut findings: Vec<Finding> = Vec::new();
    let lame: Vec<String> = world
        .serials
        .iter()
        .filter_map(|(name, serial)| Some(format!("{name} ({})", serial.as_ref().err()?)))
        .collect();
    if !lame.is_empty() {
        findings.push(Finding::new(
            "silent-server",
            format!(
                "not every name server of {zone} answers for it: {}",
                lame.join(", ")
            ),
            "correct the name servers at the registrar, or ask who runs them",
        ));
    }
    let mut serials: Vec<&str> = world
        .serials
        .iter()
        .filter_map(|(_, serial)| serial.as_deref().ok())
        .collect();
    serials.sort_unstable();
    serials.dedup();
    // Cloudflare's servers count for themselves.
    if serials.len() > 1 && world.hosted == Hosted::Elsewhere {
        let each = world.serials.iter().filter_map(|(name, serial)| {
            let serial = serial.as_ref().ok()?;
            Some(format!("{name} has {serial}"))
        });
        findings.push(Finding::new(
            "versions",
            format!(
                "the name servers of {zone} hold different versions of it: {}",
                each.collect::<Vec<_>>().join(", ")
            ),
            "look again in a few minutes; if it stays so, ask who runs them",
        ));
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;

    fn missing(set: &[&str]) -> Option<String> {
        let set: Vec<String> = set.iter().map(ToString::to_string).collect();
        caa("bondigoo.ch", &set).map(|finding| finding.fix)
    }

    #[test]
    fn a_caa_set_must_let_both_issue_and_none_at_all_lets_everybody() {
        assert_eq!(missing(&[]), None);
        assert_eq!(missing(&["0 iodef \"mailto:a@b.ch\""]), None);
        let both = [
            "0 issue \"letsencrypt.org\"",
            "0 issue \"pki.goog; cansignhttpexchanges=yes\"",
        ];
        assert_eq!(missing(&both), None);
        assert_eq!(
            missing(&both[..1]).unwrap(),
            "add at bondigoo.ch: CAA 0 issue \"pki.goog; cansignhttpexchanges=yes\""
        );
        assert!(
            missing(&["0 issue \";\""])
                .unwrap()
                .contains("letsencrypt.org")
        );
        // Google's without its parameter does not sign for Render.
        assert!(missing(&["0 issue \"pki.goog\"", both[0]]).is_some());
    }
}
