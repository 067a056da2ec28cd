//! What this Atlas cannot do: clusters, users and entries that are refused, and never half made.

use serde_json::{Value, json};

use super::stories::{Caller, code, wanted_cluster, wanted_user};

/// A wish for a cluster with one thing changed.
fn cluster_with(name: &str, pointer: &str, value: Value) -> Value {
    let mut wanted = wanted_cluster(name);
    *wanted.pointer_mut(pointer).expect("a place in the wish") = value;
    wanted
}

#[test]
fn an_impossible_cluster_is_refused_and_never_made() {
    let mut caller = Caller::calm("fresh");
    let name = "shop-prod-cluster";
    for (wanted, expected) in [
        (
            cluster_with("x", "/name", json!("-x")),
            (400, "VALIDATION_ERROR"),
        ),
        (
            wanted_cluster("atlas-ab12cd"),
            (400, "ATLAS_RESERVED_CLUSTER_NAME"),
        ),
        (wanted_cluster("shop-dev"), (400, "DUPLICATE_CLUSTER_NAME")),
        (
            wanted_cluster("SHOP-dev"),
            (400, "DUPLICATE_CLUSTER_NAME_PREFIX"),
        ),
        (
            wanted_cluster("a-name-of-much-length--x"),
            (400, "CLUSTER_NAME_PREFIX_INVALID"),
        ),
        (
            cluster_with(name, "/clusterType", json!(null)),
            (400, "MISSING_ATTRIBUTE"),
        ),
        (
            cluster_with(name, "/backupEnabled", json!("yes")),
            (400, "INVALID_JSON_ATTRIBUTE"),
        ),
        (
            json!({ "name": name, "numShards": 1 }),
            (400, "INVALID_ATTRIBUTE"),
        ),
        (json!([]), (400, "MALFORMED_JSON")),
    ] {
        let refused = caller.post("/groups/{Shop}/clusters", wanted.clone());
        assert_eq!(code(&refused), expected, "{wanted}");
    }
    assert_eq!(caller.get("/groups/{Shop}/clusters").1["totalCount"], 1);
}

#[test]
fn machines_that_are_not_to_be_had_are_refused() {
    let mut caller = Caller::with("fresh", |scenario| {
        scenario.atlas.no_capacity = vec!["EU_WEST_3".to_owned()];
    });
    let region = "/replicationSpecs/0/regionConfigs/0";
    let nodes = format!("{region}/electableSpecs");
    let name = "shop-prod-cluster";
    for (wanted, expected) in [
        (
            cluster_with(name, "/replicationSpecs", json!([])),
            (400, "VALIDATION_ERROR"),
        ),
        (
            cluster_with(name, &format!("{region}/regionName"), json!("ZURICH")),
            (400, "INVALID_REGION"),
        ),
        (
            cluster_with(name, &format!("{region}/regionName"), json!("EU_WEST_3")),
            (409, "OUT_OF_CAPACITY"),
        ),
        (
            cluster_with(name, &format!("{region}/priority"), json!(1)),
            (400, "VALIDATION_ERROR"),
        ),
        (
            cluster_with(name, &format!("{nodes}/instanceSize"), json!("M11")),
            (400, "INVALID_ENUM_VALUE"),
        ),
        (
            cluster_with(name, &format!("{nodes}/diskSizeGB"), json!(null)),
            (400, "MISSING_ATTRIBUTE"),
        ),
        (
            cluster_with(name, &format!("{nodes}/diskSizeGB"), json!(9)),
            (400, "VALIDATION_ERROR"),
        ),
        (
            cluster_with(
                name,
                &format!("{region}/autoScaling/compute/enabled"),
                json!(true),
            ),
            (400, "COMPUTE_AUTO_SCALING_MAX_INSTANCE_SIZE_REQUIRED"),
        ),
    ] {
        let refused = caller.post("/groups/{Shop}/clusters", wanted.clone());
        assert_eq!(code(&refused), expected, "{wanted}");
    }
    assert_eq!(caller.get("/groups/{Shop}/clusters").1["totalCount"], 1);
}

#[test]
fn nothing_is_made_without_a_card_and_nothing_changed_while_paused() {
    let mut caller = Caller::with("fresh", |s| s.atlas.card = false);
    let refused = caller.post(
        "/groups/{Shop}/clusters",
        wanted_cluster("shop-prod-cluster"),
    );
    assert_eq!(code(&refused), (402, "NO_PAYMENT_INFORMATION_FOUND"));
    let mut caller = Caller::with("fresh", |s| s.atlas.clusters[0].paused = true);
    let one = "/groups/{Shop}/clusters/shop-dev";
    let refused = caller.patch(one, json!({ "backupEnabled": true }));
    assert_eq!(code(&refused), (409, "CANNOT_UPDATE_PAUSED_CLUSTER"));
    assert_eq!(
        caller.patch(one, json!({ "paused": false })).1["stateName"],
        "UPDATING"
    );
}

