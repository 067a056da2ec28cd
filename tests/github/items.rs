//! The items of Phase 0 on the simulated GitHub, each driven to its end as the engine does: look, plan, write the first
//! change, look again.

use std::time::Duration;

use golive::plan::{Attestation, Blocker, Change, ItemId, Observed, Plan};
use golive::provider::github::{Client, File};
use golive::resource::{
    BranchProtection, Cx, DynamicCors, GithubAccess, GithubBranch, Known, MainStability, Promotion,
    ProtectionWish, Resource,
};
use golive::sim::Act;
use golive::sim::scenario::{Plan as Subscription, TokenKind};
use golive::sim::transport::SimTransport;
use jiff::Timestamp;

use crate::{on, until, world};

/// What became of an item: the rows written, and how it ended.
#[derive(Debug, Default)]
struct Story {
    rows: Vec<String>,
    waited: u32,
    blocked: Vec<String>,
    end: String,
    notes: String,
}

/// GitHub shows a write this much later at most.
const LAG: Duration = Duration::from_secs(10);

fn known(item: &str) -> Known {
    Known {
        marker: format!("golive:shop-1a2b3c4d:{item}"),
        ..Known::default()
    }
}

fn now(transport: &SimTransport) -> Timestamp {
    transport.clock.now()
}

/// Drives one item. Questions are answered with the first way on, and attested; reviewers are waited for.
async fn drive<R: Resource>(
    client: &Client<'_>,
    transport: &SimTransport,
    item: &str,
    resource: &R,
    known: &mut Known,
) -> Story {
    let mut story = Story::default();
    let item = ItemId::new(item);
    for _ in 0..400 {
        let cx = |known| Cx {
            github: Some(client),
            ..Cx::alone(&item, now(transport), known)
        };
        let seen = resource.observe(&cx(known)).await.expect("a look");
        match resource.plan(known, &seen) {
            Plan::Settled(evidence) => {
                story.end = evidence.text;
                story.notes = evidence.notes.join("\n");
                return story;
            }
            Plan::HandOff { why, .. } => {
                story.end = format!("handed off: {why}");
                return story;
            }
            Plan::Change(changes) => {
                story.rows.push(changes[0].row(&item).to_string());
                let applied = resource.apply(&cx(known), &changes[0]).await;
                known.made.extend(applied.expect("a write").made);
                client.http.pause(LAG).await;
            }
            Plan::Wait(wait) => {
                story.waited += 1;
                client.http.pause(wait.look_every).await;
            }
            Plan::Blocked(blocker) => {
                let sentence = blocker.sentence();
                if story.blocked.last() != Some(&sentence) {
                    story.blocked.push(sentence);
                }
                match blocker {
                    Blocker::Choose { key, options, .. } => {
                        known.decided.insert(key, options[0].word.clone());
                    }
                    Blocker::Attest { rests_on, .. } => {
                        known.attested = Some(Attestation {
                            by: "Ann".into(),
                            note: String::new(),
                            at: now(transport),
                            rests_on,
                        });
                    }
                    Blocker::Review { .. } => client.http.pause(Duration::from_secs(60)).await,
                    _ => {
                        story.end = "blocked".into();
                        return story;
                    }
                }
            }
        }
    }
    panic!("{item} does not come to rest: {story:?}");
}

async fn fresh<R: Resource>(
    client: &Client<'_>,
    transport: &SimTransport,
    item: &str,
    resource: &R,
) -> Story {
    drive(client, transport, item, resource, &mut known(item)).await
}

fn branch(name: &str) -> GithubBranch {
    GithubBranch {
        name: name.into(),
        source: Some("main".into()),
    }
}

fn rule(branch: &str, reviews: u8) -> BranchProtection {
    BranchProtection {
        branch: branch.into(),
        wish: ProtectionWish {
            pull_requests: true,
            reviews,
            no_force_pushes: true,
            no_deletion: true,
        },
        review_by_other: true,
    }
}

