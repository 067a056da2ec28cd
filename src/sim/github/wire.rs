//! GitHub's own words on the wire: its refusals and the pages of its lists.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Value, json};

pub use crate::sim::wire::{
    Body, Outcome, Reply, Request, http_date, no_content, ok, reply, stamp,
};

/// GitHub's own host.
pub const HOST: &str = "api.github.com";

impl Request {
    /// A text member that must be there.
    pub fn need(&self, name: &str) -> Result<String, Box<Reply>> {
        match self.field(name) {
            None => Err(not_supplied(name)),
            Some(Value::String(text)) => Ok(text.clone()),
            Some(other) => Err(refuse(
                422,
                &format!("Invalid request.\n\nFor 'properties/{name}', {other} is not a string."),
            )),
        }
    }
}

/// An error without particulars. Its documentation address is added on the way out.
pub fn refuse(status: u16, message: &str) -> Box<Reply> {
    Box::new(reply(status, json!({ "message": message })))
}

pub fn not_found() -> Box<Reply> {
    refuse(404, "Not Found")
}

pub fn not_supplied(name: &str) -> Box<Reply> {
    refuse(
        422,
        &format!("Invalid request.\n\n\"{name}\" wasn't supplied."),
    )
}

/// `422 Validation Failed` with its particulars: texts or objects.
pub fn invalid(errors: Value) -> Box<Reply> {
    Box::new(reply(
        422,
        json!({ "message": "Validation Failed", "errors": errors }),
    ))
}

/// One particular with a code of its own words.
pub fn custom(resource: &str, message: &str) -> Box<Reply> {
    invalid(json!([{ "resource": resource, "code": "custom", "message": message }]))
}

/// One page of a list, with the `link` header when there are more.
pub fn page(request: &Request, items: Vec<Value>) -> Reply {
    let (items, links) = cut(request, items);
    let mut reply = ok(Value::Array(items));
    reply.headers.extend(links);
    reply
}

/// One page of a list that is wrapped with its total count.
pub fn wrapped_page(request: &Request, name: &str, items: Vec<Value>) -> Reply {
    let total = items.len();
    let (items, links) = cut(request, items);
    let mut reply = ok(json!({ "total_count": total, name: items }));
    reply.headers.extend(links);
    reply
}

fn cut(request: &Request, items: Vec<Value>) -> (Vec<Value>, Option<(&'static str, String)>) {
    let number = |name: &str| {
        request
            .query(name)
            .and_then(|text| text.parse::<usize>().ok())
    };
    let size = number("per_page").unwrap_or(30).clamp(1, 100);
    let page = number("page").unwrap_or(1).max(1);
    let last = items.len().div_ceil(size).max(1);
    let link = |page: usize, rel: &str| {
        let mut query = url::form_urlencoded::Serializer::new(String::new());
        for (key, value) in request.query.iter().filter(|(key, _)| *key != "page") {
            query.append_pair(key, value);
        }
        query.append_pair("page", &page.to_string());
        let query = query.finish();
        format!("<{}{}?{query}>; rel=\"{rel}\"", request.base, request.path)
    };
    let mut links = Vec::new();
    if page > 1 {
        links.push(link(page - 1, "prev"));
    }
    if page < last {
        links.push(link(page + 1, "next"));
        links.push(link(last, "last"));
    }
    if page > 1 {
        links.push(link(1, "first"));
    }
    let items = items
        .into_iter()
        .skip((page - 1) * size)
        .take(size)
        .collect();
    (
        items,
        (!links.is_empty()).then(|| ("link", links.join(", "))),
    )
}

/// Everything but the characters that stand for themselves in a path segment.
const SEGMENT: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'_')
    .remove(b'.')
    .remove(b'~')
    .remove(b'/');

/// Encodes a path as GitHub's own addresses do: slashes stay.
pub fn encode(path: &str) -> String {
    utf8_percent_encode(path, SEGMENT).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::seam::transport::Method;
    use crate::sim::Call;

    fn get(path: &str) -> Request {
        let call = Call {
            provider: crate::sim::Provider::Github,
            method: Method::Get,
            path: path.to_owned(),
            headers: vec![("Host".to_owned(), "github.localhost".to_owned())],
            body: None,
        };
        Request::read(&call, HOST)
    }

    #[test]
    fn an_encoded_slash_stays_in_its_segment() {
        let request = get("/repos/a/b/git/ref/heads%2Fmain?x=1%2B1");
        assert_eq!(request.segments.last().unwrap(), "heads/main");
        assert_eq!(request.query("x"), Some("1+1"));
    }

    #[test]
    fn pages_are_followed_by_their_links() {
        let items: Vec<Value> = (0..5).map(Value::from).collect();
        let reply = page(&get("/x?per_page=2&state=all"), items.clone());
        let link = &reply.headers[0].1;
        assert!(
            link.contains("<http://github.localhost/x?per_page=2&state=all&page=2>; rel=\"next\"")
        );
        let last = page(&get("/x?per_page=2&page=3"), items);
        assert!(!last.headers[0].1.contains("next"));
        assert!(matches!(last.body, Body::Json(Value::Array(ref rest)) if rest.len() == 1));
    }

    #[test]
    fn dates_are_written_as_http_and_iso_write_them() {
        let at: jiff::Timestamp = "2026-11-24T05:38:58.123Z".parse().unwrap();
        assert_eq!(stamp(at), "2026-11-24T05:38:58Z");
        assert_eq!(http_date(at), "Tue, 24 Nov 2026 05:38:58 GMT");
    }
}
