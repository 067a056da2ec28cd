//! What a visitor meets: certificates, redirects, Vercel's login, and an API's answers to browsers.

use golive::plan::ItemId;
use golive::resource::{ApiAnswers, SiteCertificate};
use golive::sim::Scenario;

use crate::story::{Launch, Story};
use crate::vercel::record;
use crate::{Stage, ZONE, on, render, vercel, world};

fn certificate(host: &str, claim: &str, verified: &str, by: &'static str) -> SiteCertificate {
    SiteCertificate {
        host: host.into(),
        zone: ZONE.into(),
        claim: ItemId::new(claim),
        verified: ItemId::new(verified),
        by,
    }
}

/// A host of Vercel's from its claim to its certificate, the record entered by hand.
async fn of_vercel(
    launch: &mut Launch,
    stage: &Stage<'_>,
    key: &str,
    wish: &golive::resource::VercelDomain,
) -> Story {
    let claim = format!("6.{key}");
    let claimed = launch.drive(stage, &claim, wish).await;
    assert!(claimed.settled, "{claimed:?}");
    record(stage, launch, &claim, &wish.host).await;
    let item = format!("6.2.verified-{key}");
    let verified = launch
        .drive(stage, &item, &vercel::verified(wish, &claim))
        .await;
    assert!(verified.settled, "{verified:?}");
    let wish = certificate(&wish.host, &claim, &item, "Vercel");
    let item = format!("6.2.certificate-{key}");
    launch.drive(stage, &item, &wish).await
}

#[test]
fn hosts_of_vercel_come_to_their_certificates_and_pages() {
    on(world(|_| {}), async |stage| {
        let mut launch = Launch::begun(stage).await;
        let www = of_vercel(&mut launch, stage, "www", &vercel::www()).await;
        assert!(www.settled, "{www:?}");
        assert!(
            www.end.contains("certificate of Let's Encrypt")
                && www.end.ends_with("Vercel answers 200"),
            "{www:?}"
        );
        assert!(www.waits.iter().all(|seen| seen.starts_with("issuing: ")));
        let apex = of_vercel(&mut launch, stage, "apex", &vercel::apex()).await;
        assert!(apex.settled, "{apex:?}");
        assert!(apex.notes.contains("on to https://www.acmeshop.example"));
        let dev = of_vercel(&mut launch, stage, "dev", &vercel::dev()).await;
        assert!(dev.settled, "{dev:?}");
        assert!(dev.notes.contains("visitors see Vercel's login"), "{dev:?}");
    });
}

/// The API's host from its claim to its certificate.
async fn of_render(launch: &mut Launch, stage: &Stage<'_>) -> Story {
    let claimed = launch.drive(stage, "6.1.api-prod", &render::api()).await;
    assert!(claimed.settled, "{claimed:?}");
    record(stage, launch, "6.1.api-prod", &render::api().host).await;
    let verified = launch
        .drive(stage, "6.2.verified-api", &render::verified())
        .await;
    assert!(verified.settled, "{verified:?}");
    let wish = certificate(
        &render::api().host,
        "6.1.api-prod",
        "6.2.verified-api",
        "Render",
    );
    launch.drive(stage, "6.2.certificate-api", &wish).await
}

#[test]
fn an_api_has_its_certificate_within_minutes() {
    on(world(|_| {}), async |stage| {
        let mut launch = Launch::begun(stage).await;
        let story = of_render(&mut launch, stage).await;
        assert!(story.settled, "{story:?}");
        assert!(
            story.end.contains("certificate of Google Trust Services"),
            "{story:?}"
        );
        assert!(!story.waits.is_empty());
        assert!(launch.output("6.2.certificate-api", "not_after").is_some());
    });
}

#[test]
fn issuers_that_are_kept_out_are_told_and_let_in_the_certificate_comes() {
    let kept_out = world(|scenario: &mut Scenario| {
        let set = "@ 3600 CAA 0 issue \"letsencrypt.org\"";
        scenario.dns.records.push(set.into());
    });
    on(kept_out, async |stage| {
        let mut launch = Launch::begun(stage).await;
        let story = of_render(&mut launch, stage).await;
        assert!(!story.settled);
        assert!(
            story
                .end
                .contains("add to the CAA records at acmeshop.example"),
            "{story:?}"
        );
        stage.act("record @ 600 CAA 0 issue \"pki.goog; cansignhttpexchanges=yes\"");
        stage.pause(90).await;
        let wish = certificate(
            &render::api().host,
            "6.1.api-prod",
            "6.2.verified-api",
            "Render",
        );
        // Past the first half hour a person is told, and looks again later.
        let mut story = Story::default();
        for _ in 0..8 {
            story = launch.drive(stage, "6.2.certificate-api", &wish).await;
            if story.settled {
                break;
            }
            stage.pause(600).await;
        }
        assert!(story.settled, "{story:?}");
    });
}

fn answers() -> ApiAnswers {
    ApiAnswers {
        host: render::api().host,
        health_path: "/health".into(),
        allowed: vec![format!("https://www.{ZONE}")],
        refused: vec![
            format!("https://staging.{ZONE}"),
            format!("https://dev.{ZONE}"),
        ],
    }
}

#[test]
fn an_api_lets_its_own_site_in_and_nobody_else() {
    on(world(|_| {}), async |stage| {
        let mut launch = Launch::begun(stage).await;
        let certified = of_render(&mut launch, stage).await;
        assert!(certified.settled, "{certified:?}");
        let story = launch.drive(stage, "7.answers-prod", &answers()).await;
        assert!(story.settled, "{story:?}");
        assert_eq!(
            story.end,
            "https://api.acmeshop.example/health answers 200; let in: https://www.acmeshop.example; kept out: \
             https://staging.acmeshop.example, https://dev.acmeshop.example, https://example.org"
        );
        assert!(story.findings.is_empty(), "{story:?}");
        assert!(story.notes.contains("with credentials"));
    });
}

#[test]
fn an_api_that_lists_other_origins_is_told_with_its_cell() {
    let other = world(|scenario| {
        let group = &mut scenario.render.groups[0].variables;
        group.insert("CORS_ORIGIN".into(), format!("https://staging.{ZONE}"));
    });
    on(other, async |stage| {
        let mut launch = Launch::begun(stage).await;
        of_render(&mut launch, stage).await;
        let story = launch.drive(stage, "7.answers-prod", &answers()).await;
        assert!(!story.settled);
        assert!(
            story
                .end
                .contains("api.acmeshop.example keeps its own site out"),
            "{story:?}"
        );
        assert!(
            story
                .end
                .contains("CORS_ORIGIN in prod should be https://www.acmeshop.example")
        );
    });
    let both = world(|scenario| {
        let group = &mut scenario.render.groups[0].variables;
        let list = format!("https://www.{ZONE},https://staging.{ZONE}");
        group.insert("CORS_ORIGIN".into(), list);
    });
    on(both, async |stage| {
        let mut launch = Launch::begun(stage).await;
        of_render(&mut launch, stage).await;
        let story = launch.drive(stage, "7.answers-prod", &answers()).await;
        assert!(story.settled, "{story:?}");
        assert_eq!(story.findings[0].code, "cors-open");
        assert!(
            story.findings[0]
                .text
                .ends_with("https://staging.acmeshop.example")
        );
    });
}
