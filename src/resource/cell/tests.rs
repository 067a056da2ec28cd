//! What is said of a cell's value, and what is asked.

use super::*;
use crate::plan::Finding;
use crate::resource::value::tests::{Kept, always, asked, text, variable, with};
use crate::resource::value::{Form, Origin, Source};

const SITE: &str = "https://www.example.com";

fn cell(name: &str, kind: Kind, wished: Wished) -> Cell {
    let to = match kind {
        Kind::Public => Destination::Vercel,
        _ => Destination::Render,
    };
    Cell {
        environment: "prod".into(),
        production: true,
        to,
        variable: variable(name, kind, wished),
        peers: vec![],
        around: Around {
            origins: vec![SITE.into()],
            api_host: Some("api.example.com".into()),
            holds_origins: false,
            stripe: vec![],
        },
        code: None,
    }
}

fn in_staging(own: Cell) -> Cell {
    Cell {
        environment: "staging".into(),
        production: false,
        ..own
    }
}

fn seen(own: &Cell, kept: &Kept, known: &Known) -> Seen {
    let given = own.variable.given(known).clone();
    // Stripe is not asked here: what it says is another test's.
    with(kept, known, async |cx| {
        let held = match given.source.get(cx).await.unwrap() {
            Got::NotKept(slot) => Held::Nothing {
                was_kept: cx.slots.fingerprint(&slot).is_some(),
                slot,
            },
            Got::Value { value, believed } => Held::Value(Box::new(Facts {
                believed,
                ..own.facts(cx, &given, &value).await.unwrap()
            })),
        };
        Seen { held }
    })
}

fn plan(own: &Cell, kept: &Kept) -> Plan<Make> {
    let known = Known::default();
    own.plan(&known, &seen(own, kept, &known))
}

fn findings(own: &Cell, kept: &Kept) -> Vec<Finding> {
    match plan(own, kept) {
        Plan::Settled(evidence) => evidence.findings,
        other => panic!("not settled: {other:?}"),
    }
}

fn codes(own: &Cell, kept: &Kept) -> Vec<String> {
    let findings = findings(own, kept).into_iter();
    findings.map(|finding| finding.code).collect()
}

fn refused(own: &Cell, kept: &Kept) -> String {
    match plan(own, kept) {
        Plan::Blocked(Blocker::TokenRefused { cause, .. }) => cause,
        Plan::Blocked(Blocker::ByHand { what, .. }) => what,
        other => panic!("not refused: {other:?}"),
    }
}

/// Put together so that no whole key stands in the code: scanners of secrets would take it for one.
fn key(kind: &str, account: &str) -> String {
    format!("{kind}_5{account}{}", "0".repeat(10))
}

const OWN: &str = "1AbCdEfGhIjKlMnO";
const OTHER: &str = "1ZbCdEfGhIjKlMnO";

#[test]
fn a_value_that_is_asked_for_and_not_there_is_missing() {
    let own = cell(
        "SMTP_PASSWORD",
        Kind::Secret,
        asked("prod.SMTP_PASSWORD", None),
    );
    let Plan::Blocked(Blocker::SecretMissing { slot, was_kept }) = plan(&own, &Kept::default())
    else {
        panic!("not missing")
    };
    assert_eq!((slot.as_str(), was_kept), ("prod.SMTP_PASSWORD", false));
}

#[test]
fn a_generated_value_is_made_once_kept_first_and_never_made_again() {
    let source = Source::Kept(SecretName::new("prod.SESSION_SECRET"));
    let own = cell(
        "SESSION_SECRET",
        Kind::Secret,
        always(source, Origin::Generated(48), None),
    );
    let kept = Kept::default();
    let Plan::Change(changes) = plan(&own, &kept) else {
        panic!("nothing to do")
    };
    let row = changes[0].row(&ItemId::new("7.cell-prod-SESSION_SECRET"));
    assert_eq!(
        row.to_string(),
        "+ SESSION_SECRET in prod: 48 random bytes, kept as prod.SESSION_SECRET"
    );
    let known = Known::default();
    for _ in 0..2 {
        with(&kept, &known, async |cx| {
            own.apply(cx, &changes[0]).await.unwrap()
        });
    }
    assert_eq!(kept.value("prod.SESSION_SECRET").unwrap().chars(), 64);
    let Plan::Settled(evidence) = plan(&own, &kept) else {
        panic!("not settled")
    };
    assert!(
        evidence
            .text
            .ends_with("made by golive from 48 random bytes")
    );

    let gone = Kept {
        gone: vec![SecretName::new("prod.SESSION_SECRET")],
        ..Kept::default()
    };
    assert!(matches!(
        plan(&own, &gone),
        Plan::Blocked(Blocker::SecretMissing { was_kept: true, .. })
    ));
}

