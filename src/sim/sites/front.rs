//! What Vercel's edge answers to a visitor: a front end as Create React App builds it, or why there is none.

use jiff::Timestamp;
use serde_json::json;

use super::{Asked, headers};
use crate::seam::web::Page;
use crate::sim::chance;
use crate::sim::github::Github;
use crate::sim::vercel::{VercelAnswer, VercelSite};
use crate::sim::wire::http_date;

pub fn page(code: &Github, seed: u64, asked: &Asked<'_>, answer: &VercelAnswer) -> Page {
    let salt = format!(
        "vercel visit {} {} {}",
        asked.host, asked.visit.path, asked.at
    );
    let id = chance::hex(seed, &salt, 17);
    let id = format!(
        "fra1::{}-{}-{}",
        &id[..5],
        asked.at.as_millisecond(),
        &id[5..]
    );
    let mut page = match answer {
        VercelAnswer::Nothing => nothing(&id),
        VercelAnswer::Elsewhere { host, status } => elsewhere(asked, host, *status),
        VercelAnswer::Login { everybody } => login(seed, asked, *everybody),
        VercelAnswer::Site(site) => built(code, site, asked),
    };
    page.headers.splice(0..0, common(asked.at, id));
    page
}

fn common(at: Timestamp, id: String) -> Vec<(String, String)> {
    headers([
        ("date", http_date(at)),
        ("server", "Vercel".to_owned()),
        ("strict-transport-security", "max-age=63072000".to_owned()),
        ("x-vercel-id", id),
    ])
}

fn text(status: u16, kind: &str, body: String) -> Page {
    Page {
        status,
        headers: headers([
            ("content-type", format!("{kind}; charset=utf-8")),
            ("content-length", body.len().to_string()),
        ]),
        body: body.into_bytes(),
    }
}

fn nothing(id: &str) -> Page {
    let body =
        format!("The deployment could not be found on Vercel.\n\nDEPLOYMENT_NOT_FOUND\n\n{id}\n");
    let mut page = text(404, "text/plain", body);
    page.headers.extend(headers([(
        "x-vercel-error",
        "DEPLOYMENT_NOT_FOUND".to_owned(),
    )]));
    page
}

fn elsewhere(asked: &Asked<'_>, host: &str, status: u16) -> Page {
    let to = format!("https://{host}{}", asked.visit.path);
    let mut page = text(status, "text/plain", "Redirecting...\n".to_owned());
    page.headers.extend(headers([("location", to)]));
    page
}

/// Browsers are sent to the login; others are told that there is one.
fn login(seed: u64, asked: &Asked<'_>, everybody: bool) -> Page {
    let browser = asked
        .header("accept")
        .is_some_and(|kinds| kinds.contains("text/html"));
    let nonce = chance::hex(seed, &format!("nonce {} {}", asked.host, asked.at), 40);
    let mut page = match everybody || browser {
        true => {
            let here = format!("https://{}{}", asked.host, asked.visit.path);
            let mut query = url::form_urlencoded::Serializer::new(String::new());
            query.append_pair("url", &here).append_pair("nonce", &nonce);
            let mut page = text(302, "text/plain", "Redirecting...\n".to_owned());
            let to = format!("https://vercel.com/sso-api?{}", query.finish());
            page.headers.extend(headers([("location", to)]));
            page
        }
        false => {
            let body = "<!doctype html><html lang=en><meta charset=utf-8><title>Authentication Required</title><p>This page is protected. Log in with Vercel to see it.";
            text(401, "text/html", body.to_owned())
        }
    };
    page.headers.extend(headers([
        ("cache-control", "no-store, max-age=0".to_owned()),
        ("x-robots-tag", "noindex".to_owned()),
        (
            "set-cookie",
            format!(
                "_vercel_sso_nonce={nonce}; Max-Age=3600; Path=/; Secure; HttpOnly; SameSite=Lax"
            ),
        ),
    ]));
    page
}

/// What a build made of the front end.
struct Build {
    html: String,
    script: String,
    /// What stands in the script's name.
    hash: String,
}

