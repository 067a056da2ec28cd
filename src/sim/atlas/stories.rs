//! Stories of a caller at this Atlas: from the key to a database that lets one in.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::seam::documents::Login;
use crate::seam::transport::{HttpResponse, Method};
use crate::secret::Secret;
use crate::sim::chronicle::{Entry, Text};
use crate::sim::desk::{Desk, scenario};
use crate::sim::{Call, MadeBy, Provider, Scenario, World};

/// A caller at Atlas who knows the media types, and renews the access token when it is dead.
pub struct Caller {
    pub desk: Desk,
    /// Ids of projects by their name.
    pub groups: BTreeMap<String, String>,
    /// What a rehearsal would remember.
    remembered: Vec<Entry>,
}

pub const JSON: &str = "application/vnd.atlas.2025-03-12+json";

impl Caller {
    pub fn calm(name: &str) -> Caller {
        Caller::with(name, |_| {})
    }

    /// At a world without lag, changed a little.
    pub fn with(name: &str, change: impl FnOnce(&mut Scenario)) -> Caller {
        let scenario = scenario(name, |scenario| {
            scenario.lag = false;
            change(scenario);
        });
        Caller::at(&scenario)
    }

    pub fn at(scenario: &Scenario) -> Caller {
        let mut caller = Caller {
            desk: Desk::at(scenario).turn_to(Provider::Atlas),
            groups: BTreeMap::new(),
            remembered: Vec::new(),
        };
        caller.renew();
        let projects = &caller.desk.world.atlas.state.current().projects;
        caller.groups = projects
            .iter()
            .map(|project| (project.name.clone(), project.id.clone()))
            .collect();
        caller
    }

    /// Takes a new access token, which the calls carry from now on.
    pub fn renew(&mut self) {
        let response = self.ask_token("grant_type=client_credentials");
        assert_eq!(response.status, 200);
        let body: Value = serde_json::from_slice(&response.body).unwrap();
        assert_eq!(body["expires_in"], 3600);
        let token = body["access_token"].as_str().unwrap();
        self.desk.authorization = format!("Bearer {token}");
    }

    pub fn ask_token(&mut self, form: &str) -> HttpResponse {
        let signature = self.desk.world.signatures(Provider::Atlas).remove(0);
        let mut call = self.call_for(Method::Post, "/api/oauth/token", None);
        call.headers[1].1 = signature;
        call.body = Some(form.as_bytes().to_vec());
        self.send(&call)
    }

    /// A call below `/api/atlas/v2`, or of a full path, without the headers of versions for the latter.
    pub fn call_for(&self, method: Method, path: &str, body: Option<Value>) -> Call {
        let full = match path.starts_with("/api") {
            true => path.to_owned(),
            false => format!("/api/atlas/v2{}", self.named(path)),
        };
        let mut call = self.desk.call_for(method, &full, body);
        for name in ["Accept", "Content-Type"] {
            call.headers.push((name.to_owned(), JSON.to_owned()));
        }
        call
    }

    /// `{Shop}` in a path is the id of that project.
    fn named(&self, path: &str) -> String {
        let groups = self.groups.iter();
        groups.fold(path.to_owned(), |path, (name, id)| {
            path.replace(&format!("{{{name}}}"), id)
        })
    }

    pub fn send(&mut self, call: &Call) -> HttpResponse {
        let response = self.desk.raw(call);
        let entry = Entry::of_last_call(&self.desk.world, call);
        self.remembered.extend(entry);
        response
    }

    pub fn call(&mut self, method: Method, path: &str, body: Option<Value>) -> (u16, Value) {
        self.desk.wait(1);
        let call = self.call_for(method, path, body);
        let response = self.send(&call);
        let body = serde_json::from_slice(&response.body).unwrap_or(Value::Null);
        (response.status, body)
    }

    pub fn get(&mut self, path: &str) -> (u16, Value) {
        self.call(Method::Get, path, None)
    }

