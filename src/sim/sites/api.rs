//! What the deployed server at Render answers to a visitor.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::cors::{Made, Seen, node_env};
use super::express::{App, Does};
use super::{Asked, headers};
use crate::seam::web::Page;
use crate::sim::chance;
use crate::sim::github::Github;
use crate::sim::render::site::RenderSite;
use crate::sim::wire::http_date;

const BAD_GATEWAY: &str = "<!DOCTYPE html>\n<html lang=\"en\"><head><title>502</title></head><body><h1>502</h1><p>Bad Gateway</p><p>This service is currently unavailable. Please try again in a few minutes.</p></body></html>\n";

pub fn page(code: &Github, seed: u64, asked: &Asked<'_>, site: Option<&RenderSite>) -> Page {
    let mut page = answer(code, asked, site);
    let salt = format!(
        "render visit {} {} {}",
        asked.host, asked.visit.path, asked.at
    );
    let id = chance::hex(seed, &salt, 16);
    let common = headers([
        ("date", http_date(asked.at)),
        ("server", "cloudflare".to_owned()),
        ("rndr-id", format!("{}-{}", &id[..8], &id[8..12])),
        ("cf-ray", format!("{id}-FRA")),
    ]);
    page.headers.splice(0..0, common);
    page
}

fn answer(code: &Github, asked: &Asked<'_>, site: Option<&RenderSite>) -> Page {
    let Some(site) = site else {
        return html(404, "<h1>Not Found</h1>", "no-server");
    };
    if let Some(host) = &site.redirect {
        let to = format!("https://{host}{}", asked.visit.path);
        return Page {
            status: 301,
            headers: headers([("location", to)]),
            body: Vec::new(),
        };
    }
    let Some(live) = &site.live else {
        return html(502, BAD_GATEWAY, "no-deploy");
    };
    let Some(server) = code.server_at(&live.commit) else {
        return html(502, BAD_GATEWAY, "server-error");
    };
    let app = App::read(&server);
    let mut page = respond(&app, asked, &live.variables);
    let origin = ("x-render-origin-server".to_owned(), "Render".to_owned());
    page.headers.push(origin);
    page
}

fn html(status: u16, body: &str, routing: &str) -> Page {
    Page {
        status,
        headers: headers([
            ("content-type", "text/html; charset=utf-8".to_owned()),
            ("x-render-routing", routing.to_owned()),
        ]),
        body: body.as_bytes().to_vec(),
    }
}

/// What the application answers, with the variables of its process.
fn respond(app: &App, asked: &Asked<'_>, variables: &BTreeMap<String, String>) -> Page {
    let mut own: Vec<(String, String)> = match app.helmet {
        true => headers([
            ("content-security-policy", "default-src 'self'".to_owned()),
            ("cross-origin-resource-policy", "same-origin".to_owned()),
            (
                "strict-transport-security",
                "max-age=15552000; includeSubDomains".to_owned(),
            ),
            ("x-content-type-options", "nosniff".to_owned()),
        ]),
        false => headers([("x-powered-by", "Express".to_owned())]),
    };
    let seen = Seen {
        options: asked.visit.preflight,
        origin: asked.header("origin"),
        wanted_headers: asked.header("access-control-request-headers"),
    };
    let made = app.cors.as_ref().map(|cors| cors.answer(seen, variables));
    let (mut page, added) = match made {
        Some(Made::Preflight(added)) => {
            let empty = Page {
                status: 204,
                headers: headers([("content-length", "0".to_owned())]),
                body: Vec::new(),
            };
            (empty, added)
        }
        Some(Made::Error(message)) => (failure(app, &message, variables), Vec::new()),
        Some(Made::On(added)) => (routed(app, asked, variables), added),
        None => (routed(app, asked, variables), Vec::new()),
    };
    own.extend(
        added
            .into_iter()
            .map(|(name, value)| (name.to_owned(), value)),
    );
    own.append(&mut page.headers);
    page.headers = own;
    page
}

fn routed(app: &App, asked: &Asked<'_>, variables: &BTreeMap<String, String>) -> Page {
    match app.does(asked.method(), asked.path()) {
        Does::Health => {
            let environment = variables.get("ENVIRONMENT_NAME");
            let connected = variables.contains_key("DATABASE_URL");
            json_page(
                200,
                &json!({
                    "status": "ok",
                    "environment": environment.map_or("local", String::as_str),
                    "database": if connected { "connected" } else { "disconnected" },
                }),
            )
        }
        Does::Gives => json_page(200, &json!([])),
        Does::Fails => failure(app, "Path is required.", variables),
        Does::NotFound => match &app.on_missing {
            Some(words) => json_page(404, &json!({ "message": words })),
            None => express_page(404, &format!("Cannot {} {}", asked.method(), asked.path())),
        },
    }
}

/// What comes of an error: the application's own words, or Express's, which tell more outside of production.
fn failure(app: &App, message: &str, variables: &BTreeMap<String, String>) -> Page {
    if let Some(words) = &app.on_error {
        return json_page(500, &json!({ "message": words }));
    }
    let told = match node_env(variables) {
        "production" => "Internal Server Error".to_owned(),
        _ => format!(
            "Error: {message}<br> &nbsp; &nbsp;at origin (/opt/render/project/src/server.js)"
        ),
    };
    express_page(500, &told)
}

/// A page as Express words it by itself.
fn express_page(status: u16, told: &str) -> Page {
    let body = format!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<title>Error</title>\n</head>\n<body>\n<pre>{told}</pre>\n</body>\n</html>\n"
    );
    Page {
        status,
        headers: headers([("content-type", "text/html; charset=utf-8".to_owned())]),
        body: body.into_bytes(),
    }
}

fn json_page(status: u16, body: &Value) -> Page {
    let body = body.to_string().into_bytes();
    Page {
        status,
        headers: headers([
            ("content-type", "application/json; charset=utf-8".to_owned()),
            ("content-length", body.len().to_string()),
        ]),
        body,
    }
}
