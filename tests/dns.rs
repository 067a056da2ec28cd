//! The real resolver at real name servers: knotd, which is authoritative for two zones, and unbound, which looks further.
//!
//! `tests/setup/dns.sh` installs them.

mod servers;
#[path = "dns/zones.rs"]
mod zones;

use std::net::{IpAddr, SocketAddr, UdpSocket};

use golive::clock::Wall;
use golive::dns::{Network, Servers};
use golive::seam::resolver::{Answer, Code, Question, RecordKind, Resolver, Server, Silence};
use golive::seam::transport::Method;
use golive::seam::web::{Unreached, Visit, Web};
use golive::tls::Trust;
use golive::web::{Road, Sites};
use servers::{Running, free_port, program, wait_for};

const SETUP: &str = "tests/setup/dns.sh";
const OLD: &str = "old.hosting.test.";

/// The authoritative server, with what asks it.
struct World {
    knot: Running,
    network: Network,
}

impl World {
    fn start(test: &str) -> Option<World> {
        let knotd = program(test, "knotd", SETUP)?;
        let knot = Running::start(zones::KNOT_READY, |folder, port| {
            zones::knot(&knotd, folder, port, OLD)
        });
        let network = network(vec![], knot.port);
        Some(World { knot, network })
    }

    fn own(&self, name: &str, kind: RecordKind) -> Answer {
        let told = ask(&self.network, name, kind, own(0));
        told.unwrap_or_else(|silence| panic!("{name} {kind}: {silence:?}"))
    }

    /// unbound, which asks it.
    fn resolver(&self, test: &str) -> Option<Running> {
        let unbound = program(test, "unbound", SETUP)?;
        let own = self.knot.port;
        Some(Running::start(zones::UNBOUND_READY, |folder, port| {
            zones::unbound(&unbound, folder, port, own)
        }))
    }
}

fn network(public: Vec<SocketAddr>, own_port: u16) -> Network {
    Network::new(None).asking(Servers::World { public, own_port })
}

fn own(which: usize) -> Server {
    Server::Own(zones::OWN[which].parse().expect("an address"))
}

fn public() -> Server {
    Server::Public(here(53).ip())
}

fn here(port: u16) -> SocketAddr {
    ([127, 0, 0, 1], port).into()
}

fn ask(network: &Network, name: &str, kind: RecordKind, server: Server) -> Result<Answer, Silence> {
    let question = Question {
        name: name.into(),
        kind,
        server,
    };
    wait_for(network.ask(&question))
}

#[test]
fn every_type_is_told_as_a_person_would_write_it() {
    let Some(world) = World::start("every_type_is_told_as_a_person_would_write_it") else {
        return;
    };
    let sorted = |kind: RecordKind| {
        let answer = world.own("bondigoo.test", kind);
        assert!(
            answer.authoritative && answer.code == Code::NoError,
            "{answer:?}"
        );
        assert!(
            answer
                .records
                .iter()
                .all(|record| record.name == "bondigoo.test")
        );
        let mut data: Vec<String> = answer.data(kind).into_iter().map(str::to_string).collect();
        data.sort();
        data
    };
    assert_eq!(sorted(RecordKind::A), ["192.0.2.1"]);
    assert_eq!(sorted(RecordKind::Aaaa), ["2001:db8::1"]);
    assert_eq!(
        sorted(RecordKind::Ns),
        ["ns1.bondigoo.test", "ns2.bondigoo.test"]
    );
    assert_eq!(sorted(RecordKind::Mx), ["0 .", "10 mail.bondigoo.test"]);
    let strings = ["v=spf1 include:mail.test -all", "verify=a;b \"c\""];
    assert_eq!(sorted(RecordKind::Txt), strings);
    let authorities = ["0 issue \"letsencrypt.org\"", "128 issuewild \";\""];
    assert_eq!(sorted(RecordKind::Caa), authorities);
    let soa = "ns1.bondigoo.test dns.bondigoo.test 7 28800 7200 604800 600";
    assert_eq!(sorted(RecordKind::Soa), [soa]);
    let ttl = |name, kind| world.own(name, kind).records[0].ttl;
    assert_eq!(ttl("bondigoo.test", RecordKind::Caa), 900);
    assert_eq!(ttl("www.bondigoo.test", RecordKind::Cname), 300);
    assert_eq!(
        ttl("_acme-challenge.www.bondigoo.test", RecordKind::Txt),
        60
    );
}

