//! Who may issue certificates for a name, as CAA records say it (RFC 8659).

use jiff::Timestamp;

use crate::seam::resolver::RecordKind;
use crate::sim::zones::Zones;

/// How long a chain of CNAMEs may be.
const LINKS_MAX: usize = 8;

/// The CAA records that count for a name, and the name they stand at; none at all lets everybody issue.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Standing {
    pub name: String,
    pub records: Vec<String>,
}

/// The first set found from the name upwards. Where a name is a CNAME, the set of its target counts.
pub fn standing(zones: &Zones, at: Timestamp, host: &str) -> Standing {
    let mut rest = host;
    loop {
        let end = last_link(zones, at, rest);
        let records = zones.truth(at, &end, RecordKind::Caa);
        if !records.is_empty() {
            return Standing { name: end, records };
        }
        match rest.split_once('.') {
            Some((_, parent)) => rest = parent,
            None => return Standing::default(),
        }
    }
}

fn last_link(zones: &Zones, at: Timestamp, name: &str) -> String {
    let mut name = name.to_owned();
    for _ in 0..LINKS_MAX {
        match zones.truth(at, &name, RecordKind::Cname).into_iter().next() {
            Some(next) => name = next.trim_end_matches('.').to_lowercase(),
            None => break,
        }
    }
    name
}

/// Whether an issuer, such as `letsencrypt.org`, may issue for a name that is no wildcard.
pub fn permits(standing: &Standing, issuer: &str) -> bool {
    let mut named = standing.records.iter().filter_map(|record| issue(record));
    let mut any = false;
    let found = named.any(|name| {
        any = true;
        name.eq_ignore_ascii_case(issuer)
    });
    found || !any
}

/// Whom a record such as `0 issue "letsencrypt.org; x=y"` names; empty when it names nobody.
fn issue(record: &str) -> Option<&str> {
    let mut parts = record.splitn(3, ' ');
    let (_, tag, value) = (parts.next()?, parts.next()?, parts.next()?);
    if !tag.eq_ignore_ascii_case("issue") {
        return None;
    }
    let value = value.trim().trim_matches('"');
    Some(value.split(';').next().unwrap_or_default().trim())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_who_is_named_may_issue_and_without_names_everybody() {
        let standing = |records: &[&str]| Standing {
            name: "shop.example".to_owned(),
            records: records.iter().map(|&record| record.to_owned()).collect(),
        };
        let may = |records: &[&str]| permits(&standing(records), "letsencrypt.org");
        assert!(may(&[]));
        assert!(may(&["0 iodef \"mailto:a@shop.example\""]));
        assert!(may(&[
            "0 issue \"pki.goog\"",
            "128 issue \"letsencrypt.org; validationmethods=http-01\""
        ]));
        assert!(!may(&["0 issue \";\""]));
        assert!(!may(&[
            "0 issue \"pki.goog\"",
            "0 issuewild \"letsencrypt.org\""
        ]));
    }
}
