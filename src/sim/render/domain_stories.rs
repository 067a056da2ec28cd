//! Stories of custom domains at this Render: claimed, verified once the zone leads there, and their certificates.

use serde_json::{Value, json};

use super::stories::{api, calm, created, desk, owner};
use crate::seam::transport::Method;
use crate::sim::desk::{Desk, message};
use crate::sim::render::site::RenderSite;

const API: &str = "api.extra.acmeshop.example";

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

/// A web service; its path and the host that the records of its names lead to.
fn service(desk: &mut Desk, name: &str) -> (String, String) {
    let owner = owner(desk);
    let (id, _) = created(desk, api(&owner, name));
    let path = format!("/v1/services/{id}");
    let (_, body) = desk.get(&path);
    let url = text(&body["serviceDetails"]["url"]);
    (path, url.trim_start_matches("https://").to_owned())
}

fn add(desk: &mut Desk, path: &str, name: &str) -> (u16, Value) {
    desk.post(&format!("{path}/custom-domains"), json!({ "name": name }))
}

fn status(desk: &mut Desk, path: &str, name: &str) -> String {
    let (_, domain) = desk.get(&format!("{path}/custom-domains/{name}"));
    text(&domain["verificationStatus"])
}

fn site(desk: &mut Desk, name: &str) -> Option<RenderSite> {
    desk.world.advance(desk.now);
    desk.world.render.site(desk.now, name)
}

#[test]
fn a_name_is_verified_once_its_record_leads_to_the_service_and_a_certificate_follows() {
    let mut desk = calm("fresh");
    let (path, target) = service(&mut desk, "shop-extra");
    let (code, made) = add(&mut desk, &path, API);
    assert_eq!(code, 201, "{made}");
    assert_eq!(made.as_array().map(Vec::len), Some(1));
    let domain = &made[0];
    assert!(text(&domain["id"]).starts_with("cdm-"));
    assert_eq!(domain["domainType"], "subdomain");
    assert_eq!(domain["publicSuffix"], "example");
    assert_eq!(
        (&domain["redirectForName"], &domain["verificationStatus"]),
        (&json!(""), &json!("unverified"))
    );
    let (_, list) = desk.get(&format!(
        "{path}/custom-domains?verificationStatus=unverified&limit=5"
    ));
    assert_eq!(list[0]["customDomain"]["id"], domain["id"]);
    assert_eq!(list[0]["customDomain"]["server"]["name"], "shop-extra");

    let verify = format!("{path}/custom-domains/{API}/verify");
    assert_eq!(desk.call(Method::Post, &verify, None), (202, Value::Null));
    desk.wait(30);
    assert_eq!(status(&mut desk, &path, API), "unverified");
    assert!(!site(&mut desk, API).unwrap().verified);
    desk.act("record api.extra 600 CNAME other.onrender.com")
        .unwrap();
    desk.wait(900);
    assert_eq!(status(&mut desk, &path, API), "unverified");
    desk.act("unrecord api.extra CNAME").unwrap();
    desk.act(&format!("record api.extra 600 CNAME {target}"))
        .unwrap();
    desk.wait(120);
    desk.call(Method::Post, &verify, None);
    desk.wait(20);
    assert_eq!(status(&mut desk, &path, API), "verified");
    let early = site(&mut desk, API).unwrap();
    assert_eq!((early.verified, early.certificate_since), (true, None));
    desk.wait(420);
    let later = site(&mut desk, API).unwrap();
    assert!(
        later
            .certificate_since
            .is_some_and(|since| since < desk.now)
    );
    assert_eq!(later.name, "shop-extra");
    // It is the same code that answers at both names.
    let own = site(&mut desk, &target).unwrap();
    assert_eq!((own.live, own.verified), (later.live, true));
    assert_eq!(site(&mut desk, "nobody.onrender.com"), None);
}

#[test]
fn it_is_looked_at_again_and_again_without_being_asked() {
    let mut desk = calm("fresh");
    let (path, target) = service(&mut desk, "shop-extra");
    add(&mut desk, &path, API);
    desk.wait(3600);
    desk.act(&format!("record api.extra 600 CNAME {target}"))
        .unwrap();
    desk.wait(600);
    assert_eq!(status(&mut desk, &path, API), "verified");
}

