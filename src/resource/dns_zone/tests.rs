//! What follows from a zone as it was found.

use std::net::IpAddr;

use super::*;
use crate::plan::Evidence;

fn wish(holder: Holder) -> DnsZone {
    DnsZone {
        zone: "bondigoo.ch".into(),
        holder,
        hosts: vec!["www.bondigoo.ch".into(), "api.bondigoo.ch".into()],
        apex_left: true,
    }
}

fn by() -> IpAddr {
    "1.1.1.1".parse().unwrap()
}

fn entries() -> Vec<Entry> {
    let entry = |name: &str, kind: &str, data: &str| Entry::new(name, kind, data, 3600);
    vec![
        entry("bondigoo.ch", "MX", "mail.bondigoo.ch"),
        entry("bondigoo.ch", "SOA", "serial 1"),
        entry("www.bondigoo.ch", "CNAME", "@"),
        entry("www.bondigoo.ch", "TXT", "somebody's"),
        entry("_vercel.bondigoo.ch", "TXT", "vc-domain-verify=www,1"),
    ]
}

fn seen(holder: Holder, names: &[&str]) -> Seen {
    let names: Vec<String> = names.iter().map(ToString::to_string).collect();
    let at = "2026-11-24T10:00:00Z".parse().unwrap();
    let wish = wish(holder);
    Seen {
        mode: holder,
        by_hand_elsewhere: false,
        answering: vec![],
        world: Some(World {
            hosted: Hosted::of(&names, &[]),
            servers: OwnServer::read("ns1=192.0.2.1,ns2=192.0.2.2"),
            serials: vec![
                ("ns1".into(), Ok("7".into())),
                ("ns2".into(), Ok("7".into())),
            ],
            failing: vec![],
            own: vec![],
            export: Export::of(at, "GoDaddy", entries(), &wish.hosts),
            vanished: vec![],
            untouched: Some(true),
            caa: vec![],
            wildcard: None,
            apex: Some("has A 203.0.113.7; over https it answers 200".into()),
        }),
        delegation: Delegation::To {
            names,
            by: by(),
            others: vec![],
        },
    }
}

const GODADDY: [&str; 2] = ["ns37.domaincontrol.com", "ns38.domaincontrol.com"];

fn settled(holder: Holder, seen: &Seen) -> Evidence {
    match wish(holder).plan(&Known::default(), seen) {
        Plan::Settled(evidence) => evidence,
        other => panic!("not settled: {other:?}"),
    }
}

fn blocked(holder: Holder, seen: &Seen) -> Blocker {
    match wish(holder).plan(&Known::default(), seen) {
        Plan::Blocked(blocker) => blocker,
        other => panic!("not blocked: {other:?}"),
    }
}

fn codes(evidence: &Evidence) -> Vec<&str> {
    let findings = evidence.findings.iter();
    findings.map(|finding| finding.code.as_str()).collect()
}

#[test]
fn a_zone_at_its_holder_is_told_with_its_servers_and_its_copy() {
    let seen = seen(Holder::GoDaddy, &GODADDY);
    let evidence = settled(Holder::GoDaddy, &seen);
    assert_eq!(
        evidence.text,
        "GoDaddy answers for bondigoo.ch (ns37.domaincontrol.com, ns38.domaincontrol.com), as 1.1.1.1 says; 5 of its records \
         kept before the first write"
    );
    // The mail record and somebody's text at www are others'; SOA, host and proof are not counted.
    assert!(
        evidence.notes[1].starts_with("2 records are others'"),
        "{:?}",
        evidence.notes
    );
    assert_eq!(codes(&evidence), ["bare-name"]);
    let outputs = wish(Holder::GoDaddy).outputs(&seen);
    assert_eq!(outputs[MODE].text(), Some("godaddy"));
    assert_eq!(outputs[SERVERS].text(), Some("ns1=192.0.2.1,ns2=192.0.2.2"));
    let kept = Export::read(outputs[EXPORT].text().unwrap()).unwrap();
    assert_eq!((kept.count, kept.records.len()), (5, 5));
}

