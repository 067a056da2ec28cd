//! What is wrong on either side of an exchange is noticed, and only that.

use golive::seam::transport::{HttpResponse, Method};
use golive::sim::{Call, Provider};
use serde_json::json;

use crate::document::Document;
use crate::validator::{Exception, Lack, Validator};

const LISTED: &[Exception] = &[
    Exception::new("DELETE /things/{id}/*", Lack::Endpoint, "too new"),
    Exception::new("GET *", Lack::Status(403), "not declared anywhere"),
    Exception::new("* /things", Lack::Sent("/note"), "too new"),
    Exception::new("GET /things/{id}", Lack::Query("after"), "too new"),
    Exception::new(
        "GET /things/{id}",
        Lack::Answered("/parts/*/state"),
        "says more",
    ),
    Exception::new("GET /things/last", Lack::ReplyBody(204), "says more"),
    Exception::new("GET /things/last", Lack::RequestBody, "takes one"),
];

fn validator() -> Validator {
    let thing = json!({
        "type": "object", "required": ["id", "name"], "properties": {
            "id": { "type": "integer", "readOnly": true },
            "name": { "type": "string", "nullable": true },
            "state": { "type": "string", "enum": ["open", "closed"] },
            "at": { "type": "string", "format": "date-time" },
            "parts": { "type": "array", "items": { "$ref": "#/components/schemas/thing" } },
        },
    });
    let content = json!({
        "application/json": { "schema": { "$ref": "#/components/schemas/thing" } },
    });
    let limit = json!({ "name": "limit", "in": "query", "schema": { "type": "integer" } });
    let document = Document::new(json!({
        "components": { "schemas": { "thing": thing } },
        "paths": {
            "/things": {
                "post": {
                    "requestBody": { "required": true, "content": content },
                    "responses": { "201": { "description": "d", "content": content } },
                },
            },
            "/things/{id}": {
                "parameters": [limit],
                "get": { "responses": { "200": { "description": "d", "content": content } } },
            },
            "/things/last": {
                "get": { "responses": { "204": { "description": "d" } } },
            },
        },
    }));
    // A document lives as long as the tests.
    let document: &'static Document = Box::leak(Box::new(document));
    Validator::with([(Provider::Github, (document, LISTED))].into())
}

/// What is wrong with one exchange, without the part that says which.
fn wrong(method: Method, path: &str, sent: &str, status: u16, answered: &str) -> Vec<String> {
    let mut validator = validator();
    exchange(&mut validator, method, path, sent, status, answered);
    let lines = validator.wrong.iter();
    lines
        .map(|line| {
            line.split_once(": ")
                .map_or("", |(_, what)| what)
                .to_owned()
        })
        .collect()
}

fn exchange(
    validator: &mut Validator,
    method: Method,
    path: &str,
    sent: &str,
    status: u16,
    answered: &str,
) {
    let kind = vec![(
        "content-type".to_owned(),
        "application/json; charset=utf-8".to_owned(),
    )];
    let call = Call {
        provider: Provider::Github,
        method,
        path: path.to_owned(),
        headers: kind.clone(),
        body: Some(sent.into()),
    };
    let reply = HttpResponse {
        status,
        headers: kind,
        body: answered.into(),
    };
    validator.check(&call, Some(&reply));
}

const THING: &str = r#"{"id":1,"name":null,"state":"open","at":"2026-11-24T08:00:00Z"}"#;

#[test]
fn what_is_right_on_both_sides_is_let_pass() {
    let none: [&str; 0] = [];
    assert_eq!(
        wrong(Method::Post, "/things", r#"{"name":"a"}"#, 201, THING),
        none
    );
    assert_eq!(
        wrong(Method::Get, "/things/1?limit=5", "", 200, THING),
        none
    );
    assert_eq!(wrong(Method::Get, "/things/last", "", 204, ""), none);
}

#[test]
fn a_wrong_reply_is_noticed_by_the_field() {
    let answered = r#"{"id":"1","state":"ajar","at":"today"}"#;
    let seen = wrong(Method::Get, "/things/1", "", 200, answered);
    assert_eq!(
        seen,
        [
            "answered /name: is missing",
            r#"answered /id: "1" is not of type "integer""#,
            r#"answered /state: "ajar" is not one of "open" or "closed""#,
            r#"answered /at: "today" is not a "date-time""#,
        ]
    );
    let seen = wrong(Method::Get, "/things/1", "", 200, "");
    assert_eq!(seen, ["no body is answered, and one declared"]);
}

#[test]
fn a_wrong_request_is_noticed_by_the_field() {
    let sent = r#"{"name":"a","stat":"open","note":"too new"}"#;
    let seen = wrong(Method::Post, "/things", sent, 201, THING);
    assert_eq!(seen, ["sent /stat: is not declared"]);
    let seen = wrong(Method::Post, "/things", "", 201, THING);
    assert_eq!(seen, ["no body is sent, and one required"]);
    let seen = wrong(Method::Get, "/things/1?lmit=5", "{}", 200, THING);
    assert_eq!(
        seen,
        [
            "lmit in the query is not declared",
            "a body is sent, and none declared"
        ]
    );
}

#[test]
fn what_is_not_declared_is_noticed_unless_it_is_listed() {
    let refused = r#"{"message":"no","documentation_url":"u"}"#;
    let seen = wrong(Method::Get, "/things/1", "", 404, refused);
    assert_eq!(seen, ["the status is not declared"]);
    let seen = wrong(Method::Get, "/others", "", 200, THING);
    assert_eq!(seen, ["the document has no such endpoint"]);

    let mut validator = validator();
    exchange(&mut validator, Method::Get, "/things/1", "", 403, refused);
    exchange(
        &mut validator,
        Method::Delete,
        "/things/1/lock",
        "",
        204,
        "",
    );
    assert!(validator.wrong.is_empty(), "{:?}", validator.wrong);
    let unused = validator.unused();
    assert_eq!(unused.len(), 5, "{unused:?}");
    assert_eq!(unused[0], r#"github: * /things, Sent("/note") (too new)"#);
    exchange(&mut validator, Method::Get, "/things/2", "", 403, "<html>");
    assert_eq!(
        validator.wrong,
        ["github GET /things/2 403: no error of this provider: null"]
    );
}

#[test]
fn an_exception_excuses_what_it_names_and_nothing_beside_it() {
    let path = "/things/1?after=x";
    let part = r#"{"id":2,"name":"b","state":"ajar"}"#;
    let odd = format!(r#"{{"id":1,"name":"a","parts":[{part}]}}"#);
    assert_eq!(wrong(Method::Get, path, "", 200, &odd), [""; 0]);
    let odd = format!(r#"{{"id":1,"name":"a","state":"ajar","parts":[{part}]}}"#);
    let seen = wrong(Method::Get, path, "", 200, &odd);
    assert_eq!(
        seen,
        [r#"answered /state: "ajar" is not one of "open" or "closed""#]
    );
    let last = "/things/last";
    assert_eq!(wrong(Method::Get, last, "{}", 204, "{}"), [""; 0]);
    let seen = wrong(Method::Get, "/things/last?after=x", "", 204, "");
    assert_eq!(seen, ["after in the query is not declared"]);
}