#[test]
fn a_live_key_is_refused_everywhere_but_in_production_after_the_switch() {
    let kept = Kept::with(&[("x.KEY", &key("pk_live", OWN))]);
    let name = "REACT_APP_STRIPE_PKEY";
    let staging = in_staging(cell(name, Kind::Public, asked("x.KEY", None)));
    assert!(refused(&staging, &kept).contains("belong to production only"));

    let mut own = cell(
        name,
        Kind::Public,
        asked("x.TEST", Some(Form::StripePublishableTest)),
    );
    own.variable.wished.live = Some(asked("x.KEY", Some(Form::StripePublishableLive)).now);
    let early = Kept::with(&[("x.TEST", &key("pk_live", OWN))]);
    assert!(refused(&own, &early).contains("until the switch of step 10"));

    let known = Known {
        switched: [own.variable.cell.clone()].into(),
        ..Known::default()
    };
    let after = own.plan(&known, &seen(&own, &kept, &known));
    assert!(matches!(after, Plan::Settled(_)), "{after:?}");
    let test = Kept::with(&[("x.KEY", &key("pk_test", OWN))]);
    let Plan::Blocked(blocker) = own.plan(&known, &seen(&own, &test, &known)) else {
        panic!("a test key after the switch")
    };
    assert!(blocker.sentence().contains("it is a test publishable key"));
}

#[test]
fn each_half_of_a_pair_has_its_place() {
    let form = Some(Form::StripeSecretTest);
    let own = cell("STRIPE_SECRET_KEY", Kind::Secret, asked("x.KEY", form));
    let kept = Kept::with(&[("x.KEY", &key("pk_test", OWN))]);
    let cause = refused(&own, &kept);
    assert_eq!(
        cause,
        "Stripe's test secret key belongs here: it is a test publishable key"
    );
    let public = cell("REACT_APP_KEY", Kind::Public, asked("x.KEY", None));
    for secret in [
        key("sk_test", OWN),
        "whsec_0123456789".into(),
        "rediss://red:pass@host:6379".into(),
    ] {
        let kept = Kept::with(&[("x.KEY", &secret)]);
        let cause = refused(&public, &kept);
        assert!(cause.contains("into the browser"), "{cause}");
        assert!(!cause.contains(&secret));
    }
}

#[test]
fn keys_of_two_accounts_are_told() {
    let mut own = cell("REACT_APP_KEY", Kind::Public, asked("x.PK", None));
    let secret = asked("x.SK", Some(Form::StripeSecretTest));
    own.around.stripe = vec![variable("STRIPE_SECRET_KEY", Kind::Secret, secret)];
    let pair = |account: &str| {
        let (public, secret) = (key("pk_test", OWN), key("sk_test", account));
        Kept::with(&[("x.PK", &public), ("x.SK", &secret)])
    };
    assert_eq!(codes(&own, &pair(OTHER)), ["other-account"]);
    assert!(codes(&own, &pair(OWN)).is_empty());
}

#[test]
fn one_secret_in_two_environments_is_told_without_naming_it() {
    let mut own = cell("JWT_SECRET", Kind::Secret, asked("prod.JWT_SECRET", None));
    own.peers = vec![
        ("staging".into(), asked("staging.JWT_SECRET", None)),
        ("dev".into(), asked("dev.JWT_SECRET", None)),
    ];
    let kept = Kept::with(&[
        ("prod.JWT_SECRET", "canary"),
        ("staging.JWT_SECRET", "other"),
        ("dev.JWT_SECRET", "canary"),
    ]);
    let found = findings(&own, &kept);
    assert_eq!(found.len(), 1);
    assert_eq!(
        found[0].text,
        "JWT_SECRET in prod: it is the same secret as in dev"
    );
}

