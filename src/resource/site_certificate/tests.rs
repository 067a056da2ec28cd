//! What golive makes of the certificate and the page that a host shows.

use super::caa::Climb;
use super::*;

fn now() -> Timestamp {
    "2026-11-24T10:00:00Z".parse().unwrap()
}

fn at_vercel() -> SiteCertificate {
    SiteCertificate {
        host: "www.acme.test".into(),
        zone: "acme.test".into(),
        claim: ItemId::new("6.www"),
        verified: ItemId::new("6.2.verified-www"),
        by: "Vercel",
    }
}

fn at_render() -> SiteCertificate {
    SiteCertificate {
        host: "api.acme.test".into(),
        by: "Render",
        ..at_vercel()
    }
}

/// Known of a launch that has seen the host verified so many minutes ago.
fn known(minutes: i64) -> Known {
    let since = now() - SignedDuration::from_mins(minutes);
    Known {
        outputs: [("6.2.verified-www.since".to_string(), since.to_string())].into(),
        ..Known::default()
    }
}

fn certificate(days: i64, fault: Option<CertificateFault>) -> Certificate {
    Certificate {
        names: vec!["www.acme.test".into()],
        issuer: "Let's Encrypt".into(),
        not_before: now() - SignedDuration::from_hours(24),
        not_after: now() + SignedDuration::from_hours(24 * days),
        fault,
    }
}

fn page(status: u16, headers: &[(&str, &str)]) -> Page {
    let headers = headers.iter();
    Page {
        status,
        headers: headers
            .map(|(name, value)| (name.to_string(), value.to_string()))
            .collect(),
        body: vec![],
    }
}

fn good(page: Page) -> Seen {
    Seen {
        now: now(),
        certificate: Ok(certificate(89, None)),
        page: Some(Ok(page)),
        way: None,
    }
}

fn way(caa: Climb) -> InTheWay {
    InTheWay {
        aaaa: Ok(vec![]),
        caa,
    }
}

fn bad(certificate: Result<Certificate, Unreached>) -> Seen {
    Seen {
        now: now(),
        certificate,
        page: None,
        way: Some(way(Climb::Free)),
    }
}

fn settled(plan: Plan<NoChange>) -> Evidence {
    match plan {
        Plan::Settled(evidence) => evidence,
        other => panic!("not settled: {other:?}"),
    }
}

fn told(plan: Plan<NoChange>) -> String {
    match plan {
        Plan::Wait(wait) => wait.seen,
        Plan::Blocked(blocker) => blocker.sentence(),
        other => panic!("neither waits nor asks: {other:?}"),
    }
}

#[test]
fn a_good_certificate_is_told_with_its_end_and_who_answers() {
    let seen = good(page(200, &[("server", "Vercel")]));
    let evidence = settled(at_vercel().plan(&known(3), &seen));
    assert_eq!(
        evidence.text,
        "https://www.acme.test: certificate of Let's Encrypt until 2027-02-21, trusted; Vercel answers 200"
    );
    assert_eq!(evidence.notes, ["for www.acme.test, 89 days left"]);
    assert!(evidence.findings.is_empty());
    let soon = Seen {
        certificate: Ok(certificate(13, None)),
        ..seen
    };
    let evidence = settled(at_vercel().plan(&known(3), &soon));
    assert_eq!(evidence.findings[0].code, "ends-soon");
}

#[test]
fn each_fault_has_its_sentence_first_as_issuing_then_as_a_complaint() {
    let with = |fault| Ok(certificate(-2, Some(fault)));
    for (shown, words) in [
        (with(CertificateFault::Expired), "ended on 2026-11-22"),
        (with(CertificateFault::NotYetValid), "begins on 2026-11-23"),
        (
            with(CertificateFault::OtherName),
            "for other names (www.acme.test)",
        ),
        (
            with(CertificateFault::Untrusted("signed by itself".into())),
            "which nobody trusts (signed by itself)",
        ),
        (
            Err(Unreached::Tls("handshake broke off".into())),
            "TLS failed: handshake broke off",
        ),
        (Err(Unreached::Name("no such name".into())), "leads nowhere"),
        (Err(Unreached::Timeout), "no answer in time"),
    ] {
        let seen = bad(shown);
        let Plan::Wait(wait) = at_vercel().plan(&known(29), &seen) else {
            panic!("no wait for {words}");
        };
        assert!(wait.seen.starts_with("issuing: "), "{}", wait.seen);
        assert!(wait.seen.contains(words), "{}", wait.seen);
        let Plan::Blocked(blocker) = at_vercel().plan(&known(30), &seen) else {
            panic!("no complaint about {words}");
        };
        let complaint = blocker.sentence();
        assert!(complaint.contains("30 minutes after Vercel verified it"));
        assert!(
            complaint.contains(words) && complaint.contains("Likely: "),
            "{complaint}"
        );
    }
}

