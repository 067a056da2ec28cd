//! The items of step 3 on the simulated Atlas, each driven to its end as the engine does: look, plan, write the first
//! change, look again.

use std::time::Duration;

use golive::plan::{Blocker, Change, ItemId, Plan};
use golive::resource::{
    AtlasAccess, AtlasCluster, AtlasHere, AtlasLogin, AtlasRenderAccess, AtlasRoles, AtlasUser, Cx,
    Known, Resource,
};
use golive::seam::documents::{Documents, Door, Login};
use golive::secret::{Secret, SecretName};

use crate::{Desk, Way, on, until, world};

/// Atlas shows a write this much later at most.
const LAG: Duration = Duration::from_secs(30);

/// What became of an item: the rows written, and how it ended.
#[derive(Debug, Default)]
struct Story {
    rows: Vec<String>,
    waited: u32,
    blocked: Vec<String>,
    end: String,
    notes: String,
    findings: String,
}

/// Drives one item, and keeps in `known` what it made and hands on. The questions named in `answers` are answered.
async fn drive<R: Resource>(
    desk: &Desk<'_>,
    item: &str,
    resource: &R,
    known: &mut Known,
    answers: &[(&str, &str)],
) -> Story {
    let (mut story, id) = (Story::default(), ItemId::new(item));
    known.marker = format!("golive:shop-1a2b3c4d:{item}");
    known.needed = true;
    known.made.clear();
    known.decided.clear();
    let doors = desk.transport.doors();
    for _ in 0..200 {
        let cx = |known| Cx {
            atlas: Some(desk.client),
            documents: &doors,
            resolver: &doors,
            slots: &desk.kept,
            ..Cx::alone(&id, desk.transport.clock.now(), known)
        };
        let seen = resource.observe(&cx(known)).await.expect("a look");
        match resource.plan(known, &seen) {
            Plan::Settled(evidence) => {
                story.end = evidence.text;
                story.notes = evidence.notes.join("\n");
                let findings = evidence.findings.iter().map(ToString::to_string);
                story.findings = findings.collect::<Vec<_>>().join("\n");
                for (name, output) in resource.outputs(&seen) {
                    if let Some(text) = output.text() {
                        known.outputs.insert(format!("{item}.{name}"), text.into());
                    }
                }
                return story;
            }
            Plan::Change(changes) => {
                story.rows.push(changes[0].row(&id).to_string());
                let applied = resource.apply(&cx(known), &changes[0]).await;
                known.made.extend(applied.expect("a write").made);
                desk.client.http.pause(LAG).await;
            }
            Plan::Wait(wait) => {
                story.waited += 1;
                desk.client.http.pause(wait.look_every).await;
            }
            Plan::HandOff { why, .. } => panic!("handed off: {why}"),
            Plan::Blocked(blocker) => {
                story.blocked.push(blocker.sentence());
                let answer = match &blocker {
                    Blocker::Choose { key, .. } => {
                        let given = answers.iter().find(|(asked, _)| key.starts_with(asked));
                        given.map(|(_, word)| (key.clone(), word.to_string()))
                    }
                    _ => None,
                };
                let Some((key, word)) = answer else {
                    story.end = "blocked".into();
                    return story;
                };
                known.decided.insert(key, word);
            }
        }
    }
    panic!("{item} does not come to rest: {story:?}");
}

fn shop() -> Vec<(String, String)> {
    vec![
        ("prod".into(), "Shop".into()),
        ("dev".into(), "Shop".into()),
    ]
}

fn cluster() -> AtlasCluster {
    AtlasCluster {
        key: "prod".into(),
        name: "shop-prod-cluster".into(),
        expected_host: "shop-prod-cluster.a1b2c.mongodb.net".into(),
        provider: "AWS".into(),
        region: "EU_CENTRAL_1".into(),
        tier: "M10".into(),
        near: "frankfurt".into(),
    }
}

fn user() -> AtlasUser {
    AtlasUser {
        cluster: "prod".into(),
        cluster_name: "shop-prod-cluster".into(),
        name: "shop-prod-user".into(),
        roles: vec![("readWrite".into(), "shop-prod".into())],
        only_these: true,
        slot: SecretName::new("prod.DATABASE_PASSWORD"),
    }
}

