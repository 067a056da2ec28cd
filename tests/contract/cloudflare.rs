//! The simulated Cloudflare against its document: the token, the zone, its records, and what each refuses.

use golive::sim::Provider;
use golive::sim::scenario::Host;
use serde_json::{Value, json};

use crate::caller::{self, Caller};
use crate::validator::{Exception, Lack};

/// In what Cloudflare differs from its document.
pub const EXCEPTIONS: &[Exception] = &[
    Exception::new("* *", Lack::Refused("/success"), BOTH),
    Exception::new("* *", Lack::Refused("/result"), BOTH),
    Exception::new(
        "GET /accounts",
        Lack::Endpoint,
        "asked for to see how Cloudflare words a path that the document lacks",
    ),
    Exception::new(
        "GET /zones/{zone_id}/dns_records",
        Lack::Answered("/result/*/comment"),
        COMMENT,
    ),
    Exception::new(
        "PUT /zones/{zone_id}/dns_records/{dns_record_id}",
        Lack::Answered("/result/comment"),
        COMMENT,
    ),
];

/// Why a refusal may be none of what is declared.
const BOTH: &str = "refusals are declared to have the shape of a success as well, which cannot be";

/// Why a comment may be null.
const COMMENT: &str =
    "a record without a comment has null in its place, the document knows only texts";

fn record(kind: &str, name: &str, content: &str) -> Value {
    json!({
        "type": kind, "name": format!("{name}.acmeshop.example"), "content": content, "ttl": 300,
        "comment": "golive",
    })
}

fn zone(caller: &mut Caller) {
    assert_eq!(caller.get("/client/v4/user/tokens/verify").0, 200);
    let (status, zones) = caller.get("/client/v4/zones?name=acmeshop.example&per_page=50");
    assert_eq!(status, 200, "{zones}");
    let id = zones["result"][0]["id"].as_str().expect("an id").to_owned();
    assert_eq!(caller.get("/client/v4/zones?name=example.com").0, 200);
    assert_eq!(caller.get(&format!("/client/v4/zones/{id}")).0, 200);
    let nowhere = "/client/v4/zones/0123456789abcdef0123456789abcdef";
    assert_eq!(caller.get(nowhere).0, 404);
    assert_eq!(caller.get("/client/v4/accounts").0, 400);
    caller.below(&format!("/client/v4/zones/{id}/dns_records"));
}

fn records(caller: &mut Caller) {
    assert_eq!(caller.get(".?per_page=100").0, 200);
    for kind in ["MX", "TXT", "CNAME", "A", "CAA"] {
        let (status, found) = caller.get(&format!(".?type={kind}"));
        assert_eq!(status, 200);
        assert_ne!(found["result"], json!([]), "{kind}");
    }
    let (status, made) = caller.post(".", record("CNAME", "api", "shop.onrender.com"));
    assert_eq!(status, 200, "{made}");
    let one = format!("./{}", made["result"]["id"].as_str().expect("an id"));
    assert_eq!(
        caller
            .post(".", record("CNAME", "api", "shop.onrender.com"))
            .0,
        400
    );
    assert_eq!(caller.post(".", record("A", "www", "192.0.2.1")).0, 400);
    assert_eq!(caller.get(&one).0, 200);
    let changed = record("CNAME", "api", "other.onrender.com");
    assert_eq!(caller.patch(&one, changed.clone()).0, 200);
    assert_eq!(
        caller.put(&one, record("CNAME", "www", "a.example.com")).0,
        400
    );
    assert_eq!(
        caller
            .patch(&one, record("CNAME", "www", "a.example.com"))
            .0,
        400
    );
    assert_eq!(caller.put(&one, changed.clone()).0, 200);
    let mut bare = changed;
    bare["comment"] = json!("");
    assert_eq!(caller.put(&one, bare).0, 200);
    let mut proxied = record("A", "shop2", "192.0.2.7");
    proxied["proxied"] = json!(true);
    assert_eq!(caller.post(".", proxied).0, 200);
    assert_eq!(
        caller
            .post(".", record("TXT", "_vercel", "vc-domain-verify=x"))
            .0,
        200
    );
    assert_eq!(caller.get(".?proxied=true").1["result_info"]["count"], 1);
    assert_eq!(caller.delete(&one).0, 200);
    assert_eq!(caller.delete(&one).0, 404);
    assert_eq!(caller.get(&one).0, 404);
}

#[test]
fn every_exchange_has_the_shape_that_the_document_promises() {
    let world = caller::world("fresh", |scenario| {
        scenario.lag = false;
        let caa = "@ 3600 CAA 0 issue \"letsencrypt.org\"".to_owned();
        scenario.dns.records.push(caa);
        scenario.dns.delegated = Some(Host::Cloudflare);
    });
    let Some(mut caller) = Caller::new(Provider::Cloudflare, EXCEPTIONS, world) else {
        return;
    };
    zone(&mut caller);
    records(&mut caller);
    caller.sign("Bearer wrong");
    assert_eq!(caller.get("/client/v4/user/tokens/verify").0, 401);
    assert_eq!(caller.get(".").0, 403);
    caller.finish(17);
}