fn cors() -> DynamicCors {
    DynamicCors {
        file: "server/server.js".into(),
        feature_branch: "feature/dynamic-cors".into(),
        base: "develop".into(),
    }
}

fn promotion(head: &str, base: &str) -> Promotion {
    Promotion {
        head: head.into(),
        base: base.into(),
        carries: ItemId::new("2.code"),
        file: "server/server.js".into(),
        review_by_other: true,
        operator: "Ann".into(),
        reviewers: vec!["robin".into()],
        long_lived: !head.contains('/'),
    }
}

#[test]
fn phase_0_comes_to_its_end_and_stays_there() {
    on(world("fresh"), async |client, transport| {
        let access = fresh(
            client,
            transport,
            "0.github",
            &GithubAccess {
                expected_login: None,
            },
        )
        .await;
        assert_eq!(access.end, "acme reaches acme/shop (private)");
        for name in ["staging", "develop"] {
            let story = fresh(client, transport, "1.branch", &branch(name)).await;
            assert!(
                story.rows[0].starts_with(&format!("+ branch {name}: from main at ")),
                "{story:?}"
            );
        }
        let stable = fresh(
            client,
            transport,
            "1.stable-main",
            &MainStability {
                branch: "main".into(),
            },
        )
        .await;
        assert!(
            stable
                .end
                .starts_with("attested by Ann on 2026-11-24 for commit"),
            "{stable:?}"
        );
        for (name, reviews) in [("main", 1), ("staging", 1), ("develop", 0)] {
            let story = fresh(client, transport, "1.rule", &rule(name, reviews)).await;
            assert_eq!(story.rows.len(), 1, "{story:?}");
            assert!(
                story
                    .end
                    .ends_with(&format!("by ruleset \"golive: {name}\"")),
                "{story:?}"
            );
        }
        let code = fresh(client, transport, "2.code", &cors()).await;
        assert_eq!(code.rows.len(), 2, "{code:?}");
        promoted(client, transport).await;
        let File::Text { text, .. } = client.file("server/server.js", "main").await.unwrap() else {
            panic!("no text");
        };
        assert!(text.contains("process.env.CORS_ORIGIN"));
        let again = fresh(client, transport, "2.code", &cors()).await;
        assert!(again.rows.is_empty(), "{again:?}");
    });
}

/// All three promotions, each as it was foreseen, with its checks and its review waited for.
async fn promoted(client: &Client<'_>, transport: &SimTransport) {
    let way = [
        ("feature/dynamic-cors", "develop"),
        ("develop", "staging"),
        ("staging", "main"),
    ];
    for (head, base) in way {
        let item = format!("2.to-{base}");
        let promotion = promotion(head, base);
        let foreseen: Vec<_> = promotion
            .foresee(&known(&item))
            .iter()
            .map(|change| change.row(&ItemId::new(&item)).to_string())
            .collect();
        let story = fresh(client, transport, &item, &promotion).await;
        assert_eq!(story.rows, foreseen, "{story:?}");
        assert!(story.end.contains("was merged on 2026-11-24"), "{story:?}");
        assert!(story.waited > 0, "{story:?}");
        let reviewed = story
            .blocked
            .iter()
            .any(|sentence| sentence.contains("0 of 1 approvals"));
        assert_eq!(reviewed, base != "develop", "{story:?}");
        let again = fresh(client, transport, &item, &promotion).await;
        assert!(again.rows.is_empty(), "{again:?}");
    }
}

#[test]
fn a_finished_world_needs_nothing() {
    on(world("done"), async |client, transport| {
        let stories = [
            fresh(client, transport, "1.branch", &branch("staging")).await,
            fresh(client, transport, "1.rule", &rule("main", 1)).await,
            fresh(client, transport, "2.code", &cors()).await,
            fresh(
                client,
                transport,
                "2.to-develop",
                &promotion("feature/dynamic-cors", "develop"),
            )
            .await,
            fresh(
                client,
                transport,
                "2.to-staging",
                &promotion("develop", "staging"),
            )
            .await,
            fresh(
                client,
                transport,
                "2.to-main",
                &promotion("staging", "main"),
            )
            .await,
        ];
        for story in stories {
            assert!(
                story.rows.is_empty() && story.blocked.is_empty(),
                "{story:?}"
            );
        }
    });
}