/// The static files of a deployment; a path that none has gets the page itself.
fn built(code: &Github, site: &VercelSite, asked: &Asked<'_>) -> Page {
    if !asked.gets() {
        return text(405, "text/plain", "Method not allowed\n".to_owned());
    }
    let path = asked.path();
    let build = build(code, site);
    let script = format!("static/js/main.{}.js", build.hash);
    let mut page = if path == format!("/{script}") {
        text(200, "application/javascript", build.script)
    } else if path == "/asset-manifest.json" {
        let manifest = json!({
            "files": { "main.js": format!("/{script}"), "index.html": "/index.html" },
            "entrypoints": [script],
        });
        text(200, "application/json", format!("{manifest:#}"))
    } else if path.starts_with("/static/") {
        text(
            404,
            "text/plain",
            "The page could not be found\n\nNOT_FOUND\n".to_owned(),
        )
    } else if let Some(file) = public_file(code, site, path) {
        text(200, kind_of(path), file)
    } else {
        text(200, "text/html", build.html)
    };
    let lasting = path.starts_with("/static/") && page.status == 200;
    let cache = match lasting {
        true => "public, max-age=31536000, immutable",
        false => "public, max-age=0, must-revalidate",
    };
    let cached = headers([
        ("cache-control", cache.to_owned()),
        ("x-vercel-cache", "HIT".to_owned()),
    ]);
    page.headers.extend(cached);
    if !site.production {
        let hidden = headers([("x-robots-tag", "noindex".to_owned())]);
        page.headers.extend(hidden);
    }
    page
}

/// A file of the front end's folder `public`, which is served as it is.
fn public_file(code: &Github, site: &VercelSite, path: &str) -> Option<String> {
    let name = path.trim_start_matches('/');
    if name.is_empty() || name == "index.html" || name.split('/').any(|part| part == "..") {
        return None;
    }
    code.file_at(&site.commit, &inside(site, &format!("public/{name}")))
}

fn inside(site: &VercelSite, path: &str) -> String {
    match site.root.as_str() {
        "" => path.to_owned(),
        root => format!("{root}/{path}"),
    }
}

fn kind_of(path: &str) -> &'static str {
    match path.rsplit_once('.').map_or("", |(_, end)| end) {
        "html" => "text/html",
        "json" | "webmanifest" => "application/json",
        "js" => "application/javascript",
        "css" => "text/css",
        _ => "text/plain",
    }
}

/// Builds the front end again, as it was built with the deployment's variables.
fn build(code: &Github, site: &VercelSite) -> Build {
    let sources = code.texts_at(&site.commit, &inside(site, "src/"));
    let mut known = vec![
        ("NODE_ENV".to_owned(), json!("production")),
        ("PUBLIC_URL".to_owned(), json!("")),
        ("FAST_REFRESH".to_owned(), json!(true)),
    ];
    let own = site.variables.iter();
    let public = own.filter(|(name, _)| name.starts_with("REACT_APP_"));
    known.extend(public.map(|(name, value)| (name.clone(), json!(value))));
    let members: Vec<String> = known
        .iter()
        .map(|(name, value)| format!("{name}:{value}"))
        .collect();
    let sources: Vec<String> = sources.values().map(|text| minified(text)).collect();
    let script = format!(
        "/*! build {} */(()=>{{\"use strict\";var e={{{}}};{}}})();\n",
        site.commit,
        members.join(","),
        sources.join(";"),
    );
    let hash = chance::hex(0, &script, 8);
    let template = code.file_at(&site.commit, &inside(site, "public/index.html"));
    let template = template.unwrap_or_else(|| {
        format!("<!doctype html><html><head><title>{}</title></head><body><div id=\"root\"></div></body></html>", site.name)
    });
    let head = format!(
        "<meta name=\"build\" content=\"{}\"/><script defer=\"defer\" src=\"/static/js/main.{hash}.js\"></script></head>",
        site.commit
    );
    let html = minified(&template).replacen("</head>", &head, 1);
    Build { html, script, hash }
}

/// Without the white space around lines.
fn minified(text: &str) -> String {
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    lines.collect::<Vec<_>>().join(" ").replace("> <", "><")
}
