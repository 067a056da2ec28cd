//! An API judged by its answers: who is let in, who is kept out, and what cannot be told.

use super::*;

const OWN: &str = "https://www.acme.test";
const STAGING: &str = "https://staging.acme.test";

fn wish() -> ApiAnswers {
    ApiAnswers {
        host: "api.acme.test".into(),
        health_path: "/health".into(),
        allowed: vec![OWN.into()],
        refused: vec![STAGING.into()],
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

fn lets(origin: &str, allowed: bool, named: Option<&str>, credentials: bool) -> Origin {
    let mut headers = vec![];
    headers.extend(named.map(|named| ("access-control-allow-origin", named)));
    if credentials {
        headers.push(("access-control-allow-credentials", "true"));
    }
    let status = if named.is_some() { 200 } else { 500 };
    Origin {
        origin: origin.into(),
        allowed,
        preflight: Ok(page(if named.is_some() { 204 } else { 500 }, &headers)),
        request: Ok(page(status, &headers)),
    }
}

fn seen(health: u16, origins: Vec<Origin>) -> Seen {
    Seen {
        environment: "prod".into(),
        health: Ok(page(health, &[])),
        origins,
    }
}

fn right() -> Vec<Origin> {
    vec![
        lets(OWN, true, Some(OWN), true),
        lets(STAGING, false, None, true),
        lets(FOREIGN, false, None, false),
    ]
}

fn plan(seen: &Seen) -> Plan<NoChange> {
    wish().plan(&Known::default(), seen)
}

fn settled(seen: &Seen) -> Evidence {
    match plan(seen) {
        Plan::Settled(evidence) => evidence,
        other => panic!("not settled: {other:?}"),
    }
}

fn blocked(seen: &Seen) -> String {
    match plan(seen) {
        Plan::Blocked(blocker) => blocker.sentence(),
        other => panic!("not blocked: {other:?}"),
    }
}

#[test]
fn the_evidence_tells_origin_by_origin() {
    let evidence = settled(&seen(200, right()));
    assert_eq!(
        evidence.text,
        "https://api.acme.test/health answers 200; let in: https://www.acme.test; kept out: https://staging.acme.test, \
         https://example.org"
    );
    assert_eq!(
        evidence.notes,
        [
            "a call that names no origin passes",
            "https://www.acme.test: let in (preflight 204, call 200, with credentials)",
            "https://staging.acme.test: kept out (preflight 500, call 500)",
            "https://example.org: kept out (preflight 500, call 500)",
        ]
    );
    assert!(evidence.findings.is_empty());
}

#[test]
fn an_api_that_starts_is_waited_for_and_one_that_is_elsewhere_is_told() {
    for status in [502, 503, 500, 429] {
        assert!(
            matches!(plan(&seen(status, vec![])), Plan::Wait(_)),
            "{status}"
        );
    }
    let nobody = Seen {
        health: Ok(page(404, &[("x-render-routing", "no-server")])),
        ..seen(404, vec![])
    };
    assert!(matches!(plan(&nobody), Plan::Wait(_)));
    let unreached = Seen {
        health: Err(Unreached::Timeout),
        ..seen(200, vec![])
    };
    let Plan::Wait(wait) = plan(&unreached) else {
        panic!("no wait");
    };
    assert_eq!(wait.seen, "no answer in time");
    assert!(blocked(&seen(404, vec![])).contains("nothing at https://api.acme.test/health"));
    assert!(blocked(&seen(401, vec![])).contains("without a login: it answers 401"));
    let moved = Seen {
        health: Ok(page(301, &[("location", "https://acme.test/\u{1b}[2J")])),
        ..seen(301, vec![])
    };
    assert!(blocked(&moved).ends_with("sends its visitors on to https://acme.test/"));
}

#[test]
fn a_site_that_is_kept_out_of_its_own_api_settles_nothing() {
    let mut origins = right();
    origins[0] = lets(OWN, true, None, false);
    let told = blocked(&seen(200, origins));
    assert!(told.contains("api.acme.test keeps its own site out: https://www.acme.test: kept out"));
    assert!(told.contains("CORS_ORIGIN in prod should be https://www.acme.test"));
    assert!(told.contains("golive run 7.cell-prod-CORS_ORIGIN,7.group-prod,7.deploy-api-prod"));
    // Another spelling of the origin, or the star, is not what a browser with a login wants.
    for named in ["https://www.acme.test/", "*", STAGING] {
        let mut origins = right();
        origins[0] = lets(OWN, true, Some(named), true);
        assert!(blocked(&seen(200, origins)).contains("kept out"), "{named}");
    }
    let mut origins = right();
    origins[0].preflight = Ok(page(404, &[("access-control-allow-origin", OWN)]));
    assert!(blocked(&seen(200, origins)).contains("preflight 404"));
}

#[test]
fn whoever_is_let_in_and_should_not_be_is_a_finding() {
    for named in [FOREIGN, "*"] {
        let mut origins = right();
        origins[2] = lets(FOREIGN, false, Some(named), true);
        let evidence = settled(&seen(200, origins));
        let finding = &evidence.findings[0];
        assert_eq!(finding.code, "cors-open");
        assert!(
            finding
                .text
                .ends_with("whom it should not: https://example.org")
        );
        assert!(finding.fix.contains("7.cell-prod-CORS_ORIGIN"));
    }
    // A 200 alone lets nobody in: browsers read the header.
    let mut origins = right();
    origins[2].request = Ok(page(200, &[]));
    assert!(settled(&seen(200, origins)).findings.is_empty());
    let mut origins = right();
    origins[0] = lets(OWN, true, Some(OWN), false);
    let evidence = settled(&seen(200, origins));
    assert_eq!(evidence.findings[0].code, "cors-credentials");
}

#[test]
fn what_could_not_be_asked_is_not_taken_for_kept_out() {
    let mut origins = right();
    origins[2].preflight = Err(Unreached::Connection("reset".into()));
    let Plan::Wait(wait) = plan(&seen(200, origins)) else {
        panic!("no wait");
    };
    assert_eq!(
        wait.seen,
        "to https://example.org: could not connect: reset"
    );
    let mut origins = right();
    origins[0].request = Ok(page(502, &[]));
    assert!(matches!(plan(&seen(200, origins)), Plan::Wait(_)));
}