fn dev_roles() -> Vec<(String, String)> {
    ["shop-dev", "shop-staging"]
        .map(|database| ("readWrite".to_string(), database.to_string()))
        .to_vec()
}

fn roles() -> AtlasRoles {
    AtlasRoles {
        cluster: "dev".into(),
        cluster_name: "shop-dev".into(),
        name: "shop_dev_user".into(),
        roles: dev_roles(),
    }
}

fn login() -> AtlasLogin {
    AtlasLogin {
        cluster: "dev".into(),
        cluster_name: "shop-dev".into(),
        expected_host: "shop-dev.d3e4f.mongodb.net".into(),
        name: "shop_dev_user".into(),
        roles: dev_roles(),
        options: "retryWrites=true&w=majority".into(),
        slot: SecretName::new("dev.DATABASE_PASSWORD"),
        here: ItemId::new("3.here"),
    }
}

fn here() -> AtlasHere {
    AtlasHere { projects: shop() }
}

/// The keys are looked at, which every other item rests on.
async fn begun(desk: &Desk<'_>) -> Known {
    let mut known = Known::default();
    let access = AtlasAccess { projects: shop() };
    let story = drive(desk, "0.atlas", &access, &mut known, &[]).await;
    assert_eq!(story.end, "the keys are of acme and see Shop");
    known
}

#[test]
fn a_fresh_project_gets_cluster_user_and_addresses() {
    for way in [Way::Account, Way::Key] {
        on(&world("fresh"), way, async |desk| {
            let mut known = begun(desk).await;
            let made = drive(desk, "3.cluster", &cluster(), &mut known, &[]).await;
            assert_eq!(made.rows.len(), 1);
            assert!(made.waited >= 20, "{made:?}");
            assert_eq!(
                (made.end.as_str(), made.findings.as_str()),
                (
                    "cluster shop-prod-cluster (M10) is at shop-prod-cluster.a1b2c.mongodb.net",
                    ""
                )
            );

            let made = drive(desk, "3.user", &user(), &mut known, &[]).await;
            assert_eq!(
                made.rows,
                [
                    "+ database user shop-prod-user: readWrite on shop-prod, cluster shop-prod-cluster only"
                ]
            );
            let password = desk.kept.get("prod.DATABASE_PASSWORD").expect("kept");
            assert_eq!(password.chars(), 32);

            let made = drive(desk, "3.here", &here(), &mut known, &[]).await;
            assert_eq!(made.rows.len(), 1, "{made:?}");
            assert_eq!(made.end, "203.0.113.9/32, this machine, is let in at Shop");
            let door = Door {
                host: "shop-prod-cluster.a1b2c.mongodb.net".into(),
                user: "shop-prod-user".into(),
                database: "shop-prod".into(),
                options: String::new(),
            };
            let doors = desk.transport.doors();
            let Login::In(rights) = doors.login(&door, &password).await else {
                panic!("not let in");
            };
            assert_eq!(Vec::from_iter(rights.writable), ["shop-prod"]);
        });
    }
}

#[test]
fn a_missing_role_is_added_and_none_is_lost() {
    for kind in ["M10", "M0", "flex"] {
        let mut scenario = world("fresh");
        scenario.atlas.clusters[0].kind = kind.into();
        on(&scenario, Way::Account, async |desk| {
            let mut known = begun(desk).await;
            let story = drive(desk, "3.dev-role", &roles(), &mut known, &[]).await;
            assert_eq!(
                story.rows,
                ["~ database user shop_dev_user: roles +readWrite on shop-staging"]
            );
            assert!(story.notes.contains("read on reports.monthly"), "{story:?}");
            assert_eq!(story.findings, "");
        });
    }
}