#[test]
fn a_zone_that_is_hosted_elsewhere_is_asked_about_and_may_go_by_hand() {
    let mut seen = seen(
        Holder::GoDaddy,
        &["ns1.hoster.example", "ns2.hoster.example"],
    );
    let Blocker::Choose {
        question, options, ..
    } = blocked(Holder::GoDaddy, &seen)
    else {
        panic!("not asked");
    };
    assert!(
        question.contains("what is written at GoDaddy would have no effect"),
        "{question}"
    );
    assert_eq!(options[0].word, "by-hand");
    seen.by_hand_elsewhere = true;
    let evidence = settled(Holder::GoDaddy, &seen);
    assert!(
        evidence
            .text
            .starts_with("ns1.hoster.example, ns2.hoster.example answer")
    );
    assert_eq!(
        wish(Holder::GoDaddy).outputs(&seen)[MODE].text(),
        Some("by-hand")
    );
}

#[test]
fn by_hand_takes_any_host() {
    let seen = seen(Holder::ByHand, &["ns1.hoster.example"]);
    settled(Holder::ByHand, &seen);
}

#[test]
fn cloudflares_servers_of_another_zone_are_not_these() {
    let names = [
        "ada.ns.cloudflare.com".to_string(),
        "bob.ns.cloudflare.com".to_string(),
    ];
    let given = |one: &str| vec![one.to_string(), "ada.ns.cloudflare.com".to_string()];
    assert_eq!(Hosted::of(&names, &[]), Hosted::Cloudflare);
    assert_eq!(
        Hosted::of(&names, &given("bob.ns.cloudflare.com")),
        Hosted::Cloudflare
    );
    let other = Hosted::of(&names, &given("zoe.ns.cloudflare.com"));
    assert!(!other.fits(Holder::Cloudflare));
    // Names of one's own that Cloudflare answers under.
    let own = ["ns1.acme.ch".to_string()];
    assert_eq!(Hosted::of(&own, &own), Hosted::Cloudflare);
    assert_eq!(Hosted::of(&[], &[]), Hosted::Elsewhere);
}

#[test]
fn what_will_bite_is_told_each_with_what_mends_it() {
    let mut seen = seen(Holder::GoDaddy, &GODADDY);
    let world = seen.world.as_mut().unwrap();
    world.caa = vec!["0 issue \"digicert.com\"".into()];
    world.wildcard = Some("A 203.0.113.9".into());
    world.failing = vec!["8.8.8.8".into()];
    world.serials[1].1 = Err("it does not answer for the zone".into());
    world.vanished = vec![Entry::new("bondigoo.ch", "MX", "mail.bondigoo.ch", 3600)];
    world.own = vec![Entry::new("www.bondigoo.ch", "AAAA", "2001:db8::7", 86_400)];
    let evidence = settled(Holder::GoDaddy, &seen);
    assert_eq!(
        codes(&evidence),
        [
            "caa",
            "wildcard",
            "bare-name",
            "dnssec",
            "silent-server",
            "vanished"
        ]
    );
    let notes = evidence.notes.join("\n");
    assert!(notes.contains("a TTL of 24 h"), "{notes}");
    assert!(notes.contains("reached by IPv4 only"), "{notes}");
}

#[test]
fn no_zone_says_what_to_write_or_where_to_look() {
    let mut none = seen(Holder::GoDaddy, &GODADDY);
    none.world = None;
    none.delegation = Delegation::Inside("bondigoo.ch".into());
    let Blocker::ByHand { paste, .. } = blocked(Holder::GoDaddy, &none) else {
        panic!("not by hand");
    };
    assert_eq!(paste, ["zone = \"bondigoo.ch\""]);
    none.delegation = Delegation::Nowhere("1.1.1.1 says that there is no such name".into());
    assert!(
        blocked(Holder::GoDaddy, &none)
            .sentence()
            .contains("register bondigoo.ch")
    );
    none.delegation = Delegation::Broken(vec!["1.1.1.1 says SERVFAIL".into()]);
    none.answering = vec!["ada.ns.cloudflare.com".into()];
    let sentence = blocked(Holder::GoDaddy, &none).sentence();
    assert!(sentence.contains("DNSSEC is broken"), "{sentence}");
}

#[test]
fn the_copy_of_a_large_zone_keeps_golives_own_names_in_full() {
    let hosts = wish(Holder::GoDaddy).hosts;
    let mut all = entries();
    all.extend(
        (0..2000).map(|n| Entry::new(&format!("h{n}.bondigoo.ch"), "A", "203.0.113.1", 600)),
    );
    let export = Export::of(jiff::Timestamp::UNIX_EPOCH, "GoDaddy", all, &hosts);
    assert_eq!((export.count, export.others), (2005, 2002));
    assert!(
        export
            .records
            .iter()
            .all(|entry| hosts.contains(&entry.name))
    );
    assert_eq!(export.records.len(), 2);
}