#[test]
fn what_keeps_a_certificate_away_is_told_at_once() {
    let set = |records: &[&str]| Seen {
        way: Some(way(Climb::Set {
            at: "acme.test".into(),
            records: records.iter().map(|one| one.to_string()).collect(),
        })),
        ..bad(Err(Unreached::Tls("x".into())))
    };
    let digicert = set(&[r#"0 issue "digicert.com""#]);
    let Plan::Blocked(Blocker::ByHand { paste, .. }) = at_render().plan(&known(1), &digicert)
    else {
        panic!("not told");
    };
    assert_eq!(
        paste,
        [
            r#"acme.test CAA 0 issue "letsencrypt.org""#,
            r#"acme.test CAA 0 issue "pki.goog; cansignhttpexchanges=yes""#
        ]
    );
    let lets = set(&[r#"0 issue "letsencrypt.org""#]);
    assert!(told(at_vercel().plan(&known(1), &lets)).starts_with("issuing"));
    let silent = Seen {
        way: Some(way(Climb::Silent {
            at: "acme.test".into(),
            why: "192.0.2.53 answers ServFail".into(),
        })),
        ..bad(Err(Unreached::Timeout))
    };
    assert!(told(at_vercel().plan(&known(1), &silent)).contains("answers ServFail"));
    let six = Seen {
        way: Some(InTheWay {
            aaaa: Ok(vec!["2001:db8::1".into()]),
            caa: Climb::Free,
        }),
        ..bad(Err(Unreached::Timeout))
    };
    assert!(told(at_render().plan(&known(1), &six)).contains("remove the AAAA records"));
}

#[test]
fn another_server_behind_a_good_certificate_is_not_the_provider() {
    let parked = good(page(200, &[("server", "nginx")]));
    assert_eq!(
        told(at_vercel().plan(&known(1), &parked)),
        "issuing: server nginx answers 200"
    );
    let Plan::Blocked(blocker) = at_render().plan(&known(60), &parked) else {
        panic!("no complaint");
    };
    assert!(blocker.sentence().contains("another server has the name"));
    // Render's API is not deployed with its variables yet: that is another item's.
    let starting = good(page(502, &[("server", "cloudflare")]));
    let evidence = settled(at_render().plan(&known(1), &starting));
    assert!(evidence.notes[1].contains("Render answers 502"));
}

#[test]
fn a_hidden_host_is_served_all_the_same() {
    let login = good(page(401, &[("server", "Vercel")]));
    let evidence = settled(at_vercel().plan(&known(1), &login));
    assert!(evidence.text.ends_with("Vercel answers 401"));
    assert!(evidence.notes[1].contains("visitors see Vercel's login"));
    let none = [
        ("server", "Vercel"),
        ("x-vercel-error", "DEPLOYMENT_NOT_FOUND"),
    ];
    let evidence = settled(at_vercel().plan(&known(1), &good(page(404, &none))));
    assert!(evidence.notes[1].contains("404 (DEPLOYMENT_NOT_FOUND)"));
}

#[test]
fn the_apex_must_send_its_visitors_on() {
    let apex = SiteCertificate {
        host: "acme.test".into(),
        claim: ItemId::new("6.apex"),
        ..at_vercel()
    };
    let mut known = known(1);
    known
        .outputs
        .insert("6.apex.redirect".into(), "www.acme.test".into());
    let to =
        |location: &'static str| good(page(308, &[("server", "Vercel"), ("location", location)]));
    let evidence = settled(apex.plan(&known, &to("https://www.acme.test/")));
    assert!(evidence.notes[1].contains("on to https://www.acme.test"));
    for (location, words) in [
        ("https://evil.test/", "sends visitors to https://evil.test/"),
        ("http://www.acme.test/", "sends visitors to http://"),
        ("/somewhere", "sends visitors to /somewhere"),
    ] {
        assert!(told(apex.plan(&known, &to(location))).contains(words));
    }
    let itself = good(page(200, &[("server", "Vercel")]));
    assert!(told(apex.plan(&known, &itself)).contains("sends nobody to www.acme.test"));
}