#[test]
fn the_password_is_proved_once_this_machine_is_let_in() {
    on(&world("fresh"), Way::Account, async |desk| {
        let mut known = begun(desk).await;
        let slot = "dev.DATABASE_PASSWORD";
        drive(desk, "3.dev-role", &roles(), &mut known, &[]).await;
        let missing = drive(desk, "3.dev-password", &login(), &mut known, &[]).await;
        assert_eq!(missing.blocked, ["dev.DATABASE_PASSWORD is needed"]);

        desk.kept.put(slot, desk.password.clone());
        let outside = drive(desk, "3.dev-password", &login(), &mut known, &[]).await;
        assert!(outside.blocked[0].contains("says nothing about the password"));
        assert!(outside.blocked[0].contains("golive run 3.here"));

        drive(desk, "3.here", &here(), &mut known, &[]).await;
        desk.kept.put(slot, Secret::new("wr@ng:/"));
        let wrong = drive(
            desk,
            "3.dev-password",
            &login(),
            &mut known,
            &[("refused", "give")],
        )
        .await;
        assert_eq!(wrong.blocked.len(), 2, "{wrong:?}");
        assert!(wrong.blocked[1].contains("does not let shop_dev_user in"));

        desk.kept.put(slot, desk.password.clone());
        let proved = drive(desk, "3.dev-password", &login(), &mut known, &[]).await;
        assert!(
            proved
                .end
                .contains("was let in by shop-dev.d3e4f.mongodb.net")
        );
        assert!(proved.rows.is_empty());
    });
}

#[test]
fn a_refused_password_is_set_anew_only_when_chosen() {
    on(&world("fresh"), Way::Key, async |desk| {
        let mut known = begun(desk).await;
        drive(desk, "3.dev-role", &roles(), &mut known, &[]).await;
        drive(desk, "3.here", &here(), &mut known, &[]).await;
        desk.kept
            .put("dev.DATABASE_PASSWORD", Secret::new("wrong one"));
        let story = drive(
            desk,
            "3.dev-password",
            &login(),
            &mut known,
            &[("refused", "reset")],
        )
        .await;
        assert_eq!(
            story.rows,
            ["~ database user shop_dev_user: a new password"]
        );
        assert!(story.end.contains("was let in"), "{story:?}");
        let kept = desk.kept.get("dev.DATABASE_PASSWORD").expect("kept");
        assert_eq!(kept.chars(), 32);
    });
}

#[test]
fn a_proved_password_stays_proved_after_this_machine_is_let_in_no_more() {
    on(&world("fresh"), Way::Account, async |desk| {
        let mut known = begun(desk).await;
        desk.kept
            .put("dev.DATABASE_PASSWORD", desk.password.clone());
        drive(desk, "3.dev-role", &roles(), &mut known, &[]).await;
        drive(desk, "3.here", &here(), &mut known, &[]).await;
        drive(desk, "3.dev-password", &login(), &mut known, &[]).await;
        let start = "3.dev-password.";
        known.own = known
            .outputs
            .iter()
            .filter_map(|(name, text)| Some((name.strip_prefix(start)?.to_string(), text.clone())))
            .collect();
        let eight_days = Duration::from_secs(8 * 24 * 3600);
        desk.client.http.pause(eight_days).await;
        let later = drive(desk, "3.dev-password", &login(), &mut known, &[]).await;
        assert!(
            later.end.ends_with("on 2026-11-24, not tried again since"),
            "{later:?}"
        );
    });
}

#[test]
fn render_is_let_in_in_one_call_and_an_open_list_is_closed_when_asked() {
    let mut scenario = world("fresh");
    let mut open = scenario.atlas.entries[0].clone();
    open.address = "0.0.0.0/0".into();
    scenario.atlas.entries.push(open);
    on(&scenario, Way::Account, async |desk| {
        let mut known = begun(desk).await;
        let ranges = "74.220.51.0/24,74.220.59.0/24,18.156.158.53";
        known
            .outputs
            .insert("4.api-prod.outbound".into(), ranges.into());
        let item = AtlasRenderAccess {
            projects: shop(),
            services: vec![ItemId::new("4.api-prod")],
        };
        let kept = drive(
            desk,
            "3.render-access",
            &item,
            &mut known,
            &[("open-to-all", "keep")],
        )
        .await;
        assert_eq!(
            kept.rows,
            [
                "+ access list of Atlas project Shop: 18.156.158.53/32, 74.220.51.0/24, 74.220.59.0/24 (Render's outgoing \
                 addresses)"
            ]
        );
        assert!(kept.findings.contains("0.0.0.0/0"), "{kept:?}");
        let posts = desk.calls();
        let posts = posts
            .iter()
            .filter(|call| call.0 == "POST" && call.1.ends_with("/accessList"));
        assert_eq!(posts.count(), 1);
        let closed = drive(
            desk,
            "3.render-access",
            &item,
            &mut known,
            &[("open-to-all", "remove")],
        )
        .await;
        assert_eq!(closed.rows.len(), 1, "{closed:?}");
        assert!(closed.rows[0].starts_with("- access list of Atlas project Shop: was 0.0.0.0/0"));
        assert_eq!(closed.findings, "");
    });
}

