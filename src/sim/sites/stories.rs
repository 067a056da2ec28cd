//! Stories of visitors: what they find at the product's own names, from the first record to a page that is right.

use serde_json::{Value, json};

use crate::seam::transport::{HeaderText, Method};
use crate::seam::web::{CertificateFault, Page, Unreached, Visit};
use crate::secret::Secret;
use crate::sim::desk::Desk;
use crate::sim::vercel::claims::zoned;
use crate::sim::zones::Host;
use crate::sim::{Provider, Scenario, targets};

const BUILD: &str = "CI=false npm run build";
const WWW: &str = "www.shop.example";

fn asked(host: &str, path: &str, headers: &[(&str, &str)]) -> Visit {
    let headers = headers.iter();
    let plain = |text: &str| HeaderText::Plain(text.to_owned());
    Visit {
        method: Method::Get,
        preflight: false,
        host: host.to_owned(),
        path: path.to_owned(),
        headers: headers
            .map(|(name, value)| ((*name).to_owned(), plain(value)))
            .collect(),
        timeout: std::time::Duration::from_secs(10),
        body_max: 1 << 20,
    }
}

fn visit(desk: &mut Desk, host: &str, path: &str) -> Result<Page, Unreached> {
    desk.wait(1);
    desk.world.visit(desk.now, &asked(host, path, &[]))
}

fn page(desk: &mut Desk, host: &str, path: &str) -> Page {
    visit(desk, host, path).unwrap_or_else(|cause| panic!("{host}{path}: {cause}"))
}

fn text(page: &Page) -> String {
    String::from_utf8_lossy(&page.body).into_owned()
}

/// A call with the launch's team at Vercel.
fn vercel(desk: &mut Desk, method: Method, path: &str, body: Option<Value>) -> Value {
    let sign = if path.contains('?') { '&' } else { '?' };
    let (status, answer) = desk.call(method, &format!("{path}{sign}slug=acme"), body);
    assert!(status < 300, "{path}: {status} {answer}");
    answer
}

/// The project with its build mended, one variable, a name, and the record that the name wants.
fn claimed(desk: &mut Desk) {
    let change = json!({ "buildCommand": BUILD, "rootDirectory": "client" });
    let shop = vercel(desk, Method::Patch, "/v9/projects/shop", Some(change));
    let name = json!({ "name": WWW });
    vercel(desk, Method::Post, "/v10/projects/shop/domains", Some(name));
    let target = targets::vercel_cname(shop["id"].as_str().unwrap());
    desk.act(&format!("record www CNAME {target}")).unwrap();
}

fn redeploy(desk: &mut Desk, branch: &str, target: Option<&str>) -> Value {
    let git = json!({ "type": "github", "org": "acme", "repo": "shop", "ref": branch });
    let mut body = json!({ "name": "shop", "project": "shop", "gitSource": git });
    if let Some(target) = target {
        body["target"] = json!(target);
    }
    let made = vercel(
        desk,
        Method::Post,
        "/v13/deployments?forceNew=1",
        Some(body),
    );
    desk.wait(250);
    made
}

fn set(desk: &mut Desk, key: &str, value: &str, more: Value) {
    let mut body =
        json!({ "key": key, "value": value, "type": "encrypted", "target": ["production"] });
    for (name, value) in more.as_object().unwrap() {
        body[name] = value.clone();
    }
    let path = "/v10/projects/shop/env?upsert=true";
    vercel(desk, Method::Post, path, Some(body));
}

/// The script that a page names, by way of the manifest.
fn bundle(desk: &mut Desk, host: &str) -> String {
    let manifest = page(desk, host, "/asset-manifest.json");
    let manifest: Value = serde_json::from_slice(&manifest.body).unwrap();
    let script = manifest["files"]["main.js"].as_str().unwrap().to_owned();
    let html = text(&page(desk, host, "/"));
    assert!(html.contains(&format!("src=\"{script}\"")), "{html}");
    text(&page(desk, host, &script))
}

