//! The real visitor at a real web server: nginx, with good certificates and with every bad one.
//!
//! `tests/setup/tls.sh` installs it.

#[path = "servers/authority.rs"]
mod authority;
mod servers;
#[path = "tls/site.rs"]
mod site;

use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::time::Duration;

use authority::Authority;
use golive::clock::{Scaled, Wall};
use golive::seam::clock::Clock;
use golive::seam::transport::{HeaderText, Method};
use golive::seam::web::{Certificate, CertificateFault, Page, Unreached, Visit, Web};
use golive::secret::Secret;
use golive::tls::{Trust, roots};
use golive::web::{Road, Sites};
use servers::{Running, free_port, program, wait_for};

const SETUP: &str = "tests/setup/tls.sh";

/// A server, with a visitor who trusts its authority.
struct World {
    nginx: Running,
    authority: Authority,
}

impl World {
    fn start(test: &str, old: bool) -> Option<World> {
        let program = program(test, "nginx", SETUP)?;
        let authority = Authority::new("Bondigoo Test Authority");
        let nginx = Running::start(site::READY, |folder, port| {
            site::nginx(&program, folder, port, &authority, old)
        });
        Some(World { nginx, authority })
    }

    fn sites(&self) -> Sites {
        self.sites_at(Arc::new(Wall))
    }

    fn sites_at(&self, clock: Arc<dyn Clock>) -> Sites {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("ca.pem");
        self.authority.write(&file);
        let trust = Trust::new(clock.clone(), roots(&file).expect("a certificate"));
        Sites::new(Road::Instead(here(self.nginx.port)), trust, clock)
    }

    fn fetch(&self, visit: Visit) -> Result<Page, Unreached> {
        wait_for(self.sites().fetch(&visit))
    }

    fn certificate(&self, host: &str) -> Certificate {
        let read = wait_for(self.sites().certificate(host));
        read.unwrap_or_else(|unreached| panic!("{host}: {unreached:?}"))
    }
}

/// Someone who trusts only what this machine trusts.
fn stranger(port: u16) -> Sites {
    let clock = Arc::new(Wall);
    let trust = Trust::new(clock.clone(), vec![]);
    Sites::new(Road::Instead(here(port)), trust, clock)
}

fn here(port: u16) -> SocketAddr {
    ([127, 0, 0, 1], port).into()
}

fn get(host: &str, path: &str) -> Visit {
    Visit {
        method: Method::Get,
        preflight: false,
        host: host.into(),
        path: path.into(),
        headers: vec![],
        timeout: Duration::from_secs(20),
        body_max: 1000,
    }
}

#[test]
fn a_good_certificate_is_told_with_its_names_issuer_and_days() {
    let Some(world) = World::start(
        "a_good_certificate_is_told_with_its_names_issuer_and_days",
        false,
    ) else {
        return;
    };
    let good = world.certificate(site::GOOD);
    assert_eq!(good.names, [site::GOOD, "*.preview.bondigoo.test"]);
    assert_eq!(good.issuer, "Bondigoo Test Authority");
    assert_eq!(good.not_before.to_string(), "2020-01-01T00:00:00Z");
    assert_eq!(good.not_after.to_string(), "2045-01-01T00:00:00Z");
    assert_eq!(good.fault, None);
    // The same one is nothing to somebody who does not know the authority.
    let read = wait_for(stranger(world.nginx.port).certificate(site::GOOD));
    let fault = read.expect("a certificate").fault;
    assert!(
        matches!(&fault, Some(CertificateFault::Untrusted(why)) if why.contains("nobody trusts")),
        "{fault:?}"
    );
}

#[test]
fn each_bad_certificate_is_told_by_what_is_wrong_with_it_and_never_believed() {
    let test = "each_bad_certificate_is_told_by_what_is_wrong_with_it_and_never_believed";
    let Some(world) = World::start(test, false) else {
        return;
    };
    let untrusted = |text: &str| CertificateFault::Untrusted(text.into());
    let nobodys =
        "it comes from an issuer that nobody trusts, or the certificates between are missing";
    for (host, fault, refusal) in [
        (site::EXPIRED, CertificateFault::Expired, "expired"),
        (site::EARLY, CertificateFault::NotYetValid, "not valid yet"),
        (site::OTHER, CertificateFault::OtherName, "other names"),
        // The first that holds is told.
        (site::WORST, CertificateFault::Expired, "certificate"),
        (
            site::SELF_SIGNED,
            untrusted("it is signed by itself"),
            "certificate",
        ),
        (site::STRANGE, untrusted(nobodys), "nobody trusts"),
    ] {
        assert_eq!(world.certificate(host).fault, Some(fault), "{host}");
        let refused = world.fetch(get(host, "/")).expect_err(host);
        assert!(
            matches!(&refused, Unreached::Tls(cause) if cause.contains(refusal)),
            "{host}: {refused:?}"
        );
    }
    assert_eq!(world.certificate(site::OTHER).names, ["*.vercel.test"]);
}

#[test]
fn what_is_valid_now_is_said_by_the_launchs_clock() {
    let Some(world) = World::start("what_is_valid_now_is_said_by_the_launchs_clock", false) else {
        return;
    };
    let clock = Scaled::new("2050-06-01T00:00:00Z".parse().expect("a time"), 1);
    let later = world.sites_at(Arc::new(clock));
    let read = wait_for(later.certificate(site::GOOD)).expect("a certificate");
    assert_eq!(read.fault, Some(CertificateFault::Expired));
    let refused = wait_for(later.fetch(&get(site::GOOD, "/"))).expect_err("expired");
    assert_eq!(
        refused,
        Unreached::Tls("its certificate has expired".into())
    );
}

