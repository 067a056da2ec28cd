//! Stories of a cluster that is there, on its way, or not at all.

use serde_json::{Value, json};

use super::*;

fn wish() -> AtlasCluster {
    AtlasCluster {
        key: "prod".into(),
        name: "bondigoo-prod-cluster".into(),
        expected_host: "bondigoo-prod-cluster.btsivoa.mongodb.net".into(),
        provider: "AWS".into(),
        region: "EU_CENTRAL_1".into(),
        tier: "M10".into(),
        near: "frankfurt".into(),
    }
}

fn absent() -> Seen {
    Seen {
        cluster: Observed::Absent,
        regions: vec!["EU_CENTRAL_1".into(), "EU_WEST_1".into()],
        group: "32b6e34b3d91647abb20e7b8".into(),
    }
}

fn there(change: impl FnOnce(&mut Value)) -> Seen {
    let mut cluster = json!({
        "id": "7", "name": "bondigoo-prod-cluster", "stateName": "IDLE", "backupEnabled": true,
        "terminationProtectionEnabled": true, "paused": false, "createDate": "2026-11-24T09:51:02Z",
        "connectionStrings": {"standardSrv": "mongodb+srv://bondigoo-prod-cluster.btsivoa.mongodb.net"},
        "replicationSpecs": [{"regionConfigs": [{"providerName": "AWS", "regionName": "EU_CENTRAL_1",
            "electableSpecs": {"instanceSize": "M10"}}]}]
    });
    change(&mut cluster);
    Seen {
        cluster: Observed::Present(AnyCluster::Own(Box::new(
            serde_json::from_value(cluster).unwrap(),
        ))),
        ..absent()
    }
}

fn row(plan: Plan<AtlasClusterChange>) -> Row {
    match plan {
        Plan::Change(changes) => changes[0].row(&ItemId::new("3.cluster")),
        other => panic!("no change: {other:?}"),
    }
}

fn blocked(wish: &AtlasCluster, seen: &Seen) -> String {
    match wish.plan(&Known::default(), seen) {
        Plan::Blocked(blocker) => blocker.sentence(),
        other => panic!("not blocked: {other:?}"),
    }
}

#[test]
fn a_missing_cluster_is_created_and_its_price_shown() {
    let row = row(wish().plan(&Known::default(), &absent()));
    assert_eq!(
        row.to_string(),
        "+ cluster bondigoo-prod-cluster: M10, AWS EU_CENTRAL_1, with backup and termination protection, price unknown"
    );
    assert!(row.undo == Undo::OneWay && row.price.is_some());
}

#[test]
fn what_atlas_would_not_take_is_told_before_anything_is_made() {
    let with = |change: fn(&mut AtlasCluster)| {
        let mut wish = wish();
        change(&mut wish);
        blocked(&wish, &absent())
    };
    assert!(with(|wish| wish.tier = "M5".into()).contains("write M10 or more"));
    assert!(with(|wish| wish.tier = "huge".into()).contains("write M10 or more"));
    let region = with(|wish| wish.region = "MARS_1".into());
    assert!(region.contains("no region MARS_1") && region.contains("EU_WEST_1"));
    assert!(with(|wish| wish.name = "a_b".into()).contains("cannot be a cluster's name"));
    assert!(with(|wish| wish.name = "a".repeat(65)).contains("65 characters"));
    assert!(with(|wish| wish.name = format!("{}-x", "a".repeat(22))).contains("hyphen"));
}

#[test]
fn a_cluster_that_is_being_made_is_waited_for() {
    let seen = there(|cluster| {
        cluster["stateName"] = json!("CREATING");
        cluster["connectionStrings"] = json!({});
    });
    let Plan::Wait(wait) = wish().plan(&Known::default(), &seen) else {
        panic!("no wait");
    };
    assert_eq!(wait.seen, "CREATING since 2026-11-24T09:51:02Z");
    assert_eq!(
        (wait.look_every.as_secs(), wait.worst_case.as_secs()),
        (30, 2700)
    );
    let hostless = there(|cluster| cluster["connectionStrings"]["standardSrv"] = json!(""));
    assert!(matches!(
        wish().plan(&Known::default(), &hostless),
        Plan::Wait(_)
    ));
}

#[test]
fn an_equal_cluster_is_adopted() {
    let seen = there(|_| {});
    let Plan::Settled(evidence) = wish().plan(&Known::default(), &seen) else {
        panic!("not settled");
    };
    assert_eq!(
        evidence.text,
        "cluster bondigoo-prod-cluster (M10) is at bondigoo-prod-cluster.btsivoa.mongodb.net"
    );
    assert!(evidence.findings.is_empty());
    let outputs = wish().outputs(&seen);
    assert_eq!(
        outputs["host"].text(),
        Some("bondigoo-prod-cluster.btsivoa.mongodb.net")
    );
}

#[test]
fn what_differs_is_told_or_asked_and_never_replaced() {
    let region = there(|cluster| {
        cluster["replicationSpecs"][0]["regionConfigs"][0]["regionName"] = json!("US_EAST_1");
    });
    assert!(blocked(&wish(), &region).contains("it is at AWS US_EAST_1"));
    let paused = there(|cluster| cluster["paused"] = json!(true));
    assert!(blocked(&wish(), &paused).contains("it is paused"));
    let deleting = there(|cluster| cluster["stateName"] = json!("DELETING"));
    assert!(blocked(&wish(), &deleting).contains("deleting"));
    let flex = Seen {
        cluster: Observed::Present(AnyCluster::Flex(Default::default())),
        ..absent()
    };
    assert!(blocked(&wish(), &flex).contains("it is a Flex cluster"));
    let unprotected = there(|cluster| cluster["terminationProtectionEnabled"] = json!(false));
    let row = row(wish().plan(&Known::default(), &unprotected));
    assert_eq!(
        row.to_string(),
        "~ cluster bondigoo-prod-cluster: termination protection off → on"
    );
    assert!(row.not_made_by_golive);
}

#[test]
fn another_host_a_small_tier_and_a_far_region_are_findings() {
    let seen = there(|cluster| {
        cluster["connectionStrings"]["standardSrv"] = json!("mongodb+srv://other.mongodb.net");
    });
    let far = AtlasCluster {
        near: "oregon".into(),
        tier: "M30".into(),
        ..wish()
    };
    let Plan::Settled(evidence) = far.plan(&Known::default(), &seen) else {
        panic!("not settled");
    };
    let codes: Vec<&str> = evidence
        .findings
        .iter()
        .map(|finding| finding.code.as_str())
        .collect();
    assert_eq!(codes, ["host", "tier", "far"]);
    assert!(
        evidence.findings[0]
            .fix
            .contains("host = \"other.mongodb.net\"")
    );
}

#[test]
fn undo_leaves_a_cluster_where_it_is() {
    let seen = there(|_| {});
    let known = Known {
        made: vec![wish().found(&seen, "create").unwrap()],
        ..Known::default()
    };
    assert!(wish().undo(&known, &seen).is_empty());
}