#[test]
fn a_name_is_a_page_some_minutes_after_its_record_is_right() {
    let mut desk = zoned("fresh", &[], |_| {}).turn_to(Provider::Vercel);
    let nowhere = visit(&mut desk, "other.shop.example", "/");
    assert_eq!(
        nowhere,
        Err(Unreached::Name("there is no other.shop.example".into()))
    );
    set(&mut desk, "REACT_APP_LAUNCHED", "false", json!({}));
    claimed(&mut desk);
    let early = visit(&mut desk, WWW, "/");
    assert!(matches!(early, Err(Unreached::Tls(_))), "{early:?}");
    desk.wait(300);
    let certificate = desk.world.certificate(desk.now, WWW).unwrap();
    assert_eq!(
        (certificate.fault, certificate.names),
        (None, vec![WWW.to_owned()])
    );
    assert_eq!(certificate.issuer, "Let's Encrypt");
    let days = certificate
        .not_after
        .duration_since(certificate.not_before)
        .as_hours()
        / 24;
    assert_eq!(days, 90);
    let age = desk.now.duration_since(certificate.not_before).as_secs();
    assert!((0..300).contains(&age), "{age}");

    let made = redeploy(&mut desk, "main", Some("production"));
    let home = page(&mut desk, WWW, "/coaches/7");
    assert_eq!((home.status, home.header("server")), (200, Some("Vercel")));
    assert!(home.header("x-vercel-id").is_some());
    let script = bundle(&mut desk, WWW);
    assert!(script.contains("REACT_APP_LAUNCHED:\"false\""), "{script}");
    assert!(script.contains("We open soon."));
    let commit = made["gitSource"]["sha"].as_str().unwrap();
    assert!(script.contains(commit) && text(&home).contains(commit));
    assert_eq!(page(&mut desk, WWW, "/static/js/main.0.js").status, 404);

    // A new value is served only by what is built with it.
    set(&mut desk, "REACT_APP_LAUNCHED", "true", json!({}));
    assert_eq!(bundle(&mut desk, WWW), script);
    redeploy(&mut desk, "main", Some("production"));
    assert!(bundle(&mut desk, WWW).contains("REACT_APP_LAUNCHED:\"true\""));

    // The name is taken off: its certificate stays, its page does not.
    let path = format!("/v9/projects/shop/domains/{WWW}");
    vercel(&mut desk, Method::Delete, &path, None);
    let gone = page(&mut desk, WWW, "/");
    assert_eq!(
        (gone.status, gone.header("x-vercel-error")),
        (404, Some("DEPLOYMENT_NOT_FOUND"))
    );
}

#[test]
fn a_visible_change_is_seen_where_its_branch_is_served() {
    let mut desk = zoned("done", &[], |_| {}).turn_to(Provider::Github);
    let app = "export default function App() { return <p>Validated pipeline</p>; }\n";
    desk.branch("feature/x", "develop");
    assert_eq!(desk.commit("feature/x", "client/src/App.js", app).0, 200);
    let sha = desk.head("feature/x");
    let mut desk = desk.turn_to(Provider::Vercel);
    desk.wait(300);
    let list = vercel(
        &mut desk,
        Method::Get,
        &format!("/v6/deployments?sha={sha}&limit=1"),
        None,
    );
    let url = list["deployments"][0]["url"].as_str().unwrap().to_owned();
    vercel(
        &mut desk,
        Method::Patch,
        "/v9/projects/shop-prod",
        Some(json!({ "ssoProtection": null })),
    );
    vercel(
        &mut desk,
        Method::Patch,
        "/v9/projects/shop-staging",
        Some(json!({ "ssoProtection": null })),
    );
    let preview = page(&mut desk, &url, "/");
    assert_eq!(preview.header("x-robots-tag"), Some("noindex"));
    assert!(bundle(&mut desk, &url).contains("Validated pipeline"));
    assert!(!bundle(&mut desk, "shop-prod.vercel.app").contains("Validated pipeline"));
}