#[test]
fn records_that_forbid_its_issuers_keep_a_certificate_away() {
    for (caa, issued) in [
        (vec!["record @ CAA 0 issue \"letsencrypt.org\""], false),
        (vec!["record @ CAA 0 issue \";\""], false),
        (
            vec![
                "record @ CAA 0 issue \"letsencrypt.org\"",
                "record @ CAA 0 issue \"pki.goog; cansignhttpexchanges=yes\"",
            ],
            true,
        ),
        (
            vec!["record @ CAA 0 iodef \"mailto:security@acmeshop.example\""],
            true,
        ),
    ] {
        let mut desk = calm("fresh");
        let (path, target) = service(&mut desk, "shop-extra");
        add(&mut desk, &path, API);
        for record in &caa {
            desk.act(record).unwrap();
        }
        desk.act(&format!("record api.extra 600 CNAME {target}"))
            .unwrap();
        desk.wait(1800);
        let site = site(&mut desk, API).unwrap();
        assert!(site.verified, "{caa:?}");
        assert_eq!(site.certificate_since.is_some(), issued, "{caa:?}");
    }
}

#[test]
fn an_apex_and_its_www_come_together() {
    let mut desk = calm("fresh");
    let (path, _) = service(&mut desk, "shop-extra");
    let (_, made) = add(&mut desk, &path, "Example.org");
    let names = |made: &Value| -> Vec<[String; 3]> {
        let made = made.as_array().unwrap().iter();
        made.map(|one| ["name", "domainType", "redirectForName"].map(|field| text(&one[field])))
            .collect()
    };
    assert_eq!(
        names(&made),
        [
            ["example.org", "apex", ""].map(str::to_owned),
            ["www.example.org", "subdomain", "example.org"].map(str::to_owned),
        ]
    );
    let (_, made) = add(&mut desk, &path, "www.shop.co.uk");
    let pair = names(&made);
    assert_eq!(
        pair[1],
        ["shop.co.uk", "apex", "www.shop.co.uk"].map(str::to_owned)
    );
    let site = site(&mut desk, "www.example.org").unwrap();
    assert_eq!(site.redirect.as_deref(), Some("example.org"));
    assert_eq!(
        desk.delete(&format!("{path}/custom-domains/example.org")).0,
        204
    );
    assert_eq!(
        desk.get(&format!("{path}/custom-domains/example.org")).0,
        404
    );
    let (_, left) = desk.get(&format!("{path}/custom-domains?domainType=apex"));
    assert_eq!(left[0]["customDomain"]["name"], "shop.co.uk");
}

#[test]
fn a_name_belongs_to_one_service_and_a_worker_has_none() {
    for again in [409, 400] {
        let mut desk = desk("fresh", |scenario| scenario.render.domain_again = again);
        let (one, _) = service(&mut desk, "shop-one");
        let (two, _) = service(&mut desk, "shop-two");
        assert_eq!(add(&mut desk, &one, API).0, 201);
        assert_eq!(add(&mut desk, &one, API).0, again);
        let (status, body) = add(&mut desk, &two, API);
        assert_eq!((status, message(&body)), (409, "name already in use"));
        for odd in [
            "",
            "api",
            "a b.example.org",
            "-x.example.org",
            "x.onrender.com",
        ] {
            assert_eq!(add(&mut desk, &two, odd).0, 400, "{odd}");
        }
        let owner = owner(&mut desk);
        let mut worker = api(&owner, "shop-worker");
        worker["type"] = json!("background_worker");
        let (worker, _) = created(&mut desk, worker);
        assert_eq!(
            add(
                &mut desk,
                &format!("/v1/services/{worker}"),
                "w.example.org"
            )
            .0,
            400
        );
        // With the service its names are free again.
        desk.delete(&one);
        assert_eq!(add(&mut desk, &two, API).0, 201);
    }
}

#[test]
fn a_plan_includes_so_many_names_and_an_hour_so_many_calls() {
    let mut desk = desk("fresh", |scenario| {
        scenario.render.workspaces[0].domains = Some(1);
    });
    let (path, _) = service(&mut desk, "shop-extra");
    assert_eq!(add(&mut desk, &path, API).0, 201);
    let (status, body) = add(&mut desk, &path, "more.acmeshop.example");
    assert_eq!(status, 402);
    assert!(message(&body).contains("https://dashboard.render.com/billing"));
    let verify = format!("{path}/custom-domains/{API}/verify");
    for _ in 0..48 {
        assert_eq!(desk.call(Method::Post, &verify, None).0, 202);
    }
    assert_eq!(desk.call(Method::Post, &verify, None).0, 429);
    desk.wait(3600);
    assert_eq!(desk.call(Method::Post, &verify, None).0, 202);
}

#[test]
fn a_done_world_has_its_names() {
    let mut desk = calm("done");
    let site = site(&mut desk, "api.staging.acmeshop.example").unwrap();
    assert_eq!(
        (site.name.as_str(), site.verified),
        ("shop-api-staging", true)
    );
    assert!(site.certificate_since.is_some());
    let live = site.live.unwrap();
    assert_eq!(
        live.variables["CORS_ORIGIN"],
        "https://staging.acmeshop.example"
    );
    assert_eq!(live.commit.len(), 40);
}
