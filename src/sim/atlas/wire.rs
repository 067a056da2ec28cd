//! Atlas' own words on the wire: its refusals, its versions, its pages, and the faces of its gateway.

use jiff::Timestamp;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Value, json};

use super::Atlas;
use crate::seam::transport::HttpResponse;
use crate::sim::chance;
pub use crate::sim::wire::{
    Body, Outcome, Reply, Request, http_date, no_content, ok, reply, stamp,
};

/// Atlas' own host.
pub const HOST: &str = "cloud.mongodb.com";

/// An error in the envelope that all of Atlas uses.
pub fn refuse(status: u16, code: &str, detail: &str, parameters: Value) -> Box<Reply> {
    Box::new(reply(
        status,
        json!({
            "detail": detail,
            "error": status,
            "errorCode": code,
            "parameters": parameters,
            "reason": reason(status),
        }),
    ))
}

/// A field that does not hold what it should.
pub fn invalid(field: &str, description: &str) -> Box<Reply> {
    let mut refusal = refuse(400, "VALIDATION_ERROR", "Validation Error", json!([]));
    if let Body::Json(body) = &mut refusal.body {
        body["badRequestDetail"] =
            json!({ "fields": [{ "description": description, "field": field }] });
    }
    refusal
}

pub fn missing(attribute: &str) -> Box<Reply> {
    refuse(
        400,
        "MISSING_ATTRIBUTE",
        &format!("The required attribute {attribute} was not specified."),
        json!([attribute]),
    )
}

pub fn unknown_attribute(attribute: &str) -> Box<Reply> {
    refuse(
        400,
        "INVALID_ATTRIBUTE",
        &format!("Invalid attribute {attribute} specified."),
        json!([attribute]),
    )
}

/// A value of the wrong type.
pub fn misformed(attribute: &str) -> Box<Reply> {
    refuse(
        400,
        "INVALID_JSON_ATTRIBUTE",
        &format!("Received JSON for the {attribute} attribute does not match expected format."),
        json!([attribute]),
    )
}

pub fn no_group(id: &str) -> Box<Reply> {
    refuse(
        404,
        "GROUP_NOT_FOUND",
        &format!("No group with ID {id} exists."),
        json!([id]),
    )
}

pub fn no_resource(path: &str) -> Box<Reply> {
    refuse(
        404,
        "RESOURCE_NOT_FOUND",
        &format!("Cannot find resource {path}."),
        json!([path]),
    )
}

/// The gateway's refusal of a key or token; it knows nothing of versions.
pub fn unauthorized() -> Box<Reply> {
    Box::new(reply(
        401,
        json!({
            "error": 401,
            "reason": "Unauthorized",
            "detail": "You are not authorized for this resource.",
            "errorCode": "UNEXPECTED_ERROR",
        }),
    ))
}

/// A bucket of calls that is empty.
pub fn limited(path: &str, wait: u64, capacity: u64, refill: u64) -> Box<Reply> {
    refuse(
        429,
        "RATE_LIMITED_TOKEN_BUCKET",
        &format!(
            "Rate limit exceeded for {path}. Please retry after {wait} seconds. Request capacity: {capacity}. Refill rate: {refill} per 60 seconds."
        ),
        json!([path, wait, capacity, refill, 60]),
    )
}

fn reason(status: u16) -> &'static str {
    match status {
        400 => "Bad Request",
        401 => "Unauthorized",
        402 => "Payment Required",
        403 => "Forbidden",
        404 => "Not Found",
        406 => "Not Acceptable",
        409 => "Conflict",
        415 => "Unsupported Media Type",
        429 => "Too Many Requests",
        503 => "Service Unavailable",
        _ => "Internal Server Error",
    }
}