#[test]
fn an_impossible_user_is_refused_and_never_made() {
    let mut caller = Caller::with("fresh", |s| {
        s.atlas.custom_roles = vec!["billing".to_owned()]
    });
    let users = "/groups/{Shop}/databaseUsers";
    let with_roles = |roles: Value| {
        let mut wanted = wanted_user("x", "long enough");
        wanted["roles"] = roles;
        wanted
    };
    let role = |name: &str, database: &str| json!({ "roleName": name, "databaseName": database });
    for (wanted, expected) in [
        (wanted_user("x", "short"), "WEAK_PASSWORD"),
        (wanted_user("x", "12345678"), "COMMON_PASSWORD"),
        (wanted_user("a b", "long enough"), "ATLAS_INVALID_USERNAME"),
        (with_roles(json!([])), "VALIDATION_ERROR"),
        (
            with_roles(json!([role("everything", "x")])),
            "ATLAS_INVALID_ROLE",
        ),
        (
            with_roles(json!([role("atlasAdmin", "shop-prod")])),
            "ATLAS_INVALID_ROLE",
        ),
        (
            with_roles(json!([role("read", "x"), role("read", "x")])),
            "DUPLICATE_DATABASE_ROLES",
        ),
        (
            with_roles(json!([role("billing", "admin"), role("read", "x")])),
            "ATLAS_INVALID_CUSTOM_ROLE_ASSIGNMENT",
        ),
        (json!({ "databaseName": "admin" }), "MISSING_ATTRIBUTE"),
        (
            json!({ "databaseName": "admin", "username": 7 }),
            "INVALID_JSON_ATTRIBUTE",
        ),
    ] {
        assert_eq!(
            code(&caller.post(users, wanted.clone())),
            (400, expected),
            "{wanted}"
        );
    }
    let taken = caller.post(users, wanted_user("shop_dev_user", "long enough"));
    assert_eq!(code(&taken), (409, "USER_ALREADY_EXISTS"));
    let nowhere = "/groups/111111111111111111111111/databaseUsers";
    assert_eq!(
        code(&caller.post(nowhere, wanted_user("x", "long enough"))),
        (404, "GROUP_NOT_FOUND")
    );
    let one = "/groups/{Shop}/databaseUsers/admin/shop_dev_user";
    let renamed = caller.patch(one, json!({ "username": "other" }));
    assert_eq!(code(&renamed), (409, "DATABASE_USERNAME_CANNOT_BE_CHANGED"));
    let nobody = "/groups/{Shop}/databaseUsers/admin/nobody";
    assert_eq!(code(&caller.get(nobody)), (404, "USERNAME_NOT_FOUND"));
    assert_eq!(caller.delete(nobody).0, 404);
    assert_eq!(caller.delete(one).0, 204);
    assert_eq!(caller.get(users).1["totalCount"], 0);
    for n in 0..100 {
        assert_eq!(
            caller
                .post(users, wanted_user(&format!("u{n}"), "long enough"))
                .0,
            201
        );
    }
    let full = caller.post(users, wanted_user("one-more", "long enough"));
    assert_eq!(code(&full), (403, "GROUP_USERS_LIMIT_EXCEEDED"));
}

#[test]
fn an_impossible_entry_is_refused_and_never_made() {
    let mut caller = Caller::calm("fresh");
    let list = "/groups/{Shop}/accessList";
    let late = (caller.desk.now + jiff::SignedDuration::from_hours(8 * 24)).to_string();
    for (wanted, expected) in [
        (json!([{ "cidrBlock": "10.0.0.1/8" }]), "INVALID_CIDR_BLOCK"),
        (json!([{ "ipAddress": "10.0.0.0/8" }]), "INVALID_IP_ADDRESS"),
        (
            json!([{ "ipAddress": "192.0.2.1", "cidrBlock": "192.0.2.1/32" }]),
            "VALIDATION_ERROR",
        ),
        (json!([{ "comment": "nothing" }]), "VALIDATION_ERROR"),
        (
            json!([{ "ipAddress": "192.0.2.1" }, { "cidrBlock": "192.0.2.1/32" }]),
            "DUPLICATE_ADDRESSES_IN_INPUT",
        ),
        (
            json!([{ "ipAddress": "192.0.2.1", "comment": "x".repeat(81) }]),
            "VALIDATION_ERROR",
        ),
        (
            json!([{ "ipAddress": "192.0.2.1", "deleteAfterDate": late }]),
            "VALIDATION_ERROR",
        ),
        (
            json!([{ "ipAddress": "192.0.2.1", "deleteAfterDate": "tomorrow" }]),
            "INVALID_JSON_ATTRIBUTE",
        ),
        (
            json!([{ "awsSecurityGroup": "sg-1" }]),
            "CANNOT_ADD_AWS_SECURITY_GROUP",
        ),
        (json!({ "ipAddress": "192.0.2.1" }), "MALFORMED_JSON"),
        (json!([]), "MALFORMED_JSON"),
    ] {
        assert_eq!(
            code(&caller.post(list, wanted.clone())),
            (400, expected),
            "{wanted}"
        );
    }
    let many: Vec<Value> = (0..200)
        .map(|n| json!({ "ipAddress": format!("192.0.2.{n}") }))
        .collect();
    let refused = caller.post(list, json!(many));
    assert_eq!(
        code(&refused),
        (403, "ATLAS_NETWORK_PERMISSIONS_LIMIT_EXCEEDED")
    );
    assert_eq!(caller.get(list).1["totalCount"], 1);
}
