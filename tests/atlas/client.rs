//! Every call of the client, answered by the simulated Atlas.

use golive::provider::atlas::{AnyCluster, NewCluster, NewUser, Role, Scope, Tag, verdict};
use golive::provider::verdict::Verdict;
use golive::secret::Secret;

use crate::{Desk, Way, on, refused, until, world};

const BOTH: [Way; 2] = [Way::Account, Way::Key];

async fn group(desk: &Desk<'_>) -> String {
    let groups = desk.client.groups().await.unwrap();
    let shop = groups.iter().find(|group| group.name == "Shop");
    shop.expect("the project").id.clone()
}

#[test]
fn a_token_is_fetched_once_and_a_riddle_is_solved_every_time() {
    for way in BOTH {
        on(&world("fresh"), way, async |desk| {
            let group = group(desk).await;
            assert_eq!(desk.client.organizations().await.unwrap()[0].name, "acme");
            desk.client.access_list(&group).await.unwrap();
            let calls = desk.calls();
            let tokens = calls.iter().filter(|call| call.1 == "/api/oauth/token");
            let riddles = calls.iter().filter(|call| call.2 == 401);
            let counts = (tokens.count(), riddles.count());
            assert_eq!(
                counts,
                match way {
                    Way::Account => (1, 0),
                    Way::Key => (0, 3),
                }
            );
            assert_eq!(desk.client.signs_with_key(), way == Way::Key);
        });
    }
}

#[test]
fn a_token_that_dies_in_mid_run_is_fetched_again_and_nothing_is_lost() {
    let mut scenario = world("fresh");
    scenario.atlas.token_calls = Some(3);
    on(&scenario, Way::Account, async |desk| {
        let group = group(desk).await;
        for _ in 0..8 {
            desk.client.access_list(&group).await.unwrap();
        }
        let calls = desk.calls();
        let tokens = calls.iter().filter(|call| call.1 == "/api/oauth/token");
        assert!(tokens.count() >= 3, "{calls:?}");
    });
}

#[test]
fn calls_from_elsewhere_and_unknown_objects_are_told_apart() {
    let mut scenario = world("fresh");
    scenario.atlas.api_access_list.addresses = vec!["198.51.100.1".into()];
    on(&scenario, Way::Account, async |desk| {
        let error = desk.client.groups().await.unwrap_err();
        let Verdict::Blocked(blocker) = verdict(&error, "read") else {
            panic!("not blocked: {error:?}");
        };
        let told = blocker.sentence();
        assert!(
            told.contains("203.0.113.9") && told.contains("API Access List"),
            "{told}"
        );
    });
    for way in BOTH {
        on(&world("fresh"), way, async |desk| {
            let group = group(desk).await;
            let nothing = desk.client.cluster(&group, "nothing").await;
            assert_eq!(refused(nothing), (404, "CLUSTER_NOT_FOUND".into()));
            let nobody = desk.client.database_user(&group, "nobody").await;
            assert_eq!(refused(nobody).0, 404);
        });
    }
}

#[test]
fn a_cluster_is_made_and_protected() {
    on(&world("fresh"), Way::Key, async |desk| {
        let (client, group) = (desk.client, group(desk).await);
        let regions = client.regions(&group, "AWS", "M10").await.unwrap();
        assert!(regions.contains(&"EU_CENTRAL_1".to_string()));
        let tags = [Tag {
            key: "managed-by".into(),
            value: "golive".into(),
        }];
        let new = NewCluster {
            name: "shop-prod-cluster",
            provider: "AWS",
            region: "EU_CENTRAL_1",
            tier: "M10",
            tags: &tags,
        };
        client.create_cluster(&group, &new).await.unwrap();
        let again = refused(client.create_cluster(&group, &new).await);
        assert_eq!(again, (400, "DUPLICATE_CLUSTER_NAME".into()));
        let found = until(
            desk,
            async || client.cluster(&group, "shop-prod-cluster").await,
            |cluster| cluster.state() == Some("IDLE"),
        )
        .await;
        let AnyCluster::Own(cluster) = &found else {
            panic!("not its own");
        };
        assert_eq!(
            (cluster.provider(), cluster.region(), cluster.tier()),
            (Some("AWS"), Some("EU_CENTRAL_1"), Some("M10"))
        );
        assert_eq!(
            (
                cluster.backup_enabled,
                cluster.termination_protection_enabled
            ),
            (Some(true), Some(true))
        );
        assert_eq!(found.host(), Some("shop-prod-cluster.a1b2c.mongodb.net"));
        client
            .protect_cluster(&group, "shop-dev", true, true)
            .await
            .unwrap();
    });
}