/// The newest of `versions` at or before the date that a media type asks for; none when it asks for none of them.
pub fn version(media: Option<&str>, versions: &[&'static str]) -> Option<&'static str> {
    let media = media?.split(';').next()?.trim();
    let date = media
        .strip_prefix("application/vnd.atlas.")?
        .strip_suffix("+json")?;
    let _: jiff::civil::Date = date.parse().ok()?;
    versions.iter().rev().find(|known| **known <= date).copied()
}

/// One page of a list, with the addresses of itself and of the next.
pub fn page(request: &Request, items: Vec<Value>) -> Outcome {
    let number = |name: &str, standard: usize, most: usize| match request.query(name) {
        None => Ok(standard),
        Some(text) => match text.parse() {
            Ok(number) if (1..=most).contains(&number) => Ok(number),
            _ => Err(invalid(name, &format!("must be from 1 to {most}"))),
        },
    };
    let size = number("itemsPerPage", 100, 500)?;
    let page = number("pageNum", 1, usize::MAX)?;
    let total = items.len();
    let counted = request.query("includeCount") != Some("false");
    let link = |page: usize, rel: &str| {
        let mut query = url::form_urlencoded::Serializer::new(String::new());
        let pages = ["pageNum", "itemsPerPage", "includeCount"];
        let others = request.query.iter();
        query.extend_pairs(others.filter(|(name, _)| !pages.contains(&name.as_str())));
        query.append_pair("includeCount", &counted.to_string());
        query.append_pair("pageNum", &page.to_string());
        query.append_pair("itemsPerPage", &size.to_string());
        let query = query.finish();
        json!({ "href": format!("{}{}?{query}", request.base, request.path), "rel": rel })
    };
    let mut links = vec![link(page, "self")];
    if page.saturating_mul(size) < total {
        links.push(link(page + 1, "next"));
    }
    if page > 1 {
        links.push(link(page - 1, "previous"));
    }
    let skipped = (page - 1).saturating_mul(size);
    let results: Vec<Value> = items.into_iter().skip(skipped).take(size).collect();
    let mut body = json!({ "links": links, "results": results });
    if counted {
        body["totalCount"] = total.into();
    }
    Ok(ok(body))
}

/// Everything but the characters that stand for themselves in a path segment.
const SEGMENT: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'_')
    .remove(b'.')
    .remove(b'~');

pub fn encode(segment: &str) -> String {
    utf8_percent_encode(segment, SEGMENT).to_string()
}

/// `links` of an object: the address of itself.
pub fn itself(request: &Request, path: &str) -> Value {
    json!([{ "href": format!("{}/api/atlas/v2/{path}", request.base), "rel": "self" }])
}

/// What the gateway puts on every reply.
fn gateway_headers(seed: u64, now: Timestamp, n: u64) -> Vec<(String, String)> {
    let id = chance::hex(seed, &format!("atlas request {n}"), 32);
    [
        ("server", "mdbws".to_owned()),
        ("date", http_date(now)),
        ("x-envoy-upstream-service-time", (20 + n % 90).to_string()),
        ("x-request-id", id),
    ]
    .map(|(name, value)| (name.to_owned(), value))
    .into()
}

impl Atlas {
    /// A reply on its way out. `version` is what the endpoint answered in; the gateway answers in none.
    pub fn finish(
        &self,
        now: Timestamp,
        n: u64,
        reply: Reply,
        version: Option<&str>,
    ) -> HttpResponse {
        let mut headers = gateway_headers(self.seed, now, n);
        let code = match &reply.body {
            Body::Json(body) if reply.status >= 400 => body["errorCode"].as_str(),
            _ => None,
        };
        // The gateway's own refusals do not repeat their code.
        if let (Some(code), true) = (code, reply.status != 401 || version.is_some()) {
            headers.push(("x-error-code".to_owned(), code.to_owned()));
        }
        let (body, kind) = match reply.body {
            Body::None => (Vec::new(), None),
            Body::Raw(bytes, kind) => (bytes, Some(kind.to_owned())),
            Body::Json(body) => {
                let kind = match version {
                    Some(version) => {
                        format!("application/vnd.atlas.{version}+json;charset=utf-8")
                    }
                    None => "application/json".to_owned(),
                };
                (body.to_string().into_bytes(), Some(kind))
            }
        };
        headers.extend(kind.map(|kind| ("content-type".to_owned(), kind)));
        let own = reply.headers.into_iter();
        headers.extend(own.map(|(name, value)| (name.to_owned(), value)));
        HttpResponse {
            status: reply.status,
            headers,
            body,
        }
    }

    /// A reply that a fault puts in place: the gateway's page, or the limit in Atlas' own words.
    pub fn instead(
        &self,
        now: Timestamp,
        n: u64,
        status: u16,
        wait: Option<String>,
    ) -> HttpResponse {
        if status == 429 {
            let seconds = wait.as_ref().and_then(|wait| wait.parse().ok());
            let mut reply = *limited("api/atlas/v2", seconds.unwrap_or(55), 10, 5);
            reply.headers.extend(wait.map(|wait| ("retry-after", wait)));
            return self.finish(now, n, reply, None);
        }
        let text = format!(
            "<html>\n<head><title>{status} {0}</title></head>\n<body>\n<center><h1>{status} {0}</h1></center>\n</body>\n</html>\n",
            reason(status)
        );
        let reply = Reply {
            status,
            body: Body::Raw(text.into_bytes(), "text/html"),
            headers: wait.map(|wait| ("retry-after", wait)).into_iter().collect(),
        };
        self.finish(now, n, reply, None)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::seam::transport::Method;
    use crate::sim::{Call, Provider};

    #[test]
    fn a_version_is_the_newest_at_or_before_the_date() {
        let known = ["2024-08-05", "2024-10-23"];
        let asked =
            |date: &str| version(Some(&format!("application/vnd.atlas.{date}+json")), &known);
        assert_eq!(asked("2024-10-23"), Some("2024-10-23"));
        assert_eq!(asked("2025-03-12"), Some("2024-10-23"));
        assert_eq!(asked("2024-10-22"), Some("2024-08-05"));
        for wrong in ["2023-01-01", "2024-13-01", "preview", ""] {
            assert_eq!(asked(wrong), None, "{wrong}");
        }
        assert_eq!(version(Some("application/json"), &known), None);
        assert_eq!(version(None, &known), None);
    }

    #[test]
    fn pages_are_followed_by_their_number() {
        let get = |path: &str| {
            let call = Call {
                provider: Provider::Atlas,
                method: Method::Get,
                path: path.to_owned(),
                headers: Vec::new(),
                body: None,
            };
            match page(
                &Request::read(&call, HOST),
                (0..5).map(Value::from).collect(),
            ) {
                Ok(reply) => match reply.body {
                    Body::Json(body) => body,
                    other => panic!("{other:?}"),
                },
                Err(refusal) => json!(refusal.status),
            }
        };
        let first = get("/x?itemsPerPage=2&name=a");
        assert_eq!(first["links"][1]["rel"], "next");
        assert_eq!(
            first["links"][1]["href"],
            "https://cloud.mongodb.com/x?name=a&includeCount=true&pageNum=2&itemsPerPage=2"
        );
        let last = get("/x?itemsPerPage=2&pageNum=3&includeCount=false");
        assert_eq!(last["results"], json!([4]));
        assert_eq!(last["links"][1]["rel"], "previous");
        assert_eq!(last["totalCount"], Value::Null);
        assert_eq!(get("/x?itemsPerPage=501"), 400);
        assert_eq!(get("/x?pageNum=0"), 400);
    }
}