#[test]
fn long_values_arrive_whole() {
    let Some(world) = World::start("long_values_arrive_whole") else {
        return;
    };
    let key = world.own("key._domainkey.bondigoo.test", RecordKind::Txt);
    let whole = "k".repeat(255) + &"K".repeat(45);
    assert_eq!(key.data(RecordKind::Txt), [whole]);
    // 3000 bytes do not fit into a datagram, so that this one came by TCP.
    let long = world.own("long.bondigoo.test", RecordKind::Txt);
    let long = long.data(RecordKind::Txt);
    assert_eq!((long.len(), long[0].len()), (1, 3000));
    assert!(long[0].starts_with("aaa") && long[0].ends_with("lll"));
}

#[test]
fn what_is_not_there_says_how_long_that_is_remembered() {
    let Some(world) = World::start("what_is_not_there_says_how_long_that_is_remembered") else {
        return;
    };
    let absent = world.own("staging.bondigoo.test", RecordKind::A);
    assert_eq!(
        (absent.code, absent.negative_ttl),
        (Code::NxDomain, Some(600))
    );
    assert!(absent.records.is_empty() && absent.authoritative);
    // The name is there, though not with this type; here the SOA itself lives shorter than its minimum says.
    let other = world.own("old.hosting.test", RecordKind::Aaaa);
    assert_eq!((other.code, other.negative_ttl), (Code::NoError, Some(120)));
    let there = world.own("bondigoo.test", RecordKind::A);
    assert_eq!(there.negative_ttl, None);
}

#[test]
fn a_zones_own_server_speaks_of_its_zone_alone() {
    let Some(world) = World::start("a_zones_own_server_speaks_of_its_zone_alone") else {
        return;
    };
    // A CNAME that leads into another zone is told, and not followed.
    let www = world.own("www.bondigoo.test", RecordKind::A);
    assert_eq!(www.data(RecordKind::Cname), ["old.hosting.test"]);
    assert!(www.data(RecordKind::A).is_empty());
    // One inside a zone is.
    let deep = world.own("deep.hosting.test", RecordKind::A);
    assert_eq!(deep.data(RecordKind::Cname), ["deeper.hosting.test"]);
    assert_eq!(deep.data(RecordKind::A), ["192.0.2.30"]);
    // What is handed on to other servers is not claimed.
    let handed = world.own("app.hosted.bondigoo.test", RecordKind::A);
    assert!(!handed.authoritative && handed.records.is_empty());
    assert_eq!((handed.code, handed.negative_ttl), (Code::NoError, None));
    // A wildcard answers for whatever is asked.
    let wild = world.own("golive-3f9a.wild.bondigoo.test", RecordKind::A);
    assert_eq!(wild.records[0].name, "golive-3f9a.wild.bondigoo.test");
    assert_eq!(wild.data(RecordKind::A), ["192.0.2.9"]);
    let refused = world.own("example.test", RecordKind::A);
    assert_eq!((refused.code, refused.records.len()), (Code::Refused, 0));
    let both: Vec<_> = (0..2)
        .map(|which| ask(&world.network, "bondigoo.test", RecordKind::Txt, own(which)))
        .collect();
    assert_eq!(both[0], both[1]);
}

#[test]
fn a_public_resolver_follows_the_chain_and_remembers_the_old_one() {
    let test = "a_public_resolver_follows_the_chain_and_remembers_the_old_one";
    let Some(world) = World::start(test) else {
        return;
    };
    let Some(resolver) = world.resolver(test) else {
        return;
    };
    let own_port = world.knot.port;
    let both = network(vec![here(resolver.port)], own_port);
    assert_eq!(both.public(), [here(53).ip()]);
    let www = "www.bondigoo.test";
    let seen = ask(&both, www, RecordKind::A, public()).expect("an answer");
    assert!(!seen.authoritative);
    assert_eq!(seen.data(RecordKind::Cname), ["old.hosting.test"]);
    assert_eq!(seen.data(RecordKind::A), ["192.0.2.10"]);
    let api = ask(&both, "api.bondigoo.test", RecordKind::A, public()).expect("an answer");
    let links = ["deep.hosting.test", "deeper.hosting.test"];
    assert_eq!(api.data(RecordKind::Cname), links);
    let absent = ask(&both, "staging.bondigoo.test", RecordKind::A, public()).expect("an answer");
    assert_eq!(absent.code, Code::NxDomain);
    assert!(
        absent.negative_ttl.is_some_and(|ttl| ttl <= 600),
        "{absent:?}"
    );

    // The zone is changed: its own server says so at once, and the resolver tells how long it will say the old.
    let knotd = program(test, "knotd", SETUP).expect("it ran before");
    drop(world.knot);
    let knot = Running::start(zones::KNOT_READY, |folder, _| {
        zones::knot(&knotd, folder, own_port, "new.hosting.test.")
    });
    let now = ask(&both, www, RecordKind::Cname, own(0)).expect("an answer");
    assert_eq!(now.data(RecordKind::Cname), ["new.hosting.test"]);
    let stale = ask(&both, www, RecordKind::Cname, public()).expect("an answer");
    assert_eq!(stale.data(RecordKind::Cname), ["old.hosting.test"]);
    assert!(stale.records[0].ttl <= 300);
    drop(knot);
    // With the zone's servers gone, what is not remembered cannot be looked up: an answer all the same.
    let lost = ask(&both, "only6.bondigoo.test", RecordKind::Aaaa, public());
    assert!(lost.is_err() || lost.is_ok_and(|answer| answer.code == Code::ServFail));
}