#[test]
fn a_free_private_repository_hands_its_rules_to_people() {
    let mut scenario = world("fresh");
    scenario.repository.plan = Subscription::Free;
    on(scenario, async |client, transport| {
        let story = fresh(client, transport, "1.rule-main", &rule("main", 1)).await;
        assert!(
            story
                .end
                .starts_with("handed off: GitHub offers no branch rules"),
            "{story:?}"
        );
        let access = fresh(
            client,
            transport,
            "0.github",
            &GithubAccess {
                expected_login: None,
            },
        )
        .await;
        assert!(
            access.notes.contains("GitHub offers no branch rules here"),
            "{access:?}"
        );
    });
}

#[test]
fn a_fine_grained_token_goes_all_the_way_without_reading_check_runs() {
    let mut scenario = world("fresh");
    scenario.token.kind = TokenKind::FineGrained;
    scenario.token.scopes = [
        "contents=write",
        "pull_requests=write",
        "administration=write",
        "statuses=read",
        "actions=read",
    ]
    .map(String::from)
    .to_vec();
    on(scenario, async |client, transport| {
        let access = fresh(
            client,
            transport,
            "0.github",
            &GithubAccess {
                expected_login: None,
            },
        )
        .await;
        assert!(
            access.notes.contains("may not read check runs"),
            "{access:?}"
        );
        assert!(
            access.notes.contains("not known until first used"),
            "{access:?}"
        );
        fresh(client, transport, "1.branch-develop", &branch("develop")).await;
        fresh(client, transport, "2.code", &cors()).await;
        let story = fresh(
            client,
            transport,
            "2.to-develop",
            &promotion("feature/dynamic-cors", "develop"),
        )
        .await;
        assert!(story.end.contains("was merged"), "{story:?}");
    });
}

#[test]
fn a_token_without_administration_says_so_before_it_tries() {
    let mut scenario = world("fresh");
    scenario.token.kind = TokenKind::FineGrained;
    scenario.token.scopes = ["contents=write", "pull_requests=write"]
        .map(String::from)
        .to_vec();
    on(scenario, async |client, transport| {
        let story = fresh(client, transport, "1.rule-main", &rule("main", 1)).await;
        assert_eq!(story.end, "blocked");
        assert!(
            story.blocked[0].contains("it needs administration=write"),
            "{story:?}"
        );
    });
}

#[test]
fn other_peoples_work_is_shown_before_it_goes_along() {
    on(world("fresh"), async |client, transport| {
        for name in ["staging", "develop"] {
            fresh(client, transport, "1.branch", &branch(name)).await;
        }
        fresh(client, transport, "2.code", &cors()).await;
        fresh(
            client,
            transport,
            "2.to-develop",
            &promotion("feature/dynamic-cors", "develop"),
        )
        .await;
        transport.person(&Act::Push("develop".into())).unwrap();
        client.http.pause(LAG).await;
        let story = fresh(
            client,
            transport,
            "2.to-staging",
            &promotion("develop", "staging"),
        )
        .await;
        assert!(
            story.rows[1].contains("golive's change and 1 other commit ("),
            "{story:?}"
        );
    });
}

