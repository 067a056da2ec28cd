//! The simulated GoDaddy against its document: both of its APIs, every endpoint, and what each refuses.

use golive::seam::transport::Method;
use golive::sim::Provider;
use serde_json::{Value, json};

use crate::caller::{self, Caller};
use crate::validator::{Exception, Lack};

/// In what GoDaddy differs from its document.
pub const EXCEPTIONS: &[Exception] = &[
    Exception::new(
        "GET /v1/domains/{domain}/records",
        Lack::Endpoint,
        "lists without a name are answered, though no published document has them",
    ),
    Exception::new(
        "PUT /v1/domains/{domain}/records",
        Lack::Endpoint,
        "the replacement of a whole zone is left out of the document on purpose; the test knows what it does",
    ),
];

/// In what a busy zone differs besides.
const BUSY: &[Exception] = &[Exception::new(
    "PATCH /v1/domains/{domain}/records",
    Lack::Status(409),
    "a busy zone is reported at every change, declared only at deletions",
)];

const V1: &str = "/v1/domains/acmeshop.example/records";
const V3: &str = "/v3/domains/zones/acmeshop.example/dns-records";

fn record(kind: &str, name: &str, data: &str) -> Value {
    json!({ "type": kind, "name": name, "data": data, "ttl": 600 })
}

fn old_api(caller: &mut Caller) {
    caller.below(V1);
    assert_eq!(caller.get("/v1/domains").0, 200);
    assert_eq!(caller.get("/v1/domains/acmeshop.example").0, 200);
    assert_eq!(caller.get("/v1/domains/example.com").0, 403);
    assert_eq!(caller.get("/v1/domains/www.acmeshop.example").0, 404);
    for set in ["CNAME/www", "MX/@", "NS/@", "SOA/@", "TXT/@", "A/nothing"] {
        assert_eq!(caller.get(&format!("./{set}")).0, 200, "{set}");
    }
    assert_eq!(caller.get("./TXT/@?limit=1&offset=2").0, 200);
    assert_eq!(caller.get("./PTR/@").0, 422);
    assert_eq!(caller.get(".").0, 200);
    let target = json!([{ "data": "a.vercel-dns-017.com", "ttl": 600 }]);
    assert_eq!(caller.put("./CNAME/www", target.clone()).0, 200);
    assert_eq!(
        caller.put("./A/www", json!([{ "data": "192.0.2.1" }])).0,
        422
    );
    assert_eq!(caller.put("./A/nothing", json!([{ "data": "x" }])).0, 422);
    let text = record("TXT", "_vercel", "vc-domain-verify=x");
    assert_eq!(caller.patch(".", json!([text])).0, 200);
    assert_eq!(caller.patch(".", json!([text])).0, 422);
    assert_eq!(caller.delete("./TXT/_vercel").0, 204);
    assert_eq!(caller.delete("./TXT/_vercel").0, 404);
    assert_eq!(caller.put(".", json!([text])).0, 200);
}

fn present_api(caller: &mut Caller) {
    caller.below(V3);
    let domain = "/v3/domains/domain-names";
    assert_eq!(caller.get(&format!("{domain}/acmeshop.example")).0, 200);
    assert_eq!(caller.get(&format!("{domain}/example.com")).0, 404);
    assert_eq!(
        caller.get("/v3/domains/zones/example.com/dns-records").0,
        404
    );
    assert_eq!(caller.get(".").0, 200);
    assert_eq!(caller.get(&format!("{V3}?pageSize=0")).0, 400);
    let whole = format!("{V3}?page=1&pageSize=2&totalRequired=true&type=TXT&name=@");
    assert_eq!(caller.get(&whole).0, 200);
    let wanted = record("CNAME", "api", "shop.onrender.com");
    let (status, made) = caller.post(".", wanted.clone());
    assert_eq!(status, 201, "{made}");
    assert_eq!(caller.post(".", wanted).0, 422);
    let mail =
        json!({ "type": "MX", "name": "@", "data": "mx3.example.com", "ttl": 600, "priority": 5 });
    assert_eq!(caller.post(".", mail).0, 201);
    let caa = json!({ "type": "CAA", "name": "@", "data": "letsencrypt.org", "ttl": 600, "flag": 0, "tag": "issue" });
    assert_eq!(caller.post(".", caa).0, 201);
    assert_eq!(caller.get(&format!("{V3}?type=CAA")).0, 200);
    let id = made["recordId"].as_str().expect("an id").to_owned();
    assert_eq!(caller.delete(&format!("./{id}")).0, 204);
    assert_eq!(caller.delete(&format!("./{id}")).0, 404);
    let (_, fixed) = caller.get(&format!("{V3}?type=SOA"));
    let id = fixed["items"][0]["recordId"]
        .as_str()
        .expect("an id")
        .to_owned();
    assert_eq!(caller.delete(&format!("./{id}")).0, 409);
}

#[test]
fn every_exchange_has_the_shape_that_the_document_promises() {
    let world = caller::world("fresh", |scenario| {
        scenario.lag = false;
        scenario.dns.busy_s = 0;
    });
    let Some(mut caller) = Caller::new(Provider::Godaddy, EXCEPTIONS, world) else {
        return;
    };
    old_api(&mut caller);
    present_api(&mut caller);
    caller.sign("sso-key nobody:nothing");
    assert_eq!(caller.get(&format!("{V1}/CNAME/www")).0, 401);
    assert_eq!(caller.get(V3).0, 401);
    caller.finish(24);
}

#[test]
fn a_protected_and_busy_zone_is_worded_as_the_rest() {
    let world = caller::world("fresh", |scenario| {
        scenario.lag = false;
        scenario.dns.busy_s = 3;
        scenario.dns.protected = true;
    });
    let Some(mut caller) = Caller::new(Provider::Godaddy, BUSY, world) else {
        return;
    };
    caller.below(V1);
    assert_eq!(caller.post(V3, record("TXT", "x", "hello")).0, 201);
    assert_eq!(
        caller.patch(".", json!([record("A", "y", "192.0.2.1")])).0,
        409
    );
    assert_eq!(caller.get("./TXT/x").1[0]["data"], "");
    assert_eq!(caller.delete("./TXT/x").0, 204);
    assert_eq!(caller.text(Method::Delete, "./TXT/x", None).0, 409);
    caller.finish(4);
}