#[test]
fn a_host_is_where_the_first_public_resolver_says() {
    let test = "a_host_is_where_the_first_public_resolver_says";
    let Some(world) = World::start(test) else {
        return;
    };
    let Some(resolver) = world.resolver(test) else {
        return;
    };
    let both = network(vec![here(resolver.port)], world.knot.port);
    let at = |host: &str| wait_for(both.addresses(host));
    let address = |text: &str| Ok(vec![text.parse::<IpAddr>().expect("an address")]);
    assert_eq!(at("WWW.bondigoo.test"), address("192.0.2.10"));
    assert_eq!(at("only6.bondigoo.test"), address("2001:db8::6"));
    assert_eq!(at("192.0.2.77"), address("192.0.2.77"));
    let nowhere = at("staging.bondigoo.test").expect_err("nowhere");
    assert_eq!(nowhere, "127.0.0.1 knows no name staging.bondigoo.test");
    let nothing = at("key._domainkey.bondigoo.test").expect_err("no address");
    assert!(nothing.contains("knows no address"), "{nothing}");

    // So a visitor is told that the name leads nowhere, not that a server is down.
    let clock = std::sync::Arc::new(Wall);
    let trust = Trust::new(clock.clone(), vec![]);
    let sites = Sites::new(Road::Named(std::sync::Arc::new(both.clone())), trust, clock);
    let visit = Visit {
        method: Method::Get,
        preflight: false,
        host: "staging.bondigoo.test".into(),
        path: "/".into(),
        headers: vec![],
        timeout: std::time::Duration::from_secs(20),
        body_max: 100,
    };
    for unreached in [
        wait_for(sites.fetch(&visit)).expect_err("nowhere"),
        wait_for(sites.certificate(&visit.host)).expect_err("nowhere"),
    ] {
        assert_eq!(unreached, Unreached::Name(nowhere.clone()));
    }
}

#[test]
fn a_simulated_worlds_servers_answer_for_all() {
    let Some(world) = World::start("a_simulated_worlds_servers_answer_for_all") else {
        return;
    };
    let all = Network::new(None).asking(Servers::Here(vec![here(world.knot.port)]));
    let ns = Server::Own("198.51.100.53".parse().expect("an address"));
    for server in [ns, public()] {
        let answer = ask(&all, "bondigoo.test", RecordKind::A, server).expect("an answer");
        assert_eq!(answer.data(RecordKind::A), ["192.0.2.1"]);
    }
}

#[test]
fn a_server_that_is_down_and_one_that_is_mute_are_told_apart() {
    let gone = network(vec![], free_port());
    let down = ask(&gone, "bondigoo.test", RecordKind::A, own(0)).expect_err("nobody");
    assert_eq!(down.0, "no name server listens there");
    let mute = UdpSocket::bind("127.0.0.1:0").expect("a port");
    let port = mute.local_addr().expect("its number").port();
    let silent = ask(
        &network(vec![], port),
        "bondigoo.test",
        RecordKind::A,
        own(0),
    );
    assert_eq!(silent.expect_err("nothing").0, "no answer in 5 s");
    // It was asked again: a datagram may be lost.
    let mut buffer = [0; 512];
    mute.set_nonblocking(true).expect("set");
    let asked = std::iter::from_fn(|| mute.recv(&mut buffer).ok()).count();
    assert!(asked >= 2, "{asked}");
}

#[test]
fn a_name_that_cannot_be_asked_for_is_asked_of_nobody() {
    let network = network(vec![], free_port());
    for name in ["a..b", &"a".repeat(64), "b\u{fc}cher.test"] {
        let silence = ask(&network, name, RecordKind::A, own(0)).expect_err(name);
        assert!(silence.0.contains("nobody was asked"), "{silence:?}");
    }
}