#[test]
fn flex_and_free_clusters_are_read_like_others() {
    for (kind, shown) in [("flex", "Flex"), ("M0", "M0")] {
        let mut scenario = world("fresh");
        scenario.atlas.clusters[0].kind = kind.into();
        on(&scenario, Way::Account, async |desk| {
            let group = group(desk).await;
            let cluster = desk.client.cluster(&group, "shop-dev").await.unwrap();
            assert_eq!(cluster.kind(), shown);
            assert_eq!(cluster.host(), Some("shop-dev.d3e4f.mongodb.net"));
            desk.client.change_status(&group, "shop-dev").await.unwrap();
        });
    }
}

#[test]
fn a_user_is_made_changed_and_deleted() {
    on(&world("fresh"), Way::Account, async |desk| {
        let (client, group) = (desk.client, group(desk).await);
        let (roles, scopes) = (
            [Role::new("readWrite", "shop-prod")],
            [Scope::cluster("shop-dev")],
        );
        let password = Secret::password().unwrap();
        let new = NewUser {
            name: "shop.team-user",
            password: &password,
            roles: &roles,
            scopes: &scopes,
            labels: &[],
        };
        client.create_user(&group, &new).await.unwrap();
        let again = client.create_user(&group, &new).await.unwrap_err();
        assert!(
            matches!(verdict(&again, "create"), Verdict::Race),
            "{again:?}"
        );
        let user = until(
            desk,
            async || client.database_user(&group, "shop.team-user").await,
            |_| true,
        )
        .await;
        assert_eq!((user.roles, user.scopes), (roles.to_vec(), scopes.to_vec()));
        let more = [roles[0].clone(), Role::new("read", "shop-dev")];
        let changed = client
            .set_roles(&group, "shop.team-user", &more, None)
            .await
            .unwrap();
        assert_eq!((changed.roles.len(), changed.scopes.len()), (2, 1));
        client
            .set_password(&group, "shop.team-user", &Secret::password().unwrap())
            .await
            .unwrap();
        client.delete_user(&group, "shop.team-user").await.unwrap();
        client.delete_user(&group, "shop.team-user").await.unwrap();
    });
}

#[test]
fn addresses_are_let_in_and_shut_out() {
    let mut scenario = world("fresh");
    scenario.atlas.flaky_access_list = true;
    on(&scenario, Way::Key, async |desk| {
        let (client, group) = (desk.client, group(desk).await);
        let ranges = ["74.220.51.0/24".to_string(), "203.0.113.9/32".to_string()];
        let until_then = "2026-11-30T09:00:00Z".parse().unwrap();
        client
            .let_in(&group, &ranges, "golive: test", Some(until_then))
            .await
            .unwrap();
        for range in &ranges {
            until(
                desk,
                async || client.entry_status(&group, range).await,
                |status| status == "ACTIVE",
            )
            .await;
        }
        let entries = client.access_list(&group).await.unwrap();
        let mine = entries
            .iter()
            .find(|entry| entry.value() == Some("203.0.113.9/32"));
        assert_eq!(mine.unwrap().until(), Some(until_then));
        for range in &ranges {
            client.shut_out(&group, range).await.unwrap();
            client.shut_out(&group, range).await.unwrap();
        }
    });
}

#[test]
fn a_limit_is_waited_out() {
    let mut scenario = world("fresh");
    scenario.atlas.rate = Some(serde_json::from_str(r#"{"capacity": 3, "refill": 3}"#).unwrap());
    on(&scenario, Way::Account, async |desk| {
        for _ in 0..6 {
            desk.client.groups().await.unwrap();
        }
        assert!(desk.calls().iter().any(|call| call.2 == 429));
    });
}
