//! The simulated Atlas against its document: from the service account to a user that reaches a new cluster.

use golive::seam::transport::Method;
use golive::sim::Provider;
use serde_json::{Value, json};

use crate::caller::{self, Caller};
use crate::validator::{Exception, Lack};

/// In what Atlas differs from its document.
pub const EXCEPTIONS: &[Exception] = &[
    Exception::new(
        "GET /api/atlas/v2/groups/{groupId}/clusters/{clusterName}/planet",
        Lack::Endpoint,
        "asked for to see how Atlas words a path that is none",
    ),
    Exception::new(
        "PATCH /api/atlas/v2/groups/{groupId}/databaseUsers/{databaseName}/{username}",
        Lack::Sent("/roles"),
        "the document wants the roles in every change; recorded changes of the password alone leave them out",
    ),
    Exception::new(
        "DELETE /api/atlas/v2/groups/{groupId}/databaseUsers/{databaseName}/{username}",
        Lack::ReplyBody(204),
        "a deletion is declared with a body and answered without one",
    ),
    Exception::new(
        "DELETE /api/atlas/v2/groups/{groupId}/accessList/{entryValue}",
        Lack::ReplyBody(204),
        "a deletion is declared with a body and answered without one",
    ),
];

fn token(caller: &mut Caller) -> String {
    let form = "grant_type=client_credentials";
    let (status, given) = caller.text(Method::Post, "/api/oauth/token", Some(form));
    assert_eq!(status, 200, "{given}");
    let token = given["access_token"].as_str().expect("a token").to_owned();
    caller.sign(format!("Bearer {token}"));
    token
}

/// Answers with the id of the project.
fn projects(caller: &mut Caller) -> String {
    let (_, orgs) = caller.get("/api/atlas/v2/orgs");
    let org = orgs["results"][0]["id"].as_str().expect("an id").to_owned();
    caller.get(&format!("/api/atlas/v2/orgs/{org}"));
    caller.get(&format!("/api/atlas/v2/orgs/{org}/settings"));
    caller.get(&format!("/api/atlas/v2/orgs/{org}/groups"));
    caller.get("/api/atlas/v2/groups?itemsPerPage=1");
    let (status, shop) = caller.get("/api/atlas/v2/groups/byName/Shop");
    assert_eq!(status, 200, "{shop}");
    caller.get("/api/atlas/v2/groups/byName/Other");
    caller.get("/api/atlas/v2/groups/0123456789abcdef01234567");
    let id = shop["id"].as_str().expect("an id").to_owned();
    caller.get(&format!("/api/atlas/v2/groups/{id}"));
    id
}

/// The document declares a whole project as the body, with what only Atlas itself knows.
fn new_project(caller: &mut Caller) {
    let (_, shop) = caller.get("/api/atlas/v2/groups/byName/Shop");
    let wanted = json!({
        "name": "Other Shop", "orgId": shop["orgId"],
        "clusterCount": 0, "created": "2026-11-24T08:00:00Z",
    });
    let (status, made) = caller.post("/api/atlas/v2/groups", wanted.clone());
    assert_eq!(status, 201, "{made}");
    assert_eq!(caller.post("/api/atlas/v2/groups", wanted).0, 409);
}

fn wanted(name: &str) -> Value {
    json!({
        "name": name, "clusterType": "REPLICASET",
        "backupEnabled": true, "terminationProtectionEnabled": true,
        "replicationSpecs": [{ "regionConfigs": [{
            "providerName": "AWS", "regionName": "EU_CENTRAL_1", "priority": 7,
            "electableSpecs": { "instanceSize": "M10", "nodeCount": 3, "diskSizeGB": 10 },
            "autoScaling": { "diskGB": { "enabled": true }, "compute": { "enabled": false } },
        }] }],
        "tags": [{ "key": "managed-by", "value": "golive" }],
    })
}

fn clusters(caller: &mut Caller) {
    let one = "./clusters/shop-prod-cluster";
    caller.get("./clusters");
    assert_eq!(caller.get(one).0, 404);
    caller.get("./clusters/provider/regions?providers=AWS&tier=M10");
    let (status, made) = caller.post("./clusters", wanted("shop-prod-cluster"));
    assert_eq!(status, 201, "{made}");
    assert_eq!(
        caller.post("./clusters", wanted("shop-prod-cluster")).0,
        400
    );
    caller.get(one);
    caller.get("./clusters/shop-prod-cluster/status");
    caller.wait(16 * 60);
    assert_eq!(caller.get(one).1["stateName"], "IDLE");
    caller.get("./clusters/shop-prod-cluster/status");
    assert_eq!(caller.delete(one).0, 400);
    let open = json!({ "terminationProtectionEnabled": false });
    assert_eq!(caller.patch(one, open).0, 200);
    assert_eq!(caller.delete(one).0, 202);
    assert_eq!(caller.delete(one).0, 409);
    caller.get("./clusters/shop-prod-cluster/planet");
}

