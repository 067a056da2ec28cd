//! The items of DNS on the simulated providers and name servers: with GoDaddy, with Cloudflare, with GoDaddy refusing, and
//! with a zone that is hosted elsewhere. In each the records of others are as they were.

use std::collections::BTreeSet;

use golive::plan::ItemId;
use golive::resource::zone::Holder;
use golive::resource::{DnsAccess, DnsRecord, DnsSeen, DnsZone};
use golive::sim::Provider;
use serde_json::json;

use crate::story::{Launch, Story};
use crate::{Stage, ZONE, calm, on, world};

/// A name that the world knows, as Vercel tells one.
const TARGET: &str = "cname.vercel-dns.com";

fn access(holder: Holder) -> DnsAccess {
    DnsAccess {
        zone: ZONE.into(),
        holder,
    }
}

fn zone(holder: Holder) -> DnsZone {
    DnsZone {
        zone: ZONE.into(),
        holder,
        hosts: vec![format!("www.{ZONE}"), format!("staging.{ZONE}")],
        apex_left: true,
    }
}

fn record(holder: Holder, label: &str) -> DnsRecord {
    DnsRecord {
        zone: ZONE.into(),
        holder,
        host: format!("{label}.{ZONE}"),
        label: label.into(),
        claim: ItemId::new(format!("6.site-{label}")),
        zone_item: ItemId::new("6.2.zone"),
    }
}

fn seen(label: &str) -> DnsSeen {
    DnsSeen {
        zone: ZONE.into(),
        host: format!("{label}.{ZONE}"),
        claim: ItemId::new(format!("6.site-{label}")),
        record: ItemId::new(format!("6.2.record-{label}")),
        zone_item: ItemId::new("6.2.zone"),
    }
}

/// Access and zone alone.
async fn begun(launch: &mut Launch<'_, '_>, holder: Holder) -> Vec<Story> {
    let access = launch.drive("0.dns", &access(holder)).await;
    let zone = launch.drive("6.2.zone", &zone(holder)).await;
    vec![access, zone]
}

/// Access, zone, and for a name that is parked and one that is free a record each, and what the world sees of it.
async fn launched(launch: &mut Launch<'_, '_>, holder: Holder) -> Vec<Story> {
    let mut told = begun(launch, holder).await;
    for label in ["www", "staging"] {
        launch.claim(&format!("6.site-{label}"), "CNAME", TARGET);
        let item = format!("6.2.record-{label}");
        told.push(launch.drive(&item, &record(holder, label)).await);
        let item = format!("6.2.seen-{label}");
        told.push(launch.drive(&item, &seen(label)).await);
    }
    for (index, story) in told.iter().enumerate() {
        assert!(story.end.is_some(), "{index}: {story:?}");
    }
    told
}

/// The records that are neither golive's nor replaced by its.
fn others(stage: &Stage<'_>, provider: Provider) -> BTreeSet<String> {
    let mut zone = stage.zone(provider);
    zone.retain(|line| !line.starts_with("www CNAME") && !line.starts_with("staging CNAME"));
    zone
}

#[test]
fn a_zone_at_godaddy_goes_by_its_token_and_its_key() {
    for key in [false, true] {
        on(world(json!({})), async |stage| {
            let before = others(stage, Provider::Godaddy);
            let mut launch = match key {
                true => Launch::with_key(stage),
                false => Launch::new(stage),
            };
            let told = launched(&mut launch, Holder::GoDaddy).await;
            let zone = told[1].text();
            assert!(
                zone.starts_with("GoDaddy answers for acmeshop.example (ns37"),
                "{zone}"
            );
            assert_eq!(
                told[2].rows,
                [format!("~ www.{ZONE}: CNAME @ → CNAME {TARGET}")]
            );
            assert_eq!((told[2].asked, told[4].asked), (1, 0));
            assert_eq!(told[4].rows, [format!("+ staging.{ZONE}: CNAME {TARGET}")]);
            let seen = told[5].text();
            assert!(
                seen.contains("ns38.domaincontrol.com and 1.1.1.1"),
                "{seen}"
            );
            assert_eq!(others(stage, Provider::Godaddy), before, "key: {key}");
            // A second look changes nothing, and says that others' records are as they were.
            let written = stage.written(Provider::Godaddy);
            let again = launched(&mut launch, Holder::GoDaddy).await;
            assert!(again.iter().all(|story| story.rows.is_empty()));
            assert_eq!(stage.written(Provider::Godaddy), written);
            let notes = again[1].notes();
            assert!(notes.contains("unchanged since"), "{notes}");
            assert_eq!(again[1].findings(), ["bare-name"]);
        });
    }
}

#[test]
fn undo_at_godaddy_brings_the_parked_name_back() {
    for key in [false, true] {
        on(world(json!({})), async |stage| {
            let mut launch = match key {
                true => Launch::with_key(stage),
                false => Launch::new(stage),
            };
            let before = stage.zone(Provider::Godaddy);
            launched(&mut launch, Holder::GoDaddy).await;
            for label in ["www", "staging"] {
                let item = format!("6.2.record-{label}");
                launch.undo(&item, &record(Holder::GoDaddy, label)).await;
            }
            assert_eq!(stage.zone(Provider::Godaddy), before, "key: {key}");
        });
    }
}

