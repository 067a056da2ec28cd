//! Stories of a caller at the name servers of the world: what is served when, what is remembered how long.

use std::net::{IpAddr, Ipv4Addr};

use super::{Host, RESOLVERS};
use crate::seam::resolver::{Answer, Code, Question, RecordKind, Server, Silence};
use crate::sim::desk::{Desk, scenario};
use crate::sim::ledger::{MadeBy, ObjectRecord};
use crate::sim::scenario::Scenario;

const ZONE: &str = "acmeshop.example";

pub fn world(name: &str, change: impl FnOnce(&mut Scenario)) -> Desk {
    Desk::at(&scenario(name, change))
}

pub fn calm(name: &str, change: impl FnOnce(&mut Scenario)) -> Desk {
    world(name, |scenario| {
        scenario.lag = false;
        change(scenario);
    })
}

fn www(rest: &str) -> String {
    format!("{rest}{ZONE}")
}

fn asked(desk: &mut Desk, server: Server, name: &str, kind: RecordKind) -> Result<Answer, Silence> {
    let name = name.to_owned();
    let question = Question { name, kind, server };
    desk.world.ask(desk.now, &question)
}

pub fn public(desk: &mut Desk, resolver: usize, name: &str, kind: RecordKind) -> Answer {
    let server = Server::Public(IpAddr::V4(RESOLVERS[resolver]));
    asked(desk, server, name, kind).unwrap()
}

pub fn own(desk: &mut Desk, host: Host, name: &str, kind: RecordKind) -> Answer {
    let server = Server::Own(IpAddr::V4(host.name_servers()[0].1));
    asked(desk, server, name, kind).unwrap()
}

pub fn records(desk: &Desk) -> Vec<ObjectRecord> {
    let objects = desk.world.ledger().objects.into_iter();
    objects
        .filter(|one| one.kind == "dns_record" && one.alive)
        .collect()
}

#[test]
fn a_resolver_names_the_servers_and_they_answer_for_their_zone_alone() {
    let mut desk = calm("fresh", |_| {});
    let servers = public(&mut desk, 0, ZONE, RecordKind::Ns);
    assert_eq!(
        servers.data(RecordKind::Ns),
        ["ns37.domaincontrol.com", "ns38.domaincontrol.com"]
    );
    assert!(!servers.authoritative);
    let glue = public(&mut desk, 0, "ns37.domaincontrol.com", RecordKind::A);
    let address: Ipv4Addr = glue.data(RecordKind::A)[0].parse().unwrap();
    let server = Server::Own(IpAddr::V4(address));
    let mail = asked(&mut desk, server, ZONE, RecordKind::Mx).unwrap();
    assert_eq!(
        mail.data(RecordKind::Mx),
        ["10 mx1.mailhost.example", "20 mx2.mailhost.example"]
    );
    assert!(mail.authoritative);
    let soa = asked(&mut desk, server, ZONE, RecordKind::Soa).unwrap();
    let soa: Vec<&str> = soa.data(RecordKind::Soa)[0].split(' ').collect();
    assert_eq!(
        (soa.len(), soa[0], soa[6]),
        (7, "ns37.domaincontrol.com", "3600")
    );
    let other = asked(&mut desk, server, "onrender.com", RecordKind::A).unwrap();
    assert_eq!(other.code, Code::Refused);
    // A link is given, and not followed, by the zone's own server.
    let link = asked(&mut desk, server, &www("www."), RecordKind::A).unwrap();
    assert_eq!(
        (link.records.len(), link.data(RecordKind::Cname)),
        (1, vec![ZONE])
    );
    let nobody = Server::Own(IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1)));
    assert!(asked(&mut desk, nobody, ZONE, RecordKind::A).is_err());
    let text = own(&mut desk, Host::Godaddy, ZONE, RecordKind::Txt);
    assert_eq!(text.records.len(), 2);
    let between = own(
        &mut desk,
        Host::Godaddy,
        &www("_domainkey."),
        RecordKind::Txt,
    );
    assert_eq!((between.code, between.records.len()), (Code::NoError, 0));
}