#[test]
fn a_name_on_a_branch_is_protected_and_opens_with_the_secret() {
    let hidden = |s: &mut Scenario| {
        s.vercel.projects[0].protection = "all_except_custom_domains".to_owned();
    };
    let mut desk = zoned("done", &[], hidden).turn_to(Provider::Vercel);
    let dev = "next.shop.example";
    let body = json!({ "name": dev, "gitBranch": "develop" });
    vercel(
        &mut desk,
        Method::Post,
        "/v10/projects/shop-prod/domains",
        Some(body),
    );
    let id = vercel(&mut desk, Method::Get, "/v9/projects/shop-prod", None)["id"].clone();
    let target = targets::vercel_cname(id.as_str().unwrap());
    desk.act(&format!("record next CNAME {target}")).unwrap();
    desk.wait(310);
    let closed = page(&mut desk, dev, "/");
    assert_eq!(
        (closed.status, closed.header("server")),
        (401, Some("Vercel"))
    );
    let browser = asked(dev, "/a?b=c", &[("Accept", "text/html,*/*")]);
    let sent_on = desk.world.visit(desk.now, &browser).unwrap();
    let to = sent_on.header("location").unwrap();
    assert!(
        to.starts_with("https://vercel.com/sso-api?url=https%3A%2F%2Fnext.shop.example%2Fa"),
        "{to}"
    );
    let path = "/v1/projects/shop-prod/protection-bypass";
    let made = vercel(
        &mut desk,
        Method::Patch,
        path,
        Some(json!({ "generate": {} })),
    );
    let (secret, _) = made["protectionBypass"]
        .as_object()
        .unwrap()
        .iter()
        .next()
        .unwrap();
    let mut key = asked(dev, "/", &[]);
    let value = HeaderText::Secret(Secret::new(secret.clone()));
    key.headers
        .push(("x-vercel-protection-bypass".to_owned(), value));
    assert_eq!(desk.world.visit(desk.now, &key).unwrap().status, 200);
    let path = format!("/?x-vercel-protection-bypass={secret}");
    assert_eq!(page(&mut desk, dev, &path).status, 200);
    // The generated addresses are protected too; nothing is asked for at production's own names.
    assert_eq!(page(&mut desk, "shop-prod.vercel.app", "/").status, 401);
}

#[test]
fn the_apex_sends_visitors_on() {
    let mut desk = zoned("fresh", &["@ A 216.198.79.1"], |_| {}).turn_to(Provider::Vercel);
    claimed(&mut desk);
    let body = json!({ "name": "shop.example", "redirect": WWW, "redirectStatusCode": 308 });
    vercel(
        &mut desk,
        Method::Post,
        "/v10/projects/shop/domains",
        Some(body),
    );
    desk.wait(310);
    let sent_on = page(&mut desk, "shop.example", "/a?b=c");
    assert_eq!(
        (sent_on.status, sent_on.header("location")),
        (308, Some("https://www.shop.example/a?b=c"))
    );
}

#[test]
fn no_certificate_is_issued_where_the_zone_forbids_it() {
    let records = ["@ CAA 0 issue \"pki.goog\"", "@ A 216.198.79.1"];
    let mut desk = zoned("fresh", &records, |_| {}).turn_to(Provider::Vercel);
    claimed(&mut desk);
    let body = json!({ "name": "shop.example" });
    vercel(
        &mut desk,
        Method::Post,
        "/v10/projects/shop/domains",
        Some(body),
    );
    desk.wait(3600);
    let never = desk.world.certificate(desk.now, "shop.example");
    assert!(matches!(never, Err(Unreached::Tls(_))), "{never:?}");
    // For a CNAME the set of its target counts, and Vercel's lets its own issuer in.
    assert!(desk.world.certificate(desk.now, WWW).is_ok());
    desk.act("record @ CAA 0 issue \"letsencrypt.org\"")
        .unwrap();
    desk.wait(320);
    assert!(desk.world.certificate(desk.now, "shop.example").is_ok());
}

