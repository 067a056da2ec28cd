//! What follows from what the servers say of a host.

use super::*;
use crate::plan::{Blocker, Wait};
use crate::seam::resolver::{Answer, Code, Record, RecordKind};

const HOST: &str = "www.bondigoo.ch";
const TARGET: &str = "d1d4.vercel-dns-017.com";

fn wish() -> DnsSeen {
    DnsSeen {
        zone: "bondigoo.ch".into(),
        host: HOST.into(),
        claim: ItemId::new("6.site-www"),
        record: ItemId::new("6.2.record-www"),
        zone_item: ItemId::new("6.2.zone"),
    }
}

fn seen(own: [Said; 2], public: &[Said]) -> Seen {
    let own_names = ["ns37.domaincontrol.com", "ns38.domaincontrol.com"];
    let public_names = ["1.1.1.1", "8.8.8.8", "9.9.9.9"];
    let named = |names: &[&str], said: &[Said]| -> Vec<(String, Said)> {
        let names = names.iter().map(ToString::to_string);
        names.zip(said.iter().cloned()).collect()
    };
    Seen {
        records: vec![Asked {
            wish: Entry::new(HOST, "CNAME", TARGET, 600),
            own: named(&own_names, &own),
            public: named(&public_names, public),
        }],
        chain: vec![TARGET.into()],
        addresses: vec!["76.76.21.21".into()],
        negative: Some(3600),
        old_ttl: Some(1800),
        hosted_by: "GoDaddy".into(),
        ..Seen::default()
    }
}

fn waits(seen: &Seen) -> Wait {
    match wish().plan(&Known::default(), seen) {
        Plan::Wait(wait) => wait,
        other => panic!("no wait: {other:?}"),
    }
}

fn settled(seen: &Seen) -> Evidence {
    match wish().plan(&Known::default(), seen) {
        Plan::Settled(evidence) => evidence,
        other => panic!("not settled: {other:?}"),
    }
}

fn right() -> Said {
    Said::Wished
}

fn nothing(remembered: u32) -> Said {
    Said::Nothing {
        remembered: Some(remembered),
    }
}

fn old(ttl: u32) -> Said {
    Said::Other {
        data: "CNAME old.example.com".into(),
        ttl,
    }
}

#[test]
fn its_own_servers_come_first_and_all_must_agree() {
    let wait = waits(&seen([right(), nothing(3600)], &[]));
    assert_eq!(
        wait.seen,
        "written, not served: ns37.domaincontrol.com says as wished; ns38.domaincontrol.com says nothing"
    );
    assert_eq!(wait.worst_case.as_secs(), 300);
    let wait = waits(&seen([right(), old(600)], &[]));
    assert!(wait.seen.starts_with("conflicting: "), "{}", wait.seen);
}

#[test]
fn a_stale_resolver_is_told_with_what_is_left_and_bounded_by_the_whole() {
    let wait = waits(&seen([right(), right()], &[right(), old(287), right()]));
    assert_eq!(
        wait.seen,
        "served, resolver stale (≤ 287 s): 8.8.8.8 says CNAME old.example.com"
    );
    // Measured from the first look, the bound may not shrink with what is left.
    assert_eq!(wait.worst_case.as_secs(), 1860);
    assert_eq!(wait.look_every.as_secs(), 30);
    assert!(
        wait.why.contains("the old record's TTL is 30 min"),
        "{}",
        wait.why
    );
    let later = waits(&seen([right(), right()], &[right(), old(3), right()]));
    assert_eq!(later.worst_case, wait.worst_case);
    assert_eq!(later.look_every.as_secs(), 5);
}

#[test]
fn a_resolver_that_remembers_there_was_none_is_bounded_by_the_zones_soa() {
    let wait = waits(&seen([right(), right()], &[nothing(120), right(), right()]));
    assert!(
        wait.seen.starts_with("served, resolver stale (≤ 120 s)"),
        "{}",
        wait.seen
    );
    assert_eq!(wait.worst_case.as_secs(), 3660);
    assert!(
        wait.why.contains("the minimum of the zone's SOA"),
        "{}",
        wait.why
    );
}

#[test]
fn a_resolver_that_fails_points_to_dnssec() {
    let failing = Said::Trouble("SERVFAIL".into());
    let wait = waits(&seen([right(), right()], &[right(), failing, right()]));
    assert!(wait.why.contains("dnsviz.net"), "{}", wait.why);
}

#[test]
fn what_is_seen_everywhere_names_who_was_asked() {
    let silent = Said::Silent("no answer within 3 s".into());
    let refusing = Said::Trouble("REFUSED".into());
    let evidence = settled(&seen([right(), right()], &[right(), silent, refusing]));
    assert_eq!(
        evidence.text,
        "www.bondigoo.ch is CNAME d1d4.vercel-dns-017.com, as ns37.domaincontrol.com, ns38.domaincontrol.com and 1.1.1.1 say"
    );
    let notes = evidence.notes.join("\n");
    assert!(notes.contains("8.8.8.8 gave no answer"), "{notes}");
    assert!(
        notes.contains("www.bondigoo.ch → d1d4.vercel-dns-017.com → 76.76.21.21"),
        "{notes}"
    );
}

#[test]
fn an_ipv6_address_beside_is_found_and_a_target_without_address_waited_for() {
    let mut both = seen([right(), right()], &[right(), right(), right()]);
    both.six = Some("2001:db8::7".into());
    assert_eq!(settled(&both).findings[0].code, "aaaa");
    both.addresses.clear();
    assert!(waits(&both).seen.contains("no address there"));
}

#[test]
fn without_the_claims_word_there_is_nothing_to_look_for() {
    let plan = wish().plan(&Known::default(), &Seen::default());
    assert!(matches!(plan, Plan::Blocked(Blocker::ByHand { .. })));
}

#[test]
fn a_chain_is_followed_to_its_addresses_and_never_round() {
    let record = |name: &str, kind, data: &str| Record {
        name: name.into(),
        kind,
        data: data.into(),
        ttl: 60,
    };
    let answer = |records: Vec<Record>| Answer {
        code: Code::NoError,
        authoritative: false,
        records,
        negative_ttl: None,
    };
    let whole = answer(vec![
        record(HOST, RecordKind::Cname, "a.example.com"),
        record("a.example.com", RecordKind::Cname, "b.example.com"),
        record("b.example.com", RecordKind::A, "203.0.113.2"),
        record("b.example.com", RecordKind::A, "203.0.113.1"),
        record("c.example.com", RecordKind::A, "203.0.113.3"),
    ]);
    let (names, addresses) = look::chain(&whole, HOST);
    assert_eq!(names, ["a.example.com", "b.example.com"]);
    assert_eq!(addresses, ["203.0.113.1", "203.0.113.2"]);
    let round = answer(vec![
        record(HOST, RecordKind::Cname, "a.example.com"),
        record("a.example.com", RecordKind::Cname, HOST),
    ]);
    assert!(look::chain(&round, HOST).1.is_empty());
}
