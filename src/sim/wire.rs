//! The wire that every service shares: how a call is read, and how replies are written.

use std::collections::BTreeMap;

use percent_encoding::percent_decode_str;
use serde_json::Value;

use super::Call;
use crate::seam::transport::Method;

/// A call, taken apart.
#[derive(Clone, Debug)]
pub struct Request {
    pub method: Method,
    /// The path as sent, without the query.
    pub path: String,
    /// Decoded segments; a slash that was sent encoded stays inside its segment.
    pub segments: Vec<String>,
    pub query: BTreeMap<String, String>,
    pub headers: Vec<(String, String)>,
    pub body: Option<Value>,
    /// A body was sent that is not JSON.
    pub unreadable: bool,
    /// Where the caller reached the service, such as `https://api.github.com`; links point there.
    pub base: String,
}

impl Request {
    /// `official` is the host that the service is known by.
    pub fn read(call: &Call, official: &str) -> Request {
        let (path, query) = call.path.split_once('?').unwrap_or((&call.path, ""));
        let decode = |text: &str| percent_decode_str(text).decode_utf8_lossy().into_owned();
        let body = call.body.as_deref().filter(|bytes| !bytes.is_empty());
        let parsed: Option<Value> = body.and_then(|bytes| serde_json::from_slice(bytes).ok());
        let mut request = Request {
            method: call.method,
            path: path.to_owned(),
            segments: path.split('/').skip(1).map(decode).collect(),
            query: url::form_urlencoded::parse(query.as_bytes())
                .into_owned()
                .collect(),
            headers: call.headers.clone(),
            unreadable: body.is_some() && parsed.is_none(),
            body: parsed,
            base: format!("https://{official}"),
        };
        if let Some(host) = request.header("host").filter(|host| *host != official) {
            request.base = format!("http://{host}");
        }
        request
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(key, _)| key.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_str())
    }

    pub fn query(&self, name: &str) -> Option<&str> {
        self.query.get(name).map(String::as_str)
    }

    /// The query as it stands in an address, with its question mark; empty when there is none.
    pub fn query_text(&self) -> String {
        if self.query.is_empty() {
            return String::new();
        }
        let mut text = url::form_urlencoded::Serializer::new(String::new());
        text.extend_pairs(&self.query);
        format!("?{}", text.finish())
    }

    /// A member of the JSON body that is there and not null.
    pub fn field(&self, name: &str) -> Option<&Value> {
        self.body
            .as_ref()?
            .get(name)
            .filter(|value| !value.is_null())
    }

    pub fn text(&self, name: &str) -> Option<&str> {
        self.field(name)?.as_str()
    }
}

#[derive(Clone, Debug)]
pub enum Body {
    None,
    Json(Value),
    /// Bytes and their content type.
    Raw(Vec<u8>, &'static str),
}

#[derive(Clone, Debug)]
pub struct Reply {
    pub status: u16,
    pub body: Body,
    pub headers: Vec<(&'static str, String)>,
}

/// A refusal is a reply too; it is boxed because it travels as an error.
pub type Outcome = Result<Reply, Box<Reply>>;

pub fn ok(body: Value) -> Reply {
    reply(200, body)
}

pub fn reply(status: u16, body: Value) -> Reply {
    Reply {
        status,
        body: Body::Json(body),
        headers: Vec::new(),
    }
}

pub fn no_content() -> Reply {
    Reply {
        status: 204,
        body: Body::None,
        headers: Vec::new(),
    }
}

/// `2026-11-24T05:38:58Z`.
pub fn stamp(at: jiff::Timestamp) -> String {
    at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

/// `Tue, 24 Nov 2026 05:38:58 GMT`.
pub fn http_date(at: jiff::Timestamp) -> String {
    at.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string()
}
