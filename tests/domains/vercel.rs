//! Hosts on Vercel's projects: claimed, moved, hidden, proved, and taken back.

use golive::plan::ItemId;
use golive::resource::domain_verified::Claimed;
use golive::resource::{DomainVerified, VercelDomain};
use golive::sim::Scenario;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::story::{Launch, Story};
use crate::{Stage, ZONE, on, world};

pub fn www() -> VercelDomain {
    VercelDomain {
        host: format!("www.{ZONE}"),
        project: ItemId::new("5.prod"),
        project_name: "shop-prod".into(),
        others: vec![ItemId::new("5.staging")],
        git_branch: None,
        redirect: None,
    }
}

pub fn dev() -> VercelDomain {
    VercelDomain {
        host: format!("dev.{ZONE}"),
        git_branch: Some("develop".into()),
        ..www()
    }
}

pub fn apex() -> VercelDomain {
    VercelDomain {
        host: ZONE.into(),
        redirect: Some(format!("www.{ZONE}")),
        ..www()
    }
}

fn staging() -> VercelDomain {
    VercelDomain {
        host: format!("staging.{ZONE}"),
        project: ItemId::new("5.staging"),
        project_name: "shop-staging".into(),
        others: vec![ItemId::new("5.prod")],
        ..www()
    }
}

pub fn verified(of: &VercelDomain, claim: &str) -> DomainVerified {
    DomainVerified {
        host: of.host.clone(),
        zone: ZONE.into(),
        claim: ItemId::new(claim),
        at: Claimed::Vercel(of.project.clone()),
    }
}

/// Step 6.
async fn claimed(launch: &mut Launch, stage: &Stage<'_>) -> Vec<Story> {
    vec![
        launch.drive(stage, "6.www", &www()).await,
        launch.drive(stage, "6.staging", &staging()).await,
        launch.drive(stage, "6.dev", &dev()).await,
        launch.drive(stage, "6.apex", &apex()).await,
    ]
}

fn rows(stories: &[Story]) -> Vec<&str> {
    let all = stories.iter().flat_map(|story| &story.rows);
    all.map(String::as_str).collect()
}

/// Enters what a claim wants, as a person does.
pub async fn record(stage: &Stage<'_>, launch: &Launch, claim: &str, host: &str) {
    let told = |name: &str| launch.output(claim, name).expect("an output");
    let label = host.strip_suffix(ZONE).expect("a host of the zone");
    let label = label.trim_end_matches('.');
    let label = if label.is_empty() { "@" } else { label };
    let (kind, target) = (told("target_kind"), told("target"));
    let dot = if kind == "CNAME" { "." } else { "" };
    stage.act(&format!("record {label} 600 {kind} {target}{dot}"));
    stage.pause(90).await;
}

#[test]
fn every_site_has_its_host_and_a_second_time_nothing_is_done() {
    on(world(|_| {}), async |stage| {
        let mut launch = Launch::begun(stage).await;
        let stories = claimed(&mut launch, stage).await;
        assert_eq!(
            rows(&stories),
            [
                "+ host www.acmeshop.example on Vercel project shop-prod: production",
                "+ host staging.acmeshop.example on Vercel project shop-staging: production",
                "+ host dev.acmeshop.example on Vercel project shop-prod: branch develop",
                "+ key for golive's visits to Vercel project shop-prod: made by Vercel, kept as prod.VERCEL_BYPASS",
                "+ host acmeshop.example on Vercel project shop-prod: redirects to www.acmeshop.example",
            ]
        );
        assert!(stories.iter().all(|story| story.settled), "{stories:?}");
        assert!(stories.iter().all(|story| story.asked == 0));
        assert!(stories[2].blocked[0].contains("visitors see Vercel's login"));
        assert_eq!(launch.kept.0.borrow().len(), 1);
        assert_eq!(launch.output("6.www", "target_kind"), Some("CNAME"));
        let target = launch.output("6.www", "target").unwrap();
        assert!(stories[0].end.ends_with(target) && !target.ends_with('.'));
        assert_eq!(launch.output("6.apex", "target_kind"), Some("A"));
        assert_eq!(launch.output("6.www", "proof_name"), None);
        // Again, and again by somebody who has lost the records: the key that is there is taken.
        assert!(rows(&claimed(&mut launch, stage).await).is_empty());
        let anew = claimed(&mut Launch::begun(stage).await, stage).await;
        assert_eq!(
            rows(&anew),
            [
                "+ key for golive's visits to Vercel project shop-prod: the project's own, kept as prod.VERCEL_BYPASS"
            ]
        );
        assert_eq!(stage.calls("PATCH", "/protection-bypass").len(), 1);
    });
}