#[test]
fn what_exists_is_adopted_and_nothing_is_written() {
    on(&world("done"), Way::Account, async |desk| {
        let mut known = begun(desk).await;
        desk.kept
            .put("prod.DATABASE_PASSWORD", desk.password.clone());
        desk.kept
            .put("dev.DATABASE_PASSWORD", desk.password.clone());
        for story in [
            drive(desk, "3.cluster", &cluster(), &mut known, &[]).await,
            drive(desk, "3.user", &user(), &mut known, &[]).await,
            drive(desk, "3.dev-role", &roles(), &mut known, &[]).await,
        ] {
            assert!(
                story.rows.is_empty() && story.blocked.is_empty(),
                "{story:?}"
            );
        }
        let writes = desk.calls();
        let writes = writes
            .iter()
            .filter(|call| call.0 != "GET" && !call.1.contains("oauth"));
        assert_eq!(writes.count(), 0);
    });
}

#[test]
fn another_persons_user_is_asked_about_and_then_narrowed() {
    on(&world("foreign"), Way::Account, async |desk| {
        let mut known = begun(desk).await;
        drive(desk, "3.cluster", &cluster(), &mut known, &[]).await;
        let asked = drive(desk, "3.user", &user(), &mut known, &[]).await;
        assert!(
            asked.blocked[0].contains("golive did not make it"),
            "{asked:?}"
        );
        let reset = drive(
            desk,
            "3.user",
            &user(),
            &mut known,
            &[("password", "reset")],
        )
        .await;
        assert_eq!(
            reset.rows,
            [
                "~ database user shop-prod-user: a new password",
                "~ database user shop-prod-user: readWriteAnyDatabase on admin, every cluster of the project → readWrite on \
                 shop-prod, cluster shop-prod-cluster only"
            ]
        );
        let covered = drive(desk, "3.dev-role", &roles(), &mut known, &[]).await;
        assert!(covered.rows.is_empty());
        assert!(
            covered.notes.contains("is part of atlasAdmin"),
            "{covered:?}"
        );
    });
}

#[test]
fn what_golive_made_is_taken_back_and_the_cluster_stays() {
    on(&world("fresh"), Way::Account, async |desk| {
        let mut known = begun(desk).await;
        drive(desk, "3.dev-role", &roles(), &mut known, &[]).await;
        let (id, doors) = (ItemId::new("3.dev-role"), desk.transport.doors());
        let cx = |known| Cx {
            atlas: Some(desk.client),
            resolver: &doors,
            ..Cx::alone(&id, desk.transport.clock.now(), known)
        };
        let seen = roles().observe(&cx(&known)).await.unwrap();
        let back = roles().undo(&known, &seen);
        assert_eq!(back.len(), 1);
        roles().apply(&cx(&known), &back[0]).await.unwrap();
        let group = known.outputs["0.atlas.project-dev"].clone();
        let user = until(
            desk,
            async || desk.client.database_user(&group, "shop_dev_user").await,
            |user| user.roles.len() == 2,
        )
        .await;
        let roles: Vec<String> = user.roles.iter().map(ToString::to_string).collect();
        assert_eq!(roles, ["readWrite on shop-dev", "read on reports.monthly"]);

        drive(desk, "3.here", &here(), &mut known, &[]).await;
        let cx = |known| Cx {
            atlas: Some(desk.client),
            resolver: &doors,
            ..Cx::alone(&id, desk.transport.clock.now(), known)
        };
        let seen = here().observe(&cx(&known)).await.unwrap();
        let back = here().undo(&known, &seen);
        assert_eq!(back.len(), 1);
        here().apply(&cx(&known), &back[0]).await.unwrap();
        until(
            desk,
            async || desk.client.access_list(&group).await,
            |entries| entries.len() == 1,
        )
        .await;
    });
}