#[test]
fn looking_on_does_not_change_when_a_certificate_comes() {
    let story = |look: bool| {
        let mut desk = zoned("fresh", &[], |_| {}).turn_to(Provider::Vercel);
        claimed(&mut desk);
        for _ in 0..30 {
            desk.wait(11);
            if look {
                let _ = desk.world.certificate(desk.now, WWW);
            }
        }
        desk.world.certificate(desk.now, WWW).unwrap().not_before
    };
    assert_eq!(story(true), story(false));
}

#[test]
fn a_proxy_has_certificates_of_its_own_for_one_label_below_the_zone() {
    let records = [
        "www CNAME cname.vercel-dns.com proxied",
        "api.staging A 216.24.57.1 proxied",
        "x A 192.0.2.1 proxied",
    ];
    let mut desk = zoned("fresh", &records, |s| {
        s.dns.delegated = Some(Host::Cloudflare);
    })
    .turn_to(Provider::Vercel);
    let name = json!({ "name": WWW });
    vercel(
        &mut desk,
        Method::Post,
        "/v10/projects/shop/domains",
        Some(name),
    );
    let config = vercel(
        &mut desk,
        Method::Get,
        &format!("/v6/domains/{WWW}/config"),
        None,
    );
    assert_eq!(
        (&config["configuredBy"], &config["misconfigured"]),
        (&json!("http"), &json!(false))
    );
    // What stands behind it has no certificate yet.
    assert_eq!(page(&mut desk, WWW, "/").status, 526);
    desk.wait(310);
    let home = page(&mut desk, WWW, "/");
    assert_eq!(
        (home.status, home.header("server")),
        (200, Some("cloudflare"))
    );
    let certificate = desk.world.certificate(desk.now, WWW).unwrap();
    assert_eq!(certificate.names, ["*.shop.example", "shop.example"]);
    let deeper = desk.world.certificate(desk.now, "api.staging.shop.example");
    assert!(matches!(deeper, Err(Unreached::Tls(_))), "{deeper:?}");
    assert_eq!(page(&mut desk, "x.shop.example", "/").status, 526);
}

#[test]
fn names_that_nobody_claimed_have_no_certificate_of_their_own() {
    let records = [
        "a CNAME cname.vercel-dns.com",
        "b A 216.24.57.1",
        "c A 192.0.2.80",
    ];
    let mut desk = zoned("fresh", &records, |_| {}).turn_to(Provider::Vercel);
    desk.wait(600);
    let at_vercel = desk.world.certificate(desk.now, "a.shop.example");
    assert!(matches!(at_vercel, Err(Unreached::Tls(_))), "{at_vercel:?}");
    let at_render = desk.world.certificate(desk.now, "b.shop.example").unwrap();
    assert_eq!(at_render.fault, Some(CertificateFault::OtherName));
    let tls = visit(&mut desk, "b.shop.example", "/");
    assert!(matches!(tls, Err(Unreached::Tls(_))), "{tls:?}");
    let parked = visit(&mut desk, "c.shop.example", "/");
    assert!(
        matches!(parked, Err(Unreached::Connection(_))),
        "{parked:?}"
    );
    assert_eq!(page(&mut desk, "nobody.vercel.app", "/").status, 404);
    // A visit in the name of a resolver that cannot trust the zone ends before it begins.
    let mut broken = zoned("fresh", &records, |s| s.dns.dnssec_broken = true);
    let failed = visit(&mut broken, "a.shop.example", "/");
    assert!(
        matches!(&failed, Err(Unreached::Name(cause)) if cause.contains("SERVFAIL")),
        "{failed:?}"
    );
}

