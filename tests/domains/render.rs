//! Hosts on Render's services: claimed, verified, kept out, and taken back.

use golive::plan::ItemId;
use golive::resource::domain_verified::Claimed;
use golive::resource::{DomainVerified, RenderDomain};

use crate::story::Launch;
use crate::vercel::record;
use crate::{ZONE, on, world};

pub fn api() -> RenderDomain {
    RenderDomain {
        host: format!("api.{ZONE}"),
        service: ItemId::new("4.api-prod"),
        service_name: "shop-api-prod".into(),
    }
}

pub fn verified() -> DomainVerified {
    DomainVerified {
        host: api().host,
        zone: ZONE.into(),
        claim: ItemId::new("6.1.api-prod"),
        at: Claimed::Render(ItemId::new("4.api-prod")),
    }
}

#[test]
fn an_api_has_its_host_and_the_name_to_point_to_is_read() {
    let taken = world(|scenario| scenario.render.slugs_taken = Some(true));
    on(taken, async |stage| {
        let mut launch = Launch::begun(stage).await;
        let story = launch.drive(stage, "6.1.api-prod", &api()).await;
        assert_eq!(
            story.rows,
            ["+ host api.acmeshop.example on Render service shop-api-prod"]
        );
        assert!(story.settled && story.asked == 0, "{story:?}");
        let target = launch.output("6.1.api-prod", "target").unwrap();
        let id = launch.output("4.api-prod", "id").unwrap();
        let service = stage.render.service(id).await.unwrap();
        assert_eq!(service.url(), Some(&*format!("https://{target}")));
        // Again, and by somebody who has lost the records.
        let again = launch.drive(stage, "6.1.api-prod", &api()).await;
        assert!(again.settled && again.rows.is_empty());
        let mut anew = Launch::begun(stage).await;
        let story = anew.drive(stage, "6.1.api-prod", &api()).await;
        assert!(story.settled && story.rows.is_empty());
        assert!(anew.undo(stage, "6.1.api-prod", &api()).await.is_empty());
        assert_eq!(
            launch.undo(stage, "6.1.api-prod", &api()).await,
            ["- host api.acmeshop.example on Render service shop-api-prod"]
        );
        assert_eq!(stage.made("custom_domain"), 0);
    });
}

#[test]
fn render_is_asked_once_and_verifies_when_the_record_leads_there() {
    on(world(|_| {}), async |stage| {
        let mut launch = Launch::begun(stage).await;
        launch.drive(stage, "6.1.api-prod", &api()).await;
        let early = launch.drive(stage, "6.2.verified-api", &verified()).await;
        assert!(!early.settled);
        // Two hours of waiting: a question every ten minutes, far below the hour's budget.
        let asked = stage.calls("POST", "/verify").len();
        assert!((6..=13).contains(&asked), "{asked}");
        record(stage, &launch, "6.1.api-prod", &api().host).await;
        let story = launch.drive(stage, "6.2.verified-api", &verified()).await;
        assert!(story.settled, "{story:?}");
        assert_eq!(story.end, "read from Render: api.acmeshop.example verified");
        assert!(launch.output("6.2.verified-api", "since").is_some());
        // Looked at again, nobody is asked, and since when it holds stays.
        let since = launch
            .output("6.2.verified-api", "since")
            .unwrap()
            .to_string();
        let asked = stage.calls("POST", "/verify").len();
        stage.pause(600).await;
        launch.drive(stage, "6.2.verified-api", &verified()).await;
        assert_eq!(stage.calls("POST", "/verify").len(), asked);
        assert_eq!(launch.output("6.2.verified-api", "since"), Some(&*since));
    });
}

#[test]
fn what_leads_elsewhere_or_keeps_issuers_out_is_named_while_it_is_not_verified() {
    on(world(|_| {}), async |stage| {
        let mut launch = Launch::begun(stage).await;
        launch.drive(stage, "6.1.api-prod", &api()).await;
        stage.act("record api 600 AAAA 2001:db8::7");
        stage.pause(90).await;
        let story = launch.drive(stage, "6.2.verified-api", &verified()).await;
        assert!(
            story
                .end
                .contains("remove the AAAA records of api.acmeshop.example (2001:db8::7)"),
            "{story:?}"
        );
        stage.act("unrecord api AAAA");
        stage.act("record @ 600 CAA 0 issue \"digicert.com\"");
        // Resolvers remember the address for as long as it said.
        stage.pause(700).await;
        let story = launch.drive(stage, "6.2.verified-api", &verified()).await;
        assert!(
            story
                .end
                .contains("add to the CAA records at acmeshop.example (0 issue \"digicert.com\")"),
            "{story:?}"
        );
    });
}

#[test]
fn a_host_of_another_service_is_named_and_left() {
    let there = world(|scenario| {
        let other = scenario
            .render
            .services
            .iter_mut()
            .find(|service| service.name == "shop-api-staging");
        let own = &mut other.expect("staging's").domains;
        own.push(format!("api.{ZONE}"));
    });
    on(there, async |stage| {
        let mut launch = Launch::begun(stage).await;
        let story = launch.drive(stage, "6.1.api-prod", &api()).await;
        assert!(story.rows.is_empty());
        assert!(
            story
                .end
                .contains("take api.acmeshop.example off Render service shop-api-staging"),
            "{story:?}"
        );
    });
}

#[test]
fn a_plan_without_room_for_another_domain_is_told() {
    let full = world(|scenario| scenario.render.workspaces[0].domains = Some(0));
    on(full, async |stage| {
        let mut launch = Launch::begun(stage).await;
        let story = launch.drive(stage, "6.1.api-prod", &api()).await;
        assert!(
            story.end.contains("has no room for another custom domain"),
            "{story:?}"
        );
        assert_eq!(stage.made("custom_domain"), 0);
    });
}

#[test]
fn a_reply_that_is_lost_claims_nothing_twice() {
    for again in [409, 400] {
        for fault in [
            "timeout_after_apply",
            "timeout_before",
            "http_503_after_apply",
            "http_429",
            "truncated",
        ] {
            let odd = world(|scenario| scenario.render.domain_again = again);
            on(odd, async |stage| {
                stage.fault("render", "POST /services/*/custom-domains", fault);
                let mut launch = Launch::begun(stage).await;
                let story = launch.drive(stage, "6.1.api-prod", &api()).await;
                assert!(story.settled, "{fault}: {story:?}");
                assert_eq!(stage.made("custom_domain"), 1, "{fault}");
                let undone = launch.undo(stage, "6.1.api-prod", &api()).await;
                assert_eq!(undone.len(), 1, "{fault}");
            });
        }
    }
}