    pub fn post(&mut self, path: &str, body: Value) -> (u16, Value) {
        self.call(Method::Post, path, Some(body))
    }

    pub fn patch(&mut self, path: &str, body: Value) -> (u16, Value) {
        self.call(Method::Patch, path, Some(body))
    }

    pub fn delete(&mut self, path: &str) -> (u16, Value) {
        self.call(Method::Delete, path, None)
    }

    /// How a login ended, with the roles of who is in.
    pub fn login(&mut self, host: &str, user: &str, password: &str) -> String {
        let (now, password) = (self.desk.now, Secret::new(password));
        match self.desk.world.login(now, host, user, &password) {
            Login::In(rights) => {
                let roles = rights.roles.iter();
                let roles: Vec<String> =
                    roles.map(|(role, on)| format!("{role} on {on}")).collect();
                format!("in: {}", roles.join(", "))
            }
            Login::Refused(_) => "refused".to_owned(),
            Login::NoAnswer(_) => "no answer".to_owned(),
            Login::Nowhere(why) => panic!("{why}"),
        }
    }

    /// The password that the world's operator knows.
    pub fn known_password(&self) -> String {
        self.desk.world.tokens["mongodb_dev"].clone()
    }
}

/// Status and code of a refusal.
pub fn code(answer: &(u16, Value)) -> (u16, &str) {
    (answer.0, answer.1["errorCode"].as_str().unwrap_or_default())
}