#[test]
fn merged_branches_that_are_deleted_keep_develop() {
    let mut scenario = world("fresh");
    scenario.repository.delete_branch_on_merge = true;
    on(scenario, async |client, transport| {
        for name in ["staging", "develop"] {
            fresh(client, transport, "1.branch", &branch(name)).await;
        }
        fresh(client, transport, "2.code", &cors()).await;
        fresh(
            client,
            transport,
            "2.to-develop",
            &promotion("feature/dynamic-cors", "develop"),
        )
        .await;
        let story = fresh(
            client,
            transport,
            "2.to-staging",
            &promotion("develop", "staging"),
        )
        .await;
        assert_eq!(story.end, "blocked");
        assert!(
            story
                .blocked
                .iter()
                .any(|why| why.contains("keep develop from being deleted")),
            "{story:?}"
        );
        fresh(client, transport, "1.rule-develop", &rule("develop", 0)).await;
        let story = fresh(
            client,
            transport,
            "2.to-staging",
            &promotion("develop", "staging"),
        )
        .await;
        assert!(story.end.contains("was merged"), "{story:?}");
        assert!(client.head("develop").await.is_ok());
    });
}

#[test]
fn what_a_person_closes_is_not_opened_again_silently() {
    on(world("fresh"), async |client, transport| {
        fresh(client, transport, "1.branch-develop", &branch("develop")).await;
        fresh(client, transport, "2.code", &cors()).await;
        let promotion = promotion("feature/dynamic-cors", "develop");
        let item = ItemId::new("2.to-develop");
        let known = known("2.to-develop");
        let cx = || Cx {
            github: Some(client),
            ..Cx::alone(&item, now(transport), &known)
        };
        let seen = promotion.observe(&cx()).await.unwrap();
        let Plan::Change(changes) = promotion.plan(&known, &seen) else {
            panic!("no change");
        };
        let made = promotion
            .apply(&cx(), &changes[0])
            .await
            .unwrap()
            .made
            .unwrap();
        transport
            .person(&Act::ClosePull(made.id.parse().unwrap()))
            .unwrap();
        let closed = until(
            client,
            async || {
                client
                    .pulls("feature/dynamic-cors", "develop", "closed")
                    .await
            },
            |list| !list.is_empty(),
        )
        .await;
        assert!(!closed[0].is_merged());
        client.http.pause(LAG).await;
        let seen = promotion.observe(&cx()).await.unwrap();
        let Plan::Blocked(blocker) = promotion.plan(&known, &seen) else {
            panic!("not asked");
        };
        assert!(
            blocker
                .sentence()
                .contains("was closed without being merged"),
            "{}",
            blocker.sentence()
        );
    });
}

#[test]
fn alone_the_merge_passes_the_review_and_says_so() {
    let mut scenario = world("fresh");
    scenario.reviewer = golive::sim::scenario::Reviewer::None;
    on(scenario, async |client, transport| {
        fresh(client, transport, "1.branch-develop", &branch("develop")).await;
        let alone = BranchProtection {
            review_by_other: false,
            ..rule("develop", 1)
        };
        let story = fresh(client, transport, "1.rule-develop", &alone).await;
        assert!(
            story.rows[0].ends_with("admins may pass the review"),
            "{story:?}"
        );
        fresh(client, transport, "2.code", &cors()).await;
        let alone = Promotion {
            review_by_other: false,
            ..promotion("feature/dynamic-cors", "develop")
        };
        let story = fresh(client, transport, "2.to-develop", &alone).await;
        assert!(
            story
                .notes
                .contains("merged without a review, chosen by Ann"),
            "{story:?}"
        );
    });
}

#[test]
fn undo_leaves_nothing_of_golives() {
    on(world("fresh"), async |client, transport| {
        let mut made = known("1.branch-develop");
        let develop = branch("develop");
        drive(client, transport, "1.branch-develop", &develop, &mut made).await;
        let item = ItemId::new("1.branch-develop");
        let cx = Cx {
            github: Some(client),
            ..Cx::alone(&item, now(transport), &made)
        };
        let seen = develop.observe(&cx).await.unwrap();
        let undo = develop.undo(&made, &seen);
        assert_eq!(undo[0].row(&item).sign.symbol(), '-');
        develop.apply(&cx, &undo[0]).await.unwrap();
        let gone = until(
            client,
            async || golive::resource::absent_on_404(client.head("develop").await),
            |head| *head == Observed::Absent,
        )
        .await;
        assert_eq!(gone, Observed::Absent);
    });
}