#[test]
fn origins_are_their_own_site_and_in_production_and_staging_nobody_else() {
    let origins = |value: &str| cell("CORS_ORIGIN", Kind::Plain, text(value));
    let none = Kept::default();
    assert!(codes(&origins(SITE), &none).is_empty());
    let both = format!("{SITE},http://localhost:3000");
    assert_eq!(
        codes(&origins(&both), &none),
        ["localhost", "origin-foreign"]
    );
    assert_eq!(
        codes(&in_staging(origins(&both)), &none),
        ["origin-foreign"]
    );
    let dev = Cell {
        environment: "dev".into(),
        ..in_staging(origins(&both))
    };
    assert!(codes(&dev, &none).is_empty());
    let wrong = in_staging(origins("https://www.example.net"));
    assert_eq!(codes(&wrong, &none), ["origin-missing", "origin-foreign"]);
}

#[test]
fn a_front_end_calls_the_api_of_its_environment() {
    let api = |value: &str| cell("REACT_APP_API_URL", Kind::Public, text(value));
    let none = Kept::default();
    assert!(codes(&api("https://api.example.com/v1"), &none).is_empty());
    for wrong in [
        "https://shop-api.onrender.com",
        "http://api.example.com",
        "https://api.staging.example.com",
    ] {
        assert_eq!(codes(&api(wrong), &none), ["api-address"], "{wrong}");
    }
    assert_eq!(
        codes(&api("http://localhost:5000"), &none),
        ["localhost", "api-address"]
    );
    let link = cell(
        "REACT_APP_HELP",
        Kind::Public,
        text("https://help.example.net"),
    );
    assert!(codes(&link, &none).is_empty());
}

#[test]
fn one_redis_for_several_environments_is_said_once() {
    let redis = || {
        let source = Source::Kept(SecretName::new("prod.REDIS_URL"));
        let maker = Origin::Output(ItemId::new("4.redis-prod"));
        always(source, maker, None)
    };
    let kept = Kept::with(&[("prod.REDIS_URL", "rediss://red-1:pass@frankfurt:6379")]);
    let mut own = cell("REDIS_URL", Kind::Secret, redis());
    own.peers = vec![("staging".into(), redis()), ("dev".into(), redis())];
    let found = findings(&own, &kept);
    let codes: Vec<&str> = found.iter().map(|one| one.code.as_str()).collect();
    assert_eq!(codes, ["shared-redis", "external-redis"]);
    assert!(
        found[0]
            .text
            .contains("prod, staging and dev use the same Redis")
    );
    let mut staging = in_staging(cell("REDIS_URL", Kind::Secret, redis()));
    staging.peers = vec![("prod".into(), redis()), ("dev".into(), redis())];
    assert!(findings(&staging, &kept).is_empty());
}

#[test]
fn what_is_too_large_is_refused_and_white_space_is_told() {
    let large = "x".repeat((64 << 10) + 1);
    let public = cell("REACT_APP_TEXT", Kind::Public, text(&large));
    assert!(refused(&public, &Kept::default()).contains("65537 bytes, and Vercel takes 65536"));
    let own = cell("SMTP_PASSWORD", Kind::Secret, asked("x.P", None));
    let kept = Kept::with(&[("x.P", "hunter22\n")]);
    assert_eq!(codes(&own, &kept), ["white-space"]);
    let Plan::Settled(evidence) = plan(&own, &kept) else {
        panic!("not settled")
    };
    assert!(
        evidence
            .notes
            .iter()
            .any(|note| note == "it has more than one line")
    );
    assert!(!format!("{evidence:?}").contains("hunter22"));
}

#[test]
fn only_what_may_be_shown_is_handed_on() {
    let known = Known::default();
    let kept = Kept::with(&[("x.P", "canary-value")]);
    let secret = cell("SMTP_PASSWORD", Kind::Secret, asked("x.P", None));
    let handed = format!("{:?}", secret.outputs(&seen(&secret, &kept, &known)));
    assert!(!handed.contains("canary") && handed.contains("fingerprint"));
    let plain = cell("NODE_ENV", Kind::Plain, text("production"));
    let outputs = plain.outputs(&seen(&plain, &kept, &known));
    assert_eq!(outputs["value"].text(), Some("production"));
}