#[test]
fn a_zone_at_cloudflare_is_written_and_taken_back() {
    let world = world(json!({"delegated": "cloudflare"}));
    on(world, async |stage| {
        let (before, all) = (
            others(stage, Provider::Cloudflare),
            stage.zone(Provider::Cloudflare),
        );
        let mut launch = Launch::new(stage);
        let told = launched(&mut launch, Holder::Cloudflare).await;
        let access = told[0].text();
        assert!(
            access.starts_with("the token reaches acmeshop.example in "),
            "{access}"
        );
        assert!(told[1].text().starts_with("Cloudflare answers for"));
        assert_eq!(told[2].rows.len(), 1, "{:?}", told[2]);
        assert_eq!(others(stage, Provider::Cloudflare), before);
        let item = record(Holder::Cloudflare, "www");
        let rows = launch.undo("6.2.record-www", &item).await;
        assert_eq!(rows.len(), 1, "{rows:?}");
        let item = record(Holder::Cloudflare, "staging");
        let rows = launch.undo("6.2.record-staging", &item).await;
        assert_eq!(rows, [format!("- staging.{ZONE}: was CNAME {TARGET}")]);
        assert_eq!(stage.zone(Provider::Cloudflare), all);
    });
}

#[test]
fn an_account_too_small_goes_on_by_hand() {
    on(world(json!({"refuses": "all"})), async |stage| {
        let before = others(stage, Provider::Godaddy);
        let mut launch = Launch::new(stage);
        let told = launched(&mut launch, Holder::GoDaddy).await;
        assert!(told[0].blocked[0].contains("GoDaddy refuses this to the token"));
        assert!(told[0].text().starts_with("a person enters the records"));
        assert!(
            told[2].blocked[0].contains("enter the record of www"),
            "{:?}",
            told[2]
        );
        assert!(told[2].text().contains("ns3"), "{}", told[2].text());
        assert_eq!(others(stage, Provider::Godaddy), before);
        assert_eq!(stage.written(Provider::Godaddy), 0);
    });
}

#[test]
fn an_account_that_may_not_read_the_domain_goes_by_its_api_all_the_same() {
    on(world(json!({"refuses": "domain_object"})), async |stage| {
        let mut launch = Launch::with_key(stage);
        let told = launched(&mut launch, Holder::GoDaddy).await;
        assert!(told[0].blocked.is_empty(), "{:?}", told[0]);
        assert_eq!(told[2].rows.len(), 1);
    });
}

#[test]
fn a_zone_that_is_hosted_elsewhere_is_asked_about_and_written_nowhere_else() {
    let world = world(json!({"delegated": "elsewhere"}));
    on(world, async |stage| {
        let mut launch = Launch::new(stage);
        let told = launched(&mut launch, Holder::GoDaddy).await;
        assert!(
            told[1].blocked[0].contains("ns1.hoster.example"),
            "{:?}",
            told[1]
        );
        let zone = told[1].text();
        assert!(
            zone.starts_with("ns1.hoster.example, ns2.hoster.example answer"),
            "{zone}"
        );
        assert!(told[2].rows.is_empty() && !told[2].blocked.is_empty());
        // GoDaddy keeps a zone of that name too, and it is as it was.
        assert_eq!(stage.written(Provider::Godaddy), 0);
    });
}

#[test]
fn by_hand_needs_no_provider() {
    let world = world(json!({"delegated": "elsewhere"}));
    on(world, async |stage| {
        let before = others(stage, Provider::Godaddy);
        let mut launch = Launch::new(stage);
        let told = launched(&mut launch, Holder::ByHand).await;
        assert!(told[0].text().contains("golive.toml says so"));
        let seen = told[3].text();
        assert!(
            seen.contains("ns1.hoster.example, ns2.hoster.example and 1.1.1.1"),
            "{seen}"
        );
        assert_eq!(others(stage, Provider::Godaddy), before);
    });
}

#[test]
fn a_resolver_that_remembers_the_old_record_is_waited_for_with_its_time() {
    on(world(json!({})), async |stage| {
        let mut launch = Launch::new(stage);
        begun(&mut launch, Holder::GoDaddy).await;
        launch.claim("6.site-www", "CNAME", TARGET);
        // Somebody has just asked for the parked name.
        for resolver in stage.resolvers() {
            stage.ask(resolver, &format!("www.{ZONE}")).await;
        }
        let item = record(Holder::GoDaddy, "www");
        launch.drive("6.2.record-www", &item).await;
        let story = launch.drive("6.2.seen-www", &seen("www")).await;
        let mut waits = story.waits.iter();
        let stale = waits.find(|wait| wait.seen.starts_with("served, resolver stale"));
        let stale = stale.expect("a stale resolver");
        assert!(
            stale.why.contains("the old record's TTL is 60 min"),
            "{}",
            stale.why
        );
        assert_eq!(stale.worst_case.as_secs(), 3660);
        assert!(story.end.is_some());
    });
}