#[test]
fn asking_too_early_makes_a_resolver_remember_that_there_is_none() {
    let mut desk = calm("fresh", |scenario| scenario.dns.minimum = 1200);
    let name = www("api.");
    let early = public(&mut desk, 1, &name, RecordKind::Cname);
    assert_eq!(
        (early.code, early.negative_ttl),
        (Code::NxDomain, Some(1200))
    );
    desk.act("record api 600 CNAME shop-api-prod.onrender.com")
        .unwrap();
    desk.wait(100);
    // The other resolver was not asked; no such name is no name of any type.
    assert_eq!(
        public(&mut desk, 0, &name, RecordKind::Cname).records.len(),
        1
    );
    let late = public(&mut desk, 1, &name, RecordKind::A);
    assert_eq!((late.code, late.negative_ttl), (Code::NxDomain, Some(1100)));
    desk.wait(1100);
    let now = public(&mut desk, 1, &name, RecordKind::A);
    assert_eq!(now.code, Code::NoError);
    assert_eq!(
        now.data(RecordKind::Cname),
        [
            "shop-api-prod.onrender.com",
            "gcp-eu-central-1-1.origin.onrender.com"
        ]
    );
    assert_eq!(now.data(RecordKind::A).len(), 2);
    assert_eq!(now.records[0].ttl, 600);
    desk.wait(60);
    assert_eq!(
        public(&mut desk, 1, &name, RecordKind::A).records[0].ttl,
        540
    );
    let none = public(&mut desk, 1, &name, RecordKind::Aaaa);
    assert_eq!(
        (none.code, none.data(RecordKind::Aaaa).len()),
        (Code::NoError, 0)
    );
}

#[test]
fn an_old_answer_stays_until_its_time_is_over_and_each_resolver_has_another() {
    let mut desk = world("fresh", |_| {});
    let name = www("www.");
    let left: Vec<u32> = (0..3)
        .map(|resolver| public(&mut desk, resolver, &name, RecordKind::Cname).records[0].ttl)
        .collect();
    assert!(
        left.iter().all(|left| *left <= 3600) && left[0] != left[1],
        "{left:?}"
    );
    desk.act("unrecord www CNAME").unwrap();
    desk.act("record www 600 CNAME shop.vercel-dns-017.com")
        .unwrap();
    desk.wait(61);
    let served = own(&mut desk, Host::Godaddy, &name, RecordKind::Cname);
    assert_eq!(served.data(RecordKind::Cname), ["shop.vercel-dns-017.com"]);
    let resolver = (0..3).max_by_key(|resolver| left[*resolver]).unwrap();
    let stale = public(&mut desk, resolver, &name, RecordKind::Cname);
    assert_eq!(stale.data(RecordKind::Cname), [ZONE]);
    assert_eq!(stale.records[0].ttl, left[resolver] - 61);
    desk.wait(i64::from(left[resolver]));
    let fresh = public(&mut desk, resolver, &name, RecordKind::A);
    assert_eq!(fresh.data(RecordKind::Cname), ["shop.vercel-dns-017.com"]);
    assert_eq!(fresh.data(RecordKind::A).len(), 2);
}

#[test]
fn a_write_is_served_a_while_after_it_was_made() {
    let mut desk = world("fresh", |_| {});
    desk.act("record x TXT hello").unwrap();
    let seen = |desk: &mut Desk| {
        own(desk, Host::Godaddy, &www("x."), RecordKind::Txt)
            .records
            .len()
    };
    assert_eq!(seen(&mut desk), 0);
    assert!(
        desk.world
            .zones
            .truth(desk.now, &www("x."), RecordKind::Txt)
            .is_empty()
    );
    desk.wait(60);
    assert_eq!(seen(&mut desk), 1);
    let truth = desk
        .world
        .zones
        .truth(desk.now, &www("X."), RecordKind::Txt);
    assert_eq!(truth, ["hello"]);
}