/// What the plan asks for.
pub fn wanted_cluster(name: &str) -> Value {
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

pub fn wanted_user(name: &str, password: &str) -> Value {
    json!({
        "databaseName": "admin", "username": name, "password": password,
        "roles": [{ "roleName": "readWrite", "databaseName": "shop-prod" }],
        "scopes": [{ "name": "shop-prod-cluster", "type": "CLUSTER" }],
    })
}

const HERE: &str = "203.0.113.9";
const PROD: &str = "shop-prod-cluster.a1b2c.mongodb.net";
const DEV: &str = "shop-dev.d3e4f.mongodb.net";

#[test]
fn a_database_for_production_is_made_as_the_plan_wants_it() {
    let mut caller = Caller::calm("fresh");
    let clusters = "/groups/{Shop}/clusters";
    let one = "/groups/{Shop}/clusters/shop-prod-cluster";
    assert_eq!(code(&caller.get(one)), (404, "CLUSTER_NOT_FOUND"));
    let (status, made) = caller.post(clusters, wanted_cluster("shop-prod-cluster"));
    assert_eq!(status, 201, "{made}");
    assert_eq!(made["stateName"], "CREATING");
    assert_eq!(made["connectionStrings"], json!({}));
    let again = caller.post(clusters, wanted_cluster("shop-prod-cluster"));
    assert_eq!(code(&again), (400, "DUPLICATE_CLUSTER_NAME"));
    caller.desk.wait(11 * 60);
    assert_eq!(caller.get(one).1["stateName"], "CREATING");
    caller.desk.wait(4 * 60);
    let (_, ready) = caller.get(one);
    assert_eq!(ready["stateName"], "IDLE");
    assert_eq!(
        ready["connectionStrings"]["standardSrv"],
        format!("mongodb+srv://{PROD}")
    );
    let region = &ready["replicationSpecs"][0]["regionConfigs"][0];
    assert_eq!(region["electableSpecs"]["instanceSize"], "M10");

    let password = "Zt5xWq81nPbD0kVsYc3mRj7uAe9hGf2L";
    let users = "/groups/{Shop}/databaseUsers";
    let (status, user) = caller.post(users, wanted_user("shop-prod-user", password));
    assert_eq!((status, &user["password"]), (201, &Value::Null), "{user}");
    caller.desk.wait(120);
    // Nothing is known of the password as long as the list does not let this machine through.
    assert_eq!(caller.login(PROD, "shop-prod-user", "wrong"), "no answer");
    let here = json!([{ "ipAddress": HERE, "comment": "golive" }]);
    assert_eq!(caller.post("/groups/{Shop}/accessList", here).0, 201);
    assert_eq!(caller.login(PROD, "shop-prod-user", password), "no answer");
    caller.desk.wait(60);
    assert_eq!(caller.login(PROD, "shop-prod-user", "wrong"), "refused");
    assert_eq!(
        caller.login(PROD, "shop-prod-user", password),
        "in: readWrite on shop-prod"
    );
    // Its scope leaves the other cluster of the project out.
    assert_eq!(caller.login(DEV, "shop-prod-user", password), "refused");
    let ledger = caller.desk.world.ledger();
    let made = ledger
        .objects
        .iter()
        .filter(|o| o.made_by == MadeBy::Golive);
    let made: Vec<(&str, &str)> = made.map(|o| (&*o.kind, &*o.id)).collect();
    assert_eq!(
        made,
        [
            ("cluster", "Shop/shop-prod-cluster"),
            ("database_user", "Shop/shop-prod-user"),
            ("access_entry", "Shop/203.0.113.9/32"),
        ]
    );
}

#[test]
fn a_user_that_is_changed_has_exactly_the_roles_that_were_sent() {
    let mut caller = Caller::calm("fresh");
    let user = "/groups/{Shop}/databaseUsers/admin/shop_dev_user";
    let (_, before) = caller.get(user);
    let mut roles = before["roles"].as_array().unwrap().clone();
    assert_eq!(roles.len(), 2);
    assert_eq!(roles[1]["collectionName"], "monthly");
    let (status, careless) = caller.patch(
        user,
        json!({ "roles": [{ "roleName": "readWrite", "databaseName": "shop-staging" }] }),
    );
    assert_eq!(
        (status, careless["roles"].as_array().unwrap().len()),
        (200, 1)
    );
    roles.push(json!({ "roleName": "readWrite", "databaseName": "shop-staging" }));
    assert_eq!(caller.patch(user, json!({ "roles": roles })).0, 200);
    let (_, after) = caller.get(user);
    assert_eq!(after["roles"], json!(roles));
    // The password alone leaves them.
    let (status, _) = caller.patch(user, json!({ "password": "another one" }));
    assert_eq!((status, &caller.get(user).1["roles"]), (200, &json!(roles)));
}

#[test]
fn the_nodes_hear_of_a_user_later_and_go_on_with_the_old_password_until_then() {
    let mut caller = Caller::calm("half");
    let known = caller.known_password();
    assert!(known.starts_with("golive-sim-mongodb-"), "{known}");
    let status = "/groups/{Shop}/clusters/shop-dev/status";
    assert_eq!(caller.get(status).1["changeStatus"], "APPLIED");
    let in_with = |login: String| {
        login
            == "in: read@reports.monthly on admin, readWrite on shop-dev, readWrite on shop-staging"
    };
    assert!(in_with(caller.login(DEV, "shop_dev_user", &known)));
    assert_eq!(caller.login(DEV, "shop_dev_user", "guessed"), "refused");
    let user = "/groups/{Shop}/databaseUsers/admin/shop_dev_user";
    assert_eq!(
        caller.patch(user, json!({ "password": "brand-new-1" })).0,
        200
    );
    assert_eq!(caller.get(status).1["changeStatus"], "PENDING");
    assert!(in_with(caller.login(DEV, "shop_dev_user", &known)));
    assert_eq!(caller.login(DEV, "shop_dev_user", "brand-new-1"), "refused");
    caller.desk.wait(45);
    assert_eq!(caller.get(status).1["changeStatus"], "APPLIED");
    assert!(in_with(caller.login(DEV, "shop_dev_user", "brand-new-1")));
    assert_eq!(caller.login(DEV, "shop_dev_user", &known), "refused");
    assert_eq!(caller.login(DEV, "nobody", &known), "refused");
    assert_eq!(
        caller.login("elsewhere.x.mongodb.net", "shop_dev_user", &known),
        "no answer"
    );
}

#[test]
fn an_entry_is_pending_first_and_a_temporary_one_really_ends() {
    let mut caller = Caller::calm("fresh");
    let ends = (caller.desk.now + jiff::SignedDuration::from_hours(4)).to_string();
    let list = "/groups/{Shop}/accessList";
    let entries = json!([
        { "ipAddress": HERE, "comment": "golive: here", "deleteAfterDate": ends },
        { "cidrBlock": "74.220.51.0/24", "comment": "golive: render" },
    ]);
    let (status, answer) = caller.post(list, entries.clone());
    assert_eq!(
        (status, &answer["totalCount"]),
        (201, &json!(3)),
        "{answer}"
    );
    let one = "/groups/{Shop}/accessList/203.0.113.9%2F32";
    let (_, entry) = caller.get(one);
    assert_eq!(
        (&entry["cidrBlock"], &entry["ipAddress"]),
        (&json!("203.0.113.9/32"), &json!(HERE))
    );
    assert_eq!(caller.get(&format!("{one}/status")).1["STATUS"], "PENDING");
    caller.desk.wait(45);
    assert_eq!(caller.get(&format!("{one}/status")).1["STATUS"], "ACTIVE");
    // Sent once more, it stays one entry.
    assert_eq!(caller.post(list, entries).1["totalCount"], 3);
    assert_eq!(caller.get(&format!("{one}/status")).1["STATUS"], "ACTIVE");
    let known = caller.known_password();
    assert!(
        caller
            .login(DEV, "shop_dev_user", &known)
            .starts_with("in: ")
    );
    caller.desk.wait(4 * 3600);
    assert_eq!(caller.login(DEV, "shop_dev_user", &known), "no answer");
    caller.renew();
    let (status, gone) = caller.get(one);
    assert_eq!(
        (status, &gone["errorCode"]),
        (404, &json!("ATLAS_NETWORK_PERMISSION_ENTRY_NOT_FOUND"))
    );
    let ledger = caller.desk.world.ledger();
    let entry = ledger.objects.iter().find(|o| o.name == "203.0.113.9/32");
    assert!(entry.is_some_and(|entry| !entry.alive));
    assert_eq!(
        caller
            .delete("/groups/{Shop}/accessList/74.220.51.0%2F24")
            .0,
        204
    );
    assert_eq!(
        caller
            .delete("/groups/{Shop}/accessList/74.220.51.0%2F24")
            .0,
        404
    );
}

#[test]
fn with_lag_an_entry_may_be_missing_right_after_it_was_made() {
    let mut caller = Caller::at(&scenario("fresh", |_| {}));
    caller.desk.wait(60);
    let entry = json!([{ "cidrBlock": "74.220.51.0/24", "comment": "x" }]);
    let add = caller.call_for(Method::Post, "/groups/{Shop}/accessList", Some(entry));
    assert_eq!(caller.send(&add).status, 201);
    let one = caller.call_for(
        Method::Get,
        "/groups/{Shop}/accessList/74.220.51.0%2F24",
        None,
    );
    assert_eq!(caller.send(&one).status, 404);
    let list = caller.call_for(Method::Get, "/groups/{Shop}/accessList", None);
    let total = |caller: &mut Caller| -> Value {
        let body = caller.send(&list).body;
        serde_json::from_slice::<Value>(&body).unwrap()["totalCount"].clone()
    };
    assert_eq!(total(&mut caller), 1);
    caller.desk.wait(3);
    let seen: Vec<Value> = (0..20).map(|_| total(&mut caller)).collect();
    assert!(
        seen.contains(&json!(1)) && seen.contains(&json!(2)),
        "{seen:?}"
    );
    caller.desk.wait(30);
    assert_eq!(
        (caller.send(&one).status, total(&mut caller)),
        (200, json!(2))
    );
}

#[test]
fn a_flex_cluster_has_its_own_interface_and_a_shared_one_has_not() {
    let mut caller = Caller::calm("foreign");
    let (status, refusal) = caller.get("/groups/{Shop}/clusters/shop-dev");
    assert_eq!(
        (status, &refusal["errorCode"]),
        (400, &json!("CANNOT_USE_FLEX_CLUSTER_IN_CLUSTER_API"))
    );
    let (status, flex) = caller.get("/groups/{Shop}/flexClusters/shop-dev");
    assert_eq!(
        (status, &flex["providerSettings"]["providerName"]),
        (200, &json!("FLEX"))
    );
    assert_eq!(
        flex["connectionStrings"]["standardSrv"],
        format!("mongodb+srv://{DEV}")
    );
    let (status, refusal) = caller.get("/groups/{Shop}/flexClusters/archive");
    assert_eq!(
        (status, &refusal["errorCode"]),
        (400, &json!("CANNOT_USE_NON_FLEX_CLUSTER_IN_FLEX_API"))
    );
    let (_, shared) = caller.get("/groups/{Shop}/clusters/playground");
    let region = &shared["replicationSpecs"][0]["regionConfigs"][0];
    assert_eq!(
        (
            &region["providerName"],
            &region["electableSpecs"]["instanceSize"]
        ),
        (&json!("TENANT"), &json!("M0"))
    );
    assert_eq!(caller.get("/groups/{Shop}/clusters").1["totalCount"], 2);
    assert_eq!(caller.get("/groups/{Shop}/flexClusters").1["totalCount"], 1);
    // The project that the key does not belong to is not among its own.
    assert_eq!(caller.get("/groups").1["totalCount"], 1);
}

#[test]
fn what_protects_a_cluster_can_be_switched_on_and_then_it_cannot_be_deleted() {
    let mut caller = Caller::calm("half");
    let one = "/groups/{Shop}/clusters/shop-prod-cluster";
    let (status, changed) = caller.patch(one, json!({ "terminationProtectionEnabled": true }));
    assert_eq!((status, &changed["stateName"]), (200, &json!("UPDATING")));
    assert_eq!(changed["backupEnabled"], true);
    caller.desk.wait(90);
    assert_eq!(caller.get(one).1["stateName"], "IDLE");
    let code = "CANNOT_TERMINATE_CLUSTER_WHEN_TERMINATION_PROTECTION_ENABLED";
    let (status, refusal) = caller.delete(one);
    assert_eq!((status, &refusal["errorCode"]), (400, &json!(code)));
    let told = caller
        .desk
        .act("edit atlas/cluster/shop-prod-cluster")
        .unwrap();
    assert!(told.contains("shop-prod-cluster"), "{told}");
    assert_eq!(caller.delete(one).0, 202);
    assert_eq!(caller.get(one).1["stateName"], "DELETING");
    caller.desk.wait(300);
    assert_eq!(caller.get(one).0, 404);
}

#[test]
fn people_change_what_golive_has_seen() {
    let mut caller = Caller::calm("half");
    let user = "/groups/{Shop}/databaseUsers/admin/shop_dev_user";
    caller.desk.act("edit atlas/user/shop_dev_user").unwrap();
    assert_eq!(caller.get(user).1["roles"].as_array().unwrap().len(), 2);
    for _ in 0..3 {
        caller.desk.act("edit atlas/user/shop_dev_user").unwrap();
    }
    assert_eq!(caller.get(user).1["roles"][0]["roleName"], "read");
    caller.desk.act("edit atlas/access/0.0.0.0/0").unwrap();
    assert_eq!(caller.get("/groups/{Shop}/accessList").1["totalCount"], 1);
    for absent in [
        "user/nobody",
        "access/0.0.0.0/0",
        "access/x",
        "cluster/x",
        "planet/x",
        "x",
    ] {
        let error = caller
            .desk
            .act(&format!("edit atlas/{absent}"))
            .unwrap_err();
        assert!(error.contains(absent), "{error}");
    }
}

/// A token for few calls, from this machine alone.
fn strict() -> Scenario {
    scenario("fresh", |scenario| {
        scenario.lag = false;
        scenario.atlas.api_access_list.addresses = vec![HERE.to_owned()];
        scenario.atlas.token_calls = Some(4);
    })
}

/// Makes and changes users, an entry and a cluster, and gives the token back, which it answers with.
fn live(caller: &mut Caller, password: &str) -> String {
    let known = caller.known_password();
    let users = "/groups/{Shop}/databaseUsers";
    let dev = "/groups/{Shop}/databaseUsers/admin/shop_dev_user";
    let here = json!([{ "ipAddress": HERE }]);
    assert_eq!(
        caller
            .post(users, wanted_user("shop-prod-user", password))
            .0,
        201
    );
    assert_eq!(
        caller.patch(dev, json!({ "password": "for a moment" })).0,
        200
    );
    assert_eq!(caller.patch(dev, json!({ "password": known })).0, 200);
    // The last call of this token: dead afterwards, and yet it was carried out.
    assert_eq!(caller.post("/groups/{Shop}/accessList", here).0, 201);
    assert_eq!(caller.get("/groups").0, 401);
    caller.renew();
    let wanted = wanted_cluster("shop-prod-cluster");
    assert_eq!(caller.post("/groups/{Shop}/clusters", wanted).0, 201);
    let token = caller.desk.authorization.replace("Bearer ", "");
    let mut revoke = caller.call_for(Method::Post, "/api/oauth/revoke", None);
    revoke.headers[1].1 = caller.desk.world.signatures(Provider::Atlas).remove(0);
    revoke.body = Some(format!("token={token}&token_type_hint=access_token").into_bytes());
    assert_eq!(caller.send(&revoke).status, 200);
    assert_eq!(caller.get("/groups").0, 401);
    token
}

#[test]
fn a_rehearsal_comes_to_the_same_databases_without_remembering_a_password() {
    let mut caller = Caller::at(&strict());
    let start = caller.desk.world.now();
    let password = "Zt5xWq81nPbD0kVsYc3mRj7uAe9hGf2L";
    let known = caller.known_password();
    let token = live(&mut caller, password);
    let lines = serde_json::to_string(&caller.remembered).unwrap();
    for secret in [password, "for a moment", "golive-sim", &known, &token] {
        assert!(!lines.contains(secret), "{secret} in {lines}");
    }
    // A person would come to the same place through a file; here the entries are lived through one by one.
    let mut again = World::new(&strict(), caller.desk.world.seed(), start);
    for entry in &caller.remembered {
        entry.replay(&mut again).unwrap();
    }
    let old = caller.desk.world.ledger();
    assert_eq!(again.ledger().objects, old.objects);
    let live = again.signatures(Provider::Atlas);
    assert!(!live.iter().any(|header| header.ends_with(&token)));
    caller.desk.world = again;
    caller.desk.wait(1000);
    assert!(
        caller
            .login(PROD, "shop-prod-user", password)
            .starts_with("in: ")
    );
    assert!(
        caller
            .login(DEV, "shop_dev_user", &known)
            .starts_with("in: ")
    );
    assert_eq!(
        caller.login(DEV, "shop_dev_user", "for a moment"),
        "refused"
    );
    let form = caller.remembered.iter().find_map(|entry| match entry {
        Entry::Call(call) if call.path.ends_with("token") => call.body.clone(),
        _ => None,
    });
    assert_eq!(
        form,
        Some(Text::Utf8("grant_type=client_credentials".to_owned()))
    );
}