#[test]
fn no_public_resolver_is_asked_for_a_name_before_it_is_served() {
    for (change, holder) in [
        (json!({}), Holder::GoDaddy),
        (json!({"refuses": "all"}), Holder::GoDaddy),
        (json!({"delegated": "cloudflare"}), Holder::Cloudflare),
        (json!({"delegated": "elsewhere"}), Holder::ByHand),
    ] {
        on(world(change), async |stage| {
            let mut launch = Launch::new(stage);
            launched(&mut launch, holder).await;
            let early = stage.ears.too_early();
            assert!(early.is_empty(), "{early:?}");
            // A zone that is none is looked for at the servers of the one above it.
            launch.hands = false;
            let inner = DnsZone {
                zone: format!("inner.{ZONE}"),
                ..zone(Holder::ByHand)
            };
            launch.drive("6.2.zone", &inner).await;
            let early = stage.ears.too_early();
            assert!(early.is_empty(), "{early:?}");
        });
    }
}

#[test]
fn an_addition_whose_answer_is_lost_is_found_and_known_for_undo() {
    on(world(json!({})), async |stage| {
        let mut launch = Launch::new(stage);
        begun(&mut launch, Holder::GoDaddy).await;
        launch.claim("6.site-staging", "CNAME", TARGET);
        let call = "POST /v3/domains/zones/*/dns-records";
        stage.fault("godaddy", call, "timeout_after_apply");
        let item = record(Holder::GoDaddy, "staging");
        let story = launch.drive("6.2.record-staging", &item).await;
        assert_eq!(story.rows.len(), 1, "{story:?}");
        let rows = launch.undo("6.2.record-staging", &item).await;
        assert_eq!(rows, [format!("- staging.{ZONE}: was CNAME {TARGET}")]);
    });
}

#[test]
fn a_text_that_domain_protection_empties_is_asked_for_by_hand() {
    on(calm(json!({"protected": true})), async |stage| {
        let mut launch = Launch::new(stage);
        launch.hands = false;
        begun(&mut launch, Holder::GoDaddy).await;
        launch.claim("6.site-staging", "CNAME", TARGET);
        let proof = [
            ("proof_name", "_vercel"),
            ("proof_value", "vc-domain-verify=1"),
        ];
        for (name, value) in proof {
            let name = format!("6.site-staging.{name}");
            launch.known.outputs.insert(name, value.into());
        }
        let item = record(Holder::GoDaddy, "staging");
        let story = launch.drive("6.2.record-staging", &item).await;
        let told = story.blocked.last().expect("blocked");
        assert!(told.contains("Domain Protection"), "{story:?}");
    });
}

#[test]
fn a_busy_zone_is_written_a_little_later() {
    on(world(json!({"busy_s": 20})), async |stage| {
        let mut launch = Launch::new(stage);
        launched(&mut launch, Holder::GoDaddy).await;
    });
}

#[test]
fn a_subdomain_given_as_zone_and_a_zone_that_nobody_has_are_told() {
    on(world(json!({})), async |stage| {
        let mut launch = Launch::new(stage);
        launch.hands = false;
        let sub = format!("staging.{ZONE}");
        for (name, told) in [
            (
                sub.as_str(),
                "is no zone of its own: its records are in acmeshop.example",
            ),
            ("nobody.example", "is not in this GoDaddy account"),
        ] {
            let access = DnsAccess {
                zone: name.into(),
                holder: Holder::GoDaddy,
            };
            let story = launch.drive("0.dns", &access).await;
            assert!(story.blocked[0].contains(told), "{story:?}");
        }
        let zone = DnsZone {
            zone: sub,
            ..zone(Holder::ByHand)
        };
        let story = launch.drive("6.2.zone", &zone).await;
        assert!(
            story.blocked[0].contains("is no zone of its own"),
            "{story:?}"
        );
    });
}

#[test]
fn a_pending_zone_at_cloudflare_is_told_with_the_servers_to_enter() {
    let world = world(json!({"cloudflare_pending": true}));
    on(world, async |stage| {
        let mut launch = Launch::new(stage);
        launch.hands = false;
        let story = launch.drive("0.dns", &access(Holder::Cloudflare)).await;
        assert!(
            story.blocked[0].contains("the zone is pending there"),
            "{story:?}"
        );
    });
}

#[test]
fn broken_dnssec_is_told_as_what_it_is() {
    on(world(json!({"dnssec_broken": true})), async |stage| {
        let mut launch = Launch::new(stage);
        launch.hands = false;
        let told = begun(&mut launch, Holder::GoDaddy).await;
        let told = match &told[1].end {
            Some(_) => told[1].findings().join(","),
            None => told[1].blocked.join("; "),
        };
        assert!(told.to_lowercase().contains("dnssec"), "{told}");
    });
}