#[test]
fn a_done_world_leads_where_vercel_and_render_want() {
    let desk = calm("done", |_| {});
    let follow = |name: &str| desk.world.zones.follow(desk.now, &www(name));
    let (links, addresses) = follow("www.").unwrap();
    assert!(
        links[0].ends_with(".vercel-dns-017.com") && links.len() == 1,
        "{links:?}"
    );
    assert_eq!(addresses.len(), 2);
    let (staging, _) = follow("staging.").unwrap();
    assert_ne!(staging, links);
    let (api, _) = follow("api.staging.").unwrap();
    assert!(
        api[0].ends_with(".onrender.com") && api.len() == 2,
        "{api:?}"
    );
    let (none, parked) = follow("").unwrap();
    assert_eq!(
        (none.len(), parked),
        (0, vec![Ipv4Addr::new(192, 0, 2, 80)])
    );
    assert_eq!(follow("nowhere."), None);
    let render = |service: &str| desk.world.render.slug_of(service).unwrap();
    assert_eq!(
        api[0],
        format!("{}.onrender.com", render("shop-api-staging"))
    );
}

#[test]
fn an_unsigned_zone_cannot_be_asked_though_its_server_answers() {
    let mut desk = calm("fresh", |scenario| scenario.dns.dnssec_broken = true);
    let broken = public(&mut desk, 2, ZONE, RecordKind::A);
    assert_eq!((broken.code, broken.negative_ttl), (Code::ServFail, None));
    let there = own(&mut desk, Host::Godaddy, ZONE, RecordKind::A);
    assert_eq!(there.code, Code::NoError);
    assert_eq!(desk.world.zones.follow(desk.now, ZONE), None);
    assert_eq!(
        public(&mut desk, 2, "vercel.app", RecordKind::Ns).code,
        Code::NoError
    );
}

#[test]
fn a_wildcard_answers_for_what_is_missing_and_a_caa_says_who_may_issue() {
    let mut desk = calm("fresh", |scenario| {
        let dns = &mut scenario.dns.records;
        dns.push("* 600 A 198.51.100.9".to_owned());
        dns.push("@ 3600 CAA 0 issue \"digicert.com\"".to_owned());
    });
    let any = public(&mut desk, 0, &www("whatever."), RecordKind::A);
    assert_eq!(any.data(RecordKind::A), ["198.51.100.9"]);
    let deep = public(&mut desk, 0, &www("a.mail."), RecordKind::A);
    assert_eq!(deep.code, Code::NxDomain);
    let caa = public(&mut desk, 0, ZONE, RecordKind::Caa);
    assert_eq!(caa.data(RecordKind::Caa), ["0 issue \"digicert.com\""]);
    // The set of a target is seen through the link to it.
    desk.act("unrecord www CNAME").unwrap();
    desk.act("record www CNAME a.vercel-dns-017.com").unwrap();
    let target = public(&mut desk, 0, &www("www."), RecordKind::Caa);
    assert!(
        target
            .data(RecordKind::Caa)
            .contains(&"0 issue \"letsencrypt.org\"")
    );
    assert_eq!(
        public(&mut desk, 0, "example", RecordKind::Caa).code,
        Code::NoError
    );
    assert_eq!(
        public(&mut desk, 0, "nowhere.test", RecordKind::A).code,
        Code::NxDomain
    );
}