#[test]
fn undo_takes_off_what_golive_put_there_and_nothing_else() {
    on(world(|_| {}), async |stage| {
        let mut launch = Launch::begun(stage).await;
        claimed(&mut launch, stage).await;
        assert!(stage.made("domain") >= 4);
        let rows = [
            launch.undo(stage, "6.apex", &apex()).await,
            launch.undo(stage, "6.dev", &dev()).await,
            launch.undo(stage, "6.staging", &staging()).await,
            launch.undo(stage, "6.www", &www()).await,
        ];
        assert_eq!(
            rows.concat(),
            [
                "- host acmeshop.example on Vercel project shop-prod",
                "- key for golive's visits to Vercel project shop-prod",
                "- host dev.acmeshop.example on Vercel project shop-prod",
                "- host staging.acmeshop.example on Vercel project shop-staging",
                "- host www.acmeshop.example on Vercel project shop-prod",
            ]
        );
        assert_eq!(stage.made("domain"), 0);
        let project = launch.output("5.prod", "id").unwrap();
        let protection = stage.vercel.protection(project).await.unwrap();
        assert!(protection.keys.is_empty());
    });
}

#[test]
fn a_host_that_was_there_is_taken_as_it_is_and_outlives_undo() {
    let there = world(|scenario| {
        let own = &mut scenario.vercel.projects[0].domains;
        own.push(part(json!({"name": www().host})));
    });
    on(there, async |stage| {
        let mut launch = Launch::begun(stage).await;
        let story = launch.drive(stage, "6.www", &www()).await;
        assert!(story.settled && story.rows.is_empty(), "{story:?}");
        assert!(launch.undo(stage, "6.www", &www()).await.is_empty());
    });
}

/// A part of a world's file.
fn part<T: DeserializeOwned>(text: Value) -> T {
    serde_json::from_value(text).expect("a part of a world")
}

#[test]
fn a_host_on_the_other_project_is_moved_by_consent_and_moved_back() {
    let there = world(|scenario| {
        let staging = scenario
            .vercel
            .projects
            .iter_mut()
            .find(|project| project.name == "shop-staging");
        let own = &mut staging.expect("staging's").domains;
        own.push(part(json!({"name": www().host})));
    });
    on(there, async |stage| {
        let mut launch = Launch::begun(stage).await;
        let story = launch.drive(stage, "6.www", &www()).await;
        assert_eq!(
            story.rows,
            ["~ host www.acmeshop.example at Vercel: on shop-staging → on shop-prod"]
        );
        assert!(story.settled && story.asked == 1, "{story:?}");
        let undone = launch.undo(stage, "6.www", &www()).await;
        assert_eq!(undone.len(), 1, "{undone:?}");
        let home = launch.output("5.staging", "id").unwrap();
        let back = stage.vercel.project_domain(home, &www().host).await;
        assert!(back.is_ok());
    });
}

#[test]
fn what_serves_something_else_is_changed_only_when_that_is_said() {
    let there = world(|scenario| {
        let own = &mut scenario.vercel.projects[0].domains;
        own.push(part(json!({"name": dev().host, "branch": "staging"})));
        own.push(part(json!({"name": www().host, "redirect": dev().host})));
    });
    on(there, async |stage| {
        let mut launch = Launch::begun(stage).await;
        launch.word = Some("other-way".into());
        let story = launch.drive(stage, "6.dev", &dev()).await;
        assert_eq!(
            story.rows,
            [
                "~ host dev.acmeshop.example on Vercel project shop-prod: branch staging → branch develop"
            ]
        );
        assert_eq!(story.asked, 1);
        assert!(story.notes.contains("golive has no key"), "{story:?}");
        let story = launch.drive(stage, "6.www", &www()).await;
        assert_eq!(story.rows.len(), 1, "{story:?}");
        assert!(story.rows[0].ends_with("redirects to dev.acmeshop.example → production"));
        let undone = launch.undo(stage, "6.www", &www()).await;
        assert!(undone[0].ends_with("production → redirects to dev.acmeshop.example"));
    });
}