/// A world in which production's API is live under a name of its own, with the code of before or the one after.
fn served(world: &str, origins: Option<&str>) -> Desk {
    zoned(world, &["api 600 CNAME render:shop-api-prod"], |s| {
        for service in &mut s.render.services {
            if service.name == "shop-api-prod" {
                service.last_deploy = crate::sim::render::spec::LastDeploy::Live;
                service.domains = vec!["api.shop.example".to_owned()];
                let own = origins
                    .iter()
                    .map(|list| ("CORS_ORIGIN".to_owned(), (*list).to_owned()));
                service.variables = own.collect();
            }
        }
    })
}

const API: &str = "api.shop.example";

fn preflight(origin: &str) -> Visit {
    let method = ("access-control-request-method", "GET");
    Visit {
        preflight: true,
        ..asked(API, "/health", &[("Origin", origin), method])
    }
}

#[test]
fn the_api_lets_in_whom_its_variable_names() {
    let mut desk = served("done", Some("https://www.shop.example, https://b.example"));
    let health = page(&mut desk, API, "/health");
    let body: Value = serde_json::from_slice(&health.body).unwrap();
    assert_eq!((health.status, &body["status"]), (200, &json!("ok")));
    assert_eq!(health.header("access-control-allow-origin"), None);
    let missing = page(&mut desk, API, "/nowhere");
    assert_eq!(
        (missing.status, text(&missing)),
        (404, "{\"message\":\"Not found\"}".to_owned())
    );
    let allowed = desk
        .world
        .visit(desk.now, &preflight("https://b.example"))
        .unwrap();
    assert_eq!(allowed.status, 204);
    let said = |name: &str| allowed.header(name).map(str::to_owned);
    assert_eq!(
        said("access-control-allow-origin").as_deref(),
        Some("https://b.example")
    );
    assert_eq!(
        said("access-control-allow-credentials").as_deref(),
        Some("true")
    );
    assert_eq!(said("access-control-max-age").as_deref(), Some("86400"));
    let blocked = desk
        .world
        .visit(desk.now, &preflight("https://c.example"))
        .unwrap();
    assert_eq!(
        (
            blocked.status,
            blocked.header("access-control-allow-origin")
        ),
        (500, None)
    );
    let certificate = desk.world.certificate(desk.now, API).unwrap();
    assert_eq!(
        (certificate.issuer.as_str(), certificate.fault),
        ("Google Trust Services", None)
    );
}

#[test]
fn the_code_of_before_lets_in_one_origin_whatever_the_variable_says() {
    let mut desk = served("done", Some("https://www.shop.example"));
    let before = |s: &mut crate::sim::Scenario| {
        for commit in s.branches.iter_mut().flat_map(|branch| &mut branch.commits) {
            commit.dynamic_cors = false;
        }
    };
    desk.world = zoned("done", &["api 600 CNAME render:shop-api-prod"], |s| {
        before(s);
        for service in &mut s.render.services {
            if service.name == "shop-api-prod" {
                service.last_deploy = crate::sim::render::spec::LastDeploy::Live;
                service.domains = vec![API.to_owned()];
            }
        }
    })
    .world;
    let seen = desk
        .world
        .visit(desk.now, &preflight("https://www.shop.example"))
        .unwrap();
    assert_eq!(
        (seen.status, seen.header("access-control-allow-origin")),
        (204, Some("http://localhost:3000"))
    );
}

#[test]
fn nothing_live_is_a_bad_gateway() {
    let records = ["api 600 CNAME render:shop-api-prod"];
    let mut desk = zoned("done", &records, |s| {
        for service in &mut s.render.services {
            service.domains = match service.name.as_str() {
                "shop-api-prod" => vec![API.to_owned()],
                _ => Vec::new(),
            };
            service.last_deploy = crate::sim::render::spec::LastDeploy::UpdateFailed;
        }
    });
    let down = page(&mut desk, API, "/health");
    assert_eq!(down.status, 502);
    assert!(
        down.header("content-type")
            .is_some_and(|kind| kind.starts_with("text/html"))
    );
}