#[test]
fn a_copy_that_nobody_is_sent_to_has_no_effect() {
    let mut desk = calm("fresh", |scenario| {
        scenario.dns.delegated = Some(Host::Elsewhere)
    });
    let servers = public(&mut desk, 0, ZONE, RecordKind::Ns);
    assert_eq!(servers.data(RecordKind::Ns)[0], "ns1.hoster.example");
    desk.act("edit godaddy/record/www").unwrap();
    let parked = own(&mut desk, Host::Godaddy, &www("www."), RecordKind::Cname);
    assert_eq!(parked.data(RecordKind::Cname), ["elsewhere.example"]);
    let seen = public(&mut desk, 0, &www("www."), RecordKind::Cname);
    assert_eq!(seen.data(RecordKind::Cname), [ZONE]);
    let refused = own(&mut desk, Host::Cloudflare, ZONE, RecordKind::A);
    assert_eq!(
        (refused.code, refused.authoritative),
        (Code::Refused, false)
    );
}

#[test]
fn a_person_enters_records_as_a_registrars_page_takes_them() {
    let mut desk = calm("fresh", |scenario| {
        scenario.dns.delegated = Some(Host::Elsewhere)
    });
    let before = records(&desk);
    let said = desk.act("record www 600 CNAME a.example").unwrap_err();
    assert_eq!(
        said,
        format!("www CNAME {ZONE} 3600 is in the way; take it away first")
    );
    desk.act(&format!("unrecord www.{ZONE} cname {ZONE}"))
        .unwrap();
    desk.act("record www 600 CNAME a.example").unwrap();
    assert!(
        desk.act("record www 300 CNAME A.example.")
            .unwrap_err()
            .contains("is there already")
    );
    for wrong in [
        "record www",
        "record x SPF a",
        "unrecord nothing A",
        "unrecord @ NS",
        "unrecord @",
    ] {
        assert!(desk.act(wrong).is_err(), "{wrong}");
    }
    let after = records(&desk);
    let new: Vec<_> = after.iter().filter(|one| !before.contains(one)).collect();
    assert_eq!(new.len(), 1);
    assert_eq!(
        (new[0].name.as_str(), new[0].made_by, new[0].parent.as_str()),
        (
            "www CNAME a.example 600",
            MadeBy::Person,
            "acmeshop.example (hoster.example)"
        )
    );
    assert_eq!(after.len(), before.len());
}

#[test]
fn a_snapshot_of_the_world_holds_its_caches() {
    let mut desk = world("fresh", |_| {});
    let mut snapshot = desk.world.clone();
    let name = www("api.");
    let early = public(&mut desk, 0, &name, RecordKind::A);
    desk.act("record api CNAME a.onrender.com").unwrap();
    desk.wait(70);
    let kept = public(&mut desk, 0, &name, RecordKind::A);
    assert_eq!((early.code, kept.code), (Code::NxDomain, Code::NxDomain));
    std::mem::swap(&mut desk.world, &mut snapshot);
    desk.act("record api CNAME a.onrender.com").unwrap();
    desk.wait(70);
    assert_eq!(
        public(&mut desk, 0, &name, RecordKind::A).code,
        Code::NoError
    );
}

#[test]
fn the_zone_is_delegated_as_the_manifest_says_unless_the_world_says_otherwise() {
    for (mode, host) in [
        ("godaddy", Host::Godaddy),
        ("cloudflare", Host::Cloudflare),
        ("by-hand", Host::Elsewhere),
    ] {
        let mut names = crate::sim::Names::example();
        names.words.insert("dns.mode".to_owned(), mode.to_owned());
        let named = |world: &str| Scenario::named(world, &names).unwrap();
        for world in Scenario::all() {
            let mut desk = Desk::at(&named(world));
            assert_eq!(desk.world.zones.delegated(), host);
            let servers = public(&mut desk, 0, ZONE, RecordKind::Ns);
            assert_eq!(servers.data(RecordKind::Ns)[0], host.name_servers()[0].0);
            let mail = own(&mut desk, host, ZONE, RecordKind::Mx);
            assert_eq!(mail.records.len(), 2, "{world} {mode}");
        }
        let mut otherwise = named("fresh");
        otherwise.dns.delegated = Some(Host::Elsewhere);
        assert_eq!(
            Desk::at(&otherwise).world.zones.delegated(),
            Host::Elsewhere
        );
    }
}