fn held(scenario: &mut Scenario, refused: bool) {
    let held = &mut scenario.vercel.held;
    held.push(part(json!({"name": www().host, "refused": refused})));
}

#[test]
fn a_name_that_another_account_has_is_proved_by_its_record() {
    on(world(|scenario| held(scenario, false)), async |stage| {
        let mut launch = Launch::begun(stage).await;
        let story = launch.drive(stage, "6.www", &www()).await;
        assert!(story.settled, "{story:?}");
        assert!(
            story
                .notes
                .contains("Vercel wants to see TXT _vercel.acmeshop.example")
        );
        let proof = launch.output("6.www", "proof_value").unwrap().to_string();
        record(stage, &launch, "6.www", &www().host).await;
        let wish = verified(&www(), "6.www");
        let unproved = launch.drive(stage, "6.2.verified-www", &wish).await;
        assert!(
            !unproved.settled && unproved.rows.is_empty(),
            "{unproved:?}"
        );
        assert!(
            unproved.waits[0].contains("no TXT record at _vercel."),
            "{unproved:?}"
        );
        stage.act(&format!("record _vercel 600 TXT {proof}"));
        let story = launch.drive(stage, "6.2.verified-www", &wish).await;
        assert!(story.settled, "{story:?}");
        assert!(story.rows.iter().all(|row| row
            == "~ www.acmeshop.example at Vercel: ownership not shown → shown, by the TXT record"));
        assert!(story.rows.len() <= 3, "{story:?}");
        assert!(
            story
                .end
                .contains("verified, not misconfigured, led there by CNAME")
        );
        // The claim hands the proof on no longer.
        launch.outputs.retain(|name, _| !name.starts_with("6.www."));
        let mut again = Launch::begun(stage).await;
        again.drive(stage, "6.www", &www()).await;
        assert_eq!(again.output("6.www", "proof_value"), None);
    });
}

#[test]
fn a_name_that_vercel_gives_to_nobody_else_is_told() {
    on(world(|scenario| held(scenario, true)), async |stage| {
        let mut launch = Launch::begun(stage).await;
        let story = launch.drive(stage, "6.www", &www()).await;
        assert_eq!(story.rows.len(), 1);
        assert!(
            story.end.contains("free the domain") || story.end.contains("settle at Vercel"),
            "{story:?}"
        );
        assert_eq!(stage.made("domain"), 0);
    });
}

#[test]
fn a_reply_that_is_lost_claims_nothing_twice() {
    for (call, kind) in [
        ("POST /v10/projects/*/domains", "domain"),
        ("PATCH /v1/projects/*/protection-bypass", "key"),
    ] {
        for fault in [
            "timeout_after_apply",
            "timeout_before",
            "http_503_after_apply",
            "http_429",
            "truncated",
        ] {
            on(world(|_| {}), async |stage| {
                stage.fault("vercel", call, fault);
                let mut launch = Launch::begun(stage).await;
                let story = launch.drive(stage, "6.dev", &dev()).await;
                assert!(story.settled, "{kind} {fault}: {story:?}");
                assert_eq!(stage.made("domain"), 1, "{fault}");
                let project = launch.output("5.prod", "id").unwrap();
                let keys = stage.vercel.protection(project).await.unwrap().keys;
                assert_eq!(keys.len(), 1, "{kind} {fault}: {story:?}");
                // Undo knows what golive made although nobody said so.
                let undone = launch.undo(stage, "6.dev", &dev()).await;
                assert!(
                    undone.iter().any(|row| row.starts_with("- host dev.")),
                    "{undone:?}"
                );
            });
        }
    }
}