#[test]
fn a_handshake_that_breaks_off_is_no_certificate() {
    let test = "a_handshake_that_breaks_off_is_no_certificate";
    let Some(world) = World::start(test, false) else {
        return;
    };
    let told = |sites: &Sites, host: &str| {
        let fetched = wait_for(sites.fetch(&get(host, "/"))).expect_err("broken");
        let read = wait_for(sites.certificate(host)).expect_err("broken");
        assert_eq!(fetched, read);
        fetched
    };
    let unknown = told(&world.sites(), site::UNKNOWN);
    assert_eq!(
        unknown,
        Unreached::Tls("the server does not know this name".into())
    );

    // One that takes the connection and closes it.
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = listener.local_addr().expect("its number").port();
    std::thread::spawn(move || listener.incoming().for_each(drop));
    let closed = told(&stranger(port), site::GOOD);
    let Unreached::Tls(cause) = &closed else {
        panic!("{closed:?}");
    };
    assert!(cause.contains("closed the connection"), "{cause}");

    // One that speaks something else.
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = listener.local_addr().expect("its number").port();
    std::thread::spawn(move || {
        let open: Vec<_> = listener
            .incoming()
            .flatten()
            .inspect(|mut stream| {
                let _ = std::io::Write::write_all(&mut stream, b"HTTP/1.1 400 Bad Request\r\n\r\n");
            })
            .collect();
        drop(open);
    });
    let plain = told(&stranger(port), site::GOOD);
    assert_eq!(
        plain,
        Unreached::Tls("what the server sent is not TLS".into())
    );

    let nobody = told(&stranger(free_port()), site::GOOD);
    assert!(matches!(nobody, Unreached::Connection(_)), "{nobody:?}");
}

#[test]
fn tls_1_1_is_not_spoken() {
    let Some(world) = World::start("tls_1_1_is_not_spoken", true) else {
        return;
    };
    let old = Unreached::Tls("the server speaks neither TLS 1.2 nor TLS 1.3".into());
    let fetched = world.fetch(get(site::GOOD, "/"));
    assert_eq!(fetched.expect_err("too old"), old);
    let read = wait_for(world.sites().certificate(site::GOOD));
    assert_eq!(read.expect_err("too old"), old);
}

#[test]
fn a_page_is_read_as_it_was_sent() {
    let Some(world) = World::start("a_page_is_read_as_it_was_sent", false) else {
        return;
    };
    let page = world.fetch(get(site::GOOD, "/")).expect("a page");
    assert_eq!((page.status, &page.body[..]), (200, &b"here"[..]));
    assert_eq!(page.header("X-Host"), Some(site::GOOD));
    assert_eq!(page.header("x-name"), Some(site::GOOD));
    let query = world
        .fetch(get(site::GOOD, "/query?a=1&b=%20"))
        .expect("a page");
    assert_eq!(query.body, b"a=1&b=%20");
    let starting = world.fetch(get(site::GOOD, "/health")).expect("a page");
    assert_eq!(starting.status, 503);
    let moved = world.fetch(get(site::GOOD, "/moved")).expect("a page");
    assert_eq!(moved.status, 308);
    assert_eq!(
        moved.header("location"),
        Some("https://elsewhere.bondigoo.test/")
    );
    // More than is wanted is not read.
    let mut long = get(site::GOOD, "/long");
    assert_eq!(
        world.fetch(long.clone()).expect("a page").body,
        b"x".repeat(1000)
    );
    long.body_max = site::BODY + 1;
    assert_eq!(world.fetch(long).expect("a page").body.len(), site::BODY);
    let mut slow = get(site::GOOD, "/slow");
    slow.timeout = Duration::from_millis(700);
    assert_eq!(world.fetch(slow), Err(Unreached::Timeout));
}

#[test]
fn a_preflight_is_sent_as_a_browser_would_and_a_bypass_arrives() {
    let test = "a_preflight_is_sent_as_a_browser_would_and_a_bypass_arrives";
    let Some(world) = World::start(test, false) else {
        return;
    };
    let bypass = "b".repeat(32);
    let preflight = Visit {
        method: Method::Post,
        preflight: true,
        headers: vec![
            (
                "Origin".into(),
                HeaderText::Plain("https://staging.bondigoo.test".into()),
            ),
            (
                "x-vercel-protection-bypass".into(),
                HeaderText::Secret(Secret::new(&*bypass)),
            ),
        ],
        ..get(site::GOOD, "/api")
    };
    let page = world.fetch(preflight).expect("an answer");
    assert_eq!(page.status, 204);
    for (header, value) in [
        ("x-method", "OPTIONS"),
        ("x-asked", "POST"),
        ("x-origin", "https://staging.bondigoo.test"),
        ("x-bypass", &bypass),
    ] {
        assert_eq!(page.header(header), Some(value), "{header}");
    }
}

#[test]
fn each_visit_goes_its_own_way() {
    let Some(world) = World::start("each_visit_goes_its_own_way", false) else {
        return;
    };
    let sites = world.sites();
    let connections = wait_for(async {
        let first = sites.fetch(&get(site::GOOD, "/")).await.expect("a page");
        let second = sites.fetch(&get(site::GOOD, "/")).await.expect("a page");
        [first, second].map(|page| page.header("x-connection").map(str::to_string))
    });
    assert!(connections[0].is_some());
    assert_ne!(connections[0], connections[1]);
}

#[test]
fn an_authority_that_cannot_be_read_is_refused() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("ca.pem");
    assert!(roots(&file).is_err());
    for text in [
        "",
        "not PEM",
        "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
    ] {
        std::fs::write(&file, text).expect("written");
        assert!(roots(&file).is_err(), "{text:?}");
    }
}