/// A project where people keep a Flex cluster and a shared one.
fn small_clusters(caller: &mut Caller) {
    assert_eq!(caller.get("./clusters/shop-dev").0, 400);
    assert_eq!(caller.get("./clusters/playground").0, 200);
    caller.get("./flexClusters");
    assert_eq!(caller.get("./flexClusters/shop-dev").0, 200);
    assert_eq!(caller.get("./flexClusters/archive").0, 400);
    assert_eq!(caller.get("./flexClusters/nowhere").0, 404);
}

fn users(caller: &mut Caller, group: &str) {
    let user = json!({
        "databaseName": "admin", "username": "shop-prod-user", "password": "long enough", "groupId": group,
        "roles": [{ "roleName": "readWrite", "databaseName": "shop-prod" }],
        "scopes": [{ "name": "shop-prod-cluster", "type": "CLUSTER" }],
    });
    let one = "./databaseUsers/admin/shop-prod-user";
    assert_eq!(caller.get(one).0, 404);
    let (status, made) = caller.post("./databaseUsers", user.clone());
    assert_eq!(status, 201, "{made}");
    assert_eq!(caller.post("./databaseUsers", user).0, 409);
    caller.get("./databaseUsers");
    caller.get("./databaseUsers/admin/shop_dev_user");
    let roles = json!({ "roles": [{ "roleName": "read", "databaseName": "shop-prod" }] });
    assert_eq!(caller.patch(one, roles).0, 200);
    assert_eq!(caller.patch(one, json!({ "roles": [] })).0, 400);
    assert_eq!(
        caller.patch(one, json!({ "password": "another one" })).0,
        200
    );
    assert_eq!(caller.delete(one).0, 204);
    assert_eq!(caller.delete(one).0, 404);
}

fn entries(caller: &mut Caller) {
    let ends = (caller.now + jiff::SignedDuration::from_hours(4)).to_string();
    let here = json!([
        { "ipAddress": "203.0.113.9", "comment": "golive", "deleteAfterDate": ends },
        { "cidrBlock": "74.220.51.0/24", "comment": "golive: Render" },
    ]);
    let one = "./accessList/203.0.113.9%2F32";
    assert_eq!(caller.get(one).0, 404);
    let (status, made) = caller.post("./accessList", here);
    assert_eq!(status, 201, "{made}");
    caller.get("./accessList?itemsPerPage=1&pageNum=2");
    caller.get(one);
    caller.get("./accessList/203.0.113.9%2F32/status");
    assert_eq!(caller.get("./accessList/192.0.2.1%2F32/status").0, 404);
    let wrong = json!([{ "cidrBlock": "10.0.0.1/8" }]);
    assert_eq!(caller.post("./accessList", wrong).0, 400);
    assert_eq!(caller.delete(one).0, 204);
    assert_eq!(caller.delete(one).0, 404);
}

#[test]
fn every_exchange_has_the_shape_that_the_document_promises() {
    let world = caller::world("fresh", |scenario| scenario.lag = false);
    let Some(mut caller) = Caller::new(Provider::Atlas, EXCEPTIONS, world) else {
        return;
    };
    token(&mut caller);
    let shop = projects(&mut caller);
    caller.below(&format!("/api/atlas/v2/groups/{shop}"));
    new_project(&mut caller);
    clusters(&mut caller);
    users(&mut caller, &shop);
    entries(&mut caller);
    caller.sign("Bearer withdrawn");
    assert_eq!(caller.get("./clusters").0, 401);
    let form = "grant_type=client_credentials";
    caller.sign("Basic bm9ib2R5OndyaXRl");
    assert_eq!(
        caller.text(Method::Post, "/api/oauth/token", Some(form)).0,
        401
    );
    caller.finish(40);
}

#[test]
fn what_people_have_made_has_the_promised_shape_too() {
    let world = caller::world("foreign", |scenario| scenario.lag = false);
    let Some(mut caller) = Caller::new(Provider::Atlas, &[], world) else {
        return;
    };
    token(&mut caller);
    let shop = projects(&mut caller);
    caller.below(&format!("/api/atlas/v2/groups/{shop}"));
    small_clusters(&mut caller);
    caller.get("./databaseUsers");
    caller.get("./databaseUsers/admin/jonas");
    caller.get("./accessList");
    caller.finish(18);
}
